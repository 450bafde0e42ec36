package verify

import (
	"reflect"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// equal reports a difference between two values.
func (c *comparison) equal(path string, want, got any) {
	if !reflect.DeepEqual(want, got) {
		c.diags = append(c.diags, bug(c.at, "%s should be %#v, and Compose reads %#v.", path, want, got))
	}
}

// fields compares two structs of one type, field by field.
func (c *comparison) fields(path string, want, got any) {
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		c.equal(path+"."+w.Type().Field(i).Name, w.Field(i).Interface(), g.Field(i).Interface())
	}
}

// rest reports every field of a loaded service that is set although the
// comparison has not looked at it: a key that nobody meant to write.
func (c *comparison) rest(path string, s types.ServiceConfig, extra map[string]bool) {
	for _, part := range []any{s, s.ContainerSpec, s.WorkloadSpec} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			field := v.Type().Field(i)
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if field.Anonymous || compared[key] || extra[key] || v.Field(i).IsZero() {
				continue
			}
			c.equal(path+"."+key, reflect.Zero(field.Type).Interface(), v.Field(i).Interface())
		}
	}
}

// compared are the keys that the type service stands for.
var compared = map[string]bool{
	"name": true, "image": true, "build": true, "depends_on": true, "volumes": true, "secrets": true,
	"environment": true, "env_file": true, "ports": true, "networks": true, "network_mode": true,
	"command": true, "entrypoint": true, "restart": true, "healthcheck": true, "logging": true,
	"labels": true, "user": true, "cap_add": true, "cap_drop": true, "deploy": true, "expose": true,
	"init": true, "memswap_limit": true, "read_only": true, "security_opt": true,
	"stop_grace_period": true, "tmpfs": true,
}

// sortedKeys gives the keys of any map with string keys.
func sortedKeys(m any) []string {
	v := reflect.ValueOf(m)
	out := make([]string, 0, v.Len())
	for _, k := range v.MapKeys() {
		out = append(out, k.String())
	}
	slices.Sort(out)
	return out
}
