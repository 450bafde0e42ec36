package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// project is a repository with a stack, as a user of the examples has it: a work
// tree, and a bare repository that it is pushed to.
type project struct {
	t      *testing.T
	dir    string // the work tree
	remote string
	env    []string
}

const ciStack = `stack "shop" {
  domain = "shop.example.com"
}

service "api" {
  image = "ghcr.io/acme/api:1.0.0"

  port "http" {
    container = 8080
  }

  volume "data" {
    path = "/data"
  }
}
`

// newProject makes one whose branch main holds a built stack, and checks out the
// branch feature.
func newProject(t *testing.T) *project {
	t.Helper()
	need(t, "git", "jq", "bash")
	root := t.TempDir()
	p := &project{t: t, dir: filepath.Join(root, "work"), remote: filepath.Join(root, "remote.git")}
	tools := filepath.Join(root, "tools")
	for _, dir := range []string{p.dir, tools, filepath.Join(root, "tmp")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") && !strings.HasPrefix(v, "GITHUB_") && !strings.HasPrefix(v, "CI") {
			p.env = append(p.env, v)
		}
	}
	p.env = append(
		p.env, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "TMPDIR="+filepath.Join(root, "tmp"), "STUBS="+tools,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"),
	)
	p.run("git init -q -b main && git init -q --bare " + p.remote)
	p.write("nself.hcl", ciStack)
	p.run("nselfc build --no-secrets && git add -A && git commit -q -m base && git remote add origin " + p.remote + " && git push -q origin main && git checkout -q -b feature")
	return p
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

func (p *project) write(name, text string) {
	p.t.Helper()
	full := filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o644)); err != nil {
		p.t.Fatal(err)
	}
}

// edit replaces a text in a file of the work tree.
func (p *project) edit(name, from, to string) {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil || !bytes.Contains(b, []byte(from)) {
		p.t.Fatalf("%s holds no %q: %v", name, from, err)
	}
	p.write(name, strings.ReplaceAll(string(b), from, to))
}

// try runs a script in the work tree and gives its exit code and all that it said.
func (p *project) try(script string) (int, string) {
	p.t.Helper()
	return p.in(p.dir, script, nil)
}

func (p *project) in(dir, script string, env []string) (int, string) {
	p.t.Helper()
	// As runners do it: GitHub's "shell: bash", and GitLab's preamble.
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append(append([]string(nil), p.env...), env...)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return 0, string(out)
}

func (p *project) run(script string) string {
	p.t.Helper()
	code, out := p.try(script)
	if code != 0 {
		p.t.Fatalf("exit code %d of %s:\n%s", code, script, out)
	}
	return out
}

// stub puts a program in front of PATH.
func (p *project) stub(name, script string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.dir), "tools", name), []byte("#!/bin/bash\nset -euo pipefail\n"+script), 0o755); err != nil {
		p.t.Fatal(err)
	}
}

// tools makes what stands in for the sources of nselfc, and a compiler that takes
// the nselfc of this test for what it built. TestInstall has the real ones.
func (p *project) tools() []string {
	p.t.Helper()
	source := filepath.Join(filepath.Dir(p.dir), "nselfc.git")
	p.run("git init -q " + source + " && cd " + source + " && mkdir -p cmd/nselfc && echo 'package main' >cmd/nselfc/main.go && git add -A && git commit -q -m x")
	p.stub("go", `[ "$1" = build ] && shift
if [ "$1" = -C ]; then cd "$2"; shift 2; fi
[ "$1 $2 $4" = "-trimpath -o ./cmd/nselfc" ] && [ -f "$4/main.go" ]
mkdir -p "$(dirname "$3")"
cp "$(command -v nselfc)" "$3"
`)
	return []string{"NSELFC_SOURCE=" + source, "NSELFC_COMMIT=" + strings.TrimSpace(p.run("git -C "+source+" rev-parse HEAD"))}
}

func (p *project) read(name string) string {
	b, _ := os.ReadFile(name) // one that is not there is empty
	return string(b)
}
