package nginx

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nselfc/compiler/ir"
)

// shop runs nginx before services that answer with what they got. Each says its
// name in a header.
func shop(t *testing.T, change func(*ir.Stack)) *server {
	t.Helper()
	port := func(name string) int {
		return service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Service", name)
			echo(w, r)
		}))
	}
	route := func(name, path string) *ir.Route { return aRoute(name, path, port(name)) }
	strip := route("strip", "/files")
	strip.StripPrefix = yes()
	accents := route("accents", "/caf%C3%A9")
	accents.StripPrefix = yes()
	inside := route("inside", "/internal")
	inside.AllowFrom = []ir.String{str("203.0.113.0/24"), str("2001:db8::/32")}
	secret := route("secret", "/internal/public/secret")
	secret.AllowFrom = inside.AllowFrom
	s := anIngress(
		aHost("a.example.com", route("odd", "/a.b*c(d)"), route("public", "/internal/public"), secret, route("long", "/api/v2"), route("api", "/api"), strip, accents, inside, route("root", "/")),
		aHost("b.example.com", route("b", "/only")),
		aHost("*.wild.example.com", route("wild", "/")),
	)
	if change != nil {
		change(s)
	}
	return start(t, s, setup{dns: loopback("odd", "public", "secret", "long", "api", "strip", "accents", "inside", "root", "b", "wild")})
}

// loopback resolves the names given to the test's own services, and no others.
func loopback(names ...string) func(string) string {
	return func(name string) string {
		if slices.Contains(names, name) {
			return "127.0.0.1"
		}
		return ""
	}
}

func (s *server) get(host, target string, headers ...string) string {
	s.t.Helper()
	request := "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
	for _, h := range headers {
		request += h + "\r\n"
	}
	return s.raw(host, request+"\r\n")
}

func status(answer string) string {
	_, rest, _ := strings.Cut(answer, " ")
	code, _, _ := strings.Cut(rest, " ")
	return code
}

