package cognitomfa_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func accountName(name string) func(*cognitomfa.EnrollOptions) {
	return func(o *cognitomfa.EnrollOptions) { o.Account = name }
}

func TestEnrollLabelsTheKey(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{associate: returns[associateIn](&associateOut{
		SecretCode: aws.String(totpKey),
	})}, config)
	for claims, want := range map[string]string{
		`{"username":"alice"}`:      "alice",
		`{"username":"corp:alice"}`: "corp_alice",
		`{"username":"アリス"}`:        "アリス",
	} {
		e, err := client.Enroll(t.Context(), jwtWith(claims))
		require.NoError(t, err)
		assert.Equal(t, want, e.Key.Account)
		assert.Equal(t, "Example", e.Key.Issuer)
		assert.Equal(t, totpKey, e.Key.Secret.Reveal())
		assert.Nil(t, e.Setup)
	}
	const address = "alice@example.com"
	e, err := client.Enroll(t.Context(), jwtWith(`{"username":"3f1c"}`), accountName(address))
	require.NoError(t, err)
	assert.Equal(t, address, e.Key.Account)

	// If the token does not contain the user name, there is no label for the key.
	for _, token := range []string{
		"opaque", "a.b.c", "a.!.c", jwtWith(`[]`), jwtWith(`{"username":5}`), jwtWith(`{}`),
	} {
		e, err := client.Enroll(t.Context(), token)
		assert.Nil(t, e)
		require.ErrorIs(t, err, cognitomfa.ErrConfig, token)
		assert.ErrorContains(t, err, "EnrollOptions.Account")
	}
}

func TestEnrollRefusesAnUnusableKey(t *testing.T) {
	t.Parallel()
	for _, code := range []*string{
		nil, aws.String(""), aws.String("1!"), aws.String("QWERTYUIOP123456EXAMPLE"),
	} {
		client := newClient(t, &double{associate: returns[associateIn](&associateOut{
			SecretCode: code, Session: aws.String("next"),
		})}, config)
		setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
		for _, err := range []error{
			errOf(client.Enroll(t.Context(), jwtWith(`{"username":"alice"}`))),
			errOf(client.EnrollSetup(t.Context(), setup)),
		} {
			require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
			assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
			assert.NotContains(t, err.Error(), "QWERTY")
		}
	}
}

func TestEnrollSetupKeepsTheChallenge(t *testing.T) {
	t.Parallel()
	const milli = 123 * time.Millisecond
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	srv, _ := newPool(t, mfaRequired, emailMFA)
	client, err := cognitomfa.New(srv.Client(), configOf(srv), func(o *cognitomfa.Options) {
		now := noon.Add(milli + 456789*time.Nanosecond).In(time.FixedZone("CET", 3600))
		o.Now = func() time.Time { return now }
	})
	require.NoError(t, err)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	assert.Equal(t, noon.Add(milli), setup.Issued, "UTC, whole milliseconds")
	assert.ElementsMatch(t, totpAndEmail, setup.Methods)

	enrollment, err := client.EnrollSetup(t.Context(), setup)
	require.NoError(t, err)
	assert.Equal(t, "alice", enrollment.Key.Account)
	next := enrollment.Setup
	assert.NotEqual(t, setup.Session.Reveal(), next.Session.Reveal())
	next.Session = setup.Session
	assert.Equal(t, setup, next, "only the session changes")

	setup = setupChallenge(t, srv)
	enrollment, err = client.EnrollSetup(t.Context(), setup, accountName("Alice's"))
	require.NoError(t, err)
	assert.Equal(t, "Alice's", enrollment.Key.Account)
}

// setupChallenge returns the challenge of a new sign-in of alice's.
func setupChallenge(t *testing.T, srv *cognitotest.Server) *cognitomfa.SetupChallenge {
	t.Helper()
	outcome, err := newClient(t, srv.Client(), configOf(srv)).SignIn(t.Context(), "alice", password)
	return as[*cognitomfa.SetupChallenge](t, outcome, err)
}

