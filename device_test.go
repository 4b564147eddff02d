package cognitomfa_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Device tracking of a pool. With optIn the user decides whether a device is remembered.
var (
	alwaysTracked = types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true}
	optIn         = types.DeviceConfigurationType{
		ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true,
	}
)

// devicePool is a pool that tracks devices, with an SRP client and the user alice, who has an
// authenticator.
type devicePool struct {
	*cognitotest.Server
	*cognitomfa.Client
	wire *wireTap
}

func newDevicePool(
	t *testing.T, devices types.DeviceConfigurationType, optFns ...poolOption,
) devicePool {
	t.Helper()
	tracking := func(o *cognitotest.Options) { o.Devices = &devices }
	srv, _ := newPoolWith(t, totpUser, append(optFns, tracking)...)
	wire := &wireTap{}
	client := newFlowClient(t, srv, cognitomfa.FlowSRP, quickRetries, wire.attach)
	return devicePool{Server: srv, Client: client, wire: wire}
}

func withDevice(d *cognitomfa.Device) func(*cognitomfa.SignInOptions) {
	return func(o *cognitomfa.SignInOptions) { o.Device = d }
}

func refreshWithDevice(d *cognitomfa.Device) func(*cognitomfa.RefreshOptions) {
	return func(o *cognitomfa.RefreshOptions) { o.Device = d }
}

func answerWithDevice(d *cognitomfa.Device) func(*cognitomfa.AnswerOptions) {
	return func(o *cognitomfa.AnswerOptions) { o.Device = d }
}

// signInWithCode signs alice in with her password and a code.
func (p devicePool) signInWithCode(t *testing.T) *cognitomfa.Tokens {
	t.Helper()
	outcome, err := p.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = p.RespondMFA(t.Context(), ch, p.nextCode())
	return as[*cognitomfa.Tokens](t, outcome, err)
}

// nextCode returns the next code of alice's authenticator.
func (p devicePool) nextCode() string {
	p.Advance(codePeriod)
	return p.Code("alice")
}

// rememberNewDevice signs alice in and remembers the device.
func (p devicePool) rememberNewDevice(t *testing.T) (*cognitomfa.Device, *cognitomfa.Tokens) {
	t.Helper()
	tokens := p.signInWithCode(t)
	require.NotEmpty(t, tokens.DeviceKey)
	device, err := p.RememberDevice(t.Context(), tokens, "Firefox on Linux")
	require.NoError(t, err)
	p.ResetCalls()
	return device, tokens
}

// forget makes an administrator's call to forget alice's device.
func (p devicePool) forget(t *testing.T, d *cognitomfa.Device) {
	t.Helper()
	_, err := p.Server.Client().AdminForgetDevice(t.Context(), &cip.AdminForgetDeviceInput{
		UserPoolId: &p.UserPoolID, Username: aws.String("alice"), DeviceKey: &d.Key,
	})
	require.NoError(t, err)
}

// unknownDevice returns a device that no pool knows.
func unknownDevice() *cognitomfa.Device {
	return &cognitomfa.Device{
		Key: "us-east-1_0", GroupKey: "-group", Password: cognitomfa.NewSecret("password"),
	}
}

// deviceSignIn lists the calls of a sign-in on a remembered device.
var deviceSignIn = []string{initiate, respond, respond, respond}

