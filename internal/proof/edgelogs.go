package proof

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// edgeLogs are about what nginx tells: to its logs, and to everybody.
func edgeLogs() []Rule {
	return []Rule{
		onceInHTTP("NS1508", "every answer would name the release, and with it the known faults", "server_tokens", "off"),
		edgeRule("NS1522", func(e *edge, report Report) {
			if e.first(e.http, "error_log") == nil || e.first(e.files["nginx.conf"], "error_log") == nil {
				report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "The error log is not set for the process and for requests, and nginx's own default quotes these.")
			}
		}),
		eachDirective("NS1522", "error_log", func(_ *edge, n *nginxconf.Node) string {
			switch {
			case n.Arg(0) != "stderr":
				return "nobody sees it there"
			case (n.Parent != nil || n.File != nginxFolder+"nginx.conf") && n.Arg(1) != "emerg":
				return "entries about requests quote the request line, query and all"
			case n.Parent == nil && n.Arg(1) != "warn":
				return "entries below a warning are about requests too"
			}
			return ""
		}),
		edgeRule("NS1523", logsWithoutQueries),
		edgeRule("NS1524", filesForConnections),
		noDirective("NS1526", "whoever finds it sees how busy the host is, and from when on it is down",
			"stub_status", "status", "api", "upstream_conf", "perl"),
		edgeRule("NS1527", blocksAnswer),
		noDirective("NS1527", "nginx would hand out files; its own configuration lies among them",
			"root", "autoindex", "try_files", "index", "disable_symlinks", "random_index", "dav_methods", "sendfile_max_chunk"),
	}
}

// logsWithoutQueries: what a query, a cookie or an Authorization header says stays
// out of the access log.
func logsWithoutQueries(e *edge, report Report) {
	quoting := []string{
		"$request ", `$request"`, "$request_uri", "$args", "$query_string", "$is_args", "$arg_", "$cookie_", "$http_authorization",
		"$http_cookie", "$http_referer", "$request_body", "$uri", "$document_uri", "$http_x_", "$sent_http_set_cookie",
	}
	for _, n := range e.byName["log_format"] {
		format := strings.Join(n.Args[min(1, len(n.Args)):], "") + " "
		for _, q := range quoting {
			if strings.Contains(strings.ReplaceAll(format, "${", "$"), q) {
				report(place(n), "The access log holds %s, in which clients send tokens.", strings.Trim(q, ` "`))
			}
		}
	}
	if e.first(e.http, "access_log") == nil || e.first(e.http, "log_format") == nil {
		report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "The access log is nginx's own, which quotes the whole request line.")
	}
	for _, n := range e.byName["access_log"] {
		if n.Arg(0) != "off" && n.Arg(1) != "nself" {
			report(place(n), "%q writes nginx's own format, which quotes the whole request line.", label(n))
		}
	}
	e.paths(report)
	e.cuts(report)
}

// paths holds the map that cuts the path for the log: no ?, no escape, no parameter.
func (e *edge) paths(report Report) {
	for _, m := range e.byName["map"] {
		if m.Arg(1) != "$nself_path" {
			continue
		}
		for _, v := range m.Body {
			if p := expression(v.Name); p != "" && strings.ContainsAny(p[strings.Index(p, "[")+1:max(strings.Index(p, "[")+1, strings.LastIndex(p, "]"))], "?%;=&#") {
				report(place(v), "%q keeps what follows the path.", label(v))
			}
		}
	}
}

