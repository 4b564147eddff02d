package pool

import "time"

// signUpCodeLife is how long the code of a sign-up is valid.
const signUpCodeLife = 24 * time.Hour

type signUpRequest struct {
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

func signUp(c *caller, in *signUpRequest) (*signUpResponse, error) {
	if err := c.checkHash(in.Username, in.SecretHash); err != nil {
		return nil, err
	}
	set := c.pool.settings()
	if set.adminOnly {
		return nil, &Error{notAuthorized, "SignUp is not permitted for this user pool"}
	}
	if in.Password != "" || !set.passwordless() {
		if err := set.policy.check(in.Password); err != nil {
			return nil, err
		}
	}
	u, err := c.newUser(
		in.Username, in.Password, userUnconfirmed, in.UserAttributes, c.client.writes)
	if err != nil {
		return nil, err
	}
	if err := attributeRequired(c.pool.schema.missing(u.attributes)...); err != nil {
		return nil, err
	}
	if err := c.join(u, errSignUpExists, false); err != nil {
		return nil, err
	}
	return &signUpResponse{
		UserSub: u.sub, CodeDeliveryDetails: sendConfirmation(c),
		Session: c.openSignUp(stageSignedUp, 0),
	}, nil
}

// openSignUp opens the next session on the way from a sign-up to a sign-in, if the client has
// USER_AUTH.
func (c *caller) openSignUp(reached stage, proved proof) string {
	if !c.client.allowsUserAuth() {
		return ""
	}
	return c.newSession(
		session{challenge: challengeSignUp, stage: reached, done: progress{proof: proved}})
}

// sendConfirmation sends the code of a sign-up to the first attribute that the pool verifies; it
// returns nil if there is none.
func sendConfirmation(c *caller) *codeDelivery {
	for _, attribute := range c.pool.settings().autoVerified {
		if c.user.attributes.get(attribute) != "" {
			return c.sendCode(codeSignUp, attribute, signUpCodeLife)
		}
	}
	return nil
}

type confirmSignUpRequest struct {
	ConfirmationCode   string
	ForceAliasCreation bool
	Session            string // SignUp's
}

type confirmSignUpResponse struct {
	Session string `json:",omitempty"`
}

func confirmSignUp(c *caller, in *confirmSignUpRequest) (*confirmSignUpResponse, error) {
	u := c.user
	if u == nil {
		return nil, errConfirmOld
	}
	if u.status != userUnconfirmed {
		return nil, u.confirm()
	}
	if err := c.continueSignUp(in.Session, stageSignedUp); err != nil {
		return nil, err
	}
	sent, err := u.checkCode(codeSignUp, in.ConfirmationCode, c.Now())
	if err != nil {
		return nil, err
	}
	verified := u.attributes.with(attribute{sent.attribute + "_verified", "true"})
	if err := c.replaceAttributes(verified, in.ForceAliasCreation); err != nil {
		return nil, err
	}
	c.touch()
	c.useUp()
	proved := provedEmail
	if sent.attribute == "phone_number" {
		proved = provedSMS
	}
	return &confirmSignUpResponse{c.openSignUp(stageConfirmed, proved)}, u.confirm()
}

// confirm completes the sign-up of the user.
func (u *user) confirm() error {
	if u.status != userUnconfirmed {
		return &Error{
			notAuthorized, "User cannot be confirmed. Current status is " + string(u.status),
		}
	}
	u.status = userConfirmed
	delete(u.codes, codeSignUp)
	return nil
}

func adminConfirmSignUp(c *caller, _ *none) (*none, error) {
	if err := c.user.confirm(); err != nil {
		return nil, err
	}
	c.touch()
	return &none{}, nil
}

// nameRequest is the request of calls that name a user to an app client.
type nameRequest struct {
	Username string
}

var errNoResend = invalidParameter("Cannot resend codes. Auto verification not turned on.")

func resendConfirmationCode(c *caller, in *nameRequest) (*deliveryResponse, error) {
	if c.user == nil {
		verified := c.pool.settings().autoVerified
		if len(verified) == 0 {
			return nil, errNoResend
		}
		return &deliveryResponse{c.simulateDelivery(in.Username, verified)}, nil
	}
	if c.user.status != userUnconfirmed {
		return nil, invalidParameter("User is already confirmed.")
	}
	delivery := sendConfirmation(c)
	if delivery == nil {
		return nil, errNoResend
	}
	return &deliveryResponse{delivery}, nil
}
