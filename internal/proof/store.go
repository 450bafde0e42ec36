package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/pgtext"
)

// storeRules are proved on the configuration and the SQL of the stores, and on secret files.
func storeRules() []Rule {
	return slices.Concat(secretRules(), []Rule{
		storeRule("NS1901", func(s *stores, report Report) {
			for _, f := range s.broken {
				report(f.Place, "It cannot be read: %s.", f.Detail)
			}
		}),
		eachRecord("NS1902", func(r pgtext.Record) string {
			switch {
			case len(r.Options) > 0:
				return "an option lets others in, or checks less"
			case r.Method == "reject", r.Method == "scram-sha-256" && r.Type != "local":
				return ""
			case r.Method == "peer" && r.Type == "local" && slices.Equal(r.Users, []string{"postgres"}):
				return ""
			}
			return "a login needs no proof there, or one that can be overheard or guessed"
		}),
		eachRecord("NS1903", func(r pgtext.Record) string {
			if r.Type != "local" && r.Type != "hostssl" && r.Method != "reject" {
				return "the password's exchange and all data go over the network in the clear"
			}
			return ""
		}),
		eachRecord("NS1904", func(r pgtext.Record) string {
			if r.Type != "local" && r.Method != "reject" && slices.ContainsFunc(slices.Concat(r.Databases, r.Users), notOneName) {
				return "logins that nobody declared, or databases that a login has no business in"
			}
			return ""
		}),
		storeRule("NS1905", func(s *stores, report Report) {
			for _, f := range s.hba {
				if !closed(f.records) {
					report(Place{File: f.path, Line: 1}, "What no line fits is not refused by a line of its own, for every kind of connection.")
				}
			}
		}),
		eachRecord("NS1906", func(r pgtext.Record) string {
			if r.Type != "local" && r.Method != "reject" && r.Address != "samenet" && r.Address != "samehost" {
				return "the store's own network is the only one from which its users come"
			}
			return ""
		}),
		settingsAre("NS1907", "data and passwords' exchanges would go in the clear",
			"ssl", "on", "ssl_min_protocol_version", "TLSv1.2|TLSv1.3", "ssl_ciphers", "ECDHE+AESGCM:ECDHE+CHACHA20"),
		settingsAre("NS1908", "a stolen hash of MD5 is as good as the password", "password_encryption", "scram-sha-256"),
		settingsAre("NS1909", "statements hold passwords and customers' data, and the log would too",
			"log_statement", "none", "log_min_error_statement", "panic", "log_parameter_max_length", "0",
			"log_parameter_max_length_on_error", "0", "log_error_verbosity", "terse"),
		settingsAre("NS1910", "the server would read the image's own rules, which trust its neighbours", "hba_file", "/etc/postgresql/pg_hba.conf"),
		{Code: "NS1910", Check: storesAreStarted},
		rolesRule("NS1911", rolesAreNoSuperusers),
		rolesRule("NS1912", publicHasNothing),
		rolesRule("NS1913", passwordsAreVerifiers),
		rolesRule("NS1914", functionsAreClosed),
		rolesRule("NS1915", sqlCannotBeSteered),
		rolesRule("NS1916", func(f rolesFile, report Report) {
			if !slices.ContainsFunc(f.statements, func(s pgtext.Statement) bool { return s.String() == "ALTER ROLE POSTGRES PASSWORD NULL" }) {
				report(Place{File: f.path, Line: 1}, "The superuser's password stays, if ever there was one.")
			}
		}),
		rolesRule("NS1917", loginsAreBounded),
		{Code: "NS1926", Check: rolesHaveOneAccess},
		storeRule("NS1918", defaultUserIsOff),
		storeRule("NS1919", aclHoldsHashes),
		storeRule("NS1920", aclWithoutAdmin),
		eachScript("NS1920", func(s script) (int, string) {
			for _, l := range s.lines {
				_, rules, ok := strings.Cut(l.text, " on #%s ")
				rules, _, _ = strings.Cut(rules, `\n`)
				if ok && rules != "resetkeys resetchannels -@all +ping" && rules != "resetkeys resetchannels -@all +acl|setuser +client|kill" {
					return l.number, "A user of the container itself may do more than its one task"
				}
			}
			return 0, ""
		}),
		redisSettings("NS1921", "a client that may run a command could load code into the server, or read its memory",
			"enable-debug-command", "enable-module-command", "enable-protected-configs"),
		storeRule("NS1922", usersInOnePlace),
	})
}

func storeRule(code string, check func(s *stores, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) { check(a.stores(), report) }}
}

// eachRecord makes a rule of a check of one line of pg_hba.conf.
func eachRecord(code string, check func(r pgtext.Record) string) Rule {
	return storeRule(code, func(s *stores, report Report) {
		for _, f := range s.hba {
			for _, r := range f.records {
				if wrong := check(r); wrong != "" {
					report(Place{File: f.path, Line: r.Line}, "%s %s %s %s %s: %s.", r.Type,
						strings.Join(r.Databases, ","), strings.Join(r.Users, ","), r.Address, r.Method, wrong)
				}
			}
		}
	})
}

// closed tells whether a file refuses whatever comes to its end, and every login by
// a socket that it did not name.
func closed(records []pgtext.Record) bool {
	all := []string{"all"}
	refuses := func(kind string) bool {
		for _, r := range slices.Backward(records) {
			if r.Type == kind {
				return r.Method == "reject" && slices.Equal(r.Databases, all) && slices.Equal(r.Users, all) && (kind == "local" || r.Address == "all")
			}
		}
		return false
	}
	return refuses("local") && refuses("host") && records[len(records)-1].Type == "host"
}

// settingsAre makes a rule that settings of PostgreSQL have certain values: pairs of
// a name and what it may be, between bars.
func settingsAre(code, why string, pairs ...string) Rule {
	return storeRule(code, func(s *stores, report Report) {
		for _, f := range s.settings {
			for i := 0; i < len(pairs); i += 2 {
				at, value := Place{File: f.path, Line: 1}, "not set"
				for _, o := range f.settings {
					if o.Name == pairs[i] {
						at.Line, value = o.Line, o.Value
					}
				}
				if !slices.Contains(strings.Split(pairs[i+1], "|"), value) {
					report(at, "%s is %s and must be %s: %s.", pairs[i], value, pairs[i+1], why)
				}
			}
		}
	})
}