func TestRememberedDevice(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		devices types.DeviceConfigurationType
		pool    poolOption
		calls   []string
	}{
		"always": {devices: alwaysTracked, calls: []string{"ConfirmDevice"}},
		"opt-in": {devices: optIn, calls: []string{"ConfirmDevice", "UpdateDeviceStatus"}},
		"always, MFA required": {
			devices: alwaysTracked, pool: mfaRequired, calls: []string{"ConfirmDevice"},
		},
		"with a secret": {
			devices: alwaysTracked, pool: secretClient, calls: []string{"ConfirmDevice"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var optFns []poolOption
			if tc.pool != nil {
				optFns = append(optFns, tc.pool)
			}
			p := newDevicePool(t, tc.devices, optFns...)
			tokens := p.signInWithCode(t)
			assert.NotEmpty(t, tokens.DeviceKey)
			assert.NotEmpty(t, tokens.DeviceGroupKey)
			assert.False(t, tokens.DeviceUnknown)
			p.ResetCalls()
			device, err := p.RememberDevice(t.Context(), tokens, "Firefox on Linux")
			require.NoError(t, err)
			assert.Equal(t, tc.calls, takeCalls(p.Server))
			assert.Equal(t, tokens.DeviceKey, device.Key)
			assert.Equal(t, tokens.DeviceGroupKey, device.GroupKey)

			// The next sign-in happens in another process.
			device, err = cognitomfa.ParseDevice(device.Token())
			require.NoError(t, err)
			outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
			again := as[*cognitomfa.Tokens](t, outcome, err)
			assert.Equal(t, deviceSignIn, takeCalls(p.Server))
			assert.Empty(t, again.DeviceKey, "it is not new")
			assert.False(t, again.DeviceUnknown)
			assert.NotContains(t, p.wire.sent.String(), device.Password.Reveal())
			assert.NotContains(t, p.wire.sent.String(), password)

			refresh := again.Refresh.Reveal()
			refreshed, err := p.Refresh(t.Context(), refresh, refreshWithDevice(device))
			require.NoError(t, err)
			assert.NotEmpty(t, refreshed.Access.Reveal())

			_, err = p.SignIn(t.Context(), "alice", "wrong", withDevice(device))
			require.ErrorIs(t, err, cognitomfa.ErrCredentials, "a device never spares the password")
			outcome, err = p.SignIn(t.Context(), "alice", password)
			as[*cognitomfa.MFAChallenge](t, outcome, err)
		})
	}
}

// A public client makes the same calls without IAM.
func TestRememberedDeviceWithoutIAM(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, alwaysTracked)
	cfg := edited(configOf(p.Server), withFlow(cognitomfa.FlowSRP), withPublic(true))
	p.Client = newClient(t, p.Server.Client(), cfg)
	device, _ := p.rememberNewDevice(t)
	outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
	as[*cognitomfa.Tokens](t, outcome, err)
	for _, call := range p.Calls() {
		assert.False(t, call.Signed, call.Operation)
	}
}

