//go:build lab && linux

package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"
)

// testSecrets searches everything that others can read for every value in
// .secrets, in every form that a value takes on its way.
func (s *shop) testSecrets(t *testing.T) {
	file := filepath.Join(s.out, ".secrets")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf(".secrets: %v %v", info, err)
	}
	if info, err := os.Stat(filepath.Join(s.out, ".secrets.d")); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf(".secrets.d: %v %v", info, err)
	}
	values, err := dotenv.Read(file)
	if err != nil || len(values) < 8 {
		t.Fatalf("%d values, %v", len(values), err)
	}
	find := func(where, text string) (found []string) {
		for key, v := range values {
			for form, f := range forms(v) {
				if len(f) >= 8 && strings.Contains(text, f) {
					found = append(found, fmt.Sprintf("%s holds %s (%s)", where, key, form))
				}
			}
		}
		return found
	}
	places := map[string]string{
		"docker inspect":        s.inspect(t),
		"docker compose config": s.engine.Compose(s.out, "config", "--no-env-resolution").Must(t),
		"the logs":              s.engine.Compose(s.out, "logs").Must(t),
		"the engine's log":      s.engine.Host("cat", "/var/log/dockerd.log").Stdout,
	}
	err = filepath.WalkDir(s.out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || strings.HasPrefix(filepath.Base(path), ".secrets") {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return err
		}
		if d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			places[path] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range places {
		if text == "" {
			t.Errorf("%s is empty: nothing was searched", where)
		}
		for _, f := range find(where, text) {
			t.Error(f)
		}
	}
	// The control: the search finds what is there.
	rendered, err := os.ReadFile(filepath.Join(s.out, ".secrets.d", "api", "DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	if len(find("DATABASE_URL", string(rendered))) == 0 {
		t.Error("the search does not even find a value where it must be")
	}
}

func forms(v string) map[string]string {
	quoted := fmt.Sprintf("%q", v)
	return map[string]string{
		"raw": v, "URL": url.QueryEscape(v), "quoted": quoted[1 : len(quoted)-1],
		"base64":     base64.StdEncoding.EncodeToString([]byte(v)),
		"base64 URL": base64.RawURLEncoding.EncodeToString([]byte(v)),
		"hex":        hex.EncodeToString([]byte(v)),
	}
}

func (s *shop) inspect(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, c := range s.engine.Containers(t, s.project) {
		b.WriteString(s.engine.Docker("inspect", c.Name).Must(t))
	}
	return b.String()
}

// testSecondBuild proves that building again changes no byte and no time, and
// restarts no container.
func (s *shop) testSecondBuild(t *testing.T) {
	before, started := tree(t, s.out), s.started(t)
	for _, w := range s.build(t) {
		if len(w.Result.Created)+len(w.Result.Updated)+len(w.Result.Removed) > 0 {
			t.Errorf("the second build changed files: %+v", w.Result)
		}
		if w.Secrets == nil || len(w.Secrets.Generated)+len(w.Secrets.Rendered) > 0 {
			t.Errorf("the second build made secrets: %+v", w.Secrets)
		}
	}
	if diff := cmp.Diff(before, tree(t, s.out)); diff != "" {
		t.Errorf("the output changed:\n%s", diff)
	}
	s.up(t)
	if diff := cmp.Diff(started, s.started(t)); diff != "" {
		t.Errorf("containers were restarted:\n%s", diff)
	}
}

// tree describes every file below a folder, times included.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		out[path] = fmt.Sprintf("%s %d %s", info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
