//go:build lab && linux

package e2e

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/lab"
)

// TestGrade has testssl.sh judge the edge of the shop as the internet would, by all that
// its grade is made of. The control is the same edge with TLS 1.1, which it must refuse.
func TestGrade(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	s := &shop{stack: shopStack(t, engine), client: lab.Place(engine.Client)}
	s.public(t, chainFile, keyFile, s.host("loner"), s.host("api"), s.host("inner"), s.host("migrator"), s.host("reporter"))
	s.build(t)
	s.up(t)
	engine.Client("sh", "-c", "echo '"+lab.HostIPv4+" "+s.host("loner")+"' >>/etc/hosts").Must(t)

	// Protocols, ciphers, forward secrecy, the certificate, the headers, and every known weakness.
	judged := s.testssl(t, "--protocols", "--std", "--fs", "--server-defaults", "--headers", "--vulnerable")
	if grade := judged["overall_grade"].Finding; grade != "A+" {
		t.Errorf("grade %q: %+v", grade, judged)
	}
	if bad := weak(judged); len(bad) > 0 {
		t.Errorf("found wanting: %s", bad)
	}

	conf := filepath.Join(s.out, "nginx", "snippets", "tls.conf")
	text := read(t, conf)
	old := strings.NewReplacer(
		"ssl_protocols TLSv1.2", "ssl_protocols TLSv1.1 TLSv1.2",
		"ssl_ciphers ", "ssl_ciphers @SECLEVEL=0:ECDHE-ECDSA-AES128-SHA:",
	).Replace(text)
	write(t, conf, []byte(old), 0o644)
	engine.Compose(s.out, "restart", "ingress").Must(t)
	if bad := weak(s.testssl(t, "--protocols")); !slices.Equal(bad, []string{"TLS1_1"}) {
		t.Errorf("the control, TLS 1.1, is found as %s", bad)
	}
}

// judgement is what testssl.sh says of one thing that it has tried.
type judgement struct{ ID, Severity, Finding string }

// testssl runs it from the other machine. Each of its many handshakes is a few processes,
// so that it takes minutes where a process is dear to start.
func (s *shop) testssl(t *testing.T, parts ...string) map[string]judgement {
	t.Helper()
	report := filepath.Join(t.TempDir(), "testssl.json")
	args := []string{"testssl", "--warnings", "off", "--color", "0", "--quiet", "--nodns", "none", "--add-ca", s.ca, "--ip", lab.HostIPv4, "--jsonfile", report}
	r := s.engine.ClientRun(lab.Command{Timeout: 20 * time.Minute, Args: append(append(args, parts...), "https://"+s.host("loner"))})
	var all []judgement
	if err := json.Unmarshal([]byte(read(t, report)), &all); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	by := map[string]judgement{}
	for _, j := range all {
		by[j.ID] = j
	}
	return by
}

// weak gives what testssl.sh does not take for sound, sorted. What it says of the
// certificate is about the test's authority, and a warning is about its own openssl.
func weak(judged map[string]judgement) []string {
	bad := map[string]bool{}
	for id, j := range judged {
		if !slices.Contains([]string{"OK", "INFO", "WARN"}, j.Severity) && !strings.HasPrefix(id, "cert_") && id != "DNS_CAArecord" {
			bad[id] = true
		}
	}
	return sortedKeys(bad)
}
