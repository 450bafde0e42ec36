package secretstore

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// vaultFake is a server that behaves as Vault's does, as far as this package and
// its tests go, and complains about every request that a real one would refuse, or
// take for something else than was meant. TestVault holds it and a real one against
// the same suite.
type vaultFake struct {
	namespace string
	complain  func(format string, args ...any)
	// before sees each request first, and answers it when it returns true.
	before func(w http.ResponseWriter, r *http.Request) bool

	mu        sync.Mutex
	seen      []string // "GET /v1/secret/data/shop"
	mounts    map[string]*fakeEngine
	tokens    map[string][]string // by token, the policies; root may do all
	policies  map[string]string   // by name, the prefix of paths that it opens
	approle   bool
	roles     map[string]map[string]int // by role ID, the logins that are left of each secret ID
	roleNames map[string]string         // by name, the role ID
	rolePols  map[string][]string       // by role ID, the policies
}

type fakeEngine struct {
	version string
	kind    string // "" is kv
	secrets map[string]*fakeSecret
}

type fakeSecret struct{ versions []*fakeVersion }

type fakeVersion struct {
	data      map[string]any
	deleted   string
	destroyed bool
}

func newVaultFake(t testing.TB) (*vaultFake, *httptest.Server, string) {
	t.Helper()
	root := "root-" + rand.Text()
	f := &vaultFake{
		complain: t.Errorf, mounts: map[string]*fakeEngine{}, tokens: map[string][]string{root: {"root"}},
		policies: map[string]string{}, roles: map[string]map[string]int{}, roleNames: map[string]string{}, rolePols: map[string][]string{},
	}
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return f, srv, root
}

// caFile writes the certificate of a test server where VAULT_CACERT can name it.
func caFile(t testing.TB, srv *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var fakeTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Format(time.RFC3339Nano)

func (f *vaultFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	f.seen = append(f.seen, r.Method+" "+r.URL.Path)
	f.mu.Unlock()
	if f.before != nil && f.before(w, r) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/")
	list := r.Method == http.MethodGet && r.URL.RawQuery == "list=true"
	if !ok || strings.Contains(path, "//") || strings.HasSuffix(path, "/") != list || slices.Contains(strings.Split(path, "/"), "..") || r.URL.RawQuery != "" && !list {
		f.complain("no path of the API: %s", r.URL.Path)
		f.errors(w, http.StatusNotFound)
		return
	}
	if r.Header.Get("X-Vault-Request") != "true" {
		f.complain("%s %s without X-Vault-Request", r.Method, path)
		f.errors(w, http.StatusPreconditionFailed, "missing required request header X-Vault-Request")
		return
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodDelete) && len(body) > 0 {
		f.complain("%s %s with a body", r.Method, path)
	}
	if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		f.complain("%s %s without a Content-Type", r.Method, path)
	}
	whole := strings.HasPrefix(path, "sys/health")
	if got := r.Header.Get("X-Vault-Namespace"); got != "" && whole || got != f.namespace && !whole {
		f.complain("%s %s in the namespace %q", r.Method, path, got)
		f.errors(w, http.StatusForbidden, "permission denied")
		return
	}
	token := r.Header.Get("X-Vault-Token")
	if open := whole || path == "auth/approle/login"; open && token != "" {
		f.complain("%s shows its token where none is wanted", path)
	} else if !open && !f.may(token, path) {
		f.errors(w, http.StatusForbidden, "permission denied")
		return
	}
	f.route(w, r, path, token, body)
}

func (f *vaultFake) may(token, path string) bool {
	for _, p := range f.tokens[token] {
		if p == "root" || f.policies[p] != "" && (strings.HasPrefix(path, f.policies[p]) || strings.HasPrefix(path, "sys/internal/ui/mounts/")) {
			return true
		}
	}
	return path == "auth/token/revoke-self" && f.tokens[token] != nil
}

