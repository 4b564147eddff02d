package cognitotest_test

import (
	"encoding/json"
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

// The challenge after a right password.
func TestDecision(t *testing.T) {
	t.Parallel()
	const (
		totp  = "SOFTWARE_TOKEN_MFA"
		email = "EMAIL_OTP"
		sms   = "SMS_MFA"
	)
	onlyTOTP := func(*options) {}
	for name, tc := range map[string]struct {
		mfa    types.UserPoolMfaType
		pool   func(*options)
		user   cognitotest.User
		expect string // a challenge, or nothing for tokens
		offers string // what may be selected or set up
		later  kv     // what the pool's MFA configuration is by then, if it is another one
	}{
		"OFF, nothing": {mfa: "OFF", pool: everyFactor},
		"OFF, TOTP":    {mfa: "OFF", pool: everyFactor, user: cognitotest.User{TOTP: secret}},
		"OFF, all": {mfa: "OFF", pool: everyFactor, user: cognitotest.User{
			TOTP: secret, Email: "b@x.org", Phone: "+15550001234",
			Methods: []string{totp, email, sms},
		}},
		"OPTIONAL, nothing": {mfa: "OPTIONAL", pool: onlyTOTP},
		"OPTIONAL, addresses": {
			mfa: "OPTIONAL", pool: everyFactor,
			user: cognitotest.User{Email: "b@x.org", Phone: "+15550001234"},
		},
		"OPTIONAL, TOTP preferred": {
			mfa: "OPTIONAL", pool: onlyTOTP, user: cognitotest.User{TOTP: secret}, expect: totp,
		},
		"OPTIONAL, TOTP enabled": {
			mfa: "OPTIONAL", pool: onlyTOTP,
			user: cognitotest.User{TOTP: secret, Methods: []string{totp}}, expect: totp,
		},
		"OPTIONAL, TOTP verified": {
			mfa: "OPTIONAL", pool: onlyTOTP,
			user: cognitotest.User{TOTP: secret, Methods: []string{}},
		},
		"OPTIONAL, TOTP, pool stopped offering it": {
			mfa: "OPTIONAL", pool: func(o *options) { o.TOTPDisabled, o.SMS = true, true },
			user: cognitotest.User{TOTP: secret}, expect: totp,
		},
		"OPTIONAL, SMS": {
			mfa: "OPTIONAL", pool: everyFactor,
			user: cognitotest.User{Phone: "+15550001234", Methods: []string{sms}}, expect: sms,
		},
		"OPTIONAL, email": {
			mfa: "OPTIONAL", pool: everyFactor,
			user:   cognitotest.User{Email: "b@x.org", Methods: []string{email}, Preferred: email},
			expect: email,
		},
		"OPTIONAL, email, pool without": {
			mfa: "OPTIONAL", pool: everyFactor,
			user: cognitotest.User{Email: "b@x.org", Methods: []string{email}, Preferred: email},
			later: kv{
				"MfaConfiguration":              "OPTIONAL",
				"SoftwareTokenMfaConfiguration": kv{"Enabled": true},
			},
		},
		"OPTIONAL, two, one preferred": {
			mfa: "OPTIONAL", pool: everyFactor,
			user: cognitotest.User{
				TOTP: secret, Email: "b@x.org", Methods: []string{totp, email}, Preferred: email,
			},
			expect: email,
		},
		"OPTIONAL, two, none preferred": {
			mfa: "OPTIONAL", pool: everyFactor,
			user: cognitotest.User{
				TOTP: secret, Email: "b@x.org", Methods: []string{email, totp},
			},
			expect: "SELECT_MFA_TYPE", offers: `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`,
		},
		"ON, nothing": {
			mfa: "ON", pool: onlyTOTP, expect: "MFA_SETUP", offers: `["SOFTWARE_TOKEN_MFA"]`,
		},
		"ON, nothing, every factor": {
			mfa: "ON", pool: everyFactor, expect: "MFA_SETUP",
			offers: `["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`,
		},
		"ON, TOTP preferred": {
			mfa: "ON", pool: everyFactor, user: cognitotest.User{TOTP: secret}, expect: totp,
		},
		"ON, TOTP verified": {
			mfa: "ON", pool: onlyTOTP, user: cognitotest.User{TOTP: secret, Methods: []string{}},
			expect: totp,
		},
		"ON, TOTP verified, addresses": {
			mfa: "ON", pool: everyFactor, expect: "SELECT_MFA_TYPE",
			offers: `["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`,
			user: cognitotest.User{
				TOTP: secret, Methods: []string{}, Email: "b@x.org", Phone: "+15550001234",
			},
		},
		"ON, a number": {
			mfa: "ON", pool: everyFactor, user: cognitotest.User{Phone: "+15550001234"},
			expect: sms,
		},
		"ON, an unverified number": {
			mfa: "ON", pool: everyFactor,
			user:   cognitotest.User{Attributes: map[string]string{"phone_number": "+15550001234"}},
			expect: sms,
		},
		"ON, an address": {
			mfa: "ON", pool: everyFactor, user: cognitotest.User{Email: "b@x.org"}, expect: email,
		},
		"ON, an address, pool without": {
			mfa: "ON", pool: onlyTOTP, user: cognitotest.User{Email: "b@x.org"},
			expect: "MFA_SETUP", offers: `["SOFTWARE_TOKEN_MFA"]`,
		},
		"ON, number and address": {
			mfa: "ON", pool: everyFactor,
			user:   cognitotest.User{Email: "b@x.org", Phone: "+15550001234"},
			expect: "SELECT_MFA_TYPE", offers: `["SMS_MFA","EMAIL_OTP"]`,
		},
		"ON, two, none preferred": {
			mfa: "ON", pool: everyFactor,
			user: cognitotest.User{
				TOTP: secret, Email: "b@x.org", Methods: []string{email, totp},
			},
			expect: "SELECT_MFA_TYPE", offers: `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`,
		},
		"new password comes first": {
			mfa: "ON", pool: onlyTOTP,
			user:   cognitotest.User{TOTP: secret, Status: types.UserStatusTypeForceChangePassword},
			expect: "NEW_PASSWORD_REQUIRED",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, tc.pool, func(o *options) { o.MFA = tc.mfa })
			tc.user.Username, tc.user.Password = "bob", password
			srv.AddUser(tc.user)
			if tc.later != nil {
				srv.must("SetUserPoolMfaConfig", with(tc.later, "UserPoolId", srv.UserPoolID))
			}
			r := srv.signIn("bob", password)
			require.Empty(t, r.failure())
			assert.Equal(t, tc.expect, r.text("ChallengeName"))
			assert.Equal(t, tc.expect == "", r.access() != "", "tokens or a challenge")
			assert.Equal(t, tc.offers,
				r.text("ChallengeParameters", "MFAS_CAN_CHOOSE")+
					r.text("ChallengeParameters", "MFAS_CAN_SETUP"))
			if tc.expect == "" {
				assert.Equal(t, kv{}, r.body["ChallengeParameters"])
				return
			}
			assert.Equal(t, "bob", r.text("ChallengeParameters", "USER_ID_FOR_SRP"))
			assert.Regexp(t, `^AYABe[A-Za-z0-9_-]+$`, r.session())
			assert.InDelta(t, 1300, len(r.session()), 300)
		})
	}
}

