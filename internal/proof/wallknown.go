package proof

import (
	"net/netip"
	"slices"
	"strings"

	"nselfc/internal/proof/iptables"
)

// inWords gives a rule as fixedRules and published have them.
func inWords(r iptables.Rule) string {
	words := []string{r.Chain}
	for _, m := range r.Matches {
		words = append(words, "-m", m)
	}
	for _, o := range r.Options {
		words = append(words, o.Name, o.Value)
	}
	return strings.Join(words, " ")
}

// unknownRules refuses what is not one of the rules of the block, whole: any other
// could let something pass, or mark it for somebody who does.
func unknownRules(w *wall, f *family, report Report) {
	seen, fixed := map[string]bool{}, fixedRules()
	for _, r := range f.table.Rules {
		text := inWords(r)
		switch {
		case seen[text]:
			report(f.at(r.Line), "The rule stands there twice.")
		case !slices.Contains(fixed, text) && text != f.published(w, r):
			report(f.at(r.Line), "It is none of the rules of the block: %s.", strings.TrimSuffix(text, " "))
		}
		seen[text] = true
	}
	for _, a := range f.asked {
		if a.action != "allow" && a.action != "limit" || portNumber(a.port) == 0 || !f.source(a.source) {
			report(f.at(a.line), "Ufw is asked for no rule of this file's: %s %s/%s from %s.", a.action, a.port, a.protocol, a.source)
		}
	}
}

// blocksAreMarked: apply.sh puts what stands between the marks of a stack into the block of
// the host, and takes that of a stack away by its name.
func blocksAreMarked(a *Artefacts, report Report) {
	w := a.wall()
	if w == nil || len(w.broken) > 0 {
		return
	}
	project := w.stack
	for _, d := range a.compose().documents {
		if n := d.root.Get("name"); n != nil {
			project = n.Value()
		}
	}
	want := []string{" BEGIN NSELF 1 (", " BEGIN NSELF STACK " + project, " END NSELF STACK " + project, " END NSELF"}
	for _, f := range w.families {
		var marks []int
		for _, c := range f.table.Comments {
			if !strings.HasPrefix(c.Text, " BEGIN NSELF") && !strings.HasPrefix(c.Text, " END NSELF") {
				continue
			}
			if len(marks) == len(want) || c.Text != want[len(marks)] && (len(marks) > 0 || !strings.HasPrefix(c.Text, want[0])) {
				report(f.at(c.Line), "#%s does not stand in its place.", c.Text)
				marks = nil
				break
			}
			marks = append(marks, c.Line)
		}
		if len(marks) < len(want) {
			report(f.at(1), "The block, or the part of the stack %s in it, has no beginning or no end.", project)
			continue
		}
		for _, asked := range f.asked {
			if asked.line < marks[1] || asked.line > marks[2] {
				report(f.at(asked.line), "It stands outside of the part of the stack %s.", project)
			}
		}
		for _, r := range f.table.Rules {
			if r.Get("--ctorigdstport") != "" && (r.Line < marks[1] || r.Line > marks[2]) {
				report(f.at(r.Line), "It stands outside of the part of the stack %s.", project)
			}
		}
	}
}

// fixedRules are those that every stack on a host shares, as their matches and options.
func fixedRules() []string {
	out := []string{
		inbound + " -m conntrack -m comment --ctstate RELATED,ESTABLISHED --comment nself established -j RETURN",
		inbound + " -m limit -m comment --limit 3/min --limit-burst 10 --comment nself log -j LOG --log-prefix [NSELF BLOCK] ",
		inbound + " -m comment --comment nself deny -j DROP",
	}
	for _, b := range bridges {
		out = append(out, dispatch+" -m comment -o "+b+" --comment nself to "+b+" -g "+inbound, inbound+" -m comment -i "+b+" --comment nself from "+b+" -j RETURN")
	}
	return out
}

// published gives the rule that lets a source through to a port, with the port and the
// source of a given one. Its comment repeats what it says, as apply.sh knows the
// kernel's rules by that: one that says otherwise would pass for what it is not.
func (f *family) published(w *wall, r iptables.Rule) string {
	from, what := "", f.any
	if source := r.Get("-s"); source != "" {
		if !f.source(source) {
			return ""
		}
		from, what = " -s "+source, strings.TrimSuffix(strings.TrimSuffix(source, "/32"), "/128")
	}
	protocol, port, comment := r.Get("-p"), r.Get("--ctorigdstport"), r.Get("--comment")
	if protocol != "tcp" && protocol != "udp" || portNumber(port) == 0 {
		return ""
	}
	tag, _, _ := strings.Cut(strings.TrimPrefix(comment, "nself:"+w.stack+":"), " ")
	return inbound + " -m conntrack -m comment" + from + " -p " + protocol + " --ctstate DNAT --ctorigdstport " + port +
		" --comment nself:" + w.stack + ":" + tag + " " + port + "/" + protocol + " " + what + " -j RETURN"
}

// source tells an address or a network of the family.
func (f *family) source(s string) bool {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return p == p.Masked() && p.Addr().Is4() == (f.any == "0.0.0.0/0")
}
