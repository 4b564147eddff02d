package cognitomfa_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// What other libraries' users have reported, with the right outcome.

// A lost phone whose sign-out is throttled: repeating the reset ends the thief's sessions.
func TestResetAfterAThrottledSignOut(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "ann", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	thief := srv.IssueTokens("ann")
	srv.Advance(2 * time.Second)
	srv.Fail("AdminUserGlobalSignOut", times(3, cognitotest.Throttle())...)
	signOut := func(o *cognitomfa.ResetOptions) { o.SignOut = true }
	err := client.ResetTOTP(t.Context(), "ann", signOut)
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	require.NoError(t, client.ResetTOTP(t.Context(), "ann", signOut))
	_, err = client.Status(t.Context(), *thief.AccessToken)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)

	// A user without an authenticator is signed out all the same, and there is nothing to start
	// over.
	other := srv.IssueTokens("ann")
	srv.Advance(2 * time.Second)
	err = client.ResetTOTP(t.Context(), "ann", signOut)
	require.ErrorIs(t, err, cognitomfa.ErrNotEnrolled)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	_, err = client.Status(t.Context(), *other.AccessToken)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
}

// After a lost try, only "has been revoked" means that the user is signed out.
func TestSignOutOfADeadToken(t *testing.T) {
	t.Parallel()
	for _, fault := range []cognitotest.Fault{cognitotest.DropBefore(), cognitotest.InternalError()} {
		srv := cognitotest.NewServer()
		srv.AddUser(cognitotest.User{Username: "ann", Password: password})
		client := newClient(t, srv.Client(quickRetries), configOf(srv))
		page := srv.IssueTokens("ann")
		srv.Advance(2 * time.Hour) // The page was left open.
		elsewhere := srv.IssueTokens("ann")
		for _, token := range []string{*page.AccessToken, "garbage"} {
			srv.Fail("GlobalSignOut", fault)
			require.ErrorIs(t, client.SignOut(t.Context(), token), cognitomfa.ErrAccessToken)
		}
		status(t, client, *elsewhere.AccessToken) // still signed in, and nobody was told otherwise
		srv.Close()
	}
}

// A typing mistake at the first sign-in is the user's to mend, on the same challenge.
func TestTypingMistakesAreNotTheOperators(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(mfaOn, func(o *cognitotest.Options) {
		o.SMS, o.Email = true, true
		o.RequiredAttributes = []string{"phone_number"}
	})
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword})
	srv.AddUser(cognitotest.User{Username: "ann", Password: password})
	client := newClient(t, srv.Client(), configOf(srv))
	outcome, err := client.SignIn(t.Context(), "bob", password)
	ch := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
	phone := func(s string) map[string]string { return map[string]string{"phone_number": s} }
	for _, tc := range []struct {
		password   string
		attributes map[string]string
		kind       error
	}{
		{newPassword, phone("07700 900123"), cognitomfa.ErrAttribute},
		{newPassword, phone("+1 555 000 1234"), cognitomfa.ErrAttribute},
		{newPassword, map[string]string{"email": "bob@"}, cognitomfa.ErrAttribute},
		{newPassword, map[string]string{"no such": "attribute"}, cognitomfa.ErrAttribute},
		{newPassword + " ", phone("+447700900123"), cognitomfa.ErrPasswordPolicy},
		{" " + newPassword, phone("+447700900123"), cognitomfa.ErrPasswordPolicy},
		{"x", phone("+447700900123"), cognitomfa.ErrPasswordPolicy},
		{strings.Repeat("Aa1!", 80), phone("+447700900123"), cognitomfa.ErrPasswordPolicy},
	} {
		_, err := client.SetNewPassword(t.Context(), ch, tc.password, tc.attributes)
		require.ErrorIs(t, err, tc.kind, "%q %v", tc.password, tc.attributes)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
		assert.NotErrorIs(t, err, cognitomfa.ErrConfig)
	}
	_, err = client.SetNewPassword(t.Context(), ch, newPassword, phone(" +447700900123 "))
	require.NoError(t, err, "the challenge is still good, and spaces around a number do no harm")

	outcome, err = client.SignIn(t.Context(), " ann\n", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	for _, address := range []string{"ann@", "", "   ", "ann", strings.Repeat("a", 3000) + "@example.com"} {
		_, err = client.SetupEmail(t.Context(), setup, address)
		require.ErrorIs(t, err, cognitomfa.ErrAttribute, "%.20q", address)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	}
	outcome, err = client.SetupEmail(t.Context(), setup, "\u00a0ann@example.com ")
	as[*cognitomfa.MFAChallenge](t, outcome, err)
}