// cuts holds the variables of the log to be what they were made for: what follows a
// path, and what a referer has besides its origin, is not among them.
func (e *edge) cuts(report Report) {
	for _, n := range e.byName["log_format"] {
		format := strings.Join(n.Args[min(1, len(n.Args)):], "")
		for _, piece := range strings.Split(format, "$")[1:] {
			name := piece[:len(piece)-len(strings.TrimLeft(piece, letters+"0123456789_"))]
			if !slices.Contains(logged, name) {
				report(place(n), "The access log holds $%s, of which nobody has looked what it may hold.", name)
			}
		}
		if n.Arg(1) != "escape=json" {
			report(place(n), "The access log takes what clients write as it is: a quotation mark in it begins another field.")
		}
	}
	for _, m := range e.byName["map"] {
		if m.Arg(1) != "$nself_path" && m.Arg(1) != "$nself_referer" {
			continue
		}
		for _, value := range [...]string{
			"/a?token", "/a;token", "/a%3Ftoken", "/a=token", "/a#token",
			"https://user:token@a.example/", "https://a.example/?token", "https://a.example/token", "https://a.example#token",
		} {
			if m.Arg(1) == "$nself_path" && value[0] != '/' {
				continue // a path begins with its slash
			}
			if strings.Contains(captured(m, value), "token") {
				report(place(m), "%q keeps a token of %s.", label(m), value)
				break
			}
		}
	}
}

// logged are the variables that the access log may hold.
var logged = []string{
	"time_iso8601", "request_id", "remote_addr", "request_method", "nself_host", "nself_path", "server_protocol", "status", "bytes_sent",
	"request_length", "request_time", "upstream_addr", "upstream_status", "upstream_response_time", "limit_req_status", "ssl_protocol",
	"ssl_cipher", "nself_referer", "nself_agent",
}

// blocksAnswer: a location that says nothing of what to answer, and a server without
// one, answer with files.
func blocksAnswer(e *edge, report Report) {
	answers := func(body []*nginxconf.Node) bool {
		return e.first(body, "proxy_pass") != nil || e.first(body, "return") != nil
	}
	for _, s := range e.servers {
		if len(s.locations) == 0 && !answers(s.Body) {
			report(place(s.Node), "The server %s says nothing of what to answer, and nginx looks for a file.", s.name())
		}
		for _, l := range s.locations {
			if !answers(l.Body) {
				report(place(l), "%q says nothing of what to answer, and nginx looks for a file.", label(l))
			}
		}
	}
}

// filesForConnections: each connection to a service takes a second file.
func filesForConnections(e *edge, report Report) {
	number := func(name string) int {
		for _, n := range e.byName[name] {
			if v, err := strconv.Atoi(n.Arg(0)); err == nil {
				return v
			}
		}
		return 0
	}
	files, connections := number("worker_rlimit_nofile"), number("worker_connections")
	if connections == 0 || files < 2*connections {
		report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "%d connections may use %d files, and each takes two: nginx would refuse clients under load.", connections, files)
	}
}

// edgeLimits are about how much one client may take, and which.
func edgeLimits() []Rule {
	return []Rule{
		edgeRule("NS1510", allowEndsInDeny),
		{Code: "NS1510", Check: gatewayIsDenied},
		noDirective("NS1510", "one of several checks would be enough", "satisfy"),
		edgeRule("NS1511", func(e *edge, report Report) {
			for _, n := range e.byName["return"] {
				if n.Parent != nil && n.Parent.Name != "if" && slices.ContainsFunc(n.Parent.Body, func(o *nginxconf.Node) bool { return o.Name == "allow" || o.Name == "deny" }) {
					report(place(n), "%q answers before allow and deny are asked.", label(n))
				}
			}
		}),
		eachDirective("NS1514", "resolver", func(_ *edge, n *nginxconf.Node) string {
			for _, a := range n.Args {
				if a != "127.0.0.11" && !strings.Contains(a, "=") {
					return "whoever answers for that name server says where requests go"
				}
			}
			return ""
		}),
		edgeRule("NS1529", requestsAreBounded),
		edgeRule("NS1530", limitsCount),
	}
}

func allowEndsInDeny(e *edge, report Report) {
	seen := map[*nginxconf.Node]bool{}
	for _, n := range e.byName["allow"] {
		block := n.Parent
		if block == nil || seen[block] {
			continue
		}
		seen[block] = true
		first, last := "", ""
		e.each(block.Body, func(n *nginxconf.Node) {
			if n.Name == "allow" || n.Name == "deny" {
				first, last = cmp.Or(first, n.Name), label(n)
			}
		})
		if first != "deny" {
			report(place(block), "%q asks who may before it denies Docker's own address, in whose name clients of IPv6 come.", label(block))
		}
		if slices.ContainsFunc(block.Body, func(n *nginxconf.Node) bool { return label(n) == "allow all" }) {
			report(place(block), "%q allows everybody before it denies the rest.", label(block))
		}
		if block.Name == "location" && block.Arg(0) == "~" {
			report(place(block), "%q is held against one spelling of the path, and services take others for the same.", label(block))
		}
		if last != "deny all" {
			report(place(block), "%q allows some and denies nobody: what no line fits is let in.", label(block))
		}
	}
}

