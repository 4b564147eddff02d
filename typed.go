package cognitomfa

import (
	"unicode"
)

// The number of digits of a code. Cognito's TOTP and SMS codes have six; those it sends by email
// have six or eight.
const (
	minCode = 6
	maxCode = 8
)

// maxTyped is the longest input, in bytes, that is searched for a code.
const maxTyped = 128

// normalizeCode reads a code as people type and paste it: spaces and hyphens are dropped, and
// decimal digits of every script are read as digits. It reports whether what remains is six digits,
// or between six and eight for the codes that Cognito sends out itself.
func normalizeCode(typed string, method Method) (string, bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	code := make([]byte, 0, maxCode)
	for _, r := range typed {
		digit, ok := decimal(r)
		switch {
		case ok && len(code) == maxCode:
			return "", false
		case ok:
			code = append(code, digit)
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r), r == '−':
			// Spaces and dashes of any kind, and the marks without width that come along with
			// pasted text.
		default:
			return "", false
		}
	}
	if len(code) < minCode || method == MethodTOTP && len(code) != minCode {
		return "", false
	}
	return string(code), true
}

// decimal returns the value of a decimal digit of any script (Unicode category Nd). The ranges of
// that category begin with a zero and hold whole sets of ten.
func decimal(r rune) (byte, bool) {
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	zero := r
	for _, set := range unicode.Nd.R16 {
		if lo, hi := rune(set.Lo), rune(set.Hi); lo <= r && r <= hi {
			zero = lo
		}
	}
	for _, set := range unicode.Nd.R32 {
		//nolint:gosec // Runes are below 1<<21.
		if lo, hi := rune(set.Lo), rune(set.Hi); lo <= r && r <= hi {
			zero = lo
		}
	}
	return "0123456789"[(r-zero)%10], true
}
