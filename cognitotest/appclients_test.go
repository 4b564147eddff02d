package cognitotest_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// An app client is described with the units in which it was set.
func TestClientIsDescribedAsSet(t *testing.T) {
	t.Parallel()
	srv := start(t)
	pool := srv.must("CreateUserPool", kv{"PoolName": "x"}).text("UserPool", "Id")
	for name, tc := range map[string]struct{ set, described kv }{
		"nothing": {kv{}, kv{
			"RefreshTokenValidity": 30.0, "AuthSessionValidity": 3.0, "EnableTokenRevocation": true,
			"AllowedOAuthFlowsUserPoolClient":          false,
			"EnablePropagateAdditionalUserContextData": false,
		}},
		"one unit": {kv{
			"AccessTokenValidity": 15, "TokenValidityUnits": kv{"AccessToken": "minutes"},
		}, kv{
			"AccessTokenValidity": 15.0, "RefreshTokenValidity": 30.0,
			"TokenValidityUnits": kv{
				"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "days",
			},
		}},
		"no units": {
			kv{"AccessTokenValidity": 2, "IdTokenValidity": 3, "RefreshTokenValidity": 4},
			kv{
				"AccessTokenValidity": 2.0, "IdTokenValidity": 3.0, "RefreshTokenValidity": 4.0,
			},
		},
		"empty units": {kv{"TokenValidityUnits": kv{}}, kv{"RefreshTokenValidity": 30.0}},
		"the default in other units": {kv{"TokenValidityUnits": kv{"RefreshToken": "hours"}}, kv{
			"RefreshTokenValidity": 720.0, "TokenValidityUnits": kv{
				"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "hours",
			},
		}},
		"existence told": {
			kv{"PreventUserExistenceErrors": "LEGACY"}, kv{"PreventUserExistenceErrors": "LEGACY"},
		},
		"rotation is off": {
			kv{"RefreshTokenRotation": kv{"Feature": "DISABLED"}},
			kv{"RefreshTokenRotation": kv{"Feature": "DISABLED", "RetryGracePeriodSeconds": 0.0}},
		},
	} {
		request := with(with(tc.set, "UserPoolId", pool), "ClientName", "x")
		made := srv.must("CreateUserPoolClient", request).body["UserPoolClient"].(kv)
		id := kv{"UserPoolId": pool, "ClientId": made["ClientId"]}
		described := srv.must("DescribeUserPoolClient", id).body["UserPoolClient"].(kv)
		assert.Equal(t, made, described, name)
		for member, want := range tc.described {
			assert.Equal(t, want, described[member], "%s: %s", name, member)
		}
		if name == "nothing" {
			for _, member := range []string{
				"UserPoolId", "ClientId", "ClientName", "CreationDate", "LastModifiedDate",
			} {
				delete(described, member)
			}
			assert.ElementsMatch(t, slices.Collect(maps.Keys(tc.described)),
				slices.Collect(maps.Keys(described)))
		}
		srv.must("UpdateUserPoolClient", with(id, "ClientName", "renamed"))
		after := srv.must("DescribeUserPoolClient", id).body["UserPoolClient"].(kv)
		assert.InDelta(t, 30, after["RefreshTokenValidity"], 0,
			"%s: what is left out is as by default", name)
		assert.NotContains(t, after, "TokenValidityUnits", name)
	}
}

// withRole makes a pool whose users have a custom attribute.
var withRole = kv{"Schema": []kv{{"Name": "role", "AttributeDataType": "String", "Mutable": true}}}

// A client shows its users only the attributes that it may read.
func TestReadAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t).other(withRole, kv{"ReadAttributes": []string{"name", "email_verified"}})
	srv.create("bob", kv{"Name": "email", "Value": "bob@example.com"},
		kv{"Name": "email_verified", "Value": "true"}, kv{"Name": "name", "Value": "Bob"},
		kv{"Name": "custom:role", "Value": "admin"})
	r := srv.tokens("bob")
	refreshed := srv.must("InitiateAuth", kv{
		"ClientId": srv.ClientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": kv{"REFRESH_TOKEN": r.refresh()},
	})
	for _, signedIn := range []reply{r, refreshed} {
		token := claims(t, signedIn.text("AuthenticationResult", "IdToken"))
		assert.Equal(t, "Bob", token["name"])
		assert.Equal(t, true, token["email_verified"])
		assert.NotEmpty(t, token["sub"])
		assert.NotContains(t, token, "email")
		assert.NotContains(t, token, "custom:role")
	}
	names := func(r reply) (names []string) {
		for _, item := range r.body["UserAttributes"].([]any) {
			names = append(names, item.(kv)["Name"].(string))
		}
		return names
	}
	assert.ElementsMatch(t, []string{"sub", "name", "email_verified"},
		names(srv.must("GetUser", kv{"AccessToken": r.access()})))
	assert.ElementsMatch(t, []string{"sub", "name", "email_verified", "email", "custom:role"},
		names(srv.must("AdminGetUser", kv{"UserPoolId": srv.UserPoolID, "Username": "bob"})),
		"an administrator reads everything")
}

