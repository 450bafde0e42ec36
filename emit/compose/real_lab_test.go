//go:build lab && linux

package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/emit/compose"
	"nselfc/internal/lab"
)

// TestRealCompose asks Compose itself: the one that NSELFC_COMPOSE names, or
// the lab's.
func TestRealCompose(t *testing.T) {
	bin := lab.ComposeBinary(t)
	dir := t.TempDir()
	config := func(files map[string]string) (string, error) {
		old, err := filepath.Glob(filepath.Join(dir, "docker-compose*.yml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range old {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
		writeFiles(t, dir, files)
		cmd := exec.Command(bin, "-f", filepath.Join(dir, compose.FileName), "config")
		cmd.Dir = t.TempDir() // paths must not depend on where Compose is called
		cmd.Env = []string{"HOME=replaced", "X=replaced", "C=replaced", "b=replaced", "PATH=" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	whole := text(render(t, rich()))
	want, err := config(map[string]string{compose.FileName: whole})
	if err != nil {
		t.Fatalf("%v:\n%s", err, want)
	}
	for _, line := range []string{"a$$b $${C:-d} $$$$e it", dir + "/.secrets.d/main/superuser", dir + "/nginx/nginx.conf"} {
		if !strings.Contains(want, line) {
			t.Errorf("%q is missing in:\n%s", line, want)
		}
	}
	files, _ := compose.RenderLimit(rich(), compose.Options{}, 120)
	got, err := config(byPath(files))
	if err != nil {
		t.Fatalf("%v:\n%s", err, got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("split in %d files:\n%s", len(files), diff)
	}
	if out, err := config(map[string]string{compose.FileName: text(render(t, withExtra(allExtra())))}); err != nil {
		t.Errorf("extra_compose: %v:\n%s", err, out)
	}
	if out, err := config(map[string]string{compose.FileName: strings.Replace(whole, "read_only:", "read_onl:", 1)}); err == nil {
		t.Errorf("the known-bad control passes:\n%s", out)
	}
}
