package mfaweb

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// contentPolicy only lets a page load its own scripts, styles and pictures, load the QR code from a
// data: URL, and call this interface.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// protect sets the headers that restrict what a browser does with a response.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("Cache-Control", "no-store")
}

// cors adds the headers that admit pages of the allowed origin. It reports whether the request is
// from such a page, and whether it is a preflight request.
func (a *API) cors(h http.Header, r *http.Request, method string) (friend, preflight bool) {
	if a.opts.AllowOrigin == "" {
		return false, false
	}
	h.Add("Vary", "Origin")
	if r.Header.Get("Origin") != a.opts.AllowOrigin {
		return false, false
	}
	h.Set("Access-Control-Allow-Origin", a.opts.AllowOrigin)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return true, false
	}
	h.Set("Access-Control-Allow-Methods", method)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	return true, true
}

// ownHost reports whether a Host header is for this interface: one of Options.Hosts, or an IP
// address, which DNS cannot rebind.
func (a *API) ownHost(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.ContainsFunc(a.opts.Hosts, func(own string) bool {
		return strings.EqualFold(own, name)
	})
}

// foreign reports whether a page of another site sent the request, by what the browser says (W3C
// Fetch Metadata). Programs other than browsers do not send that header. Another port of the same
// host counts as another site, which is stricter than the browser. Links to pages are allowed from
// anywhere.
func foreign(r *http.Request, page bool) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return !page || r.Header.Get("Sec-Fetch-Mode") != "navigate"
}
