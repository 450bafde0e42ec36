package proof

import (
	"slices"
	"strings"
)

// users gives the lines of an ACL file: a user and its rules.
func (s *stores) users(f func(at Place, name string, rules []string)) {
	for _, file := range s.acl {
		for _, w := range file.lines {
			if len(w.list) > 1 && w.list[0] == "user" {
				f(Place{File: file.path, Line: w.line}, w.list[1], w.list[2:])
			}
		}
	}
}

// defaultUserIsOff: whoever connects is that user, as long as it says nothing else.
func defaultUserIsOff(s *stores, report Report) {
	off := map[string]bool{}
	s.users(func(at Place, name string, rules []string) {
		if name == "default" && slices.Contains(rules, "off") && !slices.Contains(rules, "on") {
			off[at.File] = true
		}
		if slices.Contains(rules, "nopass") {
			report(at, "The user %s needs no password.", name)
		}
		if !slices.Contains(rules, "off") && !slices.ContainsFunc(rules, func(r string) bool { return r != "" && (r[0] == '#' || r[0] == '>' || r[0] == '$') }) {
			report(at, "The user %s is on and has no password.", name)
		}
	})
	for _, file := range s.acl {
		if !off[file.path] {
			report(Place{File: file.path, Line: 1}, "The default user is not off: whoever reaches the port is in.")
		}
	}
}

// aclHoldsHashes: a rule that begins with > is a password as it is.
func aclHoldsHashes(s *stores, report Report) {
	s.users(func(at Place, name string, rules []string) {
		for _, r := range rules {
			if strings.HasPrefix(r, ">") || strings.HasPrefix(r, "${") && !strings.HasPrefix(r, "${redis_acl_hash(") {
				report(at, "The password of %s stands there itself, and not its hash.", name)
			}
		}
	})
}

// aclWithoutAdmin: the last rule that speaks of a command counts, so what is taken
// away must stand behind what is given.
func aclWithoutAdmin(s *stores, report Report) {
	s.users(func(at Place, name string, rules []string) {
		for _, r := range rules {
			if r == "allcommands" || strings.HasPrefix(r, "(") || strings.HasPrefix(r, "+") && r != "+@all" && r != "+info" {
				report(at, "The user %s is given %s, by a rule that undoes what others take away.", name, r)
			}
		}
		given := slices.Index(rules, "+@all")
		for _, category := range [...]string{"@admin", "@dangerous"} {
			taken := slices.Index(rules, "-"+category)
			if given >= 0 && taken < given {
				report(at, "The user %s may run the commands of %s: CONFIG, FLUSHALL, KEYS ….", name, category)
			}
		}
	})
}

// redisSettings makes a rule that settings of redis.conf are off.
func redisSettings(code, why string, names ...string) Rule {
	return storeRule(code, func(s *stores, report Report) {
		for _, f := range s.redis {
			for _, name := range names {
				at, value := Place{File: f.path, Line: 1}, "not set"
				for _, w := range f.lines {
					if w.list[0] == name {
						at.Line, value = w.line, strings.Join(w.list[1:], " ")
					}
				}
				if value != "no" {
					report(at, "%s is %s: %s.", name, value, why)
				}
			}
		}
	})
}

// usersInOnePlace: users stand in the ACL file, and nothing of redis.conf weakens it.
func usersInOnePlace(s *stores, report Report) {
	for _, f := range s.redis {
		file := false
		for _, w := range f.lines {
			at := Place{File: f.path, Line: w.line}
			switch w.list[0] {
			case "aclfile":
				file = len(w.list) == 2 && w.list[1] == "/run/nself/users.acl"
			case "user", "requirepass", "masterauth", "rename-command":
				report(at, "%s stands beside the ACL file: a password in a committed file, or a rule that the other one undoes.", w.list[0])
			case "protected-mode", "include", "loadmodule", "replicaof", "slaveof":
				report(at, "%s weakens what the ACL file says.", w.list[0])
			}
		}
		if !file {
			report(Place{File: f.path, Line: 1}, "No ACL file is loaded: the image's default user is on, without a password.")
		}
	}
}
