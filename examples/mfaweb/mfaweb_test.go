package mfaweb_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// Pages, responses and errors all have the security headers.
func TestHeaders(t *testing.T) {
	s := newSite(t, nil, nil)
	for name, a := range map[string]*answer{
		"page":          s.send(http.MethodGet, "/", ""),
		"script":        s.send(http.MethodGet, "/static/app.js", ""),
		"unclean path":  s.send(http.MethodPost, "//signin", "{}"),
		"missing page":  s.send(http.MethodGet, "/nowhere", ""),
		"answer":        s.signIn(),
		"error":         s.post("/signin", fields{"userId": username}),
		"wrong method":  s.send(http.MethodGet, "/signin", ""),
		"not signed in": s.send(http.MethodGet, "/whoami", ""),
	} {
		assert.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; "+
			"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "+
			"frame-ancestors 'none'", a.header.Get("Content-Security-Policy"), name)
		assert.Equal(t, "DENY", a.header.Get("X-Frame-Options"), name)
		assert.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), name)
		assert.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"), name)
		assert.Equal(t, "same-origin", a.header.Get("Cross-Origin-Opener-Policy"), name)
		assert.Equal(t, "same-origin", a.header.Get("Cross-Origin-Resource-Policy"), name)
		assert.Empty(t, a.header.Get("Set-Cookie"), name)
		assert.Empty(t, a.header.Get("Access-Control-Allow-Origin"), name)
		if name != "page" && name != "script" {
			assert.Equal(t, "no-store", a.header.Get("Cache-Control"), name)
		}
	}
}

func TestAllowOrigin(t *testing.T) {
	const friend, stranger = "https://www.example.com", "https://www.example.com.evil.example"
	s := newSite(t, nil, func(o *mfaweb.Options) { o.AllowOrigin = friend })
	ask := func(origin, method, path string) *answer {
		return s.send(http.MethodOptions, path, "", "Origin", origin,
			"Access-Control-Request-Method", method,
			"Access-Control-Request-Headers", "content-type")
	}

	a := ask(friend, http.MethodPost, "/signin")
	assert.Equal(t, http.StatusNoContent, a.status)
	assert.Empty(t, a.body)
	assert.Equal(t, friend, a.header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "POST", a.header.Get("Access-Control-Allow-Methods"))
	assert.Contains(t, a.header.Get("Access-Control-Allow-Headers"), "Content-Type")
	assert.Empty(t, a.header.Get("Access-Control-Allow-Credentials"))
	assert.Contains(t, a.header.Values("Vary"), "Origin")
	a = ask(friend, http.MethodGet, "/whoami")
	assert.Equal(t, http.StatusNoContent, a.status)
	assert.Contains(t, a.header.Get("Access-Control-Allow-Headers"), "Authorization")

	a = ask(stranger, http.MethodPost, "/signin")
	a.failed(http.StatusMethodNotAllowed, "method-not-allowed", "give-up")
	assert.Empty(t, a.header.Get("Access-Control-Allow-Origin"))

	sign := fields{"userId": username, "userPassword": password}
	a = s.post("/signin", sign, "Origin", friend)
	a.tokens()
	assert.Equal(t, friend, a.header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "cross-origin", a.header.Get("Cross-Origin-Resource-Policy"))
	a = s.post("/signin", fields{"userId": username}, "Origin", friend)
	assert.Equal(
		t, friend, a.header.Get("Access-Control-Allow-Origin"), "the page may read errors as well",
	)
	assert.Equal(t, "Retry-After", a.header.Get("Access-Control-Expose-Headers"))
	for _, origin := range []string{
		stranger, "null", "http://www.example.com", "https://www.example.com:8443",
		"HTTPS://WWW.EXAMPLE.COM",
	} {
		a = s.post("/signin", sign, "Origin", origin)
		assert.Empty(t, a.header.Get("Access-Control-Allow-Origin"), origin)
		assert.Contains(t, a.header.Values("Vary"), "Origin")
	}
	page := s.send(http.MethodGet, "/", "", "Origin", friend)
	assert.Empty(t, page.header.Get("Access-Control-Allow-Origin"), "pages are not the interface")

	for _, origin := range []string{
		"*", "null", "example.com", "https://", "https://example.com/", "https://example.com/x",
		"ftp://example.com", "https://u@example.com", "https://a b",
	} {
		_, err := mfaweb.New(nil, func(o *mfaweb.Options) { o.AllowOrigin = origin })
		assert.ErrorContains(t, err, "is not an origin", origin)
	}
	for _, origin := range []string{
		"https://example.com", "http://localhost:3000", "http://[::1]:3000",
	} {
		_, err := mfaweb.New(nil, func(o *mfaweb.Options) { o.AllowOrigin = origin })
		assert.NoError(t, err, origin)
	}
}

