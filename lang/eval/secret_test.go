package eval_test

import (
	"testing"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

// TestSecretsCommute is the whole promise of tokens: to compile an expression
// and put the secrets' values in afterwards gives what the expression gives with
// the values themselves. An expression whose result would depend on a value in
// any other way must have been refused. Expressions are made at random from
// every operator, every kind of loop and every function but those that the host
// may have to refuse (sql_ident of an empty text), or salts.
func TestSecretsCommute(t *testing.T) {
	refused, carried := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		g := &generator{rt: rt}
		text := g.any(4)
		values := map[string]string{
			"secret.key":             rapid.SampledFrom(hostile).Draw(rt, "key"),
			"secret.other":           rapid.SampledFrom(hostile).Draw(rt, "other"),
			"secret.tls#certificate": "-----BEGIN X-----\nAA==\n-----END X-----\n",
			"secret.tls#private_key": rapid.SampledFrom(hostile).Draw(rt, "pk"),
		}
		tokens := names{locals: locals, secrets: map[string]cty.Value{
			"key": token("secret.key", ""), "other": token("secret.other", ""),
			"tls": cty.ObjectVal(map[string]cty.Value{"certificate": token("secret.tls", "certificate"), "private_key": token("secret.tls", "private_key")}),
		}}
		plain := names{locals: locals, secrets: map[string]cty.Value{
			"key": cty.StringVal(values["secret.key"]), "other": cty.StringVal(values["secret.other"]),
			"tls": cty.ObjectVal(map[string]cty.Value{"certificate": cty.StringVal(values["secret.tls#certificate"]), "private_key": cty.StringVal(values["secret.tls#private_key"])}),
		}}
		got, diags := evaluate(t, text, tokens)
		if diags.HasErrors() {
			refused++
			return
		}
		carried++
		got = rendered(t, got, values)
		want, diags := evaluate(t, text, plain)
		if diags.HasErrors() {
			rt.Fatalf("%s\ngives %#v, but with the values of the secrets it is an error: %s %s", text, got, diags[0].Code, diags[0].Detail)
		}
		if !got.RawEquals(want) {
			rt.Fatalf("%s\ngives   %#v\nand not %#v", text, got, want)
		}
	})
	if carried < 5 || refused < 5 {
		t.Errorf("%d expressions passed and %d were refused: the generator makes too few of one kind", carried, refused)
	}
}

var hostile = []string{"", "x", "true", "5", "a,b", "a\nb", `"`, `\`, "5e1", "null", "secret.key", "k", " y ", "-", "${x}"}

// locals hold secrets in every kind of container.
var locals = map[string]string{
	"text":  `"user:${secret.key}@host"`,
	"list":  `[secret.key, "x", secret.other]`,
	"map":   `{ k = secret.key, x = "y" }`,
	"rows":  `[{ u = "x", p = secret.key }, { u = "y", p = secret.other }]`,
	"deep":  `{ k = { k = [secret.key] } }`,
	"plain": `["x", "k", "5"]`,
	"null":  `null`,
}

// generator draws the text of an expression, of the type that its method names.
type generator struct{ rt *rapid.T }

func (g *generator) pick(options ...func() string) string {
	return options[rapid.IntRange(0, len(options)-1).Draw(g.rt, "pick")]()
}

func (g *generator) one(words ...string) string { return rapid.SampledFrom(words).Draw(g.rt, "one") }

func (g *generator) any(d int) string {
	return g.pick(
		func() string { return g.str(d) }, func() string { return g.str(d) }, func() string { return g.list(d) },
		func() string { return g.object(d) }, func() string { return g.boolean(d) }, func() string { return g.number(d) },
	)
}

func (g *generator) str(d int) string {
	if d <= 0 {
		return g.one("secret.key", "secret.other", "secret.tls.certificate", "local.text", "local.map.k", "local.list[0]", `local.map["x"]`,
			`"k"`, `"x"`, `","`, `""`, `"a b"`, `local.rows[1].p`, `local.deep.k.k[0]`, "secret.tls[\"private_key\"]")
	}
	s := func() string { return g.str(d - 1) }
	l := func() string { return g.list(d - 1) }
	m := func() string { return g.object(d - 1) }
	return g.pick(
		func() string { return g.str(0) }, func() string { return g.str(0) },
		func() string { return "lookup(local.map, " + s() + `, "none")` },
		func() string { return "local.map[" + s() + "]" },
		func() string { return s() + ` ? "yes" : "no"` },
		func() string { return `"${` + s() + `}-${` + s() + `}"` },
		func() string { return "(" + s() + ")" },
		func() string { return g.boolean(d-1) + " ? " + s() + " : " + s() },
		func() string { return "try(" + g.any(d-1) + ", " + s() + ")" },
		func() string {
			return g.one("upper", "lower", "chomp", "trimspace", "tostring", "json", "json_inner", "yaml", "url_encode", "base64encode", "base64url",
				"sql_literal", "shell_quote", "dotenv", "sha256hex", "redis_acl_hash") + "(" + s() + ")"
		},
		func() string { return "jsonencode(" + g.any(d-1) + ")" },
		func() string { return "join(" + s() + ", " + l() + ")" },
		func() string { return "lookup(" + m() + ", " + s() + ", " + s() + ")" },
		func() string { return "element(" + l() + ", " + g.number(d-1) + ")" },
		func() string { return "coalesce(" + s() + ", " + s() + ")" },
		func() string { return "replace(" + s() + ", " + s() + ", " + s() + ")" },
		func() string { return "substr(" + s() + ", 0, 2)" },
		func() string { return "indent(2, " + s() + ")" },
		func() string { return `format("%s-%s", ` + s() + ", " + s() + ")" },
		func() string { return "trim(" + s() + ", " + s() + ")" },
		func() string { return "trimprefix(" + s() + ", " + s() + ")" },
		func() string { return `regex("^.", ` + s() + ")" },
		func() string { return l() + "[" + g.number(d-1) + "]" },
		func() string { return m() + "[" + s() + "]" },
		func() string { return m() + ".k" },
		func() string { return `"%{ if ` + g.boolean(d-1) + " }" + "y%{ else }n%{ endif }\"" },
		func() string { return `"%{ for v in ` + l() + " }[${v}]%{ endfor }\"" },
		func() string { return `"%{ for k, v in ` + m() + " }${k}=${v};%{ endfor }\"" },
		func() string { return "[for v in " + l() + " : v if " + g.boolean(d-1) + "][0]" },
	)
}

