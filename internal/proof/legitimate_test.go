package proof_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"nselfc/internal/proof"
)

// TestLegitimateStacks: what an author may write, however rare, breaks no rule: a
// finding would stop the build, and call it a bug.
func TestLegitimateStacks(t *testing.T) {
	for name, archive := range map[string]string{
		"a Dockerfile beside its context": `
-- nself.hcl --
stack "s" {}
service "api" {
  build {
    context    = "./api"
    dockerfile = "../docker/Dockerfile"
  }
}
-- api/main --
-- docker/Dockerfile --
FROM scratch
`,
		"a kind of one's own that is called like a store": `
-- nself.hcl --
stack "s" {}
environment "dev" {
  posture = "development"
}
redis "viewer" {}
-- kinds/redis/redis.hcl --
service "main" {
  image = "ghcr.io/acme/viewer:1.0.0"
  port "http" {
    container = 8080
  }
  publish "http" {
    host = 8080
  }
}
`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range txtar.Parse([]byte(archive)).Files {
				path := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for environment, files := range compiled(t, dir) {
				for _, f := range proof.Check(files) {
					t.Errorf("%s: %+v", environment, f)
				}
			}
		})
	}
}
