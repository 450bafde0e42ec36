package cli

import (
	"context"
	"fmt"
	"strings"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// SetOptions are the arguments of secrets set.
type SetOptions struct {
	SecretsOptions
	Name    string
	File    string // "" for standard input
	Replace bool
}

// Set gives a secret a value that somebody chose or has from elsewhere.
func Set(ctx context.Context, env Env, d Display, o SetOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	s, field, found := findSecret(h, o.Name)
	switch {
	case found == nil && field != "":
		found = unknownSecret(h, o.Name, nil)
	case found == nil:
		if found = secrets.Settable(s); found == nil {
			found = noOutput(h, o.SecretsOptions)
		}
	}
	if found != nil { // before anybody types a value
		return o.show(ctx, env, d, c, diag.List{found})
	}
	value, found := readValue(ctx, env, valueInput{File: o.File, What: "value of " + s.Address, At: s.Origin.Range})
	if found != nil || ctx.Err() != nil || value == "" {
		code := o.show(ctx, env, d, c, present(found))
		if code == OK {
			return Interrupted // at the prompt, where no signal says so
		}
		return code
	}
	k, found := openKeeping(ctx, env, h)
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	defer k.close()
	result, diags := secrets.Set(ctx, h.Dir, h.Stack, h.Files, s, value, h.Options, secrets.SetOptions{Replace: o.Replace, Keep: k.put()})
	diags = append(diags, standing(h)...)
	if code = o.show(ctx, env, d, c, diags); code != OK {
		return code
	}
	var b strings.Builder
	if result.Unchanged {
		fmt.Fprintf(&b, "%s has this value already; nothing changed.\n", clean(s.Address))
		return stopped(ctx, Print(env, b.String()))
	}
	fmt.Fprintf(&b, "%s is set, in %s.\n", clean(s.Address), keptIn(h.Stack.Store, display(h.Dir, secrets.File)))
	if result.Replaced && len(result.Readers) > 0 {
		fmt.Fprintf(&b, "\n%s\n", clean(secrets.Breaks(s, result.Readers)))
	}
	fmt.Fprintf(&b, "\nNext:\n    nselfc secrets materialize%s    # make the files that services read\n", o.flags())
	return stopped(ctx, Print(env, b.String()))
}

// present makes a list of a finding that may be none.
func present(d *diag.Diagnostic) diag.List {
	if d == nil {
		return nil
	}
	return diag.List{d}
}
