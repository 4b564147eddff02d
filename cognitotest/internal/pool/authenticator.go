package pool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 with SHA-1 is what authenticator apps and Cognito speak.
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// period is the time step of TOTP in seconds.
const period = 30

// authenticator is a TOTP secret of a user and its used codes. It does not share code with the
// library on purpose: the two check each other.
type authenticator struct {
	secret []byte
	device string  // FriendlyDeviceName
	used   []int64 // steps whose code was accepted, no more than the window holds
}

var errTOTPUsed = &Error{expiredCode, "Your software token has already been used once."}

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// newAuthenticator returns a random secret of 32 bytes, or 52 characters of base32.
func newAuthenticator() *authenticator {
	a := &authenticator{secret: make([]byte, 32)}
	_, _ = rand.Read(a.secret)
	return a
}

// parseAuthenticator reads a base32 secret, with spaces and in any case, as apps show it.
func parseAuthenticator(secret string) (*authenticator, error) {
	secret = strings.ToUpper(strings.TrimRight(strings.ReplaceAll(secret, " ", ""), "="))
	raw, err := base32Text.DecodeString(secret)
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("a TOTP secret of %d characters that is not base32", len(secret))
	}
	return &authenticator{secret: raw}, nil
}

func (a *authenticator) text() string { return base32Text.EncodeToString(a.secret) }

func stepAt(t time.Time) int64 { return t.Unix() / period }

// code returns the HOTP value of a step (RFC 4226, section 5.3).
func (a *authenticator) code(step int64) string {
	mac := hmac.New(sha1.New, a.secret)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[offset:])&0x7fffffff)%1_000_000)
}

// accept accepts a code of the current step, the one before or the one after, once. A code that is
// right for several steps counts for one that is still unused. See FIDELITY.md, "TOTP".
func (a *authenticator) accept(code string, now time.Time, strict bool, mismatch error) error {
	current := stepAt(now)
	result := mismatch
	for _, step := range []int64{current, current - 1, current + 1} {
		if a.code(step) != code {
			continue
		}
		if slices.Contains(a.used, step) || strict && len(a.used) > 0 && step < slices.Max(a.used) {
			result = errTOTPUsed
			continue
		}
		// The window has three steps, so the oldest of more is out of reach.
		if a.used = append(a.used, step); len(a.used) > 3 {
			i := slices.Index(a.used, slices.Min(a.used))
			a.used = slices.Delete(a.used, i, i+1)
		}
		return nil
	}
	return result
}
