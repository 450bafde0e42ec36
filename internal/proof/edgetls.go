package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// suites are the six of TLS 1.2 with forward secrecy and authenticated encryption
// that Mozilla's guidelines 6.0 keep; those of TLS 1.3 cannot be chosen.
var suites = []string{
	"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
}

var groups = []string{"X25519MLKEM768", "X25519", "prime256v1", "secp384r1"}

// tlsRules are proved on the same files.
func tlsRules() []Rule {
	return []Rule{
		onlyWords("NS1601", "ssl_protocols", " ", []string{"TLSv1.2", "TLSv1.3"}, "it is broken, and browsers refuse it"),
		edgeRule("NS1602", func(e *edge, report Report) {
			for _, n := range e.byName["ssl_ciphers"] {
				for c := range strings.SplitSeq(n.Arg(0), ":") {
					if !slices.Contains(suites, c) {
						report(place(n), "ssl_ciphers has %s, which is not one of the suites with forward secrecy and authenticated encryption.", c)
					}
				}
			}
			if n := e.first(e.http, "ssl_protocols"); n != nil && slices.Contains(n.Args, "TLSv1.2") && e.first(e.http, "ssl_ciphers") == nil {
				report(place(n), "TLS 1.2 with OpenSSL's own list of suites, which has ones without forward secrecy.")
			}
		}),
		onlyWords("NS1603", "ssl_ecdh_curve", ":", groups, "it is weak, or nginx does not start with it"),
		onceInHTTP("NS1604", "one key would open all sessions since nginx started", "ssl_session_tickets", "off"),
		noDirective("NS1604", "whoever reads the key opens all sessions that were ever sealed with it", "ssl_session_ticket_key"),
		edgeRule("NS1605", func(e *edge, report Report) {
			cache := e.first(e.http, "ssl_session_cache")
			if cache == nil || !strings.HasPrefix(cache.Arg(0), "shared:") {
				report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "Sessions of TLS are not kept in memory that all workers share.")
			}
			for _, n := range e.byName["ssl_session_timeout"] {
				if n.Arg(0) != "1d" {
					report(place(n), "%q: a session may be resumed for another time than a day.", label(n))
				}
			}
		}),
		edgeRule("NS1606", func(e *edge, report Report) {
			for _, s := range e.servers {
				if !s.tls && slices.Contains(e.added(s.Body), hsts) {
					report(place(s.Node), "The server %s promises TLS in answers without it, which browsers must ignore.", s.name())
				}
			}
		}),
		edgeRule("NS1607", plainOnlyRedirects),
		edgeRule("NS1608", redirectsStay),
		edgeRule("NS1609", func(e *edge, report Report) {
			for _, s := range e.servers {
				if s.fallback && s.tls && !e.has(s.Body, "ssl_reject_handshake", "on") {
					report(place(s.Node), "A name that no route has is shown the certificate, and with it the names of this host.")
				}
			}
		}),
		onceInHTTP("NS1610", "a request of early data can be sent again by whoever recorded it", "ssl_early_data", "off"),
		noDirective("NS1611", "Let's Encrypt has no responder any more, and nginx waits for one", "ssl_stapling", "ssl_stapling_verify"),
		edgeRule("NS1612", func(e *edge, report Report) {
			for _, name := range [...]string{"ssl_certificate", "ssl_certificate_key"} {
				if e.first(e.http, name) == nil {
					report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "%s is not set for all servers.", name)
				}
				for _, n := range e.byName[name] {
					if !strings.HasPrefix(n.Arg(0), "/run/secrets/") {
						report(place(n), "%q lies where the configuration does, which is committed.", label(n))
					}
				}
			}
		}),
		edgeRule("NS1613", func(e *edge, report Report) {
			for _, name := range [...]string{"ssl_protocols", "ssl_ciphers", "ssl_ecdh_curve", "ssl_prefer_server_ciphers", "ssl_conf_command"} {
				for _, n := range e.byName[name] {
					if n.Parent != nil && n.Parent.Name != "http" {
						report(place(n), "%q in a server: nginx takes those of the socket's default server for all names.", label(n))
					}
				}
			}
			for _, n := range e.byName["ssl_prefer_server_ciphers"] {
				if n.Arg(0) != "off" {
					report(place(n), "%q: every suite of the list is sound, and a phone knows best which one it has hardware for.", label(n))
				}
			}
		}),
		edgeRule("NS1614", hstsEverywhere),
	}
}

// onlyWords makes a rule that a directive has no other words than these, and stands
// in the http block.
func onlyWords(code, name, separator string, known []string, why string) Rule {
	return edgeRule(code, func(e *edge, report Report) {
		if e.first(e.http, name) == nil {
			report(Place{File: nginxFolder + "nginx.conf", Line: 1}, "%s is not set for all servers.", name)
		}
		for _, n := range e.byName[name] {
			for w := range strings.SplitSeq(strings.Join(n.Args, " "), separator) {
				if !slices.Contains(known, w) {
					report(place(n), "%s has %s: %s.", name, w, why)
				}
			}
		}
	})
}

// plainOnlyRedirects: what is not encrypted leads to what is.
func plainOnlyRedirects(e *edge, report Report) {
	for _, s := range e.servers {
		if s.tls || s.health || s.fallback {
			continue
		}
		redirect := len(s.locations) == 1 && s.locations[0].Arg(0) == "/"
		if redirect {
			answer := e.first(s.locations[0].Body, "return")
			redirect = answer != nil && (answer.Arg(0) == "301" || answer.Arg(0) == "308") && strings.HasPrefix(answer.Arg(1), "https://") &&
				e.first(s.locations[0].Body, "proxy_pass") == nil
		}
		if !redirect {
			report(place(s.Node), "The server %s answers without TLS.", s.name())
		}
	}
}

// redirectsStay: a redirect leads to the server's own name; to the request's only
// where the server answers for every name below a domain.
func redirectsStay(e *edge, report Report) {
	for _, s := range e.servers {
		for _, l := range s.locations {
			e.each(l.Body, func(n *nginxconf.Node) {
				if n.Name != "return" {
					return
				}
				where := n.Arg(1)
				if len(n.Args) == 1 && !isDigits(n.Arg(0)) {
					where = n.Arg(0) // the status may be missing
				}
				to, ok := strings.CutPrefix(where, "https://")
				if !ok {
					if s.tls && strings.Contains(where, "://") {
						report(place(n), "%q leads out of TLS.", label(n))
					}
					return
				}
				host := to[:min(len(to), max(0, strings.IndexAny(to+"/", ":/$")))]
				wild := slices.ContainsFunc(s.names, func(name string) bool { return strings.HasPrefix(name, "*.") })
				if !slices.Contains(s.names, host) && !(wild && strings.HasPrefix(to, "$host")) {
					report(place(n), "%q leads to a name that is not the server's own.", label(n))
				}
			})
		}
	}
}

// hstsEverywhere: a promise that only some servers make can be stripped at the others.
func hstsEverywhere(e *edge, report Report) {
	var without *server
	with := false
	for _, s := range e.servers {
		if !s.tls || s.health {
			continue
		}
		if slices.Contains(e.added(s.Body), hsts) {
			with = true
		} else if without == nil {
			without = s
		}
	}
	if with && without != nil {
		report(place(without.Node), "Other servers promise TLS for the time to come, and %s does not.", without.name())
	}
}
