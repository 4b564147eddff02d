package cognitomfa

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// authority is what entitles a call, and so what is at fault when Cognito says no more than "not authorized".
type authority int

const (
	byPassword authority = 1 << iota
	bySession
	byToken
	byRefresh
	byIAM
	byAny = byPassword | bySession | byToken | byRefresh | byIAM
)

// call is one operation of the client, as errors see it.
type call struct {
	op string
	by authority
}

// rule maps an error code, and where only the message tells mishaps apart a part of the message, to a kind.
type rule struct {
	code    string // without the suffix "Exception"
	message string // part of Cognito's message, in lower case; "" fits all
	by      authority
	kind    error
}

// rules are tried in turn; the first that fits counts. Cognito's messages are no contract, so that a code's last rules fit any message. It is
// a function because a table would be filled when the program starts.
func rules() []rule {
	return []rule{
		{"NotAuthorized", "incorrect username or password", byAny, ErrCredentials},
		{"NotAuthorized", "password attempts exceeded", byAny, ErrTooManyAttempts},
		{"NotAuthorized", "user is disabled", byAny, ErrUserDisabled},
		{"NotAuthorized", "temporary password has expired", byAny, ErrPasswordReset},
		{"NotAuthorized", "user account has expired", byAny, ErrPasswordReset},
		{"NotAuthorized", "can only be used once", byAny, ErrSessionUsed},
		{"NotAuthorized", "invalid session", byAny, ErrSessionExpired},
		{"NotAuthorized", "secret hash", byAny, ErrSecretHash},
		{"NotAuthorized", "secrethash", byAny, ErrSecretHash},
		{"NotAuthorized", "secret_hash", byAny, ErrSecretHash},
		{"NotAuthorized", "configured for secret", byAny, ErrSecretHash},
		{"NotAuthorized", "required scopes", byAny, ErrMissingScope},
		{"NotAuthorized", "access token", byAny, ErrAccessToken},
		{"NotAuthorized", "refresh token", byAny, ErrRefreshToken},
		{"NotAuthorized", "modify an already provided", bySession, ErrAttribute},
		{"NotAuthorized", "unauthorized attribute", bySession, ErrAttribute},
		{"NotAuthorized", "", byPassword, ErrCredentials},
		{"NotAuthorized", "", bySession, ErrSessionExpired},
		{"NotAuthorized", "", byToken, ErrAccessToken},
		{"NotAuthorized", "", byRefresh, ErrRefreshToken},
		{"NotAuthorized", "", byIAM, ErrConfig},

		{"UserNotFound", "", byPassword, ErrCredentials},
		{"UserNotFound", "", bySession, ErrSessionExpired},
		{"UserNotFound", "", byToken, ErrAccessToken},
		{"UserNotFound", "", byRefresh, ErrRefreshToken},
		{"UserNotFound", "", byIAM, ErrUserNotFound},
		{"UserNotConfirmed", "", byAny, ErrNotConfirmed},
		{"PasswordResetRequired", "", byAny, ErrPasswordReset},

		{"CodeMismatch", "", byAny, ErrCodeMismatch},
		{"EnableSoftwareTokenMFA", "", byAny, ErrCodeMismatch},
		{"ExpiredCode", "request a code again", byAny, ErrSessionExpired},
		{"ExpiredCode", "", byAny, ErrCodeUsed},
		{"InvalidPassword", "", byAny, ErrPasswordPolicy},
		{"PasswordHistoryPolicyViolation", "", byAny, ErrPasswordPolicy},
		{"AliasExists", "", byAny, ErrAttribute},
		{"SoftwareTokenMFANotFound", "enabled by the userpool", byAny, ErrTOTPDisabled},
		{"SoftwareTokenMFANotFound", "", byAny, ErrNotEnrolled},
		{"RefreshTokenReuse", "", byAny, ErrRefreshToken},
		{"UnsupportedTokenType", "", byAny, ErrRefreshToken},

		{"InvalidParameter", "delivery config", byAny, ErrNotEnrolled},
		{"InvalidParameter", "not verified software token", byAny, ErrNotEnrolled},
		{"InvalidParameter", "not set up software token", byAny, ErrNotEnrolled},
		{"InvalidParameter", "at 'session'", byAny, ErrSessionExpired},
		{"InvalidParameter", "required parameter session", byAny, ErrSessionExpired},
		{"InvalidParameter", "at 'accesstoken'", byAny, ErrAccessToken},
		{"InvalidParameter", "at 'refreshtoken'", byAny, ErrRefreshToken},
		{"InvalidParameter", "at 'token'", byRefresh, ErrRefreshToken},
		{"InvalidParameter", "at 'usercode'", byAny, ErrCodeMismatch},
		{"InvalidParameter", "at 'username'", byPassword, ErrCredentials},
		{"InvalidParameter", "at 'username'", byIAM, ErrUserNotFound},
		{"InvalidParameter", "at 'password'", byPassword, ErrCredentials},
		{"InvalidParameter", "attribute", bySession, ErrAttribute},
		{"InvalidParameter", "", byAny, ErrConfig},

		{"TooManyRequests", "", byAny, ErrThrottled},
		{"LimitExceeded", "", byAny, ErrThrottled},
		{"ConcurrentModification", "", byAny, ErrThrottled},
		{"TooManyFailedAttempts", "", byAny, ErrTooManyAttempts},
		{"Throttling", "", byAny, ErrThrottled},
		{"Throttled", "", byAny, ErrThrottled},
		{"RequestLimitExceeded", "", byAny, ErrThrottled},
		{"InternalError", "", byAny, ErrUnavailable},

		{"Forbidden", "", byAny, ErrRejected},
		{"UserLambdaValidation", "", byAny, ErrRejected},
		{"InvalidLambdaResponse", "", byAny, ErrConfig},
		{"UnexpectedLambda", "", byAny, ErrConfig},
		{"InvalidEmailRoleAccessPolicy", "", byAny, ErrConfig},
		{"InvalidSmsRoleAccessPolicy", "", byAny, ErrConfig},
		{"InvalidSmsRoleTrustRelationship", "", byAny, ErrConfig},
		{"InvalidUserPoolConfiguration", "", byAny, ErrConfig},
		{"MFAMethodNotFound", "", byAny, ErrConfig},
		{"OperationNotEnabled", "", byAny, ErrConfig},
		{"ResourceNotFound", "", byAny, ErrConfig},
		{"Unauthorized", "", byAny, ErrConfig},
		{"UnsupportedOperation", "", byAny, ErrConfig},
		{"AccessDenied", "", byAny, ErrConfig},
		{"UnrecognizedClient", "", byAny, ErrConfig},
		{"InvalidSignature", "", byAny, ErrConfig},
		{"IncompleteSignature", "", byAny, ErrConfig},
		{"MissingAuthenticationToken", "", byAny, ErrConfig},
		{"ExpiredToken", "", byAny, ErrConfig},
		{"UnknownOperation", "", byAny, ErrConfig},
	}
}

