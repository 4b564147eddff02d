package token

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MiddlewareOptions are the settings of [Verifier.Middleware].
type MiddlewareOptions struct {
	// Cookie is the name of the cookie that holds the token. Empty means that the token comes in
	// the Authorization header, and with a name that header is not looked at. Browsers send cookies
	// with requests that other sites cause, so protect what is behind the middleware, for example
	// with http.CrossOriginProtection. A name that begins with __Host- keeps sibling domains from
	// setting the cookie.
	Cookie string

	// Refuse writes the response to a request that is not let through: a page, JSON, or a redirect
	// to the sign-in. The status is the one that Middleware's comment lists, and the header fields
	// that go with it are set. The error says why: ErrNoToken, or an error of VerifyAccess. Do not
	// show it to the client, and remember that ErrKeysUnavailable is no reason to sign in again.
	// What Refuse does not write is filled in: the status, and a body if there is none. Nil means
	// the name of the status as plain text.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, err error)
}

// Middleware returns a handler that passes requests with a good access token on to next, which
// finds the claims with FromContext. The token comes in the Authorization header (RFC 6750, section
// 2.1) or in a cookie; not in the query or the body, where it would end up in logs. Other requests
// are refused as RFC 6750, section 3, and RFC 9470, section 3, say:
//
//   - 401 without an error code if there is no token.
//   - 400 invalid_request if there is more than one.
//   - 401 invalid_token if the token is refused.
//   - 403 insufficient_scope if the token is good but lacks a group or scope (ErrGroup, ErrScope).
//   - 401 insufficient_user_authentication if the token is good but the sign-in is not (ErrACR,
//     ErrMaxAge). The parameters acr_values and max_age say what to ask for in the next sign-in.
//   - 503 if the keys are unavailable (ErrKeysUnavailable), which is not the token's fault.
//     Retry-After says when there will be another attempt.
//
// The response says no more than that; to log the reason, set Refuse.
//
// Put a handler for CORS outside this one. The preflight requests of browsers (OPTIONS) carry no
// token and would be refused, and without CORS headers scripts could not read the refusals either.
func (v *Verifier) Middleware(next http.Handler, optFns ...func(*MiddlewareOptions)) http.Handler {
	var opts MiddlewareOptions
	for _, fn := range optFns {
		fn(&opts)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := opts.token(r)
		var claims *AccessClaims
		if err == nil {
			claims, err = v.VerifyAccess(r.Context(), raw)
		}
		if err != nil {
			opts.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), claims)))
	})
}

// ambiguousError is ErrMalformed, of a request with more than one token.
type ambiguousError struct{}

func (ambiguousError) Error() string { return ErrMalformed.Error() + ": more than one token" }
func (ambiguousError) Unwrap() error { return ErrMalformed }

// token returns the token of the request.
func (o *MiddlewareOptions) token(r *http.Request) (string, error) {
	if o.Cookie != "" {
		switch cookies := r.CookiesNamed(o.Cookie); {
		case len(cookies) > 1:
			return "", ambiguousError{}
		case len(cookies) == 0 || cookies[0].Value == "":
			return "", ErrNoToken
		default:
			return cookies[0].Value, nil
		}
	}
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 {
		return "", ambiguousError{}
	}
	if len(headers) == 0 {
		return "", ErrNoToken
	}
	// The scheme may be in any case (RFC 9110, section 11.1).
	scheme, raw, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrNoToken
	}
	return strings.TrimLeft(raw, " "), nil
}

// refuse responds to a request that is not let through.
func (o *MiddlewareOptions) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var (
		status   = http.StatusUnauthorized
		code     = "invalid_token"
		keys     *unavailableError
		level    *levelError
		required string
	)
	switch {
	case errors.As(err, &keys):
		status, code = http.StatusServiceUnavailable, ""
		w.Header().Set("Retry-After", seconds(max(time.Second, keys.retry+time.Second-1)))
	case errors.Is(err, ErrNoToken):
		code = ""
	case errors.Is(err, ambiguousError{}):
		status, code = http.StatusBadRequest, "invalid_request"
	case errors.Is(err, ErrGroup), errors.Is(err, ErrScope):
		status, code = http.StatusForbidden, "insufficient_scope"
	case errors.As(err, &level):
		code, required = "insufficient_user_authentication", level.parameters()
	}
	if status != http.StatusServiceUnavailable {
		w.Header().Set("WWW-Authenticate", challenge(code, required))
	}
	guarded := &refusal{ResponseWriter: w, status: status}
	if o.Refuse != nil {
		o.Refuse(guarded, r, status, err)
	}
	if !guarded.begun {
		http.Error(guarded, http.StatusText(status), status)
	}
}

// challenge returns the value of WWW-Authenticate. RFC 6750, section 3, requires at least one
// parameter: the realm.
func challenge(code, more string) string {
	value := `Bearer realm="cognito"`
	if code != "" {
		value += `, error="` + code + `"`
	}
	return value + more
}

// parameters returns what RFC 9470, section 3, adds to a challenge. The values have no characters
// that must be escaped: see unquotable.
func (e *levelError) parameters() string {
	var out string
	if e.acr != nil {
		out += `, acr_values="` + strings.Join(e.acr, " ") + `"`
	}
	if e.maxAge > 0 {
		out += `, max_age="` + seconds(e.maxAge) + `"`
	}
	return out
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// refusal is a response that does not become 200 OK because somebody forgot to write the status.
type refusal struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (w *refusal) WriteHeader(status int) {
	w.begun = w.begun || status >= 200 // Below, it is not the final one.
	w.ResponseWriter.WriteHeader(status)
}

func (w *refusal) Write(body []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(w.status)
	}
	return w.ResponseWriter.Write(body)
}

type contextKey struct{}

// NewContext returns a context that carries the claims. Middleware does this, and tests of the
// handlers behind it may do it too.
func NewContext(ctx context.Context, claims *AccessClaims) context.Context {
	return context.WithValue(ctx, contextKey{}, claims)
}

// FromContext returns the claims that Middleware or NewContext put into the context, and whether
// there are any. Do not change them: all who ask share them.
func FromContext(ctx context.Context) (*AccessClaims, bool) {
	claims, ok := ctx.Value(contextKey{}).(*AccessClaims)
	return claims, ok
}
