package diag

import (
	"cmp"
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
	slices.SortFunc(out, CompareCodes)
	return out
}

// CompareCodes orders codes as their numbers are: NS1001 stands behind NS901.
func CompareCodes(a, b string) int {
	return cmp.Or(len(a)-len(b), strings.Compare(a, b))
}

// CodeIn tells whether a code is one of those from low to below high.
func CodeIn(code, low, high string) bool {
	return CompareCodes(code, low) >= 0 && CompareCodes(code, high) < 0
}
