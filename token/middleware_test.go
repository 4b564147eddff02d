package token_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

func TestMiddleware(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"staff"}, []string{"example/read"}
	handler := newVerifier(t, cfg).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := token.FromContext(r.Context())
		if assert.True(t, ok) {
			_, _ = w.Write([]byte(claims.Username))
		}
	}))
	access := func(changes map[string]any) string { return sign(goodHeader(), with(accessClaims(), changes)) }
	good := access(nil)

	const (
		plain  = `Bearer realm="cognito"`
		reason = plain + `, error="`
	)
	tests := []struct {
		name      string
		header    []string
		status    int
		challenge string
	}{
		{"good", []string{"Bearer " + good}, 200, ""},
		{"scheme in lower case", []string{"bearer " + good}, 200, ""},
		{"scheme in upper case", []string{"BEARER " + good}, 200, ""},
		{"two blanks", []string{"Bearer  " + good}, 200, ""},

		{"no header", nil, 401, plain},
		{"an empty header", []string{""}, 401, plain},
		{"another scheme", []string{"Basic YWxpY2U6c2VjcmV0"}, 401, plain},
		{"a longer scheme", []string{"Bearers " + good}, 401, plain},
		{"the token alone", []string{good}, 401, plain},
		{"no blank", []string{"Bearer" + good}, 401, plain},

		{"no token", []string{"Bearer"}, 401, reason + `invalid_token"`},
		{"a blank token", []string{"Bearer "}, 401, reason + `invalid_token"`},
		{"garbage", []string{"Bearer \"\r\nX: y"}, 401, reason + `invalid_token"`},
		{"two tokens", []string{"Bearer " + good + ", " + good}, 401, reason + `invalid_token"`},
		{"expired", []string{"Bearer " + access(map[string]any{"exp": 1})}, 401, reason + `invalid_token"`},
		{"forged", []string{"Bearer " + signText(strangerKey(), toJSON(goodHeader()), toJSON(accessClaims()))}, 401, reason + `invalid_token"`},
		{"unknown key", []string{"Bearer " + sign(with(goodHeader(), map[string]any{"kid": "x"}), accessClaims())}, 401, reason + `invalid_token"`},
		{"another client", []string{"Bearer " + access(map[string]any{"client_id": "x"})}, 401, reason + `invalid_token"`},
		{"an ID token", []string{"Bearer " + sign(goodHeader(), idClaims())}, 401, reason + `invalid_token"`},
		{"forged, without the scope", []string{"Bearer " + signText(strangerKey(), toJSON(goodHeader()), toJSON(with(accessClaims(), map[string]any{"scope": nil})))}, 401, reason + `invalid_token"`},

		{"without the group", []string{"Bearer " + access(map[string]any{"cognito:groups": nil})}, 403, reason + `insufficient_scope"`},
		{"without the scope", []string{"Bearer " + access(map[string]any{"scope": "openid"})}, 403, reason + `insufficient_scope"`},

		{"two headers", []string{"Bearer " + good, "Bearer " + good}, 400, reason + `invalid_request"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?access_token="+good, http.NoBody)
			r.Header["Authorization"] = tt.header
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.challenge, w.Header().Get("WWW-Authenticate"))
			if tt.status == http.StatusOK {
				assert.Equal(t, "alice", w.Body.String())
			} else {
				assert.Equal(t, http.StatusText(tt.status)+"\n", w.Body.String())
			}
			assert.Empty(t, w.Header().Get("Retry-After"))
		})
	}
}

func TestMiddlewareWithoutKeys(t *testing.T) {
	cfg := fetchConfig(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
	cfg.Now = clock
	handler := newVerifier(t, cfg).Middleware(http.NotFoundHandler())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+sign(goodHeader(), accessClaims()))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
	assert.Empty(t, w.Header().Get("WWW-Authenticate"), "the token may be good")
	assert.Equal(t, "Service Unavailable\n", w.Body.String())
}

func TestContext(t *testing.T) {
	_, ok := token.FromContext(t.Context())
	require.False(t, ok)

	want := &token.AccessClaims{Claims: token.Claims{Subject: testSub}}
	got, ok := token.FromContext(token.NewContext(t.Context(), want))
	require.True(t, ok)
	require.Same(t, want, got)
}
