package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

// Tests that wait run in synctest bubbles, which have their own clock and fail if a goroutine is
// left at the end.

// tokenNow returns an access token that is valid now, with this key ID.
func tokenNow(name string, changes m) string {
	now := time.Now().Unix()
	claims := with(accessClaims(), m{"auth_time": now, "iat": now, "exp": now + 3600})
	return sign(kid(name), with(claims, changes))
}

// signed caches the tokens of verifyNow, by name and second, because signing is slow.
var signed sync.Map

func verifyNow(ctx context.Context, v *token.Verifier, name string) error {
	at := fmt.Sprint(name, time.Now().Unix())
	raw, ok := signed.Load(at)
	if !ok {
		raw = tokenNow(name, nil)
		signed.Store(at, raw)
	}
	_, err := v.VerifyAccess(ctx, raw.(string))
	return err
}

// verifyWithin is verifyNow with a time limit.
func verifyWithin(
	ctx context.Context, patience time.Duration, v *token.Verifier, name string,
) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return verifyNow(ctx, v, name)
}

// jwksServer is a transport with one key set, which tests can change.
type jwksServer struct {
	delay time.Duration
	keys  []byte
	fail  transport // replaces the response if it is set

	fetches atomic.Int32
}

func (s *jwksServer) respond(r *http.Request) (*http.Response, error) {
	s.fetches.Add(1)
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if s.fail != nil {
		return s.fail(r)
	}
	return respond(200, s.keys)
}

func refuseConnection(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// verifier returns a Verifier for one issuer, whose keys come from s.
func (s *jwksServer) verifier(t *testing.T, change ...func(*token.Config)) *token.Verifier {
	t.Helper()
	cfg := fetchConfig(s.respond)
	cfg.Issuers = []string{testIssuer}
	for _, fn := range change {
		fn(&cfg)
	}
	return newVerifier(t, cfg)
}

func TestOneFetchForManyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), delay: time.Second}
		v := srv.verifier(t)
		start := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, testKID)) })
		}
		all.Wait()
		require.EqualValues(t, 1, srv.fetches.Load())
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestOneFailureForManyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{fail: hang}
		v := srv.verifier(t)
		start := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				err := verifyNow(t.Context(), v, testKID)
				assert.ErrorIs(t, err, token.ErrKeysUnavailable)
				assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context has not ended")
			})
		}
		all.Wait()
		require.EqualValues(t, 1, srv.fetches.Load())
		require.Equal(t, 5*time.Second, time.Since(start), "the time limit of a fetch")
	})
}

// An HTTP client may have a shorter time limit. Reaching it is not a broken connection, so there is
// no second attempt, and it does not look like the caller's context.
func TestClientTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{fail: hang}
		v := srv.verifier(t, func(c *token.Config) { c.HTTPClient.Timeout = time.Second })
		start := time.Now()
		err := verifyNow(t.Context(), v, testKID)
		requireOnly(t, token.ErrKeysUnavailable, err)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.EqualValues(t, 1, srv.fetches.Load())
	})
}

// If a caller's context ends, the fetch continues for the other callers and for later ones.
func TestCallersLeave(t *testing.T) {
	for _, who := range []string{"the first", "another", "all"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &jwksServer{keys: poolJWKS(), delay: 2 * time.Second}
				v := srv.verifier(t)
				start := time.Now()
				var callers sync.WaitGroup
				for i := range 3 {
					leaves := who == "all" || (who == "the first") == (i == 0)
					callers.Go(func() {
						if !leaves {
							assert.NoError(t, verifyNow(t.Context(), v, testKID))
							return
						}
						err := verifyWithin(t.Context(), time.Second, v, testKID)
						assert.ErrorIs(t, err, token.ErrKeysUnavailable)
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.Equal(t, time.Second, time.Since(start))
					})
					synctest.Wait()
				}
				callers.Wait()
				time.Sleep(2*time.Second - time.Since(start))
				synctest.Wait()
				require.NoError(t, verifyNow(t.Context(), v, testKID))
				require.EqualValues(t, 1, srv.fetches.Load())
				require.Equal(t, 2*time.Second, time.Since(start))
			})
		})
	}
}

