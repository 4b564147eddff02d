package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
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

// transport answers requests without a network, so that the tests with it can have a clock of their own.
type transport func(r *http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(string(body)))}
}

// hang answers when the request is given up.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func fetchConfig(f transport) token.Config {
	return token.Config{UserPoolID: testPool, ClientIDs: []string{testClient}, HTTPClient: &http.Client{Transport: f}}
}

// tokenNow is an access token that is valid at the time of a synctest bubble, signed by a key of that name.
func tokenNow(kid string) string {
	now := time.Now().Unix()
	return sign(with(goodHeader(), map[string]any{"kid": kid}),
		with(accessClaims(), map[string]any{"auth_time": now, "iat": now, "exp": now + 3600}))
}

func verifyNow(ctx context.Context, v *token.Verifier, kid string) error {
	_, err := v.VerifyAccess(ctx, tokenNow(kid))
	return err
}

func TestFetch(t *testing.T) {
	var fetches atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "/pool/jwks.json", r.URL.Path)
		assert.True(t, r.Close, "no connection is kept")
		_, _ = w.Write(poolJWKS())
	}))
	t.Cleanup(srv.Close)
	cfg := token.Config{UserPoolID: testPool, ClientIDs: []string{testClient}, JWKSURL: srv.URL + "/pool/jwks.json", Now: clock}
	v := newVerifier(t, cfg)
	require.Zero(t, fetches.Load(), "NewVerifier uses no network")
	for range 3 {
		for _, k := range testKinds() {
			t.Run(k.name, func(t *testing.T) {
				require.NoError(t, k.verify(v, t.Context(), sign(goodHeader(), k.claims())))
			})
		}
	}
	require.EqualValues(t, 1, fetches.Load())
}

func TestDefaultAddress(t *testing.T) {
	for pool, want := range map[string]string{
		testPool:               testIssuer + "/.well-known/jwks.json",
		"cn-north-1_Example00": "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Example00/.well-known/jwks.json",
	} {
		var got string
		cfg := fetchConfig(func(r *http.Request) (*http.Response, error) {
			got = r.URL.String()
			return answer(200, poolJWKS()), nil
		})
		cfg.UserPoolID = pool
		require.NoError(t, newVerifier(t, cfg).Hydrate(t.Context()))
		require.Equal(t, want, got)
	}
}

func TestHydrate(t *testing.T) {
	fetches := map[string]int{}
	serve := func(pool string, body []byte) token.Config {
		cfg := fetchConfig(func(r *http.Request) (*http.Response, error) {
			fetches[r.URL.Path]++
			return answer(200, body), nil
		})
		cfg.UserPoolID, cfg.Now = pool, clock
		return cfg
	}
	static := staticConfig()
	static.UserPoolID = "eu-west-1_Static"

	v := newVerifier(t, serve(testPool, poolJWKS()), serve("eu-west-1_Other", poolJWKS()), static)
	require.NoError(t, v.Hydrate(t.Context()))
	require.NoError(t, v.Hydrate(t.Context()))
	_, err := v.VerifyAccess(t.Context(), sign(goodHeader(), accessClaims()))
	require.NoError(t, err)
	require.Equal(t, map[string]int{
		"/" + testPool + "/.well-known/jwks.json": 1,
		"/eu-west-1_Other/.well-known/jwks.json":  1,
	}, fetches)

	clear(fetches)
	v = newVerifier(t, serve("eu-west-1_Broken", nil), serve(testPool, poolJWKS()))
	require.ErrorIs(t, v.Hydrate(t.Context()), token.ErrKeysUnavailable)
	require.ErrorIs(t, v.Hydrate(t.Context()), token.ErrKeysUnavailable)
	_, err = v.VerifyAccess(t.Context(), sign(goodHeader(), accessClaims()))
	require.NoError(t, err, "one pool's failure is not the other's")
	require.Equal(t, map[string]int{
		"/" + testPool + "/.well-known/jwks.json": 1,
		"/eu-west-1_Broken/.well-known/jwks.json": 2,
	}, fetches, "Hydrate knows no pause")
}

func TestHydrateTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		v := newVerifier(t, fetchConfig(func(*http.Request) (*http.Response, error) {
			fetches.Add(1)
			time.Sleep(time.Second)
			return answer(200, poolJWKS()), nil
		}))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { assert.NoError(t, v.Hydrate(t.Context())) })
		}
		both.Wait()
		require.EqualValues(t, 1, fetches.Load())
	})
}

func TestHydrateGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, fetchConfig(hang))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				err := v.Hydrate(ctx)
				assert.ErrorIs(t, err, token.ErrKeysUnavailable)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		both.Wait()
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestStaticKeys(t *testing.T) {
	refuse := transport(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was fetched", r.URL)
		return nil, errors.New("no network")
	})
	cfg := staticConfig()
	cfg.HTTPClient = &http.Client{Transport: refuse}
	v := newVerifier(t, cfg)
	require.NoError(t, v.Hydrate(t.Context()))
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			require.NoError(t, k.verify(v, t.Context(), sign(goodHeader(), k.claims())))
			raw := sign(with(goodHeader(), map[string]any{"kid": "new"}), k.claims())
			requireRefused(t, token.ErrUnknownKey, k.verify(v, t.Context(), raw), raw)
		})
	}
}

func TestStaticKeysToStartWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		cfg := fetchConfig(func(*http.Request) (*http.Response, error) {
			fetches++
			return answer(200, jwks(jwk("new", &poolKey().PublicKey))), nil
		})
		cfg.JWKS, cfg.JWKSURL = poolJWKS(), "https://jwks.example"
		v := newVerifier(t, cfg)
		require.NoError(t, v.Hydrate(t.Context()))
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.Zero(t, fetches)

		require.NoError(t, verifyNow(t.Context(), v, "new"))
		require.ErrorIs(t, verifyNow(t.Context(), v, testKID), token.ErrUnknownKey, "the new set replaces the old one")
		require.Equal(t, 1, fetches)
	})
}

func TestOneFetchForManyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		v := newVerifier(t, fetchConfig(func(*http.Request) (*http.Response, error) {
			fetches.Add(1)
			time.Sleep(time.Second)
			return answer(200, poolJWKS()), nil
		}))
		start := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, testKID)) })
		}
		all.Wait()
		require.EqualValues(t, 1, fetches.Load())
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestOneFailureForManyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			fetches.Add(1)
			return hang(r)
		}))
		start := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { assert.ErrorIs(t, verifyNow(t.Context(), v, testKID), token.ErrKeysUnavailable) })
		}
		all.Wait()
		require.EqualValues(t, 1, fetches.Load())
		require.Equal(t, 5*time.Second, time.Since(start), "the limit of one fetch")
	})
}

// Whoever waits may leave when his context ends, and the others get the keys all the same.
func TestWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		v := newVerifier(t, fetchConfig(func(*http.Request) (*http.Response, error) {
			fetches.Add(1)
			time.Sleep(2 * time.Second)
			return answer(200, poolJWKS()), nil
		}))
		start := time.Now()
		var all sync.WaitGroup
		all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, testKID)) })
		synctest.Wait() // The first one is fetching.
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := verifyNow(ctx, v, testKID)
			assert.ErrorIs(t, err, token.ErrKeysUnavailable)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start))
		})
		all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, testKID)) })
		all.Wait()
		require.EqualValues(t, 1, fetches.Load())
	})
}

// If the one who fetches leaves, the next one takes over at once.
func TestFetcherLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			if fetches.Add(1) == 1 {
				return hang(r)
			}
			return answer(200, poolJWKS()), nil
		}))
		start := time.Now()
		var all sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		all.Go(func() {
			err := verifyNow(ctx, v, testKID)
			assert.ErrorIs(t, err, token.ErrKeysUnavailable)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, testKID)) })
		}
		synctest.Wait()
		cancel()
		all.Wait()
		require.EqualValues(t, 2, fetches.Load())
		require.Zero(t, time.Since(start))
	})
}

// Without keys, a failed fetch is repeated after a second: not by every token, and not never.
func TestFirstFetchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches, broken := 0, true
		v := newVerifier(t, fetchConfig(func(*http.Request) (*http.Response, error) {
			fetches++
			if broken {
				return nil, errors.New("connection refused")
			}
			return answer(200, poolJWKS()), nil
		}))
		for range 100 {
			require.ErrorIs(t, verifyNow(t.Context(), v, testKID), token.ErrKeysUnavailable)
		}
		require.Equal(t, 1, fetches)

		time.Sleep(time.Second)
		require.ErrorIs(t, verifyNow(t.Context(), v, testKID), token.ErrKeysUnavailable)
		require.Equal(t, 2, fetches)

		broken = false
		time.Sleep(time.Second)
		require.NoError(t, verifyNow(t.Context(), v, testKID))
		require.Equal(t, 3, fetches)
	})
}

func TestUnknownKeyIsFetchedOncePerTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches, keys := 0, poolJWKS()
		v := newVerifier(t, fetchConfig(func(*http.Request) (*http.Response, error) {
			fetches++
			return answer(200, keys), nil
		}))
		for range 100 {
			require.ErrorIs(t, verifyNow(t.Context(), v, "bogus"), token.ErrUnknownKey)
			require.NoError(t, verifyNow(t.Context(), v, testKID))
		}
		require.Equal(t, 1, fetches)

		time.Sleep(10*time.Second - time.Nanosecond)
		require.ErrorIs(t, verifyNow(t.Context(), v, "new"), token.ErrUnknownKey)
		require.Equal(t, 1, fetches)

		keys = jwks(jwk("new", &poolKey().PublicKey))
		time.Sleep(time.Nanosecond)
		require.NoError(t, verifyNow(t.Context(), v, "new"))
		require.ErrorIs(t, verifyNow(t.Context(), v, testKID), token.ErrUnknownKey, "withdrawn")
		require.Equal(t, 2, fetches)
	})
}

// The pause is the issuer's own.
func TestUnknownKeyPausePerIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := map[string]int{}
		serve := transport(func(r *http.Request) (*http.Response, error) {
			fetches[r.URL.Host]++
			return answer(200, poolJWKS()), nil
		})
		blue := fetchConfig(serve)
		blue.UserPoolID = "us-east-1_Blue"
		v := newVerifier(t, fetchConfig(serve), blue)
		require.ErrorIs(t, verifyNow(t.Context(), v, "bogus"), token.ErrUnknownKey)
		now := time.Now().Unix()
		_, err := v.VerifyAccess(t.Context(), sign(goodHeader(), with(accessClaims(), map[string]any{
			"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Blue", "auth_time": now, "iat": now, "exp": now + 1,
		})))
		require.NoError(t, err)
		require.Equal(t, map[string]int{
			"cognito-idp.eu-west-1.amazonaws.com": 1, "cognito-idp.us-east-1.amazonaws.com": 1,
		}, fetches)
	})
}

// A clock that goes back does not stop keys from being fetched.
func TestClockGoesBack(t *testing.T) {
	fetches, now := 0, testNow
	cfg := fetchConfig(func(*http.Request) (*http.Response, error) {
		fetches++
		return answer(200, poolJWKS()), nil
	})
	cfg.Now = func() time.Time { return now }
	v := newVerifier(t, cfg)
	bogus := sign(with(goodHeader(), map[string]any{"kid": "bogus"}), accessClaims())
	for _, step := range []time.Duration{0, 0, -time.Second, 0, 9 * time.Second, 2 * time.Second} {
		now = now.Add(step)
		_, err := v.VerifyAccess(t.Context(), bogus)
		require.ErrorIs(t, err, token.ErrUnknownKey)
	}
	require.Equal(t, 3, fetches)
}

func TestFailedFetchKeepsKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		var failing transport
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			fetches++
			if failing != nil {
				return failing(r)
			}
			return answer(200, poolJWKS()), nil
		}))
		require.NoError(t, v.Hydrate(t.Context()))
		for name, f := range map[string]transport{
			"no connection": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
			"no answer":     hang,
			"status 500":    func(*http.Request) (*http.Response, error) { return answer(500, poolJWKS()), nil },
			"no keys":       func(*http.Request) (*http.Response, error) { return answer(200, jwks()), nil },
			"no JSON":       func(*http.Request) (*http.Response, error) { return answer(200, []byte("<html>")), nil },
		} {
			fetches, failing = 0, f
			time.Sleep(10 * time.Second)
			for range 100 {
				require.ErrorIs(t, verifyNow(t.Context(), v, "bogus"), token.ErrKeysUnavailable, name)
				require.NoError(t, verifyNow(t.Context(), v, testKID), name)
			}
			require.Equal(t, 1, fetches, name)
		}
	})
}

