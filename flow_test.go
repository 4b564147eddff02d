package cognitomfa_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const password = "Passw0rd!"

// newPool returns a user pool with alice in it, and a client on it.
func newPool(t *testing.T, optFns ...func(*cognitotest.Options)) (*cognitotest.Server, *cognitomfa.Client) {
	t.Helper()
	srv := cognitotest.NewServer(optFns...)
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	return srv, newClient(t, srv.Client(), configOf(srv))
}

func configOf(srv *cognitotest.Server) cognitomfa.Config {
	return cognitomfa.Config{UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, ClientSecret: srv.ClientSecret, Issuer: "Example"}
}

func mfaOn(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn }

// operations are the names of the calls since the last time they were asked for.
func operations(srv *cognitotest.Server) []string {
	var names []string
	for _, call := range srv.Calls() {
		names = append(names, call.Operation)
	}
	srv.ResetCalls()
	return names
}

// as is the outcome, if it is a T.
func as[T cognitomfa.Outcome](t *testing.T, outcome cognitomfa.Outcome, err error) T {
	t.Helper()
	require.NoError(t, err)
	require.IsType(t, *new(T), outcome)
	return outcome.(T)
}

// enrolled switches MFA on for a user and moves the clock to the next code.
func enrolled(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) *cognitomfa.Tokens {
	t.Helper()
	outcome, err := client.SignIn(t.Context(), "alice", password)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = client.Enroll(t.Context(), tokens.Access.Reveal())
	require.NoError(t, err)
	require.NoError(t, client.Verify(t.Context(), tokens.Access.Reveal(), srv.Code("alice")))
	srv.Advance(30 * time.Second)
	return tokens
}

// The main job, and the calls that it costs.
func TestEnrollThenSignInWithACode(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	ctx := t.Context()

	outcome, err := client.SignIn(ctx, "alice", password)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, []string{"AdminInitiateAuth"}, operations(srv))
	assert.Equal(t, "Bearer", tokens.TokenType)
	assert.Equal(t, time.Hour, tokens.ExpiresIn)
	access := tokens.Access.Reveal()

	enrollment, err := client.Enroll(ctx, access)
	require.NoError(t, err)
	assert.Equal(t, []string{"AssociateSoftwareToken"}, operations(srv))
	assert.Equal(t, "alice", enrollment.Key.Account)
	code, err := enrollment.Key.Code(srv.Now())
	require.NoError(t, err)
	assert.Equal(t, srv.Code("alice"), code, "the key is the one that the phone has")

	require.NoError(t, client.Verify(ctx, access, code, func(o *cognitomfa.VerifyOptions) { o.DeviceName = "phone" }))
	assert.Equal(t, []string{"VerifySoftwareToken", "SetUserMFAPreference"}, operations(srv))

	outcome, err = client.SignIn(ctx, "alice", password)
	challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.Equal(t, cognitomfa.MethodTOTP, challenge.Method)
	assert.Equal(t, "phone", challenge.DeviceName)
	operations(srv)

	// The code that Verify took is spent; the next one may come early, and the challenge is good for it.
	_, err = client.RespondMFA(ctx, challenge, code)
	require.ErrorIs(t, err, cognitomfa.ErrCodeUsed)
	assert.Equal(t, cognitomfa.StepNextCode, cognitomfa.NextStep(err))
	srv.Advance(30 * time.Second)
	outcome, err = client.RespondMFA(ctx, challenge, srv.Code("alice"))
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, []string{"AdminRespondToAuthChallenge", "AdminRespondToAuthChallenge"}, operations(srv))
}

