package pool

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Each member of each request, at every depth, is decoded, read by a finder, known to have no
// effect, or refused by name. The test fails when the service gets a new member.
func TestEveryMember(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for name, o := range operations {
		op, _ := model.Operation(name)
		op.Walk(func(path []string, _ *model.Shape) bool {
			whole := slices.Contains(withoutEffect, path[0]) ||
				slices.Contains(o.finder.reads, path[0])
			used[path[0]] = true
			inside, known := decodes(o.request, path)
			assert.True(t, whole ||
				known, "%s: nothing is said of %s", name, strings.Join(path, "."))
			return !whole && inside
		})
	}
	for _, member := range withoutEffect {
		assert.True(t, used[member], "%s is in no operation", member)
	}
	for _, s := range unsimulated {
		assert.True(t, used[s.member], "%s is a setting of no operation", s.member)
	}
}

// decodes reports whether a type decodes the member at a path of a request, and whether to check
// what is inside it: a type without a structure takes everything.
func decodes(in reflect.Type, path []string) (inside, known bool) {
	for _, name := range path {
		for in.Kind() == reflect.Pointer {
			in = in.Elem()
		}
		switch {
		case in == reflect.TypeFor[json.RawMessage]() || in.Kind() == reflect.Interface:
			return false, true
		case in.Kind() == reflect.Struct:
			field, found := fieldOf(in, name)
			if !found {
				return false, false
			}
			in = field.Type
		case name == model.Any && (in.Kind() == reflect.Slice || in.Kind() == reflect.Map):
			in = in.Elem()
		default:
			return false, in.Kind() == reflect.Map
		}
	}
	return true, true
}

// fieldOf returns the field that encoding/json decodes a member into.
func fieldOf(in reflect.Type, name string) (reflect.StructField, bool) {
	for _, field := range reflect.VisibleFields(in) {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.Anonymous && (tag == name || tag == "" && field.Name == name) {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// A decoded member is read somewhere, or kept in a record that is described.
func TestEveryDecodedMemberIsRead(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if selector, is := n.(*ast.SelectorExpr); is {
				read[selector.Sel.Name] = true
			}
			return true
		})
	}
	records := []reflect.Type{
		reflect.TypeFor[poolRecord](), reflect.TypeFor[clientRecord](),
		reflect.TypeFor[resourceServer](),
		reflect.TypeFor[domain](), reflect.TypeFor[smsMFAConfig](),
	}
	for name, o := range operations {
		for _, field := range reflect.VisibleFields(o.request) {
			if len(field.Index) > 1 || field.Anonymous || !field.IsExported() ||
				slices.Contains(records, o.request) {
				continue
			}
			assert.True(t, read[field.Name], "%s: nobody reads %s", name, field.Name)
		}
	}
}

// An unsimulated setting is refused by name, or kept and described if the options say so. Its
// harmless value is always accepted.
func TestUnsimulated(t *testing.T) {
	t.Parallel()
	examples := map[string]any{
		"LambdaConfig": map[string]any{"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:x"},
		"VerificationMessageTemplate.DefaultEmailOption": "CONFIRM_WITH_LINK",
		"UserPoolAddOns.AdvancedSecurityMode":            "AUDIT",
		"UserPoolAddOns.AdvancedSecurityAdditionalFlows": map[string]any{"CustomAuthMode": "AUDIT"},
		"KeyConfiguration.KeyType":                       "CUSTOMER_MANAGED_KEY",
		"KeyConfiguration.KmsKeyArn":                     "arn:aws:kms:us-east-1:123456789012:key/x",
		"IssuerConfiguration.Type":                       "UPDATED",
		"DcrConfiguration.EnableStatus":                  "Enabled",
		"DcrConfiguration.OpenDcrEnabled":                true,
	}
	assert.Len(t, examples, len(unsimulated))
	for _, s := range unsimulated {
		example, found := examples[s.String()]
		require.True(t, found, s)
		request := func(value any) map[string]any {
			object := map[string]any{}
			if s.within == "" {
				return map[string]any{"PoolName": "x", "UserPoolTier": "PLUS", s.member: value}
			}
			object[s.within] = value
			if s.member == "UserPoolAddOns" && s.within != "AdvancedSecurityMode" {
				object["AdvancedSecurityMode"] = "OFF"
			}
			return map[string]any{"PoolName": "x", "UserPoolTier": "PLUS", s.member: object}
		}
		_, _, err := serve(t, false, "CreateUserPool", request(example))
		require.Error(t, err, s)
		assert.Contains(t, err.Error(),
			"InvalidParameterException: cognitotest does not simulate "+s.String()+";")
		if s.harmless != nil {
			_, _, err := serve(t, false, "CreateUserPool", request(s.harmless))
			assert.NoError(t, err, s)
		}

		m, pool, err := serve(t, true, "CreateUserPool", request(example))
		require.NoError(t, err, s)
		assert.Equal(t, []string{s.String()}, m.Unsimulated("CreateUserPool", request(example)))
		got := pool["UserPool"].(map[string]any)[s.member]
		if s.within != "" {
			got = got.(map[string]any)[s.within]
		}
		assert.Equal(t, example, got, s)
	}
}

