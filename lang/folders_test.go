package lang_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFolders holds stacks of several files, with modules, kinds and templates,
// against the comments in all of their files.
func TestFolders(t *testing.T) {
	dirs, err := filepath.Glob("testdata/folders/*")
	if err != nil || len(dirs) < 5 {
		t.Fatalf("the corpus is missing: %v %v", dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var want []string
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				rel, err := filepath.Rel(dir, path)
				for _, e := range expected(t, path) {
					want = append(want, rel+":"+e)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				if filepath.Ext(e.Name()) == ".hcl" {
					names = append(names, e.Name())
				}
			}
			diags := compile(t, dir, names...)
			wellSaid(t, diags)
			var got []string
			for _, d := range diags {
				if strings.HasPrefix(d.Subject.File, "catalog/") {
					t.Errorf("a finding points into a built-in kind, which its reader did not write: %s %s", d.Subject, d.Detail)
				}
				got = append(got, fmt.Sprintf("%s:%d %s %s: %s", d.Subject.File, d.Subject.Start.Line, strings.ToUpper(d.Severity.String()), d.Code, d.Summary))
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if t.Failed() {
				t.Log(list(diags))
			}
		})
	}
}

// TestFindingsSayWhoUsesIt: a finding inside a module or kind says which blocks
// led there; one in a built-in kind shows the line of the kind besides.
func TestFindingsSayWhoUsesIt(t *testing.T) {
	_, diags := evaluated(t, files{
		"nself.hcl":             "stack \"t\" {}\nmodule \"outer\" {\n  source = \"./outer\"\n}\nredis \"cache\" {\n  cpus = 0\n}\n",
		"outer/outer.hcl":       "module \"inner\" {\n  source = \"./inner\"\n}\nredis \"deep\" {\n  cpus = 0\n}\n",
		"outer/inner/inner.hcl": "service \"x\" {\n  imge = 1\n}\n",
	})
	var got []string
	for _, d := range diags {
		line := d.Code + " " + d.Subject.String()
		for _, r := range d.Related {
			file := r.Range.String()
			if strings.HasPrefix(file, "catalog/") {
				file = r.Range.File
			}
			line += " | " + file + " " + r.Message
		}
		got = append(got, line)
	}
	want := []string{
		"NS212 nself.hcl:6 | catalog/redis/redis.hcl redis.cache is made of this",
		"NS212 outer/outer.hcl:5 | catalog/redis/redis.hcl module.outer.redis.deep is made of this | nself.hcl:2 as module.outer uses it",
		"NS102 outer/inner/inner.hcl:2 | outer/outer.hcl:1 as module.outer.module.inner uses it | nself.hcl:2 as module.outer uses it",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
