package doctor

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Host is the machine, as far as a check may ask it.
type Host struct {
	Root string // where the file system begins; "/" but in tests
	UID  int    // who looks
	Now  time.Time
	// Run runs a program and gives what it wrote. An error says that it could not be
	// run, or did not end in time; how it ended is in Said.
	Run      func(ctx context.Context, stdin io.Reader, args ...string) (Said, error)
	Dial     func(ctx context.Context, address string) (net.Conn, error)
	Patience time.Duration // with the folder of the backups
	// Room tells how full the file system of a path is.
	Room func(path string) (Room, error)
	// Synced tells whether the kernel's clock follows another.
	Synced func() (bool, error)
	// Roots are the authorities that clients trust.
	Roots func() (*x509.CertPool, error)
}

// Said is what a program wrote, and its exit code.
type Said struct {
	Out, Err string
	Code     int
}

// Room is the state of a file system: bytes, and inodes, which are 0 where it has no
// fixed number of them.
type Room struct{ Bytes, Free, Inodes, FreeInodes uint64 }

// patience is how long one program may take; scanners get more.
const patience = 30 * time.Second

// most is how much of what a program writes is kept.
const most = 64 << 20

// Real gives this machine. run runs a command with its output going to two writers:
// that of the registry of secrets, so that no value can be in an argument.
func Real(now time.Time, run func(cmd *exec.Cmd, stdout, stderr io.Writer) error) Host {
	return Host{
		Root: "/", UID: os.Geteuid(), Now: now, Patience: patience, Room: room, Synced: synced, Roots: x509.SystemCertPool,
		Run: func(ctx context.Context, stdin io.Reader, args ...string) (Said, error) {
			return execute(ctx, run, stdin, args)
		},
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
		},
	}
}

func execute(ctx context.Context, run func(*exec.Cmd, io.Writer, io.Writer) error, stdin io.Reader, args []string) (Said, error) {
	if ctx.Value(unhurried{}) == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.WaitDelay = stdin, time.Second
	var out, said bounded
	err := run(cmd, &out, &said)
	s := Said{Out: out.String(), Err: said.String()}
	if ctx.Err() != nil {
		return s, fmt.Errorf("%s did not end in time", args[0])
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		s.Code = exit.ExitCode()
		return s, nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return s, fmt.Errorf("%s is not installed here: %w", args[0], exec.ErrNotFound)
	}
	return s, err
}

// unhurried marks a context that brings its own bound.
type unhurried struct{}

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(0, most-b.Len()))])
	return len(p), nil
}

// path gives where a file of the host is.
func (h Host) path(name string) string { return filepath.Join(h.Root, name) }

func (h Host) read(name string) (string, error) { return readFile(h.path(name), most) }

// Why a file is not read.
var (
	errNoFile   = errors.New("is no regular file")
	errTooLarge = errors.New("is larger than what is read of it")
)

// readFile reads a file of at most so many bytes. Another thing in its place, such as a
// pipe or a device, is not waited for, and not opened where that can be helped.
func readFile(path string, limit int64) (string, error) {
	if fi, err := os.Stat(path); err != nil || !fi.Mode().IsRegular() {
		return "", unread(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", reason(err)
	}
	return readOpen(f, path, limit)
}

// readBelow is readFile for a file below a folder, that no link leads to.
func readBelow(folder, name string, limit int64) (string, error) {
	path := filepath.Join(folder, name)
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", reason(err)
	}
	defer func() { _ = root.Close() }() // opened for reading
	if fi, err := root.Lstat(name); err != nil || !fi.Mode().IsRegular() {
		return "", unread(path, err)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", unread(path, err)
	}
	return readOpen(f, path, limit)
}

func readOpen(f *os.File, path string, limit int64) (string, error) {
	defer func() { _ = f.Close() }() // opened for reading
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return "", unread(path, err)
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = errTooLarge
	}
	if err != nil {
		return "", unread(path, err)
	}
	return string(text), nil
}

// unread says of which path it is that it was not read, once.
func unread(path string, err error) error {
	if err == nil {
		err = errNoFile
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// root refuses a look that only root may take.
func (h Host) root(what string) error {
	if h.UID != 0 {
		return fmt.Errorf("only root may see %s: run it with sudo", what)
	}
	return nil
}

// reason takes the path out of an error: the message has it already.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

// ask runs a program that has to end well.
func (h Host) ask(ctx context.Context, args ...string) (string, error) {
	said, err := h.Run(ctx, nil, args...)
	switch {
	case err != nil:
		return "", err
	case said.Code != 0:
		return "", fmt.Errorf("%s failed: %s", strings.Join(args[:min(2, len(args))], " "), complaint(said.Err))
	}
	return said.Out, nil
}

// complaint gives the first line of what a program said that is no warning.
func complaint(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range lines {
		if !strings.HasPrefix(strings.ToLower(line), "warning") {
			return line
		}
	}
	return lines[0]
}
