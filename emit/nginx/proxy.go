package nginx

import "strconv"

const proxyFile = "snippets/proxy.conf"

// proxy renders what every location that passes requests on includes. A single
// proxy_set_header in a location would drop all those of the server, which is
// why the set stands in each of them, whole.
func (r *renderer) proxy() *text {
	t := r.text(proxyFile, 4096)
	port := r.in.HTTPSPublic.V
	t.line()
	t.line("# While the containers of a service are exchanged, a file here sends its requests to the new ones alone: the old get")
	t.line("# no request any more when they are stopped. No such file, and a service is all of its containers.")
	for _, group := range Groups {
		t.open("if (-f ", MarkDir, "/", group, ".$nself_upstream)")
		t.line("set $nself_upstream ", group, ".$nself_upstream;")
		t.close()
	}
	t.line("# A request goes to another container when the first cannot be connected to. When it was sent, only one that may be")
	t.line("# repeated (RFC 9110, 9.2.2) does, as before an answer began nobody knows what became of it.")
	t.line("proxy_next_upstream error timeout;")
	t.line("proxy_next_upstream_tries 4;")
	t.line("proxy_http_version 1.1;")
	t.line("proxy_max_temp_file_size 0;")
	t.line("# As much header as a client may send: nginx's own 4k make a 502 of a large cookie or policy, and no log would say why.")
	t.line("proxy_buffer_size 16k;")
	t.line("proxy_buffers 4 8k;")
	t.line("proxy_busy_buffers_size 16k;")
	t.line("proxy_cookie_flags ~ secure;")
	t.line("# A service may not redirect a request within nginx, nor change nginx's pace.")
	t.line("proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset;")
	t.line()
	t.line("# What the service may believe. The client's own X-Forwarded-For is replaced, not continued: $remote_addr is the")
	t.line("# peer, or the client that a trusted proxy named.")
	t.line("proxy_set_header Host $host;")
	t.line("proxy_set_header X-Real-IP $remote_addr;")
	t.line("proxy_set_header X-Forwarded-For $remote_addr;")
	t.line("proxy_set_header X-Forwarded-Proto https;")
	t.from(r.address, r.in.HTTPSPublic.Origin)
	t.line("proxy_set_header X-Forwarded-Host $host", portSuffix(port), ";")
	t.line("proxy_set_header X-Forwarded-Port ", strconv.Itoa(port), ";")
	t.from(r.address, r.in.Origin)
	t.line("proxy_set_header X-Forwarded-Prefix $nself_prefix;")
	t.line("proxy_set_header X-Request-ID $request_id;")
	t.line()
	t.line("# What only a client could have sent: other names of the same claims, hop-by-hop headers, httpoxy (CVE-2016-5385).")
	for _, name := range [...]string{
		"CF-Connecting-IP", "Client-IP", "Forwarded", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP",
		"X-Forwarded", "X-Forwarded-Scheme", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Original-Forwarded-For",
		"X-Original-Host", "X-Original-URL", "X-Rewrite-URL", "X-Scheme", "X-Url-Scheme",
		"Proxy", "Proxy-Authorization", "Proxy-Connection", "Trailer",
	} {
		t.line("proxy_set_header ", name, ` "";`)
	}
	t.line()
	for _, name := range hiddenHeaders {
		t.line("proxy_hide_header ", name, ";")
	}
	return t
}

// portSuffix is what follows the host of a URL.
func portSuffix(port int) string {
	if port == 443 || port == 0 {
		return ""
	}
	return ":" + strconv.Itoa(port)
}
