package cognitomfa_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const levelTOTP = "urn:cognito:loa:4"

// recordInitiate returns a client of a double, and the request of its first call.
func recordInitiate(
	t *testing.T, out *initiateOut, edits ...configEdit,
) (*cognitomfa.Client, *initiateIn) {
	t.Helper()
	var got initiateIn
	return newClient(t, &double{initiate: func(in *initiateIn) (*initiateOut, error) {
		got = *in
		return out, nil
	}}, edited(userAuthConfig, edits...)), &got
}

// toLevel requests an authentication level at sign-in.
func toLevel(maxAge time.Duration, acr ...string) func(*cognitomfa.SignInOptions) {
	return func(o *cognitomfa.SignInOptions) { o.ACR, o.MaxAge = acr, maxAge }
}

func TestSignInToALevel(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		acr    []string
		maxAge time.Duration
		want   map[string]string // besides the parameters of every sign-in
	}{
		"no level": {},
		"one level": {
			acr: []string{levelTOTP}, want: map[string]string{"TARGET_ACR_VALUES": levelTOTP},
		},
		"several levels": {
			acr:  []string{"gold", "urn:cognito:loa:3"},
			want: map[string]string{"TARGET_ACR_VALUES": "gold urn:cognito:loa:3"},
		},
		"an age of seconds": {
			acr: []string{levelTOTP}, maxAge: 90 * time.Second,
			want: map[string]string{"TARGET_ACR_VALUES": levelTOTP, "MAX_AGE": "90"},
		},
		"an age of days": {
			acr: []string{levelTOTP}, maxAge: 72 * time.Hour,
			want: map[string]string{"TARGET_ACR_VALUES": levelTOTP, "MAX_AGE": "259200"},
		},
	} {
		client, got := recordInitiate(t, initiatedTokens)
		outcome, err := client.SignIn(t.Context(), "alice", password, toLevel(tc.maxAge, tc.acr...))
		as[*cognitomfa.Tokens](t, outcome, err)
		want := map[string]string{
			"USERNAME": "alice", "PASSWORD": password, "PREFERRED_CHALLENGE": "PASSWORD",
		}
		maps.Copy(want, tc.want)
		assert.Equal(t, types.AuthFlowTypeUserAuth, got.AuthFlow, name)
		assert.Equal(t, want, got.AuthParameters, name)
	}
}

// StepUp uses USER_AUTH, whatever Config.Flow is.
func TestStepUp(t *testing.T) {
	t.Parallel()
	for _, flow := range allFlows {
		client, got := recordInitiate(t, initiatedTOTP, withSecret, withFlow(flow))
		outcome, err := client.StepUp(t.Context(), " alice ", "access")
		assert.Equal(t, cognitomfa.MethodTOTP, as[*cognitomfa.MFAChallenge](t, outcome, err).Method)
		assert.Equal(t, types.AuthFlowTypeUserAuth, got.AuthFlow)
		hash := got.AuthParameters["SECRET_HASH"]
		assert.NotEmpty(t, hash)
		assert.Equal(t, map[string]string{
			"USERNAME": "alice", "ACCESS_TOKEN": "access", "SECRET_HASH": hash,
			"PREFERRED_CHALLENGE": "PASSWORD", "TARGET_ACR_VALUES": levelTOTP,
		}, got.AuthParameters)
	}
}

func TestStepUpOptions(t *testing.T) {
	t.Parallel()
	client, got := recordInitiate(t, initiatedTokens)
	all := func(o *cognitomfa.StepUpOptions) {
		o.ACR, o.MaxAge = []string{"gold", "silver"}, 5*time.Minute
		o.ClientMetadata = map[string]string{"why": "payment"}
		o.Context = fullContext()
	}
	outcome, err := client.StepUp(t.Context(), "alice", "access", all)
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, "gold silver", got.AuthParameters["TARGET_ACR_VALUES"])
	assert.Equal(t, "300", got.AuthParameters["MAX_AGE"])
	assert.Equal(t, map[string]string{"why": "payment"}, got.ClientMetadata)
	assert.Equal(t, "192.0.2.1", aws.ToString(got.ContextData.IpAddress))
}

