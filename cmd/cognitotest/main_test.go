package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// The tests run the program in its own process: this test binary, with a variable that makes it the
// program.
const asProgram = "COGNITOMFA_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	password = "Passw0rd!"
	secret   = "0123456789abcdefghijklmnop" // of the app client
	alice    = `[{"username":"alice","password":"` + password + `"}]`
)

// kv is a JSON object.
type kv = map[string]any

// command returns the program, with empty standard input.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(tooltest.Context(t), self, args...)
	// By default, the race detector delays the exit of each program by a second.
	cmd.Env = []string{
		asProgram + "=1", "GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + t.TempDir(),
		"PATH=" + os.Getenv("PATH"),
	}
	cmd.Stderr = new(tooltest.Buffer)
	return cmd
}

// program is a running program.
type program struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
}

// launch starts the program. Ctrl-C ends it after the test.
func launch(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &program{cmd, bufio.NewReader(stdout)}
	t.Cleanup(func() { p.end(t, os.Interrupt) })
	return p
}

// end ends the program with a signal. It must exit without an error.
func (p *program) end(t *testing.T, signal os.Signal) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	assert.NoError(t, p.cmd.Process.Signal(signal))
	_, err := io.Copy(io.Discard, p.stdout) // before Wait closes the pipe
	assert.NoError(t, err)
	assert.NoError(t, p.cmd.Wait(), "the program must end with status 0; it said: %s", p.cmd.Stderr)
	assert.Empty(t, p.cmd.Stderr.(*tooltest.Buffer).String())
}

// readConfig reads the output of -json.
func (p *program) readConfig(t *testing.T) config {
	t.Helper()
	line, err := p.stdout.ReadBytes('\n')
	require.NoError(t, err, "the program said: %s", p.cmd.Stderr)
	var c config
	require.NoError(t, json.Unmarshal(line, &c), "%s", line)
	return c
}

// readText reads the output for people.
func (p *program) readText(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for !strings.HasSuffix(text.String(), "Ctrl-C ends it.\n") {
		line, err := p.stdout.ReadString('\n')
		require.NoError(t, err, "the program said: %s", p.cmd.Stderr)
		text.WriteString(line)
	}
	return text.String()
}

// start starts the program on a free port, with users if there are any.
func start(t *testing.T, users string, args ...string) config {
	t.Helper()
	args = append([]string{"-json", "-addr", "127.0.0.1:0"}, args...)
	cmd := command(t, args...)
	if users != "" {
		cmd.Args = append(cmd.Args, "-users", "-")
		cmd.Stdin = strings.NewReader(users)
	}
	return launch(t, cmd).readConfig(t)
}

// call makes a call of Cognito's API.
func (c config) call(t *testing.T, operation string, body kv) kv {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Endpoint,
		bytes.NewReader(text))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	var got kv
	require.NoError(t, json.NewDecoder(response.Body).Decode(&got))
	return got
}

// signIn starts a sign-in by password.
func (c config) signIn(t *testing.T, username string) kv {
	t.Helper()
	return c.call(t, "InitiateAuth", kv{
		"ClientId": c.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
			"USERNAME": username, "PASSWORD": password,
		},
	})
}

// loopbackIPv6 returns the loopback address of IPv6 or, on a computer without IPv6, of IPv4.
func loopbackIPv6(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		return "127.0.0.1"
	}
	assert.NoError(t, listener.Close())
	return "[::1]"
}

