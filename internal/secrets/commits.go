package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nselfc/internal/git"
	"nselfc/internal/needles"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Commits searches all that the refs of the repository around a folder lead to.
type Commits struct {
	Folder string
	Values []Value
	// Progress is called now and then with how many objects of at most how many were
	// looked at; nil is never called.
	Progress func(done, most int)
}

// largeObject is the largest file that is looked into, in bytes.
const largeObject = 64 << 20

// mostInCommits is how many findings are told of each kind.
const mostInCommits = 100

// Run searches every file, message and tag of the history for the values, for private
// keys and for literals that have the form of credentials. No finding holds any part
// of one. It gives how many objects were searched. The time is linear in the size of
// the history; the memory is that of its largest file and of the names of what was
// found.
func (s Commits) Run(ctx context.Context) (objects int, diags diag.List) {
	h, err := git.OpenHistory(ctx, s.Folder)
	if err != nil {
		return 0, s.failed(ctx, err)
	}
	defer func() { _ = h.Close() }() // what it had to give has been read
	r := commits{Commits: s, index: needles.New(s.Values), count: map[string]int{}, wanted: map[string]bool{}}
	total, err := h.Count(ctx)
	if err == nil {
		err = h.Objects(ctx, func(name, path string) bool {
			if s.Progress != nil && r.seen%500 == 0 {
				s.Progress(r.seen, max(total, r.seen))
			}
			r.seen++
			r.object(h, name, path)
			return r.err == nil
		})
	}
	if err = errors.Join(err, r.err); err == nil {
		r.holders, err = h.Holders(ctx, r.wanted)
	}
	allowed := readAllowances(s.Folder)
	for _, f := range r.found {
		if commit, path := r.place(f); f.value || !allowed.covers(commit, path) {
			diags = append(diags, r.finding(f))
		}
	}
	if err == nil {
		diags = append(diags, allowed.unused()...)
	}
	for _, what := range r.order {
		if n := r.count[what]; n > mostInCommits {
			diags = append(diags, diag.Warningf(codeUnsearched, onFile(s.Folder), summaryUnsearched, "%s is in %d objects of the history; the first %d are told.", what, n, mostInCommits))
		}
	}
	if r.large > 0 {
		diags = append(diags, diag.Warningf(codeUnsearched, onFile(s.Folder), summaryUnsearched,
			"%d files of the history, beginning with %s, are larger than %d MiB and were not searched.", r.large, r.first, largeObject>>20))
	}
	if err != nil {
		return r.searched, append(diags, s.failed(ctx, err)...)
	}
	if shallow, _ := h.Shallow(ctx); shallow {
		diags = append(diags, unreadHistory(ctx, s.Folder, errShallow)...)
	}
	return r.searched, diags
}

// failed makes an error of what is a warning where nobody asked for the history.
func (s Commits) failed(ctx context.Context, err error) diag.List {
	if found, ok := errors.AsType[*git.Error](err); ok && found.Kind == git.NotRepository {
		return diag.List{diag.Errorf(codeUnreadHistory, onFile(s.Folder), "History of git not searched", "%s lies in no repository of git, so that there is no history to search.", s.Folder)}
	}
	out := unreadHistory(ctx, s.Folder, err)
	for _, d := range out {
		d.Severity = diag.Error
	}
	return out
}

// commits is a search that is under way.
type commits struct {
	Commits
	index          *needles.Index
	seen, searched int
	large          int
	first          string
	found          []inObject
	count          map[string]int // by what was found
	order          []string
	wanted         map[string]bool // objects whose commits are to be found
	holders        map[string]git.Past
	err            error
}

// inObject is something that was found in an object.
type inObject struct {
	object, kind, path string
	line               int
	what, how          string
	value              bool
}

func (r *commits) object(h *git.History, name, path string) {
	kind, size, err := h.Look(name)
	switch {
	case err != nil || kind == "tree":
		r.err = err
		return
	case size > largeObject:
		if r.large++; r.large == 1 {
			r.first = path
		}
		return
	}
	raw, err := h.Read(name, size)
	if r.err = err; err != nil {
		return
	}
	r.searched++
	text := string(raw)
	for _, hit := range r.index.Search(text) {
		r.add(inObject{name, kind, path, hit.Line, "the value of " + hit.Address, hit.How, true})
	}
	told := map[string]bool{}
	for _, k := range findKeys(text) {
		if !told[k.what] {
			told[k.what] = true
			r.add(inObject{name, kind, path, 1 + strings.Count(text[:k.offset], "\n"), k.what, "", false})
		}
	}
	for _, c := range findCredentials(text) {
		if !told[c.what] {
			told[c.what] = true
			r.add(inObject{name, kind, path, 1 + strings.Count(text[:c.offset], "\n"), c.what, "", false})
		}
	}
}

func (r *commits) add(f inObject) {
	if r.count[f.what]++; r.count[f.what] == 1 {
		r.order = append(r.order, f.what)
	}
	if r.count[f.what] > mostInCommits {
		return
	}
	r.found = append(r.found, f)
	if f.kind == "blob" {
		r.wanted[f.object] = true
	}
}

// place gives the first commit that has what was found, and the path there: "" for a
// message, which is of the object itself.
func (r *commits) place(f inObject) (commit, path string) {
	if f.kind != "blob" {
		return f.object, ""
	}
	if p, known := r.holders[f.object]; known {
		return p.Commit, p.Path
	}
	return "", f.path
}

func (r *commits) finding(f inObject) *diag.Diagnostic {
	commit, name := r.place(f)
	where := "the message of commit"
	switch f.kind {
	case "blob":
		where = name + " of commit"
	case "tag":
		where = "the message of tag object"
	}
	if len(commit) > short {
		commit = commit[:short]
	}
	advice, otherwise := "Have it revoked by its issuer", "\n\nShould it open nothing, say so in "+AllowFile+", in the folder of the stack:\n\n    "+commit+":"+name+"  # why"
	if f.value {
		advice, otherwise = "Rotate it", ""
	}
	at := source.Pos{Line: int32(f.line)}
	return diag.Errorf(codeInCommit, source.Range{File: commit + ":" + name, Start: at, End: at}, "Secret in a commit",
		"Line %d of %s %s has %s%s. Everybody with a clone of the repository has it, whatever is in the work tree now.\n\n%s first; then take it out of the history: nselfc explain NS651 says how.%s",
		f.line, where, commit, f.what, f.how, advice, otherwise)
}

// Said tells in words what was searched.
func (s Searched) Said(objects int, history bool) string {
	if !history {
		return fmt.Sprintf("%d files", s.Files)
	}
	return fmt.Sprintf("%d files and %d objects of the history", s.Files, objects)
}
