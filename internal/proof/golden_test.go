package proof_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"nselfc/emit"
	"nselfc/lang/secret"
)

// environments gives the files of each environment that a golden archive wants, by
// the environment's name.
func environments(t testing.TB, archive string) map[string][]emit.File {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	nameless := slices.ContainsFunc(a.Files, func(f txtar.File) bool { return f.Name == "want/docker-compose.yml" })
	out := map[string][]emit.File{}
	for _, f := range a.Files {
		path, ok := strings.CutPrefix(f.Name, "want/")
		if !ok || path == "diagnostics" {
			continue
		}
		name := ""
		if !nameless {
			name, path, _ = strings.Cut(path, "/")
		}
		out[name] = append(out[name], emit.File{Path: path, Mode: 0o644, Text: secret.Literal(string(f.Data))})
	}
	return out
}

// TestGoldenFilesKeepEveryRule judges the compose files of every golden stack.
func TestGoldenFilesKeepEveryRule(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/stacks/*.txtar")
	if err != nil || len(archives) < 3 {
		t.Fatalf("golden stacks are missing: %v %v", archives, err)
	}
	for _, archive := range archives {
		for name, files := range environments(t, archive) {
			for _, f := range composed(files) {
				t.Errorf("%s %s: %s:%d: %s: %s", filepath.Base(archive), name, f.File, f.Line, f.Code, f.Detail)
			}
		}
	}
}
