//go:build lab && linux

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testSecretFiles proves that each service has its own secret files, those of
// nobody else, and alone may read them.
func (s *shop) testSecretFiles(t *testing.T) {
	want := map[string][]string{
		"api":      {"DATABASE_URL", "JWT_KEY", "REDIS_URL", "main-ca.crt"},
		"cache":    nil, // hashes are in its configuration
		"ingress":  {"tls.crt", "tls.key"},
		"main":     {"SERVER_TLS"},
		"migrator": {"DATABASE_URL", "main-ca.crt"},
		"reporter": {"DATABASE_URL", "main-ca.crt"},
		"worker":   {"DATABASE_URL", "REDIS_URL", "main-ca.crt"},
		"inner":    nil,
		"loner":    nil, // no reference, no file, not even the authority's certificate
		"caller":   nil,
	}
	got := map[string][]string{}
	for _, c := range s.engine.Containers(t, s.project) {
		got[c.Service] = nil
		// As the container sees it, whatever its image holds.
		for line := range strings.SplitSeq(s.inside(t, c.PID, "find run/secrets -type f -printf '%f %m %U %G\n' 2>/dev/null || true"), "\n") {
			name, owner, ok := strings.Cut(line, " ")
			if !ok {
				continue
			}
			got[c.Service] = append(got[c.Service], name)
			if want := fmt.Sprintf("400 %d 0", c.UID); owner != want {
				t.Errorf("%s of %s has mode and owner %s, want %s", name, c.Service, owner, want)
			}
		}
		slices.Sort(got[c.Service])
		// Nothing of the output directory but the service's own folders is mounted.
		for _, source := range s.mounted(t, c.Name) {
			rest, below := strings.CutPrefix(source, s.out+"/")
			own := []string{".secrets.d/" + c.Service + "/", "config/" + c.Service + "/"}
			if c.Service == "ingress" {
				own = append(own, "nginx")
			}
			if !below || !slices.ContainsFunc(own, func(p string) bool { return strings.HasPrefix(rest, p) }) {
				t.Errorf("%s mounts %s", c.Service, source)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files below /run/secrets (-want +got):\n%s", diff)
	}
	// The control: the look finds what there is in a container that has too much.
	s.engine.Docker("run", "--detach", "--name", "nosy", "--volume", s.out+"/.secrets.d/api:/run/secrets:ro", "ghcr.io/acme/api:1.4.2", "serve").Must(t)
	defer s.engine.Docker("rm", "--force", "nosy")
	pid := strings.TrimSpace(s.engine.Docker("inspect", "--format", "{{.State.Pid}}", "nosy").Must(t))
	if found := s.engine.Host("sh", "-c", "cd /proc/"+pid+"/root && find run/secrets -type f").Must(t); !strings.Contains(found, "JWT_KEY") {
		t.Errorf("the control sees nothing: %q", found)
	}
	if sources := s.mounted(t, "nosy"); len(sources) != 1 {
		t.Errorf("the control mounts %v", sources)
	}
}

// inside runs a command of the host in the root of a container's process.
func (s *stack) inside(t *testing.T, pid int, command string) string {
	t.Helper()
	return s.engine.Host("sh", "-c", fmt.Sprintf("cd /proc/%d/root && %s", pid, command)).Must(t)
}

// mounted gives the folders and files of the host that a container mounts.
func (s *stack) mounted(t *testing.T, container string) []string {
	t.Helper()
	out := s.engine.Docker("inspect", "--format", `{{range .Mounts}}{{if eq .Type "bind"}}{{.Source}}{{"\n"}}{{end}}{{end}}`, container).Must(t)
	return strings.Fields(out)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
