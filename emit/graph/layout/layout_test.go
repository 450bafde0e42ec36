package layout_test

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nselfc/emit/graph/layout"
)

// draw makes a diagram of any shape: sparse and dense, with circles, boxes that
// nothing joins, and lines of many ends.
func draw(t *rapid.T) ([]layout.Box, []layout.Line) {
	n := rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(1, 200)).Draw(t, "boxes")
	m := rapid.OneOf(rapid.IntRange(0, n), rapid.IntRange(n/2, n)).Draw(t, "lines")
	most := rapid.SampledFrom([]int{1, 2, 3, 12}).Draw(t, "ends")
	lines := make([]layout.Line, m)
	in, out := make([]int, n), make([]int, n)
	for i := range lines {
		target := rapid.IntRange(0, n-1).Draw(t, "to")
		lines[i].To = []layout.End{{Box: target}}
		in[target]++
		if rapid.IntRange(0, 9).Draw(t, "second") == 0 && n > 1 {
			other := (target + 1) % n
			lines[i].To = append(lines[i].To, layout.End{Box: other})
			in[other]++
		}
		for _, b := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(most, n), rapid.ID[int]).Draw(t, "from") {
			lines[i].From = append(lines[i].From, layout.End{Box: b})
			out[b]++
		}
	}
	boxes := make([]layout.Box, n)
	for i := range boxes {
		boxes[i] = layout.Box{
			W: rapid.IntRange(1, 300).Draw(t, "width"), H: max(layout.Stretch(max(in[i], out[i])), rapid.IntRange(1, 120).Draw(t, "height")),
			Floor: rapid.IntRange(0, 3).Draw(t, "floor"), Anchor: i == 0, Last: n > 3 && i == n-1, Head: i < 3,
		}
	}
	for i := range lines {
		for _, ends := range [][]layout.End{lines[i].From, lines[i].To} {
			for k := range ends {
				ends[k].Hi = boxes[ends[k].Box].H
			}
		}
	}
	return boxes, lines
}

type segment struct {
	a, b layout.Point // a left of or above b
	line int
}

func (s segment) horizontal() bool { return s.a.Y == s.b.Y }

func segments(p *layout.Picture) []segment {
	var out []segment
	for i, path := range p.Paths {
		for _, piece := range path.Pieces {
			for k := 1; k < len(piece); k++ {
				s := segment{piece[k-1], piece[k], i}
				if s.b.X < s.a.X || s.b.Y < s.a.Y {
					s.a, s.b = s.b, s.a
				}
				out = append(out, s)
			}
		}
	}
	return out
}

// problems lists all that is wrong with a picture.
func problems(boxes []layout.Box, lines []layout.Line, p *layout.Picture) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for i, r := range p.Boxes {
		if r.W < boxes[i].W || r.H < boxes[i].H || r.X < 0 || r.Y < 0 || r.X+r.W > p.W || r.Y+r.H > p.H {
			say("box %d is too small or outside: %v of %d×%d", i, r, p.W, p.H)
		}
		for k, o := range p.Boxes[:i] {
			if r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H {
				say("boxes %d and %d overlap: %v %v", k, i, o, r)
			}
		}
	}
	all := segments(p)
	for _, s := range all {
		if s.a.X != s.b.X && s.a.Y != s.b.Y {
			say("line %d is slanted: %v", s.line, s)
		}
		if s.a.X < 0 || s.a.Y < 0 || s.b.X > p.W || s.b.Y > p.H {
			say("line %d is outside: %v", s.line, s)
		}
		for i, r := range p.Boxes { // touching an edge is how lines meet their own boxes
			across := s.horizontal() && s.a.X < r.X+r.W && r.X < s.b.X && r.Y <= s.a.Y && s.a.Y <= r.Y+r.H
			along := !s.horizontal() && s.a.Y < r.Y+r.H && r.Y < s.b.Y && r.X <= s.a.X && s.a.X <= r.X+r.W
			if across || along {
				say("line %d runs through box %d: %v %v", s.line, i, s, r)
			}
		}
	}
	byPlace := map[[2]int][]segment{} // direction and coordinate
	for _, s := range all {
		key := [2]int{0, s.a.Y}
		if !s.horizontal() {
			key = [2]int{1, s.a.X}
		}
		for _, o := range byPlace[key] {
			if o.line != s.line && s.a.X <= o.b.X && o.a.X <= s.b.X && s.a.Y <= o.b.Y && o.a.Y <= s.b.Y {
				say("lines %d and %d lie on each other: %v %v", o.line, s.line, o, s)
			}
		}
		byPlace[key] = append(byPlace[key], s)
	}
	for i, l := range lines {
		if len(l.From)+len(l.To) > 1 {
			out = append(out, broken(i, l, p)...)
		}
	}
	return out
}

