package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

var screenshots = flag.String("screenshots", "", "the `folder` to write pictures of the pages to, in all sizes and colours")

// tool finds a program that a test cannot do without.
func tool(t *testing.T, debianPackage string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: install the Debian package %s", strings.Join(names, " or "), debianPackage)
	return ""
}

// The browser is started once. Every person gets a profile of his own in it.
var browser = struct {
	sync.Once
	ctx  context.Context //nolint:containedctx // it is chromedp's handle on the browser
	end  context.CancelFunc
	stop context.CancelFunc
}{}

func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := tool(t, "chromium", "chromium", "chromium-browser", "google-chrome")
	browser.Do(func() {
		options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
			chromedp.ExecPath(path),
			chromedp.NoSandbox, // for containers, where tests run as root
			chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
			chromedp.Flag("lang", "en"),
		)
		var allocator context.Context
		allocator, browser.stop = chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
		browser.ctx, browser.end = chromedp.NewContext(allocator)
		require.NoError(t, chromedp.Do(browser.ctx), "start the browser")
	})
	require.NotNil(t, browser.ctx, "the browser did not start")
	return browser.ctx
}

// stopBrowser ends the browser, if there was one.
func stopBrowser() {
	if browser.ctx != nil {
		browser.end()
		browser.stop()
	}
}

// person is somebody who sits at a browser and has a phone with an authenticator in it.
type person struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // it is chromedp's handle on the tab
	demo *program
	name string // of the pictures

	window chromedp.Action[chromedp.Void] // opens the window in its size

	key      string    // in the authenticator
	enrolled time.Time // when the first code was made

	mu       sync.Mutex
	console  []string
	requests []string
}

// sit opens a new profile in the browser, in a window of the given size.
func sit(t *testing.T, demo *program, language string, width, height int64, screen ...chromedp.EmulateViewportOption) *person {
	t.Helper()
	ctx, cancel := chromedp.NewContext(startBrowser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	p := &person{
		t: t, ctx: ctx, demo: demo, name: strings.ReplaceAll(t.Name(), "/", "-"),
		window: chromedp.EmulateViewport(width, height, screen...),
	}

	agent, err := chromedp.Run(ctx, chromedp.Evaluate[string]("navigator.userAgent"))
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: language})
	require.NoError(t, err)
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

// open goes to the demo's first page.
func (p *person) open() {
	p.t.Helper()
	p.do(chromedp.Navigate(p.demo.lines["web"]))
	p.see("signin", "#username")
}

// see waits until a page is there, and on it what a selector names.
func (p *person) see(page, selector string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS("body[data-page="+page+"] "+selector))); err != nil {
		shown, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("location.pathname + ': ' + document.body.innerText"))
		require.NoError(p.t, err, "there is no %s on the page %s; there is %s", selector, page, shown)
	}
}

// text is what an element says.
func (p *person) text(selector string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(p.t, err)
	return text
}

// fill types over what is in a box.
func (p *person) fill(id, text string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.getElementById(%q).select()", id)))
	require.NoError(p.t, err)
	p.do(chromedp.KeyEvent(text))
}

// signIn types user name and password and presses the button.
func (p *person) signIn(username, password string) {
	p.t.Helper()
	p.fill("username", username)
	p.fill("password", password)
	p.do(chromedp.Click(chromedp.CSS("form button")))
}

// enter types a code and presses the button.
func (p *person) enter(code string) {
	p.t.Helper()
	p.fill("code", code)
	p.do(chromedp.Click(chromedp.CSS("form button")))
}

// scan takes the QR code from the screen into the authenticator. Key and link on the page must say the same.
func (p *person) scan() {
	p.t.Helper()
	p.see("setup", "#qr")
	picture, err := chromedp.Run(p.ctx, chromedp.Screenshot(chromedp.CSS("#qr-frame")))
	require.NoError(p.t, err)
	cmd := exec.CommandContext(p.ctx, tool(p.t, "zbar-tools", "zbarimg"), "--quiet", "--raw", "-")
	cmd.Stdin = bytes.NewReader(picture)
	out, err := cmd.Output()
	require.NoError(p.t, err, "zbarimg found no code on the screen")

	uri, err := url.Parse(strings.TrimSpace(string(out)))
	require.NoError(p.t, err)
	assert.Equal(p.t, "otpauth", uri.Scheme)
	assert.Equal(p.t, "totp", uri.Host)
	assert.Equal(p.t, "/Cognito MFA demo:alice", uri.Path)
	p.key = uri.Query().Get("secret")
	assert.Equal(p.t, p.key, strings.ReplaceAll(p.text("#key"), " ", ""))
	link, err := chromedp.Run(p.ctx, chromedp.JavascriptAttribute[string](chromedp.CSS("#open"), "href"))
	require.NoError(p.t, err)
	assert.Equal(p.t, strings.TrimSpace(string(out)), link)
}

