package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// listen listens on the address of a flag. Unless insecure is set, it must be of the loopback
// interface: everyone who reaches the program can do everything.
//
// A host name is looked up once, and listen uses the address that it checked: a second lookup could
// return another one.
func listen(ctx context.Context, flag, addr string, insecure bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usageError(
			fmt.Sprintf("%s: %q is not HOST:PORT, such as 127.0.0.1:9229", flag, addr))
	}
	if _, err := net.DefaultResolver.LookupPort(ctx, "tcp", port); err != nil {
		return nil, usageError(fmt.Sprintf("%s: %q is not a port from 0 to 65535", flag, port))
	}
	if !insecure {
		addrs, err := lookup(ctx, host)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		if host, err = loopbackOf(host, addrs); err != nil {
			return nil, usageError(fmt.Sprintf("%s: %v", flag, err))
		}
	}
	listener, err := loopback.Listen(ctx, net.JoinHostPort(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: another program listens on %s; end it, choose another port, "+
			"or let port 0 pick a free one", flag, addr)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; choose another address", flag, err)
	}
	return listener, nil
}

// lookup resolves a host; an empty host has no addresses.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if host == "" {
		return nil, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("the host %q is unknown; take 127.0.0.1", host)
	}
	return addrs, nil
}

// loopbackOf returns the loopback address among a host's addresses, preferably of IPv4. It refuses
// a host that has any other address.
func loopbackOf(host string, addrs []netip.Addr) (string, error) {
	const advice = ", where other computers could do everything; " +
		"take 127.0.0.1, or give -insecure-listen if that is wanted"
	if len(addrs) == 0 {
		return "", errors.New("an address without a host is every interface" + advice)
	}
	chosen := addrs[0].Unmap()
	for _, addr := range addrs {
		addr = addr.Unmap()
		switch {
		case addr.IsLoopback():
		case addr.IsUnspecified():
			return "", fmt.Errorf("%s is every interface%s", host, advice)
		case addr.String() == host:
			return "", fmt.Errorf("%s is not an address of the loopback interface%s", host, advice)
		default:
			return "", fmt.Errorf("%s is %s, which is not of the loopback interface%s", host, addr,
				advice)
		}
		if addr.Is4() && !chosen.Is4() {
			chosen = addr
		}
	}
	return chosen.String(), nil
}
