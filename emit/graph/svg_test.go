package graph_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit/graph"
)

// element is a node of an XML document.
type element struct {
	name     string
	attrs    map[string]string
	text     string // without that of children
	children []*element
}

// parse reads XML strictly; HTML pages here are XML too.
func parse(doc string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	root := &element{}
	stack := []*element{root}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		} else if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{name: tok.Name.Local, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

func (e *element) walk(f func(*element)) {
	f(e)
	for _, c := range e.children {
		c.walk(f)
	}
}

func (e *element) has(class string) bool {
	return slices.Contains(strings.Fields(e.attrs["class"]), class)
}

func (e *element) int(t fataler, name string) int {
	n, err := strconv.Atoi(e.attrs[name])
	if err != nil {
		t.Fatalf("%s of %s: %v", name, e.name, err)
	}
	return n
}

type fataler interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

type area struct{ x, y, right, bottom float64 }

// shapes gives the area that a box's or network's outlines cover.
func shapes(t fataler, e *element) area {
	a := area{1e9, 1e9, -1e9, -1e9}
	add := func(x, y float64) {
		a = area{min(a.x, x), min(a.y, y), max(a.right, x), max(a.bottom, y)}
	}
	e.walk(func(s *element) {
		switch {
		case s.name == "rect" && s.has("shape"):
			x, y := float64(s.int(t, "x")), float64(s.int(t, "y"))
			add(x, y)
			add(x+float64(s.int(t, "width")), y+float64(s.int(t, "height")))
		case s.name == "path" && s.has("shape"):
			points(t, s.attrs["d"], add)
		}
	})
	return a
}

// points follows a path's data: absolute M, L, H, V, A and Z.
func points(t fataler, data string, add func(x, y float64)) {
	fields := strings.FieldsFunc(strings.NewReplacer("M", " M ", "L", " L ", "H", " H ", "V", " V ", "A", " A ", "Z", " Z ").Replace(data), func(r rune) bool { return r == ' ' })
	x, y := 0.0, 0.0
	for i := 0; i < len(fields); {
		op := fields[i]
		n := map[string]int{"M": 2, "L": 2, "H": 1, "V": 1, "A": 7, "Z": 0}[op]
		var v []float64
		for _, f := range fields[i+1 : i+1+n] {
			number, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatalf("path %q: %v", data, err)
			}
			v = append(v, number)
		}
		switch op {
		case "M", "L", "A":
			x, y = v[n-2], v[n-1]
		case "H":
			x = v[0]
		case "V":
			y = v[0]
		case "Z":
		default:
			t.Fatalf("path %q: %q", data, op)
		}
		add(x, y)
		i += n + 1
	}
}

// columns counts a text's columns as a terminal does, and more for what is wider.
func columns(s string) float64 {
	n := 0.0
	for _, r := range s {
		if n++; r > 0x52f {
			n++
		}
	}
	return n
}

// legible holds a picture's texts to their boxes, and the boxes apart.
func legible(t fataler, root *element) {
	var areas []area
	root.walk(func(e *element) {
		if e.attrs["data-node"] == "" || len(e.attrs["class"]) == 0 {
			return
		}
		a := shapes(t, e)
		areas = append(areas, a)
		bottom := a.y
		e.walk(func(s *element) {
			if s.name != "text" {
				return
			}
			size := 12.0
			if s.has("name") {
				size = 13
			}
			x, y, wide := float64(s.int(t, "x")), float64(s.int(t, "y")), columns(s.text)*size*0.62
			if x < a.x || x+wide > a.right || y-size < bottom-2 || y+3 > a.bottom {
				t.Errorf("%q at %v,%v and %v wide leaves its box %v, or touches the line above", s.text, x, y, wide, a)
			}
			bottom = y
		})
	})
	for i, a := range areas {
		for _, b := range areas[:i] {
			if a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom {
				t.Errorf("boxes overlap: %v %v", a, b)
			}
		}
	}
}

// once counts what the picture shows.
func once(t fataler, s *ir.Stack, root *element) {
	got := map[string]int{}
	ids := map[string]bool{}
	root.walk(func(e *element) {
		if n, ok := e.attrs["data-node"]; ok {
			kind, _, _ := strings.Cut(n, " ")
			got[kind]++
		}
		if id, ok := e.attrs["id"]; ok {
			if ids[id] {
				t.Errorf("two elements are named %q", id)
			}
			ids[id] = true
		}
	})
	if n := got["service"] + got["store"]; n != len(s.Services) {
		t.Errorf("%d services and stores of %d", n, len(s.Services))
	}
	for kind, want := range map[string]int{"network": len(s.Networks), "route": len(routes(s)), "volume": len(s.Volumes)} {
		if got[kind] != want {
			t.Errorf("%d × %s, want %d", got[kind], kind, want)
		}
	}
}

