package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// letting is a rule of the kernel that lets new connections in, with what they must
// be, in the words of ufw. A condition that ufw has no word for is left out: it makes
// the rule narrower than it is taken for.
type letting struct {
	chain, text string
	ufwRule
	limited bool // it leads through ufw's own way for "limit"
}

// hook is a built-in chain with the place in it from which on ufw decides, or Docker.
type hook struct {
	name   string
	from   int
	routed bool // of what the machine hands on
}

// hooks gives those of which NS2024 has judged what stands before, where ufw is asked.
func (t table) hooks(f family) []hook {
	out := []hook{{"FORWARD", max(0, t.jump("FORWARD", "DOCKER-USER")), true}}
	if at := t.jump("INPUT", map[bool]string{false: "ufw-before-logging-input", true: "ufw6-before-logging-input"}[f.six]); at >= 0 {
		out = append(out, hook{"INPUT", at, false})
	}
	return slices.DeleteFunc(out, func(h hook) bool { return t.policy[h.name] == "ACCEPT" }) // NS2021 says so
}

// lettings walks from a hook through all chains to which every packet comes, and gives
// the rules there that let one in. What a chain does with a part of them, the rule
// that leads there answers for.
func (t table) lettings(h hook, f family) []letting {
	seen := map[string]bool{"NSELF": true, "NSELF-IN": true, "DOCKER-INGRESS": true} // NS2023 compares the two; Swarm's comes after them
	var out []letting
	var walk func(chain string, from int)
	walk = func(chain string, from int) {
		if seen[chain] {
			return
		}
		seen[chain] = true
		for _, rule := range t.rules[chain][from:] {
			to, always := target(rule), conditions(rule) == ""
			switch _, own := t.rules[to]; {
			case always && own && to == "DOCKER-USER":
				walk(to, max(0, t.jump(to, "NSELF")))
			case always && own:
				walk(to, 0)
			case t.opens(rule, false, map[string]bool{}):
				out = append(out, letting{chain, rule, reach(rule, h, f), strings.HasSuffix(to, "-user-limit-accept")})
			}
			if always && slices.Contains([]string{"ACCEPT", "DROP", "REJECT", "RETURN"}, to) {
				return // nothing comes to what follows
			}
		}
	}
	walk(h.name, h.from)
	return out
}

// target is where a rule leads. The last counts: a comment may look like one.
func target(rule string) string {
	out := ""
	for _, m := range matches(rule) {
		if m.option == "-j" || m.option == "-g" {
			out, _, _ = strings.Cut(m.values, " ")
		}
	}
	return out
}

// reach reads what packets a rule is for.
func reach(rule string, h hook, f family) ufwRule {
	r := ufwRule{Action: "allow", Protocol: "any", Port: "any", Sender: "any", From: f.all(), To: f.all(), Routed: h.routed}
	for _, m := range matches(rule) {
		part := map[string]*string{
			"-p": &r.Protocol, "-s": &r.From, "-d": &r.To, "-i": &r.In, "-o": &r.Onto,
			"--dport": &r.Port, "--dports": &r.Port, "--sport": &r.Sender, "--sports": &r.Sender,
		}[m.option]
		if part != nil && !m.not { // all but one is as good as all
			*part = m.values
		}
	}
	return r
}

// bridge tells whether a device is that of a network of containers, which the chains
// NSELF guard, or Docker's own rules, whatever its name is.
func (t table) bridge(name string) bool {
	for _, prefix := range []string{"docker", "br-", "nself-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, rules := range t.rules {
		if name != "" && slices.ContainsFunc(rules, func(r string) bool { return target(r) == "DOCKER" && conditions(r) == "-o "+name }) {
			return true
		}
	}
	return false
}