// A client lets its users write only the attributes that it lists, in every operation that writes.
func TestWriteAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t).other(withRole, kv{"WriteAttributes": []string{"name"}})
	const refused = "NotAuthorized: A client attempted to write unauthorized attribute"
	role, name := kv{"Name": "custom:role", "Value": "admin"}, kv{"Name": "name", "Value": "Bob"}
	signUp := func(username string, attributes ...kv) string {
		return srv.call("SignUp", kv{
			"ClientId": srv.ClientID, "Username": username, "Password": password,
			"UserAttributes": attributes,
		}).failure()
	}
	assert.Equal(t, refused, signUp("carol", name, role))
	assert.Equal(t, refused, signUp("carol", kv{"Name": "shoe", "Value": "42"}),
		"that comes before what there is not")
	assert.Empty(t, signUp("carol", name))

	srv.create("bob", role)
	access := srv.tokens("bob").access()
	update := func(attributes ...kv) string {
		return srv.call("UpdateUserAttributes",
			kv{"AccessToken": access, "UserAttributes": attributes}).failure()
	}
	assert.Equal(t, refused, update(role))
	assert.Equal(t, refused, update(name, kv{"Name": "email", "Value": "bob@example.com"}))
	assert.Empty(t, update(name))
	assert.Equal(t, refused, srv.call("DeleteUserAttributes",
		kv{"AccessToken": access, "UserAttributeNames": []string{"custom:role"}}).failure())
	srv.must("AdminUpdateUserAttributes",
		kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "UserAttributes": []kv{role}})

	srv.must("AdminCreateUser",
		kv{"UserPoolId": srv.UserPoolID, "Username": "dave", "TemporaryPassword": password})
	session := srv.challenged("dave", "NEW_PASSWORD_REQUIRED").session()
	answer := func(attribute, value string) string {
		return srv.respond("NEW_PASSWORD_REQUIRED", session, "dave",
			kv{"NEW_PASSWORD": newPassword, "userAttributes." + attribute: value}).failure()
	}
	assert.Equal(t, refused, answer("custom:role", "admin"))
	assert.Empty(t, answer("name", "Dave"))
}

