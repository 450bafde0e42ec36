package proof

import (
	"net/netip"
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// usage is a way to write a directive: the block that it stands in, and the form of
// each argument, as fits reads it.
type usage struct {
	in   string // "" outside of all blocks; passing for a file that locations include
	args []string
}

// passing is the place of what all locations say that hand requests to a service.
const passing = "location+"

func written(in string, args ...string) usage { return usage{in, args} }

// inHTTP is the most common usage: once, for all servers.
func inHTTP(args ...string) []usage { return []usage{written("http", args...)} }

// directives are all that nginx is told here. Of those that other rules hold, only the
// place is.
var directives = map[string][]usage{
	"worker_processes":        {written("", "#")},
	"worker_rlimit_nofile":    {written("", "#")},
	"worker_shutdown_timeout": {written("", "#s")},
	"worker_connections":      {written("events", "#")},
	"pid":                     {written("", "/tmp/nginx.pid")},
	"error_log":               {written("", "stderr", "warn"), written("http", "stderr", "emerg")},
	"events":                  {written("")},
	"http":                    {written("")},
	"server":                  inHTTP(),
	"include":                 {written("http", "*"), written("server", "*"), written("location", "*")},
	"map":                     inHTTP("*", "*"), // and see variables
	"geo":                     inHTTP("*"),

	"server_tokens":          inHTTP("off"),
	"ignore_invalid_headers": inHTTP("on"),
	"underscores_in_headers": inHTTP("off"),
	"merge_slashes":          inHTTP("on"),
	"absolute_redirect":      inHTTP("off"),

	"client_body_temp_path": inHTTP("/var/cache/nginx/client_body"),
	"proxy_temp_path":       inHTTP("/var/cache/nginx/proxy"),
	"fastcgi_temp_path":     inHTTP("/var/cache/nginx/fastcgi"),
	"uwsgi_temp_path":       inHTTP("/var/cache/nginx/uwsgi"),
	"scgi_temp_path":        inHTTP("/var/cache/nginx/scgi"),

	"client_header_timeout":          inHTTP("#s"),
	"client_body_timeout":            inHTTP("#s"),
	"send_timeout":                   inHTTP("#s"),
	"keepalive_timeout":              inHTTP("#s"),
	"keepalive_requests":             inHTTP("#"),
	"reset_timedout_connection":      inHTTP("on"),
	"large_client_header_buffers":    inHTTP("#", "#k"),
	"client_body_buffer_size":        inHTTP("#k"),
	"client_max_body_size":           {written("http", "#m"), written("location", "#|#k|#m|#g")},
	"http2":                          inHTTP("on"),
	"resolver":                       inHTTP("127.0.0.11", "valid=#s", "ipv6=off"),
	"resolver_timeout":               inHTTP("#s"),
	"real_ip_header":                 inHTTP("X-Forwarded-For"),
	"real_ip_recursive":              inHTTP("on"),
	"set_real_ip_from":               inHTTP("<proxies>"),
	"server_names_hash_bucket_size":  inHTTP("#"),
	"server_names_hash_max_size":     inHTTP("#"),
	"proxy_headers_hash_bucket_size": inHTTP("#"),
	"proxy_headers_hash_max_size":    inHTTP("#"),
	"log_format":                     inHTTP("nself", "escape=json", "..."),
	"access_log":                     {written("http", "/dev/stdout", "nself"), written("server", "off")},
	"limit_req_status":               inHTTP("429"),
	"limit_req_log_level":            inHTTP("info"),
	"limit_req_zone":                 inHTTP("$nself_client", "zone=*:#m", "rate=#r/s|rate=#r/m"),

	"ssl_certificate":           inHTTP("/run/secrets/tls.crt"),
	"ssl_certificate_key":       inHTTP("/run/secrets/tls.key"),
	"ssl_protocols":             inHTTP("TLSv1.2|TLSv1.3", "?TLSv1.3"),
	"ssl_ciphers":               inHTTP("*"),
	"ssl_ecdh_curve":            inHTTP("*"),
	"ssl_prefer_server_ciphers": inHTTP("off"),
	"ssl_session_cache":         inHTTP("*"),
	"ssl_session_timeout":       inHTTP("1d"),
	"ssl_session_tickets":       inHTTP("off"),
	"ssl_early_data":            inHTTP("off"),
	"ssl_reject_handshake":      {written("server", "*")},

	"listen":      {written("server", "#|[::]:#|127.0.0.1:#", "?ssl", "?http2", "?default_server")},
	"server_name": {written("server", "<host>")},
	"location":    {written("server", "/"), written("server", "~", "<path>"), written("server", "~*", "<spellings>")},
	"return":      {written("server", "*", "?*"), written("location", "*", "?*")},
	"if": {
		written("server", "($nself_misdirected)|($nself_bad_path)"), written("location", "($nself_tail", "=", "", ")"),
		written(passing, "(-f", "/tmp/nself/*.$nself_upstream)"),
	},
	"set": {
		written("server", "$nself_prefix", ""), written("server", "$nself_retry", "1"),
		written("location", "$nself_prefix", "<text>"), written("location", "$nself_retry", "#"), written("location", "$nself_upstream", "*"),
	},
	"allow":                   {written("location", "<range>|all")},
	"deny":                    {written("location", "<range>|all")},
	"limit_req":               {written("location", "zone=*", "?burst=#", "?nodelay")},
	"proxy_request_buffering": {written("location", "off")},
	"proxy_connect_timeout":   {written("location", "#s")},
	"proxy_read_timeout":      {written("location", "#s")},
	"proxy_send_timeout":      {written("location", "#s")},
	"proxy_pass":              {written("location", "http://*")},
	"add_header":              {written("server", "<header>", "*", "?*"), written("location", "<header>", "*", "?*")},
	"proxy_hide_header":       {written("location", "*"), written(passing, "*")},
	"proxy_set_header": {
		written("location", "Connection", "close|$nself_connection"), written("location", "Upgrade", "$nself_upgrade"),
		written(passing, "<told>", "*"),
	},

	"proxy_next_upstream":       {written(passing, "error", "timeout")},
	"proxy_next_upstream_tries": {written(passing, "#")},
	"proxy_http_version":        {written(passing, "1.1")},
	"proxy_max_temp_file_size":  {written(passing, "0")},
	"proxy_buffer_size":         {written(passing, "#k")},
	"proxy_buffers":             {written(passing, "#", "#k")},
	"proxy_busy_buffers_size":   {written(passing, "#k")},
	"proxy_cookie_flags":        {written(passing, "~", "*")},
	"proxy_ignore_headers":      {written(passing, "...")},
}

// repeated tells the directives of which a block may have several.
func repeated(name string) bool {
	switch name {
	case "add_header", "allow", "deny", "geo", "if", "include", "limit_req_zone", "listen", "location", "map",
		"proxy_hide_header", "proxy_set_header", "server", "set", "set_real_ip_from":
		return true
	}
	return false
}

// isBlock tells the directives that have a body.
func isBlock(name string) bool {
	switch name {
	case "events", "geo", "http", "if", "location", "map", "server":
		return true
	}
	return false
}

// unknownDirectives refuses what is not in the list, in its place, once.
func unknownDirectives(e *edge, report Report) {
	k := knowledge{report: report, places: e.places(), shared: map[string]bool{}, last: map[string]*nginxconf.Node{}}
	for _, file := range e.order {
		k.body(e.files[file], k.places[file])
	}
	e.unknownEntries(report)
}

// places gives the blocks that include each file, as usages name them.
func (e *edge) places() map[string][]string {
	out := map[string][]string{"nginx.conf": {""}}
	for _, n := range e.byName["include"] {
		if n.Parent == nil {
			continue // no usage has one there
		}
		in := n.Parent.Name
		if in == "location" {
			in = passing
		}
		if file := n.Arg(0); !slices.Contains(out[file], in) {
			out[file] = append(out[file], in)
		}
	}
	return out
}

type knowledge struct {
	report Report
	places map[string][]string
	shared map[string]bool            // directives of the http block and the files that it includes
	last   map[string]*nginxconf.Node // the block in which a directive stood last; the directive itself at the top of a file
}

// body judges a block, or a file, that stands in these blocks: first its directives,
// then the blocks within.
func (k *knowledge) body(body []*nginxconf.Node, in []string) {
	for _, n := range body {
		for _, i := range in {
			if !known(n, i) {
				k.report(place(n), "%q is nothing that nginx is told in this place.", label(n))
				break
			}
		}
		if (!repeated(n.Name) || n.Name == "include" && slices.Contains(in, "http")) && k.twice(n, body[0], in) {
			k.report(place(n), "%q: the directive stands there twice.", label(n))
		}
	}
	for _, n := range body {
		if n.Block && n.Name != "map" && n.Name != "geo" && n.Name != "if" { // whose bodies other rules hold
			k.body(n.Body, []string{n.Name})
		}
	}
}

// twice tells whether a directive stood in the same block before, whose first one tells
// the blocks apart.
func (k *knowledge) twice(n, first *nginxconf.Node, in []string) bool {
	if len(in) == 1 && in[0] == "http" {
		name := n.Name
		if name == "include" {
			name = label(n) // of each file once
		}
		was := k.shared[name]
		k.shared[name] = true
		return was
	}
	was := k.last[n.Name] == first
	k.last[n.Name] = first
	return was
}

// known tells whether a directive is written in one of the ways that a block has for it.
func known(n *nginxconf.Node, in string) bool {
	if n.Block != isBlock(n.Name) {
		return false
	}
	for _, u := range directives[n.Name] {
		if u.in == in && fits(u.args, n) {
			return true
		}
	}
	return false
}

// fits holds arguments against their forms: "a|b" is one or the other, "?a" may be
// missing, "..." is any number of words. "#" stands for a whole number, "*" for
// anything, and a name such as <range> for what isOf says.
func fits(forms []string, n *nginxconf.Node) bool {
	i := 0
	for _, form := range forms {
		if form == "..." {
			return true
		}
		form, optional := strings.CutPrefix(form, "?")
		if i < len(n.Args) && isOne(form, n.Args[i], n) {
			i++
		} else if !optional {
			return false
		}
	}
	return i == len(n.Args)
}

func isOne(form, arg string, n *nginxconf.Node) bool {
	for {
		one, rest, more := strings.Cut(form, "|")
		if one == arg || strings.HasPrefix(one, "<") && isOf(one, arg, n) || matches(one, arg) {
			return true
		}
		if !more {
			return false
		}
		form = rest
	}
}

// matches holds a word against a form with # and *, of which the last * takes the rest.
func matches(form, s string) bool {
	for i := 0; i < len(form); i++ {
		switch form[i] {
		case '#':
			digits := 0
			for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
				digits++
			}
			if digits == 0 {
				return false
			}
			s = s[digits:]
		case '*':
			for rest := form[i+1:]; ; s = s[1:] {
				if rest == "" || matches(rest, s) {
					return true
				}
				if s == "" {
					return false
				}
			}
		default:
			if s == "" || s[0] != form[i] {
				return false
			}
			s = s[1:]
		}
	}
	return s == ""
}

