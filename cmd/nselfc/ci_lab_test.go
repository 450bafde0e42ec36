//go:build lab && linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestActionlint holds the workflow against actionlint, which runs shellcheck on
// its scripts.
func TestActionlint(t *testing.T) {
	need(t, "shellcheck")
	bad := filepath.Join(t.TempDir(), "bad.yml")
	if err := os.WriteFile(bad, []byte("on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lint := func(file string) (string, error) {
		out, err := exec.Command("go", "tool", "-modfile=../../tools/actionlint/go.mod", "actionlint", "-no-color", file).CombinedOutput()
		return string(out), err
	}
	if out, err := lint(bad); err == nil || !strings.Contains(out, "potentially untrusted") {
		t.Fatalf("control: %v: %s", err, out)
	}
	if out, err := lint(ciExamples + "github-actions.yml"); err != nil {
		t.Errorf("%s", out)
	}
}

// TestInstall runs the step that installs nselfc with the real compiler, on the
// sources as they are committed, and then the rest of the job.
func TestInstall(t *testing.T) {
	g := newGitHub(newProject(t))
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(g.dir), "tools", "go")); err != nil { // the stand-in
		t.Fatal(err)
	}
	commit, err := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Skip("the sources are no repository of git")
	}
	g.vars = []string{"NSELFC_SOURCE=file://" + root, "NSELFC_COMMIT=" + strings.TrimSpace(string(commit))}
	g.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
	g.run("nselfc build --no-secrets")
	if failed, said := g.pull("review"); failed != nil {
		t.Fatalf("%q: %s", failed, said)
	}
	if out := g.run(filepath.Join(g.home, "temp", "bin", "nselfc") + " version"); !strings.HasPrefix(out, "nselfc ") {
		t.Errorf("it says %q", out)
	}
}

// TestOneComment: a second run updates the comment of the first, a fork's writes
// none, and the plan compares with the target branch as it is now.
func TestOneComment(t *testing.T) {
	g := newGitHub(newProject(t))
	for _, version := range []string{"1.1.0", "1.2.0"} {
		g.run("sed -i 's/api:[0-9.]*/api:" + version + "/' nself.hcl && nselfc build --no-secrets")
		if failed, said := g.pull("review"); failed != nil {
			t.Fatalf("%q: %s", failed, said)
		}
		got := g.comments()
		if len(got) != 3 || !strings.Contains(got[2].Body, "1.0.0") || !strings.Contains(got[2].Body, version) {
			t.Fatalf("after %s: %v", version, got)
		}
	}
	before := g.read(filepath.Join(g.home, "calls"))
	g.fork = true
	if failed, said := g.pull("review"); failed != nil {
		t.Errorf("%q: %s", failed, said)
	}
	if after := g.read(filepath.Join(g.home, "calls")); after != before {
		t.Errorf("a fork's run called the forge: %s", strings.TrimPrefix(after, before))
	}
	if summary := g.read(filepath.Join(g.home, "summary")); !strings.Contains(summary, "1.2.0") {
		t.Errorf("a fork's plan is nowhere: %q", summary)
	}
}

func TestCodeScanning(t *testing.T) {
	g := newGitHub(newProject(t))
	g.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
	if failed, said := g.pull("code-scanning"); failed != nil {
		t.Errorf("%q: %s", failed, said)
	}
}