func TestSetUpWhileSigningIn(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t, mfaOn)
	ctx := t.Context()

	outcome, err := client.SignIn(ctx, "alice", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	assert.Equal(t, []cognitomfa.Method{cognitomfa.MethodTOTP}, setup.Methods)
	operations(srv)

	enrollment, err := client.EnrollSetup(ctx, setup)
	require.NoError(t, err)
	assert.Equal(t, []string{"AssociateSoftwareToken"}, operations(srv))
	assert.Equal(t, "alice", enrollment.Key.Account)
	assert.NotEqual(t, setup.Session.Reveal(), enrollment.Setup.Session.Reveal())

	_, err = client.VerifySetup(ctx, enrollment.Setup, wrong(srv.Code("alice")))
	require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
	assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	_, err = client.VerifySetup(ctx, setup, srv.Code("alice"))
	require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, "the first session leads nowhere any more")
	operations(srv)

	outcome, err = client.VerifySetup(ctx, enrollment.Setup, srv.Code("alice"))
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, []string{"VerifySoftwareToken", "AdminRespondToAuthChallenge", "SetUserMFAPreference"}, operations(srv))
	status, err := client.Status(ctx, tokens.Access.Reveal())
	require.NoError(t, err)
	assert.Equal(t, &cognitomfa.Status{Username: "alice", Enabled: []cognitomfa.Method{cognitomfa.MethodTOTP}, Preferred: cognitomfa.MethodTOTP}, status)

	outcome, err = client.SignIn(ctx, "alice", password)
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

// wrong is a code that is not c, nor that of a neighbouring step except by a chance of one in a million.
func wrong(c string) string {
	digits := []byte(c)
	digits[0] = '0' + (digits[0]-'0'+5)%10
	return string(digits)
}

