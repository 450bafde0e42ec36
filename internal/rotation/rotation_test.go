package rotation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

func all(h *Host) (out []string) {
	for _, s := range h.Stack.Secrets {
		if s.Rotation.Class.V != classManual {
			out = append(out, s.Address)
		}
	}
	return out
}

func rotate(h *Host, addresses ...string) diag.List {
	return h.Begin(context.Background(), Request{Addresses: addresses, Grace: 30 * time.Second})
}

// TestRotate gives each secret a new value, and then all of them at once: no request
// fails where the class promises that, and every old value is refused.
func TestRotate(t *testing.T) {
	_, first := begun(t)
	cases := [][]string{all(first)}
	for _, a := range all(first) {
		cases = append(cases, []string{a})
	}
	for _, addresses := range cases {
		t.Run(strings.Join(addresses, " "), func(t *testing.T) {
			w, h := begun(t)
			w.steady = true
			before, started := values(t, w.dir), w.clock
			fine(t, w, rotate(h, addresses...))
			w.settled(t)
			after := values(t, w.dir)
			for _, s := range h.Stack.Secrets {
				key := s.Key
				if s.X509 != nil {
					key += "__PRIVATE_KEY"
				}
				if changed := before[key] != after[key]; changed != slices.Contains(addresses, s.Address) {
					t.Errorf("%s: changed is %v", s.Address, changed)
				}
				if s.Rotation.Service != "" && slices.Contains(addresses, s.Address) && (w.takes(s.Rotation.Service, "app", before[key]) || !w.takes(s.Rotation.Service, "app", after[key])) {
					t.Errorf("%s: the server takes the old value, or not the new one", s.Address)
				}
			}
			if len(addresses) == 1 && addresses[0] != "secret.key" && w.clock.Sub(started) < 30*time.Second {
				t.Errorf("%s of grace", w.clock.Sub(started))
			}
		})
	}
}

// TestKilledAnywhere kills the process in front of and behind every change, and then
// goes on, and goes back: the stack works at every moment, and in the end it has the
// new values, or the old ones.
func TestKilledAnywhere(t *testing.T) {
	for _, back := range []bool{false, true} {
		t.Run(map[bool]string{false: "resume", true: "abort"}[back], func(t *testing.T) {
			t.Parallel()
			points := 0
			for kill := 1; ; kill += killStep {
				w, h := begun(t)
				w.kill, w.steady = kill, true
				before := values(t, w.dir)
				if ended := died(func() { fine(t, w, rotate(h, all(h)...)) }); !ended {
					t.Logf("%d places to die", points)
					if points < 60/killStep {
						t.Errorf("only %d places to die: that proves little", points)
					}
					return
				}
				points++
				w.kill = 0
				j, _ := ReadJournal(w.dir)
				w.build(t, h) // in between, somebody builds
				switch {
				case j == nil && slices.Equal(sorted(before), sorted(values(t, w.dir))):
					// nothing had begun, or had it: then all has ended
				case j == nil:
				case back && j.past():
					if d := h.Abort(context.Background()); len(d) != 1 || d[0].Code != "NS618" {
						t.Fatalf("killed at %q: going back is not refused: %v", w.history[kill-1], d)
					}
					fine(t, w, h.Resume(context.Background()))
				case back:
					fine(t, w, h.Abort(context.Background()))
					if !maps.Equal(plain(before), plain(values(t, w.dir))) {
						after := values(t, w.dir)
						maps.DeleteFunc(after, func(k, v string) bool { return before[k] == v })
						t.Fatalf("killed at %q, and taken back: %v are not those of before\n%s", w.history[kill-1], slices.Sorted(maps.Keys(after)), strings.Join(w.history, "\n"))
					}
				default:
					fine(t, w, h.Resume(context.Background()))
				}
				w.settled(t)
				if t.Failed() {
					t.Fatalf("killed at point %d", kill)
				}
			}
		})
	}
}

// died runs something that may be killed.
func died(do func()) (yes bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
			yes = true
		}
	}()
	do()
	return false
}

// build is what "nselfc build" does to the values: nothing, while a rotation is under way.
func (w *world) build(t *testing.T, h *Host) {
	t.Helper()
	before := values(t, w.dir)
	_, diags := secrets.Materialize(context.Background(), h.Dir, h.Stack, h.Files, h.Options)
	fine(t, w, diags)
	if !maps.Equal(before, values(t, w.dir)) {
		t.Error("a build changed values")
	}
	w.watch("a build")
}

func sorted(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k, v := range m {
		out = append(out, k+v)
	}
	slices.Sort(out)
	return out
}

// plain leaves out certificates, which are issued anew for the same key.
func plain(m map[string]string) map[string]string {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(k, _ string) bool { return strings.HasSuffix(k, "__CERTIFICATE") || strings.HasSuffix(k, "__SLOT") })
	return m
}

// TestKilledTwice kills the process that goes on, or goes back, as well.
func TestKilledTwice(t *testing.T) {
	t.Parallel()
	for first := 9; first < 140; first += 17 * killStep {
		for second := 3; ; second += 15 {
			w, h := begun(t)
			w.kill, w.steady = first, true
			if !died(func() { rotate(h, all(h)...) }) {
				return
			}
			w.kill = w.ops + second
			back := second%2 == 0
			again := func() diag.List {
				j, _ := ReadJournal(w.dir)
				switch {
				case j == nil:
					return nil
				case back && !j.past():
					return h.Abort(context.Background())
				}
				return h.Resume(context.Background())
			}
			if !died(func() { fine(t, w, again()) }) {
				break
			}
			w.kill = 0
			fine(t, w, again())
			w.settled(t)
			if t.Failed() {
				t.Fatalf("killed at %d, and %d later", first, second)
			}
		}
	}
}

