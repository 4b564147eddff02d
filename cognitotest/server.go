package cognitotest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// Server is a Cognito user pool in memory that listens on a port of this computer. It is safe for
// concurrent use. Methods that take a user name also take an alias or a sub. They look in the pool
// that the server started with, then in those made by CreateUserPool. Except for LookupUser and
// LookupUsers, they panic if there is no such user: that is a mistake in the test.
//
// Calls and sign-ins do not fill its memory: it keeps the last calls (see Calls), 262,144 open
// sign-ins, and the last 20 messages of each user.
type Server struct {
	// URL is the address of the API, for example "http://127.0.0.1:40123", without a slash at its
	// end.
	URL          string
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

// NewServer starts a server with one user pool, one app client, and no users. Like
// httptest.NewServer it panics if it cannot listen; it also panics if the options are invalid. Call
// Close when you are done.
func NewServer(optFns ...func(*Options)) *Server {
	s, err := Start(optFns...)
	if err != nil {
		panic(err.Error())
	}
	return s
}

// The limits on connections. Most clients keep idle connections for at most a minute and a half.
// The server keeps them longer, so those clients do not reuse one that is being closed.
const (
	readTimeout = 30 * time.Second
	idleTimeout = 2 * time.Minute
)

// Start is NewServer for programs whose options come from users: it returns an error where
// NewServer panics.
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

// server returns a server that does not listen yet.
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
		URL: o.URL, Region: o.Region, UserPoolID: o.UserPoolID, ClientID: o.ClientID,
		ClientSecret: o.ClientSecret,
		machine:      machine, quirks: o.Quirks,
	}, nil
}

// serve listens until the server is closed.
func (s *Server) serve(listener net.Listener) {
	s.done = make(chan struct{})
	// With the default of 2, parallel calls of a test would keep opening connections.
	s.transport = &http.Transport{MaxIdleConnsPerHost: 256}
	s.http = &http.Server{Handler: s, ReadTimeout: readTimeout, IdleTimeout: idleTimeout}
	go func() {
		defer close(s.done)
		// ends with ErrServerClosed, or because somebody else closed the listener
		_ = s.http.Serve(listener)
	}()
}

// Close stops listening and ends all connections. It may be called more than once, and does nothing
// on a server that is mounted as a handler.
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

// Client returns an SDK client that talks to the server over HTTP, or in process if the server does
// not listen. It has made-up credentials and the SDK's own retries. The options are the SDK's.
//
// An SDK client of your own sometimes loses a response of more than 4 KB, such as that of
// DescribeUserPool, because the server is faster than the SDK expects, and calls again.
func (s *Server) Client(
	optFns ...func(*cognitoidentityprovider.Options),
) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region:       s.Region,
		BaseEndpoint: aws.String(s.URL),
		HTTPClient:   loopback.Client{Next: &http.Client{Transport: s.roundTripper()}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: "AKIDCOGNITOTEST", SecretAccessKey: "cognitotest",
				Source: "cognitotest",
			}, nil
		}),
	}, optFns...)
}

// Now returns the time by the server's clock.
func (s *Server) Now() time.Time { return s.machine.Now() }

// Advance moves the server's clock, by which sessions, codes and tokens age. d may be negative.
func (s *Server) Advance(d time.Duration) { s.machine.Advance(d) }
