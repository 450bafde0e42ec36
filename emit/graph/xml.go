package graph

import "strings"

// text makes a string safe between tags, and attr in a quoted attribute, of XML
// and HTML alike. What XML cannot hold is cleaned away first.
func text(s string) string { return escapes().Replace(clean(s)) }
func attr(s string) string { return text(s) }

func escapes() *strings.Replacer {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
}
