package cognitomfa_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// authorizedBy has the kinds of errors that depend on what authorizes a call, because Cognito says
// only "not authorized" or "invalid".
type authorizedBy struct {
	notAuthorized, userNotFound, invalidParameter error
}

var (
	byPassword = authorizedBy{
		notAuthorized:    cognitomfa.ErrCredentials,
		userNotFound:     cognitomfa.ErrCredentials,
		invalidParameter: cognitomfa.ErrConfig,
	}
	bySession = authorizedBy{
		notAuthorized:    cognitomfa.ErrSessionExpired,
		userNotFound:     cognitomfa.ErrSessionExpired,
		invalidParameter: cognitomfa.ErrConfig,
	}
	// bySessionAndPassword is for an answer with a password.
	bySessionAndPassword = byPassword
	// bySessionAndInput is for an answer with other user input.
	bySessionAndInput = authorizedBy{
		notAuthorized:    cognitomfa.ErrSessionExpired,
		userNotFound:     cognitomfa.ErrSessionExpired,
		invalidParameter: cognitomfa.ErrAttribute,
	}
	byAccessToken = authorizedBy{
		notAuthorized:    cognitomfa.ErrAccessToken,
		userNotFound:     cognitomfa.ErrAccessToken,
		invalidParameter: cognitomfa.ErrConfig,
	}
	// byAccessTokenForLevel is for a level that the user may not be able to reach.
	byAccessTokenForLevel = authorizedBy{
		notAuthorized:    cognitomfa.ErrAccessToken,
		userNotFound:     cognitomfa.ErrAccessToken,
		invalidParameter: cognitomfa.ErrLevel,
	}
	byRefreshToken = authorizedBy{
		notAuthorized:    cognitomfa.ErrRefreshToken,
		userNotFound:     cognitomfa.ErrRefreshToken,
		invalidParameter: cognitomfa.ErrConfig,
	}
	byAdministrator = authorizedBy{
		notAuthorized:    cognitomfa.ErrConfig,
		userNotFound:     cognitomfa.ErrUserNotFound,
		invalidParameter: cognitomfa.ErrConfig,
	}
)

// clientCall is a call of the library that fails at one of the operations it calls.
type clientCall struct {
	operation string
	op        string // the value of Error.Op
	by        authorizedBy
	do        func(context.Context, *cognitomfa.Client) error
	// usesSession: after a lost response the caller starts over.
	usesSession bool
	// steps are next steps that differ from the usual one of the kind.
	steps map[error]cognitomfa.Step
}

