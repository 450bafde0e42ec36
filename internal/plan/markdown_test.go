package plan

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gfm "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// hostile are texts that a reader of Markdown or HTML could take for more than text.
var hostile = []string{
	"a|b", "`", "``` x", "````", "</details>", "<script>alert(1)</script>", "@everyone", "[x](https://evil.example)", "![x](http://evil.example/x.png)",
	"https://evil.example", "www.evil.example", "a\nb\n\n# c", "\u202egnp.exe", "*b* _i_ ~~s~~", "<!-- x -->", "-->", "&lt;", `\`, `\|`, "\x1b[31m", "- [ ] x", "a@b.example", "<https://evil.example>", "</summary>",
}

// bomb is a plan in which every text is s.
func bomb(s string, n int) *Plan {
	p := &Plan{Stack: "shop", title: s, name: func(string) string { return s }}
	e := &Environment{Name: "prod", Status: Changed, Review: &review.Review{}}
	at := source.Origin{Range: source.Range{File: "x", Start: source.Pos{Line: 3}, End: source.Pos{Line: 3}}, By: s}
	for i := range n {
		e.Review.Risks = append(e.Review.Risks, review.Risk{Code: "NS702", Severity: review.High, Summary: s, Detail: s, Address: s, Origin: at})
		e.Review.Safer = append(e.Review.Safer, review.Risk{Code: "NS702", Safer: true, Detail: s, Origin: at})
		e.Review.Changes = append(e.Review.Changes, model.Change{
			Address: s, Previous: s + "x", Action: model.Update, Type: "service",
			Attributes: []model.Attribute{{Path: []string{s, s}, Before: s, After: []any{s, s + "y"}}},
		})
		e.Review.Effects.Recreate = append(e.Review.Effects.Recreate, review.Container{Service: s, Reasons: []string{s}})
		e.Files = append(e.Files, File{
			Path: fmt.Sprint(s, i), Previous: s, Action: model.Update, Old: s + "\n", New: s + "z\n" + s + "\n", ExplainedBy: []string{s},
		})
	}
	e.Review.Effects.Steps = []review.Step{{Address: s, Text: s}}
	p.Environments = []*Environment{e}
	return p
}

// shape counts what a Markdown reader (CommonMark with GitHub's extensions) sees.
func shape(t *testing.T, markdown string) map[string]int {
	t.Helper()
	src := []byte(markdown)
	out := map[string]int{}
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src))
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				out["html "+tag(string(line.Value(src)))]++
			}
		case *ast.RawHTML, *ast.Link, *ast.AutoLink, *ast.Image, *gfm.Strikethrough, *gfm.TaskCheckBox:
			out["bad "+n.Kind().String()]++
		case *gfm.TableCell:
			out["cell"]++
		default:
			out[n.Kind().String()]++
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tag gives the elements of a line of HTML without what stands in them.
func tag(line string) string {
	line = strings.TrimSpace(line)
	if rest, ok := strings.CutPrefix(line, "<details><summary>"); ok && strings.HasSuffix(rest, "</summary>") && !strings.ContainsAny(strings.TrimSuffix(rest, "</summary>"), "<>") {
		return "details"
	}
	return line
}

// TestMarkdownIsText wants hostile texts to change nothing about the structure.
func TestMarkdownIsText(t *testing.T) {
	report := &render.Report{}
	want := shape(t, bomb("plain", 3).comment(report))
	for _, name := range []string{"html <!-- nselfc-plan:shop -->", "html details", "html </details>", "cell", "FencedCodeBlock", "Table", "Heading"} {
		if want[name] == 0 {
			t.Fatalf("the plan has no %s: %v", name, want)
		}
	}
	for _, s := range hostile {
		comment := bomb(s, 3).comment(report)
		got := shape(t, comment)
		for _, name := range []string{"cell", "FencedCodeBlock", "Table", "TableRow", "Heading", "List", "ListItem", "html details", "html </details>"} {
			if got[name] != want[name] {
				t.Errorf("%q makes %d %s, want %d:\n%s", s, got[name], name, want[name], comment)
			}
		}
		for name := range got {
			if strings.HasPrefix(name, "bad ") || strings.HasPrefix(name, "html ") && want[name] == 0 {
				t.Errorf("%q becomes %s:\n%s", s, name, comment)
			}
		}
		outside := withoutCode(comment)
		if strings.Contains(outside, "@everyone") || strings.ContainsAny(comment, "\x1b\u202e") {
			t.Errorf("%q is printed as it is:\n%s", s, comment)
		}
		if !strings.HasPrefix(comment, "<!-- nselfc-plan:shop -->\n") {
			t.Errorf("%q: the marker is not first", s)
		}
	}
	// The control: the reader sees what is not escaped.
	if got := shape(t, "www.evil.example <b> [x](y)"); got["bad Link"] != 1 || got["bad RawHTML"] != 1 || got["bad AutoLink"] != 1 {
		t.Errorf("the reader sees %v", got)
	}
}

// withoutCode leaves out fenced blocks and spans, in which GitHub mentions nobody.
func withoutCode(markdown string) string {
	var b strings.Builder
	in := ""
	for line := range strings.Lines(markdown) {
		fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case in == "" && len(fence) >= 3:
			in = fence
		case in != "" && strings.TrimSuffix(line, "\n") == in:
			in = ""
		case in == "":
			for i, part := range strings.Split(line, "`") {
				if i%2 == 0 {
					b.WriteString(part)
				}
			}
		}
	}
	return b.String()
}

