package lambda_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Whether a user exists, nobody learns.
func TestWrongCredentials(t *testing.T) {
	for _, format := range formats {
		s := newService(t, nil)
		wrong := s.post(format, "signin", "userId", userName, "userPassword", "Off-with-her-head-1")
		unknown := s.post(format, "signin", "userId", "nobody@example.com", "userPassword", password)
		assert.Equal(t, http.StatusUnauthorized, wrong.status)
		assert.Equal(t, "wrong-credentials", wrong.body.Error.Code)
		assert.Equal(t, "start-over", wrong.body.Error.Next)
		assert.Equal(t, wrong, unknown)
	}
}

// What users of a kind of their own are told.
func TestUsers(t *testing.T) {
	s := newService(t, nil)
	for _, c := range []struct {
		user   cognitotest.User
		status int
		code   string
	}{
		{cognitotest.User{Username: "white-rabbit", Disabled: true}, 403, "user-disabled"},
		{cognitotest.User{Username: "mad-hatter", Status: types.UserStatusTypeUnconfirmed}, 403, "user-not-confirmed"},
		{cognitotest.User{Username: "cheshire-cat", Status: types.UserStatusTypeResetRequired}, 403, "password-reset-required"},
	} {
		c.user.Password = password
		logs.forbid("user name", c.user.Username)
		s.cognito.AddUser(c.user)
		r := s.post("http", "signin", "userId", c.user.Username, "userPassword", password)
		assert.Equal(t, c.status, r.status, r.text)
		require.NotNil(t, r.body.Error, r.text)
		assert.Equal(t, c.code, r.body.Error.Code)
	}

	for range 6 {
		s.post("http", "signin", "userId", userName, "userPassword", "Off-with-her-head-1")
	}
	r := s.post("http", "signin", "userId", userName, "userPassword", password)
	assert.Equal(t, http.StatusTooManyRequests, r.status)
	assert.Equal(t, "too-many-attempts", r.body.Error.Code)
}

// Codes and sessions that are wrong, spent or too old: each is something else for the user to do.
func TestCodesAndSessions(t *testing.T) {
	s := newService(t, nil)
	signIn := func() reply { return s.post("url", "signin", "userId", userName, "userPassword", password) }
	check := func(r reply, status int, code, next string) {
		t.Helper()
		require.Equal(t, status, r.status, r.text)
		require.NotNil(t, r.body.Error)
		assert.Equal(t, code, r.body.Error.Code)
		assert.Equal(t, next, r.body.Error.Next)
	}
	accessToken := signIn().body.AuthenticationResult.AccessToken

	check(s.post("url", "verify", "accessToken", accessToken, "mfaCode", "000000"), 400, "not-enrolled", "start-over")
	s.post("url", "mfa", "AccessToken", accessToken)
	check(s.post("url", "verify", "accessToken", accessToken, "mfaCode", otherCode(s)), 400, "wrong-code", "same-challenge")
	check(s.post("url", "verify", "accessToken", accessToken, "mfaCode", "rabbit"), 400, "wrong-code", "same-challenge")
	used := s.cognito.Code(userName)
	require.Equal(t, http.StatusOK, s.post("url", "verify", "accessToken", accessToken, "mfaCode", used).status)

	challenge := signIn()
	answer := func(code string) reply {
		return s.post("url", "mfasignin", "mfaCode", code, "authParamSession", challenge.body.Session, "authParamUserId", userName)
	}
	check(answer(used), 400, "used-code", "next-code")
	check(answer(otherCode(s)), 400, "wrong-code", "same-challenge")
	s.cognito.Advance(time.Minute)
	require.Equal(t, http.StatusOK, answer(s.cognito.Code(userName)).status)
	s.cognito.Advance(time.Minute)
	check(answer(s.cognito.Code(userName)), 401, "session-used", "start-over")
	challenge = signIn()
	s.cognito.Advance(time.Hour)
	check(answer(s.cognito.Code(userName)), 401, "session-expired", "start-over")
	challenge.body.Session = "a session of the user's own invention"
	check(answer(s.cognito.Code(userName)), 401, "session-expired", "start-over")
	s.cognito.Advance(24 * time.Hour)
	check(s.post("url", "mfa", "AccessToken", accessToken), 401, "bad-access-token", "start-over")
	check(s.post("url", "mfa", "AccessToken", "a.b.c"), 401, "bad-access-token", "start-over")
	check(s.post("url", "verify", "accessToken", "a.b.c", "mfaCode", "123456"), 401, "bad-access-token", "start-over")
	check(s.post("url", "mfa", "authParamSession", challenge.body.Session, "authParamUserId", userName), 401, "session-expired", "start-over")

	narrow := s.cognito.IssueTokens(userName, "openid")
	check(s.post("url", "mfa", "AccessToken", *narrow.AccessToken), 403, "missing-scope", "give-up")

	without := newService(t, func(o *cognitotest.Options) { o.TOTPDisabled = true })
	accessToken = without.post("url", "signin", "userId", userName, "userPassword", password).body.AuthenticationResult.AccessToken
	check(without.post("url", "mfa", "AccessToken", accessToken), 403, "totp-disabled", "give-up")
}

