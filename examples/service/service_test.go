package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/token"
)

const support1 = "support@example.com"

func TestPassword(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.get("/")
	b.at("/sign-in")
	b.submit("/sign-in", "account", alice, "password", "wrong")
	b.refused("/sign-in", "wrong-credentials")
	assert.Equal(t, alice, attr(b.find("input", "name", "account"), "value"), "the address is kept")
	b.submit("/sign-in", "account", "nobody@example.com", "password", "wrong")
	b.refused("/sign-in", "wrong-credentials")
	b.submit("/sign-in", "account", " Alice@Example.com ", "password", password)
	b.at("/")
	b.says("mfa-is-off")
	assert.Contains(t, b.body, alice)
	b.get("/sign-in")
	b.at("/") // signed in already
	for _, call := range srv.Calls() {
		if call.Operation == "AdminInitiateAuth" {
			assert.Equal(t, "USER_SRP_AUTH", call.Params["AuthFlow"])
			assert.Empty(
				t,
				call.Params["AuthParameters.PASSWORD"],
				"the password stays in the process",
			)
		}
	}

	b.submit("/sign-out")
	b.at("/sign-in")
	b.says("signed-out")
	b.get("/")
	b.at("/sign-in")
}

// A wrong code and a reload keep the key, and the page explains stale entries.
func TestSetup(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.signIn(alice)
	b.get("/setup")
	b.at("/setup")
	key := b.key()
	link := attr(b.find("a", "class", "button"), "href")
	assert.True(t, strings.HasPrefix(link, "otpauth://totp/Example:alice%40example.com?"), link)
	assert.Contains(t, link, key)
	assert.NotNil(t, b.find("path", "stroke", "#000"), "the QR code")
	assert.NotContains(t, b.body, "ZgotmplZ")

	b.submit("/setup", "code", "abc")
	b.refused("/setup", "wrong-code")
	assert.Equal(t, key, b.key())
	b.says("setup-refused")
	b.get("/setup")
	assert.Equal(t, key, b.key())
	b.submit("/setup/new-key")
	b.at("/setup")
	assert.NotEqual(t, key, b.key())
	key = b.key()

	b.submit("/setup", "code", b.codeOf(key))
	b.at("/recovery-codes")
	codes := b.body
	b.get("/") // until the codes are saved, all pages show them
	b.at("/recovery-codes")
	assert.Equal(t, codes, b.body)
	b.post("/recovery-codes/saved", nil)
	b.at("/recovery-codes")
	b.saveCodes()
	b.says("mfa-is-on")
	b.get("/recovery-codes")
	b.at("/recovery-codes")
	assert.Nil(t, b.find("ol", "class", "codes"), "shown once")
	assert.Equal(t, []string{"authenticator set up", "new recovery codes"}, in.notices.said)

	b.submit("/recovery-codes")
	b.saveCodes()
	b.submit("/sign-out")
	b.signIn(alice)
	b.at("/code")
	b.submit("/code", "code", wrong(srv, alice))
	b.refused("/code", "wrong-code")
	b.submit("/code", "code", srv.Code(alice))
	b.refused("/code", "used-code")
	b.submit("/code", "code", srv.NextCode(alice))
	b.at("/")
}

