package policy

import (
	"strings"
	"testing"

	"nselfc/compiler/ir"
)

// TestStoresThatAskNobody: a store is found that is told to ask for no password, and one
// that asks for none until it is told to; and none that has been told.
func TestStoresThatAskNobody(t *testing.T) {
	command := func(list ...string) func(*ir.Service) {
		return func(s *ir.Service) { s.Command = words(list...) }
	}
	with := func(names ...string) func(*ir.Service) {
		return func(s *ir.Service) {
			for _, name := range names {
				s.Env = append(s.Env, ir.EnvVar{Name: name, Value: set("x", 12)})
			}
		}
	}
	for _, tt := range []struct {
		image string
		spoil func(*ir.Service)
		want  string // as said gives it
		tells string
	}{
		{"redis:8.2.9", command(), "11 error NS1923", `redis "cache" {}`},
		{"docker.io/library/redis:8.2.9", command("--save", ""), "11 error NS1923", `redis "cache" {}`},
		{"valkey/valkey:8.1", command("valkey-server"), "11 error NS1923", `redis "cache" {}`},
		{"redis:8.2.9", command("redis-server", "--protected-mode", "no"), "12 error NS1923", `"--protected-mode" in the command lets everybody in`},
		{"redis:8.2.9", command("redis-server", "--protected-mode", "yes", "--aclfile", "/x"), "", ""},
		{"redis:8.2.9", command("redis-server", "/etc/redis.conf"), "", ""},
		{"redis:8.2.9", command("redis-cli", "-h", "cache", "ping"), "", ""},
		{"redis:8.2.9", with("REDIS_PASSWORD_FILE"), "", ""},
		{"redis:8.2.9", func(s *ir.Service) { s.Configs = []ir.Mount{{Target: "/usr/local/etc/redis/redis.conf"}} }, "", ""},
		{"redis:8.2.9", func(s *ir.Service) { s.Entrypoint = words("/start") }, "", ""},
		{"redis:8.2.9", func(s *ir.Service) { s.Build = &ir.Build{} }, "", ""},
		{"ghcr.io/acme/redis:8.2.9", command(), "", ""}, // whatever its makers have set
		{"mongo:8.0", command(), "11 error NS1923", "MONGO_INITDB_ROOT_PASSWORD = secret.mongo_password"},
		{"mongo:8.0", with("MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD_FILE"), "", ""},
		{"mongo:8.0", command("mongod", "--noauth"), "12 error NS1923", `"--noauth"`},
		{"mongo:8.0", command("--auth"), "", ""},
		{"cockroachdb/cockroach:v24.3.0", command("start-single-node", "--insecure"), "12 error NS1923", `"--insecure"`},
		{"acme/fetch:1.0", command("fetch", "--insecure"), "", ""},
		{"hashicorp/vault:1.18", command("server", "-dev"), "12 error NS1923", `"-dev"`},
		{"acme/server:1.0", command("server", "-dev"), "", ""},
		{"elasticsearch:8.17.0", func(s *ir.Service) { s.Env = []ir.EnvVar{{Name: "xpack.security.enabled", Value: set("false", 12)}} }, "12 error NS1923", "ELASTIC_PASSWORD = secret.elastic_password"},
		{"neo4j:5.26", func(s *ir.Service) { s.Env = []ir.EnvVar{{Name: "NEO4J_AUTH", Value: set("none", 12)}} }, "12 error NS1923", "Declare that as a secret"},
		{"influxdb:1.8", func(s *ir.Service) {
			s.Env = []ir.EnvVar{{Name: "INFLUXDB_HTTP_AUTH_ENABLED", Value: set("false", 12)}}
		}, "12 error NS1923", "INFLUXDB"},
		{"postgres:17.12", func(s *ir.Service) { s.Env = []ir.EnvVar{{Name: "POSTGRES_HOST_AUTH_METHOD", Value: set("trust", 12)}} }, "12 error NS1923", `postgres "main"`},
	} {
		s := good()
		s.Services[0].Image.V = tt.image + "@sha256:" + strings.Repeat("ab", 32)
		tt.spoil(s.Services[0])
		got := Check(s, 0)
		if said(got) != tt.want || len(got) > 0 && !strings.Contains(got[0].Detail, tt.tells) {
			t.Errorf("%s %v: %q, want %q: %+v", tt.image, plain(s.Services[0].Command), said(got), tt.want, got)
		}
	}
}
