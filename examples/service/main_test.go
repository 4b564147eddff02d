package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/loopback"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// runs runs the program and returns its first line of output, and the address in it.
func runs(t *testing.T, args ...string) (line, address string) {
	t.Helper()
	ctx, stop := context.WithCancel(tooltest.Context(t))
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), write, t.Output())
		_ = write.Close()
	}()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-ended)
	})
	line, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err)
	return line, strings.Fields(line)[1]
}

func TestRunEmbedded(t *testing.T) {
	t.Parallel()
	line, address := runs(t)
	for _, want := range []string{alice, password, "oathtool --totp --base32", demoKey} {
		assert.Contains(t, line, want)
	}
	b := open(t, nil, address)
	b.signIn(alice)
	b.at("/")
}

// The address can be opened in a browser, and is the one that requests are served for.
func TestRunOnEveryInterface(t *testing.T) {
	t.Parallel()
	_, address := runs(t, "-addr", ":0")
	assert.Regexp(t, `^http://localhost:\d+$`, address)
	open(t, nil, address).signIn(alice)
}

func TestRunOnPool(t *testing.T) {
	srv := fake(t)
	t.Setenv(secretVariable, srv.ClientSecret)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	_, address := runs(t,
		"-user-pool-id", srv.UserPoolID, "-client-id", srv.ClientID, "-endpoint", srv.URL,
		"-redis", "redis://"+startRedis(t).address, "-trusted-proxy", "127.0.0.0/8")
	b := open(t, srv, address)
	b.signIn(support1)
	b.at("/code")
	b.submit("/code", "code", srv.Code(support1))
	b.at("/")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"argument"},
		{"-nonsense"},
		{"-user-pool-id", "eu-west-1_Abc"},
		{"-client-id", "abc"},
		{"-redis", "127.0.0.1:6379"},
		{"-trusted-proxy", "10.0.0.1"},
	} {
		_, err := parseSettings(args, io.Discard)
		assert.Error(t, err, args)
	}
	for _, given := range []string{
		"id.example.com", "https://", "ftp://id.example.com", "https://id.example.com/path",
	} {
		args := []string{"-addr", "127.0.0.1:0", "-url", given}
		err := run(t.Context(), args, io.Discard, io.Discard)
		assert.ErrorContains(t, err, "-url", given)
	}
	for _, given := range []string{
		"127.0.0.1:1", "redis://:hush@127.0.0.1:1/first", "redis://:hush@127.0.0.1:1/?nonsense=1",
		"http://:hush@127.0.0.1:1", "redis://:hush@127.0.0.1:one/0",
	} {
		err := run(t.Context(), []string{
			"-user-pool-id", "eu-west-1_Abc", "-client-id", "abc", "-addr", "127.0.0.1:0", "-redis",
			given,
		}, io.Discard, io.Discard)
		require.ErrorContains(t, err, "-redis", given)
		assert.NotContains(t, err.Error(), "hush", given)
	}
}

// Ctrl-C does not wait forever for clients that have sent half a request.
func TestEndWithOpenConnections(t *testing.T) {
	t.Parallel()
	listener, err := loopback.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	begun := make(chan struct{})
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		_, _ = io.Copy(io.Discard, r.Body)
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	logger := slog.New(slog.DiscardHandler)
	go func() { ended <- serve(ctx, listener, handler, logger, time.Millisecond) }()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	_, err = conn.Write([]byte("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)
	<-begun
	stop()
	require.NoError(t, <-ended)
	_, err = conn.Read(make([]byte, 1))
	assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), err)
	assert.NoError(t, conn.Close())
}
