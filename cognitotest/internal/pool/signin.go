package pool

import "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

// flow is a way to begin a sign-in.
type flow struct {
	only    initiator
	allowed func(*appClient) bool
	off     *Error // the error if the app client does not allow it
	begin   func(*signIn, *initiateAuthRequest) (next, error)
}

// initiator says which of InitiateAuth and AdminInitiateAuth has a flow.
type initiator int

const (
	anybody initiator = iota
	usersCall
	adminsCall
)

// flows are the values of AuthFlow. A new one needs a line here and a file of its own.
var flows = map[types.AuthFlowType]flow{
	types.AuthFlowTypeUserPasswordAuth:      passwordFlow,
	types.AuthFlowTypeAdminUserPasswordAuth: adminPasswordFlow,
	types.AuthFlowTypeAdminNoSrpAuth:        adminPasswordFlow,
	types.AuthFlowTypeUserSrpAuth:           srpFlow,
	types.AuthFlowTypeUserAuth:              choiceFlow,
	types.AuthFlowTypeCustomAuth:            customFlow,
	types.AuthFlowTypeRefreshTokenAuth:      refreshFlow,
	types.AuthFlowTypeRefreshToken:          refreshFlow,
}

var (
	passwordFlow = flow{
		only: usersCall, allowed: (*appClient).allowsPassword, begin: (*signIn).beginPassword,
		off: invalidParameter("USER_PASSWORD_AUTH flow not enabled for this client"),
	}
	adminPasswordFlow = flow{
		only: adminsCall, allowed: (*appClient).allowsAdminPassword, begin: (*signIn).beginPassword,
		off: invalidParameter("Auth flow not enabled for this client"),
	}
	srpFlow = flow{
		allowed: (*appClient).allowsSRP, begin: (*signIn).beginSRP,
		off: invalidParameter("USER_SRP_AUTH is not enabled for the client."),
	}
	choiceFlow = flow{
		allowed: (*appClient).allowsUserAuth, begin: (*signIn).beginChoice,
		off: invalidParameter("USER_AUTH is not enabled for the client."),
	}
	customFlow = flow{
		allowed: (*appClient).allowsCustom, begin: (*signIn).beginCustom,
		off: invalidParameter("CUSTOM_AUTH flow not enabled for this client"),
	}
	refreshFlow = flow{
		allowed: (*appClient).allowsRefresh, begin: (*signIn).beginRefresh,
		off: invalidParameter("REFRESH_TOKEN_AUTH flow not enabled for this client"),
	}
)

// handler takes the answer to a challenge. After a right one, respond uses the session up; a
// handler does so itself where a wrong answer ends the sign-in.
type handler func(*signIn, map[string]string) (next, error)

// challenges are the values of ChallengeName that can be answered. A new one needs a line here, a
// file that asks for it and checks the answer, and its turn in proceed.
var challenges = map[string]handler{
	challengeVerifier:       (*signIn).answerVerifier,
	challengeNewPassword:    (*signIn).answerNewPassword,
	challengeDevice:         (*signIn).answerDevice,
	challengeDeviceVerifier: (*signIn).answerDeviceVerifier,
	challengeSelect:         (*signIn).answerSelect,
	challengeSetup:          (*signIn).answerSetup,
	methodTOTP:              (*signIn).answerTOTP,
	methodSMS:               (*signIn).answerCode,
	methodEmail:             (*signIn).answerCode,
}

// firstChallenges are the challenges of the first factor of USER_AUTH.
var firstChallenges = map[string]handler{
	challengeChoice:   (*signIn).answerChoice,
	challengePassword: (*signIn).answerFirstPassword,
	challengeSRP:      (*signIn).answerFirstSRP,
	factorEmail:       (*signIn).answerFirstCode,
	factorSMS:         (*signIn).answerFirstCode,
}

// initiateAuth begins a sign-in.
func initiateAuth(c *caller, in *initiateAuthRequest) (*authResponse, error) {
	f, known := flows[in.AuthFlow]
	if !known || f.only == usersCall && c.admin || f.only == adminsCall && !c.admin {
		return nil, invalidParameter("Initiate Auth method not supported.")
	}
	if !f.allowed(c.client) {
		return nil, f.off
	}
	if in.AuthFlow != types.AuthFlowTypeUserAuth {
		if err := refuseLevels(in.AuthParameters, "is a parameter of USER_AUTH"); err != nil {
			return nil, err
		}
		if in.Session != "" {
			return nil, invalidParameter("Session is a parameter of USER_AUTH.")
		}
	}
	s := &signIn{caller: c}
	n, err := f.begin(s, in)
	if err != nil {
		return nil, err
	}
	return s.proceed(n)
}

// respond takes the answer to a challenge. A right answer uses the session up; a wrong one does so
// on the way to a level, and where the challenge says so.
func respond(c *caller, in *respondRequest) (*authResponse, error) {
	s := &signIn{caller: c}
	answer := challenges[in.ChallengeName]
	if c.session != nil {
		s.done = c.session.done
		switch {
		case c.session.first && c.block == nil:
			answer = firstChallenges[in.ChallengeName]
		case c.session.stage == stageScripted:
			answer = (*signIn).answerScripted
		}
		if !c.session.first && c.block == nil {
			if err := s.useDevice(in.ChallengeResponses); err != nil {
				return nil, err
			}
		}
	}
	if answer == nil {
		return nil, errSession
	}
	n, err := answer(s, in.ChallengeResponses)
	if err != nil {
		if s.done.target > 0 && wasWrong(err) {
			s.useUp()
		}
		return nil, err
	}
	s.useUp()
	return s.proceed(n)
}

// proceed decides what comes after a step that succeeded and does not say so itself: a new
// password, scripted challenges, a second factor, tokens, in this order. A user who has not proved
// the password finishes the script before choosing a new one.
func (s *signIn) proceed(n next) (*authResponse, error) {
	scripted := s.done.answered < len(s.user.script)
	identified := s.done.proof&provedPassword != 0 || !scripted
	switch {
	case n.response != nil:
	case s.user.status == userMustChange && identified:
		n = s.askNewPassword()
	case scripted:
		n = s.askScripted()
	case !s.done.mfa && s.deviceReplacesFactor():
		n = s.askDevice()
	case !s.done.mfa:
		var err error
		if n, err = s.askFactor(); err != nil {
			return nil, err
		}
	}
	switch {
	case n.response != nil:
		return n.response, nil
	case s.done.proof.level() < s.done.target: // the user lost a factor meanwhile
		return nil, errUnreachable
	}
	return s.tokens(s.signedIn(s.done)), nil
}

// beginRefresh is REFRESH_TOKEN_AUTH. It returns tokens: a refresh asks for no factor.
func (s *signIn) beginRefresh(in *initiateAuthRequest) (next, error) {
	given := in.AuthParameters
	if err := need(given, "REFRESH_TOKEN"); err != nil {
		return next{}, err
	}
	if s.client.rotation {
		return next{}, errRefreshInvalid // with rotation there is only GetTokensFromRefreshToken
	}
	t, err := s.redeem(given["REFRESH_TOKEN"], given["DEVICE_KEY"])
	if err != nil {
		return next{}, err
	}
	// The call has no user name, so the hash is over the real one.
	if err := s.checkHash(s.user.name, given["SECRET_HASH"]); err != nil {
		return next{}, err
	}
	return next{s.tokens(s.refreshed(t))}, nil
}