// codes are those of the authenticator from a time on, n of them, by an independent program.
func (p *person) codes(at time.Time, n int) []string {
	p.t.Helper()
	out, err := exec.CommandContext(p.ctx, tool(p.t, "oathtool", "oathtool"), "--totp", "--base32",
		"--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), "--window", fmt.Sprint(n-1), p.key).Output()
	require.NoError(p.t, err)
	return strings.Fields(string(out))
}

// firstCode is the code that the authenticator shows first.
func (p *person) firstCode() string {
	p.t.Helper()
	p.enrolled = time.Now()
	return p.codes(p.enrolled, 1)[0]
}

// nextCode is the one after the first. Cognito takes it half a minute early, so that no test needs to wait for it.
func (p *person) nextCode() string {
	p.t.Helper()
	return p.codes(p.enrolled, 2)[1]
}

// wrongCode is none of those that are right about now.
func (p *person) wrongCode() string {
	p.t.Helper()
	right := p.codes(p.enrolled.Add(-time.Minute), 8)
	for i := range 9 {
		if code := fmt.Sprintf("%06d", i); !slices.Contains(right, code) {
			return code
		}
	}
	return "" // nine of eight
}

// done ends a test: the browser must have had nothing to complain about, and nothing may have gone elsewhere or be in an address.
func (p *person) done() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, message := range p.console {
		// Chromium notes every answer with an error status. The pages tell the user.
		if !strings.HasPrefix(message, "Failed to load resource: the server responded with a status of 4") {
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

// The user of a pool with optional MFA signs in, sets it up, and is asked for a code from then on.
func TestOptional(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t, "-mfa", "optional"), "en", 1280, 800)
	p.open()
	p.accessible()
	p.picture("1-sign-in")
	p.signIn("alice", "wrong")
	p.see("signin", "#error p")
	p.accessible()
	assert.Equal(t, "The user name or the password is wrong. Check both and try again.", p.text("#error"))
	p.picture("2-wrong-password")
	p.signIn("alice", password)

	p.see("account", "dl")
	assert.Equal(t, "alice", p.text("#username"))
	p.see("account", "#mfa-off")
	p.picture("3-signed-in")
	p.do(chromedp.Click(chromedp.CSS("#set-up")))

	p.scan()
	p.picture("4-set-up")
	code := p.firstCode()
	p.enter(p.wrongCode())
	p.see("setup", "#error p")
	assert.Contains(t, p.text("#error"), "That code is not right.")
	p.picture("5-set-up-wrong-code")
	p.enter(code)
	p.see("account", "#mfa-on")
	assert.Contains(t, p.text("#notice"), "Two-step sign-in is on.")
	p.accessible()
	p.picture("6-on")
	p.do(chromedp.Click(chromedp.CSS("form button")))

	p.see("signin", "#notice:not(:empty)")
	assert.Equal(t, "You are signed out.", p.text("#notice"))
	p.picture("7-signed-out")
	p.signIn("alice", password)
	p.see("code", "#code")
	p.picture("8-code")
	p.enter(p.wrongCode())
	p.see("code", "#error p")
	assert.Contains(t, p.text("#error"), "That code is not right.")
	p.enter(code)
	p.see("code", "#error p")
	assert.Contains(t, p.text("#error"), "use the next code")
	p.accessible()
	p.picture("9-used-code")
	p.enter(p.nextCode())
	p.see("account", "#mfa-on")
	assert.Equal(t, "alice", p.text("#username"))
	p.done()
}

// Where MFA is required the user sets it up before he is signed in.
func TestRequired(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t, "-mfa", "required"), "en", 1280, 800)
	p.open()
	p.signIn("alice", password)
	p.scan()
	// Whoever loads the page again gets another key, in the same sign-in.
	first := p.key
	p.do(chromedp.Reload())
	p.see("setup", "#qr")
	p.scan()
	assert.NotEqual(t, first, p.key)
	code := p.firstCode()
	p.enter(code)
	p.see("account", "#mfa-on")
	p.do(chromedp.Click(chromedp.CSS("form button")))

	p.see("signin", "#username")
	p.signIn("alice", password)
	p.see("code", "#code")
	p.enter(p.wrongCode())
	p.see("code", "#error p")
	p.enter(p.nextCode())
	p.see("account", "#mfa-on")
	p.done()
}

