package secretstore

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/secretstore/aws"
)

func awsStore(t testing.TB, f *awsFake, id string) *awsSecret {
	t.Helper()
	s, err := Open(&ir.SecretStore{Kind: text("aws"), Path: text(id), Region: text(f.region)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := s.(*awsSecret)
	a.secret = aws.New(aws.Config{ID: id, Region: f.region, Secure: secure, Call: a.limits.call, Tries: a.limits.tries, Pause: time.Millisecond, Machine: 50 * time.Millisecond})
	return a
}

func TestAWS(t *testing.T) {
	f, _ := newAWSFake(t)
	t.Cleanup(func() {
		if len(f.refused) > 0 {
			t.Errorf("the SDK's own signatures: %q", f.refused)
		}
	})
	st := awsStore(t, f, "shop/prod")
	_, err := st.Load(t.Context())
	wantKind(t, err, ErrAbsent, "list-secrets", "eu-test-1", "sync --push")

	one, two := map[string]string{"JWT_KEY": made(), "HTML": "<&>", "LINES": "a\nb"}, map[string]string{"JWT_KEY": made()}
	mustSave(t, st, Snapshot{Values: one})
	first, err := st.Load(t.Context())
	if err != nil || first.Values["JWT_KEY"] != one["JWT_KEY"] || first.Values["HTML"] != "<&>" || first.Version == "" {
		t.Fatal(first, err)
	}
	wantKind(t, st.Save(t.Context(), Snapshot{Values: two}), ErrConflict, "again")
	mustLoad(t, st, first.Version, one)
	mustSave(t, st, Snapshot{two, first.Version})
	second, err := st.Load(t.Context())
	if err != nil || second.Version == first.Version {
		t.Fatal(err)
	}
	wantKind(t, st.Save(t.Context(), Snapshot{one, first.Version}), ErrConflict)
	wantKind(t, st.Save(t.Context(), Snapshot{one, made() + made()}), ErrConflict)
	mustLoad(t, awsStore(t, f, "shop/prod"), second.Version, two)

	held := f.secrets["shop/prod"]
	if held.labels["AWSPREVIOUS"] != first.Version || held.labels["AWSCURRENT"] != second.Version || len(held.labels) != 2 {
		t.Errorf("labels are left: %v", held.labels)
	}

	wantKind(t, st.Save(t.Context(), Snapshot{map[string]string{"K": strings.Repeat("x", 65536)}, second.Version}), ErrInvalid, "64 KiB")
	wantKind(t, st.Save(t.Context(), Snapshot{map[string]string{"K": "\xfe"}, second.Version}), ErrInvalid, `"K"`)
	exact := map[string]string{"K": strings.Repeat("x", 65536-len(`{"K":""}`))}
	mustSave(t, st, Snapshot{exact, second.Version})

	delete(f.secrets, "shop/prod") // gone for good since it was read
	wantKind(t, st.Save(t.Context(), second), ErrAbsent)
	if f.secrets["shop/prod"] != nil {
		t.Error("a secret that somebody removed is made anew")
	}
	f.secrets["shop/prod"] = held

	held.deleted = true
	_, err = st.Load(t.Context())
	wantKind(t, err, ErrAbsent, "restore-secret --secret-id shop/prod")
	wantKind(t, st.Save(t.Context(), Snapshot{Values: one}), ErrAbsent, "restore-secret")
	wantKind(t, st.Save(t.Context(), first), ErrAbsent, "restore-secret")
}

func TestAWSContents(t *testing.T) {
	f, _ := newAWSFake(t)
	hold := func(text string) {
		f.secrets["s"] = &awsHeld{versions: map[string]awsVersion{"v": {text: &text}}, labels: map[string]string{"AWSCURRENT": "v"}}
	}
	for text, word := range map[string]string{
		`{"PORT":5432}`: `"PORT"`, `{"A":null}`: `"A"`, `{"A":{"B":"c"}}`: `"A"`, `["a"]`: "JSON object", `null`: "JSON object", `plain`: "JSON object", `{"A":"b"`: "JSON object", `{"a b=":1}`: "no key",
	} {
		hold(text)
		_, err := awsStore(t, f, "s").Load(t.Context())
		wantKind(t, err, ErrInvalid, word)
	}
	hold(`{}`)
	mustLoad(t, awsStore(t, f, "s"), "v", map[string]string{})
	f.secrets["s"].versions["v"] = awsVersion{binary: []byte{1}}
	_, err := awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrInvalid, "bytes")
	wantKind(t, awsStore(t, f, "no name!").Save(t.Context(), Snapshot{}), ErrInvalid)
	wantKind(t, awsStore(t, f, "arn:aws:secretsmanager:eu-test-1:000000000000:secret:shop-AbCdEf").Save(t.Context(), Snapshot{}), ErrAbsent)
}

// TestAWSFirstVersion takes a secret that was made without a value, as infrastructure
// tools do.
func TestAWSFirstVersion(t *testing.T) {
	f, _ := newAWSFake(t)
	f.secrets["empty"] = &awsHeld{versions: map[string]awsVersion{}, labels: map[string]string{}}
	a, b := awsStore(t, f, "empty"), awsStore(t, f, "empty")
	_, err := a.Load(t.Context())
	wantKind(t, err, ErrAbsent)
	values := map[string]string{"K": made()}
	mustSave(t, a, Snapshot{Values: values})
	wantKind(t, b.Save(t.Context(), Snapshot{Values: map[string]string{"K": made()}}), ErrConflict)
	got, err := b.Load(t.Context())
	if err != nil || got.Values["K"] != values["K"] {
		t.Fatal(err)
	}
}

func TestAWSOfManyWritersOneWins(t *testing.T) {
	for _, exists := range []bool{false, true} {
		f, _ := newAWSFake(t)
		version := ""
		if exists {
			mustSave(t, awsStore(t, f, "race"), Snapshot{Values: map[string]string{"K": made()}})
			got, err := awsStore(t, f, "race").Load(t.Context())
			if version = got.Version; err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		errs, values := make([]error, 8), make([]string, 8)
		for i := range errs {
			values[i] = made()
			st := awsStore(t, f, "race")
			wg.Go(func() { errs[i] = st.Save(context.Background(), Snapshot{map[string]string{"K": values[i]}, version}) })
		}
		wg.Wait()
		got, err := awsStore(t, f, "race").Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		won := 0
		for i, err := range errs {
			switch {
			case err == nil && got.Values["K"] == values[i]:
				won++
			case err == nil:
				t.Error("a writer was told that it won, and another's value is there")
			case !errors.Is(err, ErrConflict):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("exists=%v: %d writers won", exists, won)
		}
		for l := range f.secrets["race"].labels {
			if !strings.HasPrefix(l, "AWS") {
				t.Errorf("the label %s is left", l)
			}
		}
	}
}

// TestAWSWriteWhoseAnswerWasLost loses the answer of each step once.
func TestAWSWriteWhoseAnswerWasLost(t *testing.T) {
	for _, step := range []string{"PutSecretValue", "UpdateSecretVersionStage", "CreateSecret"} {
		f, _ := newAWSFake(t)
		st, version := awsStore(t, f, "lost"), ""
		if step != "CreateSecret" {
			mustSave(t, st, Snapshot{Values: map[string]string{"K": made()}})
			got, err := st.Load(t.Context())
			if version = got.Version; err != nil {
				t.Fatal(err)
			}
		}
		lost := false
		f.before = func(_ http.ResponseWriter, r *http.Request) bool {
			if lost || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), step) {
				return false
			}
			lost = true
			rec := httptest.NewRecorder()
			f.ServeHTTP(rec, r)
			if rec.Code != http.StatusOK {
				t.Errorf("%s did not happen: %d", step, rec.Code)
			}
			panic(http.ErrAbortHandler)
		}
		values := map[string]string{"K": made()}
		mustSave(t, st, Snapshot{values, version})
		got, err := st.Load(t.Context())
		if err != nil || got.Values["K"] != values["K"] || !lost {
			t.Errorf("%s: %v %v", step, err, lost)
		}
	}
}

func TestAWSTrouble(t *testing.T) {
	secret := made()
	fail := func(code string, status int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			body, _ := io.ReadAll(r.Body)
			all := strings.ReplaceAll(string(body), `"`, "'") + secret + r.Header.Get("Authorization") + r.Header.Get("X-Amz-Security-Token")
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.Header().Set("Location", "http://192.0.2.1/"+secret)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"__type":"`+code+`","Message":"`+all+`"}`)
			return true
		}
	}
	f, _ := newAWSFake(t)
	value := made()
	for _, tt := range []struct {
		code   string
		status int
		want   error
		word   string
	}{
		{"AccessDeniedException", 400, ErrDenied, "GetSecretValue"},
		{"ExpiredTokenException", 400, ErrDenied, "expired"},
		{"UnrecognizedClientException", 400, ErrDenied, "sts"},
		{"DecryptionFailure", 400, ErrDenied, "kms:Decrypt"},
		{"ResourceNotFoundException", 400, ErrAbsent, "name and the region"},
		{"InvalidRequestException", 400, ErrInvalid, "describe-secret"},
		{"InternalServiceError", 500, ErrUnavailable, "HTTP status 500"},
		{"ThrottlingException", 400, ErrUnavailable, "too many"},
		{secret, 503, ErrUnavailable, "503"},
		{secret, 400, ErrInvalid, "wrong request"},
		{secret, 403, ErrDenied, "policy"},
		{secret, 307, ErrUnavailable, "redirect"},
		{secret, 302, ErrUnavailable, "redirect"},
		{secret, 200, ErrUnavailable, "not its protocol"},
	} {
		st := awsStore(t, f, "shop")
		f.before = fail(tt.code, tt.status)
		_, err := st.Load(t.Context())
		wantKind(t, err, tt.want, tt.word)
		for _, err := range []error{err, st.Save(t.Context(), Snapshot{map[string]string{"K": value}, "v"}), st.Save(t.Context(), Snapshot{Values: map[string]string{"K": value}})} {
			if err == nil && tt.status != 200 {
				t.Errorf("%s %d is a success", tt.code, tt.status)
			} else if err == nil {
				continue
			}
			for _, s := range []string{secret, value, f.key, f.session, f.keyID} {
				for _, form := range forms(s) {
					if strings.Contains(told(err), form) {
						t.Fatalf("%s %d: a secret is shown: %v", tt.code, tt.status, err)
					}
				}
			}
		}
	}
	f.before = func(w http.ResponseWriter, _ *http.Request) bool { _, _ = io.WriteString(w, "<html>"); return true }
	_, err := awsStore(t, f, "shop").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "not its protocol")
	f.before = func(w http.ResponseWriter, _ *http.Request) bool {
		for range 64 {
			if _, err := w.Write([]byte(strings.Repeat("[", 1<<20))); err != nil {
				return true
			}
		}
		t.Error("the endless answer was read")
		return true
	}
	_, err = awsStore(t, f, "shop").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "not its protocol")
}

func TestAWSRetriesAndEnds(t *testing.T) {
	f, _ := newAWSFake(t)
	mustSave(t, awsStore(t, f, "s"), Snapshot{Values: map[string]string{"K": made()}})
	f.before, f.seen = status(500, 1), nil
	if _, err := awsStore(t, f, "s").Load(t.Context()); err != nil || len(f.seen) != 2 {
		t.Fatal(err, f.seen)
	}
	release := make(chan struct{})
	f.before = func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return true
	}
	defer close(release)
	begin := time.Now()
	s, err := Open(&ir.SecretStore{Kind: text("aws"), Path: text("s"), Region: text(f.region), Timeout: ir.Int{V: 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.(*awsSecret).limits.inAll = 300 * time.Millisecond
	_, err = s.Load(t.Context())
	wantKind(t, err, ErrUnavailable, "did not answer")
	f.seen = nil
	a := awsStore(t, f, "s")
	a.secret = aws.New(aws.Config{ID: "s", Region: f.region, Secure: secure, Call: 50 * time.Millisecond, Tries: 3, Pause: time.Millisecond})
	_, err = a.Load(t.Context())
	wantKind(t, err, ErrUnavailable, "did not answer")
	if len(f.seen) != 3 {
		t.Errorf("%d requests: each must have its own time-out", len(f.seen))
	}
	if d := time.Since(begin); d > 3*time.Second || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v after %s", err, d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := awsStore(t, f, "s").Load(ctx); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestAWSGoesNowhereElse(t *testing.T) {
	f, srv := newAWSFake(t)
	var reached atomic.Int32
	aside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer aside.Close()
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, aside.URL, http.StatusTemporaryRedirect)
		return true
	}
	_, err := awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrUnavailable, "redirect")
	if reached.Load() != 0 {
		t.Error("the redirect was followed")
	}
	f.before = nil
	for _, endpoint := range []string{"http://192.0.2.1:1", "http://secrets.example.com"} {
		t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
		_, err := awsStore(t, f, "s").Load(t.Context())
		wantKind(t, err, ErrInvalid, "without TLS")
	}
	secure := httptest.NewUnstartedServer(f)
	secure.Config.ErrorLog = quiet()
	secure.StartTLS()
	defer secure.Close()
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", secure.URL)
	st := awsStore(t, f, "s")
	_, err = st.Load(t.Context())
	wantKind(t, err, ErrUnavailable, "authority", "AWS_CA_BUNDLE")
	t.Setenv("AWS_CA_BUNDLE", caFile(t, secure))
	_, err = awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrAbsent)
	_ = srv
}

func TestAWSCredentials(t *testing.T) {
	f, srv := newAWSFake(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", made())
	_, err := awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrDenied, "sts get-caller-identity")
	if !slices.Equal(f.refused, []string{"another signature"}) {
		t.Errorf("%q", f.refused)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err = awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrDenied, "needs credentials")
	t.Setenv("AWS_PROFILE", "none")
	_, err = awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrInvalid, "AWS_PROFILE")
	t.Setenv("AWS_PROFILE", "")
	s, _ := Open(&ir.SecretStore{Kind: text("aws"), Path: text("s")}, Options{})
	_, err = s.Load(t.Context())
	wantKind(t, err, ErrInvalid, "region")

	// A machine whose metadata service never answers, as behind many a firewall.
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(release)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.URL)
	begin := time.Now()
	_, err = awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrDenied, "needs credentials")
	if d := time.Since(begin); d > time.Second {
		t.Errorf("a laptop waits %s", d)
	}
	// One that does answer.
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", srv.URL)
	f.session = made()
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			_, _ = io.WriteString(w, "token")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			_, _ = io.WriteString(w, "role")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/role"):
			_, _ = io.WriteString(w, `{"Code":"Success","AccessKeyId":"`+f.keyID+`","SecretAccessKey":"`+f.key+`","Token":"`+f.session+`","Expiration":"`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`)
		default:
			return false
		}
		return true
	}
	_, err = awsStore(t, f, "s").Load(t.Context())
	wantKind(t, err, ErrAbsent)
}
