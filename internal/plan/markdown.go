package plan

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit/textdiff"
	"nselfc/lang/diag/render"
)

// maxComment is the length of a comment that GitHub takes, in characters; longer
// ones are refused whole (HTTP 422). It is kept in bytes, which are never fewer.
const maxComment = 65_536

// Markdown writes the plan as one comment of a pull request: the summary and the
// risks always, changes and files folded. What does not fit is left out, the
// longest first, and the comment says so. It begins with a marker by which a later
// run finds the comment to update.
func (p *Plan) Markdown(w io.Writer, report *render.Report) error {
	_, err := io.WriteString(w, p.comment(report))
	return err
}

// block is a folded part of the comment.
type block struct {
	title string
	body  string // with its fences
	lines int
	fold  bool // false for what was left out: it shows its title only
}

func (p *Plan) comment(report *render.Report) string {
	head, blocks := p.parts(report)
	// The longest parts go first, until the rest fits.
	order := make([]int, len(blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return -cmp.Compare(len(blocks[a].body), len(blocks[b].body)) })
	total := len(head)
	for i := range blocks {
		total += len(blocks[i].text())
	}
	for _, i := range order {
		if total <= maxComment {
			break
		}
		total -= len(blocks[i].text())
		blocks[i].fold = false
		total += len(blocks[i].text())
	}
	var b strings.Builder
	b.WriteString(head)
	left := 0
	const rest = "\n%d more parts do not fit into a comment: run `nselfc plan`.\n"
	for i := range blocks {
		s := blocks[i].text()
		if b.Len()+len(s)+len(rest)+8 > maxComment {
			left++
			continue
		}
		b.WriteString(s)
	}
	if left > 0 {
		fmt.Fprintf(&b, rest, left)
	}
	return b.String()
}

