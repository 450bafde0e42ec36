package nginx

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
)

// The suites of each profile, by the kind of the certificate's key. Those of TLS
// 1.3 do not depend on it, and are all that OpenSSL enables.
var (
	tls13Suites = []uint16{tls.TLS_AES_128_GCM_SHA256, tls.TLS_AES_256_GCM_SHA384, tls.TLS_CHACHA20_POLY1305_SHA256}
	suites12    = map[string]map[bool][]uint16{
		"guide": {
			false: {tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
			true:  {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		},
		"intermediate": {
			false: {
				tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
				tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			},
			true: {
				tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
				tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			},
		},
		"modern": {false: nil, true: nil},
	}
)

// TestTLS enumerates every version and every one of the 65,536 suites, whether
// anybody knows it or not, and compares with the profile.
func TestTLS(t *testing.T) {
	t.Parallel()
	for profile, byKey := range suites12 {
		for useRSA, want := range byKey {
			t.Run(fmt.Sprintf("%s, RSA %v", profile, useRSA), func(t *testing.T) {
				s := anIngress(aHost("a.example.com", aRoute("api", "/", 1)))
				s.Ingress.Profile = str(profile)
				srv := start(t, s, setup{rsa: useRSA})
				for _, finding := range srv.probe("a.example.com", want) {
					t.Error(finding)
				}
				if got := srv.accepted("b.example.com", tls.VersionTLS13); len(got) != 0 {
					t.Errorf("an unknown name is served with %x", got)
				}
				srv.handshakes(profile != "modern")
			})
		}
	}
	t.Run("finds what is wrong", func(t *testing.T) {
		s := anIngress(aHost("a.example.com", aRoute("api", "/", 1)))
		srv := start(t, s, setup{rsa: true, patch: func(_, content string) string {
			content = strings.Replace(content, "ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;", 1)
			return strings.Replace(content, "ssl_ciphers "+guideCiphers, `ssl_ciphers "ALL:@SECLEVEL=0"`, 1)
		}})
		found := strings.Join(srv.probe("a.example.com", suites12["guide"][true]), "\n")
		for _, want := range []string{"TLS 1.0", "TLS 1.1", "002f" /* RSA, AES-128, CBC */, "c013" /* ECDHE, CBC */} {
			if !strings.Contains(found, want) {
				t.Errorf("the probe does not find %s:\n%s", want, found)
			}
		}
	})
}

// probe compares what a server accepts with what it should, and tells the
// differences.
func (s *server) probe(name string, tls12 []uint16) []string {
	var found []string
	for _, v := range []struct {
		version uint16
		want    []uint16
	}{
		{tls.VersionTLS10 - 1, nil},
		{tls.VersionTLS10, nil},
		{tls.VersionTLS11, nil},
		{tls.VersionTLS12, tls12},
		{tls.VersionTLS13, tls13Suites},
	} {
		got := s.accepted(name, v.version)
		want := slices.Clone(v.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			found = append(found, fmt.Sprintf("%s: accepts %04x, should accept %04x", tls.VersionName(v.version), got, want))
		}
	}
	return found
}

// accepted gives all suites with which a server would go on at a version. It
// offers all, takes away the one that the server chose, and asks again.
func (s *server) accepted(name string, version uint16) []uint16 {
	s.t.Helper()
	var out []uint16
	const step = 4096 // what fits one record
	for first := 0; first < 1<<16; first += step {
		var offer []uint16
		for c := first; c < first+step; c++ {
			if c != 0x00ff && c != 0x5600 { // signals, not suites (RFC 5746, RFC 7507)
				offer = append(offer, uint16(c))
			}
		}
		for {
			chosen, err := s.offer(name, version, offer)
			if err != nil {
				break
			}
			i := slices.Index(offer, chosen)
			if i < 0 {
				s.t.Fatalf("the server chose %04x, which was not offered", chosen)
			}
			out = append(out, chosen)
			offer = slices.Delete(offer, i, i+1)
		}
	}
	return out
}

var errRefused = errors.New("refused")

// offer sends a ClientHello (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2) and gives the
// suite of the ServerHello.
func (s *server) offer(name string, version uint16, suites []uint16) (uint16, error) {
	c, err := net.DialTimeout("tcp", s.https, 5*time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return 0, err
	}
	hello := clientHello(name, version, suites)
	record := binary.BigEndian.AppendUint16([]byte{22, 3, 1}, uint16(len(hello)))
	if _, err := c.Write(append(record, hello...)); err != nil {
		return 0, err
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil || head[0] != 22 {
		return 0, errRefused
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(c, body); err != nil || len(body) < 39 || body[0] != 2 {
		return 0, errRefused
	}
	session := int(body[38])
	if len(body) < 41+session {
		return 0, errRefused
	}
	got := binary.BigEndian.Uint16(body[4:])
	if version <= tls.VersionTLS12 && got != version {
		return 0, errRefused // the server agreed on another version
	}
	return binary.BigEndian.Uint16(body[39+session:]), nil
}

func clientHello(name string, version uint16, suites []uint16) []byte {
	sized := func(n int, body []byte) []byte { // body behind its length in n bytes
		length := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		return append(length[4-n:], body...)
	}
	words := func(vs ...uint16) []byte {
		var out []byte
		for _, v := range vs {
			out = binary.BigEndian.AppendUint16(out, v)
		}
		return out
	}
	var extensions []byte
	extend := func(id uint16, body []byte) { extensions = append(append(extensions, words(id)...), sized(2, body)...) }
	extend(0, sized(2, append([]byte{0}, sized(2, []byte(name))...)))   // server_name
	extend(10, sized(2, words(0x001d, 0x0017, 0x0018, 0x0019, 0x0100))) // supported_groups
	extend(11, sized(1, []byte{0}))                                     // ec_point_formats
	extend(13, sized(2, words(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)))
	if version == tls.VersionTLS13 {
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		extend(43, sized(1, words(tls.VersionTLS13)))
		extend(51, sized(2, append(words(0x001d), sized(2, key.PublicKey().Bytes())...)))
	}
	body := words(min(version, tls.VersionTLS12))
	body = append(body, make([]byte, 32)...) // random
	body = append(body, 0)                   // no session
	body = append(body, sized(2, words(suites...))...)
	body = append(body, 1, 0) // no compression
	body = append(body, sized(2, extensions)...)
	return append([]byte{1}, sized(3, body)...)
}

// handshakes completes handshakes with Go's own client.
func (s *server) handshakes(tls12 bool) {
	t := s.t
	t.Helper()
	for version, want := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: tls12, tls.VersionTLS13: true,
	} {
		c, err := s.dial("a.example.com", func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version })
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			c.Close()
		}
	}
	protocols := []string{"h2", "http/1.1"}
	for _, protocol := range protocols {
		c, err := s.dial("a.example.com", func(c *tls.Config) { c.NextProtos = []string{protocol} })
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().NegotiatedProtocol; got != protocol {
			t.Errorf("ALPN %s: got %q", protocol, got)
		}
		c.Close()
	}
	for _, curve := range []struct {
		id   tls.CurveID
		want bool
	}{{tls.X25519, true}, {tls.CurveP256, true}, {tls.CurveP384, true}, {tls.CurveP521, false}, {tls.X25519MLKEM768, s.version.AtLeast(1, 29, 0)}} {
		c, err := s.dial("a.example.com", func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{curve.id} })
		if (err == nil) != curve.want {
			t.Errorf("curve %v: %v", curve.id, err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// TestCurves asks for the hybrid group where OpenSSL has it, and nowhere else: an
// nginx that does not know a group does not start.
func TestCurves(t *testing.T) {
	for _, tc := range []struct {
		version ir.Version
		image   string
		want    bool
	}{
		{ir.Version{Major: 1, Minor: 22}, "nginx:1.22", false},
		{ir.Version{Major: 1, Minor: 28, Patch: 9}, "nginx:1.28.9", false},
		{ir.Version{Major: 1, Minor: 29}, "nginx:1.29.0", false},
		{ir.Version{Major: 1, Minor: 29, Patch: 1}, "nginx:1.29.1", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "nginx:1.30.4@sha256:bookworm", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "bookworm:5000/debian12/nginx:1.30.4-trixie", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "nginx:1.30.4-alpine3.22-slim", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "nginx:1.30.4-alpine", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "ghcr.io/acme/edge:7", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "ghcr.io/acme/edge", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "example.com/nginx:1.30.4-debian-13-r0", true},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "example.com/nginx:1.30.4-debian-12-r0", false},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "nginx:1.30.4-bookworm-perl@sha256:0", false},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "nginx:1.30.4-alpine3.21", false},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, "example.com/nginx:1.30.4-ubuntu24.04", false},
		{ir.Version{Major: 2}, "nginx:2.0", true},
	} {
		s := anIngress()
		s.Ingress.Version, s.Services[0].Image = tc.version, str(tc.image)
		if got := strings.Contains(render(t, s)["nginx/snippets/tls.conf"], "X25519MLKEM768"); got != tc.want {
			t.Errorf("%v of %s: %v", tc.version, tc.image, got)
		}
	}
}
