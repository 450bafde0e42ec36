package cli

import (
	"context"
	"crypto/rand"
	"maps"
	"strconv"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/internal/secretstore"
)

// versioned is a store that refuses whoever did not see its last version.
type versioned struct {
	held secretstore.Snapshot
}

func (v *versioned) Load(context.Context) (secretstore.Snapshot, error) {
	return secretstore.Snapshot{Values: maps.Clone(v.held.Values), Version: v.held.Version}, nil
}

func (v *versioned) Save(_ context.Context, s secretstore.Snapshot) error {
	if s.Version != v.held.Version {
		return &secretstore.Error{Kind: secretstore.ErrConflict, Store: "The store", Problem: "has another version.", Advice: "Again."}
	}
	n, _ := strconv.Atoi(v.held.Version)
	v.held = secretstore.Snapshot{Values: maps.Clone(s.Values), Version: strconv.Itoa(n + 1)}
	return nil
}

// TestKeepingSavesAgain: a command that changes values one after the other, and reads
// before each, is in no conflict with itself, and in one with everybody else.
func TestKeepingSavesAgain(t *testing.T) {
	store := &versioned{}
	k := &keeping{ctx: t.Context(), of: &ir.SecretStore{Kind: ir.String{V: "vault"}}, store: store, learn: func(string, string) {}}
	values := map[string]string{}
	for _, key := range []string{"A", "B", "A"} {
		values[key] = rand.Text()
		if _, diags := k.read(); len(diags) > 0 {
			t.Fatal(diags[0].Detail)
		}
		if diags := k.put()(map[string]string{key: values[key]}); len(diags) > 0 {
			t.Fatal(diags[0].Detail)
		}
	}
	if !maps.Equal(values, store.held.Values) {
		t.Error("the store has other values")
	}
	store.held.Version = "99" // somebody else
	if diags := k.put()(map[string]string{"A": rand.Text()}); len(diags) != 1 || diags[0].Code != "NS632" || !maps.Equal(values, store.held.Values) {
		t.Errorf("somebody's work was overwritten: %v", diags)
	}
}
