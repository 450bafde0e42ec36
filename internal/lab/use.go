//go:build linux

package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"nselfc/internal/lab/attack"
)

const probePath = "/opt/probe/probe"

// Host runs a command on the host machine, as its root: ufw, iptables, an emitted script.
func (e *Engine) Host(args ...string) Result { return e.HostRun(Command{Args: args}) }

// Client runs a command on the other machine.
func (e *Engine) Client(args ...string) Result { return e.ClientRun(Command{Args: args}) }

// HostRun is Host with everything that a command may have.
func (e *Engine) HostRun(c Command) Result {
	if e.host == nil {
		return noMachine(c)
	}
	return e.host.run(e.ctx, c)
}

// ClientRun is Client with everything that a command may have.
func (e *Engine) ClientRun(c Command) Result {
	if e.client == nil {
		return noMachine(c)
	}
	return e.client.run(e.ctx, c)
}

// Docker runs the docker command.
func (e *Engine) Docker(args ...string) Result {
	return e.engine(Command{Args: append([]string{"docker"}, args...)})
}

// Compose runs docker compose in a folder, without colours and progress bars: the release that NSELFC_COMPOSE names, or
// else the machine's.
func (e *Engine) Compose(dir string, args ...string) Result {
	command := []string{"docker", "compose"}
	if named := os.Getenv(composeVariable); named != "" {
		command = []string{named}
	}
	return e.engine(Command{Dir: dir, Args: slices.Concat(command, []string{"--ansi=never", "--progress=plain"}, args)})
}

// Inside runs a command in a new container of the tools image that joins the given network: an attacker beside the
// services of that network. "container:NAME" puts it in the network namespace of a container, whatever its image holds.
func (e *Engine) Inside(network string, args ...string) Result {
	if e.host == nil {
		return noMachine(Command{Args: args})
	}
	return e.Docker(append([]string{
		"run", "--rm", "--network", network, "--volume", "/opt/probe:/opt/probe:ro", baseImage,
	}, args...)...)
}

// Restart stops the engine and starts it again, as an update of its package does. Containers come back by their restart
// policies.
func (e *Engine) Restart() error {
	if e.daemon == nil {
		return errNoMachine
	}
	if err := e.daemon.stop(e.ctx); err != nil {
		return err
	}
	return e.daemon.start(e.ctx)
}

// Place is where a probe is sent from.
type Place func(args ...string) Result

// From returns the place inside a network or, with "container:NAME", beside a container's processes.
func (e *Engine) From(network string) Place {
	return func(args ...string) Result { return e.Inside(network, args...) }
}

// Scan scans TCP ports of an address; all of them unless the scan says otherwise. The test fails when attempts failed for
// reasons that say nothing about the port.
func (p Place) Scan(t testing.TB, scan attack.Scan) attack.Ports {
	t.Helper()
	ports := ask[attack.Ports](t, p, "scan", encode(scan))
	if ports.Failed > 0 {
		t.Fatalf("the scan of %s proves nothing: %d attempts failed, for example: %s", scan.Host, ports.Failed, ports.Reason)
	}
	return ports
}

// Connect tries one host:port.
func (p Place) Connect(t testing.TB, address string) attack.Dial {
	t.Helper()
	return ask[[]attack.Dial](t, p, "connect", encode([]string{address}))[0]
}

// Resolve looks a name up.
func (p Place) Resolve(t testing.TB, name string) attack.Names {
	t.Helper()
	return ask[attack.Names](t, p, "resolve", name)
}

// HTTP sends a request, or many at once.
func (p Place) HTTP(t testing.TB, request attack.Request) attack.Response {
	t.Helper()
	return ask[attack.Response](t, p, "http", encode(request))
}

// Websocket sends a text through a websocket and returns the answer, with the echo as its body.
func (p Place) Websocket(t testing.TB, request attack.Request, text string) attack.Response {
	t.Helper()
	return ask[attack.Response](t, p, "websocket", encode(request), text)
}

func ask[T any](t testing.TB, place Place, args ...string) (answer T) {
	t.Helper()
	result := place(append([]string{probePath}, args...)...)
	if err := json.Unmarshal([]byte(result.Must(t)), &answer); err != nil {
		t.Fatalf("%v\n%s", err, result)
	}
	return answer
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprint("a probe's request cannot be encoded: ", err))
	}
	return string(text)
}
