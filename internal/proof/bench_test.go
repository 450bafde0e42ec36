package proof_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/internal/proof"
)

// BenchmarkCheck judges a stack of a thousand services with a route each, ten
// databases and ten caches.
func BenchmarkCheck(b *testing.B) {
	var hcl strings.Builder
	hcl.WriteString("stack \"big\" {}\ningress {\n  image = \"nginx:1.30.4\"\n  tls {\n    certificate {\n      files {\n" +
		"        certificate = \"/etc/ssl/c.pem\"\n        private_key = \"/etc/ssl/k.pem\"\n      }\n    }\n  }\n}\nfirewall {\n  ssh {\n    port = 22\n  }\n}\n")
	for i := range 1000 {
		fmt.Fprintf(&hcl, "service \"s%d\" {\n  image = \"a.example/s:1.0.0\"\n  port \"http\" {\n    container = 8080\n  }\n  route {\n    host = \"s%d.example.com\"\n  }\n"+
			"  healthcheck {\n    http = \"/\"\n  }\n}\n", i, i)
	}
	for i := range 10 {
		fmt.Fprintf(&hcl, "postgres \"p%d\" {\n  databases = [\"app\"]\n  roles = {\n    app = { database = \"app\" }\n  }\n}\nredis \"r%d\" {}\n", i, i)
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(hcl.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	files := compiled(b, dir)[""]
	b.ReportAllocs()
	for b.Loop() {
		if found := proof.Check(files); len(found) > 0 {
			b.Fatal(found[0])
		}
	}
}
