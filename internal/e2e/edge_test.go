//go:build lab && linux

package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

func (s *shop) testApplication(t *testing.T) {
	migrate := s.request("migrator", "/migrate")
	migrate.Method = "POST"
	if r := s.client.HTTP(t, migrate); r.Status != 200 {
		t.Fatalf("migrate: %+v", r)
	}
	write := s.request("api", "/write?key=a&value=b")
	write.Method = "POST"
	if r := s.client.HTTP(t, write); r.Status != 200 {
		t.Errorf("write: %+v", r)
	}
	if r := s.client.HTTP(t, s.request("api", "/read?key=a")); !strings.Contains(r.Body, `"postgres":"b"`) || !strings.Contains(r.Body, `"redis":"b"`) {
		t.Errorf("read: %+v", r)
	}
	if r := s.client.Websocket(t, s.request("api", "/ws"), "hello"); r.Body != "hello" {
		t.Errorf("websocket: %+v", r)
	}
	// What the service sees of a request whose sender lies about who it is.
	lie := s.request("loner", "/path%2Fencoded/x?q=1")
	lie.Headers = map[string]string{"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http", "Proxy": "http://evil"}
	var seen struct {
		Host    string
		Query   string
		Headers http.Header
	}
	if err := json.Unmarshal([]byte(s.client.HTTP(t, lie).Body), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Host != "loner.shop.example.com" || seen.Query != "q=1" || seen.Headers.Get("X-Forwarded-For") != lab.ClientIPv4 ||
		seen.Headers.Get("X-Forwarded-Proto") != "https" || seen.Headers.Get("Proxy") != "" {
		t.Errorf("the service sees %+v", seen)
	}
}

// testNames proves that only declared names are answered.
func (s *shop) testNames(t *testing.T) {
	plain := attack.Request{URL: "http://api.shop.example.com/x?y=1", Connect: lab.HostIPv4 + ":80"}
	if r := s.client.HTTP(t, plain); r.Status != 301 || r.Headers.Get("Location") != "https://api.shop.example.com/x?y=1" {
		t.Errorf("HTTP: %+v", r)
	}
	plain.URL = "http://evil.example.org/"
	if r := s.client.HTTP(t, plain); r.Error == "" {
		t.Errorf("an unknown name over HTTP is answered: %+v", r)
	}
	unknown := s.request("api", "/")
	unknown.URL, unknown.Insecure = "https://evil.example.org/", true
	if r := s.client.HTTP(t, unknown); r.Error == "" {
		t.Errorf("an unknown name over TLS is answered: %+v", r)
	}
	none := s.request("api", "/")
	none.SNI = "-"
	if r := s.client.HTTP(t, none); r.Error == "" {
		t.Errorf("no name at all is answered: %+v", r)
	}
}

// testAllowed asks for a route that is open to private addresses alone, from a
// public one. By IPv6, too: Docker hands such clients on to nginx in its own
// name, which is a private address.
func (s *shop) testAllowed(t *testing.T) {
	ask := func(host, connect string) attack.Response {
		r := s.request(host, "/")
		r.Connect = connect
		return s.client.HTTP(t, r)
	}
	v6 := "[" + lab.HostIPv6 + "]:443"
	for _, connect := range []string{s.address, v6} {
		if r := ask("inner", connect); r.Status != 403 {
			t.Errorf("by way of %s: %d %s", connect, r.Status, r.Body)
		}
		if r := ask("loner", connect); r.Status != 200 {
			t.Errorf("an open route, by way of %s: %+v", connect, r)
		}
	}
	// A limit that docs/security.md admits: nobody knows which client of IPv6 it was.
	if r := ask("loner", v6); strings.Contains(r.Body, lab.ClientIPv6) {
		t.Error("nginx knows the addresses of IPv6 clients: docs/security.md says that it does not")
	}
	defer s.speak(t, "-4", "10.77.0.20/24", lab.HostIPv4)()
	if r := ask("inner", s.address); r.Status != 200 {
		t.Errorf("whom the route is for: %+v", r)
	}
}

func (s *shop) testTLS(t *testing.T) {
	if r := s.client.HTTP(t, s.request("loner", "/")); r.Status != 200 || r.TLS != "TLS 1.3" || r.Proto != "HTTP/2.0" {
		t.Errorf("plain request: %+v", r)
	}
	accepted := s.request("loner", "/")
	accepted.MaxTLS, accepted.Ciphers = "1.2", []string{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}
	if r := s.client.HTTP(t, accepted); r.TLS != "TLS 1.2" {
		t.Errorf("the guide's cipher is refused: %+v", r)
	}
	for what, change := range map[string]func(*attack.Request){
		"AES-256 (not in the guide's list)": func(r *attack.Request) {
			r.MaxTLS, r.Ciphers = "1.2", []string{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}
		},
		"ChaCha20": func(r *attack.Request) {
			r.MaxTLS, r.Ciphers = "1.2", []string{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}
		},
		"CBC":               func(r *attack.Request) { r.MaxTLS, r.Ciphers = "1.2", []string{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"} },
		"TLS 1.1":           func(r *attack.Request) { r.MinTLS, r.MaxTLS = "1.0", "1.1" },
		"another authority": func(r *attack.Request) { r.CA = "" },
	} {
		r := s.request("loner", "/")
		change(&r)
		if got := s.client.HTTP(t, r); got.Error == "" {
			t.Errorf("%s is accepted: %+v", what, got)
		}
	}
}

func (s *shop) testHeaders(t *testing.T) {
	for _, path := range []string{"/", "/status/404", "/status/500"} {
		r := s.client.HTTP(t, s.request("loner", path))
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=63072000",
			"X-Content-Type-Options":    "nosniff",
			"Referrer-Policy":           "strict-origin-when-cross-origin",
			"Content-Security-Policy":   "frame-ancestors",
		} {
			if got := r.Headers[name]; len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if v := r.Headers.Get("Server"); strings.ContainsAny(v, "0123456789") {
			t.Errorf("the version of the server is told: %q", v)
		}
	}
}

// testRateLimit sends 150 requests at once: 100 pass and 50 are answered 429.
func (s *shop) testRateLimit(t *testing.T) {
	// The requests of the tests before have used some of the allowance, which
	// comes back at 100 a minute; a route of its own has a fresh one.
	burst := s.request("api", "/healthz")
	burst.Count = 150
	s.drain(t)
	r := s.client.HTTP(t, burst)
	t.Logf("burst of 150: %v in %d ms", r.Statuses, r.TookMS)
	// One more may pass for each 600 ms that the burst takes.
	extra := int(r.TookMS/600) + 1
	if ok := r.Statuses["200"]; ok < 100 || ok > 100+extra || ok+r.Statuses["429"] != 150 {
		t.Errorf("burst: %v", r.Statuses)
	}
	free := s.request("loner", "/healthz")
	free.Count = 150
	if r := s.client.HTTP(t, free); r.Statuses["200"] != 150 {
		t.Errorf("the control, without a limit: %v", r.Statuses)
	}
}

// drain waits until the allowance of the api's route is whole again.
func (s *shop) drain(t *testing.T) {
	t.Helper()
	// Reloading would keep the counters; a restart of nginx makes them anew.
	s.engine.Compose(s.out, "restart", "ingress").Must(t)
	s.up(t)
}
