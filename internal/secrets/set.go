package secrets

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/dotsecrets"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// SetOptions say how a value that somebody gives is taken.
type SetOptions struct {
	Replace bool // also in the place of one that is in use
	// Keep puts the values into the environment's store, before they are in
	// .secrets; nil where .secrets is all there is.
	Keep func(values map[string]string) diag.List
}

// SetResult says what became of a value that was given.
type SetResult struct {
	Unchanged bool     // it was there already
	Replaced  bool     // another was there
	Readers   []string // services that have files with the old one
}

// Set gives a declared secret a value that somebody chose or got from elsewhere.
// The value is held against its kind, and against what is guessed first, before
// anything is written.
func Set(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, s *ir.Secret, value string, opts Options, set SetOptions) (SetResult, diag.List) {
	if d := Settable(s); d != nil {
		return SetResult{}, diag.List{d}
	}
	st, done, diags := openLocked(ctx, dir, opts)
	if diags.HasErrors() {
		return SetResult{}, diags
	}
	defer done()
	doc, _, more := st.readSecrets()
	diags = append(append(diags, more...), unignored(st.dir, st.root.Name())...)
	// A value that was published is mended by just this, one after the other.
	if diags = append(diags, cured(committedOnce(ctx, st.dir, st.root.Name(), values(doc)))...); diags.HasErrors() {
		return SetResult{}, diags
	}
	have, had := doc.Get(s.Key)
	if had && have == value && set.Keep == nil {
		return SetResult{Unchanged: true}, diags
	}
	if diags = append(diags, given(stack, doc, s, value)...); diags.HasErrors() {
		return SetResult{}, diags
	}
	result := SetResult{Unchanged: had && have == value, Replaced: had && have != value}
	if result.Replaced {
		var d *diag.Diagnostic
		if result.Readers, d = st.readers(stack, files, s); d != nil {
			return SetResult{}, append(diags, d)
		}
		if d := replacing(doc, s, result.Readers, st, set); d != nil {
			return SetResult{}, append(diags, d)
		}
	}
	if err := doc.Set(s.Key, value, s.Address+", set by hand"); err != nil {
		return SetResult{}, append(diags, diag.Errorf(codeUnfit, s.Origin.Range, "Unfit value in .secrets", "The value cannot be kept: %v.", err))
	}
	if set.Keep != nil {
		if diags = append(diags, set.Keep(map[string]string{s.Key: value})...); diags.HasErrors() {
			return SetResult{}, diags
		}
	}
	if diags = append(diags, st.saveDocument(doc)...); diags.HasErrors() {
		return result, diags
	}
	if set.Keep != nil {
		diags = append(diags, st.noteSynced(map[string]string{s.Key: value})...)
	}
	if diags.HasErrors() || result.Unchanged {
		return result, diags
	}
	return result, append(diags, st.noteSet(stack, s, opts)...)
}

// noteSet counts a value that was set as a generation of its own.
func (st *store) noteSet(stack *ir.Stack, s *ir.Secret, opts Options) diag.List {
	r, before, d := readRegister(st.dir, st.root, stack.Name.V)
	if d != nil {
		return diag.List{d}
	}
	r.Note(s.Address, s.Kind.V, opts.Now.UTC().Format(register.Day), register.Set, "")
	if err := (&book{register: r, registerBefore: before}).saveRegister(st); err != nil {
		return diag.List{st.writeFailed(register.Name, err)}
	}
	return nil
}

// Settable refuses secrets whose value nobody gives.
func Settable(s *ir.Secret) *diag.Diagnostic {
	refuse := func(detail string, args ...any) *diag.Diagnostic {
		return about(s, diag.Errorf(codeSetKind, s.Origin.Range, "Secret that is not set by hand", detail, args...))
	}
	switch s.Kind.V {
	case kindX509:
		return refuse("%s is a certificate that nselfc issues, with a key that never was anywhere else. There is no value to give.\n\nTo have a new one:\n\n    nselfc secrets rotate %s\n\nFor a certificate of your own, name its files in the ingress:\n\n    tls {\n      certificate {\n        files {\n          certificate = \"./certs/fullchain.pem\"\n          private_key = \"./certs/privkey.pem\"\n        }\n      }\n    }", s.Address, s.Address)
	case kindFiles:
		return refuse("%s is in files of your own: the stack names %s and %s. Put the new certificate and key there, and build.", s.Address, s.Files.Certificate.V, s.Files.PrivateKey.V)
	}
	return nil
}

