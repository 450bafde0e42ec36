package schema

import (
	"slices"
	"sync"
)

// Language is the whole table. Root is what may stand at the top of a stack's
// file; Module is what may stand in the folder of a module or kind; Tests is what
// may stand in a file of tests.
type Language struct {
	Root   *Block
	Module *Block
	Tests  *Block
}

// Get builds the table once; it is never changed afterwards.
var Get = sync.OnceValue(func() *Language {
	shared := []Nested{
		{Block: variable()},
		{Block: locals()},
		{Block: secret()},
		{Block: service()},
		{Block: volume()},
		{Block: config()},
		{Block: module()},
		{Block: rule()},
	}
	root := &Block{
		Name: "stack file",
		Doc:  "A stack is one file, or all `*.hcl` files of one folder.",
		Blocks: append([]Nested{
			{Block: stack(), Min: 1, Max: 1},
			{Block: environment()},
			{Block: secretStore(), Max: 1},
			{Block: ingress(), Max: 1},
			{Block: firewall(), Max: 1},
			{Block: policy(), Max: 1},
		}, shared...),
	}
	mod := &Block{
		Name:   "module file",
		Doc:    "A module or kind is all `*.hcl` files of one folder. Its variables are the arguments of whoever uses it; its outputs are what they can refer to.",
		Blocks: append([]Nested{{Block: output()}}, shared...),
	}
	tests := &Block{
		Name: "test file", Doc: "The files `*.nselftest.hcl` of the stack's folder and of its folder `tests`, which `nselfc test` runs. They are no part of the stack.",
		Blocks: []Nested{{Block: test()}},
	}
	return &Language{Root: build(root), Module: build(mod), Tests: build(tests)}
})

func stack() *Block {
	return &Block{
		Name: "stack", Labels: []string{"name"},
		Doc: "Names the stack. Exactly one. The name is a DNS label of at most 32 characters: compose's project, networks and firewall rules are named after it.",
		Args: []Argument{
			{Name: "domain", Type: String, Doc: "The domain that the stack lives under; expressions read it as `stack.domain`.", Example: `domain = "shop.example.com"`},
			{Name: "subnet_pool", Type: String, Default: "10.208.0.0/12", Doc: "IPv4 range that the networks of the stack are allotted from. Choose one that neither the host's LAN nor a VPN uses.", Example: `subnet_pool = "10.64.0.0/14"`},
		},
		Example: "stack \"shop\" {\n  domain = var.domain\n}",
	}
}

func environment() *Block {
	return &Block{
		Name: "environment", Labels: []string{"name"},
		Doc: "One place where the stack runs. Every environment is compiled into its own folder, `out/NAME/`. A stack without environments has a single one, of posture production, straight in `out/`.",
		Args: []Argument{
			{Name: "posture", Type: String, Default: "production", Enum: []string{"production", "development"}, Doc: "`production` hardens every default and refuses what is dangerous; `development` relaxes only what a laptop needs."},
			{Name: "variables", Type: Any, Doc: "Values of variables in this environment.", Example: "variables = { domain = \"shop.example.com\" }"},
		},
		Blocks:  []Nested{{Block: secretStore(), Max: 1}, {Block: policy(), Max: 1}},
		Example: "environment \"prod\" {\n  posture   = \"production\"\n  variables = { domain = \"shop.example.com\" }\n}",
	}
}

func variable() *Block {
	return &Block{
		Name: "variable", Labels: []string{"name"},
		Doc: "A value that an environment, or whoever uses the module or kind, may set; read as `var.NAME`.",
		Args: []Argument{
			{Name: "type", Type: TypeExpr, Default: "any", Doc: "What values are allowed: `string`, `number`, `bool`, `list(…)`, `set(…)`, `map(…)`, `object({ a = string, b = optional(number, 1) })`, `tuple([…])`."},
			{Name: "default", Type: Any, Doc: "The value when none is set. Without it the variable must be set."},
			{Name: "doc", Type: String, Doc: "What the variable is for; printed by the reference."},
		},
		Blocks: []Nested{{Block: &Block{
			Name: "validation", Doc: "A condition that the value must meet.",
			Args: []Argument{
				{Name: "condition", Type: Expr, Required: true, Doc: "An expression over the variable that must be true."},
				{Name: "message", Type: String, Required: true, Doc: "What to tell whoever set a value that fails."},
			},
		}}},
		Example: "variable \"domain\" {\n  type    = string\n  default = \"shop.localhost\"\n}",
	}
}

func locals() *Block {
	return &Block{
		Name: "locals", Open: true,
		Doc:     "Named values, read as `local.NAME`. May stand several times.",
		Example: "locals {\n  api_host = \"api.${stack.domain}\"\n}",
	}
}

func output() *Block {
	return &Block{
		Name: "output", Labels: []string{"name"},
		Doc: "What a module or kind offers to whoever uses it. A service that refers to an output depends on every service that the output refers to.",
		Args: []Argument{
			{Name: "value", Type: Any, Required: true, Doc: "The value."},
			{Name: "files", Type: TextMap, Doc: "Files that every service that refers to this output finds under `/run/secrets`, by name: a CA certificate, say.", Example: "files = { \"ca.crt\" = secret.ca.certificate }"},
			{Name: "doc", Type: String, Doc: "What the output is; printed by the reference."},
		},
	}
}

