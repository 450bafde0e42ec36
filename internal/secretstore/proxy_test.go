package secretstore

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// proxyFake passes connections on to one server, whatever name they are for, and
// notes all that it could read of them.
type proxyFake struct {
	address string
	target  string
	status  string // of its answer

	mu    sync.Mutex
	asked []string
	read  bytes.Buffer
}

func newProxy(t *testing.T, target string) *proxyFake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &proxyFake{address: "http://" + l.Addr().String(), target: target, status: "200 OK"}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *proxyFake) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.read.Write(b)
}

func (p *proxyFake) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(io.TeeReader(c, p))
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	status := p.status
	p.mu.Unlock()
	_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\n\r\n")
	server, err := net.Dial("tcp", p.target)
	if err != nil || !strings.HasPrefix(status, "200") {
		return
	}
	defer func() { _ = server.Close() }()
	go func() { _, _ = io.Copy(c, server) }()
	_, _ = io.Copy(server, in)
}

func (p *proxyFake) answer(status string) (asked []string, read string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, read = p.asked, p.read.String()
	p.asked, p.status = nil, status
	p.read.Reset()
	return asked, read
}

// TestVaultThroughAProxy: a proxy that speaks no TLS is asked to connect, and reads
// neither token nor value; the server on this host is called without one.
func TestVaultThroughAProxy(t *testing.T) {
	f, srv, root := newVaultFake(t)
	f.mounts["secret"] = &fakeEngine{version: "2", secrets: map[string]*fakeSecret{}}
	here, _ := url.Parse(srv.URL)
	p := newProxy(t, here.Host)
	store := &keptStore{env: []string{"VAULT_TOKEN=" + root, "VAULT_CACERT=" + caFile(t, srv), "HTTPS_PROXY=" + p.address, "HTTP_PROXY=" + p.address}}
	machineAt := func(address string) *machine {
		store.hcl = "    vault {\n      address = \"" + address + "\"\n      mount   = \"secret\"\n      path    = \"shop/prod\"\n      timeout = \"2s\"\n    }"
		return newMachine(t, store)
	}
	away := "https://example.com:" + here.Port() // which stands in the certificate of the fake, and of nobody here
	m := machineAt(away)
	m.ok(on("generate")...)
	asked, read := p.answer("200 OK")
	if len(asked) == 0 || len(f.mounts["secret"].secrets) != 1 {
		t.Fatalf("the server was not reached through the proxy: %q", asked)
	}
	for _, a := range asked {
		if a != "CONNECT example.com:"+here.Port() {
			t.Errorf("the proxy was asked for %q", a)
		}
	}
	for _, hidden := range []string{root, "X-Vault-Token", m.secrets()["JWT"]} {
		if strings.Contains(read, hidden) {
			t.Error("the proxy has read a token or a value")
		}
	}

	_, _ = p.answer("407 Proxy Authentication Required")
	m.refuses("does not let this host through", on("sync")...)
	if asked, _ := p.answer("200 OK"); len(asked) != 1 {
		t.Errorf("a proxy that refuses was asked %d times", len(asked))
	}
	for _, address := range []string{srv.URL, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)} {
		code, out := machineAt(address).run(on("sync")...)
		if asked, _ := p.answer("200 OK"); len(asked) != 0 || code != 0 && !strings.Contains(out, "another name") {
			t.Errorf("the server on this host is called through the proxy: %q\n%s", asked, out)
		}
	}
	m = machineAt(away)
	m.env = append(m.env, "NO_PROXY=.com")
	if code, _ := m.run(on("sync")...); code == 0 {
		t.Error("without the proxy, somebody else answered")
	}
	if asked, _ := p.answer("200 OK"); len(asked) != 0 {
		t.Errorf("in spite of NO_PROXY, the proxy was asked: %q", asked)
	}
	m = machineAt(away)
	m.env = append(m.env, "HTTPS_PROXY=http://127.0.0.1:1")
	m.refuses("which cannot be reached", on("sync")...)
}
