package review

import (
	"cmp"
	"fmt"

	"nselfc/compiler/model"
)

// The classes of rotation (ir.Rotation) that a kind has by itself.
const (
	classRestart = "restart"
	classOverlap = "overlap"
	classManual  = "manual"
)

// firmness orders the classes of rotation. Of a pair, of two passwords and of a
// certificate, the old value is seen to be refused and no request fails; a restart
// fails some, and asks nobody; by hand, nselfc does nothing until somebody thinks of it.
var firmness = map[string]int{classManual: 1, classRestart: 2, "pair": 3, "dual": 3, classOverlap: 3}

// rotation looks at how, and how often, a secret gets a new value.
func (r *reviewer) rotation(c *model.Change) {
	if c.Action != model.Update {
		return
	}
	was, is := class(r.old, c.Before), class(r.now, c.After)
	path := []string{"rotation", "class"}
	if text(c.After, path...) == "" && text(c.Before, "kind") != text(c.After, "kind") {
		path = []string{"kind"} // which sets the class
	}
	severity, says := Low, "its services start anew with a new value, and no server is asked whether it refuses the old one."
	if is == classManual {
		severity, says = Medium, "`nselfc secrets rotate` leaves it out of --all and --due, and its value stays until somebody brings another."
	}
	r.either(c, "NS725", severity, path, firmness[is] > 0 && firmness[is] < firmness[was], firmness[was] > 0 && firmness[is] > firmness[was],
		fmt.Sprintf("The rotation of %s was of class %s, and is %s: %s", c.Address, was, is, says),
		fmt.Sprintf("The rotation of %s was of class %s, and is %s.", c.Address, was, is))

	before, after := due(c.Before), due(c.After)
	path = []string{"rotation", "after"}
	if number(c.Before, "max_age") != number(c.After, "max_age") {
		path = []string{"max_age"}
	}
	switch {
	case before == 0 && after > 0:
		r.add(c, finding{code: "NS725", safer: true, path: path, detail: fmt.Sprintf("A new value of %s is due after %.0f days.", c.Address, after)})
	case before > 0 && after == 0:
		r.add(c, finding{code: "NS725", severity: Low, path: path, detail: fmt.Sprintf("A new value of %s is never due any more, after %.0f days before: whoever has got hold of it keeps it.", c.Address, before)})
	default:
		says := fmt.Sprintf("A new value of %s is due after %.0f instead of %.0f days", c.Address, after, before)
		r.either(c, "NS725", Low, path, after > before, after < before, says+": whoever has got hold of it has it for longer.", says+".")
	}
}

// class gives the class of a secret's rotation: what is declared, or what its kind
// has by itself (compiler). A certificate that its owner brings has none, and a
// model of format 1.0 need not say.
func class(m *model.Model, secret map[string]any) string {
	kind := text(secret, "kind")
	written := text(secret, "rotation", "class")
	switch {
	case kind == kindFiles, written == "" && m.Minor == 0:
		return ""
	case kind == kindX509:
		return cmp.Or(written, classOverlap)
	case kind == kindInput:
		return cmp.Or(written, classManual)
	}
	return cmp.Or(written, classRestart)
}

// due gives the days after which a new value is asked for, or 0 for never.
func due(secret map[string]any) float64 {
	after, age := number(secret, "rotation", "after"), number(secret, "max_age")
	if after > 0 && age > 0 {
		return min(after, age)
	}
	return max(after, age)
}
