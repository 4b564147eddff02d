package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// person is a user with a browser, and an authenticator app on a phone.
type person struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // it is chromedp's handle of the tab
	demo *program

	window chromedp.Action[chromedp.Void] // sets the size of the window

	key      string    // in the authenticator
	enrolled time.Time // when the first code was made

	mu       sync.Mutex
	console  []string
	requests []string
}

// sit opens a desktop browser window with a new profile.
func sit(t *testing.T, demo *program, language string) *person {
	t.Helper()
	return sitAt(t, demo, language, desktop)
}

// Two windows: a desktop, and a phone with a touchscreen.
var (
	desktop = chromedp.EmulateViewport(1280, 800)
	phone   = chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch)
)

// sitAt opens a browser window with a new profile.
func sitAt(
	t *testing.T, demo *program, language string, window chromedp.Action[chromedp.Void],
) *person {
	t.Helper()
	ctx := chromium.Tab(t)
	require.NoError(t, chromium.SetLanguage(ctx, language))
	p := &person{t: t, ctx: ctx, demo: demo, window: window}
	p.do(p.window)

	go func() {
		for message, err := range chromedp.Console(ctx) {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.console = append(p.console, message.Text)
			p.mu.Unlock()
		}
	}()
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			p.mu.Lock()
			p.requests = append(p.requests, sent.Request.URL)
			p.mu.Unlock()
		}
	}))
	return p
}

func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, steps...))
}

// open goes to the first page of the demo.
func (p *person) open() {
	p.t.Helper()
	p.do(chromedp.Navigate(p.demo.lines["web"]))
	p.see("signin", "#username")
}

// see waits until a page shows the element of a selector.
func (p *person) see(page, selector string) {
	p.t.Helper()
	if err := chromium.See(p.ctx, "body[data-page="+page+"] "+selector); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		require.NoError(p.t, err, "the console says %q", p.console)
	}
}

// click clicks the element of a selector.
func (p *person) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// eval runs a script in the page and returns its value.
func eval[T any](p *person, script string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	require.NoError(p.t, err, script)
	return value
}