// A botched rotation of the app client's secret throws nobody out.
func TestWrongClientSecretAtRefreshAndRevoke(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.ClientSecret = "0123456789abcdefghijklmnop" })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "ann", Password: password})
	tokens := srv.IssueTokens("ann")
	for _, secret := range []string{"", "wrongwrongwrongwrongwrong"} {
		cfg := configOf(srv)
		cfg.ClientSecret = secret
		client := newClient(t, srv.Client(), cfg)
		_, err := client.Refresh(t.Context(), *tokens.RefreshToken)
		require.ErrorIs(t, err, cognitomfa.ErrSecretHash, "refresh with the secret %q", secret)
		assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
		err = client.Revoke(t.Context(), *tokens.RefreshToken)
		require.ErrorIs(t, err, cognitomfa.ErrSecretHash, "revoke with the secret %q", secret)
	}
}

// A rotating refresh token that the SDK itself sent twice is no theft.
func TestRotatedTokenThatWasSentTwice(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(withRotation)
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "ann", Password: password})
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	token := *srv.IssueTokens("ann").RefreshToken
	srv.Fail("GetTokensFromRefreshToken", cognitotest.DropAfter())
	_, err := client.Refresh(t.Context(), token)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.NotErrorIs(t, err, cognitomfa.ErrRefreshToken)
	var reuse *types.RefreshTokenReuseException
	assert.NotErrorAs(t, err, &reuse)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))

	_, err = client.Refresh(t.Context(), token)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken, "a second refresh is a reuse")
}

// A forged or empty challenge is no fault of the configuration.
func TestForgedChallenges(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{}, config) // It makes no call.
	forge := func(description string) cognitomfa.Challenge {
		ch, err := cognitomfa.ParseChallenge(base64.RawURLEncoding.EncodeToString([]byte(description)) + ".session")
		require.NoError(t, err)
		return ch
	}
	for _, description := range []string{
		`{"k":"SOFTWARE_TOKEN_MFA"}`,
		`{"k":"SOFTWARE_TOKEN_MFA","u":""}`,
		`{"k":"SOFTWARE_TOKEN_MFA","u":"alice","m":"PASSWORD_VERIFIER"}`,
		`{"k":"MFA_SETUP"}`,
		`{"k":"SELECT_MFA_TYPE"}`,
		`{"k":"NEW_PASSWORD_REQUIRED"}`,
		`{"k":"PASSWORD"}`,
		`{"k":"OTHER","x":"CUSTOM_CHALLENGE"}`,
	} {
		var err error
		switch ch := forge(description).(type) {
		case *cognitomfa.MFAChallenge:
			_, err = client.RespondMFA(t.Context(), ch, "123456")
		case *cognitomfa.SetupChallenge:
			_, err = client.VerifySetup(t.Context(), ch, "123456")
			require.ErrorIs(t, err, cognitomfa.ErrSessionExpired)
			_, err = client.SetupEmail(t.Context(), ch, "a@example.com")
			require.ErrorIs(t, err, cognitomfa.ErrSessionExpired)
			_, err = client.EnrollSetup(t.Context(), ch)
		case *cognitomfa.SelectChallenge:
			_, err = client.SelectMFA(t.Context(), ch, cognitomfa.MethodTOTP)
		case *cognitomfa.NewPasswordChallenge:
			_, err = client.SetNewPassword(t.Context(), ch, newPassword, nil)
		case *cognitomfa.PasswordChallenge:
			_, err = client.RespondPassword(t.Context(), ch, newPassword)
		case *cognitomfa.OtherChallenge:
			_, err = client.Respond(t.Context(), ch, nil)
		}
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, description)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
	}
}

