package lang

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// instance is one use of a folder: the root stack itself, or one expansion of a
// module or kind. It declares the folder's names in a scope of its own.
type instance struct {
	src    *Source
	ev     *eval.Evaluator
	dir    *folder
	sc     *eval.Scope
	spec   *schema.Block // what may stand at the top of the folder
	prefix string        // of addresses: "" or "redis.cache."
	host   string        // of compose names: "" or "cache"
	single bool          // a kind with one service, which takes the host name itself
	calls  []Call
	parent *instance
	given  map[string]input // values for the variables
	meant  map[string]bool  // variables that an argument with a misspelt name may have meant

	decls   []*decl // everything that expands, in source order
	outputs []*output
	late    []func()     // what is read once every name is known
	values  []*eval.Node // variables and locals, for the unused check
}

// decl is one declared block that may be repeated, with the node that stands
// for it in expressions.
type decl struct {
	x       *instance
	block   *hclsyntax.Block
	spec    *schema.Block
	kind    string // block type
	name    string // label
	address string // "service.web"
	node    *eval.Node
	units   []*unit
	member  func(*unit) *eval.Node
}

// unit is one element of a declaration: the block itself, or the block for one
// key of its for_each.
type unit struct {
	*decl
	sc      *eval.Scope
	key     string
	keyed   bool
	address string // `service.web["eu"]`
	child   *instance
}

// name of the unit for compose: label, and key where there is one.
func (u *unit) label() string {
	if u.keyed {
		return u.decl.name + "-" + u.key
	}
	return u.decl.name
}

func (u *unit) declared() Declared {
	return Declared{Address: u.address, Range: source.FromHCL(u.block.DefRange()), Calls: u.x.calls}
}

