package cognitotest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const newPassword = "N3w-passw0rd"

// bob adds a user with a verified address.
func (f fake) bob(changes ...func(*cognitotest.User)) {
	u := cognitotest.User{Username: "bob", Password: password, Email: "bob@example.com"}
	for _, change := range changes {
		change(&u)
	}
	f.AddUser(u)
}

func (f fake) forgot(username string) reply {
	f.t.Helper()
	return f.call("ForgotPassword", kv{"ClientId": f.ClientID, "Username": username})
}

func (f fake) confirmForgot(username, code, password string) string {
	f.t.Helper()
	return f.call("ConfirmForgotPassword", kv{
		"ClientId": f.ClientID, "Username": username, "ConfirmationCode": code,
		"Password": password,
	}).failure()
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob()
	client := srv.Client()
	sent, err := client.ForgotPassword(t.Context(), &cognitoidentityprovider.ForgotPasswordInput{
		ClientId: &srv.ClientID, Username: aws.String("bob"),
	})
	require.NoError(t, err)
	assert.Equal(t, &types.CodeDeliveryDetailsType{
		AttributeName: aws.String("email"), DeliveryMedium: types.DeliveryMediumTypeEmail,
		Destination: aws.String("b***@e***"),
	}, sent.CodeDeliveryDetails)
	srv.tokens("bob") // who remembers the old password still signs in
	for range 5 {
		srv.signIn("bob", "wrong")
	}
	code := srv.lastCode("bob")
	assert.Equal(t, "CodeMismatch: Invalid verification code provided, please try again.",
		srv.confirmForgot("bob", "x", newPassword))
	assert.Equal(t,
		"InvalidPassword: Password did not conform with policy: Password not long enough",
		srv.confirmForgot("bob", code, "short"), "the code stays good")
	_, err = client.ConfirmForgotPassword(t.Context(),
		&cognitoidentityprovider.ConfirmForgotPasswordInput{
			ClientId: &srv.ClientID, Username: aws.String("bob"), ConfirmationCode: &code,
			Password: aws.String(newPassword),
		})
	require.NoError(t, err)
	assert.NotEmpty(t, srv.signIn("bob", newPassword).access(), "and the lockout is over")
	assert.Equal(t, "NotAuthorized: Incorrect username or password.",
		srv.signIn("bob", password).failure())
	assert.Equal(t, "ExpiredCode: Invalid code provided, please request a code again.",
		srv.confirmForgot("bob", code, newPassword), "a code is good once")
}

