package cognitotest_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
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
			session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
			assert.Equal(t, tc.failure, srv.code(session, shown).failure())
		})
	}
}

// The codes of RFC 6238, appendix B, cut to six digits.
func TestCodesOfTheRFC(t *testing.T) {
	t.Parallel()
	for second, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924",
		2000000000: "279037", 20000000000: "353130",
	} {
		srv := cognitotest.NewServer(
			func(o *options) { o.Now = func() time.Time { return time.Unix(second, 0) } })
		t.Cleanup(srv.Close)
		srv.AddUser(
			cognitotest.User{
				Username: "alice", Password: password, TOTP: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
			})
		assert.Equal(t, want, srv.Code("alice"))
	}
}

// Every code of the window works once, in any order.
func TestCodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	answer := func(shown string) string {
		return srv.code(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(), shown).failure()
	}
	previous := func() string {
		srv.Advance(-30 * time.Second)
		defer srv.Advance(30 * time.Second)
		return srv.Code("alice")
	}
	for range 3 {
		now, next, before := srv.Code("alice"), srv.NextCode("alice"), previous()
		assert.Equal(t, []string{"", "", ""}, []string{answer(next), answer(before), answer(now)})
		assert.Equal(t, []string{usedCode, usedCode, usedCode},
			[]string{answer(before), answer(now), answer(next)})
		srv.Advance(30 * time.Second)
		assert.Equal(
			t, []string{usedCode, usedCode, ""},
			[]string{answer(now), answer(next), answer(srv.NextCode("alice"))},
		)
		srv.Advance(2 * time.Minute)
	}
}

func TestUsedCodeLeavesTheSession(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	require.NotEmpty(t,
		srv.code(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(),
			srv.Code("alice")).access())
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, usedCode, srv.code(session, srv.Code("alice")).failure())
	assert.NotEmpty(t, srv.code(session, srv.NextCode("alice")).access())
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
			require.NotEmpty(
				t,
				srv.code(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(),
					srv.NextCode("alice")).access(),
			)
			assert.Equal(t, tc.older,
				srv.code(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(), now).failure())
		})
	}
}

// enrol sets alice's authenticator up with an access token and returns its first code.
func (f fake) enrol(access string) string {
	f.t.Helper()
	f.must("AssociateSoftwareToken", kv{"AccessToken": access})
	first := f.Code("alice")
	f.must("VerifySoftwareToken", kv{"AccessToken": access, "UserCode": first})
	f.must("SetUserMFAPreference", kv{"AccessToken": access, "SoftwareTokenMfaSettings": kv{
		"Enabled": true, "PreferredMfa": true,
	}})
	return first
}

func TestCodeIsUsedAcrossCalls(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen)
	access := srv.tokens("alice").access()
	first := srv.enrol(access)
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, usedCode, srv.code(session, first).failure())
	assert.NotEmpty(t, srv.code(session, srv.NextCode("alice")).access())
}

// A request that is sent again, because its response was lost, learns that its code was used. A
// wrong code stays wrong.
func TestVerifyAgain(t *testing.T) {
	t.Parallel()
	for name, replacing := range map[string]bool{"first key": false, "replacing a key": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, frozen)
			access := srv.tokens("alice").access()
			if replacing {
				srv.enrol(access)
			}
			srv.must("AssociateSoftwareToken", kv{"AccessToken": access})
			body := kv{"AccessToken": access, "UserCode": srv.Code("alice")}
			srv.must("VerifySoftwareToken", body)
			assert.Equal(t, usedCode, srv.call("VerifySoftwareToken", body).failure())
			body["UserCode"] = srv.wrong("alice")
			assert.Equal(
				t, "EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA",
				srv.call("VerifySoftwareToken", body).failure(),
			)
		})
	}
}

