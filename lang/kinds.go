package lang

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/catalog"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// maxDepth bounds modules within modules.
const maxDepth = 16

// moduleNode is the node of one use of a module: its members are the outputs.
func moduleNode(u *unit) *eval.Node {
	return u.childNode(func(r *reader) (*folder, bool) {
		s := r.str("source")
		if !s.IsSet() {
			return nil, false
		}
		dir := path.Join(path.Dir(u.block.TypeRange.Filename), s.V)
		if path.IsAbs(s.V) || strings.HasPrefix(dir, "..") || strings.Contains(s.V, "\\") || strings.HasPrefix(dir, "catalog/") {
			r.ev.Report(diag.Errorf("NS140", s.Range, "Module outside the stack",
				"The source of a module is a folder inside the stack's folder, relative to the file that names it, as in\n    source = \"./modules/edge\""))
			return nil, false
		}
		f, ok := u.x.src.load(dir)
		if !ok {
			r.ev.Report(diag.Errorf("NS141", s.Range, "Module not found", "There is no folder %q with files that end in .hcl.", dir))
			return nil, false
		}
		return f, true
	})
}

// kindNode is the node of one use of a kind.
func kindNode(u *unit) *eval.Node {
	return u.childNode(func(*reader) (*folder, bool) { return u.x.src.kind(u.decl.kind) })
}

func (u *unit) childNode(find func(*reader) (*folder, bool)) *eval.Node {
	return &eval.Node{
		Address: u.address, Noun: u.decl.kind, Range: source.FromHCL(u.block.DefRange()), Place: u.x.place,
		Expand: func(ev *eval.Evaluator) (*eval.Members, bool) {
			r := u.x.read(u.block, u.decl.spec, u.sc)
			dir, ok := find(&r)
			if !ok || !u.enter(&r, dir) {
				return nil, false
			}
			members := eval.NewMembers("output")
			for _, o := range u.child.outputs {
				members.Add(o.name, o.node)
			}
			return members, true
		},
	}
}

// enter makes the instance of a folder for this use and declares its names.
func (u *unit) enter(r *reader, dir *folder) bool {
	at := source.FromHCL(u.block.DefRange())
	if len(u.x.calls) >= maxDepth || u.x.within(dir) {
		u.x.ev.Report(diag.Errorf("NS142", at, "Module within itself",
			"%s would expand without end: its folder %q uses itself.", u.address, dir.path))
		return false
	}
	isKind := u.decl.kind != "module"
	c := &instance{
		src: u.x.src, ev: u.x.ev, parent: u.x, dir: dir, sc: eval.NewScope(nil), spec: schema.Get().Module,
		prefix: u.address + ".", host: u.x.join(u.label()),
		calls: append(slices.Clip(u.x.calls), Call{Address: u.address, Range: at}),
	}
	self := c.sc.Root("self", "attribute")
	self.Declare("name", eval.Constant("self.name", "attribute", at, cty.StringVal(c.host)))
	copyRoot(c.sc, u.x.sc, "stack")
	c.given, c.meant = u.given(r), map[string]bool{}
	c.single = isKind && serviceCount(dir) == 1
	u.x.ev.Within(c.place, func() {
		for _, d := range dir.diags {
			c.ev.Report(copied(d))
		}
		c.declare()
	})
	u.child = c
	u.checkInputs(dir)
	return !dir.broken
}

// within tells whether the folder is being expanded already.
func (x *instance) within(dir *folder) bool {
	for p := x; p != nil; p = p.parent {
		if p.dir == dir {
			return true
		}
	}
	return false
}

// serviceCount counts the services of a kind; one that is repeated counts as
// several.
func serviceCount(dir *folder) int {
	n := 0
	for _, b := range dir.blocks {
		if b.Type == "service" {
			n++
			if _, repeated := b.Body.Attributes["for_each"]; repeated {
				n++
			}
		}
	}
	return n
}

// given gathers the inputs of a module or kind block. They are evaluated in the
// scope of the block, when their variable is.
func (u *unit) given(r *reader) map[string]input {
	out := map[string]input{}
	for name, a := range u.block.Body.Attributes {
		if name == "for_each" || (u.decl.kind == "module" && name == "source") {
			continue
		}
		out[name] = input{
			at:   source.FromHCL(a.Expr.Range()),
			expr: a.Expr,
			eval: func() (cty.Value, bool) {
				return r.ev.Eval(a.Expr, r.sc)
			},
		}
	}
	return out
}

