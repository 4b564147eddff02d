package cognitotest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// named is an item of a list of attributes.
func named(name, value string) kv { return kv{"Name": name, "Value": value} }

func TestUpdateUserAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t,
		func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"email", "preferred_username"} })
	srv.bob()
	client := srv.Client()
	access := srv.tokens("bob").access()
	updated, err := client.UpdateUserAttributes(t.Context(),
		&cognitoidentityprovider.UpdateUserAttributesInput{
			AccessToken: &access, UserAttributes: []types.AttributeType{
				{Name: aws.String("email"), Value: aws.String("robert@example.com")},
				{Name: aws.String("preferred_username"), Value: aws.String("rob")},
				{Name: aws.String("custom:tenant"), Value: aws.String("7")},
			},
		})
	require.NoError(t, err)
	require.Len(t, updated.CodeDeliveryDetailsList, 1)
	assert.Equal(t, "r***@e***", *updated.CodeDeliveryDetailsList[0].Destination)
	state := srv.User("rob")
	assert.Equal(t, map[string]string{
		"sub": state.Sub, "email": "robert@example.com", "email_verified": "false",
		"preferred_username": "rob", "custom:tenant": "7",
	}, state.Attributes)
	for _, gone := range []string{"bob@example.com", "robert@example.com"} {
		assert.Panics(t, func() { srv.User(gone) }, "an alias is one while it is verified")
	}

	_, err = client.VerifyUserAttribute(t.Context(),
		&cognitoidentityprovider.VerifyUserAttributeInput{
			AccessToken: &access, AttributeName: aws.String("email"),
			Code: aws.String(srv.lastCode("bob")),
		})
	require.NoError(t, err)
	assert.Equal(t, "bob", srv.User("robert@example.com").Username)

	same, err := client.UpdateUserAttributes(t.Context(),
		&cognitoidentityprovider.UpdateUserAttributesInput{
			AccessToken: &access, UserAttributes: []types.AttributeType{
				{Name: aws.String("email"), Value: aws.String("robert@example.com")},
				{Name: aws.String("custom:tenant"), Value: aws.String("")},
			},
		})
	require.NoError(t, err)
	assert.Empty(t, same.CodeDeliveryDetailsList, "it is the same address")
	assert.Equal(t, "true", srv.User("bob").Attributes["email_verified"])
	assert.NotContains(t, srv.User("bob").Attributes, "custom:tenant", "an empty value deletes")

	_, err = client.DeleteUserAttributes(t.Context(),
		&cognitoidentityprovider.DeleteUserAttributesInput{
			AccessToken: &access, UserAttributeNames: []string{"email", "locale"},
		})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"sub": state.Sub, "preferred_username": "rob"},
		srv.User("bob").Attributes)
	assert.Panics(t, func() { srv.User("robert@example.com") })
}

func TestVerifyUserAttribute(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob()
	access := srv.tokens("bob").access()
	sent, err := srv.Client().GetUserAttributeVerificationCode(
		t.Context(), &cognitoidentityprovider.GetUserAttributeVerificationCodeInput{
			AccessToken: &access, AttributeName: aws.String("email"),
		},
	)
	require.NoError(t, err)
	assert.Equal(t, "b***@e***", *sent.CodeDeliveryDetails.Destination)
	code := srv.lastCode("bob")
	verify := func(attribute, code string) string {
		return srv.call("VerifyUserAttribute", kv{
			"AccessToken": access, "AttributeName": attribute, "Code": code,
		}).failure()
	}
	const old = "ExpiredCode: Invalid code provided, please request a code again."
	const notVerifiable = "InvalidParameter: Invalid attribute name. Only phone_number and email can be verified."
	assert.Equal(t, "CodeMismatch: Invalid verification code provided, please try again.",
		verify("email", "x"))
	assert.Equal(t, old, verify("phone_number", code))
	assert.Empty(t, verify("email", code))
	assert.Equal(t, old, verify("email", code), "a code is good once")

	ask := func(attribute string) string {
		return srv.call("GetUserAttributeVerificationCode", kv{
			"AccessToken": access, "AttributeName": attribute,
		}).failure()
	}
	const noAddress = "InvalidParameter: User does not have a valid registered "
	assert.Equal(t, noAddress+"phone number", ask("phone_number"))
	assert.Equal(t, notVerifiable, ask("name"))
	assert.Equal(t, notVerifiable, verify("name", "x"))
	require.Empty(t, ask("email"))
	fresh := srv.tokens("bob")
	srv.Advance(24 * time.Hour)
	access = srv.must("GetTokensFromRefreshToken", kv{
		"ClientId": srv.ClientID, "RefreshToken": fresh.refresh(),
	}).access()
	assert.Equal(t, old, verify("email", srv.lastCode("bob")))
	require.Empty(t, ask("email"))
	assert.Empty(t, verify("email", srv.lastCode("bob")),
		"a verified address may be verified again")
	srv.must("DeleteUserAttributes",
		kv{"AccessToken": access, "UserAttributeNames": []string{"email"}})
	assert.Equal(t, noAddress+"email address", ask("email"))
}

func TestAdminUpdateUserAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob()
	update := func(given ...kv) {
		t.Helper()
		srv.must("AdminUpdateUserAttributes", kv{
			"UserPoolId": srv.UserPoolID, "Username": "bob", "UserAttributes": given,
		})
	}
	update(named("email_verified", "true"), named("email", "new@example.com"))
	assert.Equal(t, "true", srv.User("bob").Attributes["email_verified"],
		"in whatever order it is said")
	assert.Empty(t, srv.Outbox("bob"))
	update(named("phone_number", "+15550001234"))
	assert.Equal(t, "false", srv.User("bob").Attributes["phone_number_verified"])
	assert.Equal(t, "+15550001234", srv.Outbox("bob")[0].Destination)
	srv.must("AdminDeleteUserAttributes", kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob",
		"UserAttributeNames": []string{"phone_number", "email"},
	})
	assert.Len(t, srv.User("bob").Attributes, 1)
}

// The rules of a schema are enforced.
func TestAttributeRefusals(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const immutable, bounded = "custom:badge", "custom:colour"
	created := srv.must("CreateUserPool",
		kv{"PoolName": "x", "AliasAttributes": []string{"email"}, "Schema": []kv{
			{"Name": "name", "Required": true, "Mutable": true},
			{"Name": "badge", "AttributeDataType": "String", "Mutable": false},
			{
				"Name": "colour", "AttributeDataType": "String", "Mutable": true,
				"StringAttributeConstraints": kv{"MinLength": "3", "MaxLength": "5"},
			},
			{
				"Name": "age", "AttributeDataType": "Number", "Mutable": true,
				"NumberAttributeConstraints": kv{"MinValue": "0", "MaxValue": "150"},
			},
			{"Name": "happy", "AttributeDataType": "Boolean", "Mutable": true},
			{
				"Name": "score", "AttributeDataType": "Number", "DeveloperOnlyAttribute": true,
				"Mutable": true,
			},
		}})
	pool := created.text("UserPool", "Id")
	app := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": pool, "ClientName": "x",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"},
	}).text("UserPoolClient", "ClientId")
	srv.ClientID = app
	user := kv{
		"UserPoolId": pool, "Username": "bob", "MessageAction": "SUPPRESS", "Password": password,
		"Permanent": true, "UserAttributes": []kv{
			named("name", "Bob"), named(immutable, "1"), named("dev:custom:score", "5"),
			named(bounded, "grün"), named("custom:age", "150"), named("custom:happy", "true"),
		},
	}
	srv.must("AdminCreateUser", user)
	srv.must("AdminSetUserPassword", user)
	user["Username"], user["UserAttributes"] = "carol", []kv{
		named("email", "carol@example.com"), named("email_verified", "true"),
	}
	srv.must("AdminCreateUser", user)
	access := srv.tokens("bob").access()

	const unconform = "InvalidParameter: Attributes did not conform to the schema: "
	for name, tc := range map[string]struct {
		attribute       kv
		byUser, byAdmin string
		atSignUp        string
	}{
		"sub": {
			attribute: named("sub", "x"),
			byUser:    "InvalidParameter: Cannot modify the non-mutable attribute sub",
			byAdmin:   "InvalidParameter: Cannot modify the non-mutable attribute sub",
			atSignUp:  "InvalidParameter: Cannot modify the non-mutable attribute sub",
		},
		"unknown": {
			attribute: named("custom:shoe", "42"),
			byUser:    "InvalidParameter: user.custom:shoe: Attribute does not exist in the schema.\n",
			byAdmin:   "InvalidParameter: user.custom:shoe: Attribute does not exist in the schema.\n",
			atSignUp:  unconform + "custom:shoe: Attribute does not exist in the schema.\n",
		},
		"no prefix": {
			attribute: named("badge", "42"),
			byUser:    "InvalidParameter: user.badge: Attribute does not exist in the schema.\n",
			byAdmin:   "InvalidParameter: user.badge: Attribute does not exist in the schema.\n",
			atSignUp:  unconform + "badge: Attribute does not exist in the schema.\n",
		},
		"immutable": {
			attribute: named(immutable, "2"),
			byUser:    "InvalidParameter: user.custom:badge: Attribute cannot be updated.\n",
			byAdmin:   "InvalidParameter: user.custom:badge: Attribute cannot be updated.\n",
		},
		"required, empty": {
			attribute: named("name", ""), byUser: unconform + "name: The attribute is required\n",
			byAdmin:  unconform + "name: The attribute is required\n",
			atSignUp: unconform + "name: The attribute is required\n",
		},
		"verified": {
			attribute: named("email_verified", "true"),
			byUser:    "NotAuthorized: A client attempted to write unauthorized attribute",
			atSignUp:  "NotAuthorized: A client attempted to write unauthorized attribute",
		},
		"developer's": {
			attribute: named("dev:custom:score", "6"),
			byUser:    "NotAuthorized: A client attempted to write unauthorized attribute",
			atSignUp:  "NotAuthorized: A client attempted to write unauthorized attribute",
		},
		"too short": {
			attribute: named(bounded, "né"),
			byUser:    unconform + "custom:colour: String must be no shorter than 3 characters\n",
			byAdmin:   unconform + "custom:colour: String must be no shorter than 3 characters\n",
			atSignUp:  unconform + "custom:colour: String must be no shorter than 3 characters\n",
		},
		"too large": {
			attribute: named("custom:age", "151"),
			byUser:    unconform + "custom:age: The attribute is out of range\n",
			byAdmin:   unconform + "custom:age: The attribute is out of range\n",
			atSignUp:  unconform + "custom:age: The attribute is out of range\n",
		},
		"no number": {
			attribute: named("custom:age", "old"),
			byUser:    unconform + "custom:age: The attribute is not a number\n",
			byAdmin:   unconform + "custom:age: The attribute is not a number\n",
			atSignUp:  unconform + "custom:age: The attribute is not a number\n",
		},
		"neither": {
			attribute: named("custom:happy", "yes"),
			byUser:    unconform + "custom:happy: The attribute is not true or false\n",
			byAdmin:   unconform + "custom:happy: The attribute is not true or false\n",
			atSignUp:  unconform + "custom:happy: The attribute is not true or false\n",
		},
		"no address": {
			attribute: named("email", "bob"),
			byUser:    "InvalidParameter: Invalid email address format.",
			byAdmin:   "InvalidParameter: Invalid email address format.",
			atSignUp:  "InvalidParameter: Invalid email address format.",
		},
		"no phone number": {
			attribute: named("phone_number", "1"),
			byUser:    "InvalidParameter: Invalid phone number format.",
			byAdmin:   "InvalidParameter: Invalid phone number format.",
			atSignUp:  "InvalidParameter: Invalid phone number format.",
		},
		"what is possible": {attribute: named("custom:age", "0")},
	} {
		assert.Equal(
			t, tc.byUser,
			srv.call("UpdateUserAttributes",
				kv{"AccessToken": access, "UserAttributes": []kv{tc.attribute}}).failure(),
			name,
		)
		assert.Equal(
			t, tc.byAdmin,
			srv.call("AdminUpdateUserAttributes", kv{
				"UserPoolId": pool, "Username": "bob", "UserAttributes": []kv{tc.attribute},
			}).failure(),
			name,
		)
		given := []kv{tc.attribute}
		if tc.attribute["Name"] != "name" {
			given = append(given, named("name", "Eve"))
		}
		r := srv.call("SignUp", kv{
			"ClientId": app, "Username": "eve-" + strings.ReplaceAll(name, " ", "-"),
			"Password": password, "UserAttributes": given,
		})
		assert.Equal(t, tc.atSignUp, r.failure(), name)
	}

	for failure, attempt := range map[string]reply{
		unconform + "name: The attribute is required\n": srv.call("DeleteUserAttributes", kv{
			"AccessToken": access, "UserAttributeNames": []string{"name"},
		}),
		"InvalidParameter: user.custom:shoe: Attribute does not exist in the schema.\n": srv.call(
			"AdminDeleteUserAttributes", kv{
				"UserPoolId": pool, "Username": "bob",
				"UserAttributeNames": []string{"custom:shoe"},
			},
		),
		"InvalidParameter: Required custom attributes are not supported currently.": srv.call(
			"CreateUserPool", kv{
				"PoolName": "x", "Schema": []kv{{"Name": "shoe", "Required": true}},
			}),
	} {
		assert.Equal(t, failure, attempt.failure())
	}

	// The refused requests changed nothing.
	assert.Equal(t, map[string]string{
		"sub": srv.User("bob").Sub, "name": "Bob", immutable: "1", "dev:custom:score": "6",
		bounded: "grün", "custom:age": "0", "custom:happy": "true",
		"email_verified": "true",
	}, srv.User("bob").Attributes)
}

