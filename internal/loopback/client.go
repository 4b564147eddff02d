package loopback

import (
	"bytes"
	"io"
	"net/http"
)

// Client lets the SDK call a server that responds faster than net/http finishes sending. The SDK
// closes a request's body as soon as it has the header of the response, and its body then returns
// io.EOF from WriteTo, which net/http, looking for the body's end, takes for a failure: it closes
// the connection, the rest of the response is lost, and the SDK calls again. So Client gives
// net/http a copy of the body, which the SDK does not close.
type Client struct {
	Next interface {
		Do(*http.Request) (*http.Response, error)
	}
}

// Do sends a request by c.Next.
func (c Client) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return c.Next.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.ContentLength = int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	return c.Next.Do(r)
}
