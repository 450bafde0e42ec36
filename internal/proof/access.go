package proof

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// access is what a role may do in one database.
type access struct {
	Kind     string `json:"access"`
	Database string `json:"database"`
}

// accesses are the kinds by the group that a role is a member of, or by its end behind
// the database.
var accesses = map[string]string{
	"_read_write": "read_write", "_read_only": "read_only", "_owner": "migrate", "PG_MONITOR": "monitor", "PG_READ_ALL_DATA": "backup",
}

// rolesHaveOneAccess: each role is a member of one group, which says what it may do; its
// two logins are members of it alone, act as it, and say the same: in the SQL, in
// pg_hba.conf, and in the model.
func rolesHaveOneAccess(a *Artefacts, report Report) {
	for _, f := range a.stores().roles {
		if len(f.statements) == 0 {
			continue // and has a finding
		}
		g := readGrants(f, report)
		declared := declaredRoles(a, g)
		var logins []string
		of := map[string]access{}
		for _, r := range g.subjects {
			if role, ok := g.roleOf(r); ok {
				logins = append(logins, r.name)
				if role == nil {
					g.report(r.line, "The login %s belongs to no role.", r.name)
				}
				continue
			}
			is, wrong := g.accessOf(r)
			if want, ok := declared[r.name]; wrong == "" && declared != nil && (!ok || want != is) {
				wrong = fmt.Sprintf("has the access %s to the database %q, and was declared with %s to %q", is.Kind, is.Database, want.Kind, want.Database)
			}
			if wrong != "" {
				g.report(r.line, "The role %s %s.", r.name, wrong)
				continue
			}
			for _, turn := range [...]string{"_a", "_b"} {
				of[r.name+turn] = is
				if wrong := g.loginIsWrong(r, is, turn); wrong != "" {
					line := r.line
					if l := g.named[r.name+turn]; l != nil {
						line = l.line
					}
					g.report(line, "The login %s %s.", r.name+turn, wrong)
				}
			}
		}
		at := Place{File: f.path, Line: 1}
		if !sameNames(g.logins, logins) {
			report(at, "The logins that keep their way in are not those of the file: [%s].", strings.Join(g.logins, " "))
		}
		if !sameNames(g.connects, g.databases) {
			report(at, "Rights are put right in the databases [%s] and not in those of the file.", strings.Join(g.connects, " "))
		}
		if !sameNames(g.bared, g.databases) {
			report(at, "A role keeps what it had in a database other than [%s].", strings.Join(g.bared, " "))
		}
		recordsAreOfLogins(a, f, of, report)
	}
}

// roleOf tells a login by its token, or by its name beside that of a role, and gives the
// role, nil for none.
func (g *grants) roleOf(r *grantee) (*grantee, bool) {
	name, ok := strings.CutSuffix(r.name, "_a")
	if !ok {
		name, ok = strings.CutSuffix(r.name, "_b")
	}
	role := g.named[name]
	return role, r.token != "" || ok && role != nil
}

// accessOf gives what a role may do, or says what is wrong with it.
func (g *grants) accessOf(r *grantee) (access, string) {
	if len(r.groups) != 1 {
		return access{}, fmt.Sprintf("is a member of %d groups, and of one is what it may do: [%s]", len(r.groups), strings.Join(r.groups, " "))
	}
	group := r.groups[0]
	out := access{Kind: accesses[group]}
	if out.Kind != "" {
		if len(r.connects) != 1 {
			return out, fmt.Sprintf("may connect to [%s], and has one database", strings.Join(r.connects, " "))
		}
		out.Database = r.connects[0]
	} else {
		for _, d := range g.databases {
			if end, ok := strings.CutPrefix(group, d); ok && accesses[end] != "" {
				out = access{accesses[end], d}
			}
		}
		if len(r.connects) > 0 {
			return out, fmt.Sprintf("may connect to [%s] besides what its group may", strings.Join(r.connects, " "))
		}
	}
	switch {
	case out.Kind == "" || !slices.Contains(g.databases, out.Database):
		return out, fmt.Sprintf("is a member of %s, which is no group of a database", group)
	case len(r.acts) > 0 || len(r.reads) > 0:
		return out, "has settings, which are for logins"
	case r.mark != "nselfc role":
		return out, "has no mark by which its tables are known when it is declared no longer"
	}
	return out, ""
}

