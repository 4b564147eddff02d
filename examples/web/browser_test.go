package main

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// calls counts the calls of an operation.
func calls(srv *cognitotest.Server, operation string) (n int) {
	for _, call := range srv.Calls() {
		if call.Operation == operation {
			n++
		}
	}
	return n
}

// Where MFA is optional, the user signs in, sets it up, and needs a code from then on.
func TestOptional(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t, "-mfa", "optional"), "en")
	p.open()
	p.signIn("alice", "wrong")
	p.see("signin", "#error p")
	assert.Equal(
		t, "The user name or password is wrong. Check both and try again.", p.text("#error"),
	)
	p.signIn("alice", password)

	p.see("account", "#mfa-off")
	assert.Equal(t, "alice", p.text("#username"))
	p.click("#set-up")

	p.scan()
	code := p.firstCode()
	p.enter(p.wrongCode())
	p.see("setup", "#error p")
	assert.Contains(t, p.text("#error"), "That code is wrong.")
	p.fill("device-name", "Pixel 9")
	p.enter(code)
	p.see("account", "#mfa-on")
	assert.Contains(t, p.text("#notice"), "Two-step sign-in is on.")
	assert.Equal(t, "Pixel 9", p.text("#device-name"))
	p.signOut()
	assert.Equal(t, "You are signed out.", p.text("#notice"))

	p.signIn("alice", password)
	p.see("code", "#code")
	assert.Equal(t, "Pixel 9", p.text("#device-name"))
	p.enter(p.wrongCode())
	p.see("code", "#error p")
	assert.Contains(t, p.text("#error"), "That code is wrong.")
	p.enter(code)
	p.see("code", "#error p")
	assert.Contains(t, p.text("#error"), "That code was already used.")
	p.enter(p.nextCode())
	p.see("account", "#mfa-on")
	assert.Equal(t, "alice", p.text("#username"))
	p.done()
}

// Where MFA is required, the user sets it up to complete the sign-in.
func TestRequired(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t, "-mfa", "required"), "en")
	p.open()
	p.signIn("alice", password)
	p.scan()
	p.enter(p.firstCode())
	p.see("account", "#mfa-on")
	p.signOut()
	p.signIn("alice", password)
	p.see("code", "#code")
	p.enter(p.wrongCode())
	p.see("code", "#error p")
	p.enter(p.nextCode())
	p.see("account", "#mfa-on")
	p.done()
}

// A reload, even in the other language, keeps the key, because it may be in the app already. The
// user can ask for a new one.
func TestReload(t *testing.T) {
	t.Parallel()
	for _, mfa := range []string{"required", "optional"} {
		t.Run(mfa, func(t *testing.T) {
			t.Parallel()
			p := sit(t, startEmbedded(t, "-mfa", mfa), "en")
			p.open()
			p.signIn("alice", password)
			if mfa == "optional" {
				p.see("account", "#set-up")
				p.click("#set-up")
			}
			p.scan()
			first := p.key
			p.do(chromedp.Reload())
			p.scan()
			assert.Equal(t, first, p.key)
			p.click("#language")
			p.see("setup", "#key:lang(ja):not(:empty)")
			p.scan()
			assert.Equal(t, first, p.key)
			p.click("#language")
			p.see("setup", "#key:lang(en):not(:empty)")

			p.click("#renewal summary")
			p.click("#renew")
			p.see("setup", "#key:not(:empty)")
			tooltest.Until(t, "a new key", func() bool {
				shown := strings.ReplaceAll(p.text("#key"), " ", "")
				return shown != "" && shown != first
			})
			p.scan()
			p.enter(p.firstCode())
			p.see("account", "#mfa-on")
			p.done()
		})
	}
}

// The whole flow in Japanese on a phone, where the link to the app comes first.
func TestJapanese(t *testing.T) {
	t.Parallel()
	p := sitAt(t, startEmbedded(t), "ja-JP", phone)
	p.open()
	assert.Equal(t, "ja", eval[string](p, "document.documentElement.lang"))
	assert.Equal(t, "サインイン", p.text("h1"))
	p.signIn("alice", "wrong")
	p.see("signin", "#error p")
	assert.Contains(t, p.text("#error"), "ユーザー名またはパスワードが正しくありません。")
	p.signIn("alice", password)
	p.see("account", "#mfa-off")
	assert.Equal(t, "無効", p.text("#mfa-off"))
	p.click("#set-up")

	p.see("setup", "#open")
	assert.Equal(t, []string{
		"認証アプリを開く", "コピー", "別の端末の認証アプリを使う",
	}, p.shown()[:3])
	p.click("#qr-fold summary")
	p.scan()
	code := p.firstCode()
	// As Japanese keyboards may type it.
	p.enter(strings.Map(func(r rune) rune { return r - '0' + '０' }, code))
	p.see("account", "#mfa-on")
	p.signOut()
	assert.Equal(t, "サインアウトしました。", p.text("#notice"))
	p.signIn("alice", password)
	p.see("code", "#code")
	p.enter(code)
	p.see("code", "#error p")
	assert.Contains(t, p.text("#error"), "次のコードを入力してください")
	p.enter(p.nextCode())
	p.see("account", "#mfa-on")
	p.done()
}

