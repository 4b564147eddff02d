package cognitotest

import (
	"strings"
	"time"
)

// confirmation is the code that a sign-up waits for, and the attribute that it verifies.
type confirmation struct {
	code, attribute string
	expires         time.Time
}

// confirmationLife is how long a confirmation code is good.
const confirmationLife = 24 * time.Hour

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
	CodeDeliveryDetails *codeDelivery `json:",omitempty"`
}

type codeDelivery struct {
	AttributeName, DeliveryMedium, Destination string
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
	if err := p.policy.check(in.Password); err != nil {
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
	return &signUpResponse{UserSub: u.sub, CodeDeliveryDetails: b.sendConfirmation(u)}, nil
}

// sendConfirmation sends the code that confirms a sign-up to the first attribute that the pool verifies; nil if there is none.
func (b *backend) sendConfirmation(u *user) *codeDelivery {
	for _, name := range u.pool.autoVerified {
		address := u.attributes.get(name)
		if address == "" {
			continue
		}
		delivery := &codeDelivery{AttributeName: name, DeliveryMedium: "EMAIL", Destination: mask(address)}
		if name == "phone_number" {
			delivery.DeliveryMedium = "SMS"
		}
		now := b.time()
		u.confirm = confirmation{newText(digits, 6), name, now.Add(confirmationLife)}
		u.deliver(delivery.DeliveryMedium, address, u.confirm.code, now)
		return delivery
	}
	return nil
}

type confirmSignUpRequest struct {
	ClientID         string `json:"ClientId"`
	Username         string
	ConfirmationCode string
	SecretHash       string
}

func (b *backend) confirmSignUp(in *confirmSignUpRequest) (*empty, error) {
	u, err := b.lockSignUp(in.ClientID, in.Username, in.SecretHash, errConfirmOld)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if u.status != userUnconfirmed {
		return nil, u.confirmSignUp()
	}
	switch confirm := u.confirm; {
	case confirm.code == "" || !b.time().Before(confirm.expires):
		return nil, errConfirmOld
	case confirm.code != in.ConfirmationCode:
		return nil, errConfirmCode
	}
	if err := u.pool.change(u, attribute{u.confirm.attribute + "_verified", "true"}); err != nil {
		return nil, err
	}
	u.modified = b.time()
	return &empty{}, u.confirmSignUp()
}

// confirmSignUp ends the sign-up of a user, whose lock is held.
func (u *user) confirmSignUp() error {
	if u.status != userUnconfirmed {
		return &apiError{typeNotAuthorized, "User cannot be confirmed. Current status is " + string(u.status)}
	}
	u.status, u.confirm = userConfirmed, confirmation{}
	return nil
}

type resendRequest struct {
	ClientID   string `json:"ClientId"`
	Username   string
	SecretHash string
}

type resendResponse struct {
	CodeDeliveryDetails *codeDelivery
}

func (b *backend) resendConfirmationCode(in *resendRequest) (*resendResponse, error) {
	u, err := b.lockSignUp(in.ClientID, in.Username, in.SecretHash, errNoUser)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if u.status != userUnconfirmed {
		return nil, invalidParameter("User is already confirmed.")
	}
	delivery := b.sendConfirmation(u)
	if delivery == nil {
		return nil, invalidParameter("Cannot resend codes. Auto verification not turned on.")
	}
	return &resendResponse{delivery}, nil
}

// lockSignUp finds a user for a call that the client makes before anybody is signed in. A client that hides who exists gets another error.
func (b *backend) lockSignUp(clientID, username, hash string, hidden error) (*user, error) {
	c, err := b.client(clientID)
	if err != nil {
		return nil, err
	}
	if err := b.checkHash(c, username, hash); err != nil {
		return nil, err
	}
	u := c.pool.lookup(username)
	switch {
	case u != nil && u.lock() == nil:
		return u, nil
	case c.reveal:
		return nil, &apiError{typeUserNotFound, "Username/client id combination not found."}
	default:
		return nil, hidden
	}
}

// isAddress tells whether a text can be the value of an address attribute; roughly, since nothing is ever sent.
func isAddress(attribute, text string) bool {
	switch attribute {
	case "phone_number":
		number, found := strings.CutPrefix(text, "+")
		return found && len(number) <= 15 && all(isDigit)(number)
	case "email":
		at := strings.LastIndexByte(text, '@')
		return at > 0 && at < len(text)-1 && all(isVisible)(text)
	default:
		return false
	}
}
