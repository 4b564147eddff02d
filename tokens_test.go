package cognitomfa_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func TestTokensHaveWhatCognitoSays(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	client, err := cognitomfa.New(&double{initiate: func(in *initiateIn) (*initiateOut, error) {
		assert.Equal(t, map[string]string{"ip": "192.0.2.1"}, in.ClientMetadata)
		return &initiateOut{AuthenticationResult: &types.AuthenticationResultType{
			AccessToken:  aws.String("access"),
			IdToken:      aws.String("ID"),
			RefreshToken: aws.String("refresh"),
			TokenType:    aws.String("Bearer"),
			ExpiresIn:    3600,
			NewDeviceMetadata: &types.NewDeviceMetadataType{
				DeviceKey: aws.String("key"), DeviceGroupKey: aws.String("group"),
			},
		}}, nil
	}}, config, func(o *cognitomfa.Options) {
		now := noon.Add(999 * time.Millisecond).In(time.FixedZone("CET", 3600))
		o.Now = func() time.Time { return now }
	})
	require.NoError(t, err)
	metadata := func(o *cognitomfa.SignInOptions) {
		o.ClientMetadata = map[string]string{"ip": "192.0.2.1"}
	}
	outcome, err := client.SignIn(t.Context(), "alice", password, metadata)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, "access", tokens.Access.Reveal())
	assert.Equal(t, "ID", tokens.ID.Reveal())
	assert.Equal(t, "refresh", tokens.Refresh.Reveal())
	assert.Equal(t, "Bearer", tokens.TokenType)
	assert.Equal(t, time.Hour, tokens.ExpiresIn)
	assert.Equal(t, noon.Add(time.Hour), tokens.ExpiresAt, "UTC, whole seconds")
	assert.Equal(t, "key", tokens.DeviceKey)
	assert.Equal(t, "group", tokens.DeviceGroupKey)
	assert.False(t, tokens.DeviceUnknown)
}

// Tokens can be stored and restored, but not by accident.
func TestPlainTokens(t *testing.T) {
	t.Parallel()
	_, client := newPool(t)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = json.Marshal(tokens)
	require.Error(t, err, "not by accident")

	text, err := json.Marshal(tokens.Plain())
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(text, &members))
	for name, want := range map[string]string{
		"access_token":  tokens.Access.Reveal(),
		"id_token":      tokens.ID.Reveal(),
		"refresh_token": tokens.Refresh.Reveal(),
		"token_type":    "Bearer",
		"expires_at":    tokens.ExpiresAt.Format(time.RFC3339),
	} {
		assert.Equal(t, want, members[name], name)
	}
	var plain cognitomfa.PlainTokens
	require.NoError(t, json.Unmarshal(text, &plain))
	assert.Equal(t, tokens.Plain(), plain.Tokens().Plain())
	_, err = client.Refresh(t.Context(), plain.Tokens().Refresh.Reveal())
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, plain), tokens.Refresh.Reveal()[:20], verb)
	}
}

func TestRefreshWithRotation(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t, tokenRotation, secretClient, func(o *cognitotest.Options) {
		o.RotationGrace = 10 * time.Second
	})
	outcome, err := client.SignIn(t.Context(), "alice", password)
	first := as[*cognitomfa.Tokens](t, outcome, err).Refresh.Reveal()
	second, err := client.Refresh(t.Context(), first)
	require.NoError(t, err)
	assert.NotEqual(t, first, second.Refresh.Reveal())
	_, err = client.Refresh(t.Context(), first)
	require.NoError(t, err, "within the grace period")

	srv.Advance(11 * time.Second)
	_, err = client.Refresh(t.Context(), first)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
}

// If the SDK itself sent a rotating token twice, the error must not look like token theft.
func TestRefreshTokenThatTheSDKSentTwice(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t, tokenRotation)
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	token := *srv.IssueTokens("alice").RefreshToken
	srv.Fail("GetTokensFromRefreshToken", cognitotest.DropAfter())
	_, err := client.Refresh(t.Context(), token)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.NotErrorIs(t, err, cognitomfa.ErrRefreshToken)
	var reuse *types.RefreshTokenReuseException
	assert.NotErrorAs(t, err, &reuse)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))

	_, err = client.Refresh(t.Context(), token)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken, "this call is a reuse")
}