// Invalid settings of an app client are refused when it is created and when it is changed.
func TestClientRefusals(t *testing.T) {
	t.Parallel()
	srv := start(t).other(kv{"Schema": []kv{
		{"Name": "role", "AttributeDataType": "String", "Mutable": true},
		{"Name": "email", "Required": true, "Mutable": true},
	}}, nil)
	srv.must("CreateResourceServer", kv{
		"UserPoolId": srv.UserPoolID, "Identifier": "https://api.example.com", "Name": "api",
		"Scopes": []kv{{"ScopeName": "read", "ScopeDescription": "x"}},
	})
	secret := strings.Repeat("s", 24)
	withSecret := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": srv.UserPoolID, "ClientName": "x", "ClientSecret": secret,
	}).text("UserPoolClient", "ClientId")
	const readable = "InvalidParameter: Invalid read attributes specified while creating a client"
	const writable = "InvalidParameter: Invalid write attributes specified while creating a client"
	for name, tc := range map[string]struct {
		client  kv
		failure string
	}{
		"flows by both names": {
			kv{"ExplicitAuthFlows": []string{"ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"}},
			"InvalidParameter: Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.",
		},
		"flows by the old names": {
			kv{"ExplicitAuthFlows": []string{"ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH"}}, "",
		},
		"reads what there is not": {
			kv{"ReadAttributes": []string{"email", "custom:shoe"}}, readable,
		},
		"reads what there is": {kv{"ReadAttributes": []string{
			"sub", "email_verified", "custom:role",
		}}, ""},
		"writes what there is not": {kv{"WriteAttributes": []string{"email", "role"}}, writable},
		"writes what it cannot": {
			kv{"WriteAttributes": []string{"email", "email_verified"}}, writable,
		},
		"writes sub":               {kv{"WriteAttributes": []string{"email", "sub"}}, writable},
		"cannot write what is due": {kv{"WriteAttributes": []string{"custom:role"}}, writable},
		"writes what there is":     {kv{"WriteAttributes": []string{"email", "custom:role"}}, ""},
		"hands on without a secret": {
			kv{"EnablePropagateAdditionalUserContextData": true},
			"InvalidParameter: Client Secret is required to set EnablePropagateAdditionalUserContextData as true",
		},
		"hands on with a secret": {
			kv{"EnablePropagateAdditionalUserContextData": true, "ClientSecret": secret}, "",
		},
		"somebody else's users": {
			kv{"SupportedIdentityProviders": []string{"COGNITO", "Google"}},
			"InvalidParameter: The provider Google does not exist for User Pool " + srv.UserPoolID +
				".",
		},
		"scope that there is not": {
			kv{"AllowedOAuthScopes": []string{"openid", "https://api.example.com/write"}},
			"ScopeDoesNotExist: Invalid scope requested: https://api.example.com/write",
		},
		"scope of nothing": {
			kv{"AllowedOAuthScopes": []string{"Cognito"}},
			"ScopeDoesNotExist: Invalid scope requested: Cognito",
		},
		"scopes": {
			kv{"AllowedOAuthScopes": []string{
				"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin",
				"https://api.example.com/read",
			}}, "",
		},
		"persons' scope for machine": {
			kv{
				"AllowedOAuthFlows":  []string{"client_credentials"},
				"AllowedOAuthScopes": []string{"openid"},
				"ClientSecret":       secret,
			},
			"InvalidOAuthFlow: openid is not supported with client_credentials flow",
		},
		"machine without a secret": {
			kv{"AllowedOAuthFlows": []string{"client_credentials"}},
			"InvalidOAuthFlow: client_credentials flow can not be selected if client does not have a client secret.",
		},
		"machine and persons": {
			kv{"AllowedOAuthFlows": []string{"client_credentials", "code"}, "ClientSecret": secret},
			"InvalidOAuthFlow: client_credentials flow can not be selected along with code flow or implicit flow.",
		},
		"pages without flows": {
			kv{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthScopes": []string{"openid"}},
			"InvalidParameter: AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is " +
				"allowed to use OAuth flows.",
		},
		"pages that lead nowhere": {
			kv{
				"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthScopes": []string{"openid"},
				"AllowedOAuthFlows": []string{"code"},
			},
			"InvalidOAuthFlow: CallbackUrls can not be empty when code flow or implicit flow is selected",
		},
		"pages": {
			kv{
				"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthScopes": []string{"openid"},
				"AllowedOAuthFlows": []string{"code"}, "LogoutURLs": []string{"myapp://bye"},
				"CallbackURLs": []string{
					"https://a.example", "http://localhost:3000/cb", "http://[::1]",
					"http://127.0.0.1/x",
				},
			}, "",
		},
		"redirect in the clear": {
			kv{"CallbackURLs": []string{"http://localhost.example/cb"}},
			"InvalidParameter: http://localhost.example/cb cannot use the HTTP protocol.",
		},
		"out in the clear": {
			kv{"LogoutURLs": []string{"http://a.example"}},
			"InvalidParameter: http://a.example cannot use the HTTP protocol.",
		},
		"redirect with a fragment": {
			kv{"CallbackURLs": []string{"https://a.example/#x"}},
			"InvalidParameter: https://a.example/#x cannot use fragment",
		},
		"access longer than refresh": {
			kv{
				"AccessTokenValidity": 12, "RefreshTokenValidity": 2,
				"TokenValidityUnits": kv{"RefreshToken": "hours"},
			},
			"InvalidParameter: Access and Id Token expiration times must be less than or equal to refresh token " +
				"expiration times.",
		},
		"redirect elsewhere": {
			kv{
				"CallbackURLs":       []string{"https://a.example"},
				"DefaultRedirectURI": "https://b.example",
			},
			"InvalidParameter: The default redirect URI https://b.example is not in the callback URIs list.",
		},
	} {
		request := with(with(tc.client, "UserPoolId", srv.UserPoolID), "ClientName", "x")
		made := srv.call("CreateUserPoolClient", request)
		assert.Equal(t, tc.failure, made.failure(), name)
		if tc.failure != "" {
			request["ClientId"] = srv.ClientID
			if tc.client["ClientSecret"] != nil {
				request["ClientId"] = withSecret
			}
			assert.Equal(t, strings.Replace(tc.failure, "creating", "updating", 1),
				srv.call("UpdateUserPoolClient", request).failure(), name)
		}
	}
	list := func(kind string) int {
		listed := srv.must("ListUserPoolClients", kv{
			"UserPoolId": srv.UserPoolID, "MaxResults": 60, "ClientType": kind,
		})
		return len(listed.body["UserPoolClients"].([]any))
	}
	assert.Positive(t, list("REGULAR"))
	assert.Zero(t, list("DCR"), "no client registers itself")
}