// The package has one goroutine during a fetch, and none between fetches.
func TestGoroutines(t *testing.T) {
	goroutines := func() int {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return strings.Count(string(stacks), "created by github.com/cognitomfa/cognitomfa/token.")
	}
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), delay: 4 * time.Second}
		v := srv.verifier(t)
		require.Zero(t, goroutines())
		require.Error(t, verifyWithin(t.Context(), time.Second, v, testKID))
		require.Equal(t, 1, goroutines())
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Zero(t, goroutines())
		require.NoError(t, verifyNow(t.Context(), v, testKID))
	})
}

// A fetch succeeds even if it takes longer than any single caller waits.
func TestImpatientCallers(t *testing.T) {
	for name, tt := range map[string]struct{ jwks, patience time.Duration }{
		"2.5 s for callers of 2 s":    {2500 * time.Millisecond, 2 * time.Second},
		"4 s for callers of 3 s":      {4 * time.Second, 3 * time.Second},
		"300 ms for callers of 0.2 s": {300 * time.Millisecond, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &jwksServer{keys: poolJWKS(), delay: tt.jwks}
				v := srv.verifier(t)
				start := time.Now()
				var callers sync.WaitGroup
				for range 600 { // one minute
					callers.Go(func() {
						late := time.Since(start)+tt.patience > tt.jwks
						err := verifyWithin(t.Context(), tt.patience, v, testKID)
						if late {
							assert.NoError(t, err)
						} else {
							assert.ErrorIs(t, err, token.ErrKeysUnavailable)
						}
					})
					time.Sleep(101 * time.Millisecond)
				}
				callers.Wait()
				require.EqualValues(t, 1, srv.fetches.Load())
			})
		})
	}
}

// A key rotation succeeds even if the fetch takes longer than any single caller waits.
func TestRotationWithSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS()}
		v := srv.verifier(t)
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		srv.keys, srv.delay = keysNamed(testKID, "new"), 2100*time.Millisecond
		time.Sleep(10 * time.Second)

		start := time.Now()
		for range 500 {
			late := time.Since(start)+time.Second > srv.delay
			err := verifyWithin(t.Context(), time.Second, v, "new")
			if late {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, token.ErrKeysUnavailable)
			}
			require.NoError(t, verifyNow(t.Context(), v, testKID))
			time.Sleep(200 * time.Millisecond)
		}
		require.EqualValues(t, 2, srv.fetches.Load())
	})
}

// Clients that send made-up keys and hang up neither cause a fetch each nor delay the keys for
// others, before the first keys and during a rotation.
func TestHangUps(t *testing.T) {
	for _, delay := range []time.Duration{0, 300 * time.Millisecond, 1100 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &jwksServer{keys: poolJWKS(), delay: delay}
				v := srv.verifier(t)
				hangUps := func() {
					for range 1000 {
						require.Error(t, verifyWithin(t.Context(), time.Millisecond, v, "bogus"))
						time.Sleep(time.Millisecond)
					}
				}
				hangUps()
				require.NoError(t, verifyWithin(t.Context(), 2*time.Second, v, testKID))
				require.EqualValues(t, 1, srv.fetches.Load())

				srv.keys = keysNamed(testKID, "new")
				time.Sleep(10 * time.Second)
				hangUps()
				require.NoError(t, verifyWithin(t.Context(), 2*time.Second, v, "new"))
				require.EqualValues(t, 2, srv.fetches.Load())
			})
		})
	}
}

// Without keys, a failed fetch is repeated after a second, but not for every token.
func TestFirstFetchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), fail: func(*http.Request) (*http.Response, error) {
			return respond(503, nil)
		}}
		v := srv.verifier(t)
		for fetches := range 3 {
			for range 100 {
				err := verifyNow(t.Context(), v, testKID)
				require.ErrorIs(t, err, token.ErrKeysUnavailable)
				require.ErrorContains(t, err, "status 503")
			}
			require.EqualValues(t, fetches+1, srv.fetches.Load())
			time.Sleep(time.Second)
		}
		srv.fail = nil
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.EqualValues(t, 4, srv.fetches.Load())
	})
}

