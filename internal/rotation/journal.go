package rotation

import (
	"crypto/sha256"
	"encoding/hex"
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

// JournalVersion is the format that is written and read.
const JournalVersion = 2

// Journal is a rotation that has begun. Everything that has to be the same when the
// rotation goes on after a crash is in it.
type Journal struct {
	Version     int           `json:"version"`
	Digest      string        `json:"digest,omitempty"` // of all else, in hexadecimal
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
// What was not written by this version of nselfc, or not as it stands there, is NS617:
// whoever went by it might take away a value that is in use.
func ReadJournal(dir string) (*Journal, diag.List) {
	j, _, diags := readJournal(dir, defaultCommand)
	return j, diags
}

// defaultCommand is what a rotation is ended with, without flags of its own.
const defaultCommand = "nselfc secrets rotate"

// readJournal also tells whether another version of nselfc may understand what is there.
func readJournal(dir, command string) (j *Journal, other bool, diags diag.List) {
	text, diags := secrets.ReadBeside(dir, JournalFile)
	if text == nil || diags.HasErrors() {
		return nil, false, diags
	}
	j = &Journal{}
	err := json.Unmarshal(text, j)
	if err == nil && j.Version != 0 && j.Version != JournalVersion {
		return nil, true, append(diags, otherVersion(dir, j.Version, command))
	}
	said := j.Digest
	if digest, failed := j.digest(); err != nil || failed != nil || said != digest || j.Version == 0 || len(j.Secrets) == 0 {
		return nil, false, append(diags, unusable(dir, "is not as nselfc wrote it", command))
	}
	return j, false, diags
}

// digest is that of all other members, so that no change of a byte goes unseen: a
// container that is not known to be an old one would keep an old value.
func (j *Journal) digest() (string, error) {
	bare := *j
	bare.Digest = ""
	text, err := json.Marshal(bare)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// codeUnusable is of a rotation whose journal says nothing, or is gone.
const codeUnusable = "NS617"

const summaryUnusable = "Unusable journal of a rotation"

func unusable(dir, problem, command string) *diag.Diagnostic {
	full := filepath.Join(dir, JournalFile)
	return diag.Errorf(codeUnusable, onFile(full), summaryUnusable,
		"%s %s, so nobody can tell how far the rotation was, nor which containers have which value. Nothing is lost: .secrets has every value that may be in use.\n\n"+
			"Take the rotation back by that alone. Servers take both values again, every service that reads one gets the value of before, and the new one is refused and forgotten:\n\n    %s --abort\n\n"+
			"A damaged file is kept as %s%s.", full, problem, command, JournalFile, asideSuffix)
}

func otherVersion(dir string, version int, command string) *diag.Diagnostic {
	full := filepath.Join(dir, JournalFile)
	return diag.Errorf(codeUnusable, onFile(full), summaryUnusable,
		"%s has format %d, and this nselfc writes and reads format %d: another version of it has begun that rotation. Nothing is lost: .secrets has every value that may be in use.\n\n"+
			"End it with that version. Where there is none any more, put the file aside, and take the rotation back by what .secrets says:\n\n    mv %[4]s %[4]s%s\n    %s --abort", full, version, JournalVersion, escape.ShellWord(full), asideSuffix, command)
}

// Save writes the journal below an output directory, for ReadJournal.
func (j *Journal) Save(dir string) diag.List {
	var err error
	if j.Digest, err = j.digest(); err == nil {
		var text []byte
		if text, err = json.MarshalIndent(j, "", "  "); err == nil {
			return secrets.WriteBeside(dir, JournalFile, append(text, '\n'))
		}
	}
	return diag.List{diag.Errorf("NS900", onFile(dir), "Bug in nselfc", "This is a bug in nselfc; please report it. The journal of a rotation cannot be written: %s.", err)}
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
