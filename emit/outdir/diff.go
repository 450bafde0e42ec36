package outdir

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of the excerpt that a diagnostic shows.
const (
	diffLines   = 24  // printed
	diffContext = 2   // unchanged lines around a change
	diffDepth   = 256 // changed lines up to which the shortest script is sought
)

// excerpt gives the beginning of the difference between two texts as a unified
// diff, each line indented as code, and the line (from 1) of the old text at
// which it begins. It takes time in proportion to the texts, however much they
// differ.
func excerpt(old, text string) (diff string, first int) {
	a, b := splitLines(old), splitLines(text)
	edits := script(a, b)
	var out []string
	for i := 0; i < len(edits); {
		// A hunk goes on as long as the next change is within reach of both contexts.
		j := i + 1
		for j < len(edits) && edits[j].a0-edits[j-1].a1 <= 2*diffContext {
			j++
		}
		out = append(out, hunk(a, b, edits[i:j])...)
		i = j
		if len(out) > diffLines {
			break
		}
	}
	if len(edits) > 0 {
		first = edits[0].a0 + 1
	}
	if len(out) > diffLines {
		out = append(out[:diffLines], "… and more")
	}
	for i, l := range out {
		out[i] = "    " + l
	}
	return strings.Join(out, "\n"), first
}

// edit replaces lines a0 up to a1 of the old text by lines b0 up to b1 of the new.
type edit struct{ a0, a1, b0, b1 int }

func hunk(a, b []string, edits []edit) []string {
	first, last := edits[0], edits[len(edits)-1]
	start, end := max(0, first.a0-diffContext), min(len(a), last.a1+diffContext)
	out := []string{fmt.Sprintf("@@ -%d,%d +%d,%d @@", start+1, end-start,
		first.b0-(first.a0-start)+1, last.b1-first.b0+(first.a0-start)+(end-last.a1))}
	at := start
	for _, e := range edits {
		out = appendLines(out, " ", a[at:e.a0])
		out = appendLines(out, "-", a[e.a0:e.a1])
		out = appendLines(out, "+", b[e.b0:e.b1])
		at = e.a1
	}
	return appendLines(out, " ", a[at:end])
}

// appendLines stops where excerpt will cut anyway.
func appendLines(out []string, sign string, lines []string) []string {
	for _, l := range lines[:min(len(lines), diffLines+1)] {
		out = append(out, sign+visible(l))
	}
	return out
}

func splitLines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// script gives the edits that turn a into b: the shortest ones (Myers, "An
// O(ND) Difference Algorithm and Its Variations", 1986) up to diffDepth changed
// lines, and otherwise one edit that replaces all between the common beginning
// and the common end.
func script(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x) == 0 && len(y) == 0 {
		return nil
	}
	edits, ok := shortest(x, y)
	if !ok {
		edits = []edit{{0, len(x), 0, len(y)}}
	}
	for i := range edits {
		edits[i].a0, edits[i].a1 = edits[i].a0+head, edits[i].a1+head
		edits[i].b0, edits[i].b1 = edits[i].b0+head, edits[i].b1+head
	}
	return edits
}

// shortest walks the edit graph: after d changes, reach[k] is the furthest line
// of a on diagonal k (the line of a less the line of b).
func shortest(a, b []string) ([]edit, bool) {
	const mid = diffDepth + 1
	reach := make([]int, 2*mid+1)
	var trace [][]int
	for d := 0; d <= diffDepth; d++ {
		trace = append(trace, slices.Clone(reach[mid-d:mid+d+1]))
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && reach[mid+k-1] < reach[mid+k+1] {
				x = reach[mid+k+1] // one line of b more
			} else {
				x = reach[mid+k-1] + 1 // one line of a less
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[mid+k] = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(trace, len(a), len(b)), true
			}
		}
	}
	return nil, false
}

// backtrack reads the path back from the end. trace[d] holds, for the diagonals
// -d to d, how far d-1 changes led.
func backtrack(trace [][]int, x, y int) []edit {
	var edits []edit
	for d := len(trace) - 1; d > 0; d-- {
		k := x - y
		at := func(k int) int {
			if k < -d || k > d {
				return -1
			}
			return trace[d][k+d]
		}
		from := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			from = k + 1
		}
		px := at(from)
		py := px - from
		// From (px, py) one change, then equal lines up to (x, y).
		e := edit{px, px, py, py + 1}
		if from == k-1 {
			e = edit{px, px + 1, py, py}
		}
		if n := len(edits); n > 0 && edits[n-1].a0 == e.a1 && edits[n-1].b0 == e.b1 {
			edits[n-1].a0, edits[n-1].b0 = e.a0, e.b0
		} else {
			edits = append(edits, e)
		}
		x, y = px, py
	}
	slices.Reverse(edits)
	return edits
}