// The whole way in Japanese, on a phone.
func TestJapanese(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t), "ja-JP", 360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch)
	p.open()
	language, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.documentElement.lang"))
	require.NoError(t, err)
	assert.Equal(t, "ja", language)
	assert.Equal(t, "サインイン", p.text("h1"))
	p.picture("1-sign-in")
	p.signIn("alice", "wrong")
	p.see("signin", "#error p")
	assert.Contains(t, p.text("#error"), "ユーザー名またはパスワードが違います。")
	p.picture("2-wrong-password")
	p.signIn("alice", password)
	p.see("account", "#mfa-off")
	assert.Equal(t, "無効", p.text("#mfa-off"))
	p.picture("3-signed-in")
	p.accessible()
	p.do(chromedp.Click(chromedp.CSS("#set-up")))
	p.scan()
	p.see("setup", "#open") // which whoever has the authenticator on this very phone needs
	p.accessible()
	p.picture("4-set-up")
	code := p.firstCode()
	// As a Japanese keyboard may write it.
	p.enter(strings.Map(func(r rune) rune { return r - '0' + '０' }, code))
	p.see("account", "#mfa-on")
	p.picture("6-on")
	p.do(chromedp.Click(chromedp.CSS("form button")))
	p.see("signin", "#notice:not(:empty)")
	assert.Equal(t, "サインアウトしました。", p.text("#notice"))
	p.signIn("alice", password)
	p.see("code", "#code")
	p.picture("8-code")
	p.enter(code)
	p.see("code", "#error p")
	assert.Contains(t, p.text("#error"), "次のコードを使ってください")
	p.picture("9-used-code")
	p.accessible()
	p.enter(p.nextCode())
	p.see("account", "#mfa-on")
	p.done()
}

// barriers lists what would keep somebody from using a page, by the rules of WCAG 2.2 that a program can check: what sticks out of the window, inputs
// without a label, pictures without a text, targets under 44 pixels, headings that leave a level out, text with a contrast under 4.5.
const barriers = `(() => {
	const found = []
	const shown = (e) => e.checkVisibility() && e.getBoundingClientRect().height > 0
	const all = (selector) => [...document.querySelectorAll(selector)].filter(shown)
	const name = (e) => e.outerHTML.slice(0, 80)
	if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window')
	for (const e of all('input')) if (!e.labels.length) found.push('no label: ' + name(e))
	for (const e of all('img')) if (!e.hasAttribute('alt')) found.push('no alt: ' + name(e))
	for (const e of all('a, button, input')) if (e.getBoundingClientRect().height < 44) found.push('small: ' + name(e))
	let level = 0
	for (const e of all('h1, h2, h3, h4')) {
		if (e.tagName[1] > level + 1) found.push('heading: ' + name(e))
		level = +e.tagName[1]
	}
	const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
	const luminance = (colours) => {
		for (const c of colours) { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1) }
		const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement
		if (!walker.currentNode.data.trim() || !shown(e)) continue
		const backs = []
		for (let b = e; b; b = b.parentElement) backs.unshift(getComputedStyle(b).backgroundColor)
		const [low, high] = [luminance(backs), luminance([...backs, getComputedStyle(e).color])].sort((a, b) => a - b)
		const contrast = (high + 0.05) / (low + 0.05)
		if (contrast < 4.5) found.push('contrast ' + contrast.toFixed(1) + ': ' + name(e))
	}
	return found
})()`

// accessible looks for barriers on the page, in light and in dark.
func (p *person) accessible() {
	p.t.Helper()
	for _, scheme := range []string{"dark", "light"} {
		p.colours(scheme)
		found, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](barriers))
		require.NoError(p.t, err)
		assert.Empty(p.t, found, scheme)
	}
}

// colours makes the page light or dark, at once: without the transitions that make colours in between.
func (p *person) colours(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	require.NoError(p.t, err)
}

