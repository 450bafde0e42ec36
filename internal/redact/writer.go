package redact

import (
	"io"
	"sync"
	"time"

	"nselfc/internal/needles"
)

// What may be the beginning of a value is held back until more comes. A prompt ends
// without a line end, and may end as some value begins: so few bytes are shown
// after a pause without a write.
const (
	coincidence = 3
	pause       = 100 * time.Millisecond
)

// Writer passes on what is written to it, without the values that its registry
// knows at that time. Whoever makes one calls Flush when nothing more will come. It
// is safe for concurrent use. A Write makes at most one Write below, and waits for
// nothing else.
type Writer struct {
	registry *Registry
	to       io.Writer

	mu     sync.Mutex
	held   []byte // what may be the beginning of a value
	passed int    // so many bytes of held are dealt with, and are there for what follows
	marked bool   // the last that was passed on is the mark
	timer  *time.Timer
	err    error // that nobody was told yet
}

// Writer makes a writer in front of another one. One that is a Writer of the
// registry already is given back, so that all writes to it keep their order.
func (r *Registry) Writer(to io.Writer) *Writer {
	if w, ok := to.(*Writer); ok && w.registry == r {
		return w
	}
	return &Writer{registry: r, to: to}
}

// Unwrap gives the writer below, for those who ask what it is: a terminal, how
// wide. Nobody writes to it.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write implements io.Writer. When the writer below fails, n is how much of p has
// passed; whoever goes on does so at p[n:].
func (w *Writer) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err, w.err = w.err, nil; err != nil {
		return 0, err
	}
	index := w.registry.cover()
	if index == nil && len(w.held) == 0 {
		w.marked = w.marked && len(p) == 0
		return w.pass(p)
	}
	before, text := len(w.held), p
	if before > 0 {
		text = append(w.held, p...)
	}
	spans, open := index.Cover(string(text))
	done, err := w.emit(text, spans, open)
	if err != nil {
		// What was held and has not passed is still held; what is new is the caller's.
		w.held, w.passed = w.held[min(done, before):], 0
		return max(0, done-before), err
	}
	w.held, w.passed = append(w.held[:0], text[open:]...), done-open
	w.await()
	return len(p), nil
}

// Flush passes on what is held. The beginning of a value, when it is long enough to
// be one, is hidden like the whole.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	spans, open := w.registry.cover().Cover(string(w.held))
	if len(w.held)-open >= needles.Min {
		spans = append(spans, needles.Span{From: open, To: len(w.held)})
	}
	done, err := w.emit(w.held, spans, len(w.held))
	if err != nil {
		w.held, w.passed = w.held[done:], 0
		return err
	}
	w.held, w.passed = w.held[:0], 0
	err, w.err = w.err, nil
	return err
}

// Disclose writes a text as it is, behind all that came before: it is for the one
// command that is asked for a value.
func (w *Writer) Disclose(text string) error {
	if err := w.Flush(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.marked = false
	_, err := w.pass([]byte(text))
	return err
}

// await has a held end shown that is most likely none of a value.
func (w *Writer) await() {
	switch few := len(w.held) > w.passed && len(w.held) <= coincidence; {
	case few && w.timer == nil:
		w.timer = time.AfterFunc(pause, w.show)
	case few:
		w.timer.Reset(pause)
	case w.timer != nil:
		w.timer.Stop()
	}
}

// show passes a short end on, and keeps it in mind: should the value follow after
// all, the rest of it is hidden.
func (w *Writer) show() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) > coincidence || len(w.held) <= w.passed {
		return // a write came between
	}
	done, err := w.emit(w.held, nil, len(w.held))
	w.passed, w.err = done, err
}

// emit passes on a text up to a place, with the mark for the spans that begin before
// it, and tells what is dealt with: after an error less than that, else more when a
// span reaches further. The first bytes are, already.
func (w *Writer) emit(text []byte, spans []needles.Span, end int) (done int, err error) {
	var out output
	at, marked := w.passed, w.marked
	for _, s := range spans {
		if s.To <= at || s.From >= end {
			continue
		}
		if s.From > at {
			out.add(string(text[at:s.From]), at, s.From, false)
			marked = false
		}
		if !marked {
			out.add(Mark, max(at, s.From), s.To, true)
		}
		at, marked = s.To, true
	}
	if at < end {
		out.add(string(text[at:end]), at, end, false)
		at, marked = end, false
	}
	if len(out.text) == 0 {
		return at, nil
	}
	n, err := w.pass(out.text)
	if err != nil {
		at, w.marked = out.reached(n, w.passed, w.marked)
		return at, err
	}
	w.marked = marked
	return at, nil
}

// pass writes, and takes a short write for the error that it is.
func (w *Writer) pass(p []byte) (int, error) {
	n, err := w.to.Write(p)
	n = max(0, min(n, len(p)))
	if n < len(p) && err == nil {
		err = io.ErrShortWrite
	}
	return n, err
}

// output is what is written, and of which part of the text each piece of it is.
type output struct {
	text   []byte
	pieces []outputPiece
}

type outputPiece struct {
	size, from, to int
	mark           bool
}

func (o *output) add(s string, from, to int, mark bool) {
	o.text = append(o.text, s...)
	o.pieces = append(o.pieces, outputPiece{len(s), from, to, mark})
}

// reached tells how far n bytes of the output go in the text, and whether a mark is
// the last of them. A mark that was cut will be written again.
func (o *output) reached(n, done int, marked bool) (int, bool) {
	for _, p := range o.pieces {
		switch {
		case n >= p.size:
			n, done, marked = n-p.size, p.to, p.mark
		case p.mark:
			return p.from, false
		case n > 0:
			return p.from + n, false
		default:
			return p.from, marked
		}
	}
	return done, marked
}