// Token makes a string of whatever a challenge holds, and ParseChallenge reads it.
func TestTokensOfExtremeChallenges(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 1<<20)
	for _, ch := range []cognitomfa.Challenge{
		&cognitomfa.MFAChallenge{Username: "alice", Session: aSession, Issued: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)},
		&cognitomfa.MFAChallenge{Username: "alice", Session: aSession, Issued: time.Date(-500, 1, 1, 0, 0, 0, 0, time.UTC)},
		&cognitomfa.MFAChallenge{Username: huge, Session: cognitomfa.NewSecret(huge)},
		&cognitomfa.OtherChallenge{Username: "alice", Session: aSession, Name: huge, Parameters: map[string]string{huge: huge}},
		&cognitomfa.OtherChallenge{Session: aSession},
	} {
		again, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(ch, again))
	}
	// What is not UTF-8 comes back as the replacement character, in names that Cognito does not
	// know anyway.
	_, err := cognitomfa.ParseChallenge((&cognitomfa.MFAChallenge{Username: "\xff\xfe"}).Token())
	require.NoError(t, err)
}

// Personal data of a user does not travel in a challenge's token.
func TestTokensHoldNoAttributes(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.RequiredAttributes = []string{"name"} })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, Email: "bob@example.com",
		Status: types.UserStatusTypeForceChangePassword, Attributes: map[string]string{"address": "1 Secret Street"},
	})
	client := newClient(t, srv.Client(), configOf(srv))
	outcome, err := client.SignIn(t.Context(), "bob", password)
	ch := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
	assert.Equal(t, "1 Secret Street", ch.Attributes["address"])
	head, _, _ := strings.Cut(ch.Token(), ".")
	description, err := base64.RawURLEncoding.DecodeString(head)
	require.NoError(t, err)
	assert.NotContains(t, string(description), "Secret Street")
	assert.NotContains(t, string(description), "bob@example.com")
	again, err := cognitomfa.ParseChallenge(ch.Token())
	require.NoError(t, err)
	outcome, err = client.SetNewPassword(t.Context(), again.(*cognitomfa.NewPasswordChallenge), newPassword, map[string]string{"name": "Bob"})
	as[*cognitomfa.Tokens](t, outcome, err)
}

// A flow that was begun on the raw SDK is finished here.
func TestNewChallenge(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	enrolled(t, srv, client)
	out, err := srv.Client().InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &srv.ClientID,
		AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
	})
	require.NoError(t, err)
	ch := cognitomfa.NewChallenge(string(out.ChallengeName), aws.ToString(out.Session), "alice", out.ChallengeParameters)
	require.IsType(t, (*cognitomfa.MFAChallenge)(nil), ch)
	outcome, err := client.RespondMFA(t.Context(), ch.(*cognitomfa.MFAChallenge), srv.Code("alice"))
	as[*cognitomfa.Tokens](t, outcome, err)

	for name, want := range map[string]cognitomfa.Challenge{
		"SMS_MFA":               &cognitomfa.MFAChallenge{},
		"EMAIL_OTP":             &cognitomfa.MFAChallenge{},
		"MFA_SETUP":             &cognitomfa.SetupChallenge{},
		"SELECT_MFA_TYPE":       &cognitomfa.SelectChallenge{},
		"NEW_PASSWORD_REQUIRED": &cognitomfa.NewPasswordChallenge{},
		"CUSTOM_CHALLENGE":      &cognitomfa.OtherChallenge{},
		"WEB_AUTHN":             &cognitomfa.OtherChallenge{},
	} {
		ch := cognitomfa.NewChallenge(name, "session", "alice", map[string]string{"USER_ID_FOR_SRP": "3f1c"})
		assert.IsType(t, want, ch, name)
		again, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err)
		assert.Equal(t, ch, again, name)
		text, err := json.Marshal(ch.Token())
		require.NoError(t, err)
		assert.NotContains(t, fmt.Sprintf("%+v", ch), "session", name)
		assert.Contains(t, string(text), "session")
	}
}

