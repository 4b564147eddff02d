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
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A caller who follows NextStep reaches the goal, whatever happens on the network. These tests
// combine every call of the library with every breakage.

// leak is text that a server or a proxy sends and that no error may repeat.
const leak = "eyJraWQiOiJsZWFr.eyJzdWIiOiJsZWFrIn0.c2ln"

// breakage is what happens to a request.
type breakage struct {
	arrives bool // Cognito applies the request
	// cancel: the caller gives up while the request is on its way.
	cancel  bool
	respond func(*http.Request) (*http.Response, error)

	// refused: the caller can tell that the request was not applied.
	refused bool
	// resent: the SDK sends the request again, unless the library forbids it.
	resent bool
	// unreadable: there is a response, but not what it should be.
	unreadable bool
}

func networkError(err error) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: err}
	}
}

func respondWith(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return httpResponse(r, status, body), nil
	}
}

func respondCutOff(r *http.Request) (*http.Response, error) {
	resp := httpResponse(r, http.StatusOK, "")
	resp.ContentLength = -1
	resp.Body = io.NopCloser(io.MultiReader(
		strings.NewReader(`{"AccessToken":"`+leak), iotest.ErrReader(io.ErrUnexpectedEOF)))
	return resp, nil
}

// timeLimitError is the error of an HTTP client that reached its own Timeout.
type timeLimitError struct{}

func (timeLimitError) Error() string   { return "Client.Timeout exceeded " + leak }
func (timeLimitError) Timeout() bool   { return true }
func (timeLimitError) Temporary() bool { return true }
func (timeLimitError) Is(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) // as net/http's own
}

var (
	errReset = &net.OpError{
		Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET),
	}
	errRefused = &net.OpError{
		Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}
)

var breakages = map[string]breakage{
	"connection refused": {refused: true, resent: true, respond: networkError(errRefused)},
	"reset before":       {resent: true, respond: networkError(errReset)},
	"reset after":        {arrives: true, resent: true, respond: networkError(errReset)},
	"closed after":       {arrives: true, resent: true, respond: networkError(io.EOF)},
	"time limit after":   {arrives: true, resent: true, respond: networkError(timeLimitError{})},
	"unreadable header": {
		arrives: true, resent: true,
		respond: networkError(errors.New("malformed HTTP response " + leak)),
	},
	"cut off":         {arrives: true, unreadable: true, respond: respondCutOff},
	"canceled before": {cancel: true, respond: networkError(context.Canceled)},
	"canceled after":  {arrives: true, cancel: true, respond: networkError(context.Canceled)},
	"throttled": {
		refused: true, resent: true,
		respond: respondWith(http.StatusBadRequest, `{"__type":"TooManyRequestsException"}`),
	},
	"500 after": {
		arrives: true, resent: true,
		respond: respondWith(http.StatusInternalServerError, `{"__type":"InternalErrorException"}`),
	},
	"502 of a proxy": {
		resent: true, respond: respondWith(http.StatusBadGateway, "<html>"+leak),
	},
	"200 with nothing":   {arrives: true, respond: respondWith(http.StatusOK, "")},
	"200 with no member": {arrives: true, respond: respondWith(http.StatusOK, "{}")},
	"200 with a page": {
		arrives: true, unreadable: true, respond: respondWith(http.StatusOK, "<html>"+leak),
	},
	"200 with wrong types": {
		arrives: true,
		respond: respondWith(http.StatusOK,
			`{"Username":5,"AuthenticationResult":["`+leak+`"],"Session":{},"Status":1}`),
	},
	"400 with nothing": {arrives: true, respond: respondWith(http.StatusBadRequest, "")},
	"400 of a proxy": {
		respond: respondWith(http.StatusBadRequest, `{"__type":"`+leak+`","message":"`+leak+`"}`),
	},
}

// breaker is an HTTP client that breaks the next requests of one operation.
type breaker struct {
	cip.HTTPClient

	mu        sync.Mutex
	operation string
	left      int
	breakage  breakage
	cancel    context.CancelFunc
}

// attach is an option of the fake's client.
func (b *breaker) attach(o *cip.Options) { b.HTTPClient, o.HTTPClient = o.HTTPClient, b }

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
	if b.breakage.cancel {
		b.cancel()
	}
	return b.breakage.respond(r)
}

// v1Retryer is a retryer for version 1 of the SDK's interface, which applications may still have.
type v1Retryer struct{ aws.Retryer }

