//go:build lab

package ufw

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestApply has the real ufw and iptables, once through.
func TestApply(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	apply := h.install(t, plain())
	before := h.files(t)

	if out, code := h.try(t, apply+" --check"); code != 2 || !strings.Contains(out, "add the ufw rule: limit 22/tcp from 0.0.0.0/0 (nself:shop:ssh)") {
		t.Fatalf("--check of an untouched host: exit %d:\n%s", code, out)
	}
	if after := h.files(t); after != before {
		t.Fatalf("--check changed files:\n%s", cmp.Diff(before, after))
	}
	h.run(t, apply+" --apply")
	h.run(t, apply+" --confirm")
	applied := h.state(t)
	for _, rule := range []string{
		"-A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set",
		"-A ufw6-user-input -p tcp -m tcp --dport 443 ",
		"-A DOCKER-USER -j NSELF\n",
		"-P INPUT DROP", "-P FORWARD DROP", "-P OUTPUT ACCEPT",
	} {
		if !strings.Contains(applied, rule) {
			t.Errorf("the kernel has no rule %q", rule)
		}
	}
	out := h.run(t, apply+" --apply")
	if !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("the second apply says:\n%s", out)
	}
	if diff := cmp.Diff(applied, h.state(t)); diff != "" {
		t.Errorf("the second apply changed something:\n%s", diff)
	}
	if out, code := h.try(t, apply+" --check"); code != 0 {
		t.Errorf("--check afterwards: exit %d:\n%s", code, out)
	}
}
