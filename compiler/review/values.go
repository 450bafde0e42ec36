package review

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// object gives the object at a path; nil, which has no members, where there is none.
func object(in map[string]any, path ...string) map[string]any {
	for _, name := range path {
		in, _ = in[name].(map[string]any)
	}
	return in
}

// text gives the string at a path, or "".
func text(in map[string]any, path ...string) string {
	s, _ := object(in, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

// truth tells whether the member at a path is true.
func truth(in map[string]any, path ...string) bool {
	b, _ := object(in, path[:len(path)-1]...)[path[len(path)-1]].(bool)
	return b
}

// number gives the number at a path, or 0.
func number(in map[string]any, path ...string) float64 {
	n, _ := object(in, path[:len(path)-1]...)[path[len(path)-1]].(json.Number)
	f, err := n.Float64()
	if err != nil {
		return 0
	}
	return f
}

// names gives the names of members, sorted.
func names[V any](in map[string]V) []string { return slices.Sorted(maps.Keys(in)) }

// came gives the names that only the second of two objects has.
func came(before, after map[string]any) []string {
	var out []string
	for _, name := range names(after) {
		if _, there := before[name]; !there {
			out = append(out, name)
		}
	}
	return out
}

// most is how many names a sentence lists.
const most = 6

// list joins names for a sentence.
func list(names []string) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// everywhere is what an empty list of addresses means.
const everywhere = "every address"

// addresses gives a set of addresses for a sentence.
func addresses(set map[string]any) string {
	if len(set) == 0 {
		return everywhere
	}
	return list(names(set))
}
