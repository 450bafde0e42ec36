package source

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestGuardAccepts(t *testing.T) {
	r := strings.Repeat
	for name, src := range map[string]string{
		"empty":               "",
		"byte order mark":     "\uFEFFa = 1\n",
		"crlf":                "a = 1\r\nb {\r\n}\r\n",
		"tabs":                "\ta = 1\n",
		"deepest brackets":    "a = " + r("(", MaxDepth) + "1" + r(")", MaxDepth) + "\n",
		"longest chain":       "a = 1" + r("+1", MaxChain-10) + "\n",
		"brackets in texts":   "a = \"" + r("(", 500) + "\"\nb = <<E\n" + r("[{\n", 500) + "E\n# " + r("{", 500) + "\n/* " + r("(", 500) + " */\n",
		"long list":           "a = [" + r("1, ", 100_000) + "]\n",
		"many arguments":      r("a = 1 + 1\n", 10_000),
		"object of sums":      "a = {\n" + r("b = 1 + 1\n", 5000) + "}\n",
		"many blocks":         r("a {\n b {\n c = [{ d = \"${e}\" }]\n }\n}\n", 10_000),
		"one-line blocks":     r("a { b = \"x\" }\n", 10_000),
		"text of 4,000 lines": "a = <<E\n" + r("0123456789012345678901234567890123456789\n", 4000) + "E\n",
		"umlauts and emoji":   "a = \"ä 👩‍👩‍👧 \u00a0\"\n",
		"numbers":             "a = [1e308, 1.5, 1e-308, 18446744073709551615]\n",
		"address in a text":   "a = \"" + r("::1 ", 2000) + "\"\n",
	} {
		if fault := Guard(NewFile("f.hcl", []byte(src))); fault != nil {
			t.Errorf("%s: refused at line %d: %s: %s", name, fault.Range.Start.Line, fault.Summary, fault.Detail)
		}
	}
}

