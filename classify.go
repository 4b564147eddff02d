package cognitomfa

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// authority is what authorizes a call, and so what is at fault when Cognito says no more than "not
// authorized".
type authority int

const (
	byPassword authority = 1 << iota
	bySession
	byToken
	byRefresh
	byIAM
	// byLevel marks a call that asks for an authentication level, which the user may not be able to
	// reach.
	byLevel
	// byInput marks an answer that carries what the user typed, which Cognito then may dislike.
	byInput

	byAny = byPassword | bySession | byToken | byRefresh | byIAM | byLevel | byInput
)

// call is one call of an operation of Cognito, from what authorizes it to what became of it.
type call struct {
	op string
	by authority
	// flow is the authentication flow that the call asks for, for messages to the operator.
	flow string
	// ifLost says what the caller should know when the response was lost.
	ifLost string
	attempt
}

// newCall returns a call that is sent again as the SDK sees fit.
func newCall(op string, by authority) *call { return &call{op: op, by: by} }

// answering returns a call that uses up a session.
func answering(op string) *call {
	return &call{op: op, by: bySession, attempt: attempt{single: true}}
}

// then returns another call of the same operation.
func (cl *call) then(by authority) *call { return newCall(cl.op, by) }

// step returns the next call of the same sign-in, which uses up what the one before led to.
func (cl *call) step() *call {
	return &call{
		op: cl.op, by: cl.by, flow: cl.flow, ifLost: cl.ifLost, attempt: attempt{single: true},
	}
}

// rule maps an error code, and where only the message tells failures apart a part of it, to a kind.
type rule struct {
	code    string // without the suffix "Exception"
	message string // part of Cognito's message, in lower case; "" matches all
	by      authority
	kind    error
	hint    string // what to change; {operation} and {flow} are filled in
}

// What the operator has to change.
const (
	hintFlow = "the app client does not allow the flow {flow}: add it to ExplicitAuthFlows, " +
		"or set Config.Flow and Config.Public to what it allows"
	hintClient   = "there is no such app client: check Config.ClientID, the user pool and the Region"
	hintPool     = "there is no such user pool: check Config.UserPoolID and the SDK client's Region"
	hintRight    = "the AWS credentials lack the IAM permission cognito-idp:{operation} on the user pool"
	hintKeys     = "AWS does not accept the credentials: check the access key, its expiry and the clock"
	hintUnsigned = "the call was not signed: check the AWS credentials"
	hintTrigger  = "a Lambda trigger of the user pool failed: see its log"
	hintMessage  = "the user pool cannot send messages: check its email and SMS settings and roles"
	hintTier     = "the user pool's feature plan does not include this: use Essentials or Plus"
	hintMFA      = "the user pool requires an MFA method that the user has no address for"
	hintReplica  = "this Region's replica of the user pool does not allow {operation}"
	hintRevoke   = "token revocation is not enabled for the app client"
	hintSDK      = "Cognito does not know {operation}: check the SDK client's endpoint"
	hintOther    = "Cognito refused {operation}: see Error.Detail"
)

