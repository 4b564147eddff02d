package cognitomfa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A caller who does what NextStep says reaches the goal, whatever the network does on the way.

const (
	newPassword = "N3w-Passw0rd!"
	// leak stands for what a server or a middlebox may send by mistake.
	leak = "eyJraWQiOiJsZWFr.eyJzdWIiOiJsZWFrIn0.c2ln"
)

// breakage is what happens to one request.
type breakage struct {
	arrives bool // the pool applies the request
	respond func(*http.Request) (*http.Response, error)
}

func broken(err error) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: err}
	}
}

func replies(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			ContentLength: int64(len(body)),
			Header:        http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
			Body:          io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func cutOff(r *http.Request) (*http.Response, error) {
	resp, err := replies(http.StatusOK, "")(r)
	if err == nil {
		resp.Body = io.NopCloser(io.MultiReader(
			strings.NewReader(`{"AccessToken":"`+leak), readerError{io.ErrUnexpectedEOF}))
		resp.ContentLength = -1
	}
	return resp, err
}

type readerError struct{ error }

func (e readerError) Read([]byte) (int, error) { return 0, e.error }

// timeLimitError is the error of an HTTP client whose own time limit has passed.
type timeLimitError struct{}

func (timeLimitError) Error() string   { return "Client.Timeout exceeded " + leak }
func (timeLimitError) Timeout() bool   { return true }
func (timeLimitError) Temporary() bool { return true }
func (timeLimitError) Is(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) // as net/http's own
}

var (
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	throttled  = replies(http.StatusBadRequest, `{"__type":"TooManyRequestsException","message":"Rate exceeded"}`)
)

var breakages = map[string]breakage{
	"refused":            {false, broken(errRefused)},
	"reset before":       {false, broken(errReset)},
	"reset after":        {true, broken(errReset)},
	"closed before":      {false, broken(io.EOF)},
	"closed after":       {true, broken(io.EOF)},
	"time limit before":  {false, broken(timeLimitError{})},
	"time limit after":   {true, broken(timeLimitError{})},
	"unreadable header":  {true, broken(errors.New("malformed HTTP response " + leak))},
	"cut off":            {true, cutOff},
	"throttled":          {false, throttled},
	"500 before":         {false, replies(http.StatusInternalServerError, `{"__type":"InternalErrorException"}`)},
	"500 after":          {true, replies(http.StatusInternalServerError, `{"__type":"InternalErrorException"}`)},
	"502 of a proxy":     {false, replies(http.StatusBadGateway, "<html>"+leak)},
	"200 with nothing":   {true, replies(http.StatusOK, "")},
	"200 with no member": {true, replies(http.StatusOK, "{}")},
	"200 with a page":    {true, replies(http.StatusOK, "<html>"+leak)},
	"200, wrong types":   {true, replies(http.StatusOK, `{"Username":5,"AuthenticationResult":["`+leak+`"],"Session":{},"Status":1}`)},
	"400 with nothing":   {true, replies(http.StatusBadRequest, "")},
	"400 of a proxy":     {false, replies(http.StatusBadRequest, `{"__type":"`+leak+`","message":"`+leak+`"}`)},
}

// breaker breaks the next requests of one operation.
type breaker struct {
	cip.HTTPClient

	mu        sync.Mutex
	operation string
	left      int
	breakage  breakage
}

func (b *breaker) arm(operation string, times int, what breakage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.operation, b.left, b.breakage = operation, times, what
}

func (b *breaker) Do(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	breaks := b.left > 0 && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+b.operation)
	if breaks {
		b.left--
	}
	b.mu.Unlock()
	if !breaks {
		return b.HTTPClient.Do(r)
	}
	if b.breakage.arrives {
		resp, err := b.HTTPClient.Do(r)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return nil, err
		}
	}
	return b.breakage.respond(r)
}

func noDelay(o *retry.StandardOptions) {
	o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
}

// own is a retryer of the first version, as applications may have written it.
type own struct{ aws.Retryer }

