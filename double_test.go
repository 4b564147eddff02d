package cognitomfa_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// double plays the operations that a test gives it; any other call is a nil dereference, and so a
// failure.
type double struct {
	cognitomfa.CognitoAPI

	signIn    func(*cip.AdminInitiateAuthInput) (*cip.AdminInitiateAuthOutput, error)
	respond   func(*cip.AdminRespondToAuthChallengeInput) (*cip.AdminRespondToAuthChallengeOutput, error)
	associate func(*cip.AssociateSoftwareTokenInput) (*cip.AssociateSoftwareTokenOutput, error)
	verify    func(*cip.VerifySoftwareTokenInput) (*cip.VerifySoftwareTokenOutput, error)
	prefer    func(*cip.SetUserMFAPreferenceInput) (*cip.SetUserMFAPreferenceOutput, error)
	getUser   func(*cip.GetUserInput) (*cip.GetUserOutput, error)
	refresh   func(*cip.GetTokensFromRefreshTokenInput) (*cip.GetTokensFromRefreshTokenOutput, error)
}

func (d *double) AdminInitiateAuth(_ context.Context, in *cip.AdminInitiateAuthInput, _ ...func(*cip.Options)) (*cip.AdminInitiateAuthOutput, error) {
	return d.signIn(in)
}

func (d *double) AdminRespondToAuthChallenge(_ context.Context, in *cip.AdminRespondToAuthChallengeInput, _ ...func(*cip.Options)) (*cip.AdminRespondToAuthChallengeOutput, error) {
	return d.respond(in)
}

func (d *double) AssociateSoftwareToken(_ context.Context, in *cip.AssociateSoftwareTokenInput, _ ...func(*cip.Options)) (*cip.AssociateSoftwareTokenOutput, error) {
	return d.associate(in)
}

func (d *double) VerifySoftwareToken(_ context.Context, in *cip.VerifySoftwareTokenInput, _ ...func(*cip.Options)) (*cip.VerifySoftwareTokenOutput, error) {
	return d.verify(in)
}

func (d *double) SetUserMFAPreference(_ context.Context, in *cip.SetUserMFAPreferenceInput, _ ...func(*cip.Options)) (*cip.SetUserMFAPreferenceOutput, error) {
	return d.prefer(in)
}

func (d *double) GetUser(_ context.Context, in *cip.GetUserInput, _ ...func(*cip.Options)) (*cip.GetUserOutput, error) {
	return d.getUser(in)
}

func (d *double) GetTokensFromRefreshToken(_ context.Context, in *cip.GetTokensFromRefreshTokenInput, _ ...func(*cip.Options)) (*cip.GetTokensFromRefreshTokenOutput, error) {
	return d.refresh(in)
}

var config = cognitomfa.Config{UserPoolID: "eu-west-1_Example", ClientID: "1example23456789", Issuer: "Example"}

// newClient returns a client on a double or on the fake.
func newClient(tb testing.TB, api cognitomfa.CognitoAPI, cfg cognitomfa.Config) *cognitomfa.Client {
	tb.Helper()
	client, err := cognitomfa.New(api, cfg)
	require.NoError(tb, err)
	return client
}

