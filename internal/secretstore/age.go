package secretstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"

	"nselfc/compiler/ir"
	"nselfc/emit/dotsecrets"
	"nselfc/lang/escape"
)

// Age keeps values in one file below the stack's folder, as dotenv, encrypted for
// several recipients (https://age-encryption.org/v1). The text says in comments
// whom it was encrypted for, as the outside of the file tells that to nobody.
//
// Two encryptions of one text differ, so the file is written only when a value or
// the recipients changed, and never by somebody who could not open the new one.
type Age struct {
	settings   *ir.SecretStore
	opts       Options
	store      string // the subject of a sentence about it
	recipients []age.Recipient
	keys       []age.Identity // of this host, once they are read
	patience   time.Duration  // for whoever writes the file at this moment
}

// recipientLine begins the comments that say whom a text is encrypted for.
const recipientLine = "# recipient: "

const ageHeader = "# The values of one environment, for nselfc. Change them with\n# nselfc secrets set, or with age; who can open the file stands in nself.hcl.\n"

// OpenAge gives the encrypted file that an environment names.
func OpenAge(s *ir.SecretStore, o Options) (*Age, error) {
	a := &Age{settings: s, opts: o, store: "The age file " + s.File.V, patience: lockWait}
	for _, key := range s.Recipients {
		r, err := parseRecipient(key.V)
		if err != nil { // the compiler took it
			return nil, &Error{Kind: ErrInvalid, Store: a.store, Problem: "has a recipient that age cannot encrypt for.", Advice: "This is a bug in nselfc; please report it."}
		}
		a.recipients = append(a.recipients, r)
	}
	return a, nil
}

func parseRecipient(s string) (age.Recipient, error) {
	switch {
	case strings.HasPrefix(s, "age1pq1"):
		return age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1"):
		return age.ParseX25519Recipient(s)
	}
	return agessh.ParseRecipient(s)
}

// Load opens the file with an identity of this host.
func (a *Age) Load(ctx context.Context) (Snapshot, error) {
	c, err := a.open(ctx)
	return c.Snapshot, err
}

// Recipients gives the public keys that the file was encrypted for. known is false
// when another program wrote it, and nobody can tell.
func (a *Age) Recipients(ctx context.Context) (keys []string, known bool, err error) {
	c, err := a.open(ctx)
	return c.recipients, len(c.recipients) > 0, err
}

// contents is the file, opened.
type contents struct {
	Snapshot
	text       []byte   // dotenv, without the lines of recipients
	recipients []string // that it was encrypted for; nil where it does not say
	armored    bool
}

func (a *Age) open(ctx context.Context) (contents, error) {
	if err := ctx.Err(); err != nil {
		return contents{}, a.stopped("read", err)
	}
	sealed, err := a.read()
	if err != nil {
		return contents{}, err
	}
	return a.unseal(sealed)
}

// unseal decrypts the bytes of the file.
func (a *Age) unseal(sealed []byte) (contents, error) {
	c := contents{Snapshot: Snapshot{Version: digest(sealed)}}
	identities, err := a.identities()
	if err != nil {
		return c, err
	}
	plain, armored, err := decrypt(sealed, identities)
	if err != nil {
		return c, a.cannotOpen(err)
	}
	c.armored = armored
	var text bytes.Buffer
	for line := range bytes.Lines(plain) {
		if key, ok := strings.CutPrefix(string(line), recipientLine); ok {
			c.recipients = append(c.recipients, strings.TrimSpace(key))
			continue
		}
		text.Write(line)
	}
	doc, diags := dotsecrets.Parse(a.settings.File.V, text.Bytes())
	if diags.HasErrors() {
		return c, &Error{
			Kind: ErrInvalid, Store: a.store, Problem: fmt.Sprintf("opens, and line %d of what is in it is not KEY=value as .secrets has it.", int(diags[0].Subject.Start.Line)+len(c.recipients)),
			Advice: "Open it, mend that line, and encrypt it again for all recipients; do not leave the open text on a disk. Begin with\n\n    age -d -i IDENTITY " + escape.ShellWord(a.settings.File.V),
		}
	}
	c.text, c.Values = text.Bytes(), map[string]string{}
	for _, key := range doc.Keys() {
		c.Values[key], _ = doc.Get(key)
	}
	return c, nil
}

