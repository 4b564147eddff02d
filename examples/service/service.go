package main

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/token"
)

// supportGroup is the Cognito group whose members may use the pages of the support desk.
const supportGroup = "support"

// service is what all requests share. Its state is in the sessions and the store.
type service struct {
	client   *cognitomfa.Client
	verifier *token.Verifier
	sessions *scs.SessionManager
	store    Store
	notify   func(x *exchange, user, event string) // tells a user what happened to their account
	origin   *url.URL                              // of the service for browsers
	proxies  []netip.Prefix
	log      *slog.Logger
	now      func() time.Time
}

// guard says who may use a route.
type guard int

const (
	anyone   guard = iota
	signedIn       // signed-in users
	setUp          // fresh, or in a set-up during sign-in
	fresh          // users who have just completed all steps that the pool requires
	support        // fresh, with a code, and in the support group
)

type handler func(*exchange) (reply, error)

// routes are all routes of the service. A page and its form have the same path.
var routes = []struct {
	methods, path string
	guard         guard
	handle        handler
}{
	{methods: "GET", path: "/{$}", guard: signedIn, handle: (*exchange).account},
	{methods: "GET POST", path: "/sign-in", guard: anyone, handle: (*exchange).signIn},
	{
		methods: "GET POST", path: "/new-password", guard: anyone,
		handle: step("new-password", newPassword),
	},
	{methods: "GET POST", path: "/method", guard: anyone, handle: step("method", chooseMethod)},
	{methods: "GET POST", path: "/code", guard: anyone, handle: step("code", enterCode)},
	{methods: "GET POST", path: "/recover", guard: anyone, handle: (*exchange).recover},
	{methods: "GET POST", path: "/setup", guard: setUp, handle: (*exchange).setUp},
	{methods: "POST", path: "/setup/new-key", guard: setUp, handle: (*exchange).newKey},
	{methods: "GET POST", path: "/step-up", guard: signedIn, handle: (*exchange).stepUp},
	{methods: "GET POST", path: "/recovery-codes", guard: fresh, handle: (*exchange).recoveryCodes},
	{
		methods: "POST", path: "/recovery-codes/saved", guard: signedIn,
		handle: (*exchange).saveCodes,
	},
	{methods: "GET POST", path: "/mfa-off", guard: fresh, handle: (*exchange).mfaOff},
	{methods: "POST", path: "/sign-out", guard: anyone, handle: (*exchange).signOut},
	{
		methods: "GET POST", path: "/sign-out-everywhere", guard: signedIn,
		handle: (*exchange).signOutEverywhere,
	},
	{methods: "GET POST", path: "/support", guard: support, handle: (*exchange).supportDesk},
	{methods: "GET", path: "/language/{tag}", guard: anyone, handle: (*exchange).chooseLanguage},
	{
		methods: "GET", path: "/unknown-step", guard: anyone,
		handle: always(message(http.StatusNotImplemented, "unknown-step")),
	},
	{
		methods: "GET POST", path: "/", guard: anyone,
		handle: always(message(http.StatusNotFound, "not-found")),
	},
}

// handler returns the HTTP handler of the service.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		for _, method := range strings.Fields(r.methods) {
			mux.Handle(method+" "+r.path, s.serve(r.guard, r.handle))
		}
	}
	mux.HandleFunc("GET /style.css", serveStyle)
	mux.Handle("GET /favicon.ico", http.NotFoundHandler())
	crossOrigin := http.NewCrossOriginProtection()
	refuse := always(message(http.StatusForbidden, "cross-origin"))
	crossOrigin.SetDenyHandler(s.serve(anyone, refuse))
	return s.headers(crossOrigin.Handler(mux))
}

var securityHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin", // no-referrer would send forms with Origin: null
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
	"Cache-Control":                "no-store",
}

