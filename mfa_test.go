package cognitomfa_test

import (
	"slices"
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

func TestDisableAndEnable(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	token := enrolled(t, srv, client).Access.Reveal()
	operations(srv)

	require.NoError(t, client.Disable(t.Context(), token))
	assert.Equal(t, []string{"GetUserPoolMfaConfig", "SetUserMFAPreference", "GetUser"}, operations(srv))
	assert.False(t, status(t, client, token).TOTP())
	outcome, err := client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.Tokens](t, outcome, err)

	operations(srv)
	require.NoError(t, client.Enable(t.Context(), token))
	assert.Equal(t, []string{"SetUserMFAPreference"}, operations(srv))
	outcome, err = client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

func TestDisableWhereMFAIsDemanded(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]cognitotest.Quirks{"accepted": {}, "refused": {RefuseDisable: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, client := newPool(t, mfaOn, func(o *cognitotest.Options) { o.Quirks = quirks })
			outcome, err := client.SignIn(t.Context(), "alice", password)
			e, err := client.EnrollSetup(t.Context(), as[*cognitomfa.SetupChallenge](t, outcome, err))
			require.NoError(t, err)
			outcome, err = client.VerifySetup(t.Context(), e.Setup, srv.Code("alice"))
			token := as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal()

			err = client.Disable(t.Context(), token)
			require.ErrorIs(t, err, cognitomfa.ErrMFARequired)
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
			assert.True(t, status(t, client, token).TOTP(), "nothing has changed")
		})
	}
}

// Where a public client cannot ask about the pool, what GetUser lists afterwards decides.
func TestDisableLooksAgain(t *testing.T) {
	t.Parallel()
	listed := []string{"SOFTWARE_TOKEN_MFA"}
	cfg := config
	cfg.Public = true
	client := newClient(t, &double{
		prefer: func(*cip.SetUserMFAPreferenceInput) (*cip.SetUserMFAPreferenceOutput, error) {
			return &cip.SetUserMFAPreferenceOutput{}, nil
		},
		getUser: func(*cip.GetUserInput) (*cip.GetUserOutput, error) {
			return &cip.GetUserOutput{Username: aws.String("alice"), UserMFASettingList: listed}, nil
		},
	}, cfg)
	require.ErrorIs(t, client.Disable(t.Context(), "token"), cognitomfa.ErrMFARequired)
	listed = nil
	require.NoError(t, client.Disable(t.Context(), "token"))
}

func TestResetTOTP(t *testing.T) {
	t.Parallel()
	for _, signOut := range []bool{false, true} {
		srv, client := newPool(t, mfaOn)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		e, err := client.EnrollSetup(t.Context(), as[*cognitomfa.SetupChallenge](t, outcome, err))
		require.NoError(t, err)
		outcome, err = client.VerifySetup(t.Context(), e.Setup, srv.Code("alice"))
		tokens := as[*cognitomfa.Tokens](t, outcome, err)
		operations(srv)

		require.NoError(t, client.ResetTOTP(t.Context(), "alice", func(o *cognitomfa.ResetOptions) { o.SignOut = signOut }))
		want := []string{"AdminDeleteSoftwareToken"}
		if signOut {
			want = slices.Insert(want, 0, "AdminUserGlobalSignOut")
		}
		assert.Equal(t, want, operations(srv))
		_, err = client.Status(t.Context(), tokens.Access.Reveal())
		assert.Equal(t, signOut, err != nil)
		outcome, err = client.SignIn(t.Context(), "alice", password)
		as[*cognitomfa.SetupChallenge](t, outcome, err)
	}

	_, client := newPool(t)
	require.ErrorIs(t, client.ResetTOTP(t.Context(), "nobody"), cognitomfa.ErrUserNotFound)
	require.ErrorIs(t, client.ResetTOTP(t.Context(), "no body\n"), cognitomfa.ErrUserNotFound)
	require.ErrorIs(t, client.ResetTOTP(t.Context(), "alice"), cognitomfa.ErrNotEnrolled)
}

func TestRefreshWithRotation(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t, func(o *cognitotest.Options) {
		o.RefreshTokenRotation = true
		o.RotationGrace = 10 * time.Second
		o.ClientSecret = "0123456789abcdefghijklmnop"
	})
	outcome, err := client.SignIn(t.Context(), "alice", password)
	first := as[*cognitomfa.Tokens](t, outcome, err)
	second, err := client.Refresh(t.Context(), first.Refresh.Reveal())
	require.NoError(t, err)
	assert.NotEqual(t, first.Refresh.Reveal(), second.Refresh.Reveal())
	_, err = client.Refresh(t.Context(), first.Refresh.Reveal())
	require.NoError(t, err, "within the period of grace")

	srv.Advance(11 * time.Second)
	_, err = client.Refresh(t.Context(), first.Refresh.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
}

func TestRefreshCarriesTheDeviceKey(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{refresh: func(in *cip.GetTokensFromRefreshTokenInput) (*cip.GetTokensFromRefreshTokenOutput, error) {
		assert.Equal(t, "us-east-1_device", *in.DeviceKey)
		assert.Nil(t, in.ClientSecret)
		return &cip.GetTokensFromRefreshTokenOutput{AuthenticationResult: &types.AuthenticationResultType{AccessToken: aws.String("new")}}, nil
	}}, config)
	tokens, err := client.Refresh(t.Context(), "old", func(o *cognitomfa.RefreshOptions) { o.Device = &cognitomfa.Device{Key: "us-east-1_device"} })
	require.NoError(t, err)
	assert.Equal(t, "old", tokens.Refresh.Reveal())
}

func TestSignOutAndRevoke(t *testing.T) {
	t.Parallel()
	_, client := newPool(t)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	here := as[*cognitomfa.Tokens](t, outcome, err)
	outcome, err = client.SignIn(t.Context(), "alice", password)
	there := as[*cognitomfa.Tokens](t, outcome, err)

	require.NoError(t, client.Revoke(t.Context(), here.Refresh.Reveal()))
	require.NoError(t, client.Revoke(t.Context(), here.Refresh.Reveal()), "revoking twice is no error")
	_, err = client.Status(t.Context(), here.Access.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
	require.ErrorIs(t, client.Revoke(t.Context(), there.Access.Reveal()), cognitomfa.ErrRefreshToken, "an access token is no refresh token")

	status(t, client, there.Access.Reveal())
	require.NoError(t, client.SignOut(t.Context(), there.Access.Reveal()))
	_, err = client.Status(t.Context(), there.Access.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
	require.ErrorIs(t, client.SignOut(t.Context(), there.Access.Reveal()), cognitomfa.ErrAccessToken, "nobody is signed in there")
}

// A hosted sign-in page gives tokens without the scope that the calls of a user for himself need.
func TestTokenWithoutTheScope(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	token := *srv.IssueTokens("alice", "openid", "email").AccessToken
	for _, err := range []error{noOutcome(client.Enroll(t.Context(), token)), client.Enable(t.Context(), token), noOutcome(client.Status(t.Context(), token))} {
		require.ErrorIs(t, err, cognitomfa.ErrMissingScope)
		assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	}
}
