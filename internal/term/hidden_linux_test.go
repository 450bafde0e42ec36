package term

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pty opens a pair of terminal ends (pts(4)): what is written to the keyboard, the
// program reads from the tty.
func pty(t *testing.T) (keyboard, tty *os.File) {
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
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return keyboard, tty
}

// modes gives the settings of a terminal.
func modes(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// raw waits until the reader has the terminal.
func raw(t *testing.T, tty *os.File) {
	t.Helper()
	for range 200 {
		if modes(t, tty).Lflag&(unix.ECHO|unix.ISIG|unix.ICANON) == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the terminal still shows what is typed")
}

func TestReadHidden(t *testing.T) {
	long := strings.Repeat("x", 6000) // more than a line of the kernel's
	for _, tt := range []struct {
		name, keys, want string
		err              error
	}{
		{"a line", "abc\r", "abc", nil},
		{"another end", "abc\n", "abc", nil},
		{"empty", "\r", "", nil},
		{"corrected", "aü\x7fb\x08\x08\x08\x08xyz\r", "xyz", nil},
		{"begun anew", "wrong\x15right\r", "right", nil},
		{"keys of a terminal are bytes", "a\x1a\x1c\x16\x12b\r", "a\x1a\x1c\x16\x12b", nil},
		{"long", long + "\r", long, nil},
		{"interrupted", "ab\x03", "", ErrInterrupted},
		{"closed", "\x04", "", io.EOF},
		{"Ctrl-D amid a line", "ab\x04c\r", "abc", nil},
		{"two lines", "ab\ncd\n", "", ErrLines},
		{"too long", strings.Repeat("x", 8001) + "\r", "", ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			keyboard, tty := pty(t)
			before := modes(t, tty)
			type result struct {
				line string
				err  error
			}
			done := make(chan result, 1)
			go func() {
				line, err := ReadHidden(context.Background(), tty, 8000)
				done <- result{line, err}
			}()
			raw(t, tty)
			if _, err := keyboard.WriteString(tt.keys); err != nil {
				t.Fatal(err)
			}
			got := <-done
			if got.line != tt.want || !errors.Is(got.err, tt.err) {
				t.Errorf("got %d bytes and %v, want %d and %v", len(got.line), got.err, len(tt.want), tt.err)
			}
			if modes(t, tty) != before {
				t.Error("the terminal is not as it was")
			}
			if ready(int(tty.Fd()), settle) {
				t.Error("something is left for the shell to run")
			}
			if ready(int(keyboard.Fd()), settle) {
				shown := make([]byte, 100)
				n, _ := keyboard.Read(shown)
				if n = len(bytes.TrimSpace(shown[:n])); n > 0 {
					t.Errorf("%d bytes were shown", n)
				}
			}
		})
	}
}

// TestReadHiddenEnds wants the end of the context to give the terminal back.
func TestReadHiddenEnds(t *testing.T) {
	keyboard, tty := pty(t)
	before := modes(t, tty)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := ReadHidden(ctx, tty, 100)
		done <- err
	}()
	raw(t, tty)
	if _, err := keyboard.WriteString("half a val"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	if modes(t, tty) != before {
		t.Error("the terminal is not as it was")
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := ReadHidden(context.Background(), file, 100); err == nil {
		t.Error("a file was taken for a terminal")
	}
}
