package secrets

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nselfc/emit"
)

// TestSaltsAreKept names the keys of what is kept, and holds that a value that
// its owner changes gets a new verifier with the old salt.
func TestSaltsAreKept(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(decl("app", "password"), decl("other", "password"))
	files := []emit.File{
		file(".secrets.d/a", call("scram_verifier", ref("secret.app"))),
		file(".secrets.d/b", call("scram_verifier", ref("secret.app")), lit("\n"), call("scram_verifier", ref("secret.other"))),
		file(".secrets.d/c", call("pbkdf2_sha256", lit("x"), ref("secret.app"))),
		file(".secrets.d/d", call("bcrypt", ref("secret.app"))),
		file(".secrets.d/e", call("bcrypt", lit("only literal"))),
		file(".secrets.d/f", call("sql_literal", call("scram_verifier", call("base64encode", ref("secret.app"))))),
	}
	build(t, dir, stack, files)
	all := entries(t, dir)
	if len(all) != 8 {
		t.Fatalf("%d entries", len(all))
	}
	for _, key := range []string{"APP__SCRAM_SALT", "OTHER__SCRAM_SALT", "APP__BCRYPT"} {
		if all[key] == "" {
			t.Errorf("no %s", key)
		}
	}
	a, b := get(t, filepath.Join(dir, ".secrets.d/a")), get(t, filepath.Join(dir, ".secrets.d/b"))
	if !strings.HasPrefix(b, a+"\n") || strings.HasSuffix(b, a) {
		t.Error("one password has two verifiers, or two passwords one")
	}
	text := get(t, filepath.Join(dir, ".secrets"))
	put(t, filepath.Join(dir, ".secrets"), strings.Replace(text, "\nAPP=", "\nAPP='Tr0ub4dor & the horse'\n#", 1), 0o600)
	r := build(t, dir, stack, files)
	if len(r.Rendered) != 5 || len(r.Undeclared) != 0 {
		t.Errorf("%+v", r)
	}
	now := entries(t, dir)
	if now["APP__SCRAM_SALT"] != all["APP__SCRAM_SALT"] || now["APP__BCRYPT"] == all["APP__BCRYPT"] || get(t, filepath.Join(dir, ".secrets.d/a")) == a {
		t.Error("the salt changed, or the hash did not")
	}
	// A damaged salt is told, not replaced.
	put(t, filepath.Join(dir, ".secrets"), regexp.MustCompile(`(?m)^APP__SCRAM_SALT=.*$`).ReplaceAllString(text, "APP__SCRAM_SALT=AAAA"), 0o600)
	_, diags := run(dir, stack, files, Options{})
	wantCode(t, diags, "NS406", "APP__SCRAM_SALT on line")
}

// TestRenderedHtpasswd has Apache's own tool verify a file that is rendered as the
// reference of bcrypt has it.
func TestRenderedHtpasswd(t *testing.T) {
	htpasswd := tool(t, "htpasswd")
	dir := workDir(t)
	path := ".secrets.d/edge/htpasswd"
	build(t, dir, stackOf(decl("admin", "password")), []emit.File{file(path, lit("admin:"), call("bcrypt", ref("secret.admin")), lit("\n"))})
	check := func(password string) error {
		cmd := exec.Command(htpasswd, "-vi", filepath.Join(dir, path), "admin")
		cmd.Stdin = strings.NewReader(password)
		return cmd.Run()
	}
	value := entries(t, dir)["ADMIN"]
	if err := check(value); err != nil {
		t.Errorf("htpasswd: %v", err)
	}
	if check(value[1:]) == nil {
		t.Error("the control: htpasswd takes another password")
	}
}
