package doctor

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"nselfc/compiler/policy"
	"nselfc/lang/diag/render"
)

// Text writes the report for people: findings first, the worst before the others,
// then what was looked at. width is that of the terminal, in columns, at which prose
// is wrapped; 0 wraps nothing. Commands are never wrapped.
func (r *Report) Text(w io.Writer, width int) error {
	b := page{width: width}
	for severity := policy.Critical; ; severity-- {
		for _, one := range r.Results {
			if one.Severity == severity {
				b.finding(one)
			}
		}
		if severity == policy.Info {
			break
		}
	}
	r.seen(&b)
	r.unseen(&b)
	r.accepted(&b)
	if len(r.Checklist) > 0 {
		b.WriteString("Before a deployment:\n")
		for _, item := range r.Checklist {
			mark := map[State]string{OK: "x", Found: " ", NotSeen: "?", Absent: "-"}[item.State]
			b.prose("  ["+mark+"] ", "      ", item.Text)
			b.prose("        ", "        ", clean(item.Evidence))
		}
		b.WriteString("\n")
	}
	b.prose("", "", r.verdict())
	_, err := w.Write(b.Bytes())
	return err
}

// page is a report that is being written.
type page struct {
	bytes.Buffer
	width int
}

// prose writes a text without breaks of its own, the first line after one indent and
// those that it is wrapped into after another.
func (b *page) prose(first, rest, text string) {
	lines := []string{text}
	if b.width > 0 {
		lines = render.Wrap(text, max(b.width-len(rest), leastWidth))
	}
	for i, line := range lines {
		indent := first
		if i > 0 {
			indent = rest
		}
		b.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
}

// leastWidth is what a text is given on the narrowest terminal, in columns.
const leastWidth = 20

func (b *page) finding(one Result) {
	for _, f := range one.Findings {
		b.prose("", "", fmt.Sprintf("%s %s: %s", one.Severity, one.Code, one.Title))
		b.prose("  ", "  ", clean(f.Object))
		b.WriteString("\n")
		for line := range strings.SplitSeq(strings.TrimSpace(f.Evidence)+"\n\n"+strings.Trim(f.Fix, "\n"), "\n") {
			line = render.Clean(line, false)
			if strings.HasPrefix(line, "    ") {
				b.WriteString("  " + line + "\n")
				continue
			}
			b.prose("  ", "  ", line)
		}
		b.WriteString("\n")
	}
}

// seen lists what was looked at and is well.
func (r *Report) seen(b *page) {
	n := 0
	for _, one := range r.Results {
		if one.State != OK {
			continue
		}
		if n++; n == 1 {
			b.WriteString("Seen:\n")
		}
		b.prose("  "+one.Code+"  ", "          ", clean(one.Evidence))
	}
	if n > 0 {
		b.WriteString("\n")
	}
}

// unseen lists the reasons why something was not seen, each with the codes that it
// stands in the way of.
func (r *Report) unseen(b *page) {
	var reasons []string
	codes := map[string][]string{}
	for _, one := range r.Results {
		if one.State != NotSeen {
			continue
		}
		if codes[one.Evidence] == nil {
			reasons = append(reasons, one.Evidence)
		}
		codes[one.Evidence] = append(codes[one.Evidence], one.Code)
	}
	for i, why := range reasons {
		if i == 0 {
			b.WriteString("Not seen:\n")
		}
		b.prose("  ", "  ", clean(why))
		b.prose("    ", "    ", strings.Join(codes[why], " "))
	}
	if len(reasons) > 0 {
		b.WriteString("\n")
	}
}

// verdict counts what was found, and what was not seen.
func (r *Report) verdict() string {
	var parts []string
	for severity := policy.Critical; ; severity-- {
		n := 0
		for _, one := range r.Results {
			if one.Severity == severity {
				n += len(one.Findings)
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
		if severity == policy.Info {
			break
		}
	}
	what := r.Stack
	if r.Environment != "" {
		what += ", " + r.Environment
	}
	found := "no findings"
	if r.Unseen(policy.Info) > 0 {
		found = "no findings in what was seen"
	}
	if len(parts) > 0 {
		found = "findings: " + strings.Join(parts, ", ")
	}
	return fmt.Sprintf("%s: %s; %d checks ok, %d not seen, %d not applicable", clean(what), found, r.states(OK), r.states(NotSeen), r.states(Absent))
}

func (r *Report) states(s State) int {
	n := 0
	for _, one := range r.Results {
		if one.State == s {
			n++
		}
	}
	return n
}

// How much of what others wrote stands in a finding, in characters: a name of a
// megabyte is nothing that anybody reads.
const (
	maxObject   = 400
	maxEvidence = 2000
)

// onOneLine keeps a text from beginning lines of its own in a report, and bounds it.
func onOneLine(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// withoutBreaks takes the breaks of lines out of the strings of a JSON document: names
// of others stand in sentences, and in commands to be copied.
func withoutBreaks(document string) string {
	return strings.NewReplacer(`\\`, `\\`, `\n`, " ", `\r`, " ", `\t`, " ", `\u000a`, " ", `\u000A`, " ", `\u000d`, " ", `\u000D`, " ",
		`\u0085`, " ", `\u2028`, " ", `\u2029`, " ", "\u0085", " ", "\u2028", " ", "\u2029", " ").Replace(document)
}

// clean makes one line of a text from outside, without control characters.
func clean(text string) string {
	return render.Clean(strings.Join(strings.Fields(text), " "), false)
}

// counted gives a number with its noun.
func counted(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "file or folder"):
		return fmt.Sprintf("%d files and folders", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
