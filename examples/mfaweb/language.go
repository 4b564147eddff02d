package mfaweb

import (
	"net/http"
	"strconv"
	"strings"
)

// The languages that people are spoken to in.
const (
	English  = "en"
	Japanese = "ja"
)

// Language returns the one of the two that Accept-Language prefers (RFC 9110, section 12.5.4), English if it wants neither.
func Language(r *http.Request) string {
	best, weight := English, 0.0
	for entry := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Language"), ","), ",") {
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
