package cognitotest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A name that is in several pools means the user in the server's own pool, except for LookupUsers.
func TestLookupUsers(t *testing.T) {
	t.Parallel()
	srv := start(t)
	other := srv.must("CreateUserPool", kv{"PoolName": "other"}).text("UserPool", "Id")
	srv.AddUser(
		cognitotest.User{Username: "alice", Password: password, UserPoolID: other, TOTP: secret})
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, UserPoolID: other})
	assert.False(t, srv.User("alice").TOTP)
	both := srv.LookupUsers("alice")
	require.Len(t, both, 2)
	assert.Equal(t, []string{srv.UserPoolID, other},
		[]string{both[0].UserPoolID, both[1].UserPoolID})
	assert.True(t, both[1].TOTP)
	assert.NotEmpty(t, both[1].Code)
	assert.Equal(t, other, srv.User("bob").UserPoolID)
	assert.Empty(t, srv.LookupUsers("nobody"))
}

// A given sub is used everywhere, and as the user name if there is no other.
func TestSub(t *testing.T) {
	t.Parallel()
	const sub = "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"
	for name, pool := range map[string]func(*options){
		"bob":             func(*options) {},
		"bob@example.com": func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} },
	} {
		srv := start(t, pool)
		srv.AddUser(cognitotest.User{Username: name, Password: password, Sub: sub})
		assert.Equal(t, sub, srv.User(name).Sub)
		assert.Equal(t, srv.User(name), srv.User(sub))
		claims := jwt.MapClaims{}
		_, _, err := jwt.NewParser().ParseUnverified(srv.tokens(name).access(), claims)
		require.NoError(t, err)
		assert.Equal(t, sub, claims["sub"])
		assert.Equal(t, srv.User(name).Username, claims["username"])
		assert.Equal(t, name == "bob", srv.User(name).Username == "bob")
	}
}

// A user's claims are in the tokens, also after a refresh, and do not replace Cognito's own.
func TestAddedClaims(t *testing.T) {
	t.Parallel()
	srv := start(t)
	id := map[string]any{"email": "other@example.com", "plan": map[string]any{"seats": 3.0}}
	access := map[string]any{"tenant": "blue", "cognito:groups": []any{"made-up"}}
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, Email: "bob@example.com", Groups: []string{"staff"},
		IDClaims: id, AccessClaims: access,
	})
	r := srv.tokens("bob")
	refreshed := srv.must("GetTokensFromRefreshToken",
		kv{"ClientId": srv.ClientID, "RefreshToken": r.refresh()})
	for _, r := range []reply{r, refreshed} {
		for text, want := range map[string]map[string]any{
			r.access(): access, r.text("AuthenticationResult", "IdToken"): id,
		} {
			claims := jwt.MapClaims{}
			_, _, err := jwt.NewParser().ParseUnverified(text, claims)
			require.NoError(t, err)
			for name, value := range want {
				assert.Equal(t, value, claims[name])
			}
			assert.Equal(t, srv.User("bob").Sub, claims["sub"])
		}
	}
	assert.Equal(t, "bob@example.com", srv.User("bob").Attributes["email"])
}

// The challenges of AddUser work like those of Script.
func TestUserWithChallenges(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddUser(
		cognitotest.User{Username: "bob", Password: password, Challenges: []cognitotest.Challenge{{
			Name: "MADE_UP", Parameters: map[string]string{"question": "?"},
			Answers: map[string]string{"ANSWER": "42"},
		}}})
	r := srv.challenged("bob", "MADE_UP")
	assert.Equal(t, "?", r.text("ChallengeParameters", "question"))
	assert.NotEmpty(t, srv.respond("MADE_UP", r.session(), "bob", kv{"ANSWER": "42"}).access())
}
