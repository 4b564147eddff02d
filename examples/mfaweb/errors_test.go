package mfaweb_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Whether the password is wrong or the user unknown is not told: not by the body, not by a header.
func TestUnknownUser(t *testing.T) {
	s := newSite(t, nil, nil)
	for _, language := range []string{"en", "ja"} {
		wrong := s.post("/signin", fields{"userId": username, "userPassword": "wrong-password"}, "Accept-Language", language)
		wrong.failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
		unknown := s.post("/signin", fields{"userId": "nobody@example.com", "userPassword": "wrong-password"}, "Accept-Language", language)
		assert.Equal(t, wrong.status, unknown.status)
		assert.Equal(t, wrong.body, unknown.body)
		wrong.header.Del("Date")
		unknown.header.Del("Date")
		assert.Equal(t, wrong.header, unknown.header)
	}
}

// Mishaps as they happen.
func TestMishaps(t *testing.T) {
	s := newSite(t, nil, nil)
	s.AddUser(cognitotest.User{Username: "locked", Password: password})
	s.AddUser(cognitotest.User{Username: "barred", Password: password, Disabled: true})
	s.AddUser(cognitotest.User{Username: "resetting", Password: password, Status: types.UserStatusTypeResetRequired})
	s.AddUser(cognitotest.User{Username: "unconfirmed", Password: password, Status: types.UserStatusTypeUnconfirmed})
	signIn := func(name string) *answer { return s.post("/signin", fields{"userId": name, "userPassword": password}) }

	for range 6 {
		s.post("/signin", fields{"userId": "locked", "userPassword": "wrong-password"})
	}
	signIn("locked").failed(http.StatusTooManyRequests, "too-many-attempts", "back-off")
	signIn("barred").failed(http.StatusForbidden, "user-disabled", "give-up")
	signIn("resetting").failed(http.StatusForbidden, "password-reset-required", "give-up")
	signIn("unconfirmed").failed(http.StatusForbidden, "user-not-confirmed", "give-up")

	access := s.signIn().access()
	verify := func(access, code string) *answer {
		return s.post("/verify", fields{"accessToken": access, "mfaCode": code})
	}
	verify(access, "123456").failed(http.StatusBadRequest, "not-enrolled", "start-over")
	s.post("/enable", fields{"accessToken": access}).failed(http.StatusBadRequest, "not-enrolled", "start-over")
	s.post("/mfa", fields{"AccessToken": access}).ok()
	for _, code := range []string{"abcdef", "12345", "1234567", "１２３", strings.Repeat("1", 1000)} {
		verify(access, code).failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
	verify("not.a.token", "123456").failed(http.StatusUnauthorized, "bad-access-token", "start-over")
	code := s.Code(username)
	verify(access, code).ok()

	who := s.session("SOFTWARE_TOKEN_MFA")
	said := s.post("/mfasignin", who.withCode(code)).failed(http.StatusBadRequest, "used-code", "next-code")
	assert.Contains(t, said, "use the next code")
	s.post("/mfasignin", who.withCode("abcdef")).failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	s.post("/mfasignin", who.withCode(s.NextCode(username))).tokens()
	s.post("/mfasignin", who.withCode(s.NextCode(username))).failed(http.StatusUnauthorized, "session-used", "start-over")
	who = s.session("SOFTWARE_TOKEN_MFA")
	s.Advance(4 * time.Minute)
	s.post("/mfasignin", who.withCode(s.Code(username))).failed(http.StatusUnauthorized, "session-expired", "start-over")
	s.post("/mfasignin", fields{"mfaCode": "123456", "authParamSession": strings.Repeat("A", 9000), "authParamUserId": username}).
		failed(http.StatusUnauthorized, "session-expired", "start-over")

	s.Advance(2 * time.Hour)
	verify(access, code).failed(http.StatusUnauthorized, "bad-access-token", "start-over")
	s.post("/signout", fields{"refreshToken": "not a token at all"}).failed(http.StatusUnauthorized, "bad-refresh-token", "start-over")

	scoped := s.IssueTokens(username, "openid")
	s.post("/mfa", fields{"AccessToken": *scoped.AccessToken}).failed(http.StatusForbidden, "missing-scope", "give-up")

	_, err := s.Client().SetUserPoolMfaConfig(t.Context(), &cognitoidentityprovider.SetUserPoolMfaConfigInput{
		UserPoolId: aws.String(s.UserPoolID), MfaConfiguration: types.UserPoolMfaTypeOff,
	})
	require.NoError(t, err)
	s.post("/mfa", fields{"AccessToken": s.signIn().access()}).failed(http.StatusForbidden, "totp-disabled", "give-up")
}

// What Cognito may answer at other times. Each error has a message in both languages.
func TestCognitosErrors(t *testing.T) {
	s := newSite(t, nil, nil)
	s.enroll()
	access := *s.IssueTokens(username).AccessToken
	s.post("/mfa", fields{"AccessToken": access}).ok()

	const admin, respond, associate, verify, prefer = "AdminInitiateAuth", "AdminRespondToAuthChallenge", "AssociateSoftwareToken",
		"VerifySoftwareToken", "SetUserMFAPreference"
	for _, test := range []struct {
		operation string
		fault     cognitotest.Fault
		status    int
		code      string
		next      string
	}{
		{admin, cognitotest.Throttle(), http.StatusTooManyRequests, "throttled", "back-off"},
		{admin, cognitotest.InternalError(), http.StatusBadGateway, "unavailable", "back-off"},
		{admin, cognitotest.DropBefore(), http.StatusBadGateway, "unavailable", "back-off"},
		{admin, cognitotest.CutAnswer(), http.StatusBadGateway, "unavailable", "back-off"},
		{admin, cognitotest.Error("ResourceNotFoundException", "User pool client x does not exist."), http.StatusInternalServerError, "misconfigured", "give-up"},
		{admin, cognitotest.Error("NotAuthorizedException", "Unable to verify secret hash for client x"), http.StatusInternalServerError, "misconfigured", "give-up"},
		{admin, cognitotest.Error("AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized"), http.StatusInternalServerError, "misconfigured", "give-up"},
		{admin, cognitotest.Error("UserLambdaValidationException", "PreAuthentication failed with error no"), http.StatusForbidden, "rejected", "give-up"},
		{admin, cognitotest.Error("BrandNewException", "something new"), http.StatusInternalServerError, "internal", "give-up"},
		{respond, cognitotest.DropAfter(), http.StatusBadGateway, "unavailable", "start-over"},
		{respond, cognitotest.Throttle(), http.StatusTooManyRequests, "throttled", "back-off"},
		{respond, cognitotest.Error("AliasExistsException", "An account with the email already exists."), http.StatusBadRequest, "bad-attribute", "same-challenge"},
		{respond, cognitotest.Error("InvalidPasswordException", "too short"), http.StatusBadRequest, "password-policy", "same-challenge"},
		{associate, cognitotest.Throttle(), http.StatusTooManyRequests, "throttled", "back-off"},
		{verify, cognitotest.Error("CodeMismatchException", "Invalid code received for user"), http.StatusBadRequest, "wrong-code", "same-challenge"},
		{verify, cognitotest.DropBefore(), http.StatusBadGateway, "unavailable", "back-off"},
		{prefer, cognitotest.Throttle(), http.StatusBadGateway, "mfa-not-enabled", "back-off"},
	} {
		t.Run(test.operation+" "+test.code, func(t *testing.T) {
			messages := make(map[string]string)
			for _, language := range []string{"en", "ja"} {
				request := func() *answer {
					switch test.operation {
					case respond:
						who := s.session("SOFTWARE_TOKEN_MFA")
						s.Fail(test.operation, test.fault)
						s.Advance(time.Minute)
						return s.post("/mfasignin", who.withCode(s.VerifiedCode(username)), "Accept-Language", language)
					case associate:
						s.Fail(test.operation, test.fault)
						return s.post("/mfa", fields{"AccessToken": access}, "Accept-Language", language)
					case verify, prefer:
						s.post("/mfa", fields{"AccessToken": access}).ok()
						s.Fail(test.operation, test.fault)
						return s.post("/verify", fields{"accessToken": access, "mfaCode": s.Code(username)}, "Accept-Language", language)
					default:
						s.Fail(test.operation, test.fault)
						return s.post("/signin", fields{"userId": username, "userPassword": password}, "Accept-Language", language)
					}
				}
				a := request()
				a.t = t
				messages[language] = a.failed(test.status, test.code, test.next)
				if test.fault.Message != "" {
					assert.NotContains(t, string(a.body), test.fault.Message, "Cognito's own words are not for users")
				}
			}
			assert.NotEqual(t, messages["en"], messages["ja"])
		})
	}
}

// What is wrong with a request is said of each path alike.
func TestBadRequests(t *testing.T) {
	s := newSite(t, nil, nil)
	const plain = "application/json"
	for path, good := range map[string]string{
		"/signin":    `"userId":"x","userPassword":"x"`,
		"/mfa":       `"AccessToken":"x"`,
		"/verify":    `"mfaCode":"x","accessToken":"x"`,
		"/mfasignin": `"mfaCode":"x","authParamSession":"x","authParamUserId":"x"`,
		"/enable":    `"accessToken":"x"`,
		"/signout":   `"refreshToken":"x"`,
	} {
		first, _, _ := strings.Cut(strings.TrimPrefix(good, `"`), `"`)
		for _, test := range []struct {
			name        string
			contentType string
			body        string
			status      int
			code        string
		}{
			{"no type", "", "{" + good + "}", http.StatusUnsupportedMediaType, "unsupported-media-type"},
			{"form", "application/x-www-form-urlencoded", "userId=x", http.StatusUnsupportedMediaType, "unsupported-media-type"},
			{"text", "text/plain", "{" + good + "}", http.StatusUnsupportedMediaType, "unsupported-media-type"},
			{"other JSON", "application/json-patch+json", "{" + good + "}", http.StatusUnsupportedMediaType, "unsupported-media-type"},
			{"charset", "application/json; charset=shift_jis", "{" + good + "}", http.StatusUnsupportedMediaType, "unsupported-media-type"},
			{"bad type", "application/json; charset", "{" + good + "}", http.StatusUnsupportedMediaType, "unsupported-media-type"},
			{"empty", plain, "", http.StatusBadRequest, "malformed-json"},
			{"blank", plain, " \n", http.StatusBadRequest, "malformed-json"},
			{"null", plain, "null", http.StatusBadRequest, "malformed-json"},
			{"array", plain, "[{" + good + "}]", http.StatusBadRequest, "malformed-json"},
			{"string", plain, `"x"`, http.StatusBadRequest, "malformed-json"},
			{"number", plain, "1", http.StatusBadRequest, "malformed-json"},
			{"not closed", plain, "{" + good, http.StatusBadRequest, "malformed-json"},
			{"comma", plain, "{" + good + ",}", http.StatusBadRequest, "malformed-json"},
			{"two values", plain, "{" + good + "}{}", http.StatusBadRequest, "malformed-json"},
			{"rubbish behind", plain, "{" + good + "} x", http.StatusBadRequest, "malformed-json"},
			{"single quotes", plain, "{'x':1}", http.StatusBadRequest, "malformed-json"},
			{"name without value", plain, `{"x"`, http.StatusBadRequest, "malformed-json"},
			{"number as name", plain, `{1:"x"}`, http.StatusBadRequest, "malformed-json"},
			{"no UTF-8", plain, "{" + good + ",\"y\":\"\xff\"}", http.StatusBadRequest, "malformed-json"},
			{"byte order mark", plain, "\ufeff{" + good + "}", http.StatusBadRequest, "malformed-json"},
			{"deep", plain, `{"y":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "}", http.StatusBadRequest, "malformed-json"},
			{"nothing", plain, "{}", http.StatusBadRequest, map[bool]string{true: "bad-field", false: "missing-field"}[path == "/mfa"]},
			{"null field", plain, `{"` + first + `":null}`, http.StatusBadRequest, map[bool]string{true: "bad-field", false: "missing-field"}[path == "/mfa"]},
			{"number field", plain, `{"` + first + `":1}`, http.StatusBadRequest, "bad-field"},
			{"object field", plain, `{"` + first + `":{}}`, http.StatusBadRequest, "bad-field"},
			{"twofold field", plain, `{"` + first + `":"x",` + good + "}", http.StatusBadRequest, "bad-field"},
			{"too large", plain, "{" + good + `,"y":"` + strings.Repeat("y", 64<<10) + `"}`, http.StatusRequestEntityTooLarge, "too-large"},
		} {
			t.Run(path+" "+test.name, func(t *testing.T) {
				a := s.send(http.MethodPost, path, test.body, "Content-Type", test.contentType)
				a.t = t
				a.failed(test.status, test.code, "give-up")
			})
		}
		s.send(http.MethodPost, path, "{"+good+"}", "Content-Type", plain, "Content-Encoding", "gzip").
			failed(http.StatusUnsupportedMediaType, "unsupported-media-type", "give-up")
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions, "ODD"} {
			a := s.send(method, path, "")
			a.failed(http.StatusMethodNotAllowed, "method-not-allowed", "give-up")
			assert.Equal(t, "POST", a.header.Get("Allow"))
		}
	}
	assert.Equal(t, "GET", s.send(http.MethodPost, "/whoami", "").header.Get("Allow"))
	s.send(http.MethodPost, "/nowhere", "{}").failed(http.StatusNotFound, "not-found", "give-up")
	assert.Empty(t, s.Calls(), "Cognito has not been asked")
}

// A request of exactly 64 KiB is not too large.
func TestLargestRequest(t *testing.T) {
	s := newSite(t, nil, nil)
	head := `{"userId":"x","userPassword":"x","y":"`
	body := head + strings.Repeat("y", 64<<10-len(head)-2) + `"}`
	require.Len(t, body, 64<<10)
	s.send(http.MethodPost, "/signin", body, "Content-Type", "application/json").failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
	s.send(http.MethodPost, "/signin", body+" ", "Content-Type", "application/json").failed(http.StatusRequestEntityTooLarge, "too-large", "give-up")
}

func TestWhoAsks(t *testing.T) {
	s := newSite(t, nil, nil)
	for _, f := range []fields{
		{},
		{"AccessToken": "x", "authParamSession": "x"},
		{"AccessToken": "x", "authParamSession": "x", "authParamUserId": "x"},
	} {
		s.post("/mfa", f).failed(http.StatusBadRequest, "bad-field", "give-up")
	}
	for _, f := range []fields{{"authParamSession": "x"}, {"authParamUserId": "x"}} {
		said := s.post("/mfa", f).failed(http.StatusBadRequest, "missing-field", "give-up")
		assert.Contains(t, said, "authParam")
	}
	s.post("/mfasignin", fields{"mfaCode": "123456", "authParamSession": "x", "authParamUserId": "x", "ChallengeName": "CUSTOM_CHALLENGE"}).
		failed(http.StatusBadRequest, "bad-field", "give-up")
}

// Whatever is sent, the answer is an error that the sender can understand, and never the service's own fault.
func FuzzRequest(f *testing.F) {
	api := newSite(f, nil, nil).api
	handlers := []http.Handler{api.SignIn(), api.MFA(), api.Verify(), api.MFASignIn()}
	f.Add(uint8(0), "application/json", `{"userId":"x","userPassword":"y"}`)
	f.Add(uint8(1), "application/json", `{"authParamSession":"x","authParamUserId":"y"}`)
	f.Add(uint8(2), "application/json; charset=utf-8", `{"mfaCode":"123456","accessToken":"\ud800"}`)
	f.Add(uint8(3), "application/json", `{"mfaCode":"123456","authParamSession":"AYABe-------------","authParamUserId":"\u0000"}`)
	f.Add(uint8(3), "text/plain", `[]`)
	f.Fuzz(func(t *testing.T, route uint8, contentType, body string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		req.Header.Set("Content-Type", contentType)
		rec := httptest.NewRecorder()
		handlers[int(route)%len(handlers)].ServeHTTP(rec, req)
		assert.Contains(t, []int{
			http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		}, rec.Code, "%s", rec.Body)
		assert.Contains(t, rec.Body.String(), `"error"`)
	})
}
