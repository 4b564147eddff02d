// Package loopback listens on the loopback interface, whichever IP version the computer has,
// recognizes its names, and calls servers there.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Listen listens on a TCP address, as net.Listen does. On computers without IPv4 it uses [::1] in
// place of 127.0.0.1, but not to get around a port that is in use, which is an error.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	return listen(address, func(address string) (net.Listener, error) {
		return new(net.ListenConfig).Listen(ctx, "tcp", address)
	})
}

func listen(address string, on func(address string) (net.Listener, error)) (net.Listener, error) {
	listener, err := on(address)
	port, ipv4 := strings.CutPrefix(address, "127.0.0.1:")
	if err == nil || !ipv4 || errors.Is(err, syscall.EADDRINUSE) {
		return listener, err
	}
	if listener, ipv6 := on("[::1]:" + port); ipv6 == nil {
		return listener, nil
	}
	return nil, err
}

// Reachable returns the host and port at which this computer reaches a listener: localhost if it
// listens on every interface.
func Reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return addr.String()
}

// IsHost reports whether the host of a URL or a request, with or without a port, is localhost or a
// loopback address. DNS cannot point these elsewhere.
func IsHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
