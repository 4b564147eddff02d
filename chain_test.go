package cognitomfa_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// lastCode is what the user was sent last.
func lastCode(t *testing.T, srv *cognitotest.Server) string {
	t.Helper()
	outbox := srv.Outbox("alice")
	require.NotEmpty(t, outbox)
	return outbox[len(outbox)-1].Code
}

func newPoolWith(t *testing.T, user cognitotest.User, optFns ...func(*cognitotest.Options)) (*cognitotest.Server, *cognitomfa.Client) {
	t.Helper()
	srv := cognitotest.NewServer(optFns...)
	t.Cleanup(srv.Close)
	user.Username, user.Password = "alice", password
	srv.AddUser(user)
	return srv, newClient(t, srv.Client(), configOf(srv))
}

func TestCodesThatCognitoSends(t *testing.T) {
	t.Parallel()
	for method, destination := range map[cognitomfa.Method]string{cognitomfa.MethodSMS: "+*******0123", cognitomfa.MethodEmail: "a***@e***"} {
		srv, client := newPoolWith(t, cognitotest.User{
			Email: "alice@example.com", Phone: "+15555550123", Methods: []string{string(method)}, Preferred: string(method),
		}, func(o *cognitotest.Options) { o.SMS, o.Email = true, true })
		outcome, err := client.SignIn(t.Context(), "alice", password)
		challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
		assert.Equal(t, method, challenge.Method)
		assert.Equal(t, destination, challenge.Destination)

		_, err = client.RespondMFA(t.Context(), challenge, wrong(lastCode(t, srv)))
		require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
		outcome, err = client.RespondMFA(t.Context(), challenge, lastCode(t, srv))
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

func TestSelectThenCode(t *testing.T) {
	t.Parallel()
	for _, method := range []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodSMS, cognitomfa.MethodEmail} {
		srv, client := newPoolWith(t, cognitotest.User{
			Email: "alice@example.com", Phone: "+15555550123", TOTP: secretCode, Methods: []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"},
		}, func(o *cognitotest.Options) { o.SMS, o.Email = true, true })
		outcome, err := client.SignIn(t.Context(), "alice", password)
		selecting := as[*cognitomfa.SelectChallenge](t, outcome, err)
		assert.ElementsMatch(t, []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodSMS, cognitomfa.MethodEmail}, selecting.Methods)
		outcome, err = client.SelectMFA(t.Context(), selecting, method)
		challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
		assert.Equal(t, method, challenge.Method)
		code := srv.Code("alice")
		if method != cognitomfa.MethodTOTP {
			code = lastCode(t, srv)
		}
		outcome, err = client.RespondMFA(t.Context(), challenge, code)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

func TestNewPassword(t *testing.T) {
	t.Parallel()
	mustChange := cognitotest.User{Status: types.UserStatusTypeForceChangePassword}
	withName := func(o *cognitotest.Options) { o.RequiredAttributes = []string{"name"} }

	t.Run("what is missing is said, and may be given then", func(t *testing.T) {
		t.Parallel()
		srv, client := newPoolWith(t, mustChange, withName)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		challenge := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
		assert.Equal(t, []string{"name"}, challenge.Required)

		_, err = client.SetNewPassword(t.Context(), challenge, "short", map[string]string{"name": "Alice"})
		require.ErrorIs(t, err, cognitomfa.ErrPasswordPolicy)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
		_, err = client.SetNewPassword(t.Context(), challenge, "N3w-Passw0rd!", nil)
		require.ErrorIs(t, err, cognitomfa.ErrAttribute)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
		outcome, err = client.SetNewPassword(t.Context(), challenge, "N3w-Passw0rd!", map[string]string{"name": "Alice"})
		as[*cognitomfa.Tokens](t, outcome, err)
		assert.Equal(t, "Alice", srv.User("alice").Attributes["name"])
		outcome, err = client.SignIn(t.Context(), "alice", "N3w-Passw0rd!")
		as[*cognitomfa.Tokens](t, outcome, err)
	})
	t.Run("then set-up, then tokens", func(t *testing.T) {
		t.Parallel()
		srv, client := newPoolWith(t, mustChange, mfaOn)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		outcome, err = client.SetNewPassword(t.Context(), as[*cognitomfa.NewPasswordChallenge](t, outcome, err), "N3w-Passw0rd!", nil)
		enrollment, err := client.EnrollSetup(t.Context(), as[*cognitomfa.SetupChallenge](t, outcome, err))
		require.NoError(t, err)
		outcome, err = client.VerifySetup(t.Context(), enrollment.Setup, srv.Code("alice"))
		as[*cognitomfa.Tokens](t, outcome, err)
	})
	t.Run("then TOTP", func(t *testing.T) {
		t.Parallel()
		user := mustChange
		user.TOTP = secretCode
		srv, client := newPoolWith(t, user)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		outcome, err = client.SetNewPassword(t.Context(), as[*cognitomfa.NewPasswordChallenge](t, outcome, err), "N3w-Passw0rd!", nil)
		outcome, err = client.RespondMFA(t.Context(), as[*cognitomfa.MFAChallenge](t, outcome, err), srv.Code("alice"))
		as[*cognitomfa.Tokens](t, outcome, err)
	})
}

// MFA_SETUP with more than TOTP to choose from.
func TestSetUpByEmail(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, cognitotest.User{}, mfaOn, func(o *cognitotest.Options) { o.Email = true })
	outcome, err := client.SignIn(t.Context(), "alice", password)
	setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
	assert.ElementsMatch(t, []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail}, setup.Methods)
	outcome, err = client.SetupEmail(t.Context(), setup, "alice@example.com")
	challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.Equal(t, cognitomfa.MethodEmail, challenge.Method)
	outcome, err = client.RespondMFA(t.Context(), challenge, lastCode(t, srv))
	as[*cognitomfa.Tokens](t, outcome, err)
}

