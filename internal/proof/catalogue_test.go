package proof_test

import (
	"slices"
	"testing"

	"nselfc/compiler/policy"
)

// TestCatalogueAndProofsAgree: what the catalogue holds by construction is proved,
// and what is proved stands in the catalogue as an error that nobody may waive, or a
// build that the policy lets through would end in a bug of the compiler.
func TestCatalogueAndProofsAgree(t *testing.T) {
	proved := codes()
	listed := map[string]policy.Rule{}
	for _, r := range policy.Rules() {
		listed[r.Code] = r
		if r.Held == policy.ByConstruction && !slices.Contains(proved, r.Code) {
			t.Errorf("%s is held by construction, and nothing proves it", r.Code)
		}
	}
	for _, code := range proved {
		r, ok := listed[code]
		switch {
		case !ok:
			t.Errorf("%s is proved, and is no rule of the catalogue", code)
		case r.Waivable || r.Production != policy.Error || r.Development != policy.Error:
			t.Errorf("%s is proved, and may be accepted", code)
		}
	}
}
