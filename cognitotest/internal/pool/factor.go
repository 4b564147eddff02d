package pool

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const challengeSelect = "SELECT_MFA_TYPE"

var errNoMechanism = &Error{
	"MFAMethodNotFoundException",
	"No MFA mechanism registerd in the account.", //nolint:misspell // the service spells it so
}

// askFactor decides which second factor is asked for; onward means none. See FIDELITY.md, "Sign-in".
func (s *signIn) askFactor() (next, error) {
	config := s.pool.mfaConfig()
	factors := s.factors(config)
	if s.done.target > 0 {
		var met bool
		if factors, met = s.toward(s.done.proof); met {
			return onward, nil
		} else if len(factors) == 0 {
			return next{}, errUnreachable
		}
	}
	switch {
	case len(factors) > 0:
		return s.askOneOf(factors), nil
	case config.mode == types.UserPoolMfaTypeOn && (config.totp || config.email != nil):
		return s.ask(session{challenge: challengeSetup},
			map[string]string{"MFAS_CAN_SETUP": jsonText(config.methods())}), nil
	case config.mode == types.UserPoolMfaTypeOn, s.user.hasChosen(config.methods()):
		// Only SMS, which cannot be set up while signing in, or an address that was deleted since.
		return next{}, errNoMechanism
	default:
		return onward, nil
	}
}

// askOneOf asks for a factor: the preferred one, the only one, or which it shall be.
func (s *signIn) askOneOf(factors []string) next {
	switch {
	case slices.Contains(factors, s.user.preferred):
		return s.askMethod(s.user.preferred)
	case len(factors) > 1:
		return s.ask(session{challenge: challengeSelect, offered: factors},
			map[string]string{"MFAS_CAN_CHOOSE": jsonText(factors)})
	default:
		return s.askMethod(factors[0])
	}
}

// factors are the methods that the user is asked for: those that were chosen by a preference call. If
// there are none, and the pool requires MFA, everything counts that the user could be asked for.
func (c *caller) factors(config mfaConfig) []string {
	if config.mode == types.UserPoolMfaTypeOff {
		return nil
	}
	chosen := c.user.thatWork(c.user.methods, config)
	if len(chosen) > 0 || config.mode != types.UserPoolMfaTypeOn {
		return chosen
	}
	implied := c.user.thatWork(allMethods[:], config)
	if c.user.totpOff && c.quirks.SetupAfterDisable {
		implied = slices.DeleteFunc(implied, func(method string) bool { return method == methodTOTP })
	}
	return implied
}

// needsFactor tells whether a sign-in of the user has a second factor, or must have one.
func (c *caller) needsFactor() bool {
	config := c.pool.mfaConfig()
	return config.mode == types.UserPoolMfaTypeOn || len(c.factors(config)) > 0 || c.user.hasChosen(config.methods())
}

// thatWork are those of some methods that the user can be asked for.
func (u *user) thatWork(methods []string, config mfaConfig) []string {
	var work []string
	for _, method := range methods {
		if u.usable(method, config) {
			work = append(work, method)
		}
	}
	return work
}

// hasChosen tells whether the user has enabled one of some methods.
func (u *user) hasChosen(methods []string) bool {
	return slices.ContainsFunc(methods, func(method string) bool { return slices.Contains(u.methods, method) })
}

// usable tells whether a method would work. An authenticator does also after the pool stopped
// offering TOTP to others.
func (u *user) usable(method string, config mfaConfig) bool {
	switch method {
	case methodTOTP:
		return u.verified != nil
	case methodSMS:
		return config.sms != nil && u.attributes.get("phone_number") != ""
	default:
		return config.email != nil && u.attributes.get("email") != ""
	}
}

// askMethod asks for the code of a method; a code that travels is sent now.
func (s *signIn) askMethod(method string) next {
	if method == methodTOTP {
		return s.askTOTP()
	}
	return s.askCode(method)
}

func (s *signIn) answerSelect(given map[string]string) (next, error) {
	if err := need(given, "ANSWER"); err != nil {
		return next{}, err
	}
	method, offered := given["ANSWER"], s.session.offered
	switch {
	case !slices.Contains(offered, method):
		return next{}, invalidParameter("The MFA type that was selected is not one of %s", strings.Join(offered, ", "))
	case !s.user.usable(method, s.pool.mfaConfig()):
		return next{}, errSession // it was taken away meanwhile
	}
	return s.askMethod(method), nil
}

// answerSetup ends an MFA_SETUP in which an authenticator was verified, or goes on by e-mail.
func (s *signIn) answerSetup(given map[string]string) (next, error) {
	address := given["EMAIL"]
	switch {
	case address == "" && s.session.stage != stageVerified:
		return next{}, errSession
	case address == "":
		s.done.mfa = true
		s.done.proof |= provedTOTP
		return onward, nil
	case s.session.stage != stageChallenged || s.pool.mfaConfig().email == nil:
		return next{}, errSession
	case !isAddress("email", address):
		return next{}, errEmailFormat
	}
	return s.askSetupCode(address), nil
}