// The output for people has the settings, and a client with these settings signs in.
func TestText(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.WriteFile(users, []byte(alice), 0o600))
	ipv6 := loopbackIPv6(t)
	p := launch(t, command(t, "-addr", "localhost:0", "-control", ipv6+":0", "-users", users))
	text := p.readText(t)
	endpoint := regexp.MustCompile(`(?m)^endpoint: +(http://127\.0\.0\.1:\d+)$`).FindStringSubmatch(
		text)
	control := regexp.MustCompile(`(?m)^control: +(http://` + regexp.QuoteMeta(ipv6) + `:\d+)$`).
		FindStringSubmatch(text)
	require.NotNil(t, endpoint, text)
	require.NotNil(t, control, text)
	text = strings.ReplaceAll(strings.ReplaceAll(text, endpoint[1], "ENDPOINT"), control[1],
		"CONTROL")
	assert.Equal(t, `endpoint:      ENDPOINT
region:        us-east-1
user-pool-id:  us-east-1_cognitotest
client-id:     cognitotest
client-secret: none
issuer:        https://cognito-idp.us-east-1.amazonaws.com/us-east-1_cognitotest
jwks:          ENDPOINT/us-east-1_cognitotest/.well-known/jwks.json
users:         1
control:       CONTROL

The user alice signs in with the AWS CLI, in any version:
  cognito() { AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws cognito-idp "$@" `+
		`--endpoint-url ENDPOINT --region us-east-1; }
  printf 'Password: '; read -r password
  cognito initiate-auth --client-id cognitotest --auth-flow USER_PASSWORD_AUTH `+
		`--auth-parameters '{"USERNAME":"alice","PASSWORD":"'"$password"'"}'

boto3, in any version; calls that AWS wants signed take any credentials:
  boto3.client('cognito-idp', 'us-east-1', endpoint_url='ENDPOINT', `+
		`aws_access_key_id='test', aws_secret_access_key='test')

AWS SDKs, from AWS CLI 1.29 and 2.13, boto3 1.28, JavaScript 3.428, Java 2.28.1, Go of 2023-11
(older ones ignore the first line and call AWS):
  export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=ENDPOINT
  export AWS_REGION=us-east-1
  export AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test
  export AWS_SECRET_ACCESS_KEY=test

amazon-cognito-identity-js:
  new CognitoUserPool({ UserPoolId: 'us-east-1_cognitotest', ClientId: 'cognitotest', endpoint: 'ENDPOINT' })

AWS Amplify:
  Amplify.configure({ Auth: { Cognito: { userPoolId: 'us-east-1_cognitotest', `+
		`userPoolClientId: 'cognitotest', userPoolEndpoint: 'ENDPOINT' } } })

Ctrl-C ends it.
`, text)

	client := cognitoidentityprovider.New(
		cognitoidentityprovider.Options{Region: "us-east-1", BaseEndpoint: &endpoint[1]},
	)
	result, err := client.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		ClientId: aws.String("cognitotest"), AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
	})
	require.NoError(t, err)
	assert.NotNil(t, result.AuthenticationResult)
	for _, url := range []string{
		endpoint[1] + "/us-east-1_cognitotest/.well-known/jwks.json", control[1] + "/users/alice",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, url)
	}
	p.end(t, syscall.SIGTERM)
}

// The output does not contain the client secret, nor clients that cannot use one.
func TestTextWithSecret(t *testing.T) {
	t.Parallel()
	cmd := command(t, "-addr", "127.0.0.1:0", "-users", "-")
	cmd.Env = append(cmd.Env, secretVariable+"="+secret)
	cmd.Stdin = strings.NewReader(
		`[{"username":"alice","password":"hush-Hush1","totp":"JBSWY3DPEHPK3PXP"}]`)
	text := launch(t, cmd).readText(t)
	assert.Contains(t, text, "client-secret: set\n")
	for _, hidden := range []string{
		secret, "hush-Hush1", "JBSWY3DPEHPK3PXP", "Amplify", "CognitoUserPool",
	} {
		assert.NotContains(t, text, hidden)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	c := start(
		t, alice, "-user-pool-id", "eu-west-1_Abc123", "-client-id", "mine", "-client-secret",
		secret,
		"-control", "127.0.0.1:0",
	)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, c.Endpoint)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, c.Control)
	assert.Equal(t, config{
		Endpoint: c.Endpoint, Region: "eu-west-1", UserPoolID: "eu-west-1_Abc123", ClientID: "mine",
		ClientSecretSet: true,
		Issuer:          "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123",
		JWKS:            c.Endpoint + "/eu-west-1_Abc123/.well-known/jwks.json",
		Control:         c.Control, Users: 1, Environment: map[string]string{
			"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": c.Endpoint, "AWS_REGION": "eu-west-1",
			"AWS_DEFAULT_REGION": "eu-west-1",
			"AWS_ACCESS_KEY_ID":  "test", "AWS_SECRET_ACCESS_KEY": "test",
		},
	}, c)
	assert.Empty(t, start(t, "").Control, "off by default")
}

