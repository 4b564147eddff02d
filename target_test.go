package cognitomfa_test

import (
	"bytes"
	"cmp"
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
	"github.com/cognitomfa/cognitomfa/internal/endpoint"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// mode is the MFA mode of a pool: off, optional or required.
type mode = types.UserPoolMfaType

var (
	offOnly      = []mode{types.UserPoolMfaTypeOff}
	optionalOnly = []mode{types.UserPoolMfaTypeOptional}
	requiredOnly = []mode{types.UserPoolMfaTypeOn}
	notRequired  = slices.Concat(offOnly, optionalOnly)
	offersTOTP   = slices.Concat(optionalOnly, requiredOnly)
	allModes     = slices.Concat(offOnly, offersTOTP)
)

// target is a user pool that tests run against: one of the fake's, or a real one. Tests create
// their users with the same calls in both.
type target interface {
	config() cognitomfa.Config
	// api is for calls that the library does not make.
	api() *cip.Client
	mfa() mode
	// now is the pool's time.
	now() time.Time
	// wait lets time pass.
	wait(d time.Duration)
	// notes records what a real pool does. It is nil for the fake's.
	notes() *notebook
}

type openTarget = func(*testing.T) target

// targets returns the pools that tests run against, by name: one of the fake's for each MFA mode,
// new for every test, and the real one if the environment names one.
func targets(t *testing.T) map[string]openTarget {
	t.Helper()
	all := map[string]openTarget{}
	for _, mode := range allModes {
		all["fake "+string(mode)] = func(t *testing.T) target {
			t.Helper()
			return newFakeTarget(t, mode)
		}
	}
	if wantsRealTarget(os.Getenv) {
		pool, err := sharedRealTarget()
		require.NoError(t, err)
		all["real "+string(pool.mode)] = func(*testing.T) target { return pool }
	}
	return all
}

// fakeTarget is a pool whose clock stands still unless a test advances it.
type fakeTarget struct {
	srv  *cognitotest.Server
	mode mode
}

func newFakeTarget(t *testing.T, mode mode) fakeTarget {
	t.Helper()
	srv := newServer(t, stoppedClock(), func(o *cognitotest.Options) { o.MFA = mode })
	return fakeTarget{srv: srv, mode: mode}
}

// stoppedClock stops a pool's clock at the beginning of a time step.
func stoppedClock() poolOption {
	start := time.Now().Truncate(codePeriod)
	return func(o *cognitotest.Options) { o.Now = func() time.Time { return start } }
}

func (f fakeTarget) config() cognitomfa.Config { return configOf(f.srv) }
func (f fakeTarget) api() *cip.Client          { return f.srv.Client() }
func (f fakeTarget) mfa() mode                 { return f.mode }
func (f fakeTarget) now() time.Time            { return f.srv.Now() }
func (f fakeTarget) wait(d time.Duration)      { f.srv.Advance(d) }
func (f fakeTarget) notes() *notebook          { return nil }

// The environment variables that name a real pool. See cognitotest/FIDELITY.md.
const (
	envPool     = "COGNITOMFA_TEST_USER_POOL_ID"
	envClient   = "COGNITOMFA_TEST_CLIENT_ID"
	envSecret   = "COGNITOMFA_TEST_CLIENT_SECRET"
	envEndpoint = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
)

// realTarget is the pool that the environment names. guard blocks calls about any other pool.
type realTarget struct {
	cfg    cognitomfa.Config
	client *cip.Client
	mode   mode
	guard  *guard
	clock  func() time.Time
	sleep  func(time.Duration)

	notebook *notebook
}

func (r *realTarget) config() cognitomfa.Config { return r.cfg }
func (r *realTarget) api() *cip.Client          { return r.client }
func (r *realTarget) mfa() mode                 { return r.mode }
func (r *realTarget) now() time.Time            { return r.clock() }
func (r *realTarget) wait(d time.Duration)      { r.sleep(d) }
func (r *realTarget) notes() *notebook          { return r.notebook }

// wantsRealTarget reports whether the environment names a pool, even incompletely.
func wantsRealTarget(getenv func(string) string) bool {
	return getenv(envPool) != "" || getenv(envClient) != ""
}

// sharedRealTarget returns the same target to all tests, which record to one place.
var sharedRealTarget = sync.OnceValues(func() (*realTarget, error) {
	return newRealTarget(context.Background(), os.Getenv)
})

// newRealTarget reads the environment and the pool's MFA configuration. Credentials come from the
// environment alone, because the SDK's config module is not a dependency of the library.
func newRealTarget(ctx context.Context, getenv func(string) string) (*realTarget, error) {
	return newRealTargetVia(ctx, getenv, http.DefaultTransport)
}

var poolIDPattern = regexp.MustCompile(`^([a-z0-9-]+)_[0-9A-Za-z]+$`)

func newRealTargetVia(
	ctx context.Context, getenv func(string) string, transport http.RoundTripper,
) (*realTarget, error) {
	for _, name := range []string{
		envPool, envClient, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	} {
		if getenv(name) == "" {
			return nil, fmt.Errorf("%s is not set; a real pool requires %s, %s and AWS credentials",
				name, envPool, envClient)
		}
	}
	parts := poolIDPattern.FindStringSubmatch(getenv(envPool))
	if parts == nil {
		return nil, fmt.Errorf("%s is not the ID of a user pool", envPool)
	}
	region := parts[1]
	base := cmp.Or(getenv(envEndpoint), endpoint.URL(region))
	address, err := url.Parse(base)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("%s is not a URL", envEndpoint)
	}
	r := &realTarget{
		cfg: cognitomfa.Config{
			UserPoolID:   getenv(envPool),
			ClientID:     getenv(envClient),
			ClientSecret: getenv(envSecret),
			Issuer:       "cognitomfa test",
		},
		guard: &guard{
			next:     transport,
			host:     address.Host,
			poolID:   getenv(envPool),
			clientID: getenv(envClient),
			ownNames: map[string]bool{},
		},
		clock: time.Now,
		sleep: time.Sleep,
	}
	r.client = cip.New(cip.Options{
		Region:       region,
		BaseEndpoint: &base,
		HTTPClient:   &http.Client{Transport: r.guard},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
				SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
				SessionToken:    getenv("AWS_SESSION_TOKEN"),
				Source:          "environment",
			}, nil
		}),
	})
	out, err := r.client.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{
		UserPoolId: &r.cfg.UserPoolID,
	})
	if err != nil {
		return nil, err
	}
	r.mode = out.MfaConfiguration
	totp := out.SoftwareTokenMfaConfiguration != nil && out.SoftwareTokenMfaConfiguration.Enabled
	switch {
	case r.mode != types.UserPoolMfaTypeOff && !totp:
		return nil, errors.New("the pool has MFA without TOTP; there is nothing to test")
	case r.mode == types.UserPoolMfaTypeOn && out.EmailMfaConfiguration != nil:
		return nil, errors.New("the pool requires MFA and offers email: tests could send messages")
	}
	hidden := r.hidden(getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"))
	r.notebook = &notebook{
		folder: seenFolder,
		hide:   strings.NewReplacer(hidden...),
		seen: seen{
			Date:     r.clock().UTC().Format(time.DateOnly),
			Region:   region,
			Endpoint: address.Host,
			Pool: seenPool{
				MFA: r.mode, SignInBy: "user name", ClientSecret: r.cfg.ClientSecret != "",
			},
		},
	}
	for method, on := range map[string]bool{
		"SOFTWARE_TOKEN_MFA": totp,
		"SMS_MFA":            out.SmsMfaConfiguration != nil,
		"EMAIL_OTP":          out.EmailMfaConfiguration != nil,
	} {
		if on {
			r.notebook.seen.Pool.Methods = append(r.notebook.seen.Pool.Methods, method)
		}
	}
	slices.Sort(r.notebook.seen.Pool.Methods)
	return r, nil
}

