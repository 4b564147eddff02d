package cognitotest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const (
	invalidSession = "NotAuthorized: Invalid session for the user."
	expiredSession = "NotAuthorized: Invalid session for the user, session is expired."
	usedSession    = "NotAuthorized: Invalid session for the user, session can only be used once."
	usedCode       = "ExpiredCode: Your software token has already been used once."
	wrongCode      = "CodeMismatch: Invalid code received for user"
)

// withTOTP starts a server whose user alice has an authenticator.
func withTOTP(t *testing.T, optFns ...func(*options)) fake {
	t.Helper()
	srv := listen(t, append([]func(*options){frozen}, optFns...)...)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: secret})
	return srv
}

func TestSessionIsUsedUpByARightAnswerOnly(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	for range 6 {
		require.Equal(t, wrongCode, srv.code(session, srv.wrong("alice")).failure())
	}
	require.NotEmpty(t, srv.code(session, srv.Code("alice")).access())
	assert.Equal(t, usedSession, srv.code(session, srv.NextCode("alice")).failure())
	srv.Advance(time.Hour)
	assert.Equal(t, expiredSession, srv.code(session, srv.Code("alice")).failure())
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	for name, validity := range map[string]time.Duration{
		"default": 3 * time.Minute, "longest": 15 * time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := withTOTP(t, func(o *options) {
				if name != "default" {
					o.AuthSessionValidity = validity
				}
			})
			session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
			srv.Advance(validity - time.Millisecond)
			require.Equal(t, wrongCode, srv.code(session, srv.wrong("alice")).failure(),
				"alive to the end")
			srv.Advance(time.Millisecond)
			assert.Equal(t, expiredSession, srv.code(session, srv.Code("alice")).failure())
			// A new sign-in removes old sessions, and the error stays the same.
			srv.challenged("alice", "SOFTWARE_TOKEN_MFA")
			assert.Equal(t, expiredSession, srv.code(session, srv.Code("alice")).failure())
		})
	}
}

func TestSessionIsBound(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, everyFactor)
	srv.AddUser(cognitotest.User{Username: "mallory", Password: password, TOTP: secret})
	otherClient := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": srv.UserPoolID, "ClientName": "other",
	}).text("UserPoolClient", "ClientId")
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()

	body := func(clientID, challenge, session, username string) kv {
		return kv{
			"ClientId": clientID, "ChallengeName": challenge, "Session": session,
			"ChallengeResponses": kv{
				"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": srv.Code("alice"),
				"EMAIL_OTP_CODE": "000000", "NEW_PASSWORD": password,
			},
		}
	}
	flipped := []byte(session)
	flipped[600] ^= 1
	for name, request := range map[string]kv{
		"other user":      body(srv.ClientID, "SOFTWARE_TOKEN_MFA", session, "mallory"),
		"nobody":          body(srv.ClientID, "SOFTWARE_TOKEN_MFA", session, "nobody"),
		"other client":    body(otherClient, "SOFTWARE_TOKEN_MFA", session, "alice"),
		"other challenge": body(srv.ClientID, "EMAIL_OTP", session, "alice"),
		"new password":    body(srv.ClientID, "NEW_PASSWORD_REQUIRED", session, "alice"),
		"set-up":          body(srv.ClientID, "MFA_SETUP", session, "alice"),
		"other flow":      body(srv.ClientID, "CUSTOM_CHALLENGE", session, "alice"),
		"flipped bit":     body(srv.ClientID, "SOFTWARE_TOKEN_MFA", string(flipped), "alice"),
		"shortened": body(srv.ClientID, "SOFTWARE_TOKEN_MFA", session[:len(session)-4],
			"alice"),
		"lengthened": body(srv.ClientID, "SOFTWARE_TOKEN_MFA", session+"AAAA", "alice"),
		"prefix alone": body(srv.ClientID, "SOFTWARE_TOKEN_MFA", "AYABeAAAAAAAAAAAAAAAAAAAAA",
			"alice"),
		"other server": body(srv.ClientID, "SOFTWARE_TOKEN_MFA",
			withTOTP(t).challenged("alice", "SOFTWARE_TOKEN_MFA").session(), "alice"),
	} {
		assert.Equal(t, invalidSession, srv.call("RespondToAuthChallenge", request).failure(), name)
	}
	for _, operation := range []string{"AssociateSoftwareToken", "VerifySoftwareToken"} {
		assert.Equal(t, invalidSession,
			srv.call(operation, kv{"Session": session, "UserCode": "123456"}).failure(), operation)
	}
	assert.NotEmpty(t, srv.code(session, srv.Code("alice")).access(),
		"none of that did it any harm")
}

