package doctor

import (
	"net/netip"
	"slices"
	"strings"
)

// match is a condition of a rule of iptables, such as "! -i lo": its option with its
// values.
type match struct {
	not    bool
	option string
	values string
}

// matches takes a rule apart. A comment is a word of its own, whatever it says.
func matches(rule string) []match {
	var out []match
	not := false
	for _, w := range ruleWords(rule) {
		switch {
		case w == "!":
			not = true
		case strings.HasPrefix(w, "-") && len(w) > 1:
			out = append(out, match{not: not, option: w})
			not = false
		case len(out) > 0:
			last := &out[len(out)-1]
			last.values = strings.TrimSpace(last.values + " " + w)
		}
	}
	return out
}

// ruleWords splits at spaces that no quotes enclose. A quoted word keeps its first
// quote, so that it is never taken for an option.
func ruleWords(rule string) []string {
	var out []string
	for rest := strings.TrimSpace(rule); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexByte(rest, ' ')
		if rest[0] == '"' {
			end = 1
			for end < len(rest) && rest[end] != '"' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			out, rest = append(out, rest[:min(end, len(rest))]), rest[min(end+1, len(rest)):]
			continue
		}
		if end < 0 {
			end = len(rest)
		}
		out, rest = append(out, rest[:end]), rest[end:]
	}
	return out
}

// conditions gives what a packet must be for a rule, in an order of its own. Left out
// is what releases of iptables print differently or do not need: the modules of the
// options, the comment, and how something is logged.
func conditions(rule string) string {
	var out []string
	for _, m := range matches(rule) {
		switch m.option {
		case "-j", "-g", "--comment", "--log-prefix", "--log-level", "--reject-with":
			continue
		case "-m": // some are a condition without an option
			if slices.Contains([]string{"comment", "conntrack", "state", "limit", "tcp", "udp"}, m.values) {
				continue
			}
		case "-s", "-d":
			m.values = network(m.values)
		case "--ctstate":
			states := strings.Split(m.values, ",")
			slices.Sort(states)
			m.values = strings.Join(states, ",")
		}
		said := m.option + " " + m.values
		if m.not {
			said = "! " + said
		}
		out = append(out, said)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// network writes an address as the network that it is.
func network(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()).String()
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked().String()
	}
	return text
}

// letsIn tells whether a rule of others can open something, itself or by the chain
// that it leads to. In DOCKER-USER a RETURN leads past NSELF; answers and the
// machine's own packets are no new connections.
func (t table) letsIn(chain, rule string) bool {
	return t.opens(rule, chain == "DOCKER-USER", map[string]bool{})
}

func (t table) opens(rule string, returning bool, asked map[string]bool) bool {
	target := ""
	for _, m := range matches(rule) {
		switch {
		case m.option == "-j", m.option == "-g":
			target, _, _ = strings.Cut(m.values, " ")
			returning = returning && (m.option == "-g" || target == "RETURN")
		case m.not:
		case m.option == "-i" && m.values == "lo":
			return false
		case m.option == "--ctstate" || m.option == "--state":
			if !slices.ContainsFunc(strings.Split(m.values, ","), func(s string) bool { return s != "ESTABLISHED" && s != "RELATED" && s != "INVALID" }) {
				return false
			}
		}
	}
	switch {
	case target == "ACCEPT", target == "NFQUEUE": // the program behind the queue decides, for good
		return true
	case target == "RETURN":
		return returning
	case asked[target]:
		return false
	}
	asked[target] = true
	return slices.ContainsFunc(t.rules[target], func(r string) bool { return t.opens(r, returning, asked) })
}
