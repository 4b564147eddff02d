package main

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// limit is the number of attempts allowed in a window.
type limit struct {
	name   string
	n      int
	window time.Duration
}

// limits are the limits for one kind of attempt. An address may belong to a whole office.
type limits struct{ user, address limit }

var (
	signIns = limits{
		user:    limit{name: "sign-in/user", n: 20, window: 15 * time.Minute},
		address: limit{name: "sign-in/address", n: 100, window: 15 * time.Minute},
	}
	codes = limits{
		user:    limit{name: "code/user", n: 10, window: time.Hour},
		address: limit{name: "code/address", n: 100, window: time.Hour},
	}
)

// tooManyError is the error of an attempt over a limit.
type tooManyError struct{ wait time.Duration }

func (tooManyError) Error() string { return "too many attempts" }

// attempt counts an attempt before it is checked, so that parallel attempts count as well. It
// counts the address first: an address over its limit does not use up that of the user.
func (x *exchange) attempt(l limits, user string) error {
	for _, of := range []struct {
		limit
		value string
	}{{l.address, x.network()}, {l.user, user}} {
		n, rest, err := x.store.Count(x.r.Context(), of.key(of.value), of.window)
		if err != nil {
			return err
		}
		if n > of.n {
			x.log.Warn("limit reached", "limit", of.name, "address", x.address())
			return tooManyError{rest}
		}
	}
	return nil
}

// codeAccepted resets the count for the user. It does not reset that for the address, because
// attackers could sign in to an account of their own in between.
func (x *exchange) codeAccepted(user string) {
	if err := x.store.Delete(x.r.Context(), codes.user.key(user)); err != nil {
		x.log.Warn("limit not reset", "error", err)
	}
}

// key hashes the value, so that keys are short and contain no email addresses.
func (l limit) key(value string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(value))))
	return "limit:" + l.name + ":" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// network returns the address that is counted. For IPv6 it is the /64 network of a subscriber.
func (x *exchange) network() string {
	addr := x.address()
	if addr.Is6() {
		prefix, _ := addr.Prefix(64)
		return prefix.String()
	}
	return addr.String()
}

func (x *exchange) address() netip.Addr { return clientAddress(x.r, x.proxies) }

// clientAddress returns the client address. It trusts X-Forwarded-For, from the right, as far as
// our own proxies have written it.
func clientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	addr := peer.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		own := slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if !own || err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr
}
