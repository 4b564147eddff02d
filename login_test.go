package cognitomfa_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func TestCodesThatCognitoSends(t *testing.T) {
	t.Parallel()
	for method, destination := range map[cognitomfa.Method]string{
		cognitomfa.MethodSMS:   "+*******0123",
		cognitomfa.MethodEmail: "a***@e***",
	} {
		srv, client := newPoolWith(t, cognitotest.User{
			Email: "alice@example.com", Phone: "+15555550123",
			Methods: []string{string(method)}, Preferred: string(method),
		}, smsMFA, emailMFA)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
		assert.Equal(t, method, challenge.Method)
		assert.Equal(t, destination, challenge.Destination)

		code := lastCode(t, srv, "alice")
		_, err = client.RespondMFA(t.Context(), challenge, wrongCode(code))
		require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
		outcome, err = client.RespondMFA(t.Context(), challenge, code)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

func TestSelectAMethodThenAnswerIt(t *testing.T) {
	t.Parallel()
	for _, method := range allMethods {
		srv, client := newPoolWith(t, cognitotest.User{
			Email: "alice@example.com", Phone: "+15555550123", TOTP: totpKey,
			Methods: []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"},
		}, smsMFA, emailMFA)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		selecting := as[*cognitomfa.SelectChallenge](t, outcome, err)
		assert.ElementsMatch(t, allMethods, selecting.Methods)
		outcome, err = client.SelectMFA(t.Context(), selecting, method)
		challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
		assert.Equal(t, method, challenge.Method)
		code := srv.Code("alice")
		if method != cognitomfa.MethodTOTP {
			code = lastCode(t, srv, "alice")
		}
		outcome, err = client.RespondMFA(t.Context(), challenge, code)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// Cognito's documentation has several names for the email method and for the list of methods. The
// answer repeats the name that Cognito offered.
func TestSelectMFASendsTheOfferedWord(t *testing.T) {
	t.Parallel()
	for list, word := range map[string]string{
		"MFAS_CAN_CHOOSE": "EMAIL_OTP",
		"MFAS_CAN_SELECT": "EMAIL_MFA",
	} {
		var sent string
		client := newClient(t, &double{
			initiate: returns[initiateIn](&initiateOut{
				ChallengeName: types.ChallengeNameTypeSelectMfaType,
				Session:       aws.String("session"),
				ChallengeParameters: map[string]string{
					"USER_ID_FOR_SRP": "alice", list: `["SOFTWARE_TOKEN_MFA","` + word + `"]`,
				},
			}),
			respond: func(in *respondIn) (*respondOut, error) {
				sent = in.ChallengeResponses["ANSWER"]
				return &respondOut{
					ChallengeName: types.ChallengeNameTypeEmailOtp, Session: aws.String("next"),
				}, nil
			},
		}, config)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		require.NoError(t, err)
		// The answer is sent from another process.
		ch, err := cognitomfa.ParseChallenge(outcome.(cognitomfa.Challenge).Token())
		selecting := as[*cognitomfa.SelectChallenge](t, ch, err)
		assert.Equal(t, totpAndEmail, selecting.Methods)
		outcome, err = client.SelectMFA(t.Context(), selecting, cognitomfa.MethodEmail)
		assert.Equal(t, "alice", as[*cognitomfa.MFAChallenge](t, outcome, err).Username)
		assert.Equal(t, word, sent)
	}
}

func TestSetNewPassword(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, mustChangeUser, func(o *cognitotest.Options) {
		o.RequiredAttributes = []string{"name"}
	})
	outcome, err := client.SignIn(t.Context(), "alice", password)
	challenge := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
	assert.Equal(t, []string{"name"}, challenge.Required)
	name := map[string]string{"name": "Alice"}

	_, err = client.SetNewPassword(t.Context(), challenge, "short", name)
	require.ErrorIs(t, err, cognitomfa.ErrPasswordPolicy)
	_, err = client.SetNewPassword(t.Context(), challenge, newPassword, nil)
	require.ErrorIs(t, err, cognitomfa.ErrAttribute)
	outcome, err = client.SetNewPassword(t.Context(), challenge, newPassword, name)
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, "Alice", srv.User("alice").Attributes["name"])
	outcome, err = client.SignIn(t.Context(), "alice", newPassword)
	as[*cognitomfa.Tokens](t, outcome, err)
}

// After a lost response the new password may already be set. Trying the old one would count toward
// the lockout, so the error says what to try first.
func TestSetNewPasswordWithALostResponse(t *testing.T) {
	t.Parallel()
	srv, client := newPoolWith(t, mustChangeUser)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	challenge := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
	srv.Fail(respond, cognitotest.DropAfter())
	_, err = client.SetNewPassword(t.Context(), challenge, newPassword, nil)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
	assert.ErrorContains(t, err, "the new password may be set already")
	outcome, err = client.SignIn(t.Context(), "alice", newPassword)
	as[*cognitomfa.Tokens](t, outcome, err)
}

// Users can correct what they mistype at their first sign-in, with the same challenge. The error
// does not blame the configuration.
func TestMistypedAttributes(t *testing.T) {
	t.Parallel()
	needsPhone := func(o *cognitotest.Options) {
		o.RequiredAttributes = []string{"phone_number"}
	}
	srv, client := newPoolWith(t, mustChangeUser, mfaRequired, smsMFA, needsPhone)
	outcome, err := client.SignIn(t.Context(), " alice\n", password)
	ch := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
	phone := func(number string) map[string]string {
		return map[string]string{"phone_number": number}
	}
	good := phone("+447700900123")
	for _, attributes := range []map[string]string{
		phone("07700 900123"), phone("+1 555 000 1234"), {"email": "alice@"}, {"no such": "one"},
	} {
		_, err := client.SetNewPassword(t.Context(), ch, newPassword, attributes)
		require.ErrorIs(t, err, cognitomfa.ErrAttribute, "%v", attributes)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	}
	for _, bad := range []string{
		newPassword + " ", " " + newPassword, "x", strings.Repeat("Aa1!", 80),
	} {
		_, err := client.SetNewPassword(t.Context(), ch, bad, good)
		require.ErrorIs(t, err, cognitomfa.ErrPasswordPolicy, "%.20q", bad)
		assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
	}
	_, err = client.SetNewPassword(t.Context(), ch, newPassword, map[string]string{
		"email": "\u00a0alice@example.com\n", "phone_number": " +447700900123 ", "name": " Alice ",
	})
	require.NoError(t, err, "the challenge is still valid")
	got := srv.User("alice").Attributes
	assert.Equal(t, "alice@example.com", got["email"], "spaces are trimmed")
	assert.Equal(t, "+447700900123", got["phone_number"])
	assert.Equal(t, " Alice ", got["name"], "sent as entered")
}

// longAddress is longer than Cognito accepts.
var longAddress = strings.Repeat("a", 3000) + "@example.com"

// A challenge without a type of its own becomes an OtherChallenge, which Respond can answer.
func TestOtherChallenges(t *testing.T) {
	t.Parallel()
	for _, name := range []types.ChallengeNameType{"CUSTOM_CHALLENGE", "SOMETHING_NEW"} {
		srv, client := newPool(t, secretClient)
		srv.Script("alice", cognitotest.Challenge{
			Name:       name,
			Parameters: map[string]string{"riddle": "6 x 7"},
			Answers:    map[string]string{"ANSWER": "42"},
		})
		outcome, err := client.SignIn(t.Context(), "alice", password)
		challenge := as[*cognitomfa.OtherChallenge](t, outcome, err)
		assert.Equal(t, string(name), challenge.Name)
		assert.Equal(t, "6 x 7", challenge.Parameters["riddle"])
		answers := map[string]string{"ANSWER": "42"}
		outcome, err = client.Respond(t.Context(), challenge, answers)
		as[*cognitomfa.Tokens](t, outcome, err)
		assert.Equal(t, map[string]string{"ANSWER": "42"}, answers, "the caller's map is unchanged")
	}
}

// Respond adds USERNAME and SECRET_HASH only if the caller does not set them.
func TestRespondKeepsWhatTheCallerSets(t *testing.T) {
	t.Parallel()
	var sent map[string]string
	client := newClient(t, &double{respond: func(in *respondIn) (*respondOut, error) {
		sent = in.ChallengeResponses
		return answeredTokens, nil
	}}, edited(config, withSecret))
	challenge := &cognitomfa.OtherChallenge{
		Username: "alice", Session: session, Name: "CUSTOM_CHALLENGE",
	}
	answers := map[string]string{"USERNAME": "another", "SECRET_HASH": "hash", "ANSWER": "42"}
	outcome, err := client.Respond(t.Context(), challenge, answers)
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, answers, sent)

	outcome, err = client.Respond(t.Context(), challenge, map[string]string{"ANSWER": "42"})
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Equal(t, "alice", sent["USERNAME"])
	assert.NotEmpty(t, sent["SECRET_HASH"])
}

// If users sign in by email address, Cognito names them by a UUID from the first challenge on, and
// SECRET_HASH is computed from that.
func TestEmailNamesInEveryChallenge(t *testing.T) {
	t.Parallel()
	const address = "alice@example.com"
	srv, client := newPoolWith(t, cognitotest.User{
		Username: address, Phone: "+15555550123",
		Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA",
	}, emailNames, secretClient, smsMFA)
	srv.Script(address, cognitotest.Challenge{Answers: map[string]string{"ANSWER": "42"}})
	sub := srv.User(address).Sub

	outcome, err := client.SignIn(t.Context(), address, password)
	custom := as[*cognitomfa.OtherChallenge](t, outcome, err)
	assert.Equal(t, sub, custom.Username)
	outcome, err = client.Respond(t.Context(), custom, map[string]string{"ANSWER": "42"})
	challenge := as[*cognitomfa.MFAChallenge](t, outcome, err)
	assert.Equal(t, sub, challenge.Username)
	outcome, err = client.RespondMFA(t.Context(), challenge, lastCode(t, srv, address))
	tokens := as[*cognitomfa.Tokens](t, outcome, err)
	_, err = client.Refresh(t.Context(), tokens.Refresh.Reveal())
	require.NoError(t, err)
}

// A response without tokens and without a challenge is an error, not a nil outcome.
func TestEmptyResponses(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{
		initiate: returns[initiateIn](&initiateOut{}),
		respond:  returns[respondIn](&respondOut{}),
	}, config)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	assert.Nil(t, outcome)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))

	ch := &cognitomfa.MFAChallenge{Username: "alice", Session: session}
	outcome, err = client.RespondMFA(t.Context(), ch, "123456")
	assert.Nil(t, outcome)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), "the session is used up")
}

// A challenge with nothing but a name must not cause a panic.
func TestChallengesWithNothingButAName(t *testing.T) {
	t.Parallel()
	for _, name := range append(types.ChallengeNameType("").Values(), "SOMETHING_NEW") {
		client := newClient(t, &double{
			initiate: returns[initiateIn](&initiateOut{ChallengeName: name}),
		}, config)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		require.NoError(t, err, name)
		ch, ok := outcome.(cognitomfa.Challenge)
		require.True(t, ok, name)
		assert.Equal(t, "alice", usernameOf(ch), name)
		again, err := cognitomfa.ParseChallenge(ch.Token())
		require.NoError(t, err, name)
		assert.Equal(t, ch.Token(), again.Token(), name)
	}
}
