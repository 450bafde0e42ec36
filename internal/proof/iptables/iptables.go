// Package iptables reads the input of iptables-restore, from its manual page and
// nothing of ours: a table, its chains, its rules, COMMIT. It knows the options that
// a rule of a host's firewall may have and refuses every other.
package iptables

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Table is one table of a file.
type Table struct {
	Chains   []Chain
	Rules    []Rule
	Comments []Comment
}

// Chain is a declared chain. iptables-restore -n empties it, whatever it held.
type Chain struct {
	Line   int
	Name   string
	Policy string // "-" for one that is not built in
}

// Rule is one -A line.
type Rule struct {
	Line    int
	Chain   string
	Matches []string // names of -m, in order
	Options []Option // in order, -m and -A left out
}

// Option is an option and its value.
type Option struct{ Name, Value string }

// Get gives the value of an option, "" when the rule has none.
func (r Rule) Get(name string) string {
	for _, o := range r.Options {
		if o.Name == name {
			return o.Value
		}
	}
	return ""
}

// Comment is a line that iptables-restore passes over.
type Comment struct {
	Line int
	Text string // behind the #
}

// options are those of iptables itself, and of each match and target.
var options = map[string][]string{
	"":          {"-i", "-o", "-s", "-d", "-p", "-j", "-g"},
	"conntrack": {"--ctstate", "--ctorigdstport", "--ctorigsrc", "--ctorigdst"},
	"comment":   {"--comment"},
	"limit":     {"--limit", "--limit-burst"},
	"LOG":       {"--log-prefix", "--log-level"},
	"tcp":       {"--dport", "--sport"},
	"udp":       {"--dport", "--sport"},
}

var (
	errNoTable  = errors.New("a rule outside of a table")
	errNoCommit = errors.New("no COMMIT, so nothing of it is loaded")
)

// Parse reads a file with one table.
func Parse(text string) (*Table, error) {
	t := &Table{}
	line, inside, done := 0, false, false
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSuffix(s, "\n")
		var err error
		switch {
		case s == "":
		case s[0] == '#':
			t.Comments = append(t.Comments, Comment{line, s[1:]})
		case s == "*filter" && !inside && !done:
			inside = true
		case !inside:
			err = errNoTable
		case s == "COMMIT":
			inside, done = false, true
		case s[0] == ':':
			err = t.chain(line, s[1:])
		default:
			err = t.rule(line, s)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if !done {
		return nil, errNoCommit
	}
	return t, nil
}

func (t *Table) chain(line int, s string) error {
	fields := strings.Fields(s)
	if len(fields) != 3 || fields[2] != "[0:0]" || len(fields[0]) > 28 {
		return fmt.Errorf("bad chain %q", s)
	}
	if t.Declares(fields[0]) {
		return fmt.Errorf("the chain %s is declared twice", fields[0])
	}
	t.Chains = append(t.Chains, Chain{line, fields[0], fields[1]})
	return nil
}

// Declares tells whether the table declares a chain.
func (t *Table) Declares(chain string) bool {
	return slices.ContainsFunc(t.Chains, func(c Chain) bool { return c.Name == chain })
}

func (t *Table) rule(line int, s string) error {
	words, err := split(s)
	if err != nil {
		return err
	}
	if len(words) < 4 || len(words)%2 != 0 || words[0] != "-A" {
		return fmt.Errorf("no rule: %s", s)
	}
	r := Rule{Line: line, Chain: words[1], Options: make([]Option, 0, len(words)/2)}
	known := [][]string{options[""]}
	for i := 2; i < len(words); i += 2 {
		name, value := words[i], words[i+1]
		if name == "-m" {
			if _, ok := options[value]; !ok || value == "LOG" || value == "" {
				return fmt.Errorf("unknown match %s", value)
			}
			r.Matches = append(r.Matches, value)
			known = append(known, options[value])
			continue
		}
		if !slices.ContainsFunc(known, func(k []string) bool { return slices.Contains(k, name) }) {
			return fmt.Errorf("unknown option %s", name)
		}
		if slices.ContainsFunc(r.Options, func(o Option) bool { return o.Name == name }) {
			return fmt.Errorf("the option %s twice", name)
		}
		if name == "-j" || name == "-p" {
			known = append(known, options[value])
		}
		r.Options = append(r.Options, Option{name, value})
	}
	t.Rules = append(t.Rules, r)
	return nil
}

// split cuts a line at blanks; a word in double quotes may have some, and a
// backslash within takes the next character as it is.
func split(s string) ([]string, error) {
	var out []string
	var b strings.Builder
	word, quoted := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
			return nil, fmt.Errorf("control character %#02x", c)
		case c == '"':
			quoted, word = !quoted, true
		case c == '\\' && quoted:
			if i++; i == len(s) {
				return nil, errors.New("the line ends in a backslash")
			}
			b.WriteByte(s[i])
		case c == ' ' && !quoted:
			if word {
				out = append(out, b.String())
				b.Reset()
			}
			word = false
		default:
			word = true
			b.WriteByte(c)
		}
	}
	if quoted {
		return nil, errors.New("a quotation mark that is not closed")
	}
	if word {
		out = append(out, b.String())
	}
	return out, nil
}