// The same with the SDK, by an administrator, through every step: new password, set-up, tokens.
func TestChainOverTheSDK(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn)
	client := srv.Client()
	ctx := t.Context()
	_, err := client.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &srv.UserPoolID, Username: aws.String("bob"),
		TemporaryPassword: aws.String("Temp0rary!"),
	})
	require.NoError(t, err)

	first, err := client.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &srv.UserPoolID, ClientId: &srv.ClientID,
		AuthFlow:       types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "bob", "PASSWORD": "Temp0rary!"},
	})
	require.NoError(t, err)
	require.Equal(t, types.ChallengeNameTypeNewPasswordRequired, first.ChallengeName)
	second, err := client.AdminRespondToAuthChallenge(ctx,
		&cognitoidentityprovider.AdminRespondToAuthChallengeInput{
			UserPoolId: &srv.UserPoolID, ClientId: &srv.ClientID,
			ChallengeName:      first.ChallengeName,
			Session:            first.Session,
			ChallengeResponses: map[string]string{"USERNAME": "bob", "NEW_PASSWORD": password},
		})
	require.NoError(t, err)
	require.Equal(t, types.ChallengeNameTypeMfaSetup, second.ChallengeName)
	associated, err := client.AssociateSoftwareToken(ctx,
		&cognitoidentityprovider.AssociateSoftwareTokenInput{Session: second.Session})
	require.NoError(t, err)
	assert.Regexp(t, `^[A-Z2-7]{52}$`, *associated.SecretCode)

	_, err = client.VerifySoftwareToken(ctx, &cognitoidentityprovider.VerifySoftwareTokenInput{
		Session: associated.Session, UserCode: aws.String(srv.wrong("bob")),
	})
	var mismatch *types.EnableSoftwareTokenMFAException
	require.ErrorAs(t, err, &mismatch, "the SDK knows the type")
	verified, err := client.VerifySoftwareToken(ctx,
		&cognitoidentityprovider.VerifySoftwareTokenInput{
			Session: associated.Session, UserCode: aws.String(srv.Code("bob")),
		})
	require.NoError(t, err)
	require.Equal(t, types.VerifySoftwareTokenResponseTypeSuccess, verified.Status)
	last, err := client.RespondToAuthChallenge(ctx,
		&cognitoidentityprovider.RespondToAuthChallengeInput{
			ClientId: &srv.ClientID, ChallengeName: types.ChallengeNameTypeMfaSetup,
			Session: verified.Session, ChallengeResponses: map[string]string{"USERNAME": "bob"},
		})
	require.NoError(t, err)
	require.NotNil(t, last.AuthenticationResult)
	assert.EqualValues(t, 3600, last.AuthenticationResult.ExpiresIn)
	assert.Equal(t, "Bearer", *last.AuthenticationResult.TokenType)

	state := srv.User("bob")
	assert.Equal(t, types.UserStatusTypeConfirmed, state.Status)
	assert.True(t, state.TOTP)
	assert.Empty(t, state.Methods, "only a preference call changes the list")
}

