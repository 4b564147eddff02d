package main

import "context"

// supportDesk looks up a user, resets their authenticator or signs them out. It logs who did what
// to whom.
func (x *exchange) supportDesk() (reply, error) {
	ctx := x.r.Context()
	// The supporter's own access token may have been revoked, which only Cognito knows.
	if _, err := x.client.Status(ctx, x.login.Tokens.AccessToken); err != nil || !x.post() {
		return reply{page: "support", data: userPage{}}, err
	}
	data := userPage{Account: x.r.PostFormValue("account")}
	if data.Account == "" {
		return invalid("support", data, "no-user")
	}
	var err error
	if data.Status, err = x.client.UserStatus(ctx, data.Account); problem(err) == "no-user" {
		return invalid("support", data, "no-user")
	} else if err != nil {
		return reply{}, err
	}
	user, done := data.Username, "support-done"
	switch x.r.PostFormValue("action") {
	case "reset":
		err = x.resetByDesk(ctx, user)
	case "sign-out":
		if err = x.end(ctx, user); err == nil {
			err = x.client.SignOutUser(ctx, user)
		}
	default:
		done = ""
		data.Left, err = x.recoveryLeft(user)
	}
	if err == nil && done != "" {
		x.log.Info("support",
			"action", x.r.PostFormValue("action"), "by", x.login.Username, "user", user)
		x.notify(x, user, "support desk: "+x.r.PostFormValue("action"))
		x.put("notice", done)
		return redirect("/support")
	}
	return reply{page: "support", data: data}, err
}

// resetByDesk resets a user who has lost their phone and has no recovery codes.
func (x *exchange) resetByDesk(ctx context.Context, user string) error {
	if err := x.resetUser(ctx, user); err != nil {
		return err
	}
	return x.store.Delete(ctx, recoveryKey(user))
}
