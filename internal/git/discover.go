package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nselfc/lang/escape"
)

// repository is git, told which repository to read: whatever the environment or
// the working directory says, all that follows is about this one.
type repository struct {
	program
	dir    string // .git, or what stands for it
	commit string // the revision, once it is known
}

// discover finds the repository of a folder, and the folder's slash-separated path
// in its work tree ("" for the top). As for git, GIT_DIR and GIT_WORK_TREE decide
// where they are set, as in hooks; but there a stack may be named that does not lie
// in the working directory, so a GIT_DIR that is the repository around the stack
// anyway says nothing about where its work tree begins.
func (p program) discover(ctx context.Context, dir string) (*repository, string, error) {
	at, rest, err := existing(dir)
	if err != nil {
		return nil, "", err
	}
	gitDir, workTree := os.Getenv("GIT_DIR"), os.Getenv("GIT_WORK_TREE")
	around, prefix, err := p.with("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX").around(ctx, at)
	if gitDir == "" && workTree == "" || workTree == "" && err == nil && samePath(around, absolute(gitDir)) {
		if err != nil {
			return nil, "", err
		}
		return p.at(around), join(prefix, rest), nil
	}
	from, vars := at, []string{"GIT_PREFIX"}
	if gitDir != "" {
		from = "." // where git says that the work tree is, if nothing else does
		vars = append(vars, "GIT_DIR="+absolute(gitDir))
	}
	if workTree != "" {
		vars = append(vars, "GIT_WORK_TREE="+absolute(workTree))
	}
	named := p.with(vars...)
	top, said, err := named.run(ctx, from, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, "", failed(said, err)
	}
	found, said, err := named.run(ctx, from, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, "", failed(said, err)
	}
	top, found = strings.TrimSuffix(top, "\n"), strings.TrimSuffix(found, "\n")
	prefix, ok := below(top, at)
	if !ok {
		return nil, "", &Error{
			Kind:   NotRepository,
			Reason: fmt.Sprintf("The environment names a repository (GIT_DIR, GIT_WORK_TREE) whose work tree is %s, and the stack's folder %s does not lie in it.", quoted(top), quoted(at)),
			Advice: "Take the variables away to have the repository found by the folder:\n\n    unset GIT_DIR GIT_WORK_TREE",
		}
	}
	return p.at(found), join(prefix, rest), nil
}

// around finds the repository by the folder alone.
func (p program) around(ctx context.Context, dir string) (gitDir, prefix string, err error) {
	out, said, err := p.run(ctx, dir, "rev-parse", "--is-inside-work-tree", "--show-prefix")
	if err != nil {
		e := failed(said, err)
		if e.Kind == NotRepository {
			e.Advice = "Name a stack in a work tree, or make one of its folder and commit it:\n\n    git -C " + escape.ShellWord(dir) + " init"
		}
		return "", "", e
	}
	inside, prefix, _ := strings.Cut(out, "\n")
	if inside != "true" {
		return "", "", &Error{Kind: NotRepository, Reason: fmt.Sprintf("The folder %s lies in a repository of git, but in no work tree: it is bare, or the .git folder itself.", quoted(dir))}
	}
	gitDir, said, err = p.run(ctx, dir, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return "", "", failed(said, err)
	}
	return strings.TrimSuffix(gitDir, "\n"), strings.TrimSuffix(strings.TrimSuffix(prefix, "\n"), "/"), nil
}

// at fixes the repository, and takes away what concerns its work tree.
func (p program) at(dir string) *repository {
	return &repository{p.with("GIT_DIR="+dir, "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE"), dir, ""}
}

// run asks about the repository.
func (r *repository) run(ctx context.Context, args ...string) (out, said string, err error) {
	return r.program.run(ctx, r.dir, args...)
}

// existing splits a path into the folder that there is and what is missing below.
func existing(dir string) (at, rest string, err error) {
	at, err = filepath.Abs(dir)
	if err != nil {
		return "", "", &Error{Reason: "There is no working directory: " + err.Error() + ".", err: err}
	}
	for {
		info, err := os.Stat(at)
		switch {
		case err == nil && info.IsDir():
			return at, rest, nil
		case os.IsPermission(err):
			return "", "", &Error{Kind: Denied, Reason: fmt.Sprintf("The folder %s cannot be entered: permission denied.", quoted(at)), err: err}
		case at == filepath.Dir(at):
			return "", "", &Error{Kind: NotRepository, Reason: fmt.Sprintf("There is no folder %s.", quoted(dir)), err: err}
		}
		rest, at = join(filepath.Base(at), rest), filepath.Dir(at)
	}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "/" + b
}

// below gives the slash-separated path of a folder in another one, both without
// the links on the way to them.
func below(top, dir string) (string, bool) {
	top, errTop := filepath.EvalSymlinks(top)
	dir, errDir := filepath.EvalSymlinks(dir)
	if errTop != nil || errDir != nil {
		return "", false
	}
	rel, err := filepath.Rel(top, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	if rel == "." {
		rel = ""
	}
	return filepath.ToSlash(rel), true
}

func samePath(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