// selfContained refuses whatever would ask a network or run.
func selfContained(t fataler, root *element) {
	root.walk(func(e *element) {
		if slices.Contains([]string{"script", "image", "img", "link", "iframe", "foreignObject", "use", "object", "embed"}, e.name) {
			t.Errorf("an element %s", e.name)
		}
		for name, v := range e.attrs {
			if strings.HasPrefix(name, "on") || (name == "href" || name == "src") && !strings.HasPrefix(v, "#") {
				t.Errorf("an attribute %s=%q", name, v)
			}
		}
		if e.name == "style" && strings.ContainsAny(e.text, "<&") || e.name == "style" && (strings.Contains(e.text, "url(") || strings.Contains(e.text, "@import")) {
			t.Errorf("a style that asks for more")
		}
	})
}

// TestPictures holds svg and html for any stack: well-formed, nothing missing,
// nothing overlapping, nothing foreign.
func TestPictures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t)
		g := graph.New(s)
		for name, doc := range map[string]string{"svg": graph.SVG(g), "html": graph.HTML(g)} {
			root, err := parse(doc)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			legible(t, root)
			once(t, s, root)
			selfContained(t, root)
			links(t, root)
		}
	})
}

// links holds every link to a target.
func links(t fataler, root *element) {
	ids := map[string]bool{}
	root.walk(func(e *element) { ids[e.attrs["id"]] = true })
	root.walk(func(e *element) {
		if href, ok := e.attrs["href"]; ok && !ids[strings.TrimPrefix(href, "#")] {
			t.Errorf("a link to nowhere: %s", href)
		}
		for id := range strings.FieldsSeq(e.attrs["aria-labelledby"]) {
			if !ids[id] {
				t.Errorf("labelled by nothing: %s", id)
			}
		}
	})
}

// faults gathers what a check says.
type faults []string

func (f *faults) Fatalf(format string, _ ...any) { *f = append(*f, format) }
func (f *faults) Errorf(format string, _ ...any) { *f = append(*f, format) }

// TestFaultsAreSeen gives each check of TestPictures what it must refuse.
func TestFaultsAreSeen(t *testing.T) {
	const box = `<g class="box" id="b" data-node="service a"><rect class="shape" x="0" y="0" width="100" height="40"/>%</g>`
	fine := strings.Replace(box, "%", `<text x="8" y="20">fine</text>`, 1)
	for doc, check := range map[string]func(fataler, *element){
		strings.Replace(box, "%", `<text x="8" y="20">much too wide</text>`, 1):                legible,
		strings.Replace(box, "%", `<text x="8" y="20">a</text><text x="8" y="24">b</text>`, 1): legible,
		fine + strings.Replace(fine, `x="0"`, `x="50"`, 1):                                     legible,
		`<script/>`: selfContained, `<g onload="x"/>`: selfContained, `<a href="https://example.com"/>`: selfContained,
		`<style>a{background:url(x)}</style>`: selfContained,
		`<a href="#nowhere"/>`:                links,
		fine + fine:                           func(t fataler, e *element) { once(t, &ir.Stack{}, e) },
	} {
		root, err := parse("<svg>" + doc + "</svg>")
		if err != nil {
			t.Fatal(err)
		}
		var f faults
		if check(&f, root); len(f) == 0 {
			t.Errorf("nothing is found wrong with %s", doc)
		}
	}
	if _, err := parse("<svg><text>a & b</text></svg>"); err == nil {
		t.Error("a bare ampersand is read")
	}
	root, _ := parse("<svg>" + fine + "</svg>")
	var f faults
	if legible(&f, root); len(f) > 0 {
		t.Error(f)
	}
}

// TestHostileTexts finds each hostile name again, cleaned, in the picture and in
// the tables.
func TestHostileTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := hostile.Draw(t, "name")
		s := &ir.Stack{Name: value(name), Services: []*ir.Service{{Name: name, Address: "service.a", Replicas: value(1)}}}
		for _, doc := range []string{graph.SVG(graph.New(s)), graph.HTML(graph.New(s))} {
			root, err := parse(doc)
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			root.walk(func(e *element) {
				if e.attrs["data-node"] == "service "+visible(name) || e.name == "code" && e.text == visible(name) {
					found++
				}
			})
			if found == 0 {
				t.Errorf("%q is not there as %q", name, visible(name))
			}
		}
	})
}
