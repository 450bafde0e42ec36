package mergedriver

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nselfc/lang/diag"
)

// asDriver makes the test binary the merge driver that git runs.
const asDriver = "NSELFC_TEST_MERGE_DRIVER"

func TestMain(m *testing.M) {
	if os.Getenv(asDriver) == "" {
		if err := flag.Set("rapid.checks", checks); err != nil { // the command line has the last word
			panic(err)
		}
		os.Exit(m.Run())
	}
	a := os.Args[1:]
	size, _ := strconv.Atoi(a[4])
	clean, diags := Merge(context.Background(), File{Base: a[0], Ours: a[1], Theirs: a[2], Path: a[3], MarkerSize: size})
	for _, d := range diags {
		fmt.Fprintf(os.Stderr, "%s %s: %s\n", d.Code, d.Subject.File, d.Detail)
	}
	if !clean {
		os.Exit(1)
	}
	os.Exit(0)
}

// TB is what the helpers need of a test and of a property.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// repository is a git repository with the driver installed.
type repository struct {
	dir string
	env []string
}

// newRepository makes one in memory where that is possible.
func newRepository(t *testing.T) *repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is missing")
		}
		t.Skip("git is missing")
	}
	dir, err := os.MkdirTemp("/dev/shm", "mergedriver") //nolint:usetesting // in memory, as histories are made by the hundred
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &repository{dir: dir}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") {
			r.env = append(r.env, v)
		}
	}
	r.env = append(
		r.env, asDriver+"=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_EDITOR=true",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	)
	r.must(t, "init", "-q", "-b", "main")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r.must(t, "config", "merge.nselfc.driver", "'"+self+"' %O %A %B %P %L")
	r.must(t, "config", "maintenance.auto", "false") // else two more processes for every commit
	return r
}

func (r *repository) git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *repository) must(t TB, args ...string) string {
	t.Helper()
	out, err := r.git(args...)
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return out
}

func (r *repository) write(t TB, path, text string) {
	t.Helper()
	full := filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatalf("%v", err)
	}
}

func (r *repository) read(path string) string {
	b, _ := os.ReadFile(filepath.Join(r.dir, path)) // one that is not there is empty
	return string(b)
}

// commit commits everything.
func (r *repository) commit(t TB, subject string) {
	t.Helper()
	r.must(t, "add", "-A")
	r.must(t, "commit", "-q", "--allow-empty", "-m", subject)
}

func codes(l diag.List) string {
	var out []string
	for _, d := range l {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}
