package review

import (
	"fmt"
	"strings"

	"nselfc/compiler/model"
)

// strength orders the TLS profiles: guide has fewer ciphers than Mozilla's
// intermediate, and modern is TLS 1.3 alone (Mozilla, Server Side TLS 6.0).
var strength = map[string]int{"intermediate": 1, "guide": 2, "modern": 3}

// edge looks at what the ingress does for every route.
func (r *reviewer) edge(c *model.Change) {
	if c.Before == nil || object(c.Before, "tls") == nil {
		return // a new ingress: its ports and routes say it
	}
	was, is := text(c.Before, "tls", "profile"), text(c.After, "tls", "profile")
	r.either(c, "NS705", High, []string{"tls", "profile"}, strength[is] < strength[was], strength[is] > strength[was],
		fmt.Sprintf("The TLS profile goes from %s to %s, which takes more ciphers or versions.", was, is),
		fmt.Sprintf("The TLS profile goes from %s to %s.", was, is))
	wasFrom, isFrom := text(c.Before, "tls", "certificate", "source"), text(c.After, "tls", "certificate", "source")
	r.either(c, "NS705", High, []string{"tls", "certificate"}, wasFrom != "local" && isFrom == "local", wasFrom == "local" && isFrom != "local",
		"The certificate is the stack's own now: no browser knows who signed it.",
		"The certificate is one that browsers can check.")
	wasAge, isAge := number(c.Before, "tls", "hsts", "max_age"), number(c.After, "tls", "hsts", "max_age")
	r.either(c, "NS705", Medium, []string{"tls", "hsts", "max_age"}, isAge < wasAge, isAge > wasAge,
		fmt.Sprintf("HSTS goes from %.0f to %.0f seconds (RFC 6797): browsers forget sooner that the site has TLS only.", wasAge, isAge),
		fmt.Sprintf("HSTS goes from %.0f to %.0f seconds.", wasAge, isAge))
	for _, name := range []string{"include_subdomains", "preload"} {
		was, is := truth(c.Before, "tls", "hsts", name), truth(c.After, "tls", "hsts", name)
		r.either(c, "NS705", Medium, []string{"tls", "hsts", name}, was && !is, !was && is, "HSTS loses "+name+".", "HSTS gains "+name+".")
	}
	r.rateLimit(c, "every route without a limit of its own")
	before, after := object(c.Before, "trusted_proxies"), object(c.After, "trusted_proxies")
	// Here no address means that nobody is believed.
	isWider := len(after) > 0 && (len(before) == 0 || wider(before, after))
	isNarrower := len(before) > 0 && (len(after) == 0 || wider(after, before))
	r.either(c, "NS718", High, []string{"trusted_proxies"}, isWider, isNarrower,
		fmt.Sprintf("The ingress believes what %s say of a client's address: limits, allow lists and logs go by it.", addresses(after)),
		"The ingress believes fewer proxies.")
}

// rateLimit compares two limits by what they let through in a second. A route
// without one of its own has the ingress's.
func (r *reviewer) rateLimit(c *model.Change, of string) {
	own, ownNow := object(c.Before, "rate_limit"), object(c.After, "rate_limit")
	if model.Equal(own, ownNow) {
		return
	}
	before, after := r.limited(r.old, c.Before), r.limited(r.now, c.After)
	was, is := rate(before), rate(after)
	path := []string{"rate_limit"}
	switch {
	case was > 0 && is == 0:
		r.add(c, finding{code: "NS706", severity: Medium, path: path, detail: "The rate limit of " + of + " is off: nothing slows down who guesses passwords."})
	case was == 0 && is > 0:
		r.add(c, finding{code: "NS706", safer: true, path: path, detail: "There is a rate limit for " + of + " now."})
	case is > was && ownNow == nil:
		r.add(c, finding{code: "NS706", severity: Medium, path: path, detail: fmt.Sprintf("The rate limit of %s is gone. It has the ingress's, which lets more through: %s.", of, limitText(after))})
	case is > was:
		for _, name := range []string{"requests", "window", "burst"} { // the line that was edited
			if len(path) == 1 && number(c.Before, "rate_limit", name) != number(c.After, "rate_limit", name) {
				path = append(path, name)
			}
		}
		r.add(c, finding{code: "NS706", severity: Low, path: path, detail: fmt.Sprintf("The rate limit of %s lets more through: %s.", of, limitText(after))})
	case is < was:
		r.add(c, finding{code: "NS706", safer: true, path: path, detail: fmt.Sprintf("The rate limit of %s lets less through: %s.", of, limitText(after))})
	}
}

// limited gives the attributes whose rate limit counts: a resource's own, or else
// those of the ingress.
func (r *reviewer) limited(m *model.Model, attributes map[string]any) map[string]any {
	if object(attributes, "rate_limit") != nil || text(attributes, "type") != model.TypeRoute {
		return attributes
	}
	res := m.Find(ingress)
	if res == nil {
		return nil
	}
	a, err := res.Attributes()
	if err != nil {
		return nil // paths says so
	}
	return a
}

