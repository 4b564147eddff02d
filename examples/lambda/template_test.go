package lambda_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lint runs command lint on a template, like `make lint`, and returns its output.
func lint(t *testing.T, template string) (stdout, stderr string, err error) {
	t.Helper()
	var out, complaint bytes.Buffer
	absolute, err := filepath.Abs(template)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", "run", "-C", "lint", ".", "-json", absolute)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	return out.String(), complaint.String(), err
}

// mapping is a mapping of the template.
type mapping = map[string]any

// resource is one resource of the template.
type resource struct {
	Type       string
	Properties mapping
}

// readTemplate checks the template and returns it.
func readTemplate(t *testing.T) (resources map[string]resource, globals, parameters mapping) {
	t.Helper()
	text, complaint, err := lint(t, "template.yaml")
	require.NoError(t, err, complaint)
	var template struct {
		Globals    struct{ Function mapping }
		Parameters mapping
		Resources  map[string]resource
	}
	require.NoError(t, json.Unmarshal([]byte(text), &template))
	return template.Resources, template.Globals.Function, template.Parameters
}

// functions maps the functions of the template to their names in this folder.
var functions = map[string]string{
	"Signin": "signin", "Mfasignin": "mfasignin", "Mfa": "mfa", "Verify": "verify",
	"Refresh": "refresh", "Authorizer": "authorizer", "Hello": "hello", "Pages": "pages",
}

// The template is valid, and gives each function only the rights that it needs.
func TestTemplate(t *testing.T) {
	resources, globals, _ := readTemplate(t)
	assert.Len(t, functions, len(names)+len(others))

	kinds := map[string]int{}
	for _, r := range resources {
		kinds[r.Type]++
	}
	assert.Equal(t, map[string]int{
		"AWS::Cognito::UserPool":       1,
		"AWS::Cognito::UserPoolClient": 1,
		"AWS::Serverless::HttpApi":     1,
		"AWS::Serverless::Function":    len(functions),
		"AWS::IAM::Role":               len(functions),
		"AWS::Logs::LogGroup":          len(functions) + 1,
	}, kinds, "nothing else has rights")

	pool := mapping{"Fn::GetAtt": []any{"UserPool", "Arn"}}
	allow := func(action any, resource mapping) mapping {
		return mapping{"Effect": "Allow", "Action": action, "Resource": resource}
	}
	answer := allow("cognito-idp:AdminRespondToAuthChallenge", pool)
	rights := map[string]any{
		"Signin":    allow("cognito-idp:AdminInitiateAuth", pool),
		"Mfasignin": answer,
		"Verify":    mapping{"Fn::If": []any{"AdminSetup", answer, mapping{"Ref": "AWS::NoValue"}}},
	}
	for name, low := range functions {
		properties := resources[name+"Function"].Properties
		assert.Equal(t, "dist/"+low+"-arm64.zip", properties["CodeUri"])
		assert.Equal(t, mapping{"Fn::GetAtt": []any{name + "Role", "Arn"}}, properties["Role"])
		logging := mapping{"LogGroup": mapping{"Ref": name + "Log"}}
		assert.Equal(t, logging, properties["LoggingConfig"])
		assert.NotContains(t, properties, "Policies")
		assert.NotContains(t, properties, "FunctionUrlConfig")
		assert.FileExists(t, filepath.Join(low, "main.go"))

		log := mapping{"Fn::GetAtt": []any{name + "Log", "Arn"}}
		statements := []any{allow([]any{"logs:CreateLogStream", "logs:PutLogEvents"}, log)}
		if right := rights[name]; right != nil {
			statements = append(statements, right)
		}
		properties = resources[name+"Role"].Properties
		assert.NotContains(t, properties, "ManagedPolicyArns")
		require.Len(t, properties["Policies"], 1)
		policy := properties["Policies"].([]any)[0].(mapping)["PolicyDocument"].(mapping)
		assert.Equal(t, mapping{"Version": "2012-10-17", "Statement": statements}, policy, name)
		assert.Contains(t, resources[name+"Log"].Properties, "RetentionInDays")
	}

	assert.Equal(t, "provided.al2023", globals["Runtime"])
	assert.Equal(t, []any{"arm64"}, globals["Architectures"])
	variables := globals["Environment"].(mapping)["Variables"].(mapping)
	for _, name := range []string{
		"COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "COGNITO_SETUP_CALL", "MFA_ISSUER",
		"ALLOW_ORIGIN",
	} {
		assert.Contains(t, variables, name)
	}
}

