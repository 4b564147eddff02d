package pool

import (
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The MFA methods, by their names in challenges, lists and preferences.
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

// user is a user of a pool. The fields above mu never change; mu guards the rest.
//
// The password is kept in plain text: a fake has nothing to protect, and SRP derives its verifier
// from the password and a salt of its own.
type user struct {
	name, sub string
	created   time.Time
	number    uint64 // the pool's count of users when this one was added
	ghost     bool   // it does not exist; see ghosts
	claims    Claims // that a test adds to the tokens

	mu          sync.Mutex
	deleted     bool
	modified    time.Time
	status      types.UserStatusType
	disabled    bool
	password    string
	passwordSet time.Time
	passwords   []string // earlier ones, the newest first
	attributes  attributes
	groups      []string

	verified, pending *authenticator // TOTP: the one that signs in, the one that is being set up
	methods           []string       // enabled MFA methods, in the order of allMethods
	preferred         string         // one of methods, or empty
	totpOff           bool           // a preference call disabled TOTP

	failures    int // wrong passwords in a row
	lastFailure time.Time

	epoch    uint64                  // sessions of an earlier epoch have ended
	signOns  map[string]*signOn      // by origin_jti; only those that were revoked or rotated
	signOut  time.Time               // tokens from before are revoked
	script   []Challenge             // set by Server.Script
	codes    map[string]confirmation // that were sent, by purpose
	devices  []*device               // that are confirmed
	messages outbox
}

// Challenge is a step of a sign-in that a test makes up.
type Challenge struct {
	Name                string
	Parameters, Answers map[string]string
	Tries               int // 0 means 1
}

// Claims are claims that a test adds to tokens, as a pre token generation trigger would.
type Claims struct{ ID, Access map[string]any }

// challengeByDefault is the name of a challenge without one.
const challengeByDefault = "CUSTOM_CHALLENGE"

// device is a confirmed device. The server does not store the keys of others.
type device struct {
	key, name                        string
	created, modified, authenticated time.Time
	remembered                       bool
	metCode                          bool // there was a sign-in on it with a second factor
	verifier, salt                   []byte
}

// listed returns the attributes as the service lists them: sub first.
func (u *user) listed() attributes {
	return append(attributes{{"sub", u.sub}}, u.attributes...)
}

// setPassword sets a password, and ends the sign-ins that began with the old one.
func (u *user) setPassword(password string, status types.UserStatusType, now time.Time) {
	if u.password != "" {
		u.passwords = append([]string{u.password},
			u.passwords[:min(len(u.passwords), longestHistory-1)]...)
	}
	u.password, u.passwordSet, u.status, u.modified = password, now, status, now
	u.failures = 0
	u.endSessions()
}

// longestHistory is the largest PasswordHistorySize of a policy.
const longestHistory = 24

func (u *user) endSessions() { u.epoch++ }

// The lockout lasts a second after five wrong passwords, and doubles with each further one, up to
// 15 minutes. Tries during the lockout are refused and do not count. The counter is reset by a
// right password, or 15 minutes after the last wrong one. See FIDELITY.md, "Sign-in".
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

// enable adds an MFA method to the list, or removes it together with its preference.
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

// device returns one of the user's devices by its key; nil if there is none.
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

// checkCode checks a code for a purpose. The caller deletes the code, so a request that fails for
// another reason can be repeated. A code proves nothing if the address has changed since.
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

// signOn is what the server must remember of the tokens of one sign-in. Most sign-ins need no
// record.
type signOn struct {
	revoked  bool // by RevokeToken
	survives bool // it began after the last global sign-out, in the same second
	serial   int  // of the newest refresh token
	rotated  time.Time
	expires  time.Time
}

// signOn returns the record of a sign-in, and creates it if necessary. With each new one, it checks
// two others and deletes them if they have expired, so records do not pile up and the cost stays
// constant.
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
	// an access token may outlive its refresh token by a day
	s := &signOn{expires: expires.Add(day)}
	u.signOns[origin] = s
	return s
}

const day = 24 * time.Hour

// revokeAll revokes all tokens of the user.
func (u *user) revokeAll(now time.Time) {
	u.signOut = now
	for _, s := range u.signOns {
		s.survives = false
	}
}

// revoked reports whether a token issued at t was revoked. A global sign-out reaches every token of
// its second, even those issued right after it, as people saw who signed in again at once
// (FIDELITY.md, "Tokens").
func (u *user) revoked(origin string, t time.Time) bool {
	s := u.signOns[origin]
	if s != nil && s.revoked {
		return true
	}
	return !u.signOut.IsZero() && t.Unix() <= u.signOut.Unix() && (s == nil || !s.survives)
}
