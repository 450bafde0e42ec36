package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// TestPagesTellTheTruth compiles the examples of nselfc explain: what stands
// below "Right" compiles and does not raise the code, what stands below "Wrong"
// raises it. An example is completed to a stack first, as a reader would.
func TestPagesTellTheTruth(t *testing.T) {
	compiled := 0
	for _, code := range diag.Codes() {
		page, _ := diag.Page(code)
		for _, heading := range []string{"Wrong", "Right"} {
			for i, example := range examples(page, heading) {
				if reason, ok := textOnly[code+" "+heading]; ok {
					if reason == "" {
						t.Errorf("%s: say why", code)
					}
					continue
				}
				compiled++
				t.Run(code+"/"+heading+"/"+string(rune('1'+i)), func(t *testing.T) {
					stack := completed(code, heading, example)
					found := compiledIn(t, stack)
					raised := slices.ContainsFunc(found, func(d *diag.Diagnostic) bool { return d.Code == code })
					switch {
					case heading == "Wrong" && !raised:
						t.Errorf("not raised: %s\n%s", told(found), stack)
					case heading == "Right" && (raised || found.HasErrors()):
						t.Errorf("%s\n%s", told(found), stack)
					}
				})
			}
		}
	}
	if compiled < 150 {
		t.Errorf("only %d examples were compiled", compiled)
	}
	for key := range textOnly {
		code, heading, _ := strings.Cut(key, " ")
		if page, _ := diag.Page(code); len(examples(page, heading)) == 0 {
			t.Errorf("%s has no such example: take it off the list", key)
		}
	}
}

// textOnly are the examples in HCL that no stack can be made of by itself.
var textOnly = map[string]string{}

var (
	section = regexp.MustCompile(`(?m)^## (.*)$`)
	fence   = regexp.MustCompile("(?ms)^```hcl\n(.*?)^```")
)

// examples gives the HCL below a heading of a page.
func examples(page, heading string) []string {
	parts := section.FindAllStringSubmatchIndex(page, -1)
	var out []string
	for i, p := range parts {
		end := len(page)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		if page[p[2]:p[3]] != heading {
			continue
		}
		for _, m := range fence.FindAllStringSubmatch(page[p[1]:end], -1) {
			out = append(out, m[1])
		}
	}
	return out
}

func told(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.Severity.String() + " " + d.Code + ": " + d.Summary + ": " + d.Detail + "\n")
	}
	return b.String()
}

// compiledIn compiles a stack in a folder that has what examples refer to.
func compiledIn(t *testing.T, stack string) diag.List {
	t.Helper()
	dir := t.TempDir()
	for name, text := range folder {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(stack), 0o644); err != nil {
		t.Fatal(err)
	}
	_, diags := build.Compile(context.Background(), dir, build.Options{})
	return diags
}