// No resource has a fixed name, so a second stack or a replacement of a resource does not conflict.
func TestTemplateNames(t *testing.T) {
	resources, _, _ := readTemplate(t)
	for id, r := range resources {
		for _, name := range []string{
			"FunctionName", "RoleName", "LogGroupName", "UserPoolName", "ClientName", "Name",
		} {
			assert.NotContains(t, r.Properties, name, id)
		}
	}
}

// The user pool is protected from deletion, and its feature plan is a parameter.
func TestTemplatePool(t *testing.T) {
	resources, _, parameters := readTemplate(t)
	pool, client := resources["UserPool"].Properties, resources["UserPoolClient"].Properties
	assert.Equal(t, mapping{"Ref": "Tier"}, pool["UserPoolTier"])
	assert.Equal(t, mapping{"Ref": "DeletionProtection"}, pool["DeletionProtection"])
	assert.Equal(t, "ACTIVE", parameters["DeletionProtection"].(mapping)["Default"])
	assert.Equal(t, "admin", parameters["SetupCall"].(mapping)["Default"])
	assert.Equal(t, "OPTIONAL", pool["MfaConfiguration"])
	assert.Equal(t, []any{"SOFTWARE_TOKEN_MFA"}, pool["EnabledMfas"])
	assert.Equal(t, "ENABLED", client["PreventUserExistenceErrors"])
	assert.Equal(t, true, client["EnableTokenRevocation"])
	assert.Contains(t, client, "RefreshTokenRotation")
	assert.NotContains(t, client["ExplicitAuthFlows"], "ALLOW_REFRESH_TOKEN_AUTH",
		"not together with rotation")
}

// The API has all routes, with limits and the authorizer where they belong.
func TestTemplateAPI(t *testing.T) {
	resources, _, _ := readTemplate(t)
	var open, protected []string
	for name := range functions {
		events, _ := resources[name+"Function"].Properties["Events"].(mapping)
		for _, event := range events {
			properties := event.(mapping)["Properties"].(mapping)
			assert.Equal(t, mapping{"Ref": "Api"}, properties["ApiId"])
			route := "$default"
			if path, ok := properties["Path"].(string); ok {
				route = properties["Method"].(string) + " " + path
			}
			if auth, ok := properties["Auth"]; ok {
				assert.Equal(t, mapping{"Authorizer": "AccessToken"}, auth)
				protected = append(protected, route)
			} else {
				open = append(open, route)
			}
		}
	}
	assert.ElementsMatch(t, []string{
		"POST /signin", "POST /mfasignin", "POST /newpassword", "POST /selectmfa", "POST /mfa",
		"POST /verify", "POST /refresh", "$default",
	}, open)
	assert.Equal(t, []string{"GET /hello"}, protected)

	api := resources["Api"].Properties
	usual := api["DefaultRouteSettings"].(mapping)["ThrottlingRateLimit"].(float64)
	assert.Positive(t, usual)
	limited := api["RouteSettings"].(mapping)
	for _, route := range []string{"POST /signin", "POST /mfasignin", "POST /mfa", "POST /verify"} {
		assert.Contains(t, limited, route)
	}
	for route, settings := range limited {
		assert.Contains(t, open, route, "API Gateway refuses limits of a route it lacks")
		limit := settings.(mapping)
		assert.Less(t, limit["ThrottlingRateLimit"], usual, route)
		assert.Positive(t, limit["ThrottlingBurstLimit"], route)
	}

	authorizer := api["Auth"].(mapping)["Authorizers"].(mapping)["AccessToken"].(mapping)
	assert.Equal(t, "2.0", authorizer["AuthorizerPayloadFormatVersion"])
	assert.Equal(t, true, authorizer["EnableSimpleResponses"])
	assert.Equal(t, true, authorizer["EnableFunctionDefaultPermissions"])
	identity := authorizer["Identity"].(mapping)
	assert.Equal(t, []any{"Authorization"}, identity["Headers"], "decisions are cached for each token")
	assert.LessOrEqual(t, identity["ReauthorizeEvery"], 300.0)

	log := api["AccessLogSettings"].(mapping)
	assert.Equal(t, mapping{"Fn::GetAtt": []any{"AccessLog", "Arn"}}, log["DestinationArn"])
	var line map[string]string
	require.NoError(t, json.Unmarshal([]byte(log["Format"].(string)), &line), "a line is JSON")
	assert.Contains(t, line, "ip")
	for _, value := range line {
		assert.True(t, strings.HasPrefix(value, "$context."), value)
		assert.NotContains(t, value, "path", "a path may contain anything")
	}
}

