package secrets

import (
	"crypto/elliptic"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nselfc/lang/diag"
)

// repository runs git in a directory, without the configuration of whoever tests.
func repository(t *testing.T, dir string) func(args ...string) string {
	git := tool(t, "git")
	return func(args ...string) string {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-c", "protocol.file.allow=always", "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return string(out)
	}
}

// TestTrackedInEachFormat has git write its index in every format that it knows,
// then do what the refusal tells.
func TestTrackedInEachFormat(t *testing.T) {
	for name, tt := range map[string]struct {
		init    []string
		convert [][]string // before and after the file is added
	}{
		"version 2":          {nil, [][]string{{"update-index", "--index-version", "2"}}},
		"version 3":          {nil, [][]string{{"update-index", "--index-version", "3"}, {"add", "-N", "-f", "later"}}},
		"version 4":          {nil, [][]string{{"update-index", "--index-version", "4"}}},
		"SHA-256":            {[]string{"--object-format=sha256"}, nil},
		"SHA-256, version 4": {[]string{"--object-format=sha256"}, [][]string{{"update-index", "--index-version", "4"}}},
		"split":              {nil, [][]string{{"update-index", "--split-index"}}},
		"split, version 4":   {nil, [][]string{{"update-index", "--index-version", "4"}, {"update-index", "--split-index"}}},
		"split, SHA-256":     {[]string{"--object-format=sha256"}, [][]string{{"update-index", "--split-index"}}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := workDir(t)
			top := filepath.Dir(dir)
			git := repository(t, top)
			put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
			stack := stackOf(decl("a", "hex"))
			build(t, dir, stack, nil)
			for i := range 200 { // more than a word of a split index's bitmaps
				put(t, filepath.Join(top, fmt.Sprintf("src/package%03d/file.txt", i)), "x", 0o644)
			}
			put(t, filepath.Join(top, "later"), "x", 0o644)
			git(append([]string{"init", "-q"}, tt.init...)...)
			git("add", "src")
			convert := func() {
				for _, args := range tt.convert {
					git(args...)
				}
			}
			for range 2 {
				convert()
				if _, diags := run(dir, stack, nil, Options{}); len(diags) > 0 {
					t.Fatalf("before: %s", diags[0].Detail)
				}
				git("add", "-f", "out/.secrets")
				convert()
				_, diags := run(dir, stack, nil, Options{})
				wantCode(t, diags, "NS606", File+" is in the index")
				_, command, _ := strings.Cut(diags[0].Detail, "\n\n    git ")
				git(strings.Fields(command)...)
			}
			if _, diags := run(dir, stack, nil, Options{}); len(diags) > 0 {
				t.Fatalf("after: %s", diags[0].Detail)
			}
		})
	}
}

// TestTrackedWherever looks for the index of work trees whose .git is a file.
func TestTrackedWherever(t *testing.T) {
	base := filepath.Dir(workDir(t))
	main := filepath.Join(base, "main")
	git := repository(t, base)
	git("init", "-q", "--object-format=sha256", "main")
	git("-C", "main", "commit", "-q", "--allow-empty", "-m", "first")
	git("-C", "main", "worktree", "add", "-q", "../linked")
	git("init", "-q", "--object-format=sha256", "super")
	git("-C", "super", "submodule", "add", "-q", main, "sub")
	for _, top := range []string{"linked", "super/sub"} {
		dir := filepath.Join(base, top, "out")
		put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
		stack := stackOf(decl("a", "hex"))
		build(t, dir, stack, nil)
		git("-C", dir, "add", "-f", File)
		_, diags := run(dir, stack, nil, Options{})
		wantCode(t, diags, "NS606", "")
		// A work tree without the file, as of another machine's clone.
		if err := os.Remove(filepath.Join(dir, File)); err != nil {
			t.Fatal(err)
		}
		for _, found := range []diag.List{Tracked(dir), second(run(dir, stack, nil, Options{}))} {
			wantCode(t, found, "NS606", "")
		}
		if _, err := os.Lstat(filepath.Join(dir, File)); err == nil {
			t.Error("values were made where the next commit takes them")
		}
	}
}

func second(_ *Report, diags diag.List) diag.List { return diags }

