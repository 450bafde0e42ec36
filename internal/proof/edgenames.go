package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// edgeNames are about who answers, for which name and path.
func edgeNames() []Rule {
	return []Rule{
		edgeRule("NS1516", mapsHaveDefaults),
		edgeRule("NS1517", expressionsAreAnchored),
		edgeRule("NS1518", capturesHaveNames),
		edgeRule("NS1519", socketsHaveDefaults),
		edgeRule("NS1520", defaultsRefuse),
		edgeRule("NS1521", func(e *edge, report Report) {
			for _, s := range e.servers {
				if s.tls && !s.fallback && !e.refuses(s, "$nself_misdirected") {
					report(place(s.Node), "The server %s answers a Host other than the name that the connection was opened for.", s.name())
				}
			}
		}),
	}
}

// values gives the entries of maps and geos, which are no directives.
func (e *edge) values(f func(m, v *nginxconf.Node)) {
	for _, name := range [...]string{"map", "geo"} {
		for _, m := range e.byName[name] {
			for _, v := range m.Body {
				f(m, v)
			}
		}
	}
}

func mapsHaveDefaults(e *edge, report Report) {
	for _, name := range [...]string{"map", "geo"} {
		for _, m := range e.byName[name] {
			if !slices.ContainsFunc(m.Body, func(v *nginxconf.Node) bool { return v.Name == "default" }) {
				report(place(m), "%q says nothing of a value that it does not list, and the variable is empty then.", label(m))
			}
		}
	}
}

// expression gives the regular expression of a map's entry or a location, and ""
// when it has none.
func expression(words ...string) string {
	for i, w := range words {
		if w == "~" || w == "~*" {
			return strings.Join(words[i+1:], " ")
		}
		if i == 0 && strings.HasPrefix(w, "~") {
			return strings.TrimLeft(w, "~*")
		}
	}
	return ""
}

func (e *edge) expressions(f func(n *nginxconf.Node, pattern string)) {
	e.values(func(_, v *nginxconf.Node) {
		if p := expression(v.Name); p != "" {
			f(v, p)
		}
	})
	for _, l := range e.byName["location"] {
		if p := expression(l.Args...); p != "" {
			f(l, p)
		}
	}
}

// expressionsAreAnchored: one that may begin anywhere fits what somebody puts in
// front; "$" at the end also fits before a line break.
func expressionsAreAnchored(e *edge, report Report) {
	e.expressions(func(n *nginxconf.Node, p string) {
		if !strings.HasPrefix(p, "^") {
			report(place(n), "%q may begin anywhere in what it is held against.", label(n))
		} else if strings.HasSuffix(p, "$") && !strings.HasSuffix(p, `\$`) {
			report(place(n), "%q ends in $, which a line break may follow.", label(n))
		}
	})
}

// numbered tells whether an expression has a group that captures without a name.
func numbered(p string) bool {
	class := false
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] == '\\':
			i++
		case class:
			class = p[i] != ']'
		case p[i] == '[':
			class = true
		case p[i] == '(' && (i+1 == len(p) || p[i+1] != '?' && p[i+1] != '*'):
			return true
		}
	}
	return false
}

func capturesHaveNames(e *edge, report Report) {
	e.expressions(func(n *nginxconf.Node, p string) {
		if numbered(p) {
			report(place(n), "%q captures by number, and the next expression of the request overwrites that.", label(n))
		}
	})
}

func socketsHaveDefaults(e *edge, report Report) {
	with := map[string]bool{}
	first := map[string]*nginxconf.Node{}
	var order []string
	for _, s := range e.servers {
		for _, l := range s.listens {
			socket := l.Arg(0)
			if first[socket] == nil {
				first[socket] = l
				order = append(order, socket)
			}
			with[socket] = with[socket] || slices.Contains(l.Args, "default_server")
		}
	}
	for _, socket := range order {
		if !with[socket] {
			report(place(first[socket]), "No server is the default of %s, so the first one answers for every name there is.", socket)
		}
	}
}

// defaultsRefuse: what no declared name fits gets no answer, or 421 when it came
// over another name's connection. The container's own health check is a default too.
func defaultsRefuse(e *edge, report Report) {
	for _, s := range e.servers {
		if !s.fallback && len(s.names) == 0 {
			report(place(s.Node), "A server without a name answers requests that name no host.")
		}
		if !s.fallback || s.health {
			continue
		}
		refusal := e.first(s.Body, "return")
		want := "444"
		if s.tls {
			want = "421"
		}
		if refusal == nil || !slices.Equal(refusal.Args, []string{want}) || len(s.locations) > 0 {
			report(place(s.Node), "The default server of %s does more than to refuse with %s.", s.listens[0].Arg(0), want)
		}
	}
}
