package textdiff

import (
	"maps"
	"path"
	"slices"
	"strings"
)

const (
	similar   = 60 // percent of the longer text's lines that a renamed one has kept
	rivals    = 8  // texts that may share a line before it says nothing any more
	favourite = 4  // texts that one is compared with
)

// Renames tells which of the texts that were added are removed ones under another
// path: added path → removed path, each used once. Equal texts go first, then those
// with most of their lines in common, 60 % of the longer one at least; of several
// as good, the one with the same base name, then the first by path. Empty texts are
// never renamed: any two are equal.
func Renames(removed, added map[string]string) map[string]string {
	r := renames{out: map[string]string{}, taken: map[string]bool{}}
	r.identical(removed, added)
	r.similar(removed, added)
	return r.out
}

type renames struct {
	out   map[string]string
	taken map[string]bool // removed paths
}

func (r *renames) pair(from, to string) {
	if _, done := r.out[to]; !done && !r.taken[from] {
		r.out[to], r.taken[from] = from, true
	}
}

func (r *renames) identical(removed, added map[string]string) {
	sameText := map[string][]string{}
	sameBase := map[[2]string][]string{}
	for _, p := range slices.Sorted(maps.Keys(removed)) {
		if text := removed[p]; text != "" {
			sameText[text] = append(sameText[text], p)
			key := [2]string{text, path.Base(p)}
			sameBase[key] = append(sameBase[key], p)
		}
	}
	paths := slices.Sorted(maps.Keys(added))
	// Each list is used up from its front, so that a crowd of equal texts is read once.
	next := func(list []string) []string {
		for len(list) > 0 && r.taken[list[0]] {
			list = list[1:]
		}
		return list
	}
	for _, p := range paths {
		key := [2]string{added[p], path.Base(p)}
		sameBase[key] = next(sameBase[key])
		if list := sameBase[key]; len(list) > 0 {
			r.pair(list[0], p)
		}
	}
	for _, p := range paths {
		if _, done := r.out[p]; done {
			continue
		}
		sameText[added[p]] = next(sameText[added[p]])
		if list := sameText[added[p]]; len(list) > 0 {
			r.pair(list[0], p)
		}
	}
}

// bag counts the lines of a text.
type bag struct {
	path  string
	size  int
	lines map[string]int
}

func bagOf(path, text string) *bag {
	b := &bag{path: path, lines: map[string]int{}}
	for _, l := range Lines(text) {
		b.lines[l]++
		b.size++
	}
	return b
}

// score is how much of a pair's longer text is common, in percent.
type score struct {
	percent  int
	base     bool
	from, to string
}

func (r *renames) similar(removed, added map[string]string) {
	bags := map[string]*bag{}
	holders := map[string][]string{} // of a line: removed texts, at most one more than rivals
	bases := map[string][]string{}
	for _, p := range slices.Sorted(maps.Keys(removed)) {
		if r.taken[p] || removed[p] == "" {
			continue
		}
		bags[p] = bagOf(p, removed[p])
		for l := range bags[p].lines {
			if len(holders[l]) <= rivals {
				holders[l] = append(holders[l], p)
			}
		}
		if b := path.Base(p); len(bases[b]) < favourite {
			bases[b] = append(bases[b], p)
		}
	}
	var scores []score
	for to, text := range added {
		if _, done := r.out[to]; done || text == "" {
			continue
		}
		b := bagOf(to, text)
		for _, from := range candidates(b, holders, bases) {
			s := score{b.common(bags[from]), path.Base(from) == path.Base(to), from, to}
			if s.percent >= similar {
				scores = append(scores, s)
			}
		}
	}
	slices.SortFunc(scores, func(x, y score) int {
		switch {
		case x.percent != y.percent:
			return y.percent - x.percent
		case x.base != y.base && x.base:
			return -1
		case x.base != y.base:
			return 1
		case x.to != y.to:
			return strings.Compare(x.to, y.to)
		}
		return strings.Compare(x.from, y.from)
	})
	for _, s := range scores {
		r.pair(s.from, s.to)
	}
}

// candidates gives the texts that share most of the lines which few texts have,
// and those of the same base name, as texts made from one template may share only
// lines that many have.
func candidates(b *bag, holders, bases map[string][]string) []string {
	shared := map[string]int{}
	for l := range b.lines {
		if list := holders[l]; len(list) <= rivals {
			for _, p := range list {
				shared[p]++
			}
		}
	}
	best := slices.Collect(maps.Keys(shared))
	slices.SortFunc(best, func(x, y string) int {
		if shared[x] != shared[y] {
			return shared[y] - shared[x]
		}
		return strings.Compare(x, y)
	})
	best = best[:min(len(best), favourite)]
	for _, p := range bases[path.Base(b.path)] {
		if !slices.Contains(best, p) {
			best = append(best, p)
		}
	}
	return best
}

// common gives the percentage of the longer text's lines that both have. Texts
// too different in size are not read, so that a long one costs each short one
// nothing.
func (b *bag) common(other *bag) int {
	longer := max(b.size, other.size)
	if 100*min(b.size, other.size) < similar*longer {
		return 0
	}
	n := 0
	for l, count := range b.lines {
		n += min(count, other.lines[l])
	}
	return 100 * n / longer
}