// Without a verifier there is no /whoami, and without pages none are served.
func TestWithoutVerifierAndPages(t *testing.T) {
	s := newSite(t, nil, func(o *mfaweb.Options) { o.Verifier, o.Pages = nil, nil })
	s.send(http.MethodGet, "/whoami", "").failed(http.StatusNotFound, "not-found", "give-up")
	s.send(http.MethodGet, "/", "").failed(http.StatusNotFound, "not-found", "give-up")
	s.signIn().tokens()
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"":                                 "en",
		"en":                               "en",
		"ja":                               "ja",
		"JA-jp":                            "ja",
		"ja-JP,ja;q=0.9,en-US;q=0.8":       "ja",
		"en-US,en;q=0.9,ja;q=0.8":          "en",
		"de-DE,de;q=0.9,ja;q=0.5,en;q=0.4": "ja",
		"de, fr":                           "en",
		"*":                                "en",
		"ja;q=0":                           "en",
		"ja;q=0, en;q=0":                   "en",
		"en;q=0.1, ja ; q=0.2":             "ja",
		"jam":                              "en",
		"ja;q=x":                           "en",
		"ja;q=NaN":                         "en",
		";;;,,,ja":                         "ja",
		strings.Repeat("x,", 10_000):       "en",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", header)
		assert.Equal(t, want, mfaweb.Language(r), header)
	}
}

// logged waits for n entries in the log with a request ID.
func logged(t *testing.T, id string, n int) []map[string]any {
	t.Helper()
	var entries []map[string]any
	tooltest.Until(t, "lines of the log", func() bool {
		entries = nil
		for line := range strings.Lines(log.String()) {
			var entry map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &entry))
			if entry["request_id"] == id {
				entries = append(entries, entry)
			}
		}
		return len(entries) >= n
	})
	require.Len(t, entries, n)
	return entries
}

// requestID returns an ID and an option that gives it to all requests. The ID is random because a
// test that runs twice writes to the same log.
func requestID(t *testing.T) (id string, option func(*mfaweb.Options)) {
	t.Helper()
	id = t.Name() + "-" + rand.Text()
	return id, func(o *mfaweb.Options) { o.RequestID = func(*http.Request) string { return id } }
}

// The log has what is needed to find a failure, in fixed words. Only the pages' files are logged at
// level Debug.
func TestLog(t *testing.T) {
	id, option := requestID(t)
	s := newSite(t, nil, option)
	s.signIn().tokens()
	s.post("/signin", fields{"userId": username, "userPassword": "wrong-password"})
	s.send(http.MethodGet, "/a-secret-in-the-address?token=another", "")
	s.send("SECRETMETHOD", "/signin", "")
	s.send(http.MethodGet, "/whoami", "")
	s.send(http.MethodGet, "/", "")
	s.send(http.MethodGet, "/ja/setup?token=another", "")
	s.send(http.MethodGet, "/static/app.js", "")
	line := func(level, method, path string, status float64, outcome string) map[string]any {
		return map[string]any{
			"level": level, "msg": "request", "client": "127.0.0.1",
			"method": method, "path": path, "status": status, "outcome": outcome,
		}
	}
	want := []map[string]any{
		line("INFO", "POST", "/signin", 200, "ok"),
		line("INFO", "POST", "/signin", 401, "wrong-credentials"),
		line("INFO", "GET", "pages", 404, "not-found"),
		line("INFO", "other", "/signin", 405, "method-not-allowed"),
		line("INFO", "GET", "/whoami", 401, "unauthorized"),
		line("INFO", "GET", "/", 200, "ok"),
		line("INFO", "GET", "/ja/setup", 200, "ok"),
		line("DEBUG", "GET", "/static/app.js", 200, "ok"),
	}
	// A line is written after its response, so lines of different connections can change places.
	entries := logged(t, id, len(want))
	for _, entry := range entries {
		for _, name := range []string{"time", "duration_ms", "request_id"} {
			assert.Contains(t, entry, name)
			delete(entry, name)
		}
	}
	assert.ElementsMatch(t, want, entries)
}

// An unknown client address is left out of the log.
func TestLogWithoutAddress(t *testing.T) {
	id, option := requestID(t)
	s := newSite(t, nil, func(o *mfaweb.Options) {
		option(o)
		o.ClientAddress = func(*http.Request) string { return "" }
	})
	s.send(http.MethodGet, "/", "")
	assert.NotContains(t, logged(t, id, 1)[0], "client")
}

// A panic becomes an error like any other, and its value stays out of the log.
func TestPanic(t *testing.T) {
	const value = "the-value-that-was-panicked-with"
	remember(value)
	id, option := requestID(t)
	s := newSite(t, nil, func(o *mfaweb.Options) {
		option(o)
		o.Pages = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) })
	})
	s.send(http.MethodGet, "/", "").failed(http.StatusInternalServerError, "internal", "give-up")
	entry := logged(t, id, 1)[0]
	assert.Equal(t, "ERROR", entry["level"])
	assert.Contains(t, entry["stack"], "TestPanic")
}
