package needles

import (
	"sort"
	"strings"
)

// Span is a part of a text, in bytes.
type Span struct{ From, To int }

// Cover gives the parts of a text that must not be seen: sorted, without overlap,
// and never two that touch. open is where what may be the beginning of a value
// begins, which only more text can tell; the text's length when nothing is.
func (ix *Index) Cover(text string) (spans []Span, open int) {
	open = len(text)
	if ix.Empty() {
		return nil, open
	}
	ix.each(text, func(at int) {
		if i := ix.longest(text[at:]); i >= 0 {
			n := &ix.forms[i]
			s := Span{at, at + len(n.text)}
			if n.after && s.To == len(text) {
				open = min(open, s.From)
			}
			spans = join(spans, n.widen(text, s))
		}
		if at < open && len(text)-at < ix.most && ix.begin(text[at:]) {
			open = at
		}
	})
	for at := max(0, len(text)-Min+1); at < open; at++ {
		if _, ok := ix.short[text[at:]]; ok {
			open = at
		}
	}
	// The digit before what is still to come may have bits of it.
	if ix.edges && open > 0 && digit(text[open-1]) {
		open--
	}
	return spans, open
}

// join adds a span whose end may lie before that of the last one; it begins behind
// the beginning of that, but for a digit.
func join(spans []Span, s Span) []Span {
	for len(spans) > 0 && s.From <= spans[len(spans)-1].To {
		last := spans[len(spans)-1]
		s = Span{min(s.From, last.From), max(s.To, last.To)}
		spans = spans[:len(spans)-1]
	}
	return append(spans, s)
}

// widen takes the digits in that have bits of the value.
func (n *needle) widen(text string, s Span) Span {
	if n.before && s.From > 0 && digit(text[s.From-1]) {
		s.From--
	}
	if n.after && s.To < len(text) && digit(text[s.To]) {
		s.To++
	}
	return s
}

// begin tells whether a text of at least eight bytes is the beginning of a needle,
// and not all of it.
func (ix *Index) begin(text string) bool {
	s := ix.heads[gram(text)]
	of := ix.forms[s.from:s.to]
	i := sort.Search(len(of), func(i int) bool { return of[i].text > text })
	return i < len(of) && strings.HasPrefix(of[i].text, text)
}

// digit tells whether a byte is one of base64's, of either alphabet.
func digit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_'
}
