package needles

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Longest is how much of a form a search compares, in bytes: of a longer one the
// beginning is enough to know it.
const Longest = 4096

// Index finds many texts in one pass. Every position of the searched text is looked
// up by the eight bytes that begin there; a bitmap in front answers nearly all
// look-ups. The zero value finds nothing. It is safe for concurrent use.
type Index struct {
	forms []needle // sorted by text
	heads map[uint64]span
	bits  [1 << 13]uint64
	short map[string]struct{} // beginnings of fewer than eight bytes
	edges bool                // some form has bits in the digits around it
	most  int                 // length of the longest form
}

// needle is a form of a value.
type needle struct {
	form
	address string
	// begins is the needle, with the longest text, that this one's text begins with:
	// the index of another, or -1.
	begins int
}

type span struct{ from, to int }

// Hit is a value in a text.
type Hit struct {
	Address string
	How     string // ", in base64"; "" as it is
	Line    int    // from 1
	Offset  int    // of the first byte in the text
}

// New makes the index for a search, which tells of each value where it first is.
func New(values []Value) *Index {
	ix := &Index{}
	seen := map[string]bool{}
	for _, v := range values {
		for _, f := range forms(v.text) {
			f.text = f.text[:min(len(f.text), Longest)]
			if len(f.text) < Min || f.shared || seen[v.Address+"\x00"+f.text] {
				continue
			}
			seen[v.Address+"\x00"+f.text] = true
			ix.forms = append(ix.forms, needle{form: f, address: v.Address})
		}
	}
	return ix.build()
}

// piece is how much of a value is looked for at once where all of it must be found:
// what begins like a long value would else be held back for long. It is a multiple
// of three, as base64 goes.
const piece = 768

// NewCover makes the index for Cover, which finds all of every value.
func NewCover(values []Value) *Index {
	ix := &Index{}
	seen := map[string]int{}
	add := func(f form) {
		at, known := seen[f.text]
		switch {
		case len(f.text) < Min:
		case known: // the same digits may be whole in one form and cut in another
			ix.forms[at].before = ix.forms[at].before || f.before
			ix.forms[at].after = ix.forms[at].after || f.after
		default:
			seen[f.text] = len(ix.forms)
			ix.forms = append(ix.forms, needle{form: f})
		}
	}
	for _, v := range values {
		for _, line := range lines(v.text) {
			for _, part := range pieces(line.text) {
				add(form{text: part})
			}
		}
		for _, part := range pieces(v.text) {
			for _, f := range encoded(part) {
				add(f)
			}
		}
	}
	return ix.build()
}

// pieces cuts a text, between characters where it can. None is too short to be
// looked for.
func pieces(text string) []string {
	var out []string
	for len(text) > piece+Min {
		cut := piece
		for cut > piece-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		out, text = append(out, text[:cut]), text[cut:]
	}
	return append(out, text)
}

// build sorts the forms and files them under their heads.
func (ix *Index) build() *Index {
	slices.SortStableFunc(ix.forms, func(a, b needle) int {
		return cmp.Or(strings.Compare(a.text, b.text), strings.Compare(a.address, b.address))
	})
	ix.heads, ix.short = map[uint64]span{}, map[string]struct{}{}
	for i := range ix.forms {
		n := &ix.forms[i]
		n.begins = i - 1
		for n.begins >= 0 && !strings.HasPrefix(n.text, ix.forms[n.begins].text) {
			n.begins = ix.forms[n.begins].begins
		}
		ix.most, ix.edges = max(ix.most, len(n.text)), ix.edges || n.before || n.after
		g := gram(n.text)
		s, known := ix.heads[g]
		if !known {
			s.from = i
			ix.bits[slot(g)>>6] |= 1 << (slot(g) & 63)
			for k := 1; k < Min; k++ {
				ix.short[n.text[:k]] = struct{}{}
			}
		}
		ix.heads[g] = span{s.from, i + 1}
	}
	return ix
}

// Empty tells whether there is nothing to find.
func (ix *Index) Empty() bool { return ix == nil || len(ix.forms) == 0 }

// Search gives the first place of each value in a text.
func (ix *Index) Search(text string) []Hit { return ix.SearchPart(text, 1, map[string]bool{}) }

// SearchPart does that for a part of a text that begins on a line, and leaves out
// the values, by address, that were found before.
func (ix *Index) SearchPart(text string, line int, found map[string]bool) []Hit {
	if ix.Empty() {
		return nil
	}
	var hits []Hit
	lines := 0 // text up to here has been counted
	ix.each(text, func(at int) {
		for i := ix.longest(text[at:]); i >= 0; i = ix.forms[i].begins {
			n := &ix.forms[i]
			if found[n.address] {
				continue
			}
			found[n.address] = true
			line += strings.Count(text[lines:at], "\n")
			lines = at
			hits = append(hits, Hit{Address: n.address, How: n.how, Line: line, Offset: at})
		}
	})
	return hits
}

// each calls a function with every place at which the head of a needle stands.
func (ix *Index) each(text string, at func(int)) {
	var g uint64
	for i := range len(text) {
		g = g<<8 | uint64(text[i])
		if h := slot(g); i < Min-1 || ix.bits[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		if _, ok := ix.heads[g]; ok {
			at(i - (Min - 1))
		}
	}
}

// longest gives the needle, with the longest text, that a text begins with, or -1.
// All needles that a text begins with are no greater than it, and of the greatest
// such they are the beginnings.
func (ix *Index) longest(text string) int {
	s := ix.heads[gram(text)]
	after, _ := slices.BinarySearchFunc(ix.forms[s.from:s.to], text, func(n needle, text string) int {
		if n.text <= text {
			return -1
		}
		return 1
	})
	i := s.from + after - 1
	for i >= s.from && !strings.HasPrefix(text, ix.forms[i].text) {
		i = ix.forms[i].begins
	}
	if i < s.from {
		return -1
	}
	return i
}

func gram(s string) uint64 {
	var g uint64
	for i := range Min {
		g = g<<8 | uint64(s[i])
	}
	return g
}

// slot spreads grams over the bitmap (Fibonacci hashing, Knuth 6.4).
func slot(g uint64) uint64 { return g * 0x9E3779B97F4A7C15 >> 45 }
