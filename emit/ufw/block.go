package ufw

import (
	"strings"

	"nselfc/emit"
)

// The chains. Both fit iptables' 28 characters. There is one pair for the host
// and not one for each stack: the default denial is a property of the host, and
// two chains that each deny what they do not know would close each other's ports.
const (
	chainDispatch = "NSELF"    // jumped to from DOCKER-USER
	chainInbound  = "NSELF-IN" // what is on its way to a container
)

// bridges are the interfaces of containers: Docker's default bridge and
// docker_gwbridge, those it names itself, and those of a stack.
var bridges = [...]string{"docker+", "br-+", "nself-+"}

// blockVersion is the layout of the shared part of the block. When two stacks
// on a host were compiled by different releases, the higher layout stays.
const blockVersion = 1

// renderBlock gives the managed block of /etc/ufw/after.rules or after6.rules,
// as it stands when the stack is alone on the host. apply.sh puts only the part
// between the STACK lines into a block that is there already.
//
// The lines that start with "#=" are what apply.sh asks ufw for; they stay in
// the host's file, so that another stack knows who else needs a rule.
//
// A published port is matched by --ctstate DNAT, which only a packet that
// Docker translated has, and by --ctorigdstport, the port before translation:
// neither direct routing to a container nor another port that happens to lead
// to the same container port passes (Docker, "Packet filtering and firewalls").
func renderBlock(s ruleSet, f family) *text {
	t := &text{}
	t.back(s)
	t.add("# BEGIN NSELF " + number(blockVersion) + " (kept by ufw/apply.sh of nselfc: edits down to END NSELF are lost)")
	t.add("# " + emit.Header)
	t.add("*filter")
	t.add(":" + chainDispatch + " - [0:0]")
	t.add(":" + chainInbound + " - [0:0]")
	t.add("# Only what is on its way to a container is judged; a VPN or a virtual machine is not.")
	for _, b := range bridges {
		t.add("-A " + chainDispatch + " -o " + b + comment("nself to "+b) + " -g " + chainInbound)
	}
	t.add("-A " + chainInbound + " -m conntrack --ctstate RELATED,ESTABLISHED" + comment("nself established") + " -j RETURN")
	for _, b := range bridges {
		t.add("-A " + chainInbound + " -i " + b + comment("nself from "+b) + " -j RETURN")
	}
	t.add("# BEGIN NSELF STACK " + s.stack)
	for _, r := range s.input(f) {
		t.trace("#= "+strings.Join([]string{r.action, r.protocol, number(r.port), r.src(), s.tag(r)}, " "), r)
	}
	for _, r := range s.of(f) {
		if r.container {
			t.trace(publishedRule(s, r), r)
		}
	}
	t.back(s)
	t.add("# END NSELF STACK " + s.stack)
	t.add("-A " + chainInbound + " -m limit --limit 3/min --limit-burst 10" + comment("nself log") + ` -j LOG --log-prefix "[NSELF BLOCK] "`)
	t.add("-A " + chainInbound + comment("nself deny") + " -j DROP")
	t.add("COMMIT")
	t.add("# END NSELF")
	return t
}

// publishedRule lets one source through to a published port. RETURN, and not
// ACCEPT: the user's own rules in DOCKER-USER and Docker's isolation still judge.
// The comment repeats everything that the rule says: that is how apply.sh
// compares the kernel's rules with these, whatever the release of iptables prints.
func publishedRule(s ruleSet, r rule) string {
	line := "-A " + chainInbound
	if r.source.Bits() > 0 {
		line += " -s " + r.source.String()
	}
	line += " -p " + r.protocol + " -m conntrack --ctstate DNAT --ctorigdstport " + number(r.port)
	what := s.tag(r) + " " + number(r.port) + "/" + r.protocol + " " + r.src()
	return line + comment(what) + " -j RETURN"
}

// comment gives the match that carries a remark. Its text is made of tags and
// addresses: it holds no quotation mark and no backslash.
func comment(s string) string { return ` -m comment --comment "` + s + `"` }