// If users sign in with an email address, Cognito names them by a UUID, which the client sends and
// hashes.
func TestRememberedDeviceInAnEmailPool(t *testing.T) {
	t.Parallel()
	const address = "alice@example.com"
	srv, _ := newPoolWith(t, cognitotest.User{Username: address, TOTP: totpKey},
		emailNames, secretClient, trackDevices)
	client := newFlowClient(t, srv, cognitomfa.FlowSRP)
	outcome, err := client.SignIn(t.Context(), address, password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = client.RespondMFA(t.Context(), ch, srv.Code(address))
	device, err := client.RememberDevice(t.Context(), as[*cognitomfa.Tokens](t, outcome, err), "")
	require.NoError(t, err)
	outcome, err = client.SignIn(t.Context(), address, password, withDevice(device))
	as[*cognitomfa.Tokens](t, outcome, err)
}

// A sign-in that continues without the device starts over with the name that the user entered.
func TestUnknownDeviceInAnEmailPool(t *testing.T) {
	t.Parallel()
	const address = "alice@example.com"
	srv, _ := newPoolWith(t, cognitotest.User{Username: address, TOTP: totpKey},
		emailNames, trackDevices)
	var names []any
	wire := wireTap{request: func(operation string, members map[string]any) {
		if operation == initiate {
			names = append(names, members["AuthParameters"].(map[string]any)["USERNAME"])
		}
	}}
	client := newFlowClient(t, srv, cognitomfa.FlowSRP, wire.attach)
	outcome, err := client.SignIn(t.Context(), address, password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = client.RespondMFA(t.Context(), ch, srv.Code(address))
	device, err := client.RememberDevice(t.Context(), as[*cognitomfa.Tokens](t, outcome, err), "")
	require.NoError(t, err)
	device.Password = cognitomfa.NewSecret("wrong")
	names = nil
	outcome, err = client.SignIn(t.Context(), address, password, withDevice(device))
	assert.True(t, as[*cognitomfa.MFAChallenge](t, outcome, err).DeviceUnknown)
	assert.Equal(t, []any{address, address}, names)
}

// If the user declines to be remembered, the confirmed device allows Refresh but does not replace
// codes.
func TestDeviceThatIsOnlyConfirmed(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, optIn)
	tokens := p.signInWithCode(t)
	refresh := func(d *cognitomfa.Device) error {
		return errOf(p.Refresh(t.Context(), tokens.Refresh.Reveal(), refreshWithDevice(d)))
	}
	unconfirmed := &cognitomfa.Device{Key: tokens.DeviceKey}
	require.ErrorIs(t, refresh(unconfirmed), cognitomfa.ErrRefreshToken)
	p.ResetCalls()
	device, err := p.RememberDevice(t.Context(), tokens, "", func(o *cognitomfa.RememberOptions) {
		o.ConfirmOnly = true
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"ConfirmDevice"}, takeCalls(p.Server))
	require.NoError(t, refresh(device))
	require.ErrorIs(t, refresh(nil), cognitomfa.ErrRefreshToken, "the device key is required")

	outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.False(t, ch.DeviceUnknown)
	outcome, err = p.RespondMFA(t.Context(), ch, p.nextCode(), answerWithDevice(device))
	assert.False(t, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown)
}

// If Cognito does not know the device, or it is another user's, the sign-in continues without it,
// and every outcome has DeviceUnknown set.
func TestUnknownDevices(t *testing.T) {
	t.Parallel()
	withoutIt := []string{initiate, respond, respond}
	notProven := slices.Concat(deviceSignIn, []string{initiate, respond})
	gone := cognitotest.Error("ResourceNotFoundException", "Device does not exist.")
	invalid := cognitotest.Error("InvalidParameterException", "Invalid device key given.")
	type damage = func(*testing.T, devicePool, *cognitomfa.Device, *cognitomfa.Tokens)
	changed := func(change func(*cognitomfa.Device)) damage {
		return func(_ *testing.T, _ devicePool, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
			change(d)
		}
	}
	failing := func(operation string, faults ...cognitotest.Fault) damage {
		return func(_ *testing.T, p devicePool, _ *cognitomfa.Device, _ *cognitomfa.Tokens) {
			p.Fail(operation, faults...)
		}
	}
	for name, tc := range map[string]struct {
		damage damage
		calls  []string
	}{
		"forgotten by the user": {
			func(t *testing.T, p devicePool, d *cognitomfa.Device, tokens *cognitomfa.Tokens) {
				t.Helper()
				require.NoError(t, p.ForgetDevice(t.Context(), tokens.Access.Reveal(), d.Key))
			},
			withoutIt,
		},
		"forgotten by an administrator": {
			func(t *testing.T, p devicePool, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
				t.Helper()
				p.forget(t, d)
			},
			withoutIt,
		},
		"another user's": {
			func(t *testing.T, p devicePool, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
				t.Helper()
				p.AddUser(cognitotest.User{Username: "bob", Password: password})
				outcome, err := p.SignIn(t.Context(), "bob", password)
				bobs := as[*cognitomfa.Tokens](t, outcome, err)
				other, err := p.RememberDevice(t.Context(), bobs, "")
				require.NoError(t, err)
				*d = *other
			},
			withoutIt,
		},
		"another pool's": {
			func(t *testing.T, _ devicePool, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
				t.Helper()
				other, _ := newDevicePool(t, alwaysTracked).rememberNewDevice(t)
				*d = *other
			},
			withoutIt,
		},
		"with a malformed key": {
			changed(func(d *cognitomfa.Device) { d.Key = "not a key" }), withoutIt,
		},
		"with nothing": {
			changed(func(d *cognitomfa.Device) { *d = cognitomfa.Device{} }),
			[]string{initiate, respond},
		},
		"with a wrong password": {
			changed(func(d *cognitomfa.Device) { d.Password = cognitomfa.NewSecret("wrong") }),
			notProven,
		},
		"with a wrong group": {
			changed(func(d *cognitomfa.Device) { d.GroupKey = "-wrong" }), notProven,
		},
		"refused at once": { // Not observed from Cognito, but possible.
			failing(initiate, gone), []string{initiate, initiate, respond},
		},
		"refused as invalid": {failing(respond, invalid), withoutIt},
		"gone between two calls": {
			failing(respond, cognitotest.Fault{}, gone),
			[]string{initiate, respond, respond, initiate, respond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newDevicePool(t, alwaysTracked)
			device, tokens := p.rememberNewDevice(t)
			tc.damage(t, p, device, tokens)
			p.ResetCalls()
			outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			assert.True(t, ch.DeviceUnknown)
			assert.Equal(t, tc.calls, takeCalls(p.Server))

			// The next step, in another process, still passes the device.
			parsed, err := cognitomfa.ParseChallenge(ch.Token())
			ch = as[*cognitomfa.MFAChallenge](t, parsed, err)
			assert.True(t, ch.DeviceUnknown)
			outcome, err = p.RespondMFA(t.Context(), ch, p.nextCode(), answerWithDevice(device))
			signedIn := as[*cognitomfa.Tokens](t, outcome, err)
			assert.True(t, signedIn.DeviceUnknown)
			assert.NotEmpty(t, signedIn.DeviceKey, "a new device, which can be remembered")
			assert.Equal(t, []string{respond}, takeCalls(p.Server))
		})
	}
}

// DeviceUnknown reaches the tokens through challenges of every type.
func TestUnknownDeviceReachesTheTokens(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := newClient(t, &double{
		respond: returns[respondIn](answeredTokens),
		prefer:  returns[preferIn](&preferOut{}),
		verify: returns[verifyIn](&verifyOut{
			Status:  types.VerifySoftwareTokenResponseTypeSuccess,
			Session: aws.String("next"),
		}),
	}, srpConfig)
	const user, method = "alice", cognitomfa.MethodTOTP
	for _, unknown := range []bool{false, true} {
		setup := &cognitomfa.SetupChallenge{
			Username: user, Session: session, DeviceUnknown: unknown,
		}
		for name, answer := range map[string]func() (cognitomfa.Outcome, error){
			"RespondMFA": func() (cognitomfa.Outcome, error) {
				return client.RespondMFA(ctx, &cognitomfa.MFAChallenge{
					Username: user, Session: session, DeviceUnknown: unknown,
				}, "123456")
			},
			"VerifySetup": func() (cognitomfa.Outcome, error) {
				return client.VerifySetup(ctx, setup, "123456")
			},
			"SetupEmail": func() (cognitomfa.Outcome, error) {
				return client.SetupEmail(ctx, setup, "alice@example.com")
			},
			"SelectMFA": func() (cognitomfa.Outcome, error) {
				return client.SelectMFA(ctx, &cognitomfa.SelectChallenge{
					Username: user, Session: session, DeviceUnknown: unknown,
				}, method)
			},
			"SetNewPassword": func() (cognitomfa.Outcome, error) {
				return client.SetNewPassword(ctx, &cognitomfa.NewPasswordChallenge{
					Username: user, Session: session, DeviceUnknown: unknown,
				}, newPassword, nil)
			},
			"RespondPassword": func() (cognitomfa.Outcome, error) {
				return client.RespondPassword(ctx, &cognitomfa.PasswordChallenge{
					Username: user, Session: session, DeviceUnknown: unknown,
				}, password)
			},
			"Respond": func() (cognitomfa.Outcome, error) {
				return client.Respond(ctx, &cognitomfa.OtherChallenge{
					Username: user, Session: session, DeviceUnknown: unknown,
				}, nil)
			},
		} {
			outcome, err := answer()
			assert.Equal(t, unknown, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown, name)
		}
	}
}

// A wrong password is ErrCredentials, whatever the device, and counts toward the lockout once.
func TestUnknownDeviceAndWrongPassword(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, alwaysTracked)
	_, err := p.SignIn(t.Context(), "alice", "wrong", withDevice(unknownDevice()))
	require.ErrorIs(t, err, cognitomfa.ErrCredentials)
	assert.Equal(t, 1, p.User("alice").FailedPasswordTries, "it counts once")
}

