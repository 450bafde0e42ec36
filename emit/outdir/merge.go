package outdir

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// MergeLocks merges two locks that grew from a third, fact by fact: of each
// file, image, secret and source the side that changed it wins, and where both
// did, ours. That is what becomes of the files themselves when a merge keeps
// ours of those that both sides changed, so the merged lock says what is on
// disk. Where one side changed what the other removed, git leaves the changed
// file, and so does the lock.
//
// Git follows renames, and may leave a text in another place than either side
// had it. So the merged lock also lists both texts of every file about which the
// sides disagree (Lock.Merged), and the next build takes every text that such a
// lock knows for its own, wherever it stands. The lock of a build lists none.
//
// name is the lock's path, for the diagnostic. An empty base stands for sides
// that have no common lock. The error is NS516, and then there is no result.
func MergeLocks(name string, base, ours, theirs []byte) ([]byte, diag.List) {
	sides := [...]struct {
		what string
		text []byte
		lock *Lock
	}{{what: "common ancestor", text: base}, {what: "current side", text: ours}, {what: "merged-in side", text: theirs}}
	for i := range sides {
		s := &sides[i]
		s.lock = &Lock{}
		if i == 0 && len(base) == 0 {
			continue
		}
		var diags diag.List
		if s.lock, diags = ReadLock(name, s.text); diags.HasErrors() {
			return nil, diag.List{cannotMerge(name, s.what, diags[0])}
		}
	}
	o, a, b := sides[0].lock, sides[1].lock, sides[2].lock
	m := Lock{
		Stack:    change(o.Stack, a.Stack, b.Stack),
		Compiler: change(o.Compiler, a.Compiler, b.Compiler),
		Inputs:   merge(o.Inputs, a.Inputs, b.Inputs, func(i Input) string { return i.Name }, change),
		Files:    merge(o.Files, a.Files, b.Files, func(r Record) string { return r.Path }, changeRecord),
		Secrets:  merge(o.Secrets, a.Secrets, b.Secrets, func(s Secret) string { return s.Address }, changeSecret),
		Merged:   disputed(a, b),
	}
	for _, p := range merge(o.pins(), a.pins(), b.pins(), func(p pins) string { return p.reference }, change) {
		for digest := range strings.SplitSeq(p.digests, " ") {
			m.Images = append(m.Images, Image{Reference: p.reference, Digest: digest})
		}
	}
	merged := m.Bytes()
	// Paths that are sound on either side may not be so together, as where they differ
	// in case only, and there may be too many.
	if _, diags := ReadLock(name, merged); diags.HasErrors() {
		return nil, diag.List{cannotMerge(name, "merged stack", diags[0])}
	}
	return merged, nil
}

// merge merges three lists of facts, each with a key of its own. both decides of
// a fact that both sides have and either changed.
func merge[T comparable](base, ours, theirs []T, key func(T) string, both func(base, ours, theirs T) T) []T {
	type fact struct {
		is    [3]T
		there [3]bool
	}
	facts := map[string]*fact{}
	var order []*fact // Bytes sorts; until then the same input gives the same list
	for i, side := range [][]T{base, ours, theirs} {
		for _, v := range side {
			f := facts[key(v)]
			if f == nil {
				f = &fact{}
				facts[key(v)], order = f, append(order, f)
			}
			f.is[i], f.there[i] = v, true
		}
	}
	const o, a, b = 0, 1, 2
	var out []T
	for _, f := range order {
		switch {
		case f.there[a] && f.there[b]:
			out = append(out, both(f.is[o], f.is[a], f.is[b]))
		case f.there[a] && f.is[a] != f.is[o]: // without a base, it is not the zero fact
			out = append(out, f.is[a])
		case f.there[b] && f.is[b] != f.is[o]:
			out = append(out, f.is[b])
		}
	}
	return out
}

// change gives the side that changed; where both did, ours.
func change[T comparable](base, ours, theirs T) T {
	if ours == base {
		return theirs
	}
	return ours
}

// changeRecord merges the text and the permissions of a file each by itself, as
// git does.
func changeRecord(base, ours, theirs Record) Record {
	t := change(base.text(), ours.text(), theirs.text())
	return Record{Path: ours.Path, Digest: t.digest, Size: t.size, Mode: change(base.Mode, ours.Mode, theirs.Mode)}
}

// changeSecret lets no rotation be forgotten: a generation only grows.
func changeSecret(base, ours, theirs Secret) Secret {
	s := change(base, ours, theirs)
	if ours.Kind == theirs.Kind {
		s.Generation = max(ours.Generation, theirs.Generation)
	}
	return s
}

// disputed gives the files about whose texts two locks disagree, as either has
// them, and what they still know of earlier merges.
func disputed(ours, theirs *Lock) []Record {
	out := slices.Concat(ours.Merged, theirs.Merged)
	known := make(map[string]text, len(ours.Files))
	for _, r := range ours.Files {
		known[r.Path] = r.text()
	}
	agreed := make(map[string]bool, len(ours.Files))
	for _, r := range theirs.Files {
		if t, ok := known[r.Path]; ok && t == r.text() {
			agreed[r.Path] = true
		}
	}
	for _, r := range slices.Concat(ours.Files, theirs.Files) {
		if !agreed[r.Path] {
			out = append(out, r)
		}
	}
	return out
}

// pins are the digests of one image reference, one for most.
type pins struct{ reference, digests string }

func (l *Lock) pins() []pins {
	images := slices.SortedFunc(slices.Values(l.Images), func(x, y Image) int {
		return cmp.Or(cmp.Compare(x.Reference, y.Reference), cmp.Compare(x.Digest, y.Digest))
	})
	var out []pins
	for _, i := range images {
		if n := len(out); n > 0 && out[n-1].reference == i.Reference {
			out[n-1].digests += " " + i.Digest
			continue
		}
		out = append(out, pins{i.Reference, i.Digest})
	}
	return out
}

func cannotMerge(name, side string, why *diag.Diagnostic) *diag.Diagnostic {
	reason, _, _ := strings.Cut(why.Detail, "\n")
	return diag.Errorf("NS516", wholeFile(name), "Lock files cannot be merged",
		"The lock of the %s is not one that a build wrote. Its line %d: %s Nothing can be told from it, so git leaves a conflict. Merge nself.hcl, take the output "+
			"directory from a commit whose lock is whole, and build:\n\n    git checkout --no-overlay HEAD -- %s\n    nselfc build",
		side, why.Subject.Start.Line, reason, escape.ShellWord(path.Dir(name)))
}
