package secretstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

// maxAnswer is far above what a secret can be: both servers stop at 1 MiB or below.
const maxAnswer = 4 << 20

// limits are how long the host waits for a server.
type limits struct {
	call  time.Duration // for one request and its answer
	inAll time.Duration // for one Load or Save, with all tries and pauses
	tries int           // of one request
	most  time.Duration // longest pause that a server may ask for
}

// limitsOf gives the limits for a time-out of so many seconds; 0 stands for 10.
func limitsOf(seconds int) limits {
	if seconds <= 0 {
		seconds = 10
	}
	call := time.Duration(seconds) * time.Second
	return limits{call: call, inAll: 3 * call, tries: 4, most: 5 * time.Second}
}

// errTooLong tells the own end of time from the caller's.
var errTooLong = errors.New("too long in all")

func (l limits) all(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, l.inAll, errTooLong)
}

// stopped gives why the caller gave up, or nil when it did not.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), errTooLong) {
		return nil
	}
	return ctx.Err()
}

// wait gives the pause after a try that failed: what the server asks for, within
// bounds, or else twice as long each time, spread so that hosts do not come back
// all at once.
func (l limits) wait(try int, after string) time.Duration {
	if seconds, err := strconv.ParseUint(after, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, l.most)
	}
	if at, err := http.ParseTime(after); err == nil {
		return max(0, min(time.Until(at), l.most))
	}
	d := 200 * time.Millisecond << try
	return d/2 + rand.N(d/2)
}

func pause(ctx context.Context, d time.Duration) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// secure tells whether a token may be sent to a URL: through TLS, or to this host.
func secure(u *url.URL) bool {
	switch u.Scheme {
	case "https":
		return true
	case "http":
		return u.Hostname() == "localhost" || loopback(u.Hostname())
	}
	return false
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// newClient makes a client that sends a token nowhere but to base: no redirect is
// followed, and where there is no TLS the connection itself must end on this host,
// whatever its name resolves to. A proxy of the environment is asked to connect, and
// has the token pass by in TLS; without TLS there is none.
func newClient(base *url.URL, roots *x509.CertPool) *http.Client {
	d := &net.Dialer{KeepAlive: -1}
	proxy := http.ProxyFromEnvironment
	if base.Scheme != "https" {
		proxy = nil
		d.Control = func(_, address string, _ syscall.RawConn) error {
			if host, _, err := net.SplitHostPort(address); err != nil || !loopback(host) {
				return errNotHere
			}
			return nil
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: d.DialContext,
			Proxy:       proxy,
			OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
				if r.StatusCode != http.StatusOK {
					return errProxy
				}
				return nil
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var (
	errNotHere = errors.New("not this host")
	errProxy   = errors.New("refused by the proxy")
)

// byProxy tells whether it was the proxy that was not reached.
func byProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}

// trouble words why a server was not reached, by what kind of failure it is: the
// system's own words may hold parts of the request or of a certificate. caVariable
// names the authorities to trust.
func trouble(err error, call time.Duration, caVariable string) (problem, advice string) {
	var (
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		plain    tls.RecordHeaderError
		dns      *net.DNSError
		deadline interface{ Timeout() bool }
	)
	again := "Make sure that the server runs and that this host may reach it, and run the command again."
	switch {
	case errors.Is(err, errNotHere):
		return "is at an address without TLS that is not on this host; nothing was sent.", "Write the address with https://."
	case errors.Is(err, errProxy), byProxy(err):
		problem = "is behind a proxy (HTTPS_PROXY), which does not let this host through."
		if byProxy(err) {
			problem = "is behind a proxy (HTTPS_PROXY), which cannot be reached."
		}
		return problem, "Ask whoever runs the proxy; or name the server in NO_PROXY, where this host reaches it without."
	case errors.As(err, &unknown):
		return "has a certificate of an authority that this host does not know.", "When the authority is your own, name the file with its certificate:\n\n    export " + caVariable + "=/etc/ssl/own-ca.pem"
	case errors.As(err, &name):
		return "has a certificate for another name.", "Write the name that stands in the certificate, or give the server one with this name."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a certificate that expired, or is not valid yet.", "Renew the certificate of the server, and compare the clock of this host with another."
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return "does not speak TLS.", "Make sure that the port in the address is the one with TLS."
	case untrusted(err):
		return "did not agree on a safe connection: its certificate or its version of TLS is not accepted.", "The server needs TLS 1.2 or 1.3, and a certificate for its name."
	case errors.As(err, &dns) && dns.IsNotFound:
		return "is at a name that does not exist.", "Compare the address of the store with the server's."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection.", again
	case errors.Is(err, errTooLong), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &deadline) && deadline.Timeout():
		return fmt.Sprintf("did not answer within %s.", call), again + " A server that is slow but well needs a longer time-out of the store."
	}
	return "could not be reached: the connection broke.", again
}

// untrusted tells whether TLS itself was refused, by either side. Another try shows
// the same certificate and the same versions.
func untrusted(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		plain  tls.RecordHeaderError
		op     *net.OpError
	)
	return errors.As(err, &verify) || errors.As(err, &plain) || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errNotHere) || errors.Is(err, errProxy) ||
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") // how crypto/tls hands on an alert
}

// neverDialed tells whether there was no connection to send anything through.
func neverDialed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || byProxy(err) || untrusted(err)
}
