package cognitotest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// other creates a pool and an app client by the API. Helpers for users still use the server itself.
func (f fake) other(pool, client kv) fake {
	f.t.Helper()
	id := f.must("CreateUserPool", with(pool, "PoolName", "other")).text("UserPool", "Id")
	client = with(client, "UserPoolId", id)
	if client["ExplicitAuthFlows"] == nil {
		client["ExplicitAuthFlows"] = []string{
			"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		}
	}
	made := f.must("CreateUserPoolClient",
		with(client, "ClientName", "other")).body["UserPoolClient"].(kv)
	secret, _ := made["ClientSecret"].(string)
	clientID := made["ClientId"].(string)
	server := &cognitotest.Server{
		URL: f.URL, UserPoolID: id, ClientID: clientID, ClientSecret: secret,
	}
	return fake{server, f.t}
}

// create creates a user with a permanent password.
func (f fake) create(username string, attributes ...kv) {
	f.t.Helper()
	user := kv{
		"UserPoolId": f.UserPoolID, "Username": username, "MessageAction": "SUPPRESS",
		"UserAttributes": attributes,
	}
	f.must("AdminCreateUser", user)
	f.must("AdminSetUserPassword",
		kv{
			"UserPoolId": f.UserPoolID, "Username": username, "Password": password,
			"Permanent": true,
		})
}

// described returns the description of the pool.
func (f fake) described() kv {
	f.t.Helper()
	return f.must("DescribeUserPool", kv{"UserPoolId": f.UserPoolID}).body["UserPool"].(kv)
}

// Sign-up is refused if only administrators create users.
func TestClosedPool(t *testing.T) {
	t.Parallel()
	srv := start(t).other(kv{"AdminCreateUserConfig": kv{"AllowAdminCreateUserOnly": true}}, nil)
	assert.Equal(t, kv{"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 7.0},
		srv.described()["AdminCreateUserConfig"])
	assert.Equal(t, "NotAuthorized: SignUp is not permitted for this user pool",
		srv.call("SignUp",
			kv{"ClientId": srv.ClientID, "Username": "bob", "Password": password}).failure())
	srv.create("bob")
	srv.tokens("bob")
}

// The validity of temporary passwords has two names.
func TestTemporaryPasswordDays(t *testing.T) {
	t.Parallel()
	host := start(t)
	srv := host.other(kv{"AdminCreateUserConfig": kv{"UnusedAccountValidityDays": 2}}, nil)
	srv.must("AdminCreateUser",
		kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "TemporaryPassword": password})
	host.Advance(47 * time.Hour)
	srv.challenged("bob", "NEW_PASSWORD_REQUIRED")
	host.Advance(2 * time.Hour)
	assert.Equal(t,
		"NotAuthorized: Temporary password has expired and must be reset by an administrator.",
		srv.signIn("bob", password).failure())
	assert.InDelta(t, 2,
		srv.described()["Policies"].(kv)["PasswordPolicy"].(kv)["TemporaryPasswordValidityDays"], 0)

	r := srv.call("UpdateUserPool", kv{
		"UserPoolId": srv.UserPoolID, "AdminCreateUserConfig": kv{"UnusedAccountValidityDays": 2},
		"Policies": kv{"PasswordPolicy": kv{"TemporaryPasswordValidityDays": 2}},
	})
	assert.Equal(t, "InvalidParameter: Please use TemporaryPasswordValidityDays in PasswordPolicy "+
		"instead of UnusedAccountValidityDays", r.failure())
}

const (
	noFactor = "InvalidParameter: SMS configuration and Auto verification for phone_number are required " +
		"when MFA is required/optional"
	onlyPasses = "InvalidParameter: Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth " +
		"factor if MFA is enabled"
	singleKey = "InvalidParameter: Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is " +
		"required and WebAuthn is an allowed first auth factor"
	noSender = "InvalidParameter: Cannot set EmailMfaConfiguration when user pool EmailConfiguration " +
		"contains an EmailSendingAccount of COGNITO_DEFAULT. Update the value of EmailSendingAccount."
	noWayBack = "InvalidParameter: Cannot set EmailMfaConfiguration when user pool AccountRecoverySetting " +
		"is not set or contains only verified_email in RecoveryMechanisms."
	recovery = "InvalidParameter: Invalid account recovery setting parameter. Account Recovery Setting cannot "
	offAndOn = "InvalidParameter: Invalid MFA configuration given, can't turn off MFA and configure an " +
		"MFA together."
	unavailable = "FeatureUnavailableInTier: The following features need to be disabled for the LITE " +
		"pricing tier configured: "
)

func firstFactors(factors ...string) kv {
	return kv{"SignInPolicy": kv{"AllowedFirstAuthFactors": factors}}
}

func recoveryBy(names ...string) kv {
	var mechanisms []kv
	for i, name := range names {
		mechanisms = append(mechanisms, kv{"Name": name, "Priority": i + 1})
	}
	return kv{"RecoveryMechanisms": mechanisms}
}

// Settings that contradict each other, or that let nobody sign in, are refused, whichever is set
// second.
func TestPoolRefusals(t *testing.T) {
	t.Parallel()
	phone := kv{"SmsConfiguration": sms, "AutoVerifiedAttributes": []string{"phone_number"}}
	totp := kv{"SoftwareTokenMfaConfiguration": kv{"Enabled": true}}
	byEmail := kv{"EmailMfaConfiguration": kv{}}
	bySMS := kv{"SmsMfaConfiguration": kv{"SmsConfiguration": sms}}
	for name, tc := range map[string]struct {
		pool, mfa, update kv
		failure           string
	}{
		"required without SMS": {pool: kv{"MfaConfiguration": "ON"}, failure: noFactor},
		"optional without SMS": {pool: kv{"MfaConfiguration": "OPTIONAL"}, failure: noFactor},
		"required with SMS, not verified": {
			pool: kv{"MfaConfiguration": "ON", "SmsConfiguration": sms}, failure: noFactor,
		},
		"required with SMS": {pool: with(phone, "MfaConfiguration", "ON")},
		"SMS without a role": {
			pool:    kv{"SmsConfiguration": kv{"ExternalId": "x"}},
			failure: "InvalidParameter: SmsConfiguration has neither SnsCallerArn nor EumsSms.",
		},
		"phone numbers without SMS": {
			pool: kv{"AutoVerifiedAttributes": []string{"phone_number"}},
			failure: "InvalidParameter: SMS configuration is required when phone_number is selected for " +
				"auto verification",
		},
		"codes by SMS without SMS": {
			pool: kv{"Policies": firstFactors("PASSWORD", "SMS_OTP")},
			failure: "InvalidParameter: SMS_OTP can not be configured as AuthFactor as user pool is missing " +
				"valid SMS configuration",
		},
		"required, and codes as first": {
			pool: with(
				with(phone, "MfaConfiguration", "ON"), "Policies",
				firstFactors("PASSWORD", "EMAIL_OTP"),
			),
			failure: onlyPasses,
		},
		"verified first, not at all": {
			pool: kv{
				"UserAttributeUpdateSettings": kv{
					"AttributesRequireVerificationBeforeUpdate": []string{"email"},
				},
			},
			failure: "InvalidParameter: All attributes in AttributesRequireVerificationBeforeUpdate must exist in " +
				"AutoVerifiedAttributes",
		},
		"levels of one name": {
			pool:    kv{"AcrConfiguration": kv{"Level1": kv{"AcrValue": "urn:cognito:loa:3"}}},
			failure: "InvalidParameter: The names of the authentication levels must be unique.",
		},
		"MFA by nothing": {
			mfa: kv{
				"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": kv{"Enabled": false},
			},
			failure: "InvalidParameter: Invalid MFA configuration given, can't disable all MFAs with a " +
				"required or optional configuration.",
		},
		"MFA by passkeys alone": {
			mfa: kv{
				"MfaConfiguration":      "OPTIONAL",
				"WebAuthnConfiguration": kv{"RelyingPartyId": "example.com"},
			},
			failure: "InvalidParameter: Invalid MFA Configuration given. SMS MFA, Email MFA, or Software " +
				"Token MFA must be enabled.",
		},
		"off, and a factor that is off": {
			mfa: kv{
				"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": kv{"Enabled": false},
			},
			failure: offAndOn,
		},
		"no mode, and a factor": {mfa: totp, failure: offAndOn},
		"off, and passkeys": {
			mfa: kv{
				"MfaConfiguration":      "OFF",
				"WebAuthnConfiguration": kv{"RelyingPartyId": "example.com"},
			},
		},
		"SMS by nothing": {
			mfa: kv{"MfaConfiguration": "ON", "SmsMfaConfiguration": kv{}},
			failure: "InvalidParameter: SmsMfaConfiguration has no SmsConfiguration with SnsCallerArn or " +
				"EumsSms.",
		},
		"email of the service": {mfa: with(byEmail, "MfaConfiguration", "ON"), failure: noSender},
		"email of one's own": {
			pool: mailing(kv{}), mfa: with(byEmail, "MfaConfiguration", "ON"),
		},
		"email no longer of one's own": {
			pool: mailing(kv{}), mfa: with(byEmail, "MfaConfiguration", "ON"), update: kv{},
			failure: noSender,
		},
		"email of nobody": {
			pool:    kv{"EmailConfiguration": kv{"EmailSendingAccount": "DEVELOPER"}},
			failure: "InvalidParameter: Source ARN is required to use DEVELOPER email sending owner",
		},
		"email of the service, by another name": {
			pool:    kv{"EmailConfiguration": kv{"From": "x@example.com"}},
			failure: "InvalidParameter: Cannot configure From email address for default email configuration",
		},
		"required after codes as first": {
			pool: kv{"Policies": firstFactors("PASSWORD", "EMAIL_OTP")},
			mfa:  with(totp, "MfaConfiguration", "ON"), failure: onlyPasses,
		},
		"optional after codes as first": {
			pool: kv{"Policies": firstFactors("PASSWORD", "EMAIL_OTP")},
			mfa:  with(totp, "MfaConfiguration", "OPTIONAL"),
		},
		"codes as first after required": {
			mfa:    with(totp, "MfaConfiguration", "ON"),
			update: kv{"Policies": firstFactors("PASSWORD", "EMAIL_OTP")}, failure: onlyPasses,
		},
		"required after passkeys": {
			pool: kv{"Policies": firstFactors("PASSWORD", "WEB_AUTHN")},
			mfa:  with(totp, "MfaConfiguration", "ON"), failure: singleKey,
		},
		"passkeys after required": {
			mfa:    with(totp, "MfaConfiguration", "ON"),
			update: kv{"Policies": firstFactors("PASSWORD", "WEB_AUTHN")},
			failure: "InvalidParameter: WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not " +
				"configured for MFA.",
		},
		"required after passkeys that do": {
			pool: kv{"Policies": firstFactors("PASSWORD", "WEB_AUTHN")},
			mfa: with(with(totp, "MfaConfiguration", "ON"), "WebAuthnConfiguration",
				kv{"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}),
		},
		"email for recovery and MFA": {
			pool: kv{
				"EmailConfiguration":     sender,
				"AccountRecoverySetting": recoveryBy("verified_email"),
			},
			mfa: with(byEmail, "MfaConfiguration", "ON"), failure: noWayBack,
		},
		"MFA by email without a way to recover": {
			pool: kv{"EmailConfiguration": sender}, mfa: with(byEmail, "MfaConfiguration", "ON"),
			failure: noWayBack,
		},
		"no way to recover any more": {
			pool: mailing(kv{}), mfa: with(byEmail, "MfaConfiguration", "ON"),
			update: kv{"EmailConfiguration": sender}, failure: noWayBack,
		},
		"MFA by email, and administrators": {
			pool: kv{
				"EmailConfiguration": sender, "AccountRecoverySetting": recoveryBy("admin_only"),
			},
			mfa: with(byEmail, "MfaConfiguration", "ON"),
		},
		"administrators and others": {
			pool:    kv{"AccountRecoverySetting": recoveryBy("verified_email", "admin_only")},
			failure: recovery + "use admin_only setting with any other recovery mechanisms.",
		},
		"recovery by the same twice": {
			pool:    kv{"AccountRecoverySetting": recoveryBy("verified_email", "verified_email")},
			failure: recovery + "have duplicate priorities or recovery mechanisms.",
		},
		"recovery by two at once": {
			pool: kv{"AccountRecoverySetting": kv{"RecoveryMechanisms": []kv{
				{"Name": "verified_email", "Priority": 1},
				{"Name": "verified_phone_number", "Priority": 1},
			}}},
			failure: recovery + "have duplicate priorities or recovery mechanisms.",
		},
		"aliases and addresses": {
			pool: kv{"AliasAttributes": []string{"email"}, "UsernameAttributes": []string{"email"}},
			failure: "InvalidParameter: Only one of the aliasAttributes or usernameAttributes can be set in a " +
				"User pool.",
		},
		"no passwords": {
			pool: kv{"Policies": firstFactors("EMAIL_OTP")},
			failure: "InvalidParameter: Password should be configured as one of the allowed first auth " +
				"factors.",
		},
		"SMS for recovery and MFA": {
			pool: kv{"AccountRecoverySetting": recoveryBy("verified_phone_number")},
			mfa:  with(bySMS, "MfaConfiguration", "ON"),
			failure: recovery +
				"use verified_phone_number as a recovery mechanism when SMS MFA is configured.",
		},
		"SMS for MFA and one of two": {
			pool: kv{"AccountRecoverySetting": recoveryBy("verified_phone_number",
				"verified_email")},
			mfa: with(bySMS, "MfaConfiguration", "ON"),
		},
		"made to be required": {
			mfa: with(totp, "MfaConfiguration", "OPTIONAL"), update: kv{"MfaConfiguration": "ON"},
			failure: "InvalidParameter: Cannot turn MFA functionality ON, once the user pool has been created.",
		},
		"required as it is": {
			mfa: with(totp, "MfaConfiguration", "ON"), update: kv{"MfaConfiguration": "ON"},
		},
		"made optional without a factor": {
			update: kv{"MfaConfiguration": "OPTIONAL"}, failure: noFactor,
		},
		"made optional with SMS": {update: with(phone, "MfaConfiguration", "OPTIONAL")},
		"optional, and SMS goes away": {
			pool: with(phone, "MfaConfiguration", "OPTIONAL"), update: kv{}, failure: noFactor,
		},
		"Lite and codes as first": {
			pool:    kv{"UserPoolTier": "LITE", "Policies": firstFactors("PASSWORD", "EMAIL_OTP")},
			failure: unavailable + "Passwordless Sign-In",
		},
		"Lite and password history": {
			pool: kv{
				"UserPoolTier": "LITE",
				"Policies":     kv{"PasswordPolicy": kv{"PasswordHistorySize": 1}},
			},
			failure: unavailable + "Password Reuse Prevention",
		},
		"Lite and email": {
			pool: mailing(kv{"UserPoolTier": "LITE"}),
			mfa:  with(byEmail, "MfaConfiguration", "ON"), failure: unavailable + "Email MFA",
		},
		"Lite after codes as first": {
			pool:    kv{"Policies": firstFactors("PASSWORD", "EMAIL_OTP")},
			update:  kv{"UserPoolTier": "LITE"},
			failure: unavailable + "Passwordless Sign-In",
		},
		"Lite": {
			pool: kv{"UserPoolTier": "LITE"}, mfa: with(totp, "MfaConfiguration", "ON"),
		},
		"a protected pool is updated": {pool: kv{"DeletionProtection": "ACTIVE"}, update: kv{}},
		"what is described is set once more": {
			pool: kv{"DeletionProtection": "ACTIVE"},
			update: kv{
				"LambdaConfig": kv{}, "UserPoolTags": kv{},
				"VerificationMessageTemplate": kv{"DefaultEmailOption": "CONFIRM_WITH_CODE"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			failure := ""
			pool := srv.call("CreateUserPool", with(tc.pool, "PoolName", "x"))
			id := pool.text("UserPool", "Id")
			failure += pool.failure()
			if tc.mfa != nil {
				require.Empty(t, failure)
				failure += srv.call("SetUserPoolMfaConfig",
					with(tc.mfa, "UserPoolId", id)).failure()
			}
			if tc.update != nil {
				require.Empty(t, failure)
				before := srv.must("GetUserPoolMfaConfig", kv{"UserPoolId": id}).body
				failure += srv.call("UpdateUserPool", with(tc.update, "UserPoolId", id)).failure()
				if failure != "" {
					assert.Equal(t, before,
						srv.must("GetUserPoolMfaConfig", kv{"UserPoolId": id}).body,
						"what is refused changes nothing")
				}
			}
			assert.Equal(t, tc.failure, failure)
		})
	}
}

// The options of a server follow the same rules.
func TestOptionsTheServiceWouldRefuse(t *testing.T) {
	t.Parallel()
	for want, on := range map[string]func(*options){
		"can't disable all MFAs": func(o *options) { o.TOTPDisabled = true },
		"Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor": func(o *options) {
			o.MFA, o.FirstFactors = types.UserPoolMfaTypeOn,
				[]types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}
		},
		"for the LITE pricing tier configured: Email MFA": func(o *options) {
			o.Tier, o.Email = types.UserPoolTierTypeLite, true
		},
		"Password should be configured as one of the allowed first auth factors.": func(o *options) {
			o.FirstFactors = []types.AuthFactorType{"EMAIL_OTP"}
		},
		"Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.": func(o *options) {
			o.AuthFlows = []types.ExplicitAuthFlowsType{"ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"}
		},
		"Required custom attributes are not supported currently.": func(o *options) {
			o.RequiredAttributes = []string{"custom:shoe"}
		},
	} {
		srv, err := cognitotest.Start(on)
		if !assert.Error(t, err, want) {
			srv.Close()
			continue
		}
		assert.Contains(t, err.Error(), "cognitotest: the options are invalid: ")
		assert.Contains(t, err.Error(), want)
	}
}

// Settings that UpdateUserPool leaves out go back to their defaults, except for those that the
// service keeps.
func TestWhatUpdateUserPoolLeavesOut(t *testing.T) {
	t.Parallel()
	srv := start(t).other(kv{
		"Policies": kv{
			"PasswordPolicy": kv{"MinimumLength": 12},
			"SignInPolicy":   kv{"AllowedFirstAuthFactors": []string{"PASSWORD", "EMAIL_OTP"}},
		},
		"AutoVerifiedAttributes": []string{"email"}, "UserPoolTier": "PLUS",
		"UserPoolTags":                kv{"team": "x"},
		"UserAttributeUpdateSettings": kv{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
		"AdminCreateUserConfig": kv{
			"AllowAdminCreateUserOnly": true,
		},
		"AccountRecoverySetting":   recoveryBy("admin_only"),
		"EmailVerificationSubject": "x", "EmailConfiguration": sender,
		"DeviceConfiguration": kv{"ChallengeRequiredOnNewDevice": true},
		"DeletionProtection":  "ACTIVE",
		"AcrConfiguration":    kv{"Level4": kv{"AcrValue": "highest"}},
	}, nil)
	srv.must("SetUserPoolMfaConfig", kv{
		"UserPoolId": srv.UserPoolID, "MfaConfiguration": "OPTIONAL",
		"SoftwareTokenMfaConfiguration": kv{"Enabled": true},
	})
	before := srv.described()
	assert.Equal(t, kv{"AcrValue": "urn:cognito:loa:3"}, before["AcrConfiguration"].(kv)["Level3"],
		"the defaults are merged in")
	assert.Equal(t, kv{"AcrValue": "highest"}, before["AcrConfiguration"].(kv)["Level4"])

	srv.must("UpdateUserPool", kv{"UserPoolId": srv.UserPoolID})
	after := srv.described()
	for _, kept := range []string{
		"Policies", "MfaConfiguration", "UserPoolTier", "UserPoolTags",
		"UserAttributeUpdateSettings", "Name",
	} {
		assert.Equal(t, before[kept], after[kept], kept)
	}
	for name, byDefault := range map[string]any{
		"AutoVerifiedAttributes": nil, "AccountRecoverySetting": nil, "DeviceConfiguration": nil,
		"EmailVerificationSubject": nil,
		"AdminCreateUserConfig": kv{
			"AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7.0,
		},
		"EmailConfiguration": kv{"EmailSendingAccount": "COGNITO_DEFAULT"},
		"DeletionProtection": "INACTIVE",
	} {
		assert.Equal(t, byDefault, after[name], name)
	}
	assert.Equal(t, kv{"AcrValue": "urn:cognito:loa:4"}, after["AcrConfiguration"].(kv)["Level4"])

	for _, half := range []kv{
		{"PasswordPolicy": kv{"MinimumLength": 20}}, firstFactors("PASSWORD"),
	} {
		srv.must("UpdateUserPool", kv{"UserPoolId": srv.UserPoolID, "Policies": half})
	}
	policies := srv.described()["Policies"].(kv)
	assert.InDelta(t, 20, policies["PasswordPolicy"].(kv)["MinimumLength"], 0,
		"one policy leaves the other as it is")
	assert.Equal(t, kv{"AllowedFirstAuthFactors": []any{"PASSWORD"}}, policies["SignInPolicy"])
}

func TestDeletionProtection(t *testing.T) {
	t.Parallel()
	srv := start(t).other(kv{"DeletionProtection": "ACTIVE"}, nil)
	pool := kv{"UserPoolId": srv.UserPoolID}
	assert.Equal(t, "ACTIVE", srv.described()["DeletionProtection"])
	assert.Equal(t,
		"InvalidParameter: The user pool cannot be deleted because deletion protection is activated. "+
			"Deletion protection must be inactivated first.",
		srv.call("DeleteUserPool", pool).failure())
	srv.must("UpdateUserPool", with(pool, "DeletionProtection", "INACTIVE"))
	srv.must("DeleteUserPool", pool)
	assert.Equal(t, "ResourceNotFound: User pool "+srv.UserPoolID+" does not exist.",
		srv.call("DescribeUserPool", pool).failure())
}

// No operation sets one of the user's last passwords again.
func TestPasswordHistory(t *testing.T) {
	t.Parallel()
	host := start(t)
	srv := host.other(
		kv{"AutoVerifiedAttributes": []string{"email"}, "Policies": kv{"PasswordPolicy": kv{
			"PasswordHistorySize": 3, "RequireLowercase": true,
		}}}, nil)
	assert.InDelta(t, 3,
		srv.described()["Policies"].(kv)["PasswordPolicy"].(kv)["PasswordHistorySize"], 0)
	nth := func(n int) string { return fmt.Sprintf("password%d", n) }
	srv.create("bob", kv{"Name": "email", "Value": "bob@example.com"},
		kv{"Name": "email_verified", "Value": "true"})
	user := kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "Permanent": true}
	for n := range 4 {
		srv.must("AdminSetUserPassword", with(user, "Password", nth(n)))
	}
	access := srv.signIn("bob", nth(3)).access()
	const reused = "PasswordHistoryPolicyViolation: Password has previously been used."
	change := func(proposed string) string {
		return srv.call("ChangePassword",
			kv{
				"AccessToken": access, "PreviousPassword": nth(3), "ProposedPassword": proposed,
			}).failure()
	}
	confirm := func(password string) string {
		srv.must("ForgotPassword", kv{"ClientId": srv.ClientID, "Username": "bob"})
		return srv.call("ConfirmForgotPassword", kv{
			"ClientId": srv.ClientID, "Username": "bob", "Password": password,
			"ConfirmationCode": host.lastCode("bob"),
		}).failure()
	}
	for n := 1; n <= 3; n++ {
		assert.Equal(t, reused, change(nth(n)), n)
		assert.Equal(t, reused, confirm(nth(n)), n)
		assert.Equal(t, reused,
			srv.call("AdminSetUserPassword", with(user, "Password", nth(n))).failure(), n)
	}
	assert.Empty(t, change(nth(0)), "three later ones were used since")
	assert.Empty(t, confirm(nth(1)), "and so on")

	srv.must("AdminSetUserPassword",
		kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "Password": "temporary"})
	session := srv.signIn("bob", "temporary").session()
	answer := func(password string) string {
		return srv.respond("NEW_PASSWORD_REQUIRED", session, "bob",
			kv{"NEW_PASSWORD": password}).failure()
	}
	assert.Equal(t, reused, answer("temporary"))
	assert.Empty(t, answer(nth(9)))
}

// If a new address must be verified first, the old one stays until the code is confirmed.
func TestVerifyBeforeUpdate(t *testing.T) {
	t.Parallel()
	host := start(t)
	srv := host.other(kv{
		"AliasAttributes": []string{"email"}, "AutoVerifiedAttributes": []string{"email"},
		"UserAttributeUpdateSettings": kv{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
	}, nil)
	srv.create("bob", kv{"Name": "email", "Value": "old@example.com"},
		kv{"Name": "email_verified", "Value": "true"})
	access := srv.tokens("bob").access()
	update := func(address string) reply {
		return srv.must("UpdateUserAttributes", kv{"AccessToken": access, "UserAttributes": []kv{
			{"Name": "email", "Value": address}, {"Name": "name", "Value": "Bob"},
		}})
	}
	verify := func(code string) string {
		return srv.call("VerifyUserAttribute",
			kv{"AccessToken": access, "AttributeName": "email", "Code": code}).failure()
	}
	sent := update("new@example.com").body["CodeDeliveryDetailsList"]
	assert.Equal(t,
		[]any{kv{"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "n***@e***"}},
		sent)
	state := host.User("bob")
	assert.Equal(t, []string{"old@example.com", "true", "Bob"},
		[]string{
			state.Attributes["email"], state.Attributes["email_verified"], state.Attributes["name"],
		})
	srv.tokens("old@example.com")

	srv.must("GetUserAttributeVerificationCode",
		kv{"AccessToken": access, "AttributeName": "email"})
	last := state.Outbox[len(state.Outbox)-1]
	again := host.User("bob").Outbox
	assert.Equal(t, "new@example.com", again[len(again)-1].Destination,
		"a code that is asked for once more goes there, too")
	if again[len(again)-1].Code != last.Code {
		assert.Equal(t, "CodeMismatch: Invalid verification code provided, please try again.",
			verify(last.Code))
	}
	assert.Empty(t, verify(host.lastCode("bob")))
	state = host.User("bob")
	assert.Equal(t, []string{"new@example.com", "true"},
		[]string{state.Attributes["email"], state.Attributes["email_verified"]})
	srv.tokens("new@example.com")

	// An administrator can set the address verified, which cancels the change that waits.
	update("third@example.com")
	waiting := host.lastCode("bob")
	admin := func(attributes ...kv) {
		srv.must("AdminUpdateUserAttributes",
			kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "UserAttributes": attributes})
	}
	admin(kv{"Name": "email", "Value": "fourth@example.com"},
		kv{"Name": "email_verified", "Value": "true"})
	assert.Equal(t, "fourth@example.com", host.User("bob").Attributes["email"])
	assert.Equal(t, "ExpiredCode: Invalid code provided, please request a code again.",
		verify(waiting))
	admin(kv{"Name": "email", "Value": "fifth@example.com"})
	assert.Equal(t, "fourth@example.com", host.User("bob").Attributes["email"])
	srv.must("DeleteUserAttributes",
		kv{"AccessToken": access, "UserAttributeNames": []string{"email"}})
	assert.Empty(t, host.User("bob").Attributes["email"])
}

// The ARN of a pool names the partition of its Region.
func TestARN(t *testing.T) {
	t.Parallel()
	for region, partition := range map[string]string{
		"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
	} {
		srv := start(t, func(o *options) { o.Region = region })
		assert.Equal(t,
			"arn:"+partition+":cognito-idp:"+region+":123456789012:userpool/"+srv.UserPoolID,
			srv.described()["Arn"])
	}
}

// Tags are records.
func TestTags(t *testing.T) {
	t.Parallel()
	srv := start(t).other(kv{"UserPoolTags": kv{"team": "identity", "stage": "test"}}, nil)
	arn := srv.described()["Arn"]
	assert.Equal(t, "arn:aws:cognito-idp:us-east-1:123456789012:userpool/"+srv.UserPoolID, arn)
	resource := kv{"ResourceArn": arn}
	tags := func() any { return srv.must("ListTagsForResource", resource).body["Tags"] }
	assert.Equal(t, kv{"team": "identity", "stage": "test"}, tags())
	srv.must("TagResource", with(resource, "Tags", kv{"stage": "production", "owner": "ann"}))
	srv.must("UntagResource", with(resource, "TagKeys", []string{"team", "nothing"}))
	assert.Equal(t, kv{"stage": "production", "owner": "ann"}, tags())
	assert.Equal(t, tags(), srv.described()["UserPoolTags"])

	many := kv{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	assert.Equal(t, "InvalidParameter: A user pool cannot have more than 50 tags.",
		srv.call("TagResource", with(resource, "Tags", many)).failure())
	assert.Equal(t, "InvalidParameter: A user pool cannot have more than 50 tags.",
		srv.call("CreateUserPool",
			kv{"PoolName": "x", "UserPoolTags": with(many, "50", "")}).failure())
	for _, operation := range []string{"TagResource", "UntagResource", "ListTagsForResource"} {
		nowhere := kv{"ResourceArn": fmt.Sprint(arn, "x"), "Tags": kv{}, "TagKeys": []string{}}
		assert.Equal(t, "ResourceNotFound: There is no user pool with this ARN.",
			srv.call(operation, nowhere).failure())
	}
}

// Unsimulated settings are kept if the options say so, and Calls lists them.
func TestAcceptUnsimulated(t *testing.T) {
	t.Parallel()
	triggers := kv{"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:x"}
	for _, accept := range []bool{false, true} {
		srv := start(t, func(o *options) { o.AcceptUnsimulated = accept })
		r := srv.call("CreateUserPool", kv{"PoolName": "x", "LambdaConfig": triggers})
		calls := srv.Calls()
		if !accept {
			assert.Equal(t, "InvalidParameter: cognitotest does not simulate LambdaConfig; "+
				"with Options.AcceptUnsimulated, or the flag -accept-unsimulated, "+
				"it keeps and describes such settings without acting on them.", r.failure())
			assert.Empty(t, calls[len(calls)-1].Unsimulated)
			continue
		}
		assert.Equal(t, triggers, r.body["UserPool"].(kv)["LambdaConfig"])
		assert.Equal(t, []string{"LambdaConfig"}, calls[len(calls)-1].Unsimulated)
		listed := srv.must("ListUserPools", kv{"MaxResults": 60}).body["UserPools"].([]any)
		assert.Contains(t, []any{listed[0].(kv)["LambdaConfig"], listed[1].(kv)["LambdaConfig"]},
			any(triggers))
	}
	accepting := listen(t, func(o *options) { o.AcceptUnsimulated = true })
	create := kv{"PoolName": "x", "LambdaConfig": triggers}
	for name, tc := range map[string]struct {
		fault cognitotest.Fault
		kept  []string
	}{
		"not served": {fault: cognitotest.Throttle()},
		"served, and the response is an error": {
			fault: cognitotest.ErrorAfter("InternalErrorException", "x"),
			kept:  []string{"LambdaConfig"},
		},
	} {
		accepting.Fail("CreateUserPool", tc.fault)
		accepting.call("CreateUserPool", create)
		calls := accepting.Calls()
		assert.Equal(t, tc.kept, calls[len(calls)-1].Unsimulated, name)
	}
	accepting.Fail("CreateUserPool", cognitotest.DropBefore())
	_, err := accepting.Client(once).CreateUserPool(t.Context(),
		&cognitoidentityprovider.CreateUserPoolInput{
			PoolName:     aws.String("x"),
			LambdaConfig: &types.LambdaConfigType{PreSignUp: aws.String("arn:aws:lambda:x:1:y")},
		})
	require.Error(t, err)
	calls := accepting.Calls()
	assert.Empty(t, calls[len(calls)-1].Unsimulated, "dropped before it was served")

	srv := start(t)
	assert.Equal(t,
		"InvalidParameter: cognitotest does not simulate WebAuthnMfaSettings: no user has a passkey.",
		srv.call("SetUserMFAPreference",
			kv{
				"AccessToken":         srv.tokens("alice").access(),
				"WebAuthnMfaSettings": kv{"Enabled": true},
			}).failure())
	srv.must("SetUserMFAPreference",
		kv{
			"AccessToken":         srv.tokens("alice").access(),
			"WebAuthnMfaSettings": kv{"Enabled": false},
		})
}
