package main

import (
	"errors"

	"github.com/cognitomfa/cognitomfa"
)

// userPage is a user as shown on the account page and to the support desk.
type userPage struct {
	Account string
	*cognitomfa.Status
	Left int // recovery codes
}

func (x *exchange) account() (reply, error) {
	if x.get("codes") != "" {
		return redirect("/recovery-codes") // the codes are not saved yet
	}
	status, err := x.client.Status(x.r.Context(), x.login.Tokens.AccessToken)
	if err != nil {
		return reply{}, err
	}
	left, err := x.recoveryLeft(x.login.Username)
	page := userPage{Account: x.login.Email, Status: status, Left: left}
	return reply{page: "account", data: page}, err
}

func (x *exchange) mfaOff() (reply, error) {
	if !x.post() {
		return page("mfa-off", nil)
	}
	ctx, user := x.r.Context(), x.login.Username
	if err := x.client.Disable(ctx, x.login.Tokens.AccessToken); err != nil {
		return reply{}, err
	}
	if err := x.store.Delete(ctx, recoveryKey(user)); err != nil {
		return reply{}, err
	}
	x.notify(x, user, "two-step sign-in turned off")
	x.put("notice", "mfa-off")
	return redirect("/")
}

// signOut ends this sign-in, here in any case and in Cognito if it can be reached.
func (x *exchange) signOut() (reply, error) {
	if x.login != nil {
		if err := x.store.Delete(x.r.Context(), loginKey(x.id)); err != nil {
			return reply{}, err
		}
		if err := x.client.Revoke(x.r.Context(), x.login.Tokens.RefreshToken); err != nil {
			x.log.Warn("refresh token not revoked", "error", err)
		}
	}
	return x.leave("signed-out")
}

// signOutEverywhere also forgets the remembered computers. It only reports success if Cognito did.
func (x *exchange) signOutEverywhere() (reply, error) {
	if !x.post() {
		return page("sign-out-everywhere", nil)
	}
	err := x.client.SignOut(x.r.Context(), x.login.Tokens.AccessToken)
	if err != nil && !errors.Is(err, cognitomfa.ErrAccessToken) {
		return reply{}, err
	}
	if err := x.end(x.r.Context(), x.login.Username); err != nil {
		return reply{}, err
	}
	x.notify(x, x.login.Username, "signed out everywhere")
	return x.leave("signed-out-everywhere")
}

func (x *exchange) leave(notice string) (reply, error) {
	if err := x.sessions.Destroy(x.r.Context()); err != nil {
		return reply{}, failed(err)
	}
	x.login = nil
	x.put("notice", notice)
	return redirect("/sign-in")
}
