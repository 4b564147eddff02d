package pool

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const challengeSelect = "SELECT_MFA_TYPE"

// askFactor decides which second factor is asked for; onward means none. See FIDELITY.md, "Sign-in".
func (s *signIn) askFactor() next {
	config := s.pool.mfaConfig()
	if config.mode == types.UserPoolMfaTypeOff {
		return onward
	}
	factors := s.factors(config)
	switch {
	case slices.Contains(factors, s.user.preferred):
		return s.askMethod(s.user.preferred)
	case len(factors) > 1:
		return s.ask(session{challenge: challengeSelect, offered: factors},
			map[string]string{"MFAS_CAN_CHOOSE": jsonText(factors)})
	case len(factors) == 1:
		return s.askMethod(factors[0])
	case config.mode == types.UserPoolMfaTypeOn:
		return s.ask(session{challenge: challengeSetup},
			map[string]string{"MFAS_CAN_SETUP": jsonText(config.methods())})
	default:
		return onward
	}
}

// factors are the methods that the user can be asked for. Where the pool demands MFA and none is
// enabled, what the user could use counts: a verified authenticator first, else a phone number or an
// e-mail address.
func (s *signIn) factors(config mfaConfig) []string {
	var enabled, implied []string
	for _, method := range s.user.methods {
		if s.user.usable(method, config) {
			enabled = append(enabled, method)
		}
	}
	if len(enabled) > 0 || config.mode != types.UserPoolMfaTypeOn {
		return enabled
	}
	if s.user.verified != nil && (!s.user.totpOff || !s.quirks.SetupAfterDisable) {
		return []string{methodTOTP}
	}
	for _, method := range []string{methodSMS, methodEmail} {
		if s.user.usable(method, config) {
			implied = append(implied, method)
		}
	}
	return implied
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
		return onward, nil
	case s.session.stage != stageChallenged || s.pool.mfaConfig().email == nil:
		return next{}, errSession
	case !isAddress("email", address):
		return next{}, errEmailFormat
	}
	return s.askSetupCode(address), nil
}
