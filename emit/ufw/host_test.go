package ufw

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nselfc/compiler/ir"
)

// host is a machine of its own, as far as a firewall goes: a network, a process
// and a mount namespace with private copies of ufw's files. Nothing that happens
// in it reaches the machine that runs the tests.
type host struct {
	pid string
	dir string // shared with the host, for artefacts and stubs
}

// prepare makes the private files, and /usr/bin/python3 stays whatever the machine has.
// The stub of sshd is the first in PATH: it says what a test wrote to $DIR/sshd.
const prepare = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/etc
cp -a /etc/ufw /etc/default /run/etc/
sed -i 's/^ENABLED=.*/ENABLED=no/' /run/etc/ufw/ufw.conf
mount --bind /run/etc/ufw /etc/ufw
mount --bind /run/etc/default /etc/default
mkdir -p /run/docker-etc; [ ! -d /etc/docker ] || mount --bind /run/docker-etc /etc/docker
mount -t tmpfs tmpfs /var/lib
ip link set lo up
echo ready
read -r _
`

// need skips a test on a machine that lacks what it needs, and fails it in CI.
func need(t *testing.T, tools ...string) {
	t.Helper()
	missing := ""
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = tool
		}
	}
	if missing == "" && os.Getuid() != 0 && !(len(tools) == 1 && tools[0] == "shellcheck") {
		missing = "root"
	}
	if missing == "" {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", missing)
	}
	t.Skipf("SKIPPED: this test needs %s", missing)
}

func newHost(t *testing.T) *host {
	t.Helper()
	need(t, "ufw", "iptables", "ip6tables", "unshare", "nsenter", "ip")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "unshare", "-m", "-n", "-p", "-f", "--mount-proc", "--propagation", "private", "--kill-child", "bash", "-c", prepare)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		cancel()
		_ = cmd.Wait() // killed on purpose
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("no private namespaces here: %v: %s", err, complaint.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	h := &host{pid: strings.TrimSpace(string(children)), dir: t.TempDir()}
	h.sshd(t, 22)
	return h
}

// command prepares a shell command on the host, with the stubs first in PATH.
func (h *host) command(script string) *exec.Cmd {
	cmd := exec.Command("nsenter", "-t", h.pid, "-m", "-n", "-p", "--", "bash", "-c", script)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + h.dir + "/bin:/usr/bin:/bin:/usr/sbin:/sbin", "DIR=" + h.dir, "HOME=/nonexistent", "LC_ALL=C"}
	return cmd
}

// try runs a shell command on the host and gives its output and exit status.
func (h *host) try(t *testing.T, script string) (string, int) {
	t.Helper()
	out, err := h.command(script).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", script, err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// run runs a shell command that must succeed.
func (h *host) run(t *testing.T, script string) string {
	t.Helper()
	out, code := h.try(t, script)
	if code != 0 {
		t.Fatalf("%s: exit %d:\n%s", script, code, out)
	}
	return out
}

// stub puts a command first in PATH.
func (h *host) stub(t *testing.T, name, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(h.dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "bin", name), []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
}

// sshd makes "sshd -T" answer as OpenSSH does for the ports.
func (h *host) sshd(t *testing.T, ports ...int) {
	t.Helper()
	var b strings.Builder
	for _, p := range ports {
		fmt.Fprintf(&b, "echo port %d; echo listenaddress '[::]:%d'; echo listenaddress 0.0.0.0:%d\n", p, p, p)
	}
	h.stub(t, "sshd", "[ \"$1\" = -T ] || exit 1\n"+b.String())
}

// install renders a stack and puts its artefacts onto the host; it gives the path of apply.sh.
func (h *host) install(t *testing.T, s *ir.Stack) string {
	t.Helper()
	for _, f := range render(t, s, Options{}) {
		path := filepath.Join(h.dir, s.Project, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(plainText(t, f)), os.FileMode(f.Mode)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(h.dir, s.Project, applyPath)
}

// state is everything of a firewall that a rollback must put back: ufw's files
// and the kernel's rules.
func (h *host) state(t *testing.T) string {
	t.Helper()
	return h.files(t) + h.run(t, "iptables -S; ip6tables -S")
}

// files is the part of state that a second apply must not touch: the bytes, modes,
// owners and times (in nanoseconds) of ufw's files. They are read from outside, as
// a process for each file would take longer than what most tests try.
func (h *host) files(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range []string{"/etc/ufw", "/etc/default"} {
		err := filepath.WalkDir(h.path(folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			owner := info.Sys().(*syscall.Stat_t)
			fmt.Fprintf(&b, "%s %v %d %d %d %x\n", strings.TrimPrefix(path, h.path("")), info.Mode(), owner.Uid, owner.Gid, info.ModTime().UnixNano(), sha256.Sum256(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// path is where a file of the host stands for the test, which is outside.
func (h *host) path(file string) string { return "/proc/" + h.pid + "/root" + file }

// pending tells whether a change still waits for its confirmation.
func (h *host) pending() bool {
	_, err := os.Lstat(h.path("/var/lib/nself-ufw/pending"))
	return err == nil
}