// gatewayIsDenied: what a list denies first is Docker's own address, all of it: that of
// the network that the ingress publishes from, where it is alone.
func gatewayIsDenied(a *Artefacts, report Report) {
	e, c := a.edge(), a.compose()
	i := slices.IndexFunc(c.services, (*service).ingress)
	if e == nil || i < 0 || len(e.byName["allow"]) == 0 {
		return
	}
	members := c.members()
	var gateways []string
	for _, n := range c.networks {
		if m := members[n.Key]; len(m) != 1 || m[0] != c.services[i] {
			continue
		}
		for subnet := range n.At("ipam", "config").All() {
			gateways = append(gateways, subnet.Get("subnet").Value())
		}
	}
	var last *nginxconf.Node
	for _, n := range e.byName["allow"] {
		if n.Parent == nil || n.Parent == last {
			continue
		}
		last = n.Parent
		denied := e.firstArgs(last.Body, "deny")
		for _, g := range gateways {
			if !slices.Contains(denied, g) && len(denied) > 1 { // else allowEndsInDeny speaks
				report(place(last), "%q does not deny %s, Docker's own address, in whose name clients of IPv6 come.", label(last), g)
			}
		}
	}
}

// requestsAreBounded: in size and in time, whatever a location says.
func requestsAreBounded(e *edge, report Report) {
	for _, want := range [...]struct {
		name    string
		longest int // seconds; 0 for a size
	}{{"client_max_body_size", 0}, {"client_header_timeout", 60}, {"client_body_timeout", 60}, {"send_timeout", 60}} {
		if e.first(e.http, want.name) == nil {
			report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "%s is not set for all servers.", want.name)
		}
		for _, n := range e.byName[want.name] {
			seconds, isSeconds := seconds(n.Arg(0))
			if n.Arg(0) == "0" || want.longest > 0 && (!isSeconds || seconds > want.longest) {
				report(place(n), "%q: a slow or large request may hold a connection as long as it likes.", label(n))
			}
		}
	}
}

func seconds(s string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "s"))
	return n, err == nil
}

// limitsCount: every limit counts by the peer's address, in a zone that is there.
func limitsCount(e *edge, report Report) {
	zones := map[string]bool{}
	for _, n := range e.byName["limit_req_zone"] {
		for _, a := range n.Args {
			if zone, ok := strings.CutPrefix(a, "zone="); ok {
				name, _, _ := strings.Cut(zone, ":")
				zones[name] = true
			}
		}
		if n.Arg(0) != "$nself_client" && n.Arg(0) != "$binary_remote_addr" {
			report(place(n), "%q counts by something that a client may choose.", label(n))
		}
	}
	for _, m := range e.byName["map"] {
		if m.Arg(1) != "$nself_client" {
			continue
		}
		if m.Arg(0) != "$binary_remote_addr" {
			report(place(m), "%q tells clients apart by something that they may choose.", label(m))
		}
		if !slices.ContainsFunc(m.Body, func(v *nginxconf.Node) bool { return v.Arg(0) == "$nself_network" && strings.Contains(v.Name, "{8})") }) {
			report(place(m), "%q counts each address of IPv6 by itself, and a subscriber has 2^64 of them.", label(m))
		}
	}
	for _, n := range e.byName["limit_req"] {
		if !slices.ContainsFunc(n.Args, func(a string) bool { z, ok := strings.CutPrefix(a, "zone="); return ok && zones[z] }) {
			report(place(n), "%q counts in a zone that is not there.", label(n))
		}
	}
}