// clientCalls lists the calls of the library with every operation they call.
var clientCalls = []clientCall{
	{operation: "AdminInitiateAuth", op: "sign in", by: byPassword, do: signInAlice},
	{operation: "InitiateAuth", op: "sign in", by: byPassword, do: signInAlice},
	{
		operation: "AdminInitiateAuth", op: "step up", by: byAccessTokenForLevel,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return errOf(c.StepUp(ctx, "alice", "token"))
		},
	},
	{
		operation: "AdminRespondToAuthChallenge", op: "respond mfa", by: bySession, do: respondMFA,
		usesSession: true,
	},
	{
		operation: "RespondToAuthChallenge", op: "respond mfa", by: bySession, do: respondMFA,
		usesSession: true,
	},
	{
		operation: "AdminRespondToAuthChallenge", op: "select mfa", by: bySession,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.SelectChallenge{Username: "alice", Session: session}
			return errOf(c.SelectMFA(ctx, ch, cognitomfa.MethodTOTP))
		},
		usesSession: true,
	},
	{
		operation: "AdminRespondToAuthChallenge", op: "set new password", by: bySessionAndInput,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.NewPasswordChallenge{Username: "alice", Session: session}
			return errOf(c.SetNewPassword(ctx, ch, newPassword, nil))
		},
		usesSession: true,
	},
	{
		operation: "AdminRespondToAuthChallenge", op: "setup email", by: bySessionAndInput,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
			return errOf(c.SetupEmail(ctx, ch, "alice@example.com"))
		},
		usesSession: true,
	},
	{
		operation: "AdminRespondToAuthChallenge", op: "respond password", by: bySessionAndPassword,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.PasswordChallenge{Username: "alice", Session: session}
			return errOf(c.RespondPassword(ctx, ch, password))
		},
		usesSession: true,
	},
	{
		operation: "AdminRespondToAuthChallenge", op: "respond", by: bySessionAndInput,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.OtherChallenge{Username: "alice", Session: session, Name: "NEW"}
			return errOf(c.Respond(ctx, ch, nil))
		},
		usesSession: true,
	},
	{
		operation: "AssociateSoftwareToken", op: "enroll", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return errOf(c.Enroll(ctx, "token"))
		},
	},
	{
		operation: "AssociateSoftwareToken", op: "enroll setup", by: bySession, usesSession: true,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
			return errOf(c.EnrollSetup(ctx, ch))
		},
	},
	{
		operation: "VerifySoftwareToken", op: "verify", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.Verify(ctx, "token", "123456")
		},
	},
	{
		operation: "VerifySoftwareToken", op: "verify setup", by: bySession, usesSession: true,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			ch := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
			return errOf(c.VerifySetup(ctx, ch, "123456"))
		},
	},
	{
		operation: "SetUserMFAPreference", op: "enable", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error { return c.Enable(ctx, "token") },
	},
	{
		operation: "SetUserMFAPreference", op: "set methods", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.SetMethods(ctx, "token", allMethods, "")
		},
	},
	{operation: "SetUserMFAPreference", op: "disable", by: byAccessToken, do: disable},
	{operation: "GetUserPoolMfaConfig", op: "disable", by: byAdministrator, do: disable},
	{operation: "GetUser", op: "disable", by: byAccessToken, do: disable},
	{
		operation: "GetUserPoolMfaConfig", op: "set methods", by: byAdministrator,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.SetMethods(ctx, "token", nil, "")
		},
	},
	{
		operation: "GetUser", op: "status", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return errOf(c.Status(ctx, "token"))
		},
	},
	{
		operation: "GetTokensFromRefreshToken", op: "refresh", by: byRefreshToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return errOf(c.Refresh(ctx, "token"))
		},
	},
	{
		operation: "RevokeToken", op: "revoke", by: byRefreshToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error { return c.Revoke(ctx, "token") },
	},
	{
		operation: "GlobalSignOut", op: "sign out", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.SignOut(ctx, "token")
		},
	},
	{
		operation: "ConfirmDevice", op: "remember device", by: byAccessToken, do: rememberDevice,
		steps: map[error]cognitomfa.Step{cognitomfa.ErrDevice: cognitomfa.StepGiveUp},
	},
	{operation: "UpdateDeviceStatus", op: "remember device", by: byAccessToken, do: rememberDevice},
	{
		operation: "ForgetDevice", op: "forget device", by: byAccessToken,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			err := c.ForgetDevice(ctx, "token", "key")
			if err == nil { // That the device is not known is no error.
				return &cognitomfa.Error{Op: "forget device", Kind: cognitomfa.ErrDevice}
			}
			return err
		},
	},
	{
		operation: "AdminDeleteSoftwareToken", op: "reset totp", by: byAdministrator,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.ResetTOTP(ctx, "alice")
		},
		steps: map[error]cognitomfa.Step{cognitomfa.ErrNotEnrolled: cognitomfa.StepGiveUp},
	},
	{
		operation: "AdminUserGlobalSignOut", op: "reset totp", by: byAdministrator,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.ResetTOTP(ctx, "alice", signOutToo)
		},
	},
	{
		operation: "AdminUserGlobalSignOut", op: "sign out user", by: byAdministrator,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return c.SignOutUser(ctx, "alice")
		},
	},
	{
		operation: "AdminGetUser", op: "user status", by: byAdministrator,
		do: func(ctx context.Context, c *cognitomfa.Client) error {
			return errOf(c.UserStatus(ctx, "alice"))
		},
	},
	{
		operation: "ListUsers", op: "users without mfa", by: byAdministrator,
		do: func(ctx context.Context, c *cognitomfa.Client) (last error) {
			for _, err := range c.UsersWithoutMFA(ctx) {
				last = err
			}
			return last
		},
	},
}

func callOf(operation, op string) clientCall {
	for _, call := range clientCalls {
		if call.operation == operation && call.op == op {
			return call
		}
	}
	panic("there is no " + op + " with " + operation)
}

