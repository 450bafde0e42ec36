package secrets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// turningSmall is turning without what is slow to derive.
func turningSmall() (*ir.Stack, []emit.File) {
	stack, files := turning()
	return stack, slices.DeleteFunc(files, func(f emit.File) bool { return strings.HasSuffix(f.Path, "roles.sql") })
}

// turnsOf takes a step with a secret of each class.
func turnsOf(op string) []Change {
	for o := Stage; o <= Undo; o++ {
		if o.String() == op {
			return []Change{{Address: "secret.app", Op: o}, {Address: "secret.cache", Op: o}, {Address: "secret.ca", Op: o}}
		}
	}
	return nil
}

// TestTurnKilledAnywhere kills each step of a rotation before each change of the file
// system. At no point is a value gone that was there before and that the step is not
// meant to forget; the same step, taken again, ends where it would have ended.
func TestTurnKilledAnywhere(t *testing.T) {
	stack, files := turningSmall()
	var taken []string
	folder, n := memoryDir(t), 0
	for _, op := range []Op{Stage, Promote, Undo, Discard, Stage, Promote, Revoke} {
		before := filepath.Join(folder, op.String()+strconv.Itoa(len(taken)))
		if err := os.Mkdir(before, 0o755); err != nil {
			t.Fatal(err)
		}
		build(t, before, stack, files)
		for _, done := range taken {
			takeAgain(t, before, done)
		}
		old := entries(t, before)
		forgets := op == Revoke || op == Discard
		for kill := 0; ; kill++ {
			if n++; n%12 != 0 && !thorough {
				continue
			}
			dir := filepath.Join(folder, strconv.Itoa(n))
			if err := os.CopyFS(dir, os.DirFS(before)); err != nil {
				t.Fatal(err)
			}
			copyModes(t, before, dir)
			out, err := command(t, dir, "NSELFC_TEST_TURN="+op.String(), "NSELFC_TEST_KILL="+strconv.Itoa(kill)).CombinedOutput()
			if err == nil {
				if kill < 10 {
					t.Fatalf("%s has only %d steps", op, kill)
				}
				break
			}
			if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != -1 {
				t.Fatalf("%s, step %d: %v: %s", op, kill, err, out)
			}
			now := entries(t, dir)
			values := slices.Collect(maps.Values(now))
			for key, value := range old {
				if !slices.Contains(values, value) && !strings.Contains(key, suffixCertificate) && !strings.HasSuffix(key, suffixSlot) && (!forgets || !strings.Contains(key, "__")) {
					t.Errorf("%s, step %d: the value of %s is lost", op, kill, key)
				}
			}
			if now["APP"] != old["APP"] { // .secrets is the new one: what is rendered may be either, and whole
				for _, f := range []string{"api/db", "api/cache"} {
					if text := get(t, filepath.Join(dir, ".secrets.d", f)); text != get(t, filepath.Join(before, ".secrets.d", f)) && !strings.HasSuffix(text, now["APP"]) && text != now["CACHE"] {
						t.Errorf("%s, step %d: %s has neither value", op, kill, f)
					}
				}
			}
			takeAgain(t, dir, op.String())
			want := expected(op)
			if got := shapeOf(entries(t, dir), old); !gocmp.Equal(want, got) {
				t.Errorf("%s, step %d (-want +got):\n%s", op, kill, gocmp.Diff(want, got))
			}
			assertNoTemps(t, dir)
		}
		taken = append(taken, op.String())
	}
}

// memoryDir is a new directory in memory, where there is that: what these tests write
// need not outlive the machine, and to sync it takes most of their time.
func memoryDir(t *testing.T) string {
	t.Helper()
	parent := "/dev/shm"
	if fi, err := os.Stat(parent); err != nil || !fi.IsDir() {
		parent = ""
	}
	dir, err := os.MkdirTemp(parent, "nselfc-test-") //nolint:usetesting // t.TempDir is on the disk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // best effort
	return dir
}

func takeAgain(t *testing.T, dir, op string) {
	t.Helper()
	stack, files := turningSmall()
	if _, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow}, turnsOf(op)); diags.HasErrors() {
		t.Fatalf("%s: %s", op, diags[0].Detail)
	}
}

