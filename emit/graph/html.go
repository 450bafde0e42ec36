package graph

import (
	"fmt"
	"strings"
)

// HTML writes a page that needs no other file and no script: the picture, in a
// box of its own that scrolls, and beneath it tables of the same facts, to which
// the picture's boxes link. It is well-formed XML as well.
func HTML(g *Graph) string {
	var b strings.Builder
	title := text(g.Title())
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n")
	b.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n")
	b.WriteString("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n", title, pageStyle())
	b.WriteString("<a class=\"skip\" href=\"#tables\">Skip the picture: who can reach what, in tables</a>\n<main>\n")
	fmt.Fprintf(&b, "<h1>%s</h1>\n<p>%s. Each box of the picture links to its line in the tables.</p>\n", title, text(g.summary()))
	b.WriteString("<section class=\"picture\" tabindex=\"0\" aria-label=\"Picture of the topology; scrolls\">\n" + drawing(g, rowID) + "</section>\n")
	t := tables{facts: newFacts(g)}
	t.write()
	b.WriteString("<section id=\"tables\" tabindex=\"-1\" aria-labelledby=\"tables-title\">\n<h2 id=\"tables-title\">Who can reach what</h2>\n")
	b.WriteString(t.String() + "</section>\n</main>\n</body>\n</html>\n")
	return b.String()
}

// rowID begins the ids of table rows; a node's number ends them.
const rowID = "row-"

// pageStyle is what the page adds to the picture's own style.
func pageStyle() string {
	colours := func(back, front, faint, blue, edge string) string {
		return fmt.Sprintf("body{background:%s;color:%s}caption,p{color:%s}a{color:%s}th,td,.picture{border-color:%s}\n:target,tr:target{outline:3px solid %s}\n", back, front, faint, blue, edge, blue)
	}
	return `body{margin:12px;font:16px/1.5 system-ui,sans-serif}
main{max-width:none}
h1{font-size:24px;margin:0}h2{font-size:20px}
.picture{overflow:auto;border:1px solid;margin:16px 0}
.picture svg{display:block}
.picture:focus,a:focus,section:focus{outline:3px solid;outline-offset:2px}
.picture svg a:focus{outline:none}
.skip{position:absolute;left:-9999px}
.skip:focus{position:static}
table{border-collapse:collapse;margin:0 0 32px;width:100%;font-size:15px}
caption{text-align:left;padding:4px 0}
caption strong{font-size:17px}
th,td{border:1px solid;padding:4px 8px;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{white-space:nowrap}
code{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
` + colours(paper, ink, quiet, link, "#8c959f") +
		"@media screen and (prefers-color-scheme:dark){\n" + colours(darkPaper, darkInk, darkQuiet, darkLink, "#6e7681") + "}\n" +
		`@media print{
body{margin:0;font-size:11pt}
.skip{display:none}
.picture{overflow:visible;border:0;break-inside:avoid}
.picture svg{max-width:100%;height:auto;max-height:100vh}
a{color:inherit;text-decoration:none}
tr{break-inside:avoid}
thead{display:table-header-group}
}
`
}
