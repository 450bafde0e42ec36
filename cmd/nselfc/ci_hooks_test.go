package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// commits are what people stage, and what the hooks must say of it.
var commits = []struct {
	name string
	do   func(p *project) // stages all that it is about
	said string           // "" for a commit that is made
}{
	{"good", func(p *project) {
		p.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
		p.run("nselfc build --no-secrets && git add -A")
	}, ""},
	{"nothing of the stack", func(p *project) {
		p.write("README", "x\n")
		p.run("git add README")
	}, ""},
	{"not built", func(p *project) {
		p.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
		p.run("git add -A")
	}, "NS530"},
	{"built, and half of it staged", func(p *project) {
		p.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
		p.run("nselfc build --no-secrets && git add nself.hcl")
	}, "NS530"},
	{"good, and work in the tree", func(p *project) {
		p.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
		p.run("nselfc build --no-secrets && git add -A")
		p.edit("nself.hcl", "api:1.1.0", "api:latest")
		p.edit("out/docker-compose.yml", "api:1.1.0", "api:6.6.6")
	}, ""},
	{"edited by hand", func(p *project) {
		p.edit("out/docker-compose.yml", "api:1.0.0", "api:6.6.6")
		p.run("git add -A")
	}, "NS520"},
	{"floating image", func(p *project) {
		p.edit("nself.hcl", "api:1.0.0", "api:latest")
		p.run("git add -A")
	}, "NS310"},
	{"layout", func(p *project) {
		p.edit("nself.hcl", "  image", "    image")
		p.run("git add -A")
	}, "nself.hcl"},
	{"secrets", func(p *project) {
		p.write("out/.secrets", "X=1\n")
		p.run("git add -f out/.secrets")
	}, "out/.secrets"},
	{"rendered secrets", func(p *project) {
		p.write("out/.secrets.d/db/password", "x\n")
		p.run("git add -f out/.secrets.d")
	}, "out/.secrets.d/db/password"},
	{"a value of the secrets, encoded", func(p *project) {
		p.run("umask 077; printf 'X=%s\n' \"$(head -c 24 /dev/urandom | base64 -w0 | tr -d +/)\" > out/.secrets; sed s/^X=// out/.secrets | tr -d '\\n' | base64 -w0 > note; git add note")
	}, "NS405"},
	{"a token", func(p *project) {
		p.run("printf 'TOKEN=ghp_%s\n' \"$(head -c 99 /dev/urandom | base64 -w0 | tr -d +/= | cut -c 1-36)\" > settings; git add settings")
	}, "NS654"},
	{"a token in the tree alone", func(p *project) {
		p.write("README", "x\n")
		p.run("git add README; printf 'TOKEN=ghp_%s\n' \"$(head -c 99 /dev/urandom | base64 -w0 | tr -d +/= | cut -c 1-36)\" > settings")
	}, ""},
	{"an editor's copy", func(p *project) {
		p.write("out/..Secrets.swp", "x\n")
		p.run("git add -f out/..Secrets.swp")
	}, "out/..Secrets.swp"},
}

// TestPreCommit installs the hook as its head says, and commits.
func TestPreCommit(t *testing.T) {
	hook, err := filepath.Abs(ciExamples + "pre-commit")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range draw(t, commits, 2) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t)
			p.run("mkdir -p .git/hooks && install -m 755 " + hook + " .git/hooks/pre-commit")
			c.do(p)
			status := p.run("git status --porcelain")
			code, said := p.try("git commit -q -m change")
			if c.said == "" && code != 0 || c.said != "" && (code != 1 || !strings.Contains(said, c.said)) {
				t.Fatalf("exit code %d, want %q in: %s", code, c.said, said)
			}
			if strings.Contains(said, os.TempDir()) {
				t.Errorf("it names files of its own: %s", said)
			}
			if after := p.run("git status --porcelain"); c.said != "" && after != status {
				t.Errorf("it changed the tree: %s, before: %s", after, status)
			}
			if left, err := os.ReadDir(filepath.Join(filepath.Dir(p.dir), "tmp")); err != nil || len(left) > 0 {
				t.Errorf("it left %v behind: %v", left, err)
			}
		})
	}
}

