package mfaweb_test

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/otpauth"
	"github.com/cognitomfa/cognitomfa/token"
)

func required(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn }

// keys returns the member names of an object in a fixed order.
func keys(m map[string]any) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
}

// assertTokens checks that tokens look like Cognito's.
func assertTokens(t *testing.T, result map[string]any) {
	t.Helper()
	all := []string{"AccessToken", "IdToken", "RefreshToken", "TokenType", "ExpiresIn"}
	assert.ElementsMatch(t, all, keys(result))
	assert.Equal(t, "Bearer", result["TokenType"])
	assert.InEpsilon(t, 3600, result["ExpiresIn"], 0)
	for _, name := range []string{"AccessToken", "IdToken", "RefreshToken"} {
		assert.NotEmpty(t, result[name])
	}
}

// assertQRCode checks that the picture, the URI and the key match.
func assertQRCode(t *testing.T, body map[string]any) {
	t.Helper()
	svg, err := base64.StdEncoding.DecodeString(body["qrcode"].(string))
	require.NoError(t, err)
	var root struct {
		XMLName xml.Name
	}
	require.NoError(t, xml.Unmarshal(svg, &root))
	assert.Equal(t, "svg", root.XMLName.Local)
	key, err := otpauth.Parse(body["uri"].(string))
	require.NoError(t, err)
	assert.Equal(t, key.Secret.Reveal(), body["secret"])
	assert.Equal(t, "Example", key.Issuer)
	assert.Equal(t, username, key.Account)
}

// A user turns on optional MFA and signs in with a code, with the minimum number of calls to
// Cognito.
func TestOptional(t *testing.T) {
	s := newSite(t, nil, nil)
	a := s.signIn()
	assert.Equal(t, []string{"AuthenticationResult"}, keys(a.ok()))
	assertTokens(t, a.tokens())
	access := a.access()

	body := s.post("/mfa", fields{"AccessToken": access}).ok()
	assert.ElementsMatch(t, []string{"qrcode", "secret", "uri"}, keys(body))
	assertQRCode(t, body)
	body = s.post("/verify", fields{"accessToken": access, "mfaCode": s.Code(username)}).ok()
	assert.Equal(t, map[string]any{"Status": "SUCCESS"}, body)

	body = s.signIn().ok()
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", body["ChallengeName"])
	assert.NotEmpty(t, body["Session"])
	assert.Equal(t, map[string]any{"USER_ID_FOR_SRP": username}, body["ChallengeParameters"])
	assert.Len(t, body, 3)
	s.Advance(30 * time.Second)
	a = s.post("/mfasignin", fields{
		"mfaCode":          s.Code(username),
		"authParamSession": body["Session"].(string),
		"authParamUserId":  username,
	})
	assert.Equal(t, []string{"AuthenticationResult"}, keys(a.ok()))
	assertTokens(t, a.tokens())

	var calls []string
	for _, call := range s.Calls() {
		calls = append(calls, call.Operation)
	}
	assert.Equal(t, []string{
		"AdminInitiateAuth",
		"AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference",
		"AdminInitiateAuth", "AdminRespondToAuthChallenge",
	}, calls)
}

// The same where the pool requires MFA.
func TestRequired(t *testing.T) {
	s := newSite(t, required, nil)
	body := s.signIn().ok()
	assert.Equal(t, "MFA_SETUP", body["ChallengeName"])
	assert.Equal(t, map[string]any{
		"USER_ID_FOR_SRP": username, "MFAS_CAN_SETUP": `["SOFTWARE_TOKEN_MFA"]`,
	}, body["ChallengeParameters"])

	who := fields{"authParamSession": body["Session"].(string), "authParamUserId": username}
	body = s.post("/mfa", who).ok()
	assert.ElementsMatch(t, []string{"qrcode", "secret", "uri", "Session"}, keys(body))
	assertQRCode(t, body)
	assert.NotEqual(t, who["authParamSession"], body["Session"])

	who["authParamSession"] = body["Session"].(string)
	s.post("/verify", who.withCode("000000")).
		failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	a := s.post("/verify", who.withCode(s.Code(username)))
	assert.ElementsMatch(t, []string{"Status", "AuthenticationResult"}, keys(a.ok()))
	assert.Equal(t, "SUCCESS", a.ok()["Status"])
	assertTokens(t, a.tokens())
	assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, s.User(username).Methods)
}