// The pool follows the flags.
func TestFlags(t *testing.T) {
	t.Parallel()
	email := `[{"username":"alice@example.com","password":"` + password + `"}]`
	verified := `[{"username":"alice","email":"alice@example.com","password":"` + password + `"}]`
	bySMS := `[{"username":"alice","phone":"+15550001234","password":"` + password +
		`","methods":["SMS_MFA"]}]`
	byEmail := `[{"username":"alice","email":"alice@example.com","password":"` + password +
		`","methods":["EMAIL_OTP"]}]`
	client := func(c config) kv {
		described := c.call(t, "DescribeUserPoolClient",
			kv{"UserPoolId": c.UserPoolID, "ClientId": c.ClientID})
		return described["UserPoolClient"].(kv)
	}
	challenge := func(username string) func(config) any {
		return func(c config) any { return c.signIn(t, username)["ChallengeName"] }
	}
	tokens := func(username string) func(config) any {
		return func(c config) any { return c.signIn(t, username)["AuthenticationResult"] != nil }
	}
	setting := func(name string) func(config) any {
		return func(c config) any { return client(c)[name] }
	}
	pool := func(name string) func(config) any {
		return func(c config) any {
			return c.call(t, "DescribeUserPool",
				kv{"UserPoolId": c.UserPoolID})["UserPool"].(kv)[name]
		}
	}
	factors := func(c config) any {
		return pool("Policies")(c).(kv)["SignInPolicy"].(kv)["AllowedFirstAuthFactors"]
	}
	triggers := func(c config) any {
		r := c.call(t, "CreateUserPool", kv{
			"PoolName":     "x",
			"LambdaConfig": kv{"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:x"},
		})
		if refused := r["__type"]; refused != nil {
			return refused
		}
		return c.Unsimulated
	}
	for _, test := range []struct {
		users, args string
		see         func(config) any
		want        any
	}{
		{users: alice, see: tokens("alice"), want: true},
		{users: alice, args: "-mfa required", see: challenge("alice"), want: "MFA_SETUP"},
		{users: bySMS, args: "-mfa-methods totp,sms", see: challenge("alice"), want: "SMS_MFA"},
		{
			users: byEmail, args: "-mfa required -mfa-methods email", see: challenge("alice"),
			want: "EMAIL_OTP",
		},
		{users: bySMS, args: "-mfa off", see: tokens("alice"), want: true},
		{
			args: "-issuer self",
			see:  func(c config) any { return c.Issuer == c.Endpoint+"/"+c.UserPoolID }, want: true,
		},
		{
			args: "-issuer http://cognito:9229", see: func(c config) any { return c.Issuer },
			want: "http://cognito:9229/us-east-1_cognitotest",
		},
		{
			args: "-region cn-north-1", see: func(c config) any { return c.Issuer },
			want: "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_cognitotest",
		},
		{
			args: "-auth-flows ALLOW_USER_SRP_AUTH,ALLOW_REFRESH_TOKEN_AUTH",
			see:  setting("ExplicitAuthFlows"),
			want: []any{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		},
		{
			args: "-rotation -rotation-grace 10s", see: setting("RefreshTokenRotation"),
			want: kv{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10.0},
		},
		{
			users: alice, args: "-quirks LongSessions,ErrorNameInBody -mfa required",
			see: func(c config) any {
				return len(c.signIn(t, "alice")["Session"].(string)) > 4000
			},
			want: true,
		},
		{
			users: email, args: "-username-attributes email,phone_number",
			see: tokens("alice@example.com"), want: true,
		},
		{users: verified, see: tokens("alice@example.com"), want: false},
		{
			users: verified, args: "-alias-attributes email", see: tokens("alice@example.com"),
			want: true,
		},
		{users: alice, see: tokens("ALICE"), want: false},
		{users: alice, args: "-case-insensitive", see: tokens("ALICE"), want: true},
		{
			args: "-reveal-users",
			see:  func(c config) any { return c.signIn(t, "nobody")["__type"] },
			want: "UserNotFoundException",
		},
		{
			see:  func(c config) any { return c.signIn(t, "nobody")["__type"] },
			want: "NotAuthorizedException",
		},
		{args: "-session-validity 15m", see: setting("AuthSessionValidity"), want: 15.0},
		{args: "-access-token-validity 5m", see: setting("AccessTokenValidity"), want: 300.0},
		{args: "-id-token-validity 2h", see: setting("IdTokenValidity"), want: 7200.0},
		{args: "-refresh-token-validity 1h", see: setting("RefreshTokenValidity"), want: 3600.0},
		{args: "-client-secret " + secret, see: setting("ClientSecret"), want: secret},
		{args: "-devices off", see: pool("DeviceConfiguration")},
		{
			args: "-devices always", see: pool("DeviceConfiguration"),
			want: kv{
				"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": false,
			},
		},
		{
			args: "-devices opt-in", see: pool("DeviceConfiguration"),
			want: kv{
				"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": true,
			},
		},
		{see: factors, want: []any{"PASSWORD"}},
		{
			args: "-first-factors password,email,sms", see: factors,
			want: []any{"PASSWORD", "EMAIL_OTP", "SMS_OTP"},
		},
		{
			args: "-accept-unsimulated", see: triggers,
			want: "settings that are not simulated, such as Lambda triggers, are kept and do nothing",
		},
		{see: triggers, want: "InvalidParameterException"},
		{
			args: "-region ap-northeast-1", see: func(c config) any { return c.UserPoolID },
			want: "ap-northeast-1_cognitotest",
		},
		{
			args: "-region us-west-2 -user-pool-id local_1",
			see:  func(c config) any { return c.Region + " " + c.UserPoolID },
			want: "us-west-2 local_1",
		},
		{
			args: "-insecure-listen -addr :0",
			see:  func(c config) any { return strings.HasPrefix(c.Endpoint, "http://localhost:") },
			want: true,
		},
	} {
		assert.Equal(
			t, test.want, test.see(start(t, test.users, strings.Fields(test.args)...)),
			"%q with %q", test.args,
			test.users,
		)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{0, 48 * time.Hour, -48 * time.Hour} {
		c := start(t, "", "-clock", offset.String(), "-control", "127.0.0.1:0")
		var clock struct{ Now time.Time }
		before := time.Now()
		status, body := ask(t, http.MethodGet, c.Control+"/clock", "")
		require.Equal(t, http.StatusOK, status)
		require.NoError(t, json.Unmarshal(body, &clock))
		assert.WithinRange(t, clock.Now.Add(-offset), before.Add(-time.Minute),
			time.Now().Add(time.Minute))
	}
}

// Errors are one line. The exit status is 2 for a wrong command line, and 1 for any other error.
func TestMisuse(t *testing.T) {
	t.Parallel()
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	// after the subtests, which run in parallel
	t.Cleanup(func() { assert.NoError(t, busy.Close()) })
	free := []string{"-addr", "127.0.0.1:0"}
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{
			name:   "unknown flag",
			args:   []string{"-colour", "red"},
			status: 2,
			want:   "flag provided but not defined: -colour; -h explains the flags",
		},
		{
			name: "flag without a value", args: []string{"-addr"}, status: 2,
			want: "flag needs an argument: -addr",
		},
		{
			name: "argument", args: []string{"serve"}, status: 2,
			want: `there are flags only, and no argument such as "serve"`,
		},
		{
			name: "mfa", args: []string{"-mfa", "sometimes"}, status: 2,
			want: `-mfa is optional, required or off, not "sometimes"`,
		},
		{
			name:   "methods",
			args:   []string{"-mfa-methods", "totp,pigeon"},
			status: 2,
			want:   `-mfa-methods is a list of totp, sms, email, with commas, and "pigeon" is none of them`,
		},
		{
			name: "no methods", args: []string{"-mfa-methods", ""}, status: 2,
			want: "-mfa-methods is empty; for a pool without MFA say -mfa off",
		},
		{
			name: "first factors", args: []string{"-first-factors", "email"}, status: 2,
			want: "-first-factors must have password among them",
		},
		{
			name: "first factor", args: []string{"-first-factors", "password,totp"}, status: 2,
			want: `and "totp" is none of them`,
		},
		{
			name: "devices", args: []string{"-devices", "yes"}, status: 2,
			want: `-devices is off, always or opt-in, not "yes"`,
		},
		{
			name: "username attributes", args: []string{"-username-attributes", "name"}, status: 2,
			want: `and "name" is none of them`,
		},
		{
			name: "alias attributes", args: []string{"-alias-attributes", "name"}, status: 2,
			want: `and "name" is none of them`,
		},
		{
			name:   "both attributes",
			args:   []string{"-username-attributes", "email", "-alias-attributes", "email"},
			status: 2, want: "not both",
		},
		{
			name:   "no methods with MFA off",
			args:   []string{"-mfa", "off", "-mfa-methods", "sms"},
			status: 2,
			want:   "-mfa off leaves no methods; leave -mfa-methods out",
		},
		{
			name:   "codes where MFA is required",
			args:   []string{"-mfa", "required", "-first-factors", "password,sms"},
			status: 2,
			want:   "Cognito takes no codes as first factors where MFA is required",
		},
		{
			name: "codes without their flow",
			args: []string{
				"-auth-flows", "ALLOW_USER_SRP_AUTH", "-first-factors", "password,sms",
			},
			status: 2,
			want:   "needs ALLOW_USER_AUTH among -auth-flows",
		},
		{
			name:   "devices without SRP",
			args:   []string{"-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "-devices", "always"},
			status: 2,
			want:   "-devices needs ALLOW_USER_SRP_AUTH",
		},
		{
			name:   "two regions",
			args:   []string{"-user-pool-id", "eu-west-1_a", "-region", "us-east-1"},
			status: 2,
			want:   "-user-pool-id is of the region eu-west-1, and -region says us-east-1",
		},
		{
			name: "grace alone", args: []string{"-rotation-grace", "10s"}, status: 2,
			want: "-rotation-grace is of no use without -rotation",
		},
		{
			name: "long grace", args: append(free, "-rotation", "-rotation-grace", "2m"), status: 2,
			want: "at 'refreshTokenRotation.retryGracePeriodSeconds'",
		},
		{
			name: "rotation with its flow",
			args: append(free, "-rotation", "-auth-flows", "ALLOW_REFRESH_TOKEN_AUTH"), status: 2,
			want: "ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with refresh token rotation.",
		},
		{
			name:   "one address twice",
			args:   []string{"-control", "127.0.0.1:9229"},
			status: 2,
			want:   "-addr and -control must be different addresses",
		},
		{
			name: "flow", args: []string{"-auth-flows", "ALLOW_ALL"}, status: 2,
			want: `and "ALLOW_ALL" is none of them`,
		},
		{
			name: "quirk", args: []string{"-quirks", "strictStep"}, status: 2,
			want: `and "strictStep" is none of them`,
		},
		{
			name:   "two places",
			args:   []string{"-quirks", "ErrorNameInBody,ErrorNameInHeader"},
			status: 2,
			want:   "the header or the body, not in both",
		},
		{
			name: "issuer", args: append(free, "-issuer", "cognito:9229"), status: 2,
			want: "Issuer is not a URL such as http://localhost:9229, without a query",
		},
		{
			name: "issuer with the pool",
			args: append(free, "-issuer", "http://x/us-east-1_cognitotest"), status: 2,
			want: "Issuer ends in the pool's ID, which is added to it",
		},
		{
			name: "two mistakes", args: []string{"-mfa", "x", "-clock", "876001h"}, status: 2,
			want: `not "x"; the clock can be at most`,
		},
		{
			name: "clock", args: []string{"-clock", "noon"}, status: 2,
			want: `invalid value "noon" for flag -clock`,
		},
		{
			name: "far clock", args: []string{"-clock", "-876001h"}, status: 2,
			want: "the clock can be at most 876000h",
		},
		{
			name: "session", args: append(free, "-session-validity", "1m"), status: 2,
			want: "at 'authSessionValidity' failed to satisfy constraint",
		},
		{
			name: "no session", args: []string{"-session-validity", "0"}, status: 2,
			want: "a validity must be longer than nothing",
		},
		{
			name: "token", args: append(free, "-access-token-validity", "1s"), status: 2,
			want: "Invalid range for token validity.",
		},
		{
			name: "pool", args: append(free, "-user-pool-id", "x"), status: 2,
			want: "at 'userPoolId' failed to satisfy constraint",
		},
		{
			name: "client", args: append(free, "-client-id", "a b"), status: 2,
			want: "at 'clientId' failed to satisfy constraint",
		},
		{
			name: "secret", args: append(free, "-client-secret", "short"), status: 2,
			want: "at 'clientSecret' failed to satisfy constraint",
		},
		{
			name: "region", args: append(free, "-region", "a b"), status: 2,
			want: `the region "a b" has characters that no region has`,
		},
		{
			name: "no port", args: []string{"-addr", "127.0.0.1"}, status: 2,
			want: `-addr: "127.0.0.1" is not HOST:PORT, such as 127.0.0.1:9229`,
		},
		{
			name: "odd port", args: []string{"-addr", "127.0.0.1:99999"}, status: 2,
			want: `-addr: "99999" is not a port from 0 to 65535`,
		},
		{
			name: "every interface", args: []string{"-addr", ":0"}, status: 2,
			want: "-addr: an address without a host is every interface",
		},
		{
			name:   "every interface of IPv4",
			args:   []string{"-addr", "0.0.0.0:0"},
			status: 2,
			want:   "-addr: 0.0.0.0 is every interface, where other computers could do everything",
		},
		{
			name: "control on every interface", args: append(free, "-control", "[::]:0"), status: 2,
			want: "-control: :: is every interface",
		},
		{
			name:   "another interface",
			args:   []string{"-addr", "192.0.2.1:0"},
			status: 2,
			want:   "-addr: 192.0.2.1 is not an address of the loopback interface",
		},
		{
			name: "unknown host", args: []string{"-addr", "nowhere.invalid:0"}, status: 1,
			want: `-addr: the host "nowhere.invalid" is unknown`,
		},
		{
			name:   "busy",
			args:   []string{"-addr", busy.Addr().String()},
			status: 1,
			want: "-addr: another program listens on " + busy.Addr().String() +
				"; end it, choose another port,",
		},
		{
			name: "busy control", args: append(free, "-control", busy.Addr().String()), status: 1,
			want: "-control: another program listens on",
		},
		{
			name: "somebody else's address",
			args: []string{"-addr", "192.0.2.1:0", "-insecure-listen"}, status: 1,
			want: "choose another address",
		},
		{
			name:   "no users file",
			args:   []string{"-users", "/nonexistent/users.json"},
			status: 1,
			want:   "-users: open /nonexistent/users.json: no such file",
		},
		{
			name: "users are a folder", args: []string{"-users", "/"}, status: 1,
			want: "-users: read /: is a directory",
		},
		{
			name:   "empty users file",
			args:   []string{"-users", "/dev/null"},
			status: 1,
			want:   "-users: /dev/null: empty; a file without users holds []",
		},
		{
			name: "standard input", args: []string{"-users", "-"}, status: 1,
			want: "-users: standard input: empty",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assertFails(t, command(t, test.args...), test.status, test.want)
		})
	}
}

// assertFails runs the program, which must fail with an error of one line.
func assertFails(t *testing.T, cmd *exec.Cmd, status int, want string) {
	t.Helper()
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, status, exit.ExitCode())
	assert.Empty(t, out)
	said := cmd.Stderr.(*tooltest.Buffer).String()
	assert.True(t, strings.HasPrefix(said, "cognitotest: "), said)
	assert.Contains(t, said, want)
	assert.Equal(t, status == 2, strings.HasSuffix(said, "; -h explains the flags\n"), said)
	assert.Equal(t, 1, strings.Count(said, "\n"), said)
}

