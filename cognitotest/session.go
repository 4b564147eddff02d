package cognitotest

import (
	"slices"
	"time"
)

// session is a sign-in that waits for an answer. It hangs on its user, so that looking after sessions costs nothing that grows with the number
// of users, and it is dropped when it is answered: what a genuine, unexpired session string names and the user no longer has was spent.
type session struct {
	id        uint64
	expires   time.Time
	challenge string
	stage     stage
	first     bool // of the first factor that USER_AUTH lets the user choose

	code    string   // what was sent, for SMS_MFA, SMS_OTP and EMAIL_OTP
	address string   // the e-mail address that is being set up
	offered []string // what SELECT_MFA_TYPE or SELECT_CHALLENGE may be answered with
	done    progress // before it
}

// stage is how far MFA_SETUP has come, or a sign-up that leads to a sign-in. Every call of it takes the session of the one before. What a test made
// up stands apart, whatever it is called.
type stage int

const (
	stageChallenged stage = iota // the answer to the first factor
	stageAssociated              // AssociateSoftwareToken's
	stageVerified                // VerifySoftwareToken's
	stageSignedUp                // SignUp's
	stageConfirmed               // ConfirmSignUp's
	stageScripted                // a challenge of Server.Script
)

// ticket is what a session string says to the server.
type ticket struct {
	Pool, Sub, Client, Challenge string
	Stage                        stage
	ID                           uint64
	Expires                      int64 // Unix milliseconds
}

// The sizes of what is encrypted: Cognito's sessions have some 1,000 to 1,600 characters, and 8,420 have been seen.
const (
	sessionSize     = 860
	longSessionSize = 3200
)

// begin begins a session for the user, whose lock is held.
func (b *backend) begin(u *user, c *appClient, s session) ticket {
	now := b.time()
	s.id, s.expires = newNumber(), now.Add(c.session)
	u.sessions = slices.DeleteFunc(u.sessions, func(old *session) bool { return !now.Before(old.expires) })
	u.sessions = append(u.sessions, &s)
	return ticket{u.pool.id, u.sub, c.id, s.challenge, s.stage, s.id, s.expires.UnixMilli()}
}

// open begins a session and gives the string that a client carries for it.
func (b *backend) open(u *user, c *appClient, s session) string {
	size := sessionSize
	if b.quirks.LongSessions {
		size = longSessionSize
	}
	return b.sealer.sealSession(b.begin(u, c, s), size)
}

// resume finds the user whom a session belongs to and locks it. Whoever calls it unlocks the user, and spends the session once it was answered
// well: a wrong answer leaves it as it is.
func (b *backend) resume(text, challenge string, stages ...stage) (*user, *appClient, *session, error) {
	t, c, err := b.openTicket(text, challenge, stages)
	if err != nil {
		return nil, nil, nil, err
	}
	u := b.signerBySub(c.pool, t.Sub)
	if u == nil {
		return nil, nil, nil, errSession
	}
	if err := u.lock(); err != nil {
		return nil, nil, nil, errSession
	}
	s := u.session(t.ID)
	switch {
	case s == nil:
		err = errSessionUsed
	case u.disabled && !s.first:
		err = errDisabled
	default:
		return u, c, s, nil
	}
	u.mu.Unlock()
	return nil, nil, nil, err
}

// openTicket reads a session that has not expired.
func (b *backend) openTicket(text, challenge string, stages []stage) (ticket, *appClient, error) {
	var t ticket
	if !b.sealer.openSession(&t, text) || t.Challenge != challenge || !slices.Contains(stages, t.Stage) {
		return t, nil, errSession
	}
	c, err := b.client(t.Client)
	if err != nil {
		return t, nil, errSession
	}
	if b.time().UnixMilli() >= t.Expires {
		return t, nil, errSessionExpired
	}
	return t, c, nil
}

// session finds one that is neither spent nor dropped; nil if there is none.
func (u *user) session(id uint64) *session {
	for _, s := range u.sessions {
		if s.id == id {
			return s
		}
	}
	return nil
}

func (u *user) spend(s *session) {
	u.sessions = slices.DeleteFunc(u.sessions, func(other *session) bool { return other == s })
}
