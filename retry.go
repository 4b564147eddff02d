package cognitomfa

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
)

// The SDK sends a call again when the connection breaks before the response is there. For most
// calls that is right. A call that uses up a session must not be sent again once it may have been
// applied: the second try would say "already used", and the user would be told a wrong reason.
// Other calls may be sent again, but what the second try says means something else if the first may
// have been applied.

// attempt takes part in one call of the SDK. It follows the tries, and decides which are made
// again.
type attempt struct {
	// single: the call uses up what authorizes it, so no try follows one that may have been
	// applied.
	single bool
	// cutOff: the call is also made again when its response was cut off, which the SDK does not do.
	cutOff bool

	followed bool // the SDK has taken the options; a double does not
	sent     bool // a request was handed to the HTTP client
	limited  bool // the SDK's own limiter refused a try
	lost     bool // a try may have been applied without a usable response
}

// follow is the call's option: it wraps the client's retryer and HTTP client.
func (a *attempt) follow(o *cip.Options) {
	if o.Retryer != nil {
		o.Retryer = followedRetryer{o.Retryer, a}
	}
	if o.HTTPClient != nil {
		o.HTTPClient = followedHTTP{o.HTTPClient, a}
		a.followed = true
	}
}

// followedHTTP is the client's own HTTP client.
type followedHTTP struct {
	cip.HTTPClient
	a *attempt
}

// Do sends a request.
func (c followedHTTP) Do(r *http.Request) (*http.Response, error) {
	c.a.sent = true
	return c.HTTPClient.Do(r)
}

// followedRetryer is the client's own retryer, except for tries that must not, or may, be made
// again.
type followedRetryer struct {
	aws.Retryer
	a *attempt
}

// IsErrorRetryable reports whether the call may be sent again after err.
func (r followedRetryer) IsErrorRetryable(err error) bool {
	if !notApplied(err) && r.a.sent {
		r.a.lost = true
		if r.a.single {
			return false
		}
	}
	var cutOff *smithy.DeserializationError
	return r.a.cutOff && errors.As(err, &cutOff) || r.Retryer.IsErrorRetryable(err)
}

// GetAttemptToken does what the SDK does with a retryer of either version, so that its rate limit
// stays in force.
func (r followedRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	v2, ok := r.Retryer.(aws.RetryerV2)
	if !ok {
		return r.GetInitialToken(), nil
	}
	release, err := v2.GetAttemptToken(ctx)
	r.a.limited = err != nil && ctx.Err() == nil
	return release, err
}

// unsent reports whether the call certainly never left this process.
func (a *attempt) unsent() bool { return a.followed && !a.sent }

// notApplied reports whether a call that failed with err has certainly changed nothing: Cognito
// refused it, or no connection could be made.
func notApplied(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		// A trigger that failed may have run after the work was done.
		return !answeredByFault(err, api) && !foreign(api) &&
			api.ErrorCode() != "UnexpectedLambdaException"
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
