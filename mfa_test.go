package cognitomfa_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func TestDisableAndEnable(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	token := enrollAlice(t, srv, client).Access.Reveal()
	takeCalls(srv)

	require.NoError(t, client.Disable(t.Context(), token))
	calls := []string{"GetUserPoolMfaConfig", "SetUserMFAPreference", "GetUser"}
	assert.Equal(t, calls, takeCalls(srv))
	assert.False(t, statusOf(t, client, token).TOTP())
	outcome, err := client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.Tokens](t, outcome, err)

	takeCalls(srv)
	require.NoError(t, client.Enable(t.Context(), token))
	assert.Equal(t, []string{"SetUserMFAPreference"}, takeCalls(srv))
	outcome, err = client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

// Cognito has been observed to accept the change and still ask for the code; it may also refuse it.
// Either way nothing changes, and the error is the same.
func TestDisableWhereMFAIsRequired(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]cognitotest.Quirks{
		"Cognito accepts": {},
		"Cognito refuses": {RefuseDisable: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, client := newPool(t, mfaRequired, func(o *cognitotest.Options) {
				o.Quirks = quirks
			})
			token := setUpAlice(t, srv, client).Access.Reveal()
			err := client.Disable(t.Context(), token)
			require.ErrorIs(t, err, cognitomfa.ErrMFARequired)
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
			assert.True(t, statusOf(t, client, token).TOTP(), "nothing has changed")
		})
	}
}

// If MFA is required, users can turn TOTP off only if another method is turned on that the pool
// still offers.
func TestDisableWithAnotherMethodLeft(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user cognitotest.User
		on   poolOption
		want cognitomfa.Method // what the next sign-in asks for; "" if Disable is refused
	}{
		"SMS": {
			user: cognitotest.User{
				Phone: "+15550001234", TOTP: totpKey,
				Methods: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, Preferred: "SOFTWARE_TOKEN_MFA",
			},
			on: smsMFA, want: cognitomfa.MethodSMS,
		},
		"email":     {user: totpEmailUser, on: emailMFA, want: cognitomfa.MethodEmail},
		"only TOTP": {user: totpUser, on: emailMFA},
	} {
		srv, client := newPoolWith(t, tc.user, mfaRequired, tc.on)
		access := *srv.IssueTokens("alice").AccessToken
		err := client.Disable(t.Context(), access)
		if tc.want == "" {
			require.ErrorIs(t, err, cognitomfa.ErrMFARequired, name)
			assert.Equal(t, []string{"GetUserPoolMfaConfig", "GetUser"}, takeCalls(srv), name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, []string{
			"GetUserPoolMfaConfig", "GetUser", "SetUserMFAPreference", "GetUser",
		}, takeCalls(srv), name)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		assert.Equal(t, tc.want, as[*cognitomfa.MFAChallenge](t, outcome, err).Method, name)
	}
}

// A method that the pool no longer offers does not count, and the change is not even attempted: the
// double does not support it.
func TestDisableWithAMethodThatThePoolDoesNotOffer(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"SMS_MFA", "EMAIL_OTP", "SOMETHING_NEW"} {
		client := newClient(t, &double{
			poolMFA: returns[poolMFAIn](&poolMFAOut{
				MfaConfiguration: types.UserPoolMfaTypeOn,
				SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{
					Enabled: true,
				},
			}),
			getUser: returns[getUserIn](&getUserOut{
				Username:           aws.String("alice"),
				UserMFASettingList: []string{"SOFTWARE_TOKEN_MFA", method},
			}),
		}, config)
		err := client.Disable(t.Context(), "token")
		require.ErrorIs(t, err, cognitomfa.ErrMFARequired, method)
	}
}

// Users may turn MFA off if the pool does not require it, but not if that is unknown.
func TestDisableAsksWhetherThePoolRequiresMFA(t *testing.T) {
	t.Parallel()
	for mode, kind := range map[types.UserPoolMfaType]error{
		types.UserPoolMfaTypeOff:      nil,
		types.UserPoolMfaTypeOptional: nil,
		"":                            cognitomfa.ErrUnavailable,
		"SOMETHING_NEW":               cognitomfa.ErrUnavailable,
	} {
		client := newClient(t, &double{
			poolMFA: returns[poolMFAIn](&poolMFAOut{MfaConfiguration: mode}),
			prefer:  returns[preferIn](&preferOut{}),
			getUser: returns[getUserIn](&getUserOut{Username: aws.String("alice")}),
		}, config)
		for name, err := range map[string]error{
			"Disable":    client.Disable(t.Context(), "token"),
			"SetMethods": client.SetMethods(t.Context(), "token", nil, ""),
		} {
			if kind == nil {
				require.NoError(t, err, "%s, %s", name, mode)
			} else {
				require.ErrorIs(t, err, kind, "%s, %s", name, mode)
			}
		}
	}
}

