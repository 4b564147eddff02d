package cognitotest

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
)

// roundTripper returns the transport of Client.
func (s *Server) roundTripper() http.RoundTripper {
	if s.http != nil {
		return s.transport
	}
	handler := http.Handler(s)
	if own, err := url.Parse(s.URL); err == nil && own.Path != "" {
		handler = http.StripPrefix(own.Path, s)
	}
	return inProcess{handler}
}

// inProcess calls the handler directly, without a network. Faults that break a connection return
// the errors that net/http would.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	incoming := r.Clone(r.Context())
	incoming.RequestURI = r.URL.RequestURI()
	var err error // of the parser that net/http uses
	if incoming.URL, err = url.ParseRequestURI(incoming.RequestURI); err != nil {
		return nil, err
	}
	if incoming.Host == "" {
		incoming.Host = r.URL.Host
	}
	if incoming.Body == nil {
		incoming.Body = http.NoBody
	}
	w := &response{header: http.Header{}}
	broken := w.serve(p.handler, incoming)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if broken != nil && w.body.Len() == 0 {
		return nil, broken
	}
	body := io.Reader(&w.body)
	if broken != nil {
		if errors.Is(broken, io.EOF) {
			broken = io.ErrUnexpectedEOF // as net/http returns in the middle of a body
		}
		body = io.MultiReader(body, failing{broken})
	}
	return &http.Response{
		Status: statusLine(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: -1, Request: r,
	}, nil
}

// statusLine formats a status as net/http does: "200 OK", "599 status code 599".
func statusLine(status int) string {
	code := strconv.Itoa(status)
	return code + " " + cmp.Or(http.StatusText(status), "status code "+code)
}

// response is an http.ResponseWriter that records what is written.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
	reset  bool
}

func (w *response) Header() http.Header            { return w.header }
func (w *response) WriteHeader(status int)         { w.status = status }
func (w *response) Write(data []byte) (int, error) { return w.body.Write(data) }
func (w *response) FlushError() error              { return nil }

// serve runs the handler. It returns the error of a connection that the handler broke.
func (w *response) serve(handler http.Handler, r *http.Request) (broken error) {
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v != http.ErrAbortHandler: //nolint:errorlint // net/http compares it like this
			panic(v)
		case w.reset:
			broken = syscall.ECONNRESET
		default:
			broken = io.EOF
		}
	}()
	handler.ServeHTTP(w, r)
	return nil
}

// failing is a reader at the end of a body that was cut.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
