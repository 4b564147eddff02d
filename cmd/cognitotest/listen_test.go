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
		{"IPv4", []string{"127.0.0.1"}, "127.0.0.1"},
		{"another of them", []string{"127.255.0.9"}, "127.255.0.9"},
		{"IPv6", []string{"::1"}, "::1"},
		{"both", []string{"::1", "127.0.0.1"}, "127.0.0.1"},
		{"mapped", []string{"::ffff:127.0.0.1"}, "127.0.0.1"},
		{"no host", nil, ""},
		{"every interface", []string{"0.0.0.0"}, ""},
		{"every interface of IPv6", []string{"::"}, ""},
		{"private", []string{"192.168.0.1"}, ""},
		{"mapped private", []string{"::ffff:192.168.0.1"}, ""},
		{"link local", []string{"fe80::1%lo"}, ""},
		{"loopback and another", []string{"127.0.0.1", "192.0.2.1"}, ""},
		{"another and loopback", []string{"2001:db8::1", "::1"}, ""},
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