// A client that sends an unknown key and hangs up can neither cause a fetch per token nor keep new keys away.
func TestUnknownKeyAndHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches, keys := 0, poolJWKS()
		v := newVerifier(t, fetchConfig(func(r *http.Request) (*http.Response, error) {
			fetches++
			select {
			case <-time.After(500 * time.Millisecond):
				return answer(200, keys), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}))
		require.NoError(t, v.Hydrate(t.Context()))
		keys = jwks(jwk(testKID, &poolKey().PublicKey), jwk("new", &poolKey().PublicKey))
		time.Sleep(10 * time.Second)

		gone, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { assert.ErrorIs(t, verifyNow(gone, v, "bogus"), token.ErrUnknownKey) })
		synctest.Wait()
		cancel()
		for range 100 {
			all.Go(func() { assert.ErrorIs(t, verifyNow(gone, v, "bogus"), token.ErrKeysUnavailable) })
		}
		all.Go(func() { assert.NoError(t, verifyNow(t.Context(), v, "new")) })
		all.Wait()
		require.Equal(t, 2, fetches)
	})
}

// A fetch that hangs does not hold its caller much longer than his context.
func TestUnknownKeyWhileFetchHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := fetchConfig(hang)
		cfg.JWKS, cfg.JWKSURL = poolJWKS(), "https://jwks.example"
		v := newVerifier(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := verifyNow(ctx, v, "new")
		require.ErrorIs(t, err, token.ErrKeysUnavailable)
		require.Equal(t, 2*time.Second, time.Since(start))

		err = verifyNow(t.Context(), v, "new")
		require.ErrorIs(t, err, token.ErrKeysUnavailable)
		require.NotErrorIs(t, err, context.Canceled, "that context was somebody else's")
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

// Keys that are there are used at once, whatever the others wait for.
func TestKnownKeyDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := fetchConfig(hang)
		cfg.JWKS, cfg.JWKSURL = poolJWKS(), "https://jwks.example"
		v := newVerifier(t, cfg)
		start := time.Now()
		var all sync.WaitGroup
		all.Go(func() { assert.ErrorIs(t, verifyNow(t.Context(), v, "new"), token.ErrKeysUnavailable) })
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

// Tokens that are refused without a key cause no fetch.
func TestBadTokensCauseNoFetch(t *testing.T) {
	cfg := fetchConfig(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was fetched", r.URL)
		return nil, errors.New("no network")
	})
	cfg.Now = clock
	v := newVerifier(t, cfg)
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, raw := range []string{
				"", "a.b.c", sign(with(goodHeader(), map[string]any{"alg": "HS256"}), k.claims()),
				sign(goodHeader(), with(k.claims(), map[string]any{"exp": 1})),
				sign(goodHeader(), with(k.claims(), map[string]any{"iat": testNow.Unix() + 3600})),
				sign(goodHeader(), with(k.claims(), map[string]any{"iss": "https://attacker.example"})),
			} {
				require.Error(t, k.verify(v, t.Context(), raw))
			}
		})
	}
}

func TestHostileServer(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was fetched", r.URL)
		_, _ = w.Write(poolJWKS())
	}))
	t.Cleanup(elsewhere.Close)
	redirect := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) }
	}
	for name, handler := range map[string]http.HandlerFunc{
		"redirect 301": redirect(301), "redirect 302": redirect(302), "redirect 307": redirect(307), "redirect 308": redirect(308),
		"redirect with the keys as body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusFound)
			_, _ = w.Write(poolJWKS())
		},
		"status 203": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNonAuthoritativeInfo)
			_, _ = w.Write(poolJWKS())
		},
		"status 404": http.NotFound,
		"status 500 with the keys": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(poolJWKS())
		},
		"an endless answer": func(w http.ResponseWriter, r *http.Request) {
			line := []byte(strings.Repeat(" ", 4096))
			for r.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		},
		"good keys, but too long": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(poolJWKS(), strings.Repeat(" ", 64<<10)...))
		},
		"an answer cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(poolJWKS())
		},
		"an empty answer": func(http.ResponseWriter, *http.Request) {},
		"a connection closed": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(handler)
			t.Cleanup(srv.Close)
			following := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
			cfg := token.Config{
				UserPoolID: testPool, ClientIDs: []string{testClient}, JWKSURL: srv.URL, HTTPClient: following, Now: clock,
			}
			v := newVerifier(t, cfg)
			for _, k := range testKinds() {
				t.Run(k.name, func(t *testing.T) {
					require.ErrorIs(t, k.verify(v, t.Context(), sign(goodHeader(), k.claims())), token.ErrKeysUnavailable)
				})
			}
			require.NoError(t, following.CheckRedirect(nil, nil), "the caller's client is not changed")
		})
	}
}

