package pool

import (
	"errors"
	"slices"
	"strings"
)

// The flow USER_AUTH, in which the user chooses the first factor. See FIDELITY.md, "USER_AUTH".

const (
	challengeChoice = "SELECT_CHALLENGE"
	challengeSRP    = "PASSWORD_SRP"
)

// beginChoice is USER_AUTH. It asks for the preferred factor if that is available, else for a
// choice.
func (s *signIn) beginChoice(in *initiateAuthRequest) (next, error) {
	if err := need(in.AuthParameters, "USERNAME"); err != nil {
		return next{}, err
	}
	wanted, err := s.readLevels(in.AuthParameters)
	if err != nil {
		return next{}, err
	}
	if err := s.identify(in.AuthParameters); err != nil {
		return next{}, err
	}
	if s.client.reveal {
		if err := s.admissible(); err != nil {
			return next{}, err
		}
	}
	if in.Session != "" { // the code of a sign-up counts as a first factor
		if err := s.continueSignUp(in.Session, stageConfirmed); err != nil {
			return next{}, err
		}
		if err := s.admissible(); err != nil {
			return next{}, err
		}
		s.done.proof = s.session.done.proof
	}
	if err := s.setTarget(wanted); err != nil {
		return next{}, err
	}
	s.useUp()
	available := s.availableFirstFactors()
	if len(available) == 0 {
		return onward, nil
	}
	preferred := in.AuthParameters["PREFERRED_CHALLENGE"]
	if slices.Contains(available, preferred) {
		return s.tryFirst(preferred, available, in.AuthParameters)
	}
	return s.askFirst(session{challenge: challengeChoice, offered: available},
		map[string]string{}), nil
}

// firstFactors returns the first factors of the user. Codes are not among them if there is a second
// factor, which only follows a password. A user without any factor gets the password ones, like
// everybody else.
func (s *signIn) firstFactors() []string {
	codes := s.codeFactors()
	if s.user.status == userMustChange || s.needsFactor() {
		codes = nil
	}
	if s.user.password == "" && !s.user.ghost && len(codes) > 0 {
		return codes
	}
	return append([]string{challengeSRP, challengePassword}, codes...)
}

// tryFirst checks a first factor at once if the client sent what it needs, or else asks for it.
func (s *signIn) tryFirst(
	factor string, available []string, given map[string]string,
) (next, error) {
	switch {
	case factor == challengeSRP && given["SRP_A"] != "":
		n, err := s.askVerifier(session{first: true}, given["SRP_A"])
		if err == nil {
			n.response.AvailableChallenges = available
		}
		return n, err
	case factor == challengePassword && given["PASSWORD"] != "":
		n, err := s.tryPassword(given)
		if err != nil && !errors.Is(err, errNoDevice) { // then clients try again without the device
			s.useUp()
		}
		return n, err
	case factor == factorEmail || factor == factorSMS:
		return s.askFirstCode(factor, available), nil
	}
	return s.askFirst(session{challenge: factor, offered: available}, map[string]string{}), nil
}

// answerChoice takes the answer to a SELECT_CHALLENGE, which may include what the factor needs.
func (s *signIn) answerChoice(given map[string]string) (next, error) {
	if err := need(given, "ANSWER"); err != nil {
		return next{}, err
	}
	answer, offered := given["ANSWER"], s.session.offered
	if !slices.Contains(offered, answer) || !slices.Contains(s.availableFirstFactors(), answer) {
		return next{}, invalidParameter("The challenge that was selected is not one of %s",
			strings.Join(offered, ", "))
	}
	return s.tryFirst(answer, nil, given)
}

// answerFirstPassword takes the answer to a PASSWORD. A wrong one ends the sign-in.
func (s *signIn) answerFirstPassword(given map[string]string) (next, error) {
	if err := need(given, "PASSWORD"); err != nil {
		return next{}, err
	}
	return s.tryFirst(challengePassword, nil, given)
}

// answerFirstSRP takes the answer to a PASSWORD_SRP.
func (s *signIn) answerFirstSRP(given map[string]string) (next, error) {
	if err := need(given, "SRP_A"); err != nil {
		return next{}, err
	}
	return s.tryFirst(challengeSRP, nil, given)
}