// rules are tried in order; the first that matches counts. Cognito's messages are no contract, so
// the last rule of each code matches any message.
var rules = []rule{
	{"NotAuthorized", "incorrect username or password", byAny, ErrCredentials, ""},
	{"NotAuthorized", "password attempts exceeded", byAny, ErrTooManyAttempts, ""},
	{"NotAuthorized", "user is disabled", byAny, ErrUserDisabled, ""},
	{"NotAuthorized", "temporary password has expired", byAny, ErrPasswordReset, ""},
	{"NotAuthorized", "user account has expired", byAny, ErrPasswordReset, ""},
	{"NotAuthorized", "can only be used once", byAny, ErrSessionUsed, ""},
	{"NotAuthorized", "invalid session", byAny, ErrSessionExpired, ""},
	{"NotAuthorized", "secret hash", byAny, ErrSecretHash, ""},
	{"NotAuthorized", "secrethash", byAny, ErrSecretHash, ""},
	{"NotAuthorized", "secret_hash", byAny, ErrSecretHash, ""},
	{"NotAuthorized", "client secret", byAny, ErrSecretHash, ""},
	{"NotAuthorized", "configured for secret", byAny, ErrSecretHash, ""},
	{"NotAuthorized", "configured with secret", byAny, ErrSecretHash, ""},
	{"NotAuthorized", "required scopes", byAny, ErrMissingScope, ""},
	{"NotAuthorized", "access token", byAny, ErrAccessToken, ""},
	{"NotAuthorized", "refresh token", byAny, ErrRefreshToken, ""},
	{"NotAuthorized", "modify an already provided", bySession, ErrAttribute, ""},
	{"NotAuthorized", "unauthorized attribute", bySession, ErrAttribute, ""},
	{"NotAuthorized", "", byPassword, ErrCredentials, ""},
	{"NotAuthorized", "", bySession, ErrSessionExpired, ""},
	{"NotAuthorized", "", byToken, ErrAccessToken, ""},
	{"NotAuthorized", "", byRefresh, ErrRefreshToken, ""},
	{"NotAuthorized", "", byIAM, ErrConfig, hintOther},

	{"UserNotFound", "", byPassword, ErrCredentials, ""},
	{"UserNotFound", "", bySession, ErrSessionExpired, ""},
	{"UserNotFound", "", byToken, ErrAccessToken, ""},
	{"UserNotFound", "", byRefresh, ErrRefreshToken, ""},
	{"UserNotFound", "", byIAM, ErrUserNotFound, ""},
	{"UserNotConfirmed", "", byAny, ErrNotConfirmed, ""},
	{"PasswordResetRequired", "", byAny, ErrPasswordReset, ""},

	{"CodeMismatch", "", byAny, ErrCodeMismatch, ""},
	{"EnableSoftwareTokenMFA", "", byAny, ErrCodeMismatch, ""},
	{"ExpiredCode", "request a code again", byAny, ErrSessionExpired, ""},
	{"ExpiredCode", "", byAny, ErrCodeUsed, ""},
	{"InvalidPassword", "", byAny, ErrPasswordPolicy, ""},
	{"PasswordHistoryPolicyViolation", "", byAny, ErrPasswordPolicy, ""},
	{"AliasExists", "", byAny, ErrAttribute, ""},
	{"SoftwareTokenMFANotFound", "enabled by the userpool", byAny, ErrTOTPDisabled, ""},
	{"SoftwareTokenMFANotFound", "", byAny, ErrNotEnrolled, ""},
	{"RefreshTokenReuse", "", byAny, ErrRefreshToken, ""},
	{"UnsupportedTokenType", "", byAny, ErrRefreshToken, ""},

	{"InvalidParameter", "turn on sms", byAny, ErrAttribute, "the user has no phone number"},
	{"InvalidParameter", "turn on email", byAny, ErrAttribute, "the user has no email address"},
	{"InvalidParameter", "delivery config", byAny, ErrNotEnrolled, ""},
	{"InvalidParameter", "not verified software token", byAny, ErrNotEnrolled, ""},
	{"InvalidParameter", "not set up software token", byAny, ErrNotEnrolled, ""},
	{"InvalidParameter", "at 'session'", byAny, ErrSessionExpired, ""},
	{"InvalidParameter", "required parameter session", byAny, ErrSessionExpired, ""},
	{"InvalidParameter", "at 'accesstoken'", byAny, ErrAccessToken, ""},
	{"InvalidParameter", "at 'refreshtoken'", byAny, ErrRefreshToken, ""},
	{"InvalidParameter", "at 'token'", byRefresh, ErrRefreshToken, ""},
	{"InvalidParameter", "at 'usercode'", byAny, ErrCodeMismatch, ""},
	{"InvalidParameter", "at 'friendlydevicename'", byAny, ErrAttribute, "the device name is too long"},
	{"InvalidParameter", "at 'devicename'", byAny, ErrAttribute, "the device name is too long"},
	{"InvalidParameter", "device key", byAny, ErrDevice, ""},
	{"InvalidParameter", "at 'devicekey'", byAny, ErrDevice, ""},
	{"InvalidParameter", "at 'username'", byPassword, ErrCredentials, ""},
	{"InvalidParameter", "at 'username'", byIAM, ErrUserNotFound, ""},
	{"InvalidParameter", "not enabled for", byAny, ErrConfig, hintFlow},
	{"InvalidParameter", "initiate auth method", byAny, ErrConfig, hintFlow},
	{"InvalidParameter", "password", byPassword, ErrCredentials, ""},
	{"InvalidParameter", "secret_hash", byAny, ErrSecretHash, ""},
	{"InvalidParameter", "secret hash", byAny, ErrSecretHash, ""},
	{"InvalidParameter", "acr", byLevel, ErrLevel, ""},
	{"InvalidParameter", "client", byAny, ErrConfig, hintClient},
	{"InvalidParameter", "pool", byAny, ErrConfig, hintPool},
	{"InvalidParameter", "attribute", bySession, ErrAttribute, ""},
	// What is refused about a level is not documented.
	{"InvalidParameter", "", byLevel, ErrLevel, ""},
	// What is left of an answer that carries the user's input is about that input.
	{"InvalidParameter", "password", byInput, ErrPasswordPolicy, ""},
	{"InvalidParameter", "", byInput, ErrAttribute, ""},
	{"InvalidParameter", "", byAny, ErrConfig, hintOther},

	{"TooManyRequests", "", byAny, ErrThrottled, ""},
	{"LimitExceeded", "", byAny, ErrThrottled, ""},
	{"ConcurrentModification", "", byAny, ErrThrottled, ""},
	{"TooManyFailedAttempts", "", byAny, ErrTooManyAttempts, ""},
	{"Throttling", "", byAny, ErrThrottled, ""},
	{"Throttled", "", byAny, ErrThrottled, ""},
	{"RequestLimitExceeded", "", byAny, ErrThrottled, ""},
	{"InternalError", "", byAny, ErrUnavailable, ""},

	{"Forbidden", "", byAny, ErrRejected, ""},
	{"UserLambdaValidation", "", byAny, ErrRejected, ""},
	{"InvalidLambdaResponse", "", byAny, ErrConfig, hintTrigger},
	// A trigger that was too slow or throttled may be quicker the next time.
	{"UnexpectedLambda", "timeout", byAny, ErrUnavailable, hintTrigger},
	{"UnexpectedLambda", "timed out", byAny, ErrUnavailable, hintTrigger},
	{"UnexpectedLambda", "toomanyrequests", byAny, ErrUnavailable, hintTrigger},
	{"UnexpectedLambda", "throttl", byAny, ErrUnavailable, hintTrigger},
	{"UnexpectedLambda", "", byAny, ErrConfig, hintTrigger},
	{"InvalidEmailRoleAccessPolicy", "", byAny, ErrConfig, hintMessage},
	{"InvalidSmsRoleAccessPolicy", "", byAny, ErrConfig, hintMessage},
	{"InvalidSmsRoleTrustRelationship", "", byAny, ErrConfig, hintMessage},
	{"CodeDeliveryFailure", "", byAny, ErrConfig, hintMessage},
	{"InvalidUserPoolConfiguration", "", byAny, ErrConfig, hintOther},
	{"MFAMethodNotFound", "", byAny, ErrConfig, hintMFA},
	{"FeatureUnavailableInTier", "", byAny, ErrConfig, hintTier},
	{"OperationNotEnabled", "", byAny, ErrConfig, hintReplica},
	{"ResourceNotFound", "device", byAny, ErrDevice, ""},
	{"DeviceKeyExists", "", byAny, ErrDevice, "it is confirmed already"},
	{"ResourceNotFound", "client", byAny, ErrConfig, hintClient},
	{"ResourceNotFound", "", byAny, ErrConfig, hintPool},
	{"Unauthorized", "", byRefresh, ErrSecretHash, ""},
	{"UnsupportedOperation", "", byRefresh, ErrConfig, hintRevoke},
	{"UnsupportedOperation", "", byAny, ErrConfig, hintOther},
	{"AccessDenied", "", byAny, ErrConfig, hintRight},
	{"UnrecognizedClient", "", byAny, ErrConfig, hintKeys},
	{"InvalidClientTokenId", "", byAny, ErrConfig, hintKeys},
	{"InvalidSignature", "", byAny, ErrConfig, hintKeys},
	{"IncompleteSignature", "", byAny, ErrConfig, hintKeys},
	{"MissingAuthenticationToken", "", byAny, ErrConfig, hintUnsigned},
	{"ExpiredToken", "", byAny, ErrConfig, hintKeys},
	{"UnknownOperation", "", byAny, ErrConfig, hintSDK},
}