func TestReplacingAnAuthenticator(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	access := srv.code(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(),
		srv.Code("alice")).access()
	srv.Advance(time.Minute)
	old := srv.Code("alice")
	srv.must("AssociateSoftwareToken", kv{"AccessToken": access})
	assert.Equal(t, old, srv.VerifiedCode("alice"))
	assert.NotEqual(t, old, srv.Code("alice"), "the code is that of the waiting secret")
	assert.True(t, srv.User("alice").TOTPPending)

	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, wrongCode, srv.code(session, srv.Code("alice")).failure(), "not verified yet")
	require.NotEmpty(t, srv.code(session, old).access(), "the old one signs in")
	first := srv.must("AssociateSoftwareToken", kv{"AccessToken": access}).text("SecretCode")
	second := srv.must("AssociateSoftwareToken", kv{"AccessToken": access}).text("SecretCode")
	assert.NotEqual(t, first, second, "the last secret counts")
	srv.must("VerifySoftwareToken", kv{
		"AccessToken": access, "UserCode": srv.Code("alice"), "FriendlyDeviceName": "new",
	})
	assert.Equal(t, "new", srv.User("alice").TOTPDevice)
	session = srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	srv.Advance(time.Minute)
	assert.NotEmpty(t, srv.code(session, srv.Code("alice")).access())
}

func TestAssociateCutsOff(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, func(o *options) { o.Quirks.AssociateCutsOff = true })
	access := srv.code(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(),
		srv.Code("alice")).access()
	srv.must("AssociateSoftwareToken", kv{"AccessToken": access})
	assert.False(t, srv.User("alice").TOTP)
	srv.tokens("alice")
}

func TestSetupSetsList(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn, func(o *options) { o.Quirks.SetupSetsList = true })
	r := srv.must("AssociateSoftwareToken",
		kv{"Session": srv.challenged("alice", "MFA_SETUP").session()})
	srv.must("VerifySoftwareToken", kv{"Session": r.session(), "UserCode": srv.Code("alice")})
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
		"enable": {
			before:  cognitotest.User{Methods: []string{}},
			call:    kv{"SoftwareTokenMfaSettings": kv{"Enabled": true}},
			methods: []string{totp},
		},
		"enable and prefer": {
			before:    cognitotest.User{Methods: []string{}},
			call:      kv{"SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": true}},
			methods:   []string{totp},
			preferred: totp,
		},
		"another stays, loses": {
			before:    both,
			call:      kv{"EmailMfaSettings": kv{"Enabled": true, "PreferredMfa": true}},
			methods:   []string{totp, email},
			preferred: email,
		},
		"another stays, keeps": {
			before: both, call: kv{"EmailMfaSettings": kv{"Enabled": true}},
			methods: []string{totp, email}, preferred: totp,
		},
		"no preference any more": {
			before:  both,
			call:    kv{"SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": false}},
			methods: []string{totp, email},
		},
		"disable the preferred": {
			before: both, call: kv{"SoftwareTokenMfaSettings": kv{"Enabled": false}},
			methods: []string{email},
		},
		"present without Enabled: off": {
			before: both, call: kv{"SoftwareTokenMfaSettings": kv{}}, methods: []string{email},
		},
		"disable the other": {
			before: both, call: kv{"EmailMfaSettings": kv{}}, methods: []string{totp},
			preferred: totp,
		},
		"one off, one on": {
			before: both,
			call: kv{
				"SoftwareTokenMfaSettings": kv{},
				"EmailMfaSettings":         kv{"Enabled": true, "PreferredMfa": true},
			},
			methods:   []string{email},
			preferred: email,
		},
		"nothing given": {
			before: both, call: kv{}, methods: []string{totp, email}, preferred: totp,
		},
		"null is nothing": {
			before: both, call: kv{"SoftwareTokenMfaSettings": nil}, methods: []string{totp, email},
			preferred: totp,
		},
		"all off": {
			before: both, call: kv{"SoftwareTokenMfaSettings": kv{}, "EmailMfaSettings": kv{}},
			methods: []string{},
		},
		"off what was never on": {
			before: cognitotest.User{Methods: []string{}}, call: kv{"SMSMfaSettings": kv{}},
			methods: []string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, everyFactor)
			user := tc.before
			user.Username, user.Password, user.TOTP, user.Email = "bob", password, secret,
				"bob@example.com"
			srv.AddUser(user)
			access := *srv.IssueTokens("bob").AccessToken

			tc.call["AccessToken"] = access
			r := srv.must("SetUserMFAPreference", tc.call)
			assert.Equal(t, "{}", string(r.raw))
			state := srv.User("bob")
			assert.ElementsMatch(t, tc.methods, state.Methods)
			assert.Equal(t, tc.preferred, state.Preferred)
			admin := srv.must("AdminGetUser", kv{"UserPoolId": srv.UserPoolID, "Username": "bob"})
			assert.Equal(t, tc.preferred, admin.text("PreferredMfaSetting"))
			_, listed := admin.body["UserMFASettingList"]
			assert.Equal(t, len(tc.methods) > 0, listed, "an empty list is left out")
		})
	}
}

