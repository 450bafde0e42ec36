package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// guards says who alone may use what goes past the writer that hides values, or must
// be handed it: a package's path and a name in it, or "." and a method's name.
var guards = []struct {
	pkg, name string
	by        []string // files
	why       string
}{
	{"os", "Stdout", []string{"internal/cli/env.go"}, "write to Env.Stdout, which hides the values of secrets"},
	{"os", "Stderr", []string{"internal/cli/env.go"}, "write to Env.Stderr, which hides the values of secrets"},
	{"fmt", "Print", nil, "write to a stream of Env"},
	{"fmt", "Printf", nil, "write to a stream of Env"},
	{"fmt", "Println", nil, "write to a stream of Env"},
	{"log", "", nil, "it writes to the process's own standard error"},
	{"", "println", nil, "it writes to the process's own standard error"},
	{"", "print", nil, "it writes to the process's own standard error"},
	{".", "Disclose", []string{"internal/cli/env.go"}, "only Env.reveal looks whether a person is there"},
	{"env", "reveal", []string{"internal/cli/secrets_show.go"}, "only one command shows a value"},
	{"build", "Compile", []string{"internal/cli/compile.go", "internal/cli/secretname.go"}, "compile of internal/cli hands it the registry of values"},
}

// own are programs of the project's own, which have no secrets, and are no part of nselfc.
var own = []string{"internal/lab/...", "internal/bench/..."}

// TestStreamsAreGuarded: nothing can print but through the writers that Main puts in
// front of both streams, and nothing shows a value on purpose but one command.
func TestStreamsAreGuarded(t *testing.T) {
	files := 0
	for _, p := range packages(t) {
		if anyMatches(own, p.path()) || !anyMatches([]string{"internal/...", "cmd/..."}, p.path()) {
			continue // the pure parts print nothing at all: TestPurity
		}
		for _, name := range p.GoFiles {
			files++
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range pastGuards(f, p.path()+"/"+name) {
				t.Error(wrong)
			}
		}
	}
	if files < 100 {
		t.Errorf("only %d files were read", files)
	}
}

// pastGuards lists what a file uses that it may not.
func pastGuards(f *ast.File, name string) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		pkg, word := "", ""
		switch n := n.(type) {
		case *ast.SelectorExpr:
			pkg, word = ".", n.Sel.Name
			if x, ok := n.X.(*ast.Ident); ok && x.Obj == nil {
				pkg = x.Name
			}
		case *ast.CallExpr:
			if x, ok := n.Fun.(*ast.Ident); ok && x.Obj == nil {
				word = x.Name
			}
		}
		for _, g := range guards {
			if (g.pkg == pkg || g.pkg == "." && pkg != "") && (g.name == word || g.name == "" && word != "") && !slices.Contains(g.by, name) {
				out = append(out, name+" uses "+pkg+" "+word+": "+g.why)
			}
		}
		return true
	})
	return out
}

// TestGuardsBite holds the rules against known wrongs.
func TestGuardsBite(t *testing.T) {
	for text, want := range map[string]int{
		`fmt.Println("x")`:                  1,
		`fmt.Fprintln(env.Stdout, "x")`:     0,
		`cmd.Stdout = os.Stdout`:            1,
		`cmd.Stdout, cmd.Stderr = out, out`: 0,
		`println("x")`:                      1,
		`log.Printf("x")`:                   1,
		`w.Disclose("x")`:                   1,
		`env.reveal("x")`:                   1,
		`build.Compile(ctx, "")`:            1,
		`compile(ctx, env, "")`:             0,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc f() {\n"+text+"\n}\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := pastGuards(f, "internal/x/x.go"); len(got) != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
