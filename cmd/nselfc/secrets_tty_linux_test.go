package main

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestSetOnTerminal types values at the prompt of secrets set: nothing of them is
// shown, and however it ends, the terminal is as it was and .secrets is whole.
func TestSetOnTerminal(t *testing.T) {
	value := rand.Text()
	again := func(s *sitting) { s.prompt("the same again") }
	for _, tt := range []struct {
		name string
		keys func(s *sitting)
		code int
		says string
	}{
		{"typed twice", func(s *sitting) { s.typing(value + "\r"); again(s); s.typing(value + "\r") }, 0, "secret.key is set"},
		{"corrected", func(s *sitting) {
			s.typing("x\x7f" + value + "\r")
			again(s)
			s.typing("wrong\x15" + value + "\r")
		}, 0, "secret.key is set"},
		{"a slip", func(s *sitting) { s.typing(value + "\r"); again(s); s.typing(value + "x\r") }, 1, "not the same"},
		{"empty", func(s *sitting) { s.typing("\r") }, 1, "it is empty"},
		{"too short", func(s *sitting) { s.typing("qx7\r"); again(s); s.typing("qx7\r") }, 1, "NS675"},
		{"Ctrl-C", func(s *sitting) { s.typing(value[:5] + "\x03") }, 130, "interrupted"},
		{"Ctrl-C at the second", func(s *sitting) { s.typing(value + "\r"); again(s); s.typing("\x03") }, 130, "interrupted"},
		{"Ctrl-D", func(s *sitting) { s.typing("\x04") }, 1, "ended before there was a value"},
		{"pasted lines", func(s *sitting) { s.typing("line one\nrm -rf x\n") }, 1, "More than one line"},
		{"SIGINT", func(s *sitting) { s.typing(value[:5]); _ = s.cmd.Process.Signal(syscall.SIGINT) }, 130, "interrupted"},
		{"SIGTERM", func(s *sitting) { s.typing(value[:5]); _ = s.cmd.Process.Signal(syscall.SIGTERM) }, 130, "interrupted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := stackWith(t, "secret \"key\" {\n  kind = \"input\"\n}\n")
			s := onTerminal(t, dir, "secrets", "set", "secret.key")
			s.prompt("value of secret.key (not shown)")
			tt.keys(s)
			code, screen := s.end()
			if code != tt.code || !strings.Contains(strings.Join(strings.Fields(screen), " "), tt.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.says, screen)
			}
			if strings.Contains(screen, value) || strings.Contains(screen, value[:5]) || strings.Contains(screen, "rm -rf") {
				t.Error("the value was shown")
			}
			text, err := os.ReadFile(filepath.Join(dir, "out", ".secrets"))
			if stored := err == nil && strings.Contains(string(text), "KEY="+value+"\n"); stored != (tt.code == 0) {
				t.Errorf("stored: %v (%v)", stored, err)
			}
		})
	}
}

// TestShowOnTerminal wants a value on the terminal, and nowhere else.
func TestShowOnTerminal(t *testing.T) {
	t.Parallel()
	dir := stackWith(t, "secret \"key\" {}\n\nsecret \"signing\" {\n  kind = \"ed25519\"\n}\n")
	run := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	run("nselfc secrets generate")
	text, err := os.ReadFile(filepath.Join(dir, "out", ".secrets"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nKEY=")
	value, _, _ := strings.Cut(rest, "\n")
	for _, name := range []string{"secret.key", "KEY"} {
		if code, screen := onTerminal(t, dir, "secrets", "show", name).end(); code != 0 || strings.TrimSpace(screen) != value || len(value) < 20 {
			t.Errorf("exit code %d:\n%s", code, screen)
		}
	}
	if code, screen := onTerminal(t, dir, "secrets", "show", "secret.signing.private_key").end(); code != 0 || !strings.Contains(screen, "-----BEGIN PRIVATE KEY-----\r\n") || strings.Contains(screen, "(secret)") {
		t.Errorf("exit code %d:\n%s", code, screen)
	}
	// Nor does anything else show it there, or leave it.
	if code, screen := onTerminal(t, dir, "secrets", "list").end(); code != 0 || strings.Contains(screen, value) {
		t.Errorf("exit code %d:\n%s", code, screen)
	}
	run("! nselfc secrets show KEY | grep .")
	run("sed -i /^KEY=/d out/.secrets")
	if code, screen := onTerminal(t, dir, "secrets", "show", "KEY").end(); code != 1 || !strings.Contains(screen, "NS682") {
		t.Errorf("exit code %d without a value:\n%s", code, screen)
	}
	run("chmod 644 out/.secrets")
	if code, screen := onTerminal(t, dir, "secrets", "show", "KEY").end(); code != 1 || !strings.Contains(screen, "NS602") {
		t.Errorf("exit code %d of a file that others read:\n%s", code, screen)
	}
}

// TestPipeThatStaysOpen wants Ctrl-C to end the wait for a pipe that nobody closes.
func TestPipeThatStaysOpen(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("nselfc", "secrets", "set", "secret.key")
	cmd.Dir = stackWith(t, "secret \"key\" {\n  kind = \"input\"\n}\n")
	stdin, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	defer in.Close()
	cmd.Stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte(rand.Text())); err != nil {
		t.Fatal(err)
	}
	// It has read what there was, so it waits for more, however long it took to get there.
	for left := 1; left > 0; time.Sleep(10 * time.Millisecond) {
		if left, err = unix.IoctlGetInt(int(in.Fd()), unix.TIOCINQ); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("got %v", err)
	}
}
