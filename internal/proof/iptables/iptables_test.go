package iptables_test

import (
	"slices"
	"strings"
	"testing"

	"nselfc/internal/proof/iptables"
)

func TestParse(t *testing.T) {
	table, err := iptables.Parse("# one\n*filter\n:A - [0:0]\n#= x\n-A A -s 10.0.0.0/8 -p tcp -m conntrack --ctstate DNAT --ctorigdstport 80 -m comment --comment \"a \\\"b\\\"\" -j RETURN\n" +
		"-A A -m limit --limit 3/min -j LOG --log-prefix \"[X] \"\nCOMMIT\n# end\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Chains) != 1 || !table.Declares("A") || table.Declares("B") || table.Chains[0].Line != 3 || table.Chains[0].Policy != "-" {
		t.Errorf("%+v", table.Chains)
	}
	if len(table.Comments) != 3 || table.Comments[1] != (iptables.Comment{Line: 4, Text: "= x"}) {
		t.Errorf("%+v", table.Comments)
	}
	r := table.Rules[0]
	if r.Line != 5 || r.Chain != "A" || r.Get("--ctorigdstport") != "80" || r.Get("--comment") != `a "b"` || r.Get("-d") != "" ||
		!slices.Equal(r.Matches, []string{"conntrack", "comment"}) {
		t.Errorf("%+v", r)
	}
	if table.Rules[1].Get("--log-prefix") != "[X] " {
		t.Errorf("%+v", table.Rules[1])
	}
}

// TestRefuses: a table that is not whole, what is no rule, and options that the rule
// has no match for.
func TestRefuses(t *testing.T) {
	for _, bad := range []string{
		"", "*filter\n:A - [0:0]\n", "*filter\nCOMMIT\n-A A -j DROP\n", "*filter\nCOMMIT\n*filter\nCOMMIT\n", "*nat\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -m comment --comment \"x -j DROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A --ctstate NEW -j DROP\nCOMMIT\n",
		"*filter\n:A - [0:0]\n:A - [0:0]\nCOMMIT\n", "*filter\n:A\nCOMMIT\n", "*filter\n:A - [0:0]\n-I A -j DROP\nCOMMIT\n",
		"*filter\n:" + strings.Repeat("A", 29) + " - [0:0]\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -j DROP -j DROP\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -j\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A ! -s 10.0.0.1 -j DROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -j D\x01P\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -m comment --comment \"x\\\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -m socket -j RETURN\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -m set --match-set x src -j RETURN\nCOMMIT\n",
	} {
		if _, err := iptables.Parse(bad); err == nil {
			t.Errorf("taken:\n%s", bad)
		}
	}
}

// FuzzParse: every rule that is read stands in the text, and every other line is
// refused or a comment.
func FuzzParse(f *testing.F) {
	f.Add("*filter\n:A - [0:0]\n-A A -j DROP\nCOMMIT\n")
	f.Add("*filter\n:A - [0:0]\n-A A -m comment --comment \"\\\"\" -j DROP\n#\nCOMMIT")
	f.Fuzz(func(t *testing.T, s string) {
		table, err := iptables.Parse(s)
		if err != nil {
			return
		}
		lines := strings.Split(s, "\n")
		for _, r := range table.Rules {
			if !strings.HasPrefix(strings.TrimLeft(lines[r.Line-1], " "), "-A") || !strings.Contains(lines[r.Line-1], r.Chain) {
				t.Errorf("%q is read as %+v", lines[r.Line-1], r)
			}
		}
		blank := 0
		for _, l := range lines {
			if l == "" {
				blank++
			}
		}
		if got := len(table.Rules) + len(table.Chains) + len(table.Comments) + 2 + blank; got != len(lines) {
			t.Errorf("%d lines, and %d are understood", len(lines), got)
		}
	})
}
