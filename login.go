package cognitomfa

import (
	"cmp"
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// SignInOptions are the options of [Client.SignIn]. The zero value of each means that it is not sent.
type SignInOptions struct {
	// ClientMetadata is handed to the pool's Lambda triggers.
	ClientMetadata map[string]string
	// DeviceKey names the device, in pools that remember devices.
	DeviceKey string
}

// AnswerOptions are the options of the calls that answer a challenge. The zero value of each means that it is not sent.
type AnswerOptions struct {
	// ClientMetadata is handed to the pool's Lambda triggers.
	ClientMetadata map[string]string
	// DeviceKey names the device, in pools that remember devices.
	DeviceKey string
}

// SignIn checks a user name, or an alias that the pool allows such as an e-mail address, and a password. The outcome is [*Tokens] or a
// [Challenge]. A wrong password and an unknown user are both [ErrCredentials].
//
// It makes one call: AdminInitiateAuth (IAM action cognito-idp:AdminInitiateAuth on the pool) or, with Config.Public, InitiateAuth.
func (c *Client) SignIn(ctx context.Context, username, password string, optFns ...func(*SignInOptions)) (Outcome, error) {
	cl := newCall("sign in", byPassword)
	username = strings.TrimSpace(username) // No user name of Cognito's has spaces; pasted addresses do.
	if username == "" || password == "" {
		return nil, cl.refuse(ErrCredentials, "")
	}
	opts := resolve(optFns)
	params := map[string]string{"USERNAME": username, "PASSWORD": password}
	if c.clientSecret.Reveal() != "" {
		params["SECRET_HASH"] = c.secretHash(username)
	}
	if opts.DeviceKey != "" {
		params["DEVICE_KEY"] = opts.DeviceKey
	}
	if c.public {
		cl.flow = string(types.AuthFlowTypeUserPasswordAuth)
		out, err := c.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
			AuthFlow:       types.AuthFlowTypeUserPasswordAuth,
			ClientId:       c.clientID,
			AuthParameters: params,
			ClientMetadata: opts.ClientMetadata,
		}, cl.follow)
		if err != nil {
			return nil, cl.fail(ctx, err)
		}
		return c.outcome(cl, username, out.AuthenticationResult, out.ChallengeName, out.Session, out.ChallengeParameters)
	}
	cl.flow = string(types.AuthFlowTypeAdminUserPasswordAuth)
	out, err := c.api.AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
		AuthFlow:       types.AuthFlowTypeAdminUserPasswordAuth,
		UserPoolId:     c.userPoolID,
		ClientId:       c.clientID,
		AuthParameters: params,
		ClientMetadata: opts.ClientMetadata,
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	return c.outcome(cl, username, out.AuthenticationResult, out.ChallengeName, out.Session, out.ChallengeParameters)
}