// harmless tells whether a rule opens nothing: errors and questions of the network
// itself; what ufw lets in by its own before.rules, an address by DHCP and the names
// of neighbours; and what is on its way to containers, behind NSELF, or from them.
func (t table) harmless(r ufwRule, f family) bool {
	if slices.Contains([]string{"icmp", "ipv6-icmp", "icmpv6", "igmp"}, r.Protocol) {
		return true
	}
	if r.Routed {
		return t.bridge(r.In) || t.bridge(r.Onto) || r.In != "" && r.In == r.Onto
	}
	own := []ufwRule{{Port: "68", Sender: "67"}, {Port: "5353", To: "224.0.0.251"}, {Port: "1900", To: "239.255.255.250"}}
	if f.six {
		own = []ufwRule{{Port: "546", Sender: "547", From: "fe80::/10", To: "fe80::/10"}, {Port: "5353", To: "ff02::fb"}, {Port: "1900", To: "ff02::f"}}
	}
	return slices.ContainsFunc(own, func(o ufwRule) bool {
		o.Protocol = "udp"
		return r.within(o)
	})
}

// hidden finds what the kernel lets in by rules that are not ufw's: put straight into
// its chains, or after them, no command of ufw shows them. Those of ufw's database are
// judged there.
func hidden(_ context.Context, x *examination) (string, []Finding, error) {
	if x.Stack.Firewall == nil {
		return "", nil, nothing("the stack declares no firewall")
	}
	u, err := x.ufw()
	switch {
	case errors.Is(err, errNoUFW), err == nil && !u.Enabled:
		return "", nil, nothing("ufw is off")
	case err != nil:
		return "", nil, err
	}
	shown := slices.Concat(u.Rules, x.wanted(u))
	var found []Finding
	n := 0
	for _, f := range families() {
		k, err := x.kernel(f.six)
		if err != nil {
			return "", found, err
		}
		neighbours, err := x.neighbours(f)
		if err != nil {
			return "", found, err
		}
		known := slices.Concat(shown, asked(neighbours))
		for _, h := range k.hooks(f) {
			for _, l := range k.lettings(h, f) {
				n++
				if !k.harmless(l.ufwRule, f) && !slices.ContainsFunc(known, l.shownBy) {
					found = append(found, x.hiddenRule(l, f))
				}
			}
		}
	}
	return counted(n, "rule") + " of the kernel that let something in, each one that ufw shows or brings along", found, nil
}

// shownBy tells whether a rule of ufw's lets in all that this one does.
func (l letting) shownBy(w ufwRule) bool {
	action := w.Action == "allow" || w.Action == "limit" && l.limited
	return action && !w.Out && w.Routed == l.Routed && l.within(w)
}

func (x *examination) hiddenRule(l letting, f family) Finding {
	program := map[bool]string{false: "iptables", true: "ip6tables"}[f.six]
	what := fmt.Sprintf("lets %s reach port %s (%s)", from(l.From), l.Port, l.Protocol)
	if l.Routed {
		what = fmt.Sprintf("hands on what %s sends to port %s (%s) of others", from(l.From), l.Port, l.Protocol)
	}
	out := Finding{
		Object:   fmt.Sprintf("rule of %s in %s: %s", f.name, l.chain, l.text),
		Evidence: fmt.Sprintf("In %s of %s stands a rule that %s: %s. No command of ufw shows it, and the stack does not declare it.", l.chain, f.name, what, l.text),
		Fix:      "What is to be open, write into the firewall block. Delete the rule, and wherever it is made at boot:\n\n    " + deletion(program, l.chain, l.text),
	}
	for _, file := range f.sources() {
		text, _ := x.read(file) // what cannot be read is not named
		if slices.ContainsFunc(parseTable(text).rules[l.chain], func(r string) bool { return conditions(r) == conditions(l.text) && target(r) == target(l.text) }) {
			out.Evidence += " It comes from " + file + ", and comes back whenever ufw starts."
			out.Fix = "What is to be open, write into the firewall block. Take the line out of " + file + ", and have ufw read it again:\n\n    sudo ufw reload"
		}
	}
	return out
}

// deletion is the command that takes a rule out. Quotes and what a shell reads in them
// are not for copying: the number stands in for such a rule.
func deletion(program, chain, rule string) string {
	if strings.ContainsAny(rule, "\"'`$\\;&|<>(){}*?#~!") {
		return "sudo " + program + " -L " + chain + " --line-numbers -n\n    sudo " + program + " -D " + chain + " NUMBER"
	}
	return "sudo " + program + " -D " + chain + " " + rule
}
