package cognitomfa_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

var issued = time.Date(2026, 11, 23, 12, 0, 0, 123e6, time.UTC)

func challenges(session string) []cognitomfa.Challenge {
	s := cognitomfa.NewSecret(session)
	return []cognitomfa.Challenge{
		&cognitomfa.MFAChallenge{Session: s},
		&cognitomfa.MFAChallenge{Username: "alice", Session: s, Issued: issued, Method: cognitomfa.MethodTOTP, DeviceName: "Alice's phone"},
		&cognitomfa.MFAChallenge{Username: "アリス", Session: s, Issued: issued, Method: cognitomfa.MethodSMS, Destination: "+*******1234"},
		&cognitomfa.SetupChallenge{Username: "alice", Session: s, Issued: issued, Methods: []cognitomfa.Method{cognitomfa.MethodTOTP, "NEWER"}},
		&cognitomfa.SelectChallenge{Username: "alice", Session: s, Issued: issued, Methods: []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail}},
		&cognitomfa.NewPasswordChallenge{Username: "alice", Session: s, Issued: issued, Required: []string{"email"}, Attributes: map[string]string{"name": "Alice \"A.\" <&>"}},
		&cognitomfa.OtherChallenge{Username: "alice", Session: s, Issued: issued, Name: "CUSTOM_CHALLENGE", Parameters: map[string]string{"riddle": "?"}},
		&cognitomfa.OtherChallenge{Session: s, Issued: issued, Name: "SOFTWARE_TOKEN_MFA"},
		&cognitomfa.OtherChallenge{Username: "alice", Session: s, Name: "SELECT_CHALLENGE", Choices: []string{"EMAIL_OTP"}},
		&cognitomfa.PasswordChallenge{Username: "alice", Session: s, Issued: issued},
		&cognitomfa.PasswordChallenge{Username: "alice", Session: s, Choices: []string{"PASSWORD", "EMAIL_OTP"}},
		&cognitomfa.MFAChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.SetupChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.SelectChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.NewPasswordChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.OtherChallenge{Session: s, DeviceUnknown: true},
		&cognitomfa.PasswordChallenge{Session: s, DeviceUnknown: true},
	}
}

func TestChallengeSurvivesAProcess(t *testing.T) {
	t.Parallel()
	for _, session := range []string{"AYABe" + strings.Repeat("x_-Z", 400), strings.Repeat("s", 8192), "with +/=%&. blanks\n", "日本語", ""} {
		for _, ch := range challenges(session) {
			token := ch.Token()
			assert.Equal(t, token, url.QueryEscape(token), "safe in URLs, forms and cookies")
			again, err := cognitomfa.ParseChallenge(token)
			require.NoError(t, err)
			if ch, ok := ch.(*cognitomfa.NewPasswordChallenge); ok {
				ch.Attributes = nil // They are personal data, and no answer needs them.
			}
			assert.Equal(t, ch, again)
		}
	}
}

// A cookie holds 4096 bytes, and a session is often half of that.
func TestTokenIsHardlyLongerThanItsSession(t *testing.T) {
	t.Parallel()
	ch := &cognitomfa.MFAChallenge{
		Username: "3f1c0a52-7d0e-4f7e-9f3a-0a8f6f1f9d11", Session: cognitomfa.NewSecret(strings.Repeat("s", 2048)), Issued: issued, Method: cognitomfa.MethodTOTP,
	}
	assert.Less(t, len(ch.Token()), 2048+256)
}

func TestParseChallengeRefusesWhatIsNoToken(t *testing.T) {
	t.Parallel()
	encode := func(description string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(description)) + ".session"
	}
	good := challenges("session")[1].Token()
	for name, token := range map[string]string{
		"empty":            "",
		"no dot":           "AYABeSession",
		"no description":   ".session",
		"not base64":       "!!!.session",
		"not JSON":         encode("session"),
		"null":             encode("null"),
		"list":             encode("[]"),
		"unknown kind":     encode(`{"k":"PASSWORD_VERIFIER"}`),
		"former date":      encode(`{"k":"MFA_SETUP","i":"2026-11-23T12:00:00Z"}`),
		"no kind":          encode(`{"u":"alice"}`),
		"unknown field":    encode(`{"k":"MFA_SETUP","admin":true}`),
		"wrong type":       encode(`{"k":"MFA_SETUP","u":5}`),
		"wrong date":       encode(`{"k":"MFA_SETUP","i":"yesterday"}`),
		"two values":       encode(`{"k":"MFA_SETUP"}{"k":"MFA_SETUP"}`),
		"bad character":    encode(`{"k":"MFA_SETUP"}`) + "%zz",
		"bad separator":    strings.Replace(good, ".", "/", 1),
		"bad encoding":     strings.Replace(good, ".", "~!", 1),
		"truncated":        good[:len(good)/2-len("session")],
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
	for _, ch := range challenges("session") {
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
