package cognitomfa_test

import (
	"cmp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// sentCode answers an MFA challenge with user input, and returns the code that Cognito gets.
func sentCode(t *testing.T, method cognitomfa.Method, typed string) (string, error) {
	t.Helper()
	var sent string
	client := newClient(t, &double{respond: func(in *respondIn) (*respondOut, error) {
		assert.Equal(t, cmp.Or(method, cognitomfa.MethodTOTP), cognitomfa.Method(in.ChallengeName))
		for _, name := range []string{"SOFTWARE_TOKEN_MFA_CODE", "SMS_MFA_CODE", "EMAIL_OTP_CODE"} {
			sent += in.ChallengeResponses[name]
		}
		return answeredTokens, nil
	}}, config)
	ch := &cognitomfa.MFAChallenge{Username: "alice", Session: session, Method: method}
	_, err := client.RespondMFA(t.Context(), ch, typed)
	return sent, err
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"123456":                            "123456",
		" 123 456\n":                        "123456",
		"123-456":                           "123456",
		"12–34—56":                          "123456",
		"123−456":                           "123456", // U+2212, the minus sign
		"１２３４５６":                            "123456",
		"１２３　４５６":                           "123456",
		"\u202a123\u00a0456\u202c":          "123456",
		"٣٤٥٦٧٨":                            "345678", // Arabic-Indic
		"۳۴۵۶۷۸":                            "345678", // Persian
		"३४५६७८":                            "345678", // Devanagari
		"৩৪৫৬৭৮":                            "345678", // Bengali
		"๓๔๕๖๗๘":                            "345678", // Thai
		"၃၄၅၆၇၈":                            "345678", // Myanmar
		"𝟥𝟦𝟧𝟨𝟩𝟪":                            "345678", // mathematical sans-serif
		"٣4５६৭8":                            "345678",
		strings.Repeat(" ", 122) + "123456": "123456", // 128 bytes in all
	} {
		sent, err := sentCode(t, cognitomfa.MethodTOTP, typed)
		require.NoError(t, err, "%.20q", typed)
		assert.Equal(t, want, sent, "%.20q", typed)
	}
}

func TestMalformedCodesCostNoCall(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"", "      ", "12345", "1234567", "12345678", "12345a", "1a23456",
		"½23456", "Ⅳ23456", "123456\x00", "12345\xff6", "123456\ufffd",
		strings.Repeat(" ", 123) + "123456", // 129 bytes in all
		strings.Repeat("\u200b", 50) + "123456",
		strings.Repeat(" ", 1<<20) + "123456",
	} {
		sent, err := sentCode(t, cognitomfa.MethodTOTP, typed)
		require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch, "%.20q", typed)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
		assert.Empty(t, sent, "%.20q", typed)
	}
}

// Cognito sends codes of six to eight digits; an authenticator shows six.
func TestCodeLengthDependsOnTheMethod(t *testing.T) {
	t.Parallel()
	for method, longest := range map[cognitomfa.Method]int{
		"":                     6, // stands for TOTP
		cognitomfa.MethodTOTP:  6,
		cognitomfa.MethodSMS:   8,
		cognitomfa.MethodEmail: 8,
	} {
		for length := range 12 {
			code := "123456789012"[:length]
			sent, err := sentCode(t, method, code)
			if 6 <= length && length <= longest {
				require.NoError(t, err, "%s, %s", method, code)
				assert.Equal(t, code, sent)
			} else {
				require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch, "%s, %s", method, code)
			}
		}
	}
}

// normalizeCode relies on this: Unicode has decimal digits in sets of ten that begin with zero.
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
