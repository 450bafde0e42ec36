package doctor

import (
	"slices"
	"strings"
	"testing"
)

// TestHidden: a rule of the kernel is judged by what it lets in that ufw does not show,
// wherever it stands; what ufw and Docker write by themselves makes no noise.
func TestHidden(t *testing.T) {
	const user, before, input, forward = "-A ufw-user-input -s 203.0.113.0/24", "-A ufw-before-input -i lo -j ACCEPT\n", "-A INPUT -j ufw-track-input\n", "-A FORWARD -j ufw-before-forward\n"
	put := func(rules, at string) func(b *bench) {
		return func(b *bench) {
			said := b.say["iptables-save -t filter"].Out
			i := strings.Index(said, at)
			if i < 0 {
				b.t.Fatalf("%q", at)
			}
			b.say["iptables-save -t filter"] = Said{Out: said[:i] + rules + said[i:]}
		}
	}
	after := func(rules string) func(b *bench) {
		return func(b *bench) {
			b.say["iptables-save -t filter"] = Said{Out: b.say["iptables-save -t filter"].Out + rules}
		}
	}
	for name, c := range map[string]struct {
		spoil  func(b *bench)
		hidden bool
	}{
		"a database":                      {put("-A ufw-user-input -p tcp -m tcp --dport 5432 -j ACCEPT\n", user), true},
		"everything":                      {put("-A ufw-before-input -j ACCEPT\n", before), true},
		"from one network":                {put("-A ufw-user-input -s 10.0.0.0/8 -j ACCEPT\n", user), true},
		"a range around what is declared": {put("-A ufw-user-input -p tcp -m tcp --dport 443:444 -j ACCEPT\n", user), true},
		"one of several ports":            {put("-A ufw-user-input -p tcp -m multiport --dports 80,443,8080 -j ACCEPT\n", user), true},
		"all but a port":                  {put("-A ufw-user-input -p tcp -m tcp ! --dport 22 -j ACCEPT\n", user), true},
		"ssh from everywhere":             {put("-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n", user), true},
		"ssh without the limit":           {put("-A ufw-user-input -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -j ACCEPT\n", user), true},
		"another protocol":                {put("-A ufw-user-input -p udp -m udp --dport 443 -j ACCEPT\n", user), true},
		"at the end of INPUT":             {after("-A INPUT -p tcp -m tcp --dport 9000 -j ACCEPT\n"), true},
		"between the jumps":               {put("-A INPUT -p tcp -m tcp --dport 9000 -j ACCEPT\n", input), true},
		"after ufw's own":                 {after("-A ufw-after-input -p tcp -m tcp --dport 9000 -j ACCEPT\n"), true},
		"by a chain of its own":           {after("-A ufw-after-input -j tools\n-A tools -p tcp -m tcp --dport 9000 -j ACCEPT\n"), true},
		"by a chain for some":             {after("-A ufw-after-input -p tcp -j tools\n-A tools -p tcp -m tcp --dport 9000 -j ACCEPT\n"), true},
		"by a chain without return":       {after("-A ufw-after-input -g tools\n-A tools -p tcp -m tcp --dport 9000 -j ACCEPT\n"), true},
		"a remark of ours":                {put("-A ufw-user-input -p tcp -m tcp --dport 5432 -m comment --comment \"nself:shop-prod:ingress-https\" -j ACCEPT\n", user), true},
		"handed on":                       {put("-A ufw-before-forward -i eth0 -p tcp -m tcp --dport 5432 -j ACCEPT\n", "-A ufw-before-forward -m conntrack"), true},
		"handed on, after DOCKER-USER":    {put("-A FORWARD -i eth0 -j ACCEPT\n", forward), true},
		"handed on, after NSELF":          {after("-A DOCKER-USER -i eth0 -j ACCEPT\n"), true},
		"a name like DHCP's":              {put("-A ufw-before-input -p udp -m udp --sport 67 -j ACCEPT\n", before), true},
		"a name like mDNS'":               {put("-A ufw-before-input -p udp -m udp --dport 5353 -j ACCEPT\n", before), true},

		"what is declared":          {put("-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT\n", user), false},
		"two of ufw's in one":       {put("-A ufw-user-input -s 192.0.2.0/24 -p tcp -m multiport --dports 80,443 -j ACCEPT\n", user), true},
		"answers":                   {put("-A ufw-user-input -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", user), false},
		"the machine itself":        {put("-A ufw-user-input -i lo -p tcp -m tcp --dport 5432 -j ACCEPT\n", user), false},
		"a denial":                  {put("-A ufw-user-input -p tcp -m tcp --dport 443 -j DROP\n", user), false},
		"a list of those banned":    {put("-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A f2b-sshd -s 192.0.2.9/32 -j REJECT --reject-with icmp-port-unreachable\n-A f2b-sshd -j RETURN\n", input), false},
		"never reached":             {put("-A ufw-not-local -p tcp -m tcp --dport 9000 -j ACCEPT\n", "COMMIT\n"), false},
		"a chain nothing leads to":  {after("-A tools -p tcp -j ACCEPT\n"), false},
		"of the network's messages": {put("-A ufw-user-input -p icmp -m icmp --icmp-type 13 -j ACCEPT\n", user), false},
		"to containers":             {put("-A FORWARD -o br-0123456789ab -p tcp -j ACCEPT\n", forward), false}, // NSELF was asked
		"out":                       {after("-A ufw-user-output -p tcp -j ACCEPT\n"), false},
		"of ufw's database": {func(b *bench) {
			b.tuple("allow udp 8000:8010 192.0.2.7 any 192.0.2.0/24 in_eth0", "x")
			b.tuple("route:allow any any 10.1.0.0/16 any 0.0.0.0/0 in_wg0!out_eth0", "x")
			after("-A ufw-user-input -s 192.0.2.0/24 -d 192.0.2.7/32 -i eth0 -p udp -m multiport --dports 8000:8010 -j ACCEPT\n-A ufw-user-forward -d 10.1.0.0/16 -i wg0 -o eth0 -j ACCEPT\n")(b)
		}, false},
		"wider than ufw's database": {func(b *bench) {
			b.tuple("allow udp 8000:8010 192.0.2.7 any 192.0.2.0/24 in_eth0", "x")
			after("-A ufw-user-input -s 192.0.2.0/24 -i eth0 -p udp -m multiport --dports 8000:8010 -j ACCEPT\n")(b)
		}, true},
		"a neighbour's": {func(b *bench) {
			b.etc("/etc/ufw/after.rules", theBlog)
			b.tuple("allow tcp 8443 0.0.0.0/0 any 0.0.0.0/0 in", otherTag)
			after("-A ufw-user-input -p tcp -m tcp --dport 8443 -j ACCEPT\n" + lets8443)(b)
			b.say["iptables-save -t filter"] = Said{Out: strings.Replace(strings.Replace(b.say["iptables-save -t filter"].Out, lets8443, "", 1), denies, lets8443+denies, 1)}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := healthy(t)
			b.options.Security = false
			c.spoil(b)
			got := slices.DeleteFunc(codesOf(b.examine()), func(code string) bool { return code == "NS2029" }) // ufw's database is judged there
			if want := map[bool][]string{true: {"NS2026"}, false: {}}[c.hidden]; !slices.Equal(got, want) {
				t.Errorf("found by %v, want %v", got, want)
			}
		})
	}
}