// Where MFA is required, the set-up is part of the sign-in.
func TestRequiredSetup(t *testing.T) {
	t.Parallel()
	srv, b := openService(t, func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	b.signIn("temporary@example.com")
	b.at("/new-password")
	b.submit(
		"/new-password",
		"password",
		"Another-Passw0rd",
		"repeated",
		"Another-Passw0rd",
		"attribute.name",
		"Tom",
	)
	b.at("/setup")
	key := b.key()
	b.get("/")
	b.at("/sign-in") // not signed in yet
	b.get("/setup")
	assert.Equal(t, key, b.key())
	b.submit("/setup", "code", wrong(srv, "temporary@example.com"))
	b.refused("/setup", "wrong-code")
	assert.Equal(t, key, b.key())
	b.submit("/setup", "code", b.codeOf(key))
	b.saveCodes()
	b.says("mfa-is-on")
	assert.True(t, srv.User("temporary@example.com").TOTP)

	b.get("/mfa-off")
	b.submit("/mfa-off")
	assert.Equal(t, http.StatusForbidden, b.status)
	b.says("mfa-required")
}

func TestNewPassword(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.signIn("temporary@example.com")
	b.at("/new-password")
	for problem, fields := range map[string][]string{
		"not-repeated": {
			"password", "Another-Passw0rd", "repeated", "Another-Passw0rd2", "attribute.name", "Tom",
		},
		"password-policy": {"password", "short", "repeated", "short", "attribute.name", "Tom"},
		"attribute":       {"password", "Another-Passw0rd", "repeated", "Another-Passw0rd"},
	} {
		b.submit("/new-password", fields...)
		b.refused("/new-password", problem)
	}
	b.submit(
		"/new-password",
		"password",
		"Another-Passw0rd",
		"repeated",
		"Another-Passw0rd",
		"attribute.name",
		"Tom",
	)
	b.at("/")
	assert.Equal(t, "Tom", srv.User("temporary@example.com").Attributes["name"])
}

func TestMethod(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.signIn("choice@example.com")
	b.at("/method")
	b.submit("/method", "method", "EMAIL_OTP")
	b.refused("/method", "choose-method")
	b.submit("/method", "method", "SMS_MFA")
	b.at("/code")
	b.says("code-sent")
	assert.Nil(t, b.find("a", "href", "/recover"), "recovery codes are only for authenticators")
	b.submit("/code", "code", srv.Outbox("choice@example.com")[0].Code)
	b.at("/")

	b = open(t, srv, in.URL)
	b.signIn("choice@example.com")
	b.submit("/method", "method", "SOFTWARE_TOKEN_MFA")
	b.submit("/code", "code", srv.Code("choice@example.com"))
	b.at("/")
}

// Unknown challenges and pages out of order let nobody in.
func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	for _, path := range []string{"/new-password", "/method", "/code", "/recover", "/setup"} {
		b.get(path)
		b.at("/sign-in")
		b.says("start-over")
		b.post(path, url.Values{"code": {"123456"}})
		b.at("/sign-in")
	}
	for _, path := range []string{
		"/", "/step-up", "/recovery-codes", "/mfa-off", "/sign-out-everywhere", "/support",
	} {
		b.get(path)
		b.at("/sign-in")
	}
	b.signIn("choice@example.com")
	b.get("/code")
	b.at("/sign-in")
	b.says("start-over")

	srv.Script(alice, cognitotest.Challenge{Name: "NEWER_THAN_THIS"})
	b.signIn(alice)
	assert.Equal(t, "/unknown-step", b.path)
	assert.Equal(t, http.StatusNotImplemented, b.status)
	b.get("/")
	b.at("/sign-in")

	b.get("/nothing-here")
	assert.Equal(t, http.StatusNotFound, b.status)
	b.says("not-found")
}

func TestSessionExpired(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.signIn(support1)
	b.at("/code")
	srv.Advance(16 * time.Minute)
	b.submit("/code", "code", srv.Code(support1))
	b.at("/sign-in")
	b.says("start-over")
}

// Sensitive actions require a step-up once the sign-in is older than five minutes. The server
// enforces it.
func TestStepUp(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.signIn(alice)
	b.enroll()
	srv.Advance(freshLife)
	before := srv.User(alice)
	for _, path := range []string{"/setup", "/recovery-codes", "/mfa-off"} {
		b.get(path)
		b.at("/step-up")
		b.post(path, url.Values{"code": {srv.Code(alice)}})
		b.at("/step-up")
	}
	b.post("/setup/new-key", nil)
	b.at("/step-up")
	assert.Equal(t, before.Methods, srv.User(alice).Methods)
	assert.False(t, srv.User(alice).TOTPPending)
	b.submit("/step-up", "password", "wrong")
	b.refused("/step-up", "wrong-credentials")
	b.submit("/step-up", "password", password)
	b.at("/code")
	b.post("/setup/new-key", nil) // the password alone is not enough
	b.at("/step-up")
	b.get("/code")
	b.submit("/code", "code", wrong(srv, alice))
	b.refused("/code", "wrong-code")
	b.submit("/code", "code", srv.Code(alice))
	b.at("/setup")

	srv.Advance(freshLife)
	b.get("/mfa-off")
	b.submit("/step-up", "password", password)
	b.at("/code")
	srv.Advance(16 * time.Minute)
	b.submit("/code", "code", srv.VerifiedCode(alice))
	b.at("/step-up") // no longer fresh
	b.submit("/step-up", "password", password)
	b.submit("/code", "code", srv.VerifiedCode(alice))
	b.at("/mfa-off")
	b.submit("/mfa-off")
	b.at("/")
	b.says("mfa-off")
	assert.Empty(t, srv.User(alice).Methods)
	assert.Contains(t, in.notices.said, "two-step sign-in turned off")

	// The first set-up also requires the password again.
	srv.Advance(freshLife)
	b.get("/setup")
	b.at("/step-up")
	b.submit("/step-up", "password", password)
	b.at("/setup")
}

