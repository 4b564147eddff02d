package cognitomfa_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// environment is what would name the fake's pool as a real one.
func environment(srv *cognitotest.Server) map[string]string {
	return map[string]string{
		envPool: srv.UserPoolID, envClient: srv.ClientID, envSecret: srv.ClientSecret, envEndpoint: srv.URL,
		"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
	}
}

func lookup(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// asReal is the fake's pool as the tests see a real one, except that time passes at once.
func asReal(t *testing.T, srv *cognitotest.Server) *realTarget {
	t.Helper()
	require.True(t, wantsRealTarget(lookup(environment(srv))))
	pool, err := newRealTarget(t.Context(), lookup(environment(srv)))
	require.NoError(t, err)
	pool.clock, pool.sleep = srv.Now, srv.Advance
	return pool
}

// What runs against a real pool is itself tested: it leaves nothing behind, changes no settings,
// and names nobody whom it has not made.
func TestRealTarget(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*cognitotest.Options){
		"OFF":      func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOff },
		"OPTIONAL": func(o *cognitotest.Options) { o.ClientSecret = "0123456789abcdefghijklmnop" },
		"ON":       mfaOn,
		"by e-mail": func(o *cognitotest.Options) {
			o.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
			o.ClientSecret = "0123456789abcdefghijklmnop"
		},
		"rotating": func(o *cognitotest.Options) { o.RefreshTokenRotation = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now().Truncate(30 * time.Second)
			srv := cognitotest.NewServer(edit, func(o *cognitotest.Options) { o.Now = func() time.Time { return start } })
			t.Cleanup(srv.Close)
			srv.AddUser(cognitotest.User{Username: "bystander@example.com", Password: password})
			before := describe(t, srv)
			pool := asReal(t, srv)
			// They share the pool's clock, which must not run away from one while another waits for
			// a code: one after the other.
			open, inTurn := func(*testing.T) target { return pool }, func(*testing.T) {}
			t.Run("flows", func(t *testing.T) { runFlows(t, open, inTurn) })
			t.Run("fidelity", func(t *testing.T) { runQuestions(t, open, inTurn) })

			assert.Equal(t, before, describe(t, srv), "the users are gone, and nothing else has changed")
			made := 0
			for _, call := range srv.Calls() {
				if call.Operation == "AdminCreateUser" && call.Error == "" {
					made++
				}
				if call.Operation != "DescribeUserPool" { // that was this test
					assert.Contains(t, slices.Concat(signedCalls, clientCalls), call.Operation)
				}
			}
			assert.Greater(t, made, 10, "there were users")
		})
	}
}

func describe(t *testing.T, srv *cognitotest.Server) *types.UserPoolType {
	t.Helper()
	out, err := srv.Client().DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &srv.UserPoolID})
	require.NoError(t, err)
	return out.UserPool
}

