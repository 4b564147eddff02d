package mfaweb_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
	"github.com/cognitomfa/cognitomfa/token"
)

const (
	username = "alice@example.com"
	password = "Correct-Horse-7"
)

// log collects the log of all tests, including debug lines.
var log tooltest.Buffer

// secrets holds all strings sent and received in tests: names, passwords, codes, tokens, sessions,
// keys.
var secrets sync.Map

// remember adds the strings in a JSON value to secrets, except short ones and fixed words.
func remember(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			remember(member)
		}
	case []any:
		for _, item := range v {
			remember(item)
		}
	case string:
		if len(v) >= 6 && !slices.Contains([]string{"Bearer", "SUCCESS", "MFA_SETUP"}, v) {
			secrets.Store(v, true)
		}
	}
}

// TestMain runs the tests and then searches their log for secrets.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := checkLog(); err != nil {
		fmt.Println("FAIL: the log of all tests:", err)
		code = 1
	}
	os.Exit(code)
}

// checkLog searches every line of the log, except for the time, duration, address and request ID,
// which can look like a code by chance.
func checkLog() error {
	for line := range strings.Lines(log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			return fmt.Errorf("%w: %s", err, line)
		}
		if _, ok := entry["duration_ms"].(float64); !ok || entry["request_id"] == "" {
			return fmt.Errorf("no duration or id in %s", line)
		}
		for _, name := range []string{"time", "duration_ms", "request_id", "client"} {
			delete(entry, name)
		}
		rest, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		var leak string
		secrets.Range(func(secret, _ any) bool {
			if strings.Contains(string(rest), secret.(string)) {
				leak = secret.(string)
			}
			return leak == ""
		})
		if leak != "" {
			return fmt.Errorf("%q in %s", leak, line)
		}
	}
	return nil
}

// site is the interface with pages and its own user pool.
type site struct {
	*cognitotest.Server

	t   testing.TB
	url string
	api *mfaweb.API
}

// newSite starts a site with one user. Calls to Cognito are not retried, so a single fault makes a
// call fail.
func newSite(tb testing.TB, pool func(*cognitotest.Options), web func(*mfaweb.Options)) *site {
	tb.Helper()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		if pool != nil {
			pool(o)
		}
	})
	tb.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: username, Password: password})

	client, err := cognitomfa.New(
		srv.Client(func(o *cognitoidentityprovider.Options) { o.RetryMaxAttempts = 1 }),
		cognitomfa.Config{UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, Issuer: "Example"},
	)
	require.NoError(tb, err)
	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: srv.UserPoolID, ClientIDs: []string{srv.ClientID}, Now: srv.Now,
		JWKSURL: srv.JWKSURL(),
	})
	require.NoError(tb, err)
	api, err := mfaweb.New(client, func(o *mfaweb.Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Verifier = verifier
		o.Pages = pages.New()
		o.Now = srv.Now
		if web != nil {
			web(o)
		}
	})
	require.NoError(tb, err)
	served := httptest.NewServer(api.Handler())
	tb.Cleanup(served.Close)
	return &site{Server: srv, t: tb, url: served.URL, api: api}
}

// answer is a response.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// send sends a request and reads the response. A Host header replaces the request's host.
func (s *site) send(method, path, body string, headers ...string) *answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(
		s.t.Context(), method, s.url+path, strings.NewReader(body),
	)
	require.NoError(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	req.Host = req.Header.Get("Host")
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer func() { assert.NoError(s.t, res.Body.Close()) }()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return &answer{t: s.t, status: res.StatusCode, header: res.Header, body: text}
}

// fields is the body of a request.
type fields map[string]string

// post sends a request as a front end does, and remembers the secrets in it and in the response.
func (s *site) post(path string, f fields, headers ...string) *answer {
	s.t.Helper()
	body, err := json.Marshal(f)
	require.NoError(s.t, err)
	for name, value := range f {
		if name != "ChallengeName" && name != "mfaType" {
			remember(value)
		}
	}
	headers = append([]string{"Content-Type", "application/json"}, headers...)
	a := s.send(http.MethodPost, path, string(body), headers...)
	if a.status == http.StatusOK {
		said := a.json()
		for _, public := range []string{"ChallengeName", "warning"} {
			delete(said, public)
		}
		remember(said)
	}
	return a
}

func (a *answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	require.NoError(a.t, json.Unmarshal(a.body, &m), "%s", a.body)
	assert.Equal(a.t, "application/json", a.header.Get("Content-Type"))
	return m
}

// ok checks that the request succeeded and returns the response.
func (a *answer) ok() map[string]any {
	a.t.Helper()
	require.Equal(a.t, http.StatusOK, a.status, "%s", a.body)
	return a.json()
}

// tokens returns the tokens of a finished sign-in.
func (a *answer) tokens() map[string]any {
	a.t.Helper()
	result, ok := a.ok()["AuthenticationResult"].(map[string]any)
	require.True(a.t, ok, "%s", a.body)
	return result
}

// access returns the access token of a finished sign-in.
func (a *answer) access() string {
	a.t.Helper()
	return a.tokens()["AccessToken"].(string)
}

// failed checks an error and returns its message.
func (a *answer) failed(status int, code, next string) string {
	a.t.Helper()
	assert.Equal(a.t, status, a.status, "%s", a.body)
	body := a.json()
	assert.Len(a.t, body, 1)
	e, ok := body["error"].(map[string]any)
	require.True(a.t, ok, "%s", a.body)
	assert.Len(a.t, e, 3)
	assert.Equal(a.t, code, e["code"])
	assert.Equal(a.t, next, e["next"])
	message, _ := e["message"].(string)
	assert.NotEmpty(a.t, message)
	return message
}

func (s *site) signIn() *answer {
	s.t.Helper()
	return s.signInAs(username)
}

func (s *site) signInAs(name string) *answer {
	s.t.Helper()
	return s.post("/signin", fields{"userId": name, "userPassword": password})
}

// session signs in up to a challenge and returns the fields for the next request.
func (s *site) session(challenge string) fields {
	s.t.Helper()
	return s.sessionOf(username, challenge)
}

func (s *site) sessionOf(name, challenge string) fields {
	s.t.Helper()
	a := s.signInAs(name).ok()
	require.Equal(s.t, challenge, a["ChallengeName"])
	parameters := a["ChallengeParameters"].(map[string]any)
	return fields{
		"authParamSession": a["Session"].(string),
		"authParamUserId":  parameters["USER_ID_FOR_SRP"].(string),
	}
}

// with returns the fields plus one.
func (f fields) with(name, value string) fields {
	more := fields{name: value}
	maps.Copy(more, f)
	return more
}

// withCode returns the fields plus a code.
func (f fields) withCode(code string) fields { return f.with("mfaCode", code) }

// enroll enrolls an authenticator and turns MFA on.
func (s *site) enroll() (accessToken string) {
	s.t.Helper()
	accessToken = s.signIn().access()
	s.post("/mfa", fields{"AccessToken": accessToken}).ok()
	s.post("/verify", fields{"accessToken": accessToken, "mfaCode": s.Code(username)}).ok()
	s.Advance(30 * time.Second)
	return accessToken
}
