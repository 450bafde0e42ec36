package ufw

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// This file reads iptables-restore input on its own terms, by the manual page
// and not by the emitter: a table, chains, rules as options with values, COMMIT.

// restored is one table after loading.
type restored struct {
	chains []string
	rules  []restoredRule
}

// restoredRule is one -A line: its options in order, matches included.
type restoredRule struct {
	chain   string
	options map[string]string
	matches []string
}

// words splits a line as iptables-restore does: at blanks, with double quotes
// around a word and a backslash before a character in it.
func words(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	inWord, quoted := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
			if i == len(line) {
				return nil, fmt.Errorf("ends in a backslash")
			}
			word.WriteByte(line[i])
		case c == '"':
			quoted, inWord = !quoted, true
		case (c == ' ' || c == '\t') && !quoted:
			if inWord {
				out = append(out, word.String())
				word.Reset()
				inWord = false
			}
		case c < ' ' || c == 0x7f:
			return nil, fmt.Errorf("control character %#x", c)
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("unclosed quotation mark")
	}
	if inWord {
		out = append(out, word.String())
	}
	return out, nil
}

// parseRestore reads one table.
func parseRestore(text string) (restored, error) {
	var table restored
	state := "before"
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fail := func(format string, args ...any) (restored, error) {
			return restored{}, fmt.Errorf("line %d: %s", n+1, fmt.Sprintf(format, args...))
		}
		switch {
		case line == "" || line[0] == '#':
			continue
		case line == "*filter" && state == "before":
			state = "in"
		case line == "COMMIT" && state == "in":
			state = "after"
		case state != "in":
			return fail("outside of a table: %s", line)
		case line[0] == ':':
			name, rest, _ := strings.Cut(line[1:], " ")
			if rest != "- [0:0]" || name == "" || len(name) > 28 || slices.Contains(table.chains, name) {
				return fail("bad chain %q", line)
			}
			table.chains = append(table.chains, name)
		default:
			rule, err := parseRule(line)
			if err != nil {
				return fail("%v", err)
			}
			if !slices.Contains(table.chains, rule.chain) {
				return fail("the chain %s is not declared, so loading twice would double its rules", rule.chain)
			}
			table.rules = append(table.rules, rule)
		}
	}
	if state != "after" {
		return restored{}, fmt.Errorf("no COMMIT")
	}
	return table, nil
}

// optionsOf lists the options that a match extension brings.
var optionsOf = map[string][]string{
	"conntrack": {"--ctstate", "--ctorigdstport"},
	"comment":   {"--comment"},
	"limit":     {"--limit", "--limit-burst"},
	"LOG":       {"--log-prefix"},
	"":          {"-i", "-o", "-s", "-p", "-j", "-g"},
}

func parseRule(line string) (restoredRule, error) {
	rule := restoredRule{options: map[string]string{}}
	list, err := words(line)
	if err != nil {
		return rule, err
	}
	if len(list) < 2 || list[0] != "-A" || len(list)%2 != 0 {
		return rule, fmt.Errorf("no rule: %s", line)
	}
	rule.chain = list[1]
	known := slices.Clone(optionsOf[""])
	for i := 2; i < len(list); i += 2 {
		option, value := list[i], list[i+1]
		if option == "-m" {
			known = append(known, optionsOf[value]...)
			rule.matches = append(rule.matches, value)
			continue
		}
		if !slices.Contains(known, option) {
			return rule, fmt.Errorf("unknown option %s", option)
		}
		if _, twice := rule.options[option]; twice {
			return rule, fmt.Errorf("option %s twice", option)
		}
		if option == "-j" {
			known = append(known, optionsOf[value]...)
		}
		if option == "--comment" && len(value) > 255 {
			return rule, fmt.Errorf("comment of %d bytes", len(value))
		}
		rule.options[option] = value
	}
	return rule, nil
}

// admits tells what a table lets through of new packets to a container: the
// decision of the first rule that fits, as netfilter would take it.
func (t restored) admits(protocol string, translated bool, port int, source string) bool {
	for _, r := range t.rules {
		if r.chain != chainInbound || r.options["-j"] == "LOG" || r.options["-i"] != "" {
			continue
		}
		if s := r.options["--ctstate"]; s == "RELATED,ESTABLISHED" || s == "DNAT" && !translated {
			continue
		}
		if p, ok := r.options["-p"]; ok && p != protocol {
			continue
		}
		if p, ok := r.options["--ctorigdstport"]; ok && p != strconv.Itoa(port) {
			continue
		}
		if s, ok := r.options["-s"]; ok && s != source {
			continue
		}
		return r.options["-j"] == "RETURN"
	}
	return true
}
