package cognitomfa_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
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

// mode is what a pool asks of its users.
type mode = types.UserPoolMfaType

var (
	anyMode     = []mode{types.UserPoolMfaTypeOff, types.UserPoolMfaTypeOptional, types.UserPoolMfaTypeOn}
	notDemanded = []mode{types.UserPoolMfaTypeOff, types.UserPoolMfaTypeOptional}
	withTOTP    = []mode{types.UserPoolMfaTypeOptional, types.UserPoolMfaTypeOn}
	offered     = []mode{types.UserPoolMfaTypeOptional}
	demanded    = []mode{types.UserPoolMfaTypeOn}
	without     = []mode{types.UserPoolMfaTypeOff}
)

// ways are what people do, in the kinds of pool where they can do it. Each has a user of its own.
var ways = map[string]struct {
	modes []mode
	run   func(*testing.T, *person)
}{
	"enrol, then sign in with a code": {offered, enrollThenSignIn},
	"set up while signing in":         {demanded, setUpWhileSigningIn},
	"replace an authenticator":        {withTOTP, replaceAuthenticator},
	"change a temporary password":     {anyMode, changeTemporaryPassword},
	"sign in without IAM":             {withTOTP, signInWithoutIAM},
	"switch MFA off and on":           {offered, switchOffAndOn},
	"switch off what is demanded":     {demanded, switchOffWhatIsDemanded},
	"lose an authenticator":           {withTOTP, loseAuthenticator},
	"refresh, revoke and sign out":    {anyMode, refreshRevokeSignOut},
}

// mishaps are what may go wrong in the same pools, and what the caller can do about it.
var mishaps = map[string]struct {
	modes []mode
	do    func(*testing.T, *person) error
	kind  error
	step  cognitomfa.Step
}{
	"wrong code": {
		modes: withTOTP, kind: cognitomfa.ErrCodeMismatch, step: cognitomfa.StepSameChallenge,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).RespondMFA(t.Context(), p.challenge(t), p.wrong(t)))
		},
	},
	"wrong code in set-up": {
		modes: offered, kind: cognitomfa.ErrCodeMismatch, step: cognitomfa.StepSameChallenge,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			access := p.tokens(t).Access.Reveal()
			enrollment, err := p.client(t).Enroll(t.Context(), access)
			require.NoError(t, err)
			p.key = enrollment.Key
			return p.client(t).Verify(t.Context(), access, p.wrong(t))
		},
	},
	"used code": {
		modes: withTOTP, kind: cognitomfa.ErrCodeUsed, step: cognitomfa.StepNextCode,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			first := p.challenge(t)
			second := as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil)
			code := p.code(t)
			require.NoError(t, noOutcome(p.client(t).RespondMFA(t.Context(), first, code)))
			return noOutcome(p.client(t).RespondMFA(t.Context(), second, code))
		},
	},
	"used session": {
		modes: withTOTP, kind: cognitomfa.ErrSessionUsed, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			ch := p.challenge(t)
			require.NoError(t, noOutcome(p.client(t).RespondMFA(t.Context(), ch, p.code(t))))
			return noOutcome(p.client(t).RespondMFA(t.Context(), ch, p.code(t)))
		},
	},
	"garbage session": {
		modes: anyMode, kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			ch := &cognitomfa.MFAChallenge{Username: p.name, Session: cognitomfa.NewSecret("AYABe-this-is-no-session-of-yours")}
			return noOutcome(p.client(t).RespondMFA(t.Context(), ch, "123456"))
		},
	},
	"short session": {
		modes: anyMode, kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			ch := &cognitomfa.MFAChallenge{Username: p.name, Session: cognitomfa.NewSecret("x")}
			return noOutcome(p.client(t).RespondMFA(t.Context(), ch, "123456"))
		},
	},
	"somebody else's session": {
		modes: withTOTP, kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			ch := p.challenge(t)
			mallory := newPerson(t, p.target)
			return noOutcome(p.client(t).RespondMFA(t.Context(), &cognitomfa.MFAChallenge{Username: mallory.name, Session: ch.Session}, p.code(t)))
		},
	},
	"wrong password": {
		modes: anyMode, kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).SignIn(t.Context(), p.name, "wrong"))
		},
	},
	"unknown user": {
		modes: anyMode, kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).SignIn(t.Context(), personPrefix+"nobody", p.password))
		},
	},
	"disabled user": {
		modes: anyMode, kind: cognitomfa.ErrUserDisabled, step: cognitomfa.StepGiveUp,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			poolID := p.config().UserPoolID
			_, err := p.api().AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &poolID, Username: &p.name})
			require.NoError(t, err)
			return noOutcome(p.client(t).SignIn(t.Context(), p.name, p.password))
		},
	},
	"garbage access token": {
		modes: anyMode, kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).Enroll(t.Context(), "garbage"))
		},
	},
	"access token that the pattern refuses": {
		modes: anyMode, kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).Enroll(t.Context(), "not a token\n"))
		},
	},
	"ID token as access token": {
		modes: anyMode, kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).Enroll(t.Context(), p.tokens(t).ID.Reveal()))
		},
	},
	"revoked access token": {
		modes: anyMode, kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			access := p.tokens(t).Access.Reveal()
			require.NoError(t, p.client(t).SignOut(t.Context(), access))
			return p.client(t).Verify(t.Context(), access, "123456")
		},
	},
	"verify without enroll": {
		modes: offered, kind: cognitomfa.ErrNotEnrolled, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return p.client(t).Verify(t.Context(), p.tokens(t).Access.Reveal(), "123456")
		},
	},
	"enable without enroll": {
		modes: offered, kind: cognitomfa.ErrNotEnrolled, step: cognitomfa.StepStartOver,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return p.client(t).Enable(t.Context(), p.tokens(t).Access.Reveal())
		},
	},
	"enroll in a pool without MFA": {
		modes: without, kind: cognitomfa.ErrTOTPDisabled, step: cognitomfa.StepGiveUp,
		do: func(t *testing.T, p *person) error {
			t.Helper()
			return noOutcome(p.client(t).Enroll(t.Context(), p.tokens(t).Access.Reveal()))
		},
	},
}

