package compose

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// extra is what extra_compose adds to a service: only keys that extraKeys lets
// through, in the order in which they are written.
type extra struct {
	workingDir ir.String
	labels     []ir.EnvVar
	keys       []extraValue
}

type extraValue struct {
	key   string
	value source.Value[cty.Value]
}

// mergeExtra decides about extra_compose. It is a function of the service
// alone: what passes is merged under the keys that the language has no argument
// for, so that nothing the compiler wrote can be replaced or taken away. What
// does not pass is an error; what does is named in one warning.
func mergeExtra(s *ir.Service) (extra, diag.List) {
	v := s.Extra.V
	if v == cty.NilVal || v.IsNull() {
		return extra{}, nil
	}
	v, _ = v.UnmarkDeep() // a mark without a token is a literal: conditionals keep the marks of both branches
	if !v.IsWhollyKnown() || !(v.Type().IsObjectType() || v.Type().IsMapType()) {
		return extra{}, diag.List{extraError("NS362", s, "", extraForm,
			"extra_compose of %s must be an object with keys of a Compose service, such as `{ shm_size = \"64m\" }`.", s.Address)}
	}
	var x extra
	var merged []string
	var diags diag.List
	for it := v.ElementIterator(); it.Next(); { // by the alphabet
		k, value := it.Element()
		key := k.AsString()
		if value.IsNull() {
			continue // as everywhere in the language: left out
		}
		if d := refuse(s, key, value); d != nil {
			diags = append(diags, d)
			continue
		}
		merged = append(merged, key)
		switch key {
		case "working_dir":
			x.workingDir = ir.String{V: value.AsString(), Origin: s.Extra.Origin}
		case "labels":
			for it := value.ElementIterator(); it.Next(); {
				name, text := it.Element()
				x.labels = append(x.labels, ir.EnvVar{Name: name.AsString(), Value: ir.String{V: text.AsString(), Origin: s.Extra.Origin}})
			}
		default:
			x.keys = append(x.keys, extraValue{key, source.Value[cty.Value]{V: value, Origin: s.Extra.Origin}})
		}
	}
	if len(merged) > 0 {
		diags = append(diags, diag.Warningf("NS360", s.Extra.Range, "Keys are passed to Compose as written",
			"extra_compose of %s adds %s to docker-compose.yml as written. The compiler checks their form and that they undo no hardening, but not what they do: review them as you would review the file itself.",
			s.Address, list(merged)))
	}
	return x, diags
}

const (
	extraRefused = "Key is not allowed in extra_compose"
	extraForm    = "Value does not have the form that Compose expects"
)

// extraError is about a key of extra_compose, or with "" about all of it.
func extraError(code string, s *ir.Service, key, summary, detail string, args ...any) *diag.Diagnostic {
	at := s.Extra.Range
	for _, k := range s.ExtraKeys {
		if k.V == key {
			at = k.Range
		}
	}
	return diag.Errorf(code, at, summary, detail, args...)
}

// refuse gives the error for a key that must not be merged, or nil. A key that
// the table does not know is refused too: Compose may give it any meaning.
func refuse(s *ir.Service, key string, value cty.Value) *diag.Diagnostic {
	rule, known := extraKeys[key]
	switch {
	case !known:
		return extraError("NS361", s, key, extraRefused,
			"`%s` in extra_compose of %s is no key of a service in the Compose specification, or one that nselfc has not judged yet. Keys that may stand here: %s.",
			key, s.Address, list(allowedKeys()))
	case rule.fits == nil:
		return extraError("NS361", s, key, extraRefused,
			"`%s` must not be set in extra_compose of %s: %s", key, s.Address, rule.say)
	case holdsSecret(value):
		return extraError("NS363", s, key, "Secret in extra_compose",
			"`%s` in extra_compose of %s holds a secret, which would stand in docker-compose.yml and in git for everyone to read. Pass it in a file instead:\n\n    secrets = { NAME = … }",
			key, s.Address)
	case !rule.fits(value) || validate(asService(key, value)) != nil:
		return extraError("NS362", s, key, extraForm,
			"`%s` in extra_compose of %s must be %s.", key, s.Address, rule.say)
	}
	if n, ok := sizeOf(value); ok && key == "mem_reservation" && s.Memory.V > 0 && n > s.Memory.V {
		return extraError("NS362", s, key, extraForm,
			"`%s` in extra_compose of %s is above the service's limit of memory: Docker would not start the container. Reserve less, or raise the limit:\n\n"+
				"    resources {\n      memory = \"2G\"\n    }", key, s.Address)
	}
	return nil
}

// holdsSecret looks for the token of a secret, which no literal can contain.
func holdsSecret(v cty.Value) bool {
	found := false
	// The callback returns no error, so Walk returns none.
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.String && !v.IsNull() && strings.Contains(v.AsString(), secret.Mark) {
			found = true
		}
		return !found, nil
	})
	return found
}

// asService makes the smallest model in which Compose's schema can judge a key.
func asService(key string, v cty.Value) map[string]any {
	return map[string]any{"services": map[string]any{"x": map[string]any{key: native(v)}}}
}

// native converts a value for the schema, which sees types and no precision.
func native(v cty.Value) any {
	switch ty := v.Type(); {
	case v.IsNull():
		return nil
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		return f
	case ty.IsObjectType() || ty.IsMapType():
		m := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			m[k.AsString()] = native(e)
		}
		return m
	default:
		l := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			l = append(l, native(e))
		}
		return l
	}
}

func allowedKeys() []string {
	var out []string
	for k, rule := range extraKeys {
		if rule.fits != nil {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// list words names for a sentence.
func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}
