package rotation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Docker drives the engine of this host with the docker command: Engine 20.10 and
// Compose 2.26 or newer. No value is ever in an argument: values go in on standard
// input, and what docker says is shown through Quote alone.
type Docker struct {
	Dir     string // the output directory, with docker-compose.yml
	Project string
	// Run runs a command; what it writes to stderr may be shown to people, so it is
	// to come without values. nil is cmd.Run.
	Run func(cmd *exec.Cmd, stdout, stderr io.Writer) error
}

// label names of Compose.
const (
	labelProject = "com.docker.compose.project"
	labelService = "com.docker.compose.service"
	labelNumber  = "com.docker.compose.container-number"
	labelOneOff  = "com.docker.compose.oneoff"
)

// limit is how long one docker command may take; stop waits for the longest
// stop_grace, and up for images that are slow to unpack.
const limit = 15 * time.Minute

// command runs docker and gives what it wrote. The error says which command failed
// and what it said at the end. Ctrl-C does not cut it off: between two commands there
// is a place to stop, within one there is none.
func (d Docker) command(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Dir, cmd.Stdin = d.Dir, stdin
	cmd.WaitDelay = 5 * time.Second
	own(cmd)
	var out, said bytes.Buffer
	err := d.run(cmd, &out, &said)
	if err == nil {
		return out.String(), nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("it did not end in %s", limit)
	}
	verb := args[0]
	if verb == "compose" {
		verb += " " + args[len(d.compose())]
	}
	return out.String(), &commandError{verb: verb, said: lastLines(said.String(), 3), err: err}
}

func (d Docker) run(cmd *exec.Cmd, stdout, stderr io.Writer) error {
	if d.Run != nil {
		return d.Run(cmd, stdout, stderr)
	}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd.Run()
}

// commandError is a docker command that failed.
type commandError struct {
	verb, said string
	err        error
}

func (e *commandError) Error() string {
	if e.said == "" {
		return fmt.Sprintf("docker %s: %v", e.verb, e.err)
	}
	return fmt.Sprintf("docker %s: %s", e.verb, e.said)
}

func (e *commandError) Unwrap() error { return e.err }

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(strings.Join(lines[max(0, len(lines)-n):], "\n"))
}

func (d Docker) compose() []string {
	return []string{"compose", "--project-directory", ".", "--ansi=never", "--progress=plain"}
}

// Containers is Engine's.
func (d Docker) Containers(ctx context.Context) ([]Container, error) {
	ids, err := d.command(ctx, nil, "ps", "--all", "--quiet", "--no-trunc", "--filter", "label="+labelProject+"="+d.Project, "--filter", "label="+labelOneOff+"=False")
	if err != nil || ids == "" {
		return nil, err
	}
	text, err := d.command(ctx, nil, append([]string{"inspect", "--type=container"}, strings.Fields(ids)...)...)
	if err != nil {
		if strings.Contains(err.Error(), "No such") { // one went away in between
			return d.Containers(ctx)
		}
		return nil, err
	}
	return readContainers([]byte(text), d.Project)
}

func readContainers(text []byte, project string) ([]Container, error) {
	var known []struct {
		ID    string `json:"Id"`
		Name  string
		State struct {
			Running  bool
			ExitCode int
			Health   *struct{ Status string }
		}
		Config          struct{ Labels map[string]string }
		NetworkSettings struct {
			Networks map[string]struct {
				IPAddress string
				Aliases   []string
			}
		}
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, errors.New("docker inspect: what it says is not the JSON of containers") // the error could quote a variable
	}
	out := make([]Container, 0, len(known))
	for _, k := range known {
		c := Container{
			ID: k.ID, Name: strings.TrimPrefix(k.Name, "/"), Service: k.Config.Labels[labelService],
			Running: k.State.Running, ExitCode: k.State.ExitCode, Networks: map[string]Endpoint{},
		}
		c.Number, _ = strconv.Atoi(k.Config.Labels[labelNumber])
		if h := k.State.Health; h != nil && h.Status != "none" {
			c.Health = h.Status
		}
		for name, n := range k.NetworkSettings.Networks {
			c.Networks[strings.TrimPrefix(name, project+"_")] = Endpoint{Address: n.IPAddress, Aliases: n.Aliases}
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Container) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), a.Number-b.Number, strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Create is Engine's. Compose is told of all services: of a part of them, releases
// before 2.31 make containers that the next "up" takes for those of another
// configuration, as what they depend on is left out (--no-deps).
func (d Docker) Create(ctx context.Context, counts map[string]int) error {
	args := append(d.compose(), "up", "--no-start", "--no-recreate", "--no-build", "--pull=never")
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		args = append(args, "--scale", s+"="+strconv.Itoa(counts[s]))
	}
	_, err := d.command(ctx, nil, args...)
	return err
}

