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
	"sync"
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

// The tests run the program as a process of its own: this test binary, told by a variable to be it.
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

// lockedBuffer is a buffer that may be written to from several sides.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// command is the program, with nothing on its standard input.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(tooltest.Context(t), self, args...)
	// The race detector would keep each program for a second at its end.
	cmd.Env = []string{
		asProgram + "=1", "GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + t.TempDir(), "PATH=" + os.Getenv("PATH"),
	}
	cmd.Stderr = new(lockedBuffer)
	return cmd
}

// program is the program while it runs.
type program struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
}

// launch starts the program. It is ended with the test, by Ctrl-C.
func launch(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &program{cmd, bufio.NewReader(stdout)}
	t.Cleanup(func() { p.end(t, os.Interrupt) })
	return p
}

// end ends the program with a signal. It must end without complaint.
func (p *program) end(t *testing.T, signal os.Signal) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	assert.NoError(t, p.cmd.Process.Signal(signal))
	_, err := io.Copy(io.Discard, p.stdout) // before Wait closes the pipe
	assert.NoError(t, err)
	assert.NoError(t, p.cmd.Wait(), "the program must end with status 0; it said: %s", p.cmd.Stderr)
	assert.Empty(t, p.cmd.Stderr.(*lockedBuffer).String())
}

// readConfig reads what the program prints with -json.
func (p *program) readConfig(t *testing.T) config {
	t.Helper()
	line, err := p.stdout.ReadBytes('\n')
	require.NoError(t, err, "the program said: %s", p.cmd.Stderr)
	var c config
	require.NoError(t, json.Unmarshal(line, &c), "%s", line)
	return c
}

// readText reads what the program prints for people.
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
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Endpoint, bytes.NewReader(text))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	var answer kv
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return answer
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

// loopbackIPv6 is the loopback address of IPv6 or, on a computer without IPv6, that of IPv4.
func loopbackIPv6(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		return "127.0.0.1"
	}
	assert.NoError(t, listener.Close())
	return "[::1]"
}

// A person reads what to configure, and a program that is configured so signs in.
func TestText(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.WriteFile(users, []byte(alice), 0o600))
	ipv6 := loopbackIPv6(t)
	p := launch(t, command(t, "-addr", "localhost:0", "-control", ipv6+":0", "-users", users))
	text := p.readText(t)
	endpoint := regexp.MustCompile(`(?m)^endpoint: +(http://127\.0\.0\.1:\d+)$`).FindStringSubmatch(text)
	control := regexp.MustCompile(`(?m)^control: +(http://` + regexp.QuoteMeta(ipv6) + `:\d+)$`).
		FindStringSubmatch(text)
	require.NotNil(t, endpoint, text)
	require.NotNil(t, control, text)
	text = strings.ReplaceAll(strings.ReplaceAll(text, endpoint[1], "ENDPOINT"), control[1], "CONTROL")
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
	answer, err := client.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		ClientId: aws.String("cognitotest"), AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
	})
	require.NoError(t, err)
	assert.NotNil(t, answer.AuthenticationResult)
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