// A refused call changes nothing, not even the settings before the mistake.
func TestPreferenceIsAllOrNothing(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, everyFactor)
	access := *srv.IssueTokens("alice").AccessToken
	r := srv.call("SetUserMFAPreference", kv{
		"AccessToken": access, "SoftwareTokenMfaSettings": kv{},
		"EmailMfaSettings": kv{"Enabled": true},
	})
	assert.Equal(t, "InvalidParameter: User does not have delivery config set to turn on EMAIL_OTP",
		r.failure())
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", srv.User("alice").Preferred)
}

// In a pool that requires MFA, disabling the only factor is accepted, without effect.
func TestDisableWhereMFAIsRequired(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quirk bool
		next  string
	}{"default": {false, "SOFTWARE_TOKEN_MFA"}, "set-up": {true, "MFA_SETUP"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := withTOTP(t, mfaOn, func(o *options) { o.Quirks.SetupAfterDisable = tc.quirk })
			srv.must("AdminSetUserMFAPreference", kv{
				"UserPoolId": srv.UserPoolID, "Username": "alice", "SoftwareTokenMfaSettings": kv{},
			})
			assert.Empty(t, srv.User("alice").Methods)
			srv.challenged("alice", tc.next)
		})
	}
}

func TestAdminDeleteSoftwareToken(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, mfaOn)
	srv.must("AdminDeleteSoftwareToken", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
	state := srv.User("alice")
	assert.False(t, state.TOTP)
	assert.Empty(t, state.Methods)
	assert.Empty(t, state.Preferred)
	srv.challenged("alice", "MFA_SETUP")
}

func TestPoolMFAConfig(t *testing.T) {
	t.Parallel()
	srv := start(t)
	pool := kv{"UserPoolId": srv.UserPoolID}
	assert.JSONEq(
		t, `{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true}}`,
		string(srv.must("GetUserPoolMfaConfig", pool).raw),
	)

	srv.must("UpdateUserPool", mailing(pool))
	set := srv.must("SetUserPoolMfaConfig", kv{
		"UserPoolId": srv.UserPoolID, "MfaConfiguration": "ON",
		"EmailMfaConfiguration": kv{"Message": "code {####}", "Subject": "code"},
		"WebAuthnConfiguration": kv{"RelyingPartyId": "example.com"},
	})
	want := `{"MfaConfiguration":"ON",` +
		`"EmailMfaConfiguration":{"Message":"code {####}","Subject":"code"},` +
		`"WebAuthnConfiguration":{"RelyingPartyId":"example.com"}}`
	assert.JSONEq(t, want, string(set.raw))
	assert.JSONEq(t, want, string(srv.must("GetUserPoolMfaConfig", pool).raw))
	assert.Equal(t, `["EMAIL_OTP"]`,
		srv.challenged("alice", "MFA_SETUP").text("ChallengeParameters", "MFAS_CAN_SETUP"))

	srv.must("SetUserPoolMfaConfig", kv{"UserPoolId": srv.UserPoolID, "MfaConfiguration": "OFF"})
	assert.JSONEq(t, `{"MfaConfiguration":"OFF"}`,
		string(srv.must("GetUserPoolMfaConfig", pool).raw))
	srv.tokens("alice")
}

