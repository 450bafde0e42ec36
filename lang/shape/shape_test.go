package shape_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/shape"
)

var update = flag.Bool("update", false, "rewrite docs/model.schema.json")

// TestSampleHasTheTypes: a sample has just the names and types of the table, whatever
// is in it, and is known throughout.
func TestSampleHasTheTypes(t *testing.T) {
	for _, fill := range shape.Fills() {
		sample := shape.Sample(fill)
		for _, a := range shape.Model() {
			v, ok := sample[a.Name]
			if !ok || !v.Type().Equals(a.Type()) || !v.IsWhollyKnown() {
				t.Errorf("fill %d: %s is %#v", fill, a.Name, v)
			}
			delete(sample, a.Name)
		}
		if len(sample) > 0 {
			t.Errorf("fill %d has more: %v", fill, sample)
		}
	}
}

// TestFills: the full sample has something everywhere, and the others have not.
func TestFills(t *testing.T) {
	service := shape.Sample(shape.Full)["services"].Index(cty.StringVal("api"))
	bare := shape.Sample(shape.Bare)["services"].Index(cty.StringVal("api"))
	for _, a := range mustFind(t, "services").Of {
		v := service.GetAttr(a.Name)
		if v.IsNull() || v.CanIterateElements() && v.LengthInt() == 0 || v.Type() == cty.String && v.AsString() == "" {
			t.Errorf("the full sample has no %s", a.Name)
		}
		if w := bare.GetAttr(a.Name); a.Optional && !w.IsNull() && !w.RawEquals(cty.StringVal("")) {
			t.Errorf("the bare sample has a %s", a.Name)
		}
	}
	empty := shape.Sample(shape.Empty)
	if !empty["ingress"].IsNull() || empty["services"].LengthInt() != 0 || empty["stack"].IsNull() {
		t.Error("the empty sample has objects, or no stack")
	}
}

func mustFind(t *testing.T, path ...string) shape.Attribute {
	t.Helper()
	a, ok := shape.Find(shape.Model(), path...)
	if !ok {
		t.Fatalf("no %v", path)
	}
	return a
}

// TestModelIsCompatible holds the table against the attributes of the first version:
// within one major version none goes, and none changes its type.
func TestModelIsCompatible(t *testing.T) {
	const file = "testdata/model-1.0.txt"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, line := range attributes("", shape.Model()) {
		have[line] = true
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) < 100 || !strings.HasPrefix(shape.FormatVersion, "1.") {
		t.Fatalf("%d lines for version %s", len(lines), shape.FormatVersion)
	}
	for _, line := range lines {
		if !have[line] {
			t.Errorf("%q is not in the model any more, which version 1 promises", line)
		}
	}
}

// attributes writes a line for each attribute, with its type.
func attributes(prefix string, attrs []shape.Attribute) []string {
	var out []string
	for _, a := range attrs {
		kind := a.Type().FriendlyName()
		if len(a.Of) == 0 && a.Optional {
			kind += ", optional"
		}
		out = append(out, prefix+a.Name+" "+kind)
		out = append(out, attributes(prefix+a.Name+".", a.Of)...)
	}
	return out
}

// TestEveryAttributeIsExplained: a reference without a meaning is none.
func TestEveryAttributeIsExplained(t *testing.T) {
	var look func(path string, attrs []shape.Attribute)
	look = func(path string, attrs []shape.Attribute) {
		seen := map[string]bool{}
		for _, a := range attrs {
			if !strings.HasSuffix(a.Doc, ".") || seen[a.Name] || a.Kind >= shape.Object && len(a.Of) == 0 {
				t.Errorf("%s%s: %q", path, a.Name, a.Doc)
			}
			seen[a.Name] = true
			look(path+a.Name+".", a.Of)
		}
	}
	look("", shape.Model())
}

func TestSchemaIsCurrent(t *testing.T) {
	const file = "../../docs/model.schema.json"
	got, err := shape.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/model.schema.json is stale; run go test ./lang/shape -update\n%s", diff)
	}
}