// Setting up an authenticator ends all earlier sessions.
func TestEarlierSessions(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	thief, b := open(t, srv, in.URL), open(t, srv, in.URL)
	thief.signIn(alice)
	b.signIn(alice)
	b.enroll()
	thief.get("/setup")
	thief.at("/sign-in")
	b.get("/")
	b.at("/")
}

func TestReplaceAuthenticator(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.signIn(alice)
	first, _ := b.enroll()
	b.get("/setup")
	b.says("setup-replaces")
	second := b.key()
	assert.NotEqual(t, first, second)
	b.submit("/setup", "code", b.codeOf(second))
	b.saveCodes()
	b.submit("/sign-out")
	srv.Advance(time.Minute)
	b.signIn(alice)
	b.submit("/code", "code", b.codeOf(first))
	b.refused("/code", "wrong-code")
	b.submit("/code", "code", b.codeOf(second))
	b.at("/")
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b, other := open(t, srv, in.URL), open(t, srv, in.URL)
	b.signIn(alice)
	_, codes := b.enroll()
	srv.Advance(time.Minute)
	other.signIn(alice)
	other.submit("/code", "code", srv.Code(alice))
	other.at("/")

	lost := open(t, srv, in.URL)
	lost.signIn(alice)
	lost.at("/code")
	lost.get("/recover")
	lost.at("/recover")
	lost.submit("/recover", "code", "AAAA-BBBB-CCCC-DDDD")
	lost.refused("/recover", "wrong-recovery-code")
	srv.Fail(
		"AdminDeleteSoftwareToken",
		cognitotest.Error("InternalErrorException", ""),
		cognitotest.Error(
			"InternalErrorException",
			"",
		),
		cognitotest.Error("InternalErrorException", ""),
	)
	lost.submit("/recover", "code", strings.ToLower(strings.ReplaceAll(codes[3], "-", " ")))
	assert.Equal(t, http.StatusServiceUnavailable, lost.status)
	other.get("/")
	other.at("/sign-in") // signed out although the reset failed
	lost.get("/recover")
	lost.submit("/recover") // the code is used up but not requested again
	lost.at("/sign-in")
	lost.says("recovered")
	assert.False(t, srv.User(alice).TOTP)
	assert.Contains(t, in.notices.said, "recovery code used, authenticator removed")

	srv.Advance(time.Second)
	lost.signIn(alice)
	lost.at("/setup") // the only page until there is a new authenticator
	for _, path := range []string{"/", "/recovery-codes", "/mfa-off", "/sign-out-everywhere"} {
		lost.get(path)
		lost.at("/setup")
	}
	lost.submit("/setup", "code", lost.codeOf(lost.key()))
	lost.saveCodes()

	// New codes replace the old ones, and each is single use.
	srv.Advance(time.Minute)
	again := open(t, srv, in.URL)
	again.signIn(alice)
	again.get("/recover")
	again.submit("/recover", "code", codes[4])
	again.refused("/recover", "wrong-recovery-code")
}

