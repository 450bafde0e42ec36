package secretstore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCredentialFiles(t *testing.T) {
	home := t.TempDir()
	path, token := filepath.Join(home, ".vault-token"), made()
	get := func(more map[string]string) func(string) string {
		return func(n string) string {
			return map[string]string{"HOME": home, "VAULT_TOKEN_FILE": more["VAULT_TOKEN_FILE"]}[n]
		}
	}
	open := func(more map[string]string) (*vault, error) {
		s, err := Open(vaultServer{address: "https://v"}.store("secret", "shop"), Options{Getenv: get(more)})
		v, _ := s.(*vault)
		return v, err
	}
	_, err := open(nil)
	wantKind(t, err, ErrDenied, "vault login")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(token+"\n", 0o600)
	if v, err := open(nil); err != nil || v.login.token != token || v.login.source != path {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o601, 0o644, 0o666} {
		write(token, mode)
		_, err := open(nil)
		wantKind(t, err, ErrInvalid, fmt.Sprintf("%04o", mode), "chmod 600")
		if strings.Contains(told(err), token) {
			t.Error("the token is shown")
		}
	}
	write("two\nlines "+token, 0o600)
	_, err = open(nil)
	wantKind(t, err, ErrInvalid, "line ends")
	write(strings.Repeat("x", maxCredential+1), 0o600)
	_, err = open(nil)
	wantKind(t, err, ErrInvalid, "too long")
	write("", 0o600)
	_, err = open(nil)
	wantKind(t, err, ErrDenied)
	_, err = open(map[string]string{"VAULT_TOKEN_FILE": home})
	wantKind(t, err, ErrInvalid, "not a file")
	_, err = open(map[string]string{"VAULT_TOKEN_FILE": filepath.Join(home, "none")})
	wantKind(t, err, ErrDenied, "VAULT_TOKEN_FILE")
	if os.Geteuid() == 0 {
		write(token, 0o600)
		if err := os.Chown(path, 4242, 4242); err != nil {
			t.Fatal(err)
		}
		_, err = open(nil)
		wantKind(t, err, ErrInvalid, "belongs to somebody else")
	}
}