// The next step of a set-up keeps what the first step said.
func TestEnrollSetupKeepsWhatTheChallengeSays(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(mfaOn, withEmail)
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	issued := time.Date(2026, 11, 25, 12, 0, 0, 123_456_789, time.FixedZone("CET", 3600))
	client, err := cognitomfa.New(srv.Client(), configOf(srv), func(o *cognitomfa.Options) {
		o.Now = func() time.Time { return issued }
	})
	require.NoError(t, err)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	assert.Equal(t, time.Date(2026, 11, 25, 11, 0, 0, 123_000_000, time.UTC), setup.Issued, "UTC, whole milliseconds")
	e, err := client.EnrollSetup(t.Context(), setup)
	require.NoError(t, err)
	assert.NotEqual(t, setup.Session.Reveal(), e.Setup.Session.Reveal())
	assert.Equal(t, setup.Issued, e.Setup.Issued)
	assert.Equal(t, setup.Methods, e.Setup.Methods)
	assert.NotEmpty(t, e.Setup.Methods)
}

// An enrollment can be shown again after a reload or a wrong code: it is made anew of its URI.
func TestEnrollmentIsShownAgain(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	token := *srv.IssueTokens("alice").AccessToken
	first, err := client.Enroll(t.Context(), token)
	require.NoError(t, err)
	again, err := cognitomfa.ParseEnrollment(first.URI())
	require.NoError(t, err)
	one, err := first.SVG()
	require.NoError(t, err)
	two, err := again.SVG()
	require.NoError(t, err)
	assert.Equal(t, string(one), string(two))
	assert.Equal(t, first.Grouped(), again.Grouped())
	require.ErrorIs(t, client.Verify(t.Context(), token, "000000"), cognitomfa.ErrCodeMismatch)
	require.NoError(t, client.Verify(t.Context(), token, srv.Code("alice")))

	for _, uri := range []string{"", "otpauth://", "https://example.com/" + leak} {
		e, err := cognitomfa.ParseEnrollment(uri)
		assert.Nil(t, e)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), leak)
	}
}

// Tokens go into a store on purpose, and come back.
func TestPlainTokens(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	assert.WithinRange(t, tokens.ExpiresAt, time.Now().Add(59*time.Minute), time.Now().Add(61*time.Minute))
	_, err = json.Marshal(tokens)
	require.Error(t, err, "not by accident")

	text, err := json.Marshal(tokens.Plain())
	require.NoError(t, err)
	for _, name := range []string{`"access_token":`, `"id_token":`, `"refresh_token":`, `"token_type":"Bearer"`, `"expires_at":`} {
		assert.Contains(t, string(text), name)
	}
	var plain cognitomfa.PlainTokens
	require.NoError(t, json.Unmarshal(text, &plain))
	again := plain.Tokens()
	assert.Equal(t, tokens.Access.Reveal(), again.Access.Reveal())
	assert.Equal(t, tokens.ID.Reveal(), again.ID.Reveal())
	assert.Equal(t, tokens.Refresh.Reveal(), again.Refresh.Reveal())
	assert.Equal(t, tokens.ExpiresAt, again.ExpiresAt)
	_, err = client.Refresh(t.Context(), again.Refresh.Reveal())
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, plain), tokens.Refresh.Reveal()[:20], verb)
	}
	_ = srv
}

// Another method lets users give the authenticator up where MFA is required.
func TestDisableWithAnotherMethodLeft(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(mfaOn, func(o *cognitotest.Options) { o.SMS = true })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{
		Username: "ann", Password: password, Phone: "+15550001234", TOTP: "JBSWY3DPEHPK3PXP",
		Methods: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, Preferred: "SOFTWARE_TOKEN_MFA",
	})
	client := newClient(t, srv.Client(), configOf(srv))
	access := *srv.IssueTokens("ann").AccessToken
	require.NoError(t, client.Disable(t.Context(), access))
	assert.Equal(t, []string{"GetUserPoolMfaConfig", "GetUser", "SetUserMFAPreference", "GetUser"}, operations(srv))
	outcome, err := client.SignIn(t.Context(), "ann", password)
	assert.Equal(t, cognitomfa.MethodSMS, as[*cognitomfa.MFAChallenge](t, outcome, err).Method)
}