// isOf tells whether an argument is of a kind that has a name.
func isOf(kind, arg string, n *nginxconf.Node) bool {
	switch kind {
	case "<range>":
		_, ok := rangeOf(arg)
		return ok
	case "<proxies>":
		p, ok := rangeOf(arg)
		least := 16 // wider ones are other people's, who would be believed
		if p.Addr().Is4() {
			least = 8
		} else if p.Addr().IsPrivate() {
			least = 7
		}
		return ok && p.Bits() >= least
	case "<host>":
		return arg == "" || arg != "_" && strings.Trim(strings.TrimPrefix(arg, "*."), letters+"0123456789.-_") == ""
	case "<path>":
		return matches(`^/*(?:/|\z)`, arg)
	case "<spellings>": // of a path
		return matches(`^(?:/;[^/]*)*/*(?:[/;.]|\z)`, arg)
	case "<text>":
		return !strings.Contains(strings.ReplaceAll(arg, "${nself_dollar}", ""), "$")
	case "<told>":
		return arg == "Host" || arg == "X-Forwarded-For" || slices.Contains(told, arg) || slices.Contains(claims, arg)
	case "<header>":
		return arg == hsts || arg == "Retry-After" || slices.Contains(standard, arg) || authored(n)
	}
	return false
}

// rangeOf reads a network or an address. One of IPv4 written as IPv6 is none: nginx would
// hold it against addresses that no client has.
func rangeOf(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	if a, wrong := netip.ParseAddr(s); err != nil && wrong == nil && a.Zone() == "" {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	return p, err == nil && p == p.Masked() && !p.Addr().Is4In6()
}

// authored tells a header that a route declares: it takes the place of the service's
// own, which its location hides, and holds no variable.
func authored(n *nginxconf.Node) bool {
	return n.Parent != nil && isOf("<text>", n.Arg(1), n) && slices.ContainsFunc(n.Parent.Body, func(o *nginxconf.Node) bool {
		return o.Name == "proxy_hide_header" && strings.EqualFold(o.Arg(0), n.Arg(0))
	})
}
