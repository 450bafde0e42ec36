package nginx

import (
	"cmp"
	"strconv"
)

const requestFile = "snippets/request.conf"

// request renders what a server of HTTPS checks before any location.
func (r *renderer) request() *text {
	t := r.text(requestFile, 512)
	t.line()
	t.open("if ($nself_misdirected)")
	t.line("return 421;")
	t.close()
	t.open("if ($nself_bad_path)")
	t.line("return 400;")
	t.close()
	t.line(`set $nself_prefix "";`)
	t.line("set $nself_retry 1;")
	return t
}

// refuse renders the default servers, which get what no declared name fits, and
// the answer to the container's own health check.
func (r *renderer) refuse() *text {
	t := r.text("snippets/refuse.conf", 512)
	t.line()
	t.open("server")
	r.listen(t, r.in.HTTP.V, " default_server")
	t.line(`server_name "";`)
	t.line("include ", plainHeadersFile, "; # for what is no request: 400")
	t.line("return 444;")
	t.close()
	t.line()
	t.open("server")
	r.listen(t, r.in.HTTPS.V, r.tlsListen()+" default_server")
	t.line(`server_name "";`)
	t.line("ssl_reject_handshake on;")
	t.line("include ", requestFile, ";")
	t.line("include ", headersFile, ";")
	t.line("# Reached by a Host without a server, over a connection that was opened for another name.")
	t.line("return 421;")
	t.close()
	r.health(t)
	return t
}

// health renders the socket that the container's health check asks. Only the
// container itself can reach it, and it tells nothing.
func (r *renderer) health(t *text) {
	if !r.in.HealthPort.IsSet() {
		return
	}
	t.line()
	t.from(r.address, cmp.Or(r.in.HealthPort.Origin, r.in.Origin))
	t.open("server")
	t.line("listen 127.0.0.1:", strconv.Itoa(r.in.HealthPort.V), " default_server;")
	t.line(`server_name "";`)
	t.line("access_log off;")
	t.line("return 204;")
	t.close()
}

// listen writes the IPv4 and the IPv6 socket of a port.
func (r *renderer) listen(t *text, port int, options string) {
	p := strconv.Itoa(port)
	t.line("listen ", p, options, ";")
	t.line("listen [::]:", p, options, ";")
}

// tlsListen gives the options of a TLS socket. HTTP/2 is one of them before
// 1.25.1, and a directive of its own since.
func (r *renderer) tlsListen() string {
	if r.in.Version.AtLeast(1, 25, 1) {
		return " ssl"
	}
	return " ssl http2"
}

// domains renders the hosts, each domain's into one text, in order of first host.
func (r *renderer) domains(hosts []*host) []*text {
	var out []*text
	byFile := map[string]*text{}
	for _, h := range hosts {
		t, ok := byFile[h.file()]
		if !ok {
			t = r.text(h.file(), 2048+1536*len(h.routes))
			byFile[h.file()] = t
			out = append(out, t)
		}
		r.host(t, h)
	}
	return out
}

// host renders the two servers of one name.
func (r *renderer) host(t *text, h *host) {
	t.from(r.address, h.name.Origin)

	target := h.name.V
	if h.wildcard() {
		target = "$host" // one of the declared names, as the server is
	}
	t.line()
	t.open("server")
	r.listen(t, r.in.HTTP.V, "")
	t.line("server_name ", Quote(h.name.V), ";")
	t.line("include ", plainHeadersFile, ";")
	t.line()
	t.open("location /")
	t.line("return 301 https://", target, portSuffix(r.in.HTTPSPublic.V), "$request_uri;")
	t.close()
	t.close()

	t.line()
	t.open("server")
	r.listen(t, r.in.HTTPS.V, r.tlsListen())
	t.line("server_name ", Quote(h.name.V), ";")
	t.line("include ", requestFile, ";")
	t.line("include ", headersFile, ";")
	whole := false
	for i := range h.routes {
		rt := &h.routes[i]
		whole = whole || rt.match == "/"
		r.location(t, rt)
	}
	t.from(r.address, h.name.Origin)
	if !whole {
		t.line()
		t.open("location /")
		t.line("return 404;")
		t.close()
	}
	t.close()
}
