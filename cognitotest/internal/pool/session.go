package pool

import (
	"slices"
	"sync"
	"time"
)

// session is a sign-in that waits for an answer.
type session struct {
	id        uint64
	epoch     uint64 // of the user when it began
	expires   time.Time
	challenge string
	stage     stage
	first     bool // of the first factor that USER_AUTH lets the user choose

	code    string   // what was sent, for SMS_MFA, SMS_OTP and EMAIL_OTP
	address string   // where to, for a second factor
	setup   bool     // the address becomes the user's
	offered []string // what SELECT_MFA_TYPE or SELECT_CHALLENGE may be answered with
	done    progress // before it
}

// progress is what of a sign-in lies behind.
type progress struct {
	proof  proof
	target int    // the level that is aimed at; 0 is none
	srp    bool   // the password went by SRP, in a flow that knows devices
	asked  int    // scripted challenges that were answered
	tried  int    // wrong answers to the next one
	mfa    bool   // the second factor, or what stands for it
	device string // key of the device that it happens on, if it is one of the user's
}

// stage is how far MFA_SETUP has come, or a sign-up that leads to a sign-in. Every call of it takes
// the session of the one before. What a test made up stands apart, whatever it is called.
type stage int

const (
	stageChallenged stage = iota // the answer to the first factor
	stageAssociated              // AssociateSoftwareToken's
	stageVerified                // VerifySoftwareToken's
	stageSignedUp                // SignUp's
	stageConfirmed               // ConfirmSignUp's
	stageScripted                // a challenge of Server.Script
)

// ticket is what a session string says to the server. It can be neither read nor changed by the
// client: what a genuine ticket names, unexpired and not among the open sessions, was used.
type ticket struct {
	Sub, Client, Challenge string
	Stage                  stage
	ID                     uint64
	Expires                int64 // Unix milliseconds
}

// sessions are the open ones of all users: neither used nor known to be expired. Whatever is done
// with them costs the same however many there are.
type sessions struct {
	mu    sync.Mutex
	open  map[uint64]*session
	queue []*session // open ones, and some that were used since, as they began
}

// mostSessions is how many sessions are open at most, some 50 MB of them. One more ends the oldest,
// as if it had been used.
const mostSessions = 1 << 18

// add takes in a session, and frees those that are over.
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
	if len(s.queue) > 2*len(s.open)+1024 { // many were used behind one that waits
		s.queue = slices.DeleteFunc(s.queue, gone)
	}
	s.open[added.id] = added
	s.queue = append(s.queue, added)
}

// find finds an open session; nil if there is none.
func (s *sessions) find(id uint64) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[id]
}

// remove takes one away that was answered, or that there is nobody for.
func (s *sessions) remove(old *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, old.id)
}
