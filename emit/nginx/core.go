package nginx

import (
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"

	"nselfc/lang/source"
)

// A connection that nginx holds costs at most perConnection bytes of memory:
// TLS state, the buffers of a request and its answer (measured: 80 KiB for a
// client that stops within a body). What the container has bounds their number,
// so that a flood of slow clients is turned away instead of nginx killed.
const (
	perConnection   = 128 << 10
	fewConnections  = 512
	manyConnections = 8192
)

// core renders nginx.conf: what is set once for the process, and the list of
// files. The snippets given are those of the http block; servers and locations
// include the others.
func (r *renderer) core(shared, domains []*text, hosts []*host) *text {
	t := r.text("nginx.conf", 4096+64*len(domains))
	r.process(t)
	t.line()
	t.open("http")
	r.settings(t)
	r.trusted(t)
	r.hashes(t, hosts)
	t.line()
	t.from(r.address, r.in.Origin)
	for _, s := range shared {
		t.line("include ", s.path, ";")
	}
	for _, d := range domains {
		t.from(r.address, r.in.Origin)
		t.line("include ", d.path, ";")
	}
	t.close()
	return t
}

func (r *renderer) process(t *text) {
	t.line()
	t.from(r.address, r.cpus.Origin)
	workers := max(1, int(math.Ceil(r.cpus.V))) // "auto" would count the host's cores, not the container's
	t.line("worker_processes ", strconv.Itoa(workers), ";")
	t.from(r.address, r.memory.Origin)
	connections := int(min(manyConnections, max(fewConnections, r.memory.V/perConnection/int64(workers))))
	t.line("worker_rlimit_nofile ", strconv.Itoa(4*connections), ";")
	t.from(r.address, r.in.Origin)
	t.line("worker_shutdown_timeout 30s;")
	t.line("pid /tmp/nginx.pid;")
	t.line()
	t.line("# Start-up, reload and the workers' own faults. None of these entries quotes a request.")
	t.line("error_log stderr warn;")
	t.line()
	t.open("events")
	t.from(r.address, r.memory.Origin)
	t.line("worker_connections ", strconv.Itoa(connections), ";")
	t.close()
	t.from(r.address, r.in.Origin)
}

func (r *renderer) settings(t *text) {
	t.line("# An entry about a request quotes its request line and Referer, query strings and all. They exist up to alert")
	t.line("# (\"worker_connections are not enough\"), hence emerg. The access log tells what failed, by upstream and status.")
	t.line("error_log stderr emerg;")
	t.line()
	t.line("server_tokens off;")
	t.line("ignore_invalid_headers on;")
	t.line("underscores_in_headers off;")
	t.line("merge_slashes on;")
	t.line("absolute_redirect off;")
	t.line()
	for _, dir := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		t.line(dir, "_temp_path /var/cache/nginx/", dir, ";")
	}
	t.line()
	t.line("client_header_timeout 10s;")
	t.line("client_body_timeout 15s;")
	t.line("send_timeout 15s;")
	t.line("keepalive_timeout 60s;")
	t.line("keepalive_requests 1000;")
	t.line("reset_timedout_connection on;")
	t.line("large_client_header_buffers 4 16k;")
	t.line("client_body_buffer_size 64k;")
	t.line("client_max_body_size 1m;")
	if r.in.Version.AtLeast(1, 25, 1) {
		t.line("http2 on;")
	}
	t.line()
	t.line("# Docker's own name server. Names are looked up anew: a service may come back with another address.")
	t.line("resolver 127.0.0.11 valid=", strconv.Itoa(ResolverValid), "s ipv6=off;")
	t.line("resolver_timeout 5s;")
}

// trusted believes X-Forwarded-For of the declared proxies alone, and takes
// from it the last address that is not one of them.
func (r *renderer) trusted(t *text) {
	var begun bool
	for _, cidr := range r.in.TrustedProxy {
		if !r.checkRange(cidr) {
			continue
		}
		if !begun {
			begun = true
			t.line()
			t.line("real_ip_header X-Forwarded-For;")
			t.line("real_ip_recursive on;")
		}
		t.from(r.address, cidr.Origin)
		t.line("set_real_ip_from ", Quote(cidr.V), ";")
	}
	t.from(r.address, r.in.Origin)
}

// hashes sizes nginx's hash tables: it refuses to start when the longest key
// does not fit a bucket, and warns when buckets overflow.
func (r *renderer) hashes(t *text, hosts []*host) {
	longest := 0
	for _, h := range hosts {
		longest = max(longest, len(h.name.V))
	}
	bucket := bucketSize(longest)
	if len(hosts) > 256 {
		bucket = max(bucket, 256) // more keys to a bucket, so that fewer buckets do
	}
	t.line()
	t.line("server_names_hash_bucket_size ", strconv.Itoa(max(bucket, 128)), ";")
	t.line("server_names_hash_max_size ", strconv.Itoa(powerOfTwo(max(1024, 4*len(hosts)))), ";")

	longest = 0
	for _, name := range r.hidden {
		longest = max(longest, len(name))
	}
	t.line("proxy_headers_hash_bucket_size ", strconv.Itoa(max(bucketSize(longest), 128)), ";")
	t.line("proxy_headers_hash_max_size ", strconv.Itoa(powerOfTwo(max(1024, 4*len(r.hidden)))), ";")
}

// bucketSize gives the size of a hash bucket that a key of n bytes fits:
// ngx_hash_init wants a pointer, a length of two bytes and the key, aligned to a
// pointer, and one pointer more.
func bucketSize(n int) int {
	const pointer = 8
	element := pointer + (n+2+pointer-1)/pointer*pointer
	return powerOfTwo(max(64, element+pointer))
}

func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// host is a server name that can be written, and its routes.
type host struct {
	name   source.Value[string] // lower case
	routes []route
}

// wildcard tells whether the host stands for every name below its domain.
func (h *host) wildcard() bool { return strings.HasPrefix(h.name.V, "*.") }

// file gives the host's file below nginx/: one for each domain, which holds the
// domain itself and the names one level below it. A file for each host would be
// a thousand files for a thousand hosts, each opened, synced and renamed. A
// domain of more than 200 bytes is cut and told apart by a number, as a file
// name has 255 at most.
func (h *host) file() string {
	name := strings.TrimPrefix(h.name.V, "*.")
	if first, domain, _ := strings.Cut(h.name.V, "."); first != "*" && strings.Contains(domain, ".") {
		name = domain
	}
	if len(name) > 200 {
		sum := fnv.New64a()
		sum.Write([]byte(name)) // never fails
		name = name[:180] + "~" + strconv.FormatUint(sum.Sum64(), 16)
	}
	return "conf.d/" + name + ".conf"
}

// hosts gives the hosts that can be rendered, in the order of the ir.
func (r *renderer) hosts() []*host {
	out := make([]*host, 0, len(r.in.Hosts))
	seen := make(map[string]*host, len(r.in.Hosts))
	for _, h := range r.in.Hosts {
		if !r.checkHost(h.Name) {
			continue
		}
		name := h.Name
		name.V = strings.ToLower(name.V)
		if first, ok := seen[name.V]; ok {
			r.sameRoute(name.Range, first.name.Range, name.V)
			continue
		}
		n := &host{name: name, routes: r.routes(h)}
		seen[name.V] = n
		out = append(out, n)
	}
	return slices.Clip(out)
}
