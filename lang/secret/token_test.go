package secret_test

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"nselfc/lang/secret"
)

// hostile texts are everything that the grammar of a token gives a meaning to.
var hostile = []string{
	"a", `"`, `\`, `\"`, ",", "(", ")", "+", "#", "[", "]", `"]`, "a,b", `x","y`, "url_encode(", ")+(", "\n", "\r\u0301", "\u0301", "é", "e\u0301", "😀",
	"secret.key", "${x}", "\x7f", "\u2028", " ", "#field", "=", ">\u0338", "\xff",
}

func genText(depth int) *rapid.Generator[secret.Text] {
	return rapid.Custom(func(t *rapid.T) secret.Text {
		var out secret.Text
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			if rapid.Bool().Draw(t, "literal") {
				if n := len(out); n > 0 && out[n-1].Secret == nil {
					continue
				}
				out = append(out, secret.Part{Literal: strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 1, 3).Draw(t, "text"), "")})
				continue
			}
			out = append(out, secret.Part{Secret: genExpr(depth).Draw(t, "expr")})
		}
		return out
	})
}

func genExpr(depth int) *rapid.Generator[*secret.Expr] {
	return rapid.Custom(func(t *rapid.T) *secret.Expr {
		if depth > 0 && rapid.Bool().Draw(t, "call") {
			return &secret.Expr{
				Func: rapid.SampledFrom([]string{"url_encode", "scram_verifier", "json_inner"}).Draw(t, "func"),
				Args: rapid.SliceOfN(genText(depth-1), 1, 2).Draw(t, "args"),
			}
		}
		e := &secret.Expr{Address: rapid.SampledFrom([]string{"secret.key", "postgres.main.secret.role", "module.a.secret.b-c"}).Draw(t, "address")}
		if rapid.Bool().Draw(t, "keyed") {
			e.Address += "[" + strconv.Quote(strings.Join(rapid.SliceOf(rapid.SampledFrom(hostile)).Draw(t, "key"), "")) + "]"
		}
		if rapid.Bool().Draw(t, "fielded") {
			e.Field = rapid.SampledFrom([]string{"certificate", "private_key"}).Draw(t, "field")
		}
		return e
	})
}

// joined writes a text as the expression language does: literals as they are,
// secrets as tokens. The value is what cty makes of it.
func joined(text secret.Text) string {
	var b strings.Builder
	for _, p := range text {
		if p.Secret == nil {
			b.WriteString(p.Literal)
			continue
		}
		b.WriteString(p.Secret.Token())
	}
	return b.String()
}

// TestRoundTrip: any text comes back from its tokens, whatever stands in its
// literals, its instance keys, and next to it.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := genText(3).Draw(rt, "text")
		got, err := secret.Parse(joined(want))
		if err != nil {
			rt.Fatalf("%q: %v", joined(want), err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%q (-want +got):\n%s", joined(want), diff)
		}
	})
}

// TestTokensSurviveComposition: cty composes Unicode, and so changes literals,
// but never a token.
func TestTokensSurviveComposition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := genExpr(3).Draw(rt, "expr")
		before, after := rapid.SampledFrom(hostile).Draw(rt, "before"), rapid.SampledFrom(hostile).Draw(rt, "after")
		got, err := secret.Parse(cty.StringVal(before + want.Token() + after).AsString())
		if err != nil || len(got) != 3 {
			rt.Fatalf("%q: %v %v", want.Token(), got, err)
		}
		if diff := cmp.Diff(want, got[1].Secret); diff != "" {
			rt.Fatalf("%q (-want +got):\n%s", want.Token(), diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("a\x00secret.key\x00b")
	f.Add("\x00f(\"x\"+secret.a#b,secret.c[\"d\"])\x00")
	f.Add("\x00f(\x00")
	f.Add("\x00\x00")
	f.Add("\x00a#\x00")
	f.Add("\x00f(\"a\"+\"b\")\x00")
	f.Add("\x00f()g\x00")
	f.Add("\x00" + strings.Repeat("f(", 100_000) + "\x00")
	f.Add("\x00" + strings.Repeat("f(", 900) + "a" + strings.Repeat(")", 900) + "\x00")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := secret.Parse(s)
		if err != nil {
			if text != nil {
				t.Errorf("%q: a text with an error", s)
			}
			return
		}
		last := false
		for _, p := range text {
			literal := p.Secret == nil
			if literal && p.Literal == "" || !literal && p.Literal != "" || literal && last {
				t.Errorf("%q gives the invalid text %#v", s, text)
			}
			last = literal
		}
		again, err := secret.Parse(joined(text))
		if err != nil {
			t.Fatalf("%q gives a text that cannot be read: %v", s, err)
		}
		if !reflect.DeepEqual(text, again) { // cmp.Diff takes time that is exponential in the depth
			t.Errorf("%q gives %s once and %s twice", s, text, again)
		}
		if _, plain := text.Plain(); plain == text.HasSecret() {
			t.Errorf("%q: both plain and secret, or neither", s)
		}
	})
}

func TestText(t *testing.T) {
	key := &secret.Expr{Address: "secret.key"}
	text := secret.Text{{Literal: "a"}, {Secret: &secret.Expr{Func: "json", Args: []secret.Text{{{Literal: `"`}, {Secret: key}, {Secret: &secret.Expr{Address: "secret.tls", Field: "certificate"}}}}}}, {Secret: key}}
	if got, want := text.String(), `a${json("\""+secret.key+secret.tls#certificate)}${secret.key}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"secret.key", "secret.tls"}, text.Addresses()); diff != "" {
		t.Error(diff)
	}
	if s, plain := secret.Literal("x").Plain(); s != "x" || !plain {
		t.Errorf("%q %v", s, plain)
	}
	if s, plain := secret.Literal("").Plain(); s != "" || !plain {
		t.Errorf("%q %v", s, plain)
	}
	if !secret.Of(key).HasSecret() {
		t.Error("a secret without a secret")
	}
}