// unverified returns addresses that are not verified.
func unverified() map[string]string {
	return map[string]string{"email": "bob@example.com", "phone_number": "+15550001234"}
}

// answerCode answers a challenge with the code that was sent.
func (f fake) answerCode(challenge reply, username string) reply {
	f.t.Helper()
	name := challenge.text("ChallengeName")
	return f.respond(name, challenge.session(), username, kv{name + "_CODE": f.lastCode(username)})
}

// An address need not be verified to be a factor.
func TestAddressNeedNotBeVerified(t *testing.T) {
	t.Parallel()
	for method, setting := range map[string]string{
		"SMS_MFA": "SMSMfaSettings", "EMAIL_OTP": "EmailMfaSettings",
	} {
		srv := listen(t, everyFactor)
		srv.AddUser(cognitotest.User{Username: "bob", Password: password, Attributes: unverified()})
		srv.AddUser(cognitotest.User{Username: "carol", Password: password})
		access := srv.tokens("bob").access()
		on := kv{"UserPoolId": srv.UserPoolID, setting: kv{"Enabled": true}}
		srv.must("SetUserMFAPreference", with(on, "AccessToken", access))
		assert.Equal(t, []string{method}, srv.User("bob").Methods)
		srv.challenged("bob", method)

		srv.must("AdminSetUserMFAPreference", with(on, "Username", "bob"))
		failure := srv.call("AdminSetUserMFAPreference", with(on, "Username", "carol")).failure()
		assert.Equal(t,
			"InvalidParameter: User does not have delivery config set to turn on "+method, failure)
	}
}

// A right code as the second factor verifies its address, and no other.
func TestCodeVerifiesTheAddress(t *testing.T) {
	t.Parallel()
	for method, address := range map[string]string{
		"SMS_MFA": "phone_number", "EMAIL_OTP": "email",
	} {
		srv := listen(t, mfaOn, everyFactor)
		srv.AddUser(cognitotest.User{
			Username: "bob", Password: password, Attributes: unverified(),
			Methods: []string{method}, Preferred: method,
		})
		verified := func() string { return srv.User("bob").Attributes[address+"_verified"] }
		begun := srv.challenged("bob", method)
		assert.Empty(t, verified())
		require.NotEmpty(t, srv.answerCode(begun, "bob").access())
		assert.Equal(t, "true", verified(), method)

		begun = srv.challenged("bob", method)
		code := srv.lastCode("bob")
		other := map[string]string{
			"phone_number": "+15550009999", "email": "new@example.com",
		}[address]
		srv.must("AdminUpdateUserAttributes", kv{
			"UserPoolId": srv.UserPoolID, "Username": "bob",
			"UserAttributes": []kv{named(address, other)},
		})
		r := srv.respond(method, begun.session(), "bob", kv{method + "_CODE": code})
		require.NotEmpty(t, r.access())
		assert.Equal(t, "false", verified(), "%s: the code went to another address", method)
	}
}

// Only preference calls change the list. It does not include an address that is asked for because
// it is there; with an authenticator that is verified later, the user has a choice.
func TestOnlyPreferenceCallsChangeTheList(t *testing.T) {
	t.Parallel()
	for method, option := range map[string]func(*options){
		"SMS_MFA":   func(o *options) { o.SMS = true },
		"EMAIL_OTP": func(o *options) { o.Email = true },
	} {
		srv := listen(t, mfaOn, option, frozen)
		srv.AddUser(
			cognitotest.User{Username: "alice", Password: password, Attributes: unverified()})
		access := srv.answerCode(srv.challenged("alice", method), "alice").access()
		account := srv.must("GetUser", kv{"AccessToken": access})
		assert.NotContains(t, account.body, "UserMFASettingList")
		assert.NotContains(t, account.body, "PreferredMfaSetting")

		srv.must("AssociateSoftwareToken", kv{"AccessToken": access})
		srv.must("VerifySoftwareToken", kv{"AccessToken": access, "UserCode": srv.Code("alice")})
		assert.Empty(t, srv.User("alice").Methods)
		choice := srv.challenged("alice", "SELECT_MFA_TYPE")
		r := srv.respond("SELECT_MFA_TYPE", choice.session(), "alice",
			kv{"ANSWER": "SOFTWARE_TOKEN_MFA"})
		require.NotEmpty(t, srv.code(r.session(), srv.NextCode("alice")).access())
		assert.Empty(t, srv.User("alice").Methods)
	}
}