func signInAlice(ctx context.Context, c *cognitomfa.Client) error {
	return errOf(c.SignIn(ctx, "alice", password))
}

func respondMFA(ctx context.Context, c *cognitomfa.Client) error {
	ch := &cognitomfa.MFAChallenge{Username: "alice", Session: session}
	return errOf(c.RespondMFA(ctx, ch, "123456"))
}

func disable(ctx context.Context, c *cognitomfa.Client) error { return c.Disable(ctx, "token") }

func rememberDevice(ctx context.Context, c *cognitomfa.Client) error {
	tokens := &cognitomfa.Tokens{
		Access: cognitomfa.NewSecret("token"), DeviceKey: "key", DeviceGroupKey: "group",
	}
	return errOf(c.RememberDevice(ctx, tokens, ""))
}

// succeeding has the responses to calls before the one that fails.
var succeeding = map[string]string{
	"GetUserPoolMfaConfig": `{"MfaConfiguration":"OPTIONAL"}`,
	"SetUserMFAPreference": `{}`,
	"ConfirmDevice":        `{"UserConfirmationNecessary":true}`,
}

// failWith makes a call, responds to its operation with an exception, and returns the error.
func failWith(
	t *testing.T, call clientCall, exception, message string, edits ...configEdit,
) *cognitomfa.Error {
	t.Helper()
	body, err := json.Marshal(map[string]string{"__type": exception, "message": message})
	require.NoError(t, err)
	responses := maps.Clone(succeeding)
	responses[call.operation] = string(body)
	var last string
	api := cannedHTTP{responses: responses, called: func(operation string) { last = operation }}
	public := call.operation == "InitiateAuth" || call.operation == "RespondToAuthChallenge"
	cfg := edited(edited(config, withPublic(public)), edits...)
	err = call.do(t.Context(), newClient(t, api.api(noRetries), cfg))
	require.Equal(t, call.operation, last, "%s: no operation is called after the failure", call.op)
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e, "%s, %s: %s", call.op, call.operation, exception)
	return e
}

// meanings maps exceptions to a kind and a next step, whatever the operation and the message.
// Exceptions that operations do not declare come from quotas, IAM and Cognito's front end.
var meanings = []struct {
	what       string
	kind       error
	step       cognitomfa.Step
	exceptions []string
}{
	{
		what: "the user mistyped the code",
		kind: cognitomfa.ErrCodeMismatch, step: cognitomfa.StepSameChallenge,
		exceptions: []string{"CodeMismatch", "EnableSoftwareTokenMFA"},
	},
	{
		what: "the user entered a code twice",
		kind: cognitomfa.ErrCodeUsed, step: cognitomfa.StepNextCode,
		exceptions: []string{"ExpiredCode"},
	},
	{
		what: "the user has to choose another password",
		kind: cognitomfa.ErrPasswordPolicy, step: cognitomfa.StepSameChallenge,
		exceptions: []string{"InvalidPassword", "PasswordHistoryPolicyViolation"},
	},
	{
		what: "the user has to enter another address",
		kind: cognitomfa.ErrAttribute, step: cognitomfa.StepSameChallenge,
		exceptions: []string{"AliasExists"},
	},
	{
		what: "the user has to sign in again",
		kind: cognitomfa.ErrRefreshToken, step: cognitomfa.StepStartOver,
		exceptions: []string{"RefreshTokenReuse", "UnsupportedTokenType"},
	},
	{
		what: "the user has to enroll first",
		kind: cognitomfa.ErrNotEnrolled, step: cognitomfa.StepStartOver,
		exceptions: []string{"SoftwareTokenMFANotFound"},
	},
	{
		what: "the user has to reset the password elsewhere",
		kind: cognitomfa.ErrPasswordReset, step: cognitomfa.StepGiveUp,
		exceptions: []string{"PasswordResetRequired"},
	},
	{
		what: "the user has to finish signing up elsewhere",
		kind: cognitomfa.ErrNotConfirmed, step: cognitomfa.StepGiveUp,
		exceptions: []string{"UserNotConfirmed"},
	},
	{
		what: "the user has to wait",
		kind: cognitomfa.ErrTooManyAttempts, step: cognitomfa.StepBackOff,
		exceptions: []string{"TooManyFailedAttempts"},
	},
	{
		what: "the service has to slow down",
		kind: cognitomfa.ErrThrottled, step: cognitomfa.StepBackOff,
		exceptions: []string{
			"TooManyRequests", "LimitExceeded", "ConcurrentModification",
			"Throttling", "Throttled", "RequestLimitExceeded",
		},
	},
	{
		what: "Cognito failed",
		kind: cognitomfa.ErrUnavailable, step: cognitomfa.StepBackOff,
		exceptions: []string{"InternalError"},
	},
	{
		what: "the device is already confirmed",
		kind: cognitomfa.ErrDevice, step: cognitomfa.StepStartOver,
		exceptions: []string{"DeviceKeyExists"},
	},
	{
		what: "a trigger or the firewall rejected the request",
		kind: cognitomfa.ErrRejected, step: cognitomfa.StepGiveUp,
		exceptions: []string{"UserLambdaValidation", "Forbidden"},
	},
	{
		what: "the operator has to change something",
		kind: cognitomfa.ErrConfig, step: cognitomfa.StepGiveUp,
		exceptions: []string{
			// The pool, the app client, or the plan.
			"ResourceNotFound", "OperationNotEnabled", "UnsupportedOperation", "MFAMethodNotFound",
			"FeatureUnavailableInTier", "InvalidUserPoolConfiguration", "UsernameExists",
			// Messages and triggers.
			"InvalidEmailRoleAccessPolicy", "InvalidSmsRoleAccessPolicy",
			"InvalidSmsRoleTrustRelationship", "CodeDeliveryFailure", "InvalidLambdaResponse",
			"UnexpectedLambda",
			// The credentials and the endpoint.
			"AccessDenied", "UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature",
			"IncompleteSignature", "MissingAuthenticationToken", "ExpiredToken", "UnknownOperation",
			// Exceptions that the library does not know.
			"BrandNew",
		},
	},
}

