package textdiff

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// apply performs the edits, and tells what is wrong with them.
func apply(a, b []string, edits []Edit) (got []string, changed int, err error) {
	at := 0
	for i, e := range edits {
		if e.A0 < at || i > 0 && e.A0 == at || e.A1 < e.A0 || e.B1 < e.B0 || e.A0 == e.A1 && e.B0 == e.B1 || e.A1 > len(a) || e.B1 > len(b) {
			return nil, 0, fmt.Errorf("edit %+v after line %d", e, at)
		}
		got = append(append(got, a[at:e.A0]...), b[e.B0:e.B1]...)
		if len(got) != e.B1 {
			return nil, 0, fmt.Errorf("edit %+v ends at line %d of the new text", e, len(got))
		}
		at = e.A1
		changed += e.A1 - e.A0 + e.B1 - e.B0
	}
	return append(got, a[at:]...), changed, nil
}

// common gives the length of the longest common subsequence, by the textbook.
func common(a, b []string) int {
	best := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := best[j+1]
			if x == y {
				best[j+1] = diagonal + 1
			} else {
				best[j+1] = max(best[j+1], best[j])
			}
			diagonal = above
		}
	}
	return best[len(b)]
}

// TestEdits: the edits turn the old lines into the new, and change at most half as
// many again as the shortest script.
func TestEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SliceOfN(rapid.SampledFrom(strings.SplitAfter("a,b,c,  d,  e,\tf,,},- x,y,z,p,q,r", ",")), 1, 14).Draw(t, "alphabet")
		lines := rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 60)
		a, b := lines.Draw(t, "a"), lines.Draw(t, "b")
		got, changed, err := apply(a, b, Edits(a, b))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, "") != strings.Join(b, "") {
			t.Fatalf("got %q, want %q", got, b)
		}
		if least := len(a) + len(b) - 2*common(a, b); 2*changed > 3*least {
			t.Fatalf("%d lines changed, the shortest script changes %d", changed, least)
		}
	})
}

// compose makes a file of many services, all alike but for name and image.
func compose(services int, image string) []string {
	var w strings.Builder
	w.WriteString("services:\n")
	for i := range services {
		fmt.Fprintf(&w, "  s%d:\n    image: %s%d\n    restart: unless-stopped\n    cap_drop:\n      - ALL\n    networks:\n      - edge\n    read_only: true\n", i, image, i)
	}
	return Lines(w.String())
}

// TestWork: whatever the texts are, the steps taken are proportional to their
// lines. The bounds are what was counted and some.
func TestWork(t *testing.T) {
	const lines = 50_000
	r := rand.New(rand.NewPCG(1, 2))
	numbered := func(n int, word string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("%s %d\n", word, i)
		}
		return out
	}
	drawn := func(n, kinds int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("%d\n", r.IntN(kinds))
		}
		return out
	}
	permuted := func(a []string) []string {
		out := make([]string, len(a))
		for i, p := range r.Perm(len(a)) {
			out[i] = a[p]
		}
		return out
	}
	reversed := func(a []string) []string {
		out := make([]string, len(a))
		for i := range a {
			out[len(a)-1-i] = a[i]
		}
		return out
	}
	periodic := func(n int, of ...string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = of[i%len(of)]
		}
		return out
	}
	nested := func() (a, b []string) { // each level of anchors bares the next, and no more
		for i := range lines / 4 {
			a = append(a, fmt.Sprintf("%d\n", i), fmt.Sprintf("%d\n", i+1))
			b = append(b, fmt.Sprintf("%d\n", i+1), fmt.Sprintf("%d\n", i))
		}
		return a, b
	}
	nestedA, nestedB := nested()
	stack := compose(lines/8, "img:")
	for _, c := range []struct {
		name string
		a, b []string
		most int // steps for each line of both
	}{
		{"equal", stack, stack, 1},
		{"every line changed", numbered(4*lines, "old"), numbered(4*lines, "new"), 1},
		{"every line of one text repeated", periodic(lines, "a\n"), periodic(lines, "b\n"), 1},
		{"every service changed", stack, compose(lines/8, "other:"), 8},
		{"unique lines permuted", numbered(4*lines, "x"), permuted(numbered(4*lines, "x")), 64},
		{"unique lines reversed", numbered(lines, "x"), reversed(numbered(lines, "x")), 64},
		{"services permuted", stack, permuted(stack), 96},
		{"one of ten lines, drawn", drawn(lines, 10), drawn(lines, 10), 96},
		{"one of two lines, drawn", drawn(lines, 2), drawn(lines, 2), 96},
		{"one of a thousand lines, drawn", drawn(lines, 1000), drawn(lines, 1000), 96},
		{"two periods", periodic(lines, "a\n", "b\n"), periodic(lines, "b\n", "a\n", "a\n"), 96},
		{"a period shifted", periodic(lines, "a\n", "b\n", "c\n"), periodic(lines, "c\n", "a\n", "b\n"), 8},
		{"more of the same", periodic(lines, "a\n"), periodic(lines/2, "a\n"), 1},
		{"a block of half the text removed", drawn(lines, 3), drawn(lines/2, 3), 96},
		{"nested anchors", nestedA, nestedB, 96},
	} {
		edits, work := compare(c.a, c.b)
		got, changed, err := apply(c.a, c.b, edits)
		if err != nil || strings.Join(got, "") != strings.Join(c.b, "") {
			t.Errorf("%s: the edits do not give the new text: %v", c.name, err)
		}
		per := float64(work) / float64(len(c.a)+len(c.b))
		t.Logf("%-34s %5.1f steps for each line, %d edits, %d lines changed", c.name, per, len(edits), changed)
		if per > float64(c.most) {
			t.Errorf("%s: %.1f steps for each line, more than %d", c.name, per, c.most)
		}
	}
}

func BenchmarkEdits(b *testing.B) {
	old, text := compose(25_000, "old:"), compose(25_000, "new:")
	for i := range text {
		text[i] = " " + text[i]
	}
	for b.Loop() {
		Edits(old, text)
	}
}