func TestForgottenPasswordRefusals(t *testing.T) {
	t.Parallel()
	told := func(o *options) { o.RevealUsers = true }
	with := func(srv fake, change func(*cognitotest.User)) reply {
		srv.bob(change)
		return srv.forgot("bob")
	}
	const (
		old      = "ExpiredCode: Invalid code provided, please request a code again."
		mismatch = "CodeMismatch: Invalid verification code provided, please try again."
		state    = "NotAuthorized: User password cannot be reset in the current state."
	)
	for name, tc := range map[string]struct {
		on      func(*options)
		do      func(fake) string
		failure string
	}{
		"nobody, told": {
			on: told, do: func(srv fake) string { return srv.forgot("nobody").failure() },
			failure: "UserNotFound: Username/client id combination not found.",
		},
		"disabled, told": {on: told, do: func(srv fake) string {
			return with(srv, func(u *cognitotest.User) { u.Disabled = true }).failure()
		}, failure: "NotAuthorized: User is disabled."},
		"no address, told": {
			on: told, do: func(srv fake) string { return srv.forgot("alice").failure() },
			failure: "InvalidParameter: Cannot reset password for the user as there is no " +
				"registered/verified email or phone_number",
		},
		"address not verified, told": {
			on: told, do: func(srv fake) string {
				return with(srv, func(u *cognitotest.User) {
					u.Email, u.Attributes = "", map[string]string{"email": "bob@example.com"}
				}).failure()
			},
			failure: "InvalidParameter: Cannot reset password for the user as there is no " +
				"registered/verified email or phone_number",
		},
		"temporary password": {do: func(srv fake) string {
			return with(srv,
				func(u *cognitotest.User) { u.Status = types.UserStatusTypeForceChangePassword }).failure()
		}, failure: state},
		"no secret hash": {
			on: func(o *options) { o.ClientID, o.ClientSecret = "1example23456789", "0123456789abcdefghijklmnop" },
			do: func(srv fake) string { return srv.forgot("alice").failure() },
			failure: "NotAuthorized: Client 1example23456789 is configured with secret but " +
				"SECRET_HASH was not received",
		},
		"no code was asked for": {
			do: func(srv fake) string {
				return srv.confirmForgot("alice", "123456", newPassword)
			},
			failure: old,
		},
		"old code": {do: func(srv fake) string {
			with(srv, func(*cognitotest.User) {})
			srv.Advance(time.Hour)
			return srv.confirmForgot("bob", srv.lastCode("bob"), newPassword)
		}, failure: old},
		"code before the last": {do: func(srv fake) string {
			first := ""
			with(srv, func(*cognitotest.User) {})
			for first = srv.lastCode("bob"); srv.lastCode("bob") == first; {
				srv.forgot("bob")
			}
			return srv.confirmForgot("bob", first, newPassword)
		}, failure: mismatch},
		"code to an address that was changed": {do: func(srv fake) string {
			with(srv, func(*cognitotest.User) {})
			code := srv.lastCode("bob")
			srv.must("AdminUpdateUserAttributes", kv{
				"UserPoolId": srv.UserPoolID, "Username": "bob",
				"UserAttributes": []kv{
					{"Name": "email", "Value": "other@example.com"},
					{"Name": "email_verified", "Value": "true"},
				},
			})
			return srv.confirmForgot("bob", code, newPassword)
		}, failure: old},
		"code of a sign-up": {do: func(srv fake) string {
			srv.must("SignUp", kv{
				"ClientId": srv.ClientID, "Username": "bob", "Password": password,
				"UserAttributes": []kv{{"Name": "email", "Value": "b@example.com"}},
			})
			return srv.confirmForgot("bob", srv.lastCode("bob"), newPassword)
		}, failure: old},
		"temporary password meanwhile": {do: func(srv fake) string {
			with(srv, func(*cognitotest.User) {})
			srv.must("AdminSetUserPassword", kv{
				"UserPoolId": srv.UserPoolID, "Username": "bob", "Password": newPassword,
			})
			return srv.confirmForgot("bob", srv.lastCode("bob"), newPassword)
		}, failure: state},
		"unconfirmed": {do: func(srv fake) string {
			with(srv, func(u *cognitotest.User) { u.Status = types.UserStatusTypeUnconfirmed })
			return srv.confirmForgot("bob", srv.lastCode("bob"), newPassword)
		}, failure: "UserNotConfirmed: User is not confirmed."},
		"confirm for nobody": {
			do: func(srv fake) string {
				return srv.confirmForgot("nobody", "123456", newPassword)
			},
			failure: mismatch,
		},
		"confirm for nobody, told": {
			on: told,
			do: func(srv fake) string {
				return srv.confirmForgot("nobody", "123456", newPassword)
			},
			failure: "UserNotFound: Username/client id combination not found.",
		},
		"confirm for a disabled user": {do: func(srv fake) string {
			with(srv, func(u *cognitotest.User) { u.Disabled = true })
			return srv.confirmForgot("bob", "123456", newPassword)
		}, failure: mismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := tc.on
			if on == nil {
				on = func(*options) {}
			}
			assert.Equal(t, tc.failure, tc.do(start(t, on)))
		})
	}
}

// If a client hides who exists, a user without an address looks like any other, and the same each
// time.
func TestForgottenPasswordHidesWhoExists(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob(func(u *cognitotest.User) { u.Disabled = true })
	for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
		for username, want := range map[string]string{
			"nobody": `^[a-z]\*\*\*@[a-z]\*\*\*$`, "bob": `^[a-z]\*\*\*@[a-z]\*\*\*$`,
			"someone@example.com": `^s\*\*\*@e\*\*\*$`, "+15550001234": `^\+\*{7}1234$`,
		} {
			ask := func() string {
				return srv.must(operation, kv{
					"ClientId": srv.ClientID, "Username": username,
				}).text("CodeDeliveryDetails", "Destination")
			}
			first := ask()
			assert.Regexp(t, want, first, username)
			assert.Equal(t, first, ask(), username)
		}
	}
	assert.Regexp(t, `^[a-z]\*\*\*@[a-z]\*\*\*$`,
		srv.must("ForgotPassword", kv{
			"ClientId": srv.ClientID, "Username": "alice",
		}).text("CodeDeliveryDetails", "Destination"))
	assert.Empty(t, srv.Outbox("bob"))

	pool := srv.must("CreateUserPool", kv{
		"PoolName": "phones", "AutoVerifiedAttributes": []string{"phone_number"},
		"SmsConfiguration": sms,
	}).text("UserPool", "Id")
	app := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": pool, "ClientName": "x", "PreventUserExistenceErrors": "ENABLED",
	}).text("UserPoolClient", "ClientId")
	details := srv.must("ForgotPassword",
		kv{"ClientId": app, "Username": "nobody"}).body["CodeDeliveryDetails"].(kv)
	assert.Equal(t, "SMS", details["DeliveryMedium"])
	assert.Regexp(t, `^\+\*{7}[0-9]{4}$`, details["Destination"])
}

