package cognitomfa

import (
	"context"
	"errors"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
)

// The SDK sends a call again when the connection dies before the answer is there. For most calls that is right. A call that spends a session
// must not be sent again after it may have been applied: its second try would say "already used", and the user would be told a wrong reason.
// Some other calls may be sent again, but what the second try says means something else when the first may have been applied.

// spending are the options of a call that spends a session.
var spending = []func(*cognitoidentityprovider.Options){
	func(o *cognitoidentityprovider.Options) {
		if o.Retryer != nil {
			o.Retryer = spendingRetryer{o.Retryer}
		}
	},
}

// spendingRetryer is the client's own retryer, but for the errors after which a call may have been applied.
type spendingRetryer struct{ aws.Retryer }

// IsErrorRetryable reports whether the call may be sent again after err.
func (r spendingRetryer) IsErrorRetryable(err error) bool {
	return notApplied(err) && r.Retryer.IsErrorRetryable(err)
}

// GetAttemptToken passes on to the client's own retryer, so that its rate limit stays in force.
func (r spendingRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	return attemptToken(ctx, r.Retryer)
}

// watchingRetryer is the client's own retryer, with an eye on lost answers: for one call that may be sent again. It is also sent again when its answer was
// cut off, which the SDK does not do by itself.
type watchingRetryer struct {
	aws.Retryer
	lost bool // it was sent again after a try that may have been applied
}

// watch is the option that puts the retryer in the place of the client's own.
func (r *watchingRetryer) watch(o *cognitoidentityprovider.Options) {
	if o.Retryer != nil {
		r.Retryer, o.Retryer = o.Retryer, r
	}
}

// IsErrorRetryable reports whether the call may be sent again after err.
func (r *watchingRetryer) IsErrorRetryable(err error) bool {
	if !notApplied(err) {
		r.lost = true
	}
	var cutOff *smithy.DeserializationError
	return errors.As(err, &cutOff) || r.Retryer.IsErrorRetryable(err)
}

// GetAttemptToken passes on to the client's own retryer, so that its rate limit stays in force.
func (r *watchingRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	return attemptToken(ctx, r.Retryer)
}

// attemptToken does what the SDK does with a retryer of either version.
func attemptToken(ctx context.Context, r aws.Retryer) (func(error) error, error) {
	if v2, ok := r.(aws.RetryerV2); ok {
		return v2.GetAttemptToken(ctx)
	}
	return r.GetInitialToken(), nil
}

// notApplied reports whether a call that failed with err has certainly changed nothing: Cognito refused it, or it was never sent.
func notApplied(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		return !answeredByFault(err, api)
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
