package build_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// canaryStack puts every kind of secret to every use.
const canaryStack = `stack "canary" {
  domain = "canary.localhost"
}

environment "dev" {
  posture = "development"
}

secret "hex" {
  kind = "hex"
}

secret "base64url" {}

secret "password" {
  kind = "password"
}

secret "jwt" {
  kind = "jwt"
}

secret "ca" {
  kind  = "x509"
  ca    = true
  hosts = ["canary.internal"]
}

secret "leaf" {
  kind      = "x509"
  signed_by = secret.ca
  hosts     = ["canary.internal"]
}

secret "each" {
  for_each = toset(["a b", "it's"])
}

postgres "db" {
  databases = ["app"]
  roles     = { app = { database = "app" } }
}

redis "cache" {}

service "app" {
  image = "ghcr.io/acme/app:1.0.0"

  port "http" {
    container = 8080
  }

  env = {
    IN_ENV  = secret.hex
    IN_TEXT = "Bearer ${secret.password}; x"
  }

  secrets = {
    DATABASE_URL = postgres.db.roles.app.url
    REDIS_URL    = redis.cache.url
    JWT          = secret.jwt
    KEY          = secret.leaf.private_key
    EACH         = "${secret.each["a b"]}:${base64encode(secret.each["it's"])}"
    HASH         = bcrypt(secret.base64url)
    QUOTED       = json(secret.base64url)
  }

  config "app.conf" {
    path    = "/etc/app.conf"
    content = "password = ${sql_literal(secret.password)}\nurl = ${url_encode(secret.hex)}\n"
  }

  route {
    host = stack.domain
  }
}

ingress {
  tls {
    certificate {
      local {}
    }
  }
}

firewall {}
`

// TestCanary makes real secrets and then looks for each of them, in every form
// that it could be written in, in all that is committed or printed.
func TestCanary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "nself.hcl"), canaryStack)
	out := filepath.Join(dir, "out", "dev")
	printed := map[string]result{"first build": ran(t, 0, dir, "build")}
	known := values(t, out)
	if len(known) < 15 {
		t.Fatalf("only %d values in .secrets", len(known))
	}
	step := func(what string, code int, args ...string) {
		printed[what] = ran(t, code, dir, args...)
	}
	step("second build", 0, "build", "--verify")
	for _, format := range []string{"text", "json", "sarif", "github"} {
		step("validate "+format, 0, "validate", "--format", format)
	}
	for _, line := range []int{3, 30, 60} {
		step(fmt.Sprint("why ", line), 0, "why", fmt.Sprintf("out/dev/docker-compose.yml:%d", line))
	}
	look(t, known, "committed file", committedFiles(t, dir))

	// Findings about the secrets themselves, whose values are at hand.
	secrets := filepath.Join(out, ".secrets")
	good := get(t, secrets)
	pem := known["LEAF__PRIVATE_KEY"]
	for name, text := range map[string]string{
		"an unreadable line":    good + "\n" + known["HEX"] + "\n",
		"a value without a key": good + "=" + known["PASSWORD"] + "\n",
		"an open quote":         good + "X=\"" + known["JWT"] + "\n",
		"a key twice":           good + "HEX=" + known["JWT"] + "\n",
		"another kind":          strings.ReplaceAll(good, "HEX="+known["HEX"], "HEX="+known["PASSWORD"]+"!"),
		"a damaged certificate": strings.ReplaceAll(good, "LEAF__PRIVATE_KEY=", "LEAF__PRIVATE_KEY=x #"),
		"a half pair":           dropLine(good, "LEAF__CERTIFICATE="),
		"a short value":         strings.ReplaceAll(good, "JWT="+known["JWT"], "JWT=hunter2hunter2"),
	} {
		put(t, secrets, text)
		for _, actions := range []string{"", "true"} { // build has no --format: its surroundings choose
			c := command(t, dir, "build")
			c.Env = append(c.Env, "GITHUB_ACTIONS="+actions)
			printed[name+" "+actions] = run(t, c)
		}
	}
	known["short"] = "hunter2hunter2"
	put(t, secrets, good)

	// A file that was edited by hand, and one that git would take.
	put(t, filepath.Join(out, ".secrets.d", "app", "JWT"), known["JWT"]+known["HEX"])
	step("an edited secret file", 1, "build")
	step("the edit accepted", 0, "build", "--force", "out/dev/.secrets.d/app/JWT")
	for name, r := range printed {
		look(t, known, name, map[string]string{"stdout": r.stdout, "stderr": r.stderr})
	}
	look(t, known, "committed file", committedFiles(t, dir))

	// The control: a value that somebody copied into the stack stops the build,
	// in whatever form, and what looks for it here finds it too.
	for how, form := range forms(known["PASSWORD"]) {
		copied := strings.Replace(canaryStack, "env = {", fmt.Sprintf("env = {\n    COPIED = %q", "x"+form+"y"), 1)
		put(t, filepath.Join(dir, "nself.hcl"), copied)
		if r := run(t, command(t, dir, "build")); r.code != 1 || !strings.Contains(r.stderr, "NS405") {
			t.Errorf("a copied value, %s, gives %d:\n%s", how, r.code, r.stderr)
		}
		if !finds(known["PASSWORD"], copied) {
			t.Errorf("the search misses the value, %s", how)
		}
	}
	if !finds(pem, "x\n"+strings.Split(pem, "\n")[2]) {
		t.Error("the search misses a line of a key")
	}
}

