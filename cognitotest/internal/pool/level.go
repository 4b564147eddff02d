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

// Authentication levels: what a sign-in by USER_AUTH has to prove to reach one, and the claims
// about it in tokens. See FIDELITY.md, "Levels".

// level returns the highest of the four levels that a proof satisfies; 0 for none. Passkeys would
// reach the third, but no user has one.
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

// proofNames are the names of factors in the claim amr.
var proofNames = []struct {
	proof
	name string
}{{provedPassword, "pwd"}, {provedTOTP, "otp"}, {provedSMS, "sms"}, {provedEmail, "email_otp"}}

// amr returns the claim of that name. Any two factors are MFA.
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

// mfa reports whether a proof has two or more factors.
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

// wantedLevels are the parameters of a sign-in that ask for a level.
type wantedLevels struct {
	levels []int // the most wanted first; empty if the client does not ask for one
	token  string
	maxAge time.Duration
	aged   bool // maxAge is set
}

// levelParameters are the parameters of wantedLevels. Only USER_AUTH has them.
var levelParameters = []string{"TARGET_ACR_VALUES", "MAX_AGE", "ACCESS_TOKEN"}

// refuseLevels refuses these parameters where they would have no effect.
func refuseLevels(given map[string]string, why string) error {
	for _, name := range levelParameters {
		if given[name] != "" {
			return invalidParameter("%s %s.", name, why)
		}
	}
	return nil
}

// The errors of levels. The service's own texts are not known.
var (
	errNoLevel = invalidParameter(
		"TARGET_ACR_VALUES has no authentication level of the user pool.")
	errUnreachable = invalidParameter(
		"The user does not have the factors for any level of TARGET_ACR_VALUES.")
	errLevelMet = invalidParameter(
		"The level of TARGET_ACR_VALUES is met by ACCESS_TOKEN already.")
	errMaxAge      = invalidParameter("MAX_AGE is not a number of seconds.")
	errTokenOthers = invalidParameter("ACCESS_TOKEN is not one of the user whom USERNAME names.")
	errTier        = &Error{
		notInTier,
		"Authentication levels are not available in the LITE tier.",
	}
)

// readLevels reads the levels that a sign-in asks for. It ignores unknown names.
func (s *signIn) readLevels(given map[string]string) (wantedLevels, error) {
	wanted := given["TARGET_ACR_VALUES"]
	if wanted == "" {
		return wantedLevels{}, refuseLevels(given, "takes TARGET_ACR_VALUES")
	}
	set := s.pool.settings()
	if set.tier == types.UserPoolTierTypeLite {
		return wantedLevels{}, errTier
	}
	a := wantedLevels{token: given["ACCESS_TOKEN"]}
	for _, name := range strings.Fields(wanted) {
		if i := slices.Index(set.levels[:], name); i >= 0 {
			a.levels = append(a.levels, i+1)
		}
	}
	if len(a.levels) == 0 {
		return wantedLevels{}, errNoLevel
	}
	if text := given["MAX_AGE"]; text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return wantedLevels{}, errMaxAge
		}
		a.maxAge, a.aged = time.Duration(seconds)*time.Second, true
	}
	return a, nil
}

// setTarget sets the target of a sign-in: the first of the wanted levels that users can reach with
// the factors that they have. They need not prove again what an access token proves.
func (s *signIn) setTarget(a wantedLevels) error {
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
		case s.targetIsReachable():
			return nil
		}
	}
	return errUnreachable
}

// provedByToken returns what an access token of the user proves, unless its sign-in was too long
// ago. It uses the factors in the token, since the names of levels may have changed. A user with a
// temporary password has proved nothing.
func (s *signIn) provedByToken(a wantedLevels) (proof, error) {
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

// targetIsReachable reports whether the user can reach the target. A ghost can reach every level.
func (s *signIn) targetIsReachable() bool {
	return s.user.ghost || len(s.availableFirstFactors()) > 0 ||
		s.done.proof != 0 && s.canReachTarget(s.done.proof)
}

// canReachTarget reports whether a proof with a first factor can be extended to the target.
func (s *signIn) canReachTarget(p proof) bool {
	factors, met := s.missingFactors(p)
	return met || len(factors) > 0
}

// missingFactors returns the second factors to ask for next. Below the target these are the ones
// that reach it, preferably among those that the user has enabled. At the target they are the ones
// that every sign-in of the user needs. met means that nothing is missing.
func (s *signIn) missingFactors(p proof) (factors []string, met bool) {
	config := s.pool.mfaConfig()
	factors = s.factors(config)
	if p.level() >= s.done.target {
		return factors, p.mfa() || !s.needsFactor()
	}
	if config.mode == types.UserPoolMfaTypeOff {
		return nil, false
	}
	tooLow := func(method string) bool { return (p | provedBy(method)).level() < s.done.target }
	if chosen := slices.DeleteFunc(factors, tooLow); len(chosen) > 0 {
		return chosen, false
	}
	return slices.DeleteFunc(s.user.usableOf(allMethods[:], config), tooLow), false
}

// availableFirstFactors returns the first factors that a sign-in can continue with; none if it
// needs none, or has none that leads to the target.
func (s *signIn) availableFirstFactors() []string {
	p := s.done.proof
	switch {
	case s.done.target == 0 && p != 0: // the code of a sign-up
		return nil
	case s.done.target == 0:
		return s.firstFactors()
	case p != 0 && s.canReachTarget(p):
		return nil
	}
	return slices.DeleteFunc(s.firstFactors(), func(factor string) bool {
		if factor == challengePassword || factor == challengeSRP {
			has := s.user.password != "" || s.user.ghost
			return !has || p&provedPassword != 0 ||
				!s.user.ghost && !s.canReachTarget(p|provedPassword)
		}
		return (p | provedBy(factor)).level() < s.done.target
	})
}

// wasWrong reports whether an error means that the user failed to prove something. On the way to a
// level, that ends the sign-in: there are no tokens of a lower level, and no second try.
func wasWrong(err error) bool {
	apiErr := (*Error)(nil)
	return errors.As(err, &apiErr) &&
		slices.Contains([]string{codeMismatch, expiredCode, notAuthorized}, apiErr.Type)
}
