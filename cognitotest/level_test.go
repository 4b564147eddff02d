package cognitotest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// acr returns the default names of levels.
func acr(levels ...string) string {
	names := make([]string, len(levels))
	for i, level := range levels {
		names[i] = "urn:cognito:loa:" + level
	}
	return strings.Join(names, " ")
}

const (
	noLevel     = "InvalidParameter: TARGET_ACR_VALUES has no authentication level of the user pool."
	unreachable = "InvalidParameter: The user does not have the factors for any level of TARGET_ACR_VALUES."
	levelMet    = "InvalidParameter: The level of TARGET_ACR_VALUES is met by ACCESS_TOKEN already."
)

// aims returns the parameters of a sign-in that asks for a level, with the password as the
// preferred factor.
func aims(levels string, more ...string) kv {
	parameters := kv{
		"TARGET_ACR_VALUES": levels, "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password,
	}
	for i := 0; i < len(more); i += 2 {
		parameters[more[i]] = more[i+1]
	}
	return parameters
}

// finish answers all challenges of a sign-in of bob, and returns their names. Where there is a
// choice, it chooses the last one offered.
func (f fake) finish(r reply) (last reply, asked string) {
	f.t.Helper()
	var path []string
	for range 6 {
		name := r.text("ChallengeName")
		if name == "" {
			break
		}
		path = append(path, name)
		answer := kv{}
		switch name {
		case "SOFTWARE_TOKEN_MFA":
			f.Advance(30 * time.Second)
			answer["SOFTWARE_TOKEN_MFA_CODE"] = f.Code("bob")
		case "SELECT_CHALLENGE":
			offered := r.body["AvailableChallenges"].([]any)
			answer["ANSWER"], answer["PASSWORD"] = offered[len(offered)-1], password
		case "SELECT_MFA_TYPE":
			_, list, _ := strings.Cut(
				strings.TrimSuffix(r.text("ChallengeParameters", "MFAS_CAN_CHOOSE"), `"]`), `["`)
			offered := strings.Split(list, `","`)
			answer["ANSWER"] = offered[len(offered)-1]
		default:
			answer[name+"_CODE"] = f.lastCode("bob")
		}
		r = f.respond(name, r.session(), "bob", answer)
	}
	return r, strings.Join(path, " ")
}

// level returns the two claims about the level. The access token and the ID token must agree.
func (f fake) level(r reply) string {
	f.t.Helper()
	access, id := payload(r.access()), payload(r.text("AuthenticationResult", "IdToken"))
	require.NotEmpty(f.t, access, "%s", r.raw)
	assert.Equal(f.t, access["acr"], id["acr"])
	assert.Equal(f.t, access["amr"], id["amr"])
	name, _ := access["acr"].(string)
	list, _ := access["amr"].([]any)
	for _, method := range list {
		name += " " + method.(string)
	}
	return strings.TrimPrefix(name, "urn:cognito:loa:")
}

const (
	totpFactor  = "SOFTWARE_TOKEN_MFA"
	smsFactor   = "SMS_MFA"
	emailFactor = "EMAIL_OTP"
)

// The levels of a password with a code.
const (
	byTOTP  = "4 pwd otp mfa"
	bySMS   = "3 pwd sms mfa"
	byEmail = "3 pwd email_otp mfa"
)

// passwordOnly is bob without any other factor.
func passwordOnly() cognitotest.User { return cognitotest.User{Username: "bob", Password: password} }

// reachableBy is bob, who could use every factor and has enabled some.
func reachableBy(methods ...string) cognitotest.User {
	return cognitotest.User{
		Username: "bob", Password: password, Email: "bob@example.com", Phone: "+15550001234",
		TOTP:    secret,
		Methods: append([]string{}, methods...),
	}
}

