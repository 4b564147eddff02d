package cognitotest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

type options = cognitotest.Options

// All errors of the fake, except those of malformed requests, with the texts that clients have
// matched for years.
func TestErrors(t *testing.T) {
	t.Parallel()
	add := func(srv fake, u cognitotest.User) string {
		u.Username, u.Password = "bob", password
		srv.AddUser(u)
		return "bob"
	}
	totpUser := cognitotest.User{TOTP: secret}
	withSecret := func(o *options) { o.ClientID, o.ClientSecret = "1example23456789", "0123456789abcdefghijklmnop" }
	initiate := func(srv fake, flow string, parameters kv) reply {
		return srv.call("InitiateAuth",
			kv{"ClientId": srv.ClientID, "AuthFlow": flow, "AuthParameters": parameters})
	}

	for name, tc := range map[string]struct {
		on      func(*options)
		do      func(fake) reply
		failure string
	}{
		"wrong password": {
			do:      func(srv fake) reply { return srv.signIn("alice", "wrong") },
			failure: "NotAuthorized: Incorrect username or password.",
		},
		"unknown user": {
			do:      func(srv fake) reply { return srv.signIn("nobody", password) },
			failure: "NotAuthorized: Incorrect username or password.",
		},
		"unknown user, told": {
			on:      func(o *options) { o.RevealUsers = true },
			do:      func(srv fake) reply { return srv.signIn("nobody", password) },
			failure: "UserNotFound: User does not exist.",
		},
		"lockout": {
			do: func(srv fake) reply {
				for range 5 {
					srv.signIn("alice", "wrong")
				}
				return srv.signIn("alice", password)
			},
			failure: "NotAuthorized: Password attempts exceeded",
		},
		"disabled": {
			do: func(srv fake) reply {
				return srv.signIn(add(srv, cognitotest.User{Disabled: true}), password)
			},
			failure: "NotAuthorized: User is disabled.",
		},
		"disabled, wrong password": {
			do: func(srv fake) reply {
				return srv.signIn(add(srv, cognitotest.User{Disabled: true}), "wrong")
			},
			failure: "NotAuthorized: Incorrect username or password.",
		},
		"disabled, wrong password, told": {
			on: func(o *options) { o.RevealUsers = true },
			do: func(srv fake) reply {
				return srv.signIn(add(srv, cognitotest.User{Disabled: true}), "wrong")
			},
			failure: "NotAuthorized: User is disabled.",
		},
		"unconfirmed": {
			do: func(srv fake) reply {
				return srv.signIn(
					add(srv, cognitotest.User{Status: types.UserStatusTypeUnconfirmed}), password)
			},
			failure: "UserNotConfirmed: User is not confirmed.",
		},
		"reset required": {
			do: func(srv fake) reply {
				return srv.signIn(
					add(srv, cognitotest.User{Status: types.UserStatusTypeResetRequired}), password)
			},
			failure: "PasswordResetRequired: Password reset required for the user",
		},
		"reset required, wrong password": {
			do: func(srv fake) reply {
				return srv.signIn(
					add(srv, cognitotest.User{Status: types.UserStatusTypeResetRequired}), "wrong")
			},
			failure: "NotAuthorized: Incorrect username or password.",
		},
		"temporary password too old": {
			do: func(srv fake) reply {
				bob := add(srv, cognitotest.User{Status: types.UserStatusTypeForceChangePassword})
				srv.Advance(7*24*time.Hour + time.Second)
				return srv.signIn(bob, password)
			},
			failure: "NotAuthorized: Temporary password has expired and must be reset by an administrator.",
		},
		"unknown client": {
			do: func(srv fake) reply {
				return srv.call("InitiateAuth",
					kv{"ClientId": "nobody", "AuthFlow": "USER_PASSWORD_AUTH"})
			},
			failure: "ResourceNotFound: User pool client nobody does not exist.",
		},
		"unknown pool": {
			do: func(srv fake) reply {
				return srv.call("AdminGetUser",
					kv{"UserPoolId": "us-east-1_Nowhere", "Username": "alice"})
			},
			failure: "ResourceNotFound: User pool us-east-1_Nowhere does not exist.",
		},
		"client of another pool": {
			do: func(srv fake) reply {
				other := srv.must("CreateUserPool", kv{"PoolName": "other"}).text("UserPool", "Id")
				return srv.call("AdminInitiateAuth", kv{
					"UserPoolId": other, "ClientId": srv.ClientID,
					"AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
				})
			},
			on:      func(o *options) { o.ClientID = "1example23456789" },
			failure: "ResourceNotFound: User pool client 1example23456789 does not exist.",
		},
		"password flow off": {
			on:      func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"} },
			do:      func(srv fake) reply { return srv.signIn("alice", password) },
			failure: "InvalidParameter: USER_PASSWORD_AUTH flow not enabled for this client",
		},
		"admin flow off": {
			on: func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"} },
			do: func(srv fake) reply {
				return srv.call("AdminInitiateAuth", kv{
					"UserPoolId": srv.UserPoolID, "ClientId": srv.ClientID,
					"AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
				})
			},
			failure: "InvalidParameter: Auth flow not enabled for this client",
		},
		"custom flow off": {
			on:      func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"} },
			do:      func(srv fake) reply { return initiate(srv, "CUSTOM_AUTH", nil) },
			failure: "InvalidParameter: CUSTOM_AUTH flow not enabled for this client",
		},
		"refresh flow off": {
			on:      func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"} },
			do:      func(srv fake) reply { return initiate(srv, "REFRESH_TOKEN_AUTH", nil) },
			failure: "InvalidParameter: REFRESH_TOKEN_AUTH flow not enabled for this client",
		},
		"admin flow without the admin call": {
			do:      func(srv fake) reply { return initiate(srv, "ADMIN_USER_PASSWORD_AUTH", nil) },
			failure: "InvalidParameter: Initiate Auth method not supported.",
		},
		"SRP flow off": {
			on:      func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"} },
			do:      func(srv fake) reply { return initiate(srv, "USER_SRP_AUTH", nil) },
			failure: "InvalidParameter: USER_SRP_AUTH is not enabled for the client.",
		},
		"SRP flow off, older name": {
			on: func(o *options) {
				o.AuthFlows = []types.ExplicitAuthFlowsType{
					"CUSTOM_AUTH_FLOW_ONLY", "ADMIN_NO_SRP_AUTH",
				}
			},
			do:      func(srv fake) reply { return initiate(srv, "USER_SRP_AUTH", nil) },
			failure: "InvalidParameter: USER_SRP_AUTH is not enabled for the client.",
		},
		"USER_AUTH off": {
			on:      func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"} },
			do:      func(srv fake) reply { return initiate(srv, "USER_AUTH", nil) },
			failure: "InvalidParameter: USER_AUTH is not enabled for the client.",
		},
		"no user name in USER_AUTH": {
			do:      func(srv fake) reply { return initiate(srv, "USER_AUTH", nil) },
			failure: "InvalidParameter: Missing required parameter USERNAME",
		},
		"custom flow without challenges": {
			do: func(srv fake) reply {
				return initiate(srv, "CUSTOM_AUTH", kv{"USERNAME": "alice"})
			},
			failure: "InvalidParameter: Custom auth lambda trigger is not configured for the user pool.",
		},
		"no user name": {
			do:      func(srv fake) reply { return initiate(srv, "USER_PASSWORD_AUTH", nil) },
			failure: "InvalidParameter: Missing required parameter USERNAME",
		},
		"no password": {
			do: func(srv fake) reply {
				return initiate(srv, "USER_PASSWORD_AUTH", kv{"USERNAME": "alice"})
			},
			failure: "InvalidParameter: Missing required parameter PASSWORD",
		},
		"no user name in CUSTOM_AUTH": {
			do:      func(srv fake) reply { return initiate(srv, "CUSTOM_AUTH", nil) },
			failure: "InvalidParameter: Missing required parameter USERNAME",
		},
		"no refresh token": {
			do:      func(srv fake) reply { return initiate(srv, "REFRESH_TOKEN_AUTH", nil) },
			failure: "InvalidParameter: Missing required parameter REFRESH_TOKEN",
		},
		"no secret hash": {
			on: withSecret,
			do: func(srv fake) reply {
				return initiate(srv, "USER_PASSWORD_AUTH",
					kv{"USERNAME": "alice", "PASSWORD": password})
			},
			failure: "NotAuthorized: Client 1example23456789 is configured with secret but " +
				"SECRET_HASH was not received",
		},
		"wrong secret hash": {
			on: withSecret,
			do: func(srv fake) reply {
				return initiate(srv, "USER_PASSWORD_AUTH", kv{
					"USERNAME": "alice", "PASSWORD": password, "SECRET_HASH": srv.secretHash("bob"),
				})
			},
			failure: "NotAuthorized: SecretHash does not match for the client: 1example23456789",
		},
		"wrong secret hash, older text": {
			on: func(o *options) { withSecret(o); o.Quirks.OldSecretHashText = true },
			do: func(srv fake) reply {
				return initiate(srv, "USER_PASSWORD_AUTH", kv{
					"USERNAME": "alice", "PASSWORD": password, "SECRET_HASH": "x",
				})
			},
			failure: "NotAuthorized: Unable to verify secret hash for client 1example23456789",
		},
		"wrong secret hash in an answer": {
			on: func(o *options) { withSecret(o); mfaOn(o) },
			do: func(srv fake) reply {
				session := srv.challenged("alice", "MFA_SETUP").session()
				return srv.respond("MFA_SETUP", session, "alice",
					kv{"SECRET_HASH": srv.secretHash("bob")})
			},
			failure: "NotAuthorized: SecretHash does not match for the client: 1example23456789",
		},

		"no user name in an answer": {
			do: func(srv fake) reply {
				return srv.call("RespondToAuthChallenge",
					kv{"ClientId": srv.ClientID, "ChallengeName": "MFA_SETUP"})
			},
			failure: "InvalidParameter: Missing required parameter USERNAME",
		},
		"no session": {
			do: func(srv fake) reply {
				return srv.call("RespondToAuthChallenge", kv{
					"ClientId": srv.ClientID, "ChallengeName": "MFA_SETUP",
					"ChallengeResponses": kv{"USERNAME": "alice"},
				})
			},
			failure: "InvalidParameter: Missing required parameter Session",
		},
		"garbage session": {
			do: func(srv fake) reply {
				return srv.code("AYABe"+strings.Repeat("x", 1200), "123456")
			},
			failure: "NotAuthorized: Invalid session for the user.",
		},
		"no code": {
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, totpUser), "SOFTWARE_TOKEN_MFA")
				return srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "bob", nil)
			},
			failure: "InvalidParameter: Missing required parameter SOFTWARE_TOKEN_MFA_CODE",
		},
		"wrong code": {
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, totpUser), "SOFTWARE_TOKEN_MFA")
				return srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "bob", kv{
					"SOFTWARE_TOKEN_MFA_CODE": srv.wrong("bob"),
				})
			},
			failure: "CodeMismatch: Invalid code received for user",
		},
		"code that is none": {
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, totpUser), "SOFTWARE_TOKEN_MFA")
				return srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "bob",
					kv{"SOFTWARE_TOKEN_MFA_CODE": "abc"})
			},
			failure: "CodeMismatch: Invalid code received for user",
		},
		"wrong code by email": {
			on: func(o *options) { mfaOn(o); everyFactor(o) },
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, cognitotest.User{Email: "bob@example.com"}),
					"EMAIL_OTP")
				return srv.respond("EMAIL_OTP", r.session(), "bob", kv{"EMAIL_OTP_CODE": "x"})
			},
			failure: "CodeMismatch: Invalid code or auth state for the user.",
		},
		"no method selected": {
			on: everyFactor,
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, cognitotest.User{
					TOTP: secret, Email: "b@example.com",
					Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
				}), "SELECT_MFA_TYPE")
				return srv.respond("SELECT_MFA_TYPE", r.session(), "bob", nil)
			},
			failure: "InvalidParameter: Missing required parameter ANSWER",
		},
		"method selected that was not offered": {
			on: everyFactor,
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, cognitotest.User{
					TOTP: secret, Email: "b@example.com",
					Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
				}), "SELECT_MFA_TYPE")
				return srv.respond("SELECT_MFA_TYPE", r.session(), "bob", kv{"ANSWER": "SMS_MFA"})
			},
			failure: "InvalidParameter: The MFA type that was selected is not one of SOFTWARE_TOKEN_MFA, EMAIL_OTP",
		},
		"set-up by something that is no address": {
			on: func(o *options) { mfaOn(o); everyFactor(o) },
			do: func(srv fake) reply {
				return srv.respond("MFA_SETUP", srv.challenged("alice", "MFA_SETUP").session(),
					"alice", kv{"EMAIL": "alice"})
			},
			failure: "InvalidParameter: Invalid email address format.",
		},
		"set-up by email in a pool without": {
			on: mfaOn,
			do: func(srv fake) reply {
				return srv.respond("MFA_SETUP", srv.challenged("alice", "MFA_SETUP").session(),
					"alice", kv{"EMAIL": "alice@example.com"})
			},
			failure: "NotAuthorized: Invalid session for the user.",
		},
		"no new password": {
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, cognitotest.User{
					Status: types.UserStatusTypeForceChangePassword,
				}), "NEW_PASSWORD_REQUIRED")
				return srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "bob", nil)
			},
			failure: "InvalidParameter: Missing required parameter NEW_PASSWORD",
		},
		"new password against the policy": {
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, cognitotest.User{
					Status: types.UserStatusTypeForceChangePassword,
				}), "NEW_PASSWORD_REQUIRED")
				return srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "bob",
					kv{"NEW_PASSWORD": "short"})
			},
			failure: "InvalidPassword: Password did not conform with policy: Password not long enough",
		},
		"new password without a required attribute": {
			on: func(o *options) { o.RequiredAttributes = []string{"name"} },
			do: func(srv fake) reply {
				r := srv.challenged(add(srv, cognitotest.User{
					Status: types.UserStatusTypeForceChangePassword,
				}), "NEW_PASSWORD_REQUIRED")
				return srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "bob",
					kv{"NEW_PASSWORD": password})
			},
			failure: "InvalidParameter: Invalid attributes given, name is missing",
		},

		"neither token nor session": {
			do:      func(srv fake) reply { return srv.call("AssociateSoftwareToken", kv{}) },
			failure: "InvalidParameter: Only one of AccessToken and Session must be given.",
		},
		"token and session": {
			do: func(srv fake) reply {
				return srv.call("AssociateSoftwareToken",
					kv{"AccessToken": "x", "Session": strings.Repeat("x", 20)})
			},
			failure: "InvalidParameter: Only one of AccessToken and Session must be given.",
		},
		"associate in a pool without TOTP": {
			on: func(o *options) { o.TOTPDisabled, o.Email = true, true },
			do: func(srv fake) reply {
				return srv.call("AssociateSoftwareToken",
					kv{"AccessToken": srv.tokens("alice").access()})
			},
			failure: "SoftwareTokenMFANotFound: Software Token MFA has not been enabled by the userPool",
		},
		"verify in a pool without MFA": {
			on: mfaOff,
			do: func(srv fake) reply {
				return srv.call("VerifySoftwareToken", kv{
					"AccessToken": srv.tokens("alice").access(), "UserCode": "123456",
				})
			},
			failure: "SoftwareTokenMFANotFound: Software Token MFA has not been enabled by the userPool",
		},
		"verify without associate": {
			do: func(srv fake) reply {
				return srv.call("VerifySoftwareToken", kv{
					"AccessToken": srv.tokens("alice").access(), "UserCode": "123456",
				})
			},
			failure: "SoftwareTokenMFANotFound: Software Token MFA does not exist for the user.",
		},
		"wrong code for a token": {
			do: func(srv fake) reply {
				access := srv.tokens("alice").access()
				srv.must("AssociateSoftwareToken", kv{"AccessToken": access})
				return srv.call("VerifySoftwareToken",
					kv{"AccessToken": access, "UserCode": srv.wrong("alice")})
			},
			failure: "EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA",
		},
		"wrong code for a session": {
			on: mfaOn,
			do: func(srv fake) reply {
				r := srv.must("AssociateSoftwareToken",
					kv{"Session": srv.challenged("alice", "MFA_SETUP").session()})
				return srv.call("VerifySoftwareToken",
					kv{"Session": r.session(), "UserCode": srv.wrong("alice")})
			},
			failure: "EnableSoftwareTokenMFA: Code mismatch",
		},
		"delete an authenticator that is not there": {
			do: func(srv fake) reply {
				return srv.call("AdminDeleteSoftwareToken",
					kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
			},
			failure: "SoftwareTokenMFANotFound: Software Token MFA does not exist for the user.",
		},

		"garbage token": {
			do: func(srv fake) reply {
				return srv.call("GetUser", kv{"AccessToken": "garbage"})
			},
			failure: "NotAuthorized: Invalid Access Token",
		},
		"ID token": {
			do: func(srv fake) reply {
				return srv.call("GetUser", kv{
					"AccessToken": srv.tokens("alice").text("AuthenticationResult", "IdToken"),
				})
			},
			failure: "NotAuthorized: Invalid Access Token",
		},
		"token with another signature": {
			do: func(srv fake) reply {
				access := srv.tokens("alice").access()
				return srv.call("GetUser", kv{
					"AccessToken": access[:strings.LastIndexByte(access, '.')+1] +
						strings.Repeat("A", 342),
				})
			},
			failure: "NotAuthorized: Could not verify signature for Access Token",
		},
		"token of another server": {
			do: func(srv fake) reply {
				return srv.call("GetUser", kv{"AccessToken": start(srv.t).tokens("alice").access()})
			},
			failure: "NotAuthorized: Could not verify signature for Access Token",
		},
		"expired token": {
			do: func(srv fake) reply {
				access := srv.tokens("alice").access()
				srv.Advance(time.Hour)
				return srv.call("GetUser", kv{"AccessToken": access})
			},
			failure: "NotAuthorized: Access Token has expired",
		},
		"revoked token": {
			do: func(srv fake) reply {
				access := srv.tokens("alice").access()
				srv.must("GlobalSignOut", kv{"AccessToken": access})
				return srv.call("GetUser", kv{"AccessToken": access})
			},
			failure: "NotAuthorized: Access Token has been revoked",
		},
		"token without the scope": {
			do: func(srv fake) reply {
				return srv.call("GetUser",
					kv{"AccessToken": *srv.IssueTokens("alice", "openid", "email").AccessToken})
			},
			failure: "NotAuthorized: Access Token does not have required scopes",
		},
		"token of a user who is gone": {
			do: func(srv fake) reply {
				access := srv.tokens("alice").access()
				srv.must("AdminDeleteUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
				return srv.call("GetUser", kv{"AccessToken": access})
			},
			failure: "UserNotFound: User does not exist.",
		},
		"token of an unconfirmed user": {
			do: func(srv fake) reply {
				bob := add(srv, cognitotest.User{Status: types.UserStatusTypeUnconfirmed})
				return srv.call("GetUser", kv{"AccessToken": *srv.IssueTokens(bob).AccessToken})
			},
			failure: "UserNotConfirmed: User is not confirmed.",
		},
		"token of a disabled user": {
			do: func(srv fake) reply {
				bob := add(srv, cognitotest.User{Disabled: true})
				return srv.call("GetUser", kv{"AccessToken": *srv.IssueTokens(bob).AccessToken})
			},
			failure: "NotAuthorized: User is disabled.",
		},

		"garbage refresh token": {
			do: func(srv fake) reply {
				return srv.call("GetTokensFromRefreshToken",
					kv{"ClientId": srv.ClientID, "RefreshToken": "a.b.c.d.e"})
			},
			failure: "NotAuthorized: Invalid Refresh Token",
		},
		"refresh token of another client": {
			do: func(srv fake) reply {
				other := srv.must("CreateUserPoolClient", kv{
					"UserPoolId": srv.UserPoolID, "ClientName": "other",
				}).text("UserPoolClient", "ClientId")
				return srv.call("GetTokensFromRefreshToken", kv{
					"ClientId": other, "RefreshToken": srv.tokens("alice").refresh(),
				})
			},
			failure: "NotAuthorized: Invalid Refresh Token",
		},
		"expired refresh token": {
			do: func(srv fake) reply {
				refresh := srv.tokens("alice").refresh()
				srv.Advance(30 * 24 * time.Hour)
				return initiate(srv, "REFRESH_TOKEN_AUTH", kv{"REFRESH_TOKEN": refresh})
			},
			failure: "NotAuthorized: Refresh Token has expired",
		},
		"revoked refresh token": {
			do: func(srv fake) reply {
				refresh := srv.tokens("alice").refresh()
				srv.must("RevokeToken", kv{"ClientId": srv.ClientID, "Token": refresh})
				return initiate(srv, "REFRESH_TOKEN", kv{"REFRESH_TOKEN": refresh})
			},
			failure: "NotAuthorized: Refresh Token has been revoked",
		},
		"refresh token of a user who is gone": {
			do: func(srv fake) reply {
				refresh := srv.tokens("alice").refresh()
				srv.must("AdminDeleteUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
				return initiate(srv, "REFRESH_TOKEN", kv{"REFRESH_TOKEN": refresh})
			},
			failure: "UserNotFound: User does not exist.",
		},
		"refresh without the client's secret": {
			on: withSecret,
			do: func(srv fake) reply {
				return srv.call("GetTokensFromRefreshToken", kv{
					"ClientId": srv.ClientID, "RefreshToken": srv.tokens("alice").refresh(),
				})
			},
			failure: "NotAuthorized: Client secret does not match for the client: 1example23456789",
		},
		"refresh with the hash over an alias": {
			on: func(o *options) {
				withSecret(
					o)
				o.UsernameAttributes = []types.UsernameAttributeType{"email"}
			},
			do: func(srv fake) reply {
				refresh := srv.tokens("alice@example.com").refresh()
				return initiate(srv, "REFRESH_TOKEN", kv{
					"REFRESH_TOKEN": refresh, "SECRET_HASH": srv.secretHash("alice@example.com"),
				})
			},
			failure: "NotAuthorized: SecretHash does not match for the client: 1example23456789",
		},
		"old call in a client that rotates": {
			on: func(o *options) {
				o.RefreshTokenRotation = true
			},
			do: func(srv fake) reply {
				return initiate(srv, "REFRESH_TOKEN",
					kv{"REFRESH_TOKEN": srv.tokens("alice").refresh()})
			},
			failure: "InvalidParameter: REFRESH_TOKEN_AUTH flow not enabled for this client",
		},
		"rotated token again": {
			on: func(o *options) { o.RefreshTokenRotation = true },
			do: func(srv fake) reply {
				body := kv{"ClientId": srv.ClientID, "RefreshToken": srv.tokens("alice").refresh()}
				srv.must("GetTokensFromRefreshToken", body)
				return srv.call("GetTokensFromRefreshToken", body)
			},
			failure: "RefreshTokenReuse: Refresh token reuse detected.",
		},
		"revoke an access token": {
			do: func(srv fake) reply {
				return srv.call("RevokeToken",
					kv{"ClientId": srv.ClientID, "Token": srv.tokens("alice").access()})
			},
			failure: "UnsupportedTokenType: Only refresh tokens can be revoked.",
		},
		"revoke for an unknown client": {
			do: func(srv fake) reply {
				return srv.call("RevokeToken", kv{"ClientId": "nobody", "Token": "x"})
			},
			failure: "Unauthorized: Invalid client",
		},
		"revoke without the secret": {
			on: withSecret,
			do: func(srv fake) reply {
				return srv.call("RevokeToken", kv{"ClientId": srv.ClientID, "Token": "x"})
			},
			failure: "Unauthorized: Invalid client",
		},
		"revoke for another client": {
			do: func(srv fake) reply {
				other := srv.must("CreateUserPoolClient", kv{
					"UserPoolId": srv.UserPoolID, "ClientName": "other",
				}).text("UserPoolClient", "ClientId")
				return srv.call("RevokeToken",
					kv{"ClientId": other, "Token": srv.tokens("alice").refresh()})
			},
			failure: "Unauthorized: Invalid client",
		},
		"revoke where that is off": {
			on: func(o *options) { o.TokenRevocationDisabled = true },
			do: func(srv fake) reply {
				return srv.call("RevokeToken",
					kv{"ClientId": srv.ClientID, "Token": srv.tokens("alice").refresh()})
			},
			failure: "UnsupportedOperation: Token revocation is not enabled for the client.",
		},

		"prefer what is not enabled": {
			do: func(srv fake) reply {
				return srv.call("AdminSetUserMFAPreference", kv{
					"UserPoolId": srv.UserPoolID, "Username": "alice",
					"SoftwareTokenMfaSettings": kv{"PreferredMfa": true},
				})
			},
			failure: "InvalidParameter: An MFA method that is not enabled cannot be preferred.",
		},
		"prefer two": {
			on: everyFactor,
			do: func(srv fake) reply {
				bob := add(srv, cognitotest.User{TOTP: secret, Email: "bob@example.com"})
				on := kv{"Enabled": true, "PreferredMfa": true}
				return srv.call("AdminSetUserMFAPreference", kv{
					"UserPoolId": srv.UserPoolID, "Username": bob, "SoftwareTokenMfaSettings": on,
					"EmailMfaSettings": on,
				})
			},
			failure: "InvalidParameter: Only one MFA method can be preferred.",
		},
		"enable TOTP without an authenticator": {
			do: func(srv fake) reply {
				return srv.call("SetUserMFAPreference", kv{
					"AccessToken":              srv.tokens("alice").access(),
					"SoftwareTokenMfaSettings": kv{"Enabled": true},
				})
			},
			failure: "InvalidParameter: User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA",
		},
		"enable SMS without a number": {
			on: everyFactor,
			do: func(srv fake) reply {
				return srv.call("SetUserMFAPreference", kv{
					"AccessToken":    srv.tokens("alice").access(),
					"SMSMfaSettings": kv{"Enabled": true},
				})
			},
			failure: "InvalidParameter: User does not have delivery config set to turn on SMS_MFA",
		},
		"disable where the pool requires MFA and refuses": {
			on: func(o *options) { mfaOn(o); o.Quirks.RefuseDisable = true },
			do: func(srv fake) reply {
				return srv.call("AdminSetUserMFAPreference", kv{
					"UserPoolId": srv.UserPoolID, "Username": add(srv, totpUser),
					"SoftwareTokenMfaSettings": kv{},
				})
			},
			failure: "InvalidParameter: MFA cannot be disabled for the user: the user pool requires it.",
		},
		"MFA without a factor": {
			do: func(srv fake) reply {
				return srv.call("SetUserPoolMfaConfig",
					kv{"UserPoolId": srv.UserPoolID, "MfaConfiguration": "ON"})
			},
			failure: "InvalidParameter: Invalid MFA configuration given, can't disable all MFAs " +
				"with a required or optional configuration.",
		},
		"a factor without MFA": {
			do: func(srv fake) reply {
				return srv.call("SetUserPoolMfaConfig", kv{
					"UserPoolId": srv.UserPoolID, "MfaConfiguration": "OFF",
					"SoftwareTokenMfaConfiguration": kv{"Enabled": true},
				})
			},
			failure: "InvalidParameter: Invalid MFA configuration given, can't turn off MFA and " +
				"configure an MFA together.",
		},

		"sign up twice": {
			do: func(srv fake) reply {
				return srv.call("SignUp",
					kv{"ClientId": srv.ClientID, "Username": "alice", "Password": password})
			},
			failure: "UsernameExists: User already exists",
		},
		"create twice": {
			do: func(srv fake) reply {
				return srv.call("AdminCreateUser",
					kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
			},
			failure: "UsernameExists: User account already exists",
		},
		"create with an alias that is taken": {
			on: func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"email"} },
			do: func(srv fake) reply {
				add(srv, cognitotest.User{Email: "b@example.com"})
				return srv.call("AdminCreateUser", kv{
					"UserPoolId": srv.UserPoolID, "Username": "carol",
					"UserAttributes": []kv{
						{"Name": "email", "Value": "b@example.com"},
						{"Name": "email_verified", "Value": "true"},
					},
				})
			},
			failure: "UsernameExists: An account with the given email already exists.",
		},
		"create with a name that could be an alias": {
			on: func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"phone_number"} },
			do: func(srv fake) reply {
				return srv.call("AdminCreateUser",
					kv{"UserPoolId": srv.UserPoolID, "Username": "+15550001234"})
			},
			failure: "InvalidParameter: Username cannot be of phone number format, since user " +
				"pool is configured for phone number alias.",
		},
		"confirm with an alias that is taken": {
			on: func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"email"} },
			do: func(srv fake) reply {
				add(srv, cognitotest.User{Email: "b@example.com"})
				srv.must("SignUp", kv{
					"ClientId": srv.ClientID, "Username": "carol", "Password": password,
					"UserAttributes": []kv{{"Name": "email", "Value": "b@example.com"}},
				})
				return srv.call("ConfirmSignUp", kv{
					"ClientId": srv.ClientID, "Username": "carol",
					"ConfirmationCode": srv.lastCode("carol"),
				})
			},
			failure: "AliasExists: An account with the email already exists.",
		},
		"sign up with a preferred name that is taken": {
			on: func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"preferred_username"} },
			do: func(srv fake) reply {
				return srv.call("SignUp", kv{
					"ClientId": srv.ClientID, "Username": "carol", "Password": password,
					"UserAttributes": []kv{{"Name": "preferred_username", "Value": "alice"}},
				})
			},
			failure: "UsernameExists: An account with the given preferred_username already exists.",
		},
		"resend an invitation that was taken": {
			do: func(srv fake) reply {
				return srv.call("AdminCreateUser", kv{
					"UserPoolId": srv.UserPoolID, "Username": "alice", "MessageAction": "RESEND",
				})
			},
			failure: "UnsupportedUserState: Resend not possible. User status is not FORCE_CHANGE_PASSWORD",
		},
		"sign up with a weak password": {
			do: func(srv fake) reply {
				return srv.call("SignUp",
					kv{"ClientId": srv.ClientID, "Username": "bob", "Password": "lowercase1!"})
			},
			failure: "InvalidPassword: Password did not conform with policy: Password must have uppercase characters",
		},
		"sign up without a required attribute": {
			on: func(o *options) { o.RequiredAttributes = []string{"name"} },
			do: func(srv fake) reply {
				return srv.call("SignUp",
					kv{"ClientId": srv.ClientID, "Username": "bob", "Password": password})
			},
			failure: "InvalidParameter: Attributes did not conform to the schema: name: The attribute is required\n",
		},
		"sign up with something that is no address": {
			do: func(srv fake) reply {
				return srv.call("SignUp", kv{
					"ClientId": srv.ClientID, "Username": "bob", "Password": password,
					"UserAttributes": []kv{{"Name": "email", "Value": "bob"}},
				})
			},
			failure: "InvalidParameter: Invalid email address format.",
		},
		"sign up by a name in an email pool": {
			on: func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} },
			do: func(srv fake) reply {
				return srv.call("SignUp",
					kv{"ClientId": srv.ClientID, "Username": "bob", "Password": password})
			},
			failure: "InvalidParameter: Username should be an email.",
		},
		"wrong confirmation code": {
			do: func(srv fake) reply {
				srv.must("SignUp", kv{
					"ClientId": srv.ClientID, "Username": "bob", "Password": password,
					"UserAttributes": []kv{{"Name": "email", "Value": "b@example.com"}},
				})
				return srv.call("ConfirmSignUp", kv{
					"ClientId": srv.ClientID, "Username": "bob", "ConfirmationCode": "x",
				})
			},
			failure: "CodeMismatch: Invalid verification code provided, please try again.",
		},
		"old confirmation code": {
			do: func(srv fake) reply {
				srv.must("SignUp", kv{
					"ClientId": srv.ClientID, "Username": "bob", "Password": password,
					"UserAttributes": []kv{{"Name": "email", "Value": "b@example.com"}},
				})
				srv.Advance(24 * time.Hour)
				return srv.call("ConfirmSignUp", kv{
					"ClientId": srv.ClientID, "Username": "bob",
					"ConfirmationCode": srv.lastCode("bob"),
				})
			},
			failure: "ExpiredCode: Invalid code provided, please request a code again.",
		},
		"confirm nobody": {
			do: func(srv fake) reply {
				return srv.call("ConfirmSignUp", kv{
					"ClientId": srv.ClientID, "Username": "nobody", "ConfirmationCode": "x",
				})
			},
			failure: "ExpiredCode: Invalid code provided, please request a code again.",
		},
		"confirm nobody, told": {
			on: func(o *options) { o.RevealUsers = true },
			do: func(srv fake) reply {
				return srv.call("ConfirmSignUp", kv{
					"ClientId": srv.ClientID, "Username": "nobody", "ConfirmationCode": "x",
				})
			},
			failure: "UserNotFound: Username/client id combination not found.",
		},
		"confirm twice": {
			do: func(srv fake) reply {
				return srv.call("ConfirmSignUp", kv{
					"ClientId": srv.ClientID, "Username": "alice", "ConfirmationCode": "x",
				})
			},
			failure: "NotAuthorized: User cannot be confirmed. Current status is CONFIRMED",
		},
		"administer nobody": {
			do: func(srv fake) reply {
				return srv.call("AdminDisableUser",
					kv{"UserPoolId": srv.UserPoolID, "Username": "nobody"})
			},
			failure: "UserNotFound: User does not exist.",
		},
		"client with impossible lifetimes": {
			do: func(srv fake) reply {
				return srv.call("CreateUserPoolClient", kv{
					"UserPoolId": srv.UserPoolID, "ClientName": "x", "AccessTokenValidity": 25,
				})
			},
			failure: "InvalidParameter: Invalid range for token validity.",
		},
		"client that rotates and refreshes": {
			do: func(srv fake) reply {
				return srv.call("CreateUserPoolClient", kv{
					"UserPoolId": srv.UserPoolID, "ClientName": "x",
					"ExplicitAuthFlows":    []string{"ALLOW_REFRESH_TOKEN_AUTH"},
					"RefreshTokenRotation": kv{"Feature": "ENABLED"},
				})
			},
			failure: "InvalidParameter: ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with " +
				"refresh token rotation.",
		},
		"pool with two ways to name users": {
			do: func(srv fake) reply {
				return srv.call("CreateUserPool", kv{
					"PoolName": "x", "AliasAttributes": []string{"email"},
					"UsernameAttributes": []string{"email"},
				})
			},
			failure: "InvalidParameter: Only one of the aliasAttributes or usernameAttributes " +
				"can be set in a User pool.",
		},
		"pool that was deleted": {
			do: func(srv fake) reply {
				srv.must("DeleteUserPool", kv{"UserPoolId": srv.UserPoolID})
				return srv.signIn("alice", password)
			},
			on:      func(o *options) { o.ClientID = "1example23456789" },
			failure: "ResourceNotFound: User pool client 1example23456789 does not exist.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := tc.on
			if on == nil {
				on = func(*options) {}
			}
			r := tc.do(start(t, on))
			assert.Equal(t, tc.failure, r.failure(), "%s", r.raw)
			assert.Equal(t, 400, r.status)
		})
	}
}

