package proof_test

import "strings"

// The places that most changes below are made at: behind the image of the service api,
// in a server of it, and in a location of that server with headers of its own.
const (
	apiImage    = "    image: ghcr.io/acme/api:1.4.2\n"
	apiServer   = "include snippets/request.conf;"
	apiLocation = "        add_header Retry-After $nself_retry_after always;\n"
)

// wordHarms are changes for each word of the lists that rules go by, and for each
// operand of their conditions. One with no code is legitimate: it takes the way that is
// just within a rule's bound.
func wordHarms() []harm {
	var out []harm
	compose := func(code, old, text string) { out = append(out, harm{code, "docker-compose.yml", old, text}) }
	api := func(code, keys string) { compose(code, apiImage, apiImage+keys) }
	for c := range strings.FieldsSeq("ALL BPF DAC_READ_SEARCH MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_RAW PERFMON SETFCAP SYSLOG SYS_ADMIN SYS_BOOT SYS_MODULE SYS_PTRACE SYS_RAWIO SYS_TIME") {
		api("NS314", "    cap_add:\n      - "+c+"\n")
	}
	api("", "    cap_add:\n      - CHOWN\n")
	for v := range strings.FieldsSeq("DOCKER_API_VERSION DOCKER_CERT_PATH DOCKER_CONFIG DOCKER_CONTEXT DOCKER_HOST DOCKER_TLS DOCKER_TLS_VERIFY COMPOSE_PROJECT_NAME") {
		compose("NS1003", "LOG_LEVEL: info", v+": x")
	}
	compose("", "LOG_LEVEL: info", "DOCKER_IMAGE: x")
	for p := range strings.FieldsSeq("net.core.somaxconn net.ipv4.ip_local_port_range net.ipv4.ip_unprivileged_port_start net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl " +
		"net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time net.ipv4.tcp_max_syn_backlog net.ipv4.tcp_syncookies net.ipv4.tcp_tw_reuse") {
		api("", "    sysctls:\n      "+p+": 1\n")
	}
	for key := range strings.FieldsSeq("cpu_shares cpuset domainname hostname platform shm_size stop_signal") {
		api("", "    "+key+": '1'\n")
	}
	for code, keys := range map[string]string{
		"NS1001": "privileged", "NS1002": "use_api_socket", "NS1005": "pid", "NS1006": "ipc", "NS1007": "uts", "NS1008": "userns_mode", "NS1009": "cgroup cgroup_parent",
		"NS1015": "devices device_cgroup_rules gpus", "NS1017": "extra_hosts", "NS1019": "stdin_open tty", "NS1020": "post_start pre_start pre_stop",
		"NS1021": "group_add", "NS1022": "volumes_from", "NS1023": "annotations credential_spec isolation runtime",
		"NS1113": "blkio_config cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus mem_limit mem_swappiness oom_kill_disable pids_limit storage_opt",
		"NS1414": "container_name", "NS1415": "external_links links", "NS1416": "dns mac_address",
		"NS2161": "configs develop extends label_file models profiles provider pull_refresh_after scale umask",
		"NS1024": "attach cpu_limit dns_opt dns_search pull_policy",
	} {
		for key := range strings.FieldsSeq(keys) {
			api(code, "    "+key+": '1'\n")
		}
	}
	for _, p := range []string{"/", "/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr", "/proc/x", "/sys", "/dev", "/dev/shm/..", "/run/secrets", "/var/run/secrets/x", "/a:b"} {
		api("NS1310", "    volumes:\n      - type: volume\n        source: main_data\n        target: "+p+"\n")
	}
	for _, p := range []string{"/etc/app", "/usr/share/app", "/dev/shm", "/device", "/run/secret"} {
		api("", "    volumes:\n      - type: volume\n        source: main_data\n        target: "+p+"\n")
	}
	for _, p := range []string{".git", ".ssh", ".gnupg", ".docker", ".aws", ".kube", ".secrets", "../.."} {
		api("NS1307", bind("../../"+p))
	}
	api("NS1307", bind("../.."))
	api("NS1307", bind("'.'"))
	api("", bind("../../site"))
	for _, c := range []harm{
		{"NS1304", "", "    volumes:\n      - main_data:/data\n", ""},
		{"NS1304 NS1309", "", "    volumes:\n      - type: volume\n        target: /data\n", ""},
		{"NS1309", "", "    volumes:\n      - type: volume\n        source: other\n        target: /data\n", ""},
		{"NS1105", "", "    ulimits:\n      nofile:\n        soft: 1024\n        hard: -1\n", ""},
		{"NS1105", "", "    ulimits:\n      rtprio: 99\n", ""},
		{"NS1105", "", "    ulimits:\n      nofile: {}\n", ""},
		{"NS1105", "", "    ulimits:\n      memlock: -2\n", ""},
		{"", "", "    ulimits:\n      core: 0\n      memlock: -1\n      nofile: 65536\n      nproc: 512\n      stack: 8388608\n", ""},
		{"NS1115", "", "    mem_reservation: 513m\n", ""},
		{"", "", "    mem_reservation: 512m\n", ""},
		{"NS1116", "", "    oom_score_adj: -1\n", ""},
		{"NS1116", "", "    oom_score_adj: 1001\n", ""},
		{"", "", "    oom_score_adj: 1000\n", ""},
	} {
		api(c.code, c.old)
	}
	for _, c := range [][3]string{
		{"NS1101 NS1104", "memory: 512m", "memory: 6143k"},
		{"", "memory: 512m\n          pids: 256\n    expose:\n      - '8080'\n    init: true\n    memswap_limit: 512m", "memory: 6m\n          pids: 256\n    expose:\n      - '8080'\n    init: true\n    memswap_limit: 6m"},
		{"", "memory: 512m\n          pids: 256\n    expose:\n      - '8080'\n    init: true\n    memswap_limit: 512m", "memory: 6144k\n          pids: 256\n    expose:\n      - '8080'\n    init: true\n    memswap_limit: 6144k"},
		{"NS1101", "memory: 512m\n          pids: 256\n    expose:\n      - '8080'\n    init: true\n    memswap_limit: 512m", "memory: 1048577g\n          pids: 256\n    expose:\n      - '8080'\n    init: true\n    memswap_limit: 1048577g"},
		{"", "cpus: '1'", "cpus: '512'"},
		{"NS1103", "pids: 256", "pids: 4194305"},
		{"", "pids: 256", "pids: 4194304"},
		{"", "restart: unless-stopped", "restart: on-failure:1"},
		{"", "restart: unless-stopped", "restart: on-failure:100"},
		{"NS1106", "restart: unless-stopped", "restart: on-failure:101"},
		{"NS1106", "restart: unless-stopped", "restart: 'on-failure:'"},
		{"", "restart: unless-stopped", "restart: always"},
		{"", "restart: unless-stopped", "restart: 'no'"},
		{"NS1114", "    deploy:\n", "    deploy:\n      mode: global\n"},
		{"NS1114", "    deploy:\n", "    deploy:\n      replicas: 101\n"},
		{"", "    deploy:\n", "    deploy:\n      replicas: 100\n"},
		{"NS1015", "    deploy:\n      resources:\n", "    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: nvidia\n"},
		{"NS1110", "      cache:\n        condition: service_healthy\n", "      queue:\n        condition: service_started\n      cache:\n        condition: service_healthy\n"},
		{"NS1109 NS1110", "      cache:\n        condition: service_healthy\n", "      cache: {}\n      queue: {}\n"},
		{"NS1110", "      cache:\n        condition: service_healthy\n", "      none:\n        condition: service_healthy\n      cache:\n        condition: service_healthy\n"},
		{"NS1111", "max-size: 10m", "max-size: 101m"},
		{"", "max-size: 10m", "max-size: 100m"},
		{"NS1111", "max-file: '3'", "max-file: '21'"},
		{"", "max-file: '3'", "max-file: '20'"},
		{"", "/tmp:rw,noexec", "/tmp:rw,exec"},
		{"NS1311", "/tmp:rw,noexec", "/tmp:rw"},
		{"NS1821", "        target: /run/secrets/JWT_KEY", "        target: /run/secrets/JWT_KEY\n        uid: '0'"},
		{"NS1822 NS1825", "      - source: api.JWT_KEY", "      - source: other"},
		{"NS1823", "file: ./.secrets.d/api/JWT_KEY", "file: ./.secrets.d//api/JWT_KEY"},
		{"", "    networks:\n      api: {}\n", "    env_file:\n      - path: ./.secrets.d/api.env\n        required: true\n    networks:\n      api: {}\n"},
		{"", "    networks:\n      api: {}\n", "    env_file:\n      - path: ./.secrets.d/api/extra\n        required: true\n    networks:\n      api: {}\n"},
		{"NS1825", "    networks:\n      api: {}\n", "    env_file:\n      - path: ./.secrets.d/main/extra\n        required: true\n    networks:\n      api: {}\n"},
		{"NS1824", "    networks:\n      api: {}\n", "    env_file:\n      - path: ./.secrets.d/api.env\n        required: false\n    networks:\n      api: {}\n"},
		{"NS1824 NS1825", "    networks:\n      api: {}\n", "    env_file:\n      - path: ./.secrets.d/./api.env\n        required: true\n    networks:\n      api: {}\n"},
		{"NS1824", "    networks:\n      api: {}\n", "    env_file:\n      - path: ./.secrets.d/api.env\n        required: true\n        format: raw\n    networks:\n      api: {}\n"},
		{"NS1407", "driver: bridge", "driver: bridge\n    attachable: true"},
		{"NS1409", "      main: {}\n    command:", "      main: {}\n      cache: {}\n    command:"},
		{"NS1411", "      com.docker.network.bridge.name: nself-yxiqv7pvl", "      com.docker.network.bridge.name: nself-yxiqv7pvl\n      com.docker.network.bridge.enable_icc: 'false'"},
		{"NS1412", "        - subnet: '10.223.178.112/28'", "        - subnet: '10.223.178.112/28'\n        - subnet: '10.223.179.0/28'"},
		{"", "subnet: '10.223.178.112/28'", "subnet: '100.64.3.0/28'"},
		{"NS1412", "subnet: '10.223.178.112/28'", "subnet: 'x'"},
		{"NS1412 NS1413", "        - subnet: '10.223.178.112/28'", "        - subnet: 'fd12::/64'"},
		{"NS1413", "        - subnet: '10.223.178.112/28'", "        - subnet: '10.223.178.112/28'\n        - subnet: 'fd12::/64'"},
		{"NS1413", "        - subnet: '10.223.178.112/28'", "        - subnet: '10.223.178.112/28'\n        - subnet: '2001:db8::/64'"},
		{"", "    ipam:\n      config:\n        - subnet: '10.223.178.112/28'", "    enable_ipv6: true\n    ipam:\n      config:\n        - subnet: '10.223.178.112/28'\n        - subnet: 'fd12::/64'"},
		{"NS1409 NS1417 NS1419 NS1503 NS1510", "      api: {}\n      cache: {}\n      main: {}\n", "      - api\n      - cache\n      - main\n"},
		{"", "      api: {}\n", "      api:\n        aliases:\n          - api\n"},
		{"NS1401 NS1709", "published: '80'", "published: '0'"},
		{"NS1401 NS1709", "published: '80'", "published: '65536'"},
		{"NS1401 NS1709", "published: '80'", "published: '080'"},
		{"NS1709", "    networks:\n      api: {}\n      ingress_edge", "      - target: 8443\n        published: '8443'\n        protocol: tcp\n    networks:\n      api: {}\n      ingress_edge"},
		{"NS1403", "image: postgres:17\n", "image: postgres:17\n    ports:\n      - target: 5432\n        published: '5432'\n        protocol: tcp\n        host_ip: '127.0.0.1'\n"},
		{"NS1403", "image: redis:8.2\n", "image: redis:8.2\n    ports:\n      - target: 6379\n        published: '6379'\n        protocol: tcp\n        host_ip: '127.0.0.1'\n"},
		{"", apiImage, apiImage + "    ports:\n      - target: 8080\n        published: '8080'\n        protocol: tcp\n        host_ip: '127.0.0.1'\n"},
		{"", "    networks:\n      cache: {}\n    command:", "    depends_on:\n      api:\n        condition: service_healthy\n    networks:\n      cache: {}\n      main: {}\n    command:"},
		{"NS1201", "image: ghcr.io/acme/api:1.4.2", "image: 'ghcr.io/acme/api:'"},
		{"NS1402", "        protocol: tcp\n", "        protocol: tcp\n        host_ip: localhost\n"},
		{"NS1405 NS1406", "      - target: 8080\n        published: '80'", "      - target: 80\n        published: '80'"},
		{"NS1404 NS1406 NS1709", "      - target: 8080\n        published: '80'", "      - target: 22\n        published: '80'"},
		{"NS1406 NS1709", "published: '80'\n        protocol: tcp", "published: '80'\n        protocol: udp"},
		{"NS1201 NS1202", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:1.4.2@"},
		{"NS1201", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io//api:1.4.2"},
		{"NS1201", "image: ghcr.io/acme/api:1.4.2", "image: ghcr_io.x/acme/api:1.4.2"},
		{"NS1201", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:" + strings.Repeat("1", 129)},
		{"NS1201", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:1+4"},
		{"", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:" + strings.Repeat("1", 128)},
		{"", "image: ghcr.io/acme/api:1.4.2", "image: registry.example.com:5000/acme/api:1.4.2"},
		{"", "image: ghcr.io/acme/api:1.4.2", "image: localhost/acme/api:1.4.2"},
		{"", "image: ghcr.io/acme/api:1.4.2", "image: registry:5000/api"},
		{"", "image: ghcr.io/acme/api:1.4.2", "image: Registry.example.com/acme/api"},
		{"NS1202", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:1.4.2@sha512:" + strings.Repeat("a", 64)},
		{"NS1202", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:1.4.2@sha256:" + strings.Repeat("g", 64)},
		{"NS1202", "image: ghcr.io/acme/api:1.4.2", "image: ghcr.io/acme/api:1.4.2@sha256:" + strings.Repeat("a", 63)},
		{"NS1205", "image: ghcr.io/acme/api:1.4.2", "build:\n      context: ../../api\n      dockerfile: /etc/Dockerfile"},
		{"NS1205", "image: ghcr.io/acme/api:1.4.2", "build:\n      context: ../../api\n      dockerfile: https://example.com/Dockerfile"},
		{"NS1205", "image: ghcr.io/acme/api:1.4.2", "build:\n      context: ../../api\n      dockerfile: ../../Dockerfile"},
		{"", "image: ghcr.io/acme/api:1.4.2", "build:\n      context: ../../api\n      dockerfile: ../Dockerfile"},
		{"NS1203", "image: ghcr.io/acme/api:1.4.2", "build:\n      context: https://example.com/api.git"},
		{"NS1014", "user: '10001:10001'", "user: '10001:'"},
		{"", "user: '10001:10001'", "user: '10001'"},
	} {
		compose(c[0], c[1], c[2])
	}
	return out
}

// bind mounts a path of the host, which is what a service may read.
func bind(source string) string {
	return "    volumes:\n      - type: bind\n        source: " + source + "\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"
}

// edgeHarms are those of nginx's files.
func edgeHarms() []harm {
	var out []harm
	in := func(file string) func(code, old, text string) {
		return func(code, old, text string) { out = append(out, harm{code, "nginx/" + file, old, text}) }
	}
	for _, v := range []string{
		"$request ", "$request_uri", "$args", "$query_string", "$is_args", "$arg_token", "$cookie_session", "$http_authorization", "$http_cookie", "$http_referer",
		"$request_body", "$uri", "$document_uri", "$http_x_token", "$sent_http_set_cookie", "${args}",
	} {
		in("snippets/log.conf")("NS1523", `"time":"$time_iso8601"`, `"time":"`+v+`"`)
	}
	in("snippets/log.conf")("NS1523", `'{"time":"$time_iso8601"`, `'"$request"{"time":"$time_iso8601"`)
	for _, c := range "?%;=&#" {
		in("snippets/maps.conf")("NS1523", "[A-Za-z0-9/._~!'()*+,:@-]", "["+string(c)+"A-Za-z0-9/._~!'()*+,:@-]")
	}
	maps := in("snippets/maps.conf")
	maps("NS1533", "    websocket websocket;", "    websocket websocket;\n    h2c h2c;")
	maps("NS1533", "    websocket websocket;", "    websocket h2c;")
	maps("NS1533", "    websocket websocket;", "    h2c websocket;")
	maps("NS1517", `[/?#]|\z)" $nself_origin`, `[/?#]|\z)$" $nself_origin`)
	maps("", `[/?#]|\z)" $nself_origin`, `[/?#]|\z)\$" $nself_origin`)
	maps("NS1518", "(?<nself_plain_host>[ -~]{0,255})", "([ -~]{0,255})(?<nself_plain_host>x)")
	maps("", "(?<nself_plain_host>[ -~]{0,255})", `\((?<nself_plain_host>[(]{0,255})`)
	maps("NS1518", "(?<nself_plain_host>[ -~]{0,255})", "[(](?<nself_plain_host>[a]{0,255})(b)")
	maps("NS1538", "map $request_uri $nself_bad_path", "map $uri $nself_bad_path")
	maps("NS1538 NS1540", "    default 0;\n    \"~*^[^?]*", "    default 0;\n    /a/../b 0;\n    \"~*^[^?]*")
	maps("NS1516", "# A path for the log", "geo $nself_x {\n    10.0.0.0/8 1;\n}\n# A path for the log")
	in("snippets/request.conf")("NS1509 NS1538", "    return 400;\n", "    set $other 400;\n")
	in("conf.d/example.com.conf")("NS1517", "location ~* \"^(?:/;", "location ~* \"(?:/;")
	in("conf.d/example.com.conf")("NS1509", apiServer, apiServer+"\n    if ($http_x) {\n        set $nself_upstream a.$nself_upstream;\n    }")
	in("snippets/tls.conf")("NS1540", "ssl_protocols TLSv1.2 TLSv1.3;\nssl_ciphers ", "ssl_protocols TLSv1.3;\nssl_dhparam ")
	maps("NS1516", "    default 0;\n    \"~*^[^?]*", "    \"~*^[^?]*")
	answers := in("conf.d/example.com.conf")
	answers("NS1540", apiLocation, apiLocation+"        add_header X-Seen $http_x_seen always;\n")
	answers("NS1528", apiLocation, apiLocation+"        add_header Content-Type text/plain always;\n")
	answers("NS1506 NS1540", "        add_header Referrer-Policy $nself_referrer_policy always;\n", "        proxy_set_header Referrer-Policy x;\n")
	answers("NS1505", apiLocation, apiLocation+"        proxy_set_header host $http_host;\n")
	answers("NS1533", apiLocation, apiLocation+"        proxy_set_header Upgrade $http_upgrade;\n")
	answers("NS1540", apiLocation, apiLocation+"        proxy_set_header Upgrade \"\";\n")
	answers("NS1503", "set $nself_upstream api:8080;", "set $nself_upstream ab.$nself_upstream;")
	answers("NS1503 NS1540", "        set $nself_upstream api:8080;\n", "        set $other api:8080;\n")
	answers("NS1504", apiServer, apiServer+"\n    set $other $document_uri;")
	answers("NS1504", apiLocation, apiLocation+"        add_header X-Path $uri always;\n")
	answers("NS1504", apiLocation, apiLocation+"        proxy_set_header X-Path ${uri};\n")
	answers("NS1504", apiLocation, apiLocation+"        proxy_redirect http://x/ $document_root/;\n")
	answers("NS1504 NS1537", apiServer, apiServer+"\n    rewrite ^ $request_filename;")
	answers("NS1503 NS1504", "proxy_pass http://$nself_upstream;", "proxy_pass http://$uri;")
	answers("NS1509", apiServer, apiServer+"\n    if (-f /tmp/nself/a.$nself_upstream) {\n        set $nself_upstream b.$nself_upstream;\n    }")
	answers("NS1503 NS1509", apiServer, apiServer+"\n    if (-f /tmp/nself/evil) {\n        set $nself_upstream evil;\n    }")
	answers("NS1509", apiServer, apiServer+"\n    if (-f /tmp/nself/x) {\n        set $other x;\n    }")
	answers("NS1509", apiServer, apiServer+"\n    if ($http_x) {\n        return 400 x;\n    }")
	answers("NS1509", apiServer, apiServer+"\n    if ($http_x) {\n    }")
	answers("NS1511", "        allow 2001:db8::/32;\n        allow 203.0.113.0/24;\n        deny all;\n", "        return 403;\n")
	answers("NS1510 NS1511", "        deny 10.214.50.96/28; # Docker's own address, which hides the client's\n        allow 2001:db8::/32;\n        allow 203.0.113.0/24;\n        deny all;\n",
		"        allow 203.0.113.0/24;\n        return 200;\n")
	answers("NS1529", "client_max_body_size 1m;", "client_max_body_size 1m;\n        send_timeout 5m;")
	answers("NS1530", "zone=ingress burst=99", "zone=none burst=99")
	answers("NS1608", "return 301 https://api.example.com$request_uri", "return 301 https://$host$request_uri")
	answers("", "return 301 https://api.example.com$request_uri", "return 308 https://api.example.com$request_uri")
	answers("NS1540 NS1607", "    location / {\n        return 301 https://api.example.com", "    location /x {\n        return 301 https://api.example.com")
	for _, d := range []string{"ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256", "ssl_ecdh_curve X25519", "ssl_prefer_server_ciphers off", "ssl_conf_command Options x"} {
		answers("NS1613", apiServer, apiServer+"\n    "+d+";")
	}
	for d := range strings.FieldsSeq("stub_status status api upstream_conf perl") {
		answers("NS1526", apiServer, apiServer+"\n    "+d+";")
	}
	for d := range strings.FieldsSeq("root autoindex try_files index disable_symlinks random_index dav_methods sendfile_max_chunk") {
		answers("NS1527", apiServer, apiServer+"\n    "+d+" x;")
	}
	for d := range strings.FieldsSeq("mirror auth_request grpc_pass fastcgi_pass uwsgi_pass scgi_pass memcached_pass") {
		answers("NS1503", apiServer, apiServer+"\n    "+d+" x;")
	}
	answers("NS1513", apiServer, apiServer+"\n    valid_referers none;")
	answers("NS1611", apiServer, apiServer+"\n    ssl_stapling on;")
	answers("NS1611", apiServer, apiServer+"\n    ssl_stapling_verify on;")
	in("conf.d/pages.example.com.conf")("NS1608", "https://$host$request_uri", "https://evil.example.net$request_uri")
	in("conf.d/pages.example.com.conf")("NS1520 NS1534 NS1607", "server {\n    listen 8443 ssl;", "server {\n    listen 8080;\n    return 444;\n}\n\nserver {\n    listen 8443 ssl;")
	in("snippets/headers.conf")("NS1507", "nosniff always", "nosniff sometimes")
	in("snippets/proxy.conf")("NS1534", "proxy_hide_header X-Frame-Options;\n", "")
	in("snippets/proxy.conf")("NS1528 NS1532", "X-Forwarded-Proto https;", "X-Forwarded-Proto \"https\nX-Admin: 1\";")
	tls := in("snippets/tls.conf")
	tls("NS1613", "ssl_prefer_server_ciphers off", "ssl_prefer_server_ciphers on")
	tls("NS1540 NS1602", "ssl_ciphers ECDHE", "ssl_dhparam ECDHE")
	tls("", "ssl_protocols TLSv1.2 TLSv1.3", "ssl_protocols TLSv1.3")
	tls("NS1605", "ssl_session_cache shared:nself_tls:10m;\n", "")
	limits := in("snippets/limits.conf")
	limits("NS1540", "$nself_client zone=ingress", "$binary_remote_addr zone=ingress")
	limits("NS1530", "[\\x00-\\xff]{8})[\\x00-\\xff]{8}", "[\\x00-\\xff]{12})[\\x00-\\xff]{4}")
	limits("NS1530 NS1540", `\z" $nself_network`, `\z" $binary_remote_addr`)
	refuse := in("snippets/refuse.conf")
	refuse("NS1520", "    return 444;\n", "    return 444;\n    location / {\n        return 444;\n    }\n")
	main := in("nginx.conf")
	main("", "worker_rlimit_nofile 8192", "worker_rlimit_nofile 4096")
	main("NS1524", "worker_rlimit_nofile 8192", "worker_rlimit_nofile 4095")
	main("", "client_header_timeout 10s", "client_header_timeout 60s")
	main("NS1529", "client_header_timeout 10s", "client_header_timeout 61s")
	main("NS1522", "error_log stderr emerg", "error_log /tmp/x emerg")
	main("NS1522", "error_log stderr warn", "error_log /tmp/x warn")
	return out
}

// storeHarms are those of the stores' files, of the firewall's, and of what git reads.
func storeHarms() []harm {
	var out []harm
	in := func(path string) func(code, old, text string) {
		return func(code, old, text string) { out = append(out, harm{code, path, old, text}) }
	}
	sql := in(".secrets.d/main/config/roles.sql")
	for right := range strings.FieldsSeq("SUPERUSER CREATEDB CREATEROLE REPLICATION") {
		sql("NS1911", "BEGIN;\n", "BEGIN;\nALTER ROLE postgres "+right+";\n")
		sql("NS1911", "NO"+right, "")
	}
	for role := range strings.FieldsSeq("postgres pg_execute_server_program pg_read_server_files pg_write_server_files") {
		sql("NS1911", "BEGIN;\n", "BEGIN;\nGRANT "+role+" TO app;\n")
	}
	for _, command := range []string{`\i x`, `\ir x`, `\include x`, `\include_relative x`, `\copy t to x`, `\w x`, `\write x`, `\! id`} {
		sql("NS1915", "BEGIN;\n", "BEGIN;\n"+command+"\n")
	}
	sql("NS1911", "BEGIN;\n", "BEGIN;\nCOMMENT ON ROLE mallory IS 'x';\n")
	sql("NS1911", "BEGIN;\n", "BEGIN;\nGRANT app_owner TO app WITH ADMIN TRUE;\n")
	sql("NS1925", "BEGIN;\n", "BEGIN;\nREVOKE GRANT OPTION FOR SELECT ON t FROM app;\n")
	sql("NS1911 NS1913", "BEGIN;\n", "BEGIN;\nALTER ROLE app PASSWORD;\n")
	sql("NS1913", "BEGIN;\n", "BEGIN;\nCOMMENT ON TABLE t IS ${secret.jwt_key};\n")
	sql("NS1912 NS1925", "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC", "REVOKE ALL ON DATABASE postgres, template1 FROM app")
	sql("NS1912", "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC", "REVOKE ALL ON DATABASE postgres FROM PUBLIC")
	sql("NS1925", "BEGIN;\n", "BEGIN;\nALTER ROLE app RESET ALL;\n")
	sql("", "BEGIN;\n", "BEGIN;\nREVOKE ALL ON TABLE t FROM PUBLIC;\n")
	hba := in("config/main/pg_hba.conf")
	hba("NS1904", `hostssl    "app"  "app_a"`, `hostssl    all  "app_a"`)
	hba("NS1904", `hostssl    "app"  "app_a","app_b"`, `hostssl    "app"  all`)
	hba("NS1904", `"app_a","app_b"`, `/^app`)
	hba("NS1905", "local      all       all               reject", "local      app       all               reject")
	hba("NS1905", "local      all       all               reject", "local      all       app               reject")
	hba("", "hostssl    \"app\"  \"app_a\",\"app_b\"  samenet", "hostssl    \"app\"  \"app_a\",\"app_b\"  samehost")
	redis := in("config/cache/redis.conf")
	for _, setting := range []string{
		"user x on", "requirepass x", "masterauth x", "rename-command ACL x", "protected-mode no", "include x", "loadmodule x", "replicaof x 1", "slaveof x 1",
	} {
		redis("NS1922", "port 6379", "port 6379\n"+setting)
	}
	redis("NS1922", "aclfile /run/nself/users.acl", "aclfile /run/nself/users.acl x")
	users := in(".secrets.d/cache/config/users.acl")
	users("NS1918", "user default off", "user default off on")
	users("NS1918", "user app on", "user mallory on ~x -@all\nuser app on")
	users("NS1918", "user default off resetpass", "user default resetpass")
	users("NS1918", "user default off", "user other off")
	users("NS1924", "user app on", "user other on #"+strings.Repeat("0", 64)+" ~x -@all\nuser app on")
	users("NS1919", "user app on", "user other on >x ~x -@all\nuser app on")
	users("NS1924", "user app on", "user mallory off ~x -@all\nuser app on")
	four := in("ufw/after.rules")
	four("NS1709", "#= limit tcp 22 203.0.113.0/24 nself:shop-prod:ssh\n", "#= limit tcp 22 203.0.113.0/24 nself:shop-prod:ssh\n#= limit tcp 23 203.0.113.0/24 nself:shop-prod:telnet\n")
	four("NS1705 NS1709", "#= allow udp 51820", "#= allow udp any")
	four("NS1705 NS1709", "#= allow udp 51820", "#= allow udp 0")
	four("NS1705 NS1709", "#= allow udp 51820", "#= allow sctp 51820")
	four("NS1703 NS1709", "#= limit tcp 22", "#= limit udp 22")
	four("NS1703 NS1709", "#= limit tcp 22", "#= limit tcp 2222")
	four("NS1703", "#= limit tcp 22", "#= deny tcp 22")
	four("", "#= limit tcp 22", "#= allow tcp 22")
	four("NS1707", "nself:shop-prod:vpn", "nself:shop-prod:")
	four("NS1707", "nself:shop-prod:vpn", "nself:shop-prod:v'pn")
	four("NS1707", "nself:shop-prod:vpn", "other")
	four("NS1707", `"nself:shop-prod:ingress-http 80`, `"nself:other:ingress-http 80`)
	four("NS1706 NS1707", `"nself log"`, `"log"`)
	four("NS1706 NS1714", "-m limit --limit 3/min --limit-burst 10 ", "")
	four("NS1708", ":NSELF-IN - [0:0]", ":NSELF-IN ACCEPT [0:0]")
	four("NS1705 NS1706", `"nself from br-+" -j RETURN`, `"nself from br-+" -j ACCEPT`)
	four("NS1703", "#= limit tcp 22 203.0.113.0/24 nself:shop-prod:ssh\n#= allow tcp 80 0.0.0.0/0 nself:shop-prod:ingress-http\n",
		"#= allow tcp 80 0.0.0.0/0 nself:shop-prod:ingress-http\n#= limit tcp 22 203.0.113.0/24 nself:shop-prod:ssh\n")
	four("NS1702 NS1706 NS1716", "-A NSELF -o docker+ ", "-A NSELF -o docker+ -s 10.0.0.0/8 ")
	four("NS1702 NS1706", `-A NSELF-IN -m comment --comment "nself deny"`, `-A NSELF-IN -s 10.0.0.0/8 -m comment --comment "nself deny"`)
	four("NS1704", "--ctstate DNAT --ctorigdstport 80", "--ctstate NEW --ctorigdstport 80")
	script := in("ufw/apply.sh")
	script("NS1711", "    prepare_files\n", "    true\n")
	script("NS1711", "said=$(test_rules ", "said=$(true ")
	script("NS1711", "        test_rules \"$f\"", "        true \"$f\"")
	script("NS1710", "    plan_settings\n", "    true\n")
	script("NS1712", "|| hold -I ||", "|| true ||")
	script("NS1712", "    for item in \"${CLOSE_RULES[@]}\"", "    for item in \"${OTHER_RULES[@]}\"")
	script("NS1712", "if sh \"$SNAPSHOT/rollback.sh\" --now", "if true")
	script("NS1715", "    check_docker\n", "    true\n")
	in("ufw/rollback.sh")("NS1807", "umask 077", "umask 022")
	entrypoint := in("config/main/entrypoint")
	entrypoint("NS1807", "umask 077", "echo x >/tmp/x\numask 077")
	entrypoint("", "umask 077", "true >/dev/null\numask 077")
	for _, trace := range []string{"set -x", "set -ev", "set -o xtrace"} {
		entrypoint("NS1808", "umask 077", "umask 077\n"+trace)
	}
	entrypoint("", "umask 077", "umask 077\nset -e")
	model := in("nself.model.json")
	model("NS1806", `"kind":"jwt","key":"JWT_KEY","bytes":32`, `"kind":"jwt","key":"JWT_KEY","bytes":31`)
	for _, kind := range []string{"hex", "base64url"} {
		model("NS1806", `"kind":"jwt","key":"JWT_KEY","bytes":32`, `"kind":"`+kind+`","key":"JWT_KEY","bytes":15`)
		model("", `"kind":"jwt","key":"JWT_KEY","bytes":32`, `"kind":"`+kind+`","key":"JWT_KEY","bytes":16`)
	}
	script("NS1710", "INPUT:incoming", "INPUT:outgoing")
	script("NS1710", `SETTINGS+=("default deny`, `SETTINGS+=("default allow`)
	attributes := in(".gitattributes")
	for word := range strings.FieldsSeq("linguist-generated linguist-generated=true binary -diff filter=x") {
		attributes("NS1805", "* text", "/docker-compose.yml "+word+"\n* text")
	}
	attributes("", "* text", "# binary\n\n/docker-compose.yml text\n* text")
	ignore := in(".gitignore")
	ignore("NS1804", "*.secrets*\n", "")
	ignore("NS1804", "*.secrets*\n", "/.secrets\n")
	ignore("NS1804", "!/nself.secrets.json", "!/.secrets")
	return out
}
