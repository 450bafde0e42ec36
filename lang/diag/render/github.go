package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// GitHub writes the report as workflow commands, which GitHub Actions turns
// into annotations on the lines of a pull request:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func GitHub(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	for _, d := range r.Diagnostics {
		command := d.Severity
		if command == "note" {
			command = "notice"
		}
		var props []string
		if d.Range != nil {
			props = append(props,
				"file="+escapeProperty(d.Range.Filename),
				fmt.Sprintf("line=%d,col=%d,endLine=%d", d.Range.Start.Line, d.Range.Start.Column, d.Range.End.Line))
			if d.Range.Start.Line == d.Range.End.Line { // GitHub shows no columns across lines
				props = append(props, fmt.Sprintf("endColumn=%d", max(d.Range.Start.Column, d.Range.End.Column)))
			}
		}
		title, message := d.Code+": "+d.Summary, d.Detail
		if d.Accepted != nil {
			title, message = title+" (accepted)", sentence(d.Accepted.String())
		}
		props = append(props, "title="+escapeProperty(title))
		for _, rel := range d.Related[:min(len(d.Related), maxRelated)] {
			message += fmt.Sprintf("\n%s:%d: %s", rel.Range.Filename, rel.Range.Start.Line, rel.Message)
		}
		if message == "" {
			message = d.Summary
		}
		// A bufio.Writer keeps its first error for Flush to return.
		_, _ = fmt.Fprintf(out, "::%s %s::%s\n", command, strings.Join(props, ","), escapeData(message))
	}
	return out.Flush()
}

// sentence begins a text with a capital letter.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// escapeData and escapeProperty follow toolkit/packages/core/src/command.ts of
// github.com/actions: without them a message could end the command or begin
// another.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
