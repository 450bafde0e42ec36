package rotation

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestHistories rotates, kills, builds, waits, brings up, goes on and goes back in any
// order: at every moment each service has a value that its server takes, and what was
// begun can be ended.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 100/killStep {
			return
		}
		w, h := begun(t)
		w.steady = true
		if rapid.Bool().Draw(rt, "little memory") {
			w.memory = 0
		}
		names := all(h)
		for range rapid.IntRange(1, 4).Draw(rt, "acts") {
			w.kill = 0
			if rapid.Bool().Draw(rt, "killed") {
				w.kill = w.ops + rapid.IntRange(1, 110).Draw(rt, "point")
			}
			died(func() {
				j, _ := ReadJournal(w.dir)
				switch act := rapid.SampledFrom([]string{"rotate", "resume", "abort", "build", "wait", "up"}).Draw(rt, "act"); {
				case act == "rotate":
					chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, len(names), rapid.ID).Draw(rt, "secrets")
					slices.Sort(chosen)
					if d := h.Begin(context.Background(), Request{Addresses: chosen, Grace: time.Second, Compromised: rapid.Bool().Draw(rt, "compromised")}); (j != nil) != (len(d) == 1 && d[0].Code == "NS610") {
						rt.Fatalf("with a journal: %v: %v", j != nil, d)
					}
				case act == "build":
					w.build(t, h)
				case act == "wait":
					w.clock = w.clock.Add(3 * time.Minute)
				case act == "up":
					w.up()
				case j == nil:
				case act == "abort" && !j.past():
					fine(t, w, h.Abort(context.Background()))
				default:
					fine(t, w, h.Resume(context.Background()))
				}
			})
		}
		w.kill = 0
		if j, _ := ReadJournal(w.dir); j != nil {
			fine(t, w, h.Resume(context.Background()))
		}
		w.settled(t)
		if t.Failed() {
			rt.Fatal(strings.Join(w.history, "\n"))
		}
	})
}