// Everything works without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t), "en", 1280, 800)
	p.open()
	p.focused("#username")
	p.press("alice", kb.Tab, password, kb.Enter)
	p.see("account", "#set-up")
	p.tabTo("#set-up")
	p.press(kb.Enter)
	p.scan()
	p.tabTo("#copy")
	p.press(kb.Enter)
	p.see("setup", "#copied:not(:empty)")
	p.focused("#copy")
	p.tabTo("#code")
	code := p.firstCode()
	p.press(p.wrongCode(), kb.Enter)
	p.see("setup", "#error p")
	p.focused("#code") // and what is in it is selected, so that the right code takes its place
	p.press(code, kb.Enter)
	p.see("account", "#mfa-on")
	p.tabTo("form button")
	p.press(kb.Enter)
	p.see("signin", "#username")
	p.focused("#username")
	p.press("alice", kb.Tab, password, kb.Enter)
	p.see("code", "#code")
	p.focused("#code")
	p.press(p.nextCode(), kb.Enter)
	p.see("account", "#mfa-on")
	p.done()
}

// press presses keys, wherever the focus is.
func (p *person) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.do(chromedp.KeyEvent(k))
	}
}

// has reports whether the focus is on an element.
func (p *person) has(selector string) bool {
	p.t.Helper()
	has, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("document.activeElement?.matches("+fmt.Sprintf("%q", selector)+")"))
	require.NoError(p.t, err)
	return has
}

func (p *person) focused(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(selector + ":focus")))
}

// tabTo presses the tabulator until the focus is on an element. It must be seen there.
func (p *person) tabTo(selector string) {
	p.t.Helper()
	for range 12 {
		if p.has(selector) {
			assert.True(p.t, p.has(":focus-visible"), "the focus on %s is not visible", selector)
			return
		}
		p.press(kb.Tab)
	}
	p.t.Fatalf("the tabulator does not lead to %s", selector)
}

// A sign-in that has come to its end elsewhere says so, and leads back to its beginning.
func TestStartOver(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t, "-mfa", "required"), "en", 1280, 800)
	for _, path := range []string{"/code", "/setup", "/account"} {
		p.do(chromedp.Navigate(p.demo.lines["web"] + path))
		p.see("signin", "#username") // there is nothing to go on with
	}
	p.signIn("alice", password)
	p.see("setup", "#qr")
	spoil := `const s = JSON.parse(sessionStorage.getItem('sign-in')); s.challenge.session = 'x'.repeat(100)
		sessionStorage.setItem('sign-in', JSON.stringify(s)); location.reload()`
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](spoil))
	require.NoError(t, err)
	p.see("setup", "#no-key a")
	assert.Contains(t, p.text("#no-key"), "Sign in again.")
	p.picture("start-over")
	p.focused("#no-key a")
	p.press(kb.Enter)
	p.see("signin", "#username")
	kept, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("sessionStorage.getItem('sign-in')"))
	require.NoError(t, err)
	assert.Equal(t, "{}", kept)
	p.done()
}

// startOn starts the demo on a user pool of the test's own.
func startOn(t *testing.T, srv *cognitotest.Server) *program {
	t.Helper()
	cmd, stderr := command(t, "-addr", "127.0.0.1:0", "-endpoint", srv.URL, "-user-pool-id", srv.UserPoolID, "-client-id", srv.ClientID)
	return start(t, cmd, stderr, "client-id")
}

