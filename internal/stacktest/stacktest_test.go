package stacktest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/build"
	"nselfc/internal/stacktest"
	"nselfc/lang/date"
	"nselfc/lang/diag"
)

const stack = `stack "shop" {
  domain = var.domain
}
variable "domain" {
  type = string
  validation {
    condition = var.domain != ""
    message   = "A domain is needed."
  }
}
variable "image" {
  type    = string
  default = "ghcr.io/acme/api:1.4.2"
}
secret "key" {}
service "api" {
  image   = var.image
  secrets = { KEY = secret.key }
  healthcheck {
    command = ["true"]
  }
}
environment "dev" {
  posture   = "development"
  variables = { domain = "shop.localhost" }
}
environment "prod" {
  variables = { domain = "shop.example.com" }
}
rule "ORG-001" {
  severity = "high"
  for_each = services
  assert {
    condition = each.value.registry == "ghcr.io"
    message   = "${each.value.image} is foreign"
  }
  example "ours" {
    passes = <<-HCL
      service "api" {
        image = "ghcr.io/acme/api:1"
      }
    HCL
  }
  example "theirs" {
    fails = <<-HCL
      stack "mine" {}
      service "api" {
        image = "quay.io/acme/api:1"
      }
    HCL
  }
}
`

// run runs the tests of a folder and gives a line for each result, and for each
// failure its code and line.
func run(t *testing.T, files map[string]string, filter string) (lines []string, diags diag.List) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	report, diags := stacktest.Run(context.Background(), dir, stacktest.Options{Filter: filter, Now: time.Now})
	for _, r := range report.Results {
		var codes []string
		for _, d := range r.Failures {
			codes = append(codes, fmt.Sprintf("%s at %d", d.Code, d.Subject.Start.Line))
		}
		lines = append(lines, strings.TrimSpace(r.Name+": "+strings.Join(codes, ", ")))
	}
	entries, err := os.ReadDir(dir)
	if err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "out" }) {
		t.Errorf("something was written: %v %v", entries, err)
	}
	return lines, diags
}

