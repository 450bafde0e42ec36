package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ufwState is what ufw's own files say. They decide at the next boot.
type ufwState struct {
	Enabled bool
	Input   string // policy of what comes in: "DROP", "REJECT", "ACCEPT"
	Forward string
	IPv6    bool
	Rules   []ufwRule
}

// errNoUFW says that there is none.
var errNoUFW = errors.New("ufw is not installed here")

func (h Host) ufwFiles() (ufwState, error) {
	conf, err := h.read("/etc/ufw/ufw.conf")
	if errors.Is(err, os.ErrNotExist) {
		return ufwState{}, errNoUFW
	}
	if err != nil {
		return ufwState{}, err
	}
	defaults, err := h.read("/etc/default/ufw")
	if err != nil {
		return ufwState{}, err
	}
	u := ufwState{
		Enabled: variable(conf, "ENABLED") == "yes", IPv6: variable(defaults, "IPV6") == "yes",
		Input: variable(defaults, "DEFAULT_INPUT_POLICY"), Forward: variable(defaults, "DEFAULT_FORWARD_POLICY"),
	}
	for _, file := range []string{"user.rules", "user6.rules"} {
		text, err := h.read("/etc/ufw/" + file)
		if err != nil {
			return u, err // 0640 of root
		}
		u.Rules = append(u.Rules, tuples(text)...)
	}
	return u, nil
}

// variable reads NAME=value or NAME="value" of a file for the shell.
func variable(text, name string) string {
	value := ""
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			value = strings.Trim(v, `"'`)
		}
	}
	return value
}

// applied is how the rules are brought onto the host.
func (x *examination) applied() string {
	return "Bring the rules of the stack onto the host; they are undone unless you confirm them:\n\n    cd " + x.Dir + "\n    sudo ufw/apply.sh --apply\n    sudo ufw/apply.sh --confirm"
}

// walled makes a check of ufw's files, of a stack that declares a firewall.
func walled(look func(x *examination, u ufwState) (string, []Finding)) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		if x.Stack.Firewall == nil {
			return "", nil, nothing("the stack declares no firewall")
		}
		u, err := x.ufw()
		if err != nil && u.Input == "" {
			return "", nil, err
		}
		seen, found := look(x, u)
		return seen, found, err
	}
}

func firewallChecks() []check {
	return []check{
		{code: "NS2020", run: off},
		{code: "NS2021", run: walled(func(x *examination, u ufwState) (string, []Finding) {
			var found []Finding
			for what, policy := range map[string]string{"comes in": u.Input, "is forwarded": u.Forward} {
				if policy != "DROP" && policy != "REJECT" {
					found = append(found, Finding{
						Object: "default of what " + what, Evidence: fmt.Sprintf("/etc/default/ufw lets in what %s and no rule speaks of (%s): every process that listens is open to the world.", what, policy),
						Fix: x.applied(),
					})
				}
			}
			for _, f := range families() {
				k, err := x.kernel(f.six) // where it is not seen, NS2020 says so
				if err != nil || len(found) > 0 || !u.Enabled || f.six && !u.IPv6 {
					continue
				}
				for _, chain := range []string{"FORWARD", "INPUT"} {
					if k.policy[chain] == "ACCEPT" {
						found = append(found, Finding{
							Object: "default of " + chain + ", " + f.name, Fix: x.applied(),
							Evidence: "The kernel's policy of " + chain + " is ACCEPT for " + f.name + ", whatever /etc/default/ufw says: what no rule speaks of is let in.",
						})
					}
				}
			}
			return "what comes in and what is forwarded is denied unless a rule allows it", found
		})},
		{code: "NS2022", run: walled(func(x *examination, u ufwState) (string, []Finding) {
			if u.IPv6 {
				return "IPV6=yes in /etc/default/ufw", nil
			}
			return "", []Finding{{
				Object: "/etc/default/ufw", Fix: x.applied(),
				Evidence: "IPV6 is not \"yes\": ufw makes no rules of its own for IPv6. Depending on its release, everything is dropped there, or nothing is.",
			}}
		})},
		{code: "NS2028", run: walled(ownRules)},
		{code: "NS2029", run: walled(foreignRules)},
	}
}

// off looks at the switch, and at the kernel where it may be seen.
func off(_ context.Context, x *examination) (string, []Finding, error) {
	if x.Stack.Firewall == nil {
		return "", nil, nothing("the stack declares no firewall")
	}
	u, err := x.ufw()
	found := func(evidence string) []Finding {
		return []Finding{{Object: "ufw", Evidence: evidence + " Every process of the host that listens can be reached.", Fix: x.applied()}}
	}
	switch {
	case errors.Is(err, errNoUFW):
		return "", []Finding{{Object: "ufw", Evidence: "ufw is not installed, and the stack declares a firewall. Every process of the host that listens can be reached.", Fix: "    sudo apt-get install ufw\n\n" + x.applied()}}, nil
	case err != nil && u.Input == "":
		return "", nil, err
	case !u.Enabled:
		return "", found("ufw is off: ENABLED is not \"yes\" in /etc/ufw/ufw.conf."), nil
	}
	for _, f := range families() {
		first := map[bool]string{false: "ufw-before-input", true: "ufw6-before-input"}[f.six]
		if f.six && !u.IPv6 {
			continue // has a finding of its own
		}
		k, err := x.kernel(f.six)
		if err != nil {
			return "", nil, fmt.Errorf("ufw is on in its files; what the kernel has is not seen: %w", err)
		}
		if !k.has("INPUT", first) {
			return "", found("ufw is on in its files, and the kernel asks none of its rules for " + f.name + ": INPUT does not lead to them."), nil
		}
	}
	return "ufw is on, in its files and in the kernel", nil, nil
}
