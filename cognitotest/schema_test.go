package cognitotest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every pool has the standard attributes, with the service's types, flags and bounds.
func TestStandardAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t).other(nil, nil)
	attribute := func(name, kind string) kv {
		a := kv{
			"Name": name, "AttributeDataType": kind, "DeveloperOnlyAttribute": false,
			"Mutable":  true,
			"Required": false,
		}
		switch kind {
		case "String":
			a["StringAttributeConstraints"] = kv{"MinLength": "0", "MaxLength": "2048"}
		case "Number":
			a["NumberAttributeConstraints"] = kv{"MinValue": "0"}
		}
		return a
	}
	var want []any
	for _, name := range []string{
		"sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
		"profile",
		"picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo",
		"locale", "phone_number",
		"phone_number_verified", "address", "updated_at",
	} {
		kind := map[string]string{
			"email_verified":        "Boolean",
			"phone_number_verified": "Boolean",
			"updated_at":            "Number",
		}[name]
		if kind == "" {
			kind = "String"
		}
		a := attribute(name, kind)
		switch name {
		case "sub":
			a["Mutable"], a["Required"], a["StringAttributeConstraints"] = false, true, kv{
				"MinLength": "1", "MaxLength": "2048",
			}
		case "birthdate":
			a["StringAttributeConstraints"] = kv{"MinLength": "10", "MaxLength": "10"}
		}
		want = append(want, a)
	}
	assert.Equal(t, want, srv.described()["SchemaAttributes"])
}

// A schema is checked, completed and described.
func TestSchema(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const fixed = "You can not change AttributeDataType or set developerOnlyAttribute for standard schema " +
		"attribute "
	const missing = "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
	text := func(low, high string) kv {
		return kv{
			"Name": "x", "AttributeDataType": "String",
			"StringAttributeConstraints": kv{"MinLength": low, "MaxLength": high},
		}
	}
	number := func(low, high string) kv {
		return kv{
			"Name": "x", "AttributeDataType": "Number",
			"NumberAttributeConstraints": kv{"MinValue": low, "MaxValue": high},
		}
	}
	for failure, refused := range map[string][]kv{
		fixed + "email":      {{"Name": "email", "AttributeDataType": "Number"}},
		fixed + "updated_at": {{"Name": "updated_at", "AttributeDataType": "String"}},
		fixed + "name":       {{"Name": "name", "DeveloperOnlyAttribute": true}},
		missing:              {{"Name": "x"}},
		"Required custom attributes are not supported currently.": {
			{"Name": "x", "AttributeDataType": "String", "Required": true},
		},
		"An attribute of the schema has no name.": {{"AttributeDataType": "String"}},
		"Duplicate custom attribute names custom:x are not allowed in a user pool schema.": {
			{"Name": "x", "AttributeDataType": "String"},
			{"Name": "x", "AttributeDataType": "Number"},
		},
		"The constraints of the attribute custom:x are not those of a Boolean.": {
			{
				"Name": "x", "AttributeDataType": "Boolean",
				"StringAttributeConstraints": kv{"MinLength": "1"},
			},
		},
		"The constraints of the attribute custom:x are not those of a String.": {
			{
				"Name": "x", "AttributeDataType": "String",
				"NumberAttributeConstraints": kv{"MinValue": "1"},
			},
		},
		"The constraints of the attribute custom:x are not numbers.": {text("one",
			"")},
		"The constraints of the attribute custom:x are out of range.": {text("",
			"2049")},
		"Attribute custom:x cannot have a max length shorter than it's min length": {text("5",
			"4")},
		"Attribute custom:x cannot have a max value smaller than it's min value": {number("2",
			"1")},
		"The constraints of the attribute email are not those of a String.": {
			{"Name": "email", "NumberAttributeConstraints": kv{"MinValue": "1"}},
		},
	} {
		r := srv.call("CreateUserPool", kv{"PoolName": "x", "Schema": refused})
		assert.Equal(t, "InvalidParameter: "+failure, r.failure())
	}
	for _, bounds := range []kv{
		text("-1", ""), text("", "2049"), text("", "1.5"), number("1", "0"), number("", "many"),
	} {
		assert.Equal(t, "InvalidParameterException",
			srv.call("CreateUserPool", kv{"PoolName": "x", "Schema": []kv{bounds}}).text("__type"),
			bounds)
	}

	plain := kv{"DeveloperOnlyAttribute": false, "Mutable": false, "Required": false}
	for name, tc := range map[string]struct{ given, want kv }{
		"a standard one is immutable once it is listed": {
			kv{"Name": "email", "Required": true},
			kv{
				"Name": "email", "AttributeDataType": "String", "Required": true,
				"StringAttributeConstraints": kv{"MinLength": "0", "MaxLength": "2048"},
			},
		},
		"other bounds": {
			kv{"Name": "updated_at", "NumberAttributeConstraints": kv{"MaxValue": "9"}},
			kv{
				"Name": "updated_at", "AttributeDataType": "Number",
				"NumberAttributeConstraints": kv{"MaxValue": "9"},
			},
		},
		"a text": {
			kv{"Name": "x", "AttributeDataType": "String"},
			kv{
				"Name": "custom:x", "AttributeDataType": "String",
				"StringAttributeConstraints": kv{},
			},
		},
		"a number": {
			kv{"Name": "x", "AttributeDataType": "Number", "Mutable": true},
			kv{
				"Name": "custom:x", "AttributeDataType": "Number", "Mutable": true,
				"NumberAttributeConstraints": kv{},
			},
		},
		"a developer's": {
			kv{"Name": "x", "AttributeDataType": "Boolean", "DeveloperOnlyAttribute": true},
			kv{
				"Name": "dev:custom:x", "AttributeDataType": "Boolean",
				"DeveloperOnlyAttribute": true,
			},
		},
		"a name that is taken, but not to be set up": {
			kv{"Name": "email_verified", "AttributeDataType": "DateTime"},
			kv{"Name": "custom:email_verified", "AttributeDataType": "DateTime"},
		},
	} {
		want := kv{}
		for _, part := range []kv{plain, tc.want} {
			for member, value := range part {
				want[member] = value
			}
		}
		made := srv.must("CreateUserPool", kv{"PoolName": "x", "Schema": []kv{tc.given}})
		assert.Contains(t, made.body["UserPool"].(kv)["SchemaAttributes"], want, name)
	}
}

