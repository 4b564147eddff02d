package cognitomfa

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/cognitomfa/cognitomfa/internal/srp"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// The calls that a sign-in is made of, and what leads from one to the next without asking anybody:
// the SRP exchanges of a password and of a device.

// Flow is how SignIn presents the password. The app client must allow it.
type Flow string

// The flows that [Client.SignIn] knows.
const (
	// FlowPassword sends the password to Cognito, over TLS, in one call. The app client must allow
	// ALLOW_ADMIN_USER_PASSWORD_AUTH or, with Config.Public, ALLOW_USER_PASSWORD_AUTH.
	FlowPassword Flow = ""
	// FlowSRP proves that the user knows the password without sending it, in two calls. It is what
	// app clients allow by default (ALLOW_USER_SRP_AUTH), and the only flow in which Cognito
	// remembers devices. Its arithmetic takes some milliseconds of one core.
	FlowSRP Flow = "USER_SRP_AUTH"
	// FlowUserAuth asks for a sign-in by password in Cognito's choice-based flow, in one call. It
	// is the only flow that knows authentication levels. The app client must allow ALLOW_USER_AUTH.
	FlowUserAuth Flow = "USER_AUTH"
)

func (f Flow) known() bool { return f == FlowPassword || f == FlowSRP || f == FlowUserAuth }

// CallOptions are the options of every step of a sign-in. The zero value of each means that it is
// not sent.
type CallOptions struct {
	// ClientMetadata is passed to the pool's Lambda triggers.
	ClientMetadata map[string]string
	// Context describes the request that the user made, for the pool's threat protection.
	Context *UserContext
	// Device is the user's remembered device, on which no code is asked for. It needs FlowSRP; with
	// any other flow it is [ErrConfig], because Cognito remembers no devices there. Give it to
	// SignIn and to every step that follows.
	Device *Device
}

// signIn is a sign-in while one method of the client moves it on.
type signIn struct {
	*Client
	opts   CallOptions
	user   string  // the name to answer with
	device *Device // nil without one, and once Cognito does not know it
	// deviceUnknown: the caller gave a device, now or at an earlier step, that Cognito does not
	// know.
	deviceUnknown bool
}

// begin begins or resumes a sign-in. deviceUnknown is what an earlier step found out.
func (c *Client) begin(
	cl *call, opts CallOptions, user string, deviceUnknown bool,
) (*signIn, error) {
	if err := c.checkOptions(cl, opts); err != nil {
		return nil, err
	}
	s := &signIn{Client: c, opts: opts, user: user, deviceUnknown: deviceUnknown}
	switch {
	case opts.Device == nil || deviceUnknown:
	case !opts.Device.usable():
		s.deviceUnknown = true
	default:
		s.device = opts.Device
	}
	return s, nil
}

// checkOptions returns an error for options that cannot be sent or would have no effect.
func (c *Client) checkOptions(cl *call, opts CallOptions) error {
	if hint := opts.Context.lacks(c.public); hint != "" {
		return cl.refuse(ErrConfig, hint)
	}
	if opts.Device != nil && c.flow != FlowSRP {
		return cl.refuse(ErrConfig, "CallOptions.Device needs FlowSRP as the Config.Flow")
	}
	return nil
}

// dropDevice goes on without the device.
func (s *signIn) dropDevice() { s.device, s.deviceUnknown = nil, true }

// reply is what Cognito responds to a step of a sign-in, whichever of the four operations it was.
type reply struct {
	result     *types.AuthenticationResultType
	name       types.ChallengeNameType
	session    Secret
	parameters map[string]string
	choices    []types.ChallengeNameType // first factors to choose from, in SELECT_CHALLENGE
	received   time.Time                 // by the server's clock; zero where it is not known
}

