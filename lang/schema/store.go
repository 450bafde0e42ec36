package schema

// secretStore is where the values of an environment are kept.
func secretStore() *Block {
	timeout := Argument{Name: "timeout", Type: Duration, Default: "15s", Doc: "How long one request may take, 1s to 5m."}
	return &Block{
		Name: "secrets",
		Doc: "Where the values of the secrets are kept, by one nested block; `file`, which is `.secrets` in the output directory and nowhere else, when there is none. Inside an environment it is the environment's own; at the top of a stack it is that of all environments that say nothing. " +
			"`nselfc secrets sync` brings the values from the store to the host that deploys. Nothing here is a secret: how to get at the store (a token, an identity) is known to the host alone.",
		Blocks: []Nested{
			{Block: &Block{Name: "file", Doc: "`.secrets` in the output directory, on the host. For an environment of a stack that has another store for all."}, Max: 1},
			{Block: &Block{
				Name: "age", Doc: "One file, encrypted for several recipients with age (https://age-encryption.org/v1), which may be committed.",
				Args: []Argument{
					{Name: "file", Type: String, Doc: "The encrypted file, below the stack's folder: `secrets/ENVIRONMENT.age` by default, and `secrets.age` for a stack without environments.", Example: `file = "secrets/prod.age"`},
					{Name: "recipients", Type: Strings, Required: true, Doc: "Public keys that can open it: of age (`age1…`), of age after quantum computers (`age1pq1…`, all or none), or of ssh (`ssh-ed25519 …`).", Example: `recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]`},
				},
			}, Max: 1},
			{Block: &Block{
				Name: "vault", Doc: "HashiCorp Vault or OpenBao, with a KV engine of version 2.",
				Args: []Argument{
					{Name: "address", Type: String, Required: true, Doc: "URL of the server: https, or http on the host itself.", Example: `address = "https://vault.example.com:8200"`},
					{Name: "mount", Type: String, Default: "secret", Doc: "Where the KV engine is mounted."},
					{Name: "path", Type: String, Doc: "Path of the secret that holds the values, below the mount: `STACK/ENVIRONMENT` by default.", Example: `path = "shop/prod"`},
					{Name: "namespace", Type: String, Doc: "Namespace of the server, for Vault Enterprise and OpenBao."},
					{Name: "auth", Type: String, Default: "token", Enum: []string{"token", "approle"}, Doc: "How the host proves who it is."},
					timeout,
				},
			}, Max: 1},
			{Block: &Block{
				Name: "aws", Doc: "AWS Secrets Manager.",
				Args: []Argument{
					{Name: "secret", Type: String, Doc: "Name or ARN of the secret that holds the values: `STACK/ENVIRONMENT` by default.", Example: `secret = "shop/prod"`},
					{Name: "region", Type: String, Doc: "Region; that of the host's AWS configuration by default.", Example: `region = "eu-central-1"`},
					timeout,
				},
			}, Max: 1},
			{Block: &Block{
				Name: "kubernetes", Doc: "Manifests for a cluster, which `nselfc secrets sync` writes. The values are made and kept in `.secrets`; nothing is read from the cluster.",
				Args: []Argument{
					{Name: "form", Type: String, Default: "Secret", Enum: []string{"Secret", "ExternalSecret"}, Doc: "`Secret` holds the values, and is never committed. `ExternalSecret` (external-secrets.io/v1) holds none, and names where the cluster finds them."},
					{Name: "name", Type: String, Doc: "Name of the Secret: `STACK-ENVIRONMENT` by default."},
					{Name: "namespace", Type: String, Doc: "Its namespace; that of whoever applies the manifest by default."},
					{Name: "store", Type: String, Doc: "Name of the SecretStore that an ExternalSecret reads from. An ExternalSecret needs it."},
					{Name: "path", Type: String, Doc: "Key of the values in that store: `STACK/ENVIRONMENT` by default.", Example: `path = "shop/prod"`},
				},
			}, Max: 1},
			{Block: &Block{
				Name: "exec", Doc: "Any program that prints one value. It is run without a shell, in the stack's folder, once for each secret, with the secret's key in `.secrets` as its last argument; exit status 3 says that there is no such value.",
				Args: []Argument{
					{Name: "command", Type: Strings, Required: true, Doc: "The program and its first arguments, a word each.", Example: `command = ["pass", "show", "shop/prod"]`},
					{Name: "environment", Type: Strings, Doc: "Names of variables of the host's environment that the program gets beside PATH, HOME, USER, LANG, TMPDIR and XDG_RUNTIME_DIR.", Example: `environment = ["BW_SESSION"]`},
					timeout,
				},
			}, Max: 1},
		},
		Example: "secrets {\n  age {\n    file       = \"secrets/prod.age\"\n    recipients = [\n      \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\",\n    ]\n  }\n}",
	}
}