// The chosen language applies to pages and messages, whatever the browser prefers.
func TestLanguageSwitch(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t), "en")
	p.open()
	p.click("#language")
	p.see("signin", "h1:lang(ja)")
	p.signIn("alice", "wrong")
	p.see("signin", "#error p")
	assert.Contains(t, p.text("#error"), "ユーザー名またはパスワードが正しくありません。")
	p.signIn("alice", password)
	p.see("account", "h1:lang(ja)")
	p.click("#language")
	p.see("account", "#mfa-off:lang(en)")
	p.signOut()
	assert.Equal(t, "You are signed out.", p.text("#notice"))
	assert.Equal(t, "/en/", eval[string](p, "location.pathname"))
	p.done()
}

// Everything works without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t), "en")
	p.open()
	p.see("signin", submit)
	p.focused("#username")
	p.press("alice", kb.Tab, password, kb.Tab)
	p.focused("#show")
	p.press(kb.Enter)
	assert.Equal(t, "text", eval[string](p, "document.getElementById('password').type"))
	p.press(kb.Tab, kb.Enter)
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
	p.focused("#code") // its content is selected, so typing replaces it
	p.press(code, kb.Enter)
	p.see("account", "#mfa-on")
	p.tabTo("#sign-out button")
	p.press(kb.Enter)
	p.see("signin", submit)
	p.focused("#username")
	p.press("alice", kb.Tab, password, kb.Enter)
	p.see("code", submit)
	p.focused("#code")
	p.tabTo("summary")
	p.press(kb.Enter)
	p.see("code", "details[open]")
	p.fill("code", p.nextCode())
	p.press(kb.Enter)
	p.see("account", "#mfa-on")
	p.done()
}

// A form cannot be submitted before the script has loaded: nobody sees JSON, and what was typed
// stays.
func TestLateScript(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t), "en")
	p.withoutScript(func() {
		p.do(chromedp.Navigate(p.demo.lines["web"]))
		p.see("signin", "#username")
		p.fill("username", "alice")
		p.fill("password", password)
		p.press(kb.Enter)
		p.click("form button:not([type])")
		p.see("signin", "button:disabled")
		assert.Equal(t, "/", eval[string](p, "location.pathname"))
		assert.Equal(t, password, eval[string](p, "document.getElementById('password').value"))
		p.hint()
	})
	p.open()
	p.signIn("alice", password)
	p.see("account", "dl")
}

// Without JavaScript the page says so, and shows nothing that would not work.
func TestNoScript(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t), "en")
	p.script(false)
	p.do(chromedp.Navigate(p.demo.lines["web"]))
	p.see("signin", "noscript p")
	assert.Contains(t, p.text("noscript"), "These pages require JavaScript")
	p.do(chromedp.WaitNotVisible(chromedp.CSS("form")))
}

// Replacing an authenticator requires a fresh sign-in with the old one.
func TestReplace(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
	srv.Advance(-10 * time.Minute)
	p := sit(t, startOn(t, srv), "en")
	p.open()
	p.signIn("alice", password)
	p.see("code", "#code")
	p.enter(srv.Code("alice"))
	p.see("account", "#replace")

	srv.Advance(10 * time.Minute)
	p.click("#replace")
	p.see("signin", "#confirm")
	assert.Equal(t, "alice", eval[string](p, "document.getElementById('username').value"))
	p.focused("#password")
	p.click("#cancel")
	p.see("account", "#replace")
	p.click("#replace")
	p.see("signin", "#confirm")
	p.press(password, kb.Enter)
	p.see("code", submit)
	p.enter(srv.Code("alice"))
	p.see("setup", "#replacing")
	assert.Equal(t, "Use another authenticator app", p.text("h1"))
	p.scan()
	p.enter(p.firstCode())
	p.see("account", "#mfa-on")
	assert.Contains(t, p.text("#notice"), "Your new authenticator app is set up.")
	assert.Equal(t, 1, calls(srv, "RevokeToken"), "the old sign-in has ended")

	p.click("#switch-off summary")
	p.click("#switch-off button")
	p.see("account", "#mfa-off")
	assert.Contains(t, p.text("#notice"), "Two-step sign-in is off.")
	p.signOut()
	p.signIn("alice", password)
	p.see("account", "#mfa-off")
	p.done()
}

