package compiler

import (
	"cmp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/source"
)

// routed is a route that can be lowered.
type routed struct {
	in   *lang.Route
	unit *unit
	port ir.Port
	path ir.String
	// match is the path as requests are compared with it: decoded, without a
	// final slash.
	match string
}

// collectRoutes checks the routes of a service and keeps those that can be
// served. A store gets none.
func (l *lowering) collectRoutes(u *unit) {
	for _, r := range u.in.Routes {
		if u.in.Store.V != "" {
			l.storePublished(u, r.Range, "A route leads to")
			continue
		}
		d := r.Declared
		ok := l.lowerHost(d, r.Host)
		path := r.Path.Or("/", r.Range, "default route.path")
		match, problem := decodePath(path.V)
		if problem != "" {
			l.errorf(d, path.Range, "NS332", "Invalid route path",
				"The path %q %s, so requests would miss it, or reach more than you mean. Write the beginning of the path of a URL:\n\n"+
					"    path = \"/api\"", path.V, problem)
			ok = false
		}
		port, found := l.port(u, d, r.Port, r.Range, "The route")
		if !found {
			continue
		}
		if port.Protocol.V != "tcp" {
			l.errorf(d, cmp.Or(r.Port.Range, r.Range), "NS335", "Route to a UDP port",
				"The route leads to the port %q of %s, which is UDP. The ingress speaks HTTP, over TCP. Route to a TCP port.", port.Name.V, u.in.Address)
			continue
		}
		if !ok {
			continue
		}
		l.routes = append(l.routes, routed{r, u, port, path, match})
	}
}

// lowerHosts groups the routes by host, the longest path first.
func (l *lowering) lowerHosts(in *ir.Ingress) {
	slices.SortFunc(l.routes, func(a, b routed) int {
		return cmp.Or(
			strings.Compare(a.in.Host.V, b.in.Host.V), len(b.match)-len(a.match), strings.Compare(a.match, b.match),
			compareRanges(a.in.Range, b.in.Range), strings.Compare(a.in.Address, b.in.Address),
		)
	})
	backing := make([]ir.Route, len(l.routes))
	var host *ir.Host
	for i, r := range l.routes {
		if i > 0 && l.routes[i-1].in.Host.V == r.in.Host.V && l.routes[i-1].match == r.match {
			first := l.routes[i-1]
			l.errorf(r.in.Declared, r.in.Range, "NS331", "Two routes for one host and path",
				"%s and %s both want %s%s: only one of them would get the requests. (A final slash or an encoded character makes no "+
					"difference.) Give one of them another path, or remove it.", first.in.Address, r.in.Address, r.in.Host.V, r.path.V).
				With(first.in.Site(), "the first route for it")
			continue
		}
		if host == nil || host.Name.V != r.in.Host.V {
			host = &ir.Host{Name: r.in.Host}
			in.Hosts = append(in.Hosts, host)
		}
		l.lowerRoute(&backing[i], r)
		host.Routes = append(host.Routes, &backing[i])
	}
}

func (l *lowering) lowerRoute(o *ir.Route, r routed) {
	s, d, at := r.in, r.in.Declared, r.in.Range
	o.Address, o.Origin = s.Address, source.Origin{Range: at}
	o.Path, o.Service, o.Port = r.path, r.unit.in.Name, r.port.Container
	if s.Port.IsSet() {
		o.Port.Range = s.Port.Range
	}
	o.RateLimit = l.lowerRateLimit(d, s.RateLimit)
	body := source.Default[int64](defaultBodySize, at, "default route.body_size")
	if in := l.in.Ingress; in != nil && in.BodySize.IsSet() {
		body = source.Default(in.BodySize.V, in.BodySize.Range, "ingress.body_size")
	}
	o.BodySize = within(l, d, s.BodySize, 1<<10, 1<<40, body, "body_size, in bytes,")
	o.WebSocket = s.WebSocket.Or(false, at, "default route.websocket")
	o.StripPrefix = s.StripPrefix.Or(false, at, "default route.strip_prefix")
	read := source.Default(defaultReadTimeout, at, "default route.read_timeout")
	send := source.Default(defaultSendTimeout, at, "default route.send_timeout")
	if o.WebSocket.V {
		read.V, read.By = socketTimeout, "default route.read_timeout of a WebSocket"
		send.V, send.By = socketTimeout, "default route.send_timeout of a WebSocket"
	}
	// nginx's own documentation says that connecting seldom takes more than 75 s.
	o.ConnectTimeout = within(l, d, s.ConnectTimeout, 1, 75, source.Default(defaultConnectTimeout, at, "default route.connect_timeout"), "connect_timeout, in seconds,")
	o.ReadTimeout = within(l, d, s.ReadTimeout, 1, 86400, read, "read_timeout, in seconds,")
	o.SendTimeout = within(l, d, s.SendTimeout, 1, 86400, send, "send_timeout, in seconds,")
	o.AllowFrom = l.lowerRanges(d, s.AllowFrom)
	o.Headers = l.lowerHeaders(d, s.Headers)
}

