package cognitotest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const wrongOTP = "CodeMismatch: Invalid code or auth state for the user."

func everyFirstFactor(o *options) {
	o.FirstFactors = []types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP"}
}

// userAuth begins a sign-in by USER_AUTH.
func (f fake) userAuth(username string, more kv) reply {
	f.t.Helper()
	parameters := kv{"USERNAME": username, "SECRET_HASH": f.secretHash(username)}
	for name, value := range more {
		parameters[name] = value
	}
	return f.call("InitiateAuth",
		kv{"ClientId": f.ClientID, "AuthFlow": "USER_AUTH", "AuthParameters": parameters})
}

func prefer(factor string) kv { return kv{"PREFERRED_CHALLENGE": factor} }

// The first challenge of USER_AUTH, and the factors that it offers.
func TestFirstFactors(t *testing.T) {
	t.Parallel()
	const (
		passwords = "PASSWORD_SRP PASSWORD"
		all       = passwords + " EMAIL_OTP SMS_OTP"
		choice    = "SELECT_CHALLENGE"
	)
	reachable := cognitotest.User{Password: password, Email: "b@x.org", Phone: "+15550001234"}
	unreachable := cognitotest.User{Password: password}
	without := cognitotest.User{Email: "b@x.org"}
	temporary := reachable
	temporary.Status = types.UserStatusTypeForceChangePassword
	codes := func(o *options) { everyFirstFactor(o); everyFactor(o) }
	totp, unused, lost := reachable, reachable, reachable
	totp.TOTP, unused.TOTP = secret, secret
	unused.Methods = []string{}
	lost.Methods = []string{"SMS_MFA"}
	federated := cognitotest.User{Email: "b@x.org", Status: types.UserStatusTypeExternalProvider}
	for name, tc := range map[string]struct {
		on        func(*options)
		user      cognitotest.User
		preferred string
		expect    string
		offers    string
	}{
		"pool with passwords only": {user: reachable, expect: choice, offers: passwords},
		"pool with passwords only, email": {
			user: reachable, preferred: "EMAIL_OTP", expect: choice, offers: passwords,
		},
		"all": {on: everyFirstFactor, user: reachable, expect: choice, offers: all},
		"password": {
			on: everyFirstFactor, user: reachable, preferred: "PASSWORD", expect: "PASSWORD",
			offers: all,
		},
		"SRP": {
			on: everyFirstFactor, user: reachable, preferred: "PASSWORD_SRP",
			expect: "PASSWORD_SRP", offers: all,
		},
		"email": {
			on: everyFirstFactor, user: reachable, preferred: "EMAIL_OTP", expect: "EMAIL_OTP",
			offers: all,
		},
		"SMS": {
			on: everyFirstFactor, user: reachable, preferred: "SMS_OTP", expect: "SMS_OTP",
			offers: all,
		},
		"passkey": {
			on: everyFirstFactor, user: reachable, preferred: "WEB_AUTHN", expect: choice,
			offers: all,
		},
		"no factor at all": {
			on: everyFirstFactor, user: reachable, preferred: "SOFTWARE_TOKEN", expect: choice,
			offers: all,
		},
		"no address": {
			on: everyFirstFactor, user: unreachable, preferred: "EMAIL_OTP", expect: choice,
			offers: passwords,
		},
		"no password": {on: everyFirstFactor, user: without, expect: choice, offers: "EMAIL_OTP"},
		"no password, preferred": {
			on: everyFirstFactor, user: without, preferred: "PASSWORD", expect: choice,
			offers: "EMAIL_OTP",
		},
		"nothing": {
			on: everyFirstFactor, user: cognitotest.User{}, expect: choice, offers: passwords,
		},
		"temporary password": {
			on: everyFirstFactor, user: temporary, preferred: "EMAIL_OTP", expect: choice,
			offers: passwords,
		},
		"MFA required": {
			on: mfaOn, user: totp, preferred: "EMAIL_OTP", expect: choice, offers: passwords,
		},
		"MFA chosen": {on: everyFirstFactor, user: totp, expect: choice, offers: passwords},
		"MFA by a lost number": {
			on: func(o *options) { codes(o); o.SMS = true }, user: lost, expect: choice,
			offers: passwords,
		},
		"TOTP verified only": {on: everyFirstFactor, user: unused, expect: choice, offers: all},
		"federated": {
			on: everyFirstFactor, user: federated, expect: choice, offers: passwords,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t, func(o *options) {
				if tc.on != nil {
					tc.on(o)
				}
			})
			tc.user.Username = "bob"
			srv.AddUser(tc.user)
			if slices.Contains(tc.user.Methods, "SMS_MFA") { // and has lost the number since
				srv.must("AdminDeleteUserAttributes", kv{
					"UserPoolId": srv.UserPoolID, "Username": "bob",
					"UserAttributeNames": []string{"phone_number"},
				})
			}
			r := srv.userAuth("bob", prefer(tc.preferred))
			require.Empty(t, r.failure())
			assert.Equal(t, tc.expect, r.text("ChallengeName"))
			assert.Equal(t, "["+tc.offers+"]", fmt.Sprint(r.body["AvailableChallenges"]))
			assert.Regexp(t, `^AYABe`, r.session())
			assert.NotContains(t, r.body["ChallengeParameters"], "USER_ID_FOR_SRP")
			assert.Empty(t, r.access())
		})
	}
}

