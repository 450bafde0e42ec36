package graph

import (
	"fmt"
	"strings"
)

// tables writes the facts of the graph as HTML, one row for each node.
type tables struct {
	strings.Builder
	facts *facts
}

func (t *tables) printf(format string, args ...any) { fmt.Fprintf(&t.Builder, format, args...) }

func (t *tables) write() {
	t.doors()
	t.routes()
	t.services()
	t.networks()
	t.volumes()
}

// table writes one; a row's first cell is its header. Nothing is written of an
// empty one.
func (t *tables) table(title, about string, head []string, rows []row) {
	if len(rows) == 0 {
		return
	}
	t.printf("<table>\n<caption><strong>%s</strong> %s</caption>\n<thead><tr>", title, about)
	for _, h := range head {
		t.printf("<th scope=\"col\">%s</th>", h)
	}
	t.WriteString("</tr></thead>\n<tbody>\n")
	for _, r := range rows {
		id := ""
		if r.node >= 0 {
			id = fmt.Sprintf(` id="%s%d"`, rowID, r.node)
		}
		t.printf("<tr%s>", id)
		for i, cell := range r.cells {
			if i == 0 {
				t.printf("<th scope=\"row\">%s</th>", cell)
			} else {
				t.printf("<td>%s</td>", cell)
			}
		}
		t.WriteString("</tr>\n")
	}
	t.WriteString("</tbody>\n</table>\n")
}

// row is one line of a table; its cells are HTML.
type row struct {
	node  int // -1 for none
	cells []string
}

func code(s string) string { return "<code>" + text(s) + "</code>" }

// links names nodes, each with a link to its row.
func (t *tables) links(nodes []int) string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = fmt.Sprintf(`<a href="#%s%d">%s</a>`, rowID, n, code(t.facts.graph.Nodes[n].Name))
	}
	return strings.Join(out, ", ")
}

// or gives a text, or a word where there is none.
func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// doors lists what connections from outside meet.
func (t *tables) doors() {
	g := t.facts.graph
	to := map[int][]int{} // services and boxes that a door leads to
	for _, e := range g.Edges {
		if e.Kind == Enters {
			n := e.To
			if g.Nodes[n].Kind == Network {
				n = g.Nodes[n].Owner
			}
			to[e.From] = append(to[e.From], n)
		}
	}
	var rows []row
	for i, n := range g.Nodes {
		switch n.Kind {
		case Internet, Machine, Firewall, Host, Outside:
			var notes []string
			for _, note := range n.Notes {
				notes = append(notes, text(note))
			}
			leads := or(t.links(to[i]), "nothing else")
			if n.Kind == Host || n.Kind == Outside {
				leads = "—"
			}
			rows = append(rows, row{i, []string{text(n.Name), or(strings.Join(notes, "<br/>"), "—"), leads}})
		default: // has a table of its own
		}
	}
	t.table("Outside", "Where connections come from and go to.", []string{"Place", "Ports and notes", "Leads to"}, rows)
}

func (t *tables) routes() {
	g := t.facts.graph
	var rows []row
	for i, n := range g.Nodes {
		if n.Kind == Route {
			rows = append(rows, row{i, []string{code(n.Name), text(strings.Join(n.Notes, ", ")), code(n.Address)}})
		}
	}
	t.table("Routes", "What the ingress passes on.", []string{"Host and path", "Leads", "Address in the stack"}, rows)
}

// mostLinks is how many services one cell lists: on a network of hundreds, each
// row would else name hundreds, and the page would grow with their square.
const mostLinks = 40

func (t *tables) services() {
	g, f := t.facts.graph, t.facts
	var rows []row
	for i, n := range g.Nodes {
		if n.Kind != Service {
			continue
		}
		others, count := f.From(i, mostLinks)
		reach := or(t.links(others), "no other service")
		if count > mostLinks {
			reach = fmt.Sprintf("%d services: all on the networks %s", count, t.links(f.Networks[i]))
		}
		rows = append(rows, row{i, []string{
			code(n.Name), text(strings.Join(append(n.Exposure.Words(), n.Notes...), ", ")), reach,
			or(t.links(f.Networks[i]), "none"), or(t.links(f.mounts[i]), "none"), code(n.Address),
		}})
	}
	t.table("Services and stores", "A service can open connections to those that share a network with it, and they to it.",
		[]string{"Service", "Exposure", "Can reach", "Networks", "Volumes", "Address in the stack"}, rows)
}

func (t *tables) networks() {
	g, f := t.facts.graph, t.facts
	var rows []row
	for i, n := range g.Nodes {
		if n.Kind == Network {
			leads := "internal"
			if n.Leads {
				leads = "leads out of the host"
			}
			rows = append(rows, row{i, []string{code(n.Name), leads, or(t.links(f.Members[i]), "nobody"), text(strings.Join(n.Notes, ", "))}})
		}
	}
	t.table("Networks", "All on one network can reach each other.", []string{"Network", "Kind", "On it", "Addresses"}, rows)
}

func (t *tables) volumes() {
	g, f := t.facts.graph, t.facts
	var rows []row
	for i, n := range g.Nodes {
		if n.Kind == Volume {
			rows = append(rows, row{i, []string{code(n.Name), or(t.links(f.mounters[i]), "nobody")}})
		}
	}
	t.table("Volumes", "Data that outlives containers.", []string{"Volume", "Mounted by"}, rows)
}
