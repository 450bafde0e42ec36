package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// today is the day on which the waivers of these tests are judged.
func today() date.Date { return date.Of(2026, 12, 1) }

// waive makes a waiver whose block begins on a line, and which ends some days from
// today.
func waive(code, on string, days int, line int32) *ir.Waiver {
	w := &ir.Waiver{
		Origin: source.Origin{Range: at(line)}, Code: set(code, line), Reason: set("The vendor's image does so.", line+1), Owner: set("ops@example.com", line+2),
		Until: set(today()+date.Date(days), line+3), Ticket: set("OPS-42", line+4), Known: true, Severity: SeverityOf(&ir.Stack{}, code),
	}
	if on != "" {
		w.On = set(on, line+5)
	}
	return w
}

// waived is the good stack with two services that have a writable root, one of which
// runs as root, and with waivers.
func waived(list ...*ir.Waiver) *ir.Stack {
	s := good()
	s.MaxWaiverDays = set(180, 1)
	other := *s.Services[0]
	other.Name, other.Address = "other", `service.web["eu"]`
	other.ReadOnly, other.User = set(false, 40), set("0:0", 41)
	s.Services[0].ReadOnly = set(false, 12)
	s.Services = append(s.Services, &other)
	s.Waivers = list
	return s
}

// said gives findings as their line, severity and code.
func said(list diag.List) string {
	var out []string
	for _, d := range list {
		word := d.Severity.String()
		if d.Accepted != nil {
			word = "accepted " + d.Accepted.Severity.String()
		}
		out = append(out, fmt.Sprintf("%d %s %s", d.Subject.Start.Line, word, d.Code))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestWaivers(t *testing.T) {
	const nothing = "12 warning NS312, 40 warning NS312, 41 error NS313"
	for _, tc := range []struct {
		name    string
		waivers []*ir.Waiver
		want    string
		details []string
	}{
		{"none", nil, nothing, nil},
		{"one service", []*ir.Waiver{waive("NS312", "service.api", 30, 100)}, "12 accepted warning NS312, 40 warning NS312, 41 error NS313", nil},
		{"an instance", []*ir.Waiver{waive("NS313", `service.web["eu"]`, 30, 100)}, "12 warning NS312, 40 warning NS312, 41 accepted error NS313", nil},
		{"all instances", []*ir.Waiver{waive("NS313", "service.web", 30, 100)}, "12 warning NS312, 40 warning NS312, 41 accepted error NS313", nil},
		{"a name that begins alike", []*ir.Waiver{waive("NS313", "service.we", 30, 100)}, nothing, nil},
		{"the whole stack", []*ir.Waiver{waive("NS312", "", 30, 100)}, "12 accepted warning NS312, 40 accepted warning NS312, 41 error NS313", nil},
		{"the narrower one", []*ir.Waiver{waive("NS312", "", 30, 100), waive("NS312", "service.api", 20, 200)}, "12 accepted warning NS312, 40 accepted warning NS312, 41 error NS313", nil},
		{
			"the whole stack, of high severity",
			[]*ir.Waiver{waive("NS313", "", 30, 100)},
			"100 error NS2108, " + nothing,
			[]string{"\n    on = service.web[\"eu\"]"},
		},
		{"the last day", []*ir.Waiver{waive("NS312", "service.api", 0, 100)}, "103 warning NS2102, 12 accepted warning NS312, 40 warning NS312, 41 error NS313", nil},
		{
			"two weeks left",
			[]*ir.Waiver{waive("NS312", "service.api", 14, 100)},
			"103 warning NS2102, 12 accepted warning NS312, 40 warning NS312, 41 error NS313",
			[]string{"ops@example.com accepts NS312 on service.api until 2026-12-15"},
		},
		{"more than two weeks", []*ir.Waiver{waive("NS312", "service.api", 15, 100)}, "12 accepted warning NS312, 40 warning NS312, 41 error NS313", nil},
		{
			"over",
			[]*ir.Waiver{waive("NS312", "service.api", -1, 100)},
			"103 error NS2101, " + nothing,
			[]string{"ops@example.com accepted NS312 on service.api until 2026-11-30; that was yesterday.", "    until = \"2026-12-15\""},
		},
		{"over for long", []*ir.Waiver{waive("NS312", "", -40, 100)}, "103 error NS2101, " + nothing, []string{"for the whole stack until 2026-10-22; that was 40 days ago"}},
		{"over, and of no use", []*ir.Waiver{waive("NS313", "service.api", -3, 100)}, "103 error NS2101, " + nothing, []string{"remove the block"}},
		{"one over, a wider one in force", []*ir.Waiver{waive("NS312", "service.api", -1, 100), waive("NS312", "", 30, 200)}, "103 error NS2101, 12 accepted warning NS312, 40 accepted warning NS312, 41 error NS313", nil},
		{"the latest day", []*ir.Waiver{waive("NS312", "service.api", 180, 100)}, "12 accepted warning NS312, 40 warning NS312, 41 error NS313", nil},
		{
			"too far ahead",
			[]*ir.Waiver{waive("NS312", "service.api", 181, 100)},
			"103 error NS2106, 12 accepted warning NS312, 40 warning NS312, 41 error NS313",
			[]string{"in 181 days; 180 are the most", "    until = \"2027-05-30\""},
		},
		{"an unknown rule", []*ir.Waiver{waive("NS3133", "service.api", 30, 100)}, "100 error NS2104, " + nothing, []string{`Did you mean "NS313"?`}},
		{"an unknown rule, for long", []*ir.Waiver{waive("NS3133", "service.api", 400, 100)}, "100 error NS2104, " + nothing, nil},
		{"another word", []*ir.Waiver{waive("writable-root", "service.api", 30, 100)}, "100 error NS2104, " + nothing, []string{`no rule "writable-root"`}},
		{"a rule not to be waived", []*ir.Waiver{waive("NS317", "service.api", 30, 100)}, "100 error NS2105, " + nothing, []string{"critical severity and cannot be waived"}},
		{"a rule on waivers", []*ir.Waiver{waive("NS2101", "service.api", 30, 100)}, "100 error NS2105, " + nothing, []string{"about waivers themselves"}},
		{"no rule of the policy", []*ir.Waiver{waive("NS201", "service.api", 30, 100)}, "100 error NS2105, " + nothing, []string{"is no rule of the policy"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Check(waived(tc.waivers...), today())
			if diff := gocmp.Diff(tc.want, said(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, want := range tc.details {
				if !slices.ContainsFunc(got, func(d *diag.Diagnostic) bool {
					return diag.CodeIn(d.Code, "NS2100", "NS2200") && strings.Contains(d.Detail, want)
				}) {
					t.Errorf("no finding says %q", want)
				}
			}
		})
	}
}

// TestNoDay: whoever asks for no day is told of no end.
func TestNoDay(t *testing.T) {
	got := Check(waived(waive("NS312", "service.api", -400, 100), waive("NS312", `service.web["eu"]`, 4000, 200)), 0)
	if s := said(got); s != "12 accepted warning NS312, 40 accepted warning NS312, 41 error NS313" {
		t.Error(s)
	}
}

// TestWhoAccepted: the narrowest waiver answers, and a finding says all that it says.
func TestWhoAccepted(t *testing.T) {
	narrow := waive("NS312", "service.api", 20, 200)
	narrow.Owner = set("dev@example.com", 202)
	got := Check(waived(waive("NS312", "", 30, 100), narrow), today())
	i := slices.IndexFunc(got, func(d *diag.Diagnostic) bool { return d.Subject == at(12) })
	want := &diag.Acceptance{
		Severity: diag.Warning, Reason: "The vendor's image does so.", Owner: "dev@example.com", Until: "2026-12-21", Ticket: "OPS-42", At: at(200),
	}
	if diff := gocmp.Diff(want, got[i].Accepted); diff != "" || got[i].Address != "service.api" {
		t.Errorf("%s: %s", got[i].Address, diff)
	}
}

// TestWaiverOfOneImage: findings that are told together are waived one by one.
func TestWaiverOfOneImage(t *testing.T) {
	s := waived(waive("NS311", "service.api", 30, 100))
	for i, one := range []*ir.Service{s.Services[0], s.Services[1], s.Services[2]} {
		one.Image, one.Site, one.ReadOnly.V, one.User.V = set("a:1", int32(50+i)), at(int32(60+i)), true, "1:1"
	}
	got := Check(s, today())
	if w := said(got); w != "60 accepted warning NS311, 61 warning NS311" {
		t.Fatal(w)
	}
	if r := got[1].Related; len(r) != 2 || r[1].Message != `and in service.web["eu"]` {
		t.Errorf("%+v", r)
	}
}

func TestCovers(t *testing.T) {
	for _, tc := range []struct {
		on, address string
		want        bool
	}{
		{"", "ingress", true},
		{"service.a", "service.a", true},
		{"service.a", "service.ab", false},
		{"service.a", "service.a-b", false},
		{"service.a", `service.a["x"]`, true},
		{`service.a["x"]`, `service.a["y"]`, false},
		{`service.a["x"]`, "service.a", false},
		{"postgres.main", "postgres.main.service.main", true},
		{"service.a", "service.a.route[0]", true},
		{"stack", "ingress", false},
	} {
		if Covers(tc.on, tc.address) != tc.want {
			t.Errorf("%q covers %q: %v", tc.on, tc.address, !tc.want)
		}
	}
}

func TestUnused(t *testing.T) {
	dev := func(s *ir.Stack) *ir.Stack { s.Posture = ir.Development; return s }
	shared := func(w *ir.Waiver) *ir.Waiver { w.Shared = true; return w }
	gone := func(w *ir.Waiver) *ir.Waiver { w.Known = false; return w }
	for _, tc := range []struct {
		name   string
		stacks []*ir.Stack
		part   bool // other environments were not compiled
		want   string
		detail string
	}{
		{"used", []*ir.Stack{waived(waive("NS312", "service.api", 30, 100))}, false, "", ""},
		{"on another", []*ir.Stack{waived(waive("NS313", "service.api", 30, 100))}, false, "100 error NS2103", `is broken by service.web["eu"], which no waiver covers. Found on service.api instead: NS312.`},
		{"nothing anywhere", []*ir.Stack{waived(waive("NS315", "service.api", 30, 100))}, false, "100 error NS2103", "NS315 (No health check) is not found on service.api."},
		{"on nothing", []*ir.Stack{waived(gone(waive("NS312", `service.web["asia"]`, 30, 100)))}, false, "105 error NS2107", `no service.web["asia"]`},
		{"over", []*ir.Stack{waived(waive("NS313", "service.api", -1, 100))}, false, "", ""},
		{"refused", []*ir.Stack{waived(waive("NS313", "", 30, 100))}, false, "", ""},
		{"off in the posture", []*ir.Stack{dev(waived(waive("NS312", "service.api", 30, 100)))}, false, "100 error NS2103", "is not judged in development."},
		{"of another environment", []*ir.Stack{dev(waived(shared(waive("NS312", "service.api", 30, 100)))), waived(shared(waive("NS312", "service.api", 30, 100)))}, false, "", ""},
		{"of one that is not here", []*ir.Stack{dev(waived(shared(waive("NS312", "service.api", 30, 100))))}, true, "", ""},
		{"of no environment", []*ir.Stack{dev(waived(shared(waive("NS312", "service.api", 30, 100)))), waived(shared(waive("NS313", "service.api", 30, 100)))}, false, "100 error NS2103", ""},
		{"the second's own", []*ir.Stack{waived(), waived(waive("NS315", "service.api", 30, 100))}, true, "100 error NS2103", "is not found on service.api. "},
		{"beside another", []*ir.Stack{waived(waive("NS312", "service.api", 30, 300)), waived(waive("NS312", "service.api", 30, 300), gone(waive("NS312", `service.web["asia"]`, 30, 100)))}, true, "105 error NS2107", ""},
		{"its own", []*ir.Stack{waived(waive("NS315", "service.api", 30, 100)), waived()}, true, "100 error NS2103", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var found diag.List
			for _, s := range tc.stacks {
				found = append(found, Check(s, today())...)
			}
			got := Unused(tc.stacks, found, today(), !tc.part)
			if said(got) != tc.want || len(got) > 0 && !strings.Contains(got[0].Detail, tc.detail) {
				t.Errorf("%s: %+v", said(got), got)
			}
		})
	}
}

// TestWaiversHideTheirOwn: whatever is waived, on any day, the findings of a stack are
// those of it without waivers; one is accepted only by a waiver of its code that
// covers its address and has not ended, and the order of waivers means nothing.
func TestWaiversHideTheirOwn(t *testing.T) {
	plain := Check(waived(), 0)
	targets := []string{"", "service.api", "service.web", `service.web["eu"]`, `service.web["us"]`, "ingress", "service.a", "stack"}
	codes := []string{"NS312", "NS313", "NS311", "NS314", "NS999", "NS317"}
	rapid.Check(t, func(t *rapid.T) {
		var list []*ir.Waiver
		for i := range rapid.IntRange(0, 8).Draw(t, "waivers") {
			list = append(list, waive(rapid.SampledFrom(codes).Draw(t, "code"), rapid.SampledFrom(targets).Draw(t, "on"), rapid.IntRange(-200, 200).Draw(t, "days"), int32(100*(i+1))))
		}
		day := today() + date.Date(rapid.IntRange(-30, 30).Draw(t, "today"))
		var bare []string
		for _, d := range Check(waived(list...), day) {
			if diag.CodeIn(d.Code, "NS2100", "NS2200") {
				continue
			}
			severity := d.Severity
			if a := d.Accepted; a != nil {
				severity = a.Severity
				i := slices.IndexFunc(list, func(w *ir.Waiver) bool { return w.Origin.Range == a.At })
				if w := list[i]; w.Code.V != d.Code || !Covers(w.On.V, d.Address) || w.Until.V < day || d.Severity != diag.Note || w.On.V == "" && d.Code == "NS313" {
					t.Fatalf("%s %s is accepted by %+v", d.Code, d.Address, w)
				}
			}
			bare = append(bare, fmt.Sprintf("%d %s %s", d.Subject.Start.Line, severity, d.Code))
		}
		slices.Sort(bare)
		if got := strings.Join(bare, ", "); got != said(plain) {
			t.Fatalf("found %s", got)
		}
		one := said(Check(waived(list...), day))
		if two := said(Check(waived(rapid.Permutation(list).Draw(t, "order")...), day)); one != two {
			t.Fatalf("%s\n%s", one, two)
		}
	})
}
