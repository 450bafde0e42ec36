package policymodel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/compiler/policymodel"
	"nselfc/internal/build"
	"nselfc/lang/shape"
)

// compiled compiles every environment of a folder.
func compiled(t *testing.T, dir string) []*build.Environment {
	t.Helper()
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	for _, d := range diags {
		if len(c.Environments) == 0 {
			t.Fatalf("%s: %s %s", d.Subject, d.Code, d.Detail)
		}
	}
	return c.Environments
}

// stacks are the examples, and one with all that they have not.
func stacks(t *testing.T) map[string]*ir.Stack {
	t.Helper()
	out := map[string]*ir.Stack{"empty": {}}
	dirs, err := filepath.Glob("../../examples/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(dirs, "testdata") {
		if files, _ := filepath.Glob(dir + "/*.hcl"); len(files) == 0 {
			continue
		}
		for _, e := range compiled(t, dir) {
			out[filepath.Base(dir)+"/"+e.Name] = e.Stack
		}
	}
	if len(out) < 4 {
		t.Fatalf("only %d stacks", len(out))
	}
	return out
}

// TestModelHasTheShape: a rule that the samples satisfy finds the same names and
// types in any stack.
func TestModelHasTheShape(t *testing.T) {
	for name, s := range stacks(t) {
		m := policymodel.Of(s)
		for _, a := range shape.Model() {
			v, ok := m[a.Name]
			if !ok || !v.Type().Equals(a.Type()) || !v.IsWhollyKnown() || v.ContainsMarked() {
				t.Errorf("%s: %s is a %s, not a %s", name, a.Name, v.Type().GoString(), a.Type().GoString())
				continue
			}
			complete(t, name+": "+a.Name, a, v)
		}
		if len(m) != len(shape.Model()) {
			t.Errorf("%s: %d names", name, len(m))
		}
	}
}

// complete wants no null where the table promises a value, and no other word where it
// lists them all.
func complete(t *testing.T, path string, a shape.Attribute, v cty.Value) {
	t.Helper()
	if v.IsNull() {
		if !a.Optional {
			t.Errorf("%s is null", path)
		}
		return
	}
	inside := func(path string, v cty.Value) {
		for _, inner := range a.Of {
			complete(t, path+"."+inner.Name, inner, v.GetAttr(inner.Name))
		}
	}
	switch a.Kind {
	case shape.String:
		s := v.AsString()
		if s == "" && !a.Optional && !strings.HasPrefix(path, "empty") {
			t.Errorf("%s is empty", path)
		}
		if len(a.Enum) > 0 && s != "" && !strings.Contains(" "+strings.Join(a.Enum, " ")+" ", " "+s+" ") {
			t.Errorf("%s is %q, none of %v", path, s, a.Enum)
		}
	case shape.Object:
		inside(path, v)
	case shape.Objects, shape.ObjectMap:
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			inside(path+"[]", e)
		}
	default:
	}
}

// TestEveryFieldOfAServiceIsShown: whoever adds a field must say how rules see it, or
// why they do not.
func TestEveryFieldOfAServiceIsShown(t *testing.T) {
	shown := map[string]string{
		"Origin": "", "Site": "", "Digest": "", "ExtraKeys": "", // places, and what follows from other fields
		"EnvFile": "secret_env", "CapAdd": "capabilities", "Health": "healthcheck", "Extra": "extra_compose",
		"CPUs": "cpus", "DependsOn": "depends_on", "StopGrace": "stop_grace", "ReadOnly": "read_only",
	}
	for f := range reflect.TypeFor[ir.Service]().Fields() {
		name, other := shown[f.Name]
		if !other {
			name = strings.ToLower(f.Name)
		}
		if name == "" {
			continue
		}
		if _, ok := shape.Find(shape.Model(), "services", name); !ok {
			t.Errorf("no attribute shows ir.Service.%s", f.Name)
		}
	}
}

// TestJSONFitsTheSchema holds the printed model of every stack against the published
// schema, made to refuse what it does not describe.
func TestJSONFitsTheSchema(t *testing.T) {
	b, err := os.ReadFile("../../docs/model.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("model.schema.json", closed(tree)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("model.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range stacks(t) {
		if name == "empty" {
			continue
		}
		text, err := policymodel.JSON(policymodel.Of(s))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		v.(map[string]any)["more"] = true
		if schema.Validate(v) == nil {
			t.Error("the schema refuses nothing")
		}
		if strings.Contains(string(text), "\\u0000") {
			t.Errorf("%s: a token of a secret is in the model", name)
		}
	}
}

func closed(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		for name, v := range tree {
			tree[name] = closed(v)
		}
		if _, open := tree["additionalProperties"]; !open && tree["properties"] != nil && tree["type"] != nil {
			tree["additionalProperties"] = false
		}
	case []any:
		for i := range tree {
			tree[i] = closed(tree[i])
		}
	}
	return tree
}

// TestSecretsAreNamed: what holds a secret is shown by the secret's address.
func TestSecretsAreNamed(t *testing.T) {
	e := compiled(t, "testdata")[0]
	text, err := policymodel.JSON(policymodel.Of(e.Stack))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Services map[string]struct {
			Env       map[string]string   `json:"env"`
			SecretEnv map[string][]string `json:"secret_env"`
			Secrets   []struct {
				Target string
				Uses   []string
			}
			Kind, Registry, Tag string
			ExtraCompose        []string `json:"extra_compose"`
		}
		Secrets map[string]struct {
			UsedBy []string `json:"used_by"`
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	api := m.Services["api"]
	if diff := cmp.Diff(map[string]string{"KEY_FILE": "/run/secrets/KEY", "LOG_LEVEL": "info", "RETRIES": "3"}, api.Env); diff != "" {
		t.Error(diff)
	}
	want := map[string][]string{"DSN": {"postgres.main.secret.app", "secret.key"}, "ONE": {"secret.key"}}
	for name, addresses := range want {
		if got := api.SecretEnv[name]; len(got) != len(addresses) || name == "ONE" && got[0] != addresses[0] {
			t.Errorf("%s: %v", name, got)
		}
	}
	if len(api.SecretEnv) != 2 {
		t.Errorf("secret_env: %v", api.SecretEnv)
	}
	if len(api.Secrets) != 2 || api.Secrets[0].Target != "/run/secrets/KEY" || !cmp.Equal(api.Secrets[0].Uses, []string{"secret.key"}) {
		t.Errorf("secrets: %+v", api.Secrets)
	}
	if got := m.Secrets["secret.key"].UsedBy; !cmp.Equal(got, []string{"api"}) {
		t.Errorf("used_by: %v", got)
	}
	if m.Services["main"].Kind != "postgres" || api.Kind != "" || api.Registry != "ghcr.io" || api.Tag != "1.4.2" || !cmp.Equal(api.ExtraCompose, []string{"labels"}) {
		t.Errorf("%+v", api)
	}
}
