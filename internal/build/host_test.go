package build_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// smallStack runs on a laptop, and has committed and secret files.
const smallStack = `stack "small" {}

environment "dev" {
  posture = "development"
}

secret "key" {}

service "api" {
  image   = "ghcr.io/acme/api:1.0.0"
  secrets = { KEY = secret.key }

  port "http" {
    container = 8080
  }

  route {
    host = "small.localhost"
  }
}

ingress {
  tls {
    certificate {
      local {}
    }
  }
}
`

// stranger runs the program as a user who owns nothing here.
func stranger(t *testing.T, dir string, args ...string) result {
	t.Helper()
	if os.Geteuid() != 0 {
		skip(t, "only root can become another user")
	}
	c := command(t, dir, args...)
	const nobody = 65533
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: false}}
	return run(t, c)
}

func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// open is a temporary folder that every user may look into.
func open(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRights wants an exit code, a place and a next step from a build that may
// not read or write something, and what was there to stay whole.
func TestRights(t *testing.T) {
	t.Parallel()
	chmod := func(mode os.FileMode, name string) func(dir string) error {
		return func(dir string) error { return os.Chmod(filepath.Join(dir, name), mode) }
	}
	for _, c := range some([]struct {
		name    string
		prepare func(dir string) error
		args    []string
		code    int
		says    []string
	}{
		{"a file", chmod(0, "nself.hcl"), nil, 3, []string{"NS122", "\n  nself.hcl:1:1", "permission denied", "Build as the user who owns it"}},
		{"a file by its name", chmod(0, "nself.hcl"), []string{"nself.hcl"}, 3, []string{"NS122", "\n  nself.hcl:1:1"}},
		{"a file from elsewhere", chmod(0, "nself.hcl"), []string{"../stack"}, 3, []string{"NS122", "\n  ../stack/nself.hcl:1:1"}},
		{"a module", chmod(0, "m/m.hcl"), nil, 3, []string{"NS122", "\n  m/m.hcl:1:1"}},
		{"a template", chmod(0, "t.tmpl"), nil, 3, []string{"NS122", "\n  nself.hcl:"}},
		{"the folder", chmod(0o311, "."), nil, 3, []string{"NS122", "ls -ld"}},
		{"the output", chmod(0o555, "out/dev"), nil, 3, []string{"NS505", "ls -la out/dev"}},
		{"a folder of the output", chmod(0o555, "out/dev/nginx/conf.d"), nil, 3, []string{"NS505", "ls -la out/dev/nginx/conf.d", "The next build finishes the work"}},
		{"a new output", chmod(0o555, "."), []string{"-o", "new"}, 3, []string{"NS505", "ls -la"}},
		{"a file of the output", chmod(0, "out/dev/docker-compose.yml"), nil, 3, []string{"NS504", "out/dev/docker-compose.yml", "ls -ld"}},
		{"the lock", chmod(0, "out/dev/nself.lock"), nil, 3, []string{"NS504", "nself.lock"}},
		{".secrets", chmod(0, "out/dev/.secrets"), nil, 3, []string{"NS605", "out/dev/.secrets", "ls -ld"}},
		{".secrets.d", chmod(0o500, "out/dev/.secrets.d/api"), nil, 3, []string{"NS604", "ls -ld"}},
		{"secrets that others read", chmod(0o644, "out/dev/.secrets"), nil, 1, []string{"NS602", "chmod 600 out/dev/.secrets"}},
		{"an output that others write", chmod(0o777, "out"), nil, 1, []string{"NS502", "chmod o-w out"}},
		{"somebody else's output", func(dir string) error { return os.Chown(filepath.Join(dir, "out"), 0, 0) }, nil, 1, []string{"NS502", "id 0"}},
	}) {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(open(t), "stack")
			withModule := smallStack + "\nmodule \"m\" {\n  source = \"./m\"\n}\n"
			withModule = strings.Replace(withModule, "  port \"http\"", "  config \"c\" {\n    path     = \"/c\"\n    template = \"t.tmpl\"\n  }\n\n  port \"http\"", 1)
			put(t, filepath.Join(dir, "nself.hcl"), withModule)
			put(t, filepath.Join(dir, "t.tmpl"), "text\n")
			put(t, filepath.Join(dir, "m", "m.hcl"), "service \"m\" {\n  image = \"ghcr.io/acme/m:1.0.0\"\n}\n")
			own(t, dir)
			if r := stranger(t, dir, "build"); r.code != 0 {
				t.Fatal(r.stderr)
			}
			before := tree(t, dir)
			put(t, filepath.Join(dir, "nself.hcl"), strings.ReplaceAll(strings.ReplaceAll(withModule, "8080", "8081"), "KEY = secret.key", "KEY = secret.key, KEY2 = secret.key"))
			if err := c.prepare(dir); err != nil {
				t.Fatal(err)
			}
			r := stranger(t, dir, append([]string{"build"}, c.args...)...)
			if r.code != c.code {
				t.Errorf("exit code %d, want %d", r.code, c.code)
			}
			for _, s := range c.says {
				if !strings.Contains(r.stderr, s) {
					t.Errorf("the text does not say %q", s)
				}
			}
			if strings.Contains(r.stdout, "Next:") {
				t.Errorf("a next step after a failure:\n%s", r.stdout)
			}
			if t.Failed() {
				t.Log(r.stderr)
			}
			after := tree(t, dir)
			if before["out/dev/.secrets"] != after["out/dev/.secrets"] {
				t.Error(".secrets changed")
			}
			checkWhole(t, after)
		})
	}
}

