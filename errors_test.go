package cognitomfa_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// The calls of a client, each made so that it reaches the operation of Cognito that the test wants
// to fail.
var calls = map[string]struct {
	client string // the operation of ours
	do     func(context.Context, *cognitomfa.Client) error
}{
	"AdminInitiateAuth": {"sign in", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.SignIn(ctx, "alice", password)
		return err
	}},
	"AdminRespondToAuthChallenge": {"respond mfa", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.RespondMFA(ctx, &cognitomfa.MFAChallenge{Username: "alice", Session: aSession}, "123456")
		return err
	}},
	"AssociateSoftwareToken": {"enroll", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.Enroll(ctx, "token")
		return err
	}},
	"AssociateSoftwareToken by session": {"enroll setup", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.EnrollSetup(ctx, &cognitomfa.SetupChallenge{Username: "alice", Session: aSession})
		return err
	}},
	"VerifySoftwareToken": {"verify", func(ctx context.Context, c *cognitomfa.Client) error {
		return c.Verify(ctx, "token", "123456")
	}},
	"VerifySoftwareToken by session": {"verify setup", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.VerifySetup(ctx, &cognitomfa.SetupChallenge{Username: "alice", Session: aSession}, "123456")
		return err
	}},
	"SetUserMFAPreference": {"enable", func(ctx context.Context, c *cognitomfa.Client) error { return c.Enable(ctx, "token") }},
	"GetUser": {"status", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.Status(ctx, "token")
		return err
	}},
	"GetUserPoolMfaConfig":     {"disable", func(ctx context.Context, c *cognitomfa.Client) error { return c.Disable(ctx, "token") }},
	"AdminDeleteSoftwareToken": {"reset totp", func(ctx context.Context, c *cognitomfa.Client) error { return c.ResetTOTP(ctx, "alice") }},
	"GetTokensFromRefreshToken": {"refresh", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.Refresh(ctx, "token")
		return err
	}},
	"RevokeToken":   {"revoke", func(ctx context.Context, c *cognitomfa.Client) error { return c.Revoke(ctx, "token") }},
	"GlobalSignOut": {"sign out", func(ctx context.Context, c *cognitomfa.Client) error { return c.SignOut(ctx, "token") }},
	"InitiateAuth": {"sign in", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.SignIn(ctx, "alice", password)
		return err
	}},
	"RespondToAuthChallenge": {"respond mfa", func(ctx context.Context, c *cognitomfa.Client) error {
		_, err := c.RespondMFA(ctx, &cognitomfa.MFAChallenge{Username: "alice", Session: aSession}, "123456")
		return err
	}},
}

var aSession = cognitomfa.NewSecret("AYABe-a-session-of-some-length")

// onWire makes a call that Cognito answers with an error, through the SDK client and HTTP.
func onWire(t *testing.T, srv *cognitotest.Server, operation, code, message string) error {
	t.Helper()
	name, _, _ := strings.Cut(operation, " ")
	cfg := configOf(srv)
	cfg.Public = name == "InitiateAuth" || name == "RespondToAuthChallenge"
	client := newClient(t, srv.Client(func(o *cip.Options) { o.Retryer = aws.NopRetryer{} }), cfg)
	srv.Fail(name, cognitotest.Error(code, message))
	srv.ResetCalls()
	err := calls[operation].do(t.Context(), client)
	require.Equal(t, []string{name}, operations(srv), "%s %s", operation, code)
	require.Error(t, err)
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, calls[operation].client, e.Op)
	return err
}

