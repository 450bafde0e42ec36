package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

const hsts = "Strict-Transport-Security"

// standard are the headers that every server of HTTPS adds to its answers.
var standard = []string{
	"X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy", "Permissions-Policy",
	"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
}

// replacedHeaders are those of which a client gets nginx's and not the service's: a policy of
// content may come twice, as browsers enforce both.
var replacedHeaders = []string{
	hsts, "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy",
	"Cross-Origin-Resource-Policy",
}

// unwanted are headers that name the software behind, lead past nginx, or do harm in
// browsers that still know them.
var unwanted = []string{
	"X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Runtime",
	"Alt-Svc", "Expect-CT", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "X-XSS-Protection",
}

// edgeAnswers are about the headers of answers.
func edgeAnswers() []Rule {
	return []Rule{
		edgeRule("NS1506", headersAreRepeated),
		eachDirective("NS1507", "add_header", func(_ *edge, n *nginxconf.Node) string {
			if len(n.Args) != 3 || n.Args[2] != "always" {
				return "answers of 4xx and 5xx do not get it"
			}
			return ""
		}),
		eachDirective("NS1512", "add_header", func(_ *edge, n *nginxconf.Node) string {
			if strings.HasPrefix(strings.ToLower(n.Arg(0)), "access-control-") && strings.Contains(n.Arg(1), "$http_") {
				return "whichever site asks is told that it may read the answer"
			}
			return ""
		}),
		edgeRule("NS1528", headersAreOneLine),
		edgeRule("NS1534", func(e *edge, report Report) {
			for _, s := range e.servers {
				if s.health {
					continue
				}
				added := e.added(s.Body)
				for _, h := range standard {
					if !slices.Contains(added, h) {
						report(place(s.Node), "Answers of the server %s have no %s.", s.name(), h)
					}
				}
			}
			for _, l := range e.passing() {
				hidden := e.hidden(l.Body)
				for _, h := range replacedHeaders {
					if !slices.Contains(hidden, h) {
						report(place(l), "%q sends a service's own %s beside that of nginx, and browsers take either.", label(l), h)
					}
				}
			}
		}),
		edgeRule("NS1534", weakHeaders),
		edgeRule("NS1535", func(e *edge, report Report) {
			for _, l := range e.passing() {
				hidden := e.hidden(l.Body)
				for _, h := range unwanted {
					if !slices.Contains(hidden, h) {
						report(place(l), "%q passes on a service's %s.", label(l), h)
					}
				}
			}
		}),
		passesWith("NS1536", "a browser would send the cookie over plain HTTP too", "proxy_cookie_flags", "~", "secure"),
	}
}

// strong are the values that protect, by header; one may be a variable of a map whose
// results all do.
func strong(header string) []string {
	switch strings.ToLower(header) {
	case "x-content-type-options":
		return []string{"nosniff"}
	case "x-frame-options":
		return []string{"SAMEORIGIN", "DENY"}
	case "content-security-policy":
		return []string{"frame-ancestors 'self'"}
	case "referrer-policy":
		return []string{"strict-origin-when-cross-origin", "no-referrer", "same-origin", "strict-origin"}
	case "permissions-policy":
		return []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}
	case "cross-origin-opener-policy":
		return []string{"same-origin"}
	case "cross-origin-resource-policy":
		return []string{"same-site", "same-origin"}
	case "strict-transport-security":
		return []string{"max-age=#", "max-age=#; includeSubDomains", "max-age=#; preload", "max-age=#; includeSubDomains; preload"}
	}
	return nil
}

// weakHeaders: a header of the set with a value that protects from nothing. What a
// route declares instead is its author's.
func weakHeaders(e *edge, report Report) {
	protects := func(header, value string) bool {
		return !strings.HasPrefix(value, "max-age=0") && slices.ContainsFunc(strong(header), func(s string) bool { return matches(s, value) })
	}
	for _, n := range e.byName["add_header"] {
		if strong(n.Arg(0)) == nil || authored(n) || strings.ContainsAny(n.Arg(1), "\r\n") {
			continue // no part of the set, its author's, or a finding already
		}
		if !strings.HasPrefix(n.Arg(1), "$") {
			if !protects(n.Arg(0), n.Arg(1)) {
				report(place(n), "%q protects from nothing.", label(n))
			}
			continue
		}
		made := false
		for _, m := range e.byName["map"] {
			made = made || m.Arg(1) == n.Arg(1)
			for _, v := range m.Body {
				if m.Arg(1) == n.Arg(1) && !protects(n.Arg(0), v.Arg(0)) {
					report(place(v), "%q: that %s protects from nothing.", label(v), n.Arg(0))
				}
			}
		}
		if !made {
			report(place(n), "%q: nothing says what that is.", label(n))
		}
	}
}

// added lists the headers that a block adds itself; what it inherits when it adds
// none stands in the block around it.
func (e *edge) added(body []*nginxconf.Node) []string { return e.firstArgs(body, "add_header") }

func (e *edge) hidden(body []*nginxconf.Node) []string { return e.firstArgs(body, "proxy_hide_header") }

func (e *edge) firstArgs(body []*nginxconf.Node, name string) []string {
	out := make([]string, 0, 16) // of thousands of blocks: as many as most have
	e.each(body, func(n *nginxconf.Node) {
		if n.Name == name {
			out = append(out, n.Arg(0))
		}
	})
	return out
}

// headersAreRepeated: a location that adds a header inherits none, so it must add
// each header of its server again, or say that it is to go.
func headersAreRepeated(e *edge, report Report) {
	for _, s := range e.servers {
		var wanted []string
		for _, l := range s.locations {
			own := e.added(l.Body)
			if len(own) == 0 {
				continue
			}
			if wanted == nil {
				wanted = e.added(s.Body)
			}
			for _, n := range l.Body { // what its own lines hide, and not the file that all share
				if n.Name == "proxy_hide_header" {
					own = append(own, n.Arg(0))
				}
			}
			for _, h := range wanted {
				if !slices.ContainsFunc(own, func(o string) bool { return strings.EqualFold(o, h) }) {
					report(place(l), "%q adds headers of its own and loses %s of its server.", label(l), h)
				}
			}
		}
	}
}

func headersAreOneLine(e *edge, report Report) {
	for _, name := range [...]string{"add_header", "proxy_set_header"} {
		for _, n := range e.byName[name] {
			switch {
			case strings.ContainsAny(strings.Join(n.Args, ""), "\r\n"):
				report(place(n), "%s %s goes over several lines, the second of which is a header of its own.", n.Name, n.Arg(0))
			case name == "add_header" && strings.EqualFold(n.Arg(0), "Content-Type"):
				report(place(n), "%q sends the header twice, and browsers take either.", label(n))
			}
		}
	}
}
