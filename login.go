package cognitomfa

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// SignInOptions are the options of [Client.SignIn]. The zero value of each means that it is not
// sent.
type SignInOptions struct {
	CallOptions
	// ACR are the authentication levels to sign in with, most wanted first, such as
	// "urn:cognito:loa:4" for a password and TOTP. A pool can give its levels other names. See
	// [Client.StepUp]. It needs FlowUserAuth.
	ACR []string
	// MaxAge is how old a sign-in may be to count toward the level, in whole seconds. It needs ACR.
	MaxAge time.Duration
}

// StepUpOptions are the options of [Client.StepUp].
type StepUpOptions struct {
	// CallOptions are those of every step. A Device is [ErrConfig], because it does not count
	// toward a level.
	CallOptions
	// ACR are the authentication levels to reach, most wanted first. The default is
	// "urn:cognito:loa:4", a password and TOTP.
	ACR []string
	// MaxAge is how old the access token's sign-in may be, in whole seconds. If it is older,
	// everything is asked for again, the password too; else only what is missing. The default is
	// any age.
	MaxAge time.Duration
}

// AnswerOptions are the options of the calls that answer a challenge.
type AnswerOptions struct{ CallOptions }

// SignIn checks a user name, or an alias that the pool allows such as an email address, and a
// password. The outcome is [*Tokens] or a [Challenge]. A wrong password and an unknown user are
// both [ErrCredentials], and so are empty ones, without a call. Spaces around the user name are
// dropped. Users who have to do something else first are [ErrNotConfirmed], [ErrPasswordReset] or
// [ErrUserDisabled].
//
// Config.Flow says how the password gets to Cognito. The first call is AdminInitiateAuth (IAM
// action cognito-idp:AdminInitiateAuth on the pool) or, with Config.Public, InitiateAuth. With
// FlowPassword it is the only one, and also with FlowUserAuth, unless Cognito asks for the password
// again. With FlowSRP there is a second one, which answers PASSWORD_VERIFIER: it is RespondMFA's
// and takes the same IAM action. A Device takes two more to prove itself, in place of the code.
//
// A device that Cognito does not know is left out: the sign-in goes on without it, and
// DeviceUnknown of the outcome says so. That costs one more call, or four if Cognito knows the
// device but not its password.
//
// If any of the calls fails, SignIn can be called again. FlowSRP signs the current time, which
// Cognito checks: by Options.Now, or by the Date of Cognito's first response if that differs by
// more than a minute.
func (c *Client) SignIn(
	ctx context.Context, username, password string, optFns ...func(*SignInOptions),
) (Outcome, error) {
	cl := newCall("sign in", byPassword)
	username = strings.TrimSpace(username) // No user name has spaces; pasted addresses do.
	if username == "" || password == "" {
		return nil, cl.refuse(ErrCredentials, "")
	}
	opts := resolve(optFns)
	level, hint := levelParameters(opts.ACR, opts.MaxAge)
	if hint == "" && len(level) > 0 && c.flow != FlowUserAuth {
		hint = "SignInOptions.ACR needs FlowUserAuth as the Config.Flow"
	}
	if hint != "" {
		return nil, cl.refuse(ErrConfig, hint)
	}
	if len(level) > 0 {
		cl.by |= byLevel
	}
	s, err := c.begin(cl, opts.CallOptions, username, false)
	if err != nil {
		return nil, err
	}
	outcome, err := s.signIn(ctx, cl, password, level)
	if s.device != nil && errors.Is(err, ErrDevice) {
		s.dropDevice()
		s.user = username
		outcome, err = s.signIn(ctx, newCall(cl.op, cl.by), password, level)
	}
	return outcome, err
}

// signIn presents the password as Config.Flow says.
func (s *signIn) signIn(
	ctx context.Context, cl *call, password string, level map[string]string,
) (Outcome, error) {
	var r *reply
	var err error
	switch s.flow {
	case FlowSRP:
		r, err = s.withSRP(ctx, cl, password)
	case FlowUserAuth:
		r, err = s.withChoice(ctx, cl, password, level)
	default:
		r, err = s.withPassword(ctx, cl, password)
	}
	if err != nil {
		return nil, err
	}
	return s.outcome(ctx, cl, r)
}

