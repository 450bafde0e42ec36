package git

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nselfc/lang/escape"
	"nselfc/lang/eval"
)

// plausible refuses what git would take for an option, or could not be given.
func plausible(rev string) error {
	reason := ""
	switch {
	case rev == "":
		reason = "The name of the revision is empty."
	case rev[0] == '-':
		reason = fmt.Sprintf("The revision %s begins with a dash: that is an option and no name.", quoted(rev))
	case len(rev) > 1000 || strings.ContainsFunc(rev, func(r rune) bool { return r < ' ' || r == 0x7f }):
		reason = fmt.Sprintf("%s cannot name a revision.", quoted(rev))
	default:
		return nil
	}
	return &Error{Kind: Unknown, Reason: reason, Advice: "Name a branch, a tag or a commit, such as origin/main or HEAD~1."}
}

// resolve gives the full name of the commit that a revision means.
func (r *repository) resolve(ctx context.Context, rev string) (string, error) {
	out, said, err := r.run(ctx, "rev-parse", "--verify", "--end-of-options", rev+"^{commit}")
	switch commit := strings.TrimSpace(out); {
	case err != nil && ctx.Err() != nil:
		return "", err
	case err != nil:
		return "", r.unknown(ctx, rev, said, err)
	case strings.Contains(said, "is ambiguous"):
		return commit, r.ambiguous(ctx, rev, commit)
	default:
		return commit, r.posing(ctx, rev)
	}
}

// posing refuses a tag that is called like a branch of a remote: where that branch
// was not fetched, whoever may push the tag would stand in for it.
func (r *repository) posing(ctx context.Context, rev string) error {
	name := base(rev)
	if !strings.Contains(name, "/") || strings.HasPrefix(name, "refs/") {
		return nil
	}
	remote, branch := remoteOf(name, r.remotes(ctx))
	full, _, _ := r.run(ctx, "rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", name)
	tag := strings.TrimSpace(full)
	if remote == "" || !strings.HasPrefix(tag, "refs/tags/") {
		return nil
	}
	shallow := r.shallow(ctx)
	return &Error{
		Kind:   Unknown,
		Reason: fmt.Sprintf("The revision %s is a tag that is called like a branch of %s, which was not fetched: what it means would depend on who may push tags.", quoted(rev), quoted(remote)),
		Advice: "Write the tag in full if you mean it:\n\n    " + escape.ShellWord(tag+rev[len(name):]) + "\n\n" + fetch(shallow, remote, branch+":refs/remotes/"+remote+"/"+branch),
	}
}

// shallow tells a clone whose history was cut off.
func (r *repository) shallow(ctx context.Context) bool {
	out, _, _ := r.run(ctx, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(out) == "true"
}

// base gives the name that a revision begins with, before what leads on from it:
// main of main~2, HEAD of HEAD@{1}.
func base(rev string) string {
	if i := strings.IndexAny(rev, "^~:"); i >= 0 {
		rev = rev[:i]
	}
	rev, _, _ = strings.Cut(rev, "@{")
	return rev
}

// ambiguous refuses a name that several refs have, unless all mean one commit:
// git would take a tag before a branch, so that whoever may push the tag
// "origin/main" would choose what a change is compared with.
func (r *repository) ambiguous(ctx context.Context, rev, commit string) error {
	name := base(rev)
	if name == "HEAD" {
		return nil // always the work tree's own
	}
	var refs []string
	same := true
	for _, ref := range []string{"refs/" + name, "refs/tags/" + name, "refs/heads/" + name, "refs/remotes/" + name, "refs/remotes/" + name + "/HEAD"} {
		out, _, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+rev[len(name):]+"^{commit}")
		if err == nil {
			refs = append(refs, ref)
			same = same && strings.TrimSpace(out) == commit
		}
	}
	if len(refs) > 1 && same {
		return nil
	}
	e := &Error{
		Kind:   Unknown,
		Reason: fmt.Sprintf("The revision %s is ambiguous: several things have that name, and they are not the same commit.", quoted(rev)),
		Advice: "Write the one that you mean in full, such as refs/heads/… for a branch, refs/remotes/… for what was fetched, or refs/tags/… for a tag.",
	}
	if len(refs) > 0 {
		e.Advice = "Write the one that you mean in full:\n"
		for _, ref := range refs {
			e.Advice += "\n    " + ref + rev[len(name):]
		}
	}
	return e
}

var hexName = regexp.MustCompile(`^[0-9a-fA-F]{4,64}$`)

