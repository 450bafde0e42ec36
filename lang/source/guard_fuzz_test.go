package source

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// event is one opening or closing, as the guard and as hclsyntax's lexer see it.
type event struct {
	kind byte
	at   int
}

// lexed gives the openings and closings in hclsyntax's own tokens.
func lexed(b []byte) []event {
	tokens, _ := hclsyntax.LexConfig(b, "f.hcl", hcl.InitialPos)
	kinds := map[hclsyntax.TokenType]byte{
		hclsyntax.TokenOParen: '(', hclsyntax.TokenCParen: ')',
		hclsyntax.TokenOBrack: '[', hclsyntax.TokenCBrack: ']',
		hclsyntax.TokenOBrace: '{', hclsyntax.TokenCBrace: '}',
		hclsyntax.TokenTemplateInterp: '$', hclsyntax.TokenTemplateControl: '$', hclsyntax.TokenTemplateSeqEnd: '$',
		hclsyntax.TokenOQuote: '"', hclsyntax.TokenOHeredoc: '"',
		hclsyntax.TokenCQuote: '\'', hclsyntax.TokenCHeredoc: '\'',
	}
	var out []event
	for _, t := range tokens {
		if k, ok := kinds[t.Type]; ok {
			at := t.Range.Start.Byte
			if t.Type == hclsyntax.TokenCHeredoc {
				at = t.Range.End.Byte
			}
			out = append(out, event{k, at})
		}
	}
	return out
}

var fuzzSeeds = []string{
	"service \"a\" {\n  image = \"x:${var.v}\"\n  env = { A = [1, 2.5e3] }\n}\n",
	"a = <<-EOT\n  x ${b ? \"y\" : <<E\n$\nE\n}\n  EOT\nb = 1\n",
	"a = \"$$${x} %%{ $%{if a}b%{endif} \\\" \\\\\"\n",
	"a = /* ( */ 1 # [\nb = 2 // {\n/* open (\n",
	"a {\n b }\n", "o {\n a { b }\n }\n", "a = \"${(}\" ) ~} }\n", "\uFEFFa = {for k, v in x : k => v...}\r\n",
	"a = x ? -1 : !y\nb = [for x in y : x if z]\n", "a = <<E\n$\n\nE\n", "a = <<E\n$%{if x}%{endif}\nE\n", "a=\"x$\n${a}\"\n",
	"a = <<É\n(\nÉ\n", "a = f::g(1)\n", "a = <<\"E\"\n", "a = 1.e5.\nb = 1..2\n", "a = \"\\", "a = <<E\nx", "a = \"%{ for a in b ~}x%{ endfor ~}\"\n",
}

// FuzzGuard holds the guard against hclsyntax: both see the same brackets in
// the same places, and what the guard accepts, hclsyntax parses in time.
func FuzzGuard(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
		f.Add([]byte(strings.Repeat(s, 3)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := NewFile("f.hcl", b)
		if checkBytes(file) != nil {
			return
		}
		s := newScanner(file)
		var got []event
		s.seen = func(kind byte, at int) { got = append(got, event{kind, at}) }
		if fault := s.code(); fault != nil {
			if fault.Range.File == "" || fault.Code == "" || fault.Detail == "" {
				t.Fatalf("incomplete fault %+v", fault)
			}
			return
		}
		if want := lexed(b); !equal(got, want) {
			t.Fatalf("guard and lexer differ on %q:\n guard %s\n lexer %s", b, show(got), show(want))
		}
		start := time.Now()
		_, _ = hclsyntax.ParseConfig(b, "f.hcl", hcl.InitialPos)
		if d, limit := time.Since(start), 5*time.Second+time.Duration(len(b))*10*time.Microsecond; d > limit {
			t.Fatalf("%d bytes took %v to parse", len(b), d)
		}
	})
}

// FuzzGuardTemplate does the same for whole-file templates.
func FuzzGuardTemplate(f *testing.F) {
	for _, s := range []string{"a ${b} c\n", "%{ if a ~}\nx\n%{ endif ~}\n$$${y}\n", "${ \"${x}\" }}\n", "$", "%", "\"\\${a}\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := NewFile("t.tmpl", b)
		if GuardTemplate(file) != nil {
			return
		}
		start := time.Now()
		_, _ = hclsyntax.ParseTemplate(b, "t.tmpl", hcl.InitialPos)
		if d, limit := time.Since(start), 5*time.Second+time.Duration(len(b))*10*time.Microsecond; d > limit {
			t.Fatalf("%d bytes took %v to parse", len(b), d)
		}
	})
}

func equal(a, b []event) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func show(events []event) string {
	var b bytes.Buffer
	for _, e := range events {
		b.WriteByte(' ')
		b.WriteByte(e.kind)
		b.WriteString(strings.TrimLeft(string(rune('0'+e.at/100%10))+string(rune('0'+e.at/10%10))+string(rune('0'+e.at%10)), ""))
	}
	return b.String()
}
