package cognitotest_test

import (
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const noDevice = "ResourceNotFound: Device does not exist."

// trusting makes a pool whose remembered devices replace the second factor.
func trusting(o *options) {
	o.Devices = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true}
}

// testDevice is what a client stores about its device.
type testDevice struct{ key, group, password string }

// newDevice returns the device whose key came with the tokens of a sign-in.
func newDevice(r reply) testDevice {
	metadata := func(name string) string {
		return r.text("AuthenticationResult", "NewDeviceMetadata", name)
	}
	return testDevice{
		key: metadata("DeviceKey"), group: metadata("DeviceGroupKey"),
		password: "the device's own secret",
	}
}

// verifier returns the verifier of a device's password, for the server.
func (d testDevice) verifier() kv {
	salt := big.NewInt(0x00ff1234)
	x := new(big.Int).SetBytes(
		sha256sum(padHex(salt), sha256sum([]byte(d.group+d.key+":"+d.password))))
	v := new(big.Int).Exp(big.NewInt(2), x, definedModulus())
	return kv{
		"PasswordVerifier": base64.StdEncoding.EncodeToString(padHex(v)),
		"Salt":             base64.StdEncoding.EncodeToString(padHex(salt)),
	}
}

func (f fake) confirmDevice(access string, d testDevice) reply {
	f.t.Helper()
	return f.call("ConfirmDevice", kv{
		"AccessToken": access, "DeviceKey": d.key, "DeviceName": "laptop",
		"DeviceSecretVerifierConfig": d.verifier(),
	})
}

// deviceClaim begins SRP for a device and returns the answer to its challenge.
func (f fake) deviceClaim(d testDevice, begun reply, password string) kv {
	f.t.Helper()
	s := newSRPClient()
	challenge := f.respond("DEVICE_SRP_AUTH", begun.session(), "alice",
		kv{"DEVICE_KEY": d.key, "SRP_A": s.A.Text(16)})
	require.Equal(f.t, "DEVICE_PASSWORD_VERIFIER", challenge.text("ChallengeName"), "%s",
		challenge.raw)
	parameter := func(name string) string { return challenge.text("ChallengeParameters", name) }
	require.Equal(f.t, d.key, parameter("DEVICE_KEY"))
	block, err := base64.StdEncoding.DecodeString(parameter("SECRET_BLOCK"))
	require.NoError(f.t, err)
	stamp := f.srpStamp()
	key := s.key(f.t, d.group, d.key, password, parameter("SALT"), parameter("SRP_B"))
	return kv{
		"USERNAME": parameter("USERNAME"), "DEVICE_KEY": d.key, "TIMESTAMP": stamp,
		"PASSWORD_CLAIM_SECRET_BLOCK": parameter("SECRET_BLOCK"),
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(hmacSum(
			key, []byte(d.group+d.key), block, []byte(stamp),
		)),
	}
}

func (f fake) deviceAnswer(claim kv) reply {
	f.t.Helper()
	return f.call("RespondToAuthChallenge", kv{
		"ClientId": f.ClientID, "ChallengeName": "DEVICE_PASSWORD_VERIFIER",
		"ChallengeResponses": claim,
	})
}

// signInOn signs alice in by SRP on a device.
func (f fake) signInOn(d testDevice) reply {
	f.t.Helper()
	s := newSRPClient()
	return f.srpAnswer(with(f.srpClaim(s, f.srpInit(s, "alice"), password), "DEVICE_KEY", d.key))
}

// passwordOn signs alice in by password on a device.
func (f fake) passwordOn(d testDevice) reply {
	f.t.Helper()
	return f.call("InitiateAuth",
		kv{"ClientId": f.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
			"USERNAME": "alice", "PASSWORD": password, "DEVICE_KEY": d.key,
		}})
}

