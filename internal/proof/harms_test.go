package proof_test

// harms are single changes of the artefacts of testdata/good.hcl in production, each
// with the rules that see it.
func harms() []harm {
	var out []harm
	for _, h := range [][3]string{
		{"NS1001", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    privileged: true\n"},
		{"NS1004 NS1417", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    network_mode: host\n"},
		{"NS1005", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    pid: host\n"},
		{"NS1006", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ipc: host\n"},
		{"NS1007", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    uts: host\n"},
		{"NS1008", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    userns_mode: host\n"},
		{"NS1009", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    cgroup: host\n"},
		{"NS1015", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    devices:\n      - /dev/kmsg\n"},
		{"NS1015", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    device_cgroup_rules:\n      - a *:* rwm\n"},
		{"NS1015", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    gpus: all\n"},
		{"NS314", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    cap_add:\n      - SYS_ADMIN\n"},
		{"NS314", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    cap_add:\n      - ALL\n"},
		{"NS314", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    cap_add:\n      - cap_net_raw\n"},
		{"NS1304", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n"},
		{"NS1301", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: /etc\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ..\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS1307", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ./.secrets.d\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS1825", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ./.secrets.d/cache/config/users.acl\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS1302", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ../../site\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n          propagation: rshared\n"},
		{"NS1002", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ../../run/podman.sock\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS1002", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ../../run/crio.sock\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS1002", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: bind\n        source: ../../run/containerd.sock\n        target: /x\n        read_only: true\n        bind:\n          create_host_path: false\n"},
		{"NS1310", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: volume\n        source: main_data\n        target: /etc\n"},
		{"NS1310", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes:\n      - type: volume\n        source: main_data\n        target: data\n"},
		{"NS317", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ports:\n      - target: 8080\n        published: '8080'\n        protocol: tcp\n"},
		{"NS1401 NS1406 NS317", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ports:\n      - '8080:8080'\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ports:\n      - target: 8080\n        published: '8080'\n        protocol: tcp\n        host_ip: 0.0.0.0\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ports:\n      - target: 8080\n        published: '8000-9000'\n        protocol: tcp\n        host_ip: 127.0.0.1\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ports:\n      - target: 8080\n        published: '8080'\n        protocol: tcp\n        host_ip: 127.0.0.1\n        mode: host\n"},
		{"NS2161", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    extends: api2\n"},
		{"NS1824", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    env_file:\n      - .env\n"},
		{"NS1415", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    links:\n      - main\n"},
		{"NS1022", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    volumes_from:\n      - main\n"},
		{"NS1009", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    cgroup_parent: /\n"},
		{"NS1016", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    sysctls:\n      kernel.shmmax: 1\n"},
		{"NS1017", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    extra_hosts:\n      - host.docker.internal:host-gateway\n"},
		{"NS2161", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    configs:\n      - x\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    profiles:\n      - off\n"},
		{"NS1105", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    ulimits:\n      nofile: -1\n"},
		{"NS1113", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    oom_kill_disable: true\n"},
		{"NS1021", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    group_add:\n      - '0'\n"},
		{"NS1023", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    runtime: other\n"},
		{"NS2161", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    develop: {}\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    image: ghcr.io/acme/api:1.4.3\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    <<: *base\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: ghcr.io/acme/api:1.4.2\n    security_opt:\n      - seccomp:unconfined\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: &i ghcr.io/acme/api:1.4.2\n"},
		{"NS2154", "    image: ghcr.io/acme/api:1.4.2\n", "    image: !!binary YQ==\n"},
		{"NS1201", "api:1.4.2", "API:1.4.2"},
		{"NS2154", "api:1.4.2", "api:"},
		{"NS2154", "name: shop-prod\n", "name: shop-prod\n---\n"},
		{"NS2154", "name: shop-prod\n", "name: ${PROJECT}\n"},
		{"NS2154", "name: shop-prod\n", "name: shop-prod\nname: shop-prod\n"},
		{"NS2153", "name: shop-prod\n", "name: shop-prod\nx-base: {}\n"},
		{"NS2153", "name: shop-prod\n", "name: shop-prod\nconfigs: {}\n"},
		{"NS1707 NS2152", "name: shop-prod", "name: -shop"},
		{"NS1707 NS2152", "name: shop-prod", "name: _shop"},
		{"NS2155", "name: shop-prod\n", "name: shop-prod\ninclude:\n  - ../other.yml\n"},
		{"NS1011", "      - no-new-privileges:true\n", "      - no-new-privileges:false\n"},
		{"NS1012", "      - no-new-privileges:true\n", "      - no-new-privileges:true\n      - seccomp=unconfined\n"},
		{"NS1013", "      - no-new-privileges:true\n", "      - no-new-privileges:true\n      - apparmor:unconfined\n"},
		{"NS1013", "      - no-new-privileges:true\n", "      - no-new-privileges:true\n      - label:disable\n"},
		{"NS1010", "      - ALL\n", "      - NET_RAW\n"},
		{"NS1014", "user: '10001:10001'", "user: root"},
		{"NS1014", "user: '10001:10001'", "user: '10001:root'"},
		{"NS1014", "user: '10001:10001'", "user: 10001"},
		{"NS1101 NS1104", "memory: 512m", "memory: 0"},
		{"NS1101 NS1104", "memory: 512m", "memory: 1m"},
		{"NS2154", "memory: 512m", "memory: -1m"},
		{"NS1101 NS1104", "memory: 512m", "memory: many"},
		{"NS1102", "cpus: '1'", "cpus: '0'"},
		{"NS1102", "cpus: '1'", "cpus: '513'"},
		{"NS1102", "cpus: '1'", "cpus: all"},
		{"NS1103", "pids: 256", "pids: -1"},
		{"NS1103", "pids: 256", "pids: 0"},
		{"NS1103", "pids: 256", "pids: '256'"},
		{"NS1104", "memswap_limit: 512m", "memswap_limit: -1"},
		{"NS1106", "restart: unless-stopped", "restart: on-failure:0"},
		{"NS1106", "restart: unless-stopped", "restart: on-failure:1000"},
		{"NS1106", "restart: unless-stopped", "restart: always:3"},
		{"NS1106", "restart: unless-stopped", "restart: sometimes:3"},
		{"NS1111", "driver: json-file", "driver: none"},
		{"NS1111", "max-size: 10m", "max-size: 10g"},
		{"NS1111", "max-file: '3'", "max-file: '0'"},
		{"NS1108", "interval: 10s", "interval: 0s"},
		{"NS1108", "retries: 5", "retries: 0"},
		{"NS1107", "        - CMD-SHELL\n", "        - NONE\n"},
		{"NS1107", "    healthcheck:\n", "    healthcheck:\n      disable: true\n"},
		{"NS1109", "condition: service_healthy", "condition: service_started"},
		{"NS1110", "condition: service_healthy", "condition: service_completed_successfully"},
		{"NS1109", "condition: service_healthy", "condition: service_healthy\n        required: false"},
		{"NS1821", "        target: /run/secrets/JWT_KEY", "        target: /etc/JWT_KEY"},
		{"NS2154", "        target: /run/secrets/JWT_KEY", "        target: /run/secrets/JWT_KEY\n        mode: 0777"},
		{"NS1821", "      - source: api.JWT_KEY\n        target: /run/secrets/JWT_KEY", "      - api.JWT_KEY"},
		{"NS1825", "      - source: api.JWT_KEY", "      - source: main.SERVER_TLS"},
		{"NS1823", "file: ./.secrets.d/api/JWT_KEY", "environment: JWT_KEY"},
		{"NS1823", "file: ./.secrets.d/api/JWT_KEY", "file: /etc/shadow"},
		{"NS1823", "file: ./.secrets.d/api/JWT_KEY", "file: ./.secrets.d/../nself.hcl"},
		{"NS1823", "file: ./.secrets.d/api/JWT_KEY", "file: ./.secrets.d/api/JWT_KEY\n    external: true"},
		{"NS2154", "LOG_LEVEL: info", "LOG_LEVEL: ${LEVEL}"},
		{"NS1003", "LOG_LEVEL: info", "DOCKER_HOST: tcp://10.0.0.1:2375"},
		{"NS1003", "LOG_LEVEL: info", "COMPOSE_FILE: x"},
		{"NS1408", "      api: {}\n", "      api: {}\n      ingress_edge: {}\n"},
		{"NS1418", "      api: {}\n", "      api:\n        aliases:\n          - main\n"},
		{"NS1418", "      api: {}\n", "      api:\n        ipv4_address: '10.0.0.1'\n"},
		{"NS1419", "      api: {}\n", "      api: {}\n      other: {}\n"},
		{"NS1408", "    internal: true\n", "    internal: false\n"},
		{"NS1407", "driver: bridge", "driver: macvlan"},
		{"NS1407", "driver: bridge", "driver: bridge\n    external: true"},
		{"NS1412", "subnet: '10.223.178.112/28'", "subnet: '0.0.0.0/0'"},
		{"NS1412", "subnet: '10.223.178.112/28'", "subnet: '10.223.178.113/28'"},
		{"NS1412", "subnet: '10.223.178.112/28'", "subnet: '10.210.119.176/28'"},
		{"NS1412", "subnet: '10.223.178.112/28'", "subnet: '8.8.8.0/28'"},
		{"NS1412", "subnet: '10.223.178.112/28'", "subnet: '10.223.178.112/28'\n          gateway: '10.223.178.113'"},
		{"NS1411", "name: nself-yxiqv7pvl", "name: nself-avt6y2474"},
		{"NS1411", "name: nself-yxiqv7pvl", "name: docker0"},
		{"NS1411", "name: nself-yxiqv7pvl", "name: nself-yxiqv7pvl-long"},
		{"NS1411", "name: nself-yxiqv7pvl", "name: nself-a/b"},
		{"NS2154", "host_binding_ipv4: '127.0.0.1'", "host_binding_ipv4: 0.0.0.0"},
		{"NS1308", "  cache_data: {}", "  cache_data:\n    driver_opts:\n      device: /etc"},
		{"NS1308", "  cache_data: {}", "  cache_data:\n    external: true"},
		{"NS1311", "/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777", "/tmp"},
		{"NS1311", "/tmp:rw,noexec,nosuid,nodev,size=64m", "/tmp:rw,noexec,nodev,size=64m"},
		{"NS1311", "/tmp:rw,noexec,nosuid,nodev,size=64m", "/tmp:rw,noexec,nosuid,size=64m"},
		{"NS1311", "/tmp:rw,noexec,nosuid,nodev,size=64m", "/tmp:rw,noexec,nosuid,nodev,size=0"},
		{"NS1311", "/tmp:rw,noexec,nosuid,nodev,size=64m", "/tmp:rw,noexec,nosuid,nodev"},
		{"NS1311", "/tmp:rw,noexec", "tmp:rw,noexec"},
		{"NS1305", "        read_only: true\n        bind:", "        read_only: false\n        bind:"},
		{"NS1303", "create_host_path: false", "create_host_path: true"},
		{"NS1709", "published: '443'", "published: '444'"},
		{"NS1709", "published: '80'", "published: '8080'"},
		{"NS1306", "source: ./nginx\n", "source: ./nginx/\n"},
		{"NS2158", "      io.nselfc.address: service.api", "      io.nselfc.address: service.api\n      com.docker.compose.project: other"},
	} {
		out = append(out, harm{h[0], "docker-compose.yml", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1601", "ssl_protocols TLSv1.2 TLSv1.3", "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3"},
		{"NS1601", "ssl_protocols TLSv1.2 TLSv1.3", "ssl_protocols SSLv3 TLSv1.2"},
		{"NS1601", "ssl_protocols TLSv1.2 TLSv1.3", "ssl_protocols TLSv1"},
		{"NS1602", ":ECDHE-RSA-CHACHA20-POLY1305;", ":AES128-SHA;"},
		{"NS1602", "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256", "ssl_ciphers ALL:ECDHE-ECDSA-AES128-GCM-SHA256"},
		{"NS1603", ":secp384r1", ":secp192r1"},
		{"NS1604", "ssl_session_tickets off", "ssl_session_tickets on"},
		{"NS1605", "ssl_session_cache shared:nself_tls:10m", "ssl_session_cache builtin"},
		{"NS1610", "ssl_early_data off", "ssl_early_data on"},
		{"NS1612", "/run/secrets/tls.key", "/etc/nginx/tls.key"},
		{"NS1612", "/run/secrets/tls.key", "data:x"},
		{"NS1605", "ssl_session_timeout 1d;", "ssl_session_timeout 30d;"},
		{"NS1604", "ssl_session_timeout 1d;", "ssl_session_timeout 1d;\nssl_session_ticket_key /run/secrets/k;"},
	} {
		out = append(out, harm{h[0], "nginx/snippets/tls.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1609", "ssl_reject_handshake on", "ssl_reject_handshake off"},
		{"NS1520", "return 444", "return 200"},
		{"NS1520", "return 421", "return 200"},
		{"NS1519", "listen 8080 default_server;", "listen 8080;"},
		{"NS1520 NS1534", "127.0.0.1:8081", "8081"},
		{"NS1520", "return 444;", "return 301 https://$host$request_uri;"},
	} {
		out = append(out, harm{h[0], "nginx/snippets/refuse.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1504 NS1608", "return 301 https://api.example.com$request_uri", "return 301 https://$host$uri"},
		{"NS1608", "return 301 https://api.example.com$request_uri", "return 301 https://evil.example.net$request_uri"},
		{"NS1607", "return 301 https://api.example.com$request_uri", "return 301 http://api.example.com$request_uri"},
		{"NS1607", "return 301 https://api.example.com$request_uri", "return 302 https://api.example.com$request_uri"},
		{"NS1525", "proxy_pass http://$nself_upstream;", "proxy_pass http://evil.example.net;"},
		{"NS1503", "proxy_pass http://$nself_upstream;", "proxy_pass http://$http_host;"},
		{"NS1515", "proxy_pass http://$nself_upstream;", "proxy_pass http://$nself_upstream/;"},
		{"NS1503", "set $nself_upstream api:8080;", "set $nself_upstream main:5432;"},
		{"NS1503", "set $nself_upstream api:8080;", "set $nself_upstream evil.example.net:80;"},
		{"NS1503", "set $nself_upstream api:8080;", "set $nself_upstream $arg_to;"},
		{"NS1503", "set $nself_upstream api:8080;", "set $nself_upstream 169.254.169.254:80;"},
		{"NS1510", "deny all;\n", ""},
		{"NS1510", "        allow 203.0.113.0/24;\n        deny all;", "        deny all;\n        allow 203.0.113.0/24;"},
		{"NS1510", "allow 203.0.113.0/24;", "allow all;"},
		{"NS1510", "allow 203.0.113.0/24;", "satisfy any;\n        allow 203.0.113.0/24;"},
		{"NS1511", "deny all;", "deny all;\n        return 200;"},
		{"NS1501 NS1521 NS1538", "include snippets/request.conf;", "include snippets/*.conf;"},
		{"NS1501 NS1521 NS1538", "include snippets/request.conf;", "include /etc/passwd;"},
		{"NS1527", "include snippets/request.conf;", "include snippets/request.conf;\n    root /;"},
		{"NS1527", "include snippets/request.conf;", "include snippets/request.conf;\n    autoindex on;"},
		{"NS1502 NS1527", "include snippets/request.conf;", "include snippets/request.conf;\n    location /x {\n        alias /etc/;\n    }"},
		{"NS1526 NS1527", "include snippets/request.conf;", "include snippets/request.conf;\n    location /x {\n        stub_status;\n    }"},
		{"NS1503 NS1527", "include snippets/request.conf;", "include snippets/request.conf;\n    location /x {\n        fastcgi_pass 127.0.0.1:9000;\n    }"},
		{"NS1503 NS1505 NS1525 NS1531 NS1532 NS1534 NS1535 NS1536 NS1537", "include snippets/request.conf;", "include snippets/request.conf;\n    location /y {\n        proxy_pass http://main:5432;\n    }"},
		{"NS1503", "include snippets/request.conf;", "include snippets/request.conf;\n    auth_request off;"},
		{"NS1508", "include snippets/request.conf;", "include snippets/request.conf;\n    server_tokens on;"},
		{"NS1522", "include snippets/request.conf;", "include snippets/request.conf;\n    error_log /tmp/x debug;"},
		{"NS1523", "include snippets/request.conf;", "include snippets/request.conf;\n    access_log /tmp/x combined;"},
		{"NS1503", "include snippets/request.conf;", "include snippets/request.conf;\n    mirror /m;"},
		{"NS1514", "include snippets/request.conf;", "include snippets/request.conf;\n    resolver 8.8.8.8;"},
		{"NS1529", "include snippets/request.conf;", "include snippets/request.conf;\n    client_max_body_size 0;"},
		{"NS1506 NS1540", "include snippets/request.conf;", "include snippets/request.conf;\n    add_header X-Test 1 always;"},
		{"NS1539", "include snippets/request.conf;", "include snippets/request.conf;\n    merge_slashes off;"},
		{"NS1539", "include snippets/request.conf;", "include snippets/request.conf;\n    underscores_in_headers on;"},
		{"NS1539", "include snippets/request.conf;", "include snippets/request.conf;\n    ignore_invalid_headers off;"},
		{"NS1601 NS1613", "include snippets/request.conf;", "include snippets/request.conf;\n    ssl_protocols TLSv1;"},
		{"NS1537", "include snippets/request.conf;", "include snippets/request.conf;\n    error_page 404 http://evil.example.net/;"},
		{"NS1537", "include snippets/request.conf;", "include snippets/request.conf;\n    rewrite ^ http://evil.example.net/ redirect;"},
		{"NS1606 NS1607", "    listen 8443 ssl;\n    listen [::]:8443 ssl;\n    server_name api.example.com;", "    listen 8443;\n    listen [::]:8443;\n    server_name api.example.com;"},
		{"NS1512", "Access-Control-Allow-Origin https://www.example.com", "Access-Control-Allow-Origin $http_origin"},
		{"NS1507", "Access-Control-Allow-Origin https://www.example.com always", "Access-Control-Allow-Origin https://www.example.com"},
	} {
		out = append(out, harm{h[0], "nginx/conf.d/example.com.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1503 NS1505 NS1519 NS1525 NS1531 NS1532 NS1534 NS1535 NS1536 NS1537 NS1607", "server {\n    listen 8443 ssl;", "server {\n    listen 9000;\n    server_name x;\n    location / {\n        proxy_pass http://main:5432;\n    }\n}\n\nserver {\n    listen 8443 ssl;"},
		{"NS1534 NS1607", "server {\n    listen 8443 ssl;", "server {\n    listen 8443;\n    server_name x.example.com;\n    return 200;\n}\n\nserver {\n    listen 8443 ssl;"},
	} {
		out = append(out, harm{h[0], "nginx/conf.d/pages.example.com.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1505", "proxy_set_header Host $host", "proxy_set_header Host $http_host"},
		{"NS1532", "X-Real-IP $remote_addr", "X-Real-IP $http_x_real_ip"},
		{"NS1531", "X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for"},
		{"NS1532", "X-Forwarded-Host $host", "X-Forwarded-Host $http_host"},
		{"NS1532", `Forwarded "";`, "Forwarded $http_forwarded;"},
		{"NS1532", `proxy_set_header Proxy "";`, "proxy_set_header Proxy $http_proxy;"},
		{"NS1536", "proxy_cookie_flags ~ secure", "proxy_cookie_flags ~ nosecure"},
		{"NS1537", "proxy_ignore_headers X-Accel-Redirect", "proxy_ignore_headers X-Accel-Buffering"},
		{"NS1532", "X-Request-ID $request_id", "X-Request-ID $http_x_request_id"},
	} {
		out = append(out, harm{h[0], "nginx/snippets/proxy.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1509 NS1521", "return 421", "return 200"},
		{"NS1509 NS1538", "return 400", "return 204"},
	} {
		out = append(out, harm{h[0], "nginx/snippets/request.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1507", "nosniff always", "nosniff"},
	} {
		out = append(out, harm{h[0], "nginx/snippets/headers.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1530", "$nself_client zone=ingress", "$http_x_forwarded_for zone=ingress"},
		{"NS1530", "map $binary_remote_addr $nself_client", "map $http_x_client $nself_client"},
	} {
		out = append(out, harm{h[0], "nginx/snippets/limits.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1508", "server_tokens off", "server_tokens on"},
	} {
		out = append(out, harm{h[0], "nginx/nginx.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1709", "#= limit tcp 22 203.0.113.0/24", "#= limit tcp 22 0.0.0.0/0"},
		{"NS1709", "#= allow udp 51820 0.0.0.0/0 nself:shop-prod:vpn", "#= allow udp 51820 0.0.0.0/0 nself:shop-prod:vpn\n#= allow tcp 5432 0.0.0.0/0 nself:shop-prod:db"},
		{"NS1709", "#= limit tcp 22 203.0.113.0/24 nself:shop-prod:ssh\n", ""},
		{"NS1709", "--ctorigdstport 443", "--ctorigdstport 5432"},
		{"NS1702 NS1705 NS1706", `-A NSELF-IN -m comment --comment "nself deny" -j DROP`, `-A NSELF-IN -m comment --comment "nself deny" -j RETURN`},
		{"NS1702 NS1705 NS1706", "-A NSELF-IN -m comment --comment \"nself deny\" -j DROP\n", "-A NSELF-IN -m comment --comment \"nself deny\" -j DROP\n-A NSELF-IN -m comment --comment \"nself open\" -j RETURN\n"},
		{"NS1705 NS1706", "# BEGIN NSELF STACK shop-prod\n", "# BEGIN NSELF STACK shop-prod\n-A NSELF-IN -m comment --comment \"nself all\" -j ACCEPT\n"},
		{"NS1705 NS1706", "# BEGIN NSELF STACK shop-prod\n", "# BEGIN NSELF STACK shop-prod\n-A NSELF-IN -s 0.0.0.0/0 -m comment --comment \"nself all\" -j RETURN\n"},
		{"NS1706 NS1708", ":NSELF-IN - [0:0]\n", ":NSELF-IN - [0:0]\n:INPUT ACCEPT [0:0]\n"},
		{"NS1706 NS1708", ":NSELF-IN - [0:0]\n", ":NSELF-IN - [0:0]\n:DOCKER-USER - [0:0]\n"},
		{"NS1704", "--ctstate DNAT --ctorigdstport 80 ", "--dport 80 "},
		{"NS1705 NS1706", "-i docker+", "-i eth0"},
		{"NS1702 NS1706 NS1716", "-o docker+", "-o eth0"},
		{"NS1701", "COMMIT\n", "COMMIT\n*nat\n-A PREROUTING -j ACCEPT\nCOMMIT\n"},
		{"NS1706 NS1708", "# BEGIN NSELF STACK shop-prod\n", "# BEGIN NSELF STACK shop-prod\n-A INPUT -m comment --comment \"nself x\" -j ACCEPT\n"},
		{"NS1705 NS1706", "RELATED,ESTABLISHED", "RELATED,ESTABLISHED,NEW"},
		{"NS1705 NS1709", "#= allow tcp 80 0.0.0.0/0", "#= allow any any 0.0.0.0/0"},
	} {
		out = append(out, harm{h[0], "ufw/after.rules", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1702 NS1706", "-A NSELF-IN -m comment --comment \"nself deny\" -j DROP\n", ""},
		{"NS1709", "--ctorigdstport 443", "--ctorigdstport 5432"},
	} {
		out = append(out, harm{h[0], "ufw/after6.rules", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1710", "-P INPUT DROP", "-P INPUT ACCEPT"},
	} {
		out = append(out, harm{h[0], "ufw/apply.sh", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1902", "scram-sha-256", "trust"},
		{"NS1902", "scram-sha-256", "password"},
		{"NS1902", "scram-sha-256", "md5"},
		{"NS1906", "samenet", "0.0.0.0/0"},
		{"NS1906", "samenet", "all"},
		{"NS1903", `hostssl    "app"`, `host    "app"`},
		{"NS1904", `hostssl    "app"  "app_a","app_b"`, "hostssl    all  all"},
		{"NS1904", `"app_a","app_b"`, "+admin"},
		{"NS1904", `hostssl    "app"`, "hostssl    replication"},
		{"NS1902", "local      all       postgres          peer", "local      all       all          peer"},
		{"NS1902", "local      all       postgres          peer", "local      all       postgres          trust"},
		{"NS1902 NS1903 NS1904 NS1906", "# TYPE", "host all all 0.0.0.0/0 trust\n# TYPE"},
		{"NS1903 NS1904 NS1905 NS1906", "host       all       all   all      reject", "host       all       all   all      scram-sha-256"},
		{"NS1901", "# TYPE", "include other.conf\n# TYPE"},
		{"NS1905 NS1906", "host       all       all   all      reject\n", "host       all       all   all      reject\nhostssl \"app\" \"app_a\" all scram-sha-256\n"},
		{"NS1902", `hostssl    "app"  "app_a","app_b"  samenet  scram-sha-256`, `hostssl    "app"  "app_a","app_b"  samenet  cert map=all`},
	} {
		out = append(out, harm{h[0], "config/main/pg_hba.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1907", "ssl = on", "ssl = off"},
		{"NS1901", "ssl = on", "ssl = on\nssl = off"},
		{"NS1901", "ssl = on", "ssl = on\ninclude = '/tmp/x'"},
		{"NS1907", "TLSv1.2", "TLSv1"},
	} {
		out = append(out, harm{h[0], "config/main/postgresql.conf", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1912", "BEGIN;\n", "BEGIN;\nGRANT ALL ON DATABASE app TO PUBLIC;\n"},
		{"NS1912", "BEGIN;\n", "BEGIN;\nGRANT SELECT ON ALL TABLES IN SCHEMA public TO app, PUBLIC;\n"},
		{"NS1912", "BEGIN;\n", "BEGIN;\nGRANT SELECT ON t TO PUBLIC, app;\n"},
		{"NS1911 NS1912", "BEGIN;\n", "BEGIN;\nGRANT ALL ON t TO PUBLIC WITH GRANT OPTION;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nALTER ROLE app SUPERUSER;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nCREATE ROLE mallory SUPERUSER LOGIN;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nCREATE USER mallory SUPERUSER;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nALTER USER app CREATEROLE;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nGRANT pg_execute_server_program TO app;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nGRANT app_owner, pg_read_server_files TO app;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nGRANT postgres TO app;\n"},
		{"NS1911", "BEGIN;\n", "BEGIN;\nGRANT app_owner TO app WITH ADMIN OPTION;\n"},
		{"NS1911 NS1913", "BEGIN;\n", "BEGIN;\nALTER ROLE app PASSWORD 'x';\n"},
		{"NS1912", "BEGIN;\n", "BEGIN;\nALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;\n"},
		{"NS1914", "BEGIN;\n", "BEGIN;\nCREATE FUNCTION f() RETURNS void SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';\n"},
		{"NS1915", "BEGIN;\n", "BEGIN;\n\\! id\n"},
		{"NS1901", "BEGIN;\n", "BEGIN;\nCOPY t TO PROGRAM 'id';\n"},
		{"NS1915 NS1925", "SET log_statement = 'none';", "SET log_statement = 'all';"},
		{"NS1915", "SET search_path = pg_catalog, pg_temp;", "SET search_path = public, pg_catalog;"},
		{"NS1915", "BEGIN;\n", "BEGIN;\nSET search_path = public;\n"},
		{"NS1911", "NOSUPERUSER", "SUPERUSER"},
		{"NS1911", "NOCREATEDB ", ""},
		{"NS1917", "CONNECTION LIMIT 50", "CONNECTION LIMIT -1"},
		{"NS1917", "CONNECTION LIMIT 50", "CONNECTION LIMIT 0"},
		{"NS1915", "BEGIN;\n", "BEGIN;\nALTER SYSTEM SET ssl = off;\n"},
		{"NS1915", "BEGIN;\n", "BEGIN;\nALTER DATABASE app SET log_statement = 'all';\n"},
		{"NS1901", "BEGIN;\n", "BEGIN;\nDO $$BEGIN EXECUTE 'ALTER ROLE app SUPERUSER'; END$$;\n"},
		{"NS1913 NS1916", "ALTER ROLE postgres PASSWORD NULL", "ALTER ROLE postgres PASSWORD 'postgres'"},
	} {
		out = append(out, harm{h[0], ".secrets.d/main/config/roles.sql", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1918", "user default off", "user default on nopass"},
		{"NS1920", "-@all\n", "+@all\n"},
		{"NS1920", "+@all -@admin -@dangerous +info", "+@all"},
		{"NS1920", "+@all -@admin -@dangerous +info", "+@all -@admin -@dangerous +config"},
		{"NS1920", "-@admin -@dangerous +info", "-@admin -@dangerous +info +@admin"},
		{"NS1920", "+@all -@admin -@dangerous +info", "-@admin -@dangerous +@all"},
		{"NS1918", "user app on", "user app on nopass"},
		{"NS1919", "user app on", "user app on >hunter2"},
		{"NS1918 NS1920", "user app on", "user mallory on nopass ~* &* +@all\nuser app on"},
		{"NS1920", "-@dangerous +info", "-@dangerous +info +flushall"},
		{"NS1920", "-@dangerous +info", "-@dangerous +info +eval +debug"},
		{"NS1920", "-@dangerous +info", "-@dangerous +info (+@all)"},
		{"NS1920", "-@dangerous +info", "-@dangerous +info allcommands"},
		{"NS1918", "user default off resetpass", "user default off nopass"},
	} {
		out = append(out, harm{h[0], ".secrets.d/cache/config/users.acl", h[1], h[2]})
	}
	for _, h := range [][3]string{
		{"NS1921", "enable-debug-command no", "enable-debug-command yes"},
		{"NS1921", "enable-module-command no", "enable-module-command local"},
		{"NS1922", "port 6379", "port 6379\nprotected-mode no\nrequirepass x"},
		{"NS1922", "port 6379", "port 6379\nuser default on nopass +@all"},
		{"NS1922", "port 6379", "port 6379\ninclude /data/x.conf"},
		{"NS1922", "port 6379", "port 6379\nloadmodule /data/x.so"},
		{"NS1922", "port 6379", "port 6379\nrename-command ACL \"\""},
		{"NS1922", "aclfile /run/nself/users.acl", "aclfile /data/users.acl"},
		{"NS1922", "port 6379", "port 6379\nreplicaof 10.0.0.1 6379"},
		{"NS1921", "enable-debug-command no", "enable-debug-command no\nenable-debug-command yes"},
	} {
		out = append(out, harm{h[0], "config/cache/redis.conf", h[1], h[2]})
	}
	return out
}
