package eval_test

import (
	"strings"
	"testing"
)

// TestMessagesSayWhatIsThere holds the details of findings against what their
// reader has to know: the value by its name, and what it has.
func TestMessagesSayWhatIsThere(t *testing.T) {
	n := names{locals: map[string]string{
		"list": `["a", "b"]`, "one": `["a"]`, "text": `"a"`, "none": `null`, "map": `{ port = 1 }`, "set": `toset(["a"])`,
	}}
	for text, want := range map[string]string{
		`local.list[2]`:    "NS203 local.list is a list whose elements are [0] to [1].",
		`local.list[-1]`:   "NS203 local.list is a list whose elements are [0] to [1].",
		`local.list[1+1]`:  "NS203 local.list is a list whose elements are [0] to [1].",
		`local.list["b"]`:  "NS203 local.list is a list whose elements are [0] to [1].",
		`local.list.b`:     "NS203 local.list is a list: its elements are chosen by number, [0] to [1], or all at once with [*].",
		`local.one[1]`:     "NS203 local.one is a list whose only element is [0].",
		`[][0]`:            "NS203 This value is an empty list.",
		`local.set[0]`:     "NS203 local.set is a set, whose elements have no order and no names.",
		`local.text.size`:  "NS203 local.text is a string, which has no attributes and no elements.",
		`local.text[0]`:    "NS203 local.text is a string, which has no attributes and no elements.",
		`local.none.size`:  "NS203 local.none is null here, so it has nothing inside it.",
		`local.map[0]`:     "NS203 local.map is an object: what is in it is chosen by name. It has: port.",
		`local.map.prt`:    `NS203 local.map has no attribute named "prt". Did you mean "port"? It has: port.`,
		`local.map["prt"]`: `NS203 local.map has no attribute named "prt". Did you mean "port"? It has: port.`,
		`"a${local.list}"`: "NS207 Invalid template interpolation value. This is a list, which is no text.",
		`"a${local.map}"`:  "NS207 Invalid template interpolation value. This is an object, which is no text.",
		`"a${local.none}"`: "NS207 Invalid template interpolation value. This value is null here, which is no text.",
		`1 / 0`:            "NS207 Division by zero. What stands behind / or % is zero here.",
		`0 / "0"`:          "NS207 Division by zero. What stands behind / or % is zero here.",
		`5 % 0`:            "NS207 Division by zero. What stands behind / or % is zero here.",
	} {
		_, diags := evaluate(t, text, n)
		if len(diags) != 1 || !strings.HasPrefix(diags[0].Code+" "+diags[0].Detail, want) {
			t.Errorf("%s: want one finding: %s", text, want)
			for _, d := range diags {
				t.Logf("   %s %s", d.Code, d.Detail)
			}
		}
		if _, diags := evaluate(t, "try("+text+", 1)", n); len(diags) > 0 {
			t.Errorf("try(%s) hides nothing: %s", text, diags[0].Detail)
		}
	}
}