// rate gives the requests in a second that a limit lets through; a little more for
// a greater burst.
func rate(in map[string]any) float64 {
	window := number(in, "rate_limit", "window")
	if window == 0 || truth(in, "rate_limit", "off") {
		return 0
	}
	return number(in, "rate_limit", "requests")/window + number(in, "rate_limit", "burst")*1e-9
}

func limitText(in map[string]any) string {
	return fmt.Sprintf("%.0f requests in %.0f seconds, %.0f at once", number(in, "rate_limit", "requests"), number(in, "rate_limit", "window"), number(in, "rate_limit", "burst"))
}

// route looks at who reaches what through the ingress.
func (r *reviewer) route(c *model.Change) {
	name := strings.TrimSuffix(strings.TrimPrefix(c.Address, "route["), "]")
	switch c.Action {
	case model.Create:
		r.add(c, finding{
			code: "NS703", severity: Medium,
			detail: fmt.Sprintf("The route %s is new: %s reaches %s.", name, addresses(object(c.After, "allow_from")), text(c.After, "service")),
		})
		return
	case model.Delete:
		r.add(c, finding{code: "NS703", safer: true, detail: fmt.Sprintf("The route %s is gone: %s is not reached by it.", name, text(c.Before, "service"))})
		return
	case model.Update:
	}
	if was, is := text(c.Before, "service"), text(c.After, "service"); was != is {
		r.add(c, finding{code: "NS703", severity: Medium, path: []string{"service"}, detail: fmt.Sprintf("The route %s leads to %s now, and not to %s.", name, is, was)})
	}
	if was, is := number(c.Before, "port"), number(c.After, "port"); was != is {
		r.add(c, finding{code: "NS703", severity: Low, path: []string{"port"}, detail: fmt.Sprintf("The route %s leads to port %.0f now, and not to %.0f.", name, is, was)})
	}
	before, after := object(c.Before, "allow_from"), object(c.After, "allow_from")
	isWider := wider(before, after)
	r.either(c, "NS704", High, []string{"allow_from"}, isWider, !isWider && wider(after, before),
		fmt.Sprintf("The route %s was open to %s, and is open to %s.", name, addresses(before), addresses(after)),
		fmt.Sprintf("The route %s was open to %s, and is open to %s.", name, addresses(before), addresses(after)))
	r.rateLimit(c, "the route "+name)
	was, is := number(c.Before, "body_size"), number(c.After, "body_size")
	r.either(c, "NS706", Low, []string{"body_size"}, is > was, is < was,
		fmt.Sprintf("The route %s takes larger requests.", name), fmt.Sprintf("The route %s takes smaller requests only.", name))
	r.headers(c, name)
}

// firewall looks at what the host lets in.
func (r *reviewer) firewall(c *model.Change) {
	if c.After == nil {
		r.add(c, finding{
			code: "NS704", severity: Critical,
			detail: "The stack has no firewall any more. The rules stay on the host until somebody takes them away, and from then on every port is open.",
		})
		return
	}
	if c.Before == nil {
		r.add(c, finding{code: "NS704", safer: true, detail: "The stack has a firewall now: what it does not open is closed."})
	}
	before, after := object(c.Before, "open"), object(c.After, "open")
	for _, name := range names(after) {
		who := object(after, name, "from")
		path := []string{"open", name}
		switch _, was := before[name]; {
		case !was && c.Before != nil:
			r.add(c, finding{code: "NS704", severity: High, path: path, detail: fmt.Sprintf("The firewall opens %s to %s.", name, addresses(who))})
		case was && wider(object(before, name, "from"), who):
			r.add(c, finding{code: "NS704", severity: High, path: append(path, "from"), detail: fmt.Sprintf("The firewall opens %s to %s, which was open to %s only.", name, addresses(who), addresses(object(before, name, "from")))})
		case was && wider(who, object(before, name, "from")):
			r.add(c, finding{code: "NS704", safer: true, path: path, detail: fmt.Sprintf("The firewall opens %s to %s only.", name, addresses(who))})
		}
	}
	for _, name := range came(after, before) {
		r.add(c, finding{code: "NS704", safer: true, path: []string{"open"}, detail: "The firewall closes " + name + "."})
	}
	if c.Before == nil {
		return
	}
	was, is := object(c.Before, "ssh", "from"), object(c.After, "ssh", "from")
	isWider := wider(was, is)
	r.either(c, "NS704", High, []string{"ssh", "from"}, isWider, !isWider && wider(is, was),
		fmt.Sprintf("SSH was open to %s, and is open to %s.", addresses(was), addresses(is)),
		fmt.Sprintf("SSH is open to %s only.", addresses(is)))
	limited, limits := truth(c.Before, "ssh", "limit"), truth(c.After, "ssh", "limit")
	r.either(c, "NS704", Medium, []string{"ssh", "limit"}, limited && !limits, !limited && limits,
		"SSH takes any number of attempts.", "SSH takes few attempts only.")
}