// TestStopped ends a rotation by Ctrl-C, at each pause, and goes on.
func TestStopped(t *testing.T) {
	t.Parallel()
	for pause := 1; ; pause += killStep {
		w, h := begun(t)
		w.steady = true
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		sleep := h.Sleep
		h.Sleep = func(c context.Context, d time.Duration) error {
			if n++; n == pause {
				cancel()
			}
			return sleep(c, d)
		}
		fine(t, w, h.Begin(ctx, Request{Addresses: all(h), Grace: time.Minute}))
		cancel()
		if n < pause {
			if pause < 10 {
				t.Errorf("only %d pauses", pause)
			}
			return
		}
		if !strings.Contains(strings.Join(w.history, "\n"), "nselfc secrets rotate --resume") {
			t.Error("stopped, it does not say how to go on")
		}
		if d := rotate(h, "secret.key"); len(d) != 1 || d[0].Code != "NS610" {
			t.Fatalf("a second rotation is not refused: %v", d)
		}
		h.Sleep = sleep
		fine(t, w, h.Resume(context.Background()))
		w.settled(t)
		if t.Failed() {
			t.Fatalf("stopped at pause %d", pause)
		}
	}
}

// TestSick has a service that does not come up with the new values: the old one goes
// on, and the way back is open.
func TestSick(t *testing.T) {
	w, h := begun(t)
	w.steady, w.sick = true, "api"
	w.find("id1").healthy = true
	diags := rotate(h, "secret.db", "secret.key")
	if len(diags) == 0 || diags[len(diags)-1].Code != "NS615" || !strings.Contains(diags[len(diags)-1].Detail, "logs --tail 50 api") {
		t.Fatalf("%v", diags)
	}
	w.sick = ""
	fine(t, w, h.Abort(context.Background()))
	w.settled(t)
}

// TestDeaf has a server that says it has heard, and has not: nobody gets the new
// value, and on the way back nothing is left.
func TestDeaf(t *testing.T) {
	w, h := begun(t)
	w.steady, w.deaf = true, true
	before := values(t, w.dir)
	diags := rotate(h, "secret.db")
	if len(diags) == 0 || diags[len(diags)-1].Code != "NS612" {
		t.Fatalf("%v", diags)
	}
	if old := plain(values(t, w.dir)); old["DB"] != before["DB"] {
		t.Error("the new value is in use")
	}
	fine(t, w, h.Abort(context.Background()))
	w.settled(t)

	w, h = begun(t)
	w.steady = true
	step := h.step
	h.step = func(what string) { // deaf from the switch on
		step(what)
		if j, _ := ReadJournal(w.dir); j != nil && j.step() == Switched {
			w.deaf = true
		}
	}
	diags = rotate(h, "secret.db")
	if len(diags) == 0 || diags[len(diags)-1].Code != "NS613" {
		t.Fatalf("the old value is still taken: %v", diags)
	}
	if values(t, w.dir)["DB__PREVIOUS"] == "" {
		t.Error("the old value was forgotten although the server takes it")
	}
	w.deaf, h.step = false, step
	fine(t, w, h.Resume(context.Background()))
	w.settled(t)
}

// TestCompromised leaves no time in which the old value is taken.
func TestCompromised(t *testing.T) {
	w, h := begun(t)
	started := w.clock
	fine(t, w, h.Begin(context.Background(), Request{Addresses: []string{"secret.cache", "secret.db"}, Grace: time.Hour, Compromised: true}))
	w.settled(t)
	if n := strings.Count(strings.Join(w.history, "\n"), "before apply end-sessions in cache"); n != 1 {
		t.Errorf("sessions of the old value were ended %d times", n)
	}
	if took := w.clock.Sub(started); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestRefused are the ways in which nothing is begun.
func TestRefused(t *testing.T) {
	w, h := begun(t)
	for _, again := range []func(context.Context) diag.List{h.Resume, h.Abort} {
		if d := again(context.Background()); len(d) != 1 || d[0].Code != "NS611" {
			t.Errorf("without a journal: %v", d)
		}
	}
	w.containers = slices.DeleteFunc(w.containers, func(c *fake) bool { return c.Service == "db" })
	if d := rotate(h, "secret.db"); len(d) == 0 || d[len(d)-1].Code != "NS619" {
		t.Errorf("without the server: %v", d)
	}
	if j, _ := ReadJournal(w.dir); j != nil {
		t.Error("nothing was begun, and there is a journal")
	}
	w.up()
	fine(t, w, rotate(h, "secret.db"))
	w.settled(t)

	release, ok, _ := secrets.Hold(w.dir, lockFile)
	if !ok {
		t.Fatal("the lock is not free")
	}
	if d := rotate(h, "secret.db"); len(d) != 1 || d[0].Code != "NS610" {
		t.Errorf("beside another: %v", d)
	}
	release()

	if d := secrets.WriteBeside(w.dir, JournalFile, []byte("{")); d.HasErrors() {
		t.Fatal(d)
	}
	if d := rotate(h, "secret.db"); len(d) != 1 || d[0].Code != "NS617" {
		t.Errorf("with a damaged journal: %v", d)
	}
}