// A server that accepts and never answers, on a real connection.
func TestHangingServer(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(release) })
	v := newVerifier(t, token.Config{UserPoolID: testPool, AnyClient: true, JWKSURL: srv.URL, Now: clock})
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-asked
				cancel()
			}()
			err := k.verify(v, ctx, sign(goodHeader(), k.claims()))
			require.ErrorIs(t, err, token.ErrKeysUnavailable)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestJWKS(t *testing.T) {
	good := func() map[string]any { return jwk(testKID, &poolKey().PublicKey) }
	otherKey := jwk("other", &strangerKey().PublicKey)
	weak := generate(1024)
	type changes = map[string]any
	tests := []struct {
		name string
		jwks []byte
		want error // of a token signed by the pool's key; errConfig if the set as a whole is refused
	}{
		{"good", jwks(good()), nil},
		{"two", jwks(otherKey, good()), nil},
		{"without use", jwks(with(good(), changes{"use": nil})), nil},
		{"without alg", jwks(with(good(), changes{"alg": nil})), nil},
		{"with what nobody knows", jwks(with(good(), changes{"x5t": "x", "key_ops": []string{"verify"}, "x": nil})), nil},
		{"beside keys of other types", jwks(good(), changes{"kty": "EC", "crv": "P-256", "kid": "ec"}, changes{}, nil), nil},
		{"beside an encryption key of the same name", jwks(good(), with(good(), changes{"use": "enc"})), nil},
		{"beside two without a name", jwks(good(), with(good(), changes{"kid": ""}), with(otherKey, changes{"kid": ""})), nil},
		{"beside a weak key", jwks(good(), jwk("weak", &weak.PublicKey)), nil},

		{"for encryption", jwks(otherKey, with(good(), changes{"use": "enc"})), token.ErrUnknownKey},
		{"for encryption, by alg", jwks(otherKey, with(good(), changes{"alg": "RSA-OAEP-256"})), token.ErrUnknownKey},
		{"for RS512", jwks(otherKey, with(good(), changes{"alg": "RS512"})), token.ErrUnknownKey},
		{"for use null", jwks(otherKey, with(good(), changes{"use": null})), token.ErrUnknownKey},
		{"of another type", jwks(otherKey, with(good(), changes{"kty": "EC"})), token.ErrUnknownKey},
		{"without a type", jwks(otherKey, with(good(), changes{"kty": nil})), token.ErrUnknownKey},
		{"without a name", jwks(otherKey, with(good(), changes{"kid": nil})), token.ErrUnknownKey},
		{"with an empty name", jwks(otherKey, with(good(), changes{"kid": ""})), token.ErrUnknownKey},
		{"with a number for a name", jwks(otherKey, with(good(), changes{"kid": 1})), token.ErrUnknownKey},
		{"with names in upper case", jwks(otherKey, with(good(), changes{"kid": nil, "KID": testKID})), token.ErrUnknownKey},
		{"of 1024 bits", jwks(otherKey, jwk(testKID, &weak.PublicKey)), token.ErrUnknownKey},
		{"of 2047 bits", jwks(otherKey, with(good(), changes{"n": odd(2047)})), token.ErrUnknownKey},
		{"of 8193 bits", jwks(otherKey, with(good(), changes{"n": odd(8193)})), token.ErrUnknownKey},
		{"of an even modulus", jwks(otherKey, with(good(), changes{"n": b64(new(big.Int).Lsh(big.NewInt(1), 2047).Bytes())})), token.ErrUnknownKey},
		{"without a modulus", jwks(otherKey, with(good(), changes{"n": nil})), token.ErrUnknownKey},
		{"with a padded modulus", jwks(otherKey, with(good(), changes{"n": good()["n"].(string) + "=="})), token.ErrUnknownKey},
		{"with a modulus in another spelling", jwks(otherKey, with(good(), changes{"n": leftOver(good()["n"].(string))})), token.ErrUnknownKey},
		{"with exponent 1", jwks(otherKey, with(good(), changes{"e": "AQ"})), token.ErrUnknownKey},
		{"with exponent 3", jwks(otherKey, with(good(), changes{"e": "Aw"})), token.ErrUnknownKey},
		{"with an even exponent", jwks(otherKey, with(good(), changes{"e": "AQAA"})), token.ErrUnknownKey},
		{"with exponent 2^32+1", jwks(otherKey, with(good(), changes{"e": "AQAAAAE"})), token.ErrUnknownKey},
		{"without an exponent", jwks(otherKey, with(good(), changes{"e": nil})), token.ErrUnknownKey},
		{"with a number for an exponent", jwks(otherKey, with(good(), changes{"e": 65537})), token.ErrUnknownKey},

		{"one name for two keys", jwks(good(), jwk(testKID, &strangerKey().PublicKey)), errConfig},
		{"one key twice", jwks(good(), good()), errConfig},
		{"a private key", jwks(with(good(), changes{"d": b64(poolKey().D.Bytes())})), errConfig},
		{"a prime of a key", jwks(with(good(), changes{"p": b64(poolKey().Primes[0].Bytes())})), errConfig},
		{"a CRT exponent of a key", jwks(with(good(), changes{"dp": ""})), errConfig},
		{"another key's private part", jwks(good(), changes{"kty": "EC", "kid": "ec", "d": "AQ"}), errConfig},
		{"a secret", jwks(good(), changes{"kty": "oct", "k": "c2VjcmV0"}), errConfig},
		{"only keys of no use", jwks(jwk("weak", &weak.PublicKey)), errConfig},
		{"no key", jwks(), errConfig},
		{"no keys at all", []byte(`{}`), errConfig},
		{"null for keys", []byte(`{"keys":null}`), errConfig},
		{"text for keys", []byte(`{"keys":"` + testKID + `"}`), errConfig},
		{"text for a key", []byte(`{"keys":["` + testKID + `"]}`), errConfig},
		{"a key without a set", []byte(toJSON(good())), errConfig},
		{"an array", []byte(`[` + toJSON(good()) + `]`), errConfig},
		{"null", []byte(`null`), errConfig},
		{"no JSON", []byte(`<!DOCTYPE html>`), errConfig},
		{"something behind it", append(poolJWKS(), "{}"...), errConfig},
		{"cut off", poolJWKS()[:100], errConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := staticConfig()
			cfg.JWKS = tt.jwks
			v, err := token.NewVerifier(cfg)
			if errors.Is(tt.want, errConfig) {
				require.ErrorContains(t, err, "JWKS")
				require.Less(t, len(err.Error()), 100)
				return
			}
			require.NoError(t, err)
			for _, k := range testKinds() {
				t.Run(k.name, func(t *testing.T) {
					require.ErrorIs(t, k.verify(v, t.Context(), sign(goodHeader(), k.claims())), tt.want)
				})
			}
		})
	}
}