func TestRealTargetIsRefused(t *testing.T) {
	t.Parallel()
	credentials := map[string]string{"AWS_ACCESS_KEY_ID": "AKID", envEndpoint: "http://127.0.0.1"}
	assert.False(t, wantsRealTarget(lookup(credentials)), "they name no pool")
	for name, tc := range map[string]struct {
		pool func(*cognitotest.Options)
		edit func(map[string]string)
		want string
	}{
		"no pool":          {edit: func(env map[string]string) { delete(env, envPool) }, want: envPool + " is not set"},
		"no client":        {edit: func(env map[string]string) { delete(env, envClient) }, want: envClient + " is not set"},
		"no credentials":   {edit: func(env map[string]string) { delete(env, "AWS_SECRET_ACCESS_KEY") }, want: "AWS_SECRET_ACCESS_KEY is not set"},
		"no pool's id":     {edit: func(env map[string]string) { env[envPool] = "https://example.com" }, want: "not the id of a user pool"},
		"no URL":           {edit: func(env map[string]string) { env[envEndpoint] = "127.0.0.1" }, want: "not a URL"},
		"nowhere":          {edit: func(env map[string]string) { env[envPool] = "us-east-1_nowhere" }, want: "ResourceNotFoundException"},
		"MFA without TOTP": {pool: func(o *cognitotest.Options) { o.TOTPDisabled, o.Email = true, true }, want: "without TOTP"},
		"would send codes": {pool: func(o *cognitotest.Options) { o.MFA, o.Email = types.UserPoolMfaTypeOn, true }, want: "send messages"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.pool == nil {
				tc.pool = func(*cognitotest.Options) {}
			}
			srv := cognitotest.NewServer(tc.pool)
			t.Cleanup(srv.Close)
			env := environment(srv)
			if tc.edit != nil {
				tc.edit(env)
			}
			require.True(t, wantsRealTarget(lookup(env)), "half a name is a mistake, and not a wish for no real pool")
			_, err := newRealTarget(t.Context(), lookup(env))
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

// Without an address of its own the region of the pool decides where calls go to.
func TestRealTargetGoesToItsRegion(t *testing.T) {
	t.Parallel()
	var asked string
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	env := environment(srv)
	env[envPool], env[envEndpoint] = "eu-west-1_Example", ""
	pool, err := newRealTargetVia(t.Context(), lookup(env), roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.String()
		return nil, refusal("this is not to leave")
	}))
	require.Error(t, err)
	assert.Nil(t, pool)
	assert.Equal(t, "https://cognito-idp.eu-west-1.amazonaws.com/", asked)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Nothing leaves that is about another pool, another app client, or a user whom the tests have not
// made.
func TestGuard(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "bystander", Password: password})
	api := asReal(t, srv).api()
	srv.ResetCalls()
	other, bystander, own, ctx := srv.UserPoolID+"x", "bystander", personPrefix+"x", t.Context()
	parameters := map[string]string{"USERNAME": bystander, "PASSWORD": password}

	for want, call := range map[string]func() error{
		"AdminDeleteUser names another pool": func() error {
			_, err := api.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &other, Username: &own})
			return err
		},
		"GetUserPoolMfaConfig names another pool": func() error {
			_, err := api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &other})
			return err
		},
		"AdminDeleteUser names a user": func() error {
			_, err := api.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &srv.UserPoolID, Username: &bystander})
			return err
		},
		"InitiateAuth names a user": func() error {
			_, err := api.InitiateAuth(ctx, &cip.InitiateAuthInput{ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: parameters})
			return err
		},
		"RespondToAuthChallenge names a user": func() error {
			_, err := api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
				ClientId: &srv.ClientID, ChallengeName: types.ChallengeNameTypeMfaSetup, ChallengeResponses: parameters,
			})
			return err
		},
		"RevokeToken names another app client": func() error {
			_, err := api.RevokeToken(ctx, &cip.RevokeTokenInput{ClientId: &other, Token: &own})
			return err
		},
		"tests do not call SetUserPoolMfaConfig": func() error {
			_, err := api.SetUserPoolMfaConfig(ctx, &cip.SetUserPoolMfaConfigInput{UserPoolId: &srv.UserPoolID})
			return err
		},
		"tests do not call DeleteUserPool": func() error {
			_, err := api.DeleteUserPool(ctx, &cip.DeleteUserPoolInput{UserPoolId: &srv.UserPoolID})
			return err
		},
		"tests do not call SignUp": func() error {
			_, err := api.SignUp(ctx, &cip.SignUpInput{ClientId: &srv.ClientID, Username: &own, Password: &own})
			return err
		},
		"is not the host of the pool": func() error {
			_, err := api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &srv.UserPoolID}, func(o *cip.Options) {
				o.BaseEndpoint = new(string)
				*o.BaseEndpoint = "http://127.0.0.2:1"
			})
			return err
		},
	} {
		err := call()
		require.ErrorContains(t, err, "guard: ")
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, srv.Calls(), "nothing has left")
}

// The page that says how to use a real pool asks for just the rights that are needed.
func TestPolicyOfTheRealTarget(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("cognitotest/FIDELITY.md")
	require.NoError(t, err)
	_, policy, found := strings.Cut(string(page), "```json\n")
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
	for _, call := range signedCalls {
		want = append(want, "cognito-idp:"+call)
	}
	assert.ElementsMatch(t, want, statement.Action)
	for _, name := range []string{envPool, envClient, envSecret, personPrefix} {
		assert.Contains(t, string(page), name)
	}
}
