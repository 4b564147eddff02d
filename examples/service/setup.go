package main

import (
	"context"
	"errors"
	"html/template"

	"github.com/cognitomfa/cognitomfa"
)

func enrollKey(user string) string { return "enroll:" + user }

type setupData struct {
	QR              template.HTML
	Link            template.URL
	Key             string
	Issuer, Account string
	Replaces        bool
}

func (x *exchange) setupPage() (reply, error) {
	data, err := x.setupData()
	return reply{page: "setup", data: data}, err
}

func (x *exchange) setupData() (*setupData, error) {
	e, err := x.enrollment()
	if err != nil {
		return nil, err
	}
	svg, err := e.SVG()
	if err != nil {
		return nil, err
	}
	data := &setupData{
		QR:   template.HTML(svg),    //nolint:gosec // The library made it.
		Link: template.URL(e.URI()), //nolint:gosec // The library made it.
		Key:  e.Grouped(), Issuer: e.Key.Issuer, Account: e.Key.Account,
	}
	if x.login != nil {
		status, err := x.client.Status(x.r.Context(), x.login.Tokens.AccessToken)
		if err != nil {
			return nil, err
		}
		data.Replaces = status.TOTP()
	}
	return data, nil
}

// enrollment returns the key that the session holds: after a reload or a wrong code it is still the one that was
// scanned. If the session has none, it is a new one.
func (x *exchange) enrollment() (*cognitomfa.Enrollment, error) {
	if uri := x.get("uri"); uri != "" {
		return cognitomfa.ParseEnrollment(uri)
	}
	named := func(o *cognitomfa.EnrollOptions) { o.Account = x.get("account") }
	ctx := x.r.Context()
	var e *cognitomfa.Enrollment
	if x.login != nil {
		var err error
		if e, err = x.client.Enroll(ctx, x.login.Tokens.AccessToken, named); err != nil {
			return nil, err
		}
	} else {
		ch, err := challenge[*cognitomfa.SetupChallenge](x)
		if err != nil {
			return nil, err
		}
		if e, err = x.client.EnrollSetup(ctx, ch, named); err != nil {
			return nil, err
		}
		x.put("challenge", e.Setup.Token())
	}
	x.put("uri", e.URI())
	return e, nil
}

// newKey is for keys that were lost on the way, or that a later enrollment elsewhere has replaced.
func (x *exchange) newKey() (reply, error) {
	x.drop("uri")
	return redirect("/setup")
}

func (x *exchange) setup() (reply, error) {
	if x.get("uri") == "" {
		return redirect("/setup")
	}
	if x.login == nil {
		return x.setupInSignIn()
	}
	ctx, access := x.r.Context(), x.login.Tokens.AccessToken
	if err := x.attempt(codes, x.login.Username); err != nil {
		return reply{}, err
	}
	err := x.client.Verify(ctx, access, x.r.PostFormValue("code"))
	if errors.Is(err, cognitomfa.ErrNotEnabled) {
		err = x.client.Enable(ctx, access)
	}
	if err != nil {
		return x.setupAgain(err)
	}
	x.drop("uri")
	return x.enrolled()
}

func (x *exchange) setupInSignIn() (reply, error) {
	ch, err := challenge[*cognitomfa.SetupChallenge](x)
	if err != nil {
		return reply{}, err
	}
	if err := x.attempt(codes, ch.Username); err != nil {
		return reply{}, err
	}
	ctx := x.r.Context()
	outcome, err := x.client.VerifySetup(ctx, ch, x.r.PostFormValue("code"),
		func(o *cognitomfa.SetupOptions) { o.CallOptions = x.call() })
	tokens, done := outcome.(*cognitomfa.Tokens)
	if errors.Is(err, cognitomfa.ErrNotEnabled) && done {
		err = x.client.Enable(ctx, tokens.Access.Reveal())
	}
	switch {
	case err != nil:
		return x.setupAgain(err)
	case !done:
		return x.proceed(outcome, true)
	}
	if rep, err := x.proceed(tokens, true); err != nil {
		return rep, err
	}
	return x.enrolled()
}

func (x *exchange) setupAgain(err error) (reply, error) {
	data, failed := x.setupData()
	if failed != nil {
		return reply{}, failed
	}
	return x.again("setup", data, err)
}

// enrolled ends what was begun without the new authenticator: logins and remembered computers. No other
// program has tokens of this app client, so it is enough to end them here.
func (x *exchange) enrolled() (reply, error) {
	ctx, user := x.r.Context(), x.login.Username
	x.succeeded(ctx, codes, user)
	if err := x.end(ctx, user); err != nil {
		return reply{}, err
	}
	if err := x.store.Delete(ctx, enrollKey(user)); err != nil {
		return reply{}, err
	}
	_, err := x.update(ctx, x.id, func(_ context.Context, l *login) error {
		l.Since, l.Fresh, l.Coded, l.MustEnroll = x.now(), x.now(), true, false
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	x.notify(x, user, "authenticator set up")
	return x.newRecoveryCodes()
}