// broken tells where a line does not hang together, or misses its boxes.
func broken(i int, l layout.Line, p *layout.Picture) []string {
	var out []string
	path := p.Paths[i]
	meets := func(at layout.Point, e layout.End, right bool) {
		r := p.Boxes[e.Box]
		x := r.X
		if right {
			x += r.W
		}
		if at.X != x || at.Y <= r.Y+e.Lo || at.Y >= r.Y+e.Hi {
			out = append(out, fmt.Sprintf("line %d misses box %d: %v %v", i, e.Box, at, r))
		}
	}
	points := slices.Concat(path.From, path.To)
	for k, e := range l.From {
		meets(path.From[k], e, true)
	}
	for k, e := range l.To {
		meets(path.To[k], e, false)
	}
	// Grow from the first end: whatever touches what was reached belongs to it.
	var mine []segment
	for _, piece := range path.Pieces {
		for k := 1; k < len(piece); k++ {
			a, b := piece[k-1], piece[k]
			mine = append(mine, segment{layout.Point{X: min(a.X, b.X), Y: min(a.Y, b.Y)}, layout.Point{X: max(a.X, b.X), Y: max(a.Y, b.Y)}, i})
		}
	}
	on := func(q layout.Point, s segment) bool {
		return q.X >= s.a.X && q.X <= s.b.X && q.Y >= s.a.Y && q.Y <= s.b.Y
	}
	reached := make([]bool, len(mine))
	var queue []segment
	visit := func(hit func(segment) bool) {
		for k, s := range mine {
			if !reached[k] && hit(s) {
				reached[k] = true
				queue = append(queue, s)
			}
		}
	}
	visit(func(s segment) bool { return on(points[0], s) })
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		visit(func(o segment) bool { return s.a.X <= o.b.X && o.a.X <= s.b.X && s.a.Y <= o.b.Y && o.a.Y <= s.b.Y })
	}
	if slices.Contains(reached, false) {
		out = append(out, fmt.Sprintf("line %d is in pieces: %v", i, path.Pieces))
	}
	for _, q := range points {
		if !slices.ContainsFunc(mine, func(s segment) bool { return on(q, s) }) {
			out = append(out, fmt.Sprintf("line %d does not reach %v", i, q))
		}
	}
	return out
}

// TestPicturesAreClean holds what makes a picture readable, for any diagram.
func TestPicturesAreClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		boxes, lines := draw(t)
		p := layout.Make(boxes, lines)
		for _, problem := range problems(boxes, lines, p) {
			t.Error(problem)
		}
		order := slices.Sorted(slices.Values(p.Order))
		for i, b := range order {
			if i != b {
				t.Fatalf("the reading order lacks boxes: %v", p.Order)
			}
		}
	})
}

// TestProblemsAreSeen spoils a good picture in each way.
func TestProblemsAreSeen(t *testing.T) {
	boxes := []layout.Box{{W: 50, H: 40}, {W: 50, H: 40}, {W: 50, H: 40}}
	end := func(b int) layout.End { return layout.End{Box: b, Hi: 40} }
	lines := []layout.Line{{From: []layout.End{end(0), end(1)}, To: []layout.End{end(2)}}}
	for name, spoil := range map[string]func(p *layout.Picture){
		"overlap": func(p *layout.Picture) { p.Boxes[1] = p.Boxes[0] },
		"outside": func(p *layout.Picture) { p.W -= 10 },
		"through": func(p *layout.Picture) {
			p.Paths[0].Pieces = append(p.Paths[0].Pieces, []layout.Point{{0, p.Boxes[0].Y + 8}, {p.W, p.Boxes[0].Y + 8}})
		},
		"broken":   func(p *layout.Picture) { p.Paths[0].Pieces = p.Paths[0].Pieces[:1] },
		"missed":   func(p *layout.Picture) { p.Paths[0].To[0].Y += 100 },
		"doubled":  func(p *layout.Picture) { p.Paths = append(p.Paths, p.Paths[0]) },
		"too tall": func(p *layout.Picture) { p.H -= 20 },
	} {
		p := layout.Make(boxes, lines)
		if list := problems(boxes, lines, p); len(list) > 0 {
			t.Fatal(list)
		}
		if spoil(p); len(problems(boxes, lines, p)) == 0 {
			t.Errorf("%s: nothing is found wrong", name)
		}
	}
}

