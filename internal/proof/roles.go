package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/pgtext"
)

func rolesRule(code string, check func(f rolesFile, report Report)) Rule {
	return storeRule(code, func(s *stores, report Report) {
		for _, f := range s.roles {
			if len(f.statements) > 0 {
				check(f, report)
			}
		}
	})
}

// attributes gives the words of a statement that makes or changes a role's rights.
func attributes(s pgtext.Statement) bool {
	return (s.Begins("ALTER", "ROLE") || s.Begins("CREATE", "ROLE") || s.Begins("ALTER", "USER") || s.Begins("CREATE", "USER")) && !s.Has("SET") && !s.Has("RESET")
}

// rolesAreNoSuperusers: no role may make others, read what others wrote for the
// server, or put itself above its grants. BYPASSRLS is for what dumps a database.
func rolesAreNoSuperusers(f rolesFile, report Report) {
	bared := map[string]bool{}
	for _, s := range f.statements {
		if _, name, ok := strings.Cut(s.String(), "SELECT PG_TEMP . BARE ( '"); ok {
			bared[strings.TrimSuffix(name, "' )")] = true
		}
	}
	dumps := map[string]bool{} // who reads everything, policies of rows or not
	for _, s := range f.statements {
		if s.Begins("GRANT", "PG_READ_ALL_DATA", "TO") && len(s.Words) == 4 {
			name := s.Words[3].Text
			dumps[name], dumps[name+"_a"], dumps[name+"_b"] = true, true, true
		}
	}
	for _, s := range f.statements {
		at := Place{File: f.path, Line: s.Line}
		if attributes(s) && s.Has("BYPASSRLS") && len(s.Words) > 2 && !dumps[s.Words[2].Text] {
			report(at, "The role %s is above the policies of rows.", s.Words[2].Text)
		}
		for _, w := range [...]string{"SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION"} {
			if attributes(s) && s.Has(w) {
				report(at, "A role has the right %s.", w)
			}
		}
		if attributes(s) && !s.Begins("ALTER", "ROLE", "POSTGRES") && !(s.Has("NOSUPERUSER") && s.Has("NOCREATEDB") && s.Has("NOCREATEROLE") && s.Has("NOREPLICATION")) {
			report(at, "A role keeps whatever rights somebody gave it by hand.")
		}
		if s.Begins("COMMENT", "ON", "ROLE") && len(s.Words) > 3 && !bared[s.Words[3].Text] {
			report(at, "The role %s keeps what a former declaration granted to it.", s.Words[3].Text)
		}
		if s.Begins("GRANT") && (s.Has("ADMIN") || s.Has("OPTION")) {
			report(at, "A role may give to others what it was given.")
		}
		for _, w := range [...]string{"POSTGRES", "PG_EXECUTE_SERVER_PROGRAM", "PG_READ_SERVER_FILES", "PG_WRITE_SERVER_FILES"} {
			if s.Begins("GRANT") && s.Has(w) {
				report(at, "%s leads to the server's own files and programs.", strings.ToLower(w))
			}
		}
	}
}

// publicHasNothing: PUBLIC, which is every role there will ever be, may connect to
// each database and make temporary tables there until that is taken from it.
func publicHasNothing(f rolesFile, report Report) {
	taken := map[string]bool{}
	var made []string
	closed, connected := map[string]bool{}, "" // by the database that statements run in
	for _, s := range f.statements {
		switch {
		case granted(s):
			report(Place{File: f.path, Line: s.Line}, "Something is granted to PUBLIC, which is every role.")
		case s.Begins("REVOKE", "ALL", "ON", "DATABASE") && s.Has("FROM") && s.Has("PUBLIC"):
			for _, w := range s.Words[4:] {
				if w.Kind != pgtext.Sign {
					taken[strings.ToLower(w.Text)] = true
				}
			}
		case s.Begins("REVOKE", "ALL", "ON", "SCHEMA", "PUBLIC", "FROM", "PUBLIC"):
			closed[connected] = true
		case s.Begins("ALTER", "DATABASE") && s.Has("OWNER") && len(s.Words) > 2:
			made = append(made, s.Words[2].Text)
		case s.Words[0].Kind == pgtext.Sign && strings.HasPrefix(s.Words[0].Text, `\connect `):
			connected = strings.Trim(strings.TrimPrefix(s.Words[0].Text, `\connect `), `"`)
		}
	}
	for _, d := range append([]string{"postgres", "template1"}, made...) {
		if !taken[strings.ToLower(d)] {
			report(Place{File: f.path, Line: 1}, "Every role may connect to the database %s.", d)
		}
	}
	for _, d := range made {
		if !closed[d] {
			report(Place{File: f.path, Line: 1}, "Every role may use the schema public of the database %s.", d)
		}
	}
}

// granted tells a statement that gives PUBLIC something, now or by default. The word
// is a schema's name too, before the TO.
func granted(s pgtext.Statement) bool {
	if !s.Begins("GRANT") && !(s.Begins("ALTER", "DEFAULT", "PRIVILEGES") && s.Has("GRANT")) {
		return false
	}
	public := pgtext.Word{Kind: pgtext.Plain, Text: "PUBLIC"}
	to := slices.Index(s.Words, pgtext.Word{Kind: pgtext.Plain, Text: "TO"})
	return to >= 0 && slices.Contains(s.Words[to:], public)
}

