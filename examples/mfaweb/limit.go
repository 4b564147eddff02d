package mfaweb

import (
	"errors"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cognitomfa/cognitomfa"
)

// Limit allows Burst failures at once, and one more after each Every. The zero Limit does not
// limit.
type Limit struct {
	Burst int
	Every time.Duration
}

// Limits bounds how fast passwords and codes can be guessed. Except for EnrollAddress, only failures
// count, so users who make no mistakes use nothing up. Over a limit, right passwords and codes are
// refused as well. The counts are in the memory of this process: several processes, or Lambda
// instances, together allow a multiple.
type Limits struct {
	// SignInUser and SignInAddress limit failed sign-ins for one user name and from one client
	// address. Cognito has a lockout of its own; these also protect the quota.
	SignInUser, SignInAddress Limit
	// CodeUser limits wrong codes for one user across sign-ins. It is the most important limit: 3
	// of 1,000,000 codes are right at any time, and it is not certain that Cognito ever stops an
	// attacker who has the password.
	CodeUser Limit
	// CodeSession limits wrong codes for one challenge or access token, and CodeAddress from one
	// client address.
	CodeSession, CodeAddress Limit
	// EnrollAddress limits requests for QR codes from one client address, including successful
	// ones, because all users in an AWS Region share 25 such calls a second.
	EnrollAddress Limit
}

// DefaultLimits returns the default limits, such as 10 wrong codes an hour for each user and 5 for
// each challenge.
func DefaultLimits() Limits {
	return Limits{
		SignInUser:    Limit{10, time.Minute},
		SignInAddress: Limit{30, 30 * time.Second},
		CodeUser:      Limit{10, 6 * time.Minute},
		CodeSession:   Limit{5, 3 * time.Minute},
		CodeAddress:   Limit{30, time.Minute},
		EnrollAddress: Limit{30, 10 * time.Second},
	}
}

// budget applies a Limit to many keys. A hash with a random seed assigns the keys to a fixed number
// of slots: this bounds memory without ever forgetting an attacker, and nobody can tell which keys
// share a slot.
type budget struct {
	limit Limit
	once  sync.Once // makes the slots at the first attempt: most Lambda functions need few
	seed  maphash.Seed
	slots []slot
}

const slotsPerBudget = 1 << 14

// slot is the remaining budget of the keys that share it.
type slot struct {
	mu      sync.Mutex
	limiter *rate.Limiter // nil until the first failure
	pending int           // attempts under way
}

// begin starts an attempt. If the budget is exhausted, it returns a nil slot and how long to wait.
func (b *budget) begin(key string, now time.Time) (*slot, time.Duration) {
	b.once.Do(func() {
		b.seed = maphash.MakeSeed()
		b.slots = make([]slot, slotsPerBudget)
	})
	s := &b.slots[maphash.String(b.seed, key)%slotsPerBudget]
	s.mu.Lock()
	defer s.mu.Unlock()
	left := float64(b.limit.Burst)
	if s.limiter != nil {
		left = s.limiter.TokensAt(now)
	}
	// Pending attempts count as failures, so parallel guesses cannot exceed the limit.
	if missing := float64(s.pending+1) - left; missing > 0 {
		return nil, time.Duration(missing * float64(b.limit.Every))
	}
	s.pending++
	return s, 0
}

// end ends an attempt.
func (b *budget) end(s *slot, failed bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending--
	if !failed {
		return
	}
	if s.limiter == nil {
		s.limiter = rate.NewLimiter(rate.Every(b.limit.Every), b.limit.Burst)
	}
	s.limiter.AllowN(now, 1)
}

// budgets has a budget for each of the Limits.
type budgets struct {
	signInUser, signInAddress          budget
	codeUser, codeSession, codeAddress budget
	enrollAddress                      budget
}

func newBudgets(l Limits) *budgets {
	return &budgets{
		signInUser:    budget{limit: l.SignInUser},
		signInAddress: budget{limit: l.SignInAddress},
		codeUser:      budget{limit: l.CodeUser},
		codeSession:   budget{limit: l.CodeSession},
		codeAddress:   budget{limit: l.CodeAddress},
		enrollAddress: budget{limit: l.EnrollAddress},
	}
}

