package diag_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nselfc/lang/diag"
)

// codesInSources collects every code that a Go source of the compiler names.
func codesInSources(t *testing.T) map[string]string {
	t.Helper()
	quoted := regexp.MustCompile(`"(NS[0-9]{3,4})"`)
	used := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root && d.Name() != ".."):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		b, err := os.ReadFile(path)
		for _, m := range quoted.FindAllSubmatch(b, -1) {
			used[string(m[1])] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 20 {
		t.Fatalf("found only %d codes under %s: this test does not see the sources", len(used), root)
	}
	return used
}

func TestEveryCodeHasAPage(t *testing.T) {
	for code, path := range codesInSources(t) {
		if _, ok := diag.Page(code); !ok {
			t.Errorf("%s uses %s, which has no page in lang/diag/pages", path, code)
		}
	}
}

func TestEveryPageHasACode(t *testing.T) {
	used := codesInSources(t)
	for _, code := range diag.Codes() {
		if used[code] == "" {
			t.Errorf("lang/diag/pages/%s.md explains a code that nothing reports", code)
		}
	}
}

func TestPagesHaveTheShape(t *testing.T) {
	title := regexp.MustCompile(`^# (NS[0-9]{3,4}): \S`)
	for _, code := range diag.Codes() {
		page, _ := diag.Page(code)
		if m := title.FindStringSubmatch(page); m == nil || m[1] != code {
			t.Errorf("%s: the page does not begin with %q", code, "# "+code+": Summary")
		}
		first, second := "Wrong", "Right"
		if diag.CodeIn(code, "NS700", "NS800") { // what a change does: no state of a stack is wrong
			first, second = "Before", "After"
		}
		wrong, right := strings.Index(page, "\n## "+first+"\n"), strings.Index(page, "\n## "+second+"\n")
		if wrong < 0 || right < wrong {
			t.Errorf("%s: the page needs the sections ## %s and ## %s, in this order", code, first, second)
			continue
		}
		if strings.TrimSpace(strings.SplitN(page, "\n", 2)[1][:max(0, wrong-len(strings.SplitN(page, "\n", 2)[0]))]) == "" {
			t.Errorf("%s: the page does not say why it matters", code)
		}
		if strings.Count(page[wrong:right], "```") < 2 || strings.Count(page[right:], "```") < 2 {
			t.Errorf("%s: both sections need a fenced example", code)
		}
	}
}
