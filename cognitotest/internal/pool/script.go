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
	if s.user.ghost || s.user.status == userExternal {
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

// answerScripted checks an answer to a scripted challenge. After a wrong one it is asked for again, by
// another session, as often as the script says; then the sign-in is over.
func (s *signIn) answerScripted(given map[string]string) (next, error) {
	asked, script := s.done.asked, s.user.script
	switch {
	case asked < len(script) && script[asked].answeredBy(given):
		s.done.asked++
		s.done.tried = 0
		return onward, nil
	case asked < len(script) && s.done.tried+1 < script[asked].Tries:
		s.done.tried++
		return s.askScripted(), nil
	}
	s.useUp()
	return next{}, errCredentials
}

func (c Challenge) answeredBy(given map[string]string) bool {
	for name, want := range c.Answers {
		if got, found := given[name]; !found || got != want {
			return false
		}
	}
	return true
}
