package cognitotest

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// Everything random comes from crypto/rand, whose Read never fails.

// newUUID gives a random UUID (RFC 9562, version 4).
func newUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return formatUUID(b)
}

// formatUUID makes a UUID of 16 random bytes, which it changes where the version stands.
func formatUUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

const (
	lowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789"
	lettersDigits  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + lowerAndDigits
	digits         = "0123456789"
)

// newText gives n characters of the alphabet.
func newText(alphabet string, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[newNumber()%uint64(len(alphabet))]
	}
	return string(text)
}

// newNumber gives 64 random bits; taken modulo something small the bias is far below what could be noticed.
func newNumber() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// newPassword gives a temporary password that satisfies any policy.
func newPassword() string { return newText(lettersDigits, 12) + "aA1!" }