// lowerHeaders checks response headers, which everybody sees.
func (l *lowering) lowerHeaders(d lang.Declared, in []lang.EnvVar) []ir.Header {
	in = slices.Clone(in)
	slices.SortFunc(in, func(a, b lang.EnvVar) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name), compareRanges(a.Value.Range, b.Value.Range))
	})
	var out []ir.Header
	for i, h := range in {
		value, ok := l.plain(d, h.Value, "the header "+h.Name, "Every client sees it.")
		switch {
		case !ok:
		case !isToken(h.Name):
			l.badHeader(d, h, "its name holds a character that no header name may hold (RFC 9110, 5.6.2)")
		case strings.ContainsFunc(value.V, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			l.badHeader(d, h, "its value holds a line break or another control character, which would begin another header")
		case i > 0 && strings.EqualFold(in[i-1].Name, h.Name):
			l.badHeader(d, h, "it is set twice; case makes no difference")
		default:
			out = append(out, ir.Header{Name: h.Name, Value: value})
		}
	}
	return out
}

func (l *lowering) badHeader(d lang.Declared, h lang.EnvVar, problem string) {
	l.errorf(d, h.Value.Range, "NS344", "Invalid response header", "The header %q cannot be sent: %s. Write a name and one line of text:\n\n"+
		"    headers = {\n      \"X-Frame-Options\" = \"DENY\"\n    }", h.Name, problem)
}

// isToken tells a token of RFC 9110, 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) && strings.IndexByte("!#$%&'*+-.^`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// lowerRateLimit checks a limit; nil stays nil.
func (l *lowering) lowerRateLimit(d lang.Declared, in *lang.RateLimit) *ir.RateLimit {
	if in == nil {
		return nil
	}
	o := &ir.RateLimit{Origin: source.Origin{Range: in.Range}, Off: in.Off.Or(false, in.Range, "default rate_limit.off")}
	if o.Off.V {
		return o
	}
	o.Requests, o.Window = in.Requests, in.Window.Or(defaultWindow, in.Range, "default rate_limit.window")
	o.Burst = in.Burst.Or(in.Requests.V, cmp.Or(in.Requests.Range, in.Range), "default rate_limit.burst")
	switch {
	case o.Requests.V < 1 || o.Requests.V > 1_000_000:
		l.badRate(d, cmp.Or(in.Requests.Range, in.Range), "requests are %d, and must be between 1 and 1000000", o.Requests.V)
	case o.Window.V < 1 || o.Window.V > 86400:
		l.badRate(d, o.Window.Range, "the window is %d seconds, and must be between one second and a day", o.Window.V)
	case o.Burst.V < 1 || o.Burst.V > 1_000_000:
		l.badRate(d, o.Burst.Range, "the burst is %d, and must be between 1 and 1000000", o.Burst.V)
	default:
		return o
	}
	return nil
}

func (l *lowering) badRate(d lang.Declared, at source.Range, problem string, args ...any) {
	l.errorf(d, at, "NS336", "Invalid rate limit",
		"In the rate limit, "+problem+". Without a limit one client can keep everybody else out, and guess passwords as fast as the "+
			"service answers. Write:\n\n    rate_limit {\n      requests = 100\n      window   = \"60s\"\n    }", args...)
}