// Errors that mean the same whatever the call and the message.
var kinds = map[string]error{
	"AliasExistsException":                     cognitomfa.ErrAttribute,
	"CodeMismatchException":                    cognitomfa.ErrCodeMismatch,
	"ConcurrentModificationException":          cognitomfa.ErrThrottled,
	"EnableSoftwareTokenMFAException":          cognitomfa.ErrCodeMismatch,
	"ExpiredCodeException":                     cognitomfa.ErrCodeUsed,
	"ForbiddenException":                       cognitomfa.ErrRejected,
	"InternalErrorException":                   cognitomfa.ErrUnavailable,
	"InvalidEmailRoleAccessPolicyException":    cognitomfa.ErrConfig,
	"InvalidLambdaResponseException":           cognitomfa.ErrConfig,
	"InvalidParameterException":                cognitomfa.ErrConfig,
	"InvalidPasswordException":                 cognitomfa.ErrPasswordPolicy,
	"InvalidSmsRoleAccessPolicyException":      cognitomfa.ErrConfig,
	"InvalidSmsRoleTrustRelationshipException": cognitomfa.ErrConfig,
	"InvalidUserPoolConfigurationException":    cognitomfa.ErrConfig,
	"MFAMethodNotFoundException":               cognitomfa.ErrConfig,
	"OperationNotEnabledException":             cognitomfa.ErrConfig,
	"PasswordHistoryPolicyViolationException":  cognitomfa.ErrPasswordPolicy,
	"PasswordResetRequiredException":           cognitomfa.ErrPasswordReset,
	"RefreshTokenReuseException":               cognitomfa.ErrRefreshToken,
	"ResourceNotFoundException":                cognitomfa.ErrConfig,
	"SoftwareTokenMFANotFoundException":        cognitomfa.ErrNotEnrolled,
	"TooManyRequestsException":                 cognitomfa.ErrThrottled,
	"UnexpectedLambdaException":                cognitomfa.ErrConfig,
	"UnsupportedOperationException":            cognitomfa.ErrConfig,
	"UnsupportedTokenTypeException":            cognitomfa.ErrRefreshToken,
	"UserLambdaValidationException":            cognitomfa.ErrRejected,
	"UserNotConfirmedException":                cognitomfa.ErrNotConfirmed,

	// Not declared by these operations, and yet to be expected: quotas, IAM, the front door.
	"LimitExceededException":              cognitomfa.ErrThrottled,
	"ThrottlingException":                 cognitomfa.ErrThrottled,
	"TooManyFailedAttemptsException":      cognitomfa.ErrTooManyAttempts,
	"AccessDeniedException":               cognitomfa.ErrConfig,
	"UnrecognizedClientException":         cognitomfa.ErrConfig,
	"InvalidSignatureException":           cognitomfa.ErrConfig,
	"IncompleteSignatureException":        cognitomfa.ErrConfig,
	"MissingAuthenticationTokenException": cognitomfa.ErrConfig,
	"ExpiredTokenException":               cognitomfa.ErrConfig,
	"UnknownOperationException":           cognitomfa.ErrConfig,
}

// Errors that mean what entitled the call: NotAuthorizedException without a message that is known,
// and UserNotFoundException.
var notAuthorized = map[string]error{
	"sign in": cognitomfa.ErrCredentials, "respond mfa": cognitomfa.ErrSessionExpired, "enroll": cognitomfa.ErrAccessToken,
	"enroll setup": cognitomfa.ErrSessionExpired, "verify": cognitomfa.ErrAccessToken, "verify setup": cognitomfa.ErrSessionExpired,
	"enable": cognitomfa.ErrAccessToken, "status": cognitomfa.ErrAccessToken, "disable": cognitomfa.ErrConfig, "reset totp": cognitomfa.ErrConfig,
	"refresh": cognitomfa.ErrRefreshToken, "revoke": cognitomfa.ErrRefreshToken, "sign out": cognitomfa.ErrAccessToken,
}

func TestEveryErrorOfEveryOperation(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	for operation, call := range calls {
		for code, kind := range kinds {
			err := onWire(t, srv, operation, code, "Whatever Cognito says.")
			assert.ErrorIs(t, err, kind, "%s %s", operation, code)
			var api smithy.APIError
			if assert.ErrorAs(t, err, &api) {
				assert.Equal(t, code, api.ErrorCode())
				assert.Equal(t, "Whatever Cognito says.", api.ErrorMessage())
			}
			assert.NotContains(t, err.Error(), "Whatever")
		}
		assert.ErrorIs(t, onWire(t, srv, operation, "NotAuthorizedException", "Something new."), notAuthorized[call.client], operation)
		notFound := notAuthorized[call.client]
		if errors.Is(notFound, cognitomfa.ErrConfig) {
			notFound = cognitomfa.ErrUserNotFound
		}
		assert.ErrorIs(t, onWire(t, srv, operation, "UserNotFoundException", "User does not exist."), notFound, operation)

		err := onWire(t, srv, operation, "BrandNewException", "Something new.")
		var e *cognitomfa.Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, e.Kind, cognitomfa.ErrConfig)
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, "BrandNewException", api.ErrorCode())
		assert.Equal(t, "Something new.", api.ErrorMessage())
		assert.Contains(t, err.Error(), "cognitomfa: "+call.client+": ")
		assert.Contains(t, err.Error(), "(BrandNewException)")
		assert.Equal(t, "Something new.", e.Detail())
	}
}