// After a temporary password, the device is verified in the answer instead of SignIn.
func TestDeviceAfterANewPassword(t *testing.T) {
	t.Parallel()
	type challenge = *cognitomfa.NewPasswordChallenge
	signIn := func(t *testing.T) (devicePool, *cognitomfa.Device, challenge) {
		t.Helper()
		p := newDevicePool(t, alwaysTracked)
		device, _ := p.rememberNewDevice(t)
		temporary := &cip.AdminSetUserPasswordInput{
			UserPoolId: &p.UserPoolID,
			Username:   aws.String("alice"),
			Password:   aws.String(password),
		}
		require.NoError(t, errOf(p.Server.Client().AdminSetUserPassword(t.Context(), temporary)))
		outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
		return p, device, as[challenge](t, outcome, err)
	}
	t.Run("it succeeds", func(t *testing.T) {
		t.Parallel()
		p, device, ch := signIn(t)
		with := answerWithDevice(device)
		outcome, err := p.SetNewPassword(t.Context(), ch, newPassword, nil, with)
		assert.False(t, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown)
	})
	t.Run("it is missing", func(t *testing.T) {
		t.Parallel()
		p, _, ch := signIn(t)
		outcome, err := p.SetNewPassword(t.Context(), ch, newPassword, nil)
		assert.Equal(t, "DEVICE_SRP_AUTH", as[*cognitomfa.OtherChallenge](t, outcome, err).Name)
	})
	t.Run("it fails", func(t *testing.T) {
		t.Parallel()
		p, device, ch := signIn(t)
		device.Password = cognitomfa.NewSecret("wrong")
		_, err := p.SetNewPassword(t.Context(), ch, newPassword, nil, answerWithDevice(device))
		require.ErrorIs(t, err, cognitomfa.ErrDevice)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
		outcome, err := p.SignIn(t.Context(), "alice", newPassword)
		as[*cognitomfa.MFAChallenge](t, outcome, err)
	})
	t.Run("it was forgotten", func(t *testing.T) {
		t.Parallel()
		p, device, ch := signIn(t)
		p.forget(t, device)
		with := answerWithDevice(device)
		outcome, err := p.SetNewPassword(t.Context(), ch, newPassword, nil, with)
		assert.True(t, as[*cognitomfa.MFAChallenge](t, outcome, err).DeviceUnknown)
	})
}

