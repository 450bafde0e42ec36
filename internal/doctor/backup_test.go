package doctor

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// TestBackupFolder: what does not answer is said not to be seen; what is not there has
// no backup.
func TestBackupFolder(t *testing.T) {
	for name, c := range map[string]struct {
		spoil       func(b *bench)
		none, stale State
	}{
		"in order":  {func(*bench) {}, OK, OK},
		"not there": {func(b *bench) { b.options.BackupDir += "/none" }, Found, Absent},
		"no time":   {func(b *bench) { b.host.Patience = 0 }, NotSeen, Absent},
	} {
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

// TestHalfSeen: what was not seen of the folder may be newer than what was.
func TestHalfSeen(t *testing.T) {
	b := healthy(t)
	x := newExamination(t.Context(), b.host, b.subject, b.options)
	unseen := errors.New("a folder of another")
	for name, c := range map[string]struct {
		kept                  kept
		none, stale, untested bool // that it was not all seen
	}{
		"nothing": {kept{err: unseen}, true, false, true},
		"an old":  {kept{name: "a", made: x.Now.Add(-300 * time.Hour), err: unseen}, false, true, true},
		"a fresh": {kept{name: "a", made: x.Now, tested: x.Now, err: unseen}, false, false, false},
	} {
		x.kept = func() kept { return c.kept }
		for what, run := range map[string]func(*examination) (string, []Finding, error){"none": noBackup, "stale": stale, "untested": untested} {
			_, found, err := run(x)
			want := map[string]bool{"none": c.none, "stale": c.stale, "untested": c.untested}[what]
			if len(found) > 0 || errors.Is(err, unseen) != want {
				t.Errorf("%s, %s: %v %v", name, what, found, err)
			}
		}
	}
}

// TestManyBackups: of more files than anybody keeps, some are seen.
func TestManyBackups(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b/a", "b/b", "b/c"} {
		put(t, dir+"/"+name+".dump", "x", 0o600)
	}
	k := walkBackups(t.Context(), dir, time.Now(), 3, make(chan kept, 1))
	if k.name == "" || k.err == nil || !strings.Contains(k.err.Error(), "more than 3") {
		t.Errorf("%+v", k)
	}
	if k := walkBackups(t.Context(), dir, time.Now(), 6, make(chan kept, 1)); k.err != nil {
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
