package render

import (
	"slices"
	"strings"
	"unicode/utf8"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Snippet is the line of a finding with the part that it is about.
type Snippet struct {
	// Context is reserved for the block around the line; tools that read the
	// form of tofu expect the field.
	Context *string `json:"context"`
	// Code is the line, or the part of a long one around the finding, with an
	// ellipsis where it was cut. Of a finding over several lines it is the first.
	Code      string `json:"code"`
	StartLine int    `json:"start_line"`
	// HighlightStart and HighlightEnd delimit the part, in code points of Code
	// from 0.
	HighlightStart int `json:"highlight_start_offset"`
	HighlightEnd   int `json:"highlight_end_offset"`
	// Values is reserved; expressions' values are not shown.
	Values []string `json:"values"`
}

// Bounds of what is shown, in code points and lines.
const (
	maxLine    = 160 // a line longer than this is cut around the finding
	maxBefore  = 60  // kept before the finding then
	maxPreview = 8   // lines of a preview
)

func (b builder) snippet(r source.Range) *Snippet {
	f := b.files[r.File]
	if f == nil || r.Start.Line < 1 || int(r.Start.Line) > f.LineCount() {
		return nil
	}
	line := f.Line(int(r.Start.Line))
	start := f.Column(r.Start) - 1
	end := utf8.RuneCount(line)
	if r.End.Line == r.Start.Line {
		end = min(end, f.Column(r.End)-1)
	}
	text := string(line)
	if r.Start.Line == 1 {
		text = strings.TrimPrefix(text, "\uFEFF")
	}
	return cut(text, int(r.Start.Line), start, max(start, end))
}

// cut makes the snippet of a line with start and end in code points of it.
func cut(text string, line, start, end int) *Snippet {
	s := &Snippet{StartLine: line, Values: []string{}}
	runes := []rune(Clean(text, true))
	start = min(start, len(runes))
	end = min(max(start, end), len(runes))
	if len(runes) > maxLine {
		from := max(0, start-maxBefore)
		to := min(len(runes), from+maxLine)
		runes = slices.Clone(runes[from:to])
		start, end = start-from, min(end, to)-from
		if from > 0 {
			runes[0] = '…'
		}
		if from+maxLine == to {
			runes[len(runes)-1] = '…'
		}
	}
	s.Code, s.HighlightStart, s.HighlightEnd = string(runes), start, end
	return s
}

// preview applies edits to the lines that they touch.
func (b builder) preview(edits []diag.Edit) *Snippet {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(x, y diag.Edit) int { return int(x.Range.Start.Byte) - int(y.Range.Start.Byte) })
	first, last := edits[0].Range, edits[0].Range
	f := b.files[first.File]
	for i, e := range edits {
		overlaps := i > 0 && e.Range.Start.Byte < edits[i-1].Range.End.Byte
		if f == nil || e.Range.File != first.File || overlaps || e.Range.End.Byte < e.Range.Start.Byte || int(e.Range.End.Byte) > len(f.Bytes) {
			return nil
		}
		if e.Range.End.Byte > last.End.Byte {
			last = e.Range
		}
	}
	from := f.LineStart(int(first.Start.Line))
	to := f.LineStart(int(last.End.Line)) + len(f.Line(int(last.End.Line)))
	if from > int(first.Start.Byte) || to < int(last.End.Byte) {
		return nil
	}
	var out strings.Builder
	at := from
	for _, e := range edits {
		out.Write(f.Bytes[at:e.Range.Start.Byte])
		out.WriteString(e.Text)
		at = int(e.Range.End.Byte)
	}
	out.Write(f.Bytes[at:to])
	text := strings.ReplaceAll(out.String(), "\r\n", "\n")
	if strings.Count(text, "\n") >= maxPreview || utf8.RuneCountInString(text) > maxLine*maxPreview {
		return nil
	}
	return &Snippet{Code: Clean(text, true), StartLine: int(first.Start.Line), Values: []string{}}
}