func (f *vaultFake) route(w http.ResponseWriter, r *http.Request, path, token string, body []byte) {
	method := r.Method
	if method == http.MethodPut {
		method = http.MethodPost
	}
	if engine, verb, name, ok := f.engine(path); ok {
		f.kv(w, method, engine, verb, name, body)
		return
	}
	var in map[string]any
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		f.complain("%s: not JSON", path)
		f.errors(w, http.StatusBadRequest, "failed to parse JSON input")
		return
	}
	do := method + " " + path
	switch {
	case do == "GET sys/health":
		f.answer(w, map[string]any{"initialized": true, "sealed": false, "standby": false})
	case strings.HasPrefix(do, "POST sys/mounts/"):
		version := "1"
		if o, ok := in["options"].(map[string]any); ok && o["version"] == "2" {
			version = "2"
		}
		f.mounts[strings.TrimPrefix(path, "sys/mounts/")] = &fakeEngine{version: version, secrets: map[string]*fakeSecret{}}
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(do, "DELETE sys/mounts/"):
		delete(f.mounts, strings.TrimPrefix(path, "sys/mounts/"))
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(do, "GET sys/internal/ui/mounts/"):
		name := strings.TrimPrefix(path, "sys/internal/ui/mounts/")
		if e := f.mounts[name]; e != nil {
			f.answer(w, map[string]any{"data": map[string]any{"type": cmp.Or(e.kind, "kv"), "path": name + "/", "options": map[string]string{"version": e.version}}})
			return
		}
		f.errors(w, http.StatusForbidden, "preflight capability check returned 403, please ensure client's policies grant access to path \""+name+"/\"")
	case strings.HasPrefix(do, "POST sys/policies/acl/"):
		f.policies[strings.TrimPrefix(path, "sys/policies/acl/")] = regexp.MustCompile(`path "([^"*]*)`).FindStringSubmatch(in["policy"].(string))[1]
		w.WriteHeader(http.StatusNoContent)
	case do == "POST sys/auth/approle":
		f.approle = true
		w.WriteHeader(http.StatusNoContent)
	default:
		f.auth(w, do, token, in)
	}
}

// engine finds the mount of a path, and what follows it.
func (f *vaultFake) engine(path string) (e *fakeEngine, verb, name string, ok bool) {
	for _, mount := range slices.Backward(slices.Sorted(maps.Keys(f.mounts))) {
		if rest, ok := strings.CutPrefix(path, mount+"/"); ok {
			verb, name, _ := strings.Cut(rest, "/")
			return f.mounts[mount], verb, name, true
		}
	}
	return nil, "", "", false
}

