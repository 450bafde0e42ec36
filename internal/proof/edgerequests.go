package proof

import (
	"regexp"
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// The one variable that an upstream may come from, and the rest of the path behind
// a prefix that is stripped, as the client wrote it.
const (
	upstream = "$nself_upstream"
	tail     = "$nself_tail"
)

// decoded are the variables that hold the path without its escapes: a line break in
// one begins another header.
var decoded = regexp.MustCompile(`\$\{?(uri|document_uri|realpath_root|request_filename|document_root)\b`)

// edgeRequests are about what a service gets, and who decides about that.
func edgeRequests() []Rule {
	return []Rule{
		noDirective("NS1502", "an alias without its slash leads out of its folder", "alias"),
		edgeRule("NS1503", upstreamsAreLiterals),
		{"NS1503", upstreamsAreServices},
		noDirective("NS1503", "requests go to another server too, or instead", "mirror", "auth_request", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass"),
		edgeRule("NS1504", nothingDecoded),
		edgeRule("NS1505", hostIsHost),
		eachDirective("NS1509", "if", ifRefuses),
		noDirective("NS1513", "a Referer is whatever its sender writes", "valid_referers"),
		eachDirective("NS1515", "proxy_pass", func(_ *edge, n *nginxconf.Node) string {
			if _, rest, _ := strings.Cut(n.Arg(0), "://"); strings.Contains(rest, "/") {
				return "a path behind the upstream makes nginx decode the request's and encode it anew"
			}
			return ""
		}),
		edgeRule("NS1525", namesAreLookedUpAnew),
		passesWith("NS1531", "the client's own list would be believed", "proxy_set_header", "X-Forwarded-For", "$remote_addr"),
		edgeRule("NS1532", claimsAreDropped),
		edgeRule("NS1533", upgradesToOneProtocol),
		edgeRule("NS1537", noRedirectWithin),
		noDirective("NS1537", "the request starts anew elsewhere, past what was checked here", "rewrite", "error_page"),
		edgeRule("NS1538", ambiguousPathsAreRefused),
		edgeRule("NS1539", func(e *edge, report Report) {
			const why = "nginx and the service behind it would read the same request differently"
			e.once(report, why, "underscores_in_headers", "off")
			e.once(report, why, "ignore_invalid_headers", "on")
			e.once(report, why, "merge_slashes", "on")
		}),
	}
}

// upstreamsAreLiterals: proxy_pass takes its host from one variable, and that one
// is set to fixed text, or to itself with a fixed prefix.
func upstreamsAreLiterals(e *edge, report Report) {
	for _, n := range e.byName["proxy_pass"] {
		_, rest, _ := strings.Cut(n.Arg(0), "://")
		host, _, _ := strings.Cut(rest, "/")
		if strings.Contains(host, "$") && host != upstream && host != upstream+tail {
			report(place(n), "%q: a part of the request would choose the server that nginx connects to.", label(n))
		}
	}
	for _, l := range e.passing() {
		if !slices.ContainsFunc(l.Body, func(n *nginxconf.Node) bool { return n.Name == "set" && n.Arg(0) == upstream }) {
			report(place(l), "%q does not say which service it passes requests to.", label(l))
		}
	}
	for _, n := range e.byName["set"] {
		if n.Arg(0) != upstream {
			continue
		}
		value := n.Arg(1)
		if group, ok := strings.CutSuffix(value, "."+upstream); ok && len(group) == 1 {
			value = group
		}
		if strings.Contains(strings.ReplaceAll(value, "${nself_dollar}", ""), "$") {
			report(place(n), "%q: a part of the request would choose the server that nginx connects to.", label(n))
		}
	}
}

// upstreamsAreServices: the name that requests are passed to is a service's, on a
// network that the ingress is on too.
func upstreamsAreServices(a *Artefacts, report Report) {
	e, c := a.edge(), a.compose()
	i := slices.IndexFunc(c.services, (*service).ingress)
	if e == nil || i < 0 {
		return
	}
	joined := map[string]bool{} // the ingress is on as many networks as it has services
	for net := range c.services[i].Get("networks").All() {
		joined[net.Key] = true
	}
	for _, n := range e.byName["set"] {
		value, _ := strings.CutSuffix(n.Arg(1), "."+upstream)
		if n.Arg(0) != upstream || strings.Contains(value, "$") || len(value) == 1 && value != n.Arg(1) {
			continue // a copy that takes turns, or a finding already
		}
		name, _, _ := strings.Cut(value, ":")
		s, met := c.named[name], false
		if s != nil {
			for net := range s.Get("networks").All() {
				met = met || joined[net.Key]
			}
		}
		if !met {
			report(place(n), "%q: that is no service on a network of the ingress.", label(n))
		}
	}
}

func namesAreLookedUpAnew(e *edge, report Report) {
	passes := e.byName["proxy_pass"]
	for _, n := range passes {
		if !strings.Contains(n.Arg(0), "$") {
			report(place(n), "%q: a name without a variable is looked up once, when nginx starts; its container may have another address by then.", label(n))
		}
	}
	if len(passes) > 0 && e.first(e.http, "resolver") == nil {
		report(place(passes[0]), "%q: no resolver looks the name up.", label(passes[0]))
	}
}

// nothingDecoded: whatever leaves nginx in a line of its own holds no decoded path.
func nothingDecoded(e *edge, report Report) {
	for _, name := range []string{"return", "rewrite", "add_header", "proxy_set_header", "proxy_pass", "proxy_redirect", "set"} {
		for _, n := range e.byName[name] {
			value := strings.Join(n.Args, " ")
			if decoded.MatchString(value) {
				report(place(n), "%q: the path is without its escapes there, and an encoded line break in it begins a header of the client's choice.", label(n))
			}
		}
	}
}

func hostIsHost(e *edge, report Report) {
	for _, l := range e.passing() {
		if !e.has(l.Body, "proxy_set_header", "Host", "$host") {
			report(place(l), "%q hands requests on without the Host that was checked.", label(l))
		}
	}
	for _, n := range e.byName["proxy_set_header"] {
		if strings.EqualFold(n.Arg(0), "Host") && n.Arg(1) != "$host" {
			report(place(n), "%q: another Host than the one that chose the server.", label(n))
		}
	}
}

// ifRefuses: an if may refuse a request, or see a file that only the ingress's own
// container can hold and put that group's name in front of the upstream.
func ifRefuses(_ *edge, n *nginxconf.Node) string {
	if len(n.Body) == 0 {
		return "the condition that should refuse a request does nothing"
	}
	mark := len(n.Args) == 2 && n.Args[0] == "(-f"
	for _, inner := range n.Body {
		switch {
		case inner.Name == "return" && len(inner.Args) == 1 && isRefusal(inner.Args[0]):
		case mark && inner.Name == "set" && inner.Arg(0) == upstream && strings.HasSuffix(inner.Arg(1), "."+upstream) &&
			n.Args[1] == "/tmp/nself/"+inner.Arg(1)+")":
		default:
			return "an if makes a location of its own, in which half of the others' directives do not hold; it may only refuse"
		}
	}
	return ""
}

// isRefusal tells a status by which a request is refused. What is none of three digits
// is the address of a redirect.
func isRefusal(status string) bool { return len(status) == 3 && isDigits(status) && status >= "400" }

// claims are headers by which services learn what only a proxy may tell them, and
// Proxy, which CGI programs take for a setting of their own (CVE-2016-5385).
var claims = []string{
	"CF-Connecting-IP", "Client-IP", "Forwarded", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Forwarded",
	"X-Forwarded-Scheme", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Original-Forwarded-For", "X-Original-Host", "X-Original-URL",
	"X-Rewrite-URL", "X-Scheme", "X-Url-Scheme", "Proxy", "Proxy-Authorization", "Proxy-Connection", "Trailer",
}

// told are those that nginx sets itself, so that a client's own do not get through, and
// truth what it says in them, as fits reads it.
var (
	told  = []string{"X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Request-ID"}
	truth = []string{"$remote_addr", "https", "$host|$host:#", "#", "$nself_prefix", "$request_id"}
)

func claimsAreDropped(e *edge, report Report) {
	var dropped, set []string
	for _, l := range e.passing() {
		dropped, set = dropped[:0], set[:0]
		e.each(l.Body, func(n *nginxconf.Node) {
			switch {
			case n.Name != "proxy_set_header":
			case n.Arg(1) == "":
				dropped = append(dropped, n.Arg(0))
			default:
				if i := slices.Index(told, n.Arg(0)); i >= 0 && isOne(truth[i], n.Arg(1), n) {
					set = append(set, n.Arg(0))
				}
			}
		})
		for _, c := range told {
			if !slices.Contains(set, c) {
				report(place(l), "%q hands on the client's own %s.", label(l), c)
			}
		}
		for _, c := range claims {
			if !slices.Contains(dropped, c) {
				report(place(l), "%q hands on the client's own %s.", label(l), c)
			}
		}
	}
}

// upgradesToOneProtocol: h2c, which Upgrade could ask for as well, goes past every
// rule of nginx.
func upgradesToOneProtocol(e *edge, report Report) {
	for _, n := range e.byName["proxy_set_header"] {
		if strings.EqualFold(n.Arg(0), "Upgrade") && n.Arg(1) != "" && n.Arg(1) != "$nself_upgrade" {
			report(place(n), "%q: a client could upgrade to any protocol.", label(n))
		}
	}
	for _, m := range e.byName["map"] {
		if m.Arg(1) != "$nself_upgrade" {
			continue
		}
		for _, v := range m.Body {
			if v.Arg(0) != "" && (v.Name != "websocket" || v.Arg(0) != "websocket") {
				report(place(v), "%q: a client could upgrade to a protocol besides websocket.", label(v))
			}
		}
	}
}

func noRedirectWithin(e *edge, report Report) {
	for _, l := range e.passing() {
		ignored := e.first(l.Body, "proxy_ignore_headers")
		if ignored == nil || !slices.Contains(ignored.Args, "X-Accel-Redirect") {
			report(place(l), "%q obeys X-Accel-Redirect: a service's answer could fetch what another location guards.", label(l))
		}
	}
}

func ambiguousPathsAreRefused(e *edge, report Report) {
	for _, s := range e.servers {
		if s.tls && !s.fallback && !e.refuses(s, "$nself_bad_path") {
			report(place(s.Node), "The server %s takes paths that a service may read differently.", s.name())
		}
	}
	for _, m := range e.byName["map"] {
		if m.Arg(1) != "$nself_bad_path" {
			continue
		}
		for _, path := range [...]string{"/a/../b", "/a/%2e%2E/b", "/a/.%2F", "/a/..;/b", `/a\b`, "/a#b", "/a/."} {
			if m.Arg(0) != "$request_uri" || mapped(m, path) != "1" {
				report(place(m), "%q lets the path %s through.", label(m), path)
				break
			}
		}
	}
}

// mapped gives what a map of nginx makes of a value, as far as its expressions are
// ones of Go: exact values first, then expressions in their order, then the default.
func mapped(m *nginxconf.Node, value string) string {
	fallback := ""
	for _, v := range m.Body {
		if v.Name == value {
			return v.Arg(0)
		}
		if v.Name == "default" {
			fallback = v.Arg(0)
		}
	}
	for _, v := range m.Body {
		pattern, ok := strings.CutPrefix(v.Name, "~")
		if !ok {
			continue
		}
		if insensitive, ok := strings.CutPrefix(pattern, "*"); ok {
			pattern = "(?i)" + insensitive
		}
		if e, err := regexp.Compile(pattern); err == nil && e.MatchString(value) {
			return v.Arg(0)
		}
	}
	return fallback
}

// refuses tells whether a server refuses the requests for which a variable is set,
// before it looks at locations.
func (e *edge) refuses(s *server, variable string) bool {
	found := false
	e.each(s.Body, func(n *nginxconf.Node) {
		if n.Name == "if" && len(n.Args) == 1 && n.Args[0] == "("+variable+")" {
			for _, inner := range n.Body {
				found = found || inner.Name == "return" && isRefusal(inner.Arg(0))
			}
		}
	})
	return found
}
