// Package policymodel shows a lowered stack as the model that a stack's own rules
// and tests see, in the form that lang/shape describes, and that nselfc model prints.
//
// It is a description beside nself.model.json (compiler/model), because the two
// serve opposite readers: that one is compared, so it leaves out what is not set and
// keys lists by what identifies their elements; this one is computed with, so every
// attribute is there, and of one type. They share names and addresses, and the place
// of an attribute in the source is found by compiler/model for both.
//
// No secret can be in the model, not even as a token: a variable with a secret is
// not among env, but in secret_env with the secret's address.
package policymodel

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/lang/secret"
	"nselfc/lang/shape"
)

// values are the attributes of one object.
type values map[string]cty.Value

// builder makes the model of one stack.
type builder struct {
	stack *ir.Stack
	kinds map[string]string      // the type of a kind in use, by its address
	texts map[string]secret.Text // files that hold secrets, by path
	used  map[string][]string    // names of the services that get a secret, by address
}

// Of gives the model: the names that a rule sees, and their values.
func Of(s *ir.Stack) map[string]cty.Value {
	b := &builder{stack: s, kinds: map[string]string{}, texts: map[string]secret.Text{}, used: map[string][]string{}}
	for _, k := range s.Kinds {
		b.kinds[k.Address] = k.Type
	}
	for _, f := range s.Files {
		if f.Content.HasSecret() {
			b.texts[f.Path] = f.Content
		}
	}
	services := make(values, len(s.Services))
	for _, x := range s.Services {
		services[x.Name] = b.service(x)
	}
	kind := "file"
	if s.Store != nil {
		kind = s.Store.Kind.V
	}
	return map[string]cty.Value{
		"stack": object(values{
			"address": text(model.TypeStack), "name": text(s.Name.V), "domain": text(s.Domain.V),
			"environment": text(s.Environment), "posture": text(s.Posture.String()), "project": text(s.Project),
		}),
		"services":     objects("services", services),
		"networks":     objects("networks", b.networks()),
		"volumes":      objects("volumes", b.volumes()),
		"routes":       objects("routes", b.routes()),
		"published":    b.published(),
		"ingress":      b.ingress(),
		"firewall":     b.firewall(),
		"secrets":      objects("secrets", b.secrets()),
		"secret_store": text(kind),
		"kinds":        objects("kinds", b.kindObjects()),
	}
}

// JSON gives the model as one indented JSON object, with its format version.
func JSON(m map[string]cty.Value) ([]byte, error) {
	doc := make(map[string]json.RawMessage, len(m)+1)
	doc["format_version"] = json.RawMessage(`"` + shape.FormatVersion + `"`)
	for name, v := range m {
		b, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			return nil, err
		}
		doc[name] = b
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(doc)
	return out.Bytes(), err
}

func object(v values) cty.Value { return cty.ObjectVal(v) }

func text(s string) cty.Value { return cty.StringVal(s) }

func number[N int | int64](n N) cty.Value { return cty.NumberIntVal(int64(n)) }

// positive is null for the number that stands for none.
func positive[N int | int64](n N) cty.Value {
	if n == 0 {
		return cty.NullVal(cty.Number)
	}
	return number(n)
}

func texts(list []string) cty.Value {
	if len(list) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	out := make([]cty.Value, len(list))
	for i, s := range list {
		out[i] = cty.StringVal(s)
	}
	return cty.ListVal(out)
}

func plain(list []ir.String) cty.Value {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.V
	}
	return texts(out)
}

func variables(list []ir.EnvVar) cty.Value {
	if len(list) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	out := make(values, len(list))
	for _, v := range list {
		out[v.Name] = text(v.Value.V)
	}
	return cty.MapVal(out)
}

// objects makes a map of the objects that a name of the model has.
func objects(name string, v values) cty.Value {
	if len(v) == 0 {
		a, _ := shape.Find(shape.Model(), name)
		return cty.MapValEmpty(a.Type().ElementType())
	}
	return cty.MapVal(v)
}

// list makes a list of the objects that an attribute has.
func list(v []cty.Value, path ...string) cty.Value {
	if len(v) == 0 {
		a, _ := shape.Find(shape.Model(), path...)
		return cty.ListValEmpty(a.Type().ElementType())
	}
	return cty.ListVal(v)
}

// null gives the null of an attribute.
func null(path ...string) cty.Value {
	a, _ := shape.Find(shape.Model(), path...)
	return a.Null()
}

// secretEnv gives the variables of an env file that hold secrets: one on a line.
func secretEnv(t secret.Text) map[string][]string {
	out := map[string][]string{}
	name, inName := "", true
	for _, p := range t {
		if p.Secret != nil {
			for _, a := range (secret.Text{p}).Addresses() {
				if !slices.Contains(out[name], a) {
					out[name] = append(out[name], a)
				}
			}
			continue
		}
		for line := range strings.Lines(p.Literal) {
			if inName {
				key, _, found := strings.Cut(line, "=")
				if name += key; found {
					inName = false
				}
			}
			if strings.HasSuffix(line, "\n") {
				name, inName = "", true
			}
		}
	}
	return out
}