// The values of attributes must conform to the schema. One error lists all violations.
func TestAttributeValues(t *testing.T) {
	t.Parallel()
	srv := start(t).other(kv{"Schema": []kv{
		{"Name": "age", "AttributeDataType": "Number", "Mutable": true},
		{"Name": "joined", "AttributeDataType": "DateTime", "Mutable": true},
		{
			"Name": "note", "AttributeDataType": "String", "Mutable": true,
			"StringAttributeConstraints": kv{"MaxLength": "3"},
		},
		{"Name": "name", "Required": true, "Mutable": true},
		{"Name": "email", "Required": true, "Mutable": true},
	}}, nil)
	const prefix = "InvalidParameter: Attributes did not conform to the schema: "
	signUp := func(attributes ...kv) string {
		return srv.call("SignUp", kv{
			"ClientId": srv.ClientID, "Username": "bob", "Password": password,
			"UserAttributes": attributes,
		}).failure()
	}
	r := srv.call("AdminCreateUser",
		kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "UserAttributes": []kv{
			{"Name": "custom:a", "Value": "1"},
			{"Name": "birthdate", "Value": "1.1.2000"},
			{"Name": "custom:age", "Value": "old"},
			{"Name": "custom:joined", "Value": "yesterday"},
			{"Name": "custom:note", "Value": "four"},
			{"Name": "updated_at", "Value": "-1"},
			{"Name": "email_verified", "Value": "maybe"},
		}})
	assert.Equal(t, prefix+"custom:a: Attribute does not exist in the schema.\n"+
		"birthdate: String must be no shorter than 10 characters\n"+
		"custom:age: The attribute is not a number\n"+
		"custom:joined: The attribute is not a date\n"+
		"custom:note: String must be no longer than 3 characters\n"+
		"updated_at: The attribute is out of range\n"+
		"email_verified: The attribute is not true or false\n", r.failure())
	assert.Equal(t, prefix+"custom:a: Attribute does not exist in the schema.\n"+
		"custom:b: Attribute does not exist in the schema.\n",
		signUp(kv{"Name": "custom:a", "Value": "1"}, kv{"Name": "custom:b", "Value": "2"}))
	assert.Equal(t, prefix+"name: The attribute is required\nemail: The attribute is required\n",
		signUp())

	for _, date := range []string{
		"2026-11-25", "2026-11-25T10:00:00", "2026-11-25T10:00:00Z", "1790000010",
	} {
		srv.create("user-"+date[:4]+date[len(date)-3:], kv{"Name": "custom:joined", "Value": date})
	}
	srv.create("bob", kv{"Name": "email_verified", "Value": "True"},
		kv{"Name": "email", "Value": "b@example.com"})
	access := srv.tokens("bob").access()
	r = srv.call("UpdateUserAttributes", kv{
		"AccessToken": access,
		"UserAttributes": []kv{
			{"Name": "custom:a", "Value": "1"}, {"Name": "custom:b", "Value": ""},
		},
	})
	assert.Equal(t, "InvalidParameter: user.custom:a: Attribute does not exist in the schema.\n"+
		"user.custom:b: Attribute does not exist in the schema.\n", r.failure())
}

func TestAddCustomAttributes(t *testing.T) {
	t.Parallel()
	srv := start(t).other(nil, nil)
	add := func(attributes ...kv) string {
		return srv.call("AddCustomAttributes",
			kv{"UserPoolId": srv.UserPoolID, "CustomAttributes": attributes}).failure()
	}
	role := kv{"Name": "role", "AttributeDataType": "String", "Mutable": true}
	srv.create("bob")
	write := kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob",
		"UserAttributes": []kv{{"Name": "custom:role", "Value": "reader"}},
	}
	assert.Equal(t, "InvalidParameter: user.custom:role: Attribute does not exist in the schema.\n",
		srv.call("AdminUpdateUserAttributes", write).failure())
	require.Empty(t, add(role, kv{"Name": "email", "AttributeDataType": "Number"}))
	srv.must("AdminUpdateUserAttributes", write)
	assert.Equal(t, "reader",
		claims(t, srv.tokens("bob").text("AuthenticationResult", "IdToken"))["custom:role"])
	schema := srv.described()["SchemaAttributes"].([]any)
	assert.Len(t, schema, 22)
	assert.Equal(t, "custom:email", schema[21].(kv)["Name"], "none is a standard one any more")

	assert.Equal(t,
		"InvalidParameter: custom:role: Existing attribute already has name custom:role.",
		add(role))
	var many []kv
	for i := range 25 {
		many = append(many, kv{"Name": fmt.Sprint("a", i), "AttributeDataType": "Number"})
	}
	require.Empty(t, add(many...))
	for i := range many {
		many[i]["Name"] = fmt.Sprint("b", i)
	}
	assert.Equal(t, "InvalidParameter: A user pool cannot have more than 50 custom attributes.",
		add(many...))
	assert.Len(t, srv.described()["SchemaAttributes"], 47, "all or none")
}
