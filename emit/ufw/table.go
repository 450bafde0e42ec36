package ufw

import (
	"fmt"
	"strings"

	"nselfc/emit"
)

// renderTable lists for a reviewer what the world can reach, one rule a line.
// Nothing reads it.
func renderTable(s ruleSet) *text {
	t := &text{}
	t.back(s)
	t.add("# " + emit.Header)
	t.add("#")
	t.add("# What may reach this host when the firewall of " + s.stack + " is in force. Everything else is denied,")
	t.add("# containers' ports included. \"published\" passes ufw and DOCKER-USER, \"host\" passes ufw.")
	t.add("#")
	rows := [][]string{{"# port", "source", "kind", "action", "tag"}}
	for _, r := range s.rules {
		kind, source := "host", "anywhere (IPv"+number(int(r.family))+")"
		if r.container {
			kind = "published"
		}
		if r.source.Bits() > 0 {
			source = r.src()
		}
		rows = append(rows, []string{number(r.port) + "/" + r.protocol, source, kind, r.action, s.tag(r)})
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&b, "%-*s  ", width[i], cell)
		}
		line := strings.TrimRight(b.String(), " ")
		if n == 0 {
			t.add(line)
			continue
		}
		t.trace(line, s.rules[n-1])
	}
	return t
}