// Save encrypts the values when they, or the recipients, are not those of the file.
func (a *Age) Save(ctx context.Context, s Snapshot) error {
	unlock, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	var old contents
	sealed, err := a.read()
	switch {
	case errors.Is(err, ErrAbsent):
		old.armored = true
	case err != nil:
		return err
	}
	if digest(sealed) != s.Version {
		return &Error{
			Kind: ErrConflict, Store: a.store, Problem: "is not the one any more that the values were read from: somebody changed it, or a branch with another one was checked out.",
			Advice: "Nothing was written. See what came in, and run the command again:\n\n    git log -- " + escape.ShellWord(a.settings.File.V),
		}
	}
	if sealed != nil {
		if old, err = a.unseal(sealed); err != nil {
			return err
		}
		if maps.Equal(old.Values, s.Values) && slices.Equal(old.recipients, a.wanted()) {
			return nil
		}
	}
	text, err := a.text(old, s.Values)
	if err != nil {
		return err
	}
	out, err := a.seal(text, old.armored)
	if err != nil {
		return err
	}
	return a.write(out)
}

// wanted gives the recipients that the stack names, sorted: their order means
// nothing.
func (a *Age) wanted() []string {
	var out []string
	for _, r := range a.settings.Recipients {
		out = append(out, r.V)
	}
	slices.Sort(out)
	return out
}

// text writes the values. Comments of the old text stay.
func (a *Age) text(old contents, values map[string]string) ([]byte, error) {
	before := old.text
	if before == nil {
		before = []byte(ageHeader)
	}
	doc, _ := dotsecrets.Parse(a.settings.File.V, before) // it was read before
	for _, key := range doc.Keys() {
		if _, ok := values[key]; !ok {
			doc.Delete(key)
		}
	}
	for key, value := range values {
		if was, ok := doc.Get(key); ok && was == value {
			continue
		}
		if err := doc.Set(key, value, ""); err != nil {
			return nil, &Error{
				Kind: ErrInvalid, Store: a.store, Problem: "cannot hold the value of " + named(key) + ": dotenv has no way to write it.",
				Advice: "Encode the value, as base64 for instance, and decode it where it is used.",
			}
		}
	}
	var b bytes.Buffer
	for _, key := range a.wanted() {
		b.WriteString(recipientLine + key + "\n")
	}
	b.Write(doc.Bytes())
	return b.Bytes(), nil
}

// seal encrypts, and makes sure that this host opens the outcome and finds in it
// what was put there.
func (a *Age) seal(text []byte, armored bool) ([]byte, error) {
	failed := func(err error) error {
		return &Error{Kind: ErrInvalid, Store: a.store, Problem: "could not be encrypted: " + err.Error() + ".", Advice: "Nothing was written. Look at the recipients in nself.hcl."}
	}
	var out bytes.Buffer
	var dst io.Writer = &out
	end := func() error { return nil }
	if armored {
		w := armor.NewWriter(&out)
		dst, end = w, w.Close
	}
	w, err := age.Encrypt(dst, a.recipients...)
	if err != nil {
		return nil, failed(err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, failed(err)
	}
	if err := errors.Join(w.Close(), end()); err != nil {
		return nil, failed(err)
	}
	identities, err := a.identities()
	if err != nil || len(identities) == 0 {
		return out.Bytes(), err
	}
	again, _, err := decrypt(out.Bytes(), identities)
	switch {
	case errors.As(err, new(*age.NoIdentityMatchError)):
		return nil, &Error{
			Kind: ErrDenied, Store: a.store, Problem: "would not open any more for whoever runs this command: none of the recipients in nself.hcl belongs to an identity of this host.",
			Advice: "Nothing was written. Put the public key of this host's identity into the list, or let somebody run the command whose key stays in it. The public key is printed by\n\n    age-keygen -y " + escape.ShellWord(a.identityFile()),
		}
	case err != nil:
		return nil, failed(err)
	case !bytes.Equal(again, text):
		return nil, failed(errors.New("it opens to another text"))
	}
	return out.Bytes(), nil
}

// decrypt opens the bytes of a file, in either form.
func decrypt(sealed []byte, identities []age.Identity) (text []byte, armored bool, err error) {
	var src io.Reader = bytes.NewReader(sealed)
	if armored = bytes.HasPrefix(bytes.TrimSpace(sealed[:min(len(sealed), 1024)]), []byte(armor.Header)); armored {
		src = armor.NewReader(src)
	}
	r, err := age.Decrypt(src, identities...)
	if err != nil {
		return nil, armored, err
	}
	text, err = io.ReadAll(io.LimitReader(r, maxAge))
	return text, armored, err
}

// IsRecipient tells whether age can encrypt for a public key, as Open wants them.
func IsRecipient(key string) bool {
	_, err := parseRecipient(key)
	return err == nil && !strings.ContainsAny(key, "\r\n")
}
