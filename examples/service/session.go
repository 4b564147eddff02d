package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cognitomfa/cognitomfa"
)

// How long things last.
const (
	loginLife    = 12 * time.Hour      // of a sign-in, however often it is refreshed
	freshLife    = 5 * time.Minute     // of a step-up
	deviceLife   = 30 * 24 * time.Hour // of a remembered computer
	underLock    = 8 * time.Second     // of work under a lock
	refreshAhead = time.Minute         // before the access token expires
)

// login is a signed-in user. It is in the Store and not in the session: two requests that write one
// session overwrite each other, while a login is only written under its lock and stays deleted once
// deleted.
type login struct {
	Username string // as Cognito knows the user
	Email    string
	Groups   []string
	Tokens   cognitomfa.PlainTokens
	Device   string // Device.Token; Refresh needs it where the pool tracks devices
	Since    time.Time
	Until    time.Time
	// Fresh is when the user last completed all steps that the pool requires, and Coded whether
	// that included a code.
	Fresh time.Time
	Coded bool
	// MustEnroll means that the authenticator was reset: the user can only enroll a new one.
	MustEnroll bool
}

func loginKey(id string) string   { return "login:" + id }
func endedKey(user string) string { return "ended:" + user }

// find returns the login with this ID, with an access token that does not expire soon, or nil if it
// has ended.
func (s *service) find(ctx context.Context, id string) (*login, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // Nobody is signed in, which is no error.
	}
	l, err := load[login](ctx, s.store, loginKey(id))
	if err != nil || l == nil || !s.now().Before(l.Until) {
		return nil, err
	}
	if over, err := s.ended(ctx, l.Username, l.Since); err != nil || over {
		return nil, err
	}
	if s.now().Before(l.Tokens.ExpiresAt.Add(-refreshAhead)) {
		return l, nil
	}
	return s.refresh(ctx, id)
}

// refresh gets new tokens, once for all parallel requests on all instances. It continues when the
// browser hangs up, because losing a rotated token would end the sign-in.
func (s *service) refresh(ctx context.Context, id string) (*login, error) {
	l, err := s.update(ctx, id, func(ctx context.Context, l *login) error {
		if s.now().Before(l.Tokens.ExpiresAt.Add(-refreshAhead)) {
			return errUnchanged // another request has refreshed it
		}
		device, _ := cognitomfa.ParseDevice(l.Device)
		t, err := s.client.Refresh(ctx, l.Tokens.RefreshToken,
			func(o *cognitomfa.RefreshOptions) { o.Device = device })
		if err != nil {
			return err
		}
		tokens := t.Plain()
		l.Tokens.RefreshToken = tokens.RefreshToken // the previous one may be invalid
		claims, err := s.verifier.VerifyAccess(ctx, t.Access.Reveal())
		if err != nil { // The keys may be unavailable: keep the previous access token.
			return errors.Join(err, s.keep(ctx, id, l))
		}
		l.Tokens, l.Groups = tokens, claims.Groups
		return nil
	})
	switch {
	case errors.Is(err, cognitomfa.ErrRefreshToken):
		return nil, s.store.Delete(ctx, loginKey(id))
	case err != nil && l != nil && s.now().Before(l.Tokens.ExpiresAt):
		s.log.Warn("refresh", "error", err) // the next request retries
		return l, nil
	}
	return l, err
}

var errUnchanged = errors.New("unchanged")

// update changes a login under its lock. It returns the new login, or nil if it has ended.
func (s *service) update(
	ctx context.Context, id string, change func(context.Context, *login) error,
) (*login, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), underLock)
	defer cancel()
	unlock, err := s.store.Lock(ctx, loginKey(id))
	if err != nil {
		return nil, err
	}
	defer unlock()
	l, err := load[login](ctx, s.store, loginKey(id))
	if err != nil || l == nil {
		return nil, err
	}
	if err := change(ctx, l); errors.Is(err, errUnchanged) {
		return l, nil
	} else if err != nil {
		return l, err
	}
	return l, s.keep(ctx, id, l)
}

// keep stores a login until it ends.
func (s *service) keep(ctx context.Context, id string, l *login) error {
	return save(ctx, s.store, loginKey(id), *l, max(l.Until.Sub(s.now()), time.Second))
}

// end ends all logins and remembered computers of a user at once, on every instance. SignOut,
// SignOutUser and ResetTOTP end Cognito's tokens.
func (s *service) end(ctx context.Context, user string) error {
	return save(ctx, s.store, endedKey(user), s.now(), 2*deviceLife)
}

// since returns the start time for a new login or device. It is after the last end, even if the
// instance's clock is behind.
func (s *service) since(ctx context.Context, user string) (time.Time, error) {
	now := s.now()
	at, err := load[time.Time](ctx, s.store, endedKey(user))
	if at != nil && !now.After(*at) {
		now = at.Add(time.Nanosecond)
	}
	return now, err
}

// ended reports whether what a user began at this time has been ended.
func (s *service) ended(ctx context.Context, user string, since time.Time) (bool, error) {
	at, err := load[time.Time](ctx, s.store, endedKey(user))
	return at != nil && !since.After(*at), err
}

func (s *service) fresh(l *login) bool { return s.now().Sub(l.Fresh) < freshLife }

func (l *login) support() bool { return slices.Contains(l.Groups, supportGroup) }
