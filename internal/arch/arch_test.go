// Package arch_test holds the house rules that a compiler cannot: who may import
// whom, what must stay pure, and how long a file may be.
package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "nselfc/"

// arrows lists, for each part of the house, what of the house it may import:
// the longest matching prefix counts, and "/..." stands for everything below.
// Data flows one way: lang → compiler → emit, and internal joins them.
var arrows = []struct {
	from string
	to   []string
}{
	{"lang/source", nil},
	{"lang/secret", nil},
	{"lang/date", nil},
	{"lang/escape", nil},
	{"lang/schema", nil},
	{"lang/shape", nil},
	{"lang/catalog", nil},
	{"lang/diag", []string{"lang/source"}},
	{"lang/diag/render", []string{"lang/diag", "lang/source"}},
	{"lang/eval", []string{"lang/diag", "lang/source", "lang/secret", "lang/escape"}}, // knows no block names: not schema
	{"lang/format", []string{"lang/diag", "lang/source", "lang/eval"}},
	{"lang", []string{"lang/..."}},
	{"compiler/ir", []string{"lang/date", "lang/source", "lang/secret"}},
	{"compiler/model", []string{"compiler/ir", "lang/source", "lang/secret"}},
	{"compiler/review", []string{"compiler/ir", "compiler/model", "compiler/reference", "lang/diag", "lang/escape", "lang/source"}},
	{"compiler", []string{"compiler/...", "lang/..."}},
	{"compiler/...", []string{"compiler/...", "lang/..."}},
	{"emit", []string{"lang/secret", "lang/source"}},
	{"emit/...", []string{"emit/...", "compiler/ir", "lang/diag", "lang/source", "lang/secret", "lang/escape"}},
	{"internal/secretstore", []string{"emit/dotsecrets", "internal/secretstore/...", "compiler/ir", "lang/diag", "lang/escape", "lang/source"}},
	{"internal/secretstore/aws", nil}, // knows the SDK, and nothing of ours
	{"internal/...", []string{"internal/...", "lang/...", "compiler/...", "emit/..."}},
	{"cmd/...", []string{"internal/...", "lang/..."}},
}

// pure are the parts that must give the same bytes on every machine, and impure
// the standard library that would let the machine in.
var (
	pure   = []string{"lang/...", "compiler/...", "emit/..."}
	hosts  = []string{"emit/outdir"} // below a pure prefix, but there to touch the disk
	impure = []string{
		"os", "os/exec", "os/signal", "os/user", "time", "math/rand", "math/rand/v2", "crypto/rand",
		"net", "net/http", "log", "log/slog", "syscall", "path/filepath",
	}
)

// longFiles may have more than maxLines lines; each says why.
var longFiles = map[string]string{}

const maxLines = 400

type pkg struct {
	ImportPath, Dir string
	Imports         []string
	GoFiles         []string
}

func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, module) }

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) < 20 {
		t.Fatalf("go list gave only %d packages", len(list))
	}
	return list
}

// matches tells whether a path fits a pattern, "a/..." meaning a and all below.
func matches(pattern, path string) bool {
	base, all := strings.CutSuffix(pattern, "/...")
	return path == base || all && strings.HasPrefix(path, base+"/")
}

func anyMatches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

// allowed gives what a package may import, and whether the table knows it.
func allowed(path string) ([]string, bool) {
	best, found := -1, false
	var to []string
	for _, a := range arrows {
		if matches(a.from, path) && len(a.from) > best {
			best, found, to = len(a.from), true, a.to
		}
	}
	return to, found
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		to, known := allowed(p.path())
		if !known {
			t.Errorf("%s has no place in the table of arrows", p.path())
			continue
		}
		for _, imp := range p.Imports {
			inside, ours := strings.CutPrefix(imp, module)
			if ours && !anyMatches(to, inside) {
				t.Errorf("%s may not import %s", p.path(), inside)
			}
		}
	}
}

// confined are modules of others that one package alone may import: a large one,
// whose types would else be everywhere.
var confined = map[string]string{"github.com/aws/": "internal/secretstore/aws"}

func TestConfined(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			for prefix, home := range confined {
				if !strings.HasPrefix(imp, prefix) {
					continue
				}
				if used[prefix] = true; p.path() != home {
					t.Errorf("%s may not import %s, which belongs to %s", p.path(), imp, home)
				}
			}
		}
	}
	for prefix := range confined {
		if !used[prefix] {
			t.Errorf("nothing imports %s any more", prefix)
		}
	}
}

func TestPurity(t *testing.T) {
	for _, p := range packages(t) {
		if !anyMatches(pure, p.path()) || anyMatches(hosts, p.path()) {
			continue
		}
		for _, imp := range p.Imports {
			if slices.Contains(impure, imp) {
				t.Errorf("%s must be pure and imports %s", p.path(), imp)
			}
		}
		for _, name := range p.GoFiles {
			noHabits(t, filepath.Join(p.Dir, name), p.path()+"/"+name)
		}
	}
}

// noHabits refuses what no file of the pure parts does: print, or work in init.
func noHabits(t *testing.T, file, name string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "fmt" && strings.HasPrefix(n.Sel.Name, "Print") {
				t.Errorf("%s prints with fmt.%s", name, n.Sel.Name)
			}
		case *ast.CallExpr:
			if x, ok := n.Fun.(*ast.Ident); ok && (x.Name == "println" || x.Name == "print") {
				t.Errorf("%s prints with %s", name, x.Name)
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				t.Errorf("%s has a func init", name)
			}
		}
		return true
	})
}

func TestFileLength(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			b, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			path := p.path() + "/" + name
			lines := bytes.Count(b, []byte("\n"))
			if _, excused := longFiles[path]; excused {
				seen[path] = lines > maxLines
			} else if lines > maxLines {
				t.Errorf("%s has %d lines; more than %d want a second file, or a reason in longFiles", path, lines, maxLines)
			}
		}
	}
	for path := range longFiles {
		if !seen[path] {
			t.Errorf("%s needs no entry in longFiles", path)
		}
	}
}

// TestTheRulesBite holds the helpers against known wrongs.
func TestTheRulesBite(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"lang/eval", "lang/diag", true},
		{"lang/eval", "lang/schema", false},
		{"lang", "compiler", false},
		{"compiler/policy", "emit", false},
		{"emit/nginx", "compiler", false},
		{"emit/nginx", "compiler/ir", true},
		{"lang/source", "lang/diag", false},
		{"internal/build", "emit/outdir", true},
		{"internal/secretstore", "internal/secrets", false},
		{"internal/secretstore/aws", "internal/secretstore", false},
	} {
		to, _ := allowed(tt.from)
		if got := anyMatches(to, tt.to); got != tt.want {
			t.Errorf("%s → %s: got %v", tt.from, tt.to, got)
		}
	}
	if _, known := allowed("util"); known {
		t.Error("a package without a place is accepted")
	}
}