// TestRanks holds the columns: behind what leads to a box, beside its like.
func TestRanks(t *testing.T) {
	end := func(b int) layout.End { return layout.End{Box: b, Hi: 40} }
	arrow := func(from, to int) layout.Line {
		return layout.Line{From: []layout.End{end(from)}, To: []layout.End{end(to)}}
	}
	box := layout.Box{W: 50, H: 40}
	// 0 leads to 1, 1 to 2, 2 to 3; nothing leads to 4, which leads to 3; 5 and 6 lead to each other; 7 is last.
	boxes := []layout.Box{{W: 50, H: 40, Anchor: true}, box, box, box, box, box, box, {W: 50, H: 40, Last: true}}
	p := layout.Make(boxes, []layout.Line{arrow(0, 1), arrow(1, 2), arrow(2, 3), arrow(4, 3), arrow(5, 6), arrow(6, 5)})
	if want := []int{0, 1, 2, 3, 2, 0, 1, 3}; !reflect.DeepEqual(p.Ranks, want) {
		t.Errorf("columns %v, want %v", p.Ranks, want)
	}
}

// TestHeadStandsAtTheTop: of a tall picture, reading begins at its top.
func TestHeadStandsAtTheTop(t *testing.T) {
	const n = 40
	boxes, fan := []layout.Box{{W: 50, H: 40, Anchor: true, Head: true}}, layout.Line{From: []layout.End{{Box: 0, Hi: 40}}}
	for i := range n {
		boxes = append(boxes, layout.Box{W: 50, H: 40})
		fan.To = append(fan.To, layout.End{Box: i + 1, Hi: 40})
	}
	if p := layout.Make(boxes, []layout.Line{fan}); p.Boxes[0].Y != 0 {
		t.Errorf("the first box stands at %d of %d", p.Boxes[0].Y, p.H)
	}
	fan.To = fan.To[:5]
	if p := layout.Make(boxes[:6], []layout.Line{fan}); p.Boxes[0].Y == 0 {
		t.Error("in a low picture, it does not stand in the middle")
	}
}

// TestSameInputSamePicture repeats layouts on one processor and on several.
func TestSameInputSamePicture(t *testing.T) {
	pair := rapid.Custom(func(t *rapid.T) [2]any { b, l := draw(t); return [2]any{b, l} })
	for seed := range 5 {
		both := pair.Example(seed)
		boxes, lines := both[0].([]layout.Box), both[1].([]layout.Line)
		want := layout.Make(boxes, lines)
		for i := range 10 {
			before := runtime.GOMAXPROCS(1 + i%2*3)
			got := layout.Make(boxes, lines)
			runtime.GOMAXPROCS(before)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: another picture", seed)
			}
		}
	}
}

// TestLarge lays out a thousand boxes, each joined to some others: it must end.
func TestLarge(t *testing.T) {
	const n = 1000
	boxes, lines := make([]layout.Box, n), make([]layout.Line, n)
	for i := range boxes {
		boxes[i] = layout.Box{W: 100, H: layout.Stretch(8)}
		lines[i].To = []layout.End{{Box: i, Hi: boxes[i].H}}
		for k := 1; k <= 3; k++ {
			lines[i].From = append(lines[i].From, layout.End{Box: (i*7 + k*13) % n, Hi: boxes[i].H})
		}
	}
	begin := time.Now()
	p := layout.Make(boxes, lines)
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if len(p.Order) != n {
		t.Error("boxes are missing")
	}
}