var retryers = map[string]func() aws.Retryer{
	"standard": func() aws.Retryer { return retry.NewStandard(noDelay) },
	"none":     func() aws.Retryer { return aws.NopRetryer{} },
	"quota used up": func() aws.Retryer {
		return retry.NewStandard(noDelay, func(o *retry.StandardOptions) { o.RateLimiter = ratelimit.NewTokenRateLimit(1) })
	},
	"adaptive": func() aws.Retryer {
		return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, noDelay)
			o.RequestCost = 0 // It never waits.
		})
	},
	"of one's own": func() aws.Retryer { return own{retry.NewStandard(noDelay)} },
}

// journey is one caller on the way to a goal.
type journey struct {
	*cognitotest.Server
	client *cognitomfa.Client

	access, refresh string
	challenge       cognitomfa.Challenge
	outcome         cognitomfa.Outcome
	key             *cognitomfa.Enrollment
	status          *cognitomfa.Status
	device          *cognitomfa.Device
}

// goal is what a caller wants of a step, and how.
type goal struct {
	operation string // that breaks
	on        []func(*cognitotest.Options)
	flow      cognitomfa.Flow
	user      cognitotest.User
	begin     func(*testing.T, *journey)
	call      func(context.Context, *journey) error
	// startOver brings the caller back to where call can be made; the default is begin.
	startOver func(*testing.T, *journey)
	reached   func(*testing.T, *journey, error)
}

func withEmail(o *cognitotest.Options)    { o.Email = true }
func withRotation(o *cognitotest.Options) { o.RefreshTokenRotation = true }

var (
	enrolledUser = cognitotest.User{TOTP: "JBSWY3DPEHPK3PXP"}
	mustChange   = cognitotest.User{Status: types.UserStatusTypeForceChangePassword}
	twoMethods   = cognitotest.User{
		TOTP: "JBSWY3DPEHPK3PXP", Email: "alice@example.com",
		Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}, Preferred: "SOFTWARE_TOKEN_MFA",
	}
)

// begun signs in as far as the password goes.
func begun(t *testing.T, j *journey) {
	t.Helper()
	j.Advance(30 * time.Second) // No code was used before.
	outcome, err := j.client.SignIn(t.Context(), "alice", password)
	require.NoError(t, err)
	j.challenge, _ = outcome.(cognitomfa.Challenge)
	j.outcome = outcome
}

// inside has alice signed in from before.
func inside(t *testing.T, j *journey) {
	t.Helper()
	tokens := j.IssueTokens("alice")
	j.access, j.refresh = *tokens.AccessToken, *tokens.RefreshToken
	j.Advance(2 * time.Second) // A sign-out reaches what is older than a second.
}

func enrolling(t *testing.T, j *journey) {
	t.Helper()
	inside(t, j)
	_, err := j.client.Enroll(t.Context(), j.access)
	require.NoError(t, err)
	j.Advance(30 * time.Second)
}

// settingMFAUp is where a user types the first code of a set-up, or, if the set-up was finished by
// a call whose response was lost, the code of a sign-in.
func settingMFAUp(t *testing.T, j *journey) {
	t.Helper()
	begun(t, j)
	setup, ok := j.challenge.(*cognitomfa.SetupChallenge)
	if !ok {
		return
	}
	e, err := j.client.EnrollSetup(t.Context(), setup)
	require.NoError(t, err)
	j.challenge = e.Setup
}

func finishSetup(ctx context.Context, j *journey) (err error) {
	switch ch := j.challenge.(type) {
	case *cognitomfa.SetupChallenge:
		j.outcome, err = j.client.VerifySetup(ctx, ch, j.Code("alice"))
		if tokens, ok := j.outcome.(*cognitomfa.Tokens); ok && errors.Is(err, cognitomfa.ErrNotEnabled) {
			j.challenge, j.access = nil, tokens.Access.Reveal()
		}
	case *cognitomfa.MFAChallenge:
		j.outcome, err = j.client.RespondMFA(ctx, ch, j.VerifiedCode("alice"))
	case *cognitomfa.NewPasswordChallenge, *cognitomfa.OtherChallenge, *cognitomfa.SelectChallenge,
		*cognitomfa.PasswordChallenge:
		err = fmt.Errorf("no set-up leads to %T", ch)
	case nil: // ErrNotEnabled has said what is left to do.
		err = j.client.Enable(ctx, j.access)
	}
	return err
}