// onDevice starts a server whose user alice has an authenticator and a confirmed device.
func onDevice(t *testing.T, optFns ...func(*options)) (fake, testDevice, reply) {
	t.Helper()
	srv := withTOTP(t, optFns...)
	r := srv.code(srv.srpSignIn("alice", password).session(), srv.Code("alice"))
	d := newDevice(r)
	require.NotEmpty(t, d.key, "%s", r.raw)
	confirmed := srv.confirmDevice(r.access(), d)
	require.Empty(t, confirmed.failure())
	require.Contains(t, confirmed.body, "UserConfirmationNecessary")
	return srv, d, r
}

// A remembered device replaces the second factor after a password by SRP.
func TestDevice(t *testing.T) {
	t.Parallel()
	srv, d, first := onDevice(t, trusting)
	assert.Regexp(t, `^us-east-1_[0-9a-f]{8}-[0-9a-f-]{27}$`, d.key)
	assert.Equal(t, d.key, payload(first.access())["device_key"])

	begun := srv.signInOn(d)
	require.Equal(t, "DEVICE_SRP_AUTH", begun.text("ChallengeName"), "%s", begun.raw)
	r := srv.deviceAnswer(srv.deviceClaim(d, begun, d.password))
	require.NotEmpty(t, r.access(), "%s", r.raw)
	assert.NotContains(t, r.body["AuthenticationResult"], "NewDeviceMetadata")
	assert.Equal(t, d.key, payload(r.access())["device_key"])

	byChoice := srv.userAuth("alice",
		kv{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password, "DEVICE_KEY": d.key})
	for name, begun := range map[string]reply{"password": srv.passwordOn(d), "choice": byChoice} {
		require.Equal(t, "SOFTWARE_TOKEN_MFA", begun.text("ChallengeName"), "%s: %s", name,
			begun.raw)
		srv.Advance(time.Minute)
		r := srv.code(begun.session(), srv.Code("alice"))
		assert.Equal(t, d.key, payload(r.access())["device_key"],
			"%s: the tokens name the device all the same", name)
	}
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", srv.signIn("alice", password).text("ChallengeName"),
		"without the device")
	assert.Equal(t, incorrect, srv.call("InitiateAuth", kv{
		"ClientId": srv.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
			"USERNAME": "alice", "PASSWORD": "wrong", "DEVICE_KEY": d.key,
		},
	}).failure())
}

// Even if a device does not replace the second factor, the tokens name it.
func TestDeviceThatReplacesNothing(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]types.DeviceConfigurationType{
		"tracked only": {},
		"not remembered yet": {
			ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true,
		},
		"neither, on request": {DeviceOnlyRememberedOnUserPrompt: true},
	} {
		srv, d, first := onDevice(t, func(o *options) { o.Devices = &config })
		begun := srv.signInOn(d)
		require.Equal(t, "SOFTWARE_TOKEN_MFA", begun.text("ChallengeName"), name)
		r := srv.code(begun.session(), srv.NextCode("alice"))
		require.NotEmpty(t, r.access(), name)
		assert.NotContains(t, r.body["AuthenticationResult"], "NewDeviceMetadata", name)
		assert.Equal(t, d.key, payload(r.access())["device_key"], name)

		srv.must("UpdateDeviceStatus", kv{
			"AccessToken": first.access(), "DeviceKey": d.key,
			"DeviceRememberedStatus": "remembered",
		})
		expect := map[bool]string{
			true: "DEVICE_SRP_AUTH", false: "SOFTWARE_TOKEN_MFA",
		}[config.ChallengeRequiredOnNewDevice]
		assert.Equal(t, expect, srv.signInOn(d).text("ChallengeName"), name)
		srv.must("UpdateDeviceStatus", kv{
			"AccessToken": first.access(), "DeviceKey": d.key,
			"DeviceRememberedStatus": "not_remembered",
		})
		assert.Equal(t, "SOFTWARE_TOKEN_MFA", srv.signInOn(d).text("ChallengeName"), name)
	}
}

