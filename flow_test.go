package cognitomfa_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// userFlow is a series of steps that a user takes, in pools with these MFA modes.
type userFlow struct {
	modes []mode
	run   func(*testUser)
}

var userFlows = map[string]userFlow{
	"enroll, then sign in with a code": {optionalOnly, enrollThenSignIn},
	"set up while signing in":          {requiredOnly, setUpWhileSigningIn},
	"replace an authenticator":         {offersTOTP, replaceAuthenticator},
	"change a temporary password":      {allModes, changeTemporaryPassword},
	"sign in without IAM":              {offersTOTP, signInWithoutIAM},
	"turn TOTP off and on":             {optionalOnly, turnOffAndOn},
	"turn off what is required":        {requiredOnly, turnOffWhatIsRequired},
	"lose an authenticator":            {offersTOTP, loseAuthenticator},
	"refresh, revoke and sign out":     {allModes, refreshRevokeSignOut},
}

// failure is an action that fails in pools with these MFA modes, and the kind of its error.
type failure struct {
	modes []mode
	kind  error
	do    func(*testUser) error
}

var failures = map[string]failure{
	"wrong code": {
		modes: offersTOTP, kind: cognitomfa.ErrCodeMismatch,
		do: func(u *testUser) error { return errOf(u.respond(u.challenge(), u.wrongCode())) },
	},
	"wrong code when enrolling": {
		modes: optionalOnly, kind: cognitomfa.ErrCodeMismatch,
		do: func(u *testUser) error {
			access := u.accessToken()
			enrollment, err := u.client().Enroll(u.t.Context(), access)
			require.NoError(u.t, err)
			u.key = enrollment.Key
			return u.client().Verify(u.t.Context(), access, u.wrongCode())
		},
	},
	"used code": {
		modes: offersTOTP, kind: cognitomfa.ErrCodeUsed,
		do: func(u *testUser) error {
			first, second, code := u.challenge(), u.signInToCode(), u.code()
			require.NoError(u.t, errOf(u.respond(first, code)))
			return errOf(u.respond(second, code))
		},
	},
	"used session": {
		modes: offersTOTP, kind: cognitomfa.ErrSessionUsed,
		do: func(u *testUser) error {
			ch := u.challenge()
			require.NoError(u.t, errOf(u.respond(ch, u.code())))
			return errOf(u.respond(ch, u.code()))
		},
	},
	"unknown session": {
		modes: allModes, kind: cognitomfa.ErrSessionExpired,
		do: func(u *testUser) error {
			ch := &cognitomfa.MFAChallenge{Username: u.name, Session: session}
			return errOf(u.respond(ch, "123456"))
		},
	},
	"short session": {
		modes: allModes, kind: cognitomfa.ErrSessionExpired,
		do: func(u *testUser) error {
			ch := &cognitomfa.MFAChallenge{Username: u.name, Session: cognitomfa.NewSecret("x")}
			return errOf(u.respond(ch, "123456"))
		},
	},
	"another user's session": {
		modes: offersTOTP, kind: cognitomfa.ErrSessionExpired,
		do: func(u *testUser) error {
			ch, mallory := u.challenge(), newTestUser(u.t, u.target)
			ch.Username = mallory.name
			return errOf(u.respond(ch, u.code()))
		},
	},
	"wrong password": {
		modes: allModes, kind: cognitomfa.ErrCredentials,
		do: func(u *testUser) error {
			return errOf(u.client().SignIn(u.t.Context(), u.name, "wrong"))
		},
	},
	"unknown user": {
		modes: allModes, kind: cognitomfa.ErrCredentials,
		do: func(u *testUser) error {
			return errOf(u.client().SignIn(u.t.Context(), userPrefix+"nobody", u.password))
		},
	},
	"disabled user": {
		modes: allModes, kind: cognitomfa.ErrUserDisabled,
		do: func(u *testUser) error {
			u.disable()
			return errOf(u.client().SignIn(u.t.Context(), u.name, u.password))
		},
	},
	"malformed access token": {
		modes: allModes, kind: cognitomfa.ErrAccessToken,
		do: func(u *testUser) error { return errOf(u.client().Enroll(u.t.Context(), "garbage")) },
	},
	"malformed access token that is not sent": {
		modes: allModes, kind: cognitomfa.ErrAccessToken,
		do: func(u *testUser) error { return errOf(u.client().Enroll(u.t.Context(), "garbage\n")) },
	},
	"ID token as access token": {
		modes: allModes, kind: cognitomfa.ErrAccessToken,
		do: func(u *testUser) error {
			return errOf(u.client().Enroll(u.t.Context(), u.tokens().ID.Reveal()))
		},
	},
	"revoked access token": {
		modes: allModes, kind: cognitomfa.ErrAccessToken,
		do: func(u *testUser) error {
			access := u.accessToken()
			require.NoError(u.t, u.client().SignOut(u.t.Context(), access))
			return u.client().Verify(u.t.Context(), access, "123456")
		},
	},
	"access token as refresh token": {
		modes: allModes, kind: cognitomfa.ErrRefreshToken,
		do: func(u *testUser) error {
			return u.client().Revoke(u.t.Context(), u.accessToken())
		},
	},
	"verify without enroll": {
		modes: optionalOnly, kind: cognitomfa.ErrNotEnrolled,
		do: func(u *testUser) error {
			return u.client().Verify(u.t.Context(), u.accessToken(), "123456")
		},
	},
	"enable without enroll": {
		modes: optionalOnly, kind: cognitomfa.ErrNotEnrolled,
		do: func(u *testUser) error { return u.client().Enable(u.t.Context(), u.accessToken()) },
	},
	"enroll in a pool without MFA": {
		modes: offOnly, kind: cognitomfa.ErrTOTPDisabled,
		do: func(u *testUser) error {
			return errOf(u.client().Enroll(u.t.Context(), u.accessToken()))
		},
	},
}

