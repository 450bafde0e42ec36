package nginx

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"nselfc/compiler/ir"
)

// lint finds in a whole configuration what gixy and its successors look for,
// and what this project promises besides.
func lint(root []*directive) []string {
	l := &linter{}
	httpBlock := direct(root, "http")
	if len(httpBlock) != 1 {
		return []string{"no http block"}
	}
	l.http = httpBlock[0].body
	l.walk(root, nil)
	l.servers()
	l.maps()
	l.once()
	slices.Sort(l.found)
	return slices.Compact(l.found)
}

type linter struct {
	http  []*directive
	found []string
}

func (l *linter) say(format string, args ...any) {
	l.found = append(l.found, fmt.Sprintf(format, args...))
}

// newest lists what nginx 1.26.3 does not know; the image's release may be older
// than the newest.
var tooNew = []string{
	"add_header_inherit", "early_hints", "keepalive_min_timeout", "ssl_certificate_cache", "ssl_certificate_compression",
	"ssl_ech_file", "ssl_key_log", "ssl_object_cache_inheritable", "proxy_pass_trailers", "proxy_limit_rate_dynamic",
}

// never lists what this package has no use for and checkers warn of.
var never = []string{
	"rewrite", "alias", "root", "autoindex", "stub_status", "valid_referers", "proxy_store", "sub_filter", "ssl_stapling",
	"merge_slashes_off", "http2_push", "perl", "user", "daemon", "types_hash_max_size", "ssl_dhparam", "proxy_ssl_verify",
}

var securityHeaders = []string{
	"Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy",
	"Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
}

func (l *linter) walk(ds []*directive, path []string) {
	names := func(name string) []string {
		var out []string
		for _, d := range direct(ds, name) {
			out = append(out, d.args[0])
		}
		return out
	}
	where := strings.Join(path, "/")
	if added := names("add_header"); len(added) > 0 {
		hidden := map[string]int{}
		for _, h := range names("proxy_hide_header") {
			hidden[h]++
		}
		for _, h := range securityHeaders {
			shared := 1 // every location hides the service's own
			if h == "Content-Security-Policy" {
				shared = 0
			}
			if h == hstsName && withoutTLS(ds) {
				continue // servers says what holds there
			}
			if removed := hidden[h] > shared; !slices.Contains(added, h) && !removed {
				l.say("%s: add_header without %s", where, h)
			}
		}
	}
	if len(direct(ds, "allow")) > 0 {
		if last := direct(ds, "deny"); len(last) != 1 || last[0].args[0] != "all" {
			l.say("%s: allow without deny all", where)
		}
		if len(direct(ds, "return")) > 0 {
			l.say("%s: return beside allow", where)
		}
	}
	for _, d := range ds {
		l.directive(d, path, where)
		if d.name != "map" && d.name != "geo" {
			l.walk(d.body, append(slices.Clip(path), strings.Join(append([]string{d.name}, d.args...), " ")))
		}
	}
}

// withoutTLS tells whether a block is a server that listens without TLS.
func withoutTLS(ds []*directive) bool {
	return slices.ContainsFunc(direct(ds, "listen"), func(d *directive) bool { return !slices.Contains(d.args, "ssl") })
}

var uriVariable = regexp.MustCompile(`\$\{?(uri|document_uri|args|query_string|arg_|cookie_|http_|request_body)`)

// literal takes the variables out of an upstream that stand for fixed text.
var literal = strings.NewReplacer("${nself_dollar}", "", "a.$nself_upstream", "", "b.$nself_upstream", "", "c.$nself_upstream", "")

// marked tells the one condition that may choose an upstream: a file that only
// the ingress's own container can hold, and a prefix of the literal name.
func marked(d *directive) bool {
	for _, group := range Groups {
		name := group + ".$nself_upstream"
		if slices.Equal(d.args, []string{"(-f", "/tmp/nself/" + name + ")"}) && len(d.body) == 1 &&
			d.body[0].name == "set" && slices.Equal(d.body[0].args, []string{"$nself_upstream", name}) {
			return true
		}
	}
	return false
}

