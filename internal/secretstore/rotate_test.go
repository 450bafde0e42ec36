package secretstore

import (
	"bytes"
	cryptorand "crypto/rand"
	"encoding/hex"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func hexValue() string {
	var b [32]byte
	_, _ = cryptorand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// eachStore runs a test for every store that takes values. Without CI=true, it draws
// one: whatever the store, the rotation is the same code, and the test of each store is
// elsewhere in this package.
func eachStore(t *testing.T, do func(t *testing.T, store *keptStore)) {
	t.Helper()
	stores := keptStores()
	names := slices.Sorted(maps.Keys(stores))
	if !thorough && os.Getenv("CI") != "true" {
		i := rand.IntN(len(names))
		t.Logf("drawn: %s of %v; CI=true runs all", names[i], names)
		names = names[i : i+1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { do(t, stores[name](t)) })
	}
}

// TestRotateWithStore rotates a secret of each class, and then all: the store has what
// .secrets has, with the login whose turn it is, and nothing that is pending.
func TestRotateWithStore(t *testing.T) {
	eachStore(t, func(t *testing.T, store *keptStore) {
		m := begun(t, store)
		m.settled()
		addresses := []string{pairAddress, dualAddress, "secret.jwt", "postgres.main.secret.ca", "secret.field"}
		if store.file == "" && !thorough {
			addresses = nil // all of them at once are of every class
		}
		for _, address := range addresses {
			before := m.secrets()
			args := on("rotate", address, "--grace", "0s")
			if address == "secret.field" {
				args = append(args, "--value-file", m.file(hexValue()))
			}
			m.ok(args...)
			changed := false
			for key, value := range m.secrets() {
				changed = changed || before[key] != value
			}
			if !changed {
				t.Fatalf("%s was not rotated", address)
			}
			m.settled()
		}
		m.ok(on("rotate", "--all", "--grace", "0s")...)
		m.settled()
	})
}

// TestRotateKilledWithStore kills the process in the middle: it goes on, and goes back,
// and the store follows.
func TestRotateKilledWithStore(t *testing.T) {
	eachStore(t, func(t *testing.T, store *keptStore) {
		m := begun(t, store)
		points, step, least := 0, 53, 3
		switch {
		case thorough:
			step, least = 2, 30
		case store.file == "":
			step, least = 97, 1
		}
		for at, back := 2, false; ; at, back = at+step, !back {
			before := m.secrets()
			if !m.killed(at, on("rotate", "--all", "--grace", "0s")...) {
				break
			}
			points++
			switch code, out := m.run(on("rotate", map[bool]string{false: "--resume", true: "--abort"}[back])...); {
			case code == 0:
			case strings.Contains(out, "NS611"): // it had not begun, or was over
			case back && strings.Contains(out, "NS618"):
				m.ok(on("rotate", "--resume")...)
				back = false
			default:
				t.Fatalf("killed at call %d: %d\n%s", at, code, out)
			}
			if now := m.secrets(); back && now["JWT"] != before["JWT"] {
				t.Errorf("killed at call %d and taken back, it has the new value", at)
			}
			m.settled()
		}
		if t.Logf("%d points", points); points < least {
			t.Error("that proves little")
		}
		m.settled()
	})
}

// TestRotateBesideOthers has somebody else save values meanwhile: nothing is lost, and
// two values of one secret are told.
func TestRotateBesideOthers(t *testing.T) {
	eachStore(t, func(t *testing.T, store *keptStore) {
		m := begun(t, store)
		other := newMachine(t, store)
		sets := func(name string) string {
			value := hexValue()
			other.pull(m)
			other.ok(on("sync", "--replace")...)
			other.ok(on("set", name, "--file", other.file(value), "--replace")...)
			m.pull(other)
			return value
		}

		// interrupted leaves a rotation whose new values are there, and not in use.
		interrupted := func() {
			if !m.killed(13, on("rotate", "secret.jwt", dualAddress, "--grace", "0s")...) {
				t.Fatal("it was not killed")
			}
			if journal, _ := os.ReadFile(filepath.Join(m.dir, "out", "prod", ".secrets.rotation")); !bytes.Contains(journal, []byte(`"step": "pending"`)) {
				t.Fatalf("it was killed elsewhere: %s", journal)
			}
		}

		// Of another secret, in the middle of a rotation: both are in the store.
		interrupted()
		field := sets("secret.field")
		m.ok(on("rotate", "--resume")...)
		if store.values(t, m)["FIELD"] != field {
			t.Fatal("what somebody else saved is lost")
		}
		m.refuses("NS647", on("sync")...) // which data is encrypted under: never by itself
		m.ok(on("sync", "--replace")...)
		m.up()

		// Of the same one, before: nothing is begun.
		jwt := sets("secret.jwt")
		before := m.secrets()
		m.refuses("NS677", on("rotate", "secret.jwt", "--grace", "0s")...)
		m.same("after a refusal, .secrets", before, m.secrets())
		m.ok(on("sync")...)
		if m.secrets()["JWT"] != jwt {
			t.Fatal("the newer value did not come")
		}

		// Of the same one, in the middle: it stays, and the way back is open.
		interrupted()
		jwt = sets("secret.jwt")
		m.refuses("NS677", on("rotate", "--resume")...)
		m.ok(on("rotate", "--abort")...)
		if store.values(t, m)["JWT"] != jwt {
			t.Fatal("what somebody else saved is lost")
		}
		m.ok(on("sync")...)
		m.ok(on("rotate", "--all", "--grace", "0s")...)
		m.settled()
	})
}
