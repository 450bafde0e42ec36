package verify

import (
	"maps"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"nselfc/compiler/ir"
)

// local is how a path below the output directory must look in the file.
func local(path string) string {
	if path == "." || strings.HasPrefix(path, "./") || path == ".." || strings.HasPrefix(path, "../") || strings.HasPrefix(path, "/") {
		return path
	}
	return "./" + path
}

func texts(list []ir.String) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.V)
	}
	return out
}

func variables(list []ir.EnvVar) map[string]string {
	out := map[string]string{}
	for _, v := range list {
		out[v.Name] = v.Value.V
	}
	return out
}

func plainMap(m map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, m)
	return out
}

// present gives the variables of a mapping. One without a value would be taken
// from the environment of whoever runs Compose, and shows as "(inherited)".
func present(m types.MappingWithEquals) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if v == nil {
			out[k] = "(inherited)"
			continue
		}
		out[k] = *v
	}
	return out
}

func ownLabels(m types.Labels) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if strings.HasPrefix(k, "io.nselfc.") {
			out[k] = v
		}
	}
	return out
}

// duration gives the canonical form of a duration, as the loader reads it.
func duration(s string) string {
	if s == "" {
		return ""
	}
	var d types.Duration
	if err := d.DecodeMapstructure(s); err != nil {
		return s
	}
	return d.String()
}

func text(d *types.Duration) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func nilIfEmpty[T any, S ~[]T](list S) []T {
	if len(list) == 0 {
		return nil
	}
	return []T(list)
}
