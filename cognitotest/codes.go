package cognitotest

import "time"

// What codes that are sent confirm: a sign-up, a new password or, under its own name, an attribute.
const (
	codeSignUp   = "sign-up"
	codePassword = "password"
)

// How long codes are good.
const (
	signUpCodeLife    = 24 * time.Hour
	passwordCodeLife  = time.Hour
	attributeCodeLife = 24 * time.Hour
)

// confirmation is a code that was sent to the address which an attribute held, and waits to come back.
type confirmation struct {
	code, attribute, address string
	expires                  time.Time
}

// codeDelivery says where a code went.
type codeDelivery struct {
	AttributeName, DeliveryMedium, Destination string
}

type deliveryResponse struct {
	CodeDeliveryDetails *codeDelivery
}

func deliveryTo(attribute, address string) *codeDelivery {
	medium := "EMAIL"
	if attribute == "phone_number" {
		medium = "SMS"
	}
	return &codeDelivery{AttributeName: attribute, DeliveryMedium: medium, Destination: mask(address)}
}

// sendCode sends a code to the address that an attribute of the user holds. It takes the place of an earlier one for the same purpose.
func (b *backend) sendCode(u *user, purpose, attribute string, life time.Duration) *codeDelivery {
	address := u.attributes.get(attribute)
	delivery := deliveryTo(attribute, address)
	now := b.time()
	c := confirmation{newText(digits, 6), attribute, address, now.Add(life)}
	if u.codes == nil {
		u.codes = map[string]confirmation{}
	}
	u.codes[purpose] = c
	u.deliver(delivery.DeliveryMedium, address, c.code, now)
	return delivery
}

// checkCode tells whether a code is the one that waits for the purpose. It stays until whoever asks deletes it, so that a request which fails
// for another reason can be made again. A code proves nothing about an address that was changed since.
func (u *user) checkCode(purpose, code string, now time.Time) (confirmation, error) {
	c, sent := u.codes[purpose]
	switch {
	case !sent || !now.Before(c.expires) || u.attributes.get(c.attribute) != c.address:
		return c, errConfirmOld
	case c.code != code:
		return c, errConfirmCode
	}
	return c, nil
}

// simulate makes up where a code went, for a client that hides who exists: always the same for a name, so that asking twice tells nothing. It
// went to the first of the attributes whose addresses get such codes, all if none are named, or to the name if that is such an address.
func (b *backend) simulate(p *pool, username string, attributes []string) *deliveryResponse {
	if len(attributes) == 0 {
		attributes = []string{"email", "phone_number"}
	}
	attribute := attributes[0]
	for _, kind := range attributes {
		if isAddress(kind, username) {
			attribute = kind
		}
	}
	return &deliveryResponse{deliveryTo(attribute, b.ghostAddresses(p, username).get(attribute))}
}

// lockNamed finds the user of a call that an app client makes before anybody is signed in, and locks it. For a user that there is not, or that
// is disabled, a client which hides who exists gets neither a user nor an error.
func (b *backend) lockNamed(clientID, username, hash string) (*appClient, *user, error) {
	c, err := b.client(clientID)
	if err != nil {
		return nil, nil, err
	}
	if err := b.checkHash(c, username, hash); err != nil {
		return nil, nil, err
	}
	err = errNoNamed
	if u := c.pool.lookup(username); u != nil && u.lock() == nil {
		if !u.disabled {
			return c, u, nil
		}
		u.mu.Unlock()
		err = errDisabled
	}
	if c.reveal {
		return nil, nil, err
	}
	return c, nil, nil
}
