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

// wrap adds what all handlers share: log, headers, time limit, and the checks of host, origin and
// method ("" means that it serves pages).
func (a *API) wrap(path, method string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK, outcome: "ok"}
		start := time.Now()
		defer func() {
			if p := recover(); p != nil {
				// The value may contain anything; the stack only contains names and addresses.
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

// screen handles requests that must not or need not reach the handler.
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

// patient returns a context that ends with the time limit, but not when the browser hangs up:
// Cognito may have done half of the work by then. An outer deadline, such as that of a Lambda
// function, still applies.
func (a *API) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(a.opts.Timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(limit) {
		limit = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), limit)
}

// recorder records what the log says about a response.
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

// methods are the ones that the log names.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut,
	http.MethodPatch, http.MethodDelete,
}

// log writes a line. Apart from the address, nothing in it comes from the user: the path is that of
// the handler or the page, and unusual methods are not named.
func (a *API) log(r *http.Request, rec *recorder, path string, took time.Duration) {
	method := r.Method
	if !slices.Contains(methods, method) {
		method = "other"
	}
	level := slog.LevelInfo
	if rec.page != "" && rec.page != "/" { // "/" matches addresses without a page
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
			// The library's errors contain no input and no secrets.
			attrs = append(attrs, slog.String("error", rec.cause.Error()))
		}
		if rec.stack != "" {
			attrs = append(attrs, slog.String("stack", rec.stack))
		}
	}
	a.opts.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// randomID returns a random ID, long enough not to repeat in a log.
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
	_, _ = w.Write(text) // An error means that the client is gone.
}
