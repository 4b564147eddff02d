package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// paste runs the printed commands for the AWS CLI, and returns their output.
func paste(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	tooltest.Need(t, "curl", "curl")
	cli := tooltest.NeedWorking(t, "awscli", "the AWS CLI", "aws", "--version")
	text := launch(t, cmd).readText(t)
	lines := regexp.MustCompile(
		`with the AWS CLI, in any version:\n((?:  .*\n)+)`).FindStringSubmatch(text)
	require.NotNil(t, lines, text)
	shell := exec.CommandContext(tooltest.Context(t), "sh", "-euc", lines[1])
	shell.Stdin = strings.NewReader(password + "\n")
	shell.Env = []string{
		"PATH=" + filepath.Dir(cli) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME=" + os.Getenv("HOME"),
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
	}
	said, err := shell.CombinedOutput()
	assert.NoError(t, err, "%s\n%s", lines[1], said)
	return string(said)
}

// The printed commands for the AWS CLI sign a user in, whatever the user name.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	odd := `o'brien,"x"=\$HOME/+?`
	users := func(user kv) string {
		user["password"] = password
		text, err := json.Marshal(
			[]kv{
				{"username": "new", "password": "Temp0rary!", "status": "FORCE_CHANGE_PASSWORD"},
				user,
			},
		)
		require.NoError(t, err)
		return string(text)
	}
	const withSecret, required = "-client-secret " + secret, "-mfa required"
	for name, test := range map[string]struct {
		users string
		args  string
		want  string
	}{
		"sign-up":                 {users: "[]", args: "-control 127.0.0.1:0", want: "AccessToken"},
		"sign-up without control": {users: "[]", want: "AccessToken"},
		"sign-up with a secret": {
			users: "[]", args: "-control 127.0.0.1:0 " + withSecret, want: "AccessToken",
		},
		"sign-up by email": {
			users: "[]", args: "-control 127.0.0.1:0 -username-attributes email,phone_number",
			want: "AccessToken",
		},
		"sign-up by phone": {
			users: "[]", args: "-control 127.0.0.1:0 -username-attributes phone_number",
			want: "AccessToken",
		},
		"sign-up without password": {
			users: "[]", args: "-control 127.0.0.1:0 -auth-flows ALLOW_USER_SRP_AUTH",
			want: "UserConfirmed",
		},
		"sign-in": {users: alice, want: "AccessToken"},
		"sign-in with a secret": {
			users: alice, args: withSecret + " " + required, want: "MFA_SETUP",
		},
		"an unusual name": {
			users: users(kv{"username": odd, "totp": "JBSWY3DPEHPK3PXP"}),
			args:  "-control 127.0.0.1:0", want: "AccessToken",
		},
		"TOTP": {
			users: users(kv{"username": "alice", "totp": "JBSWY3DPEHPK3PXP"}),
			args:  "-control 127.0.0.1:0 " + withSecret,
			want:  "AccessToken",
		},
		"TOTP without control": {
			users: users(kv{"username": "alice", "totp": "JBSWY3DPEHPK3PXP"}),
			want:  "SOFTWARE_TOKEN_MFA",
		},
		"TOTP where MFA is off": {
			users: users(kv{"username": "alice", "totp": "JBSWY3DPEHPK3PXP"}),
			args:  "-control 127.0.0.1:0 -mfa off",
			want:  "AccessToken",
		},
		"a code by email": {
			users: users(
				kv{
					"username": "alice", "email": "alice@example.com",
					"methods": []string{"EMAIL_OTP"},
				}),
			args: "-control 127.0.0.1:0 -mfa-methods email,totp", want: "AccessToken",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t,
				append([]string{"-addr", "127.0.0.1:0", "-users", "-"},
					strings.Fields(test.args)...)...)
			cmd.Stdin = strings.NewReader(test.users)
			assert.Contains(t, paste(t, cmd), test.want)
		})
	}
}

// The README's users file and commands sign a user in.
func TestReadme(t *testing.T) {
	t.Parallel()
	section := readme(t)
	users := regexp.MustCompile(`(?m)^    echo '(.*)' >users\.json$`).FindStringSubmatch(section)
	run := regexp.MustCompile(`(?m)^    go run \./cmd/cognitotest (.*)$`).FindStringSubmatch(
		section)
	require.NotNil(t, users)
	require.NotNil(t, run)
	file := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.WriteFile(file, []byte(users[1]), 0o600))
	args := strings.NewReplacer("users.json", file, "127.0.0.1:9230", "127.0.0.1:0").Replace(run[1])
	assert.Contains(t,
		paste(t, command(t, append(strings.Fields(args), "-addr", "127.0.0.1:0")...)),
		"AccessToken")
}

// The line for boto3 works in any version.
func TestBoto3(t *testing.T) {
	t.Parallel()
	python := tooltest.NeedWorking(t, "python3-boto3", "boto3", "python3", "-c", "import boto3")
	cmd := command(t, "-addr", "127.0.0.1:0", "-users", "-")
	cmd.Stdin = strings.NewReader(alice)
	line := regexp.MustCompile(`(?m)^  (boto3\.client\(.*\))$`).FindStringSubmatch(
		launch(t, cmd).readText(t))
	require.NotNil(t, line)
	program := exec.CommandContext(tooltest.Context(t), python, "-c", `import boto3
client = `+line[1]+`
signed_in = client.initiate_auth(ClientId='cognitotest', AuthFlow='USER_PASSWORD_AUTH',
    AuthParameters={'USERNAME': 'alice', 'PASSWORD': '`+password+`'})
print(client.get_user(AccessToken=signed_in['AuthenticationResult']['AccessToken'])['Username'])
print(client.list_users(UserPoolId='us-east-1_cognitotest')['Users'][0]['Username'])`)
	program.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true",
	}
	said, err := program.CombinedOutput()
	assert.NoError(t, err, "%s", said)
	assert.Equal(t, "alice\nalice\n", string(said))
}
