package doctor

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// table is a filter table of the kernel, as iptables-save prints it.
type table struct {
	policy map[string]string   // of the built-in chains
	rules  map[string][]string // by chain, without "-A CHAIN "
}

func (h Host) filter(ctx context.Context, program string) (table, error) {
	if err := h.root("the rules of the kernel"); err != nil {
		return table{}, err
	}
	text, err := h.ask(ctx, program, "-t", "filter")
	if err == nil && strings.Contains(text, "is incompatible, use 'nft' tool") {
		err = fmt.Errorf("%s cannot show the table: something else than iptables wrote rules of nftables into it. See `nft list ruleset`", program)
	}
	return parseTable(text), err
}

func parseTable(text string) table {
	t := table{map[string]string{}, map[string][]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, ":"); ok {
			if f := strings.Fields(name); len(f) > 1 {
				t.policy[f[0]] = f[1]
			}
		}
		if rule, ok := strings.CutPrefix(line, "-A "); ok {
			chain, rest, _ := strings.Cut(rule, " ")
			t.rules[chain] = append(t.rules[chain], rest)
		}
	}
	return t
}

// has tells whether a chain leads to another.
func (t table) has(chain, target string) bool { return t.jump(chain, target) >= 0 }

// jump gives the place of the first rule without a match that leads to a chain, or -1.
func (t table) jump(chain, target string) int {
	return slices.IndexFunc(t.rules[chain], func(r string) bool { return r == "-j "+target })
}

var remark = regexp.MustCompile(`--comment ("[^"]*"|\S+)`)

// signatures reduces rules to what releases of iptables do not print differently: the
// comment, what a packet must be, and where it leads.
func (t table) signatures() []string {
	var out []string
	for _, chain := range []string{"NSELF", "NSELF-IN"} {
		for _, rule := range t.rules[chain] {
			say := rule
			if m := remark.FindStringSubmatch(rule); m != nil {
				say = strings.Trim(m[1], `"`)
			}
			if only := conditions(rule); only != "" && say != rule {
				say += " (" + only + ")"
			}
			out = append(out, chain+" "+say+" → "+target(rule))
		}
	}
	return out
}

// passing gives the rule by which a stack lets a port through, from the remark in it,
// which repeats all that it says: "nself:shop:https 443/tcp 0.0.0.0/0".
func passing(rule string) string {
	m := remark.FindStringSubmatch(rule)
	if m == nil {
		return ""
	}
	words := strings.Fields(strings.Trim(m[1], `"`))
	if len(words) != 3 {
		return ""
	}
	port, protocol, _ := strings.Cut(words[1], "/")
	source := ""
	if !strings.HasSuffix(words[2], "/0") {
		source = "-s " + words[2] + " "
	}
	return source + "-p " + protocol + " -m conntrack --ctstate DNAT --ctorigdstport " + port + " -m comment --comment " + m[1] + " -j RETURN"
}

// without takes out what the other stacks of this host let through: rules that stand in
// their parts of ufw's file, and do what their remarks say.
func (t table) without(neighbours string) table {
	theirs := parseTable(neighbours).rules["NSELF-IN"]
	one := func(rule string) []string {
		return table{rules: map[string][]string{"NSELF-IN": {rule}}}.signatures()
	}
	own := table{t.policy, maps.Clone(t.rules)}
	own.rules["NSELF-IN"] = slices.DeleteFunc(slices.Clone(t.rules["NSELF-IN"]), func(rule string) bool {
		return slices.Equal(one(rule), one(passing(rule))) &&
			slices.ContainsFunc(theirs, func(r string) bool { return slices.Equal(one(rule), one(r)) })
	})
	return own
}

// family is an IP version with the file that was emitted for it.
type family struct {
	name, file string
	six        bool
}

func families() []family {
	return []family{{"IPv4", "ufw/after.rules", false}, {"IPv6", "ufw/after6.rules", true}}
}

// all is every address of the family.
func (f family) all() string { return map[bool]string{false: "0.0.0.0/0", true: "::/0"}[f.six] }

// sources are the files from which ufw fills its chains.
func (f family) sources() []string {
	if f.six {
		return []string{"/etc/ufw/before6.rules", "/etc/ufw/user6.rules", "/etc/ufw/after6.rules"}
	}
	return []string{"/etc/ufw/before.rules", "/etc/ufw/user.rules", "/etc/ufw/after.rules"}
}