func TestGuardRefuses(t *testing.T) {
	r := strings.Repeat
	for _, tt := range []struct {
		name, src, code string
		line            int32
	}{
		{"NUL", "a = 1\nb = \"x\x00\"\n", "NS132", 2},
		{"escape", "a = \"\x1b[31m\"\n", "NS132", 1},
		{"delete", "# \x7f\n", "NS132", 1},
		{"lone carriage return", "a = 1\rb = 2\n", "NS132", 1},
		{"carriage return at the end", "a = 1\r", "NS132", 1},
		{"C1 control", "a = \"\u0085\"\n", "NS132", 1},
		{"bidirectional override", "\n# \u202e\n", "NS132", 2},
		{"isolate", "a = \"\u2067\"\n", "NS132", 1},
		{"byte order mark inside", "a = \"\uFEFF\"\n", "NS132", 1},
		{"invalid UTF-8", "a = \"\xff\"\n", "NS131", 1},
		{"cut UTF-8", "a = \"\xc3", "NS131", 1},
		{"surrogate", "a = \"\xed\xa0\x80\"\n", "NS131", 1},
		{"UTF-16", "a\x00=\x001\x00", "NS132", 1},
		{"parentheses", "a = " + r("(", 100_000) + "1" + r(")", 100_000) + "\n", "NS133", 1},
		{"one too deep", "a = " + r("(", MaxDepth+1) + "1" + r(")", MaxDepth+1) + "\n", "NS133", 1},
		{"lists", "\na = " + r("[", 100_000) + "\n", "NS133", 2},
		{"objects", "a = " + r("{a=", 100_000) + "1" + r("}", 100_000) + "\n", "NS133", 1},
		{"calls", "a = " + r("f(", 100_000) + r(")", 100_000) + "\n", "NS133", 1},
		{"indexes", "a = " + r("a[", 100_000) + "1" + r("]", 100_000) + "\n", "NS133", 1},
		{"for", "a = " + r("[for x in ", 100_000) + "[]" + r(":x]", 100_000) + "\n", "NS133", 1},
		{"blocks", r("a {\n", 100_000) + r("}\n", 100_000), "NS133", 101},
		{"templates", "a = " + r("\"${", 100_000) + "1" + r("}\"", 100_000) + "\n", "NS133", 1},
		{"heredocs", "a = " + r("<<E\n${", 100_000) + "1" + r("}\nE\n", 100_000), "NS133", 102},
		{"directives", "a = \"" + r("%{if true}", 100_000) + "x" + r("%{endif}", 100_000) + "\"\n", "NS133", 1},
		{"loops", "a = \"" + r("%{ for x in y }", 100_000) + r("%{endfor}", 100_000) + "\"\n", "NS133", 1},
		// The parser skips the brace and nests every block in the one before, in quadratic time.
		{"brace behind an argument", r("a {\n b = 1 }\n", 50_000), "NS133", 2},
		{"brace behind a name", r("o {\n a { b }\n }\n", 50_000), "NS133", 2},
		{"misfits do not hide depth", "a = " + r("( ] ", 100_000) + "\n", "NS133", 1},
		{"not", "a = " + r("!", 100_000) + "true\n", "NS135", 1},
		{"minus", "a = " + r("-", 100_000) + "1\n", "NS135", 1},
		{"sum", "a = 1" + r("+1", 100_000) + "\n", "NS135", 1},
		{"sum over lines", "a = (1" + r("\n+1", 100_000) + ")\n", "NS135", 1002},
		{"sum in a for expression", "a = { for x in y : x => 1" + r("\n+1", 100_000) + "}\n", "NS135", 1000},
		{"conditions", "a = " + r("x?1:", 100_000) + "1\n", "NS135", 1},
		{"splats", "a = x" + r("[*]", 100_000) + "\n", "NS135", 1},
		{"empty lines behind operators", "a = [" + r("!", MaxChain-2) + "x" + r("\n", 1_000_000) + "]\n", "NS135", 198_412},
		{"comments behind operators", "a = " + r("!", MaxChain-2) + "x" + r("/**/", 1_000_000) + "\n", "NS135", 1},
		{"scopes", "a = f" + r("::f", 100_000) + "()\n", "NS135", 1},
		{"exponent", "a = 1e10000000\n", "NS134", 1},
		{"exponent in a template", "a = \"${1e1000000}\"\n", "NS134", 1},
		{"negative exponent", "a = 1e-309\n", "NS134", 1},
		{"digits", "a = 1" + r("0", 100_000) + "\n", "NS134", 1},
		{"fraction", "a = 0." + r("1", 100_000) + "\n", "NS134", 1},
		{"text of 100,000 lines", "a = <<E\n" + r("x\n", 100_000) + "E\n", "NS136", 100_002},
		{"dollars", "a = \"" + r("$", 100_000) + "\"\n", "NS136", 1},
		{"dollars unclosed", "a = \"" + r("$ab", 100_000), "NS136", 1},
		{"braces", r("a {\n}\n", MaxBraces+1), "NS137", 200_001},
		{"elements", "a = [\n" + r("1,", MaxTokens/2+1) + "]\n", "NS130", 2},
		{"lines", r("\n", MaxTokens+1), "NS130", MaxTokens + 1},
		{"comments", "b = 1\n" + r("a = /*\n", 100_000), "NS139", 2},
		{"marker", "a = <<É\n(\nÉ\n", "NS138", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			fault := Guard(NewFile("f.hcl", []byte(tt.src)))
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
			if fault == nil {
				t.Fatal("accepted")
			}
			if fault.Code != tt.code || fault.Range.Start.Line != tt.line {
				t.Errorf("got %s at line %d, want %s at line %d: %s", fault.Code, fault.Range.Start.Line, tt.code, tt.line, fault.Detail)
			}
			if fault.Range.End.Byte < fault.Range.Start.Byte || int(fault.Range.End.Byte) > len(tt.src) {
				t.Errorf("range %+v lies outside the file", fault.Range)
			}
		})
	}
}

// TestControlCharacterAnywhere puts every byte that is refused at every place
// of an eight-byte word, behind a newline too.
func TestControlCharacterAnywhere(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			for _, before := range []byte{'a', '\n', ' ', 0x7E} {
				b := []byte(strings.Repeat("x", 24))
				b[at], b[at+1] = before, byte(c)
				want := c < 0x20 && c != '\n' && c != '\t' || c >= 0x7F
				if got := checkBytes(NewFile("f", b)) != nil; got != want {
					t.Fatalf("byte %#x at %d behind %q: refused %v", c, at+1, before, got)
				}
			}
		}
	}
}

