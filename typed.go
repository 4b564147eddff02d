package cognitomfa

import (
	"strings"
	"unicode"
)

// The number of digits that a code of each method has. Cognito's TOTP and SMS codes have six; those it mails have six or eight.
const (
	minCode = 6
	maxCode = 8
)

// maxTyped is the longest input, in bytes, that is looked at in search of a code.
const maxTyped = 128

// normalizeCode reads a code as people type and paste it: blanks and hyphens are dropped, full-width digits read as digits. It
// reports whether what remains is six digits, or between six and eight for the codes that Cognito sends out itself.
func normalizeCode(typed string, method Method) (string, bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	code := strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9':
			return r
		case '０' <= r && r <= '９':
			return r - '０' + '0'
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r), r == '−':
			// Blanks of any kind, dashes of any kind, the marks without width that come along when text is pasted.
			return -1
		}
		return unicode.ReplacementChar
	}, typed)
	if strings.ContainsRune(code, unicode.ReplacementChar) || len(code) < minCode || len(code) > maxCode {
		return "", false
	}
	if method == MethodTOTP && len(code) != minCode {
		return "", false
	}
	return code, true
}
