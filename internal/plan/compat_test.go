package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "add new fields to the list")

// fieldsOf lists the fields of a JSON form, each with the kind of its value.
func fieldsOf(out []string, path string, t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer:
		return fieldsOf(out, path, t.Elem())
	case reflect.Slice:
		return fieldsOf(out, path+"[]", t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() {
				continue // JSON has none of it
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if options != "" {
				options = " " + options
			}
			below := path + "." + name
			if kind := f.Type.Kind(); kind == reflect.Struct || kind == reflect.Slice || kind == reflect.Pointer {
				out = append(out, below+" "+kind.String()+options)
				out = fieldsOf(out, below, f.Type)
				continue
			}
			out = append(out, below+" "+f.Type.Kind().String()+options)
		}
		return out
	default:
		return append(out, path+" "+t.Kind().String())
	}
}

// TestFormatKeepsItsFields fails when a field of the format goes or becomes another
// type: programs read it. What is added stands in the list of the minor version that
// adds it.
func TestFormatKeepsItsFields(t *testing.T) {
	list := filepath.Join("testdata", "fields-"+FormatVersion+".txt")
	fields := append(fieldsOf(nil, "plan", reflect.TypeFor[Document]()), fieldsOf(nil, "diff", reflect.TypeFor[DiffDocument]())...)
	slices.Sort(fields)
	if *update {
		if err := os.WriteFile(list, []byte(strings.Join(fields, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	versions, err := filepath.Glob("testdata/fields-*.txt")
	if err != nil || len(versions) == 0 {
		t.Fatal(versions, err)
	}
	for _, version := range versions {
		b, err := os.ReadFile(version)
		if err != nil {
			t.Fatal(err)
		}
		for field := range strings.Lines(string(b)) {
			if !slices.Contains(fields, strings.TrimSuffix(field, "\n")) {
				t.Errorf("%s has %swhich is gone or another now: that is a new major version", version, field)
			}
		}
	}
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		if !strings.Contains("\n"+string(b), "\n"+field+"\n") {
			t.Errorf("%s is new: raise the minor version, add it to docs/plan.schema.json, and list it (make golden)", field)
		}
	}
}

// unadded takes the members out that the past did not know: they are empty now.
func unadded(was, is any) any {
	switch is := is.(type) {
	case map[string]any:
		was, _ := was.(map[string]any)
		for name, v := range is {
			if _, known := was[name]; !known && v == nil {
				delete(is, name)
				continue
			}
			is[name] = unadded(was[name], v)
		}
	case []any:
		was, _ := was.([]any)
		for i := range min(len(was), len(is)) {
			is[i] = unadded(was[i], is[i])
		}
	}
	return is
}

// TestFormatReadsItsPast decodes a plan that was written when the version began, and
// wants all of it.
func TestFormatReadsItsPast(t *testing.T) {
	b, err := os.ReadFile("testdata/plan-1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var p Document
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var was, is any
	if err := json.Unmarshal(b, &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &is); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(was, unadded(was, is)); diff != "" {
		t.Errorf("the plan reads differently (-was +is):\n%s", diff)
	}
}
