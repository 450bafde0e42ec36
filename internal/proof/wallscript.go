package proof

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// tableTellsTheTruth: rules.txt, which people read, has the ports that the rules
// open, and no others.
func tableTellsTheTruth(a *Artefacts, report Report) {
	w := a.wall()
	if w == nil {
		return
	}
	portsArePublished(a.compose(), w, report)
	if len(w.broken) > 0 {
		return
	}
	var told, real []string
	for line := range strings.Lines(w.files["rules.txt"].Text.String()) {
		words := strings.Fields(line)
		if len(words) < 5 || words[0] == "#" || words[0][0] == '#' {
			continue
		}
		source := words[1]
		switch words[2] {
		case "(IPv4)":
			source = "0.0.0.0/0"
		case "(IPv6)":
			source = "::/0"
		}
		told = append(told, words[0]+" from "+source+", "+words[len(words)-3])
	}
	for _, f := range w.families {
		for _, r := range f.table.Rules {
			if port := r.Get("--ctorigdstport") + r.Get("--dport"); port != "" {
				real = append(real, port+"/"+r.Get("-p")+" from "+cmp.Or(r.Get("-s"), f.any)+", published")
			}
		}
		for _, a := range f.asked {
			where := a.port + "/" + a.protocol + " from " + a.source + ", "
			if !slices.Contains(real, where+"published") {
				real = append(real, where+"host")
			}
		}
	}
	at := Place{File: wallFolder + "rules.txt", Line: 1}
	for _, r := range real {
		if !slices.Contains(told, r) {
			report(at, "It does not say %q, which the rules open.", r)
		}
	}
	for _, t := range told {
		if !slices.Contains(real, t) {
			report(at, "It says %q, which no rule opens.", t)
		}
	}
}

// portsArePublished: what the chain opens to containers is what the compose file
// publishes to others than the host itself, and all of it.
func portsArePublished(c *composition, w *wall, report Report) {
	if len(w.broken) > 0 || slices.ContainsFunc(c.documents, func(d document) bool { return d.err != nil }) {
		return // and has a finding
	}
	opened, published := map[string]Place{}, map[string]Place{}
	for _, f := range w.families {
		for _, r := range f.table.Rules {
			if port := r.Get("--ctorigdstport"); port != "" {
				opened[port+"/"+r.Get("-p")] = f.at(r.Line)
			}
		}
	}
	for _, s := range c.services {
		for p := range s.Get("ports").All() {
			if s.ingress() && !onLoopback(p) && p.Get("target").Value() != "22" { // else NS317 and NS1404 speak
				published[p.Get("published").Value()+"/"+cmp.Or(p.Get("protocol").Value(), "tcp")] = s.at(p)
			}
		}
	}
	for _, port := range slices.Sorted(maps.Keys(opened)) {
		if _, ok := published[port]; !ok {
			report(opened[port], "Port %s is open to containers, and no service publishes it.", port)
		}
	}
	for _, port := range slices.Sorted(maps.Keys(published)) {
		if _, ok := opened[port]; !ok {
			report(published[port], "Port %s is published, and no rule of the firewall opens it.", port)
		}
	}
}

// calls tells whether some function of apply.sh, or the script itself, calls another.
func (w *wall) calls(function string) bool {
	return slices.ContainsFunc(w.apply.lines, func(l scriptLine) bool {
		return l.text == function || strings.HasPrefix(l.text, function+" ")
	})
}

// inOrder tells whether a function of apply.sh has lines with these words, one
// behind the other.
func (w *wall) inOrder(function string, words ...string) bool {
	lines := w.apply.functions[function]
	for _, word := range words {
		i := slices.IndexFunc(lines, func(l scriptLine) bool { return strings.Contains(l.text, word) })
		if i < 0 {
			return false
		}
		lines = lines[i+1:]
	}
	return true
}

func atApply(w *wall, function string) Place {
	p := Place{File: wallFolder + "apply.sh", Line: 1}
	if lines := w.apply.functions[function]; len(lines) > 0 {
		p.Line = lines[0].number - 1
	}
	return p
}

// policiesAreSet: what no rule allows is denied, coming in and passing through.
func policiesAreSet(w *wall, report Report) {
	settings := w.apply.functions["plan_settings"]
	if find(settings, "INPUT:incoming", "FORWARD:routed") == nil || find(settings, `SETTINGS+=("default deny`) == nil || !w.calls("plan_settings") {
		report(atApply(w, "plan_settings"), "The script does not make ufw deny what no rule allows, coming in and passing through.")
	}
	if !w.inOrder("verify", "-P INPUT DROP") {
		report(atApply(w, "verify"), "Nobody looks whether the kernel denies incoming packets in the end.")
	}
}

// rulesAreTested: one line that iptables does not take makes a reload fail, and the
// next boot goes without a firewall.
func rulesAreTested(w *wall, report Report) {
	if find(w.apply.functions["test_rules"], "--test") == nil || !w.inOrder("prepare_files", "merge", "test_rules") || !w.calls("prepare_files") {
		report(atApply(w, "prepare_files"), "Files reach ufw that iptables-restore has not tried.")
	}
	if !w.inOrder("make_changes", "replace", "test_rules", "ufw --force enable") {
		report(atApply(w, "make_changes"), "Ufw is enabled with a file that iptables-restore has not tried.")
	}
}

// changesRollBack: a timer puts everything back unless somebody confirms, and it
// runs before the first change; ssh opens before anything closes.
func changesRollBack(w *wall, report Report) {
	if !w.inOrder("apply", "take_snapshot", "arm", "make_changes", "verify") {
		report(atApply(w, "apply"), "The host is changed before the way back is ready.")
	}
	if !w.inOrder("make_changes", "hold -I", "SSH_RULES", "ufw --force enable", "CLOSE_RULES") {
		report(atApply(w, "make_changes"), "Something closes before ssh is open.")
	}
	if find(w.apply.functions["on_exit"], `rollback.sh" --now`) == nil {
		report(atApply(w, "on_exit"), "A run that ends halfway leaves the host between two firewalls.")
	}
}
