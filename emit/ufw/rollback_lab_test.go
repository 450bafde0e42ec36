//go:build lab

package ufw

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// settle waits until no rollback is pending any more.
func (h *host) settle(t *testing.T, limit time.Duration) {
	t.Helper()
	for end := time.Now().Add(limit); h.pending(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the rollback never came")
		}
	}
}

// Nobody confirms: everything is as it was, whether ufw was off or on before, and
// whatever rules and hooks its owner had.
func TestTimerRollsBack(t *testing.T) {
	// Not beside others: a rollback waits a minute for an apply, and no longer.
	for name, prepare := range map[string]string{
		"off, rules and after.init of mine": `iptables -N DOCKER-USER && iptables -A DOCKER-USER -s 192.0.2.1/32 -m comment --comment 'two words' -j DROP && iptables -I INPUT -i lo -j ACCEPT
printf '#!/bin/sh\nset -e\n[ "$1" != start ] || touch /run/mine-ran\n' > /etc/ufw/after.init && chmod 755 /etc/ufw/after.init`,
		"off after on, no after.init": "ufw allow 22/tcp && ufw --force enable && ufw --force disable && rm /etc/ufw/after.init",
		"on":                          "ufw allow 22/tcp && ufw allow 8080 comment mine && ufw logging medium && ufw --force enable",
		"on, no IPv6":                 "sed -i s/^IPV6=.*/IPV6=no/ /etc/default/ufw && ufw allow 22/tcp && ufw --force enable",
		"on, all open":                "ufw default allow incoming && ufw default allow routed && ufw --force enable",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.run(t, prepare)
			before := h.state(t)
			apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4)))
			if out := h.run(t, apply+" --apply --timeout 1"); !strings.Contains(out, "\nDone. ") {
				t.Fatalf("control: --apply changed nothing:\n%s", out)
			}
			if strings.Contains(name, "after.init of mine") {
				h.run(t, "test -e /run/mine-ran")
			}
			h.settle(t, 30*time.Second)
			if diff := diffLines(before, h.state(t)); diff != "" {
				t.Errorf("the rollback did not restore:\n%s", diff)
			}
			if out, code := h.try(t, apply+" --confirm"); code != 1 || !strings.Contains(out, "too late") {
				t.Errorf("--confirm after the rollback: exit %d:\n%s", code, out)
			}
			if out, _ := h.try(t, apply+" --check"); !strings.Contains(out, "was not confirmed in time") {
				t.Errorf("--check does not tell of the rollback:\n%s", out)
			}
		})
	}
}

// What Docker did in the meantime is not undone.
func TestRollbackLeavesDocker(t *testing.T) {
	t.Parallel()
	h := newDocker(t)
	apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4)))
	h.run(t, apply+" --apply")
	h.run(t, "iptables -I DOCKER 1 -p tcp --dport 5555 -j ACCEPT && iptables -t nat -A PREROUTING -p tcp --dport 5555 -j DNAT --to 172.30.0.2:5555")
	want := h.run(t, "iptables -S DOCKER; iptables -t nat -S")
	h.run(t, apply+" --rollback")
	if diff := cmp.Diff(want, h.run(t, "iptables -S DOCKER; iptables -t nat -S")); diff != "" {
		t.Error(diff)
	}
	h.expect(t, "client", "rolled back", map[string]bool{server + ":443": true, server + ":8443": true, server + ":22": true})
}

func TestConfirmCancels(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	apply := h.install(t, plain())
	h.run(t, apply+" --apply")
	timer := h.run(t, "readlink -f /var/lib/nself-ufw/pending")
	if out, code := h.try(t, apply+" --apply"); code != 0 || !strings.Contains(out, "waits for --confirm") {
		t.Errorf("--apply while one is pending and nothing to do: exit %d:\n%s", code, out)
	}
	h.run(t, apply+" --confirm")
	want := h.state(t)
	// A timer that was not reached in time does nothing either.
	h.run(t, "sh "+strings.TrimSpace(timer)+"/rollback.sh --timer")
	if diff := diffLines(want, h.state(t)); diff != "" {
		t.Errorf("a confirmed change was undone:\n%s", diff)
	}
	if out := h.run(t, "ps ax"); strings.Contains(out, "nself-ufw-rollback") {
		t.Errorf("the timer still runs:\n%s", out)
	}
	if out, code := h.try(t, apply+" --confirm"); code != 1 || !strings.Contains(out, "nothing to confirm") {
		t.Errorf("a second --confirm: exit %d: %s", code, out)
	}
	// A confirmed change can still be undone by hand, once.
	h.run(t, apply+" --rollback")
	if out := h.run(t, "ufw status"); !strings.Contains(out, "inactive") {
		t.Errorf("--rollback after --confirm: %s", out)
	}
	if out, code := h.try(t, apply+" --rollback"); code != 1 || !strings.Contains(out, "nothing to roll back") {
		t.Errorf("a second --rollback: exit %d: %s", code, out)
	}
}

