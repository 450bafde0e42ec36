package secrets

import "encoding/base64"

// The endings of the keys under which salts and hashes are kept in .secrets:
// without them each run would give new verifiers, and restart what reads them.
const (
	suffixSCRAM  = "__SCRAM_SALT"
	suffixPBKDF2 = "__PBKDF2_SALT"
	suffixBcrypt = "__BCRYPT"
)

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
