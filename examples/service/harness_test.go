package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

const alice = "alice@example.com"

// notices records the notices to users.
type notices struct {
	mu   sync.Mutex
	said []string
}

func (n *notices) note(_ *exchange, _, event string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, event)
}

// secretShapes matches passwords, tokens, sessions, keys, recovery codes and addresses.
const secretShapes = `Passw0rd|eyJ|AYABe|otpauth|[A-Z2-7]{4}-[A-Z2-7]{4}|[A-Z2-7]{20}|@example\.com`

// instance is a running service.
type instance struct {
	*service
	*httptest.Server
	notices notices
}

// start starts a service on a pool. If it is one of several, origin is their common origin.
func start(t *testing.T, srv *cognitotest.Server, origin string, set ...func(*service)) *instance {
	t.Helper()
	listener, err := loopback.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	if origin == "" {
		origin = "http://" + listener.Addr().String()
	}
	u, err := url.Parse(origin)
	require.NoError(t, err)
	journal := new(tooltest.Buffer)
	logger := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), journal), nil))
	t.Cleanup(func() { assert.NotRegexp(t, secretShapes, journal.String(), "the log") })
	svc, err := newService(fakePool(srv, "Example"), u, logger)
	require.NoError(t, err)
	in := &instance{service: svc}
	svc.notify = in.notices.note
	for _, f := range set {
		f(svc)
	}
	in.Server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: svc.handler()}}
	in.Start()
	t.Cleanup(in.Close)
	return in
}

// fake starts the embedded pool.
func fake(t *testing.T, more ...func(*cognitotest.Options)) *cognitotest.Server {
	t.Helper()
	// The clock stands still, so codes do not expire during a test.
	now := time.Now().Truncate(30 * time.Second)
	srv := openFake(append(more, func(o *cognitotest.Options) {
		o.Now = func() time.Time { return now }
	})...)
	t.Cleanup(srv.Close)
	return srv
}

// browser keeps cookies, follows redirects, and submits the forms on pages.
type browser struct {
	t      *testing.T
	srv    *cognitotest.Server
	base   string
	client *http.Client
	lang   string

	status int
	header http.Header
	path   string
	page   *html.Node
	body   string
}

func open(t *testing.T, srv *cognitotest.Server, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{t: t, srv: srv, base: base, client: &http.Client{Jar: jar}, lang: "en"}
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

// openService opens a browser on a service with a pool of its own.
func openService(
	t *testing.T, more ...func(*cognitotest.Options),
) (*cognitotest.Server, *browser) {
	t.Helper()
	srv := fake(t, more...)
	return srv, open(t, srv, start(t, srv, "").URL)
}

func (b *browser) send(req *http.Request) {
	b.t.Helper()
	req.Header.Set("Accept-Language", b.lang)
	resp, err := b.client.Do(req)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	b.status, b.header = resp.StatusCode, resp.Header
	b.body, b.path = string(text), resp.Request.URL.Path
	b.page, err = html.Parse(strings.NewReader(b.body))
	require.NoError(b.t, err)
}

func (b *browser) get(path string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil)
	require.NoError(b.t, err)
	b.send(req)
}

// post sends a form like the pages of the service, whether or not the page has it.
func (b *browser) post(path string, fields url.Values) {
	b.t.Helper()
	form := strings.NewReader(fields.Encode())
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, form)
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	b.send(req)
}

// submit fills in the form with this action, by names and values in turn, and submits it.
func (b *browser) submit(action string, fields ...string) {
	b.t.Helper()
	form := b.find("form", "action", action)
	require.NotNil(b.t, form, "no form for %s on %s: %s", action, b.path, b.body)
	values := make(url.Values)
	for node := range form.Descendants() {
		if node.Data == "input" && attr(node, "type") == "hidden" {
			values.Set(attr(node, "name"), attr(node, "value"))
		}
	}
	for i := 0; i < len(fields); i += 2 {
		assert.True(b.t, has(form, fields[i]), "the form has no %s", fields[i])
		values.Set(fields[i], fields[i+1])
	}
	b.post(action, values)
}

