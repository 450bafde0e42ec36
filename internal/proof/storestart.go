package proof

import (
	"path"
	"slices"
	"strings"

	"nselfc/internal/proof/yaml"
)

// program is how a store of the catalog is started.
type program struct {
	entrypoint  string
	command     []string
	environment map[string]string
	data        []string // folders of which one is its volume
}

// startOf gives the program of a kind of the catalog, nil for one that has none.
func startOf(declared string) *program {
	switch {
	case strings.HasPrefix(declared, "catalog/postgres/"):
		return &program{
			"/usr/local/bin/nself-postgres",
			[]string{"postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"},
			map[string]string{
				"POSTGRES_INITDB_ARGS": "--auth-local=peer --auth-host=reject --data-checksums", "SERVER_TLS_FILE": "/run/secrets/SERVER_TLS",
			},
			[]string{"/var/lib/postgresql/data", "/var/lib/postgresql"},
		}
	case strings.HasPrefix(declared, "catalog/redis/"):
		return &program{"/usr/local/bin/nself-redis", []string{"redis-server", "/etc/redis/redis.conf"}, nil, []string{"/data"}}
	}
	return nil
}

// storesAreStarted: a word of the command sets any setting aside, and so does another
// file in the place of one that was reviewed.
func storesAreStarted(a *Artefacts, report Report) {
	c := a.compose()
	for _, f := range a.Files {
		start := startOf(f.Declared)
		if start == nil {
			continue
		}
		folder, _ := strings.CutSuffix(path.Dir(f.Path), "/config") // of a secret file
		s := c.named[path.Base(folder)]
		if s == nil {
			continue // and has a finding
		}
		target := ""
		switch base := path.Base(f.Path); base {
		case "entrypoint":
			target = start.entrypoint
			started(s, start, report)
		case "postgresql.conf", "pg_hba.conf", "roles.sql":
			target = "/etc/postgresql/" + base
		case "redis.conf", "users.acl":
			target = "/etc/redis/" + base
		default:
			continue
		}
		if !s.mounts("./"+f.Path, target) {
			report(s.at(s.Get("volumes")), "The service %s does not have %s at %s.", s.Key, f.Path, target)
		}
	}
}

// mounts tells whether a service has something of the host, or a volume, at a path, and
// nothing else there.
func (s *service) mounts(source, target string) bool {
	found := 0
	for m := range s.Get("volumes").All() {
		if path.Clean(m.Get("target").Value()) == target {
			if found++; path.Clean(m.Get("source").Value()) != path.Clean(source) {
				return false
			}
		}
	}
	return found == 1
}

func started(s *service, start *program, report Report) {
	if n := s.Get("entrypoint"); !holdsOnly(n, start.entrypoint) {
		report(s.at(n), "The store %s is started by %s.", s.Key, listed(n))
	}
	if n := s.Get("command"); !slices.Equal(wordsOf(n), start.command) {
		report(s.at(n), "The store %s runs %s.", s.Key, listed(n))
	}
	if !slices.ContainsFunc(start.data, func(folder string) bool { return s.mounts(s.Key+"_data", folder) }) {
		report(s.at(s.Get("volumes")), "The store %s does not keep its data in a volume of its own.", s.Key)
	}
	if user := s.Get("user"); strings.HasPrefix(user.Value(), "0:") || user.Value() == "0" || !s.Get("read_only").True() {
		report(s.at(user), "The store %s runs as root, or can change its programs.", s.Key)
	}
	for v := range s.Get("environment").All() {
		if value, ok := start.environment[v.Key]; !ok || value != v.Value() {
			report(s.at(v), "The store %s has the variable %s, by which its image could be told otherwise.", s.Key, v.Key)
		}
	}
}

func wordsOf(n *yaml.Node) []string {
	var out []string
	for c := range n.All() {
		out = append(out, c.Value())
	}
	return out
}
