package policy

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// TestWords: every output has the same words for the same thing.
func TestWords(t *testing.T) {
	said := fmt.Sprint(Off, Note, Warning, Error, Info, Low, Medium, High, Critical, ByConstruction, ByDefault, ByCheck, OnHost)
	if said != "off note warning error info low medium high critical by construction by default by check on the host" {
		t.Error(said)
	}
}

// TestOwnRule: the severity of a rule of one's own decides what it is, wherever it runs,
// and the rule says whether it may be waived.
func TestOwnRule(t *testing.T) {
	for word, want := range map[string]Level{"info": Note, "low": Note, "medium": Warning, "high": Error, "critical": Error} {
		for _, waivable := range []bool{true, false} {
			r := OwnRule(ir.Rule{Code: "ORG-001", Title: "x", Severity: word, Waivable: waivable})
			if r.Severity.String() != word || r.Production != want || r.Development != want || r.Waivable != waivable || r.Theme != Own {
				t.Errorf("%s: %+v", word, r)
			}
		}
	}
}

// TestKnownCodes: who asks about a code knows the catalogue and the stack's own rules.
func TestKnownCodes(t *testing.T) {
	s := &ir.Stack{OwnRules: []ir.Rule{{Code: "ORG-001", Title: "Ours", Severity: "low"}}}
	for _, tc := range []struct {
		code, severity, title string
		judges, looks         bool
	}{
		{"NS310", "high", "Floating image tag", true, true},
		{Rules()[0].Code, Rules()[0].Severity.String(), Rules()[0].Title, Rules()[0].Check != nil, Rules()[0].Check != nil},
		{"NS2101", SeverityOf(s, "NS2101"), diag.Title("NS2101"), true, false},
		{"NS404", "high", "Weak secret", false, false},
		{"ORG-001", "low", "Ours", true, true},
		{"NS999", "", "", false, false},
	} {
		if SeverityOf(s, tc.code) != tc.severity || TitleOf(s, tc.code) != tc.title || Judges(s, tc.code) != tc.judges || Looks(s, tc.code) != tc.looks {
			t.Errorf("%s: %q %q %v %v", tc.code, SeverityOf(s, tc.code), TitleOf(s, tc.code), Judges(s, tc.code), Looks(s, tc.code))
		}
	}
}

// TestPlacesOfFindings: what is no service has an address for waivers, what was not
// written points at its block, and what a rule of one's own asserts is shown.
func TestPlacesOfFindings(t *testing.T) {
	s := good()
	s.Ingress.Certificate.Source = "local"
	opened(ir.OpenPort{Port: set(5432, 31)})(s)
	s.Services[0].User = ir.String{V: "0:0"}
	var addresses []string
	for _, d := range Check(s, 0) {
		addresses = append(addresses, fmt.Sprintf("%s %s %d", d.Code, d.Address, d.Subject.Start.Line))
	}
	if diff := gocmp.Diff([]string{"NS313 service.api 10", "NS340 ingress 22", "NS319 firewall 31"}, addresses); diff != "" {
		t.Error(diff)
	}
	if a := (&Finding{}).address(); a != "stack" {
		t.Error(a)
	}
	one := *s.Services[0]
	d := diagnostic(Rule{Code: "ORG-001"}, Warning, Finding{Service: &one, At: at(11), Assert: at(90)})
	if diff := gocmp.Diff([]diag.Related{{Range: at(90), Message: "ORG-001 asserts this of service.api"}}, d.Related); diff != "" {
		t.Error(diff)
	}
	for site, related := range map[source.Range]int{at(11): 0, {}: 0, at(2): 1} { // the block that used a kind
		one.Site = site
		if d := diagnostic(Rule{Code: "ORG-001"}, Note, Finding{Service: &one, At: at(11)}); len(d.Related) != related {
			t.Errorf("%v: %+v", site, d.Related)
		}
	}
	if f := about(&one, at(1), "100% sure"); f.Detail != "100% sure" {
		t.Error(f.Detail)
	}
}

// crowd is the good stack with as many services that run as root.
func crowd(n int, list ...*ir.Waiver) *ir.Stack {
	s := good()
	s.MaxWaiverDays = set(180, 1)
	s.Services = s.Services[1:]
	for i := range n {
		one := *good().Services[0]
		one.Name, one.Address, one.User = fmt.Sprint("s", n-i), fmt.Sprint("service.s", n-i), set("0:0", 50)
		s.Services = append(s.Services, &one)
	}
	s.Waivers = list
	return s
}

func detail(list diag.List, code string) string {
	for _, d := range list {
		if d.Code == code {
			return d.Detail
		}
	}
	return ""
}

