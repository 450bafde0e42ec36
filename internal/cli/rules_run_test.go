package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nselfc/compiler/policy"
	"nselfc/internal/proof"
	"nselfc/lang/diag"
)

// runElsewhere are the rules about what is no text of a stack: values, files of the host
// and dates. Their pages show commands, and the tests of these files break the rules and
// keep them.
var runElsewhere = map[string]string{
	"NS316": "compiler/policy/bounds_test.go", "NS322": "compiler/errors_test.go", "NS348": "compiler/order_test.go",
	"NS404": "internal/secrets/secrets_test.go", "NS405": "internal/secrets/scan_test.go", "NS407": "internal/secrets/guard_test.go",
	"NS408": "internal/secrets/guard_test.go", "NS451": "internal/secrets/kinds_test.go", "NS453": "internal/secrets/record_test.go",
	"NS454": "internal/secrets/kinds_test.go", "NS455": "internal/build/recordignored_test.go",
	"NS431": "internal/secrets/brought_test.go", "NS432": "internal/secrets/brought_test.go", "NS433": "internal/secrets/brought_test.go",
	"NS434": "internal/secrets/brought_test.go", "NS435": "internal/secrets/brought_test.go", "NS436": "internal/secrets/brought_test.go",
	"NS437": "internal/secrets/brought_test.go", "NS438": "internal/secrets/brought_test.go", "NS439": "internal/secrets/brought_test.go",
	"NS440": "internal/secrets/brought_test.go", "NS441": "internal/secrets/brought_test.go", "NS442": "internal/secrets/brought_test.go",
}

// TestEveryRuleIsRun: what breaks a rule and what keeps it is run for each entry of the
// catalogue: on the artefacts (internal/proof, TestPagesAreProved and TestExcerptsAreProved),
// on the host (internal/doctor, TestFaults), as a stack (TestPagesTellTheTruth), as a test
// (internal/stacktest, TestPagesOfTests), or by the test that is named above.
func TestEveryRuleIsRun(t *testing.T) {
	unused := map[string]bool{}
	for code := range runElsewhere {
		unused[code] = true
	}
	for _, r := range policy.Rules() {
		proved := slices.ContainsFunc(proof.Rules(), func(p proof.Rule) bool { return p.Code == r.Code })
		switch {
		case r.Held == policy.OnHost: // TestCatalogue and TestFaults of the doctor fail for one without a fault
		case proved && diag.CodeIn(r.Code, "NS1000", "NS3000"): // those of the proofs fail for one without examples
		case runElsewhere[r.Code] != "":
			delete(unused, r.Code)
			text, err := os.ReadFile(filepath.Join("../..", runElsewhere[r.Code]))
			if err != nil || !strings.Contains(string(text), `"`+r.Code+`"`) && !strings.Contains(string(text), r.Code+`"`) {
				t.Errorf("%s does not try %s: %v", runElsewhere[r.Code], r.Code, err)
			}
		default:
			page, _ := diag.Page(r.Code)
			for _, heading := range []string{"Wrong", "Right"} {
				if len(examples(page, heading)) == 0 || textOnly[r.Code+" "+heading] != "" {
					t.Errorf("%s (%s): nothing that stands below %s is run", r.Code, r.Held, heading)
				}
			}
		}
	}
	for code := range unused {
		t.Errorf("%s is no such rule: take it off the list", code)
	}
}
