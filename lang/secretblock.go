package lang

import (
	"nselfc/lang/diag"
)

// secret reads one unit of a secret block.
func (u *unit) secret() *Secret {
	r := u.x.read(u.block, u.decl.spec, u.sc)
	s := &Secret{
		Declared: u.declared(), Kind: r.str("kind"),
		Bytes: r.integer("bytes", 16, 1024), Length: r.integer("length", 22, 1024),
		CA: r.boolean("ca"), SignedBy: r.secretRef("signed_by"), CommonName: r.str("common_name"),
		Hosts: r.strings("hosts"), Days: r.integer("days", 1, 7300), Client: r.boolean("client"),
		Bits: r.integer("bits", 2048, 8192), Pattern: r.str("pattern"), MinLength: r.integer("min_length", 1, 4096),
		MaxAge:      r.wholeUnits("max_age", day, "days", 1, 3650),
		RotateAfter: r.wholeUnits("rotate_after", day, "days", 1, 3650),
	}
	kind := s.Kind.V
	if !s.Kind.IsSet() {
		kind = "base64url"
	}
	u.fits(&r, s, kind)
	s.Rotation = u.rotation(&r, kind)
	return s
}

// fits refuses arguments that the secret's kind does not use: they would be
// ignored silently.
func (u *unit) fits(r *reader, s *Secret, kind string) {
	for _, a := range []struct {
		name  string
		kinds string
	}{
		{"bytes", "hex base64url"},
		{"length", "password"},
		{"bits", "rsa"},
		{"pattern", "input"},
		{"min_length", "input"},
		{"max_age", "input"},
		{"ca", "x509"},
		{"signed_by", "x509"},
		{"common_name", "x509"},
		{"hosts", "x509"},
		{"days", "x509"},
		{"client", "x509"},
	} {
		attr, ok := r.body.Attributes[a.name]
		if !ok || contains(a.kinds, kind) {
			continue
		}
		r.ev.Report(diag.Errorf("NS113", rangeOf(attr), "Conflicting arguments",
			"A secret of kind %s has no %q: that argument is for kind %s.", kind, a.name, a.kinds))
	}
	if kind == "x509" && len(s.Hosts) == 0 && !s.Client.V && r.body.Attributes["hosts"] == nil && !r.strange {
		r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
			"A certificate needs the hosts that it is for, as in\n    hosts = [service.main.host]\nFor a certificate authority they are the only names that it may sign for."))
	}
}
