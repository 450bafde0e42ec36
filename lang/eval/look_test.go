package eval_test

import (
	"testing"

	"github.com/zclconf/go-cty/cty"
)

var tokens = names{locals: locals, secrets: map[string]cty.Value{
	"key": token("secret.key", ""), "other": token("secret.other", ""),
	"tls": cty.ObjectVal(map[string]cty.Value{"certificate": token("secret.tls", "certificate"), "private_key": token("secret.tls", "private_key")}),
}}

// Every way to look into a secret that anyone has thought of so far.
func TestLookingIsRefused(t *testing.T) {
	for _, text := range []string{
		// operators, and what leads to them
		`secret.key == "x"`, `"x" != secret.key`, `secret.key == secret.key`, `local.text == "user:x@host"`,
		`local.list == ["a"]`, `local.map == { k = "a" }`, `local.rows != local.rows`, `[secret.key] == [secret.key]`,
		`(secret.key) == "x"`, `!secret.key`, `-secret.key`, `secret.key && true`, `true || secret.key`, `secret.key + 1`, `secret.key > 3`,
		`"${secret.key}" == "x"`, `"a${secret.key}" == "ax"`, `try(secret.key, "") == "x"`, `(true ? secret.key : "") == "x"`,
		`element(local.list, 0) == "x"`, `lookup(local.map, "k", "") == "x"`, `url_encode(secret.key) == "x"`, `jsonencode(local.map) == "{}"`,
		`sha256hex(secret.key) == "ab"`, `coalesce(null, secret.key) == "x"`, `values(local.map)[0] == "x"`, `local.deep.k.k[0] == "x"`,
		// conditions
		`secret.key ? 1 : 2`, `"${secret.key}" ? 1 : 2`, `[for v in local.list : 1 if v == "x"]`, `[for v in local.list : 1 if v]`,
		`[for r in local.rows : r.u if r.p != ""]`, `"%{ if secret.key == "x" }a%{ endif }"`, `"%{ if secret.key }a%{ endif }"`,
		`"%{ for v in local.list }%{ if v == "x" }a%{ endif }%{ endfor }"`, `local.rows[*].p == ["x"]`,
		// keys and indices
		`{ (secret.key) = 1 }`, `{ "${secret.key}" = 1 }`, `{ "a${local.text}" = 1 }`, `{ for v in local.list : v => 1 }`, `{ for v in local.list : "k${v}" => v... }`,
		`local.map[secret.key]`, `local.map["${secret.key}"]`, `local.list[secret.key]`, `lookup(local.map, secret.key, "none")`, `lookup({}, secret.key, "none")`,
		`zipmap([secret.key], [1])`, `keys(zipmap(local.list, local.list))`, `element(local.list, secret.key)`, `slice(local.list, 0, secret.key)`,
		// sets compare their elements
		`toset(local.list)`, `toset([secret.key])`, `[for v in toset(local.list) : v]`,
		// functions
		`upper(secret.key)`, `lower(local.text)`, `length(secret.key)`, `length("${secret.key}")`, `substr(local.text, 0, 4)`, `split(":", local.text)`,
		`contains(local.list, "x")`, `contains(["x"], secret.key)`, `distinct(local.list)`, `sort(local.list)`, `compact(local.list)`,
		`regex("u", local.text)`, `can(regex("^x", secret.key))`, `try(regex("^x", secret.key), "y")`, `format("%s", secret.key)`, `format(local.text)`,
		`replace(local.text, "user", "u")`, `replace("x", "x", secret.key)`, `trimprefix(local.text, "user:")`, `startswith(local.text, "user")`, `strcontains(local.text, "@")`,
		`tonumber(secret.key)`, `tobool(secret.key)`, `parseint(secret.key, 16)`, `jsondecode(secret.key)`, `jsondecode("{\"a\":\"${secret.key}\"}")`,
		`indent(2, secret.tls.private_key)`, `chomp(secret.tls.certificate)`, `trimspace(secret.key)`, `max(1, secret.key)`, `sum([secret.key])`,
		`setproduct(local.list, [1])`, `alltrue([secret.key])`, `join(",", sort(local.list))`, `range(secret.key)`, `abs(secret.key)`,
		// hidden in what is not evaluated, or not chosen
		`true ? 1 : upper(secret.key)`, `try(1, upper(secret.key))`, `can(upper(secret.key))`, `[for v in [] : upper(secret.key)]`, `false && secret.key == "x"`,
	} {
		_, diags := evaluate(t, text, tokens)
		if len(diags) != 1 || diags[0].Code != "NS220" {
			t.Errorf("%s: %d findings, want one NS220", text, len(diags))
			for _, d := range diags {
				t.Logf("   %s %s", d.Code, d.Detail)
			}
		}
	}
}

