package proof_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"nselfc/emit"
	"nselfc/internal/build"
	"nselfc/internal/proof"
	"nselfc/lang/diag"
)

// compiled gives the files of each environment of a stack in a folder.
func compiled(t testing.TB, dir string) map[string][]emit.File {
	t.Helper()
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	out := map[string][]emit.File{}
	for _, e := range c.Environments {
		out[e.Name] = e.Files
	}
	if len(out) == 0 {
		t.Fatalf("%s does not compile: %s", dir, told(diags))
	}
	return out
}

// good gives the files of testdata/good.hcl in an environment.
func good(t testing.TB, environment string) []emit.File {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/good.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return compiled(t, dir)[environment]
}

// TestGoodStack: both postures of a stack with everything keep every rule.
func TestGoodStack(t *testing.T) {
	for _, environment := range []string{"prod", "dev"} {
		for _, f := range proof.Check(good(t, environment)) {
			t.Errorf("%s: %+v", environment, f)
		}
	}
}

// TestGoldenStacks: so does every golden stack and every example.
func TestGoldenStacks(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/stacks/*.txtar")
	if err != nil || len(archives) < 8 {
		t.Fatalf("golden stacks are missing: %v %v", archives, err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			for environment, files := range compiled(t, stackDir(t, a)) {
				for _, f := range proof.Check(files) {
					t.Errorf("%s: %+v", environment, f)
				}
			}
		})
	}
}

// stackDir gives the folder of a golden stack: an example, or the archive's files.
func stackDir(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	if name, ok := strings.CutPrefix(strings.SplitN(string(a.Comment), "\n", 2)[0], "example: "); ok {
		return filepath.Join("../../examples", name)
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		if strings.HasPrefix(f.Name, "want/") {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func told(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.Subject.String() + " " + d.Code + ": " + d.Detail + "\n")
	}
	return b.String()
}
