package policy

import (
	"path"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
)

// isOn tells whether the value of a switch, in lower case, means yes.
func isOn(value string) bool {
	switch value {
	case "", "0", "no", "off", "false", "none":
		return false
	}
	return true
}

// openOrigin: what a route says of origins (CORS).
func openOrigin() Rule {
	return Rule{
		Code: "NS1560", Title: "Every origin may read what a user may", Production: Error, Development: Warning,
		Theme: Edge, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"OWASP HTML5 Security: Cross Origin Resource Sharing", "CWE-942", "gixy origins"},
		Check: eachRoute(func(s *ir.Service, r *ir.Route, report func(Finding)) {
			origin, credentials := headerNamed(r, "Access-Control-Allow-Origin"), headerNamed(r, "Access-Control-Allow-Credentials")
			if origin == nil || credentials == nil || !strings.EqualFold(strings.TrimSpace(credentials.Value.V), "true") {
				return
			}
			switch value := strings.TrimSpace(origin.Value.V); {
			case value == "*", strings.EqualFold(value, "null"), strings.HasPrefix(strings.ToLower(value), "http://"):
				report(about(s, origin.Value.Range,
					"%s lets pages of the origin %q read its answers together with the user's cookies. \"*\" is every page that a user visits (browsers refuse it beside "+
						"credentials, and the next thing that is tried is to repeat whatever origin asks); \"null\" is what any page can be in a frame; and a page "+
						"without TLS is whatever somebody on the way makes of it. Name the one origin that may:\n\n    headers = {\n"+
						"      \"Access-Control-Allow-Origin\"      = \"https://app.example.com\"\n      \"Access-Control-Allow-Credentials\" = \"true\"\n    }", r.Address, value))
			}
		}),
	}
}

func headerNamed(r *ir.Route, name string) *ir.Header {
	for i := range r.Headers {
		if strings.EqualFold(r.Headers[i].Name, name) {
			return &r.Headers[i]
		}
	}
	return nil
}

// dashboard tells whether an image is one of those that administer, and whose faults
// or weak passwords give away what they administer.
func dashboard(image string) string {
	parsed, err := reference.Parse(image)
	if err != nil {
		return ""
	}
	switch path.Base(parsed.Name) {
	case "pgadmin4", "adminer", "phpmyadmin", "mongo-express", "pgweb", "cloudbeaver":
		return "databases"
	case "redis-commander", "redisinsight", "phpredisadmin":
		return "Redis"
	case "portainer", "portainer-ce", "portainer-ee", "dockge", "yacht", "dozzle", "watchtower":
		return "containers"
	case "cadvisor", "prometheus", "alertmanager", "node-exporter", "netdata":
		return "monitoring, and asks for no password"
	case "mailpit", "mailhog", "maildev":
		return "mail, links to set passwords included"
	case "kibana", "opensearch-dashboards", "elasticvue", "cerebro", "kafka-ui", "akhq", "flower", "rabbitmq-management":
		return "data and queues"
	}
	return ""
}

// openDashboard: a program that administers, and that everybody reaches.
func openDashboard() Rule {
	return Rule{
		Code: "NS1562", Title: "Dashboard open to the world", Production: Error,
		Theme: Edge, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"OWASP Authorization: deny by default", "CWE-306"},
		Check: eachRoute(func(s *ir.Service, r *ir.Route, report func(Finding)) {
			what := dashboard(s.Image.V)
			if what == "" {
				return
			}
			place := r.Origin.Range
			if len(r.AllowFrom) > 0 {
				everybody, ok := everywhere(r.AllowFrom)
				if !ok {
					return
				}
				place = everybody
			}
			report(about(s, place,
				"%s publishes %s, which administers %s. Such pages are looked for: a fault in one, or a password that is guessed, gives away what it "+
					"administers. Say which networks may use it, those of an office or a VPN:\n\n    allow_from = [\"203.0.113.0/24\"]\n\n"+
					"or take the route away, and reach it by a tunnel of ssh on a developer's machine.", r.Address, s.Image.V, what))
		}),
	}
}

// eachRoute makes a check of one that looks at routes one by one, with the service that
// each leads to.
func eachRoute(check func(s *ir.Service, r *ir.Route, report func(Finding))) func(*ir.Stack, func(Finding)) {
	return func(stack *ir.Stack, report func(Finding)) {
		if stack.Ingress == nil {
			return
		}
		services := make(map[string]*ir.Service, len(stack.Services))
		for _, s := range stack.Services {
			services[s.Name] = s
		}
		for _, h := range stack.Ingress.Hosts {
			for _, r := range h.Routes {
				if s := services[r.Service]; s != nil {
					check(s, r, report)
				}
			}
		}
	}
}

// uncheckedTLS: variables by which programs are told to believe every certificate.
func uncheckedTLS() Rule {
	return Rule{
		Code: "NS1650", Title: "Certificates are not checked", Production: Error, Development: Warning,
		Theme: TLS, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"OWASP Transport Layer Security", "CWE-295"},
		Check: eachVariable(func(s *ir.Service, v ir.EnvVar, report func(Finding)) {
			value, off := strings.ToLower(v.Value.V), false
			switch strings.ToUpper(v.Name) {
			case "NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY":
				off = value == "0"
			case "GIT_SSL_NO_VERIFY", "VAULT_SKIP_VERIFY", "CONSUL_HTTP_SSL_VERIFY_NONE", "AWS_S3_DISABLE_SSL_VERIFY":
				off = isOn(value)
			case "PGSSLMODE":
				off = value == "disable" || value == "allow"
			case "SSL_VERIFY", "VERIFY_SSL", "TLS_VERIFY", "VERIFY_CERTS":
				off = value != "" && !isOn(value)
			}
			if off {
				report(about(s, v.Value.Range,
					"%s = %q makes every connection of %s one to whoever answers: who is on the way reads and changes what is sent, passwords first. Take it out. Where "+
						"the other side has a certificate of an authority of its own, hand over that authority, and tell the program of the file:\n\n"+
						"    secrets = {\n      CA = secret.ca.certificate\n    }", v.Name, v.Value.V, s.Address))
			}
		}),
	}
}
