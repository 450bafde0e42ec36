package plan

import "nselfc/lang/diag"

// Findings gives the risks, most severe first, and then the findings about the
// stack, as one list: for annotations and code scanning.
func (p *Plan) Findings() diag.List {
	var out diag.List
	for _, e := range p.Environments {
		for i := range e.Review.Risks {
			d := e.Review.Risks[i].Diagnostic()
			if e.Name != "" {
				d.Detail += "\n\nIn the environment " + e.Name + "."
			}
			out = append(out, d)
		}
	}
	return append(out, p.Diagnostics...)
}
