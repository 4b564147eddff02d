package cognitomfa_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/token"
)

func TestLevelsFromSignInToVerifier(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{
		Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP",
	})
	client := newClient(t, srv.Client(), edited(configOf(srv), func(c *cognitomfa.Config) {
		c.Flow = cognitomfa.FlowUserAuth
	}))
	payments, err := token.NewVerifier(token.Config{
		UserPoolID: srv.UserPoolID,
		ClientIDs:  []string{srv.ClientID},
		JWKSURL:    srv.URL + "/" + srv.UserPoolID + "/.well-known/jwks.json",
		ACR:        []string{levelTOTP},
		MaxAge:     10 * time.Minute,
		Now:        srv.Now,
	})
	require.NoError(t, err)

	// A sign-in without a level is rejected, even though the user entered a code.
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
	plain := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = payments.VerifyAccess(t.Context(), plain.Access.Reveal())
	require.ErrorIs(t, err, token.ErrACR)

	// StepUp asks for the missing factor, and the verifier accepts the new tokens.
	srv.Advance(30 * time.Second)
	outcome, err = client.StepUp(t.Context(), "alice", plain.Access.Reveal())
	raised := finish(t, srv, client, outcome, err)
	claims, err := payments.VerifyAccess(t.Context(), raised.Access.Reveal())
	require.NoError(t, err)
	assert.Equal(t, levelTOTP, claims.ACR)
	assert.Subset(t, claims.AMR, []string{"pwd", "otp", "mfa"})

	// StepUp does not refresh a token that already has the level.
	_, err = client.StepUp(t.Context(), "alice", raised.Access.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrLevel)

	// Old sign-ins are rejected, even after a refresh.
	srv.Advance(11 * time.Minute)
	refreshed, err := client.Refresh(t.Context(), raised.Refresh.Reveal())
	require.NoError(t, err)
	_, err = payments.VerifyAccess(t.Context(), refreshed.Access.Reveal())
	require.ErrorIs(t, err, token.ErrMaxAge)
	outcome, err = client.StepUp(t.Context(), "alice", refreshed.Access.Reveal(),
		func(o *cognitomfa.StepUpOptions) { o.MaxAge = 10 * time.Minute })
	again := finish(t, srv, client, outcome, err)
	_, err = payments.VerifyAccess(t.Context(), again.Access.Reveal())
	require.NoError(t, err)

	// A user without an authenticator cannot reach the level, and StepUp does not set one up.
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	outcome, err = client.SignIn(t.Context(), "bob", password)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = client.StepUp(t.Context(), "bob", tokens.Access.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrLevel)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	_, err = client.StepUp(t.Context(), "bob", again.Access.Reveal())
	require.Error(t, err, "another user's token")
}

func TestLiteHasNoLevels(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.Tier = "LITE" })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{
		Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP",
	})
	client := newClient(t, srv.Client(), configOf(srv))
	_, err := client.StepUp(t.Context(), "alice", *srv.IssueTokens("alice").AccessToken)
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
	assert.ErrorContains(t, err, "Essentials")
}

// finish answers challenges for alice until Cognito issues tokens.
func finish(
	t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client,
	outcome cognitomfa.Outcome, err error,
) *cognitomfa.Tokens {
	t.Helper()
	for range 3 {
		require.NoError(t, err)
		switch o := outcome.(type) {
		case *cognitomfa.Tokens:
			return o
		case *cognitomfa.PasswordChallenge:
			outcome, err = client.RespondPassword(t.Context(), o, password)
		case *cognitomfa.MFAChallenge:
			outcome, err = client.RespondMFA(t.Context(), o, srv.Code("alice"))
		case *cognitomfa.SetupChallenge, *cognitomfa.SelectChallenge,
			*cognitomfa.NewPasswordChallenge, *cognitomfa.OtherChallenge:
			require.FailNow(t, "unexpected", "%T", o)
		}
	}
	return as[*cognitomfa.Tokens](t, outcome, err)
}