// jwtWith is an access token to the eye of who does not verify it.
func jwtWith(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

const secretCode = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW"

func TestNewChecksItsSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  cognitomfa.CognitoAPI
		edit func(*cognitomfa.Config)
		want string
	}{
		"no api":         {nil, func(*cognitomfa.Config) {}, "CognitoAPI is nil"},
		"no pool":        {&double{}, func(c *cognitomfa.Config) { c.UserPoolID = "" }, "Config.UserPoolID is required"},
		"no client":      {&double{}, func(c *cognitomfa.Config) { c.ClientID = "" }, "Config.ClientID is required"},
		"no issuer":      {&double{}, func(c *cognitomfa.Config) { c.Issuer = "" }, "Config.Issuer is required"},
		"line end":       {&double{}, func(c *cognitomfa.Config) { c.ClientID += "\n" }, "Config.ClientID begins or ends with white space"},
		"secret's blank": {&double{}, func(c *cognitomfa.Config) { c.ClientSecret = " hidden" }, "Config.ClientSecret begins or ends with white space"},
		"colon":          {&double{}, func(c *cognitomfa.Config) { c.Issuer = "Ex:ample" }, "the issuer contains a colon"},
		"not UTF-8":      {&double{}, func(c *cognitomfa.Config) { c.Issuer = "Ex\xffample" }, "the issuer is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config
			tc.edit(&cfg)
			client, err := cognitomfa.New(tc.api, cfg)
			assert.Nil(t, client)
			require.ErrorIs(t, err, cognitomfa.ErrConfig)
			assert.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "hidden")
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
		})
	}
	public := config
	public.Public, public.UserPoolID = true, ""
	_, err := cognitomfa.New(&double{}, public)
	assert.NoError(t, err, "a public client needs no pool id")
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		typed  string
		method cognitomfa.Method
		want   string // "" for no code
	}{
		{"123456", cognitomfa.MethodTOTP, "123456"},
		{" 123 456\n", cognitomfa.MethodTOTP, "123456"},
		{"123-456", cognitomfa.MethodTOTP, "123456"},
		{"12–34—56", cognitomfa.MethodTOTP, "123456"},
		{"123−456", cognitomfa.MethodTOTP, "123456"},
		{"１２３４５６", cognitomfa.MethodTOTP, "123456"},
		{"１２３　４５６", cognitomfa.MethodTOTP, "123456"},
		{"\u202a123\u00a0456\u202c", cognitomfa.MethodTOTP, "123456"},
		{"123456", "", "123456"},
		{"123456", cognitomfa.MethodSMS, "123456"},
		{"12345678", cognitomfa.MethodEmail, "12345678"},
		{"12345678", cognitomfa.MethodTOTP, ""},
		{"12345", cognitomfa.MethodTOTP, ""},
		{"1234567", cognitomfa.MethodTOTP, ""},
		{"12345", cognitomfa.MethodEmail, ""},
		{"123456789", cognitomfa.MethodEmail, ""},
		{"", cognitomfa.MethodTOTP, ""},
		{"      ", cognitomfa.MethodTOTP, ""},
		{"12345a", cognitomfa.MethodTOTP, ""},
		{"1a23456", cognitomfa.MethodTOTP, ""},
		{"٣٤٥٦٧٨", cognitomfa.MethodTOTP, "345678"}, // Arabic-Indic
		{"۳۴۵۶۷۸", cognitomfa.MethodTOTP, "345678"}, // Persian
		{"३४५६७८", cognitomfa.MethodTOTP, "345678"}, // Devanagari
		{"৩৪৫৬৭৮", cognitomfa.MethodTOTP, "345678"}, // Bengali
		{"๓๔๕๖๗๘", cognitomfa.MethodTOTP, "345678"}, // Thai
		{"၃၄၅၆၇၈", cognitomfa.MethodTOTP, "345678"}, // Myanmar
		{"𝟥𝟦𝟧𝟨𝟩𝟪", cognitomfa.MethodTOTP, "345678"}, // mathematical sans-serif
		{"٣4５६৭8", cognitomfa.MethodTOTP, "345678"},
		{"½23456", cognitomfa.MethodTOTP, ""},
		{"Ⅳ23456", cognitomfa.MethodTOTP, ""},
		{"123456\x00", cognitomfa.MethodTOTP, ""},
		{"12345\xff6", cognitomfa.MethodTOTP, ""},
		{"123456\ufffd", cognitomfa.MethodTOTP, ""},
		{"123456" + string(make([]byte, 1<<20)), cognitomfa.MethodTOTP, ""},
	} {
		var sent string
		client := newClient(t, &double{respond: func(in *cip.AdminRespondToAuthChallengeInput) (*cip.AdminRespondToAuthChallengeOutput, error) {
			for _, name := range []string{"SOFTWARE_TOKEN_MFA_CODE", "SMS_MFA_CODE", "EMAIL_OTP_CODE"} {
				sent += in.ChallengeResponses[name]
			}
			return &cip.AdminRespondToAuthChallengeOutput{AuthenticationResult: &types.AuthenticationResultType{AccessToken: aws.String("access")}}, nil
		}}, config)
		ch := &cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret("session"), Method: tc.method}
		_, err := client.RespondMFA(t.Context(), ch, tc.typed)
		assert.Equal(t, tc.want, sent, "%.20q", tc.typed)
		if tc.want == "" {
			require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch, "%.20q", tc.typed)
			assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
		} else {
			require.NoError(t, err, "%.20q", tc.typed)
		}
	}
}

