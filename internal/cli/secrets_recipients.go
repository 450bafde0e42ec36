package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/secretstore"
	"nselfc/lang/diag"
)

// codeRecipients is for a list of recipients that cannot be shown or changed.
const codeRecipients = "NS649"

// RecipientsOptions are the arguments of secrets recipients.
type RecipientsOptions struct {
	SecretsOptions
	Identities []string
	Check      bool   // only tell
	Change     string // "add", "remove" or ""
	Key        string // that is added or removed
}

// Recipients shows who can open the age file of an environment, and encrypts it anew
// when the list in the stack is another than the file's.
func Recipients(ctx context.Context, env Env, d Display, o RecipientsOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	if found := o.possible(h); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	undo := func() error { return nil }
	if o.Change != "" {
		var found *diag.Diagnostic
		if undo, found = o.edit(h, c); found != nil {
			return o.show(ctx, env, d, c, diag.List{found})
		}
		if h, c, code = o.host(ctx, env, d); h == nil {
			return o.takeBack(env, undo, code)
		}
	}
	code = o.renew(ctx, env, d, h, c)
	if code != OK && o.Change != "" {
		return o.takeBack(env, undo, code)
	}
	return code
}

// possible refuses what is about no age file, and keys that are none.
func (o RecipientsOptions) possible(h *build.Host) *diag.Diagnostic {
	of := h.Stack.Store
	if of == nil || of.Kind.V != "age" {
		at := stackRange(h)
		if of != nil {
			at = of.Origin.Range
		}
		return diag.Errorf(codeRecipients, at, "No such list of recipients",
			"Only an age file is encrypted for recipients, and the values of this environment are kept elsewhere. An environment has an age file with\n\n    secrets {\n      age {\n        recipients = [\"age1…\"]\n      }\n    }")
	}
	refuse := func(problem string) *diag.Diagnostic {
		return diag.Errorf(codeRecipients, of.Origin.Range, "No such list of recipients", "%s Nothing was changed.", problem)
	}
	in := slices.ContainsFunc(of.Recipients, func(r ir.String) bool { return r.V == o.Key })
	upper := strings.ToUpper(o.Key)
	switch {
	case o.Change == "":
	case strings.Contains(upper, "SECRET-KEY") || strings.Contains(upper, "PRIVATE KEY"):
		return refuse("That is a private key, not a public one. It stood in the arguments of a command, where other users of this host see it and the shell keeps it: make a new pair, and treat this one as lost.")
	case o.Change == "remove" && !in:
		return refuse("The key that is to be removed is not in the list.")
	case o.Change == "remove" && len(of.Recipients) == 1:
		return refuse("The key is the only one in the list: nobody could open the file without it.")
	case o.Change == "add" && in:
		return refuse("The key is in the list already.")
	case o.Change == "add" && (!secretstore.IsRecipient(o.Key) || strings.ContainsAny(o.Key, "\"\\${}%")):
		return refuse("The key is none that age can encrypt for: it takes age1…, age1pq1…, ssh-ed25519 and ssh-rsa keys, whole.")
	}
	return nil
}

// edit changes the list in the stack's file. What it gives takes that back.
func (o RecipientsOptions) edit(h *build.Host, c *build.Compiled) (undo func() error, found *diag.Diagnostic) {
	list := h.Stack.Store.Recipients
	name := list[0].Range.File
	full := filepath.Join(c.Dir, filepath.FromSlash(name))
	byHand := func(why error) *diag.Diagnostic {
		return diag.Errorf(codeRecipients, list[0].Range, "No such list of recipients",
			"The list of recipients cannot be edited here: %v. Nothing was changed. Change it where it is written, and run\n\n    nselfc secrets recipients", why)
	}
	info, err := os.Lstat(full)
	if err != nil || !info.Mode().IsRegular() {
		return nil, byHand(errors.New(name + " is not a plain file of this folder"))
	}
	before, err := os.ReadFile(full)
	if err != nil {
		return nil, byHand(err)
	}
	if f := c.Files()[name]; f == nil || !bytes.Equal(f.Bytes, before) { // with line ends of Windows, places are others
		return nil, byHand(errNotWritten)
	}
	change := withRecipient
	if o.Change == "remove" {
		change = withoutRecipient
	}
	after, err := change(before, list, o.Key)
	if err != nil {
		return nil, byHand(err)
	}
	if err := replaceFile(full, after); err != nil {
		return nil, byHand(err)
	}
	return func() error { return replaceFile(full, before) }, nil
}

