package render

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TextOptions say how much a terminal can take.
type TextOptions struct {
	Color bool
	// Width wraps prose, in columns; 0 does not wrap. Code never wraps.
	Width int
	// Limit is the number of findings shown in full, errors first; 0 shows all.
	Limit int
	// Alike is the number of warnings, or notes, of one code that are shown in
	// full; of the others, only the places are. 0 shows all.
	Alike int
}

// DefaultLimit is as many findings as anybody reads at once. DefaultAlike keeps
// one habit of a large stack from burying everything else.
const (
	DefaultLimit = 50
	DefaultAlike = 3
)

// Text writes the report for people: each finding with its place, its line and
// what to do, and a count at the end. It writes nothing for an empty report.
func Text(w io.Writer, r *Report, o TextOptions) error {
	p := printer{w: bufio.NewWriter(w), o: o}
	shown := pick(r.Diagnostics, o.Limit, o.Alike)
	for i := range r.Diagnostics {
		if shown == nil || shown[i] {
			p.diagnostic(&r.Diagnostics[i])
		}
	}
	for _, g := range rests(r.Diagnostics, shown) {
		p.more(g)
	}
	p.summary(r)
	return p.w.Flush()
}

// maxRelated is the number of related places that text and annotations show; a
// cycle may have thousands.
const maxRelated = 12

// The five colours: SGR parameters of ECMA-48.
const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	blue   = "34"
	green  = "32"
)

type printer struct {
	w *bufio.Writer
	o TextOptions
}

// printf writes; a bufio.Writer keeps its first error for Flush to return.
func (p *printer) printf(format string, args ...any) { _, _ = fmt.Fprintf(p.w, format, args...) }

func (p *printer) paint(color, s string) string {
	if !p.o.Color || s == "" || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

func (p *printer) diagnostic(d *Diagnostic) {
	if d.Accepted != nil {
		p.accepted(d)
		return
	}
	word, color := d.heading()
	p.printf("%s %s\n", p.paint(color, word+" "+d.Code+":"), p.paint(bold, d.Summary))
	if d.Range != nil {
		p.place(*d.Range, "", d.Snippet, color, "^")
	}
	if d.Detail != "" {
		p.printf("\n")
		p.prose(d.Detail)
	}
	for i, rel := range d.Related {
		if i == maxRelated {
			p.printf("\n  … and %d places more\n", len(d.Related)-i)
			break
		}
		p.printf("\n")
		p.place(rel.Range, rel.Message, rel.Snippet, blue, "-")
	}
	if d.Fix != nil && d.Fix.Preview != nil {
		p.printf("\n  Suggested change:\n")
		p.lines(d.Fix.Preview, green)
	}
	p.printf("\n")
}

// accepted prints a finding that nobody has to act on now: what is waived, by whom
// and until when, and no advice.
func (p *printer) accepted(d *Diagnostic) {
	word, color := d.heading()
	p.printf("%s %s\n", p.paint(color, word+" "+d.Code+":"), p.paint(bold, d.Summary))
	if d.Range != nil {
		at := place(*d.Range)
		if d.Address != "" {
			at += ": " + d.Address
		}
		p.printf("  %s\n", at)
	}
	p.prose(d.Accepted.String())
	p.printf("\n")
}

// place prints a position and the line below it.
func (p *printer) place(r Range, message string, s *Snippet, color, mark string) {
	if r.Filename == "" {
		if message != "" {
			p.printf("  %s\n", message)
		}
		return
	}
	at := place(r)
	if message != "" {
		message = ": " + message
	}
	p.printf("  %s%s\n", p.paint(bold, at), message)
	if s == nil {
		return
	}
	p.lines(s, "")
	runes := []rune(s.Code)
	width := max(1, columns(runes[s.HighlightStart:max(s.HighlightStart, s.HighlightEnd)]))
	gutter := strings.Repeat(" ", len(strconv.Itoa(s.StartLine)))
	p.printf("  %s %s%s\n", p.paint(blue, gutter+" |"), indentLike(s.Code, s.HighlightStart), p.paint(color, strings.Repeat(mark, width)))
}

// lines prints code with its line numbers.
func (p *printer) lines(s *Snippet, color string) {
	n := s.StartLine
	for line := range strings.SplitSeq(s.Code, "\n") {
		p.printf("  %s %s\n", p.paint(blue, strconv.Itoa(n)+" |"), p.paint(color, line))
		n++
	}
}

// indentLike gives blanks as wide as the first n characters of s: tabs stay
// tabs, so that marks stand below what they mark however wide a tab is.
func indentLike(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if n == 0 {
			break
		}
		n--
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteString(strings.Repeat(" ", columns([]rune{r})))
		}
	}
	return b.String()
}

// prose prints sentences, wrapped and indented by two. A line that begins with
// four spaces is code: it is not wrapped.
func (p *printer) prose(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(line, "    ") || line == "" {
			p.printf("%s\n", strings.TrimRight("  "+line, " "))
			continue
		}
		for _, part := range Wrap(line, p.o.Width-2) {
			p.printf("  %s\n", part)
		}
	}
}

// Wrap splits a line at spaces into parts of at most width columns. Widths
// below 20 and lines that fit are left alone; so is a word that does not fit.
func Wrap(line string, width int) []string {
	if width < 20 || utf8.RuneCountInString(line) <= width {
		return []string{line}
	}
	var out []string
	var b strings.Builder
	n := 0
	for word := range strings.FieldsSeq(line) {
		size := utf8.RuneCountInString(word)
		if n > 0 && n+1+size > width {
			out = append(out, b.String())
			b.Reset()
			n = 0
		}
		if n > 0 {
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += size
	}
	return append(out, b.String())
}

// summary counts, and says where to read more.
func (p *printer) summary(r *Report) {
	if len(r.Diagnostics) == 0 {
		return
	}
	line := countOf(r.ErrorCount, "error", r.WarningCount, "warning")
	if r.AcceptedCount > 0 {
		found := "1 accepted finding"
		if r.AcceptedCount > 1 {
			found = strconv.Itoa(r.AcceptedCount) + " accepted findings"
		}
		if line == "" {
			p.printf("%s. Who accepted what: nselfc waivers\n", p.paint(bold, found))
			return
		}
		line += ", and " + found
	}
	if line == "" {
		return // notes alone need no count
	}
	p.printf("%s. What a code means: nselfc explain %s\n", p.paint(bold, line), r.first())
}

// first gives the code to look up first.
func (r *Report) first() string {
	for _, d := range r.Diagnostics {
		if d.Severity == "error" || r.ErrorCount == 0 && (d.Severity == "warning" || r.WarningCount == 0) {
			return d.Code
		}
	}
	return "CODE"
}

// countOf prints two counts of things, leaving out those that are none.
func countOf(n int, thing string, m int, other string) string {
	var parts []string
	for _, c := range []struct {
		n    int
		noun string
	}{{n, thing}, {m, other}} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.noun)
		case c.n > 1:
			parts = append(parts, strconv.Itoa(c.n)+" "+c.noun+"s")
		}
	}
	return strings.Join(parts, " and ")
}