// What may go wrong, as it comes over the wire, and what the caller can do about it.
func TestMishaps(t *testing.T) {
	t.Parallel()
	challenge := func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) *cognitomfa.MFAChallenge {
		t.Helper()
		enrolled(t, srv, client)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		return as[*cognitomfa.MFAChallenge](t, outcome, err)
	}
	for name, tc := range map[string]struct {
		pool func(*cognitotest.Options)
		do   func(*testing.T, *cognitotest.Server, *cognitomfa.Client) error
		kind error
		step cognitomfa.Step
	}{
		"wrong code": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.RespondMFA(t.Context(), challenge(t, srv, client), wrong(srv.Code("alice")))
				return err
			},
			kind: cognitomfa.ErrCodeMismatch, step: cognitomfa.StepSameChallenge,
		},
		"wrong code in set-up": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				outcome, err := client.SignIn(t.Context(), "alice", password)
				access := as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal()
				_, err = client.Enroll(t.Context(), access)
				require.NoError(t, err)
				return client.Verify(t.Context(), access, wrong(srv.Code("alice")))
			},
			kind: cognitomfa.ErrCodeMismatch, step: cognitomfa.StepSameChallenge,
		},
		"used code": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				first := challenge(t, srv, client)
				outcome, err := client.SignIn(t.Context(), "alice", password)
				second := as[*cognitomfa.MFAChallenge](t, outcome, err)
				_, err = client.RespondMFA(t.Context(), first, srv.Code("alice"))
				require.NoError(t, err)
				_, err = client.RespondMFA(t.Context(), second, srv.Code("alice"))
				return err
			},
			kind: cognitomfa.ErrCodeUsed, step: cognitomfa.StepNextCode,
		},
		"expired session": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				ch := challenge(t, srv, client)
				srv.Advance(3*time.Minute + time.Second)
				_, err := client.RespondMFA(t.Context(), ch, srv.Code("alice"))
				return err
			},
			kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		},
		"used session": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				ch := challenge(t, srv, client)
				_, err := client.RespondMFA(t.Context(), ch, srv.Code("alice"))
				require.NoError(t, err)
				srv.Advance(30 * time.Second)
				_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
				return err
			},
			kind: cognitomfa.ErrSessionUsed, step: cognitomfa.StepStartOver,
		},
		"garbage session": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				ch := &cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret("AYABe-this-is-no-session-of-yours")}
				_, err := client.RespondMFA(t.Context(), ch, "123456")
				return err
			},
			kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		},
		"short session": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.RespondMFA(t.Context(), &cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret("x")}, "123456")
				return err
			},
			kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		},
		"somebody else's session": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				ch := challenge(t, srv, client)
				srv.AddUser(cognitotest.User{Username: "mallory", Password: password})
				_, err := client.RespondMFA(t.Context(), &cognitomfa.MFAChallenge{Username: "mallory", Session: ch.Session}, srv.Code("alice"))
				return err
			},
			kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		},
		"wrong password": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.SignIn(t.Context(), "alice", "wrong")
				return err
			},
			kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
		},
		"unknown user": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.SignIn(t.Context(), "nobody", password)
				return err
			},
			kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
		},
		"unknown user in a pool that tells": {
			pool: func(o *cognitotest.Options) { o.RevealUsers = true },
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.SignIn(t.Context(), "nobody", password)
				return err
			},
			kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
		},
		"disabled user": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				srv.AddUser(cognitotest.User{Username: "bob", Password: password, Disabled: true})
				_, err := client.SignIn(t.Context(), "bob", password)
				return err
			},
			kind: cognitomfa.ErrUserDisabled, step: cognitomfa.StepGiveUp,
		},
		"unconfirmed user": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				srv.AddUser(cognitotest.User{Username: "bob", Password: password, Status: types.UserStatusTypeUnconfirmed})
				_, err := client.SignIn(t.Context(), "bob", password)
				return err
			},
			kind: cognitomfa.ErrNotConfirmed, step: cognitomfa.StepGiveUp,
		},
		"user whose password was reset": {
			pool: func(o *cognitotest.Options) { o.RevealUsers = true },
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				srv.AddUser(cognitotest.User{Username: "bob", Password: password, Status: types.UserStatusTypeResetRequired})
				_, err := client.SignIn(t.Context(), "bob", password)
				return err
			},
			kind: cognitomfa.ErrPasswordReset, step: cognitomfa.StepGiveUp,
		},
		"too many attempts": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				for range 5 {
					_, err := client.SignIn(t.Context(), "alice", "wrong")
					require.ErrorIs(t, err, cognitomfa.ErrCredentials)
				}
				_, err := client.SignIn(t.Context(), "alice", password)
				return err
			},
			kind: cognitomfa.ErrTooManyAttempts, step: cognitomfa.StepBackOff,
		},
		"garbage access token": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.Enroll(t.Context(), "garbage")
				return err
			},
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"access token that the pattern refuses": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.Enroll(t.Context(), "not a token\n")
				return err
			},
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"ID token as access token": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				outcome, err := client.SignIn(t.Context(), "alice", password)
				_, err = client.Enroll(t.Context(), as[*cognitomfa.Tokens](t, outcome, err).ID.Reveal())
				return err
			},
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"expired access token": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				tokens := enrolled(t, srv, client)
				srv.Advance(time.Hour)
				return client.Verify(t.Context(), tokens.Access.Reveal(), "123456")
			},
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"revoked access token": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				tokens := enrolled(t, srv, client)
				require.NoError(t, client.SignOut(t.Context(), tokens.Access.Reveal()))
				return client.Verify(t.Context(), tokens.Access.Reveal(), "123456")
			},
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		},
		"verify without enroll": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				outcome, err := client.SignIn(t.Context(), "alice", password)
				return client.Verify(t.Context(), as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal(), "123456")
			},
			kind: cognitomfa.ErrNotEnrolled, step: cognitomfa.StepStartOver,
		},
		"enable without enroll": {
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				outcome, err := client.SignIn(t.Context(), "alice", password)
				return client.Enable(t.Context(), as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal())
			},
			kind: cognitomfa.ErrNotEnrolled, step: cognitomfa.StepStartOver,
		},
		"pool without TOTP": {
			pool: func(o *cognitotest.Options) { o.TOTPDisabled, o.Email = true, true },
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				outcome, err := client.SignIn(t.Context(), "alice", password)
				_, err = client.Enroll(t.Context(), as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal())
				return err
			},
			kind: cognitomfa.ErrTOTPDisabled, step: cognitomfa.StepGiveUp,
		},
		"wrong pool": {
			do: func(t *testing.T, srv *cognitotest.Server, _ *cognitomfa.Client) error {
				t.Helper()
				cfg := configOf(srv)
				cfg.UserPoolID = "us-east-1_nowhere"
				_, err := newClient(t, srv.Client(), cfg).SignIn(t.Context(), "alice", password)
				return err
			},
			kind: cognitomfa.ErrConfig, step: cognitomfa.StepGiveUp,
		},
		"wrong app client": {
			do: func(t *testing.T, srv *cognitotest.Server, _ *cognitomfa.Client) error {
				t.Helper()
				cfg := configOf(srv)
				cfg.ClientID = "nobody"
				_, err := newClient(t, srv.Client(), cfg).SignIn(t.Context(), "alice", password)
				return err
			},
			kind: cognitomfa.ErrConfig, step: cognitomfa.StepGiveUp,
		},
		"flow not allowed": {
			pool: func(o *cognitotest.Options) {
				o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}
			},
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.SignIn(t.Context(), "alice", password)
				return err
			},
			kind: cognitomfa.ErrConfig, step: cognitomfa.StepGiveUp,
		},
		"missing client secret": {
			pool: func(o *cognitotest.Options) { o.ClientSecret = "0123456789abcdefghijklmnop" },
			do: func(t *testing.T, srv *cognitotest.Server, _ *cognitomfa.Client) error {
				t.Helper()
				cfg := configOf(srv)
				cfg.ClientSecret = ""
				_, err := newClient(t, srv.Client(), cfg).SignIn(t.Context(), "alice", password)
				return err
			},
			kind: cognitomfa.ErrSecretHash, step: cognitomfa.StepGiveUp,
		},
		"wrong client secret": {
			pool: func(o *cognitotest.Options) { o.ClientSecret = "0123456789abcdefghijklmnop" },
			do: func(t *testing.T, srv *cognitotest.Server, _ *cognitomfa.Client) error {
				t.Helper()
				cfg := configOf(srv)
				cfg.ClientSecret = "another0123456789abcdefghijklmnop"
				_, err := newClient(t, srv.Client(), cfg).SignIn(t.Context(), "alice", password)
				return err
			},
			kind: cognitomfa.ErrSecretHash, step: cognitomfa.StepGiveUp,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			optFns := []func(*cognitotest.Options){}
			if tc.pool != nil {
				optFns = append(optFns, tc.pool)
			}
			srv, client := newPool(t, optFns...)
			err := tc.do(t, srv, client)
			require.ErrorIs(t, err, tc.kind)
			assert.Equal(t, tc.step, cognitomfa.NextStep(err))
			for _, private := range []string{"alice", "nobody", password, "garbage", srv.ClientID} {
				assert.NotContains(t, err.Error(), private)
			}
		})
	}
}