func TestRecoveryCodeOnce(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.signIn(alice)
	_, codes := b.enroll()
	user := srv.User(alice).Username
	good := make(chan bool)
	for range 4 {
		go func() {
			ok, err := in.useRecoveryCode(t.Context(), user, codes[0])
			assert.NoError(t, err)
			good <- ok
		}()
	}
	times := 0
	for range 4 {
		if <-good {
			times++
		}
	}
	assert.Equal(t, 1, times)
	kept, err := in.store.Get(t.Context(), recoveryKey(user))
	require.NoError(t, err)
	for _, code := range codes {
		assert.NotContains(t, string(kept), code)
		assert.NotContains(t, string(kept), strings.ReplaceAll(code, "-", ""))
	}
}

func TestRemember(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.remember()
	b.submit("/sign-out")
	b.signIn(alice)
	b.at("/") // no code
	b.get("/mfa-off")
	b.at("/step-up") // a remembered computer does not replace a code
	b.get("/")
	b.submit("/sign-out")

	// Neither another user of the browser nor another browser of the user skips the code.
	b.signIn(support1)
	b.at("/code")
	other := open(t, srv, in.URL)
	other.signIn(alice)
	other.at("/code")

	// After 30 days the cookie no longer counts.
	srv.Advance(deviceLife)
	b.signIn(alice)
	b.at("/code")
	b.submit("/code", "code", srv.Code(alice))
	b.at("/")
	calls := srv.Calls()
	assert.True(t, operation(calls, "ForgetDevice"), "Cognito forgets it as well")
}

func TestForgetDevices(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.remember()
	b.get("/sign-out-everywhere")
	b.submit("/sign-out-everywhere")
	b.at("/sign-in")
	b.says("signed-out-everywhere")
	srv.Advance(time.Second)
	b.signIn(alice)
	b.at("/code")
}

func operation(calls []cognitotest.Call, name string) bool {
	for _, call := range calls {
		if call.Operation == name && call.Error == "" {
			return true
		}
	}
	return false
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.signIn(alice)
	for range 3 {
		srv.Advance(time.Hour)
		b.get("/")
		b.at("/")
	}
	srv.Fail(
		"GetTokensFromRefreshToken",
		cognitotest.InternalError(),
		cognitotest.InternalError(),
		cognitotest.InternalError(),
	)
	srv.Advance(time.Hour - refreshAhead + time.Second) // not expired yet
	b.get("/")
	b.at("/")
	srv.Fail("GetTokensFromRefreshToken")
	srv.Advance(24 * time.Hour)
	b.get("/")
	b.at("/sign-in") // the end of the login
}

// A rotated refresh token is kept even if a new instance cannot fetch the keys.
func TestRefreshWithoutKeys(t *testing.T) {
	t.Parallel()
	srv := fake(t, func(o *cognitotest.Options) { o.RotationGrace = 0 })
	first := start(t, srv, "")
	var down atomic.Bool
	target, err := url.Parse(srv.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(keys.Close)
	second := start(t, srv, first.URL, func(s *service) {
		s.store, s.sessions.Store = first.store, first.sessions.Store
		cfg := fakePool(srv, "Example").tokens
		cfg.JWKSURL = strings.Replace(srv.JWKSURL(), srv.URL, keys.URL, 1)
		s.verifier, err = token.NewVerifier(cfg)
		require.NoError(t, err)
	})
	b := open(t, srv, first.URL)
	b.signIn(alice)
	later := open(t, srv, second.URL)
	later.client.Jar, later.client.Transport = b.client.Jar, named{first.URL}

	down.Store(true)
	srv.Advance(time.Hour - refreshAhead + time.Second)
	later.get("/")
	later.at("/") // with the previous access token
	refreshed := operation(srv.Calls(), "GetTokensFromRefreshToken")
	require.True(t, refreshed)
	down.Store(false)
	srv.Advance(refreshAhead)
	later.get("/")
	later.at("/")
	b.get("/")
	b.at("/")
}

func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b, other := open(t, srv, in.URL), open(t, srv, in.URL)
	b.signIn(alice)
	other.signIn(alice)
	b.get("/sign-out-everywhere")
	srv.Fail(
		"GlobalSignOut",
		cognitotest.InternalError(),
		cognitotest.InternalError(),
		cognitotest.InternalError(),
	)
	b.submit("/sign-out-everywhere")
	assert.Equal(t, http.StatusServiceUnavailable, b.status)
	b.get("/sign-out-everywhere")
	b.submit("/sign-out-everywhere")
	b.at("/sign-in")
	other.get("/")
	other.at("/sign-in")

	// Revoked by another program: the next call to Cognito shows it.
	srv.Advance(time.Second)
	b.signIn(alice)
	b.at("/")
	require.NoError(t, in.client.SignOutUser(t.Context(), alice))
	b.get("/")
	b.at("/sign-in")
	b.says("signed-out-elsewhere")
}

