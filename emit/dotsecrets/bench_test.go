package dotsecrets_test

import (
	"fmt"
	"testing"

	"nselfc/emit/dotsecrets"
)

// BenchmarkDocument sets a thousand values, writes them and reads them back.
func BenchmarkDocument(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		doc := dotsecrets.New()
		for i := range 1000 {
			if err := doc.Set(fmt.Sprintf("SECRET_%d", i), "f3b1c7d8e9a0b1c2d3e4f5a6b7c8d9e0", "secret.of_a_service"); err != nil {
				b.Fatal(err)
			}
		}
		if _, diags := dotsecrets.Parse(".secrets", doc.Bytes()); diags.HasErrors() {
			b.Fatal(diags[0].Detail)
		}
	}
}
