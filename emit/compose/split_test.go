package compose_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/compose"
	"nselfc/emit/compose/verify"
)

// TestLimit holds that nodes are counted as Compose counts them, and that the
// limit is kept: with room for exactly the nodes of the stack there is one
// file, with one less there are several.
func TestLimit(t *testing.T) {
	one := text(render(t, rich()))
	nodes := count(t, one)
	if _, err := loadFiles(t, map[string]string{compose.FileName: one}, nodes); err != nil {
		t.Errorf("Compose counts more than %d nodes: %v", nodes, err)
	}
	if _, err := loadFiles(t, map[string]string{compose.FileName: one}, nodes-1); err == nil {
		t.Errorf("Compose counts less than %d nodes", nodes)
	}
	if files, _ := compose.RenderLimit(rich(), compose.Options{}, nodes); len(files) != 1 {
		t.Errorf("%d files at the limit", len(files))
	}
	if files, _ := compose.RenderLimit(rich(), compose.Options{}, nodes-1); len(files) < 2 {
		t.Errorf("%d files above the limit", len(files))
	}
	files, _ := compose.Render(many(3000), compose.Options{})
	if len(files) < 4 {
		t.Fatalf("3000 services are in %d files", len(files))
	}
	for _, f := range files {
		if n := count(t, text(f)); n > 80_000 {
			t.Errorf("%s has %d nodes", f.Path, n)
		}
	}
}

// TestSplitMeansTheSame reads the parts from disk, as Compose does, and compares
// them with the undivided file: every path and every reference between the
// parts must come out the same.
func TestSplitMeansTheSame(t *testing.T) {
	whole := text(render(t, rich()))
	want, err := loadFiles(t, map[string]string{compose.FileName: whole}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{20, 60, 120, 200} {
		files, _ := compose.RenderLimit(rich(), compose.Options{}, limit)
		got, err := loadFiles(t, byPath(files), 0)
		if err != nil {
			t.Fatalf("limit %d: %v", limit, err)
		}
		got.WorkingDir, got.Environment, got.ComposeFiles = want.WorkingDir, want.Environment, want.ComposeFiles
		if diff := cmp.Diff(normal(t, want), normal(t, got)); diff != "" {
			t.Errorf("limit %d, %d files:\n%s", limit, len(files), diff)
		}
		for _, d := range verify.Verify(context.Background(), rich(), files) {
			t.Errorf("limit %d: %s", limit, d.Detail)
		}
	}
}

// TestSplitIsStable holds that one more service changes few parts.
func TestSplitIsStable(t *testing.T) {
	stack := many(4000)
	before, _ := compose.Render(stack, compose.Options{})
	added := *stack
	s := *stack.Services[10]
	s.Name += "-b"
	added.Services = append(append(append([]*ir.Service{}, stack.Services[:11]...), &s), stack.Services[11:]...)
	after, _ := compose.Render(&added, compose.Options{})
	old := byPath(before)
	changed := 0
	for _, f := range after {
		if old[f.Path] != text(f) {
			changed++
		}
	}
	if len(after) < 6 || changed > 2 {
		t.Errorf("%d of %d files change", changed, len(after))
	}
}

// loadFiles writes files into a folder and loads docker-compose.yml from there.
func loadFiles(t *testing.T, files map[string]string, maxNodes int) (*types.Project, error) {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, files)
	details := types.ConfigDetails{WorkingDir: dir, Environment: types.Mapping{}, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, compose.FileName)}}}
	return loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("shop-prod", true)
		o.MaxNodeVisits = maxNodes
	})
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, ".secrets.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	files[".secrets.d/api.env"] = "FROM_FILE=1\n"
	for path, content := range files {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func byPath(files []emit.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		out[f.Path] = text(f)
	}
	return out
}

// normal prints a project without the folder that it was loaded from.
func normal(t *testing.T, p *types.Project) string {
	t.Helper()
	out, err := p.MarshalYAML()
	if err != nil {
		t.Fatal(err)
	}
	s := string(out)
	for _, service := range p.Services {
		for _, v := range service.Volumes {
			if i := strings.Index(v.Source, "/00"); i >= 0 {
				s = strings.ReplaceAll(s, v.Source[:i+4], "DIR")
			}
		}
	}
	return s
}

// count counts the nodes of a document as compose-go's ResetProcessor visits
// them: the root, and every value of a mapping or sequence.
func count(t *testing.T, file string) int {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(file), &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(n *yaml.Node) int
	walk = func(n *yaml.Node) int {
		sum := 1
		for i, c := range n.Content {
			if n.Kind == yaml.SequenceNode || i%2 == 1 {
				sum += walk(c)
			}
		}
		return sum
	}
	return walk(doc.Content[0])
}

func BenchmarkSplit(b *testing.B) {
	for _, n := range []int{500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			stack := many(n)
			b.ReportAllocs()
			for b.Loop() {
				compose.Render(stack, compose.Options{})
			}
		})
	}
}
