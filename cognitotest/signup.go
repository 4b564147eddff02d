package cognitotest

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type signUpRequest struct {
	ClientID       string `json:"ClientId"`
	Username       string
	Password       string
	SecretHash     string
	UserAttributes attributes
}

type signUpResponse struct {
	UserConfirmed       bool
	UserSub             string
	Session             string        `json:",omitempty"` // for ConfirmSignUp
	CodeDeliveryDetails *codeDelivery `json:",omitempty"`
}

func (b *backend) signUp(in *signUpRequest) (*signUpResponse, error) {
	c, err := b.client(in.ClientID)
	if err != nil {
		return nil, err
	}
	if err := b.checkHash(c, in.Username, in.SecretHash); err != nil {
		return nil, err
	}
	p := c.pool
	if in.Password != "" || !p.passwordless() {
		if err := p.settings().policy.check(in.Password); err != nil {
			return nil, err
		}
	}
	if err := p.checkNew(in.UserAttributes, true); err != nil {
		return nil, err
	}
	u, err := b.newUser(p, in.Username, in.Password, userUnconfirmed, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if missing := u.missing(nil); len(missing) > 0 {
		return nil, invalidParameter("Attributes did not conform to the schema: %s: The attribute is required\n", missing[0])
	}
	if err := p.add(u, errSignUpExists, false); err != nil {
		return nil, err
	}
	out := &signUpResponse{UserSub: u.sub, CodeDeliveryDetails: b.sendConfirmation(u)}
	if c.allows(types.ExplicitAuthFlowsTypeAllowUserAuth) {
		out.Session = b.open(u, c, session{challenge: challengeSignUp, stage: stageSignedUp})
	}
	return out, nil
}

// challengeSignUp is no challenge but what the sessions are called that lead from a sign-up to a sign-in: SignUp gives one, ConfirmSignUp takes
// it for another, and USER_AUTH takes that one for the first factor.
const challengeSignUp = "SIGN_UP"

// sendConfirmation sends the code that confirms a sign-up to the first attribute that the pool verifies; nil if there is none.
func (b *backend) sendConfirmation(u *user) *codeDelivery {
	for _, attribute := range u.pool.settings().autoVerified {
		if u.attributes.get(attribute) != "" {
			return b.sendCode(u, codeSignUp, attribute, signUpCodeLife)
		}
	}
	return nil
}

type confirmSignUpRequest struct {
	ClientID           string `json:"ClientId"`
	Username           string
	ConfirmationCode   string
	SecretHash         string
	ForceAliasCreation bool
	Session            string // SignUp's
}

type confirmSignUpResponse struct {
	Session string `json:",omitempty"`
}

func (b *backend) confirmSignUp(in *confirmSignUpRequest) (*confirmSignUpResponse, error) {
	c, u, err := b.lockNamed(in.ClientID, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, errConfirmOld
	}
	defer u.mu.Unlock()
	if u.status != userUnconfirmed {
		return nil, u.confirmSignUp()
	}
	s, err := b.continueSignUp(u, c, in.Session, stageSignedUp)
	if err != nil {
		return nil, err
	}
	now := b.time()
	sent, err := u.checkCode(codeSignUp, in.ConfirmationCode, now)
	if err != nil {
		return nil, err
	}
	if err := u.pool.replace(u, u.attributes.with(attribute{sent.attribute + "_verified", "true"}), in.ForceAliasCreation); err != nil {
		return nil, err
	}
	u.modified = now
	out := &confirmSignUpResponse{}
	u.spend(s)
	if c.allows(types.ExplicitAuthFlowsTypeAllowUserAuth) {
		out.Session = b.open(u, c, session{challenge: challengeSignUp, stage: stageConfirmed})
	}
	return out, u.confirmSignUp()
}

// continueSignUp finds the session of a sign-up, which has come to a stage, of the user whose lock is held. No text is no session.
func (b *backend) continueSignUp(u *user, c *appClient, text string, reached stage) (*session, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // as the comment says
	}
	t, client, err := b.openTicket(text, challengeSignUp, []stage{reached})
	switch {
	case err != nil:
		return nil, err
	case client != c || t.Sub != u.sub:
		return nil, errSession
	}
	s := u.session(t.ID)
	if s == nil {
		return nil, errSessionUsed
	}
	return s, nil
}

// confirmSignUp ends the sign-up of a user, whose lock is held.
func (u *user) confirmSignUp() error {
	if u.status != userUnconfirmed {
		return &apiError{typeNotAuthorized, "User cannot be confirmed. Current status is " + string(u.status)}
	}
	u.status = userConfirmed
	delete(u.codes, codeSignUp)
	return nil
}

type resendRequest struct {
	ClientID   string `json:"ClientId"`
	Username   string
	SecretHash string
}

func (b *backend) resendConfirmationCode(in *resendRequest) (*deliveryResponse, error) {
	c, u, err := b.lockNamed(in.ClientID, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if u == nil {
		verified := c.pool.settings().autoVerified
		if len(verified) == 0 {
			return nil, errNoResend
		}
		return b.simulate(c.pool, in.Username, verified), nil
	}
	defer u.mu.Unlock()
	if u.status != userUnconfirmed {
		return nil, invalidParameter("User is already confirmed.")
	}
	delivery := b.sendConfirmation(u)
	if delivery == nil {
		return nil, errNoResend
	}
	return &deliveryResponse{delivery}, nil
}

// isAddress tells whether a text can be the value of an address attribute; roughly, since nothing is ever sent. The length is that of attributes.
func isAddress(attribute, text string) bool {
	switch attribute {
	case "phone_number":
		number, found := strings.CutPrefix(text, "+")
		return found && len(number) <= 15 && all(isDigit)(number)
	case "email":
		at := strings.LastIndexByte(text, '@')
		return at > 0 && at < len(text)-1 && len(text) <= 2048 && all(isVisible)(text)
	default:
		return false
	}
}
