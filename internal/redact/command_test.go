package redact

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestRun: what a child writes to either stream comes out without values, in order
// where both are one; its failure is its own; a value in its arguments or in what is
// added to its environment stops it; a grandchild that keeps the pipe does not hold
// everything up.
func TestRun(t *testing.T) {
	v := values(rand.New(rand.NewPCG(17, 18)))[0]
	r := learn(v)
	run := func(script string, env ...string) (string, string, error) {
		var out, err bytes.Buffer
		cmd := exec.Command("sh", "-c", script)
		cmd.Stdin, cmd.WaitDelay = strings.NewReader(v+"\n"), 200*time.Millisecond
		if len(env) > 0 {
			cmd.Env = append(cmd.Environ(), env...)
		}
		failed := r.Run(cmd, &out, &err)
		return out.String(), err.String(), failed
	}
	if out, said, err := run(`read v; echo "a $v b"; printf 'c %s' "$v" >&2; printf %s "$v" | base64 -w0; exit 3`); out != "a "+Mark+" b\n"+Mark && !strings.HasPrefix(out, "a "+Mark+" b\n"+Mark) || said != "c "+Mark {
		t.Errorf("%q %q", out, said)
	} else if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 3 {
		t.Errorf("%v", err)
	}
	for script, env := range map[string]string{"echo " + v: "A=b", "echo x": "PASSWORD=" + v} {
		if out, _, err := run(script, env); !errors.Is(err, ErrExposed) || out != "" || strings.Contains(err.Error(), v) {
			t.Errorf("%q %v", out, err)
		}
	}
	t.Setenv("OWN", v) // what its user exports is the user's
	if out, _, err := run("echo $OWN", "A=b"); err != nil || out != Mark+"\n" {
		t.Errorf("%q %v", out, err)
	}
	start := time.Now()
	if out, _, err := run("sleep 30 & echo done"); err != nil || out != "done\n" || time.Since(start) > 10*time.Second {
		t.Errorf("%q %v after %v", out, err, time.Since(start))
	}
	var both bytes.Buffer
	cmd := exec.CommandContext(context.Background(), "sh", "-c", "for i in 1 2 3; do echo out $i; echo err $i >&2; done")
	if err := r.Run(cmd, &both, &both); err != nil || both.String() != "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n" {
		t.Errorf("%q %v", both.String(), err)
	}
	if err := r.Run(exec.Command("sh", "-c", "echo x"), nil, nil); err != nil {
		t.Error(err)
	}
}
