package rotation

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

func codes(list diag.List) string {
	var out []string
	for _, d := range list {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}

// lost are the ways in which a journal comes to say nothing.
var lost = []struct {
	name   string
	damage func(path string) error
}{
	{"gone", os.Remove},
	{"empty", func(path string) error { return os.WriteFile(path, nil, 0o600) }},
	{"cut", func(path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, text[:len(text)/2], 0o600)
	}},
}

// TestWithoutJournal kills a rotation in front of and behind every change, and then
// takes its journal away or damages it. Nobody goes on by guessing; going back leads to
// the values in use before, or leaves the new ones where the old are gone, and never
// takes away what a service that runs has.
func TestWithoutJournal(t *testing.T) {
	t.Parallel()
	back, ended := 0, 0
	for kill := 1; ; kill += killStep {
		w, h := begun(t)
		w.kill, w.steady = kill, true
		before := values(t, w.dir)
		if !died(func() { rotate(h, all(h)...) }) {
			break
		}
		w.kill = 0
		path := filepath.Join(w.dir, JournalFile)
		if _, err := os.Lstat(path); err != nil {
			continue // it had not begun, or had ended
		}
		way := lost[(back+ended)%len(lost)]
		if err := way.damage(path); err != nil {
			t.Fatal(err)
		}
		held := values(t, w.dir)
		double := strings.Contains(strings.Join(sorted(held), " "), "__NEXT") || strings.Contains(strings.Join(sorted(held), " "), "__PREVIOUS")
		w.build(t, h)
		if double || way.name != "gone" {
			for _, again := range []func() diag.List{func() diag.List { return h.Resume(context.Background()) }, func() diag.List { return rotate(h, "secret.key") }} {
				if d := again(); codes(d) != codeUnusable {
					t.Fatalf("killed at %q, journal %s: not refused: %v", w.history[kill-1], way.name, d)
				}
			}
			if d := Standing(w.dir, h.Stack, h.Files, h.Options); codes(d) != codeUnusable || d.HasErrors() {
				t.Fatalf("journal %s: other commands are not told: %v", way.name, d)
			}
			fine(t, w, h.Abort(context.Background()))
		} else if d := h.Abort(context.Background()); codes(d) != "NS611" {
			t.Fatalf("nothing to take back: %v", d)
		}
		if now := plain(values(t, w.dir)); double && !maps.Equal(plain(before), now) {
			t.Fatalf("killed at %q, and taken back: other values than before\n%s", w.history[kill-1], strings.Join(w.history, "\n"))
		}
		if double {
			back++
			w.settled(t)
		} else {
			ended++
		}
		for _, b := range w.broken {
			t.Error(b)
		}
		if d := Standing(w.dir, h.Stack, h.Files, h.Options); len(d) > 0 {
			t.Errorf("all has ended, and is not said to: %v", d)
		}
		fine(t, w, rotate(h, all(h)...)) // the next one is free to begin
		w.settled(t)
		if t.Failed() {
			t.Fatalf("killed at point %d (%s), journal %s", kill, w.history[kill-1], way.name)
		}
	}
	t.Logf("%d rotations were taken back, %d had nothing to take back", back, ended)
	if back < 40/killStep || ended == 0 {
		t.Error("that proves little")
	}
}

// TestRebuildKilled kills the way back that has no journal, too.
func TestRebuildKilled(t *testing.T) {
	t.Parallel()
	for first := 20; first < 120; first += 30 * killStep {
		for second := 1; ; second += 7 * killStep {
			w, h := begun(t)
			w.kill, w.steady = first, true
			before := values(t, w.dir)
			if !died(func() { rotate(h, all(h)...) }) {
				return
			}
			if err := os.Truncate(filepath.Join(w.dir, JournalFile), 7); err != nil {
				t.Fatal(err)
			}
			w.kill = w.ops + second
			killed := died(func() { fine(t, w, h.Abort(context.Background())) })
			w.kill = 0
			if killed {
				if d := h.Abort(context.Background()); codes(d) != "NS611" { // it had just ended
					fine(t, w, d)
				}
			}
			w.settled(t)
			if !maps.Equal(plain(before), plain(values(t, w.dir))) {
				t.Error("other values than before")
			}
			if text, err := os.ReadFile(filepath.Join(w.dir, JournalFile+asideSuffix)); err != nil || len(text) != 7 {
				t.Errorf("the damaged journal is not kept: %v", err)
			}
			if t.Failed() {
				t.Fatalf("killed at %d, and %d later", first, second)
			}
			if !killed {
				break
			}
		}
	}
}