func TestSupport(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	user, desk := open(t, srv, in.URL), open(t, srv, in.URL)
	user.signIn(alice)
	user.enroll()
	user.get("/support")
	assert.Equal(t, http.StatusForbidden, user.status)
	user.post("/support", url.Values{"account": {support1}, "action": {"reset"}})
	assert.Equal(t, http.StatusForbidden, user.status)
	assert.True(t, srv.User(support1).TOTP)

	desk.signIn(support1)
	desk.submit("/code", "code", srv.Code(support1), "remember", "yes")
	desk.at("/")
	srv.Advance(freshLife)
	desk.get("/support")
	desk.at("/step-up")
	desk.post("/support", url.Values{"account": {alice}, "action": {"reset"}})
	desk.at("/step-up")
	assert.True(t, srv.User(alice).TOTP)
	desk.submit("/step-up", "password", password)
	desk.at("/code")
	desk.submit("/code", "code", srv.Code(support1))
	desk.at("/support")
	desk.submit("/support", "account", "nobody@example.com")
	desk.refused("/support", "no-user")
	desk.submit("/support", "account", alice)
	desk.at("/support")
	assert.Contains(t, desk.body, "CONFIRMED")
	desk.says("method-SOFTWARE_TOKEN_MFA")

	desk.post("/support", url.Values{"account": {alice}, "action": {"sign-out"}})
	desk.at("/support")
	desk.says("support-done")
	user.get("/")
	user.at("/sign-in")
	desk.post("/support", url.Values{"account": {alice}, "action": {"reset"}})
	desk.at("/support")
	assert.False(t, srv.User(alice).TOTP)
	srv.Advance(time.Second)
	user.signIn(alice)
	user.at("/setup")

	// The support desk always needs a code.
	desk.get("/")
	desk.submit("/sign-out")
	srv.Advance(time.Minute)
	desk.signIn(support1)
	desk.at("/code")
}

// The support desk requires MFA even where the pool does not.
func TestSupportWithoutCode(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	srv.AddUser(cognitotest.User{
		Username: "new@example.com", Password: password, Groups: []string{supportGroup},
		Attributes: map[string]string{"name": "New"},
	})
	b := open(t, srv, start(t, srv, "").URL)
	b.signIn("new@example.com")
	b.get("/support")
	assert.Equal(t, http.StatusForbidden, b.status)
	b.says("support-needs-code")
	b.enroll()
	b.get("/support")
	b.at("/support")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.signIn(support1)
	for range codes.user.n {
		b.submit("/code", "code", wrong(srv, support1))
		b.refused("/code", "wrong-code")
	}
	b.submit("/code", "code", srv.Code(support1)) // the right code
	b.limited(t, time.Hour)
	b.get("/recover")
	b.submit("/recover", "code", "AAAA-BBBB-CCCC-DDDD")
	b.limited(t, time.Hour)
	other := open(t, srv, in.URL)
	other.signIn(support1)
	other.submit("/code", "code", srv.Code(support1))
	other.limited(t, time.Hour) // a new challenge does not help
	srv.Advance(time.Hour)
	other.signIn(support1)
	other.submit("/code", "code", srv.Code(support1))
	other.at("/")

	for range signIns.user.n {
		b.post("/sign-in", url.Values{"account": {"Ghost@example.com"}, "password": {"wrong"}})
		assert.Contains(
			t,
			[]int{http.StatusUnprocessableEntity, http.StatusTooManyRequests},
			b.status,
		) // Cognito's lockout
	}
	b.post("/sign-in", url.Values{"account": {" ghost@example.com"}, "password": {"wrong"}})
	b.limited(t, 15*time.Minute)

	// Codes of an enrollment are limited as well.
	b.signIn(alice)
	b.get("/setup")
	for range codes.user.n {
		b.submit("/setup", "code", wrong(srv, alice))
		b.refused("/setup", "wrong-code")
	}
	b.submit("/setup", "code", srv.Code(alice))
	b.limited(t, time.Hour)
}