// Other challenges are passed on under Cognito's names, for front ends that support them.
func TestOtherChallenges(t *testing.T) {
	s := newSite(t, func(o *cognitotest.Options) {
		o.SMS, o.Email = true, true
		o.RequiredAttributes = []string{"name"}
	}, nil)
	s.AddUser(nameless)
	s.AddUser(undecided)
	s.AddUser(cognitotest.User{Username: "scripted", Password: password})
	s.Script("scripted", cognitotest.Challenge{
		Name: "CUSTOM_CHALLENGE", Parameters: map[string]string{"question": "favorite color"},
	})
	for name, want := range map[string]struct {
		challenge  string
		parameters map[string]any
	}{
		"nameless": {"NEW_PASSWORD_REQUIRED", map[string]any{
			"requiredAttributes": `["userAttributes.name"]`,
		}},
		"undecided": {"SELECT_MFA_TYPE", map[string]any{
			"MFAS_CAN_CHOOSE": `["SMS_MFA","SOFTWARE_TOKEN_MFA"]`,
		}},
		"scripted": {"CUSTOM_CHALLENGE", map[string]any{"question": "favorite color"}},
	} {
		body := s.signInAs(name).ok()
		assert.Equal(t, want.challenge, body["ChallengeName"])
		assert.NotEmpty(t, body["Session"])
		assert.Subset(t, body["ChallengeParameters"], want.parameters)
		assert.Subset(t, body["ChallengeParameters"], map[string]any{"USER_ID_FOR_SRP": name})
	}
}

// nameless must set a password and a name; undecided must choose a method.
var (
	nameless = cognitotest.User{
		Username: "nameless", Password: password, Status: types.UserStatusTypeForceChangePassword,
	}
	undecided = cognitotest.User{
		Username: "undecided", Password: password, Phone: "+15550001234", TOTP: "JBSWY3DPEHPK3PXP",
		Methods: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"},
	}
)

// A user replaces a temporary password and adds the required attributes.
func TestNewPassword(t *testing.T) {
	s := newSite(t, func(o *cognitotest.Options) { o.RequiredAttributes = []string{"name"} }, nil)
	s.AddUser(nameless)
	who := s.sessionOf("nameless", "NEW_PASSWORD_REQUIRED")
	const chosen = "Another-Horse-8"
	easy := who.with("newPassword", "too-easy").with("userAttributes.name", "Ann Other")
	s.post("/newpassword", easy).
		failed(http.StatusBadRequest, "password-policy", "same-challenge")
	s.post("/newpassword", who.with("newPassword", chosen)).
		failed(http.StatusBadRequest, "bad-attribute", "same-challenge")
	s.post("/newpassword", who).failed(http.StatusBadRequest, "missing-field", "give-up")

	a := s.post(
		"/newpassword", who.with("newPassword", chosen).with("userAttributes.name", "Ann Other"),
	)
	assertTokens(t, a.tokens())
	assert.Equal(t, "Ann Other", s.User("nameless").Attributes["name"])
	s.signInAs("nameless").failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
	s.post("/signin", fields{"userId": "nameless", "userPassword": chosen}).tokens()
	s.post("/newpassword", who.with("newPassword", chosen)).
		failed(http.StatusUnauthorized, "session-used", "start-over")
}

// A new password can lead to another challenge.
func TestNewPasswordThenMFA(t *testing.T) {
	s := newSite(t, required, nil)
	s.AddUser(nameless)
	who := s.sessionOf("nameless", "NEW_PASSWORD_REQUIRED")
	body := s.post("/newpassword", who.with("newPassword", "Another-Horse-8")).ok()
	assert.Equal(t, "MFA_SETUP", body["ChallengeName"])
}

