package cognitomfa

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// kind is what went wrong, and what the caller can do about it.
type kind struct {
	text string
	step Step
}

// Error describes the kind.
func (k *kind) Error() string { return k.text }

// The kinds of error, for [errors.Is]. [NextStep] returns what the caller can do about each.
var (
	// ErrCredentials means that the password is wrong or that there is no such user. The error's
	// text does not tell which. Detail and Err do if the app client reveals it
	// (PreventUserExistenceErrors): show neither to the user. Ask for both again.
	ErrCredentials error = &kind{"wrong user name or password", StepStartOver}
	// ErrTooManyAttempts means that Cognito has locked the user out after failed attempts, for a
	// second at first and up to about 15 minutes. It refuses even the right password meanwhile. Ask
	// the user to wait.
	ErrTooManyAttempts error = &kind{
		"too many failed attempts; wait before the next one", StepBackOff,
	}
	// ErrUserDisabled means that an administrator has disabled the user.
	ErrUserDisabled error = &kind{"the user is disabled", StepGiveUp}
	// ErrPasswordReset means that users must reset their password, or have an expired temporary
	// password replaced, before they can sign in. The SDK's ForgotPassword starts a reset.
	ErrPasswordReset error = &kind{"the password must be reset first", StepGiveUp}
	// ErrNotConfirmed means that the user has not finished signing up. The SDK's ConfirmSignUp
	// finishes it.
	ErrNotConfirmed error = &kind{"the user has not been confirmed", StepGiveUp}
	// ErrPasswordPolicy means that the new password breaks the pool's rules or was used before. Ask
	// for another one; the challenge is still good.
	ErrPasswordPolicy error = &kind{
		"the new password breaks the password policy", StepSameChallenge,
	}
	// ErrAttribute means that a user attribute, such as the email address, is missing, malformed,
	// taken by another user, or not to be changed. Ask again; the challenge is still good.
	ErrAttribute error = &kind{
		"a user attribute is missing, malformed, taken or read-only", StepSameChallenge,
	}

	// ErrCodeMismatch means that the code is wrong or malformed. Ask again; the challenge or the
	// enrollment is still good. When it keeps coming back from Verify, the authenticator app may
	// hold an older key: call Enroll again and show the new QR code.
	ErrCodeMismatch error = &kind{"the code is wrong", StepSameChallenge}
	// ErrCodeUsed means that the code was correct but has been used before: each is single use. The
	// app shows the next one within 30 seconds.
	ErrCodeUsed error = &kind{"the code was already used; wait for the next one", StepNextCode}
	// ErrMethod means that the chosen method is none of those offered. Choose another.
	ErrMethod error = &kind{"the method is not one of those offered", StepSameChallenge}

	// ErrSessionExpired means that the challenge's session has expired or that Cognito does not
	// know it. Sign in again.
	ErrSessionExpired error = &kind{
		"the sign-in session is not valid any more; sign in again", StepStartOver,
	}
	// ErrSessionUsed means that the challenge has been answered already. Sign in again.
	ErrSessionUsed error = &kind{
		"the sign-in session was already used; sign in again", StepStartOver,
	}
	// ErrAccessToken means that the access token has expired, was revoked, or is not one. Refresh
	// it or sign in again.
	ErrAccessToken error = &kind{"the access token is not valid", StepStartOver}
	// ErrRefreshToken means that the refresh token has expired, was revoked or exchanged, or is not
	// one. Sign in again. With refresh-token rotation, see [Client.Refresh] first.
	ErrRefreshToken error = &kind{"the refresh token is not valid; sign in again", StepStartOver}
	// ErrMissingScope means that the access token lacks the scope aws.cognito.signin.user.admin.
	// Tokens from managed login lack it unless the app client is given that scope.
	ErrMissingScope error = &kind{
		"the access token lacks the scope aws.cognito.signin.user.admin", StepGiveUp,
	}
	// ErrDevice means that Cognito does not know the remembered device. Drop it and sign in without
	// it. SignIn does so by itself. From RememberDevice it means that the tokens name no device to
	// remember; NextStep is then StepGiveUp.
	ErrDevice error = &kind{"the remembered device is not known; sign in without it", StepStartOver}
	// ErrLevel means that Cognito refused the authentication level: the user cannot reach it with
	// the factors that are set up, or has reached it already, or the pool has no such level.
	// [Error.Detail] has Cognito's own sentence. Compare the token's level before asking, and offer
	// to enroll.
	ErrLevel error = &kind{
		"the authentication level cannot be reached, or is reached already", StepGiveUp,
	}

	// ErrNotEnrolled means that the user has no authenticator to verify or enable. Enroll first.
	// From ResetTOTP it means that there was nothing to reset.
	ErrNotEnrolled error = &kind{"no authenticator is enrolled", StepStartOver}
	// ErrNotEnabled means that the code was correct and the authenticator is registered, but that
	// the call that turns MFA on failed, for the reason that the error wraps. Call [Client.Enable]
	// as soon as NextStep allows; it needs no new code.
	ErrNotEnabled error = &kind{"the authenticator is registered, but MFA is not turned on yet", ""}
	// ErrTOTPDisabled means that TOTP is not enabled for the user pool.
	ErrTOTPDisabled error = &kind{"TOTP is not enabled for the user pool", StepGiveUp}
	// ErrMFARequired means that the pool requires MFA and that the user would have no method left.
	ErrMFARequired error = &kind{
		"the user pool requires MFA, and no other method is left", StepGiveUp,
	}
	// ErrUserNotFound means that the pool has no such user. Only the administrator's calls say so;
	// a sign-in says ErrCredentials.
	ErrUserNotFound error = &kind{"no such user", StepGiveUp}

	// ErrSecretHash means that Config.ClientSecret is missing, wrong, or set for an app client that
	// has no secret.
	ErrSecretHash error = &kind{
		"the app client's secret is missing or wrong; check Config.ClientSecret", StepGiveUp,
	}
	// ErrConfig means that the operator has to change something in the user pool, the app client,
	// the IAM policy or the settings of this process. The error's text says what.
	ErrConfig error = &kind{"the service is misconfigured", StepGiveUp}
	// ErrRejected means that a Lambda trigger of the pool or an AWS WAF rule refused the request.
	// [Error.Detail] has the trigger's own message.
	ErrRejected error = &kind{"a Lambda trigger or AWS WAF refused the request", StepGiveUp}
	// ErrThrottled means that a request quota is used up, Cognito's or the SDK client's own. The
	// call was certainly not applied. Wait, longer each time, and make it again.
	ErrThrottled error = &kind{"too many requests; back off", StepBackOff}
	// ErrUnavailable means that Cognito could not be reached, failed, or that its response was
	// lost, so the call may or may not have been applied. NextStep knows which calls can be made
	// again.
	ErrUnavailable error = &kind{"no usable response from Cognito", StepBackOff}
)

