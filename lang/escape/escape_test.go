package escape_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/lang/escape"
)

func TestWrites(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"url_encode", "aZ09-._~", "aZ09-._~"},
		{"url_encode", "p@ss:w/o#r?d% +\x00\xff", "p%40ss%3Aw%2Fo%23r%3Fd%25%20%2B%00%FF"},
		{"base64encode", "a", "YQ=="},
		{"base64url", "\xfb\xff\xfe?", "-__-Pw"},
		{"json", "a\"b\\c\n\x01\u2028é", `"a\"b\\c\n\u0001\u2028é"`},
		{"json_inner", `a"b`, `a\"b`},
		{"yaml", "no", `"no"`},
		{"yaml", "a\u0085\ufeff\x7f: # '\"\\", `"a\x85\ufeff\x7f: # '\"\\"`},
		{"sql_literal", "it's", `'it''s'`},
		{"sql_literal", `a\'b`, `E'a\\''b'`},
		{"sql_literal", "", `''`},
		{"sql_ident", `a"b`, `"a""b"`},
		{"sql_ident", strings.Repeat("x", 63), `"` + strings.Repeat("x", 63) + `"`},
		{"nginx_quote", "a \"b\" \\ ; {\n", `"a \"b\" \\ ; {\n"`},
		{"shell_quote", "it's $HOME", `'it'\''s $HOME'`},
		{"dotenv", "sk_live-1/2", "sk_live-1/2"},
		{"dotenv", "", "''"},
		{"dotenv", "a b$c #d", "'a b$c #d'"},
		{"dotenv", `a\`, `"a\\"`},
		{"dotenv", "a'$b\"\n\r", `"a'\$b\"\n\r"`},
		{"sha256hex", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}, // FIPS 180-4 example
		{"redis_acl_hash", "abc", "#ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			got, err := apply(t, tt.name)(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRefuses holds that what a language cannot write is an error, and that the
// error does not repeat the value.
func TestRefuses(t *testing.T) {
	const canary = "canary-7f3a"
	tests := []struct{ name, in string }{
		{"json", canary + "\xff"},
		{"json_inner", canary + "\xff"},
		{"yaml", canary + "\xff"},
		{"sql_literal", canary + "\x00"},
		{"sql_literal", canary + "\xff"},
		{"sql_ident", ""},
		{"sql_ident", canary + "\x00"},
		{"sql_ident", canary + strings.Repeat("x", 64)},
		{"nginx_quote", canary + "\x00"},
		{"nginx_quote", canary + "$"},
		{"nginx_quote", canary + strings.Repeat("x", 4000)},
		{"shell_quote", canary + "\x00"},
		{"dotenv", canary + "\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := apply(t, tt.name)(tt.in)
			if err == nil {
				t.Fatal("was accepted")
			}
			if got != "" || strings.Contains(err.Error(), canary) {
				t.Errorf("an error came with the value: %q, %v", got, err)
			}
		})
	}
}

func TestFuncs(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range escape.Funcs() {
		if seen[f.Name] || f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: named twice or badly documented", f.Name)
		}
		seen[f.Name] = true
		if got, ok := escape.Lookup(f.Name); !ok || got.Name != f.Name || got.Salted() != (f.Apply == nil) {
			t.Errorf("Lookup(%q) = %v, %v", f.Name, got.Name, ok)
		}
	}
	if _, ok := escape.Lookup("upper"); ok {
		t.Error("Lookup found a function that does not exist")
	}
}

func apply(t *testing.T, name string) func(string) (string, error) {
	t.Helper()
	f, ok := escape.Lookup(name)
	if !ok || f.Apply == nil {
		t.Fatalf("no function %q", name)
	}
	return f.Apply
}
