package main

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/cognitomfa/cognitomfa"
)

func (x *exchange) signIn() (reply, error) {
	if x.login != nil {
		return redirect("/")
	}
	account := strings.TrimSpace(x.r.PostFormValue("account"))
	if !x.post() {
		return page("sign-in", account)
	}
	x.drop("challenge", "uri", "codes", "remember", "device", "forget", "recovered", "next")
	device, err := x.device(account)
	if err != nil {
		return reply{}, err
	}
	x.put("account", account)
	x.put("device", device)
	return x.begin("sign-in", account)
}

// begin checks a password and proceeds to the next step.
func (x *exchange) begin(name, account string) (reply, error) {
	if err := x.attempt(signIns, account); err != nil {
		return reply{}, err
	}
	outcome, err := x.client.SignIn(x.r.Context(), account, x.r.PostFormValue("password"),
		func(o *cognitomfa.SignInOptions) { o.CallOptions = x.call() })
	if problem(err) == "wrong-credentials" {
		return invalid(name, account, "wrong-credentials")
	} else if err != nil {
		return reply{}, err
	}
	if ch, ok := outcome.(*cognitomfa.MFAChallenge); ok && ch.DeviceUnknown {
		x.drop("device")
		err = x.dropDevice()
	}
	if err != nil {
		return reply{}, err
	}
	return x.proceed(outcome, false)
}

// call returns the options of every step of a sign-in.
func (x *exchange) call() cognitomfa.CallOptions {
	device, _ := cognitomfa.ParseDevice(x.get("device"))
	return cognitomfa.CallOptions{
		Context: cognitomfa.ContextFromRequest(x.r, x.address().String()), Device: device,
	}
}

// proceed redirects to the page of the next step. It renews the session ID each time, to prevent
// session fixation.
func (x *exchange) proceed(outcome cognitomfa.Outcome, coded bool) (reply, error) {
	if err := x.sessions.RenewToken(x.r.Context()); err != nil {
		return reply{}, failed(err)
	}
	if ch, ok := outcome.(cognitomfa.Challenge); ok {
		x.put("challenge", ch.Token())
	}
	switch o := outcome.(type) {
	case *cognitomfa.Tokens:
		return x.finish(o, coded)
	case *cognitomfa.NewPasswordChallenge:
		return redirect("/new-password")
	case *cognitomfa.SelectChallenge:
		return redirect("/method")
	case *cognitomfa.MFAChallenge:
		return redirect("/code")
	case *cognitomfa.SetupChallenge:
		x.drop("login") // of a step-up without an authenticator: this is a new sign-in
		if slices.Contains(o.Methods, cognitomfa.MethodTOTP) {
			return redirect("/setup")
		}
	case *cognitomfa.PasswordChallenge, *cognitomfa.OtherChallenge: // no call here returns them
	}
	x.drop("challenge")
	return redirect("/unknown-step") // nobody is let in
}

// step returns the handler of the page and form of a challenge.
func step[T cognitomfa.Challenge](
	name string, answer func(*exchange, T) (cognitomfa.Outcome, error),
) handler {
	return func(x *exchange) (reply, error) {
		ch, err := challenge[T](x)
		if err != nil || !x.post() {
			return reply{page: name, data: ch}, err
		}
		outcome, err := answer(x, ch)
		if err != nil {
			return x.again(name, ch, err)
		}
		_, coded := any(ch).(*cognitomfa.MFAChallenge)
		return x.proceed(outcome, coded)
	}
}

// challenge returns the challenge in the session if it is of the type that the page is for.
func challenge[T cognitomfa.Challenge](x *exchange) (T, error) {
	ch, err := cognitomfa.ParseChallenge(x.get("challenge"))
	kind, ok := ch.(T)
	if err == nil && !ok {
		err = &cognitomfa.Error{Op: "sign in", Kind: cognitomfa.ErrSessionUsed}
	}
	return kind, err
}

func newPassword(x *exchange, ch *cognitomfa.NewPasswordChallenge) (cognitomfa.Outcome, error) {
	if x.r.PostFormValue("password") != x.r.PostFormValue("repeated") {
		return nil, errNotRepeated
	}
	attributes := make(map[string]string)
	for _, name := range ch.Required {
		attributes[name] = x.r.PostFormValue("attribute." + name)
	}
	return x.client.SetNewPassword(x.r.Context(), ch, x.r.PostFormValue("password"), attributes,
		func(o *cognitomfa.AnswerOptions) { o.CallOptions = x.call() })
}

func chooseMethod(x *exchange, ch *cognitomfa.SelectChallenge) (cognitomfa.Outcome, error) {
	return x.client.SelectMFA(x.r.Context(), ch, cognitomfa.Method(x.r.PostFormValue("method")),
		func(o *cognitomfa.AnswerOptions) { o.CallOptions = x.call() })
}

func enterCode(x *exchange, ch *cognitomfa.MFAChallenge) (cognitomfa.Outcome, error) {
	if err := x.attempt(codes, ch.Username); err != nil {
		return nil, err
	}
	x.put("remember", x.r.PostFormValue("remember"))
	outcome, err := x.client.RespondMFA(x.r.Context(), ch, x.r.PostFormValue("code"),
		func(o *cognitomfa.AnswerOptions) { o.CallOptions = x.call() })
	if err == nil {
		x.codeAccepted(ch.Username)
	}
	return outcome, err
}

// finish creates a login from the tokens, or records a step-up in the current one.
func (x *exchange) finish(t *cognitomfa.Tokens, coded bool) (reply, error) {
	ctx := x.r.Context()
	access, err := x.verifier.VerifyAccess(ctx, t.Access.Reveal())
	if err != nil {
		return reply{}, err
	}
	id, err := x.verifier.VerifyID(ctx, t.ID.Reveal())
	if err != nil {
		return reply{}, err
	}
	x.drop("challenge", "uri")
	if x.login != nil {
		return x.steppedUp(t, access.Username, coded)
	}
	must, err := x.store.Get(ctx, enrollKey(access.Username))
	if err != nil {
		return reply{}, err
	}
	since, err := x.since(ctx, access.Username)
	if err != nil {
		return reply{}, err
	}
	l := &login{
		Username: access.Username, Email: id.Email, Groups: access.Groups, Tokens: t.Plain(),
		Since: since, Until: x.now().Add(loginLife), Coded: coded, MustEnroll: must != nil,
	}
	if x.get("device") == "" || coded || t.DeviceUnknown {
		l.Fresh = x.now() // otherwise a device replaced the code
	}
	if err := x.keepDevice(t, l); err != nil {
		return reply{}, err
	}
	x.id, x.login = rand.Text(), l
	x.put("login", x.id)
	if err := save(ctx, x.store, loginKey(x.id), l, loginLife); err != nil {
		return reply{}, err
	}
	return redirect("/")
}
