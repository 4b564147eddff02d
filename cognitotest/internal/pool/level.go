package pool

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Authentication levels: what a sign-in by USER_AUTH has to prove to get there, and what its tokens say
// of that. See FIDELITY.md, "Levels".

// level is the highest of the four levels that a proof satisfies; 0 is none. Passkeys, which would be
// on the third, nobody has.
func (p proof) level() int {
	byMessage := p&(provedSMS|provedEmail) != 0
	switch password := p&provedPassword != 0; {
	case password && p&provedTOTP != 0:
		return 4
	case password && byMessage:
		return 3
	case byMessage:
		return 2
	case password:
		return 1
	}
	return 0
}

// proofNames are what the claim amr calls each.
var proofNames = []struct {
	proof
	name string
}{{provedPassword, "pwd"}, {provedTOTP, "otp"}, {provedSMS, "sms"}, {provedEmail, "email_otp"}}

// amr is the claim of that name. Two of anything are MFA.
func (p proof) amr() []string {
	var names []string
	for _, n := range proofNames {
		if p&n.proof != 0 {
			names = append(names, n.name)
		}
	}
	if p.mfa() {
		names = append(names, "mfa")
	}
	return names
}

// mfa tells whether a proof has two or more factors.
func (p proof) mfa() bool { return p&(p-1) != 0 }

// proofOf is the reverse of amr.
func proofOf(amr []string) proof {
	var p proof
	for _, n := range proofNames {
		if slices.Contains(amr, n.name) {
			p |= n.proof
		}
	}
	return p
}

// aim is what the parameters of a sign-in say of levels.
type aim struct {
	levels []int // that are wanted, the most wanted first; none if there is nothing to aim at
	token  string
	maxAge time.Duration
	aged   bool // there is a limit
}

// aimParameters are those that USER_AUTH has and no other flow.
var aimParameters = []string{"TARGET_ACR_VALUES", "MAX_AGE", "ACCESS_TOKEN"}

// noAim refuses them where they would do nothing.
func noAim(given map[string]string, why string) error {
	for _, name := range aimParameters {
		if given[name] != "" {
			return invalidParameter("%s %s.", name, why)
		}
	}
	return nil
}

// What cannot be aimed at. The service's own words for these are not known.
var (
	errNoLevel     = invalidParameter("TARGET_ACR_VALUES has no authentication level of the user pool.")
	errUnreachable = invalidParameter("The user does not have the factors for any level of TARGET_ACR_VALUES.")
	errLevelMet    = invalidParameter("The level of TARGET_ACR_VALUES is met by ACCESS_TOKEN already.")
	errMaxAge      = invalidParameter("MAX_AGE is not a number of seconds.")
	errTokenOthers = invalidParameter("ACCESS_TOKEN is not one of the user whom USERNAME names.")
	errTier        = &Error{
		"FeatureUnavailableInTierException", "Authentication levels are not available in the LITE tier.",
	}
)

// readAim reads what a sign-in aims at. Names that are no level's are ignored.
func (s *signIn) readAim(given map[string]string) (aim, error) {
	wanted := given["TARGET_ACR_VALUES"]
	if wanted == "" {
		return aim{}, noAim(given, "takes TARGET_ACR_VALUES")
	}
	set := s.pool.settings()
	if set.tier == types.UserPoolTierTypeLite {
		return aim{}, errTier
	}
	a := aim{token: given["ACCESS_TOKEN"]}
	for _, name := range strings.Fields(wanted) {
		if i := slices.Index(set.levels[:], name); i >= 0 {
			a.levels = append(a.levels, i+1)
		}
	}
	if len(a.levels) == 0 {
		return aim{}, errNoLevel
	}
	if text := given["MAX_AGE"]; text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return aim{}, errMaxAge
		}
		a.maxAge, a.aged = time.Duration(seconds)*time.Second, true
	}
	return a, nil
}

// aimAt sets what the sign-in of a user aims at: the first level that they can reach with the factors
// that they have. What an access token proves they need not prove again.
func (s *signIn) aimAt(a aim) error {
	if len(a.levels) == 0 {
		return nil
	}
	if a.token != "" {
		proved, err := s.provedByToken(a)
		if err != nil {
			return err
		}
		s.done.proof |= proved
	}
	for _, level := range a.levels {
		s.done.target = level
		switch {
		case a.token != "" && s.done.proof.level() >= level:
			return errLevelMet
		case s.reaches():
			return nil
		}
	}
	return errUnreachable
}

// provedByToken is what an access token of the user tells of its sign-in, unless that was too long ago.
// The names of levels may be others by now: the factors count. Whoever has to change the password is
// not who they were.
func (s *signIn) provedByToken(a aim) (proof, error) {
	claims, _, err := s.readAccess(a.token)
	switch {
	case err != nil:
		return 0, err
	case claims.Subject != s.user.sub:
		return 0, errTokenOthers
	}
	if err := cmp.Or(s.user.accepts(claims), s.admissible()); err != nil {
		return 0, err
	}
	tooOld := a.aged && (claims.AuthTime == nil || s.Now().Sub(claims.AuthTime.Time) > a.maxAge)
	if tooOld || s.user.status == userMustChange {
		return 0, nil
	}
	return proofOf(claims.AMR), nil
}

// reaches tells whether the user can reach the target. Who does not exist can reach everything.
func (s *signIn) reaches() bool {
	return s.user.ghost || len(s.toBegin()) > 0 || s.done.proof != 0 && s.goesOn(s.done.proof)
}

// goesOn tells whether a proof, by a first factor at least, can become that of the target.
func (s *signIn) goesOn(p proof) bool {
	factors, met := s.toward(p)
	return met || len(factors) > 0
}

// toward are the second factors that a proof lacks: to reach the target, of those that the user has
// chosen if one of them does; and otherwise one that is asked for at any level. Met says that it lacks
// none.
func (s *signIn) toward(p proof) (factors []string, met bool) {
	config := s.pool.mfaConfig()
	factors = s.factors(config)
	if p.level() >= s.done.target {
		return factors, p.mfa() || !s.needsFactor()
	}
	if config.mode == types.UserPoolMfaTypeOff {
		return nil, false
	}
	falls := func(method string) bool { return (p | provedBy(method)).level() < s.done.target }
	if chosen := slices.DeleteFunc(factors, falls); len(chosen) > 0 {
		return chosen, false
	}
	return slices.DeleteFunc(s.user.thatWork(allMethods[:], config), falls), false
}

// toBegin are the first factors that a sign-in can go on by; none if it need not, or cannot.
func (s *signIn) toBegin() []string {
	p := s.done.proof
	switch {
	case s.done.target == 0 && p != 0: // the code of a sign-up
		return nil
	case s.done.target == 0:
		return s.firstFactors()
	case p != 0 && s.goesOn(p):
		return nil
	}
	return slices.DeleteFunc(s.firstFactors(), func(factor string) bool {
		if factor == challengePassword || factor == challengeSRP {
			has := s.user.password != "" || s.user.ghost
			return !has || p&provedPassword != 0 || !s.user.ghost && !s.goesOn(p|provedPassword)
		}
		return (p | provedBy(factor)).level() < s.done.target
	})
}

// wasWrong tells whether an error says that something was not proved. On the way to a level that ends
// the sign-in: there are no tokens of a lower one, and no second try.
func wasWrong(err error) bool {
	apiErr := (*Error)(nil)
	return errors.As(err, &apiErr) &&
		slices.Contains([]string{codeMismatch, expiredCode, notAuthorized}, apiErr.Type)
}