// The check finds errors.
func TestLint(t *testing.T) {
	text, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	// All in one template: the check continues after an error.
	wrong := string(text)
	var complaints []string
	for _, m := range []struct{ right, wrong, want string }{
		{
			right: "MfaConfiguration:", wrong: "MFAConfiguration:",
			want: "additional properties 'MFAConfiguration'",
		},
		{
			right: "UserPoolId: !Ref UserPool", wrong: "ClientName: x",
			want: "missing property 'UserPoolId'",
		},
		{
			right: "Architectures: [arm64]", wrong: "Architectures: !Ref Nothing",
			want: "nor a parameter Nothing",
		},
		{
			right: "!GetAtt VerifyRole.Arn", wrong: "!GetAtt Verifier.Arn",
			want: "no resource Verifier",
		},
		{
			right: "AWS::Logs::LogGroup", wrong: "AWS::Logs::LogHeap",
			want: `unknown resource type "AWS::Logs::LogHeap"`,
		},
		{
			right: "ExplicitAuthFlows: [", wrong: "ExplicitAuthFlows: all # [",
			want: "got string, want array",
		},
		{right: "- HasOrigin", wrong: "- HasNone", want: "no condition HasNone"},
		{
			right: "ThrottlingRateLimit: 50", wrong: "ThrottlingRateLimit: many",
			want: "got string, want number",
		},

		// Covered by the corrections of the schema.
		{
			right: "AccessLogSettings:", wrong: "AccessLogSetting:",
			want: "additional properties 'AccessLogSetting' not",
		},
		{
			right: "ThrottlingRateLimit: 20", wrong: "ThrottleRate: 20",
			want: "additional properties 'ThrottleRate'",
		},
		{
			right: "ReauthorizeEvery: 60", wrong: "ReauthorizeEvery: 6000",
			want: "maximum: got 6,000, want 3,600",
		},
		{
			right: "FunctionArn: !GetAtt", wrong: "Function: !GetAtt",
			want: "missing property 'FunctionArn'",
		},
		{
			right: "Default: ESSENTIALS", wrong: "Default: GOLD",
			want: "must be one of 'LITE', 'ESSENTIALS', 'PLUS'",
		},
		{
			right: "Default: ACTIVE", wrong: "Default: ON",
			want: "must be one of 'ACTIVE', 'INACTIVE'",
		},
		{
			right: "RetryGracePeriodSeconds: 60", wrong: "RetryGracePeriodSeconds: 61",
			want: "maximum: got 61, want 60",
		},
		{
			right: "{LogGroup: !Ref MfaLog}", wrong: "{Group: !Ref MfaLog}",
			want: "additional properties 'Group' not",
		},
	} {
		require.Contains(t, wrong, m.right)
		wrong = strings.Replace(wrong, m.right, m.wrong, 1)
		complaints = append(complaints, m.want)
	}
	file := filepath.Join(t.TempDir(), "template.yaml")
	require.NoError(t, os.WriteFile(file, []byte(wrong), 0o600))
	_, complaint, err := lint(t, file)
	require.Error(t, err)
	for _, c := range complaints {
		assert.Contains(t, complaint, c)
	}
}
