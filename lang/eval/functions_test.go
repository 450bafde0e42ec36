package eval_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"nselfc/lang/eval"
)

// TestFunctions holds every function against what it must give, written as a
// constant that HCL itself evaluates, or against the code of its error.
func TestFunctions(t *testing.T) {
	tables := []struct{ call, want string }{
		{`abs(-3)`, `3`},
		{`abs("x")`, `NS208`},
		{`ceil(1.2)`, `2`},
		{`ceil(null)`, `NS208`},
		{`floor(1.8)`, `1`},
		{`floor([])`, `NS208`},
		{`max(1, 3, 2)`, `3`},
		{`max([4, 5]...)`, `5`},
		{`max()`, `NS208`},
		{`min(1, 3, 2)`, `1`},
		{`min(toset([3, 2])...)`, `2`},
		{`min("a")`, `NS208`},
		{`parseint("ff", 16)`, `255`},
		{`parseint("12", 10)`, `12`},
		{`parseint("twelve", 10)`, `NS208`},
		{`parseint("1", 99)`, `NS208`},
		{`sum([1, 2, 3.5])`, `6.5`},
		{`sum([])`, `0`},
		{`sum([null])`, `NS208`},
		{`sum(["a"])`, `NS208`},

		{`chomp("a\r\n\n")`, `"a"`},
		{`chomp(null)`, `NS208`},
		{`endswith("a.pem", ".pem")`, `true`},
		{`endswith("a", "")`, `true`},
		{`endswith([], "")`, `NS208`},
		{`startswith("ghcr.io/x", "ghcr.io/")`, `true`},
		{`startswith("a", "b")`, `false`},
		{`startswith(null, "b")`, `NS208`},
		{`strcontains("a-b", "-")`, `true`},
		{`strcontains("", "x")`, `false`},
		{`strcontains("a")`, `NS207`},
		{`format("%s-%02d %q %v", "web", 3, "x", [1])`, `"web-03 \"x\" [1]"`},
		{`format("%5.2f%%", 1.5)`, `" 1.50%"`},
		{`format("%d", "x")`, `NS208`},
		{`format("%v", null)`, `"null"`},
		{`format("%s", null)`, `NS208`},
		{`format("%s")`, `NS208`},
		{`format("%c", 65)`, `NS208`},
		{`indent(2, "a\nb\n\nc")`, `"a\n  b\n  \n  c"`},
		{`indent(0, "a\nb")`, `"a\nb"`},
		{`indent(101, "a")`, `NS208`},
		{`indent(-1, "a")`, `NS208`},
		{`indent(1.5, "a")`, `NS208`},
		{`join(",", ["a", "b"])`, `"a,b"`},
		{`join(",", [])`, `""`},
		{`join(", ", [1, true])`, `"1, true"`},
		{`join(",", ["a", null])`, `NS208`},
		{`join(",", [["a"]])`, `NS208`},
		{`lower("ÄPI")`, `"äpi"`},
		{`lower([])`, `NS208`},
		{`upper("info")`, `"INFO"`},
		{`upper(null)`, `NS208`},
		{`regex("[0-9]+", "v12")`, `"12"`},
		{`regex("(a)(b)?", "a")`, `["a", ""]`},
		{`regex("(?P<x>a)", "a")`, `{ x = "a" }`},
		{`regex("(", "a")`, `NS208`},
		{`regex("x", "a")`, `NS208`},
		{`regex("(?:a|b)*c", "ababc")`, `"ababc"`},
		{`replace("a_b_c", "_", "-")`, `"a-b-c"`},
		{`replace("ab", "", "-")`, `"-a-b-"`},
		{`replace("a.b", ".", "")`, `"ab"`},
		{`replace("/a/", "/a/", "b")`, `"b"`},
		{`replace("a", null, "b")`, `NS208`},
		{`split(",", "a,b,")`, `["a", "b", ""]`},
		{`split(",", "")`, `[""]`},
		{`split("", "ab")`, `["a", "b"]`},
		{`split(",", null)`, `NS208`},
		{`substr("abc", 1, 2)`, `"bc"`},
		{`substr("abc", -2, -1)`, `"bc"`},
		{`substr("aé", 1, 1)`, `"é"`},
		{`substr("abc", 9, 1)`, `""`},
		{`substr("abc", "x", 1)`, `NS208`},
		{`trim("/a/", "/")`, `"a"`},
		{`trim(null, "/")`, `NS208`},
		{`trimprefix("v1", "v")`, `"1"`},
		{`trimprefix("1", null)`, `NS208`},
		{`trimspace(" a\n")`, `"a"`},
		{`trimspace({})`, `NS208`},
		{`trimsuffix("a.conf", ".conf")`, `"a"`},
		{`trimsuffix(null, "")`, `NS208`},

		{`alltrue([true, true])`, `true`},
		{`alltrue([true, false])`, `false`},
		{`alltrue([])`, `true`},
		{`alltrue([null])`, `false`},
		{`alltrue(["x"])`, `NS208`},
		{`anytrue([true, false])`, `true`},
		{`anytrue([])`, `false`},
		{`anytrue([null])`, `false`},
		{`anytrue(1)`, `NS208`},
		{`coalesce(null, "a", "b")`, `"a"`},
		{`coalesce(null, 1)`, `1`},
		{`coalesce(null, null)`, `NS208`},
		{`compact(["a", "", null, "b"])`, `["a", "b"]`},
		{`compact("a")`, `NS208`},
		{`concat(["a"], [], ["b"])`, `["a", "b"]`},
		{`concat("a")`, `NS208`},
		{`contains(["a"], "a")`, `true`},
		{`contains([1], "1")`, `false`},
		{`contains("a", "a")`, `NS208`},
		{`contains(["a"], null)`, `false`},
		{`distinct(["a", "b", "a"])`, `["a", "b"]`},
		{`distinct("a")`, `NS208`},
		{`element(["a", "b"], 3)`, `"b"`},
		{`element(["a", "b"], -1)`, `"b"`},
		{`element([], 0)`, `NS208`},
		{`element(["a"], 0.5)`, `NS208`},
		{`flatten([["a", ["b"]], [], "c"])`, `["a", "b", "c"]`},
		{`flatten("a")`, `NS208`},
		{`keys({ b = 1, a = 2 })`, `["a", "b"]`},
		{`keys(["a"])`, `NS208`},
		{`values({ b = 1, a = 2 })`, `[2, 1]`},
		{`values(null)`, `NS208`},
		{`length(["a", "b"])`, `2`},
		{`length({ a = 1 })`, `1`},
		{`length("aé")`, `2`},
		{`length(toset([1, 1]))`, `1`},
		{`length(3)`, `NS208`},
		{`length(null)`, `NS208`},
		{`lookup({ a = 1 }, "a", 0)`, `1`},
		{`lookup({ a = 1 }, "b", 0)`, `0`},
		{`lookup(tomap({ a = 1 }), "b", "x")`, `NS208`},
		{`lookup([], "a", 1)`, `NS208`},
		{`merge({ a = 1, b = 1 }, { b = 2 })`, `{ a = 1, b = 2 }`},
		{`merge(null, { a = 1 })`, `{ a = 1 }`},
		{`merge([])`, `NS208`},
		{`range(3)`, `[0, 1, 2]`},
		{`range(2, 4)`, `[2, 3]`},
		{`range(4, 0, -2)`, `[4, 2]`},
		{`range(0)`, `[]`},
		{`range(2000)`, `NS208`},
		{`range(1, 2, 0)`, `NS208`},
		{`reverse(["a", "b"])`, `["b", "a"]`},
		{`reverse("ab")`, `NS208`},
		{`setproduct(["a"], ["x", "y"])`, `[["a", "x"], ["a", "y"]]`},
		{`setproduct(["a"], [])`, `[]`},
		{`setproduct(["a"])`, `NS208`},
		{`slice(["a", "b", "c"], 1, 3)`, `["b", "c"]`},
		{`slice(["a"], 0, 2)`, `NS208`},
		{`slice(["a"], 1, 0)`, `NS208`},
		{`sort(["b", "a", "B"])`, `["B", "a", "b"]`},
		{`sort([null])`, `NS208`},
		{`zipmap(["a", "b"], [1, 2])`, `{ a = 1, b = 2 }`},
		{`zipmap(["a"], [])`, `NS208`},

		{`can(1)`, `true`},
		{`can(tonumber("x"))`, `false`},
		{`can({}.a)`, `false`},
		{`can()`, `NS208`},
		{`can(1, 2)`, `NS208`},
		{`try(tonumber("x"), 2)`, `2`},
		{`try({}.a, [][0], "x")`, `"x"`},
		{`try(tonumber("x"))`, `NS208`},
		{`try()`, `NS208`},
		{`try([1]...)`, `NS208`},
		{`jsondecode("{\"a\":[1,null,true,\"x\"]}")`, `{ a = [1, null, true, "x"] }`},
		{`jsondecode("{")`, `NS208`},
		{`jsondecode("[1,]")`, `NS208`},
		{`tobool("true")`, `true`},
		{`tobool("yes")`, `NS208`},
		{`tonumber("8080")`, `8080`},
		{`tonumber("x")`, `NS208`},
		{`tonumber(null)`, `null`},
		{`tolist(["a", 1])`, `["a", "1"]`},
		{`tolist(toset(["b", "a"]))`, `["a", "b"]`},
		{`tolist("a")`, `NS208`},
		{`tomap({ a = "b" })`, `{ a = "b" }`},
		{`tomap({ a = 1, b = [] })`, `NS208`},
		{`tomap("a")`, `NS208`},
		{`toset(["b", "a", "b"])`, `["a", "b"]`},
		{`toset("a")`, `NS208`},
		{`tostring(8080)`, `"8080"`},
		{`tostring(1.5)`, `"1.5"`},
		{`tostring([])`, `NS208`},

		{`url_encode("a b/ü")`, `"a%20b%2F%C3%BC"`},
		{`url_encode([])`, `NS208`},
		{`base64encode("a?>")`, `"YT8+"`},
		{`base64encode(null)`, `NS208`},
		{`base64url("a?>")`, `"YT8-"`},
		{`base64url({})`, `NS208`},
		{`json("a\"b\n")`, `"\"a\\\"b\\n\""`},
		{`json(null)`, `NS208`},
		{`json_inner("a\"b")`, `"a\\\"b"`},
		{`json_inner([])`, `NS208`},
		{`json("a\r\u0301")`, `NS208`},
		{`json("\u0301")`, `"\"\u0301\""`},
		{`jsonencode(["\n\u0301"])`, `NS208`},
		{`yaml("a: b")`, `"\"a: b\""`},
		{`yaml(null)`, `NS208`},
		{`sql_literal("it's")`, `"'it''s'"`},
		{`sql_literal([])`, `NS208`},
		{`sql_ident("a\"b")`, `"\"a\"\"b\""`},
		{`sql_ident("")`, `NS208`},
		{`sql_ident(join("", [for i in range(64) : "a"]))`, `NS208`},
		{`nginx_quote("a b\"")`, `"\"a b\\\"\""`},
		{`nginx_quote("$x")`, `NS208`},
		{`shell_quote("it's")`, `"'it'\\''s'"`},
		{`shell_quote(null)`, `NS208`},
		{`dotenv("a b")`, `"'a b'"`},
		{`dotenv([])`, `NS208`},
		{`sha256hex("")`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
		{`sha256hex([])`, `NS208`},
		{`redis_acl_hash("")`, `"#e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
		{`redis_acl_hash(null)`, `NS208`},
		{`scram_verifier(null)`, `NS208`},
		{`bcrypt([])`, `NS208`},
		{`login("app")`, `NS208`},
		{`postgres_login_a("app")`, `NS208`},
		{`postgres_login_b("")`, `NS208`},
		{`pbkdf2_sha256({})`, `NS208`},
		{`jsonencode({ b = [1, null, true], a = "<&>" })`, `"{\"a\":\"<&>\",\"b\":[1,null,true]}"`},
		{`jsonencode(toset(["b", "a"]))`, `"[\"a\",\"b\"]"`},
		{`jsonencode(null)`, `"null"`},
		{`jsonencode(true ? null : null)`, `"null"`},
		{`jsonencode(1, 2)`, `NS207`},
	}
	works, fails := map[string]bool{}, map[string]bool{}
	for _, tc := range tables {
		name := tc.call[:strings.IndexByte(tc.call, '(')]
		got, diags := evaluate(t, tc.call, names{})
		if strings.HasPrefix(tc.want, "NS") {
			fails[name] = true
			if len(diags) != 1 || diags[0].Code != tc.want {
				t.Errorf("%s gives %#v and %d findings, want one %s", tc.call, got, len(diags), tc.want)
			}
			continue
		}
		works[name] = true
		want, hdiags := parse(t, tc.want).Value(nil)
		if hdiags.HasErrors() {
			t.Fatal(hdiags)
		}
		if diags.HasErrors() {
			t.Errorf("%s: %s %s", tc.call, diags[0].Code, diags[0].Detail)
		} else if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.call, diff)
		}
	}
	for _, f := range eval.Documentation() {
		salted := f.Name == "scram_verifier" || f.Name == "bcrypt" || f.Name == "pbkdf2_sha256" || // they give tokens
			f.Name == "login" || f.Name == "postgres_login_a" || f.Name == "postgres_login_b"
		if !fails[f.Name] || !works[f.Name] && !salted {
			t.Errorf("%s has no test that works, or none that fails", f.Name)
		}
	}
}

// asJSON writes a value by encoding/json, so that lists and tuples, and objects
// and maps, compare equal.
func asJSON(t testing.TB, v cty.Value) string {
	t.Helper()
	var walk func(v cty.Value) any
	walk = func(v cty.Value) any {
		ty := v.Type()
		switch {
		case v.IsNull():
			return nil
		case ty == cty.String:
			return v.AsString()
		case ty == cty.Bool:
			return v.True()
		case ty == cty.Number:
			f, _ := v.AsBigFloat().Float64()
			return f
		case ty.IsObjectType() || ty.IsMapType():
			out := map[string]any{}
			for k, e := range v.AsValueMap() {
				out[k] = walk(e)
			}
			return out
		}
		out := []any{}
		for _, e := range v.AsValueSlice() {
			out = append(out, walk(e))
		}
		return out
	}
	b, err := json.Marshal(walk(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFunctionExamples holds the examples of the reference against what they say.
func TestFunctionExamples(t *testing.T) {
	for _, f := range eval.Documentation() {
		call, says, ok := strings.Cut(f.Example, " // ")
		if !ok {
			if !strings.Contains(call, "var.") && !strings.Contains(call, "…") && f.Name != "toset" {
				t.Errorf("%s: the example does not say what it gives: %s", f.Name, call)
			}
			continue
		}
		got, diags := evaluate(t, call, names{})
		want, hdiags := parse(t, strings.TrimSuffix(strings.ReplaceAll(says, `{"a":[1]}`, `"{\"a\":[1]}"`), " ")).Value(nil)
		if diags.HasErrors() || hdiags.HasErrors() {
			t.Errorf("%s: %v %v", f.Example, diags, hdiags)
		} else if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Example, diff)
		}
	}
}

// TestSaltedFunctionsGiveTokens: only the host has the salt, even for a literal.
func TestSaltedFunctionsGiveTokens(t *testing.T) {
	for _, name := range []string{"scram_verifier", "bcrypt", "pbkdf2_sha256"} {
		v, diags := evaluate(t, name+`("x")`, names{})
		if diags.HasErrors() || !regexp.MustCompile("^\x00"+name+`\("x"\)`+"\x00$").MatchString(v.AsString()) {
			t.Errorf("%s gives %#v", name, v)
		}
	}
}

// TestJSONEncode holds jsonencode against encoding/json, which reads back what
// went in, and which finds keys in the order of its own.
func TestJSONEncode(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, 0) }).Draw(rt, "text")
		number := rapid.Float64Range(-1e300, 1e300).Draw(rt, "number")
		flag := rapid.Bool().Draw(rt, "flag")
		expr := fmt.Sprintf(`jsonencode({ text = %s, number = %g, flag = %v, null = null, (%s) = ["</script>", {}] })`, quoted(text), number, flag, quoted("k"+text))
		v, diags := evaluate(t, expr, names{})
		if diags.HasErrors() {
			if strings.ContainsFunc(text, unicode.IsMark) && diags[0].Code == "NS208" {
				return // a combining mark behind an escape
			}
			rt.Fatalf("%s: %s", expr, diags[0].Detail)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(v.AsString()), &got); err != nil {
			rt.Fatalf("%s is not JSON: %v", v.AsString(), err)
		}
		want := map[string]any{
			"text": composed(text), "number": number, "flag": flag, "null": nil,
			composed("k" + text): []any{"</script>", map[string]any{}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s came back otherwise (-want +got):\n%s", v.AsString(), diff)
		}
	})
}

// composed gives a text in the form that cty keeps texts in (NFC).
func composed(s string) string { return cty.StringVal(s).AsString() }

// quoted writes an HCL string, all ASCII.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return `"` + b.String() + `"`
}