// A secret that was given is not shown, and clients that have no use for it are left out.
func TestTextWithSecret(t *testing.T) {
	t.Parallel()
	cmd := command(t, "-addr", "127.0.0.1:0", "-users", "-")
	cmd.Env = append(cmd.Env, secretVariable+"="+secret)
	cmd.Stdin = strings.NewReader(`[{"username":"alice","password":"hush-Hush1","totp":"JBSWY3DPEHPK3PXP"}]`)
	text := launch(t, cmd).readText(t)
	assert.Contains(t, text, "client-secret: set\n")
	for _, hidden := range []string{secret, "hush-Hush1", "JBSWY3DPEHPK3PXP", "Amplify", "CognitoUserPool"} {
		assert.NotContains(t, text, hidden)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	c := start(
		t, alice, "-user-pool-id", "eu-west-1_Abc123", "-client-id", "mine", "-client-secret", secret,
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

// What the flags say is what the pool does.
func TestFlags(t *testing.T) {
	t.Parallel()
	email := `[{"username":"alice@example.com","password":"` + password + `"}]`
	verified := `[{"username":"alice","email":"alice@example.com","password":"` + password + `"}]`
	bySMS := `[{"username":"alice","phone":"+15550001234","password":"` + password + `","methods":["SMS_MFA"]}]`
	byEmail := `[{"username":"alice","email":"alice@example.com","password":"` + password +
		`","methods":["EMAIL_OTP"]}]`
	client := func(c config) kv {
		described := c.call(t, "DescribeUserPoolClient", kv{"UserPoolId": c.UserPoolID, "ClientId": c.ClientID})
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
			return c.call(t, "DescribeUserPool", kv{"UserPoolId": c.UserPoolID})["UserPool"].(kv)[name]
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
		{alice, "", tokens("alice"), true},
		{alice, "-mfa required", challenge("alice"), "MFA_SETUP"},
		{bySMS, "-mfa-methods totp,sms", challenge("alice"), "SMS_MFA"},
		{byEmail, "-mfa required -mfa-methods email", challenge("alice"), "EMAIL_OTP"},
		{bySMS, "-mfa off", tokens("alice"), true},
		{"", "-issuer self", func(c config) any { return c.Issuer == c.Endpoint+"/"+c.UserPoolID }, true},
		{
			"", "-issuer http://cognito:9229", func(c config) any { return c.Issuer },
			"http://cognito:9229/us-east-1_cognitotest",
		},
		{
			"", "-region cn-north-1", func(c config) any { return c.Issuer },
			"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_cognitotest",
		},
		{
			"", "-auth-flows ALLOW_USER_SRP_AUTH,ALLOW_REFRESH_TOKEN_AUTH", setting("ExplicitAuthFlows"),
			[]any{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		},
		{
			"", "-rotation -rotation-grace 10s", setting("RefreshTokenRotation"),
			kv{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10.0},
		},
		{
			alice, "-quirks LongSessions,ErrorNameInBody -mfa required",
			func(c config) any { return len(c.signIn(t, "alice")["Session"].(string)) > 4000 }, true,
		},
		{email, "-username-attributes email,phone_number", tokens("alice@example.com"), true},
		{verified, "", tokens("alice@example.com"), false},
		{verified, "-alias-attributes email", tokens("alice@example.com"), true},
		{alice, "", tokens("ALICE"), false},
		{alice, "-case-insensitive", tokens("ALICE"), true},
		{"", "-reveal-users", func(c config) any { return c.signIn(t, "nobody")["__type"] }, "UserNotFoundException"},
		{"", "", func(c config) any { return c.signIn(t, "nobody")["__type"] }, "NotAuthorizedException"},
		{"", "-session-validity 15m", setting("AuthSessionValidity"), 15.0},
		{"", "-access-token-validity 5m", setting("AccessTokenValidity"), 300.0},
		{"", "-id-token-validity 2h", setting("IdTokenValidity"), 7200.0},
		{"", "-refresh-token-validity 1h", setting("RefreshTokenValidity"), 3600.0},
		{"", "-client-secret " + secret, setting("ClientSecret"), secret},
		{"", "-devices off", pool("DeviceConfiguration"), nil},
		{
			"", "-devices always", pool("DeviceConfiguration"),
			kv{"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": false},
		},
		{
			"", "-devices opt-in", pool("DeviceConfiguration"),
			kv{"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": true},
		},
		{"", "", factors, []any{"PASSWORD"}},
		{"", "-first-factors password,email,sms", factors, []any{"PASSWORD", "EMAIL_OTP", "SMS_OTP"}},
		{
			"", "-accept-unsimulated", triggers,
			"settings that are not simulated, such as Lambda triggers, are kept and do nothing",
		},
		{"", "", triggers, "InvalidParameterException"},
		{"", "-region ap-northeast-1", func(c config) any { return c.UserPoolID }, "ap-northeast-1_cognitotest"},
		{
			"", "-region us-west-2 -user-pool-id local_1",
			func(c config) any { return c.Region + " " + c.UserPoolID }, "us-west-2 local_1",
		},
		{
			"", "-insecure-listen -addr :0",
			func(c config) any { return strings.HasPrefix(c.Endpoint, "http://localhost:") }, true,
		},
	} {
		assert.Equal(
			t, test.want, test.see(start(t, test.users, strings.Fields(test.args)...)), "%q with %q", test.args,
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
		assert.WithinRange(t, clock.Now.Add(-offset), before.Add(-time.Minute), time.Now().Add(time.Minute))
	}
}

// What cannot work is said in one line. A wrong command line ends the program with status 2, what else
// goes wrong with 1.
func TestMisuse(t *testing.T) {
	t.Parallel()
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, busy.Close()) }) // after the subtests, which run in parallel
	free := []string{"-addr", "127.0.0.1:0"}
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{
			"unknown flag",
			[]string{"-colour", "red"},
			2,
			"flag provided but not defined: -colour; -h explains the flags",
		},
		{"flag without a value", []string{"-addr"}, 2, "flag needs an argument: -addr"},
		{"argument", []string{"serve"}, 2, `there are flags only, and no argument such as "serve"`},
		{"mfa", []string{"-mfa", "sometimes"}, 2, `-mfa is optional, required or off, not "sometimes"`},
		{
			"methods",
			[]string{"-mfa-methods", "totp,pigeon"},
			2,
			`-mfa-methods is a list of totp, sms, email, with commas, and "pigeon" is none of them`,
		},
		{"no methods", []string{"-mfa-methods", ""}, 2, "-mfa-methods is empty; for a pool without MFA say -mfa off"},
		{"first factors", []string{"-first-factors", "email"}, 2, "-first-factors must have password among them"},
		{"first factor", []string{"-first-factors", "password,totp"}, 2, `and "totp" is none of them`},
		{"devices", []string{"-devices", "yes"}, 2, `-devices is off, always or opt-in, not "yes"`},
		{"username attributes", []string{"-username-attributes", "name"}, 2, `and "name" is none of them`},
		{"alias attributes", []string{"-alias-attributes", "name"}, 2, `and "name" is none of them`},
		{"both attributes", []string{"-username-attributes", "email", "-alias-attributes", "email"}, 2, "not both"},
		{
			"no methods with MFA off",
			[]string{"-mfa", "off", "-mfa-methods", "sms"},
			2,
			"-mfa off leaves no methods; leave -mfa-methods out",
		},
		{
			"codes where MFA is required",
			[]string{"-mfa", "required", "-first-factors", "password,sms"},
			2,
			"Cognito takes no codes as first factors where MFA is required",
		},
		{
			"codes without their flow",
			[]string{"-auth-flows", "ALLOW_USER_SRP_AUTH", "-first-factors", "password,sms"},
			2,
			"needs ALLOW_USER_AUTH among -auth-flows",
		},
		{
			"devices without SRP",
			[]string{"-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "-devices", "always"},
			2,
			"-devices needs ALLOW_USER_SRP_AUTH",
		},
		{
			"two regions",
			[]string{"-user-pool-id", "eu-west-1_a", "-region", "us-east-1"},
			2,
			"-user-pool-id is of the region eu-west-1, and -region says us-east-1",
		},
		{"grace alone", []string{"-rotation-grace", "10s"}, 2, "-rotation-grace is of no use without -rotation"},
		{
			"long grace", append(free, "-rotation", "-rotation-grace", "2m"), 2,
			"at 'refreshTokenRotation.retryGracePeriodSeconds'",
		},
		{
			"rotation with its flow", append(free, "-rotation", "-auth-flows", "ALLOW_REFRESH_TOKEN_AUTH"), 2,
			"ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with refresh token rotation.",
		},
		{
			"one address twice",
			[]string{"-control", "127.0.0.1:9229"},
			2,
			"-addr and -control must be different addresses",
		},
		{"flow", []string{"-auth-flows", "ALLOW_ALL"}, 2, `and "ALLOW_ALL" is none of them`},
		{"quirk", []string{"-quirks", "strictStep"}, 2, `and "strictStep" is none of them`},
		{
			"two places",
			[]string{"-quirks", "ErrorNameInBody,ErrorNameInHeader"},
			2,
			"the header or the body, not in both",
		},
		{
			"issuer", append(free, "-issuer", "cognito:9229"), 2,
			"Issuer is not a URL such as http://localhost:9229, without a query",
		},
		{
			"issuer with the pool", append(free, "-issuer", "http://x/us-east-1_cognitotest"), 2,
			"Issuer ends in the pool's ID, which is added to it",
		},
		{"two mistakes", []string{"-mfa", "x", "-clock", "876001h"}, 2, `not "x"; the clock can be at most`},
		{"clock", []string{"-clock", "noon"}, 2, `invalid value "noon" for flag -clock`},
		{"far clock", []string{"-clock", "-876001h"}, 2, "the clock can be at most 876000h"},
		{
			"session", append(free, "-session-validity", "1m"), 2,
			"at 'authSessionValidity' failed to satisfy constraint",
		},
		{"no session", []string{"-session-validity", "0"}, 2, "a validity must be longer than nothing"},
		{"token", append(free, "-access-token-validity", "1s"), 2, "Invalid range for token validity."},
		{"pool", append(free, "-user-pool-id", "x"), 2, "at 'userPoolId' failed to satisfy constraint"},
		{"client", append(free, "-client-id", "a b"), 2, "at 'clientId' failed to satisfy constraint"},
		{"secret", append(free, "-client-secret", "short"), 2, "at 'clientSecret' failed to satisfy constraint"},
		{"region", append(free, "-region", "a b"), 2, `the region "a b" has characters that no region has`},
		{"no port", []string{"-addr", "127.0.0.1"}, 2, `-addr: "127.0.0.1" is not HOST:PORT, such as 127.0.0.1:9229`},
		{"odd port", []string{"-addr", "127.0.0.1:99999"}, 2, `-addr: "99999" is not a port from 0 to 65535`},
		{"every interface", []string{"-addr", ":0"}, 2, "-addr: an address without a host is every interface"},
		{
			"every interface of IPv4",
			[]string{"-addr", "0.0.0.0:0"},
			2,
			"-addr: 0.0.0.0 is every interface, where other computers could do everything",
		},
		{"control on every interface", append(free, "-control", "[::]:0"), 2, "-control: :: is every interface"},
		{
			"another interface",
			[]string{"-addr", "192.0.2.1:0"},
			2,
			"-addr: 192.0.2.1 is not an address of the loopback interface",
		},
		{"unknown host", []string{"-addr", "nowhere.invalid:0"}, 1, `-addr: the host "nowhere.invalid" is unknown`},
		{
			"busy",
			[]string{"-addr", busy.Addr().String()},
			1,
			"-addr: another program listens on " + busy.Addr().String() + "; end it, choose another port,",
		},
		{"busy control", append(free, "-control", busy.Addr().String()), 1, "-control: another program listens on"},
		{"somebody else's address", []string{"-addr", "192.0.2.1:0", "-insecure-listen"}, 1, "choose another address"},
		{
			"no users file",
			[]string{"-users", "/nonexistent/users.json"},
			1,
			"-users: open /nonexistent/users.json: no such file",
		},
		{"users are a folder", []string{"-users", "/"}, 1, "-users: read /: is a directory"},
		{
			"empty users file",
			[]string{"-users", "/dev/null"},
			1,
			"-users: /dev/null: empty; a file without users holds []",
		},
		{"standard input", []string{"-users", "-"}, 1, "-users: standard input: empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assertFails(t, command(t, test.args...), test.status, test.want)
		})
	}
}

// assertFails runs a program that must say why it does not run, in one line.
func assertFails(t *testing.T, cmd *exec.Cmd, status int, want string) {
	t.Helper()
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, status, exit.ExitCode())
	assert.Empty(t, out)
	said := cmd.Stderr.(*lockedBuffer).String()
	assert.True(t, strings.HasPrefix(said, "cognitotest: "), said)
	assert.Contains(t, said, want)
	assert.Equal(t, status == 2, strings.HasSuffix(said, "; -h explains the flags\n"), said)
	assert.Equal(t, 1, strings.Count(said, "\n"), said)
}

// A user whom the pool does not take is named by number, and nothing that is secret is repeated.
func TestUsersThePoolRefuses(t *testing.T) {
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
		assert.NotContains(t, cmd.Stderr.(*lockedBuffer).String(), "hush")
	}
}

// The program ends at once, whatever a client has begun.
func TestEndWithOpenConnections(t *testing.T) {
	t.Parallel()
	p := launch(t, command(t, "-json", "-addr", "127.0.0.1:0"))
	c := p.readConfig(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(c.Endpoint, "http://"))
	require.NoError(t, err)
	_, err = conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)
	c.signIn(t, "nobody") // the program has taken the half request in by then
	p.end(t, os.Interrupt)
	_, err = conn.Read(make([]byte, 1))
	assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), err)
	assert.NoError(t, conn.Close())
}
