package cognitomfa_test

import (
	"errors"
	"fmt"
	"slices"
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

// questions are what nobody outside AWS knows for certain, and what the fake answers. Each is one
// that the owner of a real pool can settle; cognitotest/FIDELITY.md says how. An answer is tokens,
// a challenge's name, an exception with its message, or what the question says.
var questions = map[string]struct {
	modes []mode
	ask   func(*testing.T, *person) string
	fake  string
}{
	"a right code after a wrong one, in the same session": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		ch := p.challenge(t)
		return p.answer(t, ch, p.wrong(t)) + ", " + p.answer(t, ch, p.code(t))
	}, wrongCode + ", tokens"},
	"a right code after a used one, in the same session": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		ch := p.challenge(t)
		return p.answer(t, ch, p.codeOf(t, p.last)) + ", " + p.answer(t, ch, p.code(t))
	}, usedCode + ", tokens"},
	"a right code after six wrong ones": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		ch := p.challenge(t)
		for range 5 {
			p.answer(t, ch, p.wrong(t))
		}
		return p.answer(t, ch, p.wrong(t)) + ", " + p.answer(t, ch, p.code(t))
	}, wrongCode + ", tokens"},
	"a code of five digits": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		return p.answer(t, p.challenge(t), "12345")
	}, wrongCode},
	"an older code of the window, unused, after a newer one": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		p.enroll(t)
		first, second := as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil), as[*cognitomfa.MFAChallenge](t, p.signIn(t), nil)
		older := p.code(t) // has waited for the step to begin
		return p.answer(t, first, p.codeOf(t, p.last+1)) + ", " + p.answer(t, second, older)
	}, "tokens, tokens"},
	"an administrator's session, answered by an app client": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		ch := p.challenge(t)
		return says(p.client(t, func(c *cognitomfa.Config) { c.Public = true }).RespondMFA(t.Context(), ch, p.code(t)))
	}, "tokens"},
	"an app client's session, answered by an administrator": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		p.enroll(t)
		outcome, err := p.client(t, func(c *cognitomfa.Config) { c.Public = true }).SignIn(t.Context(), p.name, p.password)
		return p.answer(t, as[*cognitomfa.MFAChallenge](t, outcome, err), p.code(t))
	}, "tokens"},
	"somebody else's session": {withTOTP, func(t *testing.T, p *person) string {
		t.Helper()
		ch := p.challenge(t)
		mallory := newPerson(t, p.target)
		return p.answer(t, &cognitomfa.MFAChallenge{Username: mallory.name, Session: ch.Session}, p.code(t))
	}, "NotAuthorizedException: Invalid session for the user."},
	"an authenticator that is verified, and no preference": {offered, func(t *testing.T, p *person) string {
		t.Helper()
		p.verifyOnly(t, p.tokens(t).Access.Reveal())
		return says(p.signIn(t), nil)
	}, "tokens"},
	"the list of methods after MFA_SETUP": {demanded, func(t *testing.T, p *person) string {
		t.Helper()
		return fmt.Sprint(p.methods(t, p.setUpOnly(t)))
	}, "[]"},
	"the only method disabled where MFA is demanded: the call, the list, the next sign-in": {demanded, func(t *testing.T, p *person) string {
		t.Helper()
		access := p.enroll(t).Access.Reveal()
		_, err := p.api().SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{
			AccessToken: &access, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{},
		})
		return fmt.Sprint(told(err), ", ", p.methods(t, access), ", ", says(p.signIn(t), nil))
	}, "done, [], SOFTWARE_TOKEN_MFA"},
	"MFA_SETUP answered before a code was verified": {demanded, func(t *testing.T, p *person) string {
		t.Helper()
		ch := as[*cognitomfa.SetupChallenge](t, p.signIn(t), nil)
		return says(p.client(t).Respond(t.Context(), &cognitomfa.OtherChallenge{Name: "MFA_SETUP", Username: ch.Username, Session: ch.Session}, nil))
	}, "NotAuthorizedException: Invalid session for the user."},
	"AssociateSoftwareToken again: with its own session, with the first": {demanded, func(t *testing.T, p *person) string {
		t.Helper()
		first := as[*cognitomfa.SetupChallenge](t, p.signIn(t), nil)
		second, err := p.client(t).EnrollSetup(t.Context(), first)
		require.NoError(t, err)
		_, own := p.client(t).EnrollSetup(t.Context(), second.Setup)
		_, old := p.client(t).EnrollSetup(t.Context(), first)
		return told(own) + ", " + told(old)
	}, "done, NotAuthorizedException: Invalid session for the user, session can only be used once."},
	"characters of a secret": {offered, func(t *testing.T, p *person) string {
		t.Helper()
		enrollment, err := p.client(t).Enroll(t.Context(), p.tokens(t).Access.Reveal())
		require.NoError(t, err)
		return fmt.Sprint(len(enrollment.Key.Secret.Reveal()))
	}, "52"},
	"a code of the old key, to verify a new one": {offered, func(t *testing.T, p *person) string {
		t.Helper()
		access := p.enroll(t).Access.Reveal()
		_, err := p.client(t).Enroll(t.Context(), access)
		require.NoError(t, err)
		return told(p.client(t).Verify(t.Context(), access, p.code(t)))
	}, "EnableSoftwareTokenMFAException: Code mismatch and fail enable Software Token MFA"},
	"VerifySoftwareToken once more with its own code": {offered, func(t *testing.T, p *person) string {
		t.Helper()
		access := p.enroll(t).Access.Reveal()
		return told(p.client(t).Verify(t.Context(), access, p.codeOf(t, p.last)))
	}, usedCode},
	"VerifySoftwareToken with access token and session": {offered, func(t *testing.T, p *person) string {
		t.Helper()
		_, err := p.api().VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{
			AccessToken: aws.String(p.tokens(t).Access.Reveal()), Session: aws.String(strings.Repeat("A", 20)), UserCode: aws.String("123456"),
		})
		return kind(err)
	}, "InvalidParameterException"},
	"tokens of a sign-in in the second of a global sign-out": {notDemanded, func(t *testing.T, p *person) string {
		t.Helper()
		for range 10 {
			access, second := p.tokens(t).Access.Reveal(), p.now().Unix()
			require.NoError(t, p.client(t).SignOut(t.Context(), access))
			access = p.tokens(t).Access.Reveal()
			if p.now().Unix() == second {
				return told(noOutcome(p.client(t).Status(t.Context(), access)))
			}
		}
		return "never in the same second"
	}, globalSignOut},
	"tokens of a user who was disabled and enabled again": {anyMode, func(t *testing.T, p *person) string {
		t.Helper()
		access, poolID := p.tokens(t).Access.Reveal(), p.config().UserPoolID
		_, err := p.api().AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &poolID, Username: &p.name})
		require.NoError(t, err)
		_, err = p.api().AdminEnableUser(t.Context(), &cip.AdminEnableUserInput{UserPoolId: &poolID, Username: &p.name})
		require.NoError(t, err)
		_, err = p.client(t).Status(t.Context(), access)
		return told(err)
	}, globalSignOut},
	"tokens after an administrator has set the password": {anyMode, func(t *testing.T, p *person) string {
		t.Helper()
		access := p.tokens(t).Access.Reveal()
		p.password += "+"
		p.setPassword(t, true)
		_, err := p.client(t).Status(t.Context(), access)
		return told(err)
	}, "done"},
	"wrong passwords before the lockout": {anyMode, func(t *testing.T, p *person) string {
		t.Helper()
		for n := range 12 {
			_, err := p.client(t).SignIn(t.Context(), p.name, "wrong")
			if strings.Contains(told(err), "attempts exceeded") {
				return fmt.Sprint(n)
			}
		}
		return "more than 12"
	}, "5"},
	"RevokeToken with what is no token": {anyMode, func(t *testing.T, p *person) string {
		t.Helper()
		return told(p.client(t).Revoke(t.Context(), "garbage"))
	}, "done"},
}

