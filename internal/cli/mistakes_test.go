package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/lang/diag"
)

var (
	mistake    = regexp.MustCompile(`(?m)^## .*$`)
	fenceOfAny = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```\n")
)

// TestMistakes compiles what docs/mistakes.md says that one would try: the errors are
// those that stand below it, and what stands below "Right" has none. With -update,
// it writes the errors.
func TestMistakes(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "mistakes.md")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, sections := string(b), mistake.FindAllStringIndex(string(b), -1)
	if len(sections) < 28 {
		t.Errorf("only %d mistakes", len(sections))
	}
	for i, section := range slices.Backward(sections) { // from the end, as texts may grow
		from, end := section[0], len(text)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		fences := fenceOfAny.FindAllStringSubmatchIndex(text[from:end], -1)
		var kinds []string
		for _, f := range fences {
			kinds = append(kinds, text[from+f[2]:from+f[3]])
		}
		title := strings.TrimSuffix(text[from:end][:strings.Index(text[from:end], "\n")], "\n")
		if len(kinds) != 4 || !slices.Equal(kinds[1:], []string{"hcl", "text", "hcl"}) {
			t.Errorf("%s: a snippet, a try, its errors and the right way are wanted, in this order: %v", title, kinds)
			continue
		}
		body := func(n int) string { return text[from+fences[n][4] : from+fences[n][5]] }
		if right := compiledIn(t, completed("", "Right", body(3)), false); right.HasErrors() {
			t.Errorf("%s: the right way: %s", title, errorsOf(right))
		}
		found := compiledIn(t, completed("", "Wrong", body(1)), false)
		if !found.HasErrors() {
			t.Errorf("%s: it compiles", title)
		}
		if told := errorsOf(found); *update {
			text = text[:from+fences[2][4]] + told + text[from+fences[2][5]:]
		} else if diff := cmp.Diff(told, body(2)); diff != "" {
			t.Errorf("%s: the errors are others; run go test ./internal/cli -run TestMistakes -update\n%s", title, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// errorsOf shows the errors as a terminal of a hundred columns would, without the
// places.
func errorsOf(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		if d.Severity != diag.Error {
			continue
		}
		b.WriteString("Error " + d.Code + ": " + d.Summary + "\n\n")
		for line := range strings.Lines(d.Detail) {
			column := 0
			for i, word := range strings.SplitAfter(strings.TrimSuffix(line, "\n"), " ") {
				if column+len(strings.TrimSpace(word)) > 100 && i > 0 {
					b.WriteString("\n")
					column = 0
				}
				b.WriteString(word)
				column += len(word)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}