// tokenOperations are the calls with an access token.
var tokenOperations = []string{
	"AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference", "GetUser",
	"GetUserAuthFactors", "GlobalSignOut", "DeleteUser", "ChangePassword",
	"GetUserAttributeVerificationCode", "VerifyUserAttribute", "UpdateUserAttributes",
	"DeleteUserAttributes", "ConfirmDevice", "UpdateDeviceStatus", "GetDevice", "ListDevices",
	"ForgetDevice",
}

// No call accepts a token that is invalid, or no longer valid.
func TestEveryTokenOperationChecksTheToken(t *testing.T) {
	t.Parallel()
	srv := start(t)
	user := kv{"UserPoolId": srv.UserPoolID, "Username": "alice"}
	refuse := func(failure, token string) {
		t.Helper()
		for _, operation := range tokenOperations {
			r := srv.call(operation, kv{
				"AccessToken": token, "UserCode": "123456", "ProposedPassword": password,
				"AttributeName": "email", "Code": "x",
				"UserAttributes": []kv{}, "UserAttributeNames": []string{}, "DeviceKey": "x_0",
			})
			assert.Equal(t, failure, r.failure(), operation)
		}
	}
	refuse("NotAuthorized: Access Token does not have required scopes",
		*srv.IssueTokens("alice", "openid", "email").AccessToken)
	tokens := srv.IssueTokens("alice")
	refuse("NotAuthorized: Invalid Access Token", *tokens.IdToken)
	refuse("NotAuthorized: Invalid Access Token", *tokens.RefreshToken)
	refuse("NotAuthorized: Could not verify signature for Access Token",
		*start(t).IssueTokens("alice").AccessToken)
	srv.must("RevokeToken", kv{"ClientId": srv.ClientID, "Token": *tokens.RefreshToken})
	refuse("NotAuthorized: Access Token has been revoked", *tokens.AccessToken)

	tokens = srv.IssueTokens("alice")
	srv.Advance(time.Hour)
	refuse("NotAuthorized: Access Token has expired", *tokens.AccessToken)

	tokens = srv.IssueTokens("alice")
	srv.must("AdminDisableUser", user)
	refuse("NotAuthorized: Access Token has been revoked", *tokens.AccessToken)
	srv.Advance(time.Second)
	tokens = srv.IssueTokens("alice")
	refuse("NotAuthorized: User is disabled.", *tokens.AccessToken)
	srv.must("AdminEnableUser", user)
	srv.must("AdminDeleteUser", user)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	refuse("UserNotFound: User does not exist.", *tokens.AccessToken)
}