func TestSetMethods(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.SMS, o.Email = true, true })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{
		Username: "ann", Password: password, Phone: "+15550001234", Email: "ann@example.com", TOTP: "JBSWY3DPEHPK3PXP",
	})
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	client := newClient(t, srv.Client(), configOf(srv))
	access := *srv.IssueTokens("ann").AccessToken
	all := []cognitomfa.Method{cognitomfa.MethodSMS, cognitomfa.MethodTOTP, cognitomfa.MethodEmail}
	for _, tc := range []struct {
		enabled   []cognitomfa.Method
		preferred cognitomfa.Method
		next      cognitomfa.Outcome
	}{
		{all, "", &cognitomfa.SelectChallenge{}},
		{all, cognitomfa.MethodEmail, &cognitomfa.MFAChallenge{Method: cognitomfa.MethodEmail}},
		{all[:2], "", &cognitomfa.SelectChallenge{}},
		{all[:1], cognitomfa.MethodSMS, &cognitomfa.MFAChallenge{Method: cognitomfa.MethodSMS}},
		{all[1:2], "", &cognitomfa.MFAChallenge{Method: cognitomfa.MethodTOTP}},
		{nil, "", &cognitomfa.Tokens{}},
	} {
		require.NoError(t, client.SetMethods(t.Context(), access, tc.enabled, tc.preferred))
		s := status(t, client, access)
		assert.ElementsMatch(t, tc.enabled, s.Enabled)
		assert.Equal(t, tc.preferred, s.Preferred)
		outcome, err := client.SignIn(t.Context(), "ann", password)
		require.NoError(t, err)
		require.IsType(t, tc.next, outcome)
		if ch, ok := outcome.(*cognitomfa.MFAChallenge); ok {
			assert.Equal(t, tc.next.(*cognitomfa.MFAChallenge).Method, ch.Method)
		}
	}

	require.ErrorIs(t, client.SetMethods(t.Context(), access, all[:1], cognitomfa.MethodTOTP), cognitomfa.ErrMethod)
	require.ErrorIs(t, client.SetMethods(t.Context(), access, []cognitomfa.Method{"PIGEON"}, ""), cognitomfa.ErrMethod)
	require.ErrorIs(t, client.SetMethods(t.Context(), "", all, ""), cognitomfa.ErrAccessToken)
	access = *srv.IssueTokens("bob").AccessToken
	require.ErrorIs(t, client.SetMethods(t.Context(), access, all[1:2], ""), cognitomfa.ErrNotEnrolled)
	require.ErrorIs(t, client.SetMethods(t.Context(), access, all[:1], ""), cognitomfa.ErrAttribute)
	require.ErrorIs(t, client.SetMethods(t.Context(), access, all[2:], ""), cognitomfa.ErrAttribute)

	required := cognitotest.NewServer(mfaOn)
	t.Cleanup(required.Close)
	required.AddUser(enrolledAs("ann"))
	client = newClient(t, required.Client(), configOf(required))
	access = *required.IssueTokens("ann").AccessToken
	require.ErrorIs(t, client.SetMethods(t.Context(), access, nil, ""), cognitomfa.ErrMFARequired)
	assert.True(t, status(t, client, access).TOTP())
}

func enrolledAs(name string) cognitotest.User {
	u := enrolledUser
	u.Username, u.Password = name, password
	return u
}

// The decimal digits of Unicode come in sets of ten that begin with a zero: normalizeCode relies on
// it.
func TestDecimalDigitsComeInTens(t *testing.T) {
	t.Parallel()
	for _, set := range unicode.Nd.R16 {
		assert.EqualValues(t, 1, set.Stride)
		assert.Zero(t, (set.Hi-set.Lo+1)%10)
	}
	for _, set := range unicode.Nd.R32 {
		assert.EqualValues(t, 1, set.Stride)
		assert.Zero(t, (set.Hi-set.Lo+1)%10)
	}
}

