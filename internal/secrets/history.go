package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nselfc/emit/dotsecrets"
	"nselfc/internal/git"
	"nselfc/internal/needles"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// Bounds of a look into the history: a repository in which it takes longer, or that
// has more versions of such files, is told to its user, who can look at leisure.
const (
	historyWait  = 10 * time.Second
	historyFiles = 5000
	historyBytes = 64 << 20
)

// Guard refuses to make, bring or replace values in an output directory where they
// would not stay secret: git has the secret store in its index, does not ignore it,
// or has ever had a value in a commit that is still in use. With curing the last is
// a warning: replacing the value is what helps. What the directory itself must be,
// everything that reads or writes it checks. Without git, nothing of it is said.
func Guard(ctx context.Context, dir string, curing bool) diag.List {
	resolved, err := resolve(dir)
	if err != nil {
		return nil // whoever writes it will say why
	}
	diags := append(tracked(dir, resolved, LockFile), unignored(dir, resolved)...)
	past := committedOnce(ctx, dir, resolved, values(stored(dir)))
	if curing {
		past = cured(past)
	}
	return append(diags, past...)
}

// cured makes warnings of what the work in hand mends.
func cured(list diag.List) diag.List {
	for _, d := range list {
		if d.Severity == diag.Error {
			d.Severity = diag.Warning
		}
	}
	return list
}

// History tells whether a commit has, or had, something of the secret store: an
// error for values that are still in use, and a warning for those that are not. What
// was not looked at is no finding of a check, which needs no git and runs on shallow
// clones: whole is false then.
func History(ctx context.Context, dir string) (found diag.List, whole bool) {
	resolved, err := resolve(dir)
	if err != nil {
		return nil, true // there is no such directory
	}
	found, whole = committedOnce(ctx, dir, resolved, values(stored(dir))), true
	return slices.DeleteFunc(found, func(d *diag.Diagnostic) bool {
		whole = whole && d.Code != codeUnreadHistory
		return d.Code == codeUnreadHistory
	}), whole
}

