package cognitomfa_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// initiated is a client on a double that notes the one call of a sign-in.
func initiated(
	t *testing.T, out *initiateOut, edits ...func(*cognitomfa.Config),
) (*cognitomfa.Client, *initiateIn) {
	t.Helper()
	var got initiateIn
	return newClient(t, &double{signIn: func(in *initiateIn) (*initiateOut, error) {
		got = *in
		return out, nil
	}}, edited(byChoice, edits...)), &got
}

// level asks for an authentication level at sign-in.
func level(maxAge time.Duration, acr ...string) func(*cognitomfa.SignInOptions) {
	return func(o *cognitomfa.SignInOptions) { o.ACR, o.MaxAge = acr, maxAge }
}

var (
	signedIn = &initiateOut{AuthenticationResult: someTokens()}
	asksCode = &initiateOut{
		ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, Session: aws.String("session"),
		ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": "alice"},
	}
)

func TestSignInWithALevel(t *testing.T) {
	t.Parallel()
	const loa4 = "urn:cognito:loa:4"
	for name, tc := range map[string]struct {
		acr    []string
		maxAge time.Duration
		want   map[string]string // beside what every sign-in has
	}{
		"none": {},
		"one":  {[]string{loa4}, 0, map[string]string{"TARGET_ACR_VALUES": loa4}},
		"several": {
			[]string{"gold", "urn:cognito:loa:3"},
			0,
			map[string]string{"TARGET_ACR_VALUES": "gold urn:cognito:loa:3"},
		},
		"and an age": {
			[]string{loa4},
			90 * time.Second,
			map[string]string{"TARGET_ACR_VALUES": loa4, "MAX_AGE": "90"},
		},
		"an age of days": {
			[]string{loa4},
			72 * time.Hour,
			map[string]string{"TARGET_ACR_VALUES": loa4, "MAX_AGE": "259200"},
		},
	} {
		client, got := initiated(t, signedIn)
		outcome, err := client.SignIn(t.Context(), "alice", password, level(tc.maxAge, tc.acr...))
		as[*cognitomfa.Tokens](t, outcome, err)
		want := map[string]string{"USERNAME": "alice", "PASSWORD": password, "PREFERRED_CHALLENGE": "PASSWORD"}
		for k, v := range tc.want {
			want[k] = v
		}
		assert.Equal(t, types.AuthFlowTypeUserAuth, got.AuthFlow, name)
		assert.Equal(t, want, got.AuthParameters, name)
	}
}

func TestStepUp(t *testing.T) {
	t.Parallel()
	for _, flow := range everyFlow {
		client, got := initiated(t, asksCode, func(c *cognitomfa.Config) {
			c.ClientSecret = "0123456789abcdefghijklmnop"
			c.Flow = flow // That of the password does not matter.
		})
		outcome, err := client.StepUp(t.Context(), " alice ", "access")
		assert.Equal(t, cognitomfa.MethodTOTP, as[*cognitomfa.MFAChallenge](t, outcome, err).Method)
		assert.Equal(t, types.AuthFlowTypeUserAuth, got.AuthFlow)
		hash := got.AuthParameters["SECRET_HASH"]
		assert.NotEmpty(t, hash)
		assert.Equal(t, map[string]string{
			"USERNAME": "alice", "ACCESS_TOKEN": "access", "SECRET_HASH": hash,
			"PREFERRED_CHALLENGE": "PASSWORD", "TARGET_ACR_VALUES": "urn:cognito:loa:4",
		}, got.AuthParameters)
	}
	client, got := initiated(t, signedIn)
	outcome, err := client.StepUp(t.Context(), "alice", "access", func(o *cognitomfa.StepUpOptions) {
		o.ACR, o.MaxAge = []string{"gold", "silver"}, 5*time.Minute
		o.ClientMetadata = map[string]string{"why": "payment"}
	})
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, "gold silver", got.AuthParameters["TARGET_ACR_VALUES"])
	assert.Equal(t, "300", got.AuthParameters["MAX_AGE"])
	assert.Equal(t, map[string]string{"why": "payment"}, got.ClientMetadata)

	client, got = initiated(t, signedIn)
	_, err = client.StepUp(t.Context(), "alice", "access", func(o *cognitomfa.StepUpOptions) {
		o.Context = complete()
	})
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.1", aws.ToString(got.ContextData.IpAddress))
}