// The same flows and mishaps in every pool that there is to test with.
func TestFlows(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runFlows(t, open, (*testing.T).Parallel)
		})
	}
}

// runFlows runs those that the pool's MFA mode allows, one beside the other if begin says so, and
// names the others.
func runFlows(t *testing.T, open func(*testing.T) target, begin func(*testing.T)) {
	t.Helper()
	has := open(t).mfa()
	var left []string
	run := func(name string, modes []mode, flow func(*testing.T, *person)) {
		if !slices.Contains(modes, has) {
			left = append(left, name)
			return
		}
		t.Run(name, func(t *testing.T) {
			begin(t)
			flow(t, newPerson(t, open(t)))
		})
	}
	for name, way := range ways {
		run(name, way.modes, way.run)
	}
	for name, mishap := range mishaps {
		run(name, mishap.modes, func(t *testing.T, p *person) {
			t.Helper()
			err := mishap.do(t, p)
			require.ErrorIs(t, err, mishap.kind)
			assert.Equal(t, mishap.step, cognitomfa.NextStep(err))
			for _, private := range []string{p.name, p.password, "garbage", p.config().ClientID} {
				assert.NotContains(t, err.Error(), private)
			}
		})
	}
	slices.Sort(left)
	t.Logf("left out, since the pool's MFA is %s: %s", has, strings.Join(left, "; "))
}