// otherCode is a code that the user's authenticator shows neither now nor before nor next.
func otherCode(s *service) string {
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if code != s.cognito.Code(userName) && code != s.cognito.NextCode(userName) {
			return code
		}
	}
	panic("unreachable: two codes are not three")
}

// Every error that Cognito has, at every function that can meet it, in its own words: the message holds what must not be logged.
func TestMishaps(t *testing.T) {
	operations := []struct {
		function, operation string
		members             []string
	}{
		{"signin", "AdminInitiateAuth", []string{"userId", userName, "userPassword", password}},
		{"mfa", "AssociateSoftwareToken", []string{"AccessToken", "an-access-token"}},
		{"verify", "VerifySoftwareToken", []string{"accessToken", "an-access-token", "mfaCode", "271828"}},
		{"mfasignin", "AdminRespondToAuthChallenge", []string{
			"mfaCode", "314159", "authParamSession", "a-session-of-some-length", "authParamUserId", userName,
		}},
	}
	const message = "what Cognito says of " + userName + " with " + password
	mishaps := []struct {
		fault  cognitotest.Fault
		status int
		code   string
	}{
		{cognitotest.Error("TooManyRequestsException", message), 429, "throttled"},
		{cognitotest.Error("LimitExceededException", message), 429, "throttled"},
		{cognitotest.Error("ForbiddenException", message), 403, "rejected"},
		{cognitotest.Error("UserLambdaValidationException", message), 403, "rejected"},
		{cognitotest.Error("ResourceNotFoundException", message), 500, "misconfigured"},
		{cognitotest.Error("InvalidParameterException", message), 500, "misconfigured"},
		{cognitotest.Error("AccessDeniedException", message), 500, "misconfigured"},
		{cognitotest.Error("UnrecognizedClientException", message), 500, "misconfigured"},
		{cognitotest.Error("NotAuthorizedException", "SecretHash does not match for the client"), 500, "misconfigured"},
		{cognitotest.Error("UserNotConfirmedException", message), 403, "user-not-confirmed"},
		{cognitotest.Error("PasswordResetRequiredException", message), 403, "password-reset-required"},
		{cognitotest.Error("CodeMismatchException", message), 400, "wrong-code"},
		{cognitotest.Error("EnableSoftwareTokenMFAException", message), 400, "wrong-code"},
		{cognitotest.Error("ExpiredCodeException", message), 400, "used-code"},
		{cognitotest.Error("SoftwareTokenMFANotFoundException", message), 400, "not-enrolled"},
		{cognitotest.Error("ANewException", message), 500, "internal"},
		{cognitotest.InternalError(), 502, "unavailable"},
		{cognitotest.DropBefore(), 502, "unavailable"},
		{cognitotest.DropAfter(), 502, "unavailable"},
		{cognitotest.CutAnswer(), 502, "unavailable"},
	}
	// One attempt each: what the SDK tries again is its own affair.
	s := newService(t, nil, "AWS_MAX_ATTEMPTS=1")
	for _, operation := range operations {
		for _, mishap := range mishaps {
			s.cognito.Fail(operation.operation, mishap.fault)
			r := s.post("http", operation.function, operation.members...)
			what := operation.function + " " + mishap.fault.Code
			if !assert.NotNil(t, r.body.Error, what) {
				continue
			}
			assert.Equal(t, mishap.status, r.status, "%s: %s", what, r.text)
			assert.Equal(t, mishap.code, r.body.Error.Code, what)
			assert.NotContains(t, r.text, userName)
		}
	}
}

// Where the second half of a set-up fails, the front end learns that the first has not.
func TestVerifiedButNotEnabled(t *testing.T) {
	s := newService(t, nil, "AWS_MAX_ATTEMPTS=1")
	accessToken := s.post("rest", "signin", "userId", userName, "userPassword", password).body.AuthenticationResult.AccessToken
	s.post("rest", "mfa", "AccessToken", accessToken)
	s.cognito.Fail("SetUserMFAPreference", cognitotest.Throttle())
	r := s.post("rest", "verify", "accessToken", accessToken, "mfaCode", s.cognito.Code(userName))
	assert.Equal(t, http.StatusBadGateway, r.status)
	assert.Equal(t, "mfa-not-enabled", r.body.Error.Code)
	assert.Equal(t, "back-off", r.body.Error.Next)
}
