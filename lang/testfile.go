package lang

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// TestSuffix ends the names of files that hold tests, and are no part of a stack.
const TestSuffix = ".nselftest.hcl"

// testFolder may hold files of tests beside the stack's own folder.
const testFolder = "tests"

// Test is one test block.
type Test struct {
	Name           String
	Range          source.Range // of the block's header
	Environment    String       // unset for the only one
	ExpectErrors   []String     // codes
	ExpectFindings []String

	block *hclsyntax.Block
	spec  *schema.Block
}

// Tests reads the test files of the stack's folder, and of its folder tests. In a
// file with an error no test is read.
func (s *Source) Tests() ([]*Test, diag.List) {
	var names []string
	for _, dir := range []string{".", testFolder} {
		entries, err := fs.ReadDir(s.fsys, dir)
		if err != nil {
			continue // a folder that is not there has none
		}
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), TestSuffix) {
				names = append(names, path.Join(dir, e.Name()))
			}
		}
	}
	slices.Sort(names)
	f := s.parse(".", s.fsys, names)
	if f.broken {
		return nil, f.diags
	}
	x := &instance{src: s, ev: eval.New(eval.Allowance(1, 0)), dir: f, sc: eval.NewScope(nil), spec: schema.Get().Tests}
	var out []*Test
	seen := map[string]source.Range{}
	for _, b := range f.blocks {
		nested, ok := x.spec.Nested(b.Type)
		if !ok {
			d := unknownBlock(b, x.spec, x.spec.BlockNames())
			if _, top := schema.Get().Root.Nested(b.Type); top {
				d.Detail = schema.A(b.Type) + " block stands in the stack's own files. A file of tests holds test blocks only."
			}
			x.ev.Report(d)
			continue
		}
		if !checkLabels(x.ev, b, nested.Block) {
			continue
		}
		t := x.test(b, nested.Block)
		if first, dup := seen[t.Name.V]; dup {
			x.ev.Report(duplicate(t.Range, "test", t.Name.V, first))
			continue
		}
		seen[t.Name.V] = t.Range
		out = append(out, t)
	}
	return out, append(f.diags, x.ev.Diagnostics()...).Sort()
}

func (x *instance) test(b *hclsyntax.Block, spec *schema.Block) *Test {
	r := x.read(b, spec, eval.NewScope(nil))
	return &Test{
		Name: label(b), Range: source.FromHCL(b.DefRange()), Environment: r.str("environment"),
		ExpectErrors: r.strings("expect_error"), ExpectFindings: r.strings("expect_finding"),
		block: b, spec: spec,
	}
}

// Inputs tells what the stack is compiled with for the test, as text: tests of one
// text can share what was compiled.
func (t *Test) Inputs(files source.Files) string {
	text := t.Environment.V + "\x00"
	if a, ok := t.block.Body.Attributes["variables"]; ok {
		if f := files[a.Expr.Range().Filename]; f != nil {
			text += string(a.Expr.Range().SliceBytes(f.Bytes))
		}
	}
	return text
}

// EvaluateFor is Evaluate with the variables of a test in the place of those of the
// environment.
func (s *Source) EvaluateFor(env string, t *Test) (*Stack, diag.List) { return s.evaluate(env, t) }

// givenBy takes the values of variables from a test.
func (x *instance) givenBy(t *Test) {
	r := reader{ev: x.ev, sc: eval.NewScope(nil), body: t.block.Body, spec: t.spec, at: t.Range}
	x.environmentVariables(&r)
}

// Asserts tells whether the test looks at the stack that was compiled, and whether
// what it looks at is one of the given names.
func (t *Test) Asserts(names ...string) bool {
	for _, b := range t.block.Body.Blocks {
		if len(names) == 0 {
			return true
		}
		for _, a := range b.Body.Attributes {
			for _, v := range a.Expr.Variables() {
				if slices.Contains(names, v.RootName()) {
					return true
				}
			}
		}
	}
	return false
}

// Judge holds the asserts of a test against a model, and calls report for each that
// does not hold. They see the names of the stack, and those of the model before them.
// The list holds what kept asserts from being judged.
func (s *Stack) Judge(t *Test, model map[string]cty.Value, report func(Breach)) diag.List {
	ev := s.root.ev
	before := len(ev.Diagnostics())
	r := reader{ev: ev, sc: s.root.sc, body: t.block.Body, spec: t.spec, at: t.Range}
	a := s.root.asserts(&r)
	if len(ev.Diagnostics()) > before {
		return slices.Clone(ev.Diagnostics()[before:])
	}
	return a.judge(model, report)
}
