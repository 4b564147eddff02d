package cognitotest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// pipes is a listener with connections in memory, so a synctest bubble controls their time.
type pipes struct {
	dialed chan net.Conn
	closed chan struct{}
	close  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialed:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.close.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// The server closes a connection whose request is too slow, and an idle one, but not one whose call
// a fault delays.
func TestSlowConnectionsEnd(t *testing.T) {
	t.Parallel()
	const head = "POST / HTTP/1.1\r\nHost: x\r\n" +
		"X-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\nContent-Length: 2\r\n\r\n"
	for name, tc := range map[string]struct {
		sent  string
		delay time.Duration // of a fault
		most  time.Duration // until the connection ends, if the client does nothing more
		reply string
	}{
		"nothing":       {most: time.Minute},
		"half a header": {sent: head[:20], most: time.Minute},
		"half a body":   {sent: head + "{", most: time.Minute, reply: "Serialization"},
		"idle":          {sent: head + "{}", most: 5 * time.Minute, reply: "InvalidParameter"},
		"delayed": {
			sent: head + "{}", delay: time.Hour,
			most: time.Hour + 5*time.Minute, reply: "InvalidParameter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := &pipes{dialed: make(chan net.Conn), closed: make(chan struct{})}
				srv := cognitotest.NewServer(func(o *options) { o.Listener = listener })
				defer srv.Close()
				srv.Fail("GetUser", cognitotest.Delay(tc.delay))
				ours, theirs := net.Pipe()
				listener.dialed <- theirs
				begin := time.Now()
				require.NoError(t, ours.SetDeadline(begin.Add(24*time.Hour)))
				_, err := io.WriteString(ours, tc.sent)
				require.NoError(t, err)
				got, err := io.ReadAll(ours)
				require.NoError(t, err, "the server ends the connection")
				assert.LessOrEqual(t, time.Since(begin), tc.most)
				assert.GreaterOrEqual(t, time.Since(begin), tc.delay)
				assert.Contains(t, string(got), tc.reply)
			})
		})
	}
}

// The number of queued faults is limited. A refused call leaves the queued ones alone.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	srv := start(t)
	require.NoError(t, srv.TryFail("GetUser", make([]cognitotest.Fault, 9_999)...))
	const tooMany = "cognitotest: no more than 10000 faults can wait"
	require.EqualError(t, srv.TryFail("SignUp", cognitotest.Throttle(), cognitotest.Throttle()),
		tooMany)
	assert.PanicsWithValue(t, tooMany,
		func() { srv.Fail("", cognitotest.Throttle(), cognitotest.Throttle()) })
	assert.Equal(t, "InvalidParameterException", srv.call("SignUp", kv{}).text("__type"),
		"neither of the two was taken")

	srv.Fail("SignUp", cognitotest.Throttle())
	assert.Equal(t, "TooManyRequestsException", srv.call("SignUp", kv{}).text("__type"))
	srv.Fail("SignUp", cognitotest.Throttle()) // the one that was met has made place
	srv.Fail("GetUser")
	srv.Fail("GetUser", make([]cognitotest.Fault, 9_999)...)
	srv.Fail("*")
	srv.Fail("GetUser", make([]cognitotest.Fault, 10_000)...)
}

// Long calls make the journal shorter, so its memory is bounded.
func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	srv := start(t)
	metadata := make([]string, 99)
	for i := range metadata {
		metadata[i] = fmt.Sprintf(`"%d":"%s"`, i, strings.Repeat("x", 512))
	}
	body := `{"ClientMetadata":{` + strings.Join(metadata, ",") + `}}`
	for range 1000 {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/",
			strings.NewReader(body))
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp")
		srv.ServeHTTP(httptest.NewRecorder(), request)
	}
	calls := srv.Calls()
	assert.Len(t, calls[0].Params, 99)
	assert.Greater(t, len(calls), 400)
	assert.Less(t, len(calls), 700)
	srv.call("GetUser", kv{})
	assert.Equal(t, "GetUser", srv.Calls()[len(srv.Calls())-1].Operation)
}