var errConfig = errors.New("the key set is refused")

// odd is an odd number of that many bits.
func odd(bits uint) string {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return b64(n.SetBit(n, 0, 1).Bytes())
}

func FuzzJWKS(f *testing.F) {
	f.Add(poolJWKS())
	f.Add(jwks(jwk("a", &poolKey().PublicKey), jwk("b", &strangerKey().PublicKey)))
	f.Add(jwks(map[string]any{"kty": "RSA", "kid": testKID, "n": odd(2048), "e": "AQAB"}))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"x","n":"AQAB","e":"AQAB","d":"AQAB"},null,{}]}`))
	own := sign(goodHeader(), accessClaims())
	stranger := signText(strangerKey(), toJSON(goodHeader()), toJSON(accessClaims()))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg := staticConfig()
		cfg.JWKS = data
		v, err := token.NewVerifier(cfg)
		if err != nil {
			return
		}
		// Whatever the set is, a token is accepted only if the set holds the key that signed it.
		var set struct{ Keys []map[string]any }
		require.NoError(t, json.Unmarshal(data, &set))
		for raw, key := range map[string]map[string]any{
			own: jwk(testKID, &poolKey().PublicKey), stranger: jwk(testKID, &strangerKey().PublicKey),
		} {
			if _, err := v.VerifyAccess(t.Context(), raw); err == nil {
				require.True(t, slices.ContainsFunc(set.Keys, func(k map[string]any) bool {
					return k["kid"] == key["kid"] && k["n"] == key["n"] && k["e"] == key["e"]
				}))
			}
		}
	})
}