func TestNewPasswordLeavesTheEmail(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.must("AdminCreateUser", kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob", "TemporaryPassword": password,
		"UserAttributes": []kv{named("email", "bob@example.com")},
	})
	session := srv.challenged("bob", "NEW_PASSWORD_REQUIRED").session()
	answer := func(attribute, value string) string {
		return srv.respond("NEW_PASSWORD_REQUIRED", session, "bob", kv{
			"NEW_PASSWORD": newPassword, "userAttributes." + attribute: value,
		}).failure()
	}
	assert.Equal(t, "NotAuthorized: Cannot modify an already provided email",
		answer("email", "bob@example.com"))
	assert.Equal(
		t, "NotAuthorized: A client attempted to write unauthorized attribute",
		answer("email_verified", "true"),
	)
	assert.Empty(t, answer("name", "Bob"))
}

// The error lists all unknown attributes, one per line.
func TestUnknownAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const line = ": Attribute does not exist in the schema.\n"
	given := []kv{named("one", "1"), named("name", "Bob"), named("two", "2")}
	const atChange = "InvalidParameter: user.one" + line + "user.two" + line
	const atCreation = "InvalidParameter: Attributes did not conform to the schema: one" + line +
		"two" + line
	alice := kv{"UserPoolId": srv.UserPoolID, "Username": "alice", "UserAttributes": given}
	bob := kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "UserAttributes": given}
	own := kv{"AccessToken": srv.tokens("alice").access(), "UserAttributes": given}
	signUp := kv{
		"ClientId": srv.ClientID, "Username": "bob", "Password": password, "UserAttributes": given,
	}
	assert.Equal(t, atChange, srv.call("UpdateUserAttributes", own).failure())
	assert.Equal(t, atChange, srv.call("AdminUpdateUserAttributes", alice).failure())
	assert.Equal(t, atCreation, srv.call("SignUp", signUp).failure())
	assert.Equal(t, atCreation, srv.call("AdminCreateUser", bob).failure())
	assert.NotContains(t, srv.User("alice").Attributes, "name")
}

