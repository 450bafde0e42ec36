package main

import (
	"fmt"
	"regexp"
	"testing"

	"nselfc/internal/cli"
)

// TestExitCodesAreDocumented holds the page against the codes: each is there,
// and no other.
func TestExitCodesAreDocumented(t *testing.T) {
	page := newExitCodes().Long
	codes := []int{cli.OK, cli.Failed, cli.Usage, cli.IO, cli.Bug, cli.Interrupted}
	for _, code := range codes {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^ +%d  [A-Z]`, code)).MatchString(page) {
			t.Errorf("exit code %d is not explained", code)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^ +\d+  `).FindAllString(page, -1)); n != len(codes) {
		t.Errorf("the page has %d codes, want %d", n, len(codes))
	}
}
