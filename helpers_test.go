package cognitomfa_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const (
	password     = "Passw0rd!"
	newPassword  = "N3w-Passw0rd!"
	clientSecret = "0123456789abcdefghijklmnop"
	totpKey      = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW"
)

var (
	session  = cognitomfa.NewSecret("AYABe-a-session-of-some-length")
	allFlows = []cognitomfa.Flow{
		cognitomfa.FlowPassword, cognitomfa.FlowSRP, cognitomfa.FlowUserAuth,
	}
	allMethods = []cognitomfa.Method{
		cognitomfa.MethodTOTP, cognitomfa.MethodSMS, cognitomfa.MethodEmail,
	}
	totpAndEmail = []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail}
)

// config is the configuration for clients of a double.
var config = cognitomfa.Config{
	UserPoolID: "eu-west-1_Example", ClientID: "1example23456789", Issuer: "Example",
}

// configOf returns the configuration for a client of the fake.
func configOf(srv *cognitotest.Server) cognitomfa.Config {
	return cognitomfa.Config{
		UserPoolID:   srv.UserPoolID,
		ClientID:     srv.ClientID,
		ClientSecret: srv.ClientSecret,
		Issuer:       "Example",
	}
}

// Configurations for clients of a double, by flow.
var (
	srpConfig      = edited(config, withFlow(cognitomfa.FlowSRP))
	userAuthConfig = edited(config, withFlow(cognitomfa.FlowUserAuth))
)

type configEdit = func(*cognitomfa.Config)

// edited returns a changed copy of a configuration.
func edited(cfg cognitomfa.Config, edits ...configEdit) cognitomfa.Config {
	for _, edit := range edits {
		edit(&cfg)
	}
	return cfg
}

func withFlow(flow cognitomfa.Flow) configEdit {
	return func(c *cognitomfa.Config) { c.Flow = flow }
}

func withPublic(public bool) configEdit {
	return func(c *cognitomfa.Config) { c.Public = public }
}

func withSecret(c *cognitomfa.Config) { c.ClientSecret = clientSecret }

// newClient returns a client of a double or of the fake.
func newClient(tb testing.TB, api cognitomfa.CognitoAPI, cfg cognitomfa.Config) *cognitomfa.Client {
	tb.Helper()
	client, err := cognitomfa.New(api, cfg)
	require.NoError(tb, err)
	return client
}

type poolOption = func(*cognitotest.Options)

// Options of the fake's pools.
func mfaRequired(o *cognitotest.Options)   { o.MFA = types.UserPoolMfaTypeOn }
func emailMFA(o *cognitotest.Options)      { o.Email = true }
func smsMFA(o *cognitotest.Options)        { o.SMS = true }
func secretClient(o *cognitotest.Options)  { o.ClientSecret = clientSecret }
func tokenRotation(o *cognitotest.Options) { o.RefreshTokenRotation = true }
func emailNames(o *cognitotest.Options) {
	o.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
}

// newServer returns a pool of the fake without users.
func newServer(tb testing.TB, optFns ...poolOption) *cognitotest.Server {
	tb.Helper()
	srv := cognitotest.NewServer(optFns...)
	tb.Cleanup(srv.Close)
	return srv
}

// newPool returns a pool of the fake with alice, who has only a password, and a client for it.
func newPool(tb testing.TB, optFns ...poolOption) (*cognitotest.Server, *cognitomfa.Client) {
	tb.Helper()
	return newPoolWith(tb, cognitotest.User{}, optFns...)
}

// newPoolWith returns a pool of the fake with one user, and a client for it. Name and password
// default to alice and password.
func newPoolWith(
	tb testing.TB, user cognitotest.User, optFns ...poolOption,
) (*cognitotest.Server, *cognitomfa.Client) {
	tb.Helper()
	srv := newServer(tb, optFns...)
	user.Username = cmp.Or(user.Username, "alice")
	user.Password = cmp.Or(user.Password, password)
	srv.AddUser(user)
	return srv, newClient(tb, srv.Client(), configOf(srv))
}

// newFlowClient returns a client of the fake that signs in with flow.
func newFlowClient(
	tb testing.TB, srv *cognitotest.Server, flow cognitomfa.Flow, optFns ...callOption,
) *cognitomfa.Client {
	tb.Helper()
	return newClient(tb, srv.Client(optFns...), edited(configOf(srv), withFlow(flow)))
}

// Users of the fake's pools.
var (
	totpUser       = cognitotest.User{TOTP: totpKey}
	mustChangeUser = cognitotest.User{Status: types.UserStatusTypeForceChangePassword}
	// totpEmailUser has two methods and no preference.
	totpEmailUser = cognitotest.User{
		TOTP: totpKey, Email: "alice@example.com",
		Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
	}
)

// takeCalls returns the names of the operations that the fake has served since the last takeCalls.
func takeCalls(srv *cognitotest.Server) []string {
	var names []string
	for _, call := range srv.Calls() {
		names = append(names, call.Operation)
	}
	srv.ResetCalls()
	return names
}

