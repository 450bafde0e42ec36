package graph_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit/graph"
)

func writers() map[string]func(*graph.Graph) string {
	return map[string]func(*graph.Graph) string{"svg": graph.SVG, "html": graph.HTML, "dot": graph.DOT, "mermaid": graph.Mermaid}
}

// TestSameStackSameBytes draws stacks again and again, on one processor and on several.
func TestSameStackSameBytes(t *testing.T) {
	for seed := range 4 {
		s := rapid.Custom(drawStack).Example(seed)
		for name, write := range writers() {
			want := write(graph.New(s))
			for i := range 10 {
				before := runtime.GOMAXPROCS(1 + i%2*3)
				got := write(graph.New(s))
				runtime.GOMAXPROCS(before)
				if got != want {
					t.Fatalf("%s of seed %d differs", name, seed)
				}
			}
		}
	}
}

// large is a stack of n services, each with a route, over a store for every
// hundred and one for all.
func large(n int) *ir.Stack {
	s := &ir.Stack{Name: value("large"), Ingress: &ir.Ingress{Service: "ingress"}}
	add := func(name, store string) *ir.Service {
		u := &ir.Service{Name: name, Address: "service." + name, Replicas: value(1), Store: value(store)}
		s.Services = append(s.Services, u)
		network(s, name, "provider", u)
		return u
	}
	add("all", "postgres")
	in := &ir.Service{Name: "ingress", Address: "ingress", Replicas: value(1), Publish: []ir.Publish{{Host: value(443), Container: value(8443), Protocol: value("tcp")}}}
	network(s, "ingress_edge", "edge", in)
	for i := range n {
		if i%100 == 0 {
			add(fmt.Sprint("db", i/100), "postgres")
		}
		u := add(fmt.Sprint("svc", i), "")
		join(u, "all")
		join(u, fmt.Sprint("db", i/100))
		join(in, u.Name)
		s.Ingress.Hosts = append(s.Ingress.Hosts, &ir.Host{
			Name: value(u.Name + ".example.com"), Routes: []*ir.Route{{Path: value("/"), Service: u.Name, Port: value(8080)}},
		})
	}
	s.Services = append(s.Services, in)
	return s
}

// TestLargeStacks: a thousand services take a fraction of a second, and the text
// grows with the stack and not with its square. The bar is wide, for slow machines.
func TestLargeStacks(t *testing.T) {
	sizes := map[string][2]int{}
	for i, n := range []int{250, 1000} {
		s := large(n)
		for name, write := range writers() {
			begin := time.Now()
			pair := sizes[name]
			pair[i] = len(write(graph.New(s)))
			sizes[name] = pair
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("%s of %d services took %v", name, n, took)
			}
		}
	}
	for name, pair := range sizes {
		if pair[1] > 5*pair[0] {
			t.Errorf("%s grows from %d to %d bytes with four times the services", name, pair[0], pair[1])
		}
	}
}