// TestIndexUnread holds that an index nobody can read is told, not taken for an
// empty one; and that no damage to one does worse.
func TestIndexUnread(t *testing.T) {
	dir := workDir(t)
	git := repository(t, filepath.Dir(dir))
	put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
	stack := stackOf(decl("a", "hex"))
	build(t, dir, stack, nil)
	git("init", "-q")
	git("add", "-f", "out/.secrets")
	path := filepath.Join(filepath.Dir(dir), ".git/index")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, index := range map[string]string{"empty": "", "cut": string(good[:40]), "version 5": "DIRC\x00\x00\x00\x05" + string(good[8:]), "another file": "BORK" + string(good[4:])} {
		put(t, path, index, 0o644)
		if _, diags := run(dir, stack, nil, Options{}); len(diags) != 1 || diags[0].Code != "NS607" || diags.HasErrors() {
			t.Errorf("%s: %v", name, diags)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		bad := slices.Clone(good)
		for range 1 + rng.IntN(4) {
			bad[rng.IntN(len(bad))] = byte(rng.Uint32())
		}
		put(t, path, string(bad[:rng.IntN(len(bad)+1)]), 0o644)
		_ = inGit(dir, func(string) bool { return false }) // must return
	}
	for range 2000 {
		b := make([]byte, rng.IntN(64))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		readBitmap(b, 1000).has(rng.IntN(1000))
	}
}

func TestTracked(t *testing.T) {
	git := tool(t, "git")
	dir := workDir(t)
	put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
	stack := stackOf(decl("a", "hex"))
	build(t, dir, stack, nil)
	put(t, filepath.Join(dir, Dir, "app", "key"), "x", 0o600)
	steps := [][]string{
		{"init", "-q"},
		{"add", "-f", "out/" + LockFile},
		{"add", "-f", "out/.secrets"},
		{"rm", "-q", "--cached", "out/.secrets"},
		{"add", "-f", "out/.secrets.d/app/key"},
		{"rm", "-q", "--cached", "out/.secrets.d/app/key"},
		{"init", "-q", "--separate-git-dir", "../elsewhere"},
		{"add", "-f", "out/.secrets"},
	}
	want := map[int]string{2: filepath.Join(dir, File) + " is in the index", 4: filepath.Join(dir, Dir, "app", "key"), 7: "git -C " + dir + " rm -r --cached"}
	index := func(args ...string) {
		t.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir = filepath.Dir(dir)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	for i, args := range steps {
		index(args...)
		_, diags := run(dir, stack, nil, Options{})
		if want[i] == "" && diags.HasErrors() {
			t.Errorf("after git %v: %s", args, diags[0].Detail)
		}
		if i > 0 { // the lock holds nothing, and no build stops for it
			wantCode(t, TrackedAtAll(dir), "NS606", "git -C "+dir+" rm -r --cached")
		}
		if want[i] != "" {
			wantCode(t, diags, "NS606", want[i])
		}
	}
	// A private key that its owner brings, by its path and through a link.
	in := newIssuer(t)
	key := ecKey(t, elliptic.P256())
	home := filepath.Join(filepath.Dir(dir), "home")
	put(t, filepath.Join(home, "certs/cert.pem"), chainPEM(in.leaf(t, key, nil), in.middle), 0o644)
	put(t, filepath.Join(home, "certs/key.pem"), keyPEM(t, key), 0o600)
	if err := os.Symlink("certs", filepath.Join(home, "tls")); err != nil {
		t.Fatal(err)
	}
	brought := ownersStack("shop.example.com")
	for _, args := range [][]string{nil, {"add", "home/certs/cert.pem"}, {"add", "home/certs/key.pem"}, {"rm", "-q", "--cached", "home/certs/key.pem"}} {
		if args != nil {
			index(args...)
		}
		_, diags := run(workDir(t), brought, nil, Options{StackDir: home})
		if added := args != nil && args[0] == "add" && strings.HasSuffix(args[1], "key.pem"); added {
			wantCode(t, diags, "NS606", "git -C "+filepath.Join(home, "certs")+" rm --cached key.pem")
		} else if diags.HasErrors() {
			t.Errorf("after git %v: %s", args, diags[0].Detail)
		}
	}
}
