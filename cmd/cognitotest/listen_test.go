package main

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoopback(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		addrs []string // what the host stands for
		want  string   // empty if it is refused
	}{
		{name: "IPv4", addrs: []string{"127.0.0.1"}, want: "127.0.0.1"},
		{name: "another of them", addrs: []string{"127.255.0.9"}, want: "127.255.0.9"},
		{name: "IPv6", addrs: []string{"::1"}, want: "::1"},
		{name: "both", addrs: []string{"::1", "127.0.0.1"}, want: "127.0.0.1"},
		{name: "mapped", addrs: []string{"::ffff:127.0.0.1"}, want: "127.0.0.1"},
		{name: "no host"},
		{name: "every interface", addrs: []string{"0.0.0.0"}},
		{name: "every interface of IPv6", addrs: []string{"::"}},
		{name: "private", addrs: []string{"192.168.0.1"}},
		{name: "mapped private", addrs: []string{"::ffff:192.168.0.1"}},
		{name: "link local", addrs: []string{"fe80::1%lo"}},
		{name: "loopback and another", addrs: []string{"127.0.0.1", "192.0.2.1"}},
		{name: "another and loopback", addrs: []string{"2001:db8::1", "::1"}},
	} {
		var addrs []netip.Addr
		for _, addr := range test.addrs {
			addrs = append(addrs, netip.MustParseAddr(addr))
		}
		got, err := loopbackOf("example", addrs)
		assert.Equal(t, test.want, got, test.name)
		if test.want == "" {
			assert.ErrorContains(t, err, "give -insecure-listen if that is wanted", test.name)
		} else {
			assert.NoError(t, err, test.name)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	addrs, err := lookup(t.Context(), "localhost")
	require.NoError(t, err)
	require.NotEmpty(t, addrs)
	for _, addr := range addrs {
		assert.True(t, addr.Unmap().IsLoopback(), addr)
	}
	_, err = lookup(t.Context(), "nowhere.invalid")
	assert.EqualError(t, err, `the host "nowhere.invalid" is unknown; take 127.0.0.1`)
}
