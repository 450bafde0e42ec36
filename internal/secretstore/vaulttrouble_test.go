package secretstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// troubled gives a store of a fake with one secret in it, whose pauses take no time.
func troubled(t *testing.T) (f *vaultFake, st *vault, snap Snapshot, pauses *[]time.Duration) {
	t.Helper()
	f, srv, root := newVaultFake(t)
	f.mounts["secret"] = &fakeEngine{version: "2", secrets: map[string]*fakeSecret{}}
	s := vaultServer{address: srv.URL, token: root, env: map[string]string{"VAULT_CACERT": caFile(t, srv)}}
	st = s.open(t, "secret", "shop/prod")
	pauses = new([]time.Duration)
	st.pause = func(_ context.Context, d time.Duration) error { *pauses = append(*pauses, d); return nil }
	snap = Snapshot{map[string]string{"K": made()}, "1"}
	mustSave(t, st, Snapshot{Values: snap.Values})
	f.seen = nil
	return f, st, snap, pauses
}

// status answers some requests with an error of the server's, and then lets them through.
func status(code, times int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/v1/sys/") || int(n.Add(1)) > times {
			return false
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

func TestVaultRetries(t *testing.T) {
	for _, tt := range []struct {
		code, times int
		after       string
		want        error
		requests    int
	}{
		{500, 3, "", nil, 4},
		{502, 1, "", nil, 2},
		{503, 2, "", nil, 3},
		{504, 1, "", nil, 2},
		{429, 2, "1", nil, 3},
		{412, 1, "", nil, 2},
		{500, 9, "", ErrUnavailable, 4},
		{429, 9, "100000", ErrUnavailable, 4},
		{429, 9, "Fri, 31 Dec 2999 23:59:59 GMT", ErrUnavailable, 4},
		{503, 9, "-1", ErrUnavailable, 4},
		{403, 1, "", ErrDenied, 1},
		{400, 1, "", ErrInvalid, 1},
		{405, 1, "", ErrInvalid, 1},
		{413, 1, "", ErrInvalid, 1},
		{501, 1, "", ErrUnavailable, 1},
		{204, 1, "", ErrUnavailable, 1},
	} {
		t.Run(fmt.Sprintf("%d for %d", tt.code, tt.times), func(t *testing.T) {
			f, st, snap, pauses := troubled(t)
			f.before = status(tt.code, tt.times, "Retry-After", tt.after)
			got, err := st.Load(t.Context())
			requests := 0
			for _, s := range f.seen {
				if strings.Contains(s, "/data/") {
					requests++
				}
			}
			if requests != tt.requests || len(*pauses) != tt.requests-1 {
				t.Errorf("%d requests, %d pauses", requests, len(*pauses))
			}
			for _, p := range *pauses {
				if p <= 0 || p > st.limits.most || tt.after == "1" && p != time.Second {
					t.Errorf("a pause of %s", p)
				}
			}
			if tt.want != nil {
				wantKind(t, err, tt.want)
			} else if err != nil || got.Version != snap.Version {
				t.Fatal(err)
			}
		})
	}
}

func TestVaultThatIsNotReady(t *testing.T) {
	for code, word := range map[int]string{503: "sealed", 501: "operator init", 429: "standby", 472: "standby", 473: "standby", 200: "HTTP status 503"} {
		f, st, _, _ := troubled(t)
		st.namespace = "team"
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v1/sys/health" {
				if r.Header.Get("X-Vault-Token") != "" || r.Header.Get("X-Vault-Namespace") != "" {
					t.Error("the token or the namespace is shown to the health check")
				}
				w.WriteHeader(code)
			} else {
				w.WriteHeader(503)
			}
			return true
		}
		_, err := st.Load(t.Context())
		wantKind(t, err, ErrUnavailable, word)
	}
}

func TestVaultWriteWhoseAnswerWasLost(t *testing.T) {
	lose := func(t *testing.T, between func(*vaultFake, *vault)) (*vault, Snapshot, error) {
		f, st, snap, _ := troubled(t)
		lost := false
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || lost {
				return false
			}
			lost = true
			f.before(httptest.NewRecorder(), r) // not lost a second time
			rec := httptest.NewRecorder()
			f.ServeHTTP(rec, r)
			if rec.Code != http.StatusOK {
				t.Errorf("not written: %d", rec.Code)
			}
			if between != nil {
				between(f, st)
			}
			panic(http.ErrAbortHandler)
		}
		snap.Values = map[string]string{"K": made()}
		return st, snap, st.Save(t.Context(), snap)
	}
	st, snap, err := lose(t, nil)
	if err != nil {
		t.Fatalf("the write that happened: %v", err)
	}
	mustLoad(t, st, "2", snap.Values)

	// Somebody else's write is theirs, whatever is in it.
	f, st, snap, _ := troubled(t)
	v := f.mounts["secret"].secrets["shop/prod"]
	v.versions = append(v.versions, &fakeVersion{data: map[string]any{"K": snap.Values["K"]}})
	wantKind(t, st.Save(t.Context(), snap), ErrConflict)

	other := map[string]string{"K": made()}
	st, _, err = lose(t, func(f *vaultFake, _ *vault) {
		s := f.mounts["secret"].secrets["shop/prod"]
		s.versions = append(s.versions, &fakeVersion{data: map[string]any{"K": other["K"]}})
	})
	wantKind(t, err, ErrConflict)
	mustLoad(t, st, "3", other)
}