// fail makes an [*Error] of the one that a call came back with.
func (cl call) fail(err error) error {
	e := &Error{Op: cl.op, Err: err}
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		e.Kind = cl.kind(api)
		if e.Kind == nil && answeredByFault(err, api) {
			e.Kind = ErrUnavailable
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// The caller's own doing: the cause says all. What he may do next is as after a lost answer.
		e.step = StepBackOff
	case noAnswer(err):
		e.Kind = ErrUnavailable
	}
	if (e.Kind == nil || errors.Is(e.Kind, ErrUnavailable)) && cl.by == bySession && !notApplied(err) {
		// The session may be spent.
		e.step = StepStartOver
	}
	return e
}

// kind looks an error of Cognito's up in the rules.
func (cl call) kind(api smithy.APIError) error {
	code := strings.TrimSuffix(api.ErrorCode(), "Exception")
	message := strings.ToLower(api.ErrorMessage())
	for _, r := range rules() {
		if r.code == code && r.by&cl.by != 0 && strings.Contains(message, r.message) {
			return r.kind
		}
	}
	return nil
}

// noAnswer reports whether a call failed on the way to Cognito or back.
func noAnswer(err error) bool {
	var send *smithyhttp.RequestSendError
	var response *smithyhttp.ResponseError
	var unreadable *smithy.DeserializationError
	return errors.As(err, &send) || errors.As(err, &response) || errors.As(err, &unreadable)
}

// answeredByFault reports whether an error that Cognito answered with says that Cognito itself failed.
func answeredByFault(err error, api smithy.APIError) bool {
	var response *smithyhttp.ResponseError
	return api.ErrorFault() == smithy.FaultServer ||
		errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError
}

// ready returns an error when a call that spends a session cannot be made: without a session, or when the caller has given up already, while
// it is certain that the session is still good.
func (cl call) ready(ctx context.Context, session Secret) error {
	if session.Reveal() == "" {
		return cl.noSession()
	}
	if err := ctx.Err(); err != nil {
		return &Error{Op: cl.op, Err: err, step: StepBackOff}
	}
	return nil
}

// noSession is the error of a call whose challenge is nil or has no session.
func (cl call) noSession() error { return &Error{Op: cl.op, Kind: ErrSessionExpired} }
