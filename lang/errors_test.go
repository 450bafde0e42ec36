package lang_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/lang"
	"nselfc/lang/diag"
)

// expectation is a comment at the end of the offending line:
//
//	imge = "x" # ERROR NS102: Unsupported argument
var expectation = regexp.MustCompile(`(?:#|//) (ERROR|WARNING) (NS[0-9]{3,4}): (.*?)(?:; (ERROR|WARNING) (NS[0-9]{3,4}): (.*))?$`)

// TestErrors holds every file of testdata/errors against its own comments: each
// finding that it names, on its line, and none besides.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.hcl")
	if err != nil || len(files) < 20 {
		t.Fatalf("the corpus is missing: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := expected(t, file)
			var got []string
			for _, d := range compile(t, filepath.Dir(file), filepath.Base(file)) {
				got = append(got, fmt.Sprintf("%d %s %s: %s", d.Subject.Start.Line, strings.ToUpper(d.Severity.String()), d.Code, d.Summary))
				if d.Subject.IsZero() || d.Detail == "" || strings.Contains(d.Detail, "%!") || strings.ContainsRune(d.Detail, 0) {
					t.Errorf("a finding without a place, or with a broken detail: %+v", d)
				}
			}
			sort.Strings(want)
			sort.Strings(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func expected(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i, line := range strings.Split(string(b), "\n") {
		m := expectation.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		want = append(want, fmt.Sprintf("%d %s %s: %s", i+1, m[1], m[2], m[3]))
		if m[4] != "" {
			want = append(want, fmt.Sprintf("%d %s %s: %s", i+1, m[4], m[5], m[6]))
		}
	}
	return want
}

func compile(t *testing.T, dir string, names ...string) diag.List {
	t.Helper()
	src, diags := lang.Open(os.DirFS(dir), names)
	out := append(diag.List(nil), diags...)
	for _, env := range src.Environments() {
		_, diags := src.Evaluate(env)
		out = append(out, diags...)
	}
	return out.Sort()
}
