package secretstore

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// reference gives the path of a program of the reference implementation.
func reference(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: run tools/install-test-deps", name)
		}
		t.Skipf("%s is missing: run tools/install-test-deps", name)
	}
	return path
}

// ageHost is one host with an age store: a stack's folder, and an identity.
type ageHost struct {
	t        *testing.T
	dir      string // the stack's folder
	identity string // path of the identity file
	settings *ir.SecretStore
	env      map[string]string
	asked    func(string) ([]byte, error)
}

func word(v string) ir.String { return source.Value[string]{V: v} }

func newAgeHost(t *testing.T, recipients ...string) *ageHost {
	h := &ageHost{t: t, dir: t.TempDir(), identity: filepath.Join(t.TempDir(), "key.txt"), env: map[string]string{"HOME": t.TempDir()}}
	h.settings = &ir.SecretStore{Kind: word("age"), File: word("secrets/prod.age")}
	h.recipients(recipients...)
	return h
}

func (h *ageHost) recipients(keys ...string) {
	h.settings.Recipients = nil
	for _, k := range keys {
		h.settings.Recipients = append(h.settings.Recipients, word(k))
	}
}

// use gives the host an identity; "" takes it away.
func (h *ageHost) use(text string) {
	h.t.Helper()
	if h.env[identityVariable] = h.identity; text == "" {
		delete(h.env, identityVariable)
		return
	}
	if err := os.WriteFile(h.identity, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *ageHost) store() *Age {
	h.t.Helper()
	s, err := Open(h.settings, Options{Getenv: func(n string) string { return h.env[n] }, StackDir: h.dir, Passphrase: h.asked})
	if err != nil {
		h.t.Fatal(err)
	}
	return s.(*Age)
}

func (h *ageHost) path() string { return filepath.Join(h.dir, "secrets/prod.age") }

func (h *ageHost) bytes() []byte {
	b, err := os.ReadFile(h.path())
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *ageHost) load() Snapshot {
	h.t.Helper()
	s, err := h.store().Load(context.Background())
	if err != nil {
		h.t.Fatalf("Load: %v", err)
	}
	return s
}

func (h *ageHost) save(values map[string]string, version string) {
	h.t.Helper()
	if err := h.store().Save(context.Background(), Snapshot{values, version}); err != nil {
		h.t.Fatalf("Save: %v", err)
	}
}

// refused holds that a call failed with one kind, and says nothing of the values.
func refused(t *testing.T, err, kind error, hidden ...string) string {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("want %q, got %v", kind, err)
	}
	said := (*Error)(nil)
	if !errors.As(err, &said) || said.Advice == "" || !strings.HasSuffix(strings.TrimSpace(said.Problem), ".") {
		t.Fatalf("no advice, or no sentence: %#v", err)
	}
	d := Diagnostic(&ir.SecretStore{}, err)
	for _, h := range hidden {
		if h != "" && strings.Contains(d.Detail+err.Error(), h) {
			t.Errorf("the error shows what it must not: %s", d.Detail)
		}
	}
	return d.Detail
}

// values are made up on the spot, with all that dotenv has trouble with.
func values() map[string]string {
	return map[string]string{
		"JWT_KEY": rand.Text() + rand.Text(),
		"ODD":     "it's $HOME \"`\\ " + rand.Text(),
		"PEM":     "-----BEGIN X-----\n" + rand.Text() + "\n-----END X-----\n",
		"K__SLOT": "b",
		"UNICODE": "größe 日本 " + rand.Text(),
	}
}

func identities(t *testing.T) (mine, other *age.X25519Identity) {
	t.Helper()
	mine, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if other, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	return mine, other
}