func newReply(
	result *types.AuthenticationResultType, name types.ChallengeNameType, session *string,
	parameters map[string]string, choices []types.ChallengeNameType, metadata middleware.Metadata,
) *reply {
	received, _ := awsmiddleware.GetServerTime(metadata)
	return &reply{
		result: result, name: name, session: otpauth.SecretFrom(session), parameters: parameters,
		choices: choices, received: received,
	}
}

// initiate makes the first call of a sign-in.
func (s *signIn) initiate(
	ctx context.Context, cl *call, flow types.AuthFlowType, parameters map[string]string,
) (*reply, error) {
	cl.flow = string(flow)
	parameters["USERNAME"] = s.user
	s.complete(parameters)
	if s.public {
		out, err := s.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
			AuthFlow:        flow,
			ClientId:        s.clientID,
			AuthParameters:  parameters,
			ClientMetadata:  s.opts.ClientMetadata,
			UserContextData: s.opts.Context.public(),
		}, cl.follow)
		if err != nil {
			return nil, cl.fail(ctx, err)
		}
		return newReply(
			out.AuthenticationResult, out.ChallengeName, out.Session,
			out.ChallengeParameters, out.AvailableChallenges, out.ResultMetadata,
		), nil
	}
	out, err := s.api.AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
		AuthFlow:       flow,
		UserPoolId:     s.userPoolID,
		ClientId:       s.clientID,
		AuthParameters: parameters,
		ClientMetadata: s.opts.ClientMetadata,
		ContextData:    s.opts.Context.admin(),
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	return newReply(
		out.AuthenticationResult, out.ChallengeName, out.Session,
		out.ChallengeParameters, out.AvailableChallenges, out.ResultMetadata,
	), nil
}

// respond answers a challenge. If Cognito does not know the device, it does so again without it:
// the refusal has used nothing up.
func (s *signIn) respond(
	ctx context.Context, cl *call, name types.ChallengeNameType, session Secret,
	answers map[string]string,
) (*reply, error) {
	r, err := s.respondOnce(ctx, cl, name, session, answers)
	if s.device == nil || !errors.Is(err, ErrDevice) || isDeviceChallenge(name) {
		return r, err
	}
	s.dropDevice()
	delete(answers, "DEVICE_KEY")
	return s.respondOnce(ctx, cl.step(), name, session, answers)
}

