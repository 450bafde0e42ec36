package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// handshake is what a client of one host's name is answered with.
type handshake struct {
	host  string
	chain []*x509.Certificate
	err   error
}

// maxHosts bounds how many names are asked for: they share one configuration.
const maxHosts = 500

// errClosed says that nothing takes connections at the port.
var errClosed = errors.New("nothing answers")

// address is where the ingress is published: at the one address that the stack names,
// or at each of the host's.
func (x *examination) address() string {
	port := x.Stack.Ingress.HTTPSPublic.V
	host := "127.0.0.1"
	if s := x.service(x.Stack.Ingress.Service); s != nil {
		for _, p := range s.Publish {
			if a, err := netip.ParseAddr(p.HostIP.V); err == nil && !a.IsUnspecified() && p.Host.V == port {
				host = p.HostIP.V
			}
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// shake opens a connection for a name; settings may be narrowed by change.
func (x *examination) shake(ctx context.Context, name string, change func(*tls.Config)) (tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	raw, err := x.Dial(ctx, x.address())
	if err != nil {
		return tls.ConnectionState{}, fmt.Errorf("%w at %s: %w", errClosed, x.address(), err)
	}
	defer func() { _ = raw.Close() }()                                                              // what was said is known
	config := &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10} // what is offered is looked at, not trusted
	change(config)
	c := tls.Client(raw, config)
	err = c.HandshakeContext(ctx)
	return c.ConnectionState(), err
}

func (x *examination) shakeHands(ctx context.Context) []handshake {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // one that takes connections and says nothing holds up each name
	defer cancel()
	var out []handshake
	for _, h := range x.Stack.Ingress.Hosts[:min(maxHosts, len(x.Stack.Ingress.Hosts))] {
		if ctx.Err() != nil {
			break
		}
		state, err := x.shake(ctx, concrete(h.Name.V), func(*tls.Config) {})
		out = append(out, handshake{h.Name.V, state.PeerCertificates, err})
	}
	return out
}

// live makes a check of the ingress that answers.
func live(look func(ctx context.Context, x *examination) (string, []Finding, error)) func(context.Context, *examination) (string, []Finding, error) {
	return func(ctx context.Context, x *examination) (string, []Finding, error) {
		if x.Stack.Ingress == nil || len(x.Stack.Ingress.Hosts) == 0 {
			return "", nil, nothing("the stack has no ingress")
		}
		own, err := x.own()
		if err == nil && !slices.ContainsFunc(own, func(c container) bool { return c.service() == x.Stack.Ingress.Service && c.State.Running }) {
			return "", nil, nothing("the ingress does not run")
		}
		return look(ctx, x)
	}
}

func handshakeChecks() []check {
	return []check{
		{code: "NS2067", security: true, run: live(servedIsStored)},
		{code: "NS2068", security: true, run: live(withinProfile)},
		{code: "NS2069", security: true, run: live(strangersRefused)},
		{code: "NS2070", security: true, run: live(answers)},
	}
}

func servedIsStored(_ context.Context, x *examination) (string, []Finding, error) {
	chain, file, err := x.chain()
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	n := 0
	for _, h := range x.served() {
		if h.err != nil || len(h.chain) == 0 {
			continue // has a finding of its own
		}
		if n++; !h.chain[0].Equal(chain[0]) {
			found = append(found, Finding{
				Object: "host " + h.host, At: x.Stack.Ingress.Certificate.Origin.Range,
				Evidence: fmt.Sprintf("%s is served with a certificate that is valid until %s; the one in %s is valid until %s. The ingress was not told of the new one.", h.host, day(h.chain[0].NotAfter), file, day(chain[0].NotAfter)),
				Fix:      "    docker compose restart " + x.Stack.Ingress.Service,
			})
		}
	}
	if n == 0 {
		return "", nil, errors.New("no handshake succeeds")
	}
	return counted(n, "host") + " served with the certificate that is on disk", found, x.unasked(len(x.served()))
}

// unasked says how many names were not asked for, of so many that were.
func (x *examination) unasked(asked int) error {
	if all := len(x.Stack.Ingress.Hosts); asked < all {
		return fmt.Errorf("%d of %d hosts were asked for, and the others not", asked, all)
	}
	return nil
}

func answers(_ context.Context, x *examination) (string, []Finding, error) {
	var found []Finding
	served := x.served()
	for _, h := range served {
		if h.err != nil {
			found = append(found, Finding{
				Object:   "host " + h.host,
				Evidence: fmt.Sprintf("A client that asks for %s gets no TLS at %s: %v.", h.host, x.address(), h.err),
				Fix:      "See what the ingress says:\n\n    docker compose logs --tail 50 " + x.Stack.Ingress.Service,
			})
		}
	}
	return fmt.Sprintf("%s at %s", counted(len(served), "answer"), x.address()), found, x.unasked(len(served))
}

// offered are the suites of TLS 1.2 that a profile has.
func offered(profile string) []uint16 {
	guide := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	switch profile {
	case "modern":
		return nil
	case "intermediate":
		return append(guide, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)
	}
	return guide
}

// withinProfile offers each old version, and each suite of TLS 1.2 by itself. Go
// knows those with RSA or ECDHE; DHE and export suites it cannot offer.
func withinProfile(ctx context.Context, x *examination) (string, []Finding, error) {
	name := concrete(x.Stack.Ingress.Hosts[0].Name.V)
	if _, err := x.shake(ctx, name, func(*tls.Config) {}); err != nil {
		return "", nil, fmt.Errorf("no handshake succeeds: %w", err)
	}
	var found []Finding
	add := func(what string) {
		found = append(found, Finding{
			Object: what, At: x.Stack.Ingress.Profile.Range,
			Evidence: fmt.Sprintf("The ingress takes %s, which the profile %s does not have: what answers is not the nginx that was emitted.", what, x.Stack.Ingress.Profile.V),
			Fix:      anew(x.Stack.Ingress.Service),
		})
	}
	if _, err := x.shake(ctx, name, func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }); err != nil && !errors.Is(err, errClosed) && ctx.Err() == nil {
		found = append(found, Finding{
			Object: "TLS 1.3", At: x.Stack.Ingress.Profile.Range, Fix: anew(x.Stack.Ingress.Service),
			Evidence: fmt.Sprintf("The ingress refuses TLS 1.3, which the profile %s has: what answers is not the nginx that was emitted, or one without it.", x.Stack.Ingress.Profile.V),
		})
	}
	var all []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if slices.Contains(s.SupportedVersions, tls.VersionTLS12) {
			all = append(all, s.ID)
		}
	}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if _, err := x.shake(ctx, name, func(c *tls.Config) { c.MinVersion, c.MaxVersion, c.CipherSuites = v, v, all }); err == nil {
			add(tls.VersionName(v))
		}
	}
	var taken []string
	for _, id := range all {
		_, err := x.shake(ctx, name, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion, c.CipherSuites = tls.VersionTLS12, tls.VersionTLS12, []uint16{id}
		})
		switch {
		case errors.Is(err, errClosed), ctx.Err() != nil:
			return "", found, err
		case err == nil && !slices.Contains(offered(x.Stack.Ingress.Profile.V), id):
			add(tls.CipherSuiteName(id))
		case err == nil:
			taken = append(taken, tls.CipherSuiteName(id))
		}
	}
	return fmt.Sprintf("no TLS before 1.2, and of %d suites of TLS 1.2 only %s", len(all), strings.Join(taken, ", ")), found, nil
}

// strangersRefused asks for a name that no route can have (RFC 6761).
func strangersRefused(ctx context.Context, x *examination) (string, []Finding, error) {
	const name = "doctor.invalid"
	state, err := x.shake(ctx, name, func(*tls.Config) {})
	if errors.Is(err, errClosed) {
		return "", nil, err
	}
	if err == nil && len(state.PeerCertificates) > 0 {
		return "", []Finding{{
			Object: "name " + name, Fix: anew(x.Stack.Ingress.Service),
			Evidence: "A client that asks for a name without a route is shown a certificate: a scan of addresses learns the names of the stack.",
		}}, nil
	}
	return "a name without a route is refused: " + err.Error(), nil, nil
}
