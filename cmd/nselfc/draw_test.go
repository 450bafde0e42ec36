package main

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
)

// draw gives a few of a list, other ones in each run; all of it in the lab, and where
// -run names a case. The log has the seed, and each case drawn is a subtest.
func draw[T any](t *testing.T, list []T, n int) []T {
	t.Helper()
	if run := flag.Lookup("test.run"); thorough || *update || run != nil && strings.Contains(run.Value.String(), "/") {
		return list
	}
	seed := rand.Uint64()
	t.Logf("%d of %d, drawn with the seed %d; -tags lab runs all", n, len(list), seed)
	var out []T
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(list))[:min(n, len(list))] {
		out = append(out, list[i])
	}
	return out
}
