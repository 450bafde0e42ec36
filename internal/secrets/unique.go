package secrets

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit/dotsecrets"
	"nselfc/emit/outdir"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

// Neighbour is an environment as far as others can compare their values with it: by
// what git has of it, and by its .secrets where that happens to be on this host.
type Neighbour struct {
	Environment string // "" for the nameless one
	Dir         string // its output directory
	Development bool

	register *register.Register
	values   map[string]string // by address
	loose    map[string]string // by key, of what the stack that names them does not declare
	damage   *diag.Diagnostic  // of the register
}

// Damage says why the register of an environment cannot be used, if it cannot.
func (n *Neighbour) Damage() diag.List {
	if n.damage == nil {
		return nil
	}
	return diag.List{n.damage}
}

// LookAt reads what there is of an environment. The stack may be that of another
// environment: it only gives names to the keys of .secrets. A register that cannot
// be read counts for nothing, and Damage says so. LookAt writes nothing.
func LookAt(environment, dir string, stack *ir.Stack, development bool) *Neighbour {
	n := &Neighbour{Environment: environment, Dir: dir, Development: development, values: map[string]string{}, loose: map[string]string{}}
	r, d := LoadRegister(dir, stack.Name.V)
	if d != nil {
		r = register.New(stack.Name.V)
	}
	n.register, n.damage = r, d
	declared := map[string]*ir.Secret{}
	for _, s := range stack.Secrets {
		declared[s.Key] = s
	}
	doc := readQuietly(dir)
	for _, key := range doc.Keys() {
		value, _ := doc.Get(key)
		owner, isKey := strings.CutSuffix(key, suffixPrivateKey)
		s := declared[key]
		if s == nil && isKey {
			s = declared[owner]
		}
		switch {
		case s != nil && s.Kind.V != kindInput: // somebody else may issue one value for two environments
			n.values[s.Address] = value
		case s == nil && len(value) >= minLength && !strings.Contains(key, "__"): // a word of the owner's, or a salt, is nobody's secret
			n.loose[key] = value
		}
	}
	return n
}

// readQuietly reads .secrets for whoever only compares: what is wrong with it, a
// build says.
func readQuietly(dir string) *dotsecrets.Document {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return dotsecrets.New()
	}
	defer func() { _ = root.Close() }() // opened for reading
	if info, err := root.Lstat(File); err != nil || !info.Mode().IsRegular() {
		return dotsecrets.New()
	}
	f, err := outdir.OpenQuietly(root, File)
	if err != nil {
		return dotsecrets.New()
	}
	defer func() { _ = f.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(f, maxSize))
	if err != nil {
		return dotsecrets.New()
	}
	doc, _ := dotsecrets.Parse(File, text)
	return doc
}

// prints gives the fingerprints of an environment under the name of a stack, each
// with the addresses that have it.
func (n *Neighbour) prints(stack string) map[string][]string {
	out := map[string][]string{}
	add := func(print, address string) {
		if !slices.Contains(out[print], address) {
			out[print] = append(out[print], address)
		}
	}
	if n.register.Stack == stack {
		for address, e := range n.register.Entries {
			if _, here := n.values[address]; e.Fingerprint != "" && !here { // what stands there is truer
				add(e.Fingerprint, address)
			}
		}
	}
	for address, value := range n.values {
		add(register.Fingerprint(stack, value), address)
	}
	for key, value := range n.loose {
		if print := register.Fingerprint(stack, value); out[print] == nil { // else the register has its address
			out[print] = []string{key}
		}
	}
	for _, addresses := range out {
		slices.Sort(addresses)
	}
	return out
}

// Shared reports the values that two environments, or two secrets of one, have in
// common. at finds the declaration of a secret of the first environment. Between
// two environments of development it is a warning.
func Shared(a, b *Neighbour, at func(address string) *ir.Secret) diag.List {
	var diags diag.List
	ours, theirs := a.prints(b.register.Stack), b.prints(b.register.Stack) // the stack may have been renamed since
	type match struct{ ours, theirs string }
	var found []match
	for print, addresses := range ours {
		for _, x := range addresses {
			for _, y := range theirs[print] {
				if a != b || x < y {
					found = append(found, match{x, y})
				}
			}
		}
	}
	slices.SortFunc(found, func(x, y match) int { return cmp.Or(cmp.Compare(x.ours, y.ours), cmp.Compare(x.theirs, y.theirs)) })
	report := diag.Errorf
	if a.Development && b.Development {
		report = diag.Warningf
	}
	for _, m := range found {
		file := filepath.Join(a.Dir, register.Name)
		site := onFile(file)
		s := at(m.ours)
		if s != nil {
			site = s.Origin.Range
		}
		d := report(codeShared, site, "One value for two secrets",
			"%s and %s have the same value: whoever gets one of them has both, and what is signed with the one is believed by the other.\n\n%s",
			a.name(m.ours), b.name(m.theirs), a.mend(m.ours, s))
		if s != nil {
			d = about(s, d)
		}
		diags = append(diags, d)
	}
	return diags
}

// name says whose secret it is.
func (n *Neighbour) name(address string) string {
	if n.Environment == "" {
		return address
	}
	return fmt.Sprintf("%s of the environment %s", address, n.Environment)
}

func (n *Neighbour) mend(address string, s *ir.Secret) string {
	env := ""
	if n.Environment != "" {
		env = " --env " + n.Environment
	}
	key := address
	if s != nil {
		key = s.Key
	}
	return fmt.Sprintf("Give one of them a value of its own. Where services use it already:\n\n    nselfc secrets rotate %s%s\n\nIf nothing uses it yet, delete the line of %s from %s, and build.",
		key, env, key, filepath.Join(n.Dir, File))
}

// unique compares the values of this run with those of the other environments: those
// in use, and those that a rotation is about to put there, so that it stops before its
// first step. The register has no fingerprint of the latter, and needs none: they are
// compared once more when they are put in use.
func (b *book) unique() diag.List {
	me := b.compared(func(address string) fields { return b.values[address] })
	staged := b.compared(func(address string) fields {
		if b.states[address] == Staged {
			return b.beside[address]
		}
		return nil
	})
	var diags diag.List
	for _, n := range b.opts.Neighbours {
		for _, d := range n.Damage() {
			warning := *d
			warning.Severity = diag.Warning // it is for the host of that environment to mend
			diags = append(diags, &warning)
		}
		for _, mine := range []*Neighbour{me, staged} {
			diags = append(diags, Shared(mine, n, func(address string) *ir.Secret { return b.secrets[address] })...)
		}
	}
	return diags
}

// compared gives values of this environment as others are compared with them.
func (b *book) compared(of func(address string) fields) *Neighbour {
	n := &Neighbour{
		Environment: b.opts.Environment, Dir: b.dir, Development: b.stack.Posture == ir.Development,
		register: register.New(b.stack.Name.V), values: map[string]string{},
	}
	for address, s := range b.secrets {
		if v := secretPart(of(address)); v != "" && s.Kind.V != kindInput && s.Kind.V != kindFiles {
			n.values[address] = v
		}
	}
	return n
}
