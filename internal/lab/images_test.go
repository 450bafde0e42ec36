//go:build linux

package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStandInsReadsTheList(t *testing.T) {
	list, err := standIns(filepath.Join("..", "..", "testdata", "images"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 5 {
		t.Fatalf("only %d stand-ins", len(list))
	}
	for _, image := range list {
		if _, err := os.Stat(filepath.Join("..", "..", "testdata", "images", image.dockerfile)); err != nil {
			t.Error(err)
		}
	}
}

func TestNameImages(t *testing.T) {
	const records = `{"Repositories":{"nginx":{"nginx:1.30.4":"sha256:n"},"ghcr.io/acme/api":{"ghcr.io/acme/api:1.4.2":"sha256:a"}}}`
	digest := "sha256:" + strings.Repeat("0", 64)
	for reference, test := range map[string]struct {
		stand, repository, key, want string
	}{
		"nginx:1.30.4@" + digest:                   {"", "nginx", "nginx@" + digest, "sha256:n"},
		"nginx@" + digest:                          {"", "nginx", "nginx@" + digest, "sha256:n"},
		"nginx:1.99":                               {"", "nginx", "nginx:1.99", "sha256:n"},
		"docker.io/library/nginx:2":                {"", "nginx", "nginx:2", "sha256:n"},
		"localhost:5000/own:1@" + digest:           {"ghcr.io/acme/api:1.4.2", "localhost:5000/own", "localhost:5000/own@" + digest, "sha256:a"},
		"ghcr.io/acme/web:1":                       {"ghcr.io/acme/api:1.4.2", "ghcr.io/acme/web", "ghcr.io/acme/web:1", "sha256:a"},
		"mysql:8":                                  {"", "", "", ""},
		"ghcr.io/acme/web:no-such-stand-in-either": {"nginx:9", "", "", ""},
	} {
		data := t.TempDir()
		path := filepath.Join(data, "image", "overlay2", "repositories.json")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(records), 0o600); err != nil {
			t.Fatal(err)
		}
		err := nameImages(data, map[string]string{reference: test.stand})
		if test.want == "" {
			if err == nil {
				t.Errorf("%s: no error", reference)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", reference, err)
			continue
		}
		var got repositories
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if id := got.Repositories[test.repository][test.key]; id != test.want {
			t.Errorf("%s: %s is %q, want %q", reference, test.key, id, test.want)
		}
	}
}
