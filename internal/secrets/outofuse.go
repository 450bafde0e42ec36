package secrets

import (
	"strings"

	"nselfc/compiler/ir"
)

// Bygone is a value that no service is to have any more.
type Bygone struct {
	Value   Sealed
	Retired string // YYYY-MM-DD; "" for the one before the current one
}

// OutOfUse gives the values of a secret that are kept below an output directory and are
// not in use, as far as they can be read: the one that a rotation has put another in
// the place of, and those that were retired by its key. One that is in use again is not
// among them, and none that has no place on a line of its own. It writes nothing.
func OutOfUse(dir string, s *ir.Secret) []Bygone {
	doc := stored(dir)
	inUse := map[string]bool{}
	for _, ending := range []string{"", suffixNext} {
		v, _ := doc.Get(s.Key + ending)
		inUse[v] = true // the empty one too
	}
	var out []Bygone
	add := func(value, retired string) {
		if !inUse[value] && !strings.ContainsAny(value, "\r\n\x00") {
			out = append(out, Bygone{Seal(value), retired})
			inUse[value] = true // once is enough
		}
	}
	previous, _ := doc.Get(s.Key + suffixPrevious)
	add(previous, "")
	for _, e := range storedRetired(dir) {
		for _, ending := range []string{"", suffixNext, suffixPrevious} {
			add(e.Values[s.Key+ending], e.Date)
		}
	}
	return out
}
