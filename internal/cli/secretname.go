package cli

import (
	"context"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// codeName is for a name that no secret has.
const codeName = "NS670"

// secretFields gives the parts of a secret that is more than one value.
func secretFields(s *ir.Secret) []string {
	switch s.Kind.V {
	case "x509":
		return []string{"certificate", "private_key"}
	case "ed25519", "rsa":
		return []string{"private_key", "public_key", "public_key_ssh"}
	}
	return nil
}

// findSecret finds a declared secret by its address or by its key in .secrets. A
// field may follow either: secret.tls.certificate, TLS.certificate.
func findSecret(h *build.Host, typed string) (s *ir.Secret, field string, found *diag.Diagnostic) {
	if s := namedSecret(h, typed); s != nil {
		return s, "", nil
	}
	if i := strings.LastIndexByte(typed, '.'); i > 0 {
		if s := namedSecret(h, typed[:i]); s != nil && slices.Contains(secretFields(s), typed[i+1:]) {
			return s, typed[i+1:], nil
		}
	}
	return nil, "", unknownSecret(h, typed, nil)
}

func namedSecret(h *build.Host, name string) *ir.Secret {
	for _, s := range h.Stack.Secrets {
		if name == s.Address || name == s.Key {
			return s
		}
	}
	return nil
}

// findSecrets finds several, in the order of the stack; none named means all.
func findSecrets(h *build.Host, names []string) ([]*ir.Secret, diag.List) {
	if len(names) == 0 {
		return h.Stack.Secrets, nil
	}
	var diags diag.List
	wanted := map[*ir.Secret]bool{}
	for _, name := range names {
		s, _, found := findSecret(h, name)
		if found != nil {
			diags = append(diags, found)
			continue
		}
		wanted[s] = true
	}
	var out []*ir.Secret
	for _, s := range h.Stack.Secrets {
		if wanted[s] {
			out = append(out, s)
		}
	}
	return out, diags
}

// unknownSecret refuses a name, and gives the nearest of those there are; more are
// names that the command takes beside those of the stack.
func unknownSecret(h *build.Host, typed string, more []string) *diag.Diagnostic {
	names := slices.Clone(more)
	for _, s := range h.Stack.Secrets {
		names = append(names, s.Address, s.Key)
		if bare, ok := strings.CutPrefix(s.Address, "secret."); ok {
			names = append(names, bare)
		}
	}
	if near := eval.Suggest(typed, names); near != "" && namedSecret(h, "secret."+near) != nil { // as in jwt_key
		return noSuchSecret(h, typed, " Did you mean \"secret."+near+"\"?")
	}
	hint := eval.DidYouMean(typed, names)
	if len(names) == 0 {
		hint = " The stack declares none."
	}
	return noSuchSecret(h, typed, hint)
}

func noSuchSecret(h *build.Host, typed, hint string) *diag.Diagnostic {
	where := "The stack"
	if h.Name != "" {
		where = "Environment " + h.Name
	}
	return diag.Errorf(codeName, stackRange(h), "Unknown secret",
		"%s has no secret %q.%s A secret is named by its address, as in secret.jwt_key, or by its key in .secrets. See which there are with\n\n    nselfc secrets list", where, typed, hint)
}

// stackRange is the place of a finding about no secret in particular.
func stackRange(h *build.Host) source.Range {
	if r := h.Stack.Name.Range; !r.IsZero() {
		return r
	}
	return source.Range{File: h.Dir, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}

// SecretNames lists the names that a shell completes: the addresses of the stack's
// secrets, in the environment that is named, or else in all.
func SecretNames(ctx context.Context, o SecretsOptions) []string {
	c, _ := build.Compile(ctx, o.Path, o.Options) // a stack with errors completes to what it has
	var out []string
	for _, e := range c.Environments {
		for _, s := range e.Stack.Secrets {
			out = append(out, s.Address)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
