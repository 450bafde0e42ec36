package lang_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// example is an example's own blocks, and what else is in its folder.
type example struct {
	blocks []string
	rest   files
	want   map[string]*lang.Stack
}

func readExample(t *testing.T, dir string) *example {
	t.Helper()
	x := &example{rest: files{}}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if filepath.Ext(rel) == ".hcl" && !strings.Contains(rel, "/") {
			x.blocks = append(x.blocks, blocksOf(t, b)...)
		} else {
			x.rest[rel] = string(b)
		}
		return err
	})
	if err != nil || len(x.blocks) < 4 {
		t.Fatalf("%d blocks, %v", len(x.blocks), err)
	}
	x.want = x.evaluate(t, func(f files) { f["nself.hcl"] = strings.Join(x.blocks, "\n") })
	return x
}

// evaluate gives every environment of the example with its blocks in the files
// that fill makes.
func (x *example) evaluate(t *testing.T, fill func(files)) map[string]*lang.Stack {
	t.Helper()
	f := maps.Clone(x.rest)
	fill(f)
	src, diags := f.open()
	out := map[string]*lang.Stack{}
	for _, env := range src.Environments() {
		st, more := src.Evaluate(env)
		if found := append(append(diag.List(nil), diags...), more...); found.HasErrors() {
			t.Fatalf("%s\n%v", list(found), f)
		}
		out[env] = st
	}
	return out
}

// TestOrderMeansNothing: the blocks of a stack mean the same in any order, and in
// any files. The examples are shuffled and dealt out to files at random.
func TestOrderMeansNothing(t *testing.T) {
	var examples []*example
	for _, name := range []string{"shop", "multi-environment", "own-kind"} {
		examples = append(examples, readExample(t, filepath.Join("../examples", name)))
	}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 15 && !thorough {
			return
		}
		x := rapid.SampledFrom(examples).Draw(rt, "example")
		shuffled := rapid.Permutation(x.blocks).Draw(rt, "order")
		got := x.evaluate(t, func(f files) {
			for _, b := range shuffled {
				f[rapid.SampledFrom([]string{"nself.hcl", "a.hcl", "z.hcl", "_.hcl", "ß.hcl"}).Draw(rt, "file")] += b + "\n"
			}
		})
		if diff := cmp.Diff(x.want, got, sameMeaning...); diff != "" {
			rt.Fatalf("the order changes the meaning (-as written +shuffled):\n%s", diff)
		}
	})
}

// blocksOf cuts a file into the texts of its blocks.
func blocksOf(t *testing.T, b []byte) []string {
	f, diags := hclsyntax.ParseConfig(b, "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var out []string
	for _, block := range f.Body.(*hclsyntax.Body).Blocks {
		r := block.Range()
		out = append(out, string(b[r.Start.Byte:r.End.Byte]))
	}
	return out
}

// sameMeaning compares stacks without places and without order.
var sameMeaning = []cmp.Option{
	cmpopts.IgnoreTypes(source.Range{}),
	cmp.Comparer(func(a, b cty.Value) bool { return a.RawEquals(b) || a == cty.NilVal && b == cty.NilVal }),
	cmpopts.IgnoreUnexported(lang.Route{}, lang.Stack{}, lang.Rule{}), // expressions of rules know where they stand
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b *lang.Service) bool { return a.Address < b.Address }),
	cmpopts.SortSlices(func(a, b *lang.Volume) bool { return a.Address < b.Address }),
	cmpopts.SortSlices(func(a, b *lang.Secret) bool { return a.Address < b.Address }),
	cmpopts.SortSlices(func(a, b *lang.Kind) bool { return a.Address < b.Address }),
	cmpopts.SortSlices(func(a, b *lang.Rule) bool { return a.Address < b.Address }),
}

// TestEvaluateIsRepeatable: the same source gives the same findings and the same
// stack each time, places included, and one environment does not disturb another.
func TestEvaluateIsRepeatable(t *testing.T) {
	f := files{
		"nself.hcl": `stack "t" {
  domain = var.domain
}
variable "domain" {}
environment "a" {
  variables = { domain = "a.example.com" }
}
environment "b" {
  posture   = "development"
  variables = { domain = "b.example.com" }
}
broken "x" {}
service "a" {
  image = "x:1"
  env   = { DOMAIN = stack.domain, IN = stack.environment, AS = stack.posture }
  config "c" {
    path     = "/c"
    template = "bad.tmpl"
  }
}
module "m" {
  source = "./m"
}
`,
		"bad.tmpl":           "${",
		"m/m.hcl":            "service \"x\" {",
		"kinds/broken/b.hcl": "service \"x\" {",
	}
	src, first := f.open()
	if len(first) > 0 {
		t.Fatal(list(first))
	}
	var lists []string
	for _, env := range []string{"a", "b", "a", "b"} {
		st, diags := src.Evaluate(env)
		lists = append(lists, list(diags))
		if diags.Count(diag.Error) != 3 {
			t.Errorf("%s has %d errors, want 3:%s", env, diags.Count(diag.Error), list(diags))
		}
		vars := map[string]string{}
		for _, e := range st.Services[0].Env {
			vars[e.Name] = e.Value.V.String()
		}
		want := map[string]string{"DOMAIN": env + ".example.com", "IN": env, "AS": map[string]string{"a": "production", "b": "development"}[env]}
		if diff := cmp.Diff(want, vars); diff != "" {
			t.Errorf("%s (-want +got):\n%s", env, diff)
		}
	}
	if lists = slices.Compact(lists); len(lists) != 1 {
		t.Errorf("the findings differ:\n%s", strings.Join(lists, "\n"))
	}
	// What is wrong in both environments is said once when they are put together.
	_, one := src.Evaluate("a")
	_, two := src.Evaluate("b")
	if both := append(append(diag.List(nil), one...), two...).Sort(); len(both) != len(one) {
		t.Errorf("%d findings in one environment, %d in two together:%s", len(one), len(both), list(both))
	}
}

// TestEnvironments: they are listed by name, each once; a stack without any has
// one that is nameless, and production.
func TestEnvironments(t *testing.T) {
	src, _ := files{"nself.hcl": "stack \"t\" {}\nenvironment \"b\" {}\nenvironment \"a\" {}\nenvironment \"b\" {}\n"}.open()
	if diff := cmp.Diff([]string{"a", "b"}, src.Environments()); diff != "" {
		t.Error(diff)
	}
	src, _ = one("").open()
	if diff := cmp.Diff([]string{""}, src.Environments()); diff != "" {
		t.Error(diff)
	}
	if st, diags := src.Evaluate(""); diags.HasErrors() || st.Posture.V != "production" || st.Posture.IsSet() || st.Environment != "" {
		t.Errorf("the nameless environment: %+v %s", st, list(diags))
	}
}