func (s *signIn) respondOnce(
	ctx context.Context, cl *call, name types.ChallengeNameType, session Secret,
	answers map[string]string,
) (*reply, error) {
	answers["USERNAME"] = cmp.Or(answers["USERNAME"], s.user)
	s.complete(answers)
	if s.public {
		out, err := s.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
			ChallengeName:      name,
			ClientId:           s.clientID,
			Session:            optional(session.Reveal()),
			ChallengeResponses: answers,
			ClientMetadata:     s.opts.ClientMetadata,
			UserContextData:    s.opts.Context.public(),
		}, cl.follow)
		if err != nil {
			return nil, cl.fail(ctx, err)
		}
		return newReply(
			out.AuthenticationResult, out.ChallengeName, out.Session,
			out.ChallengeParameters, nil, out.ResultMetadata,
		), nil
	}
	out, err := s.api.AdminRespondToAuthChallenge(ctx, &cip.AdminRespondToAuthChallengeInput{
		ChallengeName:      name,
		UserPoolId:         s.userPoolID,
		ClientId:           s.clientID,
		Session:            optional(session.Reveal()),
		ChallengeResponses: answers,
		ClientMetadata:     s.opts.ClientMetadata,
		ContextData:        s.opts.Context.admin(),
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	return newReply(
		out.AuthenticationResult, out.ChallengeName, out.Session,
		out.ChallengeParameters, nil, out.ResultMetadata,
	), nil
}

// complete adds what every step of a sign-in takes: the secret hash, which is over the very name
// that is sent, and the device.
func (s *signIn) complete(parameters map[string]string) {
	if s.clientSecret.Reveal() != "" && parameters["SECRET_HASH"] == "" {
		parameters["SECRET_HASH"] = s.secretHash(parameters["USERNAME"])
	}
	if s.device != nil {
		parameters["DEVICE_KEY"] = s.device.Key
	}
}

// withPassword presents the password in one call.
func (s *signIn) withPassword(ctx context.Context, cl *call, password string) (*reply, error) {
	flow := types.AuthFlowTypeAdminUserPasswordAuth
	if s.public {
		flow = types.AuthFlowTypeUserPasswordAuth
	}
	return s.initiate(ctx, cl, flow, map[string]string{"PASSWORD": password})
}

// withSRP proves by SRP that the user knows the password. What comes in place of the exchange is
// passed on.
func (s *signIn) withSRP(ctx context.Context, cl *call, password string) (*reply, error) {
	exchange := srp.NewExchange()
	parameters := map[string]string{"SRP_A": exchange.PublicKey()}
	r, err := s.initiate(ctx, cl, types.AuthFlowTypeUserSrpAuth, parameters)
	if err != nil || r.name != types.ChallengeNameTypePasswordVerifier {
		return r, err
	}
	s.user = nameIn(r.parameters, s.user)
	next := cl.step()
	answers, err := s.claim(next, r, exchange, srp.Realm(*s.userPoolID)+s.user, password)
	if err != nil {
		return nil, err
	}
	return s.respond(ctx, next, r.name, r.session, answers)
}

// withChoice presents the password in the choice-based flow, where levels can be asked for. Cognito
// may ask for the password nevertheless.
func (s *signIn) withChoice(
	ctx context.Context, cl *call, password string, parameters map[string]string,
) (*reply, error) {
	parameters["PREFERRED_CHALLENGE"] = string(types.ChallengeNameTypePassword)
	parameters["PASSWORD"] = password
	r, err := s.initiate(ctx, cl, types.AuthFlowTypeUserAuth, parameters)
	if err != nil || !r.asksPassword() {
		return r, err
	}
	return s.respond(ctx, cl.step(), r.name, r.session, passwordAnswers(r.name, password))
}

// asksPassword reports whether a password answers the challenge.
func (r *reply) asksPassword() bool {
	const password = types.ChallengeNameTypePassword
	return r.name == password ||
		r.name == types.ChallengeNameTypeSelectChallenge && slices.Contains(r.choices, password)
}

// passwordAnswers answer a challenge that asks for a password, or offers to.
func passwordAnswers(name types.ChallengeNameType, password string) map[string]string {
	answers := map[string]string{"PASSWORD": password}
	if name == types.ChallengeNameTypeSelectChallenge {
		answers["ANSWER"] = string(types.ChallengeNameTypePassword)
	}
	return answers
}

// claim answers the second half of an SRP exchange.
func (s *signIn) claim(
	cl *call, r *reply, exchange *srp.Exchange, identity, password string,
) (map[string]string, error) {
	key, err := exchange.Key(identity, password, r.parameters["SALT"], r.parameters["SRP_B"])
	if err != nil {
		return nil, cl.unusable(err.Error())
	}
	block, err := base64.StdEncoding.DecodeString(r.parameters["SECRET_BLOCK"])
	if err != nil {
		return nil, cl.unusable("the secret block of the SRP exchange is malformed")
	}
	timestamp := srp.Timestamp(s.clock(r))
	signature := key.Sign(identity, block, timestamp)
	return map[string]string{
		"PASSWORD_CLAIM_SECRET_BLOCK": r.parameters["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
		"TIMESTAMP":                   timestamp,
	}, nil
}

// maxSkew is how far the client's clock may be off before the server's counts.
const maxSkew = time.Minute

// clock returns the time to sign. Cognito refuses a claim whose time is off by some minutes, as if
// the password were wrong; so where the two clocks disagree, the server's counts.
func (s *signIn) clock(r *reply) time.Time {
	now := s.now()
	if !r.received.IsZero() && now.Sub(r.received).Abs() > maxSkew {
		return r.received
	}
	return now
}

// proveDevice answers DEVICE_SRP_AUTH: the device proves that it has the password that
// RememberDevice gave it. It is ErrDevice if Cognito does not know the device, or not this
// password.
func (s *signIn) proveDevice(ctx context.Context, cl *call, r *reply) (*reply, error) {
	exchange := srp.NewExchange()
	answers := map[string]string{"SRP_A": exchange.PublicKey()}
	r, err := s.respond(ctx, cl.step(), r.name, r.session, answers)
	if err != nil || r.name != types.ChallengeNameTypeDevicePasswordVerifier {
		return r, err
	}
	s.user = nameIn(r.parameters, s.user)
	next := cl.step()
	answers, err = s.claim(next, r, exchange, s.device.identity(), s.device.Password.Reveal())
	if err != nil {
		return nil, err
	}
	r, err = s.respond(ctx, next, r.name, r.session, answers)
	var e *Error
	if errors.As(err, &e) && errors.Is(e.Kind, ErrCredentials) {
		e.Kind = ErrDevice // It is the device's password that is wrong.
	}
	return r, err
}

// isDeviceChallenge reports whether only the device can answer the challenge.
func isDeviceChallenge(name types.ChallengeNameType) bool {
	return name == types.ChallengeNameTypeDeviceSrpAuth ||
		name == types.ChallengeNameTypeDevicePasswordVerifier
}

// outcome reads what Cognito responded to a step, after it has answered for the device what the
// device can.
func (s *signIn) outcome(ctx context.Context, cl *call, r *reply) (Outcome, error) {
	if r.name == types.ChallengeNameTypeDeviceSrpAuth && s.device != nil {
		s.user = nameIn(r.parameters, s.user)
		proven, err := s.proveDevice(ctx, cl, r)
		if err != nil {
			return nil, err
		}
		r = proven
	}
	switch {
	case r.result != nil:
		t, err := s.tokens(cl, r.result)
		if err != nil {
			return nil, err
		}
		t.DeviceUnknown = s.deviceUnknown
		return t, nil
	case r.name != "":
		return newChallenge(r, s.user, s.now(), s.deviceUnknown), nil
	}
	return nil, cl.unusable("the response has neither tokens nor a challenge")
}

// asked is what a challenge says about its answer.
type asked struct {
	name          types.ChallengeNameType
	username      string
	session       Secret
	deviceUnknown bool
}

// answer answers a challenge, and adds to answers what every challenge takes.
func (c *Client) answer(
	ctx context.Context, cl *call, ch asked, answers map[string]string, opts CallOptions,
) (Outcome, error) {
	if ch.session.Reveal() == "" && !sessionless(ch.name) {
		return nil, cl.noSession()
	}
	if err := cl.ready(ctx, cmp.Or(answers["USERNAME"], ch.username)); err != nil {
		return nil, err
	}
	s, err := c.begin(cl, opts, ch.username, ch.deviceUnknown)
	if err != nil {
		return nil, err
	}
	own := make(map[string]string, len(answers)+3)
	maps.Copy(own, answers)
	r, err := s.respond(ctx, cl, ch.name, ch.session, own)
	if err != nil {
		return nil, err
	}
	return s.outcome(ctx, cl, r)
}

// sessionless reports whether a challenge may come without a session: what stands in for it is in
// its parameters. Of challenges that this package does not know, Cognito decides.
func sessionless(name types.ChallengeNameType) bool {
	switch name {
	case types.ChallengeNameTypeSoftwareTokenMfa, types.ChallengeNameTypeSmsMfa,
		types.ChallengeNameTypeEmailOtp, types.ChallengeNameTypeMfaSetup,
		types.ChallengeNameTypeSelectMfaType, types.ChallengeNameTypeNewPasswordRequired,
		types.ChallengeNameTypePassword, types.ChallengeNameTypeSelectChallenge:
		return false
	}
	return true
}