func TestOtherChallenges(t *testing.T) {
	t.Parallel()
	for _, name := range []types.ChallengeNameType{types.ChallengeNameTypeCustomChallenge, "SOMETHING_NEW"} {
		srv, client := newPool(t, func(o *cognitotest.Options) { o.ClientSecret = "0123456789abcdefghijklmnop" })
		srv.Script("alice", cognitotest.Challenge{Name: name, Parameters: map[string]string{"riddle": "6 x 7"}, Answers: map[string]string{"ANSWER": "42"}})
		outcome, err := client.SignIn(t.Context(), "alice", password)
		challenge := as[*cognitomfa.OtherChallenge](t, outcome, err)
		assert.Equal(t, string(name), challenge.Name)
		assert.Equal(t, "6 x 7", challenge.Parameters["riddle"])
		given := map[string]string{"ANSWER": "42"}
		outcome, err = client.Respond(t.Context(), challenge, given)
		as[*cognitomfa.Tokens](t, outcome, err)
		assert.Equal(t, map[string]string{"ANSWER": "42"}, given, "the caller's map is left alone")
	}
}

// A caller who knows better may say who answers, and with which hash.
func TestRespondKeepsWhatIsGiven(t *testing.T) {
	t.Parallel()
	var sent map[string]string
	cfg := config
	cfg.ClientSecret = "0123456789abcdefghijklmnop"
	client := newClient(t, &double{respond: func(in *cip.AdminRespondToAuthChallengeInput) (*cip.AdminRespondToAuthChallengeOutput, error) {
		sent = in.ChallengeResponses
		return &cip.AdminRespondToAuthChallengeOutput{AuthenticationResult: &types.AuthenticationResultType{AccessToken: aws.String("access")}}, nil
	}}, cfg)
	challenge := &cognitomfa.OtherChallenge{Username: "alice", Session: aSession, Name: "CUSTOM_CHALLENGE"}
	given := map[string]string{"USERNAME": "another", "SECRET_HASH": "hash", "ANSWER": "42"}
	outcome, err := client.Respond(t.Context(), challenge, given)
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, map[string]string{"USERNAME": "another", "SECRET_HASH": "hash", "ANSWER": "42"}, sent)
}

// Whoever signs in by an e-mail address is known by a UUID from the first challenge on, and
// SECRET_HASH is over that.
func TestAliasThroughOtherChallengesAndSMS(t *testing.T) {
	t.Parallel()
	const address = "alice@example.com"
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		o.ClientSecret = "0123456789abcdefghijklmnop"
		o.SMS = true
	})
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: address, Password: password, Phone: "+15555550123", Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA"})
	srv.Script(address, cognitotest.Challenge{Answers: map[string]string{"ANSWER": "42"}})
	client := newClient(t, srv.Client(), configOf(srv))
	sub := srv.User(address).Sub

	outcome, err := client.SignIn(t.Context(), address, password)
	riddle := as[*cognitomfa.OtherChallenge](t, outcome, err)
	assert.Equal(t, sub, riddle.Username)
	outcome, err = client.Respond(t.Context(), riddle, map[string]string{"ANSWER": "42"})
	challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.Equal(t, sub, challenge.Username)
	outbox := srv.Outbox(address)
	outcome, err = client.RespondMFA(t.Context(), challenge, outbox[len(outbox)-1].Code)
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = client.Refresh(t.Context(), tokens.Refresh.Reveal())
	require.NoError(t, err)
}
