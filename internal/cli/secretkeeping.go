package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/secretstore"
	"nselfc/lang/diag"
)

// keeping is the store of an environment while a command changes values in it. Each
// change is checked against the version that was read: what somebody else did
// meanwhile is never lost.
type keeping struct {
	ctx   context.Context
	of    *ir.SecretStore
	store secretstore.Store
	held  secretstore.Snapshot
}

// openKeeping reads the store of an environment. nil without a finding says that
// .secrets is all there is.
func openKeeping(ctx context.Context, env Env, h *build.Host) (*keeping, *diag.Diagnostic) {
	of := h.Stack.Store
	if of == nil || of.Kind.V == "file" || of.Kind.V == "kubernetes" { // manifests are made from .secrets
		return nil, nil
	}
	return openStore(ctx, env, h, nil, true)
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

// values gives what the store has.
func (k *keeping) values() map[string]string {
	if k == nil {
		return nil
	}
	return k.held.Values
}

// add gives what makes new values known to the store, and changes none there.
func (k *keeping) add() func(values map[string]string) diag.List {
	if k == nil {
		return nil
	}
	return func(values map[string]string) diag.List {
		next, changed := maps.Clone(k.held.Values), false
		var differ []string
		for key, value := range values {
			switch have, ok := next[key]; {
			case !ok:
				if next == nil {
					next = map[string]string{}
				}
				next[key], changed = value, true
			case have != value:
				differ = append(differ, key)
			}
		}
		if len(differ) > 0 {
			slices.Sort(differ)
			return diag.List{diag.Errorf("NS677", k.of.Origin.Range, "Store and .secrets differ",
				"The store and .secrets have different values of %s. Which of them running services use, nselfc cannot know, and it changes none that is there.\n\nWhere the store is right, bring its values here:\n\n    nselfc secrets sync",
				strings.Join(differ, ", "))}
		}
		if !changed {
			return nil
		}
		return k.save(next)
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

// save writes the values, and reads the version that they have now: a rotation saves
// more than once.
func (k *keeping) save(values map[string]string) diag.List {
	err := k.store.Save(k.ctx, secretstore.Snapshot{Values: values, Version: k.held.Version})
	if err == nil {
		k.held, err = k.store.Load(k.ctx)
	}
	if d := secretstore.Diagnostic(k.of, err); d != nil {
		return diag.List{d}
	}
	return nil
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
