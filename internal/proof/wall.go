package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"nselfc/internal/proof/iptables"
)

// The chains of the block, which a jump in DOCKER-USER leads to.
const (
	dispatch = "NSELF"
	inbound  = "NSELF-IN"
)

// bridges are what Docker calls the interfaces of containers.
var bridges = []string{"docker+", "br-+", "nself-+"}

// wallRules are proved on the scripts and rules of the firewall.
func wallRules() []Rule {
	return []Rule{
		wallRule("NS1701", func(w *wall, report Report) {
			for _, f := range w.broken {
				report(f.Place, "It cannot be read: %s.", f.Detail)
			}
			for _, name := range [...]string{"after.rules", "after6.rules", "apply.sh", "rollback.sh", "rules.txt"} {
				if _, ok := w.files[name]; !ok {
					report(Place{File: wallFolder + name, Line: 1}, "The file is missing.")
				}
			}
		}),
		eachFamily("NS1702", containersAreClosed),
		wallRule("NS1703", sshStaysOpen),
		eachFamily("NS1704", portsBeforeTranslation),
		eachFamily("NS1705", rulesHavePorts),
		wallRule("NS1706", familiesAgree),
		eachFamily("NS1707", rulesAreTagged),
		{"NS1707", blocksAreMarked},
		eachFamily("NS1708", foreignChainsStay),
		{"NS1709", tableTellsTheTruth},
		wallRule("NS1713", filesBelongTogether),
		eachFamily("NS1714", func(_ *wall, f *family, report Report) {
			for _, r := range f.table.Rules {
				if r.Get("-j") == "LOG" && r.Get("--limit") == "" {
					report(f.at(r.Line), "Whoever scans the host fills its disk with lines of the log.")
				}
			}
		}),
		wallRule("NS1710", policiesAreSet),
		wallRule("NS1711", rulesAreTested),
		wallRule("NS1712", changesRollBack),
		wallRule("NS1715", func(w *wall, report Report) {
			docker := w.apply.functions["check_docker"]
			if find(docker, "PYTHON") == nil || !w.calls("check_docker") {
				report(Place{File: wallFolder + "apply.sh", Line: 1}, "Nobody looks whether Docker keeps rules of iptables at all.")
			}
		}),
	}
}

func wallRule(code string, check func(w *wall, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		if w := a.wall(); w != nil {
			check(w, report)
		}
	}}
}

func eachFamily(code string, check func(w *wall, f *family, report Report)) Rule {
	return wallRule(code, func(w *wall, report Report) {
		for _, f := range w.families {
			if len(f.table.Rules) > 0 { // else NS1701 speaks
				check(w, f, report)
			}
		}
	})
}

// containersAreClosed: whatever goes to a bridge of containers comes to a chain
// whose last word is DROP.
func containersAreClosed(_ *wall, f *family, report Report) {
	for _, b := range bridges {
		if !slices.ContainsFunc(f.table.Rules, func(r iptables.Rule) bool {
			return r.Chain == dispatch && r.Get("-o") == b && r.Get("-g") == inbound && len(r.Options) == 3
		}) {
			report(f.at(1), "Packets to the bridges %s do not come to the chain %s.", b, inbound)
		}
	}
	var last iptables.Rule
	for _, r := range f.table.Rules {
		if r.Chain == inbound {
			last = r
		}
	}
	if last.Get("-j") != "DROP" || len(last.Options) != 2 { // the comment and the target
		report(f.at(last.Line), "The chain %s does not end in a DROP of everything: ports that nobody opened are open.", inbound)
	}
}

// sshStaysOpen: the port that apply.sh looks for is asked for, first of all.
func sshStaysOpen(w *wall, report Report) {
	port := ""
	if l := find(w.apply.lines, "readonly SSH_PORT="); l != nil {
		port = strings.TrimPrefix(l.text, "readonly SSH_PORT=")
	}
	found := false
	for _, f := range w.families {
		for i, a := range f.asked {
			if a.tag != "nself:"+w.stack+":ssh" {
				continue
			}
			found = true
			if a.protocol != "tcp" || a.port != port || a.action != "allow" && a.action != "limit" {
				report(f.at(a.line), "The way in is %s %s/%s, and apply.sh takes %s for it.", a.action, a.port, a.protocol, port)
			}
			if i > 0 && f.asked[i-1].tag != a.tag {
				report(f.at(a.line), "Ssh is not opened first.")
			}
		}
	}
	if !found {
		report(Place{File: wallFolder + "after.rules", Line: 1}, "Nothing opens ssh: whoever enables this loses the way in, open sessions too.")
	}
}