// Every factor leads to tokens.
func TestChoice(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, everyFactor)
	srv.AddUser(
		cognitotest.User{
			Username: "bob", Password: password, Email: "b@x.org", Phone: "+15550001234",
		})
	srv.AddUser(
		cognitotest.User{Username: "carol", Password: password, Email: "c@x.org", TOTP: secret})
	s := newSRPClient()
	selected := func(t *testing.T, username string, answer kv) reply {
		t.Helper()
		return srv.in(t).respond("SELECT_CHALLENGE", srv.in(t).userAuth(username, nil).session(),
			username, answer)
	}
	code := func(t *testing.T, challenge reply, username string) reply {
		t.Helper()
		sent := srv.in(t).lastCode(username)
		assert.Regexp(t, `^[0-9]{8}$`, sent)
		name := challenge.text("ChallengeName")
		return srv.in(t).respond(name, challenge.session(), username, kv{name + "_CODE": sent})
	}
	for name, way := range map[string]func(t *testing.T, username string) reply{
		"password at once": func(t *testing.T, username string) reply {
			t.Helper()
			return srv.in(t).userAuth(username,
				kv{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password})
		},
		"password when asked": func(t *testing.T, username string) reply {
			t.Helper()
			return srv.in(t).respond("PASSWORD",
				srv.in(t).userAuth(username, prefer("PASSWORD")).session(), username,
				kv{"PASSWORD": password})
		},
		"password selected": func(t *testing.T, username string) reply {
			t.Helper()
			return selected(t, username, kv{"ANSWER": "PASSWORD", "PASSWORD": password})
		},
		"password selected, then asked": func(t *testing.T, username string) reply {
			t.Helper()
			r := selected(t, username, kv{"ANSWER": "PASSWORD"})
			return srv.in(t).respond("PASSWORD", r.session(), username, kv{"PASSWORD": password})
		},
		"SRP at once": func(t *testing.T, username string) reply {
			t.Helper()
			r := srv.in(t).userAuth(username,
				kv{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": s.A.Text(16)})
			assert.Contains(t, r.body["AvailableChallenges"], "PASSWORD_SRP")
			return srv.in(t).srpAnswer(srv.in(t).srpClaim(s, r, password))
		},
		"SRP when asked": func(t *testing.T, username string) reply {
			t.Helper()
			r := srv.in(t).userAuth(username, prefer("PASSWORD_SRP"))
			r = srv.in(t).respond("PASSWORD_SRP", r.session(), username, kv{"SRP_A": s.A.Text(16)})
			return srv.in(t).srpAnswer(srv.in(t).srpClaim(s, r, password))
		},
		"SRP selected": func(t *testing.T, username string) reply {
			t.Helper()
			return srv.in(t).srpAnswer(srv.in(t).srpClaim(s, selected(t, username, kv{
				"ANSWER": "PASSWORD_SRP", "SRP_A": s.A.Text(16),
			}), password))
		},
		"email at once": func(t *testing.T, username string) reply {
			t.Helper()
			return code(t, srv.in(t).userAuth(username, prefer("EMAIL_OTP")), username)
		},
		"email selected": func(t *testing.T, username string) reply {
			t.Helper()
			r := selected(t, username, kv{"ANSWER": "EMAIL_OTP"})
			assert.Equal(t,
				kv{
					"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
					"CODE_DELIVERY_DESTINATION":     username[:1] + "***@x***",
				},
				r.body["ChallengeParameters"])
			return code(t, r, username)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := way(t, "bob")
			assert.NotEmpty(t, r.access(), "%s", r.raw)
			assert.NotContains(t, r.body, "AvailableChallenges")

			// which is not offered to a user with a second factor
			if !strings.HasPrefix(name, "email") {
				r = way(t, "carol")
				assert.Equal(t, "SOFTWARE_TOKEN_MFA", r.text("ChallengeName"))
				assert.NotContains(t, r.body, "AvailableChallenges")
			}
			assert.Empty(t, srv.User("bob").Methods, "a first factor does not become a second one")
		})
	}

	r := srv.userAuth("bob", prefer("SMS_OTP"))
	assert.Equal(t,
		kv{"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******1234"},
		r.body["ChallengeParameters"])
	assert.NotEmpty(t, code(t, r, "bob").access())
}