// TestOutcomes: each test passes or fails for its reason, at its place.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"compiles", `environment = "prod"`, ""},
		{"no environment", ``, "NS2305 at 1"},
		{"unknown environment", `environment = "stage"`, "NS124 at 2"},
		{"assert holds", "environment = \"prod\"\nassert {\ncondition = services[\"api\"].image == var.image && stack.environment == \"prod\"\nmessage = \"x\"\n}", ""},
		{"assert fails", "environment = \"prod\"\nassert {\ncondition = services[\"api\"].image == \"x\"\nmessage = \"x\"\n}", "NS2301 at 4"},
		{"two asserts fail", "environment = \"prod\"\nassert {\ncondition = false\nmessage = \"x\"\n}\nassert {\ncondition = false\nmessage = \"y\"\n}", "NS2301 at 4, NS2301 at 8"},
		{"assert is wrong", "environment = \"prod\"\nassert {\ncondition = services[\"api\"].imag == \"x\"\nmessage = \"x\"\n}", "NS203 at 4"},
		{"message shows a secret", "environment = \"prod\"\nassert {\ncondition = false\nmessage = secret.key\n}", "NS221 at 5"},
		{"variables", "environment = \"prod\"\nvariables = { image = \"ghcr.io/acme/api:2\" }\nassert {\ncondition = services[\"api\"].tag == \"2\" && stack.domain == \"shop.example.com\"\nmessage = \"x\"\n}", ""},
		{"unknown variable", "environment = \"prod\"\nvariables = { imag = \"x\" }", "NS201 at 3"},
		{"expected error", "environment = \"prod\"\nvariables = { domain = \"\" }\nexpect_error = [\"NS218\"]", ""},
		{"error that did not come", "environment = \"prod\"\nexpect_error = [\"NS218\"]", "NS2302 at 3"},
		{"another error", "environment = \"prod\"\nvariables = { domain = \"\" }\nexpect_error = [\"NS217\"]", "NS218 at 3, NS2302 at 4"},
		{"unexpected error", "environment = \"prod\"\nvariables = { image = \"quay.io/a/b:1\" }", "ORG-001 at 17"},
		{"expected finding", "environment = \"prod\"\nvariables = { image = \"quay.io/a/b:1\" }\nexpect_finding = [\"ORG-001\", \"NS311\"]\nassert {\ncondition = services[\"api\"].registry == \"quay.io\"\nmessage = \"x\"\n}", ""},
		{"finding that did not come", "environment = \"prod\"\nexpect_finding = [\"ORG-001\"]", "NS2303 at 3"},
		{"a warning is no error", "environment = \"prod\"\nexpect_error = [\"NS311\"]", "NS2302 at 3"},
		{"assert without a stack", "environment = \"prod\"\nvariables = { domain = \"\" }\nexpect_error = [\"NS218\"]\nassert {\ncondition = true\nmessage = \"x\"\n}", "NS2306 at 1"},
		{"artefacts", "environment = \"prod\"\nassert {\ncondition = strcontains(artefacts[\"docker-compose.yml\"], \"no-new-privileges\") && compose.services.api.cap_drop[0] == \"ALL\"\nmessage = \"x\"\n}", ""},
		{"no secret among the artefacts", "environment = \"prod\"\nassert {\ncondition = length([for path, text in artefacts : path if startswith(path, \".secrets\")]) == 0\nmessage = \"x\"\n}", ""},
		{"development", "environment = \"dev\"\nassert {\ncondition = stack.posture == \"development\" && stack.domain == \"shop.localhost\"\nmessage = \"x\"\n}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"nself.hcl": stack, "a.nselftest.hcl": fmt.Sprintf("test %q {\n%s\n}\n", c.name, c.body)}
			lines, diags := run(t, files, c.name)
			if len(diags) > 0 {
				t.Fatal(diags[0])
			}
			if diff := cmp.Diff([]string{strings.TrimSpace(c.name + ": " + c.want)}, lines); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFilesAreFound: beside the stack and in tests, in the order of their names, the
// examples of rules behind them; a single file's tests too.
func TestFilesAreFound(t *testing.T) {
	const one = "test %q {\n  environment = \"prod\"\n}\n"
	lines, diags := run(t, map[string]string{
		"nself.hcl": stack, "b.nselftest.hcl": fmt.Sprintf(one, "b"), "tests/c.nselftest.hcl": fmt.Sprintf(one, "c"),
		"other/d.nselftest.hcl": "not even HCL {", ".hidden.nselftest.hcl": "no {",
	}, "")
	want := []string{"b:", "c:", "ORG-001: ours:", "ORG-001: theirs:"}
	if diff := cmp.Diff(want, lines); diff != "" || len(diags) > 0 {
		t.Errorf("%v (-want +got):\n%s", diags, diff)
	}
}

// TestFaultyFiles: what is wrong with a file of tests is reported, and none is run.
func TestFaultyFiles(t *testing.T) {
	for text, code := range map[string]string{
		"test \"a\" {": "NS110",
		"test \"a\" {\n  environmnt = \"x\"\n}\n": "NS102",
		"service \"a\" {}\n":                      "NS104",
		"test \"a\" {}\ntest \"a\" {}\n":          "NS109",
		"a = 1\n":                                 "NS112",
		"test {}\n":                               "NS105",
	} {
		lines, diags := run(t, map[string]string{"nself.hcl": stack, "a.nselftest.hcl": text}, "")
		if len(lines) > 0 || len(diags) != 1 || diags[0].Code != code || diags[0].Subject.File != "a.nselftest.hcl" {
			t.Errorf("%q: %v %v", text, lines, diags)
		}
	}
}

// TestExamples: an example fails when the rule says otherwise, or when it is no stack.
func TestExamples(t *testing.T) {
	for text, want := range map[string]string{
		`passes = "service \"a\" {\n image = \"quay.io/a/b:1\"\n}"`: "NS2304",
		`fails = "service \"a\" {\n image = \"ghcr.io/a/b:1\"\n}"`:  "NS2304",
		`fails = "service \"a\" {\n imag = 1\n}"`:                   "NS2307",
		`fails = "service {"`: "NS2307",
		`passes = "service \"a\" {\n image = \"ghcr.io/a/b:1\"\n volume \"x\" {\n path = \"relative\"\n}\n}"`: "NS2307",
		`passes = "service \"a\" {\n image = \"ghcr.io/a/b:latest\"\n}"`:                                      "", // a built-in rule's error is not its business
	} {
		s := strings.Replace(stack, "  example \"ours\" {", "  example \"more\" {\n    "+text+"\n  }\n  example \"ours\" {", 1)
		lines, diags := run(t, map[string]string{"nself.hcl": s}, "ORG-001: more")
		if len(lines) != 1 || len(diags) > 0 || !strings.HasPrefix(strings.TrimPrefix(lines[0], "ORG-001: more:")+" ", strings.TrimRight(" "+want, " ")+" ") {
			t.Errorf("%s: %v %v", text, lines, diags)
		}
	}
}

// TestFailureShowsValues: what made the condition false is shown, and no secret.
func TestFailureShowsValues(t *testing.T) {
	dir := t.TempDir()
	text := "test \"a\" {\n  environment = \"prod\"\n  assert {\n    condition = services[\"api\"].replicas == 7 && stack.name == \"x\" && secret.key != null && length(services) == 9\n    message   = \"As told.\"\n  }\n}\n"
	for name, text := range map[string]string{"nself.hcl": stack, "a.nselftest.hcl": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	report, _ := stacktest.Run(context.Background(), dir, stacktest.Options{Filter: "a", Now: time.Now})
	got := report.Results[0].Failures[0].Detail
	want := "As told.\n\n    services[\"api\"].replicas is 1\n    stack.name is \"shop\"\n    secret.key is (sensitive)\n    services is a map of 1: \"api\""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWaivedFindings: what a waiver accepts is reported and no error, on any day but
// one that is named, and after whose end the stack can still be looked at.
func TestWaivedFindings(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"nself.hcl": `stack "t" {}
rule "ORG-001" {
  severity = "high"
  assert {
    condition = stack.name != "t"
    message   = "m"
  }
}
policy {
  waive "ORG-001" {
    on     = stack
    reason = "The name is known to customers until spring."
    owner  = "ops@example.com"
    until  = "2027-03-01"
  }
}
`,
		"a.nselftest.hcl": `test "found" {
  expect_finding = ["ORG-001"]
}
test "an error" {
  expect_error = ["ORG-001"]
}
test "over" {
  expect_error = ["ORG-001", "NS2101"]
  assert {
    condition = stack.name == "t"
    message   = "m"
  }
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for today, want := range map[date.Date]string{
		0:                     "pass, NS2302, NS2302 NS2302",
		date.Of(2027, 3, 1):   "pass, NS2302, NS2302 NS2302",
		date.Of(2027, 3, 2):   "NS2101, NS2101, pass",
		date.Of(9999, 12, 31): "NS2101, NS2101, pass",
	} {
		report, diags := stacktest.Run(context.Background(), dir, stacktest.Options{Options: build.Options{Today: today}, Now: time.Now})
		var got []string
		for _, r := range report.Results {
			codes := "pass"
			for i, d := range r.Failures {
				if i == 0 {
					codes = ""
				}
				codes = strings.TrimSpace(codes + " " + d.Code)
				if d.Code == "NS2302" && r.Name == "an error" && !strings.Contains(d.Detail, `a waiver accepts it. To hold that, write`) {
					t.Error(d.Detail)
				}
			}
			got = append(got, codes)
		}
		if s := strings.Join(got, ", "); s != want || len(diags) > 0 {
			t.Errorf("on %s: %s %v", today, s, diags)
		}
	}
}

// TestTestsShareTheirWork: thirty tests of the same inputs take little more than one,
// so that all can be run whenever a file is saved. What is allocated stands for the
// time, as it is the same on every machine.
func TestTestsShareTheirWork(t *testing.T) {
	dir := t.TempDir()
	var services, tests strings.Builder
	services.WriteString("stack \"t\" {}\n")
	for i := range 30 {
		fmt.Fprintf(&services, "service \"s%d\" {\n  image = \"ghcr.io/acme/s:1.4.2\"\n}\n", i)
		fmt.Fprintf(&tests, "test \"t%02d\" {\n  assert {\n    condition = compose.services.s%d.read_only && services[\"s%d\"].read_only\n    message   = \"m\"\n  }\n}\n", i, i, i)
	}
	for name, text := range map[string]string{"nself.hcl": services.String(), "a.nselftest.hcl": tests.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	allocated := func(filter string, n int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		report, diags := stacktest.Run(context.Background(), dir, stacktest.Options{Filter: filter, Now: time.Now})
		runtime.ReadMemStats(&after)
		if len(diags) > 0 || len(report.Results) != n || report.Failed() > 0 {
			t.Fatalf("%d results, %d failed: %v", len(report.Results), report.Failed(), diags)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	allocated("t00", 1) // what is made once for all
	one, all := allocated("t00", 1), allocated("t", 30)
	t.Logf("one: %d KiB, thirty: %d KiB", one>>10, all>>10)
	if all > 3*one {
		t.Errorf("one test allocates %d KiB, and thirty %d KiB", one>>10, all>>10)
	}
}