func standardRetryer() aws.Retryer { return retry.NewStandard(noDelay) }

func noRetryer() aws.Retryer { return aws.NopRetryer{} }

// otherRetryers are other retryers that applications use.
var otherRetryers = map[string]func() aws.Retryer{
	"quota used up": func() aws.Retryer {
		return retry.NewStandard(noDelay, func(o *retry.StandardOptions) {
			o.RateLimiter = ratelimit.NewTokenRateLimit(1)
		})
	},
	"adaptive": func() aws.Retryer {
		return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, noDelay)
			o.RequestCost = 0 // It never waits.
		})
	},
	"of SDK version 1": func() aws.Retryer { return v1Retryer{standardRetryer()} },
}

// journey is a caller on the way to a goal, in a pool where alice is the only user.
type journey struct {
	*cognitotest.Server
	t      *testing.T
	client *cognitomfa.Client

	// The results of the caller's calls so far.
	access, refresh string
	challenge       cognitomfa.Challenge
	outcome         cognitomfa.Outcome
	enrollment      *cognitomfa.Enrollment
	status          *cognitomfa.Status
	device          *cognitomfa.Device
	notEnabled      bool // the last error was ErrNotEnabled
}

// goal is what a caller wants of a call.
type goal struct {
	operation string // the operation whose requests break
	options   []poolOption
	flow      cognitomfa.Flow
	user      cognitotest.User
	begin     func(*journey) // makes the calls that come before call
	call      func(context.Context, *journey) error
	startOver func(*journey) // the default is begin
	reached   func(*journey, error)

	// verdict is the error of the call if nothing breaks, nil for success.
	verdict error
	// ifLost is the caller's next step after a lost response if the call is not sent again because
	// it may have used up what authorizes it.
	ifLost cognitomfa.Step
	// rotates: Cognito rejects a second request once the first was applied.
	rotates bool
	// resentIfUnreadable: unlike the SDK, the library sends the call again after an unreadable
	// response.
	resentIfUnreadable bool
}

func nothing(*journey) {}

// signIn signs in with the password.
func (j *journey) signIn() {
	j.Advance(codePeriod) // No code was used before.
	outcome, err := j.client.SignIn(j.t.Context(), "alice", password)
	require.NoError(j.t, err)
	j.outcome = outcome
	j.challenge, _ = outcome.(cognitomfa.Challenge)
}

// haveTokens gives the caller tokens from an earlier sign-in.
func (j *journey) haveTokens() {
	tokens := j.IssueTokens("alice")
	j.access, j.refresh = *tokens.AccessToken, *tokens.RefreshToken
	j.Advance(2 * time.Second) // A sign-out revokes tokens older than a second.
}

// enroll leads a signed-in user to the first code.
func (j *journey) enroll() {
	j.haveTokens()
	_, err := j.client.Enroll(j.t.Context(), j.access)
	require.NoError(j.t, err)
	j.Advance(codePeriod)
}

// setUp leads a user who must set up MFA to the first code. If a call whose response was lost
// already finished the setup, it leads to the code of a sign-in.
func (j *journey) setUp() {
	j.signIn()
	setup, ok := j.challenge.(*cognitomfa.SetupChallenge)
	if !ok {
		return
	}
	enrollment, err := j.client.EnrollSetup(j.t.Context(), setup)
	require.NoError(j.t, err)
	j.challenge = enrollment.Setup
}

// newDevice signs in with a code on a new device.
func (j *journey) newDevice() {
	j.signIn()
	ch := as[*cognitomfa.MFAChallenge](j.t, j.outcome, nil)
	outcome, err := j.client.RespondMFA(j.t.Context(), ch, j.Code("alice"))
	j.outcome, j.access = outcome, as[*cognitomfa.Tokens](j.t, outcome, err).Access.Reveal()
}

func (j *journey) rememberedDevice() {
	j.newDevice()
	require.NoError(j.t, callRememberDevice(j.t.Context(), j))
}

// The calls.

func callSignIn(ctx context.Context, j *journey) (err error) {
	j.outcome, err = j.client.SignIn(ctx, "alice", password, withDevice(j.device))
	return err
}

func callRememberDevice(ctx context.Context, j *journey) (err error) {
	j.device, err = j.client.RememberDevice(ctx, j.outcome.(*cognitomfa.Tokens), "")
	return err
}

