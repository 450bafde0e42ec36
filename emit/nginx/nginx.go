// Package nginx renders ir.Ingress into the configuration of the one nginx
// that publishes ports.
//
// The folder nginx/ is mounted read-only as /etc/nginx, so nothing of the
// image's own configuration is left: nginx.conf names every other file (a glob
// that matches nothing would pass unseen). nginx runs as a numeric user on a
// read-only root and writes to /tmp (its pid) and /var/cache/nginx (what does
// not fit its memory) only. The image's command brings "daemon off", so no file
// does.
//
//	nginx.conf            workers, limits, timeouts, the list of files
//	snippets/*.conf       what servers share: TLS, maps, log, headers, proxying
//	conf.d/<domain>.conf  the names of one domain: redirects from HTTP, and routes
//
// What is refused, and how:
//
//   - a TLS name that no route has: the handshake fails (ssl_reject_handshake);
//   - an HTTP name that no route has: the connection closes (444);
//   - a Host that is not the connection's TLS name: 421 (RFC 9110, 15.5.20),
//     upon which a browser that shared the connection opens one of its own;
//   - a path that two readers may read differently (dot segments, however
//     encoded, a backslash, a raw '#'): 400;
//   - a path outside every route of the host: 404; TRACE and CONNECT: 405.
//
// A service sees path and query as the client wrote them. nginx compares routes
// with the decoded path, by case and by whole segments; a path that only some
// clients may use, also with what services take for the same path (route.go).
// No list of such habits is complete: a host of its own is the stronger wall.
//
// A service may tighten a security header of ours and never loosen it; a route
// may do both, in writing (headers.go).
//
// The package knows no policy, and no certificate's content. gRPC, HTTP/3,
// caching and files served by nginx itself are out of its scope, and so is the
// upload of bodies larger than the memory file systems: bodies above
// streamAbove go to the service as they arrive. The HTTP server of each host
// answers in "location /", which leaves the place beside it for ACME's
// "location ^~ /.well-known/acme-challenge/".
package nginx

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Options of Render.
type Options struct {
	Trace bool // fill emit.File.Marks
}

// oldest is the first release that the tests run. Since 1.21.1, nginx refuses
// spaces and control characters in a request line, on which the maps rely.
var oldest = ir.Version{Major: 1, Minor: 22}

// Render gives the files of the stack's nginx, sorted by path, and none for a
// stack without an ingress. What nginx cannot be told is left out and reported
// as an error, never replaced by something more permissive.
func Render(stack *ir.Stack, opts Options) ([]emit.File, diag.List) {
	if stack.Ingress == nil {
		return nil, nil
	}
	r := newRenderer(stack, opts)
	r.checkVersion()
	hosts := r.hosts()
	domains := r.domains(hosts)
	texts := append(make([]*text, 0, len(domains)+11), domains...)
	texts = append(texts, r.headers()...)
	texts = append(texts, r.proxy(), r.request())
	shared := []*text{r.log(), r.tls(), r.limits(), r.maps(), r.refuse()} // once it is known what the hosts need
	texts = append(texts, shared...)
	texts = append(texts, r.core(shared, domains, hosts))

	files := make([]emit.File, len(texts))
	for i, t := range texts {
		files[i] = t.file()
	}
	slices.SortFunc(files, func(a, b emit.File) int { return strings.Compare(a.Path, b.Path) })
	return files, r.diags
}

// renderer holds what the files of one stack share.
type renderer struct {
	in      *ir.Ingress
	address string                // of the ingress's service
	image   source.Value[string]  // the same
	cpus    source.Value[float64] // of the ingress's service
	memory  ir.Bytes              // the same
	edge    []string              // subnets of the network that the ingress publishes from
	trace   bool
	diags   diag.List
	zones   []zone          // rate limits, in order of first use
	slugs   map[string]bool // names of zones that are taken
	shared  *limit          // the ingress's, once a route wants it
	hidden  []string        // response headers that routes hide, for the size of nginx's hash
	dollar  bool            // some literal holds a '$'
	strip   bool            // some route strips its prefix
}

func newRenderer(stack *ir.Stack, opts Options) *renderer {
	r := &renderer{
		in: stack.Ingress, address: stack.Ingress.Service,
		trace: opts.Trace, slugs: map[string]bool{},
	}
	for _, s := range stack.Services {
		if s.Name == r.in.Service {
			r.address, r.image, r.cpus, r.memory = s.Address, s.Image, s.CPUs, s.Memory
		}
	}
	for _, n := range stack.Networks {
		if n.Purpose == "edge" && n.Owner == r.address {
			for _, subnet := range [...]string{n.Subnet, n.Subnet6} {
				if subnet != "" {
					r.edge = append(r.edge, subnet)
				}
			}
		}
	}
	return r
}

// text begins a file below nginx/, of about size bytes.
func (r *renderer) text(path string, size int) *text {
	t := &text{path: path, trace: r.trace}
	t.buf.Grow(size)
	t.from(r.address, r.in.Origin)
	t.line("# ", emit.Header)
	return t
}