// A key is unknown if a fetch for this token did not return it. If it is too early for another
// fetch, the key is only not known yet.
func TestUnknownKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS()}
		v := srv.verifier(t)
		requireOnly(t, token.ErrUnknownKey, verifyNow(t.Context(), v, "bogus"))
		for range 100 {
			requireOnly(t, token.ErrKeysUnavailable, verifyNow(t.Context(), v, "bogus"))
			require.NoError(t, verifyNow(t.Context(), v, testKID))
		}
		srv.keys = keysNamed("new")
		time.Sleep(10*time.Second - time.Nanosecond)
		requireOnly(t, token.ErrKeysUnavailable, verifyNow(t.Context(), v, "new"))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.EqualValues(t, 1, srv.fetches.Load())

		time.Sleep(time.Nanosecond)
		require.NoError(t, verifyNow(t.Context(), v, "new"))
		requireOnly(t, token.ErrKeysUnavailable, verifyNow(t.Context(), v, testKID))
		time.Sleep(10 * time.Second)
		requireOnly(t, token.ErrUnknownKey, verifyNow(t.Context(), v, testKID))
		require.EqualValues(t, 3, srv.fetches.Load())
	})
}

// Each issuer has its own keys, host and pause.
func TestIssuersHaveTheirOwnKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := map[string]int{}
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			fetches[r.URL.Host]++
			return respond(200, keysNamed(r.URL.Host))
		}))
		updated := m{"iss": "https://" + updatedHost + "/" + testPool}

		_, err := v.VerifyAccess(t.Context(), tokenNow(updatedHost, updated))
		require.NoError(t, err)
		require.Equal(t, map[string]int{updatedHost: 1}, fetches)
		_, err = v.VerifyAccess(t.Context(), tokenNow(testHost, updated))
		requireOnly(t, token.ErrKeysUnavailable, err)

		require.NoError(t, verifyNow(t.Context(), v, testHost))
		require.Equal(t, map[string]int{updatedHost: 1, testHost: 1}, fetches)
		_, err = v.VerifyAccess(t.Context(), tokenNow(updatedHost, nil))
		requireOnly(t, token.ErrKeysUnavailable, err)

		time.Sleep(10 * time.Second)
		_, err = v.VerifyAccess(t.Context(), tokenNow(testHost, updated))
		requireOnly(t, token.ErrUnknownKey, err)
		require.Equal(t, map[string]int{updatedHost: 2, testHost: 1}, fetches)
	})
}

// Keys are fetched even if the clock goes back.
func TestClockGoesBack(t *testing.T) {
	now := testNow
	srv := &jwksServer{keys: poolJWKS()}
	v := srv.verifier(t, func(c *token.Config) { c.Now = func() time.Time { return now } })
	bogus := sign(kid("bogus"), accessClaims())
	for _, tt := range []struct {
		step    time.Duration
		want    error
		fetches int32
	}{
		{0, token.ErrUnknownKey, 1},
		{0, token.ErrKeysUnavailable, 1},
		{-time.Second, token.ErrUnknownKey, 2},
		{0, token.ErrKeysUnavailable, 2},
		{9 * time.Second, token.ErrKeysUnavailable, 2},
		{2 * time.Second, token.ErrUnknownKey, 3},
	} {
		now = now.Add(tt.step)
		_, err := v.VerifyAccess(t.Context(), bogus)
		requireOnly(t, tt.want, err)
		require.Equal(t, tt.fetches, srv.fetches.Load())
	}
}

func TestFailedFetchKeepsKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS()}
		v := srv.verifier(t)
		require.NoError(t, v.Hydrate(t.Context()))
		for name, tt := range map[string]struct {
			fail    transport
			fetches int32
		}{
			"no connection": {refuseConnection, 2},
			"no response":   {hang, 1},
			"status 500": {func(*http.Request) (*http.Response, error) {
				return respond(500, poolJWKS())
			}, 1},
			"no keys": {func(*http.Request) (*http.Response, error) {
				return respond(200, jwks())
			}, 1},
			"not JSON": {func(*http.Request) (*http.Response, error) {
				return respond(200, []byte("<html>"))
			}, 1},
			"a panic": {func(*http.Request) (*http.Response, error) { panic("x") }, 1},
			"an exit": {func(*http.Request) (*http.Response, error) {
				runtime.Goexit() // like a test's FailNow
				return respond(200, poolJWKS())
			}, 1},
		} {
			srv.fail = tt.fail
			srv.fetches.Store(0)
			time.Sleep(10 * time.Second)
			for range 100 {
				err := verifyNow(t.Context(), v, "bogus")
				require.ErrorIs(t, err, token.ErrKeysUnavailable, name)
				require.NoError(t, verifyNow(t.Context(), v, testKID), name)
			}
			require.Equal(t, tt.fetches, srv.fetches.Load(), name)
		}
	})
}

