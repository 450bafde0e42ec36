package passhash

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
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
	salt := bytes.Repeat([]byte{7}, SaltBytes)
	v, err := SCRAM("correct horse", salt)
	if err != nil || !ValidVerifier(v) || !strings.HasPrefix(v, "SCRAM-SHA-256$100000:"+b64(salt)+"$") {
		t.Fatalf("%q, %v", v, err)
	}
	for name, bad := range map[string]string{
		"iterations": strings.Replace(v, "100000", "4096", 1), "prefix": strings.ToLower(v), "cut": v[:len(v)-1], "longer": v + "=",
		"line end": v + "\n", "salt": strings.Replace(v, b64(salt), b64(salt[:16]), 1), "padding": strings.Replace(v, "=", "", 1), "empty": "",
	} {
		if ValidVerifier(bad) {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, bad := range []string{"", "größe", "tab\there", "\x7f"} {
		if v, err := SCRAM(bad, salt); err == nil || v != "" {
			t.Errorf("%q: accepted", bad)
		}
	}
	if v, err := SCRAM("x", salt[:16]); err == nil {
		t.Errorf("a short salt gives %q", v)
	}
}

// TestPBKDF2 computes the one block that there is by the definition (RFC 8018, 5.2).
func TestPBKDF2(t *testing.T) {
	salt := bytes.Repeat([]byte{9}, SaltBytes)
	got, err := PBKDF2("pässword", salt)
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
	if _, err := PBKDF2("", salt); err == nil {
		t.Error("an empty password is accepted")
	}
}

func TestBcryptForm(t *testing.T) {
	first, err := Bcrypt("größe und mehr", "")
	if err != nil || !regexp.MustCompile(`^\$2y\$10\$[./A-Za-z0-9]{53}$`).MatchString(first) {
		t.Fatalf("%q, %v", first, err)
	}
	if again, _ := Bcrypt("größe und mehr", first); again != first {
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
		if got, err := Bcrypt(password, kept); err != nil || got == kept || bcrypt.CompareHashAndPassword([]byte(got), []byte(password)) != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := Bcrypt(strings.Repeat("x", 73), ""); err == nil {
		t.Error("bcrypt took more than it reads")
	}
	if _, err := Bcrypt("", ""); err == nil {
		t.Error("an empty password is accepted")
	}
}
