package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// redisServer is a Redis process with its own folder. Acknowledged writes survive a stop.
type redisServer struct {
	address string
	start   func()
	stop    func()
}

func startRedis(tb testing.TB) *redisServer {
	tb.Helper()
	path := tooltest.Need(tb, "redis-server", "redis-server")
	ctx := tb.Context() // tests also have a time limit
	if limited, ok := tb.(tooltest.T); ok {
		ctx = tooltest.Context(limited)
	}
	listener, err := loopback.Listen(ctx, "127.0.0.1:0")
	require.NoError(tb, err)
	address := netip.MustParseAddrPort(listener.Addr().String())
	require.NoError(tb, listener.Close())
	folder := tb.TempDir()
	s := &redisServer{address: address.String()}
	s.start = func() {
		cmd := exec.CommandContext(ctx, path, "--port", strconv.Itoa(int(address.Port())),
			"--bind", address.Addr().String(), "--dir", folder,
			"--save", "", "--appendonly", "yes", "--appendfsync", "always")
		said := new(tooltest.Buffer)
		cmd.Stdout, cmd.Stderr = said, said
		require.NoError(tb, cmd.Start())
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		s.stop = func() {
			_ = cmd.Process.Kill()
			<-ended
		}
		client := connectTo(tb, s.address)
		for client.Ping(ctx).Err() != nil {
			select {
			case <-ended:
				require.Fail(tb, "Redis has ended", said)
			case <-ctx.Done():
				require.NoError(tb, ctx.Err())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	s.start()
	tb.Cleanup(func() { s.stop() })
	return s
}

func connectTo(tb testing.TB, address string) *redis.Client {
	tb.Helper()
	client, err := connect(address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// sharing puts the state of a service into Redis.
func sharing(tb testing.TB, address string) func(*service) {
	tb.Helper()
	return func(s *service) {
		client := connectTo(tb, address)
		s.store, s.sessions.Store = newShared(client), goredisstore.New(client)
		s.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
}

// balancer is a proxy that sends each request to the next instance, or to another if that one is
// down.
type balancer struct {
	*httptest.Server
	next      atomic.Int64
	addresses []string
	served    [2]atomic.Int64
}

func (b *balancer) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	var body []byte
	if req.Body != nil {
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	for range b.addresses {
		i := b.next.Add(1) % int64(len(b.addresses))
		again := req.Clone(req.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		again.URL.Host = b.addresses[i]
		if resp, err = http.DefaultTransport.RoundTrip(again); err == nil {
			b.served[i].Add(1)
			return resp, nil
		}
	}
	return nil, err
}

func proxy(tb testing.TB) *balancer {
	tb.Helper()
	b := &balancer{}
	b.Server = httptest.NewServer(&httputil.ReverseProxy{
		Transport: b,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetXForwarded()
		},
	})
	tb.Cleanup(b.Close)
	return b
}

// balance starts two instances behind a proxy.
func balance(t *testing.T, srv *cognitotest.Server, redis *redisServer) (*balancer, [2]*instance) {
	t.Helper()
	b := proxy(t)
	var instances [2]*instance
	for i := range instances {
		instances[i] = start(t, srv, b.URL, sharing(t, redis.address))
		b.addresses = append(b.addresses, instances[i].Listener.Addr().String())
	}
	return b, instances
}

func TestTwoInstances(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	both, instances := balance(t, srv, startRedis(t))
	b := open(t, srv, both.URL)
	b.remember()
	b.submit("/sign-out")
	b.signIn(alice)
	b.at("/")
	assert.Positive(t, both.served[0].Load())
	assert.InDelta(t, both.served[0].Load(), both.served[1].Load(), 1, "in turn")

	// A challenge moves between instances, and the limits are common to both.
	begun, finished := open(t, srv, instances[0].URL), open(t, srv, instances[1].URL)
	for _, one := range []*browser{begun, finished} {
		one.client.Jar = b.client.Jar // cookies do not depend on the port
		one.client.Transport = named{both.URL}
	}
	begun.get("/")
	begun.submit("/sign-out")
	begun.signIn(support1)
	begun.at("/code")
	for i := range codes.user.n {
		one := []*browser{begun, finished}[i%2]
		one.get("/code")
		one.submit("/code", "code", wrong(srv, support1))
		one.refused("/code", "wrong-code")
	}
	finished.submit("/code", "code", srv.Code(support1))
	finished.limited(t, time.Hour)
}

// named sends requests to one instance under the common host name.
type named struct{ url string }

func (n named) RoundTrip(req *http.Request) (*http.Response, error) {
	u, err := url.Parse(n.url)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Host = u.Host
	return http.DefaultTransport.RoundTrip(req)
}

// Twenty parallel requests to two instances refresh a rotating token once. There is no grace
// period.
func TestRefreshOnce(t *testing.T) {
	t.Parallel()
	srv := fake(t, func(o *cognitotest.Options) { o.RotationGrace = 0 })
	both, _ := balance(t, srv, startRedis(t))
	b := open(t, srv, both.URL)
	b.signIn(alice)
	for range 3 {
		srv.Advance(time.Hour)
		srv.ResetCalls()
		var wg sync.WaitGroup
		statuses := make([]string, 20)
		for i := range statuses {
			wg.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, both.URL+"/", nil)
				if !assert.NoError(t, err) {
					return
				}
				resp, err := b.client.Do(req)
				if assert.NoError(t, err) {
					statuses[i] = resp.Status + " " + resp.Request.URL.Path
					_ = resp.Body.Close()
				}
			})
		}
		wg.Wait()
		for _, status := range statuses {
			assert.Equal(t, "200 OK /", status)
		}
		refreshed := slices.DeleteFunc(srv.Calls(), func(c cognitotest.Call) bool {
			return c.Operation != "GetTokensFromRefreshToken"
		})
		assert.Len(t, refreshed, 1)
	}
}

// Nobody is signed out if an instance dies between two requests, or while it refreshes a token.
func TestInstanceDies(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	server := startRedis(t)
	both, instances := balance(t, srv, server)
	idle, busy := open(t, srv, both.URL), open(t, srv, both.URL)
	idle.signIn(alice)
	busy.signIn(alice)
	waiting := open(t, srv, both.URL)
	waiting.signIn(support1)
	waiting.at("/code")

	dying := instances[0]
	store := dying.store.(*shared)
	store.lease = 300 * time.Millisecond
	locked := make(chan string, 1)
	dying.store = watched{store, locked}
	srv.Advance(time.Hour)
	srv.Fail("GetTokensFromRefreshToken", cognitotest.Delay(2*time.Second))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, dying.URL+"/", nil)
	require.NoError(t, err)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		client := &http.Client{Jar: busy.client.Jar, Transport: named{both.URL}}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	select { // It holds the lock and waits for Cognito.
	case key := <-locked:
		assert.True(t, strings.HasPrefix(key, loginKey("")), key)
	case <-tooltest.Context(t).Done():
		require.Fail(t, "the lock was not taken")
	}
	require.NoError(t, store.redis.Close()) // it can no longer store or unlock anything
	dying.CloseClientConnections()
	require.NoError(t, dying.Listener.Close())

	busy.get("/")
	busy.at("/")
	idle.get("/")
	idle.at("/")
	waiting.get("/code")
	waiting.submit("/code", "code", srv.Code(support1))
	waiting.at("/sign-in") // the challenge has expired on every instance
	<-gone
}

// watched is a store that reports the first lock.
type watched struct {
	*shared
	locked chan<- string
}

func (w watched) Lock(ctx context.Context, key string) (func(), error) {
	unlock, err := w.shared.Lock(ctx, key)
	if err == nil {
		select {
		case w.locked <- key:
		default:
		}
	}
	return unlock, err
}

// Without its store the service responds with an error and lets nobody in. Sign-ins continue once
// it is back.
func TestRedisDown(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	server := startRedis(t)
	in := start(t, srv, "", sharing(t, server.address))
	b, guest := open(t, srv, in.URL), open(t, srv, in.URL)
	b.signIn(alice)
	b.get("/setup")
	key := b.key()
	guest.signIn(support1)
	guest.at("/code")

	server.stop()
	srv.ResetCalls()
	for _, one := range []*browser{b, guest} {
		for _, path := range []string{"/", "/code", "/setup", "/support", "/mfa-off"} {
			one.get(path)
			one.unavailable()
		}
		one.post("/code", url.Values{"code": {srv.Code(support1)}})
		one.unavailable()
		one.post("/sign-in", url.Values{"account": {alice}, "password": {password}})
		one.unavailable()
	}
	stranger := open(t, srv, in.URL)
	stranger.get("/sign-in") // without a session the store is not needed
	stranger.submit("/sign-in", "account", alice, "password", password)
	stranger.unavailable()
	assert.Empty(t, srv.Calls(), "no attempt reaches Cognito uncounted")

	server.start()
	tooltest.Until(t, "the client to reconnect", func() bool {
		b.get("/setup")
		return b.status != http.StatusServiceUnavailable
	})
	b.at("/setup")
	assert.Equal(t, key, b.key())
	b.get("/")
	b.at("/")
	guest.get("/code")
	guest.submit("/code", "code", srv.Code(support1))
	guest.at("/")
}

func (b *browser) unavailable() {
	b.t.Helper()
	require.Equal(b.t, http.StatusServiceUnavailable, b.status, b.body)
	b.says("unavailable")
	assert.NotEmpty(b.t, b.header.Get("Retry-After"))
	assert.Empty(b.t, b.header.Get("Set-Cookie"))
}

// Both stores behave the same.
func TestStore(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) Store{
		"memory": func(*testing.T) Store { return newMemory(time.Now) },
		"redis": func(t *testing.T) Store {
			t.Helper()
			return newShared(connectTo(t, "redis://"+startRedis(t).address))
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := open(t), t.Context()
			value, err := s.Get(ctx, "a")
			require.NoError(t, err)
			assert.Nil(t, value)
			require.NoError(t, s.Set(ctx, "a", []byte("1"), 0))
			require.NoError(t, s.Set(ctx, "b", []byte("2"), time.Millisecond))
			value, err = s.Get(ctx, "a")
			require.NoError(t, err)
			assert.Equal(t, "1", string(value))
			for value != nil { // until it expires
				value, err = s.Get(ctx, "b")
				require.NoError(t, err)
			}
			require.NoError(t, s.Delete(ctx, "a"))
			value, err = s.Get(ctx, "a")
			require.NoError(t, err)
			assert.Nil(t, value)

			for want := range 3 {
				n, rest, err := s.Count(ctx, "c", time.Hour)
				require.NoError(t, err)
				assert.Equal(t, want+1, n)
				assert.Positive(t, rest)
				assert.LessOrEqual(t, rest, time.Hour)
			}
			n, _, err := s.Count(ctx, "d", time.Millisecond)
			require.NoError(t, err)
			for again := true; again; { // until the window ends
				var next int
				next, _, err = s.Count(ctx, "d", time.Millisecond)
				require.NoError(t, err)
				again = next > n
			}

			unlock, err := s.Lock(ctx, "l")
			require.NoError(t, err)
			canceled, cancel := context.WithCancel(ctx)
			cancel()
			_, err = s.Lock(canceled, "l")
			require.ErrorIs(t, err, context.Canceled)
			free, err := s.Lock(ctx, "other")
			require.NoError(t, err)
			free()
			got := make(chan struct{})
			go func() {
				defer close(got)
				second, err := s.Lock(ctx, "l")
				if assert.NoError(t, err) {
					second()
				}
			}()
			unlock()
			<-got
		})
	}
}

// Expired items do not stay in memory.
func TestMemorySweep(t *testing.T) {
	t.Parallel()
	now := time.Now()
	m := newMemory(func() time.Time { return now })
	for i := range 100 {
		_, _, err := m.Count(t.Context(), strconv.Itoa(i), time.Minute)
		require.NoError(t, err)
	}
	now = now.Add(2 * time.Minute)
	_, err := m.Get(t.Context(), "any")
	require.NoError(t, err)
	assert.Empty(t, m.items)
}
