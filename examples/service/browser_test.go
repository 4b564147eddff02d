package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

var screenshots = flag.String("screenshots", "",
	"the `folder` to write pictures of all pages to, in all sizes, colors and languages")

func TestMain(m *testing.M) {
	logging.Disable()
	code := m.Run()
	chromium.Stop()
	os.Exit(code)
}

// person is a user with a real browser.
type person struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // it is chromedp's handle of the tab
	srv  *cognitotest.Server
	base string
	lang string
}

var (
	desktop = chromedp.EmulateViewport(1280, 800)
	phone   = chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch)
)

// sit opens a browser window with a new profile, with or without JavaScript.
func sit(t *testing.T, in *instance, srv *cognitotest.Server, lang string, script bool) *person {
	t.Helper()
	ctx := chromium.Tab(t)
	require.NoError(t, chromium.SetLanguage(ctx, lang))
	p := &person{t: t, ctx: ctx, srv: srv, base: in.URL, lang: lang}
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !script})
	require.NoError(t, err)
	p.do(desktop)
	return p
}

func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, steps...))
}

func eval[T any](p *person, script string, options ...chromedp.EvaluateOption) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script, options...))
	require.NoError(p.t, err)
	return value
}

func (p *person) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path))
}

// see waits until a page shows the element of a selector.
func (p *person) see(page, selector string) {
	p.t.Helper()
	require.NoError(p.t, chromium.See(p.ctx, "body[data-page="+page+"] "+selector))
}

func (p *person) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// enter types texts into the focused element and, with Tab, the next ones, and then presses Enter.
// Nothing needs a mouse.
func (p *person) enter(texts ...string) {
	p.t.Helper()
	for i, text := range texts {
		if i > 0 {
			p.do(chromedp.KeyEvent(kb.Tab))
		}
		p.do(chromedp.KeyEvent(text))
	}
	p.do(chromedp.KeyEvent(kb.Enter))
}

// signIn signs in with a password.
func (p *person) signIn(account, password string) {
	p.t.Helper()
	p.open("/sign-in")
	p.see("sign-in", "#account:focus")
	p.enter(account, password)
}

// scan reads the QR code on the screen and returns the key.
func (p *person) scan() (key string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.Screenshot(chromedp.CSS(".qr svg")))
	require.NoError(p.t, err)
	cmd := exec.CommandContext(
		p.ctx,
		tooltest.Need(p.t, "zbar-tools", "zbarimg"),
		"--quiet",
		"--raw",
		"-",
	)
	cmd.Stdin = bytes.NewReader(picture)
	out, err := cmd.Output()
	require.NoError(p.t, err, "zbarimg found no QR code")
	uri := strings.TrimSpace(string(out))
	assert.Equal(p.t, eval[string](p, "document.querySelector('a[href^=otpauth]').href"), uri)
	key = strings.ReplaceAll(eval[string](p, "document.querySelector('#key').innerText"), " ", "")
	assert.Contains(p.t, uri, "secret="+key+"&")
	return key
}

// look checks the current page at desktop and phone size, light and dark.
func (p *person) look(name string) {
	p.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		require.NoError(p.t, err)
		for _, size := range []string{"wide", "narrow"} {
			p.do(map[string]chromedp.Action[chromedp.Void]{"wide": desktop, "narrow": phone}[size])
			where := fmt.Sprintf("%s-%s-%s-%s", name, p.lang, size, scheme)
			assert.Empty(p.t, eval[[]string](p, barriers), where)
			if (scheme == "light") == (size == "narrow") { // axe-core is slow, so only twice
				assert.Empty(p.t, eval[[]string](p, violations, chromedp.EvalAwaitPromise), where)
			}
			if *screenshots != "" {
				png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
				require.NoError(p.t, err)
				require.NoError(p.t, os.MkdirAll(*screenshots, 0o755))
				require.NoError(
					p.t,
					os.WriteFile(filepath.Join(*screenshots, where+".png"), png, 0o644),
				)
			}
		}
	}
	p.do(desktop)
}

// barriers lists content wider than the window and targets under 44 pixels.
const barriers = `(() => {
	const found = []
	if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window')
	for (const e of document.querySelectorAll('a, button, input:not([type=hidden]), summary')) {
		const target = e.closest('label') ?? e
		const small = e.checkVisibility() && target.getBoundingClientRect().height < 44
		if (small) found.push('small: ' + e.outerHTML.slice(0, 80))
	}
	return found
})()`

const violations = `new Promise(requestAnimationFrame)
	.then(() => new Promise(requestAnimationFrame)) // the page has settled after a change of its size
	.then(() => axe.run(document, { resultTypes: ['violations', 'incomplete'] }))
	.then((found) => [...found.violations, ...found.incomplete]
		.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 80)).join(', ')))`

