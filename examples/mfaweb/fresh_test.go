package mfaweb_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

// stale checks that a request was refused because the sign-in is not fresh.
func (a *answer) stale() {
	a.t.Helper()
	a.failed(http.StatusUnauthorized, "fresh-sign-in-required", "start-over")
	const challenge = `Bearer realm="cognito", ` +
		`error="insufficient_user_authentication", max_age="300"`
	assert.Equal(a.t, challenge, a.header.Get("WWW-Authenticate"))
}

// Replacing an authenticator and turning MFA off require a fresh sign-in.
func TestFreshSignIn(t *testing.T) {
	s := newSite(t, nil, nil)
	before := s.signIn().access() // with the password alone, before MFA was on
	old := s.enroll()
	code := s.VerifiedCode(username)

	s.post("/mfa", fields{"AccessToken": old}).ok() // seconds after the sign-in
	s.Advance(6 * time.Minute)
	for _, access := range []string{before, old} {
		s.post("/mfa", fields{"AccessToken": access}).stale()
		s.post("/disable", fields{"accessToken": access}).stale()
		said := s.post("/mfa", fields{"AccessToken": access}, "Accept-Language", "ja")
		assert.Contains(t, string(said.body), "もう一度サインイン")
	}
	assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, s.User(username).Methods)
	remember(code)

	who := s.session("SOFTWARE_TOKEN_MFA")
	fresh := s.post("/mfasignin", who.withCode(s.VerifiedCode(username))).access()
	s.post("/mfa", fields{"AccessToken": fresh}).ok()
	s.post("/verify", fields{"accessToken": fresh, "mfaCode": s.Code(username)}).ok()
	s.post("/disable", fields{"accessToken": fresh}).ok()
	assert.Empty(t, s.User(username).Methods)
	s.post("/enable", fields{"accessToken": fresh}).ok() // the authenticator is still registered
	assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, s.User(username).Methods)
}

// A first enrollment does not require a fresh sign-in.
func TestFirstEnrollmentNeedNotBeFresh(t *testing.T) {
	s := newSite(t, nil, nil)
	access := s.signIn().access()
	s.Advance(50 * time.Minute)
	s.post("/mfa", fields{"AccessToken": access}).ok()
	s.post("/verify", fields{"accessToken": access, "mfaCode": s.Code(username)}).ok()
}

// Adding an authenticator to MFA by SMS requires a fresh sign-in.
func TestOtherMethodNeedsFreshSignIn(t *testing.T) {
	s := newSite(t, func(o *cognitotest.Options) { o.SMS = true }, nil)
	s.AddUser(cognitotest.User{
		Username: "mobile", Password: password, Phone: "+15550001234",
		Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA",
	})
	access := *s.IssueTokens("mobile").AccessToken
	s.Advance(6 * time.Minute)
	s.post("/mfa", fields{"AccessToken": access}).stale()
}

// A token whose age is unknown is not fresh.
func TestFreshSignInFailsClosed(t *testing.T) {
	s := newSite(t, nil, nil)
	access := s.enroll()
	s.Advance(6 * time.Minute)
	s.Fail("GetUser", cognitotest.InternalError())
	s.post("/mfa", fields{"AccessToken": access}).
		failed(http.StatusBadGateway, "unavailable", "back-off")

	// This token claims to be younger than it is.
	parts := strings.Split(access, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	_, after, found := strings.Cut(string(payload), `"auth_time":`)
	require.True(t, found)
	_, after, _ = strings.Cut(after, ",")
	forged := fmt.Sprintf(`{"auth_time":%d,%s`, s.Now().Unix(), after)
	for _, bad := range []string{
		parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(forged)) + "." + parts[2],
		parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("{}")) + "." + parts[2],
		parts[0] + ".%." + parts[2],
		"not.a-token",
		access + " ",
		"nothing-like-a-token",
	} {
		s.post("/mfa", fields{"AccessToken": bad}).
			failed(http.StatusUnauthorized, "bad-access-token", "start-over")
		s.post("/disable", fields{"accessToken": bad}).
			failed(http.StatusUnauthorized, "bad-access-token", "start-over")
	}
}

// FreshSignIn sets the limit. It does not add a call to a first enrollment.
func TestFreshSignInOption(t *testing.T) {
	s := newSite(t, nil, func(o *mfaweb.Options) { o.FreshSignIn = time.Hour })
	access := s.enroll()
	s.Advance(50 * time.Minute)
	s.post("/mfa", fields{"AccessToken": access}).ok()
	assert.Zero(t, s.calls("GetUser"))
}
