package plan

import (
	"slices"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
)

// Errors gives what stops a plan or a build, without what nselfc validate says of
// the stack as it is: a reviewer looks for what changes.
func Errors(report *render.Report) *render.Report {
	out := *report
	out.Diagnostics = slices.DeleteFunc(slices.Clone(report.Diagnostics), func(d render.Diagnostic) bool {
		return d.Severity == "warning" && !strings.HasPrefix(d.Code, "NS5") // those of the output count
	})
	out.WarningCount = 0
	for _, d := range out.Diagnostics {
		if d.Severity == "warning" {
			out.WarningCount++
		}
	}
	return &out
}

// Findings gives the risks, most severe first, and then what stops a build, as one
// report: for annotations and code scanning.
func (p *Plan) Findings(report *render.Report) *render.Report {
	var risks diag.List
	for _, e := range p.Environments {
		for i := range e.Review.Risks {
			d := e.Review.Risks[i].Diagnostic()
			if e.Name != "" {
				d.Detail += "\n\nIn the environment " + e.Name + "."
			}
			risks = append(risks, d)
		}
	}
	out := render.New(risks, p.files, p.name)
	report = Errors(report)
	out.Diagnostics = append(out.Diagnostics, report.Diagnostics...)
	out.ErrorCount, out.WarningCount = out.ErrorCount+report.ErrorCount, out.WarningCount+report.WarningCount
	out.AcceptedCount = report.AcceptedCount // with none, SARIF would leave suppressions out
	out.Valid = out.ErrorCount == 0
	return out
}
