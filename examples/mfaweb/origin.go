package mfaweb

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// contentPolicy lets a page load its own scripts, styles and pictures, and the QR code from a data:
// URL, and talk to this interface. Nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// protect sets the headers that keep a browser from doing more with a response than it must.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("Cache-Control", "no-store")
}

// cors adds the headers that let pages of the allowed origin in. It reports whether the request
// comes from such a page, and whether it only asks what would be allowed.
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

// ownHost reports whether a browser that sends this Host header was really sent here: the name is
// one of Options.Hosts, or it is an IP address, which DNS cannot rebind.
func (a *API) ownHost(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.ContainsFunc(a.opts.Hosts, func(own string) bool {
		return strings.EqualFold(own, name)
	})
}

// foreign reports whether a page of another site sent the request, as the browser says (W3C Fetch
// Metadata). Programs that are not browsers do not send the header. Another port of the same host
// is another site here, though browsers call it the same. Links to pages may be anywhere.
func foreign(r *http.Request, page bool) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return !page || r.Header.Get("Sec-Fetch-Mode") != "navigate"
}
