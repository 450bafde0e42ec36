package nginx

import "testing"

// BenchmarkRender renders a thousand hosts with a route each.
func BenchmarkRender(b *testing.B) {
	for name, opts := range map[string]Options{"plain": {}, "traced": {Trace: true}} {
		b.Run(name, func(b *testing.B) {
			s := many(1000)
			b.ReportAllocs()
			for b.Loop() {
				if _, diags := Render(s, opts); len(diags) > 0 {
					b.Fatal(codes(diags))
				}
			}
		})
	}
}
