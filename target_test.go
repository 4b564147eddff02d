package cognitomfa_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// target is a user pool that flows run against: one of the fake's, or a real one. A flow makes its
// users itself, by the same calls in both.
type target interface {
	// config is what a service would be configured with.
	config() cognitomfa.Config
	// api makes calls that the library does not make.
	api() *cip.Client
	// mfa is whether the pool demands MFA, offers it, or has none.
	mfa() types.UserPoolMfaType
	// now is the pool's time.
	now() time.Time
	// wait lets time pass.
	wait(d time.Duration)
}

// targets gives the pools that flows run against, by name: always a pool of the fake for each MFA
// mode, which every flow has to itself, and the real one that the environment names, if it names
// one.
func targets(t *testing.T) map[string]func(*testing.T) target {
	t.Helper()
	all := map[string]func(*testing.T) target{}
	for _, mode := range types.UserPoolMfaType("").Values() {
		all["fake "+string(mode)] = func(t *testing.T) target {
			t.Helper()
			return newFakeTarget(t, mode)
		}
	}
	if wantsRealTarget(os.Getenv) {
		pool, err := newRealTarget(t.Context(), os.Getenv)
		require.NoError(t, err)
		all["real "+string(pool.mode)] = func(*testing.T) target { return pool }
	}
	return all
}

// fakeTarget has a clock of its own, which stands still between two codes.
type fakeTarget struct {
	srv  *cognitotest.Server
	mode types.UserPoolMfaType
}

func newFakeTarget(t *testing.T, mode types.UserPoolMfaType) fakeTarget {
	t.Helper()
	start := time.Now().Truncate(30 * time.Second)
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.MFA, o.Now = mode, func() time.Time { return start }
	})
	t.Cleanup(srv.Close)
	return fakeTarget{srv, mode}
}

func (f fakeTarget) config() cognitomfa.Config  { return configOf(f.srv) }
func (f fakeTarget) api() *cip.Client           { return f.srv.Client() }
func (f fakeTarget) mfa() types.UserPoolMfaType { return f.mode }
func (f fakeTarget) now() time.Time             { return f.srv.Now() }
func (f fakeTarget) wait(d time.Duration)       { f.srv.Advance(d) }

// The variables that name a real pool. FIDELITY.md in cognitotest says how to use them.
const (
	envPool     = "COGNITOMFA_TEST_USER_POOL_ID"
	envClient   = "COGNITOMFA_TEST_CLIENT_ID"
	envSecret   = "COGNITOMFA_TEST_CLIENT_SECRET"
	envEndpoint = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
)

// realTarget is the pool that the environment names. No call leaves for another one: see guard.
type realTarget struct {
	cfg    cognitomfa.Config
	client *cip.Client
	mode   types.UserPoolMfaType
	guard  *guard
	clock  func() time.Time
	sleep  func(time.Duration)
}

func (r *realTarget) config() cognitomfa.Config  { return r.cfg }
func (r *realTarget) api() *cip.Client           { return r.client }
func (r *realTarget) mfa() types.UserPoolMfaType { return r.mode }
func (r *realTarget) now() time.Time             { return r.clock() }
func (r *realTarget) wait(d time.Duration)       { r.sleep(d) }

// wantsRealTarget tells whether the environment names a pool, were it by half.
func wantsRealTarget(getenv func(string) string) bool {
	return getenv(envPool) != "" || getenv(envClient) != ""
}

// newRealTarget reads the environment, and asks the pool for its MFA configuration. Credentials
// come from the environment alone, so that the library's module graph need not hold what reads
// profiles.
func newRealTarget(ctx context.Context, getenv func(string) string) (*realTarget, error) {
	return newRealTargetVia(ctx, getenv, http.DefaultTransport)
}