// The challenges on the way to a level, and the claims in the tokens.
func TestLevels(t *testing.T) {
	t.Parallel()
	preferring := reachableBy(smsFactor, totpFactor)
	preferring.Preferred = smsFactor
	federated := cognitotest.User{Username: "bob", Status: types.UserStatusTypeExternalProvider}
	noPassword := cognitotest.User{Username: "bob", Email: "bob@example.com"}
	codes := func(o *options) { everyFirstFactor(o); everyFactor(o) }
	for name, tc := range map[string]struct {
		on     func(*options)
		user   cognitotest.User
		target string
		asked  string
		level  string // or a failure
	}{
		"1, a password": {user: passwordOnly(), target: acr("1"), level: "1 pwd"},
		"1, MFA is a floor": {
			user: reachableBy(totpFactor), target: acr("1"), asked: totpFactor, level: byTOTP,
		},
		"1, MFA by SMS is a floor": {
			user: reachableBy(smsFactor), target: acr("1"), asked: smsFactor, level: bySMS,
		},
		"1, MFA is required": {
			on: mfaOn, user: reachableBy(), target: acr("1"), asked: "SELECT_MFA_TYPE EMAIL_OTP",
			level: byEmail,
		},
		"2, nothing to get there by": {
			user: passwordOnly(), target: acr("2"), level: unreachable,
		},
		"2, after the password": {
			user: reachableBy(emailFactor), target: acr("2"), asked: emailFactor, level: byEmail,
		},
		"2, a code": {
			on: codes, user: noPassword, target: acr("2"), asked: "SELECT_CHALLENGE EMAIL_OTP",
			level: "2 email_otp",
		},
		"1, a code": {
			on: codes, user: noPassword, target: acr("1"), asked: "SELECT_CHALLENGE EMAIL_OTP",
			level: "2 email_otp",
		},
		"3, a code is not enough": {
			on: codes, user: noPassword, target: acr("3"), level: unreachable,
		},
		"3, a factor not chosen": {
			user: reachableBy(), target: acr("3"), asked: "SELECT_MFA_TYPE EMAIL_OTP",
			level: byEmail,
		},
		"3, the chosen one": {
			user: reachableBy(smsFactor), target: acr("3"), asked: smsFactor, level: bySMS,
		},
		"3, TOTP is more": {
			user: reachableBy(totpFactor), target: acr("3"), asked: totpFactor, level: byTOTP,
		},
		"4, not SMS": {
			user: reachableBy(smsFactor), target: acr("4"), asked: totpFactor, level: byTOTP,
		},
		"4, preferring SMS": {
			user: preferring, target: acr("4"), asked: totpFactor, level: byTOTP,
		},
		"4, no authenticator": {
			user: passwordOnly(), target: acr("4"), level: unreachable,
		},
		"4, no set-up": {
			on: mfaOn, user: passwordOnly(), target: acr("4"), level: unreachable,
		},
		"1, no set-up": {
			on: mfaOn, user: passwordOnly(), target: acr("1"), level: unreachable,
		},
		"4, the pool has no MFA": {
			on: mfaOff, user: reachableBy(), target: acr("4"), level: unreachable,
		},
		"1, the pool has no MFA": {
			on: mfaOff, user: reachableBy(totpFactor), target: acr("1"), level: "1 pwd",
		},
		"the first that can be reached": {
			user: passwordOnly(), target: acr("4", "3", "1"), level: "1 pwd",
		},
		"the order is the wish": {user: reachableBy(), target: acr("1", "4"), level: "1 pwd"},
		"what is unknown is ignored": {
			user: reachableBy(), target: "gold " + acr("4"), asked: totpFactor, level: byTOTP,
		},
		"nothing is known": {user: reachableBy(), target: "gold urn:cognito:loa:5", level: noLevel},
		"federated users have no factor": {
			user: federated, target: acr("1"),
			level: unreachable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t, everyFactor, frozen, func(o *options) {
				if tc.on != nil {
					tc.on(o)
				}
			})
			srv.AddUser(tc.user)
			r, asked := srv.finish(srv.userAuth("bob", aims(tc.target)))
			assert.Equal(t, tc.asked, asked)
			if failure := r.failure(); failure != "" {
				assert.Equal(t, tc.level, failure)
				return
			}
			assert.Equal(t, tc.level, srv.level(r))
		})
	}
}

