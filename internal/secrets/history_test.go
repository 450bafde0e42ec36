package secrets

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nselfc/lang/diag"
)

// TestHistoryOfSecrets commits .secrets, takes it out again, and replaces values:
// what was published and is still in use stops a run that makes values, and says by
// itself how to go on; what is not in use any more is a warning.
func TestHistoryOfSecrets(t *testing.T) {
	dir := workDir(t)
	top := filepath.Dir(dir)
	git := repository(t, top)
	put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
	git("init", "-q")
	stack := stackOf(decl("a", "hex"), decl("b", "hex"))
	build(t, dir, stack, nil)
	if diags := Guard(context.Background(), dir, false); len(diags) > 0 {
		t.Fatalf("the control: %s", diags[0].Detail)
	}
	git("add", "-f", "out/.secrets")
	git("commit", "-q", "-m", "oops")
	wantCode(t, Guard(context.Background(), dir, true), "NS606", "is in the index")
	git("rm", "-q", "--cached", "out/.secrets")
	git("commit", "-q", "-m", "gone")

	found := wantCode(t, Guard(context.Background(), dir, false), "NS651", "A, B, still in use, stood in out/.secrets")
	for _, want := range []string{"rotate --compromised A", "git filter-repo --invert-paths --path out/.secrets", "bfg --delete-files .secrets"} {
		if !strings.Contains(found.Detail, want) {
			t.Errorf("no %q in %s", want, found.Detail)
		}
	}
	if d := Guard(context.Background(), dir, true); len(d) != 1 || d[0].Code != "NS651" || d[0].Severity != diag.Warning {
		t.Errorf("a cure is refused: %v", d)
	}
	before := state(t, dir)
	more := stackOf(decl("a", "hex"), decl("b", "hex"), decl("c", "hex"))
	_, diags := run(dir, more, nil, Options{})
	wantCode(t, diags, "NS651", "A, B")
	if state(t, dir) != before {
		t.Error("a value was made")
	}
	if _, diags := run(dir, stack, nil, Options{}); len(diags) > 0 {
		t.Errorf("a build that makes nothing looks into the history: %s", diags[0].Detail)
	}

	// One of the two is replaced, then the other.
	text := get(t, filepath.Join(dir, File))
	replace := func(key string) {
		old := entries(t, dir)[key]
		text = strings.ReplaceAll(text, old, strings.Repeat("0f", 16)+old[32:])
		put(t, filepath.Join(dir, File), text, 0o600)
	}
	replace("A")
	if d := wantCode(t, Guard(context.Background(), dir, false), "NS651", "B, still"); strings.Contains(d.Detail, "A, B") {
		t.Error("the replaced value is told")
	}
	replace("B")
	if d := Guard(context.Background(), dir, false); len(d) != 1 || d[0].Code != "NS652" || d.HasErrors() || !strings.Contains(d[0].Detail, "filter-repo") {
		t.Errorf("%v", d)
	}
	_, diags = run(dir, more, nil, Options{})
	if diags.HasErrors() || len(diags) != 1 || diags[0].Code != "NS652" {
		t.Errorf("%v", diags)
	}

	// A rendered file, on a branch, with a value inside a text; another stack's store.
	git("checkout", "-q", "-b", "side")
	put(t, filepath.Join(dir, Dir, "app", "url"), "postgres://u:"+entries(t, dir)["C"]+"@h/", 0o600)
	git("add", "-f", "out/.secrets.d/app/url")
	git("commit", "-q", "-m", "rendered")
	git("rm", "-q", "--cached", "out/.secrets.d/app/url")
	git("commit", "-q", "-m", "gone")
	git("checkout", "-q", "-")
	wantCode(t, Guard(context.Background(), dir, false), "NS651", "C, still in use, stood in out/.secrets.d/app/url")

	// Without git, it is told that nobody looked.
	t.Setenv("PATH", filepath.Join(top, "nothing"))
	if d := Guard(context.Background(), dir, false); len(d) != 1 || d[0].Code != "NS653" || d.HasErrors() || !strings.Contains(d[0].Detail, "no program git") {
		t.Errorf("%v", d)
	}
}