// TestPaths asks for paths as they are, and looks which service got what.
func TestPaths(t *testing.T) {
	t.Parallel()
	srv := shop(t, nil)
	for _, tc := range []struct{ target, service, seen string }{
		{"/", "root", "/"},
		{"/x?q=1", "root", "/x?q=1"},
		{"/api", "api", "/api"},
		{"/api?q=1", "api", "/api?q=1"},
		{"/api/", "api", "/api/"},
		{"/api/x", "api", "/api/x"},
		{"/apix", "root", "/apix"},
		{"/api.x", "root", "/api.x"},
		{"/API", "root", "/API"},
		{"/api/v2", "long", "/api/v2"},
		{"/api/v2/x", "long", "/api/v2/x"},
		{"/api/v21", "api", "/api/v21"},
		{"//api/x", "api", "//api/x"},
		{"/%61pi/x", "api", "/%61pi/x"},
		{"/api%2Fx", "api", "/api%2Fx"},
		{"/x%2Fy%20z%3Fw%23v?a=%2F&b=c%0D%0AX:y", "root", "/x%2Fy%20z%3Fw%23v?a=%2F&b=c%0D%0AX:y"},
		{"/x%0d%0aX-Injected:%20y", "root", "/x%0d%0aX-Injected:%20y"},
		{"/%25%32%65%25%32%65/x", "root", "/%25%32%65%25%32%65/x"},
		{"/x/...", "root", "/x/..."},
		{"/x/..y?/../z", "root", "/x/..y?/../z"},
		{"/x;a=b", "root", "/x;a=b"},
		{"/é", "root", "/é"},
		{"/files", "strip", "/"},
		{"/files?q=1", "strip", "/?q=1"},
		{"/files/", "strip", "/"},
		{"/files/x?q=%2F", "strip", "/x?q=%2F"},
		{"/files/a%2Fb%0d%0aX:y/..x", "strip", "/a%2Fb%0d%0aX:y/..x"},
		{"/files//evil.example.net/", "strip", "/evil.example.net/"},
		{"/filesx", "root", "/filesx"},
		{"/files%2Fx", "", "400"},
		{"/%66iles/x", "", "400"},
		{"//files/x", "", "400"},
		{"/caf%C3%A9/x", "accents", "/x"},
		{"/caf%c3%a9", "accents", "/"},
		{"/x/../api", "", "400"},
		{"/api/..", "", "400"},
		{"/api/../internal", "", "400"},
		{"/./x", "", "400"},
		{"/x/%2e%2E/y", "", "400"},
		{"/x%2f..%2fy", "", "400"},
		{"/x/.%2e;/y", "", "400"},
		{"/x/..;a/y", "", "400"},
		{"/..?x", "", "400"},
		{`/x\..\y`, "", "400"},
		{"/x#/../y", "", "400"},
		{"/internal", "", "403"},
		{"/internal/x", "", "403"},
		{"//internal", "", "403"},
		{"/%69nternal/x", "", "403"},
		{"/internal%2fx", "", "403"},
		{"/INTERNAL", "", "403"},
		{"/internal;x/y", "", "403"},
		{"/;x/internal", "", "403"},
		{"/internal%3bx", "", "403"},
		{"/internal.json", "", "403"},
		{"/internal%0a", "root", "/internal%0a"},
		{"/internalx", "root", "/internalx"},
		{"/internal/public", "public", "/internal/public"},
		{"/internal/public/x", "public", "/internal/public/x"},
		{"/Internal/public/x", "", "403"},
		{"/internal/public/secret", "", "403"},
		{"/internal/public/secretx", "public", "/internal/public/secretx"},
		{"/api%0a", "root", "/api%0a"},
		{"/a.b*c(d)/x", "odd", "/a.b*c(d)/x"},
		{"/axb*c(d)/x", "root", "/axb*c(d)/x"},
		{"http://a.example.com/api/x", "api", "/api/x"},
		{"http://a.example.com?x=1", "root", "/?x=1"},
	} {
		answer := srv.get("a.example.com", tc.target)
		if tc.service == "" {
			if status(answer) != tc.seen || strings.Contains(answer, "X-Service") {
				t.Errorf("%s: got %s, want status %s", tc.target, answer, tc.seen)
			}
			continue
		}
		if !strings.Contains(answer, "X-Service: "+tc.service+"\r\n") || !strings.Contains(answer, "\nGET "+tc.seen+"\n") &&
			!strings.Contains(answer, "\r\nGET "+tc.seen+"\n") {
			t.Errorf("%s: want %s to see %s, got\n%s", tc.target, tc.service, tc.seen, answer)
		}
	}
	for target, want := range map[string]string{"/": "404", "/onlyx": "404", "/only": "200"} {
		if got := status(srv.get("b.example.com", target)); got != want {
			t.Errorf("b.example.com%s: got %s, want %s", target, got, want)
		}
	}
	for _, method := range []string{"TRACE", "CONNECT"} {
		answer := srv.raw("a.example.com", method+" / HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n")
		if got := status(answer); got != "405" && got != "400" || strings.Contains(answer, "X-Service") {
			t.Errorf("%s is answered %s", method, answer)
		}
	}
}