func TestChoiceRefusals(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, frozen)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Email: "b@x.org"})
	srv.AddUser(cognitotest.User{Username: "mallory", Password: password, Email: "m@x.org"})
	choice := func() string { return srv.userAuth("bob", nil).session() }
	begun := func(factor string) string { return srv.userAuth("bob", prefer(factor)).session() }
	const missing = "InvalidParameter: Missing required parameter "
	for name, tc := range map[string]struct {
		challenge string
		session   string
		responses kv
		failure   string
	}{
		"nothing selected": {
			challenge: "SELECT_CHALLENGE", session: choice(), failure: missing + "ANSWER",
		},
		"not offered": {
			challenge: "SELECT_CHALLENGE", session: choice(),
			responses: kv{"ANSWER": "SMS_OTP"},
			failure: "InvalidParameter: The challenge that was selected is not one of PASSWORD_SRP, " +
				"PASSWORD, EMAIL_OTP",
		},
		"never offered": {
			challenge: "SELECT_CHALLENGE", session: choice(),
			responses: kv{"ANSWER": "WEB_AUTHN"},
			failure: "InvalidParameter: The challenge that was selected is not one of PASSWORD_SRP, " +
				"PASSWORD, EMAIL_OTP",
		},
		"selected, wrong": {
			challenge: "SELECT_CHALLENGE", session: choice(),
			responses: kv{"ANSWER": "PASSWORD", "PASSWORD": "wrong"}, failure: incorrect,
		},
		"selected, no public key": {
			challenge: "SELECT_CHALLENGE", session: choice(),
			responses: kv{"ANSWER": "PASSWORD_SRP", "SRP_A": "0"},
			failure:   "InvalidParameter: SRP_A is not a valid public key.",
		},
		"no password": {
			challenge: "PASSWORD", session: begun("PASSWORD"), responses: kv{"ANSWER": password},
			failure: missing + "PASSWORD",
		},
		"wrong password": {
			challenge: "PASSWORD", session: begun("PASSWORD"), responses: kv{"PASSWORD": "wrong"},
			failure: incorrect,
		},
		"no SRP_A": {
			challenge: "PASSWORD_SRP", session: begun("PASSWORD_SRP"),
			responses: kv{"PASSWORD": password}, failure: missing + "SRP_A",
		},
		"no public key": {
			challenge: "PASSWORD_SRP", session: begun("PASSWORD_SRP"),
			responses: kv{"SRP_A": "N"},
			failure:   "InvalidParameter: SRP_A is not a valid public key.",
		},
		"no code": {
			challenge: "EMAIL_OTP", session: begun("EMAIL_OTP"),
			responses: kv{"PASSWORD": password}, failure: missing + "EMAIL_OTP_CODE",
		},
		"wrong code": {
			challenge: "EMAIL_OTP", session: begun("EMAIL_OTP"),
			responses: kv{"EMAIL_OTP_CODE": "123"}, failure: wrongOTP,
		},
		"choice as password": {
			challenge: "PASSWORD", session: choice(), responses: kv{"PASSWORD": password},
			failure: invalidSession,
		},
		"password as choice": {
			challenge: "SELECT_CHALLENGE", session: begun("PASSWORD"),
			responses: kv{"ANSWER": "PASSWORD", "PASSWORD": password},
			failure:   invalidSession,
		},
		"no session": {
			challenge: "SELECT_CHALLENGE", responses: kv{"ANSWER": "EMAIL_OTP"},
			failure: missing + "Session",
		},
	} {
		r := srv.call("RespondToAuthChallenge", kv{
			"ClientId": srv.ClientID, "ChallengeName": tc.challenge,
			"ChallengeResponses": with(tc.responses, "USERNAME", "bob"),
		})
		if tc.session != "" {
			assert.Equal(t, invalidSession,
				srv.respond(tc.challenge, tc.session, "mallory", tc.responses).failure(),
				"%s: of another user", name)
			r = srv.respond(tc.challenge, tc.session, "bob", tc.responses)
		}
		assert.Equal(t, tc.failure, r.failure(), name)
	}
	assert.Equal(t, "InvalidParameter: SRP_A is not a valid public key.",
		srv.userAuth("bob", kv{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": "0"}).failure())
	assert.Equal(t, incorrect,
		srv.userAuth("bob", kv{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": "wrong"}).failure())
}

// with returns a copy of an object with one member set.
func with(object kv, name string, value any) kv {
	out := kv{}
	maps.Copy(out, object)
	out[name] = value
	return out
}

// The state of a sign-in after a wrong answer. No session works twice.
func TestChoiceSessions(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, frozen)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Email: "b@x.org"})

	session := srv.userAuth("bob", prefer("PASSWORD")).session()
	assert.Equal(t, incorrect,
		srv.respond("PASSWORD", session, "bob", kv{"PASSWORD": "wrong"}).failure())
	assert.Equal(t, usedSession,
		srv.respond("PASSWORD", session, "bob", kv{"PASSWORD": password}).failure(),
		"a wrong password ends the sign-in")

	session = srv.userAuth("bob", nil).session()
	assert.Equal(t, incorrect,
		srv.respond("SELECT_CHALLENGE", session, "bob", kv{
			"ANSWER": "PASSWORD", "PASSWORD": "wrong",
		}).failure())
	assert.Equal(t, usedSession,
		srv.respond("SELECT_CHALLENGE", session, "bob", kv{
			"ANSWER": "PASSWORD", "PASSWORD": password,
		}).failure())

	s := newSRPClient()
	challenge := srv.userAuth("bob",
		kv{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": s.A.Text(16)})
	assert.Equal(t, incorrect, srv.srpAnswer(srv.srpClaim(s, challenge, "wrong")).failure())
	assert.Equal(t, usedSession, srv.srpAnswer(srv.srpClaim(s, challenge, password)).failure())

	session = srv.userAuth("bob", prefer("EMAIL_OTP")).session()
	right := kv{"EMAIL_OTP_CODE": srv.lastCode("bob")}
	for range 6 {
		assert.Equal(t, wrongOTP,
			srv.respond("EMAIL_OTP", session, "bob", kv{"EMAIL_OTP_CODE": "1"}).failure())
	}
	assert.NotEmpty(t, srv.respond("EMAIL_OTP", session, "bob", right).access(),
		"a wrong code does not")
	assert.Equal(t, usedSession, srv.respond("EMAIL_OTP", session, "bob", right).failure())

	session = srv.userAuth("bob", prefer("EMAIL_OTP")).session()
	assert.Equal(t, wrongOTP, srv.respond("EMAIL_OTP", session, "bob", right).failure(),
		"a code is good for its own session")
	srv.Advance(3 * time.Minute)
	assert.Equal(t, expiredSession,
		srv.respond("EMAIL_OTP", session, "bob",
			kv{"EMAIL_OTP_CODE": srv.lastCode("bob")}).failure())
}

// A user who may not sign in learns that after the first factor, or at once if the client reveals
// who exists.
func TestChoiceStates(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user    cognitotest.User
		failure string
	}{
		"disabled": {cognitotest.User{Disabled: true}, "NotAuthorized: User is disabled."},
		"unconfirmed": {
			cognitotest.User{Status: types.UserStatusTypeUnconfirmed},
			"UserNotConfirmed: User is not confirmed.",
		},
		"reset": {
			cognitotest.User{Status: types.UserStatusTypeResetRequired},
			"PasswordResetRequired: Password reset required for the user",
		},
	} {
		tc.user.Username, tc.user.Password, tc.user.Email = "bob", password, "b@x.org"
		srv := listen(t, everyFirstFactor)
		srv.AddUser(tc.user)
		session := srv.userAuth("bob", nil).session()
		session = srv.respond("SELECT_CHALLENGE", session, "bob",
			kv{"ANSWER": "EMAIL_OTP"}).session()
		assert.Equal(t, wrongOTP,
			srv.respond("EMAIL_OTP", session, "bob", kv{"EMAIL_OTP_CODE": "1"}).failure(), name)
		assert.Equal(t, tc.failure,
			srv.respond("EMAIL_OTP", session, "bob",
				kv{"EMAIL_OTP_CODE": srv.lastCode("bob")}).failure(),
			name)
		assert.Equal(t, incorrect,
			srv.userAuth("bob",
				kv{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": "wrong"}).failure(),
			name)

		telling := listen(t, everyFirstFactor, func(o *options) { o.RevealUsers = true })
		telling.AddUser(tc.user)
		assert.Equal(t, tc.failure, telling.userAuth("bob", nil).failure(), name)
		assert.Equal(t, "UserNotFound: User does not exist.",
			telling.userAuth("nobody", nil).failure(), name)
	}
}

// A code does not bypass the second factor, even one that was enabled after the code was sent.
func TestCodeDoesNotBypassMFA(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor)
	bob := cognitotest.User{
		Username: "bob", Password: password, Email: "b@x.org", TOTP: secret, Methods: []string{},
	}
	srv.AddUser(bob)
	choice := srv.userAuth("bob", nil)
	begun := srv.userAuth("bob", prefer("EMAIL_OTP"))
	code := srv.lastCode("bob")
	srv.must("AdminSetUserMFAPreference", kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob",
		"SoftwareTokenMfaSettings": kv{"Enabled": true},
	})
	r := srv.respond("EMAIL_OTP", begun.session(), "bob", kv{"EMAIL_OTP_CODE": code})
	assert.Equal(t, invalidSession, r.failure())
	r = srv.respond("SELECT_CHALLENGE", choice.session(), "bob", kv{"ANSWER": "EMAIL_OTP"})
	assert.Contains(t, r.failure(),
		"InvalidParameter: The challenge that was selected is not one of ")
	r = srv.respond("SELECT_CHALLENGE", choice.session(), "bob",
		kv{"ANSWER": "PASSWORD", "PASSWORD": password})
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", r.text("ChallengeName"))
}

// A sign-in of an unknown user looks like any other, at every step.
func TestChoiceSimulated(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, frozen, func(o *options) {
		o.UsernameAttributes = []types.UsernameAttributeType{"email", "phone_number"}
	})
	srv.AddUser(
		cognitotest.User{Username: "real@example.com", Password: password, Phone: "+15550001234"})
	s := newSRPClient()
	both := []string{"real@example.com", "fake@example.com"}
	same := func(what string, do func(username string) reply) (replies [2]reply) {
		t.Helper()
		for i, username := range both {
			replies[i] = do(username)
		}
		assert.Equal(t, shape(replies[0].body), shape(replies[1].body), what)
		assert.Equal(t, replies[0].failure(), replies[1].failure(), what)
		return replies
	}
	respondTo := func(what, challenge string, to [2]reply, responses kv) [2]reply {
		t.Helper()
		i := -1
		return same(what, func(username string) reply {
			i++
			return srv.respond(challenge, to[i].session(), username, responses)
		})
	}

	for _, preferred := range []string{
		"", "WEB_AUTHN", "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP",
	} {
		same("preferred "+preferred,
			func(username string) reply { return srv.userAuth(username, prefer(preferred)) })
	}
	begun := same("choice", func(username string) reply { return srv.userAuth(username, nil) })
	respondTo("not offered", "SELECT_CHALLENGE", begun, kv{"ANSWER": "WEB_AUTHN"})
	email := respondTo("email", "SELECT_CHALLENGE", begun, kv{"ANSWER": "EMAIL_OTP"})
	respondTo("used", "SELECT_CHALLENGE", begun, kv{"ANSWER": "EMAIL_OTP"})
	assert.Equal(t, "f***@e***", email[1].text("ChallengeParameters", "CODE_DELIVERY_DESTINATION"))
	for _, code := range []string{"", "12345678", "123456"} {
		respondTo("code "+code, "EMAIL_OTP", email, kv{"EMAIL_OTP_CODE": code})
	}
	begun = same("choice", func(username string) reply { return srv.userAuth(username, nil) })
	respondTo("password", "SELECT_CHALLENGE", begun, kv{"ANSWER": "PASSWORD", "PASSWORD": "wrong"})
	respondTo("password again", "SELECT_CHALLENGE", begun,
		kv{"ANSWER": "PASSWORD", "PASSWORD": "wrong"})
	same("SRP", func(username string) reply {
		r := srv.userAuth(username,
			kv{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": s.A.Text(16)})
		return srv.srpAnswer(srv.srpClaim(s, r, "wrong"))
	})
	same("SRP by itself", func(username string) reply { return srv.srpSignIn(username, "wrong") })
	same("password by itself", func(username string) reply { return srv.signIn(username, "wrong") })
	same("the fifth", func(username string) reply { return srv.signIn(username, "wrong") })
	locked := same("lockout", func(username string) reply { return srv.signIn(username, "wrong") })
	assert.Equal(t, "NotAuthorized: Password attempts exceeded", locked[1].failure())
	srv.Advance(3 * time.Minute)
	respondTo("expired", "EMAIL_OTP", email, kv{"EMAIL_OTP_CODE": "12345678"})
}

// shape returns a response with every string replaced by its length, except for parts that vary.
func shape(value any) any {
	switch value := value.(type) {
	case kv:
		out := kv{}
		for name, member := range value {
			switch name {
			case "SRP_B", "SECRET_BLOCK", "Session":
				out[name] = true
			default:
				out[name] = shape(member)
			}
		}
		return out
	case []any:
		return value
	default:
		return len(fmt.Sprint(value))
	}
}

// The number of ghosts is bounded, however many names are tried, and none of them ever signs in.
func TestManyGhosts(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, frozen)
	first := srv.userAuth("nobody", prefer("EMAIL_OTP"))
	try := func(username string) string {
		body := `{"ClientId":"` + srv.ClientID + `","AuthFlow":"USER_PASSWORD_AUTH",` +
			`"AuthParameters":{"USERNAME":"` + username + `","PASSWORD":"x"}}`
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/",
			strings.NewReader(body))
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, request)
		return w.Body.String()
	}
	const locked = "Password attempts exceeded"
	for range 5 {
		require.NotContains(t, try("nobody"), locked)
	}
	for i := range 2000 {
		try(userName(i))
	}
	assert.Contains(t, try("nobody"), locked)
	for i := range 9000 {
		try(userName(i))
	}
	assert.NotContains(t, try("nobody"), locked, "it is forgotten by now")
	again := srv.userAuth("nobody", prefer("EMAIL_OTP"))
	assert.Equal(t, first.body["ChallengeParameters"], again.body["ChallengeParameters"],
		"a name leads to the same address each time")
	assert.Equal(t, "UserNotFound: User does not exist.",
		srv.call("AdminGetUser", kv{"UserPoolId": srv.UserPoolID, "Username": "nobody"}).failure())
}

// An unknown user can be named by the UUID of a challenge, like any user.
func TestGhostBySub(t *testing.T) {
	t.Parallel()
	srv := listen(t,
		func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} })
	srv.AddUser(cognitotest.User{Username: "real@example.com", Password: password})
	s := newSRPClient()
	for _, username := range []string{"real@example.com", "fake@example.com"} {
		id := srv.srpInit(s, username).text("ChallengeParameters", "USER_ID_FOR_SRP")
		assert.Equal(t, id, srv.srpInit(s, id).text("ChallengeParameters", "USER_ID_FOR_SRP"),
			username)
	}
}