// hidden returns pairs of text to hide in records and its replacement.
func (r *realTarget) hidden(credentials ...string) (pairs []string) {
	secrets := append(credentials, r.cfg.UserPoolID, r.cfg.ClientID, r.cfg.ClientSecret)
	for _, secret := range secrets {
		if secret != "" {
			pairs = append(pairs, secret, "<hidden>")
		}
	}
	return pairs
}

// userPrefix begins the name of every user that a test creates.
const userPrefix = "cognitomfa-test-"

// guard blocks requests that are not about the tests' own users in the one pool. It checks every
// request that is about to be sent, whoever made the call.
type guard struct {
	next                   http.RoundTripper
	host, poolID, clientID string

	mu       sync.Mutex
	ownNames map[string]bool // the names that Cognito assigned to the tests' users
}

// adminOperations require credentials. The guard blocks all other signed calls. None of them
// changes a pool.
var adminOperations = []string{
	"AdminCreateUser", "AdminDeleteSoftwareToken", "AdminDeleteUser", "AdminDisableUser",
	"AdminEnableUser", "AdminInitiateAuth", "AdminRespondToAuthChallenge", "AdminSetUserPassword",
	"AdminUserGlobalSignOut", "GetUserPoolMfaConfig",
}

// publicOperations need no credentials.
var publicOperations = []string{
	"AssociateSoftwareToken", "GetTokensFromRefreshToken", "GetUser", "GlobalSignOut",
	"InitiateAuth", "RespondToAuthChallenge", "RevokeToken", "SetUserMFAPreference",
	"VerifySoftwareToken",
}