// TestMarkdownFits bounds the comment, whatever is in it, and wants it to say that
// something is missing.
func TestMarkdownFits(t *testing.T) {
	report := &render.Report{}
	long := strings.Repeat("x|`@", 400)
	huge := bomb("plain", 1)
	huge.Environments[0].Files[0].Old = strings.Repeat("a\n", 200_000)
	huge.Environments[0].Files[0].New = strings.Repeat("b\n", 200_000)
	var steps []review.Step
	for range 5000 {
		steps = append(steps, review.Step{Address: "postgres.main", Text: long})
	}
	stepped := bomb("plain", 1)
	stepped.Environments[0].Review.Effects.Steps = steps
	many := bomb(long, 5)
	for i := range 300 {
		more := *many.Environments[0]
		more.Name = fmt.Sprint("env", i)
		many.Environments = append(many.Environments, &more)
	}
	failing := bomb("plain", 1)
	errors := &render.Report{ErrorCount: 20_000}
	for range 20_000 {
		errors.Diagnostics = append(errors.Diagnostics, render.Diagnostic{Severity: "error", Code: "NS101", Summary: long})
	}
	for name, tc := range map[string]struct {
		plan   *Plan
		report *render.Report
		says   []string
	}{
		"1000 services":         {bomb("service.a-very-long-name-of-a-service-that-somebody-chose", 1000), report, []string{" of 2000 are shown", "more parts do not fit"}},
		"10,000 risks":          {bomb("a risk", 10_000), report, []string{"100 of 20000 are shown", "10000 high"}},
		"long texts":            {bomb(long, 60), report, []string{" of 120 are shown"}},
		"200,000 lines":         {huge, report, []string{"400001 lines omitted", "+200000 -200000"}},
		"many environments":     {many, report, []string{"environments more do not fit"}},
		"many steps":            {stepped, report, []string{"more: run `nselfc plan`"}},
		"many errors":           {failing, errors, []string{"20000 errors", "- …"}},
		"everything is hostile": {bomb(strings.Join(hostile, " "), 400), report, []string{" of 800 are shown"}},
	} {
		comment := tc.plan.comment(tc.report)
		if n := utf8.RuneCountInString(comment); n > maxComment || n < 500 {
			t.Errorf("%s: %d characters", name, n)
		}
		for _, s := range tc.says {
			if !strings.Contains(comment, s) {
				t.Errorf("%s: the comment does not say %q: …%s", name, s, comment[max(0, len(comment)-600):])
			}
		}
		if got := shape(t, comment); got["html details"] != got["html </details>"] {
			t.Errorf("%s: something is cut open: %v", name, got)
		}
	}
}