func (l *linter) directive(d *directive, path []string, where string) {
	if slices.Contains(tooNew, d.name) {
		l.say("%s: %s is newer than nginx 1.26.3", where, d.name)
	}
	if slices.Contains(never, d.name) {
		l.say("%s: %s", where, d.name)
	}
	value := strings.Join(d.args, " ")
	switch d.name {
	case "if":
		if marked(d) {
			return // what else would a chosen upstream be
		}
		for _, inner := range d.body {
			if inner.name != "return" {
				l.say("%s: if with %s", where, inner.name)
			} else if inner.args[0] < "400" {
				l.say("%s: if that does not refuse", where)
			}
		}
	case "return", "proxy_pass":
		if uriVariable.MatchString(value) {
			l.say("%s: %s with a normalised or chosen part of the request", where, d.name)
		}
		if d.name == "proxy_pass" && value != "http://$nself_upstream" && value != "http://$nself_upstream$nself_tail" {
			l.say("%s: proxy_pass to %s", where, value)
		}
	case "set":
		if d.args[0] == "$nself_upstream" && strings.Contains(literal.Replace(d.args[1]), "$") {
			l.say("%s: upstream from a variable", where)
		}
	case "add_header":
		if d.args[len(d.args)-1] != "always" {
			l.say("%s: %s without always", where, d.args[0])
		}
		if strings.ContainsAny(value, "\r\n") || strings.EqualFold(d.args[0], "Content-Type") {
			l.say("%s: header that breaks the message", where)
		}
		if uriVariable.MatchString(value) {
			l.say("%s: header with a part of the request", where)
		}
	case "proxy_set_header":
		if strings.EqualFold(d.args[0], "Host") && d.args[1] != "$host" {
			l.say("%s: Host is %s", where, d.args[1])
		}
		if strings.EqualFold(d.args[0], "X-Forwarded-For") && d.args[1] != "$remote_addr" {
			l.say("%s: X-Forwarded-For is %s", where, d.args[1])
		}
	case "resolver":
		if d.args[0] != "127.0.0.11" {
			l.say("%s: resolver %s", where, d.args[0])
		}
	case "location":
		if strings.HasPrefix(d.args[0], "~") && (len(d.args) != 2 || !strings.HasPrefix(d.args[1], "^") || strings.HasSuffix(d.args[1], "$")) {
			l.say("%s: location that is not anchored", where)
		}
		if restricted := len(direct(d.body, "deny")) > 0; value != "/" && restricted != (d.args[0] == "~*") {
			l.say("%s: restricted location that minds case, or the reverse", where)
		}
	case "error_log":
		if d.args[0] != "stderr" || len(path) > 0 && d.args[1] != "emerg" {
			l.say("%s: error_log %s quotes requests", where, value)
		}
	case "log_format":
		if strings.Contains(value, "$request ") || strings.Contains(value, `$request"`) || strings.Contains(value, "$request_uri") ||
			uriVariable.MatchString(strings.ReplaceAll(value, "$http_user_agent", "")) {
			l.say("%s: the log holds a query, cookie or header", where)
		}
	case "client_max_body_size":
		if value == "0" {
			l.say("%s: no limit of the body", where)
		}
	}
}

// servers checks that each socket has a default that refuses, and that each TLS
// server has its whole setting, of its own or from http.
func (l *linter) servers() {
	defaults := map[string]bool{}
	sockets := map[string]bool{}
	for _, s := range direct(l.http, "server") {
		name := "server " + strings.Join(direct(s.body, "server_name")[0].args, " ")
		listens := direct(s.body, "listen")
		isDefault, isTLS := false, false
		for _, d := range listens {
			sockets[d.args[0]] = true
			if slices.Contains(d.args, "default_server") {
				isDefault = true
				defaults[d.args[0]] = true
			}
			isTLS = isTLS || slices.Contains(d.args, "ssl")
		}
		if len(listens) == 1 && strings.HasPrefix(listens[0].args[0], "127.0.0.1:") {
			// The health check's, out of everybody else's reach.
			if len(s.body) != 4 || !slices.Equal(direct(s.body, "return")[0].args, []string{"204"}) || direct(s.body, "access_log")[0].args[0] != "off" {
				l.say("%s: health check that does more than answer", name)
			}
			continue
		}
		if len(listens) != 2 || !strings.HasPrefix(listens[1].args[0], "[::]:") {
			l.say("%s: not on IPv4 and IPv6", name)
		}
		if len(direct(s.body, "add_header")) == 0 {
			l.say("%s: no headers", name)
		}
		if isTLS {
			l.tls(name, s)
		} else if slices.ContainsFunc(direct(s.body, "add_header"), func(d *directive) bool { return d.args[0] == hstsName }) {
			l.say("%s: HSTS without TLS", name)
		}
		refusal := direct(s.body, "return")
		if isDefault && (len(refusal) != 1 || refusal[0].args[0] != "444" && refusal[0].args[0] != "421" || len(all(s.body, "location")) > 0) {
			l.say("%s: default server that answers", name)
		}
		if isDefault && isTLS && len(direct(s.body, "ssl_reject_handshake")) == 0 {
			l.say("%s: default server that takes handshakes", name)
		}
		if !isDefault && isTLS {
			if guards := direct(s.body, "if"); len(guards) != 2 || guards[0].args[0] != "($nself_misdirected)" {
				l.say("%s: a Host of another connection is served", name)
			}
			for _, loc := range direct(s.body, "location") {
				if len(direct(loc.body, "proxy_pass"))+len(direct(loc.body, "return")) != 1 {
					l.say("%s: location %s serves files", name, strings.Join(loc.args, " "))
				}
				if len(direct(loc.body, "proxy_pass")) == 1 && len(direct(loc.body, "proxy_set_header")) < 20 {
					l.say("%s: location %s does not set the headers of requests", name, strings.Join(loc.args, " "))
				}
			}
		}
	}
	for socket := range sockets {
		if !defaults[socket] {
			l.say("no default server for %s", socket)
		}
	}
}

