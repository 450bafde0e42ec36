package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// config reads a config block inside a service: a text of its own, or that of a
// block at the top.
func (u *unit) config(b *hclsyntax.Block, spec *schema.Block) (Config, bool) {
	r := u.x.read(b, spec, u.sc)
	c := configFile(b, &r)
	var ok bool
	if _, shared := r.body.Attributes["source"]; shared {
		ok = u.shared(&r, &c)
	} else {
		c.Content, ok = u.content(&r)
	}
	if ok && !c.Path.IsSet() {
		if r.body.Attributes["path"] == nil && !r.strange {
			r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
				"A config needs the path at which the file stands in the container, as in\n    path = \"/etc/app/config.yaml\""))
		}
		return c, false
	}
	return c, ok
}

// topConfig reads a config block at the top.
func (u *unit) topConfig() (Config, bool) {
	r := u.x.read(u.block, u.decl.spec, u.sc)
	c := configFile(u.block, &r)
	var ok bool
	c.Content, ok = u.content(&r)
	return c, ok
}

func configFile(b *hclsyntax.Block, r *reader) Config {
	c := Config{Range: r.at, Name: b.Labels[0], Path: r.str("path")}
	if x := r.boolean("executable"); x.V {
		c.Mode = source.At(0o755, x.Range)
	}
	return c
}

// shared takes over what the config says that this one refers to.
func (u *unit) shared(r *reader, c *Config) bool {
	top, at, ok := r.ref("source", "config")
	if !ok {
		return false
	}
	for _, name := range []string{"content", "template", "vars"} {
		if a, has := r.body.Attributes[name]; has {
			r.ev.Report(diag.Errorf("NS113", rangeOf(a), "Conflicting arguments",
				"The text of this config is that of %s. Remove %q, or the source.", top.address, name).With(at, "the source"))
			ok = false
		}
	}
	base, read := top.topConfig()
	if !ok || !read {
		return false
	}
	c.Content = base.Content
	if !c.Path.IsSet() {
		c.Path = base.Path
	}
	if !c.Mode.IsSet() {
		c.Mode = base.Mode
	}
	return true
}

// content reads the text of a config: written inline, or a template.
func (u *unit) content(r *reader) (Text, bool) {
	_, inline := r.body.Attributes["content"]
	_, templated := r.body.Attributes["template"]
	if inline == templated {
		if !inline && r.strange {
			return Text{}, false
		}
		r.ev.Report(diag.Errorf("NS113", r.at, "Conflicting arguments",
			"A config has exactly one of content, template and, inside a service, source."))
		return Text{}, false
	}
	if inline {
		if a, has := r.body.Attributes["vars"]; has {
			r.ev.Report(diag.Errorf("NS113", rangeOf(a), "Conflicting arguments",
				"The names in vars are for a template. The content sees every name of the block: write it there."))
		}
		return r.contentOf("content", r.body.Attributes["content"].Expr)
	}
	name := u.below(r, "template", r.str("template"))
	if !name.IsSet() {
		r.notNull("template")
		return Text{}, false
	}
	if strings.HasPrefix(name.V, builtIn) && !u.x.dir.builtIn() {
		r.ev.Report(diag.Errorf("NS143", name.Range, "Path outside the stack",
			"The folder %q is the built-in kinds' own. Keep the template in another folder.", builtIn))
		return Text{}, false
	}
	expr, ok := u.x.template(name)
	if !ok {
		return Text{}, false
	}
	sc, ok := r.templateScope()
	if !ok {
		return Text{}, false
	}
	inner := &reader{ev: r.ev, sc: sc, body: r.body, spec: r.spec, at: r.at}
	t, ok := inner.contentOf("template", expr)
	t.Range = name.Range
	return t, ok
}

// contentOf reads the text of a file, which cannot be null: there would be no
// file.
func (r *reader) contentOf(name string, e hclsyntax.Expression) (Text, bool) {
	t, null := r.textExpr(name, "", e)
	if null {
		r.noText(e)
	}
	return t, t.IsSet()
}

// notNull refuses null for an argument that is there.
func (r *reader) notNull(name string) {
	e := r.body.Attributes[name].Expr
	if v, ok := r.ev.Value(e, r.sc); ok && v.IsNull() {
		r.noText(e)
	}
}

func (r *reader) noText(e hclsyntax.Expression) {
	r.ev.Report(diag.Errorf("NS103", source.FromHCL(e.Range()), "Missing argument",
		"The text of this file is null, so there would be no file. Write \"\" for an empty one."))
}

// templateScope is what the names in a template mean: those of the block, and
// vars.
func (r *reader) templateScope() (*eval.Scope, bool) {
	a, has := r.body.Attributes["vars"]
	if !has {
		return r.sc, true
	}
	v, at, ok := r.value("vars")
	if !ok {
		return nil, false
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		r.wrongType("vars", at, v)
		return nil, false
	}
	inside := attributesOf(a.Expr)
	sc := eval.NewScope(r.sc)
	vars := sc.Root("vars", "attribute")
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		name := k.AsString()
		where := at
		if w, ok := inside[name]; ok {
			where = source.FromHCL(w.value.Range())
		}
		vars.Declare(name, eval.Constant("vars."+name, "attribute", where, e))
	}
	return sc, true
}
