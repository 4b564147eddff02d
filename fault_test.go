package cognitomfa_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// quickRetries is the SDK's own retryer, with its three attempts but without its pauses.
func quickRetries(o *cip.Options) {
	o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) {
		s.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// faulty is a pool whose client retries quickly.
type faulty struct {
	*cognitotest.Server
	client *cognitomfa.Client
}

// step is a call of the library that some operation of Cognito is about to break.
type step struct {
	operation string
	on        func(*cognitotest.Options)
	// prepare brings the user to where the call is made, and returns the call.
	prepare func(*testing.T, *faulty) func(context.Context) error
	// spends: the call spends a session, and is not sent again once it may have been applied.
	spends bool
	// watched: it is sent again also when its answer is cut off, and what the second try says is
	// understood.
	watched bool
	// second: it is not the first call of the step, so that after an error of any sort the step
	// cannot be repeated as it is.
	second bool
}

func noOutcome(_ any, err error) error { return err }

func access(t *testing.T, f *faulty) string {
	t.Helper()
	outcome, err := f.client.SignIn(t.Context(), "alice", password)
	return as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal()
}

// replacing brings the user to where he replaces an older authenticator: there the state of the
// pool alone does not tell whether a Verify was applied.
func replacing(t *testing.T, f *faulty) string {
	t.Helper()
	tokens := enrolled(t, f.Server, f.client)
	_, err := f.client.Enroll(t.Context(), tokens.Access.Reveal())
	require.NoError(t, err)
	return tokens.Access.Reveal()
}

// settingUp brings a user whom the pool demands MFA of to where he types the first code.
func settingUp(t *testing.T, f *faulty) *cognitomfa.SetupChallenge {
	t.Helper()
	outcome, err := f.client.SignIn(t.Context(), "alice", password)
	e, err := f.client.EnrollSetup(t.Context(), as[*cognitomfa.SetupChallenge](t, outcome, err))
	require.NoError(t, err)
	return e.Setup
}

var steps = map[string]step{
	"SignIn": {
		operation: "AdminInitiateAuth",
		prepare: func(_ *testing.T, f *faulty) func(context.Context) error {
			return func(ctx context.Context) error { return noOutcome(f.client.SignIn(ctx, "alice", password)) }
		},
	},
	"RespondMFA": {
		operation: "AdminRespondToAuthChallenge",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			enrolled(t, f.Server, f.client)
			outcome, err := f.client.SignIn(t.Context(), "alice", password)
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			return func(ctx context.Context) error { return noOutcome(f.client.RespondMFA(ctx, ch, f.Code("alice"))) }
		},
		spends: true,
	},
	"Enroll": {
		operation: "AssociateSoftwareToken",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			token := access(t, f)
			return func(ctx context.Context) error { return noOutcome(f.client.Enroll(ctx, token)) }
		},
	},
	"EnrollSetup": {
		operation: "AssociateSoftwareToken", on: mfaOn,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			outcome, err := f.client.SignIn(t.Context(), "alice", password)
			ch := as[*cognitomfa.SetupChallenge](t, outcome, err)
			return func(ctx context.Context) error { return noOutcome(f.client.EnrollSetup(ctx, ch)) }
		},
		spends: true,
	},
	"Verify, the code": {
		operation: "VerifySoftwareToken", watched: true,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			token := access(t, f)
			_, err := f.client.Enroll(t.Context(), token)
			require.NoError(t, err)
			code := f.Code("alice")
			return func(ctx context.Context) error { return f.client.Verify(ctx, token, code) }
		},
	},
	"Verify, the code of a new authenticator": {
		operation: "VerifySoftwareToken", watched: true,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			token := replacing(t, f)
			code := f.Code("alice")
			return func(ctx context.Context) error { return f.client.Verify(ctx, token, code) }
		},
	},
	"Verify, the preference": {
		operation: "SetUserMFAPreference",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			token := access(t, f)
			_, err := f.client.Enroll(t.Context(), token)
			require.NoError(t, err)
			return func(ctx context.Context) error {
				unsent := ctx.Err() != nil
				err := f.client.Verify(ctx, token, f.Code("alice"))
				if err != nil && !unsent {
					require.ErrorIs(t, err, cognitomfa.ErrNotEnabled)
					// What the error asks for.
					require.NoError(t, f.client.Enable(t.Context(), token))
					assert.Equal(t, cognitomfa.MethodTOTP, status(t, f.client, token).Preferred)
				}
				return err
			}
		},
	},
	"VerifySetup, the code": {
		operation: "VerifySoftwareToken", on: mfaOn,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			setup := settingUp(t, f)
			return func(ctx context.Context) error { return noOutcome(f.client.VerifySetup(ctx, setup, f.Code("alice"))) }
		},
		spends: true,
	},
	"VerifySetup, the answer": {
		operation: "AdminRespondToAuthChallenge", on: mfaOn,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			setup := settingUp(t, f)
			return func(ctx context.Context) error { return noOutcome(f.client.VerifySetup(ctx, setup, f.Code("alice"))) }
		},
		spends: true, second: true,
	},
	"VerifySetup, the preference": {
		operation: "SetUserMFAPreference", on: mfaOn,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			setup := settingUp(t, f)
			return func(ctx context.Context) error {
				unsent := ctx.Err() != nil
				outcome, err := f.client.VerifySetup(ctx, setup, f.Code("alice"))
				if !unsent {
					require.IsType(t, (*cognitomfa.Tokens)(nil), outcome, "the tokens are not lost")
				}
				return err
			}
		},
	},
	"Status": {
		operation: "GetUser",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			token := access(t, f)
			return func(ctx context.Context) error { return noOutcome(f.client.Status(ctx, token)) }
		},
	},
	"Disable": {
		operation: "SetUserMFAPreference",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			tokens := enrolled(t, f.Server, f.client)
			return func(ctx context.Context) error { return f.client.Disable(ctx, tokens.Access.Reveal()) }
		},
	},
	"Disable, the pool": {
		operation: "GetUserPoolMfaConfig",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			tokens := enrolled(t, f.Server, f.client)
			return func(ctx context.Context) error { return f.client.Disable(ctx, tokens.Access.Reveal()) }
		},
	},
	"ResetTOTP": {
		operation: "AdminDeleteSoftwareToken", watched: true,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			enrolled(t, f.Server, f.client)
			return func(ctx context.Context) error { return f.client.ResetTOTP(ctx, "alice") }
		},
	},
	"ResetTOTP, the sign-out": {
		operation: "AdminUserGlobalSignOut",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			enrolled(t, f.Server, f.client)
			return func(ctx context.Context) error {
				return f.client.ResetTOTP(ctx, "alice", func(o *cognitomfa.ResetOptions) { o.SignOut = true })
			}
		},
	},
	"Refresh": {
		operation: "GetTokensFromRefreshToken",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			outcome, err := f.client.SignIn(t.Context(), "alice", password)
			tokens := as[*cognitomfa.Tokens](t, outcome, err)
			return func(ctx context.Context) error { return noOutcome(f.client.Refresh(ctx, tokens.Refresh.Reveal())) }
		},
	},
	"Revoke": {
		operation: "RevokeToken",
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			outcome, err := f.client.SignIn(t.Context(), "alice", password)
			tokens := as[*cognitomfa.Tokens](t, outcome, err)
			return func(ctx context.Context) error { return f.client.Revoke(ctx, tokens.Refresh.Reveal()) }
		},
	},
	"SignOut": {
		operation: "GlobalSignOut", watched: true,
		prepare: func(t *testing.T, f *faulty) func(context.Context) error {
			t.Helper()
			token := access(t, f)
			return func(ctx context.Context) error { return f.client.SignOut(ctx, token) }
		},
	},
}

