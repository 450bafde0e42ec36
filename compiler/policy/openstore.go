package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
	"nselfc/lang/source"
)

// What to write instead of a store that asks for no password: a kind, where nselfc runs
// the store, or else the password that it is to ask for.
const (
	insteadPostgres = "nselfc runs PostgreSQL and Redis with logins of their own for each service:\n\n    postgres \"main\" {\n      databases = [\"app\"]\n" +
		"      roles     = { app = { database = \"app\" } }\n    }"
	insteadRedis = "nselfc runs Redis with a login and a password that it makes:\n\n    redis \"cache\" {}\n\n    secrets = {\n      REDIS_URL = redis.cache.url\n    }"
	insteadTake  = "Take it out: the store then asks for a password. Declare that as a secret, and hand it over in the variable that the image reads."
)

// openStore: what stores and their images take for "ask for no password", in variables
// and in commands, and those that ask for none until they are told to.
func openStore() Rule {
	return Rule{
		Code: "NS1923", Title: "Store that asks for no password", Production: Error, Development: Warning,
		Theme: Stores, Severity: Critical, Held: ByCheck, Waivable: true,
		References: []string{"PostgreSQL, Client Authentication: trust", "Redis, Security", "CWE-306", "CWE-1188"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			told := false
			tell := func(at source.Range, what, instead string) {
				told = true
				report(about(s, at, "%s lets everybody in who reaches the port, as any user, the superuser too: one service that is broken into is enough. %s", what, instead))
			}
			for _, v := range s.Env {
				if instead := openByVariable(v, s.Name); instead != "" {
					tell(v.Value.Range, fmt.Sprintf("%s = %q", v.Name, v.Value.V), instead)
				}
			}
			image := official(s.Image.V)
			for i, word := range s.Command {
				if instead := openByWord(image, s.Command, i); instead != "" {
					tell(word.Range, fmt.Sprintf("%q in the command", word.V), instead)
				}
			}
			if !told && s.Build == nil {
				if instead := openUntilTold(image, s); instead != "" {
					tell(s.Image.Range, fmt.Sprintf("The image %s asks for no password until it is told to, and", s.Image.V), instead)
				}
			}
		}),
	}
}

// openByVariable gives what to write instead of a variable that lets everybody in, or
// "" for any other.
func openByVariable(v ir.EnvVar, service string) string {
	value := strings.ToLower(v.Value.V)
	open, password := false, "" // the variable that the official image reads a password from, as NAME_FILE too
	switch v.Name {
	case "POSTGRES_HOST_AUTH_METHOD":
		if value == "trust" {
			return insteadPostgres
		}
	case "MYSQL_ALLOW_EMPTY_PASSWORD":
		open, password = isOn(value), "MYSQL_ROOT_PASSWORD"
	case "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD":
		open, password = isOn(value), "MARIADB_ROOT_PASSWORD"
	case "ALLOW_EMPTY_PASSWORD", "ALLOW_ANONYMOUS_LOGIN", "DISABLE_SECURITY_PLUGIN", "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", "ARANGO_NO_AUTH":
		open = isOn(value)
	case "CLICKHOUSE_SKIP_USER_SETUP":
		open, password = isOn(value), "CLICKHOUSE_PASSWORD"
	case "xpack.security.enabled", "XPACK_SECURITY_ENABLED":
		open, password = value == "false", "ELASTIC_PASSWORD"
	case "INFLUXDB_HTTP_AUTH_ENABLED":
		open = value == "false"
	case "NEO4J_AUTH":
		open = value == "none"
	}
	switch {
	case !open:
		return ""
	case password == "":
		return insteadTake
	}
	return fmt.Sprintf("Take it out, and hand over a password, which the image then asks for:\n\n    secret \"%[1]s\" {}\n\n    service \"%[2]s\" {\n      secrets = {\n        %[3]s = secret.%[1]s\n      }\n    }",
		strings.ToLower(password), service, password)
}

// openByWord gives what to write instead of a word of a command that lets everybody in,
// or "" for any other.
func openByWord(image string, command []ir.String, i int) string {
	word, next := command[i].V, ""
	if i+1 < len(command) {
		next = command[i+1].V
	}
	switch {
	case word == "--protected-mode" && next == "no", word == "--protected-mode no":
		return insteadRedis
	case word == "--noauth" && image == "mongo",
		word == "--insecure" && image == "cockroachdb/cockroach",
		word == "-dev" && slices.Contains([]string{"vault", "hashicorp/vault", "openbao/openbao"}, image):
		return insteadTake
	}
	return ""
}

// openUntilTold gives what to write instead of a store that is started as it comes, and
// comes without a password; or "" for one that is told of it, and for what is no store.
func openUntilTold(image string, s *ir.Service) string {
	var servers, signs []string // programs that serve, and what of a command or of a variable's name tells of a password
	instead := ""
	switch image {
	case "redis", "valkey/valkey", "eqalpha/keydb":
		servers, signs = []string{"redis-server", "valkey-server", "keydb-server"}, []string{"requirepass", "aclfile", "--user", ".conf", "PASSWORD"}
		instead = insteadRedis
	case "mongo":
		servers, signs = []string{"mongod"}, []string{"--auth", "--keyFile", "--config", ".conf", "MONGO_INITDB_ROOT_"}
		instead = "It makes a user with a password of these:\n\n    secret \"mongo_password\" {}\n\n    service \"" + s.Name + "\" {\n      env = {\n        MONGO_INITDB_ROOT_USERNAME = \"root\"\n      }\n\n" +
			"      secrets = {\n        MONGO_INITDB_ROOT_PASSWORD = secret.mongo_password\n      }\n    }"
	default:
		return ""
	}
	if len(s.Entrypoint) > 0 || len(s.Configs) > 0 {
		return ""
	}
	if len(s.Command) > 0 && !strings.HasPrefix(s.Command[0].V, "-") && !slices.Contains(servers, path.Base(s.Command[0].V)) {
		return "" // another program of the image, such as its client
	}
	told := func(text string) bool {
		return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
	}
	if slices.ContainsFunc(s.Command, func(w ir.String) bool { return told(w.V) }) || slices.ContainsFunc(s.Env, func(v ir.EnvVar) bool { return told(v.Name) }) {
		return ""
	}
	return instead
}

// official gives the name of an image as it is on Docker Hub, "redis" for
// docker.io/library/redis; or "" for what is no reference.
func official(image string) string {
	parsed, err := reference.Parse(image)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(parsed.Name, "docker.io/"), "library/")
}
