package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// passwordEndings are how the names of variables end whose value is a secret, and
// nothing but one.
var passwordEndings = [...]string{
	"PASSWORD", "PASSWD", "_PASS", "_SECRET", "_TOKEN", "ROOT_TOKEN_ID", "SECRET_KEY", "SECRET_KEY_BASE", "SECRET_ACCESS_KEY", "PRIVATE_KEY", "_API_KEY", "ROOT_PASS",
}

// passwordFlags are the options of commands that a password follows, or is joined to
// by an equals sign.
var passwordFlags = [...]string{"--requirepass", "--masterauth", "--password", "--passwd", "--token", "--secret", "--api-key", "--secret-key"}

// longFlags are how longer names of such options end.
var longFlags = [...]string{"-password", "-passwd", "-api-key", "-secret-key", ".password"}

// plainPassword: a value that stands in nself.hcl is in docker-compose.yml too, and
// so in git, in docker inspect, and the same in every environment.
func plainPassword() Rule {
	return Rule{
		Code: "NS1810", Title: "Password in the stack", Production: Error, Development: Warning,
		Theme: Secrets, Severity: Critical, Held: ByCheck, Waivable: true,
		References: []string{"OWASP Secrets Management 5.1", "OWASP Docker D12", "CIS Docker Benchmark 4.10", "CWE-798", "CWE-1392"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			for _, v := range s.Env {
				if isPassword(v) {
					report(about(s, v.Value.Range,
						"The value of %s stands in nself.hcl, and so in docker-compose.yml and in git, for everybody who can read either, and it is the same in "+
							"every environment. Attackers begin with the values that tutorials show. Declare a secret, which nselfc makes and hands over in a file:\n\n"+
							"    secret \"%s\" {}\n\n    service \"%s\" {\n      secrets = {\n        %s = secret.%s\n      }\n    }",
						v.Name, strings.ToLower(v.Name), s.Name, v.Name, strings.ToLower(v.Name)))
				} else if holdsPassword(v.Value.V) {
					report(about(s, v.Value.Range,
						"The value of %s holds a password or a key, which stands in nself.hcl, and so in docker-compose.yml and in git, for everybody who can read either, "+
							"and is the same in every environment. %s", v.Name, insteadOf(v)))
				}
			}
			if s.Build != nil {
				for _, v := range s.Build.Args {
					if isPassword(v) || holdsPassword(v.Value.V) {
						report(about(s, v.Value.Range,
							"The build argument %s holds a password or a key. It stands in nself.hcl and in docker-compose.yml, and so in git, and for ever in the history of "+
								"the image, for everybody who can pull it (docker history). What the service needs to run is in its argument secrets; what "+
								"the build alone needs belongs to the pipeline that builds the image.", v.Name))
					}
				}
			}
			for _, list := range [...][]ir.String{s.Entrypoint, s.Command} {
				if i := passwordAt(plain(list)); i >= 0 {
					report(inCommand(s, list[i].Range, "command"))
				}
			}
			if s.Health != nil && passwordAt(s.Health.Test) >= 0 {
				report(inCommand(s, s.Health.Origin.Range, "health check"))
			}
		}),
	}
}

// insteadOf says what to write in the place of a value that holds a password.
func insteadOf(v ir.EnvVar) string {
	if issuedKey.MatchString(v.Value.V) {
		return fmt.Sprintf("Somebody else has issued it, and has to take it back now. Ask for another, and declare it as a secret that is handed in:\n\n"+
			"    secret \"%[1]s\" {\n      kind = \"input\"\n    }\n\n    secrets = {\n      %[2]s = secret.%[1]s\n    }", strings.ToLower(v.Name), v.Name)
	}
	return fmt.Sprintf("Of a store that nselfc runs, the outputs give the whole address. Else declare a secret, and put "+
		"it where the password stands:\n\n    secrets = {\n      %s = postgres.main.roles[\"app\"].url\n    }", v.Name)
}

// inCommand makes the finding of a command that has a password in it.
func inCommand(s *ir.Service, at source.Range, what string) Finding {
	return about(s, at,
		"The %s of %s holds a password or a key. It stands in nself.hcl and in docker-compose.yml, and so in git, and every user of the host reads it "+
			"in the list of processes. Declare a secret, and let the program read the file that it is handed over in:\n\n"+
			"    secrets = {\n      PASSWORD = secret.password\n    }", what, s.Address)
}

// passwordAt finds the first word of a command that holds a password, or gives -1.
func passwordAt(list []string) int {
	for i, word := range list {
		if holdsPassword(word) || flagged(list, i) {
			return i
		}
	}
	return -1
}

func plain(list []ir.String) []string {
	out := make([]string, len(list))
	for i, word := range list {
		out[i] = word.V
	}
	return out
}

// isPassword tells by a variable's name that its value is a secret.
func isPassword(v ir.EnvVar) bool {
	name := strings.ToUpper(v.Name)
	for _, ending := range passwordEndings {
		if strings.HasSuffix(name, ending) {
			return !strings.Contains(name, "ALLOW_EMPTY") && isValue(v.Value.V)
		}
	}
	return false
}

var (
	// urlPassword finds the password of a URL (RFC 3986, 3.2.1).
	urlPassword = regexp.MustCompile(`\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#:@]*:([^\s/?#@]+)@`)
	// issuedKey finds keys by the form that those who issue them give to them.
	issuedKey = regexp.MustCompile(`\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20}|` +
		`[rs]k_live_[A-Za-z0-9]{16,}|xox[abpr]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})|-----BEGIN [A-Z ]*PRIVATE KEY-----`)
)

// leastKey is the length of the shortest text that issuedKey finds.
const leastKey = 15

// holdsPassword tells by a text itself that it has a secret in it. One that is made of
// declared secrets, or of the container's own variables, has none.
func holdsPassword(text string) bool {
	if strings.Contains(text, "://") {
		for _, m := range urlPassword.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "$") && !strings.Contains(m[1], secret.Mark) {
				return true
			}
		}
	}
	return len(text) >= leastKey && issuedKey.MatchString(text)
}

// flagged tells whether a word of a command is the password of an option.
func flagged(list []string, i int) bool {
	option, value, joined := strings.Cut(list[i], "=")
	if !joined && i > 0 {
		option, value = list[i-1], list[i]
	}
	return isPasswordFlag(option) && isValue(value) && !strings.HasPrefix(value, "$") && !strings.HasPrefix(value, "-") && !strings.Contains(value, secret.Mark)
}

// isPasswordFlag knows the options that have nothing but a password, and those of longer
// names, such as --db-password.
func isPasswordFlag(option string) bool {
	if slices.Contains(passwordFlags[:], option) {
		return true
	}
	return strings.HasPrefix(option, "--") && !strings.HasPrefix(option, "--no-") &&
		slices.ContainsFunc(longFlags[:], func(ending string) bool { return strings.HasSuffix(option, ending) })
}

// isValue tells a value from a switch, a path and nothing.
func isValue(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "none", "required":
		return false
	}
	return !strings.HasPrefix(s, "/")
}

// eachVariable makes a check of one that looks at plain variables one by one.
func eachVariable(check func(s *ir.Service, v ir.EnvVar, report func(Finding))) func(*ir.Stack, func(Finding)) {
	return eachService(func(s *ir.Service, report func(Finding)) {
		for _, v := range s.Env {
			check(s, v, report)
		}
	})
}
