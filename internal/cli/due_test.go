package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/secrets"
)

// aging is a stack with a secret of each class, due after another number of days.
const aging = `
stack "shop" {}

secret "key" {
  kind         = "hex"
  rotate_after = "10d"
}

secret "field" {
  kind         = "hex"
  rotate_after = "20d"

  rotation {
    class = "manual"
  }
}

secret "stripe" {
  kind         = "input"
  max_age      = "90d"
  rotate_after = "30d"
}

secret "ca" {
  kind         = "x509"
  ca           = true
  hosts        = ["api"]
  rotate_after = "40d"
}

secret "never" {}

postgres "main" {
  version      = "17.6"
  databases    = ["app"]
  rotate_after = "50d"

  roles = {
    app = { database = "app" }
  }
}

redis "cache" {
  rotate_after = "60d"
}

service "api" {
  image = "ghcr.io/acme/api:1.0.0@sha256:0000000000000000000000000000000000000000000000000000000000000000"

  secrets = {
    DATABASE_URL = postgres.main.roles.app.url
    CACHE_URL    = redis.cache.url
    KEY          = "${secret.key}${secret.field}${secret.stripe}${secret.never}"
    CA           = secret.ca.certificate
  }
}
`

// TestDue lets the clock go, and holds what rotate --due takes against what list and
// audit say, and both against the days of the stack.
func TestDue(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(aging), 0o644); err != nil {
		t.Fatal(err)
	}
	days := map[string]int{
		"secret.key": 10, "secret.field": 20, "secret.stripe": 30, "secret.ca": 40, `postgres.main.secret.role["app"]`: 50, "redis.cache.secret.app": 60,
	}
	byHand := []string{"secret.field", "secret.stripe"}
	born := time.Date(2030, 5, 1, 17, 30, 0, 0, time.FixedZone("", -8*3600)) // in UTC it is the 2nd
	o := SecretsOptions{Path: dir}
	at := func(now time.Time) (Env, *bytes.Buffer, *bytes.Buffer) {
		env, out, stderr := testEnv()
		env.Now = func() time.Time { return now }
		return env.guarded(), out, stderr
	}
	env, _, stderr := at(born)
	Build(t.Context(), env, Display{}, BuildOptions{Path: dir, NoSecrets: true})
	env.Stdin = strings.NewReader("sk_" + strings.Repeat("Ab7-", 6) + born.Format("150405"))
	if code := Set(t.Context(), env, Display{}, SetOptions{SecretsOptions: o, Name: "STRIPE"}); code != OK {
		t.Fatalf("%d: %s", code, stderr)
	}
	if code := Generate(t.Context(), env, Display{}, GenerateOptions{SecretsOptions: o}); code != OK {
		t.Fatalf("%d: %s", code, stderr)
	}
	if code := Build(t.Context(), env, Display{}, BuildOptions{Path: dir}); code != OK {
		t.Fatalf("%d: %s", code, stderr)
	}

	midnight := time.Date(2030, 5, 2, 0, 0, 0, 0, time.UTC)
	for _, last := range slices.Concat([]int{0, 61}, slices.Collect(maps.Values(days))) {
		for _, now := range []time.Time{midnight.AddDate(0, 0, last), midnight.AddDate(0, 0, last+1).Add(-time.Second), midnight.AddDate(0, 0, last+1)} {
			var want, left []string
			for address, n := range days {
				switch due := !now.Before(midnight.AddDate(0, 0, n+1)); {
				case due && slices.Contains(byHand, address):
					left = append(left, address)
				case due:
					want = append(want, address)
				}
			}
			all := slices.Sorted(slices.Values(slices.Concat(want, left)))
			name := now.Format(time.DateTime)

			env, out, stderr := at(now)
			List(t.Context(), env, Display{}, ListOptions{SecretsOptions: o, JSON: true})
			var report secretsReport
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Fatalf("%v: %s", err, stderr)
			}
			var listed []string
			for _, s := range report.Secrets {
				if s.Overdue {
					listed = append(listed, s.Address)
				}
			}
			if slices.Sort(listed); !slices.Equal(listed, all) {
				t.Errorf("%s: list has %v, want %v", name, listed, all)
			}

			env, out, _ = at(now)
			Audit(t.Context(), env, Display{}, AuditOptions{SecretsOptions: o, JSON: true})
			var audit auditReport
			if err := json.Unmarshal(out.Bytes(), &audit); err != nil {
				t.Fatal(err)
			}
			var audited []string
			for _, f := range audit.Findings {
				if f.Code == "NS665" {
					audited = append(audited, strings.Fields(f.Detail)[0])
				}
			}
			if slices.Sort(audited); !slices.Equal(audited, all) {
				t.Errorf("%s: audit has %v, want %v", name, audited, all)
			}

			env, out, stderr = at(now)
			if code := Rotate(t.Context(), env, Display{}, RotateOptions{SecretsOptions: o, Due: true, DryRun: true}); code != OK {
				t.Fatalf("%d: %s", code, stderr)
			}
			plan, rest, _ := strings.Cut(out.String(), "Left out")
			for address := range days {
				if got := strings.Contains(plan, "  "+address+" "); got != slices.Contains(want, address) {
					t.Errorf("%s: rotate --due takes %s: %v", name, address, got)
				}
				if got := strings.Contains(rest, "  "+address+" "); got != slices.Contains(left, address) {
					t.Errorf("%s: rotate --due leaves %s out: %v", name, address, got)
				}
			}
			if strings.Contains(out.String(), "No secret is due") != (len(all) == 0) || strings.Contains(out.String(), "secret.never") {
				t.Errorf("%s: %s", name, out)
			}
		}
	}

	// A value that is gone is missing, and not due; one that was replaced is new.
	if err := os.Remove(filepath.Join(dir, "out", secrets.File)); err != nil {
		t.Fatal(err)
	}
	env, out, stderr := at(born.AddDate(1, 0, 0))
	if code := Rotate(t.Context(), env, Display{}, RotateOptions{SecretsOptions: o, Due: true, DryRun: true}); code != OK || !strings.Contains(out.String(), "No secret is due") {
		t.Errorf("%d: %s%s", code, out, stderr)
	}
}
