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

// askFactor asks for the second factor, or for its set-up; onward means none. See FIDELITY.md,
// "Sign-in".
func (s *signIn) askFactor() (next, error) {
	config := s.pool.mfaConfig()
	factors := s.factors(config)
	if s.done.target > 0 {
		var met bool
		if factors, met = s.missingFactors(s.done.proof); met {
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
		// There is only SMS, which cannot be set up during sign-in, or the address was deleted.
		return next{}, errNoMechanism
	default:
		return onward, nil
	}
}

// askOneOf asks for the preferred or only factor, or else lets the user choose.
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

// factors returns the methods that a sign-in of the user may ask for: those that a preference call
// enabled. If there are none and the pool requires MFA, these are all methods that would work.
func (c *caller) factors(config mfaConfig) []string {
	if config.mode == types.UserPoolMfaTypeOff {
		return nil
	}
	chosen := c.user.usableOf(c.user.methods, config)
	if len(chosen) > 0 || config.mode != types.UserPoolMfaTypeOn {
		return chosen
	}
	implied := c.user.usableOf(allMethods[:], config)
	if c.user.totpOff && c.quirks.SetupAfterDisable {
		implied = slices.DeleteFunc(implied,
			func(method string) bool { return method == methodTOTP })
	}
	return implied
}

// needsFactor reports whether a sign-in of the user has a second factor, or must have one.
func (c *caller) needsFactor() bool {
	config := c.pool.mfaConfig()
	return config.mode == types.UserPoolMfaTypeOn || len(c.factors(config)) > 0 ||
		c.user.hasChosen(config.methods())
}

// usableOf returns those of some methods that would work for the user.
func (u *user) usableOf(methods []string, config mfaConfig) []string {
	var work []string
	for _, method := range methods {
		if u.usable(method, config) {
			work = append(work, method)
		}
	}
	return work
}

// hasChosen reports whether the user has enabled one of some methods.
func (u *user) hasChosen(methods []string) bool {
	return slices.ContainsFunc(methods,
		func(method string) bool { return slices.Contains(u.methods, method) })
}

// usable reports whether a method would work for the user. A verified authenticator still works
// after the pool stops offering TOTP.
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

// askMethod asks for the code of a method, and sends it unless an authenticator shows it.
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
		return next{}, invalidParameter("The MFA type that was selected is not one of %s",
			strings.Join(offered, ", "))
	case !s.user.usable(method, s.pool.mfaConfig()):
		return next{}, errSession // the user lost it meanwhile
	}
	return s.askMethod(method), nil
}

// answerSetup completes an MFA_SETUP with a verified authenticator, or continues it by email.
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
