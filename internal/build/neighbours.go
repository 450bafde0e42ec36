package build

import (
	"path/filepath"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// neighbours looks at the other environments of the stack.
func (c *Compiled) neighbours(e *Environment, opts Options) []*secrets.Neighbour {
	var out []*secrets.Neighbour
	for _, name := range c.Source.Environments() {
		if name != e.Name {
			out = append(out, c.lookAt(name, e.Stack, opts))
		}
	}
	return out
}

// lookAt reads what there is of the secrets of an environment. The posture of one that
// is not compiled is not known: whether a value may be shared with it is for the
// posture of the other side to say.
func (c *Compiled) lookAt(name string, stack *ir.Stack, opts Options) *secrets.Neighbour {
	development := true
	if e := c.compiled(name); e != nil {
		stack, development = e.Stack, e.Development()
	}
	return secrets.LookAt(name, filepath.Join(c.OutDir(opts), name), stack, development)
}

func (c *Compiled) compiled(name string) *Environment {
	for _, e := range c.Environments {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// SharedSecrets reports the values that secrets of the compiled environments have in
// common with one another and with those of the other environments of the stack. It
// decrypts nothing and writes nothing: it compares the fingerprints in git, and the
// values of those environments whose .secrets this user may read.
func (c *Compiled) SharedSecrets(opts Options) diag.List {
	var diags diag.List
	for _, e := range c.Environments {
		diags = append(diags, c.sharedWith(e, opts, func(other *Environment) bool { return other.Name < e.Name })...)
	}
	return diags
}

// sharedWith is SharedSecrets for one environment. What it shares with a compiled one
// that tells it itself is left to that.
func (c *Compiled) sharedWith(e *Environment, opts Options, tells func(other *Environment) bool) diag.List {
	me := c.lookAt(e.Name, e.Stack, opts)
	diags := me.Damage()
	declared := map[string]*ir.Secret{}
	for _, s := range e.Stack.Secrets {
		declared[s.Address] = s
	}
	at := func(address string) *ir.Secret { return declared[address] }
	diags = append(diags, secrets.Shared(me, me, at)...)
	for _, name := range c.Source.Environments() {
		other := c.compiled(name)
		if name == e.Name || other != nil && tells(other) {
			continue
		}
		n := c.lookAt(name, e.Stack, opts)
		if other == nil {
			diags = append(diags, n.Damage()...)
		}
		diags = append(diags, secrets.Shared(me, n, at)...)
	}
	return diags
}
