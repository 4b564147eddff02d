package token_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/token"
)

// Tokens from a sign-in with the AWS SDK verify. The config needs only the address of the keys.
func TestSignedInUser(t *testing.T) {
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{
		Username: "alice", Password: "Passw0rd!", Email: "alice@example.com",
		Groups: []string{"staff"}, Attributes: map[string]string{"custom:tenant": "blue"},
	})
	resp, err := srv.Client().InitiateAuth(t.Context(),
		&cognitoidentityprovider.InitiateAuthInput{
			ClientId:       aws.String(srv.ClientID),
			AuthFlow:       types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": "Passw0rd!"},
		})
	require.NoError(t, err)
	tokens := resp.AuthenticationResult
	require.NotNil(t, tokens)

	cfg := token.Config{
		Region: srv.Region, UserPoolID: srv.UserPoolID, ClientIDs: []string{srv.ClientID},
		JWKSURL: srv.JWKSURL(),
	}
	v := newVerifier(t, cfg)

	access, err := v.VerifyAccess(t.Context(), *tokens.AccessToken)
	require.NoError(t, err)
	assert.Equal(t, "alice", access.Username)
	assert.Equal(t, srv.ClientID, access.ClientID)
	assert.Equal(t, []string{"staff"}, access.Groups)
	assert.Equal(t, []string{"aws.cognito.signin.user.admin"}, access.Scopes)

	id, err := v.VerifyID(t.Context(), *tokens.IdToken)
	require.NoError(t, err)
	assert.Equal(t, access.Subject, id.Subject)
	assert.Equal(t, access.OriginJTI, id.OriginJTI)
	assert.Equal(t, "alice@example.com", id.Email)
	assert.True(t, id.EmailVerified)
	assert.Equal(t, map[string]string{"tenant": "blue"}, id.Custom)

	_, err = v.VerifyAccess(t.Context(), *tokens.IdToken)
	require.ErrorIs(t, err, token.ErrTokenUse)
	_, err = v.VerifyID(t.Context(), *tokens.AccessToken)
	require.ErrorIs(t, err, token.ErrTokenUse)
	_, err = v.VerifyAccess(t.Context(), *tokens.RefreshToken)
	require.ErrorIs(t, err, token.ErrMalformed)

	// They expire by the server's clock.
	cfg.Now = srv.Now
	v = newVerifier(t, cfg)
	_, err = v.VerifyAccess(t.Context(), *tokens.AccessToken)
	require.NoError(t, err)
	srv.Advance(time.Duration(tokens.ExpiresIn) * time.Second)
	_, err = v.VerifyAccess(t.Context(), *tokens.AccessToken)
	require.ErrorIs(t, err, token.ErrExpired)
}
