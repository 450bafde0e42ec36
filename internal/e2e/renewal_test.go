//go:build lab && linux

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// testNewCertificate renews the certificate that the owner brings, as certbot
// would, and builds again.
func (s *shop) testNewCertificate(t *testing.T, a *authority) {
	subject := func() string { return s.get(t, "loner").Subject }
	before := subject()
	hosts := s.hosts()
	slices.Reverse(hosts) // the first is the subject
	s.bring(t, a, chainFile, keyFile, hosts...)
	var replaced []string
	for _, w := range s.build(t) {
		replaced = append(replaced, w.Secrets.Replaced...)
		if n := len(w.Result.Updated); n > 0 {
			t.Errorf("a renewed certificate changed committed files: %v", w.Result.Updated)
		}
	}
	// What the build tells its user to start again.
	if want := []string{".secrets.d/ingress/tls.crt", ".secrets.d/ingress/tls.key"}; !slices.Equal(replaced, want) {
		t.Errorf("replaced %v, want %v", replaced, want)
	}
	s.up(t)
	if subject() != before {
		t.Error("up reads the new certificate already: the advice to start ingress again is out of date")
	}
	s.engine.Compose(s.out, "restart", "ingress").Must(t)
	s.up(t)
	if after := subject(); after == before || !strings.Contains(after, hosts[0]) {
		t.Errorf("the new certificate is not served: %q, before %q", after, before)
	}
}