// Error is the type of every error of a [Client], of New and of the Parse functions. Its text is
// one line that names the operation, the kind and Cognito's error code, and for [ErrConfig] what to
// change. It can be logged: it contains no user name, no input and no secret, and of what the
// server sent only the error code.
type Error struct {
	// Op is the operation, such as "verify" or "sign in".
	Op string
	// Kind is one of the Err… variables.
	Kind error
	// Err is the cause: what the SDK returned, the context's error if it had ended before the call,
	// or, for ErrNotEnabled, the *Error of Enable. It is nil if this package itself refused an
	// argument or could not use a response. Its text may contain what the user typed and what the
	// server sent.
	Err error

	step Step   // what to do where the kind alone does not say
	hint string // what to change, or why
}

// Error describes in one line what failed in which operation.
func (e *Error) Error() string {
	text := "cognitomfa: " + e.Op
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	if e.hint != "" {
		text += ": " + e.hint
	}
	var inner *Error
	var api smithy.APIError
	switch {
	case errors.Is(e.Kind, ErrCredentials):
		// Cognito's code would tell an unknown user from a wrong password.
	case errors.As(e.Err, &inner):
		text += ": " + strings.TrimPrefix(inner.Error(), "cognitomfa: ")
	case errors.As(e.Err, &api) && !foreign(api):
		text += " (" + api.ErrorCode() + ")"
	}
	return text
}

// Detail returns Cognito's own sentence, or that of the pool's Lambda trigger; "" if there is none.
// It may contain user input: do not log it with the rest. Show it to an operator or, unless the
// kind is [ErrCredentials], to the user who sent the input.
func (e *Error) Detail() string {
	var api smithy.APIError
	if errors.As(e.Err, &api) {
		return api.ErrorMessage()
	}
	return ""
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
	// StepSameChallenge: ask the user again and repeat the call with the same challenge or access
	// token.
	StepSameChallenge Step = "same-challenge"
	// StepNextCode: let the user wait for the next code, then repeat the call with it.
	StepNextCode Step = "next-code"
	// StepStartOver: begin again: sign in, or enroll if that was what failed.
	StepStartOver Step = "start-over"
	// StepBackOff: wait, longer each time, and make the same call again.
	StepBackOff Step = "back-off"
	// StepGiveUp: repeating does not help. The user, an administrator or the operator must change
	// something first.
	StepGiveUp Step = "give-up"
)

// NextStep returns what the caller can do after err, an error from this package. It is "" for nil,
// and StepGiveUp for errors of any other origin.
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
	var k *kind
	switch {
	case errors.Is(e.Kind, ErrNotEnabled):
		return NextStep(e.Err)
	case errors.As(e.Kind, &k):
		return k.step
	}
	return StepGiveUp
}
