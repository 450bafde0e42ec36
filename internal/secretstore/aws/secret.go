// Package aws reads and writes one text in AWS Secrets Manager, through the SDK
// that AWS publishes: signing, credentials and their many sources are its work. The
// package does not know what the text holds, and says why something failed as a
// Reason, not in words.
//
// Nothing happens before the first Read or Write: no file of the SDK is read, and
// nobody is asked for credentials.
package aws

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// MaxText is the most that a secret may hold, in bytes: the quota of Secrets Manager.
const MaxText = 65536

// current is the label of the version that everybody reads. Moving it gives the
// version that had it the label AWSPREVIOUS.
const current = "AWSCURRENT"

// Config says which secret, and how long to wait for it.
type Config struct {
	ID      string              // name or ARN
	Region  string              // "" is what the environment or the ARN says
	Call    time.Duration       // for one request and its answer
	Tries   int                 // of one request
	Pause   time.Duration       // longest pause between two tries
	Machine time.Duration       // for a virtual machine's metadata service, which gives it credentials
	Secure  func(*url.URL) bool // whether requests may go there at all
}

// Secret is one secret of Secrets Manager. It is not for two goroutines at once.
type Secret struct {
	config Config
	client *secretsmanager.Client // nil before the first use
}

// New names a secret.
func New(c Config) *Secret {
	if part := strings.Split(c.ID, ":"); c.Region == "" && len(part) > 6 && part[0] == "arn" {
		c.Region = part[3]
	}
	return &Secret{config: c}
}

// Read gives the text of the current version, and that version.
func (s *Secret) Read(ctx context.Context) (text, version string, err error) {
	c, err := s.connect(ctx)
	if err != nil {
		return "", "", err
	}
	out, err := c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.config.ID})
	switch {
	case err != nil:
		return "", "", failure(err)
	case out.SecretBinary != nil:
		return "", "", &Error{Reason: Binary}
	case out.SecretString == nil, aws.ToString(out.VersionId) == "":
		return "", "", &Error{Reason: Strange}
	}
	return *out.SecretString, *out.VersionId, nil
}

// Write puts a text in the place of the version that was read; "" stands for none.
// Secrets Manager has no write on a condition, but it moves a label on one: so the
// text first becomes a version that nobody reads, under a label of this write alone,
// and becomes the current one only if the version that was read still is.
func (s *Secret) Write(ctx context.Context, text, version string) error {
	if len(text) > MaxText {
		return &Error{Reason: TooLarge}
	}
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	// The token becomes the name of the version. A request that is sent twice
	// because its answer was lost makes no second one.
	token := newToken()
	label := "nselfc-" + token[:16]
	_, err = c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: &s.config.ID, SecretString: &text, ClientRequestToken: &token, VersionStages: []string{label},
	})
	if err != nil {
		if f := failure(err); f.Reason != Absent || version != "" {
			return f
		}
		return s.create(ctx, text, token)
	}
	defer s.drop(ctx, label, token)
	move := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &s.config.ID, VersionStage: aws.String(current), MoveToVersionId: &token}
	if version != "" {
		move.RemoveFromVersionId = &version
	}
	if _, err = c.UpdateSecretVersionStage(ctx, move); err == nil {
		return nil
	}
	f := failure(err)
	switch _, now, err := s.Read(ctx); {
	case err != nil:
	case now == token: // it was moved and the answer was lost, or it is the first version, which is current at once
		return nil
	case now != version && f.Reason == Refused:
		f.Reason = Conflict
	}
	return f
}

// create makes the secret itself. One that somebody else made meanwhile stays theirs.
func (s *Secret) create(ctx context.Context, text, token string) error {
	if strings.HasPrefix(s.config.ID, "arn:") {
		return &Error{Reason: Absent}
	}
	_, err := s.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &s.config.ID, SecretString: &text, ClientRequestToken: &token})
	if err != nil {
		return failure(err)
	}
	return nil
}

// drop takes the label of one write off again, so that Secrets Manager can forget
// the version when it is neither the current nor the previous one. Where that
// fails, one of the hundred versions that a secret may have stays taken.
func (s *Secret) drop(ctx context.Context, label, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Call)
	defer cancel()
	_, _ = s.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{SecretId: &s.config.ID, VersionStage: &label, RemoveFromVersionId: &token})
}

func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x", b)
}
