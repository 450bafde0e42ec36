package doctor

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ufwRule is a line "### tuple ###" of ufw's database, or one that a stack asks for.
type ufwRule struct {
	Action, Protocol, Port, From, Comment string

	To, Sender string // a destination, and a port of the sender
	In, Onto   string // interfaces; "" for all

	Out    bool // of what leaves the machine
	Routed bool // of what it hands on
	Narrow bool // it wants a destination, an interface or a port of the sender too
}

// tuples reads "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=6e…":
// action, protocol, port, destination, port of the sender, source, two names of
// applications that may be missing, direction with an interface.
func tuples(text string) []ufwRule {
	var out []ufwRule
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "### tuple ### ")
		f := strings.Fields(rest)
		if !ok || len(f) < 7 {
			continue
		}
		r := ufwRule{Protocol: f[1], Port: f[2], To: f[3], Sender: f[4], From: f[5]}
		r.Action, _, _ = strings.Cut(f[0], "_log") // that it is logged changes nothing
		r.Action, r.Routed = strings.CutPrefix(r.Action, "route:")
		last := f[len(f)-1]
		if code, ok := strings.CutPrefix(last, "comment="); ok {
			comment, _ := hex.DecodeString(code)
			r.Comment, last = string(comment), f[len(f)-2]
		}
		r.Out = strings.HasPrefix(last, "out") && !r.Routed
		for way := range strings.SplitSeq(last, "!") { // "in", "in_eth0", "in_eth0!out_eth1"
			if name, ok := strings.CutPrefix(way, "in_"); ok {
				r.In = name
			}
			if name, ok := strings.CutPrefix(way, "out_"); ok {
				r.Onto = name
			}
		}
		r.Narrow = last != "in" || f[4] != "any" || !strings.HasSuffix(f[3], "/0")
		out = append(out, r)
	}
	return out
}

// asked reads what a stack asks ufw for, "#= allow tcp 443 0.0.0.0/0 nself:shop:https".
func asked(text string) []ufwRule {
	var out []ufwRule
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 6 && f[0] == "#=" {
			out = append(out, ufwRule{Action: f[1], Protocol: f[2], Port: f[3], From: f[4], Comment: f[5]})
		}
	}
	return out
}

// wanted are the rules of the stack, of the families that ufw looks after.
func (x *examination) wanted(u ufwState) []ufwRule {
	var out []ufwRule
	for _, f := range families() {
		if !f.six || u.IPv6 { // without it, ufw has none of its own: a finding by itself
			out = append(out, asked(x.file(f.file))...)
		}
	}
	return out
}

// neighbours gives the lines of the other stacks in a file of ufw's, by which
// apply.sh keeps what each of them needs. A line under the name of one that carries
// another's tag is nobody's. A file that is not there has none.
func (x *examination) neighbours(f family) (string, error) {
	text, err := x.read("/etc/" + f.file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	name := ""
	var out strings.Builder
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# BEGIN NSELF STACK ") && len(words) == 5:
			name = words[4]
		case strings.HasPrefix(line, "# END NSELF STACK "):
			name = ""
		case name != "" && name != x.Stack.Project && strings.Contains(line, "nself:"+name+":"):
			out.WriteString(line)
		}
	}
	return out.String(), err
}

// same tells whether two rules speak of the same packets, as ufw itself tells rules
// apart: whatever their comments say.
func (r ufwRule) same(o ufwRule) bool {
	return !r.Out && !r.Routed && !r.Narrow && r.Protocol == o.Protocol && r.Port == o.Port && r.From == o.From
}

func (r ufwRule) String() string {
	where := ""
	if r.Routed {
		where = "route "
	}
	return fmt.Sprintf("%s%s %s/%s from %s", where, r.Action, r.Port, r.Protocol, r.From)
}

