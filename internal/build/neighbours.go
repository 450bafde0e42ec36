package build

import (
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// neighbours looks at the other environments of the stack.
func (c *Compiled) neighbours(e *Environment, opts Options) []*secrets.Neighbour {
	var out []*secrets.Neighbour
	for _, name := range c.Source.Environments() {
		if name != e.Name {
			n, _ := c.lookAt(name, e.Stack, opts) // what is wrong there is told where it is built, and by a check
			out = append(out, n)
		}
	}
	return out
}

// lookAt reads what there is of the secrets of an environment. The posture of one that
// is not compiled is not known: whether a value may be shared with it is for the
// posture of the other side to say.
func (c *Compiled) lookAt(name string, stack *ir.Stack, opts Options) (*secrets.Neighbour, *diag.Diagnostic) {
	development := true
	if i := slices.IndexFunc(c.Environments, func(e *Environment) bool { return e.Name == name }); i >= 0 {
		stack, development = c.Environments[i].Stack, c.Environments[i].Development()
	}
	return secrets.LookAt(name, filepath.Join(c.OutDir(opts), name), stack, development)
}

// SharedSecrets reports the values that secrets of the compiled environments have in
// common with one another and with those of the other environments of the stack. It
// decrypts nothing and writes nothing: it compares the fingerprints in git, and the
// values of those environments whose .secrets this user may read.
func (c *Compiled) SharedSecrets(opts Options) diag.List {
	var diags diag.List
	for _, e := range c.Environments {
		me, d := c.lookAt(e.Name, e.Stack, opts)
		if d != nil {
			diags = append(diags, d)
		}
		declared := map[string]*ir.Secret{}
		for _, s := range e.Stack.Secrets {
			declared[s.Address] = s
		}
		at := func(address string) *ir.Secret { return declared[address] }
		diags = append(diags, secrets.Shared(me, me, at)...)
		for _, name := range c.Source.Environments() {
			compiled := slices.ContainsFunc(c.Environments, func(e *Environment) bool { return e.Name == name })
			if name == e.Name || compiled && strings.Compare(name, e.Name) < 0 {
				continue // that one has told it
			}
			other, d := c.lookAt(name, e.Stack, opts)
			if d != nil && !compiled {
				diags = append(diags, d)
			}
			diags = append(diags, secrets.Shared(me, other, at)...)
		}
	}
	return diags
}
