package rotation

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// JournalFile is where a rotation says how far it is, below the output directory.
// It exists as long as one is under way, and holds no value.
const (
	JournalFile = ".secrets.rotation"
	lockFile    = ".secrets.rotation.lock"
)

const journalVersion = 1

// Journal is a rotation that has begun. Everything that has to be the same when the
// rotation goes on after a crash is in it.
type Journal struct {
	Version     int           `json:"version"`
	Begun       time.Time     `json:"begun"`
	Back        bool          `json:"back,omitempty"` // it is being taken back
	Compromised bool          `json:"compromised,omitempty"`
	Grace       time.Duration `json:"grace"`
	Secrets     []Entry       `json:"secrets"`
	// Seen are the digests of the secret files that the running containers have, by
	// path, behind the same door as the files themselves.
	Seen map[string]string `json:"seen"`
	// Old are the containers that are being replaced, and Services those that they
	// are of; nil when none are.
	Old      []string `json:"old,omitempty"`
	Services []string `json:"services,omitempty"`
	// Switched is when the last consumer had the new value.
	Switched time.Time `json:"switched,omitzero"`
}

// Entry is a secret that is being rotated, and its last finished step.
type Entry struct {
	Address string `json:"address"`
	Class   string `json:"class"`
	Step    Step   `json:"step"`
}

// Step is one that is finished.
type Step string

// The steps of a rotation, and of taking one back, in their order.
const (
	Begun    Step = "begun"    // nothing has changed
	Staged   Step = "pending"  // the new value is in .secrets, and the old one in use
	Applied  Step = "applied"  // the server takes both
	Spread   Step = "believed" // clients of a certificate believe both
	Proved   Step = "proved"   // the server was seen to take the new one
	Promoted Step = "promoted" // files hold the new one
	Switched Step = "switched" // consumers have it
	Waited   Step = "waited"   // the grace period is over
	Refused  Step = "refused"  // the server was seen to refuse the old one
	Revoking Step = "revoking" // from here on nothing leads back
	Revoked  Step = "revoked"  // the old one is out of .secrets
	Finished Step = "finished"

	Undone    Step = "undone"    // files hold the old one again
	Returned  Step = "returned"  // consumers have it
	Withdrawn Step = "withdrawn" // the server was seen to refuse the new one
	Discarded Step = "discarded" // the new one is out of .secrets
)

// ReadJournal gives the rotation that is under way below an output directory, or nil.
func ReadJournal(dir string) (*Journal, diag.List) {
	text, diags := secrets.ReadBeside(dir, JournalFile)
	if text == nil || diags.HasErrors() {
		return nil, diags
	}
	j := &Journal{}
	if err := json.Unmarshal(text, j); err != nil || j.Version != journalVersion || len(j.Secrets) == 0 {
		full := filepath.Join(dir, JournalFile)
		return nil, append(diags, diag.Errorf("NS617", onFile(full), "Damaged journal of a rotation",
			"%s is not what nselfc wrote there, so nobody can tell how far the rotation was.\n\nRestore it from a backup. Without one, see which secrets have two values, and which of them the services use:\n\n    grep -oE '^[A-Z0-9_]+__(NEXT|PREVIOUS)' %s", full, escape.ShellWord(filepath.Join(dir, secrets.File))))
	}
	return j, diags
}

func (j *Journal) save(dir string) diag.List {
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return diag.List{diag.Errorf("NS900", onFile(dir), "Bug in nselfc", "This is a bug in nselfc; please report it. The journal of a rotation cannot be written: %s.", err)}
	}
	return secrets.WriteBeside(dir, JournalFile, append(text, '\n'))
}

// addresses of the secrets, of some classes, or of all.
func (j *Journal) addresses(classes ...string) (out []string) {
	for _, e := range j.Secrets {
		if len(classes) == 0 || slices.Contains(classes, e.Class) {
			out = append(out, e.Address)
		}
	}
	return out
}

// step is the last one that all secrets have finished: they go together.
func (j *Journal) step() Step { return j.Secrets[0].Step }

// past tells whether the old values may be gone.
func (j *Journal) past() bool {
	return slices.Contains([]Step{Revoking, Revoked, Finished}, j.step()) && !j.Back
}

func (j *Journal) finish(s Step) {
	for i := range j.Secrets {
		j.Secrets[i].Step = s
	}
}