// If the sign-in has ended elsewhere, the page says so and only offers to sign in again.
func TestSignInEndedElsewhere(t *testing.T) {
	t.Parallel()
	p := sit(t, startEmbedded(t, "-mfa", "required"), "en")
	for _, path := range []string{"/code", "/setup", "/account", "/password", "/method"} {
		p.do(chromedp.Navigate(p.demo.lines["web"] + path))
		p.see("signin", "#username") // there is no sign-in to continue
	}
	p.signIn("alice", password)
	p.see("setup", "#qr")
	eval[any](p, `const s = JSON.parse(sessionStorage.getItem('sign-in'))
		s.challenge.session = 'x'.repeat(100)
		sessionStorage.setItem('sign-in', JSON.stringify(s))
		location.reload()`)
	p.see("setup", "#key:not(:empty)")
	p.enter("123456")
	p.see("setup", "#over p")
	assert.Contains(t, p.text("#over"), "Sign in again.")
	assert.Equal(t, "Your session has ended", p.text("h1"))
	assert.Equal(t, []string{"Sign in again"}, p.shown())
	p.focused("main > .button")
	p.press(kb.Enter)
	p.see("signin", "#username")
	assert.Equal(t, "{}", eval[string](p, "sessionStorage.getItem('sign-in')"))
	p.done()
}

// Users can complete the other challenges that the demo supports.
func TestOtherChallenges(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.SMS = true
		o.RequiredAttributes = []string{"name", "phone_number", "birthdate"}
	})
	t.Cleanup(srv.Close)
	addUsers(srv)
	newest := func(name string) string {
		sent := srv.Outbox(name)
		return sent[len(sent)-1].Code
	}
	p := sit(t, startOn(t, srv), "en")

	p.open()
	p.signIn("special", password)
	p.see("signin", "#error p")
	assert.Contains(t, p.text("#error"), "a step that the demo does not support: CUSTOM_CHALLENGE")

	p.signIn("mobile", password)
	p.see("code", submit)
	assert.Regexp(t, `we sent you by text message. \+\*+1234$`, p.text(".lead:not([hidden])"))
	p.enter(newest("mobile"))
	p.see("account", "#mfa-off") // this is about TOTP
	p.signOut()

	p.signIn("both", password)
	p.see("method", submit)
	assert.Equal(t, []string{"Authenticator app", "Text message", "Back to sign-in"}, p.shown())
	p.focused("button[value=SOFTWARE_TOKEN_MFA]")
	p.click("button[value=SMS_MFA]")
	p.see("code", submit)
	p.enter(newest("both"))
	p.see("account", "#mfa-on")
	p.signOut()
	p.signIn("both", password)
	p.see("method", submit)
	p.press(kb.Enter)
	p.see("code", submit)
	p.enter(srv.Code("both"))
	p.see("account", "#mfa-on")
	p.signOut()

	p.signIn("new", password)
	p.see("password", submit)
	p.focused("#password")
	p.press("short", kb.Tab, kb.Tab, "Ann Other", kb.Tab)
	p.press("02031999", kb.Tab, kb.Tab, "+1 (555) 000-1234", kb.Enter)
	p.see("password", "#error p")
	assert.Contains(t, p.text("#error"), "The new password does not meet the requirements")
	p.focused("#password")
	p.press("Another-Horse-8", kb.Enter)
	p.see("account", "dl")
	attributes := srv.User("new").Attributes
	assert.Equal(t, "Ann Other", attributes["name"])
	assert.Equal(t, "+15550001234", attributes["phone_number"])
	assert.Equal(t, "1999-02-03", attributes["birthdate"])
	p.done()
}

// Malformed codes are not sent, and too many wrong ones end the sign-in.
func TestWrongCodes(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
	p := sit(t, startOn(t, srv), "en")
	p.open()
	p.signIn("alice", password)
	p.see("code", submit)
	for _, code := range []string{"12", "1234567", "12345x", "12 34 5"} {
		p.enter(code)
		p.see("code", "#error p")
		assert.Equal(t, "Enter all six digits of the code.", p.text("#error"))
		p.focused("#code[aria-invalid=true]")
	}
	assert.Zero(t, calls(srv, "AdminRespondToAuthChallenge"))
	for range 5 {
		p.enter("00-00 00")
		p.see("code", "button[aria-disabled=false]")
		assert.Contains(t, p.text("#error"), "That code is wrong.")
	}
	p.enter("000000")
	p.see("code", "#over p")
	assert.Equal(t, "Too many wrong codes. Sign in again.", p.text("#over"))
	assert.Equal(t, []string{"Sign in again"}, p.shown())
	assert.Equal(t, 5, calls(srv, "AdminRespondToAuthChallenge"))

	p.click("main > .button")
	for range 10 {
		p.signIn("alice", "wrong")
		p.see("signin", "button[aria-disabled=false]")
	}
	p.signIn("alice", password)
	p.see("signin", "button[aria-disabled=false]")
	assert.Equal(t, "Too many attempts. Try again in a minute.", p.text("#error"))
	p.done()
}