// headers refuses requests for other hosts and sets the security headers.
func (s *service) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		if s.secure() {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if r.Host != s.origin.Host {
			http.Error(w, "this service is at "+s.origin.String(), http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// exchange is one request, with its session and login.
type exchange struct {
	*service
	r       *http.Request
	id      string // of the login
	login   *login // nil if nobody is signed in
	lang    string
	cookies []*http.Cookie
}

// reply is the response of a handler. It is written after the session has been saved.
type reply struct {
	status   int // zero for 200
	page     string
	data     any
	problem  string // the text for an error
	incident string // the number of an error in the log
	notice   string // the text for a success
	wait     time.Duration
	redirect string
}

func redirect(path string) (reply, error)       { return reply{redirect: path}, nil }
func page(name string, data any) (reply, error) { return reply{page: name, data: data}, nil }
func (x *exchange) post() bool                  { return x.r.Method == http.MethodPost }

// invalid shows a page again with a problem.
func invalid(page string, data any, problem string) (reply, error) {
	return reply{
		status: http.StatusUnprocessableEntity, page: page, data: data, problem: problem,
	}, nil
}

// message is a page with only a text.
func message(status int, text string) reply {
	return reply{status: status, page: "message", data: text}
}

// after sets when to try again.
func (rep reply) after(wait time.Duration) reply {
	rep.wait = wait
	return rep
}

func always(rep reply) handler { return func(*exchange) (reply, error) { return rep, nil } }

// serve loads the session, calls the handler if the guard allows it, and saves the session.
func (s *service) serve(g guard, handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{service: s, r: r, lang: s.language(r)}
		x.write(w, x.answer(w, g, handle)) //nolint:contextcheck // The exchange has it.
	})
}

func (x *exchange) answer(w http.ResponseWriter, g guard, handle handler) reply {
	rep, err := x.handle(g, handle)
	if err != nil {
		rep = x.failure(err)
	}
	if errors.Is(err, errStore) {
		return rep
	}
	if rep.page != "" {
		rep.notice = x.pop("notice")
	}
	if err := x.commit(w); err != nil {
		return x.failure(err)
	}
	return rep
}

func (x *exchange) handle(g guard, handle handler) (reply, error) {
	id := ""
	if cookie, err := x.r.Cookie(x.sessions.Cookie.Name); err == nil {
		id = cookie.Value
	}
	ctx, err := x.sessions.Load(x.r.Context(), id)
	if err != nil {
		return reply{}, failed(err)
	}
	x.r = x.r.WithContext(ctx)
	x.id = x.get("login")
	if x.login, err = x.find(ctx, x.id); err != nil {
		return reply{}, err
	}
	if rep, ok := x.allowed(g); !ok {
		return rep, nil
	}
	return handle(x)
}

// allowed decides who may use a route. No other function does.
func (x *exchange) allowed(g guard) (reply, bool) {
	l := x.login
	switch {
	case g == anyone, g == setUp && l == nil: // the handler then requires a challenge
		return reply{}, true
	case l == nil:
		return reply{redirect: "/sign-in"}, false
	case l.MustEnroll && g != setUp && x.r.URL.Path != "/step-up":
		return reply{redirect: "/setup"}, false
	case g == support && !l.support():
		return message(http.StatusForbidden, "no-support"), false
	case g >= setUp && !x.fresh(l):
		page, _, _ := strings.Cut(x.r.URL.Path[1:], "/")
		x.put("next", "/"+page)
		return reply{redirect: "/step-up"}, false
	case g == support && !l.Coded:
		return message(http.StatusForbidden, "support-needs-code"), false
	}
	return reply{}, true
}

// commit saves the session if it has changed.
func (x *exchange) commit(w http.ResponseWriter) error {
	ctx := x.r.Context()
	switch x.sessions.Status(ctx) {
	case scs.Modified:
		id, expiry, err := x.sessions.Commit(ctx)
		if err != nil {
			return failed(err)
		}
		x.sessions.WriteSessionCookie(ctx, w, id, expiry)
	case scs.Destroyed:
		x.sessions.WriteSessionCookie(ctx, w, "", time.Time{})
	case scs.Unmodified:
	}
	for _, cookie := range x.cookies {
		http.SetCookie(w, cookie)
	}
	w.Header().Set("Cache-Control", "no-store")
	return nil
}

// The session only holds strings.
func (x *exchange) get(key string) string { return x.sessions.GetString(x.r.Context(), key) }
func (x *exchange) put(key, value string) { x.sessions.Put(x.r.Context(), key, value) }
func (x *exchange) pop(key string) string { return x.sessions.PopString(x.r.Context(), key) }

// drop removes values from the session.
func (x *exchange) drop(keys ...string) {
	for _, key := range keys {
		x.sessions.Remove(x.r.Context(), key)
	}
}

// problems maps errors that the user can act on to texts.
var problems = map[error]string{
	cognitomfa.ErrCredentials:     "wrong-credentials",
	cognitomfa.ErrTooManyAttempts: "locked-out",
	cognitomfa.ErrUserDisabled:    "disabled",
	cognitomfa.ErrPasswordReset:   "password-reset",
	cognitomfa.ErrNotConfirmed:    "not-confirmed",
	cognitomfa.ErrPasswordPolicy:  "password-policy",
	cognitomfa.ErrAttribute:       "attribute",
	cognitomfa.ErrCodeMismatch:    "wrong-code",
	cognitomfa.ErrCodeUsed:        "used-code",
	cognitomfa.ErrMethod:          "choose-method",
	cognitomfa.ErrMFARequired:     "mfa-required",
	cognitomfa.ErrRejected:        "rejected",
	cognitomfa.ErrUserNotFound:    "no-user",
}

var errNotRepeated = errors.New("the two new passwords differ")

// problem returns the name of the text for an error, or "".
func problem(err error) string {
	var e *cognitomfa.Error
	if errors.As(err, &e) {
		return problems[e.Kind]
	}
	return ""
}

// again shows a page again after an error that the user can correct there.
func (x *exchange) again(page string, data any, err error) (reply, error) {
	switch cognitomfa.NextStep(err) {
	case cognitomfa.StepSameChallenge, cognitomfa.StepNextCode:
		return invalid(page, data, problem(err))
	}
	if errors.Is(err, errNotRepeated) {
		return invalid(page, data, "not-repeated")
	}
	return reply{}, err
}

// failure is the response to an error that no handler has handled.
func (x *exchange) failure(err error) reply {
	var limited tooManyError
	switch {
	case errors.As(err, &limited):
		return message(http.StatusTooManyRequests, "too-many").after(limited.wait)
	case errors.Is(err, cognitomfa.ErrTooManyAttempts):
		return message(http.StatusTooManyRequests, "locked-out").after(15 * time.Minute)
	case errors.Is(err, cognitomfa.ErrSessionExpired), errors.Is(err, cognitomfa.ErrSessionUsed):
		x.drop("challenge", "uri")
		if x.login != nil {
			return reply{redirect: "/step-up"}
		}
		x.put("notice", "start-over")
		return reply{redirect: "/sign-in"}
	case errors.Is(err, cognitomfa.ErrAccessToken), errors.Is(err, cognitomfa.ErrRefreshToken):
		x.drop("login")
		x.put("notice", "signed-out-elsewhere")
		return reply{redirect: "/sign-in"}
	}
	if text := problem(err); text != "" {
		return message(http.StatusForbidden, text)
	}
	incident := rand.Text()[:8]
	x.log.Error("request", "incident", incident, "path", x.r.URL.Path, "error", err)
	if cognitomfa.NextStep(err) == cognitomfa.StepBackOff || errors.Is(err, errStore) ||
		errors.Is(err, cognitomfa.ErrUnavailable) || errors.Is(err, token.ErrKeysUnavailable) {
		return message(http.StatusServiceUnavailable, "unavailable").after(5 * time.Second)
	}
	rep := message(http.StatusInternalServerError, "internal")
	rep.incident = incident
	return rep
}
