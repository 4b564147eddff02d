package mfaweb_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func ownHosts(o *mfaweb.Options) { o.Hosts = []string{"localhost", "demo.example.com"} }

// Requests for a host name that an attacker's DNS points here are refused.
func TestHosts(t *testing.T) {
	s := newSite(t, nil, ownHosts)
	for _, path := range []string{"/", "/static/app.js", "/nowhere", "/signin", "/whoami"} {
		for _, host := range []string{
			"evil.example", "evil.example:8080", "localhost.evil.example", "localhost.",
			"127.0.0.1.evil.example",
			"127.1", "0x7f000001", "demo.example.com.evil.example", "xdemo.example.com", "::1",
			"@localhost",
		} {
			a := s.send(http.MethodGet, path, "", "Host", host)
			a.failed(http.StatusMisdirectedRequest, "wrong-host", "give-up")
		}
	}
	for _, host := range []string{
		"localhost", "localhost:8080", "LocalHost", "demo.example.com", "127.0.0.1:8080",
		"[::1]:8080", "192.0.2.1",
	} {
		assert.Equal(t, http.StatusOK, s.send(http.MethodGet, "/", "", "Host", host).status, host)
	}
	assert.Empty(t, s.Calls())

	open := newSite(t, nil, nil)
	assert.Equal(
		t, http.StatusOK, open.send(http.MethodGet, "/", "", "Host", "evil.example").status,
	)
}

// Pages of other sites may only link here. Another port of the same host is another site.
func TestForeignRequests(t *testing.T) {
	const friend = "https://www.example.com"
	s := newSite(t, nil, func(o *mfaweb.Options) {
		ownHosts(o)
		o.AllowOrigin = friend
	})
	sign := fields{"userId": username, "userPassword": password}
	for _, site := range []string{"cross-site", "same-site", "made-up"} {
		for _, mode := range []string{"cors", "no-cors", "navigate", ""} {
			s.post("/signin", sign, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode).
				failed(http.StatusForbidden, "cross-site", "give-up")
			s.send(http.MethodGet, "/whoami", "", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode).
				failed(http.StatusForbidden, "cross-site", "give-up")
		}
		s.send(http.MethodGet, "/static/app.js", "", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "no-cors").
			failed(http.StatusForbidden, "cross-site", "give-up")
		link := s.send(
			http.MethodGet, "/setup", "", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "navigate",
		)
		assert.Equal(t, http.StatusOK, link.status)
		s.post("/signin", sign, "Sec-Fetch-Site", site, "Origin", "https://evil.example").
			failed(http.StatusForbidden, "cross-site", "give-up")
		s.post("/signin", sign, "Sec-Fetch-Site", site, "Origin", friend).tokens()
	}
	for _, site := range []string{"same-origin", "none", ""} {
		s.post("/signin", sign, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "cors").tokens()
	}
	preflight := s.send(http.MethodOptions, "/signin", "", "Origin", friend,
		"Access-Control-Request-Method", "POST", "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, http.StatusNoContent, preflight.status)

	open := newSite(t, nil, nil)
	open.post("/signin", sign, "Sec-Fetch-Site", "cross-site").tokens()
}
