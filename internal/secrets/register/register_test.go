package register_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/internal/secrets/register"
)

func example() *register.Register {
	r := register.New("shop")
	r.Note("secret.jwt_key", "jwt", "2030-05-01", register.Generated, register.Fingerprint("shop", "a value"))
	r.Note(`postgres.main.secret.role["app"]`, "password", "2030-05-01", register.Found, "")
	r.Note("secret.stripe", "input", "2030-05-01", register.Set, "")
	r.Bump("secret.stripe", "2030-06-02")
	return r
}

// TestText holds the form that is committed, byte for byte.
func TestText(t *testing.T) {
	want := `{
  "format": 1,
  "stack": "shop",
  "secrets": {
    "postgres.main.secret.role[\"app\"]": {"kind":"password","generation":1,"created":"2030-05-01","origin":"found"},
    "secret.jwt_key": {"kind":"jwt","generation":1,"created":"2030-05-01","origin":"generated","fingerprint":"` + register.Fingerprint("shop", "a value") + `"},
    "secret.stripe": {"kind":"input","generation":2,"created":"2030-05-01","rotated":"2030-06-02","origin":"set"}
  }
}
`
	got := example().Bytes()
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	back, err := register.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), back); diff != "" {
		t.Error(diff)
	}
}

// TestFingerprint computes the definition by hand.
func TestFingerprint(t *testing.T) {
	key := sha256.Sum256([]byte("nselfc secrets v1\x00shop"))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("v"))
	if got, want := register.Fingerprint("shop", "v"), hex.EncodeToString(mac.Sum(nil))[:24]; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if register.Fingerprint("shop", "v") == register.Fingerprint("other", "v") {
		t.Error("two stacks have one fingerprint")
	}
}

// TestGenerations counts values.
func TestGenerations(t *testing.T) {
	r := example()
	r.Bump("secret.nobody", "2030-07-01")
	r.Note("secret.jwt_key", "hex", "2030-07-01", register.Set, "")
	want := &register.Entry{Kind: "hex", Generation: 2, Created: "2030-05-01", Rotated: "2030-07-01", Origin: register.Set}
	if diff := cmp.Diff(want, r.Entries["secret.jwt_key"]); diff != "" {
		t.Error(diff)
	}
	if len(r.Entries) != 3 {
		t.Error("an entry was made of nothing")
	}
	if got := r.Entries["secret.jwt_key"].Since(); got != "2030-07-01" {
		t.Errorf("in use since %s", got)
	}
}

// TestRefuses damages the text in the ways of merges, editors and strangers.
func TestRefuses(t *testing.T) {
	good := string(example().Bytes())
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	tests := []struct {
		name, text string
		line       int
		words      string
	}{
		{"conflict", replace("    \"secret.jwt_key\"", "<<<<<<< ours\n    \"secret.jwt_key\""), 6, "conflict of a merge"},
		{"diff3", replace("  }\n}", "||||||| base\n  }\n}"), 8, "conflict of a merge"},
		{"empty", "", 1, "ends too early"},
		{"cut", good[:200], 6, "ends too early"},
		{"no JSON", "secrets: {}\n", 1, "not JSON"},
		{"list", "[]", 1, "an object is expected"},
		{"two texts", good + "{}", 10, "something follows"},
		{"newer", replace(`"format": 1`, `"format": 2`), 2, "its format is 2"},
		{"no format", replace("  \"format\": 1,\n", ""), 8, "does not say its format"},
		{"format of another type", replace(`"format": 1`, `"format": "1"`), 2, "wrong type"},
		{"member", replace(`"stack"`, `"values"`), 3, `"values"`},
		{"member of an entry", replace(`"kind":"jwt"`, `"value":"x"`), 6, `"value"`},
		{"twice", replace("secret.stripe", "secret.jwt_key"), 7, "stands there twice"},
		{"member twice", replace(`"kind":"jwt"`, `"kind":"jwt","kind":"hex"`), 6, `"kind" stands there twice`},
		{"entry of another type", replace(`{"kind":"jwt"`, `[{"kind":"jwt"`), 6, "an object is expected"},
		{"no generation", replace(`"generation":2`, `"generation":0`), 7, "generation that cannot be"},
		{"huge generation", replace(`"generation":2`, `"generation":99999999999999999999`), 7, "wrong type"},
		{"broken generation", replace(`"generation":2`, `"generation":1.5`), 7, "wrong type"},
		{"no such day", replace("2030-06-02", "2030-13-02"), 7, "has a day"},
		{"date and time", replace("2030-06-02", "2030-06-02T00:00"), 7, "has a day"},
		{"no kind", replace(`"kind":"input",`, ""), 7, "no kind"},
		{"kind", replace(`"kind":"input"`, `"kind":"../x"`), 7, "no kind"},
		{"origin", replace(`"origin":"set"`, `"origin":"me"`), 7, "origin"},
		{"next origin", replace(`"origin":"set"`, `"origin":"set","next":"me"`), 7, "origin"},
		{"short fingerprint", replace(`"fingerprint":"`, `"fingerprint":"00`), 6, "fingerprint that is not one"},
		{"fingerprint of a typed value", replace(`"origin":"generated"`, `"origin":"set"`), 6, "only values that nselfc made"},
		{"control character", replace("secret.stripe", `secret.\u001b[2J`), 7, "no address"},
		{"no address", replace("secret.stripe", ""), 7, "no address"},
		{"long address", replace("secret.stripe", strings.Repeat("a", 2000)), 7, "no address"},
		{"not UTF-8", replace("secret.stripe", "secret.\xff"), 1, "UTF-8"},
		{"huge", strings.Repeat(" ", register.MaxBytes+1), 1, "larger"},
		{"deep", `{"secrets":` + strings.Repeat("[", 100_000), 1, "an object is expected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := register.Read([]byte(tt.text))
			e, ok := errors.AsType[*register.Error](err)
			if !ok || e.Line != tt.line || !strings.Contains(e.Reason, tt.words) {
				t.Errorf("got %v, want line %d: %s", err, tt.line, tt.words)
			}
		})
	}
}