// look searches texts for values. Certificates are public.
func look(t *testing.T, known map[string]string, where string, texts map[string]string) {
	t.Helper()
	for key, value := range known {
		if strings.HasSuffix(key, "__CERTIFICATE") || strings.HasSuffix(key, "_SALT") {
			continue
		}
		for name, text := range texts {
			if finds(value, text) {
				t.Errorf("%s %s holds the value of %s", where, name, key)
			}
		}
	}
}

// finds tells whether a text holds a value in any form, or the lines of a key.
func finds(value, text string) bool {
	if lines := strings.Split(strings.TrimSpace(value), "\n"); len(lines) > 3 {
		for _, line := range lines[2 : len(lines)-1] { // the first line of such keys is the same in all
			if finds(line, text) {
				return true
			}
		}
		return false
	}
	for _, form := range forms(value) {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// forms gives the ways in which a value could be written.
func forms(value string) map[string]string {
	quoted, _ := json.Marshal(value) //nolint:errchkjson // a string
	return map[string]string{
		"raw":    value,
		"URL":    url.QueryEscape(value),
		"JSON":   strings.Trim(string(quoted), `"`),
		"hex":    hex.EncodeToString([]byte(value)),
		"HEX":    strings.ToUpper(hex.EncodeToString([]byte(value))),
		"base64": alone(base64.StdEncoding, value, 0),
		// Behind one and two other bytes.
		"base64 shifted by 1": alone(base64.RawURLEncoding, value, 1),
		"base64 shifted by 2": alone(base64.RawURLEncoding, value, 2),
	}
}

// alone encodes a value that stands behind some other bytes, and gives the
// digits that depend on nothing but the value.
func alone(enc *base64.Encoding, value string, before int) string {
	digits := enc.EncodeToString([]byte("xy"[:before] + value))
	return digits[(8*before+5)/6 : 8*(before+len(value))/6]
}

// committedFiles gives all files of the stack but those that git ignores.
func committedFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := tree(t, dir)
	for name := range files {
		if strings.Contains(name, ".secrets") && !strings.HasSuffix(name, ".gitignore") {
			delete(files, name)
		}
	}
	if len(files) < 15 {
		t.Fatalf("only %d files were written", len(files))
	}
	return files
}

func dropLine(text, prefix string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, prefix) {
			b.WriteString(line)
		}
	}
	return b.String()
}
