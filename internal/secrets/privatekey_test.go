package secrets

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// realKeys has OpenSSL and OpenSSH make a key of every kind that people have.
func realKeys(t *testing.T) map[string]string {
	t.Helper()
	openssl := tool(t, "openssl")
	keys := map[string]string{}
	make := func(name string, args ...string) {
		t.Helper()
		out, err := exec.Command(openssl, args...).Output()
		if err != nil {
			t.Fatalf("openssl %v: %v", args, err)
		}
		keys[name] = string(out)
	}
	make("PKCS #8, Ed25519", "genpkey", "-algorithm", "ed25519")
	make("PKCS #8, encrypted", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:abcd")
	make("SEC 1", "ecparam", "-name", "prime256v1", "-genkey", "-noout")
	make("SEC 1 with parameters", "ecparam", "-name", "secp384r1", "-genkey")
	make("PKCS #1", "genrsa", "-traditional", "2048")
	rsa := filepath.Join(t.TempDir(), "rsa.pem")
	put(t, rsa, keys["PKCS #1"], 0o600)
	make("PKCS #8, RSA", "pkcs8", "-topk8", "-nocrypt", "-in", rsa)
	make("PKCS #1, encrypted", "rsa", "-traditional", "-aes128", "-passout", "pass:abcd", "-in", rsa)
	keys["DSA"] = strings.ReplaceAll(keys["SEC 1"], "EC PRIVATE", "DSA PRIVATE")
	keygen := tool(t, "ssh-keygen")
	for _, kind := range []string{"ed25519", "ecdsa"} {
		for _, pass := range []string{"", "abcdefgh"} {
			name := filepath.Join(t.TempDir(), "key")
			if out, err := exec.Command(keygen, "-q", "-t", kind, "-a", "1", "-N", pass, "-f", name).CombinedOutput(); err != nil {
				t.Fatalf("ssh-keygen: %v: %s", err, out)
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			keys["OpenSSH, "+kind+", passphrase "+pass] = string(text)
		}
	}
	body := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("0123456789abcdef of no key ", 20)))
	wrapped := body[:64] + "\n" + body[64:128] + "\n" + body[128:192] + "\n"
	keys["PGP"] = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\nComment: a comment of several words\n\n" + wrapped + "=aBcD\n-----END PGP PRIVATE KEY BLOCK-----\n"
	keys["ssh.com"] = "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"rsa-key\"\n" + wrapped + "---- END SSH2 ENCRYPTED PRIVATE KEY ----\n"
	keys["PuTTY"] = "PuTTY-User-" + "Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\n" + wrapped + "Private-Lines: 1\n" + body[:48] + "\nPrivate-MAC: 00\n"
	keys["age"] = "# public key: age1…\n" + ageIdentity + "GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n"
	return keys
}

