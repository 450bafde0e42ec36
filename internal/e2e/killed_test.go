//go:build lab && linux

package e2e

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"

	"nselfc/internal/lab"
)

// TestKilledBuild kills the whole nselfc process at random moments, between two
// versions of the shop, and brings up what the next build leaves. That every
// single step may be the last is proved in emit/outdir and internal/secrets.
func TestKilledBuild(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	s := shopStack(t, engine)
	hosts := []string{s.host("api"), s.host("migrator"), s.host("reporter"), s.host("loner"), s.host("new"), s.host("inner")}
	s.public(t, chainFile, keyFile, hosts...)
	program := nselfc(t)
	version := func(second bool) {
		t.Helper()
		text := read(t, "testdata/lab.hcl")
		if second {
			text = strings.ReplaceAll(text, "loner", "new") // files that go, files that come, and nearly all others change
		}
		write(t, filepath.Join(s.dir, "lab.hcl"), []byte(text), 0o644)
	}

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	version(false)
	begin := time.Now()
	s.elsewhere(t, program)
	duration, known := time.Since(begin), map[string][32]byte{}
	killed, midway := 0, 0 // builds that were killed, and those of them that had begun to write
	for i := 0; killed < 20 || midway < 3; i++ {
		if i == 200 {
			t.Fatalf("of 200 builds %d were killed, %d of them midway: that proves little", killed, midway)
		}
		version(i%2 == 1)
		before := committed(t, s.out)
		wait := time.Duration(random.Int64N(int64(duration)))
		cmd := exec.Command(program, "build", s.dir, "--env", "prod")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(wait, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		err := cmd.Wait()
		timer.Stop()
		exit := (*exec.ExitError)(nil)
		switch {
		case err == nil:
		case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled():
			killed++
			if !cmp.Equal(before, committed(t, s.out)) {
				midway++
			}
		default:
			t.Fatalf("build %d: %v", i, err)
		}
		known = s.keep(t, known)
	}
	t.Logf("%d builds were killed, %d of them midway", killed, midway)

	version(false)
	if out, err := exec.Command(program, "build", s.dir, "--env", "prod").CombinedOutput(); err != nil {
		t.Fatalf("the build after all: %v\n%s", err, out)
	}
	if len(s.keep(t, known)) < 8 {
		t.Errorf("%d secrets after all", len(known))
	}
	if diff := cmp.Diff(s.elsewhere(t, program), committed(t, s.out)); diff != "" {
		t.Errorf("the output differs from that of a build in peace (-want +got):\n%s", diff)
	}
	s.up(t)
	if r := s.get(t, "loner"); r.Status != 200 {
		t.Errorf("%+v", r)
	}
	if r := s.post(t, "migrator", "/migrate", ""); r.Status != 200 {
		t.Errorf("migrate: %+v", r)
	}
}

// keep holds the values in .secrets against those that were there before: none
// may change or go, ever. It knows hashes only, so that no failure prints a value.
func (s *stack) keep(t *testing.T, known map[string][32]byte) map[string][32]byte {
	t.Helper()
	path := filepath.Join(s.out, ".secrets")
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && len(known) == 0 {
		return known
	}
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf(".secrets has mode %v", info.Mode())
	}
	values, err := dotenv.Read(path)
	if err != nil {
		t.Fatal(".secrets cannot be read") // the error would quote it
	}
	now := map[string][32]byte{}
	for key, value := range values {
		now[key] = sha256.Sum256([]byte(value))
	}
	for key, hash := range known {
		// Certificates are public, and are issued anew when their names change.
		if now[key] != hash && !strings.HasSuffix(key, "__CERTIFICATE") {
			t.Errorf("the value of %s has changed or is gone", key)
		}
	}
	merged := maps.Clone(known)
	maps.Copy(merged, now)
	return merged
}

// elsewhere builds the same stack in a folder where nothing was before.
func (s *stack) elsewhere(t *testing.T, program string) map[string]string {
	t.Helper()
	fresh := t.TempDir()
	if err := os.CopyFS(fresh, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(fresh, "out")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "build", fresh, "--env", "prod").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return committed(t, filepath.Join(fresh, "out", "prod"))
}

// ofValue is what differs in the record between values made at random: a fingerprint, or
// that they were found, where a build made them and was killed before it recorded that.
var ofValue = regexp.MustCompile(`"origin":(?:"generated","fingerprint":"[0-9a-f]{24}"|"found")`)

// committed gives every file of an output directory that is not a secret's: a
// file that a killed build left behind would be among them.
func committed(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == dir {
			return nil // before the first build
		}
		if err != nil {
			return err
		}
		if name := d.Name(); strings.HasPrefix(name, ".secrets") {
			if d.IsDir() {
				return fs.SkipDir
			}
			if name != ".secrets" && name != ".secrets.lock" {
				out[name] = "left behind"
			}
			return nil
		}
		if d.Type().IsRegular() {
			rel, err := filepath.Rel(dir, path)
			out[rel] = ofValue.ReplaceAllString(read(t, path), "of a value")
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
