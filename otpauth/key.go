// Package otpauth handles the key that a service shares with an authenticator app: the otpauth URI
// that carries the key to the app, usually in a QR code, and the one-time codes that both sides
// compute from it (RFC 6238). It needs only the standard library.
//
// [NewKey] and [Parse] return a [Key]. A Key and the [Secret] in it are not printed or encoded by
// accident. To get the secret out, call URI, Grouped or Reveal.
package otpauth

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // Cognito has only SHA-1; HMAC needs no collision resistance.
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

// Algorithm is the hash function of the HMAC that makes a code.
type Algorithm int

// The algorithms of RFC 6238. Use SHA1 unless you know the app: many authenticator apps treat every
// key as a SHA1 key. They accept a key with another algorithm and then show wrong codes.
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

// String returns the name of the algorithm in a URI, such as SHA1.
func (a Algorithm) String() string {
	if !a.known() {
		return "Algorithm(" + strconv.Itoa(int(a)) + ")"
	}
	return algorithms[a].name
}

const (
	defaultDigits = 6
	defaultPeriod = 30 * time.Second

	// The limits of a Key, in bytes. They leave room for every user name of Cognito (128
	// characters) and keep the URI within the 2,953 bytes that a QR code can hold:
	// percent-encoding triples the names, and the issuer appears twice.
	maxIssuer  = 128
	maxAccount = 512
	maxSecret  = 512

	// A day is longer than anyone waits for a code, and it keeps the arithmetic in range.
	maxPeriod = 24 * time.Hour
)

// Key is a TOTP key with the names that an authenticator app shows beside its codes. The URI of a
// valid Key always fits in a QR code. Key is a plain value, and its methods are safe for concurrent
// use.
//
// Leave Algorithm, Digits and Period at their defaults unless you know the app: Cognito supports
// nothing else, and many apps ignore these parameters of a URI.
type Key struct {
	// Issuer is the name of the service, such as "Example". It may be empty. It is UTF-8 of at most
	// 128 bytes, without a colon, control characters, or spaces at either end.
	Issuer string
	// Account is the name of the user, such as "alice@example.com". It must not be empty and is at
	// most 512 bytes long. The other rules are those of Issuer.
	Account string
	// Secret is the shared key in base32 (RFC 4648, section 6): upper case, no padding, at most 512
	// characters. Cognito's have 52.
	Secret Secret
	// Algorithm is SHA1 by default.
	Algorithm Algorithm
	// Digits is the length of a code, from 6 to 8. Zero means 6.
	Digits int
	// Period is how long a code is shown: a whole number of seconds, at most a day. Zero means 30
	// seconds.
	Period time.Duration
}

// NewKey returns a Key for codes of six digits that change every 30 seconds, made with SHA1. The
// secret is base32 as people type and paste it: NewKey drops spaces, dashes, invisible characters
// and padding, and accepts lower case. An error says which argument is wrong and why, and does not
// repeat it.
func NewKey(issuer, account, secret string) (Key, error) {
	k := Key{
		Issuer:  issuer,
		Account: account,
		Secret:  NewSecret(normalize(secret)),
		Digits:  defaultDigits,
		Period:  defaultPeriod,
	}
	if err := k.Validate(); err != nil {
		return Key{}, err
	}
	return k, nil
}

// Validate returns an error if a field breaks the rules of its comment. Call it for a Key that you
// built yourself; NewKey and Parse have done so. The error does not repeat any part of the Key.
func (k Key) Validate() error {
	if err := checkName("issuer", k.Issuer, maxIssuer); err != nil {
		return err
	}
	if err := checkName("account", k.Account, maxAccount); err != nil {
		return err
	}
	if k.Account == "" {
		return errors.New("otpauth: the account is empty")
	}
	return k.check()
}

// check validates the fields that codes depend on.
func (k Key) check() error {
	period := k.period()
	switch digits := k.digits(); {
	case !k.Algorithm.known():
		return errAlgorithm
	case digits < 6 || digits > 8:
		return errors.New("otpauth: the number of digits is not 6, 7 or 8")
	case period < time.Second || period > maxPeriod || period%time.Second != 0:
		return errors.New("otpauth: the period is not a whole number of seconds from 1 to 86400")
	}
	return checkSecret(k.Secret.Reveal())
}

func (k Key) digits() int { return cmp.Or(k.Digits, defaultDigits) }

func (k Key) period() time.Duration { return cmp.Or(k.Period, defaultPeriod) }

// Equal reports whether two Keys have the same names and secret and make the same codes. A zero
// Digits or Period equals its default.
func (k Key) Equal(other Key) bool {
	secret, otherSecret := []byte(k.Secret.Reveal()), []byte(other.Secret.Reveal())
	return subtle.ConstantTimeCompare(secret, otherSecret) == 1 &&
		k.Issuer == other.Issuer &&
		k.Account == other.Account &&
		k.Algorithm == other.Algorithm &&
		k.digits() == other.digits() &&
		k.period() == other.period()
}

// Grouped returns the secret in groups of four characters with a space between them, for people who
// type it because they cannot scan a QR code. NewKey and most authenticator apps accept the spaces,
// but not all do, so let a copy button copy Secret.Reveal instead.
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

// checkName rejects what does not survive in the label of an authenticator app: apps split the
// label at the colon and drop the spaces around its parts.
func checkName(field, name string, limit int) error {
	switch {
	case len(name) > limit:
		return fmt.Errorf("otpauth: the %s is longer than %d bytes", field, limit)
	case !utf8.ValidString(name):
		return fmt.Errorf("otpauth: the %s is not UTF-8", field)
	case strings.Contains(name, ":"):
		return fmt.Errorf("otpauth: the %s contains a colon", field)
	case strings.ContainsFunc(name, controls):
		return fmt.Errorf("otpauth: the %s contains a control character", field)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("otpauth: the %s begins or ends with a space", field)
	}
	return nil
}

// controls reports whether a rune changes how the text around it is laid out: control characters,
// line and paragraph separators, and the bidirectional embeddings, overrides and isolates, which
// can reorder the whole label. Marks and joiners stay, because Arabic script and emoji need them.
func controls(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) ||
		'\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069'
}

// normalize converts a secret as people type it, or other programs write it, to the form in a Key.
func normalize(secret string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf), r == '−':
			// Spaces, dashes and the minus sign, and invisible characters from copied text.
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, secret)
	return strings.TrimRight(s, "=")
}

// checkSecret accepts only base32 of whole bytes. It is stricter than encoding/base32, which skips
// line breaks and accepts lengths that no encoder produces: apps decode those to different keys.
func checkSecret(secret string) error {
	switch {
	case secret == "":
		return errors.New("otpauth: the secret is empty")
	case len(secret) > maxSecret:
		return fmt.Errorf("otpauth: the secret is longer than %d characters", maxSecret)
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

var (
	errAlgorithm = errors.New("otpauth: the algorithm is not one of SHA1, SHA256 and SHA512")
	errNotBase32 = errors.New("otpauth: the secret is not base32")
)