func (g *generator) list(d int) string {
	if d <= 0 {
		return g.one("local.list", "local.plain", "[secret.key]", "[]", `["x", secret.key]`, "local.rows[*].p", "local.rows[*].u", "secret.key[*]", "local.null[*]", "values(local.map)")
	}
	s := func() string { return g.str(d - 1) }
	l := func() string { return g.list(d - 1) }
	m := func() string { return g.object(d - 1) }
	return g.pick(
		func() string { return g.list(0) },
		func() string { return "[" + s() + ", " + s() + "]" },
		func() string { return "concat(" + l() + ", " + l() + ")" },
		func() string {
			return g.one("reverse", "sort", "distinct", "compact", "tolist", "toset", "flatten") + "(" + l() + ")"
		},
		func() string { return g.one("keys", "values") + "(" + m() + ")" },
		func() string {
			return "[for v in " + l() + " : " + g.one("v", `"<${v}>"`, "json(v)", `v == "x"`, "upper(v)") + "]"
		},
		func() string {
			return "[for i, v in " + l() + " : v if " + g.one("i == 0", "v", `v != "x"`, "length(v) > 1", "can(v.x)") + "]"
		},
		func() string { return "[for k, v in " + m() + " : " + g.one("k", "v", `"${k}${v}"`) + "]" },
		func() string { return "split(" + s() + ", " + s() + ")" },
		func() string { return "slice(" + l() + ", 0, 1)" },
		func() string { return "flatten([" + l() + ", [" + l() + "]])" },
		func() string { return "[" + m() + ", " + m() + "][*].k" },
		func() string { return "setproduct(" + l() + ", [1])" },
		func() string { return g.boolean(d-1) + " ? " + l() + " : " + l() },
	)
}

func (g *generator) object(d int) string {
	if d <= 0 {
		return g.one("local.map", "{}", "{ k = secret.key }", `{ k = "x", x = "k" }`, "local.rows[0]")
	}
	s := func() string { return g.str(d - 1) }
	l := func() string { return g.list(d - 1) }
	return g.pick(
		func() string { return g.object(0) },
		func() string { return "{ k = " + s() + ", (" + s() + ") = " + s() + " }" },
		func() string { return `{ "k${` + s() + `}" = ` + s() + " }" },
		func() string {
			return "{ for v in " + l() + " : " + g.one("v", `"k"`, `"k${v}"`, "json(v)") + " => " + g.one("v", "1") + " }"
		},
		func() string { return "{ for v in " + l() + ` : ` + g.one("v", `"k"`) + ` => v... }` },
		func() string { return "merge(" + g.object(d-1) + ", " + g.object(d-1) + ")" },
		func() string { return "zipmap(" + l() + ", " + l() + ")" },
		func() string { return "tomap(" + g.object(d-1) + ")" },
		func() string { return "jsondecode(" + s() + ")" },
	)
}

func (g *generator) boolean(d int) string {
	if d <= 0 {
		return g.one("true", "false", "secret.key == null", "null != local.text", "can(secret.key)", "secret.key == secret.key")
	}
	s := func() string { return g.str(d - 1) }
	return g.pick(
		func() string { return g.boolean(0) },
		func() string { return s() + g.one(" == ", " != ") + s() },
		func() string { return g.list(d-1) + g.one(" == ", " != ") + g.list(d-1) },
		func() string { return g.object(d-1) + " == " + g.one("null", g.object(d-1)) },
		func() string { return "contains(" + g.list(d-1) + ", " + s() + ")" },
		func() string { return g.one("startswith", "endswith", "strcontains") + "(" + s() + ", " + s() + ")" },
		func() string { return "can(" + g.any(d-1) + ")" },
		func() string { return "!" + g.boolean(d-1) },
		func() string { return "!" + s() },
		func() string { return g.boolean(d-1) + g.one(" && ", " || ") + g.boolean(d-1) },
		func() string { return g.number(d-1) + g.one(" > ", " == ") + g.number(d-1) },
		func() string { return "alltrue([for v in " + g.list(d-1) + ` : v != ""])` },
		func() string { return "tobool(" + s() + ")" },
	)
}

func (g *generator) number(d int) string {
	if d <= 0 {
		return g.one("0", "1", "2", "length(local.list)")
	}
	return g.pick(
		func() string { return g.number(0) },
		func() string { return "length(" + g.any(d-1) + ")" },
		func() string { return g.number(d-1) + " + " + g.number(d-1) },
		func() string { return "-" + g.any(d-1) },
		func() string { return g.str(d-1) + " * 2" },
		func() string { return "tonumber(" + g.str(d-1) + ")" },
		func() string { return "parseint(" + g.str(d-1) + ", 10)" },
		func() string { return "max(1, " + g.str(d-1) + ")" },
		func() string { return "sum(" + g.list(d-1) + ")" },
	)
}
