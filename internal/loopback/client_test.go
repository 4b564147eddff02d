package loopback

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowConn returns from writing the end of a request only when the response is being read.
type slowConn struct {
	net.Conn
	reading <-chan struct{}
}

func (c slowConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if bytes.HasSuffix(p, []byte("}")) {
		<-c.reading
	}
	return n, err
}

// reader closes a channel when the body of a response is first read.
type reader struct {
	io.ReadCloser
	reading func()
}

func (r reader) Read(p []byte) (int, error) {
	r.reading()
	return r.ReadCloser.Read(p)
}

type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// The SDK reads the whole of a large response that arrives before the request has been sent.
func TestFastServer(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("x", 4<<20)
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		assert.NoError(t, err)
		calls++
		_, err = io.WriteString(w, `{"UserPool":{"Name":"`+name+`"}}`)
		assert.NoError(t, err)
	}))
	defer srv.Close()
	reading := make(chan struct{})
	read := sync.OnceFunc(func() { close(reading) })
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return slowConn{Conn: conn, reading: reading}, err
		},
	}
	defer transport.CloseIdleConnections()
	client := Client{Next: &http.Client{Transport: transport}}
	api := cip.New(cip.Options{
		Region:       "eu-west-1",
		BaseEndpoint: &srv.URL,
		Credentials:  aws.AnonymousCredentials{},
		HTTPClient: doFunc(func(r *http.Request) (*http.Response, error) {
			response, err := client.Do(r)
			if err == nil {
				response.Body = reader{ReadCloser: response.Body, reading: read}
			}
			return response, err
		}),
	})
	out, err := api.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{
		UserPoolId: aws.String("eu-west-1_AbCdEfGhI"),
	})
	require.NoError(t, err)
	assert.Len(t, *out.UserPool.Name, len(name))
	assert.Equal(t, 1, calls)
}

// A request without a body is sent as it is; one whose body cannot be read is not sent.
func TestBodies(t *testing.T) {
	t.Parallel()
	var sent *http.Request
	client := Client{Next: doFunc(func(r *http.Request) (*http.Response, error) {
		sent = r
		return nil, http.ErrServerClosed
	})}
	get := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	get.Body = nil
	_, err := client.Do(get) //nolint:bodyclose // There is no response.
	require.ErrorIs(t, err, http.ErrServerClosed)
	assert.Same(t, get, sent)

	sent = nil
	post := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/",
		iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err = client.Do(post) //nolint:bodyclose // There is no response.
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Nil(t, sent)
}
