package cli

import (
	"encoding/xml"
	"fmt"
	"strings"

	"nselfc/lang/diag/render"
)

// The form of JUnit's reports, as the servers of CI read it: the schema of Jenkins'
// xUnit plugin, of which this uses the part that all of them know.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`

		seconds float64
	}
	junitCase struct {
		Name     string         `xml:"name,attr"`
		Class    string         `xml:"classname,attr"`
		File     string         `xml:"file,attr"`
		Line     int            `xml:"line,attr"`
		Time     string         `xml:"time,attr"`
		Failures []junitFailure `xml:"failure"`
		Errors   []junitFailure `xml:"error"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"` // the code
		Text    string `xml:",chardata"`
	}
)

// junit writes the report with one suite for each file. What kept tests from being
// run is an error of a suite of its own: a reader that counts cases must see it.
func (t *testReporter) junit() []byte {
	var out junitSuites
	byFile := map[string]int{}
	suite := func(name string) *junitSuite {
		i, ok := byFile[name]
		if !ok {
			i = len(out.Suites)
			byFile[name] = i
			out.Suites = append(out.Suites, junitSuite{Name: name})
		}
		return &out.Suites[i]
	}
	total := 0.0
	for _, one := range t.report.Results {
		r := t.result(one)
		s := suite(r.File)
		c := junitCase{Name: r.Name, Class: r.File, File: r.File, Line: r.Line, Time: junitTime(r.Seconds)}
		for _, d := range r.Failures {
			c.Failures = append(c.Failures, failure(d))
		}
		if s.Tests++; len(c.Failures) > 0 {
			s.Failures++
		}
		s.seconds += r.Seconds
		total += r.Seconds
		s.Cases = append(s.Cases, c)
	}
	for _, d := range t.shown.Diagnostics {
		s := suite("the stack")
		s.Tests, s.Errors = s.Tests+1, s.Errors+1
		f := failure(d)
		c := junitCase{Name: f.Message, Class: "stack", Time: junitTime(0), Errors: []junitFailure{f}}
		if d.Range != nil {
			c.File, c.Line = d.Range.Filename, d.Range.Start.Line
		}
		s.Cases = append(s.Cases, c)
	}
	for i := range out.Suites {
		s := &out.Suites[i]
		s.Time = junitTime(s.seconds)
		out.Tests, out.Failures, out.Errors = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors
	}
	out.Time = junitTime(total)
	b, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		panic(err) // texts and numbers can always be written
	}
	return append([]byte(xml.Header), append(b, '\n')...)
}

func failure(d render.Diagnostic) junitFailure {
	var b strings.Builder
	if d.Range != nil {
		fmt.Fprintf(&b, "%s:%d:%d\n", d.Range.Filename, d.Range.Start.Line, d.Range.Start.Column)
	}
	b.WriteString(d.Detail)
	for _, r := range d.Related {
		fmt.Fprintf(&b, "\n%s:%d: %s", r.Range.Filename, r.Range.Start.Line, r.Message)
	}
	return junitFailure{Message: d.Summary, Type: d.Code, Text: b.String()}
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.6f", seconds) }
