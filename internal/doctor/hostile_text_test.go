package doctor

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"nselfc/lang/diag/render"
)

// evil is a name that would begin lines of its own, move the cursor, and fill a screen.
// Whatever line it gets into holds "MARK" before "forged".
func evil(length int) string {
	return "MARK\n\ncritical NS2001: forged\r\n  .secrets\u2028forged\u0085forged\n\n    sudo forged\n\nSeen:\n  NS2060  forged\n\x1b[2J\x1b]0;forged\a" + strings.Repeat("x", length)
}

// TestForgedLines: no name that a scanner, an export, Docker or a certificate brings
// along becomes a line of the report, in any form.
func TestForgedLines(t *testing.T) {
	b := healthy(t)
	name := evil(1 << 16)
	text := func(v any) string {
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	b.say["trivy image --quiet --format json --severity HIGH,CRITICAL --ignore-unfixed --scanners vuln redis:8.2.9"] = Said{Out: text(map[string]any{
		"SchemaVersion": 2, "Results": []any{map[string]any{"Target": name, "Vulnerabilities": []any{map[string]any{"VulnerabilityID": name, "PkgName": name, "Severity": name}}}},
	})}
	b.advise("8.2.10")
	put(t, b.options.Advisories, text(map[string]any{"id": name, "summary": name, "affected": []any{map[string]any{"package": map[string]any{"name": "redis", "ecosystem": "Bitnami"}, "versions": []any{"8.2.9"}}}}), 0o644)
	stray := b.stray("stray", binding("5432/tcp", "0.0.0.0", "5432"))
	stray["Name"], stray["Mounts"] = "/"+name, []any{map[string]any{"Type": "bind", "Source": name + "/docker.sock"}}
	b.at("api", "Config")["Image"], b.at("api", "Config")["User"] = name, name
	b.at("api", "HostConfig")["CapAdd"] = []any{name}
	b.at("api", "NetworkSettings")["Networks"].(map[string]any)[name] = map[string]any{} //nolint:forcetypeassert // made so
	b.running["worker"]["State"] = map[string]any{"Status": name}
	b.bring(b.issue(func(c *x509.Certificate) {
		c.Subject, c.SerialNumber = pkix.Name{CommonName: evil(64), Organization: []string{evil(64)}}, big.NewInt(7)
		c.NotAfter = b.host.Now.Add(-time.Minute)
	}))
	b.say["sshd -T"] = Said{Code: 1, Err: name}
	r := b.examine()
	for _, code := range []string{"NS2010", "NS2040", "NS2042", "NS2044", "NS2045", "NS2048", "NS2052", "NS2053", "NS2060"} {
		if one := result(t, r, code); one.State != Found {
			t.Errorf("%s: %s %s", code, one.State, one.Evidence)
		}
	}
	for _, width := range []int{0, 40} {
		var out bytes.Buffer
		if err := r.Text(&out, width); err != nil {
			t.Fatal(err)
		}
		unforged(t, out.String(), width == 0)
	}
	var out bytes.Buffer
	if err := render.Text(&out, render.New(r.Diagnostics().Sort(), nil, nil), render.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	unforged(t, out.String(), true)
}

func unforged(t *testing.T, report string, marked bool) {
	t.Helper()
	if !strings.Contains(report, "MARK") {
		t.Error("the names are not in it")
	}
	if strings.ContainsAny(report, "\x1b\a\r\u2028\u0085") {
		t.Error("a control character reaches the terminal")
	}
	for line := range strings.Lines(report) {
		forged := strings.Index(line, "forged")
		if mark := strings.Index(line, "MARK"); marked && forged >= 0 && (mark < 0 || mark > forged) || !marked && forged >= 0 && !strings.HasPrefix(line, "  ") {
			t.Errorf("a line that nobody wrote: %.200s", line)
		}
		if n := utf8.RuneCountInString(line); n > 3*maxEvidence {
			t.Errorf("a line of %d characters: %.200s", n, line)
		}
	}
}

// What the scanners write, as trivy 0.60 and grype 0.90 do, of two packages.
const (
	ofTrivy = `{"SchemaVersion":2,"CreatedAt":"2026-12-01T09:00:00Z","ArtifactName":"redis:8.2.9","ArtifactType":"container_image","Metadata":{"OS":{"Family":"debian","Name":"12.11"},"ImageID":"sha256:1"},
"Results":[{"Target":"redis:8.2.9 (debian 12.11)","Class":"os-pkgs","Type":"debian","Vulnerabilities":[
{"VulnerabilityID":"CVE-2026-0001","PkgID":"libssl3@3.0.16-1","PkgName":"libssl3","PkgIdentifier":{"PURL":"pkg:deb/debian/libssl3@3.0.16-1"},"InstalledVersion":"3.0.16-1","FixedVersion":"3.0.17-1","Status":"fixed","Layer":{"DiffID":"sha256:2"},"SeveritySource":"debian","PrimaryURL":"https://avd.aquasec.com/nvd/cve-2026-0001","Title":"x","Severity":"CRITICAL","CVSS":{"nvd":{"V3Score":9.8}}}]},
{"Target":"usr/local/bin/gosu","Class":"lang-pkgs","Type":"gobinary","Vulnerabilities":[{"VulnerabilityID":"CVE-2026-0002","PkgName":"stdlib","InstalledVersion":"v1.18.2","FixedVersion":"1.22.0","Status":"fixed","Severity":"HIGH"}]},
{"Target":"var/lib","Class":"secret"}]}`
	ofGrype = `{"matches":[{"vulnerability":{"id":"CVE-2026-0001","dataSource":"https://security-tracker.debian.org/tracker/CVE-2026-0001","namespace":"debian:distro:debian:12","severity":"Critical","urls":[],"cvss":[],"fix":{"versions":["3.0.17-1"],"state":"fixed"},"advisories":[],"risk":1.2},
"relatedVulnerabilities":[],"matchDetails":[{"type":"exact-direct-match","matcher":"dpkg-matcher","searchedBy":{},"found":{}}],"artifact":{"id":"1","name":"libssl3","version":"3.0.16-1","type":"deb","locations":[{"path":"/var/lib/dpkg/status"}],"language":"","licenses":[],"cpes":[],"purl":"pkg:deb/debian/libssl3","upstreams":[{"name":"openssl"}]}},
{"vulnerability":{"id":"GHSA-1","namespace":"github:language:go","severity":"High","fix":{"versions":["1.22.0"],"state":"fixed"}},"artifact":{"name":"stdlib","version":"go1.18.2","type":"go-module"}},
{"vulnerability":{"id":"CVE-2026-0003","severity":"Medium","fix":{"versions":["1"],"state":"fixed"}},"artifact":{"name":"tar"}}],
"ignoredMatches":[],"source":{"type":"image","target":{"userInput":"redis:8.2.9"}},"distro":{"name":"debian","version":"12"},"descriptor":{"name":"grype","version":"0.90.0"}}`
)

// TestScannerReports reads what each scanner writes, and takes nothing else for a
// report in which nothing was found.
func TestScannerReports(t *testing.T) {
	for _, s := range scanners() {
		document, want := ofTrivy, "CVE-2026-0001 (libssl3, critical), CVE-2026-0002 (stdlib, high)"
		none := `{"SchemaVersion":2,"ArtifactName":"redis:8.2.9"}`
		if s.name == "grype" {
			document, want, none = ofGrype, "CVE-2026-0001 (libssl3, critical), GHSA-1 (stdlib, high)", `{"matches":[],"descriptor":{"name":"grype"}}`
		}
		for _, c := range []struct {
			said  Said
			state State
			says  string
		}{
			{Said{Out: document}, Found, want},
			{Said{Out: document, Code: 2}, Found, want}, // a setting of its own
			{Said{Out: none}, OK, s.name + " looked into"},
			{Said{Out: none, Code: 1}, NotSeen, "with code 1"},
			{Said{Out: `{}`}, NotSeen, "something else"},
			{Said{Out: `null`}, NotSeen, "something else"},
			{Said{Out: `[]`}, NotSeen, "something else"},
			{Said{Out: document[:200]}, NotSeen, "something else"},
			{Said{Code: 1, Err: "no database"}, NotSeen, s.name},
		} {
			b := healthy(t)
			b.say["grype --version"] = Said{Out: "grype 0.90.0\n"}
			run := b.host.Run
			b.host.Run = func(ctx context.Context, in io.Reader, args ...string) (Said, error) {
				if args[0] == "trivy" && s.name == "grype" {
					return Said{}, exec.ErrNotFound
				}
				return run(ctx, in, args...)
			}
			for _, i := range (&examination{Subject: b.subject}).images() {
				b.say[s.name+" "+strings.Join(s.args, " ")+" "+i.text] = c.said
			}
			x := newExamination(context.Background(), b.host, b.subject, b.options)
			one := check{code: "NS2053", run: scanned}.result(context.Background(), x, ruleOf(t, "NS2053"))
			if says := one.Evidence + fmt.Sprint(one.Findings); one.State != c.state || !strings.Contains(says, c.says) {
				t.Errorf("%s, %.40s: %s %s", s.name, c.said.Out, one.State, says)
			}
		}
	}
}

// TestNarrow: on a terminal of 40 columns, only words and commands are longer.
func TestNarrow(t *testing.T) {
	var out bytes.Buffer
	if err := sick(t).Text(&out, 40); err != nil {
		t.Fatal(err)
	}
	wide := 0
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 40 && !strings.HasPrefix(line, "      ") && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "/") {
			wide++
			t.Errorf("%q", line)
		}
	}
	if strings.Count(out.String(), "\n") < 150 || !strings.Contains(out.String(), "\n          ") {
		t.Error(out.String())
	}
}