// limited requires the page for too many attempts and a wait of at most the window.
func (b *browser) limited(t *testing.T, window time.Duration) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, b.status, b.body)
	b.says("title-too-many")
	wait, err := strconv.Atoi(b.header.Get("Retry-After"))
	require.NoError(t, err)
	assert.Positive(t, wait)
	assert.LessOrEqual(t, wait, int(window.Seconds()))
	assert.Contains(t, b.body, strconv.Itoa((wait+59)/60)+" minutes")
}

func TestLimitOfAddress(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(
		t,
		srv,
		"",
		func(s *service) { s.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} },
	)
	request := func(forwarded string) int {
		form := url.Values{"account": {forwarded + "@example.com"}, "password": {"x"}}
		req := httptest.NewRequestWithContext(
			t.Context(),
			http.MethodPost,
			"/sign-in",
			strings.NewReader(form.Encode()),
		)
		req.Host, req.RemoteAddr = in.origin.Host, "127.0.0.1:1234"
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Forwarded-For", forwarded)
		w := httptest.NewRecorder()
		in.handler().ServeHTTP(w, req)
		return w.Code
	}
	for i := range signIns.address.n {
		_, _, err := in.store.Count(
			t.Context(),
			signIns.address.key("192.0.2.1"),
			signIns.address.window,
		)
		require.NoError(t, err)
		_, _, err = in.store.Count(
			t.Context(),
			signIns.address.key("2001:db8:0:1::/64"),
			signIns.address.window,
		)
		require.NoError(t, err, i)
	}
	for range 8 {
		assert.Equal(t, http.StatusTooManyRequests, request("192.0.2.1"))
	}
	key := signIns.user.key("192.0.2.1@example.com")
	ofUser, _, err := in.store.Count(t.Context(), key, signIns.user.window)
	require.NoError(t, err)
	assert.Equal(t, 1, ofUser, "a blocked address does not count against the user")
	assert.Equal(
		t,
		http.StatusTooManyRequests,
		request("192.0.2.9, 192.0.2.1"),
		"what the client wrote itself",
	)
	assert.Equal(
		t,
		http.StatusTooManyRequests,
		request("2001:db8:0:1:a::5"),
		"all of a subscriber's addresses",
	)
	assert.Equal(t, http.StatusUnprocessableEntity, request("192.0.2.2"))
	assert.Equal(t, http.StatusUnprocessableEntity, request("2001:db8:0:2::5"))
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("fd00::/8"),
	}
	for _, test := range []struct{ remote, forwarded, want string }{
		{remote: "192.0.2.1:80", want: "192.0.2.1"},
		{remote: "192.0.2.1:80", forwarded: "198.51.100.7", want: "192.0.2.1"}, // not a proxy of ours
		{remote: "10.0.0.1:80", forwarded: "198.51.100.7", want: "198.51.100.7"},
		{remote: "[fd00::1]:80", forwarded: "2001:db8::1", want: "2001:db8::1"},
		{remote: "[::ffff:10.0.0.1]:80", forwarded: "198.51.100.7", want: "198.51.100.7"},
		{remote: "10.0.0.1:80", forwarded: "1.2.3.4, 198.51.100.7, 10.0.0.2", want: "198.51.100.7"},
		{remote: "10.0.0.1:80", forwarded: "1.2.3.4, 198.51.100.7", want: "198.51.100.7"},
		{remote: "10.0.0.1:80", forwarded: "198.51.100.7, junk", want: "10.0.0.1"},
		{remote: "10.0.0.1:80", want: "10.0.0.1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = test.remote
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		assert.Equal(t, test.want, clientAddress(r, proxies).String(), test)
	}
}

