package shape

func route() []Attribute {
	return []Attribute{
		address(`route["api.example.com/"]`),
		{Name: "host", Kind: String, Sample: "api.example.com", Doc: "Name that clients ask for."},
		{Name: "path", Kind: String, Sample: "/", Doc: "Prefix of the path."},
		{Name: "service", Kind: String, Sample: "api", Doc: "Name of the service that answers."},
		{Name: "port", Kind: Number, Doc: "Port of its container."},
		{Name: "rate_limit", Kind: Object, Optional: true, Doc: "Limit for one client: the route's own, or the ingress's; null for none.", Of: rateLimit()},
		{Name: "body_size", Kind: Number, Doc: "The largest body of a request, in bytes."},
		{Name: "connect_timeout", Kind: Number, Doc: "Seconds."},
		{Name: "read_timeout", Kind: Number, Doc: "Seconds."},
		{Name: "send_timeout", Kind: Number, Doc: "Seconds."},
		{Name: "websocket", Kind: Bool, Doc: "Whether connections may be upgraded."},
		{Name: "strip_prefix", Kind: Bool, Doc: "Whether the service sees the path without the prefix."},
		{Name: "headers", Kind: StringMap, Sample: "X-Frame-Options", Doc: "Headers of the response that replace or add to the standard ones; `\"\"` removes one."},
		{Name: "allow_from", Kind: Strings, Sample: "203.0.113.0/24", Doc: "Networks that may ask; empty for everybody."},
	}
}

func rateLimit() []Attribute {
	return []Attribute{
		{Name: "requests", Kind: Number, Doc: "Requests in a window."},
		{Name: "window", Kind: Number, Doc: "Seconds."},
		{Name: "burst", Kind: Number, Doc: "Requests at once."},
	}
}

func ingress() []Attribute {
	return []Attribute{
		address("ingress"),
		{Name: "service", Kind: String, Sample: "ingress", Doc: "Name of its service."},
		{Name: "tls", Kind: Object, Doc: "How it encrypts.", Of: []Attribute{
			{Name: "profile", Kind: String, Enum: []string{"intermediate", "modern", "guide"}, Doc: "Mozilla's profile."},
			{Name: "certificate", Kind: Object, Doc: "What it shows.", Of: []Attribute{
				{Name: "source", Kind: String, Enum: []string{"files", "local"}, Doc: "Whether its owner brings it, or the stack's own authority signs it."},
			}},
			{Name: "hsts", Kind: Object, Doc: "Strict-Transport-Security.", Of: []Attribute{
				{Name: "max_age", Kind: Number, Doc: "Seconds; 0 sends no such header."},
				{Name: "include_subdomains", Kind: Bool, Doc: "Whether it counts for names below, too."},
				{Name: "preload", Kind: Bool, Doc: "Whether browsers may have it built in."},
			}},
		}},
		{Name: "nginx_version", Kind: String, Sample: "1.30.4", Doc: "Release of nginx in the image."},
		{Name: "https_public", Kind: Number, Doc: "Port that clients use."},
		{Name: "rate_limit", Kind: Object, Optional: true, Doc: "Limit for one client, on every route without its own; null for none.", Of: rateLimit()},
		{Name: "trusted_proxies", Kind: Strings, Sample: "203.0.113.0/24", Doc: "Networks whose X-Forwarded-For is believed."},
		{Name: "hosts", Kind: Strings, Sample: "api.example.com", Doc: "Names that it answers to."},
	}
}

func firewall() []Attribute {
	return []Attribute{
		address("firewall"),
		{Name: "ssh", Kind: Object, Doc: "The way in.", Of: []Attribute{
			{Name: "port", Kind: Number, Doc: "Its port."},
			{Name: "from", Kind: Strings, Sample: "203.0.113.0/24", Doc: "Networks that may connect; empty for everybody."},
			{Name: "limit", Kind: Bool, Doc: "Whether connections from one address are limited."},
		}},
		{Name: "open", Kind: Objects, Doc: "Ports that the world may reach.", Of: []Attribute{
			{Name: "id", Kind: String, Sample: "https", Doc: "What opens it."},
			{Name: "port", Kind: Number, Doc: "Its number."},
			protocol(),
			{Name: "from", Kind: Strings, Sample: "203.0.113.0/24", Doc: "Networks that may connect; empty for everybody."},
			{Name: "container", Kind: Bool, Doc: "Whether a container is behind it, as against a process of the host."},
		}},
	}
}
