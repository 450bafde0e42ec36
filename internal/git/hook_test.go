package git

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHook: in a hook git sets variables that name the repository and an index;
// they lead to the same folder, from wherever the hook runs.
func TestHook(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, script string }{
		{"at the top", `"$self" stack HEAD`},
		{"below it", `cd stack && "$self" . HEAD`},
		{"by its path", `cd / && "$self" "$top/stack" HEAD`},
		{"with an absolute GIT_DIR", `export GIT_DIR="$(git rev-parse --absolute-git-dir)"; cd stack && "$self" . HEAD`},
		{"with a relative GIT_DIR", `export GIT_DIR="$(git rev-parse --git-dir)"; "$self" stack HEAD`},
	} {
		for _, linked := range []bool{false, true} {
			name := c.name
			if linked {
				name += ", in a linked work tree"
			}
			t.Run(name, func(t *testing.T) {
				r := newRepo(t, sample)
				where := r
				if linked {
					r.git("worktree", "add", "-q", "--detach", "../linked")
					where.dir = filepath.Join(filepath.Dir(r.dir), "linked")
				}
				out := filepath.Join(filepath.Dir(r.dir), "out")
				hook := "#!/bin/sh\nset -e\nself='" + self + "' top='" + where.dir + "'\nexport " + asHelper + "=1\n(" + c.script + ") >'" + out + "' 2>&1\nenv >>'" + out + "'\n"
				if err := os.WriteFile(filepath.Join(r.dir, ".git/hooks/pre-commit"), []byte(hook), 0o755); err != nil {
					t.Fatal(err)
				}
				where.put(map[string]string{"stack/nself.hcl": "to be committed"})
				where.git("commit", "-q", "-a", "-m", "x")
				b, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{"commit " + where.git("rev-parse", "HEAD~1") + " true\n", `nself.hcl: "stack \"shop\" {}\n"`, "GIT_INDEX_FILE="} {
					if !strings.Contains(string(b), want) {
						t.Errorf("%q is not in\n%s", want, b)
					}
				}
			})
		}
	}
}

// TestEnvironment: where variables name a repository, it is theirs, as for git.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	r, other := newRepo(t, sample), newRepo(t, map[string]string{"stack/nself.hcl": "other"})
	// A work tree whose repository lies elsewhere, as people keep their home in git.
	home := newRepo(t, map[string]string{"stack/nself.hcl": "home"})
	apart := filepath.Join(filepath.Dir(home.dir), "apart.git")
	if err := os.Rename(filepath.Join(home.dir, ".git"), apart); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, in, dir string
		env           []string
		want          string
	}{
		{"apart", home.dir, "stack", []string{"GIT_DIR=" + apart, "GIT_WORK_TREE=" + home.dir}, `nself.hcl: "home"`},
		{"apart, relative", home.dir, "stack", []string{"GIT_DIR=../apart.git", "GIT_WORK_TREE=."}, `nself.hcl: "home"`},
		{"apart, from below", filepath.Join(home.dir, "stack"), ".", []string{"GIT_DIR=" + apart, "GIT_WORK_TREE=.."}, `nself.hcl: "home"`},
		{"apart, by the working directory", home.dir, "stack", []string{"GIT_DIR=" + apart}, `nself.hcl: "home"`},
		{"the same", "/", filepath.Join(r.dir, "stack"), []string{"GIT_DIR=" + filepath.Join(r.dir, ".git")}, `nself.hcl: "stack`},
		{"another one", r.dir, "stack", []string{"GIT_DIR=" + filepath.Join(other.dir, ".git"), "GIT_WORK_TREE=" + other.dir}, "unset GIT_DIR GIT_WORK_TREE"},
		{"none", r.dir, "stack", []string{"GIT_DIR=/nonexistent"}, "not a git repository"},
		{"traces", r.dir, "stack", []string{"GIT_TRACE=1", "GIT_TRACE2=1", "GIT_TRACE_SETUP=1"}, `nself.hcl: "stack`},
	} {
		cmd := helper(t, c.dir, "HEAD", c.env...)
		cmd.Dir = c.in
		out, err := cmd.CombinedOutput()
		if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), c.want) || strings.Contains(string(out), "trace:") {
			t.Errorf("%s: %q is not in\n%s", c.name, c.want, out)
		}
	}
}