// Without rotation Cognito returns no refresh token, so Refresh returns the old one.
func TestRefreshKeepsTheTokenAndSendsTheDevice(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{refresh: func(in *refreshIn) (*refreshOut, error) {
		assert.Equal(t, "us-east-1_device", *in.DeviceKey)
		assert.Equal(t, map[string]string{"why": "test"}, in.ClientMetadata)
		assert.Nil(t, in.ClientSecret)
		return &refreshOut{AuthenticationResult: accessOnly()}, nil
	}}, config)
	tokens, err := client.Refresh(t.Context(), "old", func(o *cognitomfa.RefreshOptions) {
		o.Device = &cognitomfa.Device{Key: "us-east-1_device"}
		o.ClientMetadata = map[string]string{"why": "test"}
	})
	require.NoError(t, err)
	assert.Equal(t, "old", tokens.Refresh.Reveal())
}

func TestRefreshWithoutTokens(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]*refreshOut{
		"no result":       {},
		"no access token": {AuthenticationResult: &types.AuthenticationResultType{}},
	} {
		client := newClient(t, &double{refresh: returns[refreshIn](out)}, config)
		tokens, err := client.Refresh(t.Context(), "refresh")
		assert.Nil(t, tokens, name)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable, name)
	}
}

// If the service has an outdated client secret, users must not be signed out.
func TestWrongClientSecretAtRefreshAndRevoke(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t, secretClient)
	token := *srv.IssueTokens("alice").RefreshToken
	for _, secret := range []string{"", "wrongwrongwrongwrongwrong"} {
		client := newClient(t, srv.Client(), edited(configOf(srv), func(c *cognitomfa.Config) {
			c.ClientSecret = secret
		}))
		for name, err := range map[string]error{
			"refresh": errOf(client.Refresh(t.Context(), token)),
			"revoke":  client.Revoke(t.Context(), token),
		} {
			require.ErrorIs(t, err, cognitomfa.ErrSecretHash, "%s with the secret %q", name, secret)
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
		}
	}
}

// Revoke ends one session, SignOut all of them.
func TestSignOutAndRevoke(t *testing.T) {
	t.Parallel()
	_, client := newPool(t)
	signIn := func() (access, refresh string) {
		outcome, err := client.SignIn(t.Context(), "alice", password)
		tokens := as[*cognitomfa.Tokens](t, outcome, err)
		return tokens.Access.Reveal(), tokens.Refresh.Reveal()
	}
	access, refresh := signIn()
	otherAccess, otherRefresh := signIn()
	accepted := func(token string) error { return errOf(client.Status(t.Context(), token)) }

	require.NoError(t, client.Revoke(t.Context(), refresh))
	require.NoError(t, client.Revoke(t.Context(), refresh), "revoking twice is no error")
	require.ErrorIs(t, accepted(access), cognitomfa.ErrAccessToken)
	require.NoError(t, accepted(otherAccess))
	err := client.Revoke(t.Context(), otherAccess)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken, "an access token is not a refresh token")

	require.NoError(t, client.SignOut(t.Context(), otherAccess))
	require.ErrorIs(t, accepted(otherAccess), cognitomfa.ErrAccessToken)
	_, err = client.Refresh(t.Context(), otherRefresh)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
	require.ErrorIs(t, client.SignOut(t.Context(), otherAccess), cognitomfa.ErrAccessToken)
}

// After an attempt whose response was lost, only "has been revoked" means that the user is signed
// out. An expired or malformed token does not.
func TestSignOutWithADeadTokenAfterALostResponse(t *testing.T) {
	t.Parallel()
	for _, fault := range []cognitotest.Fault{
		cognitotest.DropBefore(), cognitotest.InternalError(),
	} {
		srv, _ := newPool(t)
		client := newClient(t, srv.Client(quickRetries), configOf(srv))
		old := *srv.IssueTokens("alice").AccessToken
		srv.Advance(2 * time.Hour)
		elsewhere := *srv.IssueTokens("alice").AccessToken
		for _, token := range []string{old, "garbage"} {
			srv.Fail("GlobalSignOut", fault)
			err := client.SignOut(t.Context(), token)
			require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
		}
		statusOf(t, client, elsewhere) // The user is still signed in, and no call said otherwise.
	}
}
