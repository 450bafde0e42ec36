package cli

import (
	"encoding/xml"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"nselfc/internal/redact"
	"nselfc/internal/stacktest"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// TestJUnitIsXML: whatever a test is called and a failure says, the report is XML to
// Go's reader and to Python's (expat), and has one case for each test.
func TestJUnitIsXML(t *testing.T) {
	hostile := []string{
		`quotes " and ' and <b>&amp;</b>`, "]]>", "<![CDATA[x]]>", "<!-- -- -->", "a\x00b\x01\x08\x0b\x1f", "\x1b[31mred\x1b[0m",
		"invalid \xff\xfe UTF-8 \xc3", "surrogate \xed\xa0\x80", "\ufffe\uffff", "\u202eright\u202c to left", "lines\nof\r\ntext\t", "", strings.Repeat("a long name ", 100<<10/12),
		"&#0; &lol; %PE;", "\u0085\u2028", "emoji 🏴",
	}
	at := source.Range{File: "a\x1b]<\".hcl", Start: source.Pos{Line: 3}, End: source.Pos{Line: 3}}
	r := &testReporter{env: Env{Secrets: &redact.Registry{}}, report: &stacktest.Report{Display: func(s string) string { return s }}}
	for _, text := range hostile {
		r.report.Results = append(r.report.Results,
			stacktest.Result{Name: text, Range: at},
			stacktest.Result{Name: text, Range: at, Failures: diag.List{(&diag.Diagnostic{Code: "NS2301", Summary: text, Detail: text, Subject: at}).With(at, "%s", text)}})
	}
	r.shown = &render.Report{Diagnostics: render.New(diag.List{{Code: "NS2301", Summary: hostile[0], Detail: hostile[1], Subject: at}}, nil, nil).Diagnostics}
	b := r.junit()
	var read junitSuites
	if err := xml.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	want := 2*len(hostile) + 1
	if read.Tests != want || read.Failures != len(hostile) || read.Errors != 1 {
		t.Errorf("%d tests, %d failures and %d errors of %d, %d and 1", read.Tests, read.Failures, read.Errors, want, len(hostile))
	}
	if name := read.Suites[0].Cases[0].Name; name != hostile[0] {
		t.Errorf("the name is %q", name)
	}
	last := read.Suites[len(read.Suites)-1].Cases
	if c := last[len(last)-1]; len(c.Errors) != 1 || c.Line != 3 || c.File == "" {
		t.Errorf("what kept tests from being run has no place: %q:%d", c.File, c.Line)
	}
	if strings.ContainsAny(string(b), "\x1b\x00\x01\x08") {
		t.Error("it has control characters")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no second reader: python3 is not here")
	}
	cmd := exec.Command(python, "-c", "import sys, xml.etree.ElementTree as e; print(len(list(e.fromstring(sys.stdin.buffer.read()).iter('testcase'))))")
	cmd.Stdin = strings.NewReader(string(b))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(want) {
		t.Errorf("Python reads %s: %v", out, err)
	}
}