// A user with several methods chooses one.
func TestSelectMFA(t *testing.T) {
	s := newSite(t, func(o *cognitotest.Options) { o.SMS, o.Email = true, true }, nil)
	s.AddUser(undecided)
	who := s.sessionOf("undecided", "SELECT_MFA_TYPE")
	s.post("/selectmfa", who).failed(http.StatusBadRequest, "missing-field", "give-up")
	body := s.post("/selectmfa", who.with("mfaType", "SMS_MFA")).ok()
	assert.Equal(t, "SMS_MFA", body["ChallengeName"])
	sent := s.Outbox("undecided")
	who["authParamSession"] = body["Session"].(string)
	a := s.post("/mfasignin", who.withCode(sent[len(sent)-1].Code).with("ChallengeName", "SMS_MFA"))
	assertTokens(t, a.tokens())

	who = s.sessionOf("undecided", "SELECT_MFA_TYPE")
	chosen := s.post("/selectmfa", who.with("mfaType", "SOFTWARE_TOKEN_MFA")).ok()
	who["authParamSession"] = chosen["Session"].(string)
	assertTokens(t, s.post("/mfasignin", who.withCode(s.Code("undecided"))).tokens())
}

// MFA cannot be turned off where the pool requires it.
func TestDisable(t *testing.T) {
	s := newSite(t, required, nil)
	who := s.session("MFA_SETUP")
	who["authParamSession"] = s.post("/mfa", who).ok()["Session"].(string)
	access := s.post("/verify", who.withCode(s.Code(username))).access()
	s.post("/disable", fields{"accessToken": access}).
		failed(http.StatusForbidden, "mfa-required", "give-up")
	s.post("/disable", fields{}).failed(http.StatusBadRequest, "missing-field", "give-up")
	assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, s.User(username).Methods)
}

// The challenge includes the device name.
func TestDeviceName(t *testing.T) {
	s := newSite(t, nil, nil)
	access := s.signIn().access()
	s.post("/mfa", fields{"AccessToken": access}).ok()
	s.post("/verify", fields{
		"accessToken": access, "mfaCode": s.Code(username), "deviceName": "phone of alice",
	}).ok()
	assert.Equal(t, map[string]any{
		"USER_ID_FOR_SRP": username, "FRIENDLY_DEVICE_NAME": "phone of alice",
	}, s.signIn().ok()["ChallengeParameters"])

	s = newSite(t, required, nil)
	who := s.session("MFA_SETUP")
	who["authParamSession"] = s.post("/mfa", who).ok()["Session"].(string)
	s.post("/verify", who.withCode(s.Code(username)).with("deviceName", "phone of alice")).tokens()
	assert.Equal(t, "phone of alice", s.User(username).TOTPDevice)
}

// Codes by SMS and email work like those of an authenticator.
func TestSentCodes(t *testing.T) {
	s := newSite(t, func(o *cognitotest.Options) { o.SMS, o.Email = true, true }, nil)
	s.AddUser(cognitotest.User{
		Username: "mobile", Password: password, Phone: "+15550001234",
		Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA",
	})
	s.AddUser(cognitotest.User{
		Username: "mailed", Password: password, Email: "mailed@example.com",
		Methods: []string{"EMAIL_OTP"}, Preferred: "EMAIL_OTP",
	})
	for name, method := range map[string]string{"mobile": "SMS_MFA", "mailed": "EMAIL_OTP"} {
		body := s.signInAs(name).ok()
		assert.Equal(t, method, body["ChallengeName"])
		assert.Contains(
			t, body["ChallengeParameters"].(map[string]any)["CODE_DELIVERY_DESTINATION"], "*",
		)
		sent := s.Outbox(name)
		answer := fields{
			"mfaCode":          sent[len(sent)-1].Code,
			"authParamSession": body["Session"].(string),
			"authParamUserId":  name,
			"ChallengeName":    method,
		}
		assertTokens(t, s.post("/mfasignin", answer).tokens())
	}
}

