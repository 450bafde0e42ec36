package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// elements reads the list of a text as the language does.
func elements(t *testing.T, text string) []ir.String {
	t.Helper()
	f, diags := hclsyntax.ParseConfig([]byte(text), "f.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%v in\n%s", diags, text)
	}
	var out []ir.String
	list := f.Body.(*hclsyntax.Body).Attributes["recipients"].Expr.(*hclsyntax.TupleConsExpr)
	for _, e := range list.Exprs {
		v, diags := e.Value(nil)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		out = append(out, source.At(v.AsString(), source.FromHCL(e.Range())))
	}
	return out
}

func names(list []ir.String) string {
	var out []string
	for _, v := range list {
		out = append(out, v.V)
	}
	return strings.Join(out, " ")
}

// TestEditRecipients holds that the edited list is the one that was meant, in every
// layout, and that no comment is lost.
func TestEditRecipients(t *testing.T) {
	for name, text := range map[string]string{
		"a line each":         "recipients = [\n  \"a\", # alice\n  \"b\", // bob\n  \"c\",\n]\n",
		"no last comma":       "recipients = [\n  \"a\",\n  \"b\",\n  \"c\"\n]\n",
		"no comma, a comment": "recipients = [\n  \"a\",\n  \"b\",\n  \"c\" # carol\n]\n",
		"one line":            "recipients = [\"a\", \"b\", \"c\"] # who\n",
		"one line, a comma":   "recipients = [\"a\",\"b\",\"c\",]\n",
		"two lines":           "recipients = [\"a\", \"b\",\n  \"c\"]\n",
		"brackets beside":     "recipients = [\"a\",\n  \"b\",\n  \"c\"]",
		"tabs":                "recipients = [\n\t\"a\",\n\t\"b\"\n\t,\"c\"\n]\n",
	} {
		t.Run(name, func(t *testing.T) {
			text += "other = 1"
			if !strings.HasSuffix(text, "\nother = 1") {
				text = strings.Replace(text, "other", "\nother", 1)
			}
			list := elements(t, text)
			got, err := withRecipient([]byte(text), list, "d")
			if err != nil {
				t.Fatal(err)
			}
			if now := names(elements(t, string(got))); now != "a b c d" {
				t.Errorf("added: %s in\n%s", now, got)
			}
			for _, comment := range []string{"# alice", "// bob", "# carol", "# who", "other = 1"} {
				if strings.Contains(text, comment) && !strings.Contains(string(got), comment) {
					t.Errorf("%q is lost in\n%s", comment, got)
				}
			}
			for _, key := range []string{"a", "b", "c"} {
				got, err := withoutRecipient([]byte(text), list, key)
				if err != nil {
					t.Fatal(err)
				}
				want := strings.Join(slices.DeleteFunc([]string{"a", "b", "c"}, func(k string) bool { return k == key }), " ")
				if now := names(elements(t, string(got))); now != want {
					t.Errorf("without %s: %s in\n%s", key, now, got)
				}
			}
			again, err := withRecipient([]byte(text), list, "d")
			if err != nil {
				t.Fatal(err)
			}
			back, err := withoutRecipient(again, elements(t, string(again)), "d")
			if err != nil || names(elements(t, string(back))) != "a b c" {
				t.Errorf("there and back: %v\n%s", err, back)
			}
		})
	}
	text := "recipients = [\"a\", \"b\"]\n"
	list := elements(t, text)
	for what, bad := range map[string][]ir.String{
		"none":       nil,
		"a variable": {source.At("a", list[0].Range), source.At("b", list[0].Range)},
		"elsewhere":  {source.At("b", list[0].Range)},
	} {
		if got, err := withRecipient([]byte(text), bad, "d"); err == nil {
			t.Errorf("%s: %s", what, got)
		}
		if got, err := withoutRecipient([]byte(text), bad, "a"); err == nil {
			t.Errorf("%s: %s", what, got)
		}
	}
}
