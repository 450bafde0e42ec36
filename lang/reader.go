package lang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// reader reads the arguments of one block: it checks them against the table,
// evaluates them in the block's scope, converts them, and keeps their ranges.
// What is wrong is reported once; the argument then reads as unset.
type reader struct {
	ev   *eval.Evaluator
	sc   *eval.Scope
	body *hclsyntax.Body
	spec *schema.Block
	at   source.Range // the block's header
	// strange tells that something in the block was refused as unknown: what
	// seems to be missing may be what that was meant to be.
	strange bool
}

// read starts on a block and reports everything that has no place in it.
func (x *instance) read(b *hclsyntax.Block, spec *schema.Block, sc *eval.Scope) reader {
	r := reader{ev: x.ev, sc: sc, body: b.Body, spec: spec, at: source.FromHCL(b.DefRange())}
	r.checkArguments()
	r.checkBlocks()
	return r
}

func (r *reader) checkArguments() {
	unknown := false
	for name := range r.body.Attributes {
		_, known := r.spec.Arg(name)
		unknown = unknown || !known
	}
	var meant []string // what misspelt names may have meant
	if unknown && !r.spec.Open {
		r.strange = true
		for _, a := range attributesInOrder(r.body) {
			if _, ok := r.spec.Arg(a.Name); !ok {
				meant = append(meant, r.unknownArgument(a))
			}
		}
	}
	for _, a := range r.spec.Required() {
		if _, ok := r.body.Attributes[a.Name]; !ok && !slices.Contains(meant, a.Name) {
			r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
				"The argument %q is required in %s block: %s", a.Name, schema.An(r.spec.Name), a.Doc))
		}
	}
}

// unknownArgument reports an argument that the block does not have, and gives the
// one that was probably meant, or "".
func (r *reader) unknownArgument(a *hclsyntax.Attribute) string {
	at, names := source.FromHCL(a.NameRange), r.spec.ArgNames()
	meant := eval.Suggest(a.Name, names)
	d := diag.Errorf("NS102", at, "Unsupported argument", "")
	hint := r.spec.Hint(a.Name)
	_, isBlock := r.spec.Nested(a.Name)
	switch {
	case isBlock:
		d.Detail = fmt.Sprintf("%q is a block, not an argument: write it without the equals sign, as in\n    %s {\n      …\n    }", a.Name, a.Name)
	case hint != "":
		d.Detail = fmt.Sprintf("%s block has no argument named %q. %s", schema.A(r.spec.Name), a.Name, hint)
	case meant != "":
		d.Detail = fmt.Sprintf("%s block has no argument named %q. Did you mean %q?", schema.A(r.spec.Name), a.Name, meant)
		d.Fix = []diag.Edit{{Range: at, Text: meant}}
	default:
		d.Detail = fmt.Sprintf("%s block has no argument named %q. %s", schema.A(r.spec.Name), a.Name, takes(names))
	}
	r.ev.Report(d)
	return meant
}

// takes lists what a block takes, for a name that is like none of it.
func takes(names []string) string {
	if len(names) == 0 {
		return "It takes no arguments."
	}
	return "It takes: " + strings.Join(names, ", ") + "."
}

func (r *reader) checkBlocks() {
	if r.spec.Open {
		return // whoever declared the arguments says what else may stand there
	}
	count := map[string]*hclsyntax.Block{}
	for _, b := range r.body.Blocks {
		nested, ok := r.spec.Nested(b.Type)
		if !ok {
			r.ev.Report(unknownBlock(b, r.spec, r.spec.BlockNames()))
			r.strange = true
			continue
		}
		checkLabels(r.ev, b, nested.Block)
		if first := count[b.Type]; first != nil && nested.Max == 1 {
			r.ev.Report(diag.Errorf("NS106", source.FromHCL(b.DefRange()), "Duplicate block",
				"%s block holds at most one %s block.", schema.A(r.spec.Name), b.Type).
				With(source.FromHCL(first.DefRange()), "the first one is here"))
			continue
		}
		count[b.Type] = b
	}
}

