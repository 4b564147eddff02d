package token

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// refetchPause is how long an unknown key is not looked for after the last fetch, or tokens with invented keys would
	// make a fetch each.
	refetchPause = 10 * time.Second

	// retryPause is how long the first fetch is not repeated after it failed. Without keys nothing works, so it is short.
	retryPause = time.Second

	// fetchTimeout bounds one fetch, to the last byte.
	fetchTimeout = 5 * time.Second

	// linger is how long a fetch for an unknown key goes on after its caller has gone.
	linger = time.Second

	// maxJWKS bounds the answer to a fetch, in bytes. Cognito's has about 1,000.
	maxJWKS = 64 << 10
)

// keySet is the keys of one pool.
//
// The keys in use are an immutable map behind an atomic pointer, so those who find their key there wait for nobody. The
// others take turns. The first one fetches, in its own goroutine; those behind it find the keys when their turn comes,
// or, if its context ended before, fetch in its stead. Thus there is one fetch for all who wait, nobody waits longer than
// his context says, and no goroutine is left behind.
type keySet struct {
	url    string // empty: the keys are static
	client *http.Client
	now    func() time.Time

	keys atomic.Pointer[map[string]*rsa.PublicKey] // nil until there are keys

	turn    chan struct{} // holds a value while somebody has the turn, to whom what follows belongs
	tried   time.Time     // when the last fetch ended
	failure error         // its error
}

func newKeySet(url string, jwks []byte, client *http.Client, now func() time.Time) (*keySet, error) {
	s := &keySet{url: url, client: &http.Client{}, now: now, turn: make(chan struct{}, 1)}
	if client != nil {
		*s.client = *client
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if jwks != nil {
		keys, err := parseJWKS(jwks)
		if err != nil {
			return nil, err
		}
		s.keys.Store(&keys)
	}
	return s, nil
}

// key returns the key of that name. Its errors are ErrUnknownKey and ErrKeysUnavailable.
func (s *keySet) key(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	if key := s.cached(kid); key != nil {
		return key, nil
	}
	if s.url == "" {
		return nil, ErrUnknownKey
	}
	if err := s.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer s.passTurn()

	if key := s.cached(kid); key != nil {
		return key, nil
	}
	if s.pausing() {
		if s.failure != nil {
			// The text only: what ended somebody else's context is no property of this call.
			return nil, fmt.Errorf("%w: %s", ErrKeysUnavailable, s.failure.Error())
		}
		return nil, ErrUnknownKey
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	if key := s.cached(kid); key != nil {
		return key, nil
	}
	return nil, ErrUnknownKey
}

// hydrate fetches the keys unless there are some. It is the caller's own wish, so it knows no pause.
func (s *keySet) hydrate(ctx context.Context) error {
	if s.keys.Load() != nil {
		return nil
	}
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	defer s.passTurn()
	if s.keys.Load() != nil {
		return nil
	}
	return s.refresh(ctx)
}

func (s *keySet) cached(kid string) *rsa.PublicKey {
	keys := s.keys.Load()
	if keys == nil {
		return nil
	}
	return (*keys)[kid]
}

func (s *keySet) takeTurn(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrKeysUnavailable, ctx.Err())
	}
}

func (s *keySet) passTurn() { <-s.turn }

// pausing reports whether it is too early for another fetch. A clock that was set back does not prolong the pause.
func (s *keySet) pausing() bool {
	pause := retryPause
	if s.keys.Load() != nil {
		pause = refetchPause
	}
	since := s.now().Sub(s.tried)
	return !s.tried.IsZero() && since >= 0 && since < pause
}

// refresh replaces the keys by those it fetches. If that fails, the keys stay as they are.
func (s *keySet) refresh(ctx context.Context) error {
	fetchCtx := ctx
	first := s.keys.Load() == nil
	if !first {
		var cancel context.CancelFunc
		fetchCtx, cancel = lingering(ctx)
		defer cancel()
	}
	keys, err := s.fetch(fetchCtx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
	} else {
		s.keys.Store(&keys)
	}
	// A first fetch that only its caller's context ended is as good as none: the next in turn makes another.
	if err == nil || !first || ctx.Err() == nil {
		s.tried, s.failure = s.now(), err
	}
	return err
}

// lingering returns a context that ends a while after ctx does. A fetch for an unknown key counts even if it was broken
// off, or bogus tokens sent by clients that hang up would make a fetch each. So it must not break off because of them.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(linger, cancel) })
	return out, func() { stop(); cancel() }
}

// fetch downloads the keys.
func (s *keySet) fetch(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Close = true // The next fetch may be years away.

	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // Everything of use has been read.
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("JWKS: status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxJWKS+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxJWKS {
		return nil, errors.New("JWKS: too long")
	}
	return parseJWKS(body)
}