// refusal is why the guard blocks a call. The SDK does not retry it.
type refusal string

func (r refusal) Error() string { return "guard: " + string(r) }

// RetryableError tells the SDK's retryer not to try again.
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
		return refusal("cannot parse the request: " + err.Error())
	}
	signed := slices.Contains(adminOperations, operation)
	switch {
	case r.URL.Host != g.host:
		return refusal(fmt.Sprintf("%s is not the host of the pool", r.URL.Host))
	case !signed && !slices.Contains(publicOperations, operation):
		return refusal(fmt.Sprintf("tests do not call %s", operation))
	case signed && in.UserPoolID != g.poolID:
		return refusal(fmt.Sprintf("%s names another pool", operation))
	case in.ClientID != "" && in.ClientID != g.clientID:
		return refusal(fmt.Sprintf("%s names another app client", operation))
	}
	for _, name := range []string{
		in.Username, in.AuthParameters["USERNAME"], in.ChallengeResponses["USERNAME"],
	} {
		if name != "" && !g.owns(name) {
			return refusal(fmt.Sprintf("%s names a user that the tests did not create", operation))
		}
	}
	return nil
}

func (g *guard) owns(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.HasPrefix(name, userPrefix) || g.ownNames[name]
}

func (g *guard) add(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ownNames[name] = true
}

// testUser is a user of a target, with an authenticator.
type testUser struct {
	target
	t              *testing.T
	name, password string
	username       string // Cognito's name for the user
	key            otpauth.Key
	lastStep       int64 // the time step of the last code that was used
}

// newTestUser creates a user with a random name and password, and deletes it when the test ends.
func newTestUser(t *testing.T, pool target) *testUser {
	t.Helper()
	u := &testUser{
		target: pool, t: t,
		name: userPrefix + strings.ToLower(rand.Text()), password: "Aa1!" + rand.Text(),
	}
	poolID := pool.config().UserPoolID
	// Register this first, since the response to AdminCreateUser may be lost.
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_, err := pool.api().AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{
			UserPoolId: &poolID, Username: &u.name,
		})
		if gone := (*types.UserNotFoundException)(nil); !errors.As(err, &gone) {
			assert.NoError(t, err, "%s is left behind in %s", u.name, poolID)
		}
	})
	create := func() error {
		out, err := pool.api().AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
			UserPoolId:        &poolID,
			Username:          &u.name,
			TemporaryPassword: &u.password,
			MessageAction:     types.MessageActionTypeSuppress,
		})
		if err != nil {
			return err
		}
		u.username = *out.User.Username
		if guarded, ok := pool.(*realTarget); ok {
			guarded.guard.add(u.username)
		}
		return nil
	}
	err := create()
	if refused := (*types.InvalidParameterException)(nil); errors.As(err, &refused) {
		u.name += "@example.com" // Users sign in with an email address. Nothing is sent to it.
		err = create()
		pool.notes().signInBy("email")
	}
	require.NoError(t, err)
	u.setPassword(true)
	return u
}

// takeCalls returns the operations called since the last takeCalls, or nil in a real pool.
func (u *testUser) takeCalls() []string {
	if fake, ok := u.target.(fakeTarget); ok {
		return takeCalls(fake.srv)
	}
	return nil
}

