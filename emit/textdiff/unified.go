package textdiff

import (
	"fmt"
	"strings"
)

// NoNewline is the line of a diff that follows a line without a newline.
const NoNewline = `\ No newline at end of file`

// Unified gives the difference of two texts as git and patch(1) read it: names
// below a/ and b/, and "" for a side that has no file. Texts that are equal under
// one name give "". What hunks cannot say, that a file is renamed, or comes or goes
// without a line, is said in git's extended header, of which patch knows as much.
// Without context, git wants --unidiff-zero.
func Unified(oldName, newName, old, text string, context int) string {
	hunks := Hunks(old, text, context)
	var w strings.Builder
	from, to := orNull("a/", oldName), orNull("b/", newName)
	extended := func(lines ...string) {
		a, b := oldName, newName
		if a == "" {
			a = b
		}
		if b == "" {
			b = a
		}
		fmt.Fprintf(&w, "diff --git %s %s\n%s\n", quoteSpaces("a/"+a), quoteSpaces("b/"+b), strings.Join(lines, "\n"))
	}
	switch {
	case oldName == newName && len(hunks) == 0:
		return ""
	case oldName == "" && len(hunks) == 0:
		extended("new file mode 100644")
	case newName == "" && len(hunks) == 0:
		extended("deleted file mode 100644")
	case oldName == "" || newName == "" || oldName == newName:
	case len(hunks) == 0:
		extended("similarity index 100%", "rename from "+quote(oldName), "rename to "+quote(newName))
	default:
		extended("rename from "+quote(oldName), "rename to "+quote(newName))
	}
	if len(hunks) == 0 {
		return w.String()
	}
	fmt.Fprintf(&w, "--- %s\n+++ %s\n", from, to)
	for i := range hunks {
		w.WriteString(hunks[i].Header())
		w.WriteByte('\n')
		for _, l := range hunks[i].Lines {
			w.WriteByte(l.Op)
			w.WriteString(l.Text)
			if !strings.HasSuffix(l.Text, "\n") {
				w.WriteString("\n" + NoNewline + "\n")
			}
		}
	}
	return w.String()
}

func orNull(prefix, name string) string {
	if name == "" {
		return "/dev/null"
	}
	quoted := quote(prefix + name)
	if strings.Contains(quoted, " ") && quoted[0] != '"' {
		quoted += "\t" // where git puts one, so that the name ends there
	}
	return quoted
}

// quoteSpaces is quote for where a space would end the name.
func quoteSpaces(name string) string {
	if q := quote(name); q[0] == '"' || !strings.Contains(q, " ") {
		return q
	}
	return `"` + name + `"`
}

// quote writes a name as git does: in double quotes, with
// the escapes of C, when it holds what could end or forge a line, or is not ASCII.
func quote(name string) string {
	special := func(c byte) bool { return c < ' ' || c == 0x7f || c == '"' || c == '\\' || c >= 0x80 }
	plain := true
	for i := range len(name) {
		plain = plain && !special(name[i])
	}
	if plain {
		return name
	}
	var w strings.Builder
	w.WriteByte('"')
	for i := range len(name) {
		switch c := name[i]; {
		case c == '"' || c == '\\':
			w.WriteByte('\\')
			w.WriteByte(c)
		case special(c):
			fmt.Fprintf(&w, `\%03o`, c)
		default:
			w.WriteByte(c)
		}
	}
	w.WriteByte('"')
	return w.String()
}
