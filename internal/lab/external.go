//go:build linux

package lab

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"
)

// With NSELFC_LAB_ENGINE=host the machine's own Docker engine is used, on request only: stacks run there, images are
// pulled, and there is no host to look into and no client.

var errNoMachine = errors.New("NSELFC_LAB_ENGINE uses the machine's own engine: there is no lab machine")

func hostEngineAvailable() (ok bool, why string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if output, err := exec.CommandContext(ctx, "docker", "version").CombinedOutput(); err != nil {
		return false, engineVariable + " is set, but no Docker engine answers: " + string(output)
	}
	return true, ""
}

// RequireMachines skips what needs the host and the client: firewalls, port scans, restarts of the engine.
func (e *Engine) RequireMachines(t testing.TB) {
	t.Helper()
	if e.host == nil {
		t.Skip(errNoMachine)
	}
}

// engine runs a Docker command where the engine is.
func (e *Engine) engine(c Command) Result {
	if e.host == nil {
		return execute(e.ctx, c)
	}
	return e.host.run(e.ctx, c)
}

func noMachine(c Command) Result { return Result{Args: c.Args, Code: -1, Err: errNoMachine} }
