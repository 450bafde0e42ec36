package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/secretstore/aws"
	"nselfc/lang/escape"
)

// awsSecret is one secret of AWS Secrets Manager, which holds all values of an
// environment as a JSON object of texts: AWS bills by the secret, and only what is in
// one secret changes at once.
type awsSecret struct {
	name, id, region string
	secret           *aws.Secret
	limits           limits
}

func openAWS(s *ir.SecretStore) (Store, error) {
	a := &awsSecret{name: fmt.Sprintf("The secret %q of AWS Secrets Manager", s.Path.V), id: s.Path.V, region: s.Region.V, limits: limitsOf(s.Timeout.V)}
	if a.region != "" {
		a.name += " in " + a.region
	}
	a.secret = aws.New(aws.Config{
		ID: a.id, Region: a.region, Secure: secure,
		Call: a.limits.call, Tries: a.limits.tries, Pause: a.limits.most, Machine: 2 * time.Second,
	})
	return a, nil
}

// Load reads the version with the label AWSCURRENT.
func (a *awsSecret) Load(ctx context.Context) (Snapshot, error) {
	ctx, cancel := a.limits.all(ctx)
	defer cancel()
	text, version, err := a.secret.Read(ctx)
	if err != nil {
		return Snapshot{}, a.fail(ctx, err)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil || object == nil {
		return Snapshot{}, &Error{
			Kind: ErrInvalid, Store: a.name, Problem: "holds something else than a JSON object of texts.",
			Advice: "All values of an environment are in one secret, by name, as in\n\n    {\"JWT_KEY\": \"…\", \"STRIPE_KEY\": \"…\"}",
		}
	}
	values, err := texts(a.name, object)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Values: values, Version: version}, nil
}

// Save makes a new version and moves AWSCURRENT to it; AWSPREVIOUS is then on the
// version that was loaded.
func (a *awsSecret) Save(ctx context.Context, s Snapshot) error {
	ctx, cancel := a.limits.all(ctx)
	defer cancel()
	if err := encodable(a.name, s.Values); err != nil {
		return err
	}
	if s.Values == nil {
		s.Values = map[string]string{} // null is no object
	}
	text, err := json.Marshal(s.Values)
	if err == nil {
		err = a.secret.Write(ctx, string(text), s.Version)
	}
	if err != nil {
		return a.fail(ctx, err)
	}
	return nil
}

// fail words a failure for people.
func (a *awsSecret) fail(ctx context.Context, err error) error {
	said := func(kind error, problem, advice string) error {
		return &Error{Kind: kind, Store: a.name, Problem: problem, Advice: advice}
	}
	if cause := stopped(ctx); cause != nil {
		return &Error{Kind: ErrUnavailable, Store: a.name, Problem: "was not reached before the command was stopped.", Advice: "Run the command again.", Cause: cause}
	}
	var f *aws.Error
	if !errors.As(err, &f) {
		return said(ErrUnavailable, "could not be had.", "This is a bug in nselfc; please report it.")
	}
	const again = "Run the command again in a minute."
	switch f.Reason {
	case aws.Absent:
		return said(ErrAbsent, "does not exist, or has no current version.", firstTime+"Else compare the name and the region with what is there:\n\n"+a.command("list-secrets", false))
	case aws.Scheduled:
		return said(ErrAbsent, "was deleted, and waits for the end of its recovery window.", "Nothing is lost yet. Take the deletion back:\n\n"+a.command("restore-secret", true))
	case aws.NoCredentials:
		return said(ErrDenied, "needs credentials of AWS, and nothing on this host gives any that are valid.",
			"Log in, or set what the programs of AWS read (AWS_PROFILE, AWS_ACCESS_KEY_ID …). This tells what is wrong with them:\n\n    aws sts get-caller-identity")
	case aws.Denied:
		return said(ErrDenied, "was refused: the credentials expired, or have no policy for it, or the clock of this host is wrong.",
			"See who the credentials are, and give them secretsmanager:GetSecretValue on the secret, and for writing also PutSecretValue, UpdateSecretVersionStage and CreateSecret:\n\n    aws sts get-caller-identity")
	case aws.KeyDenied:
		return said(ErrDenied, "is encrypted under a key of KMS that the credentials may not use.", "Give them kms:Decrypt and kms:GenerateDataKey on that key. This names it:\n\n"+a.command("describe-secret", true))
	case aws.Conflict:
		return said(ErrConflict, "was written by somebody else since it was read.", "Their version is the current one, and nothing of it was changed. Run the command again: it begins with what they wrote.")
	case aws.TooLarge:
		return said(ErrInvalid, fmt.Sprintf("would hold more than %d KiB, which is all that Secrets Manager takes; nothing was sent.", aws.MaxText>>10),
			"Take out of the store what is no secret, or keep large files (certificates with long chains) in files of their own.")
	case aws.Binary:
		return said(ErrInvalid, "holds bytes and not a text.", "Store the values as a secret string: a JSON object of texts.")
	case aws.Refused:
		return said(ErrInvalid, "was refused as a wrong request.", "A name has letters, digits and /_+=.@- only, and another service of AWS may own the secret. See what is known of it:\n\n"+a.command("describe-secret", true))
	case aws.NoRegion:
		return said(ErrInvalid, "is in no region: neither the stack nor the environment says which.", "Write the region of the secret in the store's block, as in\n\n    region = \"eu-central-1\"")
	case aws.Settings:
		return said(ErrInvalid, "cannot be reached with the settings of AWS on this host: a file or variable of them is wrong.", "AWS_PROFILE may name a profile that does not exist. See what is in force:\n\n    aws configure list")
	case aws.Insecure:
		return said(ErrInvalid, "is at an address without TLS; nothing was sent.", "The variable AWS_ENDPOINT_URL_SECRETS_MANAGER or AWS_ENDPOINT_URL, or endpoint_url in ~/.aws/config, names it. Write it with https:// (http:// is for a server on this host alone).")
	case aws.Redirected:
		return said(ErrUnavailable, "answered with a redirect, which was not followed.", "Secrets Manager never redirects: something stands between it and this host. See the proxy and the endpoint in the settings of AWS:\n\n    aws configure list")
	case aws.Throttled:
		return said(ErrUnavailable, "had too many requests.", again)
	case aws.Strange:
		return said(ErrUnavailable, "answered with something that is not its protocol.", "Something stands between Secrets Manager and this host. See the proxy and the endpoint in the settings of AWS:\n\n    aws configure list")
	case aws.Unavailable:
		return said(ErrUnavailable, fmt.Sprintf("could not be had: the service answered with an error of its own (HTTP status %d).", f.Status), again)
	default:
		problem, advice := trouble(f.Cause, a.limits.call, "AWS_CA_BUNDLE")
		return said(ErrUnavailable, problem, advice)
	}
}

// command gives a line of the aws program for people to copy.
func (a *awsSecret) command(verb string, id bool) string {
	line := "    aws secretsmanager " + verb
	if id {
		line += " --secret-id " + escape.ShellWord(a.id)
	}
	if a.region != "" {
		line += " --region " + escape.ShellWord(a.region)
	}
	return line
}
