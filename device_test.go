package cognitomfa_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

var (
	always = types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true}
	optIn  = types.DeviceConfigurationType{
		ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true,
	}
)

// tracked is a pool that tracks devices, alice with an authenticator in it, and a client that signs
// in by SRP.
type tracked struct {
	*cognitotest.Server
	*cognitomfa.Client
	wire *tap
}

func newTracked(
	t *testing.T, config types.DeviceConfigurationType, optFns ...func(*cognitotest.Options),
) tracked {
	t.Helper()
	tracking := func(o *cognitotest.Options) { o.Devices = &config }
	srv := cognitotest.NewServer(append(optFns, tracking)...)
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: secretCode})
	wire := &tap{}
	client := clientBy(t, srv, cognitomfa.FlowSRP, quickRetries, wire.on)
	return tracked{srv, client, wire}
}

// on gives a device to a step.
func on(d *cognitomfa.Device) func(*cognitomfa.SignInOptions) {
	return func(o *cognitomfa.SignInOptions) { o.Device = d }
}

func onRefresh(d *cognitomfa.Device) func(*cognitomfa.RefreshOptions) {
	return func(o *cognitomfa.RefreshOptions) { o.Device = d }
}

func with(d *cognitomfa.Device) func(*cognitomfa.AnswerOptions) {
	return func(o *cognitomfa.AnswerOptions) { o.Device = d }
}

// withCode signs alice in with her password and a code.
func (p tracked) withCode(t *testing.T) *cognitomfa.Tokens {
	t.Helper()
	outcome, err := p.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = p.RespondMFA(t.Context(), ch, p.freshCode())
	return as[*cognitomfa.Tokens](t, outcome, err)
}

// freshCode is what alice's authenticator shows when it shows something new.
func (p tracked) freshCode() string {
	p.Advance(30 * time.Second)
	return p.Code("alice")
}

// remembered signs alice in and has the device remembered.
func (p tracked) remembered(t *testing.T) (*cognitomfa.Device, *cognitomfa.Tokens) {
	t.Helper()
	tokens := p.withCode(t)
	require.NotEmpty(t, tokens.DeviceKey)
	device, err := p.RememberDevice(t.Context(), tokens, "Firefox on Linux")
	require.NoError(t, err)
	p.ResetCalls()
	return device, tokens
}

const (
	initiate = "AdminInitiateAuth"
	respond  = "AdminRespondToAuthChallenge"
)

func someDevice() *cognitomfa.Device {
	return &cognitomfa.Device{
		Key: "us-east-1_0", GroupKey: "-group", Password: cognitomfa.NewSecret("password"),
	}
}

// fourCalls are those of a sign-in on a remembered device.
var fourCalls = []string{initiate, respond, respond, respond}

func TestRememberedDevice(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		config types.DeviceConfigurationType
		on     func(*cognitotest.Options)
		calls  []string
	}{
		"always":               {always, nil, []string{"ConfirmDevice"}},
		"opt-in":               {optIn, nil, []string{"ConfirmDevice", "UpdateDeviceStatus"}},
		"always, MFA required": {always, mfaOn, []string{"ConfirmDevice"}},
		"with a secret": {
			always,
			func(o *cognitotest.Options) { o.ClientSecret = "0123456789abcdefghijklmnop" },
			[]string{"ConfirmDevice"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var optFns []func(*cognitotest.Options)
			if tc.on != nil {
				optFns = append(optFns, tc.on)
			}
			p := newTracked(t, tc.config, optFns...)
			tokens := p.withCode(t)
			assert.NotEmpty(t, tokens.DeviceKey)
			assert.NotEmpty(t, tokens.DeviceGroupKey)
			assert.False(t, tokens.DeviceUnknown)
			p.ResetCalls()
			device, err := p.RememberDevice(t.Context(), tokens, "Firefox on Linux")
			require.NoError(t, err)
			assert.Equal(t, tc.calls, operations(p.Server))
			assert.Equal(t, tokens.DeviceKey, device.Key)
			assert.Equal(t, tokens.DeviceGroupKey, device.GroupKey)

			// The next sign-in is another process.
			device, err = cognitomfa.ParseDevice(device.Token())
			require.NoError(t, err)
			outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
			again := as[*cognitomfa.Tokens](t, outcome, err)
			assert.Equal(t, fourCalls, operations(p.Server))
			assert.Empty(t, again.DeviceKey, "it is not new")
			assert.False(t, again.DeviceUnknown)
			assert.NotContains(t, p.wire.sent.String(), device.Password.Reveal())
			assert.NotContains(t, p.wire.sent.String(), password)

			refreshed, err := p.Refresh(t.Context(), again.Refresh.Reveal(), onRefresh(device))
			require.NoError(t, err)
			assert.NotEmpty(t, refreshed.Access.Reveal())

			_, err = p.SignIn(t.Context(), "alice", "wrong", on(device))
			require.ErrorIs(t, err, cognitomfa.ErrCredentials, "a device never spares the password")
			outcome, err = p.SignIn(t.Context(), "alice", password)
			as[*cognitomfa.MFAChallenge](t, outcome, err)
		})
	}
}

