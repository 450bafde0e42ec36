package outdir

import (
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// report adds the diagnostics of every state that stops a build or deserves a
// warning, in the order of the paths.
func (l *planner) report() {
	if l.plan.Unfinished {
		l.diags = append(l.diags, &diag.Diagnostic{
			Code: "NS508", Severity: diag.Note, Summary: "Earlier build did not finish", Subject: wholeFile(l.dir.name),
			Detail: "A build in " + quote(l.dir.name) + " was interrupted: some files are of that build and some are older. Each of them is whole. " +
				"The next build finishes the work; deploy nothing before.\n\n    nselfc build",
		})
	}
	for _, e := range l.plan.Entries {
		if e.stops() || e.State == Unlisted && !e.Forced {
			l.diags = append(l.diags, l.diagnose(e))
		}
		delete(l.force, e.Path)
	}
	delete(l.force, LockName)
	for f := range l.force {
		if strings.HasPrefix(f, ".secrets") {
			continue // the secret store's to accept
		}
		// The order of a map does not show: Sort orders by path.
		l.diags = append(l.diags, diag.Errorf("NS541", wholeFile(l.dir.path(f)), "Unknown path in --force",
			"The build has nothing to do with %s: neither the stack nor the lock names it. Give the path just as the diagnostic shows it.", quote(f)))
	}
	l.diags = l.diags.Sort()
}

// accept ends a diagnostic with the command that overrules it.
func (l *planner) accept(e *Entry) string {
	return "\n\n    nselfc build --force " + escape.ShellWord(l.dir.path(e.Path))
}

func (l *planner) diagnose(e *Entry) *diag.Diagnostic {
	at, name := wholeFile(l.dir.path(e.Path)), quote(e.Path)
	switch e.State {
	case HandEdited:
		diff, line := l.difference(e)
		at.Start.Line, at.End.Line = line, line
		return diag.Errorf("NS520", at, "Generated file was edited by hand",
			"%s", name+" is not as the last build wrote it. Building would lose the edit."+diff+
				"\n\nTo keep the edit, write it in nself.hcl. To have the file as the stack says, drop the edit:"+l.accept(e))
	case Conflicted:
		text, _ := l.disk.read(e.Path, e.onDisk.info, diffBytes) // judge has read it; without a line, it is line 1
		line := int32(max(1, conflictLine(text)))
		at.Start.Line, at.End.Line = line, line
		return diag.Errorf("NS521", at, "Generated file holds an unfinished merge",
			"Git could not merge %s. There is nothing to choose in it, as the build writes the merged file: merge nself.hcl, take the output directory as it "+
				"is in your branch, and build:\n\n    git checkout --no-overlay HEAD -- %s\n    nselfc build\n\nWithout git, drop what is in the file:%s",
			name, escape.ShellWord(l.dir.name), l.accept(e))
	case Foreign:
		return diag.Errorf("NS522", at, "File is not from nselfc",
			"The build would write %s, and a file stands there that nselfc did not make: the lock does not name it and it has no header of ours. "+
				"Move it away, or let the build replace it:%s", name, l.accept(e))
	case ForeignGenerated:
		return diag.Errorf("NS523", at, "Generated file is missing from the lock",
			"%s has the header of a generated file, but the lock does not name it, and the build would write another text. So nobody knows whether it was "+
				"edited since. If the lock was lost, take it back from git:\n\n    git checkout HEAD -- %s\n\nOr let the build replace the file:%s",
			name, escape.ShellWord(l.dir.path(LockName)), l.accept(e))
	case EditedOrphan:
		return diag.Errorf("NS524", at, "Edited file is no longer generated",
			"The stack does not need %s any more, but it is not as the last build wrote it, so it was not removed. What stands there may still be loaded, "+
				"as nginx loads all of conf.d. Move it out of the output directory to keep it, or have it removed:%s", name, l.accept(e))
	case Blocked:
		return l.notRegular(e.Path, e.problem, e.onDisk.kind)
	case Unlisted:
		return diag.Warningf("NS526", at, "Generated file is not part of the stack",
			"%s has the header of a generated file, but neither the stack nor the lock names it. It may come from another stack or an older build, and may "+
				"still be loaded, as nginx loads all of conf.d. Remove it, or have it removed:%s", name, l.accept(e))
	case Clean, Create, Stale, Missing, Adopt, Permissions, Orphan, Gone:
	}
	return bug(l.dir.path(e.Path), "The state %q of %s stops nothing and was reported.", e.State, name)
}

// notRegular reports what stands where a file of ours belongs and is none.
func (l *planner) notRegular(p, problem string, k kind) *diag.Diagnostic {
	d := diag.Errorf("NS525", wholeFile(l.dir.path(p)), "Path is not a regular file",
		"The build needs %s, but %s. It follows no links and removes no directory that holds anything of yours. Move that away, and build again.",
		quote(p), visible(problem))
	if k == symlink || k == special {
		d.Detail = strings.TrimSuffix(d.Detail, "and build again.") + "or let the build replace it (not what a link leads to):\n\n    nselfc build --force " +
			escape.ShellWord(l.dir.path(p))
	}
	return d
}

// difference shows what an edit changed, as far as that helps, and where.
func (l *planner) difference(e *Entry) (string, int32) {
	if l.concealed != nil && l.concealed(e.Path) {
		return " The difference is not shown, because a secret is in it.", 1
	}
	if e.onDisk.info.Size() > diffBytes || len(e.Text) > diffBytes {
		return " The file is too large to show the difference here.", 1
	}
	text, err := l.disk.read(e.Path, e.onDisk.info, diffBytes)
	if err != nil {
		return "", 1
	}
	if strings.ReplaceAll(string(text), "\r\n", "\n") == e.Text {
		return " Only the ends of its lines differ: they are CR LF, as on Windows.", 1
	}
	diff, line := excerpt(string(text), e.Text)
	return " On disk (-) and as the stack says (+):\n\n" + diff, int32(line)
}
