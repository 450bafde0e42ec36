//go:build unix

package eval

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/source"
)

// TestPricesAreFair holds the prices of work against the time that it takes: what
// one unit of the budget pays for may take some times as long as in a plain
// loop, and not hundreds of times, or a stack within its budget could take
// minutes. Each case is slow in its own way.
func TestPricesAreFair(t *testing.T) {
	const fair = 25 // the dearest of these takes 5
	thousand := `[for i in range(1000) : "k${i}"]`
	plain := priceOf(t, `[for a in range(100) : [for b in range(100) : a + b]]`, nil)
	for name, c := range map[string]struct {
		text   string
		locals map[string]string
	}{
		"a tuple as a list":            {`[for a in range(3) : tolist(local.x)]`, map[string]string{"x": thousand}},
		"a tuple as a set":             {`toset(local.x)`, map[string]string{"x": thousand}},
		"an object as a map":           {`[for a in range(3) : tomap(local.x)]`, map[string]string{"x": `{ for i in range(1000) : "k${i}" => i }`}},
		"a list of differing tuples":   {`try(tolist([for i in range(40) : [for j in range(i) : j]]), 0)`, nil},
		"a list of differing objects":  {`tolist([for i in range(60) : { "k${i}" = { a = i } }])`, nil},
		"sort":                         {`[for a in range(3) : sort(local.x)]`, map[string]string{"x": thousand}},
		"join":                         {`[for a in range(3) : join(",", local.x)]`, map[string]string{"x": thousand}},
		"distinct":                     {`distinct(local.x)`, map[string]string{"x": thousand}},
		"distinct objects":             {`distinct([for i in range(300) : { a = { b = i } }])`, nil},
		"a set as a list":              {`[for a in range(3) : [for x in local.x : x]]`, map[string]string{"x": `toset(` + thousand + `)`}},
		"sets held against each other": {`local.x == local.x`, map[string]string{"x": `toset([for i in range(300) : "k${i}"])`}},
		"a set of objects":             {`toset([for i in range(200) : { a = [i, i, i] }])`, nil},
		"a set of combinations":        {`setproduct(toset(range(20)), toset(range(20)))`, nil},
		"nests held against each other": {`local.e == local.e`, map[string]string{
			"a": `["x", "y"]`, "b": `[local.a, local.a]`, "c": `[local.b, local.b]`, "d": `[local.c, local.c, local.c]`, "e": `[local.d, local.d, local.d]`,
		}},
		"branches of differing types":    {`true ? local.x : local.y`, map[string]string{"x": `{ for i in range(200) : "a${i}" => i }`, "y": `{ for i in range(200) : "b${i}" => i }`}},
		"a wrong name in a large object": {`[for a in range(300) : try(local.x["zk${a}"], 0)]`, map[string]string{"x": `{ for i in range(500) : "k${i}" => i }`}},
		"a text of wide letters":         {`[for a in range(4) : length(local.x)]`, map[string]string{"x": `"` + strings.Repeat("é", 20_000) + `"`}},
		"a text of wide letters, joined": {`[for a in range(4) : "${local.x}a"]`, map[string]string{"x": `"` + strings.Repeat("é", 50_000) + `"`}},
		"fractions":                      {`[for a in range(20) : jsonencode(local.x)]`, map[string]string{"x": `[for i in range(5) : 1e-300 / 7]`}},
		"remainders":                     {`[for a in range(1000) : local.x % 7]`, map[string]string{"x": `1e300`}},
		"regular expressions":            {`[for a in range(50) : regex("a${a}|[b-z]{1,90}|(c?){60}", "a${a}")]`, nil},
		"many effects":                   {`[for a in range(50) : "${local.x}"]`, map[string]string{"x": `join("", values(service.all))`}},
		"many effects, in a function":    {`[for a in range(20) : endswith(local.x, "a")]`, map[string]string{"x": `join("", values(service.all))`}},
	} {
		if got := priceOf(t, c.text, c.locals); got > fair*plain {
			t.Errorf("%s: %.1f ns for a unit of work, and %.1f in a plain loop", name, got, plain)
		}
	}
}

// priceOf gives the nanoseconds that a unit of work takes, the better of two tries.
func priceOf(t *testing.T, text string, locals map[string]string) float64 {
	t.Helper()
	best := 0.0
	for range 2 {
		const work = 64 << 20
		ev, sc := New(work), NewScope(nil)
		hosts := map[string]cty.Value{}
		for i := range 500 {
			name := fmt.Sprintf("s%d", i)
			hosts[name] = (&Effect{Address: "service." + name}).On(cty.StringVal(name))
		}
		sc.Root("service", "service").Declare("all", Constant("service.all", "service", source.Range{}, cty.ObjectVal(hosts)))
		for name, expr := range locals {
			e := expression(t, expr)
			sc.Root("local", "local value").Declare(name, &Node{
				Address: "local." + name, Noun: "local value", Range: source.Range{File: name},
				Compute: func(ev *Evaluator) (cty.Value, bool) { return ev.Eval(e, sc) },
			})
		}
		e := expression(t, text)
		start := processor(t)
		ev.Value(e, sc)
		took := processor(t) - start
		for _, d := range ev.Diagnostics() {
			t.Fatalf("%s: %s", text, d.Detail)
		}
		if price := float64(took) / float64(work-ev.budget); best == 0 || price < best {
			best = price
		}
	}
	return best
}

func expression(t *testing.T, text string) hclsyntax.Expression {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return e
}

// processor gives the nanoseconds that the processors have worked for this
// process.
func processor(t *testing.T) int64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
