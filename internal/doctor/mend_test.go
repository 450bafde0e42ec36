package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMend(t *testing.T) {
	b := healthy(t)
	list, err := Mendings(b.subject)
	if err != nil || len(list) > 0 {
		t.Fatalf("nothing is too wide: %v %v", list, err)
	}
	b.chmod(".secrets", 0o644)
	b.chmod(".secrets.d", 0o755)
	b.chmod("nginx", 0o777)
	b.chmod("ufw/apply.sh", 0o777)
	list, err = Mendings(b.subject)
	if err != nil {
		t.Fatal(err)
	}
	want := []Mending{{".secrets", 0o644, 0o600}, {".secrets.d", 0o755, 0o700}, {"nginx", 0o777, 0o755}, {"ufw/apply.sh", 0o777, 0o755}}
	if d := cmp.Diff(want, list); d != "" {
		t.Fatal(d)
	}
	for _, m := range list {
		if err := Mend(b.subject.Dir, m); err != nil {
			t.Error(err)
		}
	}
	if got := codesOf(b.examine()); len(got) > 0 {
		t.Errorf("mended, and still %v", got)
	}
}

// TestMendLeavesAlone: what is another thing than was shown, or leads elsewhere, keeps
// its mode.
func TestMendLeavesAlone(t *testing.T) {
	for name, exchange := range map[string]func(t *testing.T, file, outside string) error{
		"a link": func(_ *testing.T, file, outside string) error {
			return errors.Join(os.Remove(file), os.Symlink(outside, file))
		},
		"another name": func(_ *testing.T, file, outside string) error {
			return errors.Join(os.Remove(file), os.Link(outside, file))
		},
		"another mode": func(_ *testing.T, file, _ string) error { return os.Chmod(file, 0o640) },
		"a pipe":       func(t *testing.T, file, _ string) error { return errors.Join(os.Remove(file), mkfifo(t, file)) },
		"nothing":      func(_ *testing.T, file, _ string) error { return os.Remove(file) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file, outside := filepath.Join(dir, ".secrets"), filepath.Join(t.TempDir(), "outside")
			put(t, outside, "x", 0o644)
			put(t, file, "x", 0o644)
			if err := exchange(t, file, outside); err != nil {
				t.Fatal(err)
			}
			if err := Mend(dir, Mending{".secrets", 0o644, 0o600}); err == nil {
				t.Error("it was changed")
			}
			if fi, err := os.Stat(outside); err != nil || fi.Mode().Perm() != 0o644 {
				t.Error("a file elsewhere was changed")
			}
		})
	}
}