// callVerify calls Enable instead after ErrNotEnabled.
func callVerify(ctx context.Context, j *journey) error {
	if j.notEnabled {
		return j.client.Enable(ctx, j.access)
	}
	err := j.client.Verify(ctx, j.access, j.Code("alice"))
	j.notEnabled = errors.Is(err, cognitomfa.ErrNotEnabled)
	return err
}

// callVerifySetup does the same, and answers the challenge that follows a finished setup.
func callVerifySetup(ctx context.Context, j *journey) (err error) {
	if j.notEnabled {
		return j.client.Enable(ctx, as[*cognitomfa.Tokens](j.t, j.outcome, nil).Access.Reveal())
	}
	switch ch := j.challenge.(type) {
	case *cognitomfa.SetupChallenge:
		j.outcome, err = j.client.VerifySetup(ctx, ch, j.Code("alice"))
		j.notEnabled = errors.Is(err, cognitomfa.ErrNotEnabled)
	case *cognitomfa.MFAChallenge:
		j.outcome, err = j.client.RespondMFA(ctx, ch, j.VerifiedCode("alice"))
	case *cognitomfa.NewPasswordChallenge, *cognitomfa.OtherChallenge, *cognitomfa.SelectChallenge,
		*cognitomfa.PasswordChallenge:
		err = fmt.Errorf("no setup leads to %T", ch)
	}
	return err
}

func callDisable(ctx context.Context, j *journey) error { return j.client.Disable(ctx, j.access) }

func callReset(ctx context.Context, j *journey) error {
	return j.client.ResetTOTP(ctx, "alice", signOutToo)
}

func callRefresh(ctx context.Context, j *journey) error {
	tokens, err := j.client.Refresh(ctx, j.refresh)
	if err == nil {
		j.outcome = tokens
	}
	return err
}

func callList(ctx context.Context, j *journey) error {
	for s, err := range j.client.UsersWithoutMFA(ctx, unpaced) {
		if err != nil {
			return err
		}
		j.status = s
	}
	return nil
}

// What the caller wanted.

func signedIn(j *journey, err error) {
	require.NoError(j.t, err)
	tokens := as[*cognitomfa.Tokens](j.t, j.outcome, nil)
	statusOf(j.t, j.client, tokens.Access.Reveal())
}

func totpOn(j *journey, err error) {
	require.NoError(j.t, err)
	require.Equal(j.t, string(cognitomfa.MethodTOTP), j.User("alice").Preferred)
	j.signIn()
	as[*cognitomfa.MFAChallenge](j.t, j.outcome, nil)
}

func totpOff(j *journey, err error) {
	require.NoError(j.t, err)
	assert.False(j.t, statusOf(j.t, j.client, j.access).TOTP())
}

func setupFinished(j *journey, err error) {
	signedIn(j, err)
	j.signIn()
	as[*cognitomfa.MFAChallenge](j.t, j.outcome, nil)
}

func authenticatorGone(j *journey, err error) {
	if !errors.Is(err, cognitomfa.ErrNotEnrolled) { // There is nothing left to reset.
		require.NoError(j.t, err)
	}
	j.signIn()
	as[*cognitomfa.Tokens](j.t, j.outcome, nil)
}

func signedOut(j *journey, err error) {
	require.NoError(j.t, err)
	_, err = j.client.Status(j.t.Context(), j.access)
	require.ErrorIs(j.t, err, cognitomfa.ErrAccessToken)
	_, err = j.client.Refresh(j.t.Context(), j.refresh)
	require.ErrorIs(j.t, err, cognitomfa.ErrRefreshToken)
}

func resetAndSignedOut(j *journey, err error) {
	signedOut(j, nil)
	authenticatorGone(j, err)
}

func aliceListed(j *journey, err error) {
	require.NoError(j.t, err)
	require.NotNil(j.t, j.status)
	assert.Equal(j.t, "alice", j.status.Username)
}

func trackDevices(o *cognitotest.Options) { o.Devices = &alwaysTracked }

const (
	initiate = "AdminInitiateAuth"
	respond  = "AdminRespondToAuthChallenge"
)