// The response for an unknown user follows the settings of the pool.
func TestSimulatedLikeThePool(t *testing.T) {
	t.Parallel()
	srv := start(t)
	recovery := func(name string) kv {
		return kv{
			"PoolName": "x", "SmsConfiguration": sms,
			"AccountRecoverySetting": kv{"RecoveryMechanisms": []kv{{"Priority": 1, "Name": name}}},
		}
	}
	const (
		administrator = "NotAuthorized: Contact administrator to reset password."
		cannotResend  = "InvalidParameter: Cannot resend codes. Auto verification not turned on."
	)
	for name, tc := range map[string]struct {
		pool           kv
		forgot, resend string // a failure, or the medium
	}{
		"administrators": {
			pool: recovery("admin_only"), forgot: administrator, resend: cannotResend,
		},
		"by phone": {
			pool: with(recovery("verified_phone_number"), "AutoVerifiedAttributes",
				[]string{"email"}),
			forgot: "SMS", resend: "EMAIL",
		},
		"by email": {
			pool: with(recovery("verified_email"), "AutoVerifiedAttributes",
				[]string{"phone_number"}),
			forgot: "EMAIL", resend: "SMS",
		},
		"nothing is said": {pool: kv{"PoolName": "x"}, forgot: "EMAIL", resend: cannotResend},
	} {
		pool := srv.must("CreateUserPool", tc.pool).text("UserPool", "Id")
		app := srv.must("CreateUserPoolClient", kv{
			"UserPoolId": pool, "ClientName": "x", "PreventUserExistenceErrors": "ENABLED",
		}).text("UserPoolClient", "ClientId")
		attributes := []kv{
			{"Name": "email", "Value": "bob@example.com"},
			{"Name": "phone_number", "Value": "+15550001234"},
		}
		srv.must("SignUp",
			kv{
				"ClientId": app, "Username": "bob", "Password": password,
				"UserAttributes": attributes,
			})
		for _, username := range []string{"bob", "nobody"} {
			for operation, want := range map[string]string{
				"ForgotPassword": tc.forgot, "ResendConfirmationCode": tc.resend,
			} {
				r := srv.call(operation, kv{"ClientId": app, "Username": username})
				assert.Equal(t, want, r.failure()+r.text("CodeDeliveryDetails", "DeliveryMedium"),
					"%s: %s for %s", name, operation, username)
			}
		}
	}
}

func TestAdminResetUserPassword(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob()
	reset := func(username string) string {
		return srv.call("AdminResetUserPassword",
			kv{"UserPoolId": srv.UserPoolID, "Username": username}).failure()
	}
	require.Empty(t, reset("bob"))
	assert.Equal(t, types.UserStatusTypeResetRequired, srv.User("bob").Status)
	assert.Equal(t, "PasswordResetRequired: Password reset required for the user",
		srv.signIn("bob", password).failure())
	assert.Equal(t, "PasswordResetRequired: Password reset required for the user",
		srv.call("ChangePassword", kv{
			"AccessToken":      srv.IssueTokens("bob").AccessToken,
			"PreviousPassword": password, "ProposedPassword": newPassword,
		}).failure())
	require.Empty(t, srv.confirmForgot("bob", srv.lastCode("bob"), newPassword))
	assert.Equal(t, types.UserStatusTypeConfirmed, srv.User("bob").Status)
	assert.NotEmpty(t, srv.signIn("bob", newPassword).access())

	assert.Equal(t,
		"InvalidParameter: Cannot reset password for the user as there is no "+
			"registered/verified email or phone_number",
		reset("alice"))
	for _, status := range []types.UserStatusType{
		types.UserStatusTypeForceChangePassword, types.UserStatusTypeUnconfirmed,
	} {
		srv.AddUser(cognitotest.User{
			Username: string(status), Password: password, Email: "x@example.com", Status: status,
		})
		assert.Equal(t, "NotAuthorized: User password cannot be reset in the current state.",
			reset(string(status)))
		assert.Equal(t, status, srv.User(string(status)).Status)
	}
}

