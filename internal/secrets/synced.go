package secrets

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"path/filepath"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// SyncedFile says which values this host and the store both had when they were last
// compared, by digests: so that of two that differ later it is known which of them
// changed. Without that, a store that missed a rotation would bring the old value
// back, which servers refuse by then. It lies behind the same door as the values.
const SyncedFile = ".secrets.synced"

// synced is the text of SyncedFile: digests by key of .secrets.
type synced struct {
	Format int               `json:"format"`
	Values map[string]string `json:"values"`
}

const syncedFormat = 1

func (st *store) readSynced() (map[string]string, *diag.Diagnostic) {
	text, _, d := st.read(SyncedFile)
	if text == nil || d != nil {
		return nil, d
	}
	var s synced
	err := json.Unmarshal(text, &s)
	for _, v := range s.Values {
		if raw, bad := hex.DecodeString(v); bad != nil || len(raw) != len(digest(nil))/2 {
			err = bad
			s.Format = 0
		}
	}
	if err != nil || s.Format != syncedFormat {
		full := filepath.Join(st.dir, SyncedFile)
		return nil, diag.Errorf(codeManifest, onFile(full), "Damaged manifest of secret files",
			"%s is not what nselfc wrote. It says which values this host and its store both had, and without it nobody knows which of two that differ is newer.\n\nRemove it: values that differ are then decided by you.\n\n    rm %s", full, escape.ShellWord(full))
	}
	return s.Values, nil
}

// writeSynced notes what the two have in common now.
func (st *store) writeSynced(values map[string]string) error {
	text, err := json.MarshalIndent(synced{syncedFormat, values}, "", " ")
	if err != nil {
		return err // it is made of strings alone
	}
	if err := st.write(SyncedFile, append(text, '\n'), 0o600, -1); err != nil {
		return err
	}
	return st.syncDir(".")
}

// noteSynced adds to the note what was just put into the store.
func (st *store) noteSynced(values map[string]string) diag.List {
	if len(values) == 0 {
		return nil
	}
	base, d := st.readSynced()
	if d != nil {
		return diag.List{d}
	}
	next := maps.Clone(base)
	if next == nil {
		next = map[string]string{}
	}
	for key, value := range values {
		next[key] = digest([]byte(value))
	}
	if maps.Equal(base, next) {
		return nil
	}
	if err := st.writeSynced(next); err != nil {
		return diag.List{st.writeFailed(SyncedFile, err)}
	}
	return nil
}

// verdict says which of two values that differ is the newer one.
type verdict uint8

const (
	takeTheirs verdict = iota // the store's
	keepOurs                  // the one here
	undecided
)

// newer decides between a value here and another in the store.
func (b *book) newer(t *taking, s *ir.Secret, key, ours, theirs string) verdict {
	base, known := t.base[key]
	switch {
	case known && digest([]byte(ours)) == base:
		return takeTheirs
	case known && digest([]byte(theirs)) == base:
		return keepOurs
	case known:
		return undecided
	}
	// Never compared. The record in git knows the newest value that nselfc made: when
	// it was a rotation that made ours, the store's is older or of nobody knows when.
	e := b.register.Entries[s.Address]
	if e != nil && e.Generation > 1 && e.Fingerprint != "" && e.Fingerprint == fingerprint(b.stack.Name.V, s, ours) {
		return undecided
	}
	return takeTheirs
}
