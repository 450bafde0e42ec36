package nginx

import (
	"strconv"
	"strings"

	"nselfc/compiler/ir"
)

// The set, and the same for answers without TLS, in which no host may promise
// TLS (RFC 6797, 7.2).
const (
	headersFile      = "snippets/headers.conf"
	plainHeadersFile = "snippets/headers-plain.conf"
)

const hstsName = "Strict-Transport-Security"

// header is a response header of ours. Its value is the text of a token.
type header struct{ name, value string }

// standard gives the header set of every response (OWASP HTTP Headers cheat
// sheet; Mozilla Observatory). X-Frame-Options, Referrer-Policy and
// Cross-Origin-Resource-Policy follow the service where it is stricter.
//
// The policy of scripts and styles is the application's to know: one that fits
// all would break every console, so ours forbids framing by others only. The
// service's own policy is sent beside it: browsers enforce all that they get.
// Resources are shared within the site, as api.example.com serves pages of
// www.example.com.
func (r *renderer) standard() []header {
	var out []header
	if hsts := r.in.HSTS; hsts.MaxAge.V > 0 {
		v := "max-age=" + strconv.Itoa(hsts.MaxAge.V)
		if hsts.IncludeSubDomains.V {
			v += "; includeSubDomains"
		}
		if hsts.Preload.V {
			v += "; preload"
		}
		out = append(out, header{name: hstsName, value: Quote(v)})
	}
	return append(out,
		header{name: "X-Content-Type-Options", value: "nosniff"},
		header{name: "X-Frame-Options", value: "$nself_frame_options"},
		header{name: "Content-Security-Policy", value: `"frame-ancestors 'self'"`},
		header{name: "Referrer-Policy", value: "$nself_referrer_policy"},
		header{name: "Permissions-Policy", value: `"camera=(), geolocation=(), microphone=(), payment=(), usb=()"`},
		header{name: "Cross-Origin-Opener-Policy", value: "same-origin"},
		header{name: "Cross-Origin-Resource-Policy", value: "$nself_resource_policy"},
		header{name: "Retry-After", value: "$nself_retry_after"}, // sent for requests that no service saw
	)
}

// hiddenHeaders are those of a service that no client gets: what ours replace,
// what tells of the software behind, and what is harmful today.
var hiddenHeaders = [...]string{
	"Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
	"Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
	"Alt-Svc", "Expect-CT", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "X-AspNet-Version",
	"X-AspNetMvc-Version", "X-Powered-By", "X-Runtime", "X-XSS-Protection",
}

// headers renders the set for the servers; their locations inherit it, but for
// those that add a header, which must repeat it whole.
func (r *renderer) headers() []*text {
	t, plain := r.text(headersFile, 1024), r.text(plainHeadersFile, 1024)
	t.line()
	plain.line()
	for _, h := range r.standard() {
		line := []string{"add_header ", h.name, " ", h.value, " always;"}
		if h.name == hstsName {
			t.from(r.address, r.in.HSTS.MaxAge.Origin)
			t.line(line...)
			continue
		}
		t.from(r.address, r.in.Origin)
		t.line(line...)
		plain.line(line...)
	}
	return []*text{t, plain}
}

// routeHeaders writes the whole set as a route wants it: its headers replace
// ours and the service's, and an empty value removes both.
func (r *renderer) routeHeaders(t *text, rt *route) {
	if len(rt.headers) == 0 {
		return
	}
	for _, h := range r.standard() {
		if _, ok := findHeader(rt.headers, h.name); !ok {
			t.from(rt.Address, rt.Origin)
			t.line("add_header ", h.name, " ", h.value, " always;")
		}
	}
	for _, h := range rt.headers {
		t.from(rt.Address, h.Value.Origin)
		t.line("proxy_hide_header ", Quote(h.Name), ";")
		if h.Value.V != "" {
			t.line("add_header ", Quote(h.Name), " ", r.literal(h.Value.V), " always;")
		}
	}
	t.from(rt.Address, rt.Origin)
}

func findHeader(hs []ir.Header, name string) (ir.Header, bool) {
	for _, h := range hs {
		if strings.EqualFold(h.Name, name) {
			return h, true
		}
	}
	return ir.Header{}, false
}