// Every exception of every call has a kind and a next step. The error's text omits Cognito's
// message, which may repeat user input.
func TestEveryExceptionOfEveryCall(t *testing.T) {
	t.Parallel()
	for _, call := range clientCalls {
		for _, m := range meanings {
			for _, exception := range m.exceptions {
				assertMeaning(t, call, exception, m.kind)
			}
		}
		assertMeaning(t, call, "NotAuthorized", call.by.notAuthorized)
		assertMeaning(t, call, "UserNotFound", call.by.userNotFound)
		assertMeaning(t, call, "InvalidParameter", call.by.invalidParameter)
	}
	// RevokeToken has its own exception for a wrong client secret.
	assertMeaning(t, callOf("RevokeToken", "revoke"), "Unauthorized", cognitomfa.ErrSecretHash)
}

func assertMeaning(t *testing.T, call clientCall, exception string, kind error) {
	t.Helper()
	const message = "Whatever Cognito says."
	at := call.op + ", " + call.operation + ": " + exception
	exception += "Exception"
	e := failWith(t, call, exception, message)
	step := cmp.Or(call.steps[kind], stepOf(t, kind))
	if errors.Is(kind, cognitomfa.ErrUnavailable) && call.usesSession {
		step = cognitomfa.StepStartOver
	}
	assert.Equal(t, call.op, e.Op, at)
	assert.Equal(t, kind, e.Kind, at)
	assert.Equal(t, step, cognitomfa.NextStep(e), at)
	assert.NotContains(t, e.Error(), message, at)
	if e.Err == nil {
		return
	}
	var api smithy.APIError
	require.ErrorAs(t, e, &api, at)
	assert.Equal(t, exception, api.ErrorCode())
	assert.Equal(t, message, e.Detail())
	if !errors.Is(kind, cognitomfa.ErrCredentials) { // The exception would tell who exists.
		assert.ErrorContains(t, e, "("+exception+")")
	}
}

// stepOf returns the next step for a kind. TestErrorsPageListsTheErrors checks the other kinds.
func stepOf(t *testing.T, kind error) cognitomfa.Step {
	t.Helper()
	for _, m := range meanings {
		if errors.Is(kind, m.kind) {
			return m.step
		}
	}
	step := cognitomfa.NextStep(&cognitomfa.Error{Kind: kind})
	require.NotEmpty(t, step)
	return step
}

