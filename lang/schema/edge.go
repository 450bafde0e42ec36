package schema

func ingress() *Block {
	return &Block{
		Name: "ingress",
		Doc:  "The one nginx that publishes ports: TLS, routes, rate limits, headers, logs.",
		Args: []Argument{
			{Name: "image", Type: String, Default: "nginx:1.30.4", Doc: "nginx image; the version in its tag decides which directives are written."},
			{Name: "version", Type: String, Doc: "nginx release in the image, for an image whose tag does not say it.", Example: `version = "1.30.4"`},
			{Name: "http_port", Type: Integer, Default: "80", Doc: "Port on the host that redirects to TLS."},
			{Name: "https_port", Type: Integer, Default: "443", Doc: "Port on the host that serves TLS."},
			{Name: "address", Type: String, Doc: "Host address to publish on: every address in production, `127.0.0.1` in development, by default."},
			{Name: "body_size", Type: Size, Default: "1M", Doc: "Largest request body of routes that do not say."},
			{Name: "trusted_proxies", Type: Strings, Doc: "Networks (CIDR) whose X-Forwarded-For header is believed: those of a load balancer in front."},
			{Name: "ipv6", Type: Bool, Default: "false", Doc: "Whether nginx gets an IPv6 address of its own, so that it can tell clients of IPv6 apart. Needs Docker 27, or `ip6tables` in the settings of an older one."},
		},
		Blocks: []Nested{
			{Block: &Block{
				Name: "tls", Doc: "Protocols, ciphers and certificate.",
				Args: []Argument{
					{Name: "profile", Type: String, Default: "guide", Enum: []string{"guide", "intermediate", "modern"}, Doc: "`guide`: TLS 1.2 and 1.3 with ECDHE-ECDSA-AES128-GCM-SHA256 and ECDHE-RSA-AES128-GCM-SHA256. `intermediate` and `modern` are Mozilla's guidelines 6.0; `modern` is TLS 1.3 alone."},
				},
				Blocks: []Nested{
					{Block: &Block{
						Name: "certificate", Doc: "Where the certificate comes from: `local`, `files`, or both, which means `local` in development and `files` in production.",
						Blocks: []Nested{
							{Block: &Block{Name: "local", Doc: "A certificate authority of the stack's own, which may sign for the stack's hosts only. Refused in production."}, Max: 1},
							{Block: &Block{
								Name: "files", Doc: "A certificate that you bring. Key, chain, names and dates are checked when secrets are made.",
								Args: []Argument{
									{Name: "certificate", Type: String, Required: true, Doc: "PEM file with the chain, leaf first; absolute, or relative to the stack's folder."},
									{Name: "private_key", Type: String, Required: true, Doc: "PEM file with the key."},
								},
							}, Max: 1},
						},
					}, Max: 1},
					{Block: &Block{
						Name: "hsts", Doc: "Strict-Transport-Security (RFC 6797).",
						Args: []Argument{
							{Name: "max_age", Type: Duration, Doc: "How long browsers insist on TLS: 730 days by default. Development never sends the header.", Example: `max_age = "730d"`},
							{Name: "include_subdomains", Type: Bool, Default: "false", Doc: "Whether every name below the hosts is meant too."},
							{Name: "preload", Type: Bool, Default: "false", Doc: "Whether browsers may carry the hosts in their own lists. Hard to undo."},
						},
					}, Max: 1},
				},
			}, Max: 1},
			{Block: rateLimit(), Max: 1},
			{Block: &Block{
				Name: "resources", Doc: "Limits of the nginx container.",
				Args: []Argument{
					{Name: "cpus", Type: Number, Default: "1", Doc: "Processors."},
					{Name: "memory", Type: Size, Default: "256M", Doc: "Memory."},
				},
			}, Max: 1},
		},
		Example: "ingress {\n  tls {\n    certificate {\n      files {\n        certificate = \"/etc/ssl/shop/fullchain.pem\"\n        private_key = \"/etc/ssl/shop/privkey.pem\"\n      }\n    }\n  }\n\n  rate_limit {\n    requests = 100\n    window   = \"60s\"\n  }\n}",
	}
}

func firewall() *Block {
	return &Block{
		Name: "firewall",
		Doc:  "What the host's firewall (ufw) lets in: ssh, the ports of the ingress, and what is allowed here. Everything else is dropped, container ports included.",
		Blocks: []Nested{
			{Block: &Block{
				Name: "ssh", Doc: "The way in. It is opened before anything is closed.",
				Args: []Argument{
					{Name: "port", Type: Integer, Default: "22", Doc: "Port that sshd listens on; the script checks it against the real one."},
					{Name: "from", Type: Strings, Doc: "Networks (CIDR) that may connect; everywhere by default. An empty list is refused.", Example: `from = ["203.0.113.0/24"]`},
					{Name: "limit", Type: Bool, Default: "true", Doc: "Whether an address that opens six connections in 30 seconds is refused for a while."},
				},
			}, Max: 1},
			{Block: &Block{
				Name: "allow", Labels: []string{"name"}, Doc: "Opens a port of a process on the host (not of a container).",
				Args: []Argument{
					{Name: "port", Type: Integer, Required: true, Doc: "Port number."},
					{Name: "protocol", Type: String, Default: "tcp", Enum: []string{"tcp", "udp"}, Doc: "Transport."},
					{Name: "from", Type: Strings, Doc: "Networks (CIDR) that may connect; everywhere by default. An empty list is refused."},
				},
			}},
		},
		Example: "firewall {\n  ssh {\n    port = 22\n    from = [\"203.0.113.0/24\"]\n  }\n}",
	}
}
