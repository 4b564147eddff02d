package pool

import "time"

// caller is whoever makes a call, and whom the call is about. find.go fills it in by the call's
// authority, and unlocks the user once the operation has returned.
type caller struct {
	*Machine

	members map[string]any // of the request, as it was decoded
	admin   bool           // the call is signed: by an administrator, not by a user

	pool    *pool
	client  *appClient   // of the request, or of the access token
	user    *user        // locked
	lost    []lostAlias  // what others lost by the call, and learn at its end
	device  string       // key of the device that the access token was given on
	session *session     // that the request continues; nil if it was used, see block
	block   *secretBlock // that stands in for the session in the answers of SRP
}

// secretBlock is what the SECRET_BLOCK of a PASSWORD_VERIFIER, or of a DEVICE_PASSWORD_VERIFIER, says
// to the server. The challenge has no session: this stands in for it. The exchange of keys is over
// when the challenge is made, so its answer takes no arithmetic.
type secretBlock struct {
	ticket

	Key []byte // what the answer must be signed with
	X   []byte // what the password came to, so that a change of it is noticed; nothing for a device

	raw []byte // as it came
}

// text is a member of the request that is a string.
func (c *caller) text(name string) string {
	text, _ := c.members[name].(string)
	return text
}

// take locks a user for the rest of the call.
func (c *caller) take(u *user) error {
	u.mu.Lock()
	if u.deleted {
		u.mu.Unlock()
		return errNoUser
	}
	c.user = u
	return nil
}

// release unlocks the user, if there is one. Whoever lost an alias learns it now: no two users are
// locked at a time.
func (c *caller) release() {
	if c.user != nil {
		c.user.mu.Unlock()
		c.user = nil
	}
	for _, l := range c.lost {
		l.holder.mu.Lock()
		c.settle(l)
		l.holder.mu.Unlock()
	}
	c.lost = nil
}

// touch notes that the user was changed now.
func (c *caller) touch() { c.user.modified = c.Now() }

// The sizes of what is encrypted: Cognito's sessions have some 1,000 to 1,600 characters; up to 4,096
// are documented, and 8,420 have been seen.
const (
	sessionSize     = 860
	longSessionSize = 2980
	hugeSessionSize = 6080 // The service itself takes 8,192 characters.
)

// begin begins a session for the user.
func (c *caller) begin(s session) ticket {
	now := c.Now()
	s.id, s.epoch, s.expires = newNumber(), c.user.epoch, now.Add(c.client.session)
	c.sessions.add(&s, now)
	return ticket{
		Sub: c.user.sub, Client: c.client.id, Challenge: s.challenge, Stage: s.stage,
		ID: s.id, Expires: s.expires.UnixMilli(),
	}
}

// open begins a session and gives the string that a client carries for it.
func (c *caller) open(s session) string {
	size := sessionSize
	switch {
	case c.quirks.HugeSessions:
		size = hugeSessionSize
	case c.quirks.LongSessions:
		size = longSessionSize
	}
	return c.sealer.sealSession(c.begin(s), size)
}

// useUp ends the session that the request continues, if it has one. After a wrong answer it is not
// called, as a rule, so that the user can try again.
func (c *caller) useUp() {
	if c.session != nil {
		c.sessions.remove(c.session)
	}
}

// live finds a session of the user; nil if it was used, or ended with the password that it stood on.
func (c *caller) live(id uint64) *session {
	s := c.sessions.find(id)
	if s == nil || s.epoch != c.user.epoch {
		return nil
	}
	return s
}

// send sends a code to the user.
func (c *caller) send(medium, destination, code string) {
	c.user.messages.add(Message{Time: c.Now(), Medium: medium, Destination: destination, Code: code})
}

// codeDelivery says where a code went.
type codeDelivery struct {
	AttributeName, DeliveryMedium, Destination string
}

func deliveryTo(attribute, address string) *codeDelivery {
	return &codeDelivery{attribute, mediumOf(attribute), mask(address)}
}

// mediumOf is the way in which messages go to the address that an attribute holds.
func mediumOf(attribute string) string {
	if attribute == "phone_number" {
		return "SMS"
	}
	return "EMAIL"
}

// What codes that are sent confirm: a sign-up, a new password or, under its own name, an attribute.
const (
	codeSignUp   = "sign-up"
	codePassword = "password"
)

// sendCode sends a code to the address that an attribute of the user holds. It takes the place of an
// earlier one for the same purpose.
func (c *caller) sendCode(purpose, attribute string, life time.Duration) *codeDelivery {
	return c.sendCodeTo(purpose, attribute, c.user.attributes.get(attribute), life)
}

// sendCodeTo is sendCode to an address that the attribute may hold only when the code comes back.
func (c *caller) sendCodeTo(purpose, attribute, address string, life time.Duration) *codeDelivery {
	delivery := deliveryTo(attribute, address)
	code := newText(digits, 6)
	if c.user.codes == nil {
		c.user.codes = map[string]confirmation{}
	}
	waits := address != c.user.attributes.get(attribute)
	c.user.codes[purpose] = confirmation{code, attribute, address, waits, c.Now().Add(life)}
	c.send(delivery.DeliveryMedium, address, code)
	return delivery
}
