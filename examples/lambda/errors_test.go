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

// Responses never tell whether a user exists.
func TestWrongCredentials(t *testing.T) {
	for _, format := range formats {
		s := newService(t, nil)
		wrong := s.post(format, "signin", "userId", userName, "userPassword", "Off-with-her-head-1")
		unknown := s.post(format, "signin",
			"userId", "nobody@example.com", "userPassword", password)
		assert.Equal(t, http.StatusUnauthorized, wrong.status)
		assert.Equal(t, "wrong-credentials", wrong.body.Error.Code)
		assert.Equal(t, "start-over", wrong.body.Error.Next)
		assert.Equal(t, wrong, unknown)
	}
}

// Errors of users who cannot sign in.
func TestUsersWhoCannotSignIn(t *testing.T) {
	s := newService(t, nil)
	for code, user := range map[string]cognitotest.User{
		"user-disabled": {Username: "white-rabbit", Disabled: true},
		"user-not-confirmed": {
			Username: "mad-hatter", Status: types.UserStatusTypeUnconfirmed,
		},
		"password-reset-required": {
			Username: "cheshire-cat", Status: types.UserStatusTypeResetRequired,
		},
	} {
		user.Password = password
		logs.forbid("user name", user.Username)
		s.cognito.AddUser(user)
		r := s.post("http", "signin", "userId", user.Username, "userPassword", password)
		refused(t, r, http.StatusForbidden, code, "give-up")
	}

	for range 6 {
		s.post("http", "signin", "userId", userName, "userPassword", "Off-with-her-head-1")
	}
	r := s.post("http", "signin", "userId", userName, "userPassword", password)
	refused(t, r, http.StatusTooManyRequests, "too-many-attempts", "back-off")
}

// Wrong, used and expired codes and sessions each have a next step.
func TestCodesAndSessions(t *testing.T) {
	s := newService(t, nil)
	s.cognito.AddUser(cognitotest.User{Username: "duchess", Password: password})
	signIn := func() reply {
		return s.post("url", "signin", "userId", userName, "userPassword", password)
	}
	enroll := func(accessToken string) reply {
		return s.post("url", "mfa", "accessToken", accessToken)
	}
	verify := func(accessToken, code string) reply {
		return s.post("url", "verify", "accessToken", accessToken, "mfaCode", code)
	}
	accessToken := signIn().body.AuthenticationResult.AccessToken

	refused(t, verify(accessToken, "000000"), 400, "not-enrolled", "start-over")
	enroll(accessToken)
	refused(t, verify(accessToken, otherCode(s)), 400, "wrong-code", "same-challenge")
	refused(t, verify(accessToken, "rabbit"), 400, "wrong-code", "same-challenge")
	used := s.cognito.Code(userName)
	require.Equal(t, http.StatusOK, verify(accessToken, used).status)

	challenge := signIn()
	answer := func(code string) reply {
		return s.post("url", "mfasignin", "mfaCode", code,
			"authParamSession", challenge.body.Session, "authParamUserId", userName)
	}
	refused(t, answer(used), 400, "used-code", "next-code")
	refused(t, answer(otherCode(s)), 400, "wrong-code", "same-challenge")
	s.cognito.Advance(time.Minute)
	require.Equal(t, http.StatusOK, answer(s.cognito.Code(userName)).status)
	s.cognito.Advance(time.Minute)
	refused(t, answer(s.cognito.Code(userName)), 401, "session-used", "start-over")
	challenge = signIn()
	s.cognito.Advance(time.Hour)
	refused(t, answer(s.cognito.Code(userName)), 401, "session-expired", "start-over")
	challenge.body.Session = "a session of the user's own invention"
	refused(t, answer(s.cognito.Code(userName)), 401, "session-expired", "start-over")
	s.cognito.Advance(24 * time.Hour)
	refused(t, enroll(accessToken), 401, "bad-access-token", "start-over")
	refused(t, enroll("a.b.c"), 401, "bad-access-token", "start-over")
	refused(t, verify("a.b.c", "123456"), 401, "bad-access-token", "start-over")
	r := s.post("url", "mfa",
		"authParamSession", challenge.body.Session, "authParamUserId", userName)
	refused(t, r, 401, "session-expired", "start-over")

	narrow := s.cognito.IssueTokens("duchess", "openid")
	refused(t, enroll(*narrow.AccessToken), 403, "missing-scope", "give-up")

	without := newService(t, func(o *cognitotest.Options) { o.TOTPDisabled, o.SMS = true, true })
	accessToken = *without.cognito.IssueTokens(userName).AccessToken
	r = without.post("url", "mfa", "accessToken", accessToken)
	refused(t, r, 403, "totp-disabled", "give-up")
}

// otherCode returns a code that is not valid around now.
func otherCode(s *service) string {
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if code != s.cognito.Code(userName) && code != s.cognito.NextCode(userName) {
			return code
		}
	}
	panic("unreachable: two codes are not three")
}

