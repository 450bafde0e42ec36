package ufw

import (
	"strconv"

	"nselfc/internal/proof/iptables"
)

// admits tells what a table lets through of new packets to a container: the
// decision of the first rule that fits, as netfilter would take it.
func admits(t *iptables.Table, protocol string, translated bool, port int, source string) bool {
	for _, r := range t.Rules {
		if r.Chain != chainInbound || r.Get("-j") == "LOG" || r.Get("-i") != "" {
			continue
		}
		if s := r.Get("--ctstate"); s == "RELATED,ESTABLISHED" || s == "DNAT" && !translated {
			continue
		}
		if p := r.Get("-p"); p != "" && p != protocol {
			continue
		}
		if p := r.Get("--ctorigdstport"); p != "" && p != strconv.Itoa(port) {
			continue
		}
		if s := r.Get("-s"); s != "" && s != source {
			continue
		}
		return r.Get("-j") == "RETURN"
	}
	return true
}
