package secrets

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// Tracked refuses an output directory whose secrets git has in its index: it is all
// that is asked where the secrets of an environment are not made. The directory may
// be that of a whole stack, with those of its environments below.
func Tracked(dir string) diag.List { return trackedAt(dir, LockFile) }

// TrackedAtAll is Tracked for a check, which takes exception to all that belongs
// to the secret store: LockFile holds nothing, and no build stops for it.
func TrackedAtAll(dir string) diag.List { return trackedAt(dir, "") }

func trackedAt(dir, but string) diag.List {
	resolved, err := resolve(dir)
	if err != nil {
		return nil // whoever reads or writes it will say why
	}
	return tracked(dir, resolved, but)
}

// tracked is Tracked for a directory that is known by its resolved path too. The
// file need not be there: an index that has it would take the next one. One name
// does not count.
func tracked(dir, resolved, but string) diag.List {
	stores, first := map[string][]string{}, map[string]string{} // names in a directory, and the first file, by directory
	err := inGit(resolved, func(name string) bool {
		if at, store := inStore(name); store != "" && store != but && !slices.Contains(stores[at], store) {
			stores[at] = append(stores[at], store)
			if first[at] == "" {
				first[at] = name
			}
		}
		return false
	})
	if err != nil {
		return diag.List{unreadIndex(dir, File+" "+Dir, err)}
	}
	var diags diag.List
	for _, at := range slices.Sorted(maps.Keys(stores)) {
		full, words := filepath.Join(dir, first[at]), []string{File, Dir}
		for _, name := range stores[at] {
			if !slices.Contains(words, name) {
				words = append(words, escape.ShellWord(name))
			}
		}
		diags = append(diags, diag.Errorf(codeTracked, onFile(full), summaryTracked,
			"%s is in the index of git: the next commit publishes every value in it, if an earlier one has not.\n\n"+
				"Take the secrets out of the index (the files stay), and rotate every one if that was ever pushed:\n\n    git -C %s rm -r --cached --ignore-unmatch %s",
			full, escape.ShellWord(filepath.Join(dir, at)), strings.Join(words, " ")))
	}
	return diags
}

// inStore splits a path at what belongs to the secret store, or is a copy of it by
// an editor; store is "" when nothing does. The .gitignore of an output names the same.
func inStore(name string) (at, store string) {
	for rest := name; rest != ""; {
		part, after, _ := strings.Cut(rest, "/")
		if strings.Contains(strings.ToLower(part), File) && part != register.Name {
			return at, part
		}
		at, rest = path.Join(at, part), after
	}
	return "", ""
}

// unreadIndex warns that git may have a file; words are names in the directory.
func unreadIndex(dir, words string, err error) *diag.Diagnostic {
	return diag.Warningf(codeIndex, onFile(dir), "Index of git that cannot be read",
		"%s lies in a work tree of git, whose index cannot be read: %s. So nselfc does not know whether the next commit would publish a secret.\n\nLook yourself; this must print nothing:\n\n    git -C %s ls-files %s",
		dir, reason(err), escape.ShellWord(dir), words)
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
	found := false
	err = inGit(filepath.Dir(path), func(name string) bool {
		found = found || name == filepath.Base(path)
		return found
	})
	switch {
	case err != nil:
		return unreadIndex(filepath.Dir(path), escape.ShellWord(filepath.Base(path)), err)
	case !found:
		return nil
	}
	return diag.Errorf(codeTracked, rangeOf(s.Files.PrivateKey, s), summaryTracked,
		"%s is in the index of git: the next commit publishes the private key, if an earlier one has not.\n\n"+
			"Keep it out of the repository, or at least out of the index (the file stays), and get a new certificate if it was ever pushed:\n\n    git -C %s rm --cached %s", name, escape.ShellWord(filepath.Dir(path)), escape.ShellWord(filepath.Base(path)))
}

// inGit hands the names of the files below a directory that git, in a work tree
// around it, has in its index to a function, until that returns true. It reads the
// index itself, so that no git is needed. dir is absolute, without symbolic links.
func inGit(dir string, take func(name string) bool) error {
	top, index, err := around(dir)
	if index == nil || err != nil {
		return err
	}
	rel, err := filepath.Rel(top, dir)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	return index.find(func(name string) bool {
		name = below(rel, name)
		return name != "" && take(name)
	})
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