// With an access token of the user, only the missing factors are asked for.
func TestStepUp(t *testing.T) {
	t.Parallel()
	const byBoth = "4 pwd otp email_otp mfa"
	codes := func(o *options) { everyFirstFactor(o); everyFactor(o) }
	for name, tc := range map[string]struct {
		user   cognitotest.User
		first  string // the level of the sign-in before; none for one without
		prefer string // the first factor of that
		target string
		asked  string
		level  string
	}{
		"the code": {
			user: reachableBy(), first: acr("1"), target: acr("4"), asked: totpFactor,
			level: byTOTP,
		},
		"the other code": {
			user: reachableBy(), first: acr("1"), target: acr("3"),
			asked: "SELECT_MFA_TYPE EMAIL_OTP", level: byEmail,
		},
		"the password": {
			user: reachableBy(), first: acr("2"), prefer: emailFactor, target: acr("3"),
			asked: "SELECT_CHALLENGE", level: byEmail,
		},
		"the password and a code": {
			user: reachableBy(), first: acr("2"), prefer: emailFactor, target: acr("4"),
			asked: "SELECT_CHALLENGE " + totpFactor, level: byBoth,
		},
		"another code beside the first": {
			user: reachableBy(), first: acr("3"), target: acr("4"), asked: totpFactor,
			level: byBoth,
		},
		"met": {
			user: reachableBy(), first: acr("4"), target: acr("4"), level: levelMet,
		},
		"more than met": {
			user: reachableBy(), first: acr("4"), target: acr("1"), level: levelMet,
		},
		"what can be reached is met": {
			user: passwordOnly(), first: acr("1"), target: acr("4", "1"), level: levelMet,
		},
		"what cannot be reached": {
			user: passwordOnly(), first: acr("1"), target: acr("4"), level: unreachable,
		},
		"tokens without a level say nothing": {
			user: reachableBy(), target: acr("3"),
			asked: "SELECT_CHALLENGE SELECT_MFA_TYPE EMAIL_OTP", level: byEmail,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t, codes, frozen)
			srv.AddUser(tc.user)
			begin := kv{
				"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password,
				"TARGET_ACR_VALUES": tc.first,
			}
			if tc.prefer != "" {
				begin["PREFERRED_CHALLENGE"] = tc.prefer
			}
			first, _ := srv.finish(srv.userAuth("bob", begin))
			require.NotEmpty(t, first.access(), "%s", first.raw)

			r := srv.userAuth("bob",
				kv{"TARGET_ACR_VALUES": tc.target, "ACCESS_TOKEN": first.access()})
			// the password, which finish gives
			if offered, ok := r.body["AvailableChallenges"].([]any); ok {
				assert.Subset(t, []any{"PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"}, offered)
				r = srv.respond("SELECT_CHALLENGE", r.session(), "bob",
					kv{"ANSWER": "PASSWORD", "PASSWORD": password})
				var more string
				r, more = srv.finish(r)
				assert.Equal(t, tc.asked, strings.TrimSpace("SELECT_CHALLENGE "+more))
			} else {
				var asked string
				r, asked = srv.finish(r)
				assert.Equal(t, tc.asked, asked)
			}
			if failure := r.failure(); failure != "" {
				assert.Equal(t, tc.level, failure)
			} else {
				assert.Equal(t, tc.level, srv.level(r))
				before, after := payload(first.access()), payload(r.access())
				assert.NotEqual(t, before["origin_jti"], after["origin_jti"],
					"a sign-in of its own")
				assert.NotEmpty(t, r.refresh())
			}
			srv.must("GetUser", kv{"AccessToken": first.access()}) // the old tokens stay good
		})
	}
}

