package token_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

const (
	realm  = `Bearer realm="cognito"`
	reason = realm + `, error="`
)

// greet is a handler that needs claims.
func greet(w http.ResponseWriter, r *http.Request) {
	claims, ok := token.FromContext(r.Context())
	if !ok {
		http.Error(w, "no claims", http.StatusTeapot)
		return
	}
	_, _ = io.WriteString(w, claims.Username)
}

// do sends a request through the middleware to greet.
func do(
	t *testing.T, v *token.Verifier, header http.Header, optFns ...func(*token.MiddlewareOptions),
) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet,
		"/?access_token="+access(nil), http.NoBody)
	r.Header = header
	w := httptest.NewRecorder()
	v.Middleware(http.HandlerFunc(greet), optFns...).ServeHTTP(w, r)
	return w
}

func bearer(raw string) http.Header { return http.Header{"Authorization": {"Bearer " + raw}} }

func TestMiddleware(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"staff"}, []string{"example/read"}
	v := newVerifier(t, cfg)
	good := access(nil)
	tests := []struct {
		name      string
		header    []string
		status    int
		challenge string
	}{
		{"good", []string{"Bearer " + good}, 200, ""},
		{"scheme in lower case", []string{"bearer " + good}, 200, ""},
		{"scheme in upper case", []string{"BEARER " + good}, 200, ""},
		{"two spaces", []string{"Bearer  " + good}, 200, ""},

		{"no header", nil, 401, realm},
		{"an empty header", []string{""}, 401, realm},
		{"another scheme", []string{"Basic YWxpY2U6c2VjcmV0"}, 401, realm},
		{"a longer scheme", []string{"Bearers " + good}, 401, realm},
		{"the token alone", []string{good}, 401, realm},
		{"no space", []string{"Bearer" + good}, 401, realm},

		{"no token", []string{"Bearer"}, 401, reason + `invalid_token"`},
		{"an empty token", []string{"Bearer "}, 401, reason + `invalid_token"`},
		{"garbage", []string{"Bearer \"\r\nX: y"}, 401, reason + `invalid_token"`},
		{"two tokens", []string{"Bearer " + good + ", " + good}, 401, reason + `invalid_token"`},
		{"two headers", []string{"Bearer " + good, "Basic x"}, 400, reason + `invalid_request"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := do(t, v, http.Header{"Authorization": tt.header})
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.challenge, w.Header().Get("WWW-Authenticate"))
			assert.Empty(t, w.Header().Get("Retry-After"))
			if tt.status == http.StatusOK {
				assert.Equal(t, "alice", w.Body.String())
			} else {
				assert.Equal(t, http.StatusText(tt.status)+"\n", w.Body.String())
			}
		})
	}
}

// Each reason for rejecting a token has its own response (RFC 6750 and RFC 9470, section 3 of
// each).
func TestMiddlewareReasons(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"staff"}, []string{"example/read"}
	cfg.ACR, cfg.MaxAge = []string{"urn:cognito:loa:4", "urn:cognito:loa:3"}, 5*time.Minute
	v := newVerifier(t, cfg)
	high, err := v.With(token.Requirements{ACR: []string{"urn:cognito:loa:4"}, MaxAge: time.Minute})
	require.NoError(t, err)
	levels := token.Config{
		UserPoolID: testPool, AnyClient: true, JWKS: poolJWKS(), Now: clock, ACR: []string{"a!#~"},
	}
	ages := levels
	ages.ACR, ages.MaxAge = nil, 2*time.Minute

	const (
		invalid = reason + `invalid_token"`
		scope   = reason + `insufficient_scope"`
		stepUp  = reason + `insufficient_user_authentication"`
		both    = stepUp + `, acr_values="urn:cognito:loa:4 urn:cognito:loa:3", max_age="300"`
	)
	good := m{"acr": "urn:cognito:loa:3"}
	later := m{"acr": "urn:cognito:loa:3", "auth_time": testNow.Unix() - 301}
	for _, tt := range []struct {
		name      string
		v         *token.Verifier
		raw       string
		status    int
		challenge string
	}{
		{"good", v, access(good), 200, ""},
		{"expired", v, access(with(good, m{"exp": 1})), 401, invalid},
		{"not yet valid", v, access(with(good, m{"nbf": testNow.Unix() + 9})), 401, invalid},
		{"forged", v, forge(with(accessClaims(), good)), 401, invalid},
		{"forged, no scope", v, forge(with(accessClaims(), m{"scope": nil})), 401, invalid},
		{"unknown key", v, sign(kid("x"), accessClaims()), 401, invalid},
		{"another issuer", v, access(m{"iss": "x"}), 401, invalid},
		{"another client", v, access(m{"client_id": "x"}), 401, invalid},
		{"an ID token", v, sign(goodHeader(), idClaims()), 401, invalid},
		{"no group", v, access(m{"cognito:groups": nil}), 403, scope},
		{"no scope", v, access(m{"scope": "openid"}), 403, scope},
		{"no level", v, access(nil), 401, both},
		{"a low level", v, access(m{"acr": "urn:cognito:loa:1"}), 401, both},
		{"too long ago", v, access(later), 401, both},
		{
			"more is required", high, access(good), 401,
			stepUp + `, acr_values="urn:cognito:loa:4", max_age="60"`,
		},
		{
			"a level alone", newVerifier(t, levels), access(nil), 401,
			stepUp + `, acr_values="a!#~"`,
		},
		{
			"an age alone", newVerifier(t, ages), access(m{"auth_time": nil}), 401,
			stepUp + `, max_age="120"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := do(t, tt.v, bearer(tt.raw))
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.challenge, w.Header().Get("WWW-Authenticate"))
		})
	}
}

// Retry-After is the time until the next fetch, rounded up to seconds.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{fail: func(*http.Request) (*http.Response, error) {
			return respond(500, nil)
		}}
		v := srv.verifier(t)
		unavailable := func(name, retry string) {
			t.Helper()
			w := do(t, v, bearer(tokenNow(name, nil)))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.Equal(t, retry, w.Header().Get("Retry-After"))
			require.Empty(t, w.Header().Get("WWW-Authenticate"), "the token may be valid")
			require.Equal(t, "Service Unavailable\n", w.Body.String())
		}
		unavailable(testKID, "1")
		time.Sleep(time.Millisecond)
		unavailable(testKID, "1")
		time.Sleep(time.Second)

		srv.fail, srv.keys = nil, poolJWKS()
		require.Equal(t, http.StatusOK, do(t, v, bearer(tokenNow(testKID, nil))).Code)
		unavailable("new", "10")
		time.Sleep(time.Nanosecond)
		unavailable("new", "10")
		time.Sleep(2500 * time.Millisecond)
		unavailable("new", "8")
		time.Sleep(7 * time.Second)
		unavailable("new", "1")

		// After that time a request succeeds.
		srv.keys = keysNamed(testKID, "new")
		time.Sleep(time.Second)
		require.Equal(t, http.StatusOK, do(t, v, bearer(tokenNow("new", nil))).Code)

		// After a failure with keys, the pause is as long.
		time.Sleep(10 * time.Second)
		srv.fail = hang
		unavailable("newer", "10")
		time.Sleep(4 * time.Second)
		unavailable("newer", "6")
		require.Equal(t, http.StatusOK, do(t, v, bearer(tokenNow("new", nil))).Code)
	})
}

func TestMiddlewareCookie(t *testing.T) {
	v := newVerifier(t, staticConfig())
	cookie := func(o *token.MiddlewareOptions) { o.Cookie = "__Host-token" }
	good := access(nil)
	for _, tt := range []struct {
		name      string
		header    http.Header
		status    int
		challenge string
	}{
		{"good", http.Header{"Cookie": {"a=b; __Host-token=" + good}}, 200, ""},
		{"in quotes", http.Header{"Cookie": {`__Host-token="` + good + `"`}}, 200, ""},
		{"none", nil, 401, realm},
		{"empty", http.Header{"Cookie": {"__Host-token="}}, 401, realm},
		{"another", http.Header{"Cookie": {"token=" + good}}, 401, realm},
		{"in another case", http.Header{"Cookie": {"__host-token=" + good}}, 401, realm},
		{"only the header", bearer(good), 401, realm},
		{"garbage", http.Header{"Cookie": {"__Host-token=x"}}, 401, reason + `invalid_token"`},
		{
			"two",
			http.Header{"Cookie": {"__Host-token=" + good + "; __Host-token=x"}},
			400, reason + `invalid_request"`,
		},
		{
			"two lines",
			http.Header{"Cookie": {"__Host-token=x", "__Host-token=" + good}},
			400, reason + `invalid_request"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := do(t, v, tt.header, cookie)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.challenge, w.Header().Get("WWW-Authenticate"))
		})
	}
	w := do(t, v, http.Header{"Cookie": {"__Host-token=" + good}})
	assert.Equal(t, http.StatusUnauthorized, w.Code, "without the option cookies are ignored")
}

// Refuse gets the reason and writes the response. If it forgets something, nobody gets in, and the
// response does not look like a success.
func TestMiddlewareRefuse(t *testing.T) {
	cfg := staticConfig()
	cfg.ACR = []string{"4"}
	v := newVerifier(t, cfg)
	const stepUp = reason + `insufficient_user_authentication", acr_values="4"`
	for _, tt := range []struct {
		name   string
		refuse func(w http.ResponseWriter, r *http.Request, status int)
		status int
		body   string
	}{
		{
			"all", func(w http.ResponseWriter, _ *http.Request, status int) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, `{"message":"no"}`)
			}, 401, `{"message":"no"}`,
		},
		{
			"a redirect", func(w http.ResponseWriter, r *http.Request, _ int) {
				http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			}, 303, "<a href=\"/sign-in\">See Other</a>.\n\n",
		},
		{
			"another status", func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.WriteHeader(http.StatusNotFound)
			}, 404, "",
		},
		{
			"without the status", func(w http.ResponseWriter, _ *http.Request, _ int) {
				_, _ = io.WriteString(w, "no")
				_, _ = io.WriteString(w, "!")
			}, 401, "no!",
		},
		{
			"early hints only", func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.WriteHeader(http.StatusEarlyHints)
			}, 401, "Unauthorized\n",
		},
		{"nothing", func(http.ResponseWriter, *http.Request, int) {}, 401, "Unauthorized\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			handler := v.Middleware(http.HandlerFunc(greet), func(o *token.MiddlewareOptions) {
				o.Refuse = func(w http.ResponseWriter, r *http.Request, status int, err error) {
					assert.Equal(t, http.StatusUnauthorized, status)
					assert.ErrorIs(t, err, token.ErrACR)
					tt.refuse(w, r, status)
				}
			})
			srv := serve(t, handler.ServeHTTP)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, http.NoBody)
			require.NoError(t, err)
			r.Header = bearer(access(nil))
			resp, err := http.DefaultTransport.RoundTrip(r)
			require.NoError(t, err)
			defer resp.Body.Close() //nolint:errcheck // The test does not depend on it.
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, tt.status, resp.StatusCode)
			assert.Equal(t, tt.body, string(body))
			assert.Equal(t, stepUp, resp.Header.Get("WWW-Authenticate"))
		})
	}
}