// mutators are the commands whose failure is tried, one call after the other.
var mutators = []string{
	"ufw", "iptables-restore", "ip6tables-restore", "iptables", "ip6tables", "iptables-save", "ip6tables-save",
	"cp", "mv", "cat", "mktemp", "install", "sync", "chmod", "ln", "setsid", "awk", "sed", "sha256sum", "flock", "rm", "timeout",
}

// failing puts a stub in front of every mutator: the call whose number is in
// $DIR/fail does what fault says. The rollback is never disturbed. Each call is a
// file of its own in $DIR/calls, whoever else calls at that moment; all of it is
// done by the shell itself, as there are hundreds of calls.
func (h *host) failing(t *testing.T, fault string) {
	t.Helper()
	real := strings.Fields(h.run(t, "PATH=/usr/bin:/bin:/usr/sbin:/sbin command -v "+strings.Join(mutators, " ")))
	if len(real) != len(mutators) {
		t.Fatalf("of %v there is only %v", mutators, real)
	}
	for i, name := range mutators {
		h.stub(t, name, fmt.Sprintf(`
if read -r fail <"$DIR/fail" && { read -r caller </proc/$PPID/cmdline || :; case $caller in *rollback.sh*) false ;; esac; }; then
	n=0
	read -r n <"$DIR/count" || :
	set -C
	while n=$((n + 1)); ! true >"$DIR/calls/$n"; do :; done
	set +C
	echo $n >"$DIR/count"
	if [ $n = "$fail" ]; then echo %[1]s >"$DIR/failed"; %[3]s; fi
fi 2>/dev/null
exec %[2]s "$@"`, name, real[i], fault))
	}
}

// failAt runs a command with a fault at one of its calls, or with none when n is
// 0. It gives what became of it, the number of calls, and the one that failed.
func (h *host) failAt(t *testing.T, n int, script string) (out string, code, calls int, failed string) {
	t.Helper()
	failed = "none"
	folder := filepath.Join(h.dir, "calls")
	if err := errors.Join(os.RemoveAll(folder), os.RemoveAll(filepath.Join(h.dir, "failed")), os.Mkdir(folder, 0o755)); err != nil {
		t.Fatal(err)
	}
	write(t, h, "count", "0\n")
	write(t, h, "fail", fmt.Sprintln(n))
	out, code = h.try(t, script)
	if err := os.Remove(filepath.Join(h.dir, "fail")); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if name, err := os.ReadFile(filepath.Join(h.dir, "failed")); err == nil {
		failed = strings.TrimSpace(string(name))
	}
	return out, code, len(made), failed
}

// Whatever command fails, at whatever step, the firewall is as it was, or as
// it was to be; never in between. The same when the script is killed there.
func TestFailureAtEachStep(t *testing.T) {
	t.Parallel()
	faults := []struct{ name, fault string }{
		{"fails", "exit 1"},
		{"interrupted", `read -r pid <"$DIR/pid"; kill -INT $pid; exit 130`},
		// the terminal is gone, and takes no message
		{"fails unheard", "exit 1"},
		{"killed", `read -r pid <"$DIR/pid"; kill -KILL $pid; sleep 0.2; exit 137`},
	}
	h := newHost(t)
	h.run(t, "ufw allow 22/tcp comment mine && ufw default allow routed && ufw --force enable")
	apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4), open("old", 9000, "tcp", false, 5)))
	h.run(t, apply+" --apply && "+apply+" --confirm && ufw default allow routed")
	apply = h.install(t, open22("shop", open("https", 443, "tcp", true, 4), open("new", 9001, "tcp", false, 5)))
	before := h.state(t)
	run := func(n int, timeout, stderr string) (out string, code, calls int, failed string) {
		return h.failAt(t, n, `bash -c 'echo $$ >$DIR/pid; exec `+apply+` --apply --timeout `+timeout+`' `+stderr)
	}
	// once without a fault, for the state that is wanted and the number of calls
	h.failing(t, "exit 1")
	out, code, calls, _ := run(0, "120", "")
	if code != 0 {
		t.Fatalf("without a fault: exit %d:\n%s", code, out)
	}
	if calls < 60 {
		t.Fatalf("%d calls", calls)
	}
	t.Logf("%d calls", calls)
	after := h.state(t)
	h.run(t, apply+" --rollback")
	if diff := diffLines(before, h.state(t)); diff != "" {
		t.Fatal(diff)
	}
	// A sample, as each takes seconds: the faults take turns, so that together they
	// are everywhere. NSELF_EVERY_STEP=N tries all from call N on, with each fault.
	const step = 48
	for i, fault := range faults {
		first, step := 1+i*step/len(faults), step
		if n, err := strconv.Atoi(os.Getenv("NSELF_EVERY_STEP")); err == nil {
			first, step = n, 1
		}
		t.Run(fault.name, func(t *testing.T) {
			h.failing(t, fault.fault)
			timeout, stderr := "120", ""
			switch fault.name {
			case "killed":
				timeout = "8" // nobody but the timer is left to undo it
			case "fails unheard":
				stderr = "2>/dev/full"
			}
			for n := first; n <= calls; n += step {
				out, code, _, failed := run(n, timeout, stderr)
				if fault.name == "killed" {
					h.settle(t, time.Minute)
				}
				state := h.state(t)
				switch {
				case state == before && !h.pending():
				case code == 0 && same(after, state) && h.pending():
					h.run(t, apply+" --rollback") // a failure that did not matter
				default:
					t.Fatalf("call %d (%s) %s: exit %d, pending %t:\n%s\n%s", n, failed, fault.name, code, h.pending(), diffLines(before, state), out)
				}
				if strings.Contains(h.run(t, "ls -A /etc/ufw /etc/default"), ".nself") {
					t.Errorf("call %d (%s): a temporary file is left", n, failed)
				}
			}
		})
	}
}

