package compose

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"nselfc/lang/source"
)

func TestValueStyle(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		// Plain: words, paths, options, durations, sizes, images.
		{"redis", "redis"},
		{"redis:8.2", "redis:8.2"},
		{"/var/lib/data", "/var/lib/data"},
		{"./a", "./a"},
		{"../a", "../a"},
		{".env", ".env"},
		{"--port=80", "--port=80"},
		{"-c", "-c"},
		{"a b", "a b"},
		{"30s", "30s"},
		{"1m30s", "1m30s"},
		{"500ms", "500ms"},
		{"512m", "512m"},
		// Words and numbers of YAML 1.1 and 1.2.
		{"yes", "'yes'"},
		{"No", "'No'"},
		{"ON", "'ON'"},
		{"off", "'off'"},
		{"y", "'y'"},
		{"N", "'N'"},
		{"true", "'true'"},
		{"FALSE", "'FALSE'"},
		{"null", "'null'"},
		{"Null", "'Null'"},
		{"~", "'~'"},
		{".inf", "'.inf'"},
		{".NaN", "'.NaN'"},
		{"-.inf", "'-.inf'"},
		{"=", "'='"},
		{"<<", "'<<'"},
		{"", "''"},
		{"0", "'0'"},
		{"0123", "'0123'"},
		{"0o14", "'0o14'"},
		{"0x1f", "'0x1f'"},
		{"0b1", "'0b1'"},
		{"1e3", "'1e3'"},
		{"1.10", "'1.10'"},
		{".5", "'.5'"},
		{"+1", "'+1'"},
		{"-1", "'-1'"},
		{"1_000", "'1_000'"},
		{"12:30:45", "'12:30:45'"},
		{"10:10", "'10:10'"},
		{"2001-12-14", "'2001-12-14'"},
		{"10.0.0.0/8", "'10.0.0.0/8'"},
		// Indicators, spaces, comments, separators.
		{" a", "' a'"},
		{"a ", "'a '"},
		{"a  b", "'a  b'"},
		{"a: b", "'a: b'"},
		{"a:", "'a:'"},
		{"a #b", "'a #b'"},
		{"#a", "'#a'"},
		{"- a", "'- a'"},
		{"-", "'-'"},
		{"---", "'---'"},
		{"...", "'...'"},
		{"? a", "'? a'"},
		{"!tag", "'!tag'"},
		{"&a", "'&a'"},
		{"*a", "'*a'"},
		{"@a", "'@a'"},
		{"`a", "'`a'"},
		{"%a", "'%a'"},
		{"|", "'|'"},
		{"[a]", "'[a]'"},
		{"{a}", "'{a}'"},
		{"it's", "'it''s'"},
		{`say "x"`, `'say "x"'`},
		{`a\n`, `'a\n'`},
		// Dollar signs, in every style.
		{"$", "'$$'"},
		{"a$b", "'a$$b'"},
		{"${X:-y}", "'$${X:-y}'"},
		{"$$", "'$$$$'"},
		{"a$b\t", `"a$$b\t"`},
		// What cannot be seen.
		{"a\tb", `"a\tb"`},
		{"a\r\nb", `"a\r\nb"`},
		{"\x1b[31m", `"\u001b[31m"`},
		{"\u0085", `"\u0085"`},
		{"a\u00a0b", `"a\u00a0b"`},
		{"\u2028", `"\u2028"`},
		{"\ufeff", `"\ufeff"`},
		{"user\u202e", `"user\u202e"`},
		{"\U000e0001", `"\U000e0001"`},
		{"naïve 日本 🙂", "'naïve 日本 🙂'"},
		{"\xff", `"\ufffd"`},
	} {
		if got := string(appendValue(nil, tc.in)); got != tc.want {
			t.Errorf("%q: got %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestKeyKeepsDollars(t *testing.T) {
	for in, want := range map[string]string{"a$b": "'a$b'", "com.example": "com.example", "on": "'on'", "a\nb": `"a\nb"`} {
		if got := string(appendKey(nil, in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestBlock(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want bool
	}{
		{"a\nb", true},
		{"a\nb\n", true},
		{"a\n\n  b\n\tc", true},
		{"a\n", false},      // one line
		{"\na\nb", false},   // would need an indentation indicator
		{" a\nb", false},    // likewise
		{"a\nb\n\n", false}, // would need keep chomping
		{"a \nb", false},    // a space nobody sees
		{"a\n \nb", false},
		{"a\r\nb", false},
		{"a\n\u2028b", false},
		{"a\n\x00b", false},
		{"a\n\xffb", false},
		{"", false},
	} {
		if got := isBlock(tc.in); got != tc.want {
			t.Errorf("%q: got %v, want %v", tc.in, got, tc.want)
		}
	}
}

func TestQuantities(t *testing.T) {
	for in, want := range map[int64]string{0: "0b", 1: "1b", 1000: "1000b", 1 << 10: "1k", 512 << 20: "512m", 1 << 30: "1g", 1536 << 20: "1536m", 1 << 40: "1024g"} {
		if got := string(appendSize(nil, in)); got != want {
			t.Errorf("%d: got %s, want %s", in, got, want)
		}
	}
	for in, want := range map[float64]string{1: "'1'", 0.5: "'0.5'", 0.000001: "'0.000001'", 1e21: "'1000000000000000000000'"} {
		if got := string(appendCores(nil, in)); got != want {
			t.Errorf("%g: got %s, want %s", in, got, want)
		}
	}
}

// seeds are texts that some reader, at some time, took for something else.
var seeds = []string{
	"", " ", "\n", "a", "yes", "~", "null", "0123", "0o7", "1e3", "12:30:45", "a: b", "a #b", "#", "- a", "$", "$$", "${X}", "${X:?no}",
	"it's", "\"", "\\", "a\nb", "a\n\nb\n", " a\nb", "a\n b\n", "\ta\nb", "a\n\tb", "a\r\nb", "\u2028", "\u0085", "\ufeff", "\x1b", "日本", "🙂", "<<",
	"=", "!!int 1", "&a", "*a", "---", "...", "? a", "%TAG", "@", "`", "|", ">", "[", "{", "}", ",", "x-a", "a\u00a0b", "\U000e0001", "2001-01-01T00:00:00Z",
	".inf", "-.INF", ".nan", "+.5", "1_0", "0b1", "a:b", "a :b", ":", "a:", "'", "''", "-", "--", "-a", "--a", "1s", "1m1", "s1", "5mm", "a\nb\n\n", "a  b", "a\t",
}

// FuzzValue writes a value in every place where values stand and has two
// readers that share no code, yaml.v3 and the YAML reader inside compose-go's
// loader, tell what they see.
func FuzzValue(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return // NS350
		}
		w := &writer{}
		w.key(0, "services", source.Origin{})
		w.key(2, "x", source.Origin{})
		w.raw(4, "image", "x", source.Origin{})
		w.key(4, "environment", source.Origin{})
		w.str(6, "A", s, source.Origin{})
		w.str(6, "B", "end", source.Origin{})
		w.key(4, "command", source.Origin{})
		w.item(6, s, source.Origin{})
		w.item(6, "end", source.Origin{})
		if len(w.diags) > 0 {
			t.Fatal(w.diags[0].Detail)
		}
		var doc struct {
			Services map[string]struct {
				Environment map[string]any
				Command     []any
			}
		}
		if err := yaml.Unmarshal(w.buf, &doc); err != nil {
			t.Fatalf("%v:\n%s", err, w.buf)
		}
		doubled := strings.ReplaceAll(s, "$", "$$")
		if x := doc.Services["x"]; x.Environment["A"] != doubled || x.Command[0] != doubled || x.Command[1] != "end" {
			t.Errorf("%q: yaml.v3 reads %#v:\n%s", s, x, w.buf)
		}
		x := load(t, w.buf).Services["x"]
		if x.Environment["A"] == nil || *x.Environment["A"] != s || x.Command[0] != s || *x.Environment["B"] != "end" {
			t.Errorf("%q: Compose reads %#v, %v:\n%s", s, x.Environment["A"], x.Command, w.buf)
		}
		if lines := strings.Count(string(w.buf), "\n"); w.line != lines {
			t.Errorf("the writer counts %d lines of %d:\n%s", w.line, lines, w.buf)
		}
	})
}

// FuzzKey does the same for keys. Compose replaces no variables in them.
func FuzzKey(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := &writer{}
		w.key(0, "services", source.Origin{})
		w.key(2, "x", source.Origin{})
		w.raw(4, "image", "x", source.Origin{})
		w.key(4, "labels", source.Origin{})
		w.userStr(6, s, "value", source.Origin{})
		if len(w.diags) > 0 {
			return // NS350 and NS353
		}
		var doc struct {
			Services map[string]struct{ Labels map[string]string }
		}
		if err := yaml.Unmarshal(w.buf, &doc); err != nil {
			t.Fatalf("%v:\n%s", err, w.buf)
		}
		if got := doc.Services["x"].Labels; len(got) != 1 || got[s] != "value" {
			t.Errorf("%q: yaml.v3 reads %#v:\n%s", s, got, w.buf)
		}
		if got := load(t, w.buf).Services["x"].Labels; len(got) != 1 || got[s] != "value" {
			t.Errorf("%q: Compose reads %#v:\n%s", s, got, w.buf)
		}
	})
}

// load reads a file with compose-go's loader in an environment that would
// change the text if a variable were replaced.
func load(t *testing.T, text []byte) *types.Project {
	t.Helper()
	details := types.ConfigDetails{
		WorkingDir: "/", Environment: types.Mapping{"X": "replaced", "b": "replaced", "HOME": "replaced"},
		ConfigFiles: []types.ConfigFile{{Filename: FileName, Content: text}},
	}
	p, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("x", true)
		o.SkipResolveEnvironment = true
	})
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return p
}