// The messages that tell two mishaps of one type apart, in all the wordings that have been seen.
func TestMessagesThatTellMishapsApart(t *testing.T) {
	t.Parallel()
	const (
		signIn  = "AdminInitiateAuth"
		answer  = "AdminRespondToAuthChallenge"
		verify  = "VerifySoftwareToken"
		prefer  = "SetUserMFAPreference"
		refresh = "GetTokensFromRefreshToken"
	)
	srv, _ := newPool(t)
	for _, tc := range []struct {
		operation, code, message string
		kind                     error
	}{
		{signIn, "NotAuthorized", "Incorrect username or password.", cognitomfa.ErrCredentials},
		{signIn, "NotAuthorized", "Password attempts exceeded", cognitomfa.ErrTooManyAttempts},
		{answer, "NotAuthorized", "Password attempts exceeded", cognitomfa.ErrTooManyAttempts},
		{signIn, "NotAuthorized", "User is disabled.", cognitomfa.ErrUserDisabled},
		{answer, "NotAuthorized", "User is disabled.", cognitomfa.ErrUserDisabled},
		{verify, "NotAuthorized", "User is disabled.", cognitomfa.ErrUserDisabled},
		{signIn, "NotAuthorized", "Temporary password has expired and must be reset by an administrator.", cognitomfa.ErrPasswordReset},
		{signIn, "NotAuthorized", "User account has expired, it must be reset by an administrator.", cognitomfa.ErrPasswordReset},
		{signIn, "UserNotFound", "User does not exist.", cognitomfa.ErrCredentials},
		{signIn, "UserNotConfirmed", "User is not confirmed.", cognitomfa.ErrNotConfirmed},
		{signIn, "PasswordResetRequired", "Password reset required for the user", cognitomfa.ErrPasswordReset},
		{signIn, "ResourceNotFound", "User pool client 1example23456789 does not exist.", cognitomfa.ErrConfig},
		{signIn, "ResourceNotFound", "User pool us-east-1_Example does not exist.", cognitomfa.ErrConfig},
		{"InitiateAuth", "InvalidParameter", "USER_PASSWORD_AUTH flow not enabled for this client", cognitomfa.ErrConfig},
		{signIn, "InvalidParameter", "Auth flow not enabled for this client", cognitomfa.ErrConfig},
		{signIn, "InvalidParameter", "Initiate Auth method not supported.", cognitomfa.ErrConfig},
		{signIn, "InvalidParameter", "Missing required parameter USERNAME", cognitomfa.ErrConfig},
		{answer, "InvalidParameter", "Missing required parameter Session", cognitomfa.ErrSessionExpired},
		{answer, "InvalidParameter", "Missing required parameter SOFTWARE_TOKEN_MFA_CODE", cognitomfa.ErrConfig},
		{signIn, "NotAuthorized", "Unable to verify secret hash for client 1example23456789", cognitomfa.ErrSecretHash},
		{answer, "NotAuthorized", "SecretHash does not match for the client: 1example23456789", cognitomfa.ErrSecretHash},
		{signIn, "NotAuthorized", "Client 1example23456789 is configured with secret but SECRET_HASH was not received", cognitomfa.ErrSecretHash},
		{signIn, "NotAuthorized", "Client 1example23456789 is configured for secret but secret was not received", cognitomfa.ErrSecretHash},
		{refresh, "NotAuthorized", "SecretHash does not match for the client: 1example23456789", cognitomfa.ErrSecretHash},

		{answer, "NotAuthorized", "Invalid session for the user.", cognitomfa.ErrSessionExpired},
		{answer, "NotAuthorized", "Invalid session for the user, session is expired.", cognitomfa.ErrSessionExpired},
		{answer, "NotAuthorized", "Invalid session for the user, session can only be used once.", cognitomfa.ErrSessionUsed},
		{verify + " by session", "NotAuthorized", "Invalid session for the user.", cognitomfa.ErrSessionExpired},
		{answer, "CodeMismatch", "Invalid code received for user", cognitomfa.ErrCodeMismatch},
		{answer, "CodeMismatch", "Invalid code or auth state for the user.", cognitomfa.ErrCodeMismatch},
		{answer, "ExpiredCode", "Your software token has already been used once.", cognitomfa.ErrCodeUsed},
		{verify, "ExpiredCode", "Your software token has already been used once.", cognitomfa.ErrCodeUsed},
		{answer, "ExpiredCode", "Invalid code provided, please request a code again.", cognitomfa.ErrSessionExpired},
		{verify + " by session", "EnableSoftwareTokenMFA", "Code mismatch", cognitomfa.ErrCodeMismatch},
		{verify, "EnableSoftwareTokenMFA", "Code mismatch and fail enable Software Token MFA", cognitomfa.ErrCodeMismatch},
		{answer, "CodeMismatch", "Invalid verification code provided, please try again.", cognitomfa.ErrCodeMismatch},
		{
			verify, "InvalidParameter", "1 validation error detected: Value at 'userCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9]+",
			cognitomfa.ErrCodeMismatch,
		},
		{
			answer, "InvalidParameter", "1 validation error detected: Value at 'session' failed to satisfy constraint: Member must have length less than or equal to 8192",
			cognitomfa.ErrSessionExpired,
		},
		{
			verify, "InvalidParameter", "1 validation error detected: Value at 'accessToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+",
			cognitomfa.ErrAccessToken,
		},
		{
			refresh, "InvalidParameter", "1 validation error detected: Value at 'refreshToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+",
			cognitomfa.ErrRefreshToken,
		},
		{
			"RevokeToken", "InvalidParameter", "1 validation error detected: Value at 'token' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+",
			cognitomfa.ErrRefreshToken,
		},
		{
			"AdminDeleteSoftwareToken", "InvalidParameter", "1 validation error detected: Value at 'username' failed to satisfy constraint: Member must have length less than or equal to 128",
			cognitomfa.ErrUserNotFound,
		},
		{
			signIn, "InvalidParameter", "1 validation error detected: Value at 'username' failed to satisfy constraint: Member must have length less than or equal to 128",
			cognitomfa.ErrCredentials,
		},
		{
			signIn, "InvalidParameter", "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[\\S]+.*[\\S]+$",
			cognitomfa.ErrCredentials,
		},
		{"AssociateSoftwareToken", "SoftwareTokenMFANotFound", "Software Token MFA has not been enabled by the userPool", cognitomfa.ErrTOTPDisabled},
		{verify, "SoftwareTokenMFANotFound", "Software Token MFA does not exist for the user.", cognitomfa.ErrNotEnrolled},

		{verify, "NotAuthorized", "Access Token has expired", cognitomfa.ErrAccessToken},
		{verify, "NotAuthorized", "Access Token has been revoked", cognitomfa.ErrAccessToken},
		{"GetUser", "NotAuthorized", "Invalid Access Token", cognitomfa.ErrAccessToken},
		{"GetUser", "NotAuthorized", "Could not verify signature for Access Token", cognitomfa.ErrAccessToken},
		{"GetUser", "NotAuthorized", "Access Token does not have required scopes", cognitomfa.ErrMissingScope},

		{refresh, "NotAuthorized", "Refresh Token has expired", cognitomfa.ErrRefreshToken},
		{refresh, "NotAuthorized", "Refresh Token has been revoked", cognitomfa.ErrRefreshToken},
		{refresh, "NotAuthorized", "Invalid Refresh Token", cognitomfa.ErrRefreshToken},
		{refresh, "NotAuthorized", "Invalid Refresh Token.", cognitomfa.ErrRefreshToken},

		{prefer, "InvalidParameter", "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA", cognitomfa.ErrNotEnrolled},
		{prefer, "InvalidParameter", "User has not verified software token mfa", cognitomfa.ErrNotEnrolled},
		{prefer, "InvalidParameter", "User has not set up software token mfa", cognitomfa.ErrNotEnrolled},

		{answer, "AliasExists", "An account with the email already exists.", cognitomfa.ErrAttribute},
		{answer, "NotAuthorized", "Cannot modify an already provided email", cognitomfa.ErrAttribute},
		{answer, "NotAuthorized", "A client attempted to write unauthorized attribute", cognitomfa.ErrAttribute},
		{answer, "InvalidPassword", "Password did not conform with policy: Password not long enough", cognitomfa.ErrPasswordPolicy},
		{answer, "InvalidParameter", "Invalid attributes given, email is missing", cognitomfa.ErrAttribute},
		{answer, "LimitExceeded", "Attempt limit exceeded, please try after some time.", cognitomfa.ErrThrottled},
		{verify, "TooManyRequests", "Rate exceeded", cognitomfa.ErrThrottled},
		{signIn, "TooManyRequests", "Too many requests", cognitomfa.ErrThrottled},
	} {
		err := onWire(t, srv, tc.operation, tc.code+"Exception", tc.message)
		assert.ErrorIs(t, err, tc.kind, "%s: %s: %s", tc.operation, tc.code, tc.message)
		var e *cognitomfa.Error
		if assert.ErrorAs(t, err, &e) {
			assert.Equal(t, tc.kind, e.Kind, "one kind only: %s", tc.message)
		}
	}
}