// serve runs an operation on a new machine.
func serve(
	t *testing.T,
	accept bool,
	operation string,
	request map[string]any,
) (*Machine, map[string]any, error) {
	t.Helper()
	m := New(Config{Region: "us-east-1", Now: time.Now, AcceptUnsimulated: accept})
	response, err := call(t, m, operation, request)
	return m, response, err
}

func call(
	t *testing.T, m *Machine, operation string, request map[string]any,
) (map[string]any, error) {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	response, _, err := m.Serve(operation, true, body)
	if err != nil {
		return nil, err
	}
	body, err = json.Marshal(response)
	require.NoError(t, err)
	decoded := map[string]any{}
	require.NoError(t, json.Unmarshal(body, &decoded))
	return decoded, nil
}

// The operations that describe a pool, an app client and MFA return each setting as it was set.
func TestWhatIsSetIsDescribed(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	arn := "arn:aws:iam::123456789012:role/x"
	sms := object{
		"SnsCallerArn": arn, "ExternalId": "x", "SnsRegion": "us-west-2",
		"EumsSms": object{"CallerArn": arn, "OriginationIdentity": "+15550001234"},
	}
	email := object{
		"SourceArn":           "arn:aws:ses:us-east-1:123456789012:identity/x",
		"ReplyToEmailAddress": "re@example.com",
		"EmailSendingAccount": "DEVELOPER", "From": "x <x@example.com>", "ConfigurationSet": "x",
	}
	pool := object{
		"PoolName": "x",
		"Policies": object{
			"PasswordPolicy": object{
				"MinimumLength": 12.0, "RequireUppercase": true, "RequireLowercase": false,
				"RequireNumbers": true,
				"RequireSymbols": false, "PasswordHistorySize": 3.0,
				"TemporaryPasswordValidityDays": 9.0,
			},
			"SignInPolicy": object{"AllowedFirstAuthFactors": []any{"PASSWORD", "SMS_OTP"}},
		},
		"DeletionProtection": "ACTIVE", "AutoVerifiedAttributes": []any{"phone_number", "email"},
		"UserAttributeUpdateSettings": object{"AttributesRequireVerificationBeforeUpdate": []any{"email"}},
		"AdminCreateUserConfig": object{
			"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 9.0,
			"InviteMessageTemplate": object{
				"EmailSubject": "x", "EmailMessage": "{username} {####}",
				"SMSMessage": "{username} {####}",
			},
		},
		"AccountRecoverySetting": object{"RecoveryMechanisms": []any{
			object{
				"Name": "verified_phone_number", "Priority": 2.0,
			}, object{"Name": "verified_email", "Priority": 1.0},
		}},
		"DeviceConfiguration": object{
			"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": false,
		},
		"SmsConfiguration": sms, "EmailConfiguration": email,
		"UserPoolTags": object{"team": "x"}, "UserPoolTier": "PLUS",
		"AcrConfiguration": object{
			"Level1": object{"AcrValue": "one"}, "Level2": object{"AcrValue": "two"},
			"Level3": object{"AcrValue": "three"}, "Level4": object{"AcrValue": "four"},
		},
		"SmsVerificationMessage": "code {####}", "EmailVerificationMessage": "code {####}",
		"EmailVerificationSubject": "x",
		"SmsAuthenticationMessage": "code {####}",
		"VerificationMessageTemplate": object{
			"SmsMessage": "code {####}", "EmailMessage": "code {####}", "EmailSubject": "x",
			"EmailMessageByLink": "{##here##}", "EmailSubjectByLink": "x",
			"DefaultEmailOption": "CONFIRM_WITH_LINK",
		},
		"LambdaConfig": object{"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:x"},
		"UserPoolAddOns": object{
			"AdvancedSecurityMode":            "ENFORCED",
			"AdvancedSecurityAdditionalFlows": object{"CustomAuthMode": "AUDIT"},
		},
		"KeyConfiguration": object{
			"KeyType":   "CUSTOMER_MANAGED_KEY",
			"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/x",
		},
		"IssuerConfiguration": object{"Type": "UPDATED"},
		"DcrConfiguration": object{
			"EnableStatus": "Enabled", "OpenDcrEnabled": true, "AllowedScopes": []any{"openid"},
		},
		"MfaConfiguration": "OPTIONAL",
	}
	creation := maps.Clone(pool)
	maps.Copy(creation, object{
		"AliasAttributes": []any{"email"}, "UsernameConfiguration": object{"CaseSensitive": false},
		"Schema": []any{object{
			"Name": "birthdate", "AttributeDataType": "String", "DeveloperOnlyAttribute": false,
			"Mutable": false, "Required": true,
			"StringAttributeConstraints": object{"MinLength": "8", "MaxLength": "10"},
		}},
	})
	mfa := object{
		"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": object{"Enabled": true},
		"SmsMfaConfiguration": object{
			"SmsAuthenticationMessage": "code {####}", "SmsConfiguration": sms,
		},
		"EmailMfaConfiguration": object{"Message": "code {####}", "Subject": "x"},
		"WebAuthnConfiguration": object{
			"RelyingPartyId": "example.com", "UserVerification": "required",
			"FactorConfiguration": "SINGLE_FACTOR",
		},
	}
	client := object{
		"ClientName": "y", "ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"},
		"PreventUserExistenceErrors": "LEGACY",
		"AuthSessionValidity":        5.0, "AccessTokenValidity": 15.0, "IdTokenValidity": 20.0,
		"RefreshTokenValidity": 5.0,
		"TokenValidityUnits": object{
			"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours",
		},
		"EnableTokenRevocation": false, "RefreshTokenRotation": object{
			"Feature": "DISABLED", "RetryGracePeriodSeconds": 7.0,
		},
		"ReadAttributes": []any{"email", "birthdate"}, "WriteAttributes": []any{"birthdate"},
		"EnablePropagateAdditionalUserContextData": true, "SupportedIdentityProviders": []any{
			"COGNITO", "Google",
		},
		"CallbackURLs":       []any{"https://example.com/in"},
		"LogoutURLs":         []any{"https://example.com/out"},
		"DefaultRedirectURI": "https://example.com/in", "AllowedOAuthFlows": []any{"code"},
		"AllowedOAuthScopes": []any{"openid", "api/read"}, "AllowedOAuthFlowsUserPoolClient": true,
		"AnalyticsConfiguration": object{
			"ApplicationId": "ab", "RoleArn": arn, "UserDataShared": true,
		},
	}
	clientCreation := maps.Clone(client)
	clientCreation["ClientSecret"], clientCreation["GenerateSecret"] = strings.Repeat("s", 24), true

	m := New(Config{Region: "us-east-1", Now: time.Now, AcceptUnsimulated: true})
	ids := object{}
	do := func(operation string, request object) object {
		t.Helper()
		all := maps.Clone(ids)
		maps.Copy(all, request)
		response, err := call(t, m, operation, all)
		require.NoError(t, err, operation)
		return response
	}
	// settings sets members and compares the description. Other tests check members that are
	// described in another way, or not at all.
	settings := func(operation string, request object, describe func() object,
		elsewhere ...string,
	) {
		t.Helper()
		op, _ := model.Operation(operation)
		for _, member := range op.Input.Members {
			if !slices.Contains(elsewhere, member.Name) {
				assert.Contains(t, request, member.Name, "%s: there is no example", operation)
			}
		}
		described := describe()
		for name, value := range request {
			if !slices.Contains(elsewhere, name) {
				assert.Equal(t, value, described[name], "%s: %s", operation, name)
			}
		}
	}
	describePool := func() object { return do("DescribeUserPool", nil)["UserPool"].(object) }
	describeClient := func() object {
		return do("DescribeUserPoolClient", nil)["UserPoolClient"].(object)
	}

	// A request may have only one of the two names for the validity of temporary passwords.
	delete(creation["Policies"].(object)["PasswordPolicy"].(object),
		"TemporaryPasswordValidityDays")
	made := do("CreateUserPool", creation)["UserPool"].(object)
	pool["Policies"].(object)["PasswordPolicy"].(object)["TemporaryPasswordValidityDays"] = 9.0
	ids["UserPoolId"] = made["Id"]
	assert.Equal(t, "x", made["Name"])
	assert.Contains(t, made["SchemaAttributes"], creation["Schema"].([]any)[0])
	settings("CreateUserPool", creation, describePool, "PoolName", "Schema", "UsernameAttributes")

	do("UpdateUserPool", object{"SmsConfiguration": sms})
	assert.NotEqual(t, pool["DeletionProtection"], describePool()["DeletionProtection"])
	delete(pool["AdminCreateUserConfig"].(object), "UnusedAccountValidityDays")
	do("UpdateUserPool", pool)
	pool["AdminCreateUserConfig"].(object)["UnusedAccountValidityDays"] = 9.0
	settings("UpdateUserPool", pool, describePool, "UserPoolId", "PoolName")

	do("SetUserPoolMfaConfig", mfa)
	settings("SetUserPoolMfaConfig", mfa, func() object { return do("GetUserPoolMfaConfig", nil) },
		"UserPoolId")

	do("CreateResourceServer", object{
		"Identifier": "api", "Name": "api", "Scopes": []any{
			object{"ScopeName": "read", "ScopeDescription": "x"},
		},
	})
	ids["ClientId"] = do("CreateUserPoolClient",
		clientCreation)["UserPoolClient"].(object)["ClientId"]
	settings("CreateUserPoolClient", clientCreation, describeClient, "UserPoolId", "GenerateSecret")
	do("UpdateUserPoolClient", nil)
	assert.NotContains(t, describeClient(), "CallbackURLs")
	do("UpdateUserPoolClient", client)
	settings("UpdateUserPoolClient", client, describeClient, "UserPoolId", "ClientId")
}
