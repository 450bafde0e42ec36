package compiler

import (
	"fmt"
	"testing"

	"nselfc/lang"
)

// manyServices makes a stack like the one that speed is promised for: each
// service uses two others, and has a route and two secrets.
func manyServices(n int) *builder {
	b := newBuilder()
	b.ingress()
	var all []*lang.Service
	for i := range n {
		for _, kind := range []string{"a", "b"} {
			b.secret(fmt.Sprintf("%s%d", kind, i))
		}
		s := b.service(fmt.Sprintf("svc-%d", i), func(s *lang.Service) {
			s.Env = []lang.EnvVar{b.env("LOG_LEVEL", "info"), b.env("PORT", "8080"), b.env("REGION", "eu")}
			s.Secrets = []lang.EnvVar{b.env("A", ref(fmt.Sprintf("secret.a%d", i))), b.env("B", "x:", ref(fmt.Sprintf("secret.b%d", i)))}
			s.Volumes = []lang.Mount{{Range: b.at(), Name: "data", Path: b.str("/data")}}
		})
		b.route(s, fmt.Sprintf("svc-%d.example.com", i))
		if i > 1 {
			b.use(s, all[i/2], all[i/3])
		}
		all = append(all, s)
	}
	return b
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{10, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			stack := manyServices(n).stack
			if _, diags := Compile(stack); diags.HasErrors() {
				b.Fatal(codes(diags))
			}
			b.ReportAllocs()
			for b.Loop() {
				Compile(stack)
			}
		})
	}
}

// BenchmarkStartOrder is for graphs in which no need is redundant.
func BenchmarkStartOrder(b *testing.B) {
	for _, c := range []struct{ depth, width int }{{24, 2}, {500, 10}, {2500, 2}} {
		b.Run(fmt.Sprintf("%dx%d", c.depth, c.width), func(b *testing.B) {
			stack := newBuilder()
			layers(stack, c.depth, c.width)
			b.ReportAllocs()
			for b.Loop() {
				Compile(stack.stack)
			}
		})
	}
}