// An access token that is older than MAX_AGE proves nothing, and meets no level.
func TestMaxAge(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFactor, frozen)
	srv.AddUser(reachableBy())
	first := srv.userAuth("bob", aims(acr("1"), "MAX_AGE", "0"))
	require.Equal(t, "1 pwd", srv.level(first), "without a token everything is asked for anyway")
	begin := func(target, maxAge string) reply {
		return srv.userAuth("bob",
			kv{"TARGET_ACR_VALUES": target, "ACCESS_TOKEN": first.access(), "MAX_AGE": maxAge})
	}
	srv.Advance(60 * time.Second)
	assert.Equal(t, levelMet, begin(acr("1"), "60").failure())
	assert.Equal(t, levelMet, begin(acr("1"), "").failure())
	assert.Equal(t, totpFactor, begin(acr("4"), "60").text("ChallengeName"))
	assert.Equal(t, "SELECT_CHALLENGE", begin(acr("4"), "59").text("ChallengeName"))
	assert.Equal(t, "SELECT_CHALLENGE", begin(acr("1"), "59").text("ChallengeName"))
	srv.must("GetUser", kv{"AccessToken": first.access()})

	// A refresh does not renew auth_time.
	refreshed := srv.must("GetTokensFromRefreshToken",
		kv{"ClientId": srv.ClientID, "RefreshToken": first.refresh()})
	assert.Equal(t, "SELECT_CHALLENGE", srv.userAuth("bob", kv{
		"TARGET_ACR_VALUES": acr("1"), "ACCESS_TOKEN": refreshed.access(), "MAX_AGE": "59",
	}).text("ChallengeName"))
}

func TestLevelRefusals(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFactor, frozen)
	srv.AddUser(reachableBy())
	srv.AddUser(cognitotest.User{Username: "carol", Password: password})
	token := srv.userAuth("bob", aims(acr("1"))).access()
	others := srv.userAuth("carol", aims(acr("1"))).access()
	const notTheirs = "InvalidParameter: ACCESS_TOKEN is not one of the user whom USERNAME names."
	const takesLevel = " takes TARGET_ACR_VALUES."
	const noNumber = "InvalidParameter: MAX_AGE is not a number of seconds."
	for name, tc := range map[string]struct {
		username   string
		parameters kv
		failure    string
	}{
		"another user's token": {
			username: "bob", parameters: aims(acr("4"), "ACCESS_TOKEN", others), failure: notTheirs,
		},
		"nobody's token": {
			username: "nobody", parameters: aims(acr("4"), "ACCESS_TOKEN", token),
			failure: notTheirs,
		},
		"no token": {
			username: "bob", parameters: aims(acr("4"), "ACCESS_TOKEN", "x"),
			failure: "NotAuthorized: Invalid Access Token",
		},
		"a token without level": {
			username: "bob", parameters: kv{"ACCESS_TOKEN": token},
			failure: "InvalidParameter: ACCESS_TOKEN" + takesLevel,
		},
		"an age without level": {
			username: "bob", parameters: kv{"MAX_AGE": "1"},
			failure: "InvalidParameter: MAX_AGE" + takesLevel,
		},
		"no age": {
			username: "bob", parameters: aims(acr("4"), "MAX_AGE", "soon"), failure: noNumber,
		},
		"a negative age": {
			username: "bob", parameters: aims(acr("4"), "MAX_AGE", "-1"), failure: noNumber,
		},
		"spaces only": {username: "bob", parameters: aims("  "), failure: noLevel},
	} {
		assert.Equal(t, tc.failure, srv.userAuth(tc.username, tc.parameters).failure(), name)
	}
	scopeless := *srv.IssueTokens("bob", "openid").AccessToken
	const scope = "NotAuthorized: Access Token does not have required scopes"
	assert.Equal(t, scope, srv.userAuth("bob", aims(acr("4"), "ACCESS_TOKEN", scopeless)).failure())
	srv.must("AdminSetUserPassword",
		kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "Password": "Temp0rary!"})
	begun := srv.userAuth("bob", kv{"TARGET_ACR_VALUES": acr("4"), "ACCESS_TOKEN": token})
	assert.Equal(t, "SELECT_CHALLENGE", begun.text("ChallengeName"),
		"a token is no way round a temporary password")
	srv.must("GlobalSignOut", kv{"AccessToken": token})
	const revoked = "NotAuthorized: Access Token has been revoked"
	assert.Equal(t, revoked, srv.userAuth("bob", aims(acr("4"), "ACCESS_TOKEN", token)).failure())

	for _, flow := range []string{
		"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "CUSTOM_AUTH", "REFRESH_TOKEN_AUTH",
	} {
		for _, parameter := range []string{"TARGET_ACR_VALUES", "MAX_AGE", "ACCESS_TOKEN"} {
			r := srv.call("InitiateAuth",
				kv{"ClientId": srv.ClientID, "AuthFlow": flow, "AuthParameters": kv{
					"USERNAME": "carol", "PASSWORD": password, parameter: "1",
				}})
			assert.Equal(t, "InvalidParameter: "+parameter+" is a parameter of USER_AUTH.",
				r.failure(), flow)
		}
	}
}

