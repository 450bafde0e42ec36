package compiler

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/lang"
)

// layers adds a stack of services of which each needs all of the layer below.
func layers(b *builder, depth, width int) {
	var below []*lang.Service
	for i := range depth {
		var layer []*lang.Service
		for j := range width {
			s := b.service(fmt.Sprintf("l%04d-%d", i, j))
			b.use(s, below...)
			layer = append(layer, s)
		}
		below = layer
	}
}

func TestLayersStayReadableForCompose(t *testing.T) {
	b := newBuilder()
	layers(b, 24, 2)
	out, diags := Compile(b.stack)
	if got := strings.Join(codes(diags), " "); got != "warning NS348" {
		t.Fatal(got)
	}
	if steps := composeSteps(out.Services); steps > 20_000 {
		t.Errorf("docker compose would take %d steps", steps)
	}
	holds(t, b.stack, out)
}

// TestLayersWithoutHelp is the control: the unchanged graph is what it is said
// to be.
func TestLayersWithoutHelp(t *testing.T) {
	g := graph{}
	for v := range int32(32) {
		var needs []int32
		if v >= 2 {
			needs = []int32{v/2*2 - 2, v/2*2 - 1}
		}
		g.needs = append(g.needs, needs)
	}
	order := g.order()
	g.reduce(order)
	if g.needs[31] == nil || len(g.needs[31]) != 2 {
		t.Error("an edge of the layered graph was taken for redundant")
	}
	if g.walk(order) < 1e5 {
		t.Errorf("walk estimates %v", g.walk(order))
	}
}

func TestDeepStacksAreReported(t *testing.T) {
	b := newBuilder()
	var last *lang.Service
	for i := range 2200 {
		s := b.service(fmt.Sprintf("s%04d", i))
		if last != nil {
			b.use(s, last)
		}
		last = s
	}
	_, diags := Compile(b.stack)
	if len(diags) != 1 || diags[0].Code != "NS348" || !strings.Contains(diags[0].Detail, "2199 services start one after the other") {
		t.Errorf("%v", codes(diags))
	}
}

// composeSteps counts what compose-go's graph.checkCycle does, as it does it,
// up to a bound.
func composeSteps(services []*ir.Service) int {
	needs := map[string][]string{}
	for _, s := range services {
		for _, d := range s.DependsOn {
			needs[s.Name] = append(needs[s.Name], d.Service)
		}
	}
	steps := 0
	var walk func(name string)
	walk = func(name string) {
		if steps++; steps > 10_000_000 {
			return
		}
		for _, d := range needs[name] {
			walk(d)
		}
	}
	for _, s := range services {
		walk(s.Name)
	}
	return steps
}

// reporter is what *testing.T and *rapid.T share here.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// holds checks the start order against the references: whatever a service
// refers to, through others too, starts before it, healthy where it can be.
func holds(t reporter, in *lang.Stack, out *ir.Stack) {
	t.Helper()
	byName := map[string]*ir.Service{}
	for _, s := range out.Services {
		byName[s.Name] = s
	}
	before := map[string]map[string]bool{}
	var ancestors func(name string) map[string]bool
	ancestors = func(name string) map[string]bool {
		if a, ok := before[name]; ok {
			return a
		}
		a := map[string]bool{}
		before[name] = a
		for _, d := range byName[name].DependsOn {
			if want := condition(byName[d.Service]); d.Condition != want {
				t.Errorf("%s waits for %s to be %s, want %s", name, d.Service, d.Condition, want)
			}
			a[d.Service] = true
			for x := range ancestors(d.Service) {
				a[x] = true
			}
		}
		if a[name] {
			t.Errorf("%s waits for itself", name)
		}
		// Reduced: no need follows from another.
		for _, d := range byName[name].DependsOn {
			for _, e := range byName[name].DependsOn {
				if d.Service != e.Service && before[e.Service][d.Service] {
					t.Errorf("%s's need of %s follows from that of %s", name, d.Service, e.Service)
				}
			}
		}
		return a
	}
	names := map[string]string{}
	for _, s := range in.Services {
		names[s.Address] = s.Name
	}
	for _, s := range in.Services {
		a := ancestors(s.Name)
		for _, u := range s.Uses {
			if !a[names[u.Service]] {
				t.Errorf("%s does not wait for %s", s.Name, u.Service)
			}
		}
	}
}

func TestStartOrderProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder()
		n := rapid.IntRange(1, 60).Draw(t, "services")
		density := rapid.IntRange(0, 6).Draw(t, "uses")
		near := rapid.IntRange(1, n).Draw(t, "reach")
		var all []*lang.Service
		for i := range n {
			s := b.service(fmt.Sprintf("s%02d", i))
			if rapid.Bool().Draw(t, "no health") {
				s.Health = nil
			}
			for range density {
				if i > 0 {
					p := all[rapid.IntRange(max(0, i-near), i-1).Draw(t, "provider")]
					if !slices.ContainsFunc(s.Uses, func(u lang.Use) bool { return u.Service == p.Address }) {
						b.use(s, p)
					}
				}
			}
			all = append(all, s)
		}
		out, diags := Compile(b.stack)
		if diags.HasErrors() {
			t.Fatalf("%v", codes(diags))
		}
		holds(t, b.stack, out)
		if steps := composeSteps(out.Services); steps > n*(maxPaths+5*n) {
			t.Errorf("docker compose would take %d steps for %d services", steps, n)
		}
	})
}

// TestNobodyWaitsThroughNoReplicas: Compose does not wait for what a service of
// no replicas waits for (startService returns at once), so what is needed must
// follow from services that run.
func TestNobodyWaitsThroughNoReplicas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuilder()
		var all []*lang.Service
		for i := range rapid.IntRange(3, 40).Draw(t, "services") {
			s := b.service(fmt.Sprintf("s%02d", i))
			if rapid.IntRange(0, 3).Draw(t, "idle") == 0 {
				s.Replicas = b.num(0)
			}
			for _, p := range all {
				if rapid.IntRange(0, 2).Draw(t, "uses") == 0 {
					b.use(s, p)
				}
			}
			all = append(all, s)
		}
		out, diags := Compile(b.stack)
		if diags.HasErrors() {
			t.Fatalf("%v", codes(diags))
		}
		byName := map[string]*ir.Service{}
		for _, s := range out.Services {
			byName[s.Name] = s
		}
		waits := map[string]map[string]bool{}
		var wait func(name string) map[string]bool
		wait = func(name string) map[string]bool {
			if w, ok := waits[name]; ok {
				return w
			}
			w := map[string]bool{}
			waits[name] = w
			for _, d := range byName[name].DependsOn {
				w[d.Service] = true
				if byName[d.Service].Replicas.V > 0 {
					maps.Copy(w, wait(d.Service))
				}
			}
			return w
		}
		for _, s := range all {
			for _, u := range s.Uses {
				p := byName[strings.TrimPrefix(u.Service, "service.")]
				if byName[s.Name].Replicas.V > 0 && p.Replicas.V > 0 && !wait(s.Name)[p.Name] {
					t.Errorf("%s may start before %s", s.Name, p.Name)
				}
			}
		}
		if steps, n := composeSteps(out.Services), len(all); steps > n*(maxPaths+5*n) {
			t.Errorf("docker compose would take %d steps for %d services", steps, n)
		}
	})
}

// TestReduceAgainstTheDefinition compares with the slow way, beyond one block.
func TestReduceAgainstTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 30, 1300} {
		g := graph{needs: make([][]int32, n)}
		for v := 1; v < n; v++ {
			for range r.IntN(4) {
				g.needs[v] = append(g.needs[v], int32(max(0, v-1-r.IntN(12))))
			}
			slices.Sort(g.needs[v])
			g.needs[v] = slices.Compact(g.needs[v])
		}
		reach := make([]map[int32]bool, n)
		want := make([][]int32, n)
		for v := range n {
			reach[v] = map[int32]bool{}
			for _, d := range g.needs[v] {
				for x := range reach[d] {
					reach[v][x] = true
				}
			}
			for _, d := range g.needs[v] {
				if !reach[v][d] {
					want[v] = append(want[v], d)
				}
			}
			for _, d := range g.needs[v] {
				reach[v][d] = true
			}
		}
		g.reduce(g.order())
		for v := range n {
			if !slices.Equal(g.needs[v], want[v]) {
				t.Fatalf("%d of %d: got %v, want %v", v, n, g.needs[v], want[v])
			}
		}
	}
}

func TestCyclesAreFoundEach(t *testing.T) {
	g := graph{needs: [][]int32{{1}, {2}, {0, 3}, {}, {5}, {4}, {6}}}
	g.needs[6] = []int32{5}
	got := fmt.Sprint(g.cycles())
	if got != "[[0 1 2] [4 5]]" {
		t.Error(got)
	}
	if len(g.order()) != 7 {
		t.Error("the knots were not cut")
	}
}