func module() *Block {
	return &Block{
		Name: "module", Labels: []string{"name"}, ForEach: true, Open: true,
		Doc: "Uses a local folder of HCL. Every other argument sets a variable of the module; outputs are read as `module.NAME.OUTPUT`.",
		Args: []Argument{
			{Name: "source", Type: String, Required: true, Doc: "The folder, relative to the file, and inside the stack's folder.", Example: `source = "./modules/edge"`},
		},
	}
}

func secret() *Block {
	return &Block{
		Name: "secret", Labels: []string{"name"}, ForEach: true,
		Doc: "A secret that is made where the stack runs and kept in `.secrets`. The compiler never holds its value: `secret.NAME` is a token that can be put into `secrets`, `env` and configuration files, whole or inside a longer text. A secret of kind x509 has the attributes `certificate`, `private_key` and `ca_certificate`; one of kind ed25519 or rsa has `private_key` (PKCS#8, PEM), `public_key` (SubjectPublicKeyInfo, PEM) and `public_key_ssh` (a line of `authorized_keys`).",
		Args: []Argument{
			{Name: "kind", Type: String, Default: "base64url", Enum: []string{"hex", "base64url", "password", "jwt", "uuid", "ed25519", "rsa", "x509", "input"}, Doc: "`hex` and `base64url` are random bytes; `password` is random characters of `A-Za-z0-9_-`; `jwt` is a key for HS256: 32 random bytes in hexadecimal, whose 64 ASCII characters are the key; `uuid` is a random UUID (version 4, 122 bits); `ed25519` and `rsa` are key pairs; `x509` is a certificate with an ECDSA P-256 key; `input` is a value that somebody else issues: nselfc never makes one, and a build stops until `nselfc secrets set NAME` has brought it."},
			{Name: "bytes", Type: Integer, Default: "32", Doc: "Random bytes of a hex or base64url secret, 16 to 1024."},
			{Name: "length", Type: Integer, Default: "43", Doc: "Characters of a password, 22 (128 bits) to 1024."},
			{Name: "bits", Type: Integer, Default: "3072", Doc: "Size of an RSA key, 2048 to 8192, a multiple of 8."},
			{Name: "pattern", Type: String, Doc: "What the whole value of an input must match: a regular expression of RE2.", Example: `pattern = "sk_(live|test)_[A-Za-z0-9]{24,}"`},
			{Name: "min_length", Type: Integer, Default: "12", Doc: "The least number of characters of an input."},
			{Name: "max_age", Type: Duration, Doc: "Age of an input, in whole days, after which every build says that it is due for replacement.", Example: `max_age = "90d"`},
			{Name: "ca", Type: Bool, Default: "false", Doc: "Whether an x509 secret is a certificate authority. `hosts` are then the only names that it may sign for."},
			{Name: "signed_by", Type: Ref, Doc: "The x509 secret that signs this one.", Example: "signed_by = secret.ca"},
			{Name: "common_name", Type: String, Doc: "Subject of an x509 certificate; the secret's name by default."},
			{Name: "hosts", Type: Strings, Doc: "DNS names and IP addresses of an x509 certificate."},
			{Name: "days", Type: Integer, Doc: "Lifetime of an x509 certificate: 3650 for a CA and 397 for a leaf by default; a leaf may live 398 days at most (CA/Browser Forum)."},
			{Name: "client", Type: Bool, Default: "false", Doc: "Whether an x509 certificate authenticates a client instead of a server."},
			{Name: "rotate_after", Type: Duration, Doc: "Age after which a rotation is due, in whole days.", Example: `rotate_after = "90d"`},
		},
		Blocks:  []Nested{{Block: rotation(), Max: 1}},
		Example: "secret \"jwt_key\" {\n  kind = \"jwt\"\n}",
	}
}

func volume() *Block {
	return &Block{
		Name: "volume", Labels: []string{"name"}, ForEach: true,
		Doc:     "A named volume that several services share, by `source = volume.NAME` in their own volume blocks. A volume that only one service uses needs no block of its own.",
		Example: "volume \"uploads\" {}",
	}
}

func config() *Block {
	b := configFile()
	b.ForEach = true
	b.Args = slices.DeleteFunc(b.Args, func(a Argument) bool { return a.Name == "source" })
	b.Doc = "A text file that several services mount, by `source = config.NAME` in their own config blocks."
	return b
}

func configFile() *Block {
	return &Block{
		Name: "config", Labels: []string{"name"},
		Doc: "A text file in the container, read-only. When its text holds a secret, the file is rendered on the host and never committed.",
		Args: []Argument{
			{Name: "path", Type: String, Doc: "Where the file stands in the container."},
			{Name: "content", Type: Text, Doc: "The text."},
			{Name: "template", Type: String, Doc: "A template file next to the declaring file, in HCL's template syntax: `${…}` and `%{ if … }`; it sees the same names as the block. Use the escaping function of the language that is written: `json`, `yaml`, `sql_literal`, `sql_ident`, `nginx_quote`, `shell_quote`, `url_encode`."},
			{Name: "vars", Type: Any, Doc: "Further names for the template, as `vars.NAME`."},
			{Name: "source", Type: Ref, Doc: "A config declared at the top.", Example: "source = config.app"},
			{Name: "executable", Type: Bool, Default: "false", Doc: "Whether the file may be run."},
		},
	}
}
