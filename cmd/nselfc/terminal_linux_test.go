package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sitting is nselfc on a terminal of its own (pts(4)).
type sitting struct {
	t             *testing.T
	keyboard, tty *os.File
	before        unix.Termios
	cmd           *exec.Cmd

	mu    sync.Mutex
	shown bytes.Buffer
	done  chan struct{}
}

func onTerminal(t *testing.T, dir string, args ...string) *sitting {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	s := &sitting{t: t, keyboard: keyboard, tty: tty, done: make(chan struct{})}
	s.before = s.modes()
	s.cmd = exec.Command("nselfc", args...)
	s.cmd.Dir = dir
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		part := make([]byte, 4096)
		for {
			n, err := keyboard.Read(part)
			s.mu.Lock()
			s.shown.Write(part[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *sitting) modes() unix.Termios {
	m, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *m
}

func (s *sitting) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// prompt waits for a text on the screen, and for the terminal to be mute.
func (s *sitting) prompt(text string) {
	s.t.Helper()
	for range 1000 {
		if strings.Contains(s.screen(), text) && s.modes().Lflag&(unix.ECHO|unix.ICANON) == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatalf("no prompt %q:\n%s", text, s.screen())
}

func (s *sitting) typing(keys string) {
	s.t.Helper()
	if _, err := s.keyboard.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// end waits for the program, and gives its exit code and all that was shown. The
// terminal must be as it was.
func (s *sitting) end() (int, string) {
	s.t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer timer.Stop()
	err := s.cmd.Wait()
	if s.modes() != s.before {
		s.t.Error("the terminal is not as it was")
	}
	_ = s.tty.Close() // the last one, which ends the reading
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		s.t.Error("the terminal is still open")
	}
	code := 0
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Wait gives it as it is
		code = exit.ExitCode()
	} else if err != nil {
		s.t.Fatal(err)
	}
	return code, s.screen()
}

// stackWith makes a folder with a stack, and builds it without its secrets.
func stackWith(t *testing.T, secrets string) string {
	t.Helper()
	dir := t.TempDir()
	text := "stack \"shop\" {}\n\n" + secrets + "\nservice \"api\" {\n  image   = \"ghcr.io/acme/api:1.0.0\"\n  secrets = { KEY = secret.key }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nselfc", "build", "--no-secrets")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}
