package cognitotest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func TestWindow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		drift   time.Duration // of the authenticator against the server
		failure string
	}{
		"two behind":   {-time.Minute, wrongCode},
		"one behind":   {-30 * time.Second, ""},
		"now":          {0, ""},
		"one ahead":    {30 * time.Second, ""},
		"two ahead":    {time.Minute, wrongCode},
		"an hour late": {-time.Hour, wrongCode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := withTOTP(t)
			srv.Advance(tc.drift)
			shown := srv.Code("alice")
			srv.Advance(-tc.drift)
			session := challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session()
			assert.Equal(t, tc.failure, code(t, srv, session, shown).failure())
		})
	}
}

// Codes of RFC 6238, appendix B, cut to six digits.
func TestCodesOfTheRFC(t *testing.T) {
	t.Parallel()
	for second, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		srv := cognitotest.NewServer(func(o *options) { o.Now = func() time.Time { return time.Unix(second, 0) } })
		t.Cleanup(srv.Close)
		srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})
		assert.Equal(t, want, srv.Code("alice"))
	}
}

// Every code of the window is good once, in whatever order they come.
func TestCodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	answer := func(shown string) string {
		return code(t, srv, challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session(), shown).failure()
	}
	previous := func() string {
		srv.Advance(-30 * time.Second)
		defer srv.Advance(30 * time.Second)
		return srv.Code("alice")
	}
	for range 3 {
		now, next, before := srv.Code("alice"), srv.NextCode("alice"), previous()
		assert.Equal(t, []string{"", "", ""}, []string{answer(next), answer(before), answer(now)})
		assert.Equal(t, []string{usedCode, usedCode, usedCode}, []string{answer(before), answer(now), answer(next)})
		srv.Advance(30 * time.Second)
		assert.Equal(t, []string{usedCode, usedCode, ""}, []string{answer(now), answer(next), answer(srv.NextCode("alice"))})
		srv.Advance(2 * time.Minute)
	}
}

func TestUsedCodeLeavesTheSession(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	require.NotEmpty(t, code(t, srv, challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session(), srv.Code("alice")).access())
	session := challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, usedCode, code(t, srv, session, srv.Code("alice")).failure())
	assert.NotEmpty(t, code(t, srv, session, srv.NextCode("alice")).access())
}

func TestStrictStep(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		strict bool
		older  string
	}{"default": {false, ""}, "strict": {true, usedCode}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := withTOTP(t, func(o *options) { o.Quirks.StrictStep = tc.strict })
			now := srv.Code("alice")
			require.NotEmpty(t, code(t, srv, challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session(), srv.NextCode("alice")).access())
			assert.Equal(t, tc.older, code(t, srv, challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session(), now).failure())
		})
	}
}

// enrol sets alice's authenticator up with an access token and gives its first code back.
func enrol(t *testing.T, srv *server, access string) string {
	t.Helper()
	must(t, srv, "AssociateSoftwareToken", kv{"AccessToken": access})
	first := srv.Code("alice")
	must(t, srv, "VerifySoftwareToken", kv{"AccessToken": access, "UserCode": first})
	must(t, srv, "SetUserMFAPreference", kv{"AccessToken": access, "SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": true}})
	return first
}

func TestCodeIsUsedAcrossCalls(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen)
	access := tokens(t, srv, "alice").access()
	first := enrol(t, srv, access)
	session := challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, usedCode, code(t, srv, session, first).failure())
	assert.NotEmpty(t, code(t, srv, session, srv.NextCode("alice")).access())
}

// A request that is sent again, because its answer was lost, learns that its code was used. A wrong one stays wrong.
func TestVerifyAgain(t *testing.T) {
	t.Parallel()
	for name, replacing := range map[string]bool{"first key": false, "replacing a key": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, frozen)
			access := tokens(t, srv, "alice").access()
			if replacing {
				enrol(t, srv, access)
			}
			must(t, srv, "AssociateSoftwareToken", kv{"AccessToken": access})
			body := kv{"AccessToken": access, "UserCode": srv.Code("alice")}
			must(t, srv, "VerifySoftwareToken", body)
			assert.Equal(t, usedCode, call(t, srv, "VerifySoftwareToken", body).failure())
			body["UserCode"] = wrong(srv, "alice")
			assert.Equal(t, "EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA", call(t, srv, "VerifySoftwareToken", body).failure())
		})
	}
}