func unknownBlock(b *hclsyntax.Block, spec *schema.Block, names []string) *diag.Diagnostic {
	at := source.FromHCL(b.TypeRange)
	if _, isArg := spec.Arg(b.Type); isArg {
		return diag.Errorf("NS104", at, "Unsupported block",
			"%q is an argument of %s, not a block: write it with an equals sign, as in\n    %s = …", b.Type, schema.An(spec.Name), b.Type)
	}
	if hint := spec.Hint(b.Type); hint != "" {
		return diag.Errorf("NS104", at, "Unsupported block", "%s has no block named %q. %s", schema.A(spec.Name), b.Type, hint)
	}
	d := diag.Errorf("NS104", at, "Unsupported block",
		"%s has no block named %q.%s", schema.A(spec.Name), b.Type, eval.DidYouMean(b.Type, names))
	if s := eval.Suggest(b.Type, names); s != "" {
		d.Fix = []diag.Edit{{Range: at, Text: s}}
	} else if len(names) > 0 {
		d.Detail += " It takes: " + strings.Join(names, ", ") + "."
	}
	return d
}

// checkLabels holds the number of labels against the table.
func checkLabels(ev *eval.Evaluator, b *hclsyntax.Block, spec *schema.Block) bool {
	if len(b.Labels) == len(spec.Labels) {
		return true
	}
	count := "no label"
	if len(spec.Labels) > 0 {
		count = "one label" // no block has more
	}
	var usage strings.Builder
	usage.WriteString(spec.Name)
	for _, l := range spec.Labels {
		usage.WriteString(" " + strconv.Quote(strings.ToUpper(l)))
	}
	ev.Report(diag.Errorf("NS105", source.FromHCL(b.DefRange()), "Wrong number of labels",
		"%s block has %s, written as\n    %s {\n      …\n    }", schema.A(spec.Name), count, usage.String()))
	return false
}

// blocks gives the nested blocks of one type that may be read.
func (r *reader) blocks(name string) []*hclsyntax.Block {
	nested, ok := r.spec.Nested(name)
	if !ok {
		return nil
	}
	var out []*hclsyntax.Block
	for _, b := range r.body.Blocks {
		if b.Type == name && len(b.Labels) == len(nested.Labels) {
			out = append(out, b)
			if nested.Max == 1 {
				break
			}
		}
	}
	return out
}

func (r *reader) nested(name string) *schema.Block {
	n, _ := r.spec.Nested(name)
	return n.Block
}

// value evaluates an argument. It gives false when the argument is absent,
// null, or wrong in a way that has been reported.
func (r *reader) value(name string) (cty.Value, source.Range, bool) {
	a, ok := r.body.Attributes[name]
	if !ok {
		return cty.NilVal, source.Range{}, false
	}
	v, ok := r.ev.Value(a.Expr, r.sc)
	if !ok {
		return cty.NilVal, source.Range{}, false
	}
	at := source.FromHCL(a.Expr.Range())
	if v.IsNull() {
		r.null(name, at)
		return cty.NilVal, source.Range{}, false
	}
	return v, at, true
}

// null stands for an argument that is left out, which a required one cannot be.
func (r *reader) null(name string, at source.Range) {
	if arg, ok := r.spec.Arg(name); ok && arg.Required {
		r.ev.Report(diag.Errorf("NS103", at, "Missing argument",
			"The argument %q is required in %s block, but its value is null here: %s", name, schema.An(r.spec.Name), arg.Doc))
	}
}

func (r *reader) wrongType(name string, at source.Range, v cty.Value) {
	arg, _ := r.spec.Arg(name)
	want, ex := "another type", ""
	if arg != nil {
		want = arg.Type.String()
		if arg.Type == schema.Any {
			want = "map" // no other argument of any type is held to one
		}
		if arg.Example != "" {
			ex = " For example:\n    " + strings.ReplaceAll(arg.Example, "\n", "\n    ")
		}
	}
	r.ev.Report(diag.Errorf("NS210", at, "Incorrect value type",
		"The argument %q takes a %s, not %s.%s", name, want, eval.Describe(v), ex))
}

// str reads a plain text: no secret, no control character.
func (r *reader) str(name string) String {
	a, ok := r.body.Attributes[name]
	if !ok {
		return String{}
	}
	at := source.FromHCL(a.Expr.Range())
	s, fast := eval.String(a.Expr)
	if fast && !r.ev.Charge(len(s), at) {
		return String{}
	}
	if !fast {
		v, at, ok := r.value(name)
		if !ok {
			return String{}
		}
		if s, ok = r.toString(name, v, at); !ok {
			return String{}
		}
	}
	if !r.plain(name, s, at) || !r.allowed(name, s, at) {
		return String{}
	}
	return source.At(s, at)
}

