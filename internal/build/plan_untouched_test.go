//go:build linux

package build_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// inodes gives what the system knows of each file below a folder, but for the time
// of the last reading.
func inodes(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var s syscall.Stat_t
		if err := syscall.Lstat(path, &s); err != nil {
			return err
		}
		out[path] = fmt.Sprint(s.Ino, s.Mode, s.Uid, s.Gid, s.Size, s.Nlink, s.Mtim, s.Ctim)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// reviewed are runs that may write nothing, with their exit codes: 1 where the hand
// edit of the environment dev would stop a build.
func reviewed() map[string]int {
	out := map[string]int{"diff --env dev --env prod --format json": 0, "why service.app.memory --env dev": 0}
	for _, format := range []string{"text", "markdown", "json", "github", "sarif"} {
		out["plan --format "+format] = 1
		out["plan --base HEAD --format "+format], out["plan --base HEAD~1 --format "+format] = 0, 0
	}
	for flags, code := range map[string]int{
		"": 1, "--all-envs": 1, "--env prod": 0, "--env dev --detailed-exitcode=false": 1, "-o nowhere": 0, "-o deep/er/out --env dev": 0,
		"--env prod -o out": 0, "--color always": 1,
	} {
		out[strings.TrimSpace("plan "+flags)], out[strings.TrimSpace("plan --base HEAD "+flags)] = code, 0
	}
	out["plan --env prod --detailed-exitcode"], out["plan --detailed-exitcode"], out["plan --base HEAD --detailed-exitcode"] = 2, 1, 2
	out["plan --base HEAD --fail-on low"], out["plan --env nope"], out["check"], out["check --env prod"] = 1, 1, 1, 1
	return out
}

// reviewable makes a stack with history, a built output, secrets, hand edits, files
// of others, a killed build and an edited source, so that there is all to say.
func reviewable(t *testing.T, dir string) {
	t.Helper()
	source := filepath.Join(dir, "nself.hcl")
	two := strings.Replace(canaryStack, "environment \"dev\" {", "environment \"prod\" {\n  posture = \"development\"\n}\n\nenvironment \"dev\" {", 1)
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	put(t, source, strings.Replace(two, "app:1.0.0", "app:0.9.0", 1))
	git("init", "-q")
	git("add", "-A")
	git("commit", "-qm", "one")
	put(t, source, two)
	ran(t, 0, dir, "build")
	git("add", "-A")
	git("commit", "-qm", "two")
	compose := filepath.Join(dir, "out", "dev", "docker-compose.yml")
	put(t, compose, strings.Replace(get(t, compose), "8080", "8081", 1)+"# by hand\n")
	put(t, filepath.Join(dir, "out", "dev", "mine.txt"), "of somebody else\n")
	put(t, source, strings.Replace(two, "app:1.0.0", "app:latest", 1)+"\nredis \"more\" {}\n")
}

// TestPlanWritesNothing compares every inode of the stack, of its repository, of the
// output and of the secrets before and after each kind of review.
func TestPlanWritesNothing(t *testing.T) {
	t.Parallel()
	dir := open(t)
	reviewable(t, dir)
	before := inodes(t, dir)
	if len(before) < 60 {
		t.Fatalf("only %d files", len(before))
	}
	runs := reviewed()
	for i, args := range slices.Sorted(maps.Keys(runs)) {
		if i%4 != 0 && !thorough {
			continue
		}
		r := run(t, command(t, dir, strings.Fields(args)...))
		if r.code != runs[args] {
			t.Errorf("%s ends with %d, want %d:\n%s", args, r.code, runs[args], r.stderr)
		}
		if diff := gocmp.Diff(before, inodes(t, dir)); diff != "" {
			t.Fatalf("%s changed something:\n%s", args, diff)
		}
	}
	// What is allowed to be written is, and the comparison sees it.
	ran(t, 1, dir, "plan", "--json-into", "plan.json")
	after := inodes(t, dir)
	delete(before, dir) // the folder has one name more
	if after[filepath.Join(dir, "plan.json")] == "" {
		t.Error("--json-into wrote nothing")
	}
	delete(after, dir)
	delete(after, filepath.Join(dir, "plan.json"))
	if diff := gocmp.Diff(before, after); diff != "" {
		t.Errorf("--json-into changed something else:\n%s", diff)
	}
}

// TestPlanOfStrangers lets somebody review who may read the stack and nothing more;
// the secrets are none of their business.
func TestPlanOfStrangers(t *testing.T) {
	t.Parallel()
	dir := open(t)
	reviewable(t, dir)
	before := inodes(t, dir)
	mine := run(t, command(t, dir, "plan"))
	theirs := stranger(t, dir, "plan")
	if r := stranger(t, dir, "build"); !strings.Contains(r.stderr, "NS502") {
		t.Errorf("a stranger may build: %s", r.stderr)
	}
	if theirs.code != 1 || mine.code != 1 || theirs.stdout != mine.stdout {
		t.Errorf("who may only read sees another plan (%d):\n%s\n%s", theirs.code, gocmp.Diff(mine.stdout, theirs.stdout), theirs.stderr)
	}
	if diff := gocmp.Diff(before, inodes(t, dir)); diff != "" {
		t.Errorf("plan changed something:\n%s", diff)
	}
}