// TestPreCommitFolders: a stack in a folder, one whose name needs quotes, a commit
// by path, and a work tree of its own.
func TestPreCommitFolders(t *testing.T) {
	p := newProject(t)
	hook, err := filepath.Abs(ciExamples + "pre-commit")
	if err != nil {
		t.Fatal(err)
	}
	p.run("git mv nself.hcl out 'sho p ü' 2>/dev/null || { mkdir 'sho p ü' && git mv nself.hcl out 'sho p ü'; }; git commit -q -m move")
	p.run("mkdir -p .git/hooks && install -m 755 " + hook + " .git/hooks/pre-commit")
	p.edit("sho p ü/nself.hcl", "api:1.0.0", "api:1.1.0")
	if code, said := p.try("git commit -q -a -m stale"); code != 1 || !strings.Contains(said, "sho p ü/out/docker-compose.yml") {
		t.Errorf("exit code %d: %s", code, said)
	}
	p.run("nselfc build --no-secrets 'sho p ü'")
	if code, said := p.try("git commit -q -m half 'sho p ü/nself.hcl'"); code != 1 || !strings.Contains(said, "NS530") {
		t.Errorf("by path: exit code %d: %s", code, said)
	}
	p.run("git worktree add -q ../second && cd ../second && git -C '" + p.dir + "' diff | git apply && git commit -q -a -m whole")
}

// TestPreCommitConfig runs the entries of the configuration for the framework of
// that name, on what it hands them: all hooks on what is staged.
func TestPreCommitConfig(t *testing.T) {
	b, err := os.ReadFile(ciExamples + "pre-commit-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Repos []struct {
			Repo  string
			Hooks []struct {
				ID, Name, Language, Entry, Files string
				Args                             []string
				PassFilenames                    *bool `yaml:"pass_filenames"`
				AlwaysRun                        bool  `yaml:"always_run"`
			}
		}
	}
	if err := yaml.Unmarshal(b, &config); err != nil || len(config.Repos) != 1 || config.Repos[0].Repo != "local" || len(config.Repos[0].Hooks) < 4 {
		t.Fatalf("%v: %v", err, config)
	}
	for _, c := range draw(t, commits, 2) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t)
			c.do(p)
			// The framework puts away what is not staged.
			p.run("git stash -q --keep-index --include-untracked 2>/dev/null || true; git checkout-index -a -f")
			staged := strings.Split(strings.TrimSpace(p.run("git -c core.quotePath=false diff --cached --name-only")), "\n")
			failed := false
			var all strings.Builder
			for _, h := range config.Repos[0].Hooks {
				files := regexp.MustCompile(h.Files)
				var names []string
				for _, name := range staged {
					if files.MatchString(name) {
						names = append(names, name)
					}
				}
				if len(names) == 0 && !h.AlwaysRun {
					continue
				}
				if h.Language == "fail" {
					failed = true
					all.WriteString(h.Entry + "\n" + strings.Join(names, "\n"))
					continue
				}
				if h.Language != "system" {
					t.Fatalf("%s has the language %s", h.ID, h.Language)
				}
				script := h.Entry
				for _, a := range h.Args {
					script += " '" + a + "'"
				}
				if h.PassFilenames == nil || *h.PassFilenames {
					script += " '" + strings.Join(names, "' '") + "'"
				}
				code, said := p.try(script)
				failed = failed || code != 0
				all.WriteString(said)
			}
			if failed != (c.said != "") || !strings.Contains(all.String(), c.said) {
				t.Errorf("failed: %v, want %q in: %s", failed, c.said, all.String())
			}
		})
	}
}

// TestHookShellcheck: the hook is free of shellcheck's findings; a bad one is not.
func TestHookShellcheck(t *testing.T) {
	need(t, "shellcheck")
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("#!/bin/sh\nrm $1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("shellcheck", bad).CombinedOutput(); err == nil || !strings.Contains(string(out), "SC2086") {
		t.Fatalf("control: %v: %s", err, out)
	}
	if out, err := exec.Command("shellcheck", ciExamples+"pre-commit").CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
}