// as returns the outcome if it is a T, and fails the test otherwise.
func as[T cognitomfa.Outcome](tb testing.TB, outcome cognitomfa.Outcome, err error) T {
	tb.Helper()
	require.NoError(tb, err)
	require.IsType(tb, *new(T), outcome)
	return outcome.(T)
}

// errOf drops the value that a call returns with its error.
func errOf(_ any, err error) error { return err }

// enrollAlice signs alice in, turns TOTP on, and advances the clock to the next code.
func enrollAlice(
	t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client,
) *cognitomfa.Tokens {
	t.Helper()
	outcome, err := client.SignIn(t.Context(), "alice", password)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = client.Enroll(t.Context(), tokens.Access.Reveal())
	require.NoError(t, err)
	require.NoError(t, client.Verify(t.Context(), tokens.Access.Reveal(), srv.Code("alice")))
	srv.Advance(codePeriod)
	return tokens
}

// setUpAlice signs alice in to a pool that requires MFA, setting up an authenticator during
// sign-in.
func setUpAlice(
	t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client,
) *cognitomfa.Tokens {
	t.Helper()
	outcome, err := client.SignIn(t.Context(), "alice", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	enrollment, err := client.EnrollSetup(t.Context(), setup)
	require.NoError(t, err)
	outcome, err = client.VerifySetup(t.Context(), enrollment.Setup, srv.Code("alice"))
	return as[*cognitomfa.Tokens](t, outcome, err)
}

// codePeriod is how long an authenticator shows a code.
const codePeriod = 30 * time.Second

// lastCode returns the last code that Cognito sent to the user.
func lastCode(tb testing.TB, srv *cognitotest.Server, username string) string {
	tb.Helper()
	outbox := srv.Outbox(username)
	require.NotEmpty(tb, outbox)
	return outbox[len(outbox)-1].Code
}

// wrongCode returns a code that differs from code. The chance that it is right for a neighboring
// time step is one in a million.
func wrongCode(code string) string {
	digits := []byte(code)
	digits[0] = '0' + (digits[0]-'0'+5)%10
	return string(digits)
}

func statusOf(t *testing.T, client *cognitomfa.Client, accessToken string) *cognitomfa.Status {
	t.Helper()
	s, err := client.Status(t.Context(), accessToken)
	require.NoError(t, err)
	return s
}

// jwtWith returns an access token with these claims and an invalid signature.
func jwtWith(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func noDelay(o *retry.StandardOptions) {
	o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
}

// quickRetries sets the SDK's standard retryer: three attempts, but no pauses.
func quickRetries(o *cip.Options) { o.Retryer = retry.NewStandard(noDelay) }

// times repeats a fault.
func times(n int, fault cognitotest.Fault) []cognitotest.Fault {
	faults := make([]cognitotest.Fault, n)
	for i := range faults {
		faults[i] = fault
	}
	return faults
}

// wireTap records every request of a client. Its functions may change the headers of responses.
type wireTap struct {
	cip.HTTPClient

	mu       sync.Mutex
	sent     bytes.Buffer // the bodies of all requests
	request  func(operation string, members map[string]any)
	response func(operation string, header http.Header)
}

// attach is an option of the fake's client.
func (w *wireTap) attach(o *cip.Options) { w.HTTPClient, o.HTTPClient = o.HTTPClient, w }

func (w *wireTap) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent.Write(body)
	if w.request != nil {
		var members map[string]any
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, err
		}
		w.request(operation, members)
	}
	response, err := w.HTTPClient.Do(r)
	if err == nil && w.response != nil {
		w.response(operation, response.Header)
	}
	return response, err
}

// cannedHTTP is an HTTP client for the SDK that returns the same response to each operation,
// without a network. A response with a "__type" is an error.
type cannedHTTP struct {
	responses map[string]string // by operation
	called    func(operation string)
}

func (c cannedHTTP) Do(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if c.called != nil {
		c.called(operation)
	}
	body := c.responses[operation]
	status := http.StatusOK
	if strings.HasPrefix(body, `{"__type":`) {
		status = http.StatusBadRequest
	}
	return httpResponse(r, status, body), nil
}

// api returns an SDK client that uses c.
func (c cannedHTTP) api(optFns ...callOption) *cip.Client {
	return cip.New(cip.Options{
		Region:     "eu-west-1",
		HTTPClient: c,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
		}),
	}, optFns...)
}

func noRetries(o *cip.Options) { o.Retryer = aws.NopRetryer{} }

func httpResponse(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Request:       r,
		ContentLength: int64(len(body)),
		Header: http.Header{
			"Content-Type":   {"application/x-amz-json-1.1"},
			"Content-Length": {strconv.Itoa(len(body))},
		},
		Body: io.NopCloser(strings.NewReader(body)),
	}
}
