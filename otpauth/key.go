// Package otpauth is the key that a service and an authenticator app share: the otpauth URI that brings it to the app, usually in a
// QR code, and the one-time codes that both compute from it (RFC 6238). It needs the standard library only.
//
// A [Key] comes from [NewKey] or [Parse]. Neither it nor the [Secret] in it is printed or encoded by accident; URI, Grouped and
// Reveal are the ways out.
package otpauth

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // The default of RFC 6238, and all that Cognito has. HMAC does not need collision resistance.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Algorithm is the hash function under the HMAC that a code is made with.
type Algorithm int

// The algorithms of RFC 6238. Many authenticator apps take every key for a SHA1 one, so that a key with another algorithm is accepted and
// yields wrong codes.
const (
	SHA1 Algorithm = iota
	SHA256
	SHA512
)

var algorithms = [...]struct {
	name string
	hash func() hash.Hash
}{
	SHA1:   {"SHA1", sha1.New},
	SHA256: {"SHA256", sha256.New},
	SHA512: {"SHA512", sha512.New},
}

func (a Algorithm) known() bool { return 0 <= a && int(a) < len(algorithms) }

// String returns the name that stands in a URI, such as SHA1.
func (a Algorithm) String() string {
	if !a.known() {
		return "Algorithm(" + strconv.Itoa(int(a)) + ")"
	}
	return algorithms[a].name
}

const (
	defaultDigits = 6
	defaultPeriod = 30 * time.Second

	// The longest issuer, account and secret, in bytes. Far beyond what any app shows or a QR code holds.
	maxText = 1024
	// The longest period. Nobody waits that long for a code; it keeps the arithmetic in range.
	maxPeriod = 24 * time.Hour
)

// Key is a TOTP key with the names that an authenticator app shows beside its codes. It is a plain value; its methods are safe for concurrent
// use. Apps know little else than SHA1, six digits and 30 seconds, whatever a URI says; Cognito has nothing else.
type Key struct {
	// Issuer is the service, such as "Example"; it may be empty. Neither it nor Account may hold a colon, a control character or
	// blanks at an end, be longer than 1,024 bytes, or be anything but UTF-8.
	Issuer string
	// Account is the user, such as "alice@example.com"; it may not be empty.
	Account string
	// Secret is the shared key: unpadded upper-case base32 (RFC 4648, section 6), at most 1,024 characters.
	Secret Secret
	// Algorithm is SHA1 by default.
	Algorithm Algorithm
	// Digits is the length of a code, 6 to 8. Zero means 6.
	Digits int
	// Period is how long a code is shown, in whole seconds and at most a day. Zero means 30 seconds.
	Period time.Duration
}

// NewKey returns a Key for codes of six digits that change every 30 seconds, made with SHA1. The secret is base32 as people type it: blanks,
// hyphens and padding are dropped and lower case is raised. The error says what is wrong with which argument, without repeating it.
func NewKey(issuer, account, secret string) (Key, error) {
	k := Key{Issuer: issuer, Account: account, Secret: NewSecret(normalize(secret)), Digits: defaultDigits, Period: defaultPeriod}
	if err := k.Validate(); err != nil {
		return Key{}, err
	}
	return k, nil
}

// Validate tells what is wrong with a Key that was put together by hand. What NewKey and Parse return is valid. The error repeats nothing
// of the Key.
func (k Key) Validate() error {
	if err := checkName("issuer", k.Issuer); err != nil {
		return err
	}
	if err := checkName("account", k.Account); err != nil {
		return err
	}
	if k.Account == "" {
		return errors.New("otpauth: the account is empty")
	}
	return k.check()
}

// check looks at what codes are computed from.
func (k Key) check() error {
	period := k.period()
	switch digits := k.digits(); {
	case !k.Algorithm.known():
		return errors.New("otpauth: the algorithm is not one of SHA1, SHA256 and SHA512")
	case digits < 6 || digits > 8:
		return errors.New("otpauth: the number of digits is not 6, 7 or 8")
	case period < time.Second || period > maxPeriod || period%time.Second != 0:
		return errors.New("otpauth: the period is not a whole number of seconds from 1 to 86400")
	}
	return checkSecret(k.Secret.Reveal())
}

func (k Key) digits() int { return cmp.Or(k.Digits, defaultDigits) }

func (k Key) period() time.Duration { return cmp.Or(k.Period, defaultPeriod) }

// Equal tells whether two Keys are the same: names, secret, and how codes are made, where zero equals the default that it stands for.
func (k Key) Equal(other Key) bool {
	same := subtle.ConstantTimeCompare([]byte(k.Secret.Reveal()), []byte(other.Secret.Reveal())) == 1
	return same && k.Issuer == other.Issuer && k.Account == other.Account &&
		k.Algorithm == other.Algorithm && k.digits() == other.digits() && k.period() == other.period()
}

// Grouped returns the secret in groups of four characters with a blank between them, for people who cannot scan a QR code and have to type
// it. NewKey and authenticator apps take it with the blanks. Like Reveal, it gives the secret away.
func (k Key) Grouped() string {
	secret := k.Secret.Reveal()
	var b strings.Builder
	for len(secret) > 4 {
		b.WriteString(secret[:4] + " ")
		secret = secret[4:]
	}
	b.WriteString(secret)
	return b.String()
}

// checkName refuses what a label cannot carry through an authenticator app: apps split it at the colon, drop blanks around its parts, and
// show the rest as text.
func checkName(what, s string) error {
	switch {
	case len(s) > maxText:
		return fmt.Errorf("otpauth: the %s is longer than %d bytes", what, maxText)
	case !utf8.ValidString(s):
		return fmt.Errorf("otpauth: the %s is not UTF-8", what)
	case strings.Contains(s, ":"):
		return fmt.Errorf("otpauth: the %s contains a colon", what)
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("otpauth: the %s contains a control character", what)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("otpauth: the %s begins or ends with a blank", what)
	}
	return nil
}

// normalize turns a secret as people type it, and as other programs write it, into the one form that a Key holds.
func normalize(secret string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '-':
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, secret)
	return strings.TrimRight(s, "=")
}

// checkSecret refuses what is not base32 of whole bytes. It is stricter than encoding/base32, which skips line ends and takes lengths that no
// encoder makes: there, apps differ in the key that they read.
func checkSecret(secret string) error {
	switch {
	case secret == "":
		return errors.New("otpauth: the secret is empty")
	case len(secret) > maxText:
		return fmt.Errorf("otpauth: the secret is longer than %d characters", maxText)
	}
	for i := range len(secret) {
		if c := secret[i]; (c < 'A' || 'Z' < c) && (c < '2' || '7' < c) {
			return errNotBase32
		}
	}
	if rest := len(secret) % 8; rest == 1 || rest == 3 || rest == 6 {
		return errNotBase32
	}
	return nil
}

// errNotBase32 does not repeat any part of the secret.
var errNotBase32 = errors.New("otpauth: the secret is not base32")
