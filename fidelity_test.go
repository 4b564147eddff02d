package cognitomfa_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// question is about behavior that AWS does not document. A run against a real pool answers it;
// cognitotest/FIDELITY.md says how.
type question struct {
	row   string // of cognitotest/FIDELITY.md
	modes []mode
	// fake is the fake's answer: "tokens", the name of a challenge, an exception with its message,
	// or what the question asks for. Commas separate steps.
	fake string
	ask  func(*testUser) string
}

const (
	mismatchText       = "CodeMismatchException: Invalid code received for user"
	usedCodeText       = "ExpiredCodeException: Your software token has already been used once."
	revokedText        = "NotAuthorizedException: Access Token has been revoked"
	invalidSessionText = "NotAuthorizedException: Invalid session for the user."
	usedSessionText    = "NotAuthorizedException: Invalid session for the user, " +
		"session can only be used once."
)

var questions = map[string]question{
	"a right code after a wrong one, in the same session": {
		row: "E-3", modes: offersTOTP, fake: mismatchText + ", tokens",
		ask: func(u *testUser) string {
			ch := u.challenge()
			return steps(u.answer(ch, u.wrongCode()), u.answer(ch, u.code()))
		},
	},
	"a right code after a used one, in the same session": {
		row: "T-3", modes: offersTOTP, fake: usedCodeText + ", tokens",
		ask: func(u *testUser) string {
			ch := u.challenge()
			return steps(u.answer(ch, u.lastCode()), u.answer(ch, u.code()))
		},
	},
	"a right code after six wrong ones": {
		row: "S-16", modes: offersTOTP, fake: mismatchText + ", tokens",
		ask: func(u *testUser) string {
			ch := u.challenge()
			for range 5 {
				u.answer(ch, u.wrongCode())
			}
			return steps(u.answer(ch, u.wrongCode()), u.answer(ch, u.code()))
		},
	},
	"a code of five digits": {
		row: "T-11", modes: offersTOTP, fake: mismatchText,
		ask: func(u *testUser) string { return u.answer(u.challenge(), "12345") },
	},
	"an older code of the window, unused, after a newer one": {
		row: "T-4", modes: offersTOTP, fake: "tokens, tokens",
		ask: func(u *testUser) string {
			first, second := u.challenge(), u.signInToCode()
			older := u.code() // It waits for the code's time step to begin.
			return steps(u.answer(first, u.codeAt(u.lastStep+1)), u.answer(second, older))
		},
	},
	"an administrator's session, answered by an app client": {
		row: "E-6", modes: offersTOTP, fake: "tokens",
		ask: func(u *testUser) string {
			ch, client := u.challenge(), u.client(withPublic(true))
			return outcomeText(client.RespondMFA(u.t.Context(), ch, u.code()))
		},
	},
	"an app client's session, answered by an administrator": {
		row: "E-6", modes: offersTOTP, fake: "tokens",
		ask: func(u *testUser) string {
			u.enroll()
			client := u.client(withPublic(true))
			outcome, err := client.SignIn(u.t.Context(), u.name, u.password)
			return u.answer(as[*cognitomfa.MFAChallenge](u.t, outcome, err), u.code())
		},
	},
	"another user's session": {
		row: "E-6", modes: offersTOTP, fake: invalidSessionText,
		ask: func(u *testUser) string {
			ch, mallory := u.challenge(), newTestUser(u.t, u.target)
			ch.Username = mallory.name
			return u.answer(ch, u.code())
		},
	},
	"an authenticator that is verified, and no preference": {
		row: "S-3", modes: optionalOnly, fake: "tokens",
		ask: func(u *testUser) string {
			u.verifyOnly(u.accessToken())
			return outcomeText(u.signIn(), nil)
		},
	},
	"the list of methods after MFA_SETUP": {
		row: "M-5", modes: requiredOnly, fake: "[]",
		ask: func(u *testUser) string { return u.listedMethods(u.setUpOnly()) },
	},
	"the only method disabled where MFA is required: the call, the list, the next sign-in": {
		row: "M-7", modes: requiredOnly, fake: "done, [], SOFTWARE_TOKEN_MFA",
		ask: func(u *testUser) string {
			access := u.enroll().Access.Reveal()
			off := &types.SoftwareTokenMfaSettingsType{}
			_, err := u.api().SetUserMFAPreference(u.t.Context(), &preferIn{
				AccessToken: &access, SoftwareTokenMfaSettings: off,
			})
			return steps(errorText(err), u.listedMethods(access), outcomeText(u.signIn(), nil))
		},
	},
	"MFA_SETUP answered before a code was verified": {
		row: "S-13", modes: requiredOnly, fake: invalidSessionText,
		ask: func(u *testUser) string {
			ch := as[*cognitomfa.SetupChallenge](u.t, u.signIn(), nil)
			return outcomeText(u.finishSetup(ch.Username, ch.Session))
		},
	},
	"AssociateSoftwareToken again: with its own session, with the first": {
		row: "E-8", modes: requiredOnly, fake: "done, " + usedSessionText,
		ask: func(u *testUser) string {
			client, ctx := u.client(), u.t.Context()
			first := as[*cognitomfa.SetupChallenge](u.t, u.signIn(), nil)
			enrollment, err := client.EnrollSetup(ctx, first)
			require.NoError(u.t, err)
			own := errOf(client.EnrollSetup(ctx, enrollment.Setup))
			return steps(errorText(own), errorText(errOf(client.EnrollSetup(ctx, first))))
		},
	},
	"characters of a secret": {
		row: "T-5", modes: optionalOnly, fake: "52",
		ask: func(u *testUser) string {
			enrollment, err := u.client().Enroll(u.t.Context(), u.accessToken())
			require.NoError(u.t, err)
			return strconv.Itoa(len(enrollment.Key.Secret.Reveal()))
		},
	},
	"a code of the old key, to verify a new one": {
		row: "T-7", modes: optionalOnly,
		fake: "EnableSoftwareTokenMFAException: Code mismatch and fail enable Software Token MFA",
		ask: func(u *testUser) string {
			access := u.enroll().Access.Reveal()
			_, err := u.client().Enroll(u.t.Context(), access)
			require.NoError(u.t, err)
			return errorText(u.client().Verify(u.t.Context(), access, u.code()))
		},
	},
	"VerifySoftwareToken once more with its own code": {
		row: "T-8", modes: optionalOnly, fake: usedCodeText,
		ask: func(u *testUser) string {
			access := u.enroll().Access.Reveal()
			return errorText(u.client().Verify(u.t.Context(), access, u.lastCode()))
		},
	},
	"VerifySoftwareToken with access token and session": {
		row: "T-10", modes: optionalOnly, fake: "InvalidParameterException",
		ask: func(u *testUser) string {
			_, err := u.api().VerifySoftwareToken(u.t.Context(), &verifyIn{
				AccessToken: aws.String(u.accessToken()),
				Session:     aws.String(strings.Repeat("A", 20)),
				UserCode:    aws.String("123456"),
			})
			exception, _, _ := strings.Cut(errorText(err), ":")
			return exception
		},
	},
	"tokens of a sign-in in the second of a global sign-out": {
		row: "K-9", modes: notRequired, fake: revokedText,
		ask: func(u *testUser) string {
			for range 10 {
				access, second := u.accessToken(), u.now().Unix()
				require.NoError(u.t, u.client().SignOut(u.t.Context(), access))
				access = u.accessToken()
				if u.now().Unix() == second {
					return u.acceptance(access)
				}
			}
			return "never in the same second"
		},
	},
	"tokens of a user who was disabled and enabled again": {
		row: "K-10", modes: allModes, fake: revokedText,
		ask: func(u *testUser) string {
			access, poolID := u.accessToken(), u.config().UserPoolID
			u.disable()
			_, err := u.api().AdminEnableUser(u.t.Context(), &cip.AdminEnableUserInput{
				UserPoolId: &poolID, Username: &u.name,
			})
			require.NoError(u.t, err)
			return u.acceptance(access)
		},
	},
	"tokens after an administrator has set the password": {
		row: "K-11", modes: allModes, fake: "done",
		ask: func(u *testUser) string {
			access := u.accessToken()
			u.password += "+"
			u.setPassword(true)
			return u.acceptance(access)
		},
	},
	"wrong passwords before the lockout": {
		row: "S-15", modes: allModes, fake: "5",
		ask: func(u *testUser) string {
			for n := range 12 {
				_, err := u.client().SignIn(u.t.Context(), u.name, "wrong")
				if strings.Contains(errorText(err), "attempts exceeded") {
					return strconv.Itoa(n)
				}
			}
			return "more than 12"
		},
	},
	"RevokeToken with other text than a token": {
		row: "K-8", modes: allModes, fake: "done",
		ask: func(u *testUser) string {
			return errorText(u.client().Revoke(u.t.Context(), "garbage"))
		},
	},
}

