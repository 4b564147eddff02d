package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/cognitomfa/cognitomfa"
)

func (x *exchange) signInPage() (reply, error) {
	if x.login != nil {
		return redirect("/")
	}
	return reply{page: "sign-in"}, nil
}

func (x *exchange) signIn() (reply, error) {
	if x.login != nil {
		return redirect("/")
	}
	x.drop("challenge", "uri", "codes", "remember", "device", "forget", "recovered", "next")
	account := strings.TrimSpace(x.r.PostFormValue("account"))
	device, err := x.device(account)
	if err != nil {
		return reply{}, err
	}
	x.put("account", account)
	return x.begins("sign-in", account, device)
}

// begins checks a password and goes on to what the pool asks for next.
func (x *exchange) begins(page, account string, device *cognitomfa.Device) (reply, error) {
	if err := x.attempt(signIns, account); err != nil {
		return reply{}, err
	}
	if device != nil {
		x.put("device", device.Token())
	}
	ctx := x.r.Context()
	outcome, err := x.client.SignIn(ctx, account, x.r.PostFormValue("password"),
		func(o *cognitomfa.SignInOptions) { o.CallOptions = x.call() })
	switch {
	case err != nil && problem(err) == "wrong-credentials":
		return reply{status: http.StatusUnprocessableEntity, page: page, data: account, problem: problem(err)}, nil
	case err != nil:
		return reply{}, err
	}
	x.succeeded(ctx, signIns, account)
	return x.proceed(outcome, false)
}

// call has the options of every step of a sign-in.
func (x *exchange) call() cognitomfa.CallOptions {
	device, _ := cognitomfa.ParseDevice(x.get("device"))
	return cognitomfa.CallOptions{
		Context: cognitomfa.ContextFromRequest(x.r, x.address().String()),
		Device:  device,
	}
}

// proceed goes on to the page of the next step. The session gets a new id each time: whoever has planted the old
// one in this browser does not get any further with it.
func (x *exchange) proceed(outcome cognitomfa.Outcome, coded bool) (reply, error) {
	if err := x.sessions.RenewToken(x.r.Context()); err != nil {
		return reply{}, failed(err)
	}
	switch o := outcome.(type) {
	case *cognitomfa.Tokens:
		return x.finish(o, coded)
	case cognitomfa.Challenge:
		x.put("challenge", o.Token())
		if _, reset := o.(*cognitomfa.SetupChallenge); reset {
			x.drop("login") // a step-up, and the authenticator is gone: this is a new sign-in
		}
		return redirect(pageOf(o))
	}
	return redirect("/unknown-step")
}

func pageOf(ch cognitomfa.Challenge) string {
	switch ch := ch.(type) {
	case *cognitomfa.NewPasswordChallenge:
		return "/new-password"
	case *cognitomfa.SelectChallenge:
		return "/method"
	case *cognitomfa.MFAChallenge:
		return "/code"
	case *cognitomfa.SetupChallenge:
		if slices.Contains(ch.Methods, cognitomfa.MethodTOTP) {
			return "/setup"
		}
	case *cognitomfa.PasswordChallenge, *cognitomfa.OtherChallenge: // this service begins no flow that has them
	}
	return "/unknown-step"
}

// challenge is what the session holds, if it is the kind that the page answers.
func challenge[T cognitomfa.Challenge](x *exchange) (T, error) {
	ch, err := cognitomfa.ParseChallenge(x.get("challenge"))
	kind, ok := ch.(T)
	if err == nil && !ok {
		err = &cognitomfa.Error{Op: "sign in", Kind: cognitomfa.ErrSessionUsed}
	}
	return kind, err
}