func TestVaultMountThatIsNoKV(t *testing.T) {
	f, st, snap, _ := troubled(t)
	f.mounts["secret"].kind = "cubbyhole"
	f.mounts["secret"].secrets = map[string]*fakeSecret{}
	wantKind(t, st.Save(t.Context(), Snapshot{Values: snap.Values}), ErrInvalid, "version 2")
	if len(f.mounts["secret"].secrets) != 0 {
		t.Error("it was written to")
	}
}

// TestVaultRoleWithoutPolicy counts the tokens that a refused role leaves behind.
func TestVaultRoleWithoutPolicy(t *testing.T) {
	f, srv, root := newVaultFake(t)
	f.approle, f.roles["id"], f.rolePols["id"] = true, map[string]int{"secret": 0}, []string{"none"}
	f.mounts["secret"] = &fakeEngine{version: "2", secrets: map[string]*fakeSecret{}}
	s := vaultServer{address: srv.URL, token: root, env: map[string]string{"VAULT_CACERT": caFile(t, srv)}}
	st := s.open(t, "secret", "shop", "VAULT_ROLE_ID", "id", "VAULT_SECRET_ID", "secret")
	for range 3 {
		_, err := st.Load(t.Context())
		wantKind(t, err, ErrDenied, "the role of VAULT_ROLE_ID")
	}
	if len(f.tokens) != 2 {
		t.Errorf("%d tokens beside the root's are left", len(f.tokens)-1)
	}
}

func TestVaultSendsNoTokenAside(t *testing.T) {
	var reached atomic.Int32
	aside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer aside.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		f, st, snap, _ := troubled(t)
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", aside.URL+r.URL.Path)
			w.WriteHeader(code)
			return true
		}
		_, err := st.Load(t.Context())
		wantKind(t, err, ErrUnavailable, "redirect", "active")
		wantKind(t, st.Save(t.Context(), snap), ErrUnavailable, "redirect")
	}
	// The standard library asks no proxy for a server on this host, whatever is set: so
	// it is the setting that is looked at.
	if newClient(&url.URL{Scheme: "http", Host: "127.0.0.1:8200"}, nil).Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy of the environment gets the token in the clear")
	}
	if reached.Load() != 0 {
		t.Error("a request went to another server")
	}
}

func TestVaultOverAnUnsafeConnection(t *testing.T) {
	f, srv, root := newVaultFake(t)
	f.mounts["secret"] = &fakeEngine{version: "2", secrets: map[string]*fakeSecret{}}
	good := caFile(t, srv)
	s := vaultServer{address: srv.URL, token: root, env: map[string]string{}}
	_, err := s.open(t, "secret", "shop").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "authority", "VAULT_CACERT")
	s.env["VAULT_CACERT"] = good
	_, err = s.open(t, "secret", "shop").Load(t.Context())
	wantKind(t, err, ErrAbsent)

	_, port, _ := net.SplitHostPort(strings.TrimPrefix(srv.URL, "https://"))
	s.address = "https://localhost:" + port // stands not in the certificate
	_, err = s.open(t, "secret", "shop").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "another name")

	plain := httptest.NewServer(f)
	defer plain.Close()
	s.address = strings.Replace(plain.URL, "http:", "https:", 1)
	_, err = s.open(t, "secret", "shop").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "TLS")

	old := httptest.NewUnstartedServer(f)
	old.Config.ErrorLog = quiet()
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	s.address, s.env["VAULT_CACERT"] = old.URL, caFile(t, old)
	_, err = s.open(t, "secret", "shop").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "TLS 1.2")
	old.Close()
	st := s.open(t, "secret", "shop")
	st.pause = func(context.Context, time.Duration) error { return nil }
	_, err = st.Load(t.Context())
	wantKind(t, err, ErrUnavailable, "refused the connection")
	if len(f.seen) != 2 {
		t.Errorf("requests without safety: %q", f.seen[2:])
	}

	for _, text := range []string{"", "no certificate"} {
		bad := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Open(s.store("secret", "shop"), Options{Getenv: func(string) string { return bad }})
		wantKind(t, err, ErrInvalid, bad)
	}
}

func TestVaultThatIsSlowOrEndless(t *testing.T) {
	f, st, _, _ := troubled(t)
	st.limits.call, st.limits.inAll = 50*time.Millisecond, 120*time.Millisecond
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		for range 40 { // a byte at a time, so that no single read is slow
			if _, err := w.Write([]byte(" ")); err != nil || r.Context().Err() != nil {
				return true
			}
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		return true
	}
	begin := time.Now()
	_, err := st.Load(t.Context())
	wantKind(t, err, ErrUnavailable, "did not answer within 50ms")
	if d := time.Since(begin); d > 600*time.Millisecond {
		t.Errorf("it took %s", d)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the store's own end of time is taken for the caller's")
	}

	f, st, _, _ = troubled(t)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		part := []byte(strings.Repeat("[", 1<<20))
		for range maxAnswer>>20 + 64 {
			if _, err := w.Write(part); err != nil {
				return true
			}
		}
		t.Error("the endless answer was read to its end")
		return true
	}
	_, err = st.Load(t.Context())
	wantKind(t, err, ErrUnavailable, "more than 4 MiB")
}

func TestVaultIsStopped(t *testing.T) {
	f, st, snap, _ := troubled(t)
	st.pause = pause
	ctx, cancel := context.WithCancel(t.Context())
	f.before = func(http.ResponseWriter, *http.Request) bool { cancel(); panic(http.ErrAbortHandler) }
	begin := time.Now()
	_, err := st.Load(ctx)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) || time.Since(begin) > time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
	if err := st.Save(ctx, snap); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.before = status(500, 99)
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin = time.Now()
	if _, err = st.Load(ctx); !errors.Is(err, ErrUnavailable) || time.Since(begin) > time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}
