package outdir

import (
	"strings"

	"nselfc/emit/textdiff"
)

// Bounds of the excerpt that a diagnostic shows.
const (
	excerptLines   = 24 // printed
	excerptContext = 2  // unchanged lines around a change
)

// excerpt gives the beginning of the difference between two texts as a unified
// diff, each line indented as code, and the line (from 1) of the old text at
// which it begins; "" and 0 for equal texts.
func excerpt(old, text string) (diff string, first int) {
	hunks := textdiff.Hunks(old, text, excerptContext)
	var out []string
	for i := range hunks {
		out = append(out, hunks[i].Header())
		for _, l := range hunks[i].Lines {
			if first == 0 && l.Op != ' ' {
				first = hunks[i].A0 + len(out)
			}
			out = append(out, string(l.Op)+visible(l.Text))
			if !strings.HasSuffix(l.Text, "\n") {
				out = append(out, textdiff.NoNewline)
			}
			if len(out) > excerptLines {
				break
			}
		}
		if len(out) > excerptLines {
			out = append(out[:excerptLines], "… and more")
			break
		}
	}
	for i, l := range out {
		out[i] = "    " + l
	}
	return strings.Join(out, "\n"), first
}
