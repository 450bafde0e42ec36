package secretstore

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestTheFakeOfVaultBites holds the fake against requests that a server would
// refuse, or take for something else than was meant.
func TestTheFakeOfVaultBites(t *testing.T) {
	f, srv, root := newVaultFake(t)
	f.namespace = "team"
	f.mounts["secret"], f.mounts["old"] = &fakeEngine{version: "2", secrets: map[string]*fakeSecret{}}, &fakeEngine{version: "1"}
	f.approle = true
	var said []string
	f.complain = func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	const good = `{"options":{"cas":0},"data":{}}`
	for _, tt := range []struct {
		name, method, path, body, header string // a header of the form "Name: value"; "Name:" takes it away
		want                             string // "" is for a request that is right
	}{
		{"right", "POST", "/v1/secret/data/a", good, "", ""},
		{"right", "GET", "/v1/secret/data/a", "", "", ""},
		{"no marker", "GET", "/v1/secret/data/a", "", "X-Vault-Request:", "X-Vault-Request"},
		{"no namespace", "GET", "/v1/secret/data/a", "", "X-Vault-Namespace:", "namespace"},
		{"another namespace", "GET", "/v1/secret/data/a", "", "X-Vault-Namespace: other", "namespace"},
		{"no version of the API", "GET", "/secret/data/a", "", "", "no path"},
		{"two slashes", "GET", "/v1/secret//data/a", "", "", "no path"},
		{"a slash at the end", "GET", "/v1/secret/data/a/", "", "", "no path"},
		{"a query", "GET", "/v1/secret/data/a?version=1", "", "", "no path"},
		{"a read with a body", "GET", "/v1/secret/data/a", good, "", "with a body"},
		{"a write of no type", "POST", "/v1/secret/data/a", good, "Content-Type:", "Content-Type"},
		{"a write without cas", "POST", "/v1/secret/data/a", `{"data":{}}`, "", "check-and-set"},
		{"a write with empty options", "POST", "/v1/secret/data/a", `{"options":{},"data":{}}`, "", "check-and-set"},
		{"a write without data", "POST", "/v1/secret/data/a", `{"options":{"cas":0}}`, "", "without data"},
		{"a write as of version 1", "POST", "/v1/secret/data/a", `{"K":"v"}`, "", "another shape"},
		{"two documents", "POST", "/v1/secret/data/a", good + good, "", "another shape"},
		{"no JSON", "POST", "/v1/secret/data/a", "K=v", "", "another shape"},
		{"another verb", "PATCH", "/v1/secret/data/a", good, "", "no operation"},
		{"a path of version 1", "GET", "/v1/secret/a", "", "", "no operation"},
		{"a write to version 1", "POST", "/v1/old/data/a", good, "", "version 1"},
		{"a login of another shape", "POST", "/v1/auth/approle/login", `{"role":"a","secret_id":"b"}`, "X-Vault-Token:", "another shape"},
		{"a login with a token", "POST", "/v1/auth/approle/login", `{"role_id":"a","secret_id":"b"}`, "", "shows its token"},
		{"a look at the health with a token", "GET", "/v1/sys/health", "", "X-Vault-Namespace:", "shows its token"},
		{"a look at the health in a namespace", "GET", "/v1/sys/health", "", "X-Vault-Token:", "namespace"},
	} {
		said = nil
		req, err := http.NewRequestWithContext(t.Context(), tt.method, srv.URL+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"X-Vault-Request": {"true"}, "X-Vault-Token": {root}, "X-Vault-Namespace": {"team"}, "Content-Type": {"application/json"}}
		if name, value, ok := strings.Cut(tt.header, ":"); ok {
			req.Header.Del(name)
			if value != "" {
				req.Header.Set(name, strings.TrimSpace(value))
			}
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		switch all := strings.Join(said, "\n"); {
		case tt.want == "" && (all != "" || resp.StatusCode != http.StatusOK):
			t.Errorf("%s: %s %s", tt.name, resp.Status, all)
		case tt.want != "" && !strings.Contains(all, tt.want):
			t.Errorf("%s was taken: %q", tt.name, all)
		}
	}
	for _, token := range []string{"", "unknown"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/v1/secret/data/a", nil)
		req.Header = http.Header{"X-Vault-Request": {"true"}, "X-Vault-Namespace": {"team"}, "X-Vault-Token": {token}}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("the token %q: %s", token, resp.Status)
		}
	}
}