// What carries a secret on whole is fine, and so is what asks about things that
// are known: how many there are, what they are called, whether one is null.
func TestCarryingIsAllowed(t *testing.T) {
	values := map[string]string{"secret.key": "s3cret", "secret.other": "0ther", "secret.tls#certificate": "C\n", "secret.tls#private_key": "P\n"}
	for text, want := range map[string]cty.Value{
		`secret.key`:                                          cty.StringVal("s3cret"),
		`"a${secret.key}b${secret.other}"`:                    cty.StringVal("as3cretb0ther"),
		`secret.key == null`:                                  cty.False,
		`null != local.map`:                                   cty.True,
		`secret.key == null ? "none" : secret.key`:            cty.StringVal("s3cret"),
		`length(local.list)`:                                  cty.NumberIntVal(3),
		`keys(local.map)`:                                     cty.TupleVal([]cty.Value{cty.StringVal("k"), cty.StringVal("x")}),
		`[for r in local.rows : r.p if r.u == "y"]`:           cty.TupleVal([]cty.Value{cty.StringVal("0ther")}),
		`{ for r in local.rows : r.u => r.p }["x"]`:           cty.StringVal("s3cret"),
		`local.rows[*].p`:                                     cty.TupleVal([]cty.Value{cty.StringVal("s3cret"), cty.StringVal("0ther")}),
		`join(":", [for r in local.rows : r.p])`:              cty.StringVal("s3cret:0ther"),
		`jsonencode({ a = [secret.key, 1, true] })`:           cty.StringVal(`{"a":["s3cret",1,true]}`),
		`base64encode("user:${secret.key}")`:                  cty.StringVal("dXNlcjpzM2NyZXQ="),
		`url_encode(json(secret.key))`:                        cty.StringVal("%22s3cret%22"),
		`try(local.map.nope, secret.key)`:                     cty.StringVal("s3cret"),
		`can(local.map.nope)`:                                 cty.False,
		`true ? "a" : secret.key`:                             cty.StringVal("a"),
		`merge(local.map, { x = secret.other }).x`:            cty.StringVal("0ther"),
		`concat(local.list, [secret.key])[3]`:                 cty.StringVal("s3cret"),
		`reverse(local.list)[0]`:                              cty.StringVal("0ther"),
		`"%{ for r in local.rows }${r.u}=${r.p};%{ endfor }"`: cty.StringVal("x=s3cret;y=0ther;"),
		`"%{ if 1 == 1 }${secret.key}%{ endif }"`:             cty.StringVal("s3cret"),
		`secret.key[*]`:                                       cty.TupleVal([]cty.Value{cty.StringVal("s3cret")}),
		`coalesce(null, secret.key)`:                          cty.StringVal("s3cret"),
		`<<-EOT
		  key = ${secret.key}
		EOT
		`: cty.StringVal("key = s3cret\n"),
	} {
		got, diags := evaluate(t, text, tokens)
		if diags.HasErrors() {
			t.Errorf("%s: %s %s", text, diags[0].Code, diags[0].Detail)
			continue
		}
		if got := rendered(t, got, values); !got.RawEquals(want) {
			t.Errorf("%s gives %#v, want %#v", text, got, want)
		}
	}
}

// No expression makes a NUL, and so no token that the compiler did not make.
func TestTokensCannotBeForged(t *testing.T) {
	for text, code := range map[string]string{
		`"\u0000secret.key\u0000"`:                                "NS206",
		`"a${"\u0000"}b"`:                                         "NS206",
		`jsondecode("\"\\u0000secret.key\\u0000\"")`:              "NS206",
		`keys(jsondecode("{\"\\u0000secret.key\\u0000\":1}"))[0]`: "NS206",
		`jsondecode("[{\"a\":{\"\\u0000x\":1}}]")[0]`:             "NS206",
		`format("%c", 0)`:                                         "NS208",
		`format("%csecret.key%c", 0, 0)`:                          "NS208",
		`format("%s", jsondecode("\"\\u0000\""))`:                 "NS206",
		`join("", [format("%c", 0)])`:                             "NS208",
		`{ "\u0000" = 1 }`:                                        "NS206",
		`local.map["\u0000"]`:                                     "NS203",
		`[for c in ["\u0000"] : c]`:                               "NS206",
		`true ? "x" : "\u0000"`:                                   "NS206",
		`"%{ for c in ["a"] }\u0000%{ endfor }"`:                  "NS206",
	} {
		v, diags := evaluate(t, text, tokens)
		if len(diags) != 1 || diags[0].Code != code {
			t.Errorf("%s gives %#v with %d findings, want one %s", text, v, len(diags), code)
			for _, d := range diags {
				t.Logf("   %s %s", d.Code, d.Detail)
			}
		}
	}
}
