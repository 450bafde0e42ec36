package review

import (
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// loose are the attributes of a service that are no part of what Compose compares
// before it decides to keep a container (docker/compose, pkg/compose/hash.go), or
// that it never sees: the compose file does not hold them, and what is made from
// them, such as nginx's configuration, shows in the attribute "config".
var loose = []string{
	"build", "depends_on", "replicas", "job", "store", "secret_env",
	"tls", "http_port", "https_port", "https_public", "nginx_version", "rate_limit", "trusted_proxies",
}

// service sorts a changed service by what Compose does to its containers.
func (e *Effects) service(c *model.Change) {
	was, is := text(c.Before, "name"), text(c.After, "name")
	had, has := count(c.Before), count(c.After)
	one, gone := Container{Service: is, Address: c.Address}, Container{Service: was, Address: c.Previous}
	if object(c.After, "build") != nil && !model.Equal(c.Before["build"], c.After["build"]) {
		e.Build = append(e.Build, one)
	}
	if c.Action != model.Update || was != is {
		if had > 0 {
			e.Remove = append(e.Remove, gone)
		}
		if has > 0 {
			e.Create = append(e.Create, one)
		}
		return
	}
	if c.Renamed() {
		one.Reasons = append(one.Reasons, "address")
	}
	waits := false
	for _, a := range c.Attributes {
		one.Reasons = append(one.Reasons, recreates(a)...)
		waits = waits || a.Path[0] == "depends_on"
	}
	slices.Sort(one.Reasons)
	one.Reasons = slices.Compact(one.Reasons)
	switch {
	case had == 0 && has == 0:
	case had == 0 || has == 0, len(one.Reasons) == 0 && had != has:
		one.Reasons = []string{"replicas"}
		e.Scale = append(e.Scale, one)
	case len(one.Reasons) > 0:
		e.Recreate = append(e.Recreate, one)
		return
	}
	if waits && had > 0 && has > 0 {
		one.Reasons = []string{"depends_on"}
		e.Older = append(e.Older, one)
	}
}

// count is how many containers a service has; 0 for no service.
func count(attributes map[string]any) int {
	if attributes == nil {
		return 0
	}
	if _, said := attributes["replicas"]; said {
		return int(number(attributes, "replicas"))
	}
	return 1
}

// recreates gives the reasons for which an attribute makes the container anew.
func recreates(a model.Attribute) []string {
	if slices.Contains(loose, a.Path[0]) {
		return nil
	}
	switch a.Path[0] {
	case "ports":
		// Of a port, the file has the number and not the name.
		if len(a.Path) == 2 && a.Before != nil && a.After != nil {
			return nil
		}
	case "secrets", "configs":
		// The secrets that a file is made of show in "config".
		if len(a.Path) > 2 && a.Path[2] == "uses" {
			return nil
		}
	case "extra_compose":
		return extra(a)
	}
	return []string{strings.Join(a.Path, ".")}
}

// extra gives the keys of extra_compose that changed, but for the one that Compose
// does not compare.
func extra(a model.Attribute) []string {
	if len(a.Path) > 1 {
		if a.Path[1] == "pull_policy" {
			return nil
		}
		return []string{strings.Join(a.Path, ".")}
	}
	var out []string
	for _, side := range []any{a.Before, a.After} {
		keys, _ := side.(map[string]any)
		for _, key := range names(keys) {
			out = append(out, recreates(model.Attribute{Path: []string{"extra_compose", key}})...)
		}
	}
	return out
}
