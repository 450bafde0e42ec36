package policy

import "nselfc/compiler/ir"

// Rule is one promise about a stack: its entry in the catalogue, and for a rule
// that looks at the stack, its check.
type Rule struct {
	Code     string // "NS310"; stable for ever
	Title    string // the diagnostic's summary, and the title of the code's page
	Theme    Theme
	Severity Severity
	// Production and Development are what a finding is in each posture.
	Production  Level
	Development Level
	Held        Held
	// Waivable tells whether a waive block may accept a finding.
	Waivable bool
	// References are where the rule comes from, most binding first: a benchmark, a
	// standard, a weakness of CWE, a vendor's page.
	References []string
	// Page explains a rule of the stack's own, in Markdown; those of the catalogue have
	// theirs under nselfc explain.
	Page string
	// Check calls report for every place that breaks the rule. It must be linear
	// in the size of the stack and must not change it. It is nil for a rule that is
	// judged elsewhere: on the emitted text, by the compiler, or on the host.
	Check func(s *ir.Stack, report func(Finding))
}

// Level is what a rule's finding is in one posture.
type Level uint8

// The levels. Off keeps the check from running.
const (
	Off Level = iota
	Note
	Warning
	Error
)

// String gives the lower-case word that every output uses.
func (l Level) String() string { return [...]string{"off", "note", "warning", "error"}[l] }

// Level gives the rule's level in a posture.
func (r Rule) Level(p ir.Posture) Level {
	if p == ir.Development {
		return r.Development
	}
	return r.Production
}

// Severity says how much is lost where a rule is broken, whatever the posture makes
// of it. The scale is that of KICS and Trivy.
type Severity uint8

// The severities, least first.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

// String gives the lower-case word that every output uses.
func (s Severity) String() string {
	return [...]string{"info", "low", "medium", "high", "critical"}[s]
}

// Held says what keeps a rule.
type Held uint8

// The ways to hold a rule, strongest first.
const (
	// ByConstruction: the language cannot express the fault and no emitter can write
	// it. An independent reader of the output proves it in every build.
	ByConstruction Held = iota
	// ByDefault: the compiler does the right thing unless it is asked otherwise, and
	// then reports it.
	ByDefault
	// ByCheck: only the author can do the right thing; the compiler looks.
	ByCheck
	// OnHost: only the host where the stack runs can tell; nselfc doctor looks.
	OnHost
)

// String gives the words of the catalogue.
func (h Held) String() string {
	return [...]string{"by construction", "by default", "by check", "on the host"}[h]
}

// Theme groups the rules of the catalogue.
type Theme string

// The themes, in the order of the catalogue.
const (
	Isolation  Theme = "isolation"
	Resources  Theme = "resources"
	Images     Theme = "images"
	Volumes    Theme = "volumes"
	Network    Theme = "network"
	Edge       Theme = "edge"
	TLS        Theme = "TLS"
	Firewall   Theme = "firewall"
	Secrets    Theme = "secrets"
	Stores     Theme = "stores"
	Operations Theme = "operations"
	Meta       Theme = "meta"
	// Own is of the rules that a stack declares; the catalogue has none.
	Own Theme = "own"
)

// OwnRule makes the entry of a rule that a stack declares; its severity decides what
// a finding is, in either posture.
func OwnRule(r ir.Rule) Rule {
	out := Rule{Code: r.Code, Title: r.Title, Theme: Own, Severity: severityNamed(r.Severity), Held: ByCheck, Waivable: r.Waivable}
	switch out.Severity {
	case Critical, High:
		out.Production = Error
	case Medium:
		out.Production = Warning
	case Low, Info:
		out.Production = Note
	}
	out.Development = out.Production
	return out
}

func severityNamed(word string) Severity {
	for s := range Critical {
		if s.String() == word {
			return s
		}
	}
	return Critical
}

// constructed makes the entry of a rule that no stack can break. A finding would be
// a bug of nselfc, in every posture.
func constructed(code, title string, theme Theme, severity Severity, references ...string) Rule {
	return Rule{
		Code: code, Title: title, Theme: theme, Severity: severity, Held: ByConstruction,
		Production: Error, Development: Error, References: references,
	}
}

// reported makes the entry of a rule that a phase of the compiler or the host's side
// reports itself, by default or by check.
func reported(code, title string, theme Theme, severity Severity, held Held, production, development Level, references ...string) Rule {
	return Rule{
		Code: code, Title: title, Theme: theme, Severity: severity, Held: held,
		Production: production, Development: development, References: references,
	}
}