const (
	wrongCode     = "CodeMismatchException: Invalid code received for user"
	usedCode      = "ExpiredCodeException: Your software token has already been used once."
	globalSignOut = "NotAuthorizedException: Access Token has been revoked"
)

// The fake answers what FIDELITY.md says that it does; and a real pool, where there is one, the
// same. With -v the answers are listed.
func TestFidelity(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runQuestions(t, open, (*testing.T).Parallel)
		})
	}
}

// runQuestions asks those that make sense in the pool's MFA mode, as runFlows does.
func runQuestions(t *testing.T, open func(*testing.T) target, begin func(*testing.T)) {
	t.Helper()
	has := open(t).mfa()
	var mu sync.Mutex
	var answers, left []string
	t.Cleanup(func() {
		slices.Sort(answers)
		slices.Sort(left)
		t.Logf("answers:\n%s\nleft out, since the pool's MFA is %s:\n%s", strings.Join(answers, "\n"), has, strings.Join(left, "\n"))
	})
	for question, q := range questions {
		if !slices.Contains(q.modes, has) {
			left = append(left, "  "+question)
			continue
		}
		t.Run(question, func(t *testing.T) {
			begin(t)
			answer := q.ask(t, newPerson(t, open(t)))
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, "  "+question+": "+answer)
			assert.Equal(t, q.fake, answer, "FIDELITY.md says otherwise: %s", question)
		})
	}
}

