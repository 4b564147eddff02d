package cognitotest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// Server is a Cognito user pool in memory, listening on a port of the machine. It is safe for
// concurrent use. Methods that take a user name also take an alias or a sub; they look in the pool
// that the server started with first, then in those made by CreateUserPool, and panic if there is no
// such user, LookupUser apart: a test that asks for one has a mistake in it.
//
// It holds on to what its users may still need, and to no more: the last calls (see Calls), 262,144
// open sign-ins, the last 20 messages of each user.
type Server struct {
	URL          string // of the API, for example "http://127.0.0.1:40123", without a slash at its end
	Region       string
	UserPoolID   string
	ClientID     string
	ClientSecret string // empty if the app client has none

	machine *pool.Machine
	quirks  Quirks
	faults  faults
	journal journal

	// If it listens; else nil.
	http      *http.Server
	transport *http.Transport
	done      chan struct{} // closed when the listener is
	closing   sync.Once
}

// NewServer starts a server with one user pool and one app client, and no user. Like
// httptest.NewServer it panics if it cannot listen, and also if the options make no sense. Whoever
// starts it closes it.
func NewServer(optFns ...func(*Options)) *Server {
	s, err := Start(optFns...)
	if err != nil {
		panic(err.Error())
	}
	return s
}

// The limits on connections. Clients keep theirs open for a minute and a half at most, as a rule, and
// must not find them closed just when they use them again.
const (
	readTimeout = 30 * time.Second
	idleTimeout = 2 * time.Minute
)

// Start is NewServer for programs, whose options come from people: what makes NewServer panic is an
// error here.
func Start(optFns ...func(*Options)) (*Server, error) {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	o.setDefaults()
	listener := o.Listener
	if listener == nil && o.URL == "" {
		var err error
		if listener, err = loopback.Listen(context.Background(), "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("cognitotest: %w", err)
		}
	}
	s, err := o.server(listener)
	if err != nil {
		if o.Listener == nil && listener != nil {
			_ = listener.Close()
		}
		return nil, fmt.Errorf("cognitotest: the options are invalid: %s", describeError(err))
	}
	if listener != nil {
		s.serve(listener)
	}
	return s, nil
}

// server makes a server that does not listen yet.
func (o *Options) server(listener net.Listener) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := o.setAddresses(listener); err != nil {
		return nil, err
	}
	machine, err := o.machine()
	if err != nil {
		return nil, err
	}
	return &Server{
		URL: o.URL, Region: o.Region, UserPoolID: o.UserPoolID, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		machine: machine, quirks: o.Quirks,
	}, nil
}

// serve listens until the server is closed.
func (s *Server) serve(listener net.Listener) {
	s.done = make(chan struct{})
	// A test may run as many calls side by side as it likes: each keeps its connection.
	s.transport = &http.Transport{MaxIdleConnsPerHost: 256}
	s.http = &http.Server{Handler: s, ReadTimeout: readTimeout, IdleTimeout: idleTimeout}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // ends with ErrServerClosed, or because somebody else closed the listener
	}()
}

// Close stops listening and ends all connections. It may be called more than once. A server that is
// mounted as a handler has nothing to close.
func (s *Server) Close() {
	if s.http == nil {
		return
	}
	s.closing.Do(func() {
		_ = s.http.Close()
		s.transport.CloseIdleConnections()
	})
	<-s.done
}

// Client gives an SDK client that talks to the server over HTTP, or without a network if the server
// does not listen, with made-up credentials and the SDK's own retries. The options are the SDK's.
func (s *Server) Client(optFns ...func(*cognitoidentityprovider.Options)) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region:       s.Region,
		BaseEndpoint: aws.String(s.URL),
		HTTPClient:   &http.Client{Transport: s.roundTripper()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: "AKIDCOGNITOTEST", SecretAccessKey: "cognitotest", Source: "cognitotest",
			}, nil
		}),
	}, optFns...)
}

// wholeBody hands net/http a body that it knows to be in memory. It then leaves with the header, in one
// piece, and is read to its end before the response comes; with the SDK's own reader the transport at
// times closes the connection under the response of a fast server.
type wholeBody struct{ http.RoundTripper }

func (t wholeBody) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return t.RoundTripper.RoundTrip(r)
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
	return t.RoundTripper.RoundTrip(r)
}

// Now is the time by the server's clock.
func (s *Server) Now() time.Time { return s.machine.Now() }

// Advance moves the server's clock: sessions, codes and tokens age with it. It can go back, too.
func (s *Server) Advance(d time.Duration) { s.machine.Advance(d) }
