package kubernetes_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"nselfc/compiler/ir"
	"nselfc/emit/kubernetes"
	"nselfc/lang/source"
)

func word(v string) ir.String {
	return source.At(v, source.Range{File: "f", Start: source.Pos{Line: 1}})
}

func stack(namespace string) *ir.Stack {
	s := &ir.Stack{Project: "shop-prod", Store: &ir.SecretStore{Name: word("shop-prod"), External: word("vault"), Path: word("shop/prod")}}
	if namespace != "" {
		s.Store.Namespace = word(namespace)
	}
	return s
}

// schemas are the fields that the two resources may have, with their types, from the
// OpenAPI of Kubernetes 1.34 and the CRD of external-secrets 1.0: as strict as the
// server is with --validate=strict.
var schemas = map[string]string{
	"Secret": `{"type": "object", "additionalProperties": false, "required": ["apiVersion", "kind", "metadata"], "properties": {
		"apiVersion": {"const": "v1"}, "kind": {"const": "Secret"}, "metadata": META, "type": {"type": "string"}, "immutable": {"type": "boolean"},
		"data": {"type": "object", "propertyNames": KEY, "additionalProperties": {"type": "string", "contentEncoding": "base64"}},
		"stringData": {"type": "object", "propertyNames": KEY, "additionalProperties": {"type": "string"}}}}`,
	"ExternalSecret": `{"type": "object", "additionalProperties": false, "required": ["apiVersion", "kind", "metadata", "spec"], "properties": {
		"apiVersion": {"const": "external-secrets.io/v1"}, "kind": {"const": "ExternalSecret"}, "metadata": META,
		"spec": {"type": "object", "additionalProperties": false, "properties": {
			"refreshInterval": {"type": "string"},
			"secretStoreRef": {"type": "object", "additionalProperties": false, "properties": {"kind": {"enum": ["SecretStore", "ClusterSecretStore"]},
				"name": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"}}},
			"target": {"type": "object", "additionalProperties": false, "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 253},
				"creationPolicy": {"enum": ["Owner", "Orphan", "Merge", "None"]}, "deletionPolicy": {"type": "string"}}},
			"data": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["secretKey", "remoteRef"], "properties": {
				"secretKey": KEY,
				"remoteRef": {"type": "object", "additionalProperties": false, "required": ["key"], "properties": {"key": {"type": "string"}, "property": {"type": "string"}, "version": {"type": "string"}}}}}}}}}}`,
}

const (
	meta = `{"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
		"name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}, "namespace": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
		"labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63, "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"}}}}`
	key = `{"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[-._a-zA-Z0-9]+$"}`
)

// valid reads a manifest as a strict server would.
func valid(text []byte) (map[string]any, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil { // which refuses a key that stands twice
		return nil, err
	}
	kind, _ := doc["kind"].(string)
	raw := strings.NewReplacer("META", meta, "KEY", key).Replace(schemas[kind])
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("schema of %q: %w", kind, err)
	}
	c := jsonschema.NewCompiler()
	c.AssertContent()
	if err := c.AddResource("s.json", schema); err != nil {
		return nil, err
	}
	compiled, err := c.Compile("s.json")
	if err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		return nil, err
	}
	return doc, compiled.Validate(instance)
}

// read gives the values as a cluster would hand them to a container.
func read(t *testing.T, doc map[string]any) map[string]string {
	t.Helper()
	out := map[string]string{}
	data, _ := doc["data"].(map[string]any)
	for k, v := range data {
		raw, err := base64.StdEncoding.DecodeString(v.(string))
		if err != nil {
			t.Fatal(err)
		}
		out[k] = string(raw)
	}
	texts, _ := doc["stringData"].(map[string]any)
	for k, v := range texts {
		out[k] = v.(string)
	}
	return out
}

func TestSecret(t *testing.T) {
	alphabet := []string{"a", "Z", "'", "\"", "\\", "$", ": ", " #", "\n", "\r", "\t", "\x00", "\x01", "\x7f", "\u0085", "\u00a0", "\u2028", "é", "日", "\xff", "|", ">", "-", "no", "null", "1e3", "~", "{", "}", "%", "@", "`"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		want := map[string]string{"NO": "no", "N1E3": "1e3", "EMPTY": ""}
		for i := range 20 {
			var b strings.Builder
			for range rng.IntN(12) {
				b.WriteString(alphabet[rng.IntN(len(alphabet))])
			}
			want[fmt.Sprintf("K%02d", i)] = b.String()
		}
		text, err := kubernetes.Secret(stack("team"), want)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := valid(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(want, read(t, doc)); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
	}
}

func TestExternalSecret(t *testing.T) {
	text, err := kubernetes.ExternalSecret(stack(""), []string{"B", "A"})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := valid(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	spec := doc["spec"].(map[string]any)
	if _, err := time.ParseDuration(spec["refreshInterval"].(string)); err != nil {
		t.Error(err)
	}
	var keys []string
	for _, d := range spec["data"].([]any) {
		ref := d.(map[string]any)["remoteRef"].(map[string]any)
		if ref["key"] != "shop/prod" || ref["property"] != d.(map[string]any)["secretKey"] {
			t.Errorf("%v", d)
		}
		keys = append(keys, ref["property"].(string))
	}
	if !slices.Equal(keys, []string{"A", "B"}) {
		t.Errorf("keys %v", keys)
	}
	if _, found := doc["metadata"].(map[string]any)["namespace"]; found {
		t.Error("a namespace that nobody asked for")
	}
}

// TestRefuses holds what no manifest is made of, and that the judge of these tests
// refuses what a server would.
func TestRefuses(t *testing.T) {
	for _, values := range []map[string]string{{"": "x"}, {"A B": "x"}, {"..": "x"}, {"A": strings.Repeat("x", 1<<20+1)}, {strings.Repeat("K", 254): ""}} {
		if _, err := kubernetes.Secret(stack(""), values); err == nil || strings.Contains(err.Error(), "xx") {
			t.Errorf("%v: %v", slices.Collect(maps.Keys(values)), err)
		}
	}
	if _, err := kubernetes.ExternalSecret(stack(""), nil); err == nil {
		t.Error("an ExternalSecret of nothing")
	}
	good, err := kubernetes.Secret(stack(""), map[string]string{"A": "1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range [][2]string{{"stringData", "stringdata"}, {`"A": "1"`, `"A": 1`}, {"type: Opaque", "type: Opaque\nspec: {}"}, {`"shop-prod"`, `"Shop"`}, {`"A": "1"`, "\"A\": \"1\"\n  \"A\": \"2\""}} {
		bad := strings.Replace(string(good), edit[0], edit[1], 1)
		if bad == string(good) {
			t.Fatalf("%q is not in %s", edit[0], good)
		}
		if _, err := valid([]byte(bad)); err == nil {
			t.Errorf("the judge takes %s", bad)
		}
	}
}