func TestLongInputIsNoCode(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{}, config)
	ch := &cognitomfa.MFAChallenge{Username: "alice", Session: aSession}
	for _, typed := range []string{
		strings.Repeat(" ", 130) + "123456",
		strings.Repeat("\u200b", 50) + "123456",
	} {
		_, err := client.RespondMFA(t.Context(), ch, typed)
		require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
	}
}

func TestSupportDesk(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	for i := range 130 {
		user := cognitotest.User{Username: fmt.Sprintf("user-%03d", i), Password: password}
		if i%2 == 0 {
			user.TOTP = "JBSWY3DPEHPK3PXP"
		}
		srv.AddUser(user)
	}
	client := newClient(t, srv.Client(), configOf(srv))
	quick := func(o *cognitomfa.ListOptions) { o.PerSecond = 1e6 }

	s, err := client.UserStatus(t.Context(), "user-000")
	require.NoError(t, err)
	assert.Equal(t, cognitomfa.Status{
		Username: "user-000", Enabled: []cognitomfa.Method{cognitomfa.MethodTOTP}, Preferred: cognitomfa.MethodTOTP,
		UserStatus: "CONFIRMED",
	}, *s)
	_, err = client.UserStatus(t.Context(), "nobody")
	require.ErrorIs(t, err, cognitomfa.ErrUserNotFound)
	require.ErrorIs(t, client.SignOutUser(t.Context(), "nobody"), cognitomfa.ErrUserNotFound)
	require.ErrorIs(t, client.SignOutUser(t.Context(), ""), cognitomfa.ErrUserNotFound)

	operations(srv)
	var pages []string
	var names []string
	for s, err := range client.UsersWithoutMFA(t.Context(), quick, func(o *cognitomfa.ListOptions) {
		o.Page = func(from string, users int) {
			assert.Equal(t, 60*len(pages), users)
			pages = append(pages, from)
		}
	}) {
		require.NoError(t, err)
		names = append(names, s.Username)
	}
	assert.Len(t, names, 65)
	assert.Len(t, pages, 3)
	assert.Empty(t, pages[0])
	assert.Len(t, operations(srv), 133, "a list for each page, and each user once")

	// It stops where the caller stops, and goes on from a page.
	for _, err := range client.UsersWithoutMFA(t.Context(), quick) {
		require.NoError(t, err)
		break
	}
	assert.Equal(t, []string{"ListUsers", "AdminGetUser", "AdminGetUser"}, operations(srv))
	rest := 0
	for s, err := range client.UsersWithoutMFA(t.Context(), quick, func(o *cognitomfa.ListOptions) { o.From = pages[2] }) {
		require.NoError(t, err)
		assert.Contains(t, names[60:], s.Username)
		rest++
	}
	assert.Equal(t, 5, rest)

	// A user who is deleted meanwhile is passed over; any other error is the last that is yielded.
	srv.Fail("AdminGetUser", cognitotest.Error("UserNotFoundException", "User does not exist."), cognitotest.Error("AccessDeniedException", "no"))
	var last error
	for s, err := range client.UsersWithoutMFA(t.Context(), quick) {
		require.NoError(t, last)
		assert.Equal(t, err == nil, s != nil)
		last = err
	}
	require.ErrorIs(t, last, cognitomfa.ErrConfig)
	assert.ErrorContains(t, last, "cognito-idp:AdminGetUser")

	for _, err := range client.UsersWithoutMFA(t.Context(), func(o *cognitomfa.ListOptions) { o.PerSecond = -1 }) {
		require.ErrorIs(t, err, cognitomfa.ErrConfig)
	}
}

// Waiting for the next call ends with the context.
func TestUsersWithoutMFAEndsWithTheContext(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range client.UsersWithoutMFA(ctx, func(o *cognitomfa.ListOptions) {
		o.PerSecond = 1e-3 // The second call would be made after a quarter of an hour.
		o.Page = func(string, int) { cancel() }
	}) {
		last = err
	}
	require.ErrorIs(t, last, context.Canceled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(last))
}
