package secrets

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/dotsecrets"
	"nselfc/lang/diag"
)

// Held says what a host has of the secrets of an environment, in names only.
type Held struct {
	Secrets    []Holding // the declared ones, in the order of the stack
	Undeclared []string  // keys that no declaration owns, sorted; each stands for what is kept beside it too
	Retired    []Retired // the oldest first
}

// Holding is one declared secret on the host.
type Holding struct {
	Secret *ir.Secret
	State  string // one of the Holding… words
}

// What a host has of a secret.
const (
	HoldingMissing  = "missing"
	HoldingKept     = "kept"
	HoldingNext     = "next pending"      // a rotation has made a new value, which is not in use yet
	HoldingPrevious = "previous in grace" // a rotation has put a new value in use, and the old one is taken too
	HoldingBrought  = "brought"           // a certificate that its owner keeps elsewhere
)

// Inventory tells what the host has, by reading alone.
func Inventory(dir string, stack *ir.Stack, files []emit.File, opts Options) (*Held, diag.List) {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return &Held{}, diags
	}
	defer st.close()
	doc, _, more := st.readSecrets()
	if diags = append(diags, more...); diags.HasErrors() {
		return &Held{}, diags
	}
	out := &Held{Undeclared: undeclared(doc, stack, files)}
	for _, s := range stack.Secrets {
		out.Secrets = append(out.Secrets, Holding{s, holding(doc, s)})
	}
	var d *diag.Diagnostic
	if out.Retired, d = st.readRetired(); d != nil {
		diags = append(diags, d)
	}
	return out, diags
}

func holding(doc *dotsecrets.Document, s *ir.Secret) string {
	b := &book{doc: doc}
	switch {
	case s.Kind.V == kindFiles:
		return HoldingBrought
	case b.stands(s, suffixNext):
		return HoldingNext
	case b.stands(s, suffixPrevious):
		return HoldingPrevious
	case b.stands(s, ""):
		return HoldingKept
	}
	return HoldingMissing
}

// undeclared lists the keys that neither a declaration owns nor a file of the stack.
func undeclared(doc *dotsecrets.Document, stack *ir.Stack, files []emit.File) []string {
	b := &book{stack: stack, secrets: map[string]*ir.Secret{}, used: map[string]bool{}}
	declared := map[string]bool{}
	for _, s := range stack.Secrets {
		b.secrets[s.Address] = s
		declared[s.Key] = true
	}
	b.claim(files)
	var out []string
	for _, key := range doc.Keys() {
		if base := baseKey(key); !declared[base] && !b.used[key] && !slices.Contains(out, base) {
			out = append(out, base)
		}
	}
	slices.Sort(out)
	return out
}

// baseKey gives the key of the secret that a key of .secrets belongs to: salts,
// hashes, halves of a certificate and values of a rotation stand beside it.
func baseKey(key string) string {
	for {
		i := strings.LastIndex(key, "__")
		if i <= 0 || !ownSuffix(key) {
			return key
		}
		key = key[:i]
	}
}

// Consumers gives the names of the services that read a secret, sorted: from files
// that are made from it, or out of an environment that is.
func Consumers(stack *ir.Stack, files []emit.File, address string) []string {
	made := map[string]bool{}
	for _, f := range files {
		if f.Secret() && slices.Contains(f.Text.Addresses(), address) {
			made[f.Path] = true
		}
	}
	var out []string
	for _, s := range stack.Services {
		mounts := slices.Concat(s.Secrets, s.Configs)
		if made[s.EnvFile.V] || slices.ContainsFunc(mounts, func(m ir.Mount) bool { return made[m.File] }) {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}
