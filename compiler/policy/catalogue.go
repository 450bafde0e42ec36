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
		tlsRules(), firewallRules(), mountedSecretRules(), storeRules(), metaRules(),
	)
}

// proved makes the entry of a rule that holds by construction.
func proved(theme Theme, code, title string, severity Severity, references ...string) Rule {
	return Rule{
		Code: code, Title: title, Theme: theme, Severity: severity, References: references,
		Production: Error, Development: Error, Held: ByConstruction,
	}
}

// reported makes the entry of a rule that the compiler holds the author to: what
// breaks it is an error, and nothing is written.
func reported(theme Theme, code, title string, severity Severity, references ...string) Rule {
	r := proved(theme, code, title, severity, references...)
	r.Held = ByCheck
	return r
}

// warned is reported for what may be meant.
func warned(theme Theme, code, title string, severity Severity, references ...string) Rule {
	r := reported(theme, code, title, severity, references...)
	r.Production, r.Development = Warning, Warning
	return r
}

func edgeRules() []Rule { return []Rule{trustedGateway()} }

func tlsRules() []Rule { return []Rule{localCertificate()} }

func firewallRules() []Rule { return []Rule{openDatabase(), noFirewall()} }

func storeRules() []Rule { return []Rule{severalWriters()} }