// TestAgeReference holds that the reference tool opens what we write, for every
// recipient, and that we open what it writes, in both forms.
func TestAgeReference(t *testing.T) {
	tool := reference(t, "age")
	mine, other := identities(t)
	h := newAgeHost(t, mine.Recipient().String(), other.Recipient().String())
	h.use(mine.String() + "\n")
	want := values()
	h.save(want, "")
	for name, id := range map[string]*age.X25519Identity{"mine": mine, "other": other} {
		key := filepath.Join(t.TempDir(), "key.txt")
		if err := os.WriteFile(key, []byte(id.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "-d", "-i", key, h.path()).Output()
		if err != nil || !bytes.Contains(out, []byte("JWT_KEY="+want["JWT_KEY"])) || !bytes.Contains(out, []byte(recipientLine+mine.Recipient().String())) {
			t.Fatalf("%s: age -d: %v", name, err)
		}
	}
	stranger, _ := identities(t)
	key := filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(key, []byte(stranger.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-d", "-i", key, h.path()).Output(); err == nil || len(out) > 0 {
		t.Fatal("age opens the file for a stranger: this test proves nothing")
	}
	if diff := cmp.Diff(want, h.load().Values); diff != "" {
		t.Error(diff)
	}
	for _, flags := range [][]string{{"-a"}, nil} { // armored and binary
		cmd := exec.Command(tool, append(flags, "-r", mine.Recipient().String(), "-o", h.path())...)
		cmd.Stdin = strings.NewReader("# by hand\nexport A='x y' # kept\nB=\"1\\n2\"\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		s := h.load()
		if diff := cmp.Diff(map[string]string{"A": "x y", "B": "1\n2"}, s.Values); diff != "" {
			t.Errorf("%v: %s", flags, diff)
		}
		if keys, known, err := h.store().Recipients(context.Background()); known || err != nil || keys != nil {
			t.Errorf("the recipients of a file by another hand are known: %v, %v", keys, err)
		}
		s.Values["A"] = "new"
		h.save(s.Values, s.Version)
		out, err := exec.Command(tool, "-d", "-i", h.identity, h.path()).Output()
		if err != nil || !strings.Contains(string(out), "# by hand\n") || !strings.Contains(string(out), "A=new\n") {
			t.Errorf("comments are lost, or the value: %v", err)
		}
		if binary := bytes.HasPrefix(h.bytes(), []byte("age-encryption.org/v1\n")); binary != (flags == nil) {
			t.Error("the form of the file changed")
		}
	}
}

// TestAgeIdentities opens the file with every sort of identity that a host may have.
func TestAgeIdentities(t *testing.T) {
	x25519, _ := identities(t)
	quantum, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "ops")
	if err != nil {
		t.Fatal(err)
	}
	passphrase := rand.Text()
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "ops", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	authorized := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPublic))) + " ops@host"
	for _, tt := range []struct {
		name, recipient, identity string
		asks                      bool
	}{
		{"X25519", x25519.Recipient().String(), "# created: some day\n" + x25519.String() + "\n", false},
		{"post-quantum", quantum.Recipient().String(), quantum.String() + "\n", false},
		{"ssh", authorized, string(pem.EncodeToMemory(block)), false},
		{"ssh with a passphrase", authorized, string(pem.EncodeToMemory(locked)), true},
		{"X25519 with a passphrase", x25519.Recipient().String(), lockedIdentity(t, passphrase, x25519.String()), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newAgeHost(t, tt.recipient)
			h.save(map[string]string{"A": "1"}, "")
			asked := 0
			h.asked = func(prompt string) ([]byte, error) {
				if asked++; !strings.Contains(prompt, h.identity) {
					t.Errorf("the prompt %q does not say what for", prompt)
				}
				return []byte(passphrase), nil
			}
			h.use(tt.identity)
			s := h.load()
			if s.Values["A"] != "1" || asked != map[bool]int{true: 1}[tt.asks] {
				t.Errorf("%v, asked %d times", s.Values, asked)
			}
			if tt.asks {
				h.asked = func(string) ([]byte, error) { return []byte("another"), nil }
				_, err := h.store().Load(context.Background())
				refused(t, err, ErrDenied, passphrase)
				h.asked = nil
				_, err = h.store().Load(context.Background())
				refused(t, err, ErrDenied, passphrase)
			}
		})
	}
}