// The error about an invalid user has the user's number, and no secrets.
func TestInvalidUsers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ users, want string }{
		{
			`[{"username":"alice","password":"Passw0rd!"},{"username":"alice","password":"hush-Hush1"}]`,
			`standard input: user 2: add user "alice": User already exists`,
		},
		{
			`[{"username":"alice","password":"h"}]`,
			`user 1: add user "alice": 1 validation error detected: Value at 'password'`,
		},
		{
			`[{"username":"alice","password":"hush-Hush1","totp":"h!"}]`,
			`user 1: add user "alice": a TOTP secret of 2 characters that is not base32`,
		},
		{`[{"password":"hush-Hush1"}]`, `user 1: add user "": the username is missing`},
		{`[{"username":"alice"}]`, `user 1: add user "alice": the password is missing`},
		{
			`[{"username":"alice","password":"hush-Hush1","challenges":[{},{"name":"PASSWORD_VERIFIER"}]}]`,
			`user 1: add user "alice": challenge 2: a scripted challenge cannot be called "PASSWORD_VERIFIER"`,
		},
		{
			`[{"username":"alice","password":"hush-Hush1","email":"a@b.io","attributes":{"email_verified":"false"}}]`,
			`user 1: add user "alice": an address given beside the attributes is verified`,
		},
		{
			`[{"username":"alice","password":"hush-Hush1","phone":"+15550001234","methods":["SMS_MFA"]}]`,
			`user 1: add user "alice": SMS_MFA is enabled, and the pool does not offer it`,
		},
		{
			`[{"username":"alice","password":"hush-Hush1","sub":"7"}]`,
			`user 1: add user "alice": the sub is not a UUID`,
		},
		{
			`[{"username":"alice","password":"hush-Hush1","claims":{"id":{"sub":"hush"}}}]`,
			`user 1: add user "alice": the claim "sub" is Cognito's own`,
		},
	} {
		cmd := command(t, "-addr", "127.0.0.1:0", "-users", "-")
		cmd.Stdin = strings.NewReader(test.users)
		assertFails(t, cmd, 1, test.want)
		assert.NotContains(t, cmd.Stderr.(*tooltest.Buffer).String(), "hush")
	}
}

// The program ends at once, whatever clients are doing.
func TestEndWithOpenConnections(t *testing.T) {
	t.Parallel()
	p := launch(t, command(t, "-json", "-addr", "127.0.0.1:0"))
	c := p.readConfig(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp",
		strings.TrimPrefix(c.Endpoint, "http://"))
	require.NoError(t, err)
	_, err = conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)
	c.signIn(t, "nobody") // the program has taken the half request in by then
	p.end(t, os.Interrupt)
	_, err = conn.Read(make([]byte, 1))
	assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), err)
	assert.NoError(t, conn.Close())
}
