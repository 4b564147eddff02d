package token_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

// The tests in this file use real connections.

// serve starts a server for the duration of the test.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return srv
}

func urlConfig(address string) token.Config {
	return token.Config{
		UserPoolID: testPool, ClientIDs: []string{testClient}, JWKSURL: address, Now: clock,
	}
}

func TestFetch(t *testing.T) {
	var fetches atomic.Int32
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "/pool/jwks.json", r.URL.Path)
		assert.Equal(t, "no-cache", r.Header.Get("Cache-Control"))
		assert.True(t, r.Close, "connections are not kept open")
		_, _ = w.Write(poolJWKS())
	})
	v := newVerifier(t, urlConfig(srv.URL+"/pool/jwks.json"))
	require.Zero(t, fetches.Load(), "NewVerifier uses no network")
	for range 3 {
		for _, k := range testKinds() {
			require.NoError(t, k.verify(v, t.Context(), k.token(nil)), k.name)
		}
	}
	require.EqualValues(t, 1, fetches.Load())
}

// A fetch serves all callers, so it does not use the values of one caller's context.
func TestFetchHasItsOwnContext(t *testing.T) {
	type key struct{}
	cfg := fetchConfig(func(r *http.Request) (*http.Response, error) {
		assert.Nil(t, r.Context().Value(key{}))
		deadline, ok := r.Context().Deadline()
		assert.True(t, ok)
		assert.LessOrEqual(t, time.Until(deadline), 5*time.Second)
		return respond(200, poolJWKS())
	})
	cfg.Now = clock
	ctx := context.WithValue(t.Context(), key{}, "secret")
	_, err := newVerifier(t, cfg).VerifyAccess(ctx, access(nil))
	require.NoError(t, err)
}

// If callers give up before the response, a later caller still gets the keys from the fetch that
// the first one started.
func TestCallersGiveUp(t *testing.T) {
	var fetches atomic.Int32
	asked, release := make(chan struct{}), make(chan struct{})
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if fetches.Add(1) == 1 {
			close(asked)
		}
		<-release
		_, _ = w.Write(poolJWKS())
	})
	v := newVerifier(t, urlConfig(srv.URL))
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-asked
			cancel()
		}()
		_, err := v.VerifyAccess(ctx, access(nil))
		require.ErrorIs(t, err, token.ErrKeysUnavailable)
		require.ErrorIs(t, err, context.Canceled)
	}
	close(release)
	_, err := v.VerifyAccess(t.Context(), access(nil))
	require.NoError(t, err)
	require.EqualValues(t, 1, fetches.Load())
}

// Clients that send a made-up key to Middleware and hang up do not delay the keys for others.
func TestClientsHangUp(t *testing.T) {
	var fetches atomic.Int32
	release := make(chan struct{})
	jwksAt := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		<-release
		_, _ = w.Write(poolJWKS())
	})
	v := newVerifier(t, urlConfig(jwksAt.URL))
	handler := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := token.FromContext(r.Context())
		_, _ = io.WriteString(w, claims.Username)
	}))
	arrived := make(chan context.Context)
	api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- r.Context()
		handler.ServeHTTP(w, r)
	})
	get := func(ctx context.Context, raw string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, api.URL, http.NoBody)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+raw)
		return http.DefaultClient.Do(req)
	}
	forged := signText(strangerKey(), toJSON(kid("made-up")), toJSON(accessClaims()))

	for range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		var client sync.WaitGroup
		client.Go(func() {
			_, err := get(ctx, forged) //nolint:bodyclose // There is no response.
			assert.ErrorIs(t, err, context.Canceled)
		})
		served := <-arrived
		cancel()
		client.Wait()
		<-served.Done() // The server has noticed that the client hung up.
	}
	var users sync.WaitGroup
	for range 3 {
		users.Go(func() {
			resp, err := get(t.Context(), access(nil))
			if !assert.NoError(t, err) {
				return
			}
			defer resp.Body.Close() //nolint:errcheck // The test does not depend on it.
			body, err := io.ReadAll(resp.Body)
			assert.NoError(t, err)
			assert.Equal(t, "alice", string(body))
		})
		<-arrived
	}
	close(release)
	users.Wait()
	require.EqualValues(t, 1, fetches.Load())
}