func status(t *testing.T, client *cognitomfa.Client, accessToken string) *cognitomfa.Status {
	t.Helper()
	s, err := client.Status(t.Context(), accessToken)
	require.NoError(t, err)
	return s
}

// interrupt cancels a context at the moment when an operation is on its way to Cognito or back.
type interrupt struct {
	cip.HTTPClient
	operation string
	cancel    context.CancelFunc
	applied   bool // the request arrives, and the answer is no longer waited for
}

func (i *interrupt) Do(r *http.Request) (*http.Response, error) {
	if i.cancel == nil || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+i.operation) {
		return i.HTTPClient.Do(r)
	}
	if i.applied {
		answer, err := i.HTTPClient.Do(r)
		if err != nil {
			return nil, err
		}
		if err := answer.Body.Close(); err != nil {
			return nil, err
		}
	}
	i.cancel()
	i.cancel = nil
	return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: context.Canceled}
}

// Every step x every mishap on the way to Cognito and back, with the SDK's own retries on: what the
// caller is told is right, and the user gets in afterwards.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	type want struct {
		kind error // nil: it ends well
		step cognitomfa.Step
	}
	well := want{}
	for fault, tc := range map[string]struct {
		faults    []cognitotest.Fault
		interrupt func(*interrupt)
		unsent    bool
		want      want // of a call that may be sent again
		watched   bool // a call whose second try is understood ends well
		spending  want // of a call that spends a session
	}{
		"none":                     {want: well, spending: well},
		"dropped before, once":     {faults: times(1, cognitotest.DropBefore()), want: well, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"dropped before, always":   {faults: times(3, cognitotest.DropBefore()), want: want{cognitomfa.ErrUnavailable, cognitomfa.StepBackOff}, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"dropped after, once":      {faults: times(1, cognitotest.DropAfter()), want: well, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"dropped after, twice":     {faults: times(2, cognitotest.DropAfter()), want: well, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"cut off, once":            {faults: times(1, cognitotest.CutAnswer()), want: want{cognitomfa.ErrUnavailable, cognitomfa.StepBackOff}, watched: true, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"dropped after, then once": {faults: []cognitotest.Fault{cognitotest.DropAfter(), cognitotest.Throttle()}, want: well, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"throttled, once":          {faults: times(1, cognitotest.Throttle()), want: well, spending: well},
		"throttled, always":        {faults: times(3, cognitotest.Throttle()), want: want{cognitomfa.ErrThrottled, cognitomfa.StepBackOff}, spending: want{cognitomfa.ErrThrottled, cognitomfa.StepBackOff}},
		"internal error, once":     {faults: times(1, cognitotest.InternalError()), want: well, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"internal error, always":   {faults: times(3, cognitotest.InternalError()), want: want{cognitomfa.ErrUnavailable, cognitomfa.StepBackOff}, spending: want{cognitomfa.ErrUnavailable, cognitomfa.StepStartOver}},
		"cancelled before":         {unsent: true, want: want{context.Canceled, cognitomfa.StepBackOff}, spending: want{context.Canceled, cognitomfa.StepBackOff}},
		"cancelled on the way":     {interrupt: func(*interrupt) {}, want: want{context.Canceled, cognitomfa.StepBackOff}, spending: want{context.Canceled, cognitomfa.StepStartOver}},
		"cancelled when applied":   {interrupt: func(i *interrupt) { i.applied = true }, want: want{context.Canceled, cognitomfa.StepBackOff}, spending: want{context.Canceled, cognitomfa.StepStartOver}},
	} {
		for name, s := range steps {
			t.Run(name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				var optFns []func(*cognitotest.Options)
				if s.on != nil {
					optFns = append(optFns, s.on)
				}
				srv, _ := newPool(t, optFns...)
				stop := &interrupt{operation: s.operation}
				f := &faulty{Server: srv, client: newClient(t, srv.Client(quickRetries, func(o *cip.Options) {
					stop.HTTPClient = o.HTTPClient
					o.HTTPClient = stop
				}), configOf(srv))}
				call := s.prepare(t, f)

				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tc.interrupt != nil {
					tc.interrupt(stop)
					stop.cancel = cancel
				}
				if tc.unsent {
					cancel()
				}
				faults := tc.faults
				if s.spends && errors.Is(tc.spending.kind, cognitomfa.ErrUnavailable) {
					faults = faults[:1] // There is no second try.
				}
				srv.Fail(s.operation, faults...)
				err := call(ctx)
				stop.cancel = nil
				cancel() // Cancelling after the end changes nothing.

				want := tc.want
				switch {
				case s.spends:
					want = tc.spending
				case s.watched && tc.watched:
					want = well
				}
				if s.second && want.kind != nil && !tc.unsent {
					want.step = cognitomfa.StepStartOver
				}
				if want.kind == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, want.kind)
					assert.Equal(t, want.step, cognitomfa.NextStep(err), err)
				}
				for _, reason := range []error{cognitomfa.ErrCodeMismatch, cognitomfa.ErrCodeUsed, cognitomfa.ErrSessionUsed, cognitomfa.ErrSessionExpired, cognitomfa.ErrAccessToken} {
					assert.NotErrorIs(t, err, reason, "a wrong reason")
				}
				if err == nil && strings.HasPrefix(name, "Verify") {
					assert.Equal(t, string(cognitomfa.MethodTOTP), srv.User("alice").Preferred, "the preference is set")
				}
				getsIn(t, f)
			})
		}
	}
}

func times(n int, fault cognitotest.Fault) []cognitotest.Fault {
	faults := make([]cognitotest.Fault, n)
	for i := range faults {
		faults[i] = fault
	}
	return faults
}

// getsIn signs alice in, whatever she is asked for.
func getsIn(t *testing.T, f *faulty) {
	t.Helper()
	f.Advance(30 * time.Second) // No code is spent yet.
	outcome, err := f.client.SignIn(t.Context(), "alice", password)
	require.NoError(t, err)
	if setup, ok := outcome.(*cognitomfa.SetupChallenge); ok {
		e, err := f.client.EnrollSetup(t.Context(), setup)
		require.NoError(t, err)
		outcome, err = f.client.VerifySetup(t.Context(), e.Setup, f.Code("alice"))
		require.NoError(t, err)
	}
	if challenge, ok := outcome.(*cognitomfa.MFAChallenge); ok {
		outcome, err = f.client.RespondMFA(t.Context(), challenge, f.VerifiedCode("alice"))
		require.NoError(t, err)
	}
	require.IsType(t, (*cognitomfa.Tokens)(nil), outcome)
}

// What was never sent has spent nothing: the same call may be made again.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	srv.Close()
	_, err := client.RespondMFA(t.Context(), &cognitomfa.MFAChallenge{Username: "alice", Session: aSession}, "123456")
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
}
