package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/internal/term"
	"nselfc/lang/diag"
)

// ShowOptions are the arguments of secrets show.
type ShowOptions struct {
	SecretsOptions
	Name   string
	Public bool // the public half of a pair, which is no secret
}

// Show prints one value, to a person at a terminal.
func Show(ctx context.Context, env Env, d Display, o ShowOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	s, field, found := findSecret(h, o.Name)
	if found == nil {
		field, found = shown(s, field, o.Public)
	}
	public := isPublic(field)
	if found == nil && !public && !term.IsTerminal(env.Stdout) {
		found = notShown(h, s)
	}
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	value, diags := secrets.Reveal(h.Dir, s, field, h.Options)
	if code := o.show(ctx, env, d, c, diags); code != OK {
		return code
	}
	text := value.Reveal()
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		text = strconv.Quote(text)
		say(env, "nselfc: the value has control characters, which a terminal would obey; it is shown quoted\n")
	}
	text = strings.TrimSuffix(text, "\n") + "\n"
	if public {
		return Print(env, text)
	}
	if err := env.reveal(text); err != nil {
		return Fail(env, IO, "cannot show the value: %v", err)
	}
	return OK
}

// isPublic tells whether a part of a secret is no secret.
func isPublic(field string) bool { return field != "" && field != "private_key" }

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = prefix + s
	}
	return out
}

// shown decides which part of a secret is meant.
func shown(s *ir.Secret, field string, public bool) (string, *diag.Diagnostic) {
	refuse := func(detail string, args ...any) (string, *diag.Diagnostic) {
		return "", diag.Errorf("NS685", s.Origin.Range, "No such part of a secret", "%s", fmt.Sprintf(detail, args...))
	}
	fields := secretFields(s)
	switch {
	case s.Files != nil:
		return refuse("%s is in files of its owner, which nselfc copies nowhere: the certificate in %s, the key in %s.", s.Address, s.Files.Certificate.V, s.Files.PrivateKey.V)
	case fields == nil && public:
		return refuse("%s is one value, and has no public half.", s.Address)
	case public && field == "private_key":
		return refuse("%s.private_key is the secret half.", s.Address)
	case public && field == "":
		return fields[slices.IndexFunc(fields, isPublic)], nil
	case fields != nil && field == "":
		return refuse("%s has several parts. Name the one that is meant:\n\n    nselfc secrets show %s", s.Address, strings.Join(prefixed(s.Address+".", fields), "\n    nselfc secrets show "))
	}
	return field, nil
}

// notShown refuses to write a value into what is no terminal, and names the file
// that a program should read instead.
func notShown(h *build.Host, s *ir.Secret) *diag.Diagnostic {
	files := "No file is made from it."
	var paths []string
	for _, f := range h.Files {
		if f.Secret() && len(paths) < 3 {
			for _, address := range f.Text.Addresses() {
				if address == s.Address {
					paths = append(paths, "    "+filepath.Join(h.Dir, f.Path))
				}
			}
		}
	}
	if len(paths) > 0 {
		files = "Files that are made from it:\n\n" + strings.Join(paths, "\n")
	}
	return diag.Errorf("NS686", s.Origin.Range, "Value not shown",
		"Standard output is a pipe, a file or a log, where a value would stay, and be read by whoever reads that. It is shown on a terminal alone.\n\n"+
			"A service reads a secret from the file that it is given, and never from a command: add it to the `secrets` of the service. %s", files)
}
