package build

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// ScanOptions say what to search.
type ScanOptions struct {
	Options
	History  bool   // every commit too
	Known    string // folder of another stack whose values are looked for as well, or ""
	Progress func(done, most int)
}

// Scanned is what a scan looked at, and what it found.
type Scanned struct {
	Searched secrets.Searched
	Objects  int // of the history
	Values   int // that were looked for
	Findings diag.List
}

// Scan searches the stack's folder and its output, as far as git has or would take
// it, for values, private keys and credentials. The stack need not compile.
func (c *Compiled) Scan(ctx context.Context, opts ScanOptions) *Scanned {
	out := c.OutDir(opts.Options)
	search := secrets.Search{Folder: c.Dir, Outputs: []string{out}, Values: c.known(out), Literals: true, Whole: true}
	for name := range c.Files() {
		if !strings.HasPrefix(name, "catalog/") {
			search.Sources = append(search.Sources, name)
		}
	}
	if opts.Known != "" {
		for _, v := range c.known(filepath.Join(opts.Known, "out")) { // a path of the copy's reader, not of the copy
			search.Values = append(search.Values, secrets.NewValue(strings.Replace(v.Address, filepath.Clean(opts.Known)+string(filepath.Separator), "", 1), v.Text()))
		}
	}
	done := &Scanned{Values: len(search.Values)}
	done.Findings = secrets.TrackedAtAll(out)
	searched, found := search.Run(ctx)
	done.Searched, done.Findings = searched, append(done.Findings, found...)
	if opts.History && ctx.Err() == nil {
		var more diag.List
		done.Objects, more = secrets.Commits{Folder: c.Dir, Values: search.Values, Progress: opts.Progress}.Run(ctx)
		done.Findings = append(done.Findings.Sort(), more...)
		return done
	}
	done.Findings = done.Findings.Sort()
	return done
}

// known gives the values of all environments below an output directory.
func (c *Compiled) known(out string) []secrets.Value {
	stacks := map[string]*ir.Stack{}
	for _, e := range c.Environments {
		stacks[e.Name] = e.Stack
	}
	names := []string{""}
	if c.Source != nil {
		names = slices.Compact(slices.Sorted(slices.Values(append(names, c.Source.Environments()...))))
	}
	var values []secrets.Value
	for _, name := range names {
		stack := stacks[name]
		if stack == nil {
			stack = &ir.Stack{}
		}
		values = append(values, secrets.Known(filepath.Join(out, name), stack)...)
	}
	return values
}
