package pool

import "slices"

// The lengths of codes that are sent, as a second factor and as a first one.
const (
	mfaCodeLength   = 6
	firstCodeLength = 8
)

var errOTPMismatch = &Error{codeMismatch, "Invalid code or auth state for the user."}

// askCode sends the code of a second factor.
func (s *signIn) askCode(method string) next {
	return s.askCodeAt(
		session{challenge: method, address: s.user.attributes.get(addressOf(method))})
}

// askSetupCode sends a code to the email address that is to become the second factor.
func (s *signIn) askSetupCode(address string) next {
	return s.askCodeAt(session{challenge: methodEmail, address: address, setup: true})
}

func (s *signIn) askCodeAt(asked session) next {
	parameters := map[string]string{}
	medium := mediumOf(addressOf(asked.challenge))
	asked.code = s.deliver(medium, asked.address, mfaCodeLength, parameters)
	return s.ask(asked, parameters)
}

// addressOf returns the attribute that codes of a method, or of a first factor, go to; empty for a
// method that sends none.
func addressOf(method string) string {
	switch method {
	case methodSMS, factorSMS:
		return "phone_number"
	case methodEmail:
		return "email"
	}
	return ""
}

// answerCode checks a code that was sent as a second factor. It is valid as long as its session. A
// right code verifies the address, but does not enable the method.
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
	name, address := addressOf(method), s.session.address
	// The user's address may have changed since, unless this is a set-up.
	if s.session.setup || u.attributes.get(name) == address && !u.attributes.verified(name) {
		err := s.changeAttributes(attribute{name, address}, attribute{name + "_verified", "true"})
		if err != nil {
			return next{}, err
		}
		s.touch()
	}
	s.done.mfa = true
	s.done.proof |= provedBy(method)
	return onward, nil
}

// codeFactors returns the first factors that send a code and that the user has an address for.
// Federated users sign in elsewhere.
func (c *caller) codeFactors() []string {
	var factors []string
	if c.user.status == userExternal {
		return nil
	}
	allowed := c.pool.settings().firstFactors
	for _, factor := range []string{factorEmail, factorSMS} {
		if _, address := c.codeAddress(factor); slices.Contains(allowed, factor) && address != "" {
			factors = append(factors, factor)
		}
	}
	return factors
}

// The first factors that send a code, by the names of their challenges. EMAIL_OTP is also a second
// factor.
const (
	factorEmail = "EMAIL_OTP"
	factorSMS   = "SMS_OTP"
)

// codeAddress returns the medium and the address for the code of a first factor.
func (c *caller) codeAddress(factor string) (medium, address string) {
	name := addressOf(factor)
	return mediumOf(name), c.user.attributes.get(name)
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
	if err := s.admissible(); err != nil {
		return next{}, err
	}
	if !slices.Contains(s.availableFirstFactors(), s.session.challenge) {
		return next{}, errSession // the user got a second factor meanwhile
	}
	s.done.proof |= provedBy(s.session.challenge)
	return onward, s.useDevice(given)
}