func TestEnrollSetupNeedsTheNextSession(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{associate: returns[associateIn](&associateOut{
		SecretCode: aws.String(totpKey),
	})}, config)
	setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
	_, err := client.EnrollSetup(t.Context(), setup)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
}

// After a reload or a wrong code, a page can show the same QR code from the stored URI.
func TestEnrollmentIsShownAgain(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	token := *srv.IssueTokens("alice").AccessToken
	first, err := client.Enroll(t.Context(), token)
	require.NoError(t, err)
	again, err := cognitomfa.ParseEnrollment(first.URI())
	require.NoError(t, err)
	svg, err := first.SVG()
	require.NoError(t, err)
	svgAgain, err := again.SVG()
	require.NoError(t, err)
	assert.Equal(t, string(svg), string(svgAgain))
	assert.Equal(t, first.Grouped(), again.Grouped())
	require.ErrorIs(t, client.Verify(t.Context(), token, "000000"), cognitomfa.ErrCodeMismatch)
	require.NoError(t, client.Verify(t.Context(), token, srv.Code("alice")))

	for _, uri := range []string{"", "otpauth://", "https://example.com/" + leak} {
		e, err := cognitomfa.ParseEnrollment(uri)
		assert.Nil(t, e)
		require.ErrorIs(t, err, cognitomfa.ErrNotEnrolled)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
		assert.NotContains(t, err.Error(), leak)
	}
}

// A key built by hand may be too long for a QR code.
func TestEnrollmentThatCannotBeShown(t *testing.T) {
	t.Parallel()
	var e cognitomfa.Enrollment
	e.Key.Account = string(make([]byte, 1<<14))
	_, err := e.SVG()
	require.Error(t, err)
	_, err = e.PNG(256)
	require.Error(t, err)
	_, err = e.Terminal()
	require.Error(t, err)
}

// VerifySoftwareToken can reject a code with the status ERROR instead of an exception.
func TestVerifyStatusError(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{verify: returns[verifyIn](&verifyOut{
		Status: types.VerifySoftwareTokenResponseTypeError, Session: aws.String("next"),
	})}, config)
	err := client.Verify(t.Context(), "token", "123456")
	require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
	assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))

	setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
	_, err = client.VerifySetup(t.Context(), setup, "123456")
	require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), "it may be used up")
}

// setupDouble supports the calls of VerifySetup. The last call returns err.
func setupDouble(t *testing.T, err error) *double {
	t.Helper()
	return &double{
		verify: func(in *verifyIn) (*verifyOut, error) {
			assert.Equal(t, session.Reveal(), *in.Session)
			assert.Equal(t, "phone", aws.ToString(in.FriendlyDeviceName))
			return &verifyOut{
				Status:  types.VerifySoftwareTokenResponseTypeSuccess,
				Session: aws.String("next"),
			}, nil
		},
		respond: func(in *respondIn) (*respondOut, error) {
			assert.Equal(t, "next", *in.Session)
			assert.Equal(t, types.ChallengeNameTypeMfaSetup, in.ChallengeName)
			return answeredTokens, nil
		},
		prefer: func(in *preferIn) (*preferOut, error) {
			assert.Equal(t, "access", *in.AccessToken)
			return &preferOut{}, err
		},
	}
}

// If only its last call fails, VerifySetup still returns the tokens.
func TestVerifySetupKeepsTheTokens(t *testing.T) {
	t.Parallel()
	named := func(o *cognitomfa.SetupOptions) { o.DeviceName = "phone" }
	setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
	client := newClient(t, setupDouble(t, nil), config)
	outcome, err := client.VerifySetup(t.Context(), setup, "123456", named)
	as[*cognitomfa.Tokens](t, outcome, err)

	throttled := &types.TooManyRequestsException{Message: aws.String("Rate exceeded")}
	client = newClient(t, setupDouble(t, throttled), config)
	outcome, err = client.VerifySetup(t.Context(), setup, "123456", named)
	require.ErrorIs(t, err, cognitomfa.ErrNotEnabled)
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), "that of the cause")
	assert.Equal(t, "access", as[*cognitomfa.Tokens](t, outcome, nil).Access.Reveal())
	for _, part := range []string{"verify setup", "not turned on", "TooManyRequestsException"} {
		assert.ErrorContains(t, err, part)
	}
}

