package aws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/logging"
)

// connect makes the client at the first use, with credentials from wherever the SDK
// finds them, as every program of AWS does.
func (s *Secret) connect(ctx context.Context) (*secretsmanager.Client, error) {
	var err error
	if s.client == nil {
		s.client, err = s.newClient(ctx)
	}
	return s.client, err
}

func (s *Secret) newClient(ctx context.Context) (*secretsmanager.Client, error) {
	machine := &metadata{most: s.config.Machine}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(s.config.Region),
		config.WithLogger(logging.Nop{}), // it would write to the standard error output past everybody
		config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) { o.Client = machine }),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = s.config.Tries, s.config.Pause })
		}),
	)
	machine.cfg = cfg
	switch {
	case err != nil:
		return nil, &Error{Reason: Settings}
	case cfg.Region == "":
		return nil, &Error{Reason: NoRegion}
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, &Error{Reason: Unreachable, Cause: context.Cause(ctx)}
		}
		return nil, &Error{Reason: NoCredentials}
	}
	return secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
		transport := http.DefaultTransport
		if b, ok := o.HTTPClient.(*awshttp.BuildableClient); ok { // with the authorities of AWS_CA_BUNDLE
			transport = b.GetTransport()
		}
		o.HTTPClient = &http.Client{
			Transport:     guard{transport, s.config.Secure},
			Timeout:       s.config.Call,
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
		}
	}), nil
}

var (
	errInsecure = errors.New("no TLS")
	errRedirect = errors.New("redirect")
	errEndless  = errors.New("endless answer")
)

// maxAnswer bounds an answer; the largest secret is far below it.
const maxAnswer = 1 << 20

// guard sends requests through TLS or to this host alone, wherever the settings of
// the SDK point, and bounds what comes back.
type guard struct {
	next   http.RoundTripper
	secure func(*url.URL) bool
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if !g.secure(r.URL) {
		return nil, errInsecure
	}
	resp, err := g.next.RoundTrip(r)
	if err == nil {
		resp.Body = &bounded{resp.Body, maxAnswer}
	}
	return resp, err
}

type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errEndless
	}
	return n, err
}

// metadata asks the service of a virtual machine for credentials, but not for long.
// The service is on the machine's own link; elsewhere nobody answers, and a laptop
// without credentials must not wait for that.
type metadata struct {
	cfg    aws.Config
	most   time.Duration
	once   sync.Once
	client *imds.Client
}

func (m *metadata) GetMetadata(ctx context.Context, in *imds.GetMetadataInput, opts ...func(*imds.Options)) (*imds.GetMetadataOutput, error) {
	m.once.Do(func() { m.client = imds.NewFromConfig(m.cfg) })
	ctx, cancel := context.WithTimeout(ctx, m.most)
	defer cancel()
	out, err := m.client.GetMetadata(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(out.Content, 64<<10)) // before the time-out ends the connection
	_ = out.Content.Close()                                      // it was read
	if err != nil {
		return nil, err
	}
	out.Content = io.NopCloser(bytes.NewReader(text))
	return out, nil
}