// own gives a folder to the stranger.
func own(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		skip(t, "only root can give files away")
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, 65533, 65533)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkWhole wants every generated file to end as its language does.
func checkWhole(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		switch {
		case !strings.HasPrefix(name, "out/"), strings.Contains(name, ".secrets.d/"), strings.Contains(name, ".staging"), strings.HasSuffix(name, ".lock") && text == "":
		case !strings.HasSuffix(text, "\n"):
			t.Errorf("%s is cut off: %q", name, text[max(0, len(text)-40):])
		}
	}
}

// TestFullDisk fills the disk at many points of a build. Each leaves what was
// there, and the next build with room finishes the work, with the same secrets.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		skip(t, "only root can mount a small disk")
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "nself.hcl"), smallStack)
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	full := 0
	step := 3
	if !thorough {
		step = 6
	}
	for pages := 2; pages < 40; pages += step {
		if err := syscall.Mount("tmpfs", out, "tmpfs", 0, fmt.Sprintf("size=%dk,mode=755", 4*pages)); err != nil {
			skip(t, "no tmpfs: "+err.Error())
		}
		func() {
			defer func() {
				if err := syscall.Unmount(out, 0); err != nil {
					t.Fatal(err)
				}
			}()
			r := run(t, command(t, dir, "build"))
			var kept map[string]string
			if r.code != 0 {
				full++
				if r.code != 3 || !strings.Contains(r.stderr, "no space left") || !strings.Contains(r.stderr, "df -h out") {
					t.Errorf("%d pages: exit code %d:\n%s", pages, r.code, r.stderr)
				}
				checkWhole(t, tree(t, dir))
				if _, err := os.Stat(filepath.Join(out, "dev", ".secrets")); err == nil {
					kept = values(t, filepath.Join(out, "dev"))
				}
			}
			if err := syscall.Mount("tmpfs", out, "tmpfs", syscall.MS_REMOUNT, "size=4m"); err != nil {
				t.Fatal(err)
			}
			ran(t, 0, dir, "build")
			now := values(t, filepath.Join(out, "dev"))
			for k, v := range kept {
				if now[k] != v {
					t.Errorf("%d pages: %s changed", pages, k)
				}
			}
			if r := ran(t, 0, dir, "build"); strings.Contains(r.stdout, "created") || strings.Contains(r.stdout, "updated") {
				t.Errorf("%d pages: the third build still changes something:\n%s", pages, r.stdout)
			}
		}()
	}
	if full < 15/step {
		t.Errorf("the disk was full %d times only", full)
	}
}

