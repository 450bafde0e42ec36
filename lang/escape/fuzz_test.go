package escape_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"gopkg.in/yaml.v3"

	"nselfc/lang/escape"
)

// reader gets a written text back in the way of its language. The readers were
// written by others, or from the language's manual alone.
type reader struct {
	name string
	read func(written string) (string, error)
}

func readers() []reader {
	return []reader{
		{"url_encode", url.PathUnescape},
		{"url_encode", func(w string) (string, error) { // as a password in a URL
			u, err := url.Parse("postgres://app:" + w + "@db:5432/app")
			if err != nil {
				return "", err
			}
			p, _ := u.User.Password()
			return p, nil
		}},
		{"base64encode", func(w string) (string, error) { b, err := base64.StdEncoding.DecodeString(w); return string(b), err }},
		{"base64url", func(w string) (string, error) {
			b, err := base64.RawURLEncoding.DecodeString(w)
			return string(b), err
		}},
		{"json", readJSON},
		{"json_inner", func(w string) (string, error) { return readJSON(`"` + w + `"`) }},
		{"yaml", func(w string) (string, error) { // as a map value, where YAML is trickiest
			var m map[string]string
			err := yaml.Unmarshal([]byte("k: "+w+"\nl: x\n"), &m)
			if m["l"] != "x" {
				return "", errors.New("the next key is lost")
			}
			return m["k"], err
		}},
		{"sql_literal", readSQLLiteral},
		{"sql_ident", readSQLIdent},
		{"nginx_quote", readNginx},
		{"dotenv", func(w string) (string, error) {
			m, err := dotenv.Parse(strings.NewReader("A=" + w + "\nB=x\n"))
			if err == nil && (len(m) != 2 || m["B"] != "x") {
				return "", errors.New("the next key is lost")
			}
			return m["A"], err
		}},
	}
}

func seeds() []string {
	return []string{
		"", "plain", "a b", "$HOME ${X:-y} $$", `\`, `\\`, `\'`, `'`, `"`, `a\`, `'a\'`, "\n", "\r\n", "\ta\vb\f", "`id`", "#", " #x", "!x", "%00", "+", "=",
		"null", "~", "- a", "a: b", "{{.X}}", "\x00", "\xff\xfe", "é\u00a0\u0085\u2028\ufeff", "😀", "\u200b", "';DROP--", "E'", "${", "{;}", "\\u0041", "\\n", "$1", "\x7f\x1b[0m",
	}
}

// FuzzReaders holds, for every function with a reader of its language: what is
// written reads back as the same bytes, or is refused.
func FuzzReaders(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range readers() {
			fn, _ := escape.Lookup(r.name)
			w, err := fn.Apply(s)
			if err != nil {
				if utf8.ValidString(s) && !strings.ContainsAny(s, "\x00$") && s != "" && len(s) < 50 {
					t.Errorf("%s refuses a harmless text: %v", r.name, err)
				}
				continue
			}
			if got, err := r.read(w); err != nil || got != s {
				t.Errorf("%s: %q was written %q and read %q, %v", r.name, s, w, got, err)
			}
		}
	})
}

// TestShell asks the system's own shell, in one process for all seeds.
func TestShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("NOT TESTED: no sh on this machine to judge shell_quote")
	}
	script, want := "", ""
	for _, s := range seeds() {
		w, err := escape.ShellQuote(s)
		if err != nil {
			continue
		}
		script += "printf '%s|%s|' " + w + " " + escape.ShellWord(s) + "\n"
		want += s + "|" + s + "|"
	}
	for _, plain := range []string{"out/prod", "a_b-c.d@e+f%g:h,i=j"} {
		if w := escape.ShellWord(plain); w != plain {
			t.Errorf("%s is written %s", plain, w)
		}
	}
	out, err := exec.Command(sh, "-c", script).Output()
	if err != nil || string(out) != want {
		t.Errorf("sh read %q, %v; want %q", out, err, want)
	}
	// The control: without the escaping the shell must not give the text back.
	if out, err := exec.Command(sh, "-c", `printf %s "$((1+1))"`).Output(); err != nil || string(out) == "$((1+1))" {
		t.Errorf("the control was not expanded: %q, %v", out, err)
	}
}

// TestReadersRefuse is the readers' own control: naive quoting must not pass.
func TestReadersRefuse(t *testing.T) {
	naive := map[string]string{ // the text `a\"'$b` between the quotes of each language, unescaped
		"json": `"a\"'$b"x`, "yaml": `"a"b"`, "sql_literal": `'a'b'`, "sql_ident": `"a"b"`, "nginx_quote": `"a"b"`, "dotenv": `'a\'`,
	}
	for _, r := range readers() {
		if w, ok := naive[r.name]; ok {
			if got, err := r.read(w); err == nil {
				t.Errorf("the reader of %s takes %q as %q", r.name, w, got)
			}
		}
	}
}

func readJSON(w string) (string, error) {
	var s string
	err := json.Unmarshal([]byte(w), &s)
	return s, err
}

// readSQLLiteral follows the PostgreSQL manual, 4.1.2.1 and 4.1.2.2.
func readSQLLiteral(w string) (string, error) {
	rest, extended := strings.CutPrefix(w, "E")
	if len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' {
		return "", errors.New("no quotes")
	}
	rest = rest[1 : len(rest)-1]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == '\'' || c == '\\' && extended {
			if i++; i == len(rest) || rest[i] != c {
				return "", errors.New("a quote or backslash stands alone")
			}
		} else if c == '\\' {
			return "", errors.New("a backslash depends on standard_conforming_strings")
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

func readSQLIdent(w string) (string, error) {
	if len(w) < 3 || w[0] != '"' || w[len(w)-1] != '"' {
		return "", errors.New("no quotes")
	}
	parts := strings.Split(w[1:len(w)-1], `""`)
	for _, p := range parts {
		if strings.Contains(p, `"`) {
			return "", errors.New("a quote stands alone")
		}
	}
	return strings.Join(parts, `"`), nil
}

// readNginx follows ngx_conf_read_token: one quoted token, then a blank or `;`.
func readNginx(w string) (string, error) {
	w += ";"
	if w[0] != '"' {
		return "", errors.New("no quotes")
	}
	var b strings.Builder
	for i := 1; i < len(w); i++ {
		switch c := w[i]; c {
		case '"':
			if w[i+1:] != ";" {
				return "", errors.New("unexpected text after the quote")
			}
			return b.String(), nil
		case '\\':
			i++
			switch w[i] {
			case '"', '\'', '\\':
				b.WriteByte(w[i])
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case 'n':
				b.WriteByte('\n')
			default:
				b.WriteByte('\\')
				b.WriteByte(w[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("unterminated")
}