// lockedIdentity is what `age -p` makes of an identity file.
func lockedIdentity(t *testing.T, passphrase, identity string) string {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(10)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte(identity + "\n"))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestAgeRewrites holds when the file is written anew: for a changed value, for a
// changed list of recipients, and never else.
func TestAgeRewrites(t *testing.T) {
	mine, other := identities(t)
	h := newAgeHost(t, mine.Recipient().String())
	h.use(mine.String())
	h.save(map[string]string{"A": "1", "B": "2"}, "")
	first := h.bytes()
	if info, err := os.Stat(h.path()); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	s := h.load()
	h.save(map[string]string{"A": "1", "B": "2"}, s.Version)
	if !bytes.Equal(first, h.bytes()) {
		t.Error("written anew for nothing")
	}
	h.save(map[string]string{"A": "1", "C": "3"}, s.Version)
	second := h.bytes()
	if s = h.load(); bytes.Equal(first, second) || !maps.Equal(s.Values, map[string]string{"A": "1", "C": "3"}) {
		t.Errorf("got %v", s.Values)
	}

	h.recipients(other.Recipient().String(), mine.Recipient().String())
	h.save(s.Values, s.Version)
	keys, known, err := h.store().Recipients(context.Background())
	want := []string{mine.Recipient().String(), other.Recipient().String()}
	slices.Sort(want)
	if err != nil || !known || !slices.Equal(keys, want) || bytes.Equal(second, h.bytes()) {
		t.Fatalf("recipients %v, %v, %v", keys, known, err)
	}
	third := h.bytes()
	h.recipients(mine.Recipient().String(), other.Recipient().String())
	h.save(s.Values, digest(third))
	if !bytes.Equal(third, h.bytes()) {
		t.Error("written anew because the recipients stand in another order")
	}

	// Whoever takes a key out of the list must not lock himself out.
	h.recipients(other.Recipient().String())
	refused(t, h.store().Save(context.Background(), Snapshot{s.Values, digest(third)}), ErrDenied)
	h.use("")
	refused(t, h.store().Save(context.Background(), Snapshot{map[string]string{"A": "9"}, digest(third)}), ErrDenied)
	if !bytes.Equal(third, h.bytes()) {
		t.Error("a refused Save wrote")
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, "secrets", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAgeRefuses holds what is not opened, and with which kind.
func TestAgeRefuses(t *testing.T) {
	mine, other := identities(t)
	secret := rand.Text()
	whole := func() *ageHost {
		h := newAgeHost(t, mine.Recipient().String())
		h.use(mine.String())
		h.save(map[string]string{"A": secret}, "")
		return h
	}
	put := func(h *ageHost, text []byte) {
		if err := os.WriteFile(h.path(), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		do   func(h *ageHost)
		kind error
	}{
		{"no file", func(h *ageHost) { _ = os.Remove(h.path()) }, ErrAbsent},
		{"no identity", func(h *ageHost) { h.use("") }, ErrDenied},
		{"identity file that is not there", func(h *ageHost) { h.env[identityVariable] = "/nonexistent/key" }, ErrDenied},
		{"wrong identity", func(h *ageHost) { h.use(other.String()) }, ErrDenied},
		{"public key for an identity", func(h *ageHost) { h.use(mine.Recipient().String()) }, ErrInvalid},
		{"identity with a letter changed", func(h *ageHost) { h.use(mine.String()[:70] + "QQQQ") }, ErrInvalid},
		{"identity of nobody", func(h *ageHost) { h.use("# empty\n") }, ErrInvalid},
		{"identity that others read", func(h *ageHost) { _ = os.Chmod(h.identity, 0o644) }, ErrInvalid},
		{"identity that is a folder", func(h *ageHost) { h.env[identityVariable] = h.dir }, ErrInvalid},
		{"cut off", func(h *ageHost) { b := h.bytes(); put(h, b[:len(b)/2]) }, ErrInvalid},
		{"the last line cut off", func(h *ageHost) { b := h.bytes(); put(h, b[:len(b)-40]) }, ErrInvalid},
		{"empty", func(h *ageHost) { put(h, nil) }, ErrInvalid},
		{"marks of a merge", func(h *ageHost) { put(h, append([]byte("<<<<<<< HEAD\n"), h.bytes()...)) }, ErrInvalid},
		{"open text", func(h *ageHost) { put(h, []byte("A="+secret+"\n")) }, ErrInvalid},
		{"two files", func(h *ageHost) { put(h, append(h.bytes(), h.bytes()...)) }, ErrInvalid},
		{"a link", func(h *ageHost) {
			_ = os.Rename(h.path(), filepath.Join(h.dir, "x.age"))
			_ = os.Symlink("../x.age", h.path())
		}, ErrInvalid},
		{"a folder", func(h *ageHost) { _ = os.Remove(h.path()); _ = os.Mkdir(h.path(), 0o755) }, ErrInvalid},
		{"a folder that leads out", func(h *ageHost) {
			away := t.TempDir()
			_ = os.Rename(h.path(), filepath.Join(away, "prod.age"))
			_ = os.Remove(filepath.Dir(h.path()))
			_ = os.Symlink(away, filepath.Dir(h.path()))
		}, ErrUnavailable},
		{"no dotenv in it", func(h *ageHost) {
			a := h.store()
			b, err := a.seal([]byte("A: "+secret+"\n"), true)
			if err != nil {
				t.Fatal(err)
			}
			put(h, b)
		}, ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := whole()
			tt.do(h)
			_, err := h.store().Load(context.Background())
			refused(t, err, tt.kind, secret, mine.String()[15:])
		})
	}
	t.Run("each byte changed", func(t *testing.T) {
		h := whole()
		sealed := h.bytes()
		for i := 0; i < len(sealed); i += 3 {
			bad := slices.Clone(sealed)
			bad[i] ^= 1
			put(h, bad)
			if s, err := h.store().Load(context.Background()); err == nil {
				t.Fatalf("byte %d of %d: it opens, with %v", i, len(sealed), maps.Keys(s.Values))
			}
		}
	})
}

// TestAgeConflicts holds that nobody's work is lost: of several who save what they
// loaded at once, one wins, and the rest are told.
func TestAgeConflicts(t *testing.T) {
	mine, _ := identities(t)
	h := newAgeHost(t, mine.Recipient().String())
	h.use(mine.String())
	refused(t, h.store().Save(context.Background(), Snapshot{nil, "0123"}), ErrConflict)
	h.save(map[string]string{"A": "1"}, "")
	refused(t, h.store().Save(context.Background(), Snapshot{nil, ""}), ErrConflict)
	s := h.load()
	const writers = 8
	results := make(chan error, writers)
	for i := range writers {
		store := h.store()
		go func() {
			results <- store.Save(context.Background(), Snapshot{map[string]string{"A": fmt.Sprint("by ", i)}, s.Version})
		}()
	}
	won := 0
	for range writers {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 || !strings.HasPrefix(h.load().Values["A"], "by ") {
		t.Errorf("%d writers won", won)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	unlock, err := h.store().lock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store().Save(ctx, Snapshot{nil, h.load().Version}); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller had no more time: %v", err)
	}
	impatient := h.store()
	impatient.patience = 100 * time.Millisecond
	err = impatient.Save(context.Background(), Snapshot{nil, h.load().Version})
	if said := refused(t, err, ErrConflict); !strings.Contains(said, "another nselfc holds the lock") || !strings.Contains(said, "fuser -v") || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the lock is held: %s", said)
	}
	unlock()
}

// TestAgeDefaultIdentity finds the identity where nobody named one.
func TestAgeDefaultIdentity(t *testing.T) {
	mine, _ := identities(t)
	h := newAgeHost(t, mine.Recipient().String())
	h.save(map[string]string{"A": "1"}, "")
	for _, dir := range []string{filepath.Join(h.env["HOME"], ".config"), t.TempDir()} {
		if dir != filepath.Join(h.env["HOME"], ".config") {
			h.env["XDG_CONFIG_HOME"] = dir
		}
		if _, err := h.store().Load(context.Background()); !errors.Is(err, ErrDenied) {
			t.Errorf("without one: %v", err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "nselfc"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "nselfc", "identity.txt"), []byte(mine.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if h.load().Values["A"] != "1" {
			t.Error("not opened")
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}