// The pool decides where the code goes.
func TestRecoveryMechanisms(t *testing.T) {
	t.Parallel()
	mechanism := func(priority int,
		name string,
	) kv {
		return kv{"Priority": priority, "Name": name}
	}
	for name, tc := range map[string]struct {
		mechanisms []kv
		smsMFA     bool
		medium     string
		failure    string
	}{
		"not set":                  {medium: "SMS"},
		"not set, SMS as a factor": {smsMFA: true, medium: "EMAIL"},
		"email first": {
			mechanisms: []kv{mechanism(2, "verified_phone_number"), mechanism(1, "verified_email")},
			medium:     "EMAIL",
		},
		"phone first": {
			mechanisms: []kv{mechanism(1, "verified_phone_number"), mechanism(2, "verified_email")},
			medium:     "SMS",
		},
		"SMS as a factor": {
			mechanisms: []kv{mechanism(1, "verified_phone_number"), mechanism(2, "verified_email")},
			smsMFA:     true, medium: "EMAIL",
		},
		"administrators": {
			mechanisms: []kv{mechanism(1, "admin_only")},
			failure:    "NotAuthorized: Contact administrator to reset password.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			created := srv.must("CreateUserPool", kv{
				"PoolName": "x", "SmsConfiguration": sms,
				"AutoVerifiedAttributes": []string{"phone_number"},
				"AccountRecoverySetting": kv{"RecoveryMechanisms": tc.mechanisms},
			})
			pool := created.text("UserPool", "Id")
			if tc.mechanisms == nil {
				assert.NotContains(t, created.body["UserPool"], "AccountRecoverySetting")
			} else {
				assert.Len(t,
					created.body["UserPool"].(kv)["AccountRecoverySetting"].(kv)["RecoveryMechanisms"],
					len(tc.mechanisms))
			}
			user := kv{"UserPoolId": pool, "Username": "bob"}
			with := func(more kv) kv {
				for name, value := range user {
					more[name] = value
				}
				return more
			}
			srv.must("AdminCreateUser", with(kv{"MessageAction": "SUPPRESS", "UserAttributes": []kv{
				{"Name": "email", "Value": "bob@example.com"},
				{"Name": "email_verified", "Value": "true"},
				{"Name": "phone_number", "Value": "+15550001234"},
				{"Name": "phone_number_verified", "Value": "true"},
			}}))
			srv.must("AdminSetUserPassword", with(kv{"Password": password, "Permanent": true}))
			if tc.smsMFA {
				srv.must("SetUserPoolMfaConfig", kv{
					"UserPoolId": pool, "MfaConfiguration": "OPTIONAL",
					"SmsMfaConfiguration": kv{"SmsConfiguration": sms},
				})
				srv.must("AdminSetUserMFAPreference",
					with(kv{"SMSMfaSettings": kv{"Enabled": true}}))
			}
			app := srv.must("CreateUserPoolClient", kv{
				"UserPoolId": pool, "ClientName": "x",
			}).text("UserPoolClient", "ClientId")
			r := srv.call("ForgotPassword", kv{"ClientId": app, "Username": "bob"})
			assert.Equal(t, tc.failure, r.failure())
			assert.Equal(t, tc.medium, r.text("CodeDeliveryDetails", "DeliveryMedium"))
		})
	}
	srv := start(t)
	assert.Equal(t,
		"InvalidParameter: 1 validation error detected: Value 'pigeon' at "+
			"'accountRecoverySetting.recoveryMechanisms.1.member.name' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [verified_email, verified_phone_number, admin_only]",
		srv.call("CreateUserPool", kv{
			"PoolName":               "x",
			"AccountRecoverySetting": kv{"RecoveryMechanisms": []kv{mechanism(1, "pigeon")}},
		}).failure())
}