// If a set-up is abandoned after the code was verified, the authenticator is registered.
func TestAbandonedSetup(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn)
	r := srv.must("AssociateSoftwareToken",
		kv{"Session": srv.challenged("alice", "MFA_SETUP").session()})
	srv.must("VerifySoftwareToken", kv{
		"Session": r.session(), "UserCode": srv.Code("alice"), "FriendlyDeviceName": "phone",
	})
	again := srv.challenged("alice", "SOFTWARE_TOKEN_MFA")
	assert.Equal(t, "phone", again.text("ChallengeParameters", "FRIENDLY_DEVICE_NAME"))
	assert.Equal(t, "ExpiredCode: Your software token has already been used once.",
		srv.code(again.session(), srv.Code("alice")).failure())
	assert.NotEmpty(t, srv.code(again.session(), srv.NextCode("alice")).access())
}

func TestNewPasswordThenCode(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.RequiredAttributes = []string{"name", "email"} })
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: "Temp0rary!", Status: types.UserStatusTypeForceChangePassword,
		TOTP: secret,
		Attributes: map[string]string{
			"locale": "en", "email": "old@x.org", "email_verified": "true",
		},
	})
	r := srv.signIn("bob", "Temp0rary!")
	require.Equal(t, "NEW_PASSWORD_REQUIRED", r.text("ChallengeName"))
	var known map[string]string
	require.NoError(t,
		json.Unmarshal([]byte(r.text("ChallengeParameters", "userAttributes")), &known))
	assert.Equal(t,
		map[string]string{"locale": "en", "email": "old@x.org", "email_verified": "true"}, known)
	assert.Equal(t, `["userAttributes.name"]`, r.text("ChallengeParameters", "requiredAttributes"))

	r = srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "bob", kv{
		"NEW_PASSWORD": password, "userAttributes.name": "Bob",
	})
	require.Equal(t, "SOFTWARE_TOKEN_MFA", r.text("ChallengeName"), "%s", r.raw)
	r = srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "bob",
		kv{"SOFTWARE_TOKEN_MFA_CODE": srv.Code("bob")})
	require.NotEmpty(t, r.access())
	assert.Equal(t, "Bob", srv.User("bob").Attributes["name"])
	assert.Equal(t, "NotAuthorized: Incorrect username or password.",
		srv.signIn("bob", "Temp0rary!").failure())
}

