package cognitotest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// allowBrowsers lets pages of any origin call the API and read its responses, errors too, as the real
// service does. It tells whether the request was only the question of a browser, asked ahead of a call,
// and is answered with that. Such questions are no calls: they are not listed and meet no faults.
//
// The protocol is CORS, of the Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol.
func allowBrowsers(w http.ResponseWriter, r *http.Request) (preflight bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
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
		// A "*" would not do: it does not stand for Authorization.
		h.Set("Access-Control-Allow-Headers", allowed)
	}
	h.Set("Access-Control-Max-Age", "172800")
	send(w, http.StatusOK, nil)
	return true
}

// headerNames is a list of header names without anything that is none.
func headerNames(lists []string) string {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	var names []string
	for name := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if name = strings.Trim(name, " \t"); name != "" && !strings.ContainsFunc(name, other) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// errForeign is what a page of another origin gets for an operation that the service wants signed. No
// page has the keys to sign with; here, where no signature is checked, any site that a developer
// visits could otherwise read and change the users. The service looks at no origin.
var errForeign = &pool.Error{
	Type: "ForbiddenException",
	Message: "cognitotest takes operations that AWS wants signed from programs and from pages of this computer, " +
		"not from pages of another origin.",
}

// isForeign tells whether a request is that of a page which is neither of this computer nor of the
// server's own URL. Browsers send Origin with every POST, also to the page's own origin: a name that
// was made to stand for this computer (DNS rebinding) shows there.
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
