package cognitotest_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// emailAlias makes a pool whose users also sign in by a verified email address or a preferred
// name.
func emailAlias(o *options) {
	o.AliasAttributes = []types.AliasAttributeType{"email", "preferred_username"}
}

// A user who verifies an address takes it from the user who had it, whose address is then
// unverified.
func TestAliasMoves(t *testing.T) {
	t.Parallel()
	const address = "bob@example.com"
	for name, tc := range map[string]struct {
		on   func(*options)
		move func(t *testing.T, srv fake)
	}{
		"VerifyUserAttribute": {nil, func(t *testing.T, srv fake) {
			t.Helper()
			srv.AddUser(cognitotest.User{Username: "carol", Password: password})
			access := srv.tokens("carol").access()
			own := kv{"AccessToken": access, "AttributeName": "email"}
			srv.must("UpdateUserAttributes",
				with(own, "UserAttributes", []kv{named("email", address)}))
			assert.Equal(t, "bob", srv.User(address).Username,
				"an address that is not verified is no alias")
			srv.must("VerifyUserAttribute", with(own, "Code", srv.lastCode("carol")))
		}},
		"AdminUpdateUserAttributes": {nil, func(t *testing.T, srv fake) {
			t.Helper()
			srv.AddUser(cognitotest.User{Username: "carol", Password: password})
			srv.must("AdminUpdateUserAttributes", kv{
				"UserPoolId": srv.UserPoolID, "Username": "carol", "UserAttributes": []kv{
					named("email", address), named("email_verified", "true"),
				},
			})
		}},
		"AdminCreateUser": {nil, func(t *testing.T, srv fake) {
			t.Helper()
			body := kv{
				"UserPoolId": srv.UserPoolID, "Username": "carol", "TemporaryPassword": password,
				"UserAttributes": []kv{
					named("email", address), named("email_verified", "True"),
				},
			}
			failure := srv.call("AdminCreateUser", body).failure()
			assert.Equal(t, "UsernameExists: An account with the given email already exists.",
				failure)
			srv.must("AdminCreateUser", with(body, "ForceAliasCreation", true))
		}},
		"ConfirmSignUp": {nil, func(t *testing.T, srv fake) {
			t.Helper()
			srv.must("SignUp", kv{
				"ClientId": srv.ClientID, "Username": "carol", "Password": password,
				"UserAttributes": []kv{named("email", address)},
			})
			confirm := kv{
				"ClientId": srv.ClientID, "Username": "carol",
				"ConfirmationCode": srv.lastCode("carol"),
			}
			failure := srv.call("ConfirmSignUp", confirm).failure()
			assert.Equal(t, "AliasExists: An account with the email already exists.", failure)
			assert.Equal(t, "bob", srv.User(address).Username)
			srv.must("ConfirmSignUp", with(confirm, "ForceAliasCreation", true))
		}},
		"second factor": {
			func(o *options) { mfaOn(o); everyFactor(o) },
			func(t *testing.T, srv fake) {
				t.Helper()
				unverified := map[string]string{"email": address}
				srv.AddUser(
					cognitotest.User{Username: "carol", Password: password, Attributes: unverified})
				session := srv.challenged("carol", "EMAIL_OTP").session()
				r := srv.respond("EMAIL_OTP", session, "carol",
					kv{"EMAIL_OTP_CODE": srv.lastCode("carol")})
				require.NotEmpty(t, r.access())
			},
		},
		"set-up": {func(o *options) { mfaOn(o); everyFactor(o) }, func(t *testing.T, srv fake) {
			t.Helper()
			srv.AddUser(cognitotest.User{Username: "carol", Password: password})
			session := srv.challenged("carol", "MFA_SETUP").session()
			session = srv.respond("MFA_SETUP", session, "carol", kv{"EMAIL": address}).session()
			r := srv.respond("EMAIL_OTP", session, "carol",
				kv{"EMAIL_OTP_CODE": srv.lastCode("carol")})
			require.NotEmpty(t, r.access())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := tc.on
			if on == nil {
				on = func(*options) {}
			}
			srv := listen(t, emailAlias, on)
			srv.AddUser(cognitotest.User{Username: "bob", Password: password, Email: address})
			tc.move(t, srv)
			assert.Equal(t, "carol", srv.User(address).Username)
			assert.Equal(t, address, srv.User("bob").Attributes["email"])
			assert.Equal(t, "false", srv.User("bob").Attributes["email_verified"])

			// The former holder can still be changed and deleted, without taking the address back.
			bob := kv{
				"UserPoolId": srv.UserPoolID, "Username": "bob",
				"UserAttributes": []kv{named("name", "Bob")},
			}
			srv.must("AdminUpdateUserAttributes", bob)
			assert.Equal(t, "carol", srv.User(address).Username)
			srv.must("AdminDeleteUser", bob)
			assert.Equal(t, "carol", srv.User(address).Username)
		})
	}
}

// Only addresses move. A preferred name or a user name does not.
func TestAliasDoesNotMove(t *testing.T) {
	t.Parallel()
	srv := listen(t, emailAlias)
	named1 := map[string]string{"preferred_username": "rob"}
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Attributes: named1})
	srv.AddUser(cognitotest.User{Username: "carol", Password: password})
	for _, name := range []string{"rob", "bob"} {
		taken := []kv{named("preferred_username", name)}
		const changed = "AliasExists: An account with the preferred_username already exists."
		assert.Equal(t, changed, srv.call("AdminUpdateUserAttributes", kv{
			"UserPoolId": srv.UserPoolID, "Username": "carol", "UserAttributes": taken,
		}).failure())
		const created = "UsernameExists: An account with the given preferred_username already exists."
		assert.Equal(t, created, srv.call("AdminCreateUser", kv{
			"UserPoolId": srv.UserPoolID, "Username": "dave", "ForceAliasCreation": true,
			"UserAttributes": taken,
		}).failure())
	}
	assert.Equal(t, "bob", srv.User("rob").Username)
}

// A preferred name may equal the user's own sub. Changing it does not lose the sub.
func TestAliasThatIsTheSub(t *testing.T) {
	t.Parallel()
	srv := listen(t, emailAlias)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	sub, access := srv.User("bob").Sub, srv.tokens("bob").access()
	for _, name := range []string{sub, "rob", sub, ""} {
		srv.must("UpdateUserAttributes", kv{
			"AccessToken": access, "UserAttributes": []kv{named("preferred_username", name)},
		})
		assert.Equal(t, "bob", srv.User(sub).Username)
	}
	srv.must("DeleteUser", kv{"AccessToken": access})
	_, found := srv.LookupUser(sub)
	assert.False(t, found)
}

// Users who take an address from each other at the same time do not deadlock, and one of them has
// it in the end.
func TestOneUserHasTheAlias(t *testing.T) {
	t.Parallel()
	srv := listen(t, emailAlias)
	const users = 4
	for i := range users {
		srv.AddUser(cognitotest.User{Username: fmt.Sprint("user", i), Password: password})
	}
	failures := make([]string, users)
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() {
			for range 25 {
				failures[i] += srv.call("AdminUpdateUserAttributes", kv{
					"UserPoolId": srv.UserPoolID, "Username": fmt.Sprint("user", i),
					"UserAttributes": []kv{
						named("email", "all@example.com"), named("email_verified", "true"),
					},
				}).failure()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, make([]string, users), failures)
	verified := 0
	for i := range users {
		state := srv.User(fmt.Sprint("user", i))
		if state.Attributes["email_verified"] == "true" {
			verified++
			assert.Equal(t, state.Username, srv.User("all@example.com").Username)
		}
	}
	assert.Equal(t, 1, verified)
}