// A form of another site does nothing, whatever the page. Nor does it sign anybody in, to an
// account of the other site's.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.signIn(alice)
	srv.ResetCalls()
	form := url.Values{"account": {alice}, "password": {password}}.Encode()
	for _, browser := range []*browser{b, open(t, srv, b.base)} {
		for _, header := range [][2]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example"},
		} {
			for _, r := range routes {
				if !strings.Contains(r.methods, http.MethodPost) {
					continue
				}
				req, err := http.NewRequestWithContext(
					t.Context(), http.MethodPost, b.base+r.path, strings.NewReader(form))
				require.NoError(t, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set(header[0], header[1])
				browser.send(req)
				assert.Equal(t, http.StatusForbidden, browser.status, r.path)
				browser.says("cross-origin")
			}
		}
	}
	assert.Empty(t, srv.Calls())
	b.get("/")
	b.at("/")
}

func TestHost(t *testing.T) {
	t.Parallel()
	_, b := openService(t)
	for _, host := range []string{"evil.example", "127.0.0.1", "localhost"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/sign-in", nil)
		require.NoError(t, err)
		req.Host = host
		b.send(req)
		assert.Equal(t, http.StatusMisdirectedRequest, b.status, host)
	}
}

// The browser only gets random IDs, in cookies that scripts and other hosts cannot access, and
// nothing from Cognito.
func TestCookies(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	for _, origin := range []string{"", "https://id.example.com"} {
		in := start(t, srv, origin)
		var cookies []*http.Cookie
		id := func() string { return cookies[len(cookies)-1].Value }
		send := func(path string, form url.Values) *httptest.ResponseRecorder {
			req := httptest.NewRequestWithContext(
				t.Context(),
				http.MethodPost,
				in.origin.String()+path,
				strings.NewReader(form.Encode()),
			)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if len(cookies) > 0 {
				req.AddCookie(cookies[len(cookies)-1])
			}
			w := httptest.NewRecorder()
			in.handler().ServeHTTP(w, req)
			cookies = append(cookies, w.Result().Cookies()...)
			for _, value := range w.Header().Values("Set-Cookie") {
				assert.Less(t, len(value), 200)
			}
			return w
		}
		srv.Advance(time.Minute)
		send("/sign-in", url.Values{"account": {support1}, "password": {password}})
		require.NotEmpty(t, cookies)
		first := id()
		w := send("/code", url.Values{"code": {srv.Code(support1)}})
		require.Equal(t, "/", w.Header().Get("Location"), w.Body)
		assert.NotEqual(t, first, id(), "the session ID is renewed")
		for _, cookie := range cookies {
			assert.True(t, cookie.HttpOnly)
			assert.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
			assert.Equal(t, origin != "", cookie.Secure)
			assert.Equal(t, origin != "", strings.HasPrefix(cookie.Name, "__Host-"))
			assert.Equal(t, "/", cookie.Path)
			assert.Empty(t, cookie.Domain)
			assert.Regexp(t, `^[\w-]{26,64}$`, cookie.Value)
		}
		assert.Equal(t, origin != "", w.Header().Get("Strict-Transport-Security") != "")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	_, b := openService(t)
	b.signIn(alice)
	for _, path := range []string{"/", "/setup", "/nothing", "/style.css"} {
		b.get(path)
		assert.Contains(t, b.header.Get("Content-Security-Policy"), "default-src 'none'", path)
		assert.Equal(t, "nosniff", b.header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "DENY", b.header.Get("X-Frame-Options"), path)
		if path != "/style.css" {
			assert.Equal(t, "no-store", b.header.Get("Cache-Control"), path)
			assert.NotContains(t, b.body, "<script", path)
			assert.NotContains(t, b.body, " style=", path)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/style.css", nil)
	require.NoError(t, err)
	req.Header.Set("If-None-Match", b.header.Get("ETag"))
	b.send(req)
	assert.Equal(t, http.StatusNotModified, b.status)
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	b.get("/sign-in")
	assert.Equal(t, "en", attr(b.find("html", "lang", "en"), "lang"))
	b.get(attr(b.find("a", "lang", "ja"), "href"))
	b.lang = "ja" // the chosen language, whatever the browser prefers
	b.at("/sign-in")
	b.says("password")
	b.submit("/sign-in", "account", alice, "password", password)
	b.at("/")
	b.says("mfa-is-off")
	b.get(attr(b.find("a", "lang", "en"), "href"))
	b.lang = "en"
	b.at("/")
	b.says("mfa-is-off")

	other := open(t, srv, b.base)
	other.lang = "ja-JP,ja;q=0.9,en;q=0.8"
	other.get("/sign-in")
	assert.NotNil(t, other.find("html", "lang", "ja"))
	other.lang = "fr"
	other.get("/sign-in")
	assert.NotNil(t, other.find("html", "lang", "en"))
	for _, back := range []string{
		"//evil.example", "//evil", "https://evil.example", `/\evil.example`, "/\t/evil.example", "",
	} {
		other.get("/language/ja?back=" + url.QueryEscape(back))
		assert.Equal(t, "/sign-in", other.path, back)
	}
}

// Every text exists in both languages, with the same parameters.
func TestTexts(t *testing.T) {
	t.Parallel()
	for name, text := range texts {
		require.Len(t, text, 2, name)
		for _, verb := range []string{"%s", "%d"} {
			assert.Equal(t, strings.Count(text["en"], verb), strings.Count(text["ja"], verb), name)
		}
		assert.NotEmpty(t, text["en"], name)
		assert.NotEmpty(t, text["ja"], name)
	}
	for _, name := range problems {
		assert.Contains(t, texts, name)
	}
}

// If Cognito fails, the page says so and nobody gets in.
func TestCognitoFails(t *testing.T) {
	t.Parallel()
	srv, b := openService(t)
	for code, want := range map[string]int{
		"InternalErrorException":         http.StatusServiceUnavailable,
		"TooManyRequestsException":       http.StatusServiceUnavailable,
		"ResourceNotFoundException":      http.StatusInternalServerError,
		"UserLambdaValidationException":  http.StatusForbidden,
		"PasswordResetRequiredException": http.StatusForbidden,
	} {
		failure := cognitotest.Error(code, "no")
		srv.Fail("AdminInitiateAuth", failure, failure, failure)
		b.signIn(alice)
		assert.Equal(t, want, b.status, code)
		assert.NotNil(t, b.find("body", "data-page", "message"))
		srv.Fail("AdminInitiateAuth")
		b.get("/")
		b.at("/sign-in")
	}
}

// If Cognito no longer knows a device, the user only needs a code.
func TestUnknownDevice(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	b := open(t, srv, in.URL)
	b.remember()
	b.submit("/sign-out")
	tokens := srv.IssueTokens(alice)
	devices, err := srv.Client().
		ListDevices(t.Context(), &cognitoidentityprovider.ListDevicesInput{AccessToken: tokens.AccessToken})
	require.NoError(t, err)
	for _, device := range devices.Devices {
		require.NoError(
			t,
			in.client.ForgetDevice(t.Context(), *tokens.AccessToken, *device.DeviceKey),
		)
	}
	srv.Advance(time.Minute)
	b.signIn(alice)
	b.at("/code")
	b.submit("/code", "code", srv.Code(alice))
	b.at("/")
	srv.Advance(time.Hour)
	b.get("/") // refreshes with the new device
	b.at("/")
	b.submit("/sign-out")
	srv.ResetCalls()
	b.signIn(alice)
	b.at("/code")
	for _, call := range srv.Calls() {
		assert.Empty(t, call.Error, "it is not tried again: %s", call.Operation)
	}
}

// Clocks of instances differ. A sign-in after signing out everywhere counts, even on an instance
// whose clock is behind.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	in := start(t, srv, "")
	behind := start(t, srv, "", func(s *service) {
		s.store, s.sessions.Store = in.store, in.sessions.Store
		s.now = func() time.Time { return srv.Now().Add(-time.Second) }
	})
	b, other := open(t, srv, in.URL), open(t, srv, behind.URL)
	other.signIn(alice)
	b.signIn(alice)
	b.get("/sign-out-everywhere")
	b.submit("/sign-out-everywhere")
	b.at("/sign-in")
	other.get("/")
	other.at("/sign-in")
	srv.Advance(time.Second)
	require.NoError(t, in.end(t.Context(), srv.User(alice).Username))
	other.signIn(alice)
	other.at("/")
	other.get("/")
	other.at("/")
}