// ownRules wants each rule of the stack in ufw's database, as it was emitted. A tag is
// no proof: it is the rule that is compared. Without its tag it lets in all the same.
func ownRules(x *examination, u ufwState) (string, []Finding) {
	wanted := x.wanted(u)
	var found []Finding
	for _, w := range wanted {
		i := slices.IndexFunc(u.Rules, func(r ufwRule) bool { return r.same(w) }) // of two, the first decides
		evidence := fmt.Sprintf("ufw has no rule %s (%s), which the stack declares: what it lets in is closed, or open by another rule that nobody reviewed.", w, w.Comment)
		switch tagged := slices.IndexFunc(u.Rules, func(r ufwRule) bool { return r.Comment == w.Comment }); {
		case i >= 0 && u.Rules[i].Action == w.Action:
			continue
		case i >= 0:
			evidence = fmt.Sprintf("The stack declares %s (%s), and ufw has %s in its place.", w, w.Comment, u.Rules[i])
		case tagged >= 0 && !slices.ContainsFunc(wanted, u.Rules[tagged].same):
			evidence = fmt.Sprintf("The stack declares %s (%s), and ufw's rule of that name says %s.", w, w.Comment, u.Rules[tagged])
		}
		found = append(found, Finding{Object: "rule " + w.Comment, Fix: x.applied(), Evidence: evidence})
	}
	return counted(len(wanted), "rule") + " of the stack, in ufw's database", found
}

// foreignRules finds what ufw lets in beside what the stacks of this host declare. A
// rule is judged by what it does, whatever tag it carries.
func foreignRules(x *examination, u ufwState) (string, []Finding) {
	var declared []ufwRule
	for _, f := range families() {
		text, _ := x.neighbours(f) // what cannot be read declares nothing
		declared = append(declared, asked(x.file(f.file)+text)...)
	}
	var found []Finding
	for _, r := range u.Rules {
		if r.Out || r.Action != "allow" && r.Action != "limit" || slices.ContainsFunc(declared, r.covered) {
			continue
		}
		evidence := fmt.Sprintf("ufw lets %s reach port %s (%s) by a rule that the stack does not declare.", from(r.From), r.Port, r.Protocol)
		if r.Routed {
			evidence = fmt.Sprintf("ufw has this machine hand on what %s sends to port %s (%s) of others, by a rule that the stack does not declare.", from(r.From), r.Port, r.Protocol)
		}
		if strings.HasPrefix(r.Comment, "nself:") {
			evidence += " It carries the tag " + r.Comment + ", and is no rule of that name that a stack has."
		}
		found = append(found, Finding{
			Object: "ufw rule " + r.String(), Evidence: evidence,
			Fix: "Delete it, or write it into the firewall block, where it is reviewed:\n\n    sudo ufw status numbered\n    sudo ufw delete NUMBER",
		})
	}
	return counted(len(u.Rules), "rule") + " of ufw, none that opens more than the stack declares", found
}

func from(source string) string {
	if source == "0.0.0.0/0" || source == "::/0" {
		return "everybody"
	}
	return source
}

// covered tells whether a declared rule lets in all that this one does. For ssh, "any"
// protocol is as good as tcp: nothing of it answers to the others.
func (r ufwRule) covered(declared ufwRule) bool {
	protocol := r.Protocol == declared.Protocol || r.Protocol == "any" && strings.HasSuffix(declared.Comment, ":ssh")
	return !r.Routed && r.Port == declared.Port && protocol && partOf(r.From, declared.From)
}

// within tells whether a rule is for no packet that another is not for. What that one
// leaves open is any.
func (r ufwRule) within(o ufwRule) bool {
	return (o.Protocol == "any" || r.Protocol == o.Protocol) && portsIn(r.Port, o.Port) && portsIn(r.Sender, o.Sender) &&
		(o.From == "" || partOf(r.From, o.From)) && (o.To == "" || partOf(r.To, o.To)) && (o.In == "" || r.In == o.In) && (o.Onto == "" || r.Onto == o.Onto)
}

// portsIn tells whether all of "80,8000:8010" is in another such list; "any" is all.
func portsIn(part, whole string) bool {
	if whole == "any" || whole == "" {
		return true
	}
	return !slices.ContainsFunc(strings.Split(part, ","), func(p string) bool {
		low, high := span(p)
		return !slices.ContainsFunc(strings.Split(whole, ","), func(w string) bool {
			from, to := span(w)
			return from <= low && high <= to
		})
	})
}

// span reads "8000:8010" or "80"; what is no number is every port.
func span(ports string) (low, high int) {
	first, last, ranged := strings.Cut(ports, ":")
	if !ranged {
		last = first
	}
	low, err := strconv.Atoi(first)
	high, other := strconv.Atoi(last)
	if err != nil || other != nil {
		return 0, math.MaxUint16
	}
	return low, high
}

// partOf tells whether all of a network, or an address, is in another.
func partOf(part, whole string) bool {
	p, err := netip.ParsePrefix(network(part))
	w, other := netip.ParsePrefix(network(whole))
	return part == whole || err == nil && other == nil && p.Bits() >= w.Bits() && w.Contains(p.Addr())
}
