package build

import (
	"slices"
	"strings"

	"nselfc/compiler/policy"
	"nselfc/lang"
	"nselfc/lang/diag"
)

// Session is an opened stack, parsed once, of which environments are compiled again
// and again with other values. It writes nothing.
type Session struct {
	*Compiled
	opts Options
	in   *input
}

// Open opens a stack for a session; see Compile for path. The session is nil when
// there is no stack, and must be closed otherwise.
func Open(path string, opts Options) (*Session, diag.List) {
	in, d := open(path)
	if d != nil {
		return nil, diag.List{d}
	}
	c := &Compiled{missing: map[string]bool{}, Dir: in.dir, real: in.real, redact: opts.Redact}
	src, diags := lang.Open(in.fsys, in.names)
	c.Source = src
	return &Session{Compiled: c, opts: opts, in: in}, c.note(diags)
}

// Close closes the stack's folder.
func (s *Session) Close() { s.in.close() }

// Trial is one environment, compiled with the values of a test.
type Trial struct {
	*Environment             // nil when the stack is wrong in a way that leaves nothing to look at
	Language     *lang.Stack // nil when a file did not parse
	Findings     diag.List
}

// Try compiles an environment with the values of a test, or with its own where t is
// nil. What only rules find wrong leaves a stack to look at.
func (s *Session) Try(name string, t *lang.Test) Trial {
	var out Trial
	if t == nil {
		out.Language, out.Findings = s.Source.Evaluate(name)
	} else {
		out.Language, out.Findings = s.Source.EvaluateFor(name, t)
	}
	if out.Language == nil || out.Findings.HasErrors() {
		s.note(out.Findings)
		return out
	}
	lowered, more := s.lower(out.Language, s.opts)
	out.Findings = append(out.Findings, more...)
	if OnlyRules(more, out.Language) {
		env := &Environment{Name: name, Stack: lowered}
		more = env.render(false)
		if out.Findings = append(out.Findings, more...); !more.HasErrors() {
			out.Environment = env
		}
	}
	s.note(out.Findings)
	return out
}

// OnlyRules tells whether all errors of a list are findings of rules: those of the
// catalogue, and the stack's own.
func OnlyRules(list diag.List, s *lang.Stack) bool {
	codes := s.RuleIDs()
	for _, r := range policy.Rules() {
		if r.Check != nil || r.Theme == policy.Meta { // what the compiler refuses leaves no stack
			codes = append(codes, r.Code)
		}
	}
	return !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool {
		return d.Severity == diag.Error && !slices.Contains(codes, d.Code)
	})
}

// OwnRules gives the rules that a stack declares, sorted by code; of a stack that
// cannot be read, those that can. The list holds what is wrong with it as far as
// rules are looked for, and points into the files of the result, which is never nil.
func OwnRules(path string) ([]*lang.Rule, *Compiled, diag.List) {
	s, diags := Open(path, Options{})
	if s == nil {
		return nil, &Compiled{}, diags
	}
	defer s.Close()
	evaluated, more := s.Source.Evaluate(s.Source.Environments()[0])
	diags = append(diags, s.note(more)...)
	if evaluated == nil {
		return nil, s.Compiled, diags
	}
	rules := slices.SortedFunc(slices.Values(evaluated.Rules), func(a, b *lang.Rule) int { return strings.Compare(a.ID.V, b.ID.V) })
	return rules, s.Compiled, diags
}
