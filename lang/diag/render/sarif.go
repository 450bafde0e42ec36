package render

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nselfc/lang/diag"
)

// SARIF writes the report in the Static Analysis Results Interchange Format,
// version 2.1.0 (OASIS), for code scanning. version is that of the compiler.
func SARIF(w io.Writer, r *Report, version string) error {
	s := sarifBuilder{rules: map[string]int{}, seen: map[string]int{}}
	driver := sarifDriver{Name: "nselfc", Version: version, Rules: []sarifRule{}}
	own := ownRules(r)
	for _, code := range codesOf(r) {
		s.rules[code] = len(driver.Rules)
		if d := own[code]; d != nil {
			driver.Rules = append(driver.Rules, described(code, d.Summary, d.page))
			continue
		}
		driver.Rules = append(driver.Rules, rule(code))
	}
	results := make([]sarifResult, 0, len(r.Diagnostics))
	for i := range r.Diagnostics {
		result := s.result(&r.Diagnostics[i])
		if r.AcceptedCount > 0 {
			list := suppressions(&r.Diagnostics[i])
			result.Suppressions = &list
		}
		results = append(results, result)
	}
	return encode(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{{Tool: sarifTool{Driver: driver}, ColumnKind: "unicodeCodePoints", Results: results}},
	})
}

func codesOf(r *Report) []string {
	var codes []string
	for _, d := range r.Diagnostics {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// rule describes a code by its page.
func rule(code string) sarifRule {
	title := diag.Title(code)
	if title == "" {
		title = code
	}
	help, _ := diag.Page(code)
	if help == "" {
		help = title
	}
	return described(code, title, help)
}

// ownRules finds, for each rule of the stack's own, a finding that describes it.
func ownRules(r *Report) map[string]*Diagnostic {
	own := map[string]*Diagnostic{}
	for i := range r.Diagnostics {
		if d := &r.Diagnostics[i]; d.page != "" {
			own[d.Code] = d
		}
	}
	return own
}

func described(code, title, help string) sarifRule {
	return sarifRule{
		ID: code, ShortDescription: sarifText{Text: title},
		Help: sarifMarkdown{Text: help, Markdown: help},
	}
}

type sarifBuilder struct {
	rules map[string]int
	seen  map[string]int // how often a fingerprint's text came before
}

func (s *sarifBuilder) result(d *Diagnostic) sarifResult {
	level := d.Severity
	if d.Accepted != nil {
		level = d.Accepted.Severity // that it is accepted, its suppression says
	}
	out := sarifResult{
		RuleID: d.Code, RuleIndex: s.rules[d.Code], Level: level,
		Message:      sarifText{Text: strings.TrimSpace(d.Summary + ". " + d.Detail)},
		Fingerprints: map[string]string{"nselfc/v1": s.fingerprint(d)},
	}
	if d.Range != nil {
		out.Locations = []sarifLocation{{Physical: physical(*d.Range, d.Snippet)}}
	}
	for i, rel := range d.Related {
		if rel.Range.Filename == "" {
			continue
		}
		out.Related = append(out.Related, sarifLocation{
			ID: i + 1, Physical: physical(rel.Range, rel.Snippet), Message: &sarifText{Text: rel.Message},
		})
	}
	if d.Fix != nil {
		out.Fixes = fixes(d.Fix)
	}
	return out
}

// suppressions gives the waiver that accepts a finding, if there is one.
func suppressions(d *Diagnostic) []sarifSuppression {
	a := d.Accepted
	if a == nil {
		return []sarifSuppression{}
	}
	out := sarifSuppression{
		Kind: "inSource", Status: "accepted", Justification: a.Reason,
		Properties: map[string]string{"until": a.Until, "owner": a.Owner},
	}
	if a.Ticket != "" {
		out.Properties["ticket"] = a.Ticket
	}
	if a.Range.Filename != "" {
		out.Location = &sarifLocation{Physical: physical(a.Range, a.Snippet)}
	}
	return []sarifSuppression{out}
}

// fingerprint identifies a finding across commits. It is made of the code and the
// address of what it is about, which stay when lines move, change or go to another
// file. Of a finding without an address, it is made of the code, the file and the text
// of the line, not of the line's number. What is equal is told apart by its order.
func (s *sarifBuilder) fingerprint(d *Diagnostic) string {
	parts := []string{d.Code}
	switch {
	case d.Address != "":
		parts = append(parts, "address", d.Address)
	case d.Range != nil:
		parts = append(parts, d.Range.Filename)
		if d.Snippet != nil {
			parts = append(parts, strings.TrimSpace(d.Snippet.Code))
		}
	}
	key := strings.Join(parts, "\x00")
	n := s.seen[key]
	s.seen[key]++
	sum := sha256.Sum256([]byte(key + "\x00" + strconv.Itoa(n)))
	return hex.EncodeToString(sum[:16])
}

func fixes(f *Fix) []sarifFix {
	changes := map[string]*sarifChange{}
	var order []string
	for _, e := range f.Edits {
		c := changes[e.Range.Filename]
		if c == nil {
			c = &sarifChange{Artifact: artifact(e.Range.Filename)}
			changes[e.Range.Filename] = c
			order = append(order, e.Range.Filename)
		}
		c.Replacements = append(c.Replacements, sarifReplacement{Deleted: region(e.Range), Inserted: sarifContent{Text: e.Text}})
	}
	fix := sarifFix{Description: sarifText{Text: "Suggested change"}}
	for _, name := range order {
		fix.Changes = append(fix.Changes, *changes[name])
	}
	return []sarifFix{fix}
}

func physical(r Range, s *Snippet) sarifPhysical {
	p := sarifPhysical{Artifact: artifact(r.Filename), Region: region(r)}
	if s != nil && !strings.Contains(s.Code, "…") {
		p.Context = &sarifRegion{StartLine: s.StartLine, Snippet: &sarifContent{Text: s.Code}}
	}
	return p
}

func region(r Range) sarifRegion {
	return sarifRegion{StartLine: r.Start.Line, StartColumn: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column}
}

// artifact makes a URI reference of a relative or absolute path (RFC 3986).
func artifact(path string) sarifArtifact {
	u := url.URL{Path: path}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return sarifArtifact{URI: u.String()}
}
