package review

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// login is a login of a database server that a service has the password of.
type login struct {
	role string
	path []string // of the attribute with the password
}

// logins looks at which logins of a server a service uses: with another one, it may
// do more, although no login may.
func (r *reviewer) logins(c *model.Change) {
	if c.Action != model.Update || !slices.ContainsFunc(c.Attributes, func(a model.Attribute) bool {
		return slices.Contains([]string{"secrets", "secret_env", "configs"}, a.Path[0])
	}) {
		return
	}
	for _, server := range r.servers() {
		roles := object(server.attributes, "arguments", "roles")
		was, is := widest(c.Before, server.address, roles), widest(c.After, server.address, roles)
		if was.role == "" || is.role == "" || was.role == is.role {
			continue // a new path, or one that is gone
		}
		before, after := text(roles, was.role, "access"), text(roles, is.role, "access")
		r.either(c, "NS715", High, is.path, access[after] > access[before], access[after] < access[before],
			fmt.Sprintf("%s was the login %s of %s, which is %s, and is %s, which is %s.", c.Address, was.role, server.address, before, is.role, after),
			fmt.Sprintf("%s was the login %s of %s, which is %s, and is %s, which is %s.", c.Address, was.role, server.address, before, is.role, after))
	}
}

// server is a database server of the new stack.
type server struct {
	address    string
	attributes map[string]any
}

// servers lists the database servers, sorted by address.
func (r *reviewer) servers() []server {
	if r.listed {
		return r.known
	}
	r.listed = true
	for i := range r.now.Resources {
		res := &r.now.Resources[i]
		if !strings.HasPrefix(res.Text, `{"type":"`+model.TypeKind+`"`) {
			continue
		}
		if a, err := res.Attributes(); err == nil && text(a, "kind") == "postgres" {
			r.known = append(r.known, server{res.Address, a})
		}
	}
	return r.known
}

// widest finds the login with the most rights whose password a service has.
func widest(service map[string]any, server string, roles map[string]any) login {
	var out login
	for _, role := range names(roles) {
		secret := server + `.secret.role["` + role + `"]`
		path := holds(service, secret)
		if path != nil && (out.role == "" || access[text(roles, role, "access")] > access[text(roles, out.role, "access")]) {
			out = login{role, path}
		}
	}
	return out
}

// holds gives the path of an attribute that a secret is part of, or nil.
func holds(service map[string]any, secret string) []string {
	for _, kind := range []string{"secrets", "configs"} {
		for _, target := range names(object(service, kind)) {
			if truth(service, kind, target, "uses", secret) {
				return []string{kind, target}
			}
		}
	}
	variables := object(service, "secret_env")
	for _, name := range names(variables) {
		text := model.Secrets(variables[name])
		if strings.Contains(text, "{"+secret) || strings.Contains(text, "("+secret) {
			return []string{"secret_env", name}
		}
	}
	return nil
}
