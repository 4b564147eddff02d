package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cognitomfa/cognitomfa"
)

// conversation signs a user in by asking the person at the terminal whatever Cognito asks.
type conversation struct {
	*console
	mfa      *cognitomfa.Client
	user     string // as typed
	enrolled bool   // an authenticator was set up
}

// signIn asks for the password and answers challenges until Cognito issues tokens.
func (v *conversation) signIn(ctx context.Context, user string) (*cognitomfa.Tokens, error) {
	v.user = user
	password, err := v.askSecret(ctx, "Password")
	if err != nil {
		return nil, err
	}
	outcome, err := v.mfa.SignIn(ctx, user, password)
	for err == nil {
		if tokens, ok := outcome.(*cognitomfa.Tokens); ok {
			return tokens, nil
		}
		challenge, _ := outcome.(cognitomfa.Challenge) // Every other outcome is a challenge.
		outcome, err = v.answer(ctx, challenge)
	}
	return nil, err
}

func (v *conversation) answer(
	ctx context.Context, challenge cognitomfa.Challenge,
) (cognitomfa.Outcome, error) {
	switch ch := challenge.(type) {
	case *cognitomfa.MFAChallenge:
		return v.retryOutcome(func() (cognitomfa.Outcome, error) {
			code, err := v.askSecret(ctx, codeQuestion(ch))
			if err != nil {
				return nil, err
			}
			return v.mfa.RespondMFA(ctx, ch, code)
		})
	case *cognitomfa.SelectChallenge:
		return v.retryOutcome(func() (cognitomfa.Outcome, error) {
			method, err := v.chooseMethod(ctx, "MFA method", ch.Methods)
			if err != nil {
				return nil, err
			}
			return v.mfa.SelectMFA(ctx, ch, method)
		})
	case *cognitomfa.SetupChallenge:
		return v.setUp(ctx, ch)
	case *cognitomfa.NewPasswordChallenge:
		return v.retryOutcome(func() (cognitomfa.Outcome, error) { return v.newPassword(ctx, ch) })
	case *cognitomfa.PasswordChallenge:
		password, err := v.askSecret(ctx, "Password again")
		if err != nil {
			return nil, err
		}
		return v.mfa.RespondPassword(ctx, ch, password)
	case *cognitomfa.OtherChallenge:
		return v.retryOutcome(func() (cognitomfa.Outcome, error) { return v.other(ctx, ch) })
	}
	return nil, foundError("Cognito sent a challenge that this program does not support")
}

// maxTries limits how often the same question is asked.
const maxTries = 5

// retry repeats an attempt until it succeeds or another try with the same challenge cannot help.
func (v *conversation) retry(attempt func() error) error {
	for try := 1; ; try++ {
		err := attempt()
		step := cognitomfa.NextStep(err)
		retryable := step == cognitomfa.StepSameChallenge || step == cognitomfa.StepNextCode
		if !retryable || try == maxTries {
			return err
		}
		v.note(explain(err))
		if says := detail(err); says != "" {
			v.note("Cognito says: " + says)
		}
	}
}

// retryOutcome is retry for attempts that lead to an outcome.
func (v *conversation) retryOutcome(
	attempt func() (cognitomfa.Outcome, error),
) (outcome cognitomfa.Outcome, err error) {
	err = v.retry(func() error {
		outcome, err = attempt()
		return err
	})
	return outcome, err
}

func codeQuestion(ch *cognitomfa.MFAChallenge) string {
	switch ch.Method {
	case cognitomfa.MethodSMS, cognitomfa.MethodEmail:
		return fmt.Sprintf("Code sent by %s to %s", methodName(ch.Method), shown(ch.Destination))
	}
	if ch.DeviceName != "" {
		return "Code from the authenticator app on " + shown(ch.DeviceName)
	}
	return "Code from the authenticator app"
}

// chooseMethod asks for one of several methods, by number or by name, and returns ErrMethod for
// anything else. If methods is empty, it accepts any name.
func (v *conversation) chooseMethod(
	ctx context.Context, what string, methods []cognitomfa.Method,
) (cognitomfa.Method, error) {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = fmt.Sprintf("%d %s", i+1, methodName(m))
	}
	typed, err := v.ask(ctx, fmt.Sprintf("%s (%s)", what, list(names)))
	if err != nil {
		return "", err
	}
	typed = strings.TrimSpace(typed)
	if n, err := strconv.Atoi(typed); err == nil && 1 <= n && n <= len(methods) {
		return methods[n-1], nil
	}
	method := cognitomfa.Method(strings.ToUpper(typed))
	if len(methods) > 0 && !slices.Contains(methods, method) {
		return "", &cognitomfa.Error{Op: "choose method", Kind: cognitomfa.ErrMethod}
	}
	return method, nil
}

