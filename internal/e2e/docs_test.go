package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// proof is a test as docs/security.md names it: `internal/e2e TestShop/firewall`.
var proof = regexp.MustCompile("`([a-z][a-z0-9/]*) (Test[A-Za-z0-9]+)((?:/[^`/]+)*)`")

// TestSecurityPage holds docs/security.md to the source tree: every test that it
// names is there, subtests too, and no promise goes without one.
func TestSecurityPage(t *testing.T) {
	text, check := namedTests(t, "../../docs/security.md", 60)
	_, tables, _ := strings.Cut(text, "\n## Promises\n")
	promises := 0
	for line := range strings.Lines(tables) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.Trim(cells[1], " -") == "" || strings.TrimSpace(cells[3]) == "proof" {
			continue
		}
		if promises++; !proof.MatchString(cells[3]) {
			t.Errorf("a promise without a test: %s", line)
		}
	}
	if promises < 30 {
		t.Errorf("the page makes %d promises only", promises)
	}
	// The control: what is not there is missed.
	for _, m := range [][3]string{
		{"internal/e2e", "TestShopping", ""},
		{"internal/e2e", "TestShop", "/firewalls"},
		{"internal/e2e", "TestShop", "/firewall/replied"},
		{"internal/e2e", "TestChanges", "/firewall"},
		{"internal/none", "TestShop", ""},
	} {
		if check(m[0], m[1], m[2]) == nil {
			t.Errorf("%v is found", m)
		}
	}
}

// TestRulesPage holds docs/rules.md to the source tree: the tests that prove its rules
// live are there.
func TestRulesPage(t *testing.T) { namedTests(t, "../../docs/rules.md", 10) }

// namedTests reads a page and misses each test that it names and that is not there. It
// gives what tells of one, too.
func namedTests(t *testing.T, name string, least int) (page string, check func(dir, test, subtests string) error) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]*testPackage{}
	check = func(dir, test, subtests string) error {
		if packages[dir] == nil {
			packages[dir] = readTests(t, filepath.Join("../..", dir))
		}
		return packages[dir].has(test, subtests)
	}
	named := proof.FindAllStringSubmatch(string(text), -1)
	if len(named) < least {
		t.Errorf("the page names %d tests only", len(named))
	}
	for _, m := range named {
		if err := check(m[1], m[2], m[3]); err != nil {
			t.Errorf("%s: %v", m[0], err)
		}
	}
	return string(text), check
}

// testPackage is what the test files of a folder hold.
type testPackage struct {
	functions map[string][]*ast.BlockStmt // by name; methods of several types may share one
	files     []string                    // names below testdata, without their endings
}

func readTests(t *testing.T, dir string) *testPackage {
	t.Helper()
	p := &testPackage{functions: map[string][]*ast.BlockStmt{}}
	sources, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				p.functions[f.Name.Name] = append(p.functions[f.Name.Name], f.Body)
			}
		}
	}
	_ = filepath.WalkDir(filepath.Join(dir, "testdata"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			base := filepath.Base(path)
			p.files = append(p.files, base, strings.TrimSuffix(base, filepath.Ext(base)))
		}
		return nil // a package without test data has no such folder
	})
	return p
}

// has tells whether a test is there, and whether each of its subtests is named
// by a literal in what the test calls, or by a file of its test data.
func (p *testPackage) has(test, subtests string) error {
	if len(p.functions[test]) != 1 {
		return fmt.Errorf("no test %s", test)
	}
	if subtests == "" {
		return nil
	}
	names := append(p.literals(test, map[string]bool{}), p.files...)
	for want := range strings.SplitSeq(subtests[1:], "/") {
		if !slices.ContainsFunc(names, func(s string) bool { return strings.ReplaceAll(s, " ", "_") == want }) {
			return fmt.Errorf("%s has no subtest %s", test, want)
		}
	}
	return nil
}

// literals gives the strings in a function and in all that it mentions.
func (p *testPackage) literals(function string, seen map[string]bool) []string {
	if seen[function] {
		return nil
	}
	seen[function] = true
	var out []string
	for _, body := range p.functions[function] {
		ast.Inspect(body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				out = append(out, p.literals(n.Name, seen)...)
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					out = append(out, s)
				}
			}
			return true
		})
	}
	return out
}
