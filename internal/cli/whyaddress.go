package cli

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/internal/build"
	"nselfc/internal/plan"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// WhyAddress prints what caused an attribute of a resource, or all of them for a
// resource alone: in every environment, or in the one that is named.
func WhyAddress(ctx context.Context, env Env, d Display, stack, address string, o build.Options) int {
	c, diags := compile(ctx, env, stack, o)
	if diags.HasErrors() || ctx.Err() != nil {
		return stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	var known []string
	var answers []string
	said := map[string][]string{} // environments, by answer
	for _, e := range c.Environments {
		a := addressed{c: c, e: e}
		text, err := a.answer(address)
		if err != nil {
			known = append(known, a.addresses()...)
			continue
		}
		if said[text] == nil {
			answers = append(answers, text)
		}
		said[text] = append(said[text], e.Name)
	}
	if len(answers) == 0 {
		slices.Sort(known)
		return Fail(env, Failed, "the stack in %s has nothing called %q.%s", filepath.Clean(c.Dir), address, didYouMean(address, slices.Compact(known)))
	}
	var b strings.Builder
	for i, text := range answers {
		if i > 0 {
			b.WriteString("\n")
		}
		if names := said[text]; names[0] != "" {
			fmt.Fprintf(&b, "in %s:\n", clean(strings.Join(names, ", ")))
		}
		b.WriteString(text)
	}
	return Print(env, b.String())
}

// didYouMean names the nearest of many addresses, or of the attributes of the one
// that the given one begins with.
func didYouMean(address string, known []string) string {
	if near := eval.DidYouMean(address, known); near != "" {
		return near
	}
	return " nselfc plan and nself.model.json show the addresses."
}

// addressed is one environment that a question is put to.
type addressed struct {
	c *build.Compiled
	e *build.Environment
}

// addresses lists what may be asked about: resources, and their attributes.
func (a addressed) addresses() []string {
	var out []string
	for i := range a.e.Model.Resources {
		r := &a.e.Model.Resources[i]
		out = append(out, r.Address)
		if attributes, err := r.Attributes(); err == nil {
			for name := range attributes {
				out = append(out, r.Address+"."+name)
			}
		}
	}
	return out
}

// answer finds the resource and the attribute, and says where they come from.
func (a addressed) answer(address string) (string, error) {
	r, rest := a.resource(address)
	if r == nil {
		return "", fmt.Errorf("no such resource")
	}
	attributes, err := r.Attributes()
	if err != nil {
		return "", err
	}
	origins := r.Origins()
	if rest == "" {
		return a.whole(r, attributes, origins), nil
	}
	path, v, ok := find(attributes, rest)
	if !ok {
		path, v, ok = find(attributes, "arguments."+rest) // of a kind
	}
	if !ok {
		// The blocks of the language that the model does without.
		for _, block := range []string{"resources.", "tls.", "certificate."} {
			if inner, in := strings.CutPrefix(rest, block); in && !ok {
				path, v, ok = find(attributes, inner)
			}
		}
	}
	if !ok {
		// What is not set may still be somebody's decision.
		path = strings.Split(rest, ".")
		if _, noted := origins[model.Key(path)]; !noted {
			return "", fmt.Errorf("no such attribute")
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s = %s\n\n", clean(r.Address), clean(strings.Join(path, ".")), plan.Value(path[len(path)-1], v))
	a.because(&b, model.Place(origins, path, r.Site), r)
	return b.String(), nil
}

// resource finds the resource whose address a question begins with, and the rest.
// A route may be called by its place among those of its service.
func (a addressed) resource(address string) (*model.Resource, string) {
	if i := a.e.Stack.Ingress; i != nil {
		for _, h := range i.Hosts {
			for _, r := range h.Routes {
				if rest, ok := below(address, r.Address); ok {
					return a.e.Model.Find(model.Address(model.TypeRoute, h.Name.V+r.Path.V)), rest
				}
			}
		}
	}
	var found *model.Resource
	var rest string
	for i := range a.e.Model.Resources {
		r := &a.e.Model.Resources[i]
		if more, ok := below(address, r.Address); ok && (found == nil || len(r.Address) > len(found.Address)) {
			found, rest = r, more
		}
	}
	return found, rest
}

// below cuts an address, and the dot behind it, from the front of a longer one.
func below(address, of string) (string, bool) {
	rest, ok := strings.CutPrefix(address, of)
	if !ok || rest != "" && rest[0] != '.' {
		return "", false
	}
	return strings.TrimPrefix(rest, "."), true
}

// find walks to an attribute. Names may hold dots themselves, as paths do.
func find(in map[string]any, rest string) (path []string, v any, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		more, is := below(rest, name)
		switch {
		case !is:
			continue
		case more == "":
			return []string{name}, in[name], true
		}
		if inside, isObject := in[name].(map[string]any); isObject {
			if path, v, ok := find(inside, more); ok {
				return append([]string{name}, path...), v, true
			}
		}
	}
	return nil, nil, false
}

// whole lists every attribute of a resource with its place.
func (a addressed) whole(r *model.Resource, attributes map[string]any, origins map[string]source.Origin) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", clean(r.Address))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if name == "type" {
			continue
		}
		o := model.Place(origins, []string{name}, r.Site)
		fmt.Fprintf(&b, "  %s = %s\n      %s\n", clean(name), plan.Value(name, attributes[name]), clean(a.placeOf(o)))
	}
	b.WriteString("\n")
	a.because(&b, model.Place(origins, nil, r.Site), r)
	return b.String()
}

func (a addressed) placeOf(o source.Origin) string {
	s := fmt.Sprintf("%s:%d", a.c.DisplayName(o.Range.File), o.Range.Start.Line)
	if o.By != "" {
		s = o.By + ", " + s
	}
	return s
}

// because prints the chain behind a value, as for a line of the output.
func (a addressed) because(b *strings.Builder, o source.Origin, r *model.Resource) {
	w := why{c: a.c, e: a.e}
	w.chain(b, o, r.Site)
}
