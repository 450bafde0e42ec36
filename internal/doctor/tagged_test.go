package doctor

import (
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
)

// tuple adds a rule to ufw's database, after those that are there, with a comment.
func (b *bench) tuple(rule, comment string) {
	text, err := os.ReadFile(b.root + "/etc/ufw/user.rules")
	if err != nil {
		b.t.Fatal(err)
	}
	b.etc("/etc/ufw/user.rules", string(text)+"### tuple ### "+rule+" comment="+hex.EncodeToString([]byte(comment))+"\n")
}

// retuple gives a rule of ufw's database another text.
func (b *bench) retuple(before, after string) {
	text, err := os.ReadFile(b.root + "/etc/ufw/user.rules")
	if err != nil || strings.Count(string(text), before) != 1 {
		b.t.Fatalf("%q: %v", before, err)
	}
	b.etc("/etc/ufw/user.rules", strings.Replace(string(text), before, after, 1))
}

// inKernel puts rules before one of the kernel's.
func (b *bench) inKernel(rules string) {
	said := b.say["iptables-save -t filter"].Out
	if strings.Count(said, denies) != 1 {
		b.t.Fatalf("%q", denies)
	}
	b.say["iptables-save -t filter"] = Said{Out: strings.Replace(said, denies, rules+denies, 1)}
}

const (
	ownTag   = "nself:shop-prod:ingress-https"
	otherTag = "nself:blog:https"
	denies   = "-A NSELF-IN -m comment --comment \"nself deny\" -j DROP\n"
	lets8443 = "-A NSELF-IN -p tcp -m conntrack --ctstate DNAT --ctorigdstport 8443 -m comment --comment \"nself:blog:https 8443/tcp 0.0.0.0/0\" -j RETURN\n"
	theBlog  = "# BEGIN NSELF STACK blog\n#= allow tcp 8443 0.0.0.0/0 nself:blog:https\n" + lets8443 + "# END NSELF STACK blog\n"
)

// TestTagsProveNothing: a rule is judged by what it does, whatever tag it carries.
func TestTagsProveNothing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(b *bench)
		codes []string
	}{
		"our tag, another port":   {func(b *bench) { b.tuple("allow tcp 5432 0.0.0.0/0 any 0.0.0.0/0 in", ownTag) }, []string{"NS2029"}},
		"our tag, a range":        {func(b *bench) { b.tuple("allow tcp 1:65535 0.0.0.0/0 any 0.0.0.0/0 in", ownTag) }, []string{"NS2029"}},
		"our tag, logged":         {func(b *bench) { b.tuple("allow_log tcp 5432 0.0.0.0/0 any 0.0.0.0/0 in", ownTag) }, []string{"NS2029"}},
		"our tag, wider for ssh":  {func(b *bench) { b.tuple("allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", "nself:shop-prod:ssh") }, []string{"NS2029"}},
		"our tag, handed on":      {func(b *bench) { b.tuple("route:allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in_eth0", ownTag) }, []string{"NS2029"}},
		"no tag, handed on":       {func(b *bench) { b.tuple("route:allow any any 0.0.0.0/0 any 0.0.0.0/0 in", "x") }, []string{"NS2029"}},
		"tag of a stack not here": {func(b *bench) { b.tuple("allow tcp 8443 0.0.0.0/0 any 0.0.0.0/0 in", otherTag) }, []string{"NS2029"}},
		"an application's rule":   {func(b *bench) { b.tuple("allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 Mine - in", "x") }, []string{"NS2029"}},
		"narrower than declared":  {func(b *bench) { b.tuple("allow tcp 443 0.0.0.0/0 any 192.0.2.0/24 in", "x") }, nil},
		"out":                     {func(b *bench) { b.tuple("allow tcp 5432 0.0.0.0/0 any 0.0.0.0/0 out", "x") }, nil},
		"ours at another port":    {func(b *bench) { b.retuple("allow tcp 443 ", "allow tcp 444 ") }, []string{"NS2028", "NS2029"}},
		"ours on one interface": {func(b *bench) {
			b.retuple("allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in ", "allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in_eth1 ")
		}, []string{"NS2028"}},
		"ours denies":            {func(b *bench) { b.retuple("allow tcp 443 ", "deny tcp 443 ") }, []string{"NS2028"}},
		"ours without the limit": {func(b *bench) { b.retuple("limit tcp 22 ", "allow tcp 22 ") }, []string{"NS2028"}},
		"ours without its tag":   {func(b *bench) { b.retuple(" comment="+hex.EncodeToString([]byte(ownTag)), "") }, nil},
		"a neighbour's, in ufw": {func(b *bench) {
			b.etc("/etc/ufw/after.rules", theBlog)
			b.tuple("allow tcp 8443 0.0.0.0/0 any 0.0.0.0/0 in", otherTag)
		}, nil},
		"a neighbour's, of another": {func(b *bench) {
			b.etc("/etc/ufw/after.rules", theBlog)
			b.tuple("allow tcp 9443 0.0.0.0/0 any 0.0.0.0/0 in", otherTag)
		}, []string{"NS2029"}},
		"a neighbour's, in the kernel":       {func(b *bench) { b.etc("/etc/ufw/after.rules", theBlog); b.inKernel(lets8443) }, nil},
		"in the kernel, of a stack not here": {func(b *bench) { b.inKernel(lets8443) }, []string{"NS2023"}},
		"in the kernel, not what its remark says": {func(b *bench) {
			wide := strings.Replace(lets8443, "--ctorigdstport 8443 ", "", 1)
			b.etc("/etc/ufw/after.rules", strings.Replace(theBlog, lets8443, wide, 1))
			b.inKernel(wide)
		}, []string{"NS2023"}},
		"under a foreign name": {func(b *bench) {
			b.etc("/etc/ufw/after.rules", strings.ReplaceAll(theBlog, "STACK blog", "STACK other"))
			b.inKernel(lets8443)
		}, []string{"NS2023"}},
		"a verdict in a remark": {func(b *bench) {
			b.inKernel("-A NSELF-IN -m comment --comment \"nself deny\" -m comment --comment \"-j DROP\" -j RETURN\n")
			b.say["iptables-save -t filter"] = Said{Out: strings.Replace(b.say["iptables-save -t filter"].Out, denies, "", 1)}
		}, []string{"NS2023"}},
		"a denial now and then": {func(b *bench) {
			b.inKernel(strings.Replace(denies, "-m comment", "-m limit --limit 1/hour -m comment", 1))
			b.say["iptables-save -t filter"] = Said{Out: strings.Replace(b.say["iptables-save -t filter"].Out, denies, "", 1)}
		}, []string{"NS2023"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := healthy(t)
			c.spoil(b)
			if got := codesOf(b.examine()); !slices.Equal(got, c.codes) {
				t.Errorf("found by %v, want %v", got, c.codes)
			}
		})
	}
}

// TestNeverAsked: where nothing leads to the rules of the stack, it is not said that
// none decides before them.
func TestNeverAsked(t *testing.T) {
	b := healthy(t)
	b.say["iptables-save -t filter"] = Said{Out: strings.Replace(b.say["iptables-save -t filter"].Out, "-A DOCKER-USER -j NSELF\n", "", 1)}
	r := b.examine()
	if one := result(t, r, "NS2024"); one.State != Absent || !strings.Contains(one.Evidence, "DOCKER-USER of IPv4 does not lead to NSELF") {
		t.Errorf("%s: %s", one.State, one.Evidence)
	}
	if one := result(t, r, "NS2023"); one.State != Found || strings.Contains(one.Evidence, "in force") {
		t.Errorf("beside a finding it says: %s", one.Evidence)
	}
}