func TestGuardSize(t *testing.T) {
	if fault := Guard(NewFile("f.hcl", make([]byte, MaxBytes+1))); fault == nil || fault.Code != "NS130" {
		t.Errorf("got %+v", fault)
	}
}

func TestGuardTemplate(t *testing.T) {
	r := strings.Repeat
	for _, tt := range []struct{ name, src, code string }{
		{"plain", "a ${b} { ( [ \" \\\n", ""},
		{"brackets are text", r("(", 5000), ""},
		{"quotes are text", r("\"${", 2), ""},
		{"deep", r("${(", 100), "NS133"},
		{"lines", r("x\n", 100_000), "NS136"},
	} {
		code := ""
		if fault := GuardTemplate(NewFile("t.tmpl", []byte(tt.src))); fault != nil {
			code = fault.Code
		}
		if code != tt.code {
			t.Errorf("%s: got %q, want %q", tt.name, code, tt.code)
		}
	}
}

// TestGuardSeesWhatTheLexerSees compares the two on random soups of everything
// that opens, closes or escapes.
func TestGuardSeesWhatTheLexerSees(t *testing.T) {
	words := []string{
		"$", "$", "%", "%", "{", "{", "}", "}", "~", "~}", "${", "%{", "\"", "\"", "\\", "\n", "\n", "\r\n", "<<E\n", "<<-E\n", "<<E", "E\n", " E \r\n", "E",
		"a", "=", "(", ")", "[", "]", "#", "/*", "*/", "//", "/", "1e5", "for ", "é", "“", " ", "-", ":", "::", ",", "if x", "endif", "\u00a0", "\u2028", "<", "*",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 60_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(24) {
			b.WriteString(words[rnd.IntN(len(words))])
		}
		file := NewFile("f.hcl", []byte(b.String()))
		if checkBytes(file) != nil {
			continue
		}
		s := newScanner(file)
		var got []event
		s.seen = func(kind byte, at int) { got = append(got, event{kind, at}) }
		if s.code() != nil {
			continue
		}
		if want := lexed(file.Bytes); !equal(got, want) {
			t.Fatalf("guard and lexer differ on %q:\n guard %s\n lexer %s", b.String(), show(got), show(want))
		}
	}
}

// TestGuardedFilesParse parses the largest files that pass, and files with as
// many errors as pass. Its limit tells apart what takes the parser a second
// from what takes it minutes, on a busy machine too.
func TestGuardedFilesParse(t *testing.T) {
	r := strings.Repeat
	for name, src := range map[string]string{
		"depth":     r("a = "+r("(", MaxDepth-1)+"1"+r(")", MaxDepth-1)+"\n", 100),
		"chains":    "a = " + r("("+r("!", MaxChain-2), 20) + "1" + r(")", 20) + "\n",
		"conds":     "a = " + r("("+r("x?1:", MaxChain-2), 20) + "1" + r(")", 20) + "\n",
		"splats":    "a = " + r("x"+r("[*]", MaxChain-2)+"[", 20) + "1" + r("]", 20) + "\n",
		"newlines":  "a = [" + r("!", MaxChain-2) + "x" + r("\n", 100_000) + "]\n",
		"no values": r("a = ]\n", 50_000),
		"no braces": r("x\n", 100_000),
		"text":      "a = <<E\n" + r("x\n", 8_000) + "E\n",
	} {
		b := []byte(src)
		if fault := Guard(NewFile("f.hcl", b)); fault != nil {
			t.Errorf("%s: refused: %s", name, fault.Detail)
			continue
		}
		start := time.Now()
		_, _ = hclsyntax.ParseConfig(b, "f.hcl", hcl.InitialPos)
		if d, limit := time.Since(start), 20*time.Second; d > limit {
			t.Errorf("%s: %d bytes took %v to parse", name, len(b), d)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	src := []byte(strings.Repeat(`service "api" {
  image = "ghcr.io/acme/api:1.4.2"
  port "http" { container = 8080 }
  env = { LOG_LEVEL = "info", HOST = "api.${var.domain}" }
  secrets = { DATABASE_URL = postgres.main.roles.app.url }
  # a comment of usual length
  resources {
    cpus   = 2
    memory = "2G"
  }
}
`, 2500))
	f := NewFile("f.hcl", src)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if Guard(f) != nil {
			b.Fatal("refused")
		}
	}
}
