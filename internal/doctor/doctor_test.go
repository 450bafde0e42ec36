package doctor

import (
	"slices"
	"strings"
	"testing"
)

func TestHealthyHost(t *testing.T) {
	r := healthy(t).examine()
	for _, one := range r.Results {
		if one.State == Found || one.State == NotSeen {
			t.Errorf("%s %s: %s %s %+v", one.Code, one.Title, one.State, one.Evidence, one.Findings)
		}
		if one.State == OK && one.Evidence == "" {
			t.Errorf("%s says that all is well, and not why", one.Code)
		}
	}
	for _, i := range r.Checklist {
		if i.State != OK || i.Evidence == "" {
			t.Errorf("%s: %s %s", i.Text, i.State, i.Evidence)
		}
	}
	if len(r.Checklist) != 8 {
		t.Errorf("%d lines in the checklist", len(r.Checklist))
	}
	if !strings.Contains(r.verdict(), "no findings") {
		t.Error(r.verdict())
	}
}

func codesOf(r *Report) []string {
	var out []string
	for _, one := range r.Results {
		if len(one.Findings) > 0 {
			out = append(out, one.Code)
		}
	}
	slices.Sort(out)
	return out
}
