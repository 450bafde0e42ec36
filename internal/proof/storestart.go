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
		}
	case strings.HasPrefix(declared, "catalog/redis/"):
		return &program{"/usr/local/bin/nself-redis", []string{"redis-server", "/etc/redis/redis.conf"}, nil}
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
		mounted := false
		for m := range s.Get("volumes").All() {
			mounted = mounted || m.Get("target").Value() == target && m.Get("source").Value() == "./"+f.Path
		}
		if !mounted {
			report(s.at(s.Get("volumes")), "The service %s does not have %s at %s.", s.Key, f.Path, target)
		}
	}
}

func started(s *service, start *program, report Report) {
	if n := s.Get("entrypoint"); !holdsOnly(n, start.entrypoint) {
		report(s.at(n), "The store %s is started by %s.", s.Key, listed(n))
	}
	if n := s.Get("command"); !slices.Equal(wordsOf(n), start.command) {
		report(s.at(n), "The store %s runs %s.", s.Key, listed(n))
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
