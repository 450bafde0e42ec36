package textdiff

import "sort"

const (
	// levels is how often a part between anchors is searched for anchors again: the
	// bound on the work, as every level reads each line once.
	levels = 16
	// shortScript is the number of changes up to which the shortest script is found
	// when anchors led astray.
	shortScript = 256
)

// span is a part of both texts: lines a0 up to a1 of the old one and b0 up to b1
// of the new.
type span struct{ a0, a1, b0, b1 int }

// anchor is a line that is unique in its part of either text.
type anchor struct{ a, b int }

// patience splits a part at the lines that are unique in both texts, as many as
// keep their order (Bram Cohen, "Patience Diff Advantages", 2010), and does the
// same between them; where there are none, walk decides.
func (m *matcher) patience(s span, level int) {
	for s.a0 < s.a1 && s.b0 < s.b1 && m.a[s.a0] == m.b[s.b0] {
		m.pair(s.a0, s.b0)
		s.a0, s.b0 = s.a0+1, s.b0+1
		m.work++
	}
	for s.a0 < s.a1 && s.b0 < s.b1 && m.a[s.a1-1] == m.b[s.b1-1] {
		s.a1, s.b1 = s.a1-1, s.b1-1
		m.pair(s.a1, s.b1)
		m.work++
	}
	if s.a0 == s.a1 || s.b0 == s.b1 {
		return
	}
	var anchors []anchor
	if level < levels {
		anchors = m.inOrder(m.unique(s))
	}
	if len(anchors) == 0 {
		m.walk(s)
		return
	}
	for _, at := range anchors {
		m.pair(at.a, at.b)
		m.patience(span{s.a0, at.a, s.b0, at.b}, level+1)
		s.a0, s.b0 = at.a+1, at.b+1
	}
	m.patience(s, level+1)
}

// unique gives the lines that occur once in either text, in the old one's order.
func (m *matcher) unique(s span) []anchor {
	a, b := m.a[s.a0:s.a1], m.b[s.b0:s.b1]
	m.work += 2 * (len(a) + len(b))
	for _, id := range a {
		m.inA[id]++
	}
	for j, id := range b {
		m.inB[id]++
		m.last[id] = int32(j)
	}
	var out []anchor
	for i, id := range a {
		if m.inA[id] == 1 && m.inB[id] == 1 {
			out = append(out, anchor{s.a0 + i, s.b0 + int(m.last[id])})
		}
	}
	for _, id := range a {
		m.inA[id] = 0
	}
	for _, id := range b {
		m.inB[id] = 0
	}
	return out
}

// inOrder gives the longest run of anchors that come in the same order in both
// texts, by patience sorting.
func (m *matcher) inOrder(all []anchor) []anchor {
	var tops []int // of each pile, the anchor on top: by index
	before := make([]int, len(all))
	for i, at := range all {
		pile := len(tops)
		if pile > 0 && all[tops[pile-1]].b > at.b {
			pile = sort.Search(len(tops), func(p int) bool { m.work++; return all[tops[p]].b > at.b })
		}
		before[i] = -1
		if pile > 0 {
			before[i] = tops[pile-1]
		}
		if pile == len(tops) {
			tops = append(tops, i)
		} else {
			tops[pile] = i
		}
	}
	if len(tops) == 0 {
		return nil
	}
	out := make([]anchor, len(tops))
	for n, i := len(tops)-1, tops[len(tops)-1]; n >= 0; n, i = n-1, before[i] {
		out[n] = all[i]
	}
	return out
}

// shorten takes the shortest script when there is one of at most shortScript
// changes and two thirds of what the anchors gave: a unique line that moves past
// many that are not would otherwise change all of those.
func (m *matcher) shorten() {
	cost := len(m.a) + len(m.b)
	for _, at := range m.atA {
		if m.match[at] >= 0 {
			cost -= 2
		}
	}
	if cost == 0 {
		return
	}
	path, end := m.shortest(span{0, len(m.a), 0, len(m.b)}, min(shortScript, (2*cost-1)/3))
	if !end {
		return
	}
	for _, at := range m.atA {
		m.match[at] = -1
	}
	m.follow(path)
}
