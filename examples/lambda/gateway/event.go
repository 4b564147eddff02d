package gateway

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// format is the payload format of an event and its response.
type format int

const (
	// version1 is payload format 1.0, of REST APIs and of HTTP APIs configured for it.
	version1 format = iota
	// version2 is payload format 2.0, of HTTP APIs and function URLs.
	version2
)

// event is a request as API Gateway and function URLs send it to a function. It has the members of
// both formats, whose names do not collide. Query strings and cookies are left out, because the
// interface does not use them.
//
// See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
type event struct {
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		Stage string `json:"stage"`

		// Format 1.0.
		Path     string `json:"path"`
		Identity struct {
			SourceIP string `json:"sourceIp"`
		} `json:"identity"`

		// Format 2.0.
		HTTP struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`

	// Format 1.0.
	HTTPMethod        string              `json:"httpMethod"`
	Path              string              `json:"path"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`

	// Format 2.0.
	RawPath string `json:"rawPath"`

	// Set by parseEvent.
	format format
	method string
	body   []byte
}

// errEvent is for events from elsewhere. It does not quote them.
var errEvent = errors.New("the event is not a request from API Gateway or a function URL")

// parseEvent reads an event.
func parseEvent(payload []byte) (*event, error) {
	e := &event{}
	if err := json.Unmarshal(payload, e); err != nil {
		return nil, errEvent
	}
	e.format, e.method = version1, e.HTTPMethod
	if e.RequestContext.HTTP.Method != "" {
		e.format, e.method = version2, e.RequestContext.HTTP.Method
	}
	if e.method == "" || e.path() == "" {
		return nil, errEvent
	}
	e.body = []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if e.body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, errEvent
		}
	}
	return e, nil
}

// path returns the path of the request. In format 1.0 it does not include the stage.
func (e *event) path() string {
	if e.format == version1 {
		return e.Path
	}
	return e.RawPath
}

// request converts the event to a request without a path. Its client address is the one that API
// Gateway saw.
func (e *event) request(ctx context.Context) *http.Request {
	address := cmp.Or(e.RequestContext.HTTP.SourceIP, e.RequestContext.Identity.SourceIP)
	r := &http.Request{
		Method:        e.method,
		URL:           &url.URL{},
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        e.header(),
		Body:          io.NopCloser(bytes.NewReader(e.body)),
		ContentLength: int64(len(e.body)),
		RemoteAddr:    net.JoinHostPort(address, "0"),
	}
	return r.WithContext(ctx)
}

// header returns the headers under canonical names. The list of all values of a header takes
// precedence over the member with only the last one.
func (e *event) header() http.Header {
	h := make(http.Header, len(e.Headers))
	if e.MultiValueHeaders != nil {
		for name, values := range e.MultiValueHeaders {
			name = textproto.CanonicalMIMEHeaderKey(name)
			h[name] = append(h[name], values...)
		}
		return h
	}
	for name, value := range e.Headers {
		h.Set(name, value)
	}
	return h
}

// response is a response in either format.
type response struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers,omitempty"`           // format 2.0
	MultiValueHeaders map[string][]string `json:"multiValueHeaders,omitempty"` // format 1.0
	Body              string              `json:"body"`
}

// answer is an http.ResponseWriter that keeps what is written, which is always text.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(text []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(text)
}

// encode writes the answer in the format of the event.
func (a *answer) encode(f format) ([]byte, error) {
	a.WriteHeader(http.StatusOK)
	r := response{StatusCode: a.status, Body: a.body.String()}
	if f == version1 {
		r.MultiValueHeaders = a.header
	} else {
		r.Headers = make(map[string]string, len(a.header))
		for name, values := range a.header {
			r.Headers[name] = strings.Join(values, ", ")
		}
	}
	return json.Marshal(r)
}
