package secretstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request is one call of the server's API.
type request struct {
	method string
	path   []string // below /v1, by segment, not escaped
	body   any      // to be sent as JSON; nil for none
	token  string
	plain  bool // without the namespace: for what is the whole server's
}

// answer is what came back. A redirect is an answer too: none is followed.
type answer struct {
	status int
	body   []byte
	after  string // the header Retry-After
	again  bool   // another try may do better
	seen   bool   // the server may have seen the request
	unsure bool   // an earlier try failed in a way that may have had an effect
}

// says tells whether the server gave exactly this error. Its words go no further:
// they may repeat what was sent.
func (a answer) says(text string) bool {
	var list struct {
		Errors []string `json:"errors"`
	}
	return json.Unmarshal(a.body, &list) == nil && slices.Contains(list.Errors, text)
}

// call sends a request until there is an answer that another try would not better.
func (v *vault) call(ctx context.Context, r request) (answer, error) {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return answer{}, v.fail(ErrInvalid, "cannot be written as JSON.", "This is a bug in nselfc; please report it.")
		}
	}
	unsure := false
	for try := 1; ; try++ {
		a, err := v.once(ctx, r, body)
		a.unsure = unsure
		if !a.again || try == v.limits.tries || v.pause(ctx, v.limits.wait(try, a.after)) != nil {
			return a, err
		}
		unsure = unsure || a.seen
	}
}

// passing are the answers of a server that may be well again in a moment: too many
// requests, a follower that has not caught up (412), and its own errors.
func passing(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusPreconditionFailed || status >= 500 && status != http.StatusNotImplemented
}

func (v *vault) once(ctx context.Context, r request, body []byte) (answer, error) {
	call, cancel := context.WithTimeout(ctx, v.limits.call)
	defer cancel()
	req, err := http.NewRequestWithContext(call, r.method, v.url(r.path).String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, v.fail(ErrInvalid, "has an address that cannot be called.", "This is a bug in nselfc; please report it.")
	}
	req.Header.Set("X-Vault-Request", "true")
	req.Header.Set("User-Agent", "nselfc")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("X-Vault-Token", r.token)
	}
	if v.namespace != "" && !r.plain {
		req.Header.Set("X-Vault-Namespace", v.namespace)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return answer{again: !untrusted(err), seen: !neverDialed(err)}, v.unreachable(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil {
		err = call.Err() // a server that sees the connection go may end its answer before its end
	}
	switch {
	case err != nil:
		return answer{again: true, seen: true}, v.unreachable(ctx, err)
	case len(text) > maxAnswer:
		return answer{}, v.strange(fmt.Sprintf("answered with more than %d MiB.", maxAnswer>>20))
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return answer{}, v.fail(ErrUnavailable, "answered with a redirect, which was not followed: the token would go to another place.",
			"A standby server redirects to the active one. Write the address of the active server, or one that all of them share, as the address of the store.")
	}
	return answer{
		status: resp.StatusCode, body: text, after: resp.Header.Get("Retry-After"),
		again: passing(resp.StatusCode), seen: resp.StatusCode != http.StatusTooManyRequests,
	}, nil
}

// url puts a path below the address. It is written without escapes and escaped as
// a whole, so that what the stack says is what the server gets.
func (v *vault) url(path []string) *url.URL {
	return &url.URL{Scheme: v.base.Scheme, Host: v.base.Host, Path: strings.TrimRight(v.base.Path, "/") + "/v1/" + strings.Join(path, "/")}
}

// data is the path of the values. The engine puts a word between its mount and the
// path of a secret.
func (v *vault) data() []string {
	return slices.Concat(segments(v.mount), []string{"data"}, segments(v.path))
}

func segments(path string) []string { return strings.Split(path, "/") }

// unreachable words a failure of the way to the server. The system's own words
// stay out: they may hold parts of the request.
func (v *vault) unreachable(ctx context.Context, err error) error {
	problem, advice := trouble(err, v.limits.call, "VAULT_CACERT")
	if cause := stopped(ctx); cause != nil {
		return &Error{Kind: ErrUnavailable, Store: v.name, Problem: "was not reached before the command was stopped.", Advice: "Run the command again.", Cause: cause}
	}
	return v.fail(ErrUnavailable, problem, advice)
}

// refused words an answer that is no success. What the server said is not shown.
func (v *vault) refused(ctx context.Context, a answer) error {
	switch {
	case a.status < 300:
		return v.strange("answered with a status that is not its protocol's.")
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return v.denied()
	case a.status == http.StatusTooManyRequests:
		return v.fail(ErrUnavailable, "has a quota on requests that is used up.", "Wait a minute, and run the command again.")
	case a.status == http.StatusRequestEntityTooLarge:
		return v.fail(ErrInvalid, "does not take that much at once.", "Its values are more than the server's limit for one secret, 1 MiB where nobody set another. Take out of the store what is no secret.")
	case a.status >= 500:
		return v.ill(ctx, a.status)
	case a.status == http.StatusMethodNotAllowed || a.status == http.StatusNotFound:
		return v.otherVersion()
	}
	return v.fail(ErrInvalid, fmt.Sprintf("was refused as a wrong request (HTTP status %d).", a.status), "See the reason in the audit log of the server, and compare the mount and the path:\n\n"+v.command("get", ""))
}

// ill asks a server that answers with errors of its own how it is. The token is
// not sent along: everybody may ask.
func (v *vault) ill(ctx context.Context, status int) error {
	a, err := v.once(ctx, request{method: http.MethodGet, path: []string{"sys", "health"}, plain: true}, nil)
	if err != nil {
		return v.fail(ErrUnavailable, fmt.Sprintf("could not be had: the server answered with an error of its own (HTTP status %d).", status), "See its log, and run the command again.")
	}
	switch a.status {
	case http.StatusServiceUnavailable:
		return v.fail(ErrUnavailable, "cannot be had, because the server is sealed.", "Whoever holds the keys opens it:\n\n    vault operator unseal")
	case http.StatusNotImplemented:
		return v.fail(ErrUnavailable, "cannot be had, because the server was never set up.", "Whoever runs it does that once:\n\n    vault operator init")
	case http.StatusTooManyRequests, 472, 473:
		return v.fail(ErrUnavailable, "cannot be had, because the server is a standby that does not pass requests on.", "Write the address of the active server, or one that all of them share, as the address of the store. See which is active:\n\n    vault operator members")
	}
	return v.fail(ErrUnavailable, fmt.Sprintf("could not be had: the server answered with an error of its own (HTTP status %d).", status), "See its log, and run the command again.")
}

func (v *vault) denied() error {
	return v.fail(ErrDenied, "was refused: "+v.login.who()+" expired, was revoked, is of another namespace, or has no policy for it.",
		"See what it may do, and give it a policy with this path:\n\n    vault token capabilities "+shellPath(v.data())+"\n\n    path \""+strings.Join(v.data(), "/")+"\" { capabilities = [\"create\", \"read\", \"update\"] }")
}
