package pgtext_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/proof/pgtext"
)

func TestHBA(t *testing.T) {
	got, err := pgtext.HBA("# comment\nlocal all postgres peer\n\nhostssl \"a b\",c  +g, \"all\" 10.0.0.0/8 scram-sha-256 clientcert=verify-full # end\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []pgtext.Record{
		{Line: 2, Type: "local", Databases: []string{"all"}, Users: []string{"postgres"}, Method: "peer"},
		{
			Line: 4, Type: "hostssl", Databases: []string{`"a b"`, "c"}, Users: []string{"+g", `"all"`}, Address: "10.0.0.0/8", Method: "scram-sha-256",
			Options: []string{"clientcert=verify-full"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{
		"local all all", "host all all trust", "hosts all all all md5", "host all all 10.0.0.0 255.0.0.0 md5", "host \"a all all md5", "host a, all all all md5 \x01",
		"host @file all all md5", "host all all all \"reject\"", "include other.conf", "local,host all all peer", "# x \\\nlocal all all peer", "local all all peer \\", "# x \\\r\nlocal all all peer",
		"local all all peer\r\n", "local\vall all peer",
	} {
		if got, err := pgtext.HBA(bad); err == nil {
			t.Errorf("%s is read as %+v", bad, got)
		}
	}
}

func TestSettings(t *testing.T) {
	got, err := pgtext.Settings("# x\nPort = 5432 # default\nssl on\nlog_line_prefix = '%m [it''s] # %p '\na.b='x'\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []pgtext.Setting{{2, "port", "5432"}, {3, "ssl", "on"}, {4, "log_line_prefix", "%m [it's] # %p "}, {5, "a.b", "x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"ssl", "= on", "ssl = 'on", "ssl = 'on' off", "ssl = on off", "include 'x'", "include_dir = 'x'", "ssl = on\nSSL = off", `a = 'b\'`} {
		if got, err := pgtext.Settings(bad); err == nil {
			t.Errorf("%s is read as %+v", bad, got)
		}
	}
}

func TestSQL(t *testing.T) {
	script := "-- a; comment\n\\set ON_ERROR_STOP on\nCREATE FUNCTION f() AS $fn$\nBEGIN; x 'y;\n$fn$;\nALTER ROLE \"a\"\"b\" ${postgres_login_a(x[\"}\"])}\n" +
		"  PASSWORD 'it''s;';\nSELECT 'CREATE' \\gexec\ncommit;"
	got, err := pgtext.SQL(script)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	var texts []string
	for _, s := range got {
		lines, texts = append(lines, s.Line), append(texts, s.String())
	}
	want := []string{
		`\set ON_ERROR_STOP on`, "CREATE FUNCTION F ( ) AS '\nBEGIN; x 'y;\n'", `ALTER ROLE "a"b" ${postgres_login_a(x["}"])} PASSWORD 'it's;'`,
		`SELECT 'CREATE' \gexec`, "COMMIT",
	}
	if diff := cmp.Diff(want, texts); diff != "" || !slices.Equal(lines, []int{2, 3, 6, 8, 9}) {
		t.Errorf("%v\n%s", lines, diff)
	}
	if s := got[2]; !s.Begins("ALTER", "ROLE") || s.Begins("ALTER", "TABLE") || !s.Has("PASSWORD") || s.Has("SUPERUSER") || s.Words[3].Kind != pgtext.Secret {
		t.Errorf("%+v", s)
	}
	if s := got[4]; s.Begins("COMMIT", "X") || !s.Begins("COMMIT") {
		t.Errorf("%+v", s)
	}
	for verb := range strings.FieldsSeq("SET CREATE ALTER GRANT REVOKE SELECT COMMENT BEGIN COMMIT") {
		if got, err := pgtext.SQL(verb + " x;"); err != nil || len(got) != 1 {
			t.Errorf("%s: %v", verb, err)
		}
	}
	for _, bad := range []string{
		"SELECT 'a", `SELECT "a`, "SELECT $x$ a", "SELECT $1;", "SELECT 1", "/* x */ SELECT 1;", "SELECT ${a", "SELECT 1 \\quit\n;", "DROP TABLE x;", "SELECT \x01;",
		`SELECT E'a\''; DROP TABLE x; --';`, "SELECT x$a$ ; SELECT 1; -- $a$;", "SELECT $1$ a $1$;", "SELECT U&\"a\";", "SELECT N'a';", "GRANT po\u017ftgres TO x;", "SELECT a\u00a0b;", "SELECT 1\v;",
		"\ufeffSELECT 1;", "SELECT 1;\x00", "COMMIT; \\quit \n SELECT 1", "SELECT 1 /* a */;", "SELECT $a$ b $A$;", "SELECT ${a\n};", "SELECT $a", "SELECT \x7f;", "SELECT /* ; */ 1;", "SELECT \"a\"\"b;",
	} {
		if got, err := pgtext.SQL(bad); err == nil {
			t.Errorf("%s is read as %+v", bad, got)
		}
	}
}

// TestWords: each kind of word ends where it ends, and lines are counted through strings.
func TestWords(t *testing.T) {
	const names = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
	got, err := pgtext.SQL("SELECT\t" + strings.ToLower(names) + " 'a''';\r\nSELECT 'x\ny', \"a\nb\", $_a0$\n$_a0$;\nSELECT ${f(\"\\\"}\")} '';;\n-- the end")
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	var words [][]pgtext.Word
	for _, s := range got {
		lines, words = append(lines, s.Line), append(words, s.Words[1:])
	}
	comma := pgtext.Word{Kind: pgtext.Sign, Text: ","}
	want := [][]pgtext.Word{
		{{Kind: pgtext.Plain, Text: names}, {Kind: pgtext.Literal, Text: "a'"}},
		{{Kind: pgtext.Literal, Text: "x\ny"}, comma, {Kind: pgtext.Quoted, Text: "a\nb"}, comma, {Kind: pgtext.Literal, Text: "\n"}},
		{{Kind: pgtext.Secret, Text: `${f("\"}")}`}, {Kind: pgtext.Literal}},
	}
	if diff := cmp.Diff(want, words); diff != "" || !slices.Equal(lines, []int{1, 2, 6}) {
		t.Errorf("%v\n%s", lines, diff)
	}
}

// FuzzReaders: none fails otherwise than with an error, and what is read stands on
// lines that the text has.
func FuzzReaders(f *testing.F) {
	f.Add("local all all peer\n")
	f.Add("ssl = 'on'\n")
	f.Add("ALTER ROLE \"a\" ${x};\n\\set a b\n")
	f.Add("SELECT $a$ x $a$;")
	f.Add("$a$$a$;")
	f.Fuzz(func(t *testing.T, s string) {
		most := strings.Count(s, "\n") + 1
		records, _ := pgtext.HBA(s)
		for _, r := range records {
			if r.Line < 1 || r.Line > most || r.Method == "" || len(r.Databases) == 0 || len(r.Users) == 0 {
				t.Errorf("%+v", r)
			}
		}
		settings, _ := pgtext.Settings(s)
		for _, o := range settings {
			if o.Line < 1 || o.Line > most || o.Name == "" {
				t.Errorf("%+v", o)
			}
		}
		statements, _ := pgtext.SQL(s)
		for _, o := range statements {
			if o.Line < 1 || o.Line > most || len(o.Words) == 0 {
				t.Errorf("%+v", o)
			}
		}
	})
}
