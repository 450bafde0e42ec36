package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/internal/build"
)

// TestReadValue takes values out of pipes and files, and none that no .secrets
// could hold.
func TestReadValue(t *testing.T) {
	long := strings.Repeat("x", maxValue)
	for _, tt := range []struct {
		name, given, want, says string
	}{
		{"plain", "a value", "a value", ""},
		{"a line", "a value\n", "a value", "the line end after the value"},
		{"a line of Windows", "a value\r\n", "a value", "the line end after the value"},
		{"a byte order mark", "\ufeffa value\r\n", "a value", "the byte order mark before the value"},
		{"one line end only", "a value\n\n", "a value\n", "the line end after the value"},
		{"blanks belong to it", "  a value ", "  a value ", ""},
		{"several lines", "a\nb", "a\nb", ""},
		{"a return alone", "a\r", "a\r", ""},
		{"empty", "", "", "it is empty"},
		{"a blank line", "\n", "", "it is empty"},
		{"bytes", "\xff\xfe", "", "not text in UTF-8"},
		{"a NUL", "a\x00b", "", "NUL byte"},
		{"the longest", long, long, ""},
		{"the longest in a line", long + "\r\n", long, "the line end"},
		{"too long", long + "x", "", "more than 64 KiB"},
		{"too long behind a mark", byteOrderMark + long + "x", "", "more than 64 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "value")
			if err := os.WriteFile(file, []byte(tt.given), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"", "-", file} {
				env, _, stderr := testEnv()
				if name != file {
					env.Stdin = strings.NewReader(tt.given)
				}
				got, found := readValue(context.Background(), env, valueInput{File: name})
				if got != tt.want || (tt.want == "") != (found != nil) {
					t.Errorf("%q: got %d bytes and %v", name, len(got), found)
				}
				said := stderr.String()
				if found != nil {
					said += found.Detail
				}
				if !strings.Contains(said, tt.says) || tt.says == "" && said != "" {
					t.Errorf("%q: said %q, want %q", name, said, tt.says)
				}
				if len(tt.given) > 3 && strings.Contains(said, strings.TrimSpace(tt.given)) {
					t.Errorf("%q: the text holds the value", name)
				}
			}
		})
	}
}

func TestReadValueFails(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, []byte("a value"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{dir: "it is a folder", filepath.Join(dir, "none"): "no such file"} {
		env, _, _ := testEnv()
		if got, found := readValue(context.Background(), env, valueInput{File: name}); got != "" || found == nil || found.Code != codeValueUnread || !strings.Contains(found.Detail, says) {
			t.Errorf("%s: got %q and %v", name, got, found)
		}
	}
	env, _, stderr := testEnv()
	if got, found := readValue(context.Background(), env, valueInput{File: open}); got != "a value" || found != nil || !strings.Contains(stderr.String(), "other users of this machine can read") {
		t.Errorf("got %q, %v and %q", got, found, stderr)
	}
	// A pipe that nobody closes ends with the command.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	env.Stdin = io.Reader(r)
	go cancel()
	if got, found := readValue(ctx, env, valueInput{}); got != "" || found != nil {
		t.Errorf("got %q and %v from an interrupted run", got, found)
	}
}

func TestFindSecret(t *testing.T) {
	dir := t.TempDir()
	stack := "stack \"shop\" {}\n\nsecret \"jwt_key\" {\n  kind = \"jwt\"\n}\n\nsecret \"tls\" {\n  kind  = \"x509\"\n  ca    = true\n  hosts = [\"a.internal\"]\n}\n\nredis \"cache\" {}\n"
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(stack), 0o644); err != nil {
		t.Fatal(err)
	}
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	if diags.HasErrors() {
		t.Fatal(told(diags))
	}
	h, found := c.Host(build.WriteOptions{})
	if found != nil {
		t.Fatal(found)
	}
	var keys []string
	for _, s := range h.Stack.Secrets {
		keys = append(keys, s.Key)
	}
	for _, tt := range []struct{ typed, address, field, says string }{
		{"secret.jwt_key", "secret.jwt_key", "", ""},
		{"JWT_KEY", "secret.jwt_key", "", ""},
		{"secret.tls", "secret.tls", "", ""},
		{"secret.tls.certificate", "secret.tls", "certificate", ""},
		{"TLS.private_key", "secret.tls", "private_key", ""},
		{"secret.jwt_key.certificate", "", "", `no secret "secret.jwt_key.certificate"`},
		{"jwt_key", "", "", `Did you mean "secret.jwt_key"?`},
		{"jwt_kye", "", "", `Did you mean "secret.jwt_key"?`},
		{"secret.jwt_kye", "", "", `Did you mean "secret.jwt_key"?`},
		{"JWTKEY", "", "", `Did you mean "JWT_KEY"?`},
		{"nothing_like_it", "", "", "nselfc secrets list"},
	} {
		s, field, found := findSecret(h, tt.typed)
		if tt.address == "" {
			if s != nil || found == nil || found.Code != codeName || !strings.Contains(found.Detail, tt.says) {
				t.Errorf("%s: got %v and %v", tt.typed, s, found)
			}
			continue
		}
		if found != nil || s.Address != tt.address || field != tt.field {
			t.Errorf("%s: got %v, %q and %v (keys %v)", tt.typed, s, field, found, keys)
		}
	}
	if all, diags := findSecrets(h, nil); len(all) != len(h.Stack.Secrets) || diags != nil {
		t.Errorf("got %d secrets and %v", len(all), diags)
	}
	if some, diags := findSecrets(h, []string{"TLS", "JWT_KEY", "secret.tls", "no", "none"}); len(some) != 2 || len(diags) != 2 {
		t.Errorf("got %d secrets and %d findings", len(some), len(diags))
	}
}
