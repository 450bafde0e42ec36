package secretstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// identityVariable names the file of this host's identities.
const identityVariable = "NSELFC_AGE_IDENTITY_FILE"

// identityFile gives the file of this host's identity, or where it would be.
func (a *Age) identityFile() string { return a.identityFiles()[0] }

func (a *Age) identityFiles() []string {
	if len(a.opts.Identities) > 0 {
		return a.opts.Identities
	}
	if name := a.opts.getenv(identityVariable); name != "" {
		return []string{name}
	}
	dir := a.opts.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the XDG base directory specification wants others passed over
		dir = filepath.Join(a.opts.getenv("HOME"), ".config")
	}
	return []string{filepath.Join(dir, "nselfc", "identity.txt")}
}

// identities reads the identities of this host; none without an error means that
// it has none, and that nobody said where they are.
func (a *Age) identities() ([]age.Identity, error) {
	if a.keys != nil {
		return a.keys, nil
	}
	named := len(a.opts.Identities) > 0 || a.opts.getenv(identityVariable) != ""
	for _, name := range a.identityFiles() {
		text, err := privateFile(a.store, name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !named:
			return nil, nil
		case errors.Is(err, fs.ErrNotExist):
			return nil, &Error{Kind: ErrDenied, Store: a.store, Problem: fmt.Sprintf("needs the identity in %s, and there is no such file.", name), Advice: "Name the file of an identity that can open it, with --identity or in " + identityVariable + "."}
		case err != nil:
			return nil, err
		}
		keys, err := a.parseIdentities(name, text)
		if err != nil {
			return nil, err
		}
		a.keys = append(a.keys, keys...)
	}
	return a.keys, nil
}

// parseIdentities reads a file of age-keygen, a private key of ssh, or either of
// them behind a passphrase. No error of a parser is shown: it could quote a key.
func (a *Age) parseIdentities(name string, text []byte) ([]age.Identity, error) {
	wrong := func(problem string) error {
		return &Error{Kind: ErrInvalid, Store: a.store, Problem: fmt.Sprintf("needs the identity in %s, which %s.", name, problem), Advice: "Name the file that age-keygen wrote, or the private key of ssh, whose public key is one of the recipients. A new one is made with\n\n    age-keygen -o FILE"}
	}
	trimmed := bytes.TrimSpace(text)
	switch {
	case bytes.HasPrefix(trimmed, []byte(armor.Header)), bytes.HasPrefix(text, []byte("age-encryption.org/v1\n")):
		return []age.Identity{&protected{store: a, name: name, sealed: text}}, nil
	case bytes.HasPrefix(trimmed, []byte("-----BEGIN")):
		id, err := agessh.ParseIdentity(text)
		if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
			if missing.PublicKey == nil {
				return nil, wrong("is a private key of ssh in an old form, which does not say whose it is")
			}
			return a.protectedSSH(name, missing.PublicKey, text)
		}
		if err != nil {
			return nil, wrong("is no private key that age can use (it takes Ed25519 and RSA)")
		}
		return []age.Identity{id}, nil
	}
	var out []age.Identity
	n := 0
	for line := range bytes.Lines(text) {
		n++
		word := strings.TrimSpace(string(line))
		if word == "" || strings.HasPrefix(word, "#") {
			continue
		}
		if strings.HasPrefix(word, "age1") || strings.HasPrefix(word, "ssh-") {
			return nil, wrong(fmt.Sprintf("has a public key on line %d; the other half is wanted", n))
		}
		ids, err := age.ParseIdentities(strings.NewReader(word))
		if err != nil {
			return nil, wrong(fmt.Sprintf("has something else than an identity on line %d", n))
		}
		out = append(out, ids...)
	}
	if len(out) == 0 {
		return nil, wrong("holds none")
	}
	return out, nil
}

// errUnasked says that a passphrase is needed and nobody can be asked.
var errUnasked = errors.New("nobody to ask")

func (a *Age) passphrase(name string) ([]byte, error) {
	if a.opts.Passphrase == nil {
		return nil, errUnasked
	}
	return a.opts.Passphrase("Passphrase of " + name + ": ")
}