var goals = map[string]goal{
	"SignIn": {
		operation: initiate, begin: nothing, call: callSignIn, reached: signedIn,
	},
	"SignIn by SRP, the first call": {
		operation: initiate, flow: cognitomfa.FlowSRP,
		begin: nothing, call: callSignIn, reached: signedIn,
	},
	"SignIn by SRP, the proof": {
		operation: respond, flow: cognitomfa.FlowSRP, ifLost: cognitomfa.StepBackOff,
		begin: nothing, call: callSignIn, reached: signedIn,
	},
	"SignIn by choice": {
		operation: initiate, flow: cognitomfa.FlowUserAuth,
		begin: nothing, call: callSignIn, reached: signedIn,
	},
	"SignIn on a device": {
		operation: respond, flow: cognitomfa.FlowSRP, ifLost: cognitomfa.StepBackOff,
		options: []poolOption{trackDevices}, user: totpUser,
		begin: (*journey).rememberedDevice, call: callSignIn, reached: signedIn,
	},
	"RememberDevice": {
		operation: "ConfirmDevice", flow: cognitomfa.FlowSRP, resentIfUnreadable: true,
		options: []poolOption{trackDevices}, user: totpUser,
		begin: (*journey).newDevice, call: callRememberDevice,
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			signedIn(j, callSignIn(j.t.Context(), j))
		},
	},
	"ForgetDevice": {
		operation: "ForgetDevice", flow: cognitomfa.FlowSRP, resentIfUnreadable: true,
		options: []poolOption{trackDevices}, user: totpUser,
		begin: (*journey).rememberedDevice,
		call: func(ctx context.Context, j *journey) error {
			return j.client.ForgetDevice(ctx, j.access, j.device.Key)
		},
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			err = callSignIn(j.t.Context(), j)
			assert.True(j.t, as[*cognitomfa.MFAChallenge](j.t, j.outcome, err).DeviceUnknown)
		},
	},
	"RespondPassword": {
		operation: respond, flow: cognitomfa.FlowUserAuth, ifLost: cognitomfa.StepStartOver,
		begin: func(j *journey) { j.challenge = passwordChallenge(j.t, j.Server) },
		call: func(ctx context.Context, j *journey) (err error) {
			ch := j.challenge.(*cognitomfa.PasswordChallenge)
			j.outcome, err = j.client.RespondPassword(ctx, ch, password)
			return err
		},
		reached: signedIn,
	},
	"RespondMFA": {
		operation: respond, user: totpUser, ifLost: cognitomfa.StepStartOver,
		begin: (*journey).signIn,
		call: func(ctx context.Context, j *journey) (err error) {
			ch := j.challenge.(*cognitomfa.MFAChallenge)
			j.outcome, err = j.client.RespondMFA(ctx, ch, j.Code("alice"))
			return err
		},
		reached: signedIn,
	},
	"SelectMFA": {
		operation: respond, user: totpEmailUser, ifLost: cognitomfa.StepStartOver,
		options: []poolOption{emailMFA}, begin: (*journey).signIn,
		call: func(ctx context.Context, j *journey) (err error) {
			ch := j.challenge.(*cognitomfa.SelectChallenge)
			j.outcome, err = j.client.SelectMFA(ctx, ch, cognitomfa.MethodTOTP)
			return err
		},
		reached: func(j *journey, err error) {
			ch := as[*cognitomfa.MFAChallenge](j.t, j.outcome, err)
			outcome, err := j.client.RespondMFA(j.t.Context(), ch, j.Code("alice"))
			as[*cognitomfa.Tokens](j.t, outcome, err)
		},
	},
	"SetNewPassword": {
		operation: respond, user: mustChangeUser, ifLost: cognitomfa.StepStartOver,
		begin: (*journey).signIn,
		call: func(ctx context.Context, j *journey) (err error) {
			ch, ok := j.challenge.(*cognitomfa.NewPasswordChallenge)
			if !ok {
				return nil // The new password is set.
			}
			j.outcome, err = j.client.SetNewPassword(ctx, ch, newPassword, nil)
			return err
		},
		startOver: func(j *journey) { // The error says to try the new password first.
			outcome, err := j.client.SignIn(j.t.Context(), "alice", newPassword)
			if errors.Is(err, cognitomfa.ErrCredentials) {
				j.signIn()
				return
			}
			require.NoError(j.t, err)
			j.challenge, j.outcome = nil, outcome
		},
		reached: signedIn,
	},
	"Respond": {
		operation: respond, user: totpUser, ifLost: cognitomfa.StepStartOver,
		begin: (*journey).signIn,
		call: func(ctx context.Context, j *journey) (err error) {
			totp := j.challenge.(*cognitomfa.MFAChallenge)
			ch := &cognitomfa.OtherChallenge{
				Username: totp.Username, Session: totp.Session, Name: "SOFTWARE_TOKEN_MFA",
			}
			answers := map[string]string{"SOFTWARE_TOKEN_MFA_CODE": j.Code("alice")}
			j.outcome, err = j.client.Respond(ctx, ch, answers)
			return err
		},
		reached: signedIn,
	},
	"SetupEmail": {
		operation: respond, options: []poolOption{mfaRequired, emailMFA},
		ifLost: cognitomfa.StepStartOver, begin: (*journey).signIn,
		call: func(ctx context.Context, j *journey) (err error) {
			if ch, ok := j.challenge.(*cognitomfa.SetupChallenge); ok {
				j.outcome, err = j.client.SetupEmail(ctx, ch, "alice@example.com")
			}
			return err
		},
		reached: func(j *journey, err error) {
			ch := as[*cognitomfa.MFAChallenge](j.t, j.outcome, err)
			code := lastCode(j.t, j.Server, "alice")
			outcome, err := j.client.RespondMFA(j.t.Context(), ch, code)
			as[*cognitomfa.Tokens](j.t, outcome, err)
		},
	},
	"Enroll": {
		operation: "AssociateSoftwareToken", begin: (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) (err error) {
			j.enrollment, err = j.client.Enroll(ctx, j.access)
			return err
		},
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			code, err := j.enrollment.Key.Code(j.Now())
			require.NoError(j.t, err)
			totpOn(j, j.client.Verify(j.t.Context(), j.access, code))
		},
	},
	"EnrollSetup": {
		operation: "AssociateSoftwareToken", options: []poolOption{mfaRequired},
		ifLost: cognitomfa.StepStartOver, begin: (*journey).signIn,
		call: func(ctx context.Context, j *journey) (err error) {
			j.enrollment, err = j.client.EnrollSetup(ctx, j.challenge.(*cognitomfa.SetupChallenge))
			return err
		},
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			code, err := j.enrollment.Key.Code(j.Now())
			require.NoError(j.t, err)
			outcome, err := j.client.VerifySetup(j.t.Context(), j.enrollment.Setup, code)
			as[*cognitomfa.Tokens](j.t, outcome, err)
		},
	},
	"Verify, the code": {
		operation: "VerifySoftwareToken", resentIfUnreadable: true,
		begin: (*journey).enroll, call: callVerify, reached: totpOn,
	},
	"Verify, the code of a second authenticator": {
		operation: "VerifySoftwareToken", user: totpUser, resentIfUnreadable: true,
		begin: (*journey).enroll, call: callVerify, reached: totpOn,
	},
	"Verify, the preference": {
		operation: "SetUserMFAPreference",
		begin:     (*journey).enroll, call: callVerify, reached: totpOn,
	},
	"VerifySetup, the code": {
		operation: "VerifySoftwareToken", options: []poolOption{mfaRequired},
		ifLost: cognitomfa.StepStartOver,
		begin:  (*journey).setUp, call: callVerifySetup, reached: setupFinished,
	},
	"VerifySetup, the answer": {
		operation: respond, options: []poolOption{mfaRequired}, ifLost: cognitomfa.StepStartOver,
		begin: (*journey).setUp, call: callVerifySetup, reached: setupFinished,
	},
	"VerifySetup, the preference": {
		operation: "SetUserMFAPreference", options: []poolOption{mfaRequired},
		begin: (*journey).setUp, call: callVerifySetup, reached: setupFinished,
	},
	"Status": {
		operation: "GetUser", user: totpUser, begin: (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) (err error) {
			j.status, err = j.client.Status(ctx, j.access)
			return err
		},
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			assert.True(j.t, j.status.TOTP(), "never that MFA is off")
		},
	},
	"UserStatus": {
		operation: "AdminGetUser", user: totpUser, begin: nothing,
		call: func(ctx context.Context, j *journey) (err error) {
			j.status, err = j.client.UserStatus(ctx, "alice")
			return err
		},
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			assert.True(j.t, j.status.TOTP(), "never that MFA is off")
			assert.Equal(j.t, "CONFIRMED", j.status.UserStatus)
			assert.False(j.t, j.status.Disabled)
		},
	},
	"Enable": {
		operation: "SetUserMFAPreference",
		user:      cognitotest.User{TOTP: totpKey, Methods: []string{}},
		begin:     (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) error {
			return j.client.Enable(ctx, j.access)
		},
		reached: totpOn,
	},
	"Disable": {
		operation: "SetUserMFAPreference", user: totpUser,
		begin: (*journey).haveTokens, call: callDisable, reached: totpOff,
	},
	"Disable, the pool": {
		operation: "GetUserPoolMfaConfig", user: totpUser,
		begin: (*journey).haveTokens, call: callDisable, reached: totpOff,
	},
	"Disable, where MFA is required": {
		operation: "GetUserPoolMfaConfig", user: totpUser, options: []poolOption{mfaRequired},
		begin: (*journey).haveTokens, call: callDisable, verdict: cognitomfa.ErrMFARequired,
		reached: func(j *journey, err error) {
			require.ErrorIs(j.t, err, cognitomfa.ErrMFARequired)
			assert.True(j.t, statusOf(j.t, j.client, j.access).TOTP())
		},
	},
	"SetMethods": {
		operation: "SetUserMFAPreference", user: totpEmailUser, options: []poolOption{emailMFA},
		begin: (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) error {
			email := []cognitomfa.Method{cognitomfa.MethodEmail}
			return j.client.SetMethods(ctx, j.access, email, cognitomfa.MethodEmail)
		},
		reached: func(j *journey, err error) {
			require.NoError(j.t, err)
			s := statusOf(j.t, j.client, j.access)
			assert.Equal(j.t, []cognitomfa.Method{cognitomfa.MethodEmail}, s.Enabled)
			assert.Equal(j.t, cognitomfa.MethodEmail, s.Preferred)
		},
	},
	"ResetTOTP": {
		operation: "AdminDeleteSoftwareToken", user: totpUser, resentIfUnreadable: true,
		begin: nothing,
		call: func(ctx context.Context, j *journey) error {
			return j.client.ResetTOTP(ctx, "alice")
		},
		reached: authenticatorGone,
	},
	"ResetTOTP and sign out, the sign-out": {
		operation: "AdminUserGlobalSignOut", user: totpUser,
		begin: (*journey).haveTokens, call: callReset, reached: resetAndSignedOut,
	},
	"ResetTOTP and sign out, the reset": {
		operation: "AdminDeleteSoftwareToken", user: totpUser, resentIfUnreadable: true,
		begin: (*journey).haveTokens, call: callReset, reached: resetAndSignedOut,
	},
	"SignOutUser": {
		operation: "AdminUserGlobalSignOut", begin: (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) error {
			return j.client.SignOutUser(ctx, "alice")
		},
		reached: signedOut,
	},
	"SignOut": {
		operation: "GlobalSignOut", resentIfUnreadable: true, begin: (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) error {
			return j.client.SignOut(ctx, j.access)
		},
		startOver: func(j *journey) { // Sign in again, and sign out everywhere.
			j.access = *j.IssueTokens("alice").AccessToken
			j.Advance(2 * time.Second)
		},
		reached: func(j *journey, err error) {
			if errors.Is(err, cognitomfa.ErrAccessToken) {
				err = nil // A try whose response was lost has signed the user out.
			}
			signedOut(j, err)
		},
	},
	"Revoke": {
		operation: "RevokeToken", begin: (*journey).haveTokens,
		call: func(ctx context.Context, j *journey) error {
			return j.client.Revoke(ctx, j.refresh)
		},
		reached: signedOut,
	},
	"Refresh": {
		operation: "GetTokensFromRefreshToken",
		begin:     (*journey).haveTokens, call: callRefresh, reached: signedIn,
	},
	"Refresh with rotation": {
		operation: "GetTokensFromRefreshToken", options: []poolOption{tokenRotation}, rotates: true,
		begin: (*journey).haveTokens, call: callRefresh, reached: signedIn,
	},
	"UsersWithoutMFA, the list": {
		operation: "ListUsers", begin: nothing, call: callList, reached: aliceListed,
	},
	"UsersWithoutMFA, a user": {
		operation: "AdminGetUser", begin: nothing, call: callList, reached: aliceListed,
	},
}

