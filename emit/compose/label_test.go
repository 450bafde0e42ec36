package compose_test

import (
	"regexp"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/emit/compose"
)

// TestNetworkLabelFollowsTheDefinition changes networks one by one: the services on
// them get another label, by which Compose makes their containers anew, and the
// others keep theirs.
func TestNetworkLabelFollowsTheDefinition(t *testing.T) {
	labels := func(change func(*ir.Network)) []string {
		stack := rich()
		change(stack.Networks[0]) // edge-api, of the services api and ingress
		files, _ := compose.Render(stack, compose.Options{})
		var out []string
		for _, m := range regexp.MustCompile(`io\.nselfc\.networks: (.*)`).FindAllStringSubmatch(files[0].Text.String(), -1) {
			out = append(out, m[1])
		}
		if len(out) != 3 { // in the order of names; worker is on none
			t.Fatalf("labels %v", out)
		}
		return out
	}
	before := labels(func(*ir.Network) {})
	for what, change := range map[string]func(*ir.Network){
		"subnet":   func(n *ir.Network) { n.Subnet = "10.89.0.64/28" },
		"IPv6":     func(n *ir.Network) { n.Subnet6 = "fd00::/64" },
		"internal": func(n *ir.Network) { n.Internal = false },
		"bridge":   func(n *ir.Network) { n.Bridge += "x" },
	} {
		after := labels(change)
		if after[0] == before[0] || after[1] == before[1] || after[2] != before[2] {
			t.Errorf("%s: %v, then %v", what, before, after)
		}
	}
	after := labels(func(n *ir.Network) { n.Owner, n.Purpose = "another", "another" })
	for i := range before {
		if after[i] != before[i] {
			t.Errorf("what Compose does not see changes a label: %v, then %v", before, after)
		}
	}
}