// By default, pools do not track devices.
func TestNoDevices(t *testing.T) {
	t.Parallel()
	srv := start(t)
	r := srv.tokens("alice")
	assert.NotContains(t, r.body["AuthenticationResult"], "NewDeviceMetadata")
	assert.NotContains(t, payload(r.access()), "device_key")
	d := testDevice{key: "us-east-1_0badcafe", group: "-x", password: "x"}
	assert.NotEmpty(t, srv.signInOn(d).access(), "a key is no matter")
	assert.Equal(t, "InvalidParameter: Invalid device key given.",
		srv.confirmDevice(r.access(), d).failure())
	assert.Nil(t, srv.IssueTokens("alice").NewDeviceMetadata)
}

func TestDeviceRefusals(t *testing.T) {
	t.Parallel()
	srv, d, first := onDevice(t, trusting, frozen)
	s := newSRPClient()
	srv.AddUser(cognitotest.User{Username: "mallory", Password: password})
	mallory := srv.tokens("mallory")
	const missing = "InvalidParameter: Missing required parameter "

	unknown := testDevice{key: "us-east-1_0badcafe"}
	for _, signIn := range []func(testDevice) reply{srv.signInOn, srv.passwordOn} {
		assert.Equal(t, noDevice, signIn(unknown).failure())
		assert.Equal(t, noDevice, signIn(newDevice(mallory)).failure(), "a key of somebody else")
	}
	challenge := srv.srpInit(s, "alice")
	claim := srv.srpClaim(s, challenge, password)
	assert.Equal(t, noDevice, srv.srpAnswer(with(claim, "DEVICE_KEY", unknown.key)).failure())
	assert.Equal(
		t, "SOFTWARE_TOKEN_MFA", srv.srpAnswer(claim).text("ChallengeName"),
		"the client tries again without the device",
	)

	session := srv.signInOn(d).session()
	for name, tc := range map[string]struct {
		responses kv
		failure   string
	}{
		"no SRP_A":  {kv{"DEVICE_KEY": d.key}, missing + "SRP_A"},
		"no device": {kv{"SRP_A": "2"}, missing + "DEVICE_KEY"},
		"no public key": {
			kv{"DEVICE_KEY": d.key, "SRP_A": "0"},
			"InvalidParameter: SRP_A is not a valid public key.",
		},
		"an unknown device": {kv{"DEVICE_KEY": unknown.key, "SRP_A": "2"}, noDevice},
	} {
		assert.Equal(t, tc.failure,
			srv.respond("DEVICE_SRP_AUTH", session, "alice", tc.responses).failure(), name)
	}
	assert.Equal(
		t, invalidSession,
		srv.respond("DEVICE_SRP_AUTH", session, "mallory",
			kv{"DEVICE_KEY": d.key, "SRP_A": "2"}).failure(),
	)
	assert.Equal(
		t, invalidSession,
		srv.respond("SOFTWARE_TOKEN_MFA", session, "alice",
			kv{"SOFTWARE_TOKEN_MFA_CODE": "123456"}).failure(),
	)

	begin := func() reply { return srv.signInOn(d) }
	assert.Equal(t, incorrect, srv.deviceAnswer(srv.deviceClaim(d, begin(), "wrong")).failure())
	assert.Zero(t, srv.User("alice").FailedPasswordTries, "that was no password")
	right := srv.deviceClaim(d, begin(), d.password)
	for name, tc := range map[string]struct {
		claim   kv
		failure string
	}{
		"no device": {with(right, "DEVICE_KEY", ""), missing + "DEVICE_KEY"},
		"no signature": {
			with(right, "PASSWORD_CLAIM_SIGNATURE", ""), missing + "PASSWORD_CLAIM_SIGNATURE",
		},
		"an unknown device": {with(right, "DEVICE_KEY", unknown.key), noDevice},
		"another user":      {with(right, "USERNAME", "mallory"), incorrect},
		"nobody":            {with(right, "USERNAME", "nobody"), incorrect},
		"another time":      {with(right, "TIMESTAMP", "Mon Sep 21 01:00:00 UTC 2026"), incorrect},
		"the block of a password": {
			with(right, "PASSWORD_CLAIM_SECRET_BLOCK",
				challenge.text("ChallengeParameters", "SECRET_BLOCK")),
			incorrect,
		},
	} {
		assert.Equal(t, tc.failure, srv.deviceAnswer(tc.claim).failure(), name)
	}
	assert.Equal(
		t, incorrect, srv.srpAnswer(with(right, "DEVICE_KEY", "")).failure(),
		"nor is a device's block good for a password",
	)
	require.NotEmpty(t, srv.deviceAnswer(right).access(), "none of that used it up")
	assert.Equal(t, usedSession, srv.deviceAnswer(right).failure())

	for name, change := range map[string]struct {
		do      func()
		failure string
	}{
		"expired": {func() { srv.Advance(3 * time.Minute) }, expiredSession},
		"disabled": {
			func() { srv.must("AdminDisableUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"}) },
			"NotAuthorized: User is disabled.",
		},
		"not remembered": {func() {
			srv.must("AdminUpdateDeviceStatus", kv{
				"UserPoolId": srv.UserPoolID, "Username": "alice", "DeviceKey": d.key,
				"DeviceRememberedStatus": "not_remembered",
			})
		}, incorrect},
	} {
		claim := srv.deviceClaim(d, begin(), d.password)
		change.do()
		assert.Equal(t, change.failure, srv.deviceAnswer(claim).failure(), name)
		srv.must("AdminEnableUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
		srv.must("AdminUpdateDeviceStatus", kv{
			"UserPoolId": srv.UserPoolID, "Username": "alice", "DeviceKey": d.key,
			"DeviceRememberedStatus": "remembered",
		})
	}

	claim, begun := srv.deviceClaim(d, begin(), d.password), begin()
	srv.must("AdminForgetDevice",
		kv{"UserPoolId": srv.UserPoolID, "Username": "alice", "DeviceKey": d.key})
	assert.Equal(t, noDevice, srv.deviceAnswer(claim).failure())
	assert.Equal(
		t, noDevice,
		srv.respond("DEVICE_SRP_AUTH", begun.session(), "alice",
			kv{"DEVICE_KEY": d.key, "SRP_A": "2"}).failure(),
	)
	assert.Equal(t, "NotAuthorized: Access Token has been revoked",
		srv.confirmDevice(first.access(), d).failure())
}