// portsBeforeTranslation: only a packet that Docker translated has DNAT, and only
// the port before it tells two published ports of one container port apart.
func portsBeforeTranslation(_ *wall, f *family, report Report) {
	for _, r := range f.table.Rules {
		if r.Chain != inbound || r.Get("-j") == "DROP" || r.Get("-j") == "LOG" || r.Get("-i") != "" || r.Get("--ctstate") == "RELATED,ESTABLISHED" {
			continue
		}
		if r.Get("--dport") != "" || r.Get("--ctorigdstport") != "" && r.Get("--ctstate") != "DNAT" {
			report(f.at(r.Line), "The port is the container's own: packets that are routed straight to a container, and other published ports, fit too.")
		}
	}
}

// rulesHavePorts: nothing is let through but answers, what containers send, and
// single ports.
func rulesHavePorts(_ *wall, f *family, report Report) {
	for _, r := range f.table.Rules {
		if r.Chain != inbound {
			continue
		}
		switch to := r.Get("-j"); {
		case to == "DROP" || to == "LOG" && r.Get("-g") == "":
		case to != "RETURN":
			report(f.at(r.Line), "Packets leave the chain for %s, past the user's own rules and Docker's.", to+r.Get("-g"))
		case slices.Contains(bridges, r.Get("-i")), r.Get("--ctstate") == "RELATED,ESTABLISHED", r.Get("--ctorigdstport") != "", r.Get("--dport") != "":
		default:
			report(f.at(r.Line), "A rule without a port opens every port of every container.")
		}
	}
	for _, a := range f.asked {
		if a.port == "any" || a.port == "0" || a.protocol != "tcp" && a.protocol != "udp" {
			report(f.at(a.line), "Ufw is asked to open every port.")
		}
	}
}

// familiesAgree: but for the rules of the stack, both files say the same. Many hosts
// have an IPv6 address that nobody thinks of.
func familiesAgree(w *wall, report Report) {
	shared := func(f *family) []string {
		var out []string
		for _, c := range f.table.Chains {
			out = append(out, ":"+c.Name)
		}
		for _, r := range f.table.Rules {
			if !strings.HasPrefix(r.Get("--comment"), "nself:") {
				line := []string{r.Chain}
				for _, o := range r.Options {
					line = append(line, o.Name, o.Value)
				}
				out = append(out, strings.Join(line, " "))
			}
		}
		return out
	}
	four, six := shared(w.families[0]), shared(w.families[1])
	if len(w.broken) == 0 && !slices.Equal(four, six) {
		report(Place{File: wallFolder + "after6.rules", Line: 1}, "The chains are not those of after.rules: what is closed by IPv4 is open by IPv6, or the reverse.")
	}
}

// rulesAreTagged: apply.sh knows the rules of a stack by their comments, and ufw
// refuses an apostrophe in one.
func rulesAreTagged(w *wall, f *family, report Report) {
	for _, a := range f.asked {
		if id, ok := strings.CutPrefix(a.tag, "nself:"+w.stack+":"); !ok || id == "" || strings.ContainsAny(a.tag, `'"\`) {
			report(f.at(a.line), "%q is no tag of the stack %s.", a.tag, w.stack)
		}
	}
	for _, r := range f.table.Rules {
		comment := r.Get("--comment")
		if r.Get("--ctorigdstport") != "" && !strings.HasPrefix(comment, "nself:"+w.stack+":") || !strings.HasPrefix(comment, "nself") {
			report(f.at(r.Line), "The rule has no comment by which it is known again: nobody takes it away when the port is closed.")
		}
	}
}

// foreignChainsStay: to declare a chain is to empty it.
func foreignChainsStay(_ *wall, f *family, report Report) {
	for _, c := range f.table.Chains {
		if c.Name != dispatch && c.Name != inbound || c.Policy != "-" {
			report(f.at(c.Line), "The chain %s is declared, which takes away the rules of others in it.", c.Name)
		}
	}
	for _, r := range f.table.Rules {
		if !f.table.Declares(r.Chain) {
			report(f.at(r.Line), "The chain %s is not declared, so each reload adds the rule once more.", r.Chain)
		}
	}
}

// filesBelongTogether: apply.sh refuses files that it was not made with.
func filesBelongTogether(w *wall, report Report) {
	for variable, name := range map[string]string{"AFTER_SHA256": "after.rules", "AFTER6_SHA256": "after6.rules", "ROLLBACK_SHA256": "rollback.sh"} {
		sum := sha256.Sum256([]byte(w.files[name].Text.String()))
		if find(w.apply.lines, "readonly "+variable+"="+hex.EncodeToString(sum[:])) == nil {
			report(Place{File: wallFolder + "apply.sh", Line: 1}, "%s is not the digest of %s.", variable, name)
		}
	}
}
