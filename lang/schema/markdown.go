package schema

import (
	"strconv"
	"strings"
)

// Markdown writes the reference of a block and of everything inside it, under
// headings from the given level on.
func (b *Block) Markdown(level int) string {
	var w strings.Builder
	b.markdown(&w, level, "")
	return w.String()
}

func (b *Block) markdown(w *strings.Builder, level int, path string) {
	var title strings.Builder
	title.WriteString(b.Name)
	for _, l := range b.Labels {
		title.WriteString(" " + strconv.Quote(strings.ToUpper(l)))
	}
	w.WriteString(strings.Repeat("#", min(level, 6)) + " `" + path + title.String() + "`\n\n" + b.Doc + "\n\n")
	if b.Example != "" {
		w.WriteString("```hcl\n" + b.Example + "\n```\n\n")
	}
	if len(b.Args) > 0 {
		w.WriteString("| argument | type | default | |\n|---|---|---|---|\n")
		for _, a := range b.Args {
			a.markdown(w)
		}
		w.WriteString("\n")
	}
	for _, n := range b.Blocks {
		n.markdown(w, level+1, path+b.Name+" › ")
	}
}

func (a *Argument) markdown(w *strings.Builder) {
	def := ""
	switch {
	case a.Required:
		def = "required"
	case a.Default != "":
		def = "`" + a.Default + "`"
	}
	doc := a.Doc
	if len(a.Enum) > 0 {
		doc += " One of `" + strings.Join(a.Enum, "`, `") + "`."
	}
	if a.Example != "" && !strings.Contains(a.Example, "\n") {
		doc += " Example: `" + a.Example + "`"
	}
	w.WriteString("| `" + a.Name + "` | " + a.Type.String() + " | " + def + " | " + strings.ReplaceAll(doc, "|", "\\|") + " |\n")
}
