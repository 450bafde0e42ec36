package model

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

var update = flag.Bool("update", false, "add new members to the list")

// name is the text of every leaf of a stack that fill makes, so that the names that
// a stack chooses are one in its model.
const name = "NAME"

// fill gives every field of a part of a stack a value; content is the text of files.
func fill(v reflect.Value, content secret.Text) {
	switch x := v.Addr().Interface().(type) {
	case *cty.Value:
		*x = cty.StringVal(name)
		return
	case *secret.Text:
		*x = content
		return
	case *source.Range:
		*x = source.Range{File: "nself.hcl", Start: source.Pos{Line: 1, Byte: 1}}
		return
	case *source.Origin:
		fill(v.FieldByName("Range"), content) // By would make it a default
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), content)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), content)
	case reflect.Struct:
		for _, f := range v.Fields() {
			fill(f, content)
		}
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(2) // one is what some members leave out
	case reflect.Uint8, reflect.Uint32:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1)
	default:
		panic("the stack has a field of the kind " + v.Kind().String() + ": fill it")
	}
}

// members lists what the model of a whole stack holds, by type of resource, each with
// the sort of its value.
func members(t *testing.T) []string {
	t.Helper()
	var out []string
	var note func(path string, v any)
	note = func(path string, v any) {
		object, isObject := v.(map[string]any)
		if !isObject || Sensitive(v) {
			sort := sensitive
			switch v.(type) {
			case string:
				sort = "string"
			case bool:
				sort = "bool"
			case json.Number:
				sort = "number"
			case []any:
				sort = "list"
			}
			out = append(out, path+" "+sort)
			return
		}
		for member, v := range object {
			note(path+"."+member, v)
		}
	}
	for _, content := range []secret.Text{secret.Literal("text"), secret.Of(&secret.Expr{Address: name})} {
		var s ir.Stack
		fill(reflect.ValueOf(&s).Elem(), content)
		m := Of(&s)
		for i := range m.Resources {
			a, err := m.Resources[i].Attributes()
			if err != nil {
				t.Fatal(err)
			}
			note(typeOf(a), a)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestFormatKeepsItsMembers fails when a member of the model goes or becomes of another
// sort: older programs read it, of nselfc and of others. What is added stands in the
// list of the minor version that adds it.
func TestFormatKeepsItsMembers(t *testing.T) {
	now := members(t)
	list := filepath.Join("testdata", "members-"+FormatVersion+".txt")
	if *update {
		if err := os.WriteFile(list, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	versions, err := filepath.Glob("testdata/members-*.txt")
	if err != nil || len(versions) != minor+1 {
		t.Fatal(versions, err)
	}
	for _, version := range versions {
		b, err := os.ReadFile(version)
		if err != nil {
			t.Fatal(err)
		}
		for member := range strings.Lines(string(b)) {
			if !slices.Contains(now, strings.TrimSuffix(member, "\n")) {
				t.Errorf("%s has %swhich is gone or another now: that is a new major version", version, member)
			}
		}
	}
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range now {
		if !strings.Contains("\n"+string(b), "\n"+member+"\n") {
			t.Errorf("%s is new: raise the minor version, say in model.go what it adds, and list it (make golden)", member)
		}
	}
}

// TestFormatReadsItsPast reads a model that was written when the version began, line
// by line as its own, and finds all of it.
func TestFormatReadsItsPast(t *testing.T) {
	b, err := os.ReadFile("testdata/model-1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	m, ok := lines(string(b))
	if !ok || m.Minor != 0 {
		t.Fatalf("it is cut into lines: %t, of the minor version %d", ok, m.Minor)
	}
	var document struct{ Resources map[string]map[string]any }
	if err := json.Unmarshal(b, &document); err != nil {
		t.Fatal(err)
	}
	if len(m.Resources) != len(document.Resources) || len(m.Resources) < 20 {
		t.Fatalf("%d resources of %d", len(m.Resources), len(document.Resources))
	}
	for i := range m.Resources {
		a, err := m.Resources[i].Attributes()
		if want := document.Resources[m.Resources[i].Address]; err != nil || typeOf(a) != typeOf(want) || len(a) != len(want) {
			t.Errorf("%s: %v, %v", m.Resources[i].Address, a, err)
		}
	}
}

// TestVersion holds what a model says of its version to what readers find.
func TestVersion(t *testing.T) {
	m := Of(&ir.Stack{})
	again, err := Read([]byte(m.Document()))
	if err != nil || again.Minor != m.Minor || FormatVersion != fmt.Sprintf("%d.%d", major, minor) {
		t.Errorf("written as %s, which is %d.%d; read as 1.%d: %v", FormatVersion, major, m.Minor, again.Minor, err)
	}
	newer, err := Read([]byte(strings.Replace(m.Document(), `"`+FormatVersion+`"`, `"1.99"`, 1)))
	if err != nil || newer.Minor != 99 || len(newer.Resources) != len(m.Resources) {
		t.Errorf("a newer one of the same major version: %+v, %v", newer, err)
	}
}