// A wrong answer on the way to a level ends the sign-in: there is no second try, and there are no
// tokens of a lower level.
func TestLevelIsAllOrNothing(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, everyFactor, frozen)
	srv.AddUser(reachableBy())
	wrong := srv.wrong("bob")
	answer := func(r reply, code string) reply {
		name := r.text("ChallengeName")
		return srv.respond(name, r.session(), "bob", kv{name + "_CODE": code})
	}
	begun := srv.userAuth("bob", aims(acr("4")))
	mistyped := srv.respond(totpFactor, begun.session(), "bob",
		kv{"SOFTWARE_TOKEN_MFA_CODE": wrong})
	assert.Equal(t, wrongCode, mistyped.failure())
	again := srv.respond(totpFactor, begun.session(), "bob",
		kv{"SOFTWARE_TOKEN_MFA_CODE": srv.Code("bob")})
	assert.Equal(t, usedSession, again.failure())

	begun = srv.userAuth("bob", aims(acr("2"), "PREFERRED_CHALLENGE", emailFactor))
	code := srv.lastCode("bob")
	assert.Equal(t, wrongOTP, answer(begun, "12345678x").failure())
	assert.Equal(t, usedSession, answer(begun, code).failure())

	begun = srv.userAuth("bob", aims(acr("4")))
	missing := srv.respond(totpFactor, begun.session(), "bob", kv{}).failure()
	assert.Equal(t, "InvalidParameter: Missing required parameter SOFTWARE_TOKEN_MFA_CODE", missing)
	right := srv.respond(totpFactor, begun.session(), "bob",
		kv{"SOFTWARE_TOKEN_MFA_CODE": srv.Code("bob")})
	require.NotEmpty(t, right.access(), "that was no answer")

	// The same if the user loses the factor meanwhile.
	srv.Advance(30 * time.Second)
	begun = srv.userAuth("bob",
		kv{"TARGET_ACR_VALUES": acr("4"), "PREFERRED_CHALLENGE": "PASSWORD"})
	srv.must("AdminDeleteSoftwareToken", kv{"UserPoolId": srv.UserPoolID, "Username": "bob"})
	late := srv.respond("PASSWORD", begun.session(), "bob", kv{"PASSWORD": password})
	assert.Equal(t, unreachable, late.failure())
}

