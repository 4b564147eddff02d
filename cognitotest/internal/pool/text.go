package pool

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
)

// All randomness comes from crypto/rand, whose Read never fails.

// NewUUID returns a random UUID (RFC 9562, version 4).
func NewUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return formatUUID(b)
}

// formatUUID formats 16 bytes as a UUID, after setting its version in them.
func formatUUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// isUUID reports whether a text is a UUID in lower case, as Cognito writes it.
func isUUID(text string) bool {
	const form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if len(text) != len(form) {
		return false
	}
	for i := range len(form) {
		allowed := "0123456789abcdef"
		if form[i] == '-' {
			allowed = "-"
		}
		if !strings.Contains(allowed, text[i:i+1]) {
			return false
		}
	}
	return true
}

const (
	lowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789"
	lettersDigits  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + lowerAndDigits
	digits         = "0123456789"
)

// NewPoolID returns a random ID for a pool in a region.
func NewPoolID(region string) string { return region + "_" + newText(lettersDigits, 9) }

// NewClientID returns a random ID for an app client.
func NewClientID() string { return newText(lowerAndDigits, 26) }

// newText returns n random characters of an alphabet.
func newText(alphabet string, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[newNumber()%uint64(len(alphabet))]
	}
	return string(text)
}

// newNumber returns 64 random bits. Modulo a small number, the bias is negligible.
func newNumber() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// newPassword returns a random temporary password that satisfies a policy.
func newPassword(policy passwordPolicy) string {
	const everyClass = "aA1!"
	return newText(lettersDigits, max(policy.MinimumLength, 16)-len(everyClass)) + everyClass
}

// isAddress reports whether a text can be the value of an address attribute. The check is rough: no
// message is ever sent.
func isAddress(attribute, text string) bool {
	switch attribute {
	case "phone_number":
		number, found := strings.CutPrefix(text, "+")
		return found && len(number) <= 15 && all(isDigit, number)
	case "email":
		at := strings.LastIndexByte(text, '@')
		return at > 0 && at < len(text)-1 && len(text) <= 2048 && all(isVisible, text)
	default:
		return false
	}
}

// mask masks an address as Cognito does: j***@g***, +*******1234.
func mask(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return firstOf(address[:at]) + "***@" + firstOf(address[at+1:]) + "***"
	}
	shown := max(len(address)-4, 0)
	return "+" + strings.Repeat("*", max(shown-1, 0)) + address[shown:]
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// all reports whether a text is not empty and all its characters are of a class.
func all(class func(rune) bool, text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !class(r) })
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isVisible(r rune) bool { return !unicode.IsSpace(r) }
