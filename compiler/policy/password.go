package policy

import (
	"strings"

	"nselfc/compiler/ir"
)

// passwordEndings are how the names of variables end whose value is a secret, and
// nothing but one.
var passwordEndings = [...]string{"PASSWORD", "PASSWD", "_SECRET", "_TOKEN", "SECRET_KEY", "PRIVATE_KEY", "_API_KEY", "ROOT_PASS"}

// plainPassword: a value that stands in nself.hcl is in docker-compose.yml too, and
// so in git, in docker inspect, and the same in every environment.
func plainPassword() Rule {
	return Rule{
		Code: "NS1810", Title: "Password in the stack", Production: Error, Development: Warning,
		Theme: Secrets, Severity: Critical, Held: ByCheck, Waivable: true,
		References: []string{"OWASP Secrets Management", "OWASP Docker D12", "CWE-798", "CWE-1392"},
		Check: eachVariable(func(s *ir.Service, v ir.EnvVar, report func(Finding)) {
			name := strings.ToUpper(v.Name)
			for _, ending := range passwordEndings {
				if strings.HasSuffix(name, ending) && !strings.Contains(name, "ALLOW_EMPTY") && isValue(v.Value.V) {
					report(about(s, v.Value.Range,
						"The value of %s stands in nself.hcl, and so in docker-compose.yml and in git, for everybody who can read either, and it is the same in "+
							"every environment. Attackers begin with the values that tutorials show. Declare a secret, which nselfc makes and hands over in a file:\n\n"+
							"    secret \"%s\" {}\n\n    service \"%s\" {\n      secrets = {\n        %s = secret.%s\n      }\n    }",
						v.Name, strings.ToLower(v.Name), s.Name, v.Name, strings.ToLower(v.Name)))
					return
				}
			}
		}),
	}
}

// isValue tells a value from a switch, a path and nothing.
func isValue(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "none", "required":
		return false
	}
	return !strings.HasPrefix(s, "/")
}

// openStore: what the images of stores take for "ask for no password".
func openStore() Rule {
	return Rule{
		Code: "NS1923", Title: "Store that asks for no password", Production: Error, Development: Warning,
		Theme: Stores, Severity: Critical, Held: ByCheck, Waivable: true,
		References: []string{"PostgreSQL, Client Authentication: trust", "CWE-306", "CWE-1188"},
		Check: eachVariable(func(s *ir.Service, v ir.EnvVar, report func(Finding)) {
			value := strings.ToLower(v.Value.V)
			open := false
			switch v.Name {
			case "POSTGRES_HOST_AUTH_METHOD":
				open = value == "trust"
			case "MYSQL_ALLOW_EMPTY_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD", "ALLOW_ANONYMOUS_LOGIN":
				open = value != "" && value != "no" && value != "false" && value != "0"
			}
			if open {
				report(about(s, v.Value.Range,
					"%s = %q lets everybody in who reaches the port, as any user, the superuser too: one service that is broken into is enough. nselfc runs "+
						"PostgreSQL and Redis with logins of their own for each service:\n\n    postgres \"main\" {\n      databases = [\"app\"]\n"+
						"      roles     = { app = { database = \"app\" } }\n    }", v.Name, v.Value.V))
			}
		}),
	}
}

// eachVariable makes a check of one that looks at plain variables one by one.
func eachVariable(check func(s *ir.Service, v ir.EnvVar, report func(Finding))) func(*ir.Stack, func(Finding)) {
	return eachService(func(s *ir.Service, report func(Finding)) {
		for _, v := range s.Env {
			check(s, v, report)
		}
	})
}
