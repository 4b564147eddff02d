package cognitomfa

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// The kinds of error, to be told apart with [errors.Is]. [NextStep] says of each what the caller can do.
var (
	// ErrCredentials: the password is wrong or there is no such user; which of the two is not told. Ask for both again.
	ErrCredentials = errors.New("wrong user name or password")
	// ErrTooManyAttempts: Cognito has locked the user out for a while, a second at first and up to about 15 minutes, after failed
	// attempts. Even the right password is refused meanwhile. Let the user wait.
	ErrTooManyAttempts = errors.New("too many failed attempts; wait before the next")
	// ErrUserDisabled: an administrator has disabled the user.
	ErrUserDisabled = errors.New("the user is disabled")
	// ErrPasswordReset: the user must reset the password, or have the expired temporary one replaced, before he can sign in.
	ErrPasswordReset = errors.New("the password must be reset first")
	// ErrNotConfirmed: the user has not finished signing up.
	ErrNotConfirmed = errors.New("the user is not confirmed yet")
	// ErrPasswordPolicy: the new password breaks the pool's rules or was used before. Ask for another; the challenge is still good.
	ErrPasswordPolicy = errors.New("the new password does not conform with the password policy")
	// ErrAttribute: an attribute that came with the new password, or should have come, is missing, malformed, taken by somebody
	// else, or not to be changed. Ask again; the challenge is still good.
	ErrAttribute = errors.New("a user attribute is missing, malformed, taken or not to be changed")

	// ErrCodeMismatch: the code is wrong, or no code at all. Ask for it again; challenge and enrolment are still good.
	ErrCodeMismatch = errors.New("the code is wrong")
	// ErrCodeUsed: the code was right, but has been spent already. The next one, half a minute later at most, will do.
	ErrCodeUsed = errors.New("the code was used already; wait for the next one")
	// ErrMethod: the chosen method is none of those that Cognito offered. Choose one of the challenge's Methods.
	ErrMethod = errors.New("the method was not offered")

	// ErrSessionExpired: the challenge's session has expired, or Cognito does not know it. Sign in again.
	ErrSessionExpired = errors.New("the sign-in session is not valid any more; sign in again")
	// ErrSessionUsed: the challenge was answered already. Sign in again.
	ErrSessionUsed = errors.New("the sign-in session was used already; sign in again")
	// ErrAccessToken: the access token is expired, revoked or none at all. Refresh it or sign in again.
	ErrAccessToken = errors.New("the access token is not valid")
	// ErrRefreshToken: the refresh token is expired, revoked, exchanged already or none at all. Sign in again.
	ErrRefreshToken = errors.New("the refresh token is not valid; sign in again")
	// ErrMissingScope: the access token lacks the scope aws.cognito.signin.user.admin, as tokens from managed login do unless the
	// app client is given that scope.
	ErrMissingScope = errors.New("the access token lacks the scope aws.cognito.signin.user.admin")

	// ErrNotEnrolled: the user has no authenticator to verify, enable or reset. Enroll first.
	ErrNotEnrolled = errors.New("no authenticator is enrolled")
	// ErrNotEnabled: the code was right and the authenticator is registered, but the call that switches MFA on failed, for the
	// reason that the error wraps. Call [Client.Enable], as soon as NextStep says; no new code is needed.
	ErrNotEnabled = errors.New("the authenticator is registered, but MFA is not switched on yet")
	// ErrTOTPDisabled: the pool does not have TOTP switched on.
	ErrTOTPDisabled = errors.New("the user pool does not have TOTP enabled")
	// ErrMFARequired: the pool demands MFA of everybody, so that it cannot be switched off for one user.
	ErrMFARequired = errors.New("the user pool requires MFA")
	// ErrUserNotFound: the pool has no user of that name. Only ResetTOTP tells; a sign-in says ErrCredentials.
	ErrUserNotFound = errors.New("no such user")

	// ErrSecretHash: Config.ClientSecret is missing, wrong, or given for a client that has none.
	ErrSecretHash = errors.New("the app client's secret is missing or wrong")
	// ErrConfig: pool, app client, IAM rights or call are not as they must be. The wrapped error tells the operator more.
	ErrConfig = errors.New("the service or its user pool is configured wrongly")
	// ErrRejected: a Lambda trigger of the pool or an AWS WAF rule refused the request.
	ErrRejected = errors.New("the request was rejected by the user pool's own rules")
	// ErrThrottled: a request quota is used up. Wait, longer each time, and do the same again.
	ErrThrottled = errors.New("too many requests; back off")
	// ErrUnavailable: Cognito could not be reached, failed, or its answer got lost on the way, so that the call may have been applied or
	// not. NextStep knows which calls may be made again.
	ErrUnavailable = errors.New("no usable answer from Cognito")
)

