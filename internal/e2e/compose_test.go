//go:build lab && linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"nselfc/internal/lab"
)

// TestCompose has Docker Compose read what others of its libraries accept.
func TestCompose(t *testing.T) {
	binary := lab.ComposeBinary(t)
	t.Run("golden stacks", func(t *testing.T) { testGoldenStacks(t, binary) })
	t.Run("layers", func(t *testing.T) { testLayers(t, binary) })
}

// config has Compose read a folder and gives the time that the processor took for it:
// other tests run meanwhile.
func config(binary, dir string, limit time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "config", "--quiet")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", errors.Join(err, ctx.Err()), out)
	}
	if cmd.ProcessState == nil { // it was not started
		return 0, err
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
}

// placeholder stands in golden files where the host writes a secret.
var placeholder = regexp.MustCompile(`\$\{[^\n]*\}`)

// testGoldenStacks unpacks the output that the golden files hold.
func testGoldenStacks(t *testing.T, binary string) {
	archives, err := filepath.Glob("../../testdata/stacks/*.txtar")
	if err != nil || len(archives) < 4 {
		t.Fatalf("%d stacks, %v", len(archives), err)
	}
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		var stacks []string
		for _, f := range a.Files {
			name, ok := strings.CutPrefix(f.Name, "want/")
			if !ok {
				continue
			}
			path := filepath.Join(root, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) == ".env" { // Compose reads it, and the archive has names for values
				f.Data = placeholder.ReplaceAll(f.Data, []byte("x"))
			}
			write(t, path, f.Data, 0o600)
			if filepath.Base(name) == "docker-compose.yml" {
				stacks = append(stacks, filepath.Dir(path))
			}
		}
		if len(stacks) == 0 {
			t.Errorf("%s holds no compose file", archive)
		}
		for _, dir := range stacks {
			if _, err := config(binary, dir, time.Minute); err != nil {
				t.Errorf("%s: %v", archive, err)
			}
			// The control: the same with a key that Compose does not know.
			path := filepath.Join(dir, "docker-compose.yml")
			broken := strings.Replace(read(t, path), "\n    image: ", "\n    imago: ", 1)
			write(t, path, []byte(broken), 0o600)
			if _, err := config(binary, dir, time.Minute); err == nil {
				t.Errorf("%s: a key that there is not is accepted", archive)
			}
		}
	}
}

// testLayers compares 48 services in 24 layers of two, each of which refers to
// both of the layer below, with 48 services that refer to nothing. Compose
// searches for cycles along every path, of which the layers have 2^24.
func testLayers(t *testing.T, binary string) {
	const layers, width = 24, 2
	independent := compiled(t, layered(layers, width, false))
	stacked := compiled(t, layered(layers, width, true))
	best := func(dir string) time.Duration {
		t.Helper()
		least := time.Hour
		for range 3 {
			took, err := config(binary, dir, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			least = min(least, took)
		}
		return least
	}
	base, got := best(independent), best(stacked)
	t.Logf("48 independent services %v, 24 layers of two %v", base, got)
	if got > 3*base {
		t.Errorf("layers take %v, which is more than three times %v", got, base)
	}
	// The control: the same needs, written out as one would at first.
	naive := t.TempDir()
	write(t, filepath.Join(naive, "docker-compose.yml"), []byte(naiveLayers(layers, width)), 0o644)
	if took, err := config(binary, naive, 3*base); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the needs written out are read in %v (%v): nothing is proved above", took, err)
	}
}

func layered(layers, width int, joined bool) string {
	var b strings.Builder
	b.WriteString("stack \"layers\" {}\n")
	for l := range layers {
		for w := range width {
			fmt.Fprintf(&b, "\nservice \"s%d-%d\" {\n  image = \"ghcr.io/acme/api:1.4.2\"\n", l, w)
			b.WriteString("  port \"http\" {\n    container = 8080\n  }\n  healthcheck {\n    command = [\"true\"]\n  }\n")
			if joined && l > 0 {
				b.WriteString("  env = {\n")
				for below := range width {
					fmt.Fprintf(&b, "    BELOW_%d = service.s%d-%d.host\n", below, l-1, below)
				}
				b.WriteString("  }\n")
			}
			b.WriteString("}\n")
		}
	}
	return b.String()
}

func naiveLayers(layers, width int) string {
	var b strings.Builder
	b.WriteString("name: naive\nservices:\n")
	for l := range layers {
		for w := range width {
			fmt.Fprintf(&b, "  s%d-%d:\n    image: ghcr.io/acme/api:1.4.2\n", l, w)
			if l > 0 {
				b.WriteString("    depends_on:\n")
				for below := range width {
					fmt.Fprintf(&b, "      s%d-%d:\n        condition: service_healthy\n", l-1, below)
				}
			}
		}
	}
	return b.String()
}

// compiled builds a stack of one file and gives its output directory.
func compiled(t *testing.T, text string) string {
	t.Helper()
	s := &stack{dir: t.TempDir()}
	write(t, filepath.Join(s.dir, "nself.hcl"), []byte(text), 0o644)
	return s.build(t)[0].Dir
}
