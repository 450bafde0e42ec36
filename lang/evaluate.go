package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// Evaluate evaluates the stack for one environment. When a file did not parse
// it evaluates nothing: names would seem to be missing that are only unread.
func (s *Source) Evaluate(env string) (*Stack, diag.List) { return s.evaluate(env, nil) }

// evaluate is Evaluate, for a test where there is one.
func (s *Source) evaluate(env string, t *Test) (*Stack, diag.List) {
	if s.root.broken {
		return nil, nil
	}
	x := &instance{src: s, ev: eval.New(s.allowance()), dir: s.root, sc: eval.NewScope(nil), spec: schema.Get().Root}
	st := &Stack{Environment: env, root: x}
	x.environment(st)
	if t != nil {
		x.givenBy(t)
	}
	x.header(st)
	x.declare()
	x.checkKinds()
	x.collect(st)
	x.edges(st)
	x.unused()
	return st, s.once(x.ev.Diagnostics()).Sort()
}

// allowance is the work that the evaluation of one environment may take.
func (s *Source) allowance() int {
	bytes := 0
	for _, name := range s.root.names {
		if f, ok := s.files[name]; ok {
			bytes += len(f.Bytes)
		}
	}
	return eval.Allowance(len(s.Environments()), bytes)
}

// once keeps one finding of each kind for each place in a module or kind: what is
// wrong there is wrong for everyone who uses it.
func (s *Source) once(diags diag.List) diag.List {
	type place struct {
		code string
		at   source.Range
	}
	seen := map[place]bool{}
	return slices.DeleteFunc(diags, func(d *diag.Diagnostic) bool {
		p := place{d.Code, d.Subject}
		again := seen[p]
		seen[p] = true
		return again && !s.root.owns(d.Subject.File)
	})
}

