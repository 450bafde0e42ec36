package eval

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// fromHCL converts what the expression engine says. Its values are never
// printed: a token could be among them, so tokens become the secret's address.
func fromHCL(diags hcl.Diagnostics) diag.List {
	var out diag.List
	for _, d := range diags {
		sev := diag.Error
		if d.Severity == hcl.DiagWarning {
			sev = diag.Warning
		}
		at := source.Range{}
		if d.Subject != nil {
			at = source.FromHCL(*d.Subject)
		}
		code := "NS207"
		if strings.HasPrefix(d.Summary, "Error in function call") || strings.HasPrefix(d.Summary, "Invalid function argument") {
			code = "NS208"
		}
		if d.Summary == "Unsupported attribute" || d.Summary == "Invalid index" {
			code = "NS203"
		}
		summary := d.Summary
		if code == "NS207" {
			summary = "Invalid expression"
			d.Detail = d.Summary + ": " + d.Detail
		}
		out = append(out, &diag.Diagnostic{Code: code, Severity: sev, Summary: summary, Detail: Redact(d.Detail), Subject: at})
	}
	return out
}

// FromHCLSyntax converts the findings of the parser. After an unclosed quote or
// bracket it stumbles again at the same place and over the next lines; those
// consequences are left out.
func FromHCLSyntax(diags hcl.Diagnostics) diag.List {
	var out diag.List
	var last *hcl.Diagnostic
	for i, d := range fromHCL(diags) {
		h := diags[i]
		if last != nil && h.Subject != nil && last.Subject != nil {
			same := h.Subject.Start.Byte <= last.Subject.End.Byte
			next := h.Summary == last.Summary && h.Subject.Start.Line <= last.Subject.Start.Line+1
			if same || next {
				last = h
				continue
			}
		}
		last = h
		d.Code, d.Summary, d.Detail = "NS110", "Syntax error", h.Summary+". "+Redact(h.Detail)
		out = append(out, d)
	}
	return out
}

// Redact replaces every token in a text by the address of its secret.
func Redact(s string) string {
	if !strings.Contains(s, secret.Mark) {
		return s
	}
	if t, err := secret.Parse(s); err == nil {
		return t.String()
	}
	return strings.ReplaceAll(s, secret.Mark, "")
}

// traversalText writes a reference as in the source.
func traversalText(t hcl.Traversal) string {
	var b strings.Builder
	for _, s := range t {
		switch s := s.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			switch {
			case s.Key.Type() == cty.String:
				fmt.Fprintf(&b, "[%q]", s.Key.AsString())
			case s.Key.Type() == cty.Number:
				fmt.Fprintf(&b, "[%s]", s.Key.AsBigFloat().Text('f', -1))
			}
		}
	}
	return b.String()
}
