package model_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

const failed = " failed to satisfy constraint: "

// decode reads a request as encoding/json does by itself.
func decode(tb testing.TB, text string) object {
	tb.Helper()
	var members object
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		tb.Fatal(err)
	}
	return members
}

// Sentences that the service was seen to answer.
func TestSentencesSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ operation, request, message string }{
		// The message table of a public app, from before the code was made a secret: "Value
		// 'Aaaa' at 'userCode'".
		"code of letters": {
			"VerifySoftwareToken", `{"UserCode": "Aaaa"}`,
			"2 validation errors detected: Value at 'userCode'" + failed +
				"Member must satisfy regular expression pattern: [0-9]+; Value at 'userCode'" + failed +
				"Member must have length greater than or equal to 6",
		},
		// https://github.com/aws-amplify/amplify-js/issues/14411, 2025-05-29
		"long session": {
			"RespondToAuthChallenge",
			`{"ClientId": "x", "ChallengeName": "SMS_MFA", "Session": "` + strings.Repeat("x", 8420) + `"}`,
			"1 validation error detected: Value at 'session'" + failed +
				"Member must have length less than or equal to 8192",
		},
		// https://github.com/cds-snc/platform-forms-client/issues/5635, 2025-05-30
		"password with a space at its end": {
			"ConfirmForgotPassword",
			`{"ClientId": "x", "Username": "x", "ConfirmationCode": "1", "Password": "Passw0rd! "}`,
			"1 validation error detected: Value at 'password'" + failed +
				`Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`,
		},
		// https://github.com/rosberglinhares/CloudFormationCognitoCustomResources/issues/1,
		// 2018-07-30
		"enum": {
			"CreateUserPool", `{"PoolName": "x", "MfaConfiguration": "false"}`,
			"1 validation error detected: Value 'false' at 'mfaConfiguration'" + failed +
				"Member must satisfy enum value set: [OPTIONAL, OFF, ON]",
		},
		// https://github.com/awsdocs/aws-cloudformation-user-guide/issues/563, 2020-01-13
		"list of enum": {
			"CreateUserPoolClient",
			`{"UserPoolId": "a_b", "ClientName": "x", "AllowedOAuthFlows": ["code", "token"]}`,
			"1 validation error detected: Value '[code, token]' at 'allowedOAuthFlows'" + failed +
				"Member must satisfy constraint: " +
				"[Member must satisfy enum value set: [implicit, client_credentials, code]]",
		},
		// https://github.com/aws/aws-cdk/pull/14699, 2021-05-14
		"in a list of objects": {
			"CreateUserPool", `{"PoolName": "x", "Schema": [{"Name": "phone_number_verified"}]}`,
			"1 validation error detected: Value 'phone_number_verified' at 'schema.1.member.name'" + failed +
				"Member must have length less than or equal to 20",
		},
		// https://github.com/aws/aws-sdk-net/issues/3565, 2024-12-02
		"long filter": {
			"ListUsers", `{"UserPoolId": "a_b", "Filter": "` + strings.Repeat("x", 257) + `"}`,
			"1 validation error detected: Value '" + strings.Repeat("x", 257) + "' at 'filter'" + failed +
				"Member must have length less than or equal to 256",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := operation(t, tc.operation)
			assert.Equal(t, tc.message, model.Violations(op.Check(decode(t, tc.request))))
		})
	}
}

// The values of an enumeration come in the order in which the service was seen to list them. That
// answer is from before ALLOW_USER_AUTH
// (https://github.com/aws-solutions/media-insights-on-aws/pull/199, 2020-05-31).
func TestOrderOfEnum(t *testing.T) {
	t.Parallel()
	s := operation(t, "CreateUserPoolClient").Input.Member("ExplicitAuthFlows").Shape.Element
	var old []string
	for _, value := range s.Enum {
		if value != "ALLOW_USER_AUTH" {
			old = append(old, value)
		}
	}
	assert.Equal(t, "ALLOW_CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH, ALLOW_USER_PASSWORD_AUTH, "+
		"ALLOW_USER_SRP_AUTH, CUSTOM_AUTH_FLOW_ONLY, USER_PASSWORD_AUTH, ALLOW_ADMIN_USER_PASSWORD_AUTH",
		strings.Join(old, ", "))
}

