package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// config reads a config block inside a service, or, for a shared one, the block
// at the top that it refers to.
func (u *unit) config(b *hclsyntax.Block, r *reader, from *hclsyntax.Block) (Config, bool) {
	c := Config{Range: r.at, Name: b.Labels[0], Path: r.str("path")}
	if x := r.boolean("executable"); x.V {
		c.Mode = source.At(0o755, x.Range)
	}
	if shared, at, ok := r.ref("source", "config"); ok {
		if from != nil {
			r.ev.Report(diag.Errorf("NS113", at, "Conflicting arguments", "A config that is declared at the top has a text of its own, not a source."))
			return c, false
		}
		base, ok := shared.config(shared.block, shared.x.read(shared.block, shared.decl.spec, shared.sc), b)
		if !ok {
			return c, false
		}
		c.Content = base.Content
		if !c.Path.IsSet() {
			c.Path = base.Path
		}
		if !c.Mode.IsSet() {
			c.Mode = base.Mode
		}
	} else if _, has := r.body.Attributes["source"]; has {
		return c, false
	} else if c.Content, ok = u.content(r); !ok {
		return c, false
	}
	if !c.Path.IsSet() && from == nil && r.body.Attributes["path"] == nil {
		r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
			"A config needs the path at which the file stands in the container, as in\n    path = \"/etc/app/config.yaml\""))
		return c, false
	}
	return c, true
}

// content reads the text of a config: written inline, or a template.
func (u *unit) content(r *reader) (Text, bool) {
	_, inline := r.body.Attributes["content"]
	_, templated := r.body.Attributes["template"]
	if inline == templated {
		r.ev.Report(diag.Errorf("NS113", r.at, "Conflicting arguments",
			"A config has exactly one of content, template and source."))
		return Text{}, false
	}
	if inline {
		t := r.text("content")
		return t, t.IsSet()
	}
	name := r.str("template")
	if !name.IsSet() {
		return Text{}, false
	}
	full := u.below(r, "template", name)
	if !full.IsSet() {
		return Text{}, false
	}
	if strings.HasPrefix(full.V, builtIn) && !u.x.dir.builtIn() {
		r.ev.Report(diag.Errorf("NS143", full.Range, "Path outside the stack",
			"The folder %q is the built-in kinds' own. Keep the template in another folder.", builtIn))
		return Text{}, false
	}
	expr, ok := u.x.template(full)
	if !ok {
		return Text{}, false
	}
	sc := r.sc
	if v, at, ok := r.value("vars"); ok {
		if !v.Type().IsObjectType() && !v.Type().IsMapType() {
			r.wrongType("vars", at, v)
			return Text{}, false
		}
		sc = eval.NewScope(r.sc)
		vars := sc.Root("vars", "attribute")
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			vars.Declare(k.AsString(), eval.Constant("vars."+k.AsString(), "attribute", at, e))
		}
	}
	inner := &reader{ev: r.ev, sc: sc, body: r.body, spec: r.spec, at: r.at}
	t := inner.textExpr("template", expr)
	if t.IsSet() {
		t.Range = full.Range
	}
	return t, t.IsSet()
}