// unknown says why a revision cannot be resolved and, where a command would help,
// which: in CI it is most often a clone that has no more than the last commit.
func (r *repository) unknown(ctx context.Context, rev, said string, err error) error {
	if e := failed(said, err); e.Kind == Denied || e.Kind == NotRepository {
		return e
	}
	e := &Error{Kind: Unknown, Reason: fmt.Sprintf("There is no revision %s in this repository.", quoted(rev)), err: err}
	name := base(rev)
	resolves := func(name string) (string, bool) {
		out, _, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
		return strings.TrimSpace(out), err == nil
	}
	if object, ok := resolves(rev); ok && !hexName.MatchString(rev) || ok && r.typeOf(ctx, object) != "" {
		kind := r.typeOf(ctx, object)
		if kind == "" {
			e.Kind, e.Git = Other, said
			e.Reason = fmt.Sprintf("The revision %s names an object that is not in this repository: it is damaged, or its clone is not complete.", quoted(rev))
			return e
		}
		e.Reason = fmt.Sprintf("%s is a %s and no commit.", quoted(rev), kind)
		return e
	}
	cut := r.shallow(ctx)
	remotes := r.remotes(ctx)
	_, baseKnown := resolves(name)
	switch remote, branch := remoteOf(name, remotes); {
	case name == "HEAD" && !baseKnown:
		e.Reason = "The repository has no commit yet."
		e.Advice = "Commit the stack first."
	case baseKnown && name != rev && cut:
		e.Reason += fmt.Sprintf(" This clone is shallow: it has %s, and not what came before it.", quoted(name))
		e.Advice = "Fetch the whole history:\n\n    git fetch --unshallow\n\n" + inCI
	case baseKnown && name != rev:
		e.Reason += fmt.Sprintf(" It has %s, but nothing to which the rest leads.", quoted(name))
	case remote != "":
		if cut {
			e.Reason += " This clone is shallow, and the branch was not fetched."
		} else {
			e.Reason += fmt.Sprintf(" If %s has such a branch, it was not fetched.", quoted(remote))
		}
		e.Reason += r.didYouMean(ctx, name)
		e.Advice = fetch(cut, remote, branch+":refs/remotes/"+remote+"/"+branch)
	case hexName.MatchString(rev) && len(rev) >= 7:
		e.Reason += " If it is a commit, it was not fetched."
		if len(remotes) > 0 && (len(rev) == 40 || len(rev) == 64) { // no less is given by a remote
			e.Advice = fetch(cut, remotes[0], rev)
		}
	default:
		e.Reason += r.didYouMean(ctx, name)
	}
	return e
}

const inCI = "In GitHub Actions, give actions/checkout fetch-depth: 0. In GitLab CI, set the variable GIT_DEPTH: 0."

// fetch gives the command that fetches what is missing, and no more than that where
// the clone is shallow.
func fetch(shallow bool, remote, what string) string {
	if !shallow {
		return fmt.Sprintf("Fetch it first:\n\n    git fetch %s %s", escape.ShellWord(remote), escape.ShellWord(what))
	}
	return fmt.Sprintf("Fetch it first:\n\n    git fetch --depth=1 %s %s\n\n%s", escape.ShellWord(remote), escape.ShellWord(what), inCI)
}

func (r *repository) typeOf(ctx context.Context, object string) string {
	out, _, err := r.run(ctx, "cat-file", "-t", object)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

// missing says why an object cannot be had.
func (r *repository) missing(ctx context.Context, object string) error {
	_, said, err := r.run(ctx, "cat-file", "-t", object) // says more than its batch
	switch {
	case ctx.Err() != nil:
		return err
	case strings.Contains(said, "promisor"):
		return r.partial(said)
	}
	return &Error{
		Reason: fmt.Sprintf("The object %s is not in this repository, or is damaged.", object), Git: said, err: err,
		Advice: "See what is wrong, or clone the repository anew:\n\n    git fsck",
	}
}

// partial says that an object was left out when the repository was cloned.
func (r *repository) partial(said string) error {
	return &Error{
		Reason: "This clone is partial: it has the commit, but not all of its files, and nselfc fetches nothing.", Git: said,
		Advice: "Let git fetch them, by reading the commit once:\n\n    git archive " + r.commit + " >/dev/null",
	}
}

// remotes gives the names of the remote repositories.
func (r *repository) remotes(ctx context.Context) []string {
	out, _, _ := r.run(ctx, "config", "-z", "--name-only", "--get-regexp", `^remote\..*\.url$`)
	var names []string
	for key := range strings.SplitSeq(out, "\x00") {
		if name, ok := strings.CutSuffix(strings.TrimPrefix(key, "remote."), ".url"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// remoteOf splits the name of a branch that was fetched: origin/main.
func remoteOf(name string, remotes []string) (remote, branch string) {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "refs/"), "remotes/")
	for _, r := range remotes {
		if branch, ok := strings.CutPrefix(name, r+"/"); ok && branch != "" && len(r) > len(remote) {
			remote = r
		}
	}
	if remote == "" {
		return "", ""
	}
	return remote, name[len(remote)+1:]
}

// didYouMean compares a name with those of branches and tags.
func (r *repository) didYouMean(ctx context.Context, name string) string {
	out, _, _ := r.run(ctx, "for-each-ref", "--count=2000", "--format=%(refname)", "refs/heads", "refs/remotes", "refs/tags")
	var names []string
	for ref := range strings.FieldsSeq(out) {
		_, short, _ := strings.Cut(strings.TrimPrefix(ref, "refs/"), "/")
		names = append(names, short)
		if _, branch, _ := strings.Cut(short, "/"); strings.HasPrefix(ref, "refs/remotes/") && branch == name {
			return " Did you mean " + quoted(short) + "?"
		}
	}
	return eval.DidYouMean(name, names)
}
