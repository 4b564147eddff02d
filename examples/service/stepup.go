package main

import (
	"context"
	"errors"
	"strings"

	"github.com/cognitomfa/cognitomfa"
)

// Step-up asks for everything once more, the password and the code, as a new sign-in on a computer that is not
// remembered. That works in every pool. Pools that have levels can ask for the code alone: Client.StepUp.

var errOtherUser = errors.New("step-up: the tokens are another user's")

func (x *exchange) stepUpPage() (reply, error) {
	return reply{page: "step-up", data: x.login.Email}, nil
}

func (x *exchange) stepUp() (reply, error) {
	x.drop("device", "remember")
	return x.begins("step-up", x.login.Username, nil)
}

// steppedUp notes in the login that the user has just given everything. The tokens that this brought are not needed.
func (x *exchange) steppedUp(t *cognitomfa.Tokens, username string, coded bool) (reply, error) {
	if username != x.login.Username {
		return reply{}, errOtherUser
	}
	if err := x.client.Revoke(x.r.Context(), t.Refresh.Reveal()); err != nil {
		x.log.Warn("tokens of a step-up not revoked", "error", err)
	}
	_, err := x.update(x.r.Context(), x.id, func(_ context.Context, l *login) error {
		l.Fresh, l.Coded = x.now(), coded
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	next := x.pop("next")
	if !strings.HasPrefix(next, "/") {
		next = "/"
	}
	return redirect(next)
}
