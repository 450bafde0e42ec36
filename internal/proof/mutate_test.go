package proof_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"nselfc/internal/proof"
)

// indifferent are the lines that may go without making anything less safe: what is
// left is narrower, slower, or does not work.
var indifferent = []struct{ line, why string }{
	{`listen (\[::\]:)?(8080|8443 ssl);`, "nobody is answered on that family of addresses"},
	{`server_name "";`, "a default server needs no name"},
	{`allow .*|set_real_ip_from .*|real_ip_.*`, "fewer are let in or believed"},
	{`limit_req zone.*|limit_req_status.*|limit_req_log.*|set \$nself_retry .*`, "a route may do without a limit; what its answer says is no protection"},
	{`client_max_body_size 1m;`, "a location has the bound of the http block"},
	{`proxy_(connect|read|send)_timeout .*`, "nginx's own are 60 seconds"},
	{`proxy_set_header (Connection|Upgrade) .*|proxy_hide_header Upgrade;|websocket websocket;|"" close;`, "no upgrade is passed on then"},
	{`proxy_hide_header Access-Control-Allow-Origin;|add_header Access-Control-Allow-Origin .*`, "it is the route's own, and not of the set"},
	{`add_header Retry-After .*|REJECTED .*`, "a hint to clients"},
	{`add_header Strict-Transport-Security .*`, "hsts may be off, in all servers at once"},
	{`proxy_hide_header X-Frame-Options;|add_header X-Frame-Options DENY always;`, "the file that all share hides it; and a route that hides the set's may have none"},
	{`set \$nself_prefix .*|"~\*\^\(\?<nself_base>.*`, "requests fail"},
	{`worker_(processes|shutdown).*|pid .*|absolute_redirect off;|\w+_temp_path .*|keepalive_.*|reset_.*|large_client.*|client_body_buffer_size.*|http2 on;|resolver_timeout.*|\w+_hash_.*`, "performance"},
	{`proxy_(next_upstream.*|http_version.*|max_temp.*|buffer.*|busy.*)`, "performance"},
	{`'.*`, "a part of the log's format"},
	{`"~.*<nself_plain_(path|host|agent)>.*|"~\*.*<nself_origin>.*|"~.*<nself_ipv4>.*`, "the log has less; clients of IPv4 behind a proxy of IPv6 are one"},
	{`"~\*\^\(\?<nself_name>.*`, "every request is refused"},
	{`(DENY|no-referrer|same-origin|strict-origin) .*`, "a service's own choice counts less"},
	{`include snippets/request.conf;`, "the default server refuses everything"},
	{`access_log off;`, "of the health check"},
	{`ssl_prefer_server_ciphers off;|ssl_session_timeout 1d;`, "nginx's own default is as safe"},
	{`#= allow .*`, "nothing is opened"},
	{`local      all       postgres          peer|hostssl .*`, "fewer may log in"},
	{`(listen_addresses|port|max_connections|unix_socket|ssl_cert|ssl_key|authentication_timeout|shared_|effective_|dynamic_|max_wal|min_wal|lc_|log_destination|logging_|log_connections|log_line|log_timezone|timezone|idle_in).*`, "not about who may what"},
	{`(port|dir|maxmemory|append|tcp-|logfile|loglevel|acllog).*`, "not about who may what"},
	{`hostnossl .*`, "the last line refuses it too"},
}

// TestEveryLineCounts drops each line of what the rules read, one at a time: a rule
// must see that it is gone, unless the line is one that may go.
func TestEveryLineCounts(t *testing.T) {
	stack := good(t, "prod")
	read := regexp.MustCompile(`^(nginx/.*|ufw/(after|after6)\.rules|ufw/rules\.txt|.*/(pg_hba\.conf|postgresql\.conf|redis\.conf|users\.acl|roles\.sql))$`)
	statement := regexp.MustCompile(`^(REVOKE|ALTER ROLE|ALTER DEFAULT PRIVILEGES .* FROM PUBLIC|SET (log|search)|SELECT pg_temp\.bare|\\set (ON_|VERB))`)
	may := make([]*regexp.Regexp, len(indifferent))
	for i, x := range indifferent {
		may[i] = regexp.MustCompile("^(?:" + x.line + ")(?: *# .*)?$")
	}
	used, dropped := make([]bool, len(indifferent)), 0
	for i, f := range stack {
		if !read.MatchString(f.Path) {
			continue
		}
		lines := strings.SplitAfter(f.Text.String(), "\n")
		for n, line := range lines {
			text := strings.TrimSpace(line)
			if text == "" || text[0] == '#' && !strings.HasPrefix(text, "#=") || strings.HasPrefix(text, "--") ||
				strings.HasSuffix(f.Path, ".sql") && (!statement.MatchString(text) || strings.Contains(text, " SET ")) {
				continue // of the SQL, what takes rights away
			}
			files := slices.Clone(stack)
			files[i].Text = withTokens(strings.Join(append(slices.Clone(lines[:n]), lines[n+1:]...), ""), f.Secret())
			found := proof.Check(digested(files))
			at := slices.IndexFunc(may, func(e *regexp.Regexp) bool { return e.MatchString(text) })
			dropped++
			switch {
			case at < 0 && len(found) == 0:
				t.Errorf("%s:%d: no rule misses %s", f.Path, n+1, text)
			case at >= 0:
				used[at] = used[at] || len(found) == 0
			}
		}
	}
	for i, x := range indifferent {
		if !used[i] {
			t.Errorf("%s: every line of the kind is missed: take it off the list", x.line)
		}
		if x.why == "" {
			t.Errorf("%s: say why", x.line)
		}
	}
	if dropped < 400 {
		t.Errorf("only %d lines were dropped", dropped)
	}
}
