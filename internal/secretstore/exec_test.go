package secretstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// script makes an executable of shell commands, and gives a store that runs it.
func script(t *testing.T, text string, keys ...string) (*ir.SecretStore, Options) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "of.sh"), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &ir.SecretStore{Kind: word("exec"), Command: []ir.String{word("./of.sh"), word("a b"), word("$(touch x)")}, Timeout: source.Value[int]{V: 10}}
	return s, Options{Getenv: os.Getenv, StackDir: dir, Keys: keys}
}

func load(t *testing.T, s *ir.SecretStore, o Options) (Snapshot, error) {
	t.Helper()
	store, err := Open(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return store.Load(context.Background())
}

// TestExec holds what the program is given, and what becomes of what it prints.
func TestExec(t *testing.T) {
	t.Setenv("NSELFC_TEST_TOKEN", rand.Text())
	t.Setenv("NSELFC_TEST_OTHER", rand.Text())
	s, o := script(t, `
[ "$#" = 3 ] && [ "$1" = "a b" ] && [ "$2" = '$(touch x)' ] || exit 9
[ "$PWD" = "`+"$(cd \"$(dirname \"$0\")\" && pwd)"+`" ] || exit 8
case $3 in
  ABSENT) exit 3 ;;
  ENV) env | cut -d= -f1 | sort | tr '\n' ' ' ;;
  STDIN) cat; echo end ;;
  LINES) printf 'a\n\nb\n\n' ;;
  CRLF) printf 'x\r\n' ;;
  *) echo "of $3" ;;
esac`, "ONE", "ABSENT", "ENV", "STDIN", "LINES", "CRLF")
	s.Environment = []ir.String{word("NSELFC_TEST_TOKEN")}
	got, err := load(t, s, o)
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(got.Values["ENV"]) {
		if strings.HasPrefix(name, "NSELFC_") != (name == "NSELFC_TEST_TOKEN") || name == "SHELL" {
			t.Errorf("the program gets %s", name)
		}
	}
	if !strings.Contains(got.Values["ENV"], "NSELFC_TEST_TOKEN") || !strings.Contains(got.Values["ENV"], "PATH") {
		t.Errorf("the program does not get what it needs: %s", got.Values["ENV"])
	}
	delete(got.Values, "ENV")
	want := map[string]string{"ONE": "of ONE", "STDIN": "end", "LINES": "a\n\nb\n", "CRLF": "x"}
	if diff := cmp.Diff(want, got.Values); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(o.StackDir, "x")); err == nil {
		t.Error("a shell read the arguments")
	}
	store, err := Open(s, o)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, store.Save(context.Background(), got), ErrReadOnly)
}

