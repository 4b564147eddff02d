// Package mfaweb is the HTTP interface of the examples: sign-in with TOTP MFA, for pages in a
// browser. The web demo serves all of it; each Lambda function serves a part of it.
//
//	POST /signin     userId, userPassword                        tokens, or a challenge
//	POST /mfa        accessToken                                 QR code and key
//	                 authParamSession, authParamUserId           the same during sign-in, and the
//	                                                             next Session
//	POST /verify     mfaCode, accessToken                        Status SUCCESS
//	                 mfaCode, authParamSession, authParamUserId  the same during sign-in, and tokens
//	POST /mfasignin  mfaCode, authParamSession, authParamUserId  tokens
//
// Two more are for the other challenges of a sign-in:
//
//	POST /newpassword  newPassword, authParamSession,            tokens, or a challenge
//	                   authParamUserId, and each required
//	                   attribute as userAttributes.NAME
//	POST /selectmfa    mfaType, authParamSession,                a challenge
//	                   authParamUserId
//
// The rest is for signed-in users:
//
//	POST /enable   accessToken                  Status SUCCESS: MFA is turned on, with the
//	                                            registered authenticator
//	POST /disable  accessToken                  Status SUCCESS: MFA is turned off
//	GET  /whoami   Authorization: Bearer TOKEN  who signed in, from verified claims, and whether
//	                                            MFA is on
//	POST /signout  refreshToken                 Status SUCCESS: the tokens of this sign-in are
//	                                            revoked
//	POST /refresh  refreshToken                 tokens, with the refresh token to keep
//
// /verify also takes an optional deviceName, which Cognito returns when it asks for a code.
//
// Requests and responses are JSON objects; requests have at most 64 KiB. Challenges use Cognito's
// own names: ChallengeName, Session and ChallengeParameters. Every error is
//
//	{"error": {"code": "wrong-code", "message": "…", "next": "same-challenge"}}
//
// where code is for programs, message is for people, in English or Japanese as Accept-Language
// asks, and next is the result of [cognitomfa.NextStep]. A wrong password and an unknown user give
// the same response.
//
// # Security
//
// Failed sign-ins and wrong codes are limited: see [Limits]. Over a limit, clients get status 429,
// code too-many-attempts, and Retry-After.
//
// Where MFA is on, /mfa and /disable require a sign-in that is only minutes old (code
// fresh-sign-in-required), so a session that was left open, or opened before MFA was on, cannot
// replace the authenticator. Cognito itself has no such rule. Anyone who has the access token can
// call Cognito directly, so the rule only holds where tokens do not leave the server.
//
// Other sites cannot act in a user's name: there are no cookies, and a body must be declared as
// JSON, which pages of another origin can only do if they are allowed to. The price is that the
// front end holds the tokens. The pages of the demo keep them, including the refresh token, in
// sessionStorage, where every script on the page can read them. In production, keep tokens on the
// server and give the browser the ID of a session.
package mfaweb

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/token"
)