// protected is an identity file behind a passphrase, which is asked for when the
// identity is needed, and once.
type protected struct {
	store  *Age
	name   string
	sealed []byte
	keys   []age.Identity
}

// errPassphrase says that a passphrase did not fit.
var errPassphrase = errors.New("wrong passphrase")

// Unwrap asks, opens the file, and lets the identities in it try.
func (p *protected) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if p.keys == nil {
		word, err := p.store.passphrase(p.name)
		if err != nil {
			return nil, err
		}
		id, err := age.NewScryptIdentity(string(word))
		if err != nil {
			return nil, errPassphrase // the empty one
		}
		text, _, err := decrypt(p.sealed, []age.Identity{id})
		if err != nil {
			return nil, errPassphrase
		}
		if p.keys, err = p.store.parseIdentities(p.name, text); err != nil {
			return nil, err
		}
	}
	for _, id := range p.keys {
		key, err := id.Unwrap(stanzas)
		if errors.Is(err, age.ErrIncorrectIdentity) {
			continue
		}
		return key, err
	}
	return nil, age.ErrIncorrectIdentity
}

// protectedSSH is a private key of ssh behind a passphrase.
func (a *Age) protectedSSH(name string, public ssh.PublicKey, text []byte) ([]age.Identity, error) {
	p := &passphraseSSH{}
	id, err := agessh.NewEncryptedSSHIdentity(public, text, func() ([]byte, error) {
		word, err := a.passphrase(name)
		p.unasked = err
		return word, err
	})
	p.EncryptedSSHIdentity = id
	if err != nil {
		return nil, &Error{Kind: ErrInvalid, Store: a.store, Problem: fmt.Sprintf("needs the identity in %s, which is of a kind that age cannot use.", name), Advice: "It takes Ed25519 and RSA. Name another file, or make an identity of age's own with `age-keygen -o FILE`."}
	}
	return []age.Identity{p}, nil
}

// passphraseSSH keeps the reason apart that agessh makes a sentence of.
type passphraseSSH struct {
	*agessh.EncryptedSSHIdentity
	unasked error
}

// Unwrap says that the passphrase is wrong, or why it could not be asked for.
func (p *passphraseSSH) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := p.EncryptedSSHIdentity.Unwrap(stanzas)
	switch {
	case err == nil, errors.Is(err, age.ErrIncorrectIdentity):
		return key, err
	case p.unasked != nil:
		return nil, p.unasked
	}
	return nil, errPassphrase
}

// cannotOpen words why the file did not open.
func (a *Age) cannotOpen(err error) error {
	files := strings.Join(a.identityFiles(), ", ")
	said := (*Error)(nil)
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, new(*age.NoIdentityMatchError)):
		return &Error{
			Kind: ErrDenied, Store: a.store, Problem: fmt.Sprintf("does not open with the identity of this host (%s): it was encrypted for others.", files),
			Advice: "Name the identity that belongs to one of its recipients, with --identity or in " + identityVariable + ". Or let somebody who can open it add the public key of this host to the list in nself.hcl and run\n\n    nselfc secrets recipients",
		}
	case len(a.keys) == 0:
		return &Error{
			Kind: ErrDenied, Store: a.store, Problem: "is encrypted, and this host has no identity to open it with.",
			Advice: "Name the file of one, with --identity or in " + identityVariable + ", or put it at " + files + " (mode 600). A new one is made with `age-keygen -o FILE`; its public key has to be one of the recipients.",
		}
	case errors.Is(err, errUnasked):
		return &Error{Kind: ErrDenied, Store: a.store, Problem: "opens with an identity behind a passphrase, and there is no terminal to ask for it.", Advice: "Run the command on a terminal, or name an identity without one (" + identityVariable + ")."}
	case errors.Is(err, errPassphrase):
		return &Error{Kind: ErrDenied, Store: a.store, Problem: "did not open: the passphrase of the identity is another.", Advice: "Run the command again."}
	}
	return &Error{
		Kind: ErrInvalid, Store: a.store, Problem: "is damaged: it is no age file, or not whole, or somebody changed it.",
		Advice: "Nothing of it was used. Take the last whole one out of git, and look whether a merge left its marks in it:\n\n    git log -p -- " + a.settings.File.V,
	}
}
