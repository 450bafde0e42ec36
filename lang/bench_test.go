package lang_test

import (
	"testing"
	"testing/fstest"

	"nselfc/internal/bench"
	"nselfc/lang"
)

func BenchmarkParse1000(b *testing.B) {
	fsys := fstest.MapFS{"nself.hcl": {Data: bench.Stack(1000)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, diags := lang.Open(fsys, []string{"nself.hcl"}); diags.HasErrors() {
			b.Fatal(diags[0].Detail)
		}
	}
}

func BenchmarkEvaluate1000(b *testing.B) {
	fsys := fstest.MapFS{"nself.hcl": {Data: bench.Stack(1000)}}
	src, diags := lang.Open(fsys, []string{"nself.hcl"})
	if diags.HasErrors() {
		b.Fatal(diags[0].Detail)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, diags := src.Evaluate(""); diags.HasErrors() {
			b.Fatal(diags[0].Detail)
		}
	}
}