// The main job, and the calls that it costs.
func enrollThenSignIn(t *testing.T, p *person) {
	t.Helper()
	client, ctx := p.client(t), t.Context()

	p.calls()
	tokens := as[*cognitomfa.Tokens](t, p.signIn(t), nil)
	p.costs(t, "AdminInitiateAuth")
	assert.Equal(t, "Bearer", tokens.TokenType)
	assert.Positive(t, tokens.ExpiresIn)
	access := tokens.Access.Reveal()

	enrollment, err := client.Enroll(ctx, access)
	require.NoError(t, err)
	p.costs(t, "AssociateSoftwareToken")
	p.key = enrollment.Key
	assert.Equal(t, p.username, enrollment.Key.Account)

	code := p.code(t)
	require.NoError(t, client.Verify(ctx, access, code, func(o *cognitomfa.VerifyOptions) { o.DeviceName = "phone" }))
	p.costs(t, "VerifySoftwareToken", "SetUserMFAPreference")

	challenge := as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil)
	assert.Equal(t, cognitomfa.MethodTOTP, challenge.Method)
	assert.Equal(t, "phone", challenge.DeviceName)
	p.costs(t, "AdminInitiateAuth")

	// The code that Verify took is spent, and the challenge is good for the next one.
	_, err = client.RespondMFA(ctx, challenge, code)
	require.ErrorIs(t, err, cognitomfa.ErrCodeUsed)
	assert.Equal(t, cognitomfa.StepNextCode, cognitomfa.NextStep(err))
	outcome, err := client.RespondMFA(ctx, challenge, p.code(t))
	as[*cognitomfa.Tokens](t, outcome, err)
	p.costs(t, "AdminRespondToAuthChallenge", "AdminRespondToAuthChallenge")
}

func setUpWhileSigningIn(t *testing.T, p *person) {
	t.Helper()
	client, ctx := p.client(t), t.Context()

	setup := as[*cognitomfa.SetupChallenge](t, p.signIn(t), nil)
	assert.Contains(t, setup.Methods, cognitomfa.MethodTOTP)
	p.calls()

	enrollment, err := client.EnrollSetup(ctx, setup)
	require.NoError(t, err)
	p.costs(t, "AssociateSoftwareToken")
	p.key = enrollment.Key
	assert.Equal(t, p.username, enrollment.Key.Account)
	assert.NotEqual(t, setup.Session.Reveal(), enrollment.Setup.Session.Reveal())

	_, err = client.VerifySetup(ctx, enrollment.Setup, p.wrong(t))
	require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
	assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	code := p.code(t)
	_, err = client.VerifySetup(ctx, setup, code)
	require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, "the first session leads nowhere any more")
	p.calls()

	outcome, err := client.VerifySetup(ctx, enrollment.Setup, code)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	p.costs(t, "VerifySoftwareToken", "AdminRespondToAuthChallenge", "SetUserMFAPreference")
	status, err := client.Status(ctx, tokens.Access.Reveal())
	require.NoError(t, err)
	assert.Equal(t, &cognitomfa.Status{Username: p.username, Enabled: []cognitomfa.Method{cognitomfa.MethodTOTP}, Preferred: cognitomfa.MethodTOTP}, status)
	as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil)
}

// A user may replace his authenticator; the old one works until the new one is verified.
func replaceAuthenticator(t *testing.T, p *person) {
	t.Helper()
	client := p.client(t)
	access := p.enroll(t).Access.Reveal()
	enrollment, err := client.Enroll(t.Context(), access)
	require.NoError(t, err)

	outcome, err := client.RespondMFA(t.Context(), as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil), p.code(t))
	as[*cognitomfa.Tokens](t, outcome, err)

	p.key, p.last = enrollment.Key, 0
	require.NoError(t, client.Verify(t.Context(), access, p.code(t)))
	outcome, err = client.RespondMFA(t.Context(), as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil), p.code(t))
	as[*cognitomfa.Tokens](t, outcome, err)
}

func changeTemporaryPassword(t *testing.T, p *person) {
	t.Helper()
	p.setPassword(t, false)
	challenge := as[*cognitomfa.NewPasswordChallenge](t, p.signIn(t), nil)
	_, err := p.client(t).SetNewPassword(t.Context(), challenge, "short", nil)
	require.ErrorIs(t, err, cognitomfa.ErrPasswordPolicy)
	p.password += "+"
	outcome, err := p.client(t).SetNewPassword(t.Context(), challenge, p.password, nil)
	if p.mfa() == types.UserPoolMfaTypeOn {
		as[*cognitomfa.SetupChallenge](t, outcome, err)
	} else {
		as[*cognitomfa.Tokens](t, outcome, err)
	}
	p.tokens(t)
}

