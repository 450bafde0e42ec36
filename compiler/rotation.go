package compiler

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/escape"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// lowerRotation says how a secret is rotated: as its block says, or as its kind
// allows. The service, which may be lowered later, is looked up by lowerRotations.
func lowerRotation(s *lang.Secret, kind string) *ir.Rotation {
	class := "restart"
	switch kind {
	case "x509":
		class = "overlap"
	case "input": // somebody else issues it
		class = "manual"
	}
	o := &ir.Rotation{Class: source.Default(class, s.Range, "default secret.rotation"), Origin: source.Origin{Range: s.Range}, After: s.RotateAfter}
	if r := s.Rotation; r != nil {
		o.Class, o.Origin = r.Class.Or(class, s.Range, "default secret.rotation"), source.Origin{Range: r.Range}
		o.Apply, o.Prove, o.User = r.Apply, r.Prove, r.User
	}
	return o
}

// lowerRotations finds the service and the file of each rotation, when all of them
// are known.
func (l *lowering) lowerRotations() {
	for _, s := range l.in.Secrets {
		if r := s.Rotation; r != nil && r.Service.IsSet() {
			l.rotationAt(s, l.secrets[s.Address].out.Rotation)
		}
	}
}

func (l *lowering) rotationAt(s *lang.Secret, o *ir.Rotation) {
	r := s.Rotation
	u, ok := l.byAddress[r.Service.V]
	if !ok {
		l.bug(s.Declared, r.Service.Range, "%s is rotated in %s, which is no service.", s.Address, r.Service.V)
		return
	}
	o.Service = u.out.Name
	var names []string
	for _, m := range slices.Concat(u.out.Configs, u.out.Secrets) {
		name := m.Name[len(u.out.Name)+1:]
		names = append(names, name)
		if name != r.File.V || o.File != "" {
			continue
		}
		o.File = m.File
		if i := slices.IndexFunc(l.out.Files, func(f *ir.File) bool { return f.Path == m.File }); i < 0 || !slices.ContainsFunc(l.out.Files[i].Content.Addresses(), func(address string) bool {
			return address == s.Address || l.secrets[address] != nil && l.secrets[address].in.SignedBy == s.Address // follows its authority
		}) {
			l.errorf(s.Declared, r.File.Range, "NS485", "Rotation that reaches no server",
				"The file %q of %s does not hold %s, so the server would not hear of its new value. Use the secret in that file, or name the one that holds it.", r.File.V, r.Service.V, s.Address)
		}
	}
	if o.File == "" {
		slices.Sort(names)
		l.errorf(s.Declared, r.File.Range, "NS485", "Rotation that reaches no server",
			"%s has no config and no entry of secrets named %q, whose text the server would be told. It has: %s.", r.Service.V, r.File.V, listed(names))
	}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Compact(names), ", ")
}

// checkLogins refuses a question for the logins of a secret that is of no pair.
func (l *lowering) checkLogins(d lang.Declared, t lang.Text) {
	t.V.Walk(func(x *secret.Expr) {
		f, ok := escape.Lookup(x.Func)
		if !ok || !f.OfLogin() {
			return
		}
		for _, address := range x.Args[0].Addresses() {
			ds, known := l.secrets[address]
			if !known || ds.out.Rotation.Class.V == "pair" {
				continue
			}
			l.errorf(d, t.Range, "NS486", "Login of a secret without a pair",
				"%s asks which of two logins has the value of %s, but that secret has no pair of them. Declare it, in the secret's block:\n\n"+
					"    rotation {\n      class = \"pair\"\n      …\n    }", x, address).With(ds.in.Range, "the secret")
		}
	})
}
