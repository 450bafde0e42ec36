package secrets

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets/register"
	"nselfc/internal/strength"
	"nselfc/lang/diag"
)

// weak reports values that a person chose badly: an error in production, a
// warning on a laptop. What nselfc generated is strong by construction and
// passes.
func (b *book) weak() diag.List {
	var diags diag.List
	first := map[string]*ir.Secret{}
	for _, s := range b.stack.Secrets {
		values := []string{b.values[s.Address][""]}
		if b.states[s.Address] == Staged {
			values = append(values, b.beside[s.Address][""])
		}
		for i, value := range values {
			key := s.Key + []string{"", suffixNext}[i]
			if value == "" {
				continue
			}
			problem := ""
			if !b.madeHere(s, value) {
				problem = guessable(b.stack, s, value)
			}
			if other := first[value]; other != nil {
				problem = "is also the value of " + other.Key + ": who gets one has both"
			}
			first[value] = s
			if problem != "" {
				diags = append(diags, b.weakValue(s, key, problem))
			}
		}
	}
	return diags
}

// madeHere tells a value that a random source made: in this run, or in one of which
// the register has the fingerprint. There is nothing to be judged in it.
func (b *book) madeHere(s *ir.Secret, value string) bool {
	if slices.Contains(b.generated, s.Address) {
		return true
	}
	e := b.register.Entries[s.Address]
	return e != nil && e.Fingerprint != "" && e.Fingerprint == register.Fingerprint(b.register.Stack, value)
}

func (b *book) weakValue(s *ir.Secret, key, problem string) *diag.Diagnostic {
	report := diag.Errorf
	if b.stack.Posture == ir.Development {
		report = diag.Warningf
	}
	line := b.doc.Line(key)
	if line == 0 { // it was handed over just now
		return about(s, report(codeWeak, s.Origin.Range, "Weak secret", "The new value of %s %s.\n\nHand over another; nothing was changed.", s.Address, problem))
	}
	return about(s, report(codeWeak, s.Origin.Range, "Weak secret",
		"The value of %s on line %d of %s %s.\n\nReplace it where it is in use, then there. If nothing uses it yet, delete the line and build again, which makes a strong one.",
		key, line, b.file, problem))
}

// Strict makes errors of the warnings of weak values, which are such only in
// production otherwise.
func Strict(list diag.List) {
	for _, d := range list {
		if d.Code == codeWeak {
			d.Severity = diag.Error
		}
	}
}

// guessable says what makes a value one of the first that an attacker tries, or
// "".
func guessable(stack *ir.Stack, s *ir.Secret, value string) string {
	least := minOwnPassword
	if s.Kind.V == kindInput {
		least = inputLength(s)
	}
	return strength.Problem(value, least, namesIn(stack, s))
}

// namesIn lists what is written in the stack, and in what it is called by.
func namesIn(stack *ir.Stack, s *ir.Secret) strength.Names {
	names := strength.Names{stack.Name.V, stack.Project, stack.Environment}
	for _, service := range stack.Services {
		names = append(names, service.Name)
	}
	if s.Rotation != nil {
		names = append(names, s.Rotation.User.V)
	}
	if stack.Ingress != nil {
		for _, h := range stack.Ingress.Hosts {
			names = append(names, h.Name.V)
			names = append(names, strings.Split(h.Name.V, ".")...)
		}
	}
	return names
}
