package pool

import "slices"

// The lengths of codes that are sent: as a second factor and as a first.
const (
	mfaCodeLength   = 6
	firstCodeLength = 8
)

// askCode sends the code of a second factor.
func (s *signIn) askCode(method string) next {
	asked, parameters := session{challenge: method}, map[string]string{}
	if method == methodSMS {
		asked.code = s.deliver("SMS", s.user.attributes.get("phone_number"), mfaCodeLength, parameters)
	} else {
		asked.code = s.deliver("EMAIL", s.user.attributes.get("email"), mfaCodeLength, parameters)
	}
	return s.ask(asked, parameters)
}

// askSetupCode sends a code to the e-mail address that is to become the second factor.
func (s *signIn) askSetupCode(address string) next {
	asked, parameters := session{challenge: methodEmail, address: address}, map[string]string{}
	asked.code = s.deliver("EMAIL", address, mfaCodeLength, parameters)
	return s.ask(asked, parameters)
}

// answerCode checks a code that was sent as a second factor. It lives as long as its session.
func (s *signIn) answerCode(given map[string]string) (next, error) {
	u, method := s.user, s.session.challenge
	if err := need(given, method+"_CODE"); err != nil {
		return next{}, err
	}
	now := s.Now()
	if s.quirks.CodeLockout && u.lockedOut(now) {
		return next{}, errLockedOut
	}
	if given[method+"_CODE"] != s.session.code {
		if s.quirks.CodeLockout {
			u.failed(now)
		}
		return next{}, errOTPMismatch
	}
	if address := s.session.address; address != "" {
		err := s.pool.change(u, attribute{"email", address}, attribute{"email_verified", "true"})
		if err != nil {
			return next{}, err
		}
	}
	if !slices.Contains(u.methods, method) {
		u.enable(method, true)
	}
	s.done.mfa = true
	return onward, nil
}

// codeFactors are the first factors that send a code and that the user has an address for.
func (c *caller) codeFactors() []string {
	var factors []string
	allowed := c.pool.settings().firstFactors
	for _, factor := range []string{factorEmail, factorSMS} {
		if _, address := c.codeAddress(factor); slices.Contains(allowed, factor) && address != "" {
			factors = append(factors, factor)
		}
	}
	return factors
}

// The first factors that send a code, by the names of their challenges. EMAIL_OTP is a second factor
// too.
const (
	factorEmail = "EMAIL_OTP"
	factorSMS   = "SMS_OTP"
)

// codeAddress tells how the code of a first factor goes and where to.
func (c *caller) codeAddress(factor string) (medium, address string) {
	if factor == factorSMS {
		return "SMS", c.user.attributes.get("phone_number")
	}
	return "EMAIL", c.user.attributes.get("email")
}

// askFirstCode sends the code of a first factor.
func (s *signIn) askFirstCode(factor string, available []string) next {
	asked, parameters := session{challenge: factor, offered: available}, map[string]string{}
	medium, address := s.codeAddress(factor)
	asked.code = s.deliver(medium, address, firstCodeLength, parameters)
	return s.askFirst(asked, parameters)
}

// answerFirstCode checks a code that was sent as a first factor. A wrong one does not end the
// sign-in.
func (s *signIn) answerFirstCode(given map[string]string) (next, error) {
	name := s.session.challenge + "_CODE"
	if err := need(given, name); err != nil {
		return next{}, err
	}
	if given[name] != s.session.code || s.user.ghost {
		return next{}, errOTPMismatch
	}
	return s.afterCode(given)
}

// afterCode goes on from a first factor other than a password: past the second factor, unless the
// pool demands one.
func (s *signIn) afterCode(given map[string]string) (next, error) {
	if err := s.admissible(); err != nil {
		return next{}, err
	}
	s.done.mfa = s.pool.mfaConfig().mode != "ON"
	return onward, s.useDevice(given)
}