// signsIn is the goal of whoever signs in.
func signsIn(t *testing.T, j *journey, err error) {
	t.Helper()
	require.NoError(t, err)
	tokens := as[*cognitomfa.Tokens](t, j.outcome, nil)
	status(t, j.client, tokens.Access.Reveal())
}

func totpIsOn(t *testing.T, j *journey, err error) {
	t.Helper()
	require.NoError(t, err)
	assert.True(t, status(t, j.client, j.access).TOTP())
	j.Advance(30 * time.Second)
	outcome, err := j.client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

func oldTokensAreDead(t *testing.T, j *journey) {
	t.Helper()
	_, err := j.client.Status(t.Context(), j.access)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
	_, err = j.client.Refresh(t.Context(), j.refresh)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
}

func authenticatorIsGone(t *testing.T, j *journey, err error) {
	t.Helper()
	if !errors.Is(err, cognitomfa.ErrNotEnrolled) { // Nothing is left to reset: so much is true.
		require.NoError(t, err)
	}
	outcome, err := j.client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.Tokens](t, outcome, err)
}

var goals = map[string]goal{
	"SignIn": {
		operation: "AdminInitiateAuth", begin: func(*testing.T, *journey) {},
		call: func(ctx context.Context, j *journey) (err error) {
			j.outcome, err = j.client.SignIn(ctx, "alice", password)
			return err
		},
		reached: signsIn,
	},
	"SignIn by SRP, the first call": {
		operation: "AdminInitiateAuth", flow: cognitomfa.FlowSRP, begin: func(*testing.T, *journey) {},
		call: signingIn, reached: signsIn,
	},
	"SignIn by SRP, the proof": {
		operation: "AdminRespondToAuthChallenge", flow: cognitomfa.FlowSRP, begin: func(*testing.T, *journey) {},
		call: signingIn, reached: signsIn,
	},
	"SignIn by choice": {
		operation: "AdminInitiateAuth", flow: cognitomfa.FlowUserAuth, begin: func(*testing.T, *journey) {},
		call: signingIn, reached: signsIn,
	},
	"SignIn on a device": {
		operation: "AdminRespondToAuthChallenge", on: tracking, flow: cognitomfa.FlowSRP, user: enrolledUser,
		begin: func(t *testing.T, j *journey) {
			t.Helper()
			newDeviceOf(t, j)
			require.NoError(t, remembering(t.Context(), j))
		},
		call: signingIn, reached: signsIn,
	},
	"RememberDevice": {
		operation: "ConfirmDevice", on: tracking, flow: cognitomfa.FlowSRP, user: enrolledUser,
		begin: newDeviceOf, call: remembering,
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			require.NoError(t, signingIn(t.Context(), j))
			signsIn(t, j, nil)
		},
	},
	"ForgetDevice": {
		operation: "ForgetDevice", on: tracking, flow: cognitomfa.FlowSRP, user: enrolledUser,
		begin: func(t *testing.T, j *journey) {
			t.Helper()
			newDeviceOf(t, j)
			require.NoError(t, remembering(t.Context(), j))
		},
		call: func(ctx context.Context, j *journey) error { return j.client.ForgetDevice(ctx, j.access, j.device.Key) },
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			require.NoError(t, signingIn(t.Context(), j))
			assert.True(t, as[*cognitomfa.MFAChallenge](t, j.outcome, nil).DeviceUnknown)
		},
	},
	"RespondPassword": {
		operation: "AdminRespondToAuthChallenge", flow: cognitomfa.FlowUserAuth,
		begin: func(t *testing.T, j *journey) {
			t.Helper()
			out, err := j.Server.Client().InitiateAuth(t.Context(), &cip.InitiateAuthInput{
				AuthFlow: types.AuthFlowTypeUserAuth, ClientId: &j.ClientID,
				AuthParameters: map[string]string{"USERNAME": "alice", "PREFERRED_CHALLENGE": "PASSWORD"},
			})
			require.NoError(t, err)
			j.challenge = cognitomfa.NewChallenge(string(out.ChallengeName), *out.Session, "alice", nil)
		},
		call: func(ctx context.Context, j *journey) (err error) {
			j.outcome, err = j.client.RespondPassword(ctx, j.challenge.(*cognitomfa.PasswordChallenge), password)
			return err
		},
		reached: signsIn,
	},
	"RespondMFA": {
		operation: "AdminRespondToAuthChallenge", user: enrolledUser, begin: begun,
		call: func(ctx context.Context, j *journey) (err error) {
			j.outcome, err = j.client.RespondMFA(ctx, j.challenge.(*cognitomfa.MFAChallenge), j.Code("alice"))
			return err
		},
		reached: signsIn,
	},
	"SelectMFA": {
		operation: "AdminRespondToAuthChallenge", on: []func(*cognitotest.Options){withEmail},
		user: cognitotest.User{
			TOTP: "JBSWY3DPEHPK3PXP", Email: "alice@example.com", Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
		},
		begin: begun,
		call: func(ctx context.Context, j *journey) (err error) {
			j.outcome, err = j.client.SelectMFA(ctx, j.challenge.(*cognitomfa.SelectChallenge), cognitomfa.MethodTOTP)
			return err
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			ch := as[*cognitomfa.MFAChallenge](t, j.outcome, err)
			outcome, err := j.client.RespondMFA(t.Context(), ch, j.Code("alice"))
			as[*cognitomfa.Tokens](t, outcome, err)
		},
	},
	"SetNewPassword": {
		operation: "AdminRespondToAuthChallenge", user: mustChange, begin: begun,
		call: func(ctx context.Context, j *journey) (err error) {
			ch, ok := j.challenge.(*cognitomfa.NewPasswordChallenge)
			if !ok {
				return nil // The new password is set.
			}
			j.outcome, err = j.client.SetNewPassword(ctx, ch, newPassword, nil)
			return err
		},
		// The error says to try the new password first.
		startOver: func(t *testing.T, j *journey) {
			t.Helper()
			outcome, err := j.client.SignIn(t.Context(), "alice", newPassword)
			if errors.Is(err, cognitomfa.ErrCredentials) {
				begun(t, j)
				return
			}
			require.NoError(t, err)
			j.challenge, j.outcome = nil, outcome
		},
		reached: signsIn,
	},
	"Respond": {
		operation: "AdminRespondToAuthChallenge", user: enrolledUser,
		begin: func(t *testing.T, j *journey) {
			t.Helper()
			begun(t, j)
			ch := j.challenge.(*cognitomfa.MFAChallenge)
			j.challenge = &cognitomfa.OtherChallenge{
				Username: ch.Username, Session: ch.Session, Name: "SOFTWARE_TOKEN_MFA",
			}
		},
		call: func(ctx context.Context, j *journey) (err error) {
			answers := map[string]string{"SOFTWARE_TOKEN_MFA_CODE": j.Code("alice")}
			j.outcome, err = j.client.Respond(ctx, j.challenge.(*cognitomfa.OtherChallenge), answers)
			return err
		},
		reached: signsIn,
	},
	"SetupEmail": {
		operation: "AdminRespondToAuthChallenge", on: []func(*cognitotest.Options){mfaOn, withEmail}, begin: begun,
		call: func(ctx context.Context, j *journey) (err error) {
			if ch, ok := j.challenge.(*cognitomfa.SetupChallenge); ok {
				j.outcome, err = j.client.SetupEmail(ctx, ch, "alice@example.com")
			}
			return err
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			ch := as[*cognitomfa.MFAChallenge](t, j.outcome, err)
			outbox := j.Outbox("alice")
			outcome, err := j.client.RespondMFA(t.Context(), ch, outbox[len(outbox)-1].Code)
			as[*cognitomfa.Tokens](t, outcome, err)
		},
	},
	"Enroll": {
		operation: "AssociateSoftwareToken", begin: inside,
		call: func(ctx context.Context, j *journey) (err error) {
			j.key, err = j.client.Enroll(ctx, j.access)
			return err
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			code, err := j.key.Key.Code(j.Now())
			require.NoError(t, err)
			totpIsOn(t, j, j.client.Verify(t.Context(), j.access, code))
		},
	},
	"EnrollSetup": {
		operation: "AssociateSoftwareToken", on: []func(*cognitotest.Options){mfaOn}, begin: begun,
		call: func(ctx context.Context, j *journey) (err error) {
			j.key, err = j.client.EnrollSetup(ctx, j.challenge.(*cognitomfa.SetupChallenge))
			return err
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			code, err := j.key.Key.Code(j.Now())
			require.NoError(t, err)
			outcome, err := j.client.VerifySetup(t.Context(), j.key.Setup, code)
			as[*cognitomfa.Tokens](t, outcome, err)
		},
	},
	"Verify, the code": {
		operation: "VerifySoftwareToken", begin: enrolling,
		call:    func(ctx context.Context, j *journey) error { return verifyOrEnable(ctx, j) },
		reached: totpIsOn,
	},
	"Verify, the preference": {
		operation: "SetUserMFAPreference", begin: enrolling,
		call:    func(ctx context.Context, j *journey) error { return verifyOrEnable(ctx, j) },
		reached: totpIsOn,
	},
	"VerifySetup, the code": {
		operation: "VerifySoftwareToken", on: []func(*cognitotest.Options){mfaOn},
		begin: settingMFAUp, call: finishSetup, reached: setUp,
	},
	"VerifySetup, the answer": {
		operation: "AdminRespondToAuthChallenge", on: []func(*cognitotest.Options){mfaOn},
		begin: settingMFAUp, call: finishSetup, reached: setUp,
	},
	"VerifySetup, the preference": {
		operation: "SetUserMFAPreference", on: []func(*cognitotest.Options){mfaOn},
		begin: settingMFAUp, call: finishSetup, reached: setUp,
	},
	"Status": {
		operation: "GetUser", user: enrolledUser, begin: inside,
		call: func(ctx context.Context, j *journey) (err error) {
			j.status, err = j.client.Status(ctx, j.access)
			return err
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			assert.True(t, j.status.TOTP(), "never that MFA is off")
		},
	},
	"UserStatus": {
		operation: "AdminGetUser", user: enrolledUser, begin: inside,
		call: func(ctx context.Context, j *journey) (err error) {
			j.status, err = j.client.UserStatus(ctx, "alice")
			return err
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			assert.True(t, j.status.TOTP(), "never that MFA is off")
			assert.Equal(t, "CONFIRMED", j.status.UserStatus)
			assert.False(t, j.status.Disabled)
		},
	},
	"Enable": {
		operation: "SetUserMFAPreference", user: cognitotest.User{TOTP: "JBSWY3DPEHPK3PXP", Methods: []string{}}, begin: inside,
		call:    func(ctx context.Context, j *journey) error { return j.client.Enable(ctx, j.access) },
		reached: totpIsOn,
	},
	"Disable": {
		operation: "SetUserMFAPreference", user: enrolledUser, begin: inside,
		call:    func(ctx context.Context, j *journey) error { return j.client.Disable(ctx, j.access) },
		reached: authenticatorIsOff,
	},
	"Disable, the pool": {
		operation: "GetUserPoolMfaConfig", user: enrolledUser, begin: inside,
		call:    func(ctx context.Context, j *journey) error { return j.client.Disable(ctx, j.access) },
		reached: authenticatorIsOff,
	},
	"Disable, where MFA is required": {
		operation: "GetUserPoolMfaConfig", on: []func(*cognitotest.Options){mfaOn}, user: enrolledUser, begin: inside,
		call: func(ctx context.Context, j *journey) error { return j.client.Disable(ctx, j.access) },
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.ErrorIs(t, err, cognitomfa.ErrMFARequired)
			assert.True(t, status(t, j.client, j.access).TOTP())
		},
	},
	"SetMethods": {
		operation: "SetUserMFAPreference", on: []func(*cognitotest.Options){withEmail}, user: twoMethods, begin: inside,
		call: func(ctx context.Context, j *journey) error {
			return j.client.SetMethods(ctx, j.access, []cognitomfa.Method{cognitomfa.MethodEmail}, cognitomfa.MethodEmail)
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			s := status(t, j.client, j.access)
			assert.Equal(t, []cognitomfa.Method{cognitomfa.MethodEmail}, s.Enabled)
			assert.Equal(t, cognitomfa.MethodEmail, s.Preferred)
		},
	},
	"ResetTOTP": {
		operation: "AdminDeleteSoftwareToken", user: enrolledUser, begin: inside,
		call:    func(ctx context.Context, j *journey) error { return j.client.ResetTOTP(ctx, "alice") },
		reached: authenticatorIsGone,
	},
	"ResetTOTP and sign out, the sign-out": {
		operation: "AdminUserGlobalSignOut", user: enrolledUser, begin: inside,
		call: resetAndSignOut, reached: resetAndSignedOut,
	},
	"ResetTOTP and sign out, the reset": {
		operation: "AdminDeleteSoftwareToken", user: enrolledUser, begin: inside,
		call: resetAndSignOut, reached: resetAndSignedOut,
	},
	"SignOutUser": {
		operation: "AdminUserGlobalSignOut", begin: inside,
		call: func(ctx context.Context, j *journey) error { return j.client.SignOutUser(ctx, "alice") },
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			oldTokensAreDead(t, j)
		},
	},
	"SignOut": {
		operation: "GlobalSignOut", begin: inside,
		call: func(ctx context.Context, j *journey) error { return j.client.SignOut(ctx, j.access) },
		// Whoever is told that the token is dead signs in again, and signs out everywhere.
		startOver: func(t *testing.T, j *journey) {
			t.Helper()
			j.access = *j.IssueTokens("alice").AccessToken
			j.Advance(2 * time.Second)
		},
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			if !errors.Is(err, cognitomfa.ErrAccessToken) { // A try whose response was lost has ended it.
				require.NoError(t, err)
			}
			oldTokensAreDead(t, j)
		},
	},
	"Revoke": {
		operation: "RevokeToken", begin: inside,
		call: func(ctx context.Context, j *journey) error { return j.client.Revoke(ctx, j.refresh) },
		reached: func(t *testing.T, j *journey, err error) {
			t.Helper()
			require.NoError(t, err)
			oldTokensAreDead(t, j)
		},
	},
	"Refresh":               {operation: "GetTokensFromRefreshToken", begin: inside, call: refreshing, reached: signsIn},
	"Refresh with rotation": {operation: "GetTokensFromRefreshToken", on: []func(*cognitotest.Options){withRotation}, begin: inside, call: refreshing, reached: signsIn},
	"UsersWithoutMFA, the list": {
		operation: "ListUsers", begin: inside, call: listing, reached: listed,
	},
	"UsersWithoutMFA, a user": {
		operation: "AdminGetUser", begin: inside, call: listing, reached: listed,
	},
}

