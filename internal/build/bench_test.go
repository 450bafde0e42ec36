package build_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"nselfc/internal/bench"
	"nselfc/internal/build"
	"nselfc/internal/proof"
)

// BenchmarkCompile compiles in memory: everything of a build but the disk.
func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), bench.Stack(n), 0o644); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				c, diags := build.Compile(context.Background(), dir, build.Options{})
				if diags.HasErrors() || len(c.Environments) != 1 {
					b.Fatal(diags)
				}
			}
		})
	}
}

// BenchmarkProof judges the artefacts of what BenchmarkCompile compiles.
func BenchmarkProof(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), bench.Stack(1000), 0o644); err != nil {
		b.Fatal(err)
	}
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	b.ReportAllocs()
	for b.Loop() {
		if found := proof.Check(c.Environments[0].Files); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
