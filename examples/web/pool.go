package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/cognitomfa/cognitomfa/token"
)

// The user of the embedded pool. It is the same at every start, since it is to be typed by people and protects nothing.
const (
	username = "alice"
	password = "Passw0rd!"
)

// patience is how long the demo waits for a user pool when it starts.
const patience = 5 * time.Second

// pool is the user pool that the demo works with.
type pool struct {
	api    cognitomfa.CognitoAPI
	config cognitomfa.Config
	tokens token.Config
	about  [][2]string // what a person who wants to use it should know
	amazon bool
	close  func()
}

// openPool opens the user pool that the flags ask for.
func (s *settings) openPool(ctx context.Context, stderr io.Writer) (*pool, error) {
	if s.embedded() {
		return s.embed(ctx)
	}
	return s.connect(ctx, stderr)
}

// embed starts a Cognito of the demo's own.
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
	srv.AddUser(cognitotest.User{Username: username, Password: password, Email: "alice@example.com"})
	p := s.pool(srv.Client(), "http://"+reachable(listener.Addr()), srv.UserPoolID, srv.ClientID, srv.ClientSecret)
	p.about = append(p.about, [2]string{"username", username}, [2]string{"password", password})
	p.close = srv.Close
	return p, nil
}

// connect makes a client for a user pool that is there already.
func (s *settings) connect(ctx context.Context, stderr io.Writer) (*pool, error) {
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
		// An emulator has nothing to do with the rights of the machine that it runs on, and asking for them takes time.
		options = append(options, config.WithBaseEndpoint(s.endpoint), config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil && !s.public {
		if s.endpoint == "" {
			return nil, fmt.Errorf("no AWS credentials (%w); give some, or -public if the app client allows USER_PASSWORD_AUTH", err)
		}
		_, _ = fmt.Fprintln(stderr, "web: no AWS credentials found; signing with made-up ones, which emulators take")
		cfg.Credentials = aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("demo", "demo", ""))
	}
	endpoint := s.endpoint
	if endpoint == "" {
		endpoint = "https://cognito-idp." + s.region + ".amazonaws.com"
	}
	p := s.pool(cognitoidentityprovider.NewFromConfig(cfg), endpoint, s.userPoolID, s.clientID, s.clientSecret)
	p.close = func() {}
	return p, nil
}

// pool describes a user pool.
func (s *settings) pool(api cognitomfa.CognitoAPI, endpoint, userPoolID, clientID, clientSecret string) *pool {
	p := &pool{
		api: api,
		config: cognitomfa.Config{
			UserPoolID: userPoolID, ClientID: clientID, ClientSecret: clientSecret, Issuer: s.issuer, Public: s.public,
		},
		tokens: token.Config{UserPoolID: userPoolID, Region: s.region, ClientIDs: []string{clientID}},
		about: [][2]string{
			{"cognito", endpoint}, {"region", s.region}, {"user-pool-id", userPoolID}, {"client-id", clientID},
		},
		amazon: !s.embedded() && s.endpoint == "",
	}
	if !p.amazon {
		// Some emulators write their own address into tokens, some Amazon's.
		own := strings.TrimSuffix(endpoint, "/") + "/" + userPoolID
		p.tokens.JWKSURL = own + "/.well-known/jwks.json"
		p.tokens.Issuers = []string{
			own,
			"https://cognito-idp." + s.region + ".amazonaws.com/" + userPoolID,
			"https://issuer-cognito-idp." + s.region + ".amazonaws.com/" + userPoolID,
		}
	}
	return p
}

// reach fetches the pool's public keys: that they come says that the pool is there. An emulator may do without keys, though not without a server.
func (p *pool) reach(ctx context.Context, verifier *token.Verifier, stderr io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := verifier.Hydrate(ctx)
	var unreachable *url.Error
	switch {
	case err == nil:
		return nil
	case p.amazon || errors.As(err, &unreachable):
		return fmt.Errorf("the user pool cannot be reached: %w", err)
	}
	_, _ = fmt.Fprintln(stderr, "web: warning: the pool has no public keys, so that the demo cannot say who has signed in:", err)
	return nil
}