// A public client makes the same calls without IAM.
func TestRememberedDeviceWithoutIAM(t *testing.T) {
	t.Parallel()
	p := newTracked(t, always)
	cfg := edited(configOf(p.Server), flowOf(cognitomfa.FlowSRP), inPublic(true))
	p.Client = newClient(t, p.Server.Client(), cfg)
	device, _ := p.remembered(t)
	outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
	as[*cognitomfa.Tokens](t, outcome, err)
	for _, call := range p.Calls() {
		assert.False(t, call.Signed, call.Operation)
	}
}

// An e-mail pool: Cognito's name for the user is a UUID, and what is hashed is what is sent.
func TestRememberedDeviceInAnEmailPool(t *testing.T) {
	t.Parallel()
	const address = "alice@example.com"
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		o.ClientSecret = "0123456789abcdefghijklmnop"
		o.Devices = &always
	})
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: address, Password: password, TOTP: secretCode})
	client := clientBy(t, srv, cognitomfa.FlowSRP)
	outcome, err := client.SignIn(t.Context(), address, password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = client.RespondMFA(t.Context(), ch, srv.Code(address))
	device, err := client.RememberDevice(t.Context(), as[*cognitomfa.Tokens](t, outcome, err), "")
	require.NoError(t, err)
	outcome, err = client.SignIn(t.Context(), address, password, on(device))
	as[*cognitomfa.Tokens](t, outcome, err)
}

// The user declines: the device is known, so that the sign-in can be refreshed, and spares nothing.
func TestDeviceThatIsOnlyConfirmed(t *testing.T) {
	t.Parallel()
	p := newTracked(t, optIn)
	tokens := p.withCode(t)
	refresh := func(d *cognitomfa.Device) error {
		return noOutcome(p.Refresh(t.Context(), tokens.Refresh.Reveal(), onRefresh(d)))
	}
	unconfirmed := &cognitomfa.Device{Key: tokens.DeviceKey}
	require.ErrorIs(t, refresh(unconfirmed), cognitomfa.ErrRefreshToken)
	p.ResetCalls()
	device, err := p.RememberDevice(t.Context(), tokens, "", func(o *cognitomfa.RememberOptions) {
		o.ConfirmOnly = true
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"ConfirmDevice"}, operations(p.Server))
	require.NoError(t, refresh(device))
	require.ErrorIs(t, refresh(nil), cognitomfa.ErrRefreshToken, "its key is needed")

	outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.False(t, ch.DeviceUnknown)
	outcome, err = p.RespondMFA(t.Context(), ch, p.freshCode(), with(device))
	assert.False(t, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown)
}