// finish makes a login of the tokens, or refreshes the one that asked for a step-up.
func (x *exchange) finish(t *cognitomfa.Tokens, coded bool) (reply, error) {
	ctx := x.r.Context()
	access, err := x.verifier.VerifyAccess(ctx, t.Access.Reveal())
	if err != nil {
		return reply{}, err
	}
	x.drop("challenge", "uri", "recovered")
	if x.login != nil {
		return x.steppedUp(t, access.Username, coded)
	}
	id, err := x.verifier.VerifyID(ctx, t.ID.Reveal())
	if err != nil {
		return reply{}, err
	}
	l := login{Username: access.Username, Email: id.Email, Groups: access.Groups, Tokens: t.Plain(), Coded: coded}
	// Administrators enter a code on every computer.
	remember := x.pop("remember") != "" && coded && !l.support()
	if err := x.keepDevice(t, &l, remember); err != nil {
		return reply{}, err
	}
	if x.pop("device") == "" || coded || t.DeviceUnknown {
		l.Fresh = x.now()
	}
	must, err := x.store.Get(ctx, enrollKey(l.Username))
	if err != nil {
		return reply{}, err
	}
	l.MustEnroll = must != nil
	if x.id, err = x.begin(ctx, l); err != nil {
		return reply{}, err
	}
	x.put("login", x.id)
	x.login = &l
	return redirect("/")
}

type newPasswordData struct{ Required []string }

func (x *exchange) newPasswordPage() (reply, error) {
	ch, err := challenge[*cognitomfa.NewPasswordChallenge](x)
	if err != nil {
		return reply{}, err
	}
	return reply{page: "new-password", data: newPasswordData{ch.Required}}, nil
}

func (x *exchange) newPassword() (reply, error) {
	ch, err := challenge[*cognitomfa.NewPasswordChallenge](x)
	if err != nil {
		return reply{}, err
	}
	data := newPasswordData{ch.Required}
	password := x.r.PostFormValue("password")
	if password != x.r.PostFormValue("repeated") {
		return reply{status: http.StatusUnprocessableEntity, page: "new-password", data: data, problem: "not-repeated"}, nil
	}
	attributes := make(map[string]string)
	for _, name := range ch.Required {
		attributes[name] = x.r.PostFormValue("attribute." + name)
	}
	outcome, err := x.client.SetNewPassword(x.r.Context(), ch, password, attributes,
		func(o *cognitomfa.AnswerOptions) { o.CallOptions = x.call() })
	if err != nil {
		return x.again("new-password", data, err)
	}
	return x.proceed(outcome, false)
}

func (x *exchange) methodPage() (reply, error) {
	ch, err := challenge[*cognitomfa.SelectChallenge](x)
	return reply{page: "method", data: ch}, err
}

func (x *exchange) method() (reply, error) {
	ch, err := challenge[*cognitomfa.SelectChallenge](x)
	if err != nil {
		return reply{}, err
	}
	method := cognitomfa.Method(x.r.PostFormValue("method"))
	outcome, err := x.client.SelectMFA(x.r.Context(), ch, method,
		func(o *cognitomfa.AnswerOptions) { o.CallOptions = x.call() })
	if err != nil {
		return x.again("method", ch, err)
	}
	return x.proceed(outcome, false)
}

func (x *exchange) codePage() (reply, error) {
	ch, err := challenge[*cognitomfa.MFAChallenge](x)
	return reply{page: "code", data: ch}, err
}

func (x *exchange) code() (reply, error) {
	ch, err := challenge[*cognitomfa.MFAChallenge](x)
	if err != nil {
		return reply{}, err
	}
	if err := x.attempt(codes, ch.Username); err != nil {
		return reply{}, err
	}
	x.put("remember", x.r.PostFormValue("remember"))
	ctx := x.r.Context()
	outcome, err := x.client.RespondMFA(ctx, ch, x.r.PostFormValue("code"),
		func(o *cognitomfa.AnswerOptions) { o.CallOptions = x.call() })
	if err != nil {
		return x.again("code", ch, err)
	}
	x.succeeded(ctx, codes, ch.Username)
	return x.proceed(outcome, true)
}

// unknownStep ends a sign-in that asks for something that the service does not know. Nobody is let in.
func (x *exchange) unknownStep() (reply, error) {
	x.drop("challenge")
	return reply{status: http.StatusNotImplemented, page: "message", data: "unknown-step"}, nil
}
