package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/endpoint"
	"github.com/cognitomfa/cognitomfa/token"
)

// The user of the embedded pool. The password is fixed because people type it, and it protects
// nothing.
const (
	username = "alice"
	password = "Passw0rd!"
)

// patience is how long the demo waits for a user pool when it starts.
const patience = 20 * time.Second

// pool is the user pool of the demo.
type pool struct {
	api    cognitomfa.CognitoAPI
	config cognitomfa.Config
	tokens token.Config
	about  [][2]string // what users of the pool need to know
	who    string      // who can sign in
	kind   kind
	close  func()
}

// kind says where a pool is.
type kind int

const (
	embedded kind = iota
	emulator
	amazon
)

// openPool opens the user pool that the flags select.
func (s *settings) openPool(ctx context.Context, stderr io.Writer) (*pool, error) {
	if s.embedded() {
		return s.embed(ctx)
	}
	return s.connect(ctx, stderr)
}

// embed starts an in-memory Cognito.
func (s *settings) embed(ctx context.Context) (*pool, error) {
	listener, err := listen(ctx, s.cognitoAddr, "-cognito-addr")
	if err != nil {
		return nil, err
	}
	//nolint:contextcheck // The server lasts until it is closed.
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.Listener = listener
		o.Region = s.region
		o.MFA = mfaTypes[s.mfa]
	})
	srv.AddUser(cognitotest.User{
		Username: username, Password: password, Email: "alice@example.com",
	})
	p := s.pool(srv.Client(), srv.URL, srv.UserPoolID, srv.ClientID, srv.ClientSecret)
	p.about = append(p.about, [2]string{"username", username}, [2]string{"password", password})
	p.who = username
	p.close = srv.Close
	return p, nil
}

// connect creates a client for an existing user pool.
func (s *settings) connect(ctx context.Context, stderr io.Writer) (*pool, error) {
	_, _ = fmt.Fprintln(stderr, "web: connecting to the user pool")
	if s.endpoint != "" {
		u, err := url.Parse(s.endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.New("-endpoint is not a URL such as http://127.0.0.1:9229")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	options := []func(*config.LoadOptions) error{config.WithRegion(s.region)}
	if s.endpoint != "" {
		// An emulator ignores credentials, and looking for them takes time.
		options = append(options, config.WithBaseEndpoint(s.endpoint),
			config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil && !s.public {
		if s.endpoint == "" {
			return nil, fmt.Errorf("no AWS credentials (%w); "+
				"give some, or -public if the app client allows USER_PASSWORD_AUTH", err)
		}
		_, _ = fmt.Fprintln(stderr,
			"web: no AWS credentials found; signing with made-up ones, which emulators accept")
		cfg.Credentials = aws.NewCredentialsCache(
			credentials.NewStaticCredentialsProvider("demo", "demo", ""))
	}
	address := cmp.Or(s.endpoint, endpoint.URL(s.region))
	api := cognitoidentityprovider.NewFromConfig(cfg)
	p := s.pool(api, address, s.userPoolID, s.clientID, s.clientSecret)
	p.who = "a user of the pool"
	p.close = func() {}
	return p, nil
}

// pool describes a user pool.
func (s *settings) pool(
	api cognitomfa.CognitoAPI, address, userPoolID, clientID, clientSecret string,
) *pool {
	p := &pool{
		api: api,
		config: cognitomfa.Config{
			UserPoolID: userPoolID, ClientID: clientID, ClientSecret: clientSecret,
			Issuer: s.issuer, Public: s.public,
		},
		tokens: token.Config{
			UserPoolID: userPoolID, Region: s.region, ClientIDs: []string{clientID},
		},
		about: [][2]string{
			{"cognito", address},
			{"region", s.region},
			{"user-pool-id", userPoolID},
			{"client-id", clientID},
		},
		kind: amazon,
	}
	switch {
	case s.embedded():
		p.kind = embedded
	case s.endpoint != "":
		p.kind = emulator
	}
	if p.kind != amazon {
		// Some emulators put their own address into tokens, others Amazon's.
		own := strings.TrimSuffix(address, "/") + "/" + userPoolID
		usual, updated := endpoint.Issuers(s.region)
		p.tokens.JWKSURL = own + "/.well-known/jwks.json"
		p.tokens.Issuers = []string{
			own, usual + "/" + userPoolID, updated + "/" + userPoolID,
		}
	}
	return p
}

// reach checks that the pool can be reached, by fetching its public keys. An emulator may have no
// keys, but must respond. The embedded pool is in this process and needs no check.
func (p *pool) reach(ctx context.Context, verifier *token.Verifier, stderr io.Writer) error {
	if p.kind == embedded {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := verifier.Hydrate(ctx)
	var unreachable *net.OpError
	switch {
	case err == nil:
		return nil
	case p.kind == amazon || errors.As(err, &unreachable):
		return fmt.Errorf("the user pool cannot be reached: %w", err)
	}
	_, _ = fmt.Fprintln(stderr,
		"web: warning: the pool has no public keys, so the demo cannot tell who signed in:", err)
	return nil
}
