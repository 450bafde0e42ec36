package rotation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// The classes of rotation that a server takes part in.
const (
	classPair    = "pair"
	classDual    = "dual"
	classOverlap = "overlap"
	classManual  = "manual"
)

// work is a context for what must not be cut off in the middle: Ctrl-C ends a
// rotation between two steps.
func work(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// turn edits the values of all secrets of the rotation.
func (r *run) turn(ctx context.Context, op secrets.Op) error {
	var changes []secrets.Change
	if op != 0 {
		for _, e := range r.journal.Secrets {
			changes = append(changes, secrets.Change{Address: e.Address, Op: op, Value: r.values[e.Address]})
		}
	}
	r.at("before turning")
	defer r.at("after turning")
	turned, diags := secrets.Turn(work(ctx), r.Dir, r.Stack, r.Files, r.Options, changes)
	if err := asError(diags); err != nil {
		return err
	}
	r.turned, r.notes = turned, diags
	return nil
}

// look reads what there is. What containers run with is taken to be the files as they
// are when the rotation begins.
func (r *run) look(ctx context.Context) diag.List {
	if err := r.turn(ctx, 0); err != nil {
		return diag.List{r.failed(err)}
	}
	if r.journal.Seen == nil {
		r.journal.Seen = r.digests()
	}
	return nil
}

// digests are those of the secret files, by path.
func (r *run) digests() map[string]string {
	out := map[string]string{}
	for _, f := range r.Files {
		if digest, ok := r.turned.Digest(f.Path); ok {
			out[f.Path] = digest
		}
	}
	return out
}

func (r *run) makeNew(ctx context.Context) error {
	if err := r.servers(ctx); err != nil {
		return err
	}
	r.Say("new values: %s", strings.Join(r.journal.addresses(), ", "))
	return r.turn(ctx, secrets.Stage)
}

// servers sees to it that those who have to hear of a new value run, before one is made.
func (r *run) servers(ctx context.Context) error {
	for _, t := range r.told() {
		if _, err := r.server(ctx, t.service); err != nil {
			return err
		}
	}
	return nil
}

// endSessions is what the command that tells a server gets as its last argument when
// sessions that the old value opened are to end.
const endSessions = "end-sessions"

// told is a server that is told what a file says.
type told struct {
	service, file string
	class         string
	command       []string
}

// told lists the servers, each file once.
func (r *run) told() (out []told) {
	for _, e := range r.journal.Secrets {
		s := r.secret(e.Address)
		if s == nil || s.Rotation == nil || len(s.Rotation.Apply) == 0 {
			continue
		}
		if !slices.ContainsFunc(out, func(t told) bool { return t.service == s.Rotation.Service && t.file == s.Rotation.File }) {
			out = append(out, told{s.Rotation.Service, s.Rotation.File, e.Class, words(s.Rotation.Apply)})
		}
	}
	return out
}

func words(all []ir.String) (out []string) {
	for _, w := range all {
		out = append(out, w.V)
	}
	return out
}

// server gives the running container of a service.
func (r *run) server(ctx context.Context, service string) (string, error) {
	all, err := r.Engine.Containers(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.Service == service && c.Running {
			return c.ID, nil
		}
	}
	return "", &finding{diag.Errorf("NS619", onFile(r.Dir), "Server that does not run",
		"%s does not run, so it cannot be told of a new value, and services would be refused with it.\n\nStart the stack, and give the command again:\n\n    docker compose -f %s/docker-compose.yml up -d --wait", service, r.Dir)}
}

// apply makes the servers believe what their files say now.
func (r *run) apply(ctx context.Context) error {
	return r.applyAs(ctx, r.turned, "takes both values", false)
}

func (r *run) applyAs(ctx context.Context, state *secrets.Turned, what string, end bool) error {
	for _, t := range r.told() {
		text, ok := state.Input(t.file)
		if !ok {
			return fmt.Errorf("%s is not among the files of the stack", t.file)
		}
		id, err := r.server(ctx, t.service)
		if err != nil {
			return err
		}
		command := t.command
		if end && t.class == classDual { // of a pair, those of a login that is closed end in any case
			command = append(slices.Clone(command), endSessions)
		}
		if code, err := r.Engine.Exec(ctx, id, command, text); err != nil || code != 0 {
			return fmt.Errorf("%s did not take the new file (exit status %d): %w", t.service, code, err)
		}
		if t.class == classOverlap {
			r.Say("%s has its certificate", t.service)
		} else {
			r.Say("%s %s", t.service, what)
		}
	}
	return nil
}

// proveNew logs in with the new values, before any consumer has one.
func (r *run) proveNew(ctx context.Context) error {
	return r.each(ctx, func(e Entry, v secrets.Valid) error {
		return r.prove(ctx, e.Address, v.Next, true, "the new value")
	})
}

// each goes over the secrets that a server knows.
func (r *run) each(ctx context.Context, do func(Entry, secrets.Valid) error) error {
	for _, e := range r.journal.Secrets {
		s := r.secret(e.Address)
		if s.Rotation == nil || len(s.Rotation.Prove) == 0 {
			continue
		}
		if err := do(e, r.turned.Valid(e.Address)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// promote gives the new values to the files, and to the store.
func (r *run) promote(ctx context.Context) error {
	if err := r.agree(); err != nil {
		return err
	}
	if err := r.turn(ctx, secrets.Promote); err != nil {
		return err
	}
	foreign, err := r.keep()
	if err == nil && len(foreign) > 0 {
		err = r.foreign(foreign)
	}
	return err
}

// switchConsumers replaces those who have the old values. Files of a server that
// were applied count as read.
func (r *run) switchConsumers(ctx context.Context) error {
	for _, e := range r.journal.Secrets {
		if e.Class == classOverlap { // the server's certificate is another one now
			if err := r.apply(ctx); err != nil {
				return err
			}
			break
		}
	}
	if err := r.replaceChanged(ctx); err != nil {
		return err
	}
	r.journal.Switched = r.Now()
	return nil
}

// grace waits for those who are not in the stack, and have an old value.
func (r *run) grace(ctx context.Context) error {
	if len(r.journal.addresses(classPair, classDual, classOverlap)) == 0 {
		return nil
	}
	left := r.journal.Switched.Add(r.journal.Grace).Sub(r.Now())
	if left <= 0 {
		return nil
	}
	r.Say("waiting %s; old and new values are both taken", left.Round(time.Second))
	return r.Sleep(ctx, left)
}

// refuseOld takes the old values from the servers, and tries whether they refuse
// them. They are still in .secrets, so this can be done again.
func (r *run) refuseOld(ctx context.Context) error {
	if err := r.applyForeseen(ctx, secrets.Revoke); err != nil {
		return err
	}
	return r.each(ctx, func(e Entry, v secrets.Valid) error {
		if err := r.prove(ctx, e.Address, v.Current, true, "the new value"); err != nil {
			return err
		}
		return r.prove(ctx, e.Address, v.Previous, false, "the old value")
	})
}

func (r *run) applyForeseen(ctx context.Context, op secrets.Op) error {
	if len(r.told()) == 0 {
		return nil
	}
	var changes []secrets.Change
	for _, e := range r.journal.Secrets {
		changes = append(changes, secrets.Change{Address: e.Address, Op: op})
	}
	state, diags := secrets.Foresee(work(ctx), r.Dir, r.Stack, r.Files, r.Options, changes)
	if err := asError(diags); err != nil {
		return err
	}
	what := map[secrets.Op]string{secrets.Revoke: "was told to refuse the old value", secrets.Discard: "was told to refuse the new value"}[op]
	return r.applyAs(ctx, state, what, r.journal.Compromised && op == secrets.Revoke)
}

func (r *run) revoke(ctx context.Context) error { return r.turn(ctx, secrets.Revoke) }

// undo gives the old values to the files again, once the servers take them again,
// which may have been told to refuse them. Where nothing was promoted, nothing is done.
func (r *run) undo(ctx context.Context) error {
	r.Say("taking it back: %s", strings.Join(r.journal.addresses(), ", "))
	if at := r.journal.step(); at == Waited || at == Refused {
		if err := r.apply(ctx); err != nil {
			return err
		}
	}
	if err := r.turn(ctx, secrets.Undo); err != nil {
		return err
	}
	foreign, err := r.keep()
	if len(foreign) > 0 { // the way back is never barred
		r.Say("the store keeps what somebody else put there: %s", strings.Join(foreign, ", "))
	}
	return err
}

// refuseNew is refuseOld on the way back.
func (r *run) refuseNew(ctx context.Context) error {
	if err := r.applyForeseen(ctx, secrets.Discard); err != nil {
		return err
	}
	return r.each(ctx, func(e Entry, v secrets.Valid) error {
		if err := r.prove(ctx, e.Address, v.Current, true, "the value in use"); err != nil {
			return err
		}
		return r.prove(ctx, e.Address, v.Next, false, "the new value")
	})
}

func (r *run) discard(ctx context.Context) error { return r.turn(ctx, secrets.Discard) }