func newRealTargetVia(ctx context.Context, getenv func(string) string, transport http.RoundTripper) (*realTarget, error) {
	for _, name := range []string{envPool, envClient, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if getenv(name) == "" {
			return nil, fmt.Errorf("%s is not set; a real pool takes %s, %s and AWS credentials in the environment", name, envPool, envClient)
		}
	}
	parts := regexp.MustCompile(`^([a-z0-9-]+)_[0-9A-Za-z]+$`).FindStringSubmatch(getenv(envPool))
	if parts == nil {
		return nil, fmt.Errorf("%s is not the id of a user pool", envPool)
	}
	region := parts[1]
	endpoint := getenv(envEndpoint)
	if endpoint == "" {
		endpoint = "https://cognito-idp." + region + ".amazonaws.com"
	}
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("%s is not a URL", envEndpoint)
	}
	r := &realTarget{
		cfg: cognitomfa.Config{
			UserPoolID: getenv(envPool), ClientID: getenv(envClient), ClientSecret: getenv(envSecret), Issuer: "cognitomfa test",
		},
		guard: &guard{next: transport, host: address.Host, poolID: getenv(envPool), clientID: getenv(envClient), made: map[string]bool{}},
		clock: time.Now, sleep: time.Sleep,
	}
	r.client = cip.New(cip.Options{
		Region: region, BaseEndpoint: &endpoint, HTTPClient: &http.Client{Transport: r.guard},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: getenv("AWS_SESSION_TOKEN"),
				Source: "environment",
			}, nil
		}),
	})
	out, err := r.client.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &r.cfg.UserPoolID})
	if err != nil {
		return nil, err
	}
	r.mode = out.MfaConfiguration
	totp := out.SoftwareTokenMfaConfiguration != nil && out.SoftwareTokenMfaConfiguration.Enabled
	switch {
	case r.mode != types.UserPoolMfaTypeOff && !totp:
		return nil, errors.New("the pool has MFA without TOTP; there is nothing to test in it")
	case r.mode == types.UserPoolMfaTypeOn && out.EmailMfaConfiguration != nil:
		return nil, errors.New("the pool demands MFA and offers it by e-mail; tests in it could send messages")
	}
	return r, nil
}

// personPrefix begins the name of every user that a flow makes.
const personPrefix = "cognitomfa-test-"

// guard lets nothing through that is not about the tests' own users in the one pool. It looks at
// what is about to leave, whoever made the call.
type guard struct {
	next                   http.RoundTripper
	host, poolID, clientID string

	mu   sync.Mutex
	made map[string]bool // names that Cognito gave to the tests' users
}

// signedCalls are the calls that the credentials must allow; nothing else that is signed is let
// through. None of them changes a pool.
var signedCalls = []string{
	"AdminCreateUser", "AdminDeleteSoftwareToken", "AdminDeleteUser", "AdminDisableUser", "AdminEnableUser", "AdminInitiateAuth",
	"AdminRespondToAuthChallenge", "AdminSetUserPassword", "AdminUserGlobalSignOut", "GetUserPoolMfaConfig",
}

// clientCalls are those that an app client makes.
var clientCalls = []string{
	"AssociateSoftwareToken", "GetTokensFromRefreshToken", "GetUser", "GlobalSignOut", "InitiateAuth", "RespondToAuthChallenge", "RevokeToken",
	"SetUserMFAPreference", "VerifySoftwareToken",
}

// refusal is why the guard does not let a call through. The SDK does not try again then.
type refusal string

func (r refusal) Error() string { return "guard: " + string(r) }

// RetryableError is what the SDK's retryer asks an error.
func (r refusal) RetryableError() bool { return false }

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	if err := g.check(r, body); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return g.next.RoundTrip(r)
}

func (g *guard) check(r *http.Request, body []byte) error {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var in struct {
		UserPoolID         string `json:"UserPoolId"`
		ClientID           string `json:"ClientId"`
		Username           string
		AuthParameters     map[string]string
		ChallengeResponses map[string]string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return refusal("a request that cannot be read: " + err.Error())
	}
	signed := slices.Contains(signedCalls, operation)
	switch {
	case r.URL.Host != g.host:
		return refusal(fmt.Sprintf("%s is not the host of the pool", r.URL.Host))
	case !signed && !slices.Contains(clientCalls, operation):
		return refusal(fmt.Sprintf("tests do not call %s", operation))
	case signed && in.UserPoolID != g.poolID:
		return refusal(fmt.Sprintf("%s names another pool", operation))
	case in.ClientID != "" && in.ClientID != g.clientID:
		return refusal(fmt.Sprintf("%s names another app client", operation))
	}
	for _, name := range []string{in.Username, in.AuthParameters["USERNAME"], in.ChallengeResponses["USERNAME"]} {
		if name != "" && !g.own(name) {
			return refusal(fmt.Sprintf("%s names a user who is not the tests' own", operation))
		}
	}
	return nil
}

func (g *guard) own(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.HasPrefix(name, personPrefix) || g.made[name]
}

func (g *guard) add(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.made[name] = true
}

// person is a user of a target, and the authenticator that he holds.
type person struct {
	target
	name, password string
	username       string // what Cognito calls him
	key            otpauth.Key
	last           int64 // the step of the last code that the authenticator gave away
}