// loginIsWrong says what is wrong with a login of a role, or gives "".
func (g *grants) loginIsWrong(role *grantee, is access, turn string) string {
	l := g.named[role.name+turn]
	if l == nil || l.token == "" {
		return "is missing"
	}
	as := role.name
	if is.Kind == "migrate" {
		as = is.Database + "_owner"
	}
	var reads []string
	if is.Kind == "read_only" {
		reads = []string{is.Database}
	}
	switch {
	case !strings.HasPrefix(l.token, "${postgres_login"+turn+"(") || !strings.HasSuffix(l.token, "["+strconv.Quote(role.name)+"])}"):
		return "is let in by the secret of somebody else"
	case l.mark != "nselfc login":
		return "has no mark by which it is shut out when it is declared no longer"
	case !slices.Equal(l.groups, []string{role.name}) || len(l.connects) > 0:
		return fmt.Sprintf("is a member of [%s] and may connect to [%s], and has its role alone", strings.Join(l.groups, " "), strings.Join(l.connects, " "))
	case !slices.Equal(l.acts, []string{is.Database + " " + as}):
		return fmt.Sprintf("acts as somebody else than %s in the database %s: [%s]", as, is.Database, strings.Join(l.acts, ", "))
	case !slices.Equal(l.reads, reads):
		return fmt.Sprintf("says of itself that it only reads in [%s], and its group in [%s]", strings.Join(l.reads, " "), strings.Join(reads, " "))
	}
	return ""
}

// declaredRoles gives the roles that the model has for the server whose secrets let the
// logins in, nil where it does not tell of it.
func declaredRoles(a *Artefacts, g *grants) map[string]access {
	server := ""
	for _, r := range g.subjects {
		if _, address, ok := strings.Cut(r.token, "("); ok && server == "" {
			server, _, _ = strings.Cut(address, ".secret.role[")
		}
	}
	var kind struct {
		Arguments struct {
			Roles map[string]access `json:"roles"`
		} `json:"arguments"`
	}
	if server == "" || !a.described(server, "kind", &kind) {
		return nil
	}
	return kind.Arguments.Roles
}

// recordsAreOfLogins: pg_hba.conf lets each login into the database of its role, and
// nobody else.
func recordsAreOfLogins(a *Artefacts, roles rolesFile, of map[string]access, report Report) {
	server := path.Base(strings.TrimSuffix(path.Dir(roles.path), "/config"))
	for _, f := range a.stores().hba {
		if path.Base(path.Dir(f.path)) != server {
			continue
		}
		for _, r := range f.records {
			if r.Type == "local" || r.Method == "reject" || slices.ContainsFunc(slices.Concat(r.Databases, r.Users), notOneName) {
				continue // or NS1904 tells
			}
			for _, u := range r.Users {
				is, ok := of[strings.Trim(u, `"`)]
				if at := (Place{File: f.path, Line: r.Line}); !ok {
					report(at, "%s is let in, and is no login of a role.", u)
				} else if !slices.Equal(r.Databases, []string{strconv.Quote(is.Database)}) {
					report(at, "The login %s is let into %s, and its role is for %q.", u, strings.Join(r.Databases, ","), is.Database)
				}
			}
		}
	}
}

// notOneName tells a word of pg_hba.conf that may stand for several names: what is not in
// quotation marks may be a keyword or a group, and a slash begins an expression even there.
func notOneName(s string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return len(s) != len(name)+2 || name == "" || strings.Trim(name, letters+"0123456789_") != ""
}

func sameNames(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