// TestHiddenClient reaches nginx from the network that it publishes from, as
// Docker does for clients whose address it hides: a list that holds the
// network's range does not let them in.
func TestHiddenClient(t *testing.T) {
	t.Parallel()
	ask := func(networks ...*ir.Network) (restricted, open string) {
		srv := shop(t, func(s *ir.Stack) {
			s.Networks = networks
			for _, route := range s.Ingress.Hosts[0].Routes {
				if len(route.AllowFrom) > 0 {
					route.AllowFrom = []ir.String{str("127.0.0.0/8")}
				}
			}
		})
		return status(srv.get("a.example.com", "/internal")), status(srv.get("a.example.com", "/api"))
	}
	edge := &ir.Network{Name: "ingress_edge", Purpose: "edge", Owner: "ingress", Subnet: "127.0.0.0/28"}
	if restricted, open := ask(edge); restricted != "403" || open != "200" {
		t.Errorf("from the edge network: %s for the restricted route, %s for the open one", restricted, open)
	}
	six := &ir.Network{Name: "ingress_edge", Purpose: "edge", Owner: "ingress", Subnet: "192.0.2.0/28", Subnet6: "::1/128"}
	if restricted, open := ask(six); restricted != "200" || open != "200" {
		t.Errorf("by IPv4 from elsewhere: %s for the restricted route, %s for the open one", restricted, open)
	}
	s := anIngress(aHost("a.example.com", aRoute("api", "/", 8080)))
	s.Networks, s.Ingress.Hosts[0].Routes[0].AllowFrom = []*ir.Network{six}, []ir.String{str("::/0")}
	if text := render(t, s)["nginx/conf.d/example.com.conf"]; !strings.Contains(text, "deny ::1/128;") || strings.Index(text, "deny ::1/128;") > strings.Index(text, "allow ") {
		t.Errorf("the gateway's IPv6 address is not denied first:\n%s", text)
	}
	other := &ir.Network{Name: "api_edge", Purpose: "edge", Owner: "service.api", Subnet: "127.0.0.0/28"}
	if restricted, open := ask(other); restricted != "200" || open != "200" {
		t.Errorf("the control, another edge network: %s for the restricted route, %s for the open one", restricted, open)
	}
}

// TestRequestHeaders looks at what a service gets to see.
func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	srv := shop(t, func(s *ir.Stack) { s.Ingress.HTTPSPublic = num(8443) })
	answer := srv.get("a.example.com", "/files/x",
		"X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.example.net",
		"X-Forwarded-Port: 1", "X-Forwarded-Prefix: /evil", "Forwarded: for=6.6.6.6", "True-Client-IP: 6.6.6.6",
		"CF-Connecting-IP: 6.6.6.6", "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "Proxy: evil",
		"Proxy-Authorization: evil", "X-Request-ID: evil", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
		"TE: trailers", "Keep-Alive: 1", "X_Forwarded_For: 6.6.6.6", "X-Kept: kept", "Cookie: a=b")
	if status(answer) != "200" {
		t.Fatalf("got %s", answer)
	}
	_, body, _ := strings.Cut(answer, "\r\n\r\n")
	for _, want := range []string{
		"Host: a.example.com\n", "X-Real-Ip: 127.0.0.1\r\n", "X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Proto: https\r\n",
		"X-Forwarded-Host: a.example.com:8443\r\n", "X-Forwarded-Port: 8443\r\n", "X-Forwarded-Prefix: /files\r\n",
		"X-Kept: kept\r\n", "Cookie: a=b\r\n", "X-Request-Id: ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	for _, refused := range []string{"6.6.6.6", "evil", "/admin", "Upgrade", "H2c", "Te:", "Keep-Alive", "X_Forw"} {
		if strings.Contains(body, refused) {
			t.Errorf("%q got through:\n%s", refused, body)
		}
	}
	for name, request := range map[string]string{
		"two hosts":      "GET / HTTP/1.1\r\nHost: a.example.com\r\nHost: b.example.com\r\n\r\n",
		"no host":        "GET / HTTP/1.1\r\n\r\n",
		"two lengths":    "POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"length, chunks": "POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"blank in name":  "GET / HTTP/1.1\r\nHost: a.example.com\r\nX-Bad Name: evil\r\n\r\n",
		"odd encoding":   "POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	} {
		if answer := srv.raw("a.example.com", request); !slices.Contains([]string{"400", "501", "421"}, status(answer)) {
			t.Errorf("%s: got %s", name, answer)
		}
	}
}

