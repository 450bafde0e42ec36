package lang

import (
	"regexp"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Rotation is how a secret gets a new value while the stack runs.
type Rotation struct {
	Range   source.Range
	Class   String
	Service String // address
	File    String // name of a config, or of an entry of secrets, of the service
	Apply   []String
	Prove   []String
	User    String
}

// rotation reads the rotation block of a secret.
func (u *unit) rotation(r *reader, kind string) *Rotation {
	for _, b := range r.blocks("rotation") {
		n := u.x.read(b, r.nested("rotation"), u.sc)
		o := &Rotation{
			Range: n.at, Class: n.str("class"), Service: u.serviceRef(&n, "service"), File: n.str("file"),
			Apply: n.commandWords("apply"), Prove: n.commandWords("prove"), User: n.str("user"),
		}
		n.fitsClass(o, kind)
		return o
	}
	return nil
}

// serverUser is what a server's user may be called: it goes into a line of its own.
var serverUser = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}$`)

// fitsClass refuses a class that the secret's kind cannot have, and holds the
// arguments against the class: one that it has no use for would be ignored
// silently.
func (r *reader) fitsClass(o *Rotation, kind string) {
	class := o.Class.V
	if !o.Class.IsSet() {
		return
	}
	if certificate := kind == "x509"; certificate != (class == "overlap") && class != "manual" {
		instead := "It is started anew with its consumers (\"restart\"), or its server takes two values at once (\"pair\", \"dual\")."
		if certificate {
			instead = "Of a certificate, the old and the new one are both believed for a while: that is \"overlap\"."
		}
		r.ev.Report(diag.Errorf("NS113", o.Class.Range, "Conflicting arguments",
			"A secret of kind %s cannot be rotated as %q. %s Any secret can be \"manual\".", kind, class, instead))
		return
	}
	for _, a := range []struct{ name, required, allowed string }{
		{"service", "pair dual", "pair dual overlap"},
		{"file", "pair dual", "pair dual overlap"},
		{"apply", "pair dual", "pair dual overlap"},
		{"prove", "pair dual", "pair dual"},
		{"user", "pair dual", "pair dual"},
	} {
		attr, has := r.body.Attributes[a.name]
		switch {
		case has && !contains(a.allowed, class):
			r.ev.Report(diag.Errorf("NS113", rangeOf(attr), "Conflicting arguments",
				"A rotation of class %s has no %q: no server is told of the new value. That argument is for the classes %s.", class, a.name, strings.ReplaceAll(a.allowed, " ", ", ")))
		case !has && contains(a.required, class) && !r.strange:
			arg, _ := r.spec.Arg(a.name)
			r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
				"A rotation of class %s needs the argument %q: %s", class, a.name, arg.Doc))
		case !has && class == "overlap" && r.overlapNeeds(a.name):
			r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
				"A rotation of class overlap has the arguments service, file and apply, or none of them. Here, %q is missing.", a.name))
		}
	}
	if o.User.IsSet() && !serverUser.MatchString(o.User.V) {
		r.ev.Report(diag.Errorf("NS108", o.User.Range, "Invalid name",
			"The user of a server is written on a line of its own: 1 to 61 letters, digits, underscores, dots and hyphens, beginning with none of the last two."))
	}
}

// overlapNeeds tells whether an argument of a reload is missing where another is there.
func (r *reader) overlapNeeds(name string) bool {
	all := "service file apply"
	if !contains(all, name) {
		return false
	}
	for other := range strings.FieldsSeq(all) {
		if _, has := r.body.Attributes[other]; has {
			return true
		}
	}
	return false
}

// commandWords reads a command: a list of texts, one at least.
func (r *reader) commandWords(name string) []String {
	words := r.strings(name)
	if a, ok := r.body.Attributes[name]; ok {
		r.nonEmpty(name, words, source.FromHCL(a.Expr.Range()), "Name the program and its arguments.")
	}
	return words
}

// serviceRef reads a reference to a service and gives its address. It makes no
// dependency: it says where a command runs.
func (u *unit) serviceRef(r *reader, name string) String {
	a, has := r.body.Attributes[name]
	if !has {
		return String{}
	}
	var out String
	read := false
	uses := r.ev.Collect(u.x.place, func() {
		v, at, ok := r.value(name)
		if read = ok; ok && v.Type().IsObjectType() && v.Type().HasAttribute("ports") && v.Type().HasAttribute("host") {
			out = source.At("", at)
		}
	})
	for _, e := range uses {
		if out.IsSet() && e.File == "" {
			out.V = e.Address
			return out
		}
	}
	if read {
		r.ev.Report(diag.Errorf("NS210", source.FromHCL(a.Expr.Range()), "Incorrect value type",
			"The argument %q takes a reference to a service block, as in\n    %s = service.main", name, name))
	}
	return String{}
}