// Known keys are used at once, even during a fetch and with a context that has ended.
func TestKnownKeyDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{fail: hang}
		v := srv.verifier(t, func(c *token.Config) {
			c.JWKS, c.JWKSURL = poolJWKS(), "https://jwks.example"
		})
		start := time.Now()
		var all sync.WaitGroup
		all.Go(func() {
			assert.ErrorIs(t, verifyNow(t.Context(), v, "new"), token.ErrKeysUnavailable)
		})
		synctest.Wait()
		done, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			require.NoError(t, verifyNow(done, v, testKID))
		}
		require.Zero(t, time.Since(start))
		all.Wait()
	})
}

// Tokens that can be rejected without a key cause no fetch.
func TestBadTokensCauseNoFetch(t *testing.T) {
	srv := &jwksServer{keys: poolJWKS()}
	v := srv.verifier(t, func(c *token.Config) { c.Now = clock })
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, raw := range []string{
				"", "a.b.c", sign(with(goodHeader(), m{"alg": "HS256"}), k.claims()),
				k.token(m{"exp": 1}),
				k.token(m{"iat": testNow.Unix() + 3600}),
				k.token(m{"iss": "https://attacker.example"}),
			} {
				require.Error(t, k.verify(v, t.Context(), raw))
			}
		})
	}
	require.Zero(t, srv.fetches.Load())
}

func TestStaticKeys(t *testing.T) {
	srv := &jwksServer{keys: poolJWKS()}
	v := srv.verifier(t, func(c *token.Config) { c.JWKS, c.Now = poolJWKS(), clock })
	require.NoError(t, v.Hydrate(t.Context()))
	require.NoError(t, v.Refresh(t.Context()))
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			require.NoError(t, k.verify(v, t.Context(), sign(goodHeader(), k.claims())))
			for range 2 { // There is nothing to fetch, so the error is always the same.
				raw := sign(kid("new"), k.claims())
				requireRefused(t, token.ErrUnknownKey, k.verify(v, t.Context(), raw), raw)
			}
		})
	}
	require.Zero(t, srv.fetches.Load())
}

func TestStaticKeysToStartWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: keysNamed("new")}
		v := srv.verifier(t, func(c *token.Config) {
			c.JWKS, c.JWKSURL = poolJWKS(), "https://jwks.example"
		})
		require.NoError(t, v.Hydrate(t.Context()))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.Zero(t, srv.fetches.Load())

		require.NoError(t, verifyNow(t.Context(), v, "new"))
		require.Error(t, verifyNow(t.Context(), v, testKID), "the new set replaces the old one")
		require.EqualValues(t, 1, srv.fetches.Load())
	})
}

func TestHydrate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), delay: 400 * time.Millisecond}
		start := time.Now()
		var configs []token.Config
		for _, id := range []string{"A", "B", "C", "D", "E"} {
			cfg := fetchConfig(srv.respond)
			cfg.UserPoolID = "eu-west-1_" + id
			configs = append(configs, cfg)
		}
		v := newVerifier(t, staticConfig(), configs...)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { assert.NoError(t, v.Hydrate(t.Context())) })
		}
		both.Wait()
		require.Equal(t, srv.delay, time.Since(start), "all at once")
		require.EqualValues(t, 10, srv.fetches.Load(), "each pool has two addresses")

		require.NoError(t, v.Hydrate(t.Context()))
		require.EqualValues(t, 10, srv.fetches.Load(), "there is nothing left to fetch")
	})
}

// A pool is ready once one of its issuers has keys, because it uses only one of them.
func TestHydrateFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := map[string]bool{}
		var fetches atomic.Int32
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			fetches.Add(1)
			if broken[r.URL.Host] {
				return respond(404, nil)
			}
			return respond(200, poolJWKS())
		}))
		broken[testHost], broken[updatedHost] = true, true
		for range 2 { // Hydrate does not wait for the pause.
			err := v.Hydrate(t.Context())
			requireOnly(t, token.ErrKeysUnavailable, err)
			require.ErrorContains(t, err, "https://"+testHost)
			require.ErrorContains(t, err, "https://"+updatedHost)
		}
		require.EqualValues(t, 4, fetches.Load())

		broken[testHost] = false
		require.NoError(t, v.Hydrate(t.Context()))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.EqualValues(t, 6, fetches.Load())
	})
}

func TestHydrateGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), delay: 3 * time.Second}
		v := srv.verifier(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		for range 2 {
			err := v.Hydrate(ctx)
			requireOnly(t, token.ErrKeysUnavailable, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.Equal(t, time.Second, time.Since(start))
		require.NoError(t, v.Hydrate(t.Context()), "the fetch continued")
		require.EqualValues(t, 1, srv.fetches.Load())
	})
}

// A key that was removed from the set is trusted until the next fetch.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: keysNamed("old", testKID)}
		v := srv.verifier(t)
		require.NoError(t, verifyNow(t.Context(), v, "old"))
		srv.keys = poolJWKS()
		require.NoError(t, verifyNow(t.Context(), v, "old"))

		srv.fail = refuseConnection
		requireOnly(t, token.ErrKeysUnavailable, v.Refresh(t.Context()))
		require.NoError(t, verifyNow(t.Context(), v, "old"), "after a failure the keys stay")

		srv.fail = nil
		require.NoError(t, v.Refresh(t.Context()))
		require.Error(t, verifyNow(t.Context(), v, "old"))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
	})
}

// A fetch that began before Refresh may return the old set.
func TestRefreshDuringFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{delay: time.Second}
		srv.fail = func(*http.Request) (*http.Response, error) {
			if srv.fetches.Load() == 1 {
				return respond(200, keysNamed("old"))
			}
			return respond(200, poolJWKS())
		}
		v := srv.verifier(t)
		var all sync.WaitGroup
		all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, "old")) })
		synctest.Wait()

		gone, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, v.Refresh(gone), context.DeadlineExceeded)
		for range 3 {
			all.Go(func() {
				assert.NoError(t, v.Refresh(t.Context()))
				assert.Error(t, verifyNow(t.Context(), v, "old"))
				assert.NoError(t, verifyNow(t.Context(), v, testKID))
			})
		}
		all.Wait()
		require.EqualValues(t, 2, srv.fetches.Load(), "one for the token, one for all calls of Refresh")
	})
}

// Refresh does not fail because an earlier fetch failed.
func TestRefreshDuringFailingFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{delay: time.Second}
		srv.fail = func(*http.Request) (*http.Response, error) {
			if srv.fetches.Load() == 1 {
				return respond(500, nil)
			}
			return respond(200, poolJWKS())
		}
		v := srv.verifier(t)
		var all sync.WaitGroup
		all.Go(func() { assert.Error(t, verifyNow(t.Context(), v, testKID)) })
		synctest.Wait()
		require.NoError(t, v.Refresh(t.Context()))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		all.Wait()
	})
}

// Refresh reports the addresses whose old keys are still in use.
func TestRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := map[string]bool{updatedHost: true}
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			if broken[r.URL.Host] {
				return respond(404, nil)
			}
			return respond(200, poolJWKS())
		}))
		require.NoError(t, v.Refresh(t.Context()), "there are no keys to replace")
		broken[updatedHost] = false
		require.NoError(t, v.Refresh(t.Context()))
		broken[updatedHost] = true
		err := v.Refresh(t.Context())
		requireOnly(t, token.ErrKeysUnavailable, err)
		require.ErrorContains(t, err, updatedHost)
	})
}

// Keys are trusted for MaxKeyAge. After half of it, a token starts a fetch in the background.
func TestMaxKeyAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: keysNamed("old", testKID), delay: time.Second}
		v := srv.verifier(t, func(c *token.Config) { c.MaxKeyAge = time.Hour })
		require.NoError(t, verifyNow(t.Context(), v, "old"))
		srv.keys = poolJWKS()

		time.Sleep(30*time.Minute - time.Second - time.Nanosecond)
		require.NoError(t, verifyNow(t.Context(), v, "old"))
		require.EqualValues(t, 1, srv.fetches.Load())
		time.Sleep(time.Nanosecond)
		start := time.Now()
		for range 10 {
			require.NoError(t, verifyNow(t.Context(), v, "old"))
		}
		require.Zero(t, time.Since(start))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Error(t, verifyNow(t.Context(), v, "old"))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.EqualValues(t, 2, srv.fetches.Load())
	})
}