// TestHiddenComesBack: a rule of a file comes back when ufw starts; and what a shell
// would run in a remark is not for copying.
func TestHiddenComesBack(t *testing.T) {
	b := healthy(t)
	b.etc("/etc/ufw/before.rules", "*filter\n-A ufw-before-input -p tcp --dport 5432 -j ACCEPT\nCOMMIT\n")
	b.say["iptables-save -t filter"] = Said{Out: b.say["iptables-save -t filter"].Out +
		"-A ufw-before-input -p tcp -m tcp --dport 5432 -j ACCEPT\n-A ufw-user-input -p tcp -m tcp --dport 6379 -m comment --comment \"$(reboot)\" -j ACCEPT\n"}
	r := result(t, b.examine(), "NS2026")
	if len(r.Findings) != 2 || !strings.Contains(r.Findings[0].Evidence, "comes from /etc/ufw/before.rules") || !strings.Contains(r.Findings[0].Fix, "ufw reload") {
		t.Fatalf("%+v", r)
	}
	if fix := r.Findings[1].Fix; strings.Contains(fix, "reboot") || !strings.Contains(fix, "-D ufw-user-input NUMBER") {
		t.Error(fix)
	}
}

// TestUnreadableTable: what iptables says that it cannot show is not taken for empty.
func TestUnreadableTable(t *testing.T) {
	b := healthy(t)
	b.say["iptables-save -t filter"] = Said{Out: "# Table `filter' is incompatible, use 'nft' tool.\n"}
	r := b.examine()
	for _, code := range []string{"NS2020", "NS2023", "NS2024", "NS2026"} {
		if one := result(t, r, code); one.State != NotSeen || !strings.Contains(one.Evidence, "nft") {
			t.Errorf("%s: %s %s", code, one.State, one.Evidence)
		}
	}
}
