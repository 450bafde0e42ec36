package mergedriver

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/emit/outdir"
)

// history is a repository in which people change, build, commit and edit by hand
// on two branches, and join these.
type history struct {
	*repository
	t      *rapid.T
	count  int  // makes edits and names of stacks new
	edited bool // somebody has edited a generated file
	asked  bool // a build has stopped for an edit
	warned bool // the driver has
	// decided holds the edits that a person gave up once: picked commits may bring
	// one back, and a rebase leaves them out as already there.
	decided map[string]bool
}

var (
	names    = []string{"api", "web", "jobs", "mail"}
	branches = []string{"main", "feature"}
)

func (h *history) out() string { return filepath.Join(h.dir, "out") }

func (h *history) stack() stack {
	s, ok := parse(h.read(sourceName))
	if !ok {
		h.t.Fatalf("the source is not merged:\n%s", h.read(sourceName))
	}
	return s
}

// change makes one commit. What an own edit keeps from being built is committed
// without a build.
func (h *history) change() {
	s := h.stack()
	have := slices.Sorted(maps.Keys(s.services))
	name := rapid.SampledFrom(names).Draw(h.t, "service")
	value := rapid.IntRange(1, 6).Draw(h.t, "value")
	accept := nothing
	what := rapid.SampledFrom([]string{"set", "set", "set", "remove", "rename", "stack", "edit", "drop", "stale"}).Draw(h.t, "change")
	switch what {
	case "set", "stale":
		s.services[name] = value
	case "remove":
		delete(s.services, name)
	case "rename":
		if len(have) > 0 {
			old := rapid.SampledFrom(have).Draw(h.t, "old")
			value := s.services[old]
			delete(s.services, old)
			s.services[name] = value
		}
	case "stack":
		h.count++
		s.name = fmt.Sprintf("shop%d", h.count)
		accept = everything
	case "drop":
		accept = everything
	}
	h.write(h.t, sourceName, s.source())
	switch what {
	case "stale":
	case "edit":
		h.edit()
	default:
		if diags := build(h.t, h.out(), s, accept); diags.HasErrors() && !h.edited {
			h.t.Fatalf("a build on a branch: %s: %s", codes(diags), details(diags))
		}
	}
	h.commit(h.t, what+" "+name)
}

// edit adds a line of a person's to a generated file.
func (h *history) edit() {
	var files []string
	for p := range texts(h.t, h.out()) {
		if filepath.Base(p) != "nself.lock" {
			files = append(files, p)
		}
	}
	slices.Sort(files)
	p := filepath.Join("out", rapid.SampledFrom(files).Draw(h.t, "file"))
	text := h.read(p)
	at := len(text)
	if rapid.Bool().Draw(h.t, "at the top") {
		at = strings.IndexByte(text, '\n') + 1
	}
	h.count++
	h.write(h.t, p, text[:at]+fmt.Sprintf("# by hand %d.\n", h.count)+text[at:])
	h.edited = true
}

var byHand = regexp.MustCompile(`# by hand \d+\.`)

// editsIn gives the edits in the output of a commit.
func (h *history) editsIn(rev string) map[string]bool {
	out, _ := h.git("grep", "-hI", "by hand", rev, "--", "out") // it fails when there is none
	found := map[string]bool{}
	for _, m := range byHand.FindAllString(out, -1) {
		found[m] = true
	}
	return found
}

