package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nselfc/lang/diag"
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

// subjects are what sections of a document are about, by their headings: the title or
// the page of a rule that refers to one has something of it. Words are in lower case.
var subjects = map[string]string{
	"OWASP Docker D0":  `\b(release|fault|update)`,                    // keep host and Docker up to date
	"OWASP Docker D1":  `\b(engine|socket|interface)\b`,               // do not expose the daemon's socket
	"OWASP Docker D2":  `\b(user|root|group)\b`,                       // set a user
	"OWASP Docker D3":  `\bcapabilit|confined`,                        // limit capabilities
	"OWASP Docker D4":  `privilege|confined`,                          // no new privileges
	"OWASP Docker D5":  `\bnetwork`,                                   // connectivity between containers
	"OWASP Docker D5a": `\b(port|publish|reach)`,                      // published ports and ufw
	"OWASP Docker D6":  `kernel|system calls`,                         // seccomp, AppArmor, SELinux
	"OWASP Docker D7":  `\b(memory|processes|limit)`,                  // limit resources
	"OWASP Docker D8":  `\b(read-only|write|writable|written|memory)`, // file systems are read-only
	"OWASP Docker D11": `\brootless\b`,                                // rootless mode
	"OWASP Docker D12": `\b(secret|password|key)`,                     // Docker secrets
	"OWASP Docker D13": `\b(digest|tag|supply)`,                       // supply chain

	"OWASP Secrets Management 2.3":   `\bservice`,                                                   // access control
	"OWASP Secrets Management 2.7":   `\bsecret`,                                                    // life of a secret
	"OWASP Secrets Management 2.7.1": `\b(guess|weak|unique|one value|bits|characters|serves|same)`, // creation
	"OWASP Secrets Management 2.7.2": `rotat|replace`,                                               // rotation
	"OWASP Secrets Management 2.7.3": `revok|retire`,                                                // revocation
	"OWASP Secrets Management 3.2":   `\bgit\b`,                                                     // where secrets should be
	"OWASP Secrets Management 5.1":   `environment|variable|file|in the clear`,                      // injection into containers
	"OWASP Secrets Management 8":     `\bgit\b`,                                                     // detection

	"NIST SP 800-190, 4.1.1": `\b(release|fault|support)`,                       // vulnerabilities of images
	"NIST SP 800-190, 4.1.5": `\b(built|build|registry|dockerfile)`,             // untrusted images
	"NIST SP 800-190, 4.3.3": `\bnetwork`,                                       // traffic between containers
	"NIST SP 800-190, 4.4.2": `\begress|way out`,                                // network access from containers
	"NIST SP 800-190, 4.4.3": `\b(privileged|capabilit)`,                        // configuration of the runtime
	"NIST SP 800-190, 4.4.4": `read-only|intrusion`,                             // vulnerabilities of applications
	"NIST SP 800-190, 4.4.5": `\bcontainer.*\b(stack|declared|nobody|stranger)`, // rogue containers

	"NIST SP 800-57 part 1, 5.3": `retired|old|age|expire`, // periods of keys
	"NIST SP 800-57 part 1, 5.6": `\b(weak|bits|key)`,      // algorithms and sizes of keys
	"NIST SP 800-57 part 1, 6.2": `\bkey`,                  // protection of keys
}

// TestReferencesAreToTheirSubject: a rule is about what the section is about that it
// refers to.
func TestReferencesAreToTheirSubject(t *testing.T) {
	for _, r := range Rules() {
		page, _ := diag.Page(r.Code)
		about, _, _ := strings.Cut(strings.ToLower(page), "\n## ") // without the examples
		for _, ref := range r.References {
			for one := range strings.SplitSeq(strings.Replace(ref, " and D", "\nOWASP Docker D", 1), "\n") {
				words, ok := subjects[one]
				if !ok {
					if strings.HasPrefix(one, "OWASP Docker ") || strings.HasPrefix(one, "OWASP Secrets Management ") || strings.HasPrefix(one, "NIST SP 800-190") || strings.HasPrefix(one, "NIST SP 800-57") {
						t.Errorf("%s refers to %q: say what that is about", r.Code, one)
					}
					continue
				}
				if !regexp.MustCompile(words).MatchString(about) {
					t.Errorf("%s (%s) refers to %q, and has nothing of %s", r.Code, r.Title, one, words)
				}
			}
		}
	}
}