// Three goals cover the kinds of calls: one that is sent only once, one that is repeated more often
// than the SDK would, and one that the SDK repeats as usual.
var goalsForAllRetryers = []string{"RespondMFA", "Verify, the code", "Status"}

func TestGoalsAreReached(t *testing.T) {
	t.Parallel()
	for name, g := range goals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, what := range breakages {
				g.pursue(t, kind+", without retries", noRetryer(), what, 1, nil)
				g.pursue(t, kind, standardRetryer(), what, 1, g.checkFirstError)
				if g.flow != cognitomfa.FlowSRP { // Its arithmetic takes time.
					g.pursue(t, kind+", three times", standardRetryer(), what, 3, nil)
				}
			}
		})
	}
	for _, name := range goalsForAllRetryers {
		for retryer, newRetryer := range otherRetryers {
			t.Run(name+", "+retryer, func(t *testing.T) {
				t.Parallel()
				for kind, what := range breakages {
					goals[name].pursue(t, kind, newRetryer(), what, 1, nil)
				}
			})
		}
	}
}

// newJourney begins a journey to a goal.
func (g goal) newJourney(t *testing.T, optFns ...callOption) *journey {
	t.Helper()
	user := g.user
	user.Username, user.Password = "alice", password
	srv := cognitotest.NewServer(g.options...)
	srv.AddUser(user)
	j := &journey{Server: srv, t: t, client: newFlowClient(t, srv, g.flow, optFns...)}
	g.begin(j)
	return j
}