// takeBack undoes the edit of a run that failed.
func (o RecipientsOptions) takeBack(env Env, undo func() error, code int) int {
	if err := undo(); err != nil {
		say(env, "nselfc: the list in the stack stays changed: %v\n", err)
		return code
	}
	say(env, "nselfc: the list in the stack is as it was\n")
	return code
}

// renew compares the two lists, and encrypts the file anew when they differ.
func (o RecipientsOptions) renew(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled) int {
	of := h.Stack.Store
	fail := func(err error) int {
		return o.show(ctx, env, d, c, diag.List{secretstore.Diagnostic(of, err)})
	}
	store, err := secretstore.OpenAge(of, storeOptions(ctx, env, h, o.Identities))
	if err != nil {
		return fail(err)
	}
	var wanted []string
	for _, r := range of.Recipients {
		wanted = append(wanted, r.V)
	}
	slices.Sort(wanted)
	var b strings.Builder
	fmt.Fprintf(&b, "%s, recipients\n", clean(of.File.V))
	had, known, err := store.Recipients(ctx)
	switch {
	case errors.Is(err, secretstore.ErrAbsent):
		keys(&b, "", wanted)
		b.WriteString("\nThe file does not exist yet. It is made with\n    nselfc secrets sync --push" + o.flags() + "\n")
		return Print(env, b.String())
	case err != nil:
		keys(&b, "in stack", wanted)
		if code := Print(env, b.String()); code != OK {
			return code
		}
		return fail(err)
	}
	lacks := func(list []string) func(string) bool { return func(k string) bool { return slices.Contains(list, k) } }
	gone, come := slices.DeleteFunc(slices.Clone(had), lacks(wanted)), slices.DeleteFunc(slices.Clone(wanted), lacks(had))
	if known && len(gone)+len(come) == 0 {
		keys(&b, "", wanted)
		b.WriteString("\nThe file is encrypted for these.\n")
		return Print(env, b.String())
	}
	if !o.Check {
		s, err := store.Load(ctx)
		if err == nil {
			err = store.Save(ctx, s)
		}
		if err != nil {
			return fail(err)
		}
	}
	if !known {
		come = nil
		b.WriteString("  (another program wrote the file: whom it was encrypted for is not known)\n")
	}
	keys(&b, "kept", slices.DeleteFunc(slices.Clone(wanted), lacks(come)))
	keys(&b, "added", come)
	keys(&b, "removed", gone)
	o.consequences(&b, of, known, gone)
	if code := Print(env, b.String()); code != OK || !o.Check {
		return stopped(ctx, code)
	}
	return Failed
}

// consequences says what is done, and what nobody can undo.
func (o RecipientsOptions) consequences(b *strings.Builder, of *ir.SecretStore, known bool, gone []string) {
	file := clean(of.File.V)
	if o.Check {
		fmt.Fprintf(b, "\n%s is encrypted for other recipients than the stack names. To change that:\n    nselfc secrets recipients%s\n", file, o.flags())
	} else {
		fmt.Fprintf(b, "\n%s is encrypted anew. Commit it, with the stack:\n    git add%s\n", file, argument(of.File.V))
	}
	if len(gone) > 0 || !known {
		who := "Whoever has the private key of a recipient that was removed"
		if !known {
			who = "Whoever could open the old file"
		}
		fmt.Fprintf(b, "\n%s still opens every older copy of %s, in git's history and in\nevery clone, and may have copied the values. They lose them only when the values change:\n    nselfc secrets rotate --all%s\n", who, file, o.flags())
	}
}

// keys lists public keys, shortened: those of the post-quantum sort have 2000
// characters.
func keys(b *strings.Builder, what string, list []string) {
	const most = 90
	for _, k := range list {
		if k = clean(k); len(k) > most {
			k = k[:most] + "…"
		}
		fmt.Fprintf(b, "  %-8s  %s\n", what, k)
	}
}