func copyModes(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		return os.Chmod(filepath.Join(to, rel), fi.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shapeOf says where the values of two secrets stand: under which key the value is
// that a key had before, or "new".
func shapeOf(now, old map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range []string{"APP", "APP__NEXT", "APP__PREVIOUS", "CACHE", "CACHE__NEXT", "CACHE__PREVIOUS"} {
		value, ok := now[key]
		if !ok {
			continue
		}
		out[key] = "new"
		for was, v := range old {
			if v == value {
				out[key] = was
			}
		}
	}
	return out
}

// expected is the shape that a step leaves.
func expected(op Op) map[string]string {
	out := map[string]string{}
	for _, key := range []string{"APP", "CACHE"} {
		switch op {
		case Stage:
			out[key], out[key+suffixNext] = key, "new"
		case Promote:
			out[key], out[key+suffixPrevious] = key+suffixNext, key
		case Undo:
			out[key], out[key+suffixNext] = key+suffixPrevious, key
		case Revoke, Discard:
			out[key] = key
		}
	}
	return out
}

// TestTurnLosesNothing turns secrets in any order, with writes that fail, builds and
// services that start now and then, as long as nothing is revoked that somebody uses:
// then whatever a running service was started with, the server takes.
func TestTurnLosesNothing(t *testing.T) {
	stack, files := turningSmall()
	folder, n := memoryDir(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 4 && !thorough {
			return
		}
		dir, err := os.MkdirTemp(folder, "out") //nolint:usetesting // in memory, and one for each try
		if err != nil {
			rt.Fatal(err)
		}
		read := func(path string) string {
			text, err := os.ReadFile(filepath.Join(dir, ".secrets.d", path))
			if err != nil {
				rt.Fatal(err)
			}
			return string(text)
		}
		build := func(changes ...Change) {
			fail := -1
			if rapid.IntRange(0, 3).Draw(rt, "fails") == 0 {
				fail = rapid.IntRange(0, 20).Draw(rt, "at")
			}
			n := 0
			step := func(string, string) error {
				if n++; n-1 == fail {
					return syscall.ENOSPC
				}
				return nil
			}
			for try := range 2 {
				_, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow, step: step}, changes)
				if !diags.HasErrors() {
					return
				}
				if try > 0 || diags[0].Code != codeWrite {
					rt.Fatal(diags[0].Detail)
				}
				step = nil
			}
		}
		build()
		held := map[string]string{} // what the service was started with
		file := map[string]string{"app": "api/db", "cache": "api/cache", "ca": "api/ca.crt"}
		start := func() {
			for name, path := range file {
				held[name] = read(path)
			}
		}
		start()
		// An old password may go when nobody has it, and a new authority may sign when
		// everybody believes it.
		wait := map[string][]Op{"app": {Revoke, Discard}, "cache": {Revoke, Discard}, "ca": {Promote, Undo}}
		act := func(op Op) func(*rapid.T) {
			return func(rt *rapid.T) {
				name := rapid.SampledFrom([]string{"app", "cache", "ca", "tls", "key"}).Draw(rt, "secret")
				address := "secret." + name
				if slices.Contains(wait[name], op) && held[name] != read(file[name]) {
					return
				}
				if op == Stage && strings.Contains(read("../.secrets"), "\n"+strings.ToUpper(name)+suffixPrevious) {
					return // refused while the one before is under way
				}
				build(Change{Address: address, Op: op})
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"stage": act(Stage), "promote": act(Promote), "revoke": act(Revoke), "discard": act(Discard), "undo": act(Undo),
			"build": func(*rapid.T) { build() },
			"start": func(*rapid.T) { start() },
			"": func(rt *rapid.T) {
				login, password, _ := strings.Cut(held["app"], ":")
				kept := entries(t, dir)
				beside := kept["APP"+suffixNext] + kept["APP"+suffixPrevious] // never both
				want := map[bool]string{true: kept["APP"], false: beside}[login == "app_"+cmp.Or(kept["APP"+suffixSlot], slotA)]
				if password != want {
					rt.Fatalf("%s may not log in any more with the value that it had", login)
				}
				sum := sha256.Sum256([]byte(held["cache"]))
				if !strings.Contains(read("cache/users.acl"), "#"+hex.EncodeToString(sum[:])) {
					rt.Fatal("the cache refuses the password of a running service")
				}
				believed := x509.NewCertPool()
				believed.AppendCertsFromPEM([]byte(held["ca"]))
				if _, err := parseCert(t, read("db/server.crt")).Verify(x509.VerifyOptions{Roots: believed, DNSName: "db", CurrentTime: testNow}); err != nil {
					rt.Fatal(err)
				}
				if _, err := tls.X509KeyPair([]byte(read("db/server.crt")), []byte(read("db/server.key"))); err != nil {
					rt.Fatal(err)
				}
			},
		})
	})
}
