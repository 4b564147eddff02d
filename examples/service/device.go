package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa"
)

// remembered is a computer that needs no code. The browser has a random id of it; that it ends after 30 days is
// not left to the browser.
type remembered struct {
	Account, Username string
	Token             string // Device.Token
	Since             time.Time
}

func deviceKey(id string) string { return "device:" + id }

// device returns the device to sign in with, nil if this browser has none of this user.
func (x *exchange) device(account string) (*cognitomfa.Device, error) {
	cookie, err := x.r.Cookie(x.cookie("device"))
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // No cookie, no device.
	}
	known, err := load[remembered](x.r.Context(), x.store, deviceKey(cookie.Value))
	if err != nil || known == nil || !strings.EqualFold(account, known.Account) {
		return nil, err
	}
	device, err := cognitomfa.ParseDevice(known.Token)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // Sign in without it.
	}
	over, err := x.ended(x.r.Context(), known.Username, known.Since)
	if err != nil {
		return nil, err
	}
	if over || x.now().Sub(known.Since) >= deviceLife {
		x.put("forget", device.Key) // Cognito has no limit of its own
		return nil, x.store.Delete(x.r.Context(), deviceKey(cookie.Value))
	}
	return device, nil
}

// keepDevice confirms the device of a new sign-in, without which its refresh token does not work, and remembers
// it if the user wants that.
func (x *exchange) keepDevice(t *cognitomfa.Tokens, l *login, remember bool) error {
	ctx := x.r.Context()
	if key := x.pop("forget"); key != "" {
		if err := x.client.ForgetDevice(ctx, t.Access.Reveal(), key); err != nil {
			x.log.Warn("device not forgotten", "error", err)
		}
	}
	if t.DeviceKey == "" {
		l.Device = x.get("device") // signed in with it, or the pool tracks none
		return nil
	}
	device, err := x.client.RememberDevice(ctx, t, "", func(o *cognitomfa.RememberOptions) { o.ConfirmOnly = !remember })
	if err != nil {
		x.log.Warn("device not remembered", "error", err)
		remember = false
	}
	if device == nil {
		return nil // the sign-in ends with its access token
	}
	l.Device = device.Token()
	if !remember {
		return nil
	}
	id := rand.Text()
	known := remembered{x.get("account"), l.Username, l.Device, x.now()}
	if err := save(ctx, x.store, deviceKey(id), known, 2*deviceLife); err != nil {
		return err
	}
	x.cookies = append(x.cookies, x.newCookie("device", id, deviceLife))
	return nil
}

// newCookie is one that scripts cannot read. It is sent over TLS only, if the service has it.
func (s *service) newCookie(name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: s.cookie(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	}
}

// cookie is a cookie's name. With the prefix __Host- no other host and no page without TLS can set it.
func (s *service) cookie(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

func (s *service) secure() bool { return s.origin.Scheme == "https" }
