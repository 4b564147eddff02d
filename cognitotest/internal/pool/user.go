package pool

import (
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The MFA methods, by the names under which challenges, lists and preferences know them.
const (
	methodSMS   = "SMS_MFA"
	methodTOTP  = "SOFTWARE_TOKEN_MFA"
	methodEmail = "EMAIL_OTP"
)

var allMethods = [...]string{methodSMS, methodTOTP, methodEmail}

const (
	userConfirmed     = types.UserStatusTypeConfirmed
	userUnconfirmed   = types.UserStatusTypeUnconfirmed
	userMustChange    = types.UserStatusTypeForceChangePassword
	userResetRequired = types.UserStatusTypeResetRequired
	userExternal      = types.UserStatusTypeExternalProvider
)

// user is a user of a pool. What stands above mu never changes; the rest is read and written by
// whoever holds the lock.
//
// The password is kept as it is: a fake has nothing to protect, and SRP needs a verifier made from
// it with a salt of its own.
type user struct {
	name, sub string
	created   time.Time
	number    uint64 // the pool's count of users when this one was added
	ghost     bool   // see ghosts
	claims    Claims // that a test adds to the tokens

	mu          sync.Mutex
	deleted     bool
	modified    time.Time
	status      types.UserStatusType
	disabled    bool
	password    string
	passwordSet time.Time
	passwords   []string // that were the user's before, the last first
	attributes  attributes
	groups      []string

	verified, pending *authenticator // TOTP: the one that signs in, the one that is being set up
	methods           []string       // enabled MFA methods, in the order of allMethods
	preferred         string         // one of methods, or empty
	totpOff           bool           // a preference call disabled TOTP

	failures    int // wrong passwords in a row
	lastFailure time.Time

	epoch    uint64                  // sessions that began in an earlier one are over
	signOns  map[string]*signOn      // by origin_jti; only those that were revoked or rotated
	signOut  time.Time               // tokens from before are revoked
	script   []Challenge             // what Script set
	codes    map[string]confirmation // that were sent and wait, by what they are for
	devices  []*device               // that are confirmed
	messages outbox
}

// Challenge is a step of a sign-in that a test makes up.
type Challenge struct {
	Name                string
	Parameters, Answers map[string]string
	Tries               int // how often it is asked for; 0 is once
}

// Claims are what a test adds to tokens, as a pre token generation trigger would.
type Claims struct{ ID, Access map[string]any }

// challengeByDefault is what a challenge without a name is called.
const challengeByDefault = "CUSTOM_CHALLENGE"

// device is a device that ConfirmDevice made known. A key that was given at a sign-in and never
// confirmed leaves nothing here.
type device struct {
	key, name                        string
	created, modified, authenticated time.Time
	remembered                       bool
	metCode                          bool // a sign-in on it had a second factor
	verifier, salt                   []byte
}

// listed are the attributes as the service lists them: sub first.
func (u *user) listed() attributes {
	return append(attributes{{"sub", u.sub}}, u.attributes...)
}

// setPassword ends the sign-ins that have begun: they stand on the password from before.
func (u *user) setPassword(password string, status types.UserStatusType, now time.Time) {
	if u.password != "" {
		u.passwords = append([]string{u.password}, u.passwords[:min(len(u.passwords), longestHistory-1)]...)
	}
	u.password, u.passwordSet, u.status, u.modified = password, now, status, now
	u.failures = 0
	u.endSessions()
}

// longestHistory is the most that a password policy can ask for.
const longestHistory = 24

func (u *user) endSessions() { u.epoch++ }

// The lockout: after five wrong passwords a second, doubling with each further one up to a quarter
// of an hour. What is tried meanwhile is refused unseen and does not count. It is forgotten after a
// right password, or a quarter of an hour after the last wrong one. See FIDELITY.md, "Sign-in".
const (
	freeFailures = 5
	longestLock  = 15 * time.Minute
)

func (u *user) lockedOut(now time.Time) bool {
	if now.Sub(u.lastFailure) >= longestLock {
		u.failures = 0
	}
	if u.failures < freeFailures {
		return false
	}
	lock := longestLock
	if doublings := u.failures - freeFailures; doublings < 10 {
		lock = min(lock, time.Second<<doublings)
	}
	return now.Sub(u.lastFailure) < lock
}

func (u *user) failed(now time.Time) {
	u.failures++
	u.lastFailure = now
}

// enable puts an MFA method into the list, or takes it out, and with it the preference.
func (u *user) enable(method string, on bool) {
	u.methods = slices.DeleteFunc(u.methods, func(m string) bool { return m == method })
	if on {
		u.methods = append(u.methods, method)
		slices.SortFunc(u.methods, func(a, b string) int {
			return slices.Index(allMethods[:], a) - slices.Index(allMethods[:], b)
		})
	} else if u.preferred == method {
		u.preferred = ""
	}
}

func (u *user) leave(group string) {
	u.groups = slices.DeleteFunc(u.groups, func(name string) bool { return name == group })
}

// device finds one of the user's devices, nil if there is none of that key.
func (u *user) device(key string) *device {
	i := slices.IndexFunc(u.devices, func(d *device) bool { return d.key == key })
	if i < 0 {
		return nil
	}
	return u.devices[i]
}

func (u *user) forget(key string) {
	u.devices = slices.DeleteFunc(u.devices, func(d *device) bool { return d.key == key })
}

// checkCode tells whether a code is the one that waits for the purpose. It stays until the caller
// deletes it, so that a request which fails for another reason can be made again. A code proves
// nothing about an address that was changed since.
func (u *user) checkCode(purpose, code string, now time.Time) (confirmation, error) {
	c, sent := u.codes[purpose]
	switch {
	case !sent || !now.Before(c.expires) || !c.waits && u.attributes.get(c.attribute) != c.address:
		return c, errConfirmOld
	case c.code != code:
		return c, errConfirmCode
	}
	return c, nil
}

// signOn is what the server must remember of the tokens of one sign-in. Most sign-ins leave nothing
// here: their tokens speak for themselves.
type signOn struct {
	revoked  bool // by RevokeToken
	survives bool // began after the last global sign-out, in the same second
	serial   int  // of the newest refresh token
	rotated  time.Time
	expires  time.Time
}

// signOn gives the record of a sign-in, and makes it if need be. With each new one it looks at two
// others, and drops those that are over: so the records do not pile up, at a cost that does not grow.
func (u *user) signOn(origin string, expires, now time.Time) *signOn {
	if s := u.signOns[origin]; s != nil {
		return s
	}
	looked := 0
	for other, s := range u.signOns {
		if now.After(s.expires) {
			delete(u.signOns, other)
		}
		if looked++; looked == 2 {
			break
		}
	}
	if u.signOns == nil {
		u.signOns = map[string]*signOn{}
	}
	s := &signOn{expires: expires.Add(day)} // an access token may outlive its refresh token by a day
	u.signOns[origin] = s
	return s
}

const day = 24 * time.Hour

// revokeAll ends every token of the user.
func (u *user) revokeAll(now time.Time) {
	u.signOut = now
	for _, s := range u.signOns {
		s.survives = false
	}
}

// revoked tells whether a token issued at t was ended before its time. A global sign-out reaches
// every token of its second, also those that come right after it: that is what people who sign in
// again at once have seen of Cognito (FIDELITY.md, "Tokens").
func (u *user) revoked(origin string, t time.Time) bool {
	s := u.signOns[origin]
	if s != nil && s.revoked {
		return true
	}
	return !u.signOut.IsZero() && t.Unix() <= u.signOut.Unix() && (s == nil || !s.survives)
}
