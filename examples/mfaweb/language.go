package mfaweb

import (
	"net/http"
	"strconv"
	"strings"
)

// The languages of messages and pages.
const (
	English  = "en"
	Japanese = "ja"
)

// Language returns the language that Accept-Language prefers (RFC 9110, section 12.5.4), or English
// if it names neither.
func Language(r *http.Request) string {
	best, weight := English, 0.0
	accepted := strings.Join(r.Header.Values("Accept-Language"), ",")
	for entry := range strings.SplitSeq(accepted, ",") {
		tag, params, _ := strings.Cut(entry, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if primary != English && primary != Japanese {
			continue
		}
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			q, _ = strconv.ParseFloat(value, 64)
		}
		if q > weight {
			best, weight = primary, q
		}
	}
	return best
}