// Options are the settings of [New].
type Options struct {
	// AllowOrigin is one other origin, such as "https://www.example.com", whose pages may use the
	// interface (CORS). The default is none.
	AllowOrigin string
	// Hosts are the host names under which browsers reach the interface, without ports. If there
	// are any, the interface refuses requests for other host names, which is how DNS rebinding gets
	// around the same-origin policy, and requests from pages of other sites. IP addresses need not
	// be listed, because DNS cannot rebind them. The default is to refuse nothing.
	Hosts []string
	// Limits bounds failed sign-ins and wrong codes. The default is [DefaultLimits].
	Limits *Limits
	// FreshSignIn is the maximum age of a sign-in that may change MFA where it is on. The default
	// is 5 minutes.
	FreshSignIn time.Duration
	// ClientAddress returns the IP address that a request comes from, for the limits and the log.
	// Behind a proxy, take it from a header that the proxy sets. "" means unknown: no limit on
	// addresses then applies. The default is the address of the connection.
	ClientAddress func(*http.Request) string
	// Logger gets one line for each request: method, path, client address, status, duration and
	// outcome, and nothing that a user or Cognito has sent. Requests for the pages' pictures,
	// scripts and styles are logged at level Debug. The default is slog.Default.
	Logger *slog.Logger
	// RequestID returns an ID of a request for the log. The default is a random one.
	RequestID func(*http.Request) string
	// Timeout is how long Cognito may take for one request. The default is 20 seconds.
	Timeout time.Duration
	// Verifier verifies the access tokens sent to /whoami. Without it there is no /whoami.
	Verifier *token.Verifier
	// Pages serves GET requests for all other paths. The default is no pages.
	Pages http.Handler
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// API is the interface to one user pool. It stores nothing about users except how much of their
// limits is used, and is safe for concurrent use.
type API struct {
	client  *cognitomfa.Client
	opts    Options
	budgets *budgets
}

// New returns the interface to the client's user pool. It returns an error if AllowOrigin is not
// just an origin.
func New(client *cognitomfa.Client, optFns ...func(*Options)) (*API, error) {
	var opts Options
	for _, fn := range optFns {
		fn(&opts)
	}
	opts.Logger = cmp.Or(opts.Logger, slog.Default())
	opts.Timeout = cmp.Or(opts.Timeout, 20*time.Second)
	opts.FreshSignIn = cmp.Or(opts.FreshSignIn, 5*time.Minute)
	if opts.RequestID == nil {
		opts.RequestID = randomID
	}
	if opts.ClientAddress == nil {
		opts.ClientAddress = connectionAddress
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.AllowOrigin != "" {
		u, err := url.Parse(opts.AllowOrigin)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
			u.Scheme+"://"+u.Host != opts.AllowOrigin {
			return nil, errors.New(
				"the allowed origin is not an origin such as https://www.example.com")
		}
	}
	limits := DefaultLimits()
	if opts.Limits != nil {
		limits = *opts.Limits
	}
	return &API{client: client, opts: opts, budgets: newBudgets(limits)}, nil
}

// Handler returns the whole interface, and the pages if there are any.
func (a *API) Handler() http.Handler {
	// Not a ServeMux, which answers some requests itself, without our headers and log.
	routes := map[string]http.Handler{
		"/signin":      a.SignIn(),
		"/mfa":         a.MFA(),
		"/verify":      a.Verify(),
		"/mfasignin":   a.MFASignIn(),
		"/newpassword": a.NewPassword(),
		"/selectmfa":   a.SelectMFA(),
		"/enable":      a.post("/enable", a.enable, "accessToken"),
		"/disable":     a.post("/disable", a.disable, "accessToken"),
		"/refresh":     a.Refresh(),
		"/signout":     a.post("/signout", a.signOut, "refreshToken"),
	}
	if a.opts.Verifier != nil {
		whoAmI := a.opts.Verifier.Middleware(http.HandlerFunc(a.whoAmI),
			func(o *token.MiddlewareOptions) { o.Refuse = refuse })
		routes["/whoami"] = a.wrap("/whoami", http.MethodGet, whoAmI)
	}
	other := a.Other()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := routes[r.URL.Path]; handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

// SignIn returns the handler of /signin. It calls AdminInitiateAuth, or InitiateAuth where the
// client is public.
func (a *API) SignIn() http.Handler {
	return a.post("/signin", a.signIn, "userId", "userPassword")
}

// MFA returns the handler of /mfa. It calls AssociateSoftwareToken and, before that, GetUser if an
// access token is from a sign-in that is not fresh. AccessToken, the old spelling of accessToken,
// still works.
func (a *API) MFA() http.Handler {
	return a.post("/mfa", a.mfa, "accessToken", "AccessToken", "authParamSession", "authParamUserId")
}

// Verify returns the handler of /verify. It calls VerifySoftwareToken and SetUserMFAPreference and,
// in between during sign-in, AdminRespondToAuthChallenge, or RespondToAuthChallenge where the
// client is public.
func (a *API) Verify() http.Handler {
	return a.post("/verify", a.verify,
		"mfaCode", "accessToken", "authParamSession", "authParamUserId", "deviceName")
}

// MFASignIn returns the handler of /mfasignin. An optional ChallengeName, SMS_MFA or EMAIL_OTP, is
// for codes that were sent; without it the code is from an authenticator. It calls
// AdminRespondToAuthChallenge, or RespondToAuthChallenge where the client is public.
func (a *API) MFASignIn() http.Handler {
	return a.post("/mfasignin", a.mfaSignIn,
		"mfaCode", "authParamSession", "authParamUserId", "ChallengeName")
}

// NewPassword returns the handler of /newpassword, which answers NEW_PASSWORD_REQUIRED. It makes
// the same call as MFASignIn.
func (a *API) NewPassword() http.Handler {
	return a.post("/newpassword", a.newPassword,
		"newPassword", "authParamSession", "authParamUserId", attributePrefix)
}

// SelectMFA returns the handler of /selectmfa, which answers SELECT_MFA_TYPE. It makes the same
// call as MFASignIn.
func (a *API) SelectMFA() http.Handler {
	return a.post("/selectmfa", a.selectMFA, "mfaType", "authParamSession", "authParamUserId")
}

// Other returns the handler of all other paths: the pages if there are any, otherwise an error.
func (a *API) Other() http.Handler {
	return a.wrap("pages", "", http.HandlerFunc(a.other))
}

// other serves the pages if there are any, and responds to everything else with not-found.
func (a *API) other(w http.ResponseWriter, r *http.Request) {
	if a.opts.Pages != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		a.opts.Pages.ServeHTTP(w, r)
		if rec, ok := w.(*recorder); ok {
			rec.page = r.Pattern
		}
		return
	}
	fail(w, r, errPath)
}
