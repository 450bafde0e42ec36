package nginx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// streamAbove is the largest request body, in bytes, that nginx takes in whole
// before the service sees any of it, which keeps slow clients away from the
// service. Larger ones are passed on as they arrive: a few of them would fill
// the memory file system that nginx writes to.
const streamAbove = 1 << 20

// route is an ir.Route that can be rendered.
type route struct {
	*ir.Route
	match   string      // decoded prefix without a final "/", or "/"
	prefix  string      // the same as clients write it
	headers []ir.Header // those that can be sent
	limit   *limit      // nil for none
}

// routes gives the routes of a host that can be rendered, longest path first.
func (r *renderer) routes(h *ir.Host) []route {
	out := make([]route, 0, len(h.Routes))
	for _, rt := range h.Routes {
		match, ok := r.checkPath(rt)
		if !ok {
			continue
		}
		for _, o := range out {
			if o.match == match {
				r.sameRoute(rt.Origin.Range, o.Origin.Range, h.Name.V+match)
				ok = false
			}
		}
		if !ok {
			continue
		}
		for _, cidr := range rt.AllowFrom {
			r.checkRange(cidr)
		}
		r.strip = r.strip || rt.StripPrefix.V && match != "/"
		out = append(out, route{
			Route: rt, match: match, prefix: encodePath(match),
			headers: r.checkHeaders(rt), limit: r.limitOf(rt, h.Name.V+match),
		})
	}
	slices.SortStableFunc(out, func(a, b route) int { return cmp.Compare(len(b.match), len(a.match)) })
	return out
}

// pattern gives the expression that the decoded paths of a route match, and
// nginx's sign for it. Expressions are tried in the order of the file, the
// longest path first. Two prefix locations would do the same for an open route,
// at twice the text; none would for a restricted one.
//
// A restricted path is matched in every spelling that some service takes for
// the same: another case (Express), parameters in a segment (servlet
// containers), a suffix for the format (Rails). Whoever may not have the path
// could ask the host's other routes for it otherwise.
func (rt *route) pattern() (sign, expression string) {
	segments := strings.Split(rt.match[1:], "/")
	for i := range segments {
		segments[i] = escapeExpression(segments[i])
	}
	if len(rt.AllowFrom) == 0 {
		return "~", "^/" + strings.Join(segments, "/") + `(?:/|\z)`
	}
	const parameters, only = "(?:;[^/]*)?", "(?:/;[^/]*)*/" // of a segment; segments of nothing else
	return "~*", "^" + only + strings.Join(segments, parameters+only) + `(?:[/;.]|\z)`
}

// escapeExpression makes an expression (PCRE) that matches s alone.
func escapeExpression(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 && !isLetterOrDigit(c) && c != '-' && c != '_' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// location writes a route.
func (r *renderer) location(t *text, rt *route) {
	from := func(o source.Origin) { t.from(rt.Address, cmp.Or(o, rt.Origin)) }
	from(rt.Origin)
	t.line()
	// Not the route's own address: that counts the routes before it, which may move.
	t.line("# ", oneLine(rt.Service))
	from(rt.Path.Origin)
	if rt.match == "/" {
		t.open("location /")
	} else {
		sign, expression := rt.pattern()
		t.open("location ", sign, " ", Quote(expression))
	}
	target := "http://$nself_upstream"
	if rt.StripPrefix.V && rt.match != "/" {
		target += "$nself_tail"
		from(rt.StripPrefix.Origin)
		t.line("set $nself_prefix ", r.literal(rt.prefix), ";")
		t.open(`if ($nself_tail = "")`)
		t.line("return 400;")
		t.close()
	}
	r.allow(t, rt)
	if rt.limit != nil {
		t.from(rt.limit.address, rt.limit.origin)
		rt.limit.write(t)
	}
	from(rt.BodySize.Origin)
	if n := rt.BodySize.V; n > 0 { // nginx takes 0 for no limit at all
		t.line("client_max_body_size ", size(n), ";")
		if n > streamAbove {
			t.line("proxy_request_buffering off;")
		}
	}
	for _, timeout := range [...]struct {
		directive string
		seconds   ir.Int
	}{
		{"proxy_connect_timeout ", rt.ConnectTimeout},
		{"proxy_read_timeout ", rt.ReadTimeout},
		{"proxy_send_timeout ", rt.SendTimeout},
	} {
		if timeout.seconds.V > 0 {
			from(timeout.seconds.Origin)
			t.line(timeout.directive, strconv.Itoa(timeout.seconds.V), "s;")
		}
	}
	r.routeHeaders(t, rt)
	from(rt.Port.Origin)
	t.line("set $nself_upstream ", r.literal(Upstream(rt.Service, rt.Port.V)), ";")
	from(rt.WebSocket.Origin)
	t.line("include ", proxyFile, ";")
	if rt.WebSocket.V {
		t.line("proxy_set_header Upgrade $nself_upgrade;")
		t.line("proxy_set_header Connection $nself_connection;")
	} else {
		t.line("proxy_set_header Connection close;")
		t.line("proxy_hide_header Upgrade;")
	}
	from(rt.Port.Origin)
	t.line("proxy_pass ", target, ";")
	t.close()
}

// allow writes the addresses that may use the route; a list of which nothing
// can be written lets nobody in.
//
// Docker hands over in its own name what it does not translate: connections by
// IPv6 where the network has none or Docker keeps no ip6tables, and those from the
// host itself. They come from the edge network's gateway, whoever made them, and a list with a private range
// such as 10.0.0.0/8 must not take all the world by IPv6 for that range.
func (r *renderer) allow(t *text, rt *route) {
	if len(rt.AllowFrom) == 0 {
		return
	}
	t.from(rt.Address, rt.Origin)
	for _, subnet := range r.edge {
		t.line("deny ", Quote(subnet), "; # Docker's own address, which hides the client's")
	}
	for _, cidr := range rt.AllowFrom {
		if isRange(cidr.V) {
			t.from(rt.Address, cidr.Origin)
			t.line("allow ", Quote(cidr.V), ";")
		}
	}
	t.line("deny all;")
}

// size gives a number of bytes in the largest unit that divides it.
func size(n int64) string {
	for _, u := range [...]struct {
		bytes int64
		sign  string
	}{{1 << 30, "g"}, {1 << 20, "m"}, {1 << 10, "k"}} {
		if n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.sign
		}
	}
	return strconv.FormatInt(n, 10)
}