// The same flows and failures run in the fake's pools and in the real pool, if there is one.
func TestFlows(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runFlows(t, open, (*testing.T).Parallel)
		})
	}
}

// runFlows runs the flows and failures that apply to the pool's MFA mode, and logs the names of the
// others. It calls begin before each.
func runFlows(t *testing.T, open openTarget, begin func(*testing.T)) {
	t.Helper()
	pool := open(t)
	poolMode, notes := pool.mfa(), pool.notes()
	t.Cleanup(func() { notes.save(t) })
	var skipped []string
	run := func(name string, modes []mode, do func(*testUser)) {
		if !slices.Contains(modes, poolMode) {
			skipped = append(skipped, name)
			return
		}
		t.Run(name, func(t *testing.T) {
			begin(t)
			t.Cleanup(func() { notes.flow(name, !t.Failed()) })
			do(newTestUser(t, open(t)))
		})
	}
	for name, flow := range userFlows {
		run(name, flow.modes, flow.run)
	}
	for name, failure := range failures {
		run(name, failure.modes, func(u *testUser) {
			err := failure.do(u)
			require.ErrorIs(u.t, err, failure.kind)
			assert.Equal(u.t, stepOf(u.t, failure.kind), cognitomfa.NextStep(err))
			for _, private := range []string{u.name, u.password, "garbage", u.config().ClientID} {
				assert.NotContains(u.t, err.Error(), private)
			}
		})
	}
	slices.Sort(skipped)
	notes.leftOut(skipped)
	t.Logf("left out, since the pool's MFA is %s: %s", poolMode, strings.Join(skipped, "; "))
}

func enrollThenSignIn(u *testUser) {
	client, ctx := u.client(), u.t.Context()

	u.takeCalls()
	tokens := as[*cognitomfa.Tokens](u.t, u.signIn(), nil)
	u.assertCalls("AdminInitiateAuth")
	assert.Equal(u.t, "Bearer", tokens.TokenType)
	assert.Positive(u.t, tokens.ExpiresIn)
	access := tokens.Access.Reveal()

	enrollment, err := client.Enroll(ctx, access)
	require.NoError(u.t, err)
	u.assertCalls("AssociateSoftwareToken")
	u.key = enrollment.Key
	assert.Equal(u.t, u.username, enrollment.Key.Account)

	code := u.code()
	named := func(o *cognitomfa.VerifyOptions) { o.DeviceName = "phone" }
	require.NoError(u.t, client.Verify(ctx, access, code, named))
	u.assertCalls("VerifySoftwareToken", "SetUserMFAPreference")

	challenge := u.signInToCode()
	assert.Equal(u.t, cognitomfa.MethodTOTP, challenge.Method)
	assert.Equal(u.t, "phone", challenge.DeviceName)
	u.assertCalls("AdminInitiateAuth")

	// Verify used up the code. The same challenge accepts the next one.
	_, err = client.RespondMFA(ctx, challenge, code)
	require.ErrorIs(u.t, err, cognitomfa.ErrCodeUsed)
	assert.Equal(u.t, cognitomfa.StepNextCode, cognitomfa.NextStep(err))
	outcome, err := client.RespondMFA(ctx, challenge, u.code())
	as[*cognitomfa.Tokens](u.t, outcome, err)
	u.assertCalls("AdminRespondToAuthChallenge", "AdminRespondToAuthChallenge")
}