func TestConfirmDevice(t *testing.T) {
	t.Parallel()
	srv := start(t, trusting)
	r := srv.srpSignIn("alice", password)
	d := newDevice(r)
	const invalid = "InvalidParameter: DeviceSecretVerifierConfig is not valid."
	encode := base64.StdEncoding.EncodeToString
	n := definedModulus()
	for name, config := range map[string]kv{
		"none":        {},
		"no salt":     with(d.verifier(), "Salt", ""),
		"not Base64":  with(d.verifier(), "Salt", "%"),
		"no verifier": with(d.verifier(), "PasswordVerifier", ""),
		"zero":        with(d.verifier(), "PasswordVerifier", encode(make([]byte, 384))),
		"the modulus": with(d.verifier(), "PasswordVerifier", encode(n.Bytes())),
		"a huge verifier": with(d.verifier(), "PasswordVerifier",
			strings.Repeat("A", 4)+strings.Repeat("/", 100_000)),
	} {
		assert.Equal(
			t, invalid,
			srv.call("ConfirmDevice", kv{
				"AccessToken": r.access(), "DeviceKey": d.key, "DeviceSecretVerifierConfig": config,
			}).failure(),
			name,
		)
	}
	other := newDevice(srv.srpSignIn("alice", password))
	assert.NotEqual(t, d.key, other.key)
	assert.Equal(
		t, "InvalidParameter: Invalid device key given.",
		srv.confirmDevice(r.access(), other).failure(),
		"of another sign-in",
	)
	assert.Equal(t, false, srv.confirmDevice(r.access(), d).body["UserConfirmationNecessary"])
	assert.Equal(t, false, srv.confirmDevice(r.access(), d).body["UserConfirmationNecessary"],
		"once more")
	assert.Len(t, srv.must("ListDevices", kv{"AccessToken": r.access()}).body["Devices"], 1)

	r = srv.call("ConfirmDevice", kv{"AccessToken": r.access(), "DeviceKey": "no key"})
	long := srv.call("ConfirmDevice", kv{
		"AccessToken": "x", "DeviceKey": d.key, "DeviceName": strings.Repeat("x", 1025),
	})
	assert.Contains(
		t, long.failure(),
		"at 'deviceName' failed to satisfy constraint: Member must have length less than or equal to 1024",
	)
	assert.Equal(
		t,
		"InvalidParameter: 1 validation error detected: Value 'no key' at 'deviceKey' failed to satisfy "+
			"constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-f-]+",
		r.failure(),
	)
}

