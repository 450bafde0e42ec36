package nginx

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
)

// TestAccepted runs nginx -t on every shape of ingress: no error, no warning,
// and no service that has to exist.
func TestAccepted(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	longest := strings.Join([]string{label, label, label, strings.Repeat("b", 61)}, ".")
	extreme := rich()
	route := aRoute("weird", `/a"b;{}$'é/%20`, 1)
	route.Address, route.StripPrefix = "service.weird\n; return 200;", yes()
	route.Headers = []ir.Header{aHeader("X-"+strings.Repeat("Long", 40), `"; } $host #`), aHeader("x-frame-options", "DENY")}
	extreme.Ingress.Hosts = append(extreme.Ingress.Hosts, aHost(longest, route), aHost("*.wild.example.com", aRoute("w", "/", 1)))
	deep := anIngress(aHost("a.example.com"))
	for i := range 300 {
		r := aRoute("a", "/"+strings.Repeat("x", i/2)+strconv.Itoa(i), 1)
		r.RateLimit = limitOf(10, 60, 5)
		deep.Ingress.Hosts[0].Routes = append(deep.Ingress.Hosts[0].Routes, r)
	}
	for _, tc := range []struct {
		name  string
		stack *ir.Stack
	}{
		{"rich", rich()},
		{"nothing", anIngress()},
		{"extreme", extreme},
		{"hosts", many(200)},
		{"routes", deep},
		{"random", random()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := install(t, tc.stack, setup{})
			begun := time.Now()
			out, err := srv.check()
			t.Logf("nginx -t took %v", time.Since(begun))
			if err != nil || strings.Contains(out, "[warn]") || strings.Contains(out, "[emerg]") {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
	t.Run("refuses a mistake", func(t *testing.T) {
		srv := install(t, rich(), setup{patch: func(path, content string) string {
			return strings.Replace(content, "server_tokens off;", "server_tokens offf;", 1)
		}})
		if out, err := srv.check(); err == nil {
			t.Fatalf("nginx -t accepts a wrong value:\n%s", out)
		}
	})
}

// random makes routes of random text, as far as it can be rendered.
func random() *ir.Stack {
	source := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		b := make([]rune, 1+source.IntN(12))
		for i := range b {
			b[i] = []rune(" \t!\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~\u00e9\u5b57")[source.IntN(37)]
		}
		return string(b)
	}
	h := aHost("a.example.com")
	for i := range 300 {
		path, values := "/"+strconv.Itoa(i)+text(), []ir.Header{aHeader("X-A", text()), aHeader("X-B", text())}
		if _, problem := decodePath(path); problem != "" {
			continue
		}
		r := aRoute("a", path, 1)
		r.Address, r.Headers, r.StripPrefix = text(), values, yes()
		r.RateLimit = limitOf(1+source.IntN(1000), 60, 1+source.IntN(1000))
		if source.IntN(2) == 0 {
			r.AllowFrom = []ir.String{str("10.0.0.0/8")}
		}
		h.Routes = append(h.Routes, r)
	}
	return anIngress(h)
}
