package proof

import (
	"path"
	"slices"

	"nselfc/internal/proof/nginxconf"
)

// edgeRules are proved on the configuration of nginx.
func edgeRules() []Rule {
	return slices.Concat(edgeReading(), edgeRequests(), edgeNames(), edgeLogs(), edgeAnswers(), edgeLimits(), tlsRules())
}

// edgeRule makes a rule of a check that needs an nginx.
func edgeRule(code string, check func(e *edge, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		if e := a.edge(); e != nil {
			check(e, report)
		}
	}}
}

// noDirective makes a rule that some directives stand nowhere.
func noDirective(code, why string, names ...string) Rule {
	return edgeRule(code, func(e *edge, report Report) {
		for _, name := range names {
			for _, n := range e.byName[name] {
				report(place(n), "%q: %s.", label(n), why)
			}
		}
	})
}

// eachDirective makes a rule that holds each directive of a name against a check,
// which says what is wrong with it.
func eachDirective(code, name string, check func(e *edge, n *nginxconf.Node) string) Rule {
	return edgeRule(code, func(e *edge, report Report) {
		for _, n := range e.byName[name] {
			if wrong := check(e, n); wrong != "" {
				report(place(n), "%q: %s.", label(n), wrong)
			}
		}
	})
}

// passesWith makes a rule that each location which hands requests to a service says
// something besides.
func passesWith(code, why, name string, args ...string) Rule {
	return edgeRule(code, func(e *edge, report Report) {
		for _, l := range e.passing() {
			if !e.has(l.Body, name, args...) {
				report(place(l), "%q hands requests on without %q: %s.", label(l), label(&nginxconf.Node{Name: name, Args: args}), why)
			}
		}
	})
}

// onceInHTTP makes a rule that a directive stands once, for all servers, with one
// value.
func onceInHTTP(code, why, name, value string) Rule {
	return edgeRule(code, func(e *edge, report Report) { e.once(report, why, name, value) })
}

func (e *edge) once(report Report, why, name, value string) {
	if !e.has(e.http, name, value) {
		report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "%s is not %s for all servers: %s.", name, value, why)
	}
	for _, n := range e.byName[name] {
		if n.Arg(0) != value {
			report(place(n), "%q: %s.", label(n), why)
		}
	}
}

// edgeReading holds what must be true before anything else can be seen.
func edgeReading() []Rule {
	return []Rule{{"NS1501", edgeIsMounted}, edgeRule("NS1501", func(e *edge, report Report) {
		for _, f := range e.broken {
			report(f.Place, "It cannot be read: %s.", f.Detail)
		}
		for _, n := range e.byName["include"] {
			if _, ok := e.files[n.Arg(0)]; !ok {
				report(place(n), "%q names no file of the output; a pattern that fits nothing passes unseen.", label(n))
			}
		}
		if len(e.http) == 0 {
			report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "There is no http block.")
		}
	})}
}

// edgeIsMounted: the image's own configuration serves whatever the image holds.
func edgeIsMounted(a *Artefacts, report Report) {
	if a.edge() == nil {
		return
	}
	for _, s := range a.compose().services {
		if s.ingress() && !s.mounts("./"+path.Clean(nginxFolder), "/etc/nginx") {
			report(s.at(s.Get("volumes")), "The service %s does not have %s at /etc/nginx.", s.Key, nginxFolder)
		}
	}
}
