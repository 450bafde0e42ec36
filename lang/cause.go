package lang

import (
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// Causes finds where the values of one environment were written: an argument may
// say "var.x", and the environment, or whoever uses the module, says what that is.
type Causes struct {
	s   *Source
	env string
	// names are the expressions that are nothing but the name of a variable or a
	// local, by their places, and the folders that they stand in.
	names map[source.Range]use
}

type use struct {
	dir        *folder
	root, name string
}

// Causes prepares to look; the syntax is walked on the first question.
func (s *Source) Causes(env string) *Causes { return &Causes{s: s, env: env} }

// Of gives the place of the value that an expression stands for: its own, unless it
// is only a name.
func (c *Causes) Of(at source.Range) source.Range {
	if c.names == nil {
		c.index()
	}
	const most = 20 // names for names, in a stack without cycles
	for range most {
		u, ok := c.names[at]
		if !ok {
			return at
		}
		to, ok := c.written(u)
		if !ok {
			return at
		}
		at = to
	}
	return at
}

func (c *Causes) index() {
	c.names = map[source.Range]use{}
	for _, f := range c.s.folders {
		if f == nil || f.builtIn() {
			continue
		}
		for _, b := range f.blocks {
			_ = hclsyntax.VisitAll(b, func(n hclsyntax.Node) hcl.Diagnostics { // the visitor reports nothing
				if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok && len(e.Traversal) == 2 {
					if step, ok := e.Traversal[1].(hcl.TraverseAttr); ok {
						c.names[source.FromHCL(e.Range())] = use{f, e.Traversal.RootName(), step.Name}
					}
				}
				return nil
			})
		}
	}
}

// written finds the expression behind a name.
func (c *Causes) written(u use) (source.Range, bool) {
	switch u.root {
	case "local":
		for _, b := range u.dir.blocks {
			if a := b.Body.Attributes[u.name]; b.Type == "locals" && a != nil {
				return source.FromHCL(a.Expr.Range()), true
			}
		}
	case "var":
		if e := c.input(u); e != nil {
			return source.FromHCL(e.Range()), true
		}
		for _, b := range u.dir.blocksOf("variable") {
			if a := b.Body.Attributes["default"]; a != nil && b.Labels[0] == u.name {
				return source.FromHCL(a.Expr.Range()), true
			}
		}
	}
	return source.Range{}, false
}

// input gives what the environment says of a variable of the stack; of a module's,
// what the one block that uses the module says.
func (c *Causes) input(u use) hclsyntax.Expression {
	if u.dir == c.s.root {
		for _, b := range u.dir.blocksOf("environment") {
			if a := b.Body.Attributes["variables"]; a != nil && b.Labels[0] == c.env {
				if w, ok := attributesOf(a.Expr)[u.name]; ok {
					return w.value
				}
			}
		}
		return nil
	}
	var users []*hclsyntax.Block
	for _, f := range c.s.folders {
		if f == nil || f.builtIn() {
			continue
		}
		for _, b := range f.blocks {
			if dir, ok := c.s.used(f, b); ok && dir == u.dir {
				users = append(users, b)
			}
		}
	}
	if len(users) != 1 || users[0].Body.Attributes[u.name] == nil {
		return nil
	}
	return users[0].Body.Attributes[u.name].Expr
}

// used gives the folder of the module or kind that a block uses.
func (s *Source) used(in *folder, b *hclsyntax.Block) (*folder, bool) {
	dir := path.Join("kinds", b.Type)
	if b.Type == "module" {
		a := b.Body.Attributes["source"]
		if a == nil {
			return nil, false
		}
		source, ok := eval.String(a.Expr)
		if !ok {
			return nil, false
		}
		dir = path.Join(in.path, source) // as moduleNode does
	}
	f := s.folders[dir]
	return f, f != nil
}