// TestTrustedProxy believes X-Forwarded-For of the proxy that is declared, and
// takes the last address that is not its own.
func TestTrustedProxy(t *testing.T) {
	t.Parallel()
	srv := shop(t, func(s *ir.Stack) { s.Ingress.TrustedProxy = []ir.String{str("127.0.0.0/8")} })
	answer := srv.get("a.example.com", "/", "X-Forwarded-For: 6.6.6.6, 198.51.100.7, 127.0.0.9")
	if !strings.Contains(answer, "X-Forwarded-For: 198.51.100.7\r\n") || !strings.Contains(answer, "X-Real-Ip: 198.51.100.7\r\n") ||
		strings.Contains(answer, "6.6.6.6") {
		t.Errorf("got %s", answer)
	}
	for client, want := range map[string]string{"203.0.113.9": "200", "203.0.114.9": "403", "2001:db8::1": "200", "2001:db9::1": "403"} {
		if got := status(srv.get("a.example.com", "/internal", "X-Forwarded-For: "+client)); got != want {
			t.Errorf("%s at /internal: got %s, want %s", client, got, want)
		}
	}
	untrusted := shop(t, nil)
	if got := status(untrusted.get("a.example.com", "/internal", "X-Forwarded-For: 203.0.113.9")); got != "403" {
		t.Errorf("a client's own X-Forwarded-For was believed: %s", got)
	}
}

// TestNames tries names that belong to nobody, and one name over the connection
// of another.
func TestNames(t *testing.T) {
	t.Parallel()
	srv := shop(t, nil)
	for _, name := range []string{"x.example.com", "a.example.com.evil.net", "127.0.0.1", ""} {
		c, err := srv.dial(name, func(c *tls.Config) { c.InsecureSkipVerify = true })
		if err == nil {
			c.Close()
			t.Errorf("a handshake for %q succeeded", name)
		} else if !strings.Contains(err.Error(), "unrecognized name") {
			t.Errorf("a handshake for %q: %v", name, err)
		}
	}
	if c, err := srv.dial("A.example.COM", nil); err != nil {
		t.Errorf("a name in capitals: %v", err)
	} else if got := exchange(t, c, "GET / HTTP/1.1\r\nHost: a.EXAMPLE.com:8443\r\nConnection: close\r\n\r\n"); status(got) != "200" {
		t.Errorf("a name in capitals: %s", got)
	}
	for _, host := range []string{"b.example.com", "x.example.com", "x.wild.example.com", "127.0.0.1", "a.example.com.evil.net"} {
		answer := srv.raw("a.example.com", "GET /only HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if status(answer) != "421" || strings.Contains(answer, "X-Service") {
			t.Errorf("%s over a connection for a.example.com: %s", host, answer)
		}
	}
	// A resumed TLS 1.2 session keeps its name.
	cache := tls.NewLRUClientSessionCache(4)
	for range 2 {
		c, err := srv.dial("a.example.com", func(c *tls.Config) { c.MaxVersion, c.ClientSessionCache = tls.VersionTLS12, cache })
		if err != nil {
			t.Fatal(err)
		}
		if got := exchange(t, c, "GET / HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n"); status(got) != "200" {
			t.Errorf("a resumed session: %s", got)
		}
	}
	// HTTP/2: a connection may carry several names, and a client must be told.
	client := srv.client(true)
	request, err := http.NewRequest("GET", "https://a.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "b.example.com"
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 421 || answer.ProtoMajor != 2 {
		t.Errorf("b.example.com over HTTP/2 for a.example.com: %s %s", answer.Proto, answer.Status)
	}
}

// TestPlain asks on the port without TLS.
func TestPlain(t *testing.T) {
	t.Parallel()
	srv := shop(t, func(s *ir.Stack) { s.Ingress.HTTPSPublic = num(8443) })
	ask := func(request string) string {
		c, err := net.Dial("tcp", srv.http)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return exchange(t, c, request)
	}
	for _, tc := range []struct{ target, host, want string }{
		{"/x%2Fy?q=%0d%0aX:y", "a.example.com", "https://a.example.com:8443/x%2Fy?q=%0d%0aX:y"},
		{"/%0d%0aX-Injected:%20y", "a.example.com", "https://a.example.com:8443/%0d%0aX-Injected:%20y"},
		{"//evil.example.net/", "A.example.com:80", "https://a.example.com:8443//evil.example.net/"},
		{"http://b.example.com/x", "a.example.com", "https://b.example.com:8443/x"},
		{"/.well-known/acme-challenge/x", "b.example.com", "https://b.example.com:8443/.well-known/acme-challenge/x"},
		{"/", "x.wild.example.com", "https://x.wild.example.com:8443/"},
	} {
		answer := ask("GET " + tc.target + " HTTP/1.1\r\nHost: " + tc.host + "\r\nConnection: close\r\n\r\n")
		if status(answer) != "301" || !strings.Contains(answer, "\r\nLocation: "+tc.want+"\r\n") || !plainHeaders(answer) {
			t.Errorf("%s of %s: %s", tc.target, tc.host, answer)
		}
	}
	for _, request := range []string{"GET / x HTTP/1.1\r\n\r\n", "PROXY TCP4 203.0.113.1 203.0.113.2 1 2\r\n\r\n", "\x16\x03\x01\r\n\r\n"} {
		if answer := ask(request); status(answer) != "400" || !plainHeaders(answer) {
			t.Errorf("%q: %s", request, answer)
		}
	}
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: x.example.com\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.example.com.evil.net\r\n\r\n", "GET http://x.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
	} {
		if answer := ask(request); answer != "" {
			t.Errorf("%q is answered %q", request, answer)
		}
	}
}

