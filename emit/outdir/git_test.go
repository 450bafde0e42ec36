package outdir

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nselfc/emit"
)

// repository makes a git repository with an output directory in it.
func repository(t *testing.T) (git func(args ...string) (string, error), dir string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		missing(t, "git is missing")
	}
	dir = fresh(t)
	git = func(args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		cmd.Dir = filepath.Dir(dir)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must(t, git, "init", "-q", "-b", "main")
	return git, dir
}

func must(t *testing.T, git func(...string) (string, error), args ...string) {
	t.Helper()
	if out, err := git(args...); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

// TestGitIgnores asks git which paths the rendered .gitignore keeps out.
func TestGitIgnores(t *testing.T) {
	git, dir := repository(t)
	mustBuild(t, dir, file("docker-compose.yml", "x"))
	for path, want := range map[string]bool{
		".secrets": true, ".secrets.d/db/password": true, ".secrets.lock": true, ".secrets.new": true, ".secrets~": true, "..secrets.swp": true,
		"nginx/.secrets": true, nextName: true, stagingName + "/0": true,
		"docker-compose.yml": false, LockName: false, ".gitignore": false, ".gitattributes": false, "nginx/conf.d/secrets.conf": false,
	} {
		out, err := git("check-ignore", "--no-index", "out/"+path)
		if got := err == nil; got != want {
			t.Errorf("%s: ignored %v, want %v: %s", path, got, want, out)
		}
	}
	out, err := git("check-attr", "eol", "linguist-generated", "--", "out/nself.lock", "out/docker-compose.yml")
	if err != nil {
		t.Fatal(out)
	}
	for _, want := range []string{
		"out/nself.lock: eol: lf", "out/nself.lock: linguist-generated: set",
		"out/docker-compose.yml: eol: lf", "out/docker-compose.yml: linguist-generated: unspecified",
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestMergeConflict follows the advice of NS511 and NS521 with the real git: a
// merge that conflicts in the lock, in a file, and that brings new files.
func TestMergeConflict(t *testing.T) {
	git, dir := repository(t)
	base := []emit.File{file("docker-compose.yml", "base"), file("nginx/a.conf", "base")}
	ours := []emit.File{file("docker-compose.yml", "ours"), file("nginx/a.conf", "base"), file("nginx/ours.conf", "o")}
	theirs := []emit.File{file("docker-compose.yml", "theirs"), file("nginx/a.conf", "theirs"), file("nginx/theirs.conf", "t")}
	merged := []emit.File{file("docker-compose.yml", "both"), file("nginx/a.conf", "theirs"), file("nginx/ours.conf", "o"), file("nginx/theirs.conf", "t, merged")}
	commit := func(files []emit.File) {
		mustBuild(t, dir, files...)
		must(t, git, "add", "-A")
		must(t, git, "commit", "-q", "-m", "x")
	}
	commit(base)
	must(t, git, "checkout", "-q", "-b", "theirs")
	commit(theirs)
	must(t, git, "checkout", "-q", "main")
	commit(ours)
	if out, err := git("merge", "theirs"); err == nil {
		t.Fatalf("the merge was to conflict: %s", out)
	}
	d := open(t, dir)
	defer d.Close()
	p, diags := d.Plan(merged, testMeta, Options{})
	if !p.blocked || len(diags) != 1 || diags[0].Code != "NS511" {
		t.Fatalf("got %v", codes(diags))
	}
	// With the lock mended and the file not, the file is next.
	must(t, git, "checkout", "HEAD", "--", "out/nself.lock")
	if _, _, got := build(t, dir, merged); !slices.Contains(got, "NS521") {
		t.Errorf("got %v", got)
	}
	var advice string
	for line := range strings.SplitSeq(diags[0].Detail, "\n") {
		if s, ok := strings.CutPrefix(line, "    git "); ok {
			advice = s
		}
	}
	if advice != "checkout --no-overlay HEAD -- "+dir {
		t.Fatalf("the advice is %q", advice)
	}
	must(t, git, strings.Fields(advice)...)
	mustBuild(t, dir, merged...)
	expectTree(t, dir, merged, nil)
	must(t, git, "add", "-A")
	must(t, git, "commit", "-q", "-m", "merge")
}
