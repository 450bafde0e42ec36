package outdir

import (
	"slices"
	"strconv"
	"strings"

	"nselfc/lang/diag"
)

// Check gives one error for each thing that a build would change, in the order
// of the paths: what a pull request must not leave behind. States that stop a
// build are among the diagnostics of Plan already and are not repeated; what Plan
// notes of an interrupted build is an error here. Of
// permissions, only the executable bit counts, as git keeps no other.
func (d *Dir) Check(p *Plan) diag.List {
	var diags diag.List
	for _, e := range p.Entries {
		name := quote(e.Path)
		var code, summary, detail string
		switch e.State {
		case Stale:
			code, summary = "NS530", "Generated file is out of date"
			detail = name + " is as an earlier build wrote it, and the stack has changed since. What is deployed from it is not what nself.hcl says."
		case Missing:
			code, summary = "NS531", "Generated file is missing"
			detail = name + " was generated and is in the lock, but not on disk. If it was left out of a commit, git add it."
		case Orphan:
			code, summary = "NS532", "File is no longer generated"
			detail = name + " is from an earlier build, and the stack does not need it any more. It may still be loaded."
		case Create:
			code, summary = "NS533", "File was not generated yet"
			detail = "The stack needs " + name + ", which no build has written."
		case Adopt, Gone:
			if p.Unfinished {
				continue // neither lock is meant to be true now
			}
			code, summary = "NS534", "Lock file is out of date"
			detail = "The lock does not say of " + name + " what is on disk."
		case Permissions:
			if !e.executableDiffers() {
				continue
			}
			code, summary = "NS535", "Permissions of a generated file differ"
			detail = name + " must be executable, and is not. The commands in the documentation would fail."
			if e.Mode&0o100 == 0 {
				detail = name + " is executable, and must not be."
			}
		case Clean, HandEdited, Conflicted, Foreign, ForeignGenerated, EditedOrphan, Blocked, Unlisted:
			continue
		}
		diags = append(diags, diag.Errorf(code, wholeFile(d.path(e.Path)), summary, "%s", detail+rebuild))
	}
	switch {
	case p.Unfinished:
		diags = append(diags, diag.Errorf("NS508", wholeFile(d.name), "Earlier build did not finish", "%s",
			"A build in "+quote(d.name)+" was interrupted: some files may be of that build and some older. Each of them is whole. Deploy nothing before the next build, which finishes the work."+rebuild))
	case p.staging:
		diags = append(diags, &diag.Diagnostic{
			Code: "NS508", Severity: diag.Note, Summary: "Earlier build did not finish", Subject: wholeFile(d.path(stagingName)),
			Detail: "A build was interrupted before it changed any file of the output. What it had prepared is left in " + quote(stagingName) +
				", which git ignores; the next build removes it.",
		})
	}
	stale := slices.ContainsFunc(diags, func(d *diag.Diagnostic) bool { return d.Code != "NS535" })
	if p.LockChanged && !stale && !p.blocked && !p.Unfinished {
		diags = append(diags, diag.Errorf("NS534", wholeFile(d.path(LockName)), "Lock file is out of date",
			"%s", "The files are as the stack says, but the lock was written by another version of nselfc, or from other sources, images or secrets."+rebuild))
	}
	return diags
}

// rebuild is the paragraph that ends a finding of Check.
const rebuild = "\n\nBuild, and commit the result:\n\n    nselfc build"

// Alike joins the findings of Check, and those on files of others, that are of
// one kind: a person reads the reason and the remedy once, and then the names. The
// first keeps its place; the number of files stays in its words.
func Alike(list diag.List) diag.List {
	var out diag.List
	first := map[string]int{}
	names := map[string][]string{}
	for _, d := range list {
		if !mends(d.Code) {
			out = append(out, d)
			continue
		}
		if _, ok := first[d.Code]; !ok {
			first[d.Code] = len(out)
			joined := *d
			out = append(out, &joined)
			continue
		}
		names[d.Code] = append(names[d.Code], d.Subject.File)
	}
	for code, more := range names {
		d := out[first[code]]
		reason, remedy, _ := strings.Cut(d.Detail, "\n\n")
		d.Detail = reason + "\n\nThe same is true of " + count(len(more)) + ":\n" + listed(more) + "\n\n" + remedy
	}
	return out
}

// mends tells the codes whose findings all have one remedy.
func mends(code string) bool { return strings.HasPrefix(code, "NS53") }

func count(n int) string {
	if n == 1 {
		return "one file more"
	}
	return strconv.Itoa(n) + " files more"
}

// maxListed is how many names of one kind anybody reads.
const maxListed = 40

func listed(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i == maxListed {
			b.WriteString("\n    … and " + strconv.Itoa(len(names)-i) + " others")
			break
		}
		b.WriteString("\n    " + visible(name))
	}
	return b.String()
}