var tracking = []func(*cognitotest.Options){func(o *cognitotest.Options) { o.Devices = &always }}

func signingIn(ctx context.Context, j *journey) (err error) {
	j.outcome, err = j.client.SignIn(ctx, "alice", password, on(j.device))
	return err
}

// newDeviceOf signs alice in with a code, on a device that is new.
func newDeviceOf(t *testing.T, j *journey) {
	t.Helper()
	begun(t, j)
	outcome, err := j.client.RespondMFA(t.Context(), j.challenge.(*cognitomfa.MFAChallenge), j.Code("alice"))
	j.outcome, j.access = outcome, as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal()
}

func remembering(ctx context.Context, j *journey) (err error) {
	j.device, err = j.client.RememberDevice(ctx, j.outcome.(*cognitomfa.Tokens), "")
	return err
}

func verifyOrEnable(ctx context.Context, j *journey) error {
	if j.status != nil { // ErrNotEnabled has said so.
		return j.client.Enable(ctx, j.access)
	}
	err := j.client.Verify(ctx, j.access, j.Code("alice"))
	if errors.Is(err, cognitomfa.ErrNotEnabled) {
		j.status = &cognitomfa.Status{}
	}
	return err
}

func setUp(t *testing.T, j *journey, err error) {
	t.Helper()
	require.NoError(t, err)
	tokens := as[*cognitomfa.Tokens](t, j.outcome, nil)
	j.access = tokens.Access.Reveal()
	j.Advance(30 * time.Second)
	outcome, err := j.client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

func authenticatorIsOff(t *testing.T, j *journey, err error) {
	t.Helper()
	require.NoError(t, err)
	assert.False(t, status(t, j.client, j.access).TOTP())
}

func resetAndSignOut(ctx context.Context, j *journey) error {
	return j.client.ResetTOTP(ctx, "alice", func(o *cognitomfa.ResetOptions) { o.SignOut = true })
}

func resetAndSignedOut(t *testing.T, j *journey, err error) {
	t.Helper()
	oldTokensAreDead(t, j)
	authenticatorIsGone(t, j, err)
}

func refreshing(ctx context.Context, j *journey) error {
	tokens, err := j.client.Refresh(ctx, j.refresh)
	if err == nil {
		j.outcome = tokens
	}
	return err
}

func listing(ctx context.Context, j *journey) error {
	for s, err := range j.client.UsersWithoutMFA(ctx, func(o *cognitomfa.ListOptions) { o.PerSecond = 1e6 }) {
		if err != nil {
			return err
		}
		j.status = s
	}
	return nil
}

func listed(t *testing.T, j *journey, err error) {
	t.Helper()
	require.NoError(t, err)
	require.NotNil(t, j.status)
	assert.Equal(t, "alice", j.status.Username)
}

func TestGoalsAreReached(t *testing.T) {
	t.Parallel()
	for name, g := range goals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for retryer, newRetryer := range retryers {
				if g.flow == cognitomfa.FlowSRP && retryer != "standard" && retryer != "none" {
					continue // Its arithmetic takes time, and what is made of errors is the same.
				}
				for fault, what := range breakages {
					journeyTo(t, g, newRetryer(), what, 1, retryer+", "+fault)
					if retryer == "standard" { // The others do not come to a third try, or do the same there.
						journeyTo(t, g, newRetryer(), what, 3, retryer+", "+fault)
					}
				}
			}
		})
	}
}