// foreign reports whether an error response is not Cognito's, whose codes are words: it may be a
// proxy's. What such a response says must not get into a log.
func foreign(api smithy.APIError) bool {
	const longest = 64
	code := api.ErrorCode()
	notLetter := func(r rune) bool { return (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) }
	unnamed := code == "" || code == "UnknownError" // The SDK's, for want of a name.
	return unnamed || len(code) > longest || strings.ContainsFunc(code, notLetter)
}

// fail makes an [*Error] of the one that a call returned.
func (cl *call) fail(ctx context.Context, err error) error {
	e := &Error{Op: cl.op, Err: err}
	var api smithy.APIError
	switch {
	case cl.limited && !cl.lost && !errors.As(err, &api):
		e.Kind, e.hint = ErrThrottled, "the SDK client's own rate limit"
	case ctx.Err() != nil && !errors.As(err, &api):
		// The caller has given up: no failure of Cognito's.
		e.Kind, e.hint, e.step = ErrUnavailable, ctx.Err().Error(), StepBackOff
	case cl.unsent():
		e.hint, e.Kind = notSent(err)
	case errors.As(err, &api):
		e.hint, e.Kind = cl.classify(err, api)
	default:
		e.Kind, e.hint = ErrUnavailable, reason(err)
	}
	if cl.lost && errors.Is(e.Kind, ErrThrottled) { // Only the last try was certainly not applied.
		e.Kind, e.hint = ErrUnavailable, "an earlier response was lost, then Cognito refused for now"
	}
	if !errors.Is(e.Kind, ErrUnavailable) || cl.unsent() || notApplied(err) && !cl.lost {
		return e
	}
	if cl.single && cl.by&bySession != 0 {
		e.step = StepStartOver // The caller's session may be used up.
	}
	if cl.ifLost != "" {
		e.hint += "; " + cl.ifLost
	}
	return e
}