// find returns the first element with this attribute, or nil.
func (b *browser) find(tag, name, value string) *html.Node {
	for node := range b.page.Descendants() {
		if node.Type == html.ElementNode && node.Data == tag && attr(node, name) == value {
			return node
		}
	}
	return nil
}

func has(form *html.Node, name string) bool {
	for node := range form.Descendants() {
		if attr(node, "name") == name {
			return true
		}
	}
	return false
}

func attr(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// at requires that the browser is on a page without an error.
func (b *browser) at(path string) {
	b.t.Helper()
	require.Equal(b.t, path, b.path, b.body)
	require.Equal(b.t, http.StatusOK, b.status, b.body)
}

// says requires a text on the page.
func (b *browser) says(name string) {
	b.t.Helper()
	text := texts[name][b.lang]
	require.NotEmpty(b.t, text, name)
	begin, _, _ := strings.Cut(text, "%")
	require.Contains(b.t, html.UnescapeString(b.body), begin, "on %s", b.path)
}

// refused requires the same page again, with a problem.
func (b *browser) refused(path, problem string) {
	b.t.Helper()
	require.Equal(b.t, path, b.path)
	require.Equal(b.t, http.StatusUnprocessableEntity, b.status, b.body)
	b.says(problem)
}

func (b *browser) signIn(account string) {
	b.t.Helper()
	b.get("/sign-in")
	b.submit("/sign-in", "account", account, "password", password)
}

// key returns the key on the set-up page.
func (b *browser) key() string {
	b.t.Helper()
	code := b.find("code", "id", "key")
	require.NotNil(b.t, code, b.body)
	return strings.ReplaceAll(code.FirstChild.Data, " ", "")
}

// codeOf returns the current code for a key.
func (b *browser) codeOf(key string) string {
	b.t.Helper()
	code, err := otpauth.Key{Secret: otpauth.NewSecret(key)}.Code(b.srv.Now())
	require.NoError(b.t, err)
	return code
}

// wrong returns a code that is not valid around now.
func wrong(srv *cognitotest.Server, account string) string {
	var right []string
	for range 3 {
		srv.Advance(-30 * time.Second)
		state := srv.User(account)
		right = append(right, state.Code, state.NextCode)
	}
	srv.Advance(90 * time.Second)
	state := srv.User(account)
	right = append(right, state.Code, state.NextCode)
	for _, code := range []string{"000000", "000001", "000002", "000003", "000004", "000005"} {
		if !slices.Contains(right, code) {
			return code
		}
	}
	return "" // unreachable: only five codes are right
}

// enroll sets up an authenticator from the account page and saves the recovery codes.
func (b *browser) enroll() (key string, codes []string) {
	b.t.Helper()
	b.get("/setup")
	b.at("/setup")
	key = b.key()
	b.submit("/setup", "code", b.codeOf(key))
	return key, b.saveCodes()
}

// remember enrolls Alice, then signs in with a code and has the computer remembered.
func (b *browser) remember() {
	b.t.Helper()
	b.signIn(alice)
	b.at("/")
	b.enroll()
	b.submit("/sign-out")
	b.srv.Advance(time.Minute)
	b.signIn(alice)
	b.at("/code")
	b.submit("/code", "code", b.srv.Code(alice), "remember", "yes")
	b.at("/")
}

// saveCodes returns the recovery codes on the page and confirms that they are saved.
func (b *browser) saveCodes() (codes []string) {
	b.t.Helper()
	b.at("/recovery-codes")
	for node := range b.page.Descendants() {
		if node.Data == "code" {
			codes = append(codes, node.FirstChild.Data)
		}
	}
	require.Len(b.t, codes, recoveryCodes)
	b.submit("/recovery-codes/saved", "saved", "yes")
	b.at("/")
	b.says("codes-saved")
	return codes
}