// join brings what one branch has to the other, and builds.
func (h *history) join() {
	to := rapid.IntRange(0, 1).Draw(h.t, "to")
	here, other := branches[to], branches[1-to]
	// What is on either side and was not dropped on one may not be lost.
	precious := h.editsIn(here)
	maps.Copy(precious, h.editsIn(other))
	a, b := h.editsIn(here), h.editsIn(other)
	for base := range strings.FieldsSeq(h.must(h.t, "merge-base", "--all", here, other)) {
		for e := range h.editsIn(base) {
			if !a[e] || !b[e] {
				delete(precious, e)
			}
		}
	}
	maps.DeleteFunc(precious, func(e string, _ bool) bool { return h.decided[e] })
	h.asked, h.warned = false, false
	h.must(h.t, "checkout", "-q", here)
	switch how := rapid.SampledFrom([]string{"merge", "rebase", "pick"}).Draw(h.t, "how"); how {
	case "merge":
		if out, err := h.joining("merge", "-q", "--no-edit", other); err != nil {
			h.resolve(out)
			h.must(h.t, "commit", "-q", "--allow-empty", "--no-edit")
		}
	case "rebase":
		out, err := h.joining("rebase", "-q", "--empty=keep", other)
		for n := 0; err != nil; n++ {
			if n > 20 {
				h.t.Fatalf("the rebase does not end:\n%s", out)
			}
			h.resolve(out)
			if out, err = h.git("rebase", "--continue"); diedOfRenames(out) {
				out, err = h.anew("rebase", "-q", "--empty=keep", other)
			}
			h.hear(out)
		}
	case "pick":
		for commit := range strings.FieldsSeq(h.must(h.t, "rev-list", "--reverse", "--no-merges", here+".."+other)) {
			if out, err := h.joining("cherry-pick", "--allow-empty", "--keep-redundant-commits", commit); err != nil {
				h.resolve(out)
				h.must(h.t, "commit", "-q", "--allow-empty", "--no-edit")
			}
		}
	}
	_, _ = h.git("config", "--unset", "merge.directoryRenames") // it is set only where git died
	h.finish("the joined branches", nothing)
	h.commit(h.t, "build")
	// Git itself drops an edit of a file that the other side renamed to one that both
	// have (merge-ort, rename and add): then the warning is all there can be.
	if len(precious) > 0 && !h.asked && !h.warned {
		h.t.Fatalf("nobody was asked about the edits %v", slices.Sorted(maps.Keys(precious)))
	}
}

// joining is one command of git that joins branches.
func (h *history) joining(args ...string) (string, error) {
	out, err := h.git(args...)
	if diedOfRenames(out) {
		out, err = h.anew(args...)
	}
	h.hear(out)
	return out, err
}

// anew does what docs/ci.md says where git died of its search for renamed folders:
// give up, and join without that search.
func (h *history) anew(args ...string) (string, error) {
	h.t.Logf("git died; again without renamed folders: %v", args)
	_ = os.Remove(filepath.Join(h.dir, ".git", "index.lock"))
	_, _ = h.git(args[0], "--abort") // it fails where git died before it began
	h.must(h.t, "reset", "-q", "--hard")
	h.must(h.t, "config", "merge.directoryRenames", "false")
	return h.git(args...)
}

// diedOfRenames tells whether git ended of one of its own assertions: up to version
// 2.51 it does for some renames that cross each other.
func diedOfRenames(said string) bool {
	return strings.Contains(said, "merge-ort.c") && strings.Contains(said, "Assertion")
}

// hear notes the driver's warning.
func (h *history) hear(said string) { h.warned = h.warned || strings.Contains(said, "NS518") }

// finish builds what is on disk, which no more than an edit may stop, and checks
// the output.
func (h *history) finish(what string, accept func(string) bool) {
	s := h.stack()
	diags := build(h.t, h.out(), s, accept)
	if diags.HasErrors() {
		if !h.edited {
			h.t.Fatalf("a build of %s: %s: %s", what, codes(diags), details(diags))
		}
		h.asked = true
		for _, text := range texts(h.t, h.out()) {
			for _, e := range byHand.FindAllString(text, -1) {
				h.decided[e] = true
			}
		}
		if diags := build(h.t, h.out(), s, everything); diags.HasErrors() {
			h.t.Fatalf("a forced build of %s: %s: %s", what, codes(diags), details(diags))
		}
	}
	h.tidy(s)
	checked(h.t, h.out(), s)
}

