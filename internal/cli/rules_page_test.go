package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/policy"
	"nselfc/internal/proof"
	"nselfc/lang/diag"
)

// TestRulesPageIsCurrent holds docs/rules.md to the catalogue and to the pages of its
// rules.
func TestRulesPageIsCurrent(t *testing.T) {
	const file = "../../docs/rules.md"
	got := rulesPage(t)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/rules.md is stale; run go test ./internal/cli -run TestRulesPageIsCurrent -update\n%s", diff)
	}
}

func rulesPage(t *testing.T) string {
	rules := policy.Rules()
	held := map[policy.Held]int{}
	for _, r := range rules {
		held[r.Held]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Security rules

The %d rules of the catalogue, by theme. This page is generated from the catalogue and from the pages of its rules; the same is
printed by `+"`nselfc rules`"+`, and `+"`nselfc explain CODE`"+` shows for each rule what breaks it and what keeps it. Those examples are run as tests.

What holds a rule:

- **by construction** (%d rules): the language has no words for the fault. Each build reads what it is about to write with readers of
  its own, which know nothing of the emitters, and proves these rules on the bytes; what breaks one is a bug in nselfc (NS902), and
  nothing is written.
- **by default** (%d): the compiler does the right thing unless it is asked otherwise, and then reports it.
- **by check** (%d): only the author can do the right thing; the compiler looks, and says what to write instead.
- **on the host** (%d): only the host where the stack runs can tell.

A finding is an error, a warning, a note or none, by the posture of the environment: production / development. A waiver is a block in
`+"`policy`"+` that accepts one finding, with a reason, an owner and an end; where the column says no, there is none. References name the
sections of the CIS Docker Benchmark as docker-bench-security numbers them, of OWASP's cheat sheets (Docker: D0 to D13), of NIST SP 800-190 and the weaknesses of CWE.

`, len(rules), held[policy.ByConstruction], held[policy.ByDefault], held[policy.ByCheck], held[policy.OnHost])
	for _, theme := range Themes() {
		fmt.Fprintf(&b, "## %s\n\n| code | rule | severity | finding | held | proved by | waiver |\n|---|---|---|---|---|---|---|\n", titled(theme))
		for _, r := range rules {
			if themeName(r) == theme {
				waiver := "no"
				if r.Waivable {
					waiver = "yes"
				}
				fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s / %s | %s | %s | %s |\n", r.Code, anchor(r), r.Title, r.Severity,
					levelWord(r.Production), levelWord(r.Development), r.Held, provedBy(r), waiver)
			}
		}
		b.WriteString("\n")
		for _, r := range rules {
			if themeName(r) == theme {
				page, _ := diag.Page(r.Code)
				_, text, _ := strings.Cut(page, "\n")
				why, _, found := strings.Cut(text, "\n## Wrong\n")
				if !found {
					t.Errorf("the page of %s does not say what is wrong", r.Code)
				}
				fmt.Fprintf(&b, "### %s: %s\n\n%s\n\n%s.\n\n", r.Code, r.Title, strings.TrimSpace(why), strings.Join(r.References, "; "))
			}
		}
	}
	b.WriteString("## Proved live\n\nThese rules are proved on running stacks too, by what an attacker and the kernel see and not by what a file says: tests that need " +
		"`-tags lab`,\nwith a control that each of them must find wrong ([internal/lab](../internal/lab/README.md)).\n\n| rules | test |\n|---|---|\n")
	for _, l := range live {
		fmt.Fprintf(&b, "| %s | `%s` |\n", strings.Join(l.rules, ", "), l.test)
	}
	return b.String()
}

// provedBy says what finds a stack, or an emitter, that breaks the rule.
func provedBy(r policy.Rule) string {
	var by []string
	switch {
	case r.Held == policy.OnHost:
		by = append(by, "`nselfc doctor`")
	case r.Check != nil:
		by = append(by, "policy")
	case r.Held != policy.ByConstruction:
		by = append(by, "compiler")
	}
	if slices.ContainsFunc(proof.Rules(), func(p proof.Rule) bool { return p.Code == r.Code }) {
		by = append(by, "the bytes of each build")
	}
	return strings.Join(by, ", ")
}

func titled(theme string) string {
	if theme == "tls" {
		return "TLS"
	}
	return strings.ToUpper(theme[:1]) + theme[1:]
}

// anchor is what the headings of rules are linked by on the sites that show Markdown.
func anchor(r policy.Rule) string {
	text := strings.ToLower(r.Code + " " + r.Title)
	return strings.ReplaceAll(strings.Map(func(c rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789 -_", c) {
			return c
		}
		return -1
	}, text), " ", "-")
}

// live are the tests of the lab, and the rules that each proves on a running stack.
var live = []struct {
	test  string
	rules []string
}{
	{"internal/e2e TestShop/containers", []string{"NS313", "NS1010", "NS1011", "NS1012", "NS1014", "NS312", "NS1101", "NS1102", "NS1103", "NS1107", "NS1111"}},
	{"internal/e2e TestExamples", []string{"NS313", "NS1010", "NS1011"}},
	{"internal/e2e TestShop/ports_without_a_firewall", []string{"NS317", "NS1403", "NS1404", "NS1410"}},
	{"internal/e2e TestShop/networks", []string{"NS1407", "NS1408", "NS1409", "NS1417"}},
	{"internal/e2e TestShop/neighbours", []string{"NS1409"}},
	{"internal/e2e TestShop/secret_files", []string{"NS1305", "NS1307", "NS1821", "NS1825"}},
	{"internal/e2e TestShop/secrets", []string{"NS1823"}},
	{"internal/e2e TestShop/firewall", []string{"NS1411", "NS1702", "NS1706", "NS1710"}},
	{"internal/e2e TestShop/names", []string{"NS1519", "NS1520", "NS1607", "NS1608", "NS1609"}},
	{"internal/e2e TestShop/TLS", []string{"NS1601", "NS1602"}},
	{"internal/e2e TestGrade", []string{"NS1601", "NS1602"}},
	{"internal/e2e TestShop/headers", []string{"NS1506", "NS1507", "NS1508", "NS1534"}},
	{"internal/e2e TestShop/application", []string{"NS1505", "NS1531", "NS1532"}},
	{"internal/e2e TestShop/allowed_addresses", []string{"NS1510"}},
	{"internal/e2e TestShop/logs", []string{"NS1522", "NS1523"}},
	{"internal/e2e TestShop/PostgreSQL", []string{"NS1902", "NS1903", "NS1904", "NS1905", "NS1907", "NS1911", "NS1912"}},
	{"internal/e2e TestShop/Redis", []string{"NS1918", "NS1920", "NS1921"}},
	{"emit/ufw TestContainerPorts", []string{"NS1702", "NS1704", "NS1706", "NS1710"}},
	{"emit/ufw TestSSHStaysOpen", []string{"NS1703"}},
	{"emit/ufw TestStaleAndForeignRules", []string{"NS1707", "NS1708"}},
	{"emit/ufw TestRestoreTest", []string{"NS1701"}},
	{"emit/ufw TestFailureAtEachStep", []string{"NS1711"}},
	{"emit/ufw TestTimerRollsBack", []string{"NS1712"}},
	{"emit/ufw TestRefusesDocker", []string{"NS1715"}},
	{"internal/e2e TestIPv6", []string{"NS1413"}},
	{"internal/e2e TestTakeDown/subnet_that_another_network_has", []string{"NS1412"}},
	{"internal/e2e TestChanges/replicas", []string{"NS1114"}},
	{"internal/e2e TestCompose/golden_stacks", []string{"NS2151", "NS2153", "NS2154", "NS2155"}},
	{doctorTest, []string{
		"NS2001", "NS2002", "NS2003", "NS2004", "NS2005", "NS2006", "NS2007", "NS2008", "NS2009", "NS2010", "NS2011", "NS2012",
		"NS2013", "NS2014", "NS2020", "NS2021", "NS2022", "NS2023", "NS2024", "NS2025", "NS2026", "NS2027", "NS2028", "NS2029", "NS2030",
		"NS2031", "NS2032", "NS2033", "NS2034", "NS2035", "NS2036", "NS2037", "NS2040", "NS2041", "NS2042", "NS2043", "NS2044",
		"NS2045", "NS2046", "NS2047", "NS2048", "NS2049", "NS2050", "NS2051", "NS2052", "NS2053", "NS2054", "NS2055", "NS2056", "NS2060", "NS2061", "NS2062", "NS2064",
		"NS2065", "NS2066", "NS2067", "NS2068", "NS2069", "NS2070", "NS2071", "NS2072", "NS2073", "NS2075", "NS2076", "NS2077", "NS2078",
	}},
}

// doctorTest breaks a host in as many ways, and finds each by the rule that is meant.
const doctorTest = "internal/e2e TestDoctor"

// TestLiveRulesAreRules: the table must not name what is gone.
func TestLiveRulesAreRules(t *testing.T) {
	for _, l := range live {
		for _, code := range l.rules {
			if !slices.ContainsFunc(policy.Rules(), func(r policy.Rule) bool { return r.Code == code }) {
				t.Errorf("%s: no rule %s", l.test, code)
			}
		}
	}
}

// TestLiveDoctorIsWhole: the table names just what the doctor's test in the lab breaks.
func TestLiveDoctorIsWhole(t *testing.T) {
	files, err := filepath.Glob("../e2e/doctor*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var broken []string
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(NS20[0-9]{2})"`).FindAllStringSubmatch(string(b), -1) {
			broken = append(broken, m[1])
		}
	}
	slices.Sort(broken)
	for _, l := range live {
		if l.test == doctorTest {
			if diff := cmp.Diff(slices.Compact(broken), l.rules); diff != "" {
				t.Errorf("the table and the test differ:\n%s", diff)
			}
		}
	}
}
