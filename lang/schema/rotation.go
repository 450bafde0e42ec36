package schema

// rotation is how a secret gets a new value while the stack runs.
func rotation() *Block {
	return &Block{
		Name: "rotation",
		Doc:  "How the secret gets a new value while the stack runs. Without the block, its consumers are started anew with the new value; of an x509 secret, old and new are both believed for a while. Only kinds of stores need more than a class: their commands tell a running server of new values.",
		Args: []Argument{
			{Name: "class", Type: String, Required: true, Enum: []string{"pair", "dual", "restart", "overlap", "manual"}, Doc: "`restart`: consumers get the new value when they are started anew. `manual`: never rotated with the others, because data is encrypted under it, or somebody else issues it. `overlap`: of certificates. `pair`: a server has two logins that take turns, `USER_a` and `USER_b`. `dual`: a server takes two values of one user at once."},
			{Name: "service", Type: Ref, Doc: "The service in whose container `apply` and `prove` run. Of `pair` and `dual`, required; of `overlap`, with `apply`.", Example: "service = service.main"},
			{Name: "file", Type: String, Doc: "The config, or entry of `secrets`, of that service whose text `apply` reads on its standard input; it holds the secret.", Example: `file = "users.acl"`},
			{Name: "apply", Type: Strings, Doc: "Command that makes the running server believe what the file says, and ends with 0 when it does. Sessions go on, unless their login is gone; after a compromise it gets `end-sessions` as its last argument, and ends those of every user in the file. No value is among its arguments.", Example: `apply = ["/usr/local/bin/nself-redis", "apply"]`},
			{Name: "prove", Type: Strings, Doc: "Command that logs in: it reads the user and the value, a line each, on its standard input, and ends with 0 when the server takes them, with 3 when it refuses, and with anything else when that cannot be told.", Example: `prove = ["/usr/local/bin/nself-redis", "prove"]`},
			{Name: "user", Type: String, Doc: "User of the server. Of a pair, what comes before `_a` and `_b`."},
		},
		Example: "secret \"field_key\" {\n  kind = \"hex\"\n\n  rotation {\n    class = \"manual\"\n  }\n}",
	}
}
