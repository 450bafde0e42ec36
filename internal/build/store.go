package build

import (
	"path"
	"slices"
	"strings"

	"nselfc/compiler"
	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// KeptElsewhere tells whether the values of the environment come from a store. Of
// Kubernetes they do not: manifests for it are made from .secrets.
func (e *Environment) KeptElsewhere() bool {
	s := e.Stack.Store
	return s != nil && s.Kind.V != "kubernetes"
}

// placed is a store, and the environment that has it.
type placed struct {
	environment string
	store       *ir.SecretStore
	compiled    bool
}

// stores lists those of the compiled environments, and what they have to be compared
// with: of an environment that was not asked for, no more than that is made out.
func (c *Compiled) stores() (out []placed) {
	if !slices.ContainsFunc(c.Environments, func(e *Environment) bool { return e.Stack.Store != nil }) {
		return nil
	}
	for _, name := range c.Source.Environments() {
		if e := c.compiled(name); e != nil {
			out = append(out, placed{name, e.Stack.Store, true})
		} else if in, diags := c.Source.Evaluate(name); in != nil && !diags.HasErrors() {
			out = append(out, placed{name, compiler.Store(in), false})
		}
	}
	return out
}

// sharedStores refuses two environments whose values lie in one place: they would
// have the same ones.
func sharedStores(all []placed) diag.List {
	var out diag.List
	first := map[string]placed{}
	for _, e := range all {
		s := e.store
		if s == nil {
			continue
		}
		at := storePlace(s)
		other, shared := first[at]
		if !shared {
			first[at] = e
			continue
		}
		if !e.compiled && !other.compiled {
			continue // two others, of which nobody asked
		}
		report := diag.Errorf
		if s.Kind.V == "exec" {
			report = diag.Warningf // the program may know where it runs
		}
		out = append(out, report("NS645", s.Origin.Range, "Two environments with one store",
			"The environments %s and %s keep their values in one place, so both have the same ones: whoever gets at the weaker of the two has the keys of the other. Give each a place of its own, such as a name with ${stack.environment} in it, or leave the argument out: the place is then named after the environment.",
			other.environment, e.environment).With(other.store.Origin.Range, "the store of %s", other.environment))
	}
	return out
}

// storePlace names what a store keeps its values in; how they are reached, and who
// can, does not count.
func storePlace(s *ir.SecretStore) string {
	parts := []string{s.Kind.V}
	switch s.Kind.V {
	case "age":
		parts = append(parts, path.Clean(s.File.V))
	case "vault":
		parts = append(parts, strings.ToLower(strings.TrimRight(s.Address.V, "/")), s.Namespace.V, s.Mount.V, s.Path.V)
	case "aws":
		parts = append(parts, s.Region.V, s.Path.V)
	case "kubernetes": // nothing is read from there, but one manifest would take the place of the other
		parts = append(parts, s.Form.V, s.Namespace.V, s.Name.V)
	case "exec":
		for _, w := range s.Command {
			parts = append(parts, w.V)
		}
	}
	return strings.Join(parts, "\x00")
}
