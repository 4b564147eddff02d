package token

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Middleware returns a handler that lets requests with a good access token through to next, which finds the claims with
// FromContext. The token comes in the Authorization header, as RFC 6750, section 2.1, says; not in the query or the body,
// where it would end up in logs. Requests without one are answered here, as RFC 6750, section 3, says:
//
//   - 401 without an error code if there is no bearer token;
//   - 400 invalid_request if there is more than one Authorization header;
//   - 401 invalid_token if the token is refused;
//   - 403 insufficient_scope if it is good and lacks the group or the scope (ErrGroup, ErrScope);
//   - 503 with Retry-After if the keys cannot be had (ErrKeysUnavailable), which is no fault of the token's.
//
// Answers do not say more than that. To log the reason, or to answer in another form, call VerifyAccess in a handler of
// your own.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers := r.Header.Values("Authorization")
		if len(headers) > 1 {
			refuse(w, http.StatusBadRequest, "invalid_request")
			return
		}
		raw, ok := bearer(headers)
		if !ok {
			refuse(w, http.StatusUnauthorized, "")
			return
		}
		claims, err := v.VerifyAccess(r.Context(), raw)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), claims)))
		case errors.Is(err, ErrKeysUnavailable):
			w.Header().Set("Retry-After", strconv.Itoa(int(retryPause.Seconds())))
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		case errors.Is(err, ErrGroup), errors.Is(err, ErrScope):
			refuse(w, http.StatusForbidden, "insufficient_scope")
		default:
			refuse(w, http.StatusUnauthorized, "invalid_token")
		}
	})
}

// bearer returns the token of an Authorization header with the scheme Bearer, in any case (RFC 9110, section 11.1).
func bearer(headers []string) (string, bool) {
	if len(headers) == 0 {
		return "", false
	}
	scheme, raw, _ := strings.Cut(headers[0], " ")
	return strings.TrimLeft(raw, " "), strings.EqualFold(scheme, "Bearer")
}

// refuse answers with a challenge. RFC 6750, section 3, wants at least one parameter in it: the realm.
func refuse(w http.ResponseWriter, status int, code string) {
	challenge := `Bearer realm="cognito"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, http.StatusText(status), status)
}

type contextKey struct{}

// NewContext returns a context that carries the claims. Middleware does this; tests of the handlers behind it may as well.
func NewContext(ctx context.Context, claims *AccessClaims) context.Context {
	return context.WithValue(ctx, contextKey{}, claims)
}

// FromContext returns the claims that Middleware or NewContext put into the context, and whether there are any. They are
// shared by all who ask: do not change them.
func FromContext(ctx context.Context) (*AccessClaims, bool) {
	claims, ok := ctx.Value(contextKey{}).(*AccessClaims)
	return claims, ok
}