// A malformed level is rejected without a call: the double supports none.
func TestMalformedLevels(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("l", 64)
	for name, tc := range map[string]struct {
		acr    []string
		maxAge time.Duration
	}{
		"an age without a level": {maxAge: time.Minute},
		"a negative age":         {acr: []string{"gold"}, maxAge: -time.Second},
		"half a second":          {acr: []string{"gold"}, maxAge: 1500 * time.Millisecond},
		"an empty level":         {acr: []string{"gold", ""}},
		"two in one":             {acr: []string{"gold silver"}},
		"a quote":                {acr: []string{`go"ld`}},
		"a backslash":            {acr: []string{`go\ld`}},
		"a control character":    {acr: []string{"gold\n"}},
		"not ASCII":              {acr: []string{"göld"}},
		"too long":               {acr: []string{longest + "l"}},
	} {
		client := newClient(t, &double{}, userAuthConfig)
		_, err := client.SignIn(t.Context(), "alice", password, toLevel(tc.maxAge, tc.acr...))
		require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
		assert.NotContains(t, err.Error(), "ld\n", name)
		if tc.acr == nil {
			continue // StepUp has a default.
		}
		_, err = client.StepUp(t.Context(), "alice", "access", func(o *cognitomfa.StepUpOptions) {
			o.ACR, o.MaxAge = tc.acr, tc.maxAge
		})
		require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
	}
	client, got := recordInitiate(t, initiatedTokens)
	_, err := client.SignIn(t.Context(), "alice", password, toLevel(0, longest, "!#[]~"))
	require.NoError(t, err)
	assert.Equal(t, longest+" !#[]~", got.AuthParameters["TARGET_ACR_VALUES"])
}

func TestLevelsNeedUserAuth(t *testing.T) {
	t.Parallel()
	for _, flow := range []cognitomfa.Flow{cognitomfa.FlowPassword, cognitomfa.FlowSRP} {
		client := newClient(t, &double{}, edited(config, withFlow(flow)))
		_, err := client.SignIn(t.Context(), "alice", password, toLevel(0, "gold"))
		require.ErrorIs(t, err, cognitomfa.ErrConfig)
		assert.ErrorContains(t, err, "FlowUserAuth")
	}
}

// The operator must change a pool on the Lite plan.
func TestLevelsNeedAPlan(t *testing.T) {
	t.Parallel()
	steppingUp := callOf(initiate, "step up")
	e := failWith(t, steppingUp, "FeatureUnavailableInTierException", "tier")
	require.Equal(t, cognitomfa.ErrConfig, e.Kind)
	assert.ErrorContains(t, e, "Essentials or Plus")
}

// If Cognito refuses a level, the reason is usually the user's state, not the service's settings.
// The messages are not documented.
func TestRefusedLevels(t *testing.T) {
	t.Parallel()
	steppingUp := callOf(initiate, "step up")
	toGold := signingIn
	toGold.do = func(ctx context.Context, c *cognitomfa.Client) error {
		return errOf(c.SignIn(ctx, "alice", password, toLevel(0, "gold")))
	}
	for message, kind := range map[string]error{
		"The user cannot satisfy the requested level.":         cognitomfa.ErrLevel,
		"None of TARGET_ACR_VALUES is known to the user pool.": cognitomfa.ErrLevel,
		"User pool client does not allow ACR values.":          cognitomfa.ErrLevel,
		"USER_AUTH is not enabled for the client.":             cognitomfa.ErrConfig,
		"Invalid user pool client.":                            cognitomfa.ErrConfig,
	} {
		for _, call := range []clientCall{steppingUp, toGold} {
			byChoice := withFlow(cognitomfa.FlowUserAuth)
			e := failWith(t, call, "InvalidParameterException", message, byChoice)
			require.Equal(t, kind, e.Kind, "%s: %s", call.op, message)
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(e))
		}
	}
	e := failWith(t, signingIn, "InvalidParameterException", "Something else.")
	require.Equal(t, cognitomfa.ErrConfig, e.Kind, "no level was requested")
}

// Cognito may ask for the password although the first call contained it. SignIn sends it again;
// StepUp has no password, so it returns a challenge.
func TestUserAuthAsksForThePassword(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		out  initiateOut
		want map[string]string // the answer
	}{
		"at once": {
			out:  initiateOut{ChallengeName: types.ChallengeNameTypePassword},
			want: map[string]string{"USERNAME": "alice", "PASSWORD": password},
		},
		"as a choice": {
			out: initiateOut{
				ChallengeName:       types.ChallengeNameTypeSelectChallenge,
				AvailableChallenges: []types.ChallengeNameType{"PASSWORD_SRP", "PASSWORD"},
			},
			want: map[string]string{
				"USERNAME": "alice", "PASSWORD": password, "ANSWER": "PASSWORD",
			},
		},
	} {
		tc.out.Session = aws.String("session")
		client := newClient(t, &double{
			initiate: returns[initiateIn](&tc.out),
			respond: func(in *respondIn) (*respondOut, error) {
				assert.Equal(t, tc.out.ChallengeName, in.ChallengeName, name)
				assert.Equal(t, "session", aws.ToString(in.Session), name)
				assert.Equal(t, tc.want, in.ChallengeResponses, name)
				return answeredTokens, nil
			},
		}, userAuthConfig)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		as[*cognitomfa.Tokens](t, outcome, err)

		outcome, err = client.StepUp(t.Context(), "alice", "access")
		ch := as[*cognitomfa.PasswordChallenge](t, outcome, err)
		assert.Equal(t, "alice", ch.Username)
		parsed, err := cognitomfa.ParseChallenge(ch.Token())
		ch = as[*cognitomfa.PasswordChallenge](t, parsed, err)
		outcome, err = client.RespondPassword(t.Context(), ch, password)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// The answer with the password uses up a session, so it is sent only once.
func TestUserAuthPasswordIsSentOnce(t *testing.T) {
	t.Parallel()
	network := &breaker{}
	api := cannedHTTP{responses: map[string]string{
		initiate: `{"ChallengeName":"PASSWORD","Session":"` + session.Reveal() + `"}`,
	}}.api(quickRetries, network.attach)
	network.arm(respond, 3, breakages["reset before"])
	_, err := newClient(t, api, userAuthConfig).SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), "SignIn can be called again")
	assert.Equal(t, 2, network.left, "it was sent only once")
}

