//go:build unix

package eval_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"nselfc/lang/diag"
)

// TestWorkIsBounded: whatever is written, an answer comes within a second, and
// what would take longer is refused as too large.
func TestWorkIsBounded(t *testing.T) {
	big := `"` + strings.Repeat("x", 1<<20) + `"`
	digits := strings.Repeat("1", 1<<20)
	nested := strings.Repeat("[", 99) + "local.l" + strings.Repeat("]", 99)
	chain := func(first, step string, n int) map[string]string {
		out := map[string]string{"l0": first}
		for i := 1; i <= n; i++ {
			out[fmt.Sprintf("l%d", i)] = strings.ReplaceAll(step, "PREV", fmt.Sprintf("local.l%d", i-1))
		}
		return out
	}
	for _, tc := range []struct {
		name, text, code string
		locals           map[string]string
	}{
		{"laughs by locals", "local.l9", "NS209", chain(`"lol"`, `"${PREV}${PREV}${PREV}${PREV}${PREV}${PREV}${PREV}${PREV}${PREV}${PREV}"`, 9)},
		{"laughs by tuples", "local.l9", "NS209", chain(`"lol"`, `[PREV, PREV, PREV, PREV, PREV, PREV, PREV, PREV, PREV, PREV]`, 9)},
		{"laughs by objects", "jsonencode(local.l20)", "NS209", chain(`{ a = "lol" }`, `{ a = PREV, b = PREV, c = PREV }`, 20)},
		{"laughs by loops", "local.l9", "NS209", chain(`["lol"]`, `flatten([for a in PREV : [for b in range(10) : a]])`, 9)},
		{"laughs by loops in a template", "local.l9", "NS209", chain(`"lol"`, `"%{ for x in range(10) }${PREV}%{ endfor }"`, 9)},
		{"laughs by concat", "local.l30", "NS209", chain(`["lol"]`, `concat(PREV, PREV)`, 30)},
		{"laughs by join", "local.l9", "NS209", chain(`"lol"`, `join(PREV, ["", "", "", "", "", "", "", "", ""])`, 9)},
		{"laughs by replace", "local.l9", "NS209", chain(`"xxxxxxxxxx"`, `replace(PREV, "x", PREV)`, 9)},
		{"laughs by json", "local.l40", "NS209", chain(`"\""`, `json(PREV)`, 40)},
		{"laughs by merge", "jsonencode(local.l30)", "NS209", chain(`{}`, `merge(PREV, { for k, v in { a = PREV, b = PREV } : k => v })`, 30)},
		{"laughs by zipmap and values", "local.l30", "NS209", chain(`["lol"]`, `values(zipmap(["a", "b"], [PREV, PREV]))`, 30)},
		{"loops in loops", `[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]`, "NS209", nil},
		{"loops in loops of a template", `"%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }"`, "NS209", nil},
		{"a loop whose result is thrown away", `length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]])`, "NS209", nil},
		{"a loop behind try", `try([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]], 1)`, "NS209", nil},
		{"a loop in a condition", `[for a in range(1000) : a if length([for b in range(1000) : [for c in range(1000) : 1]]) > 0]`, "NS209", nil},
		{"a loop in a branch not taken", `true ? 1 : length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]])`, "NS209", nil},
		{"setproduct", `setproduct(range(1000), range(1000), range(1000))`, "NS209", nil},
		{"format", `format(local.f, 1)`, "NS209", map[string]string{"f": `join("", [for i in range(1000) : join("", [for j in range(30) : "%[1]999d"])])`}},
		{"format with a wide verb", `format("%10000000s", "x")`, "NS208", nil},
		{"indent", `indent(100, local.f)`, "NS209", map[string]string{"f": `join("\n", [for i in range(1000) : join("\n", range(1000))])`}},
		{"split", `split("", local.big)`, "NS209", map[string]string{"big": big}},
		{"distinct", `distinct(concat([for i in range(1000) : [for j in range(10) : "${i}-${j}"]]...))`, "", nil},
		{"a regular expression with many states", `regex("(a?){500}(b?){500}c", local.big)`, "NS209", map[string]string{"big": big}},
		{"jsondecode of nests", `jsondecode(local.f)`, "NS208", map[string]string{"f": `"` + strings.Repeat("[", 1<<14) + `"`}},
		{"jsondecode of many values", `jsondecode(local.f)`, "NS209", map[string]string{"f": `"[` + strings.Repeat("1,", 1<<18) + `1]"`}},
		{"jsondecode of digits", `jsondecode(local.f)`, "NS208", map[string]string{"f": `"` + digits[:1<<14] + `"`}},
		{"jsondecode of an exponent", `tostring(jsondecode("1e10000000"))`, "NS209", nil},
		{"a number of digits", `local.f + 1`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits for a function", `abs(local.f)`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits for max", `max(1, local.f)`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits for format", `format("%d", local.f)`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits as an index", `["a"][local.f]`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits in parseint", `parseint(local.f, 10)`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits in tonumber", `tonumber(local.f)`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"numbers of digits in sum", `sum([local.f])`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"a number of digits to be negated", `-local.f`, "NS209", map[string]string{"f": `"` + digits + `"`}},
		{"an exponent as text", `"${tonumber("1e10000000")}"`, "NS209", nil},
		{"an exponent of an operator", `"${"1e10000000" + 1}"`, "NS209", nil},
		{"an exponent in format", `format("%f", "1e10000000")`, "NS209", nil},
		{"a small exponent", `"${tonumber("1e-10000000")}"`, "NS209", nil},
		{"powers", `"${local.l9}"`, "NS209", chain(`1e300`, `PREV * PREV * PREV`, 9)},
		{"fractions", `"${local.l9}"`, "NS209", chain(`1e-300`, `PREV * PREV * PREV`, 9)},
		{"infinity", `"${tonumber("inf")}"`, "NS209", nil},
		{"a chain of references", "local.l20000", "NS209", chain(`"x"`, `PREV`, 20_000)},
		{"a chain of nests", "local.l100", "", chain(`"x"`, `[PREV]`, 100)},
		{"a long chain of nests", "local.l900", "NS209", chain(`"x"`, `[PREV]`, 900)},
		{"deep nests of nests", "jsonencode(local.l1)", "", chain(`"x"`, strings.ReplaceAll(nested, "local.l", "PREV"), 1)},
		{"a long comparison", "local.l10 == local.l10", "", chain(`["x", "y"]`, `[PREV, PREV]`, 10)},
		{"a longer comparison", "local.l12 == local.l12", "NS209", chain(`["x", "y"]`, `[PREV, PREV]`, 12)},
		{"a union of many types", `tolist([for i in range(1000) : { "k${i}" = i }])`, "", nil},
		{"a union of more types", `tolist([for i in flatten([range(1000), range(1000, 2000)]) : { "k${i}" = i }])`, "NS209", nil},
		{"a union of tuples", `tolist([for i in range(200) : [for j in range(i) : j]])`, "NS209", nil},
		{"a long list, sorted", `sort(flatten([for i in range(20) : [for j in range(1000) : "${i}-${j}"]]))`, "", nil},
		{"a big text", "local.big", "", map[string]string{"big": big}},
		{"a big text four times", `"${local.big}${local.big}${local.big}${local.big}"`, "NS209", map[string]string{"big": big}},
		{"a big text, encoded for JSON", `jsonencode([local.big, local.big])`, "", map[string]string{"big": big}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var diags diag.List
			var took time.Duration
			for range 5 { // a machine that is lent out by the slice counts what it gave to others
				start := busy(t)
				_, diags = evaluate(t, tc.text, names{locals: tc.locals})
				if took = busy(t) - start; took < time.Second {
					break
				}
			}
			if took > time.Second {
				t.Errorf("took %v of a processor", took)
			}
			switch {
			case tc.code == "" && len(diags) > 0:
				t.Errorf("%s %s", diags[0].Code, diags[0].Detail)
			case tc.code != "" && (len(diags) != 1 || diags[0].Code != tc.code):
				t.Errorf("%d findings, want one %s", len(diags), tc.code)
				for _, d := range diags {
					t.Logf("   %s %.200s", d.Code, d.Detail)
				}
			}
		})
	}
}

// busy gives the time that the processors have worked for this process, which
// does not grow when the machine is busy with something else.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