// tidy moves away what nselfc check calls foreign (NS536) and a build does not look
// at: files that no lock knows, in a folder of the stack's past.
func (h *history) tidy(s stack) {
	all := texts(h.t, h.out())
	ours := map[string]bool{} // folders
	for p := range all {
		if p = filepath.Join("out", p); generated(s, p) {
			ours[filepath.Dir(p)] = true
		}
	}
	for p, text := range all {
		p = filepath.Join("out", p)
		edits := byHand.FindAllString(text, -1)
		if generated(s, p) || filepath.Base(p) == outdir.LockName || h.locked(p) || ours[filepath.Dir(p)] && len(edits) == 0 {
			continue
		}
		for _, e := range edits {
			h.asked, h.decided[e] = true, true
		}
		if err := os.Remove(filepath.Join(h.dir, p)); err != nil {
			h.t.Fatalf("%v", err)
		}
	}
}

// resolve ends a conflict as docs/ci.md says: choose in the source, and build.
func (h *history) resolve(said string) {
	conflicts := h.must(h.t, "diff", "--name-only", "--diff-filter=U")
	if conflicts == "" {
		h.t.Fatalf("git stopped without a conflict:\n%s", said)
	}
	accept := nothing
	if _, ok := parse(h.read(sourceName)); !ok {
		base, _ := h.git("show", ":1:"+sourceName) // there may be none
		o, _ := parse(base)
		ours, _ := parse(h.must(h.t, "show", ":2:"+sourceName))
		theirs, _ := parse(h.must(h.t, "show", ":3:"+sourceName))
		s, other := ours, theirs
		if rapid.Bool().Draw(h.t, "theirs") {
			s, other = theirs, ours
		}
		// A renaming of the stack is no matter of choice unless both sides did it.
		if s.name == o.name {
			s.name = other.name
		} else if other.name != o.name {
			accept = otherStack
		}
		h.write(h.t, sourceName, s.source())
	}
	// Git leaves a file that one side edited, or brought back, and that the other
	// side's build removed, and asks. No lock knows it: the person moves it away.
	for p := range strings.FieldsSeq(conflicts) {
		if p == sourceName {
			continue
		}
		edits := byHand.FindAllString(h.read(p), -1)
		if _, err := os.Stat(filepath.Join(h.dir, p)); err != nil || !h.edited || generated(h.stack(), p) || len(edits) == 0 && h.locked(p) {
			continue
		}
		for _, e := range edits {
			h.asked, h.decided[e] = true, true
		}
		if err := os.Remove(filepath.Join(h.dir, p)); err != nil {
			h.t.Fatalf("%v", err)
		}
	}
	h.finish("a conflict in "+conflicts, accept)
	h.must(h.t, "add", "-A")
}

// locked tells whether the lock of its environment names a file of the output.
func (h *history) locked(p string) bool {
	env, rel, _ := strings.Cut(strings.TrimPrefix(p, "out/"), "/")
	return strings.Contains(h.read("out/"+env+"/nself.lock"), " "+rel+"\n")
}

// generated tells whether the stack has a file with this path.
func generated(s stack, path string) bool {
	for _, env := range environments {
		for _, f := range slices.Concat(s.render(env), outdir.GitFiles()) {
			if filepath.Join("out", env, f.Path) == path {
				return true
			}
		}
	}
	return false
}

// TestHistories: whatever two branches do and however they are joined, a build
// then succeeds without --force unless a hand edit is in the way, ends with just
// what the merged source compiles to, and no hand edit is lost in silence.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{repository: newRepository(t), t: rt, decided: map[string]bool{}}
		s := stack{"shop", map[string]int{"api": 2, "web": 3}}
		h.write(rt, sourceName, s.source())
		if diags := build(rt, h.out(), s, nothing); len(diags) > 0 {
			rt.Fatalf("%s", codes(diags))
		}
		h.commit(rt, "first")
		h.must(rt, "branch", "feature")
		for range rapid.IntRange(1, 2).Draw(rt, "rounds") {
			for _, b := range branches {
				h.must(rt, "checkout", "-q", b)
				for range rapid.IntRange(1, 3).Draw(rt, "commits") {
					h.change()
				}
			}
			h.join()
		}
	})
}
