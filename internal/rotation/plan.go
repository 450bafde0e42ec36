package rotation

import (
	"slices"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/secret"
)

// Plan says what a rotation would do, without values and without asking the host.
type Plan struct {
	Secrets  []Planned
	Services []Replaced
	Left     []Left
}

// Planned is a secret that gets a new value.
type Planned struct {
	Address, Class string
	How            string // in words
}

// Replaced is a service whose containers are replaced.
type Replaced struct {
	Service string
	How     string
	Pause   bool // requests may fail meanwhile
}

// Left is a secret that is not rotated with others.
type Left struct{ Address, Why string }

// Of plans the rotation of some secrets. all says that they were not named one by
// one: what needs its owner's hand is left out then.
func Of(stack *ir.Stack, files []emit.File, addresses []string, all bool) Plan {
	var p Plan
	var chosen []*ir.Secret
	for _, s := range stack.Secrets {
		if !slices.Contains(addresses, s.Address) {
			continue
		}
		if why := ByHand(s); all && why != "" {
			p.Left = append(p.Left, Left{s.Address, why})
			continue
		}
		chosen = append(chosen, s)
		p.Secrets = append(p.Secrets, Planned{Address: s.Address, Class: s.Rotation.Class.V, How: how(s)})
	}
	for _, s := range stack.Services {
		if !slices.ContainsFunc(chosen, func(c *ir.Secret) bool { return consumes(stack, files, s, c, chosen) }) {
			continue
		}
		r := Replaced{Service: s.Name}
		switch mannerOf(stack, s) {
		case exchanged:
			r.How = "new containers get the requests before the old ones stop"
		case awaited:
			r.How = "a job: it has the new value when it runs next"
		case recreated:
			r.How = "stopped and started anew"
			if r.Pause = door(stack, s) != "" || len(s.Publish) > 0 || isIngress(stack, s); r.Pause {
				r.How += "; requests to it fail meanwhile, as it cannot run twice"
			}
		}
		p.Services = append(p.Services, r)
	}
	return p
}

// ByHand says why a secret is not rotated with all others, or "".
func ByHand(s *ir.Secret) string {
	switch {
	case s.Kind.V == "files":
		return "the certificate is its owner's: put the new files in the place of the old ones, and build"
	case s.Kind.V == "input":
		return "somebody else issues it: get a new value there, and give it by nselfc secrets rotate " + s.Address
	case s.Rotation.Class.V == classManual:
		return "data may be encrypted under it: see what has to be encrypted anew, and give the new value by nselfc secrets rotate " + s.Address
	}
	return ""
}

func how(s *ir.Secret) string {
	r := s.Rotation
	switch r.Class.V {
	case classPair:
		return r.Service + " gets a second login (" + r.User.V + "_a and " + r.User.V + "_b take turns), services switch to it, the first one is closed"
	case classDual:
		return r.Service + " takes both passwords, services switch, the old one is refused"
	case classOverlap:
		return "clients believe the old and the new one, the server switches, the old one is dropped"
	}
	return "its services start anew with the new value; what was signed or opened with the old one ends then"
}

// consumes tells whether a service has a file that changes with a secret, and is not
// told of it while it runs.
func consumes(stack *ir.Stack, files []emit.File, s *ir.Service, c *ir.Secret, chosen []*ir.Secret) bool {
	for _, f := range files {
		if !f.Secret() || !mounts(s, f.Path) || !changes(stack, f, c) {
			continue
		}
		if !slices.ContainsFunc(chosen, func(o *ir.Secret) bool {
			return o.Rotation != nil && len(o.Rotation.Apply) > 0 && o.Rotation.Service == s.Name && o.Rotation.File == f.Path
		}) {
			return true
		}
	}
	return false
}

// changes tells whether a file holds a secret, or a certificate that follows it.
func changes(stack *ir.Stack, f emit.File, c *ir.Secret) (yes bool) {
	signed := func(address string) bool {
		for _, s := range stack.Secrets {
			if s.Address == address {
				return s.X509 != nil && s.X509.SignedBy == c.Address
			}
		}
		return false
	}
	f.Text.Walk(func(x *secret.Expr) {
		switch {
		case x.Address == c.Address && x.Field == "ca_certificate" && c.X509 != nil && !c.X509.CA: // its authority's
		case x.Address == c.Address:
			yes = true
		case x.Address != "" && signed(x.Address):
			yes = true
		}
	})
	return yes
}
