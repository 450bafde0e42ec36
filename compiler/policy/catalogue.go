package policy

import "slices"

// Rules lists the catalogue, theme by theme; within a theme by code.
//
// Codes of four digits begin with their theme: NS10xx isolation, NS11xx resources,
// NS12xx images, NS13xx volumes, NS14xx network, NS15xx edge, NS16xx TLS, NS17xx
// firewall, NS18xx secrets, NS19xx stores, NS20xx operations, NS21xx meta. A rule
// that had a code of three digits keeps it.
func Rules() []Rule {
	return slices.Concat(
		isolationRules(), resourceRules(), imageRules(), volumeRules(), networkRules(), edgeRules(),
		tlsRules(), firewallRules(), mountedSecretRules(), storeRules(), operationsRules(), metaRules(),
	)
}

func edgeRules() []Rule { return []Rule{trustedGateway()} }

func tlsRules() []Rule { return []Rule{localCertificate()} }

func firewallRules() []Rule { return []Rule{openDatabase(), noFirewall()} }

func storeRules() []Rule { return []Rule{severalWriters()} }