// TestWaiverOfTheWholeStack: it is told what to name, in order, and not all of many.
func TestWaiverOfTheWholeStack(t *testing.T) {
	for n, want := range map[int]string{
		0: "Name the service that needs it:\n\n    on = service.NAME",
		1: "Name what needs it:\n\n    on = service.s1",
		2: "Name what needs it:\n\n    on = service.s1\n    on = service.s2\n\nin a waive block for each.",
		3: "    on = service.s3\n\nin a waive block for each.",
		5: "    on = service.s3\n\nin a waive block for each. The rule finds 2 more.",
	} {
		got := detail(Check(crowd(n, waive("NS313", "", 30, 100)), today()), "NS2108")
		if !strings.HasSuffix(got, want) || !strings.HasPrefix(got, "NS313 (Service runs as root) has high severity. ") {
			t.Errorf("%d: %s", n, got)
		}
	}
	s := waived(waive("NS1810", "", 30, 100))
	s.Services[0].Env = []ir.EnvVar{{Name: "A_TOKEN", Value: set("x", 12)}, {Name: "B_TOKEN", Value: set("x", 13)}}
	if got := detail(Check(s, today()), "NS2108"); !strings.HasSuffix(got, "Name what needs it:\n\n    on = service.api") { // once
		t.Error(got)
	}
	dev := crowd(2, waive("NS340", "", 30, 100))
	dev.Posture, dev.Ingress.Certificate.Source = ir.Development, "local"
	if got := detail(Check(dev, today()), "NS2108"); !strings.HasSuffix(got, "on = service.NAME") { // the rule is off there
		t.Error(got)
	}
}

// TestWhyNot: a rule that nobody may waive says why.
func TestWhyNot(t *testing.T) {
	for code, want := range map[string]string{
		"NS1001": "the compiler writes nothing that breaks it",
		"NS2103": "it is about waivers themselves",
		"NS2010": "it speaks of the host",
		"NS317":  "a loss for the host or the data",
	} {
		if got := detail(Check(waived(waive(code, "service.api", 30, 100)), today()), "NS2105"); !strings.Contains(got, want) {
			t.Errorf("%s: %s", code, got)
		}
	}
}

// TestMisspeltWaiver: the edit writes the code that was meant, of those that can be waived.
func TestMisspeltWaiver(t *testing.T) {
	if got := detail(Check(waived(waive("NS3177", "service.api", 30, 100)), today()), "NS2104"); strings.Contains(got, `"NS317"`) { // which nobody may waive
		t.Error(got)
	}
	for code, want := range map[string]string{"ns313": `"NS313"`, "NS3133": `"NS313"`, "root": ""} {
		for _, d := range Check(waived(waive(code, "service.api", 30, 100)), today()) {
			if d.Code != "NS2104" {
				continue
			}
			if got := d.Fix; want == "" && got != nil || want != "" && (len(got) != 1 || got[0].Text != want || got[0].Range != at(100)) {
				t.Errorf("%s: %+v", code, got)
			}
		}
	}
}

// TestUnusedSaysWhere: at most five places, each once and in order; what is accepted is
// none of them.
func TestUnusedSaysWhere(t *testing.T) {
	for n, want := range map[int]string{
		1: " The rule is broken by service.s1, which no waiver covers.",
		5: " The rule is broken by service.s1, service.s2, service.s3, service.s4, service.s5, which no waiver covers.",
		7: " The rule is broken by service.s1, service.s2, service.s3, service.s4, service.s5 and 2 more, which no waiver covers.",
	} {
		s := crowd(n, waive("NS313", "service.ingress", 30, 100))
		found := Check(s, today())
		found = append(found, found...)
		if got := detail(Unused([]*ir.Stack{s}, found, today(), true), "NS2103"); !strings.HasSuffix(got, "Remove the block."+want) {
			t.Errorf("%d: %s", n, got)
		}
	}
	s := crowd(2, waive("NS313", "service.s1", 30, 100), waive("NS313", "service.ingress", 30, 200))
	if got := detail(Unused([]*ir.Stack{s}, Check(s, today()), today(), true), "NS2103"); !strings.HasSuffix(got, " The rule is broken by service.s2, which no waiver covers.") {
		t.Error(got)
	}
	s = waived(waive("NS315", "service.api", 30, 100)) // what is found on others is no hint either
	if got := detail(Unused([]*ir.Stack{s}, Check(s, today()), today(), true), "NS2103"); !strings.HasSuffix(got, " Found on service.api instead: NS312.") {
		t.Error(got)
	}
	s = crowd(1, waive("NS315", "", 30, 100)) // for whatever breaks it: what others break is no hint
	if got := detail(Unused([]*ir.Stack{s}, Check(s, today()), today(), true), "NS2103"); !strings.HasSuffix(got, "is not found for the whole stack. A waiver that is left over would accept the next fault without anybody looking. Remove the block.") {
		t.Error(got)
	}
}

// TestEndsSoon: of no use, it is not to be prolonged.
func TestEndsSoon(t *testing.T) {
	if s := said(Check(waived(waive("NS313", "service.api", 3, 100)), today())); strings.Contains(s, "NS2102") {
		t.Error(s)
	}
	w := waive("NS312", "service.api", -1, 100)
	if EndsSoon(w, today()) || EndsSoon(w, 0) || Ended(w, 0) || !Ended(w, today()) {
		t.Error("a waiver that has ended does not end soon, and on no day anything ends")
	}
	if got := detail(Check(waived(waive("NS313", "service.api", -1, 100)), today()), "NS2101"); !strings.HasSuffix(got, "Nothing of it is found here any more: remove the block.") {
		t.Error(got)
	}
}