// A pool refuses sessions and refresh tokens of another pool that has a user of the same name.
func TestTicketsOfAnotherPool(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	pool := srv.must("CreateUserPool", kv{"PoolName": "other"}).text("UserPool", "Id")
	client := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": pool, "ClientName": "other",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}).text("UserPoolClient", "ClientId")
	srv.AddUser(cognitotest.User{UserPoolID: pool, Username: "alice", Password: password})

	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	assert.Equal(t, invalidSession, srv.call("RespondToAuthChallenge", kv{
		"ClientId": client, "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": session,
		"ChallengeResponses": kv{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": srv.Code("alice")},
	}).failure())
	refresh := srv.code(session, srv.Code("alice")).refresh()
	require.NotEmpty(t, refresh)
	assert.Equal(t, "NotAuthorized: Invalid Refresh Token", srv.call("InitiateAuth", kv{
		"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": kv{"REFRESH_TOKEN": refresh},
	}).failure())
}

// Each step of a set-up takes the session of the step before.
func TestSetupIsChained(t *testing.T) {
	t.Parallel()
	srv := start(t, mfaOn, frozen)
	associate := func(session string) reply {
		return srv.call("AssociateSoftwareToken", kv{"Session": session})
	}
	verify := func(session string) reply {
		return srv.call("VerifySoftwareToken",
			kv{"Session": session, "UserCode": srv.Code("alice")})
	}
	finish := func(session string) reply { return srv.respond("MFA_SETUP", session, "alice", nil) }

	s1 := srv.challenged("alice", "MFA_SETUP").session()
	assert.Equal(t, invalidSession, finish(s1).failure(), "nothing was set up")
	s2 := associate(s1).session()
	require.NotEmpty(t, s2)
	assert.Equal(t, invalidSession, verify(s1).failure(), "that of the challenge")
	assert.Equal(t, usedSession, associate(s1).failure())
	assert.Equal(t, invalidSession, finish(s2).failure(), "nothing was verified")
	again := associate(s2)
	require.NotEmpty(t, again.text("SecretCode"), "another secret may be asked for")
	assert.Equal(t, usedSession, verify(s2).failure())
	s3 := verify(again.session()).session()
	require.NotEmpty(t, s3)
	assert.Equal(t, invalidSession, associate(s3).failure(), "it is set up now")
	require.NotEmpty(t, finish(s3).access())
	assert.Equal(t, usedSession, finish(s3).failure())
}

func TestSessionOfADisabledOrDeletedUser(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	user := kv{"UserPoolId": srv.UserPoolID, "Username": "alice"}
	srv.must("AdminDisableUser", user)
	assert.Equal(t, "NotAuthorized: User is disabled.",
		srv.code(session, srv.Code("alice")).failure())
	srv.must("AdminEnableUser", user)
	right := srv.Code("alice")
	srv.must("AdminDeleteUser", user)
	assert.Equal(t, invalidSession, srv.code(session, right).failure())
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: secret})
	assert.Equal(t, invalidSession, srv.code(session, right).failure(),
		"a new user of the same name is another user")
}

// The sub of a deleted user is an unknown name. A sign-in with it does not revive a session of that
// user.
func TestSessionOfADeletedSub(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	right := srv.Code("alice")
	sub := srv.User("alice").Sub
	srv.must("AdminDeleteUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
	assert.Equal(t, incorrect, srv.signIn(sub, password).failure())
	assert.Equal(t, invalidSession,
		srv.respond("SOFTWARE_TOKEN_MFA", session, sub,
			kv{"SOFTWARE_TOKEN_MFA_CODE": right}).failure())
}

// However many requests send an answer at once, only one signs in.
func TestSessionIsUsedOnce(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	right := srv.Code("alice")
	failures := make([]string, 20)
	var wg sync.WaitGroup
	for i := range failures {
		wg.Go(func() { failures[i] = srv.code(session, right).failure() })
	}
	wg.Wait()
	counts := map[string]int{}
	for _, failure := range failures {
		counts[failure]++
	}
	assert.Equal(t, map[string]int{"": 1, usedSession: 19}, counts)
}

func TestLongSessions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quirks      cognitotest.Quirks
		least, most int
	}{
		"usual": {quirks: cognitotest.Quirks{}, least: 1000, most: 1600},
		"long":  {quirks: cognitotest.Quirks{LongSessions: true}, least: 4001, most: 4096},
		"huge":  {quirks: cognitotest.Quirks{HugeSessions: true}, least: 8001, most: 8192},
	} {
		srv := withTOTP(t, func(o *options) { o.Quirks = tc.quirks })
		session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
		assert.GreaterOrEqual(t, len(session), tc.least, name)
		assert.LessOrEqual(t, len(session), tc.most, name)
		assert.NotEmpty(t, srv.code(session, srv.Code("alice")).access(), name)
	}
}

