package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// forms are those of references, each with what is to be told from a slip of the pen:
// a weakness by its number, a benchmark by the numbers of its sections.
var forms = []*regexp.Regexp{
	regexp.MustCompile(`^CWE-[1-9][0-9]{1,3}$`),
	regexp.MustCompile(`^CVE-20[0-9]{2}-[0-9]{4,}( \([a-z]+\))?$`),
	regexp.MustCompile(`^CIS Docker Benchmark [1-7](\.[0-9]+){1,2}((, | and | to )[1-7](\.[0-9]+){1,2})*$`),
	regexp.MustCompile(`^CIS Debian Linux Benchmark [1-6](\.[0-9]+)+$`),
	regexp.MustCompile(`^CIS NGINX Benchmark, [a-z ]+$`),
	regexp.MustCompile(`^OWASP Docker D([0-9]|1[0-3])a?( and D([0-9]|1[0-3]))?$`),
	regexp.MustCompile(`^OWASP Secrets Management( [1-8](\.[0-9]+)*)?$`),
	regexp.MustCompile(`^OWASP (Authentication|Authorization|Database Security|Error Handling|HTML5 Security|HTTP Headers|Logging|Server-Side Request Forgery Prevention|Session Management|Transport Layer Security|Unvalidated Redirects and Forwards)(: .+)?$`),
	regexp.MustCompile(`^OWASP ASVS [0-9]+\.[0-9]+\.[0-9]+$`),
	regexp.MustCompile(`^NIST SP 800-190, 4\.[1-5]\.[1-5]$`),
	regexp.MustCompile(`^NIST SP 800-53 rev\. 5, [A-Z]{2}-[0-9]+(\([0-9]+\))?( and [A-Z]{2}-[0-9]+)?$`),
	regexp.MustCompile(`^NIST SP 800-57 part 1, [1-9]\.[0-9]+$`),
	regexp.MustCompile(`^NIST SP 800-63B, [1-9](\.[0-9]+)+$`),
	regexp.MustCompile(`^RFC [1-9][0-9]{2,4}(, [1-9][0-9]*(\.[0-9]+)*( and [1-9][0-9]*(\.[0-9]+)*)?)?$`),
	regexp.MustCompile(`^KICS ([0-9a-f]{8}|[a-z]+(_[a-z0-9]+)+)$`),
	regexp.MustCompile(`^Checkov CKV_(DOCKER|K8S)_[1-9][0-9]*$`),
	regexp.MustCompile(`^(gixy|gixy-ng|Gixy-Next) [a-z0-9_]+( and [a-z0-9_]+)?$`),
	regexp.MustCompile(`^dclint [a-z]+(-[a-z]+)+$`),
	regexp.MustCompile(`^moby#[1-9][0-9]{3,4}$`),
	regexp.MustCompile(`^[a-z_-]+\([1-8]\)(, [A-Z]+|: .+)?$`),
	regexp.MustCompile(`^(CA/Browser Forum|Compose specification|Docker Compose|Docker|distribution|GitHub|Go|Let's Encrypt|Linux|MDN|Mozilla|Mozilla Observatory|Open Source Vulnerability format|PostgreSQL|Redis|SARIF 2\.1\.0|hstspreload\.org|nginx|nginx wiki|nginx\.org)((, |: ).+)?$`),
	regexp.MustCompile(`^POSIX\.1-2017, 8\.1$|^YAML 1\.2\.2$|^"h2c Smuggling" \(Bishop Fox, 2020\)$`),
	regexp.MustCompile(`^nselfc, docs/doctor\.md$`),
}

// lastOfDocker are the last sections of the chapters of the CIS Docker Benchmark, as
// docker-bench-security numbers them.
var lastOfDocker = map[int]int{1: 2, 2: 18, 3: 24, 4: 12, 5: 32}

// promises are grave rules that hold what nselfc itself has said, and that nobody else
// could have written down.
var promises = []string{
	"NS2013", // a port that the stack declares
	"NS2044", // a service that the stack declares
}

func TestReferencesHaveTheirForm(t *testing.T) {
	for _, r := range Rules() {
		outside := false
		for i, ref := range r.References {
			if !slices.ContainsFunc(forms, func(f *regexp.Regexp) bool { return f.MatchString(ref) }) {
				t.Errorf("%s: %q is in no known form", r.Code, ref)
			}
			if slices.Contains(r.References[:i], ref) {
				t.Errorf("%s names %q twice", r.Code, ref)
			}
			if sections, ok := strings.CutPrefix(ref, "CIS Docker Benchmark "); ok {
				for _, m := range regexp.MustCompile(`([0-9]+)\.([0-9]+)`).FindAllStringSubmatch(sections, -1) {
					chapter, _ := strconv.Atoi(m[1])
					if section, _ := strconv.Atoi(m[2]); section < 1 || section > lastOfDocker[chapter] {
						t.Errorf("%s: the CIS Docker Benchmark has no %s", r.Code, m[0])
					}
				}
			}
			outside = outside || !strings.HasPrefix(ref, "nselfc,")
		}
		if r.Severity >= High && !outside && !slices.Contains(promises, r.Code) {
			t.Errorf("%s (%s) is %s, and refers to nothing but us", r.Code, r.Title, r.Severity)
		}
		if outside && slices.Contains(promises, r.Code) {
			t.Errorf("%s needs no excuse", r.Code)
		}
	}
	// The control: slips of the pen.
	for _, ref := range []string{"CWE 79", "CWE-", "CIS Docker 5.1", "CIS Docker Benchmark 5", "RFC 6797, section 6", "NIST SP 800-190 4.4.2", "OWASP Docker D14", "Checkov K8S_1", "somewhere"} {
		if slices.ContainsFunc(forms, func(f *regexp.Regexp) bool { return f.MatchString(ref) }) {
			t.Errorf("%q is in a known form", ref)
		}
	}
}