// given holds a value against its kind and against what everybody would try.
func given(stack *ir.Stack, doc *dotsecrets.Document, s *ir.Secret, value string) diag.List {
	instead := "Give another; or leave it to nselfc, which makes a strong one where there is none:\n\n    nselfc secrets generate " + escape.ShellWord(s.Address)
	if !generated(s) {
		instead = "Ask whoever issues it for another; or change the declaration, if it asks for what they do not give."
	}
	if !fits(s, value) {
		return diag.List{about(s, diag.Errorf(codeGiven, s.Origin.Range, "Unfit value",
			"The value is not %s, as %s is declared: %s. Nothing was changed.\n\n%s", shape(s), s.Address, had(s, value), instead))}
	}
	problem := guessable(stack, s, value)
	if problem == "" {
		problem = reused(stack, doc, s, value)
	}
	if problem == "" {
		return nil
	}
	report := diag.Errorf
	if stack.Posture == ir.Development {
		report = diag.Warningf
	}
	return diag.List{about(s, report(codeWeak, s.Origin.Range, "Weak secret",
		"The value given for %s %s.\n\n%s", s.Address, problem, instead))}
}

// reused says whose value it is already, or "".
func reused(stack *ir.Stack, doc *dotsecrets.Document, s *ir.Secret, value string) string {
	for _, key := range doc.Keys() {
		base := baseKey(key)
		if have, _ := doc.Get(key); have != value || base == s.Key {
			continue
		}
		for _, other := range stack.Secrets {
			if other.Key == base {
				base = other.Address
			}
		}
		return "is also the value of " + base + ": who gets one has both"
	}
	return ""
}

// readers gives the services that have a file on disk with the present value.
func (st *store) readers(stack *ir.Stack, files []emit.File, s *ir.Secret) ([]string, *diag.Diagnostic) {
	var there []emit.File
	for _, f := range files {
		if !f.Secret() || !slices.Contains(f.Text.Addresses(), s.Address) {
			continue
		}
		_, fi, d := st.read(f.Path)
		if d != nil {
			return nil, d
		}
		if fi != nil {
			there = append(there, f)
		}
	}
	return Consumers(stack, there, s.Address), nil
}

// replacing refuses to put a value in the place of another that is in use.
func replacing(doc *dotsecrets.Document, s *ir.Secret, readers []string, st *store, set SetOptions) *diag.Diagnostic {
	full := filepath.Join(st.dir, File)
	for _, ending := range []string{suffixNext, suffixPrevious} {
		if _, ok := doc.Get(s.Key + ending); ok {
			return about(s, diag.Errorf(codeSetInUse, s.Origin.Range, summarySetInUse,
				"%s is being rotated: %s has %s too. Another value now would leave servers and services with three. Finish the rotation first:\n\n    nselfc secrets rotate --resume", s.Address, full, s.Key+ending))
		}
	}
	if len(readers) == 0 || set.Replace {
		return nil
	}
	return about(s, diag.Errorf(codeSetInUse, s.Origin.Range, summarySetInUse,
		"%s has a value already, from which files of %s are made. %s\n\nTo replace it without an outage:\n\n    nselfc secrets rotate %s\n\n"+
			"If nothing runs yet, or you accept that: the same command with --replace.", s.Address, strings.Join(readers, ", "), Breaks(s, readers), escape.ShellWord(s.Address)))
}

const summarySetInUse = "Value in use"

// Breaks says what a new value breaks that is put in the place of one in use, as
// sentences.
func Breaks(s *ir.Secret, readers []string) string {
	who := strings.Join(readers, ", ")
	switch class(s) {
	case classPair, classDual:
		return "The server " + s.Rotation.Service + " goes on taking the old value alone until it is told of the new one, so that " + who + " cannot log in from the next start on."
	case classManual:
		return "What was encrypted under the old value, or is checked against it elsewhere, cannot be read with the new one: keep the old value until nothing needs it."
	}
	return "Services go on with the old value until they are started again; in between some have the one and some the other, and what was signed under the old one ceases to be believed."
}