// TestHistoryElsewhere: no work tree, no findings; a shallow clone is told.
func TestHistoryElsewhere(t *testing.T) {
	dir := workDir(t)
	build(t, dir, stackOf(decl("a", "hex")), nil)
	if d := Guard(context.Background(), dir, false); len(d) > 0 {
		t.Errorf("%v", d)
	}
	top := filepath.Dir(dir)
	git := repository(t, top)
	put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
	git("init", "-q")
	for _, m := range []string{"one", "two"} {
		git("commit", "-q", "--allow-empty", "-m", m)
	}
	git("clone", "-q", "--depth", "1", "file://"+top, "clone")
	clone := filepath.Join(top, "clone", "out")
	put(t, filepath.Join(clone, ".gitignore"), "*.secrets*\n", 0o644)
	if d := Guard(context.Background(), clone, false); len(d) != 1 || d[0].Code != "NS653" || !strings.Contains(d[0].Detail, "shallow") {
		t.Errorf("%v", d)
	}
}

// TestUnignored asks git itself whether it would take the secrets, for a table of
// .gitignore files.
func TestUnignored(t *testing.T) {
	for name, tt := range map[string]struct {
		out, above, exclude string
		names               string // that are told; "" for none
	}{
		"as a build has it":     {out: "*.secrets*\n"},
		"none":                  {names: ".secrets, .secrets.d, .secrets.lock, .secrets.tmp-0, .secrets.rotation"},
		"above":                 {above: ".secrets*\n"},
		"taken back above":      {above: "*.secrets*\n!.secrets\n", names: "names .secrets, or"},
		"taken back, and below": {above: "!.secrets*\n", out: "*.secrets*\n"},
		"taken back below":      {above: "*.secrets*\n", out: "!.secrets.d\n", names: "names .secrets.d, or"},
		"the folder":            {above: "/out/\n"},
		"the folder's files":    {above: "/out/*\n!/out/.secrets\n", names: "names .secrets, or"},
		"not all of them":       {above: "/out/.secrets\n/out/.secrets.d/\n", names: ".secrets.lock, .secrets.tmp-0"},
		"excluded":              {exclude: ".secrets*\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := workDir(t)
			top := filepath.Dir(dir)
			git := repository(t, top)
			git("init", "-q")
			for file, text := range map[string]string{"out/.gitignore": tt.out, ".gitignore": tt.above, ".git/info/exclude": tt.exclude} {
				if text != "" {
					put(t, filepath.Join(top, file), text, 0o644)
				}
			}
			stack := stackOf(decl("a", "hex"))
			_, diags := run(dir, stack, nil, Options{})
			if tt.names == "" {
				if len(diags) > 0 {
					t.Fatalf("%s", diags[0].Detail)
				}
			} else {
				wantCode(t, diags, "NS650", tt.names)
				wantCode(t, Guard(context.Background(), dir, true), "NS650", tt.names)
				if _, err := os.Lstat(filepath.Join(dir, File)); err == nil {
					t.Error("values were made")
				}
				put(t, filepath.Join(dir, File), "A=x\n", 0o600)
				put(t, filepath.Join(dir, Dir, "x"), "x", 0o600)
			}
			// The judge: what git takes.
			git("add", "-A")
			out, err := exec.Command("git", "-C", top, "ls-files", "out/.secrets", "out/.secrets.d").CombinedOutput()
			if err != nil || (len(out) > 0) != (strings.Contains(tt.names, ".secrets, ") || strings.Contains(tt.names, ".secrets.d,")) {
				t.Errorf("git takes %q (%v)", out, err)
			}
		})
	}
}

// TestHistoryIsFast: thousands of commits are looked through in a moment.
func TestHistoryIsFast(t *testing.T) {
	dir := workDir(t)
	top := filepath.Dir(dir)
	git := repository(t, top)
	put(t, filepath.Join(dir, ".gitignore"), "*.secrets*\n", 0o644)
	build(t, dir, stackOf(decl("a", "hex")), nil)
	git("init", "-q")
	var b strings.Builder
	for i := range 3000 {
		b.WriteString("commit refs/heads/many\ncommitter a <a@example.com> 1700000000 +0000\ndata 1\nx\n")
		b.WriteString("M 644 inline src/" + strings.Repeat("x", i%50+1) + "\ndata 4\n" + string(rune('a'+i%26)) + "abc\n\n")
	}
	cmd := exec.Command("git", "-C", top, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	start := time.Now()
	if d := Guard(context.Background(), dir, false); len(d) > 0 {
		t.Errorf("%v", d)
	}
	took := time.Since(start)
	t.Logf("3000 commits in %v", took)
	if took > 3*time.Second {
		t.Errorf("3000 commits took %v", took)
	}
}
