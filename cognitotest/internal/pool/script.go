package pool

import (
	"cmp"
	"maps"
)

// CUSTOM_AUTH and the challenges of Server.Script, which stand in for the Lambda triggers of a
// custom authentication flow. See FIDELITY.md, "Sign-in" and "SRP".

// beginCustom begins with the script, or with the password by SRP if the client asks for that.
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
		return next{}, invalidParameter(
			"Custom auth lambda trigger is not configured for the user pool.")
	}
	return onward, nil
}

func (s *signIn) askScripted() next {
	script := s.user.script[s.done.answered]
	parameters := map[string]string{"USERNAME": s.user.name}
	maps.Copy(parameters, script.Parameters)
	name := cmp.Or(script.Name, challengeByDefault)
	return s.ask(session{challenge: name, stage: stageScripted}, parameters)
}

// answerScripted checks an answer to a scripted challenge. After a wrong answer it asks again, with
// a new session, as often as the script allows; then the sign-in ends.
func (s *signIn) answerScripted(given map[string]string) (next, error) {
	answered, script := s.done.answered, s.user.script
	switch {
	case answered < len(script) && script[answered].answeredBy(given):
		s.done.answered++
		s.done.wrongTries = 0
		return onward, nil
	case answered < len(script) && s.done.wrongTries+1 < script[answered].Tries:
		s.done.wrongTries++
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
