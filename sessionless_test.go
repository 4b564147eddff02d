package cognitomfa_test

import (
	"encoding/base64"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// PASSWORD_VERIFIER has a secret block in place of a session. NewChallenge and Respond can finish
// such a flow that began with the SDK, even through a token.
func TestRespondToAChallengeWithoutASession(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	exchange := srp.NewExchange()
	out, err := srv.Client().InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserSrpAuth,
		ClientId: &srv.ClientID,
		AuthParameters: map[string]string{
			"USERNAME": "alice", "SRP_A": exchange.PublicKey(),
		},
	})
	require.NoError(t, err)
	require.Equal(t, types.ChallengeNameTypePasswordVerifier, out.ChallengeName)
	require.Nil(t, out.Session)
	ch := cognitomfa.NewChallenge(
		string(out.ChallengeName), aws.ToString(out.Session), "alice", out.ChallengeParameters)
	again, err := cognitomfa.ParseChallenge(ch.Token())
	require.NoError(t, err)
	verifier := again.(*cognitomfa.OtherChallenge)

	identity := srp.Realm(srv.UserPoolID) + verifier.Username
	key, err := exchange.Key(identity, password,
		verifier.Parameters["SALT"], verifier.Parameters["SRP_B"])
	require.NoError(t, err)
	block, err := base64.StdEncoding.DecodeString(verifier.Parameters["SECRET_BLOCK"])
	require.NoError(t, err)
	timestamp := srp.Timestamp(srv.Now())
	signature := key.Sign(identity, block, timestamp)
	outcome, err := client.Respond(t.Context(), verifier, map[string]string{
		"PASSWORD_CLAIM_SECRET_BLOCK": verifier.Parameters["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
		"TIMESTAMP":                   timestamp,
	})
	as[*cognitomfa.Tokens](t, outcome, err)
}
