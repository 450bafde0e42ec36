package secrets

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit/outdir"
)

// WorkTree says which files below a folder git has, and which it would take. It
// reads git's files itself: no git is needed, none of a repository's settings can
// make a program run, and nothing is refreshed. The ignored files of one person's
// own configuration (core.excludesFile) are not known, as another's clone would
// not ignore them.
type WorkTree struct {
	top   *os.Root
	below string          // the folder, slash-separated from top; "." for top itself
	has   map[string]bool // what the index has below the folder, and the directories of that
	rules map[string][]ignoreRule
}

// OpenWorkTree opens the work tree around a folder. Where there is none, it is as if
// one was begun in home, when the folder is below that, or else in the folder: git
// would take everything there that no .gitignore names. The folder need not exist.
// The second result, when there is a first, says why the index could not be read.
func OpenWorkTree(folder, home string) (*WorkTree, error) {
	resolved, err := resolve(folder)
	if err != nil {
		return nil, err
	}
	w := &WorkTree{below: ".", has: map[string]bool{}, rules: map[string][]ignoreRule{}}
	top, index, unread := around(resolved)
	if top == "" {
		top = existing(resolved)
		if home, err := resolve(home); err == nil && strings.HasPrefix(resolved, home+string(filepath.Separator)) {
			top = home
		}
	}
	if w.top, err = os.OpenRoot(top); err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(top, resolved)
	if err != nil {
		return nil, errors.Join(err, w.top.Close())
	}
	w.below = filepath.ToSlash(rel)
	if index != nil && unread == nil {
		unread = index.find(func(name string) bool {
			if below(w.below, name) != "" {
				for p := name; p != "." && !w.has[p]; p = path.Dir(p) {
					w.has[p] = true
				}
			}
			return false
		})
	}
	if text, err := os.ReadFile(filepath.Join(commonDir(gitDir(top)), "info", "exclude")); err == nil && len(text) <= maxIgnore {
		w.rules[""] = parseIgnore(string(text))
	}
	return w, unread
}

// Close lets go of the work tree.
func (w *WorkTree) Close() { _ = w.top.Close() } // opened for reading

// Ignored tells whether git would leave a file or directory alone, as it has
// nothing of it and a .gitignore names it or a directory that it is in.
func (w *WorkTree) Ignored(name string, dir bool) bool {
	full := path.Join(w.below, name)
	if w.has[full] {
		return false
	}
	for i := range len(full) {
		if full[i] == '/' && w.ignored(full[:i], true) {
			return true
		}
	}
	return w.ignored(full, dir)
}

// ignored asks the rules of every directory from the path's own upwards; the last
// line that speaks of it decides, the nearest file first.
func (w *WorkTree) ignored(full string, dir bool) bool {
	for at := path.Dir(full); ; at = path.Dir(at) {
		key := at
		if at == "." {
			key = ""
		}
		rules, known := w.rules[key+"/"]
		if !known {
			rules = w.load(key+"/", path.Join(at, ".gitignore"))
		}
		if verdict, spoken := decide(rules, strings.TrimPrefix(full[len(key):], "/"), dir); spoken {
			return verdict
		}
		if at == "." {
			verdict, _ := decide(w.rules[""], full, dir)
			return verdict
		}
	}
}

func decide(rules []ignoreRule, name string, dir bool) (ignored, spoken bool) {
	for _, r := range slices.Backward(rules) {
		if r.matches(name, dir) {
			return !r.negated, true
		}
	}
	return false, false
}

// load reads a file of rules, and keeps them under a key. One that is not there or
// cannot be read has none; git follows no link there either.
func (w *WorkTree) load(key, name string) []ignoreRule {
	w.rules[key] = nil
	if info, err := w.top.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() > maxIgnore {
		return nil
	}
	f, err := outdir.OpenQuietly(w.top, name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(f, maxIgnore))
	if err == nil {
		w.rules[key] = parseIgnore(string(text))
	}
	return w.rules[key]
}

// around finds the work tree that a directory is in, and its index. top is "" when
// there is none. Where nothing was added yet there is no index, and one of a work
// tree further out counts.
func around(dir string) (top string, index *gitIndex, err error) {
	for at := dir; ; at = filepath.Dir(at) {
		git := gitDir(at)
		info, err := os.Stat(git)
		if err == nil && info.IsDir() {
			index, err := readIndex(git)
			if !errors.Is(err, fs.ErrNotExist) {
				return at, &index, err
			}
			if top == "" {
				top = at
			}
		}
		if at == filepath.Dir(at) {
			return top, nil, nil
		}
	}
}

// resolve gives the absolute path of a directory without symbolic links, as far as
// it exists.
func resolve(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	there := existing(abs)
	resolved, err := filepath.EvalSymlinks(there)
	if err != nil {
		return "", err
	}
	rest, err := filepath.Rel(there, abs)
	return filepath.Join(resolved, rest), err
}

// existing gives a path, or the first of those above it that exists.
func existing(p string) string {
	for {
		if _, err := os.Stat(p); err == nil || p == filepath.Dir(p) {
			return p
		}
		p = filepath.Dir(p)
	}
}

// below gives what follows a directory in a path, both slash-separated from the
// same place; "" when the path is not below it.
func below(dir, name string) string {
	if dir == "." {
		return name
	}
	rest, ok := strings.CutPrefix(name, dir+"/")
	if !ok {
		return ""
	}
	return rest
}
