package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa"
)

// remembered is a computer that needs no code. The browser only has a random ID for it. The server
// enforces the end after 30 days.
type remembered struct {
	Account, Username string
	Token             string // Device.Token
	Since             time.Time
}

func deviceKey(id string) string { return "device:" + id }

// device returns the token of the device to sign in with, or "" if this browser has none for this
// user.
func (x *exchange) device(account string) (string, error) {
	cookie, err := x.r.Cookie(x.cookie("device"))
	if err != nil {
		return "", nil //nolint:nilerr // No cookie, no device.
	}
	ctx := x.r.Context()
	known, err := load[remembered](ctx, x.store, deviceKey(cookie.Value))
	if err != nil || known == nil || !strings.EqualFold(account, known.Account) {
		return "", err
	}
	over, err := x.ended(ctx, known.Username, known.Since)
	if err != nil {
		return "", err
	}
	if over || x.now().Sub(known.Since) >= deviceLife {
		x.put("forget", known.Token) // Cognito would remember it for longer
		return "", x.dropDevice()
	}
	return known.Token, nil
}

// dropDevice forgets the device of this browser.
func (x *exchange) dropDevice() error {
	cookie, err := x.r.Cookie(x.cookie("device"))
	if err != nil {
		return nil //nolint:nilerr // No cookie, no device.
	}
	return x.store.Delete(x.r.Context(), deviceKey(cookie.Value))
}

// keepDevice confirms the device of a new sign-in, which its refresh token requires, and remembers
// it if the user wants that. The support desk always needs a code.
func (x *exchange) keepDevice(t *cognitomfa.Tokens, l *login) error {
	ctx := x.r.Context()
	if old, err := cognitomfa.ParseDevice(x.pop("forget")); err == nil {
		if err := x.client.ForgetDevice(ctx, t.Access.Reveal(), old.Key); err != nil {
			x.log.Warn("device not forgotten", "error", err)
		}
	}
	remember := x.pop("remember") != "" && l.Coded && !l.support()
	l.Device = x.pop("device")
	if t.DeviceKey == "" {
		return nil // signed in with a device, or the pool tracks none
	}
	device, err := x.client.RememberDevice(ctx, t, "",
		func(o *cognitomfa.RememberOptions) { o.ConfirmOnly = !remember })
	if err != nil {
		x.log.Warn("device not remembered", "error", err)
		remember = false
	}
	if device != nil { // without it the login ends with its access token
		l.Device = device.Token()
	}
	if !remember {
		return nil
	}
	id := rand.Text()
	x.cookies = append(x.cookies, x.newCookie("device", id, deviceLife))
	known := remembered{
		Account: x.get("account"), Username: l.Username, Token: l.Device, Since: l.Since,
	}
	return save(ctx, x.store, deviceKey(id), known, 2*deviceLife)
}

// newCookie returns a cookie that scripts cannot read. It is only sent over TLS if the service has
// TLS.
func (s *service) newCookie(name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure where there is TLS.
		Name: s.cookie(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	}
}

// cookie returns the name of a cookie. With the prefix __Host-, no other host and no page without
// TLS can set it.
func (s *service) cookie(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

func (s *service) secure() bool { return s.origin.Scheme == "https" }