// newPerson makes a user with a name that nobody guesses and a password that nobody knows, who is
// deleted when the test ends.
func newPerson(t *testing.T, on target) *person {
	t.Helper()
	p := &person{target: on, name: personPrefix + strings.ToLower(rand.Text()), password: "Aa1!" + rand.Text()}
	poolID := on.config().UserPoolID
	// The user is deleted even if the answer to his creation is lost.
	t.Cleanup(func() {
		_, err := on.api().AdminDeleteUser(context.WithoutCancel(t.Context()), &cip.AdminDeleteUserInput{UserPoolId: &poolID, Username: &p.name})
		if gone := (*types.UserNotFoundException)(nil); !errors.As(err, &gone) {
			assert.NoError(t, err, "%s is left behind in %s", p.name, poolID)
		}
	})
	create := func() error {
		out, err := on.api().AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
			UserPoolId: &poolID, Username: &p.name, TemporaryPassword: &p.password, MessageAction: types.MessageActionTypeSuppress,
		})
		if err != nil {
			return err
		}
		p.username = *out.User.Username
		if guarded, ok := on.(*realTarget); ok {
			guarded.guard.add(p.username)
		}
		return nil
	}
	err := create()
	if refused := (*types.InvalidParameterException)(nil); errors.As(err, &refused) {
		p.name += "@example.com" // the pool's users sign in by e-mail address; nothing is sent to it
		err = create()
	}
	require.NoError(t, err)
	p.setPassword(t, true)
	return p
}

// calls are the operations since the last time they were asked for. A real pool does not tell.
func (p *person) calls() []string {
	if fake, ok := p.target.(fakeTarget); ok {
		return operations(fake.srv)
	}
	return nil
}

// costs checks which calls were made since the last time.
func (p *person) costs(t *testing.T, want ...string) {
	t.Helper()
	if _, tells := p.target.(fakeTarget); tells {
		assert.Equal(t, want, p.calls())
	}
}

// setPassword makes the password permanent, or one that must be changed.
func (p *person) setPassword(t *testing.T, permanent bool) {
	t.Helper()
	poolID := p.config().UserPoolID
	_, err := p.api().AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &poolID, Username: &p.name, Password: &p.password, Permanent: permanent,
	})
	require.NoError(t, err)
}

// client is the library on the person's pool.
func (p *person) client(t *testing.T, edits ...func(*cognitomfa.Config)) *cognitomfa.Client {
	t.Helper()
	cfg := p.config()
	for _, edit := range edits {
		edit(&cfg)
	}
	return newClient(t, p.api(), cfg)
}

func (p *person) signIn(t *testing.T) cognitomfa.Outcome {
	t.Helper()
	outcome, err := p.client(t).SignIn(t.Context(), p.name, p.password)
	require.NoError(t, err)
	return outcome
}

// code is one that the authenticator has not given away yet; it waits for it if need be.
func (p *person) code(t *testing.T) string {
	t.Helper()
	if free := time.Unix((p.last+1)*30, 0); p.now().Before(free) {
		p.wait(free.Sub(p.now()))
	}
	p.last = p.now().Unix() / 30
	return p.codeOf(t, p.last)
}

// codeOf is the code of a step.
func (p *person) codeOf(t *testing.T, step int64) string {
	t.Helper()
	code, err := p.key.Code(time.Unix(step*30, 0))
	require.NoError(t, err)
	return code
}

// wrong is a code that is right in none of the steps nearby.
func (p *person) wrong(t *testing.T) string {
	t.Helper()
	var right []string
	for step := p.now().Unix()/30 - 3; len(right) < 8; step++ {
		right = append(right, p.codeOf(t, step))
	}
	code := wrong(right[3])
	for slices.Contains(right, code) {
		code = wrong(code[1:] + code[:1])
	}
	return code
}

// enroll gives the person an authenticator, as far as the pool lets him have one, and his tokens.
func (p *person) enroll(t *testing.T) *cognitomfa.Tokens {
	t.Helper()
	client, outcome := p.client(t), p.signIn(t)
	if setup, demanded := outcome.(*cognitomfa.SetupChallenge); demanded {
		enrollment, err := client.EnrollSetup(t.Context(), setup)
		require.NoError(t, err)
		p.key = enrollment.Key
		outcome, err = client.VerifySetup(t.Context(), enrollment.Setup, p.code(t))
		return as[*cognitomfa.Tokens](t, outcome, err)
	}
	tokens := as[*cognitomfa.Tokens](t, outcome, nil)
	enrollment, err := client.Enroll(t.Context(), tokens.Access.Reveal())
	require.NoError(t, err)
	p.key = enrollment.Key
	require.NoError(t, client.Verify(t.Context(), tokens.Access.Reveal(), p.code(t)))
	return tokens
}

// tokens signs the person in, by whatever the pool asks for.
func (p *person) tokens(t *testing.T) *cognitomfa.Tokens {
	t.Helper()
	if p.mfa() == types.UserPoolMfaTypeOn {
		return p.enroll(t)
	}
	return as[*cognitomfa.Tokens](t, p.signIn(t), nil)
}

// challenge enrolls the person, and brings him to where he is asked for a code.
func (p *person) challenge(t *testing.T) *cognitomfa.MFAChallenge {
	t.Helper()
	p.enroll(t)
	return as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil)
}
