package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"nselfc/compiler/policy"
	"nselfc/internal/build"
	"nselfc/internal/proof"
)

// policy compares what the rules cost with a whole build, and how that grows. They
// are no process of their own: they run here, on what a build of the same stack has
// in memory, in turn with the process that they are compared with.
func (s *session) policy() error {
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as cmd/nselfc does
	few, err := s.judge(1000)
	if err != nil {
		return err
	}
	many, err := s.judge(5000)
	if err != nil {
		return err
	}
	var rules, more, builds []figures
	for i := range s.runs + 1 {
		x, y := timed(few), timed(many)
		z, err := s.time(s.build(1000))
		if err != nil {
			return err
		}
		if i > 0 { // as in row
			rules, more, builds = append(rules, x), append(more, y), append(builds, z)
		}
	}
	wall := func(f figures) float64 { return float64(f.wall) }
	cpu := func(f figures) float64 { return float64(f.cpu) }
	s.printf("| policy (checks and proofs) / build, 1000 services | %.2f | %.2f | | wall 0.25 |", ratio(rules, builds, wall), ratio(rules, builds, cpu))
	s.printf("| policy of 5000 services / policy of 1000 | %.2f | %.2f | | wall 5.5 |", ratio(more, rules, wall), ratio(more, rules, cpu))
	return nil
}

// judge compiles a stack and gives what judges it by every rule.
func (s *session) judge(n int) (func(), error) {
	c, diags := build.Compile(s.ctx, s.stack(n), build.Options{})
	if diags.HasErrors() || len(c.Environments) != 1 {
		return nil, fmt.Errorf("the stack of %d services does not compile: %v", n, diags)
	}
	e := c.Environments[0]
	if found := proof.Check(e.Files); len(found) > 0 {
		return nil, fmt.Errorf("the stack of %d services breaks a rule: %+v", n, found[0])
	}
	return func() {
		policy.Check(e.Stack, 0)
		proof.Check(e.Files)
	}, nil
}

// timed runs f in this process.
func timed(f func()) figures {
	runtime.GC()
	before, start := processor(), time.Now()
	f()
	return figures{wall: time.Since(start), cpu: processor() - before}
}

// processor is the user and system time of this process.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // never, for the process itself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
