package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/pgtext"
)

// unknownStatements refuses what is none of the statements that make databases, roles
// and rights: the superuser runs them all, those within functions too.
func unknownStatements(f rolesFile, report Report) {
	known := map[string]bool{}
	for _, s := range statements {
		known[s] = true
	}
	for _, s := range f.statements {
		if shape := shapeOf(s.Words); !known[shape] && !takesFromPublic(s) {
			report(Place{File: f.path, Line: s.Line}, "The superuser runs what no rule knows: %.200s.", shape)
		}
	}
	stepsInOrder(f, report)
}

// stepsInOrder: what stands behind an end, or in a transaction that nobody ends, is never
// done, and what was there before stays.
func stepsInOrder(f rolesFile, report Report) {
	const begin, commit, turn, quit, endif = "BEGIN", "COMMIT", `\if :{?turn}`, `\quit`, `\endif`
	wanted := []string{begin, commit, turn, quit, endif}
	for _, s := range f.statements {
		step := s.Words[0].Text
		if connectsTo(s.Words[0]) != "" {
			if len(wanted) > 0 {
				break
			}
			wanted = []string{begin, commit}
			continue
		}
		if !slices.Contains([]string{begin, commit, turn, quit, endif}, step) {
			continue
		}
		if len(wanted) == 0 || step != wanted[0] {
			report(Place{File: f.path, Line: s.Line}, "%s does not stand in its place, and what follows may never be done.", step)
			return
		}
		wanted = wanted[1:]
	}
	if len(wanted) > 0 {
		report(Place{File: f.path, Line: f.statements[len(f.statements)-1].Line}, "%s is missing, and what follows may never be done.", wanted[0])
	}
}

// takesFromPublic tells a statement that can make nothing less safe.
func takesFromPublic(s pgtext.Statement) bool {
	return s.Has("REVOKE") && !s.Has("GRANT") && s.Has("FROM") && s.Words[len(s.Words)-1] == (pgtext.Word{Kind: pgtext.Plain, Text: "PUBLIC"}) &&
		!slices.ContainsFunc(s.Words, func(w pgtext.Word) bool { return w.Kind == pgtext.Literal })
}