// A user can lose a factor while a challenge asks for it.
func TestLostFactor(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t, everyFactor)
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, TOTP: secret, Email: "bob@example.com",
		Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
	})
	code := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	choice := srv.challenged("bob", "SELECT_MFA_TYPE").session()
	right := srv.Code("alice")
	for _, name := range []string{"alice", "bob"} {
		srv.must("AdminDeleteSoftwareToken", kv{"UserPoolId": srv.UserPoolID, "Username": name})
	}
	assert.Equal(t, "SoftwareTokenMFANotFound: Software Token MFA does not exist for the user.",
		srv.code(code, right).failure())
	assert.Equal(t, invalidSession,
		srv.respond("SELECT_MFA_TYPE", choice, "bob", kv{"ANSWER": "SOFTWARE_TOKEN_MFA"}).failure())
	assert.Equal(t, "EMAIL_OTP",
		srv.respond("SELECT_MFA_TYPE", choice, "bob",
			kv{"ANSWER": "EMAIL_OTP"}).text("ChallengeName"))
}

// A sign-in ends when the password that it began with is changed, since that may be because
// somebody else knew it.
func TestSessionEndsWithThePassword(t *testing.T) {
	t.Parallel()
	const other = "0ther-Passw0rd!"
	for name, change := range map[string]func(srv fake, user kv, access string){
		"by an administrator": func(srv fake, user kv, _ string) {
			srv.must("AdminSetUserPassword", with(with(user, "Password", other), "Permanent", true))
		},
		"for another temporary one": func(srv fake, user kv, _ string) {
			srv.must("AdminSetUserPassword", with(user, "Password", other))
		},
		"reset": func(srv fake, user kv, _ string) { srv.must("AdminResetUserPassword", user) },
		"forgotten": func(srv fake, _ kv, _ string) {
			srv.must("ForgotPassword", kv{"ClientId": srv.ClientID, "Username": "bob"})
			srv.must("ConfirmForgotPassword", kv{
				"ClientId": srv.ClientID, "Username": "bob",
				"ConfirmationCode": srv.lastCode("bob"), "Password": other,
			})
		},
		"by the user": func(srv fake, _ kv, access string) {
			srv.must("ChangePassword", kv{
				"AccessToken": access, "PreviousPassword": password, "ProposedPassword": other,
			})
		},
	} {
		srv := listen(t)
		srv.AddUser(
			cognitotest.User{
				Username: "bob", Password: password, Email: "bob@example.com", TOTP: secret,
			})
		session, access := srv.challenged("bob", "SOFTWARE_TOKEN_MFA").session(),
			*srv.IssueTokens("bob").AccessToken
		change(srv, kv{"UserPoolId": srv.UserPoolID, "Username": "bob"}, access)
		assert.Equal(t, usedSession,
			srv.respond("SOFTWARE_TOKEN_MFA", session, "bob", kv{
				"SOFTWARE_TOKEN_MFA_CODE": srv.Code("bob"),
			}).failure(),
			name)
	}

	srv := listen(t)
	srv.AddUser(
		cognitotest.User{
			Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword,
		})
	first := srv.challenged("bob", "NEW_PASSWORD_REQUIRED").session()
	second := srv.challenged("bob", "NEW_PASSWORD_REQUIRED").session()
	require.NotEmpty(t,
		srv.respond("NEW_PASSWORD_REQUIRED", first, "bob", kv{"NEW_PASSWORD": other}).access())
	assert.Equal(t, usedSession,
		srv.respond("NEW_PASSWORD_REQUIRED", second, "bob", kv{"NEW_PASSWORD": password}).failure(),
		"a temporary password sets one other")
}