// MFA_SETUP may also offer codes by email.
func TestSetupByEmail(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t, mfaRequired, emailMFA)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	for _, address := range []string{"alice@", "", "   ", "alice", longAddress} {
		_, err = client.SetupEmail(t.Context(), setup, address)
		require.ErrorIs(t, err, cognitomfa.ErrAttribute, "%.20q", address)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	}
	outcome, err = client.SetupEmail(t.Context(), setup, "\u00a0alice@example.com ")
	challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.Equal(t, cognitomfa.MethodEmail, challenge.Method)
	outcome, err = client.RespondMFA(t.Context(), challenge, lastCode(t, srv, "alice"))
	as[*cognitomfa.Tokens](t, outcome, err)
}

// TOTP can be turned on while another method stays preferred.
func TestNotPreferred(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, cognitotest.User{
		Email: "alice@example.com", Methods: []string{"EMAIL_OTP"}, Preferred: "EMAIL_OTP",
	}, emailMFA)
	access := *srv.IssueTokens("alice").AccessToken
	_, err := client.Enroll(t.Context(), access)
	require.NoError(t, err)
	code := srv.Code("alice")
	err = client.Verify(t.Context(), access, code, func(o *cognitomfa.VerifyOptions) {
		o.NotPreferred = true
	})
	require.NoError(t, err)
	s := statusOf(t, client, access)
	assert.True(t, s.TOTP())
	assert.Equal(t, cognitomfa.MethodEmail, s.Preferred)

	require.NoError(t, client.Enable(t.Context(), access))
	assert.Equal(t, cognitomfa.MethodTOTP, statusOf(t, client, access).Preferred)
	err = client.Enable(t.Context(), access, func(o *cognitomfa.EnableOptions) {
		o.NotPreferred = true
	})
	require.NoError(t, err)
	assert.Empty(t, statusOf(t, client, access).Preferred)

	srv, client = newPool(t, mfaRequired)
	enrollment, err := client.EnrollSetup(t.Context(), setupChallenge(t, srv))
	require.NoError(t, err)
	code = srv.Code("alice")
	outcome, err := client.VerifySetup(t.Context(), enrollment.Setup, code,
		func(o *cognitomfa.SetupOptions) { o.NotPreferred = true })
	s = statusOf(t, client, as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal())
	assert.True(t, s.TOTP())
	assert.Empty(t, s.Preferred)
}

// Once the code is accepted, the challenge is used up: after a later failure, the user must sign in
// again, unless that cannot help.
func TestVerifySetupThatCannotFinish(t *testing.T) {
	t.Parallel()
	for want, cause := range map[cognitomfa.Step]error{
		cognitomfa.StepStartOver: &types.TooManyRequestsException{
			Message: aws.String("Rate exceeded"),
		},
		cognitomfa.StepGiveUp: &types.NotAuthorizedException{
			Message: aws.String("User is disabled."),
		},
	} {
		api := setupDouble(t, nil)
		api.respond = fails[respondIn, respondOut](cause)
		setup := &cognitomfa.SetupChallenge{Username: "alice", Session: session}
		_, err := newClient(t, api, config).VerifySetup(t.Context(), setup, "123456",
			func(o *cognitomfa.SetupOptions) { o.DeviceName = "phone" })
		require.ErrorIs(t, err, cause)
		assert.Equal(t, want, cognitomfa.NextStep(err))
	}
}