func TestSelectThenCode(t *testing.T) {
	t.Parallel()
	for method, medium := range map[string]string{"SMS_MFA": "SMS", "EMAIL_OTP": "EMAIL"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			srv := start(t, everyFactor)
			srv.AddUser(cognitotest.User{
				Username: "bob", Password: password, TOTP: secret, Email: "bob@example.com",
				Phone:   "+15550001234",
				Methods: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
			})
			r := srv.challenged("bob", "SELECT_MFA_TYPE")
			assert.Empty(t, srv.Outbox("bob"), "nothing was sent yet")
			first := r.session()
			r = srv.respond("SELECT_MFA_TYPE", first, "bob", kv{"ANSWER": method})
			require.Equal(t, method, r.text("ChallengeName"))
			assert.NotEqual(t, first, r.session())
			assert.Equal(t, medium, r.text("ChallengeParameters", "CODE_DELIVERY_DELIVERY_MEDIUM"))
			assert.Equal(t, map[string]string{"SMS": "+*******1234", "EMAIL": "b***@e***"}[medium],
				r.text("ChallengeParameters", "CODE_DELIVERY_DESTINATION"))

			message := srv.Outbox("bob")[0]
			assert.Equal(t, medium, message.Medium)
			assert.Equal(t,
				map[string]string{"SMS": "+15550001234", "EMAIL": "bob@example.com"}[medium],
				message.Destination)
			assert.Regexp(t, `^[0-9]{6}$`, message.Code)
			assert.Equal(t, "CodeMismatch: Invalid code or auth state for the user.",
				srv.respond(method, r.session(), "bob", kv{method + "_CODE": "x"}).failure())
			assert.NotEmpty(t,
				srv.respond(method, r.session(), "bob",
					kv{method + "_CODE": message.Code}).access(),
				"a wrong code does not use the session up")
			assert.Equal(t,
				"NotAuthorized: Invalid session for the user, session can only be used once.",
				srv.respond("SELECT_MFA_TYPE", first, "bob",
					kv{"ANSWER": "SOFTWARE_TOKEN_MFA"}).failure())
		})
	}
}

func TestSetupByEmail(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn, everyFactor)
	r := srv.challenged("alice", "MFA_SETUP")
	r = srv.respond("MFA_SETUP", r.session(), "alice", kv{"EMAIL": "alice@example.com"})
	require.Equal(t, "EMAIL_OTP", r.text("ChallengeName"))
	assert.Equal(t, "a***@e***", r.text("ChallengeParameters", "CODE_DELIVERY_DESTINATION"))
	assert.Empty(t, srv.User("alice").Attributes["email"], "not before the code is there")
	require.NotEmpty(t,
		srv.respond("EMAIL_OTP", r.session(), "alice", kv{
			"EMAIL_OTP_CODE": srv.lastCode("alice"),
		}).access())
	state := srv.User("alice")
	assert.Equal(t, "alice@example.com", state.Attributes["email"])
	assert.Equal(t, "true", state.Attributes["email_verified"])
	assert.Empty(t, state.Methods)
	srv.challenged("alice", "EMAIL_OTP")
}

// A custom challenge can be tried as often as the script says, each time with a new session.
func TestScriptedChallengeAgain(t *testing.T) {
	t.Parallel()
	srv := start(t)
	script := cognitotest.Challenge{
		Parameters: map[string]string{"question": "pet"},
		Answers:    map[string]string{"ANSWER": "rex"}, Tries: 3,
	}
	srv.Script("alice", script,
		cognitotest.Challenge{Answers: map[string]string{"ANSWER": "again"}, Tries: 2})
	const custom = "CUSTOM_CHALLENGE"
	answer := func(r reply, text string) reply {
		t.Helper()
		return srv.respond(custom, r.session(), "alice", kv{"ANSWER": text})
	}
	first := srv.challenged("alice", custom)
	second := answer(first, "tom")
	require.Equal(t, custom, second.text("ChallengeName"), "%s", second.raw)
	assert.Equal(t, "pet", second.text("ChallengeParameters", "question"))
	assert.NotEqual(t, first.session(), second.session())
	assert.Equal(t, usedSession, answer(first, "rex").failure(), "the first one is over")
	next := answer(answer(second, "tom"), "rex")
	require.Equal(t, custom, next.text("ChallengeName"), "the third answer is right")
	assert.NotEmpty(t, answer(answer(next, "wrong"), "again").access(),
		"each challenge has tries of its own")

	last := answer(answer(srv.challenged("alice", custom), "tom"), "tom")
	assert.Equal(t, incorrect, answer(last, "tom").failure())
	assert.Equal(t, usedSession, answer(last, "rex").failure(), "the sign-in is over")
}