func TestSentences(t *testing.T) {
	t.Parallel()
	const (
		must = failed + "Member must "
		text = "Member must have length less than or equal to 131072, " +
			"Member must have length greater than or equal to 0"
	)
	long := strings.Repeat("x", 257)
	for name, tc := range map[string]struct {
		operation, request string
		violations         []string
	}{
		"nothing": {"AdminGetUser", `{}`, []string{
			"Value null at 'userPoolId'" + must + "not be null",
			"Value at 'username'" + must + "not be null",
		}},
		"null": {"GetUser", `{"AccessToken": null}`, []string{
			"Value at 'accessToken'" + must + "not be null",
		}},
		"number in a list of objects": {
			"CreateUserPool",
			`{"PoolName": "x", "AccountRecoverySetting": {"RecoveryMechanisms": [
				{"Priority": 3, "Name": "verified_email"}]}}`,
			[]string{"Value '3' at 'accountRecoverySetting.recoveryMechanisms.1.member.priority'" +
				must + "have value less than or equal to 2"},
		},
		"null in a list of objects": {
			"UpdateUserAttributes",
			`{"AccessToken": "x", "UserAttributes": [null, {"Name": "a", "Value": null}]}`,
			[]string{"Value null at 'userAttributes.1.member'" + must + "not be null"},
		},
		"null in a list of texts": {
			"ListUsers", `{"UserPoolId": "a_b", "AttributesToGet": ["email", null]}`,
			[]string{"Value '[email, null]' at 'attributesToGet'" + must + "satisfy constraint: [" +
				"Member must have length less than or equal to 32, " +
				"Member must have length greater than or equal to 1, " +
				"Member must satisfy regular expression pattern: " +
				`[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+]`},
		},
		"empty list": {
			"AddCustomAttributes", `{"UserPoolId": "a_b", "CustomAttributes": []}`,
			[]string{"Value at 'customAttributes'" + must + "have length greater than or equal to 1"},
		},
		"key and value of a map": {
			"TagResource",
			`{"ResourceArn": "arn:aws:iam::123456789012:role/x", "Tags": {"b": "` + long + `", "": "a"}}`,
			[]string{
				"Value '{=a, b=" + long + "}' at 'tags'" + failed + "Map keys must satisfy constraint: [" +
					"Member must have length less than or equal to 128, " +
					"Member must have length greater than or equal to 1]",
				"Value '{=a, b=" + long + "}' at 'tags'" + failed + "Map value must satisfy constraint: [" +
					"Member must have length less than or equal to 256, " +
					"Member must have length greater than or equal to 0]",
			},
		},
		"map of objects": {
			"UpdateUserPool",
			`{"UserPoolId": "a_b", "AcrConfiguration": {
				"Level5": {"AcrValue": "a b"}, "Level1": {}, "Level2": null}}`,
			[]string{
				"Value at 'acrConfiguration'" + failed + "Map keys must satisfy constraint: [" +
					"Member must satisfy regular expression pattern: Level[1-4]]",
				"Value null at 'acrConfiguration.Level1.member.acrValue'" + must + "not be null",
				"Value null at 'acrConfiguration.Level2.member'" + must + "not be null",
				"Value 'a b' at 'acrConfiguration.Level5.member.acrValue'" + must +
					`satisfy regular expression pattern: [\x21\x23-\x5B\x5D-\x7E]+`,
			},
		},
		"secret map": {
			"InitiateAuth",
			`{"ClientId": "x", "AuthFlow": "USER_AUTH", "AuthParameters": {"PASSWORD": null}}`,
			[]string{"Value at 'authParameters'" + failed +
				"Map value must satisfy constraint: [" + text + "]"},
		},
		"member of a secret object": {
			"ForgotPassword",
			`{"ClientId": "x", "Username": "x",
				"UserContextData": {"IpAddress": "` + strings.Repeat("9", 131073) + `"}}`,
			[]string{"Value at 'userContextData.ipAddress'" + must +
				"have length less than or equal to 131072"},
		},
		"bytes": {
			"SetUICustomization",
			`{"UserPoolId": "a_b", "ImageFile": "` + strings.Repeat("AAAA", 43691) + `"}`,
			[]string{"Value '" + strings.Repeat("AAAA", 43691) + "' at 'imageFile'" + must +
				"have length less than or equal to 131072"},
		},
		"wide characters count once": {
			"ChangePassword",
			`{"AccessToken": "x", "ProposedPassword": "` + strings.Repeat("界", 256) + `"}`,
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.violations, operation(t, tc.operation).Check(decode(t, tc.request)))
		})
	}
}

