package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// places are what may stand where a file is expected.
func places() map[string]func(t *testing.T, path string) error {
	return map[string]func(t *testing.T, path string) error{
		"a pipe":      mkfifo,
		"a device":    func(_ *testing.T, path string) error { return os.Symlink("/dev/zero", path) },
		"a link loop": func(_ *testing.T, path string) error { return os.Symlink(filepath.Base(path), path) },
		"a link to one": func(t *testing.T, path string) error {
			return errors.Join(mkfifo(t, path+".pipe"), os.Symlink(path+".pipe", path))
		},
		"a folder": func(_ *testing.T, path string) error { return os.Mkdir(path, 0o755) },
		"ten gigabytes": func(_ *testing.T, path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, 10<<30))
		},
		"a hanging link": func(_ *testing.T, path string) error { return os.Symlink(path+".none", path) },
	}
}

// TestNoFileHolds: what stands in the place of a file neither holds the doctor up nor
// fills its memory, and is never counted as well.
func TestNoFileHolds(t *testing.T) {
	for file, codes := range map[string][]string{
		"out nginx/nginx.conf":           {"NS2009"},
		"out .secrets.d/ingress/tls.crt": {"NS2060", "NS2062"},
		"out .secrets.d/ingress/tls.key": {"NS2066"},
		"root /etc/docker/daemon.json":   {"NS2034"},
		"root /etc/ufw/user.rules":       {"NS2028"},
		"root /etc/default/ufw":          {"NS2020"},
		"root /proc/900/comm":            {"NS2078"},
		"root /etc/ufw/after.rules":      {"NS2023"},
	} {
		for name, put := range places() {
			t.Run(file+" "+name, func(t *testing.T) {
				b := healthy(t)
				where, below, _ := strings.Cut(file, " ")
				path := filepath.Join(map[string]string{"out": b.subject.Dir, "root": b.root}[where], below)
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := put(t, path); err != nil {
					t.Fatal(err)
				}
				done := make(chan *Report, 1)
				go func() { done <- b.examine() }()
				select {
				case r := <-done:
					hangs := name == "a hanging link" && slices.Contains([]string{"root /etc/docker/daemon.json", "root /etc/ufw/after.rules"}, file) // as good as none
					for _, code := range codes {
						if one := result(t, r, code); one.State == OK && !hangs {
							t.Errorf("%s: %s %s", code, one.State, one.Evidence)
						}
					}
				case <-time.After(20 * time.Second):
					t.Fatal("it holds the doctor up")
				}
			})
		}
	}
}

// TestMendBehindLink: an output that is a link is another's folder.
func TestMendBehindLink(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "real", ".secrets"), "x", 0o644)
	link := filepath.Join(dir, "out")
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if list, err := Mendings(Subject{Dir: link}); err == nil {
		t.Errorf("it would change %v", list)
	}
	if err := Mend(link, Mending{".secrets", 0o644, 0o600}); err == nil {
		t.Error("a file behind the link was changed")
	}
	if err := Mend(filepath.Join(dir, "real"), Mending{".secrets", 0o644, 0o600}); err != nil {
		t.Error(err)
	}
}

// TestMendKeepsBits: the bits beside the nine of a mode stay.
func TestMendKeepsBits(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "nginx")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, 0o777|os.ModeSetgid|os.ModeSticky)); err != nil {
		t.Fatal(err)
	}
	if err := Mend(dir, Mending{"nginx", 0o777, 0o755}); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(folder)
	if err != nil || fi.Mode() != os.ModeDir|os.ModeSetgid|os.ModeSticky|0o755 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
}