// Devices that Cognito does not know, or not as this user's: the sign-in goes on without, and says
// so all the way.
func TestUnknownDevices(t *testing.T) {
	t.Parallel()
	type spoiler = func(*testing.T, tracked, *cognitomfa.Device, *cognitomfa.Tokens)
	spoiled := func(change func(*cognitomfa.Device)) spoiler {
		return func(_ *testing.T, _ tracked, d *cognitomfa.Device, _ *cognitomfa.Tokens) { change(d) }
	}
	failing := func(operation string, faults ...cognitotest.Fault) spoiler {
		return func(_ *testing.T, p tracked, _ *cognitomfa.Device, _ *cognitomfa.Tokens) {
			p.Fail(operation, faults...)
		}
	}
	gone := cognitotest.Error("ResourceNotFoundException", "Device does not exist.")
	invalid := cognitotest.Error("InvalidParameterException", "Invalid device key given.")
	for name, tc := range map[string]struct {
		spoil spoiler
		calls []string
	}{
		"forgotten by the user": {
			func(t *testing.T, p tracked, d *cognitomfa.Device, tokens *cognitomfa.Tokens) {
				t.Helper()
				require.NoError(t, p.ForgetDevice(t.Context(), tokens.Access.Reveal(), d.Key))
			},
			[]string{initiate, respond, respond},
		},
		"forgotten by an administrator": {
			func(t *testing.T, p tracked, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
				t.Helper()
				_, err := p.Server.Client().AdminForgetDevice(t.Context(), &cip.AdminForgetDeviceInput{
					UserPoolId: &p.UserPoolID, Username: aws.String("alice"), DeviceKey: &d.Key,
				})
				require.NoError(t, err)
			},
			[]string{initiate, respond, respond},
		},
		"another user's": {
			func(t *testing.T, p tracked, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
				t.Helper()
				p.AddUser(cognitotest.User{Username: "bob", Password: password})
				outcome, err := p.SignIn(t.Context(), "bob", password)
				other, err := p.RememberDevice(t.Context(), as[*cognitomfa.Tokens](t, outcome, err), "")
				require.NoError(t, err)
				*d = *other
			},
			[]string{initiate, respond, respond},
		},
		"another pool's": {
			func(t *testing.T, _ tracked, d *cognitomfa.Device, _ *cognitomfa.Tokens) {
				t.Helper()
				other, _ := newTracked(t, always).remembered(t)
				*d = *other
			},
			[]string{initiate, respond, respond},
		},
		"no key at all": {
			spoiled(func(d *cognitomfa.Device) { d.Key = "not a key" }),
			[]string{initiate, respond, respond},
		},
		"an empty one": {
			spoiled(func(d *cognitomfa.Device) { *d = cognitomfa.Device{} }),
			[]string{initiate, respond},
		},
		"with a wrong password": {
			spoiled(func(d *cognitomfa.Device) { d.Password = cognitomfa.NewSecret("wrong") }),
			append(append([]string{}, fourCalls...), initiate, respond),
		},
		"of a wrong group": {
			spoiled(func(d *cognitomfa.Device) { d.GroupKey = "-wrong" }),
			append(append([]string{}, fourCalls...), initiate, respond),
		},
		"refused at once": { // as Cognito may, though it was not seen to
			failing(initiate, gone),
			[]string{initiate, initiate, respond},
		},
		"refused as invalid": {
			failing(respond, invalid),
			[]string{initiate, respond, respond},
		},
		"gone between two calls": {
			failing(respond, cognitotest.Fault{}, gone),
			[]string{initiate, respond, respond, initiate, respond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTracked(t, always)
			device, tokens := p.remembered(t)
			tc.spoil(t, p, device, tokens)
			p.ResetCalls()
			outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			assert.True(t, ch.DeviceUnknown)
			assert.Equal(t, tc.calls, operations(p.Server))

			// The next step is another process, and still gives the device.
			parsed, err := cognitomfa.ParseChallenge(ch.Token())
			require.NoError(t, err)
			ch, ok := parsed.(*cognitomfa.MFAChallenge)
			require.True(t, ok)
			assert.True(t, ch.DeviceUnknown)
			outcome, err = p.RespondMFA(t.Context(), ch, p.freshCode(), with(device))
			signedIn := as[*cognitomfa.Tokens](t, outcome, err)
			assert.True(t, signedIn.DeviceUnknown)
			assert.NotEmpty(t, signedIn.DeviceKey, "a new device, which can be remembered")
			assert.Equal(t, []string{respond}, operations(p.Server))
		})
	}
}

// A wrong password is told as such, whatever the device, and at the same cost.
func TestUnknownDeviceAndWrongPassword(t *testing.T) {
	t.Parallel()
	p := newTracked(t, always)
	device := someDevice()
	_, err := p.SignIn(t.Context(), "alice", "wrong", on(device))
	require.ErrorIs(t, err, cognitomfa.ErrCredentials)
	assert.Equal(t, 1, p.User("alice").FailedPasswordTries, "it counts once")
}

