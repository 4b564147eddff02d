package pool

import (
	"slices"
	"sync"
	"time"
)

// session is a sign-in that waits for the answer to a challenge.
type session struct {
	id        uint64
	epoch     uint64 // of the user when it began
	expires   time.Time
	challenge string
	stage     stage
	first     bool // it asks for the first factor of USER_AUTH

	code    string   // that was sent, for SMS_MFA, SMS_OTP and EMAIL_OTP
	address string   // that it was sent to, for a second factor
	setup   bool     // the address becomes the user's
	offered []string // the answers that SELECT_MFA_TYPE or SELECT_CHALLENGE allow
	done    progress // before this challenge
}

// progress is what the user of a sign-in has done so far.
type progress struct {
	proof      proof
	target     int    // the level to reach; 0 for none
	srp        bool   // the password was proved by SRP, in a flow that supports devices
	answered   int    // scripted challenges so far
	wrongTries int    // wrong answers to the current one
	mfa        bool   // the second factor, or a device in its place
	device     string // the key of the device in use, if the user has it
}

// stage says which call returned a session. Each call of MFA_SETUP, and of a sign-up that leads to
// a sign-in, takes the session of the call before. Scripted challenges have a stage of their own,
// whatever their name.
type stage int

const (
	stageChallenged stage = iota // InitiateAuth or RespondToAuthChallenge
	stageAssociated              // AssociateSoftwareToken
	stageVerified                // VerifySoftwareToken
	stageSignedUp                // SignUp
	stageConfirmed               // ConfirmSignUp
	stageScripted                // a challenge of Server.Script
)

// ticket is the content of a session string. The client can neither read nor change it. If a
// genuine ticket has not expired and its session is not open, the session was used.
type ticket struct {
	Sub, Client, Challenge string
	Stage                  stage
	ID                     uint64
	Expires                int64 // Unix milliseconds
}

// sessions has the open sessions of all users: neither used nor known to be expired. The cost of
// each method does not grow with their number.
type sessions struct {
	mu    sync.Mutex
	open  map[uint64]*session
	queue []*session // the open ones and some that were used, oldest first
}

// mostSessions is the maximum number of open sessions, which take some 50 MB. One more ends the
// oldest, as if it had been used.
const mostSessions = 1 << 18

// add adds a session, and removes expired ones.
func (s *sessions) add(added *session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[uint64]*session{}
	}
	gone := func(old *session) bool { return s.open[old.id] == nil }
	for len(s.queue) > 0 {
		oldest := s.queue[0]
		if !gone(oldest) && now.Before(oldest.expires) && len(s.open) < mostSessions {
			break
		}
		delete(s.open, oldest.id)
		s.queue[0], s.queue = nil, s.queue[1:]
	}
	if len(s.queue) > 2*len(s.open)+1024 { // the oldest is open and many after it were used
		s.queue = slices.DeleteFunc(s.queue, gone)
	}
	s.open[added.id] = added
	s.queue = append(s.queue, added)
}

// find returns an open session; nil if there is none.
func (s *sessions) find(id uint64) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[id]
}

// remove removes a session.
func (s *sessions) remove(old *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, old.id)
}
