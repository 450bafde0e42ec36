package secretstore

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// awsFake is Secrets Manager as its reference describes it, for one region and one
// pair of keys. It computes the signature of each request by itself, after the
// document on Signature Version 4, and takes none that does not fit.
type awsFake struct {
	keyID, key, session, region string
	before                      func(w http.ResponseWriter, r *http.Request) bool

	mu      sync.Mutex
	seen    []string // the operations
	refused []string // why signatures were not accepted
	secrets map[string]*awsHeld
}

type awsHeld struct {
	versions map[string]awsVersion
	labels   map[string]string // by label, the version
	deleted  bool
}

type awsVersion struct {
	text   *string
	binary []byte
}

// newAWSFake starts the fake and points the SDK at it, with nothing else of this
// machine's settings in reach.
func newAWSFake(t testing.TB) (*awsFake, *httptest.Server) {
	t.Helper()
	f := &awsFake{keyID: "made" + rand.Text()[:16], key: rand.Text(), session: rand.Text(), region: "eu-test-1", secrets: map[string]*awsHeld{}}
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = quiet()
	srv.Start()
	t.Cleanup(srv.Close)
	none := t.TempDir() + "/none"
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": f.keyID, "AWS_SECRET_ACCESS_KEY": f.key, "AWS_SESSION_TOKEN": f.session, "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_SECRETS_MANAGER": srv.URL, "AWS_ENDPOINT_URL": "",
		"AWS_CA_BUNDLE": "", "HTTP_PROXY": "", "HTTPS_PROXY": "",
	} {
		setenv(t, name, value)
	}
	return f, srv
}

func setenv(t testing.TB, name, value string) {
	t.(interface{ Setenv(a, b string) }).Setenv(name, value)
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)

// signed gives why a signature is not accepted, or "".
func (f *awsFake) signed(r *http.Request, body []byte) string {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return "no signature"
	}
	keyID, day, region, service, list, signature := m[1], m[2], m[3], m[4], strings.Split(m[5], ";"), m[6]
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	switch {
	case err != nil || at.Format("20060102") != day:
		return "no date, or another than the credential's"
	case time.Since(at).Abs() > 5*time.Minute:
		return "a date too far from now"
	case keyID != f.keyID || region != f.region || service != "secretsmanager":
		return "a credential of another key, region or service"
	case r.Header.Get("X-Amz-Security-Token") != f.session:
		return "another session"
	case !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list):
		return "signed headers out of order"
	}
	for _, must := range append([]string{"host", "content-type"}, amazon(r.Header)...) {
		if !slices.Contains(list, must) {
			return "the header " + must + " is not signed"
		}
	}
	var headers strings.Builder
	for _, h := range list {
		value := strings.Join(r.Header.Values(h), ",")
		switch h {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		headers.WriteString(h + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), query, headers.String(), m[5], hexSum(body)}, "\n")
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), day + "/" + region + "/" + service + "/aws4_request", hexSum([]byte(canonical))}, "\n")
	mac := []byte("AWS4" + f.key)
	for _, s := range []string{day, region, service, "aws4_request", toSign} {
		h := hmac.New(sha256.New, mac)
		h.Write([]byte(s))
		mac = h.Sum(nil)
	}
	if hex.EncodeToString(mac) != signature {
		return "another signature"
	}
	return ""
}

// amazon gives the headers that must be signed where they are sent.
func amazon(h http.Header) []string {
	var out []string
	for name := range h {
		if n := strings.ToLower(name); strings.HasPrefix(n, "x-amz-") {
			out = append(out, n)
		}
	}
	return out
}

func hexSum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func (f *awsFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")
	f.mu.Lock()
	f.seen = append(f.seen, operation)
	f.mu.Unlock()
	if f.before != nil && f.before(w, r) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if why := f.signed(r, body); why != "" {
		f.refused = append(f.refused, why)
		f.fail(w, "InvalidSignatureException", why)
		return
	}
	if !ok || r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		f.fail(w, "InvalidAction", "no operation")
		return
	}
	var in awsInput
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		f.fail(w, "SerializationException", "of another shape")
		return
	}
	f.do(w, operation, in)
}

type awsInput struct {
	SecretId, Name, SecretString, ClientRequestToken   string
	VersionStage, MoveToVersionId, RemoveFromVersionId string
	VersionStages                                      []string
}

