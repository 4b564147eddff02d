package main

import (
	"net/http"

	"github.com/cognitomfa/cognitomfa"
)

// supportData is a user as the support desk sees them.
type supportData struct {
	Account string
	Status  *cognitomfa.Status
	Left    int
}

func (x *exchange) supportPage() (reply, error) {
	// The access token may have been revoked, which only Cognito knows.
	_, err := x.client.Status(x.r.Context(), x.login.Tokens.AccessToken)
	return reply{page: "support", data: supportData{}}, err
}

func (x *exchange) lookUp() (reply, error) {
	if _, err := x.supportPage(); err != nil {
		return reply{}, err
	}
	data := supportData{Account: x.r.PostFormValue("account")}
	var err error
	data.Status, err = x.client.UserStatus(x.r.Context(), data.Account)
	if problem(err) == "no-user" || data.Account == "" {
		return reply{status: http.StatusUnprocessableEntity, page: "support", data: data, problem: "no-user"}, nil
	} else if err != nil {
		return reply{}, err
	}
	data.Left, err = x.recoveryLeft(data.Status.Username)
	return reply{page: "support", data: data}, err
}

// reset is for a user who has lost their phone. Make sure that it is they who ask.
func (x *exchange) reset() (reply, error) {
	rep, user, err := x.act("reset")
	if err != nil {
		return reply{}, err
	}
	if err := x.resetUser(x.r.Context(), user); err != nil {
		return reply{}, err
	}
	if err := x.store.Delete(x.r.Context(), recoveryKey(user)); err != nil {
		return reply{}, err
	}
	x.notify(x, user, "authenticator removed by the support desk")
	return rep, nil
}

func (x *exchange) signOutUser() (reply, error) {
	rep, user, err := x.act("sign out")
	if err != nil {
		return reply{}, err
	}
	if err := x.end(x.r.Context(), user); err != nil {
		return reply{}, err
	}
	if err := x.client.SignOutUser(x.r.Context(), user); err != nil {
		return reply{}, err
	}
	x.notify(x, user, "signed out by the support desk")
	return rep, nil
}

// act finds the user that a form names, and writes into the log who is about to do what to whom.
func (x *exchange) act(what string) (reply, string, error) {
	if _, err := x.supportPage(); err != nil {
		return reply{}, "", err
	}
	status, err := x.client.UserStatus(x.r.Context(), x.r.PostFormValue("username"))
	if err != nil {
		return reply{}, "", err
	}
	x.log.Info("support", "action", what, "by", x.login.Username, "user", status.Username, "address", x.address())
	x.put("notice", "support-done")
	return reply{redirect: "/support"}, status.Username, nil
}
