package build

import (
	"slices"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// told gathers what the environments of a stack report. One line of the stack
// that is wrong in three environments is one fault to mend, so it is told once,
// and says where it was found when that is not everywhere.
type told struct {
	list  diag.List
	found map[fault]*places
}

// fault is what makes two findings the same. Severity is no part of it: a
// floating tag is an error in production and a warning on a laptop. What one
// environment accepts, and another does not, is told of each.
type fault struct {
	at           source.Range
	code, detail string
	address      string       // two instances of a service are two things, though one line is both
	accepted     source.Range // the waiver's
}

// places are the environments in which a fault was found.
type places struct {
	d     *diag.Diagnostic
	names []string
	as    []diag.Severity
}

// add takes the findings of one environment.
func (t *told) add(env string, list diag.List) {
	if t.found == nil {
		t.found = map[fault]*places{}
	}
	for _, d := range list.Sort() {
		key := fault{at: d.Subject, code: d.Code, detail: d.Detail, address: d.Address}
		if d.Accepted != nil {
			key.accepted = d.Accepted.At
		}
		p := t.found[key]
		if p == nil {
			p = &places{d: d}
			t.found[key] = p
			t.list = append(t.list, d)
		}
		p.names, p.as = append(p.names, env), append(p.as, d.Severity)
		p.d.Severity = min(p.d.Severity, d.Severity)
		if d.Accepted != nil {
			p.d.Accepted.Severity = min(p.d.Accepted.Severity, d.Accepted.Severity)
		}
		if len(d.Related) > len(p.d.Related) { // one environment may have more of the same than another
			p.d.Related = d.Related
		}
	}
}

// all gives the findings of n environments.
func (t *told) all(n int) diag.List {
	for _, p := range t.found {
		one := !slices.ContainsFunc(p.as, func(s diag.Severity) bool { return s != p.as[0] })
		if one && len(p.names) == n {
			continue
		}
		p.d.Detail += "\n\n" + p.where(one)
		if p.d.Accepted != nil {
			p.d.Accepted.In = p.names
		}
	}
	return t.list
}

func (p *places) where(one bool) string {
	names := slices.Clone(p.names)
	for i := range names {
		if !one {
			names[i] += " (" + p.as[i].String() + ")"
		}
	}
	if len(names) == 1 {
		return "Found in the environment " + names[0] + "."
	}
	last := len(names) - 1
	return "Found in the environments " + strings.Join(names[:last], ", ") + " and " + names[last] + "."
}
