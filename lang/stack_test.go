package lang_test

import (
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nselfc/lang"
	"nselfc/lang/diag"
)

// files are the texts of a stack by path.
type files map[string]string

// open parses the files; those in the folder itself are the stack's.
func (f files) open() (*lang.Source, diag.List) {
	fsys := fstest.MapFS{}
	var names []string
	for name, text := range f {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		if path.Ext(name) == ".hcl" && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	return lang.Open(fsys, names)
}

// evaluated gives the stack of the first environment and all that was found.
func evaluated(t testing.TB, f files) (*lang.Stack, diag.List) {
	t.Helper()
	src, diags := f.open()
	diags = slices.Clone(diags)
	st, more := src.Evaluate(src.Environments()[0])
	return st, append(diags, more...)
}

// sound is evaluated, without any error.
func sound(t testing.TB, f files) *lang.Stack {
	t.Helper()
	st, diags := evaluated(t, f)
	for _, d := range diags {
		if d.Severity == diag.Error {
			t.Fatalf("%s %s: %s", d.Subject, d.Code, d.Detail)
		}
	}
	return st
}

// service finds a service by its address.
func service(t testing.TB, st *lang.Stack, address string) *lang.Service {
	t.Helper()
	for _, s := range st.Services {
		if s.Address == address {
			return s
		}
	}
	t.Fatalf("there is no %s", address)
	return nil
}

// one gives the stack of one file, with a stack block.
func one(text string) files { return files{"nself.hcl": "stack \"t\" {}\n" + text} }