// shapeOf writes words with "" for each quoted name, ” for a string that is a name,
// # for a number and $ for a secret; a list of several is one of them. Strings that
// are more than a name stay, and the body of a function is words again.
func shapeOf(words []pgtext.Word) string {
	var out []string
	for i, w := range words {
		text := w.Text
		switch {
		case w.Kind == pgtext.Quoted:
			text = `""`
		case w.Kind == pgtext.Secret:
			text = "$"
		case w.Kind == pgtext.Plain && isDigits(text):
			text = "#"
		case w.Kind == pgtext.Literal && strings.Trim(text, letters+"0123456789_") == "" && !isWordOfServer(words[:i]):
			text = "''"
		case w.Kind == pgtext.Literal && i > 0 && words[i-1] == (pgtext.Word{Kind: pgtext.Plain, Text: "AS"}):
			body, err := pgtext.Words(text)
			if text = "{ " + shapeOf(body) + " }"; err != nil {
				text = err.Error()
			}
		case w.Kind == pgtext.Literal:
			text = "'" + text + "'"
		case connectsTo(w) != "":
			text = `\connect ""`
		}
		if n := len(out); n > 1 && out[n-1] == "," && out[n-2] == text && (text == `""` || text == "''") {
			out = out[:n-1]
			continue
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// connectsTo gives the database that psql is to connect to, by its name alone; "" where a
// word is another command, or has more to it: psql goes on to a second command behind a
// backslash, and takes further words for a user and a host.
func connectsTo(w pgtext.Word) string {
	name, ok := strings.CutPrefix(w.Text, `\connect "`)
	if name, closed := strings.CutSuffix(name, `"`); ok && closed && w.Kind == pgtext.Sign && strings.Trim(name, letters+"0123456789_") == "" {
		return name
	}
	return ""
}

// isWordOfServer tells by the words before a string that it is no name of a role or a
// database, but one of a few that the server knows.
func isWordOfServer(before []pgtext.Word) bool {
	n := len(before)
	if n < 2 {
		return false
	}
	switch last := before[n-1].Text; last {
	case "UNTIL":
		return true
	case "=":
		return slices.Contains([]string{"DEPTYPE", "LOG_STATEMENT", "LOG_MIN_ERROR_STATEMENT"}, before[n-2].Text)
	case ",":
		return before[n-2].Text == "OID"
	}
	return false
}

// statements are all that is run, as shapeOf writes them.
var statements = []string{
	`\connect ""`,
	`\endif`,
	`\if :{?turn}`,
	`\o /dev/null`,
	`\quit`,
	`\set ON_ERROR_STOP on`,
	`\set QUIET on`,
	`\set VERBOSITY terse`,
	`ALTER DATABASE "" OWNER TO POSTGRES`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE "" IN SCHEMA PUBLIC GRANT EXECUTE ON FUNCTIONS TO ""`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE "" IN SCHEMA PUBLIC GRANT SELECT , INSERT , UPDATE , DELETE ON TABLES TO ""`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE "" IN SCHEMA PUBLIC GRANT SELECT ON SEQUENCES TO ""`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE "" IN SCHEMA PUBLIC GRANT SELECT ON TABLES TO ""`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE "" IN SCHEMA PUBLIC GRANT USAGE , SELECT ON SEQUENCES TO ""`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE "" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
	`ALTER ROLE "" $ INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS CONNECTION LIMIT # VALID UNTIL 'infinity'`,
	`ALTER ROLE "" $ INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT # VALID UNTIL 'infinity'`,
	`ALTER ROLE "" IN DATABASE "" SET DEFAULT_TRANSACTION_READ_ONLY = ON`,
	`ALTER ROLE "" IN DATABASE "" SET ROLE = ""`,
	`ALTER ROLE "" NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS CONNECTION LIMIT - # VALID UNTIL 'infinity' PASSWORD NULL`,
	`ALTER ROLE "" NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT - # VALID UNTIL 'infinity' ` +
		`PASSWORD NULL`,
	`ALTER ROLE POSTGRES PASSWORD NULL`,
	`ALTER SCHEMA PUBLIC OWNER TO ""`,
	`BEGIN`,
	`COMMENT ON ROLE "" IS 'nselfc login'`,
	`COMMENT ON ROLE "" IS 'nselfc role'`,
	`COMMIT`,
	`CREATE FUNCTION PG_TEMP . BARE ( NAME TEXT ) RETURNS VOID LANGUAGE PLPGSQL AS { DECLARE COMMAND TEXT ; BEGIN FOR COMMAND IN SELECT ` +
		`PG_CATALOG . FORMAT ( 'REVOKE %I FROM %I' , G . ROLNAME , M . ROLNAME ) FROM PG_CATALOG . PG_AUTH_MEMBERS AM JOIN PG_CATALOG . ` +
		`PG_ROLES G ON G . OID = AM . ROLEID JOIN PG_CATALOG . PG_ROLES M ON M . OID = AM . MEMBER WHERE M . ROLNAME = NAME UNION ALL ` +
		`SELECT PG_CATALOG . FORMAT ( 'ALTER ROLE %I RESET ALL' , NAME ) UNION ALL SELECT PG_CATALOG . FORMAT ( 'ALTER ROLE %I IN DATABASE ` +
		`%I RESET ALL' , NAME , D . DATNAME ) FROM PG_CATALOG . PG_DB_ROLE_SETTING S JOIN PG_CATALOG . PG_DATABASE D ON D . OID = S . ` +
		`SETDATABASE JOIN PG_CATALOG . PG_ROLES M ON M . OID = S . SETROLE WHERE M . ROLNAME = NAME UNION ALL SELECT PG_CATALOG . FORMAT ( ` +
		`'REVOKE ALL ON DATABASE %I FROM %I' , D . DATNAME , NAME ) FROM PG_CATALOG . PG_DATABASE D WHERE D . DATNAME = ANY ( ARRAY [ '' ] ` +
		`: : PG_CATALOG . NAME [ ] ) LOOP EXECUTE COMMAND ; END LOOP ; END }`,
	`CREATE FUNCTION PG_TEMP . BARE ( NAME TEXT ) RETURNS VOID LANGUAGE PLPGSQL AS { DECLARE COMMAND TEXT ; BEGIN FOR COMMAND IN SELECT ` +
		`PG_CATALOG . FORMAT ( 'REVOKE %I FROM %I' , G . ROLNAME , M . ROLNAME ) FROM PG_CATALOG . PG_AUTH_MEMBERS AM JOIN PG_CATALOG . ` +
		`PG_ROLES G ON G . OID = AM . ROLEID JOIN PG_CATALOG . PG_ROLES M ON M . OID = AM . MEMBER WHERE M . ROLNAME = NAME UNION ALL ` +
		`SELECT PG_CATALOG . FORMAT ( 'ALTER ROLE %I RESET ALL' , NAME ) UNION ALL SELECT PG_CATALOG . FORMAT ( 'ALTER ROLE %I IN DATABASE ` +
		`%I RESET ALL' , NAME , D . DATNAME ) FROM PG_CATALOG . PG_DB_ROLE_SETTING S JOIN PG_CATALOG . PG_DATABASE D ON D . OID = S . ` +
		`SETDATABASE JOIN PG_CATALOG . PG_ROLES M ON M . OID = S . SETROLE WHERE M . ROLNAME = NAME UNION ALL SELECT PG_CATALOG . FORMAT ( ` +
		`'REVOKE ALL ON DATABASE %I FROM %I' , D . DATNAME , NAME ) FROM PG_CATALOG . PG_DATABASE D WHERE D . DATNAME = ANY ( ARRAY [ ] : : ` +
		`PG_CATALOG . NAME [ ] ) LOOP EXECUTE COMMAND ; END LOOP ; END }`,
	`CREATE FUNCTION PG_TEMP . ENSURE_ROLE ( NAME TEXT ) RETURNS VOID LANGUAGE PLPGSQL AS { BEGIN IF NOT EXISTS ( SELECT FROM ` +
		`PG_CATALOG . PG_ROLES WHERE ROLNAME = NAME ) THEN EXECUTE PG_CATALOG . FORMAT ( 'CREATE ROLE %I NOLOGIN' , NAME ) ; END IF ; END }`,
	`CREATE SCHEMA IF NOT EXISTS PUBLIC`,
	`GRANT "" TO ""`,
	`GRANT CONNECT , TEMPORARY ON DATABASE "" TO ""`,
	`GRANT CONNECT ON DATABASE "" TO ""`,
	`GRANT CREATE , CONNECT , TEMPORARY ON DATABASE "" TO ""`,
	`GRANT PG_MONITOR TO ""`,
	`GRANT PG_READ_ALL_DATA TO ""`,
	`GRANT SELECT , INSERT , UPDATE , DELETE ON ALL TABLES IN SCHEMA PUBLIC TO ""`,
	`GRANT SELECT ON ALL SEQUENCES IN SCHEMA PUBLIC TO ""`,
	`GRANT SELECT ON ALL TABLES IN SCHEMA PUBLIC TO ""`,
	`GRANT USAGE , SELECT ON ALL SEQUENCES IN SCHEMA PUBLIC TO ""`,
	`GRANT USAGE ON SCHEMA PUBLIC TO ""`,
	`REVOKE ALL ON DATABASE "" FROM PUBLIC`,
	`REVOKE ALL ON DATABASE POSTGRES , TEMPLATE1 FROM PUBLIC`,
	`REVOKE ALL ON SCHEMA PUBLIC FROM PUBLIC`,
	`SELECT PG_CATALOG . FORMAT ( 'ALTER ROLE %I NOLOGIN PASSWORD NULL' , R . ROLNAME ) FROM PG_CATALOG . PG_ROLES R WHERE PG_CATALOG . ` +
		`SHOBJ_DESCRIPTION ( R . OID , 'pg_authid' ) = 'nselfc login' AND R . ROLCANLOGIN AND R . ROLNAME < > ALL ( ARRAY [ '' ] : : PG_CATALOG . ` +
		`NAME [ ] ) \gexec`,
	`SELECT PG_CATALOG . FORMAT ( 'ALTER ROLE %I NOLOGIN PASSWORD NULL' , R . ROLNAME ) FROM PG_CATALOG . PG_ROLES R WHERE PG_CATALOG . ` +
		`SHOBJ_DESCRIPTION ( R . OID , 'pg_authid' ) = 'nselfc login' AND R . ROLCANLOGIN AND R . ROLNAME < > ALL ( ARRAY [ ] : : PG_CATALOG . NAME ` +
		`[ ] ) \gexec`,
	`SELECT PG_CATALOG . FORMAT ( 'CREATE DATABASE %I' , '' ) WHERE NOT EXISTS ( SELECT FROM PG_CATALOG . PG_DATABASE WHERE DATNAME = '' ) \gexec`,
	`SELECT PG_CATALOG . FORMAT ( 'REASSIGN OWNED BY %I TO %I' , R . ROLNAME , '' ) FROM PG_CATALOG . PG_ROLES R WHERE PG_CATALOG . ` +
		`SHOBJ_DESCRIPTION ( R . OID , 'pg_authid' ) IN ( 'nselfc login' , 'nselfc role' ) AND EXISTS ( SELECT FROM PG_CATALOG . PG_SHDEPEND S WHERE ` +
		`S . REFCLASSID = 'pg_catalog.pg_authid' : : PG_CATALOG . REGCLASS AND S . REFOBJID = R . OID AND S . DEPTYPE = 'o' AND S . DBID = ( ` +
		`SELECT OID FROM PG_CATALOG . PG_DATABASE WHERE DATNAME = PG_CATALOG . CURRENT_DATABASE ( ) ) ) \gexec`,
	`SELECT PG_CATALOG . PG_ADVISORY_XACT_LOCK ( PG_CATALOG . HASHTEXT ( 'nselfc roles' ) )`,
	`SELECT PG_CATALOG . PG_TERMINATE_BACKEND ( S . PID ) FROM PG_CATALOG . PG_STAT_ACTIVITY S JOIN PG_CATALOG . PG_ROLES R ON R . OID ` +
		`= S . USESYSID WHERE PG_CATALOG . SHOBJ_DESCRIPTION ( R . OID , 'pg_authid' ) IN ( 'nselfc login' , 'nselfc role' ) AND NOT R . ROLCANLOGIN`,
	`SELECT PG_TEMP . BARE ( '' )`,
	`SELECT PG_TEMP . ENSURE_ROLE ( '' )`,
	`SET CLIENT_MIN_MESSAGES = WARNING`,
	`SET LOG_MIN_DURATION_STATEMENT = - #`,
	`SET LOG_MIN_ERROR_STATEMENT = 'panic'`,
	`SET LOG_STATEMENT = 'none'`,
	`SET SEARCH_PATH = PG_CATALOG , PG_TEMP`,
}
