package build_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"nselfc/internal/build"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestStacks compiles every stack of testdata/stacks and compares all that it
// writes with what the archive holds under want/. An archive without files of a
// stack names an example by its comment's first line: "example: shop".
func TestStacks(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/stacks/*.txtar")
	if err != nil || len(archives) < 3 {
		t.Fatalf("golden stacks are missing: %v %v", archives, err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			dir, input := stackDir(t, a)
			got := render(t, dir)
			if *update {
				a.Files = append(input, got...)
				if err := os.WriteFile(archive, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, a, got)
			deterministic(t, dir, got)
		})
	}
}

// stackDir gives the folder of the stack: an example, or the archive's files.
func stackDir(t *testing.T, a *txtar.Archive) (string, []txtar.File) {
	t.Helper()
	if name, ok := strings.CutPrefix(strings.SplitN(string(a.Comment), "\n", 2)[0], "example: "); ok {
		return filepath.Join("../../examples", name), nil
	}
	dir := t.TempDir()
	var input []txtar.File
	for _, f := range a.Files {
		if strings.HasPrefix(f.Name, "want/") {
			continue
		}
		input = append(input, f)
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, input
}

// render compiles a folder and gives every file, secret ones with placeholders,
// and the diagnostics, as an archive's want/ files.
func render(t *testing.T, dir string) []txtar.File {
	t.Helper()
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	var out []txtar.File
	var text bytes.Buffer
	for _, d := range diags {
		fmt.Fprintf(&text, "%s %s %s %s\n", d.Subject, d.Severity, d.Code, d.Summary)
	}
	if text.Len() > 0 {
		out = append(out, txtar.File{Name: "want/diagnostics", Data: text.Bytes()})
	}
	for _, e := range c.Environments {
		for _, f := range e.Files {
			if f.Path == "ufw/apply.sh" || f.Path == "ufw/rollback.sh" {
				continue // long, nearly the same for every stack, and golden in emit/ufw
			}
			name := strings.Join(slices.DeleteFunc([]string{"want", e.Name, f.Path}, func(s string) bool { return s == "" }), "/")
			data := []byte(f.Text.String())
			if len(data) > 0 && data[len(data)-1] != '\n' {
				data = append(data, "\n(no newline at the end)\n"...)
			}
			out = append(out, txtar.File{Name: name, Data: data})
		}
	}
	slices.SortFunc(out, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func compare(t *testing.T, a *txtar.Archive, got []txtar.File) {
	t.Helper()
	want := map[string]string{}
	for _, f := range a.Files {
		if strings.HasPrefix(f.Name, "want/") {
			want[f.Name] = string(f.Data)
		}
	}
	if len(want) == 0 {
		t.Error("the archive expects nothing; run with -update and review")
	}
	for _, f := range got {
		if diff := cmp.Diff(want[f.Name], string(f.Data)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
		delete(want, f.Name)
	}
	for name := range want {
		t.Errorf("%s is expected and was not written", name)
	}
}

// deterministic compiles again, with one and with four threads.
func deterministic(t *testing.T, dir string, want []txtar.File) {
	t.Helper()
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	times := 4
	if thorough {
		times = 10
	}
	for i := range times {
		runtime.GOMAXPROCS(1 + 3*(i%2))
		if diff := cmp.Diff(want, render(t, dir)); diff != "" {
			t.Fatalf("run %d differs:\n%s", i, diff)
		}
	}
}