// A device that would have no effect is rejected without a call.
func TestDevicesNeedSRP(t *testing.T) {
	t.Parallel()
	ctx, device := t.Context(), unknownDevice()
	toStepUp := func(o *cognitomfa.StepUpOptions) { o.Device = device }
	toSetup := func(o *cognitomfa.SetupOptions) { o.Device = device }
	ch := &cognitomfa.MFAChallenge{Username: "alice", Session: session}
	setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
	for _, flow := range allFlows {
		client := newClient(t, &double{}, edited(config, withFlow(flow)))
		errs := map[string]error{
			"step up": errOf(client.StepUp(ctx, "alice", "access", toStepUp)),
		}
		if flow != cognitomfa.FlowSRP {
			errs["sign in"] = errOf(client.SignIn(ctx, "alice", password, withDevice(device)))
			errs["answer"] = errOf(client.RespondMFA(ctx, ch, "123456", answerWithDevice(device)))
			errs["set up"] = errOf(client.VerifySetup(ctx, setup, "123456", toSetup))
		}
		for name, err := range errs {
			require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
			assert.ErrorContains(t, err, "Device", name)
		}
	}
}

func TestRememberDeviceNeedsANewDevice(t *testing.T) {
	t.Parallel()
	access := cognitomfa.NewSecret("access")
	client := newClient(t, &double{}, srpConfig)
	for name, tc := range map[string]struct {
		tokens *cognitomfa.Tokens
		kind   error
		step   cognitomfa.Step
	}{
		"no tokens": {
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"no access token": {
			tokens: &cognitomfa.Tokens{DeviceKey: "k", DeviceGroupKey: "g"},
			kind:   cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"no device": {
			tokens: &cognitomfa.Tokens{Access: access},
			kind:   cognitomfa.ErrDevice, step: cognitomfa.StepGiveUp,
		},
		"no group": {
			tokens: &cognitomfa.Tokens{Access: access, DeviceKey: "k"},
			kind:   cognitomfa.ErrDevice, step: cognitomfa.StepGiveUp,
		},
	} {
		device, err := client.RememberDevice(t.Context(), tc.tokens, "")
		assert.Nil(t, device, name)
		require.ErrorIs(t, err, tc.kind, name)
		assert.Equal(t, tc.step, cognitomfa.NextStep(err), name)
	}
}

// The sign-in did not use SRP, or the device is already confirmed: signing in again does not help.
func TestDeviceKeyThatCognitoRefuses(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, alwaysTracked)
	tokens := p.signInWithCode(t)
	for _, fault := range []cognitotest.Fault{
		cognitotest.Error("InvalidParameterException", "Invalid device key given."),
		cognitotest.Error("DeviceKeyExistsException", "Device key already exists."),
	} {
		p.Fail("ConfirmDevice", fault)
		device, err := p.RememberDevice(t.Context(), tokens, "")
		assert.Nil(t, device)
		require.ErrorIs(t, err, cognitomfa.ErrDevice)
		assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	}
}

// RememberDevice succeeds even if a response is lost.
func TestRememberDeviceAfterLostResponses(t *testing.T) {
	t.Parallel()
	exists := cognitotest.Error("DeviceKeyExistsException", "Device key already exists.")
	for name, tc := range map[string]struct {
		devices types.DeviceConfigurationType
		faults  []cognitotest.Fault
	}{
		"dropped": {alwaysTracked, times(1, cognitotest.DropAfter())},
		"cut off": {alwaysTracked, times(1, cognitotest.CutAnswer())},
		"dropped, and then it exists": {
			alwaysTracked, []cognitotest.Fault{cognitotest.DropAfter(), exists},
		},
		"cut off, and then it exists": {
			alwaysTracked, []cognitotest.Fault{cognitotest.CutAnswer(), exists},
		},
		"cut off in an opt-in pool, and then it exists": {
			optIn, []cognitotest.Fault{cognitotest.CutAnswer(), exists},
		},
	} {
		p := newDevicePool(t, tc.devices)
		tokens := p.signInWithCode(t)
		p.Fail("ConfirmDevice", tc.faults...)
		device, err := p.RememberDevice(t.Context(), tokens, "")
		require.NoError(t, err, name)
		outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// If the device is confirmed but cannot be remembered, RememberDevice returns it with the error,
// for Refresh.
func TestRememberDeviceFailsAfterConfirming(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, optIn)
	tokens := p.signInWithCode(t)
	p.Fail("UpdateDeviceStatus", times(3, cognitotest.DropBefore())...)
	device, err := p.RememberDevice(t.Context(), tokens, "")
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	require.NotNil(t, device, "it is confirmed")
	_, err = p.Refresh(t.Context(), tokens.Refresh.Reveal(), refreshWithDevice(device))
	require.NoError(t, err)
	outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

// ForgetDevice succeeds if the device is not known.
func TestForgetDeviceTwice(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, alwaysTracked)
	device, tokens := p.rememberNewDevice(t)
	p.Fail("ForgetDevice", cognitotest.DropAfter())
	require.NoError(t, p.ForgetDevice(t.Context(), tokens.Access.Reveal(), device.Key))
	require.NoError(t, p.ForgetDevice(t.Context(), tokens.Access.Reveal(), device.Key))
	err := p.ForgetDevice(t.Context(), "garbage", device.Key)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
}

// Whichever response is lost in a sign-in on a device, SignIn can be called again.
func TestSignInOnADeviceAfterLostResponses(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]cognitotest.Fault{
		"dropped before": cognitotest.DropBefore(),
		"dropped after":  cognitotest.DropAfter(),
		"cut off":        cognitotest.CutAnswer(),
		"failed":         cognitotest.InternalError(),
	} {
		for passed := range 3 {
			p := newDevicePool(t, alwaysTracked)
			device, _ := p.rememberNewDevice(t)
			p.Fail(respond, append(times(passed, cognitotest.Fault{}), fault)...)
			_, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
			require.ErrorIs(t, err, cognitomfa.ErrUnavailable, "%s, call %d", name, passed)
			assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
			outcome, err := p.SignIn(t.Context(), "alice", password, withDevice(device))
			assert.False(t, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown)
		}
	}
}

// A device name comes from the user's browser and may have any length.
func TestLongDeviceNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "Firefox": "Firefox",
		strings.Repeat("é", 1025):  strings.Repeat("é", 1024),
		strings.Repeat("x", 1<<20): strings.Repeat("x", 1024),
	} {
		p := newDevicePool(t, alwaysTracked)
		tokens := p.signInWithCode(t)
		device, err := p.RememberDevice(t.Context(), tokens, name)
		require.NoError(t, err)
		out, err := p.Server.Client().AdminGetDevice(t.Context(), &cip.AdminGetDeviceInput{
			UserPoolId: &p.UserPoolID, Username: aws.String("alice"), DeviceKey: &device.Key,
		})
		require.NoError(t, err)
		got := ""
		for _, attribute := range out.Device.DeviceAttributes {
			if aws.ToString(attribute.Name) == "device_name" {
				got = aws.ToString(attribute.Value)
			}
		}
		assert.Equal(t, want, got)
	}
}