// What cannot be right is refused before it costs a call: the double has no methods.
func TestNoCallIsMadeForWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{}, config)
	noPool := newClient(t, &double{}, cognitomfa.Config{ClientID: "client", Issuer: "Example", Public: true})
	ctx := t.Context()
	session := cognitomfa.NewSecret("session")
	second := func(_ any, err error) error { return err }
	for name, tc := range map[string]struct {
		err  error
		kind error
		step cognitomfa.Step
	}{
		"sign in, no name":             {second(client.SignIn(ctx, "", "password")), cognitomfa.ErrCredentials, cognitomfa.StepStartOver},
		"sign in, no password":         {second(client.SignIn(ctx, "alice", "")), cognitomfa.ErrCredentials, cognitomfa.StepStartOver},
		"enroll, no token":             {second(client.Enroll(ctx, "")), cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"enroll, account with a colon": {second(client.Enroll(ctx, "token", account("a:b"))), cognitomfa.ErrConfig, cognitomfa.StepGiveUp},
		"verify, no token":             {client.Verify(ctx, "", "123456"), cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"verify, no code":              {client.Verify(ctx, "token", "none"), cognitomfa.ErrCodeMismatch, cognitomfa.StepSameChallenge},
		"enable, no token":             {client.Enable(ctx, ""), cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"disable, no token":            {client.Disable(ctx, ""), cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"status, no token":             {second(client.Status(ctx, "")), cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"sign out, no token":           {client.SignOut(ctx, ""), cognitomfa.ErrAccessToken, cognitomfa.StepStartOver},
		"refresh, no token":            {second(client.Refresh(ctx, "")), cognitomfa.ErrRefreshToken, cognitomfa.StepStartOver},
		"revoke, no token":             {client.Revoke(ctx, ""), cognitomfa.ErrRefreshToken, cognitomfa.StepStartOver},
		"reset, no name":               {client.ResetTOTP(ctx, ""), cognitomfa.ErrUserNotFound, cognitomfa.StepGiveUp},
		"reset, no pool":               {noPool.ResetTOTP(ctx, "alice"), cognitomfa.ErrConfig, cognitomfa.StepGiveUp},
		"mfa, nil":                     {second(client.RespondMFA(ctx, nil, "123456")), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"mfa, zero":                    {second(client.RespondMFA(ctx, &cognitomfa.MFAChallenge{}, "123456")), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"enroll setup, nil":            {second(client.EnrollSetup(ctx, nil)), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"enroll setup, zero":           {second(client.EnrollSetup(ctx, &cognitomfa.SetupChallenge{})), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"enroll setup, account":        {second(client.EnrollSetup(ctx, &cognitomfa.SetupChallenge{Session: session}, account("a:b"))), cognitomfa.ErrConfig, cognitomfa.StepGiveUp},
		"verify setup, nil":            {second(client.VerifySetup(ctx, nil, "123456")), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"verify setup, zero":           {second(client.VerifySetup(ctx, &cognitomfa.SetupChallenge{}, "123456")), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"verify setup, no code":        {second(client.VerifySetup(ctx, &cognitomfa.SetupChallenge{Session: session}, "12345")), cognitomfa.ErrCodeMismatch, cognitomfa.StepSameChallenge},
		"setup email, nil":             {second(client.SetupEmail(ctx, nil, "a@example.com")), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"setup email, none":            {second(client.SetupEmail(ctx, &cognitomfa.SetupChallenge{Session: session}, "")), cognitomfa.ErrAttribute, cognitomfa.StepSameChallenge},
		"select, nil":                  {second(client.SelectMFA(ctx, nil, cognitomfa.MethodTOTP)), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"select, none":                 {second(client.SelectMFA(ctx, &cognitomfa.SelectChallenge{Session: session}, "")), cognitomfa.ErrMethod, cognitomfa.StepSameChallenge},
		"select, not offered": {
			second(client.SelectMFA(ctx, &cognitomfa.SelectChallenge{Session: session, Methods: []cognitomfa.Method{cognitomfa.MethodSMS}}, cognitomfa.MethodTOTP)),
			cognitomfa.ErrMethod, cognitomfa.StepSameChallenge,
		},
		"password, nil":   {second(client.SetNewPassword(ctx, nil, "password", nil)), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"password, empty": {second(client.SetNewPassword(ctx, &cognitomfa.NewPasswordChallenge{Session: session}, "", nil)), cognitomfa.ErrPasswordPolicy, cognitomfa.StepSameChallenge},
		"other, nil":      {second(client.Respond(ctx, nil, nil)), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
		"other, zero":     {second(client.Respond(ctx, &cognitomfa.OtherChallenge{}, nil)), cognitomfa.ErrSessionExpired, cognitomfa.StepStartOver},
	} {
		assert.ErrorIs(t, tc.err, tc.kind, name)
		assert.Equal(t, tc.step, cognitomfa.NextStep(tc.err), name)
	}
}

func account(name string) func(*cognitomfa.EnrollOptions) {
	return func(o *cognitomfa.EnrollOptions) { o.Account = name }
}

func TestEnrollNamesTheAccount(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{associate: func(*cip.AssociateSoftwareTokenInput) (*cip.AssociateSoftwareTokenOutput, error) {
		return &cip.AssociateSoftwareTokenOutput{SecretCode: aws.String(secretCode)}, nil
	}}, config)
	for token, want := range map[string]string{
		jwtWith(`{"username":"alice"}`):      "alice",
		jwtWith(`{"username":"corp:alice"}`): "corp_alice",
		jwtWith(`{"username":"アリス"}`):        "アリス",
	} {
		e, err := client.Enroll(t.Context(), token)
		require.NoError(t, err)
		assert.Equal(t, want, e.Key.Account)
		assert.Equal(t, "Example", e.Key.Issuer)
		assert.Equal(t, secretCode, e.Key.Secret.Reveal())
		assert.Nil(t, e.Setup)
	}
	e, err := client.Enroll(t.Context(), jwtWith(`{"username":"3f1c"}`), account("alice@example.com"))
	require.NoError(t, err)
	assert.Equal(t, "alice@example.com", e.Key.Account)

	// A token that Cognito took, but that names nobody: the key cannot be labelled.
	for _, token := range []string{"opaque", "a.b.c", "a.!.c", jwtWith(`[]`), jwtWith(`{"username":5}`), jwtWith(`{}`)} {
		e, err := client.Enroll(t.Context(), token)
		assert.Nil(t, e)
		require.Error(t, err, token)
		assert.Contains(t, err.Error(), "EnrollOptions.Account")
	}
}

func TestCognitoSaysSomethingNew(t *testing.T) {
	t.Parallel()
	t.Run("neither tokens nor a challenge", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, &double{signIn: func(*cip.AdminInitiateAuthInput) (*cip.AdminInitiateAuthOutput, error) {
			return &cip.AdminInitiateAuthOutput{}, nil
		}}, config)
		outcome, err := client.SignIn(t.Context(), "alice", "password")
		assert.Nil(t, outcome)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	})
	t.Run("a challenge without anything", func(t *testing.T) {
		t.Parallel()
		for _, name := range append(types.ChallengeNameType("").Values(), "SOMETHING_NEW") {
			client := newClient(t, &double{signIn: func(*cip.AdminInitiateAuthInput) (*cip.AdminInitiateAuthOutput, error) {
				return &cip.AdminInitiateAuthOutput{ChallengeName: name}, nil
			}}, config)
			outcome, err := client.SignIn(t.Context(), "alice", "password")
			require.NoError(t, err)
			ch, ok := outcome.(cognitomfa.Challenge)
			require.True(t, ok, name)
			again, err := cognitomfa.ParseChallenge(ch.Token())
			require.NoError(t, err)
			assert.EqualValues(t, ch.Token(), again.Token())
		}
	})
	t.Run("verify neither fails nor succeeds", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, &double{verify: func(*cip.VerifySoftwareTokenInput) (*cip.VerifySoftwareTokenOutput, error) {
			return &cip.VerifySoftwareTokenOutput{Status: types.VerifySoftwareTokenResponseTypeError}, nil
		}}, config)
		err := client.Verify(t.Context(), "token", "123456")
		require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
		_, err = client.VerifySetup(t.Context(), &cognitomfa.SetupChallenge{Username: "alice", Session: cognitomfa.NewSecret("s")}, "123456")
		require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), "there is no session to rely on")
	})
	t.Run("a secret that is none", func(t *testing.T) {
		t.Parallel()
		for _, code := range []*string{nil, aws.String(""), aws.String("1!"), aws.String("QWERTYUIOP123456EXAMPLE")} {
			client := newClient(t, &double{associate: func(*cip.AssociateSoftwareTokenInput) (*cip.AssociateSoftwareTokenOutput, error) {
				return &cip.AssociateSoftwareTokenOutput{SecretCode: code}, nil
			}}, config)
			_, err := client.Enroll(t.Context(), jwtWith(`{"username":"alice"}`))
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "QWERTY")
		}
	})
	t.Run("refresh without tokens", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, &double{refresh: func(*cip.GetTokensFromRefreshTokenInput) (*cip.GetTokensFromRefreshTokenOutput, error) {
			return &cip.GetTokensFromRefreshTokenOutput{}, nil
		}}, config)
		_, err := client.Refresh(t.Context(), "refresh")
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	})
}

// Cognito's interfaces do not agree on the name of the e-mail method and of the list to choose
// from; what was offered is what is sent back.
func TestSelectMFASendsTheOfferedWord(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ parameter, words, want string }{
		{"MFAS_CAN_CHOOSE", `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`, "EMAIL_OTP"},
		{"MFAS_CAN_SELECT", `["SOFTWARE_TOKEN_MFA","EMAIL_MFA"]`, "EMAIL_MFA"},
	} {
		var sent string
		client := newClient(t, &double{
			signIn: func(*cip.AdminInitiateAuthInput) (*cip.AdminInitiateAuthOutput, error) {
				return &cip.AdminInitiateAuthOutput{
					ChallengeName:       types.ChallengeNameTypeSelectMfaType,
					Session:             aws.String("session"),
					ChallengeParameters: map[string]string{tc.parameter: tc.words, "USER_ID_FOR_SRP": "alice"},
				}, nil
			},
			respond: func(in *cip.AdminRespondToAuthChallengeInput) (*cip.AdminRespondToAuthChallengeOutput, error) {
				sent = in.ChallengeResponses["ANSWER"]
				return &cip.AdminRespondToAuthChallengeOutput{ChallengeName: types.ChallengeNameTypeEmailOtp, Session: aws.String("next")}, nil
			},
		}, config)
		outcome, err := client.SignIn(t.Context(), "alice", "password")
		require.NoError(t, err)
		ch, err := cognitomfa.ParseChallenge(outcome.(cognitomfa.Challenge).Token())
		require.NoError(t, err)
		selecting := ch.(*cognitomfa.SelectChallenge)
		assert.Equal(t, []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail}, selecting.Methods)
		outcome, err = client.SelectMFA(t.Context(), selecting, cognitomfa.MethodEmail)
		require.NoError(t, err)
		assert.Equal(t, tc.want, sent)
		assert.Equal(t, "alice", outcome.(*cognitomfa.MFAChallenge).Username)
	}
}

// VerifySetup must not lose the tokens when only its last call fails.
func TestVerifySetupKeepsTheTokens(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{
		verify: func(*cip.VerifySoftwareTokenInput) (*cip.VerifySoftwareTokenOutput, error) {
			return &cip.VerifySoftwareTokenOutput{Status: types.VerifySoftwareTokenResponseTypeSuccess, Session: aws.String("third")}, nil
		},
		respond: func(in *cip.AdminRespondToAuthChallengeInput) (*cip.AdminRespondToAuthChallengeOutput, error) {
			assert.Equal(t, "third", *in.Session)
			return &cip.AdminRespondToAuthChallengeOutput{AuthenticationResult: &types.AuthenticationResultType{AccessToken: aws.String("access")}}, nil
		},
		prefer: func(*cip.SetUserMFAPreferenceInput) (*cip.SetUserMFAPreferenceOutput, error) {
			return nil, &types.TooManyRequestsException{Message: aws.String("Rate exceeded")}
		},
	}, config)
	outcome, err := client.VerifySetup(t.Context(), &cognitomfa.SetupChallenge{Username: "alice", Session: cognitomfa.NewSecret("second")}, "123456")
	require.ErrorIs(t, err, cognitomfa.ErrNotEnabled)
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	require.IsType(t, (*cognitomfa.Tokens)(nil), outcome)
	assert.Equal(t, "access", outcome.(*cognitomfa.Tokens).Access.Reveal())
	assert.Equal(t, "cognitomfa: verify setup: the authenticator is registered, but MFA is not turned on yet: "+
		"enable: too many requests; back off (TooManyRequestsException)", err.Error())
}

func TestTokensTakeOverWhatCognitoSays(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{signIn: func(in *cip.AdminInitiateAuthInput) (*cip.AdminInitiateAuthOutput, error) {
		assert.Equal(t, map[string]string{"ip": "192.0.2.1"}, in.ClientMetadata)
		return &cip.AdminInitiateAuthOutput{AuthenticationResult: &types.AuthenticationResultType{
			AccessToken: aws.String("a"), IdToken: aws.String("i"), RefreshToken: aws.String("r"), TokenType: aws.String("Bearer"), ExpiresIn: 3600,
			NewDeviceMetadata: &types.NewDeviceMetadataType{DeviceKey: aws.String("k"), DeviceGroupKey: aws.String("g")},
		}}, nil
	}}, config)
	outcome, err := client.SignIn(t.Context(), "alice", "password", func(o *cognitomfa.SignInOptions) {
		o.ClientMetadata = map[string]string{"ip": "192.0.2.1"}
	})
	require.NoError(t, err)
	tokens := outcome.(*cognitomfa.Tokens)
	assert.Equal(t, []string{"a", "i", "r"}, []string{tokens.Access.Reveal(), tokens.ID.Reveal(), tokens.Refresh.Reveal()})
	assert.Equal(t, "Bearer", tokens.TokenType)
	assert.Equal(t, time.Hour, tokens.ExpiresIn)
	assert.Equal(t, "k", tokens.DeviceKey)
	assert.Equal(t, "g", tokens.DeviceGroupKey)
}

func TestErrorsOfOtherOrigin(t *testing.T) {
	t.Parallel()
	assert.Equal(t, cognitomfa.Step(""), cognitomfa.NextStep(nil))
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(http.ErrNoCookie))
	own := errors.New("the double's own")
	client := newClient(t, &double{signIn: func(*cip.AdminInitiateAuthInput) (*cip.AdminInitiateAuthOutput, error) { return nil, own }}, config)
	_, err := client.SignIn(t.Context(), "alice", "password")
	require.ErrorIs(t, err, own)
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, e.Kind, cognitomfa.ErrUnavailable)
	assert.NotContains(t, err.Error(), own.Error(), "what is not of this package may hold anything")
	assert.Empty(t, e.Detail())
}
