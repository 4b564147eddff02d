package cognitotest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A federated user has no password and cannot sign in by the API. An authenticator of theirs is
// never asked for.
func TestFederatedUser(t *testing.T) {
	t.Parallel()
	srv := listen(t, everyFirstFactor, everyFactor)
	federated := cognitotest.User{
		Username: "Google_1", Email: "bob@example.com", TOTP: secret,
		Status: types.UserStatusTypeExternalProvider,
	}
	srv.AddUser(federated)
	assert.Equal(t, incorrect, srv.signIn("Google_1", password).failure())
	assert.Equal(t, incorrect, srv.signIn("Google_1", "Google_1").failure())
	assert.Equal(t, incorrect, srv.srpSignIn("Google_1", "").failure())
	assert.Equal(t, "SELECT_CHALLENGE",
		srv.userAuth("Google_1", prefer("EMAIL_OTP")).text("ChallengeName"))
	srv.Script("Google_1", cognitotest.Challenge{})
	custom := kv{
		"ClientId": srv.ClientID, "AuthFlow": "CUSTOM_AUTH",
		"AuthParameters": kv{"USERNAME": "Google_1"},
	}
	assert.Equal(t, incorrect, srv.call("InitiateAuth", custom).failure())

	const state = "NotAuthorized: User password cannot be reset in the current state."
	assert.Equal(t, state, srv.forgot("Google_1").failure())
	user := kv{"UserPoolId": srv.UserPoolID, "Username": "Google_1"}
	assert.Equal(t, state, srv.call("AdminResetUserPassword", user).failure())
	factors := srv.must("AdminGetUserAuthFactors", user).body["ConfiguredUserAuthFactors"]
	assert.Equal(t, []any{"SOFTWARE_TOKEN"}, factors)

	srv.AddUser(
		cognitotest.User{Username: "Google_0", Status: types.UserStatusTypeExternalProvider})
	assert.NotContains(t,
		srv.must("AdminGetUserAuthFactors", with(user, "Username", "Google_0")).body,
		"ConfiguredUserAuthFactors")

	require.NotEmpty(t, *srv.IssueTokens("Google_1").AccessToken, "what the sign-in page gives")
	federated.Username, federated.Password = "Google_2", password
	assert.ErrorContains(t, srv.TryAddUser(federated), "a federated user has no password")

	// An administrator can turn one into a user who signs in by password.
	srv.must("AdminSetUserPassword", with(with(user, "Password", password), "Permanent", true))
	assert.Equal(t, types.UserStatusTypeConfirmed, srv.User("Google_1").Status)
	srv.Script("Google_1")
	srv.challenged("Google_1", "SOFTWARE_TOKEN_MFA")
}
