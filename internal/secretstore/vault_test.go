package secretstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// vaultServer is a server under the suite: the fake, or a real one.
type vaultServer struct {
	address, namespace, token string
	env                       map[string]string // further variables of those who use it
	client                    *http.Client      // for what only the tests do
}

// TestVault runs against the fake, and against a real server too when
// NSELFC_TEST_VAULT_ADDR and NSELFC_TEST_VAULT_TOKEN name one: a development server
// of Vault or OpenBao will do. It makes and removes engines, policies and roles
// there, all named nselfc-test-….
func TestVault(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		_, srv, root := newVaultFake(t)
		suiteOfVault(t, vaultServer{address: srv.URL, token: root, env: map[string]string{"VAULT_CACERT": caFile(t, srv)}, client: srv.Client()})
	})
	t.Run("fake with a namespace", func(t *testing.T) {
		f, srv, root := newVaultFake(t)
		f.namespace = "team/shop"
		suiteOfVault(t, vaultServer{address: srv.URL, namespace: f.namespace, token: root, env: map[string]string{"VAULT_CACERT": caFile(t, srv)}, client: srv.Client()})
	})
	t.Run("real", func(t *testing.T) {
		address, token := os.Getenv("NSELFC_TEST_VAULT_ADDR"), os.Getenv("NSELFC_TEST_VAULT_TOKEN")
		if address == "" || token == "" {
			t.Skip("NSELFC_TEST_VAULT_ADDR and NSELFC_TEST_VAULT_TOKEN name no server")
		}
		suiteOfVault(t, vaultServer{
			address: address, token: token, namespace: os.Getenv("NSELFC_TEST_VAULT_NAMESPACE"),
			env: map[string]string{"VAULT_CACERT": os.Getenv("VAULT_CACERT")}, client: http.DefaultClient,
		})
	})
}

// made makes a value on the spot.
func made() string { return rand.Text() }

func text(s string) ir.String { return source.At(s, source.Range{}) }

func (s vaultServer) store(mount, path string) *ir.SecretStore {
	return &ir.SecretStore{Kind: text("vault"), Address: text(s.address), Namespace: text(s.namespace), Mount: text(mount), Path: text(path), Auth: text("token"), Timeout: ir.Int{V: 20}}
}

// open gives a store that logs in with a token; more settings come in pairs.
func (s vaultServer) open(t testing.TB, mount, path string, more ...string) *vault {
	t.Helper()
	env := maps.Clone(s.env)
	env["VAULT_TOKEN"] = s.token
	spec := s.store(mount, path)
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
		if strings.Contains(more[i], "ROLE_ID") {
			spec.Auth = text("approle")
		}
	}
	st, err := Open(spec, Options{Getenv: func(n string) string { return env[n] }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.(io.Closer).Close() })
	return st.(*vault)
}

