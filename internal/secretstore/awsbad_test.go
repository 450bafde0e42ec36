package secretstore

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// TestTheFakeOfAWSBites signs requests with the SDK's own signer, spoils them, and
// wants each refused for what was spoiled.
func TestTheFakeOfAWSBites(t *testing.T) {
	f, srv := newAWSFake(t)
	const body = `{"SecretId":"s"}`
	for _, tt := range []struct {
		name   string
		before func(r *http.Request, c *sdk.Credentials, at *time.Time, region, service, hash *string)
		after  func(r *http.Request)
		want   string
	}{
		{name: "right"},
		{name: "another body", want: "another signature", after: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "s", "S", 1))) }},
		{name: "another operation", want: "another signature", after: func(r *http.Request) { r.Header.Set("X-Amz-Target", "secretsmanager.DeleteSecret") }},
		{name: "another path", want: "another signature", after: func(r *http.Request) { r.URL.Path = "/x" }},
		{name: "a query", want: "another signature", after: func(r *http.Request) { r.URL.RawQuery = "a=b" }},
		{name: "another host", want: "another signature", after: func(r *http.Request) { r.Host = "example.com" }},
		{name: "no signature", want: "no signature", after: func(r *http.Request) { r.Header.Del("Authorization") }},
		{name: "a header that is not signed", want: "x-amz-extra is not signed", after: func(r *http.Request) { r.Header.Set("X-Amz-Extra", "a") }},
		{name: "a header taken off the list", want: "content-type is not signed", after: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "content-type;", "", 1))
		}},
		{name: "the host taken off the list", want: "host is not signed", after: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";host", "", 1))
		}},
		{name: "another date", want: "another signature", after: func(r *http.Request) {
			r.Header.Set("X-Amz-Date", time.Now().UTC().Add(time.Second).Format("20060102T150405Z"))
		}},
		{name: "no date", want: "no date", after: func(r *http.Request) { r.Header.Del("X-Amz-Date") }},
		{name: "an old request", want: "too far", before: func(_ *http.Request, _ *sdk.Credentials, at *time.Time, _, _, _ *string) {
			*at = at.Add(-6 * time.Minute)
		}},
		{name: "a request of the future", want: "too far", before: func(_ *http.Request, _ *sdk.Credentials, at *time.Time, _, _, _ *string) {
			*at = at.Add(6 * time.Minute)
		}},
		{name: "another secret key", want: "another signature", before: func(_ *http.Request, c *sdk.Credentials, _ *time.Time, _, _, _ *string) { c.SecretAccessKey = made() }},
		{name: "another key", want: "another key", before: func(_ *http.Request, c *sdk.Credentials, _ *time.Time, _, _, _ *string) { c.AccessKeyID = made() }},
		{name: "another session", want: "another session", before: func(_ *http.Request, c *sdk.Credentials, _ *time.Time, _, _, _ *string) { c.SessionToken = made() }},
		{name: "no session", want: "another session", before: func(_ *http.Request, c *sdk.Credentials, _ *time.Time, _, _, _ *string) { c.SessionToken = "" }},
		{name: "another region", want: "region", before: func(_ *http.Request, _ *sdk.Credentials, _ *time.Time, region, _, _ *string) { *region = "us-east-1" }},
		{name: "another service", want: "service", before: func(_ *http.Request, _ *sdk.Credentials, _ *time.Time, _, service, _ *string) { *service = "s3" }},
		{name: "a body that is not signed", want: "another signature", before: func(_ *http.Request, _ *sdk.Credentials, _ *time.Time, _, _, hash *string) {
			*hash = "UNSIGNED-PAYLOAD"
		}},
	} {
		f.refused = nil
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		c := sdk.Credentials{AccessKeyID: f.keyID, SecretAccessKey: f.key, SessionToken: f.session}
		at, region, service, hash := time.Now(), f.region, "secretsmanager", hexSum([]byte(body))
		if tt.before != nil {
			tt.before(r, &c, &at, &region, &service, &hash)
		}
		if err := v4.NewSigner().SignHTTP(t.Context(), c, r, hash, service, region, at); err != nil {
			t.Fatal(err)
		}
		if tt.after != nil {
			tt.after(r)
		}
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		got := strings.Join(f.refused, "\n")
		switch {
		case tt.want == "" && (got != "" || !strings.Contains(string(answer), "ResourceNotFound")):
			t.Errorf("%s: %s %s", tt.name, got, answer)
		case tt.want != "" && (!strings.Contains(got, tt.want) || resp.StatusCode != http.StatusBadRequest):
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
