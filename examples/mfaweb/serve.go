package mfaweb

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// post returns the handler of a path that takes a JSON object with the given fields.
func (a *API) post(
	path string, call func(*http.Request, fields) (any, error), names ...string,
) http.Handler {
	handle := func(w http.ResponseWriter, r *http.Request) {
		f, err := readFields(w, r, names)
		if err != nil {
			fail(w, r, err)
			return
		}
		body, err := call(r, f)
		if err != nil {
			fail(w, r, err)
			return
		}
		reply(w, http.StatusOK, body)
	}
	return a.wrap(path, http.MethodPost, http.HandlerFunc(handle))
}

// wrap adds to a handler what all of them have in common: log, headers, the checks of host, origin
// and method ("" means that it serves pages), and the time limit.
func (a *API) wrap(path, method string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK, outcome: "ok"}
		start := time.Now()
		defer func() {
			if p := recover(); p != nil {
				// The value may hold anything. The stack only holds names and addresses.
				rec.stack = string(debug.Stack())
				fail(rec, r, errors.New("panic"))
			}
			a.log(r, rec, path, time.Since(start))
		}()
		protect(rec.Header())
		if done := a.screen(rec, r, method); done {
			return
		}
		ctx, cancel := a.patient(r.Context())
		defer cancel()
		next.ServeHTTP(rec, r.WithContext(ctx))
	})
}

// screen answers requests that must not, or need not, reach the handler.
func (a *API) screen(w http.ResponseWriter, r *http.Request, method string) (done bool) {
	guarded := len(a.opts.Hosts) > 0
	if guarded && !a.ownHost(r.Host) {
		fail(w, r, errHost)
		return true
	}
	page := method == ""
	var friend, preflight bool
	if !page {
		friend, preflight = a.cors(w.Header(), r, method)
	}
	switch {
	case preflight:
		w.WriteHeader(http.StatusNoContent)
	case guarded && !friend && foreign(r, page):
		fail(w, r, errForeign)
	case !page && r.Method != method:
		w.Header().Set("Allow", method)
		fail(w, r, errMethod)
	default:
		return false
	}
	return true
}

// patient returns a context that ends with the time limit, and not when the browser hangs up:
// Cognito may have done half of the work by then, and the other half belongs to it. A deadline from
// outside, such as a Lambda function's, stays in force.
func (a *API) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(a.opts.Timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(limit) {
		limit = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), limit)
}

// recorder notes what the log says about a response.
type recorder struct {
	http.ResponseWriter
	status  int
	outcome string
	cause   error
	stack   string
	page    string // the ServeMux pattern of a page
}

func (rec *recorder) WriteHeader(status int) {
	rec.status = status
	if status >= http.StatusBadRequest && rec.outcome == "ok" {
		rec.outcome = strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "-")
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// methods are those that the log names.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut,
	http.MethodPatch, http.MethodDelete,
}

// log writes a line. Apart from the address, nothing in it is the user's: the path is the handler's
// or the page's own, and an unusual method is not named.
func (a *API) log(r *http.Request, rec *recorder, path string, took time.Duration) {
	method := r.Method
	if !slices.Contains(methods, method) {
		method = "other"
	}
	level := slog.LevelInfo
	if rec.page != "" && rec.page != "/" { // "/" takes all addresses that have no page
		path = strings.TrimSuffix(rec.page, "{$}")
		if strings.HasPrefix(path, "/static/") {
			level = slog.LevelDebug
		}
	}
	attrs := []slog.Attr{
		slog.String("request_id", a.opts.RequestID(r)),
		slog.String("method", method),
		slog.String("path", path),
		slog.Int("status", rec.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("outcome", rec.outcome),
	}
	if client := a.opts.ClientAddress(r); client != "" {
		attrs = append(attrs, slog.String("client", client))
	}
	if rec.status >= http.StatusInternalServerError {
		level = slog.LevelError
		if rec.cause != nil {
			// The library's errors contain no input and no secret.
			attrs = append(attrs, slog.String("error", rec.cause.Error()))
		}
		if rec.stack != "" {
			attrs = append(attrs, slog.String("stack", rec.stack))
		}
	}
	a.opts.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// randomID returns a random text that is unlikely to occur twice in one log.
func randomID(*http.Request) string { return rand.Text()[:13] }

// reply writes a response in one piece.
func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // Strings, numbers and dates of this era always encode.
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // An error means that the client has gone.
}