// RespondMFA answers an [*MFAChallenge] with the code that the authenticator shows or that Cognito sent. It
// drops spaces and hyphens and reads decimal digits of every script; what is not a code then is
// [ErrCodeMismatch] without a call. After ErrCodeMismatch and [ErrCodeUsed] the same challenge can be answered
// again.
//
// Limit the attempts of each user, for instance to 5 a challenge and 10 an hour: a guesser who has the
// password finds one of a million codes, three of which are good at any time, and whether Cognito locks users
// out after wrong codes is not certain.
//
// It makes one call: AdminRespondToAuthChallenge (IAM action cognito-idp:AdminRespondToAuthChallenge on the
// pool) or, with Config.Public, RespondToAuthChallenge. So do all calls that answer a challenge. If the
// response is lost, the call is not sent again, because the session may be used up: the error is
// [ErrUnavailable], and NextStep says to start over.
func (c *Client) RespondMFA(ctx context.Context, ch *MFAChallenge, code string, optFns ...func(*AnswerOptions)) (Outcome, error) {
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
	return c.answer(ctx, cl, types.ChallengeNameType(method), ch.Username, ch.Session, answers, resolve(optFns))
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

// SelectMFA chooses one of the methods that a [*SelectChallenge] offers. The outcome is that method's
// [*MFAChallenge]. Any other method is [ErrMethod] without a call. To choose again, the user has to sign in
// again: the challenge is single use. It makes one call, as RespondMFA does.
func (c *Client) SelectMFA(ctx context.Context, ch *SelectChallenge, method Method, optFns ...func(*AnswerOptions)) (Outcome, error) {
	cl := answering("select mfa")
	if ch == nil {
		return nil, cl.noSession()
	}
	if method == "" || !ch.Offers(method) {
		return nil, cl.refuse(ErrMethod, "")
	}
	answer := string(method)
	for _, word := range ch.offered {
		if method == methodOf(word) {
			answer = word
		}
	}
	return c.answer(ctx, cl, types.ChallengeNameTypeSelectMfaType, ch.Username, ch.Session, map[string]string{"ANSWER": answer}, resolve(optFns))
}

// SetNewPassword answers a [*NewPasswordChallenge]. The attributes are named as in the challenge ("email", not
// "userAttributes.email"); those in ch.Required must be among them. Spaces around an e-mail address and a
// phone number are dropped. It is [ErrPasswordPolicy] or [ErrAttribute] if Cognito does not accept them, and
// then the same challenge can be answered again.
//
// It makes one call, as RespondMFA does. If the response is lost ([ErrUnavailable]), the new password may be
// set already: sign in with it before you ask for the old one, which would look like a wrong password and
// count toward the lockout.
func (c *Client) SetNewPassword(ctx context.Context, ch *NewPasswordChallenge, password string, attributes map[string]string, optFns ...func(*AnswerOptions)) (Outcome, error) {
	cl := answering("set new password")
	cl.by |= byInput
	cl.ifLost = "the new password may be set already: try it first when signing in again"
	if ch == nil {
		return nil, cl.noSession()
	}
	if password == "" {
		return nil, cl.refuse(ErrPasswordPolicy, "")
	}
	answers := make(map[string]string, len(attributes)+4)
	answers["NEW_PASSWORD"] = password
	for name, value := range attributes {
		if name == "email" || name == "phone_number" {
			value = strings.TrimSpace(value)
		}
		answers[attributePrefix+name] = value
	}
	return c.answer(ctx, cl, types.ChallengeNameTypeNewPasswordRequired, ch.Username, ch.Session, answers, resolve(optFns))
}

// Respond answers an [*OtherChallenge] with whatever it asks for. USERNAME, and SECRET_HASH if the app client
// has a secret, are added unless the answers have them. What Cognito does not like about the answers is
// [ErrAttribute]; a wrong answer to a custom challenge ends the sign-in with [ErrCredentials], unless the
// pool's triggers ask again, which comes as another challenge. It makes one call, as RespondMFA does.
func (c *Client) Respond(ctx context.Context, ch *OtherChallenge, answers map[string]string, optFns ...func(*AnswerOptions)) (Outcome, error) {
	cl := answering("respond")
	cl.by |= byInput
	if ch == nil {
		return nil, cl.noSession()
	}
	own := make(map[string]string, len(answers)+3)
	maps.Copy(own, answers)
	return c.answer(ctx, cl, types.ChallengeNameType(ch.Name), ch.Username, ch.Session, own, resolve(optFns))
}

// answer answers a challenge. It adds to answers what every challenge wants.
func (c *Client) answer(
	ctx context.Context, cl *call, name types.ChallengeNameType, username string, session Secret, answers map[string]string, opts AnswerOptions,
) (Outcome, error) {
	if answers["USERNAME"] == "" {
		answers["USERNAME"] = username
	}
	if session.Reveal() == "" && !sessionless(name) {
		return nil, cl.noSession()
	}
	if err := cl.ready(ctx, answers["USERNAME"]); err != nil {
		return nil, err
	}
	if c.clientSecret.Reveal() != "" && answers["SECRET_HASH"] == "" {
		answers["SECRET_HASH"] = c.secretHash(answers["USERNAME"])
	}
	if opts.DeviceKey != "" {
		answers["DEVICE_KEY"] = opts.DeviceKey
	}
	if c.public {
		out, err := c.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
			ChallengeName:      name,
			ClientId:           c.clientID,
			Session:            given(session),
			ChallengeResponses: answers,
			ClientMetadata:     opts.ClientMetadata,
		}, cl.follow)
		if err != nil {
			return nil, cl.fail(ctx, err)
		}
		return c.outcome(cl, username, out.AuthenticationResult, out.ChallengeName, out.Session, out.ChallengeParameters)
	}
	out, err := c.api.AdminRespondToAuthChallenge(ctx, &cip.AdminRespondToAuthChallengeInput{
		ChallengeName:      name,
		UserPoolId:         c.userPoolID,
		ClientId:           c.clientID,
		Session:            given(session),
		ChallengeResponses: answers,
		ClientMetadata:     opts.ClientMetadata,
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	return c.outcome(cl, username, out.AuthenticationResult, out.ChallengeName, out.Session, out.ChallengeParameters)
}

// outcome reads what Cognito answered to a sign-in or to a challenge.
func (c *Client) outcome(
	cl *call, username string, result *types.AuthenticationResultType, name types.ChallengeNameType, session *string, params map[string]string,
) (Outcome, error) {
	switch {
	case result != nil:
		return c.tokens(cl, result)
	case name != "":
		return newChallenge(name, username, otpauth.SecretFrom(session), params, c.now()), nil
	}
	return nil, cl.unusable("the response has neither tokens nor a challenge")
}

// sessionless reports whether a challenge may come without a session: what stands in for it is in its
// parameters. Of challenges that this package does not know, Cognito decides.
func sessionless(name types.ChallengeNameType) bool {
	switch name {
	case types.ChallengeNameTypeSoftwareTokenMfa, types.ChallengeNameTypeSmsMfa, types.ChallengeNameTypeEmailOtp,
		types.ChallengeNameTypeMfaSetup, types.ChallengeNameTypeSelectMfaType, types.ChallengeNameTypeNewPasswordRequired:
		return false
	}
	return true
}

// given is a session as the SDK takes it: nil if there is none.
func given(session Secret) *string {
	if session.Reveal() == "" {
		return nil
	}
	return aws.String(session.Reveal())
}