// Who guesses names learns nothing from the texts.
func TestWrongPasswordAndUnknownUserReadAlike(t *testing.T) {
	t.Parallel()
	for _, reveal := range []bool{false, true} {
		_, client := newPool(t, func(o *cognitotest.Options) { o.RevealUsers = reveal })
		_, wrongPassword := client.SignIn(t.Context(), "alice", "wrong")
		_, unknownUser := client.SignIn(t.Context(), "nobody", "wrong")
		require.Error(t, wrongPassword)
		require.Error(t, unknownUser)
		assert.Equal(t, wrongPassword.Error(), unknownUser.Error())
	}
}

// A user may replace his authenticator; the old one works until the new one is verified.
func TestReplacingAnAuthenticator(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	tokens := enrolled(t, srv, client)
	old := srv.Code("alice")
	_, err := client.Enroll(t.Context(), tokens.Access.Reveal())
	require.NoError(t, err)

	outcome, err := client.SignIn(t.Context(), "alice", password)
	challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = client.RespondMFA(t.Context(), challenge, old)
	as[*cognitomfa.Tokens](t, outcome, err)

	srv.Advance(30 * time.Second)
	require.NoError(t, client.Verify(t.Context(), tokens.Access.Reveal(), srv.Code("alice")))
	outcome, err = client.SignIn(t.Context(), "alice", password)
	challenge = as[*cognitomfa.MFAChallenge](t, outcome, err)
	srv.Advance(30 * time.Second)
	outcome, err = client.RespondMFA(t.Context(), challenge, srv.Code("alice"))
	as[*cognitomfa.Tokens](t, outcome, err)
}
