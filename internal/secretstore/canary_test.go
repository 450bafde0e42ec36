package secretstore

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nselfc/compiler/ir"
)

// told is all that a person can come to see of an error.
func told(err error) string {
	d := Diagnostic(&ir.SecretStore{}, err)
	return fmt.Sprintf("%v\n%+v\n%#v\n%s\n%s", err, err, err, d.Summary, d.Detail)
}

// forms are the ways in which a value may hide in a text.
func forms(value string) []string {
	quoted := fmt.Sprintf("%q", value)
	return []string{
		value, url.QueryEscape(value), url.PathEscape(value), quoted[1 : len(quoted)-1], hex.EncodeToString([]byte(value)),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)), strings.ToLower(value),
	}
}

// TestVaultTellsNoSecret takes a server that repeats all that it was sent, in every
// place and with every status, and searches what is told for it.
func TestVaultTellsNoSecret(t *testing.T) {
	f, st, snap, _ := troubled(t)
	secrets := []string{st.login.token, snap.Values["K"]}
	for _, code := range []int{200, 201, 204, 300, 304, 307, 400, 401, 403, 404, 405, 412, 413, 418, 429, 472, 473, 500, 501, 503, 599} {
		for _, shape := range []string{"%s", `{"errors":["%s"]}`, `{"data":{"data":{"%s":7}}}`, `{"data":{"%s":"x"}}`, `{"data":"%s"}`, `{"auth":{"client_token":"%s"`} {
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				body, _ := io.ReadAll(r.Body)
				all := r.Header.Get("X-Vault-Token") + " " + strings.ReplaceAll(string(body), `"`, "'") + secrets[1]
				w.Header().Set("Location", "https://"+secrets[0]+".example.com/"+secrets[1])
				w.Header().Set("Retry-After", secrets[0])
				w.Header().Set("X-Other", all)
				if code >= 200 && code != 204 && code != 304 {
					w.WriteHeader(code)
					fmt.Fprintf(w, shape, all)
				} else {
					w.WriteHeader(code)
				}
				return true
			}
			_, err := st.Load(t.Context())
			for _, err := range []error{err, st.Save(t.Context(), snap), st.Save(t.Context(), Snapshot{Values: snap.Values})} {
				if err == nil {
					t.Fatalf("%d %s is a success", code, shape)
				}
				for _, s := range secrets {
					for _, form := range forms(s) {
						if strings.Contains(told(err), form) {
							t.Fatalf("%d %s: a secret is shown: %v", code, shape, err)
						}
					}
				}
			}
		}
	}
	for _, key := range []string{made() + " = ", "hvs." + made(), strings.ToLower(made()), "", strings.Repeat("A", 200)} {
		if err := notText("store", key); !strings.Contains(err.Error(), "no key") {
			t.Error(err)
		}
	}
}