// While a request is pending, the page says so and the button does nothing.
func TestBusy(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	p := sit(t, startOn(t, srv), "en")
	p.open()
	srv.Fail("AdminInitiateAuth", cognitotest.Delay(2*time.Second))
	p.signIn("alice", password)
	p.see("signin", "button[aria-disabled=true]")
	assert.Equal(t, "Signing in…", p.text(submit))
	p.do(chromedp.Click(chromedp.CSS(submit)), chromedp.Click(chromedp.CSS(submit)))
	p.see("account", "#mfa-off")
	assert.Equal(t, 1, calls(srv, "AdminInitiateAuth"))
	p.done()
}

// If a step fails after the code was accepted, the user need not enter another.
func TestTurnOnLater(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	p := sit(t, startOn(t, srv), "en")
	p.open()
	p.signIn("alice", password)
	p.scan()
	srv.Fail("SetUserMFAPreference", cognitotest.Error("InvalidParameterException", "for once"))
	p.enter(p.firstCode())
	p.see("setup", "#finish-error p")
	assert.Contains(t, p.text("#finish-error"), "You do not need a new code.")
	assert.Equal(t, []string{"Turn on"}, p.shown())
	p.focused("#finish button")
	p.press(kb.Enter)
	p.see("account", "#mfa-on")
	assert.Contains(t, p.text("#notice"), "Two-step sign-in is on.")
	p.done()
}

// After any error the page offers what to do next.
func TestFailures(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	p := sit(t, startOn(t, srv), "en")
	p.open()
	p.signIn("alice", password)
	p.see("account", "#set-up")

	throttled := cognitotest.Throttle()
	srv.Fail("AssociateSoftwareToken", throttled, throttled, throttled)
	p.click("#set-up")
	p.see("setup", "#over p")
	assert.Contains(t, p.text("#over"), "The service is busy.")
	assert.Equal(t, []string{"Try again"}, p.shown())
	p.focused("main > .button")
	p.press(kb.Enter)
	p.see("setup", "#key:not(:empty)")

	srv.Fail("AssociateSoftwareToken", cognitotest.Error("ForbiddenException", "no"))
	p.click("#renewal summary")
	p.click("#renew")
	p.see("setup", "#over p")
	assert.Contains(t, p.text("#over"), "Contact its operator.")
	assert.Equal(t, []string{"Back"}, p.shown())
	p.press(kb.Enter)
	p.see("account", "#set-up")

	_, err := srv.Client().AdminUserGlobalSignOut(t.Context(),
		&cognitoidentityprovider.AdminUserGlobalSignOutInput{
			UserPoolId: &srv.UserPoolID, Username: aws.String("alice"),
		})
	require.NoError(t, err)
	p.do(chromedp.Reload())
	p.see("account", "#over p")
	assert.Contains(t, p.text("#over"), "You are no longer signed in.")
	assert.Equal(t, "Your session has ended", p.text("h1"))
	assert.Equal(t, []string{"Sign in again"}, p.shown())
	p.press(kb.Enter)
	p.see("signin", submit)

	p.demo.end(t, os.Interrupt)
	p.signIn("alice", password)
	p.see("signin", "#error p")
	assert.Contains(t, p.text("#error"), "The demo did not respond.")
}

// All modules of the QR code have the same width in whole pixels on every screen.
func TestSharpQRCode(t *testing.T) {
	t.Parallel()
	demo := startEmbedded(t)
	for _, scale := range []float64{1, 1.25, 1.5, 2, 3} {
		p := sitAt(t, demo, "en", chromedp.EmulateViewport(1280, 800, chromedp.EmulateScale(scale)))
		p.open()
		p.signIn("alice", password)
		p.see("account", "#set-up")
		p.click("#set-up")
		p.see("setup", "#key:not(:empty)")
		pixels := eval[float64](p, `document.getElementById('qr').getBoundingClientRect().width *
			devicePixelRatio`)
		modules := eval[float64](p, `+/viewBox="0 0 (\d+)/
			.exec(atob(document.getElementById('qr').src.split(',')[1]))[1]`)
		each := pixels / modules
		assert.InDelta(t, math.Round(each), each, 0.02, "at scale %v", scale)
		assert.GreaterOrEqual(t, each, 4.0)
	}
}