// plainHeaders tells whether an answer has the header set, and no promise of TLS
// as it came without (RFC 6797, 7.2).
func plainHeaders(answer string) bool {
	return strings.Count(answer, "\r\nX-Content-Type-Options: nosniff\r\n") == 1 &&
		strings.Count(answer, "\r\nContent-Security-Policy: frame-ancestors 'self'\r\n") == 1 && !strings.Contains(answer, "Strict-Transport")
}

// TestHealth asks as the container's health check does.
func TestHealth(t *testing.T) {
	t.Parallel()
	srv := shop(t, func(s *ir.Stack) { s.Ingress.HealthPort = num(8081) })
	answer, err := http.Get("http://" + srv.health + "/")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 204 {
		t.Errorf("got %s", answer.Status)
	}
	srv.get("a.example.com", "/")
	if access, _ := srv.logs(1); strings.Count(access, "\n") != 1 || !strings.Contains(access, "a.example.com") {
		t.Errorf("the access log:\n%s", access)
	}
}

// TestResponseHeaders compares the headers of every kind of answer with the set.
func TestResponseHeaders(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), r.URL.Query())
		w.Header().Set("X-Powered-By", "PHP/4")
		w.Header().Set("X-XSS-Protection", "1")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Alt-Svc", `h3=":443"`)
		w.Header().Set("X-Accel-Redirect", "/gone")
		w.Header().Set("Upgrade", "h2,h2c")
	}))
	mine := aRoute("api", "/mine", port)
	mine.Headers = []ir.Header{
		aHeader("content-security-policy", "default-src 'self' $host"), aHeader("X-Frame-Options", ""),
		aHeader("Permissions-Policy", "camera=(self)"), aHeader("X-New", "new"), aHeader("X-Gone", ""),
	}
	denied := aRoute("api", "/denied", port)
	denied.AllowFrom = []ir.String{str("203.0.113.1")}
	s := anIngress(aHost("a.example.com", mine, denied, aRoute("gone", "/gone", port), aRoute("api", "/api", port)))
	srv := start(t, s, setup{dns: loopback("api")})
	standard := map[string]string{
		"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "SAMEORIGIN",
		"Content-Security-Policy":      "frame-ancestors 'self'",
		"Referrer-Policy":              "strict-origin-when-cross-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-site",
		"Server":                       "nginx",
	}
	for _, tc := range []struct {
		target, want string
		change       map[string]string
	}{
		{"/api", "200", nil},
		{"/gone", "502", nil},
		{"/nowhere", "404", nil},
		{"/denied", "403", nil},
		{"/api/..", "400", nil},
		{"/api?X-Frame-Options=DENY&Referrer-Policy=no-referrer&Cross-Origin-Resource-Policy=same-origin", "200", map[string]string{
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		}},
		{"/api?X-Frame-Options=ALLOWALL&Referrer-Policy=unsafe-url&Cross-Origin-Resource-Policy=cross-origin" +
			"&Strict-Transport-Security=max-age%3D0&Permissions-Policy=camera%3D*&Cross-Origin-Opener-Policy=unsafe-none" +
			"&X-Content-Type-Options=sniff", "200", nil},
		{"/api?Content-Security-Policy=script-src+'none'", "200", map[string]string{
			"Content-Security-Policy": "script-src 'none' | frame-ancestors 'self'",
		}},
		{"/mine?Content-Security-Policy=x&X-Frame-Options=DENY&X-New=old&X-Gone=here", "200", map[string]string{
			"Content-Security-Policy": "default-src 'self' $host", "X-Frame-Options": "", "Permissions-Policy": "camera=(self)",
			"X-New": "new",
		}},
		{"/mine/..", "400", nil},
		{"https://nobody.example.net/x/..", "421", nil},
	} {
		for _, http2 := range []bool{false, true} {
			target, _, _ := strings.Cut(tc.target, "/..")
			if target != tc.target && http2 {
				continue // the client would not send it
			}
			var header http.Header
			if target != tc.target {
				answer, err := http.ReadResponse(bufio.NewReader(strings.NewReader(srv.get("a.example.com", tc.target))), nil)
				if err != nil {
					t.Fatal(err)
				}
				if header = answer.Header; fmt.Sprint(answer.StatusCode) != tc.want {
					t.Errorf("%s: got %s, want %s", tc.target, answer.Status, tc.want)
				}
			} else {
				answer, err := srv.client(http2).Get("https://a.example.com" + tc.target)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if header = answer.Header; fmt.Sprint(answer.StatusCode) != tc.want {
					t.Errorf("%s: got %s, want %s", tc.target, answer.Status, tc.want)
				}
			}
			for name, want := range standard {
				if changed, ok := tc.change[name]; ok {
					want = changed
				}
				if got := strings.Join(header.Values(name), " | "); got != want {
					t.Errorf("%s: %s is %q, want %q", tc.target, name, got, want)
				}
			}
			for name, want := range tc.change {
				if got := strings.Join(header.Values(name), " | "); got != want {
					t.Errorf("%s: %s is %q, want %q", tc.target, name, got, want)
				}
			}
			for _, name := range []string{"X-Powered-By", "X-XSS-Protection", "Alt-Svc", "X-Gone", "X-Accel-Redirect", "Upgrade", "Retry-After"} {
				if got, ok := header[http.CanonicalHeaderKey(name)]; ok {
					t.Errorf("%s: %s is %q", tc.target, name, got)
				}
			}
			if got := header.Get("Set-Cookie"); got != "" && !strings.Contains(strings.ToLower(got), "secure") {
				t.Errorf("%s: cookie %q", tc.target, got)
			}
		}
	}
}