// says is what a sign-in comes to: tokens, the name of a challenge, or an exception.
func says(outcome cognitomfa.Outcome, err error) string {
	switch outcome := outcome.(type) {
	case nil:
		return told(err)
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

// told is an exception with its message, or "done".
func told(err error) string {
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

// kind is an exception without its message.
func kind(err error) string {
	name, _, _ := strings.Cut(told(err), ":")
	return name
}

func (p *person) answer(t *testing.T, ch *cognitomfa.MFAChallenge, code string) string {
	t.Helper()
	responses := map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code} // as it is: RespondMFA makes no call with what cannot be right
	return says(p.client(t).Respond(t.Context(), &cognitomfa.OtherChallenge{Name: "SOFTWARE_TOKEN_MFA", Username: ch.Username, Session: ch.Session}, responses))
}

// methods is UserMFASettingList.
func (p *person) methods(t *testing.T, access string) []string {
	t.Helper()
	out, err := p.api().GetUser(t.Context(), &cip.GetUserInput{AccessToken: &access})
	require.NoError(t, err)
	return out.UserMFASettingList
}

// verifyOnly is an enrolment without its last call, which makes TOTP the preferred method.
func (p *person) verifyOnly(t *testing.T, access string) {
	t.Helper()
	enrollment, err := p.client(t).Enroll(t.Context(), access)
	require.NoError(t, err)
	p.key = enrollment.Key
	_, err = p.api().VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{AccessToken: &access, UserCode: aws.String(p.code(t))})
	require.NoError(t, err)
}

// setUpOnly is a set-up while signing in, without that call; it gives the access token.
func (p *person) setUpOnly(t *testing.T) string {
	t.Helper()
	enrollment, err := p.client(t).EnrollSetup(t.Context(), as[*cognitomfa.SetupChallenge](t, p.signIn(t), nil))
	require.NoError(t, err)
	p.key = enrollment.Key
	out, err := p.api().VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{
		Session: aws.String(enrollment.Setup.Session.Reveal()), UserCode: aws.String(p.code(t)),
	})
	require.NoError(t, err)
	outcome, err := p.client(t).Respond(t.Context(), &cognitomfa.OtherChallenge{
		Name: "MFA_SETUP", Username: enrollment.Setup.Username, Session: cognitomfa.NewSecret(*out.Session),
	}, nil)
	return as[*cognitomfa.Tokens](t, outcome, err).Access.Reveal()
}
