package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

var screenshots = flag.String("screenshots", "",
	"the `folder` to write pictures of all pages to, in all sizes and colors")

// barriers lists violations of those rules of WCAG 2.2 that axe-core does not check, or not
// everywhere: content wider than the window, inputs without a label, targets under 44 pixels, and
// text with a contrast under 4.5.
const barriers = `(() => {
	const found = []
	const shown = (e) => e.checkVisibility() && e.getBoundingClientRect().height > 0
	const all = (selector) => [...document.querySelectorAll(selector)].filter(shown)
	const name = (e) => e.outerHTML.slice(0, 80)
	if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window')
	for (const e of all('input')) if (!e.labels.length) found.push('no label: ' + name(e))
	for (const e of all('a, button, input, summary')) {
		if (e.getBoundingClientRect().height < 44) found.push('small: ' + name(e))
	}
	const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
	const luminance = (colors) => {
		for (const c of colors) { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1) }
		const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data]
			.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement
		if (!walker.currentNode.data.trim() || !shown(e) || e.closest('button:disabled')) continue
		const backs = []
		for (let b = e; b; b = b.parentElement) backs.unshift(getComputedStyle(b).backgroundColor)
		const [low, high] = [luminance(backs), luminance([...backs, getComputedStyle(e).color])]
			.sort((a, b) => a - b)
		const contrast = (high + 0.05) / (low + 0.05)
		if (contrast < 4.5) found.push('contrast ' + contrast.toFixed(1) + ': ' + name(e))
	}
	return found
})()`

// axe is the source of axe-core, from npm.
var axe = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// violations lists what axe-core finds or cannot decide, except for contrast on the background
// gradient, which barriers measures.
const violations = `new Promise(requestAnimationFrame)
	.then(() => new Promise(requestAnimationFrame)) // the page has settled after a change of its size
	.then(() => axe.run(document, { resultTypes: ['violations', 'incomplete'] }))
	.then(({ violations, incomplete }) => [
		...violations, ...incomplete.filter(({ id }) => id !== 'color-contrast')]
		.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 80)).join(', ')))`

// look checks the current page at desktop and phone size, light and dark.
func (p *person) look(name string) {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		tooltest.Missing(p.t, "axe-core", "run make packages, or npm ci in examples/web")
	}
	eval[chromedp.Void](p, source+"; undefined")
	for _, scheme := range []string{"light", "dark"} {
		p.colors(scheme)
		for _, size := range []string{"1280", "390"} {
			p.do(map[string]chromedp.Action[chromedp.Void]{"1280": desktop, "390": phone}[size])
			where := strings.Join([]string{p.t.Name(), name, size, scheme}, " ")
			assert.Empty(p.t, eval[[]string](p, barriers), where)
			if (scheme == "light") == (size == "390") { // axe-core is slow, so only twice
				found, err := chromedp.Run(
					p.ctx, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise),
				)
				require.NoError(p.t, err, where)
				assert.Empty(p.t, found, where)
			}
			p.picture(strings.NewReplacer("/", "-", " ", "-").Replace(where))
		}
	}
	p.do(p.window)
}

// colors makes the page light or dark at once, without transitions.
func (p *person) colors(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	require.NoError(p.t, err)
}

// picture saves a screenshot if -screenshots is set.
func (p *person) picture(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	require.NoError(p.t, os.MkdirAll(*screenshots, 0o755))
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(p.t, err)
	require.NoError(p.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644))
}

// Every page in every state and both languages is accessible, as far as barriers and axe-core can
// tell. -screenshots=FOLDER also saves pictures.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "ja"} {
		for name, tour := range map[string]func(*testing.T, string){
			"sign-in": tourOfSignIn, "account": tourOfAccount, "failures": tourOfFailures,
		} {
			t.Run(language+" "+name, func(t *testing.T) {
				t.Parallel()
				tour(t, language)
			})
		}
	}
}

// tourOfSignIn visits the pages between the password and the account.
func tourOfSignIn(t *testing.T, language string) {
	t.Helper()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.SMS, o.Email = true, true
		o.RequiredAttributes = []string{"name", "phone_number", "birthdate"}
	})
	t.Cleanup(srv.Close)
	addUsers(srv)
	p := sit(t, startOn(t, srv), language)
	p.open()
	p.look("01-sign-in")
	p.signIn("alice", "wrong")
	p.see("signin", "#error p")
	p.click("#show")
	p.fill("password", "wrong again")
	p.look("02-wrong-password")
	srv.Fail("AdminInitiateAuth", cognitotest.Delay(5*time.Second))
	p.signIn("alice", password)
	p.see("signin", "button[aria-disabled=true]")
	p.picture("busy-" + language)
	p.see("account", "#mfa-off")

	p.open()
	p.signIn("special", password)
	p.see("signin", "#error p")
	p.look("03-unsupported")
	p.signIn("new", password)
	p.see("password", "#attribute-birthdate")
	p.look("04-new-password")
	p.open()
	p.signIn("both", password)
	p.see("method", submit)
	p.look("05-method")
	p.click("button[value=SMS_MFA]")
	p.see("code", ".destination")
	p.look("06-code-by-sms")
	p.open()
	p.signIn("both", password)
	p.see("method", submit)
	p.click("button[value=SOFTWARE_TOKEN_MFA]")
	p.see("code", "#code")
	p.click("summary")
	p.look("07-code-lost-phone")
	p.enter("12")
	p.see("code", "#error p")
	p.look("08-code-too-short")
	for range 5 {
		p.enter("000000")
		p.see("code", "button[aria-disabled=false]")
	}
	p.enter("000000")
	p.see("code", "#over p")
	p.look("09-code-too-often")
	p.do(chromedp.Navigate(p.demo.lines["web"] + "/nowhere"))
	p.see("notfound", "a")
	p.look("10-not-found")
}