// StepUp raises the authentication level of a signed-in user, before something delicate: with the
// default level, users who signed in with a password enter only the code of their authenticator.
// accessToken is that of the sign-in, and username is the user to whom it was issued. At the end
// there are new access, ID and refresh tokens, whose claims acr and amr tell the level; the old
// ones stay valid. It works in Cognito's choice-based flow, whatever Config.Flow says: the app
// client must allow ALLOW_USER_AUTH, and the pool must have the plan Essentials or Plus
// ([ErrConfig] otherwise).
//
// The outcome is usually an [*MFAChallenge], or a [*PasswordChallenge] where the password is asked
// for again (see StepUpOptions.MaxAge). First compare the level and age of the current token, with
// the package token: a level that the token already has is [ErrLevel], and so is one that the user
// cannot reach with the factors that are set up. A failed challenge ends the attempt; there are no
// tokens of a lower level.
//
// AWS has documented levels since October 2026, in "Step-up authentication" of Cognito's developer
// guide; this package has not seen them live yet. Tokens that come without the claims are no error
// here: the verifier that requires a level refuses them.
//
// It makes one call: AdminInitiateAuth (IAM action cognito-idp:AdminInitiateAuth on the pool) or,
// with Config.Public, InitiateAuth. The access token authorizes nothing else.
func (c *Client) StepUp(
	ctx context.Context, username, accessToken string, optFns ...func(*StepUpOptions),
) (Outcome, error) {
	cl := newCall("step up", byToken|byLevel)
	username = strings.TrimSpace(username)
	switch {
	case accessToken == "":
		return nil, cl.refuse(ErrAccessToken, "")
	case username == "":
		return nil, cl.refuse(ErrCredentials, "")
	}
	opts := resolve(optFns)
	if opts.Device != nil {
		return nil, cl.refuse(ErrConfig, "StepUp takes no Device: it does not count toward a level")
	}
	if len(opts.ACR) == 0 {
		opts.ACR = []string{levelTOTP}
	}
	parameters, hint := levelParameters(opts.ACR, opts.MaxAge)
	if hint != "" {
		return nil, cl.refuse(ErrConfig, hint)
	}
	s, err := c.begin(cl, opts.CallOptions, username, false)
	if err != nil {
		return nil, err
	}
	parameters["ACCESS_TOKEN"] = accessToken
	parameters["PREFERRED_CHALLENGE"] = string(types.ChallengeNameTypePassword)
	r, err := s.initiate(ctx, cl, types.AuthFlowTypeUserAuth, parameters)
	if err != nil {
		return nil, err
	}
	return s.outcome(ctx, cl, r)
}

// levelTOTP is Cognito's name for a password and TOTP, unless the pool has given it another.
const levelTOTP = "urn:cognito:loa:4"