// The calls about devices, by the user and by an administrator.
func TestDeviceCalls(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen)
	made := srv.must("CreateUserPool", kv{"PoolName": "devices", "DeviceConfiguration": kv{
		"ChallengeRequiredOnNewDevice": false, "DeviceOnlyRememberedOnUserPrompt": true,
	}})
	assert.Equal(
		t, kv{"ChallengeRequiredOnNewDevice": false, "DeviceOnlyRememberedOnUserPrompt": true},
		made.body["UserPool"].(kv)["DeviceConfiguration"],
	)
	pool := made.text("UserPool", "Id")
	app := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": pool, "ClientName": "app",
		"ExplicitAuthFlows": []string{"USER_PASSWORD_AUTH"},
	}).text("UserPoolClient", "ClientId")
	srv.ClientID = app
	srv.must("AdminCreateUser", kv{"UserPoolId": pool, "Username": "bob"})
	srv.must("AdminSetUserPassword",
		kv{"UserPoolId": pool, "Username": "bob", "Password": password, "Permanent": true})

	var access string
	keys := map[any]bool{}
	for range 3 {
		tokens := srv.IssueTokens("bob")
		d := testDevice{
			key:   *tokens.NewDeviceMetadata.DeviceKey,
			group: *tokens.NewDeviceMetadata.DeviceGroupKey, password: "secret",
		}
		access = *tokens.AccessToken
		assert.Equal(t, true, srv.confirmDevice(access, d).body["UserConfirmationNecessary"])
		keys[d.key] = true
	}
	for kind, who := range map[string]kv{
		"": {"AccessToken": access}, "Admin": {"UserPoolId": pool, "Username": "bob"},
	} {
		call := func(operation string, more kv) reply {
			for name, value := range who {
				more = with(more, name, value)
			}
			return srv.call(kind+operation, more)
		}
		listed := map[any]bool{}
		var token any
		for token = call("ListDevices", kv{"Limit": 2}).body["PaginationToken"]; token != nil; {
			page := call("ListDevices", kv{"Limit": 2, "PaginationToken": token})
			token = page.body["PaginationToken"]
			for _, d := range page.body["Devices"].([]any) {
				listed[d.(kv)["DeviceKey"]] = true
			}
		}
		for _, d := range call("ListDevices", kv{"Limit": 2}).body["Devices"].([]any) {
			listed[d.(kv)["DeviceKey"]] = true
		}
		assert.Equal(t, keys, listed)

		var key any
		for key = range keys {
			break
		}
		require.Empty(
			t,
			call("UpdateDeviceStatus",
				kv{"DeviceKey": key, "DeviceRememberedStatus": "remembered"}).failure(),
		)
		d, _ := call("GetDevice", kv{"DeviceKey": key}).body["Device"].(kv)
		assert.Equal(t, kv{
			"DeviceKey": key, "DeviceCreateDate": 1790000010.0,
			"DeviceLastModifiedDate": 1790000010.0, "DeviceLastAuthenticatedDate": 1790000010.0,
			"DeviceAttributes": []any{
				kv{"Name": "device_status", "Value": "valid"},
				kv{"Name": "device_name", "Value": "laptop"},
				kv{"Name": "dev:device_remembered_status", "Value": "remembered"},
			},
		}, d)
		require.Empty(t, call("ForgetDevice", kv{"DeviceKey": key}).failure())
		delete(keys, key)
		for _, operation := range []string{"GetDevice", "ForgetDevice", "UpdateDeviceStatus"} {
			assert.Equal(t, noDevice, call(operation, kv{"DeviceKey": key}).failure(), operation)
		}
		assert.Contains(
			t,
			call("UpdateDeviceStatus",
				kv{"DeviceKey": key, "DeviceRememberedStatus": "maybe"}).failure(),
			"enum value set: [remembered, not_remembered]",
		)
	}
	assert.Equal(t, "NotAuthorized: Invalid Access Token",
		srv.call("ListDevices", kv{"AccessToken": "x"}).failure())
	assert.Equal(
		t, "UserNotFound: User does not exist.",
		srv.call("AdminListDevices", kv{"UserPoolId": pool, "Username": "nobody"}).failure(),
	)
}

