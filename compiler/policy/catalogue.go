package policy

import (
	"slices"

	"nselfc/lang/diag"
)

// Rules lists the catalogue, theme by theme; within a theme by code.
//
// Codes of four digits begin with their theme: NS10xx isolation, NS11xx resources,
// NS12xx images, NS13xx volumes, NS14xx network, NS15xx edge, NS16xx TLS, NS17xx
// firewall, NS18xx secrets, NS19xx stores, NS20xx operations, NS21xx meta. A rule
// that had a code of three digits keeps it.
func Rules() []Rule {
	return slices.Concat(
		isolationRules(), resourceRules(), imageRules(), volumeRules(), networkRules(), edgeRules(),
		tlsRules(), firewallRules(), secretRules(), storeRules(), operationsRules(), metaRules(),
	)
}

func edgeRules() []Rule {
	return byCode(reportedEdge(), []Rule{trustedGateway(), trustedWorld()}, provedEdge(), []Rule{openOrigin(), debugger(), openDashboard()})
}

func tlsRules() []Rule {
	return byCode([]Rule{localCertificate()}, reportedTLS(), provedTLS(), []Rule{uncheckedTLS()})
}

func firewallRules() []Rule {
	return byCode([]Rule{openDatabase(), noFirewall()}, reportedFirewall(), provedFirewall())
}

func secretRules() []Rule {
	return byCode(reportedSecrets(), provedSecrets(), mountedSecretRules(), []Rule{plainPassword()})
}

func storeRules() []Rule {
	return byCode([]Rule{severalWriters()}, provedStores(), []Rule{openStore()})
}

// byCode joins the lists of a theme in the order of their codes.
func byCode(lists ...[]Rule) []Rule {
	out := slices.Concat(lists...)
	slices.SortStableFunc(out, func(a, b Rule) int { return diag.CompareCodes(a.Code, b.Code) })
	return out
}
