package cli

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/internal/secretstore"
	"nselfc/lang/diag"
)

// keeping is the store of an environment while a command changes values in it. Each
// change is checked against the version that was read: what somebody else did
// meanwhile is never lost.
type keeping struct {
	ctx    context.Context
	of     *ir.SecretStore
	store  secretstore.Store
	learn  func(key, value string) // keeps a value out of what is printed
	filled bool                    // one that holds nothing yet is an error
	held   secretstore.Snapshot
}

// openKeeping opens the store of an environment, and has whoever takes the lock of
// .secrets read it. nil without a finding says that .secrets is all there is.
func openKeeping(ctx context.Context, env Env, h *build.Host) (*keeping, *diag.Diagnostic) {
	of := h.Stack.Store
	if of == nil || of.Kind.V == "file" || of.Kind.V == "kubernetes" { // manifests are made from .secrets
		return nil, nil
	}
	return openStore(ctx, env, h, nil)
}

// openStore opens a store. Nothing is read yet.
func openStore(ctx context.Context, env Env, h *build.Host, identities []string) (*keeping, *diag.Diagnostic) {
	of := h.Stack.Store
	store, err := secretstore.Open(of, storeOptions(ctx, env, h, identities))
	if err != nil {
		return nil, secretstore.Diagnostic(of, err)
	}
	k := &keeping{ctx: ctx, of: of, store: store, learn: func(key, value string) { env.Secrets.Learn(secrets.NewValue(key, value)) }}
	h.Options.ReadStore = k.read
	return k, nil
}

// read gives what the store has now. What is written next takes the place of that.
func (k *keeping) read() (map[string]string, diag.List) {
	held, err := k.store.Load(k.ctx)
	if err != nil && (k.filled || !errors.Is(err, secretstore.ErrAbsent)) {
		return nil, diag.List{secretstore.Diagnostic(k.of, err)}
	}
	for key, value := range held.Values {
		k.learn(key, value)
	}
	k.held = held
	return held.Values, nil
}

// close ends the login of a store that has one.
func (k *keeping) close() {
	if k == nil {
		return
	}
	if c, ok := k.store.(io.Closer); ok {
		_ = c.Close() // what was saved is saved
	}
}

// put gives what sets values in the store, also in the place of others.
func (k *keeping) put() func(values map[string]string) diag.List {
	if k == nil {
		return nil
	}
	return func(values map[string]string) diag.List {
		next := maps.Clone(k.held.Values)
		if next == nil {
			next = map[string]string{}
		}
		maps.Copy(next, values)
		if maps.Equal(next, k.held.Values) {
			return nil
		}
		return k.save(next)
	}
}

// remove gives what takes keys out of the store.
func (k *keeping) remove() func(keys []string) diag.List {
	if k == nil {
		return nil
	}
	return func(keys []string) diag.List {
		next := maps.Clone(k.held.Values)
		maps.DeleteFunc(next, func(key, _ string) bool { return slices.Contains(keys, key) })
		if len(next) == len(k.held.Values) {
			return nil
		}
		return k.save(next)
	}
}

// save writes the values, in the place of those that were read.
func (k *keeping) save(values map[string]string) diag.List {
	err := k.store.Save(k.ctx, secretstore.Snapshot{Values: values, Version: k.held.Version})
	return present(secretstore.Diagnostic(k.of, err))
}

// agree finds the secrets that somebody else gave the store other values of.
func (k *keeping) agree(kept secrets.Kept) (foreign []string, diags diag.List) {
	held, diags := k.read()
	_, foreign = kept.Over(held)
	return foreign, diags
}

// follow gives the store what a rotation has put in use. Another change that happens
// at the same moment is of other secrets, or is found: it is begun again.
func (k *keeping) follow(h *build.Host) func(secrets.Kept) ([]string, diag.List) {
	return func(kept secrets.Kept) (foreign []string, diags diag.List) {
		for try := 1; ; try++ {
			held, diags := k.read()
			if diags.HasErrors() {
				return nil, diags
			}
			next, foreign := kept.Over(held)
			err := error(nil)
			if !maps.Equal(next, held) {
				err = k.store.Save(k.ctx, secretstore.Snapshot{Values: next, Version: k.held.Version})
			}
			switch {
			case errors.Is(err, secretstore.ErrConflict) && try < 3:
			case err != nil:
				return foreign, diag.List{secretstore.Diagnostic(k.of, err)}
			default:
				return foreign, kept.Note(k.ctx, h.Dir, h.Options, next)
			}
		}
	}
}

// readOnly refuses what would be found out halfway: that the store takes no values.
func (k *keeping) readOnly() *diag.Diagnostic {
	if k == nil || k.of.Kind.V != "exec" {
		return nil
	}
	return secretstore.Diagnostic(k.of, k.store.Save(k.ctx, k.held)) // it says what to do instead
}

// keptIn names where the values of an environment are, for a sentence; file is the
// path of its .secrets.
func keptIn(of *ir.SecretStore, file string) string {
	kind := "file"
	if of != nil {
		kind = of.Kind.V
	}
	switch kind {
	case "age":
		return clean(of.File.V) + " (age) and " + file
	case "vault":
		return "Vault (" + clean(of.Mount.V+"/"+of.Path.V) + ") and " + file
	case "aws":
		return "AWS Secrets Manager (" + clean(of.Path.V) + ") and " + file
	case "exec":
		return "what " + clean(of.Command[0].V) + " reads and " + file
	}
	return file
}