// A command that fails where none should ends the run, and the run says so: most
// commands have their messages taken away.
func TestNeverEndsSilently(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4)))
	h.failing(t, "exit 1")
	_, code, calls, _ := h.failAt(t, 0, apply+" --check")
	if code != 2 || calls < 30 {
		t.Fatalf("exit %d, %d calls", code, calls)
	}
	unforeseen := 0
	for n := 1; n <= calls; n += 8 { // a sample, as each takes a second
		out, code, _, failed := h.failAt(t, n, apply+" --check")
		if code != 0 && code != 2 && !strings.Contains(out, "apply.sh: ") {
			t.Errorf("call %d (%s) fails: exit %d, and it says %q", n, failed, code, out)
		}
		if strings.Contains(out, "a command failed that should not") {
			unforeseen++
		}
	}
	if unforeseen == 0 {
		t.Errorf("none of %d calls is one whose failure nothing expects", calls)
	}
}

// same tells whether two states are equal but for the times of files.
func same(a, b string) bool {
	times := regexp.MustCompile(` [0-9]{19} `)
	return times.ReplaceAllString(a, " ") == times.ReplaceAllString(b, " ")
}

func write(t *testing.T, h *host, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// systemd and at are asked in the way that they understand, and told to stop.
func TestOtherTimers(t *testing.T) {
	t.Parallel()
	ssh := open22("shop") // the timer is the same whatever the rules
	t.Run("systemd", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.run(t, "mkdir -p /run/systemd/system")
		h.stub(t, "systemd-run", `printf '%s\n' "$@" >$DIR/asked`)
		h.stub(t, "systemctl", `[ "$1" = stop ] && echo "$2" >$DIR/stopped; [ "$1" != is-active ]`)
		apply := h.install(t, ssh)
		h.run(t, apply+" --apply --timeout 77")
		asked := h.run(t, "cat $DIR/asked")
		for _, want := range []string{"--on-active=77s\n", "--timer-property=AccuracySec=1s\n", "/bin/sh\n/var/lib/nself-ufw/snapshot.", "rollback.sh\n--timer\n"} {
			if !strings.Contains(asked, want) {
				t.Errorf("systemd-run is asked %q, without %q", asked, want)
			}
		}
		h.run(t, apply+" --confirm")
		if out := h.run(t, "cat $DIR/stopped"); !strings.HasPrefix(out, "nself-ufw-rollback-") || !strings.HasSuffix(out, ".timer\n") {
			t.Errorf("stopped %q", out)
		}
	})
	t.Run("at", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.run(t, "cp /bin/sleep $DIR/atd && ($DIR/atd 60 >/dev/null 2>&1 &)")
		h.stub(t, "at", `cat >$DIR/job; echo "$*" >$DIR/asked; echo "job 7 at Tue" >&2`)
		h.stub(t, "atrm", `echo "$1" >$DIR/stopped`)
		apply := h.install(t, ssh)
		h.run(t, apply+" --apply --timeout 77 && "+apply+" --confirm")
		if got := h.run(t, "cat $DIR/asked $DIR/stopped $DIR/job"); !strings.HasPrefix(got, "now + 2 minutes\n7\nexec /bin/sh /var/lib/nself-ufw/snapshot.") {
			t.Errorf("at was asked %q", got)
		}
	})
	// A systemd that refuses, and no at: the process of its own takes over.
	t.Run("neither", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.run(t, "mkdir -p /run/systemd/system")
		h.stub(t, "systemd-run", "exit 1")
		h.stub(t, "systemctl", "exit 1")
		before := h.state(t)
		h.run(t, h.install(t, ssh)+" --apply --timeout 1")
		h.settle(t, 30*time.Second)
		if diff := diffLines(before, h.state(t)); diff != "" {
			t.Error(diff)
		}
	})
	// No timer, no change.
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.stub(t, "setsid", "exit 1")
		h.unchanged(t, h.install(t, ssh)+" --apply", "could not be started")
	})
}
