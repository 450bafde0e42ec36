package review

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// securityHeaders are those by which a browser protects a page (OWASP Secure Headers
// Project), in lower case.
var securityHeaders = []string{
	"content-security-policy", "cross-origin-embedder-policy", "cross-origin-opener-policy", "cross-origin-resource-policy",
	"permissions-policy", "referrer-policy", "strict-transport-security", "x-content-type-options", "x-frame-options",
}

// alone are those of them that nobody sends in the place of a route's own: the
// ingress sends none, or one that forbids much less.
var alone = []string{"content-security-policy", "cross-origin-embedder-policy"}

// headers looks at the response headers of a route. An empty text takes one away
// that the ingress sends.
func (r *reviewer) headers(c *model.Change, route string) {
	before, after := lower(object(c.Before, "headers")), lower(object(c.After, "headers"))
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(names(before), names(after)...)))) {
		was, had := before[name]
		is, has := after[name]
		path := []string{"headers", is.name}
		switch {
		case was.value == is.value && had == has:
		case has && is.value == "":
			r.add(c, finding{code: "NS720", severity: Medium, path: path, detail: fmt.Sprintf("The route %s sends no %s any more.", route, is.name)})
		case had && !has && was.value != "" && slices.Contains(alone, name):
			r.add(c, finding{code: "NS720", severity: Medium, path: path[:1], detail: fmt.Sprintf("The route %s has no %s of its own any more.", route, was.name)})
		case had && has && was.value != "" && slices.Contains(securityHeaders, name):
			r.add(c, finding{code: "NS720", severity: Low, path: path, detail: fmt.Sprintf("The route %s sends another %s: see whether it allows more.", route, is.name)})
		case has && name == "access-control-allow-origin":
			r.add(c, finding{code: "NS720", severity: Medium, path: path, detail: fmt.Sprintf("The route %s lets pages of other sites read its answers: %s is %s.", route, is.name, is.value)})
		}
	}
}

// header is a header as it is written.
type header struct{ name, value string }

// lower gives headers by their names in lower case: HTTP knows no other.
func lower(headers map[string]any) map[string]header {
	out := map[string]header{}
	for name, v := range headers {
		value, _ := v.(string)
		out[strings.ToLower(name)] = header{name, value}
	}
	return out
}
