package otpauth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a Secret prints as.
const redacted = "REDACTED"

// Secret is a string that must not reach a log: a key, a token or a session. No fmt verb, no slog handler, no encoder and
// no template prints it, neither by itself nor as a field, exported or not, of something that is printed. The text lies behind
// a pointer because fmt calls no method on unexported fields but prints pointers in them as addresses.
//
// The zero Secret is the empty string. Compare the revealed texts: == on two Secrets tells only whether one is a copy of the other.
type Secret struct{ p *string }

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{&s} }

// SecretFrom hides the string that p points to, without copying it; nil gives the zero Secret. The string must not be changed afterwards.
func SecretFrom(p *string) Secret { return Secret{p} }

// Reveal returns the text. It is the only way to it, so that a reader can search for all the places where secrets come out.
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

// MarshalText implements [encoding.TextMarshaler] and always fails: a placeholder would be written to a store in silence and be missed
// much later. Encode what Reveal returns where a secret has to travel.
func (Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("otpauth: a secret is not encoded by itself; encode what its Reveal method returns")
}