// The tables above cover every operation that a client calls, and every exception that the
// operation declares.
func TestEveryDeclaredExceptionHasAMeaning(t *testing.T) {
	t.Parallel()
	known := []string{"NotAuthorized", "UserNotFound", "InvalidParameter", "Unauthorized"}
	for _, m := range meanings {
		known = append(known, m.exceptions...)
	}
	var called []string
	for _, call := range clientCalls {
		called = append(called, call.operation)
	}
	declared := declaredExceptions(t)
	api := reflect.TypeFor[cognitomfa.CognitoAPI]()
	for i := range api.NumMethod() {
		operation := api.Method(i).Name
		assert.Contains(t, called, operation)
		require.NotEmpty(t, declared[operation])
		for _, exception := range declared[operation] {
			assert.Contains(t, known, strings.TrimSuffix(exception, "Exception"), operation)
		}
	}
}

// declaredExceptions returns the exceptions of each operation in the service's API model.
func declaredExceptions(t *testing.T) map[string][]string {
	t.Helper()
	model, err := os.ReadFile("cognitotest/internal/model/model.tsv")
	require.NoError(t, err)
	declared := map[string][]string{}
	for line := range strings.Lines(string(model)) {
		columns := strings.Split(strings.TrimSpace(line), "\t")
		if columns[0] == "operation" {
			declared[columns[1]] = strings.Fields(columns[len(columns)-1])
		}
	}
	return declared
}

// Calls whose failures can only be told apart by Cognito's message.
var (
	signingIn    = callOf("AdminInitiateAuth", "sign in")
	publicSignIn = callOf("InitiateAuth", "sign in")
	answering    = callOf("AdminRespondToAuthChallenge", "respond mfa")
	settingPass  = callOf("AdminRespondToAuthChallenge", "set new password")
	enrolling    = callOf("AssociateSoftwareToken", "enroll")
	verifying    = callOf("VerifySoftwareToken", "verify")
	settingUp    = callOf("VerifySoftwareToken", "verify setup")
	enabling     = callOf("SetUserMFAPreference", "enable")
	asking       = callOf("GetUser", "status")
	refreshing   = callOf("GetTokensFromRefreshToken", "refresh")
	revoking     = callOf("RevokeToken", "revoke")
	resetting    = callOf("AdminDeleteSoftwareToken", "reset totp")
	remembering  = callOf("ConfirmDevice", "remember device")
)

// message is a response to a call. text is the exception without its suffix, a colon and the
// message.
type message struct {
	call clientCall
	text string
}

// invalid returns the message for a request that violates the API model.
func invalid(member, constraint string) string {
	return "InvalidParameter: 1 validation error detected: Value at '" + member +
		"' failed to satisfy constraint: Member must " + constraint
}

const (
	tokenPattern = "satisfy regular expression pattern: [A-Za-z0-9-_=.]+"
	tooLong      = "have length less than or equal to "
	noSecretHash = "Client 1example is configured with secret but SECRET_HASH was not received"
	noSecret     = "Client 1example is configured for secret but secret was not received"
	noDelivery   = "User does not have delivery config set to turn on "
)