func TestReplacingAnAuthenticator(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	access := code(t, srv, challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session(), srv.Code("alice")).access()
	srv.Advance(time.Minute)
	old := srv.Code("alice")
	must(t, srv, "AssociateSoftwareToken", kv{"AccessToken": access})
	assert.Equal(t, old, srv.VerifiedCode("alice"))
	assert.NotEqual(t, old, srv.Code("alice"), "the code is that of the waiting secret")
	assert.True(t, srv.User("alice").TOTPPending)

	session := challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, wrongCode, code(t, srv, session, srv.Code("alice")).failure(), "not verified yet")
	require.NotEmpty(t, code(t, srv, session, old).access(), "the old one signs in")
	first := must(t, srv, "AssociateSoftwareToken", kv{"AccessToken": access}).text("SecretCode")
	second := must(t, srv, "AssociateSoftwareToken", kv{"AccessToken": access}).text("SecretCode")
	assert.NotEqual(t, first, second, "the last secret counts")
	must(t, srv, "VerifySoftwareToken", kv{"AccessToken": access, "UserCode": srv.Code("alice"), "FriendlyDeviceName": "new"})
	assert.Equal(t, "new", srv.User("alice").TOTPDevice)
	session = challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session()
	srv.Advance(time.Minute)
	assert.NotEmpty(t, code(t, srv, session, srv.Code("alice")).access())
}

func TestAssociateCutsOff(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, func(o *options) { o.Quirks.AssociateCutsOff = true })
	access := code(t, srv, challenged(t, srv, "alice", "SOFTWARE_TOKEN_MFA").session(), srv.Code("alice")).access()
	must(t, srv, "AssociateSoftwareToken", kv{"AccessToken": access})
	assert.False(t, srv.User("alice").TOTP)
	tokens(t, srv, "alice")
}

func TestSetupSetsList(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn, func(o *options) { o.Quirks.SetupSetsList = true })
	r := must(t, srv, "AssociateSoftwareToken", kv{"Session": challenged(t, srv, "alice", "MFA_SETUP").session()})
	must(t, srv, "VerifySoftwareToken", kv{"Session": r.session(), "UserCode": srv.Code("alice")})
	assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, srv.User("alice").Methods)
}

func TestPreference(t *testing.T) {
	t.Parallel()
	const (
		totp  = "SOFTWARE_TOKEN_MFA"
		email = "EMAIL_OTP"
	)
	both := cognitotest.User{Methods: []string{totp, email}, Preferred: totp}
	for name, tc := range map[string]struct {
		before    cognitotest.User
		call      kv
		methods   []string
		preferred string
	}{
		"enable":                       {cognitotest.User{Methods: []string{}}, kv{"SoftwareTokenMfaSettings": kv{"Enabled": true}}, []string{totp}, ""},
		"enable and prefer":            {cognitotest.User{Methods: []string{}}, kv{"SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": true}}, []string{totp}, totp},
		"another stays, loses":         {both, kv{"EmailMfaSettings": kv{"Enabled": true, "PreferredMfa": true}}, []string{totp, email}, email},
		"another stays, keeps":         {both, kv{"EmailMfaSettings": kv{"Enabled": true}}, []string{totp, email}, totp},
		"no preference any more":       {both, kv{"SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": false}}, []string{totp, email}, ""},
		"disable the preferred":        {both, kv{"SoftwareTokenMfaSettings": kv{"Enabled": false}}, []string{email}, ""},
		"present without Enabled: off": {both, kv{"SoftwareTokenMfaSettings": kv{}}, []string{email}, ""},
		"disable the other":            {both, kv{"EmailMfaSettings": kv{}}, []string{totp}, totp},
		"one off, one on":              {both, kv{"SoftwareTokenMfaSettings": kv{}, "EmailMfaSettings": kv{"Enabled": true, "PreferredMfa": true}}, []string{email}, email},
		"nothing given":                {both, kv{}, []string{totp, email}, totp},
		"null is nothing":              {both, kv{"SoftwareTokenMfaSettings": nil}, []string{totp, email}, totp},
		"all off":                      {both, kv{"SoftwareTokenMfaSettings": kv{}, "EmailMfaSettings": kv{}}, []string{}, ""},
		"off what was never on":        {cognitotest.User{Methods: []string{}}, kv{"SMSMfaSettings": kv{}}, []string{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, everyFactor)
			user := tc.before
			user.Username, user.Password, user.TOTP, user.Email = "bob", password, secret, "bob@example.com"
			srv.AddUser(user)
			access := *srv.IssueTokens("bob").AccessToken

			tc.call["AccessToken"] = access
			r := must(t, srv, "SetUserMFAPreference", tc.call)
			assert.Equal(t, "{}", string(r.raw))
			state := srv.User("bob")
			assert.ElementsMatch(t, tc.methods, state.Methods)
			assert.Equal(t, tc.preferred, state.Preferred)
			admin := must(t, srv, "AdminGetUser", kv{"UserPoolId": srv.UserPoolID, "Username": "bob"})
			assert.Equal(t, tc.preferred, admin.text("PreferredMfaSetting"))
			_, listed := admin.body["UserMFASettingList"]
			assert.Equal(t, len(tc.methods) > 0, listed, "an empty list is left out")
		})
	}
}