// assertCalls checks which operations were called since the last takeCalls, except in a real pool.
func (u *testUser) assertCalls(want ...string) {
	if _, fake := u.target.(fakeTarget); fake {
		assert.Equal(u.t, want, u.takeCalls())
	}
}

// setPassword sets the user's password, permanent or to be changed at the next sign-in.
func (u *testUser) setPassword(permanent bool) {
	poolID := u.config().UserPoolID
	_, err := u.api().AdminSetUserPassword(u.t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &poolID, Username: &u.name, Password: &u.password, Permanent: permanent,
	})
	require.NoError(u.t, err)
}

func (u *testUser) disable() {
	poolID := u.config().UserPoolID
	_, err := u.api().AdminDisableUser(u.t.Context(), &cip.AdminDisableUserInput{
		UserPoolId: &poolID, Username: &u.name,
	})
	require.NoError(u.t, err)
}

// client returns a client of the library for the user's pool.
func (u *testUser) client(edits ...configEdit) *cognitomfa.Client {
	return newClient(u.t, u.api(), edited(u.config(), edits...))
}

func (u *testUser) signIn() cognitomfa.Outcome {
	outcome, err := u.client().SignIn(u.t.Context(), u.name, u.password)
	require.NoError(u.t, err)
	return outcome
}

// code returns an unused code from the authenticator. It waits for the next one if necessary.
func (u *testUser) code() string {
	if next := time.Unix((u.lastStep+1)*30, 0); u.now().Before(next) {
		u.wait(next.Sub(u.now()))
	}
	u.lastStep = u.now().Unix() / 30
	return u.codeAt(u.lastStep)
}

// lastCode returns the last code that was used.
func (u *testUser) lastCode() string { return u.codeAt(u.lastStep) }

// codeAt returns the code of a time step.
func (u *testUser) codeAt(step int64) string {
	code, err := u.key.Code(time.Unix(step*30, 0))
	require.NoError(u.t, err)
	return code
}

// wrongCode returns a code that is wrong in all nearby time steps.
func (u *testUser) wrongCode() string {
	var right []string
	for step := u.now().Unix()/30 - 3; len(right) < 8; step++ {
		right = append(right, u.codeAt(step))
	}
	code := wrongCode(right[3])
	for slices.Contains(right, code) {
		code = wrongCode(code[1:] + code[:1])
	}
	return code
}

// enroll signs the user in, turns TOTP on if the pool offers it, and returns the tokens.
func (u *testUser) enroll() *cognitomfa.Tokens {
	client, outcome, ctx := u.client(), u.signIn(), u.t.Context()
	if setup, required := outcome.(*cognitomfa.SetupChallenge); required {
		enrollment, err := client.EnrollSetup(ctx, setup)
		require.NoError(u.t, err)
		u.key = enrollment.Key
		outcome, err = client.VerifySetup(ctx, enrollment.Setup, u.code())
		return as[*cognitomfa.Tokens](u.t, outcome, err)
	}
	tokens := as[*cognitomfa.Tokens](u.t, outcome, nil)
	enrollment, err := client.Enroll(ctx, tokens.Access.Reveal())
	require.NoError(u.t, err)
	u.key = enrollment.Key
	require.NoError(u.t, client.Verify(ctx, tokens.Access.Reveal(), u.code()))
	return tokens
}

// tokens signs the user in, and sets up MFA only if the pool requires it.
func (u *testUser) tokens() *cognitomfa.Tokens {
	if u.mfa() == types.UserPoolMfaTypeOn {
		return u.enroll()
	}
	return as[*cognitomfa.Tokens](u.t, u.signIn(), nil)
}

func (u *testUser) accessToken() string { return u.tokens().Access.Reveal() }

// challenge turns TOTP on for the user and begins a sign-in, which asks for a code.
func (u *testUser) challenge() *cognitomfa.MFAChallenge {
	u.enroll()
	return u.signInToCode()
}

// signInToCode begins a sign-in, which must ask for a code.
func (u *testUser) signInToCode() *cognitomfa.MFAChallenge {
	return as[*cognitomfa.MFAChallenge](u.t, u.signIn(), nil)
}

// respond answers a challenge with a code.
func (u *testUser) respond(ch *cognitomfa.MFAChallenge, code string) (cognitomfa.Outcome, error) {
	return u.client().RespondMFA(u.t.Context(), ch, code)
}
