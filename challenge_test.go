package cognitomfa_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
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

var issued = time.Date(2026, 11, 23, 12, 0, 0, 123e6, time.UTC)

// challengesOf returns challenges of every type, full and almost empty.
func challengesOf(s cognitomfa.Secret) []cognitomfa.Challenge {
	return []cognitomfa.Challenge{
		&cognitomfa.MFAChallenge{Session: s},
		&cognitomfa.MFAChallenge{
			Username: "alice", Session: s, Issued: issued,
			Method: cognitomfa.MethodTOTP, DeviceName: "Alice's phone",
		},
		&cognitomfa.MFAChallenge{
			Username: "アリス", Session: s, Issued: issued,
			Method: cognitomfa.MethodSMS, Destination: "+*******1234",
		},
		&cognitomfa.SetupChallenge{
			Username: "alice", Session: s, Issued: issued,
			Methods: []cognitomfa.Method{cognitomfa.MethodTOTP, "NEWER"},
		},
		&cognitomfa.SelectChallenge{
			Username: "alice", Session: s, Issued: issued,
			Methods: []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail},
		},
		&cognitomfa.NewPasswordChallenge{
			Username: "alice", Session: s, Issued: issued, Required: []string{"email"},
			Attributes: map[string]string{"name": "Alice \"A.\" <&>"},
		},
		&cognitomfa.OtherChallenge{
			Username: "alice", Session: s, Issued: issued, Name: "CUSTOM_CHALLENGE",
			Parameters: map[string]string{"riddle": "?"},
		},
		&cognitomfa.OtherChallenge{Session: s, Issued: issued, Name: "SOFTWARE_TOKEN_MFA"},
		&cognitomfa.OtherChallenge{
			Username: "alice", Session: s, Name: "SELECT_CHALLENGE", Choices: []string{"EMAIL_OTP"},
		},
		&cognitomfa.PasswordChallenge{Username: "alice", Session: s, Issued: issued},
		&cognitomfa.PasswordChallenge{
			Username: "alice", Session: s, Choices: []string{"PASSWORD", "EMAIL_OTP"},
		},
		&cognitomfa.MFAChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.SetupChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.SelectChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.NewPasswordChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.OtherChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.PasswordChallenge{Session: s, DeviceUnknown: true},
	}
}

func TestChallengesSurviveAProcess(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"AYABe" + strings.Repeat("x_-Z", 400), strings.Repeat("s", 8192),
		"with +/=%&. spaces\n", "日本語", "",
	} {
		for _, ch := range challengesOf(cognitomfa.NewSecret(text)) {
			token := ch.Token()
			assert.Equal(t, token, url.QueryEscape(token), "safe in URLs, forms and cookies")
			again, err := cognitomfa.ParseChallenge(token)
			require.NoError(t, err)
			if ch, ok := ch.(*cognitomfa.NewPasswordChallenge); ok {
				ch.Attributes = nil // The token omits personal data that no answer needs.
			}
			assert.Equal(t, ch, again)
		}
	}
}

// Browsers accept cookies of up to 4,096 bytes, and a session is often half as long.
func TestTokensAreHardlyLongerThanTheirSessions(t *testing.T) {
	t.Parallel()
	ch := &cognitomfa.MFAChallenge{
		Username: "3f1c0a52-7d0e-4f7e-9f3a-0a8f6f1f9d11",
		Session:  cognitomfa.NewSecret(strings.Repeat("s", 2048)),
		Issued:   issued,
		Method:   cognitomfa.MethodTOTP,
	}
	assert.Less(t, len(ch.Token()), 2048+256)
}

// Token and ParseChallenge have no limits of their own.
func TestTokensOfExtremeChallenges(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 1<<20)
	date := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	for name, ch := range map[string]cognitomfa.Challenge{
		"far future":   &cognitomfa.MFAChallenge{Session: session, Issued: date(12000)},
		"far past":     &cognitomfa.MFAChallenge{Session: session, Issued: date(-500)},
		"long session": &cognitomfa.SetupChallenge{Session: cognitomfa.NewSecret(huge)},
		"long texts": &cognitomfa.OtherChallenge{
			Username: huge, Session: session, Name: huge, Parameters: map[string]string{huge: huge},
		},
	} {
		again, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err, name)
		require.True(t, reflect.DeepEqual(ch, again), name)
	}
	// Invalid UTF-8 becomes the replacement character; no Cognito user name contains it.
	_, err := cognitomfa.ParseChallenge((&cognitomfa.MFAChallenge{Username: "\xff\xfe"}).Token())
	require.NoError(t, err)
}