func TestMiddlewareRefuseReasons(t *testing.T) {
	v := newVerifier(t, staticConfig())
	offline := fetchConfig(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("offline")
	})
	offline.Now = clock
	for _, tt := range []struct {
		name   string
		v      *token.Verifier
		header http.Header
		status int
		want   error
	}{
		{"no token", v, nil, 401, token.ErrNoToken},
		{"two", v, http.Header{"Authorization": {"Bearer x", "Bearer y"}}, 400, token.ErrMalformed},
		{"forged", v, bearer(forge(accessClaims())), 401, token.ErrSignature},
		{"no keys", newVerifier(t, offline), bearer(access(nil)), 503, token.ErrKeysUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := false
			w := do(t, tt.v, tt.header, func(o *token.MiddlewareOptions) {
				o.Refuse = func(_ http.ResponseWriter, _ *http.Request, status int, err error) {
					asked = true
					assert.Equal(t, tt.status, status)
					assert.ErrorIs(t, err, tt.want)
				}
			})
			assert.True(t, asked)
			assert.Equal(t, tt.status, w.Code)
		})
	}
}

func TestContext(t *testing.T) {
	_, ok := token.FromContext(t.Context())
	require.False(t, ok)

	want := &token.AccessClaims{Claims: token.Claims{Subject: testSub}}
	got, ok := token.FromContext(token.NewContext(t.Context(), want))
	require.True(t, ok)
	require.Same(t, want, got)
}