// messages lists messages observed from Cognito, by the kind of error they mean. Cognito uses the
// same exception for failures of several kinds.
var messages = map[error][]message{
	cognitomfa.ErrCredentials: {
		{signingIn, "NotAuthorized: Incorrect username or password."},
		{answering, "NotAuthorized: Incorrect username or password."},
		{signingIn, "UserNotFound: User does not exist."},
		{signingIn, invalid("username", tooLong+"128")},
		{signingIn, invalid("password", `satisfy regular expression pattern: ^[\S]+.*[\S]+$`)},
	},
	cognitomfa.ErrTooManyAttempts: {
		{signingIn, "NotAuthorized: Password attempts exceeded"},
		{answering, "NotAuthorized: Password attempts exceeded"},
	},
	cognitomfa.ErrUserDisabled: {
		{signingIn, "NotAuthorized: User is disabled."},
		{answering, "NotAuthorized: User is disabled."},
		{verifying, "NotAuthorized: User is disabled."},
	},
	cognitomfa.ErrPasswordReset: {
		{
			signingIn,
			"NotAuthorized: Temporary password has expired and must be reset by an administrator.",
		},
		{
			signingIn,
			"NotAuthorized: User account has expired, it must be reset by an administrator.",
		},
		{signingIn, "PasswordResetRequired: Password reset required for the user"},
	},
	cognitomfa.ErrNotConfirmed: {
		{signingIn, "UserNotConfirmed: User is not confirmed."},
	},
	cognitomfa.ErrPasswordPolicy: {
		{
			settingPass,
			"InvalidPassword: Password did not conform with policy: Password not long enough",
		},
		{settingPass, invalid("newPassword", tooLong+"256")},
	},
	cognitomfa.ErrAttribute: {
		{answering, "AliasExists: An account with the email already exists."},
		{answering, "NotAuthorized: Cannot modify an already provided email"},
		{answering, "NotAuthorized: A client attempted to write unauthorized attribute"},
		{answering, "InvalidParameter: Invalid attributes given, email is missing"},
		{verifying, invalid("friendlyDeviceName", tooLong+"131072")},
		{remembering, invalid("deviceName", tooLong+"1024")},
		{enabling, "InvalidParameter: " + noDelivery + "SMS_MFA"},
		{enabling, "InvalidParameter: " + noDelivery + "EMAIL_OTP"},
	},

	cognitomfa.ErrCodeMismatch: {
		{answering, "CodeMismatch: Invalid code received for user"},
		{answering, "CodeMismatch: Invalid code or auth state for the user."},
		{answering, "CodeMismatch: Invalid verification code provided, please try again."},
		{settingUp, "EnableSoftwareTokenMFA: Code mismatch"},
		{verifying, "EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA"},
		{verifying, invalid("userCode", "satisfy regular expression pattern: [0-9]+")},
	},
	cognitomfa.ErrCodeUsed: {
		{answering, "ExpiredCode: Your software token has already been used once."},
		{verifying, "ExpiredCode: Your software token has already been used once."},
	},
	cognitomfa.ErrSessionExpired: {
		{answering, "NotAuthorized: Invalid session for the user."},
		{answering, "NotAuthorized: Invalid session for the user, session is expired."},
		{settingUp, "NotAuthorized: Invalid session for the user."},
		{answering, "ExpiredCode: Invalid code provided, please request a code again."},
		{answering, "InvalidParameter: Missing required parameter Session"},
		{answering, invalid("session", tooLong+"8192")},
	},
	cognitomfa.ErrSessionUsed: {
		{answering, "NotAuthorized: Invalid session for the user, session can only be used once."},
	},

	cognitomfa.ErrAccessToken: {
		{verifying, "NotAuthorized: Access Token has expired"},
		{verifying, "NotAuthorized: Access Token has been revoked"},
		{asking, "NotAuthorized: Invalid Access Token"},
		{asking, "NotAuthorized: Could not verify signature for Access Token"},
		{verifying, invalid("accessToken", tokenPattern)},
	},
	cognitomfa.ErrMissingScope: {
		{asking, "NotAuthorized: Access Token does not have required scopes"},
	},
	cognitomfa.ErrRefreshToken: {
		{refreshing, "NotAuthorized: Refresh Token has expired"},
		{refreshing, "NotAuthorized: Refresh Token has been revoked"},
		{refreshing, "NotAuthorized: Invalid Refresh Token"},
		{refreshing, "NotAuthorized: Invalid Refresh Token."},
		{refreshing, invalid("refreshToken", tokenPattern)},
		{revoking, invalid("token", tokenPattern)},
	},
	cognitomfa.ErrDevice: {
		{signingIn, "ResourceNotFound: Device does not exist."},
		{answering, "InvalidParameter: Invalid device key given."},
		{remembering, "InvalidParameter: Invalid device key given."},
		{refreshing, invalid("deviceKey", `satisfy regular expression pattern: [\w-]+_[0-9a-f-]+`)},
	},

	cognitomfa.ErrTOTPDisabled: {
		{
			enrolling,
			"SoftwareTokenMFANotFound: Software Token MFA has not been enabled by the userPool",
		},
	},
	cognitomfa.ErrNotEnrolled: {
		{verifying, "SoftwareTokenMFANotFound: Software Token MFA does not exist for the user."},
		{enabling, "InvalidParameter: " + noDelivery + "SOFTWARE_TOKEN_MFA"},
		{enabling, "InvalidParameter: User has not verified software token mfa"},
		{enabling, "InvalidParameter: User has not set up software token mfa"},
	},
	cognitomfa.ErrUserNotFound: {
		{resetting, "UserNotFound: User does not exist."},
		{resetting, invalid("username", tooLong+"128")},
	},

	cognitomfa.ErrSecretHash: {
		{signingIn, "NotAuthorized: Unable to verify secret hash for client 1example23456789"},
		{answering, "NotAuthorized: SecretHash does not match for the client: 1example23456789"},
		{refreshing, "NotAuthorized: SecretHash does not match for the client: 1example23456789"},
		{signingIn, "NotAuthorized: " + noSecretHash},
		{signingIn, "NotAuthorized: " + noSecret},
	},
	cognitomfa.ErrConfig: {
		{signingIn, "ResourceNotFound: User pool client 1example23456789 does not exist."},
		{signingIn, "ResourceNotFound: User pool us-east-1_Example does not exist."},
		{publicSignIn, "InvalidParameter: USER_PASSWORD_AUTH flow not enabled for this client"},
		{signingIn, "InvalidParameter: Auth flow not enabled for this client"},
		{signingIn, "InvalidParameter: Initiate Auth method not supported."},
		{signingIn, "InvalidParameter: Missing required parameter USERNAME"},
		{answering, "InvalidParameter: Missing required parameter SOFTWARE_TOKEN_MFA_CODE"},
	},
	cognitomfa.ErrThrottled: {
		{answering, "LimitExceeded: Attempt limit exceeded, please try after some time."},
		{verifying, "TooManyRequests: Rate exceeded"},
		{signingIn, "TooManyRequests: Too many requests"},
	},
}

