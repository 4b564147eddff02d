package cognitomfa_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// environment returns variables that name the fake's pool as if it were a real one.
func environment(srv *cognitotest.Server) map[string]string {
	return map[string]string{
		envPool:                 srv.UserPoolID,
		envClient:               srv.ClientID,
		envSecret:               srv.ClientSecret,
		envEndpoint:             srv.URL,
		"AWS_ACCESS_KEY_ID":     "AKID",
		"AWS_SECRET_ACCESS_KEY": "secret",
	}
}

func getenv(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// asReal returns the fake's pool as a real target, except that waiting advances its clock.
func asReal(t *testing.T, srv *cognitotest.Server) *realTarget {
	t.Helper()
	require.True(t, wantsRealTarget(getenv(environment(srv))))
	pool, err := newRealTarget(t.Context(), getenv(environment(srv)))
	require.NoError(t, err)
	pool.clock, pool.sleep = srv.Now, srv.Advance
	pool.notebook.folder = filepath.Join(t.TempDir(), "seen")
	return pool
}

// The tests that can run against a real pool leave nothing behind, change no settings, and name no
// users but their own.
func TestRealTarget(t *testing.T) {
	t.Parallel()
	for name, optFns := range map[string][]poolOption{
		"OFF":      {func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOff }},
		"OPTIONAL": {secretClient},
		"ON":       {mfaRequired},
		"by email": {emailNames, secretClient},
		"rotating": {tokenRotation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, append(optFns, stoppedClock())...)
			srv.AddUser(cognitotest.User{Username: "bystander@example.com", Password: password})
			before := describePool(t, srv)
			pool := asReal(t, srv)
			// The tests share the pool's clock. They run one after another, so that no test
			// advances it while another waits for a code.
			open, serial := func(*testing.T) target { return pool }, func(*testing.T) {}
			t.Run("flows", func(t *testing.T) { runFlows(t, open, serial) })
			t.Run("fidelity", func(t *testing.T) { runQuestions(t, open, serial) })
			checkSeenByFake(t, pool)

			assert.Equal(t, before, describePool(t, srv), "no users are left, no setting changed")
			expected := slices.Concat(adminOperations, publicOperations)
			created := 0
			for _, call := range srv.Calls() {
				if call.Operation == "AdminCreateUser" && call.Error == "" {
					created++
				}
				if call.Operation != "DescribeUserPool" { // The test itself calls it.
					assert.Contains(t, expected, call.Operation)
				}
			}
			assert.Greater(t, created, 10, "there were users")
		})
	}
}

// checkSeenByFake checks the record of a run against the fake in place of a real pool.
func checkSeenByFake(t *testing.T, pool *realTarget) {
	t.Helper()
	text, err := os.ReadFile(pool.notebook.path())
	require.NoError(t, err)
	checkSeen(t, text, fidelityRows(t))
	var s seen
	require.NoError(t, json.Unmarshal(text, &s))
	now := pool.clock().UTC() // The run may have started before midnight.
	today, yesterday := now.Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
	assert.Contains(t, []string{today, yesterday}, s.Date)
	assert.Equal(t, "us-east-1", s.Region)
	assert.Equal(t, pool.mode, s.Pool.MFA)
	assert.Equal(t, pool.cfg.ClientSecret != "", s.Pool.ClientSecret)
	totp := slices.Contains(s.Pool.Methods, "SOFTWARE_TOKEN_MFA")
	assert.Equal(t, pool.mode != types.UserPoolMfaTypeOff, totp)
	all := len(questions) + len(userFlows) + len(failures)
	assert.Equal(t, all, len(s.Answers)+len(s.Flows)+len(s.LeftOut), "nothing is missing")
	for _, a := range s.Answers {
		assert.Equal(t, a.Fake, a.Pool, a.Question)
	}
	for _, f := range s.Flows {
		assert.True(t, f.Passed, f.Name)
	}
	for _, hidden := range []string{pool.cfg.UserPoolID, pool.cfg.ClientID, userPrefix, "AKID"} {
		assert.NotContains(t, string(text), hidden)
	}
	if pool.cfg.ClientSecret != "" {
		assert.NotContains(t, string(text), pool.cfg.ClientSecret)
	}
}

func describePool(t *testing.T, srv *cognitotest.Server) *types.UserPoolType {
	t.Helper()
	out, err := srv.Client().DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{
		UserPoolId: &srv.UserPoolID,
	})
	require.NoError(t, err)
	return out.UserPool
}