// A choice without a password is returned as a challenge that lists the choices.
func TestUserAuthWithoutAPassword(t *testing.T) {
	t.Parallel()
	client, _ := recordInitiate(t, &initiateOut{
		ChallengeName:       types.ChallengeNameTypeSelectChallenge,
		Session:             aws.String("session"),
		AvailableChallenges: []types.ChallengeNameType{"EMAIL_OTP", "WEB_AUTHN"},
	})
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.OtherChallenge](t, outcome, err)
	assert.Equal(t, "SELECT_CHALLENGE", ch.Name)
	assert.Equal(t, []string{"EMAIL_OTP", "WEB_AUTHN"}, ch.Choices)
	parsed, err := cognitomfa.ParseChallenge(ch.Token())
	assert.Equal(t, ch.Choices, as[*cognitomfa.OtherChallenge](t, parsed, err).Choices)
}

// beginUserAuth begins a USER_AUTH sign-in with the SDK. Cognito asks for the preferred challenge,
// or lets the user choose if there is none.
func beginUserAuth(
	t *testing.T, srv *cognitotest.Server, preferred string,
) *cip.InitiateAuthOutput {
	t.Helper()
	parameters := map[string]string{"USERNAME": "alice"}
	if preferred != "" {
		parameters["PREFERRED_CHALLENGE"] = preferred
	}
	out, err := srv.Client().InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserAuth, ClientId: &srv.ClientID, AuthParameters: parameters,
	})
	require.NoError(t, err)
	return out
}

// passwordChallenge returns a challenge that asks alice for the password.
func passwordChallenge(t *testing.T, srv *cognitotest.Server) *cognitomfa.PasswordChallenge {
	t.Helper()
	out := beginUserAuth(t, srv, "PASSWORD")
	name := string(out.ChallengeName)
	ch := cognitomfa.NewChallenge(name, *out.Session, "alice", out.ChallengeParameters)
	return as[*cognitomfa.PasswordChallenge](t, ch, nil)
}

// passwordChoice returns a challenge that offers alice the password and other choices.
func passwordChoice(t *testing.T, srv *cognitotest.Server) *cognitomfa.PasswordChallenge {
	t.Helper()
	// NewChallenge cannot return the choices, because they are not a challenge parameter.
	return &cognitomfa.PasswordChallenge{
		Username: "alice",
		Session:  cognitomfa.NewSecret(*beginUserAuth(t, srv, "").Session),
		Choices:  []string{"PASSWORD"},
	}
}

func TestRespondPassword(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := newFlowClient(t, srv, cognitomfa.FlowUserAuth)
	for _, challenge := range []func(*testing.T, *cognitotest.Server) *cognitomfa.PasswordChallenge{
		passwordChallenge, passwordChoice,
	} {
		outcome, err := client.RespondPassword(t.Context(), challenge(t, srv), password)
		as[*cognitomfa.Tokens](t, outcome, err)

		ch := challenge(t, srv)
		_, err = client.RespondPassword(t.Context(), ch, "wrong")
		require.ErrorIs(t, err, cognitomfa.ErrCredentials)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), "it ends the attempt")
		_, err = client.RespondPassword(t.Context(), ch, password)
		require.ErrorIs(t, err, cognitomfa.ErrSessionUsed)
	}
}

// Respond can make another choice, here the password.
func TestRespondWithAnotherChoice(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := newFlowClient(t, srv, cognitomfa.FlowUserAuth)
	choice := passwordChoice(t, srv)
	outcome, err := client.Respond(t.Context(), &cognitomfa.OtherChallenge{
		Username: choice.Username, Session: choice.Session, Name: "SELECT_CHALLENGE",
	}, map[string]string{"ANSWER": "PASSWORD"})
	as[*cognitomfa.PasswordChallenge](t, outcome, err)
}