func (l *linter) tls(name string, s *directive) {
	setting := func(directive string) []string {
		ds := direct(s.body, directive)
		if len(ds) == 0 {
			ds = direct(l.http, directive)
		}
		if len(ds) != 1 {
			return nil
		}
		return ds[0].args
	}
	for _, p := range setting("ssl_protocols") {
		if p != "TLSv1.2" && p != "TLSv1.3" {
			l.say("%s: %s", name, p)
		}
	}
	if slices.Contains(setting("ssl_protocols"), "TLSv1.2") {
		ciphers := setting("ssl_ciphers")
		if len(ciphers) == 0 {
			l.say("%s: no ciphers", name)
		}
		for c := range strings.SplitSeq(strings.Join(ciphers, ""), ":") {
			if !strings.HasPrefix(c, "ECDHE-") || !strings.Contains(c, "GCM") && !strings.Contains(c, "POLY1305") {
				l.say("%s: cipher %s", name, c)
			}
		}
	}
	for directive, want := range map[string]string{
		"ssl_session_tickets": "off", "ssl_early_data": "off", "ssl_prefer_server_ciphers": "off", "ssl_protocols": "",
		"ssl_certificate": "", "ssl_certificate_key": "", "ssl_session_cache": "", "ssl_ecdh_curve": "",
	} {
		if got := setting(directive); len(got) == 0 || want != "" && got[0] != want {
			l.say("%s: %s is %v", name, directive, got)
		}
	}
}

// unnamed tells whether an expression has a capture without a name.
func unnamed(e *syntax.Regexp) bool {
	return e.Op == syntax.OpCapture && e.Name == "" || slices.ContainsFunc(e.Sub, unnamed)
}

// dialect takes out of an expression what Go's dialect lacks.
var dialect = strings.NewReplacer(`\k<nself_name>`, "", `\k<nself_base>`, "", `(?=\?)`, "")

func (l *linter) maps() {
	for _, m := range append(all(l.http, "map"), all(l.http, "geo")...) {
		name := m.name + " " + m.args[len(m.args)-1]
		if len(direct(m.body, "default")) != 1 {
			l.say("%s: no default", name)
		}
		for _, d := range m.body {
			if pattern := strings.TrimLeft(d.name, "~*"); pattern != d.name {
				if !strings.HasPrefix(pattern, "^") {
					l.say("%s: unanchored %s", name, d.name)
				}
				e, err := syntax.Parse(dialect.Replace(pattern), syntax.Perl)
				if err != nil {
					l.say("%s: %v", name, err)
				} else if unnamed(e) {
					l.say("%s: unnamed capture in %s", name, d.name)
				}
			}
		}
	}
}

// once checks what must be said for the whole process, and how.
func (l *linter) once() {
	for name, want := range map[string]string{
		"server_tokens": "off", "underscores_in_headers": "off", "ignore_invalid_headers": "on", "merge_slashes": "on",
	} {
		if ds := all(l.http, name); len(ds) != 1 || ds[0].args[0] != want {
			l.say("%s is not %s, once", name, want)
		}
	}
}

