package rotation

import (
	"context"
	"errors"
	"strings"

	"nselfc/lang/diag"
)

// stage is what leads from one finished step to the next.
type stage struct {
	from, to Step
	do       func(*run, context.Context) error
}

// forward and back are the two ways through a rotation. Each stage may be begun
// again after it was killed anywhere.
var (
	forward = []stage{
		{Begun, Staged, (*run).makeNew},
		{Staged, Applied, (*run).apply},
		{Applied, Proved, (*run).proveNew},
		{Proved, Spread, (*run).replaceChanged},
		{Spread, Promoted, (*run).promote},
		{Promoted, Switched, (*run).switchConsumers},
		{Switched, Waited, (*run).grace},
		{Waited, Refused, (*run).refuseOld},
		{Refused, Revoking, func(*run, context.Context) error { return nil }},
		{Revoking, Revoked, (*run).revoke},
		{Revoked, Finished, (*run).replaceChanged},
	}
	back = []stage{
		{Spread, Undone, (*run).undo},
		{Undone, Returned, (*run).replaceChanged},
		{Returned, Withdrawn, (*run).refuseNew},
		{Withdrawn, Discarded, (*run).discard},
		{Discarded, Finished, (*run).replaceChanged},
	}
)

// walk goes through the stages that are left. Between two of them it may stop.
func (r *run) walk(ctx context.Context) diag.List {
	if r.turned == nil {
		if diags := r.look(ctx); diags.HasErrors() {
			return diags
		}
	}
	stages := forward
	at := r.journal.step()
	if r.journal.Back {
		stages = back
		if !has(back, at) { // wherever it was: nothing is wrong with undoing nothing
			at = Spread
		}
	}
	for _, s := range stages {
		if s.from != at {
			continue
		}
		if ctx.Err() != nil {
			return r.stopped()
		}
		if err := s.do(r, ctx); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return r.stopped()
			}
			d := r.failed(err)
			if s.from == Begun && !r.journal.Back && d.Code != "NS604" { // the one error that may come behind a change
				return append(r.close(), d)
			}
			return append(r.notes, d)
		}
		at = s.to
		r.journal.finish(at)
		if diags := r.save(); diags.HasErrors() {
			return diags
		}
	}
	if diags := r.close(); diags.HasErrors() {
		return diags
	}
	return r.notes
}

func has(stages []stage, from Step) bool {
	for _, s := range stages {
		if s.from == from {
			return true
		}
	}
	return false
}

// stopped is not an error: whoever asked for it knows. What there is to do next has
// to be said, though.
func (r *run) stopped() diag.List {
	r.Say("stopped at a safe point: the stack works as it is. Go on with\n    %s --resume\nor take it back with\n    %s --abort", r.Again, r.Again)
	return nil
}

// failed says what went wrong, and that nothing is lost.
func (r *run) failed(err error) *diag.Diagnostic {
	if d := (*finding)(nil); errors.As(err, &d) {
		return d.Diagnostic
	}
	next := "Mend the cause, and go on:\n\n    " + r.Again + " --resume\n\nor take it back:\n\n    " + r.Again + " --abort"
	if unwell := (*notWell)(nil); errors.As(err, &unwell) {
		return diag.Errorf("NS615", onFile(r.Dir), "New container does not come up",
			"%s. The containers before it run on, and so nobody notices.\n\nSee what it says:\n\n    docker compose -f %s/docker-compose.yml logs --tail 50 %s\n\n%s", capital(err.Error()), r.Dir, unwell.service, next)
	}
	return diag.Errorf("NS614", onFile(r.Dir), "Step of a rotation failed",
		"%s. The stack works as it is: a value is taken away only when nothing uses it.\n\n%s", capital(err.Error()), next)
}

// finding is an error that is a diagnostic already.
type finding struct{ *diag.Diagnostic }

func (f *finding) Error() string { return f.Summary }

// asError makes the first error of a list one.
func asError(diags diag.List) error {
	for _, d := range diags {
		if d.Severity == diag.Error {
			return &finding{d}
		}
	}
	return nil
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