// A refresh token works with its device, once that is confirmed.
func TestDeviceRefresh(t *testing.T) {
	t.Parallel()
	const invalid = "NotAuthorized: Invalid Refresh Token"
	srv := start(t, trusting)
	r := srv.srpSignIn("alice", password)
	d := newDevice(r)
	byFlow := func(key string) reply {
		return srv.call("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
			"AuthParameters": kv{"REFRESH_TOKEN": r.refresh(), "DEVICE_KEY": key},
		})
	}
	byCall := func(key string) reply {
		body := kv{"ClientId": srv.ClientID, "RefreshToken": r.refresh()}
		if key != "" {
			body["DeviceKey"] = key
		}
		return srv.call("GetTokensFromRefreshToken", body)
	}
	for name, refresh := range map[string]func(string) reply{"flow": byFlow, "call": byCall} {
		assert.Equal(t, invalid, refresh(d.key).failure(), "%s: not confirmed", name)
	}
	require.Empty(t, srv.confirmDevice(r.access(), d).failure())
	for name, refresh := range map[string]func(string) reply{"flow": byFlow, "call": byCall} {
		assert.Equal(t, invalid, refresh("").failure(), name)
		assert.Equal(t, invalid, refresh("us-east-1_0badcafe").failure(), name)
		fresh := refresh(d.key)
		require.NotEmpty(t, fresh.access(), name)
		assert.Equal(t, d.key, payload(fresh.access())["device_key"], name)
		assert.NotContains(t, fresh.body["AuthenticationResult"], "NewDeviceMetadata", name)
	}
	srv.must("ForgetDevice", kv{"AccessToken": r.access(), "DeviceKey": d.key})
	assert.Equal(t, invalid, byFlow(d.key).failure(), "forgotten")
	assert.NotNil(t, srv.IssueTokens("alice").NewDeviceMetadata)
}

// USER_AUTH supports devices, too.
func TestDeviceByChoice(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor,
		func(o *options) { o.Devices = &types.DeviceConfigurationType{} })
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Email: "bob@example.com"})
	first := srv.srpSignIn("bob", password)
	d := newDevice(first)
	require.Empty(t, srv.confirmDevice(first.access(), d).failure())
	unknown := "us-east-1_0badcafe"

	session := srv.userAuth("bob", prefer("PASSWORD")).session()
	assert.Equal(
		t, noDevice,
		srv.respond("PASSWORD", session, "bob",
			kv{"PASSWORD": password, "DEVICE_KEY": unknown}).failure(),
	)
	r := srv.respond("PASSWORD", session, "bob", kv{"PASSWORD": password, "DEVICE_KEY": d.key})
	assert.Equal(t, d.key, payload(r.access())["device_key"],
		"the client tries again on the same session")

	session = srv.userAuth("bob", prefer("EMAIL_OTP")).session()
	code := srv.lastCode("bob")
	assert.Equal(
		t, noDevice,
		srv.respond("EMAIL_OTP", session, "bob",
			kv{"EMAIL_OTP_CODE": code, "DEVICE_KEY": unknown}).failure(),
	)
	r = srv.respond("EMAIL_OTP", session, "bob", kv{"EMAIL_OTP_CODE": code, "DEVICE_KEY": d.key})
	assert.Equal(t, d.key, payload(r.access())["device_key"])
	assert.NotContains(t, r.body["AuthenticationResult"], "NewDeviceMetadata")
}

