package graph

import "html"

// text makes a string safe between tags, and in a quoted attribute, of XML and
// HTML alike. What XML cannot hold is cleaned away first.
func text(s string) string { return html.EscapeString(clean(s)) }
