package secrets

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

func rsaOf(bits int) *ir.Secret {
	s := decl("signer", "rsa")
	s.Bits = ir.Int{V: bits}
	return s
}

// TestKeyPairs has programs of others read what is made: OpenSSL the private and the
// public key, OpenSSH the line of authorized_keys.
func TestKeyPairs(t *testing.T) {
	openssl, keygen := tool(t, "openssl"), tool(t, "ssh-keygen")
	for _, s := range []*ir.Secret{decl("signer", "ed25519"), rsaOf(2048)} {
		t.Run(s.Kind.V, func(t *testing.T) {
			dir := workDir(t)
			stack := stackOf(s)
			private, public, line := ".secrets.d/api/key.pem", ".secrets.d/api/pub.pem", ".secrets.d/api/pub.ssh"
			files := []emit.File{
				file(private, ref("secret.signer#private_key")), file(public, ref("secret.signer#public_key")),
				file(line, ref("secret.signer#public_key_ssh"), lit("\n")),
			}
			build(t, dir, stack, files)
			if r := build(t, dir, stack, files); len(r.Unchanged) != 3 || len(r.Kept) != 1 {
				t.Errorf("the second run: %+v", r)
			}
			path := func(name string) string { return filepath.Join(dir, name) }
			derived, err := exec.Command(openssl, "pkey", "-in", path(private), "-pubout").Output()
			if err != nil || string(derived) != get(t, path(public)) {
				t.Errorf("OpenSSL derives another public key (%v)", err)
			}
			for _, of := range []string{public, line} {
				format := "PKCS8"
				if of == line {
					format = ""
				}
				args := []string{"-l", "-f", path(of)}
				if format != "" { // a public key in PEM is converted first
					converted, err := exec.Command(keygen, "-i", "-m", format, "-f", path(of)).Output()
					if s.Kind.V == "ed25519" {
						continue // ssh-keygen converts none of that algorithm
					}
					if err != nil || strings.TrimSpace(string(converted)) != strings.TrimSpace(get(t, path(line))) {
						t.Errorf("ssh-keygen converts the public key to another line: %v", err)
					}
					continue
				}
				if out, err := exec.Command(keygen, args...).CombinedOutput(); err != nil {
					t.Errorf("ssh-keygen: %v %s", err, out)
				}
			}
			if want := "PRIVATE KEY"; !strings.Contains(entries(t, dir)["SIGNER"], want) {
				t.Errorf(".secrets has no %s", want)
			}
		})
	}
}

// TestUUID holds version, variant and form, and that no two are alike.
func TestUUID(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		u := generate(decl("id", "uuid"))
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(u) || seen[u] || !fits(decl("id", "uuid"), u) {
			t.Fatalf("%s is no random UUID, or was there", u)
		}
		seen[u] = true
	}
}

// TestUnfitKinds puts values in the way that are nearly right.
func TestUnfitKinds(t *testing.T) {
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	openssh, err := ssh.MarshalPrivateKey(ed, "")
	if err != nil {
		t.Fatal(err)
	}
	uuid := generate(decl("id", "uuid"))
	for _, tt := range []struct {
		name        string
		secret      *ir.Secret
		value, says string
	}{
		{"another algorithm", decl("x", "ed25519"), pkcs8(small), "another algorithm"},
		{"RSA wanted", rsaOf(2048), pkcs8(ed), "another algorithm"},
		{"too few bits", rsaOf(3072), pkcs8(small), "2048 bits"},
		{"OpenSSH's form", decl("x", "ed25519"), string(pem.EncodeToMemory(openssh)), "type PRIVATE KEY"},
		{"two blocks", decl("x", "ed25519"), pkcs8(ed) + pkcs8(ed), "type PRIVATE KEY"},
		{"damaged", decl("x", "ed25519"), strings.Replace(pkcs8(ed), "MC4C", "MC4D", 1), "PKCS#8"},
		{"upper case", decl("x", "uuid"), strings.ToUpper(uuid), "another text"},
		{"version 1", decl("x", "uuid"), uuid[:14] + "1" + uuid[15:], "another version"},
		{"nil UUID", decl("x", "uuid"), "00000000-0000-0000-0000-000000000000", "another version"},
		{"dashes moved", decl("x", "uuid"), "-" + strings.Replace(uuid, "-", "", 1), "another text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if fits(tt.secret, tt.value) {
				t.Fatal("was taken")
			}
			if got := had(tt.secret, tt.value); !strings.Contains(got, tt.says) {
				t.Errorf("says %q", got)
			}
		})
	}
	if !fits(rsaOf(2048), pkcs8(small)) || !fits(decl("x", "ed25519"), strings.TrimSpace(pkcs8(ed))) {
		t.Error("a right key was refused")
	}
}

func input(pattern string, least int) *ir.Secret {
	s := decl("stripe", "input")
	s.Pattern, s.MinLength = str(pattern), ir.Int{V: least}
	return s
}