// Start is Engine's.
func (d Docker) Start(ctx context.Context, id string) error {
	_, err := d.command(ctx, nil, "start", id)
	return err
}

// Attach is Engine's.
func (d Docker) Attach(ctx context.Context, c Container, network string, aliases []string) error {
	args := []string{"network", "connect"}
	for _, a := range aliases {
		args = append(args, "--alias", a)
	}
	_, err := d.command(ctx, nil, append(args, d.Project+"_"+network, c.ID)...)
	return err
}

// Detach is Engine's.
func (d Docker) Detach(ctx context.Context, c Container, network string) error {
	_, err := d.command(ctx, nil, "network", "disconnect", d.Project+"_"+network, c.ID)
	if err != nil && strings.Contains(err.Error(), "is not connected") {
		return nil
	}
	return err
}

// Remove is Engine's. The container's own stop_grace says how long it may take.
func (d Docker) Remove(ctx context.Context, id string) error {
	gone := func(err error) bool { return err == nil || strings.Contains(err.Error(), "No such container") }
	if _, err := d.command(ctx, nil, "stop", id); !gone(err) {
		return err
	}
	_, err := d.command(ctx, nil, "rm", "--force", id)
	if gone(err) || strings.Contains(err.Error(), "already in progress") {
		return nil
	}
	return err
}

// Exec is Engine's.
func (d Docker) Exec(ctx context.Context, id string, command []string, stdin io.WriterTo) (int, error) {
	args := []string{"exec", id}
	var in io.Reader
	if stdin != nil {
		var b bytes.Buffer
		if _, err := stdin.WriteTo(&b); err != nil {
			return 0, err
		}
		args, in = []string{"exec", "--interactive", id}, &b
	}
	_, err := d.command(ctx, in, append(args, command...)...)
	if exit := interface{ ExitCode() int }(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), err
	}
	return 0, err
}

// Mark is Engine's. What takes the mark away is a process of the container, which
// this one does not have to outlive; another mark in its place is not taken.
func (d Docker) Mark(ctx context.Context, id, path string, life time.Duration) error {
	token := strconv.FormatInt(time.Now().UnixNano(), 36)
	script := `mkdir -p "${1%/*}" && printf %s "$2" >"$1.new" && mv "$1.new" "$1"`
	if _, err := d.command(ctx, nil, "exec", id, "sh", "-c", script, "sh", path, token); err != nil {
		return err
	}
	script = `sleep "$3"; [ "$(cat "$1")" != "$2" ] || rm -f "$1"`
	_, err := d.command(ctx, nil, "exec", "--detach", id, "sh", "-c", script, "sh", path, token, strconv.Itoa(int(life.Seconds())+1))
	return err
}

// Unmark is Engine's.
func (d Docker) Unmark(ctx context.Context, id string, paths ...string) error {
	_, err := d.command(ctx, nil, append([]string{"exec", id, "rm", "-f"}, paths...)...)
	return err
}

// Memory is Engine's.
func (d Docker) Memory(ctx context.Context) (int64, error) {
	text, err := d.command(ctx, nil, "info", "--format={{.MemTotal}}")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
}

// Connections is Engine's: those that are being opened or open, of IPv4.
func (d Docker) Connections(ctx context.Context, id, address string) (int, error) {
	text, err := d.command(ctx, nil, "exec", id, "cat", "/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	return countConnections(text, address)
}

// countConnections reads /proc/net/tcp: "sl local remote state …", addresses in
// hexadecimal in the order of the machine, states 01 (established) and 02 (SYN sent).
func countConnections(text, address string) (int, error) {
	a, err := netip.ParseAddr(address)
	if err != nil || !a.Is4() {
		return 0, fmt.Errorf("%q is not an IPv4 address", address)
	}
	b := a.As4()
	var native [4]byte
	binary.NativeEndian.PutUint32(native[:], binary.BigEndian.Uint32(b[:]))
	want := strings.ToUpper(hex.EncodeToString(native[:]))
	n := 0
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		remote, _, _ := strings.Cut(f[2], ":")
		if remote == want && (f[3] == "01" || f[3] == "02") {
			n++
		}
	}
	return n, nil
}
