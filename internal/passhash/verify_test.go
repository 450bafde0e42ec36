package passhash

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// TestPBKDF2Vectors are those of RFC 7914, section 11, through the reader and the
// verifier.
func TestPBKDF2Vectors(t *testing.T) {
	for _, v := range []struct {
		password, salt string
		rounds         int
		key            string
	}{
		{"passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacb" + "c49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
		{"Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56" + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"},
	} {
		h, err := Parse("pbkdf2:sha256:" + strconv.Itoa(v.rounds) + "$" + v.salt + "$" + v.key)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := h.Verify(v.password); !ok || err != nil {
			t.Errorf("%s: refused (%v)", v.password, err)
		}
		if ok, _ := h.Verify(v.password + "."); ok {
			t.Errorf("%s: the control is taken", v.password)
		}
	}
}

// TestSCRAMVerifierVector is the account of RFC 7677, section 3: the keys that its
// exchange proves, with PostgreSQL's form around them.
func TestSCRAMVerifierVector(t *testing.T) {
	h, err := Parse("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify("pencil"); !ok || err != nil {
		t.Errorf("refused (%v)", err)
	}
	if ok, _ := h.Verify("pencils"); ok {
		t.Error("the control is taken")
	}
	if w := h.Weaknesses("pencil"); len(w) != 1 || !strings.Contains(w[0], "4096 iterations") {
		t.Errorf("%q", w)
	}
	if _, err := h.Verify("größe"); err == nil {
		t.Error("a password that SASLprep might change was judged")
	}
}

// passwords are made up on the spot, with what trips encoders.
func passwords(t *testing.T, form string) []string {
	t.Helper()
	random := make([]byte, 12)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	out := []string{hex.EncodeToString(random), "a $b:c% " + hex.EncodeToString(random[:4]) + " '\"\\"}
	if form != Scram {
		out = append(out, "größe € 😀 "+hex.EncodeToString(random[:4]))
	}
	return out
}

// TestForms makes a hash in each form and reads it back.
func TestForms(t *testing.T) {
	for _, form := range Forms() {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			for _, password := range passwords(t, form) {
				text, err := Make(form, "alice", password)
				if err != nil {
					t.Fatal(err)
				}
				again, err := Make(form, "alice", password)
				if err != nil || again == text {
					t.Errorf("two hashes have one salt (%v)", err)
				}
				h, err := Parse(text + "\n")
				if err != nil || h.Form != form || (h.User == "alice") != (form == Htpasswd) {
					t.Fatalf("%+v, %v", h, err)
				}
				if ok, err := h.Verify(password); !ok || err != nil {
					t.Errorf("refused (%v)", err)
				}
				if ok, _ := h.Verify(password[1:]); ok {
					t.Error("the control is taken")
				}
				if w := h.Weaknesses(password); len(w) > 0 {
					t.Errorf("a hash of ours is weak: %q", w)
				}
				if form != Htpasswd && (h.Iterations != 100_000 || len(h.salt) < 32) {
					t.Errorf("%d iterations, %d bytes of salt", h.Iterations, len(h.salt))
				}
			}
			if _, err := Make(form, "alice", ""); err == nil {
				t.Error("an empty password was hashed")
			}
		})
	}
	for _, user := range []string{"", "a:b", "a\nb", "#a", " a", "größe", strings.Repeat("a", 256)} {
		if _, err := Make(Htpasswd, user, "x"); err == nil {
			t.Errorf("the user %q was taken", user)
		}
	}
	if _, err := Make("md5", "", "x"); err == nil {
		t.Error("a form that does not exist was made")
	}
}