// A refused call changes nothing, not even what stands before the mistake.
func TestPreferenceIsAllOrNothing(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, everyFactor)
	access := *srv.IssueTokens("alice").AccessToken
	r := call(t, srv, "SetUserMFAPreference", kv{"AccessToken": access, "SoftwareTokenMfaSettings": kv{}, "EmailMfaSettings": kv{"Enabled": true}})
	assert.Equal(t, "InvalidParameter: User does not have delivery config set to turn on EMAIL_OTP", r.failure())
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", srv.User("alice").Preferred)
}

// In a pool that demands MFA, disabling the only factor is accepted, and of no use.
func TestDisableWhereMFAIsDemanded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quirk bool
		next  string
	}{"default": {false, "SOFTWARE_TOKEN_MFA"}, "set-up": {true, "MFA_SETUP"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := withTOTP(t, mfaOn, func(o *options) { o.Quirks.SetupAfterDisable = tc.quirk })
			must(t, srv, "AdminSetUserMFAPreference", kv{"UserPoolId": srv.UserPoolID, "Username": "alice", "SoftwareTokenMfaSettings": kv{}})
			assert.Empty(t, srv.User("alice").Methods)
			challenged(t, srv, "alice", tc.next)
		})
	}
}

func TestAdminDeleteSoftwareToken(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, mfaOn)
	must(t, srv, "AdminDeleteSoftwareToken", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
	state := srv.User("alice")
	assert.False(t, state.TOTP)
	assert.Empty(t, state.Methods)
	assert.Empty(t, state.Preferred)
	challenged(t, srv, "alice", "MFA_SETUP")
}

func TestPoolMFAConfig(t *testing.T) {
	t.Parallel()
	srv := start(t)
	pool := kv{"UserPoolId": srv.UserPoolID}
	assert.JSONEq(t, `{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true}}`, string(must(t, srv, "GetUserPoolMfaConfig", pool).raw))

	set := must(t, srv, "SetUserPoolMfaConfig", kv{
		"UserPoolId": srv.UserPoolID, "MfaConfiguration": "ON",
		"EmailMfaConfiguration": kv{"Message": "code {####}", "Subject": "code"}, "WebAuthnConfiguration": kv{"RelyingPartyId": "example.com"},
	})
	want := `{"MfaConfiguration":"ON","EmailMfaConfiguration":{"Message":"code {####}","Subject":"code"},"WebAuthnConfiguration":{"RelyingPartyId":"example.com"}}`
	assert.JSONEq(t, want, string(set.raw))
	assert.JSONEq(t, want, string(must(t, srv, "GetUserPoolMfaConfig", pool).raw))
	assert.Equal(t, `["EMAIL_OTP"]`, challenged(t, srv, "alice", "MFA_SETUP").text("ChallengeParameters", "MFAS_CAN_SETUP"))

	must(t, srv, "SetUserPoolMfaConfig", kv{"UserPoolId": srv.UserPoolID, "MfaConfiguration": "OFF"})
	assert.JSONEq(t, `{"MfaConfiguration":"OFF"}`, string(must(t, srv, "GetUserPoolMfaConfig", pool).raw))
	tokens(t, srv, "alice")
}
