package model

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Apply gives the model that a list of changes leads to. It is what the JSON of a
// plan promises: whoever has the old model has the new one. An error says that the
// changes are not of this model.
func Apply(old *Model, changes []Change) (*Model, error) {
	gone := map[string]bool{}
	var put []Resource
	for _, c := range changes {
		var attributes map[string]any
		switch c.Action {
		case Delete:
			gone[c.Address] = true
			if old.Find(c.Address) == nil {
				return nil, fmt.Errorf("%s is not in the model", c.Address)
			}
			continue
		case Create:
			attributes = c.After
		case Update:
			before := old.Find(c.Previous)
			if before == nil {
				return nil, fmt.Errorf("%s is not in the model", c.Previous)
			}
			var err error
			if attributes, err = before.Attributes(); err != nil {
				return nil, err
			}
			gone[c.Previous] = true
			for _, a := range c.Attributes {
				if err := set(attributes, a.Path, a.After); err != nil {
					return nil, fmt.Errorf("%s: %w", c.Previous, err)
				}
			}
		}
		text, err := json.Marshal(attributes)
		if err != nil {
			return nil, err
		}
		put = append(put, Resource{Address: c.Address, Text: string(text)})
	}
	m := &Model{}
	for _, r := range old.Resources {
		if !gone[r.Address] {
			m.Resources = append(m.Resources, r)
		}
	}
	m.Resources = append(m.Resources, put...)
	slices.SortFunc(m.Resources, func(a, b Resource) int { return compare(a.Address, b.Address) })
	for i, r := range m.Resources {
		if i > 0 && r.Address == m.Resources[i-1].Address {
			return nil, fmt.Errorf("%s is in the model already", r.Address)
		}
	}
	return m, nil
}

// set puts a value at a path, or removes what is there for nil.
func set(in map[string]any, path []string, v any) error {
	for ; len(path) > 1; path = path[1:] {
		next, ok := in[path[0]].(map[string]any)
		if !ok {
			return fmt.Errorf("there is no %s", path[0])
		}
		in = next
	}
	if v == nil {
		delete(in, path[0])
	} else {
		in[path[0]] = v
	}
	return nil
}
