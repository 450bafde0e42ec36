package secrets

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"nselfc/emit"
)

// verifier is how a service of the stack has to take a token: HS256 alone, an expiry
// that is there and has not passed, the issuer of this environment. The key is the
// text of the file as it stands, digits and all, which is what Hasura does too.
func verifier(key string) func(token string) error {
	return func(token string) error {
		_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(key), nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuer("shop-prod"),
			jwt.WithTimeFunc(func() time.Time { return testNow }))
		return err
	}
}

// TestJWT signs with the key of a rendered file, by OpenSSL as a script would, and has
// a library of others verify: with our key, HS256 only, before the expiry, and none of
// the tricks that tokens are forged with.
func TestJWT(t *testing.T) {
	openssl := tool(t, "openssl")
	dir := workDir(t)
	path := ".secrets.d/api/JWT_KEY"
	build(t, dir, stackOf(decl("jwt_key", "jwt")), []emit.File{file(path, ref("secret.jwt_key"))})
	key := get(t, filepath.Join(dir, path))
	if key != entries(t, dir)["JWT_KEY"] || len(key) != 64 {
		t.Fatal("the file is not the key and nothing else")
	}
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	sign := func(key, alg string, claims map[string]any) string {
		text := part(map[string]string{"alg": alg, "typ": "JWT"}) + "." + part(claims)
		cmd := exec.Command(openssl, "dgst", "-sha256", "-binary", "-mac", "HMAC", "-macopt", "key:"+key)
		cmd.Stdin = strings.NewReader(text)
		mac, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(mac)
	}
	claims := func(edit func(c map[string]any)) map[string]any {
		c := map[string]any{"sub": "1", "iss": "shop-prod", "exp": testNow.Add(15 * time.Minute).Unix()}
		if edit != nil {
			edit(c)
		}
		return c
	}
	good := sign(key, "HS256", claims(nil))
	verify := verifier(key)
	if err := verify(good); err != nil {
		t.Fatalf("a token of ours: %v", err)
	}

	// One who holds an RSA key publishes a half of it; a verifier that takes the
	// algorithm from the token would take that half for the key of an HMAC.
	signer := rsaOf(2048)
	rsaFiles := []emit.File{file(".secrets.d/api/pub", ref("secret.signer#public_key")), file(".secrets.d/api/key", ref("secret.signer#private_key"))}
	other := workDir(t)
	build(t, other, stackOf(signer), rsaFiles)
	public := get(t, filepath.Join(other, ".secrets.d/api/pub"))
	block, _ := pem.Decode([]byte(get(t, filepath.Join(other, ".secrets.d/api/key"))))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	rs256, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims(nil))).SignedString(parsed)
	if err != nil {
		t.Fatal(err)
	}
	hmacOfPublic, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims(nil))).SignedString([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(good, ".")
	body, mac, _ := strings.Cut(rest, ".")
	for name, forged := range map[string]struct {
		token string
		want  error
	}{
		"no algorithm":             {part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + body + ".", jwt.ErrTokenSignatureInvalid},
		"no algorithm, our MAC":    {part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + body + "." + mac, jwt.ErrTokenSignatureInvalid},
		"None":                     {part(map[string]string{"alg": "None", "typ": "JWT"}) + "." + body + ".", jwt.ErrTokenUnverifiable},
		"no signature":             {head + "." + body + ".", jwt.ErrTokenSignatureInvalid},
		"another HMAC":             {sign(key, "HS384", claims(nil)), jwt.ErrTokenSignatureInvalid},
		"signed with RSA":          {rs256, jwt.ErrTokenSignatureInvalid},
		"another key":              {sign(strings.Repeat("0123456789abcdef", 4), "HS256", claims(nil)), jwt.ErrTokenSignatureInvalid},
		"the bytes, not the text":  {bytesSigned(t, key, claims(nil)), jwt.ErrTokenSignatureInvalid},
		"changed":                  {head + "." + part(claims(func(c map[string]any) { c["sub"] = "2" })) + "." + mac, jwt.ErrTokenSignatureInvalid},
		"expired":                  {sign(key, "HS256", claims(func(c map[string]any) { c["exp"] = testNow.Add(-time.Second).Unix() })), jwt.ErrTokenExpired},
		"without expiry":           {sign(key, "HS256", claims(func(c map[string]any) { delete(c, "exp") })), jwt.ErrTokenRequiredClaimMissing},
		"of another environment":   {sign(key, "HS256", claims(func(c map[string]any) { c["iss"] = "shop-staging" })), jwt.ErrTokenInvalidIssuer},
		"public half for a secret": {hmacOfPublic, jwt.ErrTokenSignatureInvalid},
	} {
		if err := verify(forged.token); !errors.Is(err, forged.want) {
			t.Errorf("%s: %v, want %v", name, err, forged.want)
		}
	}
	// The control: the verifier of the RSA key would be fooled, if it took any HMAC.
	if err := verifier(public)(hmacOfPublic); err != nil {
		t.Errorf("the control does not verify: %v", err)
	}
	_, err = jwt.Parse(hmacOfPublic, func(*jwt.Token) (any, error) { return &parsed.(*rsa.PrivateKey).PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(func() time.Time { return testNow }))
	if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		t.Errorf("a verifier of RS256 takes an HMAC: %v", err)
	}
}

// bytesSigned signs with the bytes that the digits stand for, as some programs would:
// these are not our key.
func bytesSigned(t *testing.T, key string, claims map[string]any) string {
	t.Helper()
	raw, err := hex.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString(raw)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
