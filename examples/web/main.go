// Web demonstrates TOTP MFA in a browser: sign in, set up MFA with a QR code, enter the code.
// Without flags it starts its own user pool, in memory and with one user:
//
//	go run -C examples ./web
//
// It prints what to open, who can sign in, and how to get a code without a phone. With
// -user-pool-id and -client-id it uses a pool of Amazon Cognito, and with -endpoint another
// emulator. -h explains the flags.
//
// It is a demo: it serves plain HTTP, and its pages keep the tokens, including the refresh token,
// where scripts can read them (see package mfaweb). Do not copy that into production. It only
// serves its own host names, so other sites cannot use it by DNS rebinding; add yours with -host.
// It limits wrong passwords and codes, in memory. There are no recovery codes: users who have lost
// their authenticator need an administrator, who calls ResetTOTP.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
	"github.com/cognitomfa/cognitomfa/token"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

// run serves the demo until the context ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parseSettings(args, stdout)
	if err != nil || s == nil {
		return err
	}
	p, err := s.openPool(ctx, stderr)
	if err != nil {
		return err
	}
	defer p.close()

	client, err := cognitomfa.New(p.api, p.config)
	if err != nil {
		return err
	}
	verifier, err := token.NewVerifier(p.tokens)
	if err != nil {
		return err
	}
	if err := p.reach(ctx, verifier, stderr); err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(stderr, nil))
	api, err := mfaweb.New(client, func(o *mfaweb.Options) {
		o.AllowOrigin = s.allowOrigin
		o.Hosts = s.ownHosts()
		o.Logger = logger
		o.Verifier = verifier
		o.Pages = pages.New()
	})
	if err != nil {
		return err
	}

	listener, err := listen(ctx, s.addr, "-addr")
	if err != nil {
		return err
	}
	if !loopback.IsHost(listener.Addr().String()) {
		_, _ = fmt.Fprintln(stderr, "web: warning: other computers can reach", listener.Addr(),
			"and nothing they send is encrypted")
	}
	address := "http://" + loopback.Reachable(listener.Addr())
	_, _ = fmt.Fprintf(stdout, "web: %s\n", address)
	for _, line := range p.about {
		_, _ = fmt.Fprintf(stdout, "%s: %s\n", line[0], line[1])
	}
	_, _ = fmt.Fprintf(stdout, "\nTo try it, open %s and sign in as %s; "+
		"to get a code without a phone, run oathtool --totp --base32 KEY "+
		"with the key that the set-up page shows.\n", address, p.who)
	return serve(ctx, listener, api.Handler(), logger)
}

// listen opens the address of a flag.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	listener, err := loopback.Listen(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with %s", err, flag)
	}
	return listener, nil
}

// serve serves requests until the context ends. Pending ones then have half a second to finish.
func serve(
	ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger,
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
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
	defer cancel()
	if err := srv.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	} else if err != nil {
		return err
	}
	return nil
}
