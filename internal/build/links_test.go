package build_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/internal/build"
)

// TestLinks: what a container is shown is judged by where it really is.
func TestLinks(t *testing.T) {
	t.Parallel()
	const stack = `stack "links" {}

service "api" {
  image = "ghcr.io/acme/api:1.0.0"

  port "http" {
    container = 8080
  }

  route {
    host = "links.example.com"
  }

  volume "site" {
    path = "/site"
    host = "./site"
  }
}

ingress {
  tls {
    certificate {
      files {
        certificate = "DIR/certs/fullchain.pem"
        private_key = "DIR/certs/privkey.pem"
      }
    }
  }
}
`
	for _, c := range []struct {
		name, site string // what the link says
		want       bool
	}{
		{"a folder of the stack", "releases/5", true},
		{"out of the stack", "/etc", false},
		{"the folder around it", "..", false},
		{"the output", "out/.secrets.d", false},
		{"the key", "certs", false},
		{"nothing", "later", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The stack's own folder may be behind a link.
			real, dir := t.TempDir(), filepath.Join(t.TempDir(), "stack")
			if err := os.Symlink(real, dir); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "nself.hcl"), strings.ReplaceAll(stack, "DIR", dir))
			for _, f := range []string{"releases/5/index.html", "certs/privkey.pem", "out/.secrets.d/x"} {
				put(t, filepath.Join(dir, f), "")
			}
			if err := os.Symlink(c.site, filepath.Join(dir, "site")); err != nil {
				t.Fatal(err)
			}
			_, diags := build.Compile(context.Background(), dir, build.Options{})
			refused := false
			for _, d := range diags {
				refused = refused || d.Code == "NS307"
			}
			if refused == c.want || refused != diags.HasErrors() {
				t.Errorf("refused is %v: %v", refused, diags)
			}
		})
	}
}

// TestOutputIsFollowed: nor does it matter by which way the output is named, whether it
// is there yet, and which environment is compiled.
func TestOutputIsFollowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, out, host string
		want            bool
	}{
		{"a folder beside the environments", ".", "./site", true},
		{"another environment", ".", "./dev", false},
		{"a link to another environment, which is not there yet", ".", "./early", false},
		{"a link to a link that is missing", ".", "./lost", true},
		{"links in a circle", ".", "./round", true},
		{"the output behind a link", "way/o", "./real/o/prod", false},
		{"a link around the output behind a link", "way/o", "./way", false},
		{"a folder beside the output behind a link", "way/o", "./real/site", true},
		{"the output around the stack", "..", "./nginx", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "stack")
			put(t, filepath.Join(dir, "nself.hcl"), `stack "outputs" {}

environment "dev" {
  posture = "development"
}

environment "prod" {}

service "api" {
  image = "ghcr.io/acme/api:1.0.0"

  volume "site" {
    path = "/site"
    host = "`+c.host+`"
  }
}
`)
			put(t, filepath.Join(dir, "real/x"), "")
			for name, to := range map[string]string{"way": "real", "early": "dev", "lost": "none", "none": "nowhere", "round": "absent/../round"} {
				if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			_, diags := build.Compile(context.Background(), dir, build.Options{Env: "prod", Out: filepath.Join(dir, c.out)})
			refused := false
			for _, d := range diags {
				refused = refused || d.Code == "NS307"
			}
			if refused == c.want || refused != diags.HasErrors() {
				t.Errorf("refused is %v: %v", refused, diags)
			}
		})
	}
}
