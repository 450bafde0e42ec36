//go:build linux

package lab

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func testCache(t *testing.T) cache {
	t.Helper()
	t.Setenv("NSELFC_LAB_CACHE", t.TempDir())
	c, err := openCache()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCacheKeepsOnlyWhatIsFinished(t *testing.T) {
	c := testCache(t)
	build := func(part string) error { return os.Mkdir(part, 0o700) }
	failing := func(part string) error { return errors.Join(build(part), errors.New("no")) }
	if _, err := c.made("root", "a", failing); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(filepath.Join(c.dir, "root-a")); err == nil {
		t.Fatal("an unfinished folder got the name of a finished one")
	}
	path, err := c.made("root", "a", build)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.made("root", "a", failing); err != nil || again != path {
		t.Fatalf("made again: %q, %v", again, err)
	}
}

func TestCleanRemovesOnlyRunsThatAreOver(t *testing.T) {
	c := testCache(t)
	alive, release, err := c.newRun()
	if err != nil {
		t.Fatal(err)
	}
	crashed := filepath.Join(c.dir, "runs", "crashed")
	if err := os.MkdirAll(filepath.Join(crashed, "docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.clean()
	if _, err := os.Stat(crashed); err == nil {
		t.Error("a crashed run is still there")
	}
	if _, err := os.Stat(alive); err != nil {
		t.Error("a run that is alive is gone")
	}
	release()
	if _, err := os.Stat(alive); err == nil {
		t.Error("a released run is still there")
	}
}

func TestHashOf(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	hash := func() string {
		t.Helper()
		got, err := hashOf("text", dir)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file, []byte(text), mode), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("one", 0o644)
	first := hash()
	if write("one", 0o600); hash() != first {
		t.Error("changes with what does not matter")
	}
	if write("one", 0o755); hash() == first {
		t.Error("does not see that a file became executable")
	}
	if write("two", 0o644); hash() == first {
		t.Error("does not see the content")
	}
}