// The whole flow works by keyboard, without JavaScript: set-up by QR code, recovery codes,
// sign-out, code.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	srv := fake(t)
	p := sit(t, start(t, srv, ""), srv, "en", false)
	p.open("/")
	p.see("sign-in", "#account:focus")
	p.enter(alice, "wrong")
	p.see("sign-in", "#problem")
	p.see("sign-in", "#password:focus")
	p.enter(password)
	p.see("account", "#mfa-off")
	p.open("/setup")
	p.see("setup", "#code:focus")
	b := &browser{t: t, srv: srv}
	key := p.scan()
	p.enter("abc")
	p.see("setup", "#problem")
	assert.Equal(t, key, p.scan(), "the same key after a wrong code")
	p.enter(b.codeOf(key))
	p.see("recovery-codes", "ol")
	p.do(
		chromedp.KeyEvent(kb.Tab),
		chromedp.KeyEvent(kb.Tab),
		chromedp.KeyEvent(kb.Tab),
	) // brand, language, box
	p.see("recovery-codes", "input:focus")
	p.do(chromedp.KeyEvent(" "))
	p.do(chromedp.KeyEvent(kb.Enter))
	p.see("account", "#mfa-on")
	p.click("form[action='/sign-out'] button")
	p.see("sign-in", "#account:focus")
	p.enter(alice, password)
	p.see("code", "#code:focus")
	p.enter(srv.NextCode(alice), " ") // the space checks "remember"
	p.see("account", "#mfa-on")
	p.click("form[action='/sign-out'] button")
	p.see("sign-in", "#account:focus")
	p.enter(alice, password)
	p.see("account", "#mfa-on")
}

// Every page in both languages is accessible, as far as barriers and axe-core can tell.
// -screenshots=FOLDER also saves pictures.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("..", "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		tooltest.Missing(t, "axe-core", "run make packages, or npm ci in examples/web")
	}
	for _, lang := range []string{"en", "ja"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			srv := fake(t, func(o *cognitotest.Options) {
				o.RequiredAttributes = []string{"name", "phone_number", "birthdate"}
			})
			in := start(t, srv, "")
			p := sit(t, in, srv, lang, true)
			b := &browser{t: t, srv: srv}
			look := func(page, name string) {
				t.Helper()
				p.see(page, "h1")
				eval[chromedp.Void](p, string(axe)+"; undefined")
				p.look(name)
			}
			p.open("/")
			look("sign-in", "01-sign-in")
			p.signIn(alice, "wrong")
			p.see("sign-in", "#problem")
			look("sign-in", "02-wrong-password")
			p.signIn("temporary@example.com", password)
			look("new-password", "03-new-password")
			p.signIn("choice@example.com", password)
			look("method", "04-method")
			p.click("input[value=SMS_MFA]")
			p.click("button")
			look("code", "05-code-sms")
			p.signIn(alice, password)
			look("account", "06-account-off")
			srv.Advance(freshLife)
			p.open("/setup")
			look("step-up", "16-step-up")
			p.see("step-up", "#password:focus")
			p.enter(password)
			p.see("setup", "#code:focus")
			p.open("/setup")
			look("setup", "07-setup")
			p.click("#code")
			p.enter(wrong(srv, alice))
			p.see("setup", "#problem")
			look("setup", "08-setup-wrong-code")
			key := strings.ReplaceAll(
				eval[string](p, "document.querySelector('#key').innerText"),
				" ",
				"",
			)
			p.click("#code")
			p.enter(b.codeOf(key))
			look("recovery-codes", "09-recovery-codes")
			p.click("input[name=saved]")
			p.click("main button")
			p.see("account", "#mfa-on")
			look("account", "10-account-on")
			p.open("/setup")
			look("setup", "11-replace")
			p.open("/recovery-codes")
			look("recovery-codes", "12-new-recovery-codes")
			p.open("/mfa-off")
			look("mfa-off", "13-mfa-off")
			p.open("/sign-out-everywhere")
			look("sign-out-everywhere", "14-sign-out-everywhere")
			p.open("/support")
			look("message", "15-no-support")
			p.open("/")
			p.click("form[action='/sign-out'] button")
			p.see("sign-in", ".notice")
			look("sign-in", "17-signed-out")
			p.signIn(alice, password)
			look("code", "18-code")
			p.open("/recover")
			look("recover", "19-recover")
			for range codes.user.n + 1 {
				p.open("/code")
				p.see("code", "#code:focus")
				p.enter(wrong(srv, alice))
				p.see("code", "#problem, body[data-page=message] h1")
			}
			look("message", "20-too-many")
			p.open("/nowhere")
			look("message", "21-not-found")
			failure := cognitotest.InternalError()
			srv.Fail("AdminInitiateAuth", failure, failure, failure)
			p.signIn(alice, password)
			look("message", "22-unavailable")
			p.signIn(support1, password)
			p.see("code", "#code:focus")
			p.enter(srv.Code(support1))
			p.see("account", "h1")
			look("account", "23-account-support")
			p.open("/support")
			p.click("#account")
			p.enter("nobody@example.com")
			p.see("support", "#problem")
			p.open("/support")
			p.click("#account")
			p.enter(alice)
			p.see("support", "#state")
			look("support", "24-support")
		})
	}
}

// On a phone, which cannot scan itself, the link comes first and the QR code last.
func TestPhone(t *testing.T) {
	t.Parallel()
	srv := fake(t, func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	p := sit(t, start(t, srv, ""), srv, "en", false)
	p.open("/")
	p.see("sign-in", "#account:focus")
	p.enter(alice, password)
	p.see("setup", "#code")
	const order = `['a[href^=otpauth]', '.qr', '#key', '#code']
		.map((selector) => [selector, document.querySelector(selector)])
		.filter(([, e]) => e.checkVisibility())
		.sort(([, a], [, b]) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
		.map(([selector]) => selector)`
	assert.Equal(t, []string{".qr", "#key", "#code"}, eval[[]string](p, order))
	p.do(phone)
	assert.Equal(t, []string{"a[href^=otpauth]", "#key", "#code", ".qr"}, eval[[]string](p, order))
}
