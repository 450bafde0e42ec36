package build

import (
	"context"
	"strconv"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit/outdir"
	"nselfc/internal/rotation"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// WriteOptions say how to write.
type WriteOptions struct {
	Options
	Version   string // of nselfc, for the lock
	NoSecrets bool   // make no secrets, whatever the environment
	// StrictSecrets makes a weak secret an error in development too.
	StrictSecrets bool
	Force         []string // paths whose hand edits may be overwritten, as typed
	Now           time.Time
	OnWait        func() // called when another build holds the directory
}

// Written is what became of one environment.
type Written struct {
	Environment *Environment
	Dir         string // its output directory
	Result      *outdir.Result
	Secrets     *secrets.Report // nil when none were made
}

// Write brings the output directories of all compiled environments up to date,
// and then the secrets of those that run here. Everything that can be checked is
// checked before the first byte is written.
func (c *Compiled) Write(ctx context.Context, opts WriteOptions) ([]*Written, diag.List) {
	var diags diag.List
	var jobs []*job
	defer func() {
		for _, j := range jobs {
			j.dir.Close()
		}
	}()
	var checked diag.List
	for _, e := range c.Environments {
		j, more := c.prepare(ctx, e, opts)
		diags = append(diags, more...)
		if j != nil {
			jobs, checked = append(jobs, j), append(checked, j.checked...)
		}
	}
	for _, f := range opts.Force {
		if !claimed(jobs, f) {
			diags = append(diags, unclaimed(f))
		}
	}
	if diags.HasErrors() || checked.HasErrors() || ctx.Err() != nil {
		return nil, append(diags, checked...).Sort()
	}
	var out []*Written
	for _, j := range jobs {
		w, more := c.write(ctx, j, opts)
		out = append(out, w)
		diags = append(diags, more...)
		if more.HasErrors() {
			break
		}
	}
	return out, append(diags, c.gone(opts.Options)...).Sort()
}

// job is one environment, checked and ready to be written.
type job struct {
	env     *Environment
	dir     *outdir.Dir
	plan    *outdir.Plan
	secrets bool
	force   []string  // below the output directory
	notes   diag.List // of the plan
	checked diag.List // of the secrets; making them finds the same again
}

// prepare takes the directory, plans, and checks the secrets.
func (c *Compiled) prepare(ctx context.Context, e *Environment, opts WriteOptions) (*job, diag.List) {
	var below []string
	if e.Name != "" {
		below = []string{e.Name}
	}
	dir, d := outdir.Open(c.OutDir(opts.Options), below...)
	if d != nil {
		return nil, diag.List{d}
	}
	j := &job{env: e, dir: dir}
	if d := dir.Acquire(ctx); d != nil {
		dir.Close()
		return nil, diag.List{d}
	}
	for _, f := range opts.Force {
		if rel, ok := dir.Rel(f); ok {
			j.force = append(j.force, rel)
		}
	}
	var diags diag.List
	j.plan, diags = dir.Plan(e.committed(), c.meta(e, opts.Version), outdir.Options{Force: j.force, Concealed: conceals(dir, e)})
	j.notes = diags
	// Secrets belong where the stack runs: a laptop, or the host that was named.
	j.secrets = opts.makesSecrets(e)
	if j.secrets {
		_, j.checked = secrets.Check(dir.Name(), e.Stack, e.Files, c.secretOptions(j, opts))
		if opts.StrictSecrets {
			secrets.Strict(j.checked)
		}
	} else {
		diags = append(diags, secrets.Tracked(dir.Name())...)
		j.checked = c.sharedWith(e, opts.Options, func(other *Environment) bool {
			return opts.makesSecrets(other) || other.Name < e.Name
		})
	}
	return j, diags
}

// makesSecrets tells whether a build makes the secrets of an environment.
func (opts WriteOptions) makesSecrets(e *Environment) bool {
	return !opts.NoSecrets && (e.Name == "" || e.Development() || opts.Env == e.Name)
}

func (c *Compiled) write(ctx context.Context, j *job, opts WriteOptions) (*Written, diag.List) {
	w := &Written{Environment: j.env, Dir: j.dir.Name()}
	var diags diag.List
	w.Result, diags = j.dir.Apply(ctx, j.plan)
	if !diags.HasErrors() {
		finished(j.notes)
	}
	if diags.HasErrors() || !j.secrets || ctx.Err() != nil {
		return w, diags
	}
	secretOptions := c.secretOptions(j, opts)
	// What the store should have is not made up here: the two would differ for good.
	secretOptions.Existing = j.env.KeptElsewhere()
	report, more := secrets.Materialize(ctx, j.dir.Name(), j.env.Stack, j.env.Files, secretOptions)
	w.Secrets = report
	diags = append(diags, more...)
	diags = append(diags, rotation.Standing(w.Dir, j.env.Stack, j.env.Files, secretOptions)...)
	return w, diags
}

// finished takes the warning out of the note on an interrupted build, once this
// one has done its work.
func finished(notes diag.List) {
	for _, d := range notes {
		if d.Code == "NS508" {
			d.Detail = "An earlier build was interrupted there. This one has finished its work: every file is of this build."
		}
	}
}

func (c *Compiled) secretOptions(j *job, opts WriteOptions) secrets.Options {
	return secrets.Options{
		Now: opts.Now, StackDir: c.Dir, Owners: owners(j.env), OnWait: opts.OnWait,
		Force: secretPaths(j.force), Environment: j.env.Name, Neighbours: c.neighbours(j.env, opts.Options),
		Redact: c.redact,
	}
}

func secretPaths(force []string) []string {
	var out []string
	for _, f := range force {
		if strings.HasPrefix(f, ".secrets.d/") {
			out = append(out, f)
		}
	}
	return out
}

// owners maps each secret file that only one user reads to that user.
func owners(e *Environment) map[string]int {
	out := map[string]int{}
	shared := map[string]bool{}
	for _, s := range e.Stack.Services {
		uid, ok := numericUser(s.User.V)
		for _, m := range append(append([]ir.Mount(nil), s.Secrets...), s.Configs...) {
			if other, seen := out[m.File]; !ok || (seen && other != uid) {
				shared[m.File] = true
			}
			out[m.File] = uid
		}
	}
	for f := range shared {
		delete(out, f)
	}
	return out
}

func claimed(jobs []*job, typed string) bool {
	for _, j := range jobs {
		if _, ok := j.dir.Rel(typed); ok {
			return true
		}
	}
	return false
}

func unclaimed(typed string) *diag.Diagnostic {
	at := source.Range{File: typed, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	return diag.Errorf("NS125", at, "Forced path is not in the output",
		"--force names the path of a file in an output directory of this build, as in\n    --force out/prod/docker-compose.yml\nNo environment that is built writes %q.", typed)
}

// numericUser gives the user of "uid" or "uid:gid".
func numericUser(user string) (int, bool) {
	uid, _, _ := strings.Cut(user, ":")
	n, err := strconv.Atoi(uid)
	return n, err == nil
}