// TestExecFails holds the kind of each failure, and that nothing of what the program
// said is told, as a value could be in it.
func TestExecFails(t *testing.T) {
	value, token := rand.Text(), rand.Text()
	t.Setenv("NSELFC_TEST_TOKEN", token)
	for _, tt := range []struct {
		name, script string
		kind         error
		says         string
	}{
		{"none is there", "exit 3", ErrAbsent, "status 3"},
		{"not allowed", "echo 'log in first' >&2; exit 4", ErrDenied, "was not allowed to read A"},
		{"failed", "echo out of order >&2; exit 1", ErrUnavailable, "ended with status 1"},
		{"failed, after printing", "echo " + value + "; echo \"cannot store " + value + "\" >&2; exit 1", ErrUnavailable, "ended with status 1"},
		{"says a value it never printed", "echo \"value: " + value + "\" >&2; exit 1", ErrUnavailable, ">/dev/null; echo $?"},
		{"says a value it printed before", "case $3 in A) echo " + value + ";; *) echo was " + value + " >&2; exit 1;; esac", ErrUnavailable, "asked for B"},
		{"says its token", "echo \"bad token $NSELFC_TEST_TOKEN\" >&2; exit 4", ErrDenied, "was not allowed"},
		{"says a great deal", "yes said >&2 & sleep .1; kill $!; exit 1", ErrUnavailable, "ended with status 1"},
		{"killed", "kill -9 $$", ErrUnavailable, "did not end well"},
		{"prints nothing", "exit 0", ErrInvalid, "printed nothing"},
		{"prints an empty line", "echo", ErrInvalid, "printed nothing"},
		{"prints without end", "yes " + value, ErrInvalid, "64 KiB"},
		{"prints bytes", "printf '\\377\\376'", ErrInvalid, "UTF-8"},
		{"prints NUL", "printf 'a\\000b'", ErrInvalid, "UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, o := script(t, tt.script, "A", "B")
			s.Environment = []ir.String{word("NSELFC_TEST_TOKEN")}
			begun := time.Now()
			_, err := load(t, s, o)
			if said := refused(t, err, tt.kind, value, token); !strings.Contains(said, tt.says) || strings.ContainsRune(said, 0x1b) || len(said) > 4096 {
				t.Errorf("%q is not in %s", tt.says, said)
			}
			if time.Since(begun) > 5*time.Second {
				t.Error("it took too long")
			}
		})
	}
	for name, command := range map[string]string{"not there": "./nothing.sh", "not on PATH": "nselfc-no-such-program", "a folder": ".", "not executable": "./plain"} {
		t.Run(name, func(t *testing.T) {
			s, o := script(t, "", "A")
			if err := os.WriteFile(filepath.Join(o.StackDir, "plain"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			s.Command = []ir.String{word(command)}
			_, err := load(t, s, o)
			refused(t, err, ErrInvalid)
		})
	}
	t.Run("a bare name is no file of the stack", func(t *testing.T) {
		s, o := script(t, "echo x", "A")
		s.Command = []ir.String{word("of.sh")}
		o.Getenv = func(n string) string { return map[string]string{"PATH": ".:" + os.Getenv("PATH")}[n] }
		_, err := load(t, s, o)
		refused(t, err, ErrInvalid)
	})
}

// TestExecEnds holds that neither time-out nor interruption leaves a process behind,
// whatever the program started.
func TestExecEnds(t *testing.T) {
	for _, how := range []string{"time-out", "interruption", "left behind"} {
		t.Run(how, func(t *testing.T) {
			text := "sleep 60 & echo $! >pid; wait"
			if how == "left behind" { // with the pipe of the value still open
				text = "sleep 60 & echo $! >pid; echo value"
			}
			s, o := script(t, text, "A")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			pid := 0
			switch how {
			case "time-out":
				s.Timeout.V = 1
			case "interruption":
				go func() {
					for range 100 {
						time.Sleep(20 * time.Millisecond)
						if b, _ := os.ReadFile(filepath.Join(o.StackDir, "pid")); len(b) > 1 {
							cancel()
							return
						}
					}
				}()
			}
			store, err := Open(s, o)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			_, err = store.Load(ctx)
			if how != "left behind" {
				refused(t, err, ErrUnavailable)
			}
			if how == "interruption" && !errors.Is(err, context.Canceled) {
				t.Errorf("not told as an interruption: %v", err)
			}
			if time.Since(begun) > 5*time.Second {
				t.Errorf("it took %s", time.Since(begun))
			}
			b, err := os.ReadFile(filepath.Join(o.StackDir, "pid"))
			if err != nil {
				t.Fatal(err)
			}
			if pid, err = strconv.Atoi(strings.TrimSpace(string(b))); err != nil {
				t.Fatal(err)
			}
			for range 50 {
				if err := syscall.Kill(pid, 0); err != nil {
					return
				}
				if b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); strings.Contains(string(b), ") Z ") {
					return // ended, and nobody has asked for its status yet
				}
				time.Sleep(20 * time.Millisecond)
			}
			t.Error("a child of the program still runs")
		})
	}
}

// TestExecEndsInAll: many values that each come in time do not hold the command for
// minutes, and what was begun ends.
func TestExecEndsInAll(t *testing.T) {
	var keys []string
	for i := range 100 {
		keys = append(keys, fmt.Sprint("KEY_", i))
	}
	s, o := script(t, "sleep .6; echo $3", keys...)
	s.Timeout.V = 1
	begun := time.Now()
	_, err := load(t, s, o)
	said := refused(t, err, ErrUnavailable)
	if took := time.Since(begun); took < 7*time.Second || took > 14*time.Second {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(said, "of 100 values within 8s") || !strings.Contains(said, "timeout = ") {
		t.Error(said)
	}
}

// TestExecIsStopped sends Ctrl-C to nselfc while a program of its store works: both end
// at once, with all that the program started.
func TestExecIsStopped(t *testing.T) {
	store := &keptStore{hcl: "    exec {\n      command = [\"./of.sh\"]\n    }"}
	m := newMachine(t, store)
	if err := os.WriteFile(filepath.Join(m.dir, "of.sh"), []byte("#!/bin/sh\nsleep 300 &\necho $! $$ >pids.new\nmv pids.new pids\nwait\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := m.command(on("sync")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []string
	for i := 0; len(pids) == 0; i++ {
		if i > 3000 {
			t.Fatal("the program was not begun")
		}
		time.Sleep(10 * time.Millisecond)
		text, _ := os.ReadFile(filepath.Join(m.dir, "pids"))
		pids = strings.Fields(string(text))
	}
	begun := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if took := time.Since(begun); cmd.ProcessState.ExitCode() != 130 || took > 5*time.Second {
		t.Errorf("it ended with %d after %s", cmd.ProcessState.ExitCode(), took)
	}
	for _, p := range pids {
		pid, err := strconv.Atoi(p)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := os.ReadFile("/proc/" + p + "/stat"); syscall.Kill(pid, 0) == nil && !strings.Contains(string(text), ") Z ") {
			t.Errorf("process %d still runs", pid)
		}
	}
}
