package lang

import (
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// template is a template file, parsed once.
type template struct {
	expr  hclsyntax.Expression // nil when it did not parse
	diags diag.List
}

// template gives the expression that a template file is.
func (x *instance) template(name String) (hclsyntax.Expression, bool) {
	t, ok := x.src.templates[name.V]
	if !ok {
		b, err := readFile(x.dir.fsys, name.V)
		if err != nil {
			d := readError(name.Range, name.V, err)
			d.Subject = name.Range
			if dir := path.Dir(name.V); dir != "." {
				d.Detail += " Paths are relative to the file that names them: this one leads to the folder " + dir + "."
			}
			x.ev.Report(d)
			return nil, false
		}
		f := source.NewFile(name.V, b)
		x.src.files[name.V] = f
		t = parseTemplate(f)
		x.src.templates[name.V] = t
	}
	for _, d := range t.diags {
		x.ev.Report(copied(d))
	}
	return t.expr, t.expr != nil
}

func parseTemplate(f *source.File) *template {
	if fault := source.GuardTemplate(f); fault != nil {
		return &template{diags: diag.List{faulty(fault)}}
	}
	expr, diags := hclsyntax.ParseTemplate(f.Bytes, f.Name, hcl.InitialPos)
	if diags.HasErrors() {
		return &template{diags: eval.FromHCLSyntax(diags)}
	}
	return &template{expr: expr}
}

// copied makes a finding of its own of one that is reported several times, each
// time with other related places.
func copied(d *diag.Diagnostic) *diag.Diagnostic {
	c := *d
	c.Related = append([]diag.Related(nil), d.Related...)
	return &c
}
