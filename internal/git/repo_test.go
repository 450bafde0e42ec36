package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asHelper makes the test's binary a program that opens a tree and prints what is
// in it, so that a hook, or another user, can run it.
const asHelper = "GIT_TREE_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(asHelper) != "" {
		if err := printTree(os.Args[1], os.Args[2]); err != nil {
			if e, ok := errors.AsType[*Error](err); ok {
				fmt.Println(e.Detail())
			}
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	for name, value := range map[string]string{
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.DevNull,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func printTree(dir, rev string) error {
	t, err := Open(context.Background(), dir, rev)
	if err != nil {
		return err
	}
	fmt.Println("commit", t.Commit(), t.Has())
	err = fs.WalkDir(t.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := fs.ReadFile(t.FS(), path)
		fmt.Printf("%s: %q\n", path, b)
		return err
	})
	return errors.Join(err, t.Close())
}

// repo is a work tree made by the real git.
type repo struct {
	t interface {
		Helper()
		Fatalf(string, ...any)
	}
	dir string
}

// newRepo makes a repository with one commit on main.
func newRepo(t *testing.T, files map[string]string, args ...string) repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := repo{t, filepath.Join(dir, "repo")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git(append([]string{"init", "-q", "--initial-branch=main"}, args...)...)
	r.commit(files)
	return r
}

// git runs git in the work tree, and gives what it prints.
func (r repo) git(args ...string) string {
	r.t.Helper()
	return r.gitIn("", args...)
}

func (r repo) gitIn(stdin string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, said.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// put writes files; "-> x" is a link to x, and a name that ends in * a program.
func (r repo) put(files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		full := filepath.Join(r.dir, strings.TrimSuffix(name, "*"))
		mode := fs.FileMode(0o644)
		if strings.HasSuffix(name, "*") {
			mode = 0o755
		}
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			err = errors.Join(err, os.Symlink(to, full))
		} else {
			err = errors.Join(err, os.WriteFile(full, []byte(text), mode))
		}
		if err != nil {
			r.t.Fatalf("%v", err)
		}
	}
}

// commit commits all that there is, and gives the commit's name.
func (r repo) commit(files map[string]string) string {
	r.t.Helper()
	r.put(files)
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "x")
	return r.git("rev-parse", "HEAD")
}

func open(t *testing.T, dir, rev string) *Tree {
	t.Helper()
	tree, err := Open(context.Background(), dir, rev)
	if err != nil {
		t.Fatalf("%s of %s: %v", rev, dir, err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	return tree
}

// content gives a file, or the error.
func content(t *Tree, name string) string {
	b, err := fs.ReadFile(t.FS(), name)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
