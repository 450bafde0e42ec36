package eval

import (
	"github.com/hashicorp/hcl/v2"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// fromHCL converts what the expression engine says. Its values are never
// printed: a token could be among them, so tokens become the secret's address.
func fromHCL(diags hcl.Diagnostics) diag.List {
	var out diag.List
	for _, d := range diags {
		if own, ok := d.Extra.(*diag.Diagnostic); ok {
			out = append(out, own)
			continue
		}
		sev := diag.Error
		if d.Severity == hcl.DiagWarning {
			sev = diag.Warning
		}
		at := source.Range{}
		if d.Subject != nil {
			at = source.FromHCL(*d.Subject)
		}
		code, summary, detail := "NS207", "Invalid expression", d.Summary+". "+d.Detail
		switch d.Summary {
		case "Error in function call", "Invalid function argument":
			code, summary, detail = "NS208", "Invalid function argument", d.Detail
		case "Unsupported attribute", "Invalid index", "Missing map element":
			code, summary, detail = "NS203", "Unsupported attribute", d.Detail
		}
		out = append(out, &diag.Diagnostic{Code: code, Severity: sev, Summary: summary, Detail: Redact(detail), Subject: at})
	}
	return out
}

// carry gives a finding of our own the form of one of HCL's, for as long as
// try() or a condition may still drop it.
func carry(d *diag.Diagnostic) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: d.Summary, Detail: d.Detail, Extra: d}}
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