// Every error of Cognito, at every function that can get it. Its message contains secrets, which
// must not be logged.
func TestCognitosErrors(t *testing.T) {
	// No retries by the SDK.
	s := newService(t, nil, "AWS_MAX_ATTEMPTS=1")
	const message = "what Cognito says of " + userName + " with " + password
	failing := func(name string) cognitotest.Fault { return cognitotest.Error(name, message) }
	secretHash := cognitotest.Error("NotAuthorizedException",
		"SecretHash does not match for the client")
	faults := []struct {
		fault  cognitotest.Fault
		status int
		code   string
	}{
		{fault: failing("TooManyRequestsException"), status: 429, code: "throttled"},
		{fault: failing("LimitExceededException"), status: 429, code: "throttled"},
		{fault: failing("ForbiddenException"), status: 403, code: "rejected"},
		{fault: failing("UserLambdaValidationException"), status: 403, code: "rejected"},
		{fault: failing("ResourceNotFoundException"), status: 500, code: "misconfigured"},
		{fault: failing("InvalidParameterException"), status: 500, code: "misconfigured"},
		{fault: failing("AccessDeniedException"), status: 500, code: "misconfigured"},
		{fault: failing("UnrecognizedClientException"), status: 500, code: "misconfigured"},
		{fault: secretHash, status: 500, code: "misconfigured"},
		{fault: failing("UserNotConfirmedException"), status: 403, code: "user-not-confirmed"},
		{
			fault: failing("PasswordResetRequiredException"), status: 403,
			code: "password-reset-required",
		},
		{fault: failing("CodeMismatchException"), status: 400, code: "wrong-code"},
		{fault: failing("EnableSoftwareTokenMFAException"), status: 400, code: "wrong-code"},
		{fault: failing("ExpiredCodeException"), status: 400, code: "used-code"},
		{fault: failing("SoftwareTokenMFANotFoundException"), status: 400, code: "not-enrolled"},
		{fault: failing("ANewException"), status: 500, code: "misconfigured"},
		{fault: cognitotest.InternalError(), status: 502, code: "unavailable"},
		{fault: cognitotest.DropBefore(), status: 502, code: "unavailable"},
		{fault: cognitotest.DropAfter(), status: 502, code: "unavailable"},
		{fault: cognitotest.CutAnswer(), status: 502, code: "unavailable"},
	}
	for _, operation := range []struct {
		function, operation string
		members             []string
	}{
		{
			function: "signin", operation: "AdminInitiateAuth",
			members: []string{"userId", userName, "userPassword", password},
		},
		{function: "mfa", operation: "AssociateSoftwareToken", members: []string{
			"accessToken", *s.cognito.IssueTokens(userName).AccessToken,
		}},
		{function: "verify", operation: "VerifySoftwareToken", members: []string{
			"accessToken", "an-access-token", "mfaCode", "271828",
		}},
		{function: "mfasignin", operation: "AdminRespondToAuthChallenge", members: []string{
			"mfaCode", "314159", "authParamSession", "a-session-of-some-length",
			"authParamUserId", userName,
		}},
		{
			function: "refresh", operation: "GetTokensFromRefreshToken",
			members: []string{"refreshToken", "a-refresh-token"},
		},
	} {
		for _, f := range faults {
			s.cognito.Fail(operation.operation, f.fault)
			r := s.post("http", operation.function, operation.members...)
			what := operation.function + " " + f.fault.Code
			if !assert.NotNil(t, r.body.Error, what) {
				continue
			}
			assert.Equal(t, f.status, r.status, "%s: %s", what, r.text)
			assert.Equal(t, f.code, r.body.Error.Code, what)
			assert.NotContains(t, r.text, userName)
		}
	}
}

// If only the second half of a set-up fails, the front end learns so.
func TestVerifiedButNotEnabled(t *testing.T) {
	s := newService(t, nil, "AWS_MAX_ATTEMPTS=1")
	accessToken := *s.cognito.IssueTokens(userName).AccessToken
	s.post("rest", "mfa", "accessToken", accessToken)
	s.cognito.Fail("SetUserMFAPreference", cognitotest.Throttle())
	r := s.post("rest", "verify",
		"accessToken", accessToken, "mfaCode", s.cognito.Code(userName))
	refused(t, r, http.StatusBadGateway, "mfa-not-enabled", "back-off")
}

// Replacing an authenticator requires a fresh sign-in.
func TestFreshSignIn(t *testing.T) {
	s := newService(t, nil)
	s.cognito.Advance(-10 * time.Minute)
	old := *s.cognito.IssueTokens(userName).AccessToken
	s.cognito.Advance(10 * time.Minute)
	logs.forbid("token", old)
	r := s.post("http", "mfa", "accessToken", old)
	require.Equal(t, http.StatusOK, r.status, "there is nothing to replace: %s", r.text)
	r = s.post("http", "verify", "accessToken", old, "mfaCode", s.cognito.Code(userName))
	require.Equal(t, http.StatusOK, r.status, r.text)

	r = s.post("http", "mfa", "accessToken", old)
	refused(t, r, http.StatusUnauthorized, "fresh-sign-in-required", "start-over")
	fresh := *s.cognito.IssueTokens(userName).AccessToken
	logs.forbid("token", fresh)
	r = s.post("http", "mfa", "accessToken", fresh)
	assert.Equal(t, http.StatusOK, r.status, r.text)

	r = s.with(t, "FRESH_SIGN_IN=3600").post("http", "mfa", "accessToken", old)
	assert.Equal(t, http.StatusOK, r.status, r.text)
}

// Each instance of a function stops guesses of codes, and logs the address.
func TestLimits(t *testing.T) {
	s := newService(t, nil)
	s.cognito.AddUser(cognitotest.User{
		Username: "caterpillar", Password: password, TOTP: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	})
	for _, format := range formats {
		var r reply
		for range 12 {
			challenge := s.post(format, "signin", "userId", "caterpillar", "userPassword", password)
			r = s.post(format, "mfasignin", "mfaCode", "000000",
				"authParamSession", challenge.body.Session, "authParamUserId", "caterpillar")
		}
		refused(t, r, http.StatusTooManyRequests, "too-many-attempts", "back-off")
	}
	assert.Contains(t, logs.String(), `"client":"198.51.100.7"`)
}
