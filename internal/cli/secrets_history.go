package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nselfc/internal/git"
	"nselfc/internal/secrets"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

// HistoryOptions are the arguments of secrets history.
type HistoryOptions struct {
	SecretsOptions
	Name string // "" for all
}

// maxVersions bounds how much of git's history is read.
const maxVersions = 1000

// event is one thing that happened to a secret.
type event struct {
	date, address, what, commit string
	generation                  int
}

// History tells when each secret was made and replaced, from the committed register
// and git's history of it. There is no value in either.
func History(ctx context.Context, env Env, d Display, o HistoryOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	known, found := secrets.LoadRegister(h.Dir, h.Stack.Name.V)
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	versions, err := git.Versions(ctx, h.Dir, register.Name, maxVersions, register.MaxBytes)
	if e, ok := errors.AsType[*git.Error](err); ok {
		say(env, "nselfc: without git's history, this is what %s says alone: %s\n", register.Name, clean(e.Reason))
	} else if err != nil {
		return stopped(ctx, Fail(env, IO, "%v", err))
	}
	events, unread := past(versions, known)
	for _, commit := range unread {
		say(env, "nselfc: %s cannot be read in commit %.12s, which is passed over\n", register.Name, commit)
	}
	name := o.Name
	if name != "" {
		addresses := map[string]bool{}
		for _, e := range events {
			addresses[e.address] = true
		}
		s, _, found := findSecret(h, name)
		switch {
		case found == nil:
			name = s.Address
		case !addresses[name]:
			return o.show(ctx, env, d, c, diag.List{unknownSecret(h, name, slices.Sorted(maps.Keys(addresses)))})
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "DATE\tSECRET\tGENERATION\tWHAT\tCOMMIT") // a Builder takes everything
	n := 0
	for _, e := range events {
		if name != "" && e.address != name {
			continue
		}
		n++
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", e.date, clean(e.address), e.generation, e.what, e.commit)
	}
	_ = w.Flush()
	if n == 0 {
		return Print(env, "Nothing is known: no secret was made yet, or none since there is a record.\n")
	}
	return stopped(ctx, Print(env, b.String()))
}

// past makes events of the versions of a register, and of the one on disk. A
// generation counts once, in the first commit that has it: histories that were
// merged do not go back and forth.
func past(versions []git.Version, onDisk *register.Register) (events []event, unread []string) {
	seen := map[string]int{}    // the highest generation, by address
	here := map[string]string{} // the kind of those that were there last, by address
	compare := func(r *register.Register, commit, day string) {
		for _, address := range slices.Sorted(maps.Keys(r.Entries)) {
			e := r.Entries[address]
			here[address] = e.Kind
			if e.Generation <= seen[address] {
				continue
			}
			if seen[address] == 0 && e.Generation > 1 { // made before the record's first version that we have
				events = append(events, event{date: e.Created, address: address, what: "made", generation: 1, commit: "-"})
			}
			seen[address] = e.Generation
			events = append(events, event{date: e.Since(), address: address, what: happened(e), generation: e.Generation, commit: commit})
		}
		for _, address := range slices.Sorted(maps.Keys(here)) {
			if r.Entries[address] == nil {
				delete(here, address)
				events = append(events, event{date: day, address: address, what: "taken off the record", generation: seen[address], commit: commit})
				delete(seen, address)
			}
		}
	}
	for _, v := range versions {
		if v.Text == nil {
			continue // it comes back with the next build
		}
		r, err := register.Read(v.Text)
		if err != nil {
			unread = append(unread, v.Commit)
			continue
		}
		compare(r, v.Commit[:min(len(v.Commit), 12)], v.Time.Format(register.Day))
	}
	if len(onDisk.Entries) > 0 { // there is none where the environment never was
		compare(onDisk, "not committed", "-")
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.date, b.date) })
	return events, unread
}

// happened says how a value came to be.
func happened(e *register.Entry) string {
	what := map[register.Origin]string{register.Generated: "made", register.Set: "set by hand", register.Found: "found in .secrets"}[e.Origin]
	if e.Generation > 1 && e.Origin == register.Generated {
		return "rotated"
	}
	return what
}
