package lang

import (
	"fmt"
	"strings"
)

// Page explains the rule in Markdown, in the form of the pages of built-in codes.
func (r *Rule) Page() string {
	var b strings.Builder
	title := r.Title.V
	if title == "" {
		title = "a rule of the stack"
	}
	fmt.Fprintf(&b, "# %s: %s\n\n", r.ID.V, title)
	if r.Doc.V != "" {
		b.WriteString(strings.TrimSpace(r.Doc.V) + "\n\n")
	}
	waiver := ""
	if r.Waivable.IsSet() && !r.Waivable.V {
		waiver = " It cannot be waived."
	}
	fmt.Fprintf(&b, "Severity: %s.%s Declared at %s.\n", r.Severity.V, waiver, r.Range)
	if len(r.References) > 0 {
		b.WriteString("\n## References\n\n")
		for _, ref := range r.References {
			b.WriteString("- " + ref.V + "\n")
		}
	}
	for _, e := range r.Examples {
		heading := "Wrong"
		if e.Passes {
			heading = "Right"
		}
		fmt.Fprintf(&b, "\n## %s: %s\n\n```hcl\n%s\n```\n", heading, e.Name.V, strings.TrimRight(e.Text.V, "\n"))
	}
	return b.String()
}