func TestParseDevice(t *testing.T) {
	t.Parallel()
	for _, d := range []cognitomfa.Device{
		{Key: "eu-west-1_2d6a3b0e", GroupKey: "-a1B2", Password: cognitomfa.NewSecret("urlsafe")},
		{Key: "k", GroupKey: "g", Password: cognitomfa.NewSecret("not/url+safe=")},
		{Key: "ü", GroupKey: `"`, Password: cognitomfa.NewSecret("\x00")},
	} {
		got, err := cognitomfa.ParseDevice(d.Token())
		require.NoError(t, err)
		assert.Equal(t, d.Key, got.Key)
		assert.Equal(t, d.GroupKey, got.GroupKey)
		assert.Equal(t, d.Password.Reveal(), got.Password.Reveal())
		assert.Regexp(t, `^[A-Za-z0-9._~-]+$`, d.Token())

		_, err = cognitomfa.ParseChallenge(d.Token())
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, "a device is not a challenge")
	}
	whole := unknownDevice()
	challenge := cognitomfa.MFAChallenge{Username: "alice", Session: session}
	for name, token := range map[string]string{
		"empty":              "",
		"garbage":            "garbage",
		"a challenge":        challenge.Token(),
		"without a key":      (&cognitomfa.Device{GroupKey: "g", Password: whole.Password}).Token(),
		"without a group":    (&cognitomfa.Device{Key: "k", Password: whole.Password}).Token(),
		"without a password": (&cognitomfa.Device{Key: "k", GroupKey: "g"}).Token(),
		"cut":                whole.Token()[:10],
	} {
		d, err := cognitomfa.ParseDevice(token)
		assert.Nil(t, d, name)
		require.ErrorIs(t, err, cognitomfa.ErrDevice, name)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), name)
		assert.NotContains(t, err.Error(), "garbage", name)
	}
}

// Whatever a cookie contains, ParseDevice returns a device or ErrDevice.
func FuzzParseDevice(f *testing.F) {
	f.Add(unknownDevice().Token())
	f.Add("e30.")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		d, err := cognitomfa.ParseDevice(token)
		if err != nil {
			require.ErrorIs(t, err, cognitomfa.ErrDevice)
			return
		}
		again, err := cognitomfa.ParseDevice(d.Token())
		require.NoError(t, err)
		assert.Equal(t, d.Token(), again.Token())
	})
}
