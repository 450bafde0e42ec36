package cli

import (
	"context"
	"fmt"
	"time"

	"nselfc/internal/build"
	"nselfc/internal/term"
	"nselfc/lang/diag"
)

// ScanOptions are the flags of secrets scan.
type ScanOptions struct {
	SecretsOptions
	History bool
	Known   string // folder of a stack whose values are looked for as well, or ""
	JSON    bool
}

// Scan searches files and commits for secrets. The stack need not compile: where it
// is not found at all, there is nothing to search.
func Scan(ctx context.Context, env Env, d Display, o ScanOptions) int {
	if o.JSON {
		d.Format = FormatJSON
	}
	o.Env = "" // a value of any environment is one too many
	c, diags := compile(ctx, env, o.Path, o.Options)
	if c.Source == nil || ctx.Err() != nil {
		return stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	if diags.HasErrors() {
		say(env, "nselfc: the stack has errors (nselfc validate shows them); its files are searched all the same\n")
	}
	scan := build.ScanOptions{Options: guard(env, o.Options), History: o.History, Known: o.Known}
	done := func() {}
	if term.IsTerminal(env.Stderr) {
		scan.Progress, done = progress(env)
	}
	s := c.Scan(ctx, scan)
	done()
	if ctx.Err() != nil {
		return Interrupted
	}
	// The files are not handed on: no line of one that a secret stands in may be shown.
	code := d.Show(env, s.Findings, nil, nil)
	if d.format(env) != FormatText {
		say(env, "%s", scanned(s, o.History))
		return code
	}
	return max(code, Print(env, scanned(s, o.History)))
}

// scanned ends the report.
func scanned(s *build.Scanned, history bool) string {
	where := s.Searched.Said(s.Objects, history)
	if n := s.Findings.Count(diag.Error); n > 0 {
		return fmt.Sprintf("%s in %s\n", plural(n, "finding"), where)
	}
	what := "private keys and credentials; there is no .secrets here"
	if s.Values > 0 {
		what = plural(s.Values, "value") + " of .secrets, private keys and credentials"
	}
	return fmt.Sprintf("no secret in %s (looked for %s)\n", where, what)
}

// progress says on a terminal how far a search is, and takes that back at the end.
func progress(env Env) (tell func(done, most int), end func()) {
	const often = 200 * time.Millisecond
	var last time.Time
	return func(done, most int) {
			if now := env.Now(); now.Sub(last) >= often {
				last = now
				say(env, "\rsearching the history: %d of %d objects\x1b[K", done, most)
			}
		}, func() {
			if !last.IsZero() {
				say(env, "\r\x1b[K")
			}
		}
}