// claim names the budget that a failed attempt uses.
type claim struct {
	budget *budget
	key    string           // "" if unknown: the budget then does not apply
	counts func(error) bool // whether the result uses the budget
	next   cognitomfa.Step  // what to do when the budget is exhausted
}

// attempt makes a call that can be a guess, unless one of the budgets is exhausted.
func (a *API) attempt(call func() error, claims ...claim) (err error) {
	for _, c := range claims {
		if c.budget.limit == (Limit{}) || c.key == "" {
			continue
		}
		s, wait := c.budget.begin(c.key, a.opts.Now())
		if s == nil {
			return tooManyAttempts(wait, c.next)
		}
		defer func() { c.budget.end(s, c.counts(err), a.opts.Now()) }()
	}
	return call()
}

// wrongPassword reports whether an error counts against SignInUser.
func wrongPassword(err error) bool {
	return errors.Is(err, cognitomfa.ErrCredentials) ||
		errors.Is(err, cognitomfa.ErrTooManyAttempts)
}

// wrongCode reports whether an error counts against CodeUser. Input that is not a code, and so was
// not sent to Cognito, does not count; nor does a made-up session, with which anybody could use up
// the budget of another user without the password.
func wrongCode(err error) bool {
	var e *cognitomfa.Error
	return errors.As(err, &e) && e.Err != nil &&
		(errors.Is(err, cognitomfa.ErrCodeMismatch) || errors.Is(err, cognitomfa.ErrCodeUsed) ||
			errors.Is(err, cognitomfa.ErrTooManyAttempts))
}

// refused reports whether an error counts against an address. All kinds of guesses do.
func refused(err error) bool {
	return wrongPassword(err) || wrongCode(err) ||
		errors.Is(err, cognitomfa.ErrSessionExpired) || errors.Is(err, cognitomfa.ErrSessionUsed) ||
		errors.Is(err, cognitomfa.ErrAccessToken)
}

// always counts every call.
func always(error) bool { return true }

// bySignIn returns the claims of a sign-in.
func (a *API) bySignIn(r *http.Request, username string) []claim {
	return []claim{
		a.byAddress(r, &a.budgets.signInAddress, refused),
		{
			budget: &a.budgets.signInUser, key: userKey(username), counts: wrongPassword,
			next: cognitomfa.StepBackOff,
		},
	}
}

// byCode returns the claims of a code at sign-in.
func (a *API) byCode(r *http.Request, username, session string) []claim {
	return []claim{
		a.byAddress(r, &a.budgets.codeAddress, refused),
		{
			budget: &a.budgets.codeUser, key: userKey(username), counts: wrongCode,
			next: cognitomfa.StepBackOff,
		},
		{
			budget: &a.budgets.codeSession, key: session, counts: wrongCode,
			next: cognitomfa.StepStartOver,
		},
	}
}

// byFirstCode returns the claims of the first code of a new authenticator. The user has the key, so
// there is nothing to guess: these limits protect the quota.
func (a *API) byFirstCode(r *http.Request, session string, next cognitomfa.Step) []claim {
	return []claim{
		a.byAddress(r, &a.budgets.codeAddress, refused),
		{budget: &a.budgets.codeSession, key: session, counts: wrongCode, next: next},
	}
}

// byEnrollment returns the claim of a request for a QR code.
func (a *API) byEnrollment(r *http.Request) claim {
	return a.byAddress(r, &a.budgets.enrollAddress, always)
}

// byAddress returns a claim of the client's address.
func (a *API) byAddress(r *http.Request, b *budget, counts func(error) bool) claim {
	return claim{budget: b, key: a.addressKey(r), counts: counts, next: cognitomfa.StepBackOff}
}

// userKey returns the same key for all spellings that a pool may treat as one name.
func userKey(username string) string {
	return strings.ToLower(strings.TrimSpace(username))
}

// addressKey returns the address of the client. Of an IPv6 address it returns the first half,
// because clients choose the rest.
func (a *API) addressKey(r *http.Request) string {
	addr, err := netip.ParseAddr(a.opts.ClientAddress(r))
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, err := addr.Prefix(64)
		if err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}

// connectionAddress is the default of Options.ClientAddress.
func connectionAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
