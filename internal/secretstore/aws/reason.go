package aws

import (
	"context"
	"errors"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Reason is why something failed.
type Reason int

// The reasons. Refused is of a request that was understood and is wrong.
const (
	Unreachable   Reason = iota // Cause says how
	Unavailable                 // the service answers with an error of its own
	Throttled                   // too many requests
	Strange                     // an answer that is not the service's
	Redirected                  // the answer was a redirect, which was not followed
	Insecure                    // the endpoint has no TLS; nothing was sent
	Settings                    // the files or variables of the SDK cannot be read
	NoRegion                    // nothing says which region
	NoCredentials               // nothing gives credentials
	Denied                      // credentials that are not accepted, or not for this
	KeyDenied                   // the key of KMS may not be used
	Absent                      // no such secret, or none with a current version
	Scheduled                   // the secret waits for its deletion
	Conflict                    // another version is the current one
	TooLarge                    // more than MaxText
	Binary                      // it holds bytes, not a text
	Refused
)

// Error holds nothing that was sent or received but the status of the answer.
type Error struct {
	Reason Reason
	Status int   // of HTTP; 0 where there was no answer
	Cause  error // of Unreachable: for its type alone, never to be shown
}

func (e *Error) Error() string { return "AWS Secrets Manager failed" }

// Unwrap gives no cause: its text may hold parts of the request.

// codes are the names of errors, of the service and of those before it that check
// the signature.
var codes = map[string]Reason{
	"ResourceNotFoundException": Absent,
	"ResourceExistsException":   Conflict,

	"AccessDeniedException": Denied, "AccessDenied": Denied, "UnrecognizedClientException": Denied, "InvalidClientTokenId": Denied,
	"ExpiredTokenException": Denied, "ExpiredToken": Denied, "InvalidSignatureException": Denied, "SignatureDoesNotMatch": Denied,
	"IncompleteSignature": Denied, "IncompleteSignatureException": Denied, "MissingAuthenticationToken": Denied, "MissingAuthenticationTokenException": Denied,
	"RequestExpired": Denied, "OptInRequired": Denied, "NotAuthorized": Denied,
	"DecryptionFailure": KeyDenied, "DecryptionFailureException": KeyDenied, "EncryptionFailure": KeyDenied, "EncryptionFailureException": KeyDenied,

	"ThrottlingException": Throttled, "Throttling": Throttled, "TooManyRequestsException": Throttled, "RequestLimitExceeded": Throttled,
	"InternalServiceError": Unavailable, "InternalServiceErrorException": Unavailable, "InternalFailure": Unavailable, "ServiceUnavailable": Unavailable,

	"InvalidParameterException": Refused, "InvalidRequestException": Refused, "LimitExceededException": Refused, "ValidationException": Refused,
	"PreconditionNotMetException": Refused, "MalformedPolicyDocumentException": Refused,
}

// failure finds the reason of an error of the SDK.
func failure(err error) *Error {
	f := &Error{Reason: Unreachable, Cause: err}
	var (
		resp   *awshttp.ResponseError
		api    smithy.APIError
		decode *smithy.DeserializationError
	)
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		f.Status = resp.HTTPStatusCode()
	}
	switch {
	case errors.Is(err, errInsecure):
		f.Reason = Insecure
	case errors.Is(err, errRedirect):
		f.Reason = Redirected
	case errors.Is(err, errEndless):
		f.Reason = Strange
	case errors.As(err, &api) && known(api, f):
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case f.Status >= 500:
		f.Reason = Unavailable
	case f.Status == 429:
		f.Reason = Throttled
	case f.Status >= 200 && f.Status < 300, errors.As(err, &decode):
		f.Reason = Strange
	case f.Status >= 300 && f.Status < 400:
		f.Reason = Redirected
	case f.Status == 401 || f.Status == 403:
		f.Reason = Denied
	case f.Status >= 400:
		f.Reason = Refused
	}
	return f
}

func known(api smithy.APIError, f *Error) bool {
	reason, ok := codes[api.ErrorCode()]
	if !ok {
		return false
	}
	// No code of its own says that a secret waits for its deletion.
	if said := api.ErrorMessage(); reason == Refused && (strings.Contains(said, "marked for deletion") || strings.Contains(said, "scheduled for deletion")) {
		reason = Scheduled
	}
	f.Reason = reason
	return true
}
