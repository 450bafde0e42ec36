package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// object is what git has under a name.
type object struct {
	name, kind string // kind is commit, tree, blob or tag
	size       int64  // bytes
}

// batch is a running "git cat-file", which answers one name after the other. It is
// started by the first question.
type batch struct {
	repo *repository
	ctx  context.Context // bounds the process, which outlives the call that starts it
	mode string

	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *bounded
	cancel context.CancelFunc
	broken error // why there are no more answers
}

func (r *repository) batch(ctx context.Context, mode string) *batch {
	return &batch{repo: r, ctx: ctx, mode: mode}
}

func (b *batch) start() error {
	ctx, cancel := context.WithCancel(b.ctx)
	cmd := b.repo.command(ctx, b.repo.dir, "cat-file", b.mode)
	b.stderr = &bounded{most: 16 << 10}
	cmd.Stderr = b.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return err
	}
	b.cmd, b.in, b.out, b.cancel = cmd, in, bufio.NewReaderSize(out, 64<<10), cancel
	return nil
}

// ask gives what git has under a name, and in the mode --batch its contents, of
// which there may be most bytes. The name is one of git's own, of a hex digest.
func (b *batch) ask(name string, most int64) (o object, contents []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return object{}, nil, b.broken
	}
	if b.cmd == nil {
		if err := b.start(); err != nil {
			return object{}, nil, b.breaks(err)
		}
	}
	if _, err := io.WriteString(b.in, name+"\n"); err != nil {
		return object{}, nil, b.breaks(err)
	}
	head, err := b.out.ReadString('\n')
	if err != nil {
		return object{}, nil, b.breaks(err)
	}
	fields := strings.Fields(head)
	if len(fields) == 2 && fields[1] == "missing" {
		return object{}, nil, b.repo.missing(b.ctx, name)
	}
	if len(fields) != 3 {
		return object{}, nil, b.breaks(fmt.Errorf("its answer is not understood: %s", quoted(head)))
	}
	o = object{name: fields[0], kind: fields[1]}
	if o.size, err = strconv.ParseInt(fields[2], 10, 64); err != nil || o.size < 0 {
		return object{}, nil, b.breaks(fmt.Errorf("its answer is not understood: %s", quoted(head)))
	}
	if b.mode != "--batch" {
		return o, nil, nil
	}
	if o.size > most { // asked for without looking first
		return object{}, nil, b.breaks(errors.New("an object is larger than it was said to be"))
	}
	contents = make([]byte, o.size+1) // and a newline
	if _, err := io.ReadFull(b.out, contents); err != nil {
		return object{}, nil, b.breaks(err)
	}
	return o, contents[:o.size], nil
}

// breaks ends the process, and gives the error that every question has from now on.
func (b *batch) breaks(err error) error {
	said := ""
	if b.cmd != nil {
		b.cancel()       // it may wait for us to read
		_ = b.in.Close() // it is ended either way
		_ = b.cmd.Wait() // reads the rest of its messages, which say more than its exit code
		said = words(b.stderr.String())
	}
	switch {
	case b.ctx.Err() != nil:
		b.broken = &Error{Reason: "Reading the revision was interrupted.", err: b.ctx.Err()}
	case strings.Contains(said, "promisor"):
		b.broken = b.repo.partial(said)
	default:
		b.broken = failed(said, err)
	}
	return b.broken
}

// close ends the process.
func (b *batch) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil || b.cmd == nil {
		b.broken = fs.ErrClosed
		return nil
	}
	b.broken = fs.ErrClosed
	defer b.cancel()
	if err := b.in.Close(); err != nil {
		return err
	}
	if err := b.cmd.Wait(); err != nil && b.ctx.Err() == nil {
		return failed(words(b.stderr.String()), err)
	}
	return nil
}
