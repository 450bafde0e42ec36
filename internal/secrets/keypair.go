package secrets

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"nselfc/compiler/ir"
)

// generateKey makes a private key and gives it in PKCS#8 and PEM (RFC 5958, RFC
// 7468), the form that OpenSSL, Go, Java and Node read alike. It is "" when the
// declaration asks for what cannot be made.
func generateKey(s *ir.Secret) string {
	var key crypto.Signer
	var err error
	if s.Kind.V == kindRSA {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits(s))
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return ""
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// privateKeyOf reads a key of .secrets. Its errors hold no part of it.
func privateKeyOf(s *ir.Secret, value string) (crypto.Signer, error) {
	der, err := onlyBlock(strings.TrimSpace(value)+"\n", "PRIVATE KEY")
	if err != nil {
		return nil, errors.New("it is not one PEM block of type PRIVATE KEY")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("it is not a PKCS#8 private key")
	}
	switch key := parsed.(type) {
	case ed25519.PrivateKey:
		if s.Kind.V == kindEd25519 {
			return key, nil
		}
	case *rsa.PrivateKey:
		if s.Kind.V != kindRSA {
			break
		}
		if n := key.N.BitLen(); n < rsaBits(s) || n > maxRSABits {
			return nil, fmt.Errorf("it is an RSA key of %d bits", n)
		}
		if key.E < 65537 {
			return nil, errors.New("its public exponent is smaller than 65537")
		}
		return key, nil
	}
	return nil, errors.New("it is a key of another algorithm")
}

// keyFields gives the parts of a key that configuration can refer to: the private
// key as it is kept, and the public one as programs read it (RFC 5280, "BEGIN
// PUBLIC KEY") and as a line of authorized_keys (RFC 4253, RFC 8709).
func keyFields(s *ir.Secret, value string) (fields, error) {
	key, err := privateKeyOf(s, value)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, errors.New("its public key cannot be written")
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return nil, errors.New("its public key cannot be written for OpenSSH")
	}
	return fields{
		"private_key":    value,
		"public_key":     string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"public_key_ssh": strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(public)), "\n"),
	}, nil
}

// rsaBits is the size of the modulus that a declaration asks for.
func rsaBits(s *ir.Secret) int {
	if s.Bits.V == 0 {
		return defaultRSABits
	}
	return s.Bits.V
}