// addUsers adds users who together reach every page.
func addUsers(srv *cognitotest.Server) {
	srv.AddUser(cognitotest.User{
		Username: "alice", Password: password, Groups: []string{"admins", "staff"},
	})
	srv.AddUser(cognitotest.User{
		Username: "new", Password: password, Status: types.UserStatusTypeForceChangePassword,
	})
	srv.AddUser(cognitotest.User{
		Username: "both", Password: password, Phone: "+15550001234", TOTP: "JBSWY3DPEHPK3PXP",
		Methods: []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA"},
	})
	srv.AddUser(cognitotest.User{Username: "special", Password: password})
	srv.Script("special", cognitotest.Challenge{Name: "CUSTOM_CHALLENGE"})
	srv.AddUser(cognitotest.User{
		Username: "mobile", Password: password, Phone: "+15550001234",
		Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA",
	})
}

// tourOfAccount visits the account, and sets up, replaces and turns off two-step sign-in.
func tourOfAccount(t *testing.T, language string) {
	t.Helper()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.SMS = true })
	t.Cleanup(srv.Close)
	addUsers(srv)
	srv.Advance(-10 * time.Minute) // so that the first sign-in is no longer fresh later
	p := sit(t, startOn(t, srv), language)
	p.open()
	p.signIn("alice", password)
	p.see("account", "#mfa-off")
	p.look("20-account")
	p.click("#set-up")
	p.see("setup", "#qr:not([hidden])")
	p.look("21-set-up")
	p.enter("1234")
	p.see("setup", "#error p")
	p.click("#renewal summary")
	p.click("#copy")
	p.see("setup", "#copied:not(:empty)")
	p.look("22-set-up-error")
	p.fill("device-name", "Pixel 9")
	p.enter(srv.Code("alice"))
	p.see("account", "#mfa-on")
	p.click("#switch-off summary")
	p.look("23-account-on")
	p.signOut()
	p.look("24-signed-out")
	p.signIn("alice", password)
	p.see("code", "#device-name")
	p.look("25-code-for-device")
	p.enter(srv.NextCode("alice"))
	p.see("account", "#mfa-on")

	srv.Advance(10 * time.Minute)
	p.click("#replace")
	p.see("signin", "#confirm")
	p.look("26-confirm")
	p.fill("password", password)
	p.click(submit)
	p.see("code", "#code")
	p.enter(srv.NextCode("alice"))
	p.see("setup", "#replacing")
	p.look("27-replace")
	p.click("#cancel")
	p.see("account", "#mfa-on")
	p.click("#switch-off summary")
	p.click("#switch-off button")
	p.see("account", "#mfa-off")
	p.look("28-switched-off")
}

// tourOfFailures visits pages after failures and before the script has loaded.
func tourOfFailures(t *testing.T, language string) {
	t.Helper()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.MFA, o.SMS = types.UserPoolMfaTypeOn, true
	})
	t.Cleanup(srv.Close)
	addUsers(srv)
	p := sit(t, startOn(t, srv), language)
	p.script(false)
	p.do(chromedp.Navigate(p.demo.lines["web"]))
	p.see("signin", "noscript")
	p.picture("no-script-" + language)
	p.script(true)
	p.withoutScript(func() {
		p.do(chromedp.Navigate(p.demo.lines["web"]))
		p.hint()
		p.look("30-script-is-late")
	})

	p.open()
	p.signIn("alice", password)
	p.see("setup", "#qr:not([hidden])")
	throttled := cognitotest.Throttle()
	srv.Fail("AssociateSoftwareToken", throttled, throttled, throttled)
	p.click("#renewal summary")
	p.click("#renew")
	p.see("setup", "#over p")
	p.look("31-busy-service")
	p.click("main > .button")
	p.see("setup", "#qr:not([hidden])")
	srv.Fail("SetUserMFAPreference", cognitotest.Error("InvalidParameterException", "for once"))
	p.enter(srv.Code("alice"))
	p.see("setup", "#finish-error p")
	p.look("32-almost-done")
	p.click("#finish button")
	p.see("account", "#mfa-on")
	p.click("#switch-off summary")
	p.click("#switch-off button")
	p.see("account", "#off-error p")
	p.look("33-required")
	revoked := cognitotest.Error("NotAuthorizedException", "Access Token has been revoked")
	srv.Fail("GetUser", revoked)
	p.do(chromedp.Reload())
	p.see("account", "#over p")
	p.look("34-signed-out-elsewhere")
}

// hint waits for the hint that the page is still loading.
func (p *person) hint() {
	p.t.Helper()
	tooltest.Until(p.t, "the hint that the script is late", func() bool {
		return eval[float64](p, "document.getElementById('loading').offsetHeight") > 10
	})
}

// script turns JavaScript on or off.
func (p *person) script(on bool) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !on})
	require.NoError(p.t, err)
}

// withoutScript blocks app.js during act.
func (p *person) withoutScript(act func()) {
	p.t.Helper()
	block := func(patterns ...*network.BlockPattern) {
		_, err := chromedp.Call(
			p.ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: patterns},
		)
		require.NoError(p.t, err)
	}
	block(&network.BlockPattern{URLPattern: "*://*:*/static/app.js", Block: true})
	act()
	block()
}

// startOn starts the demo on a test's user pool.
func startOn(t *testing.T, srv *cognitotest.Server) *program {
	t.Helper()
	cmd, stderr := command(t, "-addr", "127.0.0.1:0", "-endpoint", srv.URL,
		"-user-pool-id", srv.UserPoolID, "-client-id", srv.ClientID)
	return start(t, cmd, stderr)
}