// admin does what no store does, with the token that may do all.
func (s vaultServer) admin(t testing.TB, method string, path string, body any) map[string]any {
	t.Helper()
	text, err := json.Marshal(body)
	if body == nil {
		text = nil
	}
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.address+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Request", "true")
	req.Header.Set("X-Vault-Token", s.token)
	req.Header.Set("Content-Type", "application/json")
	if s.namespace != "" {
		req.Header.Set("X-Vault-Namespace", s.namespace)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return out
}

// mount makes an engine of a version and removes it at the end.
func (s vaultServer) mount(t testing.TB, name, version string) {
	t.Helper()
	path := "sys/mounts/" + (&url.URL{Path: name}).EscapedPath()
	s.admin(t, http.MethodPost, path, map[string]any{"type": "kv", "options": map[string]string{"version": version}})
	t.Cleanup(func() {
		req, _ := http.NewRequest(http.MethodDelete, s.address+"/v1/"+path, nil)
		req.Header.Set("X-Vault-Request", "true")
		req.Header.Set("X-Vault-Token", s.token)
		if s.namespace != "" {
			req.Header.Set("X-Vault-Namespace", s.namespace)
		}
		if resp, err := s.client.Do(req); err == nil {
			resp.Body.Close()
		}
	})
	for range 50 { // a real engine needs a moment until it takes requests
		if _, err := s.open(t, name, "probe").Load(t.Context()); errors.Is(err, ErrAbsent) || version == "1" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the engine does not begin")
}

// names gives the paths that an engine keeps, of those that begin as path does.
func (s vaultServer) names(t testing.TB, mount, path string) []string {
	folder := ""
	if i := strings.LastIndex(path, "/"); i >= 0 {
		folder = path[:i+1]
	}
	var out []string
	for _, k := range s.admin(t, http.MethodGet, (&url.URL{Path: mount + "/metadata/" + folder}).EscapedPath()+"?list=true", nil)["data"].(map[string]any)["keys"].([]any) {
		out = append(out, folder+k.(string))
	}
	return out
}

func wantKind(t testing.TB, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	var e *Error
	if !errors.As(err, &e) || e.Advice == "" {
		t.Fatalf("%v says not what to do", err)
	}
	for _, w := range words {
		if !strings.Contains(e.Problem+" "+e.Advice, w) {
			t.Errorf("%q does not say %q", e.Problem+" "+e.Advice, w)
		}
	}
}

func mustSave(t testing.TB, s Store, snap Snapshot) {
	t.Helper()
	if err := s.Save(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
}

func mustLoad(t testing.TB, s Store, version string, values map[string]string) {
	t.Helper()
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Snapshot{values, version}, got); d != "" {
		t.Fatalf("loaded (-want +got):\n%s", d)
	}
}

func suiteOfVault(t *testing.T, s vaultServer) {
	mount := "nselfc-test-" + strings.ToLower(rand.Text()[:8])
	s.mount(t, mount, "2")

	t.Run("created, written, refused to the second writer", func(t *testing.T) {
		st := s.open(t, mount, "shop/prod")
		snap, err := st.Load(t.Context())
		wantKind(t, err, ErrAbsent, "kv list", "sync --push")
		if snap.Version != "" {
			t.Fatalf("the version %q of nothing", snap.Version)
		}
		one, two := map[string]string{"JWT_KEY": made()}, map[string]string{"JWT_KEY": made(), "JWT_KEY__NEXT": made()}
		mustSave(t, st, Snapshot{Values: one})
		mustLoad(t, st, "1", one)
		wantKind(t, st.Save(t.Context(), Snapshot{Values: two}), ErrConflict, "again")
		mustLoad(t, st, "1", one)
		mustSave(t, st, Snapshot{two, "1"})
		wantKind(t, st.Save(t.Context(), Snapshot{one, "1"}), ErrConflict)
		wantKind(t, st.Save(t.Context(), Snapshot{one, "7"}), ErrConflict)
		mustLoad(t, s.open(t, mount, "shop/prod"), "2", two)
	})

	t.Run("of many writers one wins", func(t *testing.T) {
		mustSave(t, s.open(t, mount, "race"), Snapshot{Values: map[string]string{"K": made()}})
		var wg sync.WaitGroup
		errs, values := make([]error, 8), make([]map[string]string, 8)
		for i := range errs {
			st := s.open(t, mount, "race")
			values[i] = map[string]string{"K": made()}
			wg.Go(func() { errs[i] = st.Save(context.Background(), Snapshot{values[i], "1"}) })
		}
		wg.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won >= 0:
				t.Fatal("two writers won")
			case err == nil:
				won = i
			case !errors.Is(err, ErrConflict):
				t.Fatal(err)
			}
		}
		mustLoad(t, s.open(t, mount, "race"), "2", values[won])
	})

	t.Run("deleted, destroyed, removed", func(t *testing.T) {
		st, values := s.open(t, mount, "gone"), map[string]string{"K": made()}
		mustSave(t, st, Snapshot{Values: values})
		mustSave(t, st, Snapshot{values, "1"})
		s.admin(t, http.MethodDelete, mount+"/data/gone", nil)
		snap, err := st.Load(t.Context())
		wantKind(t, err, ErrAbsent, "deleted", "undelete -versions=2", "gone")
		wantKind(t, st.Save(t.Context(), Snapshot{Values: values}), ErrConflict)
		mustSave(t, st, Snapshot{values, snap.Version})
		mustLoad(t, st, "3", values)
		s.admin(t, http.MethodPost, mount+"/destroy/gone", map[string]any{"versions": []int{3}})
		snap, err = st.Load(t.Context())
		wantKind(t, err, ErrAbsent, "destroyed", "rollback")
		mustSave(t, st, Snapshot{values, snap.Version})
		mustLoad(t, st, "4", values)
		s.admin(t, http.MethodDelete, mount+"/metadata/gone", nil)
		snap, err = st.Load(t.Context())
		wantKind(t, err, ErrAbsent, "does not exist")
		mustSave(t, st, Snapshot{values, snap.Version})
		mustLoad(t, st, "1", values)
	})

	t.Run("every text comes back", func(t *testing.T) {
		st := s.open(t, mount, "texts")
		values := map[string]string{
			"EMPTY": "", "QUOTES": `a"b'c\d`, "LINES": "a\nb\r\nc\n", "DOLLAR": "$x ${y}", "HTML": "<&>\u2028", "CONTROL": "\x01\x7f\t", "UNICODE": "ключ 🔑 é",
			"LONG": strings.Repeat(made(), 4000), "JSON": `{"type":"HS256"}`, "SPACES": "  a  ",
		}
		mustSave(t, st, Snapshot{Values: values})
		mustLoad(t, st, "1", values)
		wantKind(t, st.Save(t.Context(), Snapshot{map[string]string{"K": "\xff" + made()}, "1"}), ErrInvalid, `"K"`, "base64")
		mustLoad(t, st, "1", values)
	})

	t.Run("something else than texts", func(t *testing.T) {
		for _, bad := range []any{7, true, nil, []string{"a"}, map[string]any{"a": "b"}} {
			s.admin(t, http.MethodPost, mount+"/data/foreign", map[string]any{"options": map[string]any{"cas": 0}, "data": map[string]any{"GOOD": made(), "PORT": bad}})
			_, err := s.open(t, mount, "foreign").Load(t.Context())
			wantKind(t, err, ErrInvalid, `"PORT"`)
			s.admin(t, http.MethodDelete, mount+"/metadata/foreign", nil)
		}
	})

	t.Run("paths are exact", func(t *testing.T) {
		deep := mount + "-x/deep"
		s.mount(t, deep, "2")
		for _, m := range []string{mount, deep} {
			for _, path := range []string{"a b", "a%2Fb", "a%b", "a?b=c", "a#b", "a+b", "a&b;c,d=e", "data/x", "ünï", "a:b@c", "shop/prod/eu"} {
				values := map[string]string{"K": made()}
				mustSave(t, s.open(t, m, path), Snapshot{Values: values})
				mustLoad(t, s.open(t, m, path), "1", values)
				if !slices.Contains(s.names(t, m, path), path) {
					t.Errorf("%q is kept as another of %q", path, s.names(t, m, path))
				}
			}
		}
	})

	t.Run("no engine, an engine of version 1", func(t *testing.T) {
		old := mount + "-one"
		s.mount(t, old, "1")
		for m, want := range map[string]error{mount + "-none": ErrAbsent, old: ErrInvalid} {
			st := s.open(t, m, "shop")
			_, err := st.Load(t.Context())
			if wantKind(t, err, want); m == old {
				wantKind(t, err, ErrInvalid, "version 2", "-version=2 kv")
			}
			wantKind(t, st.Save(t.Context(), Snapshot{Values: map[string]string{"K": made()}}), want)
		}
	})

	t.Run("tokens and roles", func(t *testing.T) { loginsOfVault(t, s, mount) })
}

