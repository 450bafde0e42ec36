//go:build lab

package ufw

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"nselfc/compiler/ir"
)

// Every script is free of shellcheck's findings; a bad one is not.
func TestShellcheck(t *testing.T) {
	need(t, "shellcheck")
	check := func(script string) (string, error) {
		cmd := exec.Command("shellcheck", "-")
		cmd.Stdin = strings.NewReader(script)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := check("#!/bin/sh\nrm $1\n"); err == nil || !strings.Contains(out, "SC2086") {
		t.Fatalf("control: an unquoted variable passes: %v %s", err, out)
	}
	for _, stack := range []*ir.Stack{plain(), rich()} {
		for _, f := range render(t, stack, Options{}) {
			if !strings.HasSuffix(f.Path, ".sh") {
				continue
			}
			if out, err := check(plainText(t, f)); err != nil {
				t.Errorf("%s: %v\n%s", f.Path, err, out)
			}
		}
	}
}

// Whoever looks for a process outlives those that end meanwhile.
func TestRunningBesideOthers(t *testing.T) {
	script, err := os.ReadFile("script/host.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(script), "\nrunning() {")
	body, _, found := strings.Cut(text, "\n}\n")
	if !found {
		t.Fatal("script/host.sh has no function running")
	}
	out, err := exec.Command("bash", "-c", "set -euo pipefail\nrunning() {"+body+`
}
(while :; do for _ in {1..20}; do /bin/true & done; wait; done) & churn=$!
disown "$churn"
trap 'kill "$churn"; echo ended' EXIT
for _ in {1..300}; do ! running no-such-process; done
running bash
echo all`).CombinedOutput()
	if err != nil || string(out) != "all\nended\n" {
		t.Errorf("%v: %q", err, out)
	}
}

// The kernel's own reader takes the blocks, and refuses a bad one.
func TestRestoreTest(t *testing.T) {
	h := newHost(t)
	for _, stack := range []*ir.Stack{plain(), rich()} {
		h.install(t, stack)
		h.run(t, "cd $DIR; iptables-restore -n --test "+stack.Project+"/"+afterPath+" && ip6tables-restore -n --test "+stack.Project+"/"+after6Path)
	}
	if out, code := h.try(t, "sed s/DNAT/TNAD/ $DIR/shop/"+afterPath+" | iptables-restore -n --test"); code == 0 {
		t.Errorf("control: a bad state passes: %s", out)
	}
}
