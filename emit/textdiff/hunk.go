package textdiff

import "fmt"

// Hunk is a stretch of a unified diff: lines A0 up to A1 of the old text and B0 up
// to B1 of the new, counted from 0.
type Hunk struct {
	A0, A1, B0, B1 int
	Lines          []Line
}

// Line is a line of a hunk.
type Line struct {
	Op   byte   // ' ' for one of both texts, '-' removed, '+' added
	Text string // with its newline, which the last line of a text may lack
	A, B int    // its number from 1 in the old and in the new text; 0 where it is not in it
}

// Hunks gives the difference of two texts with so many common lines around each
// change; changes whose context would meet share a hunk.
func Hunks(old, text string, context int) []Hunk {
	a, b := Lines(old), Lines(text)
	edits := Edits(a, b)
	context = max(0, context)
	var out []Hunk
	for i := 0; i < len(edits); {
		j := i + 1
		for j < len(edits) && edits[j].A0-edits[j-1].A1 <= 2*context {
			j++
		}
		out = append(out, hunk(a, b, edits[i:j], context))
		i = j
	}
	return out
}

func hunk(a, b []string, edits []Edit, context int) Hunk {
	first, last := edits[0], edits[len(edits)-1]
	before, after := min(first.A0, context), min(len(a)-last.A1, context)
	h := Hunk{A0: first.A0 - before, A1: last.A1 + after, B0: first.B0 - before, B1: last.B1 + after}
	n := h.A1 - h.A0
	for _, e := range edits {
		n += e.B1 - e.B0
	}
	h.Lines = make([]Line, 0, n)
	x, y := h.A0, h.B0
	both := func(end int) {
		for ; x < end; x, y = x+1, y+1 {
			h.Lines = append(h.Lines, Line{' ', a[x], x + 1, y + 1})
		}
	}
	for _, e := range edits {
		both(e.A0)
		for ; x < e.A1; x++ {
			h.Lines = append(h.Lines, Line{'-', a[x], x + 1, 0})
		}
		for ; y < e.B1; y++ {
			h.Lines = append(h.Lines, Line{'+', b[y], 0, y + 1})
		}
	}
	both(h.A1)
	return h
}

// Header gives the line that introduces a hunk, without a newline.
func (h *Hunk) Header() string {
	// An empty range is named by the line before it.
	start := func(from, to int) int {
		if from == to {
			return from
		}
		return from + 1
	}
	return fmt.Sprintf("@@ -%d,%d +%d,%d @@", start(h.A0, h.A1), h.A1-h.A0, start(h.B0, h.B1), h.B1-h.B0)
}