// pursue breaks the first requests of a call, checks its error, and then follows NextStep.
func (g goal) pursue(
	t *testing.T, path string, retryer aws.Retryer, what breakage, times int,
	check func(*testing.T, breakage, error),
) {
	t.Helper()
	network := &breaker{}
	j := g.newJourney(t, network.attach, func(o *cip.Options) { o.Retryer = retryer })
	defer j.Close()
	var trail []string
	defer func() {
		if t.Failed() {
			t.Logf("%s:\n%s", path, strings.Join(trail, "\n"))
		}
	}()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	network.cancel = cancel
	network.arm(g.operation, times, what)
	err := g.call(ctx, j)
	if check != nil {
		check(t, what, err)
	}
	for range 4 {
		step := cognitomfa.NextStep(err)
		if err == nil || step == cognitomfa.StepGiveUp {
			break
		}
		trail = append(trail, err.Error()+" -> "+string(step))
		checkText(t, err)
		switch step {
		case cognitomfa.StepStartOver:
			network.arm("", 0, breakage{}) // The outage is over before a person gets here again.
			if g.startOver != nil {
				g.startOver(j)
			} else {
				g.begin(j)
			}
		case cognitomfa.StepNextCode:
			j.Advance(codePeriod)
		case cognitomfa.StepSameChallenge, cognitomfa.StepBackOff, cognitomfa.StepGiveUp:
		}
		err = g.call(t.Context(), j)
	}
	if err != nil {
		trail = append(trail, err.Error()+" at the end")
	}
	g.reached(j, err)
}