// TestJournalIsWhole cuts a journal at each byte, and changes each byte: it is read as
// it was written, or not at all.
func TestJournalIsWhole(t *testing.T) {
	w, h := begun(t)
	w.kill = 60
	died(func() { rotate(h, all(h)...) })
	path := filepath.Join(w.dir, JournalFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole, diags := ReadJournal(w.dir)
	if whole == nil || len(diags) > 0 {
		t.Fatalf("the control: %v", diags)
	}
	read := func(what string, at int, damaged []byte) {
		t.Helper()
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		j, d := ReadJournal(w.dir)
		switch {
		case j == nil && codes(d) == codeUnusable && strings.Contains(d[0].Detail, "--abort"):
		case j == nil:
			t.Errorf("%s at %d: %v", what, at, d)
		case j.Digest != whole.Digest: // but for space between members
			t.Errorf("%s at %d goes unseen", what, at)
		}
	}
	for i := range text {
		read("cut", i, text[:i])
		for _, flip := range []byte{1, 4, 0x20, 0x80} {
			damaged := bytes.Clone(text)
			damaged[i] ^= flip
			read("changed", i, damaged)
		}
	}
	read("zeros", 0, make([]byte, len(text)))
	for _, other := range []string{`{"version": 1, "secrets": [{"address": "secret.db"}]}`, `{"version": 3}`} {
		read("another format", 0, []byte(other))
		if _, d := ReadJournal(w.dir); !strings.Contains(d[0].Detail, "    mv ") {
			t.Errorf("%s: %s", other, d[0].Detail)
		}
	}
	before := values(t, w.dir)
	if d := h.Abort(context.Background()); codes(d) != codeUnusable {
		t.Errorf("another version's rotation is taken back: %v", d)
	}
	if !maps.Equal(before, values(t, w.dir)) {
		t.Error("values were changed")
	}
	if err := os.Rename(path, path+asideSuffix); err != nil { // as it says
		t.Fatal(err)
	}
	fine(t, w, h.Abort(context.Background()))
	w.settled(t)
}

// TestJournalIsNoFile has something in the place of a journal that is none: it is
// neither read nor waited for, and what is said leads out.
func TestJournalIsNoFile(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link":      func(path string) error { return os.Symlink(secrets.File, path) },
		"hard link": func(path string) error {
			other := filepath.Join(filepath.Dir(filepath.Dir(path)), "other")
			if err := os.WriteFile(other, []byte("{}"), 0o600); err != nil {
				return err
			}
			return os.Link(other, path)
		},
		"open": func(path string) error {
			if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
				return err
			}
			return os.Chmod(path, 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, h := begun(t)
			w.kill, w.steady = 60, true
			died(func() { rotate(h, all(h)...) })
			w.kill = 0
			path := filepath.Join(w.dir, JournalFile)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			before := values(t, w.dir)
			for what, do := range map[string]func() diag.List{
				"resume": func() diag.List { return h.Resume(context.Background()) },
				"abort":  func() diag.List { return h.Abort(context.Background()) },
				"begin":  func() diag.List { return rotate(h, "secret.key") },
				"told":   func() diag.List { return Standing(w.dir, h.Stack, h.Files, h.Options) },
			} {
				d := do()
				if len(d) != 1 || d.HasErrors() == (what == "told") || !strings.HasPrefix(d[0].Code, "NS60") {
					t.Errorf("%s: %v", what, d)
				}
			}
			if !maps.Equal(before, values(t, w.dir)) {
				t.Error("values were changed")
			}
			if err := os.Remove(path); err != nil { // as it says
				t.Fatal(err)
			}
			fine(t, w, h.Abort(context.Background()))
			w.settled(t)
		})
	}
}
