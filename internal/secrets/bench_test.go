package secrets

import (
	"fmt"
	"path/filepath"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// BenchmarkMaterialize builds 1000 secrets and 1000 files of them, first and
// again.
func BenchmarkMaterialize(b *testing.B) {
	var all []*ir.Secret
	var files []emit.File
	for i := range 1000 {
		s := decl(fmt.Sprint("s", i), "hex")
		all = append(all, s)
		files = append(files, file(fmt.Sprintf(".secrets.d/api%d/key", i), ref(s.Address)))
	}
	stack := stackOf(all...)
	build := func(b *testing.B, dir string) {
		if _, diags := run(dir, stack, files, Options{}); diags.HasErrors() {
			b.Fatal(diags[0].Detail)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			build(b, b.TempDir())
		}
	})
	b.Run("again", func(b *testing.B) {
		dir := filepath.Clean(b.TempDir())
		build(b, dir)
		for b.Loop() {
			build(b, dir)
		}
	})
}