// TestOthers has Django, passlib and Werkzeug verify our hashes, and verifies theirs.
func TestOthers(t *testing.T) {
	type Case struct {
		Form     string `json:"form"`
		Password string `json:"password"`
		Hash     string `json:"hash"`
	}
	var cases []Case
	for _, form := range []string{PHC, Passlib, Django, Werkzeug, Scram} {
		for _, password := range passwords(t, form) {
			text, err := Make(form, "", password)
			if err != nil {
				t.Fatal(err)
			}
			cases = append(cases, Case{form, password, text})
		}
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	// Debian's own: a python3 that comes first in PATH does not see the packages.
	cmd := exec.Command(tool(t, "/usr/bin/python3"), "-c", python)
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if strings.Contains(stderr.String(), "ModuleNotFoundError") {
		missing(t, "python3-django, python3-passlib, python3-werkzeug or python3-bcrypt")
	}
	var out struct {
		Verified, Refused []bool
		Theirs            []string
	}
	if err != nil || json.Unmarshal(text, &out) != nil || len(out.Theirs) != len(cases) {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	for i, c := range cases {
		if !out.Verified[i] || !out.Refused[i] {
			t.Errorf("%s: they take it: %v; they refuse another password: %v", c.Form, out.Verified[i], out.Refused[i])
		}
		h, err := Parse(out.Theirs[i])
		if err != nil {
			t.Errorf("%s: one of theirs: %v", c.Form, err)
			continue
		}
		if ok, err := h.Verify(c.Password); !ok || err != nil {
			t.Errorf("%s: theirs is refused (%v)", h.Form, err)
		}
		if ok, _ := h.Verify(c.Password + "x"); ok {
			t.Errorf("%s: the control is taken", h.Form)
		}
	}
}

// TestHtpasswd has Apache's own tool verify a line of ours, and verifies its.
func TestHtpasswd(t *testing.T) {
	htpasswd := tool(t, "htpasswd")
	file := filepath.Join(t.TempDir(), "users")
	for _, password := range passwords(t, Htpasswd) {
		line, err := Make(Htpasswd, "alice", password)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		check := func(password string) error {
			cmd := exec.Command(htpasswd, "-vi", file, "alice")
			cmd.Stdin = strings.NewReader(password)
			return cmd.Run()
		}
		if err := check(password); err != nil {
			t.Errorf("htpasswd: %v", err)
		}
		if check(password+"x") == nil {
			t.Error("the control: htpasswd takes another password")
		}
		cmd := exec.Command(htpasswd, "-niB", "bob")
		cmd.Stdin = strings.NewReader(password)
		theirs, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		h, err := Parse(string(theirs))
		if err != nil || h.User != "bob" || h.Form != Htpasswd {
			t.Fatalf("%+v %v", h, err)
		}
		if ok, err := h.Verify(password); !ok || err != nil {
			t.Errorf("theirs is refused (%v)", err)
		}
		if w := h.Weaknesses(password); len(w) != 1 || !strings.Contains(w[0], "cost is 5") {
			t.Errorf("its default cost: %q", w)
		}
	}
}

// TestRefusesHashes damages a hash of each form, and has others that look alike.
func TestRefusesHashes(t *testing.T) {
	key := sha256.Sum256([]byte("x"))
	hexKey, b64Key := hex.EncodeToString(key[:]), b64(key[:])
	raw := strings.TrimRight(b64Key, "=")
	for _, tt := range []struct{ name, text, words string }{
		{"empty", "  \n", "empty"},
		{"two", "pbkdf2_sha256$1$a$" + b64Key + "\npbkdf2_sha256$1$a$" + b64Key, "more than one line"},
		{"long", strings.Repeat("a", 5000), "4096 bytes"},
		{"a word", "swordfish", "no hash"},
		{"iterations without bound", "pbkdf2_sha256$2000000000$salt$" + b64Key, "more than 10000000"},
		{"more iterations than numbers", "pbkdf2_sha256$99999999999999999999$salt$" + b64Key, "none"},
		{"no iterations", "pbkdf2_sha256$0$salt$" + b64Key, "none"},
		{"signed", "pbkdf2_sha256$+1$salt$" + b64Key, "none"},
		{"leading zero", "pbkdf2_sha256$01$salt$" + b64Key, "none"},
		{"no salt", "pbkdf2_sha256$1$$" + b64Key, "salt has 0 bytes"},
		{"huge salt", "pbkdf2_sha256$1$" + strings.Repeat("s", 2000) + "$" + b64Key, "salt has 2000"},
		{"key of a byte", "pbkdf2:sha256:1$salt$00", "key has 1 bytes"},
		{"huge key", "pbkdf2:sha256:1$salt$" + strings.Repeat("00", 65), "key has 65"},
		{"Django's parts", "pbkdf2_sha256$1$salt", "parts"},
		{"Django in hexadecimal", "pbkdf2_sha256$1$salt$*" + hexKey, "base64"},
		{"PHC with padding", "$pbkdf2-sha256$i=1,l=32$" + raw + "$" + b64Key, "base64"},
		{"PHC of another length", "$pbkdf2-sha256$i=1,l=64$" + raw + "$" + raw, "l is not"},
		{"PHC of other parameters", "$pbkdf2-sha256$i=1,x=64$" + raw + "$" + raw, "l is not"},
		{"PHC without a key", "$pbkdf2-sha256$i=1,l=32$" + raw, "parts"},
		{"base64 that is not canonical", "$pbkdf2-sha256$i=1$" + raw[:42] + "/$" + raw, "base64"},
		{"line end in base64", "$pbkdf2-sha256$1$" + raw[:4] + "\r" + raw[4:] + "$" + raw, "more than one line"},
		{"passlib's plus", "$pbkdf2-sha256$1$a_b$" + raw, "base64"},
		{"Werkzeug without a number", "pbkdf2:sha256$salt$" + hexKey, "version of Werkzeug"},
		{"Werkzeug in base64", "pbkdf2:sha256:1$salt$" + b64Key, "hexadecimal"},
		{"Werkzeug's scrypt", "scrypt:32768:8:1$salt$" + hexKey, "scrypt, as Werkzeug"},
		{"SHA-1", "pbkdf2:sha1:1$salt$" + hexKey, "another hash function"},
		{"SHA-512", "$pbkdf2-sha512$1$" + raw + "$" + raw, "another hash function"},
		{"Django's Argon2", "argon2$argon2id$v=19$m=1,t=1,p=1$x$y", "Argon2"},
		{"Django without password", "!abc", "without a usable password"},
		{"apr1", "alice:$apr1$abc$defdefdefdefdefdefdefd", "Apache's MD5"},
		{"SHA of LDAP", "alice:{SHA}abc=", "LDAP"},
		{"SHA-512 crypt", "$6$abc$def", "SHA-512 crypt"},
		{"broken bcrypt", "$2x$10$" + strings.Repeat("a", 53), "fault of 2011"},
		{"cut bcrypt", "$2y$10$" + strings.Repeat("a", 52), "60 characters"},
		{"bcrypt without end", "$2y$31$" + strings.Repeat("a", 53), "cost is 31"},
		{"bcrypt of no cost", "$2y$xx$" + strings.Repeat("a", 53), "damaged"},
		{"PostgreSQL's MD5", "md5" + hexKey[:32], "log in with"},
		{"SCRAM with short keys", "SCRAM-SHA-256$1:" + b64Key + "$AAAA:AAAA", "plain text"},
		{"SCRAM without a key", "SCRAM-SHA-256$1:" + b64Key + "$" + b64Key, "parts"},
		{"SCRAM with SHA-1", "SCRAM-SHA-1$1:" + b64Key + "$AAAA:AAAA", "no hash"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := Parse(tt.text)
			if err == nil {
				t.Fatalf("was read as %s", h.Form)
			}
			if !strings.Contains(err.Error(), tt.words) {
				t.Errorf("%v", err)
			}
			for _, part := range []string{hexKey, raw} {
				if strings.Contains(err.Error(), part) {
					t.Error("the error repeats the hash")
				}
			}
		})
	}
}

// TestBcryptMarks takes the three marks of the one sound bcrypt, and says that it
// reads 72 bytes.
func TestBcryptMarks(t *testing.T) {
	long := strings.Repeat("0123456789", 7) + "ab"
	made, err := bcrypt.GenerateFromPassword([]byte(long), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"$2a$", "$2b$", "$2y$"} {
		h, err := Parse(mark + string(made[4:]))
		if err != nil || h.Form != "bcrypt" {
			t.Fatalf("%v %v", h, err)
		}
		for password, want := range map[string]bool{long: true, long + "more": true, long[1:]: false, "": false} {
			if ok, err := h.Verify(password); ok != want || err != nil {
				t.Errorf("%s: %d bytes are taken: %v (%v)", mark, len(password), ok, err)
			}
		}
		if w := h.Weaknesses(long + "more"); len(w) != 2 {
			t.Errorf("%q", w)
		}
	}
}

// FuzzParse holds that nothing panics, and that what is read is within its bounds.
func FuzzParse(f *testing.F) {
	for _, form := range Forms() {
		if text, err := Make(form, "u", "x"); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err == nil && (h.Iterations > maxIterations || h.Cost > maxCost || h.text == "" && (len(h.salt) == 0 || len(h.key) < minKey)) {
			t.Errorf("%+v", h)
		}
	})
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

// missing ends a test that lacks something: a failure where all is promised to be
// there, and elsewhere loud.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing: %s", what)
	}
	t.Skipf("NOT TESTED, as this machine lacks it: %s", what)
}
