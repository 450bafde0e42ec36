package textdiff

import "strings"

// slide moves each edit that only adds or only removes lines to where a reader
// expects it: a block of equal lines can often be cut out in several places, and
// the best begins and ends where the text is least indented.
func slide(a, b []string, edits []Edit) {
	for i := range edits {
		e := &edits[i]
		before, after := -1, len(a)+1
		if i > 0 {
			before = edits[i-1].A1
		}
		if i+1 < len(edits) {
			after = edits[i+1].A0
		}
		// One common line stays between two edits.
		up, down := e.A0-before-1, after-e.A1-1
		by := 0
		switch {
		case e.A0 == e.A1:
			by = shift(b, e.B0, e.B1, up, down)
		case e.B0 == e.B1:
			by = shift(a, e.A0, e.A1, up, down)
		}
		*e = Edit{e.A0 + by, e.A1 + by, e.B0 + by, e.B1 + by}
	}
}

// shift gives by how many lines, at most up or down, a block of lines is moved.
func shift(lines []string, from, to, up, down int) int {
	highest, lowest := 0, 0
	for -highest < up && lines[from+highest-1] == lines[to+highest-1] {
		highest--
	}
	for lowest < down && lines[from+lowest] == lines[to+lowest] {
		lowest++
	}
	best, least := 0, 0
	for by := highest; by <= lowest; by++ {
		if depth := cut(lines, from+by) + cut(lines, to+by); by == highest || depth <= least {
			best, least = by, depth
		}
	}
	return best
}

// cut tells how deep inside of a block a cut before line i would be.
func cut(lines []string, i int) int {
	if i == len(lines) {
		return 0
	}
	text := strings.TrimLeft(lines[i], " \t")
	indent := len(lines[i]) - len(text)
	switch {
	case strings.TrimRight(text, "\r\n") == "":
		// White space belongs to what precedes it, so the next line decides, nearly.
		if i+1 < len(lines) {
			next := lines[i+1]
			indent = len(next) - len(strings.TrimLeft(next, " \t"))
		}
		return 4*indent + 1
	case strings.IndexByte("}])", text[0]) >= 0: // closes what stands above
		return 4*indent + 8
	}
	return 4 * indent
}