// shown lists the texts of the visible controls.
func (p *person) shown() []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll('main :is(a, button, input, summary)')]
		.filter((e) => e.checkVisibility()).map((e) => e.innerText || e.name)`)
}

// text returns the text of an element.
func (p *person) text(selector string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(p.t, err, selector)
	return text
}

// fill replaces the content of an input.
func (p *person) fill(id, text string) {
	p.t.Helper()
	eval[chromedp.Void](p, fmt.Sprintf("document.getElementById(%q).select()", id))
	p.do(chromedp.KeyEvent(text))
}

// signIn types the user name and password and clicks the button.
func (p *person) signIn(username, password string) {
	p.t.Helper()
	p.see("signin", submit)
	p.fill("username", username)
	p.fill("password", password)
	p.click(submit)
}

// submit selects the button of a form that the script has enabled.
const submit = "form button:not([type], :disabled)"

// enter types a code and clicks the button.
func (p *person) enter(code string) {
	p.t.Helper()
	p.fill("code", code)
	p.click(submit)
}

// signOut clicks the sign-out button.
func (p *person) signOut() {
	p.t.Helper()
	p.click("#sign-out button")
	p.see("signin", "#notice:not(:empty)")
}

// scan reads the QR code on the screen into the authenticator, and checks that the key and the link
// on the page match it.
func (p *person) scan() {
	p.t.Helper()
	p.see("setup", "#qr:not([hidden])")
	picture, err := chromedp.Run(p.ctx, chromedp.Screenshot(chromedp.CSS("#qr-frame")))
	require.NoError(p.t, err)
	zbarimg := tooltest.Need(p.t, "zbar-tools", "zbarimg")
	cmd := exec.CommandContext(p.ctx, zbarimg, "--quiet", "--raw", "-")
	cmd.Stdin = bytes.NewReader(picture)
	out, err := cmd.Output()
	require.NoError(p.t, err, "zbarimg found no QR code")

	uri, err := url.Parse(strings.TrimSpace(string(out)))
	require.NoError(p.t, err)
	assert.Equal(p.t, "otpauth", uri.Scheme)
	assert.Equal(p.t, "totp", uri.Host)
	assert.Equal(p.t, "/Cognito MFA demo:alice", uri.Path)
	p.key = uri.Query().Get("secret")
	assert.Equal(p.t, p.key, strings.ReplaceAll(p.text("#key"), " ", ""))
	link := eval[string](p, "document.getElementById('open').href")
	assert.Equal(p.t, strings.TrimSpace(string(out)), link)
	assert.Equal(p.t, "Cognito MFA demo", p.text("#issuer"))
	assert.Equal(p.t, "alice", p.text("#account-name"))
}

// codes returns n codes of the authenticator from a time on. They come from oathtool, which the
// demo recommends.
func (p *person) codes(at time.Time, n int) []string {
	p.t.Helper()
	now := at.UTC().Format("2006-01-02 15:04:05 UTC")
	oathtool := tooltest.Need(p.t, "oathtool", "oathtool")
	out, err := exec.CommandContext(p.ctx, oathtool, "--totp", "--base32",
		"--now", now, "--window", fmt.Sprint(n-1), p.key).Output()
	require.NoError(p.t, err)
	return strings.Fields(string(out))
}

// firstCode returns the current code of a new authenticator.
func (p *person) firstCode() string {
	p.t.Helper()
	p.enrolled = time.Now()
	return p.codes(p.enrolled, 1)[0]
}

// nextCode returns the code after the first, or a later one if time has passed. Cognito accepts it
// half a minute early, so no test has to wait.
func (p *person) nextCode() string {
	p.t.Helper()
	at := p.enrolled.Add(30 * time.Second)
	if now := time.Now(); now.After(at) {
		at = now
	}
	return p.codes(at, 1)[0]
}

// wrongCode returns a code that is not valid around now.
func (p *person) wrongCode() string {
	p.t.Helper()
	right := p.codes(p.enrolled.Add(-time.Minute), 8)
	for i := range 9 {
		if code := fmt.Sprintf("%06d", i); !slices.Contains(right, code) {
			return code
		}
	}
	return "" // unreachable: only eight codes are right
}

// done checks that the console has no errors, that no request went elsewhere, and that no address
// has a query.
func (p *person) done() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, message := range p.console {
		// Chromium logs every response with an error status. The pages tell the user.
		const refused = "Failed to load resource: the server responded with a status of 4"
		if !strings.HasPrefix(message, refused) {
			assert.Fail(p.t, "on the console: "+message)
		}
	}
	assert.NotEmpty(p.t, p.requests)
	for _, address := range p.requests {
		u, err := url.Parse(address)
		if assert.NoError(p.t, err) && u.Scheme != "data" {
			assert.Equal(p.t, p.demo.lines["web"], u.Scheme+"://"+u.Host)
			assert.Empty(p.t, u.RawQuery+u.Fragment)
		}
	}
}

// press presses keys in the focused element.
func (p *person) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.do(chromedp.KeyEvent(k))
	}
}

// has reports whether an element is focused.
func (p *person) has(selector string) bool {
	p.t.Helper()
	return eval[bool](p, fmt.Sprintf("document.activeElement?.matches(%q)", selector))
}

func (p *person) focused(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(selector + ":focus")))
}

// tabTo presses Tab until an element is visibly focused.
func (p *person) tabTo(selector string) {
	p.t.Helper()
	for range 16 {
		if p.has(selector) {
			assert.True(p.t, p.has(":focus-visible"), "the focus on %s is not visible", selector)
			return
		}
		p.press(kb.Tab)
	}
	p.t.Fatalf("the tab key does not lead to %s", selector)
}