// As in the service, a device cannot be confirmed unless the password was proved by SRP in a flow
// that supports devices, and then every refresh of the sign-in is refused.
func TestConfirmDeviceRequiresSRP(t *testing.T) {
	t.Parallel()
	srv := start(t, trusting)
	s := newSRPClient()
	custom := srv.call("InitiateAuth",
		kv{"ClientId": srv.ClientID, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": kv{
			"USERNAME": "alice", "CHALLENGE_NAME": "SRP_A", "SRP_A": s.A.Text(16),
		}})
	byChoice := srv.userAuth("alice",
		kv{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": s.A.Text(16)})
	issued := srv.IssueTokens("alice")
	for name, tc := range map[string]struct {
		tokens    reply
		confirmed bool
	}{
		"USER_SRP_AUTH":      {srv.srpSignIn("alice", password), true},
		"CUSTOM_AUTH":        {srv.srpAnswer(srv.srpClaim(s, custom, password)), true},
		"USER_PASSWORD_AUTH": {srv.tokens("alice"), false},
		"USER_AUTH":          {srv.srpAnswer(srv.srpClaim(s, byChoice, password)), false},
		"IssueTokens": {reply{body: kv{"AuthenticationResult": kv{
			"AccessToken": *issued.AccessToken, "RefreshToken": *issued.RefreshToken,
			"NewDeviceMetadata": kv{
				"DeviceKey":      *issued.NewDeviceMetadata.DeviceKey,
				"DeviceGroupKey": *issued.NewDeviceMetadata.DeviceGroupKey,
			},
		}}}, true},
	} {
		d := newDevice(tc.tokens)
		require.NotEmpty(t, d.key, "%s: the key comes all the same", name)
		failure := map[bool]string{false: "InvalidParameter: Invalid device key given."}[tc.confirmed]
		assert.Equal(t, failure, srv.confirmDevice(tc.tokens.access(), d).failure(), name)
		refresh := kv{
			"ClientId": srv.ClientID, "RefreshToken": tc.tokens.refresh(), "DeviceKey": d.key,
		}
		failure = map[bool]string{false: "NotAuthorized: Invalid Refresh Token"}[tc.confirmed]
		assert.Equal(t, failure, srv.call("GetTokensFromRefreshToken", refresh).failure(), name)
	}
}

// A device that was remembered before there was a second factor replaces every code but the first.
func TestDeviceFromBeforeMFA(t *testing.T) {
	t.Parallel()
	srv := start(t, trusting, frozen)
	first := srv.srpSignIn("alice", password)
	d := newDevice(first)
	require.Empty(t, srv.confirmDevice(first.access(), d).failure())
	require.Equal(t, "DEVICE_SRP_AUTH", srv.signInOn(d).text("ChallengeName"),
		"there is no second factor yet")
	srv.enrol(first.access())

	begun := srv.signInOn(d)
	require.Equal(t, "SOFTWARE_TOKEN_MFA", begun.text("ChallengeName"))
	require.NotEmpty(t, srv.code(begun.session(), srv.NextCode("alice")).access())
	begun = srv.signInOn(d)
	require.Equal(t, "DEVICE_SRP_AUTH", begun.text("ChallengeName"))
	require.NotEmpty(t, srv.deviceAnswer(srv.deviceClaim(d, begun, d.password)).access())
	assert.Equal(t, "DEVICE_SRP_AUTH", srv.signInOn(d).text("ChallengeName"))
}

// A device replaces codes by SMS and of an authenticator, codes by email only with a quirk, and
// never a set-up.
func TestWhatADeviceReplaces(t *testing.T) {
	t.Parallel()
	const totp, sms, email = "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"
	for name, tc := range map[string]struct {
		methods   []string
		preferred string
		quirk     bool
		expect    string
	}{
		"TOTP":                {methods: []string{totp}, expect: "DEVICE_SRP_AUTH"},
		"SMS":                 {methods: []string{sms}, expect: "DEVICE_SRP_AUTH"},
		"email":               {methods: []string{email}, expect: email},
		"email, by the quirk": {methods: []string{email}, quirk: true, expect: "DEVICE_SRP_AUTH"},
		"email preferred":     {methods: []string{totp, email}, preferred: email, expect: email},
		"TOTP preferred": {
			methods: []string{totp, email}, preferred: totp, expect: "DEVICE_SRP_AUTH",
		},
		"none preferred":        {methods: []string{totp, email}, expect: "DEVICE_SRP_AUTH"},
		"no factor, though one": {methods: []string{}, expect: "MFA_SETUP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quirk := func(o *options) { o.Quirks.DeviceSparesEmail = tc.quirk }
			srv := withTOTP(t, trusting, everyFactor, frozen, quirk)
			admin := kv{"UserPoolId": srv.UserPoolID, "Username": "alice"}
			r := srv.code(srv.srpSignIn("alice", password).session(), srv.Code("alice"))
			d := newDevice(r)
			require.Empty(t, srv.confirmDevice(r.access(), d).failure())
			srv.must("AdminUpdateUserAttributes", with(admin, "UserAttributes", []kv{
				named("email", "alice@example.com"), named("phone_number", "+15550001234"),
			}))
			setting := func(method string) kv {
				on := strings.Contains(strings.Join(tc.methods, " "), method)
				return kv{"Enabled": on, "PreferredMfa": on && method == tc.preferred}
			}
			preference := with(with(admin, "SMSMfaSettings", setting(sms)), "EmailMfaSettings",
				setting(email))
			srv.must("AdminSetUserMFAPreference",
				with(preference, "SoftwareTokenMfaSettings", setting(totp)))
			if len(tc.methods) == 0 {
				srv.must("AdminDeleteSoftwareToken", admin)
				srv.must("SetUserPoolMfaConfig", kv{
					"UserPoolId": srv.UserPoolID, "MfaConfiguration": "ON",
					"SoftwareTokenMfaConfiguration": kv{"Enabled": true},
				})
			}
			assert.Equal(t, tc.expect, srv.signInOn(d).text("ChallengeName"))
		})
	}
}

