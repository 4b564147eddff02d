package main

import (
	"context"
	"errors"
	"html/template"

	"github.com/cognitomfa/cognitomfa"
)

// enrollKey is the key of the mark that a user must enroll at the next sign-in.
func enrollKey(user string) string { return "enroll:" + user }

// setupPage is an enrollment for the template.
type setupPage struct {
	*cognitomfa.Enrollment
	QR   template.HTML
	Link template.URL
}

// setUp enrolls a signed-in user, or one who must enroll to complete the sign-in.
func (x *exchange) setUp() (reply, error) {
	e, err := x.enrollment()
	if err != nil {
		return reply{}, err
	}
	svg, err := e.SVG()
	if err != nil {
		return reply{}, err
	}
	//nolint:gosec // The library made them.
	data := setupPage{Enrollment: e, QR: template.HTML(svg), Link: template.URL(e.URI())}
	if !x.post() {
		return page("setup", data)
	}
	if x.login == nil {
		err = x.verifySetup()
	} else {
		err = x.verify()
	}
	if err != nil {
		return x.again("setup", data, err)
	}
	return x.enrolled()
}

// enrollment returns the key in the session, so that a reload or a wrong code does not change the
// scanned key. If the session has none, it gets a new one.
func (x *exchange) enrollment() (e *cognitomfa.Enrollment, err error) {
	if uri := x.get("uri"); uri != "" {
		return cognitomfa.ParseEnrollment(uri)
	}
	named := func(o *cognitomfa.EnrollOptions) { o.Account = x.get("account") }
	if x.login != nil {
		e, err = x.client.Enroll(x.r.Context(), x.login.Tokens.AccessToken, named)
	} else if ch, failed := challenge[*cognitomfa.SetupChallenge](x); failed != nil {
		return nil, failed
	} else if e, err = x.client.EnrollSetup(x.r.Context(), ch, named); err == nil {
		x.put("challenge", e.Setup.Token())
	}
	if err == nil {
		x.put("uri", e.URI())
	}
	return e, err
}

// newKey replaces a key that was lost, or that an enrollment elsewhere has replaced.
func (x *exchange) newKey() (reply, error) {
	x.drop("uri")
	return redirect("/setup")
}

func (x *exchange) verify() error {
	if err := x.attempt(codes, x.login.Username); err != nil {
		return err
	}
	ctx, access := x.r.Context(), x.login.Tokens.AccessToken
	err := x.client.Verify(ctx, access, x.r.PostFormValue("code"))
	if errors.Is(err, cognitomfa.ErrNotEnabled) {
		err = x.client.Enable(ctx, access)
	}
	return err
}

func (x *exchange) verifySetup() error {
	ch, err := challenge[*cognitomfa.SetupChallenge](x)
	if err != nil {
		return err
	}
	if err := x.attempt(codes, ch.Username); err != nil {
		return err
	}
	ctx := x.r.Context()
	outcome, err := x.client.VerifySetup(ctx, ch, x.r.PostFormValue("code"),
		func(o *cognitomfa.SetupOptions) { o.CallOptions = x.call() })
	tokens, done := outcome.(*cognitomfa.Tokens)
	if errors.Is(err, cognitomfa.ErrNotEnabled) && done {
		err = x.client.Enable(ctx, tokens.Access.Reveal())
	}
	if err == nil {
		_, err = x.proceed(outcome, true)
	}
	return err
}

// enrolled ends the logins and remembered computers from before the new authenticator. It is enough
// to end them here, because no other program has tokens of this app client.
func (x *exchange) enrolled() (reply, error) {
	if x.login == nil {
		return redirect("/unknown-step") // the pool requires another step after a set-up
	}
	ctx, user := x.r.Context(), x.login.Username
	x.drop("uri")
	x.codeAccepted(user)
	if err := x.end(ctx, user); err != nil {
		return reply{}, err
	}
	if err := x.store.Delete(ctx, enrollKey(user)); err != nil {
		return reply{}, err
	}
	_, err := x.update(ctx, x.id, func(ctx context.Context, l *login) (err error) {
		l.Fresh, l.Coded, l.MustEnroll = x.now(), true, false
		l.Since, err = x.since(ctx, user)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	x.notify(x, user, "authenticator set up")
	return x.makeCodes()
}
