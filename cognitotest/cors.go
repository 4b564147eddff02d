package cognitotest

import (
	"net/http"
	"strings"
)

// allowBrowsers lets pages of any origin call the API and read what it answers, errors too, as the real service does. It tells whether the
// request was only the question of a browser, asked ahead of a call, and is answered with that. Such questions are no calls: they are not
// listed and meet no faults.
//
// The protocol is CORS, of the Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol.
func allowBrowsers(w http.ResponseWriter, r *http.Request) (preflight bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("X-Amzn-RequestId", newUUID())
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
	isNameRune := func(r rune) bool { return isWord(r) || r == '-' }
	var names []string
	for _, name := range strings.Split(strings.Join(lists, ","), ",") {
		if name = strings.Trim(name, " \t"); all(isNameRune)(name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