// A code for a new password never goes to the address of the second factor.
func TestRecoveryDoesNotBypassMFA(t *testing.T) {
	t.Parallel()
	const totp, sms, email = "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"
	const nowhere = "InvalidParameter: Cannot reset password for the user as there is no " +
		"registered/verified email or phone_number"
	for name, tc := range map[string]struct {
		mode         types.UserPoolMfaType
		email, phone string
		methods      []string
		expect       string // a medium, or a failure
	}{
		"no factor": {
			mode: "OPTIONAL", email: "b@x.org", phone: "+15550001234", expect: "SMS",
		},
		"SMS": {
			mode: "OPTIONAL", email: "b@x.org", phone: "+15550001234", methods: []string{sms},
			expect: "EMAIL",
		},
		"email": {
			mode: "OPTIONAL", email: "b@x.org", phone: "+15550001234", methods: []string{email},
			expect: "SMS",
		},
		"email alone": {
			mode: "OPTIONAL", email: "b@x.org", methods: []string{email}, expect: nowhere,
		},
		"SMS alone": {
			mode: "OPTIONAL", phone: "+15550001234", methods: []string{sms}, expect: nowhere,
		},
		"both": {
			mode: "OPTIONAL", email: "b@x.org", phone: "+15550001234",
			methods: []string{sms, email}, expect: nowhere,
		},
		"TOTP": {
			mode: "OPTIONAL", email: "b@x.org", methods: []string{totp}, expect: "EMAIL",
		},
		"ON, TOTP": {
			mode: "ON", email: "b@x.org", methods: []string{totp}, expect: "EMAIL",
		},
		"ON, asked by both": {
			mode: "ON", email: "b@x.org", phone: "+15550001234", methods: []string{},
			expect: nowhere,
		},
		"ON, email, number": {
			mode: "ON", email: "b@x.org", phone: "+15550001234", methods: []string{email},
			expect: "SMS",
		},
	} {
		srv := listen(t, everyFactor, func(o *options) { o.MFA, o.RevealUsers = tc.mode, true })
		user := cognitotest.User{
			Username: "bob", Password: password, Email: tc.email, Phone: tc.phone,
			Methods: tc.methods,
		}
		if slices.Contains(tc.methods, totp) {
			user.TOTP = secret
		}
		srv.AddUser(user)
		r := srv.forgot("bob")
		assert.Equal(t, tc.expect, r.text("CodeDeliveryDetails", "DeliveryMedium")+r.failure(),
			name)
		failure := srv.call("AdminResetUserPassword",
			kv{"UserPoolId": srv.UserPoolID, "Username": "bob"}).failure()
		assert.Equal(t, tc.expect == nowhere, failure == nowhere, name)
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	srv := start(t)
	access := srv.tokens("alice").access()
	change := func(access, previous, proposed string) string {
		return srv.call("ChangePassword", kv{
			"AccessToken": access, "PreviousPassword": previous, "ProposedPassword": proposed,
		}).failure()
	}
	assert.Equal(t, "NotAuthorized: Incorrect username or password.",
		change(access, "wrong", newPassword))
	assert.Equal(t,
		"InvalidPassword: Password did not conform with policy: Password must have symbol characters",
		change(access, password, "Passw0rdPassw0rd"))
	assert.Equal(t, "NotAuthorized: Access Token does not have required scopes",
		change(*srv.IssueTokens("alice", "openid").AccessToken, password, newPassword))

	_, err := srv.Client().ChangePassword(t.Context(), &cognitoidentityprovider.ChangePasswordInput{
		AccessToken: &access, PreviousPassword: aws.String(password),
		ProposedPassword: aws.String(newPassword),
	})
	require.NoError(t, err)
	assert.NotEmpty(t, srv.signIn("alice", newPassword).access())
	srv.must("GetUser", kv{"AccessToken": access}) // the session that changed it goes on

	// Wrong passwords count here as at sign-in.
	for range 4 {
		assert.Equal(t, "NotAuthorized: Incorrect username or password.",
			change(access, "wrong", newPassword))
	}
	srv.signIn("alice", "wrong")
	assert.Equal(t, "NotAuthorized: Password attempts exceeded",
		change(access, newPassword, password))
	assert.Equal(t, "NotAuthorized: Password attempts exceeded",
		srv.signIn("alice", newPassword).failure())
	srv.Advance(time.Second)
	assert.Empty(t, change(access, newPassword, password))
}
