package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// TestReadme builds the example of the README, and finds the files that the
// README says it gives.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?ms)^```hcl\n(.*?)^```").FindSubmatch(readme)
	if example == nil {
		t.Fatal("the README has no example")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), example[1], 0o644); err != nil {
		t.Fatal(err)
	}
	env, _, stderr := testEnv()
	// Its certificate is on nobody's machine: without the secrets, it need not be.
	if code := Build(context.Background(), env, Display{}, BuildOptions{Path: dir, Verify: true, NoSecrets: true}); code != OK {
		t.Fatalf("code %d:\n%s", code, stderr)
	}
	// What it warns of is what a reader would have to look up.
	_, diags := build.Compile(context.Background(), dir, build.Options{})
	for _, d := range diags {
		if d.Code != "NS311" && d.Severity != diag.Note {
			t.Errorf("%s %s: %s", d.Code, d.Summary, d.Detail)
		}
	}
	listed := regexp.MustCompile(`(?m)^    (out/\S+)`).FindAllSubmatch(readme, -1)
	if len(listed) < 5 {
		t.Fatalf("the README lists only %d files", len(listed))
	}
	for _, m := range listed {
		name := string(m[1])
		if strings.Contains(name, ".secrets") {
			continue // made where the certificate is
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("the README names %s: %v", name, err)
		}
	}
}

// TestDocumentsAreThere follows the links of the documents, which a reader does.
func TestDocumentsAreThere(t *testing.T) {
	root := "../.."
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, doc := range append(docs, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), string(m[1]))); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}