// What cannot be right costs no call: the double has no methods.
func TestLevelsThatAreRefused(t *testing.T) {
	t.Parallel()
	long := "123456789012345678901234567890123456789012345678901234567890abcde" // 65
	acr := func(values ...string) []string { return values }
	for name, tc := range map[string]struct {
		acr    []string
		maxAge time.Duration
	}{
		"an age without a level": {nil, time.Minute},
		"a negative age":         {acr("gold"), -time.Second},
		"half a second":          {acr("gold"), 1500 * time.Millisecond},
		"an empty level":         {acr("gold", ""), 0},
		"two in one":             {acr("gold silver"), 0},
		"a quote":                {acr(`go"ld`), 0},
		"a backslash":            {acr(`go\ld`), 0},
		"a control character":    {acr("gold\n"), 0},
		"not ASCII":              {acr("göld"), 0},
		"too long":               {acr(long), 0},
	} {
		client := newClient(t, &double{}, byChoice)
		_, err := client.SignIn(t.Context(), "alice", password, level(tc.maxAge, tc.acr...))
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
	client, got := initiated(t, signedIn)
	_, err := client.SignIn(t.Context(), "alice", password, level(0, long[:64], "!#[]~"))
	require.NoError(t, err)
	assert.Equal(t, long[:64]+" !#[]~", got.AuthParameters["TARGET_ACR_VALUES"])

	for _, flow := range []cognitomfa.Flow{cognitomfa.FlowPassword, cognitomfa.FlowSRP} {
		client := newClient(t, &double{}, edited(config, flowOf(flow)))
		_, err := client.SignIn(t.Context(), "alice", password, level(0, "gold"))
		require.ErrorIs(t, err, cognitomfa.ErrConfig)
		assert.ErrorContains(t, err, "FlowUserAuth")
	}
	client = newClient(t, &double{}, config)
	require.ErrorIs(t, noOutcome(client.StepUp(t.Context(), "alice", "")), cognitomfa.ErrAccessToken)
	require.ErrorIs(t, noOutcome(client.StepUp(t.Context(), " ", "access")), cognitomfa.ErrCredentials)
}

// A pool on the Lite plan is the operator's to change.
func TestLevelsNeedAPlan(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{signIn: func(*initiateIn) (*initiateOut, error) {
		return nil, &smithy.GenericAPIError{Code: "FeatureUnavailableInTierException", Message: "tier"}
	}}, config)
	_, err := client.StepUp(t.Context(), "alice", "access")
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	assert.ErrorContains(t, err, "Essentials or Plus")
}

// What Cognito refuses about a level is the user's state, not the service's settings: the texts are
// not documented.
func TestLevelsThatCognitoRefuses(t *testing.T) {
	t.Parallel()
	refused := func(message string) *cognitomfa.Client {
		return newClient(t, &double{signIn: func(*initiateIn) (*initiateOut, error) {
			return nil, &smithy.GenericAPIError{Code: "InvalidParameterException", Message: message}
		}}, byChoice)
	}
	for message, kind := range map[string]error{
		"The user cannot satisfy the requested level.":         cognitomfa.ErrLevel,
		"None of TARGET_ACR_VALUES is known to the user pool.": cognitomfa.ErrLevel,
		"User pool client does not allow ACR values.":          cognitomfa.ErrLevel,
		"USER_AUTH is not enabled for the client.":             cognitomfa.ErrConfig,
		"Invalid user pool client.":                            cognitomfa.ErrConfig,
	} {
		_, err := refused(message).StepUp(t.Context(), "alice", "access")
		require.ErrorIs(t, err, kind, message)
		assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
		_, err = refused(message).SignIn(t.Context(), "alice", password, level(0, "gold"))
		require.ErrorIs(t, err, kind, message)
	}
	_, err := refused("Something else.").SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrConfig, "no level was asked for")
}

