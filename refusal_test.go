package cognitomfa_test

import (
	"context"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// Invalid arguments are rejected without a call: the double supports no operation.
func TestInvalidArgumentsCostNoCall(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := newClient(t, &double{}, config)
	noPool := newClient(t, &double{}, edited(config, withPublic(true), func(c *cognitomfa.Config) {
		c.UserPoolID = ""
	}))
	totp := cognitomfa.MethodTOTP
	setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
	newPass := &cognitomfa.NewPasswordChallenge{Username: "alice", Session: session}
	pass := &cognitomfa.PasswordChallenge{Username: "alice", Session: session}
	onlySMS, unknown := []cognitomfa.Method{cognitomfa.MethodSMS}, []cognitomfa.Method{"PIGEON"}
	selecting := &cognitomfa.SelectChallenge{Username: "alice", Session: session, Methods: onlySMS}
	anyMethod := &cognitomfa.SelectChallenge{Username: "alice", Session: session}
	colon := func(o *cognitomfa.EnrollOptions) { o.Account = "a:b" }

	for _, tc := range []struct {
		kind    error
		step    cognitomfa.Step
		refused map[string]error
	}{
		{
			kind: cognitomfa.ErrCredentials, step: cognitomfa.StepStartOver,
			refused: map[string]error{
				"sign in without a name":      errOf(client.SignIn(ctx, "", password)),
				"sign in with spaces":         errOf(client.SignIn(ctx, " \n", password)),
				"sign in without a password":  errOf(client.SignIn(ctx, "alice", "")),
				"answer without a password":   errOf(client.RespondPassword(ctx, pass, "")),
				"step up without a user name": errOf(client.StepUp(ctx, " ", "access")),
			},
		},
		{
			kind: cognitomfa.ErrAccessToken, step: cognitomfa.StepStartOver,
			refused: map[string]error{
				"enroll":          errOf(client.Enroll(ctx, "")),
				"verify":          client.Verify(ctx, "", "123456"),
				"enable":          client.Enable(ctx, ""),
				"disable":         client.Disable(ctx, ""),
				"set methods":     client.SetMethods(ctx, "", []cognitomfa.Method{totp}, totp),
				"status":          errOf(client.Status(ctx, "")),
				"sign out":        client.SignOut(ctx, ""),
				"step up":         errOf(client.StepUp(ctx, "alice", "")),
				"forget a device": client.ForgetDevice(ctx, "", "key"),
			},
		},
		{
			kind: cognitomfa.ErrRefreshToken, step: cognitomfa.StepStartOver,
			refused: map[string]error{
				"refresh": errOf(client.Refresh(ctx, "")),
				"revoke":  client.Revoke(ctx, ""),
			},
		},
		{
			kind: cognitomfa.ErrDevice, step: cognitomfa.StepStartOver,
			refused: map[string]error{
				"forget no device": client.ForgetDevice(ctx, "access", ""),
			},
		},
		{
			kind: cognitomfa.ErrUserNotFound, step: cognitomfa.StepGiveUp,
			refused: map[string]error{
				"reset":       client.ResetTOTP(ctx, ""),
				"sign out":    client.SignOutUser(ctx, ""),
				"user status": errOf(client.UserStatus(ctx, "")),
			},
		},
		{
			kind: cognitomfa.ErrConfig, step: cognitomfa.StepGiveUp,
			refused: map[string]error{
				"enroll with a colon":       errOf(client.Enroll(ctx, "token", colon)),
				"enroll setup with a colon": errOf(client.EnrollSetup(ctx, setup, colon)),
				"reset without a pool":      noPool.ResetTOTP(ctx, "alice"),
				"sign out without a pool":   noPool.SignOutUser(ctx, "alice"),
				"status without a pool":     errOf(noPool.UserStatus(ctx, "alice")),
				"list without a pool":       errOf(lastUserWithoutMFA(t, noPool)),
			},
		},
		{
			kind: cognitomfa.ErrCodeMismatch, step: cognitomfa.StepSameChallenge,
			refused: map[string]error{
				"verify":       client.Verify(ctx, "token", "none"),
				"verify setup": errOf(client.VerifySetup(ctx, setup, "12345")),
			},
		},
		{
			kind: cognitomfa.ErrPasswordPolicy, step: cognitomfa.StepSameChallenge,
			refused: map[string]error{
				"no new password": errOf(client.SetNewPassword(ctx, newPass, "", nil)),
			},
		},
		{
			kind: cognitomfa.ErrAttribute, step: cognitomfa.StepSameChallenge,
			refused: map[string]error{
				"no address":  errOf(client.SetupEmail(ctx, setup, "")),
				"only spaces": errOf(client.SetupEmail(ctx, setup, "  ")),
			},
		},
		{
			kind: cognitomfa.ErrMethod, step: cognitomfa.StepSameChallenge,
			refused: map[string]error{
				"select none":              errOf(client.SelectMFA(ctx, anyMethod, "")),
				"select what is not there": errOf(client.SelectMFA(ctx, selecting, totp)),
				"prefer what is off":       client.SetMethods(ctx, "access", onlySMS, totp),
				"enable an unknown one":    client.SetMethods(ctx, "access", unknown, ""),
			},
		},
		{
			kind: cognitomfa.ErrSessionExpired, step: cognitomfa.StepStartOver,
			refused: map[string]error{
				"mfa, nil":           errOf(client.RespondMFA(ctx, nil, "123456")),
				"enroll setup, nil":  errOf(client.EnrollSetup(ctx, nil)),
				"verify setup, nil":  errOf(client.VerifySetup(ctx, nil, "123456")),
				"setup email, nil":   errOf(client.SetupEmail(ctx, nil, "a@example.com")),
				"select, nil":        errOf(client.SelectMFA(ctx, nil, totp)),
				"new password, nil":  errOf(client.SetNewPassword(ctx, nil, newPassword, nil)),
				"password, nil":      errOf(client.RespondPassword(ctx, nil, password)),
				"other, nil":         errOf(client.Respond(ctx, nil, nil)),
				"other, zero":        errOf(client.Respond(ctx, &cognitomfa.OtherChallenge{}, nil)),
				"enroll setup, zero": errOf(client.EnrollSetup(ctx, &cognitomfa.SetupChallenge{})),
			},
		},
	} {
		for name, err := range tc.refused {
			assert.ErrorIs(t, err, tc.kind, name)
			assert.Equal(t, tc.step, cognitomfa.NextStep(err), name)
		}
	}
}

// answerAny answers a challenge of any type, with valid input.
func answerAny(
	ctx context.Context, t *testing.T, client *cognitomfa.Client, ch cognitomfa.Challenge,
) error {
	t.Helper()
	switch ch := ch.(type) {
	case *cognitomfa.MFAChallenge:
		return errOf(client.RespondMFA(ctx, ch, "123456"))
	case *cognitomfa.SetupChallenge:
		err := errOf(client.VerifySetup(ctx, ch, "123456"))
		for _, another := range []error{
			errOf(client.EnrollSetup(ctx, ch)), errOf(client.SetupEmail(ctx, ch, "a@example.com")),
		} {
			assert.Equal(t, cognitomfa.NextStep(err), cognitomfa.NextStep(another))
		}
		return err
	case *cognitomfa.SelectChallenge:
		return errOf(client.SelectMFA(ctx, ch, cognitomfa.MethodTOTP))
	case *cognitomfa.NewPasswordChallenge:
		return errOf(client.SetNewPassword(ctx, ch, newPassword, nil))
	case *cognitomfa.PasswordChallenge:
		return errOf(client.RespondPassword(ctx, ch, password))
	case *cognitomfa.OtherChallenge:
		return errOf(client.Respond(ctx, ch, nil))
	}
	panic("unreachable: these are all challenges")
}

// A forged or incomplete challenge is rejected without a call. That is not a configuration error:
// the user signs in again.
func TestForgedChallengesCostNoCall(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{}, config)
	for _, description := range []string{
		`{"k":"t"}`,
		`{"k":"t","u":""}`,
		`{"k":"m","u":"alice","m":"PASSWORD_VERIFIER"}`,
		`{"k":"s"}`,
		`{"k":"c"}`,
		`{"k":"n"}`,
		`{"k":"p"}`,
		`{"k":"o","x":"CUSTOM_CHALLENGE"}`,
	} {
		head := base64.RawURLEncoding.EncodeToString([]byte(description))
		ch, err := cognitomfa.ParseChallenge(head + ".session")
		require.NoError(t, err)
		err = answerAny(t.Context(), t, client, ch)
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, description)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), description)
	}
	for _, ch := range challengesFor("alice", cognitomfa.Secret{}) {
		err := answerAny(t.Context(), t, client, ch)
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, "%T without a session", ch)
	}
	for _, ch := range challengesFor("", session) {
		err := answerAny(t.Context(), t, client, ch)
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, "%T without a user", ch)
	}
}

// challengesFor returns one challenge of each type.
func challengesFor(username string, session cognitomfa.Secret) []cognitomfa.Challenge {
	return []cognitomfa.Challenge{
		&cognitomfa.MFAChallenge{Username: username, Session: session},
		&cognitomfa.SetupChallenge{Username: username, Session: session},
		&cognitomfa.SelectChallenge{Username: username, Session: session},
		&cognitomfa.NewPasswordChallenge{Username: username, Session: session},
		&cognitomfa.PasswordChallenge{Username: username, Session: session},
		&cognitomfa.OtherChallenge{Username: username, Session: session, Name: "SELECT_CHALLENGE"},
	}
}

// If the context ended before the call, the session is not used up.
func TestCanceledAnswersCostNoCall(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{}, config)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ch := range challengesFor("alice", session) {
		err := answerAny(ctx, t, client, ch)
		require.ErrorIs(t, err, context.Canceled, "%T", ch)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable, "%T", ch)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), "%T", ch)
	}
}
