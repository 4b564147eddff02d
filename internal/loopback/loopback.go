// Package loopback knows the computer's own address: it listens there, whichever IP version the
// computer has, and tells its names from others.
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

// Listen listens on a TCP address, as net.Listen does. On computers without IPv4, [::1] takes the
// place of 127.0.0.1. A port that another program uses is an error: [::1] is no way around that.
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

// Reachable is the host and port under which this computer reaches the address of a listener: localhost
// in place of an address that stands for every interface.
func Reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return addr.String()
}

// IsHost tells whether the host of a URL or of a request, with or without a port, is a name of the
// loopback interface that nobody else can give away.
func IsHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
