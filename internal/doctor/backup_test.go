package doctor

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBackupFolder: what is too large, does not answer or may not be read is said not
// to be seen, and no backup is taken for stale for want of a look.
func TestBackupFolder(t *testing.T) {
	old := func(b *bench) {
		when := b.host.Now.Add(-300 * time.Hour)
		if err := os.Chtimes(filepath.Join(b.backups, "app.dump.age"), when, when); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		spoil       func(b *bench)
		none, stale State
	}{
		"in order":                       {func(*bench) {}, OK, OK},
		"not there":                      {func(b *bench) { b.options.BackupDir += "/none" }, Found, Absent},
		"no time":                        {func(b *bench) { b.host.Patience = 0 }, NotSeen, Absent},
		"a folder of another":            {func(b *bench) { _ = os.Remove(b.backups + "/app.dump.age"); locked(t, b.backups) }, NotSeen, Absent},
		"stale, and a folder of another": {func(b *bench) { old(b); locked(t, b.backups) }, OK, NotSeen},
		"fresh, and a folder of another": {func(b *bench) { locked(t, b.backups) }, OK, OK},
	} {
		if os.Geteuid() == 0 && strings.Contains(name, "another") {
			continue // root reads all
		}
		b := healthy(t)
		c.spoil(b)
		r := b.examine()
		if got := result(t, r, "NS2075"); got.State != c.none {
			t.Errorf("%s: NS2075 %s %s", name, got.State, got.Evidence)
		}
		if got := result(t, r, "NS2076"); got.State != c.stale {
			t.Errorf("%s: NS2076 %s %s", name, got.State, got.Evidence)
		}
	}
}

func locked(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir+"/locked", 0); err != nil {
		t.Fatal(err)
	}
}

// TestManyBackups: of more files than anybody keeps, some are seen.
func TestManyBackups(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	put(t, dir+"/a.dump", "x", 0o600)
	for d := range 101 {
		folder := fmt.Sprintf("%s/b%d", dir, d)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for n := range maxBackups / 100 {
			if err := os.Symlink("none", fmt.Sprintf("%s/%d", folder, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	k := Host{Patience: time.Minute, Now: now}.keptBackups(t.Context(), dir)
	if filepath.Base(k.name) != "a.dump" || k.err == nil || !strings.Contains(k.err.Error(), "more than 100000") {
		t.Errorf("%+v", k)
	}
	if k := (Host{Patience: time.Nanosecond}).keptBackups(t.Context(), dir); k.err == nil || !strings.Contains(k.err.Error(), "in time") {
		t.Errorf("%+v", k)
	}
}

// TestEachLine: each of the eight lines shows what was seen, why it was not, or what
// breaks it, and why it is not asked of a laptop.
func TestEachLine(t *testing.T) {
	breaks := map[int]func(b *bench){
		0: func(b *bench) { b.secret("SMTP", "changeme-password-2024") },
		1: func(b *bench) { b.secret("SMTP", b.value("MAIL")) },
		2: func(b *bench) { b.chmod(".secrets", 0o644) },
		3: func(b *bench) { b.server = nil },
		4: func(b *bench) { b.etc("/etc/ufw/ufw.conf", "ENABLED=no\n") },
		5: func(b *bench) { b.at("api", "HostConfig")["Privileged"] = true },
		6: func(b *bench) { b.options.BackupDir = "" },
		7: func(b *bench) { _ = os.RemoveAll(b.root + "/proc/900") },
	}
	for i := range 8 {
		b := healthy(t)
		breaks[i](b)
		r := b.examine()
		for n, item := range r.Checklist {
			if want := map[bool]State{true: Found, false: OK}[n == i]; item.State != want || item.Evidence == "" {
				t.Errorf("line %d broken: line %d is %s, %q", i, n, item.State, item.Evidence)
			}
		}
		var out bytes.Buffer
		if err := r.Text(&out, 0); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n  [x] "); got != 7 || !strings.Contains(out.String(), "  [ ] "+r.Checklist[i].Text+"\n        NS2") {
			t.Errorf("%d lines hold of the eight:\n%s", got, out.String())
		}
	}
}