func TestEnvironmentsThatNameNoUsablePool(t *testing.T) {
	t.Parallel()
	credentials := map[string]string{"AWS_ACCESS_KEY_ID": "AKID", envEndpoint: "http://127.0.0.1"}
	assert.False(t, wantsRealTarget(getenv(credentials)), "they name no pool")
	for name, tc := range map[string]struct {
		pool poolOption
		edit func(map[string]string)
		want string
	}{
		"no pool": {
			edit: func(env map[string]string) { delete(env, envPool) },
			want: envPool + " is not set",
		},
		"no client": {
			edit: func(env map[string]string) { delete(env, envClient) },
			want: envClient + " is not set",
		},
		"no credentials": {
			edit: func(env map[string]string) { delete(env, "AWS_SECRET_ACCESS_KEY") },
			want: "AWS_SECRET_ACCESS_KEY is not set",
		},
		"a malformed pool": {
			edit: func(env map[string]string) { env[envPool] = "https://example.com" },
			want: "not the ID of a user pool",
		},
		"a malformed address": {
			edit: func(env map[string]string) { env[envEndpoint] = "127.0.0.1" }, want: "not a URL",
		},
		"an unknown pool": {
			edit: func(env map[string]string) { env[envPool] = "us-east-1_nowhere" },
			want: "ResourceNotFoundException",
		},
		"MFA without TOTP": {
			pool: func(o *cognitotest.Options) { o.TOTPDisabled, o.Email = true, true },
			want: "without TOTP",
		},
		"codes would be sent": {
			pool: func(o *cognitotest.Options) { o.MFA, o.Email = types.UserPoolMfaTypeOn, true },
			want: "send messages",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.pool == nil {
				tc.pool = func(*cognitotest.Options) {}
			}
			env := environment(newServer(t, tc.pool))
			if tc.edit != nil {
				tc.edit(env)
			}
			require.True(t, wantsRealTarget(getenv(env)), "incomplete settings are a mistake")
			_, err := newRealTarget(t.Context(), getenv(env))
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

// Without an endpoint in the environment, calls go to the pool's Region.
func TestRealTargetCallsItsRegion(t *testing.T) {
	t.Parallel()
	var called string
	env := environment(newServer(t))
	env[envPool], env[envEndpoint] = "eu-west-1_Example", ""
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		called = r.URL.String()
		return nil, refusal("nothing leaves in a test")
	})
	pool, err := newRealTargetVia(t.Context(), getenv(env), transport)
	require.Error(t, err)
	assert.Nil(t, pool)
	assert.Equal(t, "https://cognito-idp.eu-west-1.amazonaws.com/", called)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The guard blocks every call about another pool, another app client, or a user that the tests did
// not create.
func TestGuard(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "bystander", Password: password})
	api := asReal(t, srv).api()
	srv.ResetCalls()
	ctx, pool, client := t.Context(), &srv.UserPoolID, &srv.ClientID
	other, bystander, own := srv.UserPoolID+"x", "bystander", userPrefix+"x"
	parameters := map[string]string{"USERNAME": bystander, "PASSWORD": password}

	for want, call := range map[string]func() error{
		"AdminDeleteUser names another pool": func() error {
			in := &cip.AdminDeleteUserInput{UserPoolId: &other, Username: &own}
			return errOf(api.AdminDeleteUser(ctx, in))
		},
		"GetUserPoolMfaConfig names another pool": func() error {
			in := &cip.GetUserPoolMfaConfigInput{UserPoolId: &other}
			return errOf(api.GetUserPoolMfaConfig(ctx, in))
		},
		"AdminDeleteUser names a user": func() error {
			in := &cip.AdminDeleteUserInput{UserPoolId: pool, Username: &bystander}
			return errOf(api.AdminDeleteUser(ctx, in))
		},
		"InitiateAuth names a user": func() error {
			return errOf(api.InitiateAuth(ctx, &cip.InitiateAuthInput{
				ClientId:       client,
				AuthFlow:       types.AuthFlowTypeUserPasswordAuth,
				AuthParameters: parameters,
			}))
		},
		"RespondToAuthChallenge names a user": func() error {
			return errOf(api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
				ClientId:           client,
				ChallengeName:      types.ChallengeNameTypeMfaSetup,
				ChallengeResponses: parameters,
			}))
		},
		"RevokeToken names another app client": func() error {
			return errOf(api.RevokeToken(ctx, &cip.RevokeTokenInput{ClientId: &other, Token: &own}))
		},
		"tests do not call SetUserPoolMfaConfig": func() error {
			in := &cip.SetUserPoolMfaConfigInput{UserPoolId: pool}
			return errOf(api.SetUserPoolMfaConfig(ctx, in))
		},
		"tests do not call DeleteUserPool": func() error {
			return errOf(api.DeleteUserPool(ctx, &cip.DeleteUserPoolInput{UserPoolId: pool}))
		},
		"tests do not call SignUp": func() error {
			in := &cip.SignUpInput{ClientId: client, Username: &own, Password: &own}
			return errOf(api.SignUp(ctx, in))
		},
		"is not the host of the pool": func() error {
			in := &cip.GetUserPoolMfaConfigInput{UserPoolId: pool}
			return errOf(api.GetUserPoolMfaConfig(ctx, in, func(o *cip.Options) {
				o.BaseEndpoint = aws.String("http://127.0.0.2:1")
			}))
		},
	} {
		err := call()
		require.ErrorContains(t, err, "guard: ")
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, srv.Calls(), "no call was sent")
}

// The policy in FIDELITY.md has exactly the required rights.
func TestPolicyOfTheRealTarget(t *testing.T) {
	t.Parallel()
	text := page(t, "cognitotest/FIDELITY.md")
	_, policy, found := strings.Cut(text, "```json\n")
	require.True(t, found)
	policy, _, _ = strings.Cut(policy, "```")
	var statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	require.NoError(t, json.Unmarshal([]byte(policy), &statement))
	assert.Equal(t, "Allow", statement.Effect)
	var want []string
	for _, operation := range adminOperations {
		want = append(want, "cognito-idp:"+operation)
	}
	assert.ElementsMatch(t, want, statement.Action)
	for _, name := range []string{envPool, envClient, envSecret, userPrefix} {
		assert.Contains(t, text, name)
	}
}
