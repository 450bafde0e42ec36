package diag

import (
	"embed"
	"slices"
	"strings"
)

// The pages of nselfc explain. The documentation is made of the same files.
//
//go:embed pages/*.md
var pages embed.FS

// Page gives the page of a code such as "NS301", in Markdown, and whether there
// is one.
func Page(code string) (string, bool) {
	b, err := pages.ReadFile("pages/" + code + ".md")
	return string(b), err == nil
}

// Title gives the summary that a code's page begins with, or "" when the code
// has no page.
func Title(code string) string {
	page, _ := Page(code)
	line, _, _ := strings.Cut(page, "\n")
	_, title, _ := strings.Cut(line, ": ")
	return strings.TrimSpace(title)
}

// Codes lists the codes that have a page, sorted.
func Codes() []string {
	entries, err := pages.ReadDir("pages")
	if err != nil {
		return nil // the folder is embedded: it cannot be missing
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".md"))
	}
	slices.Sort(out)
	return out
}