// checkInputs refuses arguments that no variable of the folder takes.
func (u *unit) checkInputs(dir *folder) {
	var names []string
	known := map[string]bool{}
	for _, b := range dir.blocks {
		if b.Type == "variable" && len(b.Labels) == 1 {
			names = append(names, b.Labels[0])
			known[b.Labels[0]] = true
		}
	}
	for _, a := range attributesInOrder(u.block.Body) {
		if _, isInput := u.child.given[a.Name]; !isInput || known[a.Name] {
			continue
		}
		at := source.FromHCL(a.NameRange)
		if hint := schema.KindHint(a.Name); hint != "" && u.decl.kind != "module" {
			u.x.ev.Report(diag.Errorf("NS102", at, "Unsupported argument", "%s has no argument named %q. %s", describe(u), a.Name, hint))
			continue
		}
		d := diag.Errorf("NS102", at, "Unsupported argument",
			"%s has no argument named %q.%s It takes: %s.", describe(u), a.Name, eval.DidYouMean(a.Name, names), strings.Join(names, ", "))
		if s := eval.Suggest(a.Name, names); s != "" {
			d.Fix = []diag.Edit{{Range: at, Text: s}}
			u.child.meant[s] = true
		}
		u.x.ev.Report(d)
	}
	for _, b := range u.block.Body.Blocks {
		if hint := schema.KindHint(b.Type); hint != "" && u.decl.kind != "module" {
			u.x.ev.Report(diag.Errorf("NS104", source.FromHCL(b.TypeRange), "Unsupported block", "%s has no block named %q. %s", describe(u), b.Type, hint))
			continue
		}
		u.x.ev.Report(diag.Errorf("NS104", source.FromHCL(b.TypeRange), "Unsupported block",
			"%s takes arguments only: write %q with an equals sign, as in\n    %s = { … }", describe(u), b.Type, b.Type))
	}
}

func describe(u *unit) string {
	if u.decl.kind == "module" {
		return "The module"
	}
	return "The kind " + u.decl.kind
}

func copyRoot(dst, src *eval.Scope, name string) {
	for _, n := range src.Root(name, "attribute").Nodes() {
		dst.Root(name, "attribute").Declare(strings.TrimPrefix(n.Address, name+"."), n)
	}
}

// join puts a name behind the host prefix of the instance.
func (x *instance) join(name string) string {
	if x.host == "" {
		return name
	}
	return x.host + "-" + name
}

// composeName is the name of a service for compose and on its networks.
func (u *unit) composeName() string {
	if u.x.single {
		return u.x.host
	}
	return u.x.join(u.label())
}

// tokens writes a text back into the form in which expressions carry it.
func tokens(t secret.Text) string {
	var b strings.Builder
	for _, p := range t {
		if p.Secret != nil {
			b.WriteString(p.Secret.Token())
			continue
		}
		b.WriteString(p.Literal)
	}
	return b.String()
}

// kindNames lists the kinds that the stack can use, sorted.
func (s *Source) kindNames() []string {
	seen := map[string]bool{}
	for _, src := range []struct {
		fsys fs.FS
		dir  string
	}{{s.fsys, "kinds"}, {catalog.FS, "."}} {
		entries, err := fs.ReadDir(src.fsys, src.dir)
		if err != nil {
			continue // a stack without kinds of its own
		}
		for _, e := range entries {
			if e.IsDir() {
				seen[e.Name()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// kindNames lists the kinds that a block of this folder can be, sorted.
func (x *instance) kindNames() []string {
	return slices.DeleteFunc(x.src.kindNames(), reserved)
}

// checkKinds makes the names of all kinds known, so that a reference to one that
// is not in use says so, and refuses a kind of the project's own that nothing
// could ever use: its name has another meaning.
func (x *instance) checkKinds() {
	for _, name := range x.src.kindNames() {
		if !reserved(name) {
			x.sc.Root(name, name)
			continue
		}
		if f, ok := x.src.load(path.Join("kinds", name)); ok {
			at := source.Range{File: f.names[0], Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
			x.ev.Report(diag.Errorf("NS108", at, "Invalid name",
				"A kind cannot be called %q: in expressions, or at the beginning of a block, the language gives that word another meaning. Rename the folder kinds/%s.", name, name))
		}
	}
}

// reserved tells the words that no kind can be called: block types, and roots of
// expressions.
func reserved(name string) bool {
	switch name {
	case "var", "local", "each", "self", "vars", "true", "false", "null":
		return true
	}
	_, top := schema.Get().Root.Nested(name)
	_, inModule := schema.Get().Module.Nested(name)
	return top || inModule
}