func signInWithoutIAM(t *testing.T, p *person) {
	t.Helper()
	p.enroll(t)
	client := p.client(t, func(c *cognitomfa.Config) { c.Public = true })
	p.calls()
	outcome, err := client.SignIn(t.Context(), p.name, p.password)
	outcome, err = client.RespondMFA(t.Context(), as[*cognitomfa.MFAChallenge](t, outcome, err), p.code(t))
	as[*cognitomfa.Tokens](t, outcome, err)
	p.costs(t, "InitiateAuth", "RespondToAuthChallenge")
}

func switchOffAndOn(t *testing.T, p *person) {
	t.Helper()
	client := p.client(t)
	access := p.enroll(t).Access.Reveal()
	require.NoError(t, client.Disable(t.Context(), access))
	as[*cognitomfa.Tokens](t, p.signIn(t), nil)
	require.NoError(t, client.Enable(t.Context(), access))
	as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil)
}

func switchOffWhatIsDemanded(t *testing.T, p *person) {
	t.Helper()
	access := p.enroll(t).Access.Reveal()
	require.ErrorIs(t, p.client(t).Disable(t.Context(), access), cognitomfa.ErrMFARequired)
	assert.True(t, status(t, p.client(t), access).TOTP(), "nothing has changed")
}

func loseAuthenticator(t *testing.T, p *person) {
	t.Helper()
	client := p.client(t)
	access := p.enroll(t).Access.Reveal()
	require.NoError(t, client.ResetTOTP(t.Context(), p.name, func(o *cognitomfa.ResetOptions) { o.SignOut = true }))
	_, err := client.Status(t.Context(), access)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
	require.ErrorIs(t, client.ResetTOTP(t.Context(), p.name), cognitomfa.ErrNotEnrolled)
	if p.mfa() == types.UserPoolMfaTypeOn {
		as[*cognitomfa.SetupChallenge](t, p.signIn(t), nil)
	} else {
		as[*cognitomfa.Tokens](t, p.signIn(t), nil)
	}
}

func refreshRevokeSignOut(t *testing.T, p *person) {
	t.Helper()
	client := p.client(t)
	tokens := p.tokens(t)
	again, err := client.Refresh(t.Context(), tokens.Refresh.Reveal())
	require.NoError(t, err)
	assert.Equal(t, p.username, status(t, client, again.Access.Reveal()).Username)
	require.ErrorIs(t, client.Revoke(t.Context(), again.Access.Reveal()), cognitomfa.ErrRefreshToken, "an access token is no refresh token")
	require.NoError(t, client.Revoke(t.Context(), again.Refresh.Reveal()))
	_, err = client.Refresh(t.Context(), again.Refresh.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
	_, err = client.Status(t.Context(), again.Access.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
	require.ErrorIs(t, client.SignOut(t.Context(), again.Access.Reveal()), cognitomfa.ErrAccessToken, "nobody is signed in there")
}

// wrong is a code that is not c, nor that of a neighbouring step except by a chance of one in a
// million.
func wrong(c string) string {
	digits := []byte(c)
	digits[0] = '0' + (digits[0]-'0'+5)%10
	return string(digits)
}

// What else may go wrong in a pool of the fake, which can be set up and whose clock can be moved.
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
		"unknown user in a pool that tells": {
			pool: func(o *cognitotest.Options) { o.RevealUsers = true },
			do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				_, err := client.SignIn(t.Context(), "nobody", password)
				return err
			},
			kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
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
		"expired access token": {
			do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
				t.Helper()
				tokens := enrolled(t, srv, client)
				srv.Advance(time.Hour)
				return client.Verify(t.Context(), tokens.Access.Reveal(), "123456")
			},
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
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
