package compiler

import (
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// lowerUser checks that a user is numeric: a name would be looked up in the
// image, which can map it to root.
func (l *lowering) lowerUser(s *lang.Service) ir.String {
	def := source.Default(defaultUser, s.Range, "default service.user")
	if !s.User.IsSet() {
		return def
	}
	uid, gid, hasGroup := strings.Cut(s.User.V, ":")
	if isID(uid) && (!hasGroup || isID(gid)) {
		return s.User
	}
	l.errorf(s.Declared, s.User.Range, "NS301", "Invalid user",
		"%q is not a numeric user. A name is looked up in the image, which may map it to root, and nothing shows it. Write the "+
			"numbers, user and group, that the image's files belong to:\n\n    user = \"1000:1000\"", s.User.V)
	return def
}

// isID tells whether s is a decimal number below 2^31 without a leading zero.
func isID(s string) bool {
	n, err := strconv.ParseUint(s, 10, 31)
	return err == nil && strconv.FormatUint(n, 10) == s
}

// lowerRestart checks a restart policy.
func (l *lowering) lowerRestart(s *lang.Service) ir.String {
	def := source.Default(defaultRestart, s.Range, "default service.restart")
	if !s.Restart.IsSet() {
		return def
	}
	name, tries, counted := strings.Cut(s.Restart.V, ":")
	switch {
	case name == "on-failure" && counted:
		if n, err := strconv.Atoi(tries); err == nil && n > 0 && n <= 100 && strconv.Itoa(n) == tries {
			return s.Restart
		}
	case counted:
	case name == "no", name == "always", name == "on-failure", name == "unless-stopped":
		return s.Restart
	}
	l.errorf(s.Declared, s.Restart.Range, "NS303", "Invalid restart policy",
		"Docker knows no restart policy %q and would refuse the container. It is one of \"no\", \"on-failure\", \"on-failure:5\" (with "+
			"1 to 100 tries), \"always\" and \"unless-stopped\":\n\n    restart = \"unless-stopped\"", s.Restart.V)
	return def
}

// lowerDuration checks a duration as compose reads it: whole numbers with the
// units h, m, s, ms and us, the largest first. Zero passes only where it means
// something.
func (l *lowering) lowerDuration(d lang.Declared, v lang.String, def ir.String, what string, zero bool) ir.String {
	if !v.IsSet() {
		return def
	}
	us, ok := parseDuration(v.V)
	if ok && us <= 24*3600*1_000_000 && (us > 0 || zero) {
		return v
	}
	l.errorf(d, v.Range, "NS304", "Invalid duration",
		"%s is %q, which is not a duration of up to 24 hours. Write whole numbers with the units h, m, s and ms, as in:\n\n    \"1m30s\"", what, v.V)
	return def
}

// parseDuration gives microseconds.
func parseDuration(s string) (int64, bool) {
	var total int64
	last := len(durationUnits)
	for s != "" {
		i := 0
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		n, err := strconv.ParseInt(s[:i], 10, 32)
		if err != nil {
			return 0, false
		}
		s = s[i:]
		unit := -1
		for k, u := range durationUnits {
			if rest, ok := strings.CutPrefix(s, u.name); ok && (rest == "" || '0' <= rest[0] && rest[0] <= '9') {
				unit, s = k, rest
				break
			}
		}
		if unit < 0 || unit >= last {
			return 0, false
		}
		last = unit
		total += n * durationUnits[unit].us
	}
	return total, last < len(durationUnits)
}

// durationUnits are compose's, the smallest first.
var durationUnits = [...]struct {
	name string
	us   int64
}{{"us", 1}, {"ms", 1000}, {"s", 1_000_000}, {"m", 60_000_000}, {"h", 3_600_000_000}}

// words checks that no word of a command holds a secret: it would stand in
// docker-compose.yml, in `ps` and in `docker inspect`.
func (l *lowering) words(d lang.Declared, in []lang.String, what string) []ir.String {
	for _, w := range in {
		if strings.Contains(w.V, secret.Mark) {
			l.bug(d, w.Range, "A secret got into %s of %s.", what, d.Address)
			return nil
		}
	}
	return in
}

// guard reports a text that holds a secret where only plain text can stand.
func (l *lowering) guard(d lang.Declared, v lang.String, what string) ir.String {
	if !strings.Contains(v.V, secret.Mark) {
		return v
	}
	l.bug(d, v.Range, "A secret got into %s of %s.", what, d.Address)
	return ir.String{}
}

// isEnvName tells whether containers can be given a variable of that name. Dots
// and hyphens are no part of POSIX names, but Elasticsearch and others read
// them.
func isEnvName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isWordByte(c) && (i == 0 || c != '.' && c != '-') || i == 0 && '0' <= c && c <= '9' {
			return false
		}
	}
	return s != ""
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// steersTools tells whether Docker's own tools read a variable of that name:
// nothing in a container may be pointed at a Docker API.
func steersTools(name string) bool {
	switch name {
	case "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION":
		return true
	}
	return strings.HasPrefix(name, "COMPOSE_")
}

// checkEnvName reports a name that no variable can have.
func (l *lowering) checkEnvName(d lang.Declared, e lang.EnvVar, what string, strict bool) bool {
	switch {
	case !isEnvName(e.Name), strict && strings.ContainsAny(e.Name, ".-"):
		l.errorf(d, e.Value.Range, "NS309", envNameSummary,
			"%s has the name %q. A name begins with a letter or an underscore and goes on with letters, digits and underscores; the "+
				"container would not see it, or not under that name.", what, e.Name)
	case steersTools(e.Name):
		l.errorf(d, e.Value.Range, "NS309", envNameSummary,
			"%s has the name %q, by which Docker's own tools are told which engine and project to talk to. No container of a stack may "+
				"control the engine: that is root on the host. Choose another name.", what, e.Name)
	default:
		return true
	}
	return false
}

const envNameSummary = "Invalid environment variable name"