// It does not matter how the decoder was told to read numbers.
func TestNumbers(t *testing.T) {
	t.Parallel()
	op := operation(t, "ListUsers")
	for _, limit := range []any{float64(61), json.Number("61")} {
		members := object{"UserPoolId": "a_b", "Limit": limit}
		assert.Equal(t, []string{
			"Value '61' at 'limit'" + failed + "Member must have value less than or equal to 60",
		}, op.Check(members))
		_, ok := op.Type(members)
		assert.True(t, ok)
	}
	for _, limit := range []any{
		0.5, 1e99, -1e99, float64(1 << 31), json.Number("1.5"), json.Number("1e1"),
		json.Number("2147483648"), json.Number("9" + strings.Repeat("0", 30)),
	} {
		message, ok := op.Type(object{"Limit": limit})
		assert.False(t, ok, limit)
		assert.Equal(t, "NUMBER_VALUE can not be converted to an Integer", message)
	}
	for _, limit := range []any{float64(-1 << 31), json.Number("2147483647"), nil} {
		_, ok := op.Type(object{"Limit": limit})
		assert.True(t, ok, limit)
	}
}

func TestType(t *testing.T) {
	t.Parallel()
	const (
		noObject = "Start of structure or map found where not expected."
		noList   = "Start of list found where not expected"
		noNumber = "NUMBER_VALUE can not be converted to a String"
		noTrue   = "TRUE_VALUE can not be converted to a String"
		noFalse  = "FALSE_VALUE can not be converted to a String"
	)
	for _, tc := range []struct{ operation, request, message string }{
		{"VerifySoftwareToken", `{"UserCode": 5}`, noNumber},
		{"VerifySoftwareToken", `{"UserCode": true}`, noTrue},
		{"VerifySoftwareToken", `{"UserCode": []}`, noList},
		{"VerifySoftwareToken", `{"UserCode": {}}`, noObject},
		{"ListUsers", `{"Limit": "5"}`, "STRING_VALUE can not be converted to an Integer"},
		{"AdminSetUserPassword", `{"Permanent": "yes"}`, "STRING_VALUE can not be converted to a Boolean"},
		{"SetUICustomization", `{"ImageFile": "?"}`, "STRING_VALUE can not be converted to a Blob"},
		{"UpdateUserAttributes", `{"UserAttributes": "x"}`, "Expected list or null"},
		{"UpdateUserAttributes", `{"UserAttributes": {}}`, noObject},
		{"UpdateUserAttributes", `{"UserAttributes": [{"Name": "x"}, "x"]}`, "Expected null"},
		{"UpdateUserAttributes", `{"UserAttributes": [{"Name": false}]}`, noFalse},
		{"InitiateAuth", `{"AuthParameters": []}`, "Expected map or null"},
		{"InitiateAuth", `{"AuthParameters": "x"}`, "Expected map or null"},
		{"InitiateAuth", `{"AuthParameters": {"A": "x", "B": 1}}`, noNumber},
		{"AdminInitiateAuth", `{"ContextData": []}`, noList},
		{"AdminGetUser", `{"Username": {}, "UserPoolId": 1}`, noNumber}, // the model's first

		{"AdminInitiateAuth", `{"UserPoolId": null, "ContextData": {"HttpHeaders": [null]}}`, ""},
		{"AdminInitiateAuth", `{"AuthParameters": {"A": null}, "ContextData": null}`, ""},
		{"CompleteWebAuthnRegistration", `{"Credential": [1, {"a": null}]}`, ""},
		{"GetUser", `{"Colour": [1], "accesstoken": 5}`, ""}, // unknown
		{"ListUserPools", `{"MaxResults": 60}`, ""},
	} {
		message, ok := operation(t, tc.operation).Type(decode(t, tc.request))
		assert.Equal(t, tc.message, message, tc.request)
		assert.Equal(t, tc.message == "", ok, tc.request)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	op := operation(t, "AdminCreateUser")
	members := decode(t, `{"UserPoolId": "p", "username": "x", "Username": "u",
		"ClientMetadata": {"any": "key", "Any": "case"}, "Extra": {"a": [1]},
		"UserAttributes": [{"Name": "n"}, {"Name": "n", "value": "v", "Value": "w"}, null, "text"]}`)
	before := marshal(t, members)
	pruned, changed := op.Prune(members)
	assert.True(t, changed)
	assert.Equal(t, decode(t, `{"UserPoolId": "p", "Username": "u",
		"ClientMetadata": {"any": "key", "Any": "case"},
		"UserAttributes": [{"Name": "n"}, {"Name": "n", "Value": "w"}, null, "text"]}`), pruned)
	assert.Equal(t, before, marshal(t, members), "what was given is as it was")

	again, changed := op.Prune(pruned)
	assert.False(t, changed)
	assert.Equal(t, pruned, again)
	for _, empty := range []object{nil, {}} {
		pruned, changed := op.Prune(empty)
		assert.False(t, changed)
		assert.Equal(t, empty, pruned)
	}
}
