package graph_test

import (
	"testing"

	"nselfc/emit/graph"
)

// BenchmarkHTML draws a thousand services; it does all that svg does, and more.
func BenchmarkHTML(b *testing.B) {
	s := large(1000)
	b.ReportAllocs()
	for b.Loop() {
		graph.HTML(graph.New(s))
	}
}
