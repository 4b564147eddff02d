package pool

import (
	"crypto/hmac"
	"maps"
	"slices"
	"strings"
)

const (
	challengeNewPassword = "NEW_PASSWORD_REQUIRED"
	challengePassword    = "PASSWORD" // of USER_AUTH
)

// beginPassword is USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH.
func (s *signIn) beginPassword(in *initiateAuthRequest) (next, error) {
	if err := need(in.AuthParameters, "USERNAME", "PASSWORD"); err != nil {
		return next{}, err
	}
	if err := s.identify(in.AuthParameters); err != nil {
		return next{}, err
	}
	return s.tryPassword(in.AuthParameters)
}

// tryPassword checks a password that was sent as it is.
func (s *signIn) tryPassword(given map[string]string) (next, error) {
	right := hmac.Equal([]byte(s.user.password), []byte(given["PASSWORD"])) && s.user.password != ""
	if err := s.passwordResult(right); err != nil {
		return next{}, err
	}
	s.done.proof |= provedPassword
	return onward, s.useDevice(given)
}

func (s *signIn) askNewPassword() next {
	required := []string{}
	for _, name := range s.pool.schema.missing(s.user.attributes) {
		required = append(required, "userAttributes."+name)
	}
	known := map[string]string{}
	for _, a := range s.user.attributes {
		known[a.Name] = a.Value
	}
	s.done.mfa = false // a second factor is asked for after the new password
	s.done.proof &= provedPassword
	return s.ask(session{challenge: challengeNewPassword}, map[string]string{
		"requiredAttributes": jsonText(required), "userAttributes": jsonText(known),
	})
}

// answerNewPassword replaces a temporary password, and sets attributes that come with the new one.
func (s *signIn) answerNewPassword(given map[string]string) (next, error) {
	if err := need(given, "NEW_PASSWORD"); err != nil {
		return next{}, err
	}
	password := given["NEW_PASSWORD"]
	var changed attributes
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if attribute, found := strings.CutPrefix(name, "userAttributes."); found {
			changed.set(attribute, given[name])
		}
	}
	if err := checkPerson(s.user.name, password, false, changed); err != nil {
		return next{}, err
	}
	if err := s.checkPassword(password); err != nil {
		return next{}, err
	}
	if missing := s.pool.schema.missing(s.user.attributes, changed); len(missing) > 0 {
		return next{}, invalidParameter("Invalid attributes given, %s is missing", missing[0])
	}
	if changed.get("email") != "" && s.user.attributes.get("email") != "" {
		return next{}, &Error{notAuthorized, "Cannot modify an already provided email"}
	}
	if err := s.pool.schema.checkChange(s.user.attributes, changed, s.client.writes); err != nil {
		return next{}, err
	}
	if err := s.changeAttributes(changed...); err != nil {
		return next{}, err
	}
	s.user.setPassword(password, userConfirmed, s.Now())
	return onward, nil
}