func TestScriptedChallenges(t *testing.T) {
	t.Parallel()
	script := []cognitotest.Challenge{
		{
			Parameters: map[string]string{"question": "pet"},
			Answers:    map[string]string{"ANSWER": "rex"},
		},
		{Name: "FUTURE_CHALLENGE", Answers: map[string]string{"PROOF": "1"}},
	}
	for name, begin := range map[string]func(fake) reply{
		"after a password": func(srv fake) reply { return srv.signIn("bob", password) },
		"custom flow": func(srv fake) reply {
			return srv.call("InitiateAuth", kv{
				"ClientId": srv.ClientID, "AuthFlow": "CUSTOM_AUTH",
				"AuthParameters": kv{"USERNAME": "bob"},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: secret})
			srv.Script("bob", script...)
			r := begin(srv)
			require.Equal(t, "CUSTOM_CHALLENGE", r.text("ChallengeName"), "%s", r.raw)
			assert.Equal(t, "pet", r.text("ChallengeParameters", "question"))
			r = srv.respond("CUSTOM_CHALLENGE", r.session(), "bob", kv{"ANSWER": "rex"})
			require.Equal(t, "FUTURE_CHALLENGE", r.text("ChallengeName"))
			r = srv.respond("FUTURE_CHALLENGE", r.session(), "bob", kv{"PROOF": "1"})
			require.Equal(t, "SOFTWARE_TOKEN_MFA", r.text("ChallengeName"),
				"the second factor is asked for all the same")
			assert.NotEmpty(t,
				srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "bob", kv{
					"SOFTWARE_TOKEN_MFA_CODE": srv.Code("bob"),
				}).access())

			r = begin(srv)
			session := r.session()
			assert.Equal(t, "NotAuthorized: Incorrect username or password.",
				srv.respond("CUSTOM_CHALLENGE", session, "bob", kv{"ANSWER": "tom"}).failure())
			assert.Equal(t,
				"NotAuthorized: Invalid session for the user, session can only be used once.",
				srv.respond("CUSTOM_CHALLENGE", session, "bob", kv{"ANSWER": "rex"}).failure(),
				"a wrong answer ends it")

			session = begin(srv).session()
			srv.Script("bob")
			assert.Equal(t, "NotAuthorized: Incorrect username or password.",
				srv.respond("CUSTOM_CHALLENGE", session, "bob", kv{"ANSWER": "rex"}).failure())
			srv.challenged("bob", "SOFTWARE_TOKEN_MFA")
		})
	}
}

// Only a user who has proved the temporary password, or finished the script, can replace it.
func TestScriptBeforeTheNewPassword(t *testing.T) {
	t.Parallel()
	srv := start(t)
	answers := map[string]string{"ANSWER": "42"}
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword,
		Challenges: []cognitotest.Challenge{{Answers: answers}, {Answers: answers}},
	})
	custom := func() reply {
		return srv.must("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "CUSTOM_AUTH",
			"AuthParameters": kv{"USERNAME": "bob"},
		})
	}
	proveScript := func(r reply) reply {
		for range 2 {
			require.Equal(t, "CUSTOM_CHALLENGE", r.text("ChallengeName"), "%s", r.raw)
			r = srv.respond("CUSTOM_CHALLENGE", r.session(), "bob", kv{"ANSWER": "42"})
		}
		return r
	}
	first := custom()
	require.Equal(t, "CUSTOM_CHALLENGE", first.text("ChallengeName"), "nothing is proved yet")
	assert.Equal(t, incorrect,
		srv.respond("CUSTOM_CHALLENGE", first.session(), "bob", kv{"ANSWER": "x"}).failure())
	r := proveScript(custom())
	require.Equal(t, "NEW_PASSWORD_REQUIRED", r.text("ChallengeName"), "%s", r.raw)
	r = srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "bob", kv{"NEW_PASSWORD": newPassword})
	assert.NotEmpty(t, r.access(), "%s", r.raw)

	// After a password, the new one comes before the script.
	srv.must("AdminSetUserPassword", kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob", "Password": password,
	})
	session := srv.challenged("bob", "NEW_PASSWORD_REQUIRED").session()
	r = srv.respond("NEW_PASSWORD_REQUIRED", session, "bob", kv{"NEW_PASSWORD": newPassword})
	assert.NotEmpty(t, proveScript(r).access())
}

