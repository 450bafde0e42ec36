//go:build lab && linux

package e2e

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// testLogs sends requests that carry a canary wherever a secret may stand, with
// every outcome, and looks for it in all that the running nginx has logged.
func (s *shop) testLogs(t *testing.T) {
	const canary, agent = "CANARYb81d", "e2e-logs"
	s.engine.Compose(s.out, "stop", "reporter").Must(t)
	defer s.up(t)
	send := func(want int, host, path string, change ...func(*attack.Request)) {
		t.Helper()
		r := s.request(host, path+"?token="+canary)
		r.HTTP1 = true
		r.Headers = map[string]string{
			"Cookie": "session=" + canary, "Authorization": "Bearer " + canary, "X-Api-Key": canary,
			"Referer": "https://user:" + canary + "@partner.example.com/" + canary + "?t=" + canary, "User-Agent": agent,
		}
		for _, f := range change {
			f(&r)
		}
		got := s.client.HTTP(t, r)
		if got.Status != want && got.Statuses[strconv.Itoa(want)] == 0 {
			t.Errorf("%s %s: %d %v %s, want %d", host, path, got.Status, got.Statuses, got.Error, want)
		}
	}
	send(200, "loner", "/")
	send(200, "loner", "/x%3Ftoken="+canary)
	send(502, "reporter", "/") // nobody has the name now
	send(400, "loner", "/a%2f../b")
	send(429, "api", "/healthz", func(r *attack.Request) { r.Count = 150 })
	head := " /?t=" + canary + " HTTP/1.1\r\nHost: " + s.host("loner") + "\r\nConnection: close\r\nUser-Agent: " + agent + "\r\n"
	s.raw(t, "413", "POST"+head+"Content-Length: 99999999\r\n\r\n"+canary)
	s.raw(t, "400", "GET"+head+"No header: "+canary+"\r\n\r\n")
	s.raw(t, "400", canary+"\r\n\r\n") // no HTTP at all

	log := s.engine.Docker("logs", s.container(t, "ingress").Name)
	log.Must(t)
	for stream, text := range map[string]string{"standard output": log.Stdout, "standard error": log.Stderr} {
		if line := lineWith(text, canary); line != "" {
			t.Errorf("%s of nginx holds the canary: %s", stream, line)
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(log.Stdout) {
		var entry struct{ Status, Agent, Referer string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("an entry is not JSON: %v: %s", err, line)
		}
		if entry.Agent == agent {
			seen[entry.Status] = true
			if entry.Referer != "https://partner.example.com" && entry.Referer != "" {
				t.Errorf("referer %q", entry.Referer)
			}
		}
	}
	// The control: the entries are there, and what may be logged is found.
	for _, status := range []string{"200", "400", "413", "429", "502"} {
		if !seen[status] {
			t.Errorf("no entry of status %s: %v", status, sortedKeys(seen))
		}
	}
}

// raw sends what no HTTP library would, over TLS.
func (s *shop) raw(t *testing.T, want, request string) {
	t.Helper()
	r := s.engine.ClientRun(lab.Command{
		Args:  []string{"openssl", "s_client", "-quiet", "-connect", s.address, "-servername", s.host("loner")},
		Stdin: strings.NewReader(request),
	})
	if !strings.Contains(r.Stdout, " "+want+" ") {
		t.Errorf("%q, want %s: %s", request, want, r)
	}
}

func lineWith(text, what string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			return line
		}
	}
	return ""
}
