package graph

import (
	"math"
	"strconv"
	"testing"
)

// luminance is the relative luminance of a colour (WCAG 2.2).
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(colour[1:], 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatalf("%q is no colour", colour)
	}
	linear := func(c uint64) float64 {
		v := float64(c&255) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast holds both schemes to level AA of WCAG 2.2: 4.5 for text, 3 for
// what else carries meaning.
func TestContrast(t *testing.T) {
	if got := contrast(t, "#000000", "#ffffff"); math.Abs(got-21) > 0.01 {
		t.Fatalf("control: black on white is %v", got)
	}
	if got := contrast(t, "#777777", "#ffffff"); got >= 4.5 {
		t.Fatalf("control: #777777 on white is %v", got)
	}
	hold := func(what, a, b string, least float64) {
		if got := contrast(t, a, b); got < least {
			t.Errorf("%s: %s on %s is %.2f, want %v", what, a, b, got, least)
		}
	}
	for _, p := range boxPaints() {
		hold(p.class+" text", p.text, p.fill, 4.5)
		hold(p.class+" dark text", p.darkText, p.darkFill, 4.5)
		hold(p.class+" edge", p.edge, paper, 3)
		hold(p.class+" dark edge", p.darkEdge, darkPaper, 3)
		hold(p.class+" edge on fill", p.edge, p.fill, 3)
		hold(p.class+" dark edge on fill", p.darkEdge, p.darkFill, 3)
	}
	for _, p := range linePaints() {
		hold(p.class, p.edge, paper, 3)
		hold(p.class+" dark", p.darkEdge, darkPaper, 3)
	}
	for _, pair := range [][2]string{{ink, paper}, {quiet, paper}, {link, paper}, {darkInk, darkPaper}, {darkQuiet, darkPaper}, {darkLink, darkPaper}} {
		hold("text", pair[0], pair[1], 4.5)
	}
}

// TestNotByColourAlone: what differs in colour differs in a word, and classes in
// their borders too.
func TestNotByColourAlone(t *testing.T) {
	words, borders := map[string]bool{}, map[string]bool{}
	for c := ByInternet; c <= Internal; c++ {
		words[c.Word()] = true
		p := boxPaints()[c]
		drum := c == Stored
		borders[p.dash+strconv.FormatFloat(p.width, 'g', -1, 64)+strconv.FormatBool(drum)] = true
	}
	if n := int(Internal) + 1; len(words) != n || len(borders) != n {
		t.Errorf("%d words and %d borders for %d classes", len(words), len(borders), n)
	}
}
