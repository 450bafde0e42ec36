package attack

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestScanAndConnect(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	ports, err := Scan{Host: "127.0.0.1", From: port, To: port}.Run(t.Context())
	if err != nil || !slices.Equal(ports.Open, []int{port}) || ports.Refused+ports.Silent+ports.Failed != 0 {
		t.Errorf("%+v, %v", ports, err)
	}
	address := listener.Addr().String()
	if dial := Connect(t.Context(), []string{address}, time.Second)[0]; !dial.Open {
		t.Errorf("%+v", dial)
	}
	listener.Close()
	ports, err = Scan{Host: "127.0.0.1", From: port, To: port}.Run(t.Context())
	if err != nil || len(ports.Open) != 0 || ports.Refused != 1 {
		t.Errorf("%+v, %v", ports, err)
	}
	if dial := Connect(t.Context(), []string{address}, time.Second)[0]; dial.Open || dial.Error == "" {
		t.Errorf("%+v", dial)
	}
	if _, err := (Scan{Host: "not-an-address"}).Run(t.Context()); err == nil {
		t.Error("a name is scanned")
	}
}

func TestHTTP(t *testing.T) {
	var count atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/limited" && count.Add(1) > 3 {
			w.WriteHeader(http.StatusTooManyRequests)
		}
		_, _ = w.Write([]byte(r.Method + " " + r.Host + " " + r.Header.Get("X-A")))
	}))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(change func(*Request)) Response {
		t.Helper()
		request := Request{URL: "https://example.com/", Connect: server.Listener.Addr().String(), CA: ca}
		change(&request)
		response, err := request.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	good := do(func(r *Request) { r.Method, r.Headers = "PUT", map[string]string{"X-A": "b", "Host": "c"} })
	if good.Status != 200 || good.Body != "PUT c b" || good.TLS != "TLS 1.3" || good.Cipher == "" || good.Subject == "" {
		t.Errorf("%+v", good)
	}
	if old := do(func(r *Request) { r.MaxTLS = "1.2" }); old.TLS != "TLS 1.2" {
		t.Errorf("%+v", old)
	}
	if burst := do(func(r *Request) { r.URL, r.Count = "https://example.com/limited", 10 }); burst.Statuses["200"] != 3 || burst.Statuses["429"] != 7 {
		t.Errorf("%+v", burst)
	}
	for what, change := range map[string]func(*Request){
		"wrong name": func(r *Request) { r.SNI = "other.test" },
		"no root":    func(r *Request) { r.CA = "" },
		"TLS 1.1":    func(r *Request) { r.MinTLS, r.MaxTLS = "1.0", "1.1" },
	} {
		if refused := do(change); refused.Error == "" {
			t.Errorf("%s: %+v", what, refused)
		}
	}
	for _, wrong := range []Request{{URL: server.URL, MinTLS: "2"}, {URL: server.URL, Ciphers: []string{"x"}}, {URL: server.URL, CA: "/nonexistent"}} {
		if _, err := wrong.Do(t.Context()); err == nil {
			t.Errorf("accepted: %+v", wrong)
		}
	}
}

func TestInternetKnowsNoName(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := packets.LocalAddr().String()
	packets.Close()
	served := make(chan error, 1)
	go func() { served <- Internet(ctx, address, "127.0.0.1:0") }()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", address)
	}}
	for range 50 {
		_, err = resolver.LookupHost(ctx, "example.com")
		if problem := (*net.DNSError)(nil); errors.As(err, &problem) && problem.IsNotFound {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("look-up: %v", err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