// header reads the stack block and declares what expressions see of it.
func (x *instance) header(st *Stack) {
	var blocks []*hclsyntax.Block
	for _, b := range x.dir.blocks {
		if b.Type == "stack" {
			blocks = append(blocks, b)
		}
	}
	root := x.sc.Root("stack", "attribute")
	root.Declare("environment", eval.Constant("stack.environment", "attribute", source.Range{}, cty.StringVal(st.Environment)))
	root.Declare("posture", eval.Constant("stack.posture", "attribute", source.Range{}, cty.StringVal(st.Posture.V)))
	if len(blocks) == 0 {
		at := source.Range{File: x.dir.names[0], Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
		x.ev.Report(diag.Errorf("NS123", at, "No stack block", "Every stack has one block that names it, as in\n    stack \"shop\" {\n      domain = \"shop.example.com\"\n    }"))
		return
	}
	b := blocks[0]
	for _, other := range blocks[1:] {
		x.ev.Report(diag.Errorf("NS106", source.FromHCL(other.DefRange()), "Duplicate block",
			"A stack has exactly one stack block. Two stacks are two folders.").With(source.FromHCL(b.DefRange()), "the first one is here"))
	}
	if len(b.Labels) != 1 {
		return // declare reports it
	}
	st.Range = source.FromHCL(b.DefRange())
	st.Name = label(b)
	if !dnsName.MatchString(st.Name.V) || len(st.Name.V) > 32 {
		x.ev.Report(diag.Errorf("NS108", st.Name.Range, "Invalid name",
			"The name of a stack is part of host, network and firewall names: 1 to 32 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."))
	}
	nested, _ := x.spec.Nested("stack")
	// The names that the domain may refer to are declared after this; they are
	// looked up when the node is computed.
	root.Declare("name", eval.Constant("stack.name", "attribute", st.Range, cty.StringVal(st.Name.V)))
	root.Declare("domain", &eval.Node{
		Address: "stack.domain", Noun: "attribute", Range: st.Range,
		Compute: func(ev *eval.Evaluator) (cty.Value, bool) {
			a, ok := b.Body.Attributes["domain"]
			if !ok {
				ev.Report(diag.Errorf("NS103", st.Range, "Missing argument",
					"stack.domain is used, but the stack block has no domain, as in\n    domain = \"shop.example.com\""))
				return cty.DynamicVal, false
			}
			return ev.Eval(a.Expr, x.sc)
		},
	})
	x.late = append(x.late, func() {
		r := x.read(b, nested.Block, x.sc)
		st.Domain, st.SubnetPool = r.str("domain"), r.str("subnet_pool")
	})
}

// environment finds the environment's block and takes posture and variables
// from it.
func (x *instance) environment(st *Stack) {
	x.given = map[string]input{}
	seen := map[string]source.Range{}
	for _, b := range x.dir.blocks {
		if b.Type != "environment" || len(b.Labels) != 1 {
			continue
		}
		at := source.FromHCL(b.DefRange())
		name := b.Labels[0]
		if first, dup := seen[name]; dup {
			x.ev.Report(duplicate(at, "environment", name, first))
			continue
		}
		seen[name] = at
		if !dnsName.MatchString(name) {
			x.ev.Report(invalidName(b, "environment", true))
			continue
		}
		if name != st.Environment {
			continue
		}
		nested, _ := x.spec.Nested("environment")
		r := x.read(b, nested.Block, eval.NewScope(nil))
		st.Posture = r.str("posture")
		x.environmentVariables(&r)
		for _, sb := range r.blocks("secrets") {
			x.late = append(x.late, func() { st.Store = x.secretStore(sb, r.nested("secrets")) })
		}
		for _, pb := range r.blocks("policy") {
			x.late = append(x.late, func() { x.policy(st, pb, r.nested("policy"), false) })
		}
	}
	if !st.Posture.IsSet() {
		st.Posture = String{V: "production"}
	}
}

// environmentVariables makes every entry an input of the variable of its name.
func (x *instance) environmentVariables(r *reader) {
	v, at, ok := r.value("variables")
	if !ok {
		return
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		r.wrongType("variables", at, v)
		return
	}
	inside := attributesOf(r.body.Attributes["variables"].Expr)
	var names []string
	declared := map[string]bool{}
	for _, b := range x.dir.blocks {
		if b.Type == "variable" && len(b.Labels) == 1 {
			names = append(names, b.Labels[0])
			declared[b.Labels[0]] = true
		}
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		name := k.AsString()
		where, named := at, at
		in := input{eval: func() (cty.Value, bool) { return e, true }}
		if w, ok := inside[name]; ok {
			named, where, in.expr = w.name, source.FromHCL(w.value.Range()), w.value
		}
		if in.at = where; !declared[name] {
			x.ev.Report(diag.Errorf("NS201", named, "Unknown name",
				"There is no variable named %q.%s", name, x.ev.DidYouMean(name, len(names), func() []string { return names })))
			continue
		}
		x.given[name] = in
	}
}

// collect reads every unit of every declaration, here and in the modules and
// kinds below, in source order.
func (x *instance) collect(st *Stack) {
	for _, f := range x.late {
		f()
	}
	for _, n := range x.values {
		x.ev.Force(n)
	}
	for _, d := range x.decls {
		if d.expands() {
			if _, ok := x.ev.Force(d.node); !ok {
				continue
			}
		}
		for _, u := range d.units {
			u.collect(st)
		}
	}
	for _, o := range x.outputs {
		x.ev.Force(o.node)
	}
	x.rules(st)
}

// expands tells whether the units of a declaration, or what is in them, are known
// only when its node is computed. The others are read as they stand.
func (d *decl) expands() bool {
	switch d.kind {
	case "service", "secret", "volume", "config":
		return len(d.units) == 0 // a for_each
	}
	return true
}

// unitPrice is what one unit costs of what a stack may produce: it bounds the
// units of an environment, by for_each within for_each too, at some 16,000.
const unitPrice = 4096

func (u *unit) collect(st *Stack) {
	if !u.x.ev.Charge(unitPrice, source.FromHCL(u.block.DefRange())) {
		return
	}
	switch u.decl.kind {
	case "service":
		st.Services = append(st.Services, u.service())
	case "secret":
		u.x.ev.Within(u.x.place, func() { st.Secrets = append(st.Secrets, u.secret()) })
	case "volume":
		u.x.ev.Within(u.x.place, func() { u.x.read(u.block, u.decl.spec, u.sc) })
		st.Volumes = append(st.Volumes, &Volume{Declared: u.declared(), Name: u.x.join(u.label())})
	case "config":
		u.x.ev.Within(u.x.place, func() { u.topConfig() })
	default: // a module or kind
		if u.keyed {
			if m, ok := u.x.ev.Members(u.decl.node); ok {
				if n, ok := m.Get(u.key); ok {
					u.x.ev.Force(n)
				}
			}
		}
		if u.child != nil {
			u.child.collect(st)
			st.Kinds = append(st.Kinds, u.child.arguments(u))
			u.child.unused()
		}
	}
}

// edges reads the blocks of which a stack has one.
func (x *instance) edges(st *Stack) {
	var stores, policies []*hclsyntax.Block
	for _, b := range x.dir.blocks {
		nested, ok := x.spec.Nested(b.Type)
		if !ok || len(b.Labels) != 0 {
			continue
		}
		at := source.FromHCL(b.DefRange())
		switch b.Type {
		case "secrets":
			if stores = append(stores, b); len(stores) > 1 {
				x.ev.Report(duplicate(at, "block", "secrets", source.FromHCL(stores[0].DefRange())))
				continue
			}
			s := x.secretStore(b, nested.Block)
			if st.Store == nil { // an environment's own goes before that of all
				st.Store = s
			}
		case "policy":
			if policies = append(policies, b); len(policies) > 1 {
				x.ev.Report(duplicate(at, "block", "policy", source.FromHCL(policies[0].DefRange())))
				continue
			}
			x.policy(st, b, nested.Block, true)
		case "ingress":
			if st.Ingress != nil {
				x.ev.Report(duplicate(at, "block", "ingress", st.Ingress.Range))
				continue
			}
			st.Ingress = x.ingress(b, nested.Block, st.Posture.V)
		case "firewall":
			if st.Firewall != nil {
				x.ev.Report(duplicate(at, "block", "firewall", st.Firewall.Range))
				continue
			}
			st.Firewall = x.firewall(b, nested.Block)
		}
	}
}

// unused warns of variables, locals, volumes and configs that nothing refers
// to, in the stack's own files. A name that begins with an underscore is left.
func (x *instance) unused() {
	if x.dir.builtIn() || x.ev.Diagnostics().HasErrors() {
		return
	}
	warn := func(n *eval.Node, name string) {
		if n.Used() || strings.HasPrefix(name, "_") {
			return
		}
		x.ev.Report(diag.Warningf("NS230", n.Range, "Unused declaration",
			"Nothing refers to %s. Remove it, or begin its name with an underscore to keep it.", n.Address))
	}
	for _, n := range x.values {
		warn(n, n.Address[strings.LastIndexByte(n.Address, '.')+1:])
	}
	for _, d := range x.decls {
		if d.kind == "volume" || d.kind == "config" {
			warn(d.node, d.name)
		}
	}
}