// FuzzRead holds that nothing is lost: what is taken is written as the same facts.
func FuzzRead(f *testing.F) {
	f.Add(example().Bytes())
	f.Add([]byte(`{"format":1,"secrets":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := register.Read(text)
		if err != nil {
			return
		}
		again, err := register.Read(r.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMerge(t *testing.T) {
	base := example()
	ours, theirs := example(), example()
	ours.Bump("secret.stripe", "2030-07-01")
	theirs.Bump("secret.stripe", "2030-06-30")
	theirs.Bump("secret.stripe", "2030-07-02")
	ours.Note("secret.ours", "hex", "2030-07-01", register.Generated, register.Fingerprint("shop", "o"))
	theirs.Note("secret.theirs", "hex", "2030-07-01", register.Found, "")
	ours.Note("secret.both", "hex", "2030-07-03", register.Generated, register.Fingerprint("shop", "b"))
	theirs.Note("secret.both", "hex", "2030-07-02", register.Found, "")
	delete(theirs.Entries, "secret.jwt_key")                      // they retired it, and we left it alone
	delete(ours.Entries, `postgres.main.secret.role["app"]`)      // we retired what they rotated
	theirs.Bump(`postgres.main.secret.role["app"]`, "2030-07-04") // and lose nothing by it
	text, err := register.Merge(base.Bytes(), ours.Bytes(), theirs.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got, err := register.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*register.Entry{
		"secret.stripe":                    {Kind: "input", Generation: 4, Created: "2030-05-01", Rotated: "2030-07-02", Origin: register.Set},
		"secret.ours":                      ours.Entries["secret.ours"],
		"secret.theirs":                    theirs.Entries["secret.theirs"],
		"secret.both":                      {Kind: "hex", Generation: 1, Created: "2030-07-02", Origin: register.Generated, Fingerprint: register.Fingerprint("shop", "b")},
		`postgres.main.secret.role["app"]`: theirs.Entries[`postgres.main.secret.role["app"]`],
	}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Error(diff)
	}
	if _, err := register.Merge(nil, ours.Bytes(), []byte("<<<<<<<\n")); err == nil || !strings.Contains(err.Error(), "merged-in side, line 1") {
		t.Errorf("a damaged side: %v", err)
	}
}

// TestMergeForgetsNothing holds of any two sides: no address of either is lost that
// both have, no generation falls, and a merge with itself changes nothing.
func TestMergeForgetsNothing(t *testing.T) {
	draw := func(t *rapid.T, name string) *register.Register {
		r := register.New("shop")
		for i := range rapid.IntRange(0, 6).Draw(t, name) {
			address := fmt.Sprintf("secret.s%d", i)
			r.Note(address, "hex", fmt.Sprintf("2030-01-%02d", rapid.IntRange(1, 28).Draw(t, "day")), register.Found, "")
			for range rapid.IntRange(0, 3).Draw(t, "bumps") {
				r.Bump(address, fmt.Sprintf("2030-02-%02d", rapid.IntRange(1, 28).Draw(t, "day")))
			}
		}
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "ours"), draw(t, "theirs")
		text, err := register.Merge(nil, a.Bytes(), b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		m, err := register.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []*register.Register{a, b} {
			for address, e := range side.Entries {
				if got := m.Entries[address]; got == nil || got.Generation < e.Generation || got.Created > e.Created {
					t.Fatalf("%s: %+v became %+v", address, e, got)
				}
			}
		}
		if same, err := register.Merge(a.Bytes(), a.Bytes(), a.Bytes()); err != nil || string(same) != string(a.Bytes()) {
			t.Fatal("a merge of three equal texts changed them")
		}
		other, err := register.Merge(nil, b.Bytes(), a.Bytes())
		if err != nil || string(other) != string(text) {
			t.Fatal("the sides of the merge are not equal")
		}
	})
}
