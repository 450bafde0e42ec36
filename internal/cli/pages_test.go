package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/build"
	"nselfc/lang/date"
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
				if code == "NS2204" || diag.CodeIn(code, "NS2300", "NS2400") {
					continue // of tests: internal/stacktest runs them
				}
				if reason, ok := textOnly[code+" "+heading]; ok {
					if reason == "" {
						t.Errorf("%s: say why", code)
					}
					continue
				}
				compiled++
				t.Run(code+"/"+heading+"/"+string(rune('1'+i)), func(t *testing.T) {
					stack := completed(code, heading, example)
					found := compiledIn(t, stack, heading == "Wrong" && diag.CodeIn(code, "NS400", "NS1000"))
					raised := slices.ContainsFunc(found, func(d *diag.Diagnostic) bool { return d.Code == code || heading == "Wrong" && d.Code == earlier[code] })
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
	for code, first := range earlier {
		if page, _ := diag.Page(code); !strings.Contains(page, first) {
			t.Errorf("the page of %s does not say that %s comes first", code, first)
		}
	}
	for key := range textOnly {
		code, heading, _ := strings.Cut(key, " ")
		if page, _ := diag.Page(code); len(examples(page, heading)) == 0 {
			t.Errorf("%s has no such example: take it off the list", key)
		}
	}
}

// textOnly are the examples in HCL that no stack can be made of by itself.
var textOnly = map[string]string{
	"NS135 Wrong":  "a thousand terms are left out",
	"NS136 Wrong":  "100,000 lines are left out",
	"NS209 Wrong":  "forty lines are left out",
	"NS2203 Wrong": "five hundred rules are left out",
	"NS348 Wrong":  "layers of services are left out",
	"NS405 Wrong":  "a value of .secrets stands in it",
	"NS431 Wrong":  "it takes certificates", "NS433 Wrong": "it takes certificates",
	"NS439 Wrong": "it takes certificates", "NS440 Wrong": "it takes certificates",
	"NS441 Wrong": "it takes certificates",
}

// earlier are the findings that come before a second look at the same fault.
// The page must say so.
var earlier = map[string]string{
	"NS329": "NS108", "NS345": "NS211", "NS350": "NS309", "NS351": "NS305", "NS352": "NS306", "NS371": "NS330",
	"NS304": "NS212", "NS308": "NS212", "NS336": "NS212", "NS465": "NS212",
	"NS372": "NS332", "NS373": "NS344", "NS376": "NS331", "NS377": "NS337", "NS381": "NS343", "NS403": "NS212", "NS461": "NS221",
}

var (
	section = regexp.MustCompile(`(?m)^## (.*)$`)
	fileOf  = regexp.MustCompile(`^# (modules/[a-z/]+\.hcl)\n`)
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

// compiledIn compiles a stack in a folder that has what examples refer to, and
// builds it where the host has a say. A comment may name the file of an example.
func compiledIn(t *testing.T, stack string, write bool) diag.List {
	t.Helper()
	dir := around(t)
	if m := fileOf.FindStringSubmatch(stack); m != nil {
		if err := os.WriteFile(filepath.Join(dir, m[1]), []byte(strings.ReplaceAll(stack, "stack \"shop\" {}", "")), 0o644); err != nil {
			t.Fatal(err)
		}
		stack = "stack \"shop\" {}\nmodule \"m\" {\n  source = \"./" + filepath.Dir(m[1]) + "\"\n}\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(stack), 0o644); err != nil {
		t.Fatal(err)
	}
	c, diags := build.Compile(context.Background(), dir, build.Options{Today: date.Of(2026, 12, 1)}) // the day that pages on waivers name
	if write && !diags.HasErrors() {
		_, more := c.Write(context.Background(), build.WriteOptions{Version: Version, Now: time.Now()})
		diags = append(diags, more...)
	}
	return diags
}

// around makes a folder with what examples refer to.
func around(t *testing.T) string {
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
	return dir
}
