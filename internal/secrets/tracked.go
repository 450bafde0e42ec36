package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// Tracked refuses an output directory whose secrets git has in its index: it is all
// that is asked where the secrets of an environment are not made.
func Tracked(dir string) diag.List {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return nil // there is no such directory, and whoever writes it will say why
	}
	return tracked(dir, abs)
}

// tracked is Tracked for a directory that is known by its resolved path too. The
// file need not be there: an index that has it would take the next one.
func tracked(dir, resolved string) diag.List {
	name, err := inGit(filepath.Join(resolved, File))
	switch full := filepath.Join(dir, name); {
	case err != nil:
		return diag.List{unreadIndex(dir, File+" "+Dir, err)}
	case name != "":
		return diag.List{diag.Errorf(codeTracked, onFile(full), summaryTracked,
			"%s is in the index of git: the next commit publishes every value in it, if an earlier one has not.\n\n"+
				"Take the secrets out of the index (the files stay), and rotate every one if that was ever pushed:\n\n    git -C %s rm -r --cached --ignore-unmatch %s %s",
			full, word(dir), File, Dir)}
	}
	return nil
}

// unreadIndex warns that git may have a file; words are names in the directory.
func unreadIndex(dir, words string, err error) *diag.Diagnostic {
	return diag.Warningf(codeIndex, onFile(dir), "Index of git that cannot be read",
		"%s lies in a work tree of git, whose index cannot be read: %s. So nselfc does not know whether the next commit would publish a secret.\n\nLook yourself; this must print nothing:\n\n    git -C %s ls-files %s",
		dir, reason(err), word(dir), words)
}

const summaryTracked = "Secrets tracked by git"

// trackedKey says the same of a private key that its owner brings.
func (b *book) trackedKey(s *ir.Secret) *diag.Diagnostic {
	path, err := filepath.EvalSymlinks(b.onHost(s.Files.PrivateKey))
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil // it has been read already: where it is gone, there is nothing to publish
	}
	name := b.onHost(s.Files.PrivateKey)
	switch found, err := inGit(path); {
	case err != nil:
		return unreadIndex(filepath.Dir(path), word(filepath.Base(path)), err)
	case found == "":
		return nil
	}
	return diag.Errorf(codeTracked, rangeOf(s.Files.PrivateKey, s), summaryTracked,
		"%s is in the index of git: the next commit publishes the private key, if an earlier one has not.\n\n"+
			"Keep it out of the repository, or at least out of the index (the file stays), and get a new certificate if it was ever pushed:\n\n    git -C %s rm --cached %s", name, word(filepath.Dir(path)), word(filepath.Base(path)))
}

// inGit tells whether git, in a work tree around it, has a file in its index, or
// one below the folder PATH.d beside it: then its name from the file's folder,
// else "". It reads the index itself, so that no git is needed. path is absolute.
func inGit(path string) (string, error) {
	for top := filepath.Dir(path); ; top = filepath.Dir(top) {
		index, err := readIndex(gitDir(top))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			if top == filepath.Dir(top) {
				return "", nil
			}
			continue
		}
		if err != nil {
			return "", err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return "", err
		}
		rel = filepath.ToSlash(rel)
		found, err := index.find(func(name string) bool { return name == rel || strings.HasPrefix(name, rel+".d/") })
		return strings.TrimPrefix(found, strings.TrimSuffix(rel, filepath.Base(path))), err
	}
}

// gitDir gives the directory of a work tree's index. In a linked work tree or a
// submodule .git is a file that names it (gitrepository-layout(5)).
func gitDir(top string) string {
	dir := filepath.Join(top, ".git")
	text, err := os.ReadFile(dir)
	link, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if err != nil || !ok || len(text) > 4096 {
		return dir
	}
	return under(top, link)
}

// under gives a path that is relative to a directory, unless it is absolute.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