// settable returns the methods that setUp supports.
func settable(methods []cognitomfa.Method) []cognitomfa.Method {
	return slices.DeleteFunc(slices.Clone(methods), func(m cognitomfa.Method) bool {
		return m != cognitomfa.MethodTOTP && m != cognitomfa.MethodEmail
	})
}

// setUp sets up MFA, which the pool requires before the user can sign in.
func (v *conversation) setUp(
	ctx context.Context, ch *cognitomfa.SetupChallenge,
) (cognitomfa.Outcome, error) {
	v.note("The pool requires MFA, and the user has not set it up.")
	method := cognitomfa.MethodTOTP
	if slices.Contains(ch.Methods, cognitomfa.MethodEmail) {
		err := v.retry(func() (err error) {
			method, err = v.chooseMethod(ctx, "Method to set up", settable(ch.Methods))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if method == cognitomfa.MethodEmail {
		return v.retryOutcome(func() (cognitomfa.Outcome, error) {
			address, err := v.ask(ctx, "Email address for codes")
			if err != nil {
				return nil, err
			}
			return v.mfa.SetupEmail(ctx, ch, address)
		})
	}
	enrollment, err := v.mfa.EnrollSetup(ctx, ch, v.account)
	if err != nil {
		return nil, err
	}
	if err := v.show(enrollment); err != nil {
		return nil, err
	}
	outcome, err := v.retryOutcome(func() (cognitomfa.Outcome, error) {
		code, err := v.askSecret(ctx, firstCode)
		if err != nil {
			return nil, err
		}
		return v.mfa.VerifySetup(ctx, enrollment.Setup, code)
	})
	if tokens, ok := outcome.(*cognitomfa.Tokens); ok && errors.Is(err, cognitomfa.ErrNotEnabled) {
		err = v.mfa.Enable(ctx, tokens.Access.Reveal())
	}
	if err != nil {
		return nil, err
	}
	return outcome, v.reportEnrolled()
}

// newPassword asks for a new password and the attributes that must come with it.
func (v *conversation) newPassword(
	ctx context.Context, ch *cognitomfa.NewPasswordChallenge,
) (cognitomfa.Outcome, error) {
	v.note("The password must be replaced.")
	password, err := v.choosePassword(ctx)
	if err != nil {
		return nil, err
	}
	attributes := map[string]string{}
	for _, name := range ch.Required {
		if attributes[name], err = v.ask(ctx, shown(name)); err != nil {
			return nil, err
		}
	}
	return v.mfa.SetNewPassword(ctx, ch, password, attributes)
}

// choosePassword asks for a new password, twice on a terminal because it is not shown.
func (v *conversation) choosePassword(ctx context.Context) (string, error) {
	for {
		password, err := v.askSecret(ctx, "New password")
		if err != nil || !v.inIsTerminal {
			return password, err
		}
		repeated, err := v.askSecret(ctx, "New password again")
		if err != nil || repeated == password {
			return password, err
		}
		v.note("The passwords do not match.")
	}
}

// answerNames maps other challenges to the parameter that carries the answer.
var answerNames = map[string]string{
	"CUSTOM_CHALLENGE": "ANSWER",
	"SELECT_CHALLENGE": "ANSWER",
	"SMS_OTP":          "SMS_OTP_CODE",
}

// other asks for the answer to a custom challenge or to one of choice-based sign-in.
func (v *conversation) other(
	ctx context.Context, ch *cognitomfa.OtherChallenge,
) (cognitomfa.Outcome, error) {
	asks := "Cognito asks for " + shown(ch.Name)
	name, ok := answerNames[ch.Name]
	if !ok {
		return nil, foundError(asks + ", which this program cannot answer")
	}
	v.note(asks + ".")
	if len(ch.Choices) > 0 {
		v.note("  choices: " + shown(list(ch.Choices)))
	}
	for _, key := range slices.Sorted(maps.Keys(ch.Parameters)) {
		if key != "USERNAME" && key != "USER_ID_FOR_SRP" {
			v.note(fmt.Sprintf("  %s: %s", shown(key), shown(ch.Parameters[key])))
		}
	}
	answer, err := v.askSecret(ctx, "Answer")
	if err != nil {
		return nil, err
	}
	return v.mfa.Respond(ctx, ch, map[string]string{name: answer})
}

// account labels the key in the authenticator app with the user name as typed, because Cognito's
// name for the user may be a UUID.
func (v *conversation) account(o *cognitomfa.EnrollOptions) {
	o.Account = strings.ReplaceAll(strings.TrimSpace(v.user), ":", "_")
}
