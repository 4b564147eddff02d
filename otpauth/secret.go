package otpauth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a Secret prints as.
const redacted = "REDACTED"

// Secret is a string that must not reach a log: a key, a token or a session. The fmt verbs, slog
// and templates never print it, by itself or in a field, exported or not: they print REDACTED or
// an address. Encoders that look for an encoding method fail, because a placeholder in a store
// would go unnoticed until the secret is needed. Those of the standard library do, and so do most
// for CBOR, MessagePack, TOML and YAML.
//
// Two kinds of packages ignore these methods:
//
//   - Some encoders copy exported fields, find none, and save an empty value without an error.
//     Known ones are attributevalue for DynamoDB, unless its option UseEncodingMarshalers is set,
//     bson for MongoDB, shamaton/msgpack and mapstructure. Store what Reveal returns, or what
//     Tokens.Plain of package cognitomfa does.
//   - Some printers follow every pointer and show the text: assert.Equal of testify in the diff
//     of a failed test, spew, pp, go-cmp, kr/pretty and repr. Keep them away from logs.
//
// The zero Secret is the empty string. To compare two Secrets, compare what Reveal returns: with
// ==, a Secret equals only its own copies.
type Secret struct {
	// fmt calls no methods on unexported fields, but prints a pointer in one as an address.
	p *string
}

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{&s} }

// SecretFrom hides the string that p points to, without copying it. The string must not change
// afterwards. If p is nil, SecretFrom returns the zero Secret.
func SecretFrom(p *string) Secret { return Secret{p} }

// Reveal returns the text. There is no other way to get it, so a search for Reveal finds every
// place where a secret is used.
func (s Secret) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// Format implements [fmt.Formatter]: every verb prints REDACTED.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

var (
	errEncode = errors.New("otpauth: a Secret cannot be encoded; encode what Reveal returns")
	errDecode = errors.New("otpauth: a Secret cannot be decoded; call NewSecret with a string")
)

// MarshalText implements [encoding.TextMarshaler]. It always fails.
func (Secret) MarshalText() ([]byte, error) { return nil, errEncode }

// AppendText implements [encoding.TextAppender]. It always fails.
func (Secret) AppendText([]byte) ([]byte, error) { return nil, errEncode }

// MarshalBinary implements [encoding.BinaryMarshaler]. It always fails.
func (Secret) MarshalBinary() ([]byte, error) { return nil, errEncode }

// AppendBinary implements [encoding.BinaryAppender]. It always fails.
func (Secret) AppendBinary([]byte) ([]byte, error) { return nil, errEncode }

// UnmarshalText implements [encoding.TextUnmarshaler]. It always fails. Some encoders use
// MarshalText only if this method exists too.
func (*Secret) UnmarshalText([]byte) error { return errDecode }

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]. It always fails, as UnmarshalText does.
func (*Secret) UnmarshalBinary([]byte) error { return errDecode }