// Front ends may send extra fields, and empty or null ones.
func TestExtraFields(t *testing.T) {
	s := newSite(t, nil, nil)
	remember(password)
	body := `{"userId": "` + username + `", "extra": {"deep": [1, null, "x"]}, ` +
		`"userPassword": "` + password + `", "extra": 2, "UserID": "x", "userAttributes.name": 3}` + "\n"
	a := s.send(http.MethodPost, "/signin", body, "Content-Type", "Application/JSON; charset=UTF-8")
	remember(a.json())
	access := a.access()
	a = s.send(http.MethodPost, "/mfa",
		`{"AccessToken": "`+access+`", "authParamSession": null, "authParamUserId": ""}`,
		"Content-Type", "application/json")
	remember(a.ok())
}

// Codes are accepted with spaces and hyphens, as people type them.
func TestCodeWithSpaces(t *testing.T) {
	s := newSite(t, nil, nil)
	s.enroll()
	code := s.Code(username)
	typed := " " + code[:3] + "-" + code[3:] + " "
	assertTokens(t, s.post("/mfasignin", s.session("SOFTWARE_TOKEN_MFA").withCode(typed)).tokens())
}

// A user whose authenticator is registered gets the tokens even if MFA could not be turned on. They
// can turn it on later.
func TestNotEnabled(t *testing.T) {
	s := newSite(t, required, nil)
	who := s.session("MFA_SETUP")
	who["authParamSession"] = s.post("/mfa", who).ok()["Session"].(string)
	s.Fail("SetUserMFAPreference", cognitotest.Throttle())
	a := s.post("/verify", who.withCode(s.Code(username)))
	warning, ok := a.ok()["warning"].(map[string]any)
	require.True(t, ok, "%s", a.body)
	assert.Equal(t, "mfa-not-enabled", warning["code"])
	assert.Equal(t, "back-off", warning["next"])
	assertTokens(t, a.tokens())

	s.Fail("SetUserMFAPreference", cognitotest.Throttle())
	s.post("/enable", fields{"accessToken": a.access()}).
		failed(http.StatusTooManyRequests, "throttled", "back-off")
	body := s.post("/enable", fields{"accessToken": a.access()}).ok()
	assert.Equal(t, map[string]any{"Status": "SUCCESS"}, body)
	assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, s.User(username).Methods)
}

func TestWhoAmI(t *testing.T) {
	s := newSite(t, nil, nil)
	s.AddUser(cognitotest.User{
		Username: "grouped", Password: password, Groups: []string{"admins", "staff"},
	})
	who := func(bearer string) *answer {
		return s.send(http.MethodGet, "/whoami", "", "Authorization", "Bearer "+bearer)
	}

	tokens := s.signIn().tokens()
	body := who(tokens["AccessToken"].(string)).ok()
	assert.ElementsMatch(
		t, []string{"Username", "Subject", "AuthTime", "ExpiresAt", "MFA"}, keys(body),
	)
	assert.Equal(t, username, body["Username"])
	assert.Equal(t, s.User(username).Sub, body["Subject"])
	assert.Equal(t, false, body["MFA"])
	expires, err := time.Parse(time.RFC3339, body["ExpiresAt"].(string))
	require.NoError(t, err)
	assert.WithinDuration(t, s.Now().Add(time.Hour), expires, time.Minute)

	body = who(s.signInAs("grouped").access()).ok()
	assert.Equal(t, []any{"admins", "staff"}, body["Groups"])

	enrolled := s.enroll()
	assert.Equal(t, true, who(enrolled).ok()["MFA"])

	for _, bad := range []string{"", "garbage", tokens["IdToken"].(string), enrolled + "x"} {
		a := who(bad)
		a.failed(http.StatusUnauthorized, "bad-access-token", "start-over")
		assert.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
	}
	assert.Equal(t, http.StatusUnauthorized, s.send(http.MethodGet, "/whoami", "").status)

	s.Fail("GetUser", cognitotest.InternalError())
	who(enrolled).failed(http.StatusBadGateway, "unavailable", "back-off")
	s.post("/signout", fields{"refreshToken": tokens["RefreshToken"].(string)}).ok()
	who(tokens["AccessToken"].(string)).
		failed(http.StatusUnauthorized, "bad-access-token", "start-over")
	who(enrolled).ok() // another sign-in, which lives on
	s.Advance(2 * time.Hour)
	assert.Equal(t, http.StatusUnauthorized, who(enrolled).status, "the token has expired")
}