func setUpWhileSigningIn(u *testUser) {
	client, ctx := u.client(), u.t.Context()
	setup := as[*cognitomfa.SetupChallenge](u.t, u.signIn(), nil)
	assert.Contains(u.t, setup.Methods, cognitomfa.MethodTOTP)
	u.takeCalls()

	enrollment, err := client.EnrollSetup(ctx, setup)
	require.NoError(u.t, err)
	u.assertCalls("AssociateSoftwareToken")
	u.key = enrollment.Key
	assert.Equal(u.t, u.username, enrollment.Key.Account)
	assert.NotEqual(u.t, setup.Session.Reveal(), enrollment.Setup.Session.Reveal())

	_, err = client.VerifySetup(ctx, enrollment.Setup, u.wrongCode())
	require.ErrorIs(u.t, err, cognitomfa.ErrCodeMismatch)
	assert.Equal(u.t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	code := u.code()
	_, err = client.VerifySetup(ctx, setup, code)
	require.ErrorIs(u.t, err, cognitomfa.ErrSessionExpired, "the first session is used up")
	u.takeCalls()

	outcome, err := client.VerifySetup(ctx, enrollment.Setup, code)
	tokens := as[*cognitomfa.Tokens](u.t, outcome, err)
	u.assertCalls("VerifySoftwareToken", "AdminRespondToAuthChallenge", "SetUserMFAPreference")
	assert.Equal(u.t, &cognitomfa.Status{
		Username:  u.username,
		Enabled:   []cognitomfa.Method{cognitomfa.MethodTOTP},
		Preferred: cognitomfa.MethodTOTP,
	}, statusOf(u.t, client, tokens.Access.Reveal()))
	u.signInToCode()
}

// The old authenticator works until the new one is verified.
func replaceAuthenticator(u *testUser) {
	client := u.client()
	access := u.enroll().Access.Reveal()
	enrollment, err := client.Enroll(u.t.Context(), access)
	require.NoError(u.t, err)
	outcome, err := u.respond(u.signInToCode(), u.code())
	as[*cognitomfa.Tokens](u.t, outcome, err)

	u.key, u.lastStep = enrollment.Key, 0
	require.NoError(u.t, client.Verify(u.t.Context(), access, u.code()))
	outcome, err = u.respond(u.signInToCode(), u.code())
	as[*cognitomfa.Tokens](u.t, outcome, err)
}

func changeTemporaryPassword(u *testUser) {
	client, ctx := u.client(), u.t.Context()
	u.setPassword(false)
	challenge := as[*cognitomfa.NewPasswordChallenge](u.t, u.signIn(), nil)
	_, err := client.SetNewPassword(ctx, challenge, "short", nil)
	require.ErrorIs(u.t, err, cognitomfa.ErrPasswordPolicy)
	assert.Equal(u.t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	u.password += "+"
	outcome, err := client.SetNewPassword(ctx, challenge, u.password, nil)
	if u.mfa() == types.UserPoolMfaTypeOn {
		as[*cognitomfa.SetupChallenge](u.t, outcome, err)
	} else {
		as[*cognitomfa.Tokens](u.t, outcome, err)
	}
	u.tokens()
}

func signInWithoutIAM(u *testUser) {
	u.enroll()
	client := u.client(withPublic(true))
	u.takeCalls()
	outcome, err := client.SignIn(u.t.Context(), u.name, u.password)
	ch := as[*cognitomfa.MFAChallenge](u.t, outcome, err)
	outcome, err = client.RespondMFA(u.t.Context(), ch, u.code())
	as[*cognitomfa.Tokens](u.t, outcome, err)
	u.assertCalls("InitiateAuth", "RespondToAuthChallenge")
}

func turnOffAndOn(u *testUser) {
	client, ctx := u.client(), u.t.Context()
	access := u.enroll().Access.Reveal()
	require.NoError(u.t, client.Disable(ctx, access))
	as[*cognitomfa.Tokens](u.t, u.signIn(), nil)
	require.NoError(u.t, client.Enable(ctx, access))
	u.signInToCode()
}

func turnOffWhatIsRequired(u *testUser) {
	client := u.client()
	access := u.enroll().Access.Reveal()
	require.ErrorIs(u.t, client.Disable(u.t.Context(), access), cognitomfa.ErrMFARequired)
	assert.True(u.t, statusOf(u.t, client, access).TOTP(), "nothing has changed")
}

func loseAuthenticator(u *testUser) {
	client, ctx := u.client(), u.t.Context()
	access := u.enroll().Access.Reveal()
	require.NoError(u.t, client.ResetTOTP(ctx, u.name, signOutToo))
	_, err := client.Status(ctx, access)
	require.ErrorIs(u.t, err, cognitomfa.ErrAccessToken)
	require.ErrorIs(u.t, client.ResetTOTP(ctx, u.name), cognitomfa.ErrNotEnrolled)
	if u.mfa() == types.UserPoolMfaTypeOn {
		as[*cognitomfa.SetupChallenge](u.t, u.signIn(), nil)
	} else {
		as[*cognitomfa.Tokens](u.t, u.signIn(), nil)
	}
}

func refreshRevokeSignOut(u *testUser) {
	client, ctx := u.client(), u.t.Context()
	again, err := client.Refresh(ctx, u.tokens().Refresh.Reveal())
	require.NoError(u.t, err)
	access, refresh := again.Access.Reveal(), again.Refresh.Reveal()
	assert.Equal(u.t, u.username, statusOf(u.t, client, access).Username)
	require.NoError(u.t, client.Revoke(ctx, refresh))
	_, err = client.Refresh(ctx, refresh)
	require.ErrorIs(u.t, err, cognitomfa.ErrRefreshToken)
	_, err = client.Status(ctx, access)
	require.ErrorIs(u.t, err, cognitomfa.ErrAccessToken)
	require.ErrorIs(u.t, client.SignOut(ctx, access), cognitomfa.ErrAccessToken)
}

// fakeFailure is an action that fails in a fake pool, whose settings and clock a test can change.
type fakeFailure struct {
	pool poolOption
	edit configEdit
	user cognitotest.User
	kind error
	// do returns the error. The default is to sign in.
	do func(*testing.T, *cognitotest.Server, *cognitomfa.Client) error
}

func revealUsers(o *cognitotest.Options) { o.RevealUsers = true }

var fakeFailures = map[string]fakeFailure{
	"expired session": {
		user: totpUser, kind: cognitomfa.ErrSessionExpired,
		do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
			t.Helper()
			outcome, err := client.SignIn(t.Context(), "alice", password)
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			srv.Advance(3*time.Minute + time.Second)
			return errOf(client.RespondMFA(t.Context(), ch, srv.Code("alice")))
		},
	},
	"expired access token": {
		kind: cognitomfa.ErrAccessToken,
		do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
			t.Helper()
			access := *srv.IssueTokens("alice").AccessToken
			srv.Advance(time.Hour)
			return client.Verify(t.Context(), access, "123456")
		},
	},
	"too many attempts": {
		kind: cognitomfa.ErrTooManyAttempts,
		do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
			t.Helper()
			for range 5 {
				_, err := client.SignIn(t.Context(), "alice", "wrong")
				require.ErrorIs(t, err, cognitomfa.ErrCredentials)
			}
			return errOf(client.SignIn(t.Context(), "alice", password))
		},
	},
	"unknown user in a pool that reveals users": {
		pool: revealUsers, kind: cognitomfa.ErrCredentials,
		do: func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
			t.Helper()
			return errOf(client.SignIn(t.Context(), "nobody", password))
		},
	},
	"unconfirmed user": {
		user: cognitotest.User{Status: types.UserStatusTypeUnconfirmed},
		kind: cognitomfa.ErrNotConfirmed,
	},
	"user whose password was reset": {
		pool: revealUsers,
		user: cognitotest.User{Status: types.UserStatusTypeResetRequired},
		kind: cognitomfa.ErrPasswordReset,
	},
	"pool without TOTP": {
		pool: func(o *cognitotest.Options) { o.TOTPDisabled, o.Email = true, true },
		kind: cognitomfa.ErrTOTPDisabled,
		do: func(t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client) error {
			t.Helper()
			return errOf(client.Enroll(t.Context(), *srv.IssueTokens("alice").AccessToken))
		},
	},
	"missing client secret": {
		pool: secretClient, edit: func(c *cognitomfa.Config) { c.ClientSecret = "" },
		kind: cognitomfa.ErrSecretHash,
	},
	"wrong client secret": {
		pool: secretClient, edit: func(c *cognitomfa.Config) { c.ClientSecret = "another" },
		kind: cognitomfa.ErrSecretHash,
	},
}

func TestFailuresInTheFake(t *testing.T) {
	t.Parallel()
	for name, tc := range fakeFailures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.pool == nil {
				tc.pool = func(*cognitotest.Options) {}
			}
			if tc.edit == nil {
				tc.edit = func(*cognitomfa.Config) {}
			}
			if tc.do == nil {
				tc.do = func(t *testing.T, _ *cognitotest.Server, client *cognitomfa.Client) error {
					t.Helper()
					return errOf(client.SignIn(t.Context(), "alice", password))
				}
			}
			srv, _ := newPoolWith(t, tc.user, tc.pool)
			err := tc.do(t, srv, newClient(t, srv.Client(), edited(configOf(srv), tc.edit)))
			require.ErrorIs(t, err, tc.kind)
			assert.Equal(t, stepOf(t, tc.kind), cognitomfa.NextStep(err))
			for _, private := range []string{"alice", "nobody", password, srv.ClientID} {
				assert.NotContains(t, err.Error(), private)
			}
		})
	}
}

// The error must not reveal whether a user exists.
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
