package loopback

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestListen(t *testing.T) {
	t.Parallel()
	listener, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, listener.Close()) }()
	address := listener.Addr().(*net.TCPAddr)
	assert.True(t, address.IP.IsLoopback(), address)
	assert.NotZero(t, address.Port)

	_, err = Listen(t.Context(), address.String())
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
}

// The fallback depends on the address and the error.
func TestFallback(t *testing.T) {
	t.Parallel()
	const ipv4, ipv6 = "127.0.0.1:80", "[::1]:80"
	inUse := &net.OpError{Op: "listen", Err: syscall.EADDRINUSE}
	none := &net.OpError{Op: "listen", Err: syscall.EADDRNOTAVAIL}
	const other = "192.0.2.1:80"
	for name, test := range map[string]struct {
		address string
		errs    map[string]error // by address
		tried   []string
		want    error
	}{
		"IPv4": {address: ipv4, tried: []string{ipv4}},
		"IPv6 only": {
			address: ipv4, errs: map[string]error{ipv4: none}, tried: []string{ipv4, ipv6},
		},
		"neither": {
			address: ipv4, errs: map[string]error{ipv4: none, ipv6: errors.New("x")},
			tried: []string{ipv4, ipv6}, want: none,
		},
		"port in use": {
			address: ipv4, errs: map[string]error{ipv4: inUse}, tried: []string{ipv4}, want: inUse,
		},
		"another address": {
			address: other, errs: map[string]error{other: none}, tried: []string{other}, want: none,
		},
	} {
		var tried []string
		listener, err := listen(test.address, func(address string) (net.Listener, error) {
			tried = append(tried, address)
			if err := test.errs[address]; err != nil {
				return nil, err
			}
			return new(net.TCPListener), nil
		})
		assert.Equal(t, test.tried, tried, name)
		assert.Equal(t, test.want, err, name)
		assert.Equal(t, test.want == nil, listener != nil, name)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for listened, want := range map[string]string{
		"127.0.0.1:9229": "127.0.0.1:9229", "[::1]:9229": "[::1]:9229", "192.0.2.1:80": "192.0.2.1:80",
		"0.0.0.0:9229": "localhost:9229", "[::]:9229": "localhost:9229",
	} {
		addr, err := net.ResolveTCPAddr("tcp", listened)
		require.NoError(t, err)
		assert.Equal(t, want, Reachable(addr), listened)
	}
	assert.Equal(t, "/run/x.sock", Reachable(&net.UnixAddr{Net: "unix", Name: "/run/x.sock"}))
}

func TestIsHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:9229": true, "127.9.9.9:1": true, "[::1]": true, "[::1]:9229": true,
		"[::ffff:127.0.0.1]:1": true, "localhost": true, "LocalHost:9229": true,
		"": false, ":9229": false, "null": false, "a.localhost": false, "localhost.example.com": false,
		"127.0.0.1.example.com:1": false, "0.0.0.0:9229": false, "192.168.0.1": false,
		"[fe80::1]:1": false,
	} {
		assert.Equal(t, want, IsHost(host), host)
	}
}