// Each handler works alone, at any path.
func TestSingleHandlers(t *testing.T) {
	const who = `{"authParamSession":"--------------------","authParamUserId":"x"`
	s := newSite(t, nil, nil)
	for _, test := range []struct {
		handler http.Handler
		body    string
	}{
		{s.api.SignIn(), `{"userId":"` + username + `","userPassword":"-"}`},
		{s.api.MFA(), `{"AccessToken":"-"}`},
		{s.api.Verify(), `{"accessToken":"-","mfaCode":"123456"}`},
		{s.api.MFASignIn(), who + `,"mfaCode":"12345"}`},
		{s.api.NewPassword(), who + `,"newPassword":"y"}`},
		{s.api.SelectMFA(), who + `,"mfaType":"SMS_MFA"}`},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/prod/anything",
			strings.NewReader(test.body))
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		test.handler.ServeHTTP(rec, req)
		assert.Contains(
			t, []int{http.StatusUnauthorized, http.StatusBadRequest}, rec.Code, "%s", rec.Body,
		)
		assert.Contains(t, rec.Body.String(), `"error"`)
		assert.NotContains(t, rec.Body.String(), "missing-field")
	}
}

// Timeout, or the deadline of the request, limits how long Cognito may take.
func TestTimeLimit(t *testing.T) {
	s := newSite(t, nil, func(o *mfaweb.Options) { o.Timeout = 50 * time.Millisecond })
	s.Fail("AdminInitiateAuth", cognitotest.Delay(time.Minute))
	s.signIn().failed(http.StatusBadGateway, "unavailable", "back-off")

	s = newSite(t, nil, nil)
	s.Fail("AdminInitiateAuth", cognitotest.Delay(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/signin",
		strings.NewReader(`{"userId":"`+username+`","userPassword":"x"}`))
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.api.SignIn().ServeHTTP(rec, req)
	assert.Equal(t, http.StatusBadGateway, rec.Code)
}

// The work is finished even if the browser hangs up.
func TestHangUp(t *testing.T) {
	s := newSite(t, nil, nil)
	access := s.signIn().access()
	s.post("/mfa", fields{"AccessToken": access}).ok()
	remember(s.Code(username))

	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/verify",
		strings.NewReader(`{"accessToken":"`+access+`","mfaCode":"`+s.Code(username)+`"}`))
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.api.Verify().ServeHTTP(rec, req)
	assert.Equal(t, http.StatusOK, rec.Code, "%s", rec.Body)
	assert.Equal(t, []string{string(cognitomfa.MethodTOTP)}, s.User(username).Methods)
}

// Nobody has to sign in again because the pool's keys cannot be fetched.
func TestWhoAmIWithoutKeys(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: "us-east-1_AbCdEfGhI", ClientIDs: []string{"x"}, JWKSURL: closed.URL,
	})
	require.NoError(t, err)
	s := newSite(t, func(o *cognitotest.Options) {
		o.UserPoolID, o.ClientID = "us-east-1_AbCdEfGhI", "x"
	}, func(o *mfaweb.Options) { o.Verifier = verifier })
	a := s.send(http.MethodGet, "/whoami", "", "Authorization", "Bearer "+s.signIn().access())
	a.failed(http.StatusServiceUnavailable, "unavailable", "back-off")
	assert.NotEmpty(t, a.header.Get("Retry-After"))
}