// breakingServer breaks the first connections in the given way, and serves the keys on later ones.
func breakingServer(
	t *testing.T, broken int32, breakIt func(c *net.TCPConn),
) (address string, connections *atomic.Int32) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	connections = new(atomic.Int32)
	var server sync.WaitGroup
	server.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				if connections.Add(1) <= broken {
					breakIt(c.(*net.TCPConn))
				} else {
					_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n\r\n%s", poolJWKS())
				}
			}
			_ = c.Close()
		}
	})
	t.Cleanup(server.Wait)
	t.Cleanup(func() { _ = l.Close() })
	return "http://" + l.Addr().String(), connections
}

// After a broken connection the fetch is repeated once, immediately. A second one is a failure.
func TestBrokenConnection(t *testing.T) {
	reset := func(c *net.TCPConn) { _ = c.SetLinger(0) }
	for name, breakIt := range map[string]func(c *net.TCPConn){
		"reset":  reset,
		"closed": func(*net.TCPConn) {},
		"cut in the header": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-")
		},
		"cut in the body": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"keys\":[")
		},
		"reset in the body": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"keys\":[")
			reset(c)
		},
		"not HTTP": func(c *net.TCPConn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			address, connections := breakingServer(t, 1, breakIt)
			_, err := newVerifier(t, urlConfig(address)).VerifyAccess(t.Context(), access(nil))
			require.NoError(t, err)
			require.EqualValues(t, 2, connections.Load())

			address, connections = breakingServer(t, 2, breakIt)
			v := newVerifier(t, urlConfig(address))
			for range 2 {
				_, err = v.VerifyAccess(t.Context(), access(nil))
				requireOnly(t, token.ErrKeysUnavailable, err)
				require.EqualValues(t, 2, connections.Load())
			}
			require.NoError(t, v.Hydrate(t.Context()))
		})
	}
}

func TestHostileServer(t *testing.T) {
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was fetched", r.URL)
		_, _ = w.Write(poolJWKS())
	})
	redirect := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"redirect 301": redirect(301),
		"redirect 302": redirect(302),
		"redirect 307": redirect(307),
		"redirect 308": redirect(308),
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
		"an endless response": func(w http.ResponseWriter, r *http.Request) {
			line := []byte(strings.Repeat(" ", 4096))
			for r.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		},
		"valid keys, but too long": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(poolJWKS(), strings.Repeat(" ", 64<<10)...))
		},
		"a response cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(poolJWKS())
		},
		"an empty response": func(http.ResponseWriter, *http.Request) {},
		"a connection closed": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			following := &http.Client{
				CheckRedirect: func(*http.Request, []*http.Request) error { return nil },
			}
			cfg := urlConfig(serve(t, handler).URL)
			cfg.HTTPClient = following
			v := newVerifier(t, cfg)
			for _, k := range testKinds() {
				err := k.verify(v, t.Context(), k.token(nil))
				requireOnly(t, token.ErrKeysUnavailable, err)
			}
			require.NoError(t, following.CheckRedirect(nil, nil), "the client was not modified")
		})
	}
}

// A response may have up to 64 KiB, which bounds the memory that it takes.
func TestLongestResponse(t *testing.T) {
	for length, want := range map[int]error{64 << 10: nil, 64<<10 + 1: token.ErrKeysUnavailable} {
		srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			keys := poolJWKS()
			_, _ = w.Write(append(keys, strings.Repeat(" ", length-len(keys))...))
		})
		_, err := newVerifier(t, urlConfig(srv.URL)).VerifyAccess(t.Context(), access(nil))
		require.ErrorIs(t, err, want, length)
	}
}