// TestLargeHeader passes on a header of a service's that nginx's own buffer would
// not hold.
func TestLargeHeader(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Large", strings.Repeat("x", 15<<10))
	}))
	ask := func(patch func(path, content string) string) string {
		srv := start(t, anIngress(aHost("a.example.com", aRoute("api", "/", port))), setup{dns: loopback("api"), patch: patch})
		return status(srv.get("a.example.com", "/"))
	}
	if got := ask(nil); got != "200" {
		t.Errorf("got %s", got)
	}
	if got := ask(func(_, content string) string { return strings.Replace(content, "proxy_buffer_size 16k;", "", 1) }); got != "502" {
		t.Errorf("the control, with nginx's own buffer: %s", got)
	}
}

// TestBodies holds the limit of the body and streams what is large.
func TestBodies(t *testing.T) {
	t.Parallel()
	begun := make(chan bool, 1)
	port := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case begun <- true:
		default:
		}
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, n, err)
	}))
	small, large, none := aRoute("api", "/small", port), aRoute("api", "/large", port), aRoute("api", "/none", port)
	small.BodySize.V, large.BodySize.V, none.BodySize.V = 1000, 32<<20, 0
	srv := start(t, anIngress(aHost("a.example.com", small, large, none)), setup{dns: loopback("api")})
	client := srv.client(false)
	for _, tc := range []struct {
		path    string
		size    int64
		chunked bool
		want    int
	}{
		{"/small", 1000, false, 200},
		{"/small", 1001, false, 413},
		{"/small", 1001, true, 413},
		{"/large", 32 << 20, false, 200},
		{"/large", 32<<20 + 1, false, 413},
		{"/large", 20 << 20, true, 200},
		{"/none", 1 << 20, false, 200},
		{"/none", 1<<20 + 1, false, 413},
	} {
		body := io.LimitReader(zeros{}, tc.size)
		request, err := http.NewRequest("POST", "https://a.example.com"+tc.path, body)
		if err != nil {
			t.Fatal(err)
		}
		if !tc.chunked {
			request.ContentLength = tc.size
		}
		answer, err := client.Do(request)
		if err != nil {
			if tc.want == 413 {
				continue // the connection was closed while we still sent
			}
			t.Fatalf("%v: %v", tc, err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != tc.want || tc.want == 200 && string(text) != fmt.Sprintln(tc.size, nil) {
			t.Errorf("%v: got %s %s", tc, answer.Status, text)
		}
	}
	select {
	case <-begun:
	default:
	}
	c, err := srv.dial("a.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("POST /large HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 10000000\r\n\r\nbegin")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-begun:
	case <-time.After(5 * time.Second):
		t.Error("a large body does not reach the service before it is complete")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestWebSocket upgrades where a route says so, to nothing but websocket.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			echo(w, r)
			return
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString("heard " + line)
		_ = rw.Flush()
	}))
	socket, plain := aRoute("api", "/socket", port), aRoute("api", "/plain", port)
	socket.WebSocket = yes()
	srv := start(t, anIngress(aHost("a.example.com", socket, plain)), setup{dns: loopback("api")})
	ask := func(path, upgrade string) string {
		return srv.raw("a.example.com", "GET "+path+" HTTP/1.1\r\nHost: a.example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "+
			upgrade+"\r\n\r\nhello\n")
	}
	if got := ask("/socket", "WebSocket"); status(got) != "101" || !strings.HasSuffix(got, "heard hello\n") {
		t.Errorf("no upgrade: %s", got)
	}
	for path, upgrade := range map[string]string{"/plain": "websocket", "/socket": "h2c", "/socket?": "websocket, h2c"} {
		if got := ask(path, upgrade); status(got) == "101" || strings.Contains(got, "Upgrade: ") {
			t.Errorf("%s upgraded to %s: %s", path, upgrade, got)
		}
	}
}

// TestMoved looks a service up again that came back at another address.
func TestMoved(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(echo))
	var moved atomic.Bool
	srv := start(t, anIngress(aHost("a.example.com", aRoute("api", "/", port))), setup{
		dns: func(string) string {
			if moved.Load() {
				return "127.0.0.1"
			}
			return "127.0.0.77" // nothing listens there
		},
		patch: func(_, content string) string { return strings.Replace(content, "valid=10s", "valid=1s", 1) },
	})
	if got := status(srv.get("a.example.com", "/")); got != "502" {
		t.Fatalf("before: %s", got)
	}
	moved.Store(true)
	for deadline := time.Now().Add(5 * time.Second); status(srv.get("a.example.com", "/")) != "200"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nginx still asks at the old address")
		}
	}
}