// The device may have to prove itself later than at SignIn.
func TestDeviceAfterANewPassword(t *testing.T) {
	t.Parallel()
	mustChange := func(t *testing.T) (tracked, *cognitomfa.Device, *cognitomfa.NewPasswordChallenge) {
		t.Helper()
		p := newTracked(t, always)
		device, _ := p.remembered(t)
		_, err := p.Server.Client().AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
			UserPoolId: &p.UserPoolID, Username: aws.String("alice"), Password: aws.String(password),
		})
		require.NoError(t, err)
		outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
		return p, device, as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
	}
	t.Run("it does", func(t *testing.T) {
		t.Parallel()
		p, device, ch := mustChange(t)
		outcome, err := p.SetNewPassword(t.Context(), ch, "N3w"+password, nil, with(device))
		assert.False(t, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown)
	})
	t.Run("it is not given", func(t *testing.T) {
		t.Parallel()
		p, _, ch := mustChange(t)
		outcome, err := p.SetNewPassword(t.Context(), ch, "N3w"+password, nil)
		assert.Equal(t, "DEVICE_SRP_AUTH", as[*cognitomfa.OtherChallenge](t, outcome, err).Name)
	})
	t.Run("it cannot", func(t *testing.T) {
		t.Parallel()
		p, device, ch := mustChange(t)
		device.Password = cognitomfa.NewSecret("wrong")
		_, err := p.SetNewPassword(t.Context(), ch, "N3w"+password, nil, with(device))
		require.ErrorIs(t, err, cognitomfa.ErrDevice)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
		outcome, err := p.SignIn(t.Context(), "alice", "N3w"+password)
		as[*cognitomfa.MFAChallenge](t, outcome, err)
	})
	t.Run("it is forgotten meanwhile", func(t *testing.T) {
		t.Parallel()
		p, device, ch := mustChange(t)
		_, err := p.Server.Client().AdminForgetDevice(t.Context(), &cip.AdminForgetDeviceInput{
			UserPoolId: &p.UserPoolID, Username: aws.String("alice"), DeviceKey: &device.Key,
		})
		require.NoError(t, err)
		outcome, err := p.SetNewPassword(t.Context(), ch, "N3w"+password, nil, with(device))
		assert.True(t, as[*cognitomfa.MFAChallenge](t, outcome, err).DeviceUnknown)
	})
}

// A setting that would have no effect is refused, without a call.
func TestDevicesNeedSRP(t *testing.T) {
	t.Parallel()
	device := someDevice()
	session := cognitomfa.NewSecret("session")
	for _, flow := range everyFlow {
		client := newClient(t, &double{}, edited(config, flowOf(flow)))
		ctx := t.Context()
		errs := map[string]error{
			"step up": noOutcome(client.StepUp(ctx, "alice", "access", func(o *cognitomfa.StepUpOptions) {
				o.Device = device
			})),
		}
		if flow != cognitomfa.FlowSRP {
			ch := &cognitomfa.MFAChallenge{Username: "alice", Session: session}
			setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
			errs["sign in"] = noOutcome(client.SignIn(ctx, "alice", password, on(device)))
			errs["answer"] = noOutcome(client.RespondMFA(ctx, ch, "123456", with(device)))
			errs["set up"] = noOutcome(client.VerifySetup(ctx, setup, "123456", func(o *cognitomfa.SetupOptions) {
				o.Device = device
			}))
		}
		for name, err := range errs {
			require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
			assert.ErrorContains(t, err, "Device", name)
		}
	}
}

