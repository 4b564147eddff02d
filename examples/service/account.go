package main

import (
	"context"
	"errors"

	"github.com/cognitomfa/cognitomfa"
)

type accountData struct {
	Status *cognitomfa.Status
	Left   int // recovery codes
}

func (x *exchange) account() (reply, error) {
	if x.get("codes") != "" {
		return redirect("/recovery-codes") // not saved yet
	}
	status, err := x.client.Status(x.r.Context(), x.login.Tokens.AccessToken)
	if err != nil {
		return reply{}, err
	}
	left, err := x.recoveryLeft(x.login.Username)
	return reply{page: "account", data: accountData{status, left}}, err
}

func (x *exchange) mfaOffPage() (reply, error) { return reply{page: "mfa-off"}, nil }

func (x *exchange) mfaOff() (reply, error) {
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

// signOut ends this sign-in, in this browser at once and in Cognito if it can be reached.
func (x *exchange) signOut() (reply, error) {
	ctx := x.r.Context()
	if x.login != nil {
		if err := x.store.Delete(ctx, loginKey(x.id)); err != nil {
			return reply{}, err
		}
		if err := x.client.Revoke(ctx, x.login.Tokens.RefreshToken); err != nil {
			x.log.Warn("refresh token not revoked", "error", err)
		}
	}
	return x.leave(ctx, "signed-out")
}

func (x *exchange) signOutEverywherePage() (reply, error) {
	return reply{page: "sign-out-everywhere"}, nil
}

// signOutEverywhere also forgets the remembered computers. It says that it is done only if Cognito has done it.
func (x *exchange) signOutEverywhere() (reply, error) {
	ctx := x.r.Context()
	err := x.client.SignOut(ctx, x.login.Tokens.AccessToken)
	if err != nil && !errors.Is(err, cognitomfa.ErrAccessToken) {
		return reply{}, err
	}
	if err := x.end(ctx, x.login.Username); err != nil {
		return reply{}, err
	}
	x.notify(x, x.login.Username, "signed out everywhere")
	return x.leave(ctx, "signed-out-everywhere")
}

func (x *exchange) leave(ctx context.Context, notice string) (reply, error) {
	if err := x.sessions.Destroy(ctx); err != nil {
		return reply{}, failed(err)
	}
	x.put("notice", notice)
	return redirect("/sign-in")
}
