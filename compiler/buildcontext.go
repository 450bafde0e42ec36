package compiler

import (
	"bytes"
	"cmp"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"nselfc/lang"
)

// checkContext refuses a build context with the secrets of the stack in it: the
// usual COPY of everything would put them into the image.
func (l *lowering) checkContext(s *lang.Service, b *lang.Build) {
	clean := path.Clean(b.Context.V)
	if !l.meetsOutput(clean) {
		return
	}
	const why = "The build context of %s holds the folder that nselfc writes to, .secrets included. A Dockerfile that copies its context puts " +
		"them into the image, where everybody who can pull it can read them. "
	switch below, inside := belowContext(clean, path.Join(cmp.Or(l.in.Output, "out"), l.in.Environment)); {
	case !inside:
		l.errorf(s.Declared, b.Context.Range, "NS349", contextSummary,
			why+"Put what the image is made of elsewhere:\n\n    build {\n      context = \"./api\"\n    }", s.Address)
	case below != "" && !leavesOut(b.Ignored, below):
		l.errorf(s.Declared, b.Context.Range, "NS349", contextSummary,
			why+"Say at the end of %s that Docker leaves them out:\n\n    **/.secrets*\n\nOr give the image a folder of its own:\n\n    build {\n      context = \"./api\"\n    }",
			s.Address, b.Ignore)
	}
}

const contextSummary = "Build context holds the secrets"

// belowContext gives the output directory as seen from the context: "" when it is
// outside of the stack's folder, and false when the context lies in the output.
func belowContext(context, out string) (string, bool) {
	switch {
	case strings.HasPrefix(out, "../"):
		return "", true
	case context == ".":
		return out, true
	case context == out:
		return ".", true
	}
	return strings.CutPrefix(out, context+"/")
}

// leavesOut asks Docker's own matcher whether an ignore file keeps the secrets of
// an output directory out of the context.
func leavesOut(text []byte, out string) bool {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return false
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return false // nor does Docker build with it
	}
	for _, name := range []string{".secrets", ".secrets.d/api/KEY", ".secrets.d/api.env"} {
		if left, err := m.MatchesOrParentMatches(path.Join(out, name)); err != nil || !left {
			return false
		}
	}
	return true
}
