package build

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/lang/diag"
)

// environments is a stack of three environments. Each line with a fault holds
// it in other environments than the next.
const environments = `stack "t" {
  domain = "t.localhost"
}

environment "dev" {
  posture = "development"
}

environment "prod" {
}

environment "staging" {
}

service "floating" {
  image = "ghcr.io/acme/api"

  healthcheck {
    command = ["true"]
  }
}

service "plain" {
  image = "ghcr.io/acme/api:1.4.2"

  healthcheck {
    command = ["true"]
  }
}

variable "unused" {
  type    = string
  default = ""
}
`

// TestToldOnce: a fault is told once, however many environments have it, and
// says which do when it is not all.
func TestToldOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(environments), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		env, code string
		severity  diag.Severity
		where     string // "" when it need not be said
	}{
		{"", "NS310", diag.Error, "Found in the environments dev (warning), prod (error) and staging (error)."},
		{"", "NS311", diag.Warning, "Found in the environments prod and staging."},
		{"", "NS230", diag.Warning, ""},
		{"prod", "NS310", diag.Error, ""},
		{"prod", "NS311", diag.Warning, ""},
	} {
		_, diags := Compile(context.Background(), dir, Options{Env: tt.env})
		var found diag.List
		for _, d := range diags {
			if d.Code == tt.code {
				found = append(found, d)
			}
		}
		if len(found) != 1 || found[0].Severity != tt.severity {
			t.Errorf("%s in %q: found %d times: %v", tt.code, tt.env, len(found), diags)
			continue
		}
		if tt.where == "" && strings.Contains(found[0].Detail, "Found in") || !strings.HasSuffix(found[0].Detail, tt.where) {
			t.Errorf("%s in %q: want the end %q:\n%s", tt.code, tt.env, tt.where, found[0].Detail)
		}
	}
}
