package mfaweb

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// contentPolicy lets a page load its own script, style and pictures, the QR code from a data: URL, and talk to this interface. Nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// post returns the handler of a path that takes a JSON object with the given fields.
func (a *API) post(path string, call func(*http.Request, fields) (any, error), names ...string) http.Handler {
	return a.wrap(path, http.MethodPost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	}))
}

// wrap adds to a handler what all have in common: the log, headers, the method ("" is any), CORS and the time limit.
func (a *API) wrap(path, method string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK, outcome: "ok"}
		start := time.Now()
		defer func() {
			if p := recover(); p != nil {
				// What was panicked with may hold anything; the stack holds names and addresses only.
				rec.stack = string(debug.Stack())
				fail(rec, r, errors.New("panic"))
			}
			a.log(r, rec, path, time.Since(start))
		}()

		h := rec.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")

		if method != "" {
			preflight := a.cors(h, r, method)
			switch {
			case preflight:
				rec.WriteHeader(http.StatusNoContent)
				return
			case r.Method != method:
				h.Set("Allow", method)
				fail(rec, r, errMethod)
				return
			}
		}
		ctx, cancel := a.patient(r.Context())
		defer cancel()
		next.ServeHTTP(rec, r.WithContext(ctx))
	})
}

// cors adds the headers that let pages of the allowed origin in, and reports whether the request only asks whether it may come.
func (a *API) cors(h http.Header, r *http.Request, method string) bool {
	if a.opts.AllowOrigin == "" {
		return false
	}
	h.Add("Vary", "Origin")
	if r.Header.Get("Origin") != a.opts.AllowOrigin {
		return false
	}
	h.Set("Access-Control-Allow-Origin", a.opts.AllowOrigin)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", method)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	return true
}

// patient returns a context that ends with the time limit and not when the browser hangs up: Cognito may have done half of the job by
// then, and the other half belongs to it. A deadline of the surroundings, such as a Lambda function's, stays in force.
func (a *API) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(a.opts.Timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(limit) {
		limit = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), limit)
}

// recorder remembers of an answer what the log says about it.
type recorder struct {
	http.ResponseWriter
	status  int
	outcome string
	cause   error
	stack   string
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

// log writes a line. Nothing in it is the user's: path is the handler's own, and an unusual method has no name.
func (a *API) log(r *http.Request, rec *recorder, path string, took time.Duration) {
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		method = "other"
	}
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", a.opts.RequestID(r)),
		slog.String("method", method),
		slog.String("path", path),
		slog.Int("status", rec.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("outcome", rec.outcome),
	}
	if rec.status >= http.StatusInternalServerError {
		level = slog.LevelError
		if rec.cause != nil {
			// The library's errors hold no input and no secret.
			attrs = append(attrs, slog.String("error", rec.cause.Error()))
		}
		if rec.stack != "" {
			attrs = append(attrs, slog.String("stack", rec.stack))
		}
	}
	a.opts.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// randomID returns a random text, unlikely enough to come again in one log.
func randomID(*http.Request) string { return rand.Text()[:13] }

// reply writes an answer in one piece.
func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // Strings, numbers and dates of this era always encode.
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // Whom it does not reach has gone.
}
