package cli

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nselfc/internal/build"
)

// builtShop builds the shop example, with the secrets of development, in a
// folder of its own.
func builtShop(t *testing.T) (*build.Compiled, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.CopyFS(dir, os.DirFS("../../examples/shop")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil { // of somebody who tried the example
		t.Fatal(err)
	}
	env, _, stderr := testEnv()
	if code := Build(context.Background(), env, Display{}, BuildOptions{Path: dir}); code != OK {
		t.Fatalf("code %d:\n%s", code, stderr)
	}
	c, diags := build.Compile(context.Background(), dir, build.Options{Trace: true})
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	return c, dir
}

// TestWhyAnswersForEveryLine asks about each line of each file that a build
// leaves, the secret ones included.
func TestWhyAnswersForEveryLine(t *testing.T) {
	c, dir := builtShop(t)
	dotSecrets := filepath.Join(dir, "out/dev/.secrets")
	values := secretValues(t, dotSecrets)
	// Lines of the user's own, which hold values where a comment could stand.
	const retired, quoted = "retired-by-hand-3f9c", "line-of-a-value-81d2"
	text, err := os.ReadFile(dotSecrets)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dotSecrets, append(text, "#OLD="+retired+"\nNOTE='first\n# "+quoted+"\n\n'\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	values = append(values, retired, quoted)
	files, asked := 0, 0
	err = filepath.WalkDir(filepath.Join(dir, "out"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		e, below := c.Find(build.Options{}, path)
		if e == nil {
			t.Fatalf("%s belongs to no environment", path)
		}
		env, _, stderr := testEnv()
		for i := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			asked++
			w := why{env: env, c: c, e: e, path: path, below: below, line: i + 1}
			answer, err := w.answer()
			if err != nil {
				t.Errorf("%s:%d: %v", below, i+1, err)
				continue
			}
			if _, because, _ := strings.Cut(answer, "\n\n"); strings.TrimSpace(because) == "" {
				t.Errorf("%s:%d: no answer in %q", below, i+1, answer)
			}
			for _, v := range values {
				if strings.Contains(answer, v) {
					t.Errorf("%s:%d: the answer holds a secret", below, i+1)
				}
			}
		}
		if stderr.Len() > 0 {
			t.Errorf("%s: %s", below, stderr)
		}
		return nil
	})
	if err != nil || files < 50 || asked < 3000 || len(values) < 10 {
		t.Fatalf("%d files, %d lines, %d secrets: %v", files, asked, len(values), err)
	}
}

// secretValues gives the values of .secrets that are long enough to look for.
func secretValues(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^[A-Z_0-9]+="?([^"\\\n]{20,})`).FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}

// TestWhyNamesTheRightBlock holds the answers for the compose file against its
// own structure: a line of a service belongs to that service.
func TestWhyNamesTheRightBlock(t *testing.T) {
	c, dir := builtShop(t)
	path := filepath.Join(dir, "out/dev/docker-compose.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, below := c.Find(build.Options{}, path)
	addresses := map[string]string{}
	for _, s := range e.Stack.Services {
		addresses[s.Name] = s.Address
	}
	entry := regexp.MustCompile(`^  ([a-z]+):`)
	section, service, checked := "", "", 0
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if line != "" && line[0] != ' ' {
			section, service = line, ""
		}
		if m := entry.FindStringSubmatch(line); m != nil {
			service = m[1]
		}
		if section != "services:" || service == "" || line == "" {
			continue
		}
		w := why{c: c, e: e, path: path, below: below, line: i + 1}
		answer, err := w.answer()
		if err != nil {
			t.Fatal(err)
		}
		checked++
		if !strings.Contains(answer, "\nbelongs to "+addresses[service]+" in environment dev\n") {
			t.Errorf("line %d, %q of %s: %s", i+1, line, service, answer)
		}
		if strings.Contains(answer, " catalog/") && !strings.Contains(answer, "shop/nself.hcl:") {
			t.Errorf("line %d, %q: the user's own block is missing: %s", i+1, line, answer)
		}
	}
	if checked < 200 {
		t.Fatalf("only %d lines were checked", checked)
	}
}

// TestWhy looks at one line of each kind.
func TestWhy(t *testing.T) {
	_, dir := builtShop(t)
	for _, tt := range []struct {
		file, line string   // the first line of the file that holds this
		want       []string // in the answer
	}{
		{"docker-compose.yml", "memory: 1g", []string{"belongs to service.api", `    memory = "1G"`}},
		{"docker-compose.yml", "read_only: true", []string{"is set by default service.read_only", "completes", `service "api" {`}},
		{"docker-compose.yml", "- ALL", []string{"is set by hardening: every container gets it"}},
		{"docker-compose.yml", "cache: {}", []string{"is set by topology: references", "because of", "redis.cache.url"}},
		{"docker-compose.yml", "image: redis:", []string{"redis.cache.service.main", "comes from catalog/redis/redis.hcl:", "for the block at", `redis "cache" {`}},
		{"docker-compose.yml", "cache_data: {}", []string{"redis.cache.service.main", `volume "data" {`, `redis "cache" {`}},
		{"nginx/nginx.conf", "worker_processes", []string{"belongs to ingress", "default ingress.cpus", "ingress {"}},
		{"nginx/conf.d/shop.localhost.conf", "client_max_body_size", []string{"service.api.route[0]", "default route.body_size", "route {"}},
		{"ufw/rules.txt", "tcp", []string{"belongs to", "nself.hcl:"}},
		{"config/main/pg_hba.conf", "reject", []string{"postgres.main.service.main", `config "pg_hba.conf" {`, `postgres "main" {`}},
		{".secrets.d/api/JWT_KEY", "", []string{"is made from secret.jwt_key", "belongs to service.api", "JWT_KEY "}},
		{".secrets.d/api/main-ca.crt", "END CERTIFICATE", []string{"postgres.main.secret.ca", "catalog/postgres/postgres.hcl:", `service "api" {`}},
		{".secrets.d/.manifest", "api/JWT_KEY", []string{"keeps this file for itself"}},
		{".secrets", "JWT_KEY=", []string{"JWT_KEY=…", `secret "jwt_key" {`}},
		{".secrets", "POSTGRES_MAIN_ROLE_APP__SCRAM_SALT_A=", []string{`postgres.main.secret.role["app"]`, "catalog/postgres/", `postgres "main" {`}},
		{"nself.lock", "image - nginx", []string{"belongs to ingress", "default ingress.image"}},
		{"nself.lock", "secret jwt", []string{`secret "jwt_key" {`}},
		{"nself.lock", "stack shop-dev", []string{`stack "shop" {`}},
		{"nself.lock", "nself.hcl", []string{"same in every stack"}},
		{".gitignore", "*.secrets*", []string{"same in every stack"}},
	} {
		path := filepath.Join(dir, "out/dev", tt.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, _, ok := strings.Cut(string(text), tt.line)
		if !ok {
			t.Errorf("%s holds no %q", tt.file, tt.line)
			continue
		}
		env, stdout, stderr := testEnv()
		where := path + ":" + strconv.Itoa(strings.Count(before, "\n")+1)
		if code := Why(context.Background(), env, Display{}, "", where, build.Options{}); code != OK || stderr.Len() > 0 {
			t.Errorf("%s: code %d: %s", where, code, stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%s, %q: %q is missing:\n%s", tt.file, tt.line, want, stdout)
			}
		}
	}
}
