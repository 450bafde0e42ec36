package ir

import "nselfc/lang/source"

// Secret is one declared secret.
type Secret struct {
	Address string // "secret.jwt_key"
	Key     string // its name in .secrets: upper case, digits and underscores
	Origin  source.Origin
	// Site is where a user can act: the outermost kind or module block that the
	// secret comes from, or else the header of its own block.
	Site   source.Range
	Kind   String // "hex", "base64url", "password", "jwt", "uuid", "ed25519", "rsa", "x509", "files", "input"
	Bytes  Int    // random bytes for hex and base64url
	Length Int    // characters for password
	Bits   Int    // of the modulus of an RSA key
	// Of an input: what its value must match, anchored at both ends (RE2); the least
	// number of its characters; and the days after which it is too old, 0 for never.
	Pattern   String
	MinLength Int
	MaxAge    Int
	X509      *X509
	Files     *CertificateFiles
	// Rotation says how the value is replaced while the stack runs. The compiler
	// always sets it.
	Rotation *Rotation
}

// Rotation says how a secret gets a new value while the stack runs.
type Rotation struct {
	// Class is "pair" (two logins of a server take turns), "dual" (a server takes
	// two values at once), "restart" (the consumers take one), "overlap" (of
	// certificates: the old and the new are both believed for a while) or
	// "manual" (data is encrypted under it, or somebody else issues it).
	Class   String
	Origin  source.Origin
	After   Int      // days after which a rotation is due; unset for never
	Service string   // name of the service in whose container Apply and Prove run; "" when no server is told
	File    string   // path of the secret file that Apply reads on its standard input
	Apply   []String // command that makes the running server believe what File says
	// Prove tells whether the server takes a value: it reads the user and the value,
	// a line each, on its standard input, and ends with 0 for taken, 3 for refused.
	Prove []String
	User  String // user of the server; of a pair, USER_a and USER_b are the logins
}

// SecretStore is where the values of an environment are kept, when not in
// .secrets alone.
type SecretStore struct {
	Kind   String // "age", "vault", "aws", "kubernetes", "exec"
	Origin source.Origin

	File        String   // age: the encrypted file, relative to the stack's folder
	Recipients  []String // age: public keys that can open it; each once, as they stand
	Address     String   // vault: URL of the server
	Namespace   String   // vault; kubernetes
	Mount       String   // vault: of the KV engine, version 2
	Path        String   // vault: of the secret; aws: name or ARN of the secret; kubernetes: key in the store of an ExternalSecret
	Auth        String   // vault: "token" or "approle"
	Region      String   // aws
	Form        String   // kubernetes: "Secret" or "ExternalSecret"
	Name        String   // kubernetes: of the Secret
	External    String   // kubernetes: name of the SecretStore of an ExternalSecret
	Command     []String // exec: the program and its arguments; the secret's key comes last
	Environment []String // exec: names of variables of the host that it gets
	Timeout     Int      // seconds for one request
}

// X509 describes a certificate of the stack's own.
type X509 struct {
	CA         bool
	CommonName String
	SignedBy   string   // Address of the CA's secret; "" signs itself
	Hosts      []String // DNS names and addresses of a leaf; the permitted names of a CA
	Days       Int      // lifetime
	Client     bool     // client authentication instead of server authentication
}

// CertificateFiles is a certificate that its owner brings.
type CertificateFiles struct {
	Certificate String // PEM chain, leaf first; absolute, or relative to the stack's folder
	PrivateKey  String
	Hosts       []String // names that it must cover
}