// Cognito may ask for the password although it came along. SignIn has it, and does not ask the user
// again.
func TestUserAuthThatAsksForThePassword(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		out  initiateOut
		want map[string]string
	}{
		"at once": {
			initiateOut{ChallengeName: types.ChallengeNameTypePassword},
			map[string]string{"USERNAME": "alice", "PASSWORD": password},
		},
		"as a choice": {
			initiateOut{
				ChallengeName:       types.ChallengeNameTypeSelectChallenge,
				AvailableChallenges: []types.ChallengeNameType{"PASSWORD_SRP", "PASSWORD"},
			},
			map[string]string{"USERNAME": "alice", "PASSWORD": password, "ANSWER": "PASSWORD"},
		},
	} {
		tc.out.Session = aws.String("session")
		client := newClient(t, &double{
			signIn: func(*initiateIn) (*initiateOut, error) { return &tc.out, nil },
			respond: func(in *respondIn) (*respondOut, error) {
				assert.Equal(t, tc.out.ChallengeName, in.ChallengeName, name)
				assert.Equal(t, "session", aws.ToString(in.Session), name)
				assert.Equal(t, tc.want, in.ChallengeResponses, name)
				return &respondOut{AuthenticationResult: someTokens()}, nil
			},
		}, byChoice)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		as[*cognitomfa.Tokens](t, outcome, err)

		// A step-up has no password: the user is asked.
		outcome, err = client.StepUp(t.Context(), "alice", "access")
		ch := as[*cognitomfa.PasswordChallenge](t, outcome, err)
		assert.Equal(t, "alice", ch.Username)
		parsed, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err)
		assert.Equal(t, ch.Token(), parsed.Token())
		outcome, err = client.RespondPassword(t.Context(), parsed.(*cognitomfa.PasswordChallenge), password)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// A choice without a password is passed on with what there is to choose from.
func TestUserAuthWithoutAPassword(t *testing.T) {
	t.Parallel()
	client, _ := initiated(t, &initiateOut{
		ChallengeName: types.ChallengeNameTypeSelectChallenge, Session: aws.String("session"),
		AvailableChallenges: []types.ChallengeNameType{"EMAIL_OTP", "WEB_AUTHN"},
	})
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.OtherChallenge](t, outcome, err)
	assert.Equal(t, "SELECT_CHALLENGE", ch.Name)
	assert.Equal(t, []string{"EMAIL_OTP", "WEB_AUTHN"}, ch.Choices)
	parsed, err := cognitomfa.ParseChallenge(ch.Token())
	require.NoError(t, err)
	assert.Equal(t, ch.Choices, parsed.(*cognitomfa.OtherChallenge).Choices)
}

