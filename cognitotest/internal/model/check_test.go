package model_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

const failed = " failed to satisfy constraint: "

// decode reads a request with the defaults of encoding/json.
func decode(tb testing.TB, text string) object {
	tb.Helper()
	var members object
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		tb.Fatal(err)
	}
	return members
}

// Messages that were seen from the service.
func TestMessagesSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ operation, request, message string }{
		// The message table of a public app, from before the code was made a secret: "Value
		// 'Aaaa' at 'userCode'".
		"code of letters": {
			operation: "VerifySoftwareToken", request: `{"UserCode": "Aaaa"}`,
			message: "2 validation errors detected: Value at 'userCode'" + failed +
				"Member must satisfy regular expression pattern: [0-9]+; Value at 'userCode'" +
				failed +
				"Member must have length greater than or equal to 6",
		},
		// https://github.com/aws-amplify/amplify-js/issues/14411, 2025-05-29
		"long session": {
			operation: "RespondToAuthChallenge",
			request: `{"ClientId": "x", "ChallengeName": "SMS_MFA", "Session": "` +
				strings.Repeat("x", 8420) + `"}`,
			message: "1 validation error detected: Value at 'session'" + failed +
				"Member must have length less than or equal to 8192",
		},
		// https://github.com/cds-snc/platform-forms-client/issues/5635, 2025-05-30
		"password with a space at its end": {
			operation: "ConfirmForgotPassword",
			request:   `{"ClientId": "x", "Username": "x", "ConfirmationCode": "1", "Password": "Passw0rd! "}`,
			message: "1 validation error detected: Value at 'password'" + failed +
				`Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`,
		},
		// https://github.com/rosberglinhares/CloudFormationCognitoCustomResources/issues/1,
		// 2018-07-30
		"enum": {
			operation: "CreateUserPool", request: `{"PoolName": "x", "MfaConfiguration": "false"}`,
			message: "1 validation error detected: Value 'false' at 'mfaConfiguration'" + failed +
				"Member must satisfy enum value set: [OPTIONAL, OFF, ON]",
		},
		// https://github.com/awsdocs/aws-cloudformation-user-guide/issues/563, 2020-01-13
		"list of enum": {
			operation: "CreateUserPoolClient",
			request:   `{"UserPoolId": "a_b", "ClientName": "x", "AllowedOAuthFlows": ["code", "token"]}`,
			message: "1 validation error detected: Value '[code, token]' at 'allowedOAuthFlows'" +
				failed +
				"Member must satisfy constraint: " +
				"[Member must satisfy enum value set: [implicit, client_credentials, code]]",
		},
		// https://github.com/aws/aws-cdk/pull/14699, 2021-05-14
		"in a list of objects": {
			operation: "CreateUserPool",
			request:   `{"PoolName": "x", "Schema": [{"Name": "phone_number_verified"}]}`,
			message: "1 validation error detected: Value 'phone_number_verified' at 'schema.1.member.name'" + failed +
				"Member must have length less than or equal to 20",
		},
		// https://github.com/aws/aws-sdk-net/issues/3565, 2024-12-02
		"long filter": {
			operation: "ListUsers",
			request:   `{"UserPoolId": "a_b", "Filter": "` + strings.Repeat("x", 257) + `"}`,
			message: "1 validation error detected: Value '" + strings.Repeat("x", 257) +
				"' at 'filter'" + failed +
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

// The values of an enumeration are in the order in which the service was seen to list them. That
// response is older than ALLOW_USER_AUTH
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
	assert.Equal(t,
		"ALLOW_CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH, ALLOW_USER_PASSWORD_AUTH, "+
			"ALLOW_USER_SRP_AUTH, CUSTOM_AUTH_FLOW_ONLY, USER_PASSWORD_AUTH, ALLOW_ADMIN_USER_PASSWORD_AUTH",
		strings.Join(old, ", "))
}

func TestMessages(t *testing.T) {
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
		"nothing": {operation: "AdminGetUser", request: `{}`, violations: []string{
			"Value null at 'userPoolId'" + must + "not be null",
			"Value at 'username'" + must + "not be null",
		}},
		"null": {operation: "GetUser", request: `{"AccessToken": null}`, violations: []string{
			"Value at 'accessToken'" + must + "not be null",
		}},
		"number in a list of objects": {
			operation: "CreateUserPool",
			request: `{"PoolName": "x", "AccountRecoverySetting": {"RecoveryMechanisms": [
				{"Priority": 3, "Name": "verified_email"}]}}`,
			violations: []string{"Value '3' at 'accountRecoverySetting.recoveryMechanisms.1.member.priority'" +
				must + "have value less than or equal to 2"},
		},
		"null in a list of objects": {
			operation:  "UpdateUserAttributes",
			request:    `{"AccessToken": "x", "UserAttributes": [null, {"Name": "a", "Value": null}]}`,
			violations: []string{"Value null at 'userAttributes.1.member'" + must + "not be null"},
		},
		"null in a list of texts": {
			operation: "ListUsers",
			request:   `{"UserPoolId": "a_b", "AttributesToGet": ["email", null]}`,
			violations: []string{"Value '[email, null]' at 'attributesToGet'" + must +
				"satisfy constraint: [" +
				"Member must have length less than or equal to 32, " +
				"Member must have length greater than or equal to 1, " +
				"Member must satisfy regular expression pattern: " +
				`[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+]`},
		},
		"empty list": {
			operation: "AddCustomAttributes",
			request:   `{"UserPoolId": "a_b", "CustomAttributes": []}`,
			violations: []string{"Value at 'customAttributes'" + must +
				"have length greater than or equal to 1"},
		},
		"key and value of a map": {
			operation: "TagResource",
			request: `{"ResourceArn": "arn:aws:iam::123456789012:role/x", "Tags": {"b": "` +
				long + `", "": "a"}}`,
			violations: []string{
				"Value '{=a, b=" + long + "}' at 'tags'" + failed +
					"Map keys must satisfy constraint: [" +
					"Member must have length less than or equal to 128, " +
					"Member must have length greater than or equal to 1]",
				"Value '{=a, b=" + long + "}' at 'tags'" + failed +
					"Map value must satisfy constraint: [" +
					"Member must have length less than or equal to 256, " +
					"Member must have length greater than or equal to 0]",
			},
		},
		"map of objects": {
			operation: "UpdateUserPool",
			request: `{"UserPoolId": "a_b", "AcrConfiguration": {
				"Level5": {"AcrValue": "a b"}, "Level1": {}, "Level2": null}}`,
			violations: []string{
				"Value at 'acrConfiguration'" + failed + "Map keys must satisfy constraint: [" +
					"Member must satisfy regular expression pattern: Level[1-4]]",
				"Value null at 'acrConfiguration.Level1.member.acrValue'" + must + "not be null",
				"Value null at 'acrConfiguration.Level2.member'" + must + "not be null",
				"Value 'a b' at 'acrConfiguration.Level5.member.acrValue'" + must +
					`satisfy regular expression pattern: [\x21\x23-\x5B\x5D-\x7E]+`,
			},
		},
		"secret map": {
			operation: "InitiateAuth",
			request:   `{"ClientId": "x", "AuthFlow": "USER_AUTH", "AuthParameters": {"PASSWORD": null}}`,
			violations: []string{"Value at 'authParameters'" + failed +
				"Map value must satisfy constraint: [" + text + "]"},
		},
		"member of a secret object": {
			operation: "ForgotPassword",
			request: `{"ClientId": "x", "Username": "x",
				"UserContextData": {"IpAddress": "` + strings.Repeat("9", 131073) + `"}}`,
			violations: []string{"Value at 'userContextData.ipAddress'" + must +
				"have length less than or equal to 131072"},
		},
		"bytes": {
			operation: "SetUICustomization",
			request: `{"UserPoolId": "a_b", "ImageFile": "` + strings.Repeat("AAAA", 43691) +
				`"}`,
			violations: []string{"Value '" + strings.Repeat("AAAA", 43691) + "' at 'imageFile'" +
				must +
				"have length less than or equal to 131072"},
		},
		"wide characters count once": {
			operation: "ChangePassword",
			request: `{"AccessToken": "x", "ProposedPassword": "` + strings.Repeat("界", 256) +
				`"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.violations, operation(t, tc.operation).Check(decode(t, tc.request)))
		})
	}
}

// Check accepts numbers of either type that the decoder can make.
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
		{operation: "VerifySoftwareToken", request: `{"UserCode": 5}`, message: noNumber},
		{operation: "VerifySoftwareToken", request: `{"UserCode": true}`, message: noTrue},
		{operation: "VerifySoftwareToken", request: `{"UserCode": []}`, message: noList},
		{operation: "VerifySoftwareToken", request: `{"UserCode": {}}`, message: noObject},
		{
			operation: "ListUsers", request: `{"Limit": "5"}`,
			message: "STRING_VALUE can not be converted to an Integer",
		},
		{
			operation: "AdminSetUserPassword", request: `{"Permanent": "yes"}`,
			message: "STRING_VALUE can not be converted to a Boolean",
		},
		{
			operation: "SetUICustomization", request: `{"ImageFile": "?"}`,
			message: "STRING_VALUE can not be converted to a Blob",
		},
		{
			operation: "UpdateUserAttributes", request: `{"UserAttributes": "x"}`,
			message: "Expected list or null",
		},
		{operation: "UpdateUserAttributes", request: `{"UserAttributes": {}}`, message: noObject},
		{
			operation: "UpdateUserAttributes", request: `{"UserAttributes": [{"Name": "x"}, "x"]}`,
			message: "Expected null",
		},
		{
			operation: "UpdateUserAttributes", request: `{"UserAttributes": [{"Name": false}]}`,
			message: noFalse,
		},
		{
			operation: "InitiateAuth", request: `{"AuthParameters": []}`,
			message: "Expected map or null",
		},
		{
			operation: "InitiateAuth", request: `{"AuthParameters": "x"}`,
			message: "Expected map or null",
		},
		{
			operation: "InitiateAuth", request: `{"AuthParameters": {"A": "x", "B": 1}}`,
			message: noNumber,
		},
		{operation: "AdminInitiateAuth", request: `{"ContextData": []}`, message: noList},
		// the model's first
		{
			operation: "AdminGetUser", request: `{"Username": {}, "UserPoolId": 1}`,
			message: noNumber,
		},

		{
			operation: "AdminInitiateAuth",
			request:   `{"UserPoolId": null, "ContextData": {"HttpHeaders": [null]}}`,
		},
		{
			operation: "AdminInitiateAuth",
			request:   `{"AuthParameters": {"A": null}, "ContextData": null}`,
		},
		{operation: "CompleteWebAuthnRegistration", request: `{"Credential": [1, {"a": null}]}`},
		{operation: "GetUser", request: `{"Colour": [1], "accesstoken": 5}`}, // unknown
		{operation: "ListUserPools", request: `{"MaxResults": 60}`},
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