// A refresh token and a page of the list belong to one device and to one user. Another device of
// the user's does not do, nor does another user who has devices.
func TestDevicesApart(t *testing.T) {
	t.Parallel()
	srv := start(t, trusting)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	signedIn := func(username string) (reply, testDevice) {
		r := srv.srpSignIn(username, password)
		d := newDevice(r)
		require.Empty(t, srv.confirmDevice(r.access(), d).failure())
		return r, d
	}
	first, laptop := signedIn("alice")
	_, phone := signedIn("alice")
	refresh := kv{
		"ClientId": srv.ClientID, "RefreshToken": first.refresh(), "DeviceKey": phone.key,
	}
	assert.Equal(t, "NotAuthorized: Invalid Refresh Token",
		srv.call("GetTokensFromRefreshToken", refresh).failure())
	srv.must("GetTokensFromRefreshToken", with(refresh, "DeviceKey", laptop.key))

	others, _ := signedIn("bob")
	signedIn("bob")
	page := kv{"AccessToken": first.access(), "Limit": 1}
	page = with(page, "PaginationToken", srv.must("ListDevices", page).text("PaginationToken"))
	srv.must("ListDevices", page)
	assert.Equal(t, "InvalidParameter: Invalid pagination token.",
		srv.call("ListDevices", with(page, "AccessToken", others.access())).failure())
}