// Users are found by any name that their pool allows, also when they answer challenges.
func TestAliases(t *testing.T) {
	t.Parallel()
	const client = "0123456789abcdefghijklmnop"
	for name, tc := range map[string]struct {
		on      func(*options)
		user    cognitotest.User
		names   []string
		unknown []string
		uuid    bool
	}{
		"name alone": {
			user:  cognitotest.User{Username: "bob", Email: "bob@example.com"},
			names: []string{"bob"}, unknown: []string{"bob@example.com", "Bob"},
		},
		"aliases": {
			on: func(o *options) {
				o.AliasAttributes = []types.AliasAttributeType{
					"email", "phone_number", "preferred_username",
				}
			},
			user: cognitotest.User{
				Username: "bob", Email: "bob@example.com",
				Attributes: map[string]string{
					"preferred_username": "bobby", "phone_number": "+15550001234",
				},
			},
			names:   []string{"bob", "bob@example.com", "bobby"},
			unknown: []string{"BOB", "+15550001234"},
		},
		"email pool": {
			on:    func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} },
			user:  cognitotest.User{Username: "bob@example.com"},
			names: []string{"bob@example.com"}, unknown: []string{"Bob@Example.com", "bob"},
			uuid: true,
		},
		"email or phone, any case": {
			on: func(o *options) {
				o.UsernameAttributes, o.CaseInsensitive = []types.UsernameAttributeType{
					"email", "phone_number",
				}, true
			},
			user:  cognitotest.User{Username: "Bob@Example.com", Phone: "+15550001234"},
			names: []string{"bob@example.com", "BOB@EXAMPLE.COM", "+15550001234"}, uuid: true,
		},
		"any case": {
			on:    func(o *options) { o.CaseInsensitive = true },
			user:  cognitotest.User{Username: "Bob"},
			names: []string{"bob", "BOB"}, unknown: []string{"bobby"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := tc.on
			if on == nil {
				on = func(*options) {}
			}
			srv := start(t, on, func(o *options) { o.ClientSecret = client })
			tc.user.Password, tc.user.TOTP = password, secret
			srv.AddUser(tc.user)
			state := srv.User(tc.names[0])
			if tc.uuid {
				assert.Equal(t, state.Sub, state.Username)
			} else {
				assert.Equal(t, "bob", state.Username)
			}
			names := append([]string{state.Username, state.Sub}, tc.names...)
			for _, name := range names {
				for _, answeredAs := range names {
					r := srv.challenged(name, "SOFTWARE_TOKEN_MFA")
					assert.Equal(t, state.Username,
						r.text("ChallengeParameters", "USER_ID_FOR_SRP"))
					srv.Advance(time.Minute)
					r = srv.respond("SOFTWARE_TOKEN_MFA", r.session(), answeredAs, kv{
						"SOFTWARE_TOKEN_MFA_CODE": srv.Code(name),
					})
					require.NotEmpty(t, r.access(), "%s, answered as %s: %s", name, answeredAs,
						r.raw)
					assert.Equal(t, state.Username, claims(t, r.access())["username"])
					assert.Equal(t, state.Username,
						claims(t, r.text("AuthenticationResult", "IdToken"))["cognito:username"])
				}
			}
			for _, name := range tc.unknown {
				assert.Equal(t, "NotAuthorized: Incorrect username or password.",
					srv.signIn(name, password).failure(), name)
			}
		})
	}
}

// A user name cannot be an alias or the sub of another user.
func TestNameThatIsASub(t *testing.T) {
	t.Parallel()
	srv := start(t)
	r := srv.call("SignUp",
		kv{"ClientId": srv.ClientID, "Username": srv.User("alice").Sub, "Password": password})
	assert.Equal(t, "UsernameExists: User already exists", r.failure())
}

