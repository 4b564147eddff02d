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

// lint runs the check of the template, as `make lint` does, and returns what it prints.
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

// The template follows CloudFormation's schema, and gives each function the rights that it needs and no other.
func TestTemplate(t *testing.T) {
	text, complaint, err := lint(t, "template.yaml")
	require.NoError(t, err, complaint)
	var template struct {
		Globals   struct{ Function map[string]any }
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &template))

	resources := template.Resources
	var kinds []string
	for _, resource := range resources {
		kinds = append(kinds, resource.Type)
	}
	pool, role, function, log := "AWS::Cognito::UserPool", "AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Logs::LogGroup"
	assert.ElementsMatch(t, []string{
		pool, "AWS::Cognito::UserPoolClient", "AWS::Serverless::HttpApi",
		function, function, function, function, function, role, role, role, role, role, log, log, log, log, log,
	}, kinds, "nothing else has rights")

	statement := func(actions any, resource string) map[string]any {
		return map[string]any{"Effect": "Allow", "Action": actions, "Resource": map[string]any{"Fn::GetAtt": []any{resource, "Arn"}}}
	}
	for name, right := range map[string]string{"Signin": "AdminInitiateAuth", "Mfasignin": "AdminRespondToAuthChallenge", "Mfa": "", "Verify": "", "Pages": ""} {
		properties := resources[name+"Function"].Properties
		low := strings.ToLower(name)
		assert.Equal(t, "dist/"+low+"-arm64.zip", properties["CodeUri"])
		assert.Equal(t, map[string]any{"Fn::GetAtt": []any{name + "Role", "Arn"}}, properties["Role"])
		assert.NotContains(t, properties, "Policies")
		assert.NotContains(t, properties, "FunctionUrlConfig")
		assert.FileExists(t, filepath.Join(low, "main.go"))

		statements := []any{statement([]any{"logs:CreateLogStream", "logs:PutLogEvents"}, name+"Log")}
		if right != "" {
			statements = append(statements, statement("cognito-idp:"+right, "UserPool"))
		}
		properties = resources[name+"Role"].Properties
		assert.NotContains(t, properties, "ManagedPolicyArns")
		require.Len(t, properties["Policies"], 1)
		policy := properties["Policies"].([]any)[0].(map[string]any)["PolicyDocument"].(map[string]any)
		assert.Equal(t, map[string]any{"Version": "2012-10-17", "Statement": statements}, policy, name)

		properties = resources[name+"Log"].Properties
		assert.Equal(t, map[string]any{"Fn::Sub": "/aws/lambda/${AWS::StackName}-" + low}, properties["LogGroupName"])
		assert.Contains(t, properties, "RetentionInDays")
	}

	assert.Equal(t, "provided.al2023", template.Globals.Function["Runtime"])
	assert.Equal(t, []any{"arm64"}, template.Globals.Function["Architectures"])
	variables := template.Globals.Function["Environment"].(map[string]any)["Variables"].(map[string]any)
	for _, name := range []string{"COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "MFA_ISSUER", "ALLOW_ORIGIN"} {
		assert.Contains(t, variables, name)
	}
	assert.Equal(t, "OPTIONAL", resources["UserPool"].Properties["MfaConfiguration"])
	assert.Equal(t, []any{"SOFTWARE_TOKEN_MFA"}, resources["UserPool"].Properties["EnabledMfas"])
	assert.Equal(t, "ENABLED", resources["UserPoolClient"].Properties["PreventUserExistenceErrors"])
	throttling := resources["Api"].Properties["DefaultRouteSettings"].(map[string]any)
	assert.NotZero(t, throttling["ThrottlingRateLimit"])
	assert.NotZero(t, throttling["ThrottlingBurstLimit"])
}

// The check finds what is wrong: else it would say nothing of what is right.
func TestLint(t *testing.T) {
	text, err := os.ReadFile("template.yaml")
	require.NoError(t, err)
	mistakes := []struct{ right, wrong, complaint string }{
		{"MfaConfiguration:", "MFAConfiguration:", "additional properties 'MFAConfiguration'"},
		{"UserPoolId: !Ref UserPool", "ClientName: x", "missing property 'UserPoolId'"},
		{"Architectures: [arm64]", "Architectures: !Ref Nothing", "neither a resource nor a parameter Nothing"},
		{"!GetAtt VerifyRole.Arn", "!GetAtt Verifier.Arn", "no resource Verifier"},
		{"AWS::Logs::LogGroup", "AWS::Logs::LogHeap", `no type of resource "AWS::Logs::LogHeap"`},
		{"ExplicitAuthFlows: [", "ExplicitAuthFlows: all # [", "got string, want array"},
		{"- HasOrigin", "- HasNone", "no condition HasNone"},
		{"ThrottlingRateLimit: 50", "ThrottlingRateLimit: many", "got string, want number"},
	}
	// All at once: the check goes on after a mistake.
	wrong := string(text)
	for _, m := range mistakes {
		require.Contains(t, wrong, m.right)
		wrong = strings.Replace(wrong, m.right, m.wrong, 1)
	}
	file := filepath.Join(t.TempDir(), "template.yaml")
	require.NoError(t, os.WriteFile(file, []byte(wrong), 0o600))
	_, complaint, err := lint(t, file)
	require.Error(t, err)
	for _, m := range mistakes {
		assert.Contains(t, complaint, m.complaint)
	}
}
