package doctor

import (
	"slices"
	"strings"
)

// Item is a line of the checklist before a deployment.
type Item struct {
	Text     string
	State    State
	Evidence string
}

// wanted are the eight lines, each with the codes that decide it.
func wanted() []struct {
	text  string
	codes []string
} {
	return []struct {
		text  string
		codes []string
	}{
		{"All default passwords are changed, and refused where they would be tried", []string{"NS2004", "NS2055", "NS2056"}},
		{"Secrets are unique, one to a purpose and an environment, and none is overdue", []string{"NS2003", "NS2005", "NS2006"}},
		{".secrets is readable by its owner alone, and not in git", []string{"NS2001", "NS2002", "NS2007"}},
		{"Certificates are valid, trusted, and none is for development", []string{"NS2060", "NS2061", "NS2062", "NS2063", "NS2064", "NS2065", "NS2066", "NS2067", "NS2068", "NS2069", "NS2070"}},
		{"The firewall is on, and closes all but ssh and what is declared, containers' ports too", []string{"NS2020", "NS2021", "NS2022", "NS2023", "NS2024", "NS2025", "NS2026", "NS2027", "NS2028", "NS2029"}},
		{"Databases are reachable by their services alone, and containers confined", []string{"NS2010", "NS2011", "NS2012", "NS2014", "NS2040", "NS2042", "NS2043", "NS2047", "NS2048"}},
		{"Backups are made, recent, and were restored once", []string{"NS2075", "NS2076", "NS2077"}},
		{"Somebody is told when something breaks", []string{"NS2078"}},
	}
}

// checklist tells of each line whether it holds, by the results: one finding breaks
// it; what was not seen is not ticked off; a line whose first code does not apply
// says nothing.
func checklist(r *Report) []Item {
	results := map[string]Result{}
	for _, one := range r.Results {
		results[one.Code] = one
	}
	var out []Item
	for _, w := range wanted() {
		item := Item{Text: w.text, State: OK}
		var seen, broken, unseen []string
		for _, code := range w.codes {
			one, asked := results[code]
			switch {
			case !asked:
			case one.State == Found:
				broken = append(broken, one.Code+" "+one.Title)
			case one.State == NotSeen && !slices.Contains(unseen, one.Evidence):
				unseen = append(unseen, one.Evidence)
			case one.State == OK:
				seen = append(seen, one.Evidence)
			}
		}
		first, asked := results[w.codes[0]]
		switch {
		case len(broken) > 0:
			item.State, item.Evidence = Found, strings.Join(broken, "; ")
		case !asked:
			item.State, item.Evidence = Absent, "not asked of a development environment"
		case len(unseen) > 0:
			item.State, item.Evidence = NotSeen, "not seen: "+strings.Join(unseen, "; ")
		case first.State == Absent:
			item.State, item.Evidence = Absent, first.Evidence
		default:
			item.Evidence = strings.Join(seen[:min(3, len(seen))], "; ")
		}
		out = append(out, item)
	}
	return out
}
