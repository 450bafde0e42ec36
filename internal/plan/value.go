package plan

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/model"
	"nselfc/compiler/reference"
	"nselfc/lang/diag/render"
)

// sized are the attributes that count bytes; digested those whose value says no
// more to a reader than that something is different.
var (
	sized    = []string{"memory", "size", "body_size"}
	digested = []string{"digest", "config"}
)

// What stands for a value that nobody may see, and for none.
const (
	sensitiveChanged = "(sensitive, changed)"
	sensitiveValue   = "(sensitive)"
	noValue          = "(none)"
)

// told gives the attributes of a change that a reader needs. Which secrets a text is
// made of is one difference, however many come and go.
func told(list []model.Attribute) []model.Attribute {
	var out []model.Attribute
	seen := map[string]bool{}
	for _, a := range list {
		i := slices.Index(a.Path, "uses")
		if i < 0 {
			out = append(out, a)
			continue
		}
		if i == 0 { // of a file, whose form differs as well
			continue
		}
		of := a.Path[:i]
		if key := model.Key(of); !seen[key] {
			seen[key] = true
			out = append(out, model.Attribute{Path: of, Before: model.SensitiveValue, After: model.SensitiveValue})
		}
	}
	return out
}

// describe gives both values of an attribute for a reader: "1.4.1 → 1.4.2".
func describe(a model.Attribute) string {
	name := a.Path[len(a.Path)-1]
	switch {
	case model.Sensitive(a.Before) && model.Sensitive(a.After):
		return sensitiveChanged
	case len(a.Path) == 1 && slices.Contains(digested, name):
		return "(changed)"
	case name == "image":
		if s, ok := images(a.Before, a.After); ok {
			return s
		}
	}
	before, isList := a.Before.([]any)
	after, isListToo := a.After.([]any)
	if isList && isListToo && len(before)+len(after) > 8 {
		return members(before, after)
	}
	return value(name, a.Before) + " → " + value(name, a.After)
}

// images shows of two references of one name only what differs.
func images(before, after any) (string, bool) {
	b, okB := before.(string)
	a, okA := after.(string)
	if !okB || !okA {
		return "", false
	}
	was, errB := reference.Parse(b)
	is, errA := reference.Parse(a)
	if errB != nil || errA != nil || was.Name != is.Name {
		return "", false
	}
	return version(was, is.Digest != was.Digest) + " → " + version(is, is.Digest != was.Digest), true
}

func version(i reference.Image, digest bool) string {
	s := i.Tag
	if digest && i.Digest != "" {
		const short = len("sha256:") + 12
		if s != "" {
			s += "@"
		}
		s += i.Digest[:min(short, len(i.Digest))]
	}
	if s == "" {
		return "(no tag)"
	}
	return s
}

// members shows of two long lists only what came and went.
func members(before, after []any) string {
	var out []string
	for _, v := range after {
		if !slices.ContainsFunc(before, func(w any) bool { return model.Equal(v, w) }) {
			out = append(out, "+"+value("", v))
		}
	}
	for _, v := range before {
		if !slices.ContainsFunc(after, func(w any) bool { return model.Equal(v, w) }) {
			out = append(out, "-"+value("", v))
		}
	}
	if len(out) == 0 {
		return "(another order)"
	}
	return cut(strings.Join(out, ", "))
}

// Value gives the value of an attribute for a reader; name is the attribute's.
func Value(name string, v any) string { return value(name, v) }

// value gives one value for a reader.
func value(name string, v any) string {
	switch v := v.(type) {
	case nil:
		return noValue
	case string:
		if v == "" || strings.TrimSpace(v) != v || strings.Contains(v, "→") {
			return cut(strconv.Quote(v))
		}
		return cut(v)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		if n, err := v.Int64(); err == nil && slices.Contains(sized, name) {
			return size(n)
		}
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = value("", e)
		}
		return cut("[" + strings.Join(parts, ", ") + "]")
	case map[string]any:
		if model.Sensitive(v) {
			return sensitiveValue
		}
		return cut(object(v))
	}
	return noValue
}

func object(v map[string]any) string {
	parts := make([]string, 0, len(v))
	for name, e := range v {
		if e == true { // the member of a set
			parts = append(parts, name)
			continue
		}
		parts = append(parts, name+" = "+value(name, e))
	}
	slices.Sort(parts)
	return "{ " + strings.Join(parts, ", ") + " }"
}

// size writes a number of bytes as the language does.
func size(n int64) string {
	for _, u := range []struct {
		by   int64
		name string
	}{{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "K"}} {
		if n >= u.by && n%u.by == 0 {
			return strconv.FormatInt(n/u.by, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// longest is how many characters of a value are shown on a line.
const longest = 160

func cut(s string) string {
	s = render.Clean(s, false)
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

// headline says in a few words what a resource that came or went is.
func headline(attributes map[string]any) string {
	get := func(name string) string { s, _ := attributes[name].(string); return s }
	switch get("type") {
	case model.TypeService:
		if image := get("image"); image != "" {
			return cut(image)
		}
		return "built here"
	case model.TypeRoute:
		return "to " + cut(get("service"))
	case model.TypeNetwork:
		if attributes["internal"] == true {
			return "internal, " + get("subnet")
		}
		return get("purpose") + ", " + get("subnet")
	case model.TypeSecret:
		return get("kind")
	case model.TypeKind:
		return get("kind")
	case model.TypeFile:
		if model.Sensitive(attributes["form"]) {
			return sensitiveValue
		}
	}
	return ""
}