// parts gives what always stands there, and what may be left out.
func (p *Plan) parts(report *render.Report) (string, []block) {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- nselfc-plan:%s -->\n## Plan of %s\n\n%s\n", clean(p.Stack), span(p.Stack), escapeMarkdown(p.Summary()))
	if p.title != "" {
		fmt.Fprintf(&b, "\nCompared with %s.\n", span(p.title))
	}
	if n := report.ErrorCount; n > 0 {
		fmt.Fprintf(&b, "\n**%s:** a build would stop here.\n\n", plural(n, "error"))
		for _, d := range report.Diagnostics {
			if d.Severity == "error" {
				fmt.Fprintf(&b, "- %s %s%s\n", d.Code, escapeMarkdown(d.Summary), at(d.Range))
			}
			if b.Len() > maxComment/4 {
				b.WriteString("- …\n")
				break
			}
		}
	}
	var blocks []block
	left := 0
	for _, e := range p.Environments {
		if e.Status == Unchanged {
			continue
		}
		if s := p.section(e, maxHead-b.Len()); b.Len()+len(s) <= maxHead {
			b.WriteString(s)
		} else {
			left++
		}
		blocks = append(blocks, p.changesBlock(e))
		for i := range e.Files {
			blocks = append(blocks, e.fileBlock(&e.Files[i]))
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n**%s more do not fit into a comment: run `nselfc plan`.**\n", plural(left, "environment"))
	}
	blocks = append(blocks, acceptedBlock(report))
	return b.String(), slices.DeleteFunc(blocks, func(x block) bool { return x.title == "" })
}

// maxHead bounds what is not folded, so that there is room to say what is left out.
const maxHead = maxComment * 3 / 4

// section gives the risks and effects of an environment; room bounds the risks.
func (p *Plan) section(e *Environment, room int) string {
	var b strings.Builder
	if e.Name != "" || len(p.Environments) > 1 {
		fmt.Fprintf(&b, "\n### %s\n", span(cmp.Or(e.Name, "the stack")))
	}
	switch e.Status {
	case New:
		b.WriteString("\nThis environment is new.\n")
	case Gone:
		b.WriteString("\nThis environment is no longer declared.\n")
	case Unknown:
		fmt.Fprintf(&b, "\nWhat this changes in the stack cannot be told: %s.\n", escapeMarkdown(cutTo(e.Why, 500)))
	case Changed, Unchanged:
	}
	p.riskTable(&b, e.Review.Risks, e.Review.Safer, room/2)
	if lines := e.effectLines(); len(lines) > 0 {
		b.WriteString("\n")
		for _, l := range lines[:min(len(lines), mostEffects)] {
			fmt.Fprintf(&b, "- **%s** %s\n", l.what, escapeMarkdown(cutTo(l.text, 1000)))
		}
		if n := len(lines) - mostEffects; n > 0 {
			fmt.Fprintf(&b, "- %d more: run `nselfc plan`\n", n)
		}
	}
	return b.String()
}

// mostEffects are shown; more are steps by hand of many databases.
const mostEffects = 20

// mostRisks are shown in a table; a stack with more has one cause for many.
const mostRisks = 100

// riskTable writes what fits into some room, the most severe first, and how many do
// not.
func (p *Plan) riskTable(b *strings.Builder, risks, safer []review.Risk, room int) {
	if len(risks)+len(safer) == 0 {
		return
	}
	b.WriteString("\n| | Risk | Where |\n|---|---|---|\n")
	shown := 0
	for _, list := range [][]review.Risk{risks, safer} {
		for i := range list {
			k := &list[i]
			if shown == mostRisks || b.Len() > room {
				break
			}
			shown++
			word, what := "**"+k.Severity.String()+"**", k.Code+" "+escapeMarkdown(k.Summary)+": "
			if k.Safer {
				word, what = "safer", ""
			}
			fmt.Fprintf(b, "| %s | %s%s | %s |\n", word, what, escapeMarkdown(cutTo(k.Detail, 500)), span(p.place(k.Origin)))
		}
	}
	if n := len(risks) + len(safer); n > shown {
		fmt.Fprintf(b, "\n**%d of %d are shown: run `nselfc plan` for the rest.**\n", shown, n)
	}
}

// changesBlock lists the changes by resource.
func (p *Plan) changesBlock(e *Environment) block {
	if len(e.Review.Changes) == 0 {
		return block{}
	}
	var b strings.Builder
	for i := range e.Review.Changes {
		c := &e.Review.Changes[i]
		sign, _ := signOf(c.Action)
		fmt.Fprintf(&b, "%s %s", sign, clean(c.Address))
		switch c.Action {
		case model.Create:
			b.WriteString(after(headline(c.After)))
		case model.Delete:
			b.WriteString(after(headline(c.Before)))
		case model.Update:
			if c.Renamed() {
				b.WriteString("  was " + clean(c.Previous))
			}
		}
		b.WriteString("\n")
		for _, a := range told(c.Attributes) {
			fmt.Fprintf(&b, "    %s  %s\n", clean(strings.Join(a.Path, ".")), describe(a))
		}
	}
	return folded("Changes: "+plural(len(e.Review.Changes), "resource"), "text", b.String())
}

// acceptedBlock lists what waivers accept, whether the change has to do with it or not.
func acceptedBlock(report *render.Report) block {
	var b strings.Builder
	for i := range report.Diagnostics {
		d := &report.Diagnostics[i]
		if d.Accepted == nil {
			continue
		}
		b.WriteString(d.Code + " " + d.Summary)
		if d.Address != "" {
			b.WriteString(" on " + d.Address)
		}
		if d.Range != nil && d.Range.Filename != "" {
			fmt.Fprintf(&b, " (%s:%d)", d.Range.Filename, d.Range.Start.Line)
		}
		b.WriteString("\n    " + d.Accepted.String() + "\n")
	}
	if b.Len() == 0 {
		return block{}
	}
	return folded("Accepted: "+plural(report.AcceptedCount, "finding"), "text", b.String())
}

// fileBlock shows the lines of one file.
func (e *Environment) fileBlock(f *File) block {
	title := f.Path + "  " + f.note()
	if !f.shown(e) || f.Action == model.Delete {
		return block{title: title}
	}
	var b strings.Builder
	for _, h := range textdiff.Hunks(f.Old, f.New, around) {
		b.WriteString(h.Header() + "\n")
		for _, l := range h.Lines {
			b.WriteString(string(l.Op) + render.Clean(strings.TrimSuffix(l.Text, "\n"), true) + "\n")
		}
	}
	return folded(title, "diff", b.String())
}

func folded(title, language, body string) block {
	fence := strings.Repeat("`", max(3, longestRun(body, '`')+1))
	return block{title: title, body: fence + language + "\n" + body + fence + "\n", lines: strings.Count(body, "\n"), fold: true}
}

func (x block) text() string {
	switch {
	case x.fold:
		return "\n<details><summary>" + escapeHTML(x.title) + "</summary>\n\n" + x.body + "\n</details>\n"
	case x.lines > 0:
		return "\n" + escapeMarkdown(x.title) + ": " + plural(x.lines, "line") + " omitted, run `nselfc plan`.\n"
	}
	return "\n" + escapeMarkdown(x.title) + "\n"
}

// at gives the place of a finding for Markdown.
func at(r *render.Range) string {
	if r == nil || r.Filename == "" {
		return ""
	}
	return " (" + span(fmt.Sprintf("%s:%d", r.Filename, r.Start.Line)) + ")"
}

// span makes code of a text: whatever is in it, Markdown leaves it alone
// (CommonMark 0.31, section 6.1). A bar would still end the cell of a table.
func span(s string) string {
	s = strings.ReplaceAll(clean(s), "|", "¦")
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// escapeMarkdown keeps a text from being read as anything but text: no link, no
// HTML, no mention of a user, no end of a table's cell.
func escapeMarkdown(s string) string {
	var b strings.Builder
	s = clean(s)
	for i, r := range s {
		switch r {
		case ':', '.': // of "https:" and "www."; GitHub makes links of them
			if strings.HasPrefix(s[i+1:], "//") || strings.HasSuffix(strings.ToLower(s[:i]), "www") {
				b.WriteByte('\\')
			}
		case '\\', '`', '*', '_', '[', ']', '<', '>', '|', '#', '~', '&':
			b.WriteByte('\\')
		case '@':
			b.WriteString("@\u200b") // GitHub would tell the user of that name
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b").Replace(clean(s))
}

func longestRun(s string, of rune) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// cutTo bounds a text, in bytes.
func cutTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
