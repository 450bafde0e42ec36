package nginx

import (
	"net/netip"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// The compiler refuses most of what follows before it gets here. It is checked
// again where quoting could not help: a token may be well formed and still mean
// something else to its directive.

func (r *renderer) checkVersion() {
	v := r.in.Version
	if v.AtLeast(oldest.Major, oldest.Minor, oldest.Patch) {
		return
	}
	at := r.image.Range
	if at.IsZero() {
		at = r.in.Origin.Range
	}
	r.diags = append(r.diags, diag.Errorf("NS370", at, "nginx release too old",
		"The ingress is declared to run nginx %d.%d.%d. Releases before %d.%d cannot refuse TLS handshakes for unknown names safely, or let "+
			"through requests that the rules here rely on being refused. Use a supported release:\n\n    image = \"nginx:1.30.4\"\n\n"+
			"If the tag of an image of your own counts something else, say which nginx it holds:\n\n    version = \"1.30.4\"",
		v.Major, v.Minor, v.Patch, oldest.Major, oldest.Minor))
}

// checkHost tells whether nginx would read a name as that name: "~x" would be a
// regular expression, "_" and "" match nothing, an address has no TLS name.
func (r *renderer) checkHost(name ir.String) bool {
	if isHost(name.V) {
		return true
	}
	r.diags = append(r.diags, diag.Errorf("NS371", name.Range, "Host name that nginx cannot serve",
		"%q is not a DNS name of letters, digits and hyphens between dots. nginx would read it as something else, or never get "+
			"a request for it. Write a name such as:\n\n    host = \"api.example.com\"", name.V))
	return false
}

func isHost(name string) bool {
	name = strings.TrimPrefix(name, "*.")
	if len(name) > 253 {
		return false
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			if c := l[i]; !isLetterOrDigit(c) && c != '-' && (c != '_' || i > 0) {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" && last != "_" // an IPv4 address; nginx's word for nothing
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// sameRoute reports a second declaration of what nginx sees as one place.
func (r *renderer) sameRoute(at, first source.Range, what string) {
	r.diags = append(r.diags, diag.Errorf("NS376", at, "Routes that nginx cannot tell apart",
		"There are two routes for %q: case does not distinguish host names, nor a final slash or an encoded character paths. "+
			"Only one of them would get requests. Give one of them another path, or remove it.", what).
		With(first, "the first route for it"))
}

// checkRange tells whether nginx would read an address as a range of them, and
// not as one of its words ("all", "unix:").
func (r *renderer) checkRange(cidr ir.String) bool {
	if isRange(cidr.V) {
		return true
	}
	r.diags = append(r.diags, diag.Errorf("NS377", cidr.Range, "Address range that nginx cannot read",
		"%q is not an IPv4 or IPv6 address or network. nginx would read it as a word of its own, or not start. Write it as:\n\n"+
			"    \"203.0.113.0/24\"", cidr.V))
	return false
}

func isRange(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// framing are the headers by which nginx and clients delimit and understand a
// message; a second one breaks it.
func isFraming(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "content-encoding", "content-length", "content-range", "content-type", "date", "keep-alive", "server",
		"te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// checkHeaders gives the headers of a route that can be sent.
func (r *renderer) checkHeaders(rt *ir.Route) []ir.Header {
	var out []ir.Header
	for _, h := range rt.Headers {
		problem := ""
		switch {
		case !isToken(h.Name):
			problem = "its name holds characters that no header name may hold (RFC 9110, 5.6.2)"
		case isFraming(h.Name):
			problem = "it describes the message itself, which nginx and the service do"
		case strings.ContainsFunc(h.Value.V, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			problem = "its value holds a line break or another control character, which would end the header"
		case len(h.Name) > 200 || len(Quote(withoutVariables(h.Value.V))) > maxToken:
			problem = "it is longer than the 4000 bytes that nginx reads of one value"
		}
		if problem == "" {
			out = append(out, h)
			r.hidden = append(r.hidden, h.Name)
			continue
		}
		r.diags = append(r.diags, diag.Errorf("NS373", h.Value.Range, "Response header that nginx cannot send",
			"The header %q cannot be sent: %s. Write a name and one line of text, such as:\n\n"+
				"    headers = {\n      \"X-Frame-Options\" = \"DENY\"\n    }", h.Name, problem))
	}
	return out
}

// isToken tells whether s is a token of RFC 9110, 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isLetterOrDigit(s[i]) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(s[i])) {
			return false
		}
	}
	return s != ""
}