// TestInput holds that no input is made, and that all that are missing are told at
// once, before anything is written.
func TestInput(t *testing.T) {
	for _, posture := range []ir.Posture{ir.Production, ir.Development} {
		dir := workDir(t)
		other := decl("mail", "input")
		stack := stackOf(input("", 0), other, decl("api", "hex"))
		stack.Posture = posture
		before := state(t, dir)
		_, diags := run(dir, stack, nil, Options{Environment: "prod"})
		wantCode(t, diags, "NS451", "nselfc secrets set STRIPE --env prod")
		wantCode(t, diags, "NS451", "nselfc secrets set MAIL --env prod")
		_, diags = Check(dir, stack, nil, Options{Now: testNow})
		wantCode(t, diags, "NS451", "nselfc secrets set STRIPE\n")
		if _, err := os.Lstat(filepath.Join(dir, File)); err == nil {
			t.Errorf("a value was made all the same: %s", before)
		}
	}
}

func TestInputValues(t *testing.T) {
	pem := generate(decl("x", "ed25519"))
	for _, tt := range []struct {
		name    string
		secret  *ir.Secret
		value   string
		problem string // "" for a value that fits
	}{
		{"plain", input("", 0), "u7Tq-29xLm0Pw", ""},
		{"PEM", input("", 0), strings.TrimSpace(pem), ""},
		{"short", input("", 0), "u7Tq-29xLm0", "11 characters, and 12"},
		{"short and meant", input("[0-9]{6}", 6), "583017", ""},
		{"pasted with its line end", input("", 0), "u7Tq-29xLm0Pw\n", "blank or an empty line"},
		{"pasted with a blank", input("", 0), " u7Tq-29xLm0Pw", "blank"},
		{"control character", input("", 0), "u7Tq-\x1b[2J9xLm0Pw", "control character"},
		{"carriage return", input("", 0), "u7Tq-29\rxLm0Pw", "control character"},
		{"not UTF-8", input("", 0), "u7Tq-29xLm0Pw\xff", "UTF-8"},
		{"long", input("", 0), strings.Repeat("u7Tq", 20_000), "64 KiB"},
		{"pattern", input("acme_(live|test)_[A-Za-z0-9]{8,}", 0), "acme_live_u7Tq29xLm0", ""},
		{"begins like the pattern", input("acme_(live|test)_[A-Za-z0-9]{8,}", 0), "acme_live_u7Tq29xLm0 and more", "does not match"},
		{"ends like the pattern", input("live_[a-z0-9]{8,}", 0), "x live_u7tq29xlm0", "does not match"},
		{"one of two", input("aaaabbbbcccc|aaaabbbbccccdddd", 0), "aaaabbbbccccdddd", ""}, // the first alternative alone is a part
		{"line by line", input("(?m)^[a-z0-9]{12}$", 0), "u7tq29xlm0pw\nu7tq29xlm0pw", "does not match"},
		{"a bracket too many", input("a)|(.*", 0), "u7Tq-29xLm0Pw", "does not match"},
		{"quoted to its end", input(`\Qu7Tq-29xLm0Pw`, 0), "u7Tq-29xLm0Pw", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := inputProblem(tt.secret, tt.value)
			if (tt.problem == "") != (got == "") || !strings.Contains(got, tt.problem) {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestInputOfAnyPattern measures a pattern that makes others backtrack for ever.
func TestInputOfAnyPattern(t *testing.T) {
	begin := time.Now()
	inputProblem(input("((a*)*)*b", 1), strings.Repeat("a", maxInput))
	if spent := time.Since(begin); spent > 5*time.Second {
		t.Errorf("took %s", spent)
	}
}

// TestOverdue sets a value and lets 90 days pass.
func TestOverdue(t *testing.T) {
	dir := workDir(t)
	s := input("", 0)
	s.MaxAge = ir.Int{V: 90}
	put(t, filepath.Join(dir, File), "STRIPE=u7Tq-29xLm0Pw\n", 0o600)
	build(t, dir, stackOf(s), nil)
	for days, due := range map[int]bool{89: false, 90: false, 91: true} {
		_, diags := run(dir, stackOf(s), nil, Options{Now: testNow.Truncate(24*time.Hour).AddDate(0, 0, days), Environment: "prod"})
		if (len(diags) > 0) != due {
			t.Fatalf("after %d days: %v", days, diags)
		}
		if due {
			if d := wantCode(t, diags, "NS454", "nselfc secrets set STRIPE --env prod"); d.Severity != diag.Warning || !strings.Contains(d.Detail, "2030-07-30") {
				t.Errorf("%s: %s", d.Severity, d.Detail)
			}
		}
	}
	if e := registerOf(t, dir).Entries["secret.stripe"]; e.Origin != register.Found || e.Fingerprint != "" {
		t.Errorf("a typed value has %+v", e)
	}
}