// Keys that are too old are never used, even if fetches fail.
func TestMaxKeyAgeFailsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS()}
		v := srv.verifier(t, func(c *token.Config) { c.MaxKeyAge = time.Hour })
		require.NoError(t, v.Hydrate(t.Context()))
		start := time.Now()
		srv.fail = func(*http.Request) (*http.Response, error) { return respond(500, nil) }

		time.Sleep(time.Hour - time.Minute)
		for range 60 { // The failed fetches are ten seconds apart.
			require.NoError(t, verifyNow(t.Context(), v, testKID))
			time.Sleep(time.Second)
		}
		require.EqualValues(t, 1+6, srv.fetches.Load())
		require.Equal(t, time.Hour, time.Since(start))
		for range 10 {
			requireOnly(t, token.ErrKeysUnavailable, verifyNow(t.Context(), v, testKID))
		}
		time.Sleep(time.Second)
		requireOnly(t, token.ErrKeysUnavailable, verifyNow(t.Context(), v, testKID))

		srv.fail = nil
		time.Sleep(time.Second)
		require.NoError(t, verifyNow(t.Context(), v, testKID))
	})
}

// If a service is idle, the keys may be older than MaxKeyAge when the next token comes. That token
// waits for new keys.
func TestMaxKeyAgeAfterIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: keysNamed("old", testKID), delay: time.Second}
		v := srv.verifier(t, func(c *token.Config) {
			c.MaxKeyAge, c.JWKS, c.JWKSURL = time.Hour, srv.keys, "https://jwks.example"
		})
		require.NoError(t, verifyNow(t.Context(), v, "old"))
		srv.keys = poolJWKS()
		time.Sleep(time.Hour)
		requireOnly(t, token.ErrUnknownKey, verifyNow(t.Context(), v, "old"))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.EqualValues(t, 1, srv.fetches.Load())

		time.Sleep(time.Hour)
		require.NoError(t, v.Hydrate(t.Context()))
		require.EqualValues(t, 2, srv.fetches.Load(), "keys that are too old do not count")
	})
}

// A MaxKeyAge shorter than the pause between fetches does not reject tokens right after a fetch.
func TestTinyMaxKeyAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), delay: time.Second}
		v := srv.verifier(t, func(c *token.Config) { c.MaxKeyAge = time.Nanosecond })
		for range 3 {
			require.NoError(t, verifyNow(t.Context(), v, testKID))
			requireOnly(t, token.ErrUnknownKey, verifyNow(t.Context(), v, "bogus"))
		}
		require.EqualValues(t, 6, srv.fetches.Load())
	})
}

// If the clock was set back, the age of keys is unknown.
func TestMaxKeyAgeWithClockSetBack(t *testing.T) {
	now := testNow
	srv := &jwksServer{keys: poolJWKS()}
	v := srv.verifier(t, func(c *token.Config) {
		c.MaxKeyAge, c.Now = time.Hour, func() time.Time { return now }
	})
	require.NoError(t, v.Hydrate(t.Context()))
	now = now.Add(-time.Minute)
	_, err := v.VerifyAccess(t.Context(), access(nil))
	require.NoError(t, err)
	require.EqualValues(t, 2, srv.fetches.Load())
}

// After a successful fetch, no error mentions an earlier failure.
func TestSuccessfulFetchClearsTheFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS(), fail: hang}
		v := srv.verifier(t)
		err := verifyNow(t.Context(), v, testKID)
		requireOnly(t, token.ErrKeysUnavailable, err)
		require.ErrorContains(t, err, testHost)
		srv.fail = nil
		time.Sleep(time.Minute)
		require.NoError(t, verifyNow(t.Context(), v, testKID))

		err = verifyNow(t.Context(), v, "new")
		requireOnly(t, token.ErrKeysUnavailable, err)
		require.ErrorContains(t, err, "the key was unknown at the last fetch")
		require.NotContains(t, err.Error(), testHost)
	})
}

// A token whose key arrives during its verification is accepted, even though it is too early for
// another fetch.
func TestKeyThatArrivesMeanwhile(t *testing.T) {
	for reading := range 2 { // The clock is read twice: for the token's times and the age of the keys.
		srv := &jwksServer{keys: keysNamed("old")}
		arrives := func() {}
		v := srv.verifier(t, func(c *token.Config) {
			c.MaxKeyAge = time.Hour
			c.Now = func() time.Time {
				arrives()
				return testNow
			}
		})
		require.NoError(t, v.Hydrate(t.Context()))
		srv.keys = poolJWKS()
		arrives = func() {
			if reading--; reading < 0 {
				arrives = func() {}
				require.NoError(t, v.Refresh(t.Context()))
			}
		}
		_, err := v.VerifyAccess(t.Context(), access(nil))
		require.NoError(t, err)
		require.EqualValues(t, 2, srv.fetches.Load())
	}
}