// journeyTo breaks the first requests of a step, and then does what NextStep says.
func journeyTo(t *testing.T, g goal, retryer aws.Retryer, what breakage, times int, path string) {
	t.Helper()
	srv := cognitotest.NewServer(g.on...)
	defer srv.Close()
	user := g.user
	user.Username, user.Password = "alice", password
	srv.AddUser(user)
	net := &breaker{}
	j := &journey{Server: srv, client: newClient(t, srv.Client(func(o *cip.Options) {
		o.Retryer = retryer
		net.HTTPClient, o.HTTPClient = o.HTTPClient, net
	}), edited(configOf(srv), flowOf(g.flow)))}
	g.begin(t, j)
	net.arm(g.operation, times, what)
	err := g.call(t.Context(), j)
	var trail []string
	defer func() {
		if t.Failed() {
			t.Logf("%s, %d times:\n%s", path, times, strings.Join(trail, "\n"))
		}
	}()
	for range 4 {
		if err == nil {
			break
		}
		trail = append(trail, err.Error()+" -> "+string(cognitomfa.NextStep(err)))
		assertSpeakable(t, err, path)
		switch cognitomfa.NextStep(err) {
		case cognitomfa.StepGiveUp:
		case cognitomfa.StepStartOver:
			net.arm("", 0, breakage{}) // A person takes longer than the outage.
			if g.startOver != nil {
				g.startOver(t, j)
			} else {
				g.begin(t, j)
			}
			err = g.call(t.Context(), j)
			continue
		case cognitomfa.StepNextCode:
			j.Advance(30 * time.Second)
			fallthrough
		default:
			err = g.call(t.Context(), j)
			continue
		}
		break
	}
	if err != nil {
		trail = append(trail, err.Error()+" at last")
	}
	require.False(t, t.Failed())
	g.reached(t, j, err)
}

// assertSpeakable holds what every error promises: a kind, a step, one line, and nothing that the
// server sent or the user typed.
func assertSpeakable(t *testing.T, err error, path string) {
	t.Helper()
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e, path)
	assert.Error(t, e.Kind, path)
	text := err.Error()
	assert.NotContains(t, text, "\n", path)
	for _, secret := range []string{leak, leak[:12], password, newPassword, "alice", "AYABe"} {
		assert.NotContains(t, text, secret, path)
	}
	for _, reason := range []error{
		cognitomfa.ErrCodeMismatch, cognitomfa.ErrSessionUsed, cognitomfa.ErrSessionExpired, cognitomfa.ErrCredentials,
	} {
		assert.NotErrorIs(t, err, reason, "%s: a wrong reason", path)
	}
}
