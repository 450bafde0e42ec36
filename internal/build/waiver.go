package build

import (
	"nselfc/compiler/ir"
	"nselfc/compiler/policy"
	"nselfc/lang/diag"
)

// judge remembers a stack whose waivers can be judged: one in which nothing stands in
// the way but what the rules find.
func (c *Compiled) judge(s *ir.Stack, found diag.List) {
	for _, d := range found {
		if d.Severity == diag.Error && !policy.Judges(s, d.Code) {
			return
		}
	}
	c.judged = append(c.judged, s)
}

// Judged gives the stacks whose waivers were judged: of all environments that were
// asked for, when nothing but rules found an error.
func (c *Compiled) Judged() []*ir.Stack { return c.judged }

// unusedWaivers reports the waivers that accept nothing.
func (c *Compiled) unusedWaivers(found diag.List, opts Options) diag.List {
	return policy.Unused(c.judged, found, opts.Today, len(c.judged) == len(c.Source.Environments()))
}