// The fake behaves as FIDELITY.md says, and so does the real pool, if the environment names one.
// With -v the test lists the answers.
func TestFidelity(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runQuestions(t, open, (*testing.T).Parallel)
		})
	}
}

// runQuestions asks the questions that apply to the pool's MFA mode. It calls begin before each.
func runQuestions(t *testing.T, open openTarget, begin func(*testing.T)) {
	t.Helper()
	pool := open(t)
	poolMode, notes := pool.mfa(), pool.notes()
	t.Cleanup(func() { notes.save(t) })
	var mu sync.Mutex
	var answers, skipped []string
	t.Cleanup(func() {
		slices.Sort(answers)
		t.Logf("answers:\n%s", strings.Join(answers, "\n"))
	})
	for text, q := range questions {
		if !slices.Contains(q.modes, poolMode) {
			skipped = append(skipped, text)
			continue
		}
		t.Run(text, func(t *testing.T) {
			begin(t)
			answer := q.ask(newTestUser(t, open(t)))
			notes.answer(q.row, text, answer, q.fake)
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, "  "+q.row+", "+text+": "+answer)
			assert.Equal(t, q.fake, answer, "FIDELITY.md, %s, says otherwise: %s", q.row, text)
		})
	}
	slices.Sort(skipped)
	notes.leftOut(skipped)
	t.Logf("left out, since the pool's MFA is %s: %s", poolMode, strings.Join(skipped, "; "))
}