func TestMessagesThatTellFailuresApart(t *testing.T) {
	t.Parallel()
	for kind, list := range messages {
		for _, m := range list {
			exception, text, _ := strings.Cut(m.text, ": ")
			e := failWith(t, m.call, exception+"Exception", text)
			assert.Equal(t, kind, e.Kind, "%s: %s", m.call.operation, m.text)
			assert.NotContains(t, e.Error(), text)
		}
	}
}

// An error code that is not Cognito's, such as a proxy's, is left out of the text and is not a
// reason to give up.
func TestForeignErrorCodes(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("A", 64)
	for _, code := range []string{longest + "A", "Error 502", "UnknownError", leak} {
		e := failWith(t, signingIn, code, "message")
		require.Equal(t, cognitomfa.ErrUnavailable, e.Kind, code)
		assert.NotContains(t, e.Error(), code)
	}
	e := failWith(t, signingIn, longest, "message")
	require.Equal(t, cognitomfa.ErrConfig, e.Kind)
	assert.ErrorContains(t, e, longest)
}

// The error names the setting that is wrong.
func TestMessagesThatNameTheSetting(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ResourceNotFound: User pool client 1example does not exist.":   "Config.ClientID",
		"ResourceNotFound: User pool us-east-1_Example does not exist.": "Config.UserPoolID",
		"InvalidParameter: Invalid user pool client.":                   "Config.ClientID",
		"InvalidParameter: Invalid user pool.":                          "Config.UserPoolID",
		"InvalidParameter: Auth flow not enabled for this client":       "Config.Flow",
		"InvalidParameter: Initiate Auth method not supported.":         "ExplicitAuthFlows",
		"OperationNotEnabled: Not in this Region":                       "AdminInitiateAuth",
	} {
		exception, message, _ := strings.Cut(text, ": ")
		e := failWith(t, signingIn, exception+"Exception", message)
		require.Equal(t, cognitomfa.ErrConfig, e.Kind, text)
		assert.ErrorContains(t, e, want, text)
	}
}

// An error from elsewhere is kept as the cause, but its text, which may contain anything, is not
// printed.
func TestForeignErrors(t *testing.T) {
	t.Parallel()
	assert.Empty(t, cognitomfa.NextStep(nil))
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(os.ErrNotExist))
	cause := errors.New("from the double")
	client := newClient(t, &double{initiate: fails[initiateIn, initiateOut](cause)}, config)
	_, err := client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cause)
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, e.Kind, cognitomfa.ErrUnavailable)
	assert.NotContains(t, err.Error(), cause.Error())
	assert.Empty(t, e.Detail())
}
