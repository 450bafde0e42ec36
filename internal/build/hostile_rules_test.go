package build_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// hostileRule is a rule that somebody wrote to get at something, by its parts.
type hostileRule struct {
	condition, message, each string
	want                     string // the code of the only error, or "" for a rule that is harmless
}

// hostileRules are written to look at a secret, to print one, to read what is no part
// of the stack, and to take for ever.
func hostileRules() []hostileRule {
	var out []hostileRule
	// The value of a secret is nowhere, and nothing tells two of them apart.
	for _, c := range []string{
		`local.dsn == "x"`, `secret.key == secret.key`, `length(local.dsn) > 3`, `startswith(local.dsn, "x-")`, `contains([local.dsn], "x")`,
		`contains(keys({ (local.dsn) = 1 }), "x")`, `can(regex("a", local.dsn))`, `try(regex("a", local.dsn), "") == ""`, `secret.key < "m"`,
		`secret.key > 5`, `!secret.key`, `secret.key ? true : false`, `split("", local.dsn) == []`, `distinct([local.dsn, "a"]) == ["a"]`,
		`toset([local.dsn]) == toset(["a"])`, `merge({}, { a = local.dsn }).a == "x"`, `lookup({ x = 1 }, local.dsn, 0) == 1`, `{ a = 1 }[local.dsn] == 1`,
		`services[local.dsn].image == ""`, `coalesce(local.dsn, "") == ""`, `max(1, secret.key) == 1`, `sort([local.dsn, "m"])[0] == "m"`,
		`redis.cache.url == ""`, `strcontains(redis.cache.url, "a")`,
	} {
		out = append(out, hostileRule{condition: c, want: "NS220"})
	}
	// Nothing prints it, whole or by a piece.
	for _, m := range []string{`local.dsn`, `"${redis.cache.url}"`, `jsonencode({ a = local.dsn })`, `base64encode(local.dsn)`, `[local.dsn][0]`} {
		out = append(out, hostileRule{condition: "false", message: m, want: "NS221"})
	}
	for _, m := range []string{
		`substr(local.dsn, 0, 1)`, `join("", split("", local.dsn))`, `"${length(local.dsn)}"`, `format("%s", local.dsn)`, `"${try(tonumber(local.dsn), 0)}"`,
	} {
		out = append(out, hostileRule{condition: "false", message: m, want: "NS220"})
	}
	out = append(out,
		hostileRule{condition: "false", message: "each.value", each: "[local.dsn]", want: "NS221"},
		hostileRule{condition: "false", message: "each.key", each: "toset([local.dsn])", want: "NS220"},
		hostileRule{condition: "false", message: "each.key", each: "{ (local.dsn) = 1 }", want: "NS220"},
		hostileRule{condition: "true", message: "local.dsn", want: "NS221"}, // never printed, and refused all the same
		// The model has none.
		hostileRule{condition: "false", message: "jsonencode(services)"},
		hostileRule{condition: "false", message: "jsonencode(secrets)"},
		hostileRule{condition: "false", message: "jsonencode(routes)"},
	)
	// No file, clock, network or environment.
	for _, f := range []string{
		`file("canary.txt")`, `templatefile("canary.txt", {})`, `template("canary.txt", {})`, `fileexists("canary.txt")`, `fileset(".", "*")`, `filebase64("canary.txt")`,
		`abspath(".")`, `pathexpand("~")`, `env("HOME")`, `getenv("HOME")`, `timestamp()`, `uuid()`, `http("http://127.0.0.1/")`, `random()`, `nonsensitive(local.dsn)`,
	} {
		out = append(out, hostileRule{condition: f + ` != null`, want: "NS205"})
	}
	for _, name := range []string{"path.module", "terraform.env", "self.x", "rule.A", `artefacts["x"]`, "compose.services", "each.value"} {
		out = append(out, hostileRule{condition: name + ` == ""`, want: "NS201"})
	}
	// What would take for ever.
	const loops = `[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]`
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	return append(out,
		hostileRule{condition: `length(` + loops + `) == 1`, want: "NS209"},
		hostileRule{condition: `can(` + loops + `)`, want: "NS209"},
		hostileRule{condition: `true ? true : length(` + loops + `) == 1`, want: "NS209"},
		hostileRule{condition: `alltrue([for a in range(1000) : a >= 0])`, each: "range(1000)", want: "NS209"},
		hostileRule{condition: "true", each: `{ for a in setproduct(range(1000), range(1000)) : "${a[0]}-${a[1]}" => 1 }`, want: "NS209"},
		hostileRule{condition: "false", message: `join("", [for a in range(1000) : join("", [for b in range(1000) : "` + many("a", 40) + `"])])`, want: "NS209"},
		hostileRule{condition: "true", each: "range(1000000)", want: "NS208"},
		hostileRule{condition: `regex("^(a+)+$", "` + many("a", 60) + `!") == "x"`, want: "NS208"},
		hostileRule{condition: `regex("((a{100}){100}){100}", "a") == "x"`, want: "NS208"},
		hostileRule{condition: "false", message: `format("%999999999d", 1)`, want: "NS208"},
		hostileRule{condition: `jsondecode("` + many("[", 5000) + `") == null`, want: "NS208"},
		hostileRule{condition: `1e1000000 * 1e1000000 > 1`, want: "NS134"},
		hostileRule{condition: many("(", 300) + "true" + many(")", 300), want: "NS133"},
		hostileRule{condition: "true" + many(" && true", 3000), want: "NS135"},
		hostileRule{condition: many("!", 3000) + "true", want: "NS135"},
		// What would act on a terminal.
		hostileRule{condition: "false", message: `"\u001b[31mred"`, want: "NS111"},
		hostileRule{condition: "false", message: `"\u0000"`, want: "NS206"},
	)
}

// TestHostileRules: each is refused for what it does, within seconds on any machine,
// with nothing of a secret or of a file in what is said.
func TestHostileRules(t *testing.T) {
	const canary = "canary-in-a-file"
	for _, x := range hostileRules() {
		message := x.message
		if message == "" {
			message = `"m"`
		}
		rule := "rule \"A\" {\n severity = \"low\"\n"
		if x.each != "" {
			rule += " for_each = " + x.each + "\n"
		}
		rule += " assert {\n condition = " + x.condition + "\n message = " + message + "\n }\n}\n"
		dir := t.TempDir()
		writeAll(t, dir, map[string]string{"nself.hcl": ruledStack, "rules.hcl": rule, "canary.txt": canary})
		start := time.Now()
		_, diags := build.Compile(context.Background(), dir, build.Options{})
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%.200s\ntook %v", rule, took)
		}
		var got []string
		for _, d := range diags {
			if d.Severity == diag.Error {
				got = append(got, d.Code)
			}
			if strings.ContainsRune(d.Summary+d.Detail, 0) || strings.Contains(d.Detail, canary) {
				t.Errorf("%.200s\nsays %q", rule, d.Detail)
			}
		}
		if s := strings.Join(got, " "); s != x.want {
			t.Errorf("%.300s\nhas the errors %q, not %q", rule, s, x.want)
		}
	}
}
