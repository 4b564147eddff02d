package pool

import "errors"

var errTOTPMismatch = &Error{codeMismatch, "Invalid code received for user"}

func (s *signIn) askTOTP() next {
	parameters := map[string]string{}
	if device := s.user.verified.device; device != "" {
		parameters["FRIENDLY_DEVICE_NAME"] = device
	}
	return s.ask(session{challenge: methodTOTP}, parameters)
}

// answerTOTP checks a code of the user's authenticator.
func (s *signIn) answerTOTP(given map[string]string) (next, error) {
	if err := need(given, "SOFTWARE_TOKEN_MFA_CODE"); err != nil {
		return next{}, err
	}
	now := s.Now()
	if s.quirks.CodeLockout && s.user.lockedOut(now) {
		return next{}, errLockedOut
	}
	if s.user.verified == nil {
		return next{}, errNoTOTP
	}
	code := given["SOFTWARE_TOKEN_MFA_CODE"]
	err := s.user.verified.accept(code, now, s.quirks.StrictStep, errTOTPMismatch)
	if errors.Is(err, errTOTPMismatch) && s.quirks.CodeLockout {
		s.user.failed(now)
	}
	s.done.mfa = true
	s.done.proof |= provedTOTP
	return onward, err
}