// passwordsAreVerifiers: a password of a role is nothing, or what a function makes
// of a secret; and such a statement comes when the server's log is off.
func passwordsAreVerifiers(f rolesFile, report Report) {
	for _, s := range f.statements {
		for i, w := range s.Words {
			if w == (pgtext.Word{Kind: pgtext.Plain, Text: "PASSWORD"}) && attributes(s) {
				if i+1 == len(s.Words) || s.Words[i+1] != (pgtext.Word{Kind: pgtext.Plain, Text: "NULL"}) {
					report(Place{File: f.path, Line: s.Line}, "A password stands in the statement.")
				}
			}
			if w.Kind == pgtext.Secret && !strings.HasPrefix(w.Text, "${postgres_login_") && !strings.HasPrefix(w.Text, "${scram_verifier(") {
				report(Place{File: f.path, Line: s.Line}, "A secret stands in the statement as it is, and not its verifier.")
			}
		}
	}
}

// functionsAreClosed: what a migration makes may be run by every role, unless that
// is said for all schemas at once.
func functionsAreClosed(f rolesFile, report Report) {
	closed := map[string]bool{}
	var databases []string
	for _, s := range f.statements {
		if strings.HasSuffix(s.String(), "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC") && !s.Has("SCHEMA") && s.Begins("ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE") {
			closed[s.Words[5].Text] = true
		}
		if s.Begins("ALTER", "DATABASE") && s.Has("OWNER") {
			databases = append(databases, s.Words[2].Text)
		}
		if strings.Contains(strings.ToUpper(s.String()), "SECURITY DEFINER") {
			report(Place{File: f.path, Line: s.Line}, "A function runs with the rights of the superuser, whoever calls it.")
		}
	}
	for _, d := range databases {
		if !closed[d+"_owner"] {
			report(Place{File: f.path, Line: 1}, "Functions of the database %s may be run by every role.", d)
		}
	}
}

// sqlCannotBeSteered: the superuser's statements look nothing up in schemas that
// others can write to, and are in no log.
func sqlCannotBeSteered(f rolesFile, report Report) {
	var said []string
	connected := true
	for _, s := range f.statements {
		text := s.String()
		if s.Words[0].Kind == pgtext.Sign { // psql's own
			if strings.HasPrefix(text, `\connect `) {
				connected, said = false, said[:0]
			}
			if command, _, _ := strings.Cut(text, " "); strings.HasPrefix(command, `\!`) || slices.Contains([]string{`\i`, `\ir`, `\include`, `\include_relative`, `\copy`, `\w`, `\write`}, command) {
				report(Place{File: f.path, Line: s.Line}, "%s is a command of psql that reads or runs something else.", command)
			}
			continue
		}
		if s.Begins("ALTER", "SYSTEM") || s.Begins("ALTER", "DATABASE") && s.Has("SET") && !s.Has("OWNER") {
			report(Place{File: f.path, Line: s.Line}, "A setting of the server changes past its file.")
		}
		if s.Begins("SET") {
			if strings.HasPrefix(text, "SET SEARCH_PATH") && !strings.HasPrefix(text, "SET SEARCH_PATH = PG_CATALOG") {
				report(Place{File: f.path, Line: s.Line}, "The search path of the superuser leads through schemas that others write to.")
			}
			said = append(said, text)
			connected = connected || strings.HasPrefix(text, "SET SEARCH_PATH = PG_CATALOG")
			continue
		}
		if !connected || !slices.ContainsFunc(said, func(t string) bool { return strings.HasPrefix(t, "SET SEARCH_PATH = PG_CATALOG") }) {
			report(Place{File: f.path, Line: s.Line}, "A statement of the superuser runs before its search path is set.")
			return
		}
	}
	for _, want := range [...]string{`\set ON_ERROR_STOP on`, `\set VERBOSITY terse`} {
		if !slices.ContainsFunc(f.statements, func(s pgtext.Statement) bool { return s.String() == want }) {
			report(Place{File: f.path, Line: 1}, "%s is not set: a statement that fails is passed over, or quoted with its verifier.", want)
		}
	}
	for _, want := range [...]string{"SET LOG_STATEMENT = 'none'", "SET LOG_MIN_ERROR_STATEMENT = 'panic'", "SET LOG_MIN_DURATION_STATEMENT = - 1"} {
		at := slices.IndexFunc(f.statements, func(s pgtext.Statement) bool { return s.String() == want })
		first := slices.IndexFunc(f.statements, func(s pgtext.Statement) bool {
			return slices.ContainsFunc(s.Words, func(w pgtext.Word) bool { return w.Kind == pgtext.Secret })
		})
		if first >= 0 && (at < 0 || at > first) {
			report(Place{File: f.path, Line: 1}, "%s does not stand before the first verifier: the server's log may hold it.", want)
		}
	}
}

// loginsAreBounded: one client that leaks connections takes its own and not all.
func loginsAreBounded(f rolesFile, report Report) {
	for _, s := range f.statements {
		if !attributes(s) || !slices.ContainsFunc(s.Words, func(w pgtext.Word) bool { return w.Kind == pgtext.Secret }) {
			continue
		}
		text := s.String()
		if _, limit, ok := strings.Cut(text, "CONNECTION LIMIT "); !ok || limit[0] == '-' || limit[0] == '0' {
			report(Place{File: f.path, Line: s.Line}, "A login may take every connection of the server.")
		}
	}
}
