// Package loopback listens on the computer's own address, whichever IP version it has.
package loopback

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
)

// Listen listens on a TCP address, as net.Listen does. On computers without IPv4, [::1] takes the place
// of 127.0.0.1. A port that another program uses is an error: [::1] is no way around that.
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
