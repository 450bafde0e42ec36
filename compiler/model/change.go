package model

import (
	"maps"
	"path"
	"slices"
)

// Action is what became of a resource.
type Action string

// The actions. A resource that was renamed is an update with another Previous.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

// Change is what is different about one resource.
type Change struct {
	Address  string
	Previous string // its address before; differs from Address when it was renamed
	Type     string
	Action   Action
	Before   map[string]any // all attributes; nil for a resource that is new
	After    map[string]any // the same; nil for one that is gone
	// Attributes are the differences, by path; of an update only.
	Attributes []Attribute
}

// Renamed tells whether the resource has another address than before.
func (c *Change) Renamed() bool { return c.Action == Update && c.Previous != c.Address }

// Attribute is one difference. Before and After are values of JSON: nil where
// there is none, a map for an object that came or went as a whole.
type Attribute struct {
	Path          []string
	Before, After any
}

// Diff compares two models. Resources with the same text are not looked into.
// The changes are sorted by address. renamable lists the types of resources that
// may have another address and be the same; none means Renamable.
func Diff(old, now *Model, renamable ...string) ([]Change, error) {
	var gone, come, both []Change
	i, j := 0, 0
	for i < len(old.Resources) || j < len(now.Resources) {
		switch {
		case j == len(now.Resources) || i < len(old.Resources) && old.Resources[i].Address < now.Resources[j].Address:
			c, err := one(&old.Resources[i], nil)
			if err != nil {
				return nil, err
			}
			gone = append(gone, c)
			i++
		case i == len(old.Resources) || now.Resources[j].Address < old.Resources[i].Address:
			c, err := one(nil, &now.Resources[j])
			if err != nil {
				return nil, err
			}
			come = append(come, c)
			j++
		default:
			if old.Resources[i].Text != now.Resources[j].Text {
				c, err := one(&old.Resources[i], &now.Resources[j])
				if err != nil {
					return nil, err
				}
				if len(c.Attributes) > 0 {
					both = append(both, c)
				}
			}
			i++
			j++
		}
	}
	if len(renamable) == 0 {
		renamable = Renamable
	}
	gone, come, renamed := pair(gone, come, renamable)
	all := slices.Concat(gone, come, both, renamed)
	slices.SortFunc(all, func(a, b Change) int { return compare(a.Address, b.Address) })
	return all, nil
}

// one compares two states of a resource, one of which may be missing.
func one(before, after *Resource) (c Change, err error) {
	if before != nil {
		if c.Before, err = before.Attributes(); err != nil {
			return c, err
		}
		c.Action, c.Address, c.Type = Delete, before.Address, typeOf(c.Before)
		c.Previous = c.Address
	}
	if after != nil {
		if c.After, err = after.Attributes(); err != nil {
			return c, err
		}
		c.Action, c.Address, c.Type = Create, after.Address, typeOf(c.After)
		c.Previous = c.Address
	}
	if before != nil && after != nil {
		c.Action, c.Previous = Update, before.Address
		c.Attributes = differences(nil, nil, c.Before, c.After)
	}
	return c, nil
}

func typeOf(attributes map[string]any) string {
	s, _ := attributes["type"].(string)
	return s
}

// differences appends what differs between two objects, by path.
func differences(out []Attribute, at []string, before, after map[string]any) []Attribute {
	names := slices.Collect(maps.Keys(before))
	for name := range after {
		if _, both := before[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b, a := before[name], after[name]
		if Equal(b, a) {
			continue
		}
		below := append(slices.Clip(at), name)
		inB, okB := b.(map[string]any)
		inA, okA := a.(map[string]any)
		if okB && okA && !Sensitive(b) && !Sensitive(a) {
			out = differences(out, below, inB, inA)
			continue
		}
		out = append(out, Attribute{Path: below, Before: b, After: a})
	}
	return out
}

// SensitiveValue stands for a text with secrets whose words do not matter.
var SensitiveValue = map[string]any{sensitive: ""}

// Sensitive tells whether a value stands for a text with secrets.
func Sensitive(v any) bool {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return false
	}
	_, ok = m[sensitive].(string)
	return ok
}

// Secrets gives the text that a sensitive value stands for: it names the secrets.
func Secrets(v any) string {
	m, _ := v.(map[string]any)
	s, _ := m[sensitive].(string)
	return s
}

// Equal compares two values of JSON.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, Equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// Bounds of the search for renamed resources: pairs that are looked at, and how
// much of two must be the same.
const (
	maxPairs = 10_000
	alike    = 0.6
)

// Renamable are the types whose resources may be renamed. What holds data is not
// among them: a volume of another name is another volume.
var Renamable = []string{TypeService, TypeKind, TypeFile}

// pair finds resources that only have another address: a service whose block was
// renamed is not a new one.
func pair(gone, come []Change, renamable []string) (stillGone, stillCome, renamed []Change) {
	if len(gone)*len(come) > maxPairs {
		return gone, come, nil
	}
	taken := map[string]bool{}
	for _, g := range gone {
		best, score := -1, alike
		for i, c := range come {
			if taken[c.Address] || c.Type != g.Type || !slices.Contains(renamable, c.Type) || !akin(&g, &c) {
				continue
			}
			if s := likeness(g.Before, c.After); s > score {
				best, score = i, s
			}
		}
		if best < 0 {
			stillGone = append(stillGone, g)
			continue
		}
		c := come[best]
		taken[c.Address] = true
		c.Action, c.Previous, c.Before = Update, g.Address, g.Before
		c.Attributes = differences(nil, nil, c.Before, c.After)
		renamed = append(renamed, c)
	}
	for _, c := range come {
		if !taken[c.Address] {
			stillCome = append(stillCome, c)
		}
	}
	return stillGone, stillCome, renamed
}

// akin tells whether two resources can be one at all: kinds of one type, and files
// of one name in another folder.
func akin(gone, come *Change) bool {
	switch come.Type {
	case TypeKind:
		return gone.Before["kind"] == come.After["kind"]
	case TypeFile:
		return path.Base(gone.Address) == path.Base(come.Address)
	}
	return true
}

// likeness is the share of leaves that two objects have in common, from 0 to 1.
func likeness(a, b map[string]any) float64 {
	total, same := 0, 0
	countLeaves(a, b, &total, &same)
	more := 0
	countLeaves(b, nil, &more, new(int))
	if total+more == 0 {
		return 0
	}
	return 2 * float64(same) / float64(total+more)
}

func countLeaves(a, b map[string]any, total, same *int) {
	for name, v := range a {
		if inside, ok := v.(map[string]any); ok {
			other, _ := b[name].(map[string]any)
			countLeaves(inside, other, total, same)
			continue
		}
		*total++
		if w, there := b[name]; there && Equal(v, w) {
			*same++
		}
	}
}