// Every call refuses a resource that does not exist, whatever else the request has.
func TestEveryOperationChecksWhatItIsGiven(t *testing.T) {
	t.Parallel()
	srv := start(t)
	all := kv{
		"PoolName": "x", "ClientName": "x", "Username": "nobody", "Password": password,
		"ConfirmationCode": "x", "UserCode": "123456", "ChallengeName": "MFA_SETUP",
		"RefreshToken": "x", "Token": "x", "MfaConfiguration": "ON", "ProposedPassword": password,
		"AttributeName": "email", "Code": "x", "UserAttributes": []kv{},
		"UserAttributeNames": []string{}, "GroupName": "x", "DeviceKey": "x_0",
		"CustomAttributes": []kv{{}}, "Identifier": "x", "Name": "x", "Domain": "x",
	}
	for failure, tc := range map[string]struct {
		member, value string
		operations    []string
	}{
		"NotAuthorized: Invalid Access Token": {
			member: "AccessToken", value: "x", operations: tokenOperations,
		},
		"ResourceNotFound: User pool us-east-1_Nowhere does not exist.": {
			member: "UserPoolId",
			value:  "us-east-1_Nowhere", operations: []string{
				"AdminInitiateAuth", "AdminRespondToAuthChallenge", "AdminSetUserMFAPreference",
				"AdminDeleteSoftwareToken", "AdminGetUser", "AdminGetUserAuthFactors",
				"AdminUserGlobalSignOut", "AdminCreateUser", "AdminSetUserPassword",
				"AdminResetUserPassword", "AdminConfirmSignUp", "AdminDisableUser",
				"AdminEnableUser",
				"AdminDeleteUser", "DescribeUserPool", "DeleteUserPool", "CreateUserPoolClient",
				"DescribeUserPoolClient", "DeleteUserPoolClient", "SetUserPoolMfaConfig",
				"GetUserPoolMfaConfig", "UpdateUserPool", "UpdateUserPoolClient",
				"ListUserPoolClients",
				"ListUsers", "AdminUpdateUserAttributes", "AdminDeleteUserAttributes",
				"CreateGroup",
				"GetGroup", "UpdateGroup", "DeleteGroup", "ListGroups", "ListUsersInGroup",
				"AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminListGroupsForUser",
				"AdminUpdateDeviceStatus", "AdminGetDevice", "AdminListDevices",
				"AdminForgetDevice",
				"AddCustomAttributes", "CreateResourceServer", "DescribeResourceServer",
				"UpdateResourceServer", "DeleteResourceServer", "ListResourceServers",
				"CreateUserPoolDomain", "UpdateUserPoolDomain", "DeleteUserPoolDomain",
			},
		},
		"UserNotFound: User does not exist.": {
			member: "UserPoolId", value: srv.UserPoolID,
			operations: []string{
				"AdminSetUserMFAPreference", "AdminDeleteSoftwareToken", "AdminGetUser",
				"AdminGetUserAuthFactors", "AdminUserGlobalSignOut", "AdminSetUserPassword",
				"AdminResetUserPassword", "AdminConfirmSignUp", "AdminDisableUser",
				"AdminEnableUser",
				"AdminDeleteUser", "AdminUpdateUserAttributes", "AdminDeleteUserAttributes",
				"AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminListGroupsForUser",
				"AdminUpdateDeviceStatus", "AdminGetDevice", "AdminListDevices",
				"AdminForgetDevice",
			},
		},
		"ResourceNotFound: User pool client nobody does not exist.": {
			member: "ClientId",
			value:  "nobody", operations: []string{
				"InitiateAuth", "RespondToAuthChallenge", "GetTokensFromRefreshToken", "SignUp",
				"ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword",
				"ConfirmForgotPassword",
			},
		},
	} {
		for _, operation := range tc.operations {
			body := kv{"AuthFlow": "USER_PASSWORD_AUTH", tc.member: tc.value}
			for name, value := range all {
				body[name] = value
			}
			if tc.member == "UserPoolId" {
				body["ClientId"] = srv.ClientID
			}
			assert.Equal(t, failure, srv.call(operation, body).failure(), operation)
		}
	}
}
