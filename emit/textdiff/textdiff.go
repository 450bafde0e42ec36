// Package textdiff compares texts line by line: what to change to get from one
// to the other, as edits, as hunks with context, as a unified diff, and which of
// several texts were renamed.
//
// It knows no language that a text is in, but that indentation says where a block
// begins. It reads nothing, and prints nothing: a text's bytes are passed on as
// they are, so whoever shows them on a terminal cleans them first.
//
// All of it takes time in proportion to the texts, however much they differ: where
// the shortest script would cost more, a longer one is given.
package textdiff

import "strings"

// Edit replaces lines A0 up to A1 of the old text by lines B0 up to B1 of the
// new, counted from 0. One of the two ranges may be empty.
type Edit struct{ A0, A1, B0, B1 int }

// Lines splits a text after each newline; the last line may lack one. The empty
// text has no lines.
func Lines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// Edits gives what turns the lines of a into those of b: in order, with at least
// one common line between two edits. Lines that are unique in both texts keep
// their partner (patience diff), so that a block which moves, comes or goes does so
// whole; when that makes more than half as many changes again as necessary, and
// the shortest script has no more than shortScript of them, it is the shortest.
func Edits(a, b []string) []Edit {
	edits, _ := compare(a, b)
	return edits
}

// compare gives the edits, and how many steps it took to find them.
func compare(a, b []string) (edits []Edit, work int) {
	m := newMatcher(a, b)
	m.patience(span{0, len(m.a), 0, len(m.b)}, 0)
	m.shorten()
	edits = m.edits()
	slide(a, b, edits)
	return edits, m.work
}

// matcher finds which lines of two texts belong together. It works on numbers
// that stand for lines, and only on lines that can have a partner: those between
// the common beginning and the common end that occur in both texts.
type matcher struct {
	lenA, lenB int
	a, b       []int32 // the lines that can have a partner
	atA, atB   []int32 // and where in their texts they are
	match      []int32 // for each line of the old text its partner in the new, or -1

	// By line's number: how often it occurs in the part that is being compared, and
	// where in b. All 0 between two parts.
	inA, inB, last []int32

	work int // steps taken
}

func newMatcher(a, b []string) *matcher {
	m := &matcher{lenA: len(a), lenB: len(b), match: make([]int32, len(a))}
	head, tail := 0, 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		m.match[head] = int32(head)
		head++
	}
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
		m.match[len(a)-tail] = int32(len(b) - tail)
	}
	m.work = head + tail
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	for i := range x {
		m.match[head+i] = -1
	}
	if len(x) == 0 || len(y) == 0 {
		return m
	}
	numbers := make(map[string]int32, len(x))
	ids := make([]int32, len(x))
	for i, l := range x {
		id, known := numbers[l]
		if !known {
			id = int32(len(numbers))
			numbers[l] = id
		}
		ids[i] = id
	}
	m.inA, m.inB, m.last = make([]int32, len(numbers)), make([]int32, len(numbers)), make([]int32, len(numbers))
	for j, l := range y {
		if id, known := numbers[l]; known {
			m.b, m.atB = append(m.b, id), append(m.atB, int32(head+j))
			m.inB[id] = 1
		}
	}
	for i, id := range ids {
		if m.inB[id] > 0 {
			m.a, m.atA = append(m.a, id), append(m.atA, int32(head+i))
		}
	}
	clear(m.inB)
	m.work += len(x) + len(y)
	return m
}

// pair makes two lines partners.
func (m *matcher) pair(i, j int) { m.match[m.atA[i]] = m.atB[j] }

// edits gives what lies between the partners.
func (m *matcher) edits() []Edit {
	var out []Edit
	i, j := 0, 0
	for {
		e := Edit{A0: i, B0: j}
		for i < m.lenA && m.match[i] < 0 {
			i++
		}
		next := m.lenB
		if i < m.lenA {
			next = int(m.match[i])
		}
		e.A1, e.B1 = i, next
		if e.A0 < e.A1 || e.B0 < e.B1 {
			out = append(out, e)
		}
		if i == m.lenA {
			return out
		}
		i, j = i+1, next+1
	}
}
