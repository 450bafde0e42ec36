package review

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/lang/escape"
)

// reach looks at which services have a secret. Whoever breaks into one has what it
// has, so that each further service is one more way to it.
func (r *reviewer) reach(c *model.Change) {
	if c.Action == model.Update && !slices.ContainsFunc(c.Attributes, func(a model.Attribute) bool {
		return slices.Contains([]string{"secrets", "secret_env", "configs"}, a.Path[0])
	}) {
		return
	}
	for i := range r.old.Resources { // a secret that is new has no reach that could grow
		res := &r.old.Resources[i]
		if !mayBe(res, model.TypeSecret) || r.now.Find(res.Address) == nil {
			continue
		}
		was, is := has(r.old, c.Before, res.Address), has(r.now, c.After, res.Address)
		switch {
		case was == nil && is != nil && !r.comesWithLogin(c, res.Address):
			r.add(c, finding{
				code: "NS728", severity: Medium, path: is,
				detail: fmt.Sprintf("%s gets %s%s: whoever breaks into it has that too.", c.Address, res.Address, r.alreadyHad(res.Address)),
			})
		case was != nil && is == nil && !r.comesWithLogin(c, res.Address):
			r.add(c, finding{code: "NS728", safer: true, path: was[:1], detail: fmt.Sprintf("%s has %s no longer.", c.Address, res.Address)})
		}
	}
}

// comesWithLogin tells whether another finding says of a service that it has, or
// has lost, a secret of a store: a path to the store that is new or gone (NS708),
// or another login of a database (NS715).
func (r *reviewer) comesWithLogin(c *model.Change, secret string) bool {
	store, _, ofKind := strings.Cut(secret, ".secret.")
	if !ofKind {
		return false
	}
	for _, side := range [][2]map[string]any{{c.Before, c.After}, {c.After, c.Before}} {
		for _, network := range came(object(side[0], "networks"), object(side[1], "networks")) {
			for _, m := range []*model.Model{r.old, r.now} {
				res := m.Find(model.Address(model.TypeNetwork, network))
				if res == nil {
					continue
				}
				if a, err := res.Attributes(); err == nil && strings.HasPrefix(text(a, "owner"), store+".") {
					return true
				}
			}
		}
	}
	logins := func(m *model.Model, service map[string]any) bool {
		return slices.ContainsFunc(m.Resources, func(res model.Resource) bool {
			return strings.HasPrefix(res.Address, store+".secret.role[") && has(m, service, res.Address) != nil
		})
	}
	return strings.HasPrefix(secret, store+".secret.role[") && logins(r.old, c.Before) && logins(r.now, c.After)
}

// alreadyHad says who had a secret before, for a sentence.
func (r *reviewer) alreadyHad(secret string) string {
	var services []string
	for i := range r.old.Resources {
		res := &r.old.Resources[i]
		if !mayBe(res, model.TypeService) {
			continue
		}
		if a, err := res.Attributes(); err == nil && has(r.old, a, secret) != nil {
			services = append(services, res.Address)
		}
	}
	if len(services) == 0 {
		return ", which no service had"
	}
	return ", which " + list(services) + " had"
}

// has gives the path of an attribute by which a service of a model has a secret, or
// nil. A hash of it is not it, and neither are the parts of a certificate or a pair
// of keys that are for everybody.
func has(m *model.Model, service map[string]any, secret string) []string {
	for _, kind := range []string{"secrets", "configs"} {
		for _, target := range names(object(service, kind)) {
			uses := object(service, kind, target, "uses")
			if !truth(uses, secret) && !truth(uses, secret+".private_key") {
				continue
			}
			if reveals(form(m, text(service, kind, target, "file")), secret) {
				return []string{kind, target}
			}
		}
	}
	variables := object(service, "secret_env")
	for _, name := range names(variables) {
		if reveals(model.Secrets(variables[name]), secret) {
			return []string{"secret_env", name}
		}
	}
	return nil
}

// form gives the text of a file with names in the place of the values, or "".
func form(m *model.Model, file string) string {
	res := m.Find(model.Address(model.TypeFile, file))
	if res == nil {
		return ""
	}
	a, err := res.Attributes()
	if err != nil {
		return "" // Diff has said so, if it changed
	}
	text, _ := model.Form(a)
	return text
}

// reveals tells whether a text, in which names stand for values, holds the value of
// a secret or what gives it away.
func reveals(form, secret string) bool {
	for rest := form; ; {
		before, after, found := strings.Cut(rest, secret)
		if !found {
			return false
		}
		rest = after
		after = strings.TrimPrefix(after, "#private_key")
		if before == "" || after == "" || !strings.Contains("{(,+", before[len(before)-1:]) || !strings.Contains("}),+", after[:1]) {
			continue // a part of another name
		}
		function := before[strings.LastIndexAny(before[:len(before)-1], "{(,+")+1 : len(before)-1]
		if f, ok := escape.Lookup(function); !ok || !f.OneWay() {
			return true
		}
	}
}