func TestTokensHoldNoAttributes(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, cognitotest.User{
		Username: "bob", Email: "bob@example.com", Status: types.UserStatusTypeForceChangePassword,
		Attributes: map[string]string{"address": "1 Secret Street"},
	}, func(o *cognitotest.Options) { o.RequiredAttributes = []string{"name"} })
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
	ch, ok := again.(*cognitomfa.NewPasswordChallenge)
	require.True(t, ok)
	attributes := map[string]string{"name": "Bob"}
	outcome, err = client.SetNewPassword(t.Context(), ch, newPassword, attributes)
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, "Bob", srv.User("bob").Attributes["name"])
}

func TestParseChallengeRefusesOtherText(t *testing.T) {
	t.Parallel()
	encode := func(description string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(description)) + ".session"
	}
	good := challengesOf(session)[1].Token()
	for name, token := range map[string]string{
		"empty":            "",
		"no dot":           "AYABeSession",
		"no description":   ".session",
		"not base64":       "!!!.session",
		"not JSON":         encode("session"),
		"null":             encode("null"),
		"a list":           encode("[]"),
		"unknown kind":     encode(`{"k":"PASSWORD_VERIFIER"}`),
		"no kind":          encode(`{"u":"alice"}`),
		"unknown field":    encode(`{"k":"s","admin":true}`),
		"wrong type":       encode(`{"k":"s","u":5}`),
		"a date as text":   encode(`{"k":"s","i":"2026-11-23T12:00:00Z"}`),
		"two values":       encode(`{"k":"s"}{"k":"s"}`),
		"bad character":    encode(`{"k":"s"}`) + "%zz",
		"bad separator":    strings.Replace(good, ".", "/", 1),
		"bad encoding":     strings.Replace(good, ".", "~!", 1),
		"truncated":        good[:strings.Index(good, ".")/2],
		"padded":           strings.Replace(good, ".", "==.", 1),
		"another encoding": strings.ToUpper(good),
		"line break":       strings.Replace(good, ".", "\n.", 1),
	} {
		ch, err := cognitomfa.ParseChallenge(token)
		assert.Nil(t, ch, name)
		require.ErrorIs(t, err, cognitomfa.ErrSessionExpired, name)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), name)
		assert.NotContains(t, err.Error(), "alice", name)
	}
}

func FuzzParseChallenge(f *testing.F) {
	for _, ch := range challengesOf(session) {
		f.Add(ch.Token())
	}
	f.Add("")
	f.Add("e30.")
	f.Fuzz(func(t *testing.T, token string) {
		ch, err := cognitomfa.ParseChallenge(token)
		if err != nil {
			return
		}
		again, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err)
		require.Equal(t, ch.Token(), again.Token())
	})
}

// The library can finish a sign-in that began with the SDK.
func TestNewChallengeFromTheSDK(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, totpUser)
	out, err := srv.Client().InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow:       types.AuthFlowTypeUserPasswordAuth,
		ClientId:       &srv.ClientID,
		AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
	})
	require.NoError(t, err)
	name, text := string(out.ChallengeName), aws.ToString(out.Session)
	ch := cognitomfa.NewChallenge(name, text, "alice", out.ChallengeParameters)
	require.IsType(t, (*cognitomfa.MFAChallenge)(nil), ch)
	outcome, err := client.RespondMFA(t.Context(), ch.(*cognitomfa.MFAChallenge), srv.Code("alice"))
	as[*cognitomfa.Tokens](t, outcome, err)
}

func TestNewChallengeKnowsTheNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]cognitomfa.Challenge{
		"SOFTWARE_TOKEN_MFA":    &cognitomfa.MFAChallenge{},
		"SMS_MFA":               &cognitomfa.MFAChallenge{},
		"EMAIL_OTP":             &cognitomfa.MFAChallenge{},
		"MFA_SETUP":             &cognitomfa.SetupChallenge{},
		"SELECT_MFA_TYPE":       &cognitomfa.SelectChallenge{},
		"NEW_PASSWORD_REQUIRED": &cognitomfa.NewPasswordChallenge{},
		"PASSWORD":              &cognitomfa.PasswordChallenge{},
		"CUSTOM_CHALLENGE":      &cognitomfa.OtherChallenge{},
		"WEB_AUTHN":             &cognitomfa.OtherChallenge{},
	} {
		ch := cognitomfa.NewChallenge(name, "hush", "alice", map[string]string{"USERNAME": "2e0b"})
		assert.Equal(t, "2e0b", usernameOf(ch), "%s: Cognito's name for the user", name)
		ch = cognitomfa.NewChallenge(name, "hush", "alice", map[string]string{
			"USERNAME": "2e0b", "USER_ID_FOR_SRP": "3f1c",
		})
		assert.IsType(t, want, ch, name)
		assert.Equal(t, "3f1c", usernameOf(ch), "%s: Cognito's name for the user", name)
		again, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err, name)
		assert.Equal(t, ch, again, name)
		assert.NotContains(t, fmt.Sprintf("%+v", ch), "hush", name)

		ch = cognitomfa.NewChallenge(name, "hush", "alice", nil)
		assert.Equal(t, "alice", usernameOf(ch), "%s: the name that was sent", name)
	}
	// Each name stands for its own method.
	for _, method := range allMethods {
		ch := cognitomfa.NewChallenge(string(method), "hush", "alice", nil)
		assert.Equal(t, method, ch.(*cognitomfa.MFAChallenge).Method)
	}
}

func usernameOf(ch cognitomfa.Challenge) string {
	switch ch := ch.(type) {
	case *cognitomfa.MFAChallenge:
		return ch.Username
	case *cognitomfa.SetupChallenge:
		return ch.Username
	case *cognitomfa.SelectChallenge:
		return ch.Username
	case *cognitomfa.NewPasswordChallenge:
		return ch.Username
	case *cognitomfa.PasswordChallenge:
		return ch.Username
	case *cognitomfa.OtherChallenge:
		return ch.Username
	}
	panic("unreachable: these are all challenges")
}

// With a short user name, the token of a challenge for TOTP is at most 64 bytes longer than its
// session, so all but the longest session that AWS documents, 4,096 characters, fit in a cookie:
// browsers limit name and value to 4,096 bytes. With a UUID it is at most 96 bytes longer.
func TestTokenFitsInACookie(t *testing.T) {
	t.Parallel()
	for _, quirks := range []cognitotest.Quirks{{}, {LongSessions: true}, {HugeSessions: true}} {
		srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.Quirks = quirks })
		t.Cleanup(srv.Close)
		srv.AddUser(cognitotest.User{Username: "ann", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
		client := newClient(t, srv.Client(), configOf(srv))
		outcome, err := client.SignIn(t.Context(), "ann", password)
		ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
		assert.LessOrEqual(t, len(ch.Token())-len(ch.Session.Reveal()), 64)
		other := *ch
		other.Username = "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"
		assert.LessOrEqual(t, len(other.Token())-len(ch.Session.Reveal()), 96)
		assert.Equal(t, !quirks.HugeSessions, len("mfa"+ch.Token()) <= 4096, len(ch.Token()))
		outcome, err = client.RespondMFA(t.Context(), ch, srv.Code("ann"))
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// Each challenge has exactly one token. The unused bits in the last character of an encoded session
// must be zero.
func TestParseChallengeAcceptsOneEncoding(t *testing.T) {
	t.Parallel()
	ch := cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret("+")}
	token := ch.Token()
	require.True(t, strings.HasSuffix(token, "~Kw"), token)
	_, err := cognitomfa.ParseChallenge(token)
	require.NoError(t, err)
	_, err = cognitomfa.ParseChallenge(strings.TrimSuffix(token, "w") + "x")
	require.ErrorIs(t, err, cognitomfa.ErrSessionExpired)
}
