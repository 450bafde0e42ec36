package doctor

import (
	"slices"
	"strings"
)

// checks lists what is looked at, by code.
func checks() []check {
	all := slices.Concat(
		secretChecks(), outputChecks(), listenChecks(), firewallChecks(), chainChecks(), sshChecks(), daemonChecks(), containerChecks(),
		imageChecks(), credentialChecks(), certificateChecks(), handshakeChecks(), machineChecks(), backupChecks(),
	)
	slices.SortFunc(all, func(a, b check) int { return strings.Compare(a.code, b.code) })
	return all
}

// Deep gives the codes that only Security asks for.
func Deep() map[string]bool {
	out := map[string]bool{}
	for _, c := range checks() {
		if c.security {
			out[c.code] = true
		}
	}
	return out
}
