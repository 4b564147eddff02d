package clients_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// srp and plain are the calls of a sign-in up to the end of the first factor.
var (
	srp   = []string{"InitiateAuth USER_SRP_AUTH", "RespondToAuthChallenge PASSWORD_VERIFIER"}
	plain = []string{"InitiateAuth USER_PASSWORD_AUTH"}
)

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"jq", "curl", "oathtool"} {
		tooltest.Need(t, name, name)
	}
	// Each call starts a process. The clock stands still so that codes do not expire meanwhile.
	now := time.Now()
	d := sit(t, func(o *cognitotest.Options) { o.Now = func() time.Time { return now } })
	d.tools = filepath.Dir(tooltest.NeedWorking(t, "awscli", "the AWS CLI", "aws", "--version"))
	d.run(tooltest.Need(t, "dash", "sh"), "aws-cli.sh")
	d.happened(plain)
	assert.Equal(t, types.UserStatusTypeConfirmed, d.optional.User("bob").Status)
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.run(boto3(t), "python-boto3.py")
	d.happened(srp)
	assert.Equal(t, types.UserStatusTypeConfirmed, d.optional.User("bob").Status)
}

func TestSDKForJavaScript(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.run(node(t), "aws-sdk.mjs")
	d.happened(srp)
	assert.Equal(t, types.UserStatusTypeConfirmed, d.optional.User("bob").Status)
}

func TestIdentityJS(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.run(node(t), "identity-js.mjs")
	d.happened(srp)
	d.remembered()
	assert.Equal(t, types.UserStatusTypeConfirmed, d.optional.User("invited").Status)
}

func TestAmplify(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.browse("amplify.mjs")
	d.happened(srp,
		"RevokeToken", "GetTokensFromRefreshToken", "GetTokensFromRefreshToken NotAuthorized",
		"InitiateAuth USER_AUTH", "RespondToAuthChallenge SELECT_CHALLENGE",
		"RespondToAuthChallenge EMAIL_OTP CodeMismatch", "RespondToAuthChallenge EMAIL_OTP",
		"RespondToAuthChallenge PASSWORD_VERIFIER",
	)
	d.remembered()
	assert.Equal(t, types.UserStatusTypeConfirmed, d.optional.User("writer").Status)
	assert.Equal(t, types.UserStatusTypeConfirmed, d.optional.User("invited").Status)
}

func TestJWTVerify(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.run(node(t), "jwt-verify.mjs")
}

// The commands in the README work: they run a client against the command cognitotest.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, text, _ = bytes.Cut(text, []byte("By hand"))
	// The last command has usually ended the programs by then, and with -e a failing trap would
	// fail the script.
	script := "pids=; trap 'kill $pids 2>/dev/null || :' EXIT; cd ../..\n"
	for line := range strings.Lines(string(text)) {
		if command, indented := strings.CutPrefix(line, "    "); indented {
			script += command
		}
	}
	require.Contains(t, script, "aws-sdk.mjs")
	node(t)
	bash := tooltest.Need(t, "bash", "bash")
	cmd := exec.CommandContext(tooltest.Context(t), bash, "-euo", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
