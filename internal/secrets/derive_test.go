package secrets

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"nselfc/emit"
)

// TestSCRAMVector follows the exchange of RFC 7677, section 3.
func TestSCRAMVector(t *testing.T) {
	decode := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	accepts := func(password string) (proof, signature bool) {
		stored, server, err := scramKeys(password, decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
		if err != nil {
			t.Fatal(err)
		}
		clientKey, sig := decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), mac(stored, message)
		for i := range clientKey {
			clientKey[i] ^= sig[i]
		}
		sum := sha256.Sum256(clientKey)
		return bytes.Equal(sum[:], stored), b64(mac(server, message)) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
	}
	if proof, signature := accepts("pencil"); !proof || !signature {
		t.Errorf("proof %v, signature %v", proof, signature)
	}
	if proof, signature := accepts("pencils"); proof || signature {
		t.Error("the control: a wrong password is accepted")
	}
}

func TestVerifierForm(t *testing.T) {
	salt := bytes.Repeat([]byte{7}, saltBytes)
	v, err := scramVerifier("correct horse", salt)
	if err != nil || !validVerifier(v) || !strings.HasPrefix(v, "SCRAM-SHA-256$100000:"+b64(salt)+"$") {
		t.Fatalf("%q, %v", v, err)
	}
	for name, bad := range map[string]string{
		"iterations": strings.Replace(v, "100000", "4096", 1), "prefix": strings.ToLower(v), "cut": v[:len(v)-1], "longer": v + "=",
		"line end": v + "\n", "salt": strings.Replace(v, b64(salt), b64(salt[:16]), 1), "padding": strings.Replace(v, "=", "", 1), "empty": "",
	} {
		if validVerifier(bad) {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, bad := range []string{"", "größe", "tab\there", "\x7f"} {
		if v, err := scramVerifier(bad, salt); err == nil || v != "" {
			t.Errorf("%q: accepted", bad)
		}
	}
	if v, err := scramVerifier("x", salt[:16]); err == nil {
		t.Errorf("a short salt gives %q", v)
	}
}

// TestPBKDF2 computes the one block that there is by the definition (RFC 8018, 5.2).
func TestPBKDF2(t *testing.T) {
	salt := bytes.Repeat([]byte{9}, saltBytes)
	got, err := pbkdf2Hash("pässword", salt)
	if err != nil {
		t.Fatal(err)
	}
	prf := func(in []byte) []byte {
		h := hmac.New(sha256.New, []byte("pässword"))
		h.Write(in)
		return h.Sum(nil)
	}
	u := prf(binary.BigEndian.AppendUint32(bytes.Clone(salt), 1))
	key := bytes.Clone(u)
	for range 100_000 - 1 {
		u = prf(u)
		for i := range key {
			key[i] ^= u[i]
		}
	}
	raw := base64.RawStdEncoding
	if want := "$pbkdf2-sha256$i=100000,l=32$" + raw.EncodeToString(salt) + "$" + raw.EncodeToString(key); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := pbkdf2Hash("", salt); err == nil {
		t.Error("an empty password is accepted")
	}
}

func TestBcrypt(t *testing.T) {
	first, err := bcryptHash("größe und mehr", "")
	if err != nil || !regexp.MustCompile(`^\$2y\$10\$[./A-Za-z0-9]{53}$`).MatchString(first) {
		t.Fatalf("%q, %v", first, err)
	}
	if again, _ := bcryptHash("größe und mehr", first); again != first {
		t.Error("a fitting hash was made again")
	}
	weak, err := bcrypt.GenerateFromPassword([]byte("größe und mehr"), 4)
	if err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string]string{"other password": "", "damaged": first[:40], "cheap": "$2y$" + string(weak[4:]), "not one": "abc"} {
		password := "größe und mehr"
		if name == "other password" {
			password, kept = "something else", first
		}
		if got, err := bcryptHash(password, kept); err != nil || got == kept || bcrypt.CompareHashAndPassword([]byte(got), []byte(password)) != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := bcryptHash(strings.Repeat("x", 73), ""); err == nil {
		t.Error("bcrypt took more than it reads")
	}
	if _, err := bcryptHash("", ""); err == nil {
		t.Error("an empty password is accepted")
	}
}

// TestSaltsAreKept names the keys of what is kept, and holds that a value that
// its owner changes gets a new verifier with the old salt.
func TestSaltsAreKept(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(decl("app", "password"), decl("other", "password"))
	files := []emit.File{
		file(".secrets.d/a", call("scram_verifier", ref("secret.app"))),
		file(".secrets.d/b", call("scram_verifier", ref("secret.app")), lit("\n"), call("scram_verifier", ref("secret.other"))),
		file(".secrets.d/c", call("pbkdf2_sha256", lit("x"), ref("secret.app"))),
		file(".secrets.d/d", call("bcrypt", ref("secret.app"))),
		file(".secrets.d/e", call("bcrypt", lit("only literal"))),
		file(".secrets.d/f", call("sql_literal", call("scram_verifier", call("base64encode", ref("secret.app"))))),
	}
	build(t, dir, stack, files)
	all := entries(t, dir)
	if len(all) != 8 {
		t.Fatalf("%d entries", len(all))
	}
	for _, key := range []string{"APP__SCRAM_SALT", "OTHER__SCRAM_SALT", "APP__BCRYPT"} {
		if all[key] == "" {
			t.Errorf("no %s", key)
		}
	}
	a, b := get(t, filepath.Join(dir, ".secrets.d/a")), get(t, filepath.Join(dir, ".secrets.d/b"))
	if !strings.HasPrefix(b, a+"\n") || strings.HasSuffix(b, a) {
		t.Error("one password has two verifiers, or two passwords one")
	}
	text := get(t, filepath.Join(dir, ".secrets"))
	put(t, filepath.Join(dir, ".secrets"), strings.Replace(text, "\nAPP=", "\nAPP='Tr0ub4dor & the horse'\n#", 1), 0o600)
	r := build(t, dir, stack, files)
	if len(r.Rendered) != 5 || len(r.Undeclared) != 0 {
		t.Errorf("%+v", r)
	}
	now := entries(t, dir)
	if now["APP__SCRAM_SALT"] != all["APP__SCRAM_SALT"] || now["APP__BCRYPT"] == all["APP__BCRYPT"] || get(t, filepath.Join(dir, ".secrets.d/a")) == a {
		t.Error("the salt changed, or the hash did not")
	}
	// A damaged salt is told, not replaced.
	put(t, filepath.Join(dir, ".secrets"), regexp.MustCompile(`(?m)^APP__SCRAM_SALT=.*$`).ReplaceAllString(text, "APP__SCRAM_SALT=AAAA"), 0o600)
	_, diags := run(dir, stack, files, Options{})
	wantCode(t, diags, "NS406", "APP__SCRAM_SALT on line")
}
