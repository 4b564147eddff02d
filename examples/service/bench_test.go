package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// crowd adds users with an authenticator. Each signs in once, because codes are single use.
func crowd(srv *cognitotest.Server, n int) {
	for i := range n {
		srv.AddUser(cognitotest.User{
			Username: fmt.Sprintf("user%d@example.com", i), Password: password, TOTP: demoKey,
			Attributes: map[string]string{"name": "User"},
		})
	}
}

// visit signs in one of the crowd, from the first page to the account, each from another address.
func visit(
	tb testing.TB, base string, srv *cognitotest.Server, i int, took func(page string, send func()),
) {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(tb, err)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	account := fmt.Sprintf("user%d@example.com", i)
	for _, page := range []struct {
		method, path string
		form         url.Values
		status       int
	}{
		{method: "GET", path: "/sign-in", status: http.StatusOK},
		{
			method: "POST", path: "/sign-in",
			form:   url.Values{"account": {account}, "password": {password}},
			status: http.StatusSeeOther,
		},
		{method: "GET", path: "/code", status: http.StatusOK},
		{method: "POST", path: "/code", status: http.StatusSeeOther},
		{method: "GET", path: "/", status: http.StatusOK},
	} {
		if page.path == "/code" && page.method == "POST" {
			page.form = url.Values{"code": {srv.Code(account)}}
		}
		form := strings.NewReader(page.form.Encode())
		req, err := http.NewRequestWithContext(tb.Context(), page.method, base+page.path, form)
		require.NoError(tb, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		from := netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)})
		req.Header.Set("X-Forwarded-For", from.String())
		took(page.method+" "+page.path, func() {
			resp, err := client.Do(req)
			if assert.NoError(tb, err) {
				assert.Equal(tb, page.status, resp.StatusCode, page)
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
}

// benchInstance starts a service without a log.
func benchInstance(b *testing.B, p *pool, origin string, set ...func(*service)) *httptest.Server {
	b.Helper()
	server := httptest.NewUnstartedServer(nil)
	if origin == "" {
		origin = "http://" + server.Listener.Addr().String()
	}
	u, err := url.Parse(origin)
	require.NoError(b, err)
	svc, err := newService(p, u, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	svc.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	svc.notify = func(*exchange, string, string) {}
	for _, f := range set {
		f(svc)
	}
	server.Config.Handler = svc.handler()
	server.Start()
	b.Cleanup(server.Close)
	return server
}

// BenchmarkSignIn measures a sign-in with password and code, from the first page to the account:
// five requests to the service and four to Cognito, which runs in the same process.
func BenchmarkSignIn(b *testing.B) {
	run := func(b *testing.B, srv *cognitotest.Server, base string) {
		b.Helper()
		crowd(srv, b.N)
		var next atomic.Int64
		b.SetParallelism(4)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				visit(b, base, srv, int(next.Add(1)-1), func(_ string, send func()) { send() })
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ins/s")
	}
	b.Run("memory", func(b *testing.B) {
		srv := openFake()
		defer srv.Close()
		run(b, srv, benchInstance(b, fakePool(srv, "Example"), "").URL)
	})
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("redis/instances=%d", n), func(b *testing.B) {
			srv := openFake()
			defer srv.Close()
			redis := startRedis(b)
			both := proxy(b)
			for range n {
				in := benchInstance(b, fakePool(srv, "Example"), both.URL, sharing(b, redis.address))
				both.addresses = append(both.addresses, in.Listener.Addr().String())
			}
			run(b, srv, both.URL)
		})
	}
}

// timed adds up the time that Cognito takes.
type timed struct{ total atomic.Int64 }

func (t *timed) Do(req *http.Request) (*http.Response, error) {
	begin := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(req)
	t.total.Add(int64(time.Since(begin)))
	return resp, err
}

// BenchmarkPages reports the medians of each page's own time and of Cognito's, in milliseconds.
func BenchmarkPages(b *testing.B) {
	srv := openFake()
	defer srv.Close()
	cognito := &timed{}
	p := fakePool(srv, "Example")
	p.api = srv.Client(func(o *cognitoidentityprovider.Options) { o.HTTPClient = cognito })
	base := benchInstance(b, p, "").URL
	crowd(srv, b.N)
	own, theirs := make(map[string][]time.Duration), make(map[string][]time.Duration)
	for i := range b.N {
		visit(b, base, srv, i, func(page string, send func()) {
			cognito.total.Store(0)
			begin := time.Now()
			send()
			total := time.Since(begin)
			theirs[page] = append(theirs[page], time.Duration(cognito.total.Load()))
			own[page] = append(own[page], total-time.Duration(cognito.total.Load()))
		})
	}
	for page := range own {
		name := strings.ReplaceAll(page, " ", "")
		b.ReportMetric(median(own[page]), name+"-own-ms")
		b.ReportMetric(median(theirs[page]), name+"-cognito-ms")
	}
}

func median(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}