// What the demo does not cover it says in plain words, and codes need not be an authenticator's.
func TestOtherChallenges(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.SMS = true })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "new", Password: password, Status: types.UserStatusTypeForceChangePassword})
	srv.AddUser(cognitotest.User{
		Username: "both", Password: password, Phone: "+15550001234", TOTP: "JBSWY3DPEHPK3PXP", Methods: []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA"},
	})
	srv.AddUser(cognitotest.User{Username: "special", Password: password})
	srv.Script("special", cognitotest.Challenge{Name: "CUSTOM_CHALLENGE"})
	srv.AddUser(cognitotest.User{Username: "mobile", Password: password, Phone: "+15550001234", Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA"})

	p := sit(t, startOn(t, srv), "en", 1280, 800)
	p.open()
	for username, want := range map[string]string{
		"new":     "Your password is a temporary one",
		"both":    "You have several ways of receiving a code",
		"special": "a step that is not part of this demo: CUSTOM_CHALLENGE",
	} {
		p.signIn(username, password)
		p.see("signin", "#error p")
		assert.Contains(t, p.text("#error"), want)
		p.do(chromedp.Navigate(p.demo.lines["web"]))
		p.see("signin", "#username")
	}
	p.signIn("mobile", password)
	p.see("code", "#code")
	assert.Regexp(t, `text message that was sent to you. \+\*+1234$`, p.text("main > .lead:not([hidden])"))
	sent := srv.Outbox("mobile")
	p.enter(sent[len(sent)-1].Code)
	p.see("account", "#mfa-off") // that is, TOTP
	p.done()
}

// While a request runs the page says so, and the button does nothing.
func TestBusy(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	p := sit(t, startOn(t, srv), "en", 1280, 800)
	p.open()
	srv.Fail("AdminInitiateAuth", cognitotest.Delay(2*time.Second))
	p.signIn("alice", password)
	p.see("signin", "button[aria-disabled=true]")
	assert.Equal(t, "Signing in…", p.text("form button"))
	p.picture("busy")
	p.do(chromedp.Click(chromedp.CSS("form button")), chromedp.Click(chromedp.CSS("form button")))
	p.see("account", "#mfa-off")
	calls := 0
	for _, call := range srv.Calls() {
		if call.Operation == "AdminInitiateAuth" {
			calls++
		}
	}
	assert.Equal(t, 1, calls)
	p.done()
}

// A code that was right need not be entered again because something went wrong after it.
func TestSwitchOnLater(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	p := sit(t, startOn(t, srv), "en", 1280, 800)
	p.open()
	p.signIn("alice", password)
	p.scan()
	srv.Fail("SetUserMFAPreference", cognitotest.Error("InvalidParameterException", "for once"))
	p.enter(p.firstCode())
	p.see("setup", "#error p")
	assert.Contains(t, p.text("#error"), "no new code is needed")
	p.picture("switch-on-later")
	p.do(chromedp.WaitNotVisible(chromedp.ID("code")), chromedp.Click(chromedp.CSS("form button")))
	p.see("account", "#mfa-on")
	assert.Contains(t, p.text("#notice"), "Two-step sign-in is on.")
	p.done()
}

// Errors that are nobody's fault leave a way to go on.
func TestMishaps(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	p := sit(t, startOn(t, srv), "en", 1280, 800)
	p.open()
	p.signIn("alice", password)
	p.see("account", "#set-up")

	srv.Fail("AssociateSoftwareToken", cognitotest.Throttle(), cognitotest.Throttle(), cognitotest.Throttle())
	p.do(chromedp.Click(chromedp.CSS("#set-up")))
	p.see("setup", "#no-key a")
	assert.Contains(t, p.text("#no-key"), "The service is busy at the moment.")
	p.picture("busy-service")
	p.press(kb.Enter) // "Try again" has the focus
	p.see("setup", "#qr")

	srv.Fail("AssociateSoftwareToken", cognitotest.Error("ForbiddenException", "no"))
	p.do(chromedp.Reload())
	p.see("setup", "#no-key a")
	assert.Contains(t, p.text("#no-key"), "Ask its operator.")
	p.press(kb.Enter) // "Back"
	p.see("account", "#set-up")

	_, err := srv.Client().AdminUserGlobalSignOut(t.Context(), &cognitoidentityprovider.AdminUserGlobalSignOutInput{
		UserPoolId: &srv.UserPoolID, Username: aws.String("alice"),
	})
	require.NoError(t, err)
	p.do(chromedp.Reload())
	p.see("account", "#error a")
	assert.Contains(t, p.text("#error"), "You are not signed in any more.")
	p.press(kb.Enter)
	p.see("signin", "#username")

	p.demo.end(t, os.Interrupt)
	p.signIn("alice", password)
	p.see("signin", "#error p")
	assert.Contains(t, p.text("#error"), "The demo did not answer.")
}

// picture writes pictures of the page, if they are wanted.
func (p *person) picture(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	require.NoError(p.t, os.MkdirAll(*screenshots, 0o755))
	for _, scheme := range []string{"light", "dark"} {
		p.colours(scheme)
		for _, size := range [][2]int64{{360, 740}, {1280, 800}} {
			if size[0] == 360 {
				p.do(chromedp.EmulateViewport(size[0], size[1], chromedp.EmulateMobile, chromedp.EmulateTouch))
			} else {
				p.do(chromedp.EmulateViewport(size[0], size[1]))
			}
			png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
			require.NoError(p.t, err)
			file := fmt.Sprintf("%s-%s-%dx%d-%s.png", p.name, name, size[0], size[1], scheme)
			require.NoError(p.t, os.WriteFile(filepath.Join(*screenshots, file), png, 0o644))
		}
	}
	p.do(p.window)
}
