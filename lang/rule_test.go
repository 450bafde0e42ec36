package lang_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang"
	"nselfc/lang/shape"
)

const aRule = `
rule "ORG-001" {
  severity = "medium"
  for_each = { for name, s in services : name => s if s.store == "postgres" }
  assert {
    condition = each.value.registry == var.registry && services[each.key].tag != ""
    message   = "${each.key} comes from ${each.value.registry}."
  }
}
`

// theRule compiles a stack of one rule and gives the rule.
func theRule(t *testing.T, f files) *lang.Rule {
	t.Helper()
	s, diags := evaluated(t, f)
	if len(diags) > 0 || len(s.Rules) != 1 {
		t.Fatalf("%d rules: %s", len(s.Rules), list(diags))
	}
	return s.Rules[0]
}

// TestRuleOfAModule: a rule that a module brings sees the variables of the module,
// which counts as their use, and the model that it is given.
func TestRuleOfAModule(t *testing.T) {
	const variable = "variable \"registry\" {\n  type = string\n}\n"
	r := theRule(t, files{
		"nself.hcl":                  "stack \"t\" {}\nmodule \"org\" {\n  source   = \"./policy/org\"\n  registry = \"ghcr.io\"\n}\n",
		"policy/org/r.hcl":           variable + aRule,
		"policy/org/t.nselftest.hcl": "not even HCL {",
	})
	if r.Address != "module.org.rule.ORG-001" || r.ID.V != "ORG-001" || r.Site().File != "nself.hcl" {
		t.Errorf("%s %s %v", r.Address, r.ID.V, r.Site())
	}
	var got []lang.Breach
	diags := r.Judge(shape.Sample(shape.Full), func(b lang.Breach) { got = append(got, b) })
	if len(diags) > 0 || len(got) != 1 {
		t.Fatalf("%d breaches: %s", len(got), list(diags))
	}
	if b := got[0]; b.Key != "api" || b.Message != "api comes from registry.example.com." || b.Condition.Start.Line != 9 {
		t.Errorf("%+v", b)
	}
	var reads []string
	for _, read := range got[0].Reads {
		reads = append(reads, strings.TrimSpace(read.Text+" "+read.Address+" "+strings.Join(read.Path, ".")))
	}
	want := []string{"each.value.registry service.api registry", "var.registry", "services", "each.key", "each.value service.api"}
	slices.Sort(reads)
	slices.Sort(want)
	if diff := cmp.Diff(want, reads); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
}

// TestRuleHoldsForNothing: a rule finds nothing where its for_each gives nothing.
func TestRuleHoldsForNothing(t *testing.T) {
	r := theRule(t, files{"nself.hcl": "stack \"t\" {}\nvariable \"registry\" {\n  default = \"x\"\n}\n" + aRule})
	for _, fill := range []shape.Fill{shape.Bare, shape.Empty} {
		if diags := r.Judge(shape.Sample(fill), func(b lang.Breach) { t.Errorf("%+v", b) }); len(diags) > 0 {
			t.Error(list(diags))
		}
	}
}

// TestRuleOfAnUnknownStack: what a real stack lacks is found when the rule is judged,
// once, and says for which element.
func TestRuleOfAnUnknownStack(t *testing.T) {
	r := theRule(t, files{"nself.hcl": `stack "t" {}
rule "ORG-001" {
  severity = "low"
  for_each = services
  assert {
    condition = services["db"].replicas == 1
    message   = "x"
  }
}
`})
	model := shape.Sample(shape.Full)
	element := model["services"].Index(cty.StringVal("api"))
	model["services"] = cty.MapVal(map[string]cty.Value{"api": element, "web": element})
	diags := r.Judge(model, func(b lang.Breach) { t.Errorf("%+v", b) })
	if len(diags) != 1 || diags[0].Code != "NS203" || !strings.Contains(diags[0].Detail, `the element "api"`) {
		t.Error(list(diags))
	}
}

// TestTooManyRules bounds what every object is judged by.
func TestTooManyRules(t *testing.T) {
	var b strings.Builder
	b.WriteString("stack \"t\" {}\n")
	for i := range 501 {
		b.WriteString("rule \"R" + strings.Repeat("A", i/26) + string(rune('A'+i%26)) + "\" {\n  severity = \"low\"\n  assert {\n    condition = true\n    message = \"x\"\n  }\n}\n")
	}
	s, diags := evaluated(t, files{"nself.hcl": b.String()})
	if len(s.Rules) != 500 || len(diags) != 1 || diags[0].Code != "NS2203" {
		t.Errorf("%d rules: %s", len(s.Rules), list(diags))
	}
}

