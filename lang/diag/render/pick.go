package render

import "fmt"

// pick chooses what to show in full: errors up to the limit, and then warnings
// and notes up to it, of each code no more than alike. It gives nil for all.
func pick(list []Diagnostic, limit, alike int) map[int]bool {
	if limit <= 0 {
		limit = len(list)
	}
	if alike <= 0 {
		alike = len(list)
	}
	shown, of := map[int]bool{}, map[kind]int{}
	for _, severity := range []string{"error", "warning", "note"} {
		for i := range list {
			if len(shown) == limit || list[i].Severity != severity {
				continue
			}
			if severity != "error" {
				if of[list[i].kind()]++; of[list[i].kind()] > alike {
					continue
				}
			}
			shown[i] = true
		}
	}
	if len(shown) == len(list) {
		return nil
	}
	return shown
}

// kind is what findings have in common that are counted together.
type kind struct {
	severity, code string
	accepted       bool
}

func (d *Diagnostic) kind() kind { return kind{d.Severity, d.Code, d.Accepted != nil} }

// rest are the findings of one kind that are not shown in full.
type rest struct {
	first  *Diagnostic
	count  int
	places []string // of the first of them
}

// rests groups what is not shown in full, in the order of the first of a kind.
func rests(list []Diagnostic, shown map[int]bool) []*rest {
	if shown == nil {
		return nil
	}
	var out []*rest
	of := map[kind]*rest{}
	for i := range list {
		d := &list[i]
		if shown[i] {
			continue
		}
		g := of[d.kind()]
		if g == nil {
			g = &rest{first: d}
			of[d.kind()], out = g, append(out, g)
		}
		g.count++
		if d.Range != nil && len(g.places) < maxRelated {
			g.places = append(g.places, place(*d.Range))
		}
	}
	return out
}

// place prints a position in the form that editors and terminals turn into a
// link.
func place(r Range) string {
	return fmt.Sprintf("%s:%d:%d", r.Filename, r.Start.Line, r.Start.Column)
}

// more prints where else a kind of finding was found.
func (p *printer) more(g *rest) {
	word, color := g.first.heading()
	p.printf("%s %s\n", p.paint(color, word+" "+g.first.Code+":"), p.paint(bold, g.first.Summary+", "+timesMore(g.count)))
	for _, at := range g.places {
		p.printf("  %s\n", at)
	}
	if n := g.count - len(g.places); n > 0 {
		p.printf("  … and %d more; nselfc validate --format json shows all\n", n)
	}
	p.printf("\n")
}

func timesMore(n int) string {
	if n == 1 {
		return "once more"
	}
	return fmt.Sprintf("%d times more", n)
}

// heading gives the word that a finding begins with, and its colour.
func (d *Diagnostic) heading() (word, color string) {
	switch {
	case d.Severity == "error":
		return "Error", red
	case d.Severity == "warning":
		return "Warning", yellow
	case d.Accepted != nil:
		return "Accepted", blue
	}
	return "Note", blue
}
