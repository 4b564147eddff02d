package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/cognitomfa/cognitomfa"
)

// stepUp asks for everything that a sign-in on a new computer does: the password, and a code if MFA
// is on. It works in every pool. Client.StepUp only asks for the code, but requires a sign-in that
// asked for a level, which one by SRP cannot.
func (x *exchange) stepUp() (reply, error) {
	if !x.post() {
		return page("step-up", nil)
	}
	x.drop("device", "remember")
	return x.begin("step-up", x.login.Username)
}

// steppedUp records the step-up in the login. The new tokens are not needed.
func (x *exchange) steppedUp(t *cognitomfa.Tokens, username string, coded bool) (reply, error) {
	if username != x.login.Username {
		return reply{}, errors.New("step-up: the tokens are another user's")
	}
	if err := x.client.Revoke(x.r.Context(), t.Refresh.Reveal()); err != nil {
		x.log.Warn("tokens of a step-up not revoked", "error", err)
	}
	_, err := x.update(x.r.Context(), x.id, func(_ context.Context, l *login) error {
		l.Fresh, l.Coded = x.now(), coded
		return nil
	})
	return reply{redirect: cmp.Or(x.pop("next"), "/")}, err
}