func TestPageOfARule(t *testing.T) {
	r := theRule(t, files{"nself.hcl": "stack \"t\" {}\nvariable \"registry\" {\n  default = \"x\"\n}\n" + strings.Replace(aRule, "  for_each", `  title = "Foreign registry"
  doc = "Images are scanned there."
  ref = ["CIS Docker Benchmark 4.2"]
  example "ours" {
    passes = "service \"api\" {}"
  }
  for_each`, 1)})
	want := "# ORG-001: Foreign registry\n\nImages are scanned there.\n\nSeverity: medium. Declared at nself.hcl:6.\n\n## References\n\n- CIS Docker Benchmark 4.2\n\n" +
		"## Right: ours\n\n```hcl\nservice \"api\" {}\n```\n"
	if diff := cmp.Diff(want, r.Page()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTyposBehindFilters: an attribute that no object has is found where a filter leaves
// every sample out, in for_each too; what the filter guards against is not held against it.
func TestTyposBehindFilters(t *testing.T) {
	const other = `s.store == "some other"`
	for _, tt := range []struct {
		forEach, condition, message string
		want                        string // the attribute that there is not
	}{
		{`services`, `alltrue([for s in services : s.nam == "x" if ` + other + `])`, `"x"`, "nam"},
		{`services`, `alltrue([for s in services : alltrue([for p in s.ports : p.nam == "x" if p.container == 9]) if ` + other + `])`, `"x"`, "nam"},
		{`services`, `length({ for s in services : s.nam => s if ` + other + ` }) == 0`, `"x"`, "nam"},
		{`{ for n, s in services : n => s.nam if ` + other + ` }`, `true`, `"x"`, "nam"},
		{`{ for n, s in services : n => s if ` + other + ` }`, `each.value.nam == "x"`, `"x"`, "nam"},
		{`{ for n, s in services : n => s if ` + other + ` }`, `true`, `"${each.value.nam} is wrong"`, "nam"},
		{`[for s in services : s if ` + other + `]`, `each.value.nam == "x"`, `"x"`, "nam"},

		{`{ for n, s in services : n => s if ` + other + ` }`, `each.value.name == "x"`, `"x"`, ""},
		{`{ for n, s in services : n => s if s.build != null }`, `each.value.build.context == "x"`, `"x"`, ""},
		{`{ for n, s in services : n => s if s.memory != null }`, `each.value.memory < 5`, `"x"`, ""},
		{`{ for n, s in services : n => s if can(regex("^v[0-9]+$", s.tag)) }`, `parseint(trimprefix(each.value.tag, "v"), 10) > 3`, `"x"`, ""},
		{`{ for n, s in services : parseint(s.tag, 10) => s if can(parseint(s.tag, 10)) }`, `true`, `"x"`, ""},
		{`services`, `alltrue([for s in services : s.build.context == "x" if s.build != null])`, `"x"`, ""},
		{`services`, `alltrue([for s in services : try(s.nam, "") == "" if ` + other + `])`, `"x"`, ""},
	} {
		_, diags := evaluated(t, files{"nself.hcl": "stack \"t\" {}\nrule \"ORG-001\" {\n  severity = \"low\"\n  for_each = " + tt.forEach +
			"\n  assert {\n    condition = " + tt.condition + "\n    message   = " + tt.message + "\n  }\n}\n"})
		switch {
		case tt.want == "" && len(diags) > 0:
			t.Errorf("%s, %s: %s", tt.forEach, tt.condition, list(diags))
		case tt.want != "" && (len(diags) != 1 || diags[0].Code != "NS203" || !strings.Contains(diags[0].Detail, `no attribute named "`+tt.want+`"`)):
			t.Errorf("%s, %s, %s: %s", tt.forEach, tt.condition, tt.message, list(diags))
		}
	}
}

// TestMessageThatSaysNothing: a finding without a word is refused when the rule is loaded.
func TestMessageThatSaysNothing(t *testing.T) {
	for message, want := range map[string]int{`""`: 1, `"  "`: 1, `"x"`: 0, `"${stack.domain}"`: 0} {
		_, diags := evaluated(t, files{"nself.hcl": "stack \"t\" {}\nrule \"ORG-001\" {\n  severity = \"low\"\n  assert {\n    condition = true\n    message   = " + message + "\n  }\n}\n"})
		if len(diags) != want || want == 1 && diags[0].Code != "NS211" {
			t.Errorf("%s: %s", message, list(diags))
		}
	}
}
