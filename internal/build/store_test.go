package build

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nselfc/lang/diag"
)

// TestSharedStores holds that two environments do not keep their values in one place,
// and that places which only look alike are told apart.
func TestSharedStores(t *testing.T) {
	const key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	age := func(file string) string {
		if file != "" {
			file = "file = \"" + file + "\"\n"
		}
		return "age {\n" + file + "recipients = [\"" + key + "\"]\n}"
	}
	vault := func(args string) string { return "vault {\naddress = \"https://vault.example.com\"\n" + args + "\n}" }
	for _, tt := range []struct{ name, all, prod, stage, want string }{
		{"nothing", "", "", "", ""},
		{"one block for all", age(""), "", "", ""},
		{"one file for all", age("secrets/all.age"), "", "", "error"},
		{"a file by name", age("secrets/${stack.environment}.age"), "", "", ""},
		{"spelt otherwise", "", age("secrets/x.age"), age("./secrets//x.age"), "error"},
		{"one path", "", vault(`path = "a"`), vault(`path = "a"`), "error"},
		{"another namespace", "", vault(`path = "a"`), vault("path = \"a\"\nnamespace = \"b\""), ""},
		{"default places", vault(""), "", "", ""},
		{"an environment of its own", age("secrets/all.age"), "file {}", "", ""},
		{"one program", "exec {\ncommand = [\"pass\"]\n}", "", "", "warning"},
		{"a program with a name", "exec {\ncommand = [\"pass\", stack.environment]\n}", "", "", ""},
		{"one secret of AWS", "aws {\nsecret = \"a\"\n}", "", "", "error"},
		{"two regions", "", "aws {\nsecret = \"a\"\nregion = \"eu-west-1\"\n}", "aws {\nsecret = \"a\"\nregion = \"eu-west-2\"\n}", ""},
		{"one manifest", "kubernetes {\nname = \"a\"\n}", "", "", "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			block := func(s string) string {
				if s == "" {
					return ""
				}
				return "secrets {\n" + s + "\n}\n"
			}
			text := "stack \"shop\" {}\n" + block(tt.all) + "environment \"prod\" {\n" + block(tt.prod) + "}\nenvironment \"stage\" {\n" + block(tt.stage) + "}\n"
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, env := range []string{"", "prod", "stage"} { // one alone is compared with the other as well
				sharedStore(t, dir, env, text, tt.want)
			}
		})
	}
}

func sharedStore(t *testing.T, dir, env, text, want string) {
	t.Helper()
	_, diags := Compile(context.Background(), dir, Options{Env: env})
	got := ""
	for _, d := range diags {
		if d.Code == "NS645" {
			got = d.Severity.String()
			if !strings.Contains(d.Detail, "prod and stage") || len(d.Related) != 1 {
				t.Errorf("%s", d.Detail)
			}
		} else if d.Severity == diag.Error {
			t.Fatalf("%s: %s\n%s", d.Code, d.Detail, text)
		}
	}
	if got != want {
		t.Errorf("%s: got %q, want %q\n%s", env, got, want, text)
	}
}

// TestBuildMakesNothingUp holds that a build makes no value that the store should
// have, writes the rest, and goes on once the values are there.
func TestBuildMakesNothingUp(t *testing.T) {
	const secret = "secret \"_key\" {\n  kind = \"hex\"\n}\n"
	for store, made := range map[string]bool{"": true, "secrets {\n kubernetes {}\n}\n": true, "secrets {\n exec {\n command = [\"false\"]\n }\n}\n": false} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte("stack \"shop\" {}\n"+store+secret), 0o644); err != nil {
			t.Fatal(err)
		}
		c, diags := Compile(context.Background(), dir, Options{})
		if diags.HasErrors() {
			t.Fatal(diags[0].Detail)
		}
		write := func() diag.List {
			_, diags := c.Write(context.Background(), WriteOptions{Version: "1", Now: time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC)})
			return diags
		}
		diags = write()
		_, err := os.Stat(filepath.Join(dir, "out", ".secrets"))
		if made != (err == nil) || made == diags.HasErrors() {
			t.Fatalf("with %q: %v, %v", store, err, diags)
		}
		if _, err := os.Stat(filepath.Join(dir, "out", "docker-compose.yml")); err != nil {
			t.Error(err)
		}
		if made {
			continue
		}
		random := make([]byte, 32)
		_, _ = rand.Read(random) // documented never to fail
		if err := os.WriteFile(filepath.Join(dir, "out", ".secrets"), []byte("_KEY="+hex.EncodeToString(random)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if diags = write(); !diags.HasErrors() {
			continue
		}
		t.Errorf("with the value there: %s", diags[0].Detail)
	}
}
