package proof_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"nselfc/emit"
	"nselfc/internal/proof"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// languages are those of the examples on the pages of proved rules, by the word
// behind the fence; each completes an example to the artefacts of a whole stack.
var languages = map[string]func(t *testing.T, files []emit.File, example string) []emit.File{
	"yaml": completeCompose,
}

// TestPagesAreProved runs the examples of every proved rule: put into the artefacts
// of a stack that keeps all rules, what stands below "Wrong" breaks this rule and no
// other, and what stands below "Right" breaks none.
func TestPagesAreProved(t *testing.T) {
	stack := shop(t)
	for _, code := range codes() {
		page, ok := diag.Page(code)
		if !ok {
			t.Errorf("%s has no page", code)
			continue
		}
		for _, heading := range []string{"Wrong", "Right"} {
			examples := examplesOf(page, heading)
			if len(examples) == 0 && !diag.CodeIn(code, "NS1500", "NS2000") { // whose pages show excerpts of other files
				t.Errorf("%s: nothing that can be run stands below %s", code, heading)
			}
			for i, e := range examples {
				t.Run(code+"/"+heading+string(rune('1'+i)), func(t *testing.T) {
					found := composed(languages[e.language](t, stack, e.text))
					wrong := slices.ContainsFunc(found, func(f proof.Finding) bool { return f.Code == code })
					other := slices.ContainsFunc(found, func(f proof.Finding) bool { return f.Code != code })
					if wrong != (heading == "Wrong") || other {
						t.Errorf("%s\n%+v", e.text, found)
					}
				})
			}
		}
	}
}

// TestFindingsNameTheirPlace: whoever reads a finding has to find the line.
func TestFindingsNameTheirPlace(t *testing.T) {
	stack := shop(t)
	for _, code := range codes() {
		page, _ := diag.Page(code)
		for _, e := range examplesOf(page, "Wrong") {
			files := languages[e.language](t, stack, e.text)
			for _, f := range composed(files) {
				i := slices.IndexFunc(files, func(o emit.File) bool { return o.Path == f.File })
				lines := 0
				if i >= 0 {
					lines = strings.Count(files[i].Text.String(), "\n") + 1
				}
				if f.Line > lines || f.Line < 0 || f.Line == 0 && i >= 0 && f.Code != "NS2105" || !strings.HasSuffix(f.Detail, ".") || strings.Contains(f.Detail, "%!") {
					t.Errorf("%+v", f)
				}
			}
		}
	}
}

// codes gives the codes of all proved rules.
func codes() []string {
	var out []string
	for _, r := range proof.Rules() {
		out = append(out, r.Code)
	}
	slices.SortFunc(out, diag.CompareCodes)
	return slices.Compact(out)
}

// shop gives the artefacts of a stack in production whose compose file keeps every
// rule: those of examples/shop.
func shop(t testing.TB) []emit.File {
	t.Helper()
	files := environments(t, "../../testdata/stacks/example-shop.txtar")["prod"]
	if found := composed(files); len(found) > 0 || len(files) < 10 {
		t.Fatalf("%d files, and they break rules: %+v", len(files), found)
	}
	return files
}

// composed judges files, and gives the findings in compose files. Golden files have
// placeholders for secrets, and no modes: of the others they are no evidence.
func composed(files []emit.File) []proof.Finding {
	return slices.DeleteFunc(proof.Check(files), func(f proof.Finding) bool { return !strings.HasPrefix(f.File, "docker-compose") })
}

// replaced gives the files with another text for one of them, or with one more.
func replaced(files []emit.File, path, text string) []emit.File {
	files = slices.DeleteFunc(slices.Clone(files), func(f emit.File) bool { return f.Path == path })
	return append(files, emit.File{Path: path, Mode: 0o644, Text: secret.Literal(text)})
}

func textOf(t testing.TB, files []emit.File, path string) string {
	t.Helper()
	i := slices.IndexFunc(files, func(f emit.File) bool { return f.Path == path })
	if i < 0 {
		t.Fatalf("there is no %s", path)
	}
	return files[i].Text.String()
}

type example struct{ language, text string }

var (
	heading = regexp.MustCompile(`(?m)^## (.*)$`)
	fenced  = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```")
)

// examplesOf gives what stands below a heading of a page and can be run.
func examplesOf(page, under string) []example {
	var out []example
	parts := heading.FindAllStringSubmatchIndex(page, -1)
	for i, p := range parts {
		end := len(page)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		if page[p[2]:p[3]] != under {
			continue
		}
		for _, m := range fenced.FindAllStringSubmatch(page[p[1]:end], -1) {
			if languages[m[1]] != nil {
				out = append(out, example{m[1], m[2]})
			}
		}
	}
	return out
}
