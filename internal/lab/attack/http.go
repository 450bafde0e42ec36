package attack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Request is one HTTP request, or Count of them at once, with the TLS parameters under test.
type Request struct {
	URL     string            `json:"url"`
	Method  string            `json:"method,omitempty"`
	Body    string            `json:"body,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Connect is the host:port to connect to instead of the URL's.
	Connect string `json:"connect,omitempty"`
	// CA is a PEM file of the only roots to trust; Insecure trusts anything.
	CA       string `json:"ca,omitempty"`
	Insecure bool   `json:"insecure,omitempty"`
	// SNI is the server name to send and verify, if not the URL's. "-" sends none.
	SNI string `json:"sni,omitempty"`
	// MinTLS and MaxTLS are like "1.2"; Ciphers are IANA names and rule TLS 1.2 only.
	MinTLS  string   `json:"min_tls,omitempty"`
	MaxTLS  string   `json:"max_tls,omitempty"`
	Ciphers []string `json:"ciphers,omitempty"`
	// HTTP1 keeps to HTTP/1.1.
	HTTP1     bool `json:"http1,omitempty"`
	TimeoutMS int  `json:"timeout_ms,omitempty"`
	// Count requests are sent, all at once; the answers are counted by status.
	Count int `json:"count,omitempty"`
}

// Response is the answer. Error is set when there was none; Statuses, for a burst, counts "200", "429" and "error".
type Response struct {
	Status   int            `json:"status,omitempty"`
	Proto    string         `json:"proto,omitempty"`
	Headers  http.Header    `json:"headers,omitempty"`
	Body     string         `json:"body,omitempty"`
	TLS      string         `json:"tls,omitempty"`
	Cipher   string         `json:"cipher,omitempty"`
	Curve    string         `json:"curve,omitempty"`
	Subject  string         `json:"subject,omitempty"`
	Error    string         `json:"error,omitempty"`
	Statuses map[string]int `json:"statuses,omitempty"`
	TookMS   int64          `json:"took_ms"`
}

const bodyLimit = 1 << 20

// Do sends the request. An error of the network or of TLS is in the response: it is a finding. Redirects are not followed.
func (r Request) Do(ctx context.Context) (Response, error) {
	if r.Count > 1 {
		r.HTTP1 = true // one connection for each, as from many clients
	}
	client, err := r.client()
	if err != nil {
		return Response{}, err
	}
	defer client.CloseIdleConnections()
	start := time.Now()
	response, err := r.burst(ctx, client)
	response.TookMS = time.Since(start).Milliseconds()
	return response, err
}

// client connects as the request says.
func (r Request) client() (*http.Client, error) {
	if r.TimeoutMS == 0 {
		r.TimeoutMS = 10_000
	}
	config, err := r.tls()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:   config,
		ForceAttemptHTTP2: !r.HTTP1,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if r.Connect != "" {
				address = r.Connect
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       time.Duration(r.TimeoutMS) * time.Millisecond,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

func (r Request) burst(ctx context.Context, client *http.Client) (Response, error) {
	if r.Count <= 1 {
		return r.once(ctx, client)
	}
	_ = raiseFileLimit(uint64(r.Count) + 64)
	var (
		mu       sync.Mutex
		group    sync.WaitGroup
		last     Response
		failure  error
		statuses = map[string]int{}
		together = make(chan struct{})
	)
	for range r.Count {
		group.Go(func() {
			<-together
			response, err := r.once(ctx, client)
			mu.Lock()
			defer mu.Unlock()
			last, failure = response, errors.Join(failure, err)
			if response.Error != "" {
				statuses["error"]++
			} else {
				statuses[fmt.Sprint(response.Status)]++
			}
		})
	}
	close(together)
	group.Wait()
	last.Statuses = statuses
	return last, failure
}

func (r Request) once(ctx context.Context, client *http.Client) (Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		return Response{}, err
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "host") {
			request.Host = value
		}
	}
	answer, err := client.Do(request)
	if err != nil {
		return Response{Error: err.Error()}, nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	response := Response{Status: answer.StatusCode, Proto: answer.Proto, Headers: answer.Header, Body: string(body)}
	if err != nil {
		response.Error = err.Error()
	}
	if state := answer.TLS; state != nil {
		response.TLS = tls.VersionName(state.Version)
		response.Cipher = tls.CipherSuiteName(state.CipherSuite)
		response.Curve = state.CurveID.String()
		response.Subject = state.PeerCertificates[0].Subject.String()
	}
	return response, nil
}

func (r Request) tls() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: r.Insecure, ServerName: r.SNI}
	if r.SNI == "-" {
		// An address as the name is not sent; the certificate cannot be verified then.
		config.ServerName, config.InsecureSkipVerify = "127.0.0.1", true
	}
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", r.CA)
		}
	}
	versions := map[string]uint16{"": 0, "1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	var minimum, maximum bool
	config.MinVersion, minimum = versions[r.MinTLS]
	config.MaxVersion, maximum = versions[r.MaxTLS]
	if !minimum || !maximum {
		return nil, fmt.Errorf("no TLS version %q or %q", r.MinTLS, r.MaxTLS)
	}
	ids := map[string]uint16{}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids[suite.Name] = suite.ID
	}
	for _, name := range r.Ciphers {
		id, known := ids[name]
		if !known {
			return nil, fmt.Errorf("crypto/tls has no cipher %q", name)
		}
		config.CipherSuites = append(config.CipherSuites, id)
	}
	return config, nil
}