func (f *awsFake) do(w http.ResponseWriter, operation string, in awsInput) {
	s := f.secrets[in.SecretId+in.Name]
	put := operation == "PutSecretValue" || operation == "CreateSecret"
	switch {
	case operation == "CreateSecret" && s != nil && s.deleted:
		f.fail(w, "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
	case operation == "CreateSecret" && !regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`).MatchString(in.Name):
		f.fail(w, "ValidationException", "Invalid name.")
	case operation == "CreateSecret" && s != nil && s.versions[in.ClientRequestToken].text == nil:
		f.fail(w, "ResourceExistsException", "The operation failed because the secret already exists.")
	case operation != "CreateSecret" && s == nil:
		f.fail(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	case operation != "CreateSecret" && s.deleted:
		f.fail(w, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	case put && (len(in.SecretString) == 0 || len(in.SecretString) > 65536):
		f.fail(w, "ValidationException", "1 validation error detected: Value at 'secretString' failed to satisfy constraint")
	case put && (len(in.ClientRequestToken) < 32 || len(in.ClientRequestToken) > 64):
		f.fail(w, "ValidationException", "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint")
	case put:
		f.put(w, s, in)
	case operation == "GetSecretValue":
		id, ok := s.labels["AWSCURRENT"]
		if !ok {
			f.fail(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
			return
		}
		out := map[string]any{"Name": in.SecretId, "VersionId": id, "VersionStages": s.of(id), "CreatedDate": 1.7e9}
		if v := s.versions[id]; v.text != nil {
			out["SecretString"] = *v.text
		} else {
			out["SecretBinary"] = v.binary
		}
		f.answer(w, out)
	case operation == "UpdateSecretVersionStage":
		f.move(w, s, in)
	default:
		f.fail(w, "InvalidAction", "no operation")
	}
}

func (f *awsFake) put(w http.ResponseWriter, s *awsHeld, in awsInput) {
	if s == nil {
		s = &awsHeld{versions: map[string]awsVersion{}, labels: map[string]string{}}
		f.secrets[in.Name] = s
	}
	id := in.ClientRequestToken
	if v, ok := s.versions[id]; ok && (v.text == nil || *v.text != in.SecretString) {
		f.fail(w, "ResourceExistsException", "A resource with the ID you requested already exists.")
		return
	}
	stages := in.VersionStages
	if len(stages) == 0 || len(s.versions) == 0 {
		stages = append(stages, "AWSCURRENT")
	}
	s.versions[id] = awsVersion{text: &in.SecretString}
	for _, l := range stages {
		s.label(l, id)
	}
	f.answer(w, map[string]any{"Name": in.SecretId + in.Name, "VersionId": id, "VersionStages": s.of(id)})
}

func (f *awsFake) move(w http.ResponseWriter, s *awsHeld, in awsInput) {
	has, labelled := s.labels[in.VersionStage]
	_, exists := s.versions[in.MoveToVersionId]
	switch {
	case in.MoveToVersionId != "" && !exists:
		f.fail(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret version.")
	case in.RemoveFromVersionId != "" && has != in.RemoveFromVersionId:
		f.fail(w, "InvalidParameterException", "The RemoveFromVersionId does not have the staging label.")
	case in.RemoveFromVersionId == "" && labelled && has != in.MoveToVersionId:
		f.fail(w, "InvalidParameterException", "The parameter RemoveFromVersionId can't be empty. Staging label is currently attached to another version.")
	case in.MoveToVersionId != "" && has == in.MoveToVersionId: // the reference does not say what happens
		f.fail(w, "InvalidParameterException", "The staging label is already attached to that version.")
	case in.MoveToVersionId == "" && in.VersionStage == "AWSCURRENT":
		f.fail(w, "InvalidParameterException", "You can't remove the staging label AWSCURRENT.")
	default:
		if in.MoveToVersionId == "" {
			delete(s.labels, in.VersionStage)
		} else {
			s.label(in.VersionStage, in.MoveToVersionId)
		}
		f.answer(w, map[string]any{"Name": in.SecretId})
	}
}

func (s *awsHeld) label(l, id string) {
	if was := s.labels["AWSCURRENT"]; l == "AWSCURRENT" && was != "" && was != id {
		s.labels["AWSPREVIOUS"] = was
	}
	s.labels[l] = id
}

func (s *awsHeld) of(id string) []string {
	var out []string
	for l, v := range s.labels {
		if v == id {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

func (f *awsFake) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(v)
}

func (f *awsFake) fail(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "Message": message})
}