// checkFirstError checks the error of a call after one breakage, with the SDK's standard retryer.
func (g goal) checkFirstError(t *testing.T, what breakage, err error) {
	t.Helper()
	if g.verdict != nil && errors.Is(err, g.verdict) {
		err = nil
	}
	switch {
	case what.refused:
		require.NoError(t, err, "the SDK sends it again")
	case g.ifLost != "":
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
		require.Equal(t, g.ifLost, cognitomfa.NextStep(err))
	case what.cancel:
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	case what.resent && !g.rotates, what.unreadable && g.resentIfUnreadable:
		require.NoError(t, err, "the SDK sends it again")
	}
}

// checkText checks what holds for every error: it has a kind and one line of text, without user
// input and, from the server, only the error code. A breakage never looks like a wrong code,
// password or session.
func checkText(t *testing.T, err error) {
	t.Helper()
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e)
	assert.Error(t, e.Kind)
	text := err.Error()
	for _, secret := range []string{
		"\n", leak, leak[:12], password, newPassword, "alice", "AYABe",
	} {
		assert.NotContains(t, text, secret)
	}
	for _, wrong := range []error{
		cognitomfa.ErrCodeMismatch, cognitomfa.ErrSessionUsed, cognitomfa.ErrSessionExpired,
		cognitomfa.ErrCredentials,
	} {
		assert.NotErrorIs(t, err, wrong)
	}
}

// With a canceled context no request is sent, so the caller can repeat the call.
func TestCallsWithACanceledContext(t *testing.T) {
	t.Parallel()
	for name, g := range goals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := g.newJourney(t)
			defer j.Close()
			j.ResetCalls()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := g.call(ctx, j)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
			assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
			assert.Empty(t, j.Calls())
			g.reached(j, g.call(t.Context(), j))
		})
	}
}
