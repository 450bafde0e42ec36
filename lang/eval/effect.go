package eval

import (
	"cmp"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/source"
)

// Effect is what a value entails for whoever uses it. It is a mark on the value
// and travels with it through any number of expressions, so that taking one
// element of a collection entails what that element does and no more. Exactly
// one of its two forms is used.
type Effect struct {
	// Address of a thing that the value leads to: the service whose host it holds.
	Address string
	// File that comes along with the value, and its text, which may hold tokens.
	File string
	Text string
	// Range is where the file is declared.
	Range source.Range
}

// On gives the value with the effect on it.
func (e *Effect) On(v cty.Value) cty.Value { return v.Mark(e) }

// Use is an effect together with the expression that brought it about.
type Use struct {
	*Effect
	At source.Range
}

// uses is a set of effects in order of first appearance.
type uses struct {
	list []Use
	seen map[*Effect]struct{}
}

func (u *uses) add(e *Effect, at source.Range) {
	// Most sets hold one or two effects: no map until there are more.
	if u.seen == nil {
		if slices.ContainsFunc(u.list, func(x Use) bool { return x.Effect == e }) {
			return
		}
		if len(u.list) == 8 {
			u.seen = make(map[*Effect]struct{}, 16)
			for _, x := range u.list {
				u.seen[x.Effect] = struct{}{}
			}
		}
	}
	if u.seen != nil {
		if _, dup := u.seen[e]; dup {
			return
		}
		u.seen[e] = struct{}{}
	}
	if u.list == nil {
		u.list = make([]Use, 0, 4)
	}
	u.list = append(u.list, Use{e, at})
}

// effectsOf lists the effects among marks in a fixed order.
func effectsOf(marks cty.ValueMarks) []*Effect {
	out := make([]*Effect, 0, len(marks))
	for m := range marks {
		if e, ok := m.(*Effect); ok {
			out = append(out, e)
		}
	}
	if len(out) > 1 {
		slices.SortFunc(out, func(a, b *Effect) int {
			return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.File, b.File), cmp.Compare(a.Text, b.Text))
		})
	}
	return out
}

// plain takes the marks off a value, from its inside too.
func plain(v cty.Value) (cty.Value, cty.ValueMarks) {
	if v.Type().IsPrimitiveType() || v.IsNull() {
		return v.Unmark()
	}
	if !v.ContainsMarked() {
		return v, nil
	}
	return v.UnmarkDeep()
}
