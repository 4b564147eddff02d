package token

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// refetchPause is how long after a fetch there is none for an unknown key. Otherwise, tokens
	// with made-up key names would cause a fetch each.
	refetchPause = 10 * time.Second

	// retryPause replaces it after a failure that left no keys to use. Nothing works without keys,
	// so it is short.
	retryPause = time.Second
)

// keySet is the keys of one address.
//
// The keys in use are immutable behind an atomic pointer, so callers who find their key wait for
// nobody. Others start a fetch, or join the one under way, and wait for it as long as their own
// contexts allow. The fetch belongs to none of them: it has its own goroutine, which ends with it,
// and its result counts even if all callers have left. Thus impatient callers get keys, and callers
// who hang up neither prevent a fetch nor cause more than one per pause.
type keySet struct {
	remote *remote // nil: the keys are static
	now    func() time.Time
	maxAge time.Duration // zero: keys do not age

	held atomic.Pointer[keys] // nil until there are keys

	mu      sync.Mutex
	flight  *flight           // the fetch under way, nil if there is none
	landed  time.Time         // when the last fetch ended
	failure *unavailableError // why the last fetch failed, nil if it did not
}

// keys are what a fetch returned.
type keys struct {
	byName map[string]*rsa.PublicKey
	asked  time.Time // when the fetch began
}

// flight is a fetch under way. The other fields may be read when done is closed.
type flight struct {
	done chan struct{}
	keys map[string]*rsa.PublicKey
	err  error
}

func newKeySet(src source, jwks []byte, now func() time.Time) (*keySet, error) {
	s := &keySet{now: now, maxAge: src.maxAge}
	var err error
	if src.address != "" {
		if s.remote, err = newRemote(src.address, src.client); err != nil {
			return nil, err
		}
	}
	if jwks != nil {
		parsed, err := parseJWKS(jwks)
		if err != nil {
			return nil, err
		}
		s.held.Store(&keys{byName: parsed, asked: wall(now())})
	}
	return s, nil
}

// key returns the key with that name. Its errors are ErrUnknownKey and ErrKeysUnavailable.
func (s *keySet) key(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	if key := s.usable()[kid]; key != nil {
		return key, nil
	}
	if s.remote == nil {
		return nil, ErrUnknownKey
	}
	s.mu.Lock()
	if key := s.usable()[kid]; key != nil { // A fetch has ended in between.
		s.mu.Unlock()
		return key, nil
	}
	if s.flight == nil {
		if rest := s.pause(); rest > 0 {
			err := s.tooEarly(rest)
			s.mu.Unlock()
			return nil, err
		}
		s.launch()
	}
	f := s.flight
	s.mu.Unlock()

	fetched, err := f.wait(ctx)
	if err != nil {
		return nil, err
	}
	if key := fetched[kid]; key != nil {
		return key, nil
	}
	return nil, ErrUnknownKey
}

// hydrate fetches the keys if there are none. It does not wait for the pause to end, because the
// program has asked for the fetch, not a token.
func (s *keySet) hydrate(ctx context.Context) error {
	if s.remote == nil || s.usable() != nil {
		return nil
	}
	f, _ := s.join()
	_, err := f.wait(ctx)
	return err
}

// refresh fetches the keys in any case. A fetch that is already under way does not count: it may
// have been answered before the caller knew of a reason to ask.
func (s *keySet) refresh(ctx context.Context) error {
	if s.remote == nil {
		return nil
	}
	f, begun := s.join()
	if begun {
		if _, err := f.wait(ctx); err != nil && ctx.Err() != nil {
			return err
		}
		f, _ = s.join()
	}
	_, err := f.wait(ctx)
	return err
}

// usable returns the keys that may be used now, nil if there are none.
func (s *keySet) usable() map[string]*rsa.PublicKey {
	held := s.held.Load()
	if held == nil {
		return nil
	}
	if s.maxAge > 0 {
		switch age := s.age(held); {
		case age >= s.maxAge:
			return nil
		case age >= s.maxAge/2:
			s.renew()
		}
	}
	return held.byName
}

// age returns how long ago the keys were asked for. If the clock was set back, nobody knows, so
// they are as old as may be.
func (s *keySet) age(held *keys) time.Duration {
	age := wall(s.now()).Sub(held.asked)
	if age < 0 {
		return s.maxAge
	}
	return age
}

// renew starts a fetch that nobody waits for, unless there is a reason not to. Neither does it wait
// for the lock, because it is called where keys are found: whoever has the lock will do it.
func (s *keySet) renew() {
	if s.mu.TryLock() {
		if s.flight == nil && s.pause() == 0 {
			s.launch()
		}
		s.mu.Unlock()
	}
}

// join starts a fetch, or returns the one that has already begun.
func (s *keySet) join() (f *flight, begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun = s.flight != nil
	if !begun {
		s.launch()
	}
	return s.flight, begun
}

// pause returns for how long there must be no fetch for an unknown key. A clock that was set back
// does not prolong it. The caller holds the lock.
func (s *keySet) pause() time.Duration {
	pause := refetchPause
	if held := s.held.Load(); held == nil || s.maxAge > 0 && s.age(held) >= s.maxAge {
		if s.failure == nil {
			return 0 // Nothing was tried, or what it brought is too old.
		}
		pause = retryPause
	}
	since := s.now().Sub(s.landed)
	if since < 0 {
		return 0
	}
	return max(0, pause-since)
}

// tooEarly returns the error of a caller who comes in the pause. The caller holds the lock.
func (s *keySet) tooEarly(rest time.Duration) error {
	if s.failure != nil {
		return s.failure.after(rest)
	}
	return &unavailableError{reason: "the key was unknown at the last fetch", retry: rest}
}

// launch starts a fetch. The caller holds the lock.
//
//nolint:contextcheck,nolintlint // Detached on purpose. contextcheck applies this to the callers.
func (s *keySet) launch() {
	f := &flight{done: make(chan struct{}), err: errors.New("the HTTP client ended the fetch")}
	asked := wall(s.now())
	s.flight = f
	go func() {
		defer s.land(f, asked)
		f.keys, f.err = s.remote.fetch()
	}()
}

// land ends a fetch, whichever way it went: a panic of the HTTP client, too, is only a failure, as
// there is no caller to pass it on to. If the fetch failed, the keys stay as they are.
func (s *keySet) land(f *flight, asked time.Time) {
	if r := recover(); r != nil {
		f.err = fmt.Errorf("the HTTP client panicked: %v", r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight, s.landed, s.failure = nil, s.now(), nil
	if f.err == nil {
		s.held.Store(&keys{byName: f.keys, asked: asked})
	} else {
		s.failure = s.remote.unavailable(f.err)
		f.err = s.failure.after(s.pause())
	}
	close(f.done)
}

// wait returns the keys that the fetch brings, unless the context ends first.
func (f *flight) wait(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	select {
	case <-f.done:
		return f.keys, f.err
	case <-ctx.Done():
		err := ctx.Err()
		return nil, &unavailableError{reason: err.Error(), cause: err, retry: retryPause}
	}
}

// wall strips the monotonic reading, which stands still while a machine is suspended.
func wall(t time.Time) time.Time { return t.Round(0) }
