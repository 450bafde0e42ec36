package build

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit/outdir"
	"nselfc/internal/secrets"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// CheckOptions say what to check.
type CheckOptions struct {
	Options
	Version string // of nselfc, for the lock
	OnWait  func() // called when a build is at work in the directory
}

// Checked is how the output of one environment compares with the stack.
type Checked struct {
	Environment *Environment
	Dir         string // its output directory
	Clean       int    // files that are as the stack and the lock say
	// Findings holds what differs, sorted, each with its file and what to do. There is
	// no error in it when the output is just what the stack compiles to.
	Findings diag.List
}

// Checks is what Check found.
type Checks struct {
	Environments []*Checked
	// Around holds what belongs to no one environment: secrets that are tracked by
	// git or stand in files that it has, and output of environments that are gone.
	Around   diag.List
	Searched secrets.Searched
	Values   int  // of .secrets that were searched for
	Unlooked bool // not all commits were looked through for the secret store
}

// Findings gives everything that was found, sorted.
func (c *Checks) Findings() diag.List {
	all := slices.Clone(c.Around)
	for _, e := range c.Environments {
		all = append(all, e.Findings...)
	}
	return all.Sort()
}

// Check tells whether the output directories hold just what the stack compiles to,
// and whether a secret is where git has it. It writes nothing, not even a lock, and
// needs no secrets and no right but to read.
func (c *Compiled) Check(ctx context.Context, opts CheckOptions) *Checks {
	checks := &Checks{}
	out := c.OutDir(opts.Options)
	search := secrets.Search{Folder: c.Dir}
	for name := range c.Files() {
		if !strings.HasPrefix(name, "catalog/") {
			search.Sources = append(search.Sources, name)
		}
	}
	for _, e := range c.Environments {
		search.Values = append(search.Values, secrets.Known(filepath.Join(out, e.Name), e.Stack)...)
		search.Outputs = append(search.Outputs, filepath.Join(out, e.Name))
	}
	if opts.Env == "" {
		search.Outputs = []string{out} // and what else stands there
		checks.Around = c.gone(opts.Options)
	}
	for _, d := range checks.Around {
		d.Severity = diag.Error // a build goes on in spite of them; to a check they are a difference
	}
	for _, dir := range search.Outputs {
		checks.Around = append(checks.Around, secrets.TrackedAtAll(dir)...)
	}
	past := c.history(ctx, out) // beside the search
	searched, found := search.Run(ctx)
	for _, list := range past {
		p := <-list
		found = append(found, p.found...)
		checks.Unlooked = checks.Unlooked || !p.whole
	}
	checks.Around = append(checks.Around, found...).Sort()
	checks.Searched, checks.Values = searched, len(search.Values)
	for _, e := range c.Environments {
		if ctx.Err() != nil {
			break
		}
		checks.Environments = append(checks.Environments, c.check(ctx, e, opts, searched.Found))
	}
	checks.Around = append(checks.Around, c.SharedSecrets(opts.Options)...).Sort()
	return checks
}

// past is what was found of an environment's secrets in the commits.
type past struct {
	found diag.List
	whole bool
}

// history looks for the secrets of every environment in the commits.
func (c *Compiled) history(ctx context.Context, out string) []chan past {
	var all []chan past
	for _, e := range c.Environments {
		done := make(chan past, 1)
		go func() {
			found, whole := secrets.History(ctx, filepath.Join(out, e.Name))
			done <- past{found, whole}
		}()
		all = append(all, done)
	}
	return all
}

// check compares one environment.
func (c *Compiled) check(ctx context.Context, e *Environment, opts CheckOptions, leaks map[string]bool) *Checked {
	out := c.OutDir(opts.Options)
	done := &Checked{Environment: e, Dir: filepath.Join(out, e.Name)}
	var below []string
	if e.Name != "" {
		below = []string{e.Name}
	}
	dir, d := outdir.Look(out, below...)
	if d != nil {
		done.Findings = diag.List{d}
		return done
	}
	defer dir.Close()
	if d := dir.Settle(ctx, opts.OnWait); d != nil {
		done.Findings = diag.List{d}
		return done
	}
	plan, diags := dir.Plan(e.committed(), c.meta(e, opts.Version), outdir.Options{Concealed: func(path string) bool {
		return leaks[filepath.ToSlash(filepath.Join(done.Dir, path))]
	}})
	diags = slices.DeleteFunc(diags, func(d *diag.Diagnostic) bool { return d.Severity == diag.Note }) // to whoever builds
	for _, d := range diags {
		d.Severity = diag.Error // as above
	}
	diags = append(diags, dir.Check(plan)...)
	tree, _ := secrets.OpenWorkTree(done.Dir, c.Dir) // whoever searches for secrets has told why not
	if tree != nil {
		defer tree.Close()
	}
	if tree != nil && isFile(filepath.Join(done.Dir, register.Name)) && tree.Ignored(register.Name, false) {
		diags = append(diags, ignoredRegister(filepath.Join(done.Dir, register.Name)))
	}
	if len(plan.Entries) > 0 { // else the lock cannot be trusted, and everything would be a stranger's
		diags = append(diags, dir.Others(plan, func(path string, folder bool) bool {
			// Beside a stack without environments stands what is left of one with them.
			return folder && e.Name == "" && isOutput(filepath.Join(done.Dir, path)) || tree != nil && tree.Ignored(path, folder)
		})...)
	}
	done.Findings = diags.Sort()
	for _, e := range plan.Entries {
		if e.State == outdir.Clean {
			done.Clean++
		}
	}
	return done
}

// isOutput tells a directory that has a lock of its own.
func isOutput(dir string) bool { return isFile(filepath.Join(dir, outdir.LockName)) }

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

func ignoredRegister(path string) *diag.Diagnostic {
	at := source.Range{File: path, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	return diag.Warningf("NS455", at, "Record of secrets is ignored by git",
		"%s holds no value and is meant to be committed: by it, others see how old each secret is, and that no two environments have one value. A .gitignore above it names it. See which line does:\n\n"+
			"    git check-ignore -v --no-index %s", path, escape.ShellWord(path))
}
