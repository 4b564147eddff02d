// Service signs users in with an Amazon Cognito user pool and an authenticator app. It is a
// starting point for your own service. Without flags it starts its own user pool, in memory:
//
//	go run -C examples ./service
//
// With -user-pool-id and -client-id it uses a pool of Amazon Cognito, and with -redis it runs on
// any number of machines. -h explains the flags.
//
// The pages are rendered on the server and need no JavaScript. The browser only gets random IDs:
// tokens, challenges, keys and devices stay on the server, in the sessions and the Store. Three
// places decide who gets in: the table of routes with its guards, exchange.allowed, and
// exchange.finish.
//
// Before you use it in production, change what the README lists: where recovery codes are kept, who
// sends the notices, and how users reset a forgotten password.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9/logging"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
	"github.com/cognitomfa/cognitomfa/token"
)

// settings are the values of the flags.
type settings struct {
	addr, url, redis string
	proxies          []netip.Prefix

	issuer, region, userPoolID, clientID, endpoint string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func parseSettings(args []string, stderr io.Writer) (*settings, error) {
	var s settings
	f := flag.NewFlagSet("service", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080",
		"the `address` to listen on; port 0 picks a free one")
	f.StringVar(&s.url, "url", "", "the `URL` of the service for browsers, such as "+
		"https://id.example.com; the default is http:// and the address")
	f.StringVar(&s.redis, "redis", "",
		"the `address` of Redis, or its URL (rediss:// for TLS), for more than one instance; "+
			"the default is this process's memory")
	f.Func("trusted-proxy",
		"the addresses (`CIDR`) of proxies whose X-Forwarded-For is trusted; can be repeated",
		func(text string) error {
			prefix, err := netip.ParsePrefix(text)
			s.proxies = append(s.proxies, prefix.Masked())
			return err
		})
	f.StringVar(&s.issuer, "issuer", "Example", "the `name` that authenticator apps show")
	f.StringVar(&s.userPoolID, "user-pool-id", "",
		"the `id` of a user pool, in place of the embedded one")
	f.StringVar(&s.clientID, "client-id", "",
		"the `id` of its app client; a secret goes into "+secretVariable)
	f.StringVar(&s.region, "region", "",
		"the AWS `region`; the default is the prefix of the pool's ID")
	f.StringVar(&s.endpoint, "endpoint", "",
		"the `URL` of another Cognito, such as http://127.0.0.1:9229")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, errors.New("unexpected argument; -h explains the flags")
	case (s.userPoolID == "") != (s.clientID == ""):
		return nil, errors.New("-user-pool-id and -client-id must be set together")
	case s.redis != "" && s.userPoolID == "":
		return nil, errors.New("-redis requires a pool that all instances share: set -user-pool-id")
	}
	return &s, nil
}

// run serves until the context ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parseSettings(args, stderr)
	if err != nil {
		return err
	}
	p, err := s.openPool(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	listener, err := loopback.Listen(ctx, s.addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -addr", err)
	}
	origin, err := s.origin(listener.Addr())
	if err != nil {
		return err
	}
	logging.Disable() // of go-redis; every failure of Redis is an error of a request
	logger := slog.New(slog.NewJSONHandler(stderr, nil))
	svc, err := newService(p, origin, logger)
	if err != nil {
		return err
	}
	svc.proxies = s.proxies
	if s.redis != "" {
		client, err := connect(s.redis)
		if err != nil {
			return fmt.Errorf("-redis: %w", err)
		}
		defer func() { _ = client.Close() }()
		if err := client.Ping(ctx).Err(); err != nil {
			return fmt.Errorf("-redis: %w", err)
		}
		svc.store, svc.sessions.Store = newShared(client), goredisstore.New(client)
	}
	_, _ = fmt.Fprintln(stdout, "Open", origin.String(), p.about)
	return serve(ctx, listener, svc.handler(), logger, underLock)
}

// origin returns the origin of the service. Requests for another host are refused.
func (s *settings) origin(addr net.Addr) (*url.URL, error) {
	u, err := url.Parse(cmp.Or(s.url, "http://"+loopback.Reachable(addr)))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" {
		return nil, errors.New("-url must be a URL without a path, such as https://id.example.com")
	}
	return u, nil
}

// newService creates a service with all state in memory.
func newService(p *pool, origin *url.URL, logger *slog.Logger) (*service, error) {
	client, err := cognitomfa.New(p.api, p.config, func(o *cognitomfa.Options) { o.Now = p.now })
	if err != nil {
		return nil, err
	}
	verifier, err := token.NewVerifier(p.tokens)
	if err != nil {
		return nil, err
	}
	s := &service{
		client: client, verifier: verifier, sessions: scs.New(), store: newMemory(p.now),
		origin: origin, log: logger, now: p.now,
	}
	s.notify = s.logNotice
	s.sessions.Lifetime = loginLife
	s.sessions.Cookie.Name = s.cookie("session")
	s.sessions.Cookie.Secure = s.secure()
	s.sessions.Cookie.Persist = false
	return s, nil
}

// logNotice stands in for an email to the user. Send one instead.
func (s *service) logNotice(x *exchange, user, event string) {
	s.log.InfoContext(x.r.Context(), "notice", "user", user, "event", event, "address", x.address())
}

// serve serves requests until the context ends. Pending ones then have patience to finish.
func serve(
	ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger,
	patience time.Duration,
) error {
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := srv.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return srv.Close() // for clients that have sent half a request, for instance
}
