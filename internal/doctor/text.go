package doctor

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"nselfc/compiler/policy"
	"nselfc/lang/diag/render"
)

// Text writes the report for people: findings first, the worst before the others,
// then what was looked at.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	for severity := policy.Critical; ; severity-- {
		for _, one := range r.Results {
			if one.Severity == severity {
				finding(&b, one)
			}
		}
		if severity == policy.Info {
			break
		}
	}
	r.seen(&b)
	r.unseen(&b)
	if len(r.Checklist) > 0 {
		b.WriteString("Before a deployment:\n")
		for _, item := range r.Checklist {
			mark := map[State]string{OK: "x", Found: " ", NotSeen: "?", Absent: "-"}[item.State]
			fmt.Fprintf(&b, "  [%s] %s\n        %s\n", mark, item.Text, clean(item.Evidence))
		}
		b.WriteString("\n")
	}
	b.WriteString(r.verdict() + "\n")
	_, err := w.Write(b.Bytes())
	return err
}

func finding(b *bytes.Buffer, one Result) {
	for _, f := range one.Findings {
		fmt.Fprintf(b, "%s %s: %s\n  %s\n\n", one.Severity, one.Code, one.Title, clean(f.Object))
		for line := range strings.SplitSeq(strings.TrimSpace(f.Evidence)+"\n\n"+strings.Trim(f.Fix, "\n"), "\n") {
			b.WriteString(strings.TrimRight("  "+render.Clean(line, false), " ") + "\n")
		}
		b.WriteString("\n")
	}
}

// seen lists what was looked at and is well, a line each.
func (r *Report) seen(b *bytes.Buffer) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	n := 0
	for _, one := range r.Results {
		if one.State != OK {
			continue
		}
		if n++; n == 1 {
			_, _ = fmt.Fprintln(w, "Seen:") // a Buffer takes everything
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", one.Code, clean(one.Evidence))
	}
	_ = w.Flush()
	if n > 0 {
		b.WriteString("\n")
	}
}

// unseen lists the reasons why something was not seen, each with the codes that it
// stands in the way of.
func (r *Report) unseen(b *bytes.Buffer) {
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
		fmt.Fprintf(b, "  %s\n    %s\n", clean(why), strings.Join(codes[why], " "))
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
