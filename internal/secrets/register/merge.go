package register

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Merge merges two registers that grew from a third, secret by secret, so that no
// rotation is forgotten: of two entries the one of the higher generation wins, then
// the one of the later day, then the one with a fingerprint, then ours. Should the
// host have another value after all, its next build records that. base may be empty.
func Merge(base, ours, theirs []byte) ([]byte, error) {
	sides := [3]*Register{}
	for i, side := range [3]struct {
		what string
		text []byte
	}{{"common ancestor", base}, {"current side", ours}, {"merged-in side", theirs}} {
		if i == 0 && len(base) == 0 {
			sides[i] = New("")
			continue
		}
		var err error
		if sides[i], err = Read(side.text); err != nil {
			return nil, fmt.Errorf("the %s, %w", side.what, err)
		}
	}
	o, a, b := sides[0], sides[1], sides[2]
	out := New(a.Stack)
	if a.Stack == o.Stack {
		out.Stack = b.Stack
	}
	addresses := slices.Sorted(maps.Keys(a.Entries))
	for address := range b.Entries {
		if a.Entries[address] == nil {
			addresses = append(addresses, address)
		}
	}
	for _, address := range addresses {
		was, x, y := o.Entries[address], a.Entries[address], b.Entries[address]
		switch {
		case x != nil && y != nil:
			out.Entries[address] = later(x, y)
		case x != nil && (was == nil || *was != *x): // what one side removed and the other changed stays
			out.Entries[address] = x
		case y != nil && (was == nil || *was != *y):
			out.Entries[address] = y
		}
	}
	return out.Bytes(), nil
}

// later gives the entry that says more of the present value; the day on which the
// first value was made is the earlier of the two.
func later(x, y *Entry) *Entry {
	win := *x
	if cmp.Or(cmp.Compare(y.Generation, x.Generation), cmp.Compare(y.Since(), x.Since()), cmp.Compare(y.Fingerprint, "")-cmp.Compare(x.Fingerprint, "")) > 0 {
		win = *y
	}
	win.Created = min(x.Created, y.Created)
	return &win
}
