//go:build lab && linux && amd64

package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// faultStack is a small stack; what a version adds is what changes between two builds.
func faultStack(tag, added string) string {
	return `stack "small" {}

secret "key" {}

service "api" {
  image   = "ghcr.io/acme/api:` + tag + `"
  secrets = { KEY = secret.key }

  config "c" {
    path    = "/etc/c"
    content = "` + tag + `\n"
  }

  healthcheck {
    command = ["true"]
  }
}
` + added
}

const faultAdded = `
secret "other" {}

service "worker" {
  image   = "ghcr.io/acme/worker:1.0.0"
  secrets = { OTHER = secret.other }

  config "deep" {
    path    = "/etc/deep"
    content = "deep\n"
  }

  healthcheck {
    command = ["true"]
  }
}
`

// laboratory holds what the runs share.
type laboratory struct {
	binary string
	base   string
}

func (l laboratory) nselfc(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(l.binary, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=")
	out, err := cmd.CombinedOutput()
	if _, ok := err.(*exec.ExitError); err != nil && !ok { //nolint:errorlint // exec returns it as it is
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// stage makes a folder with a stack of one version, built, and then of another.
func (l laboratory) stage(t *testing.T, before, after string) string {
	t.Helper()
	dir, err := os.MkdirTemp(l.base, "stack") //nolint:usetesting // in memory
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, ".gitignore"), "mine.txt\n", 0o644)
	if before != "" {
		put(t, filepath.Join(dir, "nself.hcl"), before, 0o644)
		if code, out := l.nselfc(t, dir, "build"); code != 0 {
			t.Fatalf("first build: %d\n%s", code, out)
		}
		// What a person has put there: a file, and lines in .secrets.
		put(t, filepath.Join(dir, "out/mine.txt"), "mine", 0o644)
		secrets := filepath.Join(dir, "out/.secrets")
		put(t, secrets, read(t, secrets)+"# my own line\nMINE=of-my-own-making\n", 0o600)
	}
	put(t, filepath.Join(dir, "nself.hcl"), after, 0o644)
	return dir
}

// again makes another folder like a stage.
func (l laboratory) again(t *testing.T, stage string) string {
	t.Helper()
	dir, err := os.MkdirTemp(l.base, "stack") //nolint:usetesting // in memory
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", stage+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	return dir
}

func put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// read gives the text of a file; "" when there is none.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// committed gives the files of an output directory that a build compiles. The record
// of the secrets, which git takes too, says what was made and when.
func committed(t *testing.T, out string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(out, func(p string, e fs.DirEntry, err error) error {
		name := strings.TrimPrefix(p, out+"/")
		if err != nil || e.IsDir() || strings.HasPrefix(name, ".secrets") || strings.HasPrefix(name, ".nself.") || name == "mine.txt" || name == record {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		files[name] = read(t, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// record names the file of ages and fingerprints.
const record = "nself.secrets.json"

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if other, ok := b[name]; !ok || other != text {
			return false
		}
	}
	return true
}

// secretValue gives the value of a key in .secrets, quoted as it stands; "" for none.
func secretValue(text, key string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, key+"="); ok {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
}

// fault is what is done at one call of a build.
type fault struct {
	call  string
	nth   int
	errno syscall.Errno // 0 kills
}

// faults gives a fault of every kind that leaves something else behind. Each call
// fails once, with an error of its own, the first, second … time that it is made.
// And the program is killed in front of each: but not of those that only wait for the
// disk, as what is on it when the next call is killed is the same, nor of those that
// fill the middle ones of the new files, which nobody knows of by then.
func faults(calls []string, round int) []fault {
	var out []fault
	times, order := map[string]int{}, []string{}
	for _, call := range calls {
		if times[call] == 0 {
			order = append(order, call)
		}
		times[call]++
	}
	for i, call := range order {
		errno := []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EACCES}[(i+round)%3]
		out = append(out, fault{call, 1 + i%times[call], errno})
		if strings.HasPrefix(call, "fsync ") {
			continue
		}
		filling := strings.Contains(call, " .nself.staging") && !strings.HasPrefix(call, "renameat ")
		for nth := 1; nth <= times[call]; nth++ {
			if !filling || nth == 1 || nth == times[call] {
				out = append(out, fault{call, nth, 0})
			}
		}
	}
	return out
}

// TestFaultAtEveryCall runs the command itself with real system calls, each of
// which in turn kills it or fails with what a disk says. Each time every file is
// whole; check says that something is wrong exactly when something is; the next
// build ends well, and then check is content; and nothing of a person's is lost.
func TestFaultAtEveryCall(t *testing.T) {
	base, err := os.MkdirTemp("/dev/shm", "nselfc") //nolint:usetesting // in memory, as hundreds of builds wait for the disk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	l := laboratory{binary: filepath.Join(base, "nselfc"), base: base}
	if out, err := exec.Command("go", "build", "-o", l.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	small, large := faultStack("1.0.0", ""), faultStack("1.1.0", faultAdded)
	for i, s := range []struct{ name, before, after string }{
		{"first build", "", small}, {"update", small, large}, {"removal", large, small},
	} {
		t.Run(s.name, func(t *testing.T) {
			stage := l.stage(t, s.before, s.after)
			reference := l.again(t, stage)
			old := committed(t, filepath.Join(reference, "out"))
			whole := injection{dir: filepath.Join(reference, "out")}
			if code, out := whole.run(t, reference, l.binary, "build"); code != 0 {
				t.Fatalf("without a fault: %d\n%s", code, out)
			}
			wanted := committed(t, filepath.Join(reference, "out"))
			if n := len(whole.calls); n < 40 || same(old, wanted) {
				t.Fatalf("%d calls prove little: %v", n, whole.calls)
			}
			all := faults(whole.calls, i)
			run := faultRun{laboratory: l, stage: stage, built: s.before != "", old: old, wanted: wanted, hits: make(chan string, len(all))}
			t.Run("at", func(t *testing.T) {
				for half := range 2 { // side by side
					t.Run("", func(t *testing.T) {
						t.Parallel()
						for n := half; n < len(all); n += 2 {
							run.at(t, all[n], n%6 < 2) // a third, as these are three more runs of the program
						}
					})
				}
			})
			close(run.hits)
			run.covered(t, whole.calls)
		})
	}
}

type faultRun struct {
	laboratory
	stage       string // what each run begins with
	built       bool   // there is output of an earlier build in it
	old, wanted map[string]string
	hits        chan string // the calls at which something was done
}

// covered holds that every call of a whole build was one at which a fault came.
func (r faultRun) covered(t *testing.T, calls []string) {
	t.Helper()
	hit := map[string]bool{}
	n := 0
	for call := range r.hits {
		hit[call] = true
		n++
	}
	for _, call := range calls {
		if !hit[call] {
			t.Errorf("no fault came at %q", call)
		}
	}
	t.Logf("%d faults at %d calls", n, len(calls))
}

// at makes one fault, and holds everything that must be true after it. It is thorough
// when it also edits what the fault left, and checks what the next build made of it.
func (r faultRun) at(t *testing.T, f fault, thorough bool) {
	t.Helper()
	dir := r.again(t, r.stage)
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "out")
	before := read(t, filepath.Join(out, ".secrets"))
	in := injection{dir: out, call: f.call, nth: f.nth, errno: f.errno}
	code, printed := in.run(t, dir, r.binary, "build")
	if !in.came {
		return // the workers take turns, so that a run may have a call less
	}
	r.hits <- f.call
	what := fmt.Sprintf("%s (%d), %v", f.call, f.nth, f.errno)
	if f.errno == 0 {
		what = fmt.Sprintf("%s (%d), killed", f.call, f.nth)
	}
	if (f.errno == 0) != (code == -1) || code == 2 || code == 70 {
		t.Errorf("%s: exit code %d\n%s", what, code, printed)
	}
	found := committed(t, out)
	for name, text := range found {
		if text != r.old[name] && text != r.wanted[name] {
			t.Errorf("%s: %s is neither old nor new: %q", what, name, text)
		}
	}
	if text := read(t, filepath.Join(out, record)); text != "" && !json.Valid([]byte(text)) {
		t.Errorf("%s: the record of the secrets is torn: %q", what, text)
	}
	_, err := os.Lstat(filepath.Join(out, ".nself.next"))
	done := same(found, r.wanted) && err != nil
	r.expectCheck(t, what, dir, done)
	if code == 0 && !done {
		t.Errorf("%s: the build said that all is well", what)
	}
	after := read(t, filepath.Join(out, ".secrets"))
	r.expectSecrets(t, what, out, before, after)
	if thorough && f.errno == 0 && r.built {
		r.expectEdit(t, what, dir)
	}
	if code, printed := r.nselfc(t, dir, "build"); code != 0 {
		t.Errorf("%s: the next build ends with %d\n%s", what, code, printed)
	}
	if !same(committed(t, out), r.wanted) {
		t.Errorf("%s: the next build did not finish the work", what)
	}
	if thorough {
		r.expectCheck(t, what, dir, true)
	}
	r.expectSecrets(t, what, out, after, read(t, filepath.Join(out, ".secrets")))
	if key := secretValue(read(t, filepath.Join(out, ".secrets")), "KEY"); key == "" || read(t, filepath.Join(out, ".secrets.d/api/KEY")) != key {
		t.Errorf("%s: the service does not get the value that is kept", what)
	}
	if !strings.Contains(read(t, filepath.Join(out, record)), `"secret.key"`) {
		t.Errorf("%s: the record does not know the secret", what)
	}
	if r.built && read(t, filepath.Join(out, "mine.txt")) != "mine" {
		t.Errorf("%s: somebody's file is lost", what)
	}
}

// expectCheck holds that check is content exactly when the output is as wanted,
// and otherwise names something.
func (r faultRun) expectCheck(t *testing.T, what, dir string, content bool) {
	t.Helper()
	code, printed := r.nselfc(t, dir, "check")
	switch {
	case content && (code != 0 || !strings.Contains(printed, "out is what the stack compiles to: ")):
		t.Errorf("%s: all is as wanted, and check ends with %d\n%s", what, code, printed)
	case !content && (code != 1 || !strings.Contains(printed, "Error NS5") || !strings.Contains(printed, "out is not what the stack compiles to: ")):
		t.Errorf("%s: check ends with %d\n%s", what, code, printed)
	}
}

// expectSecrets holds that no value and no line in .secrets is lost or another, and
// that no file has a value that is not kept.
func (r faultRun) expectSecrets(t *testing.T, what, out, before, after string) {
	t.Helper()
	for line := range strings.Lines(before) {
		if !strings.Contains(after, line) {
			t.Errorf("%s: a line of .secrets is lost", what)
		}
	}
	for file, key := range map[string]string{"api/KEY": "KEY", "worker/OTHER": "OTHER"} {
		if used := read(t, filepath.Join(out, ".secrets.d", file)); used != "" && used != secretValue(after, key) {
			t.Errorf("%s: .secrets.d/%s has a value that is not kept", what, file)
		}
	}
}

// expectEdit edits a file by hand, as it is after the fault: check calls it so, a
// build stops for it, and once it is taken back the next one goes on.
func (r faultRun) expectEdit(t *testing.T, what, dir string) {
	t.Helper()
	name := filepath.Join(dir, "out/docker-compose.yml")
	text := read(t, name)
	put(t, name, text+"# mine\n", 0o644)
	if code, printed := r.nselfc(t, dir, "check"); code != 1 || !strings.Contains(printed, "1 hand-edited") {
		t.Errorf("%s: check of an edited file: %d\n%s", what, code, printed)
	}
	if code, printed := r.nselfc(t, dir, "build"); code != 1 || !strings.Contains(printed, "NS520") {
		t.Errorf("%s: build over an edited file: %d\n%s", what, code, printed)
	}
	if read(t, name) != text+"# mine\n" {
		t.Errorf("%s: the edit is lost", what)
	}
	put(t, name, text, 0o644)
}
