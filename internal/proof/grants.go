package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/pgtext"
)

// grantee is a role or a login, as the statements leave it.
type grantee struct {
	name     string
	line     int      // of the last statement that gave it something
	token    string   // of the secret that lets it in; "" for a role
	mark     string   // by which it is known when it is declared no longer
	groups   []string // that it is a member of
	connects []string // databases that it may connect to by a grant of its own
	acts     []string // a database, a blank, and the role that it acts as there
	reads    []string // databases in which its transactions only read
}

// grants is what a file of roles leaves when it has run.
type grants struct {
	databases []string
	subjects  []*grantee // in the order in which they come up
	named     map[string]*grantee
	connected string   // the database that the statements run in; "" for the first one
	logins    []string // that are not taken for those of a former declaration
	bared     []string // databases from which a role loses what it had
	connects  []string // databases in which statements run
	report    func(line int, detail string, args ...any)
}

// readGrants runs the statements in thought. It reports rights that go to whom they do
// not belong by themselves: those of the groups of a database.
func readGrants(f rolesFile, report Report) *grants {
	g := &grants{named: map[string]*grantee{}, report: func(line int, detail string, args ...any) {
		report(Place{File: f.path, Line: line}, detail, args...)
	}}
	for _, s := range f.statements {
		switch w := s.Words; {
		case s.Begins("GRANT"):
			g.grant(s.Line, w[1:], g.connected)
		case s.Begins("ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE") && len(w) > 5:
			g.owns(s.Line, w[5].Text)
			if i := slices.Index(w, plain("GRANT")); i >= 0 {
				g.grant(s.Line, w[i+1:], g.connected)
			}
		case s.Begins("ALTER", "SCHEMA", "PUBLIC", "OWNER", "TO"):
			g.owns(s.Line, w[len(w)-1].Text)
		case s.Begins("ALTER", "DATABASE") && s.Has("OWNER"):
			g.databases = append(g.databases, w[2].Text)
		case s.Begins("ALTER", "ROLE") && len(w) > 3 && w[2].Kind == pgtext.Quoted:
			g.alter(g.subject(w[2].Text, s.Line), w[3:])
		case s.Begins("COMMENT", "ON", "ROLE") && len(w) == 6 && w[3].Kind == pgtext.Quoted:
			g.subject(w[3].Text, s.Line).mark = w[5].Text
		case s.Begins("SELECT", "PG_TEMP") && len(w) == 7 && w[3] == plain("BARE"):
			r := g.subject(w[5].Text, s.Line)
			r.groups, r.connects, r.acts, r.reads = nil, nil, nil, nil
		case s.Begins("CREATE", "FUNCTION", "PG_TEMP") && len(w) > 4 && w[4] == plain("BARE"):
			body, _ := pgtext.Words(w[len(w)-1].Text) // of a fault in it NS1925 tells
			g.bared = listIn(body)
		case w[0].Kind == pgtext.Sign:
			if name := connectsTo(w[0]); name != "" {
				g.connected = name
				g.connects = append(g.connects, name)
			}
		default:
			if i := literal(w, "REASSIGN OWNED BY %I TO %I"); i >= 0 && i+6 < len(w) {
				g.owns(s.Line, w[i+6].Text)
			} else if literal(w, "ALTER ROLE %I NOLOGIN PASSWORD NULL") >= 0 {
				g.logins = listIn(w)
			}
		}
	}
	return g
}

func plain(word string) pgtext.Word { return pgtext.Word{Kind: pgtext.Plain, Text: word} }

func literal(words []pgtext.Word, text string) int {
	return slices.Index(words, pgtext.Word{Kind: pgtext.Literal, Text: text})
}

// listIn gives the strings of the array in a statement.
func listIn(words []pgtext.Word) []string {
	var out []string
	for _, w := range words[max(0, slices.Index(words, plain("ARRAY"))):] {
		if w.Kind == pgtext.Literal {
			out = append(out, w.Text)
		} else if w.Text == "]" {
			break
		}
	}
	return out
}