const noMechanism = "MFAMethodNotFound: " +
	"No MFA mechanism registerd in the account." //nolint:misspell // the service spells it so

// SMS cannot be set up during sign-in.
func TestNoMechanism(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn, func(o *options) { o.SMS, o.TOTPDisabled = true, true })
	parameters := kv{"USERNAME": "alice", "PASSWORD": password}
	assert.Equal(t, noMechanism, srv.call("AdminInitiateAuth", kv{
		"UserPoolId": srv.UserPoolID, "ClientId": srv.ClientID,
		"AuthFlow":       "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": parameters,
	}).failure())
	assert.Equal(t, noMechanism, srv.srpSignIn("alice", password).failure())
	assert.Equal(t, noMechanism, srv.signIn("alice", password).failure())
	assert.Equal(t, incorrect, srv.signIn("alice", "wrong").failure())
	srv.must("UpdateUserPool", mailing(kv{"UserPoolId": srv.UserPoolID, "SmsConfiguration": sms}))
	srv.must("SetUserPoolMfaConfig", kv{
		"UserPoolId": srv.UserPoolID, "MfaConfiguration": "ON", "EmailMfaConfiguration": kv{},
	})
	srv.challenged("alice", "MFA_SETUP")
}

// If MFA is required, the address of an enabled factor cannot be deleted. Otherwise it can, and the
// user cannot sign in any more.
func TestAddressOfAFactorIsKept(t *testing.T) {
	t.Parallel()
	for method, address := range map[string]string{
		"SMS_MFA": "phone_number", "EMAIL_OTP": "email",
	} {
		for mode, refused := range map[types.UserPoolMfaType]bool{"ON": true, "OPTIONAL": false} {
			srv := listen(t, everyFactor, func(o *options) { o.MFA = mode })
			srv.AddUser(cognitotest.User{
				Username: "bob", Password: password, Attributes: unverified(),
				Methods: []string{method},
			})
			access := *srv.IssueTokens("bob").AccessToken
			one := kv{
				"UserPoolId": srv.UserPoolID, "Username": "bob",
				"UserAttributeNames": []string{address},
			}
			expect := map[bool]string{true: "InvalidParameterException"}[refused]
			for _, r := range []reply{
				srv.call("UpdateUserAttributes",
					kv{"AccessToken": access, "UserAttributes": []kv{named(address, "")}}),
				srv.call("DeleteUserAttributes",
					kv{"AccessToken": access, "UserAttributeNames": []string{address}}),
				srv.call("AdminDeleteUserAttributes", one),
			} {
				assert.Equal(t, expect, r.text("__type"), "%s: %s", mode, r.raw)
			}
			_, there := srv.User("bob").Attributes[address]
			assert.Equal(t, refused, there)
			if refused {
				srv.challenged("bob", method)
			} else {
				assert.Equal(t, noMechanism, srv.signIn("bob", password).failure())
			}

			// NEW_PASSWORD_REQUIRED does not bypass that.
			srv.AddUser(cognitotest.User{
				Username: "carol", Password: password, Attributes: unverified(),
				Methods: []string{method},
				Status:  types.UserStatusTypeForceChangePassword,
			})
			r := srv.challenged("carol", "NEW_PASSWORD_REQUIRED")
			r = srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "carol", kv{
				"NEW_PASSWORD": newPassword, "userAttributes." + address: "",
			})
			if refused {
				assert.Equal(t, expect, r.text("__type"), "%s", r.raw)
			} else {
				assert.Equal(t, noMechanism, r.failure())
			}
		}
	}
}