// Any case of true says that an address is verified.
func TestVerifiedInAnyCase(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.RevealUsers = true })
	for value, verified := range map[string]bool{
		"true": true, "True": true, "TRUE": true, "false": false, "False": false,
	} {
		srv.must("AdminCreateUser",
			kv{"UserPoolId": srv.UserPoolID, "Username": value, "UserAttributes": []kv{
				named("email", "bob@example.com"), named("email_verified", value),
			}})
		srv.must("AdminSetUserPassword", kv{
			"UserPoolId": srv.UserPoolID, "Username": value, "Password": password,
			"Permanent": true,
		})
		assert.Equal(t, verified, srv.forgot(value).failure() == "", value)
		id := srv.signIn(value, password).text("AuthenticationResult", "IdToken")
		assert.Equal(t, verified, payload(id)["email_verified"], value)
	}
	const fault = "InvalidParameter: Attributes did not conform to the schema: " +
		"email_verified: The attribute is not true or false\n"
	for _, value := range []string{"yes", "1", "truest"} {
		attributes := []kv{named("email", "bob@example.com"), named("email_verified", value)}
		for operation, username := range map[string]string{
			"AdminCreateUser": "bob", "AdminUpdateUserAttributes": "alice",
		} {
			assert.Equal(t, fault, srv.call(operation, kv{
				"UserPoolId": srv.UserPoolID, "Username": username, "UserAttributes": attributes,
			}).failure(), "%s: %s", operation, value)
		}
	}
}

// In a pool whose users sign in by email, the user name of a request is the address.
func TestUsernameIsTheAddress(t *testing.T) {
	t.Parallel()
	srv := start(t,
		func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} })
	const failure = "InvalidParameter: User email should be empty or same as username, " +
		"since username attribute is email."
	another, same := []kv{named("email", "other@example.com")},
		[]kv{named("email", "bob@example.com")}
	signUp := kv{"ClientId": srv.ClientID, "Username": "bob@example.com", "Password": password}
	create := kv{"UserPoolId": srv.UserPoolID, "Username": "bob@example.com"}
	assert.Equal(t, failure, srv.call("SignUp", with(signUp, "UserAttributes", another)).failure())
	assert.Equal(t, failure,
		srv.call("AdminCreateUser", with(create, "UserAttributes", another)).failure())
	srv.must("SignUp", with(signUp, "UserAttributes", same))
	srv.must("AdminCreateUser", with(create, "Username", "carol@example.com"))
}
