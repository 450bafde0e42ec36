package term

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// What ends the reading of a hidden line.
var (
	// ErrInterrupted says that the user gave up: Ctrl-C, or a signal.
	ErrInterrupted = errors.New("interrupted")
	// ErrLines says that more than one line arrived at once, as when somebody
	// pastes a text of several.
	ErrLines = errors.New("more than one line was pasted")
	// ErrTooLong says that the line has more bytes than were allowed.
	ErrTooLong = errors.New("the line is too long")
)

// The keys that a hidden line understands.
const (
	keyInterrupt = 0x03 // Ctrl-C
	keyEnd       = 0x04 // Ctrl-D
	keyBackspace = 0x08
	keyErase     = 0x7f
	keyKill      = 0x15 // Ctrl-U
)

// settle is how long after a line more of a paste is waited for, and poll how
// often the end of the context is looked at.
const (
	settle = 50 * time.Millisecond
	poll   = 100 * time.Millisecond
)

// ReadHidden reads a line from a terminal, of at most so many bytes, and shows
// nothing of it. The terminal is as it was when it returns: no key but Enter,
// Ctrl-C and Ctrl-D ends the reading, so that none stops the process with the
// terminal mute, and the end of ctx does too. It reads byte by byte and not by the
// terminal's own lines, which the kernel cuts off at 4095 bytes without a word.
//
// What else was pasted is thrown away: the shell would run it next, and keep it in
// its history.
func ReadHidden(ctx context.Context, tty *os.File, most int) (line string, err error) {
	fd := int(tty.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer func() {
		for ready(fd, 0) {
			if n, err := unix.Read(fd, make([]byte, 256)); n <= 0 || err != nil {
				break
			}
		}
		err = errors.Join(err, term.Restore(fd, before))
	}()
	var text []byte
	for {
		key, err := readKey(ctx, fd)
		if err != nil {
			return "", err
		}
		switch {
		case key == '\r', key == '\n':
			if ready(fd, settle) {
				return "", ErrLines
			}
			return string(text), nil
		case key == keyInterrupt:
			return "", ErrInterrupted
		case key == keyEnd && len(text) == 0:
			return "", io.EOF
		case key == keyEnd: // as a terminal has it, it ends nothing but an empty line
		case key == keyBackspace, key == keyErase:
			_, size := utf8.DecodeLastRune(text)
			text = text[:len(text)-size]
		case key == keyKill:
			text = text[:0]
		case len(text) == most:
			return "", ErrTooLong
		default:
			text = append(text, key)
		}
	}
}

// readKey waits for a byte.
func readKey(ctx context.Context, fd int) (byte, error) {
	for !ready(fd, poll) {
		if ctx.Err() != nil {
			return 0, ErrInterrupted
		}
	}
	var b [1]byte
	for {
		n, err := unix.Read(fd, b[:])
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			return 0, err
		case n == 0: // the terminal was hung up
			return 0, io.EOF
		}
		return b[0], nil
	}
}

// ready tells whether there is something to read, or nothing ever will be.
func ready(fd int, wait time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(wait.Milliseconds()))
	return err == nil && n > 0
}