// levelParameters ask for a level; hint says what is wrong with it. They are empty, and not nil,
// for none.
func levelParameters(
	acr []string, maxAge time.Duration,
) (parameters map[string]string, hint string) {
	switch {
	case maxAge != 0 && len(acr) == 0:
		return nil, "MaxAge needs ACR"
	case maxAge < 0, maxAge%time.Second != 0:
		return nil, "MaxAge is not a positive number of whole seconds"
	case slices.ContainsFunc(acr, func(level string) bool { return !isLevel(level) }):
		return nil, "ACR has a level that is not 1 to 64 printable ASCII characters " +
			`without space, " or \`
	}
	parameters = map[string]string{}
	if len(acr) > 0 {
		parameters["TARGET_ACR_VALUES"] = strings.Join(acr, " ")
	}
	if maxAge > 0 {
		parameters["MAX_AGE"] = strconv.FormatInt(int64(maxAge/time.Second), 10)
	}
	return parameters, ""
}

// isLevel reports whether a pool can have a level of that name.
func isLevel(name string) bool {
	const longest = 64
	foreign := func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '"' || r == '\\' }
	return name != "" && len(name) <= longest && !strings.ContainsFunc(name, foreign)
}

// RespondMFA answers an [*MFAChallenge] with the code that the authenticator shows or that Cognito
// sent. It drops spaces and hyphens and reads decimal digits of every script; if the rest is not a
// code, it is [ErrCodeMismatch] without a call. After ErrCodeMismatch and [ErrCodeUsed] the same
// challenge can be answered again.
//
// Limit the attempts of each user, for instance to 5 a challenge and 10 an hour: of a million codes
// three are good at any time, and whether Cognito locks users out after wrong codes is not certain.
//
// It makes one call: AdminRespondToAuthChallenge (IAM action
// cognito-idp:AdminRespondToAuthChallenge on the pool) or, with Config.Public,
// RespondToAuthChallenge. So do all calls that answer a challenge. If the response is lost, the
// call is not sent again, because the session may be used up: the error is [ErrUnavailable], and
// NextStep says to start over.
func (c *Client) RespondMFA(
	ctx context.Context, ch *MFAChallenge, code string, optFns ...func(*AnswerOptions),
) (Outcome, error) {
	cl := answering("respond mfa")
	if ch == nil {
		return nil, cl.noSession()
	}
	method := cmp.Or(ch.Method, MethodTOTP)
	if !method.known() {
		return nil, cl.noSession() // No challenge of Cognito's: a forged token, say.
	}
	code, ok := normalizeCode(code, method)
	if !ok {
		return nil, cl.refuse(ErrCodeMismatch, "")
	}
	answers := map[string]string{codeParameter(method): code}
	about := asked{
		name: types.ChallengeNameType(method), username: ch.Username, session: ch.Session,
		deviceUnknown: ch.DeviceUnknown,
	}
	return c.answer(ctx, cl, about, answers, resolve(optFns).CallOptions)
}

// codeParameter is the name under which a method's code is sent.
func codeParameter(m Method) string {
	switch m {
	case MethodSMS:
		return "SMS_MFA_CODE"
	case MethodEmail:
		return "EMAIL_OTP_CODE"
	default:
		return "SOFTWARE_TOKEN_MFA_CODE"
	}
}

// SelectMFA chooses one of the methods that a [*SelectChallenge] offers. The outcome is that
// method's [*MFAChallenge]. Any other method is [ErrMethod] without a call. To choose again, the
// user has to sign in again: the challenge is single use. It makes one call, as RespondMFA does.
func (c *Client) SelectMFA(
	ctx context.Context, ch *SelectChallenge, method Method, optFns ...func(*AnswerOptions),
) (Outcome, error) {
	cl := answering("select mfa")
	if ch == nil {
		return nil, cl.noSession()
	}
	if method == "" || len(ch.Methods) > 0 && !slices.Contains(ch.Methods, method) {
		return nil, cl.refuse(ErrMethod, "")
	}
	answer := string(method)
	for _, word := range ch.offered {
		if method == methodOf(word) {
			answer = word
		}
	}
	about := asked{
		name: types.ChallengeNameTypeSelectMfaType, username: ch.Username, session: ch.Session,
		deviceUnknown: ch.DeviceUnknown,
	}
	answers := map[string]string{"ANSWER": answer}
	return c.answer(ctx, cl, about, answers, resolve(optFns).CallOptions)
}

// SetNewPassword answers a [*NewPasswordChallenge]. The attributes are named as in the challenge
// ("email", not "userAttributes.email"); those in ch.Required must be among them. Spaces around an
// email address and a phone number are dropped. If Cognito does not accept the password or the
// attributes, it is [ErrPasswordPolicy] or [ErrAttribute], and the same challenge can be answered
// again.
//
// It makes one call, as RespondMFA does. If the response is lost ([ErrUnavailable]), the new
// password may be set already: sign in with it before you ask for the old one, which would look
// like a wrong password and count toward the lockout.
func (c *Client) SetNewPassword(
	ctx context.Context, ch *NewPasswordChallenge, password string, attributes map[string]string,
	optFns ...func(*AnswerOptions),
) (Outcome, error) {
	cl := answering("set new password")
	cl.by |= byInput
	cl.ifLost = "the new password may be set already: try it first when signing in again"
	if ch == nil {
		return nil, cl.noSession()
	}
	if password == "" {
		return nil, cl.refuse(ErrPasswordPolicy, "")
	}
	answers := make(map[string]string, len(attributes)+1)
	answers["NEW_PASSWORD"] = password
	for name, value := range attributes {
		if name == "email" || name == "phone_number" {
			value = strings.TrimSpace(value)
		}
		answers[attributePrefix+name] = value
	}
	about := asked{
		name: types.ChallengeNameTypeNewPasswordRequired, username: ch.Username, session: ch.Session,
		deviceUnknown: ch.DeviceUnknown,
	}
	return c.answer(ctx, cl, about, answers, resolve(optFns).CallOptions)
}

// RespondPassword answers a [*PasswordChallenge]. A wrong password is [ErrCredentials] and ends the
// attempt: begin again with StepUp or SignIn. It makes one call, as RespondMFA does.
func (c *Client) RespondPassword(
	ctx context.Context, ch *PasswordChallenge, password string, optFns ...func(*AnswerOptions),
) (Outcome, error) {
	cl := answering("respond password")
	cl.by |= byPassword
	if ch == nil {
		return nil, cl.noSession()
	}
	if password == "" {
		return nil, cl.refuse(ErrCredentials, "")
	}
	name := types.ChallengeNameTypePassword
	if len(ch.Choices) > 0 {
		name = types.ChallengeNameTypeSelectChallenge
	}
	about := asked{
		name: name, username: ch.Username, session: ch.Session, deviceUnknown: ch.DeviceUnknown,
	}
	return c.answer(ctx, cl, about, passwordAnswers(name, password), resolve(optFns).CallOptions)
}

// Respond answers an [*OtherChallenge] with whatever it asks for. USERNAME, and SECRET_HASH if the
// app client has a secret, are added unless the answers have them. Answers that Cognito refuses as
// malformed are [ErrAttribute]. A wrong answer to a custom challenge ends the sign-in with
// [ErrCredentials], unless the pool's triggers ask again: then the outcome is another challenge. It
// makes one call, as RespondMFA does.
func (c *Client) Respond(
	ctx context.Context, ch *OtherChallenge, answers map[string]string,
	optFns ...func(*AnswerOptions),
) (Outcome, error) {
	cl := answering("respond")
	cl.by |= byInput
	if ch == nil {
		return nil, cl.noSession()
	}
	about := asked{
		name: types.ChallengeNameType(ch.Name), username: ch.Username, session: ch.Session,
		deviceUnknown: ch.DeviceUnknown,
	}
	return c.answer(ctx, cl, about, answers, resolve(optFns).CallOptions)
}