// TestLint holds every shape of ingress to the rules, and the rules to shapes
// that break them.
func TestLint(t *testing.T) {
	old := rich()
	old.Ingress.Version = ir.Version{Major: 1, Minor: 22, Patch: 1}
	modern := rich()
	modern.Ingress.Profile = str("modern")
	bare := anIngress(aHost("a.example.com"), aHost("*.example.com", aRoute("a", "/x", 1)))
	for name, s := range map[string]*ir.Stack{"rich": rich(), "old": old, "modern": modern, "bare": bare, "many": many(50), "none": anIngress()} {
		t.Run(name, func(t *testing.T) {
			root, err := resolve(render(t, s), "nginx/nginx.conf")
			if err != nil {
				t.Fatal(err)
			}
			for _, finding := range lint(root) {
				t.Error(finding)
			}
		})
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"if", "return 421;\n}", "proxy_method GET;\n}", "if with proxy_method"},
		{"another upstream", "set $nself_upstream a.$nself_upstream;", "set $nself_upstream $http_x;", "if with set"},
		{"header set", "    include snippets/proxy.conf;", "    add_header X-A b always;\n    include snippets/proxy.conf;", "add_header without X-Content-Type-Options"},
		{"headers of redirects", "include snippets/headers-plain.conf;", "", "api.example.com: no headers"},
		{"promise", "include snippets/headers-plain.conf;", "include snippets/headers.conf;", "HSTS without TLS"},
		{"always", "nosniff always", "nosniff", "without always"},
		{"uri", "$request_uri;", "$uri;", "normalised"},
		{"ssrf", "proxy_pass http://$nself_upstream;", "proxy_pass http://$http_x;", "proxy_pass"},
		{"protocol", "TLSv1.2 TLSv1.3", "TLSv1 TLSv1.2 TLSv1.3", "TLSv1"},
		{"cipher", guideCiphers, guideCiphers + ":AES128-SHA", "cipher AES128-SHA"},
		{"tls", "ssl_certificate_key /run/secrets/ingress.key;", "", "ssl_certificate_key"},
		{"map", "    default 0;\n", "", "no default"},
		{"anchor", `"~^[^#]*#"`, `"~#"`, "unanchored"},
		{"capture", "(?<nself_plain_path>", "(", "unnamed capture"},
		{"deny", "        deny all;\n", "", "allow without deny all"},
		{"location", `"^/`, `"/`, "not anchored"},
		{"host", "Host $host;", "Host $http_host;", "Host is $http_host"},
		{"forwarded", "X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for", "X-Forwarded-For is"},
		{"error log", "error_log stderr emerg", "error_log stderr crit", "quotes requests"},
		{"access log", "$nself_path", "$request_uri", "the log holds"},
		{"default", "ssl_reject_handshake on;", "", "takes handshakes"},
		{"ipv6", "listen [::]:8443 ssl default_server;", "", "IPv4 and IPv6"},
		{"health", "return 204;", "return 204 $request_uri;", "health check that does more"},
		{"new", "http2 on;", "http2 on; add_header_inherit merge;", "newer"},
		{"misdirected", "include snippets/request.conf;", "", "another connection"},
	} {
		t.Run("refuses "+tc.name, func(t *testing.T) {
			files := render(t, rich())
			changed := false
			for path, content := range files {
				files[path] = strings.ReplaceAll(content, tc.old, tc.new)
				changed = changed || files[path] != content
			}
			if !changed {
				t.Fatalf("nothing holds %q", tc.old)
			}
			root, err := resolve(files, "nginx/nginx.conf")
			if err != nil {
				t.Fatal(err)
			}
			if found := strings.Join(lint(root), "\n"); !strings.Contains(found, tc.want) {
				t.Errorf("no finding has %q:\n%s", tc.want, found)
			}
		})
	}
	t.Run("refuses patterns", func(t *testing.T) {
		files := render(t, rich())
		files["nginx/nginx.conf"] = strings.ReplaceAll(files["nginx/nginx.conf"], "conf.d/example.com.conf", "conf.d/*.conf")
		if _, err := resolve(files, "nginx/nginx.conf"); err == nil {
			t.Error("an include with a pattern passed")
		}
	})
}
