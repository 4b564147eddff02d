package pool

import "time"

// caller is the context of a call: who makes it, and about which user. find.go fills it in,
// according to the call's authority, and unlocks the user after the operation.
type caller struct {
	*Machine

	members map[string]any // of the request, decoded
	admin   bool           // the call is signed: an administrator makes it, not a user

	pool    *pool
	client  *appClient   // of the request or of the access token
	user    *user        // locked
	lost    []lostAlias  // of other users; unverified after the call
	device  string       // the key of the access token's device
	session *session     // that the request continues; nil if it was used (see block)
	block   *secretBlock // in place of a session, in answers by SRP
}

// secretBlock is the content of the SECRET_BLOCK of a PASSWORD_VERIFIER or
// DEVICE_PASSWORD_VERIFIER, which has no session. The key exchange is complete when the challenge
// is made, so checking the answer takes no big-number arithmetic.
type secretBlock struct {
	ticket

	Key []byte // that the answer must be signed with
	X   []byte // the private key from the password, to notice a change of it; empty for a device

	raw []byte // the encrypted form
}

// text returns a string member of the request; empty if there is none.
func (c *caller) text(name string) string {
	text, _ := c.members[name].(string)
	return text
}

// lockUser locks a user for the rest of the call.
func (c *caller) lockUser(u *user) error {
	u.mu.Lock()
	if u.deleted {
		u.mu.Unlock()
		return errNoUser
	}
	c.user = u
	return nil
}

// release unlocks the user, if there is one, then updates the users who lost an alias: no two users
// are locked at a time.
func (c *caller) release() {
	if c.user != nil {
		c.user.mu.Unlock()
		c.user = nil
	}
	for _, l := range c.lost {
		l.holder.mu.Lock()
		c.unverify(l)
		l.holder.mu.Unlock()
	}
	c.lost = nil
}

// touch updates the user's modification time.
func (c *caller) touch() { c.user.modified = c.Now() }

// The sizes of encrypted sessions, in bytes. Cognito's have about 1,000 to 1,600 characters; up to
// 4,096 are documented, and 8,420 have been seen.
const (
	sessionSize     = 860
	longSessionSize = 2980
	hugeSessionSize = 6080 // the service accepts up to 8,192 characters
)

// newTicket opens a session for the user and returns its ticket.
func (c *caller) newTicket(s session) ticket {
	now := c.Now()
	s.id, s.epoch, s.expires = newNumber(), c.user.epoch, now.Add(c.client.session)
	c.sessions.add(&s, now)
	return ticket{
		Sub: c.user.sub, Client: c.client.id, Challenge: s.challenge, Stage: s.stage,
		ID: s.id, Expires: s.expires.UnixMilli(),
	}
}

// newSession opens a session for the user and returns the string for the client.
func (c *caller) newSession(s session) string {
	size := sessionSize
	switch {
	case c.quirks.HugeSessions:
		size = hugeSessionSize
	case c.quirks.LongSessions:
		size = longSessionSize
	}
	return c.sealer.sealSession(c.newTicket(s), size)
}

// useUp closes the session that the request continues, if it has one. As a rule it is not called
// after a wrong answer, so the user can try again.
func (c *caller) useUp() {
	if c.session != nil {
		c.sessions.remove(c.session)
	}
}

// activeSession returns an open session of the user; nil if it was used, or ended because the
// password changed.
func (c *caller) activeSession(id uint64) *session {
	s := c.sessions.find(id)
	if s == nil || s.epoch != c.user.epoch {
		return nil
	}
	return s
}

// send sends a code to the user.
func (c *caller) send(medium, destination, code string) {
	c.user.messages.add(
		Message{Time: c.Now(), Medium: medium, Destination: destination, Code: code})
}

// codeDelivery is the destination of a code.
type codeDelivery struct {
	AttributeName, DeliveryMedium, Destination string
}

func deliveryTo(attribute, address string) *codeDelivery {
	return &codeDelivery{
		AttributeName: attribute, DeliveryMedium: mediumOf(attribute), Destination: mask(address),
	}
}

// mediumOf returns the medium of messages to an address attribute.
func mediumOf(attribute string) string {
	if attribute == "phone_number" {
		return "SMS"
	}
	return "EMAIL"
}

// The purposes of codes that are sent. Codes that verify an attribute have its name as purpose.
const (
	codeSignUp   = "sign-up"
	codePassword = "password"
)

// sendCode sends a code to an address attribute of the user. It replaces an earlier code for the
// same purpose.
func (c *caller) sendCode(purpose, attribute string, life time.Duration) *codeDelivery {
	return c.sendCodeTo(purpose, attribute, c.user.attributes.get(attribute), life)
}

// sendCodeTo is sendCode to an address that the attribute may only get once it is confirmed.
func (c *caller) sendCodeTo(purpose, attribute, address string, life time.Duration) *codeDelivery {
	delivery := deliveryTo(attribute, address)
	code := newText(digits, 6)
	if c.user.codes == nil {
		c.user.codes = map[string]confirmation{}
	}
	c.user.codes[purpose] = confirmation{
		code: code, attribute: attribute, address: address, expires: c.Now().Add(life),
		waits: address != c.user.attributes.get(attribute),
	}
	c.send(delivery.DeliveryMedium, address, code)
	return delivery
}