// TestKeysInEveryForm finds each key, once, however it was pasted.
func TestKeysInEveryForm(t *testing.T) {
	for name, key := range realKeys(t) {
		forms := map[string]string{
			"as it is":       key,
			"in the middle":  "x\n\n" + key + "\ny\n",
			"Windows' lines": strings.ReplaceAll(key, "\n", "\r\n"),
			"indented":       "key: |\n    " + strings.ReplaceAll(key, "\n", "\n    "),
			"commented out":  "# " + strings.ReplaceAll(key, "\n", "\n# "),
		}
		if strings.Contains(key, "-----BEGIN") {
			quoted, err := json.Marshal(key)
			if err != nil {
				t.Fatal(err)
			}
			forms["in JSON"] = `{"key": ` + string(quoted) + `}`
			forms["in JSON in JSON"] = strings.ReplaceAll(string(quoted), `\`, `\\`)
			forms["a list of lines"] = "[\n  \"" + strings.ReplaceAll(strings.TrimSpace(key), "\n", "\",\n  \"") + "\"\n]\n"
			forms["in base64"] = "key: " + base64.StdEncoding.EncodeToString([]byte(key))
			if !strings.Contains(key, ": ") && !strings.Contains(key, "PARAMETERS") {
				forms["on one line"] = "KEY='" + strings.ReplaceAll(strings.TrimSpace(key), "\n", " ") + "'"
				forms["without line ends"] = strings.ReplaceAll(key, "\n", "")
			}
		}
		for form, text := range forms {
			if got := findKeys(text); len(got) != 1 || strings.Contains(text[:got[0].offset], "KEY---") {
				t.Errorf("%s, %s: %v", name, form, got)
			}
		}
	}
}

// TestNoKey: what looks like a key, and everything in this repository that is a text.
func TestNoKey(t *testing.T) {
	real, err := exec.Command(tool(t, "openssl"), "ecparam", "-name", "secp521r1", "-genkey", "-noout").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(real), "\n")
	public, err := exec.Command(tool(t, "openssl"), "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=x").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a certificate":       string(public),
		"a heading":           "-----BEGIN PRIVATE KEY-----",
		"a heading in prose":  "The file begins with `-----BEGIN RSA PRIVATE KEY-----`, followed by the key in base64, and ends with `-----END RSA PRIVATE KEY-----`.",
		"a placeholder":       "-----BEGIN PRIVATE KEY-----\nREPLACE THIS WITH THE CONTENT OF YOUR OWN PRIVATE KEY FILE AND KEEP IT SAFE\n-----END PRIVATE KEY-----",
		"crosses":             "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("X", 64) + "\n" + strings.Repeat("x", 64) + "\n-----END PRIVATE KEY-----",
		"an example cut off":  lines[0] + "\n" + lines[1] + "\n...\n" + lines[len(lines)-2],
		"an example, cut, …":  lines[0] + "\n" + lines[1][:20] + "…\n",
		"a pattern":           `regexp.MustCompile("-----BEGIN ([A-Z]+ )?PRIVATE KEY-----")`,
		"a public key":        "-----BEGIN PUBLIC KEY-----\n" + lines[1] + "\n" + lines[2] + "\n-----END PUBLIC KEY-----",
		"a key of another":    "-----BEGIN PRIVATE KEYRING-----\n" + lines[1] + "\n" + lines[2] + "\n",
		"base64 of a heading": base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\nsee the manual\n")),
		"an age placeholder":  "AGE-SECRET-KEY-1" + strings.Repeat("Q", 58),
		"PuTTY in prose":      "The first line of the file is PuTTY-User-Key-File-3: and the kind of key.",
	} {
		if got := findKeys(text); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	read := 0
	err = filepath.WalkDir("../..", func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.Contains(p, "/.git/") {
			return err
		}
		text, err := os.ReadFile(p)
		for _, k := range findKeys(string(text)) {
			t.Errorf("%s, byte %d: %s", p, k.offset, k.what)
		}
		read++
		return err
	})
	if err != nil || read < 300 {
		t.Errorf("%d files: %v", read, err)
	}
}

// TestKeysCostLittle: text that is made to look like the beginning of keys, over and
// over, is read in time that grows with its size alone.
func TestKeysCostLittle(t *testing.T) {
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", 60)
	for name, word := range map[string]string{
		"headings": "-----BEGIN PRIVATE KEY-----", "ssh": sshBegin, "PuTTY": puttyBegin + "3: ", "age": ageIdentity,
		"base64 of headings": base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----")), "keys": "-----BEGIN PRIVATE KEY-----\n" + body + "\n",
		"base64 of keys": base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\n" + body)), "escapes": "-----BEGIN PRIVATE KEY-----" + strings.Repeat(`\n`, 800),
	} {
		text := strings.Repeat(word, (1<<20)/len(word))
		begin := time.Now()
		findKeys(text)
		if took := time.Since(begin); took > 5*time.Second { // a twentieth of that on an idle machine; what is ruled out takes minutes
			t.Errorf("%s: %v", name, took)
		}
	}
}