func TestRespondPassword(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := clientBy(t, srv, cognitomfa.FlowUserAuth)
	ask := func(preferred string) *cip.InitiateAuthOutput {
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
	built := func(preferred string) *cognitomfa.PasswordChallenge {
		out := ask(preferred)
		if preferred == "" { // NewChallenge does not know the choices: they are no parameter.
			return &cognitomfa.PasswordChallenge{
				Username: "alice", Session: cognitomfa.NewSecret(*out.Session), Choices: []string{"PASSWORD"},
			}
		}
		name := string(out.ChallengeName)
		ch := cognitomfa.NewChallenge(name, *out.Session, "alice", out.ChallengeParameters)
		return ch.(*cognitomfa.PasswordChallenge)
	}
	for _, preferred := range []string{"PASSWORD", ""} {
		outcome, err := client.RespondPassword(t.Context(), built(preferred), password)
		as[*cognitomfa.Tokens](t, outcome, err)

		ch := built(preferred)
		_, err = client.RespondPassword(t.Context(), ch, "wrong")
		require.ErrorIs(t, err, cognitomfa.ErrCredentials)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), "it ends the attempt")
		_, err = client.RespondPassword(t.Context(), ch, password)
		require.ErrorIs(t, err, cognitomfa.ErrSessionUsed)
	}

	// Another choice.
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	out := ask("")
	outcome, err := client.Respond(t.Context(), &cognitomfa.OtherChallenge{
		Username: "alice", Session: cognitomfa.NewSecret(*out.Session), Name: "SELECT_CHALLENGE",
	}, map[string]string{"ANSWER": "PASSWORD"})
	as[*cognitomfa.PasswordChallenge](t, outcome, err)

	_, err = client.RespondPassword(t.Context(), nil, password)
	require.ErrorIs(t, err, cognitomfa.ErrSessionExpired)
	noSession := &cognitomfa.PasswordChallenge{Username: "alice"}
	_, err = client.RespondPassword(t.Context(), noSession, password)
	require.ErrorIs(t, err, cognitomfa.ErrSessionExpired)
	_, err = client.RespondPassword(t.Context(), built("PASSWORD"), "")
	require.ErrorIs(t, err, cognitomfa.ErrCredentials)
}

// A lost response to the password may have used the session up.
func TestRespondPasswordLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]cognitotest.Fault{
		"before": cognitotest.DropBefore(), "after": cognitotest.DropAfter(), "cut": cognitotest.CutAnswer(),
	} {
		srv, _ := newPool(t)
		client := clientBy(t, srv, cognitomfa.FlowUserAuth, quickRetries)
		out, err := srv.Client().InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			AuthFlow: types.AuthFlowTypeUserAuth, ClientId: &srv.ClientID,
			AuthParameters: map[string]string{"USERNAME": "alice", "PREFERRED_CHALLENGE": "PASSWORD"},
		})
		require.NoError(t, err)
		srv.Fail("AdminRespondToAuthChallenge", fault)
		ch := &cognitomfa.PasswordChallenge{Username: "alice", Session: cognitomfa.NewSecret(*out.Session)}
		_, err = client.RespondPassword(t.Context(), ch, password)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable, name)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), name)
	}
}

// TOTP can be left enabled beside a preferred method.
func TestNotPreferred(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, cognitotest.User{
		Email: "alice@example.com", Methods: []string{"EMAIL_OTP"}, Preferred: "EMAIL_OTP",
	}, func(o *cognitotest.Options) { o.Email = true })
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	outcome, err = client.RespondMFA(t.Context(), ch, lastCode(t, srv))
	access := as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal()
	_, err = client.Enroll(t.Context(), access)
	require.NoError(t, err)
	require.NoError(t, client.Verify(t.Context(), access, srv.Code("alice"), func(o *cognitomfa.VerifyOptions) {
		o.NotPreferred = true
	}))
	s := status(t, client, access)
	assert.True(t, s.TOTP())
	assert.Equal(t, cognitomfa.MethodEmail, s.Preferred)
	require.NoError(t, client.Enable(t.Context(), access))
	assert.Equal(t, cognitomfa.MethodTOTP, status(t, client, access).Preferred)
	require.NoError(t, client.Enable(t.Context(), access, func(o *cognitomfa.EnableOptions) {
		o.NotPreferred = true
	}))
	assert.Empty(t, status(t, client, access).Preferred)

	srv, client = newPool(t, mfaOn)
	outcome, err = client.SignIn(t.Context(), "alice", password)
	enrollment, err := client.EnrollSetup(t.Context(), as[*cognitomfa.SetupChallenge](t, outcome, err))
	require.NoError(t, err)
	code := srv.Code("alice")
	outcome, err = client.VerifySetup(t.Context(), enrollment.Setup, code, func(o *cognitomfa.SetupOptions) {
		o.NotPreferred = true
	})
	s = status(t, client, as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal())
	assert.True(t, s.TOTP())
	assert.Empty(t, s.Preferred)
}
