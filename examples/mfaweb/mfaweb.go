// Package mfaweb is the HTTP interface of the examples: the four functions of a sign-in with TOTP MFA, for pages in a browser. The web
// demo serves all of it; each Lambda function serves one handler of it.
//
//	POST /signin     userId, userPassword                            tokens, or a challenge
//	POST /mfa        AccessToken                                     QR code and key
//	                 authParamSession, authParamUserId               the same during sign-in, and the next Session
//	POST /verify     mfaCode, accessToken                            Status SUCCESS
//	                 mfaCode, authParamSession, authParamUserId      the same during sign-in, and tokens
//	POST /mfasignin  mfaCode, authParamSession, authParamUserId      tokens
//
// Three more are the demo's own, for what comes after sign-in:
//
//	POST /enable     accessToken                                     Status SUCCESS; the second half of a /verify that ended in mfa-not-enabled
//	GET  /whoami     Authorization: Bearer and the access token      who signed in, from verified claims, and how MFA stands
//	POST /signout    refreshToken                                    Status SUCCESS; the tokens of this sign-in are revoked
//
// Requests and answers are JSON objects, requests of at most 64 KiB. Challenges travel as Cognito says them: ChallengeName, Session and
// ChallengeParameters. Every error is
//
//	{"error": {"code": "wrong-code", "message": "…", "next": "same-challenge"}}
//
// where code is a word for programs, message a sentence for people, in English or Japanese as Accept-Language asks, and next what
// [cognitomfa.NextStep] says. A wrong password and an unknown user give the same answer.
//
// There are no cookies, and a body must declare itself as JSON, which a page of another origin cannot do without being allowed to: so nothing can be
// done in a user's name from elsewhere.
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
	// AllowOrigin is the one other origin, such as "https://www.example.com", whose pages may use the interface (CORS). The default is none.
	AllowOrigin string
	// Logger gets one line for each request: method, path, status, duration and outcome, and nothing that a user or Cognito has said. The
	// default is slog.Default.
	Logger *slog.Logger
	// RequestID names a request in the log. The default is a random one.
	RequestID func(*http.Request) string
	// Timeout is how long Cognito may take over one request. The default is 20 seconds.
	Timeout time.Duration
	// Verifier verifies the access tokens that come to /whoami. The default is that there is no /whoami.
	Verifier *token.Verifier
	// Pages serves GET requests for all other paths. The default is that there are no pages.
	Pages http.Handler
}

// API is the interface on one user pool. It keeps nothing about any user and is safe for concurrent use.
type API struct {
	client *cognitomfa.Client
	opts   Options
}

// New returns the interface on the client's user pool. The error is about AllowOrigin, which must be an origin and nothing more.
func New(client *cognitomfa.Client, optFns ...func(*Options)) (*API, error) {
	var opts Options
	for _, fn := range optFns {
		fn(&opts)
	}
	opts.Logger = cmp.Or(opts.Logger, slog.Default())
	opts.Timeout = cmp.Or(opts.Timeout, 20*time.Second)
	if opts.RequestID == nil {
		opts.RequestID = randomID
	}
	if opts.AllowOrigin != "" {
		u, err := url.Parse(opts.AllowOrigin)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != opts.AllowOrigin {
			return nil, errors.New("the allowed origin is not an origin such as https://www.example.com")
		}
	}
	return &API{client: client, opts: opts}, nil
}

// Handler returns all of the interface, and the pages if there are any.
func (a *API) Handler() http.Handler {
	// A map and not a ServeMux, which answers some requests itself, without the headers and without the log.
	routes := map[string]http.Handler{
		"/signin":    a.SignIn(),
		"/mfa":       a.MFA(),
		"/verify":    a.Verify(),
		"/mfasignin": a.MFASignIn(),
		"/enable":    a.post("/enable", a.enable, "accessToken"),
		"/signout":   a.post("/signout", a.signOut, "refreshToken"),
	}
	if a.opts.Verifier != nil {
		routes["/whoami"] = a.wrap("/whoami", http.MethodGet, a.opts.Verifier.Middleware(http.HandlerFunc(a.whoAmI)))
	}
	other := a.wrap("pages", "", http.HandlerFunc(a.other))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := routes[r.URL.Path]; handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

// SignIn returns the handler of /signin. It calls AdminInitiateAuth, or InitiateAuth where the client is public.
func (a *API) SignIn() http.Handler {
	return a.post("/signin", a.signIn, "userId", "userPassword")
}

// MFA returns the handler of /mfa. It calls AssociateSoftwareToken.
func (a *API) MFA() http.Handler {
	return a.post("/mfa", a.mfa, "AccessToken", "authParamSession", "authParamUserId")
}

// Verify returns the handler of /verify. It calls VerifySoftwareToken and SetUserMFAPreference, and during sign-in, in between,
// AdminRespondToAuthChallenge, or RespondToAuthChallenge where the client is public.
func (a *API) Verify() http.Handler {
	return a.post("/verify", a.verify, "mfaCode", "accessToken", "authParamSession", "authParamUserId")
}

// MFASignIn returns the handler of /mfasignin. It takes an optional ChallengeName, for a code that came by SMS_MFA or EMAIL_OTP; without one the
// code is an authenticator's. It calls AdminRespondToAuthChallenge, or RespondToAuthChallenge where the client is public.
func (a *API) MFASignIn() http.Handler {
	return a.post("/mfasignin", a.mfaSignIn, "mfaCode", "authParamSession", "authParamUserId", "ChallengeName")
}

// Other returns the handler of all other paths: the pages, if there are any, and else the error that nothing is there.
func (a *API) Other() http.Handler {
	return a.wrap("pages", "", http.HandlerFunc(a.other))
}

// other serves the pages, if there are any, and says of everything else that it is not here.
func (a *API) other(w http.ResponseWriter, r *http.Request) {
	if a.opts.Pages != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		a.opts.Pages.ServeHTTP(w, r)
		return
	}
	fail(w, r, errPath)
}
