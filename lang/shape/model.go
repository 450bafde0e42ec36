package shape

import "sync"

// Model gives the table: the names that a rule sees, in the order of the reference.
// It is made once; callers must not change it.
var Model = sync.OnceValue(func() []Attribute {
	return []Attribute{
		{Name: "stack", Kind: Object, Doc: "The stack and the environment that is compiled.", Of: stack()},
		{Name: "services", Kind: ObjectMap, Sample: "api", Doc: "The services by their name on the network, those that kinds and modules bring included, and the ingress.", Of: service()},
		{Name: "networks", Kind: ObjectMap, Sample: "api", Doc: "The networks by name. Each serves one owner; its members reach each other and nobody else.", Of: network()},
		{Name: "volumes", Kind: ObjectMap, Sample: "api-data", Doc: "The named volumes by name.", Of: volume()},
		{Name: "routes", Kind: ObjectMap, Sample: "api.example.com/", Doc: "What the ingress publishes, by host and path.", Of: route()},
		{Name: "published", Kind: Objects, Doc: "Every port of the host that a container opens, by service.", Of: published()},
		{Name: "ingress", Kind: Object, Optional: true, Doc: "The nginx that publishes routes; null where nothing is published. `for_each = ingress[*]` looks at it when there is one.", Of: ingress()},
		{Name: "firewall", Kind: Object, Optional: true, Doc: "What ufw does on the host; null where the stack declares none.", Of: firewall()},
		{Name: "secrets", Kind: ObjectMap, Sample: "secret.key", Doc: "The secrets by address: what is declared of them. The values are nowhere in the compiler.", Of: secret()},
		{Name: "secret_store", Kind: String, Sample: "file", Enum: []string{"file", "age", "vault", "aws", "kubernetes", "exec"}, Doc: "Where the values of secrets are kept."},
		{Name: "kinds", Kind: ObjectMap, Sample: "postgres.main", Doc: "The kinds and modules in use, by address.", Of: []Attribute{
			address("postgres.main"),
			{Name: "kind", Kind: String, Sample: "postgres", Doc: "The name of the kind, or `module`."},
		}},
	}
})

// address is what a finding, a waiver, the plan and `nselfc why` call an object.
func address(sample string) Attribute {
	return Attribute{Name: "address", Kind: String, Sample: sample, Doc: "What findings, the plan and `nselfc why` call it."}
}

func stack() []Attribute {
	return []Attribute{
		address("stack"),
		{Name: "name", Kind: String, Sample: "shop", Doc: "The name of the stack."},
		{Name: "domain", Kind: String, Optional: true, Sample: "shop.example.com", Doc: "The domain of the stack; `\"\"` where it declares none."},
		{Name: "environment", Kind: String, Optional: true, Sample: "prod", Doc: "The environment; `\"\"` for the nameless one."},
		{Name: "posture", Kind: String, Enum: []string{"production", "development"}, Doc: "How strict the environment is."},
		{Name: "project", Kind: String, Sample: "shop-prod", Doc: "The name of the project of Docker Compose."},
	}
}

func network() []Attribute {
	return []Attribute{
		address(`network["api"]`),
		{Name: "name", Kind: String, Sample: "api", Doc: "The name in docker-compose.yml."},
		{Name: "internal", Kind: Bool, Doc: "Whether it has no way out of the host."},
		{Name: "subnet", Kind: String, Sample: "10.208.0.0/28", Doc: "IPv4 range."},
		{Name: "subnet6", Kind: String, Optional: true, Sample: "fd00::/64", Doc: "IPv6 range; `\"\"` for a network of IPv4 alone."},
		{Name: "purpose", Kind: String, Enum: []string{"provider", "egress", "edge"}, Doc: "What it is for: to reach a service, the internet, or to be reached from it."},
		{Name: "owner", Kind: String, Sample: "service.api", Doc: "Address of the service that it serves."},
		{Name: "members", Kind: Strings, Sample: "api", Doc: "Names of the services on it."},
	}
}

func volume() []Attribute {
	return []Attribute{
		address(`volume["api-data"]`),
		{Name: "name", Kind: String, Sample: "api-data", Doc: "The name in docker-compose.yml."},
		{Name: "labels", Kind: StringMap, Doc: "Its labels."},
		{Name: "used_by", Kind: Strings, Sample: "api", Doc: "Names of the services that mount it."},
	}
}

func secret() []Attribute {
	return []Attribute{
		address("secret.key"),
		{Name: "key", Kind: String, Sample: "KEY", Doc: "Its name in .secrets."},
		{Name: "kind", Kind: String, Enum: []string{"hex", "base64url", "password", "jwt", "uuid", "ed25519", "rsa", "x509", "files", "input"}, Doc: "How it is made."},
		{Name: "bytes", Kind: Number, Optional: true, Doc: "Random bytes of a hex or base64url secret."},
		{Name: "length", Kind: Number, Optional: true, Doc: "Characters of a password."},
		{Name: "bits", Kind: Number, Optional: true, Doc: "Size of an RSA key."},
		{Name: "min_length", Kind: Number, Optional: true, Doc: "The least number of characters of an input."},
		{Name: "max_age", Kind: Number, Optional: true, Doc: "Days after which an input is too old."},
		{Name: "certificate", Kind: Object, Optional: true, Doc: "Of a certificate of the stack's own.", Of: []Attribute{
			{Name: "ca", Kind: Bool, Doc: "Whether it is an authority."},
			{Name: "common_name", Kind: String, Doc: "Its subject."},
			{Name: "signed_by", Kind: String, Optional: true, Sample: "secret.key", Doc: "Address of the authority's secret; `\"\"` for one that signs itself."},
			{Name: "hosts", Kind: Strings, Sample: "api", Doc: "DNS names and addresses."},
			{Name: "days", Kind: Number, Doc: "Its lifetime."},
			{Name: "client", Kind: Bool, Doc: "Whether it authenticates a client."},
		}},
		{Name: "rotation", Kind: Object, Doc: "How the value is replaced while the stack runs.", Of: []Attribute{
			{Name: "class", Kind: String, Enum: []string{"restart", "pair", "dual", "overlap", "manual"}, Doc: "The way, as docs/rotation.md has it."},
			{Name: "after", Kind: Number, Optional: true, Doc: "Days after which a rotation is due; null for never."},
		}},
		{Name: "used_by", Kind: Strings, Sample: "api", Doc: "Names of the services that get it, in a variable or a file."},
	}
}