func loginsOfVault(t *testing.T, s vaultServer, mount string) {
	values := map[string]string{"K": made()}
	mustSave(t, s.open(t, mount, "shop/prod-2"), Snapshot{Values: values})
	unknown := "hvs." + made()
	_, err := s.open(t, mount, "shop/prod-2", "VAULT_TOKEN", unknown).Load(t.Context())
	wantKind(t, err, ErrDenied, "VAULT_TOKEN", "capabilities")

	policy := mount + "-policy"
	s.admin(t, http.MethodPut, "sys/policies/acl/"+policy, map[string]any{"policy": fmt.Sprintf("path \"%s/data/shop/*\" { capabilities = [\"create\", \"read\", \"update\"] }", mount)})
	narrow := s.admin(t, http.MethodPost, "auth/token/create", map[string]any{"policies": []string{policy}, "ttl": "10m"})["auth"].(map[string]any)["client_token"].(string)
	mustLoad(t, s.open(t, mount, "shop/prod-2", "VAULT_TOKEN", narrow), "1", values)
	mustSave(t, s.open(t, mount, "shop/made", "VAULT_TOKEN", narrow), Snapshot{Values: values})
	_, err = s.open(t, mount, "other", "VAULT_TOKEN", narrow).Load(t.Context())
	wantKind(t, err, ErrDenied)
	wantKind(t, s.open(t, mount, "other", "VAULT_TOKEN", narrow).Save(t.Context(), Snapshot{values, "1"}), ErrDenied)

	req, _ := http.NewRequest(http.MethodPost, s.address+"/v1/sys/auth/approle", strings.NewReader(`{"type":"approle"}`))
	req.Header = http.Header{"X-Vault-Request": {"true"}, "X-Vault-Token": {s.token}, "Content-Type": {"application/json"}}
	if s.namespace != "" {
		req.Header.Set("X-Vault-Namespace", s.namespace)
	}
	if resp, err := s.client.Do(req); err == nil { // 400 when it is there already
		resp.Body.Close()
	}
	role := "auth/approle/role/" + mount
	s.admin(t, http.MethodPost, role, map[string]any{"token_policies": []string{policy}, "token_ttl": "10m"})
	roleID := s.admin(t, http.MethodGet, role+"/role-id", nil)["data"].(map[string]any)["role_id"].(string)
	secretID := s.admin(t, http.MethodPost, role+"/secret-id", map[string]any{"num_uses": 1})["data"].(map[string]any)["secret_id"].(string)

	wrong := s.open(t, mount, "shop/prod-2", "VAULT_ROLE_ID", roleID, "VAULT_SECRET_ID", made())
	_, err = wrong.Load(t.Context())
	wantKind(t, err, ErrDenied, "VAULT_ROLE_ID", "secret-id")

	st := s.open(t, mount, "shop/prod-2", "VAULT_ROLE_ID", roleID, "VAULT_SECRET_ID", secretID, "VAULT_TOKEN", unknown)
	mustLoad(t, st, "1", values) // one login, as the secret ID is good for no second
	mustSave(t, st, Snapshot{values, "1"})
	mustLoad(t, st, "2", values)
	session := st.login.token
	mustLoad(t, s.open(t, mount, "shop/prod-2", "VAULT_TOKEN", session), "2", values)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.open(t, mount, "shop/prod-2", "VAULT_TOKEN", session).Load(t.Context())
	wantKind(t, err, ErrDenied)

	secretID = s.admin(t, http.MethodPost, role+"/secret-id", map[string]any{"num_uses": 2})["data"].(map[string]any)["secret_id"].(string)
	st = s.open(t, mount, "shop/prod-2", "BAO_ROLE_ID", roleID, "BAO_SECRET_ID", secretID)
	mustLoad(t, st, "2", values)
	mustLoad(t, s.open(t, mount, "shop/prod-2", "VAULT_TOKEN", st.login.token), "2", values)
	revoked := s
	revoked.token = st.login.token
	revoked.admin(t, http.MethodPost, "auth/token/revoke-self", nil)
	mustSave(t, st, Snapshot{values, "2"}) // the token expired while a person typed: a second login
	mustLoad(t, st, "3", values)
}
