package compiler

import (
	"bytes"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"nselfc/lang"
)

// checkContext refuses a build context with secrets in it, wherever a link takes
// it: the usual COPY of everything would put them into the image.
func (l *lowering) checkContext(s *lang.Service, b *lang.Build) {
	const what = "the folder that nselfc writes to, .secrets included"
	for _, context := range l.places(b.Context.V) {
		meets := l.meetsOutput(context)
		held := false
		for _, output := range l.outputs() {
			below, inside := belowContext(context, output)
			held = held || inside
			if meets && inside && below != "" && !leavesOut(b.Ignored, path.Join(below, ".secrets"), path.Join(below, ".secrets.d/api/KEY"), path.Join(below, ".secrets.d/api.env")) {
				l.refuseContext(s, b, what, "**/.secrets*")
				return
			}
		}
		if meets && !held {
			l.errorf(s.Declared, b.Context.Range, "NS349", contextSummary,
				contextHolds+"Put what the image is made of elsewhere:\n\n    build {\n      context = \"./api\"\n    }", s.Address, what)
			return
		}
		for _, key := range l.keys() {
			if below, inside := belowContext(context, key); inside && below != "." && !leavesOut(b.Ignored, below) {
				l.refuseContext(s, b, "the private key of the ingress's certificate", below)
				return
			}
		}
	}
}

const (
	contextSummary = "Build context holds the secrets"
	contextHolds   = "The build context of %s holds %s. A Dockerfile that copies its context puts that into the image, where everybody who can pull it can read it. "
)

// refuseContext says how what a context holds stays out of the image.
func (l *lowering) refuseContext(s *lang.Service, b *lang.Build, what, pattern string) {
	l.errorf(s.Declared, b.Context.Range, "NS349", contextSummary,
		contextHolds+"Say at the end of %s that Docker leaves it out:\n\n    %s\n\nOr give the image a folder of its own:\n\n    build {\n      context = \"./api\"\n    }",
		s.Address, what, b.Ignore, pattern)
}

// belowContext gives a path below the stack's folder as seen from the context: ""
// when it is outside of that folder, and false when it is not in the context.
func belowContext(context, p string) (string, bool) {
	switch {
	case strings.HasPrefix(p, "../"):
		return "", true
	case context == ".":
		return p, true
	case context == p:
		return ".", true
	}
	return strings.CutPrefix(p, context+"/")
}

// leavesOut asks Docker's own matcher whether an ignore file keeps files out of
// the context.
func leavesOut(text []byte, files ...string) bool {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return false
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return false // nor does Docker build with it
	}
	for _, f := range files {
		if left, err := m.MatchesOrParentMatches(f); err != nil || !left {
			return false
		}
	}
	return true
}