// The two claims are in tokens only where a level was asked for, and a refresh keeps them.
func TestLevelClaims(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(*options){
		"kept": func(*options) {}, "rotating": func(o *options) { o.RefreshTokenRotation = true },
	} {
		srv := listen(t, everyFactor, frozen, on)
		srv.AddUser(reachableBy())
		plain := srv.userAuth("bob", kv{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password})
		assert.NotContains(t, payload(plain.access()), "acr")
		assert.NotContains(t, payload(plain.access()), "amr")
		assert.NotContains(t, payload(plain.text("AuthenticationResult", "IdToken")), "acr")

		r, _ := srv.finish(srv.userAuth("bob", aims(acr("4"))))
		signedIn := payload(r.access())["auth_time"]
		refresh := r.refresh()
		for range 2 {
			srv.Advance(time.Minute)
			r = srv.must("GetTokensFromRefreshToken",
				kv{"ClientId": srv.ClientID, "RefreshToken": refresh})
			assert.Equal(t, "4 pwd otp mfa", srv.level(r), name)
			assert.Equal(t, signedIn, payload(r.access())["auth_time"])
			if r.refresh() != "" {
				refresh = r.refresh()
			}
		}
		if name == "rotating" {
			continue
		}
		r = srv.must("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
			"AuthParameters": kv{"REFRESH_TOKEN": refresh},
		})
		assert.Equal(t, "4 pwd otp mfa", srv.level(r))
		plain = srv.must("GetTokensFromRefreshToken",
			kv{"ClientId": srv.ClientID, "RefreshToken": plain.refresh()})
		assert.NotContains(t, payload(plain.access()), "acr")
	}
}

// A pool can rename the levels. A token with an old name still proves its factors.
func TestLevelNames(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFactor, frozen)
	srv.AddUser(reachableBy())
	first := srv.userAuth("bob", aims(acr("1")))
	names := func(body kv) kv { return body["UserPool"].(kv)["AcrConfiguration"].(kv) }
	pool := kv{"UserPoolId": srv.UserPoolID}
	assert.Equal(t, kv{
		"Level1": kv{"AcrValue": acr("1")}, "Level2": kv{"AcrValue": acr("2")},
		"Level3": kv{"AcrValue": acr("3")}, "Level4": kv{"AcrValue": acr("4")},
	}, names(srv.must("DescribeUserPool", pool).body))

	config := srv.must("GetUserPoolMfaConfig", pool).body
	rename := func(levels kv) string {
		optional := mailing(with(pool, "MfaConfiguration", "OPTIONAL"))
		return srv.call("UpdateUserPool", with(optional, "AcrConfiguration", levels)).failure()
	}
	require.Empty(t,
		rename(kv{"Level1": kv{"AcrValue": "bronze"}, "Level4": kv{"AcrValue": "gold"}}))
	srv.must("SetUserPoolMfaConfig", with(config, "UserPoolId", srv.UserPoolID))
	described := names(srv.must("DescribeUserPool", pool).body)
	assert.Equal(t, kv{"AcrValue": "gold"}, described["Level4"])
	assert.Equal(t, kv{"AcrValue": acr("2")}, described["Level2"], "the others have their defaults")

	assert.Equal(t, noLevel, srv.userAuth("bob", aims(acr("4"))).failure())
	r, asked := srv.finish(
		srv.userAuth("bob", kv{"TARGET_ACR_VALUES": "gold", "ACCESS_TOKEN": first.access()}))
	assert.Equal(t, totpFactor, asked)
	assert.Equal(t, "gold pwd otp mfa", srv.level(r))

	assert.NotEmpty(t, rename(kv{"Level1": kv{"AcrValue": acr("2")}}), "a name is one level's")
	for _, name := range []string{"", "a b", `"`, strings.Repeat("x", 65)} {
		assert.Contains(t, rename(kv{"Level1": kv{"AcrValue": name}}), "InvalidParameter", "%q",
			name)
	}
	assert.Contains(t, rename(kv{"Level5": kv{"AcrValue": "x"}}), "InvalidParameter")
}

