package verify

import (
	"maps"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"gopkg.in/yaml.v3"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// extras compares extra_compose with the bytes themselves: Compose gives each
// of those keys a shape of its own, so that the loaded project shows only that
// something was read, not what.
func (c *comparison) extras(stack *ir.Stack, files []emit.File) {
	if len(c.diags) > 0 || !anyExtra(stack) {
		return
	}
	services := map[string]map[string]any{}
	for _, f := range files {
		var doc struct {
			Services map[string]map[string]any `yaml:"services"`
		}
		if err := yaml.Unmarshal([]byte(f.Text.String()), &doc); err != nil {
			c.diags = append(c.diags, bug(stack.Name.Range, "%s is no YAML: %s.", f.Path, err))
			return
		}
		maps.Copy(services, doc.Services)
	}
	for _, s := range stack.Services {
		c.at = s.Extra.Range
		for key := range extraKeys(s) {
			v, _ := s.Extra.V.UnmarkDeep()
			want := native(element(v, key))
			got := undollar(services[s.Name][key])
			if labels, ok := got.(map[string]any); ok && key == "labels" {
				delete(labels, "io.nselfc.address")
				delete(labels, "io.nselfc.config")
				delete(labels, labelNetworks)
			}
			c.equal("services."+s.Name+"."+key, want, got)
		}
	}
}

func anyExtra(stack *ir.Stack) bool {
	for _, s := range stack.Services {
		if len(extraKeys(s)) > 0 {
			return true
		}
	}
	return false
}

// extraKeys are the keys that extra_compose sets; a null leaves one out.
func extraKeys(s *ir.Service) map[string]bool {
	v := s.Extra.V
	if v == cty.NilVal || v.IsNull() {
		return nil
	}
	v, _ = v.UnmarkDeep()
	out := map[string]bool{}
	for it := v.ElementIterator(); it.Next(); {
		if k, e := it.Element(); !e.IsNull() {
			out[k.AsString()] = true
		}
	}
	return out
}

func element(v cty.Value, key string) cty.Value {
	if v.Type().IsMapType() {
		return v.Index(cty.StringVal(key))
	}
	return v.GetAttr(key)
}

// native gives a value the types in which yaml.v3 reads it.
func native(v cty.Value) any {
	switch ty := v.Type(); {
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		n, _ := v.AsBigFloat().Int64()
		return int(n)
	case ty.IsObjectType() || ty.IsMapType():
		m := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			m[k.AsString()] = native(e)
		}
		return m
	default:
		var l []any
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			l = append(l, native(e))
		}
		return l
	}
}

// undollar does to strings what Compose's interpolation does to doubled signs.
func undollar(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "$$", "$")
	case map[string]any:
		for k, e := range v {
			v[k] = undollar(e)
		}
	case []any:
		for i, e := range v {
			v[i] = undollar(e)
		}
	}
	return v
}