// A public client cannot read the pool's settings, so it checks with GetUser after the change.
func TestDisableWithoutIAM(t *testing.T) {
	t.Parallel()
	listed := []string{"SOFTWARE_TOKEN_MFA"}
	client := newClient(t, &double{
		prefer: returns[preferIn](&preferOut{}),
		getUser: func(*getUserIn) (*getUserOut, error) {
			return &getUserOut{Username: aws.String("alice"), UserMFASettingList: listed}, nil
		},
	}, edited(config, withPublic(true)))
	require.ErrorIs(t, client.Disable(t.Context(), "token"), cognitomfa.ErrMFARequired)
	listed = nil
	require.NoError(t, client.Disable(t.Context(), "token"))
}

func TestSetMethods(t *testing.T) {
	t.Parallel()
	const (
		totp  = cognitomfa.MethodTOTP
		sms   = cognitomfa.MethodSMS
		email = cognitomfa.MethodEmail
	)
	srv, client := newPoolWith(t, cognitotest.User{
		Phone: "+15550001234", Email: "alice@example.com", TOTP: totpKey,
	}, smsMFA, emailMFA)
	access := *srv.IssueTokens("alice").AccessToken
	type methods = []cognitomfa.Method
	for _, tc := range []struct {
		enabled   methods
		preferred cognitomfa.Method
		asks      cognitomfa.Method // at the next sign-in; "" if it lets the user choose
	}{
		{enabled: methods{sms, totp, email}},
		{enabled: methods{sms, totp, email}, preferred: email, asks: email},
		{enabled: methods{sms, totp}},
		{enabled: methods{sms, totp}, preferred: totp, asks: totp},
		{enabled: methods{sms}, preferred: sms, asks: sms},
		{enabled: methods{totp}, asks: totp},
		{enabled: methods{email}, preferred: email, asks: email},
	} {
		require.NoError(t, client.SetMethods(t.Context(), access, tc.enabled, tc.preferred))
		s := statusOf(t, client, access)
		assert.ElementsMatch(t, tc.enabled, s.Enabled)
		assert.Equal(t, tc.preferred, s.Preferred)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		if tc.asks == "" {
			ch := as[*cognitomfa.SelectChallenge](t, outcome, err)
			assert.ElementsMatch(t, tc.enabled, ch.Methods)
		} else {
			assert.Equal(t, tc.asks, as[*cognitomfa.MFAChallenge](t, outcome, err).Method)
		}
	}
	require.NoError(t, client.SetMethods(t.Context(), access, nil, ""))
	outcome, err := client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.Tokens](t, outcome, err)

	// Each method has a requirement.
	srv, client = newPool(t, smsMFA, emailMFA)
	access = *srv.IssueTokens("alice").AccessToken
	for method, kind := range map[cognitomfa.Method]error{
		totp:  cognitomfa.ErrNotEnrolled,
		sms:   cognitomfa.ErrAttribute,
		email: cognitomfa.ErrAttribute,
	} {
		err := client.SetMethods(t.Context(), access, methods{method}, "")
		require.ErrorIs(t, err, kind, method)
	}
}

func TestSetMethodsKeepsOneWhereMFAIsRequired(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, totpUser, mfaRequired)
	access := *srv.IssueTokens("alice").AccessToken
	err := client.SetMethods(t.Context(), access, nil, "")
	require.ErrorIs(t, err, cognitomfa.ErrMFARequired)
	assert.True(t, statusOf(t, client, access).TOTP())
}

// Tokens from managed login lack the scope that these calls require.
func TestTokenWithoutTheScope(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	token := *srv.IssueTokens("alice", "openid", "email").AccessToken
	for _, err := range []error{
		errOf(client.Enroll(t.Context(), token)),
		client.Enable(t.Context(), token),
		errOf(client.Status(t.Context(), token)),
	} {
		require.ErrorIs(t, err, cognitomfa.ErrMissingScope)
		assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	}
}