// A sign-up leads to a sign-in without another code.
func TestSignInAfterSignUp(t *testing.T) {
	t.Parallel()
	srv := start(t, everyFirstFactor)
	client := srv.Client()
	signUp := func(name string) (*cognitoidentityprovider.SignUpOutput, string) {
		email := name + "@example.com"
		out, err := client.SignUp(t.Context(), &cognitoidentityprovider.SignUpInput{
			ClientId: &srv.ClientID, Username: &name,
			UserAttributes: []types.AttributeType{{Name: ptr("email"), Value: &email}},
		})
		require.NoError(t, err)
		require.NotEmpty(t, *out.Session)
		return out, srv.lastCode(name)
	}
	out, code := signUp("bob")
	confirmed, err := client.ConfirmSignUp(t.Context(), &cognitoidentityprovider.ConfirmSignUpInput{
		ClientId: &srv.ClientID, Username: ptr("bob"), ConfirmationCode: &code,
		Session: out.Session,
	})
	require.NoError(t, err)
	require.NotEmpty(t, *confirmed.Session)
	in := &cognitoidentityprovider.InitiateAuthInput{
		ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserAuth,
		AuthParameters: map[string]string{"USERNAME": "bob"}, Session: confirmed.Session,
	}
	tokens, err := client.InitiateAuth(t.Context(), in)
	require.NoError(t, err)
	require.NotNil(t, tokens.AuthenticationResult)

	initiate := func(username, session string) reply {
		return srv.call("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "USER_AUTH", "Session": session,
			"AuthParameters": kv{"USERNAME": username},
		})
	}
	confirm := func(username, code, session string) reply {
		return srv.call("ConfirmSignUp", kv{
			"ClientId": srv.ClientID, "Username": username, "ConfirmationCode": code,
			"Session": session,
		})
	}
	assert.Equal(t, usedSession, initiate("bob", *confirmed.Session).failure())
	assert.Equal(t, invalidSession, initiate("bob", *out.Session).failure(),
		"SignUp's own session is for ConfirmSignUp")

	out, code = signUp("carol")
	assert.Equal(t, invalidSession, initiate("carol", *out.Session).failure())
	assert.Equal(t, invalidSession, confirm("carol", code, *confirmed.Session).failure())
	assert.Equal(t, "CodeMismatch: Invalid verification code provided, please try again.",
		confirm("carol", "x", *out.Session).failure())
	other, _ := signUp("dave")
	assert.Equal(t, invalidSession, confirm("carol", code, *other.Session).failure())
	assert.Equal(t, invalidSession,
		srv.respond("SELECT_CHALLENGE", *out.Session, "carol", nil).failure(), "it is no challenge")
	session := confirm("carol", code, *out.Session).session()
	require.NotEmpty(t, session)
	assert.Equal(t, invalidSession, initiate("bob", session).failure())
	srv.must("AdminDisableUser", kv{"UserPoolId": srv.UserPoolID, "Username": "carol"})
	assert.Equal(t, "NotAuthorized: User is disabled.", initiate("carol", session).failure())
	srv.must("AdminEnableUser", kv{"UserPoolId": srv.UserPoolID, "Username": "carol"})
	srv.Advance(3 * time.Minute)
	assert.Equal(t, expiredSession, initiate("carol", session).failure())

	_, code = signUp("erin")
	alone := srv.must("ConfirmSignUp",
		kv{"ClientId": srv.ClientID, "Username": "erin", "ConfirmationCode": code})
	assert.NotEmpty(t, initiate("erin", alone.session()).access(),
		"who brings no session gets one all the same, as Amplify relies on")

	_, code = signUp("frank")
	flows := kv{
		"UserPoolId": srv.UserPoolID, "ClientName": "app",
		"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH"},
	}
	app := srv.must("CreateUserPoolClient", flows).text("UserPoolClient", "ClientId")
	bare := srv.must("ConfirmSignUp",
		kv{"ClientId": app, "Username": "frank", "ConfirmationCode": code})
	assert.Equal(t, kv{}, bare.body, "a client without USER_AUTH has no use for one")
}