// TestElsewhere builds into folders of all sorts, from all sorts of folders, and
// wants the same bytes but for the way back to the stack.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	stack := filepath.Join(base, "the stack, ü & 'co'")
	put(t, filepath.Join(stack, "nself.hcl"), smallStack)
	put(t, filepath.Join(base, "cwd", "x"), "")
	ran(t, 0, stack, "build")
	want := committedTree(t, filepath.Join(stack, "out"))
	other := filepath.Join("/dev/shm", filepath.Base(base)+fmt.Sprint(os.Getpid())) // another file system, where there is one
	if os.Mkdir(other, 0o755) == nil {
		defer os.RemoveAll(other)
	} else {
		other = filepath.Join(base, "other")
	}
	for _, c := range []struct{ cwd, path, out, at string }{
		{"cwd", "../the stack, ü & 'co'", "../o 1", "o 1"},
		{"cwd", stack, filepath.Join(base, "o2"), "o2"},
		{"cwd", stack + "/nself.hcl", "o3/deep/er", "cwd/o3/deep/er"},
		{"the stack, ü & 'co'", "", "in side", "the stack, ü & 'co'/in side"},
		{"the stack, ü & 'co'", ".", "./out/../o4", "the stack, ü & 'co'/o4"},
		{"cwd", stack, other, other},
	} {
		args := []string{"build", "-o", c.out}
		if c.path != "" {
			args = append(args, c.path)
		}
		cwd := filepath.Join(base, c.cwd)
		ran(t, 0, cwd, args...)
		at := c.at
		if !filepath.IsAbs(at) {
			at = filepath.Join(base, at)
		}
		if diff := gocmp.Diff(want, committedTree(t, at)); diff != "" {
			t.Errorf("%v:\n%s", c, diff)
		}
		// The command that it prints for a hand edit works as it is.
		put(t, filepath.Join(at, "dev", "nginx", "nginx.conf"), "# mine\n")
		r := ran(t, 1, cwd, args...)
		force := ""
		for line := range strings.Lines(r.stderr) {
			if i := strings.Index(line, "--force "); i >= 0 {
				force = strings.TrimSpace(line[i:])
			}
		}
		if force == "" {
			t.Fatalf("no command to accept the loss:\n%s", r.stderr)
		}
		shell := command(t, cwd)
		words := make([]string, len(args))
		for i, a := range args {
			words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		shell.Path, shell.Args = "/bin/sh", []string{"sh", "-c", nselfc(t) + " " + strings.Join(words, " ") + " " + force}
		if r := run(t, shell); r.code != 0 {
			t.Errorf("%s ends with %d:\n%s", force, r.code, r.stderr)
		}
	}
}

// committedTree gives the committed files of an output directory.
func committedTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := tree(t, dir)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return strings.Contains(name, ".secrets") && !strings.HasSuffix(name, ".gitignore") || strings.Contains(name, ".secrets.d")
	})
	return files
}

// TestOutputIsNoFolder wants links, files and pipes in the place of the output
// directory to be refused and left alone.
func TestOutputIsNoFolder(t *testing.T) {
	t.Parallel()
	for _, c := range some([]struct {
		name string
		make func(dir string) error
		args []string
		code string
	}{
		{"a file", func(dir string) error { return os.WriteFile(filepath.Join(dir, "out"), nil, 0o644) }, nil, "NS501"},
		{"a link", func(dir string) error { return os.Symlink("real", filepath.Join(dir, "out")) }, nil, "NS501"},
		{"a link to nothing", func(dir string) error { return os.Symlink("nothing", filepath.Join(dir, "out")) }, nil, "NS501"},
		{"a link in its place", func(dir string) error {
			return os.Symlink("../real", filepath.Join(dir, "real", "dev"))
		}, []string{"-o", "real"}, "NS501"},
		{"below a file", func(dir string) error { return os.WriteFile(filepath.Join(dir, "f"), nil, 0o644) }, []string{"-o", "f/x"}, "NS501"},
		{"a link for .secrets", func(dir string) error {
			if err := os.MkdirAll(filepath.Join(dir, "out", "dev"), 0o755); err != nil {
				return err
			}
			return os.Symlink("../../real/s", filepath.Join(dir, "out", "dev", ".secrets"))
		}, nil, "NS601"},
		{"a link for .secrets.d", func(dir string) error {
			if err := os.MkdirAll(filepath.Join(dir, "out", "dev"), 0o755); err != nil {
				return err
			}
			return os.Symlink("../../real", filepath.Join(dir, "out", "dev", ".secrets.d"))
		}, nil, "NS601"},
		{"a pipe for a file", func(dir string) error {
			if err := os.MkdirAll(filepath.Join(dir, "out", "dev"), 0o755); err != nil {
				return err
			}
			return syscall.Mkfifo(filepath.Join(dir, "out", "dev", "docker-compose.yml"), 0o644)
		}, nil, "NS525"},
	}) {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "nself.hcl"), smallStack)
			if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := c.make(dir); err != nil {
				t.Fatal(err)
			}
			r := ran(t, 1, dir, append([]string{"build"}, c.args...)...)
			if !strings.Contains(r.stderr, c.code) {
				t.Errorf("not %s:\n%s", c.code, r.stderr)
			}
			for name := range tree(t, filepath.Join(dir, "real")) {
				t.Errorf("%s was written through a link", name)
			}
		})
	}
}
