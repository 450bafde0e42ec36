package ufw

import (
	"fmt"
	"testing"
)

// BenchmarkRender renders a firewall with a thousand ports of the host's own.
func BenchmarkRender(b *testing.B) {
	for name, opts := range map[string]Options{"plain": {}, "traced": {Trace: true}} {
		b.Run(name, func(b *testing.B) {
			s := rich()
			for i := range 1000 {
				s.Firewall.Open = append(s.Firewall.Open, open(fmt.Sprintf("port%d", i), 20000+i, "tcp", false, 9, "203.0.113.0/24"))
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, diags := Render(s, opts); len(diags) > 0 {
					b.Fatal(diags[0].Detail)
				}
			}
		})
	}
}