func ptr[T any](value T) *T { return &value }

// If users need no password, an administrator need not set one.
func TestWithoutPassword(t *testing.T) {
	t.Parallel()
	srv := start(t)
	made := srv.must("CreateUserPool", kv{
		"PoolName": "passwordless",
		"Policies": kv{"SignInPolicy": kv{"AllowedFirstAuthFactors": []string{
			"PASSWORD", "EMAIL_OTP",
		}}},
	})
	assert.Equal(t, kv{"AllowedFirstAuthFactors": []any{"PASSWORD", "EMAIL_OTP"}},
		made.body["UserPool"].(kv)["Policies"].(kv)["SignInPolicy"])
	pool := made.text("UserPool", "Id")
	app := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": pool, "ClientName": "app",
		"ExplicitAuthFlows": []string{"ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"},
	}).text("UserPoolClient", "ClientId")
	create := func(name string, more kv) reply {
		return srv.must("AdminCreateUser", with(with(more, "UserPoolId", pool), "Username", name))
	}
	attributes := []kv{{"Name": "email", "Value": "bob@example.com"}}
	assert.Equal(t, "CONFIRMED",
		create("bob", kv{
			"UserAttributes": attributes, "DesiredDeliveryMediums": []string{"EMAIL"},
		}).text("User", "UserStatus"))
	assert.Empty(t, srv.Outbox("bob"), "there is no password to be sent")
	assert.Equal(t, "FORCE_CHANGE_PASSWORD",
		create("carol", kv{"TemporaryPassword": "Temp0rary!"}).text("User", "UserStatus"))
	assert.Equal(t, []any{"EMAIL_OTP"},
		srv.must("AdminGetUserAuthFactors", kv{
			"UserPoolId": pool, "Username": "bob",
		}).body["ConfiguredUserAuthFactors"])
	assert.Equal(t, []any{"PASSWORD"},
		srv.must("AdminGetUserAuthFactors", kv{
			"UserPoolId": pool, "Username": "carol",
		}).body["ConfiguredUserAuthFactors"])

	for _, flow := range []string{"USER_PASSWORD_AUTH", "USER_AUTH"} {
		r := srv.call("InitiateAuth", kv{
			"ClientId": app, "AuthFlow": flow,
			"AuthParameters": kv{
				"USERNAME": "bob", "PASSWORD": password, "PREFERRED_CHALLENGE": "PASSWORD",
			},
		})
		assert.Empty(t, r.access())
	}
	r := srv.call("InitiateAuth", kv{
		"ClientId": app, "AuthFlow": "USER_AUTH",
		"AuthParameters": kv{"USERNAME": "bob", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
	})
	r = srv.call("RespondToAuthChallenge", kv{
		"ClientId": app, "ChallengeName": "EMAIL_OTP", "Session": r.session(),
		"ChallengeResponses": kv{"USERNAME": "bob", "EMAIL_OTP_CODE": srv.lastCode("bob")},
	})
	assert.NotEmpty(t, r.access(), "%s", r.raw)

	for _, factors := range [][]string{
		{}, {"EMAIL_OTP"}, {"PASSWORD", "SOFTWARE_TOKEN"}, {"PASSWORD", ""},
	} {
		r := srv.call("CreateUserPool", kv{
			"PoolName": "x", "Policies": kv{"SignInPolicy": kv{"AllowedFirstAuthFactors": factors}},
		})
		assert.Equal(t, "InvalidParameterException", r.text("__type"), factors)
	}
	assert.Panics(t, func() {
		cognitotest.NewServer(
			func(o *options) { o.FirstFactors = []types.AuthFactorType{"SMS_OTP"} })
	})
	assert.Panics(t, func() { srv.AddUser(cognitotest.User{Username: "bob"}) },
		"in a pool that requires passwords")
}

// An empty password is wrong for a user without a password, by SRP as well.
func TestSRPWithoutPassword(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor)
	srv.AddUser(cognitotest.User{Username: "bob", Email: "b@x.org"})
	assert.Equal(t, incorrect, srv.srpSignIn("bob", "").failure())
	assert.Equal(t, incorrect, srv.srpSignIn("nobody", "").failure())
}