func TestRememberDeviceRefuses(t *testing.T) {
	t.Parallel()
	access := cognitomfa.NewSecret("access")
	client := newClient(t, &double{}, bySRP)
	noAccess := &cognitomfa.Tokens{DeviceKey: "k", DeviceGroupKey: "g"}
	for name, tc := range map[string]struct {
		tokens *cognitomfa.Tokens
		kind   error
		step   cognitomfa.Step
	}{
		"no tokens":       {nil, cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"no access token": {noAccess, cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"no device":       {&cognitomfa.Tokens{Access: access}, cognitomfa.ErrDevice, cognitomfa.StepGiveUp},
		"no group": {
			&cognitomfa.Tokens{Access: access, DeviceKey: "k"}, cognitomfa.ErrDevice, cognitomfa.StepGiveUp,
		},
	} {
		device, err := client.RememberDevice(t.Context(), tc.tokens, "")
		assert.Nil(t, device, name)
		require.ErrorIs(t, err, tc.kind, name)
		assert.Equal(t, tc.step, cognitomfa.NextStep(err), name)
	}
	require.ErrorIs(t, client.ForgetDevice(t.Context(), "", "key"), cognitomfa.ErrAccessToken)
	require.ErrorIs(t, client.ForgetDevice(t.Context(), "access", ""), cognitomfa.ErrDevice)
}

// Cognito's word for a device of a sign-in by another flow, or of other tokens.
func TestDeviceKeyThatCognitoRefuses(t *testing.T) {
	t.Parallel()
	p := newTracked(t, always)
	tokens := p.withCode(t)
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

// Each call of remembering and forgetting may lose its response.
func TestDeviceLostResponses(t *testing.T) {
	t.Parallel()
	exists := cognitotest.Error("DeviceKeyExistsException", "Device key already exists.")
	for name, tc := range map[string]struct {
		config types.DeviceConfigurationType
		faults []cognitotest.Fault
	}{
		"once":                          {always, times(1, cognitotest.DropAfter())},
		"cut off":                       {always, times(1, cognitotest.CutAnswer())},
		"and the second finds it there": {always, []cognitotest.Fault{cognitotest.DropAfter(), exists}},
		"in an opt-in pool, too":        {optIn, []cognitotest.Fault{cognitotest.CutAnswer(), exists}},
	} {
		p := newTracked(t, tc.config)
		tokens := p.withCode(t)
		p.Fail("ConfirmDevice", tc.faults...)
		device, err := p.RememberDevice(t.Context(), tokens, "")
		require.NoError(t, err, name)
		outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
		as[*cognitomfa.Tokens](t, outcome, err)
	}

	p := newTracked(t, optIn)
	tokens := p.withCode(t)
	p.Fail("UpdateDeviceStatus", times(3, cognitotest.DropBefore())...)
	device, err := p.RememberDevice(t.Context(), tokens, "")
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	require.NotNil(t, device, "it is confirmed")
	_, err = p.Refresh(t.Context(), tokens.Refresh.Reveal(), onRefresh(device))
	require.NoError(t, err)
	outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
	as[*cognitomfa.MFAChallenge](t, outcome, err)

	p = newTracked(t, always)
	device, tokens = p.remembered(t)
	p.Fail("ForgetDevice", cognitotest.DropAfter())
	require.NoError(t, p.ForgetDevice(t.Context(), tokens.Access.Reveal(), device.Key))
	require.NoError(t, p.ForgetDevice(t.Context(), tokens.Access.Reveal(), device.Key), "once more")
	err = p.ForgetDevice(t.Context(), "garbage", device.Key)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
}

// So may each call of a sign-in on a device; then SignIn is called again.
func TestDeviceSignInLostResponses(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]cognitotest.Fault{
		"before": cognitotest.DropBefore(), "after": cognitotest.DropAfter(),
		"cut off": cognitotest.CutAnswer(), "failed": cognitotest.InternalError(),
	} {
		for passed := range 3 {
			p := newTracked(t, always)
			device, _ := p.remembered(t)
			p.Fail(respond, append(times(passed, cognitotest.Fault{}), fault)...)
			_, err := p.SignIn(t.Context(), "alice", password, on(device))
			require.ErrorIs(t, err, cognitomfa.ErrUnavailable, "%s, call %d", name, passed)
			assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), "%s, call %d", name, passed)
			outcome, err := p.SignIn(t.Context(), "alice", password, on(device))
			assert.False(t, as[*cognitomfa.Tokens](t, outcome, err).DeviceUnknown)
		}
	}
}

// The name of a device comes from the user's browser: however long, it is no error.
func TestDeviceName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "Firefox": "Firefox",
		strings.Repeat("é", 1025):  strings.Repeat("é", 1024),
		strings.Repeat("x", 1<<20): strings.Repeat("x", 1024),
	} {
		p := newTracked(t, always)
		tokens := p.withCode(t)
		device, err := p.RememberDevice(t.Context(), tokens, name)
		require.NoError(t, err)
		out, err := p.Server.Client().AdminGetDevice(t.Context(), &cip.AdminGetDeviceInput{
			UserPoolId: &p.UserPoolID, Username: aws.String("alice"), DeviceKey: &device.Key,
		})
		require.NoError(t, err)
		for _, attribute := range out.Device.DeviceAttributes {
			if aws.ToString(attribute.Name) == "device_name" {
				assert.Equal(t, want, aws.ToString(attribute.Value))
			}
		}
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
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, "a device is no challenge")
	}
	whole := cognitomfa.Device{Key: "k", GroupKey: "g", Password: cognitomfa.NewSecret("secretsecret")}
	challenge := cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret("session")}
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

// FuzzParseDevice: whatever a cookie holds, there is a device or ErrDevice.
func FuzzParseDevice(f *testing.F) {
	f.Add((&cognitomfa.Device{Key: "k", GroupKey: "g", Password: cognitomfa.NewSecret("p")}).Token())
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