func TestLockout(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen)
	const (
		refused = "NotAuthorized: Incorrect username or password."
		locked  = "NotAuthorized: Password attempts exceeded"
	)
	try := func(password string) string { return srv.signIn("alice", password).failure() }
	for range 5 {
		require.Equal(t, refused, try("wrong"))
	}
	// From now on each failure doubles the wait. Tries during the wait do not count.
	for wait := time.Second; wait < 15*time.Minute; wait *= 2 {
		assert.Equal(t, locked, try("wrong"), wait)
		srv.Advance(wait - time.Nanosecond)
		assert.Equal(t, locked, try(password), wait)
		srv.Advance(time.Nanosecond)
		require.Equal(t, refused, try("wrong"), wait)
	}
	srv.Advance(15*time.Minute - time.Nanosecond)
	assert.Equal(t, locked, try(password))
	srv.Advance(time.Nanosecond)
	assert.Empty(t, try(password))
	assert.Zero(t, srv.User("alice").FailedPasswordTries)

	for range 4 {
		try("wrong")
	}
	srv.Advance(15 * time.Minute)
	for range 4 {
		try("wrong")
	}
	assert.Empty(t, try(password), "a quiet quarter of an hour forgets")
	srv.signIn("nobody", "wrong")
	assert.Equal(t, refused, srv.signIn("nobody", "wrong").failure(),
		"who does not exist is not locked out")
}

func TestCodeLockout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		on    bool
		after string
	}{
		"off": {false, ""},
		"on":  {true, "NotAuthorized: Password attempts exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, frozen, func(o *options) { o.Quirks.CodeLockout = tc.on })
			srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: secret})
			session := srv.challenged("bob", "SOFTWARE_TOKEN_MFA").session()
			answer := func(code string) string {
				return srv.respond("SOFTWARE_TOKEN_MFA", session, "bob",
					kv{"SOFTWARE_TOKEN_MFA_CODE": code}).failure()
			}
			for range 5 {
				require.Equal(t, "CodeMismatch: Invalid code received for user",
					answer(srv.wrong("bob")))
			}
			assert.Equal(t, tc.after, answer(srv.Code("bob")))
		})
	}
}

// A new password and its attributes follow the same rules as elsewhere.
func TestNewPasswordShapes(t *testing.T) {
	t.Parallel()
	srv := listen(t, mfaOn, func(o *options) { o.Email = true })
	srv.AddUser(
		cognitotest.User{
			Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword,
		})
	session := srv.challenged("bob", "NEW_PASSWORD_REQUIRED").session()
	const detected = "InvalidParameter: 1 validation error detected: Value "
	for want, responses := range map[string]kv{
		"at 'password' failed to satisfy constraint: " +
			"Member must satisfy regular expression pattern: ^[\\S]+.*[\\S]+$": {
			"NEW_PASSWORD": password + " ",
		},
		"at 'password' failed to satisfy constraint: " +
			"Member must have length less than or equal to 256": {
			"NEW_PASSWORD": strings.Repeat(password, 30),
		},
		"at 'userAttributes.1.member.value' failed to satisfy constraint: " +
			"Member must have length less than or equal to 2048": {
			"NEW_PASSWORD": password, "userAttributes.name": strings.Repeat("x", 2049),
		},
	} {
		assert.Equal(t, detected+want,
			srv.respond("NEW_PASSWORD_REQUIRED", session, "bob", responses).failure())
	}
	setup := srv.respond("NEW_PASSWORD_REQUIRED", session, "bob", kv{"NEW_PASSWORD": password})
	require.Equal(t, "MFA_SETUP", setup.text("ChallengeName"))
	for _, address := range []string{
		"bob@", "b b@example.com", strings.Repeat("x", 2048) + "@example.com",
	} {
		r := srv.respond("MFA_SETUP", setup.session(), "bob", kv{"EMAIL": address})
		assert.Equal(t, "InvalidParameter: Invalid email address format.", r.failure())
	}
}

// A scripted challenge follows the script, even if it has the name of one of the service's.
func TestScriptedWithANameOfTheService(t *testing.T) {
	t.Parallel()
	srv := start(t)
	for _, name := range []string{
		"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "MFA_SETUP", "SELECT_MFA_TYPE",
		"NEW_PASSWORD_REQUIRED", "DEVICE_SRP_AUTH", "SELECT_CHALLENGE", "PASSWORD", "SIGN_UP",
	} {
		srv.Script("alice", cognitotest.Challenge{
			Name: types.ChallengeNameType(name), Answers: map[string]string{"ANSWER": "rex"},
		})
		session := srv.challenged("alice", name).session()
		assert.Equal(t, "NotAuthorized: Invalid session for the user.",
			srv.call("AssociateSoftwareToken", kv{"Session": session}).failure(), name)
		answer := kv{"ANSWER": "rex", "NEW_PASSWORD": "0ther-Passw0rd!"}
		assert.NotEmpty(t, srv.respond(name, session, "alice", answer).access(), name)
	}
	srv.Script("alice")
	srv.tokens("alice")
}
