package cognitotest

import (
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// user is a user of a pool. What stands above mu never changes.
//
// The password is kept as it is: a fake has nothing to protect, and SRP needs a verifier made from it with a salt of its own.
type user struct {
	pool      *pool
	name, sub string
	created   time.Time
	number    uint64 // the pool's count of users when this one was added

	mu          sync.Mutex
	deleted     bool
	ghost       bool // see ghosts
	modified    time.Time
	status      types.UserStatusType
	disabled    bool
	password    string
	passwordSet time.Time
	attributes  attributes
	groups      []string

	verified, pending *authenticator // TOTP: the one that signs in, the one that is being set up
	methods           []string       // enabled MFA methods, in the order of allMethods
	preferred         string         // one of methods, or empty
	totpOff           bool           // TOTP was disabled by a preference call, not merely never enabled

	failures    int // wrong passwords in a row
	lastFailure time.Time

	sessions []*session              // live ones: neither spent nor known to be expired
	families map[string]*family      // of refresh tokens, by origin_jti; only those that were revoked or rotated
	signOut  time.Time               // tokens from before are revoked
	script   []Challenge             // what Script set
	codes    map[string]confirmation // that were sent and wait to be confirmed, by what they are for
	devices  []*device               // that are confirmed
	outbox   []Message
}

// lock locks the user, unless it is gone by now.
func (u *user) lock() error {
	u.mu.Lock()
	if u.deleted {
		u.mu.Unlock()
		return errNoUser
	}
	return nil
}

// listed are the attributes as the service lists them: sub first.
func (u *user) listed() attributes {
	return append(attributes{{"sub", u.sub}}, u.attributes...)
}

// setPassword ends the sign-ins that have begun: they stand on the password from before.
func (u *user) setPassword(password string, status types.UserStatusType, now time.Time) {
	u.password, u.passwordSet, u.status, u.modified = password, now, status, now
	u.failures, u.sessions = 0, nil
}

// The lockout: after five wrong passwords a second, doubling with each further one up to a quarter of an hour. What is tried meanwhile is
// refused unseen and does not count. It is forgotten after a right password, or a quarter of an hour after the last wrong one.
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
		slices.SortFunc(u.methods, func(a, b string) int { return slices.Index(allMethods[:], a) - slices.Index(allMethods[:], b) })
	} else if u.preferred == method {
		u.preferred = ""
	}
	if method == methodTOTP {
		u.totpOff = !on
	}
}
