// Package secretstore reads and writes the values of one environment where its
// store keeps them: in HashiCorp Vault or OpenBao, in AWS Secrets Manager, in an
// encrypted file. It knows neither .secrets nor which secrets are declared: a
// store holds texts by name, all of them under one version.
//
// What holds for every store:
//   - Save replaces exactly the version that was loaded, or fails with
//     ErrConflict and changes nothing: of two writers, none loses the other's work.
//   - Every call ends: each request has a time-out, and all of them together.
//   - An error wraps one kind, says what to do, and never holds a value, a token,
//     the text of an answer, or an address with credentials in it.
//   - A token leaves the host through TLS only, unless the server is on the same
//     host, and only to the server that the stack names: no redirect is followed.
package secretstore

import (
	"context"

	"nselfc/compiler/ir"
)

// Store keeps the values of one environment. One that is an io.Closer has logged
// in somewhere; Close ends that login, which would else last until it expires.
type Store interface {
	// Load gives what the store holds. With an error of the kind ErrAbsent there is
	// nothing, and the version is the one that lets Save make it.
	Load(ctx context.Context) (Snapshot, error)
	// Save puts the values in the place of that version of them. It is whole when
	// Save returns nil; after an error of the kind ErrUnavailable nobody knows
	// whether it happened, and Load tells.
	Save(ctx context.Context, s Snapshot) error
}

// Snapshot is all that a store holds for one environment, at one moment.
type Snapshot struct {
	Values  map[string]string // by key of .secrets
	Version string            // for check-and-set; means something to its store alone; "" = never existed
}

// Options is what the host knows and the stack does not. The SDK of AWS does not ask
// here: it reads the environment of the process and its own files.
type Options struct {
	Getenv   func(string) string // of the environment; nil when nothing is set
	StackDir string              // folder of nself.hcl, which paths of the store are relative to
	// Identities are files of age identities that were named for this run. Without
	// one, NSELFC_AGE_IDENTITY_FILE counts, and then the default.
	Identities []string
	// Passphrase asks a person for the passphrase of an identity file; nil where
	// nobody can be asked.
	Passphrase func(prompt string) ([]byte, error)
	// Keys are the keys of .secrets that an exec store is asked for.
	Keys []string
}

func (o Options) getenv(name string) string {
	if o.Getenv == nil {
		return ""
	}
	return o.Getenv(name)
}

// Open gives the store that an environment names. Nothing is sent yet; what can be
// told from the settings and this host alone is refused here.
func Open(s *ir.SecretStore, o Options) (Store, error) {
	switch s.Kind.V {
	case "age":
		return OpenAge(s, o)
	case "exec":
		return &program{s, o}, nil
	case "kubernetes":
		return nil, &Error{
			Kind: ErrReadOnly, Store: "Kubernetes", Problem: "is no store that values are read from or written to: nselfc makes manifests for it.",
			Advice: "The values are in .secrets on the host, where a build makes what is missing. Write a manifest with\n\n    nselfc secrets sync --manifest FILE",
		}
	case "aws":
		return openAWS(s)
	case "vault":
		return openVault(s, o)
	default:
		return nil, &Error{
			Kind: ErrInvalid, Store: "The store " + s.Kind.V,
			Problem: "is of no kind that nselfc knows.",
			Advice:  "This is a bug in nselfc; please report it.",
		}
	}
}
