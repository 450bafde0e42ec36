// Package mergedriver merges one generated file for git, which calls it for each
// file that both sides of a merge, rebase or cherry-pick changed. It knows no
// language and no stack: what the merged source compiles to is for the next build
// to say. It keeps the output directory such that this build needs no --force,
// and loses nothing that a person wrote.
//
// Locks are merged by fact (outdir.MergeLocks), and so are the records of secrets,
// which the host writes (register.Merge). Of any other file the current
// side is kept, since either text is what a build made of one branch and neither
// fits the merged source. But what no build wrote holds the work of a person, and
// then git's own merge of the texts follows.
package mergedriver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"

	"nselfc/emit/outdir"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// File is one file to merge. Base, Ours and Theirs name files that git made for
// it; the result goes to Ours (gitattributes(5), "Defining a custom merge driver").
type File struct {
	Base, Ours, Theirs string // %O, %A, %B
	Path               string // %P, below the work tree, which is the working directory
	MarkerSize         int    // %L, the length of conflict markers
}

// Merge merges f, and tells whether git may go on without a conflict. A warning
// (NS518) says that a person's edit went into a merge of texts.
func Merge(ctx context.Context, f File) (clean bool, diags diag.List) {
	switch path.Base(f.Path) {
	case outdir.LockName:
		return mergeLock(ctx, f)
	case register.Name:
		return mergeRegister(ctx, f)
	}
	const anywhere = ""
	oursHere := written(ctx, f.Ours, f.Path)
	ours := oursHere || written(ctx, f.Ours, anywhere)
	if written(ctx, f.Theirs, anywhere) {
		switch {
		case oursHere:
		case ours && !written(ctx, f.Theirs, f.Path):
			// The sides gave one file two names, and git would write what it gets to both.
			// A conflict with ours untouched leaves either its own (merge-ort takes it for
			// that of a binary file), and git reports two names as a conflict anyway.
			return false, nil
		case !ours && written(ctx, f.Base, anywhere):
			return true, diag.List{f.edited("current", diag.Warningf, "The edit stays as it is. The next build stops at the file, and shows what it would lose:\n\n    nselfc build\n\n"+
				"If it does not, then git has moved the file together with one that the other side renamed, and it is in the last commit only.")}
		}
		return true, nil // ours, as the file is
	}
	generated := ours || written(ctx, f.Base, anywhere)
	clean, err := f.mergeTexts(ctx)
	switch {
	case err != nil:
		return false, diag.List{f.failed(err)}
	case !generated:
		return clean, nil // no file of ours, but one that lies among them
	case !clean:
		return false, diag.List{f.edited(mergedIn, diag.Errorf, "Its lines clash with those of the current side. Both stand in the file now, between conflict markers: "+
			"see what the edit is, and write it in nself.hcl. The next build says how to drop what is left of it here:\n\n    nselfc build")}
	}
	return true, diag.List{f.edited(mergedIn, diag.Warningf, "Git has merged its lines with those of the current side. The next build stops at the file, and shows what it would lose:\n\n    nselfc build")}
}

// texts reads the three sides.
func (f File) texts() (texts [3][]byte, err error) {
	for i, name := range []string{f.Base, f.Ours, f.Theirs} {
		if texts[i], err = os.ReadFile(name); err != nil {
			return texts, err
		}
	}
	return texts, nil
}

// mergeRegister leaves a conflict with markers where a side cannot be read: the next
// build on the host stops at it.
func mergeRegister(ctx context.Context, f File) (clean bool, diags diag.List) {
	texts, err := f.texts()
	if err != nil {
		return false, diag.List{f.failed(err)}
	}
	merged, err := register.Merge(texts[0], texts[1], texts[2])
	if err != nil {
		diags = diag.List{f.failed(fmt.Errorf("in that of %w", err))}
		if _, err := f.mergeTexts(ctx); err != nil {
			diags = append(diags, f.failed(err))
		}
		return false, diags
	}
	if err := os.WriteFile(f.Ours, merged, 0o600); err != nil { // as for the lock
		return false, diag.List{f.failed(err)}
	}
	return true, nil
}

func mergeLock(ctx context.Context, f File) (clean bool, diags diag.List) {
	texts, err := f.texts()
	if err != nil {
		return false, diag.List{f.failed(err)}
	}
	merged, diags := outdir.MergeLocks(f.Path, texts[0], texts[1], texts[2])
	if diags.HasErrors() {
		// A lock of one side alone would describe a directory that is of both. Markers
		// make that plain to the next build, too.
		if _, err := f.mergeTexts(ctx); err != nil {
			diags = append(diags, f.failed(err))
		}
		return false, diags
	}
	if err := os.WriteFile(f.Ours, merged, 0o600); err != nil { // it exists; git takes the text alone
		return false, diag.List{f.failed(err)}
	}
	return true, nil
}

// mergeTexts merges as git does without a driver, and tells whether nothing
// clashed.
func (f File) mergeTexts(ctx context.Context) (clean bool, err error) {
	_, err = git(ctx, "merge-file", "--quiet", "--marker-size="+strconv.Itoa(f.MarkerSize),
		"-L", "current side", "-L", "common ancestor", "-L", "merged-in side", "--", f.Ours, f.Base, f.Theirs)
	var exit *exitError
	if errors.As(err, &exit) && exit.code > 0 && exit.code < 128 { // the number of conflicts
		return false, nil
	}
	return err == nil, err
}

func (f File) at() source.Range {
	return source.Range{File: f.Path, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}

func (f File) failed(err error) *diag.Diagnostic {
	return diag.Errorf("NS517", f.at(), "Generated file cannot be merged",
		"nselfc could not merge %q for git: %s. The file is as it is on the current side, and git takes it for a conflict. Merge nself.hcl, and build:\n\n"+
			"    nselfc build", f.Path, err)
}

// mergedIn is what a person calls the side that git calls theirs.
const mergedIn = "merged-in"

func (f File) edited(side string, severity func(string, source.Range, string, string, ...any) *diag.Diagnostic, what string) *diag.Diagnostic {
	return severity("NS518", f.at(), "Edited file was merged",
		"%q has a text on the %s side that no build wrote: no lock in the history of this repository knows it. So somebody edited it by hand there. %s", f.Path, side, what)
}