var (
	dnsName    = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)
	keyName    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`) // what follows a name
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)
)

// nouns are the words for the names below each root.
var nouns = map[string]string{
	"secret": "secret", "service": "service", "volume": "volume", "config": "config", "module": "module",
}

// declare makes the nodes of a folder's blocks. Names become known first, and
// nothing is evaluated.
func (x *instance) declare() {
	for root, noun := range nouns {
		x.sc.Root(root, noun)
	}
	x.sc.Root("var", "variable")
	x.sc.Root("local", "local value")
	for _, b := range x.dir.blocks {
		x.declareBlock(b)
	}
}

func (x *instance) declareBlock(b *hclsyntax.Block) {
	nested, known := x.spec.Nested(b.Type)
	if !known {
		x.declareKind(b)
		return
	}
	if !checkLabels(x.ev, b, nested.Block) {
		x.declareFailed(b, b.Type)
		return
	}
	switch b.Type {
	case "variable":
		x.declareVariable(b, nested.Block)
	case "locals":
		x.declareLocals(b)
	case "output":
		x.declareOutput(b, nested.Block)
	case "secret":
		x.declareUnits(b, nested.Block, "secret", secretNode)
	case "service":
		x.declareUnits(b, nested.Block, "service", serviceNode)
	case "volume", "config":
		x.declareUnits(b, nested.Block, b.Type, refNode)
	case "module":
		x.declareUnits(b, nested.Block, "module", moduleNode)
	}
}

// declareKind declares a block whose type is the name of a kind.
func (x *instance) declareKind(b *hclsyntax.Block) {
	at := source.FromHCL(b.TypeRange)
	if _, ok := x.src.kind(b.Type); !ok {
		names := append(x.spec.BlockNames(), x.kindNames()...)
		d := unknownBlock(b, x.spec, names)
		switch _, top := schema.Get().Root.Nested(b.Type); {
		case top:
			d.Detail = schema.A(b.Type) + " block stands in the stack's own files, not in those of a module or kind."
		case !strings.Contains(d.Detail, "Did you mean") && x.spec.Hint(b.Type) == "":
			d.Detail += " A kind of your own is a folder named\n    kinds/" + b.Type
		}
		x.ev.Report(d)
		x.declareFailed(b, b.Type)
		if meant := eval.Suggest(b.Type, names); meant != "" {
			x.declareFailed(b, meant)
		}
		return
	}
	if len(b.Labels) != 1 {
		x.ev.Report(diag.Errorf("NS105", at, "Wrong number of labels", "%s block has one label, its name, written as\n    %s \"NAME\" {\n      …\n    }", schema.A(b.Type), b.Type))
		x.declareFailed(b, b.Type)
		return
	}
	x.sc.Root(b.Type, b.Type)
	x.declareUnits(b, &schema.Block{Name: b.Type, Labels: []string{"name"}, Open: true, ForEach: true}, b.Type, kindNode)
}

// declareFailed makes the name of a block that is wrong known, so that what
// refers to it is not reported as well.
func (x *instance) declareFailed(b *hclsyntax.Block, root string) {
	_, core := x.spec.Nested(root)
	switch {
	case len(b.Labels) == 0:
		return
	case root == "variable":
		root = "var"
	case core && nouns[root] == "":
		return // a stack, an environment: nothing refers to them by name
	}
	n := eval.Failed(x.prefix+root+"."+b.Labels[0], root, source.FromHCL(b.DefRange()))
	x.sc.Root(root, root).Declare(b.Labels[0], n) // a name that is taken stays what it is
}

func (x *instance) declareUnits(b *hclsyntax.Block, spec *schema.Block, root string, member func(*unit) *eval.Node) {
	name := b.Labels[0]
	pattern := dnsName
	if root == "secret" {
		pattern = identifier
	}
	if !pattern.MatchString(name) {
		x.ev.Report(invalidName(b, root, pattern == dnsName))
		x.declareFailed(b, root)
		return
	}
	d := &decl{x: x, block: b, spec: spec, kind: root, name: name, address: x.prefix + root + "." + name, member: member}
	at := source.FromHCL(b.DefRange())
	noun := root
	if _, repeated := b.Body.Attributes["for_each"]; repeated {
		d.node = &eval.Node{Address: d.address, Noun: noun, Range: at, Expand: d.expand, Place: x.place}
	} else {
		u := &unit{decl: d, sc: x.sc, address: d.address}
		d.units = []*unit{u}
		d.node = member(u)
	}
	if first, ok := x.sc.Root(root, noun).Declare(name, d.node); !ok {
		x.ev.Report(duplicate(at, noun, name, first))
		return
	}
	x.decls = append(x.decls, d)
}

func invalidName(b *hclsyntax.Block, noun string, dns bool) *diag.Diagnostic {
	at := source.FromHCL(b.LabelRanges[0])
	if dns {
		return diag.Errorf("NS108", at, "Invalid name",
			"The name of %s is a host or file name too: 1 to 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen.", schema.An(noun))
	}
	return diag.Errorf("NS108", at, "Invalid name",
		"The name of %s is at most 63 letters, digits, underscores and hyphens, and does not begin with a digit.", schema.An(noun))
}

func duplicate(at source.Range, noun, name string, first source.Range) *diag.Diagnostic {
	return diag.Errorf("NS109", at, "Duplicate declaration",
		"The %s %q is already declared at %s. References could not tell the two apart: rename or remove one.", noun, name, first).
		With(first, "first declared here")
}

// expand evaluates for_each into one unit for each key, in order of key.
func (d *decl) expand(ev *eval.Evaluator) (*eval.Members, bool) {
	attr := d.block.Body.Attributes["for_each"]
	v, ok := ev.Eval(attr.Expr, d.x.sc)
	if !ok {
		return nil, false
	}
	at := source.FromHCL(attr.Expr.Range())
	elems, ok := d.elements(ev, v, at)
	if !ok {
		return nil, false
	}
	members := eval.NewMembers("instance")
	for _, e := range elems {
		u := &unit{decl: d, key: e.name(), keyed: true, sc: eval.NewScope(d.x.sc)}
		u.address = d.address + "[" + strconv.Quote(u.key) + "]"
		e.declare(u.sc, at)
		d.units = append(d.units, u)
		members.Add(u.key, d.member(u))
	}
	return members, true
}

// element is one key of a for_each and what stands under it.
type element struct {
	key   cty.Value // a string
	value cty.Value
}

// name is the key as a string.
func (e element) name() string {
	k, _ := e.key.Unmark()
	return k.AsString()
}

// declare makes the names each.key and each.value.
func (e element) declare(sc *eval.Scope, at source.Range) {
	each := sc.Root("each", "attribute")
	each.Declare("key", eval.Constant("each.key", "attribute", at, e.key))
	each.Declare("value", eval.Constant("each.value", "attribute", at, e.value))
}

// maxInstances bounds a for_each; a host runs some hundreds of containers.
const maxInstances = 10_000

func (d *decl) elements(ev *eval.Evaluator, v cty.Value, at source.Range) ([]element, bool) {
	v, marks := v.Unmark()
	ty := v.Type()
	isSet := ty.IsSetType() && (ty.ElementType() == cty.String || v.LengthInt() == 0)
	if v.IsNull() || (!ty.IsMapType() && !ty.IsObjectType() && !isSet) {
		ev.Report(diag.Errorf("NS215", at, "Invalid for_each value",
			"for_each takes a map, an object, or a set of strings, as in\n    for_each = toset([\"eu\", \"us\"])\nA list has no stable keys: removing its first element would rename all others."))
		return nil, false
	}
	if v.LengthInt() > maxInstances {
		ev.Report(diag.Errorf("NS215", at, "Invalid for_each value", "for_each has %d elements; %d are the most.", v.LengthInt(), maxInstances))
		return nil, false
	}
	named := d.kind != "secret"
	var out []element
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if isSet {
			k = e
		}
		key := k.AsString()
		if named && !keyName.MatchString(key) || strings.Contains(key, "\x00") {
			ev.Report(diag.Errorf("NS215", at, "Invalid for_each value",
				"The key %q becomes part of a host or file name: it takes 1 to 40 lower-case letters, digits and hyphens, with no hyphen at either end.", eval.Redact(key)))
			return nil, false
		}
		out = append(out, element{k.WithMarks(marks), e.WithMarks(marks)})
	}
	return out, true
}
