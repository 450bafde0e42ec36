package secrets

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

var testNow = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

func at(line int) source.Origin {
	return source.Origin{Range: source.Range{File: "nself.hcl", Start: source.Pos{Line: int32(line), Byte: 1}}}
}

func str(s string) ir.String { return source.At(s, at(9).Range) }

func strs(all ...string) []ir.String {
	var out []ir.String
	for _, s := range all {
		out = append(out, str(s))
	}
	return out
}

// decl declares secret.NAME of a kind with the default size.
func decl(name, kind string) *ir.Secret {
	return &ir.Secret{Address: "secret." + name, Key: strings.ToUpper(name), Origin: at(3), Kind: str(kind)}
}

func authority(name string, hosts ...string) *ir.Secret {
	s := decl(name, "x509")
	s.X509 = &ir.X509{CA: true, CommonName: str("shop " + name), Hosts: strs(hosts...)}
	return s
}

func leaf(name, by string, hosts ...string) *ir.Secret {
	s := decl(name, "x509")
	s.X509 = &ir.X509{SignedBy: by, Hosts: strs(hosts...)}
	return s
}

func stackOf(all ...*ir.Secret) *ir.Stack { return &ir.Stack{Name: str("shop"), Secrets: all} }

func ref(address string) secret.Part {
	address, field, _ := strings.Cut(address, "#")
	return secret.Part{Secret: &secret.Expr{Address: address, Field: field}}
}

func lit(s string) secret.Part { return secret.Part{Literal: s} }

func call(name string, arg ...secret.Part) secret.Part {
	return secret.Part{Secret: &secret.Expr{Func: name, Args: []secret.Text{arg}}}
}

func file(path string, parts ...secret.Part) emit.File {
	return emit.File{Path: path, Mode: 0o444, Text: parts}
}

// workDir is an output directory whose parents are safe: t.TempDir lies in a
// sticky /tmp.
func workDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func build(t *testing.T, dir string, stack *ir.Stack, files []emit.File) *Report {
	t.Helper()
	r, diags := run(dir, stack, files, Options{})
	for _, d := range diags {
		t.Fatalf("%s: %s: %s", d.Code, d.Summary, d.Detail)
	}
	return r
}

func run(dir string, stack *ir.Stack, files []emit.File, opts Options) (*Report, diag.List) {
	if opts.Now.IsZero() {
		opts.Now = testNow
	}
	return Materialize(context.Background(), dir, stack, files, opts)
}

func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil { // what nselfc rendered is not writable
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// entries reads .secrets as KEY → value.
func entries(t *testing.T, dir string) map[string]string {
	t.Helper()
	st, diags := open(dir, Options{})
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	defer st.close()
	doc, _, diags := st.readSecrets()
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	out := map[string]string{}
	for _, k := range doc.Keys() {
		out[k], _ = doc.Get(k)
	}
	return out
}

// state is every name below a directory with its mode, time and text.
func state(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		text := ""
		if fi.Mode().IsRegular() {
			text = digest([]byte(get(t, p)))
		}
		_, err = fmt.Fprintln(&b, p, fi.Mode(), fi.ModTime().UnixNano(), text)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return b.String()
}

func wantCode(t *testing.T, diags diag.List, code, words string) *diag.Diagnostic {
	t.Helper()
	var got []string
	for _, d := range diags {
		if d.Code == code && strings.Contains(d.Detail, words) {
			if d.Subject.IsZero() {
				t.Errorf("%s has no place", code)
			}
			if page, ok := diag.Page(code); !ok || !strings.HasPrefix(page, "# "+code+": "+d.Summary+"\n") {
				t.Errorf("the page of %s is not titled %q", code, d.Summary)
			}
			return d
		}
		got = append(got, d.Code+": "+d.Detail)
	}
	t.Fatalf("no %s with %q in %d diagnostics:\n%s", code, words, len(diags), strings.Join(got, "\n---\n"))
	return nil
}

// tool finds a program of the machine.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

// missing ends a test that lacks something: a failure where all is promised to be
// there, and elsewhere loud.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing: %s", what)
	}
	t.Skipf("NOT TESTED, as this machine lacks it: %s", what)
}