func steps(texts ...string) string { return strings.Join(texts, ", ") }

// outcomeText returns "tokens", the name of a challenge, or an exception.
func outcomeText(outcome cognitomfa.Outcome, err error) string {
	switch outcome := outcome.(type) {
	case nil:
		return errorText(err)
	case *cognitomfa.Tokens:
		return "tokens"
	case *cognitomfa.MFAChallenge:
		return string(outcome.Method)
	case *cognitomfa.SetupChallenge:
		return "MFA_SETUP"
	case *cognitomfa.SelectChallenge:
		return "SELECT_MFA_TYPE"
	case *cognitomfa.NewPasswordChallenge:
		return "NEW_PASSWORD_REQUIRED"
	case *cognitomfa.PasswordChallenge:
		return "PASSWORD"
	case *cognitomfa.OtherChallenge:
		return outcome.Name
	}
	panic("unreachable: these are all outcomes")
}

// errorText returns an exception with its message, or "done".
func errorText(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &api):
		return api.ErrorCode() + ": " + api.ErrorMessage()
	default:
		return err.Error()
	}
}

// answer sends a code unchanged. RespondMFA would reject a malformed one without a call.
func (u *testUser) answer(ch *cognitomfa.MFAChallenge, code string) string {
	return outcomeText(u.client().Respond(u.t.Context(), &cognitomfa.OtherChallenge{
		Username: ch.Username, Session: ch.Session, Name: "SOFTWARE_TOKEN_MFA",
	}, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code}))
}

// acceptance returns "done" if Cognito accepts the access token.
func (u *testUser) acceptance(access string) string {
	return errorText(errOf(u.client().Status(u.t.Context(), access)))
}

// listedMethods returns UserMFASettingList.
func (u *testUser) listedMethods(access string) string {
	out, err := u.api().GetUser(u.t.Context(), &getUserIn{AccessToken: &access})
	require.NoError(u.t, err)
	return "[" + strings.Join(out.UserMFASettingList, " ") + "]"
}

// verifyOnly enrolls without SetUserMFAPreference.
func (u *testUser) verifyOnly(access string) {
	enrollment, err := u.client().Enroll(u.t.Context(), access)
	require.NoError(u.t, err)
	u.key = enrollment.Key
	_, err = u.api().VerifySoftwareToken(u.t.Context(), &verifyIn{
		AccessToken: &access, UserCode: aws.String(u.code()),
	})
	require.NoError(u.t, err)
}

// setUpOnly sets up an authenticator during sign-in, without SetUserMFAPreference. It returns the
// access token.
func (u *testUser) setUpOnly() string {
	setup := as[*cognitomfa.SetupChallenge](u.t, u.signIn(), nil)
	enrollment, err := u.client().EnrollSetup(u.t.Context(), setup)
	require.NoError(u.t, err)
	u.key = enrollment.Key
	out, err := u.api().VerifySoftwareToken(u.t.Context(), &verifyIn{
		Session: aws.String(enrollment.Setup.Session.Reveal()), UserCode: aws.String(u.code()),
	})
	require.NoError(u.t, err)
	outcome, err := u.finishSetup(setup.Username, cognitomfa.NewSecret(*out.Session))
	return as[*cognitomfa.Tokens](u.t, outcome, err).Access.Reveal()
}

// finishSetup answers MFA_SETUP.
func (u *testUser) finishSetup(
	username string, session cognitomfa.Secret,
) (cognitomfa.Outcome, error) {
	return u.client().Respond(u.t.Context(), &cognitomfa.OtherChallenge{
		Username: username, Session: session, Name: "MFA_SETUP",
	}, nil)
}