func (f *vaultFake) kv(w http.ResponseWriter, method string, e *fakeEngine, verb, name string, body []byte) {
	if e.version == "1" {
		if method == http.MethodPost {
			f.complain("a write to an engine of version 1, which keeps nothing of what was there")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		f.errors(w, http.StatusNotFound)
		return
	}
	s := e.secrets[name]
	var newest *fakeVersion
	if s != nil {
		newest = s.versions[len(s.versions)-1]
	}
	switch do := method + " " + verb; {
	case do == "GET metadata" && (name == "" || strings.HasSuffix(name, "/")):
		keys := map[string]bool{}
		for n := range e.secrets {
			if rest, ok := strings.CutPrefix(n, name); ok {
				key, _, folder := strings.Cut(rest, "/")
				keys[key+map[bool]string{true: "/"}[folder]] = true
			}
		}
		f.answer(w, map[string]any{"data": map[string]any{"keys": slices.Sorted(maps.Keys(keys))}})
	case do == "GET data" && s == nil:
		f.errors(w, http.StatusNotFound)
	case do == "GET data":
		data := map[string]any{"data": newest.data, "metadata": newest.meta(len(s.versions))}
		if newest.deleted != "" || newest.destroyed {
			data["data"] = nil
			w.WriteHeader(http.StatusNotFound)
		}
		f.answer(w, map[string]any{"request_id": rand.Text(), "data": data})
	case do == "POST data":
		f.write(w, e, name, body)
	case do == "DELETE data" && s != nil:
		newest.deleted = fakeTime
		w.WriteHeader(http.StatusNoContent)
	case do == "POST destroy" && s != nil:
		newest.destroyed, newest.data = true, nil
		w.WriteHeader(http.StatusNoContent)
	case do == "DELETE metadata":
		delete(e.secrets, name)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.complain("%s %s is no operation of the engine", method, verb)
		f.errors(w, http.StatusMethodNotAllowed, "unsupported operation")
	}
}

func (v *fakeVersion) meta(n int) map[string]any {
	return map[string]any{"version": n, "created_time": fakeTime, "deletion_time": v.deleted, "destroyed": v.destroyed, "custom_metadata": nil}
}

func (f *vaultFake) write(w http.ResponseWriter, e *fakeEngine, name string, body []byte) {
	var in struct {
		Options *struct {
			CAS *json.Number `json:"cas"`
		} `json:"options"`
		Data map[string]any `json:"data"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		f.complain("a write of another shape than the engine's: %v", err)
		f.errors(w, http.StatusBadRequest, "failed to parse JSON input")
		return
	}
	if in.Data == nil {
		f.complain("a write without data")
		f.errors(w, http.StatusBadRequest, "no data provided")
		return
	}
	if in.Options == nil || in.Options.CAS == nil {
		f.complain("a write without check-and-set, which overwrites whatever is there")
		f.errors(w, http.StatusBadRequest, "check-and-set parameter required for this call")
		return
	}
	current := 0
	if s := e.secrets[name]; s != nil {
		current = len(s.versions)
	}
	if cas, err := strconv.Atoi(in.Options.CAS.String()); err != nil || cas != current {
		f.errors(w, http.StatusBadRequest, "check-and-set parameter did not match the current version")
		return
	}
	if e.secrets[name] == nil {
		e.secrets[name] = &fakeSecret{}
	}
	v := &fakeVersion{data: in.Data}
	e.secrets[name].versions = append(e.secrets[name].versions, v)
	f.answer(w, map[string]any{"data": v.meta(current + 1)})
}

// auth is what goes with AppRoles and tokens.
func (f *vaultFake) auth(w http.ResponseWriter, do, token string, in map[string]any) {
	role := regexp.MustCompile(`^(\w+) auth/approle/role/([^/]+)/?(.*)$`).FindStringSubmatch(do)
	switch {
	case do == "POST auth/token/create":
		t := "hvs." + rand.Text()
		f.tokens[t] = policiesOf(in["policies"])
		f.answer(w, map[string]any{"auth": map[string]any{"client_token": t}})
	case do == "POST auth/token/revoke-self":
		delete(f.tokens, token)
		w.WriteHeader(http.StatusNoContent)
	case do == "GET auth/token/lookup-self":
		f.answer(w, map[string]any{"data": map[string]any{"id": token}})
	case do == "POST auth/approle/login":
		id, _ := in["role_id"].(string)
		secret, _ := in["secret_id"].(string)
		if len(in) != 2 || id == "" || secret == "" {
			f.complain("a login of another shape: %d fields", len(in))
		}
		left, ok := f.roles[id][secret]
		if !f.approle || !ok {
			f.errors(w, http.StatusBadRequest, "invalid role or secret ID")
			return
		}
		if f.roles[id][secret]--; left == 1 {
			delete(f.roles[id], secret)
		}
		t := "hvs." + rand.Text()
		f.tokens[t] = f.rolePols[id]
		f.answer(w, map[string]any{"auth": map[string]any{"client_token": t, "lease_duration": 1200, "renewable": true}})
	case role == nil && strings.HasPrefix(do, "GET ") && strings.Contains(do, "/data/"): // no such engine
		f.errors(w, http.StatusNotFound, "no handler for route")
	case role == nil:
		f.complain("%s is no operation", do)
		f.errors(w, http.StatusNotFound, "no handler for route")
	case role[1] == http.MethodPost && role[3] == "":
		id := rand.Text()
		f.roleNames[role[2]], f.roles[id], f.rolePols[id] = id, map[string]int{}, policiesOf(in["token_policies"])
		w.WriteHeader(http.StatusNoContent)
	case role[1] == http.MethodGet && role[3] == "role-id":
		f.answer(w, map[string]any{"data": map[string]any{"role_id": f.roleNames[role[2]]}})
	case role[1] == http.MethodPost && role[3] == "secret-id":
		s, uses := rand.Text(), 0
		if n, ok := in["num_uses"].(float64); ok {
			uses = int(n)
		}
		f.roles[f.roleNames[role[2]]][s] = uses
		f.answer(w, map[string]any{"data": map[string]any{"secret_id": s}})
	default:
		f.complain("%s is no operation", do)
		f.errors(w, http.StatusMethodNotAllowed, "unsupported operation")
	}
}

func policiesOf(list any) []string {
	var out []string
	for _, p := range list.([]any) {
		out = append(out, p.(string))
	}
	return out
}

func (f *vaultFake) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.complain("%v", err)
	}
}

func (f *vaultFake) errors(w http.ResponseWriter, status int, list ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(map[string]any{"errors": append([]string{}, list...)}); err != nil {
		f.complain("%v", err)
	}
}

// quiet keeps the complaints of a test's own server about broken connections out of
// the output.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