func chainChecks() []check {
	return []check{{code: "NS2023", run: enforced}, {code: "NS2024", run: before}, {code: "NS2026", run: hidden}}
}

// enforced compares the chains of the kernel with those that were emitted.
func enforced(_ context.Context, x *examination) (string, []Finding, error) {
	if x.Stack.Firewall == nil {
		return "", nil, nothing("the stack declares no firewall")
	}
	var found []Finding
	for _, f := range families() {
		k, err := x.kernel(f.six)
		if err != nil {
			return "", nil, err
		}
		neighbours, err := x.neighbours(f)
		if err != nil {
			return "", found, err
		}
		want, have := parseTable(x.file(f.file)).signatures(), k.without(neighbours).signatures()
		evidence := ""
		switch {
		case len(have) == 0:
			evidence = "The kernel has no chain NSELF for " + f.name + ": every port that a container publishes is open, whatever ufw says."
		case !k.has("DOCKER-USER", "NSELF"):
			evidence = "DOCKER-USER does not lead to the chain NSELF for " + f.name + ": what is in it is never asked."
		case x.passedBy(k, f):
			evidence = "FORWARD does not lead to DOCKER-USER for " + f.name + ": packets for containers never come to the chain NSELF, and every port that they publish is open."
		case !slices.Equal(want, have):
			evidence = "The chains NSELF of " + f.name + " are not those of " + f.file + ": " + difference(want, have) + "."
		}
		if evidence != "" {
			found = append(found, Finding{Object: "chains of " + f.name, Evidence: evidence, Fix: x.applied()})
		}
	}
	return "the chains NSELF of IPv4 and IPv6 are in force, and those that were emitted", found, nil
}

// passedBy tells whether packets for containers do not come through DOCKER-USER, where
// Docker runs and writes rules: releases before 27 write none for IPv6.
func (x *examination) passedBy(k table, f family) bool {
	s, err := x.settings()
	if _, dockerErr := x.engine(); err != nil || dockerErr != nil || s.NoRules || s.Backend != "" && s.Backend != "iptables" {
		return false // has a finding of its own, or there is nothing to pass
	}
	docker := slices.ContainsFunc(k.rules["FORWARD"], func(r string) bool { return strings.Contains(r, "-j DOCKER") })
	return !k.has("FORWARD", "DOCKER-USER") && (docker || !f.six)
}

// difference names the first thing that two lists do not have in common.
func difference(want, have []string) string {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return "the rule \"" + w + "\" is missing"
		}
	}
	for _, h := range have {
		if !slices.Contains(want, h) {
			return "the rule \"" + h + "\" is not of the stack"
		}
	}
	return "the order of the rules is another"
}

// way is a chain with the place in it at which the rules of the stack are asked.
type way struct{ chain, to string }

func (f family) ways() []way {
	return []way{{"DOCKER-USER", "NSELF"}, {"FORWARD", "DOCKER-USER"}, {"INPUT", map[bool]string{false: "ufw-before-logging-input", true: "ufw6-before-logging-input"}[f.six]}}
}

// before finds rules of others that let packets in before ours are asked. Where ours
// are never asked, none stands before them, and another check says so.
func before(_ context.Context, x *examination) (string, []Finding, error) {
	if x.Stack.Firewall == nil {
		return "", nil, nothing("the stack declares no firewall")
	}
	var found []Finding
	var never error
	for _, f := range families() {
		k, err := x.kernel(f.six)
		if err != nil {
			return "", nil, err
		}
		for _, way := range f.ways() {
			at := k.jump(way.chain, way.to)
			if at < 0 && (way.chain != "FORWARD" || x.passedBy(k, f)) {
				never = nothing(fmt.Sprintf("%s of %s does not lead to %s, so the rules of the stack are not asked at all", way.chain, f.name, way.to))
			}
			for _, rule := range k.rules[way.chain][:max(0, at)] {
				if !k.letsIn(way.chain, rule) {
					continue
				}
				found = append(found, Finding{
					Object:   fmt.Sprintf("rule of %s in %s: %s", f.name, way.chain, rule),
					Evidence: fmt.Sprintf("In %s of %s stands, before the rules of the stack: %s. What it lets in, they are never asked about.", way.chain, f.name, rule),
					Fix:      "Delete it, and wherever it is made at boot:\n\n    " + deletion(map[bool]string{false: "iptables", true: "ip6tables"}[f.six], way.chain, rule),
				})
			}
		}
	}
	return "no rule of others decides before those of the stack", found, never
}