// unignored refuses a work tree in which the next "git add" would take the secrets.
// The .gitignore of the output names them, and the nearest file decides; it may have
// been edited, or not been written yet.
func unignored(dir, resolved string) diag.List {
	top, _, _ := around(resolved)
	if top == "" {
		return nil
	}
	w, _ := OpenWorkTree(dir, dir) // tracked tells of an index that cannot be read
	if w == nil {
		return nil
	}
	defer w.Close()
	var names []string
	for _, name := range []string{File, Dir, LockFile, tempPrefix + "0", File + ".rotation"} {
		if !w.has[path.Join(w.below, name)] && !w.Ignored(name, name == Dir) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	full := filepath.Join(dir, names[0])
	return diag.List{diag.Errorf(codeUnignored, onFile(full), "Secrets that git does not ignore",
		"%s lies in a work tree of git, and no .gitignore names %s, or a line that begins with ! takes it back: the next \"git add\" publishes every value.\n\n"+
			"A build writes a .gitignore into the output that does. Have it written again, without making secrets:\n\n    nselfc build --no-secrets\n\nThis must name the file and the line that ignores it:\n\n    git -C %s check-ignore -v %s",
		full, strings.Join(names, ", "), escape.ShellWord(dir), File)}
}

// committedOnce looks for the secret store in everything that refs lead to, and for
// values that are, or will be, in use.
func committedOnce(ctx context.Context, dir, resolved string, inUse []Value) diag.List {
	top, _, _ := around(resolved)
	if top == "" {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, historyWait)
	defer cancel()
	h, err := git.OpenHistory(within, dir)
	if err != nil {
		return unreadHistory(ctx, dir, err)
	}
	defer func() { _ = h.Close() }() // what it had to give has been read
	p := past{dir: dir, prefix: h.Prefix(), index: needles.New(inUse), seen: map[string]bool{}, found: map[string]git.Past{}, left: historyBytes}
	err = h.Files(within, []string{":(top,icase,glob)**/*" + File + "*", ":(top,icase,glob)**/*" + File + "*/**"}, func(f git.Past) bool {
		if name := path.Base(f.Path); name == ".gitignore" || strings.HasSuffix(strings.ToLower(name), ".json") && !strings.HasPrefix(name, File) {
			return true // of ours, and meant for git
		}
		p.look(h, f)
		return p.err == nil
	})
	if err = errors.Join(err, p.err); err != nil {
		return append(p.findings(), unreadHistory(ctx, dir, err)...)
	}
	diags := p.findings()
	if shallow, _ := h.Shallow(within); shallow {
		diags = append(diags, unreadHistory(ctx, dir, errShallow)...)
	}
	return diags
}

// values gives those of .secrets by their keys; of one that could not be read, none.
func values(doc *dotsecrets.Document) []Value {
	if doc == nil {
		return nil
	}
	var out []Value
	for _, key := range doc.Keys() {
		if value, _ := doc.Get(key); !public(key) {
			out = append(out, NewValue(key, value))
		}
	}
	return out
}

// past is what was found in the history.
type past struct {
	dir, prefix string
	index       *needles.Index
	seen        map[string]bool     // objects
	found       map[string]git.Past // by the key whose value is in use
	first       git.Past            // of this output directory, whatever is in it
	left        int64
	err         error
}

var (
	errShallow = errors.New("the clone is shallow, so that all but its last commits are missing (git fetch --unshallow brings them)")
	errMany    = errors.New("it has more versions of such files than nselfc looks at")
)

func (p *past) look(h *git.History, f git.Past) {
	if p.first.Commit == "" && below(path.Clean(p.prefix), f.Path) != "" {
		p.first = f
	}
	if p.seen[f.Object] {
		return
	}
	p.seen[f.Object] = true
	if p.index.Empty() {
		return
	}
	kind, size, err := h.Look(f.Object)
	if err != nil || kind != "blob" {
		p.err = err
		return
	}
	if p.left -= size; p.left < 0 || len(p.seen) > historyFiles {
		p.err = errMany
		return
	}
	text, err := h.Read(f.Object, size)
	if p.err = err; err != nil {
		return
	}
	for _, hit := range p.index.Search(string(text)) {
		if _, known := p.found[hit.Address]; !known {
			p.found[hit.Address] = f
		}
	}
}

// short is how much of a commit's name is enough to find it.
const short = 12

func (p *past) findings() diag.List {
	at := onFile(filepath.Join(p.dir, File))
	if len(p.found) > 0 {
		keys := slices.Sorted(maps.Keys(p.found))
		f := p.found[keys[0]]
		shown := keys
		const most = 5
		if len(keys) > most {
			shown = append(slices.Clone(keys[:most]), fmt.Sprintf("%d more", len(keys)-most))
		}
		return diag.List{diag.Errorf(codeCommitted, at, "Secret in the history of git",
			"%s, still in use, stood in %s, which commit %s has: everybody with a clone of the repository has the value, whatever is in the work tree now.\n\n"+
				"First replace what was published, which alone makes it worthless:\n\n    nselfc secrets rotate --compromised %s\n\n"+
				"Then take the file out of the history, push that, and have everybody clone anew:\n\n%s\n\n"+
				"Where the history cannot be rewritten, the first step is enough: when no value in use is in it, this is a warning.",
			strings.Join(shown, ", "), f.Path, f.Commit[:short], keys[0], purge(f.Path))}
	}
	if p.first.Commit != "" {
		return diag.List{diag.Warningf(codeOnce, at, "Secrets were committed once",
			"Commit %s has %s. No value of %s that is in use now is in it, so nothing is lost as long as the old values are refused everywhere.\n\n"+
				"To take the file out of the history all the same, push what this makes and have everybody clone anew:\n\n%s",
			p.first.Commit[:short], p.first.Path, filepath.Join(p.dir, File), purge(p.first.Path))}
	}
	return nil
}

// purge is how a file leaves a history, with either of the programs for it.
func purge(name string) string {
	return "    git filter-repo --invert-paths --path " + escape.ShellWord(name) + "\n    # or: bfg --delete-files " + escape.ShellWord(path.Base(name))
}

// unreadHistory warns that nobody knows what is in the history. A folder that lies
// in no repository has none.
func unreadHistory(ctx context.Context, dir string, err error) diag.List {
	why, advice := "", ""
	found, isGit := errors.AsType[*git.Error](err)
	switch {
	case ctx.Err() != nil:
		return nil // whoever waits for it has gone
	case errors.Is(err, context.DeadlineExceeded):
		why = "it takes more than " + historyWait.String()
	case isGit && found.Kind == git.NotRepository:
		return nil
	case isGit:
		why, advice = strings.TrimSuffix(found.Error(), "."), found.Advice
	default:
		why = err.Error()
	}
	if advice != "" {
		advice += "\n\n"
	}
	return diag.List{diag.Warningf(codeUnreadHistory, onFile(dir), "History of git not searched",
		"%s lies in a work tree of git, whose history was not searched for committed secrets to its end: %s.\n\n%sLook yourself; this must print nothing:\n\n    git -C %s log --all --oneline -- %s",
		dir, why, advice, escape.ShellWord(dir), escape.ShellWord(File+"*"))}
}
