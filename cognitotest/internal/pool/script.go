package pool

import (
	"cmp"
	"maps"
)

// CUSTOM_AUTH and the challenges of Server.Script, which stand in for the Lambda triggers of a custom
// authentication flow. See FIDELITY.md, "Sign-in" and "SRP".

// beginCustom is a sign-in whose first factor is the script, or the password by SRP if it asks for
// that.
func (s *signIn) beginCustom(in *initiateAuthRequest) (next, error) {
	if in.AuthParameters["CHALLENGE_NAME"] == "SRP_A" {
		return s.beginSRP(in)
	}
	if err := need(in.AuthParameters, "USERNAME"); err != nil {
		return next{}, err
	}
	if err := s.identify(in.AuthParameters); err != nil {
		return next{}, err
	}
	if s.user.ghost {
		return next{}, errCredentials
	}
	if err := s.admissible(); err != nil {
		return next{}, err
	}
	if len(s.user.script) == 0 {
		return next{}, invalidParameter("Custom auth lambda trigger is not configured for the user pool.")
	}
	return onward, nil
}

func (s *signIn) askScripted() next {
	script := s.user.script[s.done.asked]
	parameters := map[string]string{"USERNAME": s.user.name}
	maps.Copy(parameters, script.Parameters)
	name := cmp.Or(script.Name, challengeByDefault)
	return s.ask(session{challenge: name, stage: stageScripted}, parameters)
}

// answerScripted checks an answer to a scripted challenge. A wrong one ends the sign-in.
func (s *signIn) answerScripted(given map[string]string) (next, error) {
	asked := s.done.asked
	if asked >= len(s.user.script) || !s.user.script[asked].answeredBy(given) {
		s.spend()
		return next{}, errCredentials
	}
	s.done.asked++
	return onward, nil
}

func (c Challenge) answeredBy(given map[string]string) bool {
	for name, want := range c.Answers {
		if got, found := given[name]; !found || got != want {
			return false
		}
	}
	return true
}