func (g *grants) subject(name string, line int) *grantee {
	r := g.named[name]
	if r == nil {
		r = &grantee{name: name}
		g.named[name], g.subjects = r, append(g.subjects, r)
	}
	r.line = line
	return r
}

// groupRights are the rights that groups of a database have, each with the ends of
// their names.
var groupRights = map[string][]string{
	"CREATE , CONNECT , TEMPORARY ON DATABASE":                         {"_owner"},
	"CONNECT , TEMPORARY ON DATABASE":                                  {"_read_write"},
	"CONNECT ON DATABASE":                                              {"_read_only"},
	"USAGE ON SCHEMA PUBLIC":                                           {"_read_write", "_read_only"},
	"SELECT , INSERT , UPDATE , DELETE ON ALL TABLES IN SCHEMA PUBLIC": {"_read_write"},
	"SELECT , INSERT , UPDATE , DELETE ON TABLES":                      {"_read_write"},
	"USAGE , SELECT ON ALL SEQUENCES IN SCHEMA PUBLIC":                 {"_read_write"},
	"USAGE , SELECT ON SEQUENCES":                                      {"_read_write"},
	"EXECUTE ON FUNCTIONS":                                             {"_read_write"},
	"SELECT ON ALL TABLES IN SCHEMA PUBLIC":                            {"_read_only"},
	"SELECT ON TABLES":                                                 {"_read_only"},
	"SELECT ON ALL SEQUENCES IN SCHEMA PUBLIC":                         {"_read_only"},
	"SELECT ON SEQUENCES":                                              {"_read_only"},
}

// grant takes what stands behind GRANT: a membership, or a right in a database.
func (g *grants) grant(line int, words []pgtext.Word, database string) {
	to := slices.Index(words, plain("TO"))
	if to < 1 {
		return // and is no statement that NS1925 knows
	}
	what := words[:to]
	right := !slices.Contains(what, plain("ON"))
	membership := right
	if !membership && what[to-1].Kind == pgtext.Quoted {
		database, what = what[to-1].Text, what[:to-1]
	}
	text := pgtext.Statement{Words: what}.String()
	ends, known := groupRights[text]
	for _, who := range words[to+1:] {
		switch {
		case who.Kind != pgtext.Quoted:
		case membership:
			r := g.subject(who.Text, line)
			for _, group := range what {
				if group.Kind != pgtext.Sign {
					r.groups = append(r.groups, group.Text)
				}
			}
		case text == "CONNECT ON DATABASE" && who.Text != database+"_read_only":
			r := g.subject(who.Text, line)
			r.connects = append(r.connects, database)
		case known && !slices.ContainsFunc(ends, func(end string) bool { return who.Text == database+end }):
			g.report(line, "%s has the right %s in the database %q, which is not its own.", who.Text, strings.ToLower(text), database)
		}
	}
}

// owns holds what belongs to the owner of the database that the statements run in.
func (g *grants) owns(line int, who string) {
	if who != g.connected+"_owner" {
		g.report(line, "%s takes the place of the owner of the database %q.", who, g.connected)
	}
}

// alter takes what stands behind the name of a role.
func (g *grants) alter(r *grantee, words []pgtext.Word) {
	switch {
	case words[0].Kind == pgtext.Secret:
		r.token = words[0].Text
	case words[0] == plain("NOLOGIN"):
		r.token = ""
	case len(words) == 7 && words[0] == plain("IN") && words[4] == plain("ROLE"):
		r.acts = append(r.acts, words[2].Text+" "+words[6].Text)
	case len(words) == 7 && words[0] == plain("IN") && words[4] == plain("DEFAULT_TRANSACTION_READ_ONLY"):
		r.reads = append(r.reads, words[2].Text)
	}
}
