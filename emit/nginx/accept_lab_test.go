//go:build lab

package nginx

import (
	"strings"
	"testing"
)

// TestAcceptedThousands loads more hosts than a machine will ever have. Most of
// the time goes into one TLS context for each.
func TestAcceptedThousands(t *testing.T) {
	for _, n := range []int{1000, 2000} {
		srv := install(t, many(n), setup{})
		if out, err := srv.check(); err != nil || strings.Contains(out, "[warn]") {
			t.Errorf("%d hosts: %v\n%s", n, err, out)
		}
	}
}
