package cognitotest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// allowBrowsers lets pages of any origin call the API and read its responses, errors included, as
// the real service does. If the request is a preflight, it responds and returns true. A preflight
// is not a call: it is not listed and meets no faults.
//
// The protocol is CORS, of the Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol.
func allowBrowsers(w http.ResponseWriter, r *http.Request) (preflight bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers",
		"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("X-Amzn-RequestId", pool.NewUUID())
	methods := http.MethodPost
	if isWellKnown(r) {
		methods = "GET, HEAD"
	}
	h.Set("Access-Control-Allow-Methods", methods)
	if allowed := headerNames(r.Header.Values("Access-Control-Request-Headers")); allowed != "" {
		// A "*" would not include Authorization.
		h.Set("Access-Control-Allow-Headers", allowed)
	}
	h.Set("Access-Control-Max-Age", "172800")
	send(w, http.StatusOK, nil)
	return true
}

// headerNames joins lists of header names, and leaves out everything that is not one.
func headerNames(lists []string) string {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' &&
			r != '_'
	}
	var names []string
	for name := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if name = strings.Trim(name, " \t"); name != "" && !strings.ContainsFunc(name, other) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// errForeign is the response to a page of another origin that calls a signed operation. In
// production no page has the keys to sign with. Here, where no signature is checked, any site that
// a developer visits could read and change the users. The service itself does not check origins.
var errForeign = &pool.Error{
	Type: "ForbiddenException",
	Message: "cognitotest takes operations that AWS wants signed from programs " +
		"and from pages of this computer, not from pages of another origin.",
}

// isForeign reports whether a request comes from a page that is neither of this computer nor of the
// server's own URL. Browsers send Origin with every POST, even to the page's own origin, so it
// reveals DNS rebinding: a name that was made to resolve to this computer.
func (s *Server) isForeign(r *http.Request) bool {
	own, err := url.Parse(s.URL)
	for _, origin := range r.Header.Values("Origin") {
		from, err2 := url.Parse(origin)
		if err2 != nil || !loopback.IsHost(from.Host) && (err != nil || from.Host != own.Host) {
			return true
		}
	}
	return false
}
