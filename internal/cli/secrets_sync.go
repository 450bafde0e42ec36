package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// SyncOptions are the arguments of secrets sync.
type SyncOptions struct {
	SecretsOptions
	Identities []string // files of age identities; none means those that the host has
	Check      bool     // only tell
	Push       bool     // put what the store lacks there
	Replace    bool     // take a value too that servers or data depend on
	Manifest   string   // file for the manifest of a Kubernetes store; "-" is standard output
	JSON       bool
}

// Sync brings the values of an environment from its store to this host, and makes
// the files that services read.
func Sync(ctx context.Context, env Env, d Display, o SyncOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	of := h.Stack.Store
	switch {
	case of != nil && of.Kind.V == "kubernetes":
		return o.manifest(ctx, env, d, h, c)
	case o.Manifest != "":
		return o.show(ctx, env, d, c, diag.List{notForKubernetes(h)})
	}
	if found := noOutput(h, o.SecretsOptions); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	if of == nil {
		if code := Print(env, fmt.Sprintf("The values of this environment are in %s and nowhere else, so there is nothing to bring.\n", display(h.Dir, secrets.File))); code != OK || o.Check {
			return code
		}
		return o.files(ctx, env, d, h, c)
	}
	k, found := openStore(ctx, env, h, o.Identities)
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	defer k.close()
	k.filled = !o.Push
	in := secrets.Import{Store: storeName(of), Replace: o.Replace, Dry: o.Check}
	if o.Push {
		in.Push = k.put()
	}
	report, diags := secrets.Take(ctx, h.Dir, h.Stack, h.Files, h.Options, in)
	if code := o.show(ctx, env, d, c, diags); code != OK {
		return code
	}
	if code := o.print(env, h, report); code != OK || ctx.Err() != nil {
		return stopped(ctx, code)
	}
	switch {
	case o.Check && (len(report.Added)+len(report.Changed)+len(report.Newer)+len(report.Missing) > 0 || o.Push && len(report.Kept) > 0):
		return Failed
	case o.Check:
		return OK
	}
	return o.files(ctx, env, d, h, c)
}

// files makes the files that services read, once the output is of this stack.
func (o SyncOptions) files(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled) int {
	if o.JSON {
		env.Stdout = io.Discard // which has one object
	}
	diags := stale(c, h, o.SecretsOptions)
	if !diags.HasErrors() {
		return o.materialize(ctx, env, d, h, c)
	}
	for _, found := range diags { // the values are here; the build that has to come makes the files
		if found.Code == codeStale {
			found.Severity = diag.Warning
		}
	}
	return o.show(ctx, env, d, c, diags)
}

// print says what became of each secret, by name.
func (o SyncOptions) print(env Env, h *build.Host, r *secrets.Imported) int {
	if o.JSON {
		return o.printJSON(env, h, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, from %s\n", display(h.Dir, secrets.File), storeName(h.Stack.Store))
	line := func(what, address, note string) {
		if note != "" {
			note = ": " + note
		}
		fmt.Fprintf(&b, "  %-9s  %s%s\n", what, clean(address), note)
	}
	will := map[bool][2]string{false: {"added", "changed"}, true: {"new", "differs"}}[o.Check]
	for _, a := range r.Added {
		line(will[0], a, "")
	}
	for _, a := range r.Changed {
		note := "no service has a file with the old value"
		if readers := r.Readers[a]; len(readers) > 0 {
			note = strings.Join(readers, ", ") + " must be started again"
		}
		line(will[1], a, note)
	}
	for _, a := range r.Kept {
		switch {
		case !o.Push:
			line("kept", a, "the store does not have it; --push puts it there")
		case o.Check:
			line("to push", a, "the store does not have it")
		default:
			line("pushed", a, "the store has it now")
		}
	}
	for _, a := range r.Newer {
		switch {
		case !o.Push:
			line("newer", a, "the one here was changed since; --push puts it into the store, in the place of the old one")
		case o.Check:
			line("to push", a, "the store has an older one")
		default:
			line("pushed", a, "the store has this one now, and no longer the old")
		}
	}
	for _, a := range r.Missing {
		line("missing", a, "neither the store nor this host has it")
	}
	if n := len(r.Same); n > 0 {
		fmt.Fprintf(&b, "  %-9s  %s\n", "same", plural(n, "secret"))
	}
	for _, key := range r.Strange {
		line("left", key, "the store has it, and no secret of the stack is kept under that key")
	}
	if len(r.Changed) > 0 && !o.Check {
		b.WriteString("\nA value that changed is a rotation: whoever had the old one keeps it, and what was signed under it ceases to be believed.\n")
	}
	b.WriteString("\n")
	return Print(env, b.String())
}

func (o SyncOptions) printJSON(env Env, h *build.Host, r *secrets.Imported) int {
	type changed struct {
		Address  string   `json:"address"`
		Services []string `json:"services"`
	}
	out := struct {
		FormatVersion string    `json:"format_version"`
		Environment   string    `json:"environment"`
		Store         string    `json:"store"`
		Written       bool      `json:"written"`
		Added         []string  `json:"added"`
		Changed       []changed `json:"changed"`
		Kept          []string  `json:"kept"`
		Newer         []string  `json:"newer"`
		Pushed        []string  `json:"pushed"`
		Missing       []string  `json:"missing"`
		Same          []string  `json:"same"`
		Undeclared    []string  `json:"undeclared"`
	}{"1.0", h.Name, h.Stack.Store.Kind.V, !o.Check, some(r.Added), []changed{}, some(r.Kept), some(r.Newer), []string{}, some(r.Missing), some(r.Same), some(r.Strange)}
	for _, a := range r.Changed {
		out.Changed = append(out.Changed, changed{a, some(r.Readers[a])})
	}
	if o.Push && !o.Check {
		out.Pushed = slices.Sorted(slices.Values(slices.Concat(out.Kept, out.Newer)))
		out.Kept, out.Newer = []string{}, []string{}
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return Bug // it is made of strings alone
	}
	_, err = io.WriteString(env.Stdout, string(text)+"\n")
	if err != nil {
		return IO
	}
	return OK
}

// some is a list that JSON shows as one, and not as null.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