func (r *reader) toString(name string, v cty.Value, at source.Range) (string, bool) {
	if v.Type() != cty.String {
		w, err := eval.Convert(v, cty.String)
		if err != nil || w.IsNull() {
			r.wrongType(name, at, v)
			return "", false
		}
		v = w
	}
	return v.AsString(), true
}

// plain refuses secrets and control characters in a text.
func (r *reader) plain(name, s string, at source.Range) bool {
	if strings.IndexByte(s, 0) >= 0 {
		r.secretIn(name, s, at)
		return false
	}
	return r.printable(name, s, at)
}

// secretIn refuses a secret in an argument that is committed or shown.
func (r *reader) secretIn(name, s string, at source.Range) {
	r.ev.Report(diag.Errorf("NS221", at, "Secret in a plain argument",
		"The argument %q would hold %s, and everything that %q says is committed or shown. A secret can stand in the arguments secrets and env of a service, and in a config's content.", name, eval.AddressIn(s), name))
}

// printable refuses control characters, which an escape sequence can bring in:
// terminals act on them.
func (r *reader) printable(name, s string, at source.Range) bool {
	i := control(s)
	if i < 0 {
		return true
	}
	r.ev.Report(diag.Errorf("NS111", at, "Control character in a text",
		"The argument %q holds the control character U+%04X. It would be invisible in a review and could act on a terminal. Remove it.", name, s[i]))
	return false
}

// control gives the place of the first control character (C0 but line end and
// tab, or DEL), or -1. NUL is none: it delimits a token.
func control(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 0x20 && c != '\n' && c != '\t' && c != 0) || c == 0x7f {
			return i
		}
	}
	return -1
}

// allowed holds a text against the values that the table lists.
func (r *reader) allowed(name, s string, at source.Range) bool {
	arg, ok := r.spec.Arg(name)
	if !ok || len(arg.Enum) == 0 {
		return true
	}
	if slices.Contains(arg.Enum, s) {
		return true
	}
	r.ev.Report(diag.Errorf("NS211", at, "Unsupported value",
		"The argument %q is one of: %s.%s", name, strings.Join(arg.Enum, ", "), eval.DidYouMean(s, arg.Enum)))
	return false
}

// textExpr reads a text that may hold secrets, and tells whether it is null. key
// is the entry that it is of an argument that is a map, or "".
func (r *reader) textExpr(name, key string, e hclsyntax.Expression) (t Text, null bool) {
	at := source.FromHCL(e.Range())
	s, fast := eval.String(e)
	if fast && !r.ev.Charge(len(s), at) {
		return Text{}, false
	}
	if !fast {
		v, ok := r.ev.Value(e, r.sc)
		if !ok || v.IsNull() {
			return Text{}, ok
		}
		if s, ok = r.toString(name, v, at); !ok {
			return Text{}, false
		}
	}
	return r.toText(name, key, s, at), false
}

func (r *reader) toText(name, key, s string, at source.Range) Text {
	if control(s) >= 0 {
		r.printable(entry(name, key), s, at)
		return Text{}
	}
	if strings.IndexByte(s, 0) < 0 {
		return source.At(secret.Literal(s), at)
	}
	t, err := r.ev.Text(s)
	if err != nil {
		r.ev.Report(diag.Errorf("NS220", at, "Secret value inspected",
			"The argument %q cuts a secret into pieces: its value is not known when the stack is compiled. Use the secret whole.", entry(name, key)))
		return Text{}
	}
	return source.At(t, at)
}

// entry names an entry of an argument that is a map, or the argument.
func entry(name, key string) string {
	if key == "" {
		return name
	}
	return name + "." + key
}

func (r *reader) boolean(name string) Bool {
	v, at, ok := r.value(name)
	if !ok {
		return Bool{}
	}
	b, err := eval.Convert(v, cty.Bool)
	if err != nil || b.IsNull() {
		r.wrongType(name, at, v)
		return Bool{}
	}
	return source.At(b.True(), at)
}

// label gives the first label of a block as a value.
func label(b *hclsyntax.Block) String {
	return source.At(b.Labels[0], source.FromHCL(b.LabelRanges[0]))
}

// attributesInOrder lists the arguments of a body in source order.
func attributesInOrder(body *hclsyntax.Body) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	return out
}

// keyword gives the name that a traversal of one step is, or "".
func keyword(e hclsyntax.Expression) string { return hcl.ExprAsKeyword(e) }