// classify looks up an error that Cognito responded with.
func (cl *call) classify(err error, api smithy.APIError) (hint string, kind error) {
	if foreign(api) {
		return "the response is not Cognito's", ErrUnavailable
	}
	code := strings.TrimSuffix(api.ErrorCode(), "Exception")
	message := strings.ToLower(api.ErrorMessage())
	for _, r := range rules {
		if r.code == code && r.by&cl.by != 0 && strings.Contains(message, r.message) {
			return cl.fill(r.hint, err), r.kind
		}
	}
	if answeredByFault(err, api) {
		return "Cognito failed", ErrUnavailable
	}
	return cl.fill(hintOther, err), ErrConfig
}

// fill puts the operation and the flow into a hint.
func (cl *call) fill(hint string, err error) string {
	if !strings.Contains(hint, "{") {
		return hint
	}
	operation := "the call"
	var op *smithy.OperationError
	if errors.As(err, &op) {
		operation = op.OperationName
	}
	return strings.NewReplacer("{operation}", operation, "{flow}", cl.flow).Replace(hint)
}

// notSent says why a call never left this process: the credentials or the SDK client's settings.
func notSent(err error) (hint string, kind error) {
	var invalid *smithy.InvalidParamsError
	var send *smithyhttp.RequestSendError
	var api smithy.APIError
	switch {
	case errors.As(err, &invalid):
		return "the SDK refused the call as incomplete", ErrConfig
	case errors.As(err, &api) && answeredByFault(err, api),
		errors.As(err, &send) && !notApplied(err):
		return "the AWS credentials could not be refreshed", ErrUnavailable
	}
	return "the call could not be signed or sent: " +
		"check the AWS credentials and the SDK client's Region and endpoint", ErrConfig
}

// reason says in words of this package why no usable response arrived. The error's own text may
// quote what the server sent.
func reason(err error) string {
	var timeout net.Error
	var dns *net.DNSError
	var op *net.OpError
	var unreadable *smithy.DeserializationError
	switch {
	case errors.Is(err, context.Canceled):
		return "the request was canceled"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "a time limit was exceeded"
	case errors.As(err, &dns):
		return "the host name could not be resolved"
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection could be made"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the response was complete"
	case errors.As(err, &unreadable):
		return "the response is unreadable"
	}
	return "the request failed on the way"
}

// answeredByFault reports whether Cognito's error says that Cognito itself failed.
func answeredByFault(err error, api smithy.APIError) bool {
	var response *smithyhttp.ResponseError
	return api.ErrorFault() == smithy.FaultServer ||
		errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError
}

// unusable is the error of a call that Cognito responded to with less than it has to say.
func (cl *call) unusable(what string) error {
	e := &Error{Op: cl.op, Kind: ErrUnavailable, hint: what}
	if cl.single && cl.by&bySession != 0 {
		e.step = StepStartOver
	}
	return e
}

// refuse is the error of a call that is not made.
func (cl *call) refuse(kind error, hint string) error {
	return &Error{Op: cl.op, Kind: kind, hint: hint}
}

// ready returns an error if a challenge cannot be answered: a forged or empty one, which names no
// user, or if the caller has given up, while it is certain that the session is still good.
func (cl *call) ready(ctx context.Context, username string) error {
	if username == "" {
		return cl.noSession()
	}
	if err := ctx.Err(); err != nil {
		return &Error{
			Op: cl.op, Kind: ErrUnavailable, Err: err, hint: err.Error(), step: StepBackOff,
		}
	}
	return nil
}

// noSession is the error of a call whose challenge is nil, or has no session or user.
func (cl *call) noSession() error { return cl.refuse(ErrSessionExpired, "") }
