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

// A wrong password and an unknown user give the same body and headers.
func TestUnknownUser(t *testing.T) {
	s := newSite(t, nil, nil)
	for _, language := range []string{"en", "ja"} {
		ask := func(name string) *answer {
			f := fields{"userId": name, "userPassword": "wrong-password"}
			return s.post("/signin", f, "Accept-Language", language)
		}
		wrong, unknown := ask(username), ask("nobody@example.com")
		wrong.failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
		assert.Equal(t, wrong.status, unknown.status)
		assert.Equal(t, wrong.body, unknown.body)
		wrong.header.Del("Date")
		unknown.header.Del("Date")
		assert.Equal(t, wrong.header, unknown.header)
	}
}

// Errors that users run into.
func TestFailures(t *testing.T) {
	s := newSite(t, nil, nil)
	s.AddUser(cognitotest.User{Username: "locked", Password: password})
	s.AddUser(cognitotest.User{Username: "barred", Password: password, Disabled: true})
	s.AddUser(cognitotest.User{
		Username: "resetting", Password: password, Status: types.UserStatusTypeResetRequired,
	})
	s.AddUser(cognitotest.User{
		Username: "unconfirmed", Password: password, Status: types.UserStatusTypeUnconfirmed,
	})

	for range 6 {
		s.post("/signin", fields{"userId": "locked", "userPassword": "wrong-password"})
	}
	s.signInAs("locked").failed(http.StatusTooManyRequests, "too-many-attempts", "back-off")
	s.signInAs("barred").failed(http.StatusForbidden, "user-disabled", "give-up")
	s.signInAs("resetting").failed(http.StatusForbidden, "password-reset-required", "give-up")
	s.signInAs("unconfirmed").failed(http.StatusForbidden, "user-not-confirmed", "give-up")

	access := s.signIn().access()
	verify := func(access, code string) *answer {
		return s.post("/verify", fields{"accessToken": access, "mfaCode": code})
	}
	verify(access, "123456").failed(http.StatusBadRequest, "not-enrolled", "start-over")
	s.post("/enable", fields{"accessToken": access}).
		failed(http.StatusBadRequest, "not-enrolled", "start-over")
	s.post("/mfa", fields{"AccessToken": access}).ok()
	for _, code := range []string{"abcdef", "12345", "1234567", "１２３", strings.Repeat("1", 1000)} {
		verify(access, code).failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
	verify("not.a.token", "123456").
		failed(http.StatusUnauthorized, "bad-access-token", "start-over")
	code := s.Code(username)
	verify(access, code).ok()

	who := s.session("SOFTWARE_TOKEN_MFA")
	said := s.post("/mfasignin", who.withCode(code)).
		failed(http.StatusBadRequest, "used-code", "next-code")
	assert.Contains(t, said, "for the app to show the next code")
	s.post("/mfasignin", who.withCode("abcdef")).
		failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	s.post("/mfasignin", who.withCode(s.NextCode(username))).tokens()
	s.post("/mfasignin", who.withCode(s.NextCode(username))).
		failed(http.StatusUnauthorized, "session-used", "start-over")
	who = s.session("SOFTWARE_TOKEN_MFA")
	s.Advance(4 * time.Minute)
	s.post("/mfasignin", who.withCode(s.Code(username))).
		failed(http.StatusUnauthorized, "session-expired", "start-over")
	s.post("/mfasignin", who.with("authParamSession", strings.Repeat("A", 9000)).withCode("123456")).
		failed(http.StatusUnauthorized, "session-expired", "start-over")

	s.Advance(2 * time.Hour)
	verify(access, code).failed(http.StatusUnauthorized, "bad-access-token", "start-over")
	s.post("/signout", fields{"refreshToken": "not a token at all"}).
		failed(http.StatusUnauthorized, "bad-refresh-token", "start-over")

	scoped := s.IssueTokens(username, "openid")
	s.post("/mfa", fields{"AccessToken": *scoped.AccessToken}).
		failed(http.StatusForbidden, "missing-scope", "give-up")

	_, err := s.Client().SetUserPoolMfaConfig(t.Context(),
		&cognitoidentityprovider.SetUserPoolMfaConfigInput{
			UserPoolId: aws.String(s.UserPoolID), MfaConfiguration: types.UserPoolMfaTypeOff,
		})
	require.NoError(t, err)
	s.post("/mfa", fields{"AccessToken": s.signIn().access()}).
		failed(http.StatusForbidden, "totp-disabled", "give-up")
}

// Other errors of Cognito. Each has a message in both languages.
func TestCognitosErrors(t *testing.T) {
	s := newSite(t, nil, nil)
	s.enroll()
	fresh := func() string { return *s.IssueTokens(username).AccessToken }
	s.post("/mfa", fields{"AccessToken": fresh()}).ok()

	const (
		admin     = "AdminInitiateAuth"
		respond   = "AdminRespondToAuthChallenge"
		associate = "AssociateSoftwareToken"
		verify    = "VerifySoftwareToken"
		prefer    = "SetUserMFAPreference"

		invalid  = http.StatusBadRequest
		refused  = http.StatusForbidden
		tooMany  = http.StatusTooManyRequests
		internal = http.StatusInternalServerError
		gateway  = http.StatusBadGateway
	)
	failing := cognitotest.Error
	for _, test := range []struct {
		call   string
		fault  cognitotest.Fault
		status int
		code   string
		next   string
	}{
		{
			call: admin, fault: cognitotest.Throttle(), status: tooMany, code: "throttled",
			next: "back-off",
		},
		{
			call: admin, fault: cognitotest.InternalError(), status: gateway,
			code: "unavailable", next: "back-off",
		},
		{
			call: admin, fault: cognitotest.DropBefore(), status: gateway, code: "unavailable",
			next: "back-off",
		},
		{
			call: admin, fault: cognitotest.CutAnswer(), status: gateway, code: "unavailable",
			next: "back-off",
		},
		{
			call:   admin,
			fault:  failing("ResourceNotFoundException", "User pool client x does not exist."),
			status: internal, code: "misconfigured", next: "give-up",
		},
		{
			call:   admin,
			fault:  failing("NotAuthorizedException", "Unable to verify secret hash for client x"),
			status: internal, code: "misconfigured", next: "give-up",
		},
		{
			call:   admin,
			fault:  failing("AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized"),
			status: internal, code: "misconfigured", next: "give-up",
		},
		{
			call:   admin,
			fault:  failing("UserLambdaValidationException", "PreAuthentication failed with error no"),
			status: refused, code: "rejected", next: "give-up",
		},
		{
			call: admin, fault: failing("BrandNewException", "something new"),
			status: internal, code: "misconfigured", next: "give-up",
		},
		{
			call: respond, fault: cognitotest.DropAfter(), status: gateway,
			code: "unavailable", next: "start-over",
		},
		{
			call: respond, fault: cognitotest.Throttle(), status: tooMany, code: "throttled",
			next: "back-off",
		},
		{
			call:   respond,
			fault:  failing("AliasExistsException", "An account with the email already exists."),
			status: invalid, code: "bad-attribute", next: "same-challenge",
		},
		{
			call: respond, fault: failing("InvalidPasswordException", "too short"),
			status: invalid, code: "password-policy", next: "same-challenge",
		},
		{
			call: associate, fault: cognitotest.Throttle(), status: tooMany, code: "throttled",
			next: "back-off",
		},
		{
			call:   verify,
			fault:  failing("CodeMismatchException", "Invalid code received for user"),
			status: invalid, code: "wrong-code", next: "same-challenge",
		},
		{
			call: verify, fault: cognitotest.DropBefore(), status: gateway,
			code: "unavailable", next: "back-off",
		},
		{
			call: prefer, fault: cognitotest.Throttle(), status: gateway,
			code: "mfa-not-enabled", next: "back-off",
		},
	} {
		t.Run(test.call+" "+test.code, func(t *testing.T) {
			messages := make(map[string]string)
			for _, language := range []string{"en", "ja"} {
				request := func() *answer {
					path, f := "/signin", fields{"userId": username, "userPassword": password}
					switch test.call {
					case respond:
						who := s.session("SOFTWARE_TOKEN_MFA")
						s.Advance(time.Minute)
						path, f = "/mfasignin", who.withCode(s.VerifiedCode(username))
					case associate:
						path, f = "/mfa", fields{"AccessToken": fresh()}
					case verify, prefer:
						access := fresh()
						s.post("/mfa", fields{"AccessToken": access}).ok()
						f = fields{"accessToken": access, "mfaCode": s.Code(username)}
						path = "/verify"
					}
					s.Fail(test.call, test.fault)
					return s.post(path, f, "Accept-Language", language)
				}
				a := request()
				a.t = t
				messages[language] = a.failed(test.status, test.code, test.next)
				if test.fault.Message != "" {
					assert.NotContains(t, string(a.body), test.fault.Message,
						"Cognito's own words are not for users")
				}
			}
			assert.NotEqual(t, messages["en"], messages["ja"])
		})
	}
}

// Every path responds to a bad request with the same error.
func TestBadRequests(t *testing.T) {
	s := newSite(t, nil, nil)
	const (
		plain     = "application/json"
		mediaType = "unsupported-media-type"
		malformed = "malformed-json"
	)
	deep := strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000)
	long := strings.Repeat("y", 64<<10)
	statuses := map[string]int{
		mediaType:       http.StatusUnsupportedMediaType,
		malformed:       http.StatusBadRequest,
		"missing-field": http.StatusBadRequest,
		"bad-field":     http.StatusBadRequest,
		"too-large":     http.StatusRequestEntityTooLarge,
	}
	for path, good := range map[string]string{
		"/signin":      `"userId":"x","userPassword":"x"`,
		"/mfa":         `"AccessToken":"x"`,
		"/verify":      `"mfaCode":"x","accessToken":"x"`,
		"/mfasignin":   `"mfaCode":"x","authParamSession":"x","authParamUserId":"x"`,
		"/newpassword": `"newPassword":"x","authParamSession":"x","authParamUserId":"x"`,
		"/selectmfa":   `"mfaType":"x","authParamSession":"x","authParamUserId":"x"`,
		"/enable":      `"accessToken":"x"`,
		"/disable":     `"accessToken":"x"`,
		"/signout":     `"refreshToken":"x"`,
	} {
		first, _, _ := strings.Cut(strings.TrimPrefix(good, `"`), `"`)
		missing := "missing-field"
		if path == "/mfa" {
			missing = "bad-field" // one of two fields is required
		}
		whole := "{" + good + "}"
		for _, test := range []struct {
			name        string
			contentType string
			body        string
			code        string
		}{
			{name: "no type", body: whole, code: mediaType},
			{
				name: "form", contentType: "application/x-www-form-urlencoded", body: "userId=x",
				code: mediaType,
			},
			{name: "text", contentType: "text/plain", body: whole, code: mediaType},
			{
				name: "other JSON", contentType: "application/json-patch+json", body: whole,
				code: mediaType,
			},
			{
				name: "charset", contentType: plain + "; charset=shift_jis", body: whole,
				code: mediaType,
			},
			{name: "bad type", contentType: plain + "; charset", body: whole, code: mediaType},
			{name: "empty", contentType: plain, code: malformed},
			{name: "space", contentType: plain, body: " \n", code: malformed},
			{name: "null", contentType: plain, body: "null", code: malformed},
			{name: "array", contentType: plain, body: "[" + whole + "]", code: malformed},
			{name: "string", contentType: plain, body: `"x"`, code: malformed},
			{name: "number", contentType: plain, body: "1", code: malformed},
			{name: "not closed", contentType: plain, body: "{" + good, code: malformed},
			{name: "comma", contentType: plain, body: "{" + good + ",}", code: malformed},
			{name: "two values", contentType: plain, body: whole + "{}", code: malformed},
			{name: "text after it", contentType: plain, body: whole + " x", code: malformed},
			{name: "single quotes", contentType: plain, body: "{'x':1}", code: malformed},
			{name: "name without value", contentType: plain, body: `{"x"`, code: malformed},
			{name: "number as name", contentType: plain, body: `{1:"x"}`, code: malformed},
			{
				name: "not UTF-8", contentType: plain, body: "{" + good + ",\"y\":\"\xff\"}",
				code: malformed,
			},
			{name: "byte order mark", contentType: plain, body: "\ufeff" + whole, code: malformed},
			{name: "deep", contentType: plain, body: `{"y":` + deep + "}", code: malformed},
			{name: "nothing", contentType: plain, body: "{}", code: missing},
			{name: "null field", contentType: plain, body: `{"` + first + `":null}`, code: missing},
			{
				name: "number field", contentType: plain, body: `{"` + first + `":1}`,
				code: "bad-field",
			},
			{
				name: "object field", contentType: plain, body: `{"` + first + `":{}}`,
				code: "bad-field",
			},
			{
				name: "duplicate field", contentType: plain,
				body: `{"` + first + `":"x",` + good + "}", code: "bad-field",
			},
			{
				name: "too large", contentType: plain, body: "{" + good + `,"y":"` + long + `"}`,
				code: "too-large",
			},
		} {
			t.Run(path+" "+test.name, func(t *testing.T) {
				a := s.send(http.MethodPost, path, test.body, "Content-Type", test.contentType)
				a.t = t
				a.failed(statuses[test.code], test.code, "give-up")
			})
		}
		s.send(http.MethodPost, path, whole, "Content-Type", plain, "Content-Encoding", "gzip").
			failed(http.StatusUnsupportedMediaType, mediaType, "give-up")
		for _, method := range []string{
			http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions, "ODD",
		} {
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
	s.send(http.MethodPost, "/signin", body, "Content-Type", "application/json").
		failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
	s.send(http.MethodPost, "/signin", body+" ", "Content-Type", "application/json").
		failed(http.StatusRequestEntityTooLarge, "too-large", "give-up")
}

func TestTokenOrSession(t *testing.T) {
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
	who := fields{"authParamSession": "x", "authParamUserId": "x"}
	s.post("/mfasignin", who.withCode("123456").with("ChallengeName", "CUSTOM_CHALLENGE")).
		failed(http.StatusBadRequest, "bad-field", "give-up")
	s.post("/selectmfa", who.with("mfaType", "PIGEON")).
		failed(http.StatusBadRequest, "bad-field", "give-up")
}

// Any input gets a client error, never a server error. An hour passes between inputs so that
// lockouts and limits do not carry over.
func FuzzRequest(f *testing.F) {
	s := newSite(f, nil, nil)
	handlers := []http.Handler{
		s.api.SignIn(), s.api.MFA(), s.api.Verify(), s.api.MFASignIn(),
		s.api.NewPassword(), s.api.SelectMFA(),
	}
	const plain = "application/json"
	f.Add(uint8(0), plain, `{"userId":"x","userPassword":"y"}`)
	f.Add(uint8(1), plain, `{"authParamSession":"x","authParamUserId":"y"}`)
	f.Add(uint8(2), plain+"; charset=utf-8", `{"mfaCode":"123456","accessToken":"\ud800"}`)
	f.Add(uint8(3), plain,
		`{"mfaCode":"123456","authParamSession":"AYABe-------------","authParamUserId":"\u0000"}`)
	f.Add(uint8(3), "text/plain", `[]`)
	f.Add(uint8(4), plain, `{"newPassword":"a","authParamSession":"AYABe-------------",`+
		`"authParamUserId":"x","userAttributes.name":"y","userAttributes.":"z"}`)
	f.Add(uint8(5), plain,
		`{"mfaType":"SMS_MFA","authParamSession":"AYABe-------------","authParamUserId":"x"}`)
	f.Fuzz(func(t *testing.T, route uint8, contentType, body string) {
		s.Advance(time.Hour)
		req := httptest.NewRequestWithContext(
			t.Context(), http.MethodPost, "/", strings.NewReader(body),
		)
		req.Header.Set("Content-Type", contentType)
		rec := httptest.NewRecorder()
		handlers[int(route)%len(handlers)].ServeHTTP(rec, req)
		assert.Contains(t, []int{
			http.StatusBadRequest, http.StatusUnauthorized,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		}, rec.Code, "%s", rec.Body)
		assert.Contains(t, rec.Body.String(), `"error"`)
	})
}
