package policy

// waiverRules keep exceptions honest: each has a reason, an owner and an end, and
// accepts something. They are judged where waivers are read and applied.
func waiverRules() []Rule {
	meta := func(code, title string, s Severity, l Level) Rule {
		return Rule{
			Code: code, Title: title, Theme: Meta, Severity: s, Production: l, Development: l, Held: ByCheck,
			References: []string{"NIST SP 800-53 rev. 5, CA-5 and PM-4", "SARIF 2.1.0, 3.35"},
		}
	}
	return []Rule{
		meta("NS2101", "Waiver has ended", High, Error),
		meta("NS2102", "Waiver ends soon", Low, Warning),
		meta("NS2103", "Waiver that accepts nothing", Medium, Error),
		meta("NS2104", "Waiver of an unknown rule", Medium, Error),
		meta("NS2105", "Rule that cannot be waived", High, Error),
		meta("NS2106", "Waiver that lasts too long", Medium, Error),
		meta("NS2107", "Waiver on nothing", Medium, Error),
		meta("NS2108", "Waiver of the whole stack", High, Error),
		meta("NS2109", "Same waiver twice", Low, Error),
		meta("NS2110", "Reason that says nothing", Medium, Error),
		meta("NS2111", "Owner whom nobody can ask", Medium, Error),
	}
}
