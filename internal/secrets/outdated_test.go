package secrets

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// TestOutdated changes one thing at a time after the files were written.
func TestOutdated(t *testing.T) {
	value := func(t *testing.T, dir, key, to string) {
		t.Helper()
		path := filepath.Join(dir, File)
		old := get(t, path)
		text := regexp.MustCompile(`(?m)^`+key+`=.*\n`).ReplaceAllString(old, to)
		if text == old {
			t.Fatalf("no %s", key)
		}
		put(t, path, text, 0o600)
	}
	fresh := strings.Repeat("Zq3xT0bK", 5) + "WnA" // 32 bytes, in base64url
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string, stack *ir.Stack, files []emit.File) []emit.File
		later  time.Duration
		want   []string
	}{
		"nothing": {},
		"a value": {
			change: func(t *testing.T, dir string, _ *ir.Stack, files []emit.File) []emit.File {
				value(t, dir, "PG_APP", "PG_APP="+fresh+"\n")
				return files
			},
			want: []string{".secrets.d/api.env", ".secrets.d/postgres/roles.sql"},
		},
		"the text around it": {
			change: func(_ *testing.T, _ string, _ *ir.Stack, files []emit.File) []emit.File {
				files[1] = file(files[1].Path, lit("OTHER="), ref("secret.pg_app"))
				return files
			},
			want: []string{".secrets.d/api.env"},
		},
		"a value that is gone is for others to tell": {change: func(t *testing.T, dir string, _ *ir.Stack, files []emit.File) []emit.File {
			value(t, dir, "PG_APP", "")
			return files
		}},
		"a value beside it is for a rotation": {change: func(t *testing.T, dir string, _ *ir.Stack, files []emit.File) []emit.File {
			value(t, dir, "PG_APP", "PG_APP="+fresh+"\nPG_APP__PREVIOUS="+strings.ToLower(fresh[:42])+"A\n")
			return files
		}},
		"edited, and gone": {change: func(t *testing.T, dir string, _ *ir.Stack, files []emit.File) []emit.File {
			value(t, dir, "PG_APP", "PG_APP="+fresh+"\n")
			path := filepath.Join(dir, ".secrets.d/api.env")
			put(t, path, "URL=mine\n", 0o444)
			if err := os.Remove(filepath.Join(dir, ".secrets.d/postgres/roles.sql")); err != nil {
				t.Fatal(err)
			}
			return files
		}},
		"a certificate that the next run issues anew": {later: 61 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := workDir(t)
			stack, files := quick()
			stack.Secrets[len(stack.Secrets)-1].X509.Days = ir.Int{V: 90}
			build(t, dir, stack, files)
			if c.change != nil {
				files = c.change(t, dir, stack, files)
			}
			before := state(t, dir)
			got := Outdated(dir, stack, files, Options{Now: testNow.Add(c.later)})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, state(t, dir)); diff != "" {
				t.Errorf("it wrote: %s", diff)
			}
		})
	}
}