// The LITE tier has no levels.
func TestLevelsRequireATier(t *testing.T) {
	t.Parallel()
	for _, tier := range []types.UserPoolTierType{"", "LITE", "ESSENTIALS", "PLUS"} {
		srv := start(t, func(o *options) { o.Tier = tier })
		for _, operation := range []string{"InitiateAuth", "AdminInitiateAuth"} {
			body := kv{"ClientId": srv.ClientID, "AuthFlow": "USER_AUTH"}
			if operation == "AdminInitiateAuth" {
				body["UserPoolId"] = srv.UserPoolID
			}
			parameters := with(aims(acr("1")), "USERNAME", "alice")
			r := srv.call(operation, with(body, "AuthParameters", parameters))
			if tier == "LITE" {
				assert.Equal(t, "FeatureUnavailableInTierException", r.text("__type"))
			} else {
				assert.Equal(t, "1 pwd", srv.level(r), tier)
			}
		}
	}
}

// A sign-in of an unknown user looks as if every level could be reached.
func TestLevelsOfUnknownUser(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, everyFactor, frozen)
	srv.AddUser(reachableBy())
	for _, target := range []string{acr("1"), acr("2"), acr("3"), acr("4"), acr("4", "1")} {
		var offers [2]any
		for i, username := range []string{"bob", "nobody"} {
			r := srv.userAuth(username, kv{"TARGET_ACR_VALUES": target})
			require.Equal(t, "SELECT_CHALLENGE", r.text("ChallengeName"), "%s: %s", username, r.raw)
			offers[i] = r.body["AvailableChallenges"]
			answer := kv{"ANSWER": "PASSWORD", "PASSWORD": "wrong"}
			assert.Equal(t, incorrect,
				srv.respond("SELECT_CHALLENGE", r.session(), username, answer).failure())
			srv.Advance(15 * time.Minute)
		}
		assert.Equal(t, offers[0], offers[1], target)
	}
}

// The code of a sign-up counts as a factor of its kind.
func TestLevelAfterSignUp(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, everyFactor, frozen)
	confirmed := func(name string) string {
		srv.must("SignUp",
			kv{
				"ClientId": srv.ClientID, "Username": name, "Password": password,
				"UserAttributes": []kv{
					named("email", name+"@example.com"),
				},
			})
		confirm := kv{
			"ClientId": srv.ClientID, "Username": name, "ConfirmationCode": srv.lastCode(name),
		}
		return srv.must("ConfirmSignUp", confirm).session()
	}
	begin := func(name, target string) reply {
		return srv.call("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "USER_AUTH", "Session": confirmed(name),
			"AuthParameters": kv{
				"USERNAME": name, "TARGET_ACR_VALUES": target,
			},
		})
	}
	assert.Equal(t, "2 email_otp", srv.level(begin("ann", acr("1"))))
	assert.Equal(t, "2 email_otp", srv.level(begin("ben", acr("2"))))
	r := begin("cem", acr("3"))
	assert.Equal(t, []any{"PASSWORD_SRP", "PASSWORD"}, r.body["AvailableChallenges"])
	r = srv.respond("SELECT_CHALLENGE", r.session(), "cem",
		kv{"ANSWER": "PASSWORD", "PASSWORD": password})
	assert.Equal(t, "3 pwd email_otp mfa", srv.level(r))
	assert.Equal(t, unreachable, begin("dan", acr("4")).failure())
}

// Calls does not show ACCESS_TOKEN.
func TestLevelParametersInCalls(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.userAuth("alice", aims(acr("1"), "ACCESS_TOKEN", "x", "MAX_AGE", "5"))
	shown := srv.Calls()[0].Params
	assert.Equal(t, acr("1"), shown["AuthParameters.TARGET_ACR_VALUES"])
	assert.Equal(t, "5", shown["AuthParameters.MAX_AGE"])
	assert.Equal(t, cognitotest.Redacted, shown["AuthParameters.ACCESS_TOKEN"])
	assert.False(t, slices.Contains([]string{"x", ""}, shown["AuthParameters.ACCESS_TOKEN"]))
}
