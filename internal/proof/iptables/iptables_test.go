package iptables_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestOptions: each option is read where its match or target stands.
func TestOptions(t *testing.T) {
	for line, want := range map[string]iptables.Rule{
		`-A A -j DROP`:  {Options: []iptables.Option{{"-j", "DROP"}}},
		`-A A -j DROP `: {Options: []iptables.Option{{"-j", "DROP"}}},
		`-A A -i br-+ -o lo -s 10.0.0.0/8 -d 10.0.0.1 -p udp -g B`: {Options: []iptables.Option{
			{"-i", "br-+"}, {"-o", "lo"}, {"-s", "10.0.0.0/8"}, {"-d", "10.0.0.1"}, {"-p", "udp"}, {"-g", "B"},
		}},
		`-A A -p tcp --dport 22 --sport 1024:65535`: {Options: []iptables.Option{{"-p", "tcp"}, {"--dport", "22"}, {"--sport", "1024:65535"}}},
		`-A A -m udp --dport 53 --sport 53`:         {Matches: []string{"udp"}, Options: []iptables.Option{{"--dport", "53"}, {"--sport", "53"}}},
		`-A A -m conntrack --ctstate NEW --ctorigsrc 10.0.0.1 --ctorigdst 10.0.0.2`: {
			Matches: []string{"conntrack"}, Options: []iptables.Option{{"--ctstate", "NEW"}, {"--ctorigsrc", "10.0.0.1"}, {"--ctorigdst", "10.0.0.2"}},
		},
		`-A A -j LOG --log-prefix "" --log-level 4`: {Options: []iptables.Option{{"-j", "LOG"}, {"--log-prefix", ""}, {"--log-level", "4"}}},
		`-A A -j D\R"O\P"`:                          {Options: []iptables.Option{{"-j", `D\ROP`}}},
	} {
		table, err := iptables.Parse("*filter\n:A - [0:0]\n" + line + "\nCOMMIT\n")
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		want.Line, want.Chain = 3, "A"
		if diff := cmp.Diff(want, table.Rules[0]); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	long := strings.Repeat("A", 28)
	if table, err := iptables.Parse("*filter\n:" + long + " - [0:0]\nCOMMIT\n"); err != nil || !table.Declares(long) {
		t.Errorf("the longest name: %v", err)
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
		"*filter\n*filter\n:A - [0:0]\nCOMMIT\n", "*filter\n:A - [0:0]\nCOMMIT\nCOMMIT\n", "*filter\n:A - [0:0]\n COMMIT\n", "COMMIT\n", "*filter\n:A - [1:60]\nCOMMIT\n",
		"\ufeff*filter\n:A - [0:0]\nCOMMIT\n", "*filter\r\n:A - [0:0]\r\nCOMMIT\r\n", "*filter\n:A - [0:0]\n-A A -j DROP\r\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A\t-j DROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -j \x7fDROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -s 10.0.0.0/8 -j\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -j DROP # all\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -m LOG --log-prefix x\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -m \"\" -j DROP\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -i LOG --log-prefix x\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -s tcp --dport 22\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A --dport 22 -p tcp\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -s 10.0.0.1 ! -d 10.0.0.2 -j DROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -s ! 10.0.0.1 -j DROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -s \"\" -s 10.0.0.1 -j DROP\nCOMMIT\n",
		"*filter\n:A - [0:0]\n[1:60] -A A -j DROP\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -j DROP \\\n-A A -j RETURN\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A --jump DROP\nCOMMIT\n",
		"*filter\n:A - [0:0]\n-A A -jDROP -s1\nCOMMIT\n", "*filter\n:A - [0:0]\n-A A -m comment --comment 'a b' -j DROP\nCOMMIT\n",
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