// Error is the type of every error that a [Client] returns. Its text names the operation, the kind and Cognito's error code, and holds no
// user name, no input and no secret, so that it may be logged. Cognito's own message, which may hold all of these, is reached with
// errors.As and a *smithy.GenericAPIError, smithy.APIError or one of the SDK's types.
type Error struct {
	// Op is the operation, such as "verify" or "sign in".
	Op string
	// Kind is one of the Err… variables, or nil where none fits.
	Kind error
	// Err is the cause, as the SDK returned it; nil if no call was made.
	Err error

	step Step
}

// Error describes what failed in which operation, in one line.
func (e *Error) Error() string {
	text := "cognitomfa: " + e.Op
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	var inner *Error
	var api smithy.APIError
	switch {
	case e.Err == nil, errors.Is(e.Kind, ErrCredentials):
		// Cognito's code would tell an unknown user from a wrong password.
	case errors.As(e.Err, &inner):
		text += ": " + strings.TrimPrefix(inner.Error(), "cognitomfa: ")
	case errors.As(e.Err, &api):
		text += " (" + api.ErrorCode() + ")"
	default:
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Kind and Err, for [errors.Is] and [errors.As].
func (e *Error) Unwrap() []error {
	causes := make([]error, 0, 2)
	if e.Kind != nil {
		causes = append(causes, e.Kind)
	}
	if e.Err != nil {
		causes = append(causes, e.Err)
	}
	return causes
}

// Step is what a caller can do after an error.
type Step string

// The steps that [NextStep] returns.
const (
	// StepSameChallenge: ask the user again and repeat the call with the same challenge, or access token.
	StepSameChallenge Step = "same-challenge"
	// StepNextCode: let the user wait for the next code, then repeat the call with the same challenge, or access token.
	StepNextCode Step = "next-code"
	// StepStartOver: begin again: sign in, or enroll where that was what failed.
	StepStartOver Step = "start-over"
	// StepBackOff: wait, longer each time, and make the same call again.
	StepBackOff Step = "back-off"
	// StepGiveUp: repeating does not help; the user, an administrator or the operator must change something first.
	StepGiveUp Step = "give-up"
)

// NextStep says what the caller can do after err, an error from this package. It is "" for nil and StepGiveUp for errors of any other origin.
func NextStep(err error) Step {
	if err == nil {
		return ""
	}
	var e *Error
	if !errors.As(err, &e) {
		return StepGiveUp
	}
	if e.step != "" {
		return e.step
	}
	if errors.Is(e.Kind, ErrNotEnabled) {
		return NextStep(e.Err)
	}
	for _, s := range [...]struct {
		kind error
		step Step
	}{
		{ErrCodeMismatch, StepSameChallenge},
		{ErrPasswordPolicy, StepSameChallenge},
		{ErrAttribute, StepSameChallenge},
		{ErrMethod, StepSameChallenge},
		{ErrCodeUsed, StepNextCode},
		{ErrCredentials, StepStartOver},
		{ErrSessionExpired, StepStartOver},
		{ErrSessionUsed, StepStartOver},
		{ErrAccessToken, StepStartOver},
		{ErrRefreshToken, StepStartOver},
		{ErrNotEnrolled, StepStartOver},
		{ErrThrottled, StepBackOff},
		{ErrTooManyAttempts, StepBackOff},
		{ErrUnavailable, StepBackOff},
	} {
		if errors.Is(e.Kind, s.kind) {
			return s.step
		}
	}
	return StepGiveUp
}
